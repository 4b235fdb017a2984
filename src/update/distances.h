/* Distances of rows to the centers of their labels, in the one form that is published (engine rule A). */
#ifndef CVI_UPDATE_DISTANCES_H
#define CVI_UPDATE_DISTANCES_H

#include "base/job.h"
#include "data/rows.h"

/* out [n]: squared distance of every row to the center of its label, centers [k][d] in the data's coordinates. Dense rows
 * by the one form that is published; CSR rows with their zeros. */
void cvi_own_distances(const cvi_kernels *kernels, const cvi_rows *rows, const double *published, const int32_t *labels,
                       cvi_block *blocks, double **scratch, cvi_job *job, double *out);

/* The same times the weight of each row. */
void cvi_weighted_distances(const cvi_kernels *kernels, const cvi_rows *rows, const double *published, const int32_t *labels,
                            cvi_block *blocks, double **scratch, cvi_job *job, double *out);

/* Weighted sum of squared distances to the published centers [k][d] of the labels, exact, rounded once. */
double cvi_inertia(const cvi_kernels *kernels, const cvi_rows *rows, const double *published, const int32_t *labels,
                   cvi_block *blocks, double **scratch, double *sqdist, cvi_job *job);

#endif
