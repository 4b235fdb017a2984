/* The two smallest half scores of every point of a tile, center after center. */
#include "kernels/body/tiles.h"

typedef struct strip {
    vecf best[POINTS], second[POINTS], label[POINTS];
} strip;

VEC_INLINE void strip_take(strip *s, const vecf score[POINTS], int32_t center)
{
    const vecf id = vecf_bits(center);
    VEC_UNROLL
    for (int p = 0; p < POINTS; p++) {
        const vecfm less = vecf_less(score[p], s->best[p]);
        s->second[p] = vecf_min(s->second[p], vecf_max(s->best[p], score[p]));
        s->best[p] = vecf_min(s->best[p], score[p]);
        s->label[p] = vecf_select(less, id, s->label[p]);
    }
}

VEC_INLINE void fold_some(const cvi_tile_centers *c, const float *points, const int32_t *list, int width,
                          strip *s)
{
    const float *center[CENTERS];
    float half_sqnorm[CENTERS];
    vecf acc[CENTERS][POINTS];
    VEC_UNROLL
    for (int i = 0; i < width; i++) {
        center[i] = c->centers + list[i] * c->d;
        half_sqnorm[i] = c->half_sqnorm[list[i]];
    }
    VEC_UNROLL
    for (int i = 0; i < width; i++)
        VEC_UNROLL
    for (int p = 0; p < POINTS; p++)
        acc[i][p] = vecf_set1(half_sqnorm[i]);
    tile_products(points, center, c->d, width, acc);
    VEC_UNROLL
    for (int i = 0; i < width; i++)
        strip_take(s, acc[i], list[i]);
}

void CVI_K(tiles_fold)(const cvi_tile_centers *c, const float *tile, const int32_t *list, int64_t count,
                       float *best, float *second, int32_t *label)
{
    for (int64_t at = 0; at < CVI_TILE; at += STRIP) {
        strip s;
        VEC_UNROLL
        for (int p = 0; p < POINTS; p++) {
            s.best[p] = vecf_load(best + at + p * VECF_LANES);
            s.second[p] = vecf_load(second + at + p * VECF_LANES);
            s.label[p] = vecf_loadu((const float *)(const void *)(label + at + p * VECF_LANES));
        }
        int64_t a = 0;
        for (; a + CENTERS <= count; a += CENTERS)
            fold_some(c, tile + at, list + a, CENTERS, &s);
        for (; a + 2 <= count; a += 2)
            fold_some(c, tile + at, list + a, 2, &s);
        if (a < count)
            fold_some(c, tile + at, list + a, 1, &s);
        VEC_UNROLL
        for (int p = 0; p < POINTS; p++) {
            vecf_store(best + at + p * VECF_LANES, s.best[p]);
            vecf_store(second + at + p * VECF_LANES, s.second[p]);
            vecf_storeu((float *)(void *)(label + at + p * VECF_LANES), s.label[p]);
        }
    }
}

uint64_t CVI_K(tiles_open)(const cvi_tile_centers *c, const float *sqnorm, const float *best,
                           const float *second, float *largest)
{
    uint64_t open = 0;
    vecf most = vecf_set1(0);
    for (int i = 0; i < CVI_TILE; i += VECF_LANES) {
        const vecf b = vecf_load(best + i), r2 = vecf_load(sqnorm + i);
        const vecf spread = vecf_max(vecf_add(vecf_add(b, b), r2), vecf_set1(0));
        vecf limit = vecf_muladd(vecf_set1(c->tie_r), r2, vecf_set1(c->tie_0));
        limit = vecf_muladd(vecf_set1(c->tie_s), spread, limit);
        const uint64_t apart = vecfm_bits(vecf_less(limit, vecf_sub(vecf_load(second + i), b)));
        open |= (~apart & (((uint64_t)1 << VECF_LANES) - 1)) << i;
        most = vecf_max(most, spread);
    }
    *largest = vecf_largest(most);
    return open;
}
