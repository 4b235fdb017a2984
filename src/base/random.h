/*
 * NumPy's legacy RandomState: the Mersenne Twister of M. Matsumoto & T. Nishimura (ACM TOMACS 8, 1998) and
 * the derived draws in NumPy's order, bit for bit. The public covey_random_* are these functions.
 */
#ifndef CVI_BASE_RANDOM_H
#define CVI_BASE_RANDOM_H

#include "covey/progress.h"
#include "covey/random.h"

#include <stdint.h>

void cvi_random_seed(covey_random *random, uint32_t seed);
uint32_t cvi_random_word(covey_random *random);
/* Two words, the first one high. */
uint64_t cvi_random_word64(covey_random *random);
double cvi_random_double(covey_random *random);
/* The next n doubles into out [n]. */
void cvi_random_doubles(covey_random *random, int64_t n, double *out);
/* Pass over the next n doubles. */
void cvi_random_skip(covey_random *random, int64_t n);
double cvi_random_normal(covey_random *random);
/* Uniform in [0, max] by masked rejection; max = 0 draws nothing. */
uint64_t cvi_random_below(covey_random *random, uint64_t max);
/* binomial(n, p), 0 <= p <= 1. */
int64_t cvi_random_binomial(covey_random *random, int64_t n, double p);
void cvi_random_multinomial(covey_random *random, int64_t n, const double *p, int64_t size, int64_t *out);
void cvi_random_permutation(covey_random *random, int64_t n, int64_t *out);
void cvi_random_shuffle(covey_random *random, int64_t n, int64_t *items);

/* The running sum of p [n] divided by its last value, as NumPy's choice forms it; cdf may be p. */
void cvi_random_cdf(int64_t n, const double *p, double *cdf);
/* How many of cdf [n] (ascending) are <= u: the index that choice draws. */
int64_t cvi_random_locate(int64_t n, const double *cdf, double u);
/* choice(n, size, replace, p); the caller's allocator serves the scratch memory. */
covey_status cvi_random_choice(covey_random *random, int64_t n, int64_t size, int replace, const double *p,
                               int64_t *out, const covey_allocator *allocator, covey_error *err);

#endif
