#include "targets.h"

#include "covey/io.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Laws that hold for every table that was accepted. */
static void check_table(const covey_table *table, int finite)
{
    covey_matrix x = covey_table_matrix(table);
    if (x.n < 1 || x.d < 1 || !x.data || !covey_table_notes(table))
        abort();
    const int64_t *rows = covey_table_file_rows(table);
    for (int64_t i = 1; rows && i < x.n; i++)
        if (rows[i] <= rows[i - 1])
            abort();
    volatile unsigned char sum = 0; /* touch every byte, for the sanitizers */
    for (int64_t i = 0; i < x.n; i++)
        for (int64_t f = 0; f < x.d; f++) {
            const char *p = (const char *)x.data + i * x.row_stride + f * x.col_stride;
            double value;
            for (size_t b = 0; b < covey_dtype_size(x.dtype); b++)
                sum ^= (unsigned char)p[b];
            memcpy(&value, p, x.dtype == COVEY_DTYPE_FLOAT64 ? sizeof value : 0);
            if (finite && x.dtype == COVEY_DTYPE_FLOAT64 && !x.byte_swapped && !isfinite(value))
                abort();
        }
    for (int64_t f = 0; f < x.d; f++)
        if (covey_table_name(table, f))
            sum ^= (unsigned char)strlen(covey_table_name(table, f));
}

static void read_table(const uint8_t *bytes, size_t n_bytes, const covey_read_options *options)
{
    covey_table *table = NULL;
    covey_error err = {0};
    covey_status status = covey_table_read_memory(bytes, n_bytes, "fuzz", options, &table, &err);
    if (status == COVEY_OK)
        check_table(table, 1);
    else if (table || err.status != status || !err.message[0])
        abort();
    covey_table_free(table);
}

/* The first byte picks the options, the rest is the file. */
static void fuzz_csv(const uint8_t *bytes, size_t n_bytes)
{
    static const char *const columns[] = {NULL, "1", "2-", "a,b"};
    if (n_bytes == 0)
        return;
    covey_read_options o;
    covey_read_options_init(&o);
    o.format = COVEY_FORMAT_CSV;
    o.max_bytes = (size_t)1 << 26;
    o.missing = (covey_missing)(bytes[0] % 3);
    o.ragged = (covey_ragged)(bytes[0] / 3 % 3);
    o.columns = columns[bytes[0] / 9 % 4];
    o.weights = bytes[0] / 36 % 2 ? "1" : NULL;
    o.as_float32 = bytes[0] / 72 % 2;
    read_table(bytes + 1, n_bytes - 1, &o);
}

static void fuzz_npy(const uint8_t *bytes, size_t n_bytes)
{
    if (n_bytes == 0)
        return;
    covey_read_options o;
    covey_read_options_init(&o);
    o.format = bytes[0] % 2 ? COVEY_FORMAT_PICTURE : COVEY_FORMAT_AUTO;
    o.one_dimensional = bytes[0] / 2 % 2;
    o.columns = bytes[0] / 4 % 2 ? "1,2" : NULL;
    o.missing = (covey_missing)(bytes[0] / 8 % 3);
    o.max_bytes = (size_t)1 << 26;
    read_table(bytes + 1, n_bytes - 1, &o);
}

static void fuzz_npz(const uint8_t *bytes, size_t n_bytes)
{
    covey_read_options o;
    covey_read_options_init(&o);
    o.format = COVEY_FORMAT_NPZ;
    o.max_bytes = (size_t)1 << 26;
    read_table(bytes, n_bytes, &o);
}

static void fuzz_picture(const uint8_t *bytes, size_t n_bytes)
{
    covey_read_options o;
    covey_read_options_init(&o);
    o.format = COVEY_FORMAT_PICTURE;
    o.max_bytes = (size_t)1 << 26;
    read_table(bytes, n_bytes, &o);
}

/* A model that loads must save, and load again as the same. */
static void fuzz_model(const uint8_t *bytes, size_t n_bytes)
{
    covey_model_file *file = NULL, *again = NULL;
    covey_error err = {0};
    covey_status status = covey_model_load_memory(bytes, n_bytes, "fuzz", &file, &err);
    if (status != COVEY_OK) {
        if (file || err.status != status || !err.message[0])
            abort();
        return;
    }
    covey_sink *sink;
    size_t saved;
    if (covey_sink_memory(&sink, &err) != COVEY_OK ||
        covey_model_save(covey_model_file_model(file), covey_model_file_info(file), COVEY_FORMAT_JSON, sink, &err) != COVEY_OK)
        abort();
    const void *text = covey_sink_bytes(sink, &saved);
    if (covey_model_load_memory(text, saved, "again", &again, &err) != COVEY_OK)
        abort();
    const covey_model *a = covey_model_file_model(file), *b = covey_model_file_model(again);
    size_t values = (size_t)(covey_model_n_clusters(a) * covey_model_n_features(a));
    if (memcmp(covey_model_centers(a), covey_model_centers(b), values * sizeof(double)) != 0)
        abort();
    covey_model_file_free(again);
    covey_model_file_free(file);
    covey_sink_abandon(sink);
}

const fuzz_entry fuzz_targets[] = {{"csv", fuzz_csv},         {"npy", fuzz_npy},     {"npz", fuzz_npz},
                                   {"picture", fuzz_picture}, {"model", fuzz_model}, {"json", fuzz_model}};
const size_t n_fuzz_targets = sizeof fuzz_targets / sizeof *fuzz_targets;
