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
static bool at_rest(cvi_lloyd *lloyd, cvi_lloyd_rest *rest, const double *centers, double *scratch);

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
    run->repeats = false;
    for (run->n_iter = 0; run->stop == 0 && run->n_iter < run->max_iter;) {
        if (run->rest != NULL && at_rest(lloyd, run->rest, before, after)) {
            run->repeats = true;
            break;
        }
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
    run->labels_follow = !run->interrupted && !run->repeats && memcmp(lloyd->assigned, run->centers, bytes) == 0;
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

/* Do a and b [k][d] hold the same centers? */
static bool same_centers(const double *a, const double *b, int64_t k, int64_t d)
{
    uint64_t found = 0;
    for (int64_t j = 0; j < k; j++) {
        int64_t i = 0;
        while (i < k && ((found >> i & 1) != 0 || a[j * d] != b[i * d] ||
                         memcmp(a + j * d, b + i * d, (size_t)d * sizeof *a) != 0))
            i++;
        if (i == k)
            return false;
        found |= (uint64_t)1 << i;
    }
    return true;
}

/* Does the order of the centers at rest matter?  Of equally near ones the first is taken: in reverse order, another.  Nor may a
 * cluster be empty. Returns false if stopped. scratch [k][d]. */
static bool check_rest(cvi_lloyd *lloyd, cvi_lloyd_rest *rest, double *scratch)
{
    const cvi_problem *problem = &lloyd->problem;
    const int64_t n = problem->rows->n, k = problem->k, d = problem->rows->d;
    int32_t *labels = (int32_t *)(void *)lloyd->means.sqdist;
    uint64_t used = 0;
    cvi_pass_counts counts = {0};
    for (int64_t j = 0; j < k; j++)
        memcpy(scratch + (k - 1 - j) * d, rest->centers + j * d, (size_t)d * sizeof *scratch);
    memset(labels, 0xff, (size_t)n * sizeof *labels);
    if (!cvi_course_pass(&lloyd->course, problem, scratch, labels, NULL, &counts))
        return false;
    lloyd->counts.distances += counts.distances;
    lloyd->counts.repaired += counts.repaired;
    rest->checked = true;
    for (int64_t i = 0; i < n; i++) {
        used |= (uint64_t)1 << rest->labels[i];
        rest->tied |= labels[i] != k - 1 - rest->labels[i];
    }
    rest->tied |= used != UINT64_MAX >> (CVI_REST_MAX_K - k);
    return true;
}

/*
 * Have these centers an order in which they are those at rest?  Then the next pass would give every row the label that it has there,
 * sums are exact whatever their order, and the same centers come out of it.
 */
static bool at_rest(cvi_lloyd *lloyd, cvi_lloyd_rest *rest, const double *centers, double *scratch)
{
    const cvi_problem *problem = &lloyd->problem;
    if (rest->centers == NULL || rest->tied || !same_centers(centers, rest->centers, problem->k, problem->rows->d))
        return false;
    if (!rest->checked && !check_rest(lloyd, rest, scratch))
        return false;
    if (!rest->tied)
        lloyd->counts.full += problem->rows->n * problem->k; /* of the pass that is spared */
    return !rest->tied;
}
