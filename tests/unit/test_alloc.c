/*
 * Row 43: memory that runs out at the i-th request, for every i, once or for ever: COVEY_ERR_MEMORY (or success, where the
 * library can do without), nothing leaks, outputs stay as they were, and the next call works.
 */
#include <covey/covey.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct faulty {
    long requests, fail_at, live;
    int for_ever;
} faulty;

static void *take(void *user, size_t bytes)
{
    faulty *f = user;
    const long at = f->requests++;
    if (f->fail_at >= 0 && (at == f->fail_at || (f->for_ever && at > f->fail_at)))
        return NULL;
    f->live++;
    return malloc(bytes);
}

static void give_back(void *user, void *block)
{
    ((faulty *)user)->live -= block != NULL;
    free(block);
}

enum { N = 200, D = 5, K = 7 };

/* One fit and the calls on its model. Returns the first status that is not COVEY_OK. */
static covey_status use(covey_algorithm algorithm, const covey_run *run, const double *x)
{
    const covey_matrix rows = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, D);
    covey_fit_options options;
    covey_fit_options_init(&options, algorithm);
    options.n_clusters = K;
    options.n_init = 2;
    options.batch_size = 32;
    int32_t labels[N], predicted[N];
    memset(labels, 0x55, sizeof labels);
    int32_t before[N];
    memcpy(before, labels, sizeof labels);
    covey_model *model = NULL;
    covey_error err;
    covey_status status = covey_model_fit(&rows, NULL, &options, run, labels, NULL, &model, &err);
    if (status != COVEY_OK) {
        assert_null(model);
        assert_memory_equal(labels, before, sizeof labels);
        assert_true(strlen(err.message) > 0);
        return status;
    }
    double distances[N * K], score;
    status = covey_model_predict(model, &rows, run, predicted, NULL, &err);
    if (status == COVEY_OK)
        assert_memory_equal(predicted, labels, sizeof labels);
    if (status == COVEY_OK)
        status = covey_model_transform(model, &rows, run, distances, COVEY_DTYPE_FLOAT64, &err);
    if (status == COVEY_OK)
        status = covey_model_score(model, &rows, NULL, run, &score, &err);
    covey_model_free(model);
    return status;
}

static void every_request_fails_once(covey_algorithm algorithm, int for_ever)
{
    covey_random random;
    double x[N * D];
    covey_random_seed(&random, 1);
    for (int i = 0; i < N * D; i++)
        x[i] = covey_random_normal(&random);
    faulty f = {.fail_at = -1, .for_ever = for_ever};
    const covey_allocator allocator = {.allocate = take, .release = give_back, .user = &f};
    covey_run run;
    covey_run_init(&run);
    run.allocator = &allocator;
    run.threads = 2;
    assert_int_equal(use(algorithm, &run, x), COVEY_OK);
    const long requests = f.requests;
    assert_true(requests > 3);
    assert_int_equal(f.live, 0);
    long refused = 0;
    for (long i = 0; i < requests; i++) {
        f = (faulty){.fail_at = i, .for_ever = for_ever};
        const covey_status status = use(algorithm, &run, x);
        assert_true(status == COVEY_OK || status == COVEY_ERR_MEMORY);
        assert_int_equal(f.live, 0);
        refused += status == COVEY_ERR_MEMORY;
        f = (faulty){.fail_at = -1};
        assert_int_equal(use(algorithm, &run, x), COVEY_OK);
    }
    assert_true(refused > 3);
}

static void row_43_kmeans(void **state)
{
    (void)state;
    every_request_fails_once(COVEY_ALGORITHM_KMEANS, 0);
    every_request_fails_once(COVEY_ALGORITHM_KMEANS, 1);
}

static void row_43_minibatch(void **state)
{
    (void)state;
    every_request_fails_once(COVEY_ALGORITHM_MINIBATCH, 0);
    every_request_fails_once(COVEY_ALGORITHM_MINIBATCH, 1);
}

static void row_43_bisecting(void **state)
{
    (void)state;
    every_request_fails_once(COVEY_ALGORITHM_BISECTING, 0);
    every_request_fails_once(COVEY_ALGORITHM_BISECTING, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(row_43_kmeans), cmocka_unit_test(row_43_minibatch),
                                       cmocka_unit_test(row_43_bisecting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
