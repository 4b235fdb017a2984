/* Empty clusters get the rows farthest from their centers. */
#ifndef CVI_UPDATE_RELOCATE_H
#define CVI_UPDATE_RELOCATE_H

#include "update/means.h"

/* means->empty [n_empty], means->mass and centers (still sums) hold the settled state; all are brought up to date for
 * this update alone: labels and sums stay, as the next pass moves rows from their true cluster. */
void cvi_relocate(cvi_means *means, const cvi_rows *rows, const double *before, const int32_t *labels, int64_t n_empty,
                  double *centers, cvi_job *job);

#endif
