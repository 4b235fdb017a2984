/*
 * A model file's content: a list of named items, the same for NPZ and JSON.  Every item is an array of float64, of
 * int64 or of texts, with 0, 1 or 2 dimensions.
 *
 * The checksum is FNV-1a, 64 bits, over name, shape and values of the items in the order of cvi_io_record_kinds, numbers
 * as little-endian bytes, texts with a NUL behind each.  It finds damage and hand-made changes; it is no signature.
 */
#ifndef CVI_IO_RECORD_H
#define CVI_IO_RECORD_H

#include "covey/io.h"
#include "source.h"

#include <stdbool.h>

enum { CVI_IO_MODEL_VERSION = 1 };
#define CVI_IO_MODEL_MAGIC "covey-model"

typedef enum cvi_io_item_id {
    ITEM_FORMAT,
    ITEM_FORMAT_VERSION,
    ITEM_ALGORITHM_VERSION,
    ITEM_COVEY_VERSION,
    ITEM_ALGORITHM,
    ITEM_CENTER_DTYPE,
    ITEM_CENTERS,
    ITEM_MEAN,
    ITEM_NAMES,
    ITEM_SCALE,
    ITEM_OFFSET,
    ITEM_FACTOR,
    ITEM_SEED,
    ITEM_N_ITER,
    ITEM_N_ROWS,
    ITEM_INERTIA,
    ITEM_TOTAL_SS,
    ITEM_SIZES,
    ITEM_STOP,
    ITEM_COUNTS,
    ITEM_SINCE,
    ITEM_TREE_CENTERS,
    ITEM_TREE_CHILDREN,
    ITEM_CHECKSUM,
    ITEM_COUNT
} cvi_io_item_id;

/* Name, type ('f' float64, 'i' int64, 't' text) and number of dimensions of each. */
typedef struct cvi_io_item_kind {
    const char *name;
    char type;
    int n_dims;
} cvi_io_item_kind;
extern const cvi_io_item_kind cvi_io_record_kinds[ITEM_COUNT];

typedef struct cvi_io_item {
    bool present, owned;
    int64_t shape[2]; /* 1 where there is no such dimension */
    const double *reals;
    const int64_t *integers;
    const char *const *texts;
} cvi_io_item;

typedef struct cvi_io_record {
    cvi_io_item items[ITEM_COUNT];
} cvi_io_record;

static inline size_t cvi_io_item_size(const cvi_io_item *item)
{
    return (size_t)item->shape[0] * (size_t)item->shape[1];
}

uint64_t cvi_io_record_checksum(const cvi_io_record *record);
void cvi_io_record_free(cvi_io_record *record);

/* Take memory for an item of a record that is being read; false: none. Texts are NULL until they are set. */
bool cvi_io_item_allocate(cvi_io_record *record, cvi_io_item_id id, int64_t n, int64_t m);

/* The first value of an item. */
static inline int64_t cvi_io_item_integer(const cvi_io_record *record, cvi_io_item_id id, int64_t otherwise)
{
    return record->items[id].present ? record->items[id].integers[0] : otherwise;
}

/* Check the magic and the version, which every reader does before it looks at anything else. */
covey_status cvi_io_record_check_version(const char *name, const char *format, int64_t version, const char *writer,
                                         covey_error *err);

covey_status cvi_io_record_write_npz(const cvi_io_record *record, covey_sink *sink, covey_error *err);
covey_status cvi_io_record_write_json(const cvi_io_record *record, covey_sink *sink, covey_error *err);
covey_status cvi_io_record_read_npz(cvi_io_source *source, cvi_io_record *record, covey_error *err);
covey_status cvi_io_record_read_json(cvi_io_source *source, cvi_io_record *record, covey_error *err);

#endif
