/* Sorted rows of one feature: byte for byte what the canonical score of every pair gives, on data chosen to tempt it into
 * an error; and it does skip work where there is work to skip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "covey/covey.h"

#include "support/draws.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 4000, MOST = 900 };

typedef struct fit {
    covey_status status;
    int32_t labels[MOST];
    double centers[MOST];
    covey_report report;
} fit;

typedef struct data {
    int64_t n, k;
    double x[MOST], weights[MOST], starts[MOST];
    float x32[MOST];
    bool float32, weighted;
    covey_seed init;
    int n_init, max_iter;
    uint32_t seed;
} data;

enum { NORMAL, GRID, OFFSET, DECIMAL, HUGE_ROW, EQUAL, ZEROS, NARROW, SCALES, SUBNORMAL, FAR_GROUP, KINDS };

static double value_of(int kind, int64_t i)
{
    const double normal = covey_random_normal(&random_state);
    switch (kind) {
    case GRID:
        return (double)below(7);
    case OFFSET:
        return 1e6 + normal;
    case DECIMAL:
        return (double)below(10) / 10;
    case EQUAL:
        return 3.25;
    case ZEROS:
        return uniform() < 0.4 ? -0.0 : uniform() < 0.5 ? 0.0 : (double)below(3) - 1;
    case NARROW: /* neighboring doubles: no score can tell them apart */
        return 1.0 + (double)below(9) * 0x1p-52;
    case SCALES:
        return ldexp(normal, (int)below(80) - 40);
    case SUBNORMAL:
        return (double)below(50) * 0x1p-1074;
    case FAR_GROUP: /* spacing near the scores' rounding */
        return i % 3 == 0 ? 1e7 + 0.01 * (double)below(40) : normal;
    default:
        return (double)below(5) * 3 + normal;
    }
}

static void make_data(data *x, uint32_t seed)
{
    covey_random_seed(&random_state, seed);
    memset(x, 0, sizeof *x);
    const int kind = (int)below(KINDS);
    x->n = 1 + (int64_t)(uniform() * uniform() * (MOST - 1));
    x->k = uniform() < 0.05 ? x->n : 1 + below(x->n < 60 ? x->n : 60);
    x->float32 = uniform() < 0.3;
    x->weighted = uniform() < 0.3;
    x->seed = seed;
    x->n_init = 1 + (uniform() < 0.3);
    x->max_iter = 2 + (int)below(20);
    for (int64_t i = 0; i < x->n; i++) {
        x->x[i] = value_of(kind, i);
        x->weights[i] = uniform() < 0.3 ? 0 : uniform() < 0.5 ? (double)below(4) : uniform() * 1e6;
    }
    if (kind == HUGE_ROW)
        x->x[below(x->n)] = 1e20;
    x->weights[x->n - 1] = 1;
    for (int64_t i = 0; i < x->n; i++)
        x->x32[i] = (float)x->x[i];
    x->init = uniform() < 0.5 ? COVEY_SEED_GIVEN : uniform() < 0.5 ? COVEY_SEED_PLUSPLUS : COVEY_SEED_D2;
    for (int64_t j = 0; j < x->k; j++) { /* rows, repeated, one bit beside each other, between rows, far away */
        const double row = x->x[j * 7 % x->n], other = x->x[below(x->n)], u = uniform();
        x->starts[j] = u < 0.02 ? 1e3 : u < 0.2 ? nextafter(row, INFINITY) : u < 0.4 ? 0.5 * (row + other) : row;
    }
}

static void run_fit(fit *f, const data *x, const char *plan, const char *isa, int32_t threads)
{
    covey_fit_options o;
    covey_run run;
    covey_model *model = NULL;
    const covey_matrix starts = covey_matrix_dense(x->starts, COVEY_DTYPE_FLOAT64, x->k, 1);
    covey_fit_options_init(&o, COVEY_ALGORITHM_KMEANS);
    covey_run_init(&run);
    o.n_clusters = x->k;
    o.n_init = x->n_init;
    o.max_iter = x->max_iter;
    o.seed = x->seed;
    o.tol = 0;
    o.init = x->init;
    o.centers = &starts;
    run.plan = plan;
    run.isa = isa;
    run.threads = threads;
    const covey_matrix m = x->float32 ? covey_matrix_dense(x->x32, COVEY_DTYPE_FLOAT32, x->n, 1)
                                      : covey_matrix_dense(x->x, COVEY_DTYPE_FLOAT64, x->n, 1);
    memset(f, 0, sizeof *f);
    covey_report_init(&f->report);
    f->status = covey_model_fit(&m, x->weighted ? x->weights : NULL, &o, &run, f->labels, &f->report, &model, NULL);
    if (f->status == COVEY_OK)
        memcpy(f->centers, covey_model_centers(model), (size_t)x->k * sizeof *f->centers);
    covey_model_free(model);
}

static void same_as_canonical(void **state)
{
    (void)state;
    static const char *const isas[] = {"portable", "avx2", "avx512", "neon"};
    static const int32_t thread_counts[] = {1, 2, 3, 7};
    static data x;
    static fit a, b;
    int64_t ran = 0;
    for (uint32_t seed = 1; seed <= CASES; seed++) {
        make_data(&x, seed);
        const char *isa = isas[below(4)];
        run_fit(&a, &x, "canonical", NULL, 1);
        run_fit(&b, &x, "sorted", covey_isa_available(isa) == 1 ? isa : NULL, thread_counts[below(4)]);
        assert_int_equal(a.status, b.status);
        if (a.status != COVEY_OK)
            continue;
        if (memcmp(a.labels, b.labels, sizeof a.labels) != 0 || memcmp(a.centers, b.centers, sizeof a.centers) != 0 ||
            memcmp(&a.report.inertia, &b.report.inertia, sizeof(double)) != 0 || a.report.n_iter != b.report.n_iter ||
            a.report.n_relocations != b.report.n_relocations)
            fail_msg("case %u differs", seed);
        ran += strcmp(b.report.plan, "sorted") == 0;
    }
    assert_true(ran > CASES / 2);
}

/* By default on one feature and many centers, and hardly a distance is made; values that cells do not spread are sorted too. */
static void skips_work(void **state)
{
    (void)state;
    enum { N = 40000, K = 300 };
    double *x = malloc(N * sizeof *x);
    int32_t *labels[2] = {malloc(N * sizeof(int32_t)), malloc(N * sizeof(int32_t))};
    for (int kind = 0; kind < 3; kind++) {
        covey_random_seed(&random_state, 9);
        for (int64_t i = 0; i < N; i++)
            x[i] = kind == 0 ? uniform() : kind == 1 ? exp(40 * uniform()) : (double)below(2000);
        const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, 1);
        double inertia[2] = {0, 0};
        for (int plan = 0; plan < 2; plan++) {
            covey_fit_options o;
            covey_run run;
            covey_report report;
            covey_model *model;
            covey_fit_options_init(&o, COVEY_ALGORITHM_KMEANS);
            covey_run_init(&run);
            covey_report_init(&report);
            o.n_clusters = K;
            o.init = COVEY_SEED_RANDOM;
            o.n_init = 2;
            run.threads = plan == 0 ? 3 : 1;
            run.plan = plan == 0 ? NULL : "canonical";
            assert_int_equal(covey_model_fit(&m, NULL, &o, &run, labels[plan], &report, &model, NULL), COVEY_OK);
            inertia[plan] = report.inertia;
            if (plan == 0) {
                assert_string_equal(report.plan, "sorted");
                /* Spread over 17 orders of magnitude, most scores of the small values round to one number. */
                assert_true(kind == 1 || report.n_distances < report.n_distances_full / 500);
            }
            covey_model_free(model);
        }
        assert_memory_equal(labels[0], labels[1], N * sizeof(int32_t));
        assert_memory_equal(&inertia[0], &inertia[1], sizeof(double));
    }
    free(x);
    free(labels[0]);
    free(labels[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_canonical), cmocka_unit_test(skips_work)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
