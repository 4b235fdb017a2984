#include "record.h"

#include "fail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const cvi_io_item_kind cvi_io_record_kinds[ITEM_COUNT] = {
    [ITEM_FORMAT] = {"format", 't', 0},
    [ITEM_FORMAT_VERSION] = {"format_version", 'i', 0},
    [ITEM_ALGORITHM_VERSION] = {"algorithm_version", 'i', 0},
    [ITEM_COVEY_VERSION] = {"covey_version", 't', 0},
    [ITEM_ALGORITHM] = {"algorithm", 't', 0},
    [ITEM_CENTER_DTYPE] = {"center_dtype", 't', 0},
    [ITEM_CENTERS] = {"centers", 'f', 2},
    [ITEM_MEAN] = {"mean", 'f', 1},
    [ITEM_NAMES] = {"names", 't', 1},
    [ITEM_SCALE] = {"scale", 't', 0},
    [ITEM_OFFSET] = {"offset", 'f', 1},
    [ITEM_FACTOR] = {"factor", 'f', 1},
    [ITEM_SEED] = {"seed", 'i', 0},
    [ITEM_N_ITER] = {"n_iter", 'i', 0},
    [ITEM_N_ROWS] = {"n_rows", 'i', 0},
    [ITEM_INERTIA] = {"inertia", 'f', 0},
    [ITEM_TOTAL_SS] = {"total_ss", 'f', 0},
    [ITEM_SIZES] = {"sizes", 'i', 1},
    [ITEM_STOP] = {"stop", 't', 0},
    [ITEM_COUNTS] = {"counts", 'f', 1},
    [ITEM_SINCE] = {"since", 'i', 0},
    [ITEM_TREE_CENTERS] = {"tree_centers", 'f', 2},
    [ITEM_TREE_CHILDREN] = {"tree_children", 'i', 2},
    [ITEM_CHECKSUM] = {"checksum", 't', 0},
};

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n_bytes)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < n_bytes; i++)
        hash = (hash ^ p[i]) * 0x100000001B3u;
    return hash;
}

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    for (int i = 0; i < 8; i++)
        hash = (hash ^ (word >> 8 * i & 255)) * 0x100000001B3u;
    return hash;
}

static uint64_t hash_real(uint64_t hash, double value)
{
    uint64_t word = 0x7FF8000000000000u; /* one NaN for all: JSON keeps no others */
    if (!isnan(value))
        memcpy(&word, &value, sizeof word);
    return hash_word(hash, word);
}

uint64_t cvi_io_record_checksum(const cvi_io_record *record)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (int id = 0; id < ITEM_CHECKSUM; id++) {
        const cvi_io_item *item = &record->items[id];
        if (!item->present)
            continue;
        const char *name = cvi_io_record_kinds[id].name;
        hash = hash_bytes(hash, name, strlen(name) + 1);
        hash = hash_word(hash_word(hash, (uint64_t)item->shape[0]), (uint64_t)item->shape[1]);
        for (size_t i = 0; i < cvi_io_item_size(item); i++) {
            if (cvi_io_record_kinds[id].type == 'f')
                hash = hash_real(hash, item->reals[i]);
            else if (cvi_io_record_kinds[id].type == 'i')
                hash = hash_word(hash, (uint64_t)item->integers[i]);
            else
                hash = hash_bytes(hash, item->texts[i], strlen(item->texts[i]) + 1);
        }
    }
    return hash;
}

void cvi_io_record_free(cvi_io_record *record)
{
    for (int id = 0; id < ITEM_COUNT; id++) {
        cvi_io_item *item = &record->items[id];
        if (!item->owned)
            continue;
        for (size_t i = 0; item->texts && i < cvi_io_item_size(item); i++)
            free((char *)(uintptr_t)item->texts[i]);
        free((void *)(uintptr_t)item->texts);
        free((void *)(uintptr_t)item->reals);
        free((void *)(uintptr_t)item->integers);
    }
    memset(record, 0, sizeof *record);
}

bool cvi_io_item_allocate(cvi_io_record *record, cvi_io_item_id id, int64_t n, int64_t m)
{
    cvi_io_item *item = &record->items[id];
    size_t count;
    if (n < 0 || m < 0 || !cvi_io_mul((size_t)n, (size_t)m, &count) || count > SIZE_MAX / 8 - 1)
        return false;
    void *block = calloc(count + 1, 8);
    if (!block)
        return false;
    *item = (cvi_io_item){.present = true, .owned = true, .shape = {n, m}};
    if (cvi_io_record_kinds[id].type == 'f')
        item->reals = block;
    else if (cvi_io_record_kinds[id].type == 'i')
        item->integers = block;
    else
        item->texts = block;
    return true;
}

covey_status cvi_io_record_check_version(const char *name, const char *format, int64_t version, const char *writer,
                                         covey_error *err)
{
    char shown[64];
    if (!format || strcmp(format, CVI_IO_MODEL_MAGIC) != 0)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: is not a covey model", name);
    if (version > CVI_IO_MODEL_VERSION)
        return cvi_io_fail(err, COVEY_ERR_FORMAT,
                           "%s: model format version %lld, written by covey %s; this covey %s reads up to %d: update covey", name,
                           (long long)version, writer ? cvi_io_clean(writer, strlen(writer), shown, sizeof shown) : "(unknown)",
                           covey_version(), CVI_IO_MODEL_VERSION);
    if (version < 1)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: model format version %lld does not exist", name, (long long)version);
    return COVEY_OK;
}
