/**
 * @file scale.h
 * Scaling of features: z = (x - offset) / factor. Chosen at fit, stored in the model, applied by every other
 * verb.
 */
#ifndef CLI_SCALE_H
#define CLI_SCALE_H

#include <covey/covey.h>

typedef struct cli_scale {
    const char *how; /**< "none", "standard", "minmax", "robust" */
    double *offset;  /**< [d] or NULL for none */
    double *factor;  /**< [d], never 0: a constant column gets 1 */
    int64_t d;
} cli_scale;

/** Learn offset and factor from x. @return 0, or 5 without memory (said already) */
int cli_scale_learn(const covey_matrix *x, const char *how, cli_scale *out);
void cli_scale_free(cli_scale *scale);
/**
 * A scaled copy of x.
 * @param offset [d] or NULL: then the view stays as it is and *buffer is NULL
 * @param buffer out: free it after the last use of the view
 */
int cli_scale_apply(const double *offset, const double *factor, const covey_matrix *x, covey_matrix *out,
                    double **buffer);
/** Back to the units of the input, in place: values [n, d]. */
void cli_scale_undo(const double *offset, const double *factor, double *values, int64_t n, int64_t d);

#endif
