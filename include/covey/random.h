/**
 * @file random.h
 * NumPy's legacy RandomState, bit for bit, and the sample data sets drawn from it.
 * Source of the rules: M. Matsumoto & T. Nishimura, "Mersenne Twister", ACM TOMACS 8 (1998); NumPy's documented
 * RandomState, whose stream is frozen.
 */
#ifndef COVEY_RANDOM_H
#define COVEY_RANDOM_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A generator. A plain struct, so that it can be copied, stored and exchanged with numpy's get_state/set_state. */
typedef struct covey_random {
    uint32_t key[624];
    int32_t pos;       /**< words of key already used, 0..624 */
    int32_t has_gauss; /**< 1 if gauss holds the second value of the last normal pair */
    double gauss;
} covey_random;

/** RandomState(seed), 0 <= seed < 2^32. */
COVEY_API void covey_random_seed(covey_random *random, uint32_t seed);
/** The next 32 random bits. */
COVEY_API uint32_t covey_random_word(covey_random *random);
/** random_sample(): uniform in [0, 1), 53 bits. */
COVEY_API double covey_random_double(covey_random *random);
/** uniform(low, high). */
COVEY_API double covey_random_uniform(covey_random *random, double low, double high);
/** standard_normal(), polar method with its cached second value. */
COVEY_API double covey_random_normal(covey_random *random);
/** randint(low, high) with the default dtype int64; low < high. */
COVEY_API int64_t covey_random_int(covey_random *random, int64_t low, int64_t high);
/** permutation(n) into out [n]. */
COVEY_API void covey_random_permutation(covey_random *random, int64_t n, int64_t *out);
/** shuffle(items) in place, items [n]. */
COVEY_API void covey_random_shuffle(covey_random *random, int64_t n, int64_t *items);
/**
 * choice(n, size, replace, p) into out [size].
 * @param p       [n] probabilities that sum to 1, or NULL for uniform
 * @param replace 1 with, 0 without replacement
 * @return COVEY_OK; _ARGUMENT if size > n without replacement, p does not sum to 1 or is negative, or fewer than size
 *         entries of p are positive; _MEMORY
 */
COVEY_API covey_status covey_random_choice(covey_random *random, int64_t n, int64_t size, int replace, const double *p,
                                           int64_t *out, covey_error *err) COVEY_MUST_USE;
/** multinomial(n, p) into out [size]. */
COVEY_API void covey_random_multinomial(covey_random *random, int64_t n, const double *p, int64_t size, int64_t *out);

/**
 * scikit-learn's make_blobs: isotropic Gaussian blobs.
 * @param n          rows, dealt evenly to the centers
 * @param d          features
 * @param k          centers
 * @param centers    [k, d] or NULL: then drawn uniformly from the box
 * @param stds       [k] standard deviations, or NULL for 1
 * @param box        [2] low and high end of the box, or NULL for -10, 10
 * @param shuffle    1 to shuffle the rows
 * @param out_x      out [n, d]
 * @param out_labels out [n] or NULL: the center of each row
 * @return COVEY_OK, _ARGUMENT or _MEMORY
 */
COVEY_API covey_status covey_make_blobs(covey_random *random, int64_t n, int64_t d, int64_t k, const double *centers,
                                        const double *stds, const double *box, int shuffle, double *out_x,
                                        int64_t *out_labels, covey_error *err) COVEY_MUST_USE;
/** scikit-learn's make_moons into out_x [n, 2], out_labels [n] or NULL. noise < 0: no noise is drawn. */
COVEY_API covey_status covey_make_moons(covey_random *random, int64_t n, int shuffle, double noise, double *out_x,
                                        int64_t *out_labels, covey_error *err) COVEY_MUST_USE;
/** scikit-learn's make_circles into out_x [n, 2]; 0 <= factor < 1. noise < 0: no noise is drawn. */
COVEY_API covey_status covey_make_circles(covey_random *random, int64_t n, int shuffle, double noise, double factor,
                                          double *out_x, int64_t *out_labels, covey_error *err) COVEY_MUST_USE;

#ifdef __cplusplus
}
#endif
#endif
