/* Vocabulary for AArch64's Advanced SIMD: 4 floats, 32 registers. */
#ifndef CVI_KERNELS_VEC_NEON_H
#define CVI_KERNELS_VEC_NEON_H

#include <arm_neon.h>

#define VECF_LANES 4
#define VECD_LANES 2
#define VEC_REGISTERS 32
#define VEC_HAS_FMA 1

typedef float32x4_t vecf;
typedef float64x2_t vecd;
typedef uint32x4_t vecfm;
typedef uint64x2_t vecdm;
typedef uint64x2_t veci;

VEC_INLINE vecf vecf_load(const float *p) { return vld1q_f32(p); }
VEC_INLINE vecf vecf_loadu(const float *p) { return vld1q_f32(p); }
VEC_INLINE vecf vecf_load_upper(const uint16_t *p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16)); }
VEC_INLINE void vecf_store_upper_part(uint16_t *p, vecf v, int64_t n)
{
    uint16_t all[4];
    vst1_u16(all, vshrn_n_u32(vreinterpretq_u32_f32(v), 16));
    for (int64_t i = 0; i < n; i++)
        p[i] = all[i];
}
VEC_INLINE vecf vecf_load_part(const float *p, int64_t n)
{
    float all[4] = {0, 0, 0, 0};
    for (int64_t i = 0; i < n; i++)
        all[i] = p[i];
    return vld1q_f32(all);
}
VEC_INLINE void vecf_store(float *p, vecf v) { vst1q_f32(p, v); }
VEC_INLINE void vecf_storeu(float *p, vecf v) { vst1q_f32(p, v); }
VEC_INLINE void vecf_store_part(float *p, vecf v, int64_t n)
{
    float all[4];
    vst1q_f32(all, v);
    for (int64_t i = 0; i < n; i++)
        p[i] = all[i];
}
VEC_INLINE vecf vecf_set1(float v) { return vdupq_n_f32(v); }
VEC_INLINE vecf vecf_add(vecf a, vecf b) { return vaddq_f32(a, b); }
VEC_INLINE vecf vecf_sub(vecf a, vecf b) { return vsubq_f32(a, b); }
VEC_INLINE vecf vecf_mul(vecf a, vecf b) { return vmulq_f32(a, b); }
VEC_INLINE vecfm vecf_less(vecf a, vecf b) { return vcltq_f32(a, b); }
VEC_INLINE vecf vecf_select(vecfm m, vecf yes, vecf no) { return vbslq_f32(m, yes, no); }
/* The number forms: a NaN loses, as nothing may rest on it. */
VEC_INLINE vecf vecf_min(vecf a, vecf b) { return vminnmq_f32(a, b); }
VEC_INLINE vecf vecf_max(vecf a, vecf b) { return vmaxnmq_f32(a, b); }
VEC_INLINE vecf vecf_muladd(vecf a, vecf b, vecf c) { return vfmaq_f32(c, a, b); }
VEC_INLINE vecf vecf_negmuladd(vecf a, vecf b, vecf c) { return vfmsq_f32(c, a, b); }
VEC_INLINE vecf vecf_bits(int32_t v) { return vreinterpretq_f32_s32(vdupq_n_s32(v)); }
VEC_INLINE uint32_t vecfm_bits(vecfm m)
{
    static const uint32_t weights[4] = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(m, vld1q_u32(weights)));
}
VEC_INLINE vecf vecf_and(vecf a, vecf b)
{
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
}
VEC_INLINE vecf vecf_mark(vecf v, vecf keep, vecf id)
{
    return vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(vecf_and(v, keep)), vreinterpretq_u32_f32(id)));
}
/* All bits set in the first n lanes; n may be beyond either end. */
VEC_INLINE vecf vecf_first(int64_t n)
{
    static const int32_t lane[4] = {0, 1, 2, 3};
    return vreinterpretq_f32_u32(vcltq_s32(vld1q_s32(lane), vdupq_n_s32((int32_t)(n < 4 ? n : 4))));
}
VEC_INLINE float vecf_sum(vecf v) { return vaddvq_f32(v); }

VEC_INLINE void vec_transpose4(vecf r0, vecf r1, vecf r2, vecf r3, vecf out[4])
{
    const float64x2_t t0 = vreinterpretq_f64_f32(vzip1q_f32(r0, r1)), t1 = vreinterpretq_f64_f32(vzip2q_f32(r0, r1));
    const float64x2_t t2 = vreinterpretq_f64_f32(vzip1q_f32(r2, r3)), t3 = vreinterpretq_f64_f32(vzip2q_f32(r2, r3));
    out[0] = vreinterpretq_f32_f64(vzip1q_f64(t0, t2));
    out[1] = vreinterpretq_f32_f64(vzip2q_f64(t0, t2));
    out[2] = vreinterpretq_f32_f64(vzip1q_f64(t1, t3));
    out[3] = vreinterpretq_f32_f64(vzip2q_f64(t1, t3));
}

VEC_INLINE void vecf_columns(const float *const *rows, int64_t offset, int64_t n, vecf out[4])
{
    vecf r[4];
    for (int i = 0; i < 4; i++)
        r[i] = n == 4 ? vld1q_f32(rows[i] + offset) : vecf_load_part(rows[i] + offset, n);
    vec_transpose4(r[0], r[1], r[2], r[3], out);
}

VEC_INLINE vecd vecd_load(const double *p) { return vld1q_f64(p); }
VEC_INLINE vecd vecd_loadu(const double *p) { return vld1q_f64(p); }
VEC_INLINE vecd vecd_load_part(const double *p, int64_t n)
{
    const double all[2] = {n > 0 ? p[0] : 0, n > 1 ? p[1] : 0};
    return vld1q_f64(all);
}
VEC_INLINE vecd vecd_loadf(const float *p) { return vcvt_f64_f32(vld1_f32(p)); }
VEC_INLINE vecd vecd_loadf_part(const float *p, int64_t n)
{
    const float all[2] = {n > 0 ? p[0] : 0, n > 1 ? p[1] : 0};
    return vcvt_f64_f32(vld1_f32(all));
}
VEC_INLINE void vecd_store(double *p, vecd v) { vst1q_f64(p, v); }
VEC_INLINE void vecd_storeu(double *p, vecd v) { vst1q_f64(p, v); }
VEC_INLINE void vecd_store_part(double *p, vecd v, int64_t n)
{
    if (n > 0)
        p[0] = vgetq_lane_f64(v, 0);
    if (n > 1)
        p[1] = vgetq_lane_f64(v, 1);
}
VEC_INLINE vecd vecd_halves(vecf v) { return vcvt_f64_f32(vadd_f32(vget_low_f32(v), vget_high_f32(v))); }
/* Rounded to float. */
VEC_INLINE void vecd_storeuf(float *p, vecd v) { vst1_f32(p, vcvt_f32_f64(v)); }
/* int32 as float64, and whole numbers back. */
VEC_INLINE vecd vecd_loadi(const int32_t *p) { return vcvtq_f64_s64(vmovl_s32(vld1_s32(p))); }
VEC_INLINE void vecd_storei(int32_t *p, vecd v) { vst1_s32(p, vmovn_s64(vcvtq_s64_f64(v))); }
VEC_INLINE vecd vecd_set1(double v) { return vdupq_n_f64(v); }
VEC_INLINE vecd vecd_add(vecd a, vecd b) { return vaddq_f64(a, b); }
VEC_INLINE vecd vecd_sub(vecd a, vecd b) { return vsubq_f64(a, b); }
VEC_INLINE vecd vecd_mul(vecd a, vecd b) { return vmulq_f64(a, b); }
VEC_INLINE vecd vecd_min(vecd a, vecd b) { return vminnmq_f64(a, b); }
VEC_INLINE vecd vecd_max(vecd a, vecd b) { return vmaxnmq_f64(a, b); }
VEC_INLINE vecd vecd_abs(vecd a) { return vabsq_f64(a); }
VEC_INLINE vecd vecd_fma(vecd a, vecd b, vecd c) { return vfmaq_f64(c, a, b); }
VEC_INLINE vecdm vecd_less(vecd a, vecd b) { return vcltq_f64(a, b); }
VEC_INLINE vecdm vecd_less_equal(vecd a, vecd b) { return vcleq_f64(a, b); }
VEC_INLINE vecdm vecd_equal(vecd a, vecd b) { return vceqq_f64(a, b); }
VEC_INLINE vecdm vecdm_and(vecdm a, vecdm b) { return vandq_u64(a, b); }
VEC_INLINE vecdm vecdm_all(void) { return vdupq_n_u64(UINT64_MAX); }
VEC_INLINE uint32_t vecdm_bits(vecdm m)
{
    return (uint32_t)((vgetq_lane_u64(m, 0) & 1) | (vgetq_lane_u64(m, 1) & 2));
}
VEC_INLINE vecd vecd_select(vecdm m, vecd yes, vecd no) { return vbslq_f64(m, yes, no); }
/* The lowest lane. */
VEC_INLINE double vecd_lowest(vecd v) { return vminnmvq_f64(v); }
VEC_INLINE void vecd_transpose(vecd v[2])
{
    const vecd first = vtrn1q_f64(v[0], v[1]);
    v[1] = vtrn2q_f64(v[0], v[1]);
    v[0] = first;
}
/* 0, 1, 2, ... */
VEC_INLINE vecd vecd_iota(void)
{
    static const double lane[2] = {0, 1};
    return vld1q_f64(lane);
}

VEC_INLINE void vecf_columns_f64(const double *const *rows, int64_t offset, int64_t n, const double *mean, double scale, vecf out[4])
{
    const vecd by = vdupq_n_f64(scale);
    const vecd m0 = vecd_load_part(mean + offset, n), m1 = vecd_load_part(mean + offset + (n > 2 ? 2 : 0), n - 2);
    vecf r[4];
    for (int i = 0; i < 4; i++) {
        const double *x = rows[i] + offset;
        const vecd low = vecd_load_part(x, n), high = vecd_load_part(x + (n > 2 ? 2 : 0), n - 2);
        r[i] = vcombine_f32(vcvt_f32_f64(vmulq_f64(vsubq_f64(low, m0), by)), vcvt_f32_f64(vmulq_f64(vsubq_f64(high, m1), by)));
    }
    vec_transpose4(r[0], r[1], r[2], r[3], out);
}

/* 64-bit integers in the same registers. */
VEC_INLINE veci veci_loadu(const void *p) { return vld1q_u64(p); }
VEC_INLINE veci veci_load_part(const void *p, int64_t n)
{
    uint64_t all[2] = {0, 0};
    memcpy(all, p, (size_t)n * sizeof *all);
    return vld1q_u64(all);
}
VEC_INLINE void veci_storeu(void *p, veci v) { vst1q_u64(p, v); }
VEC_INLINE void veci_store_part(void *p, veci v, int64_t n)
{
    uint64_t all[2];
    vst1q_u64(all, v);
    memcpy(p, all, (size_t)n * sizeof *all);
}
VEC_INLINE veci veci_add(veci a, veci b) { return vaddq_u64(a, b); }
VEC_INLINE veci veci_sub(veci a, veci b) { return vsubq_u64(a, b); }
VEC_INLINE veci veci_of(vecd v) { return vreinterpretq_u64_f64(v); }
/* a + b where m is true. */
VEC_INLINE veci veci_add_where(vecdm m, veci a, veci b) { return vaddq_u64(a, vandq_u64(m, b)); }
/* a + 1 where m is true. */
VEC_INLINE veci veci_count(vecdm m, veci a) { return vsubq_u64(a, m); }
VEC_INLINE veci veci_zero(void) { return vdupq_n_u64(0); }

#endif
