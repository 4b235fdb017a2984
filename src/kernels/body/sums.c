/* Exact sums (rule B of docs/numerics.md): every addend is cut to a grid, so that its bits add in any order. */
#include "kernels/body/body.h"

static inline void change(const cvi_grid *grid, int64_t f, double v, uint64_t sign, uint64_t *q)
{
    for (int64_t l = 0; l < grid->levels; l++) {
        const double magic = grid->magic[l * grid->d + f];
        const double shifted = v + magic;
        uint64_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        q[l * grid->d + f] += (bits ^ sign) - sign;
        v -= shifted - magic;
    }
}

static inline void change_f32(const cvi_grid *grid, const float *x, const double *mean, double weight, uint64_t sign, uint64_t *q)
{
    for (int64_t f = 0; f < grid->d; f++)
        change(grid, f, ((double)x[f] - (mean != NULL ? mean[f] : 0.0)) * weight, sign, q);
}

static inline void change_f64(const cvi_grid *grid, const double *x, const double *mean, double weight, uint64_t sign, uint64_t *q)
{
    for (int64_t f = 0; f < grid->d; f++)
        change(grid, f, (x[f] - (mean != NULL ? mean[f] : 0.0)) * weight, sign, q);
}

void CVI_K(sums_add_f32)(const cvi_grid *grid, const float *x, const double *mean, double weight, uint64_t *q)
{
    change_f32(grid, x, mean, weight, 0, q);
}

void CVI_K(sums_add_f64)(const cvi_grid *grid, const double *x, const double *mean, double weight, uint64_t *q)
{
    change_f64(grid, x, mean, weight, 0, q);
}

void CVI_K(sums_sub_f32)(const cvi_grid *grid, const float *x, const double *mean, double weight, uint64_t *q)
{
    change_f32(grid, x, mean, weight, UINT64_MAX, q);
}

void CVI_K(sums_sub_f64)(const cvi_grid *grid, const double *x, const double *mean, double weight, uint64_t *q)
{
    change_f64(grid, x, mean, weight, UINT64_MAX, q);
}
