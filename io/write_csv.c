#include "element.h"
#include "fail.h"
#include "number.h"
#include "rows.h"
#include "sink.h"

#include <stdlib.h>

/* Longest element: a sign, 17 digits, point, "e-308"; 20 digits for 64-bit integers. */
enum { ELEMENT_BYTES = 32 };

static size_t put_element(const void *p, covey_dtype dtype, char *out)
{
    cvi_io_element element = cvi_io_element_at(p, dtype);
    if (element.integer)
        return cvi_io_integer_write(element.magnitude, element.negative, out);
    return cvi_io_number_write(element.real, out);
}

/*
 * A name is quoted where RFC 4180 asks for it, where blanks at its ends would be lost, where it would read as a number
 * or a missing value, and where a spreadsheet would take it for a formula.
 */
static bool needs_quotes(const char *name, char delimiter)
{
    size_t length = strlen(name);
    double value;
    if (length == 0 || strchr("=+-@ \t", name[0]) || name[length - 1] == ' ' || name[length - 1] == '\t')
        return true;
    if (cvi_io_number_read(name, length, &value) != CVI_IO_TEXT)
        return true;
    return strchr(name, delimiter) || strpbrk(name, "\"\r\n");
}

static bool put_name(cvi_io_buffer *line, const char *name, char delimiter)
{
    if (!needs_quotes(name, delimiter))
        return cvi_io_buffer_add(line, name, strlen(name));
    bool ok = cvi_io_buffer_add(line, "\"", 1);
    for (; *name && ok; name++)
        ok = (*name != '"' || cvi_io_buffer_add(line, "\"", 1)) && cvi_io_buffer_add(line, name, 1);
    return ok && cvi_io_buffer_add(line, "\"", 1);
}

static covey_status put_header(covey_sink *sink, const char *const *names, int64_t d, char delimiter, covey_error *err)
{
    cvi_io_buffer line = {0};
    bool ok = true;
    for (int64_t f = 0; f < d && ok; f++)
        ok = put_name(&line, names[f] ? names[f] : "", delimiter) &&
             cvi_io_buffer_add(&line, f + 1 < d ? &delimiter : "\n", 1);
    covey_status status = ok ? covey_sink_write(sink, line.data, line.length, err)
                             : cvi_io_fail_memory(err, cvi_io_sink_name(sink), line.length);
    cvi_io_buffer_free(&line);
    return status;
}

static covey_status put_row(covey_sink *sink, const covey_matrix *x, const char *row, char delimiter, covey_error *err)
{
    char text[64 * (ELEMENT_BYTES + 1)];
    size_t size = covey_dtype_size(x->dtype), used = 0;
    for (int64_t f = 0; f < x->d; f++) {
        if (used > sizeof text - ELEMENT_BYTES - 1) {
            covey_status status = covey_sink_write(sink, text, used, err);
            if (status != COVEY_OK)
                return status;
            used = 0;
        }
        used += put_element(row + (size_t)f * size, x->dtype, text + used);
        text[used++] = f + 1 < x->d ? delimiter : '\n';
    }
    return covey_sink_write(sink, text, used, err);
}

covey_status covey_write_csv(covey_sink *sink, const covey_matrix *x, char delimiter, const char *const *names,
                             covey_error *err)
{
    if (!sink)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "sink must not be NULL");
    if (delimiter == 0 || strchr("\"\r\n+-.0123456789eE", delimiter))
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: a delimiter must not be a quote, a line end or part of a number",
                           cvi_io_sink_name(sink));
    covey_status status = cvi_io_rows_check(x, cvi_io_sink_name(sink), err);
    if (status != COVEY_OK || x->d == 0)
        return status;
    char *row = malloc((size_t)x->d * covey_dtype_size(x->dtype));
    if (!row)
        return cvi_io_fail_memory(err, cvi_io_sink_name(sink), (size_t)x->d * covey_dtype_size(x->dtype));
    if (names)
        status = put_header(sink, names, x->d, delimiter, err);
    for (int64_t i = 0; i < x->n && status == COVEY_OK; i++) {
        status = cvi_io_row(x, i, row, err);
        if (status == COVEY_OK)
            status = put_row(sink, x, row, delimiter, err);
    }
    free(row);
    return status;
}
