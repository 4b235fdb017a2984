#include "fit/stream.h"

#include "fit/starter.h"
#include "model/model.h"
#include "model/use.h"

#include <string.h>

covey_status cvi_stream_make(const covey_fit_options *options, int64_t d, covey_stream **out, covey_error *err)
{
    const int64_t k = options->n_clusters;
    size_t bytes;
    if (!cvi_mul_size((size_t)k, (size_t)(d + 1) * sizeof(double), &bytes) || !cvi_add_size(bytes, sizeof(covey_stream), &bytes))
        return cvi_fail(err, COVEY_ERR_MEMORY, "%lld centers of %lld features pass the address space", (long long)k, (long long)d);
    covey_stream *stream = cvi_allocate(NULL, bytes);
    if (stream == NULL)
        return cvi_fail(err, COVEY_ERR_MEMORY, "no memory for %lld centers", (long long)k);
    *stream = (covey_stream){.k = k, .d = d, .batch_size = options->batch_size,
                             .reassignment_ratio = options->reassignment_ratio, .center_dtype = options->center_dtype};
    stream->centers = (double *)(stream + 1);
    stream->counts = stream->centers + k * d;
    memset(stream->counts, 0, (size_t)k * sizeof(double));
    *out = stream;
    return COVEY_OK;
}

/* The frame of one batch: not centered, its own grid. small holds it. */
static covey_status batch_frame(const cvi_fit_call *call, cvi_frame *frame, cvi_rows *rows, cvi_arena *small, covey_error *err)
{
    covey_status status = cvi_call_frame(call, frame, small, err);
    if (status != COVEY_OK)
        return status;
    *rows = cvi_rows_view(call->x, call->weights, frame->mean, frame->mean32);
    status = cvi_frame_prepare(frame, call->kernels, rows, false, call->job, err);
    if (status != COVEY_OK)
        cvi_arena_release(small);
    return status;
}

static void publish(covey_stream *stream, const double *centers)
{
    cvi_centers_publish(centers, NULL, stream->k, stream->d, stream->center_dtype == COVEY_DTYPE_FLOAT32, stream->centers);
}

static void take_start(cvi_starter *starter, cvi_block *block, const cvi_rows *rows, const cvi_fit_call *call, double **centers,
                       cvi_arena *arena)
{
    double *near = cvi_arena_take(arena, rows->n, sizeof(double));
    cvi_starter_take(starter, rows, &call->request->options, near, call->job->team.threads, arena);
    cvi_block_take(block, rows, arena);
    *centers = cvi_arena_take(arena, call->request->options.n_clusters, (size_t)rows->d * sizeof(double));
}

covey_status cvi_stream_start(covey_stream *stream, const cvi_fit_call *call, covey_error *err)
{
    cvi_frame frame;
    cvi_rows rows, sample;
    cvi_arena small = {0}, arena = {0};
    cvi_starter starter = {0};
    cvi_block block;
    double *centers;
    covey_status status = batch_frame(call, &frame, &rows, &small, err);
    if (status != COVEY_OK)
        return status;
    const covey_fit_options *o = &call->request->options;
    if (stream->batch_size > rows.n)
        stream->batch_size = rows.n;
    const int64_t init_size = cvi_minibatch_init_size(o, rows.n, stream->batch_size);
    sample = rows;
    sample.n = init_size;
    take_start(&starter, &block, &sample, call, &centers, &arena);
    cvi_arena_take(&arena, init_size, sizeof(int64_t)); /* measured here, taken below */
    status = cvi_arena_allocate(&arena, call->job->run.allocator, call->job->run.memory_limit, err);
    if (status == COVEY_OK) {
        take_start(&starter, &block, &sample, call, &centers, &arena);
        int64_t *index = cvi_arena_take(&arena, init_size, sizeof(int64_t));
        for (int64_t i = 0; init_size < rows.n && i < init_size; i++)
            index[i] = covey_random_int(call->request->random, 0, rows.n);
        sample.index = init_size < rows.n ? index : NULL;
        if (cvi_starter_run(&starter, call, &sample, false, stream->k, 0, centers, &block, &status, err))
            publish(stream, centers);
        else if (status == COVEY_OK)
            status = cvi_job_stopped(call->job, err);
    }
    cvi_arena_release(&arena);
    cvi_arena_release(&small);
    return status;
}

/* Labels and inertia of the batch under the stream's present centers. */
static covey_status label(const covey_stream *stream, const cvi_fit_call *call, const double *mean, double *inertia,
                          covey_error *err)
{
    covey_model *model = NULL;
    int64_t distinct;
    double sum;
    covey_status status = cvi_model_make(NULL, stream->k, stream->d, stream->center_dtype, stream->centers, mean, 0, NULL, NULL,
                                         &model, err);
    if (status == COVEY_OK)
        status = cvi_model_label(model, call->kernels, call->x, call->weights, call->job, call->labels, &sum, &distinct, err);
    if (status == COVEY_OK && inertia != NULL)
        *inertia = sum;
    covey_model_free(model);
    return status;
}

covey_status cvi_stream_learn(covey_stream *stream, const cvi_fit_call *call, covey_random *random, double *inertia,
                              covey_error *err)
{
    cvi_frame frame;
    cvi_rows rows;
    cvi_arena small = {0}, arena = {0};
    covey_status status = batch_frame(call, &frame, &rows, &small, err);
    if (status != COVEY_OK)
        return status;
    const cvi_problem problem = {.kernels = call->kernels, .rows = &rows, .frame = &frame, .job = call->job, .k = stream->k, .passes = 1};
    const cvi_strategy *strategy = cvi_plan_strategy(&problem, SIZE_MAX, err);
    cvi_trainer trainer = {0};
    if (strategy == NULL)
        status = COVEY_ERR_UNSUPPORTED;
    if (status == COVEY_OK) {
        cvi_trainer_take(&trainer, &problem, strategy, rows.n, &arena);
        status = cvi_arena_allocate(&arena, call->job->run.allocator, call->job->run.memory_limit, err);
    }
    if (status == COVEY_OK) {
        cvi_step step;
        cvi_trainer_take(&trainer, &problem, strategy, rows.n, &arena);
        memcpy(trainer.centers, stream->centers, (size_t)(stream->k * stream->d) * sizeof(double));
        memcpy(trainer.counts, stream->counts, (size_t)stream->k * sizeof(double));
        int64_t since = stream->since;
        const bool due = cvi_trainer_due(&trainer, stream->batch_size, &since);
        if (cvi_trainer_step(&trainer, due, stream->reassignment_ratio, random, &step)) {
            stream->since = since;
            publish(stream, trainer.centers);
            memcpy(stream->counts, trainer.counts, (size_t)stream->k * sizeof(double));
            if (call->labels != NULL || inertia != NULL)
                status = label(stream, call, frame.mean, inertia, err);
        } else {
            status = cvi_job_stopped(call->job, err);
        }
    }
    cvi_arena_release(&arena);
    cvi_arena_release(&small);
    return status;
}
