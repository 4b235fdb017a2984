/* Greedy k-means++ picks scikit-learn's rows: those of every golden fit, and of kmeans_plusplus called alone. */
#include "support/golden.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The picks of a line against the list under key; trials 0 is the default. */
static int picks_agree(const char *line, const char *key, int64_t trials)
{
    double expected[256];
    int64_t picked[256];
    const int64_t k = golden_list(golden_text(line, key), expected, 256);
    golden_table t = golden_data(golden_text(line, "data"), NULL);
    double *weights = golden_weights(golden_text(line, "weights"), t.n);
    const covey_matrix x = golden_view(&t);
    covey_random random;
    covey_random_seed(&random, (uint32_t)golden_int(line, "seed"));
    covey_error err;
    int agrees = 1;
    if (covey_seed_plusplus(&x, weights, k, trials, &random, NULL, picked, &err) != COVEY_OK) {
        printf("%s\n  %s\n", err.message, line);
        agrees = 0;
    }
    for (int64_t j = 0; agrees && j < k; j++) {
        if (picked[j] != (int64_t)expected[j]) {
            printf("pick %lld is %lld: %s\n", (long long)j, (long long)picked[j], line);
            agrees = 0;
        }
    }
    free(weights);
    free(t.x);
    return agrees;
}

static void check_file(const char *file, const char *key, int least)
{
    FILE *stream = golden_open(file);
    static char line[GOLDEN_LINE];
    int differ = 0, lines = 0;
    while (golden_line(stream, line)) {
        if (golden_is(line, key, "-"))
            continue;
        const int64_t trials = strcmp(key, "rows") == 0 ? golden_int(line, "trials") : 0;
        differ += !picks_agree(line, key, trials);
        lines++;
    }
    fclose(stream);
    assert_int_equal(differ, 0);
    assert_true(lines >= least);
}

static void seeds_of_the_table(void **state)
{
    (void)state;
    check_file("fits.txt", "seeds", 12);
}

static void seeds_of_more_fits(void **state)
{
    (void)state;
    check_file("more_fits.txt", "seeds", 50);
}

static void plusplus_alone(void **state)
{
    (void)state;
    check_file("plusplus.txt", "rows", 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_of_the_table),
        cmocka_unit_test(seeds_of_more_fits),
        cmocka_unit_test(plusplus_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
