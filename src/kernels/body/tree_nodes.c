/*
 * Kernels of the tree of boxes: which centers can own a row of a box, and who owns the rows of a leaf.
 * Everything is float64; the number of features, known to the compiler, unrolls the short loops.
 */
#include "kernels/body/body.h"

#if VEC_REGISTERS >= 32
enum { POINTS = 4 };
#else
enum { POINTS = 2 };
#endif
enum { STRIP = POINTS * VECD_LANES };

/* Lanes whose bit is set. */
VEC_INLINE vecdm lanes_of(uint32_t bits)
{
#if CVI_LEVEL == CVI_LEVEL_avx512
    return (vecdm)bits;
#else
    double on[VECD_LANES];
    VEC_UNROLL
    for (int l = 0; l < VECD_LANES; l++)
        on[l] = (double)(bits >> l & 1);
    return vecd_less(vecd_set1(0), vecd_loadu(on));
#endif
}

/* Store the lanes of v whose bit is set side by side; up to VECD_LANES elements from out on are written. */
VEC_INLINE void store_lanes(double *out, vecd v, uint32_t bits)
{
#if CVI_LEVEL == CVI_LEVEL_avx512
    _mm512_storeu_pd(out, _mm512_maskz_compress_pd((__mmask8)bits, v));
#else
    double lane[VECD_LANES];
    vecd_storeu(lane, v);
    for (; bits != 0; bits &= bits - 1)
        *out++ = lane[__builtin_ctz(bits)];
#endif
}

/* Bits of the lanes of the vector at position v that hold one of count elements. */
VEC_INLINE uint32_t used_lanes(int64_t v, int64_t count)
{
    const uint32_t all = (1u << VECD_LANES) - 1;
    return count - v < VECD_LANES ? all >> (VECD_LANES - (count - v)) : all;
}

VEC_INLINE int64_t smallest_lane(vecd v)
{
#if CVI_LEVEL == CVI_LEVEL_avx512
    return __builtin_ctz(
        (uint32_t)_mm512_cmp_pd_mask(v, _mm512_set1_pd(_mm512_reduce_min_pd(v)), _CMP_EQ_OQ) | 0x80u);
#else
    double lane[VECD_LANES];
    vecd_storeu(lane, v);
    int64_t least = 0;
    for (int64_t l = 1; l < VECD_LANES; l++)
        least = lane[l] < lane[least] ? l : least;
    return least;
#endif
}

/* The candidate with the smallest score at the middle of the box. Any candidate would do. */
VEC_INLINE int64_t reference(const cvi_tree_list *in, int64_t d, const double *box)
{
    const int64_t stride = in->stride;
    const double *sqnorm = in->at + stride, *coordinate = in->at + 2 * stride;
    vecd best = vecd_set1(INFINITY), place = vecd_set1(0);
    for (int64_t v = 0; v < in->count; v += VECD_LANES) {
        vecd score = vecd_load(sqnorm + v);
        VEC_UNROLL
        for (int64_t f = 0; f < d; f++)
            score = vecd_sub(
                score, vecd_mul(vecd_set1(box[f] + box[d + f]), vecd_load(coordinate + f * stride + v)));
        const uint32_t used = used_lanes(v, in->count);
        const vecdm less = vecdm_and(vecd_less(score, best), lanes_of(used));
        best = vecd_select(less, score, best);
        place = vecd_select(less, vecd_set1((double)v), place);
    }
    const int64_t lane = smallest_lane(best);
    double at[VECD_LANES];
    vecd_storeu(at, place);
    return (int64_t)at[lane] + lane;
}

/*
 * b cannot own a row x of the box, nor tie, where a's score stays below b's:
 *     (|b|^2 - |a|^2) - 2 x.(b - a)  >  margin   at the corner of the box that is best for b.
 * The margin covers this computation and the rounding of both canonical scores: together at most
 * 8 (d + 4) 2^-53 (|x|^2 + |a|^2 + |b|^2); twice that is used.  (D. Pelleg & A. Moore, KDD 1999.)
 */
VEC_INLINE int64_t filter(const cvi_tree_list *in, int64_t d, const double *box, cvi_tree_list *out)
{
    const int64_t stride = in->stride, a = reference(in, d, box);
    double reach = 0;
    VEC_UNROLL
    for (int64_t f = 0; f < d; f++) {
        const double low = box[f] * box[f], high = box[d + f] * box[d + f];
        reach += low > high ? low : high;
    }
    const vecd unit = vecd_set1((double)(d + 4) * 0x1p-49), sq_a = vecd_set1(in->at[stride + a]);
    const vecd fixed = vecd_add(vecd_set1(reach), sq_a);
    int64_t kept = 0;
    for (int64_t v = 0; v < in->count; v += VECD_LANES) {
        const vecd sq_b = vecd_load(in->at + stride + v);
        vecd gain = vecd_set1(0);
        VEC_UNROLL
        for (int64_t f = 0; f < d; f++) {
            const double *coordinate = in->at + (2 + f) * stride;
            const vecd t = vecd_sub(vecd_load(coordinate + v), vecd_set1(coordinate[a]));
            gain =
                vecd_add(gain, vecd_max(vecd_mul(vecd_set1(box[f]), t), vecd_mul(vecd_set1(box[d + f]), t)));
        }
        const vecd behind = vecd_sub(vecd_sub(sq_b, sq_a), vecd_add(gain, gain));
        const vecd margin = vecd_mul(unit, vecd_add(fixed, sq_b));
        const uint32_t keep = ~vecdm_bits(vecd_less(margin, behind)) & used_lanes(v, in->count);
        if (keep == 0)
            continue;
        VEC_UNROLL
        for (int64_t r = 0; r < 2 + d; r++)
            store_lanes(out->at + r * out->stride + kept, vecd_load(in->at + r * stride + v), keep);
        kept += __builtin_popcount(keep);
    }
    return kept;
}

/* The canonical scores of candidate j for STRIP rows. */
VEC_INLINE void scores(const cvi_tree_list *list, int64_t j, int64_t d, const double *x, vecd score[POINTS])
{
    const double *c = list->at + j;
    const vecd sqnorm = vecd_set1(c[list->stride]);
    VEC_UNROLL
    for (int p = 0; p < POINTS; p++)
        score[p] = vecd_set1(0);
    VEC_UNROLL
    for (int64_t f = 0; f < d; f++) {
        const vecd coordinate = vecd_set1(c[(2 + f) * list->stride]);
        VEC_UNROLL
        for (int p = 0; p < POINTS; p++)
            score[p] = vecd_fma(vecd_loadu(x + f * CVI_TILE + p * VECD_LANES), coordinate, score[p]);
    }
    VEC_UNROLL
    for (int p = 0; p < POINTS; p++)
        score[p] = vecd_fma(vecd_set1(-2), score[p], sqnorm); /* a double is exact */
}

/* The canonical score of every candidate for 64 rows; candidates rise, so the lowest of equals stays. */
VEC_INLINE uint64_t leaf(const cvi_tree_list *list, int64_t d, const double *x, int64_t count,
                         const int32_t *before, int32_t *label)
{
    uint64_t same = 0;
    for (int64_t i = 0; i < count; i += STRIP) {
        vecd best[POINTS], at[POINTS];
        scores(list, 0, d, x + i, best);
        VEC_UNROLL
        for (int p = 0; p < POINTS; p++)
            at[p] = vecd_set1(list->at[0]);
        VEC_NO_UNROLL
        for (int64_t j = 1; j < list->count; j++) {
            const vecd number = vecd_set1(list->at[j]);
            vecd score[POINTS];
            scores(list, j, d, x + i, score);
            VEC_UNROLL
            for (int p = 0; p < POINTS; p++) {
                const vecdm less = vecd_less(score[p], best[p]);
                best[p] = vecd_min(score[p], best[p]);
                at[p] = vecd_select(less, number, at[p]);
            }
        }
        VEC_UNROLL
        for (int p = 0; p < POINTS; p++) {
            const int64_t row = i + p * VECD_LANES;
            same |= (uint64_t)vecdm_bits(vecd_equal(vecd_loadi(before + row), at[p])) << row;
            vecd_storei(label + row, at[p]);
        }
    }
    return ~same & (count < CVI_TILE ? ((uint64_t)1 << count) - 1 : UINT64_MAX);
}

#define NODES_OF(D)                                                                                          \
    VEC_NOINLINE int64_t filter_##D(const cvi_tree_list *in, const double *box, cvi_tree_list *out)          \
    {                                                                                                        \
        return filter(in, D, box, out);                                                                      \
    }                                                                                                        \
    VEC_NOINLINE uint64_t leaf_##D(const cvi_tree_list *list, const double *x, int64_t count,                \
                                   const int32_t *before, int32_t *label)                                    \
    {                                                                                                        \
        return leaf(list, D, x, count, before, label);                                                       \
    }
NODES_OF(1)
NODES_OF(2)
NODES_OF(3)
NODES_OF(4)
NODES_OF(5)
NODES_OF(6)

int64_t CVI_K(tree_filter)(const cvi_tree_list *in, int64_t d, const double *box, cvi_tree_list *out)
{
    static int64_t (*const filters[])(const cvi_tree_list *, const double *, cvi_tree_list *) = {
        filter_1, filter_2, filter_3, filter_4, filter_5, filter_6};
    return filters[d - 1](in, box, out);
}

uint64_t CVI_K(tree_leaf)(const cvi_tree_list *list, int64_t d, const double *x, int64_t count,
                          const int32_t *before, int32_t *label)
{
    static uint64_t (*const leaves[])(const cvi_tree_list *, const double *, int64_t, const int32_t *,
                               int32_t *) = {leaf_1, leaf_2, leaf_3, leaf_4, leaf_5, leaf_6};
    return leaves[d - 1](list, x, count, before, label);
}

void CVI_K(tree_center_f32)(const float *tile, int64_t d, const double *mean, double *x)
{
    for (int64_t f = 0; f < d; f++)
        VEC_UNROLL
    for (int64_t i = 0; i < CVI_TILE; i += VECD_LANES)
        vecd_storeu(x + f * CVI_TILE + i, vecd_sub(vecd_loadf(tile + f * CVI_TILE + i), vecd_set1(mean[f])));
}

void CVI_K(tree_center_f64)(const double *tile, int64_t d, const double *mean, double *x)
{
    for (int64_t f = 0; f < d; f++)
        VEC_UNROLL
    for (int64_t i = 0; i < CVI_TILE; i += VECD_LANES)
        vecd_storeu(x + f * CVI_TILE + i, vecd_sub(vecd_loadu(tile + f * CVI_TILE + i), vecd_set1(mean[f])));
}

void CVI_K(tree_box)(const double *x, int64_t d, double *box)
{
    for (int64_t f = 0; f < d; f++) {
        vecd low = vecd_loadu(x + f * CVI_TILE), high = low;
        VEC_UNROLL
        for (int64_t i = VECD_LANES; i < CVI_TILE; i += VECD_LANES) {
            low = vecd_min(low, vecd_loadu(x + f * CVI_TILE + i));
            high = vecd_max(high, vecd_loadu(x + f * CVI_TILE + i));
        }
        double least[VECD_LANES], most[VECD_LANES];
        vecd_storeu(least, low);
        vecd_storeu(most, high);
        for (int l = 1; l < VECD_LANES; l++) {
            least[0] = least[l] < least[0] ? least[l] : least[0];
            most[0] = most[l] > most[0] ? most[l] : most[0];
        }
        box[f] = least[0];
        box[d + f] = most[0];
    }
}

void CVI_K(tree_sums)(const cvi_grid *grid, const double *x, uint64_t rows, uint64_t *q)
{
    const int64_t levels = grid->levels < 4 ? grid->levels : 4;
    const int64_t spare = CVI_TILE - __builtin_popcountll(rows);
    for (int64_t f = 0; f < grid->d; f++) {
        veci sum[4] = {veci_zero(), veci_zero(), veci_zero(), veci_zero()};
        int64_t idle = spare; /* lanes that were added without a row */
        for (int64_t i = 0; i < CVI_TILE; i += VECD_LANES) {
            const uint32_t bits = (uint32_t)(rows >> i) & ((1u << VECD_LANES) - 1);
            if (bits == 0) {
                idle -= VECD_LANES;
                continue;
            }
            vecd v = vecd_select(lanes_of(bits), vecd_loadu(x + f * CVI_TILE + i), vecd_set1(0));
            for (int64_t l = 0; l < levels; l++) {
                const vecd magic = vecd_set1(grid->magic[l * grid->d + f]), shifted = vecd_add(v, magic);
                sum[l] = veci_add(sum[l], veci_of(shifted));
                v = vecd_sub(v, vecd_sub(shifted, magic));
            }
        }
        for (int64_t l = 0; l < levels; l++) {
            uint64_t lane[VECD_LANES], empty;
            memcpy(&empty, &grid->magic[l * grid->d + f], sizeof empty);
            veci_storeu(lane, sum[l]);
            for (int i = 0; i < VECD_LANES; i++)
                q[l * grid->d + f] += lane[i];
            q[l * grid->d + f] -= (uint64_t)idle * empty;
        }
    }
}
