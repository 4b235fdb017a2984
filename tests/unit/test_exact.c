/* Exact sums against rational arithmetic (expected values: Python's fractions and math.fsum) and NumPy's sum.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/exact.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A made-up value in [-1/2, 1/2), a multiple of 2^-32. */
static double made_up(int64_t i)
{
    return (double)((uint64_t)i * 2654435761u & 0xffffffffu) / 4294967296.0 - 0.5;
}

static double *made_up_array(int64_t n)
{
    double *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = made_up(i);
    return x;
}

static double super_sum(const double *x, int64_t n)
{
    cvi_super sum;
    cvi_super_clear(&sum);
    cvi_super_add_many(&sum, x, n);
    return cvi_super_value(&sum);
}

static void few_values(void **state)
{
    (void)state;
    const double tiny = 0x1p-1074, half_ulp = 0x1p-53;
    const struct {
        double x[5];
        int n;
        double expected;
    } cases[] = {
        {{0}, 0, 0},
        {{1.5}, 1, 1.5},
        {{-0.0}, 1, 0},
        {{-0.0, 3, -0.0}, 3, 3},
        {{tiny}, 1, tiny},
        {{tiny, tiny, -tiny}, 3, tiny},
        {{DBL_MIN, -tiny}, 2, 0x0.fffffffffffffp-1022},
        {{DBL_MAX, DBL_MAX, -DBL_MAX}, 3, DBL_MAX},
        {{DBL_MAX, DBL_MAX}, 2, INFINITY},
        {{-DBL_MAX, -DBL_MAX}, 2, -INFINITY},
        {{DBL_MAX, 0x1p969}, 2, DBL_MAX},
        {{DBL_MAX, 0x1p970}, 2, INFINITY},
        /* ties go to even; anything below the tie, however small, decides */
        {{1, half_ulp}, 2, 1},
        {{1, half_ulp, tiny}, 3, 1 + 0x1p-52},
        {{1, half_ulp, -tiny}, 3, 1},
        {{1 + 0x1p-52, half_ulp}, 2, 1 + 0x1p-51},
        {{1 + 0x1p-52, half_ulp, -tiny}, 3, 1 + 0x1p-52},
        {{-1, -half_ulp, -tiny}, 3, -1 - 0x1p-52},
        {{1e300, 1, -1e300, 1e-300, -1}, 5, 1e-300},
        {{1e16, 1, 1, -1e16}, 4, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double got = super_sum(cases[i].x, cases[i].n);
        assert_true(got == cases[i].expected);
        assert_int_equal(signbit(got) != 0, signbit(cases[i].expected) != 0);
    }
}

static void many_values(void **state)
{
    (void)state;
    const int64_t n = 1000000;
    double *x = made_up_array(n);
    assert_true(super_sum(x, n) == -0x1.40f67f2p+0);
    x[777777] = 1e20;
    assert_true(super_sum(x, n) == 0x1.5af1d78b58c40p+66);
    x[5] = -1e20;
    assert_true(super_sum(x, n) == -0x1.ed9950ecp-1);
    const double weight[5] = {1e-8, 1e-4, 1, 1e4, 1e8};
    for (int64_t i = 0; i < 100000; i++)
        x[i] = made_up(i) * weight[i % 5];
    assert_true(super_sum(x, 100000) == 0x1.559adac7a8903p+27);
    free(x);
}

static void parts_merge_in_any_order(void **state)
{
    (void)state;
    const int64_t n = 20000;
    double *x = made_up_array(n);
    for (int64_t i = 0; i < n; i++)
        x[i] = ldexp(x[i], (int)(i * 37 % 2000) - 1000);
    const double whole = super_sum(x, n);
    for (int64_t cut = 1; cut < n; cut += 1777) {
        cvi_super a, b;
        cvi_super_clear(&a);
        cvi_super_clear(&b);
        for (int64_t i = n - 1; i >= cut; i--)
            cvi_super_add(&b, x[i]);
        cvi_super_add_many(&a, x, cut);
        const cvi_super kept = a;
        cvi_super_merge(&b, &a);
        assert_memory_equal(&a, &kept, sizeof a);
        assert_true(cvi_super_value(&b) == whole);
        assert_true(cvi_super_value(&b) == whole); /* reading changes nothing */
    }
    free(x);
}

static void carries_reach_the_top(void **state)
{
    (void)state;
    cvi_super sum;
    cvi_super_clear(&sum);
    for (int i = 0; i < 5000; i++)
        cvi_super_add(&sum, DBL_MAX);
    for (int i = 0; i < 4999; i++)
        cvi_super_add(&sum, -DBL_MAX);
    assert_true(cvi_super_value(&sum) == DBL_MAX);
    /* Doubled 57 times: more than 2^62 addends' worth. */
    cvi_super_clear(&sum);
    for (int i = 0; i < 64; i++)
        cvi_super_add(&sum, -DBL_MAX);
    for (int i = 0; i < 57; i++) {
        const cvi_super half = sum;
        cvi_super_merge(&sum, &half);
    }
    assert_true(cvi_super_value(&sum) == -INFINITY);
    cvi_super negative;
    cvi_super_clear(&negative);
    for (int i = 0; i < 64; i++)
        cvi_super_add(&negative, DBL_MAX);
    for (int i = 0; i < 57; i++) {
        const cvi_super half = negative;
        cvi_super_merge(&negative, &half);
    }
    cvi_super_merge(&sum, &negative);
    cvi_super_add(&sum, 3);
    assert_true(cvi_super_value(&sum) == 3);
}

static void numpy_sums(void **state)
{
    (void)state;
    double *x = made_up_array(1000000);
    const struct {
        int64_t n, stride;
        double expected;
    } cases[] = {
        {0, 1, 0},
        {1, 1, -0x1p-1},
        {7, 1, -0x1.0ae608f6p-1},
        {8, 1, -0x1.63dd6148p-1},
        {128, 1, -0x1.3d50988p-1},
        {129, 1, -0x1.02eb73cp+0},
        {1000, 1, -0x1.82c9a5p-6},
        {99999, 1, -0x1.f61c33fp-4},
        {333334, 3, 0x1.2f92839280000p+1},
        {1000000, 1, -0x1.40f67f2p+0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(cvi_pairwise_sum(x, cases[i].n, cases[i].stride) == cases[i].expected);
    /* Values of many sizes, where the order shows. */
    for (int64_t i = 0; i < 5000; i++)
        x[i] = made_up(i) * pow(2, (double)(i % 61));
    assert_true(cvi_pairwise_sum(x, 5000, 1) == 0x1.756115222c133p+61);
    const double minus_zero[1] = {-0.0};
    assert_int_equal(signbit(cvi_pairwise_sum(minus_zero, 1, 1)), 0);
    free(x);
}

/* --- grid
 * -----------------------------------------------------------------------------------------------------------
 */

enum { MOST_LEVELS = 4 };

static void grid_add(const double *magic, int levels, double v, int sign, uint64_t *q)
{
    for (int l = 0; l < levels; l++) {
        const double shifted = v + magic[l];
        uint64_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        q[l] += sign > 0 ? bits : (uint64_t)0 - bits;
        v -= shifted - magic[l];
    }
}

static double grid_sum(const double *x, int64_t n, int exponent, int levels)
{
    double magic[MOST_LEVELS];
    uint64_t q[MOST_LEVELS] = {0};
    cvi_grid_magic(exponent, n, levels, magic);
    for (int64_t i = 0; i < n; i++)
        grid_add(magic, levels, x[i], 1, q);
    return cvi_grid_value(q, 1, magic, 1, levels, n);
}

static void magic_numbers(void **state)
{
    (void)state;
    double magic[4];
    cvi_grid_magic(0, 1, 2, magic);
    assert_true(magic[0] == 3 && magic[1] == 0x1.8p-51); /* headroom of one bit at least */
    cvi_grid_magic(5, 2048, 2, magic);
    assert_true(magic[0] == 0x1.8p6 && magic[1] == 0x1.8p-46);
    cvi_grid_magic(5, 2049, 2, magic);
    assert_true(magic[0] == 0x1.8p7 && magic[1] == 0x1.8p-44);
    cvi_grid_magic(5, 1 << 20, 3, magic);
    assert_true(magic[0] == 0x1.8p15 && magic[1] == 0x1.8p-28 && magic[2] == 0x1.8p-71);
    cvi_grid_magic(-1030, 1 << 20, 2, magic);
    assert_true(magic[0] == 0x1.8p-1020 && magic[1] == 0x1.8p-1022);
    cvi_grid_magic(-100000, 1, 2, magic); /* all values are zero */
    assert_true(magic[0] == 0x1.8p-1022 && magic[1] == 0x1.8p-1022);
}

static void grid_of_one(void **state)
{
    (void)state;
    const struct {
        double v;
        int exponent;
    } cases[] = {
        {0.0, 0},
        {-0.0, 0},
        {0.75, 0},
        {-0x1.fffffffffffffp-1, 0},
        {0x1.fffffffffffffp-1, 0},
        {1e20, 67},
        {-1e300, 997},
        {0x1p-1074, -1073},
        {-0x1.123456789abcdp-1022, -1021},
        {0x1.8p-60, 0},
        {M_PI, 2},
        {0x1.0000000000001p1000, 1001},
    };
    for (int levels = 2; levels <= MOST_LEVELS; levels++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            const double got = grid_sum(&cases[i].v, 1, cases[i].exponent, levels);
            assert_true(got == cases[i].v);
            assert_int_equal(signbit(got) != 0, cases[i].v < 0);
        }
    }
}

static void grid_of_many(void **state)
{
    (void)state;
    const int64_t n = 1000000;
    double *x = made_up_array(n);
    for (int levels = 2; levels <= MOST_LEVELS; levels++)
        assert_true(grid_sum(x, n, 0, levels) == -0x1.40f67f2p+0);
    x[777777] = 1e20;
    for (int levels = 2; levels <= MOST_LEVELS; levels++)
        assert_true(grid_sum(x, n, 67, levels) == 0x1.5af1d78b58c40p+66);
    /* The large value leaves again: what is left shows how fine each level's grid is. */
    x[5] = -1e20;
    assert_true(grid_sum(x, n, 67, 1) == 0);
    assert_true(grid_sum(x, n, 67, 2) == -0x1.ed998p-1);
    assert_true(grid_sum(x, n, 67, 3) == -0x1.ed9950ecp-1);
    assert_true(grid_sum(x, n, 67, 4) == -0x1.ed9950ecp-1);
    const double weight[5] = {1e-8, 1e-4, 1, 1e4, 1e8};
    for (int64_t i = 0; i < 100000; i++)
        x[i] = made_up(i) * weight[i % 5];
    for (int levels = 2; levels <= MOST_LEVELS; levels++)
        assert_true(grid_sum(x, 100000, 26, levels) == 0x1.559adac7a8903p+27);
    /* The lightest cluster alone, on the grid of all. */
    int64_t light = 0;
    for (int64_t i = 0; i < 100000; i += 5)
        x[light++] = x[i];
    double magic[3];
    uint64_t q[3] = {0};
    cvi_grid_magic(26, 100000, 3, magic);
    for (int64_t i = 0; i < light; i++)
        grid_add(magic, 3, x[i], 1, q);
    assert_true(cvi_grid_value(q, 1, magic, 1, 3, light) == super_sum(x, light));
    free(x);
}

static void grid_forgets_what_leaves(void **state)
{
    (void)state;
    double magic[3];
    uint64_t q[3] = {0};
    cvi_grid_magic(3, 5000, 3, magic);
    for (int64_t i = 0; i < 5000; i++)
        grid_add(magic, 3, made_up(i) * 16, 1, q);
    for (int64_t i = 4999; i >= 3; i--)
        grid_add(magic, 3, made_up(i) * 16, -1, q);
    const double three = (made_up(0) + made_up(1) + made_up(2)) * 16; /* exact: 32-bit values */
    assert_true(cvi_grid_value(q, 1, magic, 1, 3, 3) == three);
    for (int64_t i = 0; i < 3; i++)
        grid_add(magic, 3, made_up(i) * 16, -1, q);
    assert_true(cvi_grid_value(q, 1, magic, 1, 3, 0) == 0);
    assert_int_equal(q[0] | q[1] | q[2], 0);
}

static void grid_strides(void **state)
{
    (void)state;
    double magic[2], spread[2 * 5] = {0};
    uint64_t q[2] = {0}, apart[2 * 3] = {0};
    cvi_grid_magic(0, 10, 2, magic);
    for (int64_t i = 0; i < 10; i++)
        grid_add(magic, 2, made_up(i) / 3, 1, q);
    for (int l = 0; l < 2; l++) {
        spread[5 * l] = magic[l];
        apart[3 * l] = q[l];
    }
    assert_true(cvi_grid_value(apart, 3, spread, 5, 2, 10) == cvi_grid_value(q, 1, magic, 1, 2, 10));
}

/* One rounding, to even, also where the deciding bit sits in the lowest level. */
static void grid_rounds_once(void **state)
{
    (void)state;
    const struct {
        double x[3];
        double expected;
    } cases[] = {
        {{1, 0x1p-53, 0}, 1},
        {{1, 0x1p-53, 0x1p-100}, 1 + 0x1p-52},
        {{1, 0x1p-53, -0x1p-100}, 1},
        {{1 + 0x1p-52, 0x1p-53, -0x1p-100}, 1 + 0x1p-52},
        {{1 + 0x1p-52, 0x1p-53, 0}, 1 + 0x1p-51},
        {{-1, -0x1p-53, -0x1p-100}, -1 - 0x1p-52},
        {{-1, -0x1p-53, 0x1p-100}, -1},
        {{1, -1, 0x1p-101}, 0x1p-101},
        {{1, -1, -0x1p-101}, -0x1p-101},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int levels = 2; levels <= MOST_LEVELS; levels++)
            assert_true(grid_sum(cases[i].x, 3, 1, levels) == cases[i].expected);
    /* Four levels, the last bit of the last one. */
    const double deep[3] = {1, 0x1p-53, 0x1p-170};
    assert_true(grid_sum(deep, 3, 1, 4) == 1 + 0x1p-52);
    const double deeper[3] = {1, 0x1p-53, -0x1p-170};
    assert_true(grid_sum(deeper, 3, 1, 4) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_values),
        cmocka_unit_test(many_values),
        cmocka_unit_test(parts_merge_in_any_order),
        cmocka_unit_test(carries_reach_the_top),
        cmocka_unit_test(numpy_sums),
        cmocka_unit_test(magic_numbers),
        cmocka_unit_test(grid_of_one),
        cmocka_unit_test(grid_of_many),
        cmocka_unit_test(grid_forgets_what_leaves),
        cmocka_unit_test(grid_strides),
        cmocka_unit_test(grid_rounds_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
