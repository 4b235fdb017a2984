#include "csv.h"

#include <math.h>
#include <stdlib.h>

void cvi_io_csv_rules_finish(csv_rules *rules)
{
    memset(rules->special, 0, sizeof rules->special);
    rules->special[(unsigned char)rules->delimiter] = 1;
    rules->special['\n'] = rules->special['\r'] = rules->special['"'] = rules->special[0] = 1;
    if (rules->runs)
        rules->special['\t'] = 1;
}

void cvi_io_csv_block_free(csv_block *block)
{
    free(block->text);
    free(block->values);
    free(block->gaps);
    free(block->spans);
    free(block->fields.items);
    memset(block, 0, sizeof *block);
}

/* Room for one more item behind count; grows by half. */
static bool grow(void **items, size_t *room, size_t count, size_t item_bytes)
{
    if (count < *room)
        return true;
    size_t wanted = count + count / 2 + 64, bytes;
    if (!cvi_io_mul(wanted, item_bytes, &bytes))
        return false;
    void *bigger = realloc(*items, bytes);
    if (!bigger)
        return false;
    *items = bigger;
    *room = wanted;
    return true;
}

static bool add_field(csv_fields *fields, const char *text, size_t length, bool quoted)
{
    if (!grow((void **)&fields->items, &fields->room, fields->count, sizeof *fields->items))
        return false;
    fields->items[fields->count++] = (csv_field){text, length, quoted};
    return true;
}

/* The byte behind the field's closing quote, or NULL. p: behind the opening quote. */
static const char *skip_quoted(const char *p, const char *end, csv_fault *fault, const char **at)
{
    const char *open = p - 1;
    for (;;) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        if (!quote) {
            *fault = CSV_OPEN_QUOTE;
            *at = open;
            return NULL;
        }
        p = quote + 1;
        if (p < end && *p == '"') {
            p++;
            continue;
        }
        const char *nul = memchr(open, 0, (size_t)(p - open));
        if (!nul)
            return p;
        *fault = CSV_NUL;
        *at = nul;
        return NULL;
    }
}

static const char *fail_split(csv_fault kind, const char *where, csv_fault *fault, const char **at)
{
    *fault = kind;
    *at = where;
    return NULL;
}

static const char *skip_blanks(const csv_rules *rules, const char *p)
{
    while (rules->runs && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* What ends a field: 0 for a delimiter, else the length of the line end (1 or 2), or -1 for neither. */
static int line_end(const csv_rules *rules, const char *p, const char *end)
{
    if (p >= end)
        return -1;
    if (*p == rules->delimiter || (rules->runs && *p == '\t'))
        return 0;
    if (*p == '\n')
        return 1;
    return *p == '\r' && p + 1 < end && p[1] == '\n' ? 2 : -1;
}

const char *cvi_io_csv_split(const csv_rules *rules, const char *p, const char *end, csv_fields *fields,
                             csv_fault *fault, const char **at)
{
    fields->count = 0;
    p = skip_blanks(rules, p);
    for (;;) {
        const char *first = p;
        bool quoted = *p == '"';
        if (quoted) {
            p = skip_quoted(p + 1, end, fault, at);
            if (!p)
                return NULL;
        } else
            while (!rules->special[(unsigned char)*p])
                p++;
        if ((size_t)(p - first) > rules->max_field_bytes)
            return fail_split(CSV_LONG_FIELD, first, fault, at);
        if ((int64_t)fields->count == rules->max_columns)
            return fail_split(CSV_MANY_FIELDS, first, fault, at);
        if (!add_field(fields, first + quoted, (size_t)(p - first) - 2 * quoted, quoted))
            return fail_split(CSV_NO_MEMORY, first, fault, at);
        if (rules->runs) {
            p = skip_blanks(rules, p);
            if (*p != '\n' && *p != '\r' && p > first && (p[-1] == ' ' || p[-1] == '\t'))
                continue;
        }
        int ends = line_end(rules, p, end);
        if (ends > 0)
            return p + ends;
        if (ends == 0) {
            p++;
            continue;
        }
        csv_fault kind = p >= end ? CSV_OPEN_QUOTE : *p == '\r' ? CSV_LONE_CR : *p == 0 ? CSV_NUL : quoted ? CSV_AFTER_QUOTE : CSV_STRAY_QUOTE;
        return fail_split(kind, p, fault, at);
    }
}

static const uint64_t whole_powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

/*
 * Append the digits at *p to *w. @return how many, or 99 for 24 and more.
 * Whole words of eight are predictable branches; the rest, 0 to 7 digits, is found and taken without one.
 */
static inline int take_digits(const char **p, uint64_t *w)
{
    int total = 0;
    uint64_t x = cvi_io_load8(*p), bad = cvi_io_no_digits(x);
    while (!bad) {
        if (total == 16)
            return 99;
        *w = *w * 100000000 + cvi_io_value8(x);
        *p += 8;
        total += 8;
        x = cvi_io_load8(*p);
        bad = cvi_io_no_digits(x);
    }
    int n = __builtin_ctzll(bad) >> 3;
    *w = *w * whole_powers[n] + cvi_io_value8(x << 8 << (56 - 8 * n)); /* leading zeros come in as zero bytes */
    *p += n;
    return total + n;
}

/* More than 19 digits fit 64 bits only if the first ones are zeros. */
static bool too_many_digits(const char *p, int digits)
{
    for (; *p == '0' || *p == '.'; p++)
        digits -= *p == '0';
    return digits > 19;
}

/*
 * A plain decimal of at most 19 significant digits at p. @return the byte behind it, or NULL: let the careful path
 * look.  What follows the number is the caller's to check.
 */
static inline const char *fast_number(const char *p, double *value)
{
    bool negative = *p == '-';
    p += negative;
    const char *first = p;
    uint64_t w = (uint64_t)(unsigned char)*p - '0';
    int64_t e = 0;
    int digits = 1;
    if (w < 10 && p[1] == '.') /* the usual form, quicker than eight bytes at once */
        p++;
    else {
        w = 0;
        digits = take_digits(&p, &w);
    }
    if (*p == '.') {
        p++;
        int fraction = take_digits(&p, &w);
        digits += fraction;
        e = -fraction;
    }
    if (digits == 0 || (digits > 19 && (digits >= 99 || too_many_digits(first, digits))))
        return NULL;
    if ((*p | 0x20) == 'e') {
        p++;
        bool down = *p == '-';
        p += down || *p == '+';
        uint64_t size = 0;
        int n = take_digits(&p, &size);
        if (n == 0 || n > 4)
            return NULL;
        e += down ? -(int64_t)size : (int64_t)size;
    }
    double magnitude = 0;
    if (w != 0 && !cvi_io_number_scale(w, e, &magnitude))
        return NULL;
    *value = negative ? -magnitude : magnitude;
    return p;
}

/* A line of plain numbers where numbers are wanted. @return the next line, or NULL: anything else. */
static const char *fast_line(const csv_rules *rules, const char *p, double *row)
{
    const int64_t last = rules->n_columns - 1;
    const char delimiter = rules->delimiter;
    for (int64_t c = 0; c <= last; c++) {
        int32_t target = rules->target[c];
        if (target >= 0) {
            p = fast_number(p, &row[target]);
            if (!p)
                return NULL;
        } else {
            const char *first = p;
            while (!rules->special[(unsigned char)*p])
                p++;
            if ((size_t)(p - first) > rules->max_field_bytes)
                return NULL;
        }
        if (c == last)
            break;
        if (*p != delimiter)
            return NULL;
        p++;
    }
    if (*p == '\n')
        return p + 1;
    return *p == '\r' && p[1] == '\n' ? p + 2 : NULL;
}

static csv_place place_at(const csv_block *block, const char *at, csv_fault fault)
{
    return (csv_place){.fault = fault,
                       .line = block->n_lines,
                       .row = block->n_seen,
                       .byte = block->offset + (at - block->text),
                       .column = -1};
}

static void note_field(csv_place *place, const csv_field *field, int64_t column)
{
    place->column = column;
    cvi_io_clean(field->text, field->length, place->snippet, sizeof place->snippet);
}

/* The line is a row of the file that does not become a row of the table. */
static bool leave_out(const csv_rules *rules, csv_block *block, const char *line, const char *next, bool ragged)
{
    if (!grow((void **)&block->gaps, &block->gaps_room, block->n_gaps, sizeof *block->gaps))
        return false;
    block->gaps[block->n_gaps++] = block->n_seen;
    block->n_skipped += ragged;
    block->n_dropped += !ragged;
    if (!ragged || !rules->collecting)
        return true;
    if (!grow((void **)&block->spans, &block->spans_room, 2 * block->n_spans + 1, sizeof *block->spans))
        return false;
    block->spans[2 * block->n_spans] = line - block->text;
    block->spans[2 * block->n_spans + 1] = next - line;
    block->n_spans++;
    return true;
}

typedef struct row_state {
    bool missing, infinite;
} row_state;

/* The wanted fields of a line as numbers into row. false: block->fault is set. */
static bool read_cells(const csv_rules *rules, csv_block *block, const char *line, double *row, row_state *state)
{
    static const csv_field absent = {"", 0, false};
    for (int64_t c = 0; c < rules->n_columns; c++) {
        if (rules->target[c] < 0)
            continue;
        const csv_field *field = c < (int64_t)block->fields.count ? &block->fields.items[c] : &absent;
        const char *at = field == &absent ? line : field->text;
        cvi_io_kind kind = cvi_io_number_read(field->text, field->length, &row[rules->target[c]]);
        if (kind == CVI_IO_NUMBER)
            continue;
        csv_place place = place_at(block, at, CSV_BAD_CELL);
        place.kind = kind;
        note_field(&place, field, c);
        if (kind == CVI_IO_MISSING && !state->missing && block->n_missing == 0)
            block->missing = place;
        if (kind == CVI_IO_INFINITE && !state->infinite && block->n_infinite == 0)
            block->infinite = place;
        state->missing |= kind == CVI_IO_MISSING;
        state->infinite |= kind == CVI_IO_INFINITE;
        if (kind != CVI_IO_MISSING && kind != CVI_IO_INFINITE) {
            block->fault = place;
            return false;
        }
    }
    return true;
}

static bool is_blank(const csv_rules *rules, const csv_block *block)
{
    return block->fields.count == 1 && block->fields.items[0].length == 0 && !block->fields.items[0].quoted &&
           (rules->n_columns > 0);
}

static int64_t count_lines(const char *p, const char *end)
{
    int64_t lines = 0;
    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        lines++;
        p++;
    }
    return lines;
}

/* Any line. @return the next one, or NULL with block->fault. */
static const char *careful_line(const csv_rules *rules, csv_block *block, const char *line, double *row)
{
    csv_fault fault;
    const char *at;
    const char *next = cvi_io_csv_split(rules, line, block->text + block->length, &block->fields, &fault, &at);
    if (!next) {
        block->fault = place_at(block, at, fault);
        block->fault.line += count_lines(line, at);
        return NULL;
    }
    int64_t lines = count_lines(line, next);
    if (is_blank(rules, block)) {
        block->n_blank++;
        block->n_lines += lines;
        return next;
    }
    int64_t count = (int64_t)block->fields.count;
    bool ragged = count != rules->n_columns && !rules->filling;
    if (ragged && !rules->skipping) {
        block->fault = place_at(block, line, CSV_RAGGED);
        block->fault.fields = count;
        return NULL;
    }
    row_state state = {false, false};
    if (!ragged && !read_cells(rules, block, line, row, &state))
        return NULL;
    bool out = ragged || (rules->dropping && (state.missing || state.infinite));
    if (out && !leave_out(rules, block, line, next, ragged)) {
        block->fault = place_at(block, line, CSV_NO_MEMORY);
        return NULL;
    }
    if (!out) {
        block->n_missing += state.missing;
        block->n_infinite += state.infinite;
        block->n_rows++;
    }
    block->n_seen++;
    block->n_lines += lines;
    return next;
}

void cvi_io_csv_parse(const csv_rules *rules, csv_block *block)
{
    block->n_rows = block->n_seen = block->n_lines = block->n_blank = 0;
    block->n_dropped = block->n_skipped = block->n_missing = block->n_infinite = 0;
    block->n_gaps = block->n_spans = 0;
    block->fault = block->trouble;
    if (block->trouble.fault != CSV_FINE)
        return;
    memset(block->text + block->length, 0, CSV_PAD);
    const char *p = block->text, *end = p + block->length;
    const size_t width = (size_t)rules->width;
    const bool plain = !rules->runs && rules->max_field_bytes >= 64; /* no number that the fast path takes is longer */
    while (p < end) {
        if (!grow((void **)&block->values, &block->values_room, ((size_t)block->n_rows + 1) * width, sizeof(double))) {
            block->fault = place_at(block, p, CSV_NO_MEMORY);
            return;
        }
        double *row = block->values + (size_t)block->n_rows * width;
        const char *next = plain ? fast_line(rules, p, row) : NULL;
        if (next) {
            block->n_rows++;
            block->n_seen++;
            block->n_lines++;
        } else if (!(next = careful_line(rules, block, p, row)))
            return;
        p = next;
    }
}

size_t cvi_io_csv_whole_lines(const char *text, size_t length)
{
    if (!memchr(text, '"', length)) {
        const char *last = memrchr(text, '\n', length);
        return last ? (size_t)(last - text) + 1 : 0;
    }
    size_t whole = 0;
    const char *p = text, *end = text + length;
    while (p < end) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        const char *stop = quote ? quote : end;
        const char *last = memrchr(p, '\n', (size_t)(stop - p));
        if (last)
            whole = (size_t)(last - text) + 1;
        if (!quote)
            break;
        const char *close = memchr(quote + 1, '"', (size_t)(end - quote - 1));
        if (!close)
            break;
        p = close + 1; /* two quotes in a row close and open again: the parity is what counts */
    }
    return whole;
}
