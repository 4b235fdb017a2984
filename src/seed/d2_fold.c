/* New picks are folded into the distances of all rows, as many at a time as there are. */
#include "seed/d2.h"

#include <math.h>

enum { BLOCK = CVI_POTENTIAL_BLOCK, LEVELS = CVI_POTENTIAL_LEVELS, STRIP = 8 };

void cvi_fold_take(cvi_fold *fold, const cvi_rows *rows, int64_t most, bool owners, int threads, cvi_arena *arena)
{
    const int64_t d = rows->d;
    fold->most = most;
    fold->labels = cvi_arena_take(arena, rows->n, sizeof(int32_t));
    fold->owner = owners ? cvi_arena_take(arena, rows->n, sizeof(int32_t)) : NULL;
    fold->raw = cvi_arena_take(arena, most, (size_t)d * sizeof(double));
    fold->framed = cvi_arena_take(arena, most, (size_t)d * sizeof(double));
    fold->running.prefix = cvi_arena_take(arena, cvi_potential_blocks(rows->n) + 1, LEVELS * sizeof(uint64_t));
    fold->workers = cvi_arena_take(arena, threads, sizeof *fold->workers);
    for (int t = 0; t < threads; t++) {
        cvi_fold_worker w = {0};
        cvi_block_take(&w.block, rows, arena);
        w.scratch = cvi_arena_take(arena, STRIP * d, sizeof(double));
        if (fold->workers != NULL)
            fold->workers[t] = w;
    }
}

void cvi_fold_start(cvi_fold *fold, const cvi_rows *rows)
{
    for (int64_t i = 0; i < rows->n; i++) {
        fold->near[i] = INFINITY;
        fold->labels[i] = -1;
        if (fold->owner != NULL)
            fold->owner[i] = 0;
    }
}

typedef struct pass {
    cvi_fold *fold;
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    int64_t number, grain; /* blocks a task */
} pass;

/* Rows i .. i + count - 1 as given, [count][d]. */
static const double *load(const pass *p, cvi_fold_worker *w, int64_t i, int64_t count)
{
    if (p->rows->kind == CVI_ROWS_CSR) {
        for (int64_t r = 0; r < count; r++)
            cvi_rows_dense(p->rows, i + r, w->scratch + r * p->rows->d);
    } else {
        cvi_rows_fetch(p->rows, i, count, &w->block);
        cvi_block_raw(p->kernels, p->rows, &w->block, 0, count, w->scratch, p->rows->d);
    }
    return w->scratch;
}

static void near_task(void *context, int64_t index, int worker)
{
    const pass *p = context;
    cvi_fold *fold = p->fold;
    cvi_fold_worker *w = &fold->workers[worker];
    const int64_t d = p->rows->d, n = p->rows->n;
    int64_t end = (index + 1) * p->grain * BLOCK;
    end = end < n ? end : n;
    for (int64_t i = index * p->grain * BLOCK; i < end; i += STRIP) {
        const int64_t count = end - i < STRIP ? end - i : STRIP;
        double sq[STRIP];
        p->kernels->sqdist_labels(load(p, w, i, count), d, count, d, fold->raw, d, fold->labels + i, sq);
        for (int64_t r = 0; r < count; r++) {
            if (!(sq[r] < fold->near[i + r]))
                continue;
            fold->near[i + r] = sq[r];
            if (fold->owner != NULL)
                fold->owner[i + r] = (int32_t)(p->number + fold->labels[i + r]);
        }
    }
}

static void largest_task(void *context, int64_t index, int worker)
{
    const pass *p = context;
    cvi_fold_worker *w = &p->fold->workers[worker];
    int64_t end = (index + 1) * p->grain * BLOCK;
    end = end < p->rows->n ? end : p->rows->n;
    for (int64_t i = index * p->grain * BLOCK; i < end; i++) {
        const double v = p->fold->near[i] * cvi_rows_weight(p->rows, i);
        w->largest = v > w->largest ? v : w->largest;
    }
}

static void sum_task(void *context, int64_t index, int worker)
{
    (void)worker;
    const pass *p = context;
    const int64_t n = p->rows->n, blocks = cvi_potential_blocks(n);
    for (int64_t b = index * p->grain; b < (index + 1) * p->grain && b < blocks; b++) {
        uint64_t *q = p->fold->running.prefix + LEVELS * (b + 1);
        q[0] = q[1] = 0;
        for (int64_t i = b * BLOCK; i < (b + 1) * BLOCK && i < n; i++)
            cvi_potential_add(p->fold->near[i] * cvi_rows_weight(p->rows, i), p->fold->running.magic, q);
    }
}

static bool each(pass *p, cvi_job *job, double nanoseconds, void (*task)(void *, int64_t, int))
{
    const int64_t blocks = cvi_potential_blocks(p->rows->n);
    p->grain = cvi_job_grain(job, blocks * BLOCK, BLOCK, nanoseconds) / BLOCK;
    cvi_parallel(&job->team, (blocks + p->grain - 1) / p->grain, task, p);
    return job->team.stop == NULL || atomic_load(job->team.stop) == 0;
}

/* The running sum of near * w, on the grid that its largest addend sets (docs/numerics.md, rule B). */
static bool sum(pass *p, cvi_job *job)
{
    cvi_fold *fold = p->fold;
    double largest = 0;
    for (int t = 0; t < job->team.threads; t++)
        fold->workers[t].largest = 0;
    if (!each(p, job, 1, largest_task))
        return false;
    for (int t = 0; t < job->team.threads; t++)
        largest = fmax(largest, fold->workers[t].largest);
    fold->running.n = p->rows->n;
    cvi_potential_magic(largest, p->rows->n, fold->running.magic);
    if (!each(p, job, 2, sum_task))
        return false;
    const int64_t blocks = cvi_potential_blocks(p->rows->n);
    uint64_t *prefix = fold->running.prefix;
    prefix[0] = prefix[1] = 0;
    for (int64_t b = 1; b <= blocks; b++)
        for (int l = 0; l < LEVELS; l++)
            prefix[LEVELS * b + l] += prefix[LEVELS * (b - 1) + l];
    fold->total = largest > 0 ? cvi_running_value(&fold->running, blocks) : 0;
    return true;
}

bool cvi_fold_in(cvi_fold *fold, const cvi_kernels *kernels, const cvi_rows *rows, const int64_t *picks, int64_t count,
                 int64_t number, cvi_job *job)
{
    pass p = {.fold = fold, .kernels = kernels, .rows = rows};
    const int64_t d = rows->d;
    for (int64_t done = 0; done < count; done += fold->most) {
        const int64_t part = count - done < fold->most ? count - done : fold->most;
        p.number = number + done;
        for (int64_t j = 0; j < part; j++)
            cvi_rows_dense(rows, picks[done + j], fold->raw + j * d);
        cvi_seed_take_rows(kernels, rows, picks + done, part, &fold->workers[0].block, fold->framed);
        if (!fold->nearest(fold->user, rows, fold->framed, part, fold->labels) ||
            !each(&p, job, 2 + 0.3 * (double)d, near_task))
            return false;
    }
    /* Two picks whose scores round to one number could hide each other; a pick is always nearest to itself. */
    for (int64_t j = 0; j < count; j++) {
        fold->near[picks[j]] = 0;
        if (fold->owner != NULL)
            fold->owner[picks[j]] = (int32_t)(number + j);
    }
    return sum(&p, job);
}
