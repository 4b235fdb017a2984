/*
 * The kernels of the integer screen on every level that this machine has: whole numbers with true descriptions, scores as
 * plain loops give them, the pairs within their margin, and half scores within their bound.
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

enum { POOL = 40 };
static guarded pool[POOL];
static size_t pooled;

static void *take(size_t bytes)
{
    assert_true(pooled < POOL);
    pool[pooled] = guard_take((bytes + 63) / 64 * 64); /* as arenas align them */
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

/* Number f of row or center i in lanes: of four bytes (those of rows + 128), or of two words. */
static int32_t number_of(const int32_t *lanes, int64_t width, int64_t i, int64_t f, bool words, bool offset)
{
    const int64_t per = words ? 2 : 4;
    const uint32_t bits = (uint32_t)lanes[f / per * width + i] >> (32 / per * (f % per));
    return words ? (int32_t)(int16_t)bits : offset ? (int32_t)(bits & 0xff) - 128 : (int32_t)(int8_t)bits;
}

static void rows(void **state)
{
    const cvi_kernels *kernels = level(state);
    for (int64_t d = 1; d <= 80; d++)
        for (int kind = 0; kind < 6; kind++) {
            const bool words = kind % 2 != 0;
            const int64_t steps = words ? (d + 1) / 2 : (d + 3) / 4;
            const double size = kind < 2 ? 1 : kind < 4 ? 1e-3 : 1e9;
            float *tile = take((size_t)d * 256), *sqnorm = take(256), *error = take(256), *norm = take(256);
            float *origin = take((size_t)d * 4), *step = take((size_t)d * 4), *inverse = take((size_t)d * 4);
            int32_t *out = take((size_t)steps * 256);
            double sq_origin = 0;
            for (int64_t f = 0; f < d; f++) {
                origin[f] = (float)(size * ref_uniform());
                sq_origin += (double)origin[f] * (double)origin[f];
                step[f] = f % 9 == 8 ? 0 : (float)(size * (words ? 1e-3 : 1e-2) * (0.6 + ref_uniform()));
                inverse[f] = step[f] > 0 ? 1 / step[f] : 0;
            }
            memset(sqnorm, 0, 256);
            for (int64_t i = 0; i < d * 64; i++) {
                tile[i] = origin[i / 64] + (float)(size * (i % 64 == 7 ? 40 : 1) * ref_uniform());
                sqnorm[i % 64] += tile[i] * tile[i];
            }
            if (d > 3)
                tile[2 * 64 + 11] = kind < 3 ? INFINITY : NAN;
            const cvi_integer_steps s = {.origin = origin, .step = step, .inverse = inverse, .d = d, .steps = steps,
                                         .origin_norm = (float)(sqrt(sq_origin) * 1.00001), .top = words ? 4000 : 127,
                                         .words = words};
            kernels->integer_rows(&s, tile, sqnorm, out, error, norm);
            for (int i = 0; i < 64; i++) {
                double rest = 0, square = 0;
                bool cut = false;
                for (int64_t f = 0; f < d; f++) {
                    const int32_t number = number_of(out, 64, i, f, words, true);
                    const double left = (double)tile[f * 64 + i] - (double)origin[f] - (double)step[f] * number;
                    assert_true(abs(number) <= (int)s.top);
                    rest += left * left;
                    square += (double)number * number;
                    cut = cut || (!(fabs(left) <= 0.49 * (double)step[f]) && step[f] > 0 && abs(number) == (int)s.top);
                }
                assert_true(!(sqrt(rest) > (double)error[i])); /* NaN: infinite error */
                assert_true(sqrt(square) <= (double)norm[i]);
                assert_true(cut || !isinf(error[i]));
                if (!cut)
                    assert_true((double)error[i] <= sqrt(rest) * 1.001 + 1e-6 * (sqrt((double)sqnorm[i]) + sqrt(sq_origin)) + 1e-15);
            }
            release_all();
        }
}

static uint32_t bits(void)
{
    return (uint32_t)(int64_t)(ref_uniform() * 0x1p33);
}

/* Words of at most 12 bits, as the strategy makes them, keep sums in range. */
static int32_t lane(bool words)
{
    const uint32_t b = bits();
    return (int32_t)(words ? (b & 0x07ff07ffu) ^ (0u - (b >> 31)) : b);
}

static void scores(void **state)
{
    const cvi_kernels *kernels = level(state);
    static const int64_t centers_of[] = {1, 2, 7, 8, 9, 16, 17, 24, 31, 40, 100};
    for (int64_t steps = 1; steps <= 40; steps += steps < 9 ? 1 : 7)
        for (size_t c = 0; c < 2 * sizeof centers_of / sizeof *centers_of; c++) {
            const int64_t k = centers_of[c / 2], groups = (k + 7) / 8, lanes = groups * 8;
            const bool words = c % 2 != 0;
            int32_t *tile = take((size_t)steps * 256), *centers = take((size_t)(groups * steps) * 32), *start = take((size_t)groups * 32);
            int32_t *out = take((size_t)lanes * 256), *label = take(256), *limit = take(256);
            float *error = take(256), *norm = take(256);
            for (int64_t i = 0; i < steps * 64; i++)
                tile[i] = lane(words);
            for (int64_t i = 0; i < groups * steps * 8; i++)
                centers[i] = i / (8 * steps) * 8 + i % 8 < k ? lane(words) : 0;
            for (int64_t j = 0; j < lanes; j++)
                start[j] = j < k ? (int32_t)(1e6 * ref_uniform()) : CVI_INTEGER_PADDING;
            for (int i = 0; i < 64; i++) {
                error[i] = i == 5 ? INFINITY : (float)(1 + ref_uniform());
                norm[i] = (float)(1 + ref_uniform());
            }
            const cvi_integer s = {centers, start, steps, groups, words, 1e4f, 3e3f, 18};
            const uint64_t open = kernels->integer_screen(&s, tile, error, norm, out, label, limit);
            int32_t *pairs = take((size_t)(64 * lanes + 2) * 4);
            const int64_t most = 64 * k, count = kernels->integer_pairs(out, limit, open, groups, most, pairs);
            int64_t at = 0;
            for (int64_t j = 0; j < lanes; j++)
                for (int i = 0, rank = 0; i < 64; rank += open >> i & 1, i++) {
                    int64_t sum = start[j];
                    for (int64_t f = 0; f < steps * (words ? 2 : 4); f++) {
                        const int64_t x = number_of(tile, 64, i, f, words, true) + (words ? 0 : 128);
                        sum += x * number_of(centers + j / 8 * steps * 8, 8, j % 8, f, words, false);
                    }
                    const int32_t score = (int32_t)(((uint32_t)(int32_t)sum & ~15u) | (uint32_t)(j % 16));
                    assert_true(out[j * 64 + i] == score);
                    assert_true(score >= out[label[i] * 64 + i]);
                    const double margin = 1e4 * (double)error[i] + 3e3 * (double)norm[i] + 18;
                    assert_true(isinf(error[i]) || fabs(limit[i] - (out[label[i] * 64 + i] + margin)) <= 2 + 1e-6 * margin);
                    if (score <= limit[i] && j != label[i])
                        assert_true(open >> i & 1);
                    if (score <= limit[i] && (open >> i & 1))
                        assert_true(at < count && pairs[at++] == j * 64 + rank);
                }
            assert_true(at == count);
            if (count > 1)
                assert_true(kernels->integer_pairs(out, limit, open, groups, count - 1, pairs) > count - 1);
            release_all();
        }
}

static void half_scores(void **state)
{
    const cvi_kernels *kernels = level(state);
    enum { K = 9, ROWS = 5 };
    for (int64_t ld = 16; ld <= 320; ld += 16)
        for (int64_t count = 1; count <= 11; count++) {
            float *x = take((size_t)(ROWS * ld) * 4), *c = take((size_t)(K * ld) * 4), *half = take(K * 4), *out = take((size_t)count * 4);
            int32_t *pairs = take((size_t)count * 4);
            for (int64_t f = 0; f < ROWS * ld; f++)
                x[f] = (float)ref_uniform();
            for (int64_t f = 0; f < K * ld; f++)
                c[f] = (float)ref_uniform();
            for (int j = 0; j < K; j++)
                half[j] = (float)(10 * ref_uniform());
            for (int64_t p = 0; p < count; p++)
                pairs[p] = (int32_t)(p % K * 64 + p * 7 % ROWS);
            kernels->pair_scores(x, c, ld, half, pairs, count, out);
            for (int64_t p = 0; p < count; p++) {
                const float *a = x + pairs[p] % 64 * ld, *b = c + pairs[p] / 64 * ld;
                double dot = 0, aa = 0, bb = 0;
                for (int64_t f = 0; f < ld; f++) {
                    dot += (double)a[f] * (double)b[f];
                    aa += (double)a[f] * (double)a[f];
                    bb += (double)b[f] * (double)b[f];
                }
                const double want = (double)half[pairs[p] / 64] - dot;
                const double bound = ((double)ld / 16 + 8) * 0x1p-24 * sqrt(aa * bb) + 0x1p-23 * (fabs(want) + fabs(dot));
                assert_true(fabs((double)out[p] - want) <= bound);
            }
            release_all();
        }
}

int main(void)
{
    static const struct {
        const char *name;
        CMUnitTestFunction run;
    } parts[] = {{"rows", rows}, {"scores", scores}, {"half scores", half_scores}};
    enum { PARTS = sizeof parts / sizeof *parts, COUNT = sizeof LEVELS / sizeof *LEVELS };
    static char names[PARTS * COUNT][40];
    struct CMUnitTest tests[PARTS * COUNT];
    for (size_t i = 0; i < PARTS * COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%s on %s", parts[i % PARTS].name, LEVELS[i / PARTS]);
        tests[i] = (struct CMUnitTest){names[i], parts[i % PARTS].run, NULL, NULL, (void *)(uintptr_t)LEVELS[i / PARTS]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
