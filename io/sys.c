#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static int open_plain(const char *path, int flags, mode_t mode)
{
    return open(path, flags, mode);
}

cvi_io_sys cvi_io_calls = {
    .open = open_plain,
    .read = read,
    .write = write,
    .fsync = fsync,
    .close = close,
    .link = link,
    .rename = rename,
    .unlink = unlink,
    .truncate = ftruncate,
};

/* Linux moves at most 0x7ffff000 bytes a call; a round number below that keeps the loops simple. */
#define LARGEST_CALL ((size_t)1 << 30)

ssize_t cvi_io_read_all(int fd, void *bytes, size_t n_bytes)
{
    size_t done = 0;
    while (done < n_bytes) {
        size_t want = n_bytes - done;
        ssize_t got = cvi_io_calls.read(fd, (char *)bytes + done, want < LARGEST_CALL ? want : LARGEST_CALL);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

int cvi_io_write_all(int fd, const void *bytes, size_t n_bytes)
{
    size_t done = 0;
    while (done < n_bytes) {
        size_t want = n_bytes - done;
        ssize_t put = cvi_io_calls.write(fd, (const char *)bytes + done, want < LARGEST_CALL ? want : LARGEST_CALL);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        if (put == 0) { /* never for files; a device that takes nothing would be an endless loop */
            errno = EIO;
            return -1;
        }
        done += (size_t)put;
    }
    return 0;
}

int cvi_io_sync(int fd)
{
    int result;
    do
        result = cvi_io_calls.fsync(fd);
    while (result != 0 && errno == EINTR);
    return result != 0 && (errno == EINVAL || errno == ENOTSUP || errno == EROFS) ? 0 : result;
}
