/*
 * The int8 screen with AVX-512 VNNI. dot8_panel: 8 rows x 48 lanes in 24 accumulators.
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

/* acc += the four products of each lane. As an instruction of our own: gcc 12 copies the accumulator around the intrinsic. */
static inline __attribute__((always_inline)) void dot4(__m512i *acc, __m512i centers, __m512i row)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*acc) : "v"(centers), "v"(row));
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
        dot4(&a##i, p, x);                                                             \
        dot4(&b##i, q, x);                                                             \
        dot4(&c##i, r, x);                                                             \
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

uint64_t cvi_bounds8_avx512vnni(const int32_t *acc, const cvi_row8 *row, const cvi_panel8 *panel, int own, float slack,
                                float *threshold, float *lower, float *rest);

/* The three vectors of a panel's bounds; the operations and their order are those of body/int8.c. */
uint64_t cvi_bounds8_avx512vnni(const int32_t *acc, const cvi_row8 *row, const cvi_panel8 *panel, int own, float slack,
                                float *threshold, float *lower, float *rest)
{
    const __m512 scale = _mm512_set1_ps(row->scale), norm = _mm512_set1_ps(row->norm), error = _mm512_set1_ps(row->error);
    const __m512 padding = _mm512_set1_ps(CVI_PADDING_SCORE);
    const __m512i bias = _mm512_set1_epi32(row->bias);
    __m512 low[3], best = padding;
    for (int v = 0; v < 3; v++) {
        const int at = 16 * v;
        const __m512 sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_loadu_si512(acc + at), bias));
        const __m512 dot = _mm512_mul_ps(sum, _mm512_mul_ps(scale, _mm512_loadu_ps(panel->scale + at)));
        const __m512 score = _mm512_sub_ps(_mm512_loadu_ps(panel->half_sqnorm + at), dot);
        const __m512 e = _mm512_add_ps(_mm512_add_ps(_mm512_mul_ps(norm, _mm512_loadu_ps(panel->error + at)),
                                                     _mm512_mul_ps(error, _mm512_loadu_ps(panel->norm + at))),
                                       _mm512_loadu_ps(panel->slack + at));
        const __mmask16 mine = own >= at && own < at + 16 ? (__mmask16)(1u << (own - at)) : 0;
        low[v] = _mm512_mask_mov_ps(_mm512_sub_ps(score, e), mine, padding);
        best = _mm512_min_ps(best, _mm512_mask_mov_ps(_mm512_add_ps(score, e), mine, padding));
        _mm512_storeu_ps(lower + at, low[v]);
    }
    const float reached = _mm512_reduce_min_ps(best) + slack;
    if (reached < *threshold)
        *threshold = reached;
    const __m512 limit = _mm512_set1_ps(*threshold);
    uint64_t in = 0;
    __m512 others = padding;
    for (int v = 0; v < 3; v++) {
        const __mmask16 m = _mm512_cmp_ps_mask(low[v], limit, _CMP_LE_OQ);
        in |= (uint64_t)m << (16 * v);
        others = _mm512_mask_min_ps(others, (__mmask16)~m, others, low[v]);
    }
    *rest = _mm512_reduce_min_ps(others);
    return in;
}

void cvi_half_scores_avx512vnni(const float *x, int64_t ld, const float *centers, const float *half_sqnorm, const int32_t *list,
                                int64_t count, float *out);

/* Four centers at a time share the loads of x; each sum has lanes of 16, so rounding stays below a plain chain's. */
void cvi_half_scores_avx512vnni(const float *x, int64_t ld, const float *centers, const float *half_sqnorm, const int32_t *list,
                                int64_t count, float *out)
{
    int64_t a = 0;
    for (; a + 4 <= count; a += 4) {
        const float *p = centers + (int64_t)list[a] * ld, *q = centers + (int64_t)list[a + 1] * ld;
        const float *r = centers + (int64_t)list[a + 2] * ld, *s = centers + (int64_t)list[a + 3] * ld;
        __m512 w = _mm512_setzero_ps(), y = w, z = w, t = w;
        for (int64_t f = 0; f < ld; f += 16) {
            const __m512 v = _mm512_loadu_ps(x + f);
            w = _mm512_fmadd_ps(v, _mm512_loadu_ps(p + f), w);
            y = _mm512_fmadd_ps(v, _mm512_loadu_ps(q + f), y);
            z = _mm512_fmadd_ps(v, _mm512_loadu_ps(r + f), z);
            t = _mm512_fmadd_ps(v, _mm512_loadu_ps(s + f), t);
        }
        out[a] = half_sqnorm[list[a]] - _mm512_reduce_add_ps(w);
        out[a + 1] = half_sqnorm[list[a + 1]] - _mm512_reduce_add_ps(y);
        out[a + 2] = half_sqnorm[list[a + 2]] - _mm512_reduce_add_ps(z);
        out[a + 3] = half_sqnorm[list[a + 3]] - _mm512_reduce_add_ps(t);
    }
    for (; a < count; a++) {
        const float *c = centers + (int64_t)list[a] * ld;
        __m512 w = _mm512_setzero_ps(), y = w;
        int64_t f = 0;
        for (; f + 32 <= ld; f += 32) {
            w = _mm512_fmadd_ps(_mm512_loadu_ps(x + f), _mm512_loadu_ps(c + f), w);
            y = _mm512_fmadd_ps(_mm512_loadu_ps(x + f + 16), _mm512_loadu_ps(c + f + 16), y);
        }
        if (f < ld)
            w = _mm512_fmadd_ps(_mm512_loadu_ps(x + f), _mm512_loadu_ps(c + f), w);
        out[a] = half_sqnorm[list[a]] - _mm512_reduce_add_ps(_mm512_add_ps(w, y));
    }
}
