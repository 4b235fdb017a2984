/* Models as JSON, for people: written here with numbers that read back exactly, read by jansson. */
#include "fail.h"
#include "record.h"
#include "sink.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 32 };
#define JSON_CAP ((size_t)1 << 34)

/* ---- writing ---- */

static bool put_text(cvi_io_buffer *out, const char *text)
{
    bool ok = cvi_io_buffer_add(out, "\"", 1);
    for (const unsigned char *p = (const unsigned char *)text; *p && ok; p++) {
        /* <, > and & too: model files get pasted into pages */
        if (*p < 0x20 || *p == 0x7F || strchr("\"\\<>&", *p))
            ok = cvi_io_buffer_print(out, "\\u%04x", (unsigned)*p);
        else
            ok = cvi_io_buffer_add(out, p, 1);
    }
    return ok && cvi_io_buffer_add(out, "\"", 1);
}

static bool put_real(cvi_io_buffer *out, double value)
{
    char text[32];
    if (!isfinite(value))
        return cvi_io_buffer_add(out, "null", 4);
    size_t length = covey_format_double(value, text);
    if (value == 0 && signbit(value)) { /* -0 would come back as the integer 0 */
        memcpy(text, "-0.0", 4);
        length = 4;
    }
    return cvi_io_buffer_add(out, text, length);
}

static bool put_value(cvi_io_buffer *out, const cvi_io_item *item, char type, size_t i)
{
    if (type == 'f')
        return put_real(out, item->reals[i]);
    if (type == 'i')
        return cvi_io_buffer_print(out, "%lld", (long long)item->integers[i]);
    return put_text(out, item->texts[i]);
}

static bool put_list(cvi_io_buffer *out, const cvi_io_item *item, char type, size_t first, size_t count)
{
    bool ok = cvi_io_buffer_add(out, "[", 1);
    for (size_t i = 0; i < count && ok; i++)
        ok = (i == 0 || cvi_io_buffer_add(out, ", ", 2)) && put_value(out, item, type, first + i);
    return ok && cvi_io_buffer_add(out, "]", 1);
}

static bool put_item(cvi_io_buffer *out, const cvi_io_item *item, const cvi_io_item_kind *kind)
{
    if (kind->n_dims == 0)
        return put_value(out, item, kind->type, 0);
    if (kind->n_dims == 1)
        return put_list(out, item, kind->type, 0, (size_t)item->shape[0]);
    bool ok = cvi_io_buffer_add(out, "[", 1);
    size_t m = (size_t)item->shape[1];
    for (size_t i = 0; i < (size_t)item->shape[0] && ok; i++)
        ok = cvi_io_buffer_add(out, i ? ",\n    " : "\n    ", i ? 6 : 5) && put_list(out, item, kind->type, i * m, m);
    return ok && cvi_io_buffer_add(out, "\n  ]", 4);
}

covey_status cvi_io_record_write_json(const cvi_io_record *record, covey_sink *sink, covey_error *err)
{
    cvi_io_buffer out = {0};
    bool ok = cvi_io_buffer_add(&out, "{", 1), first = true;
    for (int id = 0; id < ITEM_COUNT && ok; id++) {
        if (!record->items[id].present)
            continue;
        ok = cvi_io_buffer_print(&out, "%s\n  \"%s\": ", first ? "" : ",", cvi_io_record_kinds[id].name) &&
             put_item(&out, &record->items[id], &cvi_io_record_kinds[id]);
        first = false;
    }
    ok = ok && cvi_io_buffer_add(&out, "\n}\n", 3);
    covey_status status = ok ? covey_sink_write(sink, out.data, out.length, err)
                             : cvi_io_fail_memory(err, cvi_io_sink_name(sink), out.length);
    cvi_io_buffer_free(&out);
    return status;
}

/* ---- reading ---- */

/* jansson recurses, so depth is bounded before it sees the text. */
static covey_status check_depth(const char *text, size_t length, const char *name, covey_error *err)
{
    int depth = 0;
    int64_t line = 1;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        line += c == '\n';
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '[' || c == '{') && ++depth > DEEPEST)
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: line %lld, byte %zu: JSON nested deeper than %d", name,
                               (long long)line, i, DEEPEST);
        else if (!quoted && (c == ']' || c == '}'))
            depth--;
    }
    return COVEY_OK;
}

static covey_status fail_item(const char *name, cvi_io_item_id id, covey_error *err)
{
    const cvi_io_item_kind *kind = &cvi_io_record_kinds[id];
    static const char *const shapes[] = {"one value", "a list of values", "a list of equally long lists of values"};
    return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: \"%s\" should be %s (%s)", name, kind->name, shapes[kind->n_dims],
                       kind->type == 'f' ? "numbers" : kind->type == 'i' ? "integers" : "text");
}

/* false: the wrong type, or no memory (*no_memory). */
static bool take_value(cvi_io_item *item, char type, size_t i, const json_t *value, bool *no_memory)
{
    if (type == 'f') {
        if (!json_is_number(value) && !json_is_null(value))
            return false;
        ((double *)(uintptr_t)item->reals)[i] = json_is_null(value) ? (double)NAN : json_number_value(value);
        return true;
    }
    if (type == 'i') {
        if (!json_is_integer(value))
            return false;
        ((int64_t *)(uintptr_t)item->integers)[i] = json_integer_value(value);
        return true;
    }
    if (!json_is_string(value))
        return false;
    char *text = strdup(json_string_value(value));
    ((char **)(uintptr_t)item->texts)[i] = text;
    *no_memory |= !text;
    return text != NULL;
}

static bool take_row(cvi_io_item *item, char type, size_t first, const json_t *list, size_t count, bool *no_memory)
{
    if (!json_is_array(list) || json_array_size(list) != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!take_value(item, type, first + i, json_array_get(list, i), no_memory))
            return false;
    return true;
}

static covey_status take_item(cvi_io_record *record, cvi_io_item_id id, const json_t *root, const char *name,
                              covey_error *err)
{
    const cvi_io_item_kind *kind = &cvi_io_record_kinds[id];
    const json_t *value = json_object_get(root, kind->name);
    if (!value || (json_is_null(value) && kind->n_dims > 0))
        return COVEY_OK;
    size_t n = kind->n_dims > 0 ? json_array_size(value) : 1;
    size_t m = kind->n_dims > 1 ? json_array_size(json_array_get(value, 0)) : 1;
    bool no_memory = !cvi_io_item_allocate(record, id, (int64_t)n, (int64_t)m);
    cvi_io_item *item = &record->items[id];
    bool ok = !no_memory;
    if (kind->n_dims == 0)
        ok = ok && take_value(item, kind->type, 0, value, &no_memory);
    else if (kind->n_dims == 1)
        ok = ok && take_row(item, kind->type, 0, value, n, &no_memory);
    else {
        ok = ok && json_is_array(value);
        for (size_t i = 0; i < n && ok; i++)
            ok = take_row(item, kind->type, i * m, json_array_get(value, i), m, &no_memory);
    }
    if (no_memory)
        return cvi_io_fail_memory(err, name, n * m * 8);
    return ok ? COVEY_OK : fail_item(name, id, err);
}

static covey_status take_root(cvi_io_record *record, const json_t *root, const char *name, covey_error *err)
{
    const json_t *version = json_object_get(root, "format_version");
    covey_status status = cvi_io_record_check_version(
        name, json_string_value(json_object_get(root, "format")), json_is_integer(version) ? json_integer_value(version) : 0,
        json_string_value(json_object_get(root, "covey_version")), err);
    for (int id = 0; id < ITEM_COUNT && status == COVEY_OK; id++)
        status = take_item(record, (cvi_io_item_id)id, root, name, err);
    return status;
}

covey_status cvi_io_record_read_json(cvi_io_source *source, cvi_io_record *record, covey_error *err)
{
    const char *name = cvi_io_source_name(source);
    char *text;
    size_t length;
    covey_status status = cvi_io_source_slurp(source, JSON_CAP, &text, &length, err);
    if (status != COVEY_OK)
        return status;
    status = check_depth(text, length, name, err);
    if (status == COVEY_OK) {
        json_error_t error;
        json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
        char shown[160];
        if (root)
            status = take_root(record, root, name, err);
        else
            status = cvi_io_fail(err, json_error_code(&error) == json_error_out_of_memory ? COVEY_ERR_MEMORY : COVEY_ERR_FORMAT,
                                 "%s: line %d, byte %d: %s", name, error.line, error.position,
                                 cvi_io_clean(error.text, strlen(error.text), shown, sizeof shown));
        json_decref(root);
    }
    free(text);
    return status;
}
