/* Members of a zip, read by libzip, with caps that a hostile archive cannot pass. */
#ifndef CVI_IO_ARCHIVE_H
#define CVI_IO_ARCHIVE_H

#include "source.h"

typedef struct cvi_io_zip cvi_io_zip;

/* The rest of the source as an archive: a plain file is opened in place, anything else is read into memory. */
covey_status cvi_io_zip_open(cvi_io_source *source, double max_ratio, cvi_io_zip **out, covey_error *err);
void cvi_io_zip_free(cvi_io_zip *zip);

int64_t cvi_io_zip_count(const cvi_io_zip *zip);
/* @return the name of member i as it stands there; it is compared, never used as a path */
const char *cvi_io_zip_name(const cvi_io_zip *zip, int64_t i);
/* The member of exactly that name: its number or -1; two of that name are an error. */
covey_status cvi_io_zip_find(const cvi_io_zip *zip, const char *member, int64_t *out, covey_error *err);
/* Open member i as a source named "FILE[MEMBER]"; one at a time. Its promised size is kept or it is an error. */
covey_status cvi_io_zip_member(cvi_io_zip *zip, int64_t i, cvi_io_source **out, covey_error *err);

#endif
