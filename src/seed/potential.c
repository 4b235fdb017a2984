#include "seed/potential.h"

#include "base/exact.h"

#include <math.h>

void cvi_potential_magic(double largest, int64_t n, double *magic)
{
    int exponent = -1022;
    if (largest > 0)
        frexp(largest, &exponent);
    cvi_grid_magic(exponent, n, CVI_POTENTIAL_LEVELS, magic);
}

double cvi_potential_value(const uint64_t *q, const double *magic, int64_t count)
{
    return cvi_grid_value_two(q, magic, 1, count);
}

double cvi_running_value(const cvi_running *running, int64_t b)
{
    const int64_t rows = b * CVI_POTENTIAL_BLOCK;
    return cvi_potential_value(running->prefix + CVI_POTENTIAL_LEVELS * b, running->magic,
                               rows < running->n ? rows : running->n);
}

int64_t cvi_running_find(const cvi_running *running, double v)
{
    int64_t low = 0, high = cvi_potential_blocks(running->n) - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (cvi_running_value(running, middle + 1) >= v)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int64_t cvi_running_row(const cvi_running *running, int64_t b, const double *value, int64_t count, double v)
{
    const int64_t start = b * CVI_POTENTIAL_BLOCK;
    uint64_t q[CVI_POTENTIAL_BLOCK][CVI_POTENTIAL_LEVELS]; /* running sums inside the block */
    uint64_t sum[CVI_POTENTIAL_LEVELS];
    memcpy(sum, running->prefix + CVI_POTENTIAL_LEVELS * b, sizeof sum);
    for (int64_t i = 0; i < count; i++) {
        cvi_potential_add(value[i], running->magic, sum);
        memcpy(q[i], sum, sizeof sum);
    }
    int64_t low = 0, high = count - 1; /* they never fall: an addend on the grid is not negative */
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (cvi_potential_value(q[middle], running->magic, start + middle + 1) >= v)
            high = middle;
        else
            low = middle + 1;
    }
    return start + low;
}
