/*
 * Exact sums (rule B of docs/numerics.md): every addend is cut to a grid, so that its bits add in any order.  Features
 * stand in the lanes; the usual two levels go through the row once, further levels feature by feature.
 */
#include "kernels/body/body.h"

/* v's bits at one level go to q (or leave it); returns what the level left of v. */
VEC_INLINE vecd cut(vecd v, vecd magic, bool add, veci *q)
{
    const vecd shifted = vecd_add(v, magic);
    *q = add ? veci_add(*q, veci_of(shifted)) : veci_sub(*q, veci_of(shifted));
    return vecd_sub(v, vecd_sub(shifted, magic));
}

VEC_INLINE void change_lanes(const cvi_grid *grid, int64_t f, vecd v, bool add, uint64_t *q)
{
    const double *magic = grid->magic + f;
    q += f;
    for (int64_t l = 0; l < grid->levels; l++, magic += grid->d, q += grid->d) {
        veci total = veci_loadu(q);
        v = cut(v, vecd_loadu(magic), add, &total);
        veci_storeu(q, total);
    }
}

VEC_INLINE void change_part(const cvi_grid *grid, int64_t f, vecd v, bool add, uint64_t *q)
{
    const int64_t n = grid->d - f;
    const double *magic = grid->magic + f;
    q += f;
    for (int64_t l = 0; l < grid->levels; l++, magic += grid->d, q += grid->d) {
        veci total = veci_load_part(q, n);
        v = cut(v, vecd_load_part(magic, n), add, &total);
        veci_store_part(q, total, n);
    }
}

VEC_INLINE vecd addend(vecd v, const vecd *mean, const vecd *weight)
{
    if (mean != NULL)
        v = vecd_sub(v, *mean);
    return weight != NULL ? vecd_mul(v, *weight) : v;
}

/* x is float or double as narrow says; the flags are constants where this is inlined. */
VEC_INLINE void change(const cvi_grid *grid, const void *x, bool narrow, const double *mean, bool weighted, double weight,
                       bool add, uint64_t *q)
{
    const float *x32 = x;
    const double *x64 = x;
    const vecd w = vecd_set1(weight);
    int64_t f = 0;
    for (; f + VECD_LANES <= grid->d; f += VECD_LANES) {
        const vecd m = mean != NULL ? vecd_loadu(mean + f) : w, v = narrow ? vecd_loadf(x32 + f) : vecd_loadu(x64 + f);
        change_lanes(grid, f, addend(v, mean != NULL ? &m : NULL, weighted ? &w : NULL), add, q);
    }
    if (f < grid->d) {
        const int64_t n = grid->d - f;
        const vecd m = mean != NULL ? vecd_load_part(mean + f, n) : w;
        const vecd v = narrow ? vecd_loadf_part(x32 + f, n) : vecd_load_part(x64 + f, n);
        change_part(grid, f, addend(v, mean != NULL ? &m : NULL, weighted ? &w : NULL), add, q);
    }
}

/* The usual case, unweighted rows in a frame, by itself. */
VEC_INLINE void change_any(const cvi_grid *grid, const void *x, bool narrow, const double *mean, double weight, bool add,
                           uint64_t *q)
{
    if (mean != NULL && weight == 1 && grid->levels == 2) {
        const cvi_grid two = {grid->magic, 2, grid->d};
        change(&two, x, narrow, mean, false, 1, add, q);
    } else {
        change(grid, x, narrow, mean, weight != 1, weight, add, q);
    }
}

void CVI_K(sums_add_f32)(const cvi_grid *grid, const float *x, const double *mean, double weight, uint64_t *q)
{
    change_any(grid, x, true, mean, weight, true, q);
}

void CVI_K(sums_add_f64)(const cvi_grid *grid, const double *x, const double *mean, double weight, uint64_t *q)
{
    change_any(grid, x, false, mean, weight, true, q);
}

void CVI_K(sums_sub_f32)(const cvi_grid *grid, const float *x, const double *mean, double weight, uint64_t *q)
{
    change_any(grid, x, true, mean, weight, false, q);
}

void CVI_K(sums_sub_f64)(const cvi_grid *grid, const double *x, const double *mean, double weight, uint64_t *q)
{
    change_any(grid, x, false, mean, weight, false, q);
}
