/*
 * The vector vocabulary of the level that is being compiled: one of portable.h, avx2.h, avx512.h, neon.h, with the same
 * words in each.  Static inline functions only, so that no function built with wide instructions can leave its file.
 *
 *   vecf  VECF_LANES floats     vecd  VECD_LANES = VECF_LANES / 2 doubles     vecfm, vecdm  a truth value per lane
 *
 *   _load, _store           aligned to the vector; _loadu, _storeu: to the element
 *   _load_part(p, n)        the first n lanes, 0 <= n <= LANES, zeros behind; touches no other memory
 *   _set1, _add, _sub, _mul, _min, _max (if a lane is NaN: b of min(a, b)), _less, _select(m, yes, no)
 *   vecd_fma(a, b, c)       a b + c with one rounding: the canonical score and published distances
 *   vecf_muladd(a, b, c)    a b + c fused or not: screens alone, whose error bound covers both; _negmuladd: c - a b
 *   vecf_mark(v, keep, id)  the bits of v where keep is set, joined with those of id
 *   vecf_load_upper(p)      VECF_LANES floats whose lower 16 bits are 0, of which the upper ones are stored; unaligned.
 *                           _store_upper_part(p, v, n): those of the first n lanes, whatever the lower ones are
 *   vecd_loadf(p)           VECD_LANES floats, unaligned, made double
 *   vecd_halves(v)          lane l of floats plus lane VECD_LANES + l, made double
 *   vecd_transpose(v)       lane r of the new v[l] is lane l of the old v[r]; v [VECD_LANES]
 *   vecf_columns(rows, offset, n, out)  out[c] = element offset + c of VECF_LANES rows, c < n; 1 <= n <= 4; else 0
 *   vecf_columns_f64        the same of double rows: (float)((x - mean) * scale)
 */
#ifndef CVI_KERNELS_VEC_H
#define CVI_KERNELS_VEC_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CVI_LEVEL_portable 0
#define CVI_LEVEL_avx2 1
#define CVI_LEVEL_avx512 2
#define CVI_LEVEL_neon 3
#define CVI_LEVEL_JOIN(isa) CVI_LEVEL_##isa
#define CVI_LEVEL_OF(isa) CVI_LEVEL_JOIN(isa)
#define CVI_LEVEL CVI_LEVEL_OF(CVI_ISA)

/* Unrolled at compile time: the loops over a tile of registers. */
#if defined(__clang__)
#define VEC_UNROLL _Pragma("clang loop unroll(full)")
#else
#define VEC_UNROLL _Pragma("GCC unroll 32")
#endif
/* The loops over features are long already. */
#if defined(__clang__)
#define VEC_NO_UNROLL _Pragma("clang loop unroll(disable) vectorize(disable)")
#else
#define VEC_NO_UNROLL _Pragma("GCC unroll 1")
#endif
#define VEC_INLINE static inline __attribute__((always_inline))
/* A kernel inlined beside others lost half its speed to the register allocator. */
#define VEC_NOINLINE static __attribute__((noinline))

#if CVI_LEVEL == CVI_LEVEL_avx512
#include "kernels/vec/avx512.h"
#elif CVI_LEVEL == CVI_LEVEL_avx2
#include "kernels/vec/avx2.h"
#elif CVI_LEVEL == CVI_LEVEL_neon && defined(__aarch64__)
#include "kernels/vec/neon.h"
#else
#include "kernels/vec/portable.h"
#endif

#endif
