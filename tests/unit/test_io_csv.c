/* The CSV reader: what it accepts, what it decides and says, and where it says that something is wrong. */
#include "io_support.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <zlib.h>

static void plain_table_with_header(void **state)
{
    (void)state;
    covey_table *t = read_text("age,height\n1,2.5\n-3,4e2\n", NULL);
    assert_table(t, 2, 2, (const double[]){1, 2.5, -3, 400});
    assert_string_equal(covey_table_name(t, 0), "age");
    assert_string_equal(covey_table_name(t, 1), "height");
    assert_null(covey_table_name(t, 2));
    assert_non_null(strstr(covey_table_notes(t), "header: yes"));
    assert_null(covey_table_file_rows(t));
    char delimiter;
    int32_t has_header;
    covey_table_text(t, &delimiter, &has_header);
    assert_int_equal(delimiter, ',');
    assert_int_equal(has_header, 1);
    covey_table_free(t);
}

static void no_line_end_at_the_end(void **state)
{
    (void)state;
    covey_table *t = read_text("1,2\n3,4", NULL);
    assert_table(t, 2, 2, (const double[]){1, 2, 3, 4});
    assert_null(covey_table_name(t, 0));
    covey_table_free(t);
}

static void delimiters_are_found(void **state)
{
    (void)state;
    static const char *const texts[] = {"a,b\n1,2\n3,4\n",    "a;b\n1;2\n3;4\n",      "a\tb\n1\t2\n3\t4\n",
                                        "a|b\n1|2\n3|4\n",    "a b\n1 2\n3 4\n",      "  a   b\n 1\t 2 \n3    4\n",
                                        "a, b\n1, 2\n3, 4\n", "\"a\",\"b\"\n1,2\n3,4\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        covey_table *t = read_text(texts[i], NULL);
        assert_table(t, 2, 2, (const double[]){1, 2, 3, 4});
        assert_string_equal(covey_table_name(t, 0), "a");
        assert_string_equal(covey_table_name(t, 1), "b");
        covey_table_free(t);
    }
}

static void one_column(void **state)
{
    (void)state;
    covey_table *t = read_text("x\n1\n\n2\n", NULL);
    assert_table(t, 2, 1, (const double[]){1, 2});
    assert_non_null(strstr(covey_table_notes(t), "blank lines: 1"));
    covey_table_free(t);
}

static void quotes(void **state)
{
    (void)state;
    covey_table *t = read_text("\"a,1\",\"say \"\"b\"\"\",\"two\nlines\"\n\"1\",2,3\n4,\"5\",\"6\"\n", NULL);
    assert_table(t, 2, 3, (const double[]){1, 2, 3, 4, 5, 6});
    assert_string_equal(covey_table_name(t, 0), "a,1");
    assert_string_equal(covey_table_name(t, 1), "say \"b\"");
    assert_string_equal(covey_table_name(t, 2), "two\nlines");
    covey_table_free(t);
    /* a line end inside quotes of a column that is not read, and the line numbers behind it */
    covey_read_options o = read_defaults();
    o.columns = "2";
    refuse_text("t,x\n\"a\nb\",1\nc,oops\n", &o, COVEY_ERR_FORMAT, "line 4, byte 14: 'oops'");
}

static void headers_are_judged(void **state)
{
    (void)state;
    covey_table *t = read_text("1,2\n3,4\n", NULL);
    assert_int_equal(covey_table_matrix(t).n, 2);
    assert_non_null(strstr(covey_table_notes(t), "header: no (line 1 is all numbers)"));
    covey_table_free(t);
    covey_read_options o = read_defaults();
    o.header = COVEY_HEADER_YES;
    t = read_text("1,2\n3,4\n", &o);
    assert_int_equal(covey_table_matrix(t).n, 1);
    assert_string_equal(covey_table_name(t, 1), "2");
    covey_table_free(t);
    /* text and numbers over numbers: unsure, so the line counts as data and is told about */
    refuse_text("id,2001\n1,5\n2,6\n", NULL, COVEY_ERR_DTYPE, "line 1 was taken as data; --header yes");
    o.header = COVEY_HEADER_NO;
    refuse_text("a,b\n1,2\n", &o, COVEY_ERR_DTYPE, "column 1 holds text: 'a'");
}

static void columns_by_name_number_and_range(void **state)
{
    (void)state;
    const char *text = "a,b,c-d,e\n1,2,3,4\n5,6,7,8\n";
    static const struct {
        const char *spec;
        int64_t d;
        double first[4];
    } cases[] = {{"1-2", 2, {1, 2}},     {"b,a", 2, {2, 1}},      {"3-", 2, {3, 4}},     {"c-d", 1, {3}},
                 {"a-c-d", 3, {1, 2, 3}}, {"b-e", 3, {2, 3, 4}},   {"4, 1", 2, {4, 1}},   {"\"c-d\",2", 2, {3, 2}},
                 {"c-d-e", 2, {3, 4}},    {"2-2", 1, {2}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        covey_read_options o = read_defaults();
        o.columns = cases[i].spec;
        covey_table *t = read_text(text, &o);
        assert_int_equal(covey_table_matrix(t).d, cases[i].d);
        for (int64_t f = 0; f < cases[i].d; f++) {
            if (value_at(t, 0, f) != cases[i].first[f] || value_at(t, 1, f) != cases[i].first[f] + 4)
                fail_msg("--columns %s", cases[i].spec);
        }
        covey_table_free(t);
    }
}

static void row_52_bad_columns(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *words;
    } cases[] = {{"heigth", "close names: 'height'"},
                 {"AGE", "close names: 'age'"},
                 {"0", "column 0 is outside 1..4"},
                 {"5", "column 5 is outside 1..4"},
                 {"2-9", "column 9 is outside 1..4"},
                 {"99999999999999999999", "outside 1..4"},
                 {"3-1", "runs backwards"},
                 {"-2", "would leave columns out"},
                 {"age,1", "'age' (column 1) is named twice"},
                 {"x", "'x' stands twice in the header (columns 3 and 4)"},
                 {"age,,height", "an empty item"},
                 {"", "an empty item"},
                 {"zzzzzz", "the columns are 'age', 'height'"},
                 {"<script>", "column '<script>' is not in the file"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        covey_read_options o = read_defaults();
        o.columns = cases[i].spec;
        refuse_text("age,height,x,x\n1,2,3,4\n", &o, COVEY_ERR_ARGUMENT, cases[i].words);
    }
    covey_read_options o = read_defaults();
    o.columns = "age";
    refuse_text("1,2\n3,4\n", &o, COVEY_ERR_ARGUMENT, "the file has no column names; use numbers from 1 to 2");
}

static void a_text_column_is_named(void **state)
{
    (void)state;
    const char *iris = "sepal,petal,species\n5.1,1.4,setosa\n4.9,1.5,setosa\n";
    covey_error err = refuse_text(iris, NULL, COVEY_ERR_DTYPE, "'species' (column 3) holds text: 'setosa' in row 0 (line 2, byte");
    assert_non_null(strstr(err.message, "--columns 1-2"));
    assert_int_equal(err.row, 0);
    assert_int_equal(err.column, 2);
    covey_read_options o = read_defaults();
    o.columns = "1-2";
    covey_table_free(read_text(iris, &o));
}

static void weights_are_no_feature(void **state)
{
    (void)state;
    covey_read_options o = read_defaults();
    o.weights = "w";
    covey_table *t = read_text("a,w,b\n1,2,3\n4,5,6\n", &o);
    assert_table(t, 2, 2, (const double[]){1, 3, 4, 6});
    assert_true(covey_table_weights(t)[0] == 2 && covey_table_weights(t)[1] == 5);
    assert_string_equal(covey_table_name(t, 1), "b");
    covey_table_free(t);
    o.weights = "v";
    refuse_text("a,w,b\n1,2,3\n", &o, COVEY_ERR_ARGUMENT, "weights column 'v' is not in the file");
    o.weights = "w";
    o.columns = "w";
    refuse_text("a,w,b\n1,2,3\n", &o, COVEY_ERR_ARGUMENT, "cannot be a feature and the weight");
}

static void row_01_missing_values(void **state)
{
    (void)state;
    const char *text = "a,age\n1,2\n3,\n5,NA\n7,8\n";
    covey_error err = refuse_text(text, NULL, COVEY_ERR_NONFINITE, "NaN (missing value) in row 1 (line 3, byte 12), 'age'");
    assert_non_null(strstr(err.message, "2 rows affected"));
    assert_non_null(strstr(err.message, "--missing drop or mean"));
    assert_int_equal(err.row, 1);
    assert_int_equal(err.column, 1);
    assert_int_equal(err.count, 2);
    covey_read_options o = read_defaults();
    o.missing = COVEY_MISSING_DROP;
    covey_table *t = read_text(text, &o);
    assert_table(t, 2, 2, (const double[]){1, 2, 7, 8});
    assert_int_equal(covey_table_n_dropped(t), 2);
    assert_int_equal(covey_table_file_rows(t)[0], 0);
    assert_int_equal(covey_table_file_rows(t)[1], 3);
    covey_table_free(t);
    o.missing = COVEY_MISSING_MEAN;
    t = read_text(text, &o);
    assert_table(t, 4, 2, (const double[]){1, 2, 3, 5, 5, 5, 7, 8});
    covey_table_free(t);
    refuse_text("a,b\n1,\n2,NA\n", &o, COVEY_ERR_NONFINITE, "has no mean");
}

static void row_02_infinities(void **state)
{
    (void)state;
    covey_read_options o = read_defaults();
    refuse_text("a,b\n1,2\n3,-inf\n", &o, COVEY_ERR_NONFINITE, "infinite value in row 1");
    o.missing = COVEY_MISSING_MEAN;
    refuse_text("a,b\n1,2\n3,inf\n", &o, COVEY_ERR_NONFINITE, "infinite value in row 1");
    o.missing = COVEY_MISSING_DROP;
    covey_table *t = read_text("a,b\n1,2\n3,inf\n", &o);
    assert_int_equal(covey_table_matrix(t).n, 1);
    covey_table_free(t);
}

static void row_12_nothing(void **state)
{
    (void)state;
    covey_read_options o = read_defaults();
    refuse_text("", NULL, COVEY_ERR_SHAPE, "0 rows, 0 columns");
    refuse_text("\n\r\n  \n", NULL, COVEY_ERR_SHAPE, "0 rows, 0 columns");
    o.header = COVEY_HEADER_YES;
    refuse_text("a,b\n", &o, COVEY_ERR_SHAPE, "0 rows, 2 columns");
    o.header = COVEY_HEADER_AUTO;
    o.missing = COVEY_MISSING_DROP;
    refuse_text("a,b\n1,\n", &o, COVEY_ERR_SHAPE, "every row was left out");
}

static void row_48_ragged(void **state)
{
    (void)state;
    char text[20000], *p = text;
    for (int i = 0; i < 811; i++)
        p += sprintf(p, "%d,2,3,4,5\n", i);
    int at = (int)(p - text);
    char words[80];
    p += sprintf(p, "1,2,3,4\n6,7,8,9,10,11\n1,2,3,4,5\n");
    snprintf(words, sizeof words, "line 812, byte %d: 4 fields, expected 5", at);
    covey_read_options o = read_defaults();
    refuse_text(text, &o, COVEY_ERR_FORMAT, words);
    o.ragged = COVEY_RAGGED_SKIP;
    covey_table *t = read_text(text, &o);
    assert_int_equal(covey_table_matrix(t).n, 812);
    assert_int_equal(covey_table_n_skipped(t), 2);
    assert_int_equal(covey_table_file_rows(t)[811], 813);
    covey_table_free(t);
    o.ragged = COVEY_RAGGED_FILL;
    refuse_text(text, &o, COVEY_ERR_NONFINITE, "row 811");
    o.missing = COVEY_MISSING_MEAN;
    t = read_text(text, &o);
    assert_int_equal(covey_table_matrix(t).n, 814);
    assert_true(value_at(t, 812, 4) == 10);
    assert_true(fabs(value_at(t, 811, 4) - (811 * 5 + 10 + 5) / 813.0) < 1e-12);
    covey_table_free(t);
}

static void row_48_quarantine(void **state)
{
    (void)state;
    covey_read_options o = read_defaults();
    o.ragged = COVEY_RAGGED_QUARANTINE;
    o.quarantine_path = scratch("quarantine");
    covey_table *t = read_text("a,b\n1,2\n3\n\"x\ny\",5,6\n7,8\n", &o);
    assert_table(t, 2, 2, (const double[]){1, 2, 7, 8});
    covey_table_free(t);
    assert_true(file_is(o.quarantine_path, "3\n\"x\ny\",5,6\n"));
    refuse_text("a,b\n1,2\n3\n", &o, COVEY_ERR_IO, "exists"); /* the lines of the run before are kept */
    o.quarantine_force = 1;
    covey_table_free(read_text("a,b\n1,2\n3\n", &o));
    assert_true(file_is(o.quarantine_path, "3\n"));
    refuse_text("a,b\n1,2\n1,x\n3\n", &o, COVEY_ERR_FORMAT, ""); /* a failed read does not touch it */
    assert_true(file_is(o.quarantine_path, "3\n"));
    unlink(o.quarantine_path);
    o.quarantine_path = NULL;
    refuse_text("1,2\n", &o, COVEY_ERR_ARGUMENT, "quarantine_path");
}

static void row_49_encodings(void **state)
{
    (void)state;
    covey_table *t = read_text("\xEF\xBB\xBF" "a,b\r\n1,2\r\n3,4\r\n", NULL);
    assert_table(t, 2, 2, (const double[]){1, 2, 3, 4});
    assert_string_equal(covey_table_name(t, 0), "a");
    covey_table_free(t);
    refuse_text("a,b\n1,2\n3,\"4\n5,6\n", NULL, COVEY_ERR_FORMAT, "line 3, byte 10: a quote is opened and never closed");
    refuse_text("a,b\n1,2\r3,4\n", NULL, COVEY_ERR_FORMAT, "line 2, byte 7: a carriage return without a line feed");
    refuse_text("1,2\r3,4\r", NULL, COVEY_ERR_FORMAT, "line 1, byte 3: a carriage return");
    refuse_bytes("a,b\n1,2\n3,\0004\n", 14, NULL, COVEY_ERR_FORMAT, "line 3, byte 10: a NUL byte");
    refuse_bytes("\xFF\xFE" "a\0,\0", 6, NULL, COVEY_ERR_FORMAT, "iconv -f UTF-16");
    refuse_bytes("a\0,\0b\0", 6, NULL, COVEY_ERR_FORMAT, "iconv -f UTF-16");
    refuse_text("gr\xF6sse,b\n1,2\n", NULL, COVEY_ERR_FORMAT, "is not UTF-8");
    refuse_text("a,b\n1,2\"3\n", NULL, COVEY_ERR_FORMAT, "line 2, byte 7: a quote inside an unquoted field");
    refuse_text("a,b\n1,\"2\"3\n", NULL, COVEY_ERR_FORMAT, "line 2, byte 9: text behind a closing quote");
    covey_read_options o = read_defaults(); /* a NUL in a column that is not read, unquoted and quoted */
    o.columns = "2";
    refuse_bytes("t,a\nx\0y,1\n", 10, &o, COVEY_ERR_FORMAT, "NUL");
    refuse_bytes("t,a\n\"x\0y\",1\n", 12, &o, COVEY_ERR_FORMAT, "NUL");
}

static void row_50_bad_cells(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {{"a;b\n1;2\n1,5;4\n", "line 3, byte 8: '1,5' in 'a' (column 1) has a comma"},
                 {"a,b\n1,2\n1e400,4\n", "line 3, byte 8: '1e400' in 'a' (column 1) is beyond the largest float64"},
                 {"a,b\n1,2\n3,0x1F\n", "line 3, byte 10: '0x1F' in 'b' (column 2) is hexadecimal"},
                 {"a,b\n1,2\n3,abc\n", "line 3, byte 10: 'abc' in 'b' (column 2) is not a number"},
                 {"1,2\n3,4x\n", "line 2, byte 6: '4x' in column 2 is not a number"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse_text(cases[i].text, NULL, COVEY_ERR_FORMAT, cases[i].words);
    char text[1200] = "a,b\n1,2\n3,";
    memset(text + 10, '7', 1000);
    strcpy(text + 1010, "\n");
    refuse_text(text, NULL, COVEY_ERR_FORMAT, "more than 400 characters");
    /* control bytes never reach the message */
    covey_error err = refuse_text("a,b\n1,2\n3,\033[31m\n", NULL, COVEY_ERR_FORMAT, "'?[31m'");
    assert_null(strchr(err.message, 033));
}

static void row_51_caps(void **state)
{
    (void)state;
    size_t n = (size_t)5 << 20;
    char *text = malloc(n + 16);
    memset(text, 'x', n);
    refuse_bytes(text, n, NULL, COVEY_ERR_FORMAT, "line 1, byte 0: a field of more than 1048576 bytes");
    memcpy(text, "a,b\n1,2\n1,", 10);
    refuse_bytes(text, n, NULL, COVEY_ERR_FORMAT, "line 3, byte 10: a field of more than");
    text[10] = '"';
    refuse_bytes(text, n, NULL, COVEY_ERR_FORMAT, "line 3, byte 10: a quote is opened and never closed");
    for (size_t i = 0; i < n; i += 2)
        memcpy(text + i, "1,", 2);
    refuse_bytes(text, n, NULL, COVEY_ERR_FORMAT, "more than 1000000 columns");
    covey_read_options o = read_defaults();
    o.max_columns = 3;
    refuse_text("1,2,3,4\n", &o, COVEY_ERR_FORMAT, "more than 3 columns");
    o.max_columns = 1000000;
    o.max_field_bytes = 4;
    refuse_text("a,b\n1,2\n1,22222\n", &o, COVEY_ERR_FORMAT, "line 3, byte 10: a field of more than 4 bytes");
    o.columns = "2";
    refuse_text("a,b\nx,2\nyyyyyy,3\n", &o, COVEY_ERR_FORMAT, "line 3, byte 8: a field of more than 4 bytes");
    o = read_defaults();
    o.max_bytes = 40;
    refuse_text("1,2\n3,4\n5,6\n", &o, COVEY_ERR_LIMIT, "memory limit of 40 bytes");
    o.max_bytes = 48;
    covey_table_free(read_text("1,2\n3,4\n5,6\n", &o));
    free(text);
}

static char *make_numbers(int64_t rows, int d, size_t *length)
{
    char *text = malloc((size_t)rows * (size_t)d * 26 + 1), *p = text;
    for (int64_t i = 0; i < rows; i++)
        for (int f = 0; f < d; f++) {
            p += covey_format_double((double)(test_random() >> 11) * 0x1p-40 - 4096, p);
            *p++ = f + 1 < d ? ',' : '\n';
        }
    *length = (size_t)(p - text);
    return text;
}

/* Many blocks and threads give what one line at a time gives, and the first fault in the file is the one told. */
static void blocks_and_threads(void **state)
{
    (void)state;
    size_t length;
    char *text = make_numbers(60000, 5, &length);
    covey_threads_set_default(3);
    covey_table *many = read_bytes(text, length, NULL);
    covey_threads_set_default(1);
    covey_table *one = read_bytes(text, length, NULL);
    covey_matrix x = covey_table_matrix(many), y = covey_table_matrix(one);
    assert_int_equal(x.n, 60000);
    assert_int_equal(y.n, 60000);
    assert_memory_equal(x.data, y.data, (size_t)x.n * 5 * sizeof(double));
    const char *p = text;
    for (int64_t i = 0; i < x.n; i++)
        for (int f = 0; f < 5; f++) {
            char *end;
            assert_true(strtod(p, &end) == value_at(many, i, f));
            p = end + 1;
        }
    covey_table_free(many);
    covey_table_free(one);
    covey_threads_set_default(3);
    for (int round = 0; round < 20; round++) { /* two faults, far apart */
        size_t first = length / 3 + test_random() % 1000, second = length - 500;
        char *a = memchr(text + first, ',', 200), *b = memchr(text + second, ',', 200);
        int64_t line = 1;
        for (char *q = text; q < a; q++)
            line += *q == '\n';
        char words[64];
        snprintf(words, sizeof words, "line %lld, ", (long long)line);
        *a = *b = '!';
        refuse_bytes(text, length, NULL, COVEY_ERR_FORMAT, words);
        *a = *b = ',';
    }
    covey_threads_set_default(0);
    free(text);
}

static void dropped_rows_over_many_blocks(void **state)
{
    (void)state;
    size_t length;
    char *text = make_numbers(60000, 3, &length), *more = malloc(length + 60000), *q = more;
    int64_t line = 0, expected[60000], kept = 0;
    for (const char *p = text; p < text + length; line++) {
        const char *end = memchr(p, '\n', (size_t)(text + length - p));
        bool hole = test_random() % 1000 == 0 && line > 5;
        if (hole)
            q += sprintf(q, "1,NA,2\n");
        else {
            memcpy(q, p, (size_t)(end - p) + 1);
            q += end - p + 1;
            expected[kept++] = line;
        }
        p = end + 1;
    }
    covey_read_options o = read_defaults();
    o.missing = COVEY_MISSING_DROP;
    covey_table *t = read_bytes(more, (size_t)(q - more), &o);
    assert_int_equal(covey_table_matrix(t).n, kept);
    assert_int_equal(covey_table_n_dropped(t), 60000 - kept);
    assert_memory_equal(covey_table_file_rows(t), expected, (size_t)kept * sizeof *expected);
    covey_table_free(t);
    free(text);
    free(more);
}

/* Every way to cut the same quoted text into blocks must give the same table: long quoted fields cross the cuts. */
static void quotes_across_blocks(void **state)
{
    (void)state;
    enum { N = 40 };
    char *text = malloc(N * 70000), *p = text;
    p += sprintf(p, "t,x\n");
    for (int i = 0; i < N; i++) {
        *p++ = '"';
        int size = (int)(test_random() % 60000);
        for (int j = 0; j < size; j++)
            *p++ = "ab,\n\n c"[test_random() % 7];
        p += sprintf(p, "\"\"\",%d\n", i);
    }
    covey_read_options o = read_defaults();
    o.columns = "x";
    covey_table *t = read_bytes(text, (size_t)(p - text), &o);
    assert_int_equal(covey_table_matrix(t).n, N);
    for (int i = 0; i < N; i++)
        assert_true(value_at(t, i, 0) == i);
    covey_table_free(t);
    free(text);
}

static size_t pack(const char *text, size_t length, char *out, size_t room)
{
    z_stream z;
    memset(&z, 0, sizeof z);
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)length;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = room - z.avail_out;
    deflateEnd(&z);
    return n;
}

static void gzip(void **state)
{
    (void)state;
    size_t length;
    char *text = make_numbers(50000, 3, &length), *packed = malloc(length + 1000);
    size_t first = pack(text, length, packed, length + 1000);
    covey_table *t = read_bytes(packed, first, NULL);
    assert_int_equal(covey_table_matrix(t).n, 50000);
    covey_table_free(t);
    refuse_bytes(packed, first - 9, NULL, COVEY_ERR_FORMAT, "cut off");
    refuse_bytes(packed, 30, NULL, COVEY_ERR_FORMAT, "cut off");
    packed[first / 2] ^= 0x55;
    covey_table *none;
    covey_error err;
    assert_int_equal(covey_table_read_memory(packed, first, "t", NULL, &none, &err), COVEY_ERR_FORMAT);
    size_t a = pack("1,2\n", 4, packed, 1000), b = pack("3,4\n", 4, packed + a, 1000); /* cat a.gz b.gz */
    t = read_bytes(packed, a + b, NULL);
    assert_table(t, 2, 2, (const double[]){1, 2, 3, 4});
    covey_table_free(t);
    memcpy(packed + a, "junk", 4);
    refuse_bytes(packed, a + 4, NULL, COVEY_ERR_FORMAT, "bytes that are not gzip follow");
    free(text);
    free(packed);
}

static void *feed(void *argument)
{
    int fd = *(int *)argument;
    static const char *const parts[] = {"a,b", "\n1,", "2\n3", ",4\n", "5,6"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        usleep(2000);
        if (write(fd, parts[i], strlen(parts[i])) < 0)
            break;
    }
    close(fd);
    return NULL;
}

/* Row 51: sniffing on a pipe whose writes cut lines anywhere. */
static void row_51_standard_input_as_a_pipe(void **state)
{
    (void)state;
    int ends[2], saved = dup(0);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[0], 0) == 0);
    pthread_t writer;
    pthread_create(&writer, NULL, feed, &ends[1]);
    covey_table *t;
    covey_error err;
    assert_int_equal(covey_table_read("-", NULL, &t, &err), COVEY_OK);
    pthread_join(writer, NULL);
    assert_table(t, 3, 2, (const double[]){1, 2, 3, 4, 5, 6});
    covey_table_free(t);
    dup2(saved, 0);
    close(saved);
    close(ends[0]);
}

static void float32_tables(void **state)
{
    (void)state;
    covey_read_options o = read_defaults();
    o.as_float32 = 1;
    covey_table *t = read_text("1.5,0.1\n", &o);
    assert_int_equal(covey_table_matrix(t).dtype, COVEY_DTYPE_FLOAT32);
    assert_true(value_at(t, 0, 1) == (double)0.1f);
    covey_table_free(t);
    refuse_text("1.5,1e39\n", &o, COVEY_ERR_NONFINITE, "float32");
}

static int32_t stop_at_once(void *user, int64_t done, int64_t total)
{
    ++*(int *)user;
    return done <= total ? 1 : 0;
}

static void progress_can_stop(void **state)
{
    (void)state;
    int calls = 0;
    covey_read_options o = read_defaults();
    o.progress = stop_at_once;
    o.user = &calls;
    refuse_text("1,2\n", &o, COVEY_ERR_CANCELLED, "stopped");
    assert_int_equal(calls, 1);
}

static void other_formats_get_a_hint(void **state)
{
    (void)state;
    refuse_text("PAR1xxxx", NULL, COVEY_ERR_FORMAT, "Parquet");
    refuse_bytes("\x80\x04\x95", 3, NULL, COVEY_ERR_FORMAT, "pickle");
    refuse_text("BZh91AY", NULL, COVEY_ERR_FORMAT, "bzip2");
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    covey_table *t;
    covey_error err;
    assert_int_equal(covey_table_read("/no/such/file.csv", NULL, &t, &err), COVEY_ERR_IO);
    assert_string_equal(err.message, "/no/such/file.csv: cannot read: No such file or directory");
    assert_int_equal(covey_table_read("/tmp", NULL, &t, &err), COVEY_ERR_IO);
    assert_non_null(strstr(err.message, "Is a directory"));
    assert_int_equal(covey_table_read(NULL, NULL, &t, &err), COVEY_ERR_ARGUMENT);
}

/* What write_csv writes, the reader reads back bit for bit, names with anything in them included (row 52). */
static void row_52_csv_round_trip(void **state)
{
    (void)state;
    enum { N = 5000, D = 4 };
    double *x = malloc(N * D * sizeof *x);
    for (int i = 0; i < N * D; i++)
        do {
            uint64_t bits = test_random();
            memcpy(&x[i], &bits, sizeof bits);
        } while (!isfinite(x[i]));
    static const char *const names[] = {"=cmd()", "a \"b\", c", "two\nlines", "<script>"};
    covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, D);
    for (int tab = 0; tab < 2; tab++) {
        covey_sink *sink;
        size_t n;
        assert_int_equal(covey_sink_memory(&sink, NULL), COVEY_OK);
        assert_int_equal(covey_write_csv(sink, &m, tab ? '\t' : ',', names, NULL), COVEY_OK);
        const char *bytes = covey_sink_bytes(sink, &n);
        assert_memory_equal(bytes, "\"=cmd()\"", 8);
        covey_table *t = read_bytes(bytes, n, NULL);
        assert_memory_equal(covey_table_matrix(t).data, x, N * D * sizeof *x);
        for (int f = 0; f < D; f++)
            assert_string_equal(covey_table_name(t, f), names[f]);
        covey_table_free(t);
        assert_int_equal(covey_sink_close(sink, NULL), COVEY_OK);
    }
    free(x);
}

static void csv_of_every_dtype(void **state)
{
    (void)state;
    int64_t i8[] = {INT64_MIN, INT64_MAX};
    uint64_t u8[] = {0, UINT64_MAX};
    signed char i1[] = {-128, 127};
    unsigned short half[] = {0x3E00, 0x0001}; /* 1.5 and the smallest */
    unsigned char yes[] = {0, 7};
    const struct {
        covey_matrix m;
        const char *text;
    } cases[] = {{covey_matrix_dense(i8, COVEY_DTYPE_INT64, 1, 2), "-9223372036854775808,9223372036854775807\n"},
                 {covey_matrix_dense(u8, COVEY_DTYPE_UINT64, 1, 2), "0,18446744073709551615\n"},
                 {covey_matrix_dense(i1, COVEY_DTYPE_INT8, 2, 1), "-128\n127\n"},
                 {covey_matrix_dense(half, COVEY_DTYPE_FLOAT16, 1, 2), "1.5,5.960464477539063e-08\n"},
                 {covey_matrix_dense(yes, COVEY_DTYPE_BOOL, 1, 2), "0,1\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        covey_sink *sink;
        size_t n;
        assert_int_equal(covey_sink_memory(&sink, NULL), COVEY_OK);
        assert_int_equal(covey_write_csv(sink, &cases[i].m, ',', NULL, NULL), COVEY_OK);
        const char *bytes = covey_sink_bytes(sink, &n);
        assert_int_equal(n, strlen(cases[i].text));
        assert_memory_equal(bytes, cases[i].text, n);
        covey_sink_abandon(sink);
    }
}

static void options_are_checked(void **state)
{
    (void)state;
    covey_read_options o = read_defaults();
    o.delimiter = '5';
    refuse_text("1,2\n", &o, COVEY_ERR_ARGUMENT, "delimiter");
    o = read_defaults();
    o.format = COVEY_FORMAT_JSON;
    refuse_text("1,2\n", &o, COVEY_ERR_ARGUMENT, "format");
    o = read_defaults();
    o.max_columns = 0;
    refuse_text("1,2\n", &o, COVEY_ERR_ARGUMENT, "max_columns");
    memset(&o, 0, sizeof o);
    refuse_text("1,2\n", &o, COVEY_ERR_ARGUMENT, "covey_read_options_init");
    o = read_defaults();
    o.delimiter = ';';
    covey_table *t = read_text("1;2\n", &o);
    assert_int_equal(covey_table_matrix(t).d, 2);
    covey_table_free(t);
    covey_table_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_table_with_header),
        cmocka_unit_test(no_line_end_at_the_end),
        cmocka_unit_test(delimiters_are_found),
        cmocka_unit_test(one_column),
        cmocka_unit_test(quotes),
        cmocka_unit_test(headers_are_judged),
        cmocka_unit_test(columns_by_name_number_and_range),
        cmocka_unit_test(row_52_bad_columns),
        cmocka_unit_test(a_text_column_is_named),
        cmocka_unit_test(weights_are_no_feature),
        cmocka_unit_test(row_01_missing_values),
        cmocka_unit_test(row_02_infinities),
        cmocka_unit_test(row_12_nothing),
        cmocka_unit_test(row_48_ragged),
        cmocka_unit_test(row_48_quarantine),
        cmocka_unit_test(row_49_encodings),
        cmocka_unit_test(row_50_bad_cells),
        cmocka_unit_test(row_51_caps),
        cmocka_unit_test(blocks_and_threads),
        cmocka_unit_test(dropped_rows_over_many_blocks),
        cmocka_unit_test(quotes_across_blocks),
        cmocka_unit_test(gzip),
        cmocka_unit_test(row_51_standard_input_as_a_pipe),
        cmocka_unit_test(float32_tables),
        cmocka_unit_test(progress_can_stop),
        cmocka_unit_test(other_formats_get_a_hint),
        cmocka_unit_test(files_that_cannot_be_read),
        cmocka_unit_test(row_52_csv_round_trip),
        cmocka_unit_test(csv_of_every_dtype),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
