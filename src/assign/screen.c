/*
 * The int8 screen with bounds per panel, for many features.  docs/algorithms/screen.md has the proof.
 *
 *   row test      a row keeps its label unseen while every panel of centers is farther than its own center by more than
 *                 the centers have moved since (Yinyang's groups: Ding et al., ICML 2015)
 *   int8 screen   panels whose bound fails meet the quantized row: integer dot products, each with a proven error;
 *                 centers of one group share the larger part of theirs, so that they are told apart finely
 *   exact repair  where more than one center may win, these get float32 dot products, near ties among them the canonical
 *                 score; all others give the panel its new bound
 *
 * Only the repair reads the rows themselves.  The first pass is the same code without the row test; it quantizes the
 * rows.
 */
#include "assign/screen.h"

#include <math.h>
#include <string.h>

/* Below this the rows' own bookkeeping costs more than what the bytes save; so measured beside brute force. */
enum { MIN_D = 96, MIN_K = 48, MIN_WORK = 30000 };

static bool suits(const cvi_problem *problem)
{
    return problem->rows->kind != CVI_ROWS_CSR && problem->rows->index == NULL && problem->rows->d <= 32768;
}

static int64_t full_groups(int64_t k)
{
    return (k + CVI_SCREEN_MEMBERS - 1) / CVI_SCREEN_MEMBERS;
}

static int64_t bytes_of(const cvi_problem *problem)
{
    return (problem->rows->d + 63) / 64 * 64;
}

/* Bytes of a row with bounds for so many groups. */
static double row_bytes(const cvi_problem *problem, int64_t groups)
{
    const double panels = ceil((double)groups / CVI_GROUPS8);
    return (double)bytes_of(problem) + (double)sizeof(cvi_row8) + 4 + 4 * panels;
}

static double fine_bytes(const cvi_problem *problem)
{
    return (double)bytes_of(problem) / 2 + (double)sizeof(cvi_rest8);
}

/* Is there room for a second plane, and for the bytes that k-means++ keeps of a row? Its screen saves more. */
static bool finely(const cvi_problem *problem)
{
    const double seeding = (double)bytes_of(problem) + 24;
    return (row_bytes(problem, full_groups(problem->k)) + fine_bytes(problem) + seeding) * (double)problem->rows->n <=
           (double)cvi_rows_budget(problem->rows, &problem->job->run);
}

/* Groups that are cut where centers stand apart are not all full: a few more, if the budget has room for their bounds. */
static int64_t most_groups(const cvi_problem *problem)
{
    const int64_t full = full_groups(problem->k), more = full / 2 + 8;
    const double budget = (double)cvi_rows_budget(problem->rows, &problem->job->run);
    const double fine = finely(problem) ? fine_bytes(problem) : 0;
    const double room = budget / (double)problem->rows->n - row_bytes(problem, full) - fine;
    const double spare = floor(room / 4) * CVI_GROUPS8;
    return full + (spare < 0 ? 0 : spare < (double)more ? (int64_t)spare : more);
}

static bool pays(const cvi_problem *problem)
{
    const int64_t d = problem->rows->d, k = problem->k;
    if (!problem->kernels->has_dot8 || d < MIN_D || k < MIN_K || d * k < MIN_WORK)
        return false;
    return row_bytes(problem, full_groups(k)) * (double)problem->rows->n <=
           (double)cvi_rows_budget(problem->rows, &problem->job->run);
}

static cvi_screen_worker take_worker(const cvi_screen_state *s, const cvi_rows *rows, cvi_arena *arena)
{
    cvi_screen_worker w = {0};
    cvi_block_take(&w.block, rows, arena);
    w.rows = cvi_arena_take(arena, CVI_TILE * s->ld32, sizeof(float));
    w.lone = cvi_arena_take(arena, s->ld32, sizeof(float));
    w.exact = cvi_arena_take(arena, s->ld64, sizeof(double));
    w.reference = cvi_arena_take(arena, s->ld64, sizeof(double));
    w.rest = cvi_arena_take(arena, CVI_TILE * s->panels_max, (CVI_GROUPS8 + 1) * sizeof(float));
    w.flagged = cvi_arena_take(arena, CVI_TILE * s->panels_max, 1);
    w.found = cvi_arena_take(arena, CVI_TILE * CVI_SCREEN_FOUND, sizeof(cvi_candidate));
    w.acc = cvi_arena_take(arena, CVI_TILE * CVI_PANEL8, sizeof(int32_t));
    w.list = cvi_arena_take(arena, CVI_SCREEN_FOUND, sizeof(int32_t));
    w.score = cvi_arena_take(arena, CVI_SCREEN_FOUND, sizeof(float));
    w.bytes = cvi_arena_take(arena, s->dq, 2);
    w.first = cvi_arena_take(arena, 2 * CVI_SCREEN_FOUND + 1, sizeof *w.first);
    w.second = cvi_arena_take(arena, 2 * CVI_SCREEN_FOUND + 1, sizeof *w.second);
    w.dots = cvi_arena_take(arena, 2 * CVI_SCREEN_FOUND + 1, 4 * sizeof *w.dots);
    w.value = cvi_arena_take(arena, CVI_SCREEN_FOUND, 2 * sizeof *w.value);
    return w;
}

static void *take(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    const int64_t n = problem->rows->n, d = problem->rows->d, k = problem->k;
    cvi_screen_state *state = cvi_arena_take(arena, 1, sizeof *state);
    cvi_screen_state s = {.n = n, .d = d, .k = k, .dq = (d + 63) / 64 * 64, .ld32 = (d + 15) / 16 * 16,
                          .ld64 = (d + 7) / 8 * 8, .groups_max = most_groups(problem)};
    s.panels_max = (s.groups_max + CVI_GROUPS8 - 1) / CVI_GROUPS8;
    s.quantized = cvi_arena_take(arena, n, (size_t)s.dq);
    s.about = cvi_arena_take(arena, n, sizeof *s.about);
    if (finely(problem)) {
        s.half = cvi_arena_take(arena, n, (size_t)s.dq / 2);
        s.left = cvi_arena_take(arena, n, sizeof *s.left);
        s.fine8 = cvi_arena_take(arena, k, (size_t)s.dq);
        s.fine = cvi_arena_take(arena, k, sizeof *s.fine);
        s.none8 = cvi_arena_take(arena, s.dq, 1);
    }
    s.upper = cvi_arena_take(arena, n, sizeof(float));
    s.gap = cvi_arena_take(arena, n, (size_t)s.panels_max * sizeof(float));
    s.bytes = cvi_arena_take(arena, s.panels_max, (size_t)(s.dq * CVI_PANEL8));
    s.panel = cvi_arena_take(arena, s.panels_max, sizeof *s.panel);
    s.center8 = cvi_arena_take(arena, k, (size_t)s.dq);
    s.reference8 = cvi_arena_take(arena, s.groups_max, (size_t)s.dq);
    s.reference = cvi_arena_take(arena, s.groups_max, (size_t)s.ld32 * sizeof(float));
    s.half_refnorm = cvi_arena_take(arena, s.groups_max, sizeof(float));
    s.reference_norm = cvi_arena_take(arena, s.groups_max, sizeof(float));
    s.reference_scale = cvi_arena_take(arena, s.groups_max, sizeof(float));
    s.away = cvi_arena_take(arena, s.groups_max, (size_t)(s.panels_max * CVI_GROUPS8) * sizeof(float));
    s.reference_panels = cvi_arena_take(arena, (s.groups_max + CVI_PANEL8 - 1) / CVI_PANEL8, (size_t)(s.dq * CVI_PANEL8));
    s.lane_of = cvi_arena_take(arena, k, sizeof(int32_t));
    s.center_of = cvi_arena_take(arena, s.groups_max, CVI_GROUP8 * sizeof(int32_t));
    s.rows_major = cvi_arena_take(arena, k, (size_t)s.ld32 * sizeof(float));
    s.half_sqnorm = cvi_arena_take(arena, k, sizeof(float));
    s.sqnorm = cvi_arena_take(arena, k, sizeof(double));
    s.last = cvi_arena_take(arena, k, (size_t)d * sizeof(double));
    s.drift = cvi_arena_take(arena, k, sizeof(float));
    s.panel_drift = cvi_arena_take(arena, s.panels_max, sizeof(float));
    s.shift = cvi_arena_take(arena, s.ld64, sizeof(double));
    cvi_packed64_take(&s.packed64, k, d, arena);
    s.workers = cvi_arena_take(arena, threads, sizeof *s.workers);
    for (int t = 0; t < threads; t++) {
        const cvi_screen_worker w = take_worker(&s, problem->rows, arena);
        if (s.workers != NULL)
            s.workers[t] = w;
    }
    if (state != NULL)
        *state = s;
    return state;
}

static void start(void *state, const cvi_problem *problem)
{
    cvi_screen_state *s = state;
    (void)problem;
    s->bounded = false;
}

static bool run_pass(void *state, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                     cvi_pass_counts *counts)
{
    cvi_screen_state *s = state;
    cvi_job *job = problem->job;
    cvi_screen_pass p = {.state = s, .problem = problem, .centers = centers, .labels = labels, .sums = sums};
    atomic_init(&p.unusable, false);
    cvi_screen_pack(&p);
    const bool usable = !atomic_load(&p.unusable);
    for (int t = 0; t < job->team.threads; t++) {
        cvi_screen_worker *w = &s->workers[t];
        w->changed = w->distances = w->repaired = w->whole = 0;
    }
    s->grain = cvi_job_grain(job, s->n, CVI_TILE, s->bounded ? 0.1 * (double)s->d : 0.005 * (double)(s->d * s->k));
    cvi_parallel(&job->team, (s->n + s->grain - 1) / s->grain, usable ? cvi_screen_visit : cvi_screen_visit_whole, &p);
    const bool complete = job->team.stop == NULL || atomic_load(job->team.stop) == 0;
    s->bounded = complete && usable;
    s->quantized_yet = s->quantized_yet || s->bounded;
    counts->changed = s->whole = 0;
    counts->full += s->n * s->k;
    for (int t = 0; t < job->team.threads; t++) {
        counts->changed += s->workers[t].changed;
        counts->distances += s->workers[t].distances;
        counts->repaired += s->workers[t].repaired;
        s->whole += s->workers[t].whole;
    }
    return complete;
}

const cvi_strategy cvi_screen_strategy = {
    .name = "screen",
    .about = "int8 dot products and bounds per panel of 45 centers, survivors measured exactly",
    .min_passes = 2, .suits = suits, .pays = pays, .take = take, .start = start, .pass = run_pass};
