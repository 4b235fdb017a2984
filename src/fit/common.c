/* Small steps that several algorithms share. */
#include "fit/fit.h"

#include <string.h>

void cvi_given_centers(const covey_matrix *centers, covey_frame frame, const double *mean, double *out)
{
    for (int64_t j = 0; j < centers->n; j++) {
        double *c = out + j * centers->d;
        cvi_matrix_row(centers, j, c);
        for (int64_t f = 0; frame == COVEY_FRAME_DATA && f < centers->d; f++)
            c[f] -= mean[f];
    }
}

int64_t cvi_count_distinct(const int32_t *labels, int64_t n, int64_t k, int32_t *seen)
{
    int64_t distinct = 0;
    memset(seen, 0, (size_t)k * sizeof *seen);
    for (int64_t i = 0; i < n; i++) {
        distinct += seen[labels[i]] == 0;
        seen[labels[i]] = 1;
    }
    return distinct;
}
