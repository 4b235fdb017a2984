/* What the files of k-means++ share. */
#ifndef CVI_SEED_PLUSPLUS_H
#define CVI_SEED_PLUSPLUS_H

#include "seed/potential.h"
#include "seed/seed.h"

/* --- few features: tiles of rows along a curve, skipped by their boxes
 * ------------------------------------------- */

typedef struct cvi_seed_tiles cvi_seed_tiles;

/* Do tiles fit the budget and, by rule, do they pay? curve: the fit's, or NULL. */
bool cvi_seed_tiles_wanted(const cvi_rows *rows, int64_t k, int64_t trials, int threads, const cvi_curve *curve, size_t budget,
                           bool by_rule);
cvi_seed_tiles *cvi_seed_tiles_take(const cvi_rows *rows, int64_t trials, int threads, cvi_curve *curve, cvi_arena *arena);
/* cvi_plusplus_run on the tiles: the same draws, the same picks. */
bool cvi_seed_tiles_run(cvi_plusplus *state, const cvi_kernels *kernels, const cvi_rows *rows,
                        const cvi_draw *draw, covey_random *random, cvi_job *job, int64_t *picks);
/* Pairs of rows and candidates that the last run measured; what a plain run would. */
int64_t cvi_seed_tiles_measured(const cvi_seed_tiles *tiles);

/* --- an int8 copy of the rows, whose distances show most candidates to be too far
 * ---------------------------------- */

typedef struct cvi_seed_bytes cvi_seed_bytes;

bool cvi_seed_bytes_wanted(const cvi_kernels *kernels, const cvi_rows *rows, int64_t k, int64_t trials,
                           int threads, size_t budget, bool by_rule);
cvi_seed_bytes *cvi_seed_bytes_take(const cvi_rows *rows, int threads, cvi_arena *arena);
bool cvi_seed_bytes_run(cvi_plusplus *state, const cvi_kernels *kernels, const cvi_rows *rows,
                        const cvi_draw *draw, covey_random *random, cvi_job *job, int64_t *picks);
int64_t cvi_seed_bytes_measured(const cvi_seed_bytes *bytes);

/* --- few rows: a transposed copy, kept for all restarts ---------------------------------------------------------- */

typedef struct cvi_seed_kept cvi_seed_kept;

bool cvi_seed_kept_wanted(const cvi_rows *rows, int64_t k, int64_t trials, int threads, size_t budget);
cvi_seed_kept *cvi_seed_kept_take(const cvi_rows *rows, int64_t trials, int threads, cvi_arena *arena);
/* cvi_plusplus_run on the copy: the same draws, the same picks. state->prefix [tiles + 1][2]. */
bool cvi_seed_kept_run(cvi_plusplus *state, const cvi_kernels *kernels, const cvi_rows *rows, const cvi_draw *draw,
                       covey_random *random, cvi_job *job, int64_t *picks);

/* --- CSR rows by inverted lists ---------------------------------------------------------------------------------- */

typedef struct cvi_seed_lists cvi_seed_lists;

bool cvi_seed_lists_wanted(const cvi_rows *rows, int64_t k, int64_t trials, int threads, size_t budget, bool by_rule);
cvi_seed_lists *cvi_seed_lists_take(const cvi_rows *rows, int64_t trials, int threads, cvi_arena *arena);
/* cvi_plusplus_run on the lists: the same draws, the same picks. */
bool cvi_seed_lists_run(cvi_plusplus *state, const cvi_kernels *kernels, const cvi_rows *rows, const cvi_draw *draw,
                        covey_random *random, cvi_job *job, int64_t *picks);
/* Distances that the last run summed by their definition. */
int64_t cvi_seed_lists_measured(const cvi_seed_lists *lists);

/* --- CSR rows without them: distances from stored values alone; scratch [2][d]
 * ------------------------------------------------ */

/* The squared distance between rows a and b, zeros counted, features in order: the form that is compared. */
double cvi_sparse_sqdist(const cvi_rows *rows, int64_t a, int64_t b, double *scratch);

/* sqdist[l] = the same distance of row i to candidate [count <= 8] l, or +inf where it is proven not to be
 * below near. panel [d][8] has the candidates in its lanes, sqnorm [8] their squared norms. */
void cvi_sparse_candidates(const cvi_rows *rows, int64_t i, const int64_t *candidate, int64_t count,
                           const double *panel, const double *sqnorm, double near, double *scratch,
                           double *sqdist);

#endif
