/* covey_stream_*: mini-batch k-means, batch by batch. */
#include "api/enter.h"
#include "fit/stream.h"

#include <math.h>
#include <string.h>

static covey_status minibatch_only(const cvi_request *request, covey_error *err)
{
    if (request->options.algorithm != COVEY_ALGORITHM_MINIBATCH)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "a stream needs options for COVEY_ALGORITHM_MINIBATCH");
    return COVEY_OK;
}

covey_status covey_stream_create(const covey_matrix *x, const double *weights, const covey_fit_options *options,
                                 const covey_run *run, covey_stream **out, covey_error *err)
{
    cvi_request request;
    cvi_job job;
    const cvi_kernels *kernels;
    if (out == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    covey_status status = cvi_matrix_check_structure(x, "x", err);
    if (status == COVEY_OK)
        status = cvi_request_check(&request, x, options, err);
    if (status == COVEY_OK)
        status = minibatch_only(&request, err);
    if (status == COVEY_OK)
        status = cvi_enter(&job, run, &kernels, err);
    if (status != COVEY_OK)
        return status;
    const cvi_fit_call call = {.x = x, .weights = weights, .request = &request, .job = &job, .kernels = kernels};
    covey_stream *stream = NULL;
    status = cvi_stream_make(&request.options, x->d, &stream, err);
    if (status == COVEY_OK)
        status = cvi_stream_start(stream, &call, err);
    cvi_job_leave(&job);
    if (status == COVEY_OK)
        *out = stream;
    else
        covey_stream_free(stream);
    return status;
}

covey_status covey_stream_resume(const covey_matrix *centers, const double *counts, int64_t since,
                                 const covey_fit_options *options, covey_stream **out, covey_error *err)
{
    cvi_request request;
    if (out == NULL || counts == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "%s is NULL", out == NULL ? "out" : "counts");
    *out = NULL;
    covey_status status = cvi_matrix_check_structure(centers, "centers", err);
    if (status == COVEY_OK)
        status = cvi_matrix_check_values(centers, "centers", err);
    if (status == COVEY_OK)
        status = cvi_request_check(&request, centers, options, err);
    if (status == COVEY_OK)
        status = minibatch_only(&request, err);
    if (status == COVEY_OK && request.options.n_clusters != centers->n)
        status = cvi_fail(err, COVEY_ERR_SHAPE, "centers has %lld rows, but n_clusters is %lld", (long long)centers->n,
                          (long long)request.options.n_clusters);
    for (int64_t j = 0; status == COVEY_OK && j < centers->n; j++)
        if (!(counts[j] >= 0 && counts[j] <= 1e300))
            status = cvi_fail(err, COVEY_ERR_NONFINITE, "counts[%lld] is %g; counts must be finite and not negative", (long long)j,
                              counts[j]);
    if (status != COVEY_OK)
        return status;
    status = cvi_stream_make(&request.options, centers->d, out, err);
    if (status != COVEY_OK)
        return status;
    for (int64_t j = 0; j < centers->n; j++)
        cvi_matrix_row(centers, j, (*out)->centers + j * centers->d);
    memcpy((*out)->counts, counts, (size_t)centers->n * sizeof(double));
    (*out)->since = since;
    return COVEY_OK;
}

covey_status covey_stream_step(covey_stream *stream, const covey_matrix *x, const double *weights, covey_random *random,
                               const covey_run *run, int32_t *labels, double *inertia, covey_error *err)
{
    cvi_job job;
    const cvi_kernels *kernels;
    if (stream == NULL || random == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "%s is NULL", stream == NULL ? "stream" : "random");
    covey_status status = cvi_matrix_check_structure(x, "x", err);
    if (status == COVEY_OK && x->d != stream->d)
        status = cvi_fail(err, COVEY_ERR_SHAPE, "x has %lld features, but the stream began with %lld", (long long)x->d,
                          (long long)stream->d);
    if (status == COVEY_OK)
        status = cvi_enter(&job, run, &kernels, err);
    if (status != COVEY_OK)
        return status;
    const cvi_fit_call call = {.x = x, .weights = weights, .job = &job, .kernels = kernels, .labels = labels};
    status = cvi_stream_learn(stream, &call, random, inertia, err);
    cvi_job_leave(&job);
    return status;
}

const double *covey_stream_centers(const covey_stream *stream)
{
    return stream->centers;
}

const double *covey_stream_counts(const covey_stream *stream)
{
    return stream->counts;
}

int64_t covey_stream_since(const covey_stream *stream)
{
    return stream->since;
}

void covey_stream_free(covey_stream *stream)
{
    cvi_release(NULL, stream);
}
