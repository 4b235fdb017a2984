/*
 * CSR rows: every path gives the bytes of the plain one (canonical scores, plain seeding, one thread, portable code) on
 * small random fits with empty rows, explicit zeros, columns out of order and columns that come twice; inertia is that of
 * its definition; and the paths that skip do skip.
 */
#include "support/cases.h"

#include "assign/strategy.h"
#include "base/exact.h"
#include "kernels/dispatch.h"
#include "seed/plusplus.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { CASES = 600 };

typedef struct sparse_case {
    random_case *c;
    int64_t stored;
    double *values;
    float *values32; /* NULL: some value is none */
    int32_t *indptr32, *indices32;
    int64_t *indptr64, *indices64;
    bool in_order;
} sparse_case;

static void store(sparse_case *s, int64_t f, double v)
{
    s->indices64[s->stored] = f;
    s->values[s->stored++] = v;
}

/* A row's entries in another order. */
static void shuffle(sparse_case *s, covey_random *r, int64_t first)
{
    for (int64_t a = s->stored - 1; a > first; a--) {
        const int64_t b = case_pick(r, first, a), f = s->indices64[a];
        const double v = s->values[a];
        s->indices64[a] = s->indices64[b];
        s->values[a] = s->values[b];
        s->indices64[b] = f;
        s->values[b] = v;
    }
}

/* Most values of the case become zeros that are not stored; c->x follows what is stored. */
static void make_sparse(sparse_case *s, random_case *c)
{
    covey_random r;
    covey_random_seed(&r, c->number + 77777);
    const double filled = case_pick(&r, 0, 2) == 0 ? 0.7 : 0.15;
    const int style = (int)case_pick(&r, 0, 5); /* 0: shuffled, 1: columns twice, both out of order */
    const size_t room = (size_t)(2 * c->n * c->d);
    *s = (sparse_case){.c = c, .in_order = style > 1};
    s->values = case_memory((int64_t)room, sizeof(double));
    s->indices64 = case_memory((int64_t)room, sizeof(int64_t));
    s->indices32 = case_memory((int64_t)room, sizeof(int32_t));
    s->indptr64 = case_memory(c->n, sizeof(int64_t));
    s->indptr32 = case_memory(c->n, sizeof(int32_t));
    for (int64_t i = 0; i < c->n; i++) {
        double *x = c->x + i * c->d;
        const int64_t first = s->stored;
        const bool empty = case_pick(&r, 0, 19) == 0;
        for (int64_t f = 0; f < c->d; f++) {
            if (empty || covey_random_double(&r) > filled)
                x[f] = 0;
            if (x[f] == 0 && case_pick(&r, 0, 30) != 0)
                continue;
            store(s, f, x[f]);
            if (style == 1 && case_pick(&r, 0, 3) == 0)
                store(s, f, x[f] * 0.5);
        }
        if (style < 2)
            shuffle(s, &r, first);
        memset(x, 0, (size_t)c->d * sizeof *x);
        for (int64_t p = first; p < s->stored; p++)
            x[s->indices64[p]] += s->values[p];
        s->indptr64[i + 1] = s->stored;
        s->indptr32[i + 1] = (int32_t)s->stored;
    }
    s->values32 = case_memory(s->stored, sizeof(float));
    bool narrow = true;
    for (int64_t p = 0; p < s->stored; p++) {
        const volatile float v = (float)s->values[p];
        s->values32[p] = v;
        narrow = narrow && (double)v == s->values[p];
        s->indices32[p] = (int32_t)s->indices64[p];
    }
    if (!narrow) {
        free(s->values32);
        s->values32 = NULL;
    }
}

static void free_sparse(sparse_case *s)
{
    free(s->values);
    free(s->values32);
    free(s->indices32);
    free(s->indices64);
    free(s->indptr32);
    free(s->indptr64);
}

static covey_matrix view(const sparse_case *s, bool narrow, bool wide)
{
    return covey_matrix_csr(narrow ? (const void *)s->values32 : s->values, narrow ? COVEY_DTYPE_FLOAT32 : COVEY_DTYPE_FLOAT64,
                            wide ? (const void *)s->indptr64 : s->indptr32, wide ? (const void *)s->indices64 : s->indices32,
                            wide ? 8 : 4, s->c->n, s->c->d);
}

/* The inertia by its definition: zeros counted, features in order, fused. */
static double defined_inertia(const random_case *c, const case_result *result)
{
    cvi_super sum;
    cvi_super_clear(&sum);
    for (int64_t i = 0; i < c->n; i++) {
        const double *center = covey_model_centers(result->model) + result->labels[i] * c->d;
        double sq = 0;
        for (int64_t f = 0; f < c->d; f++) {
            const volatile double t = c->x[i * c->d + f] - center[f];
            sq = fma(t, t, sq);
        }
        const volatile double addend = c->weights != NULL ? sq * c->weights[i] : sq;
        cvi_super_add(&sum, addend);
    }
    return cvi_super_value(&sum);
}

typedef struct tally {
    int64_t fits, narrow, unordered, bounded, skipped, repaired, refilled;
} tally;

static int one_case(random_case *c, void *user)
{
    static const char *const levels[] = {"portable", "avx2", "avx512", "neon"};
    static const char *const plans[] = {"sparse-bounds", NULL, "sparse"};
    static const int32_t widths[] = {1, 2, 3, 7};
    static const size_t budgets[] = {SIZE_MAX, (size_t)1 << 30, 0};
    tally *t = user;
    sparse_case s;
    make_sparse(&s, c);
    covey_run run;
    covey_run_init(&run);
    run.plan = "sparse";
    run.isa = "portable";
    run.threads = 1;
    run.accelerator_budget = 0;
    const covey_matrix plain = view(&s, false, false);
    case_result reference;
    case_fit(c, &plain, &run, &reference);
    int same = reference.status == COVEY_OK;
    if (!same)
        printf("refused: %s\n", reference.err.message);
    if (same && defined_inertia(c, &reference) != reference.report.inertia) {
        printf("inertia is %.17g, defined as %.17g\n", reference.report.inertia, defined_inertia(c, &reference));
        same = 0;
    }
    t->unordered += !s.in_order;
    for (uint32_t v = 0; same && v < 9; v++) {
        const uint32_t turn = c->number + v;
        const bool narrow = s.values32 != NULL && turn % 2 == 0, wide = turn % 3 == 0;
        const covey_matrix x = view(&s, narrow, wide);
        run.plan = plans[v % 3];
        run.isa = covey_isa_available(levels[turn % 4]) == 1 ? levels[turn % 4] : NULL;
        run.threads = widths[turn / 4 % 4];
        run.accelerator_budget = budgets[turn / 2 % 3];
        case_result other;
        case_fit(c, &x, &run, &other);
        const char *difference = case_difference(c, &reference, &other);
        if (difference != NULL)
            printf("%s differs: plan %s, %s, %d threads, budget %zu, %s, %d-byte indices%s\n", difference,
                   run.plan != NULL ? run.plan : "-", run.isa != NULL ? run.isa : "-", run.threads, run.accelerator_budget,
                   narrow ? "float32" : "float64", wide ? 8 : 4, s.in_order ? "" : ", out of order");
        same = difference == NULL;
        const bool bounded = strcmp(other.report.plan, "sparse-bounds") == 0;
        t->fits++;
        t->narrow += narrow;
        t->bounded += bounded;
        t->skipped += bounded && other.report.n_distances < other.report.n_distances_full;
        t->repaired += bounded && other.report.n_repaired > 0;
        t->refilled += other.report.n_relocations > 0;
        case_result_free(&other);
    }
    case_result_free(&reference);
    free_sparse(&s);
    return same;
}

static void every_path_has_the_same_bytes(void **state)
{
    (void)state;
    tally t = {0};
    assert_int_equal(case_run_all(CASES, one_case, &t), 0);
    printf("%lld fits; %lld with bounds, of which %lld skipped and %lld had near ties; %lld refilled a cluster\n",
           (long long)t.fits, (long long)t.bounded, (long long)t.skipped, (long long)t.repaired, (long long)t.refilled);
    if (getenv("COVEY_CASE") == NULL) {
        assert_true(t.narrow > 0 && t.unordered > 0 && t.refilled > 0);
        assert_true(t.bounded > t.fits / 3);
        assert_true(t.skipped > t.bounded / 4);
        assert_true(t.repaired > 0);
    }
}

/* --- a larger matrix with topics, as texts have them -------------------------------------------------------------- */

enum { N = 6000, D = 800, K = 70, TOPICS = 40, WORDS = 30 };

typedef struct texts {
    double *values;
    int32_t *indptr, *indices;
    covey_matrix x;
} texts;

static void make_texts(texts *t)
{
    covey_random r;
    covey_random_seed(&r, 5);
    t->values = case_memory((int64_t)N * WORDS, sizeof(double));
    t->indices = case_memory((int64_t)N * WORDS, sizeof(int32_t));
    t->indptr = case_memory(N, sizeof(int32_t));
    for (int i = 0; i < N; i++) {
        int32_t at = t->indptr[i];
        for (int32_t f = 0; f < D; f++) {
            const bool common = f < 20, own = f % TOPICS == i % TOPICS;
            if (covey_random_double(&r) > (common ? 0.4 : own ? 0.6 : 0.005) || at - t->indptr[i] == WORDS)
                continue;
            t->indices[at] = f;
            t->values[at++] = 1 + covey_random_double(&r);
        }
        t->indptr[i + 1] = at;
    }
    t->x = covey_matrix_csr(t->values, COVEY_DTYPE_FLOAT64, t->indptr, t->indices, 4, N, D);
}

static void free_texts(texts *t)
{
    free(t->values);
    free(t->indices);
    free(t->indptr);
}

static void bounds_skip(void **state)
{
    (void)state;
    texts t;
    make_texts(&t);
    random_case c = {.n = N, .d = D, .k = K};
    covey_fit_options_init(&c.options, COVEY_ALGORITHM_KMEANS);
    c.options.n_clusters = K;
    c.options.max_iter = 30;
    covey_run run;
    covey_run_init(&run);
    run.plan = "sparse";
    case_result plain, bounded;
    case_fit(&c, &t.x, &run, &plain);
    run.plan = NULL;
    run.threads = 2;
    case_fit(&c, &t.x, &run, &bounded);
    assert_int_equal(plain.status, COVEY_OK);
    assert_null(case_difference(&c, &plain, &bounded));
    assert_string_equal(bounded.report.plan, "sparse-bounds");
    assert_true(plain.report.n_distances == plain.report.n_distances_full);
    assert_true(bounded.report.n_distances * 2 < bounded.report.n_distances_full);
    case_result_free(&plain);
    case_result_free(&bounded);
    free_texts(&t);
}

/* Inverted lists measure few rows by the definition, and pick what the plain passes pick. */
static void lists_skip(void **state)
{
    (void)state;
    texts t;
    make_texts(&t);
    static int64_t picks[2][K];
    const cvi_rows rows = cvi_rows_view(&t.x, NULL, NULL, NULL);
    double *near = case_memory(N, sizeof(double));
    for (int with = 0; with < 2; with++) {
        cvi_job job;
        covey_run run;
        covey_error error;
        covey_random random;
        cvi_plusplus seeding = {.budget = with ? (size_t)1 << 30 : 0, .kernels = cvi_kernels_pick(NULL)};
        cvi_draw draw;
        cvi_arena arena = {0};
        covey_run_init(&run);
        run.threads = 1 + with;
        assert_int_equal(cvi_job_enter(&job, &run, &error), COVEY_OK);
        for (int round = 0; round < 2; round++) {
            cvi_draw_take(&draw, N, &arena);
            cvi_plusplus_take(&seeding, &rows, K, cvi_plusplus_trials(K, 0), 2, &arena);
            if (round == 0)
                assert_int_equal(cvi_arena_allocate(&arena, NULL, 0, &error), COVEY_OK);
        }
        seeding.near = near;
        cvi_draw_prepare(&draw, &rows, N);
        covey_random_seed(&random, 7);
        assert_true(cvi_plusplus_run(&seeding, seeding.kernels, &rows, &draw, &random, &job, picks[with]));
        assert_true((seeding.lists != NULL) == (with == 1));
        if (seeding.lists != NULL)
            assert_true(cvi_seed_lists_measured(seeding.lists) < (int64_t)N * K / 5);
        cvi_arena_release(&arena);
        cvi_job_leave(&job);
    }
    assert_memory_equal(picks[0], picks[1], sizeof picks[0]);
    free(near);
    free_texts(&t);
}

enum { PN = 60, PD = 9, PK = 7 };

/* A random table with many zeros as doubles and as CSR. */
static void make_table(covey_random *r, double *dense, double *values, int32_t *indices, int32_t *indptr)
{
    int32_t at = 0;
    for (int i = 0; i < PN; i++) {
        indptr[i] = at;
        for (int f = 0; f < PD; f++) {
            const double u = covey_random_double(r), v = u < 0.6 ? 0 : u < 0.8 ? floor(10 * u) - 7 : u;
            dense[i * PD + f] = v;
            if (v == 0)
                continue;
            values[at] = v;
            indices[at++] = f;
        }
    }
    indptr[PN] = at;
}

/* A model labels the same values alike, however they are stored and however many rows come at once. */
static void predict_sees_values(void **state)
{
    (void)state;
    static double dense[PN * PD], values[PN * PD];
    static int32_t indices[PN * PD], indptr[PN + 1], of_dense[PN], of_csr[PN], one;
    for (uint32_t seed = 1; seed <= 300; seed++) {
        covey_random r;
        covey_random_seed(&r, seed);
        make_table(&r, dense, values, indices, indptr);
        const covey_matrix x[2] = {covey_matrix_dense(dense, COVEY_DTYPE_FLOAT64, PN, PD),
                                   covey_matrix_csr(values, COVEY_DTYPE_FLOAT64, indptr, indices, 4, PN, PD)};
        double score[2];
        for (int fitted_on = 0; fitted_on < 2; fitted_on++) {
            covey_fit_options o;
            covey_model *model = NULL;
            covey_fit_options_init(&o, seed % 5 == 0 ? COVEY_ALGORITHM_BISECTING : COVEY_ALGORITHM_KMEANS);
            o.n_clusters = PK;
            o.seed = seed;
            assert_int_equal(covey_model_fit(&x[fitted_on], NULL, &o, NULL, NULL, NULL, &model, NULL), COVEY_OK);
            assert_int_equal(covey_model_predict(model, &x[0], NULL, of_dense, NULL, NULL), COVEY_OK);
            assert_int_equal(covey_model_predict(model, &x[1], NULL, of_csr, NULL, NULL), COVEY_OK);
            if (fitted_on == 0) {
                assert_memory_equal(of_dense, of_csr, sizeof of_csr);
                for (int a = 0; a < 2; a++)
                    assert_int_equal(covey_model_score(model, &x[a], NULL, NULL, &score[a], NULL), COVEY_OK);
                assert_memory_equal(&score[0], &score[1], sizeof score[0]);
            }
            for (int i = 0; i < PN; i++) {
                const int32_t ends[2] = {0, indptr[i + 1] - indptr[i]};
                const covey_matrix lone =
                    covey_matrix_csr(values + indptr[i], COVEY_DTYPE_FLOAT64, ends, indices + indptr[i], 4, 1, PD);
                assert_int_equal(covey_model_predict(model, &lone, NULL, &one, NULL, NULL), COVEY_OK);
                assert_int_equal(one, of_csr[i]);
            }
            covey_model_free(model);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_path_has_the_same_bytes),
        cmocka_unit_test(bounds_skip),
        cmocka_unit_test(lists_skip),
        cmocka_unit_test(predict_sees_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
