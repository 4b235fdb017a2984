/*
 * Files mapped into memory, read only and private.  A mapped file that shrinks raises SIGBUS in whoever reads it, as
 * everywhere; a library installs no handlers, so the command has one that turns it into its exit code 4.
 */
#ifndef CVI_IO_MAP_H
#define CVI_IO_MAP_H

#include "covey/status.h"

typedef struct cvi_io_map cvi_io_map;

/* Map the file behind fd as far as `bytes`. *data: its first byte. */
covey_status cvi_io_map_file(int fd, size_t bytes, const char *name, cvi_io_map **out, const char **data, covey_error *err);
void cvi_io_map_free(cvi_io_map *map);

#endif
