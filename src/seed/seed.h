/*
 * Initial centers: rows drawn by scikit-learn's rules from NumPy's legacy generator, so that a seed picks the
 * same rows.
 */
#ifndef CVI_SEED_SEED_H
#define CVI_SEED_SEED_H

#include "base/job.h"
#include "covey/random.h"
#include "data/order.h"
#include "data/prepare.h"
#include "data/rows.h"

/* Drawing rows in proportion to their weights: numpy's running sum of w / sum(w), divided by its last entry,
 * to the bit. */
typedef struct cvi_draw {
    const cvi_rows *rows;
    double weight_sum, last;
    double *checkpoint; /* running sum before rows 0, CVI_DRAW_STEP, 2 CVI_DRAW_STEP ... */
} cvi_draw;
enum { CVI_DRAW_STEP = 16 };

void cvi_draw_take(cvi_draw *draw, int64_t n, cvi_arena *arena);
/* weight_sum: numpy's sum of the weights of these rows. */
void cvi_draw_prepare(cvi_draw *draw, const cvi_rows *rows, double weight_sum);
/* The number of entries of the normalized running sum that are <= u: the row that choice(p=w) draws. */
int64_t cvi_draw_row(const cvi_draw *draw, double u);

/* k rows without replacement, by weight: choice(n, k, replace=False, p=w/sum(w)). p [n] and found [k] are
 * scratch. _ARGUMENT if fewer than k weights are positive. */
covey_status cvi_seed_random(const cvi_rows *rows, double weight_sum, int64_t k, covey_random *random,
                             double *p, int64_t *picks, covey_error *err);

/* Greedy k-means++. */
typedef struct cvi_plusplus_worker {
    cvi_block block;
    double *scratch; /* rows as float64 */
    double largest;  /* addend of a potential in the last pass */
} cvi_plusplus_worker;

struct cvi_seed_tiles;
struct cvi_seed_bytes;
struct cvi_seed_lists;
struct cvi_seed_kept;
typedef struct cvi_plusplus {
    int64_t k, trials, groups; /* groups of eight candidates */
    /* Set before cvi_plusplus_take: bytes for copies of the rows, whether they also have to pay, and the kernels. */
    size_t budget;
    bool by_rule;
    const cvi_kernels *kernels;
    cvi_curve *curve; /* of a fit whose runs all have the same rows, or NULL */
    struct cvi_seed_tiles *tiles; /* few features: rows along a curve; or NULL */
    struct cvi_seed_bytes *bytes; /* rows as bytes; or NULL */
    struct cvi_seed_lists *lists; /* CSR: features' lists of rows; or NULL */
    struct cvi_seed_kept *kept;   /* few rows: a transposed copy; or NULL. Without any of these: */
    bool same_rows;      /* set before a run: the rows are those of the run before */
    double *near;        /* [n] squared distance to the nearest pick; shared with others between calls */
    uint64_t *block_q;   /* [blocks][groups][2][8] potential of each block of 64 rows under each candidate */
    uint8_t *nearer;     /* [blocks][groups][64] bit l: candidate l is nearer than near */
    uint64_t *prefix;    /* [blocks + 1][2] */
    uint64_t *total;     /* [groups][2][8] */
    double *panels;      /* [groups][d][8] candidates */
    double *sqnorm;      /* [8 groups] CSR: squared norms of the candidates, for bounds */
    double *pick;        /* [d] the last pick */
    double *uniforms;    /* [trials] */
    int64_t *candidates; /* [trials] */
    cvi_plusplus_worker *workers;
} cvi_plusplus;

int64_t cvi_plusplus_trials(int64_t k, int64_t requested);
/* Doubles that a run draws, whatever the data: one, then (k - 1) times `trials`. */
int64_t cvi_plusplus_draws(int64_t k, int64_t trials);
/* near: [n], owned by somebody else. */
void cvi_plusplus_take(cvi_plusplus *state, const cvi_rows *rows, int64_t k, int64_t trials, int threads,
                       cvi_arena *arena);
/*
 * picks [k]: row numbers (of rows, not of x).
 * Draws: cvi_plusplus_draws, one double and then (k - 1) blocks of `trials`.
 * Source: D. Arthur & S. Vassilvitskii, k-means++, SODA 2007; greedy trials as in scikit-learn.
 * Returns false if stopped.
 */
bool cvi_plusplus_run(cvi_plusplus *state, const cvi_kernels *kernels, const cvi_rows *rows,
                      const cvi_draw *draw, covey_random *random, cvi_job *job, int64_t *picks);

/* centers [k][d] = picked rows in the frame. */
void cvi_seed_take_rows(const cvi_kernels *kernels, const cvi_rows *rows, const int64_t *picks, int64_t k,
                        cvi_block *block, double *centers);

#endif
