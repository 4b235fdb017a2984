/*
 * Preparation passes over dense rows: one chain a feature, rows in order, so the features stand in the lanes
 * and a few vectors of them, a stripe, go down the rows together:
 *
 *              f              f + d - 1
 *      row 0   [ vector 0 ][ vector 1 . . ]        the last vector's spare lanes hold what follows in memory,
 *      row 1   [          ][          . . ]        mostly the next row; what becomes of them is never stored
 *
 * A load in part of every row would cost four times the whole pass. Only the last rows, behind which nothing
 * may be read, are loaded so.
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

/* Whether all values were finite and small enough: a NaN, or infinities of both signs, leave no sum; the minimum
 * and the maximum show the rest. No sum of small enough values overflows. */
VEC_INLINE vecdm within_range(vecd sum, vecd low, vecd high)
{
    const vecdm small = vecdm_and(vecd_less_equal(vecd_set1(-MAX_ABS), low), vecd_less_equal(high, vecd_set1(MAX_ABS)));
    return vecdm_and(small, vecd_less_equal(sum, sum));
}

/* Rows of n_rows whose `vectors` whole vectors from feature f on end before the last value of the last row. */
VEC_INLINE int64_t whole_rows(const int vectors, int64_t row_stride, int64_t n_rows, int64_t d, int64_t f)
{
    const int64_t room = (n_rows - 1) * row_stride + d - f - vectors * VECD_LANES;
    if (room < 0)
        return 0;
    return room / row_stride + 1 < n_rows ? room / row_stride + 1 : n_rows;
}

/* `vectors` vectors of features from f on; the last has n lanes of them. */
typedef struct stripe {
    int64_t row_stride, f, n;
} stripe;

VEC_INLINE int vectors_at(int64_t d, int64_t f)
{
    return d - f >= STRIPE ? VECTORS : (int)((d - f + VECD_LANES - 1) / VECD_LANES);
}

VEC_INLINE stripe stripe_at(int64_t row_stride, int64_t d, int64_t f)
{
    return (stripe){row_stride, f, d - f >= STRIPE ? VECD_LANES : (d - f - 1) % VECD_LANES + 1};
}

/* Lanes of vector v of `vectors`. */
VEC_INLINE int64_t lanes_of(const int vectors, int v, int64_t n)
{
    return v + 1 < vectors ? VECD_LANES : n;
}

VEC_INLINE void scan_rows(const int vectors, const void *x, bool narrow, stripe at, int64_t i, int64_t end, vecd *s,
                          vecd *a, vecd *b)
{
    for (; i < end; i++) {
        if (vectors > 1)
            fetch_ahead(vectors, x, narrow, (i + PIECE) * at.row_stride + at.f);
        VEC_UNROLL
        for (int v = 0; v < vectors; v++) {
            const vecd t = load_lanes(x, narrow, i * at.row_stride + at.f + v * VECD_LANES, lanes_of(vectors, v, at.n));
            s[v] = vecd_add(s[v], t);
            a[v] = vecd_min(t, a[v]);
            b[v] = vecd_max(t, b[v]);
        }
    }
}

/* False if a value is too large or not finite. */
VEC_INLINE bool scan_stripe(const int vectors, const void *x, bool narrow, stripe at, int64_t whole, int64_t n_rows,
                            double *sum, double *low, double *high)
{
    vecd s[VECTORS], a[VECTORS], b[VECTORS];
    VEC_UNROLL
    for (int v = 0; v < vectors; v++) {
        const int64_t f = at.f + v * VECD_LANES, n = lanes_of(vectors, v, at.n);
        s[v] = load_lanes(sum, false, f, n);
        a[v] = load_lanes(low, false, f, n);
        b[v] = load_lanes(high, false, f, n);
    }
    scan_rows(vectors, x, narrow, (stripe){at.row_stride, at.f, VECD_LANES}, 0, whole, s, a, b);
    scan_rows(vectors, x, narrow, at, whole, n_rows, s, a, b);
    vecdm good = vecdm_all();
    VEC_UNROLL
    for (int v = 0; v < vectors; v++) {
        const int64_t f = at.f + v * VECD_LANES, n = lanes_of(vectors, v, at.n);
        vecd_store_part(sum + f, s[v], n);
        vecd_store_part(low + f, a[v], n);
        vecd_store_part(high + f, b[v], n);
        good = vecdm_and(good, within_range(load_lanes(sum, false, f, n), load_lanes(low, false, f, n),
                                            load_lanes(high, false, f, n)));
    }
    return vecdm_bits(good) == vecdm_bits(vecdm_all());
}

VEC_INLINE bool scan_piece(const void *x, bool narrow, int64_t row_stride, int64_t n_rows, int64_t d,
                           double *sum, double *low, double *high)
{
    bool good = true;
    for (int64_t f = 0; f < d; f += STRIPE) {
        const int vectors = vectors_at(d, f);
        const stripe at = stripe_at(row_stride, d, f);
        const int64_t whole = whole_rows(vectors, row_stride, n_rows, d, f);
        switch (vectors) {
        case 1:
            good &= scan_stripe(1, x, narrow, at, whole, n_rows, sum, low, high);
            break;
        case 2:
            good &= scan_stripe(2, x, narrow, at, whole, n_rows, sum, low, high);
            break;
        case 3:
            good &= scan_stripe(3, x, narrow, at, whole, n_rows, sum, low, high);
            break;
        default:
            good &= scan_stripe(4, x, narrow, at, whole, n_rows, sum, low, high);
        }
    }
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

/* What one reading of the spread is about, and where it adds up. */
typedef struct spread_of {
    const double *mean, *limit;
    double *sq;
    int64_t *light;
} spread_of;

typedef struct spread_lanes {
    vecd s, mean, bound;
    veci count;
} spread_lanes;

VEC_INLINE void spread_rows(const int vectors, const void *x, bool narrow, stripe at, int64_t i, int64_t end,
                            spread_lanes *l)
{
    for (; i < end; i++) {
        if (vectors > 1)
            fetch_ahead(vectors, x, narrow, (i + PIECE) * at.row_stride + at.f);
        VEC_UNROLL
        for (int v = 0; v < vectors; v++) {
            const vecd value = load_lanes(x, narrow, i * at.row_stride + at.f + v * VECD_LANES, lanes_of(vectors, v, at.n));
            const vecd t = vecd_sub(value, l[v].mean), size = vecd_abs(t);
            l[v].s = vecd_add(l[v].s, vecd_mul(t, t));
            const vecdm small = vecdm_and(vecd_less(size, l[v].bound), vecd_less(vecd_set1(0), size));
            l[v].count = veci_count(small, l[v].count);
        }
    }
}

VEC_INLINE void spread_stripe(const int vectors, const void *x, bool narrow, stripe at, int64_t whole, int64_t n_rows,
                              spread_of of)
{
    spread_lanes l[VECTORS];
    VEC_UNROLL
    for (int v = 0; v < vectors; v++) {
        const int64_t f = at.f + v * VECD_LANES, n = lanes_of(vectors, v, at.n);
        l[v] = (spread_lanes){load_lanes(of.sq, false, f, n), load_lanes(of.mean, false, f, n),
                              load_lanes(of.limit, false, f, n), veci_load_part(of.light + f, n)};
    }
    spread_rows(vectors, x, narrow, (stripe){at.row_stride, at.f, VECD_LANES}, 0, whole, l);
    spread_rows(vectors, x, narrow, at, whole, n_rows, l);
    VEC_UNROLL
    for (int v = 0; v < vectors; v++) {
        const int64_t f = at.f + v * VECD_LANES, n = lanes_of(vectors, v, at.n);
        vecd_store_part(of.sq + f, l[v].s, n);
        veci_store_part(of.light + f, l[v].count, n);
    }
}

VEC_INLINE void spread_piece(const void *x, bool narrow, int64_t row_stride, int64_t n_rows, int64_t d, spread_of of)
{
    for (int64_t f = 0; f < d; f += STRIPE) {
        const int vectors = vectors_at(d, f);
        const stripe at = stripe_at(row_stride, d, f);
        const int64_t whole = whole_rows(vectors, row_stride, n_rows, d, f);
        switch (vectors) {
        case 1:
            spread_stripe(1, x, narrow, at, whole, n_rows, of);
            break;
        case 2:
            spread_stripe(2, x, narrow, at, whole, n_rows, of);
            break;
        case 3:
            spread_stripe(3, x, narrow, at, whole, n_rows, of);
            break;
        default:
            spread_stripe(4, x, narrow, at, whole, n_rows, of);
        }
    }
}

VEC_INLINE void spread(const void *x, bool narrow, int64_t row_stride, int64_t n_rows, int64_t d,
                       const double *mean, const double *limit, double *sq, int64_t *light)
{
    const int64_t step = d < STRIPE ? n_rows : PIECE;
    for (int64_t i = 0; i < n_rows; i += step)
        spread_piece(row_at(x, narrow, row_stride, i), narrow, row_stride, n_rows - i < step ? n_rows - i : step, d,
                     (spread_of){mean, limit, sq, light});
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
