/*
 * The integer screen with AVX-512 VNNI: 32 rows x 8 centers in 16 accumulators.
 *
 *     tile, a step:   row 0      row 1            row 15   | row 16 ...   row 31
 *                   [ b b b b  | b b b b  | ... | b b b b ] [ ...                ]   two vectors, four bytes or two words a lane
 *     centers:        c0 c0 c0 c0 | c1 c1 c1 c1 | ... c7     each in every lane
 *
 * A lane ends as one row's score with one center, and nothing is summed across lanes.  vpdpbusd makes 64 products, vpdpwssd 32.
 * What follows is four operations a vector of scores: the center's place, and the two smallest so far.
 */
#include "kernels/slots.h"

#include <immintrin.h>
#include <string.h>

uint64_t cvi_integer_screen_avx512vnni(const cvi_integer *s, const int32_t *tile, const float *error, const float *norm,
                                       int32_t *scores, int32_t *label, int32_t *limit);
int64_t cvi_integer_pairs_avx512vnni(const int32_t *scores, const int32_t *limit, uint64_t open, int64_t groups, int64_t most,
                                     int32_t *pairs);
void cvi_pair_scores_avx512vnni(const float *rows, const float *centers, int64_t ld, const float *half_sqnorm,
                                const int32_t *pairs, int64_t count, float *out);

enum { LANES = 16, STRIP = 2 * LANES };

#define CENTERS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

/* acc += x . c. As intrinsics gcc 12 copies every accumulator back and forth. */
#define DOT_BYTES(acc, x, c) __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(x), "v"(c))
#define DOT_WORDS(acc, x, c) __asm__("vpdpwssd %2, %1, %0" : "+v"(acc) : "v"(x), "v"(c))

#define ALWAYS_INLINE static inline __attribute__((always_inline))

typedef struct smallest {
    __m512i first, second, group; /* group: 16 times the number of the first's 16 centers */
} smallest;

/* 0xca: the score where the mask is set, else the place. */
ALWAYS_INLINE __m512i placed(__m512i score, __m512i place)
{
    return _mm512_ternarylogic_epi32(_mm512_set1_epi32(~(CVI_INTEGER_PLACES - 1)), score, place, 0xca);
}

ALWAYS_INLINE void take(smallest *w, __m512i score)
{
    w->second = _mm512_min_epi32(w->second, _mm512_max_epi32(w->first, score));
    w->first = _mm512_min_epi32(w->first, score);
}

/* A group of 8 centers against a strip; which: 0 or 8, its places. */
ALWAYS_INLINE void group_of(const bool words, const cvi_integer *s, const int32_t *tile, int64_t g, int which, int32_t *scores,
                            smallest *low, smallest *high)
{
    const int32_t *at = s->centers + g * s->steps * CVI_INTEGER_GROUP, *start = s->start + g * CVI_INTEGER_GROUP;
    int32_t *out = scores + g * CVI_INTEGER_GROUP * CVI_TILE;
#define DECLARE(j) __m512i a##j = _mm512_set1_epi32(start[j]), b##j = a##j;
    CENTERS(DECLARE)
#undef DECLARE
#define STEP(j)                                                                                                              \
    {                                                                                                                        \
        const __m512i c = _mm512_set1_epi32(at[j]);                                                                          \
        if (words) {                                                                                                         \
            DOT_WORDS(a##j, x, c);                                                                                           \
            DOT_WORDS(b##j, y, c);                                                                                           \
        } else {                                                                                                             \
            DOT_BYTES(a##j, x, c);                                                                                           \
            DOT_BYTES(b##j, y, c);                                                                                           \
        }                                                                                                                    \
    }
    for (int64_t f = 0; f < s->steps; f++) {
        const __m512i x = _mm512_load_si512(tile), y = _mm512_load_si512(tile + LANES);
        if (g == 0) { /* the next tile, while there is much to do with this one */
            _mm_prefetch((const char *)(tile + s->steps * CVI_TILE), _MM_HINT_T0);
            _mm_prefetch((const char *)(tile + s->steps * CVI_TILE + LANES), _MM_HINT_T0);
        }
        CENTERS(STEP)
        tile += CVI_TILE;
        at += CVI_INTEGER_GROUP;
    }
#undef STEP
#define FINISH(j)                                                                                                            \
    {                                                                                                                        \
        const __m512i place = _mm512_set1_epi32(which + j);                                                                  \
        a##j = placed(a##j, place);                                                                                          \
        b##j = placed(b##j, place);                                                                                          \
        _mm512_store_si512(out + j * CVI_TILE, a##j);                                                                        \
        _mm512_store_si512(out + j * CVI_TILE + LANES, b##j);                                                                \
        take(low, a##j);                                                                                                     \
        take(high, b##j);                                                                                                    \
    }
    CENTERS(FINISH)
#undef FINISH
}

/* Rows whose smallest score came with the last 16 centers. */
ALWAYS_INLINE void settle(smallest *w, __m512i before, __m512i group)
{
    w->group = _mm512_mask_blend_epi32(_mm512_cmpneq_epi32_mask(before, w->first), w->group, group);
}

ALWAYS_INLINE uint64_t finish(const cvi_integer *s, const smallest *w, const float *error, const float *norm, int32_t *label,
                              int32_t *limit)
{
    __m512 margin = _mm512_fmadd_ps(_mm512_set1_ps(s->per_norm), _mm512_loadu_ps(norm), _mm512_set1_ps(s->slack));
    margin = _mm512_fmadd_ps(_mm512_set1_ps(s->per_error), _mm512_loadu_ps(error), margin);
    margin = _mm512_min_ps(margin, _mm512_set1_ps((float)CVI_INTEGER_MARGIN));
    const __m512i most = _mm512_add_epi32(w->first, _mm512_cvttps_epi32(margin));
    _mm512_storeu_si512(limit, most);
    _mm512_storeu_si512(label, _mm512_or_si512(w->group, _mm512_and_si512(w->first, _mm512_set1_epi32(CVI_INTEGER_PLACES - 1))));
    return _mm512_cmple_epi32_mask(w->second, most);
}

ALWAYS_INLINE uint64_t strip_of(const bool words, const cvi_integer *s, const int32_t *tile, const float *error,
                                const float *norm, int32_t *scores, int32_t *label, int32_t *limit)
{
    const __m512i top = _mm512_set1_epi32(INT32_MAX), zero = _mm512_setzero_si512();
    smallest low = {top, top, zero}, high = low;
    for (int64_t g = 0; g < s->groups; g += 2) {
        const __m512i first = low.first, second = high.first, number = _mm512_set1_epi32((int32_t)g * CVI_INTEGER_GROUP);
        group_of(words, s, tile, g, 0, scores, &low, &high);
        if (g + 1 < s->groups)
            group_of(words, s, tile, g + 1, CVI_INTEGER_GROUP, scores, &low, &high);
        settle(&low, first, number);
        settle(&high, second, number);
    }
    const uint64_t open = finish(s, &low, error, norm, label, limit);
    return open | finish(s, &high, error + LANES, norm + LANES, label + LANES, limit + LANES) << LANES;
}

static __attribute__((noinline)) uint64_t strip_bytes(const cvi_integer *s, const int32_t *tile, const float *error,
                                                      const float *norm, int32_t *scores, int32_t *label, int32_t *limit)
{
    return strip_of(false, s, tile, error, norm, scores, label, limit);
}

static __attribute__((noinline)) uint64_t strip_words(const cvi_integer *s, const int32_t *tile, const float *error,
                                                      const float *norm, int32_t *scores, int32_t *label, int32_t *limit)
{
    return strip_of(true, s, tile, error, norm, scores, label, limit);
}

uint64_t cvi_integer_screen_avx512vnni(const cvi_integer *s, const int32_t *tile, const float *error, const float *norm,
                                       int32_t *scores, int32_t *label, int32_t *limit)
{
    uint64_t open = 0;
    for (int i = 0; i < CVI_TILE; i += STRIP)
        open |= (s->words ? strip_words : strip_bytes)(s, tile + i, error + i, norm + i, scores + i, label + i, limit + i) << i;
    return open;
}

ALWAYS_INLINE uint64_t up_to(const int32_t *score, const __m512i limit[4])
{
    uint64_t which = 0;
    for (int v = 0; v < 4; v++)
        which |= (uint64_t)_mm512_cmple_epi32_mask(_mm512_load_si512(score + v * LANES), limit[v]) << v * LANES;
    return which;
}

/* The pair of the lowest row in m; with none, anything. */
ALWAYS_INLINE int32_t lowest_pair(uint64_t m, uint64_t open, int64_t j)
{
    return (int32_t)(j * CVI_TILE) + (int32_t)_mm_popcnt_u64(open & ((m & -m) - 1));
}

/* Centers have few rows each, a number that cannot be foreseen: two are written whether they are there or not, so that most
 * centers need no branch. */
int64_t cvi_integer_pairs_avx512vnni(const int32_t *scores, const int32_t *limit, uint64_t open, int64_t groups, int64_t most,
                                     int32_t *pairs)
{
    __m512i top[4];
    for (int v = 0; v < 4; v++)
        top[v] = _mm512_loadu_si512(limit + v * LANES);
    int64_t count = 0;
    for (int64_t j = 0; j < groups * CVI_INTEGER_GROUP; j++) {
        uint64_t m = up_to(scores + j * CVI_TILE, top) & open;
        const int64_t next = count + _mm_popcnt_u64(m);
        if (next > most)
            return most + 1;
        pairs[count] = lowest_pair(m, open, j);
        m &= m - 1;
        pairs[count + 1] = lowest_pair(m, open, j);
        m &= m - 1;
        for (int64_t p = count + 2; p < next; p++, m &= m - 1)
            pairs[p] = lowest_pair(m, open, j);
        count = next;
    }
    return count;
}

/* The sums of four vectors' lanes. */
ALWAYS_INLINE __m128 four_sums(__m512 a, __m512 b, __m512 c, __m512 d)
{
    const __m512 ab = _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
    const __m512 cd = _mm512_add_ps(_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
    const __m512d low = _mm512_unpacklo_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
    const __m512d high = _mm512_unpackhi_pd(_mm512_castps_pd(ab), _mm512_castps_pd(cd));
    const __m512 sum = _mm512_add_ps(_mm512_castpd_ps(low), _mm512_castpd_ps(high));
    const __m256 two = _mm256_add_ps(_mm512_castps512_ps256(sum), _mm512_extractf32x8_ps(sum, 1));
    return _mm_add_ps(_mm256_castps256_ps128(two), _mm256_extractf128_ps(two, 1));
}

/* Four pairs at a time; the last pair stands in for those beyond count. */
void cvi_pair_scores_avx512vnni(const float *rows, const float *centers, int64_t ld, const float *half_sqnorm,
                                const int32_t *pairs, int64_t count, float *out)
{
    for (int64_t p = 0; p < count; p += 4) {
        const float *x[4], *c[4];
        float half[4];
        __m512 sum[4];
        for (int v = 0; v < 4; v++) {
            const int32_t pair = pairs[p + v < count ? p + v : count - 1];
            x[v] = rows + pair % CVI_TILE * ld;
            c[v] = centers + pair / CVI_TILE * ld;
            half[v] = half_sqnorm[pair / CVI_TILE];
            sum[v] = _mm512_mul_ps(_mm512_loadu_ps(x[v]), _mm512_loadu_ps(c[v]));
        }
        for (int64_t f = LANES; f < ld; f += LANES)
            for (int v = 0; v < 4; v++)
                sum[v] = _mm512_fmadd_ps(_mm512_loadu_ps(x[v] + f), _mm512_loadu_ps(c[v] + f), sum[v]);
        const __m128 score = _mm_sub_ps(_mm_loadu_ps(half), four_sums(sum[0], sum[1], sum[2], sum[3]));
        _mm_mask_storeu_ps(out + p, count - p < 4 ? (__mmask8)((1u << (count - p)) - 1) : 0xf, score);
    }
}
