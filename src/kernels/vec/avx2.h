/* Vocabulary for AVX2 with FMA: 8 floats, 16 registers. */
#ifndef CVI_KERNELS_VEC_AVX2_H
#define CVI_KERNELS_VEC_AVX2_H

#include <immintrin.h>

#define VECF_LANES 8
#define VECD_LANES 4
#define VEC_REGISTERS 16
#define VEC_HAS_FMA 1

typedef __m256 vecf;
typedef __m256d vecd;
typedef __m256 vecfm;
typedef __m256d vecdm;

VEC_INLINE __m256i vec_part32(int64_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
VEC_INLINE __m256i vec_part64(int64_t n) { return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3)); }
VEC_INLINE __m128i vec_part32x4(int64_t n) { return _mm_cmpgt_epi32(_mm_set1_epi32((int)n), _mm_setr_epi32(0, 1, 2, 3)); }

VEC_INLINE vecf vecf_load(const float *p) { return _mm256_load_ps(p); }
VEC_INLINE vecf vecf_loadu(const float *p) { return _mm256_loadu_ps(p); }
VEC_INLINE vecf vecf_load_upper(const uint16_t *p)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16));
}
VEC_INLINE void vecf_store_upper_part(uint16_t *p, vecf v, int64_t n)
{
    uint16_t all[8];
    const __m256i bits = _mm256_srli_epi32(_mm256_castps_si256(v), 16);
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(bits, bits), 0x08);
    _mm_storeu_si128((__m128i *)(void *)all, _mm256_castsi256_si128(packed));
    memcpy(p, all, (size_t)n * sizeof *p);
}
VEC_INLINE vecf vecf_load_part(const float *p, int64_t n) { return _mm256_maskload_ps(p, vec_part32(n)); }
VEC_INLINE void vecf_store(float *p, vecf v) { _mm256_store_ps(p, v); }
VEC_INLINE void vecf_storeu(float *p, vecf v) { _mm256_storeu_ps(p, v); }
VEC_INLINE void vecf_store_part(float *p, vecf v, int64_t n) { _mm256_maskstore_ps(p, vec_part32(n), v); }
VEC_INLINE vecf vecf_set1(float v) { return _mm256_set1_ps(v); }
VEC_INLINE vecf vecf_add(vecf a, vecf b) { return _mm256_add_ps(a, b); }
VEC_INLINE vecf vecf_sub(vecf a, vecf b) { return _mm256_sub_ps(a, b); }
VEC_INLINE vecf vecf_mul(vecf a, vecf b) { return _mm256_mul_ps(a, b); }
VEC_INLINE vecf vecf_min(vecf a, vecf b) { return _mm256_min_ps(a, b); }
VEC_INLINE vecf vecf_max(vecf a, vecf b) { return _mm256_max_ps(a, b); }
VEC_INLINE vecf vecf_muladd(vecf a, vecf b, vecf c) { return _mm256_fmadd_ps(a, b, c); }
VEC_INLINE vecf vecf_negmuladd(vecf a, vecf b, vecf c) { return _mm256_fnmadd_ps(a, b, c); }
VEC_INLINE vecfm vecf_less(vecf a, vecf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
VEC_INLINE vecf vecf_select(vecfm m, vecf yes, vecf no) { return _mm256_blendv_ps(no, yes, m); }
VEC_INLINE vecf vecf_bits(int32_t v) { return _mm256_castsi256_ps(_mm256_set1_epi32(v)); }
VEC_INLINE uint32_t vecfm_bits(vecfm m) { return (uint32_t)_mm256_movemask_ps(m); }
VEC_INLINE vecf vecf_mark(vecf v, vecf keep, vecf id) { return _mm256_or_ps(_mm256_and_ps(v, keep), id); }

VEC_INLINE vecf vecf_and(vecf a, vecf b) { return _mm256_and_ps(a, b); }
/* All bits set in the first n lanes; n may be beyond either end. */
VEC_INLINE vecf vecf_first(int64_t n) { return _mm256_castsi256_ps(vec_part32(n < 8 ? n : 8)); }

VEC_INLINE float vecf_sum(vecf v)
{
    __m128 h = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    h = _mm_add_ps(h, _mm_movehl_ps(h, h));
    return _mm_cvtss_f32(_mm_add_ss(h, _mm_shuffle_ps(h, h, 1)));
}

VEC_INLINE void vec_transpose4(__m256 r0, __m256 r1, __m256 r2, __m256 r3, vecf out[4])
{
    const __m256d t0 = _mm256_castps_pd(_mm256_unpacklo_ps(r0, r1)), t1 = _mm256_castps_pd(_mm256_unpackhi_ps(r0, r1));
    const __m256d t2 = _mm256_castps_pd(_mm256_unpacklo_ps(r2, r3)), t3 = _mm256_castps_pd(_mm256_unpackhi_ps(r2, r3));
    out[0] = _mm256_castpd_ps(_mm256_unpacklo_pd(t0, t2));
    out[1] = _mm256_castpd_ps(_mm256_unpackhi_pd(t0, t2));
    out[2] = _mm256_castpd_ps(_mm256_unpacklo_pd(t1, t3));
    out[3] = _mm256_castpd_ps(_mm256_unpackhi_pd(t1, t3));
}

/* Lane L of register r holds row 4 L + r, so the transposition stays inside the 128-bit lanes. */
VEC_INLINE void vecf_columns(const float *const *rows, int64_t offset, int64_t n, vecf out[4])
{
    __m256 r[4];
    if (n == 4) {
        VEC_UNROLL
        for (int i = 0; i < 4; i++)
            r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(rows[i] + offset)),
                                        _mm_loadu_ps(rows[4 + i] + offset), 1);
    } else {
        const __m128i part = vec_part32x4(n);
        VEC_UNROLL
        for (int i = 0; i < 4; i++)
            r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_maskload_ps(rows[i] + offset, part)),
                                        _mm_maskload_ps(rows[4 + i] + offset, part), 1);
    }
    vec_transpose4(r[0], r[1], r[2], r[3], out);
}

/* Four doubles of a row, centered, scaled, rounded to float; n of them exist. */
VEC_INLINE __m128 vec_round4(const double *x, const double *mean, double scale, int64_t n)
{
    const __m256d v = n == 4 ? _mm256_loadu_pd(x) : _mm256_maskload_pd(x, vec_part64(n));
    const __m256d m = n == 4 ? _mm256_loadu_pd(mean) : _mm256_maskload_pd(mean, vec_part64(n));
    return _mm256_cvtpd_ps(_mm256_mul_pd(_mm256_sub_pd(v, m), _mm256_set1_pd(scale)));
}

VEC_INLINE void vecf_columns_f64(const double *const *rows, int64_t offset, int64_t n, const double *mean, double scale, vecf out[4])
{
    __m256 r[4];
    mean += offset;
    VEC_UNROLL
    for (int i = 0; i < 4; i++)
        r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(vec_round4(rows[i] + offset, mean, scale, n)),
                                    vec_round4(rows[4 + i] + offset, mean, scale, n), 1);
    vec_transpose4(r[0], r[1], r[2], r[3], out);
}

VEC_INLINE vecd vecd_load(const double *p) { return _mm256_load_pd(p); }
VEC_INLINE vecd vecd_loadu(const double *p) { return _mm256_loadu_pd(p); }
VEC_INLINE vecd vecd_load_part(const double *p, int64_t n) { return _mm256_maskload_pd(p, vec_part64(n)); }
VEC_INLINE vecd vecd_loadf(const float *p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
VEC_INLINE vecd vecd_loadf_part(const float *p, int64_t n) { return _mm256_cvtps_pd(_mm_maskload_ps(p, vec_part32x4(n))); }
VEC_INLINE void vecd_store(double *p, vecd v) { _mm256_store_pd(p, v); }
VEC_INLINE void vecd_storeu(double *p, vecd v) { _mm256_storeu_pd(p, v); }
VEC_INLINE void vecd_store_part(double *p, vecd v, int64_t n) { _mm256_maskstore_pd(p, vec_part64(n), v); }
VEC_INLINE vecd vecd_halves(vecf v)
{
    return _mm256_cvtps_pd(_mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1)));
}
/* Rounded to float. */
VEC_INLINE void vecd_storeuf(float *p, vecd v) { _mm_storeu_ps(p, _mm256_cvtpd_ps(v)); }
/* int32 as float64, and whole numbers back. */
VEC_INLINE vecd vecd_loadi(const int32_t *p) { return _mm256_cvtepi32_pd(_mm_loadu_si128((const __m128i *)(const void *)p)); }
VEC_INLINE void vecd_storei(int32_t *p, vecd v) { _mm_storeu_si128((__m128i *)(void *)p, _mm256_cvttpd_epi32(v)); }
VEC_INLINE vecd vecd_set1(double v) { return _mm256_set1_pd(v); }
VEC_INLINE vecd vecd_add(vecd a, vecd b) { return _mm256_add_pd(a, b); }
VEC_INLINE vecd vecd_sub(vecd a, vecd b) { return _mm256_sub_pd(a, b); }
VEC_INLINE vecd vecd_mul(vecd a, vecd b) { return _mm256_mul_pd(a, b); }
VEC_INLINE vecd vecd_min(vecd a, vecd b) { return _mm256_min_pd(a, b); }
VEC_INLINE vecd vecd_max(vecd a, vecd b) { return _mm256_max_pd(a, b); }
VEC_INLINE vecd vecd_abs(vecd a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }
VEC_INLINE vecd vecd_fma(vecd a, vecd b, vecd c) { return _mm256_fmadd_pd(a, b, c); }
VEC_INLINE vecdm vecd_less(vecd a, vecd b) { return _mm256_cmp_pd(a, b, _CMP_LT_OQ); }
VEC_INLINE vecdm vecd_less_equal(vecd a, vecd b) { return _mm256_cmp_pd(a, b, _CMP_LE_OQ); }
VEC_INLINE vecdm vecd_equal(vecd a, vecd b) { return _mm256_cmp_pd(a, b, _CMP_EQ_OQ); }
VEC_INLINE vecdm vecdm_and(vecdm a, vecdm b) { return _mm256_and_pd(a, b); }
VEC_INLINE vecdm vecdm_all(void) { return _mm256_castsi256_pd(_mm256_set1_epi64x(-1)); }
VEC_INLINE uint32_t vecdm_bits(vecdm m) { return (uint32_t)_mm256_movemask_pd(m); }
VEC_INLINE vecd vecd_select(vecdm m, vecd yes, vecd no) { return _mm256_blendv_pd(no, yes, m); }
/* The lowest lane. */
VEC_INLINE double vecd_lowest(vecd v)
{
    const __m128d h = _mm_min_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd(v, 1));
    return _mm_cvtsd_f64(_mm_min_sd(h, _mm_unpackhi_pd(h, h)));
}
VEC_INLINE void vecd_transpose(vecd v[4])
{
    const vecd even0 = _mm256_unpacklo_pd(v[0], v[1]), odd0 = _mm256_unpackhi_pd(v[0], v[1]);
    const vecd even1 = _mm256_unpacklo_pd(v[2], v[3]), odd1 = _mm256_unpackhi_pd(v[2], v[3]);
    v[0] = _mm256_permute2f128_pd(even0, even1, 0x20);
    v[1] = _mm256_permute2f128_pd(odd0, odd1, 0x20);
    v[2] = _mm256_permute2f128_pd(even0, even1, 0x31);
    v[3] = _mm256_permute2f128_pd(odd0, odd1, 0x31);
}
/* 0, 1, 2, ... */
VEC_INLINE vecd vecd_iota(void) { return _mm256_setr_pd(0, 1, 2, 3); }

/* 64-bit integers in the same registers. */
typedef __m256i veci;
VEC_INLINE veci veci_loadu(const void *p) { return _mm256_loadu_si256(p); }
VEC_INLINE veci veci_load_part(const void *p, int64_t n) { return _mm256_maskload_epi64(p, vec_part64(n)); }
VEC_INLINE void veci_storeu(void *p, veci v) { _mm256_storeu_si256(p, v); }
VEC_INLINE void veci_store_part(void *p, veci v, int64_t n) { _mm256_maskstore_epi64(p, vec_part64(n), v); }
VEC_INLINE veci veci_add(veci a, veci b) { return _mm256_add_epi64(a, b); }
VEC_INLINE veci veci_sub(veci a, veci b) { return _mm256_sub_epi64(a, b); }
VEC_INLINE veci veci_of(vecd v) { return _mm256_castpd_si256(v); }
/* a + b where m is true. */
VEC_INLINE veci veci_add_where(vecdm m, veci a, veci b) { return _mm256_add_epi64(a, _mm256_and_si256(_mm256_castpd_si256(m), b)); }
/* a + 1 where m is true. */
VEC_INLINE veci veci_count(vecdm m, veci a) { return _mm256_sub_epi64(a, _mm256_castpd_si256(m)); }
VEC_INLINE veci veci_zero(void) { return _mm256_setzero_si256(); }

#endif
