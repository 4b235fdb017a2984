/*
 * Rows with a lower bound for every center: what the files row_bounds*.c share.  The idea stands in row_bounds.c.
 *
 * All lengths are in the screens' units, 2^-p of the data's (pack.c).
 */
#ifndef CVI_ASSIGN_ROW_BOUNDS_H
#define CVI_ASSIGN_ROW_BOUNDS_H

#include "assign/strategy.h"

/* Earlier passes that rows may have been measured in. */
enum { CVI_SNAPSHOTS = 8, CVI_BOUNDS_MAX_K = 128 };

/* The centers of an earlier pass, and how they differ from those of this pass. */
typedef struct cvi_snapshot {
    int64_t rows;    /* that were measured against it and not since; 0: free */
    double *centers; /* [k][d], the data's units */
    double *apart;   /* [k][ldk] squared distances of these centers from each other, the data's units */
    float *moved;    /* [k] how far each is from its place in this pass, at most */
} cvi_snapshot;

typedef struct cvi_bounds_worker {
    cvi_block block;
    float *rows;      /* [64][ld32] */
    float *scores;    /* [groups][64][16] */
    double *exact;    /* [ld64] */
    double *cross;    /* [k][ldk] squared distances between the centers of a snapshot and of this pass */
    int64_t list[CVI_TILE], listed; /* rows to measure */
    int64_t left[CVI_SNAPSHOTS];    /* rows that left a snapshot in this pass */
    int64_t measured, repaired, changed;
} cvi_bounds_worker;

typedef struct cvi_bounds_state {
    int64_t n, d, k, ld32, ld64, ldk, width, grain;
    bool wide;         /* which screen: features in lanes, or centers */
    bool built;        /* every row has bounds, of this run's centers */
    int now, retiring; /* snapshot of this pass; the one whose rows go over to it, -1: none */
    cvi_snapshot snapshots[CVI_SNAPSHOTS];
    float *drift;      /* [snapshots k][2][width] as in cvi_row_bounds */
    double *apart;     /* [k][ldk] squared distances of this pass's centers from each other, the data's units */
    cvi_packed32 packed32;
    cvi_packed64 packed64;
    cvi_screen screen; /* packed32's with constants for unmarked scores */
    float *rows32;     /* [k][ld32], wide */
    cvi_row_bounds bounds; /* radius +inf: nothing is known; cell: snapshot * k + own center */
    cvi_row_measure measure;
    int64_t steady;    /* bounds are begun when fewer rows than this have changed */
    int64_t costly;    /* passes in a row that measured more rows than pays */
    cvi_bounds_worker *workers;
} cvi_bounds_state;

typedef struct cvi_bounds_pass {
    cvi_bounds_state *state;
    const cvi_problem *problem;
    const double *centers;
    int32_t *labels;
    cvi_sums *sums;
    bool fresh; /* no bounds yet */
} cvi_bounds_pass;

/* Make drift, moved and apart of the centers of this pass, which packed32 and packed64 hold. */
void cvi_bounds_drift(cvi_bounds_state *s, const cvi_problem *problem, const double *centers);

/* A place for this pass's centers: state->now and state->retiring. */
void cvi_bounds_snapshot(cvi_bounds_state *s, const double *centers);

/* A task of a pass: state->grain rows. */
void cvi_bounds_visit(void *context, int64_t index, int worker);

#endif
