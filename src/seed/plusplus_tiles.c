/*
 * k-means++ for few features: after a few picks a candidate is nearer than the nearest pick only to rows
 * close by.
 *
 * Rows are sorted along a space-filling curve and cut into tiles of 64 with a box and their largest distance
 * to the nearest pick; eight tiles make a box of the level above.  A candidate whose distance to a box is not
 * below the largest distance inside cannot change a potential there.  Potentials are exact sums (engine rule
 * B): one under a candidate is the present one plus what the tiles that the candidate reaches gain or lose.
 * The draws look rows up in row order, so sums are also kept by blocks of 64 rows and runs of 64 blocks. Same
 * draws, same picks as the plain passes.
 */
#include "seed/plusplus.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    TILE = CVI_TILE,
    FAN = CVI_GROUP64,
    MAX_LEVELS = 12,
    LEVELS = CVI_POTENTIAL_LEVELS,
    RUN = 64,
    TILES_A_TASK = 32
};

/* Boxes of one level, side by side: low, high [d][stride], top [stride]. */
typedef struct level {
    int64_t count, stride;
    double *low, *high, *top;
} level;

/* A tile that some candidates of the eight reach. */
typedef struct visit {
    int32_t tile;
    uint32_t which;
} visit;

typedef struct worker {
    double *x; /* [d][64] */
    uint64_t q[FAN * LEVELS];
    int64_t measured;
} worker;

struct cvi_seed_tiles {
    int64_t n, d, n_tiles, n_blocks, n_runs, n_levels, groups;
    level levels[MAX_LEVELS];
    cvi_curve *curve;
    bool shared;           /* the curve is the fit's: all runs have the same rows */
    int32_t *rank;         /* [n] place of a row along the curve */
    double *weights;       /* [tiles][64] or NULL */
    double *near;          /* [tiles][64]; 0 behind the last row */
    uint64_t *tile_q;      /* [tiles][2] of 64 rows */
    uint64_t *block_q;     /* [blocks][2] in row order */
    uint64_t *run_q;       /* [runs][2] */
    uint64_t *prefix;      /* [runs + 1][2] */
    double *heavy;         /* [tiles] largest near * weight */
    visit *visits;         /* [groups][tiles] tiles that candidates reach */
    int64_t *n_visits;     /* [groups] */
    double *candidates;    /* [8 groups][d] */
    uint64_t *totals;      /* [8 groups][2] */
    double *pick, *zeros;  /* [d] */
    double magic[LEVELS];
    worker *workers;
};

/* --- plan
 * ------------------------------------------------------------------------------------------------------- */

static void take_level(level *l, int64_t count, int64_t d, cvi_arena *arena)
{
    l->count = count;
    l->stride = (count + FAN - 1) / FAN * FAN;
    l->low = cvi_arena_take(arena, d * l->stride, sizeof(double));
    l->high = cvi_arena_take(arena, d * l->stride, sizeof(double));
    l->top = cvi_arena_take(arena, l->stride, sizeof(double));
}

cvi_seed_tiles *cvi_seed_tiles_take(const cvi_rows *rows, int64_t trials, int threads, cvi_curve *curve, cvi_arena *arena)
{
    cvi_seed_tiles *state = cvi_arena_take(arena, 1, sizeof *state);
    cvi_seed_tiles t = {.n = rows->n, .d = rows->d, .groups = (trials + FAN - 1) / FAN, .shared = curve != NULL};
    t.n_tiles = t.n_blocks = (t.n + TILE - 1) / TILE;
    t.n_runs = (t.n_blocks + RUN - 1) / RUN;
    for (int64_t count = t.n_tiles;; count = (count + FAN - 1) / FAN) {
        take_level(&t.levels[t.n_levels++], count, t.d, arena);
        if (count <= FAN)
            break;
    }
    t.curve = cvi_curve_share(curve, rows, threads, arena);
    t.rank = cvi_arena_take(arena, t.n_tiles * TILE, sizeof *t.rank);
    t.weights = rows->weights != NULL ? cvi_arena_take(arena, t.n_tiles * TILE, sizeof(double)) : NULL;
    t.near = cvi_arena_take(arena, t.n_tiles * TILE, sizeof(double));
    t.tile_q = cvi_arena_take(arena, t.n_tiles, LEVELS * sizeof(uint64_t));
    t.block_q = cvi_arena_take(arena, t.n_blocks, LEVELS * sizeof(uint64_t));
    t.run_q = cvi_arena_take(arena, t.n_runs, LEVELS * sizeof(uint64_t));
    t.prefix = cvi_arena_take(arena, t.n_runs + 1, LEVELS * sizeof(uint64_t));
    t.heavy = cvi_arena_take(arena, t.n_tiles, sizeof(double));
    t.visits = cvi_arena_take(arena, t.groups * t.n_tiles, sizeof(visit));
    t.n_visits = cvi_arena_take(arena, t.groups, sizeof(int64_t));
    t.candidates = cvi_arena_take(arena, t.groups * FAN * t.d, sizeof(double));
    t.totals = cvi_arena_take(arena, t.groups * FAN, LEVELS * sizeof(uint64_t));
    t.pick = cvi_arena_take(arena, t.d, sizeof(double));
    t.zeros = cvi_arena_take(arena, t.d, sizeof(double));
    t.workers = cvi_arena_take(arena, threads, sizeof *t.workers);
    for (int i = 0; i < threads; i++) {
        worker w = {0};
        w.x = cvi_arena_take(arena, t.d * TILE, sizeof(double));
        if (t.workers != NULL)
            t.workers[i] = w;
    }
    if (state != NULL)
        *state = t;
    return state;
}

bool cvi_seed_tiles_wanted(const cvi_rows *rows, int64_t k, int64_t trials, int threads, const cvi_curve *curve,
                           size_t budget, bool by_rule)
{
    if (budget == 0 || rows->kind == CVI_ROWS_CSR || rows->d > CVI_ORDER_MAX_D || rows->n > INT32_MAX - TILE)
        return false;
    cvi_arena measure = {0};
    cvi_curve copy = curve != NULL ? *curve : (cvi_curve){0};
    cvi_seed_tiles_take(rows, trials, threads, &copy, &measure);
    return measure.used <= budget && (!by_rule || (rows->n >= 4096 && k >= 16));
}

int64_t cvi_seed_tiles_measured(const cvi_seed_tiles *tiles)
{
    return tiles->workers[0].measured; /* run() gathers them there */
}

/* --- building
 * --------------------------------------------------------------------------------------------------- */

typedef struct step {
    cvi_seed_tiles *t;
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    cvi_job *job;
    int64_t group; /* of candidates */
} step;

static const double *weights_of(const cvi_seed_tiles *t, int64_t tile)
{
    return t->weights != NULL ? t->weights + tile * TILE : NULL;
}

/* The rows of a tile as float64, [d][64]. */
static void load_tile(const step *s, worker *w, int64_t tile)
{
    cvi_curve_load(s->t->curve, s->kernels, tile, s->t->zeros, w->x);
}

static void build_tile(const step *s, worker *w, int64_t tile)
{
    cvi_seed_tiles *t = s->t;
    const int64_t d = t->d, count = cvi_curve_rows(t->curve, tile);
    level *leaves = &t->levels[0];
    cvi_curve_fill(t->curve, s->rows, tile);
    for (int64_t i = 0; i < TILE; i++) {
        const int64_t at = tile * TILE + i;
        t->near[at] = i < count ? INFINITY : 0;
        if (i < count)
            t->rank[t->curve->order[at]] = (int32_t)at;
        if (t->weights != NULL)
            t->weights[at] = i < count ? cvi_rows_weight(s->rows, t->curve->order[at]) : 0;
    }
    double box[2 * CVI_ORDER_MAX_D];
    load_tile(s, w, tile);
    s->kernels->tree_box(w->x, d, box);
    for (int64_t f = 0; f < d; f++) {
        leaves->low[f * leaves->stride + tile] = box[f];
        leaves->high[f * leaves->stride + tile] = box[d + f];
    }
    leaves->top[tile] = INFINITY;
}

static void build_task(void *context, int64_t index, int worker_index)
{
    const step *s = context;
    for (int64_t i = index * TILES_A_TASK; i < (index + 1) * TILES_A_TASK && i < s->t->n_tiles; i++)
        build_tile(s, &s->t->workers[worker_index], i);
}

static void build_levels(cvi_seed_tiles *t)
{
    for (int64_t l = 0; l < t->n_levels; l++) {
        level *here = &t->levels[l];
        for (int64_t i = 0; l > 0 && i < here->count; i++) {
            const level *below = &t->levels[l - 1];
            const int64_t first = i * FAN, end = first + FAN < below->count ? first + FAN : below->count;
            for (int64_t f = 0; f < t->d; f++) {
                double low = INFINITY, high = -INFINITY;
                for (int64_t c = first; c < end; c++) {
                    low = fmin(low, below->low[f * below->stride + c]);
                    high = fmax(high, below->high[f * below->stride + c]);
                }
                here->low[f * here->stride + i] = low;
                here->high[f * here->stride + i] = high;
            }
            here->top[i] = INFINITY;
        }
        for (int64_t i = here->count; i < here->stride; i++) { /* no candidate reaches what only pads */
            for (int64_t f = 0; f < t->d; f++)
                here->low[f * here->stride + i] = here->high[f * here->stride + i] = 0;
            here->top[i] = -1;
        }
    }
}

static bool go_on(const cvi_job *job)
{
    return job->team.stop == NULL || atomic_load(job->team.stop) == 0;
}

static bool build(step *s)
{
    cvi_seed_tiles *t = s->t;
    memset(t->zeros, 0, (size_t)t->d * sizeof *t->zeros);
    if (!t->shared)
        t->curve->sorted = t->curve->filled = false;
    if (!cvi_curve_sort(t->curve, s->kernels, s->rows, &s->job->team, (uint32_t *)t->rank))
        return false;
    cvi_parallel(&s->job->team, (t->n_tiles + TILES_A_TASK - 1) / TILES_A_TASK, build_task, s);
    build_levels(t);
    t->curve->filled = go_on(s->job);
    return t->curve->filled;
}

/* --- which tiles a group of candidates reaches
 * ------------------------------------------------------------------- */

static void descend(const step *s, int64_t l, int64_t first, uint32_t which, visit *visits, int64_t *count)
{
    const cvi_seed_tiles *t = s->t;
    const level *here = &t->levels[l];
    const double *candidates = t->candidates + s->group * FAN * t->d;
    uint32_t reaches[FAN] = {0}; /* by box: candidates */
    for (uint32_t m = which; m != 0; m &= m - 1) {
        const int c = __builtin_ctz(m);
        uint32_t open = s->kernels->seed_boxes(here->low + first, here->high + first, here->top + first,
                                               here->stride, t->d, candidates + c * t->d);
        for (; open != 0; open &= open - 1)
            reaches[__builtin_ctz(open)] |= 1u << c;
    }
    for (int64_t b = 0; b < FAN; b++) {
        if (reaches[b] == 0)
            continue;
        if (l > 0)
            descend(s, l - 1, (first + b) * FAN, reaches[b], visits, count);
        else
            visits[(*count)++] = (visit){.tile = (int32_t)(first + b), .which = reaches[b]};
    }
}

#ifndef NDEBUG
/* Debug builds: no row of a tile that was skipped is nearer to the candidate. */
static void check_skips(const step *s, uint32_t all, const visit *visits, int64_t count)
{
    const cvi_seed_tiles *t = s->t;
    worker *w = &t->workers[0];
    for (int64_t tile = 0, v = 0; tile < t->n_tiles; tile++) {
        uint32_t skipped = all;
        if (v < count && visits[v].tile == tile)
            skipped &= ~visits[v++].which;
        load_tile(s, w, tile);
        for (; skipped != 0; skipped &= skipped - 1) {
            double near[TILE];
            memcpy(near, t->near + tile * TILE, sizeof near);
            assert(s->kernels->seed_fold(w->x, t->d,
                                         t->candidates + (s->group * FAN + __builtin_ctz(skipped)) * t->d,
                                         near) == 0);
        }
    }
}
#endif

/* --- potentials
 * -------------------------------------------------------------------------------------------------- */

static void potential_task(void *context, int64_t index, int worker_index)
{
    const step *s = context;
    const cvi_seed_tiles *t = s->t;
    worker *w = &s->t->workers[worker_index];
    const visit *visits = t->visits + s->group * t->n_tiles;
    const int64_t end = (index + 1) * TILES_A_TASK < t->n_visits[s->group] ? (index + 1) * TILES_A_TASK
                                                                           : t->n_visits[s->group];
    for (int64_t v = index * TILES_A_TASK; v < end; v++) {
        const int64_t tile = visits[v].tile;
        load_tile(s, w, tile);
        s->kernels->seed_potentials(w->x, t->d, t->near + tile * TILE, weights_of(t, tile),
                                    t->candidates + s->group * FAN * t->d, visits[v].which, t->magic, w->q);
        for (uint32_t m = visits[v].which; m != 0; m &= m - 1) {
            const int c = __builtin_ctz(m);
            w->q[2 * c] -= t->tile_q[2 * tile];
            w->q[2 * c + 1] -= t->tile_q[2 * tile + 1];
        }
        w->measured += TILE * __builtin_popcount(visits[v].which);
    }
}

/* Potentials of the candidates of all groups; present: that of the picks so far. */
static bool measure(step *s, int64_t trials, const uint64_t *present)
{
    cvi_seed_tiles *t = s->t;
    const int threads = s->job->team.threads;
    for (s->group = 0; s->group < t->groups; s->group++) {
        const int64_t count = trials - s->group * FAN < FAN ? trials - s->group * FAN : FAN;
        const uint32_t all = (1u << count) - 1;
        visit *visits = t->visits + s->group * t->n_tiles;
        int64_t n_visits = 0;
        descend(s, t->n_levels - 1, 0, all, visits, &n_visits);
        t->n_visits[s->group] = n_visits;
#ifndef NDEBUG
        check_skips(s, all, visits, n_visits);
#endif
        for (int i = 0; i < threads; i++)
            memset(t->workers[i].q, 0, sizeof t->workers[i].q);
        cvi_parallel(&s->job->team, (n_visits + TILES_A_TASK - 1) / TILES_A_TASK, potential_task, s);
        for (int64_t c = 0; c < count; c++)
            for (int l = 0; l < LEVELS; l++) {
                uint64_t q = present[l];
                for (int i = 0; i < threads; i++)
                    q += t->workers[i].q[c * LEVELS + l];
                t->totals[(s->group * FAN + c) * LEVELS + l] = q;
            }
    }
    return go_on(s->job);
}

/* Sums of tiles, blocks and runs on the present grid. */
static void regrid(const step *s)
{
    cvi_seed_tiles *t = s->t;
    double most[2];
    memset(t->block_q, 0, (size_t)t->n_blocks * LEVELS * sizeof(uint64_t));
    memset(t->run_q, 0, (size_t)t->n_runs * LEVELS * sizeof(uint64_t));
    for (int64_t tile = 0; tile < t->n_tiles; tile++) {
        const double *near = t->near + tile * TILE, *weights = weights_of(t, tile);
        s->kernels->seed_total(near, weights, t->magic, t->tile_q + LEVELS * tile, most);
        for (int64_t i = 0; i < cvi_curve_rows(t->curve, tile); i++)
            cvi_potential_add(weights != NULL ? near[i] * weights[i] : near[i], t->magic,
                              t->block_q + t->curve->order[tile * TILE + i] / CVI_POTENTIAL_BLOCK * LEVELS);
    }
    for (int64_t b = 0; b < t->n_blocks; b++)
        for (int l = 0; l < LEVELS; l++)
            t->run_q[b / RUN * LEVELS + l] += t->block_q[b * LEVELS + l];
}

/* --- folding a pick in
 * ------------------------------------------------------------------------------------------- */

static void fold_tile(const step *s, worker *w, int64_t tile)
{
    cvi_seed_tiles *t = s->t;
    double *near = t->near + tile * TILE, before[TILE], most[2];
    const double *weights = weights_of(t, tile);
    memcpy(before, near, sizeof before);
    load_tile(s, w, tile);
    uint64_t nearer = s->kernels->seed_fold(w->x, t->d, t->pick, near);
    if (nearer == 0)
        return;
    s->kernels->seed_total(near, weights, t->magic, t->tile_q + LEVELS * tile, most);
    t->levels[0].top[tile] = most[0];
    t->heavy[tile] = most[1];
    for (; nearer != 0; nearer &= nearer - 1) {
        const int i = __builtin_ctzll(nearer);
        const double weight = weights != NULL ? weights[i] : 1;
        const int64_t block = t->curve->order[tile * TILE + i] / CVI_POTENTIAL_BLOCK, run = block / RUN;
        uint64_t old[LEVELS], now[LEVELS];
        cvi_potential_bits(before[i] * weight, t->magic, old);
        cvi_potential_bits(near[i] * weight, t->magic, now);
        for (int l = 0; l < LEVELS; l++) {
            t->block_q[block * LEVELS + l] += now[l] - old[l];
            t->run_q[run * LEVELS + l] += now[l] - old[l];
        }
    }
}

/* Tops of the boxes above the tiles that were visited, which stand in order. */
static void raise_tops(cvi_seed_tiles *t, const visit *visits, int64_t count, uint32_t bit)
{
    for (int64_t l = 1; l < t->n_levels; l++) {
        const level *below = &t->levels[l - 1];
        int64_t last = -1, span = 1;
        for (int64_t a = 0; a < l; a++)
            span *= FAN;
        for (int64_t v = 0; v < count; v++) {
            const int64_t i = visits[v].tile / span;
            if (i == last || (visits[v].which & bit) == 0)
                continue;
            last = i;
            double top = 0;
            for (int64_t c = i * FAN; c < (i + 1) * FAN && c < below->count; c++)
                top = below->top[c] > top ? below->top[c] : top;
            t->levels[l].top[i] = top;
        }
    }
}

static void fold_pick(const step *s, int64_t candidate)
{
    cvi_seed_tiles *t = s->t;
    const int64_t group = candidate / FAN;
    const uint32_t bit = 1u << candidate % FAN;
    const visit *visits = t->visits + group * t->n_tiles;
    for (int64_t v = 0; v < t->n_visits[group]; v++)
        if (visits[v].which & bit)
            fold_tile(s, &t->workers[0], visits[v].tile);
    raise_tops(t, visits, t->n_visits[group], bit);
}

static void first_task(void *context, int64_t index, int worker_index)
{
    const step *s = context;
    cvi_seed_tiles *t = s->t;
    worker *w = &t->workers[worker_index];
    for (int64_t tile = index * TILES_A_TASK; tile < (index + 1) * TILES_A_TASK && tile < t->n_tiles;
         tile++) {
        double most[2];
        uint64_t q[LEVELS];
        load_tile(s, w, tile);
        s->kernels->seed_fold(w->x, t->d, t->pick, t->near + tile * TILE);
        s->kernels->seed_total(t->near + tile * TILE, weights_of(t, tile), t->magic, q, most);
        t->levels[0].top[tile] = most[0];
        t->heavy[tile] = most[1];
    }
}

static void first_fold(step *s)
{
    cvi_seed_tiles *t = s->t;
    t->magic[0] = t->magic[1] = 0;
    cvi_parallel(&s->job->team, (t->n_tiles + TILES_A_TASK - 1) / TILES_A_TASK, first_task, s);
    for (int64_t l = 1; l < t->n_levels; l++)
        for (int64_t i = 0; i < t->levels[l].count; i++) {
            double top = 0;
            for (int64_t c = i * FAN; c < (i + 1) * FAN && c < t->levels[l - 1].count; c++)
                top = fmax(top, t->levels[l - 1].top[c]);
            t->levels[l].top[i] = top;
        }
}

static double largest_addend(const cvi_seed_tiles *t)
{
    double largest = 0;
    const level *root = &t->levels[t->n_levels - 1];
    if (t->weights == NULL) {
        for (int64_t i = 0; i < root->count; i++)
            largest = fmax(largest, root->top[i]);
        return largest;
    }
    for (int64_t tile = 0; tile < t->n_tiles; tile++)
        largest = t->heavy[tile] > largest ? t->heavy[tile] : largest;
    return largest;
}

/* --- draws
 * ------------------------------------------------------------------------------------------------------- */

/* The first of `count` parts of `rows` rows each, from row first on, at whose end the running sum is at least
 * v, or the last. q [count][2] are the parts' sums; sum [2]: the running sum before, in and out. prefix
 * [count + 1][2] is scratch. */
static int64_t find_part(const cvi_seed_tiles *t, const uint64_t *q, int64_t count, int64_t first,
                         int64_t rows, double v, uint64_t *sum, uint64_t *prefix)
{
    memcpy(prefix, sum, LEVELS * sizeof *sum);
    for (int64_t a = 0; a < count * LEVELS; a++)
        prefix[LEVELS + a] = prefix[a] + q[a];
    int64_t low = 0, high = count - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2, end = first + (middle + 1) * rows;
        if (cvi_potential_value(prefix + LEVELS * (middle + 1), t->magic, end < t->n ? end : t->n) >= v)
            high = middle;
        else
            low = middle + 1;
    }
    memcpy(sum, prefix + LEVELS * low, LEVELS * sizeof *sum);
    return low;
}

static int64_t find_row(const cvi_seed_tiles *t, double v)
{
    enum { BLOCK = CVI_POTENTIAL_BLOCK };
    uint64_t sum[LEVELS] = {0}, prefix[(RUN + 1) * LEVELS], q[BLOCK][LEVELS] = {{0}};
    const int64_t run = find_part(t, t->run_q, t->n_runs, 0, RUN * BLOCK, v, sum, t->prefix);
    const int64_t blocks = t->n_blocks - run * RUN < RUN ? t->n_blocks - run * RUN : RUN;
    const int64_t block = run * RUN + find_part(t, t->block_q + run * RUN * LEVELS, blocks, run * RUN * BLOCK,
                                                BLOCK, v, sum, prefix);
    const int64_t first = block * BLOCK, rows = t->n - first < BLOCK ? t->n - first : BLOCK;
    for (int64_t i = 0; i < rows; i++) {
        const int64_t at = t->rank[first + i];
        cvi_potential_add(t->weights != NULL ? t->near[at] * t->weights[at] : t->near[at], t->magic, q[i]);
    }
    return first + find_part(t, q[0], rows, first, 1, v, sum, prefix);
}

static void present_sum(const cvi_seed_tiles *t, uint64_t *sum)
{
    sum[0] = sum[1] = 0;
    for (int64_t i = 0; i < t->n_runs; i++) {
        sum[0] += t->run_q[LEVELS * i];
        sum[1] += t->run_q[LEVELS * i + 1];
    }
}

static void draw_candidates(const step *s, cvi_plusplus *state, covey_random *random)
{
    const cvi_seed_tiles *t = s->t;
    uint64_t sum[LEVELS];
    present_sum(t, sum);
    const double potential = cvi_potential_value(sum, t->magic, t->n);
    for (int64_t c = 0; c < state->trials; c++)
        state->uniforms[c] = covey_random_double(random);
    for (int64_t c = 0; c < state->trials; c++) {
        state->candidates[c] = find_row(t, state->uniforms[c] * potential);
        cvi_rows_dense(s->rows, state->candidates[c], t->candidates + c * t->d);
    }
}

static int64_t best_candidate(const cvi_seed_tiles *t, int64_t trials)
{
    int64_t best = 0;
    double smallest = INFINITY;
    for (int64_t c = 0; c < trials; c++) {
        const double potential = cvi_potential_value(t->totals + LEVELS * c, t->magic, t->n);
        if (potential < smallest) {
            smallest = potential;
            best = c;
        }
    }
    return best;
}

bool cvi_seed_tiles_run(cvi_plusplus *state, const cvi_kernels *kernels, const cvi_rows *rows,
                        const cvi_draw *draw, covey_random *random, cvi_job *job, int64_t *picks)
{
    cvi_seed_tiles *t = state->tiles;
    step s = {.t = t, .kernels = kernels, .rows = rows, .job = job};
    for (int i = 0; i < job->team.threads; i++)
        t->workers[i].measured = 0;
    picks[0] = cvi_draw_row(draw, covey_random_double(random));
    if (state->k == 1)
        return true;
    if (!build(&s))
        return false;
    cvi_rows_dense(rows, picks[0], t->pick);
    first_fold(&s);
    if (!go_on(job))
        return false;
    /* The grid of a step is for the largest addend of the step before, as in the plain passes, which fold a
     * pick in one step later. */
    double largest = largest_addend(t), largest_next = largest;
    cvi_potential_magic(largest, t->n, t->magic);
    regrid(&s);
    for (int64_t c = 1; c < state->k; c++) {
        double magic[LEVELS];
        uint64_t present[LEVELS];
        draw_candidates(&s, state, random);
        cvi_potential_magic(largest, t->n, magic);
        if (memcmp(magic, t->magic, sizeof magic) != 0) { /* NOLINT: the bits are meant */
            memcpy(t->magic, magic, sizeof magic);
            regrid(&s);
        }
        present_sum(t, present);
        if (!measure(&s, state->trials, present))
            return false;
        const int64_t best = best_candidate(t, state->trials);
        picks[c] = state->candidates[best];
        memcpy(t->pick, t->candidates + best * t->d, (size_t)t->d * sizeof *t->pick);
        fold_pick(&s, best);
        largest = largest_next;
        largest_next = largest_addend(t);
        job->progress.fraction = (double)(c + 1) / (double)state->k;
        if (!cvi_job_tell(job, 0))
            return false;
    }
    for (int i = 1; i < job->team.threads; i++)
        t->workers[0].measured += t->workers[i].measured;
    return true;
}
