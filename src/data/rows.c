#include "data/rows.h"

#include <string.h>

static bool read_in_place(const covey_matrix *x, size_t size)
{
    const int64_t bytes = (int64_t)size;
    return !x->byte_swapped && (x->col_stride == bytes || x->d == 1) && x->row_stride % bytes == 0 &&
           (uintptr_t)x->data % size == 0;
}

cvi_rows cvi_rows_view(const covey_matrix *x, const double *weights, const double *mean, const float *mean32)
{
    cvi_rows rows = {.x = *x, .n = x->n, .d = x->d, .weights = weights, .mean = mean, .mean32 = mean32};
    if (x->layout == COVEY_LAYOUT_CSR)
        rows.kind = CVI_ROWS_CSR;
    else if (x->dtype == COVEY_DTYPE_FLOAT64 && read_in_place(x, 8))
        rows.kind = CVI_ROWS_F64;
    else if (x->dtype == COVEY_DTYPE_FLOAT32 && read_in_place(x, 4))
        rows.kind = CVI_ROWS_F32;
    else
        rows.kind = CVI_ROWS_CONVERT;
    return rows;
}

void cvi_rows_into_frame(cvi_rows *rows)
{
    for (int64_t f = 0; rows->kind == CVI_ROWS_CSR && rows->mean != NULL && f < rows->d; f++)
        if (rows->mean[f] != 0)
            rows->kind = CVI_ROWS_CONVERT;
}

/* Bytes of the rows as the caller stores them. */
static double stored_bytes(const covey_matrix *x)
{
    const double value = (double)covey_dtype_size(x->dtype);
    if (x->layout != COVEY_LAYOUT_CSR)
        return (double)x->n * (double)x->d * value;
    const int64_t stored = x->index_bytes == 4 ? ((const int32_t *)x->indptr)[x->n] : ((const int64_t *)x->indptr)[x->n];
    return (double)stored * (value + x->index_bytes);
}

size_t cvi_rows_budget(const cvi_rows *rows, const covey_run *run)
{
    enum { A_ROW = 256, LEAST = 128 << 20 };
    if (run->accelerator_budget != SIZE_MAX)
        return run->accelerator_budget;
    const double bytes = stored_bytes(&rows->x) / 2 + (double)A_ROW * (double)rows->x.n;
    return bytes < LEAST ? LEAST : bytes < 1e18 ? (size_t)bytes : SIZE_MAX;
}

void cvi_block_take(cvi_block *block, const cvi_rows *rows, cvi_arena *arena)
{
    block->scratch = NULL;
    if (rows->kind == CVI_ROWS_CONVERT || rows->kind == CVI_ROWS_CSR)
        block->scratch = cvi_arena_take(arena, CVI_TILE * rows->d, sizeof(double));
}

static double half_to_double(uint16_t h)
{
    const uint64_t sign = (uint64_t)(h >> 15) << 63;
    const int exponent = (h >> 10) & 31;
    const uint64_t fraction = h & 1023;
    double value;
    uint64_t bits;
    if (exponent == 0) { /* zero or subnormal: fraction * 2^-24 */
        value = (double)fraction * 0x1p-24;
        memcpy(&bits, &value, 8);
        bits |= sign;
    } else if (exponent == 31) {
        bits = sign | 0x7ff0000000000000u | fraction << 42;
    } else {
        bits = sign | (uint64_t)(exponent - 15 + 1023) << 52 | fraction << 42;
    }
    memcpy(&value, &bits, 8);
    return value;
}

static void reverse(unsigned char *bytes, size_t size)
{
    for (size_t a = 0, b = size - 1; a < b; a++, b--) {
        const unsigned char t = bytes[a];
        bytes[a] = bytes[b];
        bytes[b] = t;
    }
}

/* Read one element of any type at any address. The copy makes unaligned addresses fine. */
static double element(const char *at, covey_dtype dtype, size_t size, bool swapped)
{
    union {
        unsigned char bytes[8];
        double f64;
        float f32;
        uint16_t u16;
        int16_t i16;
        int8_t i8;
        int32_t i32;
        uint32_t u32;
        int64_t i64;
        uint64_t u64;
    } v;
    memcpy(v.bytes, at, size);
    if (swapped)
        reverse(v.bytes, size);
    switch (dtype) {
    case COVEY_DTYPE_FLOAT64:
        return v.f64;
    case COVEY_DTYPE_FLOAT32:
        return (double)v.f32;
    case COVEY_DTYPE_FLOAT16:
        return half_to_double(v.u16);
    case COVEY_DTYPE_INT8:
        return v.i8;
    case COVEY_DTYPE_UINT8:
        return v.bytes[0];
    case COVEY_DTYPE_INT16:
        return v.i16;
    case COVEY_DTYPE_UINT16:
        return v.u16;
    case COVEY_DTYPE_INT32:
        return v.i32;
    case COVEY_DTYPE_UINT32:
        return v.u32;
    case COVEY_DTYPE_INT64:
        return (double)v.i64;
    case COVEY_DTYPE_UINT64:
        return (double)v.u64;
    case COVEY_DTYPE_BOOL:
        return v.bytes[0] != 0;
    }
    return 0;
}

double cvi_matrix_value(const covey_matrix *x, int64_t i, int64_t f)
{
    const char *at = (const char *)x->data + i * x->row_stride + f * x->col_stride;
    return element(at, x->dtype, covey_dtype_size(x->dtype), x->byte_swapped != 0);
}

void cvi_matrix_row(const covey_matrix *x, int64_t i, double *out)
{
    const char *row = (const char *)x->data + i * x->row_stride;
    const size_t size = covey_dtype_size(x->dtype);
    if (x->dtype == COVEY_DTYPE_UINT8 && x->col_stride == 1) {
        for (int64_t f = 0; f < x->d; f++)
            out[f] = ((const uint8_t *)row)[f];
        return;
    }
    for (int64_t f = 0; f < x->d; f++)
        out[f] = element(row + f * x->col_stride, x->dtype, size, x->byte_swapped != 0);
}

void cvi_rows_fetch(const cvi_rows *rows, int64_t start, int64_t count, cvi_block *block)
{
    block->start = start;
    block->count = count;
    block->is_f32 = rows->kind == CVI_ROWS_F32;
    const char *data = (const char *)rows->x.data;
    const int64_t stride = rows->x.row_stride;
    if (rows->index == NULL && block->is_f32) { /* the usual cases, without a branch a row */
        for (int64_t i = 0; i < count; i++)
            block->row32[i] = (const float *)(const void *)(data + (start + i) * stride);
        return;
    }
    if (rows->index == NULL && rows->kind == CVI_ROWS_F64) {
        for (int64_t i = 0; i < count; i++)
            block->row64[i] = (const double *)(const void *)(data + (start + i) * stride);
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        if (block->is_f32) {
            block->row32[i] = (const float *)(const void *)(data + rows->index[start + i] * stride);
        } else if (rows->kind == CVI_ROWS_F64) {
            block->row64[i] = (const double *)(const void *)(data + rows->index[start + i] * stride);
        } else {
            double *row = block->scratch + i * rows->d;
            cvi_rows_dense(rows, start + i, row);
            block->row64[i] = row;
        }
    }
}

enum { LINE = 64, LINES_A_ROW = 16, MOST = 256 /* lines that can be under way without a wait */ };

void cvi_row_prefetch(const cvi_rows *rows, int64_t row)
{
    const int64_t bytes = rows->d * (int64_t)covey_dtype_size(rows->x.dtype);
    const char *x = (const char *)rows->x.data + cvi_rows_source(rows, row) * rows->x.row_stride;
    for (int64_t b = 0; b < bytes && b < LINES_A_ROW * LINE; b += LINE)
        __builtin_prefetch(x + b);
    __builtin_prefetch(x + bytes - 1); /* rows seldom begin where a line does */
}

void cvi_rows_prefetch(const cvi_rows *rows, int64_t start, int64_t count)
{
    const int64_t bytes = rows->d * (rows->kind == CVI_ROWS_F32 ? 4 : 8);
    if ((rows->kind != CVI_ROWS_F32 && rows->kind != CVI_ROWS_F64) || count <= 0 || bytes * count > MOST * LINE)
        return;
    if (rows->index == NULL && rows->x.row_stride == bytes) {
        const char *first = (const char *)rows->x.data + start * bytes;
        for (int64_t b = 0; b < count * bytes; b += LINE)
            __builtin_prefetch(first + b);
        return;
    }
    for (int64_t i = start; i < start + count; i++)
        cvi_row_prefetch(rows, i);
}

void cvi_rows_gather(const cvi_rows *rows, const int64_t *which, int64_t count, cvi_block *block)
{
    block->start = which[0];
    block->count = count;
    block->is_f32 = rows->kind == CVI_ROWS_F32;
    const char *data = (const char *)rows->x.data;
    for (int64_t i = 0; i < count; i++) {
        const char *row = data + cvi_rows_source(rows, which[i]) * rows->x.row_stride;
        if (block->is_f32) {
            block->row32[i] = (const float *)(const void *)row;
        } else if (rows->kind == CVI_ROWS_F64) {
            block->row64[i] = (const double *)(const void *)row;
        } else {
            block->row64[i] = block->scratch + i * rows->d;
            cvi_rows_dense(rows, which[i], block->scratch + i * rows->d);
        }
    }
}

void cvi_block_rows32(const cvi_kernels *kernels, const cvi_rows *rows, const cvi_block *block, int64_t first, int64_t count,
                      float scale, float *out, int64_t ld, float *sqnorm)
{
    if (block->is_f32)
        kernels->load_rows_f32(block->row32 + first, count, rows->d, rows->mean32, scale, out, ld, sqnorm);
    else
        kernels->load_rows_f64(block->row64 + first, count, rows->d, rows->mean, scale, out, ld, sqnorm);
}

void cvi_block_some32(const cvi_kernels *kernels, const cvi_rows *rows, const cvi_block *block, uint64_t open, float scale, float *out,
                      int64_t ld, float *sqnorm)
{
    const float *row32[CVI_TILE];
    const double *row64[CVI_TILE];
    int64_t count = 0;
    for (; open != 0; open &= open - 1) {
        const int i = __builtin_ctzll(open);
        if (block->is_f32)
            row32[count++] = block->row32[i];
        else
            row64[count++] = block->row64[i];
    }
    if (block->is_f32)
        kernels->load_rows_f32(row32, count, rows->d, rows->mean32, scale, out, ld, sqnorm);
    else
        kernels->load_rows_f64(row64, count, rows->d, rows->mean, scale, out, ld, sqnorm);
}

void cvi_block_tile32(const cvi_kernels *kernels, const cvi_rows *rows, const cvi_block *block, float scale, float *tile,
                      float *sqnorm)
{
    if (block->is_f32)
        kernels->load_tile_f32(block->row32, block->count, rows->d, rows->mean32, scale, tile, sqnorm);
    else
        kernels->load_tile_f64(block->row64, block->count, rows->d, rows->mean, scale, tile, sqnorm);
}

void cvi_block_center(const cvi_kernels *kernels, const cvi_rows *rows, const cvi_block *block, int64_t first, int64_t count,
                      double *out, int64_t ld)
{
    if (block->is_f32)
        kernels->center_rows_f32(block->row32 + first, count, rows->d, rows->mean, out, ld);
    else
        kernels->center_rows_f64(block->row64 + first, count, rows->d, rows->mean, out, ld);
}

void cvi_block_raw(const cvi_kernels *kernels, const cvi_rows *rows, const cvi_block *block, int64_t first, int64_t count,
                   double *out, int64_t ld)
{
    if (block->is_f32)
        kernels->center_rows_f32(block->row32 + first, count, rows->d, NULL, out, ld);
    else
        kernels->center_rows_f64(block->row64 + first, count, rows->d, NULL, out, ld);
}

cvi_sparse_row cvi_rows_sparse(const cvi_rows *rows, int64_t i)
{
    const covey_matrix *x = &rows->x;
    const int64_t source = cvi_rows_source(rows, i);
    int64_t begin, end;
    if (x->index_bytes == 4) {
        begin = ((const int32_t *)x->indptr)[source];
        end = ((const int32_t *)x->indptr)[source + 1];
    } else {
        begin = ((const int64_t *)x->indptr)[source];
        end = ((const int64_t *)x->indptr)[source + 1];
    }
    return (cvi_sparse_row){.count = end - begin,
                            .values = (const char *)x->data + begin * (int64_t)covey_dtype_size(x->dtype),
                            .columns = (const char *)x->indices + begin * x->index_bytes};
}

void cvi_rows_dense(const cvi_rows *rows, int64_t i, double *out)
{
    if (rows->x.layout != COVEY_LAYOUT_CSR) {
        cvi_matrix_row(&rows->x, cvi_rows_source(rows, i), out);
        return;
    }
    const cvi_sparse_row row = cvi_rows_sparse(rows, i);
    memset(out, 0, (size_t)rows->d * sizeof *out);
    for (int64_t p = 0; p < row.count; p++)
        out[cvi_sparse_column(rows, &row, p)] += cvi_sparse_value(rows, &row, p);
}
