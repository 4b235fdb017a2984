/**
 * @file picture.h
 * The centers as a grid of small pictures.
 */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "options.h"

/** The height and width of one center: --picture-shape, or a square. @return 0, or 2 after saying what fits
 */
int cli_picture_shape(const cli_arguments *a, int64_t d, int64_t *height, int64_t *width);

/** Whether this build can write pictures at all. @return 0, or 2 after saying that it cannot */
int cli_picture_available(void);

/**
 * Draw and write.
 * @param centers [k, height * width]; the least value is white, the greatest black
 * @param sizes   [k] rows of each cluster, for the captions
 */
int cli_picture_write(const char *path, int force, const double *centers, int64_t k, int64_t height,
                      int64_t width, const int64_t *sizes);

#endif
