/*
 * CSR rows with bounds: a float32 screen of the centers that may win, groups of 16 at a time.
 *
 * With every row go an upper bound on the half score |c|^2 / 2 - x.c of its own center and, for every group of 16
 * centers, a lower bound on those of the others.  Between two passes a half score rises by the change of |c|^2 / 2 and by
 * at most |x||move|.  Where no lower bound falls below the upper one the label stays, and the row is not read.  Else its
 * own group is screened, then the groups that may still hold a better center; near ties are decided by the canonical
 * score (docs/algorithms/sparse.md has the bounds; the idea is that of Y. Ding et al., "Yinyang k-means", ICML 2015, in
 * scores instead of distances, so that no root is taken and a change of |c|^2 has its sign).
 */
#include "assign/strategy.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { GROUP = CVI_GROUP32, BLOCK = 64, TILE = 16, LEAST_K = 6 };

static const double FAR = 0x1p40;  /* scaled rows and centers beyond it are canonical */
static const double MOST_VALUES = 1 << 18; /* of a row: the error of its chain is linear up to there */

typedef struct worker {
    cvi_block block;
    float *out;       /* [groups][16] */
    float *lowest;    /* [groups] */
    float *lower;     /* [groups] this row's bounds */
    int32_t *list;    /* [groups] groups in out */
    int32_t *open;    /* [k] centers that the canonical score decides between */
    int64_t changed, pairs, repaired;
} worker;

typedef struct bounds {
    int64_t groups, grain;
    bool fresh;        /* no bounds yet */
    double power;      /* 2^-p: scaled rows are about 1 long */
    float *columns;    /* [d][16 groups] scaled centers */
    float *half;       /* [16 groups] scaled, padding +inf */
    double *sqnorm;    /* [k] canonical, in the data's units */
    double *before;    /* [k][d] centers of the last pass */
    double *sq_before; /* [k] */
    double *move;      /* [k] scaled |c - before|, rounded up */
    double *rise;      /* [k] scaled change of |c|^2 / 2 */
    double *group_move, *group_rise; /* [groups] largest move, smallest rise */
    double longest;    /* scaled center of this pass or the last */
    float *norm;       /* [n] scaled |x|, rounded up */
    float *upper;      /* [n] */
    float *lower;      /* [n][groups] */
    worker *workers;
} bounds;

typedef struct pass {
    bounds *state;
    const cvi_problem *problem;
    const double *centers;
    int32_t *labels;
    cvi_sums *sums;
} pass;

/* --- plan ------------------------------------------------------------------------------------------------------- */

static bool suits(const cvi_problem *problem)
{
    return problem->rows->kind == CVI_ROWS_CSR;
}

static bool pays(const cvi_problem *problem)
{
    return problem->k >= LEAST_K && cvi_plan_extra_bytes(&cvi_sparse_bounds, problem, problem->job->team.threads) <=
                                        cvi_rows_budget(problem->rows, &problem->job->run);
}

static void take_worker(worker *w, int64_t groups, int64_t k, cvi_arena *arena)
{
    *w = (worker){.out = cvi_arena_take(arena, groups, GROUP * sizeof(float))};
    w->lowest = cvi_arena_take(arena, groups, sizeof(float));
    w->lower = cvi_arena_take(arena, groups, sizeof(float));
    w->list = cvi_arena_take(arena, groups, sizeof(int32_t));
    w->open = cvi_arena_take(arena, k, sizeof(int32_t));
}

static void *take(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    const int64_t n = problem->rows->n, d = problem->rows->d, k = problem->k;
    bounds *state = cvi_arena_take(arena, 1, sizeof *state);
    bounds s = {.groups = (k + GROUP - 1) / GROUP, .fresh = true};
    s.columns = cvi_arena_take(arena, d, (size_t)s.groups * GROUP * sizeof(float));
    s.half = cvi_arena_take(arena, s.groups, GROUP * sizeof(float));
    s.sqnorm = cvi_arena_take(arena, k, sizeof(double));
    s.before = cvi_arena_take(arena, k, (size_t)d * sizeof(double));
    s.sq_before = cvi_arena_take(arena, k, sizeof(double));
    s.move = cvi_arena_take(arena, k, sizeof(double));
    s.rise = cvi_arena_take(arena, k, sizeof(double));
    s.group_move = cvi_arena_take(arena, s.groups, sizeof(double));
    s.group_rise = cvi_arena_take(arena, s.groups, sizeof(double));
    s.norm = cvi_arena_take(arena, n, sizeof(float));
    s.upper = cvi_arena_take(arena, n, sizeof(float));
    s.lower = cvi_arena_take(arena, n, (size_t)s.groups * sizeof(float));
    s.workers = cvi_arena_take(arena, threads, sizeof *s.workers);
    for (int t = 0; t < threads; t++) {
        worker w;
        take_worker(&w, s.groups, k, arena);
        if (s.workers != NULL)
            s.workers[t] = w;
    }
    if (state != NULL)
        *state = s;
    return state;
}

/* --- centers ---------------------------------------------------------------------------------------------------- */

/* |x| of a row whose columns ascend; else the sum of |x_f|, which also bounds what a column that comes twice adds. */
static double row_norm(const cvi_rows *rows, int64_t i, double power)
{
    const cvi_sparse_row row = cvi_rows_sparse(rows, i);
    double sq = 0, sum = 0;
    int64_t last = -1;
    bool ascending = true;
    for (int64_t p = 0; p < row.count; p++) {
        const int64_t f = cvi_sparse_column(rows, &row, p);
        const double v = cvi_sparse_value(rows, &row, p) * power;
        ascending = ascending && f > last;
        last = f;
        sq += v * v;
        sum += fabs(v);
    }
    return ascending ? sqrt(sq) : sum;
}

/* -inf is no bound, and +inf that there is nothing to bound: they stay. */
static float rounded_up(double v)
{
    return (float)(v + fabs(v) * 0x1p-22 + 0x1p-120);
}

static float rounded_down(double v)
{
    return v < INFINITY ? (float)(v - fabs(v) * 0x1p-22 - 0x1p-120) : INFINITY;
}

static void start(void *state, const cvi_problem *problem)
{
    bounds *s = state;
    (void)problem;
    s->fresh = true;
    s->longest = 0;
}

/* The scale and the norms of the rows, which stay the same from here on. */
static void norm_task(void *context, int64_t index, int worker_index)
{
    (void)worker_index;
    const pass *p = context;
    bounds *s = p->state;
    const int64_t n = p->problem->rows->n, end = (index + 1) * s->grain < n ? (index + 1) * s->grain : n;
    for (int64_t i = index * s->grain; i < end; i++) {
        const double norm = row_norm(p->problem->rows, i, s->power);
        s->norm[i] = norm < FAR ? rounded_up(norm * (1 + 0x1p-20)) : INFINITY;
    }
}

/* How far every center went, scaled and rounded up. */
static void move_task(void *context, int64_t j, int worker_index)
{
    (void)worker_index;
    const pass *p = context;
    bounds *s = p->state;
    const int64_t d = p->problem->rows->d;
    const double *c = p->centers + j * d, *old = s->before + j * d;
    if (!s->fresh && memcmp(c, old, (size_t)d * sizeof *c) == 0) {
        s->move[j] = s->rise[j] = 0;
        return;
    }
    s->sqnorm[j] = p->problem->kernels->canonical_sqnorm(c, d);
    double sq[4] = {0};
    for (int64_t f = 0; !s->fresh && f < d; f++) {
        const double t = (c[f] - old[f]) * s->power;
        sq[f % 4] += t * t;
    }
    const double sum = (sq[0] + sq[1]) + (sq[2] + sq[3]);
    s->move[j] = sqrt(sum) * (1 + (double)(d + 8) * 0x1p-52) + 0x1p-200;
    s->rise[j] = 0.5 * ((s->sqnorm[j] - s->sq_before[j]) * s->power * s->power);
}

/* Centers that moved into the columns, for TILE features. */
static void columns_task(void *context, int64_t index, int worker_index)
{
    (void)worker_index;
    const pass *p = context;
    bounds *s = p->state;
    const int64_t d = p->problem->rows->d, k = p->problem->k, stride = s->groups * GROUP;
    const int64_t first = index * TILE, last = first + TILE < d ? first + TILE : d;
    for (int64_t j = 0; j < stride; j++) {
        if (j < k && !s->fresh && s->move[j] == 0)
            continue;
        for (int64_t f = first; f < last; f++) {
            const volatile float c = j < k ? (float)(p->centers[j * d + f] * s->power) : 0.0F;
            s->columns[f * stride + j] = c;
        }
    }
}

/* Returns false where some center is too long for float32. */
static bool set_centers(const pass *p)
{
    bounds *s = p->state;
    const cvi_problem *problem = p->problem;
    const int64_t k = problem->k, d = problem->rows->d;
    double longest = 0;
    cvi_team team = problem->job->team;
    team.stop = NULL; /* half of the centers would spoil the bounds */
    cvi_parallel(&team, k, move_task, (void *)p);
    cvi_parallel(&team, (d + TILE - 1) / TILE, columns_task, (void *)p);
    for (int64_t g = 0; g < s->groups; g++) {
        s->group_move[g] = 0;
        s->group_rise[g] = INFINITY;
    }
    for (int64_t j = 0; j < s->groups * GROUP; j++) {
        const double sq = j < k ? s->sqnorm[j] * s->power * s->power : INFINITY;
        s->half[j] = (float)(0.5 * sq);
        if (j >= k)
            continue;
        longest = fmax(longest, sqrt(sq));
        s->group_move[j / GROUP] = fmax(s->group_move[j / GROUP], s->move[j]);
        s->group_rise[j / GROUP] = fmin(s->group_rise[j / GROUP], s->rise[j]);
    }
    memcpy(s->before, p->centers, (size_t)(k * d) * sizeof(double));
    memcpy(s->sq_before, s->sqnorm, (size_t)k * sizeof(double));
    const bool usable = longest < FAR && s->longest < FAR;
    s->longest = fmax(longest, s->fresh ? 0 : s->longest);
    return usable;
}

/* --- rows ------------------------------------------------------------------------------------------------------- */

/* A float32 half score is within this of the canonical one, halved; *carried: what the canonical rounding adds when a
 * bound is carried over. Scaled. */
static double half_error(const bounds *s, int64_t d, int64_t count, double norm, double *carried)
{
    const double m = (double)count, size = norm * s->longest + 0.5 * s->longest * s->longest;
    const double canonical = (m + (double)d + 16) * 0x1p-50 * size + 0x1p-200;
    *carried = 2 * canonical;
    return m > MOST_VALUES ? INFINITY : 1.02 * (m + 6) * 0x1p-24 * size + canonical + (m + 4) * 0x1p-100;
}

static cvi_sparse_values values_of(const cvi_rows *rows, int64_t i)
{
    const cvi_sparse_row row = cvi_rows_sparse(rows, i);
    return (cvi_sparse_values){.values = row.values,
                               .columns = row.columns,
                               .count = row.count,
                               .narrow = rows->x.dtype == COVEY_DTYPE_FLOAT32,
                               .wide = rows->x.index_bytes == 8};
}

/* The canonical score: stored values in order, products and sums rounded apart. */
static double canonical_score(const pass *p, int64_t i, int64_t j)
{
    const cvi_rows *rows = p->problem->rows;
    const cvi_sparse_row row = cvi_rows_sparse(rows, i);
    const double *c = p->centers + j * rows->d;
    double dot = 0;
    for (int64_t q = 0; q < row.count; q++)
        dot += cvi_sparse_value(rows, &row, q) * c[cvi_sparse_column(rows, &row, q)];
    return p->state->sqnorm[j] - 2.0 * dot;
}

/* The first of those with the smallest canonical score among count centers; numbers rise. */
static int32_t decide(const pass *p, worker *w, int64_t i, int64_t count)
{
    int32_t best = w->open[0];
    double smallest = INFINITY;
    for (int64_t a = 0; a < count; a++) {
        const double score = canonical_score(p, i, w->open[a]);
        if (score < smallest) {
            smallest = score;
            best = w->open[a];
        }
    }
    w->repaired++;
    return best;
}

static int32_t canonical_nearest(const pass *p, worker *w, int64_t i)
{
    for (int64_t j = 0; j < p->problem->k; j++)
        w->open[j] = (int32_t)j;
    w->pairs += p->problem->k;
    return decide(p, w, i, p->problem->k);
}

/* Bounds of row i after the centers' move, into w->lower; the upper one is returned. */
static double carry(const pass *p, worker *w, int64_t i, double carried, float *least)
{
    const bounds *s = p->state;
    const float *lower = s->lower + i * s->groups;
    const double norm = s->norm[i];
    const int32_t own = p->labels[i];
    *least = INFINITY;
    for (int64_t g = 0; g < s->groups; g++) {
        const bool still = s->group_move[g] == 0;
        const float moved = rounded_down(lower[g] + s->group_rise[g] - norm * s->group_move[g] - carried);
        w->lower[g] = still ? lower[g] : moved;
        *least = w->lower[g] < *least ? w->lower[g] : *least;
    }
    if (s->move[own] == 0)
        return s->upper[i];
    return rounded_up(s->upper[i] + s->rise[own] + norm * s->move[own] + carried);
}

/* Screen the groups of w->list from `done` on. */
static void screen(const pass *p, worker *w, const cvi_sparse_values *row, int64_t done, int64_t count)
{
    const bounds *s = p->state;
    const cvi_sparse_centers32 centers = {
        .columns = s->columns, .half_sqnorm = s->half, .stride = s->groups * GROUP, .scale = s->power};
    p->problem->kernels->sparse_half_scores(&centers, row, w->list + done, count - done, w->out + done * GROUP, w->lowest + done);
    for (int64_t a = done; a < count; a++) {
        const int64_t left = p->problem->k - (int64_t)w->list[a] * GROUP;
        w->pairs += left < GROUP ? left : GROUP;
    }
}

static double lowest_of(const worker *w, int64_t count)
{
    double low = INFINITY;
    for (int64_t a = 0; a < count; a++)
        low = w->lowest[a] < low ? w->lowest[a] : low;
    return low;
}

/* Screened centers whose half score is at most `ceiling`, in rising order of their numbers, into w->open. */
static int64_t list_open(worker *w, int64_t count, double ceiling)
{
    int64_t n_open = 0;
    for (int64_t a = 0; a < count; a++) {
        if (!(w->lowest[a] <= ceiling))
            continue;
        for (int l = 0; l < GROUP; l++)
            if (w->out[a * GROUP + l] <= ceiling) {
                const int32_t j = w->list[a] * GROUP + l;
                int64_t at = n_open++;
                for (; at > 0 && w->open[at - 1] > j; at--)
                    w->open[at] = w->open[at - 1];
                w->open[at] = j;
            }
    }
    return n_open;
}

/* The bounds that the screened groups give, the winner left out. */
static void renew(const pass *p, worker *w, int64_t i, int64_t count, int32_t winner, double error)
{
    bounds *s = p->state;
    for (int64_t a = 0; a < count; a++) {
        float low = w->lowest[a];
        if (w->list[a] == winner / GROUP) {
            float *out = w->out + a * GROUP;
            s->upper[i] = rounded_up(out[winner % GROUP] + error);
            out[winner % GROUP] = INFINITY;
            low = INFINITY;
            for (int l = 0; l < GROUP; l++)
                low = out[l] < low ? out[l] : low;
        }
        w->lower[w->list[a]] = low < INFINITY ? rounded_down(low - error) : INFINITY;
    }
    memcpy(s->lower + i * s->groups, w->lower, (size_t)s->groups * sizeof(float));
}

/* Nothing is known of the row after this: its bounds keep no center out. */
static int32_t without_bounds(const pass *p, worker *w, int64_t i)
{
    bounds *s = p->state;
    s->upper[i] = INFINITY;
    for (int64_t g = 0; g < s->groups; g++)
        s->lower[i * s->groups + g] = -INFINITY;
    return canonical_nearest(p, w, i);
}

/* Groups that may hold a better center than one of half score `upper`, beside `own` (-1: none), to the end of w->list. */
static int64_t list_groups(const pass *p, worker *w, int32_t own, double upper, int64_t count)
{
    for (int32_t g = 0; g < p->state->groups; g++)
        if (g != own && !((double)w->lower[g] > upper))
            w->list[count++] = g;
    return count;
}

/* The groups to screen, and their screen: the row's own first, if that may spare most of the others. */
static int64_t screen_groups(const pass *p, worker *w, const cvi_sparse_values *row, int32_t own, double upper, double error)
{
    int64_t count = 0, done = 0;
    if (own >= 0)
        w->list[count++] = own;
    int64_t all = list_groups(p, w, own, upper, count);
    if (own >= 0 && 2 * all <= p->state->groups + 1) {
        screen(p, w, row, 0, count);
        done = count;
        all = list_groups(p, w, own, fmin(upper, w->lowest[0] + error), count);
    }
    screen(p, w, row, done, all);
    return all;
}

static int32_t nearest(const pass *p, worker *w, int64_t i)
{
    bounds *s = p->state;
    const cvi_rows *rows = p->problem->rows;
    const int32_t own = p->labels[i];
    const cvi_sparse_values row = values_of(rows, i);
    double carried, upper = INFINITY;
    const double error = half_error(s, rows->d, row.count, s->norm[i], &carried);
    if (!(error < INFINITY) || !(s->norm[i] < INFINITY))
        return without_bounds(p, w, i);
    if (s->fresh) {
        for (int64_t g = 0; g < s->groups; g++)
            w->lower[g] = -INFINITY;
    } else {
        float least;
        upper = carry(p, w, i, carried, &least);
        if (upper < (double)least) { /* strict: nothing else can win or tie */
            s->upper[i] = (float)upper;
            memcpy(s->lower + i * s->groups, w->lower, (size_t)s->groups * sizeof(float));
            return own;
        }
    }
    const int64_t count = screen_groups(p, w, &row, s->fresh ? -1 : own / GROUP, upper, error);
    const int64_t n_open = list_open(w, count, lowest_of(w, count) + 2 * error);
    const int32_t winner = n_open == 1 ? w->open[0] : decide(p, w, i, n_open);
    renew(p, w, i, count, winner, error);
    return winner;
}

static void task(void *context, int64_t index, int worker_index)
{
    const pass *p = context;
    const bounds *s = p->state;
    const cvi_rows *rows = p->problem->rows;
    worker *w = &s->workers[worker_index];
    const int64_t end = (index + 1) * s->grain < rows->n ? (index + 1) * s->grain : rows->n;
    for (int64_t i = index * s->grain; i < end; i++) {
        const int32_t after = nearest(p, w, i);
#ifndef NDEBUG
        const double mine = canonical_score(p, i, after);
        for (int64_t j = 0; j < p->problem->k; j++) {
            const double other = canonical_score(p, i, j);
            assert(mine < other || (mine == other && after <= j));
        }
#endif
        w->block.start = i;
        w->changed += cvi_sums_relabel(p->sums, worker_index, rows, &w->block, 0, &p->labels[i], after);
    }
}

static bool run_pass(void *state, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                     cvi_pass_counts *counts)
{
    bounds *s = state;
    cvi_job *job = problem->job;
    const int64_t n = problem->rows->n, k = problem->k;
    pass p = {.state = s, .problem = problem, .centers = centers, .labels = labels, .sums = sums};
    s->grain = cvi_job_grain(job, n, BLOCK, 20 + 4 * (double)s->groups);
    if (s->fresh) {
        s->power = cvi_screen_scale(problem->frame);
        cvi_team team = job->team;
        team.stop = NULL;
        cvi_parallel(&team, (n + s->grain - 1) / s->grain, norm_task, &p);
    }
    const bool usable = set_centers(&p);
    if (!usable)
        s->longest = INFINITY; /* every error is infinite: rows are canonical */
    for (int t = 0; t < job->team.threads; t++)
        s->workers[t].changed = s->workers[t].pairs = s->workers[t].repaired = 0;
    cvi_parallel(&job->team, (n + s->grain - 1) / s->grain, task, &p);
    counts->changed = 0;
    counts->full += n * k;
    for (int t = 0; t < job->team.threads; t++) {
        counts->changed += s->workers[t].changed;
        counts->distances += s->workers[t].pairs;
        counts->repaired += s->workers[t].repaired;
    }
    const bool whole = job->team.stop == NULL || atomic_load(job->team.stop) == 0;
    s->fresh = !whole; /* rows that were not reached have no bounds */
    return whole;
}

const cvi_strategy cvi_sparse_bounds = {
    .name = "sparse-bounds",
    .about = "stored values against groups of 16 centers; bounds skip groups that cannot win",
    .min_passes = 2,
    .suits = suits, .pays = pays, .take = take, .start = start, .pass = run_pass};
