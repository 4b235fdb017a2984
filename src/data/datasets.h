/* scikit-learn's sample data sets, drawn in its order. Arguments are checked by api/random.c. */
#ifndef CVI_DATA_DATASETS_H
#define CVI_DATA_DATASETS_H

#include "covey/random.h"

typedef struct cvi_blobs {
    int64_t n, d, k;
    const double *centers; /* [k, d], or NULL: drawn from the box */
    const double *stds;    /* [k], or NULL: 1 */
    double box[2];
    int shuffle;
} cvi_blobs;

/* out_x [n, d], out_labels [n] or NULL. */
covey_status cvi_make_blobs(covey_random *random, const cvi_blobs *blobs, double *out_x, int64_t *out_labels,
                            covey_error *err);
/* out_x [n, 2], out_labels [n] or NULL; noise < 0: none. */
covey_status cvi_make_moons(covey_random *random, int64_t n, int shuffle, double noise, double *out_x,
                            int64_t *out_labels, covey_error *err);
covey_status cvi_make_circles(covey_random *random, int64_t n, int shuffle, double noise, double factor,
                              double *out_x, int64_t *out_labels, covey_error *err);

#endif
