/*
 * Plan "bounds" against plan "canonical": the same bytes on thousands of small fits, and on larger ones through more passes than
 * there are snapshots of centers; and proof that bounds ran and skipped work.
 */
#include "support/trouble.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ROUNDS = 500, LARGER_ROUNDS = 1 };
#else
enum { ROUNDS = 2000, LARGER_ROUNDS = 3 };
#endif

static void small_fits(void **unused)
{
    (void)unused;
    draw_state = 11;
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t n = 1 + below(round % 10 == 0 ? 900 : 200), d = 1 + below(round % 5 == 0 ? 300 : 12);
        const int64_t most = n < 128 ? n : 128, k = round % 20 == 0 ? most : 1 + below(most < 40 ? most : 40);
        data m = make((int)below(KINDS), n, d, k);
        how ways[2] = {draw_way("bounds"), draw_way("bounds")};
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
    draw_state = 12;
    int64_t saved = 0, full = 0;
    for (int round = 0; round < LARGER_ROUNDS * KINDS; round++) {
        data m = make(round % KINDS, 2000 + below(2000), 2 + below(round % 2 == 0 ? 30 : 200), 2 + below(30));
        const how ways[2] = {draw_way("bounds"), draw_way("bounds")};
        saved += compare(&m, ways, 2, &full);
        drop(&m);
    }
    print_message("%.1f %% of the evaluations saved\n", 100 * (double)saved / (double)full);
    assert_true(saved > full / 50);
}

/* Groups that overlap keep their fit going: snapshots are given up, and their rows carried over. */
static void snapshots_run_out(void **unused)
{
    (void)unused;
    draw_state = 13;
    data m = make(BELL, 5000, 40, 12);
    covey_fit_options options = draw_options(&m);
    options.n_init = 1;
    options.max_iter = 60;
    options.tol = 0;
    const how h = {.plan = "bounds", .threads = 2, .budget = SIZE_MAX}, plain = {.plan = "canonical", .threads = 2, .budget = SIZE_MAX};
    outcome expected = fit(&m, &options, &plain), got = fit(&m, &options, &h);
    assert_int_equal(got.status, COVEY_OK);
    assert_true(got.report.n_iter > 30);
    assert_true(same(&m, &expected, &got));
    assert_true(got.report.n_distances < got.report.n_distances_full * 7 / 10);
    drop_outcome(&expected);
    drop_outcome(&got);
    drop(&m);
}

/* The plan takes bounds where they pay and the budget allows. */
static void budget_is_kept(void **unused)
{
    (void)unused;
    draw_state = 14;
    data m = make(BLOBS, 20000, 100, 10);
    m.f32 = m.weighted = m.spread = false;
    covey_fit_options options = draw_options(&m);
    options.n_init = 1;
    options.max_iter = 20;
    options.tol = 0;
    const how none = {.threads = 1, .budget = 0}, all = {.threads = 1, .budget = SIZE_MAX};
    outcome a = fit(&m, &options, &none), b = fit(&m, &options, &all);
    assert_string_equal(a.report.plan, "brute");
    assert_string_equal(b.report.plan, "bounds");
    assert_true(a.report.bytes_planned < b.report.bytes_planned);
    assert_true(b.report.n_distances < b.report.n_distances_full);
    assert_true(same(&m, &a, &b));
    drop_outcome(&a);
    drop_outcome(&b);
    drop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_fits),
        cmocka_unit_test(larger_fits),
        cmocka_unit_test(snapshots_run_out),
        cmocka_unit_test(budget_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
