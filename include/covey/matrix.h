/**
 * @file matrix.h
 * Borrowed views of the caller's data: dense rows of any stride, or compressed sparse rows (CSR).
 * A view is read during a call and never kept; what it points to is never written.
 */
#ifndef COVEY_MATRIX_H
#define COVEY_MATRIX_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Element types. Every value is converted to float64 exactly (int64 and uint64: rounded to nearest). */
typedef enum covey_dtype {
    COVEY_DTYPE_FLOAT64 = 1,
    COVEY_DTYPE_FLOAT32 = 2,
    COVEY_DTYPE_FLOAT16 = 3, /**< IEEE binary16 */
    COVEY_DTYPE_INT8 = 4,
    COVEY_DTYPE_UINT8 = 5,
    COVEY_DTYPE_INT16 = 6,
    COVEY_DTYPE_UINT16 = 7,
    COVEY_DTYPE_INT32 = 8,
    COVEY_DTYPE_UINT32 = 9,
    COVEY_DTYPE_INT64 = 10,
    COVEY_DTYPE_UINT64 = 11,
    COVEY_DTYPE_BOOL = 12 /**< one byte: zero is 0, anything else is 1 */
} covey_dtype;

typedef enum covey_layout { COVEY_LAYOUT_DENSE = 1, COVEY_LAYOUT_CSR = 2 } covey_layout;

/**
 * A view of n rows with d features.
 * Dense: element (i, f) lies at (const char *)data + i * row_stride + f * col_stride; the strides are in bytes, may be
 * negative or unaligned, and byte_swapped says that the elements have the other byte order.
 * CSR: row i has the values data[indptr[i] .. indptr[i+1]) at the columns indices[...]; columns lie in [0, d).  Rows
 * may be unsorted and may repeat a column (repeats are summed).  data is float32 or float64 here.
 */
typedef struct covey_matrix {
    covey_layout layout;
    covey_dtype dtype;
    int64_t n;
    int64_t d;
    const void *data;
    int64_t row_stride;   /**< dense: bytes from one row to the next */
    int64_t col_stride;   /**< dense: bytes from one feature to the next */
    int32_t byte_swapped; /**< dense: 1 if the elements are in the other byte order, else 0 */
    int32_t index_bytes;  /**< CSR: 4 (int32_t) or 8 (int64_t), for both index arrays */
    const void *indptr;   /**< CSR: [n + 1] */
    const void *indices;  /**< CSR: [indptr[n]] */
} covey_matrix;

/** @return the size of one element in bytes, 0 for an unknown tag. */
COVEY_API size_t covey_dtype_size(covey_dtype dtype);

/** @return "float64", "float32", ...; "unknown" for an unknown tag. */
COVEY_API const char *covey_dtype_name(covey_dtype dtype);

/** A view of a C-ordered array [n, d] without gaps. */
COVEY_API covey_matrix covey_matrix_dense(const void *data, covey_dtype dtype, int64_t n, int64_t d);

/** A view of a CSR matrix [n, d]; index_bytes is 4 or 8. The structure is checked by the call that uses it. */
COVEY_API covey_matrix covey_matrix_csr(const void *values, covey_dtype dtype, const void *indptr, const void *indices,
                                        int32_t index_bytes, int64_t n, int64_t d);

/**
 * Element (i, f) of a dense matrix as a double, whatever its type, strides and byte order; int64 and uint64 are rounded.
 * Nothing is checked: 0 <= i < n and 0 <= f < d.
 */
COVEY_API double covey_matrix_value(const covey_matrix *x, int64_t i, int64_t f);

/**
 * Check that a matrix can be clustered: shape, structure (CSR), and that every value is finite and at most 1e150.
 * @return COVEY_OK, or _SHAPE, _DTYPE, _FORMAT (CSR structure), _NONFINITE with err->row, err->column (first bad value)
 *         and err->count (rows affected)
 */
COVEY_API covey_status covey_matrix_check(const covey_matrix *x, covey_error *err) COVEY_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
