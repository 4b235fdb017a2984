/*
 * The canonical score of CSR rows: centers stand in the lanes, stored values come one by one.  Products and
 * additions are rounded apart, as scikit-learn's sparse path rounds them, so every level has the same bits.
 */
#include "kernels/body/body.h"

enum { WIDTH = CVI_GROUP64 / VECD_LANES }; /* vectors a group */
/* Groups of 8 centers whose sums stay in registers while a row goes by. */
#if VECD_LANES == 8
enum { GROUPS = 8 };
#elif VEC_REGISTERS >= 32 || defined(VEC_HAS_FMA)
enum { GROUPS = 4 };
#else
enum { GROUPS = 2 };
#endif
/* The centers' values of a stored column lie anywhere: they are asked for so many values ahead. */
enum { AHEAD = 4 };

typedef struct lowest {
    vecd score[WIDTH], group[WIDTH];
} lowest;

VEC_INLINE int64_t column(const cvi_sparse_values *row, bool wide, int64_t p)
{
    return wide ? ((const int64_t *)row->columns)[p] : ((const int32_t *)row->columns)[p];
}

VEC_INLINE void take(const int groups, bool narrow, bool wide, const cvi_sparse_centers *c,
                     const cvi_sparse_values *row, int64_t first, lowest *low)
{
    vecd dot[GROUPS * WIDTH];
    VEC_UNROLL
    for (int v = 0; v < groups * WIDTH; v++)
        dot[v] = vecd_set1(0.0);
    for (int64_t p = 0; p < row->count; p++) {
        const double value =
            narrow ? (double)((const float *)row->values)[p] : ((const double *)row->values)[p];
        const double *center = c->columns + column(row, wide, p) * c->stride + first * CVI_GROUP64;
        if (p + AHEAD < row->count) {
            const double *next = c->columns + column(row, wide, p + AHEAD) * c->stride + first * CVI_GROUP64;
            VEC_UNROLL
            for (int g = 0; g < groups; g++)
                __builtin_prefetch(next + g * CVI_GROUP64);
        }
        const vecd b = vecd_set1(value);
        VEC_UNROLL
        for (int v = 0; v < groups * WIDTH; v++)
            dot[v] = vecd_add(dot[v], vecd_mul(b, vecd_load(center + v * VECD_LANES)));
    }
    VEC_UNROLL
    for (int v = 0; v < groups * WIDTH; v++) {
        const vecd sqnorm = vecd_load(c->sqnorm + first * CVI_GROUP64 + v * VECD_LANES);
        const vecd score = vecd_sub(sqnorm, vecd_mul(vecd_set1(2.0), dot[v]));
        const vecdm less = vecd_less(score, low->score[v % WIDTH]); /* strict: the lower group keeps a tie */
        low->score[v % WIDTH] = vecd_select(less, score, low->score[v % WIDTH]);
        low->group[v % WIDTH] = /* NOLINTNEXTLINE(bugprone-integer-division) */
            vecd_select(less, vecd_set1((double)(first + v / WIDTH)), low->group[v % WIDTH]);
    }
}

#define TAKE(groups)                                                                                         \
    VEC_NOINLINE void take_##groups(const cvi_sparse_centers *c, const cvi_sparse_values *row,               \
                                    int64_t first, lowest *low)                                              \
    {                                                                                                        \
        if (row->narrow)                                                                                     \
            row->wide ? take(groups, true, true, c, row, first, low)                                         \
                      : take(groups, true, false, c, row, first, low);                                       \
        else                                                                                                 \
            row->wide ? take(groups, false, true, c, row, first, low)                                        \
                      : take(groups, false, false, c, row, first, low);                                      \
    }

typedef void take_fn(const cvi_sparse_centers *c, const cvi_sparse_values *row, int64_t first, lowest *low);
TAKE(1)
TAKE(2)
#if VEC_REGISTERS >= 32 || defined(VEC_HAS_FMA)
TAKE(3)
TAKE(4)
#endif
#if VECD_LANES == 8
TAKE(5)
TAKE(6)
TAKE(7)
TAKE(8)
static take_fn *const takes[] = {NULL, take_1, take_2, take_3, take_4, take_5, take_6, take_7, take_8};
#elif VEC_REGISTERS >= 32 || defined(VEC_HAS_FMA)
static take_fn *const takes[] = {NULL, take_1, take_2, take_3, take_4};
#else
static take_fn *const takes[] = {NULL, take_1, take_2};
#endif

int32_t CVI_K(sparse_nearest)(const cvi_sparse_centers *c, const cvi_sparse_values *row)
{
    const int64_t all = c->stride / CVI_GROUP64;
    lowest low;
    for (int w = 0; w < WIDTH; w++) {
        low.score[w] = vecd_set1(INFINITY);
        low.group[w] = vecd_set1(0);
    }
    for (int64_t first = 0; first < all; first += GROUPS)
        takes[all - first < GROUPS ? all - first : GROUPS](c, row, first, &low);
    vecd best = low.score[0], at = vecd_set1(INFINITY);
    for (int w = 1; w < WIDTH; w++)
        best = vecd_min(best, low.score[w]);
    const vecd least = vecd_set1(vecd_lowest(best));
    for (int w = 0; w < WIDTH; w++) {
        const vecd lane = vecd_add(vecd_iota(), vecd_set1((double)(w * VECD_LANES)));
        const vecd j = vecd_add(vecd_mul(low.group[w], vecd_set1((double)CVI_GROUP64)), lane);
        at = vecd_min(at, vecd_select(vecd_equal(low.score[w], least), j, vecd_set1(INFINITY)));
    }
    return (int32_t)vecd_lowest(at);
}

/* --- float32 half scores of some groups of 16 centers ------------------------------------------------------------- */

enum { WIDTH32 = CVI_GROUP32 / VECF_LANES };
#if VECF_LANES == 16
enum { GROUPS32 = 8 };
#elif VEC_REGISTERS >= 32 || defined(VEC_HAS_FMA)
enum { GROUPS32 = 4 };
#else
enum { GROUPS32 = 2 };
#endif

VEC_INLINE float lowest_of(const float *score)
{
    float low[4];
    for (int l = 0; l < 4; l++) {
        const float a = score[l] < score[l + 4] ? score[l] : score[l + 4];
        const float b = score[l + 8] < score[l + 12] ? score[l + 8] : score[l + 12];
        low[l] = a < b ? a : b;
    }
    const float a = low[0] < low[2] ? low[0] : low[2], b = low[1] < low[3] ? low[1] : low[3];
    return a < b ? a : b;
}

VEC_INLINE void scores(const int groups, bool narrow, bool wide, const cvi_sparse_centers32 *c,
                       const cvi_sparse_values *row, const int32_t *group, float *out)
{
    vecf score[GROUPS32 * WIDTH32];
    int64_t offset[GROUPS32];
    VEC_UNROLL
    for (int g = 0; g < groups; g++)
        offset[g] = group[g] * (int64_t)CVI_GROUP32;
    VEC_UNROLL
    for (int v = 0; v < groups * WIDTH32; v++)
        score[v] = vecf_load(c->half_sqnorm + offset[v / WIDTH32] + v % WIDTH32 * VECF_LANES);
    for (int64_t p = 0; p < row->count; p++) {
        const double value =
            narrow ? (double)((const float *)row->values)[p] : ((const double *)row->values)[p];
        const float *center = c->columns + column(row, wide, p) * c->stride;
        if (p + AHEAD < row->count) {
            const float *next = c->columns + column(row, wide, p + AHEAD) * c->stride;
            VEC_UNROLL
            for (int g = 0; g < groups; g++)
                __builtin_prefetch(next + offset[g]);
        }
        const vecf b = vecf_set1((float)(value * c->scale));
        VEC_UNROLL
        for (int v = 0; v < groups * WIDTH32; v++)
            score[v] = vecf_negmuladd(b, vecf_load(center + offset[v / WIDTH32] + v % WIDTH32 * VECF_LANES), score[v]);
    }
    VEC_UNROLL
    for (int v = 0; v < groups * WIDTH32; v++)
        vecf_storeu(out + v * VECF_LANES, score[v]);
}

#define SCORES(groups)                                                                                       \
    VEC_NOINLINE void scores_##groups(const cvi_sparse_centers32 *c, const cvi_sparse_values *row,           \
                                      const int32_t *group, float *out)                                      \
    {                                                                                                        \
        if (row->narrow)                                                                                     \
            row->wide ? scores(groups, true, true, c, row, group, out)                                       \
                      : scores(groups, true, false, c, row, group, out);                                     \
        else                                                                                                 \
            row->wide ? scores(groups, false, true, c, row, group, out)                                      \
                      : scores(groups, false, false, c, row, group, out);                                    \
    }

typedef void scores_fn(const cvi_sparse_centers32 *c, const cvi_sparse_values *row, const int32_t *group, float *out);
SCORES(1)
SCORES(2)
#if VECF_LANES == 16 || VEC_REGISTERS >= 32 || defined(VEC_HAS_FMA)
SCORES(3)
SCORES(4)
#endif
#if VECF_LANES == 16
SCORES(5)
SCORES(6)
SCORES(7)
SCORES(8)
static scores_fn *const all_scores[] = {NULL,     scores_1, scores_2, scores_3, scores_4,
                                        scores_5, scores_6, scores_7, scores_8};
#elif VEC_REGISTERS >= 32 || defined(VEC_HAS_FMA)
static scores_fn *const all_scores[] = {NULL, scores_1, scores_2, scores_3, scores_4};
#else
static scores_fn *const all_scores[] = {NULL, scores_1, scores_2};
#endif

void CVI_K(sparse_half_scores)(const cvi_sparse_centers32 *c, const cvi_sparse_values *row, const int32_t *groups,
                               int64_t count, float *out, float *least)
{
    for (int64_t g = 0; g < count; g += GROUPS32)
        all_scores[count - g < GROUPS32 ? count - g : GROUPS32](c, row, groups + g, out + g * CVI_GROUP32);
    for (int64_t g = 0; g < count; g++)
        least[g] = lowest_of(out + g * CVI_GROUP32);
}

/* --- distances ---------------------------------------------------------------------------------------------------- */

VEC_INLINE double merged(bool narrow, bool wide, const cvi_sparse_values *row, const int64_t *columns, const double *values,
                         int64_t count)
{
    double sq = 0;
    int64_t q = 0;
    for (int64_t p = 0; p < row->count; p++) {
        const int64_t f = column(row, wide, p);
        const double x = narrow ? (double)((const float *)row->values)[p] : ((const double *)row->values)[p];
        for (; columns[q] < f; q++)
            sq = fma(values[q], values[q], sq);
        const bool both = columns[q] == f;
        const double t = x - (both ? values[q] : 0.0);
        q += both;
        sq = fma(t, t, sq);
    }
    for (; q < count; q++)
        sq = fma(values[q], values[q], sq);
    return sq;
}

double CVI_K(sparse_sqdist)(const cvi_sparse_values *row, const int64_t *columns, const double *values, int64_t count)
{
    if (row->narrow)
        return row->wide ? merged(true, true, row, columns, values, count) : merged(true, false, row, columns, values, count);
    return row->wide ? merged(false, true, row, columns, values, count) : merged(false, false, row, columns, values, count);
}

/*
 * Rows stand in the lanes, features go by in strips of which a tile holds the rows' values, zeros included:
 *
 *     tile [FEATURES][CVI_TILE]    entries of the strip are written before it is summed and wiped out after
 */
enum { FEATURES = 64, AT_ONCE = 4 };

typedef struct strip {
    _Alignas(64) double tile[FEATURES * CVI_TILE];
    _Alignas(64) double sq[CVI_TILE];
    int64_t next[CVI_TILE]; /* entry of each row that comes next */
    uint16_t filled[FEATURES * CVI_TILE];
    int64_t n_filled;
} strip;

VEC_INLINE void fill(strip *s, bool narrow, bool wide, const cvi_sparse_values *row, int64_t r, int64_t first, int64_t end)
{
    int64_t p = s->next[r];
    for (; p < row->count; p++) {
        const int64_t f = column(row, wide, p);
        if (f >= end)
            break;
        const int64_t at = (f - first) * CVI_TILE + r;
        s->tile[at] = narrow ? (double)((const float *)row->values)[p] : ((const double *)row->values)[p];
        s->filled[s->n_filled++] = (uint16_t)at;
    }
    s->next[r] = p;
}

static void fill_rows(strip *s, const cvi_sparse_values *rows, int64_t count, int64_t first, int64_t end)
{
    s->n_filled = 0;
    for (int64_t r = 0; r < count; r++) {
        const cvi_sparse_values *row = &rows[r];
        if (row->narrow)
            row->wide ? fill(s, true, true, row, r, first, end) : fill(s, true, false, row, r, first, end);
        else
            row->wide ? fill(s, false, true, row, r, first, end) : fill(s, false, false, row, r, first, end);
    }
}

/* Lanes r .. r + AT_ONCE vectors of the strip's features. */
VEC_NOINLINE void sum_strip(strip *s, const double *c, int64_t features, int64_t r)
{
    vecd sq[AT_ONCE];
    VEC_UNROLL
    for (int v = 0; v < AT_ONCE; v++)
        sq[v] = vecd_load(s->sq + r + v * VECD_LANES);
    VEC_NO_UNROLL
    for (int64_t f = 0; f < features; f++) {
        const vecd b = vecd_set1(c[f]);
        VEC_UNROLL
        for (int v = 0; v < AT_ONCE; v++) {
            const vecd t = vecd_sub(vecd_load(s->tile + f * CVI_TILE + r + v * VECD_LANES), b);
            sq[v] = vecd_fma(t, t, sq[v]);
        }
    }
    VEC_UNROLL
    for (int v = 0; v < AT_ONCE; v++)
        vecd_store(s->sq + r + v * VECD_LANES, sq[v]);
}

void CVI_K(sparse_sqdist_rows)(const cvi_sparse_values *rows, int64_t count, const double *c, int64_t d, double *sqdist)
{
    strip s;
    memset(s.tile, 0, sizeof s.tile);
    memset(s.sq, 0, sizeof s.sq);
    memset(s.next, 0, sizeof s.next);
    for (int64_t first = 0; first < d; first += FEATURES) {
        const int64_t end = first + FEATURES < d ? first + FEATURES : d;
        fill_rows(&s, rows, count, first, end);
        for (int64_t r = 0; r < count; r += AT_ONCE * VECD_LANES)
            sum_strip(&s, c + first, end - first, r);
        for (int64_t e = 0; e < s.n_filled; e++)
            s.tile[s.filled[e]] = 0;
    }
    memcpy(sqdist, s.sq, (size_t)count * sizeof *sqdist);
}

double CVI_K(sparse_potential)(const double *dot, const double *sqnorm, double own, const double *near,
                               const double *weights, int64_t count)
{
    enum { CHAINS = 4 };
    const vecd c = vecd_set1(own), minus_two = vecd_set1(-2.0);
    vecd sum[CHAINS];
    double out[VECD_LANES], total = 0;
    for (int v = 0; v < CHAINS; v++)
        sum[v] = vecd_set1(0.0);
    for (int64_t i = 0; i < count; i += VECD_LANES) {
        const int64_t left = count - i < VECD_LANES ? count - i : VECD_LANES;
        const vecd both = vecd_add(vecd_load_part(sqnorm + i, left), c);
        const vecd far = vecd_add(vecd_mul(minus_two, vecd_load_part(dot + i, left)), both);
        vecd value = vecd_min(far, vecd_load_part(near + i, left));
        if (weights != NULL)
            value = vecd_mul(value, vecd_load_part(weights + i, left));
        vecd_storeu(out, value);
        if (left < VECD_LANES)
            break; /* only these lanes are rows */
        vecd *const to = &sum[i / VECD_LANES % CHAINS];
        *to = vecd_add(*to, value);
    }
    for (int64_t l = 0; l < count % VECD_LANES; l++)
        total += out[l];
    for (int v = 0; v < CHAINS; v++) {
        vecd_storeu(out, sum[v]);
        for (int l = 0; l < VECD_LANES; l++)
            total += out[l];
    }
    return total;
}
