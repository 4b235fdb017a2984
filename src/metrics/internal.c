/*
 * T. Calinski & J. Harabasz, "A dendrite method for cluster analysis", Comm. Statist. 3 (1974);
 * D. L. Davies & D. W. Bouldin, "A cluster separation measure", IEEE PAMI 1 (1979).
 *
 * Both need the clusters' means and each row's distance to its own. Means are chains of additions in row
 * order, one task a cluster; sums of distances are exact, so that rows can be dealt out freely.
 */
#include "base/exact.h"
#include "metrics/metrics.h"

#include <math.h>
#include <string.h>

enum { TASK_ROWS = 16 * CVI_TILE };

typedef struct spread {
    const cvi_scored *scored;
    cvi_rows rows, sorted;
    cvi_members members;
    cvi_block *blocks; /* one a worker */
    double **buffers;  /* one a worker: [CVI_TILE][d] */
    double *means;     /* [k + 1][d], last the mean of all rows */
    double *sq;        /* [n] squared distance of each row to its cluster's mean */
    double *spreads;   /* [k] */
    double *gaps;      /* [k] squared distances of one mean to all */
    int32_t *label;    /* [k] */
    cvi_arena arena;
} spread;

static void take_all(spread *s, int threads, cvi_arena *arena)
{
    const int64_t n = s->rows.n, d = s->rows.d, k = s->scored->k;
    cvi_members_take(&s->members, n, k, arena);
    size_t values;
    const bool fits = cvi_mul_size((size_t)k + 1, (size_t)d, &values) && values <= INT64_MAX;
    s->means = cvi_arena_take(arena, fits ? (int64_t)values : -1, sizeof(double));
    s->sq = cvi_arena_take(arena, n, sizeof(double));
    s->spreads = cvi_arena_take(arena, k, sizeof(double));
    s->gaps = cvi_arena_take(arena, k, sizeof(double));
    s->label = cvi_arena_take(arena, k, sizeof(int32_t));
    s->blocks = cvi_arena_take(arena, threads, sizeof(cvi_block));
    s->buffers = cvi_arena_take(arena, threads, sizeof(double *));
    for (int w = 0; w < threads; w++) {
        cvi_block block;
        cvi_block_take(&block, &s->rows, arena);
        double *buffer = cvi_arena_take(arena, CVI_TILE * d, sizeof(double));
        if (s->blocks != NULL) {
            s->blocks[w] = block;
            s->buffers[w] = buffer;
        }
    }
}

/* Load rows first .. first + count - 1 of a view into the worker's buffer. */
static const double *load(const spread *s, const cvi_rows *rows, int64_t first, int64_t count, int worker)
{
    cvi_rows_fetch(rows, first, count, &s->blocks[worker]);
    cvi_block_raw(s->scored->kernels, rows, &s->blocks[worker], 0, count, s->buffers[worker], rows->d);
    return s->buffers[worker];
}

/* The mean of cluster index; index k: of all rows. */
static void mean_task(void *context, int64_t index, int worker)
{
    const spread *s = context;
    const int64_t d = s->rows.d, n = s->rows.n, k = s->scored->k;
    const cvi_rows *rows = index < k ? &s->sorted : &s->rows;
    const int64_t begin = index < k ? s->members.start[index] : 0,
                  end = index < k ? s->members.start[index + 1] : n;
    double *mean = s->means + index * d;
    memset(mean, 0, (size_t)d * sizeof *mean);
    for (int64_t i = begin; i < end; i += CVI_TILE) {
        const int64_t count = end - i < CVI_TILE ? end - i : CVI_TILE;
        const double *x = load(s, rows, i, count, worker);
        for (int64_t r = 0; r < count; r++)
            for (int64_t f = 0; f < d; f++)
                mean[f] += x[r * d + f];
    }
    for (int64_t f = 0; f < d && end > begin; f++)
        mean[f] /= (double)(end - begin);
}

static void distance_task(void *context, int64_t index, int worker)
{
    const spread *s = context;
    const int64_t d = s->rows.d, n = s->rows.n;
    const int64_t end = n - index * TASK_ROWS < TASK_ROWS ? n : (index + 1) * TASK_ROWS;
    for (int64_t i = index * TASK_ROWS; i < end; i += CVI_TILE) {
        const int64_t count = end - i < CVI_TILE ? end - i : CVI_TILE;
        const double *x = load(s, &s->rows, i, count, worker);
        s->scored->kernels->sqdist_labels(x, d, count, d, s->means, d, s->scored->labels + i, s->sq + i);
    }
}

/* On COVEY_OK the arena must be released. */
static covey_status prepare(spread *s, const cvi_scored *scored, covey_error *err)
{
    memset(s, 0, sizeof *s);
    cvi_job *job = scored->job;
    s->scored = scored;
    s->rows = s->sorted = cvi_rows_view(scored->x, NULL, NULL, NULL);
    take_all(s, job->team.threads, &s->arena);
    covey_status status = cvi_arena_allocate(&s->arena, job->run.allocator, job->run.memory_limit, err);
    if (status != COVEY_OK)
        return status;
    take_all(s, job->team.threads, &s->arena);
    status = cvi_members_sort(&s->members, scored, err);
    if (status == COVEY_OK) {
        s->sorted.index = s->members.order;
        cvi_parallel(&job->team, scored->k + 1, mean_task, s);
        cvi_parallel(&job->team, (scored->x->n + TASK_ROWS - 1) / TASK_ROWS, distance_task, s);
        if (job->stop != CVI_STOP_NONE)
            status = cvi_job_stopped(job, err);
    }
    if (status != COVEY_OK)
        cvi_arena_release(&s->arena);
    return status;
}

static int64_t members_of(const spread *s, int64_t j)
{
    return s->members.start[j + 1] - s->members.start[j];
}

covey_status cvi_calinski_harabasz(const cvi_scored *scored, double *out, covey_error *err)
{
    spread s;
    const covey_status status = prepare(&s, scored, err);
    if (status != COVEY_OK)
        return status;
    const int64_t n = scored->x->n, d = scored->x->d, k = scored->k, used = s.members.used;
    cvi_super within, between;
    cvi_super_clear(&within);
    cvi_super_clear(&between);
    cvi_super_add_many(&within, s.sq, n);
    for (int64_t j = 0; j < k; j++) {
        const int32_t all = 0;
        double sq;
        scored->kernels->sqdist_labels(s.means + j * d, d, 1, d, s.means + k * d, d, &all, &sq);
        cvi_super_add(&between, (double)members_of(&s, j) * (members_of(&s, j) > 0 ? sq : 0));
    }
    const double w = cvi_super_value(&within), b = cvi_super_value(&between);
    *out = w == 0 ? 1.0 : b * (double)(n - used) / (w * (double)(used - 1));
    cvi_arena_release(&s.arena);
    return COVEY_OK;
}

/* Mean distance of each cluster's rows to its mean; false if all are about zero. */
static bool fill_spreads(spread *s)
{
    bool some = false;
    for (int64_t j = 0; j < s->scored->k; j++) {
        cvi_super sum;
        cvi_super_clear(&sum);
        for (int64_t i = s->members.start[j]; i < s->members.start[j + 1]; i++)
            cvi_super_add(&sum, sqrt(s->sq[s->members.order[i]]));
        s->spreads[j] = members_of(s, j) > 0 ? cvi_super_value(&sum) / (double)members_of(s, j) : 0;
        some = some || s->spreads[j] > 1e-8; /* numpy.allclose's absolute tolerance */
    }
    return some;
}

covey_status cvi_davies_bouldin(const cvi_scored *scored, double *out, covey_error *err)
{
    spread s;
    const covey_status status = prepare(&s, scored, err);
    if (status != COVEY_OK)
        return status;
    const int64_t d = scored->x->d, k = scored->k;
    bool apart = false;
    const bool spread_out = fill_spreads(&s);
    cvi_super sum;
    cvi_super_clear(&sum);
    for (int64_t j = 0; spread_out && j < k; j++) {
        if (members_of(&s, j) == 0)
            continue;
        for (int64_t other = 0; other < k; other++)
            s.label[other] = (int32_t)j;
        scored->kernels->sqdist_labels(s.means, d, k, d, s.means, d, s.label, s.gaps);
        double worst = 0; /* of the cluster against itself, and of means that coincide */
        for (int64_t other = 0; other < k; other++) {
            const double gap = sqrt(s.gaps[other]);
            if (gap == 0 || members_of(&s, other) == 0)
                continue;
            apart = apart || gap > 1e-8;
            worst = fmax(worst, (s.spreads[j] + s.spreads[other]) / gap);
        }
        cvi_super_add(&sum, worst);
    }
    *out = apart ? cvi_super_value(&sum) / (double)s.members.used : 0.0;
    cvi_arena_release(&s.arena);
    return COVEY_OK;
}
