#include "base/random.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 624, AHEAD = 397 };

void cvi_random_seed(covey_random *random, uint32_t seed)
{
    uint32_t word = seed;
    for (uint32_t i = 0; i < WORDS; i++) {
        random->key[i] = word;
        word = 1812433253u * (word ^ (word >> 30)) + i + 1;
    }
    random->pos = WORDS;
    random->has_gauss = 0;
    random->gauss = 0;
}

static inline uint32_t twist(uint32_t high, uint32_t low)
{
    const uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);
    return (y >> 1) ^ ((0u - (y & 1u)) & 0x9908b0dfu);
}

static void next_block(covey_random *random)
{
    uint32_t *const key = random->key;
    for (int i = 0; i < WORDS - AHEAD; i++)
        key[i] = key[i + AHEAD] ^ twist(key[i], key[i + 1]);
    for (int i = WORDS - AHEAD; i < WORDS - 1; i++)
        key[i] = key[i + AHEAD - WORDS] ^ twist(key[i], key[i + 1]);
    key[WORDS - 1] = key[AHEAD - 1] ^ twist(key[WORDS - 1], key[0]);
    random->pos = 0;
}

static inline uint32_t temper(uint32_t y)
{
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

static inline double to_double(uint32_t first, uint32_t second)
{
    return ((double)(first >> 5) * 67108864.0 + (double)(second >> 6)) / 9007199254740992.0;
}

uint32_t cvi_random_word(covey_random *random)
{
    if (random->pos >= WORDS)
        next_block(random);
    return temper(random->key[random->pos++]);
}

uint64_t cvi_random_word64(covey_random *random)
{
    const uint64_t high = cvi_random_word(random);
    return high << 32 | cvi_random_word(random);
}

double cvi_random_double(covey_random *random)
{
    const uint32_t first = cvi_random_word(random);
    return to_double(first, cvi_random_word(random));
}

void cvi_random_doubles(covey_random *random, int64_t n, double *out)
{
    int64_t i = 0;
    while (i < n) {
        int64_t pairs = random->pos < WORDS ? (WORDS - random->pos) / 2 : 0;
        if (pairs == 0) { /* at a block's end, where the two words may lie in different blocks */
            out[i++] = cvi_random_double(random);
            continue;
        }
        if (pairs > n - i)
            pairs = n - i;
        const uint32_t *key = random->key + random->pos;
        for (int64_t p = 0; p < pairs; p++)
            out[i + p] = to_double(temper(key[2 * p]), temper(key[2 * p + 1]));
        random->pos += (int32_t)(2 * pairs);
        i += pairs;
    }
}

void cvi_random_skip(covey_random *random, int64_t n)
{
    for (int64_t words = 2 * n; words > 0;) {
        if (random->pos >= WORDS)
            next_block(random);
        const int64_t left = WORDS - random->pos, step = words < left ? words : left;
        random->pos += (int32_t)step;
        words -= step;
    }
}

/* G. Marsaglia's polar method. NumPy hands out the second value of a pair first. */
double cvi_random_normal(covey_random *random)
{
    if (random->has_gauss) {
        const double kept = random->gauss;
        random->has_gauss = 0;
        random->gauss = 0;
        return kept;
    }
    double a, b, sq;
    do {
        a = 2.0 * cvi_random_double(random) - 1.0;
        b = 2.0 * cvi_random_double(random) - 1.0;
        sq = a * a + b * b;
    } while (sq >= 1.0 || sq == 0.0);
    const double factor = sqrt(-2.0 * log(sq) / sq);
    random->gauss = factor * a;
    random->has_gauss = 1;
    return factor * b;
}

uint64_t cvi_random_below(covey_random *random, uint64_t max)
{
    if (max == 0)
        return 0;
    uint64_t mask = max;
    for (int shift = 1; shift < 64; shift *= 2)
        mask |= mask >> shift;
    uint64_t value;
    if (max <= 0xffffffffu) {
        do
            value = cvi_random_word(random) & mask;
        while (value > max);
    } else {
        do
            value = cvi_random_word64(random) & mask;
        while (value > max);
    }
    return value;
}

void cvi_random_shuffle(covey_random *random, int64_t n, int64_t *items)
{
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)cvi_random_below(random, (uint64_t)i);
        const int64_t item = items[j];
        items[j] = items[i];
        items[i] = item;
    }
}

void cvi_random_permutation(covey_random *random, int64_t n, int64_t *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = i;
    cvi_random_shuffle(random, n, out);
}

/* Walk up the distribution function; p n <= 30 keeps the first term far from underflow. A walk that passes
 * the bound, ten standard deviations above the mean, is a victim of rounding and starts again. */
static int64_t binomial_by_inversion(covey_random *random, int64_t n, double p)
{
    const double q = 1.0 - p;
    const double at_zero = exp((double)n * log(q));
    const double mean = (double)n * p;
    const double top = mean + 10.0 * sqrt(mean * q + 1);
    const int64_t bound = (double)n < top ? n : (int64_t)top;
    int64_t x = 0;
    double term = at_zero;
    double u = cvi_random_double(random);
    while (u > term) {
        x++;
        if (x > bound) {
            x = 0;
            term = at_zero;
            u = cvi_random_double(random);
        } else {
            u -= term;
            term = ((double)(n - x + 1) * p * term) / ((double)x * q);
        }
    }
    return x;
}

/* The hat of BTPE: a triangle, a parallelogram and two exponential tails around the mode. */
typedef struct btpe {
    double n, p, q, npq;
    double mode, middle, left, right, width; /* middle = mode + 1/2; the triangle spans middle +- width */
    double slope, rate_left, rate_right;
    double area_triangle, area_sides, area_left, area_all;
} btpe;

static void btpe_prepare(btpe *b, int64_t n, double p)
{
    b->n = (double)n;
    b->p = p;
    b->q = 1.0 - p;
    b->npq = b->n * p * b->q;
    const double peak = b->n * p + p;
    b->mode = floor(peak);
    b->width = floor(2.195 * sqrt(b->npq) - 4.6 * b->q) + 0.5;
    b->middle = b->mode + 0.5;
    b->left = b->middle - b->width;
    b->right = b->middle + b->width;
    b->slope = 0.134 + 20.5 / (15.3 + b->mode);
    double a = (peak - b->left) / (peak - b->left * p);
    b->rate_left = a * (1.0 + a / 2.0);
    a = (b->right - peak) / (b->right * b->q);
    b->rate_right = a * (1.0 + a / 2.0);
    b->area_triangle = b->width;
    b->area_sides = b->area_triangle * (1.0 + 2.0 * b->slope);
    b->area_left = b->area_sides + b->slope / b->rate_left;
    b->area_all = b->area_left + b->slope / b->rate_right;
}

/* One term of Stirling's correction, to the fifth order. */
static double stirling(double x)
{
    const double sq = x * x;
    return (13680. - (462. - (132. - (99. - 140. / sq) / sq) / sq) / sq) / x / 166320.;
}

/* Is v below the binomial density at y, relative to the mode? */
static bool btpe_accept(const btpe *b, double y, double v)
{
    const double k = fabs(y - b->mode);
    if (!(k > 20 && k < b->npq / 2.0 - 1)) { /* few factors: multiply them */
        const double s = b->p / b->q;
        const double a = s * (b->n + 1);
        double density = 1.0;
        for (double i = b->mode + 1; i <= y; i++)
            density *= a / i - s;
        for (double i = y + 1; i <= b->mode; i++)
            density /= a / i - s;
        return !(v > density);
    }
    const double rho = (k / b->npq) * ((k * (k / 3.0 + 0.625) + 0.16666666666666666) / b->npq + 0.5);
    const double t = -k * k / (2 * b->npq);
    const double log_v = log(v);
    if (log_v < t - rho)
        return true;
    if (log_v > t + rho)
        return false;
    const double x1 = y + 1, f1 = b->mode + 1, z = b->n + 1 - b->mode, w = b->n - y + 1;
    return !(log_v > b->middle * log(f1 / x1) + (b->n - b->mode + 0.5) * log(z / w) +
                         (y - b->mode) * log(w * b->p / (x1 * b->q)) + stirling(f1) + stirling(z) +
                         stirling(x1) + stirling(w));
}

/* V. Kachitvichyanukul & B. W. Schmeiser, "Binomial random variate generation", CACM 31 (1988). p <= 1/2. */
static int64_t binomial_by_btpe(covey_random *random, int64_t n, double p)
{
    btpe b;
    btpe_prepare(&b, n, p);
    for (;;) {
        const double u = cvi_random_double(random) * b.area_all;
        double v = cvi_random_double(random);
        double y;
        if (u <= b.area_triangle)
            return (int64_t)floor(b.middle - b.width * v + u);
        if (u <= b.area_sides) {
            const double x = b.left + (u - b.area_triangle) / b.slope;
            v = v * b.slope + 1.0 - fabs(b.mode - x + 0.5) / b.width;
            if (v > 1.0)
                continue;
            y = floor(x);
        } else if (u <= b.area_left) {
            y = floor(b.left + log(v) / b.rate_left);
            if (y < 0 || v == 0.0)
                continue;
            v = v * (u - b.area_sides) * b.rate_left;
        } else {
            y = floor(b.right - log(v) / b.rate_right);
            if (y > b.n || v == 0.0)
                continue;
            v = v * (u - b.area_left) * b.rate_right;
        }
        if (btpe_accept(&b, y, v))
            return (int64_t)y;
    }
}

static int64_t binomial_lower_half(covey_random *random, int64_t n, double p)
{
    return p * (double)n <= 30.0 ? binomial_by_inversion(random, n, p) : binomial_by_btpe(random, n, p);
}

int64_t cvi_random_binomial(covey_random *random, int64_t n, double p)
{
    return p <= 0.5 ? binomial_lower_half(random, n, p) : n - binomial_lower_half(random, n, 1.0 - p);
}

void cvi_random_multinomial(covey_random *random, int64_t n, const double *p, int64_t size, int64_t *out)
{
    if (size <= 0)
        return;
    memset(out, 0, (size_t)size * sizeof *out);
    double left_p = 1.0;
    int64_t left = n;
    for (int64_t j = 0; j < size - 1; j++) {
        const double share = p[j] / left_p;
        /* NumPy's binomial draws a number even where there is no choice; its multinomial does not. */
        out[j] = left == 0 || share == 0.0 ? 0 : cvi_random_binomial(random, left, share);
        left -= out[j];
        if (left <= 0)
            return;
        left_p -= p[j];
    }
    out[size - 1] = left;
}

void cvi_random_cdf(int64_t n, const double *p, double *cdf)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += p[i];
        cdf[i] = sum;
    }
    for (int64_t i = 0; i < n; i++)
        cdf[i] /= sum;
}

int64_t cvi_random_locate(int64_t n, const double *cdf, double u)
{
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (cdf[middle] <= u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static covey_status check_probabilities(int64_t n, int64_t size, int replace, const double *p,
                                        covey_error *err)
{
    double sum = 0, carry = 0; /* Kahan's sum, as NumPy checks it */
    int64_t positive = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!(p[i] >= 0))
            return cvi_fail(err, COVEY_ERR_ARGUMENT,
                            "p[%lld] is %g; probabilities must not be negative or NaN", (long long)i, p[i]);
        positive += p[i] > 0;
        const double y = p[i] - carry;
        const double t = sum + y;
        carry = (t - sum) - y;
        sum = t;
    }
    if (!(fabs(sum - 1.0) <= 1.4901161193847656e-8)) /* square root of float64's epsilon */
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "p sums to %.17g; it must sum to 1", sum);
    if (!replace && positive < size)
        return cvi_fail(err, COVEY_ERR_ARGUMENT,
                        "p has %lld positive entries; %lld distinct draws need as many", (long long)positive,
                        (long long)size);
    return COVEY_OK;
}

/* Rounds of draws; a round keeps the first occurrence of each new index, in draw order, and takes the found
 * ones out of p. scratch holds p and its running sum, seen one byte an index. */
static void choose_distinct(covey_random *random, int64_t n, int64_t size, const double *p, double *scratch,
                            unsigned char *seen, int64_t *out)
{
    double *left = scratch, *cdf = scratch + n;
    memcpy(left, p, (size_t)n * sizeof *left);
    memset(seen, 0, (size_t)n);
    int64_t found = 0;
    while (found < size) {
        const int64_t draws = size - found;
        for (int64_t i = 0; i < found; i++)
            left[out[i]] = 0;
        cvi_random_cdf(n, left, cdf);
        for (int64_t i = 0; i < draws; i++) {
            int64_t index = cvi_random_locate(n, cdf, cvi_random_double(random));
            if (index >= n || seen[index])
                continue;
            seen[index] = 1;
            out[found++] = index;
        }
    }
}

static covey_status choose_weighted(covey_random *random, int64_t n, int64_t size, int replace,
                                    const double *p, int64_t *out, const covey_allocator *allocator,
                                    covey_error *err)
{
    covey_status status = check_probabilities(n, size, replace, p, err);
    if (status != COVEY_OK)
        return status;
    cvi_arena arena = {0};
    double *scratch = NULL;
    unsigned char *seen = NULL;
    for (int round = 0; round < 2; round++) {
        scratch = cvi_arena_take(&arena, replace ? n : 2 * n, sizeof(double));
        seen = cvi_arena_take(&arena, replace ? 0 : n, 1);
        if (round == 0 && (status = cvi_arena_allocate(&arena, allocator, 0, err)) != COVEY_OK)
            return status;
    }
    if (replace) {
        cvi_random_cdf(n, p, scratch);
        for (int64_t i = 0; i < size; i++)
            out[i] = cvi_random_locate(n, scratch, cvi_random_double(random));
    } else {
        choose_distinct(random, n, size, p, scratch, seen, out);
    }
    cvi_arena_release(&arena);
    return COVEY_OK;
}

static covey_status choose_prefix(covey_random *random, int64_t n, int64_t size, int64_t *out,
                                  const covey_allocator *allocator, covey_error *err)
{
    if (size == n) {
        cvi_random_permutation(random, n, out);
        return COVEY_OK;
    }
    size_t bytes;
    int64_t *all = cvi_mul_size((size_t)n, sizeof *all, &bytes) ? cvi_allocate(allocator, bytes) : NULL;
    if (all == NULL)
        return cvi_fail(err, COVEY_ERR_MEMORY, "%zu bytes could not be allocated", bytes);
    cvi_random_permutation(random, n, all);
    memcpy(out, all, (size_t)size * sizeof *out);
    cvi_release(allocator, all);
    return COVEY_OK;
}

covey_status cvi_random_choice(covey_random *random, int64_t n, int64_t size, int replace, const double *p,
                               int64_t *out, const covey_allocator *allocator, covey_error *err)
{
    if (size < 0)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "size is %lld; it must not be negative", (long long)size);
    if (n < 1 && (n < 0 || size > 0))
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "n is %lld; it must be at least 1", (long long)n);
    if (!replace && size > n)
        return cvi_fail(err, COVEY_ERR_ARGUMENT,
                        "size is %lld but only %lld items can be drawn without replacement", (long long)size,
                        (long long)n);
    if (p != NULL && n > 0)
        return choose_weighted(random, n, size, replace, p, out, allocator, err);
    if (!replace)
        return choose_prefix(random, n, size, out, allocator, err);
    for (int64_t i = 0; i < size; i++)
        out[i] = (int64_t)cvi_random_below(random, (uint64_t)n - 1);
    return COVEY_OK;
}
