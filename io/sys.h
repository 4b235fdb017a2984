/*
 * The system calls that covey-io makes, through one table, so that tests can make each of them fail, stop short or be
 * interrupted.
 */
#ifndef CVI_IO_SYS_H
#define CVI_IO_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct cvi_io_sys {
    int (*open)(const char *path, int flags, mode_t mode);
    ssize_t (*read)(int fd, void *bytes, size_t n_bytes);
    ssize_t (*write)(int fd, const void *bytes, size_t n_bytes);
    int (*fsync)(int fd);
    int (*close)(int fd);
    int (*link)(const char *from, const char *to);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);
    int (*truncate)(int fd, off_t length);
} cvi_io_sys;

/* The table in use. Only tests write to it, and only while no other thread is in covey-io. */
extern cvi_io_sys cvi_io_calls;

/* Read until n_bytes are there or the end is reached; EINTR and short reads go on. @return bytes, or -1 with errno. */
ssize_t cvi_io_read_all(int fd, void *bytes, size_t n_bytes);

/* Write all of it; EINTR and short writes go on. @return 0, or -1 with errno. */
int cvi_io_write_all(int fd, const void *bytes, size_t n_bytes);

/* fsync that goes on after EINTR and accepts files that cannot be synced (pipes, devices). */
int cvi_io_sync(int fd);

#endif
