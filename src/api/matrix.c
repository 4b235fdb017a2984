/* Views of the caller's data. */
#include "data/prepare.h"

covey_matrix covey_matrix_dense(const void *data, covey_dtype dtype, int64_t n, int64_t d)
{
    const int64_t size = (int64_t)covey_dtype_size(dtype);
    int64_t row;
    if (__builtin_mul_overflow(d, size, &row))
        row = INT64_MAX; /* refused by the check of the call that uses the view */
    return (covey_matrix){.layout = COVEY_LAYOUT_DENSE, .dtype = dtype, .n = n, .d = d, .data = data, .row_stride = row,
                          .col_stride = size};
}

covey_matrix covey_matrix_csr(const void *values, covey_dtype dtype, const void *indptr, const void *indices,
                              int32_t index_bytes, int64_t n, int64_t d)
{
    return (covey_matrix){.layout = COVEY_LAYOUT_CSR, .dtype = dtype, .n = n, .d = d, .data = values, .index_bytes = index_bytes,
                          .indptr = indptr, .indices = indices};
}

double covey_matrix_value(const covey_matrix *x, int64_t i, int64_t f)
{
    return cvi_matrix_value(x, i, f);
}

covey_status covey_matrix_check(const covey_matrix *x, covey_error *err)
{
    const covey_status status = cvi_matrix_check_structure(x, "x", err);
    return status == COVEY_OK ? cvi_matrix_check_values(x, "x", err) : status;
}
