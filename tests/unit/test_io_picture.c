/* Rows 55 and 60: pictures as tables of pixels. PNG files are made here chunk by chunk, so that they can be wrong. */
#include "io_support.h"

#include <zlib.h>

static void put32(unsigned char *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(value >> (24 - 8 * i));
}

typedef struct png_file {
    unsigned char bytes[8192];
    size_t length;
} png_file;

static void add_chunk(png_file *png, const char *type, const void *data, size_t n)
{
    unsigned char *p = png->bytes + png->length;
    put32(p, (uint32_t)n);
    memcpy(p + 4, type, 4);
    if (n > 0)
        memcpy(p + 8, data, n);
    put32(p + 8 + n, (uint32_t)crc32(crc32(0, Z_NULL, 0), p + 4, (uInt)n + 4));
    png->length += n + 12;
}

static void start_png(png_file *png, uint32_t width, uint32_t height, int depth, int color)
{
    unsigned char header[13] = {0};
    memcpy(png->bytes, "\x89PNG\r\n\x1a\n", 8);
    png->length = 8;
    put32(header, width);
    put32(header + 4, height);
    header[8] = (unsigned char)depth;
    header[9] = (unsigned char)color;
    add_chunk(png, "IHDR", header, 13);
}

/* rows: each with its filter byte 0 in front. */
static void end_png(png_file *png, const void *rows, size_t n)
{
    unsigned char packed[2048];
    uLongf length = sizeof packed;
    assert_int_equal(compress(packed, &length, rows, n), Z_OK);
    add_chunk(png, "IDAT", packed, length);
    add_chunk(png, "IEND", NULL, 0);
}

static const unsigned char *pixels_of(const covey_table *t)
{
    return covey_table_matrix(t).data;
}

static void assert_picture(const covey_table *t, int64_t height, int64_t width, int64_t channels, covey_dtype dtype)
{
    int64_t h, w;
    covey_table_picture(t, &h, &w);
    assert_int_equal(h, height);
    assert_int_equal(w, width);
    assert_int_equal(covey_table_matrix(t).n, height * width);
    assert_int_equal(covey_table_matrix(t).d, channels);
    assert_int_equal(covey_table_matrix(t).dtype, dtype);
}

static void skip_without_png(void)
{
    covey_sink *sink;
    covey_error err;
    assert_int_equal(covey_sink_memory(&sink, NULL), COVEY_OK);
    covey_status status = covey_write_png(sink, (const unsigned char *)"a", 1, 1, 1, &err);
    covey_sink_abandon(sink);
    if (status == COVEY_ERR_UNSUPPORTED) {
        assert_non_null(strstr(err.message, "built without PNG support"));
        skip();
    }
}

static void written_pictures_read_back(void **state)
{
    (void)state;
    skip_without_png();
    unsigned char pixels[7 * 5 * 4];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (unsigned char)test_random();
    for (int channels = 1; channels <= 4; channels++) {
        covey_sink *sink;
        size_t n;
        assert_int_equal(covey_sink_memory(&sink, NULL), COVEY_OK);
        assert_int_equal(covey_write_png(sink, pixels, 7, 5, channels, NULL), COVEY_OK);
        const void *bytes = covey_sink_bytes(sink, &n);
        covey_table *t = read_bytes(bytes, n, NULL);
        assert_picture(t, 7, 5, channels, COVEY_DTYPE_UINT8);
        assert_memory_equal(pixels_of(t), pixels, (size_t)(35 * channels));
        covey_table_free(t);
        covey_sink_abandon(sink);
    }
}

static void palettes(void **state)
{
    (void)state;
    skip_without_png();
    static const int counts[] = {1, 2, 3, 5, 16, 17, 256};
    unsigned char palette[256 * 4], indices[6 * 11];
    for (size_t i = 0; i < sizeof palette; i++)
        palette[i] = (unsigned char)test_random();
    for (int i = 0; i < 14; i++) {
        int colors = counts[i / 2], channels = 3 + i % 2;
        for (size_t j = 0; j < sizeof indices; j++)
            indices[j] = (unsigned char)(test_random() % (unsigned)colors);
        covey_sink *sink;
        size_t n;
        assert_int_equal(covey_sink_memory(&sink, NULL), COVEY_OK);
        assert_int_equal(covey_write_png_palette(sink, indices, 6, 11, palette, colors, channels, NULL), COVEY_OK);
        const void *bytes = covey_sink_bytes(sink, &n);
        covey_table *t = read_bytes(bytes, n, NULL);
        assert_picture(t, 6, 11, channels, COVEY_DTYPE_UINT8);
        for (size_t j = 0; j < sizeof indices; j++)
            assert_memory_equal(pixels_of(t) + j * (size_t)channels, palette + indices[j] * channels, (size_t)channels);
        covey_table_free(t);
        covey_sink_abandon(sink);
    }
    covey_sink *sink;
    assert_int_equal(covey_sink_memory(&sink, NULL), COVEY_OK);
    indices[0] = 9;
    assert_int_equal(covey_write_png_palette(sink, indices, 6, 11, palette, 5, 3, NULL), COVEY_ERR_ARGUMENT);
    assert_int_equal(covey_write_png_palette(sink, indices, 6, 11, palette, 257, 3, NULL), COVEY_ERR_ARGUMENT);
    assert_int_equal(covey_write_png(sink, indices, 0, 11, 1, NULL), COVEY_ERR_ARGUMENT);
    assert_int_equal(covey_write_png(sink, indices, 1, 11, 5, NULL), COVEY_ERR_ARGUMENT);
    covey_sink_abandon(sink);
}

static void row_55_sixteen_bits(void **state)
{
    (void)state;
    skip_without_png();
    png_file png;
    start_png(&png, 2, 1, 16, 0);
    end_png(&png, "\0\x12\x34\xFF\xFE", 5);
    covey_table *t = read_bytes(png.bytes, png.length, NULL);
    assert_picture(t, 1, 2, 1, COVEY_DTYPE_UINT16);
    const uint16_t *values = covey_table_matrix(t).data;
    assert_int_equal(values[0], 0x1234);
    assert_int_equal(values[1], 0xFFFE);
    covey_table_free(t);
}

static void row_55_two_bit_gray_and_transparent_color(void **state)
{
    (void)state;
    skip_without_png();
    png_file png;
    start_png(&png, 4, 1, 2, 0);
    end_png(&png, "\0\x1B", 2); /* 0 1 2 3 */
    covey_table *t = read_bytes(png.bytes, png.length, NULL);
    assert_picture(t, 1, 4, 1, COVEY_DTYPE_UINT8);
    assert_memory_equal(pixels_of(t), "\x00\x55\xAA\xFF", 4);
    covey_table_free(t);
    start_png(&png, 2, 1, 8, 2);
    add_chunk(&png, "tRNS", "\0\1\0\2\0\3", 6);
    end_png(&png, "\0\1\2\3\4\5\6", 7);
    t = read_bytes(png.bytes, png.length, NULL);
    assert_picture(t, 1, 2, 4, COVEY_DTYPE_UINT8);
    assert_memory_equal(pixels_of(t), "\1\2\3\0\4\5\6\xFF", 8);
    covey_table_free(t);
}

static void row_55_large_headers(void **state)
{
    (void)state;
    skip_without_png();
    png_file png;
    start_png(&png, 65535, 65535, 8, 2);
    end_png(&png, "\0\0\0\0", 4);
    refuse_bytes(png.bytes, png.length, NULL, COVEY_ERR_FORMAT, "65535 x 65535 pixels, more than the cap of 2^28");
    start_png(&png, 16384, 16384, 8, 2); /* within the cap, but a kilobyte cannot hold it */
    end_png(&png, "\0\0\0\0", 4);
    refuse_bytes(png.bytes, png.length, NULL, COVEY_ERR_FORMAT, "bytes cannot hold");
    start_png(&png, 10, 10, 8, 2);
    end_png(&png, "\0\0\0\0", 4);
    refuse_bytes(png.bytes, png.length, NULL, COVEY_ERR_FORMAT, "damaged PNG");
    covey_read_options o = read_defaults();
    o.max_bytes = 100;
    refuse_bytes(png.bytes, png.length, &o, COVEY_ERR_LIMIT, "memory limit of 100");
    start_png(&png, 0, 10, 8, 2);
    end_png(&png, "\0", 1);
    refuse_bytes(png.bytes, png.length, NULL, COVEY_ERR_FORMAT, "PNG");
}

/* A good little picture, cut and flipped everywhere: an error or the same pixels, never a crash. */
static void row_55_damage(void **state)
{
    (void)state;
    skip_without_png();
    png_file png;
    start_png(&png, 3, 2, 8, 2);
    end_png(&png, "\0abcdefghi\0jklmnopqr", 20);
    for (size_t cut = 4; cut < png.length - 12; cut++)
        refuse_bytes(png.bytes, cut, NULL, COVEY_ERR_FORMAT, "");
    int crc_seen = 0;
    for (size_t i = 8; i < png.length; i++) {
        png.bytes[i] ^= 1;
        covey_table *t;
        covey_error err;
        covey_status status = covey_table_read_memory(png.bytes, png.length, "t", NULL, &t, &err);
        crc_seen += status != COVEY_OK && strstr(err.message, "CRC") != NULL;
        if (status == COVEY_OK)
            assert_memory_equal(pixels_of(t), "abcdefghijklmnopqr", 18);
        else
            assert_int_equal(status, COVEY_ERR_FORMAT);
        covey_table_free(t);
        png.bytes[i] ^= 1;
    }
    assert_true(crc_seen > 0);
}

static void row_55_profiles_are_ignored(void **state)
{
    (void)state;
    skip_without_png();
    png_file png;
    start_png(&png, 1, 1, 8, 2);
    add_chunk(&png, "iCCP", "broken\0\0garbage", 15);
    add_chunk(&png, "gAMA", "\0\0\0\0", 4);
    end_png(&png, "\0abc", 4);
    covey_table *t = read_bytes(png.bytes, png.length, NULL);
    assert_picture(t, 1, 1, 3, COVEY_DTYPE_UINT8);
    assert_memory_equal(pixels_of(t), "abc", 3);
    covey_table_free(t);
}

/* A JPEG of 8 x 8 gray pixels, all 128: one table of each kind and one block without coefficients. */
static size_t make_jpeg(unsigned char *out, int components, int adobe)
{
    size_t n = 0;
    static const unsigned char dc[] = {0xFF, 0xC4, 0, 20, 0x00, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const unsigned char ac[] = {0xFF, 0xC4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    out[n++] = 0xFF, out[n++] = 0xD8;
    if (adobe) {
        memcpy(out + n, "\xFF\xEE\0\x0E" "Adobe\0\x64\0\0\0\0\0", 16);
        n += 16;
    }
    out[n++] = 0xFF, out[n++] = 0xDB, out[n++] = 0, out[n++] = 67, out[n++] = 0;
    memset(out + n, 1, 64);
    n += 64;
    out[n++] = 0xFF, out[n++] = 0xC0, out[n++] = 0, out[n++] = (unsigned char)(8 + 3 * components), out[n++] = 8;
    out[n++] = 0, out[n++] = 8, out[n++] = 0, out[n++] = 8, out[n++] = (unsigned char)components;
    for (int i = 0; i < components; i++)
        out[n++] = (unsigned char)(i + 1), out[n++] = 0x11, out[n++] = 0;
    memcpy(out + n, dc, 22);
    n += 22;
    memcpy(out + n, ac, 22);
    n += 22;
    out[n++] = 0xFF, out[n++] = 0xDA, out[n++] = 0, out[n++] = (unsigned char)(6 + 2 * components);
    out[n++] = (unsigned char)components;
    for (int i = 0; i < components; i++)
        out[n++] = (unsigned char)(i + 1), out[n++] = 0;
    out[n++] = 0, out[n++] = 63, out[n++] = 0;
    out[n++] = components == 1 ? 0x3F : components == 3 ? 0x03 : 0x00; /* codes of one 0 bit each, filled with ones */
    out[n++] = 0xFF, out[n++] = 0xD9;
    return n;
}

static void jpeg(void **state)
{
    (void)state;
    unsigned char file[600];
    covey_table *t;
    covey_error err;
    size_t n = make_jpeg(file, 1, 0);
    covey_status status = covey_table_read_memory(file, n, "t", NULL, &t, &err);
    if (status == COVEY_ERR_UNSUPPORTED) {
        assert_non_null(strstr(err.message, "built without JPEG support"));
        skip();
    }
    if (status != COVEY_OK)
        fail_msg("%s", err.message);
    assert_picture(t, 8, 8, 1, COVEY_DTYPE_UINT8);
    for (int i = 0; i < 64; i++)
        assert_int_equal(pixels_of(t)[i], 128);
    covey_table_free(t);
    n = make_jpeg(file, 3, 0);
    t = read_bytes(file, n, NULL);
    assert_picture(t, 8, 8, 3, COVEY_DTYPE_UINT8);
    covey_table_free(t);
    for (size_t cut = 3; cut < n - 3; cut++)
        refuse_bytes(file, cut, NULL, COVEY_ERR_FORMAT, "damaged JPEG");
    n = make_jpeg(file, 4, 1);
    refuse_bytes(file, n, NULL, COVEY_ERR_FORMAT, "CMYK");
    n = make_jpeg(file, 1, 0);
    for (size_t i = 0; i + 5 < n; i++)
        if (file[i] == 0xFF && file[i + 1] == 0xC0)
            memset(file + i + 5, 0xFF, 4);
    refuse_bytes(file, n, NULL, COVEY_ERR_FORMAT, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_pictures_read_back),
        cmocka_unit_test(palettes),
        cmocka_unit_test(row_55_sixteen_bits),
        cmocka_unit_test(row_55_two_bit_gray_and_transparent_color),
        cmocka_unit_test(row_55_large_headers),
        cmocka_unit_test(row_55_damage),
        cmocka_unit_test(row_55_profiles_are_ignored),
        cmocka_unit_test(jpeg),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
