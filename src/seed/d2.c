/*
 * Plain k-means++ (D. Arthur & S. Vassilvitskii, SODA 2007, without greedy trials): every pick is drawn in proportion to
 * near * w, near being the squared distance to the nearest pick so far.
 *
 * The distribution is exact although near is brought up to date only now and then.  Distances to the nearest pick only
 * fall, so the near of some picks ago is a bound on today's: a row is drawn from the old distribution and kept with
 * probability today / then (von Neumann's rejection), and today's distance needs this one row and the few picks since.
 * docs/algorithms/seeding.md
 */
#include "seed/d2.h"

/* What a draw costs beside the distances to the pending picks, in distances of one row: two searches, cold memory. */
enum { DRAW_COST = 200 };

void cvi_d2_take(cvi_d2 *state, const cvi_rows *rows, int64_t k, int threads, cvi_arena *arena)
{
    enum { MOST = 1024 };
    state->k = k;
    cvi_fold_take(&state->fold, rows, k < MOST ? k : MOST, false, threads, arena);
    state->row = cvi_arena_take(arena, rows->d, sizeof(double));
    state->pending = cvi_arena_take(arena, k, (size_t)rows->d * sizeof(double));
}

/* The row at which the running sum of the old distances reaches v. */
static int64_t row_at(const cvi_fold *fold, const cvi_rows *rows, double v)
{
    double value[CVI_POTENTIAL_BLOCK];
    const int64_t b = cvi_running_find(&fold->running, v), start = b * CVI_POTENTIAL_BLOCK;
    const int64_t count = rows->n - start < CVI_POTENTIAL_BLOCK ? rows->n - start : CVI_POTENTIAL_BLOCK;
    for (int64_t i = 0; i < count; i++)
        value[i] = fold->near[start + i] * cvi_rows_weight(rows, start + i);
    return cvi_running_row(&fold->running, b, value, count, v);
}

/* Squared distance of state->row to the nearest of the count pending picks, or `near` if that is less. */
static double with_pending(const cvi_d2 *state, const cvi_kernels *kernels, int64_t d, int64_t count, double near)
{
    enum { PART = 64 };
    static const int32_t first[PART]; /* zeros: the one center is the row itself; the square has no sign */
    for (int64_t done = 0; done < count; done += PART) {
        double sq[PART];
        const int64_t part = count - done < PART ? count - done : PART;
        kernels->sqdist_labels(state->pending + done * d, d, part, d, state->row, d, first, sq);
        for (int64_t j = 0; j < part; j++)
            near = sq[j] < near ? sq[j] : near;
    }
    return near;
}

/* Is a pass over the rows cheaper by now than the draws since the last one have been? In distances of one row; counts
 * alone decide, so every machine does the same. */
static bool due(double work, int64_t n, int64_t pending)
{
    const double draw = DRAW_COST, row = 4, center = 0.1;
    return work * draw > (double)n * (row + center * (double)pending);
}

bool cvi_d2_run(cvi_d2 *state, const cvi_kernels *kernels, const cvi_rows *rows, const cvi_draw *draw, covey_random *random,
                cvi_job *job, int64_t *picks)
{
    cvi_fold *fold = &state->fold;
    const int64_t k = state->k, n = rows->n, d = rows->d;
    int64_t made = 1, folded = 0;
    double work = 0;
    state->drawn = state->refreshes = 0;
    picks[0] = cvi_draw_row(draw, covey_random_double(random));
    cvi_fold_start(fold, rows);
    while (made < k) {
        if (folded == 0 || due(work, n, made - folded)) {
            if (!cvi_fold_in(fold, kernels, rows, picks + folded, made - folded, folded, job))
                return false;
            folded = made;
            work = 0;
            state->refreshes++;
            job->progress.fraction = (double)made / (double)k;
            if (!cvi_job_tell(job, 0))
                return false;
            if (!(fold->total > 0))
                break;
        }
        const double at = covey_random_double(random), keep = covey_random_double(random);
        const int64_t i = row_at(fold, rows, at * fold->total);
        cvi_rows_dense(rows, i, state->row);
        const double today = with_pending(state, kernels, d, made - folded, fold->near[i]);
        work += 1 + (double)(made - folded) / DRAW_COST;
        state->drawn++;
        if (!(cvi_rows_weight(rows, i) > 0 && keep * fold->near[i] < today))
            continue;
        for (int64_t f = 0; f < d; f++)
            state->pending[(made - folded) * d + f] = state->row[f];
        picks[made++] = i;
    }
    for (; made < k; made++) /* fewer different rows than picks */
        picks[made] = picks[0];
    return true;
}
