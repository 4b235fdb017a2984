/* Vocabulary in plain C with the compilers' 16-byte vectors: 4 floats, whatever the machine has. */
#ifndef CVI_KERNELS_VEC_PORTABLE_H
#define CVI_KERNELS_VEC_PORTABLE_H

#define VECF_LANES 4
#define VECD_LANES 2
#define VEC_REGISTERS 16

typedef float vecf __attribute__((vector_size(16)));
typedef double vecd __attribute__((vector_size(16)));
typedef int32_t vecfm __attribute__((vector_size(16)));
typedef int64_t vecdm __attribute__((vector_size(16)));
typedef uint64_t veci __attribute__((vector_size(16)));

VEC_INLINE vecf vecf_loadu(const float *p)
{
    vecf v;
    memcpy(&v, p, sizeof v);
    return v;
}
VEC_INLINE vecf vecf_load(const float *p) { return *(const vecf *)p; }
VEC_INLINE vecf vecf_load_upper(const uint16_t *p)
{
    return (vecf)(vecfm){(int32_t)((uint32_t)p[0] << 16), (int32_t)((uint32_t)p[1] << 16), (int32_t)((uint32_t)p[2] << 16),
                         (int32_t)((uint32_t)p[3] << 16)};
}
VEC_INLINE void vecf_store_upper_part(uint16_t *p, vecf v, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        p[i] = (uint16_t)((uint32_t)((vecfm)v)[i] >> 16);
}
VEC_INLINE vecf vecf_load_part(const float *p, int64_t n)
{
    vecf v = {0, 0, 0, 0};
    for (int64_t i = 0; i < n; i++)
        v[i] = p[i];
    return v;
}
VEC_INLINE void vecf_store(float *p, vecf v) { *(vecf *)p = v; }
VEC_INLINE void vecf_storeu(float *p, vecf v) { memcpy(p, &v, sizeof v); }
VEC_INLINE void vecf_store_part(float *p, vecf v, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        p[i] = v[i];
}
VEC_INLINE vecf vecf_set1(float v) { return (vecf){v, v, v, v}; }
VEC_INLINE vecf vecf_add(vecf a, vecf b) { return a + b; }
VEC_INLINE vecf vecf_sub(vecf a, vecf b) { return a - b; }
VEC_INLINE vecf vecf_mul(vecf a, vecf b) { return a * b; }
VEC_INLINE vecfm vecf_less(vecf a, vecf b) { return a < b; }
VEC_INLINE vecf vecf_select(vecfm m, vecf yes, vecf no) { return (vecf)((m & (vecfm)yes) | (~m & (vecfm)no)); }
VEC_INLINE vecf vecf_min(vecf a, vecf b) { return vecf_select(a < b, a, b); }
VEC_INLINE vecf vecf_max(vecf a, vecf b) { return vecf_select(a > b, a, b); }
VEC_INLINE vecf vecf_muladd(vecf a, vecf b, vecf c) { return a * b + c; }
VEC_INLINE vecf vecf_negmuladd(vecf a, vecf b, vecf c) { return c - a * b; }
VEC_INLINE vecf vecf_bits(int32_t v) { return (vecf)(vecfm){v, v, v, v}; }
VEC_INLINE uint32_t vecfm_bits(vecfm m)
{
    return (uint32_t)((m[0] & 1) | (m[1] & 2) | (m[2] & 4) | (m[3] & 8));
}
VEC_INLINE vecf vecf_mark(vecf v, vecf keep, vecf id) { return (vecf)(((vecfm)v & (vecfm)keep) | (vecfm)id); }
VEC_INLINE vecf vecf_and(vecf a, vecf b) { return (vecf)((vecfm)a & (vecfm)b); }
/* All bits set in the first n lanes; n may be beyond either end. */
VEC_INLINE vecf vecf_first(int64_t n)
{
    return (vecf)(vecfm){n > 0 ? -1 : 0, n > 1 ? -1 : 0, n > 2 ? -1 : 0, n > 3 ? -1 : 0};
}

VEC_INLINE float vecf_sum(vecf v) { return (v[0] + v[2]) + (v[1] + v[3]); }

VEC_INLINE void vec_transpose4(vecf r0, vecf r1, vecf r2, vecf r3, vecf out[4])
{
    for (int c = 0; c < 4; c++)
        out[c] = (vecf){r0[c], r1[c], r2[c], r3[c]};
}

VEC_INLINE void vecf_columns(const float *const *rows, int64_t offset, int64_t n, vecf out[4])
{
    vecf r[4];
    for (int i = 0; i < 4; i++)
        r[i] = n == 4 ? vecf_loadu(rows[i] + offset) : vecf_load_part(rows[i] + offset, n);
    vec_transpose4(r[0], r[1], r[2], r[3], out);
}

VEC_INLINE void vecf_columns_f64(const double *const *rows, int64_t offset, int64_t n, const double *mean, double scale, vecf out[4])
{
    vecf r[4] = {{0}};
    for (int i = 0; i < 4; i++)
        for (int64_t c = 0; c < n; c++)
            r[i][c] = (float)((rows[i][offset + c] - mean[offset + c]) * scale);
    vec_transpose4(r[0], r[1], r[2], r[3], out);
}

VEC_INLINE vecd vecd_loadu(const double *p)
{
    vecd v;
    memcpy(&v, p, sizeof v);
    return v;
}
VEC_INLINE vecd vecd_load(const double *p) { return *(const vecd *)p; }
VEC_INLINE vecd vecd_load_part(const double *p, int64_t n)
{
    return (vecd){n > 0 ? p[0] : 0, n > 1 ? p[1] : 0};
}
VEC_INLINE vecd vecd_loadf(const float *p) { return (vecd){(double)p[0], (double)p[1]}; }
VEC_INLINE vecd vecd_loadf_part(const float *p, int64_t n)
{
    return (vecd){n > 0 ? (double)p[0] : 0, n > 1 ? (double)p[1] : 0};
}
VEC_INLINE void vecd_store(double *p, vecd v) { *(vecd *)p = v; }
VEC_INLINE void vecd_storeu(double *p, vecd v) { memcpy(p, &v, sizeof v); }
VEC_INLINE void vecd_store_part(double *p, vecd v, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        p[i] = v[i];
}
VEC_INLINE vecd vecd_halves(vecf v) { return (vecd){(double)(v[0] + v[2]), (double)(v[1] + v[3])}; }
/* Rounded to float. */
VEC_INLINE void vecd_storeuf(float *p, vecd v)
{
    p[0] = (float)v[0];
    p[1] = (float)v[1];
}
/* int32 as float64, and whole numbers back. */
VEC_INLINE vecd vecd_loadi(const int32_t *p) { return (vecd){(double)p[0], (double)p[1]}; }
VEC_INLINE void vecd_storei(int32_t *p, vecd v)
{
    p[0] = (int32_t)v[0];
    p[1] = (int32_t)v[1];
}
VEC_INLINE vecd vecd_set1(double v) { return (vecd){v, v}; }
VEC_INLINE vecd vecd_add(vecd a, vecd b) { return a + b; }
VEC_INLINE vecd vecd_sub(vecd a, vecd b) { return a - b; }
VEC_INLINE vecd vecd_mul(vecd a, vecd b) { return a * b; }
VEC_INLINE vecd vecd_select(vecdm m, vecd yes, vecd no) { return (vecd)((m & (vecdm)yes) | (~m & (vecdm)no)); }
VEC_INLINE vecd vecd_min(vecd a, vecd b) { return vecd_select(a < b, a, b); }
VEC_INLINE vecd vecd_max(vecd a, vecd b) { return vecd_select(a > b, a, b); }
VEC_INLINE vecd vecd_abs(vecd a) { return (vecd){fabs(a[0]), fabs(a[1])}; }
/* One rounding, by the library where the machine has no instruction for it: slow, but the same bits. */
VEC_INLINE vecd vecd_fma(vecd a, vecd b, vecd c) { return (vecd){fma(a[0], b[0], c[0]), fma(a[1], b[1], c[1])}; }
VEC_INLINE vecdm vecd_less(vecd a, vecd b) { return a < b; }
VEC_INLINE vecdm vecd_less_equal(vecd a, vecd b) { return a <= b; }
VEC_INLINE vecdm vecd_equal(vecd a, vecd b) { return a == b; }
VEC_INLINE vecdm vecdm_and(vecdm a, vecdm b) { return a & b; }
VEC_INLINE vecdm vecdm_all(void) { return (vecdm){-1, -1}; }
VEC_INLINE uint32_t vecdm_bits(vecdm m) { return (uint32_t)((m[0] & 1) | (m[1] & 2)); }
/* The lowest lane. */
VEC_INLINE double vecd_lowest(vecd v) { return v[0] < v[1] ? v[0] : v[1]; }
VEC_INLINE void vecd_transpose(vecd v[2])
{
    const vecd first = {v[0][0], v[1][0]}, second = {v[0][1], v[1][1]};
    v[0] = first;
    v[1] = second;
}
/* 0, 1, 2, ... */
VEC_INLINE vecd vecd_iota(void) { return (vecd){0, 1}; }

/* 64-bit integers in the same registers. */
VEC_INLINE veci veci_loadu(const void *p)
{
    veci v;
    memcpy(&v, p, sizeof v);
    return v;
}
VEC_INLINE veci veci_load_part(const void *p, int64_t n)
{
    veci v = {0, 0};
    memcpy(&v, p, (size_t)n * sizeof(uint64_t));
    return v;
}
VEC_INLINE void veci_storeu(void *p, veci v) { memcpy(p, &v, sizeof v); }
VEC_INLINE void veci_store_part(void *p, veci v, int64_t n) { memcpy(p, &v, (size_t)n * sizeof(uint64_t)); }
VEC_INLINE veci veci_add(veci a, veci b) { return a + b; }
VEC_INLINE veci veci_sub(veci a, veci b) { return a - b; }
VEC_INLINE veci veci_of(vecd v) { return (veci)v; }
/* a + b where m is true. */
VEC_INLINE veci veci_add_where(vecdm m, veci a, veci b) { return a + ((veci)m & b); }
/* a + 1 where m is true. */
VEC_INLINE veci veci_count(vecdm m, veci a) { return a - (veci)m; }
VEC_INLINE veci veci_zero(void) { return (veci){0, 0}; }

#endif
