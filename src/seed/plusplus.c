/*
 * Greedy k-means++ in one pass over the rows a step.
 *
 * Step c draws candidates in proportion to near * w, near being the squared distance to the nearest pick, and keeps the
 * candidate that leaves the smallest potential sum(min(near, distance) * w).  While a pass measures the candidates of
 * step c it also folds the pick of step c - 1 into near.  Potentials are summed exactly, block by block (engine rule B),
 * so the winner's running sum is known from the blocks and one of them is scanned to find a drawn row.
 */
#include "seed/seed.h"

#include "base/exact.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 256, MINI = 8, LANES = CVI_GROUP64, LEVELS = 2 };

int64_t cvi_plusplus_trials(int64_t k, int64_t requested)
{
    return requested > 0 ? requested : 2 + (int64_t)log((double)k);
}

static int64_t n_blocks(int64_t n)
{
    return (n + BLOCK - 1) / BLOCK;
}

void cvi_plusplus_take(cvi_plusplus *state, const cvi_rows *rows, int64_t k, int64_t trials, int threads, cvi_arena *arena)
{
    const int64_t d = rows->d;
    state->k = k;
    state->trials = trials;
    state->groups = (trials + LANES - 1) / LANES;
    state->block_q = cvi_arena_take(arena, n_blocks(rows->n) * state->groups, LANES * LEVELS * sizeof(uint64_t));
    state->prefix = cvi_arena_take(arena, n_blocks(rows->n) + 1, LEVELS * sizeof(uint64_t));
    state->panels = cvi_arena_take(arena, (state->groups + 1) * d, LANES * sizeof(double));
    state->row = cvi_arena_take(arena, d, sizeof(double));
    state->uniforms = cvi_arena_take(arena, trials, sizeof(double));
    state->candidates = cvi_arena_take(arena, trials, sizeof(int64_t));
    state->worker_max = cvi_arena_take(arena, threads, sizeof(double));
    state->blocks = cvi_arena_take(arena, threads, sizeof(cvi_block));
    state->scratch = cvi_arena_take(arena, threads, sizeof(double *));
    for (int t = 0; t < threads; t++) {
        cvi_block block;
        cvi_block_take(&block, rows, arena);
        double *scratch = cvi_arena_take(arena, MINI * (d + (state->groups + 1) * LANES), sizeof(double));
        if (state->blocks != NULL) {
            state->blocks[t] = block;
            state->scratch[t] = scratch;
        }
    }
}

typedef struct step {
    cvi_plusplus *state;
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    int64_t grain;  /* blocks a task */
    bool fold;      /* the last pick is folded into near in this pass */
    bool first;     /* near is not set yet */
    bool potentials; /* candidates are measured */
    double magic[LEVELS];
} step;

/* Squared distances of rows i .. i + count - 1 to `groups` panels, into the worker's scratch [MINI][width]. */
static double *measure(const step *s, int worker, int64_t i, int64_t count, const double *panels, int64_t groups,
                       int64_t width)
{
    const cvi_rows *rows = s->rows;
    double *x = s->state->scratch[worker], *out = x + MINI * rows->d;
    if (rows->kind == CVI_ROWS_CSR) {
        for (int64_t r = 0; r < count; r++)
            cvi_rows_dense(rows, i + r, x + r * rows->d);
    } else {
        cvi_block *block = &s->state->blocks[worker];
        cvi_rows_fetch(rows, i, count, block);
        cvi_block_raw(s->kernels, rows, block, 0, count, x, rows->d);
    }
    s->kernels->sqdist_panels(x, rows->d, count, rows->d, panels, groups, out, width);
    return out;
}

/* Add the eight values of v to the grid sums q [8][2]. */
static inline void add_to_grid(const double *v, const double *magic, uint64_t *q)
{
    for (int l = 0; l < LANES; l++) {
        const double high = v[l] + magic[0];
        const double rest = v[l] - (high - magic[0]);
        const double low = rest + magic[1];
        uint64_t bits;
        memcpy(&bits, &high, sizeof bits);
        q[2 * l] += bits;
        memcpy(&bits, &low, sizeof bits);
        q[2 * l + 1] += bits;
    }
}

static void block_pass(const step *s, int worker, int64_t b)
{
    cvi_plusplus *state = s->state;
    const cvi_rows *rows = s->rows;
    const int64_t end = (b + 1) * BLOCK < rows->n ? (b + 1) * BLOCK : rows->n;
    const int64_t groups = s->potentials ? state->groups : 0;
    const int64_t width = (groups + 1) * LANES, panel = rows->d * LANES;
    const double *panels = state->panels + (state->groups - groups) * panel;
    uint64_t *q = state->block_q + b * state->groups * LANES * LEVELS;
    double largest = state->worker_max[worker];
    memset(q, 0, (size_t)(state->groups * LANES * LEVELS) * sizeof *q);
    for (int64_t i = b * BLOCK; i < end; i += MINI) {
        const int64_t count = end - i < MINI ? end - i : MINI;
        const double *out = measure(s, worker, i, count, panels, groups + (s->fold ? 1 : 0), width);
        for (int64_t r = 0; r < count; r++) {
            const double w = cvi_rows_weight(rows, i + r);
            const double *row = out + r * width;
            double near = s->first ? row[groups * LANES] : state->near[i + r];
            if (s->fold && row[groups * LANES] < near)
                near = row[groups * LANES];
            state->near[i + r] = near;
            largest = near * w > largest ? near * w : largest;
            for (int64_t g = 0; g < groups; g++) {
                double v[LANES];
                for (int l = 0; l < LANES; l++)
                    v[l] = (row[g * LANES + l] < near ? row[g * LANES + l] : near) * w;
                add_to_grid(v, s->magic, q + g * LANES * LEVELS);
            }
        }
    }
    state->worker_max[worker] = largest;
}

static void step_task(void *context, int64_t index, int worker)
{
    const step *s = context;
    const int64_t end = (index + 1) * s->grain, blocks = n_blocks(s->rows->n);
    for (int64_t b = index * s->grain; b < end && b < blocks; b++)
        block_pass(s, worker, b);
}

/* The potential of the present near, block by block, into lane 0. */
static void sum_task(void *context, int64_t index, int worker)
{
    (void)worker;
    const step *s = context;
    const cvi_rows *rows = s->rows;
    const int64_t end = (index + 1) * s->grain, blocks = n_blocks(rows->n);
    for (int64_t b = index * s->grain; b < end && b < blocks; b++) {
        uint64_t *q = s->state->block_q + b * s->state->groups * LANES * LEVELS;
        const int64_t last = (b + 1) * BLOCK < rows->n ? (b + 1) * BLOCK : rows->n;
        uint64_t sums[LANES * LEVELS] = {0};
        for (int64_t i = b * BLOCK; i < last; i++) {
            const double v[LANES] = {s->state->near[i] * cvi_rows_weight(rows, i)};
            add_to_grid(v, s->magic, sums);
        }
        memcpy(q, sums, LEVELS * sizeof *q);
    }
}

static void set_magic(step *s, double largest, int64_t n)
{
    int exponent = -1022;
    if (largest > 0)
        frexp(largest, &exponent);
    cvi_grid_magic(exponent, n, LEVELS, s->magic);
}

static bool run(step *s, cvi_job *job, void (*task)(void *, int64_t, int), double *largest)
{
    const int64_t blocks = n_blocks(s->rows->n);
    const double ns = (double)s->rows->d * (0.2 + 0.3 * (double)s->state->groups) + 4;
    s->grain = cvi_job_grain(job, blocks * BLOCK, BLOCK, ns) / BLOCK;
    memset(s->state->worker_max, 0, (size_t)job->team.threads * sizeof(double));
    cvi_parallel(&job->team, (blocks + s->grain - 1) / s->grain, task, s);
    *largest = 0;
    for (int t = 0; t < job->team.threads; t++)
        *largest = fmax(*largest, s->state->worker_max[t]);
    return job->team.stop == NULL || atomic_load(job->team.stop) == 0;
}

/* Running sums of the blocks under the candidate in `lane`. */
static void set_prefix(const step *s, int64_t lane)
{
    cvi_plusplus *state = s->state;
    uint64_t *prefix = state->prefix;
    prefix[0] = prefix[1] = 0;
    for (int64_t b = 0; b < n_blocks(s->rows->n); b++) {
        const uint64_t *q = state->block_q + (b * state->groups * LANES + lane) * LEVELS;
        prefix[2 * b + 2] = prefix[2 * b] + q[0];
        prefix[2 * b + 3] = prefix[2 * b + 1] + q[1];
    }
}

static double prefix_value(const step *s, int64_t b)
{
    const int64_t n = s->rows->n;
    return cvi_grid_value(s->state->prefix + 2 * b, 1, s->magic, 1, LEVELS, b * BLOCK < n ? b * BLOCK : n);
}

/* The first row whose running sum is at least v. The last pick is not in near yet: its panel says what it changes. */
static int64_t find_row(const step *s, double v, bool fold)
{
    const int64_t n = s->rows->n;
    int64_t low = 0, high = n_blocks(n) - 1; /* the block in which the running sum reaches v */
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (prefix_value(s, middle + 1) >= v)
            high = middle;
        else
            low = middle + 1;
    }
    uint64_t q[LANES * LEVELS] = {s->state->prefix[2 * low], s->state->prefix[2 * low + 1]};
    const double *pick = s->state->panels + s->state->groups * s->rows->d * LANES;
    for (int64_t i = low * BLOCK; i < n; i++) {
        double near = s->state->near[i];
        if (fold) {
            const double *out = measure(s, 0, i, 1, pick, 1, LANES);
            near = out[0] < near ? out[0] : near;
        }
        const double x[LANES] = {near * cvi_rows_weight(s->rows, i)};
        add_to_grid(x, s->magic, q);
        if (cvi_grid_value(q, 1, s->magic, 1, LEVELS, i + 1) >= v)
            return i;
    }
    return n - 1;
}

/* Row i into lane `lane` of a panel. */
static void put_in_panel(const step *s, int64_t i, double *panel, int64_t lane)
{
    cvi_plusplus *state = s->state;
    cvi_rows_dense(s->rows, i, state->row);
    for (int64_t f = 0; f < s->rows->d; f++)
        panel[f * LANES + lane] = state->row[f];
}

bool cvi_plusplus_run(cvi_plusplus *state, const cvi_kernels *kernels, const cvi_rows *rows, const cvi_draw *draw,
                      covey_random *random, cvi_job *job, int64_t *picks)
{
    const int64_t d = rows->d;
    double *pick_panel = state->panels + state->groups * d * LANES;
    double largest = 0;
    memset(state->panels, 0, (size_t)((state->groups + 1) * d) * LANES * sizeof(double));
    picks[0] = cvi_draw_row(draw, covey_random_double(random));
    if (state->k == 1)
        return true;
    step s = {.state = state, .kernels = kernels, .rows = rows, .fold = true, .first = true};
    put_in_panel(&s, picks[0], pick_panel, 0);
    if (!run(&s, job, step_task, &largest))
        return false;
    set_magic(&s, largest, rows->n);
    double ignored;
    if (!run(&s, job, sum_task, &ignored))
        return false;
    set_prefix(&s, 0);
    s.first = false;
    s.fold = false;
    s.potentials = true;
    for (int64_t c = 1; c < state->k; c++) {
        const double potential = prefix_value(&s, n_blocks(rows->n));
        for (int64_t t = 0; t < state->trials; t++)
            state->uniforms[t] = covey_random_double(random);
        for (int64_t t = 0; t < state->trials; t++) {
            state->candidates[t] = find_row(&s, state->uniforms[t] * potential, s.fold);
            put_in_panel(&s, state->candidates[t], state->panels + t / LANES * d * LANES, t % LANES);
        }
        set_magic(&s, largest, rows->n);
        if (!run(&s, job, step_task, &largest))
            return false;
        int64_t best = 0;
        double best_potential = INFINITY;
        for (int64_t t = 0; t < state->trials; t++) {
            set_prefix(&s, t);
            const double p = prefix_value(&s, n_blocks(rows->n));
            if (p < best_potential) {
                best_potential = p;
                best = t;
            }
        }
        set_prefix(&s, best);
        picks[c] = state->candidates[best];
        put_in_panel(&s, picks[c], pick_panel, 0);
        s.fold = true;
        job->progress.fraction = (double)(c + 1) / (double)state->k;
        if (!cvi_job_tell(job, 0))
            return false;
    }
    return true;
}
