/* Empty clusters get the rows farthest from their centers. */
#ifndef CVI_UPDATE_RELOCATE_H
#define CVI_UPDATE_RELOCATE_H

#include "update/means.h"

/* means->empty [n_empty], means->mass and centers (still sums) hold the settled state; all are brought up to date for
 * this update alone: labels and sums stay, as the next pass moves rows from their true cluster. */
void cvi_relocate(cvi_means *means, const cvi_rows *rows, const double *before, const int32_t *labels, int64_t n_empty,
                  double *centers, cvi_job *job);

/* out [n]: squared distance of every row to the center of its label, centers [k][d] in the data's coordinates. Dense rows
 * by the one form that is published; CSR rows with their zeros. */
void cvi_own_distances(const cvi_kernels *kernels, const cvi_rows *rows, const double *published, const int32_t *labels,
                       cvi_block *blocks, double **scratch, cvi_job *job, double *out);

#endif
