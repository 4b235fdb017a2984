/* Elements of matrices: every type, any stride, both byte orders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "covey/covey.h"

#include <math.h>

static void same(double got, double expected)
{
    assert_memory_equal(&got, &expected, sizeof got); /* -0.0 is not 0.0 */
}

/* The first element of an array of one type, as it is and with its bytes reversed in an array of odd strides. */
static void check(covey_dtype dtype, const void *value, double expected)
{
    unsigned char swapped[64] = {0};
    const int64_t size = (int64_t)covey_dtype_size(dtype);
    covey_matrix x = covey_matrix_dense(value, dtype, 1, 1);
    same(covey_matrix_value(&x, 0, 0), expected);
    for (int64_t b = 0; b < size; b++)
        swapped[23 + 11 + b] = ((const unsigned char *)value)[size - 1 - b];
    x = (covey_matrix){.layout = COVEY_LAYOUT_DENSE, .dtype = dtype, .n = 2, .d = 2, .data = swapped, .row_stride = 23,
                       .col_stride = 11, .byte_swapped = 1};
    same(covey_matrix_value(&x, 1, 1), expected);
}

static void every_type(void **state)
{
    (void)state;
    check(COVEY_DTYPE_FLOAT64, &(double){-0.0}, -0.0);
    check(COVEY_DTYPE_FLOAT64, &(double){0x1.23456789abcdep-1030}, 0x1.23456789abcdep-1030);
    check(COVEY_DTYPE_FLOAT32, &(float){-0x1p-149f}, -0x1p-149);
    check(COVEY_DTYPE_INT8, &(int8_t){-128}, -128);
    check(COVEY_DTYPE_UINT8, &(uint8_t){255}, 255);
    check(COVEY_DTYPE_INT16, &(int16_t){-300}, -300);
    check(COVEY_DTYPE_UINT16, &(uint16_t){65535}, 65535);
    check(COVEY_DTYPE_INT32, &(int32_t){INT32_MIN}, -2147483648.0);
    check(COVEY_DTYPE_UINT32, &(uint32_t){UINT32_MAX}, 4294967295.0);
    check(COVEY_DTYPE_INT64, &(int64_t){INT64_MIN}, -0x1p63);
    check(COVEY_DTYPE_UINT64, &(uint64_t){UINT64_MAX}, 0x1p64);
    check(COVEY_DTYPE_BOOL, &(uint8_t){7}, 1);
}

/* IEEE 754 binary16: largest and smallest, normal and not. */
static void halves(void **state)
{
    (void)state;
    check(COVEY_DTYPE_FLOAT16, &(uint16_t){0x3c01}, 1 + 0x1p-10);
    check(COVEY_DTYPE_FLOAT16, &(uint16_t){0xfbff}, -65504);
    check(COVEY_DTYPE_FLOAT16, &(uint16_t){0x0400}, 0x1p-14);
    check(COVEY_DTYPE_FLOAT16, &(uint16_t){0x83ff}, -1023 * 0x1p-24);
    check(COVEY_DTYPE_FLOAT16, &(uint16_t){0x8000}, -0.0);
    check(COVEY_DTYPE_FLOAT16, &(uint16_t){0x7c00}, INFINITY);
    const covey_matrix x = covey_matrix_dense(&(uint16_t){0x7c01}, COVEY_DTYPE_FLOAT16, 1, 1);
    assert_true(isnan(covey_matrix_value(&x, 0, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_type), cmocka_unit_test(halves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
