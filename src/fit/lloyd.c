/* What the loop stands on: its room, its record for the caller, labels and inertia of a finished run. */
#include "fit/fit.h"
#include "update/distances.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void cvi_lloyd_take(cvi_lloyd *lloyd, const cvi_problem *problem, const cvi_strategy *strategy, cvi_arena *arena)
{
    const int64_t k = problem->k, d = problem->rows->d;
    const int threads = problem->job->team.threads;
    memset(lloyd, 0, sizeof *lloyd);
    lloyd->problem = *problem;
    lloyd->spare = cvi_arena_take(arena, k, (size_t)d * sizeof(double));
    lloyd->assigned = cvi_arena_take(arena, k, (size_t)d * sizeof(double));
    cvi_sums_take(&lloyd->sums, problem->kernels, problem->frame, problem->rows, k, threads, arena);
    cvi_means_take(&lloyd->means, &lloyd->sums, problem->rows, k, threads, arena);
    cvi_course_take(&lloyd->course, strategy, problem, threads, arena);
}

bool cvi_lloyd_label(cvi_lloyd *lloyd, const double *centers, int32_t *labels, bool labels_follow)
{
    const cvi_problem *problem = &lloyd->problem;
    const size_t bytes = (size_t)problem->k * (size_t)problem->rows->d * sizeof(double);
    if (labels_follow && memcmp(lloyd->assigned, centers, bytes) == 0)
        return true;
    if (!cvi_course_pass(&lloyd->course, problem, centers, labels, NULL, &lloyd->counts))
        return false;
    memcpy(lloyd->assigned, centers, bytes);
    return true;
}

void cvi_lloyd_record(cvi_lloyd *lloyd, const cvi_lloyd_run *run, const double *before)
{
    const cvi_problem *problem = &lloyd->problem;
    covey_progress *progress = &problem->job->progress;
    progress->iteration = run->n_iter;
    progress->max_iter = run->max_iter;
    progress->shift_sq = run->shift_sq;
    progress->tol = run->tol;
    progress->n_changed = lloyd->counts.changed;
    progress->stop = run->stop == COVEY_STOP_STRICT ? 1 : run->stop == COVEY_STOP_TOL ? 2 : run->stop == COVEY_STOP_MAX_ITER ? 3 : 0;
    progress->fraction = (double)run->n_iter / (double)run->max_iter;
#ifndef NDEBUG
    const bool wanted = problem->rows->n * problem->rows->d <= 1 << 16 || problem->job->run.verbosity > 0;
#else
    const bool wanted = problem->job->run.verbosity > 0 && problem->job->run.progress != NULL;
#endif
    if (wanted) {
        cvi_means *means = &lloyd->means;
        cvi_centers_publish(before, problem->rows->mean, problem->k, problem->rows->d, false, means->published);
        progress->inertia = cvi_inertia(problem->kernels, problem->rows, means->published, run->labels, means->blocks,
                                        means->scratch, means->sqdist, problem->job);
#ifndef NDEBUG
        /* Lloyd's objective never rises beyond rounding, which is relative to the spread of the data: a center is
         * rounded where it stands, however near its rows are. */
        const cvi_frame *frame = problem->frame;
        const double size_sq = frame->max_abs * frame->max_abs * (double)problem->rows->d;
        const double each = 1e-12 * frame->sq_total + 0x1p-46 * sqrt(size_sq * frame->sq_total) + 0x1p-92 * size_sq;
        const double rounding = each * (double)problem->rows->n * frame->max_weight;
        assert(run->n_iter == 1 || progress->inertia <= lloyd->last_inertia * (1 + 1e-9) + rounding + 1e-300);
        lloyd->last_inertia = progress->inertia;
#endif
    }
}
