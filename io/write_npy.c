#include "fail.h"
#include "npy.h"
#include "rows.h"
#include "sink.h"

#include <stdlib.h>

static covey_status put_rows(covey_sink *sink, const covey_matrix *x, covey_error *err)
{
    size_t row_bytes = (size_t)x->d * covey_dtype_size(x->dtype);
    bool plain = x->layout == COVEY_LAYOUT_DENSE && !x->byte_swapped &&
                 (x->d == 1 || x->col_stride == (int64_t)covey_dtype_size(x->dtype)) && x->row_stride == (int64_t)row_bytes;
    if (plain)
        return covey_sink_write(sink, x->data, (size_t)x->n * row_bytes, err);
    void *row = malloc(row_bytes);
    if (!row)
        return cvi_io_fail_memory(err, cvi_io_sink_name(sink), row_bytes);
    covey_status status = COVEY_OK;
    for (int64_t i = 0; i < x->n && status == COVEY_OK; i++) {
        status = cvi_io_row(x, i, row, err);
        if (status == COVEY_OK)
            status = covey_sink_write(sink, row, row_bytes, err);
    }
    free(row);
    return status;
}

covey_status covey_write_npy(covey_sink *sink, const covey_matrix *x, int one_dimensional, covey_error *err)
{
    if (!sink)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "sink must not be NULL");
    covey_status status = cvi_io_rows_check(x, cvi_io_sink_name(sink), err);
    if (status != COVEY_OK)
        return status;
    if (one_dimensional && x->d != 1)
        return cvi_io_fail(err, COVEY_ERR_SHAPE, "%s: a 1-D array has one column, not %lld", cvi_io_sink_name(sink),
                           (long long)x->d);
    cvi_io_npy array = {.dtype = x->dtype,
                        .element_bytes = covey_dtype_size(x->dtype),
                        .n_dims = one_dimensional ? 1 : 2,
                        .shape = {x->n, x->d}};
    char header[256];
    status = covey_sink_write(sink, header, cvi_io_npy_make(&array, header), err);
    return status == COVEY_OK && x->n > 0 && x->d > 0 ? put_rows(sink, x, err) : status;
}
