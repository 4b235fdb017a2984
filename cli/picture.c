/*
 * Layout, in pixels; each center has a frame and a caption "label: rows" below:
 *
 *     MARGIN | cell | GAP | cell | GAP | cell | MARGIN
 *              caption      caption      caption
 */
#include "picture.h"

#include "console.h"

#include <covey/io.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CELL = 112, /* a center is enlarged to about this size */
    MARGIN = 24,
    GAP = 20,
    CAPTION = 40, /* height of the line below a cell */
    GLYPH_W = 5,
    GLYPH_H = 7,
    GLYPH_SCALE = 2,
    GREY = 96 /* frame */
};

/* Rows of a 5 x 7 dot font, the highest of five bits on the left. */
static const unsigned char glyphs[12][GLYPH_H] = {
    {14, 17, 19, 21, 25, 17, 14}, {4, 12, 4, 4, 4, 4, 14},  {14, 17, 1, 2, 4, 8, 31},
    {31, 2, 4, 2, 1, 17, 14},     {2, 6, 10, 18, 31, 2, 2}, {31, 16, 30, 1, 1, 17, 14},
    {6, 8, 16, 30, 17, 17, 14},   {31, 1, 2, 4, 8, 8, 8},   {14, 17, 17, 14, 17, 17, 14},
    {14, 17, 17, 15, 1, 2, 12},   {0, 4, 4, 0, 4, 4, 0},    {0, 0, 0, 0, 4, 4, 8},
};

typedef struct canvas {
    unsigned char *pixel; /* [height, width] grey */
    int64_t width, height;
} canvas;

int cli_picture_shape(const cli_arguments *a, int64_t d, int64_t *height, int64_t *width)
{
    if (cli_shape(a, OPT_PICTURE_SHAPE, height, width)) {
        if (*height * *width == d)
            return 0;
        return cli_usage_error(a->verb, "--picture-shape %s does not hold the %lld features of a center",
                               cli_text(a, OPT_PICTURE_SHAPE, ""), (long long)d);
    }
    const int64_t side = (int64_t)llround(sqrt((double)d));
    *height = *width = side;
    if (side * side == d)
        return 0;
    return cli_usage_error(
        a->verb,
        "--picture draws centers as pictures, but %lld features are no square; give their shape: "
        "--picture-shape HxW",
        (long long)d);
}

int cli_picture_available(void)
{
    static const unsigned char pixel[1] = {0};
    covey_error err = {0};
    covey_sink *sink = NULL;
    covey_status status = covey_sink_memory(&sink, &err);
    if (status == COVEY_OK)
        status = covey_write_png(sink, pixel, 1, 1, 1, &err);
    covey_sink_abandon(sink);
    if (status == COVEY_OK)
        return 0;
    cli_say(SAY_ERROR, "--picture: this covey cannot write PNG (%s)", covey_status_text(status));
    return covey_status_exit_code(status);
}

static void fill(canvas *c, int64_t x, int64_t y, int64_t w, int64_t h, unsigned char value)
{
    for (int64_t i = y; i < y + h; i++)
        memset(c->pixel + i * c->width + x, value, (size_t)w);
}

static int glyph_of(char letter)
{
    return letter == ':' ? 10 : letter == ',' ? 11 : letter >= '0' && letter <= '9' ? letter - '0' : -1;
}

static void draw_text(canvas *c, int64_t x, int64_t y, const char *text)
{
    for (; *text; text++, x += (GLYPH_W + 1) * GLYPH_SCALE) {
        const int glyph = glyph_of(*text);
        if (glyph < 0 || x + GLYPH_W * GLYPH_SCALE > c->width)
            continue;
        for (int r = 0; r < GLYPH_H; r++) {
            for (int b = 0; b < GLYPH_W; b++) {
                if (glyphs[glyph][r] >> (GLYPH_W - 1 - b) & 1)
                    fill(c, x + b * GLYPH_SCALE, y + r * GLYPH_SCALE, GLYPH_SCALE, GLYPH_SCALE, 0);
            }
        }
    }
}

static void draw_center(canvas *c, int64_t x, int64_t y, const double *center, int64_t h, int64_t w,
                        int64_t zoom, double low, double high)
{
    fill(c, x - 1, y - 1, w * zoom + 2, h * zoom + 2, GREY);
    for (int64_t i = 0; i < h; i++) {
        for (int64_t j = 0; j < w; j++) {
            const double share = high > low ? (center[i * w + j] - low) / (high - low) : 0;
            fill(c, x + j * zoom, y + i * zoom, zoom, zoom, (unsigned char)lround(255 * (1 - share)));
        }
    }
}

static void draw_caption(canvas *c, int64_t x, int64_t y, int64_t cell, int64_t label, int64_t rows)
{
    char count[32], text[64];
    snprintf(text, sizeof text, "%lld: %s", (long long)label, cli_count(rows, count));
    const int64_t length = (int64_t)strlen(text) * (GLYPH_W + 1) * GLYPH_SCALE;
    const int64_t shift = length < cell ? (cell - length) / 2 : 0;
    if (length <= cell + GAP)
        draw_text(c, x + shift, y, text);
}

static covey_status write_canvas(const char *path, int force, const canvas *c, covey_error *err)
{
    covey_sink *sink = NULL;
    covey_status status = covey_sink_open(path, force, &sink, err);
    if (status != COVEY_OK)
        return status;
    status = covey_write_png(sink, c->pixel, c->height, c->width, 1, err);
    if (status == COVEY_OK)
        return covey_sink_close(sink, err);
    covey_sink_abandon(sink);
    return status;
}

int cli_picture_write(const char *path, int force, const double *centers, int64_t k, int64_t height,
                      int64_t width, const int64_t *sizes)
{
    const int64_t longest = height > width ? height : width;
    const int64_t zoom = longest < CELL ? (CELL + longest / 2) / longest : 1;
    const int64_t across = k <= 5 ? k : (int64_t)ceil(sqrt(2.0 * (double)k)),
                  down = (k + across - 1) / across;
    const int64_t cell_w = width * zoom, cell_h = height * zoom;
    canvas c = {NULL, 2 * MARGIN + across * cell_w + (across - 1) * GAP,
                2 * MARGIN + down * (cell_h + CAPTION) - CAPTION / 2};
    covey_error err = {0};
    c.pixel = c.width < 65536 && c.height < 65536 ? malloc((size_t)c.width * (size_t)c.height) : NULL;
    if (!c.pixel) {
        cli_say(SAY_ERROR, "%s: %lld pictures of %lld x %lld are too many to draw", path, (long long)k,
                (long long)height, (long long)width);
        return 5;
    }
    memset(c.pixel, 255, (size_t)c.width * (size_t)c.height);
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < k * height * width; i++) {
        low = fmin(low, centers[i]);
        high = fmax(high, centers[i]);
    }
    for (int64_t j = 0; j < k; j++) {
        const int64_t x = MARGIN + j % across * (cell_w + GAP), y = MARGIN + j / across * (cell_h + CAPTION);
        draw_center(&c, x, y, centers + j * height * width, height, width, zoom, low, high);
        draw_caption(&c, x, y + cell_h + 8, cell_w, j, sizes[j]);
    }
    const covey_status status = write_canvas(path, force, &c, &err);
    free(c.pixel);
    return status == COVEY_OK ? 0 : cli_fail(&err, NULL);
}
