/* Preparation passes over dense rows: one chain a feature, rows in order. */
#include "kernels/body/body.h"

/* Squares of larger values, summed, could overflow. */
static const double MAX_ABS = 1e150;

int CVI_K(scan_f64)(const double *x, int64_t row_stride, int64_t n_rows, int64_t d, double *sum, double *low, double *high)
{
    int good = 1;
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t f = 0; f < d; f++) {
            const double v = x[i * row_stride + f];
            good &= fabs(v) <= MAX_ABS;
            sum[f] += v;
            low[f] = v < low[f] ? v : low[f];
            high[f] = v > high[f] ? v : high[f];
        }
    return good;
}

int CVI_K(scan_f32)(const float *x, int64_t row_stride, int64_t n_rows, int64_t d, double *sum, double *low, double *high)
{
    int good = 1;
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t f = 0; f < d; f++) {
            const double v = (double)x[i * row_stride + f];
            good &= fabs(v) <= MAX_ABS;
            sum[f] += v;
            low[f] = v < low[f] ? v : low[f];
            high[f] = v > high[f] ? v : high[f];
        }
    return good;
}

void CVI_K(spread_f64)(const double *x, int64_t row_stride, int64_t n_rows, int64_t d, const double *mean,
                       const double *limit, double *sq, int64_t *light)
{
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t f = 0; f < d; f++) {
            const double v = x[i * row_stride + f] - mean[f];
            sq[f] += v * v;
            light[f] += v != 0 && fabs(v) < limit[f];
        }
}

void CVI_K(spread_f32)(const float *x, int64_t row_stride, int64_t n_rows, int64_t d, const double *mean,
                       const double *limit, double *sq, int64_t *light)
{
    for (int64_t i = 0; i < n_rows; i++)
        for (int64_t f = 0; f < d; f++) {
            const double v = (double)x[i * row_stride + f] - mean[f];
            sq[f] += v * v;
            light[f] += v != 0 && fabs(v) < limit[f];
        }
}
