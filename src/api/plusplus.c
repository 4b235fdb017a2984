/* covey_seed_plusplus: greedy k-means++ alone. */
#include "api/enter.h"
#include "base/exact.h"
#include "covey/model.h"
#include "seed/seed.h"

#include <string.h>

typedef struct seeding {
    cvi_rows rows;
    cvi_draw draw;
    cvi_plusplus plusplus;
    int64_t *picks;
} seeding;

static void take_all(seeding *s, int64_t k, int64_t trials, int threads, cvi_arena *arena)
{
    cvi_draw_take(&s->draw, s->rows.n, arena);
    cvi_plusplus_take(&s->plusplus, &s->rows, k, cvi_plusplus_trials(k, trials), threads, arena);
    s->plusplus.near = cvi_arena_take(arena, s->rows.n, sizeof(double));
    s->picks = cvi_arena_take(arena, k, sizeof(int64_t));
}

static covey_status check(const covey_matrix *x, const double *weights, int64_t k, int64_t trials, const covey_random *random,
                          const int64_t *indices, covey_error *err)
{
    covey_status status = cvi_matrix_check_structure(x, "x", err);
    if (status != COVEY_OK)
        return status;
    if (random == NULL || indices == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "%s is NULL", random == NULL ? "random" : "indices");
    if (k < 1 || k > x->n)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "k is %lld; it must lie in [1, %lld], the rows of x", (long long)k,
                        (long long)x->n);
    if (trials < 0)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "n_local_trials is %lld; it must be 1 or more (0: 2 + ln k)", (long long)trials);
    status = cvi_matrix_check_values(x, "x", err);
    return status == COVEY_OK && weights != NULL ? cvi_weights_check(weights, x->n, err) : status;
}

covey_status covey_seed_plusplus(const covey_matrix *x, const double *weights, int64_t k, int64_t n_local_trials,
                                 covey_random *random, const covey_run *run, int64_t *indices, covey_error *err)
{
    cvi_job job;
    const cvi_kernels *kernels;
    covey_status status = check(x, weights, k, n_local_trials, random, indices, err);
    if (status == COVEY_OK)
        status = cvi_enter(&job, run, &kernels, err);
    if (status != COVEY_OK)
        return status;
    seeding s = {.rows = cvi_rows_view(x, weights, NULL, NULL)};
    s.plusplus.budget = cvi_rows_budget(&s.rows, &job.run);
    s.plusplus.by_rule = job.run.accelerator_budget == SIZE_MAX;
    s.plusplus.kernels = kernels;
    cvi_arena arena = {0};
    take_all(&s, k, n_local_trials, job.team.threads, &arena);
    status = cvi_arena_allocate(&arena, job.run.allocator, job.run.memory_limit, err);
    if (status == COVEY_OK) {
        take_all(&s, k, n_local_trials, job.team.threads, &arena);
        cvi_job_phase(&job, COVEY_PHASE_SEED);
        cvi_draw_prepare(&s.draw, &s.rows, weights != NULL ? cvi_pairwise_sum(weights, x->n, 1) : (double)x->n);
        if (cvi_plusplus_run(&s.plusplus, kernels, &s.rows, &s.draw, random, &job, s.picks))
            memcpy(indices, s.picks, (size_t)k * sizeof *indices);
        else
            status = cvi_job_stopped(&job, err);
        cvi_arena_release(&arena);
    }
    cvi_job_leave(&job);
    return status;
}
