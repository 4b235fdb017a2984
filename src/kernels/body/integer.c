/*
 * The integer screen, plain: exact sums of products on any machine.  The levels with a dot-product instruction replace
 * integer_screen and integer_candidates by written ones (tuned/); the loops over a tile's 64 rows are the compiler's to
 * vectorize.
 */
#include "kernels/body/body.h"

/* Adding it and taking it away rounds a float of less than 2^22 to a whole number, to the even one of two. */
#define WHOLE 0x1.8p23f

/* What a tile's rows leave of themselves, squared, and the squares of their numbers. */
typedef struct leftover {
    float rest[CVI_TILE], square[CVI_TILE];
    float cut[CVI_TILE]; /* > 0: a number was out of range */
} leftover;

/* One feature of the 64 rows as whole numbers. */
static inline void whole_numbers(const cvi_integer_steps *s, int64_t f, const float *restrict y, int32_t *restrict out,
                                 leftover *restrict l)
{
    const float origin = s->origin[f], step = s->step[f], inverse = s->inverse[f], top = s->top;
    for (int i = 0; i < CVI_TILE; i++) {
        const float v = y[i] - origin, t = v * inverse;
        float r = t < top ? t : top; /* NaN: top, and cut */
        r = r > -top ? r : -top;
        r = (r + WHOLE) - WHOLE;
        const float rest = v - r * step;
        l->cut[i] += t <= top + 0.5f && t >= -top - 0.5f ? 0.0f : 1.0f;
        l->rest[i] += rest * rest;
        l->square[i] += r * r;
        out[i] = (int32_t)r;
    }
}

static inline void join(const bool words, int32_t *restrict lane, const int32_t *restrict number, int place)
{
    for (int i = 0; i < CVI_TILE; i++)
        lane[i] |= words ? (int32_t)((uint32_t)(number[i] & 0xffff) << 16 * place)
                         : (int32_t)((uint32_t)(number[i] + 128) << 8 * place);
}

void CVI_K(integer_rows)(const cvi_integer_steps *s, const float *tile, const float *sqnorm, int32_t *out, float *error,
                         float *norm)
{
    const int per_lane = s->words ? 2 : 4;
    leftover l = {{0}, {0}, {0}};
    memset(out, 0, (size_t)s->steps * CVI_TILE * sizeof *out);
    for (int64_t f = 0; f < s->d; f++) {
        int32_t number[CVI_TILE];
        whole_numbers(s, f, tile + f * CVI_TILE, number, &l);
        if (s->words)
            join(true, out + f / per_lane * CVI_TILE, number, (int)(f % per_lane));
        else
            join(false, out + f / per_lane * CVI_TILE, number, (int)(f % per_lane));
    }
    /* The sums lose (d + 2) 2^-24 of themselves; every value of rest 2^-22 (|y| + |origin|) at most, with what y lost before; and
     * squares below the smallest float. */
    const float widen = 1.00001f + (float)(s->d + 8) * 0x1p-23f;
    for (int i = 0; i < CVI_TILE; i++) {
        const float size = sqrtf(sqnorm[i]) + s->origin_norm;
        const float e = (sqrtf(l.rest[i]) + 0x1p-21f * size + 1e-16f) * widen;
        error[i] = l.cut[i] > 0 ? INFINITY : e;
        norm[i] = sqrtf(l.square[i]) * widen;
    }
}

static inline int32_t product(const bool words, int32_t rows, int32_t center)
{
    int32_t sum = 0;
    for (int p = 0; p < (words ? 2 : 4); p++)
        sum += words ? (int32_t)(int16_t)(rows >> 16 * p) * (int32_t)(int16_t)(center >> 16 * p)
                     : (int32_t)(uint8_t)(rows >> 8 * p) * (int32_t)(int8_t)(center >> 8 * p);
    return sum;
}

/* Scores of the 64 rows with one center. */
static inline void scores_of(const bool words, const cvi_integer *s, const int32_t *tile, int64_t j, int32_t *restrict out)
{
    const int32_t *center = s->centers + j / CVI_INTEGER_GROUP * s->steps * CVI_INTEGER_GROUP + j % CVI_INTEGER_GROUP;
    for (int i = 0; i < CVI_TILE; i++)
        out[i] = s->start[j];
    for (int64_t f = 0; f < s->steps; f++)
        for (int i = 0; i < CVI_TILE; i++)
            out[i] += product(words, tile[f * CVI_TILE + i], center[f * CVI_INTEGER_GROUP]);
    for (int i = 0; i < CVI_TILE; i++)
        out[i] = (int32_t)(((uint32_t)out[i] & ~(uint32_t)(CVI_INTEGER_PLACES - 1)) | (uint32_t)(j % CVI_INTEGER_PLACES));
}

uint64_t CVI_K(integer_screen)(const cvi_integer *s, const int32_t *tile, const float *error, const float *norm,
                               int32_t *scores, int32_t *label, int32_t *limit)
{
    int32_t first[CVI_TILE], second[CVI_TILE];
    uint64_t open = 0;
    for (int i = 0; i < CVI_TILE; i++) {
        first[i] = second[i] = INT32_MAX;
        label[i] = 0;
    }
    for (int64_t j = 0; j < s->groups * CVI_INTEGER_GROUP; j++) {
        int32_t *score = scores + j * CVI_TILE;
        if (s->words)
            scores_of(true, s, tile, j, score);
        else
            scores_of(false, s, tile, j, score);
        for (int i = 0; i < CVI_TILE; i++) {
            const int32_t loser = score[i] > first[i] ? score[i] : first[i];
            second[i] = loser < second[i] ? loser : second[i];
            label[i] = score[i] < first[i] ? (int32_t)j : label[i];
            first[i] = score[i] < first[i] ? score[i] : first[i];
        }
    }
    for (int i = 0; i < CVI_TILE; i++) {
        const float margin = s->per_error * error[i] + s->per_norm * norm[i] + s->slack;
        limit[i] = first[i] + (margin < (float)CVI_INTEGER_MARGIN ? (int32_t)margin : CVI_INTEGER_MARGIN);
        open |= (uint64_t)(second[i] <= limit[i]) << i;
    }
    return open;
}

/* Which of the tile's rows have a score up to their limit. */
static inline uint64_t up_to(const int32_t *score, const int32_t *limit)
{
    uint64_t which = 0;
    for (int i = 0; i < CVI_TILE; i++)
        which |= (uint64_t)(score[i] <= limit[i]) << i;
    return which;
}

int64_t CVI_K(integer_pairs)(const int32_t *scores, const int32_t *limit, uint64_t open, int64_t groups, int64_t most,
                             int32_t *pairs)
{
    int64_t count = 0;
    for (int64_t j = 0; j < groups * CVI_INTEGER_GROUP; j++)
        for (uint64_t m = up_to(scores + j * CVI_TILE, limit) & open; m != 0; m &= m - 1, count++)
            if (count < most)
                pairs[count] = (int32_t)j * CVI_TILE + __builtin_popcountll(open & ((m & -m) - 1));
    return count;
}

void CVI_K(pair_scores)(const float *rows, const float *centers, int64_t ld, const float *half_sqnorm, const int32_t *pairs,
                        int64_t count, float *out)
{
    for (int64_t p = 0; p < count; p++) {
        const int32_t j = pairs[p] / CVI_TILE;
        const float *x = rows + pairs[p] % CVI_TILE * ld, *c = centers + j * ld;
        vecf sum = vecf_set1(0);
        for (int64_t f = 0; f < ld; f += VECF_LANES)
            sum = vecf_muladd(vecf_loadu(x + f), vecf_loadu(c + f), sum);
        out[p] = half_sqnorm[j] - vecf_sum(sum);
    }
}
