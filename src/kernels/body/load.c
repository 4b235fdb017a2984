/* Blocks of rows, brought into the form that the screens and the canonical score read. */
#include "kernels/body/body.h"

void CVI_K(load_rows_f32)(const float *const *rows, int64_t count, int64_t d, const float *mean32, float scale,
                          float *out, int64_t ld, float *sqnorm)
{
    for (int64_t i = 0; i < count; i++) {
        float *to = out + i * ld, sq = 0;
        for (int64_t f = 0; f < d; f++) {
            to[f] = (rows[i][f] - mean32[f]) * scale;
            sq += to[f] * to[f];
        }
        for (int64_t f = d; f < ld; f++)
            to[f] = 0;
        sqnorm[i] = sq;
    }
}

void CVI_K(load_rows_f64)(const double *const *rows, int64_t count, int64_t d, const double *mean, double scale,
                          float *out, int64_t ld, float *sqnorm)
{
    for (int64_t i = 0; i < count; i++) {
        float *to = out + i * ld, sq = 0;
        for (int64_t f = 0; f < d; f++) {
            to[f] = (float)((rows[i][f] - mean[f]) * scale);
            sq += to[f] * to[f];
        }
        for (int64_t f = d; f < ld; f++)
            to[f] = 0;
        sqnorm[i] = sq;
    }
}

void CVI_K(load_tile_f32)(const float *const *rows, int64_t count, int64_t d, const float *mean32, float scale,
                          float *tile, float *sqnorm)
{
    for (int64_t i = 0; i < CVI_TILE; i++) {
        float sq = 0;
        for (int64_t f = 0; f < d; f++) {
            const float v = i < count ? (rows[i][f] - mean32[f]) * scale : 0;
            tile[f * CVI_TILE + i] = v;
            sq += v * v;
        }
        sqnorm[i] = sq;
    }
}

void CVI_K(load_tile_f64)(const double *const *rows, int64_t count, int64_t d, const double *mean, double scale,
                          float *tile, float *sqnorm)
{
    for (int64_t i = 0; i < CVI_TILE; i++) {
        float sq = 0;
        for (int64_t f = 0; f < d; f++) {
            const float v = i < count ? (float)((rows[i][f] - mean[f]) * scale) : 0;
            tile[f * CVI_TILE + i] = v;
            sq += v * v;
        }
        sqnorm[i] = sq;
    }
}

void CVI_K(center_rows_f32)(const float *const *rows, int64_t count, int64_t d, const double *mean, double *out, int64_t ld)
{
    for (int64_t i = 0; i < count; i++) {
        double *to = out + i * ld;
        for (int64_t f = 0; f < d; f++)
            to[f] = mean != NULL ? (double)rows[i][f] - mean[f] : (double)rows[i][f];
        for (int64_t f = d; f < ld; f++)
            to[f] = 0;
    }
}

void CVI_K(center_rows_f64)(const double *const *rows, int64_t count, int64_t d, const double *mean, double *out, int64_t ld)
{
    for (int64_t i = 0; i < count; i++) {
        double *to = out + i * ld;
        for (int64_t f = 0; f < d; f++)
            to[f] = mean != NULL ? rows[i][f] - mean[f] : rows[i][f];
        for (int64_t f = d; f < ld; f++)
            to[f] = 0;
    }
}
