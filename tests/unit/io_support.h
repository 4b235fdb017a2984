/* Shorthands for the tests of covey-io. */
#ifndef TEST_IO_SUPPORT_H
#define TEST_IO_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "covey/io.h"

static inline covey_read_options read_defaults(void)
{
    covey_read_options options;
    covey_read_options_init(&options);
    return options;
}

/* Read text that must be accepted. */
static inline covey_table *read_bytes(const void *bytes, size_t n_bytes, const covey_read_options *options)
{
    covey_table *table = NULL;
    covey_error err = {0};
    if (covey_table_read_memory(bytes, n_bytes, "t", options, &table, &err) != COVEY_OK)
        fail_msg("refused: %s", err.message);
    return table;
}

static inline covey_table *read_text(const char *text, const covey_read_options *options)
{
    return read_bytes(text, strlen(text), options);
}

/* Read bytes that must be refused with this status and words. */
static inline covey_error refuse_bytes(const void *bytes, size_t n_bytes, const covey_read_options *options,
                                       covey_status status, const char *words)
{
    covey_table *table = (covey_table *)(uintptr_t)1;
    covey_error err = {0};
    covey_status got = covey_table_read_memory(bytes, n_bytes, "t", options, &table, &err);
    if (got != status || !strstr(err.message, words))
        fail_msg("expected status %d and '%s', got %d: %s", status, words, got, got ? err.message : "(accepted)");
    assert_null(table);
    assert_int_equal(err.status, status);
    return err;
}

static inline covey_error refuse_text(const char *text, const covey_read_options *options, covey_status status,
                                      const char *words)
{
    return refuse_bytes(text, strlen(text), options, status, words);
}

static inline double value_at(const covey_table *table, int64_t i, int64_t f)
{
    covey_matrix x = covey_table_matrix(table);
    const char *p = (const char *)x.data + i * x.row_stride + f * x.col_stride;
    double wide;
    float narrow;
    if (x.dtype == COVEY_DTYPE_FLOAT64) {
        memcpy(&wide, p, sizeof wide);
        return wide;
    }
    assert_int_equal(x.dtype, COVEY_DTYPE_FLOAT32);
    memcpy(&narrow, p, sizeof narrow);
    return narrow;
}

static inline void assert_table(const covey_table *table, int64_t n, int64_t d, const double *values)
{
    covey_matrix x = covey_table_matrix(table);
    assert_int_equal(x.n, n);
    assert_int_equal(x.d, d);
    for (int64_t i = 0; i < n; i++)
        for (int64_t f = 0; f < d; f++)
            if (value_at(table, i, f) != values[i * d + f])
                fail_msg("[%lld, %lld] is %.17g, not %.17g", (long long)i, (long long)f, value_at(table, i, f),
                         values[i * d + f]);
}

/* A path in the scratch folder. */
static inline const char *scratch(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/io-%ld-%s", COVEY_TEST_SCRATCH, (long)getpid(), name);
    return path;
}

static inline void put_file(const char *path, const void *bytes, size_t n_bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n_bytes, file), n_bytes);
    assert_int_equal(fclose(file), 0);
}

/* Does the file hold exactly this text? */
static inline int file_is(const char *path, const char *text)
{
    char got[4096];
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t n = fread(got, 1, sizeof got, file);
    fclose(file);
    return n == strlen(text) && memcmp(got, text, n) == 0;
}

static uint64_t test_random_state = 0x9E3779B97F4A7C15u;

static inline uint64_t test_random(void)
{
    test_random_state ^= test_random_state << 13;
    test_random_state ^= test_random_state >> 7;
    test_random_state ^= test_random_state << 17;
    return test_random_state;
}

#endif
