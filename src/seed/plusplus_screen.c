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
 * With one bound E for the errors of nearly all candidates in the place of e, the right side falls apart into one
 * whole number a row, kept until near changes, and one a candidate:
 *
 *     tile of 64 rows     bytes [d / 4][64][4]   low [64]      a row costs d + 4 bytes of memory traffic a step,
 *     8 candidates        bytes [8][d]           start [8]     d / 4 dot products and one comparison a candidate
 *     open                [8] x 64 bits
 *
 * What stays open is measured roughly, in the rows' own precision with a proven bound, candidate by candidate
 * over the rows of some tiles. That bounds what every candidate takes off the potential; only candidates that
 * the bounds cannot tell apart are measured as defined, and so is the winner, where its rows take it for their
 * nearest pick.  Same draws, same picks as the plain passes.  docs/algorithms/seeding.md
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
    LIST = 128,              /* rows that a kernel is given at once */
    BATCH_BYTES = 128 << 10, /* of open rows, which are read once for every candidate */
    TILES_A_TASK = 32,       /* enough for full groups of a candidate's open rows, few enough to share out */
    MAX_D = 60000 /* dot products of bytes stay below 2^30 */
};

typedef struct worker {
    double *scratch;                 /* [64][d] rows as float64 */
    int8_t *bytes;                   /* [dq] */
    double gain[CANDIDATES][2];      /* what a candidate takes off the potential, least and most */
    uint64_t q[CANDIDATES * LEVELS]; /* the same exactly, negative, for candidates in doubt */
    int64_t measured;
} worker;

/* What a row's limit is made of beside near. */
typedef struct about {
    float error;    /* in units of scale, rounded up */
    int32_t sqnorm; /* of the bytes */
} about;

struct cvi_seed_bytes {
    int64_t n, d, dq, n_tiles;
    uint8_t *rows;       /* [tiles][dq / 4][64][4] */
    int32_t *low;        /* [tiles][64] what the screen compares with; INT32_MAX: closed, as behind the last row */
    about *about;        /* [tiles][64] */
    double *near;        /* [tiles][64]; 0 behind the last row */
    uint64_t *tile_q;    /* [tiles][2] potential of 64 rows */
    double *heavy, *top; /* [tiles] largest near * weight, largest near */
    float *tile_error;   /* [tiles] largest error */
    uint64_t *nearer;    /* [tiles][8] bit i: the candidate may be nearer to row i */
    uint64_t *prefix;    /* [tiles + 1][2] */
    double *candidates;  /* [8][d] */
    int8_t *bytes;       /* [8][dq] */
    float *origin;       /* [d] */
    double scale;
    double usual;        /* E: the error that `low` reckons with, in units of scale */
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
    b.low = cvi_arena_take(arena, padded, sizeof(int32_t));
    b.about = cvi_arena_take(arena, padded, sizeof *b.about);
    b.near = cvi_arena_take(arena, padded, sizeof(double));
    b.tile_q = cvi_arena_take(arena, b.n_tiles, LEVELS * sizeof(uint64_t));
    b.heavy = cvi_arena_take(arena, b.n_tiles, sizeof(double));
    b.top = cvi_arena_take(arena, b.n_tiles, sizeof(double));
    b.tile_error = cvi_arena_take(arena, b.n_tiles, sizeof(float));
    b.nearer = cvi_arena_take(arena, b.n_tiles, CANDIDATES * sizeof(uint64_t));
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

/* Do bytes take less time than the path that would run without them? Making them costs as much as a dozen plain steps of
 * few features; rows that fit the cache are measured faster. */
static bool pays(const cvi_rows *rows, int64_t k, bool kept)
{
    return rows->n >= 4096 && rows->d >= 7 && (kept ? k * rows->d >= 2048 : k >= 16 + 384 / rows->d);
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
           (!by_rule || (kernels->has_dot8 && pays(rows, k, cvi_seed_kept_wanted(rows, k, trials, threads, budget))));
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
    cvi_seed_rough rough;
    double base[CANDIDATES];           /* the candidate's side of the comparison */
    double excess[CANDIDATES];         /* what its error has above the usual one */
    bool odd;                          /* some candidate has an excess */
    bool first;                        /* near is not set yet */
    const void *candidate[CANDIDATES]; /* in the type of the rows that are measured */
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

/* Is the row read where it is stored, as float32? */
static bool narrow(const step *s)
{
    return s->rows->kind == CVI_ROWS_F32;
}

/* Row i of a tile, float32 if narrow, else float64. Rows that need conversion go to place p of the scratch. */
static const void *row_of(const step *s, worker *w, int64_t tile, int64_t i, int64_t p)
{
    if (s->rows->kind != CVI_ROWS_CONVERT)
        return stored_row(s, tile * TILE + i);
    cvi_rows_dense(s->rows, tile * TILE + i, w->scratch + p * s->b->d);
    return w->scratch + p * s->b->d;
}

/* Ask for rows that will be read soon: they lie far apart, and each is a few lines of the cache. Returns how many. */
static int64_t announce_rows(const step *s, int64_t tile, uint64_t rows)
{
    int64_t count = 0;
    for (; rows != 0; rows &= rows - 1, count++) {
        const int64_t at = tile * TILE + __builtin_ctzll(rows);
        __builtin_prefetch(s->b->near + at);
        cvi_row_prefetch(s->rows, at);
    }
    return count;
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
    memset(q, 0, (size_t)b->dq);
    b->tile_error[tile] = 0;
    for (int64_t i = 0; i < TILE; i++) {
        const int64_t at = tile * TILE + i;
        b->near[at] = i < count ? INFINITY : 0;
        b->low[at] = INT32_MAX;
        b->about[at] = (about){0, 0};
        if (i < count) {
            const cvi_seed_byte_row row =
                s->kernels->seed_quantize(row_of(s, w, tile, i, 0), narrow(s), b->origin, b->scale, b->d, q);
            b->about[at].error = (float)(sqrt(row.rest) / b->scale * (1 + 1e-6));
            b->about[at].sqnorm = (int32_t)row.sqnorm;
            b->tile_error[tile] = b->about[at].error > b->tile_error[tile] ? b->about[at].error : b->tile_error[tile];
        }
        for (int64_t f = 0; f < b->dq; f += 4) {
            uint32_t four;
            memcpy(&four, q + f, sizeof four);
            four ^= 0x80808080u; /* + 128 each */
            memcpy(rows + f * TILE + 4 * i, &four, sizeof four);
        }
    }
}

static void build_task(void *context, int64_t index, int worker_index)
{
    const step *s = context;
    for (int64_t t = index * TILES_A_TASK; t < (index + 1) * TILES_A_TASK && t < s->b->n_tiles; t++)
        build_tile(s, &s->b->workers[worker_index], t);
}

/* One row in 32 of a sample has a larger error than the usual one. */
static void set_usual_error(cvi_seed_bytes *b)
{
    const int64_t count = b->n < SAMPLE ? b->n : SAMPLE;
    float error[SAMPLE];
    for (int64_t a = 0; a < count; a++)
        error[a] = b->about[a * b->n / count].error;
    qsort(error, (size_t)count, sizeof *error, ascending);
    b->usual = fmin((double)error[count - 1 - count / 32], 0x1p15); /* its square fits the whole numbers */
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

/* What the screen compares row `at` with. In float64, so its roundings are far below the whole number that it is lowered
 * by. No row is nearer than 0; and where the number does not fit the row is always open. */
static void set_limit(cvi_seed_bytes *b, int64_t at)
{
    const double reach = sqrt(b->near[at]) / b->scale * (1 + 1e-6) + (double)b->about[at].error;
    const double low = floor(((double)b->about[at].sqnorm - reach * (reach + 2 * b->usual)) / 2) - 1;
    b->low[at] = b->near[at] > 0 ? low > INT32_MIN ? (int32_t)low : INT32_MIN : INT32_MAX;
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
    b->top[tile] = most[0];
    b->heavy[tile] = most[1];
}

static int64_t task_end(const step *s, int64_t index)
{
    return (index + 1) * TILES_A_TASK < s->b->n_tiles ? (index + 1) * TILES_A_TASK : s->b->n_tiles;
}

/* Rows of some tiles that wait for the winner to be measured. */
typedef struct waiting {
    const void *x[LIST];
    int64_t at[LIST], count;
} waiting;

/* Row `at` has a new near. A tile's sum follows; its largest addend does only where it was this row's. */
static void change_near(const step *s, int64_t at, double near)
{
    cvi_seed_bytes *b = s->b;
    const int64_t tile = at / TILE;
    const double old = b->near[at], weight = cvi_rows_weight(s->rows, at);
    b->near[at] = near;
    set_limit(b, at);
    if (s->first) /* sums follow when all rows are done */
        return;
    if (old >= b->top[tile] || old * weight >= b->heavy[tile]) {
        total_tile(s, tile);
        return;
    }
    uint64_t before[LEVELS], after[LEVELS];
    cvi_potential_bits(old * weight, s->magic, before);
    cvi_potential_bits(near * weight, s->magic, after);
    for (int l = 0; l < LEVELS; l++)
        b->tile_q[LEVELS * tile + l] += after[l] - before[l];
}

/* The winner becomes the nearest pick of rows that wait. */
static void fold_waiting(const step *s, waiting *list)
{
    double sqdist[LIST];
    s->kernels->sqdist_rows(list->x, narrow(s), s->pick, list->count, s->b->d, sqdist);
    for (int64_t p = 0; p < list->count; p++)
        if (sqdist[p] < s->b->near[list->at[p]])
            change_near(s, list->at[p], sqdist[p]);
    list->count = 0;
}

static void fold_task(void *context, int64_t index, int worker_index)
{
    const step *s = context;
    const int64_t first = index * TILES_A_TASK, end = task_end(s, index);
    waiting list = {.count = 0};
    for (int64_t t = first; t < end; t++) {
        const uint64_t rows = s->b->nearer[t * CANDIDATES + s->picked];
        announce_rows(s, t, rows);
        for (uint64_t m = rows; m != 0; m &= m - 1) {
            __builtin_prefetch(s->b->low + t * TILE + __builtin_ctzll(m));
            __builtin_prefetch(s->b->about + t * TILE + __builtin_ctzll(m));
        }
    }
    for (int64_t t = first; t < end; t++)
        for (uint64_t m = s->b->nearer[t * CANDIDATES + s->picked]; m != 0; m &= m - 1) {
            const int64_t i = __builtin_ctzll(m);
            list.at[list.count] = t * TILE + i;
            list.x[list.count] = row_of(s, &s->b->workers[worker_index], t, i, list.count);
            if (++list.count == (s->rows->kind == CVI_ROWS_CONVERT ? TILE : LIST))
                fold_waiting(s, &list);
        }
    fold_waiting(s, &list);
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

/* Rows of a tile that some candidate may be nearer to. */
static uint64_t open_rows(const step *s, int64_t tile)
{
    uint64_t rows = 0;
    for (int a = 0; a < s->trials; a++)
        rows |= s->b->nearer[tile * CANDIDATES + a];
    return rows;
}

/* What candidate a takes off the potential by the count rows first + list[p]; it loses the bits of those that it is not
 * nearer to. */
static void measure_list(const step *s, worker *w, int a, int64_t first, const int32_t *list, int64_t count)
{
    const cvi_seed_bytes *b = s->b;
    const bool convert = s->rows->kind == CVI_ROWS_CONVERT;
    const void *x[LIST];
    double near[LIST], weights[LIST];
    uint64_t nearer[LIST / 64];
    for (int64_t p = 0; p < count; p++) {
        x[p] = convert ? (const void *)(w->scratch + list[p] % TILE * b->d) : stored_row(s, first + list[p]);
        near[p] = b->near[first + list[p]];
    }
    for (int64_t p = 0; s->rows->weights != NULL && p < count; p++)
        weights[p] = cvi_rows_weight(s->rows, first + list[p]);
    const double *some_weights = s->rows->weights != NULL ? weights : NULL;
    if (narrow(s))
        s->kernels->seed_gains_f32(&s->rough, (const float *const *)x, s->candidate[a], count, near, some_weights,
                                   w->gain[a], nearer);
    else
        s->kernels->seed_gains_f64(&s->rough, (const double *const *)x, s->candidate[a], count, near, some_weights,
                                   w->gain[a], nearer);
    for (int64_t p = 0; p < count; p += 64) {
        const uint64_t all = count - p < 64 ? ((uint64_t)1 << (count - p)) - 1 : UINT64_MAX;
        for (uint64_t m = ~nearer[p / 64] & all; m != 0; m &= m - 1) {
            const int64_t row = first + list[p + __builtin_ctzll(m)];
            b->nearer[row / TILE * CANDIDATES + a] &= ~((uint64_t)1 << row % TILE);
        }
    }
    w->measured += count;
}

/* Measure the open pairs of tiles first .. end - 1; of one tile if rows must be converted. */
static void measure_open(const step *s, worker *w, int64_t first, int64_t end)
{
    int32_t list[TILES_A_TASK * TILE + 2];
    for (uint64_t m = s->rows->kind == CVI_ROWS_CONVERT ? open_rows(s, first) : 0; m != 0; m &= m - 1)
        row_of(s, w, first, __builtin_ctzll(m), __builtin_ctzll(m));
    for (int a = 0; a < s->trials; a++) {
        const int64_t count = s->kernels->seed_list(s->b->nearer + first * CANDIDATES + a, end - first, list);
        for (int64_t done = 0; done < count; done += LIST)
            measure_list(s, w, a, first * TILE, list + done, count - done < LIST ? count - done : LIST);
    }
}

/* A doubtful candidate against a row that it may be nearer to, as defined. */
static void settle_pair(const step *s, worker *w, int64_t at, int a)
{
    const double near = s->b->near[at], weight = cvi_rows_weight(s->rows, at);
    const void *x = row_of(s, w, at / TILE, at % TILE, 0);
    double sqdist;
    uint64_t old[LEVELS], now[LEVELS];
    s->kernels->sqdist_rows(&x, narrow(s), s->b->candidates + a * s->b->d, 1, s->b->d, &sqdist);
    w->measured++;
    if (!(sqdist < near))
        return;
    cvi_potential_bits(near * weight, s->magic, old);
    cvi_potential_bits(sqdist * weight, s->magic, now);
    for (int l = 0; l < LEVELS; l++)
        w->q[LEVELS * a + l] += now[l] - old[l];
}

static void settle_tile(const step *s, worker *w, int64_t tile)
{
    for (uint32_t c = s->doubtful; c != 0; c &= c - 1)
        for (uint64_t m = s->b->nearer[tile * CANDIDATES + __builtin_ctz(c)]; m != 0; m &= m - 1)
            settle_pair(s, w, tile * TILE + __builtin_ctzll(m), __builtin_ctz(c));
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
            const void *x = row_of(s, w, tile, i, 0);
            double sq;
            s->kernels->sqdist_rows(&x, narrow(s), b->candidates + a * b->d, 1, b->d, &sq);
            assert((b->nearer[tile * CANDIDATES + a] >> i & 1) != 0 || !(sq < b->near[tile * TILE + i]));
        }
}
#endif

/* Candidates with an unusual error, 2 reach (e - E) lower for the largest reach of the tile's rows; those for which that
 * is no number have all rows open. */
static uint32_t start_odd(const step *s, int64_t tile, cvi_seed_screen8 *screen)
{
    const cvi_seed_bytes *b = s->b;
    const double reach = sqrt(b->top[tile]) / b->scale * (1 + 1e-6) + (double)b->tile_error[tile];
    uint32_t all = 0;
    for (int a = 0; a < s->trials; a++) {
        if (!(s->excess[a] > 0))
            continue;
        const double base = floor(s->base[a] - reach * (1 + 1e-6) * s->excess[a]) - 1;
        if (base > -0x1p30)
            screen->start[a] = s->screen.start[a] - (int32_t)base;
        else
            all |= 1u << a;
    }
    return all;
}

/* Pairs of a tile that the screen leaves open; returns how many rows have any. */
static int64_t screen_tile(const step *s, int64_t tile)
{
    const cvi_seed_bytes *b = s->b;
    const uint8_t *rows = b->rows + tile * TILE * b->dq;
    uint64_t *open = b->nearer + tile * CANDIDATES;
    if (s->odd) {
        cvi_seed_screen8 screen = s->screen;
        const int64_t count = tile_rows(b, tile);
        const uint64_t every = count < TILE ? ((uint64_t)1 << count) - 1 : UINT64_MAX;
        const uint32_t all = start_odd(s, tile, &screen);
        s->kernels->seed_screen8(&screen, rows, b->low + tile * TILE, open);
        for (uint32_t m = all; m != 0; m &= m - 1)
            open[__builtin_ctz(m)] = every;
    } else {
        s->kernels->seed_screen8(&s->screen, rows, b->low + tile * TILE, open);
    }
    return announce_rows(s, tile, open_rows(s, tile));
}

/* Tiles are screened, and their open rows asked for, until these are as many as the cache holds; then they are measured. */
static void screen_task(void *context, int64_t index, int worker_index)
{
    const step *s = context;
    worker *w = &s->b->workers[worker_index];
    const int64_t end = task_end(s, index), bytes = s->b->d * (narrow(s) ? 4 : 8);
    int64_t first = index * TILES_A_TASK, rows = 0;
    for (int64_t t = first; t < end; t++) {
        rows += screen_tile(s, t);
        if (t + 1 < end && rows * bytes < BATCH_BYTES && s->rows->kind != CVI_ROWS_CONVERT)
            continue;
        measure_open(s, w, first, t + 1);
#ifndef NDEBUG
        for (int64_t c = first; c <= t; c++)
            check_tile(s, w, c);
#endif
        first = t + 1;
        rows = 0;
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
    const double error = (double)b->about[row].error, e = error > b->usual ? error : b->usual;
    const double base = ((double)b->about[row].sqnorm - e * e) / 2;
    s->base[a] = base;
    s->excess[a] = e - b->usual;
    s->odd = s->odd || s->excess[a] > 0;
    /* The rows' bytes are stored 128 higher. start_odd adds the base of a candidate with an excess. */
    s->screen.start[a] = -128 * sum - (s->excess[a] > 0 ? 0 : (int32_t)floor(base) - 1);
}

static void draw_candidates(step *s, cvi_plusplus *state, covey_random *random)
{
    cvi_seed_bytes *b = s->b;
    const double potential = cvi_running_value(&s->running, b->n_tiles);
    s->odd = false;
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
    double most[CANDIDATES], best = 0;
    bool known = true;
    for (int64_t a = 0; a < s->trials; a++) {
        double least = 0;
        most[a] = 0;
        for (int t = 0; t < s->job->team.threads; t++) {
            least += b->workers[t].gain[a][0];
            most[a] += b->workers[t].gain[a][1];
        }
        const double doubt = margin + 0x1p-50 * n * most[a];
        known = known && most[a] + doubt < INFINITY;
        best = least - doubt > best ? least - doubt : best;
        most[a] += doubt;
    }
    uint32_t mask = 0;
    for (int64_t a = 0; a < s->trials; a++)
        mask |= (uint32_t)(!known || most[a] >= best) << a;
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
    set_usual_error(b);
    memset(b->bytes, 0, (size_t)b->dq * CANDIDATES);
    cvi_rows_dense(s->rows, first_pick, b->candidates);
    s->pick = b->candidates;
    s->picked = 0;
    memset(b->nearer, 0, (size_t)b->n_tiles * CANDIDATES * sizeof *b->nearer);
    for (int64_t i = 0; i < b->n; i++)
        b->nearer[i / TILE * CANDIDATES] |= (uint64_t)1 << i % TILE;
    s->magic[0] = s->magic[1] = 0;
    s->first = true;
    share(s, fold_task);
    s->first = false;
    share(s, total_task);
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
    s.rough = (cvi_seed_rough){.d = b->d,
                               .rough = (double)(b->d + 8) * 1.01 * (unit + 0x1p-53),
                               .least = (double)(b->d + 8) * (narrow(&s) ? 0x1p-126 : 0x1p-1022)};
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
        for (int t = 0; t < threads; t++)
            memset(b->workers[t].gain, 0, sizeof b->workers[t].gain);
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
