#include "csv.h"

#include <stdio.h>
#include <stdlib.h>

enum { SNIFF_LINES = 100, SNIFF_COLUMNS = 4096 };

static const char candidates[] = {',', '\t', ';', '|', ' '};

/* How well a delimiter explains the first lines. */
typedef struct score {
    double value;   /* share of lines with the usual count x (0.5 + share of cells that are numbers) */
    size_t columns; /* the usual count */
} score;

static bool is_numeric(cvi_io_kind kind)
{
    return kind != CVI_IO_TEXT && kind != CVI_IO_HEX;
}

static void count_cells(const csv_rules *rules, const csv_fields *fields, int64_t *cells, int64_t *numbers)
{
    double value;
    for (size_t c = 0; c < fields->count && c < SNIFF_COLUMNS; c++) {
        cvi_io_kind kind = cvi_io_number_read(fields->items[c].text, fields->items[c].length, &value);
        (*cells)++;
        /* "1,5" speaks for a decimal comma, which the user will be told about, unless the comma is what we try */
        *numbers += is_numeric(kind) && !(kind == CVI_IO_COMMA && rules->delimiter == ',');
    }
}

/* The count that most lines have. */
static size_t usual_count(const size_t *counts, int n, int *how_many)
{
    size_t best = 0;
    *how_many = 0;
    for (int i = 0; i < n; i++) {
        int same = 0;
        for (int j = 0; j < n; j++)
            same += counts[j] == counts[i];
        if (same > *how_many) {
            *how_many = same;
            best = counts[i];
        }
    }
    return best;
}

static score try_delimiter(csv_rules *rules, char delimiter, const char *text, size_t length, csv_fields *fields)
{
    size_t counts[SNIFF_LINES];
    int64_t cells = 0, numbers = 0;
    int n = 0, faults = 0;
    const char *p = text, *end = text + length;
    rules->delimiter = delimiter;
    rules->runs = delimiter == ' ';
    cvi_io_csv_rules_finish(rules);
    while (p < end && n < SNIFF_LINES) {
        csv_fault fault;
        const char *at;
        const char *next = cvi_io_csv_split(rules, p, end, fields, &fault, &at);
        if (!next) { /* quotes that fit another delimiter, or a fault that the reader will name: go on behind the line */
            next = memchr(at, '\n', (size_t)(end - at));
            next = next ? next + 1 : end;
            faults++;
        } else if (fields->count > 1 || fields->items[0].length > 0) {
            counts[n++] = fields->count;
            if (n > 1)
                count_cells(rules, fields, &cells, &numbers);
        }
        p = next;
    }
    if (n == 0)
        return (score){0, 0};
    int how_many;
    size_t columns = usual_count(counts, n, &how_many);
    if (columns < 2)
        return (score){0, columns};
    double agreeing = (double)how_many / (n + faults);
    return (score){agreeing * (0.5 + (cells ? (double)numbers / (double)cells : 0)), columns};
}

static char find_delimiter(csv_rules *rules, const char *text, size_t length, csv_fields *fields, bool *guessed)
{
    score best = {0, 0};
    char found = ',';
    *guessed = false;
    for (size_t i = 0; i < sizeof candidates; i++) {
        score now = try_delimiter(rules, candidates[i], text, length, fields);
        if (now.columns < 2)
            continue;
        *guessed |= best.columns > 1 && now.value > 0.6 * best.value;
        if (now.value > best.value + 1e-9) {
            best = now;
            found = candidates[i];
        }
    }
    return found;
}

/* What the lines below the first say about a column. */
typedef struct column_sample {
    int numbers, texts;
} column_sample;

static void sample_line(const csv_fields *fields, column_sample *columns, size_t n, csv_head *head, bool first)
{
    double value;
    for (size_t c = 0; c < fields->count && c < n; c++) {
        cvi_io_kind kind = cvi_io_number_read(fields->items[c].text, fields->items[c].length, &value);
        columns[c].numbers += is_numeric(kind) && kind != CVI_IO_MISSING;
        columns[c].texts += !is_numeric(kind);
        if (first && !is_numeric(kind))
            head->text_in_first_row = true;
    }
}

/* Numbers, as far as the sample goes; a few bad cells do not make it text. */
static bool mostly_numbers(const column_sample *column)
{
    return column->numbers > 0 && column->texts <= column->numbers;
}

/*
 * The first line is a header if it has text over a column of numbers and no numbers over columns of numbers.  If both
 * occur, one of them is damage or a name like 2001: it is then taken as data, which fails loudly, not silently.
 * A line of text with nothing below it is a header without rows.
 * unreadable: the second line is damaged; then text is taken as a header, so that the message is about that line.
 */
static void judge_header(const csv_field *first, const column_sample *below, size_t n, bool alone, bool unreadable,
                         csv_head *out)
{
    double value;
    bool text_over_numbers = false, numbers = false, text = false;
    for (size_t c = 0; c < n; c++) {
        cvi_io_kind kind = cvi_io_number_read(first[c].text, first[c].length, &value);
        text |= !is_numeric(kind);
        numbers |= kind == CVI_IO_NUMBER || kind == CVI_IO_INFINITE;
        text_over_numbers |= !is_numeric(kind) && (mostly_numbers(&below[c]) || unreadable);
    }
    out->has_header = (text_over_numbers || (text && alone)) && !numbers;
    out->header_why = out->has_header && alone ? "line 1 is text and nothing is below it"
                      : out->has_header       ? "line 1 has text over columns of numbers"
                      : text_over_numbers     ? "unsure: line 1 has text and numbers over columns of numbers"
                      : text && !numbers      ? "unsure: line 1 is text, but so are the lines below"
                      : text                  ? "line 1 has text where the lines below have text"
                                              : "line 1 is all numbers";
}

static void list_numeric(const column_sample *below, size_t n, char *out, size_t room)
{
    size_t used = 0;
    out[0] = 0;
    for (size_t c = 0; c < n; c++) {
        if (below[c].numbers == 0 || below[c].texts > 0)
            continue;
        size_t last = c;
        while (last + 1 < n && below[last + 1].numbers > 0 && below[last + 1].texts == 0)
            last++;
        int length = last > c ? snprintf(out + used, room - used, "%s%zu-%zu", used ? "," : "", c + 1, last + 1)
                              : snprintf(out + used, room - used, "%s%zu", used ? "," : "", c + 1);
        if (length < 0 || used + (size_t)length >= room) {
            out[0] = 0;
            return;
        }
        used += (size_t)length;
        c = last;
    }
}

/* Copy the first line's fields (count of them) and look at the lines below it. */
static bool judge_lines(const csv_rules *rules, const char *text, size_t length, covey_header header, csv_fields *fields,
                        csv_head *out)
{
    const char *p = text, *end = text + length, *at;
    csv_fields first = {0};
    csv_fault fault;
    do
        p = cvi_io_csv_split(rules, p, end, &first, &fault, &at);
    while (p && p < end && first.count == 1 && first.items[0].length == 0 && !first.items[0].quoted);
    size_t n = first.count;
    column_sample *below = calloc(n + 1, sizeof *below);
    if (!below || (!p && fault == CSV_NO_MEMORY)) {
        free(below);
        free(first.items);
        return false;
    }
    bool data_seen = header == COVEY_HEADER_NO;
    column_sample *unused = below;
    if (p && header == COVEY_HEADER_NO)
        sample_line(&first, unused, n, out, true);
    int lines = 0;
    for (; p && p < end && lines < SNIFF_LINES; lines++) {
        p = cvi_io_csv_split(rules, p, end, fields, &fault, &at);
        if (!p || (fields->count == 1 && fields->items[0].length == 0))
            continue;
        sample_line(fields, below, n, out, !data_seen);
        data_seen = true;
    }
    judge_header(first.items, below, n, p && !data_seen, !p && lines == 1, out);
    if (header != COVEY_HEADER_AUTO) {
        out->has_header = header == COVEY_HEADER_YES;
        out->header_why = "as asked";
    } else if (!out->has_header) {
        double value;
        for (size_t c = 0; c < n; c++)
            out->text_in_first_row |= !is_numeric(cvi_io_number_read(first.items[c].text, first.items[c].length, &value));
    }
    list_numeric(below, n, out->numeric, sizeof out->numeric);
    free(below);
    free(first.items);
    return true;
}

covey_status cvi_io_csv_sniff(const char *text, size_t length, char delimiter, covey_header header, csv_rules *rules,
                              csv_head *out, const char *name, covey_error *err)
{
    csv_fields fields = {0};
    memset(out, 0, sizeof *out);
    out->delimiter = delimiter ? delimiter : find_delimiter(rules, text, length, &fields, &out->delimiter_guessed);
    rules->delimiter = out->delimiter;
    rules->runs = out->delimiter == ' ';
    cvi_io_csv_rules_finish(rules);
    bool ok = judge_lines(rules, text, length, header, &fields, out);
    free(fields.items);
    return ok ? COVEY_OK : cvi_io_fail_memory(err, name, length);
}
