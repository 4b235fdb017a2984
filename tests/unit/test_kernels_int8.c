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
            const int64_t dq = widths[a], count = counts[b];
            uint8_t *panel = take((size_t)(dq * PANEL));
            int32_t *acc = take((size_t)(count * PANEL) * 4);
            const int8_t *rows[64];
            for (int64_t i = 0; i < count; i++) {
                int8_t *row = take((size_t)dq);
                for (int64_t f = 0; f < dq; f++)
                    row[f] = (int8_t)byte();
                rows[i] = row;
            }
            for (int64_t f = 0; f < dq * PANEL; f++)
                panel[f] = (uint8_t)(byte() + 128);
            kernels->dot8_panel(rows, count, dq, panel, acc);
            for (int64_t i = 0; i < count; i++)
                for (int64_t l = 0; l < PANEL; l++) {
                    int32_t sum = 0;
                    for (int64_t f = 0; f < dq; f++)
                        sum += rows[i][f] * panel[(f / 4 * PANEL + l) * 4 + f % 4];
                    assert_int_equal(acc[i * PANEL + l], sum);
                }
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

/* A panel from quantized centers, as assign/screen.c fills one. */
static void set_lane(cvi_panel8 *p, int l, const cvi_row8 *c, double sq)
{
    const double norm = sqrt(sq), error = (double)c->error;
    p->half_sqnorm[l] = (float)(0.5 * sq);
    p->scale[l] = c->scale;
    p->error[l] = (float)((error + 32 * 0x1p-24 * (norm + error)) * 1.0001);
    p->norm[l] = (float)(norm * 1.0001);
    p->slack[l] = (float)(32 * 0x1p-24 * 0.5 * sq + 1e-36);
}

typedef struct quantized {
    float x[PANEL][256];
    uint8_t panel[256 * PANEL];
    double sq[PANEL];
    cvi_panel8 about;
} quantized;

static void draw_centers(const cvi_kernels *kernels, quantized *c, int64_t d, int64_t dq, int used)
{
    int8_t q[256];
    memset(c, 0, sizeof *c);
    for (int l = 0; l < PANEL; l++) {
        if (l >= used) {
            c->about.half_sqnorm[l] = CVI_PADDING_SCORE;
            continue;
        }
        cvi_row8 about;
        draw(c->x[l], d, l % 5 == 4 ? 0.01 : 1);
        for (int64_t f = 0; f < d; f++)
            c->sq[l] += (double)c->x[l][f] * (double)c->x[l][f];
        kernels->quantize_row(c->x[l], d, dq, q, &about);
        set_lane(&c->about, l, &about, c->sq[l]);
        for (int64_t f = 0; f < dq; f++)
            c->panel[(f / 4 * PANEL + l) * 4 + f % 4] = (uint8_t)(q[f] + 128);
    }
}

/* One row against one panel; own and the threshold of before at random. */
static void check_bounds(const cvi_kernels *kernels, const quantized *c, const float *x, int64_t d,
                         int64_t dq, int used)
{
    int8_t q[256];
    const int8_t *row = q;
    cvi_row8 about;
    int32_t acc[PANEL];
    float lower[PANEL], rest;
    const int own = ref_uniform() > 0 ? -1 : (int)((ref_uniform() + 0.5) * used);
    const float slack = 1e-6f, before = ref_uniform() > 0 ? 1e29f : 0.0f;
    float threshold = before;
    kernels->quantize_row(x, d, dq, q, &about);
    kernels->dot8_panel(&row, 1, dq, c->panel, acc);
    const uint64_t in = kernels->bounds8(acc, &about, &c->about, own, slack, &threshold, lower, &rest);
    double least = INFINITY, lowest_out = INFINITY;
    assert_true(threshold <= before);
    assert_int_equal(in >> PANEL, 0);
    for (int l = 0; l < PANEL; l++) {
        if (l == own || l >= used) {
            assert_false(in >> l & 1);
            continue;
        }
        double dot = 0;
        for (int64_t f = 0; f < d; f++)
            dot += (double)x[f] * (double)c->x[l][f];
        const double score = 0.5 * c->sq[l] - dot;
        least = fmin(least, score);
        assert_true((double)lower[l] <= score);
        assert_int_equal(in >> l & 1, lower[l] <= threshold);
        if (!(in >> l & 1))
            lowest_out = fmin(lowest_out, (double)lower[l]);
    }
    /* The threshold is above the best score here, or what it was; rest is below all that stay out. */
    assert_true(threshold == before || (double)threshold >= least);
    assert_true((double)rest <= lowest_out);
}

static void bounds(void **state)
{
    const cvi_kernels *kernels = level(state);
    static const int64_t widths[] = {1, 3, 17, 64, 65, 100, 200, 256};
    enum {
        WIDTHS = sizeof widths / sizeof *widths,
        PANELS = 14,
        ROWS = 240
    }; /* 1.29 million pairs less padding */
    quantized *c = malloc(sizeof *c);
    assert_non_null(c);
    int64_t pairs = 0;
    for (int a = 0; a < WIDTHS * PANELS; a++) {
        const int64_t d = widths[a % WIDTHS], dq = (d + 63) / 64 * 64;
        const int used = a % 7 == 6 ? 1 + a % PANEL : PANEL;
        draw_centers(kernels, c, d, dq, used);
        for (int i = 0; i < ROWS; i++) {
            float x[256];
            draw(x, d, 1);
            if (i % 4 == 0) /* near a center */
                for (int64_t f = 0; f < d; f++)
                    x[f] = c->x[i % used][f] * (1 + 0x1p-10f * (float)ref_uniform());
            check_bounds(kernels, c, x, d, dq, used);
            pairs += used;
        }
    }
    assert_true(pairs >= 1000000);
    free(c);
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
    } parts[] = {{"dot8", dot8}, {"quantize", quantize}, {"bounds", bounds}, {"half scores", half_scores}};
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
