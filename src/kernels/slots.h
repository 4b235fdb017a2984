/*
 * Every kernel, listed once, with its contract.  The list makes the table struct, the prototypes and each instruction
 * set's initializer: a kernel that is missing somewhere does not link.
 *
 * Bodies live in body/, written in the vocabulary of vec/, and are compiled once per instruction set; CVI_K(name) is
 * the symbol, e.g. cvi_canonical_rows_avx512.  All kernels named "exact" below give the same bits on every instruction
 * set (IEEE operations in a stated order); the screens may differ and are only used with their error bound
 * (docs/numerics.md).
 *
 * Layouts shared by all instruction sets:
 *
 *   f32 panels  centers [groups][d][16]   group g holds centers 16 g .. 16 g + 15, lanes contiguous
 *   f64 panels  centers [groups][d][8]    likewise by eights
 *   tile        [d][64] float             64 points, one feature after the other; columns beyond the count are 0
 *
 * Panels and tiles start at 64-byte boundaries.
 */
#ifndef CVI_KERNELS_SLOTS_H
#define CVI_KERNELS_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

enum { CVI_TILE = 64, CVI_GROUP32 = 16, CVI_GROUP64 = 8, CVI_DOT_BLOCK = 256 };

/* Half squared norm of a padding center in a float32 panel: larger than any real score after scaling, still finite. */
#define CVI_PADDING_SCORE 1e30f

/*
 * What a float32 screen needs, fixed for one pass.  Half score of center j: h_j - x.c_j with h_j = |c_j|^2 / 2.
 * A row is a near tie when   second - best <= tie_r * r2 + tie_s * max(0, 2 best + r2) + tie_0,
 * where r2 is the row's squared norm; the caller derives the three constants (docs/numerics.md).  They must cover the
 * index that a screen may hide in the low mantissa bits: at most 2^CVI_INDEX_BITS units in the last place of a score.
 */
enum { CVI_INDEX_BITS = 6, CVI_CHAIN = 64 /* features that a screen adds up in one chain */ };
typedef struct cvi_screen {
    const float *centers;     /* f32 panels */
    const float *half_sqnorm; /* [16 groups], padding CVI_PADDING_SCORE */
    int64_t d, k, groups;
    float tie_r, tie_s, tie_0;
} cvi_screen;

/* The same for few centers and wide rows: centers one after the other, rows as they are stored. */
typedef struct cvi_wide {
    const float *centers;     /* [k][ld], zero padded; 64-byte aligned, ld a multiple of 16 */
    const float *half_sqnorm; /* [k] */
    const float *mean32;      /* [d] taken from the rows before they are scaled; NULL: rows are centered and scaled */
    float scale;
    int64_t d, k, ld;
    cvi_screen screen;        /* the tie constants */
    float *scores;            /* [ceil(k / 16)][CVI_TILE][16] out: all half scores; NULL: not wanted */
} cvi_wide;

/* Centers for the canonical score. */
typedef struct cvi_canonical {
    const double *centers; /* f64 panels, in the frame (mean subtracted) */
    const double *sqnorm;  /* [8 groups] by the canonical_sqnorm kernel; padding +inf */
    int64_t d, k, groups;
} cvi_canonical;

/*
 * The grid of exact sums (rule B): level l rounds what the levels above left to multiples of ulp(magic[l d + f]).
 * One cluster's accumulator is q [levels][d], wrapping 64-bit: adding v adds bits(v + M0), bits(r1 + M1), ... where
 * r1 = v - ((v + M0) - M0) and so on.
 */
typedef struct cvi_grid {
    const double *magic; /* [levels][d] */
    int64_t levels, d;
} cvi_grid;

/* One step of greedy k-means++: candidates in lanes, and how potentials are summed (rule B, two levels). */
typedef struct cvi_seed_step {
    const double *panels; /* f64 panels of candidates [groups][d][8] */
    const double *pick;   /* [d] the pick that is folded in */
    int64_t d, groups;
    double magic[2];
} cvi_seed_step;

/* Candidates that stand one after the other, for seed_measure. */
typedef struct cvi_seed_block {
    const double *candidates; /* [count][d] */
    int64_t d, count;
} cvi_seed_block;

/*
 * Tiles of rows that carry bounds (assign/tiles.c): centers one after the other, scaled as for the screens, and the
 * three near-tie constants for scores without a hidden index.
 */
typedef struct cvi_tile_centers {
    const float *centers;     /* [k][d] */
    const float *half_sqnorm; /* [k] */
    int64_t d;
    float tie_r, tie_s, tie_0;
} cvi_tile_centers;

/* How tiles_bounds makes a bound of a score v: sqrt(max(0, base + twice v)) - reach + shift + the center's drift. */
typedef struct cvi_tile_bound {
    float base, twice, reach, shift;
} cvi_tile_bound;

/*
 * Rows with a lower bound for every center (assign/row_bounds.c).  A row was measured against the centers of some earlier pass; its
 * cell says which, and which of them was its own.  Center j is no rival while lower_j + gain_j - radius * spread_j > 0, where
 * drift [cell] holds gain [width] and spread [width]; the own center has gain +inf.  width: k rounded up to a multiple of 16.
 */
typedef struct cvi_row_bound {
    float radius;
    uint16_t cell;
    uint16_t lower[]; /* [k] the upper halves of floats */
} cvi_row_bound;
typedef struct cvi_row_bounds {
    unsigned char *rows; /* [n][stride] of cvi_row_bound, and 32 bytes behind the last */
    const float *drift;  /* [cells][2][width] */
    int64_t k, stride, width;
} cvi_row_bounds;
static inline cvi_row_bound *cvi_row_bound_of(const cvi_row_bounds *b, int64_t i)
{
    return (cvi_row_bound *)(void *)(b->rows + i * b->stride);
}

/* How half scores become bounds: of the near-tie constants as in cvi_screen; loss: relative error of |x|^2; keep: less than 1 by
 * the relative error of a difference of half scores. */
typedef struct cvi_row_measure {
    float tie_r, tie_s, tie_0, loss, keep;
    int64_t k;
} cvi_row_measure;

/*
 * The int8 screen (docs/algorithms/screen.md).  A row x is scale * q + rest with |rest| <= error and |scale * q| <= norm;
 * the bytes of centers are stored + 128, which bias = 128 * sum(q) takes back.
 *
 * A panel holds up to three groups of 16 lanes.  Lane 0 of a group is its reference g, which its bytes give exactly; the
 * others are centers of the group, quantized as their differences from g: similar centers have small differences, so
 * what the bytes do not say is small too.
 */
typedef struct cvi_row8 {
    float scale, norm, error, sqnorm;
    int32_t bias;
} cvi_row8;

enum { CVI_GROUP8 = 16, CVI_GROUPS8 = 3, CVI_PANEL8 = CVI_GROUP8 * CVI_GROUPS8 };
typedef struct cvi_panel8 {
    float half_sqnorm[CVI_PANEL8]; /* of the center; references and padding CVI_PADDING_SCORE */
    float scale[CVI_PANEL8];       /* of the bytes */
    float error[CVI_PANEL8];       /* of the quantized difference: times the quantized row's norm, or its distance from g */
    float common[CVI_PANEL8];      /* product of that error and g: part of the score where its distance is taken */
    float norm[CVI_PANEL8];        /* of the difference: times the row's error */
    float rounding[CVI_PANEL8];    /* of the screen's operations: times the row's norm */
    float slack[CVI_PANEL8];       /* rounding that goes with half_sqnorm */
    int32_t groups, centers;       /* in use */
} cvi_panel8;

/*
 * Bounds of a row's half scores with the lanes of a panel, as seen from a group with reference f: what the bytes do not
 * say of x.f is the same for all centers and left out, which leaves error * |g - f| for the centers of a group.
 */
typedef struct cvi_bounds8 {
    float low[CVI_PANEL8];   /* no half score is below */
    float reach[CVI_PANEL8]; /* none is above reach + 2 error |g - f|; within a group: score of l - score of m >= low[l] - reach[m] */
    float rest[CVI_GROUPS8 + 1]; /* smallest low of the lanes that are no candidates: of each group with some lane below the
                                    threshold, and of all other groups together */
} cvi_bounds8;

/*
 * A second plane of a row: x = scale * (q + r / (2 levels)) + rest with |rest| <= error, |r| <= levels; bias = 128 * sum(r).
 * With 7 levels two values share a byte: byte i of the 32 for 64 features has r[i] + 8 below, r[32 + i] + 8 above.
 */
enum { CVI_HALF_LEVELS = 7, CVI_BYTE_LEVELS = 127 };
typedef struct cvi_rest8 {
    float error;
    int32_t bias;
} cvi_rest8;

/* A row that looks at panels: away[v] is how far the reference of the panel's group v is from f, near how far the quantized row
 * is, at most. */
typedef struct cvi_look8 {
    const cvi_row8 *row;
    const float *away;
    float near;
    float threshold, slack;
} cvi_look8;

/*
 * Candidates for the rows of a box: at [2 + d][stride] holds each center's number, squared norm (canonical) and
 * coordinates. Numbers rise. stride is a multiple of 8; what stands behind count is anything.
 */
typedef struct cvi_tree_list {
    double *at;
    int64_t stride, count;
} cvi_tree_list;

/* Eight candidates of k-means++ in bytes. */
typedef struct cvi_seed_screen8 {
    const int8_t *candidates; /* [8][dq] */
    int64_t dq;               /* features, rounded up to a multiple of 4 */
    int32_t start[8];
} cvi_seed_screen8;

/* A row as bytes: what they leave of it, squared, and their squared norm. */
typedef struct cvi_seed_byte_row {
    double rest, sqnorm;
} cvi_seed_byte_row;

/* Distances measured roughly are within rough of themselves, relative, and least. */
typedef struct cvi_seed_rough {
    int64_t d;
    double rough, least;
} cvi_seed_rough;

/*
 * The integer screen (docs/algorithms/integer.md): rows and centers as whole numbers on steps that all rows share.  A lane of
 * 32 bits holds four bytes of a row, its numbers + 128, or two words; and of a center the same features' numbers, negated and
 * signed.  Sums stay within 2^29, whatever the numbers.
 */
enum { CVI_INTEGER_GROUP = 8, CVI_INTEGER_PLACES = 16, CVI_INTEGER_PADDING = 0x7ff00000, CVI_INTEGER_MARGIN = 1 << 29 };
typedef struct cvi_integer {
    const int32_t *centers; /* [groups][steps][8] */
    const int32_t *start;   /* [8 groups] what a score begins with; padding CVI_INTEGER_PADDING, its numbers 0 */
    int64_t steps, groups;
    bool words;
    float per_error, per_norm, slack; /* the margin of a row, in units of the scores */
} cvi_integer;

/* How rows become whole numbers: (y - origin) / step, rounded, within top of 0. inverse: 1 / step, or 0 for a feature that is
 * left out. */
typedef struct cvi_integer_steps {
    const float *origin, *step, *inverse; /* [d] */
    float origin_norm, top;
    int64_t d, steps;
    bool words;
} cvi_integer_steps;

/* Centers for CSR rows, and one such row. */
typedef struct cvi_sparse_centers {
    const double *columns; /* [d][stride], zeros behind the last center; 64-byte aligned */
    const double *sqnorm;  /* [stride], padding +inf */
    int64_t stride;        /* centers, a multiple of 8 */
} cvi_sparse_centers;
/* The same in float32: half scores half_sqnorm_j - x.c_j; stride a multiple of 16, padding of half_sqnorm +inf. */
typedef struct cvi_sparse_centers32 {
    const float *columns;     /* [d][stride] */
    const float *half_sqnorm; /* [stride] */
    int64_t stride;
    double scale; /* what a row's values are multiplied with: a power of two */
} cvi_sparse_centers32;
typedef struct cvi_sparse_values {
    const void *values, *columns;
    int64_t count;
    bool narrow; /* values are float, else double */
    bool wide;   /* columns are int64_t, else int32_t */
} cvi_sparse_values;

/* X(result, name, parameters) */
#define CVI_SLOTS(X)                                                                                                   \
    /* --- preparation: one chain a feature, rows in order; exact --------------------------------------------------- */ \
    /* For rows of n_rows x d (row_stride in elements) from feature 0: sum[f] += x (in row order), low = min, high =      \
     * max. Returns 1 if every value is finite and |x| <= 1e150, else 0 (outputs then unspecified). */                   \
    X(int, scan_f64, (const double *x, int64_t row_stride, int64_t n_rows, int64_t d, double *sum, double *low, double *high)) \
    X(int, scan_f32, (const float *x, int64_t row_stride, int64_t n_rows, int64_t d, double *sum, double *low, double *high))  \
    /* With v = x - mean: sq[f] += v * v (product rounded, row order); light[f] += (v != 0 and |v| < limit[f]). */        \
    X(void, spread_f64, (const double *x, int64_t row_stride, int64_t n_rows, int64_t d, const double *mean,             \
                         const double *limit, double *sq, int64_t *light))                                               \
    X(void, spread_f32, (const float *x, int64_t row_stride, int64_t n_rows, int64_t d, const double *mean,              \
                         const double *limit, double *sq, int64_t *light))                                               \
    /* --- loading blocks of rows; rows [count] point at the rows' first elements ----------------------------------- */ \
    /* out[i][f] = (float)((x - mean32[f]) * scale), |error| <= 2^-24 |out| a rounding; out [count][ld], zeros in        \
     * d .. ld - 1; sqnorm[i] = |out_i|^2 within (d + 2) 2^-24 relative. scale is a power of two. count <= 64. */        \
    X(void, load_rows_f32, (const float *const *rows, int64_t count, int64_t d, const float *mean32, float scale,        \
                            float *out, int64_t ld, float *sqnorm))                                                      \
    /* The same from float64 rows: (float)((x - mean[f]) * scale), mean float64. */                                      \
    X(void, load_rows_f64, (const double *const *rows, int64_t count, int64_t d, const double *mean, double scale,       \
                            float *out, int64_t ld, float *sqnorm))                                                      \
    /* The same into a transposed tile [d][64]; columns count .. 63 are zero. */                                         \
    X(void, load_tile_f32, (const float *const *rows, int64_t count, int64_t d, const float *mean32, float scale,        \
                            float *tile, float *sqnorm))                                                                 \
    X(void, load_tile_f64, (const double *const *rows, int64_t count, int64_t d, const double *mean, double scale,       \
                            float *tile, float *sqnorm))                                                                 \
    /* out[i][f] = (double)x - mean[f], exact as one float64 subtraction; out [count][ld], zeros in d .. ld - 1.         \
     * mean NULL: no subtraction. */                                                                                     \
    X(void, center_rows_f32, (const float *const *rows, int64_t count, int64_t d, const double *mean, double *out, int64_t ld))  \
    X(void, center_rows_f64, (const double *const *rows, int64_t count, int64_t d, const double *mean, double *out, int64_t ld)) \
    /* --- screens: label, best half score, near-tie mask (bit i: row i). Labels of rows in the mask are unspecified - */ \
    /* Points in lanes, for small d. count <= 64. label, best [64]. */                                                   \
    X(uint64_t, screen_points, (const cvi_screen *s, const float *tile, const float *sqnorm, int64_t count,              \
                                int32_t *label, float *best))                                                            \
    /* Centers in lanes, for larger d: rows [count] pointers to centered float32 rows (ld >= d, zero padded). */         \
    X(uint64_t, screen_centers, (const cvi_screen *s, const float *const *rows, const float *sqnorm, int64_t count,      \
                                 int32_t *label, float *best))                                                           \
    /* Features in lanes, for few centers and wide rows: rows [count] pointers to d floats. sqnorm [64] out: |x|^2. */       \
    X(uint64_t, screen_wide, (const cvi_wide *s, const float *const *rows, int64_t count, float *sqnorm,                 \
                              int32_t *label, float *best))                                                              \
    /* --- the canonical score (rule A); exact ----------------------------------------------------------------------- */ \
    /* label[i] = argmin_j of sqnorm_j - 2 x_i.c_j (lowest j on ties), score[i] that minimum (score may be NULL).        \
     * x_i.c_j: chain of fused multiply-adds, features in order from 0.0; d > 256 is cut into blocks (while 512 or more  \
     * features are left: 256; else if more than 256 are left: half of them, rounded up, then up to a multiple of 4;     \
     * else the rest), each block's sum times -2 added to the score in turn. rows [count][ld]. */                        \
    X(void, canonical_rows, (const cvi_canonical *c, const double *rows, int64_t ld, int64_t count, int32_t *label, double *score)) \
    /* One score with one center stored as a plain row [d]; the same bits. */                                            \
    X(double, canonical_score, (const double *x, const double *center, double sqnorm, int64_t d))                        \
    /* |c|^2: two lanes, pairs (c[0], c[1]), (c[2], c[3]) ...; four pairs a step:                                        \
     * v = a0 a0 + (a1 a1 + (a2 a2 + (a3 a3 + v))), products rounded, not fused; left-over pairs one by one (v = a a +   \
     * v; an odd last value has 0 beside it); result = lane 0 + lane 1. */                                               \
    X(double, canonical_sqnorm, (const double *c, int64_t d))                                                            \
    /* argmin_j of sqnorm_j - 2 x.c_j, lowest j on ties, of a CSR row: products and additions rounded apart, in order. */ \
    X(int32_t, sparse_nearest, (const cvi_sparse_centers *c, const cvi_sparse_values *row))                              \
    /* The squared distance that is compared between a CSR row, columns ascending, and another as columns [count + 1] and    \
     * values: sum over the features of either, in order, of (x_f - c_f)^2, fused. columns[count] = INT64_MAX. */          \
    X(double, sparse_sqdist, (const cvi_sparse_values *row, const int64_t *columns, const double *values, int64_t count)) \
    /* sqdist[i] = the same distance of CSR rows [count <= CVI_TILE], columns ascending, to the dense c [d]. */               \
    X(void, sparse_sqdist_rows, (const cvi_sparse_values *rows, int64_t count, const double *c, int64_t d, double *sqdist)) \
    /* Sum of min(near[i], sqnorm[i] + own - 2 dot[i]) * weights[i] (NULL: 1), in any order: for estimates. */             \
    X(double, sparse_potential, (const double *dot, const double *sqnorm, double own, const double *near,                 \
                                 const double *weights, int64_t count))                                                  \
    /* out [count][16] = half scores of a CSR row with the centers of the listed groups of 16, by a chain of float32          \
     * multiply-adds, fused or not, over the stored values in order. least[g] = the lowest of out[g]. */                   \
    X(void, sparse_half_scores, (const cvi_sparse_centers32 *c, const cvi_sparse_values *row, const int32_t *groups,      \
                                 int64_t count, float *out, float *least))                                               \
    /* --- exact sums (rule B) --------------------------------------------------------------------------------------- */ \
    /* q += or -= the bits of v on the grid, v = ((double)x - mean[f]) * weight (weight 1: no product). mean NULL: v = x * weight. */ \
    X(void, sums_add_f32, (const cvi_grid *grid, const float *x, const double *mean, double weight, uint64_t *q))        \
    X(void, sums_add_f64, (const cvi_grid *grid, const double *x, const double *mean, double weight, uint64_t *q))       \
    X(void, sums_sub_f32, (const cvi_grid *grid, const float *x, const double *mean, double weight, uint64_t *q))        \
    X(void, sums_sub_f64, (const cvi_grid *grid, const double *x, const double *mean, double weight, uint64_t *q))       \
    /* The same bits leave `from` and go to `to`, which are different sums. */                                            \
    X(void, sums_move_f32, (const cvi_grid *grid, const float *x, const double *mean, double weight, uint64_t *from,     \
                            uint64_t *to))                                                                               \
    X(void, sums_move_f64, (const cvi_grid *grid, const double *x, const double *mean, double weight, uint64_t *from,    \
                            uint64_t *to))                                                                               \
    /* Add the rows of x [tiles][grid->d][64] to the sums of their clusters, q [k][2][d] on the grid's two levels, and count\
     * them in rows [k]. label [tiles][64]; -1: of no cluster. */                                                        \
    X(void, sums_labels, (const cvi_grid *grid, const double *x, int64_t tiles, const int32_t *label, int64_t k,         \
                          uint64_t *q, int64_t *rows))                                                                   \
    /* --- distances that are published or compared; exact ----------------------------------------------------------- */ \
    /* out[i] = sum over f in order of (x_f - c_f)^2, fused: s = fma(t, t, s), t = x_f - c_f rounded; c = centers +      \
     * label[i] * ldc. rows [count][ld]. */                                                                              \
    X(void, sqdist_labels, (const double *rows, int64_t ld, int64_t count, int64_t d, const double *centers, int64_t ldc, \
                            const int32_t *label, double *out))                                                          \
    /* The same of float32 rows, each value made a float64 first. */                                                     \
    X(void, sqdist_labels_f32, (const float *rows, int64_t ld, int64_t count, int64_t d, const double *centers,          \
                                int64_t ldc, const int32_t *label, double *out))                                         \
    /* out[i][8 g + l]: the same to every center of f64 panels [groups][d][8]. out [count][ldo]. */                      \
    X(void, sqdist_panels, (const double *rows, int64_t ld, int64_t count, int64_t d, const double *panels, int64_t groups, \
                            double *out, int64_t ldo)) \
    /* sums[i][l] += sqrt(sq[i][8 g + l]) for g = 0, 1, ... in turn. sq [count][ld], sums [count][8]. */                   \
    X(void, root_sums, (const double *sq, int64_t ld, int64_t count, int64_t groups, double *sums))                      \
    /* --- seeding; exact -------------------------------------------------------------------------------------------- */ \
    /* count <= 64 rows (pointers to d float64). First near[i] = min(near[i], D(x_i, pick)) for every bit i of fold; then   \
     * for every candidate l of group g, D = sqdist as above: v = min(near[i], D) * weights[i] (NULL: 1) is added to the    \
     * grid sums q [groups][2][8], and bit l of nearer[g][i] ([groups][64]) says D < near[i]. Returns the largest           \
     * near[i] * weights[i] after the folding. */                                                                         \
    X(double, seed_rows, (const cvi_seed_step *s, const double *const *rows, int64_t count, const double *weights,       \
                          uint64_t fold, double *near, uint64_t *q, uint8_t *nearer)) \
    /* The same on tiles x [tiles][d][64]: for every candidate c, sqdist [tiles][count][64] = D, and total[c] += the sum of\
     * min(near, D) * weights (NULL: 1) in ordinary additions. near, weights [tiles][64]. */                             \
    X(void, seed_measure, (const cvi_seed_block *s, const double *x, int64_t tiles, const double *weights,               \
                           const double *near, double *sqdist, double *total))                                           \
    /* near = min(before, fold), near and before [tiles][64], fold [64] of tile t at fold + t stride (NULL: near is not  \
     * written); returns the largest of them times weights (NULL: 1). With a grid (magic [2], or NULL: no sums) q        \
     * [tiles][2][8] = the bits of these products, [l] those of the eight rows l, l + 8, l + 16, ... */                  \
    X(double, seed_near, (const double *before, const double *fold, int64_t stride, const double *weights, int64_t tiles,\
                          const double *magic, double *near, uint64_t *q))                                               \
    /* --- the integer screen -------------------------------------------------------------------------------------------- */ \
    /* out [steps][64] lanes of the points of a float tile. norm [64] >= |numbers|, error [64] >= |true row - origin - step * */  \
    /* numbers|, +inf where a number had to be cut: with what tile lost when it became float32, 2^-23 |y|. sqnorm [64]. */    \
    X(void, integer_rows, (const cvi_integer_steps *s, const float *tile, const float *sqnorm, int32_t *out, float *error, \
                           float *norm))                                                                                  \
    /* scores [8 groups][64]: start + the sum of products, whose low 4 bits give way to the center's place in its 16. label \
     * [64]: the center with the smallest. limit [64]: that and the row's margin, per_error * error + per_norm * norm +     \
     * slack. Returns the rows with a second score up to limit. */                                                        \
    X(uint64_t, integer_screen, (const cvi_integer *s, const int32_t *tile, const float *error, const float *norm,        \
                                 int32_t *scores, int32_t *label, int32_t *limit))                                        \
    /* pairs = 64 * a center + the number of a row among those of open, for scores up to limit [64], by rising centers;      \
     * returns how many: those beyond most are counted, not written. pairs has room for two more. */                      \
    X(int64_t, integer_pairs, (const int32_t *scores, const int32_t *limit, uint64_t open, int64_t groups, int64_t most,  \
                               int32_t *pairs))                                                                           \
    /* Half scores of such pairs: rows [][ld] of the open ones, centers [k][ld], zero padded; ld a multiple of 16, lanes   \
     * over d: within (d / 16 + 8) 2^-24 |x| |c|. */                                                                      \
    X(void, pair_scores, (const float *rows, const float *centers, int64_t ld, const float *half_sqnorm,                  \
                          const int32_t *pairs, int64_t count, float *out))                                               \
    /* --- tiles of 64 points [d][64] with bounds; screens ------------------------------------------------------------ */ \
    /* mean [d] of the tile's points, rounded; returns the largest squared distance to it, within (d + 4) 2^-23 relative. */ \
    X(float, tiles_ball, (const float *tile, int64_t d, float *mean))                                                    \
    /* Half scores of one point [d] to all centers of f32 panels: score [16 groups]. */                                  \
    X(void, tiles_scores, (const cvi_screen *s, const float *point, float *score))                                       \
    /* Fold the half scores to the count centers of list into the two smallest of every point, best and second [64],     \
     * and label [64], the center of best. */                                                                            \
    X(void, tiles_fold, (const cvi_tile_centers *c, const float *tile, const int32_t *list, int64_t count, float *best,  \
                         float *second, int32_t *label))                                                                 \
    /* The points whose best and second are a near tie (bit i: point i), and the largest 2 best + sqnorm, at least 0. */ \
    X(uint64_t, tiles_open, (const cvi_tile_centers *c, const float *sqnorm, const float *best, const float *second,     \
                             float *largest))                                                                            \
    /* gap[a] = min over the points of (half score to center list[a]) - best; gap has room for count rounded up to 4. */ \
    X(void, tiles_gaps, (const cvi_tile_centers *c, const float *tile, const int32_t *list, int64_t count,               \
                         const float *best, float *gap))                                                                 \
    /* bound[j] = b of score[a], rounded down, where j = list[a] (list NULL: j = a), a < count. */                       \
    X(void, tiles_bounds, (const cvi_tile_bound *b, const float *score, const int32_t *list, int64_t count,              \
                           const float *drift, float *bound))                                                            \
    /* list = every j < count (a multiple of 16), rising, without bound[j] - drift[j] > limit; returns how many. */      \
    X(int64_t, tiles_scan, (const float *bound, const float *drift, int64_t count, float limit, int32_t *list))           \
    /* --- leading directions (docs/algorithms/head.md) --------------------------------------------------------------- */ \
    /* Half scores of count <= 64 rows to the centers of groups first .. end - 1.  Bit l of near[a][i]: not above limit[i]  \
     * for row i and lane l of group first + a; open[a], bit i: some lane is not. near [end - first][64]. */               \
    X(void, screen_near, (const cvi_screen *s, int64_t first, int64_t end, const float *const *rows, int64_t count,       \
                          const float *limit, uint16_t (*near)[CVI_TILE], uint64_t *open))                               \
    /* The half scores themselves, of one group: score [count][16]; count <= 64. Chains as in screen_centers. */          \
    X(void, screen_scores, (const cvi_screen *s, int64_t group, const float *const *rows, int64_t count, float *score))    \
    /* --- rows with bounds ------------------------------------------------------------------------------------------- */ \
    /* Bit i: some center may be a rival of row first + i, i < count <= 64. */                                           \
    X(uint64_t, rows_open, (const cvi_row_bounds *b, int64_t first, int64_t count))                                      \
    /* From half scores [ceil(k / 16)][CVI_TILE][16] of count <= 64 rows: label, the upper bound radius on the distance to   \
     * it, and bounds[i]->lower[j], j < k, by how much half the squared distance to j is larger, at least. Bit i: near tie,   \
     * all of row i unspecified. sqnorm, label, radius [64]. */                                                          \
    X(uint64_t, rows_bound, (const cvi_row_measure *m, const float *scores, const float *sqnorm, int64_t count,           \
                             int32_t *label, float *radius, cvi_row_bound *const *bounds))                               \
    /* --- int8 screen ------------------------------------------------------------------------------------------------ */ \
    /* q [dq] = x / scale rounded to nearest, |q| <= 127, zeros behind d; *out describes it. dq a multiple of 64. */      \
    X(void, quantize_row, (const float *x, int64_t d, int64_t dq, int8_t *q, cvi_row8 *out))                             \
    /* The second plane r [dq] of x, whose first is q (scale 0: none); zeros behind d. */                                   \
    X(void, quantize_rest, (const float *x, int64_t d, int64_t dq, const int8_t *q, float scale, int levels, int8_t *r,  \
                            cvi_rest8 *out))                                                                             \
    /* out[a][0 .. 3] = row.first[a], row.second[a], r.first[a], r.second[a], exact; row [dq] and half [dq / 2] the two     \
     * planes of a row (7 levels), first[a] and second[a] [dq]; dq a multiple of 64. */                                    \
    X(void, dot8_fine, (const int8_t *row, const uint8_t *half, int64_t dq, const uint8_t *const *first,                 \
                        const uint8_t *const *second, int64_t count, int32_t *out))                                      \
    /* acc[i][l] = sum over f of rows[i][f] * panel[f / 4][l][f % 4], l < 16 groups, exact; rows [count] pointers to dq     \
     * bytes, panel [dq / 4][16 groups][4], acc [count][48]; 1 <= groups <= 3, count <= 64, dq <= 65536. */               \
    X(void, dot8_panel, (const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int groups,         \
                         int32_t *acc))                                                                                  \
    /* out[0] = sum over f < dq of row[f] * a[f], out[1] with b; dq a multiple of 64. */                                   \
    X(void, dot8_two, (const int8_t *row, const uint8_t *a, const uint8_t *b, int64_t dq, int32_t *out))                 \
    /* Half-score bounds of one row against the lanes of a panel, from its dot products acc [48]. *threshold, which stands   \
     * for look's, falls to the smallest upper bound + slack; returns the mask of lanes that may win: low <= *threshold,    \
     * and low <= the smallest reach of the group + slack. low and reach are set for groups with such lanes. */             \
    X(uint64_t, bounds8, (const int32_t *acc, const cvi_look8 *look, const cvi_panel8 *panel, float *threshold,          \
                          cvi_bounds8 *out))                                                                             \
    /* Bit i: row look[i] has a lane whose low, as in bounds8, is at most its threshold. least[i] = its smallest low of     \
     * all lanes. acc [count][48], count <= 64. */                                                                         \
    X(uint64_t, open8, (const int32_t *acc, int64_t count, const cvi_look8 *look, const cvi_panel8 *panel,               \
                        float *least))                                                                                   \
    /* gap[q] = max(0, gap[q] - drift[q] - own), rounded down; returns the smallest. */                                   \
    X(float, gaps_fall, (float *gap, const float *drift, int64_t count, float own))                                      \
    /* gap[q] where flagged[q]: by how much a center is farther than one at distance `upper` or nearer if its half score    \
     * is larger by min of the four rest[i][q] - score; rest [4][stride]. Rounded down. */                                 \
    X(void, gaps_set, (const float *rest, int64_t stride, const uint8_t *flagged, int64_t count, float score,            \
                       float upper, float *gap))                                                                         \
    /* out[a] = half_sqnorm[list[a]] - x.c_list[a], float32; x and the rows of centers are zero padded to ld, a multiple  \
     * of 16; 16 lanes of ld / 16 features, added by halves: |error| <= (ld / 16 + 8) 2^-24 (|x||c| + |c|^2 / 2). */       \
    X(void, half_scores, (const float *x, int64_t ld, const float *centers, const float *half_sqnorm,                    \
                          const int32_t *list, int64_t count, float *out)) \
    /* --- the tree of boxes, 1 <= d <= 6; lists and tiles start at 64-byte boundaries --------------------------------- */ \
    /* Copy to out the candidates of in that some point x of the box (box [2][d]: low, high) may have for its owner: the    \
     * others have a larger canonical score than one of those kept for every x, by more than rounding. Returns how many;    \
     * out->stride >= in->count + 8. Exact in that sense; instruction sets may keep different ones. */                     \
    X(int64_t, tree_filter, (const cvi_tree_list *in, int64_t d, const double *box, cvi_tree_list *out))                  \
    /* label[i], i < count = the candidate with the smallest canonical score of row i of x [d][64], the first of equals;    \
     * returns the rows whose label differs from before (bit i: row i). before, label [64]. */                             \
    X(uint64_t, tree_leaf, (const cvi_tree_list *list, int64_t d, const double *x, int64_t count, const int32_t *before,   \
                            int32_t *label))                                                                             \
    /* x [d][64] = (double)tile [d][64] - mean[f]. */                                                                    \
    X(void, tree_center_f32, (const float *tile, int64_t d, const double *mean, double *x))                              \
    X(void, tree_center_f64, (const double *tile, int64_t d, const double *mean, double *x))                             \
    /* box [2][d] = the least and the largest value of every feature of x [d][64]. */                                     \
    X(void, tree_box, (const double *x, int64_t d, double *box))                                                         \
    /* Add the rows of x [grid->d][64] whose bit is set to q, as sums_add_f64 does; grid->levels <= 4. */                 \
    X(void, tree_sums, (const cvi_grid *grid, const double *x, uint64_t rows, uint64_t *q)) \
    /* --- k-means++ on tiles x [d][64] of float64 rows; exact. Rows that pad a tile have near 0 --------------------- */ \
    /* For every candidate c of candidates [8][d] whose bit is set: q[c][2] += grid bits of min(near[i], D(x_i, c)) *       \
     * weights[i] (NULL: 1), 64 rows. */                                                                                 \
    X(void, seed_potentials, (const double *x, int64_t d, const double *near, const double *weights,                     \
                              const double *candidates, uint32_t which, const double *magic, uint64_t *q))               \
    /* near[i] = min(near[i], D(x_i, pick)); returns the rows that became smaller. */                                    \
    X(uint64_t, seed_fold, (const double *x, int64_t d, const double *pick, double *near))                               \
    /* q [2] = grid bits of near[i] * weights[i], 64 rows; most[0] = largest near[i], most[1] = largest product. */      \
    X(void, seed_total, (const double *near, const double *weights, const double *magic, uint64_t *q, double *most))     \
    /* Bit b, b < 8: the squared distance from c to box b (low, high [d][stride]), in the operations of D, is below top[b]; \
     * otherwise no row of the box is nearer to c than top[b]. */                                                        \
    X(uint32_t, seed_boxes, (const double *low, const double *high, const double *top, int64_t stride, int64_t d,        \
                             const double *c)) \
    /* --- k-means++ by an int8 screen (docs/algorithms/seeding.md) ----------------------------------------------------- */ \
    /* q[f] = (x[f] - origin[f]) / scale rounded to nearest, |q| <= 127, f < d; |x - origin - scale q|^2, within (d + 4)    \
     * 2^-52 relative of the differences as rounded, and |q|^2. x: float if narrow, else double. */                        \
    X(cvi_seed_byte_row, seed_quantize, (const void *x, bool narrow, const float *origin, double scale, int64_t d,        \
                                         int8_t *q))                                                                      \
    /* tile [dq / 4][64][4]: rows' bytes + 128. open[c], bit i: start[c] + the dot product of the stored bytes of row i and \
     * of candidate c is above low[i]. open [8], low [64]. */                                                              \
    X(void, seed_screen8, (const cvi_seed_screen8 *s, const uint8_t *tile, const int32_t *low, uint64_t *open))           \
    /* at = 64 t + the number of each bit of open[8 t], t < tiles; returns how many. at has room for two more. */             \
    X(int64_t, seed_list, (const uint64_t *open, int64_t tiles, int32_t *at))                                             \
    /* sqdist[i] = D(x[i], c), i < count: float rows if narrow, else double. */                                            \
    X(void, sqdist_rows, (const void *const *x, bool narrow, const double *c, int64_t count, int64_t d, double *sqdist))  \
    /* What c takes off near [count] of the rows x[i], * weights (NULL: 1), by distances measured roughly: features in any  \
     * order, float32 or float64 throughout, so within (d + 8) roundings, relative, and (d + 8) of the type's smallest       \
     * normal numbers. The least and the most are added to gain [2]. Bit i of nearer [(count + 63) / 64]: c may be nearer. */\
    X(void, seed_gains_f32, (const cvi_seed_rough *s, const float *const *x, const float *c, int64_t count,               \
                             const double *near, const double *weights, double *gain, uint64_t *nearer))                  \
    X(void, seed_gains_f64, (const cvi_seed_rough *s, const double *const *x, const double *c, int64_t count,             \
                             const double *near, const double *weights, double *gain, uint64_t *nearer))

typedef struct cvi_kernels {
    const char *name; /* "portable", "avx2", ... */
    bool has_dot8;    /* dot8_panel runs on a dot-product instruction */
    bool has_integer; /* integer_screen does */
    bool slow_fma;    /* a fused multiply-add is a call, so that canonical scores are dear */
#define CVI_SLOT_FIELD(result, name, parameters) result(*name) parameters;
    CVI_SLOTS(CVI_SLOT_FIELD)
#undef CVI_SLOT_FIELD
} cvi_kernels;

#endif
