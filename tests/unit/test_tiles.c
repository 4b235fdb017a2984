/*
 * Plan "tiles" against plan "canonical": the same bytes on thousands of small fits that are full of trouble
 * (exact ties, repeated rows and centers, grids, far origins, one huge row, as many clusters as rows, weights
 * of zero, stopped runs), for both precisions, any number of threads and every instruction set; and proof
 * that tiles ran and skipped work.
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
enum { ROUNDS = 500, LARGER_ROUNDS = 1 };
#else
enum { ROUNDS = 1500, LARGER_ROUNDS = 2 };
#endif

enum { UNIFORM, BELL, BLOBS, GRID, COPIES, FAR, HUGE_ROW, TINY, LINE, KINDS };

typedef struct data {
    int kind;
    int64_t n, d, k;
    bool f32, weighted;
    bool spread; /* every second value of the stored matrix is the data's: rows that have to be converted */
    double *x, *weights;
    float *x32;
} data;

static double value(int kind, int64_t blob, int64_t f)
{
    switch (kind) {
    case GRID:
        return (double)below(4);
    case FAR:
        return 1e6 + bell();
    case TINY:
        return 1e-30 * bell();
    case BLOBS:
        return (double)((blob * 7919 + f * 104729 + blob * f * 31) % 13) * 8 + bell();
    case LINE:
        return f == 0 ? 100 * uniform() : 0.5;
    case UNIFORM:
        return uniform();
    default:
        return bell();
    }
}

static data make(int kind, int64_t n, int64_t d, int64_t k)
{
    data m = {.kind = kind,
              .n = n,
              .d = d,
              .k = k,
              .f32 = below(2) != 0,
              .weighted = below(4) == 0,
              .spread = below(6) == 0};
    m.x = malloc((size_t)(2 * n * d) * sizeof(double));
    m.x32 = malloc((size_t)(n * d) * sizeof(float));
    m.weights = malloc((size_t)n * sizeof(double));
    for (int64_t i = 0; i < n; i++) {
        const int64_t blob = below(k + 1), copy = kind == COPIES && i > 5 ? below(i) : i;
        for (int64_t f = 0; f < d; f++)
            m.x[i * d + f] = copy < i ? m.x[copy * d + f] : value(kind, blob, f);
        m.weights[i] = i == 0 ? 1 : below(3) == 0 ? 0 : 3 * uniform();
    }
    if (kind == HUGE_ROW)
        m.x[below(n) * d] = below(2) ? 1e9 : 1e30;
    for (int64_t a = 0; a < n * d; a++) {
        m.x32[a] = (float)m.x[a];
        m.x[a] = m.f32 ? (double)m.x32[a] : m.x[a];
    }
    for (int64_t a = n * d - 1; m.spread && a >= 0; a--) {
        m.x[2 * a] = m.x[a];
        m.x[2 * a + 1] = 1e9;
    }
    return m;
}

static void drop(data *m)
{
    free(m->x);
    free(m->x32);
    free(m->weights);
}

/* Everything that a caller can see of a fit. */
typedef struct outcome {
    covey_status status;
    int32_t *labels;
    double *centers;
    covey_report report;
} outcome;

typedef struct how {
    const char *plan, *isa;
    int32_t threads;
    size_t budget;
    int64_t stop; /* after so many iterations of the second run, by the progress callback; 0: never */
} how;

static int stop_there(void *user, const covey_progress *progress)
{
    const how *h = user;
    return progress->detail == 1 && progress->run == 1 && progress->iteration == h->stop;
}

static outcome fit(const data *m, const covey_fit_options *options, const how *h)
{
    outcome o = {.labels = malloc((size_t)m->n * sizeof(int32_t)),
                 .centers = malloc((size_t)(m->k * m->d) * sizeof(double))};
    covey_matrix x;
    if (m->f32 && !m->spread)
        x = covey_matrix_dense(m->x32, COVEY_DTYPE_FLOAT32, m->n, m->d);
    else
        x = covey_matrix_dense(m->x, COVEY_DTYPE_FLOAT64, m->n, m->d);
    if (m->spread) {
        x.row_stride *= 2;
        x.col_stride *= 2;
    }
    covey_run run;
    covey_run_init(&run);
    run.plan = h->plan;
    run.isa = h->isa;
    run.threads = h->threads;
    run.accelerator_budget = h->budget;
    if (h->stop > 0) {
        run.verbosity = 1;
        run.progress = stop_there;
        run.user = (void *)(uintptr_t)h;
    }
    covey_report_init(&o.report);
    covey_model *model = NULL;
    covey_error err;
    o.status = covey_model_fit(&x, m->weighted ? m->weights : NULL, options, &run, o.labels, &o.report,
                               &model, &err);
    if (o.status == COVEY_OK)
        memcpy(o.centers, covey_model_centers(model), (size_t)(m->k * m->d) * sizeof(double));
    covey_model_free(model);
    return o;
}

static void drop_outcome(outcome *o)
{
    free(o->labels);
    free(o->centers);
}

static covey_fit_options draw_options(const data *m)
{
    covey_fit_options options;
    covey_fit_options_init(&options, COVEY_ALGORITHM_KMEANS);
    options.n_clusters = m->k;
    options.init = below(3) == 0 ? COVEY_SEED_PLUSPLUS : COVEY_SEED_RANDOM;
    options.n_init = 1 + below(3);
    options.max_iter = 2 + below(30);
    options.tol = below(2) ? 0 : 1e-4;
    options.seed = (uint32_t)draw();
    options.center_dtype = below(3) == 0 ? COVEY_DTYPE_FLOAT32 : COVEY_DTYPE_FLOAT64;
    return options;
}

static void describe(const data *m, const how *h)
{
    print_message("kind %d n %d d %d k %d %s%s threads %d isa %s budget %zu\n", m->kind, (int)m->n, (int)m->d,
                  (int)m->k, m->f32 ? "float32" : "float64", m->weighted ? " weighted" : "", (int)h->threads,
                  h->isa != NULL ? h->isa : "best", h->budget);
}

static bool same(const data *m, const outcome *a, const outcome *b)
{
    if (a->status != COVEY_OK) /* more clusters than rows with weight: both refuse */
        return a->status == b->status;
    return b->status == COVEY_OK && a->report.n_iter == b->report.n_iter &&
           a->report.stop_reason == b->report.stop_reason && a->report.best_run == b->report.best_run &&
           memcmp(&a->report.inertia, &b->report.inertia, sizeof(double)) == 0 &&
           memcmp(a->labels, b->labels, (size_t)m->n * sizeof(int32_t)) == 0 &&
           memcmp(a->centers, b->centers, (size_t)(m->k * m->d) * sizeof(double)) == 0;
}

/* One canonical fit, then tiles in several ways. Returns the evaluations that tiles saved, of *full. */
static int64_t compare(const data *m, const how *ways, int n_ways, int64_t *full)
{
    const covey_fit_options options = draw_options(m);
    const how plain = {.plan = "canonical", .threads = 1, .budget = SIZE_MAX, .stop = ways[0].stop};
    outcome expected = fit(m, &options, &plain);
    int64_t saved = 0;
    for (int w = 0; w < n_ways; w++) {
        outcome got = fit(m, &options, &ways[w]);
        if (!same(m, &expected, &got)) {
            describe(m, &ways[w]);
            fail_msg("tiles differ from the canonical plan");
        }
        if (got.status != COVEY_OK) {
            drop_outcome(&got);
            continue;
        }
        assert_string_equal(got.report.plan, "tiles");
        if (options.n_init == 1) /* else threads may run restarts side by side, which label the result once more */
            assert_int_equal(got.report.n_distances_full, expected.report.n_distances_full);
        saved += got.report.n_distances_full - got.report.n_distances;
        *full += got.report.n_distances_full;
        drop_outcome(&got);
    }
    drop_outcome(&expected);
    return saved;
}

static const char *const levels[] = {"portable", "avx2", "avx512", "neon"};
static const int32_t widths[] = {1, 2, 3, 7};

static how draw_way(void)
{
    how h = {.plan = "tiles", .threads = widths[below(4)], .budget = SIZE_MAX};
    do
        h.isa = levels[below(4)];
    while (covey_isa_available(h.isa) != 1);
    return h;
}

/* The least budget with which tiles run: they then keep no copy of the rows. */
static size_t without_copy(const data *m)
{
    const size_t tiles = (size_t)(m->n + 63) / 64, k = (size_t)(m->k + 15) / 16 * 16;
    return tiles * (4 * k + 64 * 8 + 64);
}

static void small_fits(void **unused)
{
    (void)unused;
    draw_state = 1;
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t n = 1 + below(round % 10 == 0 ? 900 : 200), d = 1 + below(round % 7 == 0 ? 140 : 12);
        const int64_t k = round % 20 == 0 ? n : 1 + below(n < 100 ? n : 100);
        data m = make((int)below(KINDS), n, d, k);
        how ways[2] = {draw_way(), draw_way()};
        if (below(2))
            ways[1].budget = without_copy(&m);
        if (below(8) == 0)
            ways[0].stop = ways[1].stop = 1 + below(6);
        int64_t full = 0;
        compare(&m, ways, 2, &full);
        drop(&m);
    }
}

/* Large enough for bounds to work: every kind, and work must be saved. */
static void larger_fits(void **unused)
{
    (void)unused;
    draw_state = 2;
    int64_t saved = 0, full = 0;
    for (int round = 0; round < LARGER_ROUNDS * KINDS; round++) {
        data m = make(round % KINDS, 2000 + below(2000), 4 + below(30), 8 + below(60));
        how ways[3] = {draw_way(), draw_way(), draw_way()};
        ways[2].budget = without_copy(&m);
        saved += compare(&m, ways, 3, &full);
        drop(&m);
    }
    print_message("%.1f %% of the evaluations saved\n", 100 * (double)saved / (double)full);
    assert_true(saved > full / 10);
}

static void blobs_are_skipped(void **unused)
{
    (void)unused;
    draw_state = 3;
    data m = make(BLOBS, 20000, 8, 50);
    m.weighted = m.spread = false;
    covey_fit_options options = draw_options(&m);
    options.n_init = 1;
    options.max_iter = 40;
    options.tol = 0;
    const how h = {.plan = "tiles", .threads = 2, .budget = SIZE_MAX};
    outcome o = fit(&m, &options, &h);
    assert_int_equal(o.status, COVEY_OK);
    assert_true(o.report.n_distances > 0);
    assert_true(2 * o.report.n_distances < o.report.n_distances_full);
    drop_outcome(&o);
    drop(&m);
}

static void budget_is_kept(void **unused)
{
    (void)unused;
    draw_state = 4;
    data m = make(BELL, 6000, 8, 64);
    covey_fit_options options = draw_options(&m);
    options.max_iter = 20;
    const how none = {.threads = 1, .budget = 0}, all = {.threads = 1, .budget = SIZE_MAX};
    const how forced = {.plan = "tiles", .threads = 1, .budget = 0};
    outcome a = fit(&m, &options, &none), b = fit(&m, &options, &all), c = fit(&m, &options, &forced);
    assert_string_equal(a.report.plan, "brute");
    assert_string_equal(b.report.plan, "tiles");
    assert_true(a.report.bytes_planned < b.report.bytes_planned);
    assert_int_equal(c.status, COVEY_ERR_UNSUPPORTED);
    assert_true(same(&m, &a, &b));
    drop_outcome(&a);
    drop_outcome(&b);
    drop_outcome(&c);
    drop(&m);
}

/* From 96 features on the int8 screen takes data whose bounds would hold nothing apart. */
static void plan_looks_for_structure(void **unused)
{
    (void)unused;
    draw_state = 5;
    const struct { int kind; const char *with_bytes; } cases[] = {{BLOBS, "tiles"}, {UNIFORM, "screen"}, {BELL, "screen"}};
    const how h = {.threads = 2, .budget = SIZE_MAX};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        data m = make(cases[c].kind, 4200, 104, 300);
        covey_fit_options options = draw_options(&m);
        options.init = COVEY_SEED_RANDOM;
        options.n_init = 1;
        options.max_iter = 4;
        outcome o = fit(&m, &options, &h);
        const bool bytes = strstr(o.report.isa, "vnni") != NULL || strstr(o.report.isa, "dot") != NULL;
        assert_int_equal(o.status, COVEY_OK);
        assert_string_equal(o.report.plan, bytes ? cases[c].with_bytes : "tiles");
        drop_outcome(&o);
        drop(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_fits),
        cmocka_unit_test(larger_fits),
        cmocka_unit_test(blobs_are_skipped),
        cmocka_unit_test(budget_is_kept),
        cmocka_unit_test(plan_looks_for_structure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
