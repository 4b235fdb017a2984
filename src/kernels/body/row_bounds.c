/* Rows with a lower bound for every center: which bounds still hold, and new ones from half scores. */
#include "kernels/body/screen.h"
#include "kernels/body/tiles.h"

/* Every operation below is off by 2^-24 of its result at most, and a bound is few of them away. */
#define UP (1 + 0x1p-20f)

/* What stands behind the k-th bound is another row's. */
VEC_INLINE bool row_open(const cvi_row_bounds *b, int64_t width, int64_t i)
{
    const cvi_row_bound *row = cvi_row_bound_of(b, i);
    const float *gain = b->drift + row->cell * 2 * width, *spread = gain + width;
    const vecf radius = vecf_set1(row->radius), zero = vecf_set1(0);
    __builtin_prefetch(b->rows + (i + CVI_TILE) * b->stride); /* other rows' values come in between */
    uint32_t rivals = 0;
    for (int64_t j = 0; j < width; j += CVI_GROUP32) {
        const uint32_t lanes = b->k - j < CVI_GROUP32 ? (1U << (b->k - j)) - 1 : 0xffff;
        uint32_t closed = 0;
        VEC_UNROLL
        for (int v = 0; v < CVI_GROUP32; v += VECF_LANES) {
            const vecf gap = vecf_add(vecf_load_upper(row->lower + j + v), vecf_load(gain + j + v));
            closed |= vecfm_bits(vecf_less(zero, vecf_negmuladd(radius, vecf_load(spread + j + v), gap))) << v;
        }
        rivals |= ~closed & lanes;
    }
    return rivals != 0;
}

uint64_t CVI_K(rows_open)(const cvi_row_bounds *b, int64_t first, int64_t count)
{
    uint64_t open = 0;
    if (b->width == CVI_GROUP32)
        for (int64_t i = 0; i < count; i++)
            open |= (uint64_t)row_open(b, CVI_GROUP32, first + i) << i;
    else
        for (int64_t i = 0; i < count; i++)
            open |= (uint64_t)row_open(b, b->width, first + i) << i;
    return open;
}

/* Scores stand in groups of 16 centers, 64 rows each. */
VEC_INLINE int64_t place_of(int64_t j)
{
    return j / CVI_GROUP32 * CVI_TILE * CVI_GROUP32 + j % CVI_GROUP32;
}

/* The two smallest scores of VECF_LANES rows, transposed, and the first center that has the smallest. */
VEC_INLINE vecf nearest_two(const float *const *row, int64_t k, smallest *two)
{
    vecf place = vecf_bits(0);
    *two = (smallest){vecf_set1(NO_SCORE), vecf_set1(NO_SCORE)};
    for (int64_t j = 0; j < k; j += 4) {
        vecf score[4];
        vecf_columns(row, place_of(j), 4, score);
        VEC_UNROLL
        for (int c = 0; c < 4; c++)
            if (j + c < k) {
                place = vecf_select(vecf_less(score[c], two->first), vecf_bits((int32_t)j + c), place);
                smallest_take(two, score[c]);
            }
    }
    return place;
}

/* Bounds of a row.  Cutting the lower halves off moves a number towards zero, by less than 2^-7 of it. */
VEC_INLINE void set_lower(const cvi_row_measure *m, const float *score, float best, float error, uint16_t *lower)
{
    const vecf b = vecf_set1(best), e = vecf_set1(error), keep = vecf_set1(m->keep);
    for (int64_t j = 0; j < m->k; j += VECF_LANES) {
        const int64_t n = m->k - j < VECF_LANES ? m->k - j : VECF_LANES;
        const vecf gap = vecf_sub(vecf_mul(vecf_sub(vecf_loadu(score + place_of(j)), b), keep), e);
        vecf_store_upper_part(lower + j, vecf_min(gap, vecf_mul(gap, vecf_set1(1 + 0x1p-6f))), n);
    }
}

uint64_t CVI_K(rows_bound)(const cvi_row_measure *m, const float *scores, const float *sqnorm, int64_t count,
                           int32_t *label, float *radius, cvi_row_bound *const *bounds)
{
    float best[CVI_TILE], error[CVI_TILE];
    uint64_t open = 0;
    for (int64_t i = 0; i < count; i += VECF_LANES) {
        const float *row[VECF_LANES];
        smallest two;
        for (int64_t r = 0; r < VECF_LANES; r++)
            row[r] = scores + (i + r < count ? i + r : count - 1) * CVI_GROUP32;
        const vecf place = nearest_two(row, m->k, &two), sq = vecf_loadu(sqnorm + i);
        const vecf spread = vecf_max(vecf_add(vecf_add(two.first, two.first), sq), vecf_set1(0));
        vecf limit = vecf_muladd(vecf_set1(m->tie_r), sq, vecf_set1(m->tie_0));
        limit = vecf_mul(vecf_muladd(vecf_set1(m->tie_s), spread, limit), vecf_set1(UP));
        const vecf sq_radius = vecf_muladd(vecf_set1(m->loss), sq, vecf_add(spread, vecf_add(limit, limit)));
        const uint64_t all = ((uint64_t)1 << VECF_LANES) - 1;
        open |= (all & ~(uint64_t)vecfm_bits(vecf_less(limit, vecf_sub(two.second, two.first)))) << i;
        vecf_storeu((float *)(void *)(label + i), place);
        vecf_storeu(best + i, two.first);
        vecf_storeu(error + i, limit);
        vecf_storeu(radius + i, vecf_mul(vecf_sqrt(sq_radius), vecf_set1(UP)));
    }
    for (int64_t i = 0; i < count; i++)
        set_lower(m, scores + i * CVI_GROUP32, best[i], error[i], bounds[i]->lower);
    return count < CVI_TILE ? open & (((uint64_t)1 << count) - 1) : open;
}
