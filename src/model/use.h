/* Using a model on checked rows: predict, transform, score. */
#ifndef CVI_MODEL_USE_H
#define CVI_MODEL_USE_H

#include "base/job.h"
#include "data/rows.h"
#include "model/model.h"

/* labels [n], sqdist [n] or NULL. */
covey_status cvi_model_assign(const covey_model *model, const cvi_kernels *kernels, const covey_matrix *x, cvi_job *job,
                              int32_t *labels, double *sqdist, covey_error *err);
covey_status cvi_model_distances(const covey_model *model, const cvi_kernels *kernels, const covey_matrix *x, cvi_job *job,
                                 void *out, bool as_float32, covey_error *err);
/* Weighted sum of squared distances to the centers of labels; labels NULL: the nearest. */
covey_status cvi_model_sum(const covey_model *model, const cvi_kernels *kernels, const covey_matrix *x, const double *weights,
                           const int32_t *labels, cvi_job *job, double *out, covey_error *err);

/* Labels (copied to labels [n] if not NULL), their weighted inertia, and how many are in use: what a fit publishes. */
covey_status cvi_model_label(const covey_model *model, const cvi_kernels *kernels, const covey_matrix *x, const double *weights,
                             cvi_job *job, int32_t *labels, double *inertia, int64_t *n_distinct, covey_error *err);

#endif
