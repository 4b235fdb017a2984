#include "source.h"

#include "fail.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PEEK_BYTES = 64 };
#define INFLATE_BYTES ((size_t)256 * 1024)

struct cvi_io_source {
    char *name;
    int fd; /* -1: memory or pull */
    bool owns_fd;
    const char *memory;
    size_t memory_bytes;
    cvi_io_pull pull;
    void *user;
    int64_t taken, total; /* raw bytes read; in all or -1 */
    unsigned char peeked[PEEK_BYTES];
    size_t peek_start, peek_end;
    bool inflating;
    bool packed_end; /* the last gzip member is complete and no byte follows */
    z_stream stream;
    unsigned char *packed;
};

static cvi_io_source *source_new(const char *name)
{
    cvi_io_source *source = calloc(1, sizeof *source);
    if (!source)
        return NULL;
    source->fd = -1;
    source->total = -1;
    source->name = strdup(name);
    if (!source->name) {
        free(source);
        return NULL;
    }
    return source;
}

covey_status cvi_io_source_open(const char *path, cvi_io_source **out, covey_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    cvi_io_source *source = source_new(standard ? "standard input" : path);
    if (!source)
        return cvi_io_fail_memory(err, path, sizeof *source);
    source->owns_fd = !standard;
    source->fd = STDIN_FILENO;
    if (!standard)
        do
            source->fd = cvi_io_calls.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
        while (source->fd < 0 && errno == EINTR);
    struct stat info;
    int code = source->fd < 0 || fstat(source->fd, &info) != 0 ? errno : 0;
    if (code == 0 && S_ISDIR(info.st_mode))
        code = EISDIR;
    if (code != 0) {
        cvi_io_source_close(source);
        return cvi_io_fail_errno(err, standard ? "standard input" : path, "read", code);
    }
    if (S_ISREG(info.st_mode)) { /* standard input may be a file that was partly read */
        off_t at = lseek(source->fd, 0, SEEK_CUR);
        source->total = info.st_size - (at > 0 && at < info.st_size ? at : 0);
    }
    *out = source;
    return COVEY_OK;
}

covey_status cvi_io_source_memory(const void *bytes, size_t n_bytes, const char *name, cvi_io_source **out,
                                  covey_error *err)
{
    cvi_io_source *source = source_new(name);
    if (!source)
        return cvi_io_fail_memory(err, name, sizeof *source);
    source->memory = bytes ? bytes : "";
    source->memory_bytes = n_bytes;
    source->total = (int64_t)n_bytes;
    *out = source;
    return COVEY_OK;
}

covey_status cvi_io_source_pull(cvi_io_pull pull, void *user, int64_t total, const char *name, cvi_io_source **out,
                                covey_error *err)
{
    cvi_io_source *source = source_new(name);
    if (!source)
        return cvi_io_fail_memory(err, name, sizeof *source);
    source->pull = pull;
    source->user = user;
    source->total = total;
    *out = source;
    return COVEY_OK;
}

void cvi_io_source_close(cvi_io_source *source)
{
    if (!source)
        return;
    if (source->inflating)
        inflateEnd(&source->stream);
    free(source->packed);
    if (source->owns_fd && source->fd >= 0)
        (void)cvi_io_calls.close(source->fd);
    free(source->name);
    free(source);
}

const char *cvi_io_source_name(const cvi_io_source *source)
{
    return source->name;
}

static covey_status read_raw(cvi_io_source *source, void *bytes, size_t n_bytes, size_t *got, covey_error *err)
{
    *got = 0;
    if (source->pull) {
        covey_status status = source->pull(source->user, bytes, n_bytes, got, err);
        source->taken += (int64_t)*got;
        return status;
    }
    if (source->memory) {
        size_t left = source->memory_bytes - (size_t)source->taken;
        *got = n_bytes < left ? n_bytes : left;
        memcpy(bytes, source->memory + source->taken, *got);
    } else {
        ssize_t done = cvi_io_read_all(source->fd, bytes, n_bytes);
        if (done < 0)
            return cvi_io_fail_errno(err, source->name, "read", errno);
        *got = (size_t)done;
    }
    source->taken += (int64_t)*got;
    return COVEY_OK;
}

/* More packed bytes for the inflater; avail_in 0 afterwards means the end of the file. */
static covey_status refill(cvi_io_source *source, covey_error *err)
{
    size_t got;
    covey_status status = read_raw(source, source->packed, INFLATE_BYTES, &got, err);
    source->stream.next_in = source->packed;
    source->stream.avail_in = (uInt)got;
    return status;
}

/* A gzip member ended: another one may follow (cat a.gz b.gz), or nothing. */
static covey_status next_member(cvi_io_source *source, covey_error *err)
{
    if (source->stream.avail_in == 0) {
        covey_status status = refill(source, err);
        if (status != COVEY_OK)
            return status;
    }
    if (source->stream.avail_in == 0) {
        source->packed_end = true;
        return COVEY_OK;
    }
    if (source->stream.next_in[0] != 0x1F || inflateReset(&source->stream) != Z_OK)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: bytes that are not gzip follow the gzip data", source->name);
    return COVEY_OK;
}

static covey_status read_inflated(cvi_io_source *source, void *bytes, size_t n_bytes, size_t *got, covey_error *err)
{
    z_stream *stream = &source->stream;
    *got = 0;
    while (*got < n_bytes && !source->packed_end) {
        covey_status status = stream->avail_in == 0 ? refill(source, err) : COVEY_OK;
        if (status != COVEY_OK)
            return status;
        if (stream->avail_in == 0)
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: the gzip data are cut off at byte %lld", source->name,
                               (long long)source->taken);
        size_t want = n_bytes - *got < ((size_t)1 << 30) ? n_bytes - *got : (size_t)1 << 30;
        stream->next_out = (unsigned char *)bytes + *got;
        stream->avail_out = (uInt)want;
        int code = inflate(stream, Z_NO_FLUSH);
        *got += want - stream->avail_out;
        if (code == Z_MEM_ERROR)
            return cvi_io_fail_memory(err, source->name, 32768);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: damaged gzip data before byte %lld: %s", source->name,
                               (long long)source->taken, stream->msg ? stream->msg : "no details");
        if (code == Z_STREAM_END)
            status = next_member(source, err);
        if (status != COVEY_OK)
            return status;
    }
    return COVEY_OK;
}

static covey_status read_through(cvi_io_source *source, void *bytes, size_t n_bytes, size_t *got, covey_error *err)
{
    if (source->inflating)
        return read_inflated(source, bytes, n_bytes, got, err);
    return read_raw(source, bytes, n_bytes, got, err);
}

covey_status cvi_io_source_read(cvi_io_source *source, void *bytes, size_t n_bytes, size_t *got, covey_error *err)
{
    size_t peeked = source->peek_end - source->peek_start;
    size_t first = n_bytes < peeked ? n_bytes : peeked;
    memcpy(bytes, source->peeked + source->peek_start, first);
    source->peek_start += first;
    *got = first;
    if (first == n_bytes)
        return COVEY_OK;
    size_t rest;
    covey_status status = read_through(source, (char *)bytes + first, n_bytes - first, &rest, err);
    *got += rest;
    return status;
}

covey_status cvi_io_source_peek(cvi_io_source *source, const unsigned char **bytes, size_t *n_bytes, covey_error *err)
{
    size_t held = source->peek_end - source->peek_start;
    memmove(source->peeked, source->peeked + source->peek_start, held);
    source->peek_start = 0;
    source->peek_end = held;
    size_t got = 0;
    covey_status status = held < PEEK_BYTES ? read_through(source, source->peeked + held, PEEK_BYTES - held, &got, err)
                                            : COVEY_OK;
    source->peek_end += got;
    *bytes = source->peeked;
    *n_bytes = source->peek_end;
    return status;
}

covey_status cvi_io_source_unzip(cvi_io_source *source, bool *is_gzip, covey_error *err)
{
    const unsigned char *bytes;
    size_t n_bytes;
    *is_gzip = false;
    covey_status status = cvi_io_source_peek(source, &bytes, &n_bytes, err);
    if (status != COVEY_OK || n_bytes < 3 || bytes[0] != 0x1F || bytes[1] != 0x8B || bytes[2] != 8)
        return status;
    source->packed = malloc(INFLATE_BYTES);
    if (!source->packed || inflateInit2(&source->stream, 15 + 16) != Z_OK)
        return cvi_io_fail_memory(err, source->name, INFLATE_BYTES);
    memcpy(source->packed, bytes, n_bytes);
    source->stream.next_in = source->packed;
    source->stream.avail_in = (uInt)n_bytes;
    source->peek_start = source->peek_end = 0;
    source->inflating = true;
    *is_gzip = true;
    return COVEY_OK;
}

int64_t cvi_io_source_left(const cvi_io_source *source)
{
    if (source->inflating)
        return -1;
    if (source->total < 0)
        return -1;
    return source->total - source->taken + (int64_t)(source->peek_end - source->peek_start);
}

void cvi_io_source_progress(const cvi_io_source *source, int64_t *done, int64_t *total)
{
    *done = source->taken;
    *total = source->total;
}

int cvi_io_source_fd(const cvi_io_source *source)
{
    if (source->inflating)
        return -1;
    return source->fd;
}

covey_status cvi_io_source_slurp(cvi_io_source *source, size_t cap, char **out, size_t *n_bytes, covey_error *err)
{
    cvi_io_buffer buffer = {0};
    size_t step = (size_t)64 * 1024, got = 1;
    covey_status status = COVEY_OK;
    int64_t left = cvi_io_source_left(source);
    if (left >= 0 && (uint64_t)left < (size_t)1 << 30)
        step = (size_t)left + 1; /* one read, and one more byte to see the end */
    while (status == COVEY_OK && got > 0) {
        if (!cvi_io_buffer_reserve(&buffer, step)) {
            status = cvi_io_fail_memory(err, source->name, buffer.length + step);
            break;
        }
        status = cvi_io_source_read(source, buffer.data + buffer.length, step, &got, err);
        buffer.length += got;
        if (status == COVEY_OK && buffer.length > cap)
            status = cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: larger than the cap of %zu bytes", source->name, cap);
        if (got < step)
            break;
        step = buffer.length;
    }
    if (status != COVEY_OK) {
        cvi_io_buffer_free(&buffer);
        return status;
    }
    *out = buffer.data;
    *n_bytes = buffer.length;
    return COVEY_OK;
}
