#include "fit/starter.h"

#include "base/exact.h"

void cvi_starter_take(cvi_starter *starter, const cvi_rows *rows, const covey_fit_options *options, double *near, int threads,
                      cvi_arena *arena)
{
    const int64_t k = options->n_clusters;
    starter->near = near;
    starter->picks = cvi_arena_take(arena, k, sizeof(int64_t));
    if (options->init == COVEY_SEED_PLUSPLUS) {
        cvi_draw_take(&starter->draw, rows->n, arena);
        cvi_plusplus_take(&starter->plusplus, rows, k, cvi_plusplus_trials(k, options->n_local_trials), threads, arena);
        starter->plusplus.near = starter->near;
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
    const double total = weight_sum(rows, starter->near);
    if (o->init == COVEY_SEED_RANDOM) {
        *status = cvi_seed_random(rows, total, k, random, starter->near, starter->picks, err);
        if (*status != COVEY_OK)
            return false;
    } else {
        starter->plusplus.k = k;
        if (!same_rows)
            cvi_draw_prepare(&starter->draw, rows, total);
        if (!cvi_plusplus_run(&starter->plusplus, call->kernels, rows, &starter->draw, random, call->job, starter->picks))
            return false;
    }
    cvi_seed_take_rows(call->kernels, rows, starter->picks, k, block, centers);
    return true;
}
