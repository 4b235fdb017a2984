#include "picture.h"

#ifdef CVI_IO_JPEG

#include <setjmp.h>
#include <stdio.h>
#include <jpeglib.h>
#include <jerror.h>
#include <string.h>

/* libjpeg leaves a function by our longjmp in on_error; see picture_png.c. */
typedef struct jpeg_job {
    struct jpeg_error_mgr manager; /* first, so that libjpeg's pointer is ours */
    jmp_buf trap;
    const char *name;
    covey_error *err;
    covey_status status;
} jpeg_job;

static void fail_text(j_common_ptr common)
{
    jpeg_job *job = (jpeg_job *)common->err;
    char text[JMSG_LENGTH_MAX];
    if (job->status != COVEY_OK)
        return;
    common->err->format_message(common, text);
    job->status = cvi_io_fail(job->err, common->err->msg_code == JERR_OUT_OF_MEMORY ? COVEY_ERR_MEMORY : COVEY_ERR_FORMAT,
                              "%s: damaged JPEG: %s", job->name, text);
}

static void on_error(j_common_ptr common)
{
    fail_text(common);
    longjmp(((jpeg_job *)common->err)->trap, 1);
}

/* A warning (level -1) means that pixels were made up: libjpeg fills what is missing with gray. That is an error here. */
static void on_message(j_common_ptr common, int level)
{
    if (level < 0)
        on_error(common);
}

static void refuse(j_decompress_ptr jpeg, const char *what)
{
    jpeg_job *job = (jpeg_job *)jpeg->err;
    job->status = cvi_io_fail(job->err, COVEY_ERR_FORMAT, "%s: %s", job->name, what);
    longjmp(job->trap, 1);
}

static void read_pixels(j_decompress_ptr jpeg, jpeg_job *job, const cvi_io_bytes *bytes, const covey_read_options *options,
                        cvi_io_picture *picture)
{
    jpeg_create_decompress(jpeg);
    jpeg_mem_src(jpeg, bytes->data, bytes->length);
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK)
        refuse(jpeg, "a CMYK JPEG: its colors need a printing profile; convert it to RGB");
    jpeg->out_color_space = jpeg->jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
    jpeg->dct_method = JDCT_ISLOW; /* the same pixels on every machine */
    picture->height = jpeg->image_height;
    picture->width = jpeg->image_width;
    picture->channels = jpeg->out_color_space == JCS_GRAYSCALE ? 1 : 3;
    picture->dtype = COVEY_DTYPE_UINT8;
    job->status = cvi_io_picture_allocate(bytes, options, job->name, picture, job->err);
    if (job->status != COVEY_OK)
        longjmp(job->trap, 1);
    jpeg_start_decompress(jpeg);
    size_t stride = (size_t)picture->width * (size_t)picture->channels;
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = picture->pixels + jpeg->output_scanline * stride;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
}

covey_status cvi_io_picture_jpeg(cvi_io_bytes *bytes, const covey_read_options *options, const char *name,
                                 cvi_io_picture *out, covey_error *err)
{
    struct jpeg_decompress_struct jpeg;
    jpeg_job job = {.name = name, .err = err};
    memset(&jpeg, 0, sizeof jpeg);
    jpeg.err = jpeg_std_error(&job.manager);
    job.manager.error_exit = on_error;
    job.manager.emit_message = on_message;
    if (setjmp(job.trap) == 0)
        read_pixels(&jpeg, &job, bytes, options, out);
    jpeg_destroy_decompress(&jpeg);
    return job.status;
}

#else

covey_status cvi_io_picture_jpeg(cvi_io_bytes *bytes, const covey_read_options *options, const char *name,
                                 cvi_io_picture *out, covey_error *err)
{
    (void)bytes;
    (void)options;
    (void)out;
    return cvi_io_fail(err, COVEY_ERR_UNSUPPORTED, "%s: this covey was built without JPEG support", name);
}

#endif
