/*
 * The canonical score (rule A of docs/numerics.md): the same bits on every instruction set.  Centers stand in the lanes,
 * so each lane is one chain of fused multiply-adds in the order of the features; several rows by several groups of 8
 * centers keep enough chains in flight.
 */
#include "kernels/body/body.h"

enum { WIDTH = CVI_GROUP64 / VECD_LANES }; /* vectors a group */
#if VEC_REGISTERS >= 32 && VECD_LANES == 8
enum { ROWS = 8, TAIL = 4, GROUPS = 3, LONE_GROUPS = 8 };
#elif VEC_REGISTERS >= 32 || defined(VEC_HAS_FMA)
enum { ROWS = 6, TAIL = 4, GROUPS = 1, LONE_GROUPS = 4 };
#else
enum { ROWS = 2, TAIL = 2, GROUPS = 1, LONE_GROUPS = 1 };
#endif
enum { MOST_GROUPS = GROUPS > LONE_GROUPS ? GROUPS : LONE_GROUPS };

/* Lane by lane, the lowest score of a row and its group. */
typedef struct lowest {
    vecd score[WIDTH], group[WIDTH];
} lowest;

/* Features in the block that starts with `left` features to go. */
static inline int64_t dot_block(int64_t left)
{
    if (left >= 2 * CVI_DOT_BLOCK)
        return CVI_DOT_BLOCK;
    if (left > CVI_DOT_BLOCK)
        return ((left + 1) / 2 + 3) / 4 * 4;
    return left;
}

/* x.c of `rows` rows and `groups` groups over the features first .. end - 1, each from 0.0. */
VEC_INLINE void dots(const int rows, const int groups, const double *const *x, const double *panel, int64_t stride,
                     int64_t first, int64_t end, vecd acc[ROWS][MOST_GROUPS * WIDTH])
{
    const double *p[MOST_GROUPS], *row[ROWS];
    VEC_UNROLL
    for (int g = 0; g < groups; g++)
        p[g] = panel + g * stride;
    VEC_UNROLL
    for (int r = 0; r < rows; r++) {
        row[r] = x[r];
        VEC_UNROLL
        for (int v = 0; v < groups * WIDTH; v++)
            acc[r][v] = vecd_set1(0.0);
    }
    VEC_NO_UNROLL
    for (int64_t f = first; f < end; f++) {
        vecd c[MOST_GROUPS * WIDTH];
        VEC_UNROLL
        for (int v = 0; v < groups * WIDTH; v++)
            c[v] = vecd_load(p[v / WIDTH] + f * CVI_GROUP64 + v % WIDTH * VECD_LANES);
        VEC_UNROLL
        for (int r = 0; r < rows; r++) {
            const vecd b = vecd_set1(row[r][f]);
            VEC_UNROLL
            for (int v = 0; v < groups * WIDTH; v++)
                acc[r][v] = vecd_fma(b, c[v], acc[r][v]);
        }
    }
}

/* What a tile works on: features first .. end - 1 of the groups from `group` on. */
typedef struct span {
    int64_t group, first, end;
} span;

VEC_INLINE void lowest_take(lowest *low, int w, vecd score, int64_t group)
{
    const vecdm less = vecd_less(score, low->score[w]); /* strict: the lower group keeps a tie */
    low->score[w] = vecd_select(less, score, low->score[w]);
    low->group[w] = vecd_select(less, vecd_set1((double)group), low->group[w]);
}

/* `rows` rows against `groups` groups where all features are one block. */
VEC_INLINE void tile_whole(const int rows, const int groups, const cvi_canonical *c, const double *const *x, int64_t group,
                           lowest *low)
{
    const int64_t stride = c->d * CVI_GROUP64;
    vecd acc[ROWS][MOST_GROUPS * WIDTH];
    dots(rows, groups, x, c->centers + group * stride, stride, 0, c->d, acc);
    VEC_UNROLL
    for (int r = 0; r < rows; r++)
        VEC_UNROLL
        for (int v = 0; v < groups * WIDTH; v++) {
            const vecd sqnorm = vecd_load(c->sqnorm + group * CVI_GROUP64 + v * VECD_LANES);
            const vecd score = vecd_add(sqnorm, vecd_mul(vecd_set1(-2.0), acc[r][v]));
            lowest_take(&low[r], v % WIDTH, score, group + v / WIDTH);
        }
}

/* The same for one block of many: the scores so far are in partial, and complete after the last block. */
VEC_INLINE void tile_block(const int rows, const int groups, const cvi_canonical *c, const double *const *x, const span *at,
                           vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low)
{
    const int64_t stride = c->d * CVI_GROUP64;
    vecd acc[ROWS][MOST_GROUPS * WIDTH];
    dots(rows, groups, x, c->centers + at->group * stride, stride, at->first, at->end, acc);
    VEC_UNROLL
    for (int r = 0; r < rows; r++)
        VEC_UNROLL
        for (int v = 0; v < groups * WIDTH; v++) {
            const double *sqnorm = c->sqnorm + at->group * CVI_GROUP64 + v * VECD_LANES;
            const vecd before = at->first == 0 ? vecd_load(sqnorm) : partial[r][v];
            partial[r][v] = vecd_add(before, vecd_mul(vecd_set1(-2.0), acc[r][v]));
        }
    if (at->end < c->d)
        return;
    for (int r = 0; r < rows; r++)
        for (int v = 0; v < groups * WIDTH; v++)
            lowest_take(&low[r], v % WIDTH, partial[r][v], at->group + v / WIDTH);
}

VEC_INLINE void tile(const int rows, const int groups, const cvi_canonical *c, const double *const *x, const span *at,
                     vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low)
{
    if (c->d <= CVI_DOT_BLOCK)
        tile_whole(rows, groups, c, x, at->group, low);
    else
        tile_block(rows, groups, c, x, at, partial, low);
}

/* The lanes of a row meet: lowest score, then lowest center. (A score is never -0.0: the sum starts from |c|^2.) */
static inline int32_t join(const lowest *low, double *score)
{
    vecd best = low->score[0], at = vecd_set1(INFINITY);
    for (int w = 1; w < WIDTH; w++)
        best = vecd_min(best, low->score[w]);
    *score = vecd_lowest(best);
    for (int w = 0; w < WIDTH; w++) {
        const vecd lane = vecd_add(vecd_iota(), vecd_set1((double)(w * VECD_LANES)));
        const vecd j = vecd_add(vecd_mul(low->group[w], vecd_set1((double)CVI_GROUP64)), lane);
        at = vecd_min(at, vecd_select(vecd_equal(low->score[w], vecd_set1(*score)), j, vecd_set1(INFINITY)));
    }
    return (int32_t)vecd_lowest(at);
}

typedef void tile_fn(const cvi_canonical *c, const double *const *x, const span *at,
                     vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low);

VEC_NOINLINE void rows_1(const cvi_canonical *c, const double *const *x, const span *at,
                         vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low)
{
    tile(ROWS, 1, c, x, at, partial, low);
}

VEC_NOINLINE void tail_1(const cvi_canonical *c, const double *const *x, const span *at,
                         vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low)
{
    tile(TAIL, 1, c, x, at, partial, low);
}

VEC_NOINLINE void lone_1(const cvi_canonical *c, const double *const *x, const span *at,
                         vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low)
{
    tile(1, 1, c, x, at, partial, low);
}

VEC_NOINLINE void lone_wide(const cvi_canonical *c, const double *const *x, const span *at,
                            vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low)
{
    tile(1, LONE_GROUPS, c, x, at, partial, low);
}

#if VECD_LANES == 8
VEC_NOINLINE void rows_2(const cvi_canonical *c, const double *const *x, const span *at,
                         vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low)
{
    tile(ROWS, 2, c, x, at, partial, low);
}

VEC_NOINLINE void rows_3(const cvi_canonical *c, const double *const *x, const span *at,
                         vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low)
{
    tile(ROWS, 3, c, x, at, partial, low);
}

VEC_NOINLINE void tail_2(const cvi_canonical *c, const double *const *x, const span *at,
                         vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low)
{
    tile(TAIL, 2, c, x, at, partial, low);
}

VEC_NOINLINE void tail_3(const cvi_canonical *c, const double *const *x, const span *at,
                         vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low)
{
    tile(TAIL, 3, c, x, at, partial, low);
}

VEC_NOINLINE void lone_2(const cvi_canonical *c, const double *const *x, const span *at,
                         vecd (*partial)[MOST_GROUPS * WIDTH], lowest *low)
{
    tile(1, 2, c, x, at, partial, low);
}

static tile_fn *const full_tiles[] = {NULL, rows_1, rows_2, rows_3}, *const tails[] = {NULL, tail_1, tail_2, tail_3};
#else
static tile_fn *const full_tiles[] = {NULL, rows_1}, *const tails[] = {NULL, tail_1};
#endif

/* Rows whose lowest scores are kept at once, so that panels are read once for all of them. */
enum { BLOCK = 64 };

/* Groups of the next tile when `left` are to go: threes, but 4 as 2 + 2. */
static int64_t next_groups(int64_t left)
{
    if (GROUPS == 1 || left == 1)
        return 1;
    return left == 2 || left == 4 ? 2 : GROUPS;
}

/* Rows of the next tile. */
static int64_t next_rows(int64_t left)
{
    return left == ROWS || left > 2 * TAIL ? ROWS : TAIL;
}

/* Groups, then blocks of features, then rows: the piece of the panel stays in L1 for all rows. */
static void all_groups(const cvi_canonical *c, const double *const *x, int64_t count, lowest *low)
{
    vecd partial[BLOCK + TAIL][MOST_GROUPS * WIDTH];
    for (span at = {0}; at.group < c->groups;) {
        const int64_t groups = next_groups(c->groups - at.group);
        for (at.first = 0; at.first < c->d; at.first = at.end) {
            at.end = at.first + dot_block(c->d - at.first);
            for (int64_t i = 0; i < count;) {
                const int64_t rows = next_rows(count - i);
                (rows == ROWS ? full_tiles : tails)[groups](c, x + i, &at, partial + i, low + i);
                i += rows;
            }
        }
        at.group += groups;
    }
}

static void lone_blocks(tile_fn *lone, const cvi_canonical *c, const double *const *x, int64_t group, lowest *low)
{
    vecd partial[1][MOST_GROUPS * WIDTH];
    span at = {.group = group};
    for (; at.first < c->d; at.first = at.end) {
        at.end = at.first + dot_block(c->d - at.first);
        lone(c, x, &at, partial, low);
    }
}

/* One row alone needs many groups at once. */
static void all_groups_lone(const cvi_canonical *c, const double *const *x, lowest *low)
{
    int64_t g = 0;
    for (; c->groups - g >= LONE_GROUPS; g += LONE_GROUPS)
        lone_blocks(lone_wide, c, x, g, low);
#if VECD_LANES == 8
    for (; c->groups - g >= 2; g += 2)
        lone_blocks(lone_2, c, x, g, low);
#endif
    for (; g < c->groups; g++)
        lone_blocks(lone_1, c, x, g, low);
}

static void block(const cvi_canonical *c, const double *rows, int64_t ld, int64_t count, int32_t *label, double *score)
{
    const double *x[BLOCK + TAIL];
    lowest low[BLOCK + TAIL];
    for (int64_t i = 0; i < count + TAIL; i++) {
        x[i] = rows + (i < count ? i : count - 1) * ld; /* the last row stands in for missing ones */
        for (int w = 0; w < WIDTH; w++) {
            low[i].score[w] = vecd_set1(INFINITY);
            low[i].group[w] = vecd_set1(0);
        }
    }
    if (count == 1)
        all_groups_lone(c, x, low);
    else
        all_groups(c, x, count, low);
    for (int64_t i = 0; i < count; i++) {
        double best;
        label[i] = join(&low[i], &best);
        if (score != NULL)
            score[i] = best;
    }
}

void CVI_K(canonical_rows)(const cvi_canonical *c, const double *rows, int64_t ld, int64_t count, int32_t *label, double *score)
{
    for (int64_t i = 0; i < count; i += BLOCK)
        block(c, rows + i * ld, ld, count - i < BLOCK ? count - i : BLOCK, label + i, score != NULL ? score + i : NULL);
}

double CVI_K(canonical_score)(const double *x, const double *center, double sqnorm, int64_t d)
{
    double value = sqnorm;
    for (int64_t f = 0; f < d;) {
        const int64_t end = f + dot_block(d - f);
        double acc = 0;
        for (; f < end; f++)
            acc = fma(x[f], center[f], acc);
        value += -2.0 * acc;
    }
    return value;
}

double CVI_K(canonical_sqnorm)(const double *c, int64_t d)
{
    double v0 = 0, v1 = 0;
    int64_t f = 0;
    for (; f + 8 <= d; f += 8) {
        v0 = c[f] * c[f] + (c[f + 2] * c[f + 2] + (c[f + 4] * c[f + 4] + (c[f + 6] * c[f + 6] + v0)));
        v1 = c[f + 1] * c[f + 1] + (c[f + 3] * c[f + 3] + (c[f + 5] * c[f + 5] + (c[f + 7] * c[f + 7] + v1)));
    }
    for (; f + 2 <= d; f += 2) {
        v0 = c[f] * c[f] + v0;
        v1 = c[f + 1] * c[f + 1] + v1;
    }
    if (f < d)
        v0 = c[f] * c[f] + v0;
    return v0 + v1;
}
