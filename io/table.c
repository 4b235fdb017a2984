#include "table.h"

#include "map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static covey_read_options default_options(void)
{
    return (covey_read_options){.size = sizeof(covey_read_options),
                                .max_field_bytes = (size_t)1 << 20,
                                .max_columns = 1000000,
                                .max_zip_ratio = 1100}; /* deflate cannot pack tighter than about 1032 to 1 */
}

void covey_read_options_init_sized(covey_read_options *options, size_t size)
{
    covey_read_options defaults = default_options();
    if (!options || size < sizeof options->size)
        return;
    memset(options, 0, size);
    memcpy(options, &defaults, size < sizeof defaults ? size : sizeof defaults);
    options->size = size;
}

/* The caller's options as this library knows them: fields that an older caller lacks keep their defaults. */
static covey_status take_options(const covey_read_options *given, covey_read_options *out, covey_error *err)
{
    *out = default_options();
    if (!given)
        return COVEY_OK;
    if (given->size < offsetof(covey_read_options, delimiter))
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "options.size is %zu: set the struct by covey_read_options_init",
                           given->size);
    memcpy(out, given, given->size < sizeof *out ? given->size : sizeof *out);
    if (out->format < COVEY_FORMAT_AUTO || out->format > COVEY_FORMAT_PICTURE || out->format == COVEY_FORMAT_JSON)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "format is %d, but a table is CSV, NPY, NPZ or a picture",
                           (int)out->format);
    if (out->delimiter && strchr("\"\r\n+-.0123456789", out->delimiter))
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "delimiter must not be a quote, a line end or part of a number");
    if (out->header > COVEY_HEADER_NO || out->missing > COVEY_MISSING_MEAN || out->ragged > COVEY_RAGGED_QUARANTINE)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "header, missing or ragged is none of its values");
    if (out->max_field_bytes < 1 || out->max_columns < 1 || out->max_columns > INT32_MAX || !(out->max_zip_ratio >= 1))
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT,
                           "max_field_bytes and max_columns must be at least 1 (columns at most 2^31 - 1), max_zip_ratio too");
    return COVEY_OK;
}

bool cvi_io_note(covey_table *table, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cvi_io_buffer *notes = &table->notes;
    if (notes->length > 0 && !cvi_io_buffer_add(notes, "\n", 1))
        return false;
    if (!cvi_io_buffer_add(notes, text, strlen(text) + 1))
        return false;
    notes->length--; /* the NUL stays behind the text */
    return true;
}

/* Formats that people try and that are not tables of ours: a hint beats a page of CSV errors. */
static covey_status refuse_known(const unsigned char *p, size_t n, const char *name, covey_error *err)
{
    static const struct {
        const char *magic;
        size_t length;
        const char *advice;
    } known[] = {
        {"PAR1", 4, "is a Parquet file; convert it to CSV or NPY"},
        {"\x89HDF", 4, "is an HDF5 file; save the array as NPY"},
        {"ARROW1", 6, "is an Arrow file; convert it to CSV or NPY"},
        {"BZh", 3, "is packed by bzip2; unpack it (bzip2 -dc) and pipe it in"},
        {"\xFD" "7zXZ", 5, "is packed by xz; unpack it (xz -dc) and pipe it in"},
        {"\x28\xB5\x2F\xFD", 4, "is packed by zstd; unpack it (zstd -dc) and pipe it in"},
        {"%PDF", 4, "is a PDF"},
        {"GIF8", 4, "is a GIF; convert it to PNG"},
        {"\xD0\xCF\x11\xE0", 4, "is an old Excel file; export the sheet as CSV"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (n >= known[i].length && memcmp(p, known[i].magic, known[i].length) == 0)
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: %s", name, known[i].advice);
    if (n >= 2 && p[0] == 0x80 && p[1] >= 2 && p[1] <= 5)
        return cvi_io_fail(err, COVEY_ERR_FORMAT,
                           "%s: is a Python pickle, which covey never opens: reading one runs its code; save as NPY", name);
    return COVEY_OK;
}

static covey_format format_of(const unsigned char *p, size_t n)
{
    if (n >= 6 && memcmp(p, "\x93NUMPY", 6) == 0)
        return COVEY_FORMAT_NPY;
    if (n >= 4 && (memcmp(p, "PK\3\4", 4) == 0 || memcmp(p, "PK\5\6", 4) == 0))
        return COVEY_FORMAT_NPZ;
    if ((n >= 4 && memcmp(p, "\x89PNG", 4) == 0) || (n >= 3 && memcmp(p, "\xFF\xD8\xFF", 3) == 0))
        return COVEY_FORMAT_PICTURE;
    return COVEY_FORMAT_CSV;
}

static covey_status read_source(cvi_io_source *source, const covey_read_options *options, covey_table *table,
                                covey_error *err)
{
    bool is_gzip;
    const unsigned char *bytes;
    size_t n_bytes;
    covey_status status = cvi_io_source_unzip(source, &is_gzip, err);
    if (status == COVEY_OK)
        status = cvi_io_source_peek(source, &bytes, &n_bytes, err);
    if (status != COVEY_OK)
        return status;
    covey_format format = format_of(bytes, n_bytes);
    if (options->format == COVEY_FORMAT_CSV || options->format == COVEY_FORMAT_NPY || options->format == COVEY_FORMAT_NPZ)
        format = options->format;
    if (format == COVEY_FORMAT_CSV)
        status = refuse_known(bytes, n_bytes, table->name, err);
    if (status == COVEY_OK && options->format == COVEY_FORMAT_PICTURE && format == COVEY_FORMAT_CSV)
        status = cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: is neither PNG nor JPEG nor an NPY array", table->name);
    if (status != COVEY_OK)
        return status;
    switch (format) {
    case COVEY_FORMAT_NPY:
        return cvi_io_read_npy(source, options, table, err);
    case COVEY_FORMAT_NPZ:
        return cvi_io_read_npz(source, options, table, err);
    case COVEY_FORMAT_PICTURE:
        return cvi_io_read_picture(source, options, table, err);
    default:
        return cvi_io_read_csv(source, options, table, err);
    }
}

/* Takes the source over. */
static covey_status read_table(cvi_io_source *source, const covey_read_options *options, covey_table **out,
                               covey_error *err)
{
    covey_table *table = calloc(1, sizeof *table);
    const char *name = cvi_io_source_name(source);
    if (table)
        table->name = strdup(name);
    covey_status status = table && table->name ? COVEY_OK : cvi_io_fail_memory(err, name, sizeof *table);
    if (status == COVEY_OK)
        status = read_source(source, options, table, err);
    if (status == COVEY_OK && !table->notes.data && !cvi_io_buffer_add(&table->notes, "", 1))
        status = cvi_io_fail_memory(err, name, 1);
    cvi_io_source_close(source);
    if (status != COVEY_OK)
        covey_table_free(table);
    else
        *out = table;
    return status;
}

covey_status covey_table_read(const char *path, const covey_read_options *options, covey_table **out, covey_error *err)
{
    covey_read_options own;
    cvi_io_source *source;
    if (!path || !out)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "path and out must not be NULL");
    *out = NULL;
    covey_status status = take_options(options, &own, err);
    if (status == COVEY_OK)
        status = cvi_io_source_open(path, &source, err);
    return status == COVEY_OK ? read_table(source, &own, out, err) : status;
}

covey_status covey_table_read_memory(const void *bytes, size_t n_bytes, const char *name,
                                     const covey_read_options *options, covey_table **out, covey_error *err)
{
    covey_read_options own;
    cvi_io_source *source;
    if ((!bytes && n_bytes > 0) || !out)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "bytes and out must not be NULL");
    *out = NULL;
    covey_status status = take_options(options, &own, err);
    if (status == COVEY_OK)
        status = cvi_io_source_memory(bytes, n_bytes, name ? name : "memory", &source, err);
    return status == COVEY_OK ? read_table(source, &own, out, err) : status;
}

void covey_table_free(covey_table *table)
{
    if (!table)
        return;
    for (int64_t f = 0; table->names && f < table->n_names; f++)
        free(table->names[f]);
    free(table->names);
    free(table->values);
    cvi_io_map_free(table->map);
    free(table->weights);
    free(table->file_rows);
    cvi_io_buffer_free(&table->notes);
    free(table->name);
    free(table);
}

covey_matrix covey_table_matrix(const covey_table *table)
{
    return table->matrix;
}

const double *covey_table_weights(const covey_table *table)
{
    return table->weights;
}

const char *covey_table_name(const covey_table *table, int64_t f)
{
    return table->names && f >= 0 && f < table->n_names ? table->names[f] : NULL;
}

const char *covey_table_notes(const covey_table *table)
{
    return table->notes.data;
}

int64_t covey_table_n_dropped(const covey_table *table)
{
    return table->n_dropped;
}

int64_t covey_table_n_skipped(const covey_table *table)
{
    return table->n_skipped;
}

const int64_t *covey_table_file_rows(const covey_table *table)
{
    return table->file_rows;
}

void covey_table_text(const covey_table *table, char *delimiter, int32_t *has_header)
{
    *delimiter = table->delimiter;
    *has_header = table->has_header;
}

void covey_table_picture(const covey_table *table, int64_t *height, int64_t *width)
{
    *height = table->height;
    *width = table->width;
}
