/* Arrays from NPY files: header, size check, then the data as they lie there. */
#include "npy.h"

#include "map.h"
#include "table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where the size of the file is unknown (pipes), memory is taken in steps of at most this, as the bytes come in. */
#define STEP_BYTES ((size_t)64 * 1024 * 1024)

static covey_status read_header(cvi_io_source *source, cvi_io_npy *out, size_t *data_offset, covey_error *err)
{
    const char *name = cvi_io_source_name(source);
    unsigned char prefix[CVI_IO_NPY_PREFIX];
    const unsigned char *bytes;
    size_t n_bytes, offset, length, got;
    covey_status status = cvi_io_source_peek(source, &bytes, &n_bytes, err);
    if (status == COVEY_OK)
        status = cvi_io_npy_prefix(bytes, n_bytes, name, &offset, &length, err);
    if (status == COVEY_OK)
        status = cvi_io_source_read(source, prefix, offset, &got, err);
    if (status != COVEY_OK)
        return status;
    char *text = malloc(length + 1);
    if (!text)
        return cvi_io_fail_memory(err, name, length);
    status = cvi_io_source_read(source, text, length, &got, err);
    if (status == COVEY_OK && got < length)
        status = cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: cut off in the NPY header: %zu of %zu bytes", name, got, length);
    if (status == COVEY_OK)
        status = cvi_io_npy_header(text, length, name, false, out, err);
    free(text);
    *data_offset = offset + length;
    return status;
}

static covey_status check_size(cvi_io_source *source, const cvi_io_npy *array, covey_error *err)
{
    int64_t left = cvi_io_source_left(source);
    const char *name = cvi_io_source_name(source);
    if (left < 0 || (size_t)left == array->data_bytes)
        return COVEY_OK;
    if ((size_t)left < array->data_bytes)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: cut off: the header promises %zu bytes of data, %lld are there", name,
                           array->data_bytes, (long long)left);
    return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: %lld bytes behind the end of the data", name,
                       (long long)left - (long long)array->data_bytes);
}

static covey_status tell_progress(const cvi_io_source *source, const covey_read_options *options, covey_error *err)
{
    int64_t done, total;
    if (!options->progress)
        return COVEY_OK;
    cvi_io_source_progress(source, &done, &total);
    if (options->progress(options->user, done, total) == 0)
        return COVEY_OK;
    return cvi_io_fail(err, COVEY_ERR_CANCELLED, "%s: reading was stopped at byte %lld", cvi_io_source_name(source),
                       (long long)done);
}

/* The data into *out (malloc'd). A header from a pipe may lie, so there memory grows with what has come. */
static covey_status read_data(cvi_io_source *source, const cvi_io_npy *array, const covey_read_options *options, char **out,
                              covey_error *err)
{
    const char *name = cvi_io_source_name(source);
    bool known = cvi_io_source_left(source) >= 0;
    size_t room = known || array->data_bytes < STEP_BYTES ? array->data_bytes : STEP_BYTES, done = 0, got;
    char *data = malloc(room ? room : 1);
    if (!data)
        return cvi_io_fail_memory(err, name, room);
    covey_status status = COVEY_OK;
    while (done < array->data_bytes && status == COVEY_OK) {
        if (done == room) {
            room = room > array->data_bytes / 2 ? array->data_bytes : 2 * room;
            char *bigger = realloc(data, room);
            if (!bigger) {
                free(data);
                return cvi_io_fail_memory(err, name, room);
            }
            data = bigger;
        }
        size_t wanted = room - done < STEP_BYTES ? room - done : STEP_BYTES;
        status = cvi_io_source_read(source, data + done, wanted, &got, err);
        done += got;
        if (status == COVEY_OK && got < wanted)
            status = cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: cut off: the header promises %zu bytes of data, %zu are there",
                                 name, array->data_bytes, done);
        if (status == COVEY_OK)
            status = tell_progress(source, options, err);
    }
    char extra;
    if (status == COVEY_OK)
        status = cvi_io_source_read(source, &extra, 1, &got, err);
    if (status == COVEY_OK && got > 0)
        status = cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: bytes behind the end of the data", name);
    if (status != COVEY_OK)
        free(data);
    else
        *out = data;
    return status;
}

/* [height, width, bands] as rows of pixels; Fortran order has no such view and is copied. */
static covey_status view_picture(const cvi_io_npy *array, char **data, covey_table *table, covey_error *err)
{
    size_t size = array->element_bytes;
    size_t h = (size_t)array->shape[0], w = (size_t)array->shape[1], b = (size_t)array->shape[2];
    table->height = array->shape[0];
    table->width = array->shape[1];
    table->matrix = covey_matrix_dense(*data, array->dtype, array->shape[0] * array->shape[1], array->shape[2]);
    if (!array->fortran)
        return COVEY_OK;
    char *copy = malloc(array->data_bytes);
    if (!copy)
        return cvi_io_fail_memory(err, table->name, array->data_bytes);
    for (size_t i = 0; i < h; i++)
        for (size_t j = 0; j < w; j++)
            for (size_t f = 0; f < b; f++)
                memcpy(copy + ((i * w + j) * b + f) * size, *data + (i + h * (j + w * f)) * size, size);
    if (table->values) {
        free(table->values);
        table->values = copy;
    } else {
        table->values = copy;
        cvi_io_map_free(table->map);
        table->map = NULL;
    }
    *data = copy;
    table->matrix.data = copy;
    return COVEY_OK;
}

static covey_status check_shape(const cvi_io_npy *array, const covey_read_options *options, const char *name,
                                covey_error *err)
{
    if (array->n_dims == 1 && !options->one_dimensional)
        return cvi_io_fail(err, COVEY_ERR_SHAPE,
                           "%s: Expected 2D array, got 1D array of %lld numbers. Save it as reshape(-1, 1) if it is one "
                           "feature, or reshape(1, -1) if it is one row",
                           name, (long long)array->shape[0]);
    if (array->n_dims == 3 && options->format != COVEY_FORMAT_PICTURE)
        return cvi_io_fail(err, COVEY_ERR_SHAPE,
                           "%s: Expected 2D array, got 3D array (%lld, %lld, %lld). Save it as reshape(-1, %lld), or read it as "
                           "a picture",
                           name, (long long)array->shape[0], (long long)array->shape[1], (long long)array->shape[2],
                           (long long)array->shape[2]);
    if (array->n_dims < 1 || array->n_dims > 3)
        return cvi_io_fail(err, COVEY_ERR_SHAPE, "%s: Expected 2D array, got an array of %d dimensions", name,
                           array->n_dims);
    if (array->data_bytes == 0)
        return cvi_io_fail(err, COVEY_ERR_SHAPE, "%s: %lld rows, %lld columns: there is nothing to cluster", name,
                           (long long)array->shape[0], (long long)(array->n_dims > 1 ? array->shape[1] : 1));
    if (array->n_dims == 3 && (array->shape[0] > INT64_MAX / array->shape[1]))
        return cvi_io_fail(err, COVEY_ERR_SHAPE, "%s: more pixels than 64 bits can count", name);
    return COVEY_OK;
}

static covey_status make_view(const cvi_io_npy *array, char *data, covey_table *table, covey_error *err)
{
    if (array->n_dims == 3) {
        covey_status status = view_picture(array, &data, table, err);
        table->matrix.byte_swapped = array->byte_swapped;
        return status;
    }
    int64_t d = array->n_dims == 1 ? 1 : array->shape[1];
    table->matrix = covey_matrix_dense(data, array->dtype, array->shape[0], d);
    table->matrix.byte_swapped = array->byte_swapped;
    if (array->fortran) {
        table->matrix.row_stride = (int64_t)array->element_bytes;
        table->matrix.col_stride = array->shape[0] * (int64_t)array->element_bytes;
    }
    return COVEY_OK;
}

covey_status cvi_io_read_npy(cvi_io_source *source, const covey_read_options *options, covey_table *table, covey_error *err)
{
    cvi_io_npy array;
    size_t offset = 0;
    covey_status status = read_header(source, &array, &offset, err);
    if (status == COVEY_OK)
        status = check_shape(&array, options, table->name, err);
    if (status == COVEY_OK)
        status = check_size(source, &array, err);
    if (status != COVEY_OK)
        return status;
    int fd = cvi_io_source_fd(source);
    bool mapped = options->use_mmap && fd >= 0 && cvi_io_source_left(source) >= 0;
    if (!mapped && options->max_bytes > 0 && array.data_bytes > options->max_bytes)
        return cvi_io_fail(err, COVEY_ERR_LIMIT, "%s: the array takes %zu bytes, more than the memory limit of %zu",
                           table->name, array.data_bytes, options->max_bytes);
    char *data = NULL;
    if (mapped) {
        const char *start;
        status = cvi_io_map_file(fd, offset + array.data_bytes, table->name, &table->map, &start, err);
        data = status == COVEY_OK ? (char *)(uintptr_t)start + offset : NULL; /* never written: the view is const */
    } else {
        status = read_data(source, &array, options, &data, err);
        if (status == COVEY_OK)
            table->values = data;
    }
    if (status == COVEY_OK)
        status = make_view(&array, data, table, err);
    if (status == COVEY_OK && !cvi_io_note(table, "array: %lld x %lld %s%s%s%s", (long long)table->matrix.n,
                                           (long long)table->matrix.d, covey_dtype_name(array.dtype),
                                           array.fortran ? ", Fortran order" : "",
                                           array.byte_swapped ? ", other byte order" : "", mapped ? ", mapped" : ""))
        status = cvi_io_fail_memory(err, table->name, 64);
    return status == COVEY_OK ? cvi_io_finish_array(options, table, err) : status;
}
