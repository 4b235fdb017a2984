/**
 * @file output.h
 * Results: checked before anything is read, written to a file or to standard output.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "options.h"

#include <covey/io.h>

#include <stdio.h>

/**
 * Refuse outputs that cannot or must not be written: an input, a directory, an existing file without --force,
 * a dangling link, a folder without permission, the same file twice, standard output twice.
 * @param inputs [n_inputs] files that are read; NULL and "-" are skipped
 * @param extra  one more output that is not an option (convert), or NULL
 * @return 0 or an exit code, said already
 */
int cli_outputs_check(const cli_arguments *a, const char *const *inputs, int n_inputs, const char *extra);

/** @return 1 if any output that was asked for is standard output. */
int cli_outputs_use_stdout(const cli_arguments *a);

int cli_ends_with(const char *name, const char *end);

/** A text that grows, for a result printed through stdio. Close gives it to path; "-" is standard output. */
typedef struct cli_text_result {
    FILE *to;
    char *bytes;
    size_t n_bytes;
} cli_text_result;
int cli_text_open(cli_text_result *result);
int cli_text_close(cli_text_result *result, const char *path, int force);
/** Close: standard output holds another result, so people read this one on standard error, unless quiet. */
int cli_text_to_stderr(cli_text_result *result, int quiet);

/**
 * Labels, one a line, or NPY (int32) when the name ends in .npy.
 * @param labels    [n]
 * @param file_rows [n] row of the file of each label, or NULL if none was left out
 * @param n_file    rows of the file; those without a label get -1
 */
int cli_write_labels(const char *path, int force, const int32_t *labels, int64_t n, const int64_t *file_rows,
                     int64_t n_file);
/** A matrix as CSV (a tab for .tsv) or, when the name ends in .npy, NPY. names [d] or NULL. */
int cli_write_matrix(const char *path, int force, const covey_matrix *x, const char *const *names);
/** The bytes of a CSV with one more column. labels by row of the file as in cli_write_labels; a left-out row
 * gets "". */
int cli_write_appended(const char *path, int force, const char *bytes, size_t n_bytes, char delimiter,
                       int has_header, const int32_t *labels, int64_t n, const int64_t *file_rows);
int cli_write_model(const char *path, int force, const covey_model *model, const covey_model_info *info);

#endif
