/* Is it worth it?  Some rows of a sample play centers for others: how many do the heads leave? */
#include "assign/head.h"

#include <math.h>
#include <string.h>

enum { ROWS = 32, CENTERS = 256 };

/* Relative to brute force's work: the heads' own, and what is left to measure, which comes in pieces. */
static const double MOST_WORK = 0.5, PIECES = 1.3;

typedef struct probe {
    cvi_head_basis basis;
    cvi_block block;
    float *load;        /* [ld32] */
    float *heads;       /* [samples][CVI_HEAD] */
    float *half_sqnorm; /* [samples] */
    int32_t *list;      /* [CENTERS] */
    float *score;       /* [CENTERS] */
} probe;

static void take(probe *p, const cvi_rows *rows, cvi_arena *arena)
{
    cvi_head_basis_take(&p->basis, rows, arena);
    cvi_block_take(&p->block, rows, arena);
    p->load = cvi_arena_take(arena, p->basis.ld32, sizeof(float));
    p->heads = cvi_arena_take(arena, p->basis.samples, CVI_HEAD * sizeof(float));
    p->half_sqnorm = cvi_arena_take(arena, p->basis.samples, sizeof(float));
    p->list = cvi_arena_take(arena, CENTERS, sizeof(int32_t));
    p->score = cvi_arena_take(arena, CENTERS, sizeof(float));
}

static void find_heads(probe *p, const cvi_problem *problem)
{
    const cvi_head_basis *b = &p->basis;
    for (int64_t i = 0; i < b->samples; i++) {
        const float *x = b->sample + i * b->ld32;
        float r2 = 0;
        for (int64_t f = 0; f < b->d; f++)
            r2 += x[f] * x[f];
        p->half_sqnorm[i] = 0.5f * r2;
        cvi_head_project(b, problem->kernels, &x, &r2, 1, &(float *){p->heads + i * CVI_HEAD});
    }
}

/* Centers that the heads leave to sample i, of those in p->list. */
static int64_t left(probe *p, const cvi_problem *problem, int64_t i, int64_t centers)
{
    const cvi_head_basis *b = &p->basis;
    float best = INFINITY;
    int64_t count = 0;
    problem->kernels->half_scores(b->sample + i * b->ld32, b->ld32, b->sample, p->half_sqnorm, p->list, centers, p->score);
    for (int64_t a = 0; a < centers; a++)
        best = p->score[a] < best ? p->score[a] : best;
    problem->kernels->half_scores(p->heads + i * CVI_HEAD, CVI_HEAD, p->heads, p->half_sqnorm, p->list, centers, p->score);
    for (int64_t a = 0; a < centers; a++)
        count += p->score[a] <= best;
    return count;
}

/* Every so many samples one is a row, others are centers. */
static double share_left(probe *p, const cvi_problem *problem)
{
    const int64_t samples = p->basis.samples, step = samples / ROWS > 2 ? samples / ROWS : 2;
    const int64_t most = problem->k < CENTERS ? problem->k : CENTERS;
    int64_t centers = 0, rows = 0, count = 0;
    find_heads(p, problem);
    for (int64_t i = 0; i < samples && centers < most; i++)
        if (i % step != 0)
            p->list[centers++] = (int32_t)i;
    for (int64_t i = 0; i < samples; i += step, rows++)
        count += left(p, problem, i, centers);
    return centers > 0 ? (double)count / (double)(rows * centers) : 1;
}

bool cvi_head_probe(const cvi_problem *problem)
{
    const covey_run *run = &problem->job->run;
    probe p;
    cvi_arena arena = {0};
    covey_error err;
    take(&p, problem->rows, &arena);
    if (cvi_arena_allocate(&arena, run->allocator, run->memory_limit, &err) != COVEY_OK)
        return false;
    take(&p, problem->rows, &arena);
    cvi_head_basis_find(&p.basis, problem, cvi_screen_scale(problem->frame), &p.block, p.load);
    const double work = (double)CVI_HEAD / (double)problem->rows->d + PIECES * share_left(&p, problem);
    cvi_arena_release(&arena);
    return work < MOST_WORK;
}
