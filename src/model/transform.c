/* Distances of rows to all centers. */
#include "model/use.h"

#include <math.h>

typedef struct transform {
    const covey_model *model;
    const cvi_kernels *kernels;
    cvi_rows rows;
    int64_t groups, grain;
    double *panels;   /* [groups][d][8] published centers */
    cvi_block *blocks;
    double **scratch; /* one a worker: [8][d] rows, [8][8 groups] distances */
    void *out;
    bool as_float32;
} transform;

static void take_all(transform *t, int threads, cvi_arena *arena)
{
    const int64_t d = t->rows.d;
    t->panels = cvi_arena_take(arena, t->groups * d, CVI_GROUP64 * sizeof(double));
    t->blocks = cvi_arena_take(arena, threads, sizeof(cvi_block));
    t->scratch = cvi_arena_take(arena, threads, sizeof(double *));
    for (int w = 0; w < threads; w++) {
        cvi_block block;
        cvi_block_take(&block, &t->rows, arena);
        double *scratch = cvi_arena_take(arena, 8 * (d + CVI_GROUP64 * t->groups), sizeof(double));
        if (t->blocks != NULL) {
            t->blocks[w] = block;
            t->scratch[w] = scratch;
        }
    }
}

static void fill_panels(transform *t)
{
    const covey_model *model = t->model;
    for (int64_t g = 0; g < t->groups; g++)
        for (int64_t f = 0; f < model->d; f++)
            for (int64_t l = 0; l < CVI_GROUP64; l++) {
                const int64_t j = g * CVI_GROUP64 + l;
                t->panels[(g * model->d + f) * CVI_GROUP64 + l] = j < model->k ? model->centers[j * model->d + f] : 0;
            }
}

static void task(void *context, int64_t index, int worker)
{
    const transform *t = context;
    const cvi_rows *rows = &t->rows;
    const int64_t d = rows->d, k = t->model->k, width = t->groups * CVI_GROUP64;
    double *x = t->scratch[worker], *sq = x + 8 * d;
    int64_t end = (index + 1) * t->grain;
    end = end < rows->n ? end : rows->n;
    for (int64_t i = index * t->grain; i < end; i += 8) {
        const int64_t count = end - i < 8 ? end - i : 8;
        if (rows->kind == CVI_ROWS_CSR) {
            for (int64_t r = 0; r < count; r++)
                cvi_rows_dense(rows, i + r, x + r * d);
        } else {
            cvi_rows_fetch(rows, i, count, &t->blocks[worker]);
            cvi_block_raw(t->kernels, rows, &t->blocks[worker], 0, count, x, d);
        }
        t->kernels->sqdist_panels(x, d, count, d, t->panels, t->groups, sq, width);
        for (int64_t r = 0; r < count; r++)
            for (int64_t j = 0; j < k; j++) {
                const double dist = sqrt(sq[r * width + j]);
                if (t->as_float32)
                    ((float *)t->out)[(i + r) * k + j] = (float)dist;
                else
                    ((double *)t->out)[(i + r) * k + j] = dist;
            }
    }
}

covey_status cvi_model_distances(const covey_model *model, const cvi_kernels *kernels, const covey_matrix *x, cvi_job *job,
                                 void *out, bool as_float32, covey_error *err)
{
    transform t = {.model = model, .kernels = kernels, .out = out, .as_float32 = as_float32,
                   .groups = (model->k + CVI_GROUP64 - 1) / CVI_GROUP64};
    cvi_arena arena = {0};
    t.rows = cvi_rows_view(x, NULL, NULL, NULL);
    take_all(&t, job->team.threads, &arena);
    covey_status status = cvi_arena_allocate(&arena, job->run.allocator, job->run.memory_limit, err);
    if (status != COVEY_OK)
        return status;
    take_all(&t, job->team.threads, &arena);
    fill_panels(&t);
    t.grain = cvi_job_grain(job, x->n, 8, 0.1 * (double)(model->d * t.groups * CVI_GROUP64));
    cvi_parallel(&job->team, (x->n + t.grain - 1) / t.grain, task, &t);
    cvi_arena_release(&arena);
    return job->stop != CVI_STOP_NONE ? cvi_job_stopped(job, err) : COVEY_OK;
}
