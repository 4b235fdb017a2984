/* Status codes, element types, version. The lists here are written out on purpose: they are promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "covey/covey.h"

#include <stdio.h>
#include <string.h>

static void values_and_exit_codes_are_kept(void **state)
{
    (void)state;
    const struct {
        covey_status status;
        int value, exit_code;
    } list[] = {
        {COVEY_OK, 0, 0},        {COVEY_ERR_ARGUMENT, 1, 2},     {COVEY_ERR_UNSUPPORTED, 2, 2},
        {COVEY_ERR_SHAPE, 3, 3}, {COVEY_ERR_NONFINITE, 4, 3},    {COVEY_ERR_FORMAT, 5, 3},
        {COVEY_ERR_DTYPE, 6, 3}, {COVEY_ERR_IO, 7, 4},           {COVEY_ERR_MEMORY, 8, 5},
        {COVEY_ERR_LIMIT, 9, 5}, {COVEY_ERR_CANCELLED, 10, 130}, {COVEY_ERR_INTERNAL, 11, 1},
    };
    const size_t count = sizeof list / sizeof *list;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(list[i].status, list[i].value);
        assert_int_equal(covey_status_exit_code(list[i].status), list[i].exit_code);
        assert_true(strlen(covey_status_text(list[i].status)) > 5);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(covey_status_text(list[i].status), covey_status_text(list[j].status));
    }
    assert_int_equal(covey_status_exit_code((covey_status)12), 1);
    assert_string_equal(covey_status_text((covey_status)12), "unknown status");
    assert_string_equal(covey_status_text((covey_status)-1), "unknown status");
}

static void element_types(void **state)
{
    (void)state;
    const struct {
        int tag;
        size_t size;
        const char *name;
    } list[] = {
        {1, 8, "float64"}, {2, 4, "float32"}, {3, 2, "float16"}, {4, 1, "int8"},
        {5, 1, "uint8"},   {6, 2, "int16"},   {7, 2, "uint16"},  {8, 4, "int32"},
        {9, 4, "uint32"},  {10, 8, "int64"},  {11, 8, "uint64"}, {12, 1, "bool"},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        assert_int_equal(covey_dtype_size((covey_dtype)list[i].tag), list[i].size);
        assert_string_equal(covey_dtype_name((covey_dtype)list[i].tag), list[i].name);
    }
    assert_int_equal(covey_dtype_size((covey_dtype)0), 0);
    assert_int_equal(covey_dtype_size((covey_dtype)13), 0);
    assert_string_equal(covey_dtype_name((covey_dtype)13), "unknown");
}

static void version_has_three_numbers(void **state)
{
    (void)state;
    int a, b, c;
    char rest;
    assert_int_equal(sscanf(covey_version(), "%d.%d.%d%c", &a, &b, &c, &rest), 3);
}

static void run_defaults(void **state)
{
    (void)state;
    covey_run run;
    memset(&run, 0xaa, sizeof run);
    covey_run_init(&run);
    assert_int_equal(run.size, sizeof run);
    assert_int_equal(run.threads, 0);
    assert_int_equal(run.verbosity, 0);
    assert_null(run.isa);
    assert_null(run.plan);
    assert_int_equal(run.memory_limit, 0);
    assert_true(run.accelerator_budget == SIZE_MAX);
    assert_true(run.time_limit == 0);
    assert_null(run.allocator);
    assert_null((const void *)(uintptr_t)run.progress);
    assert_null(run.user);
}

/* A program built with a shorter struct is not written past its end; one built with a longer struct gets
 * zeros. */
static void run_of_another_version(void **state)
{
    (void)state;
    unsigned char shorter[sizeof(covey_run)];
    memset(shorter, 0xaa, sizeof shorter);
    const size_t size = offsetof(covey_run, isa);
    covey_run_init_sized((covey_run *)(void *)shorter, size);
    size_t told;
    memcpy(&told, shorter, sizeof told);
    assert_int_equal(told, size);
    for (size_t i = size; i < sizeof shorter; i++)
        assert_int_equal(shorter[i], 0xaa);
    union {
        covey_run run;
        unsigned char bytes[sizeof(covey_run) + 32];
    } longer;
    memset(&longer, 0xaa, sizeof longer);
    covey_run_init_sized(&longer.run, sizeof longer.bytes);
    assert_int_equal(longer.run.size, sizeof(covey_run));
    for (size_t i = sizeof(covey_run); i < sizeof longer.bytes; i++)
        assert_int_equal(longer.bytes[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_exit_codes_are_kept), cmocka_unit_test(element_types),
        cmocka_unit_test(version_has_three_numbers),      cmocka_unit_test(run_defaults),
        cmocka_unit_test(run_of_another_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
