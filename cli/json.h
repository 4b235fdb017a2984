/**
 * @file json.h
 * A JSON writer: order as written, numbers the shortest that read back, strings always valid UTF-8.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdint.h>
#include <stdio.h>

typedef struct cli_json {
    FILE *to;
    int depth;
    int filled[8]; /**< whether the level has a member already */
} cli_json;

/** name is NULL inside arrays and at the top. */
void cli_json_open(cli_json *j, const char *name, char bracket);
void cli_json_close(cli_json *j, char bracket);
void cli_json_int(cli_json *j, const char *name, int64_t value);
/** Infinity and NaN become null. */
void cli_json_real(cli_json *j, const char *name, double value);
void cli_json_bool(cli_json *j, const char *name, int value);
/** NULL becomes null. */
void cli_json_text(cli_json *j, const char *name, const char *value);
void cli_json_ints(cli_json *j, const char *name, const int64_t *values, int64_t n);

#endif
