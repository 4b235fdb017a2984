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

/* w 10^e rounded to nearest even; w != 0. false: undecided, or not a normal double (then strtod must do it). */
bool cvi_io_number_scale(uint64_t w, int64_t e, double *value);

/* Shortest decimal of a value into buffer [32]; no terminating NUL. @return length */
size_t cvi_io_number_write(double value, char *buffer);
size_t cvi_io_integer_write(uint64_t magnitude, bool negative, char *buffer);

/* How many of the 8 bytes in little-endian order, from the first, are decimal digits: 0..8. */
static inline int cvi_io_digits8(uint64_t bytes)
{
    uint64_t x = bytes ^ 0x3030303030303030u; /* digits become 0..9 */
    /* a byte above 9 gets its top bit: 0x76 + b carries nothing into the next byte while b < 0x80 */
    uint64_t bad = ((x & 0x7F7F7F7F7F7F7F7Fu) + 0x7676767676767676u) | x;
    bad &= 0x8080808080808080u;
    return bad ? __builtin_ctzll(bad) >> 3 : 8;
}

/* The number that the first n of 8 little-endian bytes spell, n from 1 to 8, all of them digits. */
static inline uint64_t cvi_io_value8(uint64_t bytes, int n)
{
    uint64_t x = (bytes ^ 0x3030303030303030u) << (64 - 8 * n); /* leading zeros come in as zero bytes */
    x = x * 10 + (x >> 8);
    return (((x & 0x000000FF000000FFu) * 0x000F424000000064u) +
            (((x >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u)) >>
           32;
}

static inline uint64_t cvi_io_load8(const char *p)
{
    uint64_t bytes;
    memcpy(&bytes, p, sizeof bytes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes;
}

#endif
