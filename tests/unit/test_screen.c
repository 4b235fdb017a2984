/*
 * Plan "screen" (and "brute", whose wide rows take other kernels) against plan "canonical" where its groups, references and repairs have work: many centers in few blobs
 * (more candidates than a row remembers), groups that are cut at gaps and evenly, rows far from the mean, repeated rows
 * and centers, restarts, outliers beyond the screen's range, every instruction set, one to three threads.  In debug builds
 * the strategy holds every label against the canonical score itself.
 */
#include "covey/covey.h"

#include "support/splitmix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ROUNDS = 48 };
#else
enum { ROUNDS = 160 };
#endif

enum { BLOBS, TIGHT, UNIFORM, GRID, COPIES, FAR, OUTLIER, WILD, KINDS };

typedef struct data {
    int64_t n, d, k;
    bool f32;
    double *x;
    float *x32;
} data;

static double value(int kind, int64_t blob, int64_t f)
{
    const double place = (double)((blob * 7919 + f * 104729 + blob * f * 31) % 13);
    switch (kind) {
    case BLOBS:
        return place * 3 + bell();
    case TIGHT:
        return place * 100 + 0.01 * bell();
    case GRID:
        return (double)below(3);
    case FAR:
        return 1e6 + place + bell();
    default:
        return bell();
    }
}

static data make(int kind, int64_t n, int64_t d, int64_t k)
{
    const int64_t blobs = 1 + below(6);
    data m = {.n = n, .d = d, .k = k, .f32 = below(2) != 0};
    m.x = malloc((size_t)(n * d) * sizeof(double));
    m.x32 = malloc((size_t)(n * d) * sizeof(float));
    for (int64_t i = 0; i < n; i++) {
        const int64_t blob = below(blobs), copy = kind == COPIES && i > 20 ? below(i) : i;
        for (int64_t f = 0; f < d; f++)
            m.x[i * d + f] = copy < i ? m.x[copy * d + f] : value(kind, blob, f);
    }
    if (kind == OUTLIER || kind == WILD)
        m.x[below(n) * d] = kind == OUTLIER ? 1e4 : 1e30;
    for (int64_t a = 0; a < n * d; a++) {
        m.x32[a] = (float)m.x[a];
        m.x[a] = m.f32 ? (double)m.x32[a] : m.x[a];
    }
    return m;
}

typedef struct outcome {
    int32_t *labels;
    double *centers;
    covey_report report;
} outcome;

static outcome fit_within(const data *m, const char *plan, const char *isa, int32_t threads, int64_t n_init, size_t budget)
{
    const covey_matrix x = m->f32 ? covey_matrix_dense(m->x32, COVEY_DTYPE_FLOAT32, m->n, m->d)
                                  : covey_matrix_dense(m->x, COVEY_DTYPE_FLOAT64, m->n, m->d);
    outcome o = {malloc((size_t)m->n * sizeof(int32_t)), malloc((size_t)(m->k * m->d) * sizeof(double)),
                 {.size = sizeof o.report}};
    covey_fit_options options;
    covey_run run;
    covey_model *model = NULL;
    covey_error err;
    covey_fit_options_init(&options, COVEY_ALGORITHM_KMEANS);
    covey_run_init(&run);
    options.n_clusters = m->k;
    options.init = COVEY_SEED_RANDOM;
    options.n_init = n_init;
    options.max_iter = 12;
    options.tol = 0;
    options.seed = 5;
    run.plan = plan;
    run.isa = isa;
    run.threads = threads;
    run.accelerator_budget = budget;
    if (covey_model_fit(&x, NULL, &options, &run, o.labels, &o.report, &model, &err) != COVEY_OK)
        fail_msg("%s", err.message);
    memcpy(o.centers, covey_model_centers(model), (size_t)(m->k * m->d) * sizeof(double));
    covey_model_free(model);
    return o;
}

static outcome fit(const data *m, const char *plan, const char *isa, int32_t threads, int64_t n_init)
{
    return fit_within(m, plan, isa, threads, n_init, SIZE_MAX);
}

static void drop(outcome *o)
{
    free(o->labels);
    free(o->centers);
}

static bool same(const data *m, const outcome *a, const outcome *b)
{
    return memcmp(a->labels, b->labels, (size_t)m->n * sizeof(int32_t)) == 0 &&
           memcmp(a->centers, b->centers, (size_t)(m->k * m->d) * sizeof(double)) == 0 &&
           memcmp(&a->report.inertia, &b->report.inertia, sizeof(double)) == 0 && a->report.n_iter == b->report.n_iter;
}

static void wide_rows_are_canonical(void **context)
{
    static const char *const levels[] = {"avx512-vnni", "avx512", "avx2-vnni", "avx2", "portable", "neon-dot", "neon"};
    static const char *const plans[] = {"screen", "brute"};
    (void)context;
    int64_t skipped = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        draw_state = seed;
        const int kind = (int)(seed % KINDS);
        const int64_t k = seed % 16 == 0 ? 400 : 1 + below(90), d = 1 + below(seed % 3 == 0 ? 150 : 70);
        data m = make(kind, k + 100 + below(500), d, k);
        const int64_t n_init = 1 + below(2);
        outcome truth = fit(&m, "canonical", NULL, 1, n_init);
        for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
            if (covey_isa_available(levels[l]) != 1 || (l > 2 && seed % 4 != 0))
                continue;
            for (size_t s = 0; s < 2; s++) {
                outcome found = fit(&m, plans[s], levels[l], 1 + (int32_t)below(3), n_init);
                if (!same(&m, &truth, &found))
                    fail_msg("seed %d, kind %d, n %d, d %d, k %d: %s differs on %s", (int)seed, kind, (int)m.n, (int)m.d,
                             (int)m.k, plans[s], levels[l]);
                assert_string_equal(found.report.plan, plans[s]);
                skipped += s == 0 && found.report.n_distances < found.report.n_distances_full;
                drop(&found);
            }
        }
        drop(&truth);
        free(m.x);
        free(m.x32);
    }
    assert_true(skipped > ROUNDS / 5);
}

/* Without room for the rows' second plane the answer is the same, and the memory stated is that of one plane. */
static void one_plane_or_two(void **context)
{
    enum { N = 6000, D = 130, K = 60, DQ = 192 };
    (void)context;
    draw_state = 99;
    for (int kind = BLOBS; kind <= UNIFORM; kind++) {
        data m = make(kind, N, D, K);
        outcome two = fit(&m, "screen", NULL, 2, 1), one = fit_within(&m, "screen", NULL, 2, 1, (size_t)N * (2 * DQ + 56));
        assert_true(same(&m, &one, &two));
        assert_string_equal(one.report.plan, "screen");
        const int64_t plane = N * (DQ / 2 + 8) + K * (DQ + 24);
        const int64_t more = (int64_t)two.report.bytes_planned - (int64_t)one.report.bytes_planned;
        assert_true(more >= plane && more <= plane + N * 4 * 2 + (1 << 16)); /* and bounds of some more panels */
        drop(&one);
        drop(&two);
        free(m.x);
        free(m.x32);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(wide_rows_are_canonical), cmocka_unit_test(one_plane_or_two)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
