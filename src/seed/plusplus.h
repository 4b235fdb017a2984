/* What the files of k-means++ share. */
#ifndef CVI_SEED_PLUSPLUS_H
#define CVI_SEED_PLUSPLUS_H

#include "seed/potential.h"
#include "seed/seed.h"

/* --- CSR rows: distances from stored values alone; scratch [2][d] ------------------------------------------------ */

/* The squared distance between rows a and b, zeros counted, features in order: the form that is compared. */
double cvi_sparse_sqdist(const cvi_rows *rows, int64_t a, int64_t b, double *scratch);

/* sqdist[l] = the same distance of row i to candidate [count <= 8] l, or +inf where it is proven not to be below near.
 * panel [d][8] has the candidates in its lanes, sqnorm [8] their squared norms. */
void cvi_sparse_candidates(const cvi_rows *rows, int64_t i, const int64_t *candidate, int64_t count, const double *panel,
                           const double *sqnorm, double near, double *scratch, double *sqdist);

#endif
