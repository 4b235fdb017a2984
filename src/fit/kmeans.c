/*
 * A whole k-means fit: ready the data, then n_init times seed and run Lloyd's algorithm, keep the best, publish it.
 */
#include "fit/starter.h"
#include "model/model.h"
#include "update/distances.h"

#include <math.h>
#include <string.h>

typedef struct kmeans {
    const cvi_fit_call *call;
    int64_t n, d, k, n_init;
    cvi_rows rows;
    cvi_frame frame;
    cvi_curve curve;
    cvi_lloyd lloyd;
    cvi_starter starter;
    double *centers;      /* [k][d] of the run under way */
    double *best_centers; /* [k][d] */
    double *published;    /* [k][d] */
    double *total_mean;   /* [d] */
    int32_t *labels;      /* [n] */
    int32_t *best_labels; /* [n], with restarts */
    int32_t *seen;        /* [k] */
    cvi_lloyd_run best;   /* scalars of the chosen run */
    int64_t best_run, runs_made;
    double best_inertia;
    bool have_best;
} kmeans;

/* --- plan ------------------------------------------------------------------------------------------------------- */

static void take_all(kmeans *m, const cvi_strategy *strategy, cvi_arena *arena)
{
    const cvi_fit_call *call = m->call;
    const covey_fit_options *o = &call->request->options;
    const size_t row_bytes = (size_t)m->d * sizeof(double);
    const cvi_problem problem = {
        .kernels = call->kernels, .rows = &m->rows, .frame = &m->frame, .job = call->job, .k = m->k,
        .passes = call->request->max_iter};
    const int threads = call->job->team.threads;
    cvi_problem sharing = problem;
    m->curve = (cvi_curve){0};
    sharing.curve = m->starter.plusplus.curve = &m->curve;
    cvi_lloyd_take(&m->lloyd, &sharing, strategy, arena);
    m->centers = cvi_arena_take(arena, m->k, row_bytes);
    m->best_centers = cvi_arena_take(arena, m->k, row_bytes);
    m->published = cvi_arena_take(arena, m->k, row_bytes);
    m->total_mean = cvi_arena_take(arena, 1, row_bytes);
    m->seen = cvi_arena_take(arena, m->k, sizeof(int32_t));
    m->labels = cvi_arena_take(arena, m->n, sizeof(int32_t));
    m->best_labels = m->n_init > 1 ? cvi_arena_take(arena, m->n, sizeof(int32_t)) : NULL;
    /* The strategy comes first; copies for the seeding are also what a tight memory limit gives up first. */
    const size_t limit = call->job->run.memory_limit, budget = cvi_rows_budget(&m->rows, &call->job->run);
    const size_t spent = cvi_plan_extra_bytes(strategy, &problem, threads);
    m->starter.plusplus.budget = (limit > 0 && limit / 256 < (size_t)m->n) || spent > budget ? 0 : budget - spent;
    m->starter.plusplus.by_rule = call->job->run.accelerator_budget == SIZE_MAX;
    m->starter.plusplus.kernels = call->kernels;
    cvi_starter_take(&m->starter, &m->rows, o, m->lloyd.means.sqdist, threads, arena);
}

static size_t planned_bytes(kmeans *m, const cvi_strategy *strategy)
{
    cvi_arena measure = {0};
    take_all(m, strategy, &measure);
    return measure.used;
}

/* --- one run ---------------------------------------------------------------------------------------------------- */

static double inertia_of(kmeans *m, const double *published, const int32_t *labels)
{
    cvi_means *means = &m->lloyd.means;
    return cvi_inertia(m->call->kernels, &m->rows, published, labels, means->blocks, means->scratch, means->sqdist,
                       m->call->job);
}

/* Is `labels` the best clustering under other names, or a refinement of it? (scikit-learn's one-sided test) */
static bool same_clustering(kmeans *m)
{
    memset(m->seen, 0xff, (size_t)m->k * sizeof *m->seen);
    for (int64_t i = 0; i < m->n; i++) {
        const int32_t j = m->labels[i];
        if (m->seen[j] < 0)
            m->seen[j] = m->best_labels[i];
        else if (m->seen[j] != m->best_labels[i])
            return false;
    }
    return true;
}

static void keep(kmeans *m, const cvi_lloyd_run *run, int64_t index, double inertia)
{
    memcpy(m->best_centers, run->centers, (size_t)(m->k * m->d) * sizeof(double));
    if (m->best_labels != NULL)
        memcpy(m->best_labels, run->labels, (size_t)m->n * sizeof(int32_t));
    m->best = *run;
    m->best_run = index;
    m->best_inertia = inertia;
    m->have_best = true;
}

/* One restart. Returns false when the fit must end here: stopped, or an error in *status. */
static bool one_run(kmeans *m, int64_t index, covey_status *status, covey_error *err)
{
    cvi_job *job = m->call->job;
    job->progress.run = index;
    job->progress.n_init = m->n_init;
    cvi_job_phase(job, COVEY_PHASE_SEED);
    if (!cvi_starter_run(&m->starter, m->call, &m->rows, index > 0, m->k, index, m->centers,
                         &m->lloyd.means.blocks[0], status, err))
        return false;
    cvi_job_phase(job, COVEY_PHASE_ITERATE);
    cvi_lloyd_run run = {.centers = m->centers,
                         .labels = m->labels,
                         .tol = m->call->request->options.tol * m->frame.variance,
                         .max_iter = m->call->request->max_iter};
    const bool any = cvi_lloyd_fit(&m->lloyd, &run);
    m->runs_made = index + 1;
    if (job->stop != CVI_STOP_NONE && (run.interrupted || run.stop == 0)) {
        /* Half a run only counts when there is nothing better. */
        if (any && !m->have_best)
            keep(m, &run, index, INFINITY);
        return false;
    }
    if (m->n_init == 1) {
        keep(m, &run, index, INFINITY);
        return true;
    }
    if (run.stop != COVEY_STOP_STRICT && !cvi_lloyd_label(&m->lloyd, run.centers, run.labels, run.labels_follow)) {
        if (!m->have_best)
            keep(m, &run, index, INFINITY);
        return false;
    }
    cvi_centers_publish(run.centers, m->frame.mean, m->k, m->d, false, m->published);
    const double inertia = inertia_of(m, m->published, run.labels);
    if (!m->have_best || (inertia < m->best_inertia && !same_clustering(m)))
        keep(m, &run, index, inertia);
    return job->stop == CVI_STOP_NONE;
}

/* --- the result ------------------------------------------------------------------------------------------------- */

/* A center that is one row alone is published as that row: (x - m) + m may differ from x in the last bit. */
static void publish_single_rows(kmeans *m, const int32_t *labels, bool as_float32)
{
    int32_t *only = m->seen; /* a row, -1: none yet, -2: several; rows beyond 32 bits are left as they are */
    double *x = m->lloyd.spare;
    memset(only, 0xff, (size_t)m->k * sizeof *only);
    for (int64_t i = 0; i < m->n && i < INT32_MAX; i++)
        only[labels[i]] = only[labels[i]] == -1 ? (int32_t)i : -2;
    for (int64_t j = 0; j < m->k; j++) {
        const double w = only[j] >= 0 ? cvi_rows_weight(&m->rows, only[j]) : 0;
        if (!(w > 0))
            continue;
        cvi_rows_dense(&m->rows, only[j], x);
        bool same = true;
        for (int64_t f = 0; f < m->d && same; f++)
            same = m->best_centers[j * m->d + f] == (x[f] - m->frame.mean[f]) * w * (1.0 / w);
        for (int64_t f = 0; f < m->d && same; f++) {
            const volatile double exact = x[f];
            m->published[j * m->d + f] = as_float32 ? (double)(float)exact : exact;
        }
    }
}

/* Publish the best run's centers; labels and inertia are those of exactly these centers. */
static void publish(kmeans *m)
{
    const cvi_fit_call *call = m->call;
    const bool as_float32 = call->request->options.center_dtype == COVEY_DTYPE_FLOAT32;
    cvi_job_shield(call->job);
    cvi_centers_publish(m->best_centers, m->frame.mean, m->k, m->d, as_float32, m->published);
    if (!m->best.interrupted)
        publish_single_rows(m, m->n_init > 1 ? m->best_labels : m->labels, as_float32);
    for (int64_t a = 0; a < m->k * m->d; a++)
        m->centers[a] = m->published[a] - m->frame.mean[a % m->d];
    bool follow = m->best.labels_follow && m->best_run == m->runs_made - 1;
    cvi_lloyd_label(&m->lloyd, m->centers, m->labels, follow);
    covey_report *report = call->report;
    report->inertia = inertia_of(m, m->published, m->labels);
    report->n_distinct = cvi_count_distinct(m->labels, m->n, m->k, m->seen);
}

/* Given centers that repeat an earlier one. The run is over: its centers' room is free for them. */
static int64_t duplicate_centers(kmeans *m)
{
    const covey_fit_options *o = &m->call->request->options;
    const int64_t k = m->k, d = m->d;
    int64_t duplicates = 0;
    if (o->init != COVEY_SEED_GIVEN || k > 4096)
        return 0;
    for (int64_t j = 0; j < k; j++) {
        const double *c = m->centers + j * d;
        cvi_matrix_row(o->centers, j, m->centers + j * d);
        for (int64_t i = 0; i < j; i++) {
            int64_t f = 0;
            while (f < d && m->centers[i * d + f] == c[f])
                f++;
            if (f == d) {
                duplicates++;
                break;
            }
        }
    }
    return duplicates;
}

static void report_run(kmeans *m)
{
    const cvi_job *job = m->call->job;
    covey_report *report = m->call->report;
    const cvi_pass_counts *counts = &m->lloyd.counts;
    report->stop_reason = m->best.stop;
    if (m->best.stop == 0)
        report->stop_reason = job->stop == CVI_STOP_TIME ? COVEY_STOP_TIME : COVEY_STOP_CANCELLED;
    else if (job->stop != CVI_STOP_NONE && m->runs_made < m->n_init)
        report->stop_reason = job->stop == CVI_STOP_TIME ? COVEY_STOP_TIME : COVEY_STOP_CANCELLED;
    report->converged = report->stop_reason == COVEY_STOP_STRICT || report->stop_reason == COVEY_STOP_TOL;
    report->n_iter = m->best.n_iter;
    report->n_init = m->runs_made;
    report->best_run = m->best_run;
    report->n_relocations = m->best.n_relocations;
    report->n_duplicate_centers = duplicate_centers(m);
    report->shift_sq = m->best.shift_sq;
    report->tol = m->best.tol;
    report->total_ss = cvi_total_ss(&m->rows, &m->frame, m->lloyd.spare, m->total_mean);
    report->n_distances = counts->distances;
    report->n_distances_full = counts->full;
    report->n_repaired = counts->repaired;
    cvi_report_plan(report, m->lloyd.course.strategy, &m->lloyd.course);
}

static covey_status compute(kmeans *m, covey_error *err)
{
    const cvi_fit_call *call = m->call;
    covey_status status = COVEY_OK;
    for (int64_t run = 0; run < m->n_init; run++)
        if (!one_run(m, run, &status, err))
            break;
    if (status != COVEY_OK)
        return status;
    if (!m->have_best || call->job->stop == CVI_STOP_ABANDON)
        return cvi_job_stopped(call->job, err);
    cvi_job_phase(call->job, COVEY_PHASE_FINISH);
    publish(m);
    report_run(m);
    status = cvi_model_make(call->job->run.allocator, m->k, m->d, call->request->options.center_dtype, m->published,
                            m->frame.mean, 0, NULL, NULL, call->out, err);
    if (status == COVEY_OK && call->labels != NULL)
        memcpy(call->labels, m->labels, (size_t)m->n * sizeof(int32_t));
    return status;
}

static covey_status plan_and_allocate(kmeans *m, size_t taken, cvi_arena *arena, covey_error *err)
{
    const cvi_job *job = m->call->job;
    const cvi_problem problem = {
        .kernels = m->call->kernels, .rows = &m->rows, .frame = &m->frame, .job = m->call->job, .k = m->k,
        .passes = m->call->request->max_iter};
    const size_t limit = job->run.memory_limit;
    size_t room = SIZE_MAX;
    if (limit > 0) {
        const size_t fixed = planned_bytes(m, &cvi_canonical_strategy) + taken;
        room = limit > fixed ? limit - fixed : 0;
    }
    const cvi_strategy *strategy = cvi_plan_strategy(&problem, room, err);
    if (strategy == NULL)
        return COVEY_ERR_UNSUPPORTED;
    take_all(m, strategy, arena); /* measuring */
    m->call->report->bytes_planned = arena->used == SIZE_MAX ? SIZE_MAX : arena->used + taken;
    if (m->call->measure_only)
        return COVEY_OK;
    const covey_status status = cvi_arena_allocate_rest(arena, job->run.allocator, limit, taken, err);
    if (status == COVEY_OK)
        take_all(m, strategy, arena);
    return status;
}

covey_status cvi_fit_kmeans(const cvi_fit_call *call, covey_error *err)
{
    kmeans m = {.call = call, .n = call->x->n, .d = call->x->d, .k = call->request->options.n_clusters,
                .n_init = call->request->n_init};
    cvi_arena small = {0}, arena = {0};
    cvi_frame_take(&m.frame, m.d, &small);
    covey_status status = cvi_arena_allocate(&small, call->job->run.allocator, call->job->run.memory_limit, err);
    if (status != COVEY_OK)
        return status;
    cvi_frame_take(&m.frame, m.d, &small);
    m.rows = cvi_rows_view(call->x, call->weights, m.frame.mean, m.frame.mean32);
    m.frame.grid = (cvi_grid){.magic = m.frame.magic, .levels = call->weights != NULL ? CVI_MAX_LEVELS : 2, .d = m.d};
    if (!call->measure_only) {
        cvi_job_phase(call->job, COVEY_PHASE_CHECK);
        status = cvi_frame_prepare(&m.frame, call->kernels, &m.rows, true, call->job, err);
    }
    if (status == COVEY_OK)
        status = plan_and_allocate(&m, small.used, &arena, err);
    if (status == COVEY_OK && !call->measure_only)
        status = compute(&m, err);
    cvi_job_phase(call->job, COVEY_PHASE_FINISH);
    cvi_arena_release(&arena);
    cvi_arena_release(&small);
    return status;
}
