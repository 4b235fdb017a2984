#include "covey/io.h"
#include "number.h"

#include <math.h>

/* floor(x / 2^n) for negative x too: gcc and clang shift arithmetically. */
static int64_t floor_shift(int64_t x, int n)
{
    return x >> n;
}

/* The high part of g * c with a sticky last bit ("round to odd"): enough to compare exactly (Giulietti, section 9). */
static uint64_t product_odd(const uint64_t g[2], uint64_t c)
{
    uint64_t carry = (uint64_t)(((unsigned __int128)g[1] * c) >> 64);
    unsigned __int128 product = (unsigned __int128)g[0] * c + carry;
    return (uint64_t)(product >> 64) | ((uint64_t)product > 1);
}

typedef struct decimal {
    uint64_t digits;
    int exponent; /* value = digits 10^exponent */
} decimal;

/*
 * The shortest decimal in the interval that rounds to c 2^q, the nearest one if there are several.
 * k is chosen so that the interval is 2 to 20 units of 10^k wide: at most one multiple of 10^(k+1) lies in it, and if
 * none does, the neighbors s and s + 1 at 10^k are the only candidates.
 */
static decimal shortest(uint64_t c, int q, bool closer_below)
{
    bool even = (c & 1) == 0; /* then the ends of the interval round to c too */
    int64_t k = floor_shift((int64_t)q * 1262611 - (closer_below ? 524031 : 0), 22);
    int shift = q + (int)floor_shift(-k * 1741647, 19) + 1;
    const uint64_t *g = cvi_io_powers[-k - CVI_IO_POWER_FIRST];
    uint64_t lower = product_odd(g, (4 * c - 2 + closer_below) << shift) + !even;
    uint64_t value = product_odd(g, (4 * c) << shift);
    uint64_t upper = product_odd(g, (4 * c + 2) << shift) - !even;
    uint64_t s = value / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool below_inside = lower <= 40 * tens, above_inside = 40 * tens + 40 <= upper;
        if (below_inside != above_inside)
            return (decimal){tens + above_inside, (int)k + 1};
    }
    bool below_inside = lower <= 4 * s, above_inside = 4 * s + 4 <= upper;
    if (below_inside != above_inside)
        return (decimal){s + above_inside, (int)k};
    uint64_t middle = 4 * s + 2;
    bool up = value > middle || (value == middle && (s & 1) == 1);
    return (decimal){s + up, (int)k};
}

static decimal decompose(uint64_t bits)
{
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int biased = (int)(bits >> 52 & 0x7FF);
    if (biased == 0)
        return shortest(fraction, -1074, false);
    uint64_t c = fraction | (uint64_t)1 << 52;
    int q = biased - 1075;
    if (q <= 0 && q > -53 && (c & (((uint64_t)1 << -q) - 1)) == 0)
        return (decimal){c >> -q, 0}; /* an integer below 2^53 */
    return shortest(c, q, fraction == 0 && biased > 1);
}

static const char digit_pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940"
                                  "4142434445464748495051525354555657585960616263646566676869707172737475767778798081"
                                  "828384858687888990919293949596979899";

static int count_digits(uint64_t value)
{
    int n = 1;
    for (; value >= 10000; value /= 10000)
        n += 4;
    return n + (value >= 10) + (value >= 100) + (value >= 1000);
}

/* Exactly n digits of value, ending before out + n. */
static void put_digits(uint64_t value, int n, char *out)
{
    for (; n >= 2; n -= 2, value /= 100)
        memcpy(out + n - 2, digit_pairs + 2 * (value % 100), 2);
    if (n == 1)
        out[0] = (char)('0' + value % 10);
}

size_t cvi_io_integer_write(uint64_t magnitude, bool negative, char *buffer)
{
    int n = count_digits(magnitude);
    if (negative)
        *buffer++ = '-';
    put_digits(magnitude, n, buffer);
    return (size_t)n + negative;
}

static size_t put_exponent(int exponent, char *out)
{
    char *p = out;
    *p++ = 'e';
    *p++ = exponent < 0 ? '-' : '+';
    int magnitude = exponent < 0 ? -exponent : exponent;
    int n = magnitude < 100 ? 2 : 3;
    put_digits((uint64_t)magnitude, n, p);
    return (size_t)(p - out) + (size_t)n;
}

/* Plain notation for 1e-5 < |value| < 1e16, as Python's repr draws the line, else d.ddde+xx. */
static size_t layout(decimal number, char *out)
{
    while (number.digits % 10 == 0) {
        number.digits /= 10;
        number.exponent++;
    }
    int n = count_digits(number.digits);
    int point = n + number.exponent; /* digits in front of the decimal point */
    if (point > 16 || point < -3) {
        put_digits(number.digits, n, out + 1);
        out[0] = out[1];
        out[1] = '.';
        size_t used = n == 1 ? 1 : (size_t)n + 1;
        return used + put_exponent(point - 1, out + used);
    }
    if (number.exponent >= 0) {
        put_digits(number.digits, n, out);
        memset(out + n, '0', (size_t)number.exponent);
        return (size_t)point;
    }
    if (point > 0) {
        put_digits(number.digits, n, out + 1);
        memmove(out, out + 1, (size_t)point);
        out[point] = '.';
        return (size_t)n + 1;
    }
    memcpy(out, "0.000", 5);
    put_digits(number.digits, n, out + 2 - point);
    return (size_t)(2 - point) + (size_t)n;
}

size_t cvi_io_number_write(double value, char *buffer)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    char *p = buffer;
    if (isnan(value)) {
        memcpy(p, "nan", 3);
        return 3;
    }
    if (bits >> 63)
        *p++ = '-';
    if (isinf(value)) {
        memcpy(p, "inf", 3);
        p += 3;
    } else if (bits << 1 == 0)
        *p++ = '0';
    else
        p += layout(decompose(bits & ~((uint64_t)1 << 63)), p);
    return (size_t)(p - buffer);
}

size_t covey_format_double(double value, char *buffer)
{
    size_t length = cvi_io_number_write(value, buffer);
    buffer[length] = 0;
    return length;
}
