/* k-means|| and the D^2 sampler: the distribution of their draws, the same picks on every path, weights, duplicates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/enter.h"
#include "covey/covey.h"
#include "seed/d2.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const covey_seed seeds[] = {COVEY_SEED_PARALLEL, COVEY_SEED_D2};
enum { WAYS = 2 };

static covey_status run_fit(const covey_matrix *x, const double *weights, covey_seed init, int64_t k, uint32_t seed,
                            int64_t max_iter, const covey_run *run, int32_t *labels, double *centers, covey_report *report)
{
    covey_fit_options o;
    covey_model *model = NULL;
    covey_report own;
    covey_fit_options_init(&o, COVEY_ALGORITHM_KMEANS);
    if (report == NULL)
        report = &own;
    covey_report_init(report);
    o.n_clusters = k;
    o.init = init;
    o.seed = seed;
    o.max_iter = max_iter;
    const covey_status status = covey_model_fit(x, weights, &o, run, labels, report, &model, NULL);
    if (status == COVEY_OK && centers != NULL)
        memcpy(centers, covey_model_centers(model), (size_t)(k * x->d) * sizeof *centers);
    covey_model_free(model);
    return status;
}

/* --- the draws themselves
 * --------------------------------------------------------------------------------------------- */

enum { GROUPS = 6, ROWS = 300 * GROUPS };
static const double place[GROUPS] = {0, 1, 3, 7, 20, 21}, group_weight[GROUPS] = {3, 0, 2, 1, 4, 2};

/* Rows on a line, groups of twins, so that the sampler goes on for many draws with old distances. */
typedef struct line {
    double x[ROWS], weights[ROWS], near[ROWS];
    covey_matrix matrix;
    cvi_rows rows;
    cvi_draw draw;
    cvi_job job;
    const cvi_kernels *kernels;
    covey_random random;
    cvi_arena arena;
} line;

static bool nearest_of(void *user, const cvi_rows *rows, const double *centers, int64_t k, int32_t *labels)
{
    (void)user;
    for (int64_t i = 0; i < rows->n; i++) {
        double x;
        cvi_rows_dense(rows, i, &x);
        labels[i] = 0;
        for (int64_t j = 1; j < k; j++)
            if (fabs(x - centers[j]) < fabs(x - centers[labels[i]]))
                labels[i] = (int32_t)j;
    }
    return true;
}

static void start_line(line *l, int64_t n)
{
    double total = 0;
    memset(l, 0, sizeof *l);
    for (int64_t i = 0; i < n; i++) {
        l->x[i] = place[i % GROUPS];
        total += l->weights[i] = group_weight[i % GROUPS];
    }
    l->matrix = covey_matrix_dense(l->x, COVEY_DTYPE_FLOAT64, n, 1);
    l->rows = cvi_rows_view(&l->matrix, l->weights, NULL, NULL);
    assert_int_equal(cvi_enter(&l->job, NULL, &l->kernels, NULL), COVEY_OK);
    cvi_arena measure = {0};
    cvi_draw_take(&l->draw, n, &measure);
    assert_int_equal(cvi_arena_allocate(&measure, NULL, 0, NULL), COVEY_OK);
    l->arena = measure;
    cvi_draw_take(&l->draw, n, &l->arena);
    cvi_draw_prepare(&l->draw, &l->rows, total);
}

static void end_line(line *l)
{
    cvi_arena_release(&l->arena);
    cvi_job_leave(&l->job);
}

/* Weight times squared distance to the nearest of the picked groups. */
static double pull(int g, const int *picked, int count)
{
    double sq = INFINITY;
    for (int p = 0; p < count; p++)
        sq = fmin(sq, (place[g] - place[picked[p]]) * (place[g] - place[picked[p]]));
    return count == 0 ? group_weight[g] : group_weight[g] * sq;
}

/* The chance that plain k-means++ picks these groups in this order. */
static double chance(const int *picked, int count)
{
    double p = 1;
    for (int c = 0; c < count; c++) {
        double total = 0;
        for (int g = 0; g < GROUPS; g++)
            total += pull(g, picked, c);
        p *= pull(picked[c], picked, c) / total;
    }
    return p;
}

/* Chi-square over all ordered triples of groups. */
static void d2_has_its_distribution(void **state)
{
    (void)state;
    enum { RUNS = 30000, K = 3 };
    static line l;
    static int counts[GROUPS][GROUPS][GROUPS];
    start_line(&l, ROWS);
    cvi_d2 d2;
    cvi_arena arena = {0};
    cvi_d2_take(&d2, &l.rows, K, l.job.team.threads, &arena);
    assert_int_equal(cvi_arena_allocate(&arena, NULL, 0, NULL), COVEY_OK);
    cvi_d2_take(&d2, &l.rows, K, l.job.team.threads, &arena);
    d2.fold.near = l.near;
    d2.fold.nearest = nearest_of;
    covey_random_seed(&l.random, 4);
    int64_t drawn = 0, refreshes = 0;
    for (int run = 0; run < RUNS; run++) {
        int64_t picks[K];
        assert_true(cvi_d2_run(&d2, l.kernels, &l.rows, &l.draw, &l.random, &l.job, picks));
        counts[picks[0] % GROUPS][picks[1] % GROUPS][picks[2] % GROUPS]++;
        drawn += d2.drawn;
        refreshes += d2.refreshes;
    }
    assert_true(drawn > (K - 1) * RUNS + RUNS / 4); /* some draws were refused: */
    assert_true(refreshes < RUNS + RUNS / 2);       /* mostly the second pick was not folded in */
    double chi = 0;
    int outcomes = 0;
    for (int o = 0; o < GROUPS * GROUPS * GROUPS; o++) {
        const int picked[K] = {o / GROUPS / GROUPS, o / GROUPS % GROUPS, o % GROUPS};
        const double expected = RUNS * chance(picked, K);
        const int seen = counts[picked[0]][picked[1]][picked[2]];
        if (expected == 0)
            assert_int_equal(seen, 0);
        if (expected < 5)
            continue;
        outcomes++;
        chi += (seen - expected) * (seen - expected) / expected;
    }
    assert_true(outcomes > 25);
    if (chi > outcomes + 4 * sqrt(2.0 * outcomes))
        fail_msg("chi-square %g of %d outcomes", chi, outcomes);
    cvi_arena_release(&arena);
    end_line(&l);
}

/* One round of k-means||: each row on its own, with the chance that its share of the potential gives it. */
static void a_round_has_its_distribution(void **state)
{
    (void)state;
    enum { RUNS = 40000, K = 2, N = GROUPS };
    static line l;
    static int firsts[N], counts[N][N];
    start_line(&l, N);
    cvi_oversampling over;
    cvi_arena arena = {0};
    memset(&over, 0, sizeof over);
    cvi_oversampling_take(&over, &l.rows, K, 0.75, 1, 1, l.job.team.threads, &arena);
    assert_int_equal(cvi_arena_allocate(&arena, NULL, 0, NULL), COVEY_OK);
    cvi_oversampling_take(&over, &l.rows, K, 0.75, 1, 1, l.job.team.threads, &arena);
    over.fold.near = l.near;
    over.fold.nearest = nearest_of;
    covey_random_seed(&l.random, 5);
    for (int run = 0; run < RUNS; run++) {
        int64_t picks[K];
        assert_true(cvi_oversampling_run(&over, l.kernels, &l.rows, &l.draw, &l.random, &l.job, picks));
        firsts[over.candidates[0]]++;
        for (int64_t c = 1; c < over.found; c++)
            counts[over.candidates[0]][over.candidates[c]]++;
    }
    double chi = 0;
    int outcomes = 0;
    for (int f = 0; f < N; f++) {
        double total = 0, none = 1, share[N];
        for (int g = 0; g < N; g++)
            total += pull(g, &f, 1);
        for (int g = 0; g < N; g++) {
            share[g] = fmin(1, 0.75 * K * pull(g, &f, 1) / total);
            none *= 1 - share[g];
        }
        assert_true(group_weight[f] > 0 || firsts[f] == 0);
        for (int g = 0; g < N && firsts[f] > 0; g++) { /* a round without a row is made again */
            const double p = share[g] / (1 - none), expected = firsts[f] * p;
            if (p == 0 || p == 1)
                assert_int_equal(counts[f][g], (int)expected);
            if (p == 0 || p == 1)
                continue;
            outcomes++;
            chi += (counts[f][g] - expected) * (counts[f][g] - expected) / (expected * (1 - p));
        }
    }
    assert_true(outcomes >= 15);
    if (chi > outcomes + 5 * sqrt(2.0 * outcomes))
        fail_msg("chi-square %g of %d outcomes", chi, outcomes);
    cvi_arena_release(&arena);
    end_line(&l);
}

static double *blobs(int64_t n, int64_t d, int64_t k, uint32_t seed)
{
    covey_random r;
    double *x = malloc((size_t)(n * d) * sizeof *x);
    covey_random_seed(&r, seed);
    assert_int_equal(covey_make_blobs(&r, n, d, k, NULL, NULL, NULL, 1, x, NULL, NULL), COVEY_OK);
    return x;
}

/* Threads, instruction sets, element types, CSR with full rows: one answer. */
static void one_answer(void **state)
{
    (void)state;
    static const char *const isas[] = {"portable", "avx2", "avx512", "neon"};
    static const struct {
        int64_t n, d, k;
    } shapes[] = {{3000, 7, 40}, {900, 33, 12}, {2000, 1, 30}, {700, 130, 9}, {64, 2, 64}, {500, 3, 1}};
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        const int64_t n = shapes[s].n, d = shapes[s].d, k = shapes[s].k;
        double *x = blobs(n, d, 10, 3 + (uint32_t)s), *w = malloc((size_t)n * sizeof *w);
        float *x32 = malloc((size_t)(n * d) * sizeof *x32);
        double *a = malloc((size_t)(k * d) * sizeof *a), *b = malloc((size_t)(k * d) * sizeof *b);
        for (int64_t i = 0; i < n * d; i++)
            x[i] = (double)(x32[i] = (float)x[i]);
        for (int64_t i = 0; i < n; i++)
            w[i] = (double)(i % 4);
        const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, n, d);
        const covey_matrix narrow = covey_matrix_dense(x32, COVEY_DTYPE_FLOAT32, n, d);
        for (int way = 0; way < WAYS; way++)
            for (int weighted = 0; weighted < 2; weighted++) {
                const double *weights = weighted && k < n / 4 ? w : NULL;
                assert_int_equal(run_fit(&m, weights, seeds[way], k, 17, 2, NULL, NULL, a, NULL), COVEY_OK);
                for (int32_t t = 1; t <= 7; t += 2) {
                    covey_run run;
                    covey_run_init(&run);
                    run.threads = t;
                    run.isa = covey_isa_available(isas[t / 2]) == 1 ? isas[t / 2] : NULL;
                    assert_int_equal(run_fit(t % 4 == 1 ? &narrow : &m, weights, seeds[way], k, 17, 2, &run, NULL, b, NULL),
                                     COVEY_OK);
                    assert_memory_equal(a, b, (size_t)(k * d) * sizeof *a);
                }
            }
        free(x);
        free(w);
        free(x32);
        free(a);
        free(b);
    }
}

/* A group of rows far away has no weight: it never gets a center. */
static void no_weight_no_pick(void **state)
{
    (void)state;
    enum { N = 300, K = 6 };
    double x[N], w[N], centers[K];
    for (int i = 0; i < N; i++) {
        x[i] = i % 3 == 0 ? 1e4 + i : (double)(i % 30);
        w[i] = i % 3 == 0 ? 0 : 1 + i % 2;
    }
    const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, 1);
    for (int way = 0; way < WAYS; way++)
        for (uint32_t seed = 0; seed < 200; seed++) {
            assert_int_equal(run_fit(&m, w, seeds[way], K, seed, 1, NULL, NULL, centers, NULL), COVEY_OK);
            for (int j = 0; j < K; j++)
                assert_true(centers[j] < 100);
        }
}

/* Fewer different rows than clusters: every different row gets a center, and the fit ends. */
static void duplicates(void **state)
{
    (void)state;
    enum { N = 500, K = 8 };
    double x[2 * N];
    int32_t labels[N];
    covey_report report;
    for (int i = 0; i < N; i++) {
        x[2 * i] = (double)(i % 5);
        x[2 * i + 1] = (double)(i % 5 * (i % 5));
    }
    covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, 2);
    for (int way = 0; way < WAYS; way++)
        for (uint32_t seed = 0; seed < 50; seed++) {
            assert_int_equal(run_fit(&m, NULL, seeds[way], K, seed, 300, NULL, labels, NULL, &report), COVEY_OK);
            assert_int_equal(report.n_distinct, 5);
            assert_true(report.inertia == 0);
        }
    m.n = 1;
    for (int way = 0; way < WAYS; way++)
        assert_int_equal(run_fit(&m, NULL, seeds[way], 1, 0, 300, NULL, labels, NULL, &report), COVEY_OK);
}

/* CSR rows give a fit as good as their dense copies' (the picks differ: scores of sparse rows round otherwise). */
static void sparse_rows(void **state)
{
    (void)state;
    enum { N = 600, D = 40, K = 10, EACH = 4 };
    static double values[N * EACH];
    static int32_t indices[N * EACH], indptr[N + 1];
    covey_random r;
    covey_random_seed(&r, 8);
    for (int i = 0; i < N; i++) {
        indptr[i + 1] = (i + 1) * EACH;
        for (int p = 0; p < EACH; p++) {
            indices[i * EACH + p] = i % K * EACH + p;
            values[i * EACH + p] = 5 + 0.1 * covey_random_normal(&r);
        }
    }
    const covey_matrix m = covey_matrix_csr(values, COVEY_DTYPE_FLOAT64, indptr, indices, 4, N, D);
    for (int way = 0; way < WAYS; way++) {
        covey_report report, greedy;
        double best = INFINITY;
        for (uint32_t seed = 0; seed < 5; seed++) {
            assert_int_equal(run_fit(&m, NULL, seeds[way], K, seed, 300, NULL, NULL, NULL, &report), COVEY_OK);
            best = fmin(best, report.inertia);
        }
        assert_int_equal(run_fit(&m, NULL, COVEY_SEED_PLUSPLUS, K, 0, 300, NULL, NULL, NULL, &greedy), COVEY_OK);
        assert_true(best <= 1.05 * greedy.inertia);
    }
}

/* On blobs the fits end as those of greedy k-means++ do: within a few parts in a hundred of inertia. */
static void quality(void **state)
{
    (void)state;
    enum { N = 20000, D = 8, K = 60, SEEDS = 4 };
    double *x = blobs(N, D, 25, 1), mean[WAYS + 1] = {0};
    const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, D);
    for (uint32_t seed = 0; seed < SEEDS; seed++)
        for (int way = 0; way <= WAYS; way++) {
            covey_report report;
            const covey_seed init = way < WAYS ? seeds[way] : COVEY_SEED_PLUSPLUS;
            assert_int_equal(run_fit(&m, NULL, init, K, seed, 300, NULL, NULL, NULL, &report), COVEY_OK);
            mean[way] += report.inertia / SEEDS;
        }
    for (int way = 0; way < WAYS; way++)
        assert_true(mean[way] < 1.04 * mean[WAYS]);
    free(x);
}

static void options_are_checked(void **state)
{
    (void)state;
    const double x[4] = {1, 2, 3, 9};
    const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, 4, 1);
    covey_fit_options o;
    covey_model *model = NULL;
    covey_fit_options_init(&o, COVEY_ALGORITHM_KMEANS);
    o.init = COVEY_SEED_PARALLEL;
    o.n_clusters = 2;
    o.oversampling = -1;
    assert_int_equal(covey_model_fit(&m, NULL, &o, NULL, NULL, NULL, &model, NULL), COVEY_ERR_ARGUMENT);
    o.oversampling = 0.5;
    o.seed_rounds = -3;
    assert_int_equal(covey_model_fit(&m, NULL, &o, NULL, NULL, NULL, &model, NULL), COVEY_ERR_ARGUMENT);
    o.seed_rounds = 1;
    assert_int_equal(covey_model_fit(&m, NULL, &o, NULL, NULL, NULL, &model, NULL), COVEY_OK);
    covey_model_free(model);
    for (covey_algorithm algorithm = COVEY_ALGORITHM_MINIBATCH; algorithm <= COVEY_ALGORITHM_BISECTING; algorithm++)
        for (int way = 0; way < WAYS; way++) {
            double *rows = blobs(900, 3, 5, 2);
            const covey_matrix more = covey_matrix_dense(rows, COVEY_DTYPE_FLOAT64, 900, 3);
            covey_fit_options_init(&o, algorithm);
            o.init = seeds[way];
            o.n_clusters = 5;
            assert_int_equal(covey_model_fit(&more, NULL, &o, NULL, NULL, NULL, &model, NULL), COVEY_OK);
            covey_model_free(model);
            free(rows);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(d2_has_its_distribution), cmocka_unit_test(a_round_has_its_distribution),
        cmocka_unit_test(one_answer), cmocka_unit_test(no_weight_no_pick),
        cmocka_unit_test(duplicates),              cmocka_unit_test(sparse_rows), cmocka_unit_test(quality),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
