/*
 * k-means++ by an int8 screen: bytes show that most candidates are farther than the nearest pick.
 *
 * Rows are kept as bytes about an origin, x = origin + scale q + rest with |rest| <= error, both measured.
 * A candidate c can be nearer to x than its nearest pick only if
 *
 *     scale |q_x - q_c| < sqrt(near) + error_x + error_c
 *
 * or, with reach = (sqrt(near) + error_x) / scale and e = error_c / scale,
 *
 *     2 q_x.q_c > (|q_x|^2 - reach^2) + (|q_c|^2 - e^2) - 2 reach e
 *
 * Dot products of bytes are exact; float32 holds the other side, lowered by more than its rounding.  What
 * stays open is measured roughly, in the rows' own precision with a proven bound. That bounds what every
 * candidate takes off the potential; only candidates that the bounds cannot tell apart are measured as
 * defined, and so is the winner, where its rows take it for their nearest pick.  Same draws, same picks as
 * the plain passes.  docs/algorithms/seeding.md
 */
#include "seed/plusplus.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TILE = CVI_TILE,
    CANDIDATES = CVI_GROUP64,
    LEVELS = CVI_POTENTIAL_LEVELS,
    SAMPLE = 256,
    PAIRS = TILE * CANDIDATES,
    TILES_A_TASK = 16,
    MAX_D = 60000 /* dot products of bytes stay below 2^30 */
};

typedef struct worker {
    double *scratch;                            /* [64][d] rows as float64 */
    int8_t *bytes;                              /* [dq] */
    double gain[CANDIDATES], doubt[CANDIDATES]; /* what a candidate takes off the potential: gain +- doubt */
    uint64_t q[CANDIDATES * LEVELS];            /* the same exactly, negative, for candidates in doubt */
    int64_t measured;
} worker;

struct cvi_seed_bytes {
    int64_t n, d, dq, n_tiles;
    uint8_t *rows;      /* [tiles][dq / 4][64][4] */
    float *low, *reach; /* [tiles][64]: what the screen compares with; +inf behind the last row */
    float *error;       /* [tiles][64], in units of scale, rounded up */
    int32_t *sqnorm;    /* [tiles][64] of the bytes */
    double *near;       /* [tiles][64]; 0 behind the last row */
    uint64_t *tile_q;   /* [tiles][2] potential of 64 rows */
    double *heavy;      /* [tiles] largest near * weight */
    uint8_t *nearer;    /* [tiles][64] bit c: candidate c may be nearer */
    uint64_t *prefix;   /* [tiles + 1][2] */
    double *candidates; /* [8][d] */
    int8_t *bytes;      /* [8][dq] */
    float *origin;      /* [d] */
    double scale, largest_sqnorm;
    worker *workers;
};

/* --- plan
 * ------------------------------------------------------------------------------------------------------- */

cvi_seed_bytes *cvi_seed_bytes_take(const cvi_rows *rows, int threads, cvi_arena *arena)
{
    cvi_seed_bytes *state = cvi_arena_take(arena, 1, sizeof *state);
    cvi_seed_bytes b = {
        .n = rows->n, .d = rows->d, .dq = (rows->d + 3) / 4 * 4, .n_tiles = (rows->n + TILE - 1) / TILE};
    const int64_t padded = b.n_tiles * TILE;
    b.rows = cvi_arena_take(arena, padded, (size_t)b.dq);
    b.low = cvi_arena_take(arena, padded, sizeof(float));
    b.reach = cvi_arena_take(arena, padded, sizeof(float));
    b.error = cvi_arena_take(arena, padded, sizeof(float));
    b.sqnorm = cvi_arena_take(arena, padded, sizeof(int32_t));
    b.near = cvi_arena_take(arena, padded, sizeof(double));
    b.tile_q = cvi_arena_take(arena, b.n_tiles, LEVELS * sizeof(uint64_t));
    b.heavy = cvi_arena_take(arena, b.n_tiles, sizeof(double));
    b.nearer = cvi_arena_take(arena, padded, 1);
    b.prefix = cvi_arena_take(arena, b.n_tiles + 1, LEVELS * sizeof(uint64_t));
    b.candidates = cvi_arena_take(arena, b.d, CANDIDATES * sizeof(double));
    b.bytes = cvi_arena_take(arena, b.dq, CANDIDATES);
    b.origin = cvi_arena_take(arena, b.d, sizeof(float));
    b.workers = cvi_arena_take(arena, threads, sizeof *b.workers);
    for (int t = 0; t < threads; t++) {
        worker w = {0};
        w.scratch = cvi_arena_take(arena, TILE * b.d, sizeof(double));
        w.bytes = cvi_arena_take(arena, b.dq, 1);
        if (b.workers != NULL)
            b.workers[t] = w;
    }
    if (state != NULL)
        *state = b;
    return state;
}

bool cvi_seed_bytes_wanted(const cvi_kernels *kernels, const cvi_rows *rows, int64_t k, int64_t trials,
                           int threads, size_t budget, bool by_rule)
{
    if (budget == 0 || rows->kind == CVI_ROWS_CSR || trials > CANDIDATES || rows->d > MAX_D ||
        kernels == NULL)
        return false;
    cvi_arena measure = {0};
    cvi_seed_bytes_take(rows, threads, &measure);
    return measure.used <= budget &&
           (!by_rule || (kernels->has_dot8 && rows->n >= 4096 && k >= 64 && rows->d >= 24));
}

int64_t cvi_seed_bytes_measured(const cvi_seed_bytes *bytes)
{
    return bytes->workers[0].measured;
}

/* --- building
 * --------------------------------------------------------------------------------------------------- */

typedef struct step {
    cvi_seed_bytes *b;
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    cvi_job *job;
    cvi_running running;
    cvi_seed_screen8 screen;
    const void *candidate[CANDIDATES]; /* in the type of the rows that are measured */
    double rough, least;               /* rough distances are within this share of themselves, and this */
    const double *pick;                /* [d] what is folded in */
    double magic[LEVELS];
    int64_t trials, picked;
    uint32_t doubtful; /* candidates that settle_task measures as defined */
} step;

static int64_t tile_rows(const cvi_seed_bytes *b, int64_t tile)
{
    return b->n - tile * TILE < TILE ? b->n - tile * TILE : TILE;
}

/* The stored row, where rows are stored as float or double. */
static const char *stored_row(const step *s, int64_t row)
{
    return (const char *)s->rows->x.data + cvi_rows_source(s->rows, row) * s->rows->x.row_stride;
}

/* Row i of a tile as float64. Rows that need conversion have room in the scratch, one place each. */
static const double *row_of(const step *s, worker *w, int64_t tile, int64_t i)
{
    const int64_t d = s->b->d;
    const char *stored = stored_row(s, tile * TILE + i);
    double *row = w->scratch + i * d;
    if (s->rows->kind == CVI_ROWS_F64)
        return (const double *)stored;
    if (s->rows->kind == CVI_ROWS_F32)
        for (int64_t f = 0; f < d; f++)
            row[f] = (double)((const float *)stored)[f];
    else
        cvi_rows_dense(s->rows, tile * TILE + i, row);
    return row;
}

/* Ask for rows that will be read soon: they lie far apart, and each is a few lines of the cache. */
static void announce_rows(const step *s, int64_t tile, uint64_t rows)
{
    for (; rows != 0; rows &= rows - 1)
        cvi_row_prefetch(s->rows, tile * TILE + __builtin_ctzll(rows));
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The origin is a sample's mean. The scale lets 127 be the sample's largest distance from it in any feature,
 * but for a few rows in a hundred: outliers are cut off, and their error says so. */
static void set_scale(const step *s)
{
    cvi_seed_bytes *b = s->b;
    const int64_t count = b->n < SAMPLE ? b->n : SAMPLE;
    double *row = b->workers[0].scratch, *sum = b->candidates;
    float spread[SAMPLE];
    memset(sum, 0, (size_t)b->d * sizeof *sum);
    for (int64_t a = 0; a < count; a++) {
        cvi_rows_dense(s->rows, a * b->n / count, row);
        for (int64_t f = 0; f < b->d; f++)
            sum[f] += row[f] / (double)count;
    }
    for (int64_t f = 0; f < b->d; f++)
        b->origin[f] = fabs(sum[f]) < 1e30 ? (float)sum[f] : 0.0f;
    for (int64_t a = 0; a < count; a++) {
        double most = 0;
        cvi_rows_dense(s->rows, a * b->n / count, row);
        for (int64_t f = 0; f < b->d; f++)
            most = fmax(most, fabs(row[f] - (double)b->origin[f]));
        spread[a] = (float)fmin(most, 1e30);
    }
    qsort(spread, (size_t)count, sizeof *spread, ascending);
    const double most = spread[count - 1 - count / 32];
    b->scale = most > 1e-30 ? most / 127 : 1;
}

static void build_tile(const step *s, worker *w, int64_t tile)
{
    cvi_seed_bytes *b = s->b;
    const int64_t count = tile_rows(b, tile);
    uint8_t *rows = b->rows + tile * TILE * b->dq;
    int8_t *q = w->bytes;
    for (int64_t i = 0; i < TILE; i++) {
        const int64_t at = tile * TILE + i;
        double error = INFINITY;
        int64_t sq = 0;
        memset(q, 0, (size_t)b->dq);
        b->near[at] = 0;
        if (i < count) {
            b->near[at] = INFINITY;
            error = sqrt(s->kernels->seed_quantize(row_of(s, w, tile, i), b->origin, b->scale, b->d, q));
        }
        for (int64_t f = 0; f < b->dq; f++)
            sq += q[f] * q[f];
        for (int64_t f = 0; f < b->dq; f += 4)
            for (int64_t l = 0; l < 4; l++)
                rows[f * TILE + 4 * i + l] = (uint8_t)(q[f + l] + 128);
        b->sqnorm[at] = (int32_t)sq;
        b->error[at] = (float)(error / b->scale * (1 + 1e-6));
        b->low[at] = INFINITY;
        b->reach[at] = 0;
    }
}

static void build_task(void *context, int64_t index, int worker_index)
{
    const step *s = context;
    for (int64_t t = index * TILES_A_TASK; t < (index + 1) * TILES_A_TASK && t < s->b->n_tiles; t++)
        build_tile(s, &s->b->workers[worker_index], t);
}

static bool go_on(const cvi_job *job)
{
    return job->team.stop == NULL || atomic_load(job->team.stop) == 0;
}

static void share(const step *s, void (*task)(void *, int64_t, int))
{
    cvi_parallel(&s->job->team, (s->b->n_tiles + TILES_A_TASK - 1) / TILES_A_TASK, task,
                 (void *)(uintptr_t)s);
}

/* --- near changes
 * ------------------------------------------------------------------------------------------------ */

/* What the screen compares row `at` with. Every term is a few roundings of float32 away from its value: 2^-20
 * of their sizes, with the largest norm of a candidate, is more. */
static void set_limits(cvi_seed_bytes *b, int64_t at)
{
    const double reach = sqrt(b->near[at]) / b->scale * (1 + 1e-6) + (double)b->error[at];
    const double sq = (double)b->sqnorm[at], low = sq - reach * reach;
    const double margin = 0x1p-20 * (sq + reach * reach + 2 * b->largest_sqnorm + 1);
    b->reach[at] = reach < 1e15 ? (float)(reach * (1 + 1e-6)) : 0;
    b->low[at] = reach < 1e15 ? (float)(low - margin) : -INFINITY; /* too far out for float32: always open */
}

static const double *tile_weights(const step *s, int64_t tile, double *weights)
{
    if (s->rows->weights == NULL)
        return NULL;
    const int64_t count = tile_rows(s->b, tile);
    for (int64_t i = 0; i < TILE; i++)
        weights[i] = i < count ? cvi_rows_weight(s->rows, tile * TILE + i) : 0;
    return weights;
}

static void total_tile(const step *s, int64_t tile)
{
    cvi_seed_bytes *b = s->b;
    double weights[TILE], most[2];
    s->kernels->seed_total(b->near + tile * TILE, tile_weights(s, tile, weights), s->magic,
                           b->tile_q + LEVELS * tile, most);
    b->heavy[tile] = most[1];
}

/* Rows of a tile that the winner may be nearer to. */
static uint64_t rows_to_fold(const step *s, int64_t tile)
{
    const uint8_t *nearer = s->b->nearer + tile * TILE;
    uint64_t rows = 0;
    for (int64_t i = 0; i < TILE; i += 8) {
        uint64_t eight;
        memcpy(&eight, nearer + i, sizeof eight);
        if ((eight >> s->picked & 0x0101010101010101u) != 0)
            for (int64_t r = i; r < i + 8; r++)
                rows |= (uint64_t)(nearer[r] >> s->picked & 1) << r;
    }
    return rows;
}

/* The winner becomes the nearest pick of those rows. */
static void fold_tile(const step *s, worker *w, int64_t tile, uint64_t rows)
{
    cvi_seed_bytes *b = s->b;
    const double *x[TILE] = {NULL}, *c[TILE] = {NULL};
    double sqdist[TILE];
    int64_t count = 0;
    for (uint64_t m = rows; m != 0; m &= m - 1) {
        x[count] = row_of(s, w, tile, __builtin_ctzll(m));
        c[count++] = s->pick;
    }
    s->kernels->seed_pairs(x, c, count, b->d, sqdist);
    count = 0;
    for (uint64_t m = rows; m != 0; m &= m - 1) {
        const int64_t at = tile * TILE + __builtin_ctzll(m);
        if (sqdist[count] < b->near[at]) {
            b->near[at] = sqdist[count];
            set_limits(b, at);
        }
        count++;
    }
    total_tile(s, tile);
}

static int64_t task_end(const step *s, int64_t index)
{
    return (index + 1) * TILES_A_TASK < s->b->n_tiles ? (index + 1) * TILES_A_TASK : s->b->n_tiles;
}

static void fold_task(void *context, int64_t index, int worker_index)
{
    const step *s = context;
    const int64_t first = index * TILES_A_TASK, end = task_end(s, index);
    uint64_t rows[TILES_A_TASK];
    for (int64_t t = first; t < end; t++) {
        rows[t - first] = rows_to_fold(s, t);
        announce_rows(s, t, rows[t - first]);
    }
    for (int64_t t = first; t < end; t++)
        if (rows[t - first] != 0)
            fold_tile(s, &s->b->workers[worker_index], t, rows[t - first]);
}

static void total_task(void *context, int64_t index, int worker_index)
{
    (void)worker_index;
    const step *s = context;
    for (int64_t t = index * TILES_A_TASK; t < (index + 1) * TILES_A_TASK && t < s->b->n_tiles; t++)
        total_tile(s, t);
}

/* --- one step
 * ---------------------------------------------------------------------------------------------------- */

/* Is the row measured where it is stored, as float32? */
static bool narrow(const step *s)
{
    return s->rows->kind == CVI_ROWS_F32;
}

static const void *measured_row(const step *s, worker *w, int64_t tile, int64_t i)
{
    return narrow(s) ? (const void *)stored_row(s, tile * TILE + i) : row_of(s, w, tile, i);
}

/* Squared distances of count pairs, roughly. */
static void measure_roughly(const step *s, const void *const *x, const void *const *c, int64_t count,
                            double *sqdist)
{
    const int64_t d = s->b->d;
    if (narrow(s))
        s->kernels->seed_rough_f32((const float *const *)x, (const float *const *)c, count, d, sqdist);
    else
        s->kernels->seed_rough_f64((const double *const *)x, (const double *const *)c, count, d, sqdist);
}

/* What a candidate at about sqdist takes off a row's near, least and most; both 0 if it is not nearer. */
static void gain_of(const step *s, double near, double sqdist, double *least, double *most)
{
    const bool fits = sqdist < 1e37; /* else float32 may have overflowed: nothing is known */
    const double low = fits ? sqdist * (1 - s->rough) - s->least : 0;
    const double high = fits ? sqdist * (1 + s->rough) + s->least : near;
    *least = near > high ? near - high : 0;
    *most = near > low ? near - (low > 0 ? low : 0) : 0;
}

/* Measure the open pairs of a tile and note where a candidate may be nearer. */
static void measure_open(const step *s, worker *w, int64_t tile, const uint64_t *open)
{
    cvi_seed_bytes *b = s->b;
    const void *x[PAIRS], *c[PAIRS], *at[TILE] = {NULL};
    const double *near = b->near + tile * TILE;
    double sqdist[PAIRS];
    uint8_t row[PAIRS], candidate[PAIRS];
    int64_t count = 0;
    for (int a = 0; a < s->trials; a++)
        for (uint64_t m = open[a]; m != 0; m &= m - 1) {
            const int i = __builtin_ctzll(m);
            if (near[i] <= 0) /* nothing to take */
                continue;
            if (at[i] == NULL)
                at[i] = measured_row(s, w, tile, i);
            row[count] = (uint8_t)i;
            candidate[count] = (uint8_t)a;
            x[count] = at[i];
            c[count++] = s->candidate[a];
        }
    measure_roughly(s, x, c, count, sqdist);
    w->measured += count;
    for (int64_t p = 0; p < count; p++) {
        const int a = candidate[p];
        const int64_t i = tile * TILE + row[p];
        double least, most;
        gain_of(s, b->near[i], sqdist[p], &least, &most);
        if (most <= 0)
            continue;
        const double weight = s->rows->weights != NULL ? cvi_rows_weight(s->rows, i) : 1;
        w->gain[a] += (least + most) / 2 * weight;
        w->doubt[a] += (most - least) / 2 * weight;
        b->nearer[i] |= (uint8_t)(1u << a);
    }
}

/* The doubtful candidates against the rows they may be nearer to, as defined. */
static void settle_tile(const step *s, worker *w, int64_t tile)
{
    const cvi_seed_bytes *b = s->b;
    for (int64_t i = 0; i < tile_rows(b, tile); i++) {
        const int64_t at = tile * TILE + i;
        for (uint32_t m = b->nearer[at] & s->doubtful; m != 0; m &= m - 1) {
            const int a = __builtin_ctz(m);
            const double *x = row_of(s, w, tile, i), *c = b->candidates + a * b->d;
            const double weight = cvi_rows_weight(s->rows, at);
            double sqdist;
            uint64_t old[LEVELS], now[LEVELS];
            s->kernels->seed_pairs(&x, &c, 1, b->d, &sqdist);
            w->measured++;
            if (!(sqdist < b->near[at]))
                continue;
            cvi_potential_bits(b->near[at] * weight, s->magic, old);
            cvi_potential_bits(sqdist * weight, s->magic, now);
            for (int l = 0; l < LEVELS; l++)
                w->q[LEVELS * a + l] += now[l] - old[l];
        }
    }
}

static void settle_task(void *context, int64_t index, int worker_index)
{
    const step *s = context;
    for (int64_t t = index * TILES_A_TASK; t < task_end(s, index); t++)
        settle_tile(s, &s->b->workers[worker_index], t);
}

#ifndef NDEBUG
/* Debug builds: no candidate is nearer to a row without its bit. */
static void check_tile(const step *s, worker *w, int64_t tile)
{
    const cvi_seed_bytes *b = s->b;
    for (int a = 0; a < s->trials; a++)
        for (int64_t i = 0; i < tile_rows(b, tile); i++) {
            const double *x = row_of(s, w, tile, i), *c = b->candidates + a * b->d;
            double sq;
            s->kernels->seed_pairs(&x, &c, 1, b->d, &sq);
            assert((b->nearer[tile * TILE + i] >> a & 1) != 0 || !(sq < b->near[tile * TILE + i]));
        }
}
#endif

/* Pairs of a tile that the screen leaves open; are there any? */
static bool screen_tile(const step *s, int64_t tile, uint64_t *open)
{
    cvi_seed_bytes *b = s->b;
    uint64_t rows = 0;
    memset(b->nearer + tile * TILE, 0, TILE);
    s->kernels->seed_screen8(&s->screen, b->rows + tile * TILE * b->dq, b->low + tile * TILE,
                             b->reach + tile * TILE, open);
    for (int a = 0; a < s->trials; a++)
        rows |= open[a];
    announce_rows(s, tile, rows);
    for (int64_t i = 0; rows != 0 && i < TILE; i += 8)
        __builtin_prefetch(b->near + tile * TILE + i);
    return rows != 0;
}

/* Rows are asked for AHEAD tiles before they are measured: enough for memory to answer, few enough for the L1 cache. */
static void screen_task(void *context, int64_t index, int worker_index)
{
    enum { AHEAD = 4 };
    const step *s = context;
    worker *w = &s->b->workers[worker_index];
    const int64_t first = index * TILES_A_TASK, end = task_end(s, index);
    uint64_t open[AHEAD][CANDIDATES];
    bool any[AHEAD];
    for (int64_t t = first; t < end + AHEAD; t++) {
        if (t >= first + AHEAD && any[t % AHEAD])
            measure_open(s, w, t - AHEAD, open[t % AHEAD]);
#ifndef NDEBUG
        if (t >= first + AHEAD)
            check_tile(s, w, t - AHEAD);
#endif
        if (t < end)
            any[t % AHEAD] = screen_tile(s, t, open[t % AHEAD]);
    }
}

static void set_prefix(step *s)
{
    const cvi_seed_bytes *b = s->b;
    uint64_t *prefix = s->running.prefix, empty[LEVELS];
    prefix[0] = prefix[1] = 0;
    for (int64_t a = 0; a < LEVELS * b->n_tiles; a++)
        prefix[LEVELS + a] = prefix[a] + b->tile_q[a];
    cvi_potential_bits(0, s->magic, empty);
    for (int l = 0; l < LEVELS; l++) /* the last tile counts the rows that pad it */
        prefix[LEVELS * b->n_tiles + l] -= (uint64_t)(b->n_tiles * TILE - b->n) * empty[l];
    memcpy(s->running.magic, s->magic, sizeof s->running.magic);
}

/* Candidate a in all the forms that the kernels read. */
static void place_candidate(step *s, int64_t a, int64_t row)
{
    cvi_seed_bytes *b = s->b;
    double *x = b->candidates + a * b->d;
    const uint8_t *bytes = b->rows + row / TILE * TILE * b->dq + row % TILE * 4;
    cvi_rows_dense(s->rows, row, x);
    s->candidate[a] = narrow(s) ? (const void *)stored_row(s, row) : x;
    int32_t sum = 0;
    for (int64_t f = 0; f < b->dq; f++) {
        const int byte = bytes[f / 4 * 4 * TILE + f % 4] - 128;
        b->bytes[a * b->dq + f] = (int8_t)byte;
        sum += byte;
    }
    const double error = (double)b->error[row], base = (double)b->sqnorm[row] - error * error;
    s->screen.bias[a] = 128 * sum;
    s->screen.base[a] =
        error < 1e15 ? (float)(base - 0x1p-20 * ((double)b->sqnorm[row] + error * error)) : -INFINITY;
    s->screen.twice_error[a] = error < 1e15 ? (float)(2 * error * (1 + 1e-6)) : 0;
}

static void draw_candidates(step *s, cvi_plusplus *state, covey_random *random)
{
    cvi_seed_bytes *b = s->b;
    const double potential = cvi_running_value(&s->running, b->n_tiles);
    for (int64_t a = 0; a < s->trials; a++)
        state->uniforms[a] = covey_random_double(random);
    for (int64_t a = 0; a < s->trials; a++) {
        const double v = state->uniforms[a] * potential;
        const int64_t tile = cvi_running_find(&s->running, v), count = tile_rows(b, tile);
        double value[TILE];
        for (int64_t i = 0; i < count; i++)
            value[i] = b->near[tile * TILE + i] * cvi_rows_weight(s->rows, tile * TILE + i);
        state->candidates[a] = cvi_running_row(&s->running, tile, value, count, v);
        place_candidate(s, a, state->candidates[a]);
    }
}

/* The candidates that may have the smallest potential, by what the workers have added up. Potentials are
 * compared as they are rounded to the grid and to a double, and the sums here have roundings of their own: a
 * margin for both. */
static uint32_t contenders(const step *s, double potential)
{
    const cvi_seed_bytes *b = s->b;
    const double n = (double)b->n, margin = 0x1p-48 * potential + 0x1p-50 * n * s->magic[LEVELS - 1];
    double least = 0, most[CANDIDATES];
    for (int64_t a = 0; a < s->trials; a++) {
        double gain = 0, doubt = margin;
        for (int t = 0; t < s->job->team.threads; t++) {
            gain += b->workers[t].gain[a];
            doubt += b->workers[t].doubt[a];
        }
        doubt += 0x1p-50 * n * (gain + doubt);
        most[a] = gain + doubt;
        least = gain - doubt > least ? gain - doubt : least;
    }
    uint32_t mask = 0;
    for (int64_t a = 0; a < s->trials; a++)
        mask |= (uint32_t) !(most[a] < least) << a;
    return mask;
}

/* Of the doubtful candidates, after settle_task. */
static int64_t best_of_doubtful(const step *s)
{
    const cvi_seed_bytes *b = s->b;
    int64_t best = 0;
    double smallest = INFINITY;
    for (uint32_t m = s->doubtful; m != 0; m &= m - 1) {
        const int a = __builtin_ctz(m);
        uint64_t q[LEVELS];
        for (int l = 0; l < LEVELS; l++) {
            q[l] = s->running.prefix[LEVELS * b->n_tiles + l];
            for (int t = 0; t < s->job->team.threads; t++)
                q[l] += b->workers[t].q[LEVELS * a + l];
        }
        const double potential = cvi_potential_value(q, s->magic, b->n);
        if (potential < smallest) {
            smallest = potential;
            best = a;
        }
    }
    return best;
}

static int64_t best_candidate(step *s)
{
    const cvi_seed_bytes *b = s->b;
    s->doubtful = contenders(s, cvi_running_value(&s->running, b->n_tiles));
    if ((s->doubtful & (s->doubtful - 1)) == 0)
        return __builtin_ctz(s->doubtful);
    for (int t = 0; t < s->job->team.threads; t++)
        memset(b->workers[t].q, 0, sizeof b->workers[t].q);
    share(s, settle_task);
    return best_of_doubtful(s);
}

static double largest_addend(const cvi_seed_bytes *b)
{
    double largest = 0;
    for (int64_t t = 0; t < b->n_tiles; t++)
        largest = b->heavy[t] > largest ? b->heavy[t] : largest;
    return largest;
}

static bool prepare(step *s, int64_t first_pick)
{
    cvi_seed_bytes *b = s->b;
    set_scale(s);
    share(s, build_task);
    if (!go_on(s->job))
        return false;
    b->largest_sqnorm = 0;
    for (int64_t i = 0; i < b->n_tiles * TILE; i++)
        b->largest_sqnorm = fmax(b->largest_sqnorm, (double)b->sqnorm[i]);
    memset(b->bytes, 0, (size_t)b->dq * CANDIDATES);
    for (int64_t a = 0; a < CANDIDATES; a++)
        s->screen.base[a] = INFINITY; /* lanes without a candidate are closed */
    cvi_rows_dense(s->rows, first_pick, b->candidates);
    s->pick = b->candidates;
    s->picked = 0;
    memset(b->nearer, 0, (size_t)(b->n_tiles * TILE));
    memset(b->nearer, 1, (size_t)b->n);
    s->magic[0] = s->magic[1] = 0;
    share(s, fold_task);
    return go_on(s->job);
}

bool cvi_seed_bytes_run(cvi_plusplus *state, const cvi_kernels *kernels, const cvi_rows *rows,
                        const cvi_draw *draw, covey_random *random, cvi_job *job, int64_t *picks)
{
    cvi_seed_bytes *b = state->bytes;
    const int threads = job->team.threads;
    step s = {.b = b, .kernels = kernels, .rows = rows, .job = job, .trials = state->trials};
    s.running = (cvi_running){.prefix = b->prefix, .n = b->n};
    const double unit = narrow(&s) ? 0x1p-24 : 0x1p-53; /* and what the definition itself rounds */
    s.rough = (double)(b->d + 8) * 1.01 * (unit + 0x1p-53);
    s.least = (double)(b->d + 8) * (narrow(&s) ? 0x1p-126 : 0x1p-1022);
    s.screen = (cvi_seed_screen8){.candidates = b->bytes, .dq = b->dq};
    for (int t = 0; t < threads; t++)
        b->workers[t].measured = 0;
    picks[0] = cvi_draw_row(draw, covey_random_double(random));
    if (state->k == 1)
        return true;
    if (!prepare(&s, picks[0]))
        return false;
    /* The grid of a step is for the largest addend of the step before, as in the plain passes, which fold a
     * pick in one step later. */
    double largest = largest_addend(b), largest_next = largest;
    cvi_potential_magic(largest, b->n, s.magic);
    share(&s, total_task);
    set_prefix(&s);
    for (int64_t c = 1; c < state->k; c++) {
        double magic[LEVELS];
        draw_candidates(&s, state, random);
        cvi_potential_magic(largest, b->n, magic);
        if (memcmp(magic, s.magic, sizeof magic) != 0) { /* NOLINT: the bits are meant */
            memcpy(s.magic, magic, sizeof magic);
            share(&s, total_task);
            set_prefix(&s);
        }
        for (int t = 0; t < threads; t++) {
            memset(b->workers[t].gain, 0, sizeof b->workers[t].gain);
            memset(b->workers[t].doubt, 0, sizeof b->workers[t].doubt);
        }
        share(&s, screen_task);
        if (!go_on(job))
            return false;
        s.picked = best_candidate(&s);
        if (!go_on(job))
            return false;
        s.pick = b->candidates + s.picked * b->d;
        picks[c] = state->candidates[s.picked];
        share(&s, fold_task);
        set_prefix(&s);
        largest = largest_next;
        largest_next = largest_addend(b);
        job->progress.fraction = (double)(c + 1) / (double)state->k;
        if (!cvi_job_tell(job, 0))
            return false;
    }
    for (int t = 1; t < threads; t++)
        b->workers[0].measured += b->workers[t].measured;
    return true;
}
