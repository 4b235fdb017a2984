/*
 * The kernels of the int8 screen on every level that this machine has: integer products exact, descriptions
 * of rows true, bounds that contain the half score formed in float64, over more than a million pairs a level.
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

static const char *const LEVELS[] = {"portable",    "avx2", "avx2-vnni", "avx512",
                                     "avx512-vnni", "neon", "neon-dot"};

enum { POOL = 80, PANEL = CVI_PANEL8 };
static guarded pool[POOL];
static size_t pooled;

static void *take(size_t bytes)
{
    assert_true(pooled < POOL);
    pool[pooled] = guard_take(bytes);
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

/* Every fourth byte at an end of its range: sums of pairs would overflow 16 bits. */
static int byte(void)
{
    const double u = ref_uniform();
    return u > 0.375 ? 127 : u > 0.25 ? -127 : (int)(254 * u);
}

static void dot8(void **state)
{
    const cvi_kernels *kernels = level(state);
    static const int64_t widths[] = {64, 128, 192, 768, 832, 4096},
                         counts[] = {1, 2, 3, 4, 5, 7, 8, 11, 16, 63, 64};
    for (size_t a = 0; a < sizeof widths / sizeof *widths; a++)
        for (size_t b = 0; b < sizeof counts / sizeof *counts; b++) {
            const int groups = 1 + (int)(a + b) % 3, lanes = groups * CVI_GROUP8;
            const int64_t dq = widths[a], count = counts[b];
            uint8_t *panel = take((size_t)(dq * lanes));
            int32_t *acc = take((size_t)(count * PANEL) * 4);
            const int8_t *rows[64];
            for (int64_t i = 0; i < count; i++) {
                int8_t *row = take((size_t)dq);
                for (int64_t f = 0; f < dq; f++)
                    row[f] = (int8_t)byte();
                rows[i] = row;
            }
            for (int64_t f = 0; f < dq * lanes; f++)
                panel[f] = (uint8_t)(byte() + 128);
            kernels->dot8_panel(rows, count, dq, panel, groups, acc);
            for (int64_t i = 0; i < count; i++)
                for (int64_t l = 0; l < lanes; l++) {
                    int32_t sum = 0;
                    for (int64_t f = 0; f < dq; f++)
                        sum += rows[i][f] * panel[(f / 4 * lanes + l) * 4 + f % 4];
                    assert_int_equal(acc[i * PANEL + l], sum);
                }
            release_all();
        }
}

static void dot8_two(void **state)
{
    const cvi_kernels *kernels = level(state);
    for (int64_t dq = 64; dq <= 4096; dq *= 2) {
        int8_t *row = take((size_t)dq);
        uint8_t *a = take((size_t)dq), *b = take((size_t)dq);
        int32_t out[2], sum[2] = {0, 0};
        for (int64_t f = 0; f < dq; f++) {
            row[f] = (int8_t)byte();
            a[f] = (uint8_t)(byte() + 128);
            b[f] = (uint8_t)(byte() + 128);
            sum[0] += row[f] * a[f];
            sum[1] += row[f] * b[f];
        }
        kernels->dot8_two(row, a, b, dq, out);
        assert_memory_equal(out, sum, sizeof sum);
        release_all();
    }
}

static void draw(float *x, int64_t d, double scale)
{
    for (int64_t f = 0; f < d; f++)
        x[f] = (float)(scale *
                       (ref_uniform() + ref_uniform() + (ref_uniform() > 0.49 ? 20 * ref_uniform() : 0)));
}

static void quantize(void **state)
{
    const cvi_kernels *kernels = level(state);
    for (int64_t d = 1; d <= 200; d++)
        for (int kind = 0; kind < 4; kind++) {
            const int64_t dq = (d + 63) / 64 * 64;
            float *x = take((size_t)d * 4);
            int8_t *q = take((size_t)dq);
            cvi_row8 about;
            draw(x, d, kind == 0 ? 0 : kind == 1 ? 1 : kind == 2 ? 1e-20 : 1e12);
            memset(q, 99, (size_t)dq);
            kernels->quantize_row(x, d, dq, q, &about);
            double rest = 0, norm = 0, square = 0;
            int32_t sum = 0;
            for (int64_t f = 0; f < d; f++) {
                const double part = (double)about.scale * q[f], r = x[f] - part;
                rest += r * r;
                norm += part * part;
                square += (double)x[f] * (double)x[f];
                sum += q[f];
                assert_true(q[f] >= -127);
            }
            for (int64_t f = d; f < dq; f++)
                assert_int_equal(q[f], 0);
            assert_true(sqrt(rest) <= (double)about.error);
            assert_true(sqrt(norm) <= (double)about.norm);
            assert_true((double)about.error <= sqrt(rest) * 1.001 + 1e-6 * sqrt(square) + 1e-36);
            assert_true(fabs((double)about.sqnorm - square) <= 1e-6 * square + 1e-37);
            assert_int_equal(about.bias, 128 * sum);
            release_all();
        }
}

/* The second plane of a row, with both numbers of levels: what is left is no more than the error says. */
static void quantize_rest(void **state)
{
    const cvi_kernels *kernels = level(state);
    for (int64_t d = 1; d <= 200; d++)
        for (int kind = 0; kind < 8; kind++) {
            const int64_t dq = (d + 63) / 64 * 64;
            const int levels = kind % 2 ? CVI_BYTE_LEVELS : CVI_HALF_LEVELS;
            float *x = take((size_t)d * 4);
            int8_t *q = take((size_t)dq), *r = take((size_t)dq);
            cvi_row8 about;
            cvi_rest8 left;
            draw(x, d, kind < 2 ? 0 : kind < 4 ? 1 : kind < 6 ? 1e-20 : 1e12);
            kernels->quantize_row(x, d, dq, q, &about);
            memset(r, 99, (size_t)dq);
            kernels->quantize_rest(x, d, dq, q, about.scale, levels, r, &left);
            double rest = 0;
            int32_t sum = 0;
            for (int64_t f = 0; f < dq; f++) {
                const double value = (double)about.scale * (q[f] + (double)r[f] / (2 * levels));
                rest += f < d ? (x[f] - value) * (x[f] - value) : 0;
                sum += r[f];
                assert_true(abs(r[f]) <= levels && (f < d || r[f] == 0));
            }
            assert_true(sqrt(rest) <= (double)left.error);
            assert_true((double)left.error <= sqrt(rest) * 1.001 + 1e-6 * sqrt((double)about.sqnorm) + 1e-36);
            assert_true(sqrt(rest) <= sqrt((double)d) * (double)about.scale / levels * 0.26 + 1e-6 * sqrt((double)about.sqnorm));
            assert_int_equal(left.bias, 128 * sum);
            release_all();
        }
}

static void dot8_fine(void **state)
{
    const cvi_kernels *kernels = level(state);
    enum { MOST = 7 };
    for (int64_t dq = 64; dq <= 4096; dq += dq < 512 ? 64 : 1792)
        for (int64_t count = 1; count <= MOST; count++) {
            int8_t *row = take((size_t)dq), *r = take((size_t)dq);
            uint8_t *half = take((size_t)dq / 2), *first[MOST], *second[MOST];
            const uint8_t *of_first[MOST], *of_second[MOST];
            int32_t *out = take((size_t)count * 16);
            for (int64_t f = 0; f < dq; f++) {
                row[f] = (int8_t)byte();
                r[f] = (int8_t)(byte() % 8);
            }
            for (int64_t f = 0; f < dq / 2; f++) {
                const int64_t low = f / 32 * 64 + f % 32;
                half[f] = (uint8_t)((r[low] + 8) | (r[low + 32] + 8) << 4);
            }
            for (int64_t a = 0; a < count; a++) {
                of_first[a] = first[a] = take((size_t)dq);
                of_second[a] = second[a] = take((size_t)dq);
                for (int64_t f = 0; f < dq; f++) {
                    first[a][f] = (uint8_t)(byte() + 128);
                    second[a][f] = (uint8_t)(byte() + 128);
                }
            }
            kernels->dot8_fine(row, half, dq, of_first, of_second, count, out);
            for (int64_t a = 0; a < count; a++) {
                int32_t sum[4] = {0};
                for (int64_t f = 0; f < dq; f++) {
                    sum[0] += row[f] * first[a][f];
                    sum[1] += row[f] * second[a][f];
                    sum[2] += r[f] * first[a][f];
                    sum[3] += r[f] * second[a][f];
                }
                assert_memory_equal(out + 4 * a, sum, sizeof sum);
            }
            release_all();
        }
}

/* A panel as assign/screen_pack.c fills one: lane 0 of each group a reference, the others centers near it. */
typedef struct quantized {
    float x[PANEL][256];
    double reference[CVI_GROUPS8][256];
    uint8_t panel[256 * PANEL];
    double sq[PANEL];
    cvi_panel8 about;
} quantized;

static void store(quantized *c, int lane, const int8_t *q, int64_t dq)
{
    const int lanes = c->about.groups * CVI_GROUP8;
    for (int64_t f = 0; f < dq; f++)
        c->panel[(f / 4 * lanes + lane) * 4 + f % 4] = (uint8_t)(q[f] + 128);
}

/* The reference of group v; returns its norm. */
static double draw_reference(const cvi_kernels *kernels, quantized *c, int v, int64_t d, int64_t dq)
{
    float far[256];
    int8_t q[256];
    cvi_row8 about;
    double sq = 0;
    draw(far, d, v == 0 ? 0 : 4);
    kernels->quantize_row(far, d, dq, q, &about);
    store(c, v * CVI_GROUP8, q, dq);
    c->about.scale[v * CVI_GROUP8] = about.scale;
    c->about.half_sqnorm[v * CVI_GROUP8] = CVI_PADDING_SCORE;
    for (int64_t f = 0; f < d; f++) {
        c->reference[v][f] = (double)about.scale * q[f];
        sq += c->reference[v][f] * c->reference[v][f];
    }
    return sqrt(sq);
}

static void draw_center(const cvi_kernels *kernels, quantized *c, int lane, double reference, int64_t d, int64_t dq)
{
    float apart[256];
    int8_t q[256];
    cvi_row8 about;
    draw(c->x[lane], d, lane % 5 == 4 ? 0.01 : 1);
    for (int64_t f = 0; f < d; f++) {
        const double g = c->reference[lane / CVI_GROUP8][f];
        c->x[lane][f] += (float)g;
        apart[f] = (float)((double)c->x[lane][f] - g);
        c->sq[lane] += (double)c->x[lane][f] * (double)c->x[lane][f];
    }
    kernels->quantize_row(apart, d, dq, q, &about);
    store(c, lane, q, dq);
    const double norm = (double)about.norm + (double)about.error, error = (double)about.error;
    double common = 0;
    for (int64_t f = 0; f < d; f++) {
        const double g = c->reference[lane / CVI_GROUP8][f];
        common += g * ((double)c->x[lane][f] - g - (double)about.scale * q[f]);
    }
    c->about.half_sqnorm[lane] = (float)(0.5 * c->sq[lane]);
    c->about.common[lane] = (float)common;
    c->about.scale[lane] = about.scale;
    c->about.error[lane] = (float)(error * 1.0001);
    c->about.rounding[lane] = (float)(32 * 0x1p-24 * (norm + error + reference) * 1.0001);
    c->about.norm[lane] = (float)(norm * 1.0001);
    c->about.slack[lane] = (float)(32 * 0x1p-24 * (0.5 * c->sq[lane] + fabs(common)) + 1e-36);
}

/* Lanes that hold a center: all but references, up to `used`. */
static bool is_center(int lane, int used)
{
    return lane % CVI_GROUP8 != 0 && lane < used;
}

static void draw_centers(const cvi_kernels *kernels, quantized *c, int64_t d, int64_t dq, int used)
{
    memset(c, 0, sizeof *c);
    c->about.groups = (used + CVI_GROUP8 - 1) / CVI_GROUP8;
    for (int v = 0; v < c->about.groups; v++) {
        const double reference = draw_reference(kernels, c, v, d, dq);
        for (int l = v * CVI_GROUP8 + 1; l < (v + 1) * CVI_GROUP8; l++)
            if (is_center(l, used))
                draw_center(kernels, c, l, reference, d, dq);
            else
                c->about.half_sqnorm[l] = CVI_PADDING_SCORE;
    }
}

/* How far the references are from that of group `from`. */
static void set_away(const quantized *c, int from, int64_t d, float *away)
{
    for (int v = 0; v < c->about.groups; v++) {
        double sq = 0;
        for (int64_t f = 0; f < d; f++) {
            const double t = c->reference[v][f] - c->reference[from][f];
            sq += t * t;
        }
        away[v] = (float)(sqrt(sq) * 1.0001);
    }
}

/* Distance of a quantized row from the reference of group `from`. */
static float distance_from(const quantized *c, int from, const int8_t *q, double scale, int64_t d)
{
    double sq = 0;
    for (int64_t f = 0; f < d; f++) {
        const double t = scale * q[f] - c->reference[from][f];
        sq += t * t;
    }
    return (float)(sqrt(sq) * 1.000001);
}

/* One row against one panel, seen from a group at random; the threshold of before at random. */
static int64_t check_bounds(const cvi_kernels *kernels, const quantized *c, const float *x, int64_t d, int64_t dq, int used)
{
    int8_t q[256];
    const int8_t *row = q;
    cvi_row8 about;
    int32_t acc[PANEL];
    float away[CVI_GROUPS8] = {0};
    cvi_bounds8 out;
    double score[PANEL], unseen = 0, least = INFINITY, least_in[CVI_GROUPS8] = {INFINITY, INFINITY, INFINITY};
    const int from = (int)((ref_uniform() + 0.5) * c->about.groups);
    const float slack = 1e-6f, before = ref_uniform() > 0 ? 1e29f : 0.0f;
    float threshold = before;
    kernels->quantize_row(x, d, dq, q, &about);
    kernels->dot8_panel(&row, 1, dq, c->panel, c->about.groups, acc);
    set_away(c, from, d, away);
    const float near = distance_from(c, from, q, (double)about.scale, d);
    const cvi_look8 look = {.row = &about, .away = away, .near = near, .threshold = before, .slack = slack};
    float lowest;
    const uint64_t open = kernels->open8(acc, 1, &look, &c->about, &lowest);
    assert_int_equal(open, lowest <= before);
    const uint64_t in = kernels->bounds8(acc, &look, &c->about, &threshold, &out);
    for (int64_t f = 0; f < d; f++)
        unseen += ((double)x[f] - (double)about.scale * q[f]) * c->reference[from][f];
    for (int l = 0; l < PANEL; l++) {
        double dot = 0;
        for (int64_t f = 0; f < d; f++)
            dot += (double)x[f] * (double)c->x[l][f];
        score[l] = is_center(l, used) ? 0.5 * c->sq[l] - dot + unseen : INFINITY;
        least = fmin(least, score[l]);
        least_in[l / CVI_GROUP8] = fmin(least_in[l / CVI_GROUP8], score[l]);
    }
    assert_true((double)lowest <= least);
    assert_true(threshold <= before);
    assert_true(threshold == before || (double)threshold >= least);
    for (int l = 0; l < PANEL; l++) {
        const int v = l / CVI_GROUP8;
        if (!(in >> l & 1)) { /* proven to lose, and no less than what the rest says */
            const float rest = out.rest[v] < out.rest[CVI_GROUPS8] ? out.rest[v] : out.rest[CVI_GROUPS8];
            assert_true(score[l] > (double)threshold || score[l] > least_in[v]);
            assert_true((double)rest <= score[l]);
            continue;
        }
        assert_true(is_center(l, used));
        assert_true((double)out.low[l] <= score[l]);
        assert_true(score[l] <= (double)out.reach[l] + 2 * (double)about.error * (double)away[v] + 1e-5 * fabs((double)out.reach[l]));
        for (int m = v * CVI_GROUP8; m < (v + 1) * CVI_GROUP8; m++)
            if (in >> m & 1)
                assert_true(score[l] - score[m] >= (double)(out.low[l] - out.reach[m]) - 1e-6 * fabs((double)out.reach[m]));
    }
    return used;
}

static void bounds(void **state)
{
    const cvi_kernels *kernels = level(state);
    static const int64_t widths[] = {1, 3, 17, 64, 65, 100, 200, 256};
    enum { WIDTHS = sizeof widths / sizeof *widths, PANELS = 14, ROWS = 240 }; /* 1.29 million pairs less padding */
    quantized *c = malloc(sizeof *c);
    assert_non_null(c);
    int64_t pairs = 0;
    for (int a = 0; a < WIDTHS * PANELS; a++) {
        const int64_t d = widths[a % WIDTHS], dq = (d + 63) / 64 * 64;
        const int used = a % 7 == 6 ? 2 + a % (PANEL - 2) : PANEL;
        draw_centers(kernels, c, d, dq, used);
        for (int i = 0; i < ROWS; i++) {
            float x[256];
            draw(x, d, 1);
            if (i % 4 == 0 && is_center(i % used, used)) /* near a center */
                for (int64_t f = 0; f < d; f++)
                    x[f] = c->x[i % used][f] * (1 + 0x1p-10f * (float)ref_uniform());
            pairs += check_bounds(kernels, c, x, d, dq, used);
        }
    }
    assert_true(pairs >= 1000000);
    free(c);
}

static void gaps(void **state)
{
    const cvi_kernels *kernels = level(state);
    enum { MOST = 70 };
    for (int64_t count = 1; count <= MOST; count++) {
        float *gap = take((size_t)count * 4), *drift = take((size_t)count * 4), *rest = take((size_t)count * 16), old[MOST];
        uint8_t *flagged = take((size_t)count);
        const float own = (float)(ref_uniform() + 0.5), upper = 3, score = (float)ref_uniform();
        double least = INFINITY;
        for (int64_t q = 0; q < count; q++) {
            gap[q] = old[q] = (float)(4 * (ref_uniform() + 0.5));
            drift[q] = (float)(ref_uniform() + 0.5);
            flagged[q] = ref_uniform() > 0;
        }
        for (int64_t a = 0; a < 4 * count; a++)
            rest[a] = ref_uniform() > 0 ? CVI_PADDING_SCORE : (float)(9 * ref_uniform());
        const double smallest = (double)kernels->gaps_fall(gap, drift, count, own);
        for (int64_t q = 0; q < count; q++) {
            const double left = fmax(0, (double)old[q] - (double)drift[q] - (double)own);
            least = fmin(least, (double)gap[q]);
            assert_true((double)gap[q] <= left && (double)gap[q] >= left * (1 - 1e-5) - 1e-5);
            old[q] = gap[q];
        }
        assert_true(smallest == least);
        kernels->gaps_set(rest, count, flagged, count, score, upper, gap);
        for (int64_t q = 0; q < count; q++) {
            double low = INFINITY;
            for (int64_t i = 0; i < 4; i++)
                low = fmin(low, (double)rest[i * count + q]);
            const double more = fmax(0, low - (double)score), wanted = sqrt(9 + 2 * more) - 3;
            if (flagged[q])
                assert_true((double)gap[q] <= wanted && (double)gap[q] >= wanted * (1 - 1e-4) - 1e-4);
            else
                assert_true(gap[q] == old[q]);
        }
        release_all();
    }
}

static void half_scores(void **state)
{
    const cvi_kernels *kernels = level(state);
    enum { K = 40 };
    for (int64_t ld = 16; ld <= 272; ld += 16)
        for (int64_t count = 0; count <= 9; count++) {
            float *x = take((size_t)ld * 4), *centers = take((size_t)(K * ld) * 4), half[K], out[9];
            int32_t *list = take((size_t)count * 4);
            draw(x, ld, 1);
            for (int64_t j = 0; j < K; j++) {
                draw(centers + j * ld, ld, 1);
                half[j] = (float)ref_uniform();
            }
            for (int64_t a = 0; a < count; a++)
                list[a] = (int32_t)((a * 17 + ld) % K);
            kernels->half_scores(x, ld, centers, half, list, count, out);
            for (int64_t a = 0; a < count; a++) {
                double dot = 0, size = fabs((double)half[list[a]]);
                for (int64_t f = 0; f < ld; f++) {
                    const double product = (double)x[f] * (double)centers[list[a] * ld + f];
                    dot += product;
                    size += fabs(product);
                }
                const double error = fabs((double)out[a] - ((double)half[list[a]] - dot));
                assert_true(error <= (double)(ld / 16 + 8) * 0x1p-24 * size);
            }
            release_all();
        }
}

int main(void)
{
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } parts[] = {{"dot8", dot8}, {"dot8 two", dot8_two}, {"gaps", gaps}, {"quantize", quantize}, {"quantize rest", quantize_rest}, {"dot8 fine", dot8_fine}, {"bounds", bounds}, {"half scores", half_scores}};
    enum { PARTS = sizeof parts / sizeof *parts, COUNT = sizeof LEVELS / sizeof *LEVELS };
    static char names[PARTS * COUNT][40];
    struct CMUnitTest tests[PARTS * COUNT];
    for (size_t i = 0; i < PARTS * COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%s on %s", parts[i % PARTS].name, LEVELS[i / PARTS]);
        tests[i] = (struct CMUnitTest){names[i], parts[i % PARTS].run, NULL, NULL,
                                       (void *)(uintptr_t)LEVELS[i / PARTS]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
