/* The tree of boxes: byte for byte what the canonical score of every pair gives, on data chosen to tempt it
 * into an error; and it does skip work where there is work to skip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "covey/covey.h"

#include "support/draws.h"
#include "base/machine.h"
#include "data/order.h"
#include "kernels/dispatch.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 3000 };

static const char *const isas[] = {"portable", "avx2", "avx512", "neon"};
static const int32_t thread_counts[] = {1, 2, 3, 7};

typedef struct fit {
    covey_status status;
    int32_t *labels;
    double *centers;
    covey_report report;
    covey_error error;
} fit;

typedef struct data {
    int64_t n, d, k;
    bool float32;
    double *x, *weights; /* weights NULL: none */
    float *x32;
    int n_init, max_iter;
    covey_seed init;
    covey_matrix starts;
    double *start_rows;
    uint32_t seed;
} data;

enum { BLOBS, GRID, OFFSET, DECIMAL, DUPLICATES, HUGE_ROW, LINE, EQUAL, KINDS };

static double value_of(int kind, int64_t i, int64_t f)
{
    const double normal = covey_random_normal(&random_state);
    switch (kind) {
    case GRID:
        return (double)below(4);
    case OFFSET:
        return 1e6 + normal;
    case DECIMAL:
        return (double)below(10) / 10;
    case DUPLICATES:
        return (double)(i % 7 * (f + 1));
    case LINE:
        return (double)i;
    case EQUAL:
        return 3.25;
    default:
        return (double)below(5) * 3 + normal;
    }
}

static void make_data(data *x, uint32_t seed)
{
    covey_random_seed(&random_state, seed);
    memset(x, 0, sizeof *x);
    const int kind = (int)below(KINDS);
    x->n = 1 + (int64_t)(uniform() * uniform() * 900);
    x->d = 1 + below(CVI_ORDER_MAX_D);
    x->k = 1 + below(x->n < 60 ? x->n : 60);
    if (uniform() < 0.05)
        x->k = x->n;
    x->float32 = uniform() < 0.5;
    x->seed = seed;
    x->n_init = 1 + (uniform() < 0.2);
    x->max_iter = 2 + (int)below(20);
    x->x = malloc((size_t)(x->n * x->d) * sizeof *x->x);
    x->x32 = malloc((size_t)(x->n * x->d) * sizeof *x->x32);
    for (int64_t i = 0; i < x->n; i++)
        for (int64_t f = 0; f < x->d; f++)
            x->x[i * x->d + f] = value_of(kind, i, f);
    if (kind == HUGE_ROW)
        x->x[below(x->n) * x->d] = 1e20;
    for (int64_t a = 0; a < x->n * x->d; a++)
        x->x32[a] = (float)x->x[a];
    if (uniform() < 0.3) {
        x->weights = malloc((size_t)x->n * sizeof *x->weights);
        for (int64_t i = 0; i < x->n; i++)
            x->weights[i] = uniform() < 0.3 ? 0 : uniform() < 0.5 ? (double)below(4) : uniform() * 1e6;
        x->weights[x->n - 1] = 1;
    }
    x->init = uniform() < 0.4                         ? COVEY_SEED_GIVEN
              : x->weights == NULL && uniform() < 0.5 ? COVEY_SEED_RANDOM
                                                      : COVEY_SEED_PLUSPLUS;
    x->start_rows = malloc((size_t)(x->k * x->d) * sizeof *x->start_rows);
    for (int64_t j = 0; j < x->k; j++) /* repeated rows, and now and then a center that no row is near to */
        for (int64_t f = 0; f < x->d; f++)
            x->start_rows[j * x->d + f] = uniform() < 0.02 ? 1e3 : x->x[j * 7 % x->n * x->d + f];
    x->starts = covey_matrix_dense(x->start_rows, COVEY_DTYPE_FLOAT64, x->k, x->d);
}

static void free_data(data *x)
{
    free(x->x);
    free(x->x32);
    free(x->weights);
    free(x->start_rows);
}

static void run_fit(fit *f, const data *x, const char *plan, const char *isa, int32_t threads)
{
    covey_fit_options o;
    covey_run run;
    covey_model *model = NULL;
    covey_fit_options_init(&o, COVEY_ALGORITHM_KMEANS);
    covey_run_init(&run);
    o.n_clusters = x->k;
    o.n_init = x->n_init;
    o.max_iter = x->max_iter;
    o.seed = x->seed;
    o.tol = 0;
    o.init = x->init;
    o.centers = &x->starts;
    run.plan = plan;
    run.isa = isa;
    run.threads = threads;
    const covey_matrix m = x->float32 ? covey_matrix_dense(x->x32, COVEY_DTYPE_FLOAT32, x->n, x->d)
                                      : covey_matrix_dense(x->x, COVEY_DTYPE_FLOAT64, x->n, x->d);
    memset(f, 0, sizeof *f);
    covey_report_init(&f->report);
    f->labels = malloc((size_t)x->n * sizeof *f->labels);
    f->centers = calloc((size_t)(x->k * x->d), sizeof *f->centers);
    f->status = covey_model_fit(&m, x->weights, &o, &run, f->labels, &f->report, &model, &f->error);
    if (f->status == COVEY_OK)
        memcpy(f->centers, covey_model_centers(model), (size_t)(x->k * x->d) * sizeof *f->centers);
    covey_model_free(model);
}

static void free_fit(fit *f)
{
    free(f->labels);
    free(f->centers);
}

static void assert_same(const fit *a, const fit *b, const data *x, uint32_t seed)
{
    if (a->status != b->status)
        fail_msg("case %u: status %d and %d (%s)", seed, (int)a->status, (int)b->status, b->error.message);
    if (a->status != COVEY_OK)
        return;
    if (memcmp(a->labels, b->labels, (size_t)x->n * sizeof *a->labels) != 0)
        fail_msg("case %u (n %d, d %d, k %d): labels differ", seed, (int)x->n, (int)x->d, (int)x->k);
    if (memcmp(a->centers, b->centers, (size_t)(x->k * x->d) * sizeof *a->centers) != 0)
        fail_msg("case %u (n %d, d %d, k %d): centers differ", seed, (int)x->n, (int)x->d, (int)x->k);
    assert_memory_equal(&a->report.inertia, &b->report.inertia, sizeof(double));
    assert_int_equal(a->report.n_iter, b->report.n_iter);
    assert_int_equal(a->report.stop_reason, b->report.stop_reason);
}

static void test_small_fits_are_canonical(void **state)
{
    (void)state;
    int64_t ran = 0;
    for (uint32_t seed = 0; seed < CASES; seed++) {
        data x;
        fit expected, got;
        make_data(&x, seed);
        const int32_t threads = thread_counts[seed % 4];
        const char *isa = isas[seed / 4 % 4];
        run_fit(&expected, &x, "canonical", NULL, 1);
        run_fit(&got, &x, "tree", covey_isa_available(isa) == 1 ? isa : NULL, threads);
        assert_same(&expected, &got, &x, seed);
        if (got.status == COVEY_OK) {
            assert_string_equal(got.report.plan, "tree");
            ran++;
        }
        free_fit(&expected);
        free_fit(&got);
        free_data(&x);
    }
    assert_true(ran > CASES * 9 / 10);
}

/* Larger data, where most of the work has to be skipped. */
static void test_most_work_is_skipped(void **state)
{
    (void)state;
    for (int64_t d = 1; d <= 3; d++) {
        data x = {
            .n = 20000, .d = d, .k = 100, .n_init = 1, .max_iter = 8, .init = COVEY_SEED_RANDOM, .seed = 5};
        covey_random_seed(&random_state, 11);
        x.x = malloc((size_t)(x.n * d) * sizeof *x.x);
        for (int64_t a = 0; a < x.n * d; a++)
            x.x[a] = uniform();
        fit expected, got;
        run_fit(&expected, &x, "canonical", NULL, 1);
        run_fit(&got, &x, "tree", NULL, 2);
        assert_same(&expected, &got, &x, 0);
        assert_string_equal(got.report.plan, "tree");
        assert_true(got.report.n_distances < got.report.n_distances_full / 3);
        free_fit(&expected);
        free_fit(&got);
        free(x.x);
    }
}

/* An explicit budget is obeyed: none, no tree. */
static void test_budget(void **state)
{
    (void)state;
    double x[64] = {0};
    covey_fit_options o;
    covey_run run;
    covey_error error;
    covey_model *model = NULL;
    for (int i = 0; i < 64; i++)
        x[i] = i;
    covey_fit_options_init(&o, COVEY_ALGORITHM_KMEANS);
    covey_run_init(&run);
    run.plan = "tree";
    run.accelerator_budget = 0;
    const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, 32, 2);
    assert_int_equal(covey_model_fit(&m, NULL, &o, &run, NULL, NULL, &model, &error), COVEY_ERR_UNSUPPORTED);
    assert_null(model);
}

/* The order is a permutation, the same for any number of threads, and neighbors in it are close: the boxes of 64 rows are
 * small. */
static void check_order(int d, double most)
{
    enum { N = 4096, D = 6 };
    static float x[N * D];
    static uint32_t keys[N];
    static int32_t order[N];
    uint8_t seen[N] = {0};
    covey_random_seed(&random_state, 3);
    for (int i = 0; i < N * d; i++)
        x[i] = (float)uniform();
    for (int f = 0; f < d; f++)
        x[5 * d + f] = 1e30f; /* an outlier may not push the others into one cell */
    const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT32, N, d);
    const cvi_rows rows = cvi_rows_view(&m, NULL, NULL, NULL);
    const cvi_kernels *kernels = cvi_kernels_pick(cvi_machine_isa());
    cvi_stop_flag stop = 0;
    cvi_team one = {.threads = 1}, three = {.threads = 3, .stop = &stop};
    cvi_arena arena = {0};
    cvi_curve curve = {0};
    cvi_curve_share(&curve, &rows, 3, &arena);
    assert_int_equal(cvi_arena_allocate(&arena, NULL, 0, NULL), COVEY_OK);
    curve = (cvi_curve){0};
    assert_ptr_equal(cvi_curve_share(&curve, &rows, 3, &arena), &curve);
    assert_ptr_equal(cvi_curve_share(&curve, &rows, 3, &arena), &curve); /* taken once */
    assert_true(cvi_curve_sort(&curve, kernels, &rows, &one, keys));
    memcpy(order, curve.order, sizeof order);
    memset(curve.order, 0, sizeof order);
    assert_true(cvi_curve_sort(&curve, kernels, &rows, &three, keys));
    assert_int_equal(curve.order[1], 0); /* it was there: not made again */
    curve.sorted = false;
    assert_true(cvi_curve_sort(&curve, kernels, &rows, &three, keys));
    assert_memory_equal(order, curve.order, sizeof order);
    curve.sorted = false;
    stop = 1;
    assert_false(cvi_curve_sort(&curve, kernels, &rows, &three, keys));
    cvi_arena_release(&arena);
    for (int i = 0; i < N; i++)
        seen[order[i]]++;
    for (int i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    double volume = 0;
    for (int leaf = 0; leaf < N / 64 - 1; leaf++) { /* the last one has the outlier */
        double box = 1;
        for (int f = 0; f < d; f++) {
            float low = INFINITY, high = -INFINITY;
            for (int i = leaf * 64; i < (leaf + 1) * 64; i++) {
                low = fminf(low, x[order[i] * d + f]);
                high = fmaxf(high, x[order[i] * d + f]);
            }
            box *= (double)(high - low);
        }
        volume += box;
    }
    assert_true(volume < most);
}

static void test_order(void **state)
{
    (void)state;
    check_order(1, 1.1);
    check_order(2, 3);
    check_order(3, 5);
    check_order(4, 6);
    check_order(6, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_fits_are_canonical),
        cmocka_unit_test(test_most_work_is_skipped),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
