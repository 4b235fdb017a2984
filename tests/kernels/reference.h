/* The exact kernels written once more, one operation at a time, from docs/numerics.md; slow and obvious. */
#ifndef TESTS_KERNELS_REFERENCE_H
#define TESTS_KERNELS_REFERENCE_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* -0.5 .. 0.5, the same sequence in every run. */
static inline double ref_uniform(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53 - 0.5;
}

static inline double ref_sqnorm(const double *c, int64_t d)
{
    volatile double lane[2] = {0, 0};
    int64_t f = 0;
    for (; f + 8 <= d; f += 8)
        for (int64_t b = 3; b >= 0; b--)
            for (int64_t l = 0; l < 2; l++) {
                volatile double square = c[f + 2 * b + l] * c[f + 2 * b + l];
                lane[l] = square + lane[l];
            }
    for (; f < d; f++) {
        volatile double square = c[f] * c[f];
        lane[f % 2] = square + lane[f % 2];
    }
    return lane[0] + lane[1];
}

static inline double ref_score(const double *x, const double *c, double sqnorm, int64_t d, int64_t stride)
{
    volatile double score = sqnorm;
    int64_t f = 0;
    while (f < d) {
        const int64_t left = d - f;
        int64_t n = left;
        if (left >= 512)
            n = 256;
        else if (left > 256)
            n = (left / 2 + left % 2 + 3) / 4 * 4;
        double acc = 0;
        for (int64_t i = 0; i < n; i++, f++)
            acc = fma(x[f], c[f * stride], acc);
        volatile double twice = -2.0 * acc;
        score = score + twice;
    }
    return score;
}

static inline int32_t ref_nearest(const double *x, const double *panels, const double *sqnorm, int64_t k, int64_t d, double *score)
{
    int32_t at = 0;
    double best = INFINITY;
    for (int64_t j = 0; j < k; j++) {
        const double s = ref_score(x, panels + j / 8 * d * 8 + j % 8, sqnorm[j], d, 8);
        if (s < best) {
            best = s;
            at = (int32_t)j;
        }
    }
    if (score != NULL)
        *score = best;
    return at;
}

static inline void ref_pack64(const double *centers, int64_t k, int64_t d, double *panels, double *sqnorm)
{
    for (int64_t j = 0; j < (k + 7) / 8 * 8; j++) {
        for (int64_t f = 0; f < d; f++)
            panels[(j / 8 * d + f) * 8 + j % 8] = j < k ? centers[j * d + f] : 0;
        sqnorm[j] = j < k ? ref_sqnorm(centers + j * d, d) : INFINITY;
    }
}

#endif
