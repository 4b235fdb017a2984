/* Mini-batch k-means over batches that the caller brings one by one (partial_fit). */
#ifndef CVI_FIT_STREAM_H
#define CVI_FIT_STREAM_H

#include "fit/minibatch.h"

struct covey_stream {
    int64_t k, d, since, batch_size;
    double reassignment_ratio;
    covey_dtype center_dtype;
    double *centers; /* [k][d] published */
    double *counts;  /* [k] */
};

/* An empty stream; free it with covey_stream_free. */
covey_status cvi_stream_make(const covey_fit_options *options, int64_t d, covey_stream **out, covey_error *err);

/* Initial centers from the first batch. */
covey_status cvi_stream_start(covey_stream *stream, const cvi_fit_call *call, covey_error *err);

/* One step; call->x and call->weights are the batch, call->labels and inertia may be NULL. */
covey_status cvi_stream_learn(covey_stream *stream, const cvi_fit_call *call, covey_random *random, double *inertia,
                              covey_error *err);

#endif
