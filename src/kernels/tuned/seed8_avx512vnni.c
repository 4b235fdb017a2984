/*
 * seed_screen8 with AVX-512 VNNI: 32 rows x 8 candidates in 16 accumulators.  A step is 4 features: two loads
 * of rows' bytes, eight candidates broadcast from memory by the instruction itself. Earned by bench/kernels:
 * four times the float32 rate, and a quarter of its memory traffic.
 */
#include "kernels/slots.h"

#include <immintrin.h>

void cvi_seed_screen8_avx512vnni(const cvi_seed_screen8 *s, const uint8_t *tile, const float *low,
                                 const float *reach, uint64_t *open);

#define CANDIDATES(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

/* acc += x . four bytes at `at`, for each lane. As an intrinsic gcc 12 copies every accumulator back and
 * forth. */
#define DOT(acc, x, at)                                                                                      \
    __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(acc) : "v"(x), "m"(*(const int8_t(*)[4])(at)))

/* Rows of 16 lanes that candidate c leaves open. */
static inline uint64_t compare(const cvi_seed_screen8 *s, int c, __m512i dot, __m512 low, __m512 reach)
{
    const __m512i twice = _mm512_slli_epi32(_mm512_sub_epi32(dot, _mm512_set1_epi32(s->bias[c])), 1);
    const __m512 limit = _mm512_fnmadd_ps(reach, _mm512_set1_ps(s->twice_error[c]),
                                          _mm512_add_ps(low, _mm512_set1_ps(s->base[c])));
    return _mm512_cmp_ps_mask(_mm512_cvtepi32_ps(twice), limit, _CMP_GT_OQ);
}

static __attribute__((noinline)) void half(const cvi_seed_screen8 *s, const uint8_t *tile, const float *low,
                                           const float *reach, int shift, uint64_t *open)
{
#define DECLARE(c) __m512i a##c = _mm512_setzero_si512(), b##c = a##c;
    CANDIDATES(DECLARE)
#undef DECLARE
    const int8_t *at = s->candidates;
    const int64_t dq = s->dq;
    for (int64_t f = 0; f < dq; f += 4) {
        const __m512i x = _mm512_loadu_si512(tile + f * CVI_TILE),
                      y = _mm512_loadu_si512(tile + f * CVI_TILE + 64);
#define STEP(c)                                                                                              \
    DOT(a##c, x, at + c * dq + f);                                                                           \
    DOT(b##c, y, at + c * dq + f);
        CANDIDATES(STEP)
#undef STEP
    }
    const __m512 l0 = _mm512_loadu_ps(low), l1 = _mm512_loadu_ps(low + 16);
    const __m512 r0 = _mm512_loadu_ps(reach), r1 = _mm512_loadu_ps(reach + 16);
#define FINISH(c) open[c] |= (compare(s, c, a##c, l0, r0) | compare(s, c, b##c, l1, r1) << 16) << shift;
    CANDIDATES(FINISH)
#undef FINISH
}

void cvi_seed_screen8_avx512vnni(const cvi_seed_screen8 *s, const uint8_t *tile, const float *low,
                                 const float *reach, uint64_t *open)
{
    for (int c = 0; c < 8; c++)
        open[c] = 0;
    half(s, tile, low, reach, 0, open);
    half(s, tile + 128, low + 32, reach + 32, 32, open);
}
