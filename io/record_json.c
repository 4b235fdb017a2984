/*
 * Models as JSON (RFC 8259), for people.  Both ways are our own: numbers read back exactly, faults are told with line and
 * byte, nesting is bounded, and running out of memory at any point is an error like others.
 */
#include "cursor.h"
#include "fail.h"
#include "number.h"
#include "record.h"
#include "sink.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 32 };
#define JSON_CAP ((size_t)1 << 34)

/* ---- writing ---- */

static bool put_text(cvi_io_buffer *out, const char *text)
{
    bool ok = cvi_io_buffer_add(out, "\"", 1);
    for (const unsigned char *p = (const unsigned char *)text; *p && ok; p++) {
        /* <, > and & too: model files get pasted into pages */
        if (*p < 0x20 || *p == 0x7F || strchr("\"\\<>&", *p))
            ok = cvi_io_buffer_print(out, "\\u%04x", (unsigned)*p);
        else
            ok = cvi_io_buffer_add(out, p, 1);
    }
    return ok && cvi_io_buffer_add(out, "\"", 1);
}

static bool put_real(cvi_io_buffer *out, double value)
{
    char text[32];
    if (!isfinite(value))
        return cvi_io_buffer_add(out, "null", 4);
    size_t length = covey_format_double(value, text);
    if (value == 0 && signbit(value)) { /* -0 would come back as the integer 0 */
        memcpy(text, "-0.0", 4);
        length = 4;
    }
    return cvi_io_buffer_add(out, text, length);
}

static bool put_value(cvi_io_buffer *out, const cvi_io_item *item, char type, size_t i)
{
    if (type == 'f')
        return put_real(out, item->reals[i]);
    if (type == 'i')
        return cvi_io_buffer_print(out, "%lld", (long long)item->integers[i]);
    return put_text(out, item->texts[i]);
}

static bool put_list(cvi_io_buffer *out, const cvi_io_item *item, char type, size_t first, size_t count)
{
    bool ok = cvi_io_buffer_add(out, "[", 1);
    for (size_t i = 0; i < count && ok; i++)
        ok = (i == 0 || cvi_io_buffer_add(out, ", ", 2)) && put_value(out, item, type, first + i);
    return ok && cvi_io_buffer_add(out, "]", 1);
}

static bool put_item(cvi_io_buffer *out, const cvi_io_item *item, const cvi_io_item_kind *kind)
{
    if (kind->n_dims == 0)
        return put_value(out, item, kind->type, 0);
    if (kind->n_dims == 1)
        return put_list(out, item, kind->type, 0, (size_t)item->shape[0]);
    bool ok = cvi_io_buffer_add(out, "[", 1);
    size_t m = (size_t)item->shape[1];
    for (size_t i = 0; i < (size_t)item->shape[0] && ok; i++)
        ok = cvi_io_buffer_add(out, i ? ",\n    " : "\n    ", i ? 6 : 5) && put_list(out, item, kind->type, i * m, m);
    return ok && cvi_io_buffer_add(out, "\n  ]", 4);
}

covey_status cvi_io_record_write_json(const cvi_io_record *record, covey_sink *sink, covey_error *err)
{
    cvi_io_buffer out = {0};
    bool ok = cvi_io_buffer_add(&out, "{", 1), first = true;
    for (int id = 0; id < ITEM_COUNT && ok; id++) {
        if (!record->items[id].present)
            continue;
        ok = cvi_io_buffer_print(&out, "%s\n  \"%s\": ", first ? "" : ",", cvi_io_record_kinds[id].name) &&
             put_item(&out, &record->items[id], &cvi_io_record_kinds[id]);
        first = false;
    }
    ok = ok && cvi_io_buffer_add(&out, "\n}\n", 3);
    covey_status status = ok ? covey_sink_write(sink, out.data, out.length, err)
                             : cvi_io_fail_memory(err, cvi_io_sink_name(sink), out.length);
    cvi_io_buffer_free(&out);
    return status;
}

/* ---- reading ---- */

typedef struct json_reader {
    cvi_io_cursor at;
    covey_status status; /* of the first fault */
} json_reader;

/* Note the first fault, at the present place; false for the caller to hand on. */
static bool fault(json_reader *in, const char *what)
{
    if (in->status != COVEY_OK)
        return false;
    long long line = 1;
    for (const char *p = in->at.start; p < in->at.p; p++)
        line += *p == '\n';
    in->status = cvi_io_fail(in->at.err, COVEY_ERR_FORMAT, "%s: line %lld, byte %lld: %s", in->at.name, line,
                             (long long)(in->at.p - in->at.start), what);
    return false;
}

static bool no_memory(json_reader *in)
{
    in->status = cvi_io_fail_memory(in->at.err, in->at.name, 0);
    return false;
}

/* Four hexadecimal digits at p, or -1. */
static int hex4(const char *p, const char *end)
{
    int code = 0;
    for (int i = 0; i < 4; i++, p++) {
        if (p == end)
            return -1;
        int digit = *p >= '0' && *p <= '9' ? *p - '0' : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10
                    : *p >= 'A' && *p <= 'F' ? *p - 'A' + 10 : -1;
        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

static char *put_code(char *out, int code)
{
    if (code < 0x80)
        *out++ = (char)code;
    else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code >> 18);
        *out++ = (char)(0x80 | (code >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

/* The escape behind a backslash at in->at.p, as UTF-8 to *out. */
static bool take_escape(json_reader *in, char **out)
{
    static const char letters[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *letter = in->at.p < in->at.end && *in->at.p ? strchr(letters, *in->at.p) : NULL;
    if (letter) {
        in->at.p++;
        *(*out)++ = values[letter - letters];
        return true;
    }
    int code = in->at.p < in->at.end && *in->at.p == 'u' ? hex4(in->at.p + 1, in->at.end) : -1;
    if (code <= 0)
        return fault(in, "an escape that JSON does not have, or a NUL");
    in->at.p += 5;
    if (code >= 0xD800 && code < 0xE000) {
        int low = in->at.end - in->at.p >= 6 && in->at.p[0] == '\\' && in->at.p[1] == 'u' ? hex4(in->at.p + 2, in->at.end) : -1;
        if (code >= 0xDC00 || low < 0xDC00 || low >= 0xE000)
            return fault(in, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        in->at.p += 6;
    }
    *out = put_code(*out, code);
    return true;
}

/* The string at in->at.p; malloc'd into *out. */
static bool take_text(json_reader *in, char **out)
{
    *out = NULL;
    if (!cvi_io_take(&in->at, '"'))
        return fault(in, "expected a string");
    const char *close = in->at.p;
    while (close < in->at.end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    if (close >= in->at.end)
        return fault(in, "a string that does not end");
    char *text = malloc((size_t)(close - in->at.p) + 1), *q = text; /* no escape is shorter than what it stands for */
    if (!text)
        return no_memory(in);
    bool ok = true;
    while (ok && *in->at.p != '"') {
        if ((unsigned char)*in->at.p < 0x20)
            ok = fault(in, "a control byte in a string");
        else if (*in->at.p == '\\') {
            in->at.p++;
            ok = take_escape(in, &q);
        } else
            *q++ = *in->at.p++;
    }
    *q = 0;
    if (ok && !cvi_io_is_utf8(text))
        ok = fault(in, "a string that is not UTF-8");
    if (!ok) {
        free(text);
        return false;
    }
    in->at.p++;
    *out = text;
    return true;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* A number by JSON's grammar; *integral: neither point nor exponent. */
static bool take_number(json_reader *in, double *real, int64_t *integer, bool *integral)
{
    cvi_io_skip_blanks(&in->at);
    const char *first = in->at.p, *p = first;
    p += p < in->at.end && *p == '-';
    const char *digits = p;
    p = skip_digits(p, in->at.end);
    bool ok = p > digits && (*digits != '0' || p == digits + 1);
    *integral = true;
    if (ok && p < in->at.end && *p == '.') {
        const char *fraction = p + 1;
        p = skip_digits(fraction, in->at.end);
        ok = p > fraction;
        *integral = false;
    }
    if (ok && p < in->at.end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < in->at.end && (*p == '-' || *p == '+');
        const char *exponent = p;
        p = skip_digits(p, in->at.end);
        ok = p > exponent;
        *integral = false;
    }
    if (!ok)
        return fault(in, "expected a value");
    if (cvi_io_number_read(first, (size_t)(p - first), real) != CVI_IO_NUMBER)
        return fault(in, "a number that no float64 holds");
    int64_t value = 0;
    bool fits = *integral;
    for (const char *q = digits; q < p && fits; q++)
        fits = !__builtin_mul_overflow(value, 10, &value) && !__builtin_sub_overflow(value, *q - '0', &value);
    if (fits && *first != '-')
        fits = !__builtin_sub_overflow(0, value, &value);
    *integer = value;
    *integral = fits;
    in->at.p = p;
    return true;
}

static bool skip_value(json_reader *in, int depth);

static bool skip_list(json_reader *in, int depth)
{
    if (cvi_io_take(&in->at, ']'))
        return true;
    do
        if (!skip_value(in, depth))
            return false;
    while (cvi_io_take(&in->at, ','));
    return cvi_io_take(&in->at, ']') || fault(in, "expected ',' or ']'");
}

static bool skip_key(json_reader *in)
{
    char *key;
    if (!take_text(in, &key))
        return false;
    free(key);
    return cvi_io_take(&in->at, ':') || fault(in, "expected ':'");
}

static bool skip_object(json_reader *in, int depth)
{
    if (cvi_io_take(&in->at, '}'))
        return true;
    do
        if (!skip_key(in) || !skip_value(in, depth))
            return false;
    while (cvi_io_take(&in->at, ','));
    return cvi_io_take(&in->at, '}') || fault(in, "expected ',' or '}'");
}

/* Check a value and go behind it. */
static bool skip_value(json_reader *in, int depth)
{
    char *text;
    double real;
    int64_t integer;
    bool integral;
    cvi_io_skip_blanks(&in->at);
    char c = in->at.p < in->at.end ? *in->at.p : 0;
    if ((c == '[' || c == '{') && depth == DEEPEST)
        return fault(in, "JSON nested deeper than 32");
    if (c == '[' || c == '{') {
        in->at.p++;
        return c == '[' ? skip_list(in, depth + 1) : skip_object(in, depth + 1);
    }
    if (c == '"') {
        if (!take_text(in, &text))
            return false;
        free(text);
        return true;
    }
    return cvi_io_take_word(&in->at, "null") || cvi_io_take_word(&in->at, "true") || cvi_io_take_word(&in->at, "false") ||
           take_number(in, &real, &integer, &integral);
}

static bool fault_item(json_reader *in, const cvi_io_item_kind *kind)
{
    static const char *const shapes[] = {"one value", "a list of values", "a list of equally long lists of values"};
    char words[160];
    snprintf(words, sizeof words, "\"%s\" should be %s (%s)", kind->name, shapes[kind->n_dims],
             kind->type == 'f' ? "numbers" : kind->type == 'i' ? "integers" : "text");
    return fault(in, words);
}

/* One value of an item, appended to values as 8 bytes. */
static bool take_value(json_reader *in, const cvi_io_item_kind *kind, cvi_io_buffer *values)
{
    double real = (double)NAN;
    int64_t integer = 0;
    bool integral = false;
    if (kind->type == 't') {
        char *text;
        cvi_io_skip_blanks(&in->at);
        if (in->at.p == in->at.end || *in->at.p != '"')
            return fault_item(in, kind);
        if (!take_text(in, &text))
            return false;
        if (cvi_io_buffer_add(values, &text, sizeof text))
            return true;
        free(text);
        return no_memory(in);
    }
    cvi_io_skip_blanks(&in->at);
    bool null = kind->type == 'f' && cvi_io_take_word(&in->at, "null");
    if (!null && (in->at.p == in->at.end || !strchr("-0123456789", *in->at.p) || *in->at.p == 0))
        return fault_item(in, kind);
    if (!null && !take_number(in, &real, &integer, &integral))
        return false;
    if (kind->type == 'i' && !integral)
        return fault_item(in, kind);
    return cvi_io_buffer_add(values, kind->type == 'f' ? (const void *)&real : &integer, 8) || no_memory(in);
}

/* A list of values; *count of them. */
static bool take_list(json_reader *in, const cvi_io_item_kind *kind, cvi_io_buffer *values, int64_t *count)
{
    *count = 0;
    if (!cvi_io_take(&in->at, '['))
        return fault_item(in, kind);
    if (cvi_io_take(&in->at, ']'))
        return true;
    do {
        if (!take_value(in, kind, values))
            return false;
        ++*count;
    } while (cvi_io_take(&in->at, ','));
    return cvi_io_take(&in->at, ']') || fault(in, "expected ',' or ']'");
}

static bool take_table(json_reader *in, const cvi_io_item_kind *kind, cvi_io_buffer *values, int64_t shape[2])
{
    shape[0] = shape[1] = 0;
    if (!cvi_io_take(&in->at, '['))
        return fault_item(in, kind);
    if (cvi_io_take(&in->at, ']'))
        return true;
    do {
        int64_t count;
        if (!take_list(in, kind, values, &count))
            return false;
        if (shape[0]++ > 0 && count != shape[1])
            return fault_item(in, kind);
        shape[1] = count;
    } while (cvi_io_take(&in->at, ','));
    return cvi_io_take(&in->at, ']') || fault(in, "expected ',' or ']'");
}

static bool take_item(json_reader *in, cvi_io_record *record, cvi_io_item_id id)
{
    const cvi_io_item_kind *kind = &cvi_io_record_kinds[id];
    cvi_io_buffer values = {0};
    int64_t shape[2] = {1, 1};
    if (record->items[id].present)
        return fault(in, "a key that stands twice");
    if ((kind->n_dims > 0 || kind->type != 'f') && cvi_io_take_word(&in->at, "null"))
        return true;
    bool ok = kind->n_dims == 0   ? take_value(in, kind, &values)
              : kind->n_dims == 1 ? take_list(in, kind, &values, &shape[0])
                                  : take_table(in, kind, &values, shape);
    if (!ok) {
        for (size_t i = 0; kind->type == 't' && i < values.length / sizeof(char *); i++)
            free(((char **)(void *)values.data)[i]);
        cvi_io_buffer_free(&values);
        return false;
    }
    cvi_io_item *item = &record->items[id];
    *item = (cvi_io_item){.present = true, .owned = true, .shape = {shape[0], shape[1]}};
    if (kind->type == 'f')
        item->reals = (void *)values.data;
    else if (kind->type == 'i')
        item->integers = (void *)values.data;
    else
        item->texts = (void *)values.data;
    return true;
}

/*
 * The members of the one object.  The first pass checks the whole text and takes only what says which version it is,
 * since a newer version may give the rest another form; the second takes the rest.
 */
static bool take_members(json_reader *in, cvi_io_record *record, bool second)
{
    in->at.p = in->at.start;
    if (!cvi_io_take(&in->at, '{'))
        return fault(in, "expected '{'");
    bool more = !cvi_io_take(&in->at, '}');
    while (more) {
        char *key;
        int id = 0;
        if (!take_text(in, &key))
            return false;
        while (id < ITEM_COUNT && strcmp(key, cvi_io_record_kinds[id].name) != 0)
            id++;
        free(key);
        if (!cvi_io_take(&in->at, ':'))
            return fault(in, "expected ':'");
        bool first_kind = id == ITEM_FORMAT || id == ITEM_FORMAT_VERSION || id == ITEM_COVEY_VERSION;
        bool wanted = id < ITEM_COUNT && first_kind != second;
        if (!(wanted ? take_item(in, record, (cvi_io_item_id)id) : skip_value(in, 1)))
            return false;
        more = cvi_io_take(&in->at, ',');
        if (!more && !cvi_io_take(&in->at, '}'))
            return fault(in, "expected ',' or '}'");
    }
    cvi_io_skip_blanks(&in->at);
    return in->at.p == in->at.end || fault(in, "text behind the closing brace");
}

static covey_status take_record(json_reader *in, cvi_io_record *record)
{
    if (!take_members(in, record, false))
        return in->status;
    const cvi_io_item *format = &record->items[ITEM_FORMAT], *writer = &record->items[ITEM_COVEY_VERSION];
    covey_status status = cvi_io_record_check_version(in->at.name, format->present ? format->texts[0] : NULL,
                                                      cvi_io_item_integer(record, ITEM_FORMAT_VERSION, 0),
                                                      writer->present ? writer->texts[0] : NULL, in->at.err);
    return status == COVEY_OK && !take_members(in, record, true) ? in->status : status;
}

covey_status cvi_io_record_read_json(cvi_io_source *source, cvi_io_record *record, covey_error *err)
{
    char *text;
    size_t length;
    covey_status status = cvi_io_source_slurp(source, JSON_CAP, &text, &length, err);
    if (status != COVEY_OK)
        return status;
    json_reader in = {.at = {text, text, text + length, cvi_io_source_name(source), err}};
    status = take_record(&in, record);
    free(text);
    return status;
}
