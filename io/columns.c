#include "columns.h"

#include "fail.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME_SHOWN = 64, LONGEST_COMPARED = 64 };

const char *cvi_io_columns_label(const cvi_io_columns *columns, int64_t column, char *out, size_t room)
{
    char shown[NAME_SHOWN];
    const char *name = columns->names ? columns->names[column] : NULL;
    if (name && *name)
        snprintf(out, room, "'%s' (column %lld)", cvi_io_clean(name, strlen(name), shown, sizeof shown),
                 (long long)column + 1);
    else
        snprintf(out, room, "column %lld", (long long)column + 1);
    return out;
}

/* Levenshtein distance without regard to case; -1 for long names. */
static int edit_distance(const char *a, size_t n, const char *b)
{
    int row[LONGEST_COMPARED + 1];
    size_t m = strlen(b);
    if (n > LONGEST_COMPARED || m > LONGEST_COMPARED)
        return -1;
    for (size_t j = 0; j <= m; j++)
        row[j] = (int)j;
    for (size_t i = 1; i <= n; i++) {
        int corner = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            int best = corner + !same;
            best = row[j] + 1 < best ? row[j] + 1 : best;
            best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            corner = row[j];
            row[j] = best;
        }
    }
    return row[m];
}

static bool is_close(const char *text, size_t length, const char *name)
{
    if (!*name)
        return false;
    if (length >= 2 && (strncasecmp(text, name, length) == 0 || strncasecmp(text, name, strlen(name)) == 0))
        return true;
    int distance = edit_distance(text, length, name);
    return distance >= 0 && distance <= (length < 4 ? 1 : (int)length / 3 + 1);
}

/* "did you mean 'age' or 'ages'?" or "the columns are 'a', 'b', ...". */
static void suggest(const cvi_io_columns *columns, const char *text, size_t length, char *out, size_t room)
{
    if (!columns->names) {
        snprintf(out, room, "the file has no column names; use numbers from 1 to %lld", (long long)columns->n);
        return;
    }
    size_t used = 0;
    int found = 0;
    for (int pass = 0; pass < 2 && found == 0; pass++) {
        used = (size_t)snprintf(out, room, pass == 0 ? "close names:" : "the columns are");
        for (int64_t c = 0; c < columns->n && found < (pass == 0 ? 3 : 6) && used + NAME_SHOWN + 8 < room; c++) {
            char shown[NAME_SHOWN];
            const char *name = columns->names[c];
            if (pass == 0 && !is_close(text, length, name))
                continue;
            used += (size_t)snprintf(out + used, room - used, "%s '%s'", found ? "," : "",
                                     cvi_io_clean(name, strlen(name), shown, sizeof shown));
            found++;
        }
        if (pass == 1 && found < columns->n)
            snprintf(out + used, room - used, ", ...");
    }
}

static covey_status unknown(const cvi_io_columns *columns, const char *what, const char *text, size_t length,
                            covey_error *err)
{
    char shown[NAME_SHOWN], advice[320];
    suggest(columns, text, length, advice, sizeof advice);
    return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: %s '%s' is not in the file; %s", columns->file, what,
                       cvi_io_clean(text, length, shown, sizeof shown), advice);
}

/* *column: the one column of that name, or -1. Twice in the header is an error. */
static covey_status find_name(const cvi_io_columns *columns, const char *text, size_t length, int64_t *column,
                              covey_error *err)
{
    *column = -1;
    for (int64_t c = 0; columns->names && c < columns->n; c++) {
        if (length == 0 || strncmp(columns->names[c], text, length) != 0 || columns->names[c][length] != 0)
            continue;
        char shown[NAME_SHOWN];
        if (*column >= 0)
            return cvi_io_fail(err, COVEY_ERR_ARGUMENT,
                               "%s: the name '%s' stands twice in the header (columns %lld and %lld); use its number",
                               columns->file, cvi_io_clean(text, length, shown, sizeof shown), (long long)*column + 1,
                               (long long)c + 1);
        *column = c;
    }
    return COVEY_OK;
}

static bool all_digits(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return length > 0;
}

static covey_status find_number(const cvi_io_columns *columns, const char *what, const char *text, size_t length,
                                int64_t *column, covey_error *err)
{
    int64_t value = 0;
    for (size_t i = 0; i < length && value < INT64_MAX / 16; i++)
        value = value * 10 + (text[i] - '0');
    if (value < 1 || value > columns->n)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: %s %.*s is outside 1..%lld (columns count from 1)", columns->file,
                           what, (int)(length < 20 ? length : 20), text, (long long)columns->n);
    *column = value - 1;
    return COVEY_OK;
}

/* A name or a number; *column is -1 if the text is neither. */
static covey_status find_one(const cvi_io_columns *columns, const char *what, const char *text, size_t length,
                             int64_t *column, covey_error *err)
{
    *column = -1;
    if (length >= 2 && text[0] == '"' && text[length - 1] == '"')
        return find_name(columns, text + 1, length - 2, column, err);
    if (all_digits(text, length))
        return find_number(columns, what, text, length, column, err);
    return find_name(columns, text, length, column, err);
}

/* "a-b" or "a-": every dash is tried, since names may hold dashes. *first is -1 if it is no range. */
static covey_status find_range(const cvi_io_columns *columns, const char *text, size_t length, int64_t *first,
                               int64_t *last, covey_error *err)
{
    *first = -1;
    for (size_t dash = 1; dash < length; dash++) {
        if (text[dash] != '-')
            continue;
        int64_t from, to = columns->n - 1;
        covey_status status = find_one(columns, "column", text, dash, &from, err);
        if (status == COVEY_OK && from >= 0 && dash + 1 < length)
            status = find_one(columns, "column", text + dash + 1, length - dash - 1, &to, err);
        if (status != COVEY_OK)
            return status;
        if (from < 0 || to < 0)
            continue;
        if (to < from)
            return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: the range of columns '%.*s' runs backwards", columns->file,
                               (int)(length < 60 ? length : 60), text);
        *first = from;
        *last = to;
        return COVEY_OK;
    }
    return COVEY_OK;
}

static covey_status find_item(const cvi_io_columns *columns, const char *text, size_t length, int64_t *first,
                              int64_t *last, covey_error *err)
{
    if (length == 0)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: an empty item in the list of columns", columns->file);
    covey_status status = find_one(columns, "column", text, length, first, err);
    *last = *first;
    if (status == COVEY_OK && *first < 0)
        status = find_range(columns, text, length, first, last, err);
    if (status != COVEY_OK || *first >= 0)
        return status;
    if (text[0] == '-' && all_digits(text + 1, length - 1))
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: '%.*s' would leave columns out; name the columns to use, as in 1-4",
                           columns->file, (int)(length < 60 ? length : 60), text);
    return unknown(columns, "column", text, length, err);
}

/* End of the item at p: the next comma outside quotes. A name with commas in it is taken whole if it is in the file. */
static const char *item_end(const char *p)
{
    bool quoted = false;
    for (; *p && (quoted || *p != ','); p++)
        quoted ^= *p == '"';
    return p;
}

static covey_status take_columns(const cvi_io_columns *columns, int64_t except, int64_t first, int64_t last, char *taken,
                                 int64_t *out, int64_t *n_out, covey_error *err)
{
    char label[128];
    for (int64_t c = first; c <= last; c++) {
        if (taken[c])
            return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: %s is named twice in the list of columns", columns->file,
                               cvi_io_columns_label(columns, c, label, sizeof label));
        if (c == except && first < last)
            continue; /* a range that runs over the weights means the features in it */
        if (c == except)
            return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: %s cannot be a feature and the weight", columns->file,
                               cvi_io_columns_label(columns, c, label, sizeof label));
        taken[c] = 1;
        out[(*n_out)++] = c;
    }
    return COVEY_OK;
}

static covey_status select_items(const cvi_io_columns *columns, const char *spec, int64_t except, char *taken, int64_t *out,
                                 int64_t *n_out, covey_error *err)
{
    for (const char *p = spec;; p++) {
        const char *end = item_end(p), *next = end;
        while (p < end && *p == ' ')
            p++;
        while (end > p && end[-1] == ' ')
            end--;
        int64_t first = -1, last = -1;
        covey_status status = find_item(columns, p, (size_t)(end - p), &first, &last, err);
        if (status == COVEY_OK)
            status = take_columns(columns, except, first, last, taken, out, n_out, err);
        if (status != COVEY_OK || *next == 0)
            return status;
        p = next;
    }
}

covey_status cvi_io_columns_select(const cvi_io_columns *columns, const char *spec, int64_t except, int64_t **out,
                                   int64_t *n_out, covey_error *err)
{
    int64_t *list = malloc((size_t)(columns->n + 1) * sizeof *list);
    char *taken = calloc((size_t)columns->n + 1, 1);
    covey_status status = COVEY_OK;
    int64_t count = 0;
    if (!list || !taken)
        status = cvi_io_fail_memory(err, columns->file, (size_t)columns->n * sizeof *list);
    else if (spec)
        status = select_items(columns, spec, except, taken, list, &count, err);
    else
        for (int64_t c = 0; c < columns->n; c++)
            if (c != except)
                list[count++] = c;
    free(taken);
    if (status != COVEY_OK) {
        free(list);
        return status;
    }
    *out = list;
    *n_out = count;
    return COVEY_OK;
}

covey_status cvi_io_columns_find(const cvi_io_columns *columns, const char *spec, const char *what, int64_t *out,
                                 covey_error *err)
{
    covey_status status = find_one(columns, what, spec, strlen(spec), out, err);
    if (status == COVEY_OK && *out < 0)
        return unknown(columns, what, spec, strlen(spec), err);
    return status;
}
