/* covey_model_fit: arguments are checked here, once. */
#include "api/enter.h"
#include "fit/fit.h"

#include <stdio.h>
#include <string.h>

static covey_status dispatch(const cvi_fit_call *call, covey_error *err)
{
    switch (call->request->options.algorithm) {
    case COVEY_ALGORITHM_MINIBATCH:
        return cvi_fit_minibatch(call, err);
    case COVEY_ALGORITHM_BISECTING:
        return cvi_fit_bisecting(call, err);
    case COVEY_ALGORITHM_OPTIMAL:
        return cvi_fit_optimal(call, err);
    default:
        return cvi_fit_kmeans(call, err);
    }
}

static void complete_report(covey_report *report, const cvi_job *job, const cvi_kernels *kernels, const cvi_request *request)
{
    report->seed = request->options.seed;
    report->threads = job->team.ran;
    snprintf(report->isa, sizeof report->isa, "%s", kernels->name);
    report->seconds_check = job->seconds[COVEY_PHASE_CHECK];
    report->seconds_seed = job->seconds[COVEY_PHASE_SEED];
    report->seconds_iterate = job->seconds[COVEY_PHASE_ITERATE];
    report->seconds_finish = job->seconds[COVEY_PHASE_FINISH];
    report->seconds = cvi_job_seconds(job);
    report->bytes_peak = report->bytes_planned;
}

static covey_status fit(const covey_matrix *x, const double *weights, const covey_fit_options *options, const covey_run *run,
                        bool measure_only, int32_t *labels, covey_report *report, covey_model **out, covey_error *err)
{
    cvi_request request;
    cvi_job job;
    const cvi_kernels *kernels;
    covey_status status = cvi_matrix_check_structure(x, "x", err);
    if (status == COVEY_OK)
        status = cvi_request_check(&request, x, options, err);
    if (status == COVEY_OK)
        status = cvi_enter(&job, run, &kernels, err);
    if (status != COVEY_OK)
        return status;
    const cvi_fit_call call = {.x = x, .weights = weights, .request = &request, .job = &job, .kernels = kernels,
                               .labels = labels, .report = report, .out = out, .measure_only = measure_only};
    status = dispatch(&call, err);
    complete_report(report, &job, kernels, &request);
    cvi_job_leave(&job);
    return status;
}

covey_status covey_model_fit(const covey_matrix *x, const double *weights, const covey_fit_options *options,
                             const covey_run *run, int32_t *labels, covey_report *report, covey_model **out, covey_error *err)
{
    if (out == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    covey_report facts = {.size = sizeof facts};
    const covey_status status = fit(x, weights, options, run, false, labels, &facts, out, err);
    if (status == COVEY_OK && report != NULL) {
        facts.size = report->size < sizeof facts ? report->size : sizeof facts;
        memcpy(report, &facts, facts.size);
    }
    return status;
}

covey_status covey_model_fit_bytes(const covey_matrix *x, const double *weights, const covey_fit_options *options,
                                   const covey_run *run, size_t *out_bytes, covey_error *err)
{
    if (out_bytes == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "out_bytes is NULL");
    covey_model *none = NULL;
    covey_report facts = {.size = sizeof facts};
    const covey_status status = fit(x, weights, options, run, true, NULL, &facts, &none, err);
    if (status == COVEY_OK)
        *out_bytes = facts.bytes_planned;
    return status;
}
