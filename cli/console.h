/**
 * @file console.h
 * Messages for people: everything here goes to standard error, escaped, and nothing is written there
 * otherwise.
 */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include <covey/covey.h>

#include <stdio.h>

typedef enum cli_level {
    SAY_ERROR,   /**< always */
    SAY_HINT,    /**< always: what to do next, below an error */
    SAY_WARNING, /**< unless --quiet */
    SAY_NOTE,    /**< unless --quiet */
    SAY_DETAIL   /**< with -v */
} cli_level;

/** Look at the terminal: NO_COLOR, TERM, width. */
void cli_console_init(void);
void cli_console_level(int quiet, int verbose);
int cli_verbose(void);

/** One message; control characters and broken UTF-8 in it come out as \\xNN. A newline starts an indented
 * line. */
void cli_say(cli_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Say what a library call reported, with what can be done about it. @return the exit code of its status. */
int cli_fail(const covey_error *err, const char *hint);

/**
 * Show how far the work is, if standard error is a terminal that can; at most ten times a second.
 * @param fraction 0..1, or negative when unknown
 * @param text     what is going on, plain ASCII
 */
void cli_bar(double fraction, const char *text);
/** Remove the bar. */
void cli_bar_clear(void);

/** Write text of unknown origin so that no terminal obeys it. */
void cli_print_escaped(FILE *to, const char *text);
/** "1,234,567" into buffer [32]. */
const char *cli_count(int64_t value, char *buffer);
/** "12.3 ms", "4.56 s", "2 min 5 s" into buffer [32]. */
const char *cli_duration(double seconds, char *buffer);
/** "512 bytes", "1.50 GiB" into buffer [32]. */
const char *cli_size(double bytes, char *buffer);
/** Shortest text that reads back as value, into buffer [32]. */
const char *cli_number(double value, char *buffer);
/** About six digits, for people, into buffer [32]. */
const char *cli_about(double value, char *buffer);

int cli_file_exists(const char *path);
/** Seconds of a clock that never jumps. */
double cli_now(void);

#endif
