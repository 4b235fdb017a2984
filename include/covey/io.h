/**
 * @file io.h
 * covey-io: tables and models in files. A library of its own (-lcovey-io) on top of covey.h; the core knows no files.
 *
 * Readers are strict: sizes are checked against caps before memory is taken, nothing is executed, and every error names
 * the file with line and byte (CSV) or member and offset (NPY, NPZ). Writers write a temporary file beside the target,
 * flush it and rename it, so that a reader sees the old file or the new one, never a mix.
 */
#ifndef COVEY_IO_H
#define COVEY_IO_H

#include "covey.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum covey_format {
    COVEY_FORMAT_AUTO = 0, /**< by content (magic bytes), then by name */
    COVEY_FORMAT_CSV = 1,  /**< any delimiter; `.gz` is unpacked */
    COVEY_FORMAT_NPY = 2,
    COVEY_FORMAT_NPZ = 3, /**< a member of a zip of NPY files */
    COVEY_FORMAT_JSON = 4, /**< models only */
    COVEY_FORMAT_PICTURE = 5 /**< PNG or JPEG: rows are pixels */
} covey_format;

typedef enum covey_missing {
    COVEY_MISSING_ERROR = 0,
    COVEY_MISSING_DROP = 1, /**< drop the row (infinities too) */
    COVEY_MISSING_MEAN = 2  /**< put the column's mean */
} covey_missing;

typedef enum covey_ragged {
    COVEY_RAGGED_ERROR = 0,
    COVEY_RAGGED_SKIP = 1,
    COVEY_RAGGED_FILL = 2,      /**< missing fields are missing values, surplus fields are dropped */
    COVEY_RAGGED_QUARANTINE = 3 /**< as skip, and the lines go to quarantine_path */
} covey_ragged;

typedef enum covey_header { COVEY_HEADER_AUTO = 0, COVEY_HEADER_YES = 1, COVEY_HEADER_NO = 2 } covey_header;

/** How to read a table. Set by covey_read_options_init, then change fields. */
typedef struct covey_read_options {
    size_t size;
    covey_format format;
    char delimiter;          /**< 0: sniffed from whole lines */
    covey_header header;
    const char *columns;     /**< NULL: all. "1-4", "1,3,5-", "age,height", "age-height"; numbers count from 1; "-2" (all but 2) is an error */
    const char *weights;     /**< NULL, or the column (name or number) that holds row weights; it is not a feature */
    const char *member;      /**< NPZ: member name without ".npy"; NULL: the only one, or "x" / "X" / "data" */
    covey_missing missing;
    covey_ragged ragged;
    const char *quarantine_path; /**< COVEY_RAGGED_QUARANTINE: where skipped lines go, as they were */
    int32_t use_mmap;        /**< NPY: map the file instead of reading it */
    int32_t as_float32;      /**< CSV: store values as float32 */
    size_t max_bytes;        /**< cap on memory for the table; 0: none */
    size_t max_field_bytes;  /**< default 1 MiB */
    int64_t max_columns;     /**< default 1,000,000 */
    double max_zip_ratio;    /**< default 1100 */
    int32_t (*progress)(void *user, int64_t bytes_done, int64_t bytes_total); /**< NULL, or called between blocks; non-zero stops. bytes_total -1: unknown */
    void *user;
    int32_t quarantine_force; /**< 1: an existing quarantine file is replaced */
    int32_t one_dimensional;  /**< NPY: 1 takes a 1-D array as one column; 0: it is an error that names reshape */
} covey_read_options;
COVEY_API void covey_read_options_init_sized(covey_read_options *options, size_t size);
#define covey_read_options_init(options) covey_read_options_init_sized((options), sizeof(covey_read_options))

/** A table in memory. */
typedef struct covey_table covey_table;

/**
 * Read a table.
 * @param path    file name; "-" is standard input
 * @param options NULL: defaults
 * @param out     out: free it with covey_table_free; NULL on failure
 * @return COVEY_OK, _IO (file name and the system's words), _FORMAT, _NONFINITE (missing values under
 *         COVEY_MISSING_ERROR), _DTYPE (text in a selected column; names it), _ARGUMENT (unknown column; lists close
 *         names), _LIMIT, _MEMORY, _CANCELLED
 */
COVEY_API covey_status covey_table_read(const char *path, const covey_read_options *options, covey_table **out,
                                        covey_error *err) COVEY_MUST_USE;
/** The same from memory; name is used in messages. */
COVEY_API covey_status covey_table_read_memory(const void *bytes, size_t n_bytes, const char *name,
                                               const covey_read_options *options, covey_table **out,
                                               covey_error *err) COVEY_MUST_USE;
COVEY_API void covey_table_free(covey_table *table);
/** @return a view of the features [n, d]; lives as long as the table. */
COVEY_API covey_matrix covey_table_matrix(const covey_table *table);
/** @return [n] weights, or NULL if no column was named. */
COVEY_API const double *covey_table_weights(const covey_table *table);
/** @return the name of feature f (UTF-8, as in the file), or NULL if the file has no names. */
COVEY_API const char *covey_table_name(const covey_table *table, int64_t f);
/** @return what the reader decided, in words, one or more lines: delimiter, header, columns, rows dropped or skipped. */
COVEY_API const char *covey_table_notes(const covey_table *table);
/** @return rows of the file dropped (missing), skipped (ragged). */
COVEY_API int64_t covey_table_n_dropped(const covey_table *table);
COVEY_API int64_t covey_table_n_skipped(const covey_table *table);
/** @return [n] the row of the file (from 0, header not counted) of each row of the table, or NULL if none was dropped. */
COVEY_API const int64_t *covey_table_file_rows(const covey_table *table);
/**
 * How the text of a table was read, so that a caller can write the same form.
 * @param delimiter  out: 0 for tables that were not text
 * @param has_header out: 1 if the first line was taken as names
 */
COVEY_API void covey_table_text(const covey_table *table, char *delimiter, int32_t *has_header);
/** Picture: height and width in pixels; 0, 0 for other tables. */
COVEY_API void covey_table_picture(const covey_table *table, int64_t *height, int64_t *width);

/** Where bytes go: a file, standard output, or memory. */
typedef struct covey_sink covey_sink;
/**
 * @param path  file name, or "-" for standard output
 * @param force 0: an existing file is an error; 1: it is replaced when the sink is closed without an error
 */
COVEY_API covey_status covey_sink_open(const char *path, int force, covey_sink **out, covey_error *err) COVEY_MUST_USE;
/** A sink that appends to an existing or new file instead of replacing it. */
COVEY_API covey_status covey_sink_append(const char *path, covey_sink **out, covey_error *err) COVEY_MUST_USE;
/** A sink into memory; covey_sink_bytes gives the result, owned by the sink. */
COVEY_API covey_status covey_sink_memory(covey_sink **out, covey_error *err) COVEY_MUST_USE;
COVEY_API covey_status covey_sink_write(covey_sink *sink, const void *bytes, size_t n_bytes, covey_error *err) COVEY_MUST_USE;
COVEY_API const void *covey_sink_bytes(const covey_sink *sink, size_t *n_bytes);
/** Finish: flush, sync, rename. On failure the temporary file is removed and the old file is intact. Frees the sink. */
COVEY_API covey_status covey_sink_close(covey_sink *sink, covey_error *err) COVEY_MUST_USE;
/** Give up: remove the temporary file, leave the old one. NULL is fine. */
COVEY_API void covey_sink_abandon(covey_sink *sink);

/** Write [n, d] as NPY (version 1.0, C order). */
COVEY_API covey_status covey_write_npy(covey_sink *sink, const covey_matrix *x, int one_dimensional,
                                       covey_error *err) COVEY_MUST_USE;
/** Write [n, d] as CSV; names [d] or NULL for no header. Numbers are the shortest that read back to the same value. */
COVEY_API covey_status covey_write_csv(covey_sink *sink, const covey_matrix *x, char delimiter, const char *const *names,
                                       covey_error *err) COVEY_MUST_USE;
/**
 * Write pixels [height, width, channels], 8 bits each, as PNG: 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA.
 * @return COVEY_OK, _ARGUMENT, _MEMORY, _IO, or _UNSUPPORTED in a build without PNG
 */
COVEY_API covey_status covey_write_png(covey_sink *sink, const unsigned char *pixels, int64_t height, int64_t width,
                                       int channels, covey_error *err) COVEY_MUST_USE;
/**
 * Write a picture of few colors as a palette PNG, the smallest form of it.
 * @param indices [height, width] each below n_colors
 * @param palette [n_colors, channels], n_colors 1..256, channels 3 (RGB) or 4 (RGBA)
 */
COVEY_API covey_status covey_write_png_palette(covey_sink *sink, const unsigned char *indices, int64_t height, int64_t width,
                                               const unsigned char *palette, int n_colors, int channels,
                                               covey_error *err) COVEY_MUST_USE;
/** Write the shortest decimal that reads back as value into buffer [32]; locale-free. @return its length. */
COVEY_API size_t covey_format_double(double value, char *buffer);

/** What a model file holds beside the model. Strings and arrays are owned by whoever fills the struct. */
typedef struct covey_model_info {
    size_t size;
    const char *const *names; /**< [d] feature names or NULL */
    const double *offset;     /**< [d] scaling: z = (x - offset) / factor, or NULL for none */
    const double *factor;     /**< [d] */
    const char *scale;        /**< "none", "standard", "minmax", "robust" */
    uint32_t seed;
    int64_t n_iter;
    int64_t n_rows;           /**< rows that were fitted */
    double inertia;
    double total_ss;
    const int64_t *sizes;     /**< [k] rows in each cluster, or NULL */
    const char *algorithm;    /**< "kmeans", "minibatch", "bisecting" */
    const char *stop;         /**< "strict", "tol", ... */
    const double *counts;     /**< mini-batch: [k] weight seen by each center; set when loading, saved from the model */
    int64_t since;            /**< mini-batch: rows seen since the last reassignment; likewise */
} covey_model_info;

/**
 * Save a model: NPZ with stored members, readable by numpy.load(allow_pickle=False), or JSON for people; both carry a
 * format version, the algorithm version and a checksum.
 * @param info   NULL: nothing beside the model
 */
COVEY_API covey_status covey_model_save(const covey_model *model, const covey_model_info *info, covey_format format,
                                        covey_sink *sink, covey_error *err) COVEY_MUST_USE;

/** A model read from a file, with what stood beside it. */
typedef struct covey_model_file covey_model_file;
/** Read a model, format by content. path "-" is standard input. */
COVEY_API covey_status covey_model_load(const char *path, covey_model_file **out, covey_error *err) COVEY_MUST_USE;
COVEY_API covey_status covey_model_load_memory(const void *bytes, size_t n_bytes, const char *name, covey_model_file **out,
                                               covey_error *err) COVEY_MUST_USE;
COVEY_API const covey_model *covey_model_file_model(const covey_model_file *file);
COVEY_API const covey_model_info *covey_model_file_info(const covey_model_file *file);
COVEY_API void covey_model_file_free(covey_model_file *file);

#ifdef __cplusplus
}
#endif
#endif
