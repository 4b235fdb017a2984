/*
 * The int8 screen with AVX-512 VNNI. dot8_panel: 8 rows x 48 lanes (fewer in a short panel) in 24 accumulators.
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
#include <math.h>

void cvi_quantize_row_avx512(const float *x, int64_t d, int64_t dq, int8_t *q, cvi_row8 *out);
void cvi_quantize_rest_avx512(const float *x, int64_t d, int64_t dq, const int8_t *q, float scale, int levels, int8_t *r,
                              cvi_rest8 *out);
void cvi_dot8_panel_avx512vnni(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int groups, int32_t *acc);

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

static inline __attribute__((always_inline)) void eight_rows(const int groups, const int8_t *const *rows, int64_t dq,
                                                             const uint8_t *panel, int32_t *acc)
{
#define DECLARE(i)                                                                     \
    const int8_t *r##i = rows[i];                                                      \
    __m512i a##i = _mm512_setzero_si512(), b##i = a##i, c##i = a##i;
    ROWS(DECLARE)
#undef DECLARE
    for (int64_t f = 0; f < dq; f += 4) {
        const uint8_t *at = panel + f * CVI_GROUP8 * groups;
        const __m512i p = _mm512_loadu_si512(at), q = groups > 1 ? _mm512_loadu_si512(at + 64) : p,
                      r = groups > 2 ? _mm512_loadu_si512(at + 128) : p;
#define STEP(i)                                                                        \
    {                                                                                  \
        const __m512i x = four_bytes(r##i + f);                                        \
        dot4(&a##i, p, x);                                                             \
        if (groups > 1)                                                                \
            dot4(&b##i, q, x);                                                         \
        if (groups > 2)                                                                \
            dot4(&c##i, r, x);                                                         \
    }
        ROWS(STEP)
#undef STEP
    }
#define STORE(i)                                                                       \
    _mm512_storeu_si512(acc + i * CVI_PANEL8, a##i);                                   \
    if (groups > 1)                                                                    \
        _mm512_storeu_si512(acc + i * CVI_PANEL8 + 16, b##i);                          \
    if (groups > 2)                                                                    \
        _mm512_storeu_si512(acc + i * CVI_PANEL8 + 32, c##i);
    ROWS(STORE)
#undef STORE
}

/* Two sets of accumulators, or the additions' latency would show. */
static inline __attribute__((always_inline)) void one_row(const int groups, const int8_t *row, int64_t dq, const uint8_t *panel,
                                                          int32_t *acc)
{
    __m512i even[CVI_GROUPS8], odd[CVI_GROUPS8];
    for (int v = 0; v < groups; v++)
        even[v] = odd[v] = _mm512_setzero_si512();
    for (int64_t f = 0; f < dq; f += 8) {
        const uint8_t *at = panel + f * CVI_GROUP8 * groups;
        const __m512i x = four_bytes(row + f), y = four_bytes(row + f + 4);
        for (int v = 0; v < groups; v++) {
            even[v] = _mm512_dpbusd_epi32(even[v], _mm512_loadu_si512(at + 64 * v), x);
            odd[v] = _mm512_dpbusd_epi32(odd[v], _mm512_loadu_si512(at + 64 * (groups + v)), y);
        }
    }
    for (int v = 0; v < groups; v++)
        _mm512_storeu_si512(acc + 16 * v, _mm512_add_epi32(even[v], odd[v]));
}

/* The number of groups is known to the compiler in each of these. */
#define WIDTH(groups)                                                                                                    \
    static __attribute__((noinline)) void eight_##groups(const int8_t *const *rows, int64_t dq, const uint8_t *panel,    \
                                                         int32_t *acc)                                                   \
    {                                                                                                                    \
        eight_rows(groups, rows, dq, panel, acc);                                                                        \
    }                                                                                                                    \
    static __attribute__((noinline)) void one_##groups(const int8_t *row, int64_t dq, const uint8_t *panel, int32_t *acc) \
    {                                                                                                                    \
        one_row(groups, row, dq, panel, acc);                                                                            \
    }
WIDTH(1)
WIDTH(2)
WIDTH(3)

void cvi_dot8_panel_avx512vnni(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int groups, int32_t *acc)
{
    static void (*const eights[])(const int8_t *const *, int64_t, const uint8_t *, int32_t *) = {NULL, eight_1, eight_2, eight_3};
    static void (*const ones[])(const int8_t *, int64_t, const uint8_t *, int32_t *) = {NULL, one_1, one_2, one_3};
    int64_t i = 0;
    for (; i + 8 <= count; i += 8)
        eights[groups](rows + i, dq, panel, acc + i * CVI_PANEL8);
    if (count - i > 3) { /* the last rows again, up to eight; their sums are thrown away */
        const int8_t *last[8];
        int32_t spare[8 * CVI_PANEL8];
        for (int64_t a = 0; a < 8; a++)
            last[a] = rows[i + a < count ? i + a : count - 1];
        eights[groups](last, dq, panel, spare);
        for (int64_t a = i; a < count; a++)
            __builtin_memcpy(acc + a * CVI_PANEL8, spare + (a - i) * CVI_PANEL8, (size_t)groups * CVI_GROUP8 * sizeof *acc);
        return;
    }
    for (; i < count; i++)
        ones[groups](rows[i], dq, panel, acc + i * CVI_PANEL8);
}

void cvi_dot8_two_avx512vnni(const int8_t *row, const uint8_t *a, const uint8_t *b, int64_t dq, int32_t *out);

void cvi_dot8_two_avx512vnni(const int8_t *row, const uint8_t *a, const uint8_t *b, int64_t dq, int32_t *out)
{
    __m512i with_a = _mm512_setzero_si512(), with_b = with_a;
    for (int64_t f = 0; f < dq; f += 64) {
        const __m512i x = _mm512_loadu_si512(row + f);
        with_a = _mm512_dpbusd_epi32(with_a, _mm512_loadu_si512(a + f), x);
        with_b = _mm512_dpbusd_epi32(with_b, _mm512_loadu_si512(b + f), x);
    }
    out[0] = _mm512_reduce_add_epi32(with_a);
    out[1] = _mm512_reduce_add_epi32(with_b);
}

uint64_t cvi_bounds8_avx512vnni(const int32_t *acc, const cvi_look8 *look, const cvi_panel8 *panel, float *threshold,
                                cvi_bounds8 *out);

/* The lanes of group v that may win; *rest falls to the smallest low of the others. */
static uint64_t open_lanes(__m512 low, __m512 reach, int v, float limit, float slack, cvi_bounds8 *out)
{
    const float near = _mm512_reduce_min_ps(reach) + slack;
    const __mmask16 in = _mm512_cmp_ps_mask(low, _mm512_set1_ps(near < limit ? near : limit), _CMP_LE_OQ);
    out->rest[v] = _mm512_mask_reduce_min_ps((__mmask16)~in, low);
    _mm512_storeu_ps(out->low + 16 * v, low);
    _mm512_storeu_ps(out->reach + 16 * v, reach);
    return (uint64_t)in << (16 * v);
}

/* The operations and their order are those of body/int8.c; most panels end at the first comparison. */
static inline __attribute__((always_inline)) uint64_t bounds(const int groups, const int32_t *acc, const cvi_look8 *look,
                                                             const cvi_panel8 *panel, float *threshold, cvi_bounds8 *out)
{
    const cvi_row8 *row = look->row;
    const float *away = look->away, slack = look->slack;
    const __m512 scale = _mm512_set1_ps(row->scale), norm = _mm512_set1_ps(row->norm), error = _mm512_set1_ps(row->error);
    const __m512 padding = _mm512_set1_ps(CVI_PADDING_SCORE);
    const __m512i bias = _mm512_set1_epi32(row->bias);
    __m512 low[CVI_GROUPS8], reach[CVI_GROUPS8], least = padding, best = padding;
    for (int v = 0; v < groups; v++) {
        const int at = 16 * v;
        const __m512 sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_loadu_si512(acc + at), bias));
        const __m512 dot = _mm512_mul_ps(sum, _mm512_mul_ps(scale, _mm512_loadu_ps(panel->scale + at)));
        const __m512 dot_g = _mm512_broadcastss_ps(_mm512_castps512_ps128(dot));
        const __m512 error_g = _mm512_mul_ps(error, _mm512_set1_ps(away[v]));
        const __m512 whole = _mm512_sub_ps(_mm512_sub_ps(_mm512_loadu_ps(panel->half_sqnorm + at), dot), dot_g);
        const __m512 far = _mm512_set1_ps(look->near + away[v]);
        const __m512 share = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(far, norm, _CMP_LT_OQ), _mm512_loadu_ps(panel->common + at));
        const __m512 of_bytes = _mm512_add_ps(_mm512_mul_ps(_mm512_min_ps(far, norm), _mm512_loadu_ps(panel->error + at)),
                                              _mm512_mul_ps(error, _mm512_loadu_ps(panel->norm + at)));
        const __m512 e = _mm512_add_ps(_mm512_add_ps(of_bytes, _mm512_mul_ps(norm, _mm512_loadu_ps(panel->rounding + at))),
                                       _mm512_loadu_ps(panel->slack + at));
        const __m512 score = _mm512_sub_ps(whole, share);
        low[v] = _mm512_sub_ps(_mm512_sub_ps(score, e), error_g);
        reach[v] = _mm512_sub_ps(_mm512_add_ps(score, e), error_g);
        least = _mm512_min_ps(least, low[v]);
        best = _mm512_min_ps(best, _mm512_add_ps(reach[v], _mm512_add_ps(error_g, error_g)));
    }
    for (int v = 0; v < CVI_GROUPS8; v++)
        out->rest[v] = CVI_PADDING_SCORE;
    if (_mm512_cmp_ps_mask(least, _mm512_set1_ps(*threshold), _CMP_LE_OQ) == 0) {
        out->rest[CVI_GROUPS8] = _mm512_reduce_min_ps(least);
        return 0;
    }
    const float reached = _mm512_reduce_min_ps(best) + slack;
    const float limit = reached < *threshold ? reached : *threshold;
    __m512 others = padding;
    uint64_t mask = 0;
    *threshold = limit;
    for (int v = 0; v < groups; v++)
        if (_mm512_cmp_ps_mask(low[v], _mm512_set1_ps(limit), _CMP_LE_OQ) == 0)
            others = _mm512_min_ps(others, low[v]);
        else
            mask |= open_lanes(low[v], reach[v], v, limit, slack, out);
    out->rest[CVI_GROUPS8] = _mm512_reduce_min_ps(others);
    return mask;
}

uint64_t cvi_bounds8_avx512vnni(const int32_t *acc, const cvi_look8 *look, const cvi_panel8 *panel, float *threshold,
                                cvi_bounds8 *out)
{
    if (panel->groups == 3)
        return bounds(3, acc, look, panel, threshold, out);
    return panel->groups == 2 ? bounds(2, acc, look, panel, threshold, out) : bounds(1, acc, look, panel, threshold, out);
}

uint64_t cvi_open8_avx512vnni(const int32_t *acc, int64_t count, const cvi_look8 *look, const cvi_panel8 *panel, float *least);

/* The lows of bounds8 for many rows: what a panel says of its lanes stays in 18 registers. */
static inline __attribute__((always_inline)) uint64_t open_rows(const int groups, const int32_t *acc, int64_t count,
                                                                const cvi_look8 *look, const cvi_panel8 *panel, float *least)
{
    __m512 half_sqnorm[CVI_GROUPS8], scale[CVI_GROUPS8], error[CVI_GROUPS8], norm[CVI_GROUPS8], rounding[CVI_GROUPS8],
        common[CVI_GROUPS8];
    uint64_t open = 0;
    for (int v = 0; v < groups; v++) {
        const int at = 16 * v;
        /* slack is never negative, so it may go with the score before the dot products do. */
        half_sqnorm[v] = _mm512_sub_ps(_mm512_loadu_ps(panel->half_sqnorm + at), _mm512_loadu_ps(panel->slack + at));
        scale[v] = _mm512_loadu_ps(panel->scale + at);
        error[v] = _mm512_loadu_ps(panel->error + at);
        norm[v] = _mm512_loadu_ps(panel->norm + at);
        rounding[v] = _mm512_loadu_ps(panel->rounding + at);
        common[v] = _mm512_loadu_ps(panel->common + at);
    }
    for (int64_t i = 0; i < count; i++) {
        const cvi_row8 *row = look[i].row;
        const __m512 row_scale = _mm512_set1_ps(row->scale), row_norm = _mm512_set1_ps(row->norm);
        const __m512 row_error = _mm512_set1_ps(row->error);
        const __m512i bias = _mm512_set1_epi32(row->bias);
        __m512 smallest = _mm512_set1_ps(CVI_PADDING_SCORE);
        for (int v = 0; v < groups; v++) {
            const __m512 sum = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_loadu_si512(acc + i * CVI_PANEL8 + 16 * v), bias));
            const __m512 dot = _mm512_mul_ps(sum, _mm512_mul_ps(row_scale, scale[v]));
            const __m512 dot_g = _mm512_broadcastss_ps(_mm512_castps512_ps128(dot));
            const __m512 away = _mm512_set1_ps(look[i].away[v]);
            const __m512 far = _mm512_add_ps(_mm512_set1_ps(look[i].near), away);
            const __m512 share = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(far, row_norm, _CMP_LT_OQ), common[v]);
            const __m512 of_row = _mm512_fmadd_ps(row_error, _mm512_add_ps(norm[v], away), _mm512_mul_ps(row_norm, rounding[v]));
            const __m512 e = _mm512_fmadd_ps(_mm512_min_ps(far, row_norm), error[v], of_row);
            const __m512 score = _mm512_sub_ps(_mm512_sub_ps(_mm512_sub_ps(half_sqnorm[v], dot), dot_g), share);
            smallest = _mm512_min_ps(smallest, _mm512_sub_ps(score, e));
        }
        least[i] = _mm512_reduce_min_ps(smallest);
        open |= (uint64_t)!(least[i] > look[i].threshold) << i;
    }
    return open;
}

uint64_t cvi_open8_avx512vnni(const int32_t *acc, int64_t count, const cvi_look8 *look, const cvi_panel8 *panel, float *least)
{
    if (panel->groups == 3)
        return open_rows(3, acc, count, look, panel, least);
    return panel->groups == 2 ? open_rows(2, acc, count, look, panel, least) : open_rows(1, acc, count, look, panel, least);
}

void cvi_quantize_row_avx512vnni(const float *x, int64_t d, int64_t dq, int8_t *q, cvi_row8 *out);

static __mmask16 lanes_left(int64_t left)
{
    return left >= 16 ? 0xffff : (__mmask16)((1u << left) - 1);
}

static float largest_size(const float *x, int64_t d)
{
    const __m512 sign = _mm512_set1_ps(-0.0f);
    __m512 top = _mm512_setzero_ps();
    for (int64_t f = 0; f < d; f += 16)
        top = _mm512_max_ps(_mm512_andnot_ps(sign, _mm512_maskz_loadu_ps(lanes_left(d - f), x + f)), top);
    return _mm512_reduce_max_ps(top);
}

/* As in body/int8.c; where the compiler keeps the sums in memory there, they stand in registers here. */
void cvi_quantize_row_avx512vnni(const float *x, int64_t d, int64_t dq, int8_t *q, cvi_row8 *out)
{
    const float largest = largest_size(x, d);
    if (!(largest > 1e-30f && largest < 1e30f)) {
        cvi_quantize_row_avx512(x, d, dq, q, out);
        return;
    }
    const float scale = largest / 127;
    const __m512 inverse = _mm512_set1_ps(127 / largest), top = _mm512_set1_ps(127), bottom = _mm512_set1_ps(-127);
    __m512 errors = _mm512_setzero_ps();
    __m512d low = _mm512_setzero_pd(), high = low;
    __m512i sums = _mm512_setzero_si512(), norms = sums;
    for (int64_t f = 0; f < dq; f += 16) {
        const __m512 v = _mm512_maskz_loadu_ps(d > f ? lanes_left(d - f) : 0, x + f), steps = _mm512_mul_ps(v, inverse);
        const __m512 near = _mm512_roundscale_ps(steps, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        const __m512 step = _mm512_max_ps(_mm512_min_ps(near, top), bottom), rest = _mm512_sub_ps(steps, step);
        const __m512i byte = _mm512_cvtps_epi32(step);
        const __m512d a = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
        const __m512d b = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
        errors = _mm512_fmadd_ps(rest, rest, errors);
        low = _mm512_fmadd_pd(a, a, low);
        high = _mm512_fmadd_pd(b, b, high);
        sums = _mm512_add_epi32(sums, byte);
        norms = _mm512_add_epi32(norms, _mm512_mullo_epi32(byte, byte));
        _mm_storeu_si128((__m128i *)(q + f), _mm512_cvtepi32_epi8(byte));
    }
    const double square = _mm512_reduce_add_pd(_mm512_add_pd(low, high)), root = sqrt(square);
    const double norm = _mm512_reduce_add_pd(_mm512_add_pd(_mm512_cvtepi32_pd(_mm512_castsi512_si256(norms)),
                                                           _mm512_cvtepi32_pd(_mm512_extracti32x8_epi32(norms, 1))));
    const double widen = 1.000001 + ((double)d / 16 + 8) * 0x1p-24;
    out->scale = scale;
    out->norm = (float)(sqrt(norm) * (double)scale * 1.000001);
    out->error = (float)(sqrt((double)_mm512_reduce_add_ps(errors)) * (double)scale * widen + 0x1p-22 * root + 1e-37);
    out->sqnorm = (float)square;
    out->bias = 128 * _mm512_reduce_add_epi32(sums);
}

void cvi_quantize_rest_avx512vnni(const float *x, int64_t d, int64_t dq, const int8_t *q, float scale, int levels, int8_t *r,
                                  cvi_rest8 *out);

void cvi_quantize_rest_avx512vnni(const float *x, int64_t d, int64_t dq, const int8_t *q, float scale, int levels, int8_t *r,
                                  cvi_rest8 *out)
{
    if (!(scale > 0)) {
        cvi_quantize_rest_avx512(x, d, dq, q, scale, levels, r, out);
        return;
    }
    const __m512 inverse = _mm512_set1_ps(1 / scale), top = _mm512_set1_ps((float)levels), bottom = _mm512_set1_ps(-(float)levels);
    const __m512 finer = _mm512_set1_ps(2 * (float)levels);
    __m512 errors = _mm512_setzero_ps(), squares = errors;
    __m512i sums = _mm512_setzero_si512();
    for (int64_t f = 0; f < dq; f += 16) {
        const __m512 v = _mm512_maskz_loadu_ps(d > f ? lanes_left(d - f) : 0, x + f), steps = _mm512_mul_ps(v, inverse);
        const __m512 byte = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(q + f))));
        const __m512 rest = _mm512_mul_ps(_mm512_sub_ps(steps, byte), finer);
        const __m512 near = _mm512_roundscale_ps(rest, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        const __m512 step = _mm512_max_ps(_mm512_min_ps(near, top), bottom), left = _mm512_sub_ps(rest, step);
        const __m512i out8 = _mm512_cvtps_epi32(step);
        errors = _mm512_fmadd_ps(left, left, errors);
        squares = _mm512_fmadd_ps(steps, steps, squares);
        sums = _mm512_add_epi32(sums, out8);
        _mm_storeu_si128((__m128i *)(r + f), _mm512_cvtepi32_epi8(out8));
    }
    const double widen = 1.000001 + ((double)d / 16 + 8) * 0x1p-24, unit = (double)scale / (2 * levels);
    const double error = sqrt((double)_mm512_reduce_add_ps(errors)), size = sqrt((double)_mm512_reduce_add_ps(squares));
    out->error = (float)((error * unit + 0x1p-21 * size * (double)scale) * widen + 1e-37);
    out->bias = 128 * _mm512_reduce_add_epi32(sums);
}

void cvi_dot8_fine_avx512vnni(const int8_t *row, const uint8_t *half, int64_t dq, const uint8_t *const *first,
                              const uint8_t *const *second, int64_t count, int32_t *out);

/* The sums of four accumulators. */
static inline __attribute__((always_inline)) __m128i four_sums(__m512i a, __m512i b, __m512i c, __m512i d)
{
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    const __m512i cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    const __m512i sum = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
    const __m256i two = _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti32x8_epi32(sum, 1));
    return _mm_add_epi32(_mm256_castsi256_si128(two), _mm256_extracti32x4_epi32(two, 1));
}

/* Two candidates at a time: eight accumulators. */
void cvi_dot8_fine_avx512vnni(const int8_t *row, const uint8_t *half, int64_t dq, const uint8_t *const *first,
                              const uint8_t *const *second, int64_t count, int32_t *out)
{
    const __m256i low = _mm256_set1_epi8(15);
    const __m512i eight = _mm512_set1_epi8(8);
    for (int64_t a = 0; a < count; a += 2) {
        const int64_t b = a + 1 < count ? a + 1 : a;
        __m512i s0 = _mm512_setzero_si512(), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
        for (int64_t f = 0; f < dq; f += 64) {
            const __m512i x = _mm512_loadu_si512(row + f);
            const __m256i both = _mm256_loadu_si256((const __m256i *)(half + f / 2));
            const __m256i above = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
            const __m512i joined = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_and_si256(both, low)), above, 1);
            const __m512i r = _mm512_sub_epi8(joined, eight);
            const __m512i p = _mm512_loadu_si512(first[a] + f), q = _mm512_loadu_si512(second[a] + f);
            const __m512i v = _mm512_loadu_si512(first[b] + f), w = _mm512_loadu_si512(second[b] + f);
            dot4(&s0, p, x);
            dot4(&s1, q, x);
            dot4(&s2, p, r);
            dot4(&s3, q, r);
            dot4(&t0, v, x);
            dot4(&t1, w, x);
            dot4(&t2, v, r);
            dot4(&t3, w, r);
        }
        _mm_storeu_si128((__m128i *)(out + 4 * a), four_sums(s0, s1, s2, s3));
        _mm_storeu_si128((__m128i *)(out + 4 * b), four_sums(t0, t1, t2, t3));
    }
}

void cvi_gaps_set_avx512vnni(const float *rest, int64_t stride, const uint8_t *flagged, int64_t count, float score, float upper,
                             float *gap);

/* As in body/int8.c, 16 panels at a time. */
void cvi_gaps_set_avx512vnni(const float *rest, int64_t stride, const uint8_t *flagged, int64_t count, float score, float upper,
                             float *gap)
{
    const __m512 up = _mm512_set1_ps(1 + 0x1p-20f), down = _mm512_set1_ps(1 - 0x1p-20f), from = _mm512_set1_ps(score);
    const __m512 top = _mm512_set1_ps(upper), sq = _mm512_mul_ps(top, top);
    for (int64_t q = 0; q < count; q += 16) {
        const __mmask16 in = count - q < 16 ? (__mmask16)((1u << (count - q)) - 1) : 0xffff;
        const __mmask16 set = _mm_test_epi8_mask(_mm_maskz_loadu_epi8(in, flagged + q), _mm_set1_epi8(1)) & in;
        __m512 least = _mm512_maskz_loadu_ps(in, rest + q);
        for (int64_t i = 1; i < 4; i++)
            least = _mm512_min_ps(least, _mm512_maskz_loadu_ps(in, rest + i * stride + q));
        const __m512 size = _mm512_add_ps(_mm512_abs_ps(least), _mm512_abs_ps(from));
        __m512 more = _mm512_sub_ps(_mm512_sub_ps(least, from), _mm512_mul_ps(size, _mm512_set1_ps(0x1p-21f)));
        more = _mm512_max_ps(more, _mm512_setzero_ps());
        more = _mm512_add_ps(more, more);
        const __m512 root = _mm512_mul_ps(_mm512_sqrt_ps(_mm512_add_ps(sq, more)), up);
        const __m512 sum = _mm512_add_ps(_mm512_add_ps(root, top), _mm512_set1_ps(1e-37f));
        _mm512_mask_storeu_ps(gap + q, set, _mm512_mul_ps(_mm512_div_ps(more, sum), down));
    }
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
