/*
 * Seeding in blocks of picks: plain k-means++ by rejection (d2.c) and k-means|| (parallel.c).
 *
 * Both take many picks before they bring the distances of all rows up to date, and then find the nearest of the new
 * picks with the kernels of the assignment, many centers at a time, instead of one pass over the rows for each.
 */
#ifndef CVI_SEED_D2_H
#define CVI_SEED_D2_H

#include "seed/potential.h"
#include "seed/seed.h"

/* labels [n] = the nearest of centers [k][d] (in the frame of rows) by the canonical score. False if stopped. The
 * assignment stands beside the seeding, not below it, so fit/starter.c hands it in. */
typedef bool (*cvi_nearest_fn)(void *user, const cvi_rows *rows, const double *centers, int64_t k, int32_t *labels);

typedef struct cvi_fold_worker {
    cvi_block block;
    double *scratch; /* [8][d] */
    double largest;
} cvi_fold_worker;

/* Squared distances of all rows to the nearest pick, and their running sum. */
typedef struct cvi_fold {
    cvi_nearest_fn nearest;
    void *user;
    int64_t most;     /* picks folded in at once */
    double *near;     /* [n]; shared with others between calls */
    int32_t *labels;  /* [n] scratch: the nearest of the new picks */
    int32_t *owner;   /* [n] number of the nearest pick, or NULL: not wanted */
    double *raw;      /* [most][d] new picks as given */
    double *framed;   /* [most][d] in the frame */
    cvi_running running;
    double total;     /* potential: sum of near * w */
    cvi_fold_worker *workers;
} cvi_fold;

void cvi_fold_take(cvi_fold *fold, const cvi_rows *rows, int64_t most, bool owners, int threads, cvi_arena *arena);
/* No picks yet. */
void cvi_fold_start(cvi_fold *fold, const cvi_rows *rows);
/* near = min(near, squared distance to the nearest of the count rows picks); the first of them has number `number`.
 * Then the sums. False if stopped. */
bool cvi_fold_in(cvi_fold *fold, const cvi_kernels *kernels, const cvi_rows *rows, const int64_t *picks, int64_t count,
                 int64_t number, cvi_job *job);

/* --- plain k-means++, one draw a pick
 * ------------------------------------------------------------------------------------- */

typedef struct cvi_d2 {
    int64_t k;
    cvi_fold fold;
    double *row;     /* [d] */
    double *pending; /* [k][d] picks that near does not know yet */
    int64_t drawn, refreshes; /* of the last run: draws made, passes over the rows */
} cvi_d2;

void cvi_d2_take(cvi_d2 *state, const cvi_rows *rows, int64_t k, int threads, cvi_arena *arena);
/* picks [k]: row numbers. False if stopped. */
bool cvi_d2_run(cvi_d2 *state, const cvi_kernels *kernels, const cvi_rows *rows, const cvi_draw *draw, covey_random *random,
                cvi_job *job, int64_t *picks);

/* --- k-means||
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct cvi_oversampling {
    int64_t k, rounds, capacity; /* candidates at most */
    double factor;               /* rows drawn in a round, as a multiple of k */
    cvi_fold fold;
    uint64_t *drawn;     /* [blocks] the rows of a block that a round draws */
    int64_t *candidates; /* [capacity] */
    double *rows;        /* [capacity][d] the candidates as given */
    double *mass;        /* [capacity] weight of the rows nearest to each */
    uint64_t *q;         /* [capacity][CVI_POTENTIAL_LEVELS] */
    int64_t *count;      /* [capacity] */
    double *near;        /* [capacity] */
    cvi_draw draw;       /* over the candidates */
    cvi_plusplus plusplus;
    int64_t found; /* candidates of the last run */
} cvi_oversampling;

/* factor 0 and rounds 0: the defaults, 2 and 5. */
void cvi_oversampling_take(cvi_oversampling *state, const cvi_rows *rows, int64_t k, double factor, int64_t rounds,
                           int64_t trials, int threads, cvi_arena *arena);
bool cvi_oversampling_run(cvi_oversampling *state, const cvi_kernels *kernels, const cvi_rows *rows, const cvi_draw *draw,
                          covey_random *random, cvi_job *job, int64_t *picks);

#endif
