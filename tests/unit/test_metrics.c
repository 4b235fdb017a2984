/* Scores of a clustering: scikit-learn's values, cases worked out by hand, and the same bits however the work
 * is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "covey/covey.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef covey_status (*score_function)(const covey_matrix *x, const int32_t *labels, int64_t k,
                                       const covey_run *run, double *out, covey_error *err);

static const score_function scores[3] = {covey_silhouette_score, covey_calinski_harabasz,
                                         covey_davies_bouldin};

static covey_run run_with(int threads, const char *isa)
{
    covey_run run;
    covey_run_init(&run);
    run.threads = threads;
    run.isa = isa;
    return run;
}

static bool near(double got, double expected, double relative)
{
    return fabs(got - expected) <= relative * fabs(expected);
}

static int64_t nearest(const double *x, const double centers[4][2])
{
    int64_t best = 0;
    for (int64_t j = 1; j < 4; j++)
        if (hypot(x[0] - centers[j][0], x[1] - centers[j][1]) <
            hypot(x[0] - centers[best][0], x[1] - centers[best][1]))
            best = j;
    return best;
}

/* The four blobs of scikit-learn's examples and their k-means clusters. */
static void blobs(double x[600], int32_t label[300])
{
    covey_random random;
    const double stds[4] = {.6, .6, .6, .6};
    const double centers[4][2] = {{1.98, .87}, {-1.37, 7.75}, {.95, 4.42}, {-1.58, 2.83}};
    covey_random_seed(&random, 0);
    assert_int_equal(covey_make_blobs(&random, 300, 2, 4, NULL, stds, NULL, 1, x, NULL, NULL), COVEY_OK);
    for (int i = 0; i < 300; i++)
        label[i] = (int32_t)nearest(x + 2 * i, centers);
}

static void known_values(void **state)
{
    (void)state;
    static double x[600];
    static int32_t label[300];
    blobs(x, label);
    const covey_matrix view = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, 300, 2);
    const double expected[3] = {0.68199386906434778, 1210.0899142587816, 0.43756400782378385};
    for (int s = 0; s < 3; s++) {
        double got;
        assert_int_equal(scores[s](&view, label, 4, NULL, &got, NULL), COVEY_OK);
        assert_true(near(got, expected[s], 1e-14));
    }
}

/* Six points; cluster 2 has one row, cluster 3 none. */
static const double small_x[12] = {0, 0, 0, 1, 3, 0, 3, 2, 10, 10, 4, 4};
static const int32_t small_labels[6] = {0, 0, 1, 1, 2, 1};

static void worked_out(void **state)
{
    (void)state;
    const covey_matrix view = covey_matrix_dense(small_x, COVEY_DTYPE_FLOAT64, 6, 2);
    double got[6];
    assert_int_equal(covey_silhouette_samples(&view, small_labels, 4, NULL, got, NULL), COVEY_OK);
    const double to_1 =
        (3 + sqrt(13) + sqrt(32)) / 3; /* from row 0 to cluster 1; its own mate is at distance 1 */
    assert_true(near(got[0], (to_1 - 1) / to_1, 1e-15));
    const double own = (2 + sqrt(17)) / 2,
                 other = (3 + sqrt(10)) / 2; /* row 2 is nearer to cluster 0 than to its own */
    assert_true(near(got[2], (other - own) / (own > other ? own : other), 1e-14));
    assert_true(got[4] == 0); /* alone */
    for (int s = 0; s < 3; s++) {
        /* scikit-learn's values */
        const double expected[3] = {0.3790269387219653, 21.436363636363634, 0.41057460400733353};
        double value;
        assert_int_equal(scores[s](&view, small_labels, 4, NULL, &value, NULL), COVEY_OK);
        assert_true(near(value, expected[s], 1e-14));
    }
}

static void fill(double *x, int64_t n, int64_t d, int32_t *label, int32_t k)
{
    covey_random random;
    covey_random_seed(&random, 17);
    for (int64_t i = 0; i < n; i++) {
        label[i] = (int32_t)covey_random_int(&random, 0, k);
        for (int64_t f = 0; f < d; f++)
            x[i * d + f] = label[i] % 3 + covey_random_normal(&random);
    }
}

/* Threads, instruction sets and storage change no bit. */
static void one_answer(void **state)
{
    (void)state;
    const int64_t shapes[][3] = {{700, 1, 5}, {333, 2, 60}, {1500, 7, 3}, {400, 65, 9}, {90, 300, 2}};
    const char *const isas[] = {"portable", "avx2", "avx512", "neon"};
    for (size_t t = 0; t < sizeof shapes / sizeof *shapes; t++) {
        const int64_t n = shapes[t][0], d = shapes[t][1], k = shapes[t][2];
        double *x = malloc((size_t)(n * d) * sizeof *x), *first = malloc((size_t)n * sizeof *first);
        double *again = malloc((size_t)n * sizeof *again);
        int32_t *label = malloc((size_t)n * sizeof *label);
        fill(x, n, d, label, (int32_t)k);
        const covey_matrix view = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, n, d);
        covey_run run = run_with(1, NULL);
        double plain[3], other;
        assert_int_equal(covey_silhouette_samples(&view, label, k, &run, first, NULL), COVEY_OK);
        for (int s = 0; s < 3; s++)
            assert_int_equal(scores[s](&view, label, k, &run, &plain[s], NULL), COVEY_OK);
        for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
            if (covey_isa_available(isas[i]) != 1)
                continue;
            for (int threads = 1; threads <= 7; threads += 3) {
                run = run_with(threads, isas[i]);
                assert_int_equal(covey_silhouette_samples(&view, label, k, &run, again, NULL), COVEY_OK);
                assert_memory_equal(first, again, (size_t)n * sizeof *first);
                for (int s = 0; s < 3; s++) {
                    assert_int_equal(scores[s](&view, label, k, &run, &other, NULL), COVEY_OK);
                    assert_true(other == plain[s]);
                }
            }
        }
        free(x);
        free(first);
        free(again);
        free(label);
    }
}

static void sparse_and_float32(void **state)
{
    (void)state;
    enum { N = 200, D = 9 };
    static double x[N * D], values[N * D];
    static float narrow[N * D];
    static int32_t label[N], columns[N * D], starts[N + 1];
    fill(x, N, D, label, 4);
    int32_t count = 0;
    for (int i = 0; i < N; i++) {
        for (int f = 0; f < D; f++) {
            double *v = &x[i * D + f];
            narrow[i * D + f] = (float)*v;
            *v = fabs(*v) < 1 ? 0 : (double)(float)*v;
            narrow[i * D + f] = (float)*v;
            if (*v == 0)
                continue;
            values[count] = *v;
            columns[count++] = f;
        }
        starts[i + 1] = count;
    }
    const covey_matrix wide = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, D);
    const covey_matrix single = covey_matrix_dense(narrow, COVEY_DTYPE_FLOAT32, N, D);
    const covey_matrix sparse = covey_matrix_csr(values, COVEY_DTYPE_FLOAT64, starts, columns, 4, N, D);
    for (int s = 0; s < 3; s++) {
        double a, b, c;
        assert_int_equal(scores[s](&wide, label, 4, NULL, &a, NULL), COVEY_OK);
        assert_int_equal(scores[s](&single, label, 4, NULL, &b, NULL), COVEY_OK);
        assert_int_equal(scores[s](&sparse, label, 4, NULL, &c, NULL), COVEY_OK);
        assert_true(a == b && a == c);
    }
}

static void nothing_to_tell_apart(void **state)
{
    (void)state;
    const double same[12] = {0}, pairs[12] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2};
    const int32_t label[6] = {0, 0, 1, 1, 2, 2};
    const covey_matrix one = covey_matrix_dense(same, COVEY_DTYPE_FLOAT64, 6, 2);
    const covey_matrix three = covey_matrix_dense(pairs, COVEY_DTYPE_FLOAT64, 6, 2);
    const double of_one[3] = {0, 1, 0}, of_three[3] = {1, 1, 0};
    for (int s = 0; s < 3; s++) {
        double got;
        assert_int_equal(scores[s](&one, label, 3, NULL, &got, NULL), COVEY_OK);
        assert_true(got == of_one[s]);
        assert_int_equal(scores[s](&three, label, 3, NULL, &got, NULL), COVEY_OK);
        assert_true(got == of_three[s]);
    }
}

static void refusals(void **state)
{
    (void)state;
    const covey_matrix view = covey_matrix_dense(small_x, COVEY_DTYPE_FLOAT64, 6, 2);
    const double hole[4] = {1, 2, NAN, 4};
    const covey_matrix bad = covey_matrix_dense(hole, COVEY_DTYPE_FLOAT64, 2, 2);
    const int32_t one[6] = {1, 1, 1, 1, 1, 1}, all[6] = {0, 1, 2, 3, 4, 5}, high[6] = {0, 0, 1, 4, 1, 1};
    const int32_t negative[6] = {0, 0, 1, 1, -1, 1};
    for (int s = 0; s < 4; s++) {
        const score_function f = s < 3 ? scores[s] : covey_silhouette_samples;
        double out[6] = {-7, -7, -7, -7, -7, -7};
        covey_error err;
        assert_int_equal(f(&view, one, 4, NULL, out, &err), COVEY_ERR_ARGUMENT);
        assert_non_null(strstr(err.message, "1 distinct"));
        assert_int_equal(f(&view, all, 6, NULL, out, &err), COVEY_ERR_ARGUMENT);
        assert_int_equal(f(&view, high, 4, NULL, out, &err), COVEY_ERR_ARGUMENT);
        assert_int_equal(err.row, 3);
        assert_int_equal(f(&view, negative, 4, NULL, out, &err), COVEY_ERR_ARGUMENT);
        assert_int_equal(err.row, 4);
        assert_int_equal(f(&view, one, 0, NULL, out, &err), COVEY_ERR_ARGUMENT);
        assert_int_equal(f(&bad, small_labels, 4, NULL, out, &err), COVEY_ERR_NONFINITE);
        assert_int_equal(f(NULL, small_labels, 4, NULL, out, &err), COVEY_ERR_ARGUMENT);
        assert_int_equal(f(&view, NULL, 4, NULL, out, &err), COVEY_ERR_ARGUMENT);
        assert_int_equal(f(&view, small_labels, 4, NULL, NULL, &err), COVEY_ERR_ARGUMENT);
        covey_run run = run_with(1, NULL);
        run.memory_limit = 100;
        assert_int_equal(f(&view, small_labels, 4, &run, out, &err), COVEY_ERR_LIMIT);
        for (int i = 0; i < 6; i++)
            assert_true(out[i] == -7);
    }
}

static int give_up(void *user, const covey_progress *progress)
{
    (void)progress;
    ++*(int *)user;
    return 2;
}

static void can_be_cancelled(void **state)
{
    (void)state;
    const int64_t n = 40000, d = 8;
    double *x = malloc((size_t)(n * d) * sizeof *x), out = -7;
    int32_t *label = malloc((size_t)n * sizeof *label);
    fill(x, n, d, label, 3);
    const covey_matrix view = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, n, d);
    int calls = 0;
    covey_run run = run_with(2, NULL);
    run.progress = give_up;
    run.user = &calls;
    assert_int_equal(covey_silhouette_score(&view, label, 3, &run, &out, NULL), COVEY_ERR_CANCELLED);
    assert_int_equal(calls, 1);
    assert_true(out == -7);
    free(x);
    free(label);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(worked_out),
        cmocka_unit_test(one_answer),
        cmocka_unit_test(sparse_and_float32),
        cmocka_unit_test(nothing_to_tell_apart),
        cmocka_unit_test(refusals),
        cmocka_unit_test(can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
