/*
 * Preparation passes over dense rows: one chain a feature, rows in order, so the features stand in the lanes
 * and a few vectors of them go down the rows together; a narrow rest is loaded in part.
 */
#include "kernels/body/body.h"

/* Squares of larger values, summed, could overflow. */
#define MAX_ABS 1e150

enum { VECTORS = 4, STRIPE = VECTORS * VECD_LANES };

/*
 * Wide rows are read PIECE at a time, so that a stripe's next lines are already under way: the processor's
 * own prefetching gives up on stripes that jump from row to row.
 */
enum { PIECE = 32 };

/* Ask for `vectors` vectors at element `at`; nothing need be there. */
VEC_INLINE void fetch_ahead(const int vectors, const void *x, bool narrow, int64_t at)
{
    const uintptr_t size = narrow ? sizeof(float) : sizeof(double);
    VEC_UNROLL
    for (uintptr_t b = 0; b < (uintptr_t)(vectors * VECD_LANES) * size; b += 64)
        __builtin_prefetch((const void *)((uintptr_t)x + (uintptr_t)at * size + b), 0, 2);
}

/* n values of one row from feature f on, n <= VECD_LANES, as double; x is float or double. */
VEC_INLINE vecd load_lanes(const void *x, bool narrow, int64_t at, int64_t n)
{
    if (narrow)
        return n == VECD_LANES ? vecd_loadf((const float *)x + at)
                               : vecd_loadf_part((const float *)x + at, n);
    return n == VECD_LANES ? vecd_loadu((const double *)x + at) : vecd_load_part((const double *)x + at, n);
}

/* `vectors` vectors of features from f on; the last has n lanes. False if a value is too large or not finite.
 */
VEC_INLINE bool scan_stripe(const int vectors, const void *x, bool narrow, int64_t row_stride, int64_t n_rows,
                            int64_t f, int64_t n, double *sum, double *low, double *high)
{
    vecd s[VECTORS], a[VECTORS], b[VECTORS];
    vecdm good = vecdm_all();
    VEC_UNROLL
    for (int v = 0; v < vectors; v++) {
        s[v] = load_lanes(sum, false, f + v * VECD_LANES, n);
        a[v] = load_lanes(low, false, f + v * VECD_LANES, n);
        b[v] = load_lanes(high, false, f + v * VECD_LANES, n);
    }
    for (int64_t i = 0; i < n_rows; i++) {
        if (vectors > 1)
            fetch_ahead(vectors, x, narrow, (i + PIECE) * row_stride + f);
        VEC_UNROLL
        for (int v = 0; v < vectors; v++) {
            const vecd t = load_lanes(x, narrow, i * row_stride + f + v * VECD_LANES, n);
            s[v] = vecd_add(s[v], t);
            a[v] = vecd_min(t, a[v]);
            b[v] = vecd_max(t, b[v]);
            good = vecdm_and(good, vecd_less_equal(vecd_abs(t), vecd_set1(MAX_ABS)));
        }
    }
    VEC_UNROLL
    for (int v = 0; v < vectors; v++) {
        vecd_store_part(sum + f + v * VECD_LANES, s[v], n);
        vecd_store_part(low + f + v * VECD_LANES, a[v], n);
        vecd_store_part(high + f + v * VECD_LANES, b[v], n);
    }
    return vecdm_bits(good) == vecdm_bits(vecdm_all());
}

VEC_INLINE bool scan_piece(const void *x, bool narrow, int64_t row_stride, int64_t n_rows, int64_t d,
                           double *sum, double *low, double *high)
{
    bool good = true;
    int64_t f = 0;
    for (; f + STRIPE <= d; f += STRIPE)
        good &= scan_stripe(VECTORS, x, narrow, row_stride, n_rows, f, VECD_LANES, sum, low, high);
    for (; f + VECD_LANES <= d; f += VECD_LANES)
        good &= scan_stripe(1, x, narrow, row_stride, n_rows, f, VECD_LANES, sum, low, high);
    if (f < d)
        good &= scan_stripe(1, x, narrow, row_stride, n_rows, f, d - f, sum, low, high);
    return good;
}

/* Row i of x. */
VEC_INLINE const void *row_at(const void *x, bool narrow, int64_t row_stride, int64_t i)
{
    return narrow ? (const void *)((const float *)x + i * row_stride)
                  : (const void *)((const double *)x + i * row_stride);
}

VEC_INLINE int scan(const void *x, bool narrow, int64_t row_stride, int64_t n_rows, int64_t d, double *sum,
                    double *low, double *high)
{
    const int64_t step = d < STRIPE ? n_rows : PIECE;
    bool good = true;
    for (int64_t i = 0; i < n_rows; i += step)
        good &= scan_piece(row_at(x, narrow, row_stride, i), narrow, row_stride,
                           n_rows - i < step ? n_rows - i : step, d, sum, low, high);
    return good;
}

int CVI_K(scan_f64)(const double *x, int64_t row_stride, int64_t n_rows, int64_t d, double *sum, double *low,
                    double *high)
{
    return scan(x, false, row_stride, n_rows, d, sum, low, high);
}

int CVI_K(scan_f32)(const float *x, int64_t row_stride, int64_t n_rows, int64_t d, double *sum, double *low,
                    double *high)
{
    return scan(x, true, row_stride, n_rows, d, sum, low, high);
}

VEC_INLINE void spread_stripe(const int vectors, const void *x, bool narrow, int64_t row_stride,
                              int64_t n_rows, int64_t f, int64_t n, const double *mean, const double *limit,
                              double *sq, int64_t *light)
{
    vecd s[VECTORS], m[VECTORS], bound[VECTORS];
    veci count[VECTORS];
    VEC_UNROLL
    for (int v = 0; v < vectors; v++) {
        s[v] = load_lanes(sq, false, f + v * VECD_LANES, n);
        m[v] = load_lanes(mean, false, f + v * VECD_LANES, n);
        bound[v] = load_lanes(limit, false, f + v * VECD_LANES, n);
        count[v] = veci_load_part(light + f + v * VECD_LANES, n);
    }
    for (int64_t i = 0; i < n_rows; i++) {
        if (vectors > 1)
            fetch_ahead(vectors, x, narrow, (i + PIECE) * row_stride + f);
        VEC_UNROLL
        for (int v = 0; v < vectors; v++) {
            const vecd t = vecd_sub(load_lanes(x, narrow, i * row_stride + f + v * VECD_LANES, n), m[v]);
            const vecd size = vecd_abs(t);
            s[v] = vecd_add(s[v], vecd_mul(t, t));
            count[v] =
                veci_count(vecdm_and(vecd_less(size, bound[v]), vecd_less(vecd_set1(0), size)), count[v]);
        }
    }
    VEC_UNROLL
    for (int v = 0; v < vectors; v++) {
        vecd_store_part(sq + f + v * VECD_LANES, s[v], n);
        veci_store_part(light + f + v * VECD_LANES, count[v], n);
    }
}

VEC_INLINE void spread_piece(const void *x, bool narrow, int64_t row_stride, int64_t n_rows, int64_t d,
                             const double *mean, const double *limit, double *sq, int64_t *light)
{
    int64_t f = 0;
    for (; f + STRIPE <= d; f += STRIPE)
        spread_stripe(VECTORS, x, narrow, row_stride, n_rows, f, VECD_LANES, mean, limit, sq, light);
    for (; f + VECD_LANES <= d; f += VECD_LANES)
        spread_stripe(1, x, narrow, row_stride, n_rows, f, VECD_LANES, mean, limit, sq, light);
    if (f < d)
        spread_stripe(1, x, narrow, row_stride, n_rows, f, d - f, mean, limit, sq, light);
}

VEC_INLINE void spread(const void *x, bool narrow, int64_t row_stride, int64_t n_rows, int64_t d,
                       const double *mean, const double *limit, double *sq, int64_t *light)
{
    const int64_t step = d < STRIPE ? n_rows : PIECE;
    for (int64_t i = 0; i < n_rows; i += step)
        spread_piece(row_at(x, narrow, row_stride, i), narrow, row_stride,
                     n_rows - i < step ? n_rows - i : step, d, mean, limit, sq, light);
}

void CVI_K(spread_f64)(const double *x, int64_t row_stride, int64_t n_rows, int64_t d, const double *mean,
                       const double *limit, double *sq, int64_t *light)
{
    spread(x, false, row_stride, n_rows, d, mean, limit, sq, light);
}

void CVI_K(spread_f32)(const float *x, int64_t row_stride, int64_t n_rows, int64_t d, const double *mean,
                       const double *limit, double *sq, int64_t *light)
{
    spread(x, true, row_stride, n_rows, d, mean, limit, sq, light);
}
