#include "picture.h"
#include "sink.h"

#ifdef CVI_IO_PNG

#include <png.h>
#include <stdlib.h>
#include <string.h>

/*
 * libpng leaves a function by longjmp, so each function that calls it has one setjmp, and what must survive lives in
 * this struct, not in locals.
 */
typedef struct png_job {
    jmp_buf trap;
    const char *name;
    covey_error *err;
    covey_status status;
    cvi_io_bytes *bytes;
    cvi_io_picture *picture;
    covey_sink *sink;
    png_bytep *rows;
} png_job;

static void on_error(png_structp png, png_const_charp text)
{
    png_job *job = png_get_error_ptr(png);
    if (job->status == COVEY_OK)
        job->status = strstr(text, "memory") ? cvi_io_fail_memory(job->err, job->name, 0)
                                             : cvi_io_fail(job->err, COVEY_ERR_FORMAT, "%s: damaged PNG: %s", job->name, text);
    longjmp(job->trap, 1);
}

/* Warnings are about chunks that we do not use (profiles, texts, times): the pixels are as good without them. */
static void on_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void pull_bytes(png_structp png, png_bytep out, size_t n_bytes)
{
    png_job *job = png_get_io_ptr(png);
    if (n_bytes > job->bytes->length - job->bytes->at)
        png_error(png, "the file is cut off");
    memcpy(out, job->bytes->data + job->bytes->at, n_bytes);
    job->bytes->at += n_bytes;
}

/* Ask libpng for the forms that picture.h promises. */
static void choose_forms(png_structp png, png_infop info)
{
    int color = png_get_color_type(png, info), depth = png_get_bit_depth(png, info);
    if (color == PNG_COLOR_TYPE_PALETTE)
        png_set_palette_to_rgb(png);
    if (color == PNG_COLOR_TYPE_GRAY && depth < 8)
        png_set_expand_gray_1_2_4_to_8(png);
    if (png_get_valid(png, info, PNG_INFO_tRNS))
        png_set_tRNS_to_alpha(png);
    if (depth == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        png_set_swap(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
}

static void check_header(png_structp png, png_infop info, png_job *job)
{
    uint64_t pixels = (uint64_t)png_get_image_height(png, info) * png_get_image_width(png, info);
    if (pixels <= CVI_IO_MOST_PIXELS)
        return;
    job->status = cvi_io_fail(job->err, COVEY_ERR_FORMAT, "%s: the header states %u x %u pixels, more than the cap of 2^28",
                              job->name, png_get_image_width(png, info), png_get_image_height(png, info));
    png_error(png, "too large");
}

static void read_pixels(png_structp png, png_infop info, png_job *job, const covey_read_options *options)
{
    /* the cap on pixels is ours; libpng's own caps on width and height would refuse long strips */
    png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
    png_set_read_fn(png, job, pull_bytes);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_read_info(png, info);
    check_header(png, info, job);
    choose_forms(png, info);
    cvi_io_picture *picture = job->picture;
    picture->height = png_get_image_height(png, info);
    picture->width = png_get_image_width(png, info);
    picture->channels = png_get_channels(png, info);
    picture->dtype = png_get_bit_depth(png, info) == 16 ? COVEY_DTYPE_UINT16 : COVEY_DTYPE_UINT8;
    job->status = cvi_io_picture_allocate(job->bytes, options, job->name, picture, job->err);
    if (job->status != COVEY_OK)
        png_error(png, "no room");
    job->rows = malloc(picture->height * sizeof *job->rows);
    if (!job->rows) {
        job->status = cvi_io_fail_memory(job->err, job->name, picture->height * sizeof *job->rows);
        png_error(png, "no room");
    }
    size_t stride = png_get_rowbytes(png, info);
    for (uint32_t i = 0; i < picture->height; i++)
        job->rows[i] = picture->pixels + i * stride;
    png_read_image(png, job->rows);
    png_read_end(png, NULL);
}

covey_status cvi_io_picture_png(cvi_io_bytes *bytes, const covey_read_options *options, const char *name,
                                cvi_io_picture *out, covey_error *err)
{
    png_job job = {.name = name, .err = err, .bytes = bytes, .picture = out};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_read_struct(&png, NULL, NULL);
        return cvi_io_fail_memory(err, name, 1);
    }
    if (setjmp(job.trap) == 0)
        read_pixels(png, info, &job, options);
    png_destroy_read_struct(&png, &info, NULL);
    free(job.rows);
    return job.status;
}

/* ---- writing ---- */

static void push_bytes(png_structp png, png_bytep bytes, size_t n_bytes)
{
    png_job *job = png_get_io_ptr(png);
    job->status = covey_sink_write(job->sink, bytes, n_bytes, job->err);
    if (job->status != COVEY_OK)
        png_error(png, "not written");
}

static void push_flush(png_structp png)
{
    (void)png;
}

typedef struct png_out {
    const unsigned char *pixels;
    uint32_t height, width;
    int color_type, depth;
    size_t stride;
    const unsigned char *palette; /* [n_colors, channels] or NULL */
    int n_colors, channels;
} png_out;

static void put_palette(png_structp png, png_infop info, const png_out *out)
{
    png_color colors[256];
    png_byte alpha[256];
    for (int i = 0; i < out->n_colors; i++) {
        const unsigned char *color = out->palette + i * out->channels;
        colors[i] = (png_color){color[0], color[1], color[2]};
        alpha[i] = out->channels == 4 ? color[3] : 255;
    }
    png_set_PLTE(png, info, colors, out->n_colors);
    if (out->channels == 4)
        png_set_tRNS(png, info, alpha, out->n_colors, NULL);
}

static void write_pixels(png_structp png, png_infop info, png_job *job, const png_out *out)
{
    png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
    png_set_write_fn(png, job, push_bytes, push_flush);
    png_set_IHDR(png, info, out->width, out->height, out->depth, out->color_type, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (out->palette)
        put_palette(png, info, out);
    png_write_info(png, info);
    png_set_packing(png);
    for (uint32_t i = 0; i < out->height; i++)
        png_write_row(png, out->pixels + i * out->stride);
    png_write_end(png, NULL);
}

static covey_status write_png(covey_sink *sink, const png_out *out, covey_error *err)
{
    png_job job = {.name = cvi_io_sink_name(sink), .err = err, .sink = sink};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &job, on_error, on_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info) {
        png_destroy_write_struct(&png, NULL);
        return cvi_io_fail_memory(err, job.name, 1);
    }
    if (setjmp(job.trap) == 0)
        write_pixels(png, info, &job, out);
    png_destroy_write_struct(&png, &info);
    return job.status;
}

static covey_status check_size(const covey_sink *sink, const void *pixels, int64_t height, int64_t width, covey_error *err)
{
    if (!sink || !pixels)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "sink and pixels must not be NULL");
    if (height < 1 || width < 1 || height > INT32_MAX || width > INT32_MAX)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "a PNG of %lld x %lld pixels: each side must be 1 to 2^31 - 1",
                           (long long)width, (long long)height);
    return COVEY_OK;
}

covey_status covey_write_png(covey_sink *sink, const unsigned char *pixels, int64_t height, int64_t width, int channels,
                             covey_error *err)
{
    static const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
    covey_status status = check_size(sink, pixels, height, width, err);
    if (status != COVEY_OK)
        return status;
    if (channels < 1 || channels > 4)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "channels is %d, but a PNG has 1 to 4", channels);
    png_out out = {.pixels = pixels,
                   .height = (uint32_t)height,
                   .width = (uint32_t)width,
                   .color_type = types[channels],
                   .depth = 8,
                   .stride = (size_t)width * (size_t)channels};
    return write_png(sink, &out, err);
}

covey_status covey_write_png_palette(covey_sink *sink, const unsigned char *indices, int64_t height, int64_t width,
                                     const unsigned char *palette, int n_colors, int channels, covey_error *err)
{
    covey_status status = check_size(sink, indices, height, width, err);
    if (status != COVEY_OK)
        return status;
    if (!palette || n_colors < 1 || n_colors > 256 || channels < 3 || channels > 4)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "a palette has 1 to 256 colors of 3 or 4 channels, not %d of %d", n_colors,
                           channels);
    for (int64_t i = 0; i < height * width; i++)
        if (indices[i] >= n_colors)
            return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "pixel %lld has color %d of %d", (long long)i, indices[i], n_colors);
    png_out out = {.pixels = indices,
                   .height = (uint32_t)height,
                   .width = (uint32_t)width,
                   .color_type = PNG_COLOR_TYPE_PALETTE,
                   .depth = n_colors <= 2 ? 1 : n_colors <= 4 ? 2 : n_colors <= 16 ? 4 : 8,
                   .stride = (size_t)width,
                   .palette = palette,
                   .n_colors = n_colors,
                   .channels = channels};
    return write_png(sink, &out, err);
}

#else

static covey_status without(const char *name, covey_error *err)
{
    return cvi_io_fail(err, COVEY_ERR_UNSUPPORTED, "%s: this covey was built without PNG support", name);
}

covey_status cvi_io_picture_png(cvi_io_bytes *bytes, const covey_read_options *options, const char *name,
                                cvi_io_picture *out, covey_error *err)
{
    (void)bytes;
    (void)options;
    (void)out;
    return without(name, err);
}

covey_status covey_write_png(covey_sink *sink, const unsigned char *pixels, int64_t height, int64_t width, int channels,
                             covey_error *err)
{
    (void)pixels;
    (void)height;
    (void)width;
    (void)channels;
    return without(sink ? cvi_io_sink_name(sink) : "sink", err);
}

covey_status covey_write_png_palette(covey_sink *sink, const unsigned char *indices, int64_t height, int64_t width,
                                     const unsigned char *palette, int n_colors, int channels, covey_error *err)
{
    (void)indices;
    (void)height;
    (void)width;
    (void)palette;
    (void)n_colors;
    (void)channels;
    return without(sink ? cvi_io_sink_name(sink) : "sink", err);
}

#endif
