/*
 * Small random clusterings, each drawn from one number: ties, duplicates, offsets, subnormals, huge rows, zero weights,
 * k = 1 and k = n, odd shapes. Reproduce a failure with COVEY_CASE=<number>; COVEY_CASES sets how many are drawn.
 */
#ifndef COVEY_TESTS_CASES_H
#define COVEY_TESTS_CASES_H

#include "covey/covey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct random_case {
    uint32_t number;
    const char *kind;
    int64_t n, d, k;
    double *x;       /* [n, d] */
    double *weights; /* [n] or NULL */
    double *centers; /* [k, d] or NULL: given centers */
    covey_fit_options options;
    covey_matrix centers_view;
    int fits_float32; /* every value is a float32 */
    int fits_uint8;
} random_case;

static inline void *case_memory(int64_t count, size_t size)
{
    void *block = calloc((size_t)count + 1, size);
    if (block == NULL) {
        fprintf(stderr, "no memory\n");
        exit(2);
    }
    return block;
}

static inline int64_t case_pick(covey_random *r, int64_t low, int64_t high)
{
    return covey_random_int(r, low, high + 1);
}

enum { CASE_KINDS = 12 };

/* One value of a kind; i is its row, f its feature. */
static inline double case_value(covey_random *r, int kind, int64_t i, int64_t f, int64_t k)
{
    switch (kind) {
    case 0:
        return covey_random_normal(r);
    case 1:
        return (double)case_pick(r, 0, 3);
    case 2:
        return (double)case_pick(r, 0, 1);
    case 3: /* few distinct rows: their number decides the value */
        return (double)((i * 7 + f * f) % 5) * 0.5;
    case 4:
        return 1e6 + covey_random_normal(r);
    case 5: /* float32 subnormals */
        return (double)case_pick(r, -6, 6) * 0x1p-149;
    case 6:
        return i == 0 ? 1e30 : covey_random_normal(r);
    case 7:
        return (double)case_pick(r, 0, 20) / 10.0;
    case 8:
        return 3.25;
    case 9: /* blobs along a diagonal */
        return (double)(i % k) * 8.0 + covey_random_normal(r);
    case 10:
        return (double)case_pick(r, 0, 255);
    default: /* features of very different scales */
        return covey_random_normal(r) * (f % 3 == 0 ? 1e-8 : f % 3 == 1 ? 1.0 : 1e8);
    }
}

static inline int64_t case_features(covey_random *r)
{
    static const int64_t odd[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 129, 257, 530};
    const int64_t most = covey_random_double(r) < 0.9 ? 13 : 17;
    return odd[case_pick(r, 0, most)];
}

static inline void case_weights(random_case *c, covey_random *r)
{
    const int64_t rule = case_pick(r, 0, 5);
    if (rule > 2)
        return;
    c->weights = case_memory(c->n, sizeof(double));
    for (int64_t i = 0; i < c->n; i++) {
        const double u = covey_random_double(r);
        c->weights[i] = rule == 0 ? u : rule == 1 ? (double)(int)(u * 4) : u < 0.1 ? 1e6 * u : 1e-6 * u;
    }
    c->weights[c->n / 2] = 1.0;
}

static inline void case_options(random_case *c, covey_random *r)
{
    covey_fit_options *o = &c->options;
    covey_fit_options_init(o, COVEY_ALGORITHM_KMEANS);
    o->n_clusters = c->k;
    o->seed = c->number;
    o->n_init = case_pick(r, 1, 2);
    o->max_iter = case_pick(r, 0, 3) == 0 ? case_pick(r, 1, 4) : 100;
    o->tol = case_pick(r, 0, 1) == 0 ? 0.0 : 1e-4;
    const int64_t start = case_pick(r, 0, 3);
    if (start >= 2) { /* rows as centers, repeats and a far one among them */
        o->init = COVEY_SEED_GIVEN;
        c->centers = case_memory(c->k * c->d, sizeof(double));
        for (int64_t j = 0; j < c->k; j++)
            memcpy(c->centers + j * c->d, c->x + case_pick(r, 0, c->n - 1) * c->d, (size_t)c->d * sizeof(double));
        if (start == 3)
            c->centers[c->d * (c->k - 1)] += 1e3;
        c->centers_view = covey_matrix_dense(c->centers, COVEY_DTYPE_FLOAT64, c->k, c->d);
        o->centers = &c->centers_view;
    } else if (start == 1 && c->weights == NULL) { /* with zero weights there may be fewer rows to draw than k */
        o->init = COVEY_SEED_RANDOM;
    }
}

/* Fill c, which must stay where it is (options point into it). */
static inline void case_draw(random_case *c, uint32_t number)
{
    static const char *const kinds[CASE_KINDS] = {"normal",     "grid", "binary",     "repeated",  "offset", "subnormal",
                                                  "one huge row", "one decimal", "all equal", "blobs", "bytes",  "scales"};
    covey_random r;
    covey_random_seed(&r, number);
    memset(c, 0, sizeof *c);
    c->number = number;
    const int kind = (int)case_pick(&r, 0, CASE_KINDS - 1);
    c->kind = kinds[kind];
    c->d = case_features(&r);
    const int64_t size = case_pick(&r, 0, 9);
    c->n = size == 0 ? case_pick(&r, 1, 6) : size < 9 ? case_pick(&r, 7, 300) : case_pick(&r, 1000, 3000) / (1 + c->d / 16);
    if (c->n < 1)
        c->n = 1;
    const int64_t most = c->n < 70 ? c->n : 70;
    c->k = case_pick(&r, 0, 3) == 0 ? most : case_pick(&r, 1, most < 12 ? most : 12);
    c->x = case_memory(c->n * c->d, sizeof(double));
    c->fits_uint8 = kind == 1 || kind == 2 || kind == 10;
    c->fits_float32 = c->fits_uint8 || case_pick(&r, 0, 1) == 0;
    for (int64_t i = 0; i < c->n; i++) {
        for (int64_t f = 0; f < c->d; f++) {
            const double value = case_value(&r, kind, i, f, c->k);
            /* volatile: some compilers forget the rounding in vectorized loops */
            volatile float rounded = (float)value;
            c->x[i * c->d + f] = c->fits_float32 ? (double)rounded : value;
        }
    }
    case_weights(c, &r);
    case_options(c, &r);
}

static inline void case_free(random_case *c)
{
    free(c->centers);
    free(c->weights);
    free(c->x);
}

static inline covey_matrix case_view(const random_case *c)
{
    return covey_matrix_dense(c->x, COVEY_DTYPE_FLOAT64, c->n, c->d);
}

static inline void case_print(const random_case *c)
{
    printf("  COVEY_CASE=%u: %s, n %lld, d %lld, k %lld, %s weights, init %d, n_init %lld, max_iter %lld, tol %g\n", c->number,
           c->kind, (long long)c->n, (long long)c->d, (long long)c->k, c->weights != NULL ? "with" : "no", (int)c->options.init,
           (long long)c->options.n_init, (long long)c->options.max_iter, c->options.tol);
}

/* How many cases to draw: fewer where a sanitizer slows them down. */
static inline uint32_t case_count(uint32_t usual)
{
    const char *asked = getenv("COVEY_CASES");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    usual /= 8;
#endif
    return asked != NULL ? (uint32_t)strtoul(asked, NULL, 10) : usual;
}

/* Run test for each case, or for COVEY_CASE alone; stops after five failures. @return how many failed */
static inline int case_run_all(uint32_t usual, int (*test)(random_case *c, void *user), void *user)
{
    const char *one = getenv("COVEY_CASE");
    const uint32_t first = one != NULL ? (uint32_t)strtoul(one, NULL, 10) : 1;
    const uint32_t last = one != NULL ? first : case_count(usual);
    int failed = 0;
    for (uint32_t number = first; number <= last && failed < 5; number++) {
        random_case c;
        case_draw(&c, number);
        if (!test(&c, user)) {
            case_print(&c);
            failed++;
        }
        case_free(&c);
    }
    return failed;
}

/* The outcome of a fit, and whether two are the same to the last bit. */
typedef struct case_result {
    covey_status status;
    covey_error err;
    covey_report report;
    covey_model *model;
    int32_t *labels; /* [n] */
} case_result;

static inline void case_fit(const random_case *c, const covey_matrix *x, const covey_run *run, case_result *out)
{
    memset(out, 0, sizeof *out);
    covey_report_init(&out->report);
    out->labels = case_memory(c->n, sizeof(int32_t));
    out->status = covey_model_fit(x, c->weights, &c->options, run, out->labels, &out->report, &out->model, &out->err);
}

static inline void case_result_free(case_result *result)
{
    covey_model_free(result->model);
    free(result->labels);
}

/* @return NULL, or the name of the first part that differs */
static inline const char *case_difference(const random_case *c, const case_result *a, const case_result *b)
{
    if (a->status != b->status)
        return "status";
    if (a->status != COVEY_OK)
        return NULL;
    if (memcmp(a->labels, b->labels, (size_t)c->n * sizeof(int32_t)) != 0)
        return "labels";
    if (memcmp(covey_model_centers(a->model), covey_model_centers(b->model), (size_t)(c->k * c->d) * sizeof(double)) != 0)
        return "centers";
    if (memcmp(covey_model_mean(a->model), covey_model_mean(b->model), (size_t)c->d * sizeof(double)) != 0)
        return "mean";
    if (memcmp(&a->report.inertia, &b->report.inertia, sizeof(double)) != 0)
        return "inertia";
    if (memcmp(&a->report.total_ss, &b->report.total_ss, sizeof(double)) != 0)
        return "total_ss";
    if (memcmp(&a->report.tol, &b->report.tol, sizeof(double)) != 0)
        return "tol";
    if (a->report.n_iter != b->report.n_iter)
        return "n_iter";
    if (a->report.stop_reason != b->report.stop_reason)
        return "stop_reason";
    if (a->report.n_relocations != b->report.n_relocations)
        return "n_relocations";
    return NULL;
}

#endif
