/*
 * Potentials of k-means++: sums of squared distances to the nearest pick, exact (engine rule B), and their
 * running sums over the rows, in which a draw is looked up.
 */
#ifndef CVI_SEED_POTENTIAL_H
#define CVI_SEED_POTENTIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { CVI_POTENTIAL_BLOCK = 64, CVI_POTENTIAL_LEVELS = 2 };

/* The running sum at the ends of the blocks of rows. */
typedef struct cvi_running {
    uint64_t *prefix; /* [blocks + 1][2] */
    int64_t n;        /* rows */
    double magic[CVI_POTENTIAL_LEVELS];
} cvi_running;

static inline int64_t cvi_potential_blocks(int64_t n)
{
    return (n + CVI_POTENTIAL_BLOCK - 1) / CVI_POTENTIAL_BLOCK;
}

/* The grid for addends up to largest. */
void cvi_potential_magic(double largest, int64_t n, double *magic);

/* The sum of `count` addends held in q [2]. */
double cvi_potential_value(const uint64_t *q, const double *magic, int64_t count);

/* The running sum before block b, and of all rows (b = blocks). */
double cvi_running_value(const cvi_running *running, int64_t b);

/*
 * A search for the row at which the running sum reaches v.  Sums are compared before they are rounded: a sum of two levels
 * is a whole number of the lower level's units, and so is, unless v is tiny, the middle between v and the float64 before it.
 * Sums above it round to v or more, sums below it to less, and the middle itself goes to the even one of the two.
 */
typedef struct cvi_search {
    bool simple; /* false: v is tiny, sums are rounded and compared */
    int gap;     /* a unit of the upper level is 2^gap of the lower */
    uint64_t least[CVI_POTENTIAL_LEVELS]; /* the least sum that rounds to v or more, without the bits of zeros */
    uint64_t none[CVI_POTENTIAL_LEVELS]; /* the bits that an addend of 0 adds */
    uint64_t sum[CVI_POTENTIAL_LEVELS];  /* of the rows passed, without the bits of zeros */
    int64_t passed;                      /* rows */
    double v;
    const double *magic;
} cvi_search;

/* Pass all blocks at whose end the sum is below v, but for the last block; returns how many. */
int64_t cvi_search_blocks(cvi_search *search, const cvi_running *running, double v);

/* The same by rounding, for a tiny v. */
bool cvi_search_rounds_to(const cvi_search *search, uint64_t upper, uint64_t lower, int64_t count);

/* How far a sum, the levels without the bits of zeros, is beyond the least that reaches v, in whole units of the upper level: a shift
 * to the right rounds down, as a comparison with 0 wants it. For a simple search. */
static inline int64_t cvi_search_beyond(const cvi_search *search, uint64_t upper, uint64_t lower)
{
    return (int64_t)(upper - search->least[0]) + ((int64_t)(lower - search->least[1]) >> search->gap);
}

/* Is a sum of `count` addends, the levels without the bits of zeros, at least v? */
static inline bool cvi_search_reaches(const cvi_search *search, uint64_t upper, uint64_t lower, int64_t count)
{
    if (!search->simple)
        return cvi_search_rounds_to(search, upper, lower, count);
    return cvi_search_beyond(search, upper, lower) >= 0;
}

/* Pass the next `count` rows, whose addends' bits are q [2] in all, unless the sum behind them is at least v. */
static inline bool cvi_search_pass(cvi_search *search, const uint64_t *q, int64_t count)
{
    const uint64_t upper = search->sum[0] + q[0] - (uint64_t)count * search->none[0];
    const uint64_t lower = search->sum[1] + q[1] - (uint64_t)count * search->none[1];
    if (cvi_search_reaches(search, upper, lower, search->passed + count))
        return false;
    search->sum[0] = upper;
    search->sum[1] = lower;
    search->passed += count;
    return true;
}

/* The first block at whose end the running sum is at least v, or the last block. */
int64_t cvi_running_find(const cvi_running *running, double v);

/* The first of the count rows of block b, with addends value [count], at which the running sum is at least v;
 * the last row if there is none. A row of the whole. */
int64_t cvi_running_row(const cvi_running *running, int64_t b, const double *value, int64_t count, double v);

/* The bits of v on the grid. */
static inline void cvi_potential_bits(double v, const double *magic, uint64_t bits[CVI_POTENTIAL_LEVELS])
{
    const double high = v + magic[0];
    const double low = (v - (high - magic[0])) + magic[1];
    memcpy(&bits[0], &high, sizeof high);
    memcpy(&bits[1], &low, sizeof low);
}

static inline void cvi_potential_add(double v, const double *magic, uint64_t *q)
{
    uint64_t bits[CVI_POTENTIAL_LEVELS];
    cvi_potential_bits(v, magic, bits);
    q[0] += bits[0];
    q[1] += bits[1];
}

#endif
