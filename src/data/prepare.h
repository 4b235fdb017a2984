/*
 * Ready the data: one reading for finiteness, mean and range, one for the spread.  What comes out is the frame in which
 * labels are decided (docs/numerics.md, rule A) and the grid on which sums are exact (rule B).
 */
#ifndef CVI_DATA_PREPARE_H
#define CVI_DATA_PREPARE_H

#include "base/job.h"
#include "data/rows.h"

enum { CVI_MAX_LEVELS = 4 };

typedef struct cvi_frame {
    double *mean;   /* [d] origin m; zeros where the data are not centered (CSR, mini-batch) */
    float *mean32;  /* [d] m rounded */
    double *magic;  /* [CVI_MAX_LEVELS][d] room for the grid */
    double *low, *high, *sq, *limit; /* [d] */
    int64_t *light; /* [d] */
    cvi_grid grid;
    double mass_magic[CVI_MAX_LEVELS];
    double *column_mean; /* [d] the data's mean, whether it is the origin or not */
    double variance;   /* mean over features of the population variance */
    double sq_total;   /* sum over features of the population variance: n times it is the total sum of squares */
    double sq_spread;  /* sum over features of the mean of (x - m)^2: the typical squared row norm in the frame */
    double max_abs;    /* largest |x| */
    double weight_sum; /* as numpy.sum gives it */
    double max_weight; /* 1 without weights */
    bool centered;
} cvi_frame;

/* Room for d features. */
void cvi_frame_take(cvi_frame *frame, int64_t d, cvi_arena *arena);

/*
 * Read x and fill frame.
 * centered: m is the mean, as one chain of additions in row order (numpy's pairwise sum for d = 1); else m = 0.
 * Errors: _NONFINITE with row, column and count; _ARGUMENT for bad weights (row); _CANCELLED or _LIMIT when stopped.
 */
covey_status cvi_frame_prepare(cvi_frame *frame, const cvi_kernels *kernels, const cvi_rows *rows, bool centered,
                               cvi_job *job, covey_error *err);

/* Shape, dtype and CSR structure of a matrix; name is used in messages. */
covey_status cvi_matrix_check_structure(const covey_matrix *x, const char *name, covey_error *err);
/* The first value that is not finite or beyond 1e150, with the number of rows affected; COVEY_OK if there is none. */
covey_status cvi_matrix_check_values(const covey_matrix *x, const char *name, covey_error *err);
/* Weights: finite, non-negative, not all zero. */
covey_status cvi_weights_check(const double *weights, int64_t n, covey_error *err);

/* The grid for rows that are seen without a preparation (mini-batches, subsets): |v| <= limit for every addend. */
void cvi_grid_for_limits(cvi_frame *frame, const double *limits, int64_t n, int levels);

#endif
