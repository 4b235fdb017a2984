/*
 * A mini-batch fit: a validation sample chooses among n_init starts, then steps on weighted draws of batch_size rows until
 * the smoothed inertia stops falling.  Draws and rules are scikit-learn 1.9's.
 */
#include "fit/minibatch.h"

#include "base/exact.h"
#include "fit/starter.h"
#include "model/model.h"
#include "model/use.h"
#include "update/distances.h"

#include <math.h>
#include <string.h>

typedef struct minibatch {
    const cvi_fit_call *call;
    int64_t n, d, k, batch, init_size, n_steps;
    cvi_rows all;      /* every row, true weights */
    cvi_rows batch_rows; /* the batch under way: unit weights */
    cvi_rows init_rows;  /* the sample that a start is drawn from */
    cvi_rows valid_rows; /* the sample that starts are compared on */
    cvi_frame frame;
    cvi_trainer trainer;
    cvi_starter starter;
    cvi_draw draw;
    int64_t *index;    /* [batch] */
    int64_t *init_index, *valid_index; /* [init_size] */
    double *start, *best_start; /* [k][d] */
    double *near;      /* [init_size] */
    int32_t *labels;   /* [max(init_size, batch)] */
    int32_t *seen;     /* [k] */
    int64_t steps;
    double smoothed, lowest;
    bool have_smoothed, have_lowest;
    int64_t without_gain;
    covey_stop stop;
    double sq_moved;
    int64_t reassigned;
    int64_t since; /* rows since the last reassignment */
} minibatch;

int64_t cvi_minibatch_init_size(const covey_fit_options *o, int64_t n, int64_t batch)
{
    int64_t size = o->init_size;
    if (size == 0)
        size = 3 * batch;
    if (size < o->n_clusters)
        size = 3 * o->n_clusters;
    return size < n ? size : n;
}

static void take_all(minibatch *m, cvi_arena *arena)
{
    const cvi_fit_call *call = m->call;
    const int threads = call->job->team.threads;
    const cvi_problem problem = {
        .kernels = call->kernels, .rows = &m->batch_rows, .frame = &m->frame, .job = call->job, .k = m->k, .passes = 1};
    const int64_t step_rows = m->batch > m->init_size ? m->batch : m->init_size;
    cvi_trainer_take(&m->trainer, &problem, cvi_plan_strategy(&problem, SIZE_MAX, NULL), step_rows, arena);
    m->near = cvi_arena_take(arena, m->init_size, sizeof(double));
    cvi_starter_take(&m->starter, &m->init_rows, &call->request->options, m->near, threads, arena);
    cvi_draw_take(&m->draw, m->n, arena);
    m->index = cvi_arena_take(arena, m->batch, sizeof(int64_t));
    m->init_index = cvi_arena_take(arena, m->init_size, sizeof(int64_t));
    m->valid_index = cvi_arena_take(arena, m->init_size, sizeof(int64_t));
    m->start = cvi_arena_take(arena, m->k, (size_t)m->d * sizeof(double));
    m->best_start = cvi_arena_take(arena, m->k, (size_t)m->d * sizeof(double));
    m->labels = cvi_arena_take(arena, step_rows, sizeof(int32_t));
    m->seen = cvi_arena_take(arena, m->k, sizeof(int32_t));
}

static void draw_uniform(covey_random *random, int64_t n, int64_t count, int64_t *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = covey_random_int(random, 0, n);
}

/* Weighted inertia of the validation sample about start. */
static bool validate(minibatch *m, double *inertia)
{
    cvi_trainer *t = &m->trainer;
    cvi_problem problem = t->problem;
    problem.rows = &m->valid_rows;
    memset(m->labels, 0xff, (size_t)m->init_size * sizeof(int32_t));
    t->strategy->start(t->state, &problem);
    if (!t->strategy->pass(t->state, &problem, m->start, m->labels, NULL, &t->pass_counts))
        return false;
    *inertia = cvi_inertia(problem.kernels, &m->valid_rows, m->start, m->labels, t->blocks, t->scratch, t->sqdist, problem.job);
    return true;
}

/* The best of n_init starts into best_start. */
static covey_status choose_start(minibatch *m, covey_error *err)
{
    const cvi_fit_call *call = m->call;
    covey_random *random = call->request->random;
    double best = INFINITY;
    draw_uniform(random, m->n, m->init_size, m->valid_index);
    for (int64_t run = 0; run < call->request->n_init; run++) {
        covey_status status;
        double inertia;
        m->init_rows = m->all;
        if (m->init_size < m->n) {
            draw_uniform(random, m->n, m->init_size, m->init_index);
            m->init_rows.index = m->init_index;
            m->init_rows.n = m->init_size;
        }
        call->job->progress.run = run;
        call->job->progress.n_init = call->request->n_init;
        if (!cvi_starter_run(&m->starter, call, &m->init_rows, false, m->k, run, m->start, &m->trainer.blocks[0], &status, err))
            return status != COVEY_OK ? status : cvi_job_stopped(call->job, err);
        if (!validate(m, &inertia))
            return cvi_job_stopped(call->job, err);
        call->job->progress.inertia = inertia;
        cvi_job_tell(call->job, 1);
        if (inertia < best || run == 0) {
            best = inertia;
            memcpy(m->best_start, m->start, (size_t)(m->k * m->d) * sizeof(double));
        }
    }
    return COVEY_OK;
}

/* scikit-learn's early stop: step 1 is ignored, then an exponentially weighted mean of the batches' inertia must fall. */
static covey_stop early_stop(minibatch *m, const cvi_step *step, double tol)
{
    const covey_fit_options *o = &m->call->request->options;
    const double inertia = step->inertia / (double)m->batch;
    if (m->steps == 1)
        return 0;
    if (!m->have_smoothed) {
        m->smoothed = inertia;
        m->have_smoothed = true;
    } else {
        double alpha = (double)m->batch * 2.0 / (double)(m->n + 1);
        alpha = alpha < 1 ? alpha : 1;
        m->smoothed = m->smoothed * (1 - alpha) + inertia * alpha;
    }
    if (tol > 0 && step->sq_moved <= tol)
        return COVEY_STOP_TOL;
    if (!m->have_lowest || m->smoothed < m->lowest) {
        m->without_gain = 0;
        m->lowest = m->smoothed;
        m->have_lowest = true;
    } else {
        m->without_gain++;
    }
    return o->max_no_improvement >= 0 && m->without_gain >= o->max_no_improvement ? COVEY_STOP_NO_IMPROVEMENT : 0;
}

static void record(minibatch *m, const cvi_step *step)
{
    covey_progress *p = &m->call->job->progress;
    p->iteration = m->steps;
    p->max_iter = m->n_steps;
    p->inertia = step->inertia / (double)m->batch;
    p->smoothed = m->have_smoothed ? m->smoothed : NAN;
    p->shift_sq = step->sq_moved;
    p->n_reassigned = step->reassigned;
    p->fraction = (double)m->steps / (double)m->n_steps;
    p->stop = m->stop == COVEY_STOP_TOL ? 2 : m->stop == COVEY_STOP_NO_IMPROVEMENT ? 4 : m->stop == COVEY_STOP_MAX_ITER ? 3 : 0;
}

/* Returns false if stopped. */
static bool run_steps(minibatch *m)
{
    const cvi_fit_call *call = m->call;
    const covey_fit_options *o = &call->request->options;
    const double tol = o->tol * m->frame.variance;
    covey_random *random = call->request->random;
    memcpy(m->trainer.centers, m->best_start, (size_t)(m->k * m->d) * sizeof(double));
    memset(m->trainer.counts, 0, (size_t)m->k * sizeof(double));
    cvi_draw_prepare(&m->draw, &m->all, m->frame.weight_sum);
    while (m->steps < m->n_steps) {
        cvi_step step;
        for (int64_t b = 0; b < m->batch; b++)
            m->index[b] = cvi_draw_row(&m->draw, covey_random_double(random));
        const bool due = cvi_trainer_due(&m->trainer, m->batch, &m->since);
        if (!cvi_trainer_step(&m->trainer, due, o->reassignment_ratio, random, &step))
            return false;
        m->steps++;
        m->sq_moved = step.sq_moved;
        m->reassigned += step.reassigned;
        m->stop = early_stop(m, &step, tol);
        if (m->stop == 0 && m->steps == m->n_steps)
            m->stop = COVEY_STOP_MAX_ITER;
        record(m, &step);
        if (!cvi_job_tell(call->job, 1) && m->stop == 0)
            return false;
        if (m->stop != 0 && m->stop != COVEY_STOP_MAX_ITER)
            break;
    }
    return true;
}

static void report_steps(minibatch *m)
{
    covey_report *report = m->call->report;
    const cvi_job *job = m->call->job;
    report->stop_reason = m->stop != 0 ? m->stop : job->stop == CVI_STOP_TIME ? COVEY_STOP_TIME : COVEY_STOP_CANCELLED;
    report->converged = m->stop == COVEY_STOP_TOL || m->stop == COVEY_STOP_NO_IMPROVEMENT;
    report->n_steps = m->steps;
    report->n_iter = (int64_t)ceil((double)m->steps * (double)m->batch / (double)m->n);
    report->n_init = m->call->request->n_init;
    report->n_relocations = m->reassigned;
    report->shift_sq = m->sq_moved;
    report->tol = m->call->request->options.tol * m->frame.variance;
    report->total_ss = cvi_total_ss(&m->all, &m->frame, m->start, m->best_start);
    report->n_distances = m->trainer.pass_counts.distances;
    report->n_distances_full = m->trainer.pass_counts.full;
    report->n_repaired = m->trainer.pass_counts.repaired;
    cvi_report_plan(report, m->trainer.strategy, NULL);
}

/* The model; with compute_labels also labels and inertia of all rows under it. */
static covey_status publish(minibatch *m, covey_error *err)
{
    const cvi_fit_call *call = m->call;
    const covey_fit_options *o = &call->request->options;
    covey_model *model = NULL;
    cvi_job_phase(call->job, COVEY_PHASE_FINISH);
    cvi_job_shield(call->job);
    cvi_centers_publish(m->trainer.centers, NULL, m->k, m->d, o->center_dtype == COVEY_DTYPE_FLOAT32, m->start);
    covey_status status = cvi_model_make(call->job->run.allocator, m->k, m->d, o->center_dtype, m->start, m->frame.mean, 0, NULL,
                                         NULL, &model, err);
    if (status != COVEY_OK)
        return status;
    call->report->inertia = m->smoothed * m->frame.weight_sum;
    if (o->compute_labels) {
        const cvi_stop why = call->job->stop;
        call->job->stop = CVI_STOP_NONE;
        status = cvi_model_label(model, call->kernels, call->x, call->weights, call->job, call->labels, &call->report->inertia,
                                 &call->report->n_distinct, err);
        call->job->stop = why;
    }
    if (status != COVEY_OK) {
        covey_model_free(model);
        return status;
    }
    report_steps(m);
    cvi_model_set_counts(model, m->trainer.counts, m->since);
    *call->out = model;
    return COVEY_OK;
}

static covey_status compute(minibatch *m, covey_error *err)
{
    cvi_job *job = m->call->job;
    cvi_job_phase(job, COVEY_PHASE_SEED);
    covey_status status = choose_start(m, err);
    if (status != COVEY_OK)
        return status;
    cvi_job_phase(job, COVEY_PHASE_ITERATE);
    if (!run_steps(m) && (m->steps == 0 || job->stop == CVI_STOP_ABANDON))
        return cvi_job_stopped(job, err);
    return publish(m, err);
}

static void set_up(minibatch *m, const cvi_fit_call *call)
{
    const covey_fit_options *o = &call->request->options;
    m->call = call;
    m->n = call->x->n;
    m->d = call->x->d;
    m->k = o->n_clusters;
    m->batch = o->batch_size < m->n ? o->batch_size : m->n;
    m->init_size = cvi_minibatch_init_size(o, m->n, m->batch);
    /* max_iter epochs; the product can pass 64 bits for an endless run. */
    const double steps = floor((double)call->request->max_iter * (double)m->n / (double)m->batch);
    m->n_steps = steps < 9e18 ? (int64_t)((__int128)call->request->max_iter * m->n / m->batch) : INT64_MAX;
}

static void set_views(minibatch *m)
{
    const cvi_fit_call *call = m->call;
    m->all = cvi_rows_view(call->x, call->weights, m->frame.mean, m->frame.mean32);
    m->batch_rows = m->all;
    m->batch_rows.weights = NULL;
    m->batch_rows.n = m->batch;
    m->init_rows = m->valid_rows = m->all;
    m->init_rows.n = m->valid_rows.n = m->init_size;
}

covey_status cvi_fit_minibatch(const cvi_fit_call *call, covey_error *err)
{
    minibatch m = {0};
    cvi_arena small = {0}, arena = {0};
    set_up(&m, call);
    covey_status status = cvi_call_frame(call, &m.frame, &small, err);
    if (status != COVEY_OK)
        return status;
    m.frame.grid = (cvi_grid){.magic = m.frame.magic, .levels = 2, .d = m.d};
    set_views(&m);
    if (!call->measure_only) {
        cvi_rows unit = m.all;
        unit.weights = NULL;
        status = call->weights != NULL ? cvi_weights_check(call->weights, m.n, err) : COVEY_OK;
        if (status == COVEY_OK)
            status = cvi_frame_prepare(&m.frame, call->kernels, &unit, false, call->job, err);
        if (status == COVEY_OK && call->weights != NULL)
            m.frame.weight_sum = cvi_pairwise_sum(call->weights, m.n, 1);
    }
    if (status == COVEY_OK) {
        take_all(&m, &arena);
        call->report->bytes_planned = arena.used + small.used;
    }
    if (status == COVEY_OK && !call->measure_only) {
        status = cvi_arena_allocate_rest(&arena, call->job->run.allocator, call->job->run.memory_limit, small.used, err);
        if (status == COVEY_OK) {
            take_all(&m, &arena);
            m.batch_rows.index = m.index;
            m.valid_rows.index = m.valid_index;
            status = compute(&m, err);
        }
    }
    cvi_job_phase(call->job, COVEY_PHASE_FINISH);
    cvi_arena_release(&arena);
    cvi_arena_release(&small);
    return status;
}
