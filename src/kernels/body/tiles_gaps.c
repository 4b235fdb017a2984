/* How far the centers of a list stay behind the best one, at the least over a tile's points. */
#include "kernels/body/tiles.h"

VEC_INLINE void gaps_of_four(const float *tile, const float *const *center, const float *half_sqnorm,
                             int64_t d, const float *best, float *gap)
{
    vecf least[CENTERS];
    VEC_UNROLL
    for (int c = 0; c < CENTERS; c++)
        least[c] = vecf_set1(INFINITY);
    for (int64_t s = 0; s < CVI_TILE; s += STRIP) {
        vecf acc[CENTERS][POINTS];
        VEC_UNROLL
        for (int p = 0; p < POINTS; p++) {
            const vecf b = vecf_load(best + s + p * VECF_LANES);
            VEC_UNROLL
            for (int c = 0; c < CENTERS; c++)
                acc[c][p] = vecf_sub(vecf_set1(half_sqnorm[c]), b);
        }
        tile_products(tile + s, center, d, CENTERS, acc);
        VEC_UNROLL
        for (int c = 0; c < CENTERS; c++)
            VEC_UNROLL
        for (int p = 0; p < POINTS; p++)
            least[c] = vecf_min(least[c], acc[c][p]);
    }
    vecf_min_of_four(least, gap);
}

VEC_INLINE void gaps(const cvi_tile_centers *c, const float *tile, int64_t d, const int32_t *list,
                     int64_t count, const float *best, float *gap)
{
    for (int64_t a = 0; a < count; a += CENTERS) {
        const float *center[CENTERS];
        float half_sqnorm[CENTERS];
        VEC_UNROLL
        for (int i = 0; i < CENTERS; i++) {
            const int64_t j = list[a + i < count ? a + i : count - 1];
            center[i] = c->centers + j * d;
            half_sqnorm[i] = c->half_sqnorm[j];
        }
        gaps_of_four(tile, center, half_sqnorm, d, best, gap + a);
    }
}

/* The number of features, known to the compiler, unrolls the short loops. */
#define GAPS_OF(D)                                                                                           \
    VEC_NOINLINE void gaps_##D(const cvi_tile_centers *c, const float *tile, const int32_t *list,            \
                               int64_t count, const float *best, float *gap)                                 \
    {                                                                                                        \
        gaps(c, tile, D, list, count, best, gap);                                                            \
    }
GAPS_OF(4)
GAPS_OF(8)
GAPS_OF(16)

VEC_NOINLINE void gaps_any(const cvi_tile_centers *c, const float *tile, const int32_t *list, int64_t count,
                           const float *best, float *gap)
{
    gaps(c, tile, c->d, list, count, best, gap);
}

void CVI_K(tiles_gaps)(const cvi_tile_centers *c, const float *tile, const int32_t *list, int64_t count,
                       const float *best, float *gap)
{
    switch (c->d) {
    case 4:
        gaps_4(c, tile, list, count, best, gap);
        break;
    case 8:
        gaps_8(c, tile, list, count, best, gap);
        break;
    case 16:
        gaps_16(c, tile, list, count, best, gap);
        break;
    default:
        gaps_any(c, tile, list, count, best, gap);
    }
}
