/*
 * Directions in which the rows spread most: the leading right singular vectors of a sample, by subspace iteration from
 * random signs (N. Halko, P. G. Martinsson & J. A. Tropp, "Finding structure with randomness", SIAM Review 53, 2011).
 *
 * With rows S [samples][d] and panels B [d][32] the screens' kernel multiplies both ways: what it writes for rows, sixteen
 * scores each, is a panel of the next product.
 *
 *      Y = S B       rows of S against the panels B          B = S' Y      rows of S' against the panels Y
 *
 * Any directions give true bounds; good ones leave little to their rest.
 */
#include "assign/head.h"

#include <math.h>
#include <string.h>

enum { MOST_SAMPLES = 512, LEAST_SAMPLES = 64, SAMPLE_VALUES = 1 << 20, ROUNDS = 3 };

static int64_t samples_of(const cvi_rows *rows)
{
    int64_t most = SAMPLE_VALUES / rows->d;
    most = most < LEAST_SAMPLES ? LEAST_SAMPLES : most > MOST_SAMPLES ? MOST_SAMPLES : most;
    return most < rows->n ? most : rows->n;
}

void cvi_head_basis_take(cvi_head_basis *basis, const cvi_rows *rows, cvi_arena *arena)
{
    const int64_t d = rows->d, samples = samples_of(rows);
    *basis = (cvi_head_basis){.d = d, .ld32 = (d + 15) / 16 * 16, .samples = samples};
    basis->panels = cvi_arena_take(arena, CVI_HEAD * d, sizeof(float));
    basis->zeros = cvi_arena_take(arena, CVI_HEAD, sizeof(float));
    basis->rows = cvi_arena_take(arena, CVI_HEAD * d, sizeof(double));
    basis->sample = cvi_arena_take(arena, samples * basis->ld32, sizeof(float));
    basis->turned = cvi_arena_take(arena, samples * d, sizeof(float));
    basis->product = cvi_arena_take(arena, CVI_HEAD * samples, sizeof(float));
}

void cvi_head_load(const cvi_problem *problem, double scale, cvi_block *block, const int64_t *list, int64_t count, float *out,
                   int64_t ld32, float *r2)
{
    cvi_rows_gather(problem->rows, list, count, block);
    cvi_block_rows32(problem->kernels, problem->rows, block, 0, count, (float)scale, out, ld32, r2);
}

int64_t cvi_head_sample(const cvi_head_basis *basis, const cvi_rows *rows, int64_t i)
{
    return i * rows->n / basis->samples;
}

/* The sample transposed, a cache line at a time. */
static void turn(cvi_head_basis *b)
{
    for (int64_t first = 0; first < b->samples; first += CVI_GROUP32) {
        const int64_t count = b->samples - first < CVI_GROUP32 ? b->samples - first : CVI_GROUP32;
        for (int64_t f = 0; f < b->d; f++)
            for (int64_t i = first; i < first + count; i++)
                b->turned[f * b->samples + i] = b->sample[i * b->ld32 + f];
    }
}

/* Rows spread evenly over the data; such as have no place in float32 are left out. */
static void draw(cvi_head_basis *b, const cvi_problem *problem, double scale, cvi_block *block, float *load)
{
    for (int64_t i = 0; i < b->samples; i++) {
        float r2;
        const int64_t row = cvi_head_sample(b, problem->rows, i);
        cvi_head_load(problem, scale, block, &row, 1, load, b->ld32, &r2);
        if (!(r2 < 1e24f))
            memset(load, 0, (size_t)b->ld32 * sizeof *load);
        memcpy(b->sample + i * b->ld32, load, (size_t)b->ld32 * sizeof *load);
    }
    turn(b);
}

/* out, f32 panels of `count` features: -(the rows' products with panels of d features). */
static void multiply(const cvi_kernels *kernels, const float *rows, int64_t ld, int64_t count, const float *panels,
                     const float *zeros, int64_t d, float *out)
{
    const cvi_screen screen = {.centers = panels, .half_sqnorm = zeros, .d = d, .k = CVI_HEAD, .groups = CVI_HEAD_GROUPS};
    for (int64_t first = 0; first < count; first += CVI_TILE) {
        const int64_t some = count - first < CVI_TILE ? count - first : CVI_TILE;
        const float *row[CVI_TILE];
        for (int64_t i = 0; i < some; i++)
            row[i] = rows + (first + i) * ld;
        for (int64_t g = 0; g < CVI_HEAD_GROUPS; g++)
            kernels->screen_scores(&screen, g, row, some, out + (g * count + first) * CVI_GROUP32);
    }
}

static double product(const double *a, const double *b, int64_t d)
{
    double sum[4] = {0};
    int64_t f = 0;
    for (; f + 4 <= d; f += 4)
        for (int l = 0; l < 4; l++)
            sum[l] += a[f + l] * b[f + l];
    for (; f < d; f++)
        sum[0] += a[f] * b[f];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Directions at right angles and of length 1, or 0 where nothing is left (Gram-Schmidt, `rounds` times). */
static void orthogonalize(double *rows, int64_t d, int rounds)
{
    for (int64_t a = 0; a < CVI_HEAD_DIRECTIONS; a++) {
        double *x = rows + a * d, before = product(x, x, d);
        for (int round = 0; round < rounds; round++)
            for (int64_t b = 0; b < a; b++) {
                const double along = product(x, rows + b * d, d);
                for (int64_t f = 0; f < d; f++)
                    x[f] -= along * rows[b * d + f];
            }
        const double left = product(x, x, d);
        const double by = left > 0x1p-20 * before && left > 1e-200 ? 1 / sqrt(left) : 0; /* mostly rounding: of no use */
        for (int64_t f = 0; f < d; f++)
            x[f] *= by;
    }
    memset(rows + CVI_HEAD_DIRECTIONS * d, 0, (size_t)d * sizeof *rows);
}

/* The panels' lanes as rows, at right angles, and back. */
static void straighten(cvi_head_basis *b, int rounds)
{
    const int64_t d = b->d;
    for (int64_t a = 0; a < CVI_HEAD; a++)
        for (int64_t f = 0; f < d; f++)
            b->rows[a * d + f] = (double)b->panels[(a / CVI_GROUP32 * d + f) * CVI_GROUP32 + a % CVI_GROUP32];
    orthogonalize(b->rows, d, rounds);
    for (int64_t a = 0; a < CVI_HEAD; a++)
        for (int64_t f = 0; f < d; f++)
            b->panels[(a / CVI_GROUP32 * d + f) * CVI_GROUP32 + a % CVI_GROUP32] = (float)b->rows[a * d + f];
}

/* How far the directions are from orthonormal ones: sqrt(sum of the squares of P P' - 1), which bounds |P - Q|. */
static double skewness(const cvi_head_basis *b)
{
    double sq = 0;
    for (int64_t a = 0; a < CVI_HEAD_DIRECTIONS; a++) {
        const double *x = b->rows + a * b->d, own = product(x, x, b->d);
        sq += own == 0 ? 0 : (own - 1) * (own - 1);
        for (int64_t c = 0; c < a; c++) {
            const double along = product(x, b->rows + c * b->d, b->d);
            sq += 2 * along * along;
        }
    }
    return sqrt(sq) + (double)(b->d + 8) * CVI_HEAD * 0x1p-52;
}

void cvi_head_basis_find(cvi_head_basis *b, const cvi_problem *problem, double scale, cvi_block *block, float *load)
{
    const double u = 0x1p-24, directions = sqrt(CVI_HEAD_DIRECTIONS);
    const double chain = b->d <= CVI_CHAIN ? (double)b->d : CVI_CHAIN + (double)b->d / CVI_CHAIN + 3;
    uint64_t bits = 0x9e3779b97f4a7c15u;
    memset(b->zeros, 0, CVI_HEAD * sizeof *b->zeros);
    draw(b, problem, scale, block, load);
    for (int64_t a = 0; a < CVI_HEAD * b->samples; a++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        b->product[a] = bits >> 63 != 0 ? 1.0f : -1.0f;
    }
    for (int round = 0; round < ROUNDS; round++) {
        if (round > 0)
            multiply(problem->kernels, b->sample, b->ld32, b->samples, b->panels, b->zeros, b->d, b->product);
        multiply(problem->kernels, b->turned, b->samples, b->d, b->product, b->zeros, b->samples, b->panels);
        straighten(b, round + 1 < ROUNDS ? 1 : 2);
    }
    /* A computed coordinate is off by the panels' rounding, the row's (2 u), and that of a chain of products. */
    b->error = 1.01 * (skewness(b) + directions * u * (chain + 6));
    b->rounding = u * ((double)b->d / 8 + 16);
}

void cvi_head_project(const cvi_head_basis *b, const cvi_kernels *kernels, const float *const *rows, const float *r2,
                      int64_t count, float *const *heads)
{
    const cvi_screen screen = {
        .centers = b->panels, .half_sqnorm = b->zeros, .d = b->d, .k = CVI_HEAD, .groups = CVI_HEAD_GROUPS};
    float score[CVI_TILE][CVI_GROUP32];
    for (int64_t g = 0; g < CVI_HEAD_GROUPS; g++) {
        kernels->screen_scores(&screen, g, rows, count, score[0]);
        for (int64_t i = 0; i < count; i++)
            memcpy(heads[i] + g * CVI_GROUP32, score[i], sizeof score[i]);
    }
    for (int64_t i = 0; i < count; i++) {
        float *head = heads[i];
        double rest = (double)r2[i] * (1 + b->rounding + 2.1 * b->error);
        for (int64_t a = 0; a < CVI_HEAD_DIRECTIONS; a++)
            rest -= (double)head[a] * (double)head[a];
        head[CVI_HEAD_DIRECTIONS] = rest > 0 ? (float)(sqrt(rest) * (1 + 0x1p-20)) : 0;
    }
}
