/*
 * The canonical score (rule A of docs/numerics.md): the same bits on every instruction set.  Centers stand in
 * the lanes, so each lane is one chain of fused multiply-adds in the order of the features; several rows by
 * several vectors of centers keep enough chains in flight.  Blocks of rows with few features have a form of their own
 * (canonical_lanes.h).
 */
#include "kernels/body/canonical_lanes.h"

enum { WIDTH = CVI_GROUP64 / VECD_LANES }; /* vectors a group */
/* A tile is ROWS (few left: TAIL) rows by VECTORS vectors; one row alone takes LONE_GROUPS groups at once. */
#if VEC_REGISTERS >= 32 && VECD_LANES == 8
enum { ROWS = 8, TAIL = 4, VECTORS = 3, LONE_GROUPS = 8 };
#elif VEC_REGISTERS >= 32
enum { ROWS = 6, TAIL = 4, VECTORS = WIDTH, LONE_GROUPS = 4 };
#elif defined(VEC_HAS_FMA)
enum { ROWS = 4, TAIL = 2, VECTORS = 3, LONE_GROUPS = 4 };
#else
enum { ROWS = 2, TAIL = 2, VECTORS = WIDTH, LONE_GROUPS = 1 };
#endif
enum { LONE_VECTORS = LONE_GROUPS * WIDTH, MOST_VECTORS = LONE_VECTORS > VECTORS ? LONE_VECTORS : VECTORS };
/* Lane by lane, the lowest score of a row and its group. */
typedef struct lowest {
    vecd score[WIDTH], group[WIDTH];
} lowest;

/* What a tile works on: features first .. end - 1 of the vectors from `vector` on, whose groups stand in
 * number. */
typedef struct span {
    int64_t vector, first, end;
    vecd number[MOST_VECTORS];
} span;

/* Scores of a row where the features are more than one block. */
typedef vecd partial_scores[MOST_VECTORS];

/* Features in the block that starts with `left` features to go. */
static inline int64_t dot_block(int64_t left)
{
    if (left >= 2 * CVI_DOT_BLOCK)
        return CVI_DOT_BLOCK;
    if (left > CVI_DOT_BLOCK)
        return ((left + 1) / 2 + 3) / 4 * 4;
    return left;
}

/* x.c of `rows` rows and `vectors` vectors over the features of the span, each from 0.0. The first vector has
 * place `place` in its group. */
VEC_INLINE void dots(const int rows, const int vectors, const int place, const cvi_canonical *c,
                     const double *const *x, const span *at, vecd acc[ROWS][MOST_VECTORS])
{
    const double *p[MOST_VECTORS], *row[ROWS];
    const double *panel = c->centers + at->vector / WIDTH * c->d * CVI_GROUP64;
    VEC_UNROLL
    for (int v = 0; v < vectors; v++)
        p[v] = panel + (place + v) / WIDTH * c->d * CVI_GROUP64 + (place + v) % WIDTH * VECD_LANES;
    VEC_UNROLL
    for (int r = 0; r < rows; r++) {
        row[r] = x[r];
        VEC_UNROLL
        for (int v = 0; v < vectors; v++)
            acc[r][v] = vecd_set1(0.0);
    }
    VEC_NO_UNROLL
    for (int64_t f = at->first; f < at->end; f++) {
        vecd center[MOST_VECTORS];
        VEC_UNROLL
        for (int v = 0; v < vectors; v++)
            center[v] = vecd_load(p[v] + f * CVI_GROUP64);
        VEC_UNROLL
        for (int r = 0; r < rows; r++) {
            const vecd b = vecd_set1(row[r][f]);
            VEC_UNROLL
            for (int v = 0; v < vectors; v++)
                acc[r][v] = vecd_fma(b, center[v], acc[r][v]);
        }
    }
}

/* Scores of one row with the vectors of a tile. They meet among themselves first, which keeps the chain
 * through low short. Every test is strict, so that the lower group keeps a tie. */
VEC_INLINE void lowest_take(const int vectors, const int place, lowest *low, const vecd *number,
                            const vecd *score)
{
    VEC_UNROLL
    for (int w = 0; w < WIDTH; w++) {
        const int first = (w - place + WIDTH) % WIDTH; /* of the vectors with place w in their group */
        if (first >= vectors)
            continue;
        vecd best = score[first], group = number[first];
        VEC_UNROLL
        for (int v = first + WIDTH; v < vectors; v += WIDTH) {
            group = vecd_select(vecd_less(score[v], best), number[v], group);
            best = vecd_min(score[v], best);
        }
        low->group[w] = vecd_select(vecd_less(best, low->score[w]), group, low->group[w]);
        low->score[w] = vecd_min(best, low->score[w]);
    }
}

/* `rows` rows against `vectors` vectors where all features are one block. The factor -2 is exact, so fusing
 * it with the addition changes nothing. */
VEC_INLINE void tile_whole(const int rows, const int vectors, const int place, const cvi_canonical *c,
                           const double *const *x, const span *at, lowest *low)
{
    const double *sqnorm = c->sqnorm + at->vector * VECD_LANES;
    vecd acc[ROWS][MOST_VECTORS];
    dots(rows, vectors, place, c, x, at, acc);
    VEC_UNROLL
    for (int r = 0; r < rows; r++) {
        VEC_UNROLL
        for (int v = 0; v < vectors; v++)
            acc[r][v] = vecd_fma(vecd_set1(-2.0), acc[r][v], vecd_load(sqnorm + v * VECD_LANES));
        lowest_take(vectors, place, &low[r], at->number, acc[r]);
    }
}

/* The same for one block of many: the scores so far are in partial, and complete after the last block. */
VEC_INLINE void tile_block(const int rows, const int vectors, const int place, const cvi_canonical *c,
                           const double *const *x, const span *at, partial_scores *partial, lowest *low)
{
    const double *sqnorm = c->sqnorm + at->vector * VECD_LANES;
    vecd acc[ROWS][MOST_VECTORS];
    dots(rows, vectors, place, c, x, at, acc);
    VEC_UNROLL
    for (int r = 0; r < rows; r++)
        VEC_UNROLL
    for (int v = 0; v < vectors; v++) {
        const vecd before = at->first == 0 ? vecd_load(sqnorm + v * VECD_LANES) : partial[r][v];
        partial[r][v] = vecd_fma(vecd_set1(-2.0), acc[r][v], before);
    }
    if (at->end == c->d)
        for (int r = 0; r < rows; r++)
            lowest_take(vectors, place, &low[r], at->number, partial[r]);
}

VEC_INLINE void tile(const int rows, const int vectors, const int place, const cvi_canonical *c,
                     const double *const *x, const span *at, partial_scores *partial, lowest *low)
{
    if (c->d <= CVI_DOT_BLOCK)
        tile_whole(rows, vectors, place, c, x, at, low);
    else
        tile_block(rows, vectors, place, c, x, at, partial, low);
}

typedef void tile_fn(const cvi_canonical *c, const double *const *x, const span *at, partial_scores *partial,
                     lowest *low);

#define TILE(name, rows, vectors, place)                                                                     \
    VEC_NOINLINE void name(const cvi_canonical *c, const double *const *x, const span *at,                   \
                           partial_scores *partial, lowest *low)                                             \
    {                                                                                                        \
        tile(rows, vectors, place, c, x, at, partial, low);                                                  \
    }

/* A tile of `vectors` vectors, for many rows and for the few that are left. */
typedef struct tiles {
    int vectors;
    tile_fn *full, *tail;
} tiles;

#define TILES(vectors, place)                                                                                \
    TILE(full_##vectors##_##place, ROWS, vectors, place)                                                     \
    TILE(tail_##vectors##_##place, TAIL, vectors, place)                                                     \
    static const tiles tiles_##vectors##_##place = {vectors, full_##vectors##_##place,                       \
                                                    tail_##vectors##_##place};

/* The next tile when `left` vectors are to go; the first of them has place `place` in its group. */
#if VECD_LANES == 8
TILES(1, 0)
TILES(2, 0)
TILES(3, 0)

/* Threes, but 4 as 2 + 2. */
static const tiles *next_tiles(int64_t place, int64_t left)
{
    (void)place;
    return left == 1 ? &tiles_1_0 : left == 2 || left == 4 ? &tiles_2_0 : &tiles_3_0;
}
#elif VECD_LANES == 4
TILES(2, 0)
TILES(3, 0)
TILES(3, 1)

/* Two threes are three groups of two vectors. */
static const tiles *next_tiles(int64_t place, int64_t left)
{
    return place == 1 ? &tiles_3_1 : left >= 6 ? &tiles_3_0 : &tiles_2_0;
}
#else
TILES(4, 0)

static const tiles *next_tiles(int64_t place, int64_t left)
{
    (void)place;
    (void)left;
    return &tiles_4_0;
}
#endif

#define LONE(groups) TILE(lone_##groups, 1, groups *WIDTH, 0)
LONE(1)
#if VEC_REGISTERS >= 32 || defined(VEC_HAS_FMA)
LONE(2)
LONE(3)
LONE(4)
#endif
#if VECD_LANES == 8
LONE(5)
LONE(6)
LONE(7)
LONE(8)
#endif
static tile_fn *const lone_tiles[LONE_GROUPS] = {lone_1
#if VEC_REGISTERS >= 32 || defined(VEC_HAS_FMA)
                                                 ,
                                                 lone_2,
                                                 lone_3,
                                                 lone_4
#endif
#if VECD_LANES == 8
                                                 ,
                                                 lone_5,
                                                 lone_6,
                                                 lone_7,
                                                 lone_8
#endif
};

/* The lanes of a row meet: lowest score, then lowest center. (A score is never -0.0: the sum starts from
 * |c|^2.) */
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

/* Rows of the next tile: a few of them may be the last row again. */
static int64_t next_rows(int64_t left)
{
    /* NOLINTNEXTLINE(misc-redundant-expression): one term is constant at some levels */
    return left > TAIL && (left != 2 * TAIL || left == ROWS) ? ROWS : TAIL;
}

/* The numbers come from memory: made on the spot they cost a shuffle for every score. */
static void go_to(span *at, int64_t vector, int64_t vectors)
{
    at->vector = vector;
    for (int64_t v = 0; v < vectors; v++)
        at->number[v] = vecd_set1((double)((vector + v) / WIDTH)); /* NOLINT: a whole number */
}

/* Vectors of centers, then blocks of features, then rows: the piece of the panel stays in L1 for all rows. */
static void all_vectors(const cvi_canonical *c, const double *const *x, int64_t count, lowest *low)
{
    partial_scores partial[BLOCK + TAIL];
    const int64_t all = c->groups * WIDTH;
    span at = {0};
    for (int64_t vector = 0; vector < all;) {
        const tiles *t = next_tiles(vector % WIDTH, all - vector);
        go_to(&at, vector, t->vectors);
        for (at.first = 0; at.first < c->d; at.first = at.end) {
            at.end = at.first + dot_block(c->d - at.first);
            for (int64_t i = 0; i < count;) {
                const int64_t rows = next_rows(count - i);
                (rows == ROWS ? t->full : t->tail)(c, x + i, &at, partial + i, low + i);
                i += rows;
            }
        }
        vector += t->vectors;
    }
}

/* One row alone needs many groups at once, shared out evenly: no short tile at the end that waits for its
 * chains. */
static void all_vectors_lone(const cvi_canonical *c, const double *const *x, lowest *low)
{
    partial_scores partial[1];
    const int64_t pieces = (c->groups + LONE_GROUPS - 1) / LONE_GROUPS;
    const int64_t most = pieces == 1 ? c->groups : (c->groups + pieces - 1) / pieces;
    span at = {0};
    for (int64_t first = 0; first < c->groups; first += most) {
        const int64_t groups = c->groups - first < most ? c->groups - first : most;
        go_to(&at, first * WIDTH, groups * WIDTH);
        for (at.first = 0; at.first < c->d; at.first = at.end) {
            at.end = at.first + dot_block(c->d - at.first);
            lone_tiles[groups - 1](c, x, &at, partial, low);
        }
    }
}

static void block(const cvi_canonical *c, const double *rows, int64_t ld, int64_t count, int32_t *label,
                  double *score)
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
        all_vectors_lone(c, x, low);
    else
        all_vectors(c, x, count, low);
    for (int64_t i = 0; i < count; i++) {
        double best;
        label[i] = join(&low[i], &best);
        if (score != NULL)
            score[i] = best;
    }
}

void CVI_K(canonical_rows)(const cvi_canonical *c, const double *rows, int64_t ld, int64_t count,
                           int32_t *label, double *score)
{
    const bool lanes = lanes_pay(c->d, count) && halves_exact(c);
    for (int64_t i = 0; i < count; i += BLOCK)
        (lanes ? block_lanes : block)(c, rows + i * ld, ld, count - i < BLOCK ? count - i : BLOCK, label + i,
                                      score != NULL ? score + i : NULL);
}

/* The sums of `blocks` blocks, features `from` to `to` of each: a chain alone would wait for every addition of its own. */
VEC_INLINE void chains(const int blocks, const double *x, const double *center, const int64_t *first, int64_t from,
                       int64_t to, double *acc)
{
    for (int64_t f = from; f < to; f++)
        VEC_UNROLL
        for (int b = 0; b < blocks; b++)
            acc[b] = fma(x[first[b] + f], center[first[b] + f], acc[b]);
}

/* Blocks get no longer towards the end: the last one's chain is done first. */
double CVI_K(canonical_score)(const double *x, const double *center, double sqnorm, int64_t d)
{
    enum { CHAINS = 4 };
    double value = sqnorm;
    for (int64_t f = 0; f < d;) {
        int64_t first[CHAINS] = {0}, length[CHAINS] = {0};
        double acc[CHAINS] = {0};
        int blocks = 0;
        for (; blocks < CHAINS && f < d; f += length[blocks++]) {
            first[blocks] = f;
            length[blocks] = dot_block(d - f);
        }
        if (blocks > 3)
            chains(4, x, center, first, 0, length[3], acc);
        if (blocks > 2)
            chains(3, x, center, first, length[3], length[2], acc);
        if (blocks > 1)
            chains(2, x, center, first, length[2], length[1], acc);
        chains(1, x, center, first, length[1], length[0], acc);
        for (int b = 0; b < blocks; b++)
            value += -2.0 * acc[b];
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
