/* Checks of what the caller handed over: shape, structure, values, weights. */
#include "data/prepare.h"

#include <math.h>

static covey_status check_dense(const covey_matrix *x, const char *name, covey_error *err)
{
    const int64_t size = (int64_t)covey_dtype_size(x->dtype);
    /* The farthest element must be addressable; a zero or negative stride is the caller's right. */
    int64_t rows, columns, reach;
    if (__builtin_mul_overflow(x->n - 1, x->row_stride, &rows) || __builtin_mul_overflow(x->d - 1, x->col_stride, &columns) ||
        __builtin_add_overflow(rows < 0 ? -rows : rows, columns < 0 ? -columns : columns, &reach) ||
        __builtin_add_overflow(reach, size, &reach))
        return cvi_fail(err, COVEY_ERR_SHAPE, "%s of shape (%lld, %lld) with these strides passes the address space", name,
                        (long long)x->n, (long long)x->d);
    return COVEY_OK;
}

static int64_t csr_index(const void *array, int32_t bytes, int64_t i)
{
    return bytes == 4 ? ((const int32_t *)array)[i] : ((const int64_t *)array)[i];
}

static covey_status check_csr(const covey_matrix *x, const char *name, covey_error *err)
{
    if (x->index_bytes != 4 && x->index_bytes != 8)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "index_bytes of %s is %d; it must be 4 or 8", name, (int)x->index_bytes);
    if (x->dtype != COVEY_DTYPE_FLOAT64 && x->dtype != COVEY_DTYPE_FLOAT32)
        return cvi_fail(err, COVEY_ERR_DTYPE, "the values of a CSR matrix must be float64 or float32, not %s",
                        covey_dtype_name(x->dtype));
    if (x->indptr == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "indptr of %s is NULL", name);
    int64_t before = csr_index(x->indptr, x->index_bytes, 0);
    if (before != 0)
        return cvi_fail(err, COVEY_ERR_FORMAT, "indptr[0] of %s is %lld; it must be 0", name, (long long)before);
    for (int64_t i = 0; i < x->n; i++) {
        const int64_t next = csr_index(x->indptr, x->index_bytes, i + 1);
        if (next < before)
            return cvi_fail(err, COVEY_ERR_FORMAT, "indptr of %s falls from %lld to %lld at row %lld", name, (long long)before,
                            (long long)next, (long long)i);
        before = next;
    }
    if (before > 0 && (x->indices == NULL || x->data == NULL))
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "indices or values of %s are NULL", name);
    for (int64_t p = 0; p < before; p++) {
        const int64_t column = csr_index(x->indices, x->index_bytes, p);
        if (column < 0 || column >= x->d)
            return cvi_fail(err, COVEY_ERR_FORMAT, "indices[%lld] of %s is %lld; columns lie in [0, %lld)", (long long)p, name,
                            (long long)column, (long long)x->d);
    }
    return COVEY_OK;
}

covey_status cvi_matrix_check_structure(const covey_matrix *x, const char *name, covey_error *err)
{
    if (x == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "%s is NULL", name);
    if (x->layout != COVEY_LAYOUT_DENSE && x->layout != COVEY_LAYOUT_CSR)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "%s has layout %d; it must be dense or CSR", name, (int)x->layout);
    if (covey_dtype_size(x->dtype) == 0)
        return cvi_fail(err, COVEY_ERR_DTYPE, "%s has the unknown element type %d", name, (int)x->dtype);
    if (x->n < 1 || x->d < 1)
        return cvi_fail(err, COVEY_ERR_SHAPE, "%s has shape (%lld, %lld); at least one row and one feature are needed", name,
                        (long long)x->n, (long long)x->d);
    if (x->layout == COVEY_LAYOUT_CSR)
        return check_csr(x, name, err);
    if (x->data == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "%s.data is NULL", name);
    return check_dense(x, name, err);
}

static bool fine(double v)
{
    return fabs(v) <= 1e150; /* false for NaN */
}

/* Position of the first bad value in row i, or -1. */
static int64_t bad_column(const cvi_rows *rows, int64_t i, double *value)
{
    if (rows->kind == CVI_ROWS_CSR) {
        const cvi_sparse_row row = cvi_rows_sparse(rows, i);
        for (int64_t p = 0; p < row.count; p++)
            if (!fine(*value = cvi_sparse_value(rows, &row, p)))
                return cvi_sparse_column(rows, &row, p);
        return -1;
    }
    covey_matrix one = rows->x;
    one.n = 1;
    one.d = 1;
    for (int64_t f = 0; f < rows->d; f++) {
        one.data = (const char *)rows->x.data + i * rows->x.row_stride + f * rows->x.col_stride;
        cvi_matrix_row(&one, 0, value);
        if (!fine(*value))
            return f;
    }
    return -1;
}

/* No branch in the loop, so that the compiler can vectorize it. */
static bool all_fine_f64(const double *x, int64_t count)
{
    int bad = 0;
    for (int64_t f = 0; f < count; f++)
        bad |= !(fabs(x[f]) <= 1e150);
    return !bad;
}

static bool all_fine_f32(const float *x, int64_t count)
{
    int bad = 0;
    for (int64_t f = 0; f < count; f++)
        bad |= !(fabsf(x[f]) <= 3.40282347e38f);
    return !bad;
}

/* A quick look at rows that are read in place. */
static bool all_fine(const cvi_rows *rows)
{
    const covey_matrix *x = &rows->x;
    if (rows->kind != CVI_ROWS_F64 && rows->kind != CVI_ROWS_F32)
        return false;
    const bool f64 = rows->kind == CVI_ROWS_F64;
    const bool gapless = x->row_stride == x->d * (f64 ? 8 : 4);
    const int64_t step = gapless && x->d < 4096 ? (4096 / x->d < x->n ? 4096 / x->d : x->n) : 1;
    for (int64_t i = 0; i < x->n; i += step) {
        const int64_t count = (x->n - i < step ? x->n - i : step) * x->d;
        const char *at = (const char *)x->data + i * x->row_stride;
        if (f64 ? !all_fine_f64((const double *)at, count) : !all_fine_f32((const float *)at, count))
            return false;
    }
    return true;
}

covey_status cvi_matrix_check_values(const covey_matrix *x, const char *name, covey_error *err)
{
    const cvi_rows rows = cvi_rows_view(x, NULL, NULL, NULL);
    if (all_fine(&rows))
        return COVEY_OK;
    int64_t first_row = -1, first_column = -1, affected = 0;
    double first_value = 0;
    for (int64_t i = 0; i < x->n; i++) {
        double value = 0;
        const int64_t f = bad_column(&rows, i, &value);
        if (f < 0)
            continue;
        if (affected++ == 0) {
            first_row = i;
            first_column = f;
            first_value = value;
        }
    }
    if (affected == 0)
        return COVEY_OK;
    const char *what = isnan(first_value) ? "NaN" : isinf(first_value) ? "an infinite value" : "a value beyond 1e150";
    const char *advice = isnan(first_value) || isinf(first_value) ? "" : "; its square would overflow: scale the data";
    cvi_fail(err, COVEY_ERR_NONFINITE, "%s has %s in row %lld, column %lld (%lld row%s affected)%s", name, what,
             (long long)first_row, (long long)first_column, (long long)affected, affected == 1 ? "" : "s", advice);
    if (err != NULL) {
        err->row = first_row;
        err->column = first_column;
        err->count = affected;
    }
    return COVEY_ERR_NONFINITE;
}

covey_status cvi_weights_check(const double *weights, int64_t n, covey_error *err)
{
    bool any = false;
    for (int64_t i = 0; i < n; i++) {
        const double w = weights[i];
        if (!(w >= 0 && w <= 1e150)) {
            cvi_fail(err, COVEY_ERR_NONFINITE, "weights[%lld] is %g; weights must be finite and not negative", (long long)i, w);
            if (err != NULL)
                err->row = i;
            return COVEY_ERR_NONFINITE;
        }
        any |= w > 0;
    }
    if (!any)
        return cvi_fail(err, COVEY_ERR_NONFINITE, "weights must contain at least one non-zero number");
    return COVEY_OK;
}
