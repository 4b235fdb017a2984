/*
 * Bisecting k-means (M. Steinbach, G. Karypis & V. Kumar, 2000): split one leaf after the other in two, until there are
 * k.  Every split is a k-means fit with two clusters in the frame of the whole data.
 */
#include "base/exact.h"
#include "fit/starter.h"
#include "model/model.h"
#include "update/distances.h"

#include <math.h>
#include <string.h>

/* A node of the tree. The rows of all leaves together are a permutation of all rows; a node owns a stretch of it. */
typedef struct node {
    int64_t start, count;
    double score;
    int32_t left, right; /* -1: a leaf */
} node;

typedef struct bisecting {
    const cvi_fit_call *call;
    int64_t n, d, k;
    cvi_fit_call half_call; /* the same call, asking for two clusters */
    cvi_request half_request;
    cvi_rows all, subset;
    cvi_frame frame;
    cvi_lloyd lloyd;
    cvi_starter starter;
    node *nodes;            /* [2k - 1] */
    int64_t n_nodes;
    double *node_centers;   /* [2k - 1][d] in the frame */
    int64_t *rows, *spare;  /* [n] */
    int32_t *labels, *best_labels; /* [n] of a split */
    double *centers, *best_centers, *published; /* [2][d] */
    double *result;         /* [2k - 1][d] published */
    int32_t *children;      /* [2k - 1][2] */
    int32_t *stack;         /* [2k - 1] */
    int64_t unsplit;        /* leaves that could not be split in two */
} bisecting;

static void take_all(bisecting *m, cvi_arena *arena)
{
    const cvi_fit_call *call = m->call;
    const size_t row_bytes = (size_t)m->d * sizeof(double);
    const int64_t nodes = 2 * m->k - 1;
    const cvi_problem problem = {
        .kernels = call->kernels, .rows = &m->subset, .frame = &m->frame, .job = call->job, .k = 2, .passes = 1};
    cvi_lloyd_take(&m->lloyd, &problem, cvi_plan_strategy(&problem, SIZE_MAX, NULL), arena);
    cvi_starter_take(&m->starter, &m->subset, &m->half_request.options, m->lloyd.means.sqdist, call->job->team.threads, arena);
    m->nodes = cvi_arena_take(arena, nodes, sizeof(node));
    m->node_centers = cvi_arena_take(arena, nodes, row_bytes);
    m->rows = cvi_arena_take(arena, m->n, sizeof(int64_t));
    m->spare = cvi_arena_take(arena, m->n, sizeof(int64_t));
    m->labels = cvi_arena_take(arena, m->n, sizeof(int32_t));
    m->best_labels = cvi_arena_take(arena, m->n, sizeof(int32_t));
    m->centers = cvi_arena_take(arena, 2, row_bytes);
    m->best_centers = cvi_arena_take(arena, 2, row_bytes);
    m->published = cvi_arena_take(arena, 2, row_bytes);
    m->result = cvi_arena_take(arena, 2 * nodes, row_bytes);
    m->children = cvi_arena_take(arena, nodes, 2 * sizeof(int32_t));
    m->stack = cvi_arena_take(arena, nodes, sizeof(int32_t));
}

/* The leaf with the largest score, the leftmost on ties. */
static int32_t leaf_to_split(const bisecting *m)
{
    int32_t best = -1;
    m->stack[0] = 0;
    for (int64_t depth = 1; depth > 0;) {
        const int32_t at = m->stack[--depth];
        const node *here = &m->nodes[at];
        if (here->left >= 0) {
            m->stack[depth++] = here->right;
            m->stack[depth++] = here->left;
        } else if (best < 0 || here->score > m->nodes[best].score) {
            best = at;
        }
    }
    return best;
}

/* Weighted inertia of rows with label `side` about its center. sqdist holds weighted distances. */
static double side_inertia(const double *sqdist, const int32_t *labels, int64_t n, int32_t side)
{
    cvi_super sum;
    cvi_super_clear(&sum);
    for (int64_t i = 0; i < n; i++)
        if (labels[i] == side)
            cvi_super_add(&sum, sqdist[i]);
    return cvi_super_value(&sum);
}

static double split_inertia(bisecting *m, const double *centers, const int32_t *labels)
{
    cvi_means *means = &m->lloyd.means;
    cvi_centers_publish(centers, m->frame.mean, 2, m->d, false, m->published);
    return cvi_inertia(m->call->kernels, &m->subset, m->published, labels, means->blocks, means->scratch, means->sqdist,
                       m->call->job);
}

/* The best of n_init splits of the subset, into best_centers and best_labels. */
static covey_status split(bisecting *m, covey_error *err)
{
    const cvi_fit_call *call = &m->half_call;
    cvi_job *job = call->job;
    double best = INFINITY;
    for (int64_t run = 0; run < call->request->n_init; run++) {
        covey_status status;
        if (!cvi_starter_run(&m->starter, call, &m->subset, run > 0, 2, run, m->centers, &m->lloyd.means.blocks[0], &status, err))
            return status != COVEY_OK ? status : cvi_job_stopped(job, err);
        cvi_lloyd_run lloyd = {.centers = m->centers, .labels = m->labels, .tol = call->request->options.tol,
                               .max_iter = call->request->max_iter};
        if (!cvi_lloyd_fit(&m->lloyd, &lloyd) || lloyd.interrupted || job->stop != CVI_STOP_NONE)
            return cvi_job_stopped(job, err);
        m->call->report->n_relocations += lloyd.n_relocations;
        m->call->report->n_iter += lloyd.n_iter;
        if (lloyd.stop != COVEY_STOP_STRICT && !cvi_lloyd_label(&m->lloyd, m->centers, m->labels, lloyd.labels_follow))
            return cvi_job_stopped(job, err);
        const double inertia = split_inertia(m, m->centers, m->labels);
        if (run > 0 && !(inertia < best * (1 - 1e-6)))
            continue;
        best = inertia;
        memcpy(m->best_centers, m->centers, 2 * (size_t)m->d * sizeof(double));
        memcpy(m->best_labels, m->labels, (size_t)m->subset.n * sizeof(int32_t));
    }
    return COVEY_OK;
}

/* The split's two sides become children of `at`. */
static void grow(bisecting *m, int32_t at)
{
    const int64_t start = m->nodes[at].start, count = m->nodes[at].count;
    split_inertia(m, m->best_centers, m->best_labels); /* leaves the weighted distances in means.sqdist */
    int64_t put = 0, n_left = 0;
    for (int32_t side = 0; side < 2; side++) {
        for (int64_t i = 0; i < count; i++)
            if (m->best_labels[i] == side)
                m->spare[put++] = m->rows[start + i];
        n_left = side == 0 ? put : n_left;
        const int32_t child = (int32_t)m->n_nodes++;
        const int64_t size = side == 0 ? n_left : count - n_left;
        const bool by_size = m->call->request->options.bisect == COVEY_BISECT_LARGEST;
        m->nodes[child] = (node){.start = side == 0 ? start : start + n_left,
                                 .count = size,
                                 .score = by_size ? (double)size : side_inertia(m->lloyd.means.sqdist, m->best_labels, count, side),
                                 .left = -1,
                                 .right = -1};
        memcpy(m->node_centers + child * m->d, m->best_centers + side * m->d, (size_t)m->d * sizeof(double));
    }
    memcpy(m->rows + start, m->spare, (size_t)count * sizeof(int64_t));
    m->nodes[at].left = (int32_t)m->n_nodes - 2;
    m->nodes[at].right = (int32_t)m->n_nodes - 1;
    m->unsplit += n_left == 0 || n_left == count;
}

static covey_status grow_tree(bisecting *m, covey_error *err)
{
    cvi_job *job = m->call->job;
    for (int64_t i = 0; i < m->n; i++)
        m->rows[i] = i;
    m->nodes[0] = (node){.start = 0, .count = m->n, .left = -1, .right = -1};
    m->n_nodes = 1;
    for (int64_t leaves = 1; leaves < m->k; leaves++) {
        const int32_t at = leaf_to_split(m);
        m->subset = m->all;
        m->subset.index = m->rows + m->nodes[at].start;
        m->subset.n = m->nodes[at].count;
        job->progress.run = leaves - 1;
        job->progress.n_init = m->k - 1;
        const covey_status status = split(m, err);
        if (status != COVEY_OK)
            return status;
        grow(m, at);
        job->progress.fraction = (double)leaves / (double)m->k;
    }
    return COVEY_OK;
}

/* A node that is one row alone is published as that row, as k-means does: (x - m) + m may differ from x in the last bit. */
static void publish_single_rows(bisecting *m, double *nodes, bool as_float32)
{
    double *x = m->lloyd.spare;
    for (int64_t at = 0; at < m->n_nodes; at++) {
        const int64_t i = m->nodes[at].count == 1 ? m->rows[m->nodes[at].start] : -1;
        const double w = i >= 0 ? cvi_rows_weight(&m->all, i) : 0;
        if (!(w > 0))
            continue;
        cvi_rows_dense(&m->all, i, x);
        bool same = true;
        for (int64_t f = 0; f < m->d && same; f++)
            same = m->node_centers[at * m->d + f] == (x[f] - m->frame.mean[f]) * w * (1.0 / w);
        for (int64_t f = 0; f < m->d && same; f++)
            nodes[at * m->d + f] = as_float32 ? (double)(float)x[f] : x[f];
    }
}

/* Number the leaves from left to right, publish their centers first and then those of all nodes. */
static covey_status make_model(bisecting *m, covey_model **model, covey_error *err)
{
    const covey_fit_options *o = &m->call->request->options;
    const bool as_float32 = o->center_dtype == COVEY_DTYPE_FLOAT32;
    double *leaves = m->result, *nodes = m->result + m->k * m->d;
    for (int64_t f = 0; f < m->d && m->k == 1; f++)
        m->node_centers[f] = m->frame.column_mean[f] - m->frame.mean[f]; /* CSR rows are not centered */
    cvi_centers_publish(m->node_centers, m->frame.mean, m->n_nodes, m->d, as_float32, nodes);
    if (m->k == 1)
        return cvi_model_make(m->call->job->run.allocator, 1, m->d, o->center_dtype, nodes, m->frame.mean, 0, NULL, NULL, model, err);
    publish_single_rows(m, nodes, as_float32);
    int32_t label = 0;
    m->stack[0] = 0;
    for (int64_t depth = 1; depth > 0;) {
        const int32_t at = m->stack[--depth];
        const node *here = &m->nodes[at];
        m->children[2 * at] = here->left;
        m->children[2 * at + 1] = here->right;
        if (here->left >= 0) {
            m->stack[depth++] = here->right;
            m->stack[depth++] = here->left;
            continue;
        }
        memcpy(leaves + label * m->d, nodes + at * m->d, (size_t)m->d * sizeof(double));
        m->children[2 * at + 1] = label++;
    }
    memcpy(nodes, m->frame.column_mean, (size_t)m->d * sizeof(double)); /* the root */
    return cvi_model_make(m->call->job->run.allocator, m->k, m->d, o->center_dtype, leaves, m->frame.mean, m->n_nodes, nodes,
                          m->children, model, err);
}

static covey_status publish(bisecting *m, covey_error *err)
{
    const cvi_fit_call *call = m->call;
    covey_report *report = call->report;
    covey_model *model = NULL;
    cvi_job_phase(call->job, COVEY_PHASE_FINISH);
    cvi_job_shield(call->job);
    covey_status status = make_model(m, &model, err);
    if (status == COVEY_OK)
        status = cvi_call_publish(call, model, err);
    if (status != COVEY_OK)
        return status;
    report->n_init = call->request->n_init;
    report->tol = call->request->options.tol;
    report->total_ss = cvi_total_ss(&m->all, &m->frame, m->centers, m->best_centers);
    report->n_distances = m->lloyd.counts.distances;
    report->n_distances_full = m->lloyd.counts.full;
    report->n_repaired = m->lloyd.counts.repaired;
    cvi_report_plan(report, m->lloyd.course.strategy, &m->lloyd.course);
    return COVEY_OK;
}

covey_status cvi_fit_bisecting(const cvi_fit_call *call, covey_error *err)
{
    bisecting m = {.call = call, .n = call->x->n, .d = call->x->d, .k = call->request->options.n_clusters};
    cvi_arena small = {0}, arena = {0};
    m.half_request = *call->request;
    m.half_request.options.n_clusters = 2;
    m.half_call = *call;
    m.half_call.request = &m.half_request;
    covey_status status = cvi_call_frame(call, &m.frame, &small, err);
    if (status != COVEY_OK)
        return status;
    m.frame.grid = (cvi_grid){.magic = m.frame.magic, .levels = call->weights != NULL ? CVI_MAX_LEVELS : 2, .d = m.d};
    m.subset = m.all = cvi_rows_view(call->x, call->weights, m.frame.mean, m.frame.mean32);
    if (!call->measure_only)
        status = cvi_frame_prepare(&m.frame, call->kernels, &m.all, true, call->job, err);
    if (status == COVEY_OK) {
        take_all(&m, &arena);
        call->report->bytes_planned = arena.used + small.used;
    }
    if (status == COVEY_OK && !call->measure_only) {
        status = cvi_arena_allocate_rest(&arena, call->job->run.allocator, call->job->run.memory_limit, small.used, err);
        if (status == COVEY_OK) {
            take_all(&m, &arena);
            cvi_job_phase(call->job, COVEY_PHASE_ITERATE);
            status = grow_tree(&m, err);
            if (status == COVEY_OK)
                status = publish(&m, err);
        }
    }
    cvi_job_phase(call->job, COVEY_PHASE_FINISH);
    cvi_arena_release(&arena);
    cvi_arena_release(&small);
    return status;
}
