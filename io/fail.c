#include "fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

covey_status cvi_io_fail(covey_error *err, covey_status status, const char *format, ...)
{
    if (!err)
        return status;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    err->status = status;
    err->row = err->column = err->count = -1;
    return status;
}

covey_status cvi_io_fail_errno(covey_error *err, const char *name, const char *verb, int error_number)
{
    /* strerror_r comes in two incompatible forms; strerror is safe between threads in the C libraries we support */
    return cvi_io_fail(err, COVEY_ERR_IO, "%s: cannot %s: %s", name, verb, strerror(error_number));
}

covey_status cvi_io_fail_memory(covey_error *err, const char *name, size_t bytes)
{
    if (bytes == 0)
        return cvi_io_fail(err, COVEY_ERR_MEMORY, "%s: no memory", name);
    return cvi_io_fail(err, COVEY_ERR_MEMORY, "%s: no memory for %zu bytes", name, bytes);
}

const char *cvi_io_clean(const char *text, size_t length, char *out, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        if (used + 4 >= room) {
            /* never leave half of a UTF-8 character in front of the dots */
            while (used > 0 && ((unsigned char)out[used - 1] & 0xC0) == 0x80)
                used--;
            if (used > 0 && (unsigned char)out[used - 1] >= 0xC0)
                used--;
            memcpy(out + used, "...", 3);
            used += 3;
            break;
        }
        unsigned char c = (unsigned char)text[i];
        out[used++] = (c < 0x20 || c == 0x7F) ? '?' : (char)c;
    }
    out[used] = 0;
    return out;
}

bool cvi_io_is_utf8(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        int more = *p < 0x80 ? 0 : *p >= 0xC2 && *p < 0xE0 ? 1 : *p >= 0xE0 && *p < 0xF0 ? 2 : *p >= 0xF0 && *p < 0xF5 ? 3 : -1;
        if (more < 0 || (*p == 0xE0 && p[1] < 0xA0) || (*p == 0xED && p[1] > 0x9F) || (*p == 0xF0 && p[1] < 0x90) ||
            (*p == 0xF4 && p[1] > 0x8F))
            return false;
        for (p++; more > 0; more--, p++)
            if ((*p & 0xC0) != 0x80)
                return false;
    }
    return true;
}

bool cvi_io_buffer_reserve(cvi_io_buffer *buffer, size_t more)
{
    size_t need;
    if (__builtin_add_overflow(buffer->length, more, &need))
        return false;
    if (need <= buffer->room)
        return true;
    size_t room = buffer->room + buffer->room / 2;
    if (room < need)
        room = need < 256 ? 256 : need;
    char *data = realloc(buffer->data, room);
    if (!data)
        return false;
    buffer->data = data;
    buffer->room = room;
    return true;
}

bool cvi_io_buffer_add(cvi_io_buffer *buffer, const void *bytes, size_t n_bytes)
{
    if (!cvi_io_buffer_reserve(buffer, n_bytes))
        return false;
    if (n_bytes > 0)
        memcpy(buffer->data + buffer->length, bytes, n_bytes);
    buffer->length += n_bytes;
    return true;
}

bool cvi_io_buffer_print(cvi_io_buffer *buffer, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length < 0)
        return false;
    size_t used = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    return cvi_io_buffer_add(buffer, text, used);
}

void cvi_io_buffer_free(cvi_io_buffer *buffer)
{
    free(buffer->data);
    memset(buffer, 0, sizeof *buffer);
}
