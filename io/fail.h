/*
 * Failing with a message, and the memory rules of covey-io.
 *
 * Messages may hold text from files: cvi_io_clean makes it printable, so that no control byte reaches a terminal.
 */
#ifndef CVI_IO_FAIL_H
#define CVI_IO_FAIL_H

#include "covey/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fill err (if there is one) and return status. row, column and count are set to -1. */
covey_status cvi_io_fail(covey_error *err, covey_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* COVEY_ERR_IO with the system's words: "NAME: VERB: No space left on device". */
covey_status cvi_io_fail_errno(covey_error *err, const char *name, const char *verb, int error_number);

/* bytes 0: how many is not known (a library below failed). */
covey_status cvi_io_fail_memory(covey_error *err, const char *name, size_t bytes);

/* Printable copy of at most room - 1 bytes of text: control bytes become '?', long text ends in "...". */
const char *cvi_io_clean(const char *text, size_t length, char *out, size_t room);

/* Is the text valid UTF-8 (Unicode's table 3-7: no overlong forms, no surrogates)? */
bool cvi_io_is_utf8(const char *text);

/* a * b into *out; false on overflow. */
static inline bool cvi_io_mul(size_t a, size_t b, size_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

/* A growing block of bytes; all zero is empty. */
typedef struct cvi_io_buffer {
    char *data;
    size_t length, room;
} cvi_io_buffer;

/* Room for at least `more` bytes behind length. false: no memory, the buffer is as it was. */
bool cvi_io_buffer_reserve(cvi_io_buffer *buffer, size_t more);
bool cvi_io_buffer_add(cvi_io_buffer *buffer, const void *bytes, size_t n_bytes);
bool cvi_io_buffer_print(cvi_io_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void cvi_io_buffer_free(cvi_io_buffer *buffer);

#endif
