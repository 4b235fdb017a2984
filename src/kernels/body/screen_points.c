/*
 * Points in lanes, centers one by one: for few features.  A tile of registers holds `points` vectors of points by
 * CENTERS centers; centers are broadcast from their panel.  Where the multiply-adds of a tile are few (d < 24) a small
 * tile is faster: minima and marks of one tile then overlap the multiply-adds of the next (84 % of the peak at d = 8,
 * k = 1000 against 78 %); where they are many the larger tile loads less.
 */
#include "kernels/body/screen.h"

enum { CENTERS = 4, SMALL_TILE = 2 };
#if VEC_REGISTERS >= 32
enum { LARGE_TILE = 4 };
#else
enum { LARGE_TILE = 2 };
#endif

/* Best two of the chunks so far, with the first center of the chunk in which the best one was found. */
typedef struct winners {
    vecf first, second, chunk;
} winners;

/* acc -= x.c over `count` features. */
VEC_INLINE void chain(const int points, const float *x, const float *center, int64_t count, vecf acc[CENTERS][LARGE_TILE])
{
    VEC_NO_UNROLL
    for (int64_t f = 0; f < count; f++) {
        vecf v[LARGE_TILE];
        VEC_UNROLL
        for (int p = 0; p < points; p++)
            v[p] = vecf_load(x + p * VECF_LANES);
        VEC_UNROLL
        for (int c = 0; c < CENTERS; c++) {
            const vecf b = vecf_set1(center[c]);
            VEC_UNROLL
            for (int p = 0; p < points; p++)
                acc[c][p] = vecf_negmuladd(v[p], b, acc[c][p]);
        }
        x += CVI_TILE;
        center += CVI_GROUP32;
    }
}

/* Half scores of the points of a strip to CENTERS centers; chained: d > CVI_CHAIN. */
VEC_INLINE void score_tile(const int points, const bool chained, const float *x, const float *center, const float *half_sqnorm, int64_t d,
                           vecf acc[CENTERS][LARGE_TILE])
{
    vecf sum[CENTERS][LARGE_TILE];
    VEC_UNROLL
    for (int c = 0; c < CENTERS; c++)
        VEC_UNROLL
        for (int p = 0; p < points; p++) {
            acc[c][p] = vecf_set1(half_sqnorm[c]);
            sum[c][p] = vecf_set1(0);
        }
    if (!chained) {
        chain(points, x, center, d, acc);
        return;
    }
    for (int64_t f = 0; f < d; f += CVI_CHAIN) {
        chain(points, x + f * CVI_TILE, center + f * CVI_GROUP32, d - f < CVI_CHAIN ? d - f : CVI_CHAIN, acc);
        VEC_UNROLL
        for (int c = 0; c < CENTERS; c++)
            VEC_UNROLL
            for (int p = 0; p < points; p++) {
                sum[c][p] = vecf_add(sum[c][p], acc[c][p]);
                acc[c][p] = d - f > CVI_CHAIN ? vecf_set1(0) : sum[c][p];
            }
    }
}

/* The centers first .. last - 1 (a multiple of CENTERS, one chunk) against one strip. */
VEC_INLINE void chunk_strip(const int points, const bool chained, const cvi_screen *s, const float *x, int64_t d, int64_t first, int64_t last,
                            smallest best[LARGE_TILE])
{
    const vecf keep = vecf_bits(~INDEX_MASK);
    VEC_UNROLL
    for (int p = 0; p < points; p++)
        best[p].first = best[p].second = vecf_set1(NO_SCORE);
    for (int64_t j = first; j < last; j += CENTERS) {
        vecf acc[CENTERS][LARGE_TILE];
        const float *center = s->centers + j / CVI_GROUP32 * d * CVI_GROUP32 + j % CVI_GROUP32;
        score_tile(points, chained, x, center, s->half_sqnorm + j, d, acc);
        VEC_UNROLL
        for (int c = 0; c < CENTERS; c++) {
            const vecf id = vecf_bits((int32_t)(j - first) + c);
            VEC_UNROLL
            for (int p = 0; p < points; p++)
                smallest_take(&best[p], vecf_mark(acc[c][p], keep, id));
        }
    }
}

VEC_INLINE void winners_take(winners *w, smallest chunk, vecf id)
{
    const vecfm less = vecf_less(chunk.first, w->first);
    const vecf loser = vecf_select(less, w->first, chunk.first);
    w->second = vecf_min(vecf_min(w->second, chunk.second), loser);
    w->first = vecf_select(less, chunk.first, w->first);
    w->chunk = vecf_select(less, id, w->chunk);
}

VEC_INLINE uint64_t screen_strip(const int points, const bool chained, const cvi_screen *s, const float *x, const float *sqnorm, int64_t d,
                                 int32_t *label, float *best)
{
    const int64_t end = (s->k + CENTERS - 1) / CENTERS * CENTERS;
    winners w[LARGE_TILE];
    VEC_UNROLL
    for (int p = 0; p < points; p++)
        w[p] = (winners){vecf_set1(NO_SCORE), vecf_set1(NO_SCORE), vecf_bits(0)};
    for (int64_t first = 0; first < end; first += CHUNK) {
        smallest chunk[LARGE_TILE];
        chunk_strip(points, chained, s, x, d, first, end - first < CHUNK ? end : first + CHUNK, chunk);
        VEC_UNROLL
        for (int p = 0; p < points; p++)
            winners_take(&w[p], chunk[p], vecf_bits((int32_t)first));
    }
    uint64_t open = 0;
    VEC_UNROLL
    for (int p = 0; p < points; p++) {
        const vecf place = vecf_mark(w[p].first, vecf_bits(INDEX_MASK), w[p].chunk);
        const uint64_t near = near_ties(s, w[p].first, w[p].second, vecf_loadu(sqnorm + p * VECF_LANES));
        vecf_storeu(best + p * VECF_LANES, w[p].first);
        vecf_storeu((float *)(void *)(label + p * VECF_LANES), place);
        open |= near << p * VECF_LANES;
    }
    return open;
}

/* A number of features known to the compiler unrolls the short loops. */
VEC_NOINLINE uint64_t strip_1(const cvi_screen *s, const float *x, const float *sqnorm, int32_t *label, float *best)
{
    return screen_strip(LARGE_TILE, false, s, x, sqnorm, 1, label, best);
}

VEC_NOINLINE uint64_t strip_2(const cvi_screen *s, const float *x, const float *sqnorm, int32_t *label, float *best)
{
    return screen_strip(LARGE_TILE, false, s, x, sqnorm, 2, label, best);
}

VEC_NOINLINE uint64_t strip_3(const cvi_screen *s, const float *x, const float *sqnorm, int32_t *label, float *best)
{
    return screen_strip(LARGE_TILE, false, s, x, sqnorm, 3, label, best);
}

VEC_NOINLINE uint64_t strip_4(const cvi_screen *s, const float *x, const float *sqnorm, int32_t *label, float *best)
{
    return screen_strip(LARGE_TILE, false, s, x, sqnorm, 4, label, best);
}

VEC_NOINLINE uint64_t strip_few(const cvi_screen *s, const float *x, const float *sqnorm, int32_t *label, float *best)
{
    return screen_strip(SMALL_TILE, false, s, x, sqnorm, s->d, label, best);
}

VEC_NOINLINE uint64_t strip_many(const cvi_screen *s, const float *x, const float *sqnorm, int32_t *label, float *best)
{
    return screen_strip(LARGE_TILE, false, s, x, sqnorm, s->d, label, best);
}

VEC_NOINLINE uint64_t strip_wide(const cvi_screen *s, const float *x, const float *sqnorm, int32_t *label, float *best)
{
    return screen_strip(LARGE_TILE, true, s, x, sqnorm, s->d, label, best);
}

typedef uint64_t strip_fn(const cvi_screen *s, const float *x, const float *sqnorm, int32_t *label, float *best);

uint64_t CVI_K(screen_points)(const cvi_screen *s, const float *tile, const float *sqnorm, int64_t count,
                              int32_t *label, float *best)
{
    static strip_fn *const by_d[] = {NULL, strip_1, strip_2, strip_3, strip_4};
    strip_fn *const strip = s->d <= 4 ? by_d[s->d] : s->d < 24 ? strip_few : s->d <= CVI_CHAIN ? strip_many : strip_wide;
    const int64_t step = (s->d > 4 && s->d < 24 ? SMALL_TILE : LARGE_TILE) * VECF_LANES;
    uint64_t open = 0;
    for (int64_t i = 0; i < count; i += step)
        open |= strip(s, tile + i, sqnorm + i, label + i, best + i) << i;
    return count < CVI_TILE ? open & (((uint64_t)1 << count) - 1) : open;
}
