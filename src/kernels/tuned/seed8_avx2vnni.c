/*
 * seed_screen8 with AVX-VNNI: 16 rows x 4 candidates in 8 accumulators; layout as in seed8_avx512vnni.c.
 */
#include "kernels/slots.h"

#include <immintrin.h>

void cvi_seed_screen8_avx2vnni(const cvi_seed_screen8 *s, const uint8_t *tile, const int32_t *low, uint64_t *open);

#define CANDIDATES(X) X(0) X(1) X(2) X(3)

static inline __m256i four_bytes(const int8_t *at)
{
    int32_t bits;
    __builtin_memcpy(&bits, at, sizeof bits);
    return _mm256_set1_epi32(bits);
}

/* Rows of 8 lanes whose sum is above low. */
static inline uint64_t above(__m256i sum, __m256i low)
{
    return (uint64_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(sum, low)));
}

static __attribute__((noinline)) void quarter(const cvi_seed_screen8 *s, int first, const uint8_t *tile, const int32_t *low,
                                              int shift, uint64_t *open)
{
#define DECLARE(c) __m256i a##c = _mm256_set1_epi32(s->start[first + c]), b##c = a##c;
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
    const __m256i l0 = _mm256_loadu_si256((const __m256i *)low), l1 = _mm256_loadu_si256((const __m256i *)(low + 8));
#define FINISH(c) open[first + c] |= (above(a##c, l0) | above(b##c, l1) << 8) << shift;
    CANDIDATES(FINISH)
#undef FINISH
}

void cvi_seed_screen8_avx2vnni(const cvi_seed_screen8 *s, const uint8_t *tile, const int32_t *low, uint64_t *open)
{
    for (int c = 0; c < 8; c++)
        open[c] = 0;
    for (int part = 0; part < CVI_TILE / 16; part++)
        for (int first = 0; first < 8; first += 4)
            quarter(s, first, tile + part * 64, low + part * 16, part * 16, open);
}
