/*
 * The float32 screens on every level that this machine has: a row outside the near-tie mask must carry the label of
 * the canonical score, which a plain loop over fma() finds here.  The thresholds come from docs/numerics.md, computed
 * anew; ordinary data, integer grids, offsets, duplicates and centers that are rows.
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

enum { KINDS = 7 };

static double draw(int kind, int64_t f)
{
    switch (kind) {
    case 0: /* bell-shaped */
        return ref_uniform() + ref_uniform() + ref_uniform();
    case 1: /* many exact ties */
        return (double)(int)(8 * ref_uniform());
    case 2: /* features of very different spread */
        return ldexp(ref_uniform(), (int)(f % 12) - 6);
    case 3: /* one-decimal values */
        return (double)(int)(40 * ref_uniform()) * 0.1;
    case 4: /* binary */
        return ref_uniform() > 0;
    case 5: /* heavy tails */
        return ref_uniform() / (1e-3 + fabs(ref_uniform()));
    default: /* tiny spread about a point away from the origin of the frame */
        return 3 + 1e-3 * ref_uniform();
    }
}

typedef struct problem {
    int64_t d, k, count;
    double *x, *c;      /* [count][d], [k][d], float32 values */
    double *panels, *sqnorm;
    cvi_screen screen;
    float *centers, *half; /* exactly sized, before a guard page */
    double repaired, rows;
    int64_t wrong;
} problem;

/* e + q of docs/numerics.md as a threshold; no factor to spare but the stated one. */
static void set_thresholds(cvi_screen *s)
{
    const double u = 0x1p-24, index = 0x1p-18, v = 4 * (double)(s->d + 4) * 0x1p-53;
    const double t = (double)(s->d <= 64 ? s->d : 64 + s->d / 64 + 3) + 2;
    const double a = u * t * 2.5 + index + 6 * v, b = u * t * 1.5 + index + 4 * v;
    const double widen = 1.02 / (1 - 4 * b);
    s->tie_r = (float)(2 * a * widen);
    s->tie_s = (float)(2 * b * widen);
    s->tie_0 = (float)((double)(s->d + 2) * 0x1p-140);
}

static void fill(problem *p, int kind)
{
    for (int64_t j = 0; j < p->k; j++)
        for (int64_t f = 0; f < p->d; f++)
            p->c[j * p->d + f] = (double)(float)draw(kind, f);
    for (int64_t j = 1; j < p->k; j++)
        if (ref_uniform() > 0.45) /* a duplicate, or nearly one */
            for (int64_t f = 0; f < p->d; f++)
                p->c[j * p->d + f] = p->c[(j - 1) * p->d + f] * (ref_uniform() > 0 ? 1 : 1 + 0x1p-22);
    for (int64_t i = 0; i < p->count; i++)
        for (int64_t f = 0; f < p->d; f++)
            p->x[i * p->d + f] = (double)(float)draw(kind, f);
    for (int64_t i = 0; i < p->count; i++)
        if (ref_uniform() > 0.3) /* a center, or the middle between two */
            for (int64_t f = 0; f < p->d; f++) {
                const double a = p->c[i % p->k * p->d + f], b = p->c[(i * 7 + 1) % p->k * p->d + f];
                p->x[i * p->d + f] = (double)(float)(i % 2 ? a : (a + b) / 2);
            }
}

static void pack(problem *p)
{
    cvi_screen *s = &p->screen;
    ref_pack64(p->c, p->k, p->d, p->panels, p->sqnorm);
    for (int64_t j = 0; j < 16 * s->groups; j++) {
        double sq = 0;
        for (int64_t f = 0; f < p->d; f++) {
            const double c = j < p->k ? p->c[j * p->d + f] : 0;
            p->centers[(j / 16 * p->d + f) * 16 + j % 16] = (float)c;
            sq += (double)(float)c * (double)(float)c;
        }
        p->half[j] = j < p->k ? (float)(sq / 2) : CVI_PADDING_SCORE;
    }
    set_thresholds(s);
}

static void compare(problem *p, const char *what, uint64_t open, const int32_t *label, const int32_t *wanted)
{
    (void)what;
    for (int64_t i = 0; i < p->count; i++) {
        p->rows++;
        if (open >> i & 1) {
            p->repaired++;
            continue;
        }
        assert_in_range(label[i], 0, p->k - 1);
        p->wrong += label[i] != wanted[i];
    }
    if (p->count < 64)
        assert_int_equal(open >> p->count, 0);
}

/* The screen with features in lanes; raw: the rows are centered and scaled on the way, by an exact shift and a power of two. */
static void run_wide(const cvi_kernels *kernels, problem *p, const float *const *rows, bool raw, const int32_t *wanted)
{
    const int64_t ld = (p->d + 15) / 16 * 16;
    guarded gc = guard_take((size_t)(p->k * ld) * 4), gm = guard_take((size_t)p->d * 4);
    cvi_wide wide = {.centers = gc.at, .half_sqnorm = p->half, .mean32 = raw ? gm.at : NULL, .scale = 1, .d = p->d, .k = p->k,
                     .ld = ld, .screen = p->screen};
    float sqnorm[64], best[64];
    int32_t label[64];
    memset(gm.at, 0, (size_t)p->d * 4);
    for (int64_t j = 0; j < p->k; j++)
        for (int64_t f = 0; f < ld; f++)
            ((float *)gc.at)[j * ld + f] = f < p->d ? (float)p->c[j * p->d + f] : 0;
    compare(p, raw ? "wide, raw" : "wide", kernels->screen_wide(&wide, rows, p->count, sqnorm, label, best), label, wanted);
    guard_release(&gc);
    guard_release(&gm);
}

/* All half scores of each group: within the bound of docs/numerics.md; and the marks of those that are near. */
static void run_groups(const cvi_kernels *kernels, const problem *p, const float *const *rows)
{
    const cvi_screen *s = &p->screen;
    const double t = (double)(p->d <= 64 ? p->d : 64 + p->d / 64 + 3) + 2;
    guarded gscore = guard_take((size_t)p->count * 64), gnear = guard_take((size_t)s->groups * 128);
    guarded gopen = guard_take((size_t)s->groups * 8), glimit = guard_take((size_t)p->count * 4);
    float *score = gscore.at, *limit = glimit.at;
    uint16_t(*near)[64] = gnear.at;
    uint64_t *open = gopen.at;
    kernels->screen_scores(s, 0, rows, p->count, score);
    for (int64_t i = 0; i < p->count; i++)
        limit[i] = score[i * 16 + i % 16];
    kernels->screen_near(s, 0, s->groups, rows, p->count, limit, near, open);
    for (int64_t g = 0; g < s->groups; g++) {
        kernels->screen_scores(s, g, rows, p->count, score);
        for (int64_t i = 0; i < p->count; i++) {
            for (int64_t l = 0; l < 16 && g * 16 + l < p->k; l++) {
                const double *c = p->c + (g * 16 + l) * p->d, *x = p->x + i * p->d;
                double dot = 0, xx = 0, cc = 0;
                for (int64_t f = 0; f < p->d; f++) {
                    dot += x[f] * c[f];
                    xx += x[f] * x[f];
                    cc += c[f] * c[f];
                }
                const double error = fabs((double)score[i * 16 + l] - (cc / 2 - dot));
                assert_true(error <= 1.01 * t * 0x1p-24 * (cc / 2 + sqrt(xx * cc)) + 1e-30);
                assert_int_equal(near[g][i] >> l & 1, score[i * 16 + l] <= limit[i]);
            }
            assert_int_equal(open[g] >> i & 1, near[g][i] != 0);
        }
        if (p->count < 64)
            assert_int_equal(open[g] >> p->count, 0);
    }
    guarded *all[] = {&gscore, &gnear, &gopen, &glimit};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        guard_release(all[i]);
}

/* By how much half the squared distance to j is larger than that to o, in double. */
static double true_gap(const problem *p, int64_t i, int64_t j, int64_t o)
{
    double to_j = 0, to_o = 0;
    for (int64_t f = 0; f < p->d; f++) {
        const double x = p->x[i * p->d + f], a = x - p->c[j * p->d + f], b = x - p->c[o * p->d + f];
        to_j += a * a;
        to_o += b * b;
    }
    return (to_j - to_o) / 2;
}

/* Bounds made from the scores of screen_scores or screen_wide: labels, radius and gaps hold for every row that is no near tie, and
 * rows whose gaps are all positive are not open while no center moves. */
static void run_bounds(const cvi_kernels *kernels, problem *p, const float *const *rows, const float *sqnorm, bool wide,
                       const int32_t *wanted)
{
    const int64_t d = p->d, k = p->k, ld = (d + 15) / 16 * 16, groups = p->screen.groups, width = 16 * groups, stride = (6 + 2 * k + 3) / 4 * 4;
    guarded gc = guard_take((size_t)(k * ld) * 4), gscore = guard_take((size_t)groups * 4096), gdrift = guard_take((size_t)(2 * k * width) * 4);
    guarded grow = guard_take((size_t)(p->count * stride) + 32);
    float *score = gscore.at, *drift = gdrift.at, norms[64] = {0}, best[64], radius[64];
    cvi_row_bound *bound[64];
    int32_t label[64];
    const cvi_row_measure measure = {.tie_r = p->screen.tie_r, .tie_s = p->screen.tie_s, .tie_0 = p->screen.tie_0,
                                     .loss = (float)(d + 4) * 0x1p-23f, .keep = 1 - 1.1F * p->screen.tie_s - 0x1p-20F, .k = k};
    const cvi_row_bounds bounds = {.rows = grow.at, .drift = drift, .k = k, .stride = stride, .width = width};
    for (int64_t j = 0; j < k; j++)
        for (int64_t f = 0; f < ld; f++)
            ((float *)gc.at)[j * ld + f] = f < d ? (float)p->c[j * d + f] : 0;
    memset(score, 0xff, (size_t)groups * 4096);
    if (wide) {
        const cvi_wide w = {.centers = gc.at, .half_sqnorm = p->half, .scale = 1, .d = d, .k = k, .ld = ld, .screen = p->screen, .scores = score};
        kernels->screen_wide(&w, rows, p->count, norms, label, best);
    } else {
        memcpy(norms, sqnorm, (size_t)p->count * sizeof *norms);
        for (int64_t g = 0; g < groups; g++)
            kernels->screen_scores(&p->screen, g, rows, p->count, score + g * 1024);
    }
    for (int64_t i = 0; i < p->count; i++)
        bound[i] = cvi_row_bound_of(&bounds, i);
    for (int64_t o = 0; o < k; o++)
        for (int64_t j = 0; j < 2 * width; j++)
            drift[o * 2 * width + j] = j == o || (j >= k && j < width) ? INFINITY : 0;
    const uint64_t near = kernels->rows_bound(&measure, score, norms, p->count, label, radius, bound);
    compare(p, "bounds", near, label, wanted);
    uint64_t open = 0;
    for (int64_t i = 0; i < p->count; i++) {
        bound[i]->cell = (uint16_t)(near >> i & 1 ? 0 : label[i]);
        bound[i]->radius = near >> i & 1 ? INFINITY : radius[i];
        open |= (near >> i & 1) << i;
        for (int64_t j = 0; j < k && !(near >> i & 1); j++) {
            const uint32_t bits = (uint32_t)bound[i]->lower[j] << 16;
            float low;
            memcpy(&low, &bits, sizeof low);
            assert_true(j == label[i] || (double)low <= true_gap(p, i, j, label[i]));
            open |= (uint64_t)(j != label[i] && !(low > 0)) << i;
        }
    }
    assert_true(kernels->rows_open(&bounds, 0, p->count) == open);
    guarded *all[] = {&gc, &gscore, &gdrift, &grow};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        guard_release(all[i]);
}

static void run_case(const cvi_kernels *kernels, int64_t d, int64_t k, int64_t count, int kind, problem *totals)
{
    problem p = {.d = d, .k = k, .count = count};
    p.screen.d = d;
    p.screen.k = k;
    p.screen.groups = (k + 15) / 16;
    guarded gx = guard_take((size_t)(count * d) * 8), gc = guard_take((size_t)(k * d) * 8);
    guarded g32 = guard_take((size_t)(p.screen.groups * d) * 64), gh = guard_take((size_t)p.screen.groups * 64);
    guarded gp = guard_take((size_t)((k + 7) / 8 * d) * 64), gs = guard_take((size_t)((k + 7) / 8) * 64);
    guarded gt = guard_take((size_t)d * 256), gn = guard_take(256);
    p.x = gx.at;
    p.c = gc.at;
    p.screen.centers = p.centers = g32.at;
    p.screen.half_sqnorm = p.half = gh.at;
    p.panels = gp.at;
    p.sqnorm = gs.at;
    float *tile = gt.at, *sqnorm = gn.at;
    const float *rows[64];
    guarded gr[64];
    int32_t wanted[64], label[64];
    float best[64];
    fill(&p, kind);
    pack(&p);
    memset(tile, 0, (size_t)d * 256);
    memset(sqnorm, 0, 256);
    for (int64_t i = 0; i < count; i++) {
        double sq = 0;
        gr[i] = guard_take((size_t)d * 4);
        for (int64_t f = 0; f < d; f++) {
            tile[f * 64 + i] = ((float *)gr[i].at)[f] = (float)p.x[i * d + f];
            sq += p.x[i * d + f] * p.x[i * d + f];
        }
        rows[i] = gr[i].at;
        sqnorm[i] = (float)sq;
        wanted[i] = ref_nearest(p.x + i * d, p.panels, p.sqnorm, k, d, NULL);
    }
    compare(&p, "points", kernels->screen_points(&p.screen, tile, sqnorm, count, label, best), label, wanted);
    compare(&p, "centers", kernels->screen_centers(&p.screen, rows, sqnorm, count, label, best), label, wanted);
    run_groups(kernels, &p, rows);
    run_bounds(kernels, &p, rows, sqnorm, false, wanted);
    if (k <= 20)
        run_bounds(kernels, &p, rows, sqnorm, true, wanted);
    if (d >= 16) {
        run_wide(kernels, &p, rows, false, wanted);
        run_wide(kernels, &p, rows, true, wanted);
    }
    if (p.wrong != 0)
        print_error("%s: d=%lld k=%lld count=%lld kind=%d: %lld wrong labels\n", kernels->name, (long long)d,
                    (long long)k, (long long)count, kind, (long long)p.wrong);
    totals->wrong += p.wrong;
    totals->rows += p.rows;
    if (kind == 0)
        totals->repaired += p.repaired;
    for (int64_t i = 0; i < count; i++)
        guard_release(&gr[i]);
    guarded *all[] = {&gx, &gc, &g32, &gh, &gp, &gs, &gt, &gn};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        guard_release(all[i]);
}

static void screens_agree_with_the_canonical_score(void **state)
{
    const cvi_kernels *kernels = cvi_kernels_pick(*state);
    static const int64_t large[] = {127, 128, 129, 255, 256, 257, 511, 512, 513, 784, 1536};
    problem totals = {0};
    if (kernels == NULL || strcmp(kernels->name, *state) != 0)
        skip();
    for (int64_t d = 1; d <= 70; d++)
        for (int kind = 0; kind < KINDS; kind++)
            for (int round = 0; round < 3; round++)
                run_case(kernels, d, 1 + (d * 13 + kind * 29 + round * 57) % 150, 1 + (d * 11 + kind * 3 + round * 17) % 64, kind, &totals);
    for (int64_t count = 1; count <= 64; count++)
        run_case(kernels, 5 + count % 40, 16 + count % 3, count, 0, &totals);
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        run_case(kernels, large[i], 40 + (int64_t)i * 9, 64, (int)(i % KINDS), &totals);
    run_case(kernels, 2, 1100, 64, 0, &totals); /* more than one chunk for both screens */
    run_case(kernels, 9, 1100, 64, 1, &totals);
    run_case(kernels, 40, 2500, 64, 0, &totals);
    assert_int_equal(totals.wrong, 0);
    assert_true(totals.repaired < 0.9 * totals.rows); /* the mask is not simply full */
}

/* A million rows a level, few features and centers; the canonical labels come from a kernel with a test of its own. */
static void a_million_rows(void **state)
{
    enum { D = 12, K = 40, BLOCKS = 15680, REUSE = 40 };
    const cvi_kernels *kernels = cvi_kernels_pick(*state), *exact = cvi_kernels_pick(NULL);
    if (kernels == NULL || strcmp(kernels->name, *state) != 0)
        skip();
    static double x[64 * D], c[K * D];
    static _Alignas(64) double panels[K * D], sqnorm[K];
    static _Alignas(64) float tile[D * 64], rows32[64 * D], centers[48 * D], half[48], norms[64];
    problem p = {.x = x, .c = c, .panels = panels, .sqnorm = sqnorm, .centers = centers, .half = half, .count = 64};
    for (int block = 0; block < BLOCKS; block++) {
        const int kind = block / REUSE % KINDS;
        int32_t wanted[64], label[64];
        float best[64];
        const float *rows[64];
        if (block % REUSE == 0) {
            p.d = 1 + block / REUSE * 5 % D;
            p.k = 2 + block / REUSE * 7 % (K - 1);
            p.screen = (cvi_screen){.centers = centers, .half_sqnorm = half, .d = p.d, .k = p.k, .groups = (p.k + 15) / 16};
        }
        fill(&p, kind);
        pack(&p);
        for (int64_t i = 0; i < 64; i++) {
            norms[i] = 0;
            for (int64_t f = 0; f < p.d; f++) {
                const float v = (float)x[i * p.d + f];
                tile[f * 64 + i] = rows32[i * p.d + f] = v;
                norms[i] += v * v;
            }
            rows[i] = rows32 + i * p.d;
        }
        const cvi_canonical canonical = {panels, sqnorm, p.d, p.k, (p.k + 7) / 8};
        exact->canonical_rows(&canonical, x, p.d, 64, wanted, NULL);
        compare(&p, "points", kernels->screen_points(&p.screen, tile, norms, 64, label, best), label, wanted);
        if (p.d > 4)
            compare(&p, "centers", kernels->screen_centers(&p.screen, rows, norms, 64, label, best), label, wanted);
    }
    assert_true(p.rows >= 1000000);
    assert_true(p.rows - p.repaired > 300000); /* the mask is not simply full */
    assert_int_equal(p.wrong, 0);
}

/* Without the mask the same data does give wrong labels: the test above can fail. */
static void mask_is_needed(void **state)
{
    const cvi_kernels *kernels = cvi_kernels_pick(NULL);
    int64_t wrong = 0;
    (void)state;
    for (int round = 0; round < 20; round++) {
        double x[64 * 3], c[40 * 3], panels[40 * 3], sqnorm[40];
        _Alignas(64) float tile[3 * 64], centers[48 * 3] = {0}, half[48], norms[64] = {0};
        float best[64];
        int32_t label[64];
        for (int i = 0; i < 64 * 3; i++)
            x[i] = (double)(int)(8 * ref_uniform());
        for (int i = 0; i < 40 * 3; i++)
            c[i] = (double)(int)(8 * ref_uniform()) + 0.1;
        ref_pack64(c, 40, 3, panels, sqnorm);
        for (int j = 0; j < 48; j++) {
            half[j] = j < 40 ? (float)(sqnorm[j] / 2) : CVI_PADDING_SCORE;
            for (int f = 0; f < 3; f++)
                centers[(j / 16 * 3 + f) * 16 + j % 16] = j < 40 ? (float)c[j * 3 + f] : 0;
        }
        for (int i = 0; i < 64; i++)
            for (int f = 0; f < 3; f++)
                tile[f * 64 + i] = (float)x[i * 3 + f];
        cvi_screen s = {centers, half, 3, 40, 3, 0, 0, -1};
        const uint64_t open = kernels->screen_points(&s, tile, norms, 64, label, best);
        assert_int_equal(open, 0);
        for (int i = 0; i < 64; i++)
            wrong += label[i] != ref_nearest(x + i * 3, panels, sqnorm, 40, 3, NULL);
    }
    assert_true(wrong > 0);
}

/* A row that is NaN or has overflowed is always open. */
static void not_a_number_is_open(void **state)
{
    const cvi_kernels *kernels = cvi_kernels_pick(*state);
    if (kernels == NULL || strcmp(kernels->name, *state) != 0)
        skip();
    _Alignas(64) float tile[4 * 64] = {0}, centers[16 * 4] = {0}, half[16], norms[64] = {0};
    float best[64], row[4] = {NAN, 0, 0, 0};
    const float *rows[64];
    int32_t label[64];
    for (int j = 0; j < 16; j++) {
        half[j] = j < 9 ? (float)j : CVI_PADDING_SCORE;
        centers[j] = j < 9 ? (float)j : 0;
    }
    tile[7] = NAN;
    for (int i = 0; i < 64; i++)
        rows[i] = i == 7 ? row : tile + 64;
    norms[7] = NAN;
    cvi_screen s = {centers, half, 4, 9, 1, 1e-6f, 1e-6f, 0};
    assert_true(kernels->screen_points(&s, tile, norms, 64, label, best) >> 7 & 1);
    assert_true(kernels->screen_centers(&s, rows, norms, 64, label, best) >> 7 & 1);
}

int main(void)
{
    struct CMUnitTest tests[3 * sizeof LEVELS / sizeof *LEVELS + 1];
    size_t n = 0;
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
        tests[n++] = (struct CMUnitTest){LEVELS[i], screens_agree_with_the_canonical_score, NULL, NULL, (void *)(uintptr_t)LEVELS[i]};
        tests[n++] = (struct CMUnitTest){LEVELS[i], a_million_rows, NULL, NULL, (void *)(uintptr_t)LEVELS[i]};
        tests[n++] = (struct CMUnitTest){LEVELS[i], not_a_number_is_open, NULL, NULL, (void *)(uintptr_t)LEVELS[i]};
    }
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(mask_is_needed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
