/* Vocabulary for AVX-512 F, VL, BW, DQ: 16 floats, 32 registers, masks of their own. */
#ifndef CVI_KERNELS_VEC_AVX512_H
#define CVI_KERNELS_VEC_AVX512_H

#include <immintrin.h>

#define VECF_LANES 16
#define VECD_LANES 8
#define VEC_REGISTERS 32
#define VEC_HAS_FMA 1

typedef __m512 vecf;
typedef __m512d vecd;
typedef __mmask16 vecfm;
typedef __mmask8 vecdm;

VEC_INLINE vecf vecf_load(const float *p) { return _mm512_load_ps(p); }
VEC_INLINE vecf vecf_loadu(const float *p) { return _mm512_loadu_ps(p); }
VEC_INLINE vecf vecf_load_upper(const uint16_t *p)
{
    const __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16));
}
VEC_INLINE void vecf_store_upper_part(uint16_t *p, vecf v, int64_t n)
{
    const __m256i bits = _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_castps_si512(v), 16));
    _mm256_mask_storeu_epi16(p, (__mmask16)((1u << n) - 1), bits);
}
VEC_INLINE vecf vecf_load_part(const float *p, int64_t n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }
VEC_INLINE void vecf_store(float *p, vecf v) { _mm512_store_ps(p, v); }
VEC_INLINE void vecf_storeu(float *p, vecf v) { _mm512_storeu_ps(p, v); }
VEC_INLINE void vecf_store_part(float *p, vecf v, int64_t n) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), v); }
VEC_INLINE vecf vecf_set1(float v) { return _mm512_set1_ps(v); }
VEC_INLINE vecf vecf_add(vecf a, vecf b) { return _mm512_add_ps(a, b); }
VEC_INLINE vecf vecf_sub(vecf a, vecf b) { return _mm512_sub_ps(a, b); }
VEC_INLINE vecf vecf_mul(vecf a, vecf b) { return _mm512_mul_ps(a, b); }
VEC_INLINE vecf vecf_min(vecf a, vecf b) { return _mm512_min_ps(a, b); }
VEC_INLINE vecf vecf_max(vecf a, vecf b) { return _mm512_max_ps(a, b); }
VEC_INLINE vecf vecf_muladd(vecf a, vecf b, vecf c) { return _mm512_fmadd_ps(a, b, c); }
VEC_INLINE vecf vecf_negmuladd(vecf a, vecf b, vecf c) { return _mm512_fnmadd_ps(a, b, c); }
VEC_INLINE vecfm vecf_less(vecf a, vecf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
VEC_INLINE vecf vecf_select(vecfm m, vecf yes, vecf no) { return _mm512_mask_blend_ps(m, no, yes); }
VEC_INLINE vecf vecf_bits(int32_t v) { return _mm512_castsi512_ps(_mm512_set1_epi32(v)); }
/* Bit i: lane i is true. */
VEC_INLINE uint32_t vecfm_bits(vecfm m) { return m; }

VEC_INLINE vecf vecf_mark(vecf v, vecf keep, vecf id)
{
    /* 0xea: id, or v and keep. v comes first, so that its register may become the result. */
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(_mm512_castps_si512(v), _mm512_castps_si512(keep),
                                                         _mm512_castps_si512(id), 0xea));
}

VEC_INLINE vecf vecf_and(vecf a, vecf b) { return _mm512_and_ps(a, b); }
/* All bits set in the first n lanes; n may be beyond either end. */
VEC_INLINE vecf vecf_first(int64_t n)
{
    const __mmask16 m = n <= 0 ? 0 : n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1);
    return _mm512_castsi512_ps(_mm512_maskz_set1_epi32(m, -1));
}

VEC_INLINE float vecf_sum(vecf v) { return _mm512_reduce_add_ps(v); }

VEC_INLINE __m512 vec_four_rows(const float *a, const float *b, const float *c, const float *d, __mmask8 part)
{
    __m512 v = _mm512_castps128_ps512(_mm_maskz_loadu_ps(part, a));
    v = _mm512_insertf32x4(v, _mm_maskz_loadu_ps(part, b), 1);
    v = _mm512_insertf32x4(v, _mm_maskz_loadu_ps(part, c), 2);
    return _mm512_insertf32x4(v, _mm_maskz_loadu_ps(part, d), 3);
}

VEC_INLINE void vec_transpose4(__m512 r0, __m512 r1, __m512 r2, __m512 r3, vecf out[4])
{
    const __m512d t0 = _mm512_castps_pd(_mm512_unpacklo_ps(r0, r1)), t1 = _mm512_castps_pd(_mm512_unpackhi_ps(r0, r1));
    const __m512d t2 = _mm512_castps_pd(_mm512_unpacklo_ps(r2, r3)), t3 = _mm512_castps_pd(_mm512_unpackhi_ps(r2, r3));
    out[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(t0, t2));
    out[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(t0, t2));
    out[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(t1, t3));
    out[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(t1, t3));
}

/* Lane L of register r holds row 4 L + r, so the transposition stays inside the 128-bit lanes. */
VEC_INLINE void vecf_columns(const float *const *rows, int64_t offset, int64_t n, vecf out[4])
{
    const __mmask8 part = (__mmask8)((1u << n) - 1);
    __m512 r[4];
    VEC_UNROLL
    for (int i = 0; i < 4; i++)
        r[i] = vec_four_rows(rows[i] + offset, rows[4 + i] + offset, rows[8 + i] + offset, rows[12 + i] + offset, part);
    vec_transpose4(r[0], r[1], r[2], r[3], out);
}

/* Four doubles of a row, centered, scaled, rounded to float; n of them exist. */
VEC_INLINE __m128 vec_round4(const double *x, const double *mean, double scale, __mmask8 part)
{
    const __m256d t = _mm256_sub_pd(_mm256_maskz_loadu_pd(part, x), _mm256_maskz_loadu_pd(part, mean));
    return _mm256_cvtpd_ps(_mm256_mul_pd(t, _mm256_set1_pd(scale)));
}

VEC_INLINE void vecf_columns_f64(const double *const *rows, int64_t offset, int64_t n, const double *mean, double scale, vecf out[4])
{
    const __mmask8 part = (__mmask8)((1u << n) - 1);
    __m512 r[4];
    mean += offset;
    VEC_UNROLL
    for (int i = 0; i < 4; i++) {
        r[i] = _mm512_castps128_ps512(vec_round4(rows[i] + offset, mean, scale, part));
        r[i] = _mm512_insertf32x4(r[i], vec_round4(rows[4 + i] + offset, mean, scale, part), 1);
        r[i] = _mm512_insertf32x4(r[i], vec_round4(rows[8 + i] + offset, mean, scale, part), 2);
        r[i] = _mm512_insertf32x4(r[i], vec_round4(rows[12 + i] + offset, mean, scale, part), 3);
    }
    vec_transpose4(r[0], r[1], r[2], r[3], out);
}

VEC_INLINE vecd vecd_load(const double *p) { return _mm512_load_pd(p); }
VEC_INLINE vecd vecd_loadu(const double *p) { return _mm512_loadu_pd(p); }
VEC_INLINE vecd vecd_load_part(const double *p, int64_t n) { return _mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1), p); }
VEC_INLINE vecd vecd_loadf(const float *p) { return _mm512_cvtps_pd(_mm256_loadu_ps(p)); }
VEC_INLINE vecd vecd_loadf_part(const float *p, int64_t n)
{
    return _mm512_cvtps_pd(_mm256_maskz_loadu_ps((__mmask8)((1u << n) - 1), p));
}
VEC_INLINE void vecd_store(double *p, vecd v) { _mm512_store_pd(p, v); }
VEC_INLINE void vecd_storeu(double *p, vecd v) { _mm512_storeu_pd(p, v); }
VEC_INLINE void vecd_store_part(double *p, vecd v, int64_t n) { _mm512_mask_storeu_pd(p, (__mmask8)((1u << n) - 1), v); }
VEC_INLINE vecd vecd_halves(vecf v)
{
    return _mm512_cvtps_pd(_mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1)));
}
/* Rounded to float. */
VEC_INLINE void vecd_storeuf(float *p, vecd v) { _mm256_storeu_ps(p, _mm512_cvtpd_ps(v)); }
/* int32 as float64, and whole numbers back. */
VEC_INLINE vecd vecd_loadi(const int32_t *p) { return _mm512_cvtepi32_pd(_mm256_loadu_si256((const __m256i *)(const void *)p)); }
VEC_INLINE void vecd_storei(int32_t *p, vecd v) { _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvttpd_epi32(v)); }
VEC_INLINE vecd vecd_set1(double v) { return _mm512_set1_pd(v); }
VEC_INLINE vecd vecd_add(vecd a, vecd b) { return _mm512_add_pd(a, b); }
VEC_INLINE vecd vecd_sub(vecd a, vecd b) { return _mm512_sub_pd(a, b); }
VEC_INLINE vecd vecd_mul(vecd a, vecd b) { return _mm512_mul_pd(a, b); }
VEC_INLINE vecd vecd_min(vecd a, vecd b) { return _mm512_min_pd(a, b); }
VEC_INLINE vecd vecd_max(vecd a, vecd b) { return _mm512_max_pd(a, b); }
VEC_INLINE vecd vecd_abs(vecd a) { return _mm512_abs_pd(a); }
VEC_INLINE vecd vecd_fma(vecd a, vecd b, vecd c) { return _mm512_fmadd_pd(a, b, c); }
VEC_INLINE vecdm vecd_less(vecd a, vecd b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
VEC_INLINE vecdm vecd_less_equal(vecd a, vecd b) { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }
VEC_INLINE vecdm vecd_equal(vecd a, vecd b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
VEC_INLINE vecdm vecdm_and(vecdm a, vecdm b) { return a & b; }
VEC_INLINE vecdm vecdm_all(void) { return 0xff; }
VEC_INLINE uint32_t vecdm_bits(vecdm m) { return m; }
VEC_INLINE vecd vecd_select(vecdm m, vecd yes, vecd no) { return _mm512_mask_blend_pd(m, no, yes); }
/* The lowest lane. */
VEC_INLINE double vecd_lowest(vecd v) { return _mm512_reduce_min_pd(v); }
VEC_INLINE void vecd_transpose(vecd v[8])
{
    vecd pair[8], four[8];
    VEC_UNROLL
    for (int i = 0; i < 4; i++) { /* even and odd columns of two rows, a pair in each 128 bits */
        pair[i] = _mm512_unpacklo_pd(v[2 * i], v[2 * i + 1]);
        pair[4 + i] = _mm512_unpackhi_pd(v[2 * i], v[2 * i + 1]);
    }
    VEC_UNROLL
    for (int i = 0; i < 4; i++) { /* columns c and c + 4 of four rows */
        four[2 * i] = _mm512_shuffle_f64x2(pair[2 * i], pair[2 * i + 1], 0x88);
        four[2 * i + 1] = _mm512_shuffle_f64x2(pair[2 * i], pair[2 * i + 1], 0xdd);
    }
    VEC_UNROLL
    for (int i = 0; i < 2; i++) /* i: even or odd columns */
        VEC_UNROLL
        for (int c = 0; c < 2; c++) {
            const vecd low = four[4 * i + c], high = four[4 * i + 2 + c];
            v[2 * c + i] = _mm512_shuffle_f64x2(low, high, 0x88);
            v[2 * c + i + 4] = _mm512_shuffle_f64x2(low, high, 0xdd);
        }
}
/* 0, 1, 2, ... */
VEC_INLINE vecd vecd_iota(void) { return _mm512_setr_pd(0, 1, 2, 3, 4, 5, 6, 7); }

/* 64-bit integers in the same registers. */
typedef __m512i veci;
VEC_INLINE veci veci_loadu(const void *p) { return _mm512_loadu_si512(p); }
VEC_INLINE veci veci_load_part(const void *p, int64_t n) { return _mm512_maskz_loadu_epi64((__mmask8)((1u << n) - 1), p); }
VEC_INLINE void veci_storeu(void *p, veci v) { _mm512_storeu_si512(p, v); }
VEC_INLINE void veci_store_part(void *p, veci v, int64_t n)
{
    _mm512_mask_storeu_epi64(p, (__mmask8)((1u << n) - 1), v);
}
VEC_INLINE veci veci_add(veci a, veci b) { return _mm512_add_epi64(a, b); }
VEC_INLINE veci veci_sub(veci a, veci b) { return _mm512_sub_epi64(a, b); }
VEC_INLINE veci veci_of(vecd v) { return _mm512_castpd_si512(v); }
/* a + b where m is true. */
VEC_INLINE veci veci_add_where(vecdm m, veci a, veci b) { return _mm512_mask_add_epi64(a, m, a, b); }
/* a + 1 where m is true. */
VEC_INLINE veci veci_count(vecdm m, veci a) { return _mm512_mask_add_epi64(a, m, a, _mm512_set1_epi64(1)); }
VEC_INLINE veci veci_zero(void) { return _mm512_setzero_si512(); }

#endif
