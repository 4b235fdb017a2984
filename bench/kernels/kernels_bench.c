/*
 * Share of the machine's measured peak that each kernel reaches, by level and shape: multiply-adds of floats, of bytes or words
 * where it computes, reading from memory where it reads.
 *
 *   kernels_bench [level [kernel [d]]]      exit status 1 if a case that must not waste the machine stays under its share (most: 70 %)
 *
 * The peak is measured here, at the level's vector width, by independent multiply-adds on registers; the best of several
 * short rounds counts for both sides, so that a busy machine disturbs little.  One multiply-add a pair and feature is
 * counted, whatever the kernel does besides.
 */
#include "kernels/dispatch.h"

#include <math.h>
#include <stdbool.h>
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
#define DOT_BYTES(r, i) "vpdpbusd %%" r "14, %%" r "15, %%" r #i "\n\t"
#define DOT_WORDS(r, i) "vpdpwssd %%" r "14, %%" r "15, %%" r #i "\n\t"
#if defined(CVI_HAVE_AVX512VNNI)
PEAK_LOOP(peak_bytes_512, "avx512f,avx512vnni", "zmm", DOT_BYTES)
PEAK_LOOP(peak_words_512, "avx512f,avx512vnni", "zmm", DOT_WORDS)
#endif
#if defined(CVI_HAVE_AVX2VNNI)
#define DOT_BYTES_VEX(r, i) "%{vex%} vpdpbusd %%" r "14, %%" r "15, %%" r #i "\n\t"
PEAK_LOOP(peak_bytes_256, "avx2,avxvnni", "ymm", DOT_BYTES_VEX)
#endif
#endif

typedef struct machine {
    const char *name;
    void (*f32)(int64_t), (*f64)(int64_t);     /* NULL: no figure for this level, rates alone are told */
    void (*bytes)(int64_t), (*words)(int64_t); /* levels with dot products of these run their kernels alone */
    int lanes;                                 /* floats */
    bool whole;                                /* such a level */
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
    cvi_integer integer;
    int32_t *lanes, *scores, *limit; /* [steps][64], [8 groups][64], [64] */
    float *error;
    int8_t *bytes[CVI_TILE];
    uint8_t *panel;
    int32_t *acc;
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

/* Whole numbers for the integer screen, and for a panel of the int8 screen; k is then that of its lanes. */
static void make_whole(shape *s, int64_t d, int64_t k, bool words)
{
    const int64_t steps = words ? (d + 1) / 2 : (d + 3) / 4, groups = (k + 7) / 8, dq = (d + 63) / 64 * 64;
    int32_t *centers = aligned((size_t)(groups * steps) * 32), *start = aligned((size_t)groups * 32);
    s->lanes = aligned((size_t)steps * 256);
    for (int64_t i = 0; i < steps * 64; i++)
        s->lanes[i] = (int32_t)(uniform() * 0x1p31) & 0x07ff07ff;
    for (int64_t i = 0; i < groups * steps * 8; i++)
        centers[i] = (int32_t)(uniform() * 0x1p31) & 0x07ff07ff;
    for (int64_t j = 0; j < groups * 8; j++)
        start[j] = j < k ? (int32_t)(uniform() * 1e6) : CVI_INTEGER_PADDING;
    s->integer = (cvi_integer){centers, start, steps, groups, words, 100, 100, 33};
    s->scores = aligned((size_t)groups * 8 * 256);
    s->limit = aligned(256);
    s->error = aligned(256);
    for (int i = 0; i < CVI_TILE; i++)
        s->bytes[i] = aligned((size_t)dq);
    s->panel = aligned((size_t)(dq * CVI_PANEL8));
    s->acc = aligned(CVI_TILE * CVI_PANEL8 * 4);
}

static void unmake(shape *s)
{
    free((void *)(uintptr_t)s->integer.centers);
    free((void *)(uintptr_t)s->integer.start);
    free(s->lanes);
    free(s->scores);
    free(s->limit);
    free(s->error);
    for (int i = 0; i < CVI_TILE; i++)
        free(s->bytes[i]);
    free(s->panel);
    free(s->acc);
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

static void call_integers(void *context)
{
    shape *s = context;
    s->open |= s->kernels->integer_screen(&s->integer, s->lanes, s->error, s->error, s->scores, s->label, s->limit);
}

static void call_panel8(void *context)
{
    shape *s = context;
    const int64_t dq = (s->canonical.d + 63) / 64 * 64;
    s->kernels->dot8_panel((const int8_t *const *)s->bytes, s->count, dq, s->panel, CVI_GROUPS8, s->acc);
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
    {"integer_screen", call_integers, 16, 32, 256, 64, 0}, {"integer_screen", call_integers, 16, 64, 100, 64, 70},
    {"integer_screen", call_integers, 8, 64, 100, 64, 0}, {"integer_screen", call_integers, 8, 128, 1000, 64, 70},
    {"dot8_panel", call_panel8, 8, 128, 48, 64, 0}, {"dot8_panel", call_panel8, 8, 768, 48, 64, 70},
};

/* The peak of a case's multiply-adds, and how many an instruction makes. */
static void (*peak_of(const machine *m, int bits, int *lanes))(int64_t)
{
    *lanes = m->lanes * 32 / bits;
    return bits == 8 ? m->bytes : bits == 16 ? m->words : bits == 32 ? m->f32 : m->f64;
}

/* kernel NULL and d 0: all. */
static int run_level(const machine *m, const char *kernel, int64_t d)
{
    const cvi_kernels *kernels = cvi_kernels_pick(m->name);
    if (kernels == NULL || strcmp(kernels->name, m->name) != 0) {
        printf("%-11s SKIPPED: this machine lacks it, or a cap is set\n", m->name);
        return 0;
    }
    int failures = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const kase *c = &cases[i];
        shape s;
        int lanes;
        if (m->whole != (c->bits < 32) || (c->call == call_integers && !kernels->has_integer))
            continue;
        if ((kernel != NULL && strcmp(kernel, c->kernel) != 0) || (d > 0 && d != c->d))
            continue;
        make(&s, kernels, c->d, c->k, c->count);
        if (m->whole)
            make_whole(&s, c->d, c->k, c->bits == 16);
        const double seconds = time_call(c->call, &s);
        unmake(&s);
        const double rate = (double)(c->d * c->k * c->count) / seconds;
        void (*loop)(int64_t) = peak_of(m, c->bits, &lanes);
        printf("%-11s %-15s %2d bits d=%-4lld k=%-5lld n=%-3lld %8.1f GFMA/s %7.2f ns/row", m->name, c->kernel, c->bits,
               (long long)c->d, (long long)c->k, (long long)c->count, rate * 1e-9, seconds * 1e9 / (double)c->count);
        if (loop != NULL) {
            const double share = rate / peak_rate(loop, lanes);
            const int bad = 100 * share < c->must;
            printf("  %3.0f %%%s", 100 * share, bad ? "  TOO SLOW" : "");
            failures += bad;
        }
        printf("\n");
    }
    return failures;
}

/* --- reading from memory ---------------------------------------------------------------------------------------------- */

enum { READ_D = 64, READ_ROWS = 1 << 19 }; /* 128 MiB of floats: no cache holds them */

typedef struct reading {
    const cvi_kernels *kernels;
    const float *x;
    double sum[READ_D], low[READ_D], high[READ_D];
    int64_t light[READ_D];
    uint64_t seen;
} reading;

static void call_plain(void *context)
{
    reading *r = context;
    uint64_t seen[8] = {0};
    const char *at = (const char *)r->x, *end = at + sizeof(float) * READ_D * READ_ROWS;
    for (; at < end; at += sizeof seen) {
        uint64_t v[8];
        memcpy(v, at, sizeof v);
        for (int i = 0; i < 8; i++)
            seen[i] |= v[i];
    }
    for (int i = 0; i < 8; i++)
        r->seen |= seen[i];
}

static void call_scan(void *context)
{
    reading *r = context;
    r->seen += (uint64_t)r->kernels->scan_f32(r->x, READ_D, READ_ROWS, READ_D, r->sum, r->low, r->high);
}

static void call_spread(void *context)
{
    reading *r = context;
    r->kernels->spread_f32(r->x, READ_D, READ_ROWS, READ_D, r->low, r->high, r->sum, r->light);
}

/* What the readings of the data get of what one thread can read. */
static int run_reading(const char *level)
{
    static const struct { const char *kernel; void (*call)(void *); int must; } of[] = {{"scan_f32", call_scan, 70},
                                                                                      {"spread_f32", call_spread, 50}};
    const double bytes = (double)sizeof(float) * READ_D * READ_ROWS;
    reading r = {.kernels = cvi_kernels_pick(level)};
    int failures = 0;
    if (r.kernels == NULL || strcmp(r.kernels->name, level) != 0)
        return 0;
    float *x = aligned((size_t)bytes);
    r.x = x;
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        const double plain = time_call(call_plain, &r), seconds = time_call(of[i].call, &r), share = plain / seconds;
        const int bad = 100 * share < of[i].must;
        printf("%-11s %-15s 128 MiB %8.1f GB/s  %3.0f %% of a plain reading%s\n", level, of[i].kernel, bytes / seconds * 1e-9, 100 * share,
               bad ? "  TOO SLOW" : "");
        failures += bad;
    }
    free(x);
    return failures;
}

int main(int argc, char **argv)
{
    static const machine machines[] = {
#if defined(__x86_64__)
        {.name = "avx512", .f32 = peak_ps_512, .f64 = peak_pd_512, .lanes = 16},
        {.name = "avx2", .f32 = peak_ps_256, .f64 = peak_pd_256, .lanes = 8},
#if defined(CVI_HAVE_AVX512VNNI)
        {.name = "avx512-vnni", .bytes = peak_bytes_512, .words = peak_words_512, .lanes = 16, .whole = true},
#endif
#if defined(CVI_HAVE_AVX2VNNI)
        {.name = "avx2-vnni", .bytes = peak_bytes_256, .lanes = 8, .whole = true},
#endif
#elif defined(__aarch64__)
        {.name = "neon", .lanes = 4},
        {.name = "neon-dot", .lanes = 4, .whole = true},
#endif
        {.name = "portable", .lanes = 4},
    };
    int failures = 0;
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (argc < 2 || strcmp(argv[1], machines[i].name) == 0)
            failures += run_level(&machines[i], argc > 2 ? argv[2] : NULL, argc > 3 ? atoi(argv[3]) : 0);
    for (size_t i = 0; i < sizeof machines / sizeof *machines && argc < 3; i++)
        if (!machines[i].whole && machines[i].f32 != NULL && (argc < 2 || strcmp(argv[1], machines[i].name) == 0))
            failures += run_reading(machines[i].name);
    return failures > 0;
}
