/**
 * @file metrics.h
 * Scores of a clustering. labels [n] lie in [0, k).
 */
#ifndef COVEY_METRICS_H
#define COVEY_METRICS_H

#include "matrix.h"
#include "progress.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Silhouette of every row (Rousseeuw 1987), Euclidean distance.
 * @param k   number of labels; 2 <= labels in use <= n - 1
 * @param out out [n], in [-1, 1]; 0 for a cluster of one row
 * Time O(n^2 d); memory O(n + k) a thread.
 */
COVEY_API covey_status covey_silhouette_samples(const covey_matrix *x, const int32_t *labels, int64_t k, const covey_run *run,
                                                double *out, covey_error *err) COVEY_MUST_USE;
/** Mean silhouette, see covey_silhouette_samples. */
COVEY_API covey_status covey_silhouette_score(const covey_matrix *x, const int32_t *labels, int64_t k, const covey_run *run,
                                              double *out, covey_error *err) COVEY_MUST_USE;
/** Calinski & Harabasz 1974: variance ratio; 1.0 if the clusters have no spread. */
COVEY_API covey_status covey_calinski_harabasz(const covey_matrix *x, const int32_t *labels, int64_t k, const covey_run *run,
                                               double *out, covey_error *err) COVEY_MUST_USE;
/** Davies & Bouldin 1979; 0.0 if all spreads or all center distances are about 0. */
COVEY_API covey_status covey_davies_bouldin(const covey_matrix *x, const int32_t *labels, int64_t k, const covey_run *run,
                                            double *out, covey_error *err) COVEY_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
