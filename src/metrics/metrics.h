/*
 * Scores of a clustering from the rows and their labels.  Distances are the published ones (direct form,
 * features in order), sums have a fixed order: nothing depends on threads or instruction set.
 */
#ifndef CVI_METRICS_METRICS_H
#define CVI_METRICS_METRICS_H

#include "base/job.h"
#include "data/rows.h"

/* What is scored, and how the work runs. x and the labels [n] in [0, k) have been checked. */
typedef struct cvi_scored {
    const covey_matrix *x;
    const int32_t *labels;
    int64_t k;
    const cvi_kernels *kernels;
    cvi_job *job;
} cvi_scored;

/* The rows sorted by label: cluster j has the rows order[start[j]] .. order[start[j + 1] - 1], in ascending
 * order. */
typedef struct cvi_members {
    int64_t *order; /* [n] */
    int64_t *start; /* [k + 1] */
    int64_t used;   /* clusters that have rows */
} cvi_members;

void cvi_members_take(cvi_members *members, int64_t n, int64_t k, cvi_arena *arena);
/* Fill members; _ARGUMENT unless 2 to n - 1 clusters have rows. */
covey_status cvi_members_sort(cvi_members *members, const cvi_scored *scored, covey_error *err);

/* samples [n] or NULL, mean or NULL. */
covey_status cvi_silhouette(const cvi_scored *scored, double *samples, double *mean, covey_error *err);
covey_status cvi_calinski_harabasz(const cvi_scored *scored, double *out, covey_error *err);
covey_status cvi_davies_bouldin(const cvi_scored *scored, double *out, covey_error *err);

#endif
