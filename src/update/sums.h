/*
 * Exact cluster sums and masses (engine rule B).
 *
 * A row is added to or taken from a cluster's accumulator in wrapping 64-bit integers on a grid that depends on the data
 * alone, so order, threads and history cannot matter: rows that change their cluster are moved for ever without drift.
 * With few clusters every worker has accumulators of its own, merged by cvi_sums_settle; with many, moves are left to
 * cvi_sums_settle, which shares the clusters out to the workers.
 */
#ifndef CVI_UPDATE_SUMS_H
#define CVI_UPDATE_SUMS_H

#include "base/job.h"
#include "data/prepare.h"
#include "data/rows.h"

/* Accumulators of all clusters. */
typedef struct cvi_part {
    uint64_t *q;      /* [k][levels][d] */
    uint64_t *mass;   /* [k][CVI_MAX_LEVELS], with weights only */
    int64_t *count;   /* [k] rows */
    uint8_t *touched; /* [k] changed since it was merged into part 0; there: since cvi_sums_mark */
} cvi_part;

typedef struct cvi_sums {
    const cvi_kernels *kernels;
    const cvi_frame *frame;
    int64_t k, d;
    bool weighted, sparse, deferred;
    int n_parts;
    cvi_part *parts;         /* [n_parts]; part 0 is the truth after a settle */
    int32_t *settled;        /* deferred: [n] the labels that part 0 stands for */
    cvi_block *blocks;       /* deferred: one a worker */
} cvi_sums;

/* Room for k clusters of n rows. */
void cvi_sums_take(cvi_sums *sums, const cvi_kernels *kernels, const cvi_frame *frame, const cvi_rows *rows, int64_t k,
                   int threads, cvi_arena *arena);

/* Forget everything: no row belongs to a cluster. n: rows. */
void cvi_sums_clear(cvi_sums *sums, int64_t n);

/* Row `at` of the block (row i of rows) leaves cluster before (-1: none) for cluster after. */
void cvi_sums_move(cvi_sums *sums, int worker, const cvi_rows *rows, const cvi_block *block, int64_t at, int32_t before,
                   int32_t after);

/* The same for a row that may have a new label. Is it another one?  sums NULL: labels alone are wanted. */
static inline bool cvi_sums_relabel(cvi_sums *sums, int worker, const cvi_rows *rows, const cvi_block *block, int64_t at,
                                    int32_t *label, int32_t after)
{
    const int32_t before = *label;
    if (before == after)
        return false;
    *label = after;
    if (sums != NULL)
        cvi_sums_move(sums, worker, rows, block, at, before, after);
    return true;
}

/* Of rows start .. start + count - 1 those whose label changes leave before [count] (-1: none) for after [count], where
 * they are few unweighted float64 values, read in place. Returns false for others: nothing is done. */
bool cvi_sums_move_narrow(cvi_sums *sums, int worker, const cvi_rows *rows, int64_t start, int64_t count,
                          const int32_t *before, const int32_t *after);

/* Add (sign 1) or take (-1) an accumulator of `count` rows to or from cluster j: q [levels][d], and mass with weights. */
void cvi_sums_add_stored(cvi_sums *sums, int worker, int32_t j, int sign, const uint64_t *q, const uint64_t *mass,
                         int64_t count);

/* The rows whose bit is set in rows, of x [d][CVI_TILE] in the frame, leave before [64] (-1: none) for after [64].
 * Without weights, d <= 8. */
void cvi_sums_move_tile(cvi_sums *sums, int worker, const double *x, uint64_t rows, const int32_t *before,
                        const int32_t *after);

/* All rows of x [tiles][d][CVI_TILE], in the frame, join their clusters, label [tiles][CVI_TILE] (-1: none). Without weights, on
 * a grid of two levels. */
void cvi_sums_add_tiles(cvi_sums *sums, int worker, const double *x, int64_t tiles, const int32_t *label);

/* After a pass: all moves are in part 0. labels [n] are the present ones. */
void cvi_sums_settle(cvi_sums *sums, const cvi_rows *rows, const int32_t *labels, cvi_job *job);

/* Has a settled sum changed since the last cvi_sums_mark(sums, false)? All have after a clear or a mark with true. */
bool cvi_sums_touched(const cvi_sums *sums, int64_t j);
void cvi_sums_mark(cvi_sums *sums, bool touched);

/* Add (sign 1) or take (-1) row i of rows to or from an accumulator of one cluster: q [levels][d], mass, count. */
void cvi_sums_change(const cvi_sums *sums, const cvi_rows *rows, int64_t i, cvi_block *block, int sign, uint64_t *q,
                     uint64_t *mass, int64_t *count);

/* The exact sum of weights * (x - m) of cluster j, rounded once, into out [d]; and its mass. */
void cvi_sums_read(const cvi_sums *sums, int64_t j, double *out);
double cvi_sums_mass(const cvi_sums *sums, int64_t j);
void cvi_sums_read_raw(const cvi_sums *sums, const uint64_t *q, int64_t count, double *out);
double cvi_sums_mass_raw(const cvi_sums *sums, const uint64_t *mass, int64_t count);

#endif
