#include "picture.h"

#include <stdlib.h>
#include <string.h>

/* Largest picture file: the pixels of the largest picture, packed not at all. */
#define FILE_CAP ((size_t)1 << 31)

covey_status cvi_io_picture_allocate(const cvi_io_bytes *bytes, const covey_read_options *options, const char *name,
                                     cvi_io_picture *picture, covey_error *err)
{
    uint64_t pixels = (uint64_t)picture->height * picture->width;
    if (pixels == 0)
        return cvi_io_fail(err, COVEY_ERR_SHAPE, "%s: a picture of %u x %u pixels has none", name, picture->width,
                           picture->height);
    if (pixels > CVI_IO_MOST_PIXELS)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: the header states %u x %u pixels, more than the cap of 2^28", name,
                           picture->width, picture->height);
    size_t total = (size_t)pixels * (size_t)picture->channels * covey_dtype_size(picture->dtype);
    if (total / 1100 / 64 > bytes->length) /* 64: a palette of 1 bit becomes RGBA of 32, and room to spare */
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: the header states %u x %u pixels, which %zu bytes cannot hold", name,
                           picture->width, picture->height, bytes->length);
    if (options->max_bytes > 0 && total > options->max_bytes)
        return cvi_io_fail(err, COVEY_ERR_LIMIT, "%s: the picture takes %zu bytes, more than the memory limit of %zu", name,
                           total, options->max_bytes);
    picture->pixels = malloc(total);
    return picture->pixels ? COVEY_OK : cvi_io_fail_memory(err, name, total);
}

covey_status cvi_io_read_picture(cvi_io_source *source, const covey_read_options *options, covey_table *table,
                                 covey_error *err)
{
    static const char *const kinds[] = {"", "gray", "gray and alpha", "RGB", "RGBA"};
    char *data;
    size_t length;
    covey_status status = cvi_io_source_slurp(source, FILE_CAP, &data, &length, err);
    if (status != COVEY_OK)
        return status;
    cvi_io_bytes bytes = {(const unsigned char *)data, length, 0};
    cvi_io_picture picture = {0};
    bool is_png = length > 0 && bytes.data[0] == 0x89;
    status = is_png ? cvi_io_picture_png(&bytes, options, table->name, &picture, err)
                    : cvi_io_picture_jpeg(&bytes, options, table->name, &picture, err);
    free(data);
    if (status != COVEY_OK) {
        free(picture.pixels);
        return status;
    }
    table->values = picture.pixels;
    table->height = picture.height;
    table->width = picture.width;
    table->matrix = covey_matrix_dense(picture.pixels, picture.dtype, (int64_t)picture.height * picture.width, picture.channels);
    if (!cvi_io_note(table, "picture: %u x %u pixels, %s, %d bits", picture.width, picture.height, kinds[picture.channels],
                     (int)covey_dtype_size(picture.dtype) * 8))
        return cvi_io_fail_memory(err, table->name, 64);
    return cvi_io_finish_array(options, table, err);
}
