/*
 * Pictures as tables: a row is a pixel, rows run along the lines of the picture, columns are its channels.
 *
 * PNG: gray, gray and alpha, RGB, RGBA as stored, 8 or 16 bits (uint8 or uint16); gray of 1, 2 and 4 bits is scaled to 8,
 * a palette becomes RGB, a transparent color becomes an alpha channel.  JPEG: gray or RGB, 8 bits; CMYK is refused, since
 * its colors mean nothing without a printing profile.  Color profiles, gamma and orientation tags are not applied: the
 * numbers are those of the file.
 */
#ifndef CVI_IO_PICTURE_H
#define CVI_IO_PICTURE_H

#include "table.h"

#define CVI_IO_MOST_PIXELS ((uint64_t)1 << 28)

/* The raw picture, whole in memory. */
typedef struct cvi_io_bytes {
    const unsigned char *data;
    size_t length, at;
} cvi_io_bytes;

typedef struct cvi_io_picture {
    uint32_t height, width;
    int channels;
    covey_dtype dtype;
    unsigned char *pixels; /* [height, width, channels], malloc'd */
} cvi_io_picture;

covey_status cvi_io_picture_png(cvi_io_bytes *bytes, const covey_read_options *options, const char *name,
                                cvi_io_picture *out, covey_error *err);
covey_status cvi_io_picture_jpeg(cvi_io_bytes *bytes, const covey_read_options *options, const char *name,
                                 cvi_io_picture *out, covey_error *err);

/*
 * Take memory for a picture of the size that its header states, if that is within the caps and can come out of so few
 * bytes: no packing used here is tighter than 1100 to 1.
 */
covey_status cvi_io_picture_allocate(const cvi_io_bytes *bytes, const covey_read_options *options, const char *name,
                                     cvi_io_picture *picture, covey_error *err);

#endif
