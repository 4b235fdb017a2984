/* The int8 screen of k-means++, without an instruction for dot products of bytes; and what goes with it. */
#include "kernels/body/body.h"

enum { CANDIDATES = 8, PAIRS = 8 };

double CVI_K(seed_quantize)(const double *x, const float *origin, double scale, int64_t d, int8_t *q)
{
    const double inverse = 1 / scale;
    double rest = 0;
    for (int64_t f = 0; f < d; f++) {
        const double v = x[f] - (double)origin[f];
        double t = v * inverse;
        t = t > 127 ? 127 : t;
        t = t < -127 ? -127 : t;
        const int32_t byte = (int32_t)(t + (t < 0 ? -0.5 : 0.5));
        const double left = v - scale * (double)byte;
        q[f] = (int8_t)byte;
        rest += left * left;
    }
    return rest;
}

void CVI_K(seed_screen8)(const cvi_seed_screen8 *s, const uint8_t *tile, const float *low, const float *reach,
                         uint64_t *open)
{
    for (int c = 0; c < CANDIDATES; c++) {
        int32_t dot[CVI_TILE] = {0};
        for (int64_t g = 0; g < s->dq / 4; g++) {
            const int8_t *bytes = s->candidates + c * s->dq + 4 * g;
            const uint8_t *rows = tile + g * 4 * CVI_TILE;
            for (int64_t i = 0; i < CVI_TILE; i++)
                dot[i] += rows[4 * i] * bytes[0] + rows[4 * i + 1] * bytes[1] + rows[4 * i + 2] * bytes[2] +
                          rows[4 * i + 3] * bytes[3];
        }
        open[c] = 0;
        for (int64_t i = 0; i < CVI_TILE; i++)
            open[c] |= (uint64_t)((float)(2 * (dot[i] - s->bias[c])) >
                                  low[i] + s->base[c] - reach[i] * s->twice_error[c])
                       << i;
    }
}

/* Eight chains of additions at once hide each other's latency. */
VEC_INLINE void some_pairs(const double *const *x, const double *const *c, int64_t d, double *sqdist)
{
    double sq[PAIRS] = {0};
    VEC_NO_UNROLL
    for (int64_t f = 0; f < d; f++)
        VEC_UNROLL
    for (int p = 0; p < PAIRS; p++) {
        const double t = x[p][f] - c[p][f];
        sq[p] = fma(t, t, sq[p]);
    }
    memcpy(sqdist, sq, sizeof sq);
}

void CVI_K(seed_pairs)(const double *const *x, const double *const *c, int64_t count, int64_t d,
                       double *sqdist)
{
    for (int64_t first = 0; first < count; first += PAIRS) {
        const double *rows[PAIRS], *candidates[PAIRS];
        double sq[PAIRS];
        for (int64_t p = 0; p < PAIRS; p++) {
            rows[p] = x[first + p < count ? first + p : count - 1];
            candidates[p] = c[first + p < count ? first + p : count - 1];
        }
        some_pairs(rows, candidates, d, sq);
        memcpy(sqdist + first, sq, (size_t)(count - first < PAIRS ? count - first : PAIRS) * sizeof *sq);
    }
}

/* Features in lanes; four chains hide the latency of additions. */
enum { CHAINS = 4 };

void CVI_K(seed_rough_f32)(const float *const *x, const float *const *c, int64_t count, int64_t d,
                           double *sqdist)
{
    for (int64_t p = 0; p < count; p++) {
        vecf sq[CHAINS];
        int64_t f = 0;
        VEC_UNROLL
        for (int v = 0; v < CHAINS; v++)
            sq[v] = vecf_set1(0);
        VEC_NO_UNROLL
        for (; f + CHAINS * VECF_LANES <= d; f += CHAINS * VECF_LANES)
            VEC_UNROLL
        for (int v = 0; v < CHAINS; v++) {
            const vecf t =
                vecf_sub(vecf_loadu(x[p] + f + v * VECF_LANES), vecf_loadu(c[p] + f + v * VECF_LANES));
            sq[v] = vecf_muladd(t, t, sq[v]);
        }
        VEC_NO_UNROLL
        for (; f < d; f += VECF_LANES) {
            const int64_t n = d - f < VECF_LANES ? d - f : VECF_LANES;
            const vecf t = vecf_sub(vecf_load_part(x[p] + f, n), vecf_load_part(c[p] + f, n));
            sq[0] = vecf_muladd(t, t, sq[0]);
        }
        sqdist[p] = (double)vecf_sum(vecf_add(vecf_add(sq[0], sq[1]), vecf_add(sq[2], sq[3])));
    }
}

void CVI_K(seed_rough_f64)(const double *const *x, const double *const *c, int64_t count, int64_t d,
                           double *sqdist)
{
    for (int64_t p = 0; p < count; p++) {
        double lanes[VECD_LANES], sum = 0;
        vecd sq[CHAINS];
        int64_t f = 0;
        VEC_UNROLL
        for (int v = 0; v < CHAINS; v++)
            sq[v] = vecd_set1(0);
        VEC_NO_UNROLL
        for (; f + CHAINS * VECD_LANES <= d; f += CHAINS * VECD_LANES)
            VEC_UNROLL
        for (int v = 0; v < CHAINS; v++) {
            const vecd t =
                vecd_sub(vecd_loadu(x[p] + f + v * VECD_LANES), vecd_loadu(c[p] + f + v * VECD_LANES));
            sq[v] = vecd_fma(t, t, sq[v]);
        }
        VEC_NO_UNROLL
        for (; f + VECD_LANES <= d; f += VECD_LANES) {
            const vecd t = vecd_sub(vecd_loadu(x[p] + f), vecd_loadu(c[p] + f));
            sq[0] = vecd_fma(t, t, sq[0]);
        }
        for (; f < d; f++)
            sum += (x[p][f] - c[p][f]) * (x[p][f] - c[p][f]);
        vecd_storeu(lanes, vecd_add(vecd_add(sq[0], sq[1]), vecd_add(sq[2], sq[3])));
        for (int l = 0; l < VECD_LANES; l++)
            sum += lanes[l];
        sqdist[p] = sum;
    }
}
