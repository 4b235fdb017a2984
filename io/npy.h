/*
 * The NPY format: a magic string, a version, and a header that is a literal of a Python dict with the keys descr,
 * fortran_order and shape.  The header is read by a parser of our own that knows this one literal and nothing else.
 */
#ifndef CVI_IO_NPY_H
#define CVI_IO_NPY_H

#include "covey/io.h"

#include <stdbool.h>

enum {
    CVI_IO_NPY_DIMS = 8,
    CVI_IO_NPY_HEADER_CAP = 65536 /* bytes of header text accepted: numpy's own arrays stay under 200 */
};

typedef struct cvi_io_npy {
    covey_dtype dtype;    /* 0 for text */
    int64_t characters;   /* text ("<U12"): 4-byte characters per element; else 0 */
    bool byte_swapped;
    bool fortran;
    int n_dims;
    int64_t shape[CVI_IO_NPY_DIMS];
    size_t element_bytes;
    size_t data_bytes; /* product of all, checked */
} cvi_io_npy;

/* Length of the part in front of the header text, by version: 10 or 12 bytes. */
enum { CVI_IO_NPY_PREFIX = 12 };

/*
 * Read the first bytes: magic, version, header length.
 * @param prefix [CVI_IO_NPY_PREFIX] the file's first bytes, n_bytes of them there
 */
covey_status cvi_io_npy_prefix(const unsigned char *prefix, size_t n_bytes, const char *name, size_t *text_offset,
                               size_t *text_bytes, covey_error *err);

/* Read the header text. with_text: accept text elements (model files). */
covey_status cvi_io_npy_header(const char *text, size_t length, const char *name, bool with_text, cvi_io_npy *out,
                               covey_error *err);

/* Make a version 1.0 header for dtype (or text of `characters`) into out [256 or more]. @return bytes, a multiple of 64 */
size_t cvi_io_npy_make(const cvi_io_npy *array, char *out);

#endif
