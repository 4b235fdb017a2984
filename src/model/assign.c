/* Rows to centers of a finished model. */
#include "assign/strategy.h"
#include "model/use.h"
#include "update/distances.h"

#include <math.h>
#include <string.h>

/* Up to this many rows the packed centers of the model are all that is needed. */
enum { FEW_ROWS = 16 };

typedef struct assignment {
    const covey_model *model;
    cvi_rows rows;
    cvi_frame frame;
    cvi_problem problem;
    const cvi_strategy *strategy;
    void *state;
    double *centers; /* [k][d], a tree: [n_nodes][d], in the frame */
    float *mean32;
    int32_t *labels; /* [n]: the caller's arrays stay untouched until all is well */
    uint8_t *seen;   /* [k] */
    double *sqnorm;  /* a tree: [n_nodes] */
    cvi_block *blocks;
    double **scratch; /* one [8][d] a worker */
    const cvi_kernels *kernels;
    int64_t grain;
} assignment;

static void take_all(assignment *a, cvi_arena *arena)
{
    const covey_model *model = a->model;
    const int threads = a->problem.job->team.threads;
    const int64_t nodes = model->n_nodes > 0 ? model->n_nodes : model->k;
    a->centers = cvi_arena_take(arena, nodes, (size_t)model->d * sizeof(double));
    a->mean32 = cvi_arena_take(arena, model->d, sizeof(float));
    a->labels = cvi_arena_take(arena, a->rows.n, sizeof(int32_t));
    a->seen = cvi_arena_take(arena, model->k, 1);
    a->sqnorm = cvi_arena_take(arena, nodes, sizeof(double));
    a->blocks = cvi_arena_take(arena, threads, sizeof(cvi_block));
    a->scratch = cvi_arena_take(arena, threads, sizeof(double *));
    for (int t = 0; t < threads; t++) {
        cvi_block block;
        cvi_block_take(&block, &a->rows, arena);
        double *scratch = cvi_arena_take(arena, 8 * model->d, sizeof(double));
        if (a->blocks != NULL) {
            a->blocks[t] = block;
            a->scratch[t] = scratch;
        }
    }
    if (model->n_nodes == 0)
        a->state = a->strategy->take(&a->problem, threads, arena);
}

/* Down the tree, at each fork to the child with the smaller canonical score, left on ties. */
static int32_t descend(const assignment *a, const double *x)
{
    const covey_model *model = a->model;
    int64_t node = 0;
    while (model->children[2 * node] >= 0) {
        const int32_t left = model->children[2 * node], right = model->children[2 * node + 1];
        const double s = a->kernels->canonical_score(x, a->centers + left * model->d, a->sqnorm[left], model->d);
        const double t = a->kernels->canonical_score(x, a->centers + right * model->d, a->sqnorm[right], model->d);
        node = t < s ? right : left;
    }
    return model->children[2 * node + 1];
}

static void tree_task(void *context, int64_t index, int worker)
{
    const assignment *a = context;
    const cvi_rows *rows = &a->rows;
    const int64_t d = rows->d;
    int64_t end = (index + 1) * a->grain;
    end = end < rows->n ? end : rows->n;
    for (int64_t i = index * a->grain; i < end; i += 8) {
        const int64_t count = end - i < 8 ? end - i : 8;
        double *x = a->scratch[worker];
        cvi_rows_fetch(rows, i, count, &a->blocks[worker]);
        cvi_block_center(a->kernels, rows, &a->blocks[worker], 0, count, x, d);
        for (int64_t r = 0; r < count; r++)
            a->labels[i + r] = descend(a, x + r * d);
    }
}

static void assign_by_tree(assignment *a)
{
    const covey_model *model = a->model;
    for (int64_t node = 0; node < model->n_nodes; node++) {
        double *c = a->centers + node * model->d;
        for (int64_t f = 0; f < model->d; f++)
            c[f] = model->node_centers[node * model->d + f] - model->mean[f];
        a->sqnorm[node] = a->kernels->canonical_sqnorm(c, model->d);
    }
    a->grain = cvi_job_grain(a->problem.job, a->rows.n, CVI_TILE, 2 * (double)model->d * log2((double)model->k + 1));
    cvi_parallel(&a->problem.job->team, (a->rows.n + a->grain - 1) / a->grain, tree_task, a);
}

static void assign_to_nearest(assignment *a)
{
    const covey_model *model = a->model;
    double sq = 0;
    for (int64_t j = 0; j < model->k; j++)
        for (int64_t f = 0; f < model->d; f++) {
            const double c = model->centers[j * model->d + f] - model->mean[f];
            a->centers[j * model->d + f] = c;
            sq += c * c;
        }
    for (int64_t f = 0; f < model->d; f++)
        a->mean32[f] = (float)model->mean[f];
    a->frame.sq_spread = sq / (double)model->k; /* all that a screen wants to know is the scale */
    memset(a->labels, 0xff, (size_t)a->rows.n * sizeof(int32_t));
    cvi_pass_counts counts = {0};
    a->strategy->start(a->state, &a->problem);
    a->strategy->pass(a->state, &a->problem, a->centers, a->labels, NULL, &counts);
}

/* What a caller wants to know; NULL for what it does not. */
typedef struct wanted {
    int32_t *labels;
    double *sqdist, *sum;
    int64_t *n_distinct;
} wanted;

static void deliver(assignment *a, const wanted *want, double *own)
{
    const covey_model *model = a->model;
    cvi_job *job = a->problem.job;
    const int64_t n = a->rows.n;
    cvi_job_shield(job);
    if (want->labels != NULL)
        memcpy(want->labels, a->labels, (size_t)n * sizeof(int32_t));
    if (want->sqdist != NULL)
        cvi_own_distances(a->kernels, &a->rows, model->centers, a->labels, a->blocks, a->scratch, job, want->sqdist);
    if (want->sum != NULL)
        *want->sum = cvi_inertia(a->kernels, &a->rows, model->centers, a->labels, a->blocks, a->scratch, own, job);
    if (want->n_distinct != NULL) {
        int64_t distinct = 0;
        memset(a->seen, 0, (size_t)model->k);
        for (int64_t i = 0; i < n; i++) {
            distinct += !a->seen[a->labels[i]];
            a->seen[a->labels[i]] = 1;
        }
        *want->n_distinct = distinct;
    }
}

static covey_status run(const covey_model *model, const cvi_kernels *kernels, const covey_matrix *x, const double *weights,
                        const int32_t *given, cvi_job *job, const wanted *want, covey_error *err)
{
    assignment a = {.model = model, .kernels = kernels};
    cvi_arena arena = {0};
    double *own = NULL;
    a.rows = cvi_rows_view(x, weights, model->mean, NULL);
    cvi_rows_into_frame(&a.rows);
    a.problem = (cvi_problem){.kernels = kernels, .rows = &a.rows, .frame = &a.frame, .job = job, .k = model->k, .passes = 1};
    a.strategy = cvi_plan_strategy(&a.problem, SIZE_MAX, err);
    if (a.strategy == NULL)
        return COVEY_ERR_UNSUPPORTED;
    take_all(&a, &arena);
    if (want->sum != NULL)
        own = cvi_arena_take(&arena, x->n, sizeof(double));
    covey_status status = cvi_arena_allocate(&arena, job->run.allocator, job->run.memory_limit, err);
    if (status != COVEY_OK)
        return status;
    take_all(&a, &arena);
    if (want->sum != NULL)
        own = cvi_arena_take(&arena, x->n, sizeof(double));
    a.rows.mean32 = a.mean32;
    if (given != NULL)
        memcpy(a.labels, given, (size_t)x->n * sizeof(int32_t));
    else if (model->n_nodes > 0)
        assign_by_tree(&a);
    else
        assign_to_nearest(&a);
    if (job->stop != CVI_STOP_NONE)
        status = cvi_job_stopped(job, err);
    else
        deliver(&a, want, own);
    cvi_arena_release(&arena);
    return status;
}

/* Values of the centers that a sparse row meets. */
enum { FEW_VALUES = 4096 };

/* A CSR row and the model's centers in its columns alone, which the sparse kernel then takes for all there are. */
static int32_t nearest_to_sparse(const covey_model *model, const cvi_kernels *kernels, const cvi_rows *rows, int64_t i)
{
    const cvi_sparse_row row = cvi_rows_sparse(rows, i);
    const int64_t groups = model->canonical.groups, stride = groups * CVI_GROUP64;
    _Alignas(64) double columns[FEW_VALUES];
    int32_t at[FEW_VALUES / CVI_GROUP64];
    for (int64_t p = 0; p < row.count; p++) {
        const int64_t f = cvi_sparse_column(rows, &row, p);
        at[p] = (int32_t)p;
        for (int64_t g = 0; g < groups; g++)
            memcpy(columns + p * stride + g * CVI_GROUP64,
                   model->canonical.centers + (g * model->d + f) * CVI_GROUP64, CVI_GROUP64 * sizeof *columns);
    }
    const cvi_sparse_centers centers = {.columns = columns, .sqnorm = model->canonical.sqnorm, .stride = stride};
    const cvi_sparse_values values = {
        .values = row.values, .columns = at, .count = row.count, .narrow = rows->x.dtype == COVEY_DTYPE_FLOAT32};
    return kernels->sparse_nearest(&centers, &values);
}

static bool assign_few_sparse(const covey_model *model, const cvi_kernels *kernels, const cvi_rows *rows, int32_t *labels)
{
    for (int64_t i = 0; i < rows->n; i++)
        if (cvi_rows_sparse(rows, i).count * model->canonical.groups * CVI_GROUP64 > FEW_VALUES)
            return false;
    for (int64_t i = 0; i < rows->n; i++)
        labels[i] = nearest_to_sparse(model, kernels, rows, i);
    return true;
}

/* A handful of rows that need no conversion: no plan, no arena, no threads. Returns false if they are not of that kind. */
static bool assign_few(const covey_model *model, const cvi_kernels *kernels, const covey_matrix *x, int32_t *labels,
                       double *sqdist)
{
    enum { STACK = 4096 };
    cvi_rows rows = cvi_rows_view(x, NULL, model->mean, NULL);
    const int64_t d = model->d;
    if (x->n > FEW_ROWS || model->n_nodes > 0)
        return false;
    cvi_rows_into_frame(&rows);
    if (rows.kind == CVI_ROWS_CSR)
        return sqdist == NULL && assign_few_sparse(model, kernels, &rows, labels);
    if (rows.kind == CVI_ROWS_CONVERT || d > STACK)
        return false;
    _Alignas(64) double row[STACK];
    cvi_block block;
    for (int64_t i = 0; i < x->n; i++) {
        cvi_rows_fetch(&rows, i, 1, &block);
        cvi_block_center(kernels, &rows, &block, 0, 1, row, d);
        kernels->canonical_rows(&model->canonical, row, d, 1, labels + i, NULL);
        if (sqdist == NULL)
            continue;
        cvi_block_raw(kernels, &rows, &block, 0, 1, row, d);
        kernels->sqdist_labels(row, d, 1, d, model->centers, d, labels + i, sqdist + i);
    }
    return true;
}

covey_status cvi_model_assign(const covey_model *model, const cvi_kernels *kernels, const covey_matrix *x, cvi_job *job,
                              int32_t *labels, double *sqdist, covey_error *err)
{
    if (job->run.plan == NULL && assign_few(model, kernels, x, labels, sqdist))
        return COVEY_OK;
    return run(model, kernels, x, NULL, NULL, job, &(wanted){.labels = labels, .sqdist = sqdist}, err);
}

covey_status cvi_model_sum(const covey_model *model, const cvi_kernels *kernels, const covey_matrix *x, const double *weights,
                           const int32_t *labels, cvi_job *job, double *out, covey_error *err)
{
    return run(model, kernels, x, weights, labels, job, &(wanted){.sum = out}, err);
}

covey_status cvi_model_label(const covey_model *model, const cvi_kernels *kernels, const covey_matrix *x, const double *weights,
                             cvi_job *job, int32_t *labels, double *inertia, int64_t *n_distinct, covey_error *err)
{
    return run(model, kernels, x, weights, NULL, job,
               &(wanted){.labels = labels, .sum = inertia, .n_distinct = n_distinct}, err);
}
