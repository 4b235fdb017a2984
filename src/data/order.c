#include "data/order.h"

#include <math.h>
#include <string.h>

enum { SAMPLE = 1024, LEAST_BITS = 22, MOST_BITS = 26 };

typedef struct cells {
    int64_t d;
    int bits;  /* a feature */
    int digit; /* bits of each of the two rounds of the sort */
    double low[CVI_ORDER_MAX_D]; /* where the cells of a feature begin */
    float low32[CVI_ORDER_MAX_D], scale[CVI_ORDER_MAX_D]; /* cells a unit */
} cells;

/* The element that would stand at this place if x [n] were sorted; those before it are no larger, those behind it no smaller
 * (C. A. R. Hoare, "Find", CACM 4 (1961)). */
static double select_place(double *x, int64_t n, int64_t place)
{
    int64_t low = 0, high = n - 1;
    while (low < high) {
        const double pivot = x[place];
        int64_t i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (pivot < x[j])
                j--;
            if (i <= j) {
                const double t = x[i];
                x[i++] = x[j];
                x[j--] = t;
            }
        }
        if (j < place)
            low = i;
        if (place < i)
            high = j;
    }
    return x[place];
}

static double value_at(const cvi_block *block, int64_t i, int64_t f)
{
    return block->is_f32 ? (double)block->row32[i][f] : block->row64[i][f];
}

/* Cells cover the middle of a sample, half its width more on either side: an outlier must not push all other
 * rows into one cell. What lies beyond falls into the last cell. */
static void set_axes(cells *c, const cvi_rows *rows)
{
    double converted[CVI_TILE * CVI_ORDER_MAX_D];
    cvi_block block = {.scratch = converted};
    const int64_t n = rows->n, count = n < SAMPLE ? n : SAMPLE;
    double sample[SAMPLE];
    for (int64_t f = 0; f < c->d; f++) {
        for (int64_t s = 0; s < count; s++) {
            cvi_rows_fetch(rows, (int64_t)((double)s / (double)count * (double)n), 1, &block);
            sample[s] = value_at(&block, 0, f);
        }
        const double low = select_place(sample, count, count / 64), high = select_place(sample, count, count - 1 - count / 64),
                     margin = 0.25 * (high - low);
        c->low[f] = low - margin;
        c->low32[f] = (float)c->low[f];
        c->scale[f] = high > low ? (float)(ldexp(1, c->bits) / (1.5 * (high - low))) : 0;
    }
}

static void set_cells(cells *c, const cvi_rows *rows)
{
    c->d = rows->d;
    int log_n = 0;
    while (((int64_t)1 << log_n) < rows->n)
        log_n++;
    /* More than a cell a row: rows crowd in some places, and a leaf has 64. */
    const int most = log_n + 1 < MOST_BITS ? log_n + 1 : MOST_BITS,
              total = most > LEAST_BITS ? most : LEAST_BITS;
    c->bits = total / (int)c->d;
    if (c->bits > 16)
        c->bits = 16;
    c->digit = (c->bits * (int)c->d + 1) / 2;
    set_axes(c, rows);
}

/*
 * d - 1 zeros between the bits of a number, which move apart in halves, d = 3:
 *
 *      . . . . . . . . . . h g f e d c b a
 *      . . . . . . h g f e . . . . d c b a         groups of four, eight places farther
 *      . . . . h g . . . . f e ...                 groups of two, four places farther, and so on
 */
typedef struct spreading {
    int steps, shift[4];
    uint32_t mask[4];
} spreading;

static spreading spreading_of(const cells *c)
{
    spreading s = {.steps = 0};
    for (int group = 8; group > 0; group /= 2) {
        if (group >= c->bits)
            continue;
        uint32_t mask = 0;
        for (int bit = 0; bit < c->bits; bit++)
            mask |= 1u << (bit + bit / group * group * ((int)c->d - 1));
        s.shift[s.steps] = group * ((int)c->d - 1);
        s.mask[s.steps++] = mask;
    }
    return s;
}

/* Plain loops over a tile, for the compiler to turn into vectors. */
static void add_feature(const float *value, float scale, float last, const spreading *s, int place, uint32_t *key)
{
    uint32_t cell[CVI_TILE];
    for (int i = 0; i < CVI_TILE; i++) {
        float t = value[i] * scale;
        t = t > 0 ? t : 0;
        cell[i] = (uint32_t)(int32_t)(t < last ? t : last);
    }
    for (int a = 0; a < s->steps; a++)
        for (int i = 0; i < CVI_TILE; i++)
            cell[i] = (cell[i] | cell[i] << s->shift[a]) & s->mask[a];
    for (int i = 0; i < CVI_TILE; i++)
        key[i] |= cell[i] << place;
}

/* Keys of a tile's rows; float32 is exact enough, whatever the values: any order will do. */
static void keys_of(const cells *c, const spreading *spread, const cvi_kernels *kernels, const cvi_rows *rows, int64_t start,
                    int64_t count, cvi_block *block, uint32_t *out)
{
    _Alignas(64) float tile[CVI_ORDER_MAX_D * CVI_TILE];
    float sqnorm[CVI_TILE];
    uint32_t key[CVI_TILE] = {0};
    cvi_rows_fetch(rows, start, count, block);
    if (block->is_f32)
        kernels->load_tile_f32(block->row32, count, c->d, c->low32, 1, tile, sqnorm);
    else
        kernels->load_tile_f64(block->row64, count, c->d, c->low, 1, tile, sqnorm);
    for (int f = 0; f < c->d; f++)
        add_feature(tile + f * CVI_TILE, c->scale[f], ldexpf(1, c->bits) - 1, spread, f, key);
    memcpy(out, key, (size_t)count * sizeof *key);
}

/*
 * A radix sort of two rounds, least significant digit first.  Each thread counts and places the rows of its
 * own part, part after part within a bucket, so the order does not depend on how many there are.
 */
typedef struct sorting {
    const cells *c;
    spreading spread;
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    uint32_t *keys;   /* [n] */
    uint64_t *pairs;  /* [n] */
    uint32_t *starts; /* [parts][CVI_ORDER_BUCKETS] */
    int32_t *order;
    int64_t part; /* rows, a multiple of CVI_TILE */
} sorting;

static int64_t end_of(const sorting *s, int64_t index)
{
    return (index + 1) * s->part < s->rows->n ? (index + 1) * s->part : s->rows->n;
}

static uint32_t *clear_counts(const sorting *s, int64_t index)
{
    uint32_t *count = s->starts + index * CVI_ORDER_BUCKETS;
    memset(count, 0, CVI_ORDER_BUCKETS * sizeof *count);
    return count;
}

static void count_low(void *context, int64_t index, int worker)
{
    (void)worker;
    const sorting *s = context;
    const int64_t end = end_of(s, index);
    const uint32_t mask = (1u << s->c->digit) - 1;
    uint32_t *keys = s->keys, *count = clear_counts(s, index);
    double converted[CVI_TILE * CVI_ORDER_MAX_D];
    cvi_block block = {.scratch = converted};
    for (int64_t at = index * s->part; at < end; at += CVI_TILE) {
        const int64_t n = end - at < CVI_TILE ? end - at : CVI_TILE;
        keys_of(s->c, &s->spread, s->kernels, s->rows, at, n, &block, keys + at);
        for (int64_t i = at; i < at + n; i++)
            count[keys[i] & mask]++;
    }
}

/* What is left of the key goes along with the row's number. */
static void place_low(void *context, int64_t index, int worker)
{
    (void)worker;
    const sorting *s = context;
    const int64_t end = end_of(s, index);
    const uint32_t mask = (1u << s->c->digit) - 1;
    uint32_t *next = s->starts + index * CVI_ORDER_BUCKETS;
    for (int64_t i = index * s->part; i < end; i++) {
        const uint32_t key = s->keys[i];
        s->pairs[next[key & mask]++] = (uint64_t)(key >> s->c->digit) << 32 | (uint64_t)i;
    }
}

static void count_high(void *context, int64_t index, int worker)
{
    (void)worker;
    const sorting *s = context;
    const int64_t end = end_of(s, index);
    uint32_t *count = clear_counts(s, index);
    for (int64_t i = index * s->part; i < end; i++)
        count[s->pairs[i] >> 32]++;
}

static void place_high(void *context, int64_t index, int worker)
{
    (void)worker;
    const sorting *s = context;
    const int64_t end = end_of(s, index);
    uint32_t *next = s->starts + index * CVI_ORDER_BUCKETS;
    for (int64_t i = index * s->part; i < end; i++) {
        const uint64_t pair = s->pairs[i];
        s->order[next[pair >> 32]++] = (int32_t)(uint32_t)pair;
    }
}

/* Counts of the parts become the places where their rows go. */
static void add_up(const sorting *s, int64_t parts)
{
    uint32_t sum = 0;
    for (int64_t b = 0; b < (int64_t)1 << s->c->digit; b++)
        for (int64_t p = 0; p < parts; p++) {
            uint32_t *start = &s->starts[p * CVI_ORDER_BUCKETS + b];
            const uint32_t count = *start;
            *start = sum;
            sum += count;
        }
}

/* Returns false if the team was stopped: counts may then be incomplete. */
static bool one_round(sorting *s, cvi_team *team, int64_t parts, void (*count)(void *, int64_t, int),
                      void (*place)(void *, int64_t, int))
{
    cvi_parallel(team, parts, count, s);
    if (team->stop != NULL && atomic_load(team->stop) != 0)
        return false;
    add_up(s, parts);
    cvi_parallel(team, parts, place, s);
    return team->stop == NULL || atomic_load(team->stop) == 0;
}

static void take_curve(cvi_curve *curve, const cvi_rows *rows, int threads, cvi_arena *arena)
{
    const int64_t n_tiles = (rows->n + CVI_TILE - 1) / CVI_TILE;
    /* Narrow integers and float32 are floats. */
    const bool as_float = rows->x.dtype == COVEY_DTYPE_FLOAT32 || covey_dtype_size(rows->x.dtype) < 4;
    const size_t tiles = (size_t)(n_tiles * rows->d * CVI_TILE) * (as_float ? 4 : 8);
    const size_t pairs = (size_t)(n_tiles * CVI_TILE) * sizeof(uint64_t); /* of the sort */
    *curve = (cvi_curve){.n = rows->n, .d = rows->d, .n_tiles = n_tiles, .as_float = as_float};
    curve->order = cvi_arena_take(arena, n_tiles * CVI_TILE, sizeof *curve->order);
    curve->tiles = cvi_arena_take(arena, 1, tiles > pairs ? tiles : pairs);
    curve->starts = cvi_arena_take(arena, threads, CVI_ORDER_BUCKETS * sizeof *curve->starts);
}

cvi_curve *cvi_curve_share(cvi_curve *curve, const cvi_rows *rows, int threads, cvi_arena *arena)
{
    cvi_curve own = {0}, *at = curve;
    if (curve != NULL && curve->n_tiles > 0)
        return curve;
    if (curve == NULL)
        at = cvi_arena_take(arena, 1, sizeof *at);
    take_curve(&own, rows, threads, arena);
    if (at != NULL)
        *at = own;
    return at;
}

bool cvi_curve_sort(cvi_curve *curve, const cvi_kernels *kernels, const cvi_rows *rows, cvi_team *team, uint32_t *keys)
{
    if (curve->sorted)
        return true;
    cells c;
    set_cells(&c, rows);
    sorting s = {.c = &c, .spread = spreading_of(&c), .kernels = kernels, .rows = rows, .keys = keys, .pairs = curve->tiles, .starts = curve->starts, .order = curve->order};
    s.part = (curve->n_tiles + team->threads - 1) / team->threads * CVI_TILE;
    const int64_t parts = (rows->n + s.part - 1) / s.part;
    curve->sorted = one_round(&s, team, parts, count_low, place_low) && one_round(&s, team, parts, count_high, place_high);
    return curve->sorted;
}

/* A tile of rows that are read in place; d is a constant where this is inlined, so that a row is read without a loop. */
static inline __attribute__((always_inline)) void gather_f32(const cvi_rows *rows, const int32_t *order, int64_t count,
                                                             const int64_t d, float *tile)
{
    for (int64_t i = 0; i < CVI_TILE; i++) {
        const int64_t source = cvi_rows_source(rows, order[i < count ? i : count - 1]);
        const float *row = (const float *)((const char *)rows->x.data + source * rows->x.row_stride);
        for (int64_t f = 0; f < d; f++)
            tile[f * CVI_TILE + i] = row[f];
    }
}

static inline __attribute__((always_inline)) void gather_f64(const cvi_rows *rows, const int32_t *order, int64_t count,
                                                             const int64_t d, double *tile)
{
    for (int64_t i = 0; i < CVI_TILE; i++) {
        const int64_t source = cvi_rows_source(rows, order[i < count ? i : count - 1]);
        const double *row = (const double *)((const char *)rows->x.data + source * rows->x.row_stride);
        for (int64_t f = 0; f < d; f++)
            tile[f * CVI_TILE + i] = row[f];
    }
}

static void gather_in_place(const cvi_rows *rows, const int32_t *order, int64_t count, void *tile)
{
    const int64_t d = rows->d;
    if (rows->kind == CVI_ROWS_F32) {
        if (d == 2)
            gather_f32(rows, order, count, 2, tile);
        else if (d == 3)
            gather_f32(rows, order, count, 3, tile);
        else
            gather_f32(rows, order, count, d, tile);
    } else {
        if (d == 2)
            gather_f64(rows, order, count, 2, tile);
        else if (d == 3)
            gather_f64(rows, order, count, 3, tile);
        else
            gather_f64(rows, order, count, d, tile);
    }
}

static void gather_converted(const cvi_rows *rows, const int32_t *order, int64_t count, bool as_float, void *tile)
{
    for (int64_t i = 0; i < CVI_TILE; i++) {
        double row[CVI_ORDER_MAX_D];
        cvi_rows_dense(rows, order[i < count ? i : count - 1], row);
        for (int64_t f = 0; f < rows->d; f++) {
            if (as_float)
                ((float *)tile)[f * CVI_TILE + i] = (float)row[f];
            else
                ((double *)tile)[f * CVI_TILE + i] = row[f];
        }
    }
}

/* Rows of at most CVI_ORDER_MAX_D values lie on one line of the cache or two. */
static void prefetch(const cvi_rows *rows, const int32_t *order, int64_t count)
{
    const int64_t last = (rows->d - 1) * rows->x.col_stride;
    for (int64_t i = 0; i < count; i++) {
        const char *row = (const char *)rows->x.data + cvi_rows_source(rows, order[i]) * rows->x.row_stride;
        __builtin_prefetch(row);
        __builtin_prefetch(row + last);
    }
}

void cvi_curve_fill(const cvi_curve *curve, const cvi_rows *rows, int64_t tile)
{
    const int32_t *order = curve->order + tile * CVI_TILE;
    const int64_t count = cvi_curve_rows(curve, tile);
    if (curve->filled)
        return;
    if (tile + 1 < curve->n_tiles)
        prefetch(rows, order + CVI_TILE, cvi_curve_rows(curve, tile + 1));
    if (rows->kind == CVI_ROWS_F32 || rows->kind == CVI_ROWS_F64)
        gather_in_place(rows, order, count, cvi_curve_tile(curve, tile));
    else
        gather_converted(rows, order, count, curve->as_float, cvi_curve_tile(curve, tile));
}

void cvi_curve_load(const cvi_curve *curve, const cvi_kernels *kernels, int64_t tile, const double *origin, double *x)
{
    if (curve->as_float)
        kernels->tree_center_f32(cvi_curve_tile(curve, tile), curve->d, origin, x);
    else
        kernels->tree_center_f64(cvi_curve_tile(curve, tile), curve->d, origin, x);
}
