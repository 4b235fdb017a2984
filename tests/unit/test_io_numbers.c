/* Numbers as text: reading agrees with strtod bit for bit, writing is the shortest text that reads back. */
#include "io_support.h"

#include "io/number.h"

#include <locale.h>
#include <math.h>

static void same(double a, double b, const char *text)
{
    if (memcmp(&a, &b, sizeof a) != 0)
        fail_msg("%s: %a, not %a", text, a, b);
}

static double any_double(int i)
{
    uint64_t bits = test_random();
    double value;
    if (i % 4 == 1)
        return (double)(test_random() % 1000000) / 1000.0;
    if (i % 4 == 2)
        return (double)(test_random() >> 11) * 0x1p-53;
    if (i % 4 == 3)
        bits = test_random() % 2047 << 52; /* powers of two: the interval below is narrower */
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Significant digits in a decimal text. */
static int digits_in(const char *text)
{
    int digits = 0, zeros = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (digits == 0 && *text == '0'))
            continue;
        digits++;
        zeros = *text == '0' ? zeros + 1 : 0;
    }
    return digits - zeros;
}

static void round_trip_of_random_doubles(void **state)
{
    (void)state;
    for (int i = 0; i < 1200000; i++) {
        char text[32], other[32];
        double value = any_double(i), back = 0;
        if (!isfinite(value))
            continue;
        size_t length = covey_format_double(value, text);
        assert_true(length < sizeof text && text[length] == 0);
        same(strtod(text, NULL), value, text);
        assert_int_equal(cvi_io_number_read(text, length, &back), CVI_IO_NUMBER);
        same(back, value, text);
        int digits = digits_in(text);
        if (digits > 1) { /* one digit less does not read back */
            snprintf(other, sizeof other, "%.*e", digits - 2, value);
            if (strtod(other, NULL) == value)
                fail_msg("%s is longer than %s", text, other);
        }
    }
}

static void reading_random_decimals_agrees_with_strtod(void **state)
{
    (void)state;
    for (int i = 0; i < 500000; i++) {
        char text[64];
        double back = 0;
        int range = i % 2 ? 40 : 680;
        int length = snprintf(text, sizeof text, "%s%llu.%0*llue%d", i % 3 ? "" : "-",
                              (unsigned long long)(test_random() % ((uint64_t)1 << (test_random() % 40))),
                              (int)(test_random() % 8 + 1), (unsigned long long)(test_random() % 100000000),
                              (int)(test_random() % (unsigned)range) - range / 2);
        double expected = strtod(text, NULL);
        cvi_io_kind kind = cvi_io_number_read(text, (size_t)length, &back);
        assert_int_equal(kind, isinf(expected) ? CVI_IO_HUGE : CVI_IO_NUMBER);
        if (kind == CVI_IO_NUMBER)
            same(back, expected, text);
    }
}

static void reading_half_way_cases(void **state)
{
    (void)state;
    for (int i = 0; i < 300000; i++) {
        char text[64];
        double back = 0;
        uint64_t m = ((uint64_t)1 << 53) + (test_random() & (((uint64_t)1 << 53) - 1));
        int length = snprintf(text, sizeof text, "%llue%d", (unsigned long long)((m << 1 | 1) >> test_random() % 3),
                              (int)(test_random() % 10));
        assert_int_equal(cvi_io_number_read(text, (size_t)length, &back), CVI_IO_NUMBER);
        same(back, strtod(text, NULL), text);
    }
}

/* The block parser has a number loop of its own; it must agree with the field reader. */
static void the_fast_path_agrees(void **state)
{
    (void)state;
    enum { N = 200000 };
    char *text = malloc(N * 40), *p = text;
    double *values = malloc(N * sizeof *values);
    for (int i = 0; i < N; i++) {
        do
            values[i] = any_double(i);
        while (!isfinite(values[i]));
        int form = i % 5;
        char *first = p;
        p += form == 0   ? snprintf(p, 39, "%.17g", values[i])
             : form == 1 ? snprintf(p, 39, "%.25e", values[i])
             : form == 2 ? snprintf(p, 39, "%.18g", values[i])
             : form == 3 ? snprintf(p, 39, "%.6f", fmod(values[i], 1e9))
                         : snprintf(p, 39, "%.0f", fmod(values[i], 1e18));
        values[i] = strtod(first, NULL);
        *p++ = '\n';
    }
    covey_read_options options = read_defaults();
    options.header = COVEY_HEADER_NO;
    covey_table *table = read_bytes(text, (size_t)(p - text), &options);
    assert_int_equal(covey_table_matrix(table).n, N);
    for (int i = 0; i < N; i++)
        same(value_at(table, i, 0), values[i], "fast path");
    covey_table_free(table);
    free(values);
    free(text);
}

static void written_forms(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0, "0"},
                 {-0.0, "-0"},
                 {1, "1"},
                 {-1.5, "-1.5"},
                 {0.1, "0.1"},
                 {1e15, "1000000000000000"},
                 {1e16, "1e+16"},
                 {123456789012345678.0, "1.2345678901234568e+17"},
                 {0.0001, "0.0001"},
                 {0.00001, "1e-05"},
                 {5e-324, "5e-324"},
                 {2.2250738585072014e-308, "2.2250738585072014e-308"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {78.855665825977, "78.855665825977"},
                 {9007199254740993.0, "9007199254740992"},
                 {1e23, "1e+23"},
                 {(double)INFINITY, "inf"},
                 {-(double)INFINITY, "-inf"},
                 {(double)NAN, "nan"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        assert_int_equal(covey_format_double(cases[i].value, text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].text);
    }
}

/* Row 50: what is a number, what is missing, what is neither. */
static void row_50_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        cvi_io_kind kind;
        double value;
    } cases[] = {{"1", CVI_IO_NUMBER, 1},       {" 2.5\t", CVI_IO_NUMBER, 2.5}, {"+3", CVI_IO_NUMBER, 3},
                 {".5", CVI_IO_NUMBER, .5},     {"5.", CVI_IO_NUMBER, 5},       {"1e3", CVI_IO_NUMBER, 1000},
                 {"1E-400", CVI_IO_NUMBER, 0},  {"00012", CVI_IO_NUMBER, 12},   {"1e400", CVI_IO_HUGE, 0},
                 {"-1e400", CVI_IO_HUGE, 0},    {"0x1F", CVI_IO_HEX, 0},        {"1,5", CVI_IO_COMMA, 0},
                 {"1.234,5", CVI_IO_TEXT, 0},   {"", CVI_IO_MISSING, 0},        {"  ", CVI_IO_MISSING, 0},
                 {"NA", CVI_IO_MISSING, 0},     {"n/a", CVI_IO_MISSING, 0},     {"NaN", CVI_IO_MISSING, 0},
                 {"null", CVI_IO_MISSING, 0},   {"None", CVI_IO_MISSING, 0},    {"?", CVI_IO_MISSING, 0},
                 {"#N/A", CVI_IO_MISSING, 0},   {"<NA>", CVI_IO_MISSING, 0},    {"inf", CVI_IO_INFINITE, 0},
                 {"-Infinity", CVI_IO_INFINITE, 0}, {"abc", CVI_IO_TEXT, 0},    {"1e", CVI_IO_TEXT, 0},
                 {"1e+", CVI_IO_TEXT, 0},       {"--1", CVI_IO_TEXT, 0},        {"1 2", CVI_IO_TEXT, 0},
                 {"1_000", CVI_IO_TEXT, 0},     {"-", CVI_IO_TEXT, 0},          {".", CVI_IO_TEXT, 0},
                 {"nan(0)", CVI_IO_TEXT, 0},    {"1e99999999999", CVI_IO_HUGE, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value = 0;
        if (cvi_io_number_read(cases[i].text, strlen(cases[i].text), &value) != cases[i].kind)
            fail_msg("'%s' is of another kind", cases[i].text);
        if (cases[i].kind == CVI_IO_NUMBER)
            assert_true(value == cases[i].value);
    }
}

static void row_50_thousand_digits(void **state)
{
    (void)state;
    char text[1001];
    double value = 0;
    memset(text, '3', sizeof text);
    text[1] = '.';
    assert_int_equal(cvi_io_number_read(text, 1000, &value), CVI_IO_LONG);
    assert_int_equal(cvi_io_number_read(text, 400, &value), CVI_IO_NUMBER);
    same(value, 10.0 / 3, text);
}

static void row_50_other_locale(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    bool set = false;
    for (size_t i = 0; i < 4 && !set; i++)
        set = setlocale(LC_ALL, names[i]) != NULL;
    char text[32];
    double value = 0;
    covey_format_double(1.5, text);
    assert_string_equal(text, "1.5");
    /* 20 digits: beyond the short path, so strtod_l decides */
    assert_int_equal(cvi_io_number_read("1.2345678901234567890123", 24, &value), CVI_IO_NUMBER);
    assert_true(value == 1.2345678901234567890123);
    setlocale(LC_ALL, "C");
    if (!set)
        print_message("no locale with a decimal comma is installed; tested in the C locale only\n");
}

static void no_power_ends_in_a_zero_word(void **state)
{
    (void)state;
    for (int k = 56; k <= CVI_IO_POWER_LAST; k++)
        assert_true(cvi_io_powers[k - CVI_IO_POWER_FIRST][1] != 0);
    assert_true(cvi_io_powers[-CVI_IO_POWER_FIRST][0] == (uint64_t)1 << 63);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip_of_random_doubles), cmocka_unit_test(reading_random_decimals_agrees_with_strtod),
        cmocka_unit_test(reading_half_way_cases),       cmocka_unit_test(the_fast_path_agrees),
        cmocka_unit_test(written_forms),                cmocka_unit_test(row_50_kinds),
        cmocka_unit_test(row_50_thousand_digits),       cmocka_unit_test(row_50_other_locale),
        cmocka_unit_test(no_power_ends_in_a_zero_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
