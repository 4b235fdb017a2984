/*
 * A strategy assigns every row to its nearest center.  One file = one idea = one strategy; the loop does not know which
 * one runs, because all give the same labels (docs/numerics.md, rule A): a strategy may skip what it can prove, and
 * decides near ties by the canonical score.
 */
#ifndef CVI_ASSIGN_STRATEGY_H
#define CVI_ASSIGN_STRATEGY_H

#include "base/job.h"
#include "data/order.h"
#include "data/prepare.h"
#include "data/rows.h"
#include "update/sums.h"

/* What stays the same for all passes of a fit or a predict. */
typedef struct cvi_problem {
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    const cvi_frame *frame; /* sq_spread scales the screens; grid only where sums are kept */
    cvi_job *job;
    cvi_curve *curve; /* where seeding and passes may share it, or NULL */
    int64_t k;
    int64_t passes; /* at most so many passes over the same rows with moving centers; 1: a single labelling */
    bool even;      /* the rows have no clusters (cvi_rows_even); false if nobody asked */
} cvi_problem;

/* What the passes did; summed over a fit. */
typedef struct cvi_pass_counts {
    int64_t changed;   /* rows whose label changed in the last pass */
    int64_t distances; /* row-center evaluations made */
    int64_t full;      /* rows x centers of the passes */
    int64_t repaired;  /* rows that the canonical score decided */
} cvi_pass_counts;

/* What the passes of a run have shown so far. */
typedef struct cvi_history {
    int64_t passes;                  /* complete ones */
    int64_t changed, changed_before; /* rows that changed their label in the last pass, and in the one before; n: no such pass */
} cvi_history;

typedef struct cvi_strategy {
    const char *name;
    const char *about;  /* one line for reports: what it does */
    int64_t min_passes; /* 0: keeps nothing between passes, so rows may change and one pass is worth it */
    /* Can it run on this problem at all? A pinned plan (tests, benchmarks) asks nothing more. */
    bool (*suits)(const cvi_problem *problem);
    /* Is it expected to be faster than the strategies after it in the plan (shape, instruction set)? NULL: yes. */
    bool (*pays)(const cvi_problem *problem);
    /* Take all memory of the state from the arena; NULL while measuring. The state is handed to the calls below. */
    void *(*take)(const cvi_problem *problem, int threads, cvi_arena *arena);
    /* A run begins, or passes went by without it: labels are all -1 or unrelated to what the state remembers, centers jump. */
    void (*start)(void *state, const cvi_problem *problem);
    /* Asked before every pass of a fit: is what it remembers, or would begin to, worth this pass?  Else brute force makes it.
     * NULL: yes. */
    bool (*ready)(void *state, const cvi_problem *problem, const double *centers, const cvi_history *history);
    /* One pass. centers [k][d] in the frame; labels [n] in: those of the last pass or -1, out: argmin of the canonical
     * score. Rows that change are moved in sums (NULL: labels alone are wanted). Returns false if stopped half-way. */
    bool (*pass)(void *state, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                 cvi_pass_counts *counts);
} cvi_strategy;

extern const cvi_strategy cvi_screen_strategy; /* int8 screen, bounds per panel of centers, exact repair */
extern const cvi_strategy cvi_integer_strategy; /* whole numbers, near ones in float32 */
extern const cvi_strategy cvi_brute;     /* float32 screen, near ties repaired */
extern const cvi_strategy cvi_canonical_strategy; /* the canonical score of every pair; the reference */
extern const cvi_strategy cvi_sparse_bounds; /* CSR rows: float32 screen, bounds per group of centers */
extern const cvi_strategy cvi_sparse;    /* CSR rows: the canonical score of every pair */
extern const cvi_strategy cvi_sorted;    /* one feature: stretches of sorted rows */
extern const cvi_strategy cvi_tree;      /* boxes of rows, for few features */
extern const cvi_strategy cvi_small;     /* few rows, features and centers: the canonical score, rows in lanes */
extern const cvi_strategy cvi_headed;    /* leading directions bound all distances, survivors in float32 */
extern const cvi_strategy cvi_tiled;     /* gap bounds of tiles of rows */
extern const cvi_strategy cvi_row_bounded; /* bounds per row and center, few centers */

/* All strategies, NULL-terminated, in the order in which the plan prefers them. */
extern const cvi_strategy *const cvi_strategies[];

/* The plan: which strategy runs. What follows of a fit's passes is course.h's. */
const cvi_strategy *cvi_plan_strategy(const cvi_problem *problem, size_t room, covey_error *err);
/* Does it matter to any strategy whether rows of this shape have clusters? */
bool cvi_plan_asks_even(const cvi_rows *rows, int64_t k);
/* Bytes of a strategy's state, and of brute force beside it. */
size_t cvi_plan_bytes(const cvi_strategy *strategy, const cvi_problem *problem, int threads);
/* The state of cvi_brute without what it would keep between passes: to run beside another strategy. */
void *cvi_brute_take_plain(const cvi_problem *problem, int threads, cvi_arena *arena);
/* Would it keep the rows, as tiles?  Do all passes read the same ones, and are they few enough? */
bool cvi_brute_keeps_tiles(const cvi_problem *problem);
/* Do they fit the accelerators' budget?  By name a strategy may run beyond the default one, never beyond the caller's. */
bool cvi_plan_affords(const cvi_strategy *strategy, const cvi_problem *problem, bool by_name);
/* What of them counts against the accelerators' budget: all that brute force would not take. */
size_t cvi_plan_extra_bytes(const cvi_strategy *strategy, const cvi_problem *problem, int threads);
/* Names of all strategies, for messages. */
void cvi_plan_names(char *out, size_t size);
/* Is this a path that can be asked for? */
bool cvi_plan_known(const char *name);

/* --- shared by the strategies: centers packed for the kernels --------------------------------------------------- */

/* Centers in the form that the canonical kernel reads. */
typedef struct cvi_packed64 {
    double *panels; /* [groups][d][8] */
    double *sqnorm; /* [8 groups] */
    cvi_canonical canonical;
} cvi_packed64;

/* Centers in the form that the screens read, scaled by a power of two. */
typedef struct cvi_packed32 {
    float *panels;      /* [groups][d][16] */
    float *half_sqnorm; /* [16 groups] */
    float scale;        /* 2^-p */
    bool usable;        /* false: some center is out of the screen's range */
    double sq_shift;    /* |mean - mean32|^2, scaled */
    cvi_screen screen;
} cvi_packed32;

void cvi_packed64_take(cvi_packed64 *packed, int64_t k, int64_t d, cvi_arena *arena);
void cvi_packed64_fill(cvi_packed64 *packed, const cvi_kernels *kernels, const double *centers, int64_t k, int64_t d);
/* The power of two that brings a typical row to norm 1. */
double cvi_screen_scale(const cvi_frame *frame);
void cvi_packed32_take(cvi_packed32 *packed, int64_t k, int64_t d, cvi_arena *arena);
void cvi_packed32_fill(cvi_packed32 *packed, const double *centers, const cvi_rows *rows, const cvi_frame *frame, int64_t k,
                       int64_t d);
/* The near-tie constants of a screen of d features; marked: for scores with a center's number in their low bits. */
void cvi_screen_set_ties(cvi_screen *screen, int64_t d, double sq_shift, bool marked);
/* The same centers one after the other: rows [k][ld], zero padded. */
void cvi_packed32_rows(const cvi_packed32 *packed, int64_t k, int64_t d, float *rows, int64_t ld);
/* Take centers that repeat an earlier one out of the screen: they can never win, and every row would be a near tie.
 * sqnorm [k]: canonical squared norms. order [k] is scratch. */
void cvi_packed32_drop_duplicates(cvi_packed32 *packed, const double *centers, const double *sqnorm, int32_t *order,
                                  int64_t k, int64_t d);

/* --- shared by the strategies: screens ---------------------------------------------------------------------------- */

/* Up to so many centers the features may stand in a vector's lanes, if there are enough of them. */
enum { CVI_WIDE_MAX_K = 20 };
bool cvi_wide_pays(int64_t d, int64_t k);
/* What that screen reads; centers: cvi_packed32_rows. */
cvi_wide cvi_packed32_wide(const cvi_packed32 *packed, const float *centers, int64_t ld);
/* The screen_wide kernel on a block of rows of any type; room [8][ld]. */
uint64_t cvi_wide_screen(const cvi_problem *problem, const cvi_wide *wide, const cvi_block *block, float *room, float *sqnorm,
                         int32_t *label, float *best);
/* Rows out of the screens' range: outliers, or NaN after an overflow. */
uint64_t cvi_out_of_range(const float *sqnorm, int64_t count);

#endif
