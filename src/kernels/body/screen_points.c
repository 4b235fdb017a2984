/*
 * Points in lanes, centers one by one: for few features.  A tile of registers holds `points` vectors of points by
 * CENTERS centers; centers are broadcast from their panel.  Where the multiply-adds of a tile are few (d < 24) a small
 * tile is faster: minima and marks of one tile then overlap the multiply-adds of the next; where they are many the larger
 * tile loads less.  Up to 8 features the points stay in registers where there are 32 of them.
 */
#include "kernels/body/screen.h"

enum { CENTERS = 4, SMALL_TILE = 2 };
#if VEC_REGISTERS >= 32
enum { LARGE_TILE = 4 };
#else
enum { LARGE_TILE = 2 };
#endif

enum { MOST_HELD = 8 };

/* The numbers of the centers of a chunk, as the bits of a score take them: from memory a broadcast costs one load. */
static const union {
    int32_t bits[CHUNK];
    float id[CHUNK];
} chunk_ids = {.bits = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
                        16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                        32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                        48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63}};

/* Best two of the chunks so far, with the first center of the chunk in which the best one was found. */
typedef struct winners {
    vecf first, second, chunk;
} winners;

/* Read anew for every chunk: a register that keeps it is missing in the loop over centers. */
static const volatile float no_score = NO_SCORE;

/* What a strip function is made for, known to the compiler.  Of `held` features (0 or all of them) the points stay in
 * registers while the centers pass by, chained: d > CVI_CHAIN. */
typedef struct form {
    int points, held;
    bool chained;
} form;

typedef vecf strip_points[MOST_HELD][LARGE_TILE];

/* acc -= v.c for one feature of CENTERS centers. */
VEC_INLINE void feature(const int points, const vecf *v, const float *center, vecf acc[CENTERS][LARGE_TILE])
{
    VEC_UNROLL
    for (int c = 0; c < CENTERS; c++) {
        const vecf b = vecf_set1(center[c]);
        VEC_UNROLL
        for (int p = 0; p < points; p++)
            acc[c][p] = vecf_negmuladd(v[p], b, acc[c][p]);
    }
}

VEC_INLINE void load_points(const int points, const float *x, vecf *v)
{
    VEC_UNROLL
    for (int p = 0; p < points; p++)
        v[p] = vecf_load(x + p * VECF_LANES);
}

/* acc -= x.c over `count` features. */
VEC_INLINE void chain(const int points, const float *x, const float *center, int64_t count, vecf acc[CENTERS][LARGE_TILE])
{
    VEC_NO_UNROLL
    for (int64_t f = 0; f < count; f++) {
        vecf v[LARGE_TILE];
        load_points(points, x, v);
        feature(points, v, center, acc);
        x += CVI_TILE;
        center += CVI_GROUP32;
    }
}

/* acc += the sums of chains of CVI_CHAIN features. */
VEC_INLINE void chains(const int points, const float *x, const float *center, int64_t d, vecf acc[CENTERS][LARGE_TILE])
{
    vecf sum[CENTERS][LARGE_TILE];
    VEC_UNROLL
    for (int c = 0; c < CENTERS; c++)
        VEC_UNROLL
        for (int p = 0; p < points; p++)
            sum[c][p] = vecf_set1(0);
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

/* CENTERS centers, whose numbers in their chunk start at id, against one strip. */
VEC_INLINE void tile_strip(const form is, const strip_points held, const float *x, const float *center, const float *half_sqnorm,
                           int64_t d, const float *id, smallest best[LARGE_TILE])
{
    const vecf keep = vecf_bits(~INDEX_MASK);
    vecf acc[CENTERS][LARGE_TILE];
    VEC_UNROLL
    for (int c = 0; c < CENTERS; c++)
        VEC_UNROLL
        for (int p = 0; p < is.points; p++)
            acc[c][p] = vecf_set1(half_sqnorm[c]);
    VEC_UNROLL
    for (int f = 0; f < is.held; f++)
        feature(is.points, held[f], center + f * CVI_GROUP32, acc);
    if (is.chained)
        chains(is.points, x, center, d, acc);
    else if (is.held == 0)
        chain(is.points, x, center, d, acc);
    VEC_UNROLL
    for (int p = 0; p < is.points; p++)
        VEC_UNROLL
        for (int c = 0; c < CENTERS; c++)
            smallest_take(&best[p], vecf_mark(acc[c][p], keep, vecf_set1(id[c])));
}

/* The centers first .. last - 1 (a multiple of CENTERS, one chunk) against one strip. */
VEC_INLINE void chunk_strip(const form is, const cvi_screen *s, const strip_points held, const float *x, int64_t d, int64_t first,
                            int64_t last, smallest best[LARGE_TILE])
{
    const float *id = chunk_ids.id;
    const vecf none = vecf_set1(no_score);
    VEC_UNROLL
    for (int p = 0; p < is.points; p++)
        best[p].first = best[p].second = none;
    const float *center = s->centers + first * d;
    for (int64_t j = first; j < last; j += CENTERS) {
        tile_strip(is, held, x, center, s->half_sqnorm + j, d, id, best);
        id += CENTERS;
        center += (j + CENTERS) % CVI_GROUP32 != 0 ? CENTERS : CENTERS + (d - 1) * CVI_GROUP32;
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

VEC_INLINE uint64_t screen_strip(const form is, const cvi_screen *s, const float *x, const float *sqnorm, int64_t d,
                                 int32_t *label, float *best)
{
    const int64_t end = (s->k + CENTERS - 1) / CENTERS * CENTERS;
    winners w[LARGE_TILE];
    strip_points held;
    VEC_UNROLL
    for (int f = 0; f < is.held; f++)
        load_points(is.points, x + f * CVI_TILE, held[f]);
    VEC_UNROLL
    for (int p = 0; p < is.points; p++)
        w[p] = (winners){vecf_set1(NO_SCORE), vecf_set1(NO_SCORE), vecf_bits(0)};
    for (int64_t first = 0; first < end; first += CHUNK) {
        smallest chunk[LARGE_TILE];
        chunk_strip(is, s, (const vecf(*)[LARGE_TILE])held, x, d, first, end - first < CHUNK ? end : first + CHUNK, chunk);
        VEC_UNROLL
        for (int p = 0; p < is.points; p++)
            winners_take(&w[p], chunk[p], vecf_bits((int32_t)first));
    }
    uint64_t open = 0;
    VEC_UNROLL
    for (int p = 0; p < is.points; p++) {
        const vecf place = vecf_mark(w[p].first, vecf_bits(INDEX_MASK), w[p].chunk);
        const uint64_t near = near_ties(s, w[p].first, w[p].second, vecf_loadu(sqnorm + p * VECF_LANES));
        vecf_storeu(best + p * VECF_LANES, w[p].first);
        vecf_storeu((float *)(void *)(label + p * VECF_LANES), place);
        open |= near << p * VECF_LANES;
    }
    return open;
}

VEC_INLINE uint64_t all_strips(const form is, const cvi_screen *s, const float *tile, const float *sqnorm, int64_t d, int64_t count,
                               int32_t *label, float *best)
{
    uint64_t open = 0;
    for (int64_t i = 0; i < count; i += is.points * VECF_LANES)
        open |= screen_strip(is, s, tile + i, sqnorm + i, d, label + i, best + i) << i;
    return open;
}

#define STRIPS(name, is, d)                                                                                              \
    VEC_NOINLINE uint64_t name(const cvi_screen *s, const float *tile, const float *sqnorm, int64_t count,               \
                               int32_t *label, float *best)                                                              \
    {                                                                                                                    \
        return all_strips(is, s, tile, sqnorm, d, count, label, best);                                                   \
    }

/* A number of features known to the compiler unrolls the short loops. */
STRIPS(strips_1, ((form){LARGE_TILE, 0, false}), 1)
STRIPS(strips_2, ((form){LARGE_TILE, 0, false}), 2)
STRIPS(strips_3, ((form){LARGE_TILE, 0, false}), 3)
STRIPS(strips_4, ((form){LARGE_TILE, 0, false}), 4)
#if VEC_REGISTERS >= 32
STRIPS(strips_5, ((form){SMALL_TILE, 5, false}), 5)
STRIPS(strips_6, ((form){SMALL_TILE, 6, false}), 6)
STRIPS(strips_7, ((form){SMALL_TILE, 7, false}), 7)
STRIPS(strips_8, ((form){SMALL_TILE, 8, false}), 8)
#else
STRIPS(strips_8, ((form){SMALL_TILE, 0, false}), 8)
#endif
STRIPS(strips_few, ((form){SMALL_TILE, 0, false}), s->d)
STRIPS(strips_many, ((form){LARGE_TILE, 0, false}), s->d)
STRIPS(strips_wide, ((form){LARGE_TILE, 0, true}), s->d)

typedef uint64_t strips_fn(const cvi_screen *s, const float *tile, const float *sqnorm, int64_t count, int32_t *label, float *best);

uint64_t CVI_K(screen_points)(const cvi_screen *s, const float *tile, const float *sqnorm, int64_t count,
                              int32_t *label, float *best)
{
#if VEC_REGISTERS >= 32
    static strips_fn *const by_d[] = {NULL, strips_1, strips_2, strips_3, strips_4, strips_5, strips_6, strips_7, strips_8};
#else
    static strips_fn *const by_d[] = {NULL, strips_1, strips_2, strips_3, strips_4, strips_few, strips_few, strips_few, strips_8};
#endif
    strips_fn *const strips = s->d <= 8 ? by_d[s->d] : s->d < 24 ? strips_few : s->d <= CVI_CHAIN ? strips_many : strips_wide;
    const uint64_t open = strips(s, tile, sqnorm, count, label, best);
    return count < CVI_TILE ? open & (((uint64_t)1 << count) - 1) : open;
}
