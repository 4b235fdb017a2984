/*
 * seed_screen8 with AVX-VNNI: 16 rows x 4 candidates in 8 accumulators; layout as in seed8_avx512vnni.c.
 */
#include "kernels/slots.h"

#include <immintrin.h>

void cvi_seed_screen8_avx2vnni(const cvi_seed_screen8 *s, const uint8_t *tile, const float *low,
                               const float *reach, uint64_t *open);

#define CANDIDATES(X) X(0) X(1) X(2) X(3)

static inline __m256i four_bytes(const int8_t *at)
{
    int32_t bits;
    __builtin_memcpy(&bits, at, sizeof bits);
    return _mm256_set1_epi32(bits);
}

/* Rows of 8 lanes that candidate c leaves open. */
static inline uint64_t compare(const cvi_seed_screen8 *s, int c, __m256i dot, __m256 low, __m256 reach)
{
    const __m256i twice = _mm256_slli_epi32(_mm256_sub_epi32(dot, _mm256_set1_epi32(s->bias[c])), 1);
    const __m256 limit = _mm256_fnmadd_ps(reach, _mm256_set1_ps(s->twice_error[c]),
                                          _mm256_add_ps(low, _mm256_set1_ps(s->base[c])));
    return (uint64_t)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_cvtepi32_ps(twice), limit, _CMP_GT_OQ));
}

static __attribute__((noinline)) void quarter(const cvi_seed_screen8 *s, int first, const uint8_t *tile,
                                              const float *low, const float *reach, int shift, uint64_t *open)
{
#define DECLARE(c) __m256i a##c = _mm256_setzero_si256(), b##c = a##c;
    CANDIDATES(DECLARE)
#undef DECLARE
    const int64_t dq = s->dq;
    const int8_t *at = s->candidates + first * dq;
    for (int64_t f = 0; f < dq; f += 4) {
        const __m256i x = _mm256_loadu_si256((const __m256i *)(tile + f * CVI_TILE));
        const __m256i y = _mm256_loadu_si256((const __m256i *)(tile + f * CVI_TILE + 32));
#define STEP(c)                                                                                              \
    {                                                                                                        \
        const __m256i bytes = four_bytes(at + c * dq + f);                                                   \
        a##c = _mm256_dpbusd_avx_epi32(a##c, x, bytes);                                                      \
        b##c = _mm256_dpbusd_avx_epi32(b##c, y, bytes);                                                      \
    }
        CANDIDATES(STEP)
#undef STEP
    }
    const __m256 l0 = _mm256_loadu_ps(low), l1 = _mm256_loadu_ps(low + 8);
    const __m256 r0 = _mm256_loadu_ps(reach), r1 = _mm256_loadu_ps(reach + 8);
#define FINISH(c)                                                                                            \
    open[first + c] |= (compare(s, first + c, a##c, l0, r0) | compare(s, first + c, b##c, l1, r1) << 8)      \
                       << shift;
    CANDIDATES(FINISH)
#undef FINISH
}

void cvi_seed_screen8_avx2vnni(const cvi_seed_screen8 *s, const uint8_t *tile, const float *low,
                               const float *reach, uint64_t *open)
{
    for (int c = 0; c < 8; c++)
        open[c] = 0;
    for (int part = 0; part < CVI_TILE / 16; part++)
        for (int first = 0; first < 8; first += 4)
            quarter(s, first, tile + part * 64, low + part * 16, reach + part * 16, part * 16, open);
}
