#include "base/exact.h"
#include "fit/minibatch.h"
#include "update/distances.h"

#include <math.h>
#include <string.h>

void cvi_trainer_take(cvi_trainer *trainer, const cvi_problem *problem, const cvi_strategy *strategy, int64_t batch,
                      cvi_arena *arena)
{
    const int64_t k = problem->k, d = problem->rows->d;
    const int threads = problem->job->team.threads;
    trainer->problem = *problem;
    trainer->strategy = strategy;
    trainer->batch = batch;
    trainer->centers = cvi_arena_take(arena, k, (size_t)d * sizeof(double));
    trainer->next = cvi_arena_take(arena, k, (size_t)d * sizeof(double));
    trainer->counts = cvi_arena_take(arena, k, sizeof(double));
    trainer->sqdist = cvi_arena_take(arena, batch, sizeof(double));
    trainer->sum = cvi_arena_take(arena, d, sizeof(double));
    trainer->labels = cvi_arena_take(arena, batch, sizeof(int32_t));
    trainer->order = cvi_arena_take(arena, k > batch ? k : batch, sizeof(int64_t));
    trainer->low = cvi_arena_take(arena, k, 1);
    trainer->blocks = cvi_arena_take(arena, threads, sizeof(cvi_block));
    trainer->scratch = cvi_arena_take(arena, threads, sizeof(double *));
    for (int t = 0; t < threads; t++) {
        cvi_block block;
        cvi_block_take(&block, problem->rows, arena);
        double *scratch = cvi_arena_take(arena, 8 * d, sizeof(double));
        if (trainer->blocks != NULL) {
            trainer->blocks[t] = block;
            trainer->scratch[t] = scratch;
        }
    }
    cvi_sums_take(&trainer->sums, problem->kernels, problem->frame, problem->rows, k, threads, arena);
    trainer->state = strategy->take(problem, threads, arena);
}

/* Centers move to the means of all that they have seen. */
static void learn(cvi_trainer *t)
{
    const int64_t k = t->problem.k, d = t->problem.rows->d;
    for (int64_t j = 0; j < k; j++) {
        const double mass = cvi_sums_mass(&t->sums, j);
        const double *old = t->centers + j * d;
        double *new = t->next + j * d;
        if (!(mass > 0)) {
            memcpy(new, old, (size_t)d * sizeof *new);
            continue;
        }
        cvi_sums_read(&t->sums, j, t->sum);
        const double before = t->counts[j];
        t->counts[j] += mass;
        const double scale = 1.0 / t->counts[j];
        for (int64_t f = 0; f < d; f++)
            new[f] = (old[f] * before + t->sum[f]) * scale;
    }
}

/* Cluster numbers by rising count, lower number first on ties. */
static void sort_by_count(const double *counts, int64_t k, int64_t *order)
{
    for (int64_t j = 0; j < k; j++)
        order[j] = j;
    for (int64_t gap = k / 2; gap > 0; gap /= 2)
        for (int64_t i = gap; i < k; i++) {
            const int64_t j = order[i];
            int64_t at = i;
            while (at >= gap && (counts[order[at - gap]] > counts[j] ||
                                 (counts[order[at - gap]] == counts[j] && order[at - gap] > j))) {
                order[at] = order[at - gap];
                at -= gap;
            }
            order[at] = j;
        }
}

/* Clusters that have seen little start again at random rows of the batch. Returns how many. */
static int64_t reassign_low(cvi_trainer *t, double ratio, covey_random *random)
{
    const cvi_rows *rows = t->problem.rows;
    const int64_t k = t->problem.k, d = rows->d, n = rows->n;
    double most = 0;
    int64_t n_low = 0;
    for (int64_t j = 0; j < k; j++)
        most = fmax(most, t->counts[j]);
    for (int64_t j = 0; j < k; j++)
        n_low += t->low[j] = t->counts[j] < ratio * most;
    if ((double)n_low > 0.5 * (double)n) {
        sort_by_count(t->counts, k, t->order);
        for (int64_t a = (int64_t)(0.5 * (double)n); a < k; a++)
            t->low[t->order[a]] = 0;
        n_low = 0;
        for (int64_t j = 0; j < k; j++)
            n_low += t->low[j];
    }
    if (n_low == 0)
        return 0;
    covey_random_permutation(random, n, t->order);
    double least = INFINITY;
    for (int64_t j = 0, at = 0; j < k; j++) {
        if (t->low[j])
            cvi_rows_dense(rows, t->order[at++], t->next + j * d);
        else
            least = fmin(least, t->counts[j]);
    }
    for (int64_t j = 0; j < k; j++)
        if (t->low[j])
            t->counts[j] = least;
    return n_low;
}

bool cvi_trainer_step(cvi_trainer *trainer, bool reassign, double ratio, covey_random *random, cvi_step *out)
{
    const cvi_problem *problem = &trainer->problem;
    const cvi_rows *rows = problem->rows;
    const int64_t k = problem->k, d = rows->d;
    memset(trainer->labels, 0xff, (size_t)rows->n * sizeof(int32_t));
    cvi_sums_clear(&trainer->sums, rows->n);
    trainer->strategy->start(trainer->state, problem);
    if (!trainer->strategy->pass(trainer->state, problem, trainer->centers, trainer->labels, &trainer->sums,
                                 &trainer->pass_counts))
        return false;
    cvi_sums_settle(&trainer->sums, rows, trainer->labels, problem->job);
    out->inertia = cvi_inertia(problem->kernels, rows, trainer->centers, trainer->labels, trainer->blocks, trainer->scratch,
                               trainer->sqdist, problem->job);
    learn(trainer);
    out->reassigned = reassign && ratio > 0 ? reassign_low(trainer, ratio, random) : 0;
    out->sq_moved = 0;
    for (int64_t a = 0; a < k * d; a++) {
        const double move = trainer->next[a] - trainer->centers[a];
        out->sq_moved += move * move;
    }
    double *t = trainer->centers;
    trainer->centers = trainer->next;
    trainer->next = t;
    return true;
}

bool cvi_trainer_due(const cvi_trainer *trainer, int64_t batch_size, int64_t *since)
{
    bool due = (*since += batch_size) >= 10 * trainer->problem.k;
    for (int64_t j = 0; j < trainer->problem.k && !due; j++)
        due = trainer->counts[j] == 0;
    if (due)
        *since = 0;
    return due;
}
