#include "rows.h"

#include "element.h"
#include "fail.h"

covey_status cvi_io_rows_check(const covey_matrix *x, const char *name, covey_error *err)
{
    if (!x || x->n < 0 || x->d < 0)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: the matrix to write is NULL or has a negative shape", name);
    if (covey_dtype_size(x->dtype) == 0)
        return cvi_io_fail(err, COVEY_ERR_DTYPE, "%s: unknown element type %d", name, (int)x->dtype);
    bool sparse = x->layout == COVEY_LAYOUT_CSR;
    if (x->n > 0 && x->d > 0 && (sparse ? !x->indptr || (x->index_bytes != 4 && x->index_bytes != 8) : !x->data))
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: the matrix to write has no data", name);
    if (sparse && x->dtype != COVEY_DTYPE_FLOAT64 && x->dtype != COVEY_DTYPE_FLOAT32)
        return cvi_io_fail(err, COVEY_ERR_DTYPE, "%s: a CSR matrix holds float64 or float32, not %s", name,
                           covey_dtype_name(x->dtype));
    return COVEY_OK;
}

static int64_t index_at(const void *indices, int32_t bytes, int64_t i)
{
    return bytes == 8 ? ((const int64_t *)indices)[i] : ((const int32_t *)indices)[i];
}

static covey_status sparse_row(const covey_matrix *x, int64_t i, void *out, covey_error *err)
{
    memset(out, 0, (size_t)x->d * covey_dtype_size(x->dtype));
    int64_t first = index_at(x->indptr, x->index_bytes, i), last = index_at(x->indptr, x->index_bytes, i + 1);
    if (first < 0 || last < first)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "CSR: indptr falls at row %lld", (long long)i);
    for (int64_t p = first; p < last; p++) {
        int64_t f = index_at(x->indices, x->index_bytes, p);
        if (f < 0 || f >= x->d)
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "CSR: column %lld in row %lld, but there are %lld columns",
                               (long long)f, (long long)i, (long long)x->d);
        if (x->dtype == COVEY_DTYPE_FLOAT64)
            ((double *)out)[f] += ((const double *)x->data)[p];
        else
            ((float *)out)[f] += ((const float *)x->data)[p];
    }
    return COVEY_OK;
}

covey_status cvi_io_row(const covey_matrix *x, int64_t i, void *out, covey_error *err)
{
    if (x->layout == COVEY_LAYOUT_CSR)
        return sparse_row(x, i, out, err);
    size_t size = covey_dtype_size(x->dtype);
    if (x->col_stride == (int64_t)size && !x->byte_swapped) {
        memcpy(out, (const char *)x->data + i * x->row_stride, (size_t)x->d * size);
        return COVEY_OK;
    }
    for (int64_t f = 0; f < x->d; f++)
        cvi_io_element_copy(x, i, f, (char *)out + (size_t)f * size);
    return COVEY_OK;
}
