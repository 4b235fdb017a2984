#include "seed/potential.h"

#include "base/exact.h"

#include <math.h>

void cvi_potential_magic(double largest, int64_t n, double *magic)
{
    int exponent = -1022;
    if (largest >= 0x1p-1022)
        exponent = cvi_exponent_bits(largest) - 1022; /* largest < 2^exponent */
    else if (largest > 0)
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

/* Ready the search: least is v less half the way to the number before it, in units of the lower level. */
static void aim(cvi_search *search, const cvi_running *running, double v)
{
    enum { MANTISSA = 52, ROOM = 9 }; /* a level's sum is below 2^62 */
    const uint64_t leading = (uint64_t)1 << MANTISSA;
    uint64_t bits;
    memcpy(search->none, running->magic, sizeof search->none);
    memcpy(&bits, &v, sizeof bits);
    const int unit = (int)(search->none[1] >> MANTISSA), shift = (int)(bits >> MANTISSA) - unit;
    search->gap = (int)(search->none[0] >> MANTISSA) - unit;
    search->v = v;
    search->magic = running->magic;
    search->simple = v > 0 && shift >= 2 && shift - search->gap <= ROOM && search->gap > 0 && search->gap < 60;
    if (!search->simple)
        return;
    const uint64_t mantissa = (bits & (leading - 1)) | leading;
    const int half = mantissa == leading ? shift - 2 : shift - 1; /* below a power of two numbers lie twice as dense */
    const unsigned __int128 least = ((unsigned __int128)mantissa << shift) - ((unsigned __int128)1 << half) + (mantissa & 1);
    search->least[0] = (uint64_t)(least >> search->gap);
    search->least[1] = (uint64_t)least & (((uint64_t)1 << search->gap) - 1);
}

bool cvi_search_rounds_to(const cvi_search *s, uint64_t upper, uint64_t lower, int64_t count)
{
    const uint64_t q[CVI_POTENTIAL_LEVELS] = {upper + (uint64_t)count * s->none[0], lower + (uint64_t)count * s->none[1]};
    return cvi_potential_value(q, s->magic, count) >= s->v;
}

/* Pass the blocks before b. */
static void stand_at(cvi_search *search, const cvi_running *running, int64_t b)
{
    search->passed = b * CVI_POTENTIAL_BLOCK;
    for (int l = 0; l < CVI_POTENTIAL_LEVELS; l++)
        search->sum[l] = running->prefix[CVI_POTENTIAL_LEVELS * b + l] - (uint64_t)search->passed * search->none[l];
}

int64_t cvi_search_blocks(cvi_search *search, const cvi_running *running, double v)
{
    int64_t low = 0;
    aim(search, running, v);
    for (int64_t left = cvi_potential_blocks(running->n); left > 1;) { /* low .. low + left - 1 are open */
        const int64_t half = left / 2, end = (low + half) * CVI_POTENTIAL_BLOCK; /* before the last of them: not the last row */
        const uint64_t *q = running->prefix + CVI_POTENTIAL_LEVELS * (low + half);
        const uint64_t upper = q[0] - (uint64_t)end * search->none[0], lower = q[1] - (uint64_t)end * search->none[1];
        if (search->simple) /* nobody could foresee a branch here */
            low += half & (cvi_search_beyond(search, upper, lower) >> 63);
        else
            low += cvi_search_rounds_to(search, upper, lower, end) ? 0 : half;
        left -= half;
    }
    stand_at(search, running, low);
    return low;
}

int64_t cvi_running_find(const cvi_running *running, double v)
{
    cvi_search search;
    return cvi_search_blocks(&search, running, v);
}

/* Pass rows i, i + 1, ... of the count by steps of `step`, but for the last; returns the row to look at next. */
static int64_t pass_rows(cvi_search *search, const double *value, int64_t i, int64_t count, int64_t step)
{
    for (; i + step < count; i += step) {
        uint64_t q[CVI_POTENTIAL_LEVELS] = {0};
        for (int64_t r = i; r < i + step; r++)
            cvi_potential_add(value[r], search->magic, q);
        if (!cvi_search_pass(search, q, step))
            break;
    }
    return i;
}

int64_t cvi_running_row(const cvi_running *running, int64_t b, const double *value, int64_t count, double v)
{
    cvi_search search;
    aim(&search, running, v);
    stand_at(&search, running, b);
    const int64_t i = pass_rows(&search, value, 0, count, 8);
    return b * CVI_POTENTIAL_BLOCK + pass_rows(&search, value, i, count, 1);
}
