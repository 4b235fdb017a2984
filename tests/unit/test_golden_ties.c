/*
 * The digits are integers, so rows at equal distance from two centers are common: 40 seeds x k = 5, 10, 20, 40 must all
 * end as scikit-learn's fits do, ties included. Labels are compared by CRC-32.
 */
#include "support/golden_fits.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void digits(void **state)
{
    (void)state;
    int lines;
    assert_int_equal(golden_fits_differ("digits_ties.txt", NULL, &lines), 0);
    assert_int_equal(lines, 160);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(digits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
