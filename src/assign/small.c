/*
 * Few rows of few features and few centers: the canonical score itself, rows in lanes.
 *
 *     x        [tiles][d][64]      the rows in the frame, transposed once for all passes of all runs
 *     centers  number, |c|^2, c    one after the other, as the leaves of the tree read them
 *
 * Where a pass takes a microsecond, a screen's preparations and repairs cost more than it saves: float64 scores need
 * neither.  The first pass of a run, in which every row finds a cluster, adds up the sums in lanes too.
 */
#include "assign/strategy.h"

#include <string.h>

/* Beyond MAX_K centers the screen is faster: float32 has twice the lanes. */
enum { MAX_D = 6, MAX_VALUES = 1 << 15, MAX_N = 1 << 12, MAX_K = 12 };

typedef struct small {
    int64_t tiles;
    bool loaded;     /* x holds the rows */
    double *x;       /* [tiles][d][64], anything behind the last row */
    int32_t *labels; /* [tiles][64], -1 behind the last row: whole tiles where the caller's are not */
    cvi_tree_list list;
    cvi_block block;
} small;

static bool suits(const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    return rows->kind != CVI_ROWS_CSR && rows->weights == NULL && rows->d <= MAX_D && rows->n <= MAX_VALUES / rows->d;
}

static bool pays(const cvi_problem *problem)
{
    return problem->passes > 1 && !problem->kernels->slow_fma && problem->rows->n <= MAX_N && problem->k <= MAX_K &&
           cvi_plan_affords(&cvi_small, problem, false);
}

static void *take(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    (void)threads;
    const int64_t d = problem->rows->d;
    small *state = cvi_arena_take(arena, 1, sizeof *state), s = {.tiles = (problem->rows->n + CVI_TILE - 1) / CVI_TILE};
    s.x = cvi_arena_take(arena, s.tiles * d, CVI_TILE * sizeof(double));
    s.labels = cvi_arena_take(arena, s.tiles, CVI_TILE * sizeof(int32_t));
    s.list.stride = (problem->k + CVI_GROUP64 - 1) / CVI_GROUP64 * CVI_GROUP64;
    s.list.at = cvi_arena_take(arena, s.list.stride, (size_t)(2 + d) * sizeof(double));
    cvi_block_take(&s.block, problem->rows, arena);
    if (state != NULL)
        *state = s;
    return state;
}

static void start(void *state, const cvi_problem *problem)
{
    (void)state;
    (void)problem;
}

static void load(small *s, const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    const cvi_block *block = &s->block;
    const int64_t d = rows->d;
    for (int64_t t = 0; t < s->tiles; t++) {
        const int64_t first = t * CVI_TILE, count = rows->n - first < CVI_TILE ? rows->n - first : CVI_TILE;
        double *x = s->x + t * d * CVI_TILE;
        cvi_rows_fetch(rows, first, count, &s->block);
        memset(x, 0, (size_t)d * CVI_TILE * sizeof *x);
        for (int64_t i = 0; i < count; i++)
            for (int64_t f = 0; f < d; f++)
                x[f * CVI_TILE + i] = block->is_f32 ? (double)block->row32[i][f] : block->row64[i][f];
        if (rows->mean != NULL)
            problem->kernels->tree_center_f64(x, d, rows->mean, x);
    }
    memset(s->labels + rows->n, 0xff, (size_t)(s->tiles * CVI_TILE - rows->n) * sizeof *s->labels); /* -1 */
    s->loaded = problem->passes > 1; /* later passes read the same rows */
}

static void list_centers(small *s, const cvi_problem *problem, const double *centers)
{
    const int64_t d = problem->rows->d, stride = s->list.stride;
    s->list.count = problem->k;
    for (int64_t j = 0; j < problem->k; j++) {
        double *at = s->list.at + j;
        at[0] = (double)j;
        at[stride] = problem->kernels->canonical_sqnorm(centers + j * d, d);
        for (int64_t f = 0; f < d; f++)
            at[(2 + f) * stride] = centers[j * d + f];
    }
}

/* Label count rows from `first` on, which own [64] labels so far; rows that change are moved in sums, unless NULL. Returns how
 * many changed. */
static int64_t pass_tile(const small *s, const cvi_problem *problem, int64_t first, int64_t count, const int32_t *own,
                         int32_t *labels, cvi_sums *sums)
{
    int32_t label[CVI_TILE];
    const double *x = s->x + first * problem->rows->d;
    const uint64_t changed = problem->kernels->tree_leaf(&s->list, problem->rows->d, x, count, own, label);
    if (changed == 0)
        return 0;
    if (sums != NULL)
        cvi_sums_move_tile(sums, 0, x, changed, own, label);
    memcpy(labels, label, (size_t)count * sizeof *label);
    return __builtin_popcountll(changed);
}

/* The sums of the first labels of a run. */
static void add_all(small *s, const cvi_problem *problem, const int32_t *labels, cvi_sums *sums)
{
    memcpy(s->labels, labels, (size_t)problem->rows->n * sizeof *labels);
    cvi_sums_add_tiles(sums, 0, s->x, s->tiles, s->labels);
}

static bool pass(void *state, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                 cvi_pass_counts *counts)
{
    small *s = state;
    const int64_t n = problem->rows->n;
    const bool at_once = sums != NULL && labels[0] < 0 && sums->frame->grid.levels == 2;
    if (!s->loaded)
        load(s, problem);
    list_centers(s, problem, centers);
    counts->changed = 0;
    for (int64_t first = 0; first < n; first += CVI_TILE) {
        const int64_t count = n - first < CVI_TILE ? n - first : CVI_TILE;
        const int32_t *own = labels + first;
        if (count < CVI_TILE)
            own = memcpy(s->labels + first, own, (size_t)count * sizeof *own);
        counts->changed += pass_tile(s, problem, first, count, own, labels + first, at_once ? NULL : sums);
    }
    if (at_once)
        add_all(s, problem, labels, sums);
    counts->distances += n * problem->k;
    counts->full += n * problem->k;
    return problem->job->team.stop == NULL || atomic_load(problem->job->team.stop) == 0;
}

const cvi_strategy cvi_small = {
    .name = "small",
    .about = "few rows in lanes, the exact score of every row and center",
    .suits = suits, .pays = pays, .take = take, .start = start, .pass = pass};
