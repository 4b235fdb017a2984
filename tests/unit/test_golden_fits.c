/*
 * Whole fits against scikit-learn's: golden rows 1-12, 14 and 15 of the reference table and sixty more on real tables,
 * grids full of ties, weights and restarts. Same labels, n_iter and inertia.
 */
#include "support/golden_fits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void table_rows(void **state)
{
    (void)state;
    int lines;
    assert_int_equal(golden_fits_differ("fits.txt", NULL, &lines), 0);
    assert_int_equal(lines, 15);
}

static void more_fits(void **state)
{
    (void)state;
    int lines;
    assert_int_equal(golden_fits_differ("more_fits.txt", NULL, &lines), 0);
    assert_int_equal(lines, 60);
}

/* The comparison is able to fail: one iteration less, and no line agrees. */
static void wrong_fits_are_seen(void **state)
{
    (void)state;
    char line[] = "row=expected-to-differ data=iris k=3 seed=42 init=k-means++ n_init=0 weights=none dtype=float64 "
                  "tol=0.0001 max_iter=2 rtol=1e-12 seeds=56,37,59 n_iter=11 inertia=78.85566582597727 crc=07d6bcfa";
    golden_table iris = golden_data("iris", NULL);
    assert_int_equal(golden_fit_agrees(line, &iris, NULL), 0);
    free(iris.x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_rows),
        cmocka_unit_test(more_fits),
        cmocka_unit_test(wrong_fits_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
