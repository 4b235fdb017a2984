/* Plan "head" against plan "canonical" on trouble, for any number of threads and every instruction set; that it is chosen where
 * heads tell rows apart, and nowhere else; and proof that it skipped work. */
#include "support/trouble.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ROUNDS = 150, LARGER_ROUNDS = 1 };
#else
enum { ROUNDS = 600, LARGER_ROUNDS = 1 };
#endif

static void small_fits(void **unused)
{
    (void)unused;
    draw_state = 11;
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t n = 1 + below(round % 10 == 0 ? 900 : 200), d = 1 + below(round % 7 == 0 ? 300 : round % 2 ? 60 : 12);
        const int64_t k = round % 20 == 0 ? n : 1 + below(n < 100 ? n : 100);
        data m = make((int)below(KINDS), n, d, k);
        how ways[2] = {draw_way("head"), draw_way("head")};
        if (below(8) == 0)
            ways[0].stop = ways[1].stop = 1 + below(6);
        int64_t full = 0;
        compare(&m, ways, 2, &full);
        drop(&m);
    }
}

/* Wider than a head: every kind, and work must be saved where there are clusters. */
static void larger_fits(void **unused)
{
    (void)unused;
    draw_state = 12;
    for (int round = 0; round < LARGER_ROUNDS * KINDS; round++) {
        int64_t saved = 0, full = 0;
        data m = make(round % KINDS, 600 + below(600), 60 + below(300), 8 + below(60));
        how ways[2] = {draw_way("head"), draw_way("head")};
        saved += compare(&m, ways, 2, &full);
        if (m.kind == BLOBS)
            assert_true(saved > full / 2);
        drop(&m);
    }
}

/* So many centers that rows are sorted by them. */
static void sorted_rows(void **unused)
{
    (void)unused;
    draw_state = 15;
    data m = make(BLOBS, 150, 20000, 100);
    how ways[2] = {draw_way("head"), {.plan = "head", .threads = 3, .budget = SIZE_MAX}};
    covey_fit_options options = draw_options(&m);
    options.max_iter = 3;
    options.n_init = 2;
    outcome a = fit(&m, &options, &ways[0]), b = fit(&m, &options, &ways[1]);
    ways[1].plan = "brute";
    outcome expected = fit(&m, &options, &ways[1]);
    assert_true(same(&m, &expected, &a) && same(&m, &expected, &b));
    drop_outcome(&a);
    drop_outcome(&b);
    drop_outcome(&expected);
    drop(&m);
}

/* Blobs have few directions, a bell in 200 dimensions has none, wherever it lies.  What the plan says of memory before the data
 * was read holds. */
static void chosen_where_it_pays(void **unused)
{
    (void)unused;
    const struct { int kind; const char *plan; } wanted[] = {{BLOBS, "head"}, {BELL, "tiles"}, {FAR, "tiles"}};
    draw_state = 13;
    for (int round = 0; round < 3; round++) {
        data m = make(wanted[round].kind, 20000, 200, 100);
        m.weighted = m.spread = false;
        covey_fit_options options = draw_options(&m);
        options.n_init = 1;
        options.max_iter = round == 0 ? 2 : 4; /* tiles want four */
        const how h = {.isa = covey_isa_available("avx2") == 1 ? "avx2" : "portable", .threads = 2, .budget = SIZE_MAX};
        outcome o = fit(&m, &options, &h);
        assert_int_equal(o.status, COVEY_OK);
        assert_string_equal(o.report.plan, wanted[round].plan);
        const covey_matrix x = m.f32 ? covey_matrix_dense(m.x32, COVEY_DTYPE_FLOAT32, m.n, m.d)
                                     : covey_matrix_dense(m.x, COVEY_DTYPE_FLOAT64, m.n, m.d);
        covey_run run;
        covey_run_init(&run);
        run.isa = h.isa;
        run.threads = h.threads;
        run.accelerator_budget = h.budget;
        size_t bytes = 0;
        assert_int_equal(covey_model_fit_bytes(&x, NULL, &options, &run, &bytes, NULL), COVEY_OK);
        assert_int_equal(bytes, o.report.bytes_planned);
        drop_outcome(&o);
        drop(&m);
    }
}

/* Beyond the budget neither heads nor tiles run. */
static void budget_is_kept(void **unused)
{
    (void)unused;
    draw_state = 14;
    data m = make(BLOBS, 20000, 200, 100);
    covey_fit_options options = draw_options(&m);
    options.max_iter = 2;
    options.n_init = 1;
    const how none = {.isa = "portable", .threads = 1, .budget = 0};
    outcome a = fit(&m, &options, &none);
    assert_string_equal(a.report.plan, "brute");
    drop_outcome(&a);
    drop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_fits),
        cmocka_unit_test(larger_fits),
        cmocka_unit_test(sorted_rows),
        cmocka_unit_test(chosen_where_it_pays),
        cmocka_unit_test(budget_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
