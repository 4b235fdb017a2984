/* The int8 screen of k-means++, without an instruction for dot products of bytes; and what goes with it. */
#include "kernels/body/body.h"

enum { CANDIDATES = 8 };

VEC_INLINE vecd some_values(const void *x, bool narrow, int64_t f, int64_t n)
{
    const float *x32 = x;
    const double *x64 = x;
    if (n == VECD_LANES)
        return narrow ? vecd_loadf(x32 + f) : vecd_loadu(x64 + f);
    return narrow ? vecd_loadf_part(x32 + f, n) : vecd_load_part(x64 + f, n);
}

cvi_seed_byte_row CVI_K(seed_quantize)(const void *x, bool narrow, const float *origin, double scale, int64_t d, int8_t *q)
{
    /* Adding it rounds to a whole number, to the even one of two. */
    const vecd whole = vecd_set1(0x1.8p52), inverse = vecd_set1(1 / scale), step = vecd_set1(scale);
    vecd rest = vecd_set1(0), sqnorm = vecd_set1(0);
    for (int64_t f = 0; f < d; f += VECD_LANES) {
        const int64_t n = d - f < VECD_LANES ? d - f : VECD_LANES;
        int32_t bytes[VECD_LANES];
        const vecd v = vecd_sub(some_values(x, narrow, f, n), some_values(origin, true, f, n));
        const vecd t = vecd_max(vecd_min(vecd_mul(v, inverse), vecd_set1(127)), vecd_set1(-127));
        const vecd byte = vecd_sub(vecd_add(t, whole), whole), left = vecd_sub(v, vecd_mul(step, byte));
        rest = vecd_add(rest, vecd_mul(left, left));
        sqnorm = vecd_add(sqnorm, vecd_mul(byte, byte));
        vecd_storei(bytes, byte);
        for (int64_t l = 0; l < n; l++)
            q[f + l] = (int8_t)bytes[l];
    }
    double lane[2][VECD_LANES];
    cvi_seed_byte_row out = {0, 0};
    vecd_storeu(lane[0], rest);
    vecd_storeu(lane[1], sqnorm);
    for (int l = 0; l < VECD_LANES; l++) {
        out.rest += lane[0][l];
        out.sqnorm += lane[1][l];
    }
    return out;
}

void CVI_K(seed_screen8)(const cvi_seed_screen8 *s, const uint8_t *tile, const int32_t *low, uint64_t *open)
{
    for (int c = 0; c < CANDIDATES; c++) {
        uint32_t sum[CVI_TILE]; /* wraps, and ends within int32 */
        for (int64_t i = 0; i < CVI_TILE; i++)
            sum[i] = (uint32_t)s->start[c];
        for (int64_t g = 0; g < s->dq / 4; g++) {
            const int8_t *bytes = s->candidates + c * s->dq + 4 * g;
            const uint8_t *rows = tile + g * 4 * CVI_TILE;
            for (int64_t i = 0; i < CVI_TILE; i++)
                sum[i] += (uint32_t)(rows[4 * i] * bytes[0] + rows[4 * i + 1] * bytes[1] + rows[4 * i + 2] * bytes[2] +
                                     rows[4 * i + 3] * bytes[3]);
        }
        open[c] = 0;
        for (int64_t i = 0; i < CVI_TILE; i++)
            open[c] |= (uint64_t)((int32_t)sum[i] > low[i]) << i;
    }
}

/* Tiles have few open rows, a number that cannot be foreseen: two are written whether they are there or not, so that most
 * tiles need no branch. */
int64_t CVI_K(seed_list)(const uint64_t *open, int64_t tiles, int32_t *at)
{
    const uint64_t end = (uint64_t)1 << 63; /* an empty mask has no number */
    int64_t count = 0;
    for (int64_t t = 0; t < tiles; t++) {
        uint64_t m = open[CANDIDATES * t];
        const int64_t last = count + __builtin_popcountll(m);
        const int32_t first = (int32_t)(CVI_TILE * t);
        at[count] = first + __builtin_ctzll(m | end);
        m &= m - 1;
        at[count + 1] = first + __builtin_ctzll(m | end);
        m &= m - 1;
        for (int64_t p = count + 2; p < last; p++, m &= m - 1)
            at[p] = first + __builtin_ctzll(m);
        count = last;
    }
    return count;
}

/* Squares of differences, features in lanes; two chains hide a part of the additions' latency, the next row the rest. */
VEC_INLINE vecd rough_f32(const float *x, const float *c, int64_t d)
{
    vecf a = vecf_set1(0), b = a;
    int64_t f = 0;
    VEC_NO_UNROLL
    for (; f + 2 * VECF_LANES <= d; f += 2 * VECF_LANES) {
        const vecf t = vecf_sub(vecf_loadu(x + f), vecf_loadu(c + f));
        const vecf u = vecf_sub(vecf_loadu(x + f + VECF_LANES), vecf_loadu(c + f + VECF_LANES));
        a = vecf_muladd(t, t, a);
        b = vecf_muladd(u, u, b);
    }
    VEC_NO_UNROLL
    for (; f < d; f += VECF_LANES) {
        const int64_t n = d - f < VECF_LANES ? d - f : VECF_LANES;
        const vecf t = vecf_sub(vecf_load_part(x + f, n), vecf_load_part(c + f, n));
        a = vecf_muladd(t, t, a);
    }
    return vecd_halves(vecf_add(a, b));
}

VEC_INLINE vecd rough_f64(const double *x, const double *c, int64_t d)
{
    vecd a = vecd_set1(0), b = a;
    int64_t f = 0;
    VEC_NO_UNROLL
    for (; f + 2 * VECD_LANES <= d; f += 2 * VECD_LANES) {
        const vecd t = vecd_sub(vecd_loadu(x + f), vecd_loadu(c + f));
        const vecd u = vecd_sub(vecd_loadu(x + f + VECD_LANES), vecd_loadu(c + f + VECD_LANES));
        a = vecd_add(vecd_mul(t, t), a);
        b = vecd_add(vecd_mul(u, u), b);
    }
    VEC_NO_UNROLL
    for (; f < d; f += VECD_LANES) {
        const int64_t n = d - f < VECD_LANES ? d - f : VECD_LANES;
        const vecd t = vecd_sub(vecd_load_part(x + f, n), vecd_load_part(c + f, n));
        a = vecd_add(vecd_mul(t, t), a);
    }
    return vecd_add(a, b);
}

/* What c takes off the near of VECD_LANES rows, least and most; returns where it may be nearer. */
VEC_INLINE uint32_t take(const cvi_seed_rough *s, vecd sqdist, vecd near, vecd weights, vecd *least, vecd *most)
{
    const vecd zero = vecd_set1(0), margin = vecd_set1(s->least);
    const vecdm fits = vecd_less(sqdist, vecd_set1(1e37)); /* else float32 may have overflowed: nothing is known */
    const vecd low = vecd_sub(vecd_mul(sqdist, vecd_set1(1 - s->rough)), margin);
    const vecd high = vecd_add(vecd_mul(sqdist, vecd_set1(1 + s->rough)), margin);
    const vecd more = vecd_sub(near, vecd_select(fits, vecd_max(low, zero), zero));
    *least = vecd_add(*least, vecd_mul(vecd_max(vecd_sub(near, vecd_select(fits, high, near)), zero), weights));
    *most = vecd_add(*most, vecd_mul(vecd_max(more, zero), weights));
    return vecdm_bits(vecd_less(zero, more)) & ((1u << VECD_LANES) - 1);
}

VEC_INLINE void gains(const cvi_seed_rough *s, const void *const *x, const bool narrow, const void *c, int64_t count,
                      const double *near, const double *weights, double *gain, uint64_t *nearer)
{
    vecd least = vecd_set1(0), most = vecd_set1(0);
    memset(nearer, 0, (size_t)((count + 63) / 64) * sizeof *nearer);
    VEC_NO_UNROLL
    for (int64_t i = 0; i < count; i += VECD_LANES) {
        const int64_t n = count - i < VECD_LANES ? count - i : VECD_LANES;
        vecd v[VECD_LANES];
        VEC_UNROLL
        for (int l = 0; l < VECD_LANES; l++) {
            const void *row = x[i + (l < n ? l : 0)];
            v[l] = narrow ? rough_f32(row, c, s->d) : rough_f64(row, c, s->d);
        }
        vecd_transpose(v);
        vecd sqdist = v[0];
        VEC_UNROLL
        for (int l = 1; l < VECD_LANES; l++)
            sqdist = vecd_add(sqdist, v[l]);
        /* Lanes behind the last row have near = 0: nothing to take. */
        const vecd at = n == VECD_LANES ? vecd_loadu(near + i) : vecd_load_part(near + i, n);
        vecd w = vecd_set1(1);
        if (weights != NULL)
            w = n == VECD_LANES ? vecd_loadu(weights + i) : vecd_load_part(weights + i, n);
        nearer[i / 64] |= (uint64_t)take(s, sqdist, at, w, &least, &most) << i % 64;
    }
    double lane[2][VECD_LANES];
    vecd_storeu(lane[0], least);
    vecd_storeu(lane[1], most);
    for (int l = 0; l < VECD_LANES; l++) {
        gain[0] += lane[0][l];
        gain[1] += lane[1][l];
    }
}

void CVI_K(seed_gains_f32)(const cvi_seed_rough *s, const float *const *x, const float *c, int64_t count, const double *near,
                           const double *weights, double *gain, uint64_t *nearer)
{
    gains(s, (const void *const *)x, true, c, count, near, weights, gain, nearer);
}

void CVI_K(seed_gains_f64)(const cvi_seed_rough *s, const double *const *x, const double *c, int64_t count,
                           const double *near, const double *weights, double *gain, uint64_t *nearer)
{
    gains(s, (const void *const *)x, false, c, count, near, weights, gain, nearer);
}
