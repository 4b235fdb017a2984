/*
 * Leading directions first, for wide rows on processors without an int8 dot product, and for short fits.
 *
 * Of many features a few directions often hold most of what tells rows apart.  A row's *head* is its part along 31 of them
 * and the length t of all the rest.  With Q the directions,
 *
 *     x.c  =  Qx.Qc + (rest of x).(rest of c)  <=  Qx.Qc + t_x t_c          (Cauchy-Schwarz)
 *
 * so the half score |c|^2 / 2 - head(x).head(c), 32 multiply-adds, is never above that of all features.  A pass measures
 * each row's own center, runs the heads of all centers past it, and measures in float32 what still may win: row by row
 * where that is a center here and there, with the dense kernel where many rows of a block want many centers of a group.
 * Near ties among the measured ones the canonical score decides.  docs/algorithms/head.md has the proof.
 */
#include "assign/head.h"

#include <math.h>
#include <string.h>

enum { MIN_D = 192, MIN_K = 48, MIN_PAIRS = 2000000, SHORT_FIT = 24 /* passes */ };

/* Rows are sorted where all centers together, so many values, leave the cache between two blocks; else that gains nothing. */
enum { SORT_VALUES = 2000000 };

/* While more of the labels change than one in so many, centers move too far for bounds; and of many centers short rows are
 * read sooner than what their bounds leave is looked through. */
enum { STEADY = 3, READ_VALUES = 2 /* a center */ };

static bool suits(const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    return rows->kind != CVI_ROWS_CSR && rows->index == NULL && rows->d <= 32768;
}

/* Heads of the rows, and centers a second time. */
static bool affords(const cvi_problem *problem)
{
    const double heads = (double)problem->rows->n * (CVI_HEAD + 2), centers = (double)problem->k * (double)problem->rows->d;
    return (heads + centers) * sizeof(float) <= (double)cvi_rows_budget(problem->rows, &problem->job->run);
}

/* Bytes remember from pass to pass, heads do not: where bytes can be had, heads are for few passes, and for data that they part
 * well. */
static double most_work(const cvi_problem *problem)
{
    return problem->kernels->has_dot8 ? 0.1 : 0.5;
}

static bool pays(const cvi_problem *problem)
{
    const int64_t n = problem->rows->n, d = problem->rows->d, k = problem->k;
    if (d < MIN_D || k < MIN_K || n < MIN_PAIRS / k || n < 2 * k || !affords(problem))
        return false;
    return (!problem->kernels->has_dot8 || problem->passes <= SHORT_FIT) && cvi_head_probe(problem) < most_work(problem);
}

static cvi_head_worker take_worker(const cvi_head_state *s, const cvi_rows *rows, cvi_arena *arena)
{
    cvi_head_worker w = {0};
    cvi_block_take(&w.block, rows, arena);
    w.rows = cvi_arena_take(arena, CVI_TILE * s->ld32, sizeof(float));
    w.exact = cvi_arena_take(arena, s->ld64, sizeof(double));
    w.near = cvi_arena_take(arena, s->groups, sizeof *w.near);
    w.open = cvi_arena_take(arena, s->groups, sizeof *w.open);
    w.list = cvi_arena_take(arena, CVI_TILE * CVI_HEAD_LIST, sizeof *w.list);
    w.score = cvi_arena_take(arena, CVI_TILE * CVI_GROUP32, sizeof *w.score);
    return w;
}

static void *take(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    const int64_t n = problem->rows->n, d = problem->rows->d, k = problem->k;
    cvi_head_state *state = cvi_arena_take(arena, 1, sizeof *state);
    cvi_head_state s = {.n = n, .d = d, .k = k, .ld32 = (d + 15) / 16 * 16, .ld64 = (d + 7) / 8 * 8,
                        .groups = (k + CVI_GROUP32 - 1) / CVI_GROUP32};
    const int64_t places = s.groups * CVI_GROUP32;
    cvi_head_basis_take(&s.basis, problem->rows, arena);
    s.heads = cvi_arena_take(arena, n, CVI_HEAD * sizeof(float));
    s.r2 = cvi_arena_take(arena, n, sizeof(float));
    s.upper = cvi_arena_take(arena, n, sizeof(float));
    s.moves = cvi_arena_take(arena, places, sizeof *s.moves);
    s.directions = cvi_arena_take(arena, places, CVI_HEAD * sizeof(float));
    s.gain = cvi_arena_take(arena, places, sizeof(float));
    s.order = cvi_arena_take(arena, n, sizeof(int64_t));
    s.starts = cvi_arena_take(arena, k, sizeof(int64_t));
    s.rows_major = cvi_arena_take(arena, places, (size_t)s.ld32 * sizeof(float));
    s.panels = cvi_arena_take(arena, places, (size_t)d * sizeof(float));
    s.half_sqnorm = cvi_arena_take(arena, places, sizeof(float));
    s.head_panels = cvi_arena_take(arena, places, CVI_HEAD * sizeof(float));
    s.sqnorm = cvi_arena_take(arena, places, sizeof(double));
    s.center_of = cvi_arena_take(arena, places, sizeof(int32_t));
    s.place_of = cvi_arena_take(arena, k, sizeof(int32_t));
    s.keys = cvi_arena_take(arena, k, sizeof *s.keys);
    s.points = cvi_arena_take(arena, places, CVI_HEAD * sizeof(float));
    s.shift = cvi_arena_take(arena, d, sizeof(double));
    s.workers = cvi_arena_take(arena, threads, sizeof *s.workers);
    for (int t = 0; t < threads; t++) {
        const cvi_head_worker w = take_worker(&s, problem->rows, arena);
        if (s.workers != NULL)
            s.workers[t] = w;
    }
    if (state != NULL)
        *state = s;
    return state;
}

static void start(void *state, const cvi_problem *problem)
{
    cvi_head_state *s = state;
    s->ordered = s->sorted = s->bounded = false;
    for (int64_t i = 0; i < problem->rows->n; i++)
        s->order[i] = i;
}

/* --- centers ----------------------------------------------------------------------------------------------------------- */

static void set_frame(cvi_head_state *s, const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    const bool shifted = rows->kind == CVI_ROWS_F32 && rows->mean != NULL;
    s->scale = cvi_screen_scale(problem->frame);
    s->sq_shift = 0;
    for (int64_t f = 0; f < s->d; f++) {
        s->shift[f] = shifted ? rows->mean[f] - (double)rows->mean32[f] : 0;
        s->sq_shift += s->shift[f] * s->scale * s->shift[f] * s->scale;
    }
}

/*
 * Constants of docs/numerics.md, for scores that hide no index, and of docs/algorithms/head.md.  Half scores are measured
 * in chains of CVI_CHAIN features or in 16 lanes, whichever errs more.
 */
static void set_thresholds(cvi_head_state *s)
{
    const double u = 0x1p-24, v = 4 * (double)(s->d + 4) * 0x1p-53, d = (double)s->d;
    const double chain = d <= CVI_CHAIN ? d : CVI_CHAIN + d / CVI_CHAIN + 3, lanes = (double)s->ld32 / 16 + 6;
    const double steps = (chain > lanes ? chain : lanes) + 2;
    const double a = u * steps * 2.5, b = u * steps * 1.5;
    const double head_a = 3.05 * s->basis.error + 2.6 * u * (CVI_HEAD + 3);
    const double head_b = 1.02 * s->basis.error + 1.6 * u * (CVI_HEAD + 3);
    const double widen = 1.02 / (1 - 4 * (b + 4 * v)), head_widen = 1.02 / (1 - 4 * (b + head_b + 4 * v));
    s->tie_r = (float)(2 * (a + 6 * v) * widen);
    s->tie_s = (float)(2 * (b + 4 * v) * widen);
    s->tie_0 = (float)(8 * v * s->sq_shift * widen + (d + 2) * 0x1p-140);
    s->near_r = (float)((a + head_a + 12 * v + 8 * u) * head_widen);
    s->near_s = (float)((b + head_b + 8 * v + 8 * u) * head_widen);
    s->near_0 = (float)(8 * v * s->sq_shift * head_widen + (d + 2) * 0x1p-138);
}

static float rounded_up(double v)
{
    return (float)(v + fabs(v) * 0x1p-22 + 1e-37);
}

/* The squared length of a center's move, both ends as float32 has them: `before` [d] and `now` [d]. */
static double sq_move(const float *before, const double *now, int64_t d)
{
    double sq[4] = {0};
    for (int64_t f = 0; f < d; f++) {
        const double move = (double)(float)now[f] - (double)before[f];
        sq[f % 4] += move * move;
    }
    return (sq[0] + sq[1] + (sq[2] + sq[3])) * (1 + (double)(d + 4) * 0x1p-52);
}

/* What the move of a center says of its rows' distances; its head was `before`, is `now`, and its squared norms were and are
 * sq_before and sq_now (docs/algorithms/head.md). */
static void set_move(const cvi_head_state *s, int64_t place, const float *before, const float *now, double sq_before,
                     double sq_now, double sq)
{
    const double u = 0x1p-24, size = (sqrt(sq_before) + sqrt(sq_now)) * 1.001, length = sqrt(sq);
    const double error = 1.1 * s->basis.error * size, most = length + error, blur = s->basis.error + 64 * u;
    float *move = s->directions + place * CVI_HEAD;
    double within = 0, from = 0;
    for (int64_t f = 0; f < CVI_HEAD_DIRECTIONS; f++) {
        move[f] = now[f] - before[f];
        within += (double)move[f] * (double)move[f];
        from += (double)before[f] * (double)move[f];
    }
    move[CVI_HEAD_DIRECTIONS] = 0; /* against the length of the rows' rest */
    const double least = sqrt(within) > error ? sqrt(within) - error : 0, off = sq - least * least;
    s->gain[place] = rounded_up(0.5 * sq + from + blur * size * most + 128 * u * (sq + size * most));
    s->moves[place] = (cvi_head_move){.along = rounded_up(error + sqrt(off > 0 ? off : 0)), .blur = rounded_up(1.001 * blur * most),
                                      .slip = rounded_up(u * size)};
}

/* The center of a place into its lane; returns its squared norm, and that of its move. */
static double pack_center(const cvi_head_pass *p, cvi_head_worker *w, int64_t place, double *moved)
{
    const cvi_head_state *s = p->state;
    const int32_t j = s->center_of[place];
    float *row = s->rows_major + place * s->ld32;
    float *lane = s->panels + place / CVI_GROUP32 * s->d * CVI_GROUP32 + place % CVI_GROUP32;
    double sq = 0;
    for (int64_t f = 0; j >= 0 && f < s->d; f++)
        w->exact[f] = (p->centers[j * s->d + f] + s->shift[f]) * s->scale;
    *moved = j >= 0 && p->by_bounds ? sq_move(row, w->exact, s->d) : 0;
    memset(row, 0, (size_t)s->ld32 * sizeof *row);
    for (int64_t f = 0; j >= 0 && f < s->d; f++) {
        row[f] = (float)w->exact[f];
        sq += w->exact[f] * w->exact[f];
    }
    for (int64_t f = 0; f < s->d; f++)
        lane[f * CVI_GROUP32] = row[f];
    s->half_sqnorm[place] = j >= 0 ? (float)(0.5 * sq) : CVI_PADDING_SCORE;
    s->sqnorm[place] = j >= 0 ? p->problem->kernels->canonical_sqnorm(p->centers + j * s->d, s->d) : 0;
    return sq;
}

static void pack_group(void *context, int64_t g, int worker)
{
    cvi_head_pass *p = context;
    const cvi_head_state *s = p->state;
    cvi_head_worker *w = &s->workers[worker];
    const float *row[CVI_GROUP32];
    float r2[CVI_GROUP32], head[CVI_GROUP32][CVI_HEAD], *heads[CVI_GROUP32];
    double sq_before[CVI_GROUP32], moved[CVI_GROUP32];
    for (int64_t l = 0; l < CVI_GROUP32; l++) {
        sq_before[l] = 2 * (double)s->half_sqnorm[g * CVI_GROUP32 + l];
        const double sq = pack_center(p, w, g * CVI_GROUP32 + l, &moved[l]);
        row[l] = s->rows_major + (g * CVI_GROUP32 + l) * s->ld32;
        r2[l] = (float)sq;
        heads[l] = head[l];
        if (!(sq < 1e24))
            atomic_store_explicit(&p->unusable, true, memory_order_relaxed);
    }
    cvi_head_project(&s->basis, p->problem->kernels, row, r2, CVI_GROUP32, heads);
    for (int64_t l = 0; p->by_bounds && l < CVI_GROUP32; l++) {
        const int64_t place = g * CVI_GROUP32 + l;
        if (s->center_of[place] >= 0)
            set_move(s, place, s->points + place * CVI_HEAD, head[l], sq_before[l], (double)r2[l], moved[l]);
    }
    memcpy(s->points + g * CVI_GROUP32 * CVI_HEAD, head, sizeof head);
    for (int64_t f = 0; f < CVI_HEAD; f++)
        for (int64_t l = 0; l < CVI_GROUP32; l++)
            s->head_panels[(g * CVI_HEAD + f) * CVI_GROUP32 + l] = head[l][f];
}

static void pack(cvi_head_pass *p)
{
    cvi_team team = p->problem->job->team;
    team.stop = NULL; /* half-packed centers are of no use */
    atomic_init(&p->unusable, false);
    cvi_parallel(&team, p->state->groups, pack_group, p);
}

static void place_centers(cvi_head_state *s)
{
    for (int64_t a = 0; a < s->groups * CVI_GROUP32; a++)
        s->center_of[a] = a < s->k ? s->keys[a].at : -1;
    for (int64_t a = 0; a < s->k; a++)
        s->place_of[s->center_of[a]] = (int32_t)a;
}

/* Similar centers into the same group: they are candidates of the same rows. */
static void order_centers(cvi_head_pass *p)
{
    cvi_head_state *s = p->state;
    float low[CVI_HEAD], high[CVI_HEAD];
    for (int64_t a = 0; a < s->k; a++)
        s->keys[a].at = (int32_t)a;
    place_centers(s);
    pack(p);
    cvi_kd_order(s->points, CVI_HEAD, s->keys, s->k, CVI_GROUP32, low, high);
    place_centers(s);
}

/* Rows of the same and of neighboring centers follow each other: blocks want few groups, and these for many rows. */
static void sort_rows(cvi_head_state *s, const int32_t *labels)
{
    int64_t at = 0;
    memset(s->starts, 0, (size_t)s->k * sizeof *s->starts);
    for (int64_t i = 0; i < s->n; i++)
        s->starts[s->place_of[labels[i]]]++;
    for (int64_t a = 0; a < s->k; a++) {
        const int64_t count = s->starts[a];
        s->starts[a] = at;
        at += count;
    }
    for (int64_t i = 0; i < s->n; i++)
        s->order[s->starts[s->place_of[labels[i]]]++] = i;
    s->sorted = true;
}

/* --- a pass ------------------------------------------------------------------------------------------------------------ */

static void prepare(cvi_head_pass *p)
{
    cvi_head_state *s = p->state;
    cvi_head_worker *w = &s->workers[0];
    set_frame(s, p->problem);
    p->by_bounds = s->bounded && s->changed < s->n / STEADY && READ_VALUES * s->k <= s->d;
    if (!s->projected)
        cvi_head_basis_find(&s->basis, p->problem, s->scale, &w->block, w->rows);
    set_thresholds(s);
    if (!s->ordered)
        order_centers(p);
    s->ordered = true;
    pack(p);
    p->full = (cvi_screen){.centers = s->panels, .half_sqnorm = s->half_sqnorm, .d = s->d, .k = s->k, .groups = s->groups};
    p->head = p->full;
    p->head.centers = s->head_panels;
    p->head.d = CVI_HEAD;
}

static bool run_pass(void *state, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                     cvi_pass_counts *counts)
{
    cvi_head_state *s = state;
    cvi_job *job = problem->job;
    cvi_head_pass p = {.state = s, .problem = problem, .centers = centers, .labels = labels, .sums = sums};
    prepare(&p);
    for (int t = 0; t < job->team.threads; t++) {
        cvi_head_worker *w = &s->workers[t];
        w->changed = w->distances = w->repaired = 0;
    }
    s->grain = cvi_job_grain(job, s->n, CVI_TILE, 0.5 * (double)s->d + 0.3 * (double)s->k);
    cvi_parallel(&job->team, (s->n + s->grain - 1) / s->grain, cvi_head_visit, &p);
    const bool complete = job->team.stop == NULL || atomic_load(job->team.stop) == 0;
    s->bounded = complete && !atomic_load(&p.unusable);
    s->projected = s->projected || s->bounded;
    counts->changed = 0;
    counts->full += s->n * s->k;
    for (int t = 0; t < job->team.threads; t++) {
        counts->changed += s->workers[t].changed;
        counts->distances += s->workers[t].distances;
        counts->repaired += s->workers[t].repaired;
    }
    s->changed = counts->changed;
    if (complete && !s->sorted && s->k >= SORT_VALUES / s->d)
        sort_rows(s, labels);
    return complete;
}

const cvi_strategy cvi_headed = {
    .name = "head",
    .about = "31 leading directions and the rest's length bound all distances, survivors in float32",
    .min_passes = 2, .suits = suits, .pays = pays, .take = take, .start = start, .pass = run_pass};
