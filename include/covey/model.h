/**
 * @file model.h
 * Fit a clustering, and use it: predict, transform, score, getters.
 *
 * A fitted model never changes: threads may share it, and the pointers that getters return live as long as it does.
 * The same input and options give the same bits for any thread count, instruction set and plan.
 */
#ifndef COVEY_MODEL_H
#define COVEY_MODEL_H

#include "matrix.h"
#include "options.h"
#include "progress.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Changes whenever a new release gives other labels, centers or draws for the same input; models carry it. */
#define COVEY_ALGORITHM_VERSION 1

typedef struct covey_model covey_model;

typedef enum covey_stop {
    COVEY_STOP_STRICT = 1,   /**< no label changed */
    COVEY_STOP_TOL = 2,      /**< the centers moved less than the tolerance */
    COVEY_STOP_MAX_ITER = 3,
    COVEY_STOP_CANCELLED = 4, /**< by the progress callback; the best complete state so far is the result */
    COVEY_STOP_TIME = 5,      /**< time_limit; likewise */
    COVEY_STOP_NO_IMPROVEMENT = 6 /**< mini-batch */
} covey_stop;

/** Facts about a fit. size is set by the caller (covey_report_init); fields beyond it are not written. */
typedef struct covey_report {
    size_t size;
    covey_stop stop_reason;
    int32_t converged;       /**< 1 if stop_reason is STRICT, TOL or NO_IMPROVEMENT */
    int64_t n_iter;          /**< iterations of the chosen run (mini-batch: epochs, rounded up) */
    int64_t n_steps;         /**< mini-batch: steps run */
    int64_t n_init;          /**< runs made */
    int64_t best_run;        /**< the chosen one, from 0 */
    int64_t n_relocations;   /**< empty clusters refilled, chosen run */
    int64_t n_distinct;      /**< different labels in the result */
    int64_t n_duplicate_centers; /**< given centers that repeat an earlier one */
    double inertia;          /**< sum of weight * squared distance to the published center, squared units of x */
    double total_ss;         /**< the same to the weighted mean: 1 - inertia / total_ss is the share of variance explained */
    double shift_sq;         /**< last sum of squared center moves, chosen run */
    double tol;              /**< the scaled tolerance that shift_sq was compared with */
    uint32_t seed;
    int32_t threads;         /**< workers that ran, the caller included */
    char isa[16];
    char plan[32];           /**< the path that ran, e.g. "brute" */
    double seconds_check, seconds_seed, seconds_iterate, seconds_finish, seconds;
    int64_t n_distances;     /**< row-to-center evaluations made, of n k per pass */
    int64_t n_distances_full; /**< what the plain algorithm would have made */
    int64_t n_repaired;      /**< rows whose label the canonical score had to decide */
    size_t bytes_planned;    /**< memory stated before the work started */
    size_t bytes_peak;       /**< memory taken */
    char note[256];          /**< what the plan chose and why, one line */
} covey_report;
#define covey_report_init(report) ((report)->size = sizeof(covey_report))

/**
 * Cluster the rows of x.
 * @param x       [n, d], finite, |x| <= 1e150
 * @param weights [n] non-negative, finite, not all zero; or NULL for 1
 * @param options NULL: defaults (k = 8)
 * @param run     NULL: defaults
 * @param labels  out [n] or NULL: the nearest center of every row; ties go to the lower label
 * @param report  out or NULL
 * @param out     out: the model; free it with covey_model_free. NULL on failure
 * @return COVEY_OK (also when stopped by request or time limit after a complete state: see report->stop_reason), or
 *         _ARGUMENT, _SHAPE, _DTYPE, _NONFINITE, _FORMAT, _MEMORY, _LIMIT, _CANCELLED
 * Time O(n k d) an iteration; extra memory O(n + k d) plus the accelerator budget.
 */
COVEY_API covey_status covey_model_fit(const covey_matrix *x, const double *weights, const covey_fit_options *options,
                                       const covey_run *run, int32_t *labels, covey_report *report, covey_model **out,
                                       covey_error *err) COVEY_MUST_USE;

/** The memory that a fit will take beyond the input, in bytes, computed before any work. */
COVEY_API covey_status covey_model_fit_bytes(const covey_matrix *x, const double *weights, const covey_fit_options *options,
                                             const covey_run *run, size_t *out_bytes, covey_error *err) COVEY_MUST_USE;

/**
 * A model from bare centers, as a file or another program holds them.
 * @param centers      [k, d] dense, finite
 * @param mean         [d] the origin in which scores are formed, or NULL: the mean of the centers
 * @param center_dtype FLOAT64 or FLOAT32: the type that the centers came from (they are rounded to it)
 */
COVEY_API covey_status covey_model_from_centers(const covey_matrix *centers, const double *mean, covey_dtype center_dtype,
                                                covey_model **out, covey_error *err) COVEY_MUST_USE;

/** Give a model the tree of a bisecting fit: see covey_model_tree. */
COVEY_API covey_status covey_model_from_tree(const covey_matrix *centers, const double *mean, covey_dtype center_dtype,
                                             int64_t n_nodes, const double *node_centers, const int32_t *children,
                                             covey_model **out, covey_error *err) COVEY_MUST_USE;

/** Free a model; NULL is fine. */
COVEY_API void covey_model_free(covey_model *model);

COVEY_API int64_t covey_model_n_clusters(const covey_model *model);
COVEY_API int64_t covey_model_n_features(const covey_model *model);
/** @return [k, d] float64, C order, in the data's coordinates. */
COVEY_API const double *covey_model_centers(const covey_model *model);
/** @return [d] the origin in which scores are formed. */
COVEY_API const double *covey_model_mean(const covey_model *model);
COVEY_API covey_dtype covey_model_center_dtype(const covey_model *model);
/**
 * The tree of a bisecting model. Node 0 is the root; children [n_nodes, 2] holds the left and right child, or -1 and
 * the label (a leaf); node_centers [n_nodes, d] float64.
 * @return the number of nodes, 0 for a model without a tree (out pointers are then untouched)
 */
COVEY_API int64_t covey_model_tree(const covey_model *model, const double **node_centers, const int32_t **children);

/**
 * What a mini-batch fit hands on to covey_stream_resume.
 * @param counts out: [k] the weight seen by each center; lives as long as the model
 * @param since  out: rows seen since the last reassignment
 * @return 1, or 0 for a model of another algorithm (the out pointers are then untouched)
 */
COVEY_API int covey_model_counts(const covey_model *model, const double **counts, int64_t *since);

/**
 * Assign every row of x to its nearest center (a bisecting model: down its tree).
 * @param model   may be shared between threads
 * @param x       [n, d], d as in the model
 * @param labels  out [n], each in [0, k); ties go to the lower label
 * @param sqdist  out [n] or NULL: squared Euclidean distance to the center of that label, squared units of x
 * @return COVEY_OK or _SHAPE, _DTYPE, _NONFINITE, _FORMAT, _MEMORY; then labels and sqdist are untouched
 * Time O(n k d); extra memory a block per thread.
 */
COVEY_API covey_status covey_model_predict(const covey_model *model, const covey_matrix *x, const covey_run *run,
                                           int32_t *labels, double *sqdist, covey_error *err) COVEY_MUST_USE;

/**
 * Distance of every row to every center.
 * @param out       out [n, k], C order, true (not squared) Euclidean distance
 * @param out_dtype FLOAT64 or FLOAT32
 */
COVEY_API covey_status covey_model_transform(const covey_model *model, const covey_matrix *x, const covey_run *run, void *out,
                                             covey_dtype out_dtype, covey_error *err) COVEY_MUST_USE;

/**
 * Score: minus the weighted sum of squared distances of the rows to their nearest centers.
 * @param weights [n] or NULL for 1
 * @param out     out: the score, <= 0, squared units of x
 */
COVEY_API covey_status covey_model_score(const covey_model *model, const covey_matrix *x, const double *weights,
                                         const covey_run *run, double *out, covey_error *err) COVEY_MUST_USE;

/**
 * Weighted sum of squared distances of rows to the centers of given labels.
 * @param labels [n], each in [0, k)
 */
COVEY_API covey_status covey_model_inertia(const covey_model *model, const covey_matrix *x, const double *weights,
                                           const int32_t *labels, const covey_run *run, double *out,
                                           covey_error *err) COVEY_MUST_USE;

/**
 * Greedy k-means++ alone: the rows that scikit-learn's kmeans_plusplus picks.
 * @param n_local_trials candidates a step; 0: 2 + floor(ln k)
 * @param random         advanced by 1 + (k - 1) * trials doubles
 * @param indices        out [k]
 */
COVEY_API covey_status covey_seed_plusplus(const covey_matrix *x, const double *weights, int64_t k, int64_t n_local_trials,
                                           covey_random *random, const covey_run *run, int64_t *indices,
                                           covey_error *err) COVEY_MUST_USE;

/** A mini-batch clustering that learns batch by batch (partial_fit). One thread at a time. */
typedef struct covey_stream covey_stream;

/** Start from the first batch x: draws the initial centers from it. options->algorithm must be MINIBATCH. */
COVEY_API covey_status covey_stream_create(const covey_matrix *x, const double *weights, const covey_fit_options *options,
                                           const covey_run *run, covey_stream **out, covey_error *err) COVEY_MUST_USE;
/**
 * Resume from published centers.
 * @param centers [k, d]; counts [k] weight seen by each center; since: rows seen since the last reassignment
 */
COVEY_API covey_status covey_stream_resume(const covey_matrix *centers, const double *counts, int64_t since,
                                           const covey_fit_options *options, covey_stream **out,
                                           covey_error *err) COVEY_MUST_USE;
/**
 * One step on the whole of x.
 * @param random  the generator, used only for reassignment
 * @param labels  out [n] or NULL: labels of x under the new centers;  inertia: out or NULL, likewise
 */
COVEY_API covey_status covey_stream_step(covey_stream *stream, const covey_matrix *x, const double *weights,
                                         covey_random *random, const covey_run *run, int32_t *labels, double *inertia,
                                         covey_error *err) COVEY_MUST_USE;
/** @return [k, d] the present centers; valid until the next step. */
COVEY_API const double *covey_stream_centers(const covey_stream *stream);
/** @return [k] the weight seen by each center; valid until the next step. */
COVEY_API const double *covey_stream_counts(const covey_stream *stream);
COVEY_API int64_t covey_stream_since(const covey_stream *stream);
COVEY_API void covey_stream_free(covey_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
