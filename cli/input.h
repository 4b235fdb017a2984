/**
 * @file input.h
 * The table that a verb works on: read by the options, with what the command says about it.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "options.h"

#include <covey/io.h>

typedef struct cli_input {
    const char *path; /**< as given; "-" for standard input */
    const char *name; /**< for messages */
    covey_table *table;
    covey_matrix x;           /**< [n, d] */
    const double *weights;    /**< [n] or NULL */
    const char **names;       /**< [d] or NULL */
    const int64_t *file_rows; /**< [n] or NULL */
    int64_t n_file_rows;
    char *bytes; /**< the whole input, when it was asked for */
    size_t n_bytes;
    size_t table_bytes; /**< memory that the table takes */
    double seconds;     /**< time spent reading */
} cli_input;

/** The file to read: the operand, or standard input. @return NULL after a short help if that is a terminal.
 */
const char *cli_input_path(const cli_arguments *a, int index);

/**
 * Read the table.
 * @param keep_bytes 1: keep the input's own bytes too
 * @param prefer     columns to take if --columns was not given and the file has them all; NULL: all columns
 * @param deadline   by cli_now(), or 0
 * @return 0 or an exit code, said already
 */
int cli_input_read(const cli_arguments *a, const char *path, int keep_bytes, const char *prefer,
                   double deadline, cli_input *out);
void cli_input_free(cli_input *input);

/** Whether labels can be appended to this input. @return 0, or 2 after saying why not */
int cli_check_append(const cli_arguments *a, const cli_input *in, char delimiter);

/** The reader's options as the command line says. @return 0, or 2 after saying what is wrong */
int cli_read_options(const cli_arguments *a, covey_read_options *out);
/** The whole of a file or of standard input. */
int cli_slurp(const char *path, size_t limit, char **out, size_t *n_out);
/** What to try after a reader's error, or NULL. */
const char *cli_read_hint(const covey_error *err);
/** Say where in the input a value is that the library refused. @return the exit code */
int cli_fail_at(const cli_input *in, const covey_error *err);
/** Bytes of --memory-limit left after used; 0: no limit. @return 0, or 5 after saying that nothing is left */
int cli_memory_left(const cli_arguments *a, size_t used, size_t *left);

#endif
