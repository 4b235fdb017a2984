/*
 * A whole k-means fit: ready the data, then n_init times seed and run Lloyd's algorithm, keep the best, publish it.
 */
#include "data/even.h"
#include "fit/restarts.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

typedef struct kmeans {
    const cvi_fit_call *call;
    int64_t n, d, k;
    cvi_rows rows;
    cvi_frame frame;
    cvi_restarts restarts;
    double *published;  /* [k][d] */
    double *total_mean; /* [d] */
} kmeans;

/* --- plan ------------------------------------------------------------------------------------------------------- */

static void take_all(kmeans *m, const cvi_strategy *strategy, cvi_arena *arena)
{
    cvi_restarts_take(&m->restarts, strategy, arena);
    m->published = cvi_arena_take(arena, m->k, (size_t)m->d * sizeof(double));
    m->total_mean = cvi_arena_take(arena, 1, (size_t)m->d * sizeof(double));
}

static size_t planned_bytes(kmeans *m, const cvi_strategy *strategy)
{
    cvi_arena measure = {0};
    take_all(m, strategy, &measure);
    return measure.used;
}

/* --- the result ------------------------------------------------------------------------------------------------- */

/* Has every cluster two rows or more?  Only of a single run are the sums those of its labels. */
static bool none_is_single(const kmeans *m)
{
    const cvi_sums *sums = &m->restarts.rooms[0].lloyd.sums;
    bool none = m->restarts.n_init == 1;
    for (int64_t j = 0; j < m->k && none; j++)
        none = sums->parts[0].count[j] > 1;
    return none;
}

/* A center that is one row alone is published as that row: (x - m) + m may differ from x in the last bit. */
static void publish_single_rows(kmeans *m, const int32_t *labels, bool as_float32)
{
    if (none_is_single(m))
        return;
    int32_t *only = m->restarts.seen; /* a row, -1: none yet, -2: several; rows beyond 32 bits are left as they are */
    double *x = m->restarts.rooms[0].lloyd.spare;
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
            same = m->restarts.best_centers[j * m->d + f] == (x[f] - m->frame.mean[f]) * w * (1.0 / w);
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
    cvi_restarts *r = &m->restarts;
    const bool as_float32 = call->request->options.center_dtype == COVEY_DTYPE_FLOAT32;
    double *centers = r->slots[0].run.centers;
    int32_t *labels = r->slots[0].run.labels;
    cvi_job_shield(call->job);
    cvi_centers_publish(r->best_centers, m->frame.mean, m->k, m->d, as_float32, m->published);
    if (!r->best.interrupted)
        publish_single_rows(m, r->best_labels != NULL ? r->best_labels : labels, as_float32);
    for (int64_t j = 0; j < m->k; j++)
        for (int64_t f = 0; f < m->d; f++)
            centers[j * m->d + f] = m->published[j * m->d + f] - m->frame.mean[f];
    cvi_restarts_label(r, centers);
    covey_report *report = call->report;
    report->inertia = cvi_restarts_inertia(&r->rooms[0], m->published, labels);
    report->n_distinct = cvi_count_distinct(labels, m->n, m->k, r->seen);
}

/* The same for equal centers; 0.0 and -0.0 are equal. */
static int32_t hash_center(const double *c, int64_t d)
{
    uint64_t hash = 0;
    for (int64_t f = 0; f < d; f++) {
        const double value = c[f] + 0.0;
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        hash += (bits ^ bits >> 29) * ((uint64_t)(2 * f + 1) * UINT64_C(0x9e3779b97f4a7c15));
    }
    return (int32_t)(hash >> 33);
}

static bool equal_centers(const double *a, const double *b, int64_t d)
{
    int64_t f = 0;
    while (f < d && a[f] == b[f])
        f++;
    return f == d;
}

/* Given centers that repeat an earlier one. The run is over: its centers' place is free for them. */
static int64_t duplicate_centers(kmeans *m)
{
    const covey_fit_options *o = &m->call->request->options;
    const int64_t k = m->k, d = m->d;
    double *centers = m->restarts.slots[0].run.centers;
    int32_t *hash = m->restarts.seen;
    int64_t duplicates = 0;
    if (o->init != COVEY_SEED_GIVEN || k > 4096)
        return 0;
    for (int64_t j = 0; j < k; j++) {
        cvi_matrix_row(o->centers, j, centers + j * d);
        hash[j] = hash_center(centers + j * d, d);
        for (int64_t i = 0; i < j; i++)
            if (hash[i] == hash[j] && equal_centers(centers + i * d, centers + j * d, d)) {
                duplicates++;
                break;
            }
    }
    return duplicates;
}

static void report_run(kmeans *m)
{
    const cvi_job *job = m->call->job;
    const cvi_restarts *r = &m->restarts;
    covey_report *report = m->call->report;
    const cvi_pass_counts counts = cvi_restarts_counts(r);
    const cvi_course course = cvi_restarts_course(r);
    report->stop_reason = r->best.stop;
    if (r->best.stop == 0 || (job->stop != CVI_STOP_NONE && r->runs_made < r->n_init))
        report->stop_reason = job->stop == CVI_STOP_TIME ? COVEY_STOP_TIME : COVEY_STOP_CANCELLED;
    report->converged = report->stop_reason == COVEY_STOP_STRICT || report->stop_reason == COVEY_STOP_TOL;
    report->n_iter = r->best.n_iter;
    report->n_init = r->runs_made;
    report->best_run = r->best_run;
    report->n_relocations = r->best.n_relocations;
    report->n_duplicate_centers = duplicate_centers(m);
    report->shift_sq = r->best.shift_sq;
    report->tol = r->best.tol;
    report->total_ss = cvi_total_ss(&m->rows, &m->frame, r->rooms[0].lloyd.spare, m->total_mean);
    report->n_distances = counts.distances;
    report->n_distances_full = counts.full;
    report->n_repaired = counts.repaired;
    cvi_report_plan(report, course.strategy, &course);
}

typedef struct copying {
    const int32_t *from;
    int32_t *to;
    int64_t n;
} copying;

enum { LABELS_A_TASK = 1 << 16 };

static void copy_labels(void *context, int64_t index, int worker)
{
    (void)worker;
    const copying *c = context;
    const int64_t first = index * LABELS_A_TASK, rest = c->n - first;
    memcpy(c->to + first, c->from + first, (size_t)(rest < LABELS_A_TASK ? rest : LABELS_A_TASK) * sizeof(int32_t));
}

/* The caller's labels, which stay untouched until all is well. */
static void hand_out_labels(kmeans *m)
{
    cvi_team team = m->call->job->team;
    team.stop = NULL;
    copying c = {.from = m->restarts.slots[0].run.labels, .to = m->call->labels, .n = m->n};
    cvi_parallel(&team, (m->n + LABELS_A_TASK - 1) / LABELS_A_TASK, copy_labels, &c);
}

static covey_status compute(kmeans *m, covey_error *err)
{
    const cvi_fit_call *call = m->call;
    covey_status status = cvi_restarts_run(&m->restarts, err);
    if (status != COVEY_OK)
        return status;
    if (!m->restarts.have_best || call->job->stop == CVI_STOP_ABANDON)
        return cvi_job_stopped(call->job, err);
    cvi_job_phase(call->job, COVEY_PHASE_FINISH);
    publish(m);
    report_run(m);
    status = cvi_model_make(call->job->run.allocator, m->k, m->d, call->request->options.center_dtype, m->published,
                            m->frame.mean, 0, NULL, NULL, call->out, err);
    if (status == COVEY_OK && call->labels != NULL)
        hand_out_labels(m);
    return status;
}

/* The strategy of runs side by side; NULL: they do not pay, or take too much memory. What they take beside what any fit
 * needs counts against the budget of the accelerators. */
static const cvi_strategy *plan_side_by_side(kmeans *m, size_t taken)
{
    const covey_run *run = &m->call->job->run;
    cvi_restarts *r = &m->restarts;
    cvi_job side;
    if (!cvi_restarts_pay(r))
        return NULL;
    const size_t plain = planned_bytes(m, &cvi_canonical_strategy), budget = cvi_rows_budget(&m->rows, run);
    cvi_restarts_side_job(r, &side);
    const cvi_problem problem = cvi_restarts_problem(r, &side);
    const cvi_strategy *strategy = cvi_plan_strategy(&problem, SIZE_MAX, NULL);
    r->side_by_side = true;
    const size_t bytes = strategy != NULL ? planned_bytes(m, strategy) : SIZE_MAX;
    if (bytes < SIZE_MAX - taken && bytes <= plain + budget && (run->memory_limit == 0 || bytes + taken <= run->memory_limit))
        return strategy;
    r->side_by_side = false;
    return NULL;
}

static covey_status plan_and_allocate(kmeans *m, size_t taken, cvi_arena *arena, covey_error *err)
{
    const cvi_job *job = m->call->job;
    const cvi_strategy *strategy = plan_side_by_side(m, taken);
    const size_t limit = job->run.memory_limit;
    size_t room = SIZE_MAX;
    if (limit > 0 && strategy == NULL) {
        const size_t fixed = planned_bytes(m, &cvi_canonical_strategy) + taken;
        room = limit > fixed ? limit - fixed : 0;
    }
    if (strategy == NULL) {
        const cvi_problem problem = cvi_restarts_problem(&m->restarts, m->call->job);
        strategy = cvi_plan_strategy(&problem, room, err);
    }
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
    kmeans m = {.call = call, .n = call->x->n, .d = call->x->d, .k = call->request->options.n_clusters};
    cvi_arena small = {0}, arena = {0};
    covey_status status = cvi_call_frame(call, &m.frame, &small, err);
    if (status != COVEY_OK)
        return status;
    m.rows = cvi_rows_view(call->x, call->weights, m.frame.mean, m.frame.mean32);
    m.frame.grid = (cvi_grid){.magic = m.frame.magic, .levels = call->weights != NULL ? CVI_MAX_LEVELS : 2, .d = m.d};
    m.restarts = (cvi_restarts){.call = call, .rows = &m.rows, .frame = &m.frame, .n = m.n, .d = m.d, .k = m.k,
                                .n_init = call->request->n_init};
    if (!call->measure_only) {
        cvi_job_phase(call->job, COVEY_PHASE_CHECK);
        status = cvi_frame_prepare(&m.frame, call->kernels, &m.rows, true, call->job, err);
    }
    m.restarts.even = cvi_plan_asks_even(&m.rows, m.k) && cvi_rows_even(&m.rows);
    if (status == COVEY_OK)
        status = plan_and_allocate(&m, small.used, &arena, err);
    if (status == COVEY_OK && !call->measure_only)
        status = compute(&m, err);
    cvi_job_phase(call->job, COVEY_PHASE_FINISH);
    cvi_arena_release(&arena);
    cvi_arena_release(&small);
    return status;
}
