/* What whole arrays (NPY, NPZ, pictures) have in common: columns, weights, missing values. */
#include "columns.h"
#include "element.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool has_fractions(covey_dtype dtype)
{
    return dtype == COVEY_DTYPE_FLOAT64 || dtype == COVEY_DTYPE_FLOAT32 || dtype == COVEY_DTYPE_FLOAT16;
}

/* The chosen columns as a view if they are evenly spaced, else copied side by side. */
static covey_status take_columns(covey_table *table, const int64_t *list, int64_t d, covey_error *err)
{
    covey_matrix *x = &table->matrix;
    int64_t step = d > 1 ? list[1] - list[0] : 1;
    bool even = true;
    for (int64_t f = 1; f < d; f++)
        even &= list[f] - list[f - 1] == step;
    if (even) {
        x->data = (const char *)x->data + list[0] * x->col_stride;
        x->col_stride *= step;
        x->d = d;
        return COVEY_OK;
    }
    size_t size = covey_dtype_size(x->dtype), bytes;
    if (!cvi_io_mul((size_t)x->n, (size_t)d * size, &bytes))
        return cvi_io_fail_memory(err, table->name, SIZE_MAX);
    char *copy = malloc(bytes);
    if (!copy)
        return cvi_io_fail_memory(err, table->name, bytes);
    for (int64_t i = 0; i < x->n; i++)
        for (int64_t f = 0; f < d; f++)
            cvi_io_element_copy(x, i, list[f], copy + ((size_t)i * (size_t)d + (size_t)f) * size);
    free(table->values);
    table->values = copy;
    *x = covey_matrix_dense(copy, x->dtype, x->n, d);
    return COVEY_OK;
}

static covey_status take_weights(covey_table *table, int64_t column, covey_error *err)
{
    int64_t n = table->matrix.n;
    table->weights = malloc((size_t)n * sizeof *table->weights);
    if (!table->weights)
        return cvi_io_fail_memory(err, table->name, (size_t)n * sizeof *table->weights);
    for (int64_t i = 0; i < n; i++)
        table->weights[i] = covey_matrix_value(&table->matrix, i, column);
    return COVEY_OK;
}

static covey_status choose(const covey_read_options *options, covey_table *table, covey_error *err)
{
    cvi_io_columns columns = {table->name, NULL, table->matrix.d};
    int64_t weight = -1, d = 0, *list = NULL;
    covey_status status = COVEY_OK;
    if (!options->columns && !options->weights)
        return COVEY_OK;
    if (options->weights)
        status = cvi_io_columns_find(&columns, options->weights, "weights column", &weight, err);
    if (status == COVEY_OK)
        status = cvi_io_columns_select(&columns, options->columns, weight, &list, &d, err);
    if (status == COVEY_OK && d == 0)
        status = cvi_io_fail(err, COVEY_ERR_SHAPE, "%s: no column is left as a feature", table->name);
    if (status == COVEY_OK && weight >= 0)
        status = take_weights(table, weight, err);
    if (status == COVEY_OK)
        status = take_columns(table, list, d, err);
    free(list);
    return status;
}

/* What the values are like: rows with a NaN, rows with an infinity, and the first of each. */
typedef struct survey {
    int64_t n_missing, n_infinite, missing_row, missing_column, infinite_row, infinite_column;
} survey;

/* 1 if some number of the line has the exponent that NaN and infinity share. Integer tests only, so that they vectorize. */
static int line_has_special(const char *line, int64_t length, bool wide)
{
    int found = 0;
    for (int64_t f = 0; wide && f < length; f++) {
        uint64_t bits;
        memcpy(&bits, line + f * 8, sizeof bits);
        found |= (bits & 0x7FF0000000000000u) == 0x7FF0000000000000u;
    }
    for (int64_t f = 0; !wide && f < length; f++) {
        uint32_t bits;
        memcpy(&bits, line + f * 4, sizeof bits);
        found |= (bits & 0x7F800000u) == 0x7F800000u;
    }
    return found;
}

/* Quick test for float arrays that lie side by side along one axis; false: look closely. */
static bool all_finite(const covey_matrix *x)
{
    size_t size = covey_dtype_size(x->dtype);
    if (x->byte_swapped || x->dtype == COVEY_DTYPE_FLOAT16)
        return false;
    /* walk along whichever axis lies side by side */
    bool rows = x->col_stride == (int64_t)size;
    if (!rows && x->row_stride != (int64_t)size)
        return false;
    int64_t lines = rows ? x->n : x->d, length = rows ? x->d : x->n, stride = rows ? x->row_stride : x->col_stride;
    for (int64_t i = 0; i < lines; i++)
        if (line_has_special((const char *)x->data + i * stride, length, x->dtype == COVEY_DTYPE_FLOAT64))
            return false;
    return true;
}

static survey look(const covey_table *table)
{
    const covey_matrix *x = &table->matrix;
    survey out = {0, 0, -1, -1, -1, -1};
    bool weights_finite = true;
    for (int64_t i = 0; table->weights && i < x->n; i++)
        weights_finite &= isfinite(table->weights[i]) != 0;
    if (weights_finite && (!has_fractions(x->dtype) || all_finite(x)))
        return out;
    for (int64_t i = 0; i < x->n; i++) {
        bool missing = false, infinite = false;
        for (int64_t f = 0; f < x->d + (table->weights != NULL); f++) {
            double value = f < x->d ? covey_matrix_value(x, i, f) : table->weights[i];
            if (isnan(value) && !missing && out.n_missing == 0) {
                out.missing_row = i;
                out.missing_column = f;
            }
            if (isinf(value) && !infinite && out.n_infinite == 0) {
                out.infinite_row = i;
                out.infinite_column = f;
            }
            missing |= isnan(value) != 0;
            infinite |= isinf(value) != 0;
        }
        out.n_missing += missing;
        out.n_infinite += infinite;
    }
    return out;
}

static covey_status refuse(const covey_table *table, const char *what, int64_t row, int64_t column, int64_t count,
                           const char *advice, covey_error *err)
{
    char label[64] = "the weight";
    if (column < table->matrix.d)
        snprintf(label, sizeof label, "column %lld", (long long)column + 1);
    covey_status status = cvi_io_fail(err, COVEY_ERR_NONFINITE, "%s: %s in row %lld, %s (%lld row%s affected); %s",
                                      table->name, what, (long long)row, label, (long long)count, count == 1 ? "" : "s",
                                      advice);
    if (err) {
        err->row = row;
        err->column = column;
        err->count = count;
    }
    return status;
}

/* A float64 copy to change: [n, d]. */
static covey_status own_values(covey_table *table, double **out, covey_error *err)
{
    const covey_matrix *x = &table->matrix;
    size_t bytes;
    if (!cvi_io_mul((size_t)x->n * sizeof(double), (size_t)x->d, &bytes))
        return cvi_io_fail_memory(err, table->name, SIZE_MAX);
    *out = malloc(bytes);
    if (!*out)
        return cvi_io_fail_memory(err, table->name, bytes);
    for (int64_t i = 0; i < x->n; i++)
        for (int64_t f = 0; f < x->d; f++)
            (*out)[i * x->d + f] = covey_matrix_value(x, i, f);
    return COVEY_OK;
}

static covey_status drop_rows(covey_table *table, double *values, covey_error *err)
{
    const int64_t n = table->matrix.n, d = table->matrix.d;
    int64_t kept = 0;
    table->file_rows = malloc((size_t)n * sizeof *table->file_rows);
    if (!table->file_rows)
        return cvi_io_fail_memory(err, table->name, (size_t)n * sizeof *table->file_rows);
    for (int64_t i = 0; i < n; i++) {
        bool fine = !table->weights || isfinite(table->weights[i]);
        for (int64_t f = 0; f < d; f++)
            fine &= isfinite(values[i * d + f]) != 0;
        if (!fine)
            continue;
        memmove(values + kept * d, values + i * d, (size_t)d * sizeof *values);
        if (table->weights)
            table->weights[kept] = table->weights[i];
        table->file_rows[kept++] = i;
    }
    table->n_dropped = n - kept;
    table->matrix.n = kept;
    if (kept == 0)
        return cvi_io_fail(err, COVEY_ERR_SHAPE, "%s: 0 rows, %lld columns: every row has a missing or infinite value",
                           table->name, (long long)d);
    return COVEY_OK;
}

static covey_status put_means(covey_table *table, double *values, covey_error *err)
{
    const int64_t n = table->matrix.n, d = table->matrix.d;
    for (int64_t f = 0; f < d; f++) {
        double sum = 0;
        int64_t count = 0;
        for (int64_t i = 0; i < n; i++)
            if (!isnan(values[i * d + f])) {
                sum += values[i * d + f];
                count++;
            }
        if (count < n && (count == 0 || !isfinite(sum)))
            return cvi_io_fail(err, COVEY_ERR_NONFINITE, "%s: column %lld has no mean to put for its missing values",
                               table->name, (long long)f + 1);
        for (int64_t i = 0; count < n && i < n; i++)
            if (isnan(values[i * d + f]))
                values[i * d + f] = sum / (double)count;
    }
    for (int64_t i = 0; table->weights && i < n; i++)
        if (isnan(table->weights[i]))
            return cvi_io_fail(err, COVEY_ERR_NONFINITE, "%s: the weight of row %lld is missing; --missing drop leaves it out",
                               table->name, (long long)i);
    return COVEY_OK;
}

static covey_status treat(const covey_read_options *options, covey_table *table, const survey *found, covey_error *err)
{
    bool drop = options->missing == COVEY_MISSING_DROP;
    if (found->n_infinite > 0 && !drop)
        return refuse(table, "infinite value", found->infinite_row, found->infinite_column, found->n_infinite,
                      "--missing drop leaves it out", err);
    if (found->n_missing > 0 && options->missing == COVEY_MISSING_ERROR)
        return refuse(table, "NaN (missing value)", found->missing_row, found->missing_column, found->n_missing,
                      "--missing drop or mean", err);
    double *values;
    covey_status status = own_values(table, &values, err);
    if (status == COVEY_OK)
        status = drop ? drop_rows(table, values, err) : put_means(table, values, err);
    if (status != COVEY_OK) {
        free(values);
        return status;
    }
    free(table->values);
    table->values = values;
    table->matrix = covey_matrix_dense(values, COVEY_DTYPE_FLOAT64, table->matrix.n, table->matrix.d);
    bool noted = drop ? cvi_io_note(table, "dropped: %lld rows with missing or infinite values", (long long)table->n_dropped)
                      : cvi_io_note(table, "missing values: %lld rows filled with column means",
                                    (long long)found->n_missing);
    return noted ? COVEY_OK : cvi_io_fail_memory(err, table->name, table->notes.length);
}

covey_status cvi_io_finish_array(const covey_read_options *options, covey_table *table, covey_error *err)
{
    covey_status status = choose(options, table, err);
    if (status != COVEY_OK)
        return status;
    survey found = look(table);
    return found.n_missing + found.n_infinite > 0 ? treat(options, table, &found, err) : COVEY_OK;
}
