#include "data/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 1024, DIGIT = 11, BUCKETS = 1 << DIGIT };

/* How a feature is cut into cells. */
typedef struct axis {
    double low, scale;
} axis;

typedef struct curve {
    int64_t d;
    int bits; /* a feature */
    axis axes[CVI_ORDER_MAX_D];
    uint32_t spread[256]; /* the eight bits of a byte, d - 1 zeros between them */
} curve;

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double value_at(const cvi_block *block, int64_t i, int64_t f)
{
    return block->is_f32 ? (double)block->row32[i][f] : block->row64[i][f];
}

/* Cells cover the middle of a sample, half its width more on either side: an outlier must not push all other
 * rows into one cell. What lies beyond falls into the last cell. */
static void set_axes(curve *c, const cvi_rows *rows, cvi_block *block)
{
    const int64_t n = rows->n, count = n < SAMPLE ? n : SAMPLE;
    double sample[SAMPLE];
    for (int64_t f = 0; f < c->d; f++) {
        for (int64_t s = 0; s < count; s++) {
            cvi_rows_fetch(rows, (int64_t)((double)s / (double)count * (double)n), 1, block);
            sample[s] = value_at(block, 0, f);
        }
        qsort(sample, (size_t)count, sizeof *sample, ascending);
        const double low = sample[count / 64], high = sample[count - 1 - count / 64],
                     margin = 0.25 * (high - low);
        c->axes[f].low = low - margin;
        c->axes[f].scale = high > low ? ldexp(1, c->bits) / (1.5 * (high - low)) : 0;
    }
}

static void set_curve(curve *c, const cvi_rows *rows, cvi_block *block)
{
    c->d = rows->d;
    int log_n = 0;
    while (((int64_t)1 << log_n) < rows->n)
        log_n++;
    /* About eight cells a row; all digits of the sort are used. */
    const int64_t digits = (log_n + 3 + DIGIT - 1) / DIGIT;
    const int64_t total = digits * DIGIT < 32 ? digits * DIGIT : 32;
    c->bits = (int)(total / c->d);
    if (c->bits > 16)
        c->bits = 16;
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint64_t wide = 0;
        for (int bit = 0; bit < 8; bit++)
            wide |= (uint64_t)(byte >> bit & 1) << bit * c->d;
        c->spread[byte] = (uint32_t)wide;
    }
    set_axes(c, rows, block);
}

static inline uint32_t spread_bits(const curve *c, uint32_t v)
{
    return c->spread[v & 255] | (uint32_t)((uint64_t)c->spread[v >> 8] << 8 * c->d);
}

static void feature_of(const cvi_block *block, int64_t f, double *value)
{
    if (block->is_f32)
        for (int64_t i = 0; i < block->count; i++)
            value[i] = (double)block->row32[i][f];
    else
        for (int64_t i = 0; i < block->count; i++)
            value[i] = block->row64[i][f];
}

static void set_keys(const curve *c, const cvi_rows *rows, cvi_block *block, uint32_t *keys)
{
    const double last = ldexp(1, c->bits) - 1;
    for (int64_t start = 0; start < rows->n; start += CVI_TILE) {
        const int64_t count = rows->n - start < CVI_TILE ? rows->n - start : CVI_TILE;
        uint32_t *key = keys + start;
        cvi_rows_fetch(rows, start, count, block);
        memset(key, 0, (size_t)count * sizeof *key);
        for (int64_t f = 0; f < c->d; f++) {
            const double low = c->axes[f].low, scale = c->axes[f].scale;
            double value[CVI_TILE];
            int32_t cell[CVI_TILE];
            feature_of(block, f, value);
            for (int64_t i = 0; i < count; i++) {
                double t = (value[i] - low) * scale;
                t = t > 0 ? t : 0;
                cell[i] = (int32_t)(t < last ? t : last);
            }
            for (int64_t i = 0; i < count; i++)
                key[i] |= spread_bits(c, (uint32_t)cell[i]) << f;
        }
    }
}

/* One round of the radix sort, least significant digit first. numbers NULL: 0, 1, 2 ... */
static void sort_digit(int64_t n, int shift, const uint32_t *keys, const int32_t *numbers, uint32_t *out_keys,
                       int32_t *out)
{
    uint32_t start[BUCKETS] = {0};
    for (int64_t i = 0; i < n; i++)
        start[keys[i] >> shift & (BUCKETS - 1)]++;
    uint32_t sum = 0;
    for (int b = 0; b < BUCKETS; b++) {
        const uint32_t count = start[b];
        start[b] = sum;
        sum += count;
    }
    for (int64_t i = 0; i < n; i++) {
        const uint32_t at = start[keys[i] >> shift & (BUCKETS - 1)]++;
        out_keys[at] = keys[i];
        out[at] = numbers != NULL ? numbers[i] : (int32_t)i;
    }
}

void cvi_order_morton(const cvi_rows *rows, cvi_block *block, const cvi_order_scratch *scratch,
                      int32_t *order)
{
    curve c;
    set_curve(&c, rows, block);
    const int rounds = (c.bits * (int)c.d + DIGIT - 1) / DIGIT;
    /* The last round must write to order. */
    uint32_t *keys = scratch->keys, *keys_to = scratch->spare_keys;
    int32_t *numbers = NULL, *to = rounds % 2 == 1 ? order : scratch->spare;
    set_keys(&c, rows, block, keys);
    for (int r = 0; r < rounds; r++) {
        sort_digit(rows->n, r * DIGIT, keys, numbers, keys_to, to);
        uint32_t *t = keys;
        keys = keys_to;
        keys_to = t;
        numbers = to;
        to = numbers == order ? scratch->spare : order;
    }
}

bool cvi_order_as_float(const cvi_rows *rows)
{
    return rows->x.dtype == COVEY_DTYPE_FLOAT32 || covey_dtype_size(rows->x.dtype) < 4;
}

static void gather_f32(const cvi_rows *rows, const int32_t *order, int64_t count, float *tile)
{
    for (int64_t i = 0; i < CVI_TILE; i++) {
        const int64_t source = cvi_rows_source(rows, order[i < count ? i : count - 1]);
        const float *row = (const float *)((const char *)rows->x.data + source * rows->x.row_stride);
        for (int64_t f = 0; f < rows->d; f++)
            tile[f * CVI_TILE + i] = row[f];
    }
}

static void gather_f64(const cvi_rows *rows, const int32_t *order, int64_t count, double *tile)
{
    for (int64_t i = 0; i < CVI_TILE; i++) {
        const int64_t source = cvi_rows_source(rows, order[i < count ? i : count - 1]);
        const double *row = (const double *)((const char *)rows->x.data + source * rows->x.row_stride);
        for (int64_t f = 0; f < rows->d; f++)
            tile[f * CVI_TILE + i] = row[f];
    }
}

void cvi_order_gather(const cvi_rows *rows, const int32_t *order, int64_t count, void *tile)
{
    const bool as_float = cvi_order_as_float(rows);
    if (rows->kind == CVI_ROWS_F32) {
        gather_f32(rows, order, count, tile);
        return;
    }
    if (rows->kind == CVI_ROWS_F64) {
        gather_f64(rows, order, count, tile);
        return;
    }
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
