/*
 * dot8_panel with AVX-512 VNNI: 8 rows x 48 lanes in 24 accumulators.
 *
 *          lanes 0-15    16-31    32-47         a step: 4 features
 *   row 0     a00         a01      a02          3 loads of centers (192 bytes), 8 broadcasts of 4 row bytes,
 *   ...                                         24 dot products of 16 x 4 bytes
 *   row 7     a70         a71      a72
 *
 * The instruction multiplies unsigned by signed bytes, so the centers' bytes are stored + 128 (kernels/slots.h).
 * Earned by bench/kernels: four times the float32 rate.
 */
#include "kernels/slots.h"

#include <immintrin.h>

void cvi_dot8_panel_avx512vnni(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int32_t *acc);

static inline __m512i four_bytes(const int8_t *row)
{
    int32_t bits;
    __builtin_memcpy(&bits, row, sizeof bits);
    return _mm512_set1_epi32(bits);
}

#define ROWS(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7)

static __attribute__((noinline)) void eight_rows(const int8_t *const *rows, int64_t dq, const uint8_t *panel, int32_t *acc)
{
#define DECLARE(i)                                                                     \
    const int8_t *r##i = rows[i];                                                      \
    __m512i a##i = _mm512_setzero_si512(), b##i = a##i, c##i = a##i;
    ROWS(DECLARE)
#undef DECLARE
    for (int64_t f = 0; f < dq; f += 4) {
        const uint8_t *at = panel + f * CVI_PANEL8;
        const __m512i p = _mm512_loadu_si512(at), q = _mm512_loadu_si512(at + 64), r = _mm512_loadu_si512(at + 128);
#define STEP(i)                                                                        \
    {                                                                                  \
        const __m512i x = four_bytes(r##i + f);                                        \
        a##i = _mm512_dpbusd_epi32(a##i, p, x);                                        \
        b##i = _mm512_dpbusd_epi32(b##i, q, x);                                        \
        c##i = _mm512_dpbusd_epi32(c##i, r, x);                                        \
    }
        ROWS(STEP)
#undef STEP
    }
#define STORE(i)                                                                       \
    _mm512_storeu_si512(acc + i * CVI_PANEL8, a##i);                                   \
    _mm512_storeu_si512(acc + i * CVI_PANEL8 + 16, b##i);                              \
    _mm512_storeu_si512(acc + i * CVI_PANEL8 + 32, c##i);
    ROWS(STORE)
#undef STORE
}

static __attribute__((noinline)) void one_row(const int8_t *row, int64_t dq, const uint8_t *panel, int32_t *acc)
{
    /* Two sets of accumulators, or the additions' latency would show. */
    __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a, e = a, g = a;
    for (int64_t f = 0; f < dq; f += 8) {
        const uint8_t *at = panel + f * CVI_PANEL8;
        const __m512i x = four_bytes(row + f), y = four_bytes(row + f + 4);
        a = _mm512_dpbusd_epi32(a, _mm512_loadu_si512(at), x);
        b = _mm512_dpbusd_epi32(b, _mm512_loadu_si512(at + 64), x);
        c = _mm512_dpbusd_epi32(c, _mm512_loadu_si512(at + 128), x);
        d = _mm512_dpbusd_epi32(d, _mm512_loadu_si512(at + 192), y);
        e = _mm512_dpbusd_epi32(e, _mm512_loadu_si512(at + 256), y);
        g = _mm512_dpbusd_epi32(g, _mm512_loadu_si512(at + 320), y);
    }
    _mm512_storeu_si512(acc, _mm512_add_epi32(a, d));
    _mm512_storeu_si512(acc + 16, _mm512_add_epi32(b, e));
    _mm512_storeu_si512(acc + 32, _mm512_add_epi32(c, g));
}

void cvi_dot8_panel_avx512vnni(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int32_t *acc)
{
    int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        eight_rows(rows + i, dq, panel, acc + i * CVI_PANEL8);
    if (count - i > 3) { /* the last rows again, up to eight; their sums are thrown away */
        const int8_t *last[8];
        int32_t spare[8 * CVI_PANEL8];
        for (int64_t a = 0; a < 8; a++)
            last[a] = rows[i + a < count ? i + a : count - 1];
        eight_rows(last, dq, panel, spare);
        __builtin_memcpy(acc + i * CVI_PANEL8, spare, (size_t)(count - i) * CVI_PANEL8 * sizeof *acc);
        return;
    }
    for (; i < count; i++)
        one_row(rows[i], dq, panel, acc + i * CVI_PANEL8);
}
