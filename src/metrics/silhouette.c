/*
 * P. J. Rousseeuw, "Silhouettes", J. Comput. Appl. Math. 20 (1987).
 *
 * Every row meets every row once, block by block, so that memory is O(n). Rows are sorted by label first; the
 * columns of a block then belong to one cluster, and one set of running sums a row is enough:
 *
 *                     cluster 0            cluster 1
 *                 |- - - - - - -| - |- - - - - - - - - | ...     columns, 8 lanes a group, the last group
 * padded row i      sums[i][0 .. 7] += sqrt(sqdist)                at a cluster's end: mean distance to it,
 * sums = 0
 *
 * A column's place in its cluster decides its lane and turn, so the order of additions is fixed whatever the
 * blocks are.
 */
#include "base/exact.h"
#include "metrics/metrics.h"

#include <math.h>
#include <string.h>

enum { LANES = CVI_GROUP64, STRIP = 32, MOST_ROWS = 512 };

typedef struct bench {
    cvi_block block;
    double *x;       /* [rows][d] the task's rows */
    double *columns; /* [columns][d] */
    double *panels;  /* [columns / LANES][d][LANES] */
    double *sq;      /* [STRIP][columns] */
    double *sums;    /* [rows][LANES] */
    double *own;     /* [rows] mean distance to the row's own cluster */
    double *nearest; /* [rows] and to the nearest other one */
} bench;

typedef struct silhouette {
    const cvi_scored *scored;
    cvi_rows rows; /* sorted by label */
    cvi_members members;
    int64_t task_rows, chunk; /* rows of a task; columns that are met at once */
    bench *benches;           /* one a worker */
    double *result;           /* [n] in the caller's order */
} silhouette;

/* Rows and columns that stay in cache together, both multiples of LANES; tasks short enough that a stop is
 * soon seen and that there are some for everyone. */
static void choose_shape(silhouette *s, int threads)
{
    const int64_t d = s->rows.d, n = s->rows.n;
    const int64_t fit = 32768 / d / LANES * LANES; /* a quarter of a typical L2 cache */
    const int64_t share = n / (4 * (int64_t)threads) / LANES * LANES;
    const int64_t brief = (int64_t)(4e9 / ((double)n * (double)d)) / LANES * LANES;
    s->chunk = fit > CVI_TILE ? CVI_TILE : fit < LANES ? LANES : fit;
    s->task_rows = fit > MOST_ROWS ? MOST_ROWS : fit;
    s->task_rows = s->task_rows > share ? share : s->task_rows;
    if (s->task_rows > brief)
        s->task_rows = brief > CVI_TILE ? brief : CVI_TILE;
    if (s->task_rows < LANES)
        s->task_rows = LANES;
}

static void take_all(silhouette *s, int threads, cvi_arena *arena)
{
    const int64_t d = s->rows.d, n = s->rows.n;
    cvi_members_take(&s->members, n, s->scored->k, arena);
    s->result = cvi_arena_take(arena, n, sizeof(double));
    s->benches = cvi_arena_take(arena, threads, sizeof(bench));
    for (int w = 0; w < threads; w++) {
        bench b;
        cvi_block_take(&b.block, &s->rows, arena);
        b.x = cvi_arena_take(arena, s->task_rows * d, sizeof(double));
        b.columns = cvi_arena_take(arena, s->chunk * d, sizeof(double));
        b.panels = cvi_arena_take(arena, s->chunk * d, sizeof(double));
        b.sq = cvi_arena_take(arena, STRIP * s->chunk, sizeof(double));
        b.sums = cvi_arena_take(arena, s->task_rows * LANES, sizeof(double));
        b.own = cvi_arena_take(arena, s->task_rows, sizeof(double));
        b.nearest = cvi_arena_take(arena, s->task_rows, sizeof(double));
        if (s->benches != NULL)
            s->benches[w] = b;
    }
}

static void load(const silhouette *s, bench *b, int64_t first, int64_t count, double *out)
{
    for (int64_t i = 0; i < count; i += CVI_TILE) {
        const int64_t some = count - i < CVI_TILE ? count - i : CVI_TILE;
        cvi_rows_fetch(&s->rows, first + i, some, &b->block);
        cvi_block_raw(s->scored->kernels, &s->rows, &b->block, 0, some, out + i * s->rows.d, s->rows.d);
    }
}

static void pack(const double *columns, int64_t count, int64_t d, double *panels)
{
    for (int64_t j = 0; j < count; j++)
        for (int64_t f = 0; f < d; f++)
            panels[(j / LANES * d + f) * LANES + j % LANES] = columns[j * d + f];
}

/* Padding columns shall add nothing. */
static void clear_padding(double *sq, int64_t ld, int64_t rows, int64_t count)
{
    const int64_t width = (count + LANES - 1) / LANES * LANES;
    for (int64_t r = 0; r < rows && count < width; r++)
        memset(sq + r * ld + count, 0, (size_t)(width - count) * sizeof *sq);
}

/* Add the distances of the task's rows to all members of cluster j. */
static void meet_cluster(const silhouette *s, bench *b, int64_t rows, int64_t j)
{
    const cvi_kernels *kernels = s->scored->kernels;
    const int64_t d = s->rows.d, end = s->members.start[j + 1];
    for (int64_t first = s->members.start[j]; first < end; first += s->chunk) {
        const int64_t count = end - first < s->chunk ? end - first : s->chunk;
        const int64_t groups = (count + LANES - 1) / LANES;
        load(s, b, first, count, b->columns);
        pack(b->columns, count, d, b->panels);
        for (int64_t r = 0; r < rows; r += STRIP) {
            const int64_t some = rows - r < STRIP ? rows - r : STRIP;
            kernels->sqdist_panels(b->x + r * d, d, some, d, b->panels, groups, b->sq, s->chunk);
            clear_padding(b->sq, s->chunk, some, count);
            kernels->root_sums(b->sq, s->chunk, some, groups, b->sums + r * LANES);
        }
    }
}

static double total(const double *lane)
{
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static void finish_cluster(const silhouette *s, bench *b, int64_t first, int64_t rows, int64_t j)
{
    const int64_t begin = s->members.start[j], end = s->members.start[j + 1];
    for (int64_t r = 0; r < rows; r++) {
        const double sum = total(b->sums + r * LANES);
        if (first + r >= begin && first + r < end) /* the row itself adds 0 and does not count */
            b->own[r] = sum / (double)(end - begin - 1);
        else
            b->nearest[r] = fmin(b->nearest[r], sum / (double)(end - begin));
    }
}

static double score(double own, double nearest)
{
    const double s = (nearest - own) / fmax(own, nearest);
    return isnan(s) ? 0 : s; /* alone in its cluster, or all distances are zero */
}

static void task(void *context, int64_t index, int worker)
{
    const silhouette *s = context;
    bench *b = &s->benches[worker];
    const int64_t first = index * s->task_rows;
    const int64_t rows = s->rows.n - first < s->task_rows ? s->rows.n - first : s->task_rows;
    load(s, b, first, rows, b->x);
    for (int64_t r = 0; r < rows; r++)
        b->nearest[r] = INFINITY;
    for (int64_t j = 0; j < s->scored->k; j++) {
        if (s->members.start[j] == s->members.start[j + 1])
            continue;
        memset(b->sums, 0, (size_t)(rows * LANES) * sizeof *b->sums);
        meet_cluster(s, b, rows, j);
        finish_cluster(s, b, first, rows, j);
    }
    for (int64_t r = 0; r < rows; r++)
        s->result[s->members.order[first + r]] = score(b->own[r], b->nearest[r]);
}

covey_status cvi_silhouette(const cvi_scored *scored, double *samples, double *mean, covey_error *err)
{
    cvi_job *job = scored->job;
    const int64_t n = scored->x->n;
    silhouette s = {.scored = scored, .rows = cvi_rows_view(scored->x, NULL, NULL, NULL)};
    cvi_arena arena = {0};
    choose_shape(&s, job->team.threads);
    take_all(&s, job->team.threads, &arena);
    covey_status status = cvi_arena_allocate(&arena, job->run.allocator, job->run.memory_limit, err);
    if (status != COVEY_OK)
        return status;
    take_all(&s, job->team.threads, &arena);
    status = cvi_members_sort(&s.members, scored, err);
    if (status == COVEY_OK) {
        s.rows.index = s.members.order;
        cvi_parallel(&job->team, (n + s.task_rows - 1) / s.task_rows, task, &s);
        if (job->stop != CVI_STOP_NONE)
            status = cvi_job_stopped(job, err);
    }
    if (status == COVEY_OK && samples != NULL)
        memcpy(samples, s.result, (size_t)n * sizeof *samples);
    if (status == COVEY_OK && mean != NULL)
        *mean = cvi_pairwise_sum(s.result, n, 1) / (double)n;
    cvi_arena_release(&arena);
    return status;
}
