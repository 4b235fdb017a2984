/*
 * The int8 screen with bounds per panel: what the files screen*.c share.  The idea stands in screen.c.
 *
 * All lengths are in the screens' units, 2^-p of the data's (pack.c).
 */
#ifndef CVI_ASSIGN_SCREEN_H
#define CVI_ASSIGN_SCREEN_H

#include "assign/strategy.h"

enum {
    CVI_SCREEN_MEMBERS = CVI_GROUP8 - 1,                       /* centers of a group; lane 0 is its reference */
    CVI_SCREEN_PANEL = CVI_SCREEN_MEMBERS * CVI_GROUPS8,       /* centers of a panel */
    CVI_SCREEN_FOUND = 128,                                    /* candidates of a row that are remembered */
    CVI_SCREEN_REFINE = 24 /* candidates that meet the second plane before more are looked for */
};

/* Steps outwards for float32 bounds that a few operations have rounded. */
#define CVI_UP (1 + 0x1p-20f)
#define CVI_DOWN (1 - 0x1p-20f)

/* A center that may win: its bounds as in cvi_bounds8. */
typedef struct cvi_candidate {
    float low, reach;
    int32_t lane;
} cvi_candidate;

/* A center for the second plane: its bytes and those of its second plane stand for its difference b from its reference. */
typedef struct cvi_fine_center {
    double half_sqnorm;
    float scale, norm, error; /* |b| and what both planes leave of it, at most */
} cvi_fine_center;

/* A row on its way through a block. */
typedef struct cvi_visit {
    int64_t i;       /* row */
    float r2;        /* |x|^2 */
    float threshold; /* half score that a candidate's low may not pass */
    float near;      /* distance of the quantized row from the reference of that group, at most */
    float slack;     /* what the canonical rounding and the threshold's own may add */
    int32_t own;     /* label before, -1: none */
    int32_t from;    /* group from whose reference half scores are seen */
    int32_t n_found;
    int32_t full;    /* so many candidates meet the second plane */
    float high;      /* half score of the winner, at most, as the second plane says */
    float seen;      /* the same as seen from the row's group */
    double least;    /* the same, the last time, as two planes see it */
    bool whole;      /* the canonical score of all centers decides */
    bool known;      /* from_dots are */
    int32_t met;     /* lane that met_dots are of, -1: none */
    int32_t from_dots[4]; /* products of both planes with the reference of the row's group */
    int32_t met_dots[4];  /* and with the last center that was met alone */
    const float *x;  /* centered float32 row; NULL: not read */
} cvi_visit;

/* What a thread needs. */
typedef struct cvi_screen_worker {
    cvi_block block;
    float *rows;          /* [64][ld32] centered, scaled */
    float *lone;          /* [ld32] one row */
    double *exact;        /* [ld64] one row or center in the frame */
    double *reference;    /* [ld64] */
    float *rest;          /* [64][4][panels] as in cvi_bounds8 */
    uint8_t *flagged;     /* [64][panels] */
    cvi_candidate *found; /* [64][CVI_SCREEN_FOUND] */
    int32_t *acc;         /* [64][48] */
    int32_t *list;        /* [CVI_SCREEN_FOUND] */
    float *score;         /* [CVI_SCREEN_FOUND] */
    int8_t *bytes;        /* [2][dq] */
    const uint8_t **first, **second; /* [2 CVI_SCREEN_FOUND + 1] what dot8_fine reads, for candidates and references */
    int32_t *dots;                   /* [2 CVI_SCREEN_FOUND + 1][4] */
    double *value;                   /* [2][CVI_SCREEN_FOUND] half scores and their errors */
    int64_t changed, distances, repaired, whole;
} cvi_screen_worker;

typedef struct cvi_screen_state {
    int64_t n, d, k, dq, ld32, ld64, grain;
    int64_t groups, panels; /* in use, at most groups_max and panels_max */
    int64_t groups_max, panels_max;
    int8_t *quantized;   /* [n][dq] */
    cvi_row8 *about;     /* [n] */
    uint8_t *half;       /* [n][dq / 2] second plane of the rows, two values a byte; NULL: none */
    cvi_rest8 *left;     /* [n] */
    float *upper;        /* [n] distance to the own center, at most */
    float *gap;          /* [n][panels] by how much any other center of the panel is farther than the own, at least */
    uint8_t *bytes;      /* [panels][dq / 4][16 groups][4] */
    cvi_panel8 *panel;   /* [panels] */
    uint8_t *center8;    /* [k][dq] the same bytes, center by center */
    uint8_t *fine8;      /* [k][dq] second plane of the centers */
    cvi_fine_center *fine; /* [k] */
    uint8_t *none8;      /* [dq] the second plane of all references: nothing */
    uint8_t *reference8; /* [groups][dq] */
    float *reference;    /* [groups][ld32] the references */
    float *half_refnorm; /* [groups] half their squared norms */
    float *reference_norm; /* [groups] their norms, at most */
    float *away;         /* [groups][3 panels] how far they are from each other, at most */
    uint8_t *reference_panels; /* [ceil(groups / 48)][dq / 4][48][4], for the first pass */
    float *reference_scale;    /* [groups] */
    int32_t *lane_of;    /* [k] */
    int32_t *center_of;  /* [16 groups], -1: none */
    float *rows_major;   /* [k][ld32] centers, scaled */
    float *half_sqnorm;  /* [k] */
    double *sqnorm;      /* [k] canonical */
    double *last;        /* [k][d] the centers of the last pass */
    float *drift;        /* [k] */
    float *panel_drift;  /* [panels] */
    double *shift;       /* [d] the screen's frame - the score's */
    double scale;
    double margin;       /* 8 (d + 4) 2^-53: the canonical score's own rounding, twice */
    double sq_shift;     /* |shift|^2 */
    bool quantized_yet, bounded;
    bool packed;         /* packed64 belongs to this pass */
    int64_t whole;       /* rows that the last pass decided by the canonical score of all centers */
    float tie_r, tie_s, tie_0, error_r, error_s;
    cvi_packed64 packed64;
    cvi_screen_worker *workers;
} cvi_screen_state;

typedef struct cvi_screen_pass {
    cvi_screen_state *state;
    const cvi_problem *problem;
    const double *centers;
    int32_t *labels;
    cvi_sums *sums;
    atomic_bool unusable; /* a center is out of the screen's range */
} cvi_screen_pass;

/* The group of a lane counts from 0 over all panels. */
static inline int64_t cvi_screen_group_of(int32_t lane)
{
    return lane / CVI_GROUP8;
}

/* Candidates that the threshold has passed meanwhile become part of their group's rest; `at` is the row's place in the block. */
void cvi_screen_sift(const cvi_screen_state *s, cvi_screen_worker *w, cvi_visit *v, int64_t at);

/*
 * The second plane (screen_fine.c).  meet: the half scores of these candidates, w->value [FOUND], and their errors [FOUND]
 * behind them; what that says of the winner is noted in v.  Returns how half scores as seen by two planes differ from those
 * seen by one.  refine: candidates of a row that two planes prove farther than another leave, and say so to their panel's bound.
 */
double cvi_screen_meet(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *v, const cvi_candidate *found, int32_t n_found);
void cvi_screen_refine(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *v, int64_t at);

/* Put similar centers into the same group and panel; once a run. */
void cvi_screen_group(cvi_screen_state *s, const double *centers);

/* All that the screen keeps of the centers of a pass; p->unusable is set. */
void cvi_screen_pack(cvi_screen_pass *p);

/* A task of a pass: state->grain rows. */
void cvi_screen_visit(void *context, int64_t index, int worker);

/* The same by the canonical score of all centers, for centers beyond the screen's range. */
void cvi_screen_visit_whole(void *context, int64_t index, int worker);

#endif
