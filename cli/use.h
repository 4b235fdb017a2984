/**
 * @file use.h
 * A model and rows to use it on: what predict, transform and score have in common.
 */
#ifndef CLI_USE_H
#define CLI_USE_H

#include "input.h"
#include "watch.h"

typedef struct cli_use {
    const cli_arguments *a;
    const char *model_path;
    covey_model_file *file;
    const covey_model *model;
    const covey_model_info *info; /**< never NULL after cli_use_open */
    cli_input in;
    covey_matrix z; /**< the rows, scaled as the fitted ones were */
    double *z_buffer;
    covey_run run;
    cli_watch watch;
} cli_use;

/** Check the outputs, load the model, read and scale the rows, check that they fit. @return 0 or an exit code
 */
int cli_use_open(const cli_arguments *a, cli_use *use);
void cli_use_close(cli_use *use);
/** Say why a computation failed. @return its exit code */
int cli_use_failed(const cli_use *use, const covey_error *err);

/** Load a model and say what went wrong, with a hint or NULL. @return 0 or an exit code */
int cli_model_load(const char *path, const char *hint, covey_model_file **out);

#endif
