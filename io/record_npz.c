/*
 * Models as NPZ.  Writing: a plain zip of stored members made here, with a fixed date, so that the same model gives the
 * same bytes.  Reading: libzip, since the file may come from numpy.savez_compressed or anywhere else.
 */
#include "fail.h"
#include "npy.h"
#include "record.h"
#include "sink.h"
#include "archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Largest member that is read: 2^36 bytes of centers are 8 billion numbers. */
#define MEMBER_CAP ((size_t)1 << 36)

/* One member that has been written. */
typedef struct zip_entry {
    char name[32];
    uint32_t crc, offset, size;
} zip_entry;

static void put16(unsigned char *p, uint32_t value)
{
    p[0] = (unsigned char)value;
    p[1] = (unsigned char)(value >> 8);
}

static void put32(unsigned char *p, uint32_t value)
{
    put16(p, value);
    put16(p + 2, value >> 16);
}

/* The fields that local and central header share, 26 bytes: version, flags, method, time, date, crc, sizes, lengths. */
static void put_common(unsigned char *p, const zip_entry *entry)
{
    put16(p, 20);
    memset(p + 2, 0, 6); /* no flags, stored, midnight */
    put16(p + 8, 0x21);  /* 1980-01-01, the earliest date: files do not depend on the clock */
    put32(p + 10, entry->crc);
    put32(p + 14, entry->size);
    put32(p + 18, entry->size);
    put16(p + 22, (uint32_t)strlen(entry->name));
    put16(p + 24, 0);
}

static covey_status put_local(covey_sink *sink, const zip_entry *entry, covey_error *err)
{
    unsigned char header[30] = {'P', 'K', 3, 4};
    put_common(header + 4, entry);
    covey_status status = covey_sink_write(sink, header, sizeof header, err);
    return status == COVEY_OK ? covey_sink_write(sink, entry->name, strlen(entry->name), err) : status;
}

static covey_status put_central(covey_sink *sink, const zip_entry *entries, size_t n, uint32_t offset, covey_error *err)
{
    uint32_t size = 0;
    covey_status status = COVEY_OK;
    for (size_t i = 0; i < n && status == COVEY_OK; i++) {
        unsigned char header[46] = {'P', 'K', 1, 2, 20, 3}; /* made by version 2.0, Unix */
        put_common(header + 6, &entries[i]);
        put32(header + 38, 0100644u << 16);
        put32(header + 42, entries[i].offset);
        status = covey_sink_write(sink, header, sizeof header, err);
        if (status == COVEY_OK)
            status = covey_sink_write(sink, entries[i].name, strlen(entries[i].name), err);
        size += (uint32_t)(sizeof header + strlen(entries[i].name));
    }
    unsigned char end[22] = {'P', 'K', 5, 6};
    put16(end + 8, (uint32_t)n);
    put16(end + 10, (uint32_t)n);
    put32(end + 12, size);
    put32(end + 16, offset);
    return status == COVEY_OK ? covey_sink_write(sink, end, sizeof end, err) : status;
}

/* The code points of UTF-8 text as 4-byte units, as numpy keeps text; damaged bytes become U+FFFD. @return how many */
static size_t to_utf32(const char *text, uint32_t *out)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t n = 0;
    while (*p) {
        int more = *p < 0x80 ? 0 : *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : *p >= 0xC0 ? 1 : -1;
        uint32_t code = more <= 0 ? *p : *p & (0x3Fu >> more);
        p++;
        for (; more > 0 && (*p & 0xC0) == 0x80; more--)
            code = code << 6 | (*p++ & 0x3F);
        if (more != 0)
            code = 0xFFFD;
        if (out)
            out[n] = code;
        n++;
    }
    return n;
}

/* An item of texts as an array of code points; *n_bytes. NULL: no memory. */
static char *pack_texts(const cvi_io_item *item, int64_t *characters, size_t *n_bytes)
{
    size_t longest = 1, count = cvi_io_item_size(item);
    for (size_t i = 0; i < count; i++) {
        size_t length = to_utf32(item->texts[i], NULL);
        longest = length > longest ? length : longest;
    }
    *characters = (int64_t)longest;
    *n_bytes = count * longest * 4;
    uint32_t *units = calloc(count * longest + 1, 4);
    for (size_t i = 0; units && i < count; i++)
        to_utf32(item->texts[i], units + i * longest);
    return (char *)units;
}

static covey_status put_member(covey_sink *sink, const char *name, const char *header, size_t n_header, const char *data,
                               size_t n_data, zip_entry *entry, uint64_t *offset, covey_error *err)
{
    snprintf(entry->name, sizeof entry->name, "%s.npy", name);
    uint64_t end = *offset + 30 + strlen(entry->name) + n_header + n_data;
    if (n_data > UINT32_MAX / 2 || end > UINT32_MAX - 65536)
        return cvi_io_fail(err, COVEY_ERR_UNSUPPORTED, "%s: a model of more than 4 GB does not fit into an NPZ; save as JSON",
                           cvi_io_sink_name(sink));
    uLong crc = crc32(0, (const Bytef *)header, (uInt)n_header);
    crc = n_data > 0 ? crc32(crc, (const Bytef *)data, (uInt)n_data) : crc;
    entry->crc = (uint32_t)crc;
    entry->size = (uint32_t)(n_header + n_data);
    entry->offset = (uint32_t)*offset;
    *offset = end;
    covey_status status = put_local(sink, entry, err);
    if (status == COVEY_OK)
        status = covey_sink_write(sink, header, n_header, err);
    return status == COVEY_OK ? covey_sink_write(sink, data, n_data, err) : status;
}

static covey_status put_item(covey_sink *sink, const cvi_io_item *item, const cvi_io_item_kind *kind, zip_entry *entry,
                             uint64_t *offset, covey_error *err)
{
    cvi_io_npy array = {.n_dims = kind->n_dims, .shape = {item->shape[0], item->shape[1]}};
    size_t n_bytes = cvi_io_item_size(item) * 8;
    const char *data = kind->type == 'f' ? (const char *)item->reals : (const char *)item->integers;
    char *texts = NULL;
    if (kind->type == 't') {
        data = texts = pack_texts(item, &array.characters, &n_bytes);
        if (!texts)
            return cvi_io_fail_memory(err, cvi_io_sink_name(sink), n_bytes);
    } else {
        array.dtype = kind->type == 'f' ? COVEY_DTYPE_FLOAT64 : COVEY_DTYPE_INT64;
        array.element_bytes = 8;
    }
    char header[256];
    size_t n_header = cvi_io_npy_make(&array, header);
    covey_status status = put_member(sink, kind->name, header, n_header, data, n_bytes, entry, offset, err);
    free(texts);
    return status;
}

covey_status cvi_io_record_write_npz(const cvi_io_record *record, covey_sink *sink, covey_error *err)
{
    zip_entry entries[ITEM_COUNT];
    size_t n = 0;
    uint64_t offset = 0;
    for (int id = 0; id < ITEM_COUNT; id++) {
        if (!record->items[id].present)
            continue;
        covey_status status = put_item(sink, &record->items[id], &cvi_io_record_kinds[id], &entries[n], &offset, err);
        if (status != COVEY_OK)
            return status;
        n++;
    }
    return put_central(sink, entries, n, (uint32_t)offset, err);
}

/* ---- reading ---- */

static uint32_t unit_at(const char *p, bool swapped)
{
    uint32_t unit;
    memcpy(&unit, p, sizeof unit);
    return swapped ? __builtin_bswap32(unit) : unit;
}

/* UTF-8 of one text of n units; NULL: no memory, or not text. */
static char *from_utf32(const char *p, int64_t n, bool swapped)
{
    char *text = malloc((size_t)n * 4 + 1), *out = text;
    for (int64_t i = 0; text && i < n; i++) {
        uint32_t code = unit_at(p + 4 * i, swapped);
        if (code == 0)
            break;
        if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
            code = 0xFFFD;
        if (code < 0x80)
            *out++ = (char)code;
        else if (code < 0x800) {
            *out++ = (char)(0xC0 | code >> 6);
            *out++ = (char)(0x80 | (code & 0x3F));
        } else if (code < 0x10000) {
            *out++ = (char)(0xE0 | code >> 12);
            *out++ = (char)(0x80 | (code >> 6 & 0x3F));
            *out++ = (char)(0x80 | (code & 0x3F));
        } else {
            *out++ = (char)(0xF0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3F));
            *out++ = (char)(0x80 | (code >> 6 & 0x3F));
            *out++ = (char)(0x80 | (code & 0x3F));
        }
    }
    if (text)
        *out = 0;
    return text;
}

static covey_status take_array(cvi_io_record *record, cvi_io_item_id id, const cvi_io_npy *array, const char *data,
                               const char *name, covey_error *err)
{
    const cvi_io_item_kind *kind = &cvi_io_record_kinds[id];
    covey_dtype wanted = kind->type == 'f' ? COVEY_DTYPE_FLOAT64 : kind->type == 'i' ? COVEY_DTYPE_INT64 : (covey_dtype)0;
    if (array->dtype != wanted || array->n_dims != kind->n_dims || array->fortran)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: should be %s of %d dimensions in C order", name,
                           kind->type == 'f' ? "float64" : kind->type == 'i' ? "int64" : "text", kind->n_dims);
    int64_t n = kind->n_dims > 0 ? array->shape[0] : 1, m = kind->n_dims > 1 ? array->shape[1] : 1;
    if (!cvi_io_item_allocate(record, id, n, m))
        return cvi_io_fail_memory(err, name, array->data_bytes);
    cvi_io_item *item = &record->items[id];
    for (size_t i = 0; i < cvi_io_item_size(item); i++) {
        if (kind->type == 't') {
            char *text = from_utf32(data + i * array->element_bytes, array->characters, array->byte_swapped);
            if (!text)
                return cvi_io_fail_memory(err, name, array->element_bytes);
            ((char **)(uintptr_t)item->texts)[i] = text;
            continue;
        }
        uint64_t word;
        memcpy(&word, data + i * 8, sizeof word);
        word = array->byte_swapped ? __builtin_bswap64(word) : word;
        memcpy((char *)(uintptr_t)(kind->type == 'f' ? (const void *)item->reals : item->integers) + i * 8, &word, 8);
    }
    return COVEY_OK;
}

static covey_status take_bytes(cvi_io_record *record, cvi_io_item_id id, const char *bytes, size_t n_bytes, const char *name,
                               covey_error *err)
{
    size_t offset, length;
    cvi_io_npy array;
    covey_status status = cvi_io_npy_prefix((const unsigned char *)bytes, n_bytes, name, &offset, &length, err);
    if (status != COVEY_OK)
        return status;
    if (n_bytes - offset < length)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: cut off in the NPY header", name);
    status = cvi_io_npy_header(bytes + offset, length, name, true, &array, err);
    if (status != COVEY_OK)
        return status;
    if (n_bytes - offset - length != array.data_bytes)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: %zu bytes of data, but the header promises %zu", name,
                           n_bytes - offset - length, array.data_bytes);
    return take_array(record, id, &array, bytes + offset + length, name, err);
}

static covey_status read_item(cvi_io_zip *zip, cvi_io_item_id id, cvi_io_record *record, covey_error *err)
{
    char name[40];
    int64_t index;
    snprintf(name, sizeof name, "%s.npy", cvi_io_record_kinds[id].name);
    covey_status status = cvi_io_zip_find(zip, name, &index, err);
    if (status != COVEY_OK || index < 0)
        return status;
    cvi_io_source *member = NULL;
    char *bytes = NULL;
    size_t n_bytes = 0;
    status = cvi_io_zip_member(zip, index, &member, err);
    if (status == COVEY_OK)
        status = cvi_io_source_slurp(member, MEMBER_CAP, &bytes, &n_bytes, err);
    if (status == COVEY_OK)
        status = take_bytes(record, id, bytes, n_bytes, cvi_io_source_name(member), err);
    cvi_io_source_close(member);
    free(bytes);
    return status;
}

static const char *first_text(const cvi_io_record *record, cvi_io_item_id id)
{
    return record->items[id].present ? record->items[id].texts[0] : NULL;
}

covey_status cvi_io_record_read_npz(cvi_io_source *source, cvi_io_record *record, covey_error *err)
{
    static const cvi_io_item_id first[] = {ITEM_FORMAT, ITEM_FORMAT_VERSION, ITEM_COVEY_VERSION};
    const char *name = cvi_io_source_name(source);
    cvi_io_zip *zip;
    covey_status status = cvi_io_zip_open(source, 1100, &zip, err);
    if (status != COVEY_OK)
        return status;
    for (size_t i = 0; i < 3 && status == COVEY_OK; i++)
        status = read_item(zip, first[i], record, err);
    if (status == COVEY_OK)
        status = cvi_io_record_check_version(name, first_text(record, ITEM_FORMAT),
                                             cvi_io_item_integer(record, ITEM_FORMAT_VERSION, 0),
                                             first_text(record, ITEM_COVEY_VERSION), err);
    for (int id = 0; id < ITEM_COUNT && status == COVEY_OK; id++)
        if (!record->items[id].present)
            status = read_item(zip, (cvi_io_item_id)id, record, err);
    cvi_io_zip_free(zip);
    return status;
}
