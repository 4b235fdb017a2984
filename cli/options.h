/**
 * @file options.h
 * The one table of verbs and options: parsing, help, the man page and the completions are generated from it.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

typedef enum cli_verb_id {
    VERB_FIT,
    VERB_PREDICT,
    VERB_TRANSFORM,
    VERB_SCORE,
    VERB_INFO,
    VERB_MAKE,
    VERB_CONVERT,
    VERB_COUNT
} cli_verb_id;

typedef enum cli_option_id {
    OPT_CLUSTERS,
    OPT_ALGORITHM,
    OPT_OPTIMAL,
    OPT_INIT,
    OPT_N_INIT,
    OPT_MAX_ITER,
    OPT_TOL,
    OPT_SEED,
    OPT_BATCH_SIZE,
    OPT_BISECT,
    OPT_SCALE,
    OPT_CENTER_DTYPE,
    OPT_COLUMNS,
    OPT_WEIGHTS,
    OPT_MISSING,
    OPT_RAGGED,
    OPT_DELIMITER,
    OPT_HEADER,
    OPT_MEMBER,
    OPT_DTYPE,
    OPT_MAX_FIELD,
    OPT_MAX_COLUMNS,
    OPT_MMAP,
    OPT_ROWS,
    OPT_FEATURES,
    OPT_CENTERS_COUNT,
    OPT_STD,
    OPT_NOISE,
    OPT_FACTOR,
    OPT_NO_SHUFFLE,
    OPT_OUTPUT,
    OPT_MODEL,
    OPT_LABELS,
    OPT_CENTERS,
    OPT_APPEND,
    OPT_PICTURE,
    OPT_PICTURE_SHAPE,
    OPT_JSON,
    OPT_FORCE,
    OPT_THREADS,
    OPT_PLAN,
    OPT_MEMORY_LIMIT,
    OPT_TIME_LIMIT,
    OPT_STRICT,
    OPT_QUIET,
    OPT_VERBOSE,
    OPT_HELP,
    OPT_COUNT
} cli_option_id;

typedef enum cli_kind {
    KIND_FLAG,
    KIND_TEXT,
    KIND_INPUT,   /**< a file to read */
    KIND_OUTPUT,  /**< a file to write, or "-" */
    KIND_INT,     /**< within [low, high] */
    KIND_REAL,    /**< within [low, high] */
    KIND_BYTES,   /**< a number with K, M, G or T (powers of 1024), at least low */
    KIND_SECONDS, /**< a number with s, m or h, above 0 */
    KIND_CHOICE,  /**< one of choices */
    KIND_INIT,    /**< one of choices (or the name that Python uses), or a file to read */
    KIND_RAGGED,  /**< one of choices, or a file to write */
    KIND_SHAPE    /**< HEIGHTxWIDTH, both at least 1 */
} cli_kind;

typedef enum cli_group {
    GROUP_CLUSTERING,
    GROUP_READING,
    GROUP_MAKING,
    GROUP_RESULTS,
    GROUP_RUNNING,
    GROUP_COUNT
} cli_group;

typedef struct cli_option {
    cli_option_id id;
    const char *name;    /**< without the two dashes */
    char letter;         /**< 0: none */
    const char *metavar; /**< NULL for flags */
    cli_kind kind;
    double low, high;
    const char *choices; /**< "a|b|c" or NULL */
    cli_group group;
    unsigned verbs; /**< bit 1u << verb for each verb that takes it */
    const char *help;
} cli_option;

typedef struct cli_arguments cli_arguments;

typedef struct cli_verb {
    cli_verb_id id;
    const char *name;
    const char *operands; /**< as the usage line shows them */
    const char *summary;  /**< one line, no full stop */
    const char *text;     /**< what it does, in sentences; paragraphs are separated by an empty line */
    const char *examples; /**< pairs of lines: what for, then the command */
    int min_operands, max_operands;
    const char *missing; /**< what to say when operands are missing */
    int (*run)(const cli_arguments *arguments);
} cli_verb;

/** A parsed command line. Values are borrowed from argv and already checked for form and range. */
struct cli_arguments {
    const cli_verb *verb;
    const char *value[OPT_COUNT]; /**< NULL: not given; "" for a flag */
    int count[OPT_COUNT];         /**< times given */
    const char *operand[8];
    int n_operands;
};

extern const cli_option cli_options[OPT_COUNT];
extern const cli_verb cli_verbs[VERB_COUNT];

const cli_verb *cli_verb_find(const char *name);

/**
 * Parse the words after the verb.
 * @param argv [argc] the words
 * @return 0, or 2 after saying on stderr what was wrong
 */
int cli_parse(const cli_verb *verb, int argc, char **argv, cli_arguments *out);

int cli_given(const cli_arguments *a, cli_option_id id);
const char *cli_text(const cli_arguments *a, cli_option_id id, const char *fallback);
int64_t cli_int(const cli_arguments *a, cli_option_id id, int64_t fallback);
double cli_real(const cli_arguments *a, cli_option_id id, double fallback);
size_t cli_bytes(const cli_arguments *a, cli_option_id id, size_t fallback);
double cli_seconds(const cli_arguments *a, cli_option_id id, double fallback);
/** @return the index of the value in the option's choices, or -1 when it is a file name. */
int cli_choice(const cli_arguments *a, cli_option_id id, int fallback);
/** HEIGHTxWIDTH. @return 1 if given. */
int cli_shape(const cli_arguments *a, cli_option_id id, int64_t *height, int64_t *width);

/** Say "covey VERB: message" and how to get help. @return 2, the exit code for wrong usage. */
int cli_usage_error(const cli_verb *verb, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Edits between two words, a swap of neighbors counting as one. Words beyond 63 bytes are far from
 * everything. */
int cli_distance(const char *a, const char *b);
/** The nearest of a list "a|b|c" if it is near enough to suggest, copied into out [size]; else NULL. */
const char *cli_nearest(const char *word, const char *choices, char *out, size_t size);

/** Help texts. @return the exit code. */
void cli_help_short(void);
int cli_help_all(void);
int cli_help_verb(const cli_verb *verb);
int cli_man(void);
int cli_complete(const char *shell);

int cli_fit(const cli_arguments *a);
int cli_predict(const cli_arguments *a);
int cli_transform(const cli_arguments *a);
int cli_score(const cli_arguments *a);
int cli_info(const cli_arguments *a);
int cli_make(const cli_arguments *a);
int cli_convert(const cli_arguments *a);

#endif
