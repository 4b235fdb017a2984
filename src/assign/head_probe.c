/*
 * Is it worth it?  Some rows of a sample play centers for others: how many do the heads leave?
 *
 * The plan is also asked how much memory a fit will take, before the data was read: the sample brings a frame of its own,
 * so that the answer is the same then.
 */
#include "assign/head.h"

#include <math.h>
#include <string.h>

enum { ROWS = 32, CENTERS = 256 };

/* What is left to measure comes in pieces, and costs more than in brute force. */
static const double PIECES = 1.3;

typedef struct probe {
    cvi_head_basis basis;
    cvi_block block;
    cvi_rows rows; /* those of the problem in the sample's frame */
    double *mean, *row; /* [d] */
    float *mean32;      /* [d] */
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
    p->mean = cvi_arena_take(arena, rows->d, sizeof(double));
    p->mean32 = cvi_arena_take(arena, rows->d, sizeof(float));
    p->row = cvi_arena_take(arena, rows->d, sizeof(double));
    p->load = cvi_arena_take(arena, p->basis.ld32, sizeof(float));
    p->heads = cvi_arena_take(arena, p->basis.samples, CVI_HEAD * sizeof(float));
    p->half_sqnorm = cvi_arena_take(arena, p->basis.samples, sizeof(float));
    p->list = cvi_arena_take(arena, CENTERS, sizeof(int32_t));
    p->score = cvi_arena_take(arena, CENTERS, sizeof(float));
}

/* The sample's mean, and sum over features of its mean square distance from it. */
static double set_frame(probe *p, const cvi_rows *rows)
{
    const int64_t d = rows->d, samples = p->basis.samples;
    double spread = 0;
    memset(p->mean, 0, (size_t)d * sizeof *p->mean);
    for (int64_t i = 0; i < samples; i++) {
        cvi_rows_dense(rows, cvi_head_sample(&p->basis, rows, i), p->row);
        for (int64_t f = 0; f < d; f++)
            p->mean[f] += p->row[f] / (double)samples;
    }
    for (int64_t i = 0; i < samples; i++) {
        cvi_rows_dense(rows, cvi_head_sample(&p->basis, rows, i), p->row);
        for (int64_t f = 0; f < d; f++)
            spread += (p->row[f] - p->mean[f]) * (p->row[f] - p->mean[f]) / (double)samples;
    }
    for (int64_t f = 0; f < d; f++)
        p->mean32[f] = (float)p->mean[f];
    p->rows = *rows;
    p->rows.mean = p->mean;
    p->rows.mean32 = p->mean32;
    return spread;
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

double cvi_head_probe(const cvi_problem *problem)
{
    const covey_run *run = &problem->job->run;
    probe p;
    cvi_arena arena = {0};
    covey_error err;
    take(&p, problem->rows, &arena);
    if (cvi_arena_allocate(&arena, run->allocator, run->memory_limit, &err) != COVEY_OK)
        return 1;
    take(&p, problem->rows, &arena);
    const cvi_frame frame = {.sq_spread = set_frame(&p, problem->rows)};
    cvi_problem own = *problem;
    own.rows = &p.rows;
    own.frame = &frame;
    cvi_head_basis_find(&p.basis, &own, cvi_screen_scale(&frame), &p.block, p.load);
    const double work = (double)CVI_HEAD / (double)problem->rows->d + PIECES * share_left(&p, &own);
    cvi_arena_release(&arena);
    return work;
}
