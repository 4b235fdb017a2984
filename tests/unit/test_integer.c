/* Plan "integer" against plan "canonical" on trouble, for any number of threads and every instruction set; and proof that it runs
 * and leaves little to the exact score. */
#include "support/trouble.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ROUNDS = 500, LARGER_ROUNDS = 1 };
#else
enum { ROUNDS = 2000, LARGER_ROUNDS = 3 };
#endif

static void small_fits(void **unused)
{
    (void)unused;
    draw_state = 1;
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t n = 1 + below(round % 10 == 0 ? 900 : 200), d = 1 + below(round % 7 == 0 ? 300 : 20);
        const int64_t k = round % 20 == 0 ? n : 1 + below(n < 100 ? n : 100);
        data m = make((int)below(KINDS), n, d, k);
        how ways[2] = {draw_way("integer"), draw_way("integer")};
        if (below(8) == 0)
            ways[0].stop = ways[1].stop = 1 + below(6);
        int64_t full = 0;
        compare(&m, ways, 2, &full);
        drop(&m);
    }
}

/* Words and bytes, blocks that are not full, more centers than fit one group of places. */
static void larger_fits(void **unused)
{
    (void)unused;
    draw_state = 2;
    int64_t full = 0;
    for (int round = 0; round < LARGER_ROUNDS * KINDS; round++) {
        const int64_t d = round % 2 == 0 ? 4 + below(30) : 60 + below(140), k = round % 2 == 0 ? 8 + below(200) : 80 + below(60);
        data m = make(round % KINDS, 1000 + below(2000), d, k);
        how ways[2] = {draw_way("integer"), draw_way("integer")};
        compare(&m, ways, 2, &full);
        drop(&m);
    }
}

/* Chosen for rows without clusters, alone or before tiles are sorted; few rows are left to the exact score. */
static void plan_takes_it(void **unused)
{
    (void)unused;
    draw_state = 3;
    const struct { int kind; int64_t d, k; const char *plan; } cases[] = {
        {UNIFORM, 64, 80, "tiles"}, {UNIFORM, 128, 60, "tiles"}, {UNIFORM, 120, 256, "integer"}, {BELL, 160, 40, "integer"}, {BLOBS, 128, 60, "tiles"}};
    const how h = {.threads = 2, .budget = SIZE_MAX};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        data m = make(cases[c].kind, 6000, cases[c].d, cases[c].k);
        m.weighted = m.spread = false;
        covey_fit_options options = draw_options(&m);
        options.init = COVEY_SEED_RANDOM;
        options.n_init = 1;
        options.max_iter = 8;
        outcome o = fit(&m, &options, &h);
        assert_int_equal(o.status, COVEY_OK);
        if (strcmp(o.report.isa, "avx512-vnni") == 0) {
            assert_string_equal(o.report.plan, cases[c].plan);
            print_message("%s: %lld of %lld rows scored exactly\n", o.report.plan, (long long)o.report.n_repaired, (long long)(m.n * o.report.n_iter));
            assert_true(cases[c].kind == BLOBS || o.report.n_repaired < m.n * o.report.n_iter / 20);
        }
        drop_outcome(&o);
        drop(&m);
    }
}

/* One huge row makes steps too coarse to tell anything: float32 takes over, and the answer stays. */
static void outliers_are_no_matter(void **unused)
{
    (void)unused;
    draw_state = 4;
    data m = make(HUGE_ROW, 4000, 40, 50);
    int64_t full = 0;
    how ways[2] = {draw_way("integer"), draw_way("integer")};
    compare(&m, ways, 2, &full);
    drop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_fits),
        cmocka_unit_test(larger_fits),
        cmocka_unit_test(plan_takes_it),
        cmocka_unit_test(outliers_are_no_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
