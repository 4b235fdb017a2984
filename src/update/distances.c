#include "update/distances.h"

#include "base/exact.h"

typedef struct distances {
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    const double *published;
    const int32_t *labels;
    cvi_block *blocks;
    double **scratch;
    double *out;
    int64_t grain;
} distances;

static void distances_task(void *context, int64_t index, int worker)
{
    const distances *t = context;
    const cvi_rows *rows = t->rows;
    cvi_block *block = &t->blocks[worker];
    const int64_t d = rows->d;
    int64_t end = (index + 1) * t->grain;
    end = end < rows->n ? end : rows->n;
    for (int64_t i = index * t->grain; i < end; i += 8) {
        const int64_t count = end - i < 8 ? end - i : 8;
        if (rows->kind == CVI_ROWS_CSR) {
            for (int64_t r = 0; r < count; r++)
                cvi_rows_dense(rows, i + r, t->scratch[worker] + r * d);
        } else {
            cvi_rows_fetch(rows, i, count, block);
            cvi_block_raw(t->kernels, rows, block, 0, count, t->scratch[worker], d);
        }
        t->kernels->sqdist_labels(t->scratch[worker], d, count, d, t->published, d, t->labels + i, t->out + i);
    }
}

void cvi_own_distances(const cvi_kernels *kernels, const cvi_rows *rows, const double *published, const int32_t *labels,
                       cvi_block *blocks, double **scratch, cvi_job *job, double *out)
{
    distances t = {.kernels = kernels, .rows = rows, .published = published, .labels = labels, .blocks = blocks,
                   .scratch = scratch, .out = out, .grain = cvi_job_grain(job, rows->n, CVI_TILE, (double)rows->d)};
    cvi_parallel(&job->team, (rows->n + t.grain - 1) / t.grain, distances_task, &t);
}

double cvi_inertia(const cvi_kernels *kernels, const cvi_rows *rows, const double *published, const int32_t *labels,
                   cvi_block *blocks, double **scratch, double *sqdist, cvi_job *job)
{
    cvi_own_distances(kernels, rows, published, labels, blocks, scratch, job, sqdist);
    if (rows->weights != NULL)
        for (int64_t i = 0; i < rows->n; i++)
            sqdist[i] *= cvi_rows_weight(rows, i);
    cvi_super sum;
    cvi_super_clear(&sum);
    cvi_super_add_many(&sum, sqdist, rows->n);
    return cvi_super_value(&sum);
}
