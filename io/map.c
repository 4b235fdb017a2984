#include "map.h"

#include "fail.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

struct cvi_io_map {
    void *data;
    size_t bytes;
};

covey_status cvi_io_map_file(int fd, size_t bytes, const char *name, cvi_io_map **out, const char **data, covey_error *err)
{
    cvi_io_map *map = malloc(sizeof *map);
    if (!map)
        return cvi_io_fail_memory(err, name, sizeof *map);
    map->bytes = bytes;
    map->data = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map->data == MAP_FAILED) {
        free(map);
        return cvi_io_fail_errno(err, name, "map", errno);
    }
    *out = map;
    *data = map->data;
    return COVEY_OK;
}

void cvi_io_map_free(cvi_io_map *map)
{
    if (!map)
        return;
    munmap(map->data, map->bytes);
    free(map);
}
