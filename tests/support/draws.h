/* Draws for tests from the library's own generator: seed `random_state`, then draw. */
#ifndef COVEY_TESTS_DRAWS_H
#define COVEY_TESTS_DRAWS_H

#include "covey/random.h"

#include <stdint.h>

static covey_random random_state;

/* In [0, 1). */
static inline double uniform(void)
{
    return covey_random_double(&random_state);
}

static inline int64_t below(int64_t n)
{
    return (int64_t)(uniform() * (double)n);
}

#endif
