/*
 * k-means|| (B. Bahmani, B. Moseley, A. Vattani, R. Kumar & S. Vassilvitskii, "Scalable k-means++", VLDB 2012).
 *
 * A few rounds each draw about factor * k rows at once, every row on its own with probability factor k near w / potential.
 * The rows drawn are weighted by the rows nearest to them, and k of them are chosen by weighted k-means++.
 *
 * A row's number in a round comes from a counter, not from a stream: a hash of the round's key and the row, so threads
 * and blocks cannot matter.  docs/algorithms/seeding.md
 */
#include "seed/d2.h"

#include "base/exact.h"
#include "base/random.h"

#include <math.h>
#include <string.h>

enum { BLOCK = CVI_POTENTIAL_BLOCK, LEVELS = CVI_POTENTIAL_LEVELS, DEFAULT_ROUNDS = 5, MOST = 1024 };
static const double DEFAULT_FACTOR = 2;

void cvi_oversampling_take(cvi_oversampling *state, const cvi_rows *rows, int64_t k, double factor, int64_t rounds,
                           int64_t trials, int threads, cvi_arena *arena)
{
    state->k = k;
    state->factor = factor > 0 ? factor : DEFAULT_FACTOR;
    state->rounds = rounds > 0 ? rounds : DEFAULT_ROUNDS;
    /* The rows drawn in all rounds, with a quarter and a few to spare; never a row twice. */
    const double expected = 1.25 * state->factor * (double)k * (double)state->rounds + (double)k + 256;
    state->capacity = expected < (double)rows->n ? (int64_t)expected : rows->n;
    const int64_t capacity = state->capacity, d = rows->d;
    cvi_fold_take(&state->fold, rows, capacity < MOST ? capacity : MOST, true, threads, arena);
    state->drawn = cvi_arena_take(arena, cvi_potential_blocks(rows->n), sizeof(uint64_t));
    state->candidates = cvi_arena_take(arena, capacity, sizeof(int64_t));
    state->rows = cvi_arena_take(arena, capacity, (size_t)d * sizeof(double));
    state->mass = cvi_arena_take(arena, capacity, sizeof(double));
    state->q = cvi_arena_take(arena, capacity, LEVELS * sizeof(uint64_t));
    state->count = cvi_arena_take(arena, capacity, sizeof(int64_t));
    state->near = cvi_arena_take(arena, capacity, sizeof(double));
    cvi_draw_take(&state->draw, capacity, arena);
    const covey_matrix dense = covey_matrix_dense(state->rows, COVEY_DTYPE_FLOAT64, capacity, d);
    const cvi_rows view = cvi_rows_view(&dense, state->mass, NULL, NULL);
    state->plusplus.budget = 0;
    cvi_plusplus_take(&state->plusplus, &view, k, cvi_plusplus_trials(k, trials), threads, arena);
    state->plusplus.near = state->near;
}

/* The finalizer of SplitMix64 (G. L. Steele, D. Lea & C. H. Flood, "Fast splittable pseudorandom number generators",
 * OOPSLA 2014). */
static uint64_t mixed(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Row i's number in the round of this key, uniform in [0, 1). */
static double uniform(uint64_t key, int64_t i)
{
    return (double)(mixed(key + ((uint64_t)i + 1) * 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
}

typedef struct round_of {
    cvi_oversampling *state;
    const cvi_rows *rows;
    uint64_t key;
    double most; /* factor k */
    int64_t grain;
} round_of;

static void draw_task(void *context, int64_t index, int worker)
{
    (void)worker;
    const round_of *r = context;
    const double *near = r->state->fold.near;
    const int64_t n = r->rows->n, blocks = cvi_potential_blocks(n);
    for (int64_t b = index * r->grain; b < (index + 1) * r->grain && b < blocks; b++) {
        uint64_t drawn = 0;
        for (int64_t i = b * BLOCK; i < (b + 1) * BLOCK && i < n; i++) {
            const double share = r->most * (near[i] * cvi_rows_weight(r->rows, i));
            drawn |= (uint64_t)(uniform(r->key, i) * r->state->fold.total < share) << (i - b * BLOCK);
        }
        r->state->drawn[b] = drawn;
    }
}

/* One round: the rows it draws are appended to the found candidates. Returns how many there are then, -1: stopped. */
static int64_t draw_round(cvi_oversampling *state, const cvi_rows *rows, int64_t found, covey_random *random, cvi_job *job)
{
    round_of r = {.state = state, .rows = rows, .most = state->factor * (double)state->k};
    r.key = cvi_random_word64(random);
    const int64_t blocks = cvi_potential_blocks(rows->n);
    r.grain = cvi_job_grain(job, blocks * BLOCK, BLOCK, 3) / BLOCK;
    cvi_parallel(&job->team, (blocks + r.grain - 1) / r.grain, draw_task, &r);
    if (job->team.stop != NULL && atomic_load(job->team.stop) != 0)
        return -1;
    for (int64_t b = 0; b < blocks; b++)
        for (uint64_t m = state->drawn[b]; m != 0 && found < state->capacity; m &= m - 1)
            state->candidates[found++] = b * BLOCK + __builtin_ctzll(m);
    return found;
}

/* Candidates by rounds, and near and owner of all rows. Returns how many, -1: stopped. */
static int64_t find_candidates(cvi_oversampling *state, const cvi_kernels *kernels, const cvi_rows *rows, covey_random *random,
                               cvi_job *job)
{
    cvi_fold *fold = &state->fold;
    int64_t found = 1, folded = 0;
    for (int64_t round = 0;; round++) {
        if (!cvi_fold_in(fold, kernels, rows, state->candidates + folded, found - folded, folded, job))
            return -1;
        folded = found;
        job->progress.fraction = (double)round / (double)(state->rounds + 1);
        if (!cvi_job_tell(job, 0))
            return -1;
        /* More rounds than asked for where they have not brought k candidates. */
        if ((round >= state->rounds && found >= state->k) || !(fold->total > 0) || found == state->capacity)
            return found;
        found = draw_round(state, rows, found, random, job);
        if (found < 0)
            return -1;
    }
}

/* The weight of the rows nearest to each candidate, exact. */
static void weigh(cvi_oversampling *state, const cvi_rows *rows, int64_t found)
{
    double magic[LEVELS], largest = 0;
    for (int64_t i = 0; i < rows->n; i++)
        largest = fmax(largest, cvi_rows_weight(rows, i));
    cvi_potential_magic(largest, rows->n, magic);
    memset(state->q, 0, (size_t)found * LEVELS * sizeof *state->q);
    memset(state->count, 0, (size_t)found * sizeof *state->count);
    for (int64_t i = 0; i < rows->n; i++) {
        const int32_t j = state->fold.owner[i];
        cvi_potential_add(cvi_rows_weight(rows, i), magic, state->q + LEVELS * j);
        state->count[j]++;
    }
    for (int64_t j = 0; j < found; j++)
        state->mass[j] = cvi_potential_value(state->q + LEVELS * j, magic, state->count[j]);
}

bool cvi_oversampling_run(cvi_oversampling *state, const cvi_kernels *kernels, const cvi_rows *rows, const cvi_draw *draw,
                          covey_random *random, cvi_job *job, int64_t *picks)
{
    const int64_t k = state->k, d = rows->d;
    cvi_fold_start(&state->fold, rows);
    state->candidates[0] = cvi_draw_row(draw, covey_random_double(random));
    const int64_t found = state->found = k == 1 ? 1 : find_candidates(state, kernels, rows, random, job);
    if (found < 0)
        return false;
    if (found <= k) { /* fewer: there are no more different rows */
        for (int64_t j = 0; j < k; j++)
            picks[j] = state->candidates[j < found ? j : 0];
        return true;
    }
    weigh(state, rows, found);
    for (int64_t j = 0; j < found; j++)
        cvi_rows_dense(rows, state->candidates[j], state->rows + j * d);
    const covey_matrix dense = covey_matrix_dense(state->rows, COVEY_DTYPE_FLOAT64, found, d);
    const cvi_rows view = cvi_rows_view(&dense, state->mass, NULL, NULL);
    cvi_draw_prepare(&state->draw, &view, cvi_pairwise_sum(state->mass, found, 1));
    state->plusplus.k = k;
    if (!cvi_plusplus_run(&state->plusplus, kernels, &view, &state->draw, random, job, picks))
        return false;
    for (int64_t j = 0; j < k; j++)
        picks[j] = state->candidates[picks[j]];
    return true;
}
