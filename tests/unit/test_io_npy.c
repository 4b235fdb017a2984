/* NPY and NPZ: every dtype and order that is read, and rows 16, 32, 33, 53, 54 and 57 for what is not. */
#include "io_support.h"

#include <math.h>
#include <zip.h>

/* A file of version 1 with this header text and these data; malloc'd. */
static char *make_npy(const char *header, const void *data, size_t n_data, size_t *length)
{
    size_t n = strlen(header);
    char *file = malloc(10 + n + n_data + 1);
    memcpy(file, "\x93NUMPY\x01\x00", 8);
    file[8] = (char)(n & 255);
    file[9] = (char)(n >> 8);
    memcpy(file + 10, header, n);
    if (n_data > 0)
        memcpy(file + 10 + n, data, n_data);
    *length = 10 + n + n_data;
    return file;
}

static covey_table *accept(const char *header, const void *data, size_t n_data, const covey_read_options *options)
{
    size_t length;
    char *file = make_npy(header, data, n_data, &length);
    covey_table *table = read_bytes(file, length, options);
    free(file);
    return table;
}

static covey_error refuse(const char *header, size_t n_data, covey_status status, const char *words)
{
    size_t length;
    char *data = calloc(n_data + 1, 1), *file = make_npy(header, data, n_data, &length);
    covey_error err = refuse_bytes(file, length, NULL, status, words);
    free(file);
    free(data);
    return err;
}

static void orders(void **state)
{
    (void)state;
    double x[] = {1, 2, 3, 4, 5, 6};
    covey_table *t = accept("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\n", x, sizeof x, NULL);
    assert_table(t, 2, 3, x);
    covey_table_free(t);
    t = accept("{'shape':(2,3),'fortran_order':True,'descr':'<f8'}", x, sizeof x, NULL);
    assert_table(t, 2, 3, (const double[]){1, 3, 5, 2, 4, 6});
    covey_table_free(t);
    t = accept("{\"descr\": \"<f8\", \"fortran_order\": False, \"shape\": (2L, 3L)}", x, sizeof x, NULL);
    assert_table(t, 2, 3, x);
    covey_table_free(t);
}

/* Row 33 and 32: every numeric dtype, both byte orders; the view says how the elements lie. */
static void row_33_dtypes(void **state)
{
    (void)state;
    static const struct {
        const char *descr;
        covey_dtype dtype;
        int swapped;
    } cases[] = {{"<f8", COVEY_DTYPE_FLOAT64, 0}, {">f8", COVEY_DTYPE_FLOAT64, 1}, {"<f4", COVEY_DTYPE_FLOAT32, 0},
                 {">f4", COVEY_DTYPE_FLOAT32, 1}, {"<f2", COVEY_DTYPE_FLOAT16, 0}, {"|i1", COVEY_DTYPE_INT8, 0},
                 {"|u1", COVEY_DTYPE_UINT8, 0},   {"<i2", COVEY_DTYPE_INT16, 0},   {">i2", COVEY_DTYPE_INT16, 1},
                 {"<u2", COVEY_DTYPE_UINT16, 0},  {"<i4", COVEY_DTYPE_INT32, 0},   {"<u4", COVEY_DTYPE_UINT32, 0},
                 {">u4", COVEY_DTYPE_UINT32, 1},  {"<i8", COVEY_DTYPE_INT64, 0},   {"<u8", COVEY_DTYPE_UINT64, 0},
                 {"|b1", COVEY_DTYPE_BOOL, 0},    {"=f8", COVEY_DTYPE_FLOAT64, 0}, {">u1", COVEY_DTYPE_UINT8, 0}};
    char data[64] = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char header[100];
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (2, 4), }", cases[i].descr);
        covey_table *t = accept(header, data, 8 * covey_dtype_size(cases[i].dtype), NULL);
        covey_matrix x = covey_table_matrix(t);
        assert_int_equal(x.dtype, cases[i].dtype);
        assert_int_equal(x.byte_swapped, cases[i].swapped ^ (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ && covey_dtype_size(x.dtype) > 1));
        assert_int_equal(x.row_stride, 4 * (int64_t)covey_dtype_size(x.dtype));
        covey_table_free(t);
    }
}

static void row_33_refused_dtypes(void **state)
{
    (void)state;
    static const struct {
        const char *descr, *words;
    } cases[] = {{"'|O'", "Python objects, which only pickle could read"},
                 {"'<c16'", "complex"},
                 {"'<f16'", "'<f16' (long double)"},
                 {"'|S5'", "byte strings"},
                 {"'<U5'", "text"},
                 {"'<M8[ns]'", "dates"},
                 {"'<m8[s]'", "time spans"},
                 {"'|V16'", "raw records"},
                 {"[('a', '<f8'), ('b', '<i4')]", "structured"},
                 {"'<f3'", "'<f3'"},
                 {"'<i16'", "'<i16'"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char header[160];
        snprintf(header, sizeof header, "{'descr': %s, 'fortran_order': False, 'shape': (2, 3), }", cases[i].descr);
        refuse(header, 96, COVEY_ERR_DTYPE, cases[i].words);
    }
}

static void row_16_shapes(void **state)
{
    (void)state;
    refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (6,), }", 48, COVEY_ERR_SHAPE, "reshape(-1, 1)");
    refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 8, COVEY_ERR_SHAPE, "0 dimensions");
    refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2, 3), }", 48, COVEY_ERR_SHAPE, "reshape(-1, 3)");
    refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }", 0, COVEY_ERR_SHAPE, "0 rows, 3 columns");
    refuse("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 0), }", 0, COVEY_ERR_SHAPE, "3 rows, 0 columns");
    double x[] = {1, 2, 3, 4, 5, 6};
    covey_read_options o = read_defaults();
    o.one_dimensional = 1;
    covey_table *t = accept("{'descr': '<f8', 'fortran_order': False, 'shape': (6,), }", x, sizeof x, &o);
    assert_table(t, 6, 1, x);
    covey_table_free(t);
}

/* A satellite array [height, width, bands] as pixels, in both orders. */
static void three_dimensions_as_a_picture(void **state)
{
    (void)state;
    double x[12], y[12];
    int64_t h, w;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            for (int b = 0; b < 2; b++) {
                x[(i * 3 + j) * 2 + b] = 100 * i + 10 * j + b;
                y[i + 2 * (j + 3 * b)] = 100 * i + 10 * j + b;
            }
    covey_read_options o = read_defaults();
    o.format = COVEY_FORMAT_PICTURE;
    covey_table *t = accept("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3, 2), }", x, sizeof x, &o);
    assert_table(t, 6, 2, x);
    covey_table_picture(t, &h, &w);
    assert_true(h == 2 && w == 3);
    covey_table_free(t);
    t = accept("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3, 2), }", y, sizeof y, &o);
    assert_table(t, 6, 2, x);
    covey_table_free(t);
}

static void row_53_headers(void **state)
{
    (void)state;
    static const struct {
        const char *header, *words;
    } cases[] = {
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (-2, 3), }", "negative"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999, 3), }", "overflows"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", "more bytes than 64 bits"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3000000000000), }", "cut off"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': 6, }", "tuple"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (6), }", "tuple"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, (3)), }", "expected a size"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,6), }", "8 dimensions"},
        {"{'descr': '<f8', 'fortran_order': 0, 'shape': (2, 3), }", "True or False"},
        {"{'descr': '<f8', 'shape': (2, 3), }", "missing"},
        {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", "twice"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), 'x': 1}", "a key other than"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)} + 1", "behind the closing brace"},
        {"{'descr': __import__('os'), 'fortran_order': False, 'shape': (2, 3)}", "element type as a string"},
        {"((((((((((((((((((((((((", "expected '{'"},
        {"", "expected '{'"},
        {"{'descr': '<f8", "element type"},
        {"{'descr': '<\\x66\\x38', 'fortran_order': False, 'shape': (2, 3)}", "element type"},
        {"{'descr': 'f8', 'fortran_order': False, 'shape': (2, 3), }", "not an element type"},
        {"{'descr': '', 'fortran_order': False, 'shape': (2, 3), }", "not an element type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse(cases[i].header, 48, COVEY_ERR_FORMAT, cases[i].words);
}

static void row_53_prefixes(void **state)
{
    (void)state;
    refuse_bytes("\x93NUMPY\x02\x00\xff\xff\xff\xff{", 13, NULL, COVEY_ERR_FORMAT, "4294967295 bytes, more than the cap of 65536");
    refuse_bytes("\x93NUMPY\x09\x00\x10\x00{", 11, NULL, COVEY_ERR_FORMAT, "NPY version 9.0");
    refuse_bytes("\x93NUMPY\x01\x00", 8, NULL, COVEY_ERR_FORMAT, "cut off");
    refuse_bytes("\x93NUMPY\x01\x00\x40\x00{'descr'", 18, NULL, COVEY_ERR_FORMAT, "cut off in the NPY header");
    char file[200];
    const char *text = "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1)}";
    for (char version = 2; version <= 3; version++) {
        memcpy(file, "\x93NUMPY", 6);
        file[6] = version;
        file[7] = 0;
        file[8] = (char)strlen(text);
        file[9] = file[10] = file[11] = 0;
        memcpy(file + 12, text, strlen(text));
        double one = 1;
        memcpy(file + 12 + strlen(text), &one, 8);
        covey_table *t = read_bytes(file, 20 + strlen(text), NULL);
        assert_table(t, 1, 1, &one);
        covey_table_free(t);
    }
}

static void row_53_sizes(void **state)
{
    (void)state;
    const char *header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";
    refuse(header, 47, COVEY_ERR_FORMAT, "promises 48 bytes of data, 47 are there");
    refuse(header, 49, COVEY_ERR_FORMAT, "1 bytes behind the end");
}

/* The same through a pipe, where only reading can tell the size: a header that lies must not take memory first. */
static void row_53_sizes_on_a_pipe(void **state)
{
    (void)state;
    static const char *const headers[] = {"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }",
                                          "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 300000000000), }",
                                          "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }"};
    static const char *const words[] = {"", "cut off", "behind the end"};
    double x[] = {1, 2, 3, 4, 5, 6};
    int saved = dup(0);
    for (int i = 0; i < 3; i++) {
        int ends[2];
        size_t length;
        char *file = make_npy(headers[i], x, sizeof x, &length);
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], file, length), (ssize_t)length);
        close(ends[1]);
        dup2(ends[0], 0);
        covey_table *t;
        covey_error err;
        covey_status status = covey_table_read("-", NULL, &t, &err);
        assert_int_equal(status, i == 0 ? COVEY_OK : COVEY_ERR_FORMAT);
        if (status == COVEY_OK)
            assert_table(t, 2, 3, x);
        else
            assert_non_null(strstr(err.message, words[i]));
        covey_table_free(t);
        close(ends[0]);
        free(file);
    }
    dup2(saved, 0);
    close(saved);
}

static void mapped_files(void **state)
{
    (void)state;
    double x[] = {1, 2, 3, 4, 5, 6};
    size_t length;
    char *file = make_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", x, sizeof x, &length);
    const char *path = scratch("map.npy");
    put_file(path, file, length);
    covey_read_options o = read_defaults();
    o.use_mmap = 1;
    o.max_bytes = 10; /* a mapping is not memory taken */
    covey_table *t;
    covey_error err;
    assert_int_equal(covey_table_read(path, &o, &t, &err), COVEY_OK);
    assert_table(t, 2, 3, x);
    assert_non_null(strstr(covey_table_notes(t), "mapped"));
    unlink(path);
    assert_table(t, 2, 3, x);
    covey_table_free(t);
    put_file(path, file, length - 1); /* shorter than it says: refused before it is mapped */
    assert_int_equal(covey_table_read(path, &o, &t, &err), COVEY_ERR_FORMAT);
    o.use_mmap = 0;
    put_file(path, file, length);
    assert_int_equal(covey_table_read(path, &o, &t, &err), COVEY_ERR_LIMIT);
    unlink(path);
    free(file);
}

static void columns_and_missing_values(void **state)
{
    (void)state;
    double x[] = {1, 2, 3, 4, 5, (double)NAN, 7, 8, 9, 10, (double)INFINITY, 12};
    const char *header = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }";
    covey_read_options o = read_defaults();
    size_t length;
    char *file = make_npy(header, x, sizeof x, &length);
    covey_error err = refuse_bytes(file, length, &o, COVEY_ERR_NONFINITE, "infinite value in row 2, column 3");
    assert_int_equal(err.row, 2);
    assert_int_equal(err.column, 2);
    assert_int_equal(err.count, 1);
    o.columns = "1,2";
    o.missing = COVEY_MISSING_MEAN;
    covey_table *t = read_bytes(file, length, &o);
    assert_table(t, 3, 2, (const double[]){1, 2, 5, 6, 9, 10});
    covey_table_free(t);
    refuse_bytes(file, length, &(covey_read_options){0}, COVEY_ERR_ARGUMENT, "size");
    o.missing = COVEY_MISSING_ERROR;
    refuse_bytes(file, length, &o, COVEY_ERR_NONFINITE, "NaN (missing value) in row 1, column 2 (1 row affected)");
    o.missing = COVEY_MISSING_DROP;
    o.columns = NULL;
    o.weights = "4";
    t = read_bytes(file, length, &o);
    assert_table(t, 1, 3, (const double[]){1, 2, 3});
    assert_true(covey_table_weights(t)[0] == 4);
    assert_int_equal(covey_table_n_dropped(t), 2);
    assert_int_equal(covey_table_file_rows(t)[0], 0);
    covey_table_free(t);
    o.weights = NULL;
    o.columns = "4,1,3"; /* not evenly spaced: copied */
    t = read_bytes(file, length, &o);
    assert_table(t, 2, 3, (const double[]){4, 1, 3, 8, 5, 7});
    covey_table_free(t);
    o.columns = "age";
    refuse_bytes(file, length, &o, COVEY_ERR_ARGUMENT, "no column names; use numbers from 1 to 4");
    free(file);
}

static void written_arrays_read_back(void **state)
{
    (void)state;
    double x[] = {1, 2, 3, 4, 5, 6};
    covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, 2, 3), view = m;
    view.n = 3;
    view.d = 2;
    view.row_stride = 8;
    view.col_stride = 24; /* the transpose */
    const covey_matrix *cases[] = {&m, &view};
    for (int i = 0; i < 2; i++) {
        covey_sink *sink;
        size_t n;
        assert_int_equal(covey_sink_memory(&sink, NULL), COVEY_OK);
        assert_int_equal(covey_write_npy(sink, cases[i], 0, NULL), COVEY_OK);
        const char *bytes = covey_sink_bytes(sink, &n);
        assert_int_equal((n - sizeof x) % 64, 0);
        covey_table *t = read_bytes(bytes, n, NULL);
        assert_table(t, cases[i]->n, cases[i]->d, i ? (const double[]){1, 4, 2, 5, 3, 6} : x);
        covey_table_free(t);
        covey_sink_abandon(sink);
    }
    covey_sink *sink;
    covey_error err;
    assert_int_equal(covey_sink_memory(&sink, NULL), COVEY_OK);
    assert_int_equal(covey_write_npy(sink, &m, 1, &err), COVEY_ERR_SHAPE);
    double values[] = {7, 8, 9};
    int32_t indptr[] = {0, 1, 1, 3}, indices[] = {1, 0, 0}; /* the last row repeats a column */
    covey_matrix csr = covey_matrix_csr(values, COVEY_DTYPE_FLOAT64, indptr, indices, 4, 3, 2);
    assert_int_equal(covey_write_npy(sink, &csr, 0, NULL), COVEY_OK);
    size_t n;
    const char *bytes = covey_sink_bytes(sink, &n);
    covey_table *t = read_bytes(bytes, n, NULL);
    assert_table(t, 3, 2, (const double[]){0, 7, 0, 0, 17, 0});
    covey_table_free(t);
    indices[0] = 2;
    assert_int_equal(covey_write_npy(sink, &csr, 0, &err), COVEY_ERR_FORMAT);
    covey_sink_abandon(sink);
}

/* ---- NPZ ---- */

typedef struct member {
    const char *name;
    const void *bytes;
    size_t n_bytes;
    int compressed;
} member;

/* An archive in a file; path is the caller's. */
static void put_zip(const char *path, const member *members, size_t n, int encrypted)
{
    int code;
    unlink(path);
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(zip);
    for (size_t i = 0; i < n; i++) {
        zip_source_t *source = zip_source_buffer(zip, members[i].bytes, members[i].n_bytes, 0);
        zip_int64_t at = zip_file_add(zip, members[i].name, source, ZIP_FL_ENC_UTF_8);
        assert_true(at >= 0);
        zip_set_file_compression(zip, (zip_uint64_t)at, members[i].compressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 9);
        if (encrypted)
            assert_int_equal(zip_file_set_encryption(zip, (zip_uint64_t)at, ZIP_EM_AES_256, "secret"), 0);
    }
    assert_int_equal(zip_close(zip), 0);
}

static covey_status read_zip(const char *path, const char *wanted, double max_ratio, covey_table **t, covey_error *err)
{
    covey_read_options o = read_defaults();
    o.member = wanted;
    if (max_ratio > 0)
        o.max_zip_ratio = max_ratio;
    return covey_table_read(path, &o, t, err);
}

static void npz_members(void **state)
{
    (void)state;
    double x[] = {1, 2, 3, 4, 5, 6}, y[] = {7, 8};
    size_t nx, ny;
    char *a = make_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", x, sizeof x, &nx);
    char *b = make_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }", y, sizeof y, &ny);
    const char *path = scratch("a.npz");
    covey_table *t;
    covey_error err;
    for (int packed = 0; packed < 2; packed++) {
        put_zip(path, (const member[]){{"first.npy", a, nx, packed}, {"b.npy", b, ny, packed}}, 2, 0);
        assert_int_equal(read_zip(path, "first", 0, &t, &err), COVEY_OK);
        assert_table(t, 2, 3, x);
        covey_table_free(t);
        assert_int_equal(read_zip(path, "b", 0, &t, &err), COVEY_OK);
        assert_table(t, 2, 1, y);
        covey_table_free(t);
        assert_int_equal(read_zip(path, NULL, 0, &t, &err), COVEY_ERR_ARGUMENT);
        assert_non_null(strstr(err.message, "'first', 'b'"));
        assert_int_equal(read_zip(path, "c", 0, &t, &err), COVEY_ERR_ARGUMENT);
        assert_non_null(strstr(err.message, "has no array 'c'"));
    }
    put_zip(path, (const member[]){{"q.npy", b, ny, 0}, {"X.npy", a, nx, 0}}, 2, 0);
    assert_int_equal(read_zip(path, NULL, 0, &t, &err), COVEY_OK); /* a usual name */
    assert_table(t, 2, 3, x);
    covey_table_free(t);
    put_zip(path, (const member[]){{"only.npy", a, nx, 0}}, 1, 0);
    assert_int_equal(read_zip(path, NULL, 0, &t, &err), COVEY_OK);
    covey_table_free(t);
    unlink(path);
    free(a);
    free(b);
}

static void row_54_hostile_archives(void **state)
{
    (void)state;
    static const char header[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (10000000, 1), }";
    char *zeros = calloc(10000000, 1);
    size_t n;
    char *bomb = make_npy(header, zeros, 10000000, &n);
    const char *path = scratch("b.npz");
    covey_table *t;
    covey_error err;
    put_zip(path, (const member[]){{"x.npy", bomb, n, 1}}, 1, 0);
    assert_int_equal(read_zip(path, NULL, 100, &t, &err), COVEY_ERR_FORMAT);
    assert_non_null(strstr(err.message, "cap of 100 to 1"));
    assert_int_equal(read_zip(path, NULL, 0, &t, &err), COVEY_OK); /* honest zeros stay below the default */
    covey_table_free(t);
    double one = 1;
    size_t m;
    char *array = make_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }", &one, 8, &m);
    put_zip(path, (const member[]){{"x.npy", array, m, 0}}, 1, 1);
    assert_int_equal(read_zip(path, NULL, 0, &t, &err), COVEY_ERR_FORMAT);
    assert_non_null(strstr(err.message, "encrypted"));
    put_zip(path, (const member[]){{"../../x.npy", array, m, 0}}, 1, 0); /* a name is compared, never a path */
    assert_int_equal(read_zip(path, "x", 0, &t, &err), COVEY_ERR_ARGUMENT);
    assert_int_equal(read_zip(path, "../../x", 0, &t, &err), COVEY_OK);
    covey_table_free(t);
    put_zip(path, (const member[]){{"xl/workbook.xml", array, m, 0}}, 1, 0);
    assert_int_equal(read_zip(path, NULL, 0, &t, &err), COVEY_ERR_ARGUMENT);
    unlink(path);
    free(array);
    free(bomb);
    free(zeros);
}

/* A stored archive of one or two members, by hand, so that it can lie. */
static size_t lying_zip(char *out, const char *array, size_t n, uint32_t claimed, int twice)
{
    unsigned char local[30] = {'P', 'K', 3, 4, 20}, central[46] = {'P', 'K', 1, 2, 20, 0, 20}, end[22] = {'P', 'K', 5, 6};
    size_t at = 0, starts[2];
    uint32_t crc = 0;
    for (int i = 0; i <= twice; i++) {
        starts[i] = at;
        memcpy(local + 14, &crc, 4);
        memcpy(local + 18, &(uint32_t){(uint32_t)n}, 4);
        memcpy(local + 22, &claimed, 4);
        local[26] = 5;
        memcpy(out + at, local, 30);
        memcpy(out + at + 30, "x.npy", 5);
        memcpy(out + at + 35, array, n);
        at += 35 + n;
    }
    size_t directory = at;
    for (int i = 0; i <= twice; i++) {
        memcpy(central + 20, &(uint32_t){(uint32_t)n}, 4);
        memcpy(central + 24, &claimed, 4);
        central[28] = 5;
        memcpy(central + 42, &(uint32_t){(uint32_t)starts[i]}, 4);
        memcpy(out + at, central, 46);
        memcpy(out + at + 46, "x.npy", 5);
        at += 51;
    }
    end[8] = end[10] = (unsigned char)(1 + twice);
    memcpy(end + 12, &(uint32_t){(uint32_t)(at - directory)}, 4);
    memcpy(end + 16, &(uint32_t){(uint32_t)directory}, 4);
    memcpy(out + at, end, 22);
    return at + 22;
}

static void row_54_lies(void **state)
{
    (void)state;
    double one = 1;
    size_t n;
    char *array = make_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }", &one, 8, &n);
    char zip[1000];
    covey_table *t;
    covey_error err;
    size_t length = lying_zip(zip, array, n, (uint32_t)n, 1);
    assert_int_equal(covey_table_read_memory(zip, length, "t", NULL, &t, &err), COVEY_ERR_FORMAT);
    static const uint32_t claims[] = {0, 10, 0x7FFFFFFF, 0xFFFFFFFE};
    for (size_t i = 0; i < 4; i++) { /* sizes that lie, and a checksum of 0 that does not fit */
        length = lying_zip(zip, array, n, claims[i], 0);
        assert_int_equal(covey_table_read_memory(zip, length, "t", NULL, &t, &err), COVEY_ERR_FORMAT);
        assert_null(t);
    }
    length = lying_zip(zip, array, n, (uint32_t)n, 0);
    for (size_t cut = 4; cut < length; cut += 7) {
        assert_int_equal(covey_table_read_memory(zip, cut, "t", NULL, &t, &err), COVEY_ERR_FORMAT);
        assert_null(t);
    }
    free(array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders),
        cmocka_unit_test(row_33_dtypes),
        cmocka_unit_test(row_33_refused_dtypes),
        cmocka_unit_test(row_16_shapes),
        cmocka_unit_test(three_dimensions_as_a_picture),
        cmocka_unit_test(row_53_headers),
        cmocka_unit_test(row_53_prefixes),
        cmocka_unit_test(row_53_sizes),
        cmocka_unit_test(row_53_sizes_on_a_pipe),
        cmocka_unit_test(mapped_files),
        cmocka_unit_test(columns_and_missing_values),
        cmocka_unit_test(written_arrays_read_back),
        cmocka_unit_test(npz_members),
        cmocka_unit_test(row_54_hostile_archives),
        cmocka_unit_test(row_54_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
