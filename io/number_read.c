#include "number.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <strings.h>

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* The text is known to be a plain decimal: strtod_l sees no blanks, no hexadecimal, no names. */
static cvi_io_kind read_slowly(const char *text, size_t length, double *value)
{
    char copy[CVI_IO_NUMBER_BYTES + 1];
    if (length > CVI_IO_NUMBER_BYTES)
        return CVI_IO_LONG;
    memcpy(copy, text, length);
    copy[length] = 0;
    pthread_once(&c_locale_once, make_c_locale);
    *value = c_locale ? strtod_l(copy, NULL, c_locale) : strtod(copy, NULL);
    return isfinite(*value) ? CVI_IO_NUMBER : CVI_IO_HUGE;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

typedef struct decimal {
    uint64_t w;      /* the first 19 significant digits */
    int64_t e;       /* the value is w 10^e if exact */
    int digits;      /* significant digits seen */
    size_t seen;     /* digits seen, leading zeros included */
} decimal;

static const char *read_digits(const char *p, const char *end, bool fraction, decimal *number)
{
    for (; p < end && is_digit(*p); p++) {
        number->seen++;
        if (number->w != 0 || *p != '0')
            number->digits++;
        if (number->digits <= 19) {
            number->w = number->w * 10 + (uint64_t)(*p - '0');
            number->e -= fraction;
        } else
            number->e += !fraction;
    }
    return p;
}

/* e of "1.5e-3"; *p stands behind the letter. false: no digits. Huge exponents stop at 10^6, far outside doubles. */
static bool read_exponent(const char **p, const char *end, int64_t *e)
{
    const char *q = *p;
    bool negative = q < end && *q == '-';
    if (q < end && (*q == '-' || *q == '+'))
        q++;
    if (q == end || !is_digit(*q))
        return false;
    int64_t value = 0;
    for (; q < end && is_digit(*q); q++)
        if (value < 1000000)
            value = value * 10 + (*q - '0');
    *e += negative ? -value : value;
    *p = q;
    return true;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

/* A field that is no plain decimal. */
static cvi_io_kind classify(const char *text, size_t length, double *value)
{
    static const char *const missing[] = {"", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "+nan", "null", "none", "?"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if (is_word(text, length, missing[i])) {
            *value = (double)NAN;
            return CVI_IO_MISSING;
        }
    bool negative = text[0] == '-';
    size_t sign = negative || text[0] == '+';
    text += sign;
    length -= sign;
    if (is_word(text, length, "inf") || is_word(text, length, "infinity")) {
        *value = negative ? -HUGE_VAL : HUGE_VAL;
        return CVI_IO_INFINITE;
    }
    if (length > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return CVI_IO_HEX;
    size_t whole = 0;
    while (whole < length && is_digit(text[whole]))
        whole++;
    if (whole + 1 < length && text[whole] == ',' && is_digit(text[whole + 1])) {
        size_t i = whole + 1;
        while (i < length && (is_digit(text[i]) || strchr("eE+-,.", text[i])))
            i++;
        if (i == length)
            return CVI_IO_COMMA;
    }
    return CVI_IO_TEXT;
}

cvi_io_kind cvi_io_number_read(const char *text, size_t length, double *value)
{
    const char *end = text + length;
    while (text < end && (*text == ' ' || *text == '\t'))
        text++;
    while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    const char *p = text;
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    decimal number = {0};
    p = read_digits(p, end, false, &number);
    if (p < end && *p == '.')
        p = read_digits(p + 1, end, true, &number);
    if (number.seen == 0)
        return classify(text, (size_t)(end - text), value);
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (!read_exponent(&p, end, &number.e))
            return CVI_IO_TEXT;
    }
    if (p != end)
        return classify(text, (size_t)(end - text), value);
    if (end - text > CVI_IO_NUMBER_BYTES)
        return CVI_IO_LONG;
    if (number.w == 0) {
        *value = negative ? -0.0 : 0.0;
        return CVI_IO_NUMBER;
    }
    if (number.digits <= 19 && cvi_io_number_scale(number.w, number.e, value)) {
        *value = negative ? -*value : *value;
        return CVI_IO_NUMBER;
    }
    return read_slowly(text, (size_t)(end - text), value);
}
