/*
 * k-means++ on tiles of 64 rows: rows in lanes, float64.  Distances are summed feature by feature with one
 * rounding a step, so a box, measured in the same operations, is never farther than one of its rows: rounding
 * is monotonic.
 */
#include "kernels/body/body.h"

enum { VECTORS = CVI_TILE / VECD_LANES };

VEC_INLINE vecd sqdist_of(const double *x, const double *c, int64_t d, int64_t i)
{
    vecd sq = vecd_set1(0);
    for (int64_t f = 0; f < d; f++) {
        const vecd t = vecd_sub(vecd_loadu(x + f * CVI_TILE + i), vecd_set1(c[f]));
        sq = vecd_fma(t, t, sq);
    }
    return sq;
}

/* Add the bits of v on the grid. */
VEC_INLINE void add_bits(vecd v, vecd m0, vecd m1, veci *high, veci *low)
{
    const vecd h = vecd_add(v, m0), l = vecd_add(vecd_sub(v, vecd_sub(h, m0)), m1);
    *high = veci_add(*high, veci_of(h));
    *low = veci_add(*low, veci_of(l));
}

VEC_INLINE uint64_t sum_lanes(veci v)
{
    uint64_t lane[VECD_LANES], sum = 0;
    veci_storeu(lane, v);
    for (int l = 0; l < VECD_LANES; l++)
        sum += lane[l];
    return sum;
}

VEC_INLINE void potentials(const double *x, int64_t d, const double *near, const double *weights,
                           const double *candidates, uint32_t which, const double *magic, uint64_t *q)
{
    const vecd m0 = vecd_set1(magic[0]), m1 = vecd_set1(magic[1]);
    for (; which != 0; which &= which - 1) {
        const int c = __builtin_ctz(which);
        veci high = veci_zero(), low = veci_zero();
        VEC_UNROLL
        for (int64_t i = 0; i < CVI_TILE; i += VECD_LANES) {
            vecd v = vecd_min(sqdist_of(x, candidates + c * d, d, i), vecd_loadu(near + i));
            if (weights != NULL)
                v = vecd_mul(v, vecd_loadu(weights + i));
            add_bits(v, m0, m1, &high, &low);
        }
        q[2 * c] += sum_lanes(high);
        q[2 * c + 1] += sum_lanes(low);
    }
}

#define POTENTIALS_OF(D)                                                                                     \
    VEC_NOINLINE void potentials_##D(const double *x, const double *near, const double *candidates,          \
                                     uint32_t which, const double *magic, uint64_t *q)                       \
    {                                                                                                        \
        potentials(x, D, near, NULL, candidates, which, magic, q);                                           \
    }
POTENTIALS_OF(1)
POTENTIALS_OF(2)
POTENTIALS_OF(3)

VEC_NOINLINE void potentials_any(const double *x, int64_t d, const double *near, const double *weights,
                                 const double *candidates, uint32_t which, const double *magic, uint64_t *q)
{
    potentials(x, d, near, weights, candidates, which, magic, q);
}

void CVI_K(seed_potentials)(const double *x, int64_t d, const double *near, const double *weights,
                            const double *candidates, uint32_t which, const double *magic, uint64_t *q)
{
    void (*const fixed[])(const double *, const double *, const double *, uint32_t, const double *,
                          uint64_t *) = {potentials_1, potentials_2, potentials_3};
    if (weights == NULL && d <= 3)
        fixed[d - 1](x, near, candidates, which, magic, q);
    else
        potentials_any(x, d, near, weights, candidates, which, magic, q);
}

uint64_t CVI_K(seed_fold)(const double *x, int64_t d, const double *pick, double *near)
{
    uint64_t nearer = 0;
    for (int64_t i = 0; i < CVI_TILE; i += VECD_LANES) {
        const vecd sq = sqdist_of(x, pick, d, i), old = vecd_loadu(near + i);
        nearer |= (uint64_t)(vecdm_bits(vecd_less(sq, old)) & ((1u << VECD_LANES) - 1)) << i;
        vecd_storeu(near + i, vecd_min(sq, old));
    }
    return nearer;
}

void CVI_K(seed_total)(const double *near, const double *weights, const double *magic, uint64_t *q,
                       double *most)
{
    const vecd m0 = vecd_set1(magic[0]), m1 = vecd_set1(magic[1]);
    vecd top = vecd_set1(0), heavy = vecd_set1(0);
    veci high = veci_zero(), low = veci_zero();
    for (int64_t i = 0; i < CVI_TILE; i += VECD_LANES) {
        const vecd v = vecd_loadu(near + i);
        const vecd w = weights != NULL ? vecd_mul(v, vecd_loadu(weights + i)) : v;
        top = vecd_max(top, v);
        heavy = vecd_max(heavy, w);
        add_bits(w, m0, m1, &high, &low);
    }
    double lane[VECD_LANES], lane_heavy[VECD_LANES];
    vecd_storeu(lane, top);
    vecd_storeu(lane_heavy, heavy);
    most[0] = lane[0];
    most[1] = lane_heavy[0];
    for (int l = 1; l < VECD_LANES; l++) {
        most[0] = lane[l] > most[0] ? lane[l] : most[0];
        most[1] = lane_heavy[l] > most[1] ? lane_heavy[l] : most[1];
    }
    q[0] = sum_lanes(high);
    q[1] = sum_lanes(low);
}

uint32_t CVI_K(seed_boxes)(const double *low, const double *high, const double *top, int64_t stride,
                           int64_t d, const double *c)
{
    uint32_t open = 0;
    for (int v = 0; v < CVI_GROUP64; v += VECD_LANES) {
        vecd sq = vecd_set1(0);
        for (int64_t f = 0; f < d; f++) {
            const vecd at = vecd_set1(c[f]);
            const vecd below = vecd_sub(vecd_loadu(low + f * stride + v), at);
            const vecd above = vecd_sub(at, vecd_loadu(high + f * stride + v));
            const vecd t = vecd_max(vecd_max(below, above), vecd_set1(0));
            sq = vecd_fma(t, t, sq);
        }
        open |= (vecdm_bits(vecd_less(sq, vecd_loadu(top + v))) & ((1u << VECD_LANES) - 1)) << v;
    }
    return open;
}
