#include "base/exact.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

typedef __int128 wide;

/*
 * The superaccumulator is a number of 70 digits to the base 2^32; chunk i stands for multiples of 2^(32 i -
 * 1075).
 *
 *      |value| = mantissa 2^(e - 1075), 1 <= e <= 2046
 *
 *      chunk     ...   i + 1              i = e / 32
 *                 |---------------|---------------|
 *                   [ mantissa << (e mod 32) ]        its low 32 bits here, up to 53 more one chunk above
 *
 * A chunk is a signed word, so 2^10 additions fit before the carries must move up. The topmost values reach
 * chunk 64; 2^62 of them chunk 66.
 */
enum { CHUNKS = 70, SAFE_ADDITIONS = 1000, MANY = 64 };

void cvi_super_clear(cvi_super *sum)
{
    memset(sum, 0, sizeof *sum);
}

/* All chunks but the last into [0, 2^32); the last one carries the sign. */
static void propagate(cvi_super *sum)
{
    int64_t carry = 0;
    for (int i = 0; i < CHUNKS - 1; i++) {
        const int64_t digit = sum->chunk[i] + carry;
        carry = digit >> 32; /* rounds down */
        sum->chunk[i] = digit & 0xffffffff;
    }
    sum->chunk[CHUNKS - 1] += carry;
    sum->pending = 1;
}

static inline void add_one(int64_t *chunk, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const int64_t sign = (int64_t)bits >> 63; /* 0 or -1 */
    uint64_t e = (bits >> 52) & 0x7ff;
    uint64_t mantissa = bits & 0xfffffffffffffu;
    mantissa |= (uint64_t)(e != 0) << 52;
    e += e == 0;
    const uint64_t shift = e & 31;
    const int64_t low = (int64_t)((mantissa << shift) & 0xffffffff);
    const int64_t high = (int64_t)(mantissa >> (32 - shift));
    int64_t *const at = chunk + (e >> 5);
    at[0] += (low ^ sign) - sign;
    at[1] += (high ^ sign) - sign;
}

void cvi_super_add(cvi_super *sum, double value)
{
    if (sum->pending >= SAFE_ADDITIONS)
        propagate(sum);
    sum->pending++;
    add_one(sum->chunk, value);
}

/* Values of like size meet in the same chunks, where each would wait for the one before: every other one goes elsewhere. */
static int64_t add_pairs(cvi_super *sum, const double *values, int64_t i, int64_t end)
{
    int64_t other[CHUNKS] = {0};
    for (; i + 1 < end; i += 2) {
        add_one(sum->chunk, values[i]);
        add_one(other, values[i + 1]);
    }
    for (int c = 0; c < CHUNKS; c++)
        sum->chunk[c] += other[c];
    return i;
}

void cvi_super_add_many(cvi_super *sum, const double *values, int64_t n)
{
    int64_t i = 0;
    while (i < n) {
        if (sum->pending >= SAFE_ADDITIONS)
            propagate(sum);
        const int64_t room = SAFE_ADDITIONS - sum->pending;
        const int64_t end = n - i < room ? n : i + room;
        sum->pending += end - i;
        if (end - i >= MANY)
            i = add_pairs(sum, values, i, end);
        for (; i < end; i++)
            add_one(sum->chunk, values[i]);
    }
}

void cvi_super_merge(cvi_super *into, const cvi_super *from)
{
    cvi_super part = *from;
    if (into->pending + part.pending > SAFE_ADDITIONS) {
        propagate(into);
        propagate(&part);
    }
    for (int i = 0; i < CHUNKS; i++)
        into->chunk[i] += part.chunk[i];
    into->pending += part.pending;
}

double cvi_super_value(const cvi_super *sum)
{
    cvi_super digits = *sum;
    propagate(&digits);
    const int negative = digits.chunk[CHUNKS - 1] < 0;
    if (negative) {
        for (int i = 0; i < CHUNKS; i++)
            digits.chunk[i] = -digits.chunk[i];
        propagate(&digits);
    }
    int top = CHUNKS - 1;
    while (top > 0 && digits.chunk[top] == 0)
        top--;
    /* Three digits hold 65 bits or more (or everything), so one sticky bit stands for all below. */
    const int base = top > 2 ? top - 2 : 0;
    unsigned __int128 head = 0;
    for (int i = top; i >= base; i--)
        head = head << 32 | (uint64_t)digits.chunk[i];
    int sticky = 0;
    for (int i = 0; i < base; i++)
        sticky |= digits.chunk[i] != 0;
    const double value = ldexp((double)(head | (unsigned)sticky), 32 * base - 1075);
    return negative ? -value : value;
}

/* The eight running sums and the order of their addition are NumPy's (numpy/_core/src/umath, "pairwise
 * summation"); see N. J. Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14 (1993).
 */
static double pairwise(const double *x, int64_t n, int64_t stride)
{
    if (n < 8) {
        double sum = 0.0;
        for (int64_t i = 0; i < n; i++)
            sum += x[i * stride];
        return sum;
    }
    if (n > 128) {
        const int64_t half = n / 2 - n / 2 % 8;
        return pairwise(x, half, stride) + pairwise(x + half * stride, n - half, stride);
    }
    double lane[8];
    for (int l = 0; l < 8; l++)
        lane[l] = x[l * stride];
    int64_t i = 8;
    for (; i < n - n % 8; i += 8)
        for (int l = 0; l < 8; l++)
            lane[l] += x[(i + l) * stride];
    double sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    for (; i < n; i++)
        sum += x[i * stride];
    return sum;
}

double cvi_pairwise_sum(const double *x, int64_t n, int64_t stride)
{
    return 0.0 + pairwise(x, n, stride); /* NumPy starts from 0.0 */
}

/*
 * Grid sums. A value v, |v| < 2^e, is added to M = 1.5 * 2^E, E > e: the sum stays inside M's binade, so that
 * the bits of v + M, read as an integer, are those of M plus v rounded to the unit 2^(E - 52). Room: n values
 * of at most 2^(52 - (E - e)) units each keep below 2^62 when E - e >= log2(n) - 10.
 */
static const int LEAST_EXPONENT = -1022;

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* value * 2^exponent, exponent >= -1075, where the product is exact or overflows. */
static double scale(double value, int exponent)
{
    if (exponent < -1022 || exponent > 1023)
        return ldexp(value, exponent);
    const uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return value * power;
}

void cvi_grid_magic(int exponent, int64_t n, int levels, double *magic)
{
    const int log_n = n > 1 ? 64 - __builtin_clzll((uint64_t)n - 1) : 0; /* 2^log_n is the first power of two not below n */
    const int headroom = log_n - 10 > 1 ? log_n - 10 : 1;
    int e =
        exponent > 4 * LEAST_EXPONENT ? exponent : 4 * LEAST_EXPONENT; /* so that no sum of ints overflows */
    for (int l = 0; l < levels; l++) {
        const int level = e + headroom > LEAST_EXPONENT ? e + headroom : LEAST_EXPONENT;
        magic[l] = scale(1.5, level);
        e = level - 53; /* what rounding to 2^(level - 52) leaves */
    }
}

/* What level l holds, in units of 2^*exponent. */
static int64_t level_digit(const uint64_t *q, const double *magic, int64_t count, int *exponent)
{
    const uint64_t bits = bits_of(*magic);
    *exponent = (int)(bits >> 52) - 1075;
    return (int64_t)(*q - (uint64_t)count * bits);
}

/* Three or more levels: carry the digits up until only the first is signed, then read from the top with one
 * sticky bit. */
static double join_levels(wide *digit, const int *exponent, int levels)
{
    for (int l = levels - 1; l > 0; l--) {
        const int gap = exponent[l - 1] - exponent[l];
        const wide carry = digit[l] >> gap; /* rounds down */
        digit[l] -= carry * ((wide)1 << gap);
        digit[l - 1] += carry;
    }
    const wide enough = (wide)1 << 66;
    wide head = digit[0];
    int at = exponent[0], sticky = 0;
    for (int l = 1; l < levels; l++) {
        if (head < enough && head > -enough && at == exponent[l - 1]) {
            head = head * ((wide)1 << (at - exponent[l])) + digit[l];
            at = exponent[l];
        } else {
            sticky |= digit[l] != 0;
        }
    }
    if (sticky != 0) /* head has 66 bits or more: one more may stand for all below */
        return scale((double)(head * 2 + 1) * 0.5, at);
    return scale((double)head, at);
}

/* (double)value * 2^exponent: the compiler's own conversion of 128 bits is a slow call. */
static double round_wide(wide value, int exponent)
{
    const unsigned __int128 size = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    const uint64_t high = (uint64_t)(size >> 64);
    double rounded;
    if (high == 0) {
        rounded = (double)(uint64_t)size;
    } else {
        const int shift = 64 - __builtin_clzll(high);
        const uint64_t lost = (uint64_t)size & (UINT64_MAX >> (64 - shift));
        /* 64 leading bits, the last of them sticky: more than the 54 that rounding looks at. */
        rounded = scale((double)((uint64_t)(size >> shift) | (lost != 0)), shift);
    }
    return scale(value < 0 ? -rounded : rounded, exponent);
}

double cvi_grid_value(const uint64_t *q, int64_t stride, const double *magic, int64_t magic_stride,
                      int levels, int64_t count)
{
    enum { MOST = 8 };
    wide digit[MOST] = {0};
    int exponent[MOST] = {0};
    if (levels > MOST)
        levels = MOST;
    bool any = false;
    for (int l = 0; l < levels; l++) {
        digit[l] = level_digit(q + l * stride, magic + l * magic_stride, count, &exponent[l]);
        any |= digit[l] != 0;
    }
    if (!any)
        return 0;
    if (levels == 2)
        return round_wide(digit[0] * ((wide)1 << (exponent[0] - exponent[1])) + digit[1], exponent[1]);
    return join_levels(digit, exponent, levels);
}
