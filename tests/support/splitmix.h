/* Draws for tests that make thousands of cases, each from a seed that a failure prints (G. Steele, D. Lea, C. Flood, "Fast
 * splittable pseudorandom number generators", OOPSLA 2014): set `draw_state`, then draw. */
#ifndef COVEY_TESTS_SPLITMIX_H
#define COVEY_TESTS_SPLITMIX_H

#include <stdint.h>

static uint64_t draw_state;

static inline uint64_t draw(void)
{
    draw_state += 0x9e3779b97f4a7c15u;
    uint64_t z = draw_state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline int64_t below(int64_t n)
{
    return (int64_t)(draw() % (uint64_t)n);
}

/* In [0, 1). */
static inline double uniform(void)
{
    return (double)(draw() >> 11) * 0x1p-53;
}

/* Mean 0, variance 1. */
static inline double bell(void)
{
    double sum = -6;
    for (int i = 0; i < 12; i++)
        sum += uniform();
    return sum;
}

#endif
