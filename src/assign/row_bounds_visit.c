/* One pass over some rows: those whose bounds no longer hold are collected, 64 at a time meet all centers. */
#include "assign/row_bounds.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Half scores of the rows in the worker's block. */
static void score(const cvi_bounds_pass *p, cvi_bounds_worker *w, float *sqnorm)
{
    const cvi_bounds_state *s = p->state;
    const int64_t count = w->block.count;
    if (s->wide) {
        int32_t label[CVI_TILE];
        _Alignas(64) float best[CVI_TILE];
        cvi_wide wide = cvi_packed32_wide(&s->packed32, s->rows32, s->ld32);
        wide.scores = w->scores;
        cvi_wide_screen(p->problem, &wide, &w->block, w->rows, sqnorm, label, best);
        return;
    }
    const float *row[CVI_TILE];
    cvi_block_rows32(p->problem->kernels, p->problem->rows, &w->block, 0, count, s->packed32.scale, w->rows, s->ld32, sqnorm);
    for (int64_t i = 0; i < count; i++)
        row[i] = w->rows + i * s->ld32;
    for (int64_t g = 0; g < s->screen.groups; g++)
        p->problem->kernels->screen_scores(&s->screen, g, row, count, w->scores + g * CVI_TILE * CVI_GROUP32);
}

/* Row `at` of the worker's block by the canonical score of all centers. */
static int32_t decide(const cvi_bounds_pass *p, cvi_bounds_worker *w, int64_t at)
{
    const cvi_bounds_state *s = p->state;
    int32_t label;
    cvi_block_center(p->problem->kernels, p->problem->rows, &w->block, at, 1, w->exact, s->ld64);
    p->problem->kernels->canonical_rows(&s->packed64.canonical, w->exact, s->ld64, 1, &label, NULL);
    return label;
}

/* The listed rows meet all centers: new labels, new bounds. */
static void measure(const cvi_bounds_pass *p, cvi_bounds_worker *w, int worker)
{
    cvi_bounds_state *s = p->state;
    const cvi_problem *problem = p->problem;
    _Alignas(64) float sqnorm[CVI_TILE], radius[CVI_TILE];
    _Alignas(64) int32_t label[CVI_TILE];
    cvi_row_bound *bounds[CVI_TILE];
    const int64_t count = w->listed;
    w->listed = 0;
    w->measured += count;
    cvi_rows_gather(problem->rows, w->list, count, &w->block);
    score(p, w, sqnorm);
    for (int64_t a = 0; a < count; a++)
        bounds[a] = cvi_row_bound_of(&s->bounds, w->list[a]);
    uint64_t open = problem->kernels->rows_bound(&s->measure, w->scores, sqnorm, count, label, radius, bounds);
    open |= cvi_out_of_range(sqnorm, count);
    w->repaired += __builtin_popcountll(open);
    for (; open != 0; open &= open - 1) {
        const int64_t a = __builtin_ctzll(open);
        label[a] = decide(p, w, a);
        radius[a] = INFINITY; /* the next pass measures it again */
    }
    for (int64_t a = 0; a < count; a++) {
        const int64_t i = w->list[a];
        if (!p->fresh)
            w->left[bounds[a]->cell / s->k]++;
        bounds[a]->radius = radius[a];
        bounds[a]->cell = (uint16_t)(s->now * s->k + label[a]);
        w->block.start = i - a; /* the sums look up the row's weight */
        w->changed += cvi_sums_relabel(p->sums, worker, problem->rows, &w->block, a, &p->labels[i], label[a]);
    }
}

/* Of a float that is no NaN, rounded towards -inf. */
static uint16_t upper_half(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return (uint16_t)((bits + (bits >> 31) * 0xffff) >> 16);
}

/* The row's snapshot is given up: what its bounds say now, they say of this pass's centers. */
static void carry_over(cvi_bounds_state *s, cvi_row_bound *row)
{
    const int64_t own = row->cell % s->k;
    const float *gain = s->drift + (int64_t)row->cell * 2 * s->width, *spread = gain + s->width;
    for (int64_t j = 0; j < s->k; j++) {
        const uint32_t bits = (uint32_t)row->lower[j] << 16;
        float before;
        memcpy(&before, &bits, sizeof before);
        const double low = (double)before + (double)gain[j] - (double)row->radius * (double)spread[j];
        row->lower[j] = j == own ? 0 : upper_half((float)(low - fabs(low) * 0x1p-22));
    }
    row->radius = (float)(((double)row->radius + (double)s->snapshots[s->retiring].moved[own]) * (1 + 0x1p-22));
    row->cell = (uint16_t)(s->now * s->k + own);
}

#ifndef NDEBUG
/* Debug builds: no row that is skipped has a nearer center by the canonical score.  Of large fits some blocks a pass. */
static void check_skipped(const cvi_bounds_pass *p, cvi_bounds_worker *w, int64_t first, int64_t count, uint64_t open)
{
    const cvi_bounds_state *s = p->state;
    const int64_t one_in = 1 + s->n * s->k / (1 << 22);
    if ((first / CVI_TILE + s->now) % one_in != 0)
        return;
    for (int64_t b = 0; b < count; b++) {
        if ((open >> b & 1) != 0)
            continue;
        cvi_rows_fetch(p->problem->rows, first + b, 1, &w->block);
        assert(decide(p, w, 0) == p->labels[first + b]);
    }
}
#endif

static void visit_block(const cvi_bounds_pass *p, cvi_bounds_worker *w, int worker, int64_t first, int64_t count)
{
    cvi_bounds_state *s = p->state;
    uint64_t open = count < CVI_TILE ? ((uint64_t)1 << count) - 1 : ~(uint64_t)0;
    if (!p->fresh)
        open = p->problem->kernels->rows_open(&s->bounds, first, count);
#ifndef NDEBUG
    check_skipped(p, w, first, count, open);
#endif
    for (int64_t b = 0; s->retiring >= 0 && b < count; b++) {
        cvi_row_bound *row = cvi_row_bound_of(&s->bounds, first + b);
        const int64_t own = row->cell - s->retiring * s->k;
        if (own >= 0 && own < s->k && (open >> b & 1) == 0) {
            w->left[s->retiring]++;
            carry_over(s, row);
        }
    }
    for (; open != 0; open &= open - 1) {
        const int64_t i = first + __builtin_ctzll(open);
        cvi_row_prefetch(p->problem->rows, i);
        w->list[w->listed++] = i;
        if (w->listed == CVI_TILE)
            measure(p, w, worker);
    }
}

void cvi_bounds_visit(void *context, int64_t index, int worker)
{
    const cvi_bounds_pass *p = context;
    const cvi_bounds_state *s = p->state;
    cvi_bounds_worker *w = &s->workers[worker];
    int64_t end = (index + 1) * s->grain;
    end = end < s->n ? end : s->n;
    for (int64_t i = index * s->grain; i < end; i += CVI_TILE)
        visit_block(p, w, worker, i, end - i < CVI_TILE ? end - i : CVI_TILE);
    if (w->listed > 0)
        measure(p, w, worker);
}
