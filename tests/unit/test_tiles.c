/* Plan "tiles" against plan "canonical" on trouble, for any number of threads and every instruction set; and proof that tiles ran
 * and skipped work. */
#include "support/trouble.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ROUNDS = 500, LARGER_ROUNDS = 1 };
#else
enum { ROUNDS = 1500, LARGER_ROUNDS = 2 };
#endif

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
        how ways[2] = {draw_way("tiles"), draw_way("tiles")};
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
        how ways[3] = {draw_way("tiles"), draw_way("tiles"), draw_way("tiles")};
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

/* From 96 features on bytes take data whose bounds would hold nothing apart. */
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
        const bool integer = strcmp(o.report.isa, "avx512-vnni") == 0 && cases[c].kind != BLOBS;
        assert_int_equal(o.status, COVEY_OK);
        assert_string_equal(o.report.plan, integer ? "integer" : bytes ? cases[c].with_bytes : "tiles");
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
