/*
 * Restarts side by side give what they give one after the other: the same bytes, the same winner, the same generator
 * afterwards, for every start, with weights and empty clusters; and they can be stopped, limited and measured.
 */
#include "support/cases.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/random.h"
#include "seed/seed.h"

static const int32_t widths[] = {1, 2, 3, 7};

typedef struct tally {
    int64_t fits, side_by_side, relocated, later_winner, errors, spared;
} tally;

static int callback_start(void *user, covey_random *random, int64_t run, const int64_t *rows, int64_t n, int64_t k, int64_t d,
                          double *centers)
{
    const random_case *c = user;
    (void)rows;
    for (int64_t j = 0; j < k; j++)
        memcpy(centers + j * d, c->x + ((covey_random_int(random, 0, n) + run) % n) * d, (size_t)d * sizeof(double));
    return 0;
}

/* Any start and many runs for a drawn case. */
static void set_restarts(random_case *c)
{
    static const covey_seed starts[] = {COVEY_SEED_PLUSPLUS, COVEY_SEED_PLUSPLUS, COVEY_SEED_RANDOM,
                                        COVEY_SEED_D2,       COVEY_SEED_PARALLEL, COVEY_SEED_CALLBACK};
    covey_random r;
    covey_random_seed(&r, c->number ^ 0x5eed);
    covey_fit_options *o = &c->options;
    o->init = starts[case_pick(&r, 0, 5)];
    o->frame = COVEY_FRAME_DATA;
    o->seed_fn = callback_start;
    o->seed_user = c;
    o->n_init = case_pick(&r, 2, 5) == 5 ? case_pick(&r, 30, 70) : case_pick(&r, 2, 12);
    o->n_local_trials = case_pick(&r, 0, 3) == 0 ? case_pick(&r, 1, 12) : 0;
}

static int same_restarts(random_case *c, void *user)
{
    tally *t = user;
    set_restarts(c);
    const covey_matrix x = case_view(c);
    covey_run run;
    covey_run_init(&run);
    covey_random after[4];
    case_result results[4];
    int same = 1;
    for (int w = 0; w < 4; w++) {
        covey_random_seed(&after[w], c->number);
        c->options.random = &after[w];
        run.threads = widths[w];
        run.isa = w == 3 ? "portable" : NULL;
        case_fit(c, &x, &run, &results[w]);
        const char *difference = case_difference(c, &results[0], &results[w]);
        const covey_report *a = &results[0].report, *b = &results[w].report;
        if (difference == NULL && (a->best_run != b->best_run || a->n_init != b->n_init))
            difference = "best_run";
        if (difference == NULL && a->n_distances_full != b->n_distances_full)
            difference = "n_distances_full";
        if (difference == NULL && results[w].status == COVEY_OK && memcmp(&after[0], &after[w], sizeof after[0]) != 0)
            difference = "generator";
        if (difference == NULL && strcmp(results[0].err.message, results[w].err.message) != 0)
            difference = "message";
        if (difference != NULL)
            printf("%s differs with %d threads, start %d, %lld runs\n", difference, run.threads, (int)c->options.init,
                   (long long)c->options.n_init);
        same &= difference == NULL;
        t->fits++;
        t->side_by_side += c->n <= 64 && b->threads > 1; /* one block of rows: passes are not shared out */
        t->relocated += b->n_relocations > 0;
        t->later_winner += b->best_run > 0;
        t->errors += results[w].status != COVEY_OK;
    }
    for (int w = 0; w < 4; w++)
        case_result_free(&results[w]);
    return same;
}

static void same_as_one_after_the_other(void **state)
{
    (void)state;
    tally t = {0};
    assert_int_equal(case_run_all(800, same_restarts, &t), 0);
    printf("%lld fits, %lld of one block side by side, %lld with refilled clusters, %lld won by a later run, %lld refused\n",
           (long long)t.fits, (long long)t.side_by_side, (long long)t.relocated, (long long)t.later_winner, (long long)t.errors);
    if (getenv("COVEY_CASE") == NULL)
        assert_true(t.side_by_side > 0 && t.relocated > 0 && t.later_winner > 0);
}

/* --- runs that come upon the best one's centers -------------------------------------------------------------------- */

static int go_on(void *user, const covey_progress *progress)
{
    (void)user;
    (void)progress;
    return 0;
}

/* A fit that is told of goes through every iteration of every run; any other stops where it knows the rest. */
static int same_without_repetitions(random_case *c, void *user)
{
    tally *t = user;
    set_restarts(c);
    const covey_matrix x = case_view(c);
    covey_run run;
    covey_run_init(&run);
    run.threads = 1;
    covey_random after[2];
    case_result results[2];
    for (int told = 0; told < 2; told++) {
        run.progress = told ? go_on : NULL;
        run.verbosity = told;
        covey_random_seed(&after[told], c->number);
        c->options.random = &after[told];
        case_fit(c, &x, &run, &results[told]);
    }
    const char *difference = case_difference(c, &results[0], &results[1]);
    const covey_report *a = &results[0].report, *b = &results[1].report;
    if (difference == NULL && (a->best_run != b->best_run || a->n_init != b->n_init))
        difference = "best_run";
    if (difference == NULL && a->n_distances_full != b->n_distances_full)
        difference = "n_distances_full";
    if (difference == NULL && results[0].status == COVEY_OK && memcmp(&after[0], &after[1], sizeof after[0]) != 0)
        difference = "generator";
    if (difference != NULL)
        printf("%s differs, start %d, %lld runs\n", difference, (int)c->options.init, (long long)c->options.n_init);
    t->fits++;
    t->spared += a->n_distances < b->n_distances;
    for (int told = 0; told < 2; told++)
        case_result_free(&results[told]);
    return difference == NULL;
}

static void repetitions_are_spared(void **state)
{
    (void)state;
    tally t = {0};
    assert_int_equal(case_run_all(600, same_without_repetitions, &t), 0);
    printf("%lld fits, %lld with runs that ended early\n", (long long)t.fits, (long long)t.spared);
    if (getenv("COVEY_CASE") == NULL)
        assert_true(t.spared > 0);
}

/* What a run draws is what the slots pass over. */
static void draws_are_counted(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 2000; n += 37) {
        covey_random a, b;
        covey_random_seed(&a, (uint32_t)n);
        (void)covey_random_word(&a); /* off the grid of pairs */
        for (int i = 0; i < 11; i++)
            (void)covey_random_word(&a);
        b = a;
        for (int64_t i = 0; i < n; i++)
            (void)cvi_random_double(&a);
        cvi_random_skip(&b, n);
        assert_memory_equal(&a, &b, sizeof a);
    }
    assert_int_equal(cvi_plusplus_draws(1, 2), 1);
    assert_int_equal(cvi_plusplus_draws(10, 4), 37);
}

/* --- one larger fit --------------------------------------------------------------------------------------------- */

enum { N = 1500, D = 24, K = 10 };

typedef struct watch {
    int answer, calls, after; /* answer from call number `after` on */
    int64_t last_run;
    size_t live, most;
} watch;

static int watch_fit(void *user, const covey_progress *progress)
{
    watch *w = user;
    assert_true(progress->phase == COVEY_PHASE_CHECK || (progress->run >= 0 && progress->run < progress->n_init));
    w->last_run = progress->run;
    return ++w->calls > w->after ? w->answer : 0;
}

static void *count_allocate(void *user, size_t bytes)
{
    watch *w = user;
    size_t *block = malloc(bytes + 64);
    assert_non_null(block);
    *block = bytes;
    w->live += bytes;
    w->most = w->live > w->most ? w->live : w->most;
    return block + 8;
}

static void count_release(void *user, void *block)
{
    watch *w = user;
    w->live -= ((size_t *)block)[-8];
    free((size_t *)block - 8);
}

static random_case larger(int64_t n_init)
{
    random_case c = {.number = 0, .kind = "larger", .n = N, .d = D, .k = K};
    c.x = case_memory(c.n * c.d, sizeof(double));
    covey_random r;
    covey_random_seed(&r, 3);
    for (int64_t i = 0; i < c.n * c.d; i++)
        c.x[i] = covey_random_normal(&r) + (double)(i / c.d % 7);
    covey_fit_options_init(&c.options, COVEY_ALGORITHM_KMEANS);
    c.options.n_clusters = c.k;
    c.options.n_init = n_init;
    return c;
}

/* The stated peak covers the rooms; under a limit that has none for them the runs follow each other. */
static void memory_is_stated_and_limited(void **state)
{
    (void)state;
    random_case c = larger(10);
    const covey_matrix x = case_view(&c);
    watch w = {0};
    const covey_allocator allocator = {count_allocate, count_release, &w};
    covey_run run;
    covey_run_init(&run);
    run.allocator = &allocator;
    case_result results[5];
    size_t planned[5];
    covey_error err;
    for (int i = 0; i < 5; i++) {
        run.threads = i == 0 ? 1 : 3;
        run.memory_limit = i == 2 ? planned[1] - 1 : i == 3 ? planned[1] : 0;
        run.accelerator_budget = i == 4 ? 0 : SIZE_MAX;
        assert_int_equal(covey_model_fit_bytes(&x, NULL, &c.options, &run, &planned[i], &err), COVEY_OK);
        const size_t before = w.live; /* earlier models */
        w.most = w.live;
        case_fit(&c, &x, &run, &results[i]);
        w.most -= before;
        assert_int_equal(results[i].status, COVEY_OK);
        assert_null(case_difference(&c, &results[0], &results[i]));
        assert_true(w.most >= planned[i] && w.most < planned[i] + planned[i] / 10);
        assert_int_equal(results[i].report.bytes_planned, planned[i]);
        if (run.memory_limit > 0)
            assert_true(w.most <= run.memory_limit + (1 << 13)); /* the model and a row stand beside the plan */
    }
    assert_true(planned[1] > planned[0] + (planned[0] / 2));
    assert_true(planned[2] < planned[1]);
    assert_int_equal(planned[3], planned[1]);
    assert_true(planned[4] < planned[1]);
    for (int i = 0; i < 5; i++)
        case_result_free(&results[i]);
    assert_int_equal(w.live, 0);
    free(c.x);
}

/* A request to stop is answered within a beat of 50 ms and a pass; what is complete by then counts. */
static void runs_can_be_stopped(void **state)
{
    (void)state;
    random_case c = larger(1000000);
    const covey_matrix x = case_view(&c);
    for (int rule = 0; rule < 3; rule++) {
        watch w = {.answer = rule == 2 ? 2 : 1, .after = 3};
        covey_run run;
        covey_run_init(&run);
        run.threads = 3;
        run.progress = rule == 0 ? NULL : watch_fit;
        run.time_limit = rule == 0 ? 0.4 : 0;
        run.user = &w;
        case_result result;
        case_fit(&c, &x, &run, &result);
        if (rule == 2) {
            assert_int_equal(result.status, COVEY_ERR_CANCELLED);
        } else {
            assert_int_equal(result.status, COVEY_OK);
            assert_int_equal(result.report.stop_reason, rule == 0 ? COVEY_STOP_TIME : COVEY_STOP_CANCELLED);
            assert_true(result.report.n_init > 0 && result.report.n_init < c.options.n_init);
            assert_true(result.report.best_run < result.report.n_init);
            assert_true(isfinite(result.report.inertia));
            assert_true(result.report.seconds_seed > 0 && result.report.seconds_iterate > 0);
            assert_true(result.report.seconds_seed + result.report.seconds_iterate < result.report.seconds);
        }
        assert_true(rule == 0 || w.calls >= 4);
        assert_true(rule != 2 || w.calls == 4); /* nothing is told after giving up */
        case_result_free(&result);
    }
    free(c.x);
}

/* Iterations are told one after the other, in the order of the runs. */
static void a_verbose_fit_keeps_its_order(void **state)
{
    (void)state;
    random_case c = larger(5);
    const covey_matrix x = case_view(&c);
    watch w = {0};
    covey_run run;
    covey_run_init(&run);
    run.threads = 3;
    run.verbosity = 1;
    run.progress = watch_fit;
    run.user = &w;
    case_result result;
    case_fit(&c, &x, &run, &result);
    assert_int_equal(result.status, COVEY_OK);
    assert_int_equal(w.last_run, 4);
    assert_true(w.calls > 5);
    case_result_free(&result);
    free(c.x);
}

/* Fewer rows with weight than clusters: the same refusal. */
static void a_start_can_fail(void **state)
{
    (void)state;
    random_case c = larger(4);
    const covey_matrix x = case_view(&c);
    c.weights = case_memory(N, sizeof(double));
    c.weights[3] = c.weights[700] = 1;
    c.options.init = COVEY_SEED_RANDOM;
    case_result results[2];
    for (int i = 0; i < 2; i++) {
        covey_run run;
        covey_run_init(&run);
        run.threads = 1 + 2 * i;
        case_fit(&c, &x, &run, &results[i]);
        assert_int_equal(results[i].status, COVEY_ERR_ARGUMENT);
    }
    assert_string_equal(results[0].err.message, results[1].err.message);
    case_result_free(&results[0]);
    case_result_free(&results[1]);
    free(c.weights);
    free(c.x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_one_after_the_other),
        cmocka_unit_test(repetitions_are_spared), cmocka_unit_test(draws_are_counted),
        cmocka_unit_test(memory_is_stated_and_limited), cmocka_unit_test(runs_can_be_stopped),
        cmocka_unit_test(a_verbose_fit_keeps_its_order), cmocka_unit_test(a_start_can_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
