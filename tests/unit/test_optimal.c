/* The optimum of one feature: against all partitions of tiny cases, and never worse than k-means with 50 restarts. */
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

enum { MOST_ROWS = 400 };

typedef struct fit {
    covey_status status;
    covey_error error;
    covey_report report;
    int32_t labels[MOST_ROWS];
    double centers[MOST_ROWS];
} fit;

static void run_fit(fit *f, const covey_matrix *x, const double *weights, covey_algorithm algorithm, int64_t k, int64_t n_init,
                    const covey_run *run)
{
    covey_fit_options o;
    covey_model *model = NULL;
    covey_fit_options_init(&o, algorithm);
    o.n_clusters = k;
    o.n_init = n_init;
    memset(f, 0, sizeof *f);
    covey_report_init(&f->report);
    f->status = covey_model_fit(x, weights, &o, run, f->labels, &f->report, &model, &f->error);
    if (f->status == COVEY_OK)
        memcpy(f->centers, covey_model_centers(model), (size_t)k * sizeof(double));
    covey_model_free(model);
}

static int by_value(const void *a, const void *b)
{
    const double x = ((const double *)a)[0], y = ((const double *)b)[0];
    return (x > y) - (x < y);
}

/* Weighted squares of points from .. to - 1 (value, weight) about their mean, in long double from the definition. */
static long double squares(const double (*point)[2], int64_t from, int64_t to)
{
    long double mass = 0, sum = 0, sq = 0;
    for (int64_t i = from; i < to; i++) {
        mass += point[i][1];
        sum += (long double)point[i][1] * (point[i][0] - point[0][0]);
    }
    const long double mean = mass > 0 ? sum / mass : 0;
    for (int64_t i = from; i < to; i++) {
        const long double t = (long double)point[i][0] - point[0][0] - mean;
        sq += point[i][1] * t * t;
    }
    return sq;
}

/* The least over all ways to cut sorted points from .. n - 1 into at most k stretches. */
static long double least(const double (*point)[2], int64_t from, int64_t n, int64_t k)
{
    if (from == n)
        return 0;
    if (k == 1)
        return squares(point, from, n);
    long double best = INFINITY;
    for (int64_t to = from + 1; to <= n; to++) {
        const long double here = squares(point, from, to) + least(point, to, n, k - 1);
        best = here < best ? here : best;
    }
    return best;
}

static double value_of(int kind)
{
    switch (kind) {
    case 0:
        return (double)below(6);
    case 1:
        return covey_random_normal(&random_state);
    case 2:
        return 1e6 + (double)below(10) / 10;
    case 3:
        return uniform() < 0.5 ? -0.0 : (double)below(3) - 1;
    case 4:
        return ldexp(uniform(), (int)below(60));
    default:
        return uniform() < 0.1 ? 1e9 : (double)below(4) + 1e-3 * uniform();
    }
}

static void all_partitions(void **state)
{
    (void)state;
    static fit f;
    for (uint32_t number = 1; number <= 4000; number++) {
        double x[9], w[9], point[9][2];
        covey_random_seed(&random_state, number);
        const int kind = (int)below(6);
        const int64_t n = 1 + below(9), k = 1 + below(n);
        const bool weighted = uniform() < 0.5;
        for (int64_t i = 0; i < n; i++) {
            point[i][0] = x[i] = value_of(kind);
            w[i] = uniform() < 0.2 ? 0 : uniform() < 0.5 ? (double)(1 + below(3)) : uniform() * 100;
            point[i][1] = w[i] = weighted ? w[i] : 1;
        }
        point[0][1] = w[0] = weighted ? 1 : w[0];
        qsort(point, (size_t)n, sizeof point[0], by_value);
        const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, n, 1);
        run_fit(&f, &m, weighted ? w : NULL, COVEY_ALGORITHM_OPTIMAL, k, 0, NULL);
        assert_int_equal(f.status, COVEY_OK);
        const long double best = least((const double (*)[2])point, 0, n, k);
        /* Published centers are rounded, which costs each row half a unit of its value, squared. */
        long double total = 0, rounding = 0;
        for (int64_t i = 0; i < n; i++) {
            total += w[i];
            rounding = fmaxl(rounding, fabs(x[i]) * 0x1p-52L);
        }
        const long double more = 1e-12L * best + total * rounding * rounding;
        if (!(f.report.inertia <= best + more))
            fail_msg("case %u: inertia %.17g, the best partition has %.17Lg", number, f.report.inertia, best);
        assert_true(f.report.inertia >= (double)(best - more) * (1 - 1e-12));
        for (int64_t j = 1; j < k; j++)
            assert_true(f.centers[j - 1] <= f.centers[j]);
        assert_int_equal(f.report.converged, 1);
        assert_string_equal(f.report.plan, "optimal");
    }
}

static void never_worse_than_restarts(void **state)
{
    (void)state;
    static fit best, other;
    int better = 0;
    for (uint32_t number = 1; number <= 60; number++) {
        static double x[MOST_ROWS], w[MOST_ROWS];
        covey_random_seed(&random_state, 7000 + number);
        const int kind = (int)below(6);
        const int64_t n = 50 + below(MOST_ROWS - 50), k = 2 + below(20);
        for (int64_t i = 0; i < n; i++) {
            x[i] = value_of(kind);
            w[i] = (double)below(4);
        }
        w[0] = 1;
        const double *weights = number % 2 != 0 ? w : NULL;
        const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, n, 1);
        run_fit(&best, &m, weights, COVEY_ALGORITHM_OPTIMAL, k, 0, NULL);
        run_fit(&other, &m, weights, COVEY_ALGORITHM_KMEANS, k, 50, NULL);
        assert_int_equal(best.status, COVEY_OK);
        assert_int_equal(other.status, COVEY_OK);
        if (!(best.report.inertia <= other.report.inertia * (1 + 1e-12) + 1e-20))
            fail_msg("case %u: kind %d, n %d, k %d, inertia %.17g, k-means has %.17g", number, kind, (int)n, (int)k,
                     best.report.inertia, other.report.inertia);
        better += best.report.inertia < other.report.inertia * (1 - 1e-9);
    }
    assert_true(better > 3); /* or the comparison shows nothing */
}

/* The rows as float32, backwards, as CSR, with other threads: the same bytes. */
static void one_answer(void **state)
{
    (void)state;
    static fit a, b;
    static double x[MOST_ROWS], values[MOST_ROWS];
    static float x32[MOST_ROWS];
    static int32_t indptr[MOST_ROWS + 1], indices[MOST_ROWS];
    covey_random_seed(&random_state, 11);
    const int64_t n = MOST_ROWS, k = 9;
    for (int64_t i = 0; i < n; i++) {
        x32[i] = (float)covey_random_normal(&random_state);
        x[i] = (double)x32[i];
    }
    covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, n, 1);
    run_fit(&a, &m, NULL, COVEY_ALGORITHM_OPTIMAL, k, 0, NULL);
    covey_run run;
    covey_run_init(&run);
    for (int32_t threads = 1; threads <= 7; threads += 2) {
        run.threads = threads;
        const covey_matrix narrow = covey_matrix_dense(x32, COVEY_DTYPE_FLOAT32, n, 1);
        run_fit(&b, &narrow, NULL, COVEY_ALGORITHM_OPTIMAL, k, 0, &run);
        assert_memory_equal(a.labels, b.labels, sizeof a.labels);
        assert_memory_equal(a.centers, b.centers, (size_t)k * sizeof(double));
        assert_memory_equal(&a.report.inertia, &b.report.inertia, sizeof(double));
    }
    for (int64_t i = 0; i <= n; i++)
        indptr[i] = (int32_t)i;
    memcpy(values, x, sizeof values);
    const covey_matrix csr = covey_matrix_csr(values, COVEY_DTYPE_FLOAT64, indptr, indices, 4, n, 1);
    run_fit(&b, &csr, NULL, COVEY_ALGORITHM_OPTIMAL, k, 0, NULL);
    assert_int_equal(b.status, COVEY_OK);
    assert_memory_equal(a.labels, b.labels, sizeof a.labels);
}

/* Long rows of D are shared out: the same bytes for every number of threads. */
static void larger(void **state)
{
    (void)state;
    enum { N = 30000, K = 12 };
    double *x = malloc(N * sizeof *x), centers[2][K], inertia[2];
    covey_random_seed(&random_state, 5);
    for (int64_t i = 0; i < N; i++)
        x[i] = covey_random_normal(&random_state) * (1 + (double)(i % 3));
    for (int t = 0; t < 2; t++) {
        covey_fit_options o;
        covey_run run;
        covey_report report;
        covey_model *model;
        covey_run_init(&run);
        covey_fit_options_init(&o, COVEY_ALGORITHM_OPTIMAL);
        covey_report_init(&report);
        o.n_clusters = K;
        run.threads = t == 0 ? 1 : 5;
        const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, 1);
        assert_int_equal(covey_model_fit(&m, NULL, &o, &run, NULL, &report, &model, NULL), COVEY_OK);
        memcpy(centers[t], covey_model_centers(model), sizeof centers[t]);
        inertia[t] = report.inertia;
        covey_model_free(model);
    }
    assert_memory_equal(centers[0], centers[1], sizeof centers[0]);
    assert_memory_equal(&inertia[0], &inertia[1], sizeof inertia[0]);
    free(x);
}

static void refusals(void **state)
{
    (void)state;
    static fit f;
    const double x[6] = {1, 2, 3, 4, 5, NAN}, w[3] = {1, -1, 1};
    covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, 2, 2);
    run_fit(&f, &m, NULL, COVEY_ALGORITHM_OPTIMAL, 1, 0, NULL);
    assert_int_equal(f.status, COVEY_ERR_UNSUPPORTED);
    assert_non_null(strstr(f.error.message, "one feature"));
    m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, 6, 1);
    run_fit(&f, &m, NULL, COVEY_ALGORITHM_OPTIMAL, 2, 0, NULL);
    assert_int_equal(f.status, COVEY_ERR_NONFINITE);
    assert_int_equal(f.error.row, 5);
    m.n = 3;
    run_fit(&f, &m, w, COVEY_ALGORITHM_OPTIMAL, 2, 0, NULL);
    assert_int_equal(f.status, COVEY_ERR_NONFINITE);
    run_fit(&f, &m, NULL, COVEY_ALGORITHM_OPTIMAL, 4, 0, NULL);
    assert_int_equal(f.status, COVEY_ERR_ARGUMENT);
}

/* Memory is linear in the rows whatever k is, is told beforehand, and the limit is obeyed. */
static void memory(void **state)
{
    (void)state;
    enum { N = 20000 };
    double *x = malloc(N * sizeof *x);
    for (int64_t i = 0; i < N; i++)
        x[i] = (double)(i * 7919 % 20011);
    const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, 1);
    covey_fit_options o;
    covey_run run;
    covey_model *model;
    size_t few, many;
    covey_fit_options_init(&o, COVEY_ALGORITHM_OPTIMAL);
    covey_run_init(&run);
    o.n_clusters = 4;
    assert_int_equal(covey_model_fit_bytes(&m, NULL, &o, NULL, &few, NULL), COVEY_OK);
    o.n_clusters = 500;
    assert_int_equal(covey_model_fit_bytes(&m, NULL, &o, NULL, &many, NULL), COVEY_OK);
    assert_true(few >= 100 * (size_t)N && many < few + 400 * (size_t)500 + few / 4);
    run.memory_limit = few / 2;
    o.n_clusters = 4;
    assert_int_equal(covey_model_fit(&m, NULL, &o, &run, NULL, NULL, &model, NULL), COVEY_ERR_LIMIT);
    run.memory_limit = few + 64;
    assert_int_equal(covey_model_fit(&m, NULL, &o, &run, NULL, NULL, &model, NULL), COVEY_OK);
    covey_model_free(model);
    free(x);
}

/* Every allocation fails once; a stop is an error, as there is no half result. Nothing stays behind. */
typedef struct faulty {
    long requests, fail_at, live;
} faulty;

static void *take(void *user, size_t bytes)
{
    faulty *f = user;
    if (f->requests++ == f->fail_at)
        return NULL;
    f->live++;
    return malloc(bytes);
}

static void give_back(void *user, void *block)
{
    faulty *f = user;
    f->live -= block != NULL;
    free(block);
}

static int stop_at_once(void *user, const covey_progress *progress)
{
    (void)user;
    (void)progress;
    return 1;
}

static void failures(void **state)
{
    (void)state;
    static fit f;
    static double x[MOST_ROWS];
    for (int i = 0; i < MOST_ROWS; i++)
        x[i] = (double)(i * i % 83);
    const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, MOST_ROWS, 1);
    faulty memory = {.fail_at = -1};
    const covey_allocator allocator = {.allocate = take, .release = give_back, .user = &memory};
    covey_run run;
    covey_run_init(&run);
    run.allocator = &allocator;
    run_fit(&f, &m, NULL, COVEY_ALGORITHM_OPTIMAL, 5, 0, &run);
    assert_int_equal(f.status, COVEY_OK);
    const long requests = memory.requests;
    assert_true(requests >= 3);
    for (long i = 0; i < requests; i++) {
        memory = (faulty){.fail_at = i};
        run_fit(&f, &m, NULL, COVEY_ALGORITHM_OPTIMAL, 5, 0, &run);
        assert_int_equal(f.status, COVEY_ERR_MEMORY);
        assert_int_equal(memory.live, 0);
    }
}

static void stops(void **state)
{
    (void)state;
    enum { N = 200000 };
    double *x = malloc(N * sizeof *x);
    for (int i = 0; i < N; i++)
        x[i] = (double)(i * (int64_t)7919 % 200003);
    const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, 1);
    faulty memory = {.fail_at = -1};
    const covey_allocator allocator = {.allocate = take, .release = give_back, .user = &memory};
    covey_fit_options o;
    covey_run run;
    covey_model *model;
    covey_fit_options_init(&o, COVEY_ALGORITHM_OPTIMAL);
    covey_run_init(&run);
    o.n_clusters = 400; /* minutes, if nobody stopped it */
    run.allocator = &allocator;
    run.progress = stop_at_once;
    assert_int_equal(covey_model_fit(&m, NULL, &o, &run, NULL, NULL, &model, NULL), COVEY_ERR_CANCELLED);
    run.progress = NULL;
    run.time_limit = 0.2;
    assert_int_equal(covey_model_fit(&m, NULL, &o, &run, NULL, NULL, &model, NULL), COVEY_ERR_LIMIT);
    assert_int_equal(memory.live, 0);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_partitions), cmocka_unit_test(never_worse_than_restarts),
        cmocka_unit_test(one_answer),     cmocka_unit_test(larger),
        cmocka_unit_test(refusals),       cmocka_unit_test(memory),
        cmocka_unit_test(failures),       cmocka_unit_test(stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
