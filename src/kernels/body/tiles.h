/* Words that only the tile kernels need, beside the vocabulary: square roots and minima across lanes. */
#ifndef CVI_KERNELS_TILES_H
#define CVI_KERNELS_TILES_H

#include "kernels/body/body.h"

/* A tile of registers: POINTS vectors of points by CENTERS centers, as many as the registers hold. */
#if VEC_REGISTERS >= 32
enum { POINTS = 4, CENTERS = 4 };
#else
enum { POINTS = 2, CENTERS = 4 };
#endif
enum { STRIP = POINTS * VECF_LANES };

VEC_INLINE vecf vecf_sqrt(vecf v)
{
#if CVI_LEVEL == CVI_LEVEL_avx512
    return _mm512_sqrt_ps(v);
#elif CVI_LEVEL == CVI_LEVEL_avx2
    return _mm256_sqrt_ps(v);
#else
    float lane[VECF_LANES];
    vecf_storeu(lane, v);
    for (int i = 0; i < VECF_LANES; i++)
        lane[i] = sqrtf(lane[i]);
    return vecf_loadu(lane);
#endif
}

/* out[c] = the smallest lane of v[c]. */
VEC_INLINE void vecf_min_of_four(const vecf v[4], float *out)
{
#if CVI_LEVEL == CVI_LEVEL_avx512
    const __m512 a = _mm512_min_ps(_mm512_unpacklo_ps(v[0], v[1]), _mm512_unpackhi_ps(v[0], v[1]));
    const __m512 b = _mm512_min_ps(_mm512_unpacklo_ps(v[2], v[3]), _mm512_unpackhi_ps(v[2], v[3]));
    const __m512 c = _mm512_min_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xee));
    const __m256 h = _mm256_min_ps(_mm512_castps512_ps256(c), _mm512_extractf32x8_ps(c, 1));
    _mm_storeu_ps(out, _mm_min_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1)));
#elif CVI_LEVEL == CVI_LEVEL_avx2
    const __m256 a = _mm256_min_ps(_mm256_unpacklo_ps(v[0], v[1]), _mm256_unpackhi_ps(v[0], v[1]));
    const __m256 b = _mm256_min_ps(_mm256_unpacklo_ps(v[2], v[3]), _mm256_unpackhi_ps(v[2], v[3]));
    const __m256 h = _mm256_min_ps(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xee));
    _mm_storeu_ps(out, _mm_min_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1)));
#else
    for (int c = 0; c < 4; c++) {
        float lane[VECF_LANES];
        vecf_storeu(lane, v[c]);
        out[c] = lane[0];
        for (int i = 1; i < VECF_LANES; i++)
            out[c] = lane[i] < out[c] ? lane[i] : out[c];
    }
#endif
}

/* Write base + the places of the bits of a 16-bit mask to out, which has room for 16. */
VEC_INLINE void store_places(uint32_t mask, int64_t base, int32_t *out)
{
#if CVI_LEVEL == CVI_LEVEL_avx512
    const __m512i place = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i all = _mm512_add_epi32(_mm512_set1_epi32((int)base), place);
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi32((__mmask16)mask, all));
#else
    for (; mask != 0; mask &= mask - 1)
        *out++ = (int32_t)(base + __builtin_ctz(mask));
#endif
}

VEC_INLINE float vecf_largest(vecf v)
{
    float lane[VECF_LANES];
    vecf_storeu(lane, v);
    float most = lane[0];
    for (int i = 1; i < VECF_LANES; i++)
        most = lane[i] > most ? lane[i] : most;
    return most;
}

/* Take from acc the products of STRIP points (from `points`, a tile's column) and `width` centers given by
 * their rows. */
VEC_INLINE void tile_products(const float *points, const float *const *center, int64_t d, int width,
                              vecf acc[CENTERS][POINTS])
{
    VEC_NO_UNROLL
    for (int64_t f = 0; f < d; f++) {
        vecf x[POINTS];
        VEC_UNROLL
        for (int p = 0; p < POINTS; p++)
            x[p] = vecf_load(points + f * CVI_TILE + p * VECF_LANES);
        VEC_UNROLL
        for (int c = 0; c < width; c++) {
            const vecf b = vecf_set1(center[c][f]);
            VEC_UNROLL
            for (int p = 0; p < POINTS; p++)
                acc[c][p] = vecf_negmuladd(x[p], b, acc[c][p]);
        }
    }
}

#endif
