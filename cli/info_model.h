/** @file info_model.h What a model holds, for people and for programs. */
#ifndef CLI_INFO_MODEL_H
#define CLI_INFO_MODEL_H

#include <covey/io.h>

#include <stdio.h>

void cli_print_model(FILE *to, const char *name, const covey_model_file *file);
void cli_json_model(FILE *to, const char *path, const covey_model_file *file);

#endif
