/*
 * The exact kernels on every level that this machine has, against tests/kernels/reference.h bit for bit, with forbidden
 * pages at both ends of every array.
 */
#include "kernels/dispatch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../kernels/guarded.h"
#include "../kernels/reference.h"

static const char *const LEVELS[] = {"portable", "avx2", "avx2-vnni", "avx512", "avx512-vnni", "neon", "neon-dot"};
static const int64_t LARGE[] = {127, 128, 129, 255, 256, 257, 258, 511, 512, 513, 770, 784, 1536};

enum { POOL = 16 };
static guarded pool[POOL];
static size_t pooled;

static void *take(size_t bytes, int low)
{
    assert_true(pooled < POOL);
    pool[pooled] = low ? guard_take_low(bytes) : guard_take(bytes);
    return pool[pooled++].at;
}

static void release_all(void)
{
    while (pooled > 0)
        guard_release(&pool[--pooled]);
}

static const cvi_kernels *level(void **state)
{
    const cvi_kernels *kernels = cvi_kernels_pick(*state);
    if (kernels == NULL || strcmp(kernels->name, *state) != 0)
        skip();
    return kernels;
}

/* Values whose sums and differences round, with zeros of both signs and equal values among them. */
static double value(void)
{
    const double v = ref_uniform();
    if (v > 0.45)
        return v > 0.475 ? 0.0 : -0.0;
    return v < -0.45 ? 0.1 : ldexp(ref_uniform(), (int)(40 * v));
}

static void fill(double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        x[i] = value();
}

static void assert_bits(const char *what, const double *got, const double *wanted, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (memcmp(got + i, wanted + i, sizeof *got) != 0)
            fail_msg("%s [%lld]: got %a, wanted %a", what, (long long)i, got[i], wanted[i]);
}

/* Calls check(kernels, d, low) for every d of interest, arrays pushed against the upper and the lower guard. */
static void for_every_d(const cvi_kernels *kernels, void (*check)(const cvi_kernels *, int64_t, int))
{
    for (int64_t d = 1; d <= 70; d++)
        for (int low = 0; low < 2; low++) {
            check(kernels, d, low);
            release_all();
        }
    for (size_t i = 0; i < sizeof LARGE / sizeof *LARGE; i++) {
        check(kernels, LARGE[i], (int)(i % 2));
        release_all();
    }
}

/* --- canonical score ------------------------------------------------------------------------------------------- */

static void check_canonical(const cvi_kernels *kernels, int64_t d, int low)
{
    static const int64_t counts[] = {1, 2, 3, 5, 8, 13, 64, 71};
    for (size_t r = 0; r < sizeof counts / sizeof *counts; r++) {
        const int64_t count = d > 70 && counts[r] > 8 ? 11 : counts[r];
        const int64_t k = 1 + (d * 7 + (int64_t)r * 23) % 90, groups = (k + 7) / 8, ld = d + (int64_t)r % 2;
        double *x = take((size_t)(((count - 1) * ld + d)) * 8, low), *c = take((size_t)(k * d) * 8, low);
        double *panels = take((size_t)(groups * d) * 64, low), *sqnorm = take((size_t)groups * 64, low);
        int32_t label[72];
        double score[72], wanted[72];
        fill(x, (count - 1) * ld + d);
        fill(c, k * d);
        for (int64_t j = 2; j < k; j += 3) /* ties: the lower label wins */
            memcpy(c + j * d, c + (j - 2) * d, (size_t)d * 8);
        ref_pack64(c, k, d, panels, sqnorm);
        const cvi_canonical packed = {panels, sqnorm, d, k, groups};
        kernels->canonical_rows(&packed, x, ld, count, label, score);
        for (int64_t i = 0; i < count; i++)
            assert_int_equal(label[i], ref_nearest(x + i * ld, panels, sqnorm, k, d, wanted + i));
        assert_bits("canonical_rows", score, wanted, count);
        kernels->canonical_rows(&packed, x, ld, count, label, NULL);
        for (int64_t j = 0; j < k; j++) {
            double got = kernels->canonical_score(x, c + j * d, sqnorm[j], d), want = ref_score(x, c + j * d, sqnorm[j], d, 1);
            assert_bits("canonical_score", &got, &want, 1);
            got = kernels->canonical_sqnorm(c + j * d, d);
            assert_bits("canonical_sqnorm", &got, sqnorm + j, 1);
        }
        release_all();
    }
}

static void canonical(void **state)
{
    for_every_d(level(state), check_canonical);
}

/* Products, norms and scores around the smallest numbers, and zeros of either sign: halves are not always exact there. */
static void check_tiny(const cvi_kernels *kernels, int64_t d, int low)
{
    static const double scales[] = {1, 0x1p-200, 0x1p-500, 0x1p-511, 0x1p-520, 0x1p-537, 0x1p-1060, 0};
    enum { SCALES = sizeof scales / sizeof *scales, COUNT = 24, K = 21 };
    for (size_t r = 0; d <= 30 && r < SCALES * SCALES; r++) {
        double *x = take((size_t)(COUNT * d) * 8, low), *c = take((size_t)(K * d) * 8, low);
        double *panels = take((size_t)(24 * d) * 8, low), *sqnorm = take(24 * 8, low);
        int32_t label[COUNT];
        double score[COUNT], wanted[COUNT];
        fill(x, COUNT * d);
        fill(c, K * d);
        for (int64_t i = 0; i < COUNT * d; i++)
            x[i] *= scales[i % 5 == 0 ? r % SCALES : (r + (size_t)i / 64) % SCALES];
        for (int64_t i = 0; i < K * d; i++)
            c[i] *= scales[i / d % 4 == 3 ? (r / SCALES + (size_t)i) % SCALES : r / SCALES];
        ref_pack64(c, K, d, panels, sqnorm);
        const cvi_canonical packed = {panels, sqnorm, d, K, 3};
        kernels->canonical_rows(&packed, x, d, COUNT, label, score);
        for (int64_t i = 0; i < COUNT; i++)
            assert_int_equal(label[i], ref_nearest(x + i * d, panels, sqnorm, K, d, wanted + i));
        assert_bits("canonical_rows", score, wanted, COUNT);
        release_all();
    }
}

static void canonical_tiny(void **state)
{
    for_every_d(level(state), check_tiny);
}

/* --- direct distances ------------------------------------------------------------------------------------------ */

static double ref_sqdist(const double *x, const double *c, int64_t d, int64_t stride)
{
    double sq = 0;
    for (int64_t f = 0; f < d; f++) {
        volatile double t = x[f] - c[f * stride];
        sq = fma(t, t, sq);
    }
    return sq;
}

static void check_sqdist(const cvi_kernels *kernels, int64_t d, int low)
{
    const int64_t count = 1 + d % 37, k = 1 + d % 29, groups = (k + 7) / 8, ld = d + d % 3, ldo = groups * 8;
    double *x = take((size_t)((count - 1) * ld + d) * 8, low), *c = take((size_t)(k * d) * 8, low);
    double *panels = take((size_t)(groups * d) * 64, low), *out = take((size_t)(count * ldo) * 8, low);
    int32_t *label = take((size_t)count * 4, low);
    double unused[64], wanted[64 * 32] = {0};
    fill(x, (count - 1) * ld + d);
    fill(c, k * d);
    ref_pack64(c, k, d, panels, unused);
    kernels->sqdist_panels(x, ld, count, d, panels, groups, out, ldo);
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < ldo; j++)
            wanted[i * ldo + j] = ref_sqdist(x + i * ld, panels + (j / 8 * d) * 8 + j % 8, d, 8);
    assert_bits("sqdist_panels", out, wanted, count * ldo);
    for (int64_t i = 0; i < count; i++) {
        label[i] = (int32_t)((i * 5 + d) % k);
        wanted[i] = ref_sqdist(x + i * ld, c + label[i] * d, d, 1);
    }
    double *few = take((size_t)count * 8, low);
    kernels->sqdist_labels(x, ld, count, d, c, d, label, few);
    assert_bits("sqdist_labels", few, wanted, count);
    float *narrow = take((size_t)((count - 1) * ld + d) * 4, low);
    for (int64_t a = 0; a < (count - 1) * ld + d; a++)
        x[a] = (double)(narrow[a] = (float)x[a]);
    for (int64_t i = 0; i < count; i++)
        wanted[i] = ref_sqdist(x + i * ld, c + label[i] * d, d, 1);
    kernels->sqdist_labels_f32(narrow, ld, count, d, c, d, label, few);
    assert_bits("sqdist_labels_f32", few, wanted, count);
}

static void sqdist(void **state)
{
    for_every_d(level(state), check_sqdist);
}

/* --- exact sums ------------------------------------------------------------------------------------------------ */

static void ref_sums(const cvi_grid *grid, const double *x, const double *mean, double weight, int sign, uint64_t *q)
{
    for (int64_t f = 0; f < grid->d; f++) {
        volatile double v = x[f];
        if (mean != NULL)
            v = v - mean[f];
        v = v * weight;
        for (int64_t l = 0; l < grid->levels; l++) {
            const double magic = grid->magic[l * grid->d + f];
            volatile double shifted = v + magic, cut;
            double plain = shifted;
            uint64_t bits;
            memcpy(&bits, &plain, sizeof bits);
            q[l * grid->d + f] += sign > 0 ? bits : -bits;
            cut = shifted - magic;
            v = v - cut;
        }
    }
}

static void check_sums(const cvi_kernels *kernels, int64_t d, int low)
{
    for (int64_t levels = 1; levels <= 4; levels++) {
        double *x = take((size_t)d * 8, low), *mean = take((size_t)d * 8, low), *magic = take((size_t)(levels * d) * 8, low);
        float *x32 = take((size_t)d * 4, low);
        uint64_t *q = take((size_t)(levels * d) * 8, low), *wanted = take((size_t)(levels * d) * 8, low);
        uint64_t *to = take((size_t)(levels * d) * 8, low), *to_wanted = take((size_t)(levels * d) * 8, low);
        double *wide = take((size_t)d * 8, low);
        const cvi_grid grid = {magic, levels, d};
        fill(x, d);
        fill(mean, d);
        for (int64_t i = 0; i < levels * d; i++)
            magic[i] = ldexp(1.5, 10 - 40 * (int)(i / d) + (int)(i % d % 5));
        for (int64_t f = 0; f < d; f++) {
            x32[f] = (float)value();
            wide[f] = (double)x32[f];
        }
        memset(q, 0x5a, (size_t)(levels * d) * 8);
        memcpy(wanted, q, (size_t)(levels * d) * 8);
        memset(to, 0, (size_t)(levels * d) * 8);
        memset(to_wanted, 0, (size_t)(levels * d) * 8);
        for (int round = 0; round < 8; round++) {
            const double *m = round & 1 ? mean : NULL;
            const double weight = round & 2 ? 1.0 : 0.3;
            const int sign = round & 4 ? 1 : -1;
            (sign > 0 ? kernels->sums_add_f64 : kernels->sums_sub_f64)(&grid, x, m, weight, q);
            ref_sums(&grid, x, m, weight, sign, wanted);
            assert_memory_equal(q, wanted, (size_t)(levels * d) * 8);
            (sign > 0 ? kernels->sums_add_f32 : kernels->sums_sub_f32)(&grid, x32, m, weight, q);
            ref_sums(&grid, wide, m, weight, sign, wanted);
            assert_memory_equal(q, wanted, (size_t)(levels * d) * 8);
            kernels->sums_move_f64(&grid, x, m, weight, q, to);
            ref_sums(&grid, x, m, weight, -1, wanted);
            ref_sums(&grid, x, m, weight, 1, to_wanted);
            kernels->sums_move_f32(&grid, x32, m, weight, q, to);
            ref_sums(&grid, wide, m, weight, -1, wanted);
            ref_sums(&grid, wide, m, weight, 1, to_wanted);
            assert_memory_equal(q, wanted, (size_t)(levels * d) * 8);
            assert_memory_equal(to, to_wanted, (size_t)(levels * d) * 8);
        }
        release_all();
    }
}

static void sums(void **state)
{
    for_every_d(level(state), check_sums);
}

/* Rows of tiles in their clusters, some in none, on sums that hold something already. */
static void check_labels(const cvi_kernels *kernels, int64_t d, int low)
{
    const int64_t tiles = 1 + d % 3, k = 1 + d % 11;
    if (d > 24)
        return;
    double *x = take((size_t)(tiles * d) * CVI_TILE * 8, low), *magic = take((size_t)(2 * d) * 8, low), row[24];
    uint64_t *q = take((size_t)(k * 2 * d) * 8, low), *wanted = take((size_t)(k * 2 * d) * 8, low);
    int64_t *rows = take((size_t)k * 8, low), *rows_wanted = take((size_t)k * 8, low);
    int32_t *label = take((size_t)tiles * CVI_TILE * 4, low);
    const cvi_grid grid = {magic, 2, d};
    fill(x, tiles * d * CVI_TILE);
    for (int64_t i = 0; i < 2 * d; i++)
        magic[i] = ldexp(1.5, 10 - 40 * (int)(i / d) + (int)(i % d % 5));
    memset(q, 0x5a, (size_t)(k * 2 * d) * 8);
    memcpy(wanted, q, (size_t)(k * 2 * d) * 8);
    for (int64_t j = 0; j < k; j++)
        rows[j] = rows_wanted[j] = 7 * j;
    for (int64_t i = 0; i < tiles * CVI_TILE; i++) {
        label[i] = (int32_t)((i * 5 + i / 7) % (k + 1)) - 1;
        for (int64_t f = 0; f < d; f++)
            row[f] = x[(i / CVI_TILE * d + f) * CVI_TILE + i % CVI_TILE];
        if (label[i] >= 0) {
            ref_sums(&grid, row, NULL, 1, 1, wanted + label[i] * 2 * d);
            rows_wanted[label[i]]++;
        }
    }
    kernels->sums_labels(&grid, x, tiles, label, k, q, rows);
    assert_memory_equal(q, wanted, (size_t)(k * 2 * d) * 8);
    assert_memory_equal(rows, rows_wanted, (size_t)k * 8);
}

static void labels(void **state)
{
    for_every_d(level(state), check_labels);
}

/* --- preparation ----------------------------------------------------------------------------------------------- */

static void check_scan(const cvi_kernels *kernels, int64_t d, int low)
{
    const int64_t n = 1 + d % 23, stride = d + d % 2;
    const size_t values = (size_t)((n - 1) * stride + d);
    double *x = take(values * 8, low), *out = take((size_t)d * 24, low), wanted[3 * 1536];
    double *mean = take((size_t)d * 8, low), *limit = take((size_t)d * 8, low), *sq = take((size_t)d * 8, low);
    float *x32 = take(values * 4, low);
    int64_t *light = take((size_t)d * 8, low), light_wanted[1536];
    fill(x, (int64_t)values);
    fill(mean, d);
    for (int narrow = 0; narrow < 2; narrow++) {
        for (size_t i = 0; i < values && narrow; i++) {
            x32[i] = (float)x[i];
            x[i] = (double)x32[i];
        }
        for (int64_t f = 0; f < d; f++) {
            wanted[f] = out[f] = ref_uniform(); /* a scan goes on from earlier rows */
            wanted[d + f] = out[d + f] = narrow ? INFINITY : -0.01;
            wanted[2 * d + f] = out[2 * d + f] = narrow ? -INFINITY : 0.01;
            sq[f] = 0.25;
            light[f] = light_wanted[f] = 3;
            limit[f] = fabs(value());
        }
        for (int64_t i = 0; i < n; i++)
            for (int64_t f = 0; f < d; f++) {
                const double v = x[i * stride + f];
                wanted[f] += v;
                wanted[d + f] = v < wanted[d + f] ? v : wanted[d + f];
                wanted[2 * d + f] = v > wanted[2 * d + f] ? v : wanted[2 * d + f];
            }
        assert_int_equal(narrow ? kernels->scan_f32(x32, stride, n, d, out, out + d, out + 2 * d)
                                : kernels->scan_f64(x, stride, n, d, out, out + d, out + 2 * d), 1);
        assert_bits("scan sum", out, wanted, d);
        for (int64_t f = d; f < 3 * d; f++)
            assert_true(out[f] == wanted[f]); /* which zero is the minimum does not matter */
        for (int64_t f = 0; f < d; f++) {
            volatile double total = 0.25;
            for (int64_t i = 0; i < n; i++) {
                volatile double v = x[i * stride + f] - mean[f], square;
                square = v * v;
                total = total + square;
                light_wanted[f] += v != 0 && fabs(v) < limit[f];
            }
            wanted[f] = total;
        }
        if (narrow)
            kernels->spread_f32(x32, stride, n, d, mean, limit, sq, light);
        else
            kernels->spread_f64(x, stride, n, d, mean, limit, sq, light);
        assert_bits("spread", sq, wanted, d);
        assert_memory_equal(light, light_wanted, (size_t)d * 8);
    }
    /* One bad value anywhere is seen. */
    static const double bad[] = {NAN, INFINITY, -INFINITY, 1.1e150, -1e200};
    for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
        const size_t at = (size_t)(ref_uniform() * 1e6 + 5e5) % (size_t)n * (size_t)stride + b * 31 % (size_t)d;
        const double before = x[at];
        x[at] = bad[b];
        assert_int_equal(kernels->scan_f64(x, stride, n, d, out, out + d, out + 2 * d), 0);
        x[at] = before;
        if (b > 2)
            continue;
        x32[at] = (float)bad[b];
        assert_int_equal(kernels->scan_f32(x32, stride, n, d, out, out + d, out + 2 * d), 0);
        x32[at] = (float)before;
    }
}

static void scan(void **state)
{
    for_every_d(level(state), check_scan);
}

/* --- loading --------------------------------------------------------------------------------------------------- */

typedef struct loaded {
    float *rows, *tile, row_sqnorm[64], tile_sqnorm[64];
} loaded;

/* rows and tile against (float)((x - mean) * scale); the norm within its bound. */
static void check_loaded(const loaded *l, int64_t count, int64_t d, int64_t ld, const float *wanted)
{
    for (int64_t i = 0; i < 64; i++) {
        double sq = 0;
        for (int64_t f = 0; f < d; f++) {
            const float w = i < count ? wanted[i * d + f] : 0;
            sq += (double)w * (double)w;
            assert_true(l->tile[f * 64 + i] == w);
            assert_true(i >= count || l->rows[i * ld + f] == w);
        }
        for (int64_t f = d; f < ld && i < count; f++)
            assert_true(l->rows[i * ld + f] == 0);
        const double slack = (double)(d + 2) * 0x1p-24 * sq;
        assert_true(fabs((double)l->tile_sqnorm[i] - sq) <= slack);
        assert_true(i >= count || fabs((double)l->row_sqnorm[i] - sq) <= slack);
    }
}

static void check_load(const cvi_kernels *kernels, int64_t d, int low)
{
    static const int64_t counts[] = {1, 2, 7, 8, 15, 16, 17, 33, 63, 64};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        /* contiguous rows and rows apart */
        const int64_t count = d > 300 ? 64 : counts[c], stride = d + (int64_t)(c % 3), ld = (d + 15) / 16 * 16;
        const size_t values = (size_t)((count - 1) * stride + d);
        double *x = take(values * 8, low), *mean = take((size_t)d * 8, low), *exact = take((size_t)(count * ld) * 8, low);
        float *x32 = take(values * 4, low), *mean32 = take((size_t)d * 4, low);
        float *wanted = take((size_t)(count * d) * 4, low);
        loaded l = {.rows = take((size_t)(count * ld) * 4, low), .tile = take((size_t)d * 256, low)};
        const double *row64[64];
        const float *row32[64];
        fill(x, (int64_t)values);
        fill(mean, d);
        for (size_t i = 0; i < values; i++)
            x32[i] = (float)x[i];
        for (int64_t f = 0; f < d; f++)
            mean32[f] = (float)mean[f];
        for (int64_t i = 0; i < count; i++) {
            const int64_t at = c % 4 == 3 ? count - 1 - i : i; /* any order of rows */
            row64[i] = x + at * stride;
            row32[i] = x32 + at * stride;
        }
        for (int64_t i = 0; i < count; i++)
            for (int64_t f = 0; f < d; f++) {
                volatile double v = row64[i][f] - mean[f];
                wanted[i * d + f] = (float)(v * 0.125);
            }
        memset(l.rows, 0xff, (size_t)(count * ld) * 4);
        memset(l.tile, 0xff, (size_t)d * 256);
        kernels->load_rows_f64(row64, count, d, mean, 0.125, l.rows, ld, l.row_sqnorm);
        kernels->load_tile_f64(row64, count, d, mean, 0.125, l.tile, l.tile_sqnorm);
        check_loaded(&l, count, d, ld, wanted);
        for (int64_t i = 0; i < count; i++)
            for (int64_t f = 0; f < d; f++) {
                volatile float v = row32[i][f] - mean32[f];
                wanted[i * d + f] = v * 0.125f;
            }
        memset(l.rows, 0xff, (size_t)(count * ld) * 4);
        memset(l.tile, 0xff, (size_t)d * 256);
        kernels->load_rows_f32(row32, count, d, mean32, 0.125f, l.rows, ld, l.row_sqnorm);
        kernels->load_tile_f32(row32, count, d, mean32, 0.125f, l.tile, l.tile_sqnorm);
        check_loaded(&l, count, d, ld, wanted);
        for (int pass = 0; pass < 4; pass++) {
            const double *m = pass & 1 ? mean : NULL;
            memset(exact, 0xff, (size_t)(count * ld) * 8);
            if (pass & 2)
                kernels->center_rows_f32(row32, count, d, m, exact, ld);
            else
                kernels->center_rows_f64(row64, count, d, m, exact, ld);
            for (int64_t i = 0; i < count; i++)
                for (int64_t f = 0; f < ld; f++) {
                    double want = f >= d ? 0 : pass & 2 ? (double)row32[i][f] : row64[i][f];
                    if (m != NULL && f < d)
                        want -= m[f];
                    assert_bits("center_rows", exact + i * ld + f, &want, 1);
                }
        }
        release_all();
    }
}

static void load(void **state)
{
    for_every_d(level(state), check_load);
}

/* --- CSR rows --------------------------------------------------------------------------------------------------- */

static void check_sparse(const cvi_kernels *kernels, int64_t d, int low)
{
    const int64_t k = 1 + d * 13 % 150, stride = (k + 7) / 8 * 8, count = d % 9 == 8 ? 0 : 1 + d * 5 % d;
    double *columns = take((size_t)(d * stride) * 8, 0), *sqnorm = take((size_t)stride * 8, 0);
    double *values = take((size_t)count * 8, low);
    float *values32 = take((size_t)count * 4, low);
    int32_t *at32 = take((size_t)count * 4, low);
    int64_t *at = take((size_t)count * 8, low);
    for (int64_t j = 0; j < stride; j++) {
        sqnorm[j] = j < k ? fabs(value()) : INFINITY;
        for (int64_t f = 0; f < d; f++)
            columns[f * stride + j] = j < k ? value() : 0;
    }
    for (int64_t j = 2; j < k; j += 3) { /* ties: the lower label wins */
        sqnorm[j] = sqnorm[j - 2];
        for (int64_t f = 0; f < d; f++)
            columns[f * stride + j] = columns[f * stride + j - 2];
    }
    for (int64_t p = 0; p < count; p++) {
        values32[p] = (float)value();
        values[p] = (double)values32[p];
        at32[p] = (int32_t)(at[p] = p * d / count);
    }
    int32_t wanted = 0;
    double least = INFINITY;
    for (int64_t j = 0; j < k; j++) {
        volatile double dot = 0; /* volatile: product and sum rounded apart, whatever the compiler may do */
        for (int64_t p = 0; p < count; p++) {
            const volatile double product = values[p] * columns[at[p] * stride + j];
            dot = dot + product;
        }
        const volatile double twice = 2 * dot, score = sqnorm[j] - twice;
        if (score < least) {
            least = score;
            wanted = (int32_t)j;
        }
    }
    const cvi_sparse_centers centers = {columns, sqnorm, stride};
    for (int form = 0; form < 4; form++) {
        const bool narrow = form & 1, wide = form & 2;
        const cvi_sparse_values row = {narrow ? (const void *)values32 : values, wide ? (const void *)at : at32, count, narrow, wide};
        assert_int_equal(kernels->sparse_nearest(&centers, &row), wanted);
    }
}

static void sparse(void **state)
{
    for_every_d(level(state), check_sparse);
}

int main(void)
{
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } parts[] = {{"canonical", canonical}, {"canonical tiny", canonical_tiny}, {"sqdist", sqdist}, {"sums", sums}, {"labels", labels}, {"scan", scan}, {"load", load}, {"sparse", sparse}};
    enum { PARTS = sizeof parts / sizeof *parts, COUNT = sizeof LEVELS / sizeof *LEVELS };
    static char names[PARTS * COUNT][40];
    struct CMUnitTest tests[PARTS * COUNT];
    for (size_t i = 0; i < PARTS * COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%s on %s", parts[i % PARTS].name, LEVELS[i / PARTS]);
        tests[i] = (struct CMUnitTest){names[i], parts[i % PARTS].run, NULL, NULL, (void *)(uintptr_t)LEVELS[i / PARTS]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
