/**
 * @file options.h
 * What to compute: the options of a fit.
 */
#ifndef COVEY_OPTIONS_H
#define COVEY_OPTIONS_H

#include "matrix.h"
#include "random.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum covey_algorithm {
    COVEY_ALGORITHM_KMEANS = 1, /**< exact k-means (Lloyd 1982); every path gives the same bits */
    COVEY_ALGORITHM_MINIBATCH = 2,
    COVEY_ALGORITHM_BISECTING = 3,
    COVEY_ALGORITHM_OPTIMAL = 4 /**< one feature: the smallest inertia that k clusters can have, by dynamic programming;
                                     init, n_init, max_iter, tol and seed mean nothing here */
} covey_algorithm;

typedef enum covey_seed {
    COVEY_SEED_PLUSPLUS = 1, /**< greedy k-means++ (Arthur & Vassilvitskii 2007), scikit-learn's draws */
    COVEY_SEED_RANDOM = 2,   /**< k rows without replacement, by weight */
    COVEY_SEED_GIVEN = 3,    /**< options.centers */
    COVEY_SEED_CALLBACK = 4, /**< options.seed_fn */
    COVEY_SEED_PARALLEL = 5, /**< k-means|| (Bahmani et al. 2012): a few rounds of many rows each, then k-means++ on them */
    COVEY_SEED_D2 = 6        /**< plain k-means++, one draw a pick with exactly the D^2 distribution, by rejection */
} covey_seed;

typedef enum covey_frame {
    COVEY_FRAME_DATA = 0,    /**< centers in the data's own coordinates */
    COVEY_FRAME_CENTERED = 1 /**< centers already have the data's mean subtracted */
} covey_frame;

typedef enum covey_bisect { COVEY_BISECT_INERTIA = 1, COVEY_BISECT_LARGEST = 2 } covey_bisect;

/**
 * Choose initial centers.
 * @param random  the fit's generator; draws advance it
 * @param run     restart, from 0
 * @param rows    bisecting: [n_rows] the rows of x being split; otherwise NULL with n_rows = n.
 *                mini-batch: the rows of the initial sample
 * @param centers out [k, d] float64, in the frame that options.frame says
 * @return 0, or anything else to stop the fit (COVEY_ERR_CANCELLED)
 */
typedef int (*covey_seed_fn)(void *user, covey_random *random, int64_t run, const int64_t *rows, int64_t n_rows, int64_t k,
                             int64_t d, double *centers);

/** Options of a fit. Set by covey_fit_options_init, then change fields. */
typedef struct covey_fit_options {
    size_t size; /**< set by covey_fit_options_init */
    covey_algorithm algorithm;
    int64_t n_clusters;          /**< k, 1..n; default 8 */
    covey_seed init;             /**< default COVEY_SEED_PLUSPLUS */
    const covey_matrix *centers; /**< COVEY_SEED_GIVEN: [k, d] dense */
    covey_seed_fn seed_fn;       /**< COVEY_SEED_CALLBACK */
    void *seed_user;
    covey_frame frame;           /**< of centers and of what seed_fn writes */
    int64_t n_local_trials;      /**< k-means++ candidates a step; 0: 2 + floor(ln k) */
    int64_t n_init;              /**< restarts; 0: 10 for random and callback (mini-batch: 3), else 1 */
    int64_t max_iter;            /**< default 300 (mini-batch: 100) */
    double tol;                  /**< default 1e-4 (mini-batch: 0), times the mean variance of the features */
    uint32_t seed;               /**< default 0 */
    covey_random *random;        /**< NULL: a generator from seed; else this one, advanced by the draws */
    covey_dtype center_dtype;    /**< FLOAT64 (default) or FLOAT32: what published centers are rounded to */
    /* mini-batch */
    int64_t batch_size;          /**< default 1024 */
    int64_t init_size;           /**< 0: scikit-learn's rule */
    int64_t max_no_improvement;  /**< default 10; -1: never */
    double reassignment_ratio;   /**< default 0.01 */
    int32_t compute_labels;      /**< default 1 */
    /* bisecting */
    covey_bisect bisect;         /**< default COVEY_BISECT_INERTIA */
    /* k-means|| */
    double oversampling;         /**< rows drawn in a round, as a multiple of k; 0: 2 */
    int64_t seed_rounds;         /**< rounds; 0: 5 (more are added until there are k candidates) */
} covey_fit_options;

/** Set all fields to their defaults for an algorithm. Use the macro: it passes the caller's sizeof. */
COVEY_API void covey_fit_options_init_sized(covey_fit_options *options, covey_algorithm algorithm, size_t size);
#define covey_fit_options_init(options, algorithm) \
    covey_fit_options_init_sized((options), (algorithm), sizeof(covey_fit_options))

#ifdef __cplusplus
}
#endif
#endif
