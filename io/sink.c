/*
 * Sinks: where bytes go.
 *
 * A regular file is never written in place.  The bytes go to a temporary file in the same folder, which is synced and
 * then takes the target's name in one step, so that a reader, a full disk or a power cut sees the old file or the new
 * one.  Devices and pipes have no old content to protect and are written directly.
 */
#include "sink.h"

#include "fail.h"
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SINK_BUFFER ((size_t)256 * 1024)

typedef enum sink_kind {
    SINK_MEMORY,
    SINK_REPLACE, /* temporary file, then rename */
    SINK_APPEND,  /* regular file, cut back to its old length on failure */
    SINK_DIRECT   /* standard output, devices, pipes */
} sink_kind;

struct covey_sink {
    sink_kind kind;
    int fd;
    bool owns_fd;
    bool force;
    bool failed;   /* a write failed: close must not publish */
    char *name;    /* as the caller gave it, for messages */
    char *target;  /* SINK_REPLACE: links resolved */
    char *temp;    /* SINK_REPLACE */
    off_t old_size; /* SINK_APPEND */
    cvi_io_buffer buffer;
};

const char *cvi_io_sink_name(const covey_sink *sink)
{
    return sink->name;
}

static void sink_release(covey_sink *sink)
{
    free(sink->name);
    free(sink->target);
    free(sink->temp);
    cvi_io_buffer_free(&sink->buffer);
    free(sink);
}

static covey_sink *sink_new(sink_kind kind, const char *name)
{
    covey_sink *sink = calloc(1, sizeof *sink);
    if (!sink)
        return NULL;
    sink->kind = kind;
    sink->fd = -1;
    sink->name = strdup(name);
    if (!sink->name || (kind != SINK_MEMORY && !cvi_io_buffer_reserve(&sink->buffer, SINK_BUFFER))) {
        sink_release(sink);
        return NULL;
    }
    return sink;
}

/* The folder part of target, "." if there is none; malloc'd. */
static char *folder_of(const char *target)
{
    const char *slash = strrchr(target, '/');
    if (!slash)
        return strdup(".");
    return strndup(target, slash == target ? 1 : (size_t)(slash - target));
}

/*
 * Make the temporary file beside the target: hidden, named after it, never an existing file (O_EXCL).  Its name ends
 * in the process id and a counter: no random state is touched, and leftovers of a killed process are recognizable.
 */
static covey_status open_temp(covey_sink *sink, mode_t mode, covey_error *err)
{
    const char *slash = strrchr(sink->target, '/');
    size_t folder = slash ? (size_t)(slash - sink->target) + 1 : 0;
    size_t room = strlen(sink->target) + 64;
    sink->temp = malloc(room);
    if (!sink->temp)
        return cvi_io_fail_memory(err, sink->name, room);
    for (int attempt = 0; attempt < 1000; attempt++) {
        /* the file's own name is cut so that the temporary one stays within NAME_MAX */
        snprintf(sink->temp, room, "%.*s.%.200s.%ld-%d.tmp", (int)folder, sink->target, sink->target + folder,
                 (long)getpid(), attempt);
        sink->fd = cvi_io_calls.open(sink->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (sink->fd >= 0) {
            sink->owns_fd = true;
            return COVEY_OK;
        }
        if (errno != EEXIST && errno != EINTR)
            break;
    }
    int code = errno;
    free(sink->temp);
    sink->temp = NULL;
    return cvi_io_fail_errno(err, sink->name, "write", code);
}

/* A link is followed once, here: its target is replaced and the link stays. A dangling one is refused. */
static covey_status resolve(covey_sink *sink, const char *path, covey_error *err)
{
    struct stat info;
    if (lstat(path, &info) == 0 && S_ISLNK(info.st_mode)) {
        sink->target = realpath(path, NULL);
        if (!sink->target && errno == ENOENT)
            return cvi_io_fail(err, COVEY_ERR_IO,
                               "%s: is a link to a file that does not exist; remove the link or name its target", path);
        if (!sink->target)
            return cvi_io_fail_errno(err, path, "follow the link", errno);
        return COVEY_OK;
    }
    sink->target = strdup(path);
    return sink->target ? COVEY_OK : cvi_io_fail_memory(err, path, strlen(path));
}

static covey_status open_direct(covey_sink *sink, int flags, covey_error *err)
{
    do
        sink->fd = cvi_io_calls.open(sink->target, O_WRONLY | O_CLOEXEC | O_NOCTTY | flags, 0666);
    while (sink->fd < 0 && errno == EINTR);
    if (sink->fd < 0)
        return cvi_io_fail_errno(err, sink->name, "write", errno);
    sink->owns_fd = true;
    return COVEY_OK;
}

static covey_status open_named(covey_sink *sink, const char *path, covey_error *err)
{
    covey_status status = resolve(sink, path, err);
    if (status != COVEY_OK)
        return status;
    struct stat info;
    if (stat(sink->target, &info) != 0) {
        if (errno != ENOENT)
            return cvi_io_fail_errno(err, path, "write", errno);
        size_t length = strlen(path);
        if (length == 0 || path[length - 1] == '/')
            return cvi_io_fail(err, COVEY_ERR_IO, "'%s': is not a file name", path);
        return open_temp(sink, 0666, err);
    }
    if (S_ISDIR(info.st_mode))
        return cvi_io_fail(err, COVEY_ERR_IO, "%s: is a directory; name a file in it", path);
    if (!S_ISREG(info.st_mode)) {
        sink->kind = SINK_DIRECT;
        return open_direct(sink, 0, err);
    }
    if (!sink->force)
        return cvi_io_fail(err, COVEY_ERR_IO, "%s: exists; --force replaces it", path);
    if (access(sink->target, W_OK) != 0)
        return cvi_io_fail_errno(err, path, "write", errno);
    return open_temp(sink, info.st_mode & 0777, err);
}

static covey_status open_standard_output(covey_sink **out, covey_error *err)
{
    covey_sink *sink = sink_new(SINK_DIRECT, "standard output");
    if (!sink)
        return cvi_io_fail_memory(err, "standard output", SINK_BUFFER);
    sink->fd = STDOUT_FILENO;
    *out = sink;
    return COVEY_OK;
}

covey_status covey_sink_open(const char *path, int force, covey_sink **out, covey_error *err)
{
    if (!path || !out)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "path and out must not be NULL");
    *out = NULL;
    if (strcmp(path, "-") == 0)
        return open_standard_output(out, err);
    covey_sink *sink = sink_new(SINK_REPLACE, path);
    if (!sink)
        return cvi_io_fail_memory(err, path, SINK_BUFFER);
    sink->force = force != 0;
    covey_status status = open_named(sink, path, err);
    if (status != COVEY_OK)
        sink_release(sink);
    else
        *out = sink;
    return status;
}

static covey_status open_append(covey_sink *sink, const char *path, covey_error *err)
{
    covey_status status = resolve(sink, path, err);
    if (status == COVEY_OK)
        status = open_direct(sink, O_APPEND | O_CREAT | O_NOFOLLOW, err);
    if (status != COVEY_OK)
        return status;
    struct stat info;
    if (fstat(sink->fd, &info) != 0) {
        int code = errno;
        cvi_io_calls.close(sink->fd);
        return cvi_io_fail_errno(err, path, "append", code);
    }
    if (!S_ISREG(info.st_mode))
        sink->kind = SINK_DIRECT;
    sink->old_size = info.st_size;
    return COVEY_OK;
}

covey_status covey_sink_append(const char *path, covey_sink **out, covey_error *err)
{
    if (!path || !out)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "path and out must not be NULL");
    *out = NULL;
    if (strcmp(path, "-") == 0)
        return open_standard_output(out, err);
    covey_sink *sink = sink_new(SINK_APPEND, path);
    if (!sink)
        return cvi_io_fail_memory(err, path, SINK_BUFFER);
    covey_status status = open_append(sink, path, err);
    if (status != COVEY_OK)
        sink_release(sink);
    else
        *out = sink;
    return status;
}

covey_status covey_sink_memory(covey_sink **out, covey_error *err)
{
    if (!out)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "out must not be NULL");
    *out = sink_new(SINK_MEMORY, "memory");
    return *out ? COVEY_OK : cvi_io_fail_memory(err, "memory", sizeof(covey_sink));
}

static covey_status flush(covey_sink *sink, covey_error *err)
{
    size_t length = sink->buffer.length;
    sink->buffer.length = 0;
    if (length == 0 || cvi_io_write_all(sink->fd, sink->buffer.data, length) == 0)
        return COVEY_OK;
    int code = errno;
    sink->failed = true;
    return cvi_io_fail_errno(err, sink->name, "write", code);
}

covey_status covey_sink_write(covey_sink *sink, const void *bytes, size_t n_bytes, covey_error *err)
{
    if (!sink || (!bytes && n_bytes > 0))
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "sink and bytes must not be NULL");
    if (sink->kind == SINK_MEMORY) {
        if (cvi_io_buffer_add(&sink->buffer, bytes, n_bytes))
            return COVEY_OK;
        sink->failed = true;
        return cvi_io_fail_memory(err, sink->name, n_bytes);
    }
    if (sink->failed)
        return cvi_io_fail(err, COVEY_ERR_IO, "%s: an earlier write failed", sink->name);
    if (n_bytes > SINK_BUFFER - sink->buffer.length) {
        covey_status status = flush(sink, err);
        if (status != COVEY_OK)
            return status;
    }
    if (n_bytes < SINK_BUFFER) {
        memcpy(sink->buffer.data + sink->buffer.length, bytes, n_bytes);
        sink->buffer.length += n_bytes;
        return COVEY_OK;
    }
    if (cvi_io_write_all(sink->fd, bytes, n_bytes) == 0)
        return COVEY_OK;
    int code = errno;
    sink->failed = true;
    return cvi_io_fail_errno(err, sink->name, "write", code);
}

const void *covey_sink_bytes(const covey_sink *sink, size_t *n_bytes)
{
    if (n_bytes)
        *n_bytes = sink && sink->kind == SINK_MEMORY ? sink->buffer.length : 0;
    return sink && sink->kind == SINK_MEMORY ? sink->buffer.data : NULL;
}

/* Make the rename itself last: sync the folder. A folder that cannot be opened or synced is not the user's problem. */
static void sync_folder(const char *target)
{
    char *folder = folder_of(target);
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(folder);
}

/* Give the temporary file its name. Without force a file that appeared meanwhile is not replaced: link refuses it. */
static covey_status publish(covey_sink *sink, covey_error *err)
{
    bool linked = false;
    if (!sink->force) {
        linked = cvi_io_calls.link(sink->temp, sink->target) == 0;
        if (!linked && errno == EEXIST)
            return cvi_io_fail(err, COVEY_ERR_IO, "%s: was made by someone else meanwhile; --force replaces it",
                               sink->name);
    }
    if (linked)
        (void)cvi_io_calls.unlink(sink->temp);
    else if (cvi_io_calls.rename(sink->temp, sink->target) != 0)
        return cvi_io_fail_errno(err, sink->name, "rename the finished file", errno);
    free(sink->temp);
    sink->temp = NULL;
    sync_folder(sink->target);
    return COVEY_OK;
}

covey_status covey_sink_close(covey_sink *sink, covey_error *err)
{
    if (!sink)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "sink must not be NULL");
    if (sink->kind == SINK_MEMORY) {
        covey_status status = sink->failed ? cvi_io_fail_memory(err, sink->name, 0) : COVEY_OK;
        sink_release(sink);
        return status;
    }
    covey_status status = sink->failed ? cvi_io_fail(err, COVEY_ERR_IO, "%s: an earlier write failed", sink->name)
                                       : flush(sink, err);
    if (status == COVEY_OK && sink->kind != SINK_DIRECT && cvi_io_sync(sink->fd) != 0)
        status = cvi_io_fail_errno(err, sink->name, "sync", errno);
    if (status == COVEY_OK && sink->owns_fd) {
        int fd = sink->fd;
        sink->fd = -1; /* gone whatever close says: closing twice could hit another thread's file */
        if (cvi_io_calls.close(fd) != 0 && errno != EINTR)
            status = cvi_io_fail_errno(err, sink->name, "close", errno);
    }
    if (status == COVEY_OK && sink->kind == SINK_REPLACE)
        status = publish(sink, err);
    covey_sink_abandon(sink);
    return status;
}

void covey_sink_abandon(covey_sink *sink)
{
    if (!sink)
        return;
    if (sink->fd >= 0 && sink->owns_fd) {
        if (sink->kind == SINK_APPEND)
            (void)cvi_io_calls.truncate(sink->fd, sink->old_size);
        (void)cvi_io_calls.close(sink->fd);
    }
    if (sink->temp)
        (void)cvi_io_calls.unlink(sink->temp);
    sink_release(sink);
}
