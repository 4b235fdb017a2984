/* Centers in the layouts that the kernels read, and the near-tie thresholds that go with them. */
#include "assign/strategy.h"

#include <math.h>
#include <string.h>

void cvi_packed64_take(cvi_packed64 *packed, int64_t k, int64_t d, cvi_arena *arena)
{
    const int64_t groups = (k + CVI_GROUP64 - 1) / CVI_GROUP64;
    packed->panels = cvi_arena_take(arena, groups * d, CVI_GROUP64 * sizeof(double));
    packed->sqnorm = cvi_arena_take(arena, groups, CVI_GROUP64 * sizeof(double));
}

void cvi_packed64_fill(cvi_packed64 *packed, const cvi_kernels *kernels, const double *centers, int64_t k, int64_t d)
{
    const int64_t groups = (k + CVI_GROUP64 - 1) / CVI_GROUP64;
    for (int64_t g = 0; g < groups; g++)
        for (int64_t l = 0; l < CVI_GROUP64; l++) {
            const int64_t j = g * CVI_GROUP64 + l;
            double *out = packed->panels + g * d * CVI_GROUP64 + l;
            for (int64_t f = 0; f < d; f++)
                out[f * CVI_GROUP64] = j < k ? centers[j * d + f] : 0.0;
            packed->sqnorm[j] = j < k ? kernels->canonical_sqnorm(centers + j * d, d) : INFINITY;
        }
    packed->canonical = (cvi_canonical){.centers = packed->panels, .sqnorm = packed->sqnorm, .d = d, .k = k, .groups = groups};
}

void cvi_packed32_take(cvi_packed32 *packed, int64_t k, int64_t d, cvi_arena *arena)
{
    const int64_t groups = (k + CVI_GROUP32 - 1) / CVI_GROUP32;
    packed->panels = cvi_arena_take(arena, groups * d, CVI_GROUP32 * sizeof(float));
    packed->half_sqnorm = cvi_arena_take(arena, groups, CVI_GROUP32 * sizeof(float));
}

double cvi_screen_scale(const cvi_frame *frame)
{
    int exponent;
    if (!(frame->sq_spread > 0))
        return 1;
    frexp(sqrt(frame->sq_spread), &exponent);
    /* float32 must hold the scaled values and the scale itself. */
    if (exponent > 120)
        exponent = 120;
    if (exponent < -120)
        exponent = -120;
    return ldexp(1, -exponent);
}

/*
 * The thresholds of docs/numerics.md, "The float32 screen".  With r2 = |x|^2 and S = |x - c|^2 (scaled), the computed
 * half score is within e = u (t + 2) (2.5 r2 + 1.5 S) + 2^-18 (r2 + S) of the true one: t additions lie one behind the
 * other, d of them, or a chain's and the chains' where rows are wide; the second term is the index in the low bits of marked scores,
 * the canonical score's half within q = 4 (d + 4) 2^-53 (3 r2 + 2 S + |mean - mean32|^2).  A center whose
 * half score passes the best by more than 2 (e + q), widened for the larger S of the loser, cannot win or tie.
 */
void cvi_screen_set_ties(cvi_screen *screen, int64_t d, double sq_shift, bool marked)
{
    const double u = 0x1p-24, index = marked ? 0x1p-18 : 0, v = 4 * (double)(d + 4) * 0x1p-53;
    const double steps = (double)(d <= CVI_CHAIN ? d : CVI_CHAIN + d / CVI_CHAIN + 3);
    const double a = u * (steps + 2) * 2.5 + index + 6 * v;
    const double b = u * (steps + 2) * 1.5 + index + 4 * v;
    const double widen = 1.02 / (1 - 4 * b);
    screen->tie_r = (float)(2 * a * widen);
    screen->tie_s = (float)(2 * b * widen);
    screen->tie_0 = (float)(8 * v * sq_shift * widen + (double)(d + 2) * 0x1p-140);
}

void cvi_packed32_fill(cvi_packed32 *packed, const double *centers, const cvi_rows *rows, const cvi_frame *frame, int64_t k,
                       int64_t d)
{
    const int64_t groups = (k + CVI_GROUP32 - 1) / CVI_GROUP32;
    const double scale = cvi_screen_scale(frame);
    const bool shifted = rows->kind == CVI_ROWS_F32 && rows->mean != NULL;
    double sq_shift = 0;
    packed->scale = (float)scale;
    packed->usable = d <= 32768; /* beyond it the threshold's linear form no longer covers itself */
    if (shifted)
        for (int64_t f = 0; f < d; f++) {
            const double t = (rows->mean[f] - (double)rows->mean32[f]) * scale;
            sq_shift += t * t;
        }
    for (int64_t g = 0; g < groups; g++)
        for (int64_t l = 0; l < CVI_GROUP32; l++) {
            const int64_t j = g * CVI_GROUP32 + l;
            float *out = packed->panels + g * d * CVI_GROUP32 + l;
            if (j >= k) {
                for (int64_t f = 0; f < d; f++)
                    out[f * CVI_GROUP32] = 0;
                packed->half_sqnorm[j] = CVI_PADDING_SCORE;
                continue;
            }
            double sq = 0;
            for (int64_t f = 0; f < d; f++) {
                const double shift = shifted ? rows->mean[f] - (double)rows->mean32[f] : 0.0;
                const double c = (centers[j * d + f] + shift) * scale;
                out[f * CVI_GROUP32] = (float)c;
                sq += c * c;
            }
            packed->half_sqnorm[j] = (float)(0.5 * sq);
            if (!(sq < 1e24))
                packed->usable = false;
        }
    packed->screen = (cvi_screen){.centers = packed->panels, .half_sqnorm = packed->half_sqnorm, .d = d, .k = k, .groups = groups};
    packed->sq_shift = sq_shift;
    cvi_screen_set_ties(&packed->screen, d, sq_shift, true);
}

void cvi_packed32_rows(const cvi_packed32 *packed, int64_t k, int64_t d, float *rows, int64_t ld)
{
    for (int64_t j = 0; j < k; j++) {
        const float *panel = packed->panels + j / CVI_GROUP32 * d * CVI_GROUP32 + j % CVI_GROUP32;
        for (int64_t f = 0; f < ld; f++)
            rows[j * ld + f] = f < d ? panel[f * CVI_GROUP32] : 0;
    }
}

bool cvi_wide_pays(int64_t d, int64_t k)
{
    enum { MIN_D = 96 };
    return d >= MIN_D && k <= CVI_WIDE_MAX_K;
}

cvi_wide cvi_packed32_wide(const cvi_packed32 *packed, const float *centers, int64_t ld)
{
    const cvi_screen *screen = &packed->screen;
    return (cvi_wide){.centers = centers, .half_sqnorm = packed->half_sqnorm, .scale = packed->scale, .d = screen->d,
                      .k = screen->k, .ld = ld, .screen = *screen};
}

/* Rows of float32 are read as they are stored; others are converted a few at a time, which stays in L1. */
uint64_t cvi_wide_screen(const cvi_problem *problem, const cvi_wide *wide, const cvi_block *block, float *room, float *sqnorm,
                         int32_t *label, float *best)
{
    enum { FEW = 8 };
    cvi_wide few = *wide;
    uint64_t open = 0;
    if (block->is_f32) {
        few.mean32 = problem->rows->mean32;
        return problem->kernels->screen_wide(&few, block->row32, block->count, sqnorm, label, best);
    }
    for (int64_t i = 0; i < block->count; i += FEW) {
        const int64_t count = block->count - i < FEW ? block->count - i : FEW;
        const float *row[FEW];
        cvi_block_rows32(problem->kernels, problem->rows, block, i, count, few.scale, room, few.ld, sqnorm + i);
        for (int64_t r = 0; r < count; r++)
            row[r] = room + r * few.ld;
        few.scores = wide->scores != NULL ? wide->scores + i * CVI_GROUP32 : NULL;
        open |= problem->kernels->screen_wide(&few, row, count, sqnorm + i, label + i, best + i) << i;
    }
    return open;
}

uint64_t cvi_out_of_range(const float *sqnorm, int64_t count)
{
    uint64_t out = 0;
    int32_t any = 0;
    for (int64_t i = 0; i < count; i++)
        any |= !(sqnorm[i] < 1e24f);
    for (int64_t i = 0; any && i < count; i++)
        out |= (uint64_t) !(sqnorm[i] < 1e24f) << i;
    return out;
}

/* Cluster numbers by squared norm, lower number first on ties (Shell's sort: no memory, no recursion). */
static void sort_by_norm(const double *sqnorm, int32_t *order, int64_t k)
{
    for (int64_t j = 0; j < k; j++)
        order[j] = (int32_t)j;
    int64_t gap = 1;
    while (gap < k / 9)
        gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3)
        for (int64_t i = gap; i < k; i++) {
            const int32_t j = order[i];
            int64_t at = i;
            while (at >= gap && (sqnorm[order[at - gap]] > sqnorm[j] ||
                                 (sqnorm[order[at - gap]] == sqnorm[j] && order[at - gap] > j))) {
                order[at] = order[at - gap];
                at -= gap;
            }
            order[at] = j;
        }
}

void cvi_packed32_drop_duplicates(cvi_packed32 *packed, const double *centers, const double *sqnorm, int32_t *order,
                                  int64_t k, int64_t d)
{
    sort_by_norm(sqnorm, order, k);
    for (int64_t a = 1; a < k; a++)
        for (int64_t b = a - 1; b >= 0 && sqnorm[order[b]] == sqnorm[order[a]]; b--)
            if (memcmp(centers + order[a] * d, centers + order[b] * d, (size_t)d * sizeof(double)) == 0) {
                packed->half_sqnorm[order[a]] = CVI_PADDING_SCORE;
                break;
            }
}
