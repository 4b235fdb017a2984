/*
 * Bounds per row and center, for dense rows and few centers: a row that keeps its label is not read.
 *
 * Let g_j = (|x - c_j|^2 - |x - c_o|^2) / 2, o the row's own center: g_j > 0 says that j is no rival.  Half the difference of
 * two squared distances is linear in x, so when the centers have gone from h to c = h + m,
 *
 *     g_j now = g_j then + [what it would have changed by at x = h_o] + (x - h_o).(m_o - m_j),
 *
 * where the middle term depends on the centers alone, and the last is at most |x - h_o| |m_o - m_j|.  A row keeps g_j of the
 * pass in which it was last measured, for every j, and its distance from h_o then; a table for each of the last snapshots of
 * the centers has the rest.  That is sharper than the triangle inequality (C. Elkan, ICML 2003; G. Hamerly, SDM 2010), which
 * adds up the lengths of all moves, whatever their directions; and only rows that are measured anew write anything.
 *
 * docs/algorithms/bounds.md derives what rounding takes from the bounds.
 */
#include "assign/row_bounds.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { LEAST_BYTES = 256, LEAST_ROWS = 4096 };

/* Bytes of a row as brute force reads it: those of narrow types are made float64 first. */
static int64_t row_bytes(const cvi_problem *problem)
{
    return problem->rows->d * (problem->rows->kind == CVI_ROWS_F32 ? 4 : 8);
}

/* Short rows are measured at half of brute force's speed, since they come one by one; of long ones the memory's speed is all that
 * counts. */
static bool short_rows(const cvi_problem *problem)
{
    return row_bytes(problem) < 512;
}

static int64_t bytes_a_row(int64_t k)
{
    return ((int64_t)offsetof(cvi_row_bound, lower) + 2 * k + 3) / 4 * 4;
}

/* Bytes of the bounds and of what the centers did. */
static double bounds_bytes(const cvi_problem *problem)
{
    const double k = (double)problem->k, d = (double)problem->rows->d;
    return (double)problem->rows->n * (double)bytes_a_row(problem->k) +
           CVI_SNAPSHOTS * k * (8 * d + 8 * (k + CVI_GROUP64) + 8 * (k + CVI_GROUP32));
}

static bool suits(const cvi_problem *problem)
{
    return problem->rows->kind != CVI_ROWS_CSR && problem->k <= CVI_BOUNDS_MAX_K && problem->rows->d <= 32768 &&
           bounds_bytes(problem) <= (double)cvi_rows_budget(problem->rows, &problem->job->run);
}

static bool pays(const cvi_problem *problem)
{
    return problem->k >= 2 && row_bytes(problem) >= LEAST_BYTES && 2 * problem->k <= problem->rows->d + 64 &&
           problem->rows->n >= LEAST_ROWS && !cvi_brute_keeps_tiles(problem);
}

static void take_snapshots(cvi_bounds_state *s, cvi_arena *arena)
{
    for (int a = 0; a < CVI_SNAPSHOTS; a++) {
        cvi_snapshot *snapshot = &s->snapshots[a];
        snapshot->centers = cvi_arena_take(arena, s->k, (size_t)s->d * sizeof(double));
        snapshot->apart = cvi_arena_take(arena, s->k, (size_t)s->ldk * sizeof(double));
        snapshot->moved = cvi_arena_take(arena, s->k, sizeof(float));
    }
}

static void take_workers(cvi_bounds_state *s, const cvi_problem *problem, int threads, cvi_arena *arena)
{
    s->workers = cvi_arena_take(arena, threads, sizeof *s->workers);
    for (int t = 0; t < threads; t++) {
        cvi_bounds_worker w = {0};
        cvi_block_take(&w.block, problem->rows, arena);
        w.rows = cvi_arena_take(arena, CVI_TILE, (size_t)s->ld32 * sizeof(float));
        w.scores = cvi_arena_take(arena, CVI_TILE, (size_t)s->width * sizeof(float));
        w.exact = cvi_arena_take(arena, s->ld64, sizeof(double));
        w.cross = cvi_arena_take(arena, s->k, (size_t)s->ldk * sizeof(double));
        if (s->workers != NULL)
            s->workers[t] = w;
    }
}

static void *take(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    const int64_t n = problem->rows->n, d = problem->rows->d, k = problem->k;
    cvi_bounds_state *state = cvi_arena_take(arena, 1, sizeof *state);
    cvi_bounds_state s = {.n = n, .d = d, .k = k, .ld32 = (d + 15) / 16 * 16, .ld64 = (d + 7) / 8 * 8,
                          .ldk = (k + CVI_GROUP64 - 1) / CVI_GROUP64 * CVI_GROUP64,
                          .width = (k + CVI_GROUP32 - 1) / CVI_GROUP32 * CVI_GROUP32,
                          .wide = cvi_wide_pays(d, k)};
    s.bounds = (cvi_row_bounds){.k = k, .stride = bytes_a_row(k), .width = s.width};
    s.bounds.rows = cvi_arena_take(arena, n * s.bounds.stride + CVI_GROUP32 * 2, 1);
    s.drift = cvi_arena_take(arena, CVI_SNAPSHOTS * k * 2, (size_t)s.width * sizeof(float));
    s.bounds.drift = s.drift;
    s.apart = cvi_arena_take(arena, k, (size_t)s.ldk * sizeof(double));
    s.rows32 = s.wide ? cvi_arena_take(arena, k, (size_t)s.ld32 * sizeof(float)) : NULL;
    cvi_packed32_take(&s.packed32, k, d, arena);
    cvi_packed64_take(&s.packed64, k, d, arena);
    take_snapshots(&s, arena);
    take_workers(&s, problem, threads, arena);
    if (state != NULL)
        *state = s;
    return state;
}

static void start(void *state, const cvi_problem *problem)
{
    cvi_bounds_state *s = state;
    (void)problem;
    s->built = false;
    s->costly = 0;
    for (int a = 0; a < CVI_SNAPSHOTS; a++)
        s->snapshots[a].rows = 0;
}

/* Constants of this pass. */
static void set_constants(cvi_bounds_state *s)
{
    s->screen = s->packed32.screen;
    cvi_screen_set_ties(&s->screen, s->d, s->packed32.sq_shift, false);
    s->measure = (cvi_row_measure){.tie_r = s->screen.tie_r, .tie_s = s->screen.tie_s, .tie_0 = s->screen.tie_0,
                                   .loss = (float)((double)(s->d + 4) * 0x1p-23),
                                   .keep = (float)(1 - 1.1 * (double)s->screen.tie_s - 0x1p-20), .k = s->k};
}

/* Which share of the rows must be measured: of every 16th block. */
static double share_open(const cvi_bounds_state *s, const cvi_kernels *kernels)
{
    int64_t seen = 0, open = 0;
    for (int64_t i = 0; i < s->n; i += 16 * CVI_TILE) {
        const int64_t count = s->n - i < CVI_TILE ? s->n - i : CVI_TILE;
        seen += count;
        open += __builtin_popcountll(kernels->rows_open(&s->bounds, i, count));
    }
    return (double)open / (double)seen;
}

/* Bounds are begun with the first pass, where that costs little; given up, again when labels have become much steadier. */
static bool worth_beginning(cvi_bounds_state *s, const cvi_problem *problem, const cvi_history *history)
{
    const bool dear = short_rows(problem) && s->k > CVI_GROUP32;
    if (history->passes == 0)
        s->steady = s->n / 32;
    return (history->passes == 0 && !dear) || history->changed < s->steady;
}

/* Is the next pass brute force's?  Where most rows would be measured, or twice in a row more than pays. */
static bool worth_giving_up(cvi_bounds_state *s, const cvi_problem *problem, const cvi_history *history)
{
    const double share = share_open(s, problem->kernels), pays = short_rows(problem) ? 0.4 : 0.75;
    s->costly = share > pays ? s->costly + 1 : 0;
    if (s->costly < 2 && share <= (1 + pays) / 2)
        return false;
    s->steady = (history->changed < s->steady ? history->changed : s->steady) / 2;
    return true;
}

static bool ready(void *state, const cvi_problem *problem, const double *centers, const cvi_history *history)
{
    cvi_bounds_state *s = state;
    const bool asked_for = problem->job->run.plan != NULL;
    if (!s->built && !asked_for && !worth_beginning(s, problem, history))
        return false;
    cvi_packed32_fill(&s->packed32, centers, problem->rows, problem->frame, s->k, s->d);
    if (!s->packed32.usable)
        return false;
    cvi_packed64_fill(&s->packed64, problem->kernels, centers, s->k, s->d);
    set_constants(s);
    cvi_bounds_drift(s, problem, centers);
    return !s->built || asked_for || !worth_giving_up(s, problem, history);
}

static bool run_pass(void *state, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                     cvi_pass_counts *counts)
{
    cvi_bounds_state *s = state;
    cvi_job *job = problem->job;
    cvi_bounds_pass p = {.state = s, .problem = problem, .centers = centers, .labels = labels, .sums = sums, .fresh = !s->built};
    if (s->wide)
        cvi_packed32_rows(&s->packed32, s->k, s->d, s->rows32, s->ld32);
    cvi_bounds_snapshot(s, centers);
    for (int t = 0; t < job->team.threads; t++) {
        cvi_bounds_worker *w = &s->workers[t];
        w->changed = w->measured = w->repaired = w->listed = 0;
        memset(w->left, 0, sizeof w->left);
    }
    s->grain = cvi_job_grain(job, s->n, CVI_TILE, (double)s->d * (0.3 + 0.02 * (double)s->k));
    cvi_parallel(&job->team, (s->n + s->grain - 1) / s->grain, cvi_bounds_visit, &p);
    counts->changed = 0;
    counts->full += s->n * s->k;
    for (int t = 0; t < job->team.threads; t++) {
        const cvi_bounds_worker *w = &s->workers[t];
        counts->changed += w->changed;
        counts->distances += (w->measured + w->repaired) * s->k;
        counts->repaired += w->repaired;
        for (int a = 0; a < CVI_SNAPSHOTS; a++) {
            s->snapshots[a].rows -= w->left[a];
            s->snapshots[s->now].rows += w->left[a];
        }
    }
    if (p.fresh)
        s->snapshots[s->now].rows = s->n;
    s->built = job->team.stop == NULL || atomic_load(job->team.stop) == 0;
    return s->built;
}

const cvi_strategy cvi_row_bounded = {
    .name = "bounds",
    .about = "a bound for every row and center; rows that may change meet all centers in float32",
    .min_passes = 3,
    .suits = suits, .pays = pays, .take = take, .start = start, .ready = ready, .pass = run_pass};
