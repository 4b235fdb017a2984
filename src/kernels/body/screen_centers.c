/*
 * Centers in lanes, points one by one: for many features.  A tile of registers holds a few points by a few groups of 16
 * centers; points are broadcast from their rows, which may lie anywhere.  The smallest scores are kept lane by lane, for
 * every row, in a scratch that stays in L1, with the group's number in the low bits; the lanes of a row meet only after
 * a chunk of groups.  Panels outside, rows inside: a panel is read from L2 once for every tile of rows.
 */
#include "kernels/body/screen.h"

enum { WIDTH = CVI_GROUP32 / VECF_LANES }; /* vectors a group */
#if VEC_REGISTERS >= 32 && VECF_LANES == 16
enum { ROWS = 8, TAIL = 4, GROUPS = 3 };
#elif VEC_REGISTERS >= 32 || defined(VEC_HAS_FMA)
enum { ROWS = 6, TAIL = 4, GROUPS = 1 };
#else
enum { ROWS = 2, TAIL = 2, GROUPS = 1 };
#endif
/* Groups a chunk: their numbers fit the low bits, and tiles of 3 never straddle two chunks. */
enum { CHUNK_GROUPS = 63, ROOM = CVI_TILE + 16 };

/* Lane by lane of the groups of centers, the two smallest scores of each row. */
typedef struct lanes {
    _Alignas(64) float first[ROOM][CVI_GROUP32], second[ROOM][CVI_GROUP32];
} lanes;

/* The rows' best two with the best one's center, lanes joined. */
typedef struct joined {
    _Alignas(64) float first[CVI_TILE], second[CVI_TILE], lane[CVI_TILE];
} joined;

VEC_INLINE void take(const int groups, vecf *score, int32_t id, float *first, float *second)
{
    const vecf keep = vecf_bits(~INDEX_MASK);
    VEC_UNROLL
    for (int w = 0; w < WIDTH; w++) {
        smallest two = {vecf_load(first + w * VECF_LANES), vecf_load(second + w * VECF_LANES)};
        VEC_UNROLL
        for (int g = 0; g < groups; g++)
            smallest_take(&two, vecf_mark(score[g * WIDTH + w], keep, vecf_bits(id + g)));
        vecf_store(first + w * VECF_LANES, two.first);
        vecf_store(second + w * VECF_LANES, two.second);
    }
}

/* acc -= x.c over the features first .. end - 1, for `rows` rows and `groups` groups whose panels start at `panel`. */
VEC_INLINE void chain(const int rows, const int groups, const float *const *x, const float *panel, int64_t stride,
                      int64_t first, int64_t end, vecf acc[ROWS][GROUPS * WIDTH])
{
    panel += first * CVI_GROUP32;
    VEC_NO_UNROLL
    for (int64_t f = first; f < end; f++) {
        vecf c[GROUPS * WIDTH];
        VEC_UNROLL
        for (int v = 0; v < groups * WIDTH; v++)
            c[v] = vecf_load(panel + v / WIDTH * stride + v % WIDTH * VECF_LANES);
        VEC_UNROLL
        for (int r = 0; r < rows; r++) {
            const vecf b = vecf_set1(x[r][f]);
            VEC_UNROLL
            for (int v = 0; v < groups * WIDTH; v++)
                acc[r][v] = vecf_negmuladd(b, c[v], acc[r][v]);
        }
        panel += CVI_GROUP32;
    }
}

/* acc += the sums of chains of CVI_CHAIN features each: that keeps the rounding error, and with it the number of near ties,
 * small where rows are wide. acc starts the first chain. */
VEC_INLINE void chains(const int rows, const int groups, const float *const *x, const float *panel, int64_t stride, int64_t d,
                       vecf acc[ROWS][GROUPS * WIDTH])
{
    vecf sum[ROWS][GROUPS * WIDTH];
    VEC_UNROLL
    for (int r = 0; r < rows; r++)
        VEC_UNROLL
        for (int v = 0; v < groups * WIDTH; v++)
            sum[r][v] = vecf_set1(0);
    for (int64_t f = 0; f < d; f += CVI_CHAIN) {
        chain(rows, groups, x, panel, stride, f, d - f < CVI_CHAIN ? d : f + CVI_CHAIN, acc);
        VEC_UNROLL
        for (int r = 0; r < rows; r++)
            VEC_UNROLL
            for (int v = 0; v < groups * WIDTH; v++) {
                sum[r][v] = vecf_add(sum[r][v], acc[r][v]);
                acc[r][v] = d - f > CVI_CHAIN ? vecf_set1(0) : sum[r][v];
            }
    }
}

/* `rows` rows against the `groups` groups from `group` on, number id inside their chunk. */
VEC_INLINE void tile(const int rows, const int groups, const cvi_screen *s, const float *const *row, int64_t group,
                     int32_t id, float (*first)[CVI_GROUP32], float (*second)[CVI_GROUP32])
{
    const int width = groups * WIDTH;
    const int64_t stride = s->d * CVI_GROUP32;
    const float *panel = s->centers + group * stride;
    vecf acc[ROWS][GROUPS * WIDTH];
    const float *x[ROWS];
    VEC_UNROLL
    for (int r = 0; r < rows; r++) {
        x[r] = row[r];
        VEC_UNROLL
        for (int v = 0; v < width; v++)
            acc[r][v] = vecf_load(s->half_sqnorm + group * CVI_GROUP32 + v * VECF_LANES);
    }
    if (s->d > CVI_CHAIN)
        chains(rows, groups, x, panel, stride, s->d, acc);
    else
        chain(rows, groups, x, panel, stride, 0, s->d, acc);
    VEC_UNROLL
    for (int r = 0; r < rows; r++)
        take(groups, acc[r], id, first[r], second[r]);
}

typedef void tile_fn(const cvi_screen *s, const float *const *row, int64_t group, int32_t id,
                     float (*first)[CVI_GROUP32], float (*second)[CVI_GROUP32]);

#if VECF_LANES == 16
/* One group alone: even and odd features in chains of their own, so that the multiply-adds do not wait. */
VEC_INLINE void tile_alone(const int rows, const cvi_screen *s, const float *const *row, int64_t group, int32_t id,
                           float (*first)[CVI_GROUP32], float (*second)[CVI_GROUP32])
{
    const float *panel = s->centers + group * s->d * CVI_GROUP32;
    vecf sum[ROWS], even[ROWS], odd[ROWS];
    const float *x[ROWS];
    VEC_UNROLL
    for (int r = 0; r < rows; r++) {
        x[r] = row[r];
        sum[r] = vecf_load(s->half_sqnorm + group * CVI_GROUP32);
    }
    for (int64_t f = 0; f < s->d;) {
        const int64_t end = s->d - f > 2 * CVI_CHAIN ? f + 2 * CVI_CHAIN : s->d;
        VEC_UNROLL
        for (int r = 0; r < rows; r++)
            even[r] = odd[r] = vecf_set1(0);
        VEC_NO_UNROLL
        for (; f + 2 <= end; f += 2, panel += 2 * CVI_GROUP32) {
            const vecf c0 = vecf_load(panel), c1 = vecf_load(panel + CVI_GROUP32);
            VEC_UNROLL
            for (int r = 0; r < rows; r++) {
                even[r] = vecf_negmuladd(vecf_set1(x[r][f]), c0, even[r]);
                odd[r] = vecf_negmuladd(vecf_set1(x[r][f + 1]), c1, odd[r]);
            }
        }
        VEC_UNROLL
        for (int r = 0; r < rows; r++) {
            if (f < end)
                even[r] = vecf_negmuladd(vecf_set1(x[r][f]), vecf_load(panel), even[r]);
            sum[r] = vecf_add(sum[r], vecf_add(even[r], odd[r]));
        }
        f = end;
    }
    VEC_UNROLL
    for (int r = 0; r < rows; r++)
        take(1, &sum[r], id, first[r], second[r]);
}

VEC_NOINLINE void tile_3(const cvi_screen *s, const float *const *row, int64_t group, int32_t id,
                         float (*first)[CVI_GROUP32], float (*second)[CVI_GROUP32])
{
    tile(ROWS, 3, s, row, group, id, first, second);
}

VEC_NOINLINE void tail_3(const cvi_screen *s, const float *const *row, int64_t group, int32_t id,
                         float (*first)[CVI_GROUP32], float (*second)[CVI_GROUP32])
{
    tile(TAIL, 3, s, row, group, id, first, second);
}

VEC_NOINLINE void tile_2(const cvi_screen *s, const float *const *row, int64_t group, int32_t id,
                         float (*first)[CVI_GROUP32], float (*second)[CVI_GROUP32])
{
    tile(ROWS, 2, s, row, group, id, first, second);
}

VEC_NOINLINE void tail_2(const cvi_screen *s, const float *const *row, int64_t group, int32_t id,
                         float (*first)[CVI_GROUP32], float (*second)[CVI_GROUP32])
{
    tile(TAIL, 2, s, row, group, id, first, second);
}

VEC_NOINLINE void tile_1(const cvi_screen *s, const float *const *row, int64_t group, int32_t id,
                         float (*first)[CVI_GROUP32], float (*second)[CVI_GROUP32])
{
    tile_alone(ROWS, s, row, group, id, first, second);
}

VEC_NOINLINE void tail_1(const cvi_screen *s, const float *const *row, int64_t group, int32_t id,
                         float (*first)[CVI_GROUP32], float (*second)[CVI_GROUP32])
{
    tile_alone(TAIL, s, row, group, id, first, second);
}

static tile_fn *const tiles[] = {NULL, tile_1, tile_2, tile_3}, *const tails[] = {NULL, tail_1, tail_2, tail_3};
#else
VEC_NOINLINE void tile_1(const cvi_screen *s, const float *const *row, int64_t group, int32_t id,
                         float (*first)[CVI_GROUP32], float (*second)[CVI_GROUP32])
{
    tile(ROWS, 1, s, row, group, id, first, second);
}

VEC_NOINLINE void tail_1(const cvi_screen *s, const float *const *row, int64_t group, int32_t id,
                         float (*first)[CVI_GROUP32], float (*second)[CVI_GROUP32])
{
    tile(TAIL, 1, s, row, group, id, first, second);
}

static tile_fn *const tiles[] = {NULL, tile_1}, *const tails[] = {NULL, tail_1};
#endif

/* Groups of the next tile when `left` are to go: threes, but 4 as 2 + 2, because a group alone runs slowest. */
static int next_groups(int64_t left)
{
    if (GROUPS == 1 || left == 1)
        return 1;
    return left == 2 || left == 4 ? 2 : GROUPS;
}

static void screen_chunk(const cvi_screen *s, const float *const *row, int64_t count, int64_t group, int64_t end, lanes *best)
{
    for (int64_t i = 0; i < count + VECF_LANES - 1; i++) /* join reads whole vectors of rows */
        for (int l = 0; l < CVI_GROUP32; l++)
            best->first[i][l] = best->second[i][l] = NO_SCORE;
    const int64_t first_group = group;
    while (group < end) {
        const int groups = next_groups(end - group);
        const int32_t id = (int32_t)(group - first_group);
        for (int64_t i = 0; i < count;) {
            const int small = count - i <= TAIL;
            (small ? tails : tiles)[groups](s, row + i, group, id, best->first + i, best->second + i);
            i += small ? TAIL : ROWS;
        }
        group += groups;
    }
}

/* Bring the lanes of each row together: VECF_LANES rows at a time, transposed. */
VEC_NOINLINE void join(const lanes *best, int64_t count, joined *out)
{
    for (int64_t i = 0; i < count; i += VECF_LANES) {
        const float *first[VECF_LANES], *second[VECF_LANES];
        for (int r = 0; r < VECF_LANES; r++) {
            first[r] = best->first[i + r];
            second[r] = best->second[i + r];
        }
        smallest two = {vecf_set1(NO_SCORE), vecf_set1(NO_SCORE)};
        vecf lane = vecf_bits(0);
        for (int c = 0; c < CVI_GROUP32; c += 4) {
            vecf v1[4], v2[4];
            vecf_columns(first, c, 4, v1);
            vecf_columns(second, c, 4, v2);
            VEC_UNROLL
            for (int l = 0; l < 4; l++) {
                lane = vecf_select(vecf_less(v1[l], two.first), vecf_bits(c + l), lane);
                smallest_take(&two, v1[l]);
                two.second = vecf_min(two.second, v2[l]);
            }
        }
        vecf_store(out->first + i, two.first);
        vecf_store(out->second + i, two.second);
        vecf_store(out->lane + i, lane);
    }
}

uint64_t CVI_K(screen_centers)(const cvi_screen *s, const float *const *rows, const float *sqnorm, int64_t count,
                               int32_t *label, float *best)
{
    const float *row[ROOM];
    lanes chunk;
    joined j;
    float second[CVI_TILE], radius[CVI_TILE] = {0};
    /* Tiles of rows are full: the last row stands in for missing ones. */
    for (int64_t i = 0; i < ROOM; i++)
        row[i] = rows[i < count ? i : count - 1];
    for (int64_t group = 0; group < s->groups; group += CHUNK_GROUPS) {
        const int64_t end = s->groups - group < CHUNK_GROUPS ? s->groups : group + CHUNK_GROUPS;
        screen_chunk(s, row, count, group, end, &chunk);
        join(&chunk, count, &j);
        for (int64_t i = 0; i < count; i++) {
            const int64_t place = (group + (bits_of_float(j.first[i]) & INDEX_MASK)) * CVI_GROUP32 + bits_of_float(j.lane[i]);
            if (group == 0 || j.first[i] < best[i]) {
                second[i] = group == 0 || j.second[i] < best[i] ? j.second[i] : best[i];
                best[i] = j.first[i];
                label[i] = (int32_t)place;
            } else if (j.first[i] < second[i]) {
                second[i] = j.first[i];
            }
        }
    }
    uint64_t open = 0;
    memcpy(radius, sqnorm, (size_t)count * sizeof *radius);
    memcpy(j.first, best, (size_t)count * sizeof *best);
    memcpy(j.second, second, (size_t)count * sizeof *second);
    for (int64_t i = 0; i < count; i += VECF_LANES)
        open |= near_ties(s, vecf_load(j.first + i), vecf_load(j.second + i), vecf_loadu(radius + i)) << i;
    return count < CVI_TILE ? open & (((uint64_t)1 << count) - 1) : open;
}

/* --- one group: all its scores, or which are near ------------------------------------------------------------------- */

VEC_INLINE void products(const int rows, const cvi_screen *s, const float *const *row, int64_t group,
                         vecf acc[ROWS][GROUPS * WIDTH])
{
    const int64_t stride = s->d * CVI_GROUP32;
    const float *panel = s->centers + group * stride;
    const float *x[ROWS];
    VEC_UNROLL
    for (int r = 0; r < rows; r++) {
        x[r] = row[r];
        VEC_UNROLL
        for (int v = 0; v < WIDTH; v++)
            acc[r][v] = vecf_load(s->half_sqnorm + group * CVI_GROUP32 + v * VECF_LANES);
    }
    if (s->d > CVI_CHAIN)
        chains(rows, 1, x, panel, stride, s->d, acc);
    else
        chain(rows, 1, x, panel, stride, 0, s->d, acc);
}

VEC_INLINE void mark_near(const int rows, const cvi_screen *s, const float *const *row, int64_t group, const float *limit,
                     uint16_t *mask)
{
    vecf acc[ROWS][GROUPS * WIDTH];
    products(rows, s, row, group, acc);
    VEC_UNROLL
    for (int r = 0; r < rows; r++) {
        const vecf most = vecf_set1(limit[r]);
        uint32_t above = 0;
        VEC_UNROLL
        for (int v = 0; v < WIDTH; v++)
            above |= vecfm_bits(vecf_less(most, acc[r][v])) << (v * VECF_LANES);
        mask[r] = (uint16_t)~above;
    }
}

VEC_NOINLINE void near_tile(const cvi_screen *s, const float *const *row, int64_t group, const float *limit, uint16_t *mask)
{
    mark_near(ROWS, s, row, group, limit, mask);
}

VEC_NOINLINE void near_tail(const cvi_screen *s, const float *const *row, int64_t group, const float *limit, uint16_t *mask)
{
    mark_near(TAIL, s, row, group, limit, mask);
}

void CVI_K(screen_near)(const cvi_screen *s, int64_t first, int64_t end, const float *const *rows, int64_t count,
                        const float *limit, uint16_t (*found)[CVI_TILE], uint64_t *open)
{
    const float *row[ROOM];
    float most[ROOM];
    uint16_t mask[ROOM];
    for (int64_t i = 0; i < ROOM; i++) {
        row[i] = rows[i < count ? i : count - 1];
        most[i] = limit[i < count ? i : count - 1];
    }
    for (int64_t group = first; group < end; group++) {
        for (int64_t i = 0; i < count;) {
            const int small = count - i <= TAIL;
            (small ? near_tail : near_tile)(s, row + i, group, most + i, mask + i);
            i += small ? TAIL : ROWS;
        }
        uint64_t some = 0;
        for (int64_t i = 0; i < count; i++)
            some |= (uint64_t)(mask[i] != 0) << i;
        memcpy(found[group - first], mask, CVI_TILE * sizeof *mask);
        open[group - first] = some;
    }
}

VEC_INLINE void store_scores(const int rows, const cvi_screen *s, const float *const *row, int64_t group, float *score)
{
    vecf acc[ROWS][GROUPS * WIDTH];
    products(rows, s, row, group, acc);
    VEC_UNROLL
    for (int r = 0; r < rows; r++)
        VEC_UNROLL
        for (int v = 0; v < WIDTH; v++)
            vecf_storeu(score + r * CVI_GROUP32 + v * VECF_LANES, acc[r][v]);
}

VEC_NOINLINE void scores_tile(const cvi_screen *s, const float *const *row, int64_t group, float *score)
{
    store_scores(ROWS, s, row, group, score);
}

VEC_NOINLINE void scores_tail(const cvi_screen *s, const float *const *row, int64_t group, float *score)
{
    store_scores(TAIL, s, row, group, score);
}

void CVI_K(screen_scores)(const cvi_screen *s, int64_t group, const float *const *rows, int64_t count, float *score)
{
    float last[ROWS * CVI_GROUP32]; /* rows behind the last one go nowhere */
    for (int64_t i = 0; i < count;) {
        const int small = count - i <= TAIL;
        const int64_t tile = small ? TAIL : ROWS;
        if (count - i >= tile) {
            (small ? scores_tail : scores_tile)(s, rows + i, group, score + i * CVI_GROUP32);
        } else {
            const float *row[ROWS];
            for (int64_t r = 0; r < tile; r++)
                row[r] = rows[i + r < count ? i + r : count - 1];
            (small ? scores_tail : scores_tile)(s, row, group, last);
            memcpy(score + i * CVI_GROUP32, last, (size_t)(count - i) * CVI_GROUP32 * sizeof *score);
        }
        i += tile;
    }
}
