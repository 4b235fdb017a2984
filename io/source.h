/* Sources: where bytes come from. A file, standard input, memory or a zip member, unpacked if it is gzip. */
#ifndef CVI_IO_SOURCE_H
#define CVI_IO_SOURCE_H

#include "covey/status.h"

#include <stdbool.h>

typedef struct cvi_io_source cvi_io_source;

/* Where a source of another kind (a zip member) takes its bytes: fill bytes as far as it goes; *got < n_bytes is the end. */
typedef covey_status (*cvi_io_pull)(void *user, void *bytes, size_t n_bytes, size_t *got, covey_error *err);

/* Every name is copied. total: bytes that pull will give, -1 unknown. */
covey_status cvi_io_source_open(const char *path, cvi_io_source **out, covey_error *err);
covey_status cvi_io_source_memory(const void *bytes, size_t n_bytes, const char *name, cvi_io_source **out,
                                  covey_error *err);
covey_status cvi_io_source_pull(cvi_io_pull pull, void *user, int64_t total, const char *name, cvi_io_source **out,
                                covey_error *err);
void cvi_io_source_close(cvi_io_source *source);

/* Read n_bytes; fewer (in *got) only at the end. */
covey_status cvi_io_source_read(cvi_io_source *source, void *bytes, size_t n_bytes, size_t *got, covey_error *err);

/* The next bytes, up to 64, without taking them. */
covey_status cvi_io_source_peek(cvi_io_source *source, const unsigned char **bytes, size_t *n_bytes, covey_error *err);

/* Unpack from here on if the next bytes are gzip's; *is_gzip says so. */
covey_status cvi_io_source_unzip(cvi_io_source *source, bool *is_gzip, covey_error *err);

const char *cvi_io_source_name(const cvi_io_source *source);

/* Bytes still to come, peeked ones included, or -1 where only reading can tell (pipes, gzip). */
int64_t cvi_io_source_left(const cvi_io_source *source);

/* Progress in bytes of the file as it lies there: read so far, and in all (-1: unknown). */
void cvi_io_source_progress(const cvi_io_source *source, int64_t *done, int64_t *total);

/* The descriptor of a plain file that has not been unpacked, or -1. */
int cvi_io_source_fd(const cvi_io_source *source);

/* The whole rest into *out (malloc'd, *n_bytes), at most cap bytes (COVEY_ERR_FORMAT beyond). */
covey_status cvi_io_source_slurp(cvi_io_source *source, size_t cap, char **out, size_t *n_bytes, covey_error *err);

#endif
