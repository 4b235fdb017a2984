/*
 * Share of the machine's measured FMA peak that each compute-bound kernel reaches, by level and shape.
 *
 *   kernels_bench [level [kernel [d]]]      exit status 1 if a case that must not waste the machine stays under its share (most: 70 %)
 *
 * The peak is measured here, at the level's vector width, by independent multiply-adds on registers; the best of several
 * short rounds counts for both sides, so that a busy machine disturbs little.  One multiply-add a pair and feature is
 * counted, whatever the kernel does besides.
 */
#include "kernels/dispatch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 7 };
static const double ROUND_SECONDS = 0.006;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* other processes' turns do not count */
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#if defined(__x86_64__)
#define PEAK_LOOP(NAME, TARGET, REGISTER, OP)                                                                          \
    __attribute__((noinline, target(TARGET))) static void NAME(int64_t n)                                              \
    {                                                                                                                  \
        for (int64_t i = 0; i < n; i++)                                                                                \
            __asm__ volatile(OP(REGISTER, 0) OP(REGISTER, 1) OP(REGISTER, 2) OP(REGISTER, 3) OP(REGISTER, 4)           \
                             OP(REGISTER, 5) OP(REGISTER, 6) OP(REGISTER, 7) OP(REGISTER, 8) OP(REGISTER, 9)           \
                             OP(REGISTER, 10) OP(REGISTER, 11)::: "memory");                                           \
    }
#define FMA_PS(r, i) "vfmadd231ps %%" r "14, %%" r "15, %%" r #i "\n\t"
#define FMA_PD(r, i) "vfmadd231pd %%" r "14, %%" r "15, %%" r #i "\n\t"
PEAK_LOOP(peak_ps_256, "avx2,fma", "ymm", FMA_PS)
PEAK_LOOP(peak_pd_256, "avx2,fma", "ymm", FMA_PD)
PEAK_LOOP(peak_ps_512, "avx512f", "zmm", FMA_PS)
PEAK_LOOP(peak_pd_512, "avx512f", "zmm", FMA_PD)
#endif

typedef struct machine {
    const char *name;
    void (*f32)(int64_t), (*f64)(int64_t); /* NULL: no figure for this level, rates alone are told */
    int lanes;                             /* floats */
} machine;

/* Seconds a call, best of ROUNDS. */
static double time_call(void (*call)(void *), void *context)
{
    int64_t repeat = 1;
    double best = INFINITY;
    for (;;) {
        const double start = now();
        for (int64_t i = 0; i < repeat; i++)
            call(context);
        const double t = now() - start;
        if (t > ROUND_SECONDS / 4)
            break;
        repeat *= 2;
    }
    repeat *= 3;
    for (int r = 0; r < ROUNDS; r++) {
        const double start = now();
        for (int64_t i = 0; i < repeat; i++)
            call(context);
        best = fmin(best, (now() - start) / (double)repeat);
    }
    return best;
}

typedef struct peak_call {
    void (*loop)(int64_t);
} peak_call;

static void call_peak(void *context)
{
    ((peak_call *)context)->loop(2000);
}

/* Multiply-adds a second. */
static double peak_rate(void (*loop)(int64_t), int lanes)
{
    peak_call p = {loop};
    return 2000.0 * 12 * lanes / time_call(call_peak, &p);
}

typedef struct shape {
    const cvi_kernels *kernels;
    cvi_screen screen;
    cvi_canonical canonical;
    float *tile, *sqnorm;
    const float *row[CVI_TILE];
    double *rows;
    int64_t count, ld64;
    int32_t label[CVI_TILE];
    float best[CVI_TILE];
    double score[CVI_TILE];
    double *out;
    uint64_t open;
} shape;

static void *aligned(size_t bytes)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, bytes) != 0)
        exit(2);
    memset(p, 0, bytes);
    return p;
}

static double uniform(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53 - 0.5;
}

static void make(shape *s, const cvi_kernels *kernels, int64_t d, int64_t k, int64_t count)
{
    const int64_t g32 = (k + 15) / 16, g64 = (k + 7) / 8, ld = (d + 15) / 16 * 16;
    memset(s, 0, sizeof *s);
    float *centers = aligned((size_t)(g32 * d * 16) * 4), *half = aligned((size_t)g32 * 64);
    double *centers64 = aligned((size_t)(g64 * d * 8) * 8), *sqnorm = aligned((size_t)g64 * 64);
    for (int64_t j = 0; j < 16 * g32; j++) {
        double sq = 0;
        for (int64_t f = 0; f < d; f++) {
            const double c = j < k ? uniform() : 0;
            sq += c * c;
            centers[(j / 16 * d + f) * 16 + j % 16] = (float)c;
            if (j < 8 * g64)
                centers64[(j / 8 * d + f) * 8 + j % 8] = c;
        }
        half[j] = j < k ? (float)(sq / 2) : CVI_PADDING_SCORE;
        if (j < 8 * g64)
            sqnorm[j] = j < k ? sq : INFINITY;
    }
    s->kernels = kernels;
    s->count = count;
    s->screen = (cvi_screen){centers, half, d, k, g32, 1e-6f, 1e-6f, 0};
    s->canonical = (cvi_canonical){centers64, sqnorm, d, k, g64};
    s->tile = aligned((size_t)(ld * CVI_TILE) * 4);
    s->rows = aligned((size_t)(ld * CVI_TILE) * 8);
    s->out = aligned((size_t)(CVI_TILE * g64 * 8) * 8);
    s->ld64 = ld;
    s->sqnorm = aligned(CVI_TILE * 4);
    for (int64_t i = 0; i < ld * CVI_TILE; i++) {
        s->tile[i] = (float)uniform();
        s->rows[i] = uniform();
    }
    for (int64_t i = 0; i < CVI_TILE; i++) {
        s->row[i] = s->tile + i * ld;
        s->sqnorm[i] = (float)d / 12;
    }
}

static void unmake(shape *s)
{
    free((void *)(uintptr_t)s->screen.centers);
    free((void *)(uintptr_t)s->screen.half_sqnorm);
    free((void *)(uintptr_t)s->canonical.centers);
    free((void *)(uintptr_t)s->canonical.sqnorm);
    free(s->tile);
    free(s->rows);
    free(s->out);
    free(s->sqnorm);
}

static void call_points(void *context)
{
    shape *s = context;
    s->open |= s->kernels->screen_points(&s->screen, s->tile, s->sqnorm, s->count, s->label, s->best);
}

static void call_centers(void *context)
{
    shape *s = context;
    s->open |= s->kernels->screen_centers(&s->screen, s->row, s->sqnorm, s->count, s->label, s->best);
}

static void call_canonical(void *context)
{
    shape *s = context;
    s->kernels->canonical_rows(&s->canonical, s->rows, s->ld64, s->count, s->label, s->score);
}

static void call_panels(void *context)
{
    shape *s = context;
    s->kernels->sqdist_panels(s->rows, s->ld64, s->count, s->canonical.d, s->canonical.centers, s->canonical.groups,
                              s->out, s->canonical.groups * 8);
}

typedef struct kase {
    const char *kernel;
    void (*call)(void *);
    int bits;
    int64_t d, k, count;
    int must; /* per cent, or the exit status tells; 0: for information */
} kase;

static const kase cases[] = {
    {"screen_points", call_points, 32, 2, 16, 64, 0},     {"screen_points", call_points, 32, 2, 1000, 64, 0},
    {"screen_points", call_points, 32, 3, 256, 64, 0},    {"screen_points", call_points, 32, 4, 64, 64, 0},
    {"screen_points", call_points, 32, 8, 8, 64, 0},      {"screen_points", call_points, 32, 8, 50, 64, 0},
    {"screen_points", call_points, 32, 8, 64, 64, 70},     {"screen_points", call_points, 32, 8, 1000, 64, 70},
    {"screen_points", call_points, 32, 16, 64, 64, 70},    {"screen_points", call_points, 32, 16, 1000, 64, 70},
    {"screen_points", call_points, 32, 32, 16, 64, 0},    {"screen_points", call_points, 32, 32, 256, 64, 70},
    {"screen_points", call_points, 32, 40, 256, 64, 70},   {"screen_points", call_points, 32, 64, 256, 64, 70},
    {"screen_centers", call_centers, 32, 32, 256, 64, 0}, {"screen_centers", call_centers, 32, 48, 256, 64, 70},
    {"screen_centers", call_centers, 32, 64, 64, 64, 70},  {"screen_centers", call_centers, 32, 64, 1000, 64, 70},
    {"screen_centers", call_centers, 32, 128, 16, 64, 0}, {"screen_centers", call_centers, 32, 128, 96, 64, 70},
    {"screen_centers", call_centers, 32, 128, 100, 64, 70},
    {"screen_centers", call_centers, 32, 128, 1000, 64, 70},
    {"screen_centers", call_centers, 32, 784, 10, 64, 0}, {"screen_centers", call_centers, 32, 784, 16, 64, 70},
    {"screen_centers", call_centers, 32, 784, 100, 64, 70},
    {"screen_centers", call_centers, 32, 784, 1000, 64, 70},
    {"screen_centers", call_centers, 32, 784, 1000, 5, 0},
    {"canonical_rows", call_canonical, 64, 2, 64, 8, 0},  {"canonical_rows", call_canonical, 64, 8, 64, 8, 0},
    {"canonical_rows", call_canonical, 64, 8, 64, 64, 70}, {"canonical_rows", call_canonical, 64, 8, 1000, 8, 70},
    {"canonical_rows", call_canonical, 64, 8, 1000, 64, 70}, {"canonical_rows", call_canonical, 64, 16, 64, 64, 70},
    {"canonical_rows", call_canonical, 64, 16, 256, 64, 70}, {"canonical_rows", call_canonical, 64, 32, 256, 8, 70},
    {"canonical_rows", call_canonical, 64, 128, 100, 8, 70}, {"canonical_rows", call_canonical, 64, 784, 1000, 8, 70},
    {"canonical_rows", call_canonical, 64, 784, 1000, 64, 70}, {"canonical_rows", call_canonical, 64, 128, 100, 1, 0},
    {"canonical_rows", call_canonical, 64, 16, 64, 1, 0}, {"sqdist_panels", call_panels, 64, 16, 16, 64, 0},
    {"sqdist_panels", call_panels, 64, 128, 64, 64, 0},
};

/* kernel NULL and d 0: all. */
static int run_level(const machine *m, const char *kernel, int64_t d)
{
    const cvi_kernels *kernels = cvi_kernels_pick(m->name);
    if (kernels == NULL || strcmp(kernels->name, m->name) != 0) {
        printf("%-9s SKIPPED: this machine lacks it, or a cap is set\n", m->name);
        return 0;
    }
    int failures = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const kase *c = &cases[i];
        shape s;
        if ((kernel != NULL && strcmp(kernel, c->kernel) != 0) || (d > 0 && d != c->d))
            continue;
        make(&s, kernels, c->d, c->k, c->count);
        const double seconds = time_call(c->call, &s);
        unmake(&s);
        const double rate = (double)(c->d * c->k * c->count) / seconds;
        void (*loop)(int64_t) = c->bits == 32 ? m->f32 : m->f64;
        printf("%-9s %-15s d=%-4lld k=%-5lld n=%-3lld %8.1f GFMA/s %7.2f ns/row", m->name, c->kernel, (long long)c->d,
               (long long)c->k, (long long)c->count, rate * 1e-9, seconds * 1e9 / (double)c->count);
        if (loop != NULL) {
            const double share = rate / peak_rate(loop, c->bits == 32 ? m->lanes : m->lanes / 2);
            const int bad = 100 * share < c->must;
            printf("  %3.0f %%%s", 100 * share, bad ? "  TOO SLOW" : "");
            failures += bad;
        }
        printf("\n");
    }
    return failures;
}

int main(int argc, char **argv)
{
    static const machine machines[] = {
#if defined(__x86_64__)
        {"avx512", peak_ps_512, peak_pd_512, 16},
        {"avx2", peak_ps_256, peak_pd_256, 8},
#elif defined(__aarch64__)
        {"neon", NULL, NULL, 4},
#endif
        {"portable", NULL, NULL, 4},
    };
    int failures = 0;
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (argc < 2 || strcmp(argv[1], machines[i].name) == 0)
            failures += run_level(&machines[i], argc > 2 ? argv[2] : NULL, argc > 3 ? atoi(argv[3]) : 0);
    return failures > 0;
}
