#include "covey/metrics.h"

#include "api/enter.h"
#include "metrics/metrics.h"

static covey_status check(const covey_matrix *x, const int32_t *labels, int64_t k, const double *out,
                          covey_error *err)
{
    if (x == NULL || labels == NULL || out == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "%s is NULL",
                        x == NULL        ? "x"
                        : labels == NULL ? "labels"
                                         : "out");
    covey_status status = cvi_matrix_check_structure(x, "x", err);
    if (status != COVEY_OK)
        return status;
    if (k < 1 || k > INT32_MAX)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "k is %lld; it must lie in [1, %d]", (long long)k,
                        INT32_MAX);
    for (int64_t i = 0; i < x->n; i++) {
        if (labels[i] >= 0 && labels[i] < k)
            continue;
        status = cvi_fail(err, COVEY_ERR_ARGUMENT, "labels[%lld] is %d; it must lie in [0, %lld)",
                          (long long)i, (int)labels[i], (long long)k);
        if (err != NULL)
            err->row = i;
        return status;
    }
    return cvi_matrix_check_values(x, "x", err);
}

/* Check, enter the job, and hand over to a score. */
static covey_status run_score(covey_status (*score)(const cvi_scored *scored, double *out, covey_error *err),
                              const covey_matrix *x, const int32_t *labels, int64_t k, const covey_run *run,
                              double *out, covey_error *err)
{
    cvi_job job;
    cvi_scored scored = {.x = x, .labels = labels, .k = k, .job = &job};
    covey_status status = check(x, labels, k, out, err);
    if (status == COVEY_OK)
        status = cvi_enter(&job, run, &scored.kernels, err);
    if (status != COVEY_OK)
        return status;
    cvi_job_phase(&job, COVEY_PHASE_FINISH);
    status = score(&scored, out, err);
    cvi_job_leave(&job);
    return status;
}

static covey_status samples(const cvi_scored *scored, double *out, covey_error *err)
{
    return cvi_silhouette(scored, out, NULL, err);
}

static covey_status mean(const cvi_scored *scored, double *out, covey_error *err)
{
    return cvi_silhouette(scored, NULL, out, err);
}

covey_status covey_silhouette_samples(const covey_matrix *x, const int32_t *labels, int64_t k,
                                      const covey_run *run, double *out, covey_error *err)
{
    return run_score(samples, x, labels, k, run, out, err);
}

covey_status covey_silhouette_score(const covey_matrix *x, const int32_t *labels, int64_t k,
                                    const covey_run *run, double *out, covey_error *err)
{
    return run_score(mean, x, labels, k, run, out, err);
}

covey_status covey_calinski_harabasz(const covey_matrix *x, const int32_t *labels, int64_t k,
                                     const covey_run *run, double *out, covey_error *err)
{
    return run_score(cvi_calinski_harabasz, x, labels, k, run, out, err);
}

covey_status covey_davies_bouldin(const covey_matrix *x, const int32_t *labels, int64_t k,
                                  const covey_run *run, double *out, covey_error *err)
{
    return run_score(cvi_davies_bouldin, x, labels, k, run, out, err);
}
