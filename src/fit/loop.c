/*
 * k-means as the textbook has it (S. P. Lloyd, "Least squares quantization in PCM", 1957/1982):
 *
 *     repeat
 *         give every row to its nearest center                      (assign/)
 *         move every center to the mean of its rows                 (update/)
 *     until no row changes its center, or the centers hardly move   (stop below)
 */
#include "fit/fit.h"

#include <string.h>

static bool iterate(cvi_lloyd *lloyd, cvi_lloyd_run *run, double *before, double *after);
static covey_stop stop_reason(const cvi_lloyd *lloyd, const cvi_lloyd_run *run);

bool cvi_lloyd_fit(cvi_lloyd *lloyd, cvi_lloyd_run *run)
{
    const cvi_problem *problem = &lloyd->problem;
    const size_t bytes = (size_t)problem->k * (size_t)problem->rows->d * sizeof(double);
    double *before = run->centers, *after = lloyd->spare;

    cvi_course_start(&lloyd->course, problem);
    cvi_sums_clear(&lloyd->sums, problem->rows->n);
    memset(run->labels, 0xff, (size_t)problem->rows->n * sizeof *run->labels); /* -1: no label yet */
    lloyd->means.n_relocations = 0;
    run->stop = 0;
    run->interrupted = false;
    for (run->n_iter = 0; run->stop == 0 && run->n_iter < run->max_iter;) {
        if (!iterate(lloyd, run, before, after)) {
            run->interrupted = true;
            break;
        }
        run->n_iter++;
        run->stop = stop_reason(lloyd, run);
        cvi_lloyd_record(lloyd, run, before);
        double *t = before;
        before = after;
        after = t;
        if (!cvi_job_tell(problem->job, 1) && run->stop == 0)
            break;
    }
    if (before != run->centers)
        memcpy(run->centers, before, bytes);
    run->n_relocations = lloyd->means.n_relocations;
    run->labels_follow = !run->interrupted && memcmp(lloyd->assigned, run->centers, bytes) == 0;
    return run->n_iter > 0;
}

static bool iterate(cvi_lloyd *lloyd, cvi_lloyd_run *run, double *before, double *after)
{
    const cvi_problem *problem = &lloyd->problem;
    if (!cvi_course_pass(&lloyd->course, problem, before, run->labels, &lloyd->sums, &lloyd->counts))
        return false;
    memcpy(lloyd->assigned, before, (size_t)problem->k * (size_t)problem->rows->d * sizeof(double));
    cvi_sums_settle(&lloyd->sums, problem->rows, run->labels, problem->job);
    cvi_means_update(&lloyd->means, problem->rows, before, run->labels, after, problem->job);
    run->shift_sq = cvi_means_shift(before, after, problem->k, problem->rows->d, lloyd->means.mass);
    return true;
}

static covey_stop stop_reason(const cvi_lloyd *lloyd, const cvi_lloyd_run *run)
{
    if (lloyd->counts.changed == 0)
        return COVEY_STOP_STRICT;
    if (run->shift_sq <= run->tol)
        return COVEY_STOP_TOL;
    return run->n_iter == run->max_iter ? COVEY_STOP_MAX_ITER : 0;
}
