/*
 * Leading directions first: what the files head*.c share.  The idea stands in head.c.
 *
 * All lengths are in the screens' units, 2^-p of the data's (pack.c).  Centers have places: similar ones stand side by
 * side, 16 to a group.
 */
#ifndef CVI_ASSIGN_HEAD_H
#define CVI_ASSIGN_HEAD_H

#include "assign/kd.h"
#include "assign/strategy.h"

enum {
    CVI_HEAD = 32,             /* features of a head: directions, and the length of what they leave */
    CVI_HEAD_DIRECTIONS = CVI_HEAD - 1,
    CVI_HEAD_GROUPS = CVI_HEAD / CVI_GROUP32,
    CVI_HEAD_TIES = 8, /* centers within a near tie that a row remembers */
    CVI_HEAD_LIST = 64 /* candidates of a row that are measured together */
};

/* Directions in which the rows spread most, made from a sample of them. */
typedef struct cvi_head_basis {
    int64_t d, ld32, samples;
    float *panels;  /* f32 panels [CVI_HEAD_GROUPS][d][16]: directions in lanes, the last lane 0 */
    float *zeros;   /* [CVI_HEAD] */
    double *rows;   /* [CVI_HEAD][d] directions one after the other */
    float *sample;  /* [samples][ld32] */
    float *turned;  /* [d][samples] the same transposed */
    float *product; /* f32 panels [CVI_HEAD_GROUPS][samples][16] */
    double error;   /* |head - its directions' part, exactly| <= error |x| */
    double rounding; /* relative error of a row's squared norm */
} cvi_head_basis;

/* A row on its way through a block. */
typedef struct cvi_head_row {
    float r2;    /* |x|^2 */
    float best;  /* smallest half score measured so far */
    float limit; /* half scores up to here may be the smallest by the canonical score */
    int32_t n_ties, n_list;
    bool whole;  /* the canonical score of all centers decides */
    int32_t tie[CVI_HEAD_TIES]; /* places of centers measured within the limit, the best among them */
    float score[CVI_HEAD_TIES];
} cvi_head_row;

/* What a thread needs. */
typedef struct cvi_head_worker {
    cvi_block block;
    float *rows;     /* [64][ld32] centered, scaled */
    double *exact;   /* [ld64] */
    uint16_t (*near)[CVI_TILE]; /* [groups][64] candidates */
    uint64_t *open;  /* [groups] rows that have some */
    int32_t *list;   /* [64][CVI_HEAD_LIST] places */
    float *score;    /* [64][16] of a group, or [CVI_HEAD_LIST] of a row's list */
    int64_t changed, distances, repaired;
} cvi_head_worker;

/* A center's move d, for rows' bounds: docs/algorithms/head.md. */
typedef struct cvi_head_move {
    float along; /* what is left of it off the directions, at most */
    float blur;  /* times |x|: what rounding may hide of x.d */
    float slip;  /* what float32 may have moved the center, before or after */
} cvi_head_move;

typedef struct cvi_head_state {
    int64_t n, d, k, ld32, ld64, groups, grain;
    cvi_head_basis basis;
    float *heads;       /* [n][CVI_HEAD] of the rows */
    float *r2;          /* [n] |x|^2 */
    float *upper;       /* [n] distance to the center of the row's label, as it stood in the last pass, at most; infinite: unknown */
    cvi_head_move *moves; /* [16 groups] what the center of a place has done since */
    float *directions;  /* [16 groups][CVI_HEAD] its move along the directions, then 0 */
    float *gain;        /* [16 groups] half the growth of the squared distance, as the center sees it */
    int64_t *order;     /* [n] rows in the order in which passes take them: once labeled, by the place of their center */
    int64_t *starts;    /* [k] scratch */
    float *rows_major;  /* [16 groups][ld32] centers by place, scaled */
    float *panels;      /* [groups][d][16] the same */
    float *half_sqnorm; /* [16 groups] */
    float *head_panels; /* [groups][CVI_HEAD][16] heads of the centers */
    double *sqnorm;     /* [16 groups] canonical */
    int32_t *center_of; /* [16 groups] by place, -1: none */
    int32_t *place_of;  /* [k] */
    cvi_kd_key *keys;   /* [k] scratch */
    float *points;      /* [16 groups][CVI_HEAD] heads of the centers, place by place */
    double *shift;      /* [d] the screen's frame - the score's */
    double scale, sq_shift;
    float tie_r, tie_s, tie_0;    /* two measured half scores that differ by more have the same order as the canonical ones */
    float near_r, near_s, near_0; /* the same for a measured one and a head's */
    bool ordered;   /* centers have their places */
    bool projected; /* heads of the rows are there */
    bool sorted;    /* order follows labels of this run */
    bool bounded;   /* upper and drift are there */
    int64_t changed; /* labels, in the last pass */
    cvi_head_worker *workers;
} cvi_head_state;

typedef struct cvi_head_pass {
    cvi_head_state *state;
    const cvi_problem *problem;
    const double *centers;
    int32_t *labels;
    cvi_sums *sums;
    cvi_screen full, head; /* all features; heads */
    bool by_bounds;        /* rows are read only where their bounds leave another center */
    atomic_bool unusable;  /* a center is out of the screen's range */
} cvi_head_pass;

void cvi_head_basis_take(cvi_head_basis *basis, const cvi_rows *rows, cvi_arena *arena);
/* Which row is sample i. */
int64_t cvi_head_sample(const cvi_head_basis *basis, const cvi_rows *rows, int64_t i);
/* Find the directions. block and load [ld32] are scratch. */
void cvi_head_basis_find(cvi_head_basis *basis, const cvi_problem *problem, double scale, cvi_block *block, float *load);
/* Heads [count] of CVI_HEAD features of rows [count] with squared norms r2; count <= 64. */
void cvi_head_project(const cvi_head_basis *basis, const cvi_kernels *kernels, const float *const *rows, const float *r2,
                      int64_t count, float *const *heads);

/* Work of a pass, relative to brute force's: the heads' own, and what those of a sample leave to measure.  Takes memory of its own
 * while it looks. */
double cvi_head_probe(const cvi_problem *problem);

/* Rows list [count] of the matrix into the block; centered and scaled, side by side, into out [count][ld32]; r2 [count]. */
void cvi_head_load(const cvi_problem *problem, double scale, cvi_block *block, const int64_t *list, int64_t count, float *out,
                   int64_t ld32, float *r2);

/* A task of a pass: state->grain rows. */
void cvi_head_visit(void *context, int64_t index, int worker);

#endif
