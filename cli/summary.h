/**
 * @file summary.h
 * What a fit tells: for people and for programs.
 */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "input.h"
#include "scale.h"

#include <stdio.h>

typedef struct cli_summary {
    const cli_arguments *arguments;
    const cli_input *input;
    const cli_scale *scale;
    const covey_fit_options *options;
    const covey_report *report;
    const covey_model *model;
    const int64_t *sizes; /**< [k] rows of each cluster */
    const char *init;     /**< "k-means++", "random" or the file's name */
    int interrupted;
    double seconds; /**< all in, reading included */
} cli_summary;

const char *cli_algorithm_name(covey_algorithm algorithm);
/** "strict", "tol", "max_iter", "cancelled", "time", "no_improvement". */
const char *cli_stop_name(covey_stop stop);
void cli_summary_print(const cli_summary *s, FILE *to);
void cli_summary_json(const cli_summary *s, FILE *to);
/** The table of clusters with bars; sizes [k] of n rows. At most 30 lines. */
void cli_print_sizes(FILE *to, const int64_t *sizes, int64_t k, int64_t n);

#endif
