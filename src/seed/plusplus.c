/*
 * Greedy k-means++ in one pass over the rows a step.
 *
 * Step c draws candidates in proportion to near * w, near being the squared distance to the nearest pick, and
 * keeps the candidate that leaves the smallest potential sum(min(near, distance) * w).  A pass notes for
 * every row which candidates are nearer than near; the pass of the next step measures again only the rows
 * that the winner was nearer to, and so folds it into near.  Potentials are summed exactly, block by block
 * (engine rule B), so the winner's running sum is known from the blocks and one of them is scanned to find a
 * drawn row.
 */
#include "seed/plusplus.h"

#include <math.h>
#include <string.h>

enum { BLOCK = CVI_POTENTIAL_BLOCK, LANES = CVI_GROUP64, LEVELS = CVI_POTENTIAL_LEVELS };

int64_t cvi_plusplus_trials(int64_t k, int64_t requested)
{
    return requested > 0 ? requested : 2 + (int64_t)log((double)k);
}

int64_t cvi_plusplus_draws(int64_t k, int64_t trials)
{
    return 1 + (k - 1) * trials;
}

/* Rows of a worker's scratch: a strip stays in the first level of the cache. */
static int64_t strip_rows(int64_t d)
{
    return d <= 48 ? BLOCK : d <= 96 ? 32 : 16;
}

void cvi_plusplus_take(cvi_plusplus *state, const cvi_rows *rows, int64_t k, int64_t trials, int threads,
                       cvi_arena *arena)
{
    const int64_t d = rows->d, blocks = cvi_potential_blocks(rows->n);
    state->k = k;
    state->trials = trials;
    state->groups = (trials + LANES - 1) / LANES;
    state->uniforms = cvi_arena_take(arena, trials, sizeof(double));
    state->candidates = cvi_arena_take(arena, trials, sizeof(int64_t));
    state->tiles = NULL;
    state->bytes = NULL;
    state->lists = NULL;
    state->kept = NULL;
    state->same_rows = false;
    if (cvi_seed_tiles_wanted(rows, k, trials, threads, state->curve, state->budget, state->by_rule)) {
        state->tiles = cvi_seed_tiles_take(rows, trials, threads, state->curve, arena);
        return;
    }
    if (cvi_seed_bytes_wanted(state->kernels, rows, k, trials, threads, state->budget, state->by_rule)) {
        state->bytes = cvi_seed_bytes_take(rows, threads, arena);
        return;
    }
    if (cvi_seed_lists_wanted(rows, k, trials, threads, state->budget, state->by_rule)) {
        state->lists = cvi_seed_lists_take(rows, trials, threads, arena);
        return;
    }
    state->prefix = cvi_arena_take(arena, blocks + 1, LEVELS * sizeof(uint64_t));
    if (cvi_seed_kept_wanted(rows, k, trials, threads, state->budget)) {
        state->kept = cvi_seed_kept_take(rows, trials, threads, arena);
        return;
    }
    state->block_q = cvi_arena_take(arena, blocks * state->groups, LANES * LEVELS * sizeof(uint64_t));
    state->nearer = cvi_arena_take(arena, blocks * state->groups, BLOCK);
    state->total = cvi_arena_take(arena, state->groups, LANES * LEVELS * sizeof(uint64_t));
    state->panels = cvi_arena_take(arena, state->groups * d, LANES * sizeof(double));
    state->sqnorm = cvi_arena_take(arena, state->groups, LANES * sizeof(double));
    state->pick = cvi_arena_take(arena, d, sizeof(double));
    state->workers = cvi_arena_take(arena, threads, sizeof *state->workers);
    for (int t = 0; t < threads; t++) {
        cvi_plusplus_worker w = {0};
        cvi_block_take(&w.block, rows, arena);
        w.scratch =
            cvi_arena_take(arena, (rows->kind == CVI_ROWS_CSR ? 2 : strip_rows(d)) * d, sizeof(double));
        if (state->workers != NULL)
            state->workers[t] = w;
    }
}

typedef struct step {
    cvi_plusplus *state;
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    cvi_seed_step kernel;
    cvi_running running;
    int64_t grain;  /* blocks a task */
    int64_t picked; /* the candidate of the last pass that is folded into near in this one; -1: none */
    int64_t row;    /* its row */
    bool first;     /* near is not set yet */
} step;

static int64_t block_rows(const step *s, int64_t b)
{
    return s->rows->n - b * BLOCK < BLOCK ? s->rows->n - b * BLOCK : BLOCK;
}

/* Rows of block b that are nearer to the last pick than to those before. */
static uint64_t rows_to_fold(const step *s, int64_t b)
{
    const int64_t count = block_rows(s, b);
    const uint64_t all = count < BLOCK ? ((uint64_t)1 << count) - 1 : UINT64_MAX;
    if (s->first)
        return all;
    if (s->picked < 0)
        return 0;
    const uint8_t *nearer = s->state->nearer + (b * s->state->groups + s->picked / LANES) * BLOCK;
    const int bit = (int)(s->picked % LANES);
    uint64_t fold = 0;
    for (int64_t i = 0; i < BLOCK; i += 8) { /* eight rows' bits, gathered by one product */
        uint64_t eight;
        memcpy(&eight, nearer + i, sizeof eight);
        fold |= ((eight >> bit & 0x0101010101010101u) * 0x0102040810204080u >> 56) << i;
    }
    return fold & all;
}

/* Rows i .. i + count - 1 as float64, one pointer each. */
static const double *const *strip(const step *s, cvi_plusplus_worker *w, int64_t i, int64_t count)
{
    cvi_rows_fetch(s->rows, i, count, &w->block);
    if (!w->block.is_f32)
        return w->block.row64;
    cvi_block_raw(s->kernels, s->rows, &w->block, 0, count, w->scratch, s->rows->d);
    for (int64_t r = 0; r < count; r++)
        w->block.row64[r] = w->scratch + r * s->rows->d;
    return w->block.row64;
}

static void block_pass(const step *s, cvi_plusplus_worker *w, int64_t b)
{
    cvi_plusplus *state = s->state;
    const int64_t start = b * BLOCK, count = block_rows(s, b), at_once = strip_rows(s->rows->d);
    const uint64_t fold = rows_to_fold(s, b);
    double weights[BLOCK];
    for (int64_t i = 0; s->rows->weights != NULL && i < count; i++)
        weights[i] = cvi_rows_weight(s->rows, start + i);
    uint64_t *q = state->block_q + b * state->groups * LANES * LEVELS;
    uint8_t *nearer = state->nearer + b * state->groups * BLOCK;
    memset(q, 0, (size_t)(state->groups * LANES * LEVELS) * sizeof *q);
    for (int64_t i = 0; i < count; i += at_once) {
        const int64_t part = count - i < at_once ? count - i : at_once;
        const uint64_t mask = part < BLOCK ? ((uint64_t)1 << part) - 1 : UINT64_MAX;
        const double *const *rows = strip(s, w, start + i, part);
        const double largest =
            s->kernels->seed_rows(&s->kernel, rows, part, s->rows->weights != NULL ? weights + i : NULL,
                                  fold >> i & mask, state->near + start + i, q, nearer + i);
        w->largest = largest > w->largest ? largest : w->largest;
    }
}

/* The same for CSR rows. */
static void sparse_block_pass(const step *s, cvi_plusplus_worker *w, int64_t b)
{
    cvi_plusplus *state = s->state;
    const uint64_t fold = rows_to_fold(s, b);
    uint64_t *q = state->block_q + b * state->groups * LANES * LEVELS;
    memset(q, 0, (size_t)(state->groups * LANES * LEVELS) * sizeof *q);
    for (int64_t r = 0; r < block_rows(s, b); r++) {
        const int64_t i = b * BLOCK + r;
        const double weight = cvi_rows_weight(s->rows, i);
        double *near = state->near + i;
        if (fold >> r & 1) {
            const double sq = cvi_sparse_sqdist(s->rows, i, s->row, w->scratch);
            *near = sq < *near ? sq : *near;
        }
        w->largest = *near * weight > w->largest ? *near * weight : w->largest;
        for (int64_t g = 0; g < s->kernel.groups; g++) {
            double sqdist[LANES];
            const int64_t trials = state->trials - g * LANES < LANES ? state->trials - g * LANES : LANES;
            cvi_sparse_candidates(s->rows, i, state->candidates + g * LANES, trials,
                                  s->kernel.panels + g * s->rows->d * LANES, state->sqnorm + g * LANES, *near,
                                  w->scratch, sqdist);
            uint8_t nearer = 0;
            for (int64_t l = 0; l < trials; l++) {
                nearer |= (uint8_t)((sqdist[l] < *near) << l);
                uint64_t bits[LEVELS];
                cvi_potential_bits((sqdist[l] < *near ? sqdist[l] : *near) * weight, s->kernel.magic, bits);
                q[g * LANES * LEVELS + l] += bits[0];
                q[g * LANES * LEVELS + LANES + l] += bits[1];
            }
            state->nearer[(b * state->groups + g) * BLOCK + r] = nearer;
        }
    }
}

static void step_task(void *context, int64_t index, int worker)
{
    const step *s = context;
    cvi_plusplus_worker *w = &s->state->workers[worker];
    const int64_t end = (index + 1) * s->grain, blocks = cvi_potential_blocks(s->rows->n);
    for (int64_t b = index * s->grain; b < end && b < blocks; b++)
        if (s->rows->kind == CVI_ROWS_CSR)
            sparse_block_pass(s, w, b);
        else
            block_pass(s, w, b);
}

/* The potential of the present near, block by block, as that of candidate 0. */
static void sum_task(void *context, int64_t index, int worker)
{
    (void)worker;
    const step *s = context;
    const int64_t end = (index + 1) * s->grain, blocks = cvi_potential_blocks(s->rows->n);
    for (int64_t b = index * s->grain; b < end && b < blocks; b++) {
        uint64_t q[LEVELS] = {0};
        for (int64_t i = b * BLOCK; i < b * BLOCK + block_rows(s, b); i++)
            cvi_potential_add(s->state->near[i] * cvi_rows_weight(s->rows, i), s->kernel.magic, q);
        uint64_t *out = s->state->block_q + b * s->state->groups * LANES * LEVELS;
        out[0] = q[0];
        out[LANES] = q[1];
    }
}

static bool run(step *s, cvi_job *job, void (*task)(void *, int64_t, int), double *largest)
{
    const int64_t blocks = cvi_potential_blocks(s->rows->n);
    const double ns = (double)s->rows->d * (0.1 + 0.3 * (double)s->kernel.groups) + 2;
    s->grain = cvi_job_grain(job, blocks * BLOCK, BLOCK, ns) / BLOCK;
    for (int t = 0; t < job->team.threads; t++)
        s->state->workers[t].largest = 0;
    cvi_parallel(&job->team, (blocks + s->grain - 1) / s->grain, task, s);
    *largest = 0;
    for (int t = 0; t < job->team.threads; t++)
        *largest = fmax(*largest, s->state->workers[t].largest);
    return job->team.stop == NULL || atomic_load(job->team.stop) == 0;
}

/* Running sums of the blocks under one candidate. */
static void set_prefix(step *s, int64_t candidate)
{
    cvi_plusplus *state = s->state;
    uint64_t *prefix = s->running.prefix;
    const uint64_t *q = state->block_q + candidate / LANES * LANES * LEVELS + candidate % LANES;
    prefix[0] = prefix[1] = 0;
    for (int64_t b = 0; b < cvi_potential_blocks(s->rows->n); b++, q += state->groups * LANES * LEVELS) {
        prefix[2 * b + 2] = prefix[2 * b] + q[0];
        prefix[2 * b + 3] = prefix[2 * b + 1] + q[LANES];
    }
    memcpy(s->running.magic, s->kernel.magic, sizeof s->running.magic);
}

/* Fold the last pick into near for the rows of the mask, row 0 of block b first. */
static void fold_sparse(const step *s, int64_t b, uint64_t fold)
{
    double *near = s->state->near + b * BLOCK;
    for (; fold != 0; fold &= fold - 1) {
        const int64_t i = __builtin_ctzll(fold);
        const double sq = cvi_sparse_sqdist(s->rows, b * BLOCK + i, s->row, s->state->workers[0].scratch);
        near[i] = sq < near[i] ? sq : near[i];
    }
}

static void fold_dense(const step *s, int64_t b, uint64_t fold)
{
    const int64_t start = b * BLOCK, count = block_rows(s, b), at_once = strip_rows(s->rows->d);
    const cvi_seed_step only_fold = {.pick = s->state->pick, .d = s->rows->d};
    for (int64_t i = 0; fold != 0 && i < count; i += at_once) {
        const int64_t part = count - i < at_once ? count - i : at_once;
        const uint64_t mask = part < BLOCK ? ((uint64_t)1 << part) - 1 : UINT64_MAX;
        const double *const *rows = strip(s, &s->state->workers[0], start + i, part);
        s->kernels->seed_rows(&only_fold, rows, part, NULL, fold >> i & mask, s->state->near + start + i, NULL, NULL);
    }
}

/* The first row whose running sum is at least v. Its block has the last pick folded in. */
static int64_t find_row(step *s, double v)
{
    cvi_plusplus *state = s->state;
    const int64_t b = cvi_running_find(&s->running, v), count = block_rows(s, b);
    double value[BLOCK];
    (s->rows->kind == CVI_ROWS_CSR ? fold_sparse : fold_dense)(s, b, rows_to_fold(s, b));
    for (int64_t i = 0; i < count; i++)
        value[i] = state->near[b * BLOCK + i] * cvi_rows_weight(s->rows, b * BLOCK + i);
    return cvi_running_row(&s->running, b, value, count, v);
}

static void draw_candidates(step *s, covey_random *random)
{
    cvi_plusplus *state = s->state;
    const int64_t d = s->rows->d;
    const double potential = cvi_running_value(&s->running, cvi_potential_blocks(s->rows->n));
    for (int64_t t = 0; t < state->trials; t++)
        state->uniforms[t] = covey_random_double(random);
    for (int64_t t = 0; t < state->trials; t++) {
        state->candidates[t] = find_row(s, state->uniforms[t] * potential);
        double *lane = state->panels + t / LANES * d * LANES + t % LANES, *row = state->workers[0].scratch;
        cvi_rows_dense(s->rows, state->candidates[t], row);
        state->sqnorm[t] = 0;
        for (int64_t f = 0; f < d; f++) {
            lane[f * LANES] = row[f];
            state->sqnorm[t] += row[f] * row[f];
        }
    }
}

/* The candidate with the smallest potential, the first of equals. */
static int64_t best_candidate(const step *s)
{
    const cvi_plusplus *state = s->state;
    const int64_t width = state->groups * LANES * LEVELS, n = s->rows->n;
    uint64_t *total = state->total;
    memset(total, 0, (size_t)width * sizeof *total);
    for (int64_t b = 0; b < cvi_potential_blocks(n); b++)
        for (int64_t a = 0; a < width; a++)
            total[a] += state->block_q[b * width + a];
    int64_t best = 0;
    double smallest = INFINITY;
    for (int64_t t = 0; t < state->trials; t++) {
        const uint64_t *q = total + t / LANES * LANES * LEVELS + t % LANES;
        const uint64_t both[LEVELS] = {q[0], q[LANES]};
        const double potential = cvi_potential_value(both, s->kernel.magic, n);
        if (potential < smallest) {
            smallest = potential;
            best = t;
        }
    }
    return best;
}

static void set_pick(step *s, int64_t row)
{
    s->row = row;
    cvi_rows_dense(s->rows, row, s->state->pick);
}

bool cvi_plusplus_run(cvi_plusplus *state, const cvi_kernels *kernels, const cvi_rows *rows,
                      const cvi_draw *draw, covey_random *random, cvi_job *job, int64_t *picks)
{
    if (state->tiles != NULL)
        return cvi_seed_tiles_run(state, kernels, rows, draw, random, job, picks);
    if (state->bytes != NULL)
        return cvi_seed_bytes_run(state, kernels, rows, draw, random, job, picks);
    if (state->lists != NULL)
        return cvi_seed_lists_run(state, kernels, rows, draw, random, job, picks);
    if (state->kept != NULL)
        return cvi_seed_kept_run(state, kernels, rows, draw, random, job, picks);
    const int64_t n = rows->n;
    double largest = 0, ignored;
    memset(state->panels, 0, (size_t)(state->groups * rows->d) * LANES * sizeof(double));
    picks[0] = cvi_draw_row(draw, covey_random_double(random));
    if (state->k == 1)
        return true;
    step s = {.state = state, .kernels = kernels, .rows = rows, .picked = -1, .first = true};
    s.kernel = (cvi_seed_step){.panels = state->panels, .pick = state->pick, .d = rows->d};
    s.running = (cvi_running){.prefix = state->prefix, .n = n};
    for (int64_t i = 0; i < n; i++)
        state->near[i] = INFINITY;
    set_pick(&s, picks[0]);
    if (!run(&s, job, step_task, &largest))
        return false;
    cvi_potential_magic(largest, n, s.kernel.magic);
    if (!run(&s, job, sum_task, &ignored))
        return false;
    set_prefix(&s, 0);
    s.first = false;
    s.kernel.groups = state->groups;
    for (int64_t c = 1; c < state->k; c++) {
        draw_candidates(&s, random);
        cvi_potential_magic(largest, n, s.kernel.magic);
        if (!run(&s, job, step_task, &largest))
            return false;
        s.picked = best_candidate(&s);
        set_prefix(&s, s.picked);
        picks[c] = state->candidates[s.picked];
        set_pick(&s, picks[c]);
        job->progress.fraction = (double)(c + 1) / (double)state->k;
        if (!cvi_job_tell(job, 0))
            return false;
    }
    return true;
}
