/* What a tile knows about far centers: made from scores, kept as floats, scanned every pass. */
#include "kernels/body/tiles.h"

/* Every operation below is off by 2^-24 of the terms' size at most; eight of them, and the drift's own
 * rounding. */
#define ROUNDING 0x1p-20f

float CVI_K(tiles_ball)(const float *tile, int64_t d, float *mean)
{
    vecf sq[CVI_TILE / VECF_LANES];
    for (int i = 0; i < CVI_TILE / VECF_LANES; i++)
        sq[i] = vecf_set1(0);
    for (int64_t f = 0; f < d; f++) {
        vecf sum = vecf_set1(0);
        for (int i = 0; i < CVI_TILE; i += VECF_LANES)
            sum = vecf_add(sum, vecf_load(tile + f * CVI_TILE + i));
        mean[f] = vecf_sum(sum) * (1.0f / CVI_TILE);
        const vecf m = vecf_set1(mean[f]);
        for (int i = 0; i < CVI_TILE / VECF_LANES; i++) {
            const vecf t = vecf_sub(vecf_load(tile + f * CVI_TILE + i * VECF_LANES), m);
            sq[i] = vecf_muladd(t, t, sq[i]);
        }
    }
    vecf most = sq[0];
    for (int i = 1; i < CVI_TILE / VECF_LANES; i++)
        most = vecf_max(most, sq[i]);
    return vecf_largest(most);
}

/* VECF_LANES centers at panel + half_sqnorm, `wide` vectors of them. */
VEC_INLINE void point_scores(const float *panel, const float *half_sqnorm, const float *point, int64_t d,
                             float *score)
{
    enum { WIDE = CVI_GROUP32 / VECF_LANES };
    vecf acc[WIDE];
    VEC_UNROLL
    for (int i = 0; i < WIDE; i++)
        acc[i] = vecf_load(half_sqnorm + i * VECF_LANES);
    for (int64_t f = 0; f < d; f++) {
        const vecf x = vecf_set1(point[f]);
        VEC_UNROLL
        for (int i = 0; i < WIDE; i++)
            acc[i] = vecf_negmuladd(x, vecf_load(panel + f * CVI_GROUP32 + i * VECF_LANES), acc[i]);
    }
    VEC_UNROLL
    for (int i = 0; i < WIDE; i++)
        vecf_store(score + i * VECF_LANES, acc[i]);
}

void CVI_K(tiles_scores)(const cvi_screen *s, const float *point, float *score)
{
    for (int64_t g = 0; g < s->groups; g++)
        point_scores(s->centers + g * s->d * CVI_GROUP32, s->half_sqnorm + g * CVI_GROUP32, point, s->d,
                     score + g * CVI_GROUP32);
}

/* Lanes of sqrt(max(0, base + twice v)) - reach + (drift + shift), less what rounding may have added. */
VEC_INLINE vecf bound_of(const cvi_tile_bound *b, vecf v, vecf drift)
{
    const vecf reach = vecf_set1(b->reach);
    const vecf far =
        vecf_sqrt(vecf_max(vecf_muladd(v, vecf_set1(b->twice), vecf_set1(b->base)), vecf_set1(0)));
    const vecf later = vecf_add(drift, vecf_set1(b->shift));
    const vecf size = vecf_add(vecf_add(far, reach), later);
    return vecf_negmuladd(size, vecf_set1(ROUNDING), vecf_add(vecf_sub(far, reach), later));
}

void CVI_K(tiles_bounds)(const cvi_tile_bound *b, const float *score, const int32_t *list, int64_t count,
                         const float *drift, float *bound)
{
    for (int64_t a = 0; a < count; a += VECF_LANES) {
        const int64_t n = count - a < VECF_LANES ? count - a : VECF_LANES;
        float value[VECF_LANES], moved[VECF_LANES] = {0};
        for (int64_t i = 0; i < n; i++)
            moved[i] = drift[list != NULL ? list[a + i] : a + i];
        vecf_storeu(value, bound_of(b, vecf_load_part(score + a, n), vecf_loadu(moved)));
        for (int64_t i = 0; i < n; i++)
            bound[list != NULL ? list[a + i] : a + i] = value[i];
    }
}

int64_t CVI_K(tiles_scan)(const float *bound, const float *drift, int64_t count, float limit, int32_t *list)
{
    int64_t found = 0;
    for (int64_t j = 0; j < count; j += CVI_GROUP32) {
        uint32_t far = 0;
        VEC_UNROLL
        for (int i = 0; i < CVI_GROUP32; i += VECF_LANES) {
            const vecf gap = vecf_sub(vecf_load(bound + j + i), vecf_load(drift + j + i));
            far |= vecfm_bits(vecf_less(vecf_set1(limit), gap)) << i;
        }
        const uint32_t near = ~far & 0xffff;
        __builtin_prefetch(bound + count + j); /* the next tile's, mostly */
        store_places(near, j, list + found);
        found += __builtin_popcount(near);
    }
    return found;
}
