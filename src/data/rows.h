/*
 * Rows: the caller's matrix as the passes see it.  The only file above kernels/ that knows how rows are stored.
 *
 * A pass walks blocks of up to CVI_TILE rows.  cvi_rows_fetch makes a block of row pointers (converting narrow, strided
 * or byte-swapped rows into the block's scratch), and the cvi_block_* calls load those rows in the form a kernel wants.
 */
#ifndef CVI_DATA_ROWS_H
#define CVI_DATA_ROWS_H

#include "base/memory.h"
#include "covey/matrix.h"
#include "kernels/slots.h"

#include <stdbool.h>

typedef enum cvi_rows_kind {
    CVI_ROWS_F64 = 1, /* float64, features side by side: read in place */
    CVI_ROWS_F32,     /* float32, likewise */
    CVI_ROWS_CONVERT, /* any other matrix: made dense float64 block by block */
    CVI_ROWS_CSR
} cvi_rows_kind;

typedef struct cvi_rows {
    covey_matrix x;
    cvi_rows_kind kind;
    int64_t n, d;
    const int64_t *index;  /* [n] the rows of x in use, or NULL: all */
    const double *weights; /* [x.n] or NULL: 1 */
    const double *mean;    /* [d] origin m of the frame, or NULL: 0 */
    const float *mean32;   /* [d] m rounded, the origin of float32 screens of float32 rows; NULL with mean */
} cvi_rows;

/* One row of a CSR matrix. */
typedef struct cvi_sparse_row {
    int64_t count;
    const void *values; /* float32 or float64 by x.dtype */
    const void *columns;
} cvi_sparse_row;

/* A block of rows; one per worker. */
typedef struct cvi_block {
    int64_t start, count;
    bool is_f32;
    const double *row64[CVI_TILE]; /* is_f32 == false */
    const float *row32[CVI_TILE];  /* is_f32 == true */
    double *scratch;               /* [CVI_TILE][d] for CVI_ROWS_CONVERT, else NULL */
} cvi_block;

/* A view of the whole matrix in the frame of mean (which may be NULL). Shape and structure have been checked. */
cvi_rows cvi_rows_view(const covey_matrix *x, const double *weights, const double *mean, const float *mean32);

/* CSR rows whose frame is not at the origin, under a model of dense data: made dense block by block from here on. */
void cvi_rows_into_frame(cvi_rows *rows);

/* Bytes that accelerators may take beside what any fit needs: run->accelerator_budget, or by default half of the input and
 * 256 bytes a row, at least 128 MiB. */
size_t cvi_rows_budget(const cvi_rows *rows, const covey_run *run);

/* Take the scratch that blocks of these rows need from the arena. */
void cvi_block_take(cvi_block *block, const cvi_rows *rows, cvi_arena *arena);

/* Point block at rows start .. start + count - 1; count <= CVI_TILE. Dense rows only. */
void cvi_rows_fetch(const cvi_rows *rows, int64_t start, int64_t count, cvi_block *block);

/* Ask the memory for a row that will be read soon where it is stored: its first 1024 bytes; behind them the processor has seen
 * the stream. */
void cvi_row_prefetch(const cvi_rows *rows, int64_t row);

/* The same for rows start .. start + count - 1, where they are read in place and small. */
void cvi_rows_prefetch(const cvi_rows *rows, int64_t start, int64_t count);

/* Point block at count rows of any numbers, count <= CVI_TILE; block->start says nothing then. Dense rows only. */
void cvi_rows_gather(const cvi_rows *rows, const int64_t *which, int64_t count, cvi_block *block);

/* (x - m) * scale in float32 of rows first .. first + count - 1 of the block, into out [count][ld]; and the whole block transposed,
 * tile [d][CVI_TILE]. scale is a power of two; sqnorm: |x|^2 of what is written. */
void cvi_block_rows32(const cvi_kernels *kernels, const cvi_rows *rows, const cvi_block *block, int64_t first, int64_t count,
                      float scale, float *out, int64_t ld, float *sqnorm);
/* The same of the rows of open (bit i: row i of the block), one after the other. */
void cvi_block_some32(const cvi_kernels *kernels, const cvi_rows *rows, const cvi_block *block, uint64_t open, float scale, float *out,
                      int64_t ld, float *sqnorm);
void cvi_block_tile32(const cvi_kernels *kernels, const cvi_rows *rows, const cvi_block *block, float scale, float *tile,
                      float *sqnorm);

/* x' = x - m of rows first .. first + count - 1 of the block, into out [count][ld]; raw: x itself. */
void cvi_block_center(const cvi_kernels *kernels, const cvi_rows *rows, const cvi_block *block, int64_t first, int64_t count,
                      double *out, int64_t ld);
void cvi_block_raw(const cvi_kernels *kernels, const cvi_rows *rows, const cvi_block *block, int64_t first, int64_t count,
                   double *out, int64_t ld);

static inline int64_t cvi_rows_source(const cvi_rows *rows, int64_t i)
{
    return rows->index != NULL ? rows->index[i] : i;
}

static inline double cvi_rows_weight(const cvi_rows *rows, int64_t i)
{
    return rows->weights != NULL ? rows->weights[cvi_rows_source(rows, i)] : 1.0;
}

/* Element (i, f) of a dense matrix as float64, whatever its type and layout; and row i. */
double cvi_matrix_value(const covey_matrix *x, int64_t i, int64_t f);
void cvi_matrix_row(const covey_matrix *x, int64_t i, double *out);

/* Row i of a CSR matrix, and its columns and values as numbers. */
cvi_sparse_row cvi_rows_sparse(const cvi_rows *rows, int64_t i);
static inline int64_t cvi_sparse_column(const cvi_rows *rows, const cvi_sparse_row *row, int64_t p)
{
    return rows->x.index_bytes == 4 ? ((const int32_t *)row->columns)[p] : ((const int64_t *)row->columns)[p];
}
static inline double cvi_sparse_value(const cvi_rows *rows, const cvi_sparse_row *row, int64_t p)
{
    return rows->x.dtype == COVEY_DTYPE_FLOAT32 ? (double)((const float *)row->values)[p] : ((const double *)row->values)[p];
}

/* Row i as float64 values [d], zeros included (CSR and dense). */
void cvi_rows_dense(const cvi_rows *rows, int64_t i, double *out);

#endif
