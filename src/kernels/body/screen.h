/*
 * What both screens share: the two smallest half scores of a row, as a vector sees them.
 *
 * The low CVI_INDEX_BITS bits of a score are replaced by the number of its center (or group of centers) inside a chunk
 * of 64: the minimum then carries its place along, which saves a comparison and a select for every score.  The error,
 * 64 units in the last place at most, is in the caller's tie constants.
 */
#ifndef CVI_KERNELS_SCREEN_H
#define CVI_KERNELS_SCREEN_H

#include "kernels/body/body.h"

enum { CHUNK = 1 << CVI_INDEX_BITS, INDEX_MASK = CHUNK - 1 };

/* Larger than every score, finite so that its bits take an index. */
#define NO_SCORE 2e38f

typedef struct smallest {
    vecf first, second;
} smallest;

VEC_INLINE void smallest_take(smallest *s, vecf score)
{
    s->second = vecf_min(s->second, vecf_max(s->first, score));
    s->first = vecf_min(s->first, score);
}

VEC_INLINE float float_of_bits(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

VEC_INLINE uint32_t bits_of_float(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

/* Lanes whose second-best score is so near that the canonical score must decide; NaN counts as near. */
VEC_INLINE uint64_t near_ties(const cvi_screen *s, vecf first, vecf second, vecf sqnorm)
{
    const vecf spread = vecf_max(vecf_add(vecf_add(first, first), sqnorm), vecf_set1(0));
    vecf limit = vecf_muladd(vecf_set1(s->tie_r), sqnorm, vecf_set1(s->tie_0));
    limit = vecf_muladd(vecf_set1(s->tie_s), spread, limit);
    const uint64_t all = ((uint64_t)1 << VECF_LANES) - 1;
    return all & ~(uint64_t)vecfm_bits(vecf_less(limit, vecf_sub(second, first)));
}

#endif
