#include "fit/starter.h"

#include "base/exact.h"

#include <string.h>

/* Room for the assignment of rows to at most `most` picks. */
static void take_nearest(cvi_starter *starter, const cvi_rows *rows, int64_t most, int threads, cvi_arena *arena)
{
    starter->strategy = rows->kind == CVI_ROWS_CSR ? &cvi_sparse : &cvi_brute;
    const cvi_problem problem = {.rows = rows, .k = most, .passes = 1};
    starter->state = starter->strategy->take(&problem, threads, arena);
}

void cvi_starter_take(cvi_starter *starter, const cvi_rows *rows, const covey_fit_options *options, double *near, int threads,
                      cvi_arena *arena)
{
    const int64_t k = options->n_clusters;
    starter->near = near;
    starter->drawn = NULL;
    starter->picks = cvi_arena_take(arena, k, sizeof(int64_t));
    if (options->init == COVEY_SEED_PLUSPLUS || options->init == COVEY_SEED_D2 || options->init == COVEY_SEED_PARALLEL)
        cvi_draw_take(&starter->draw, rows->n, arena);
    if (options->init == COVEY_SEED_PLUSPLUS) {
        cvi_plusplus_take(&starter->plusplus, rows, k, cvi_plusplus_trials(k, options->n_local_trials), threads, arena);
        starter->plusplus.near = starter->near;
    } else if (options->init == COVEY_SEED_D2) {
        cvi_d2_take(&starter->d2, rows, k, threads, arena);
        starter->d2.fold.near = starter->near;
        take_nearest(starter, rows, starter->d2.fold.most, threads, arena);
    } else if (options->init == COVEY_SEED_PARALLEL) {
        cvi_oversampling_take(&starter->oversampling, rows, k, options->oversampling, options->seed_rounds,
                              options->n_local_trials, threads, arena);
        starter->oversampling.fold.near = starter->near;
        take_nearest(starter, rows, starter->oversampling.fold.most, threads, arena);
    }
}

/* Mean squared norm in the frame, of a sample: it scales the screens. */
static double typical_norm(const cvi_rows *rows, double *row)
{
    enum { SAMPLE = 1024 };
    const int64_t step = rows->n / SAMPLE + 1;
    double total = 0, count = 0;
    for (int64_t i = 0; i < rows->n; i += step, count++) {
        cvi_rows_dense(rows, i, row);
        for (int64_t f = 0; f < rows->d; f++) {
            const double t = rows->mean != NULL ? row[f] - rows->mean[f] : row[f];
            total += t * t;
        }
    }
    return total / count;
}

static bool nearest(void *user, const cvi_rows *rows, const double *centers, int64_t k, int32_t *labels)
{
    cvi_starter *starter = user;
    cvi_pass_counts ignored = {0};
    starter->problem.rows = rows;
    starter->problem.k = k;
    return starter->strategy->pass(starter->state, &starter->problem, centers, labels, NULL, &ignored);
}

/* Ready the assignment for a run of the seedings in blocks. scratch [d]. */
static void start_nearest(cvi_starter *starter, cvi_fold *fold, const cvi_fit_call *call, const cvi_rows *rows, double *scratch)
{
    memset(&starter->frame, 0, sizeof starter->frame);
    starter->frame.sq_spread = typical_norm(rows, scratch);
    starter->problem = (cvi_problem){
        .kernels = call->kernels, .rows = rows, .frame = &starter->frame, .job = call->job, .k = fold->most, .passes = 1};
    starter->strategy->start(starter->state, &starter->problem);
    fold->nearest = nearest;
    fold->user = starter;
}

/* k rows by one of the ways of k-means++. Returns false if stopped. */
static bool draw_rows(cvi_starter *starter, const cvi_fit_call *call, const cvi_rows *rows, int64_t k, double *scratch)
{
    covey_random *random = call->request->random;
    switch (call->request->options.init) {
    case COVEY_SEED_D2:
        starter->d2.k = k;
        start_nearest(starter, &starter->d2.fold, call, rows, scratch);
        return cvi_d2_run(&starter->d2, call->kernels, rows, &starter->draw, random, call->job, starter->picks);
    case COVEY_SEED_PARALLEL:
        starter->oversampling.k = k;
        start_nearest(starter, &starter->oversampling.fold, call, rows, scratch);
        return cvi_oversampling_run(&starter->oversampling, call->kernels, rows, &starter->draw, random, call->job,
                                    starter->picks);
    default:
        starter->plusplus.k = k;
        return cvi_plusplus_run(&starter->plusplus, call->kernels, rows, &starter->draw, random, call->job, starter->picks);
    }
}

/* numpy's sum of the weights of these rows. near is scratch [n]. */
static double weight_sum(const cvi_rows *rows, double *near)
{
    if (rows->weights == NULL)
        return (double)rows->n;
    for (int64_t i = 0; i < rows->n; i++)
        near[i] = cvi_rows_weight(rows, i);
    return cvi_pairwise_sum(near, rows->n, 1);
}

covey_status cvi_starter_draw(cvi_starter *starter, const cvi_rows *rows, int64_t k, covey_random *random, int64_t *picks,
                              covey_error *err)
{
    return cvi_seed_random(rows, weight_sum(rows, starter->near), k, random, starter->near, picks, err);
}

bool cvi_starter_run(cvi_starter *starter, const cvi_fit_call *call, const cvi_rows *rows, bool same_rows, int64_t k,
                     int64_t run, double *centers, cvi_block *block, covey_status *status, covey_error *err)
{
    const covey_fit_options *o = &call->request->options;
    covey_random *random = call->request->random;
    *status = COVEY_OK;
    if (o->init == COVEY_SEED_GIVEN) {
        cvi_given_centers(o->centers, o->frame, rows->mean, centers);
        return true;
    }
    if (o->init == COVEY_SEED_CALLBACK) {
        if (o->seed_fn(o->seed_user, random, run, rows->index, rows->n, k, rows->d, centers) != 0) {
            *status = cvi_fail(err, COVEY_ERR_CANCELLED, "the init callback asked to stop");
            return false;
        }
        const covey_matrix given = covey_matrix_dense(centers, COVEY_DTYPE_FLOAT64, k, rows->d);
        *status = cvi_matrix_check_values(&given, "the init callback's centers", err);
        for (int64_t a = 0; o->frame == COVEY_FRAME_DATA && a < k * rows->d; a++)
            centers[a] -= rows->mean[a % rows->d];
        return *status == COVEY_OK;
    }
    const int64_t *picks = starter->picks;
    if (o->init == COVEY_SEED_RANDOM && starter->drawn != NULL) {
        picks = starter->drawn;
    } else if (o->init == COVEY_SEED_RANDOM) {
        *status = cvi_starter_draw(starter, rows, k, random, starter->picks, err);
        if (*status != COVEY_OK)
            return false;
    } else {
        if (!same_rows)
            cvi_draw_prepare(&starter->draw, rows, weight_sum(rows, starter->near));
        starter->plusplus.same_rows = same_rows;
        if (!draw_rows(starter, call, rows, k, centers)) /* the first center's room is scratch until the end */
            return false;
    }
    cvi_seed_take_rows(call->kernels, rows, picks, k, block, centers);
    return true;
}
