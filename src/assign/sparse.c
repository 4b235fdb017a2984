/*
 * CSR rows: the canonical score itself, all centers at once.  Centers are stored feature by feature, [d][kpad], so a
 * stored value of a row meets the k coordinates that it needs side by side.  Products and sums are rounded separately,
 * stored values in order, as scikit-learn's sparse path rounds them; the score is |c|^2 - 2 x.c.
 */
#include "assign/strategy.h"

#include <math.h>

enum { PAD = 8, BLOCK = 64 };

typedef struct worker {
    cvi_block block;
    int64_t changed;
} worker;

typedef struct sparse {
    int64_t kpad, grain;
    double *columns; /* [d][kpad] */
    double *sqnorm;  /* [kpad], padding +inf */
    worker *workers;
} sparse;

typedef struct pass {
    sparse *state;
    const cvi_problem *problem;
    int32_t *labels;
    cvi_sums *sums;
} pass;

static bool suits(const cvi_problem *problem)
{
    return problem->rows->kind == CVI_ROWS_CSR;
}

static void *take(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    sparse *state = cvi_arena_take(arena, 1, sizeof *state);
    sparse s = {.kpad = (problem->k + PAD - 1) / PAD * PAD};
    s.columns = cvi_arena_take(arena, problem->rows->d, (size_t)s.kpad * sizeof(double));
    s.sqnorm = cvi_arena_take(arena, s.kpad, sizeof(double));
    s.workers = cvi_arena_take(arena, threads, sizeof *s.workers);
    for (int t = 0; s.workers != NULL && t < threads; t++)
        s.workers[t] = (worker){0};
    if (state != NULL)
        *state = s;
    return state;
}

static void start(void *state, const cvi_problem *problem)
{
    (void)state;
    (void)problem;
}

static int32_t nearest(const pass *p, int64_t i)
{
    const cvi_rows *rows = p->problem->rows;
    const sparse *s = p->state;
    const cvi_sparse_row row = cvi_rows_sparse(rows, i);
    const cvi_sparse_centers centers = {.columns = s->columns, .sqnorm = s->sqnorm, .stride = s->kpad};
    const cvi_sparse_values values = {.values = row.values,
                                      .columns = row.columns,
                                      .count = row.count,
                                      .narrow = rows->x.dtype == COVEY_DTYPE_FLOAT32,
                                      .wide = rows->x.index_bytes == 8};
    return p->problem->kernels->sparse_nearest(&centers, &values);
}

static void task(void *context, int64_t index, int worker_index)
{
    const pass *p = context;
    const cvi_rows *rows = p->problem->rows;
    worker *w = &p->state->workers[worker_index];
    int64_t end = (index + 1) * p->state->grain;
    end = end < rows->n ? end : rows->n;
    for (int64_t i = index * p->state->grain; i < end; i++) {
        const int32_t after = nearest(p, i);
        w->block.start = i;
        w->changed += cvi_sums_relabel(p->sums, worker_index, rows, &w->block, 0, &p->labels[i], after);
    }
}

static bool run_pass(void *state, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                     cvi_pass_counts *counts)
{
    sparse *s = state;
    cvi_job *job = problem->job;
    const int64_t d = problem->rows->d, k = problem->k, n = problem->rows->n;
    for (int64_t f = 0; f < d; f++)
        for (int64_t j = 0; j < s->kpad; j++)
            s->columns[f * s->kpad + j] = j < k ? centers[j * d + f] : 0;
    for (int64_t j = 0; j < s->kpad; j++)
        s->sqnorm[j] = j < k ? problem->kernels->canonical_sqnorm(centers + j * d, d) : INFINITY;
    for (int t = 0; t < job->team.threads; t++)
        s->workers[t].changed = 0;
    s->grain = cvi_job_grain(job, n, BLOCK, 0.02 * (double)d * (double)k * 0.1 + 20);
    pass p = {.state = s, .problem = problem, .labels = labels, .sums = sums};
    cvi_parallel(&job->team, (n + s->grain - 1) / s->grain, task, &p);
    counts->changed = 0;
    counts->full += n * k;
    counts->distances += n * k;
    for (int t = 0; t < job->team.threads; t++)
        counts->changed += s->workers[t].changed;
    return job->team.stop == NULL || atomic_load(job->team.stop) == 0;
}

const cvi_strategy cvi_sparse = {
    .name = "sparse",
    .about = "stored values against all centers at once",
    .suits = suits, .take = take, .start = start, .pass = run_pass};
