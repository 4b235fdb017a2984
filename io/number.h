/*
 * Numbers as text, both ways exact and free of the locale.
 *
 * Reading: a decimal of up to 19 digits is w 10^e; the double next to it follows from one 128-bit product for all but
 * about one in 10^9 inputs (D. Lemire, "Number parsing at a gigabyte per second", Software: Practice and Experience
 * 51, 2021, after M. Eisel); the rest goes to strtod_l in the C locale.
 * Writing: the shortest decimal that reads back (R. Giulietti, "The Schubfach way to render doubles", 2020).
 */
#ifndef CVI_IO_NUMBER_H
#define CVI_IO_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { CVI_IO_POWER_FIRST = -342, CVI_IO_POWER_LAST = 324 };
extern const uint64_t cvi_io_powers[CVI_IO_POWER_LAST - CVI_IO_POWER_FIRST + 1][2];

/* What a field holds. */
typedef enum cvi_io_kind {
    CVI_IO_NUMBER,
    CVI_IO_MISSING,  /* empty, NA, N/A, #N/A, <NA>, NaN, null, none, ? in any case */
    CVI_IO_INFINITE, /* inf, infinity, with or without a sign */
    CVI_IO_HUGE,     /* a number beyond the largest double */
    CVI_IO_LONG,     /* a number of more than CVI_IO_NUMBER_BYTES bytes */
    CVI_IO_COMMA,    /* 1,5 */
    CVI_IO_HEX,      /* 0x1f */
    CVI_IO_TEXT
} cvi_io_kind;

/*
 * Longest number that is read.  printf("%.17g") and Python's repr end at 24 bytes, "%f" of the largest double at 317:
 * what is longer is damage, not data.
 */
enum { CVI_IO_NUMBER_BYTES = 400 };

/* Read the field text[0 .. length), blanks around it allowed. *value is set for NUMBER, INFINITE and MISSING (NaN). */
cvi_io_kind cvi_io_number_read(const char *text, size_t length, double *value);

/* Shortest decimal of a value into buffer [32]; no terminating NUL. @return length */
size_t cvi_io_number_write(double value, char *buffer);
size_t cvi_io_integer_write(uint64_t magnitude, bool negative, char *buffer);

/*
 * Eight bytes of text in little-endian order, each xored with '0': digits become 0..9.  The result has the top bit set
 * in every byte above 9 (up to the first one it is exact: 0x76 + b carries nothing into the next byte while b < 0x80).
 */
static inline uint64_t cvi_io_no_digits(uint64_t x)
{
    return (((x & 0x7F7F7F7F7F7F7F7Fu) + 0x7676767676767676u) | x) & 0x8080808080808080u;
}

/* The number that eight digits 0..9 spell, the first in the lowest byte: pairs, then fours, then eight. */
static inline uint64_t cvi_io_value8(uint64_t x)
{
    x = x * 10 + (x >> 8);
    return (((x & 0x000000FF000000FFu) * 0x000F424000000064u) +
            (((x >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u)) >>
           32;
}

/* The next eight bytes as digits. */
static inline uint64_t cvi_io_load8(const char *p)
{
    uint64_t bytes;
    memcpy(&bytes, p, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes ^ 0x3030303030303030u;
}

/*
 * w 10^e rounded to nearest even; w != 0. false: undecided, or not a normal double (then strtod must do it).
 *
 * Lemire's algorithm.  The table holds 10^e rounded up to 128 bits; where 10^e has more bits than that and e > 0, the
 * paper wants it rounded down, which is one less in the low word (none of those words is 0: a test looks).
 */
static inline bool cvi_io_number_scale(uint64_t w, int64_t e, double *value)
{
    if (e == 0 && w <= (uint64_t)1 << 53) {
        *value = (double)w;
        return true;
    }
    if (e < CVI_IO_POWER_FIRST || e > 308)
        return false;
    int lead = __builtin_clzll(w);
    w <<= lead;
    const uint64_t *power = cvi_io_powers[e - CVI_IO_POWER_FIRST];
    unsigned __int128 product = (unsigned __int128)w * power[0];
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    if (__builtin_expect((high & 0x1FF) == 0x1FF, 0)) { /* the bits below the result could carry: use the low word too */
        uint64_t more = (uint64_t)(((unsigned __int128)w * (power[1] - (e > 55))) >> 64);
        low += more;
        high += low < more;
        if (low == UINT64_MAX && (e < -27 || e > 55))
            return false;
    }
    int top = (int)(high >> 63);
    uint64_t mantissa = high >> (top + 9); /* 54 bits: one more than a double has */
    /* 217706 / 2^16 is log2(10) closely enough for these e */
    int64_t exponent = ((217706 * e) >> 16) + 63 + top - lead + 1023;
    if (exponent <= 0 || exponent >= 2046)
        return false; /* subnormal or near overflow: rare, strtod */
    /* half-way cases exist only for small |e|: then the cut bits are all there and must decide to even */
    if (__builtin_expect(low <= 1, 0) && e >= -4 && e <= 23 && (mantissa & 3) == 1 && (mantissa << (top + 9)) == high)
        mantissa &= ~(uint64_t)1;
    mantissa += mantissa & 1;
    mantissa >>= 1; /* 2^53 after a carry: its low 52 bits are 0 and the sum below steps the exponent */
    uint64_t bits = mantissa + ((uint64_t)(exponent - 1) << 52);
    memcpy(value, &bits, sizeof bits);
    return true;
}

#endif
