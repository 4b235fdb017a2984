/*
 * seed_screen8 with AVX-512 VNNI: a tile's 64 rows x 4 candidates in 16 accumulators, the other four candidates after them.
 *
 *     tile, 4 features:   row 0    row 1          row 15   | row 16 ...           row 63
 *                       [ b b b b | b b b b | ... | b b b b | ...           | ... | b b b b ]   four vectors
 *     candidate:        [ c c c c | c c c c | ... the same four bytes in every lane ]
 *
 * vpdpbusd adds four products to each lane, so a lane ends as one row's dot product and nothing is summed across lanes.
 * Accumulators begin at the candidate's side of the comparison; the rows' side is one vector of integers, and one
 * comparison of a vector gives the bits of 16 rows.
 */
#include "kernels/slots.h"

#include <immintrin.h>

void cvi_seed_screen8_avx512vnni(const cvi_seed_screen8 *s, const uint8_t *tile, const int32_t *low, uint64_t *open);

#define CANDIDATES(X) X(0) X(1) X(2) X(3)

/* acc += x . c, four bytes a lane. As an intrinsic gcc 12 copies every accumulator back and forth. */
#define DOT(acc, x, c) __asm__("vpdpbusd %2, %1, %0" : "+v"(acc) : "v"(x), "v"(c))

static inline __m512i four_bytes(const int8_t *at)
{
    int32_t bits;
    __builtin_memcpy(&bits, at, sizeof bits);
    return _mm512_set1_epi32(bits);
}

static inline uint64_t above(__m512i sum, const int32_t *low)
{
    return _mm512_cmpgt_epi32_mask(sum, _mm512_loadu_si512(low));
}

static __attribute__((noinline)) void four(const cvi_seed_screen8 *s, int first, const uint8_t *tile, const int32_t *low,
                                           uint64_t *open)
{
#define DECLARE(j) __m512i a##j = _mm512_set1_epi32(s->start[first + j]), b##j = a##j, c##j = a##j, d##j = a##j;
    CANDIDATES(DECLARE)
#undef DECLARE
    const int64_t dq = s->dq;
    const int8_t *at = s->candidates + first * dq;
    for (int64_t f = 0; f < dq; f += 4) {
        const uint8_t *rows = tile + f * CVI_TILE;
        const __m512i x = _mm512_loadu_si512(rows), y = _mm512_loadu_si512(rows + 64);
        const __m512i z = _mm512_loadu_si512(rows + 128), w = _mm512_loadu_si512(rows + 192);
        for (int line = 0; line < 256; line += 64)
            _mm_prefetch((const char *)rows + 2 * dq * CVI_TILE + line, _MM_HINT_T0); /* two tiles ahead */
#define STEP(j)                                                                                                              \
    {                                                                                                                        \
        const __m512i bytes = four_bytes(at + j * dq + f);                                                                   \
        DOT(a##j, x, bytes);                                                                                                 \
        DOT(b##j, y, bytes);                                                                                                 \
        DOT(c##j, z, bytes);                                                                                                 \
        DOT(d##j, w, bytes);                                                                                                 \
    }
        CANDIDATES(STEP)
#undef STEP
    }
#define FINISH(j)                                                                                                            \
    open[first + j] = above(a##j, low) | above(b##j, low + 16) << 16 | above(c##j, low + 32) << 32 | above(d##j, low + 48) << 48;
    CANDIDATES(FINISH)
#undef FINISH
}

void cvi_seed_screen8_avx512vnni(const cvi_seed_screen8 *s, const uint8_t *tile, const int32_t *low, uint64_t *open)
{
    four(s, 0, tile, low, open);
    four(s, 4, tile, low, open);
}
