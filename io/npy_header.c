#include "cursor.h"
#include "fail.h"
#include "npy.h"

#include <stdio.h>
#include <string.h>

static covey_status fail_at(const cvi_io_cursor *in, const char *what)
{
    return cvi_io_fail(in->err, COVEY_ERR_FORMAT, "%s: NPY header, byte %lld: %s", in->name,
                       (long long)(in->p - in->start), what);
}

/* 'text' or "text" without escapes, into out [room]. */
static bool take_string(cvi_io_cursor *in, char *out, size_t room)
{
    cvi_io_skip_blanks(in);
    if (in->p == in->end || (*in->p != '\'' && *in->p != '"'))
        return false;
    const char *close = memchr(in->p + 1, *in->p, (size_t)(in->end - in->p - 1));
    if (!close || (size_t)(close - in->p) > room || memchr(in->p, '\\', (size_t)(close - in->p)))
        return false;
    size_t length = (size_t)(close - in->p - 1);
    memcpy(out, in->p + 1, length);
    out[length] = 0;
    in->p = close + 1;
    return true;
}

/* A size: digits, and the L that Python 2 wrote behind long integers. */
static covey_status take_size(cvi_io_cursor *in, int64_t *out)
{
    cvi_io_skip_blanks(in);
    if (in->p < in->end && *in->p == '-')
        return fail_at(in, "a negative size in the shape");
    int64_t value = 0;
    const char *first = in->p;
    for (; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++)
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, *in->p - '0', &value))
            return fail_at(in, "a size in the shape that overflows 64 bits");
    if (in->p == first)
        return fail_at(in, "expected a size in the shape");
    if (in->p < in->end && *in->p == 'L')
        in->p++;
    *out = value;
    return COVEY_OK;
}

static covey_status take_shape(cvi_io_cursor *in, cvi_io_npy *out)
{
    if (!cvi_io_take(in, '('))
        return fail_at(in, "expected the shape as a tuple");
    out->n_dims = 0;
    while (!cvi_io_take(in, ')')) {
        if (out->n_dims == CVI_IO_NPY_DIMS)
            return fail_at(in, "a shape of more than 8 dimensions");
        covey_status status = take_size(in, &out->shape[out->n_dims]);
        if (status != COVEY_OK)
            return status;
        out->n_dims++;
        if (cvi_io_take(in, ','))
            continue;
        if (!cvi_io_take(in, ')'))
            return fail_at(in, "expected ',' or ')' in the shape");
        if (out->n_dims == 1)
            return fail_at(in, "a shape that is not a tuple");
        break;
    }
    return COVEY_OK;
}

/* numpy's one-letter kinds that hold no plain numbers. */
static const char *refused_kind(char kind)
{
    switch (kind) {
    case 'c':
        return "complex numbers";
    case 'O':
        return "Python objects, which only pickle could read";
    case 'S':
    case 'a':
        return "byte strings";
    case 'U':
        return "text";
    case 'M':
        return "dates";
    case 'm':
        return "time spans";
    case 'V':
        return "raw records";
    default:
        return NULL;
    }
}

static covey_dtype dtype_of(char kind, int64_t size)
{
    static const struct {
        char kind;
        int size;
        covey_dtype dtype;
    } known[] = {
        {'f', 8, COVEY_DTYPE_FLOAT64}, {'f', 4, COVEY_DTYPE_FLOAT32}, {'f', 2, COVEY_DTYPE_FLOAT16},
        {'i', 1, COVEY_DTYPE_INT8},    {'i', 2, COVEY_DTYPE_INT16},   {'i', 4, COVEY_DTYPE_INT32},
        {'i', 8, COVEY_DTYPE_INT64},   {'u', 1, COVEY_DTYPE_UINT8},   {'u', 2, COVEY_DTYPE_UINT16},
        {'u', 4, COVEY_DTYPE_UINT32},  {'u', 8, COVEY_DTYPE_UINT64},  {'b', 1, COVEY_DTYPE_BOOL},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].kind == kind && known[i].size == size)
            return known[i].dtype;
    return (covey_dtype)0;
}

static covey_status read_descr(const char *descr, const char *name, bool with_text, cvi_io_npy *out, covey_error *err)
{
    char shown[64];
    cvi_io_clean(descr, strlen(descr), shown, sizeof shown);
    char order = descr[0], kind = order ? descr[1] : 0;
    int64_t size = 0;
    const char *p = order && kind ? descr + 2 : "?";
    for (; *p >= '0' && *p <= '9' && size < 100000000; p++)
        size = size * 10 + (*p - '0');
    if (!strchr("<>|=", order) || (*p && *p != '[') || (kind != 'O' && p == descr + 2))
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: NPY header: '%s' is not an element type", name, shown);
    out->byte_swapped = order == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? '<' : '>') && size > 1;
    if (with_text && kind == 'U' && *p == 0 && size < 1000000) {
        out->characters = size;
        out->element_bytes = (size_t)size * 4;
        return COVEY_OK;
    }
    const char *refused = refused_kind(kind);
    if (refused)
        return cvi_io_fail(err, COVEY_ERR_DTYPE,
                           "%s: elements are %s ('%s'); save an array of numbers (bool, int, uint or float)", name, refused,
                           shown);
    out->dtype = *p == 0 ? dtype_of(kind, size) : (covey_dtype)0;
    if (out->dtype == 0)
        return cvi_io_fail(err, COVEY_ERR_DTYPE, "%s: element type '%s'%s is not supported; convert with astype('f8')", name,
                           shown, kind == 'f' ? " (long double)" : "");
    out->element_bytes = (size_t)size;
    return COVEY_OK;
}

static covey_status take_descr(cvi_io_cursor *in, bool with_text, cvi_io_npy *out)
{
    char descr[64];
    cvi_io_skip_blanks(in);
    if (in->p < in->end && (*in->p == '[' || *in->p == '('))
        return cvi_io_fail(in->err, COVEY_ERR_DTYPE,
                           "%s: elements are records with named fields (a structured dtype); save its number fields as a "
                           "plain 2-D array",
                           in->name);
    if (!take_string(in, descr, sizeof descr))
        return fail_at(in, "expected the element type as a string");
    return read_descr(descr, in->name, with_text, out, in->err);
}

static covey_status take_order(cvi_io_cursor *in, cvi_io_npy *out)
{
    if (cvi_io_take_word(in, "True"))
        out->fortran = true;
    else if (cvi_io_take_word(in, "False"))
        out->fortran = false;
    else
        return fail_at(in, "expected True or False");
    return COVEY_OK;
}

static covey_status take_entry(cvi_io_cursor *in, bool with_text, cvi_io_npy *out, unsigned *seen)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    char key[32];
    if (!take_string(in, key, sizeof key))
        return fail_at(in, "expected a key");
    unsigned which = 0;
    while (which < 3 && strcmp(key, keys[which]) != 0)
        which++;
    if (which == 3)
        return fail_at(in, "a key other than descr, fortran_order and shape");
    if (*seen >> which & 1)
        return fail_at(in, "a key that stands twice");
    *seen |= 1u << which;
    if (!cvi_io_take(in, ':'))
        return fail_at(in, "expected ':'");
    return which == 0 ? take_descr(in, with_text, out) : which == 1 ? take_order(in, out) : take_shape(in, out);
}

static covey_status take_dict(cvi_io_cursor *in, bool with_text, cvi_io_npy *out)
{
    unsigned seen = 0;
    if (!cvi_io_take(in, '{'))
        return fail_at(in, "expected '{'");
    while (!cvi_io_take(in, '}')) {
        covey_status status = take_entry(in, with_text, out, &seen);
        if (status != COVEY_OK)
            return status;
        if (cvi_io_take(in, ','))
            continue;
        if (!cvi_io_take(in, '}'))
            return fail_at(in, "expected ',' or '}'");
        break;
    }
    if (seen != 7)
        return fail_at(in, "descr, fortran_order or shape is missing");
    cvi_io_skip_blanks(in);
    return in->p == in->end ? COVEY_OK : fail_at(in, "text behind the closing brace");
}

covey_status cvi_io_npy_prefix(const unsigned char *prefix, size_t n_bytes, const char *name, size_t *text_offset,
                               size_t *text_bytes, covey_error *err)
{
    if (n_bytes < 10 || memcmp(prefix, "\x93NUMPY", 6) != 0)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: not an NPY file, or cut off in its first %zu bytes", name, n_bytes);
    if (prefix[6] < 1 || prefix[6] > 3 || prefix[7] != 0)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: NPY version %d.%d; this covey reads 1.0, 2.0 and 3.0", name,
                           prefix[6], prefix[7]);
    size_t length = (size_t)prefix[8] | (size_t)prefix[9] << 8;
    *text_offset = 10;
    if (prefix[6] > 1) {
        if (n_bytes < 12)
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: cut off in the NPY header", name);
        length |= (size_t)prefix[10] << 16 | (size_t)prefix[11] << 24;
        *text_offset = 12;
    }
    if (length > CVI_IO_NPY_HEADER_CAP)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: NPY header of %zu bytes, more than the cap of %d", name, length,
                           CVI_IO_NPY_HEADER_CAP);
    *text_bytes = length;
    return COVEY_OK;
}

covey_status cvi_io_npy_header(const char *text, size_t length, const char *name, bool with_text, cvi_io_npy *out,
                               covey_error *err)
{
    memset(out, 0, sizeof *out);
    cvi_io_cursor in = {text, text, text + length, name, err};
    covey_status status = take_dict(&in, with_text, out);
    if (status != COVEY_OK)
        return status;
    size_t bytes = out->element_bytes;
    bool empty = bytes == 0, fits = true;
    for (int i = 0; i < out->n_dims; i++)
        empty |= out->shape[i] == 0;
    for (int i = 0; i < out->n_dims && !empty && fits; i++)
        fits = cvi_io_mul(bytes, (size_t)out->shape[i], &bytes) && bytes <= INT64_MAX;
    if (!fits)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: NPY header: the shape holds more bytes than 64 bits can count", name);
    out->data_bytes = empty ? 0 : bytes;
    return COVEY_OK;
}

static const char *descr_of(const cvi_io_npy *array, char *out)
{
    static const char kinds[] = {0, 'f', 'f', 'f', 'i', 'u', 'i', 'u', 'i', 'u', 'i', 'u', 'b'};
    char order = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? '>' : '<';
    if (array->dtype == 0)
        sprintf(out, "%cU%lld", order, (long long)array->characters);
    else
        sprintf(out, "%c%c%zu", array->element_bytes == 1 ? '|' : order, kinds[array->dtype], array->element_bytes);
    return out;
}

size_t cvi_io_npy_make(const cvi_io_npy *array, char *out)
{
    char descr[32];
    int used = 10 + sprintf(out + 10, "{'descr': '%s', 'fortran_order': %s, 'shape': (", descr_of(array, descr),
                            array->fortran ? "True" : "False");
    for (int i = 0; i < array->n_dims; i++)
        used += sprintf(out + used, "%lld%s", (long long)array->shape[i],
                        i + 1 < array->n_dims ? ", " : array->n_dims == 1 ? "," : "");
    used += sprintf(out + used, "), }");
    size_t total = ((size_t)used + 1 + 63) / 64 * 64; /* the data begin at a multiple of 64, as numpy aligns them */
    memset(out + used, ' ', total - (size_t)used);
    out[total - 1] = '\n';
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = (char)((total - 10) & 255);
    out[9] = (char)((total - 10) >> 8);
    return total;
}
