/**
 * @file status.h
 * Status codes and error messages.
 *
 * A function that can fail returns a covey_status and takes a `covey_error *err` as its last argument.  err may be
 * NULL.  On failure err->message names the parameter, its value and the allowed range, and every output is as it
 * was before the call.  On success err is untouched.
 */
#ifndef COVEY_STATUS_H
#define COVEY_STATUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define COVEY_API __attribute__((visibility("default")))
#define COVEY_MUST_USE __attribute__((warn_unused_result))
#else
#define COVEY_API
#define COVEY_MUST_USE
#endif

/** The closed list of outcomes: X(name, value, command's exit code, one-line text). Values are never reused. */
#define COVEY_STATUS_LIST(X)                                                            \
    X(OK, 0, 0, "success")                                                              \
    X(ERR_ARGUMENT, 1, 2, "an argument or option is outside its allowed range")         \
    X(ERR_UNSUPPORTED, 2, 2, "this build or this combination does not offer the request") \
    X(ERR_SHAPE, 3, 3, "the shapes of the arguments do not fit together")               \
    X(ERR_NONFINITE, 4, 3, "a value is NaN, infinite or too large to be squared")       \
    X(ERR_FORMAT, 5, 3, "a file or buffer does not follow its format")                  \
    X(ERR_DTYPE, 6, 3, "the element type is not supported here")                        \
    X(ERR_IO, 7, 4, "the operating system failed to read or write")                     \
    X(ERR_MEMORY, 8, 5, "memory could not be allocated")                                \
    X(ERR_LIMIT, 9, 5, "a limit set by the user was reached")                           \
    X(ERR_CANCELLED, 10, 130, "cancelled by the caller")                                \
    X(ERR_INTERNAL, 11, 1, "internal error: please report it")

typedef enum covey_status {
#define COVEY_STATUS_ENUM(name, value, exit_code, text) COVEY_##name = value,
    COVEY_STATUS_LIST(COVEY_STATUS_ENUM)
#undef COVEY_STATUS_ENUM
} covey_status;

/** Room for one message, terminating NUL included, in bytes. */
#define COVEY_MESSAGE_SIZE 512

/** What went wrong, in words; owned by the caller. row and column are -1 where they do not apply (both count from 0). */
typedef struct covey_error {
    covey_status status;
    int64_t row;
    int64_t column;
    int64_t count; /**< how many rows are affected where that was counted, else -1 */
    char message[COVEY_MESSAGE_SIZE];
} covey_error;

/** @return one line of text for a status, never NULL; static storage. */
COVEY_API const char *covey_status_text(covey_status status);

/** @return the exit code that the command uses for a status. */
COVEY_API int covey_status_exit_code(covey_status status);

/** @return the library's version, "major.minor.patch"; static storage. */
COVEY_API const char *covey_version(void);

#ifdef __cplusplus
}
#endif
#endif
