/*
 * dot8_panel with AVX-VNNI: 4 rows x 24 lanes (half a panel; 16 where it is short) in 12 accumulators; layout as in
 * int8_avx512vnni.c.
 */
#include "kernels/slots.h"

#include <immintrin.h>

void cvi_dot8_panel_avx2vnni(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int groups, int32_t *acc);

static inline __m256i four_bytes(const int8_t *row)
{
    int32_t bits;
    __builtin_memcpy(&bits, row, sizeof bits);
    return _mm256_set1_epi32(bits);
}

#define ROWS(X) X(0) X(1) X(2) X(3)

/* 8 * vectors lanes, whose bytes and accumulators start at panel and acc; stride: bytes of four features. */
static inline __attribute__((always_inline)) void four_rows(const int vectors, const int8_t *const *rows, int64_t dq,
                                                            const uint8_t *panel, int64_t stride, int32_t *acc)
{
#define DECLARE(i)                                                                     \
    const int8_t *r##i = rows[i];                                                      \
    __m256i a##i = _mm256_setzero_si256(), b##i = a##i, c##i = a##i;
    ROWS(DECLARE)
#undef DECLARE
    for (int64_t f = 0; f < dq; f += 4, panel += stride) {
        const __m256i p = _mm256_loadu_si256((const __m256i *)panel), q = _mm256_loadu_si256((const __m256i *)(panel + 32)),
                      r = vectors > 2 ? _mm256_loadu_si256((const __m256i *)(panel + 64)) : p;
#define STEP(i)                                                                        \
    {                                                                                  \
        const __m256i x = four_bytes(r##i + f);                                        \
        a##i = _mm256_dpbusd_avx_epi32(a##i, p, x);                                    \
        b##i = _mm256_dpbusd_avx_epi32(b##i, q, x);                                    \
        if (vectors > 2)                                                               \
            c##i = _mm256_dpbusd_avx_epi32(c##i, r, x);                                \
    }
        ROWS(STEP)
#undef STEP
    }
#define STORE(i)                                                                       \
    _mm256_storeu_si256((__m256i *)(acc + i * CVI_PANEL8), a##i);                      \
    _mm256_storeu_si256((__m256i *)(acc + i * CVI_PANEL8 + 8), b##i);                  \
    if (vectors > 2)                                                                   \
        _mm256_storeu_si256((__m256i *)(acc + i * CVI_PANEL8 + 16), c##i);
    ROWS(STORE)
#undef STORE
}

static __attribute__((noinline)) void half_panel(const int8_t *const *rows, int64_t dq, const uint8_t *panel, int32_t *acc)
{
    four_rows(3, rows, dq, panel, 4 * CVI_PANEL8, acc);
}

static __attribute__((noinline)) void one_group(const int8_t *const *rows, int64_t dq, const uint8_t *panel, int64_t stride,
                                                int32_t *acc)
{
    four_rows(2, rows, dq, panel, stride, acc);
}

void cvi_dot8_panel_avx2vnni(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int groups, int32_t *acc)
{
    for (int64_t i = 0; i < count; i += 4) {
        const int8_t *four[4];
        int32_t sums[4 * CVI_PANEL8];
        for (int64_t a = 0; a < 4; a++) /* the last row again where four are not left */
            four[a] = rows[i + a < count ? i + a : count - 1];
        if (groups == CVI_GROUPS8) {
            half_panel(four, dq, panel, sums);
            half_panel(four, dq, panel + 4 * 24, sums + 24);
        }
        for (int64_t g = 0; groups < CVI_GROUPS8 && g < groups; g++)
            one_group(four, dq, panel + 4 * CVI_GROUP8 * g, 4 * CVI_GROUP8 * groups, sums + CVI_GROUP8 * g);
        for (int64_t a = i; a < count && a < i + 4; a++)
            __builtin_memcpy(acc + a * CVI_PANEL8, sums + (a - i) * CVI_PANEL8, (size_t)groups * CVI_GROUP8 * sizeof *acc);
    }
}
