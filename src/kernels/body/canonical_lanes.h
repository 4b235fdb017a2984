/*
 * The canonical score with rows in the lanes, for blocks of rows with few features: each lane is again one chain of fused
 * multiply-adds in the order of the features.  Lowest score and label of a row stay in one lane of a register while all
 * centers pass by, and no lanes have to meet.
 *
 *   x [d][BLOCK]  the rows, transposed      a strip: `vectors` vectors of rows against `centers` centers at a time
 *
 * What is compared is half the score, h - x.c with h = |c|^2 / 2: one subtraction, on a unit that does not multiply, where
 * |c|^2 - 2 x.c takes a multiply-add.  Both round alike: half of a normal number is exact, and results too small for that
 * are sums of multiples of the smallest number, formed without rounding.  Only h must be exact, see halves_exact().
 */
#ifndef CVI_KERNELS_CANONICAL_LANES_H
#define CVI_KERNELS_CANONICAL_LANES_H

#include "kernels/body/body.h"

/* BLOCK: rows whose lowest scores are kept at once, so that panels are read once for all of them. */
#if VECD_LANES == 8
enum { BLOCK = 64, LANES_MAX_D = 24, STRIP_VECTORS = 2, STRIP_CENTERS = 8, MOST_HELD = 8 };
#else
enum { BLOCK = 64, LANES_MAX_D = 16, STRIP_VECTORS = 2, STRIP_CENTERS = 4, MOST_HELD = 1 };
#endif

/* What a strip function is made for, known to the compiler. Of `held` features (0 or all of them) the rows stay in
 * registers while the centers pass by. */
typedef struct strip_form {
    int vectors, centers, held;
} strip_form;

typedef vecd held_rows[MOST_HELD][STRIP_VECTORS];

/* The products of one feature are added to acc, or begin it: a product is what a fused multiply-add to 0 gives, but for
 * the sign of a zero, which the sum with |c|^2 >= 0 does not show. */
VEC_INLINE void strip_feature(const strip_form is, const bool begin, const vecd *v, const double *center,
                              vecd acc[STRIP_CENTERS][STRIP_VECTORS])
{
    VEC_UNROLL
    for (int c = 0; c < is.centers; c++) {
        const vecd b = vecd_set1(center[c]);
        VEC_UNROLL
        for (int p = 0; p < is.vectors; p++)
            acc[c][p] = begin ? vecd_mul(v[p], b) : vecd_fma(v[p], b, acc[c][p]);
    }
}

VEC_INLINE void strip_rows(const strip_form is, const double *x, vecd *v)
{
    VEC_UNROLL
    for (int p = 0; p < is.vectors; p++)
        v[p] = vecd_load(x + p * VECD_LANES);
}

/* x.c of a strip and the centers from `center` on, d features. */
VEC_INLINE void strip_dots(const strip_form is, const held_rows held, const double *x, const double *center, int64_t d,
                           vecd acc[STRIP_CENTERS][STRIP_VECTORS])
{
    vecd v[STRIP_VECTORS];
    VEC_UNROLL
    for (int f = 0; f < is.held; f++)
        strip_feature(is, f == 0, held[f], center + f * CVI_GROUP64, acc);
    if (is.held > 0)
        return;
    strip_rows(is, x, v);
    strip_feature(is, true, v, center, acc);
    VEC_NO_UNROLL
    for (int64_t f = 1; f < d; f++) {
        strip_rows(is, x + f * BLOCK, v);
        strip_feature(is, false, v, center + f * CVI_GROUP64, acc);
    }
}

/* A group's worth of half squared norms. */
VEC_INLINE void halve(const double *sqnorm, double *half)
{
    VEC_UNROLL
    for (int l = 0; l < CVI_GROUP64; l += VECD_LANES)
        vecd_store(half + l, vecd_mul(vecd_load(sqnorm + l), vecd_set1(0.5)));
}

/* The lowest score of each row of a strip, and the first center that has it: every test is strict. */
VEC_INLINE void strip(const strip_form is, const cvi_canonical *c, const double *x, int64_t d, int32_t *label, double *score)
{
    vecd low[STRIP_VECTORS], at[STRIP_VECTORS], number = vecd_set1(0);
    held_rows held;
    _Alignas(64) double half[CVI_GROUP64];
    const double *center = c->centers;
    VEC_UNROLL
    for (int f = 0; f < is.held; f++)
        strip_rows(is, x + f * BLOCK, held[f]);
    VEC_UNROLL
    for (int p = 0; p < is.vectors; p++) {
        low[p] = vecd_set1(INFINITY);
        at[p] = vecd_set1(0);
    }
    for (int64_t g = 0; g < c->groups; g++) {
        halve(c->sqnorm + g * CVI_GROUP64, half);
        for (int part = 0; part < CVI_GROUP64; part += is.centers) {
            vecd acc[STRIP_CENTERS][STRIP_VECTORS];
            strip_dots(is, (const vecd(*)[STRIP_VECTORS])held, x, center + part, d, acc);
            VEC_UNROLL
            for (int j = 0; j < is.centers; j++) {
                VEC_UNROLL
                for (int p = 0; p < is.vectors; p++) {
                    const vecd s = vecd_sub(vecd_set1(half[part + j]), acc[j][p]);
                    at[p] = vecd_select(vecd_less(s, low[p]), number, at[p]);
                    low[p] = vecd_min(s, low[p]);
                }
                number = vecd_add(number, vecd_set1(1));
            }
        }
        center += d * CVI_GROUP64;
    }
    VEC_UNROLL
    for (int p = 0; p < is.vectors; p++) {
        vecd_storei(label + p * VECD_LANES, at[p]);
        vecd_storeu(score + p * VECD_LANES, vecd_add(low[p], low[p]));
    }
}

#define STRIP(name, is, d)                                                                                               \
    VEC_NOINLINE void name(const cvi_canonical *c, const double *x, int32_t *label, double *score)                       \
    {                                                                                                                    \
        strip(is, c, x, d, label, score);                                                                                \
    }

#if VECD_LANES == 8
STRIP(one_vector_8, ((strip_form){1, 8, 8}), 8)
STRIP(two_vectors_8, ((strip_form){2, 4, 8}), 8)
STRIP(one_vector, ((strip_form){1, 8, 0}), c->d)
#else
STRIP(two_vectors_8, ((strip_form){2, 4, 0}), 8)
#endif
STRIP(two_vectors, ((strip_form){2, 4, 0}), c->d)

/* x [d][BLOCK] from count rows; columns up to the next whole vector repeat the last row. */
static void transpose_rows(const double *rows, int64_t ld, int64_t count, int64_t d, double *x)
{
    for (int64_t i = 0; i < count; i += VECD_LANES) {
        const double *row[VECD_LANES];
        for (int64_t r = 0; r < VECD_LANES; r++)
            row[r] = rows + (i + r < count ? i + r : count - 1) * ld;
        for (int64_t f = 0; f < d; f += VECD_LANES) {
            const int64_t n = d - f < VECD_LANES ? d - f : VECD_LANES;
            vecd v[VECD_LANES];
            VEC_UNROLL
            for (int r = 0; r < VECD_LANES; r++)
                v[r] = n == VECD_LANES ? vecd_loadu(row[r] + f) : vecd_load_part(row[r] + f, n);
            vecd_transpose(v);
            VEC_UNROLL
            for (int c = 0; c < VECD_LANES; c++)
                if (c < n)
                    vecd_store(x + (f + c) * BLOCK + i, v[c]);
        }
    }
}

/* The rows of whole strips against those that exist: measured, a row costs about d + 4 here where it costs d + 9 with
 * centers in the lanes. */
static bool lanes_pay(int64_t d, int64_t count)
{
    const int64_t whole = (count + 7) / 8 * 8;
    return VECD_LANES >= 4 && d <= LANES_MAX_D && whole * (d + 4) <= count * (d + 9);
}

/* No |c|^2 between 0 and 2^-1000. The smallest one tells, unless it is 0. */
static bool halves_exact(const cvi_canonical *c)
{
    const int64_t count = c->groups * CVI_GROUP64;
    vecd least[4];
    int64_t j = 0;
    for (int a = 0; a < 4; a++)
        least[a] = vecd_set1(INFINITY);
    for (; j + 4 * VECD_LANES <= count; j += 4 * VECD_LANES)
        VEC_UNROLL
        for (int a = 0; a < 4; a++)
            least[a] = vecd_min(vecd_load(c->sqnorm + j + a * VECD_LANES), least[a]);
    for (; j < count; j += VECD_LANES)
        least[0] = vecd_min(vecd_load(c->sqnorm + j), least[0]);
    if (vecd_lowest(vecd_min(vecd_min(least[0], least[1]), vecd_min(least[2], least[3]))) >= 0x1p-1000)
        return true;
    for (j = 0; j < count; j++)
        if (c->sqnorm[j] != 0 && c->sqnorm[j] < 0x1p-1000)
            return false;
    return true;
}

/* canonical_rows of a block, d <= LANES_MAX_D. */
static void block_lanes(const cvi_canonical *c, const double *rows, int64_t ld, int64_t count, int32_t *label, double *score)
{
    _Alignas(64) double x[LANES_MAX_D * BLOCK];
    double low[BLOCK];
    int32_t at[BLOCK];
    transpose_rows(rows, ld, count, c->d, x);
    for (int64_t i = 0; i < count; i += STRIP_VECTORS * VECD_LANES) {
#if VECD_LANES == 8
        if (count - i <= VECD_LANES) {
            (c->d == 8 ? one_vector_8 : one_vector)(c, x + i, at + i, low + i);
            break;
        }
#endif
        (c->d == 8 ? two_vectors_8 : two_vectors)(c, x + i, at + i, low + i);
    }
    memcpy(label, at, (size_t)count * sizeof *label);
    if (score != NULL)
        memcpy(score, low, (size_t)count * sizeof *score);
}

#endif
