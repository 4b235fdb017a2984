/* The course of a fit: whichever of a strategy and brute force makes a pass, the answer is the same; and the clock decides
 * which one does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "assign/course.h"
#include "covey/covey.h"

#include "support/splitmix.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_N = 700, MOST_D = 130, MOST_K = 70 };

typedef struct fit {
    int32_t labels[MOST_N];
    double centers[MOST_K * MOST_D];
    double inertia;
    int64_t n_iter;
} fit;

typedef struct data {
    int64_t n, d, k;
    double x[MOST_N * MOST_D];
    covey_matrix view;
} data;

/* Groups that overlap, so that a fit goes on for a while; every fourth case a grid full of ties. */
static void make_data(data *x, int64_t most_d)
{
    const bool grid = below(4) == 0;
    const int64_t groups = 1 + below(30);
    x->n = 70 + below(MOST_N - 70);
    x->d = 1 + below(most_d);
    x->k = 2 + below(MOST_K - 2);
    for (int64_t i = 0; i < x->n; i++)
        for (int64_t f = 0; f < x->d; f++)
            x->x[i * x->d + f] = grid ? (double)below(4) : bell() + 2 * (double)((i % groups * (f + 3)) % 7);
    x->view = covey_matrix_dense(x->x, COVEY_DTYPE_FLOAT64, x->n, x->d);
}

static void run_fit(const data *x, const char *plan, int32_t threads, covey_report *report, fit *out)
{
    covey_fit_options o;
    covey_run run;
    covey_model *model = NULL;
    covey_fit_options_init(&o, COVEY_ALGORITHM_KMEANS);
    covey_run_init(&run);
    o.n_clusters = x->k;
    o.n_init = 2;
    o.max_iter = 40;
    o.tol = 0;
    o.init = COVEY_SEED_RANDOM;
    o.seed = 7;
    run.plan = plan;
    run.threads = threads;
    memset(out, 0, sizeof *out);
    covey_report_init(report);
    assert_int_equal(covey_model_fit(&x->view, NULL, &o, &run, out->labels, report, &model, NULL), COVEY_OK);
    memcpy(out->centers, covey_model_centers(model), (size_t)(x->k * x->d) * sizeof(double));
    out->inertia = report->inertia;
    out->n_iter = report->n_iter;
    covey_model_free(model);
}

/* --- a clock that lies ---------------------------------------------------------------------------------------------- */

static _Thread_local uint64_t clock_state;

/* Durations from one to a thousand, drawn anew for every pass. */
static double random_clock(void)
{
    static _Thread_local double at;
    clock_state = clock_state * 6364136223846793005u + 1442695040888963407u;
    at += (double)(1u << (clock_state >> 60)) * (1 + (double)(clock_state >> 40 & 255) / 256);
    return at;
}

static void same_answer_whatever_the_clock_says(void **state)
{
    (void)state;
    static const struct {
        const char *plan;
        int64_t most_d;
    } plans[] = {{"sorted", 1}, {"tree", 3}, {"tiles", 20}, {"screen", MOST_D}, {"head", MOST_D}, {"bounds", MOST_D}};
    static data x;
    static fit expected, got;
    covey_report report;
    int64_t mixed = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        draw_state = seed;
        const int64_t which = below(6);
        make_data(&x, plans[which].most_d);
        cvi_course_test_clock = NULL;
        run_fit(&x, "canonical", 1, &report, &expected);
        cvi_course_test_clock = random_clock;
        clock_state = seed;
        run_fit(&x, plans[which].plan, 1 + (int32_t)below(3), &report, &got);
        mixed += strstr(report.note, "which the clock found faster") != NULL;
        if (memcmp(&expected, &got, sizeof got) != 0)
            fail_msg("case %llu: %s and the canonical scores differ", (unsigned long long)seed, plans[which].plan);
    }
    cvi_course_test_clock = NULL;
    assert_in_range(mixed, 100, 400);
}

/* --- a clock that tells a story ------------------------------------------------------------------------------------- */

static const double *story; /* seconds of each pass; the last one goes on */
static int told;

static double story_clock(void)
{
    static double at;
    if (told % 2 == 1)
        at += *story;
    if (told % 2 == 1 && story[1] > 0)
        story++;
    told++;
    return at;
}

static void tell(const double *seconds, covey_report *report)
{
    static data x;
    static fit out;
    draw_state = 5;
    x = (data){.n = MOST_N, .d = 2, .k = 20}; /* no clusters: many passes */
    for (int64_t i = 0; i < x.n * x.d; i++)
        x.x[i] = uniform();
    x.view = covey_matrix_dense(x.x, COVEY_DTYPE_FLOAT64, x.n, x.d);
    story = seconds;
    told = 0;
    cvi_course_test_clock = story_clock;
    run_fit(&x, "tree", 1, report, &out);
    cvi_course_test_clock = NULL;
    assert_true(report->n_iter > 8);
}

static void a_strategy_that_pays_stays(void **state)
{
    (void)state;
    covey_report report;
    tell((double[]){1, 0.5, 0}, &report);
    assert_null(strstr(report.note, "brute"));
}

/* Two passes as slow as the first, one trial: brute force takes half, and makes the next eight. */
static void a_strategy_that_does_not_rests(void **state)
{
    (void)state;
    covey_report report;
    tell((double[]){2, 2, 2, 1, 0}, &report);
    assert_non_null(strstr(report.note, "passes by brute force, which the clock found faster"));
}

/* The trial shows that brute force is slower still. */
static void a_doubt_that_was_wrong(void **state)
{
    (void)state;
    covey_report report;
    tell((double[]){2, 2, 2, 3, 2, 0}, &report);
    assert_null(strstr(report.note, "clock"));
    assert_non_null(strstr(report.note, "1 of "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_answer_whatever_the_clock_says), cmocka_unit_test(a_strategy_that_pays_stays),
        cmocka_unit_test(a_strategy_that_does_not_rests), cmocka_unit_test(a_doubt_that_was_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
