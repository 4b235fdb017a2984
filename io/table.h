/* What a table is inside, and the readers that fill it. */
#ifndef CVI_IO_TABLE_H
#define CVI_IO_TABLE_H

#include "covey/io.h"
#include "fail.h"
#include "source.h"

struct covey_table {
    char *name; /* of the file, for messages */
    covey_matrix matrix;
    void *values;      /* owned, or NULL where a mapping holds the data */
    struct cvi_io_map *map;
    double *weights;   /* [n] or NULL */
    char **names;      /* [n_names = d] or NULL */
    int64_t n_names;
    int64_t *file_rows; /* [n] or NULL */
    int64_t n_dropped, n_skipped;
    int64_t height, width;
    char delimiter;
    int32_t has_header;
    cvi_io_buffer notes; /* text with a terminating NUL behind length */
};

/* Add a line to the notes; false: no memory. */
bool cvi_io_note(covey_table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each takes the open source, and fills the table. */
covey_status cvi_io_read_csv(cvi_io_source *source, const covey_read_options *options, covey_table *table, covey_error *err);
covey_status cvi_io_read_npy(cvi_io_source *source, const covey_read_options *options, covey_table *table, covey_error *err);
covey_status cvi_io_read_npz(cvi_io_source *source, const covey_read_options *options, covey_table *table, covey_error *err);
covey_status cvi_io_read_picture(cvi_io_source *source, const covey_read_options *options, covey_table *table,
                                 covey_error *err);

/*
 * For tables that come as whole arrays: choose the columns, take out the weights, and treat missing values by rule.
 * The table's matrix is the whole array on entry.
 */
covey_status cvi_io_finish_array(const covey_read_options *options, covey_table *table, covey_error *err);

#endif
