/* Which columns of a table are features, in which order, and which one is the weight. */
#ifndef CVI_IO_COLUMNS_H
#define CVI_IO_COLUMNS_H

#include "covey/status.h"

typedef struct cvi_io_columns {
    const char *file;         /* for messages */
    const char *const *names; /* [n] or NULL */
    int64_t n;
} cvi_io_columns;

/*
 * Resolve a selection: items between commas are names, numbers from 1, or ranges of either ("1-4", "5-", "age-height").
 * A name that stands in the file is taken before a range is; quotes make a name of anything: "\"2001\"".
 * @param spec   NULL: every column
 * @param except a column to leave out when spec is NULL, and to refuse otherwise; -1: none
 * @param out    out: malloc'd column numbers from 0, *n_out of them
 */
covey_status cvi_io_columns_select(const cvi_io_columns *columns, const char *spec, int64_t except, int64_t **out,
                                   int64_t *n_out, covey_error *err);

/* One column by name or number. what: the option's name, for messages. */
covey_status cvi_io_columns_find(const cvi_io_columns *columns, const char *spec, const char *what, int64_t *out,
                                 covey_error *err);

/* "'age' (column 3)", or "column 3" where there are no names, into out [room]. */
const char *cvi_io_columns_label(const cvi_io_columns *columns, int64_t column, char *out, size_t room);

#endif
