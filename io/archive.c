#include "archive.h"

#include "fail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

/* Largest archive that is taken into memory when it comes through a pipe. */
#define PIPE_CAP ((size_t)1 << 36)

struct cvi_io_zip {
    char *name;
    char *bytes; /* the archive, where it is in memory */
    zip_t *archive;
    double max_ratio;
    zip_file_t *open;
    int64_t left; /* of the open member */
    char member[512];
};

static covey_status fail_zip(const cvi_io_zip *zip, zip_error_t *error, covey_error *err)
{
    int code = zip_error_code_zip(error);
    /* libzip loses the reason of some failed requests for memory, or calls the archive damaged then; errno knows */
    if (code == ZIP_ER_MEMORY || code == ZIP_ER_OK || errno == ENOMEM)
        return cvi_io_fail_memory(err, zip->name, 0);
    covey_status status = code == ZIP_ER_READ ? COVEY_ERR_IO : COVEY_ERR_FORMAT;
    return cvi_io_fail(err, status, "%s: not a readable zip archive: %s", zip->name, zip_error_strerror(error));
}

/* libzip's view of the archive: the descriptor of a plain file (a copy: libzip closes it), or memory. */
static zip_source_t *open_bytes(cvi_io_zip *zip, cvi_io_source *source, zip_error_t *error, covey_status *status,
                                covey_error *err)
{
    int fd = cvi_io_source_fd(source), copy;
    if (fd >= 0 && cvi_io_source_left(source) >= 0 && lseek(fd, 0, SEEK_SET) == 0 && (copy = dup(fd)) >= 0) {
        FILE *file = fdopen(copy, "rb");
        zip_source_t *from_file = file ? zip_source_filep_create(file, 0, -1, error) : NULL;
        if (from_file)
            return from_file;
        if (file)
            fclose(file);
        else
            close(copy);
    }
    size_t n_bytes;
    *status = cvi_io_source_slurp(source, PIPE_CAP, &zip->bytes, &n_bytes, err);
    return *status == COVEY_OK ? zip_source_buffer_create(zip->bytes, n_bytes, 0, error) : NULL;
}

covey_status cvi_io_zip_open(cvi_io_source *source, double max_ratio, cvi_io_zip **out, covey_error *err)
{
    cvi_io_zip *zip = calloc(1, sizeof *zip);
    if (zip)
        zip->name = strdup(cvi_io_source_name(source));
    if (!zip || !zip->name) {
        free(zip);
        return cvi_io_fail_memory(err, cvi_io_source_name(source), sizeof *zip);
    }
    zip->max_ratio = max_ratio;
    zip_error_t error;
    zip_error_init(&error);
    covey_status status = COVEY_OK;
    zip_source_t *bytes = open_bytes(zip, source, &error, &status, err);
    errno = 0;
    if (bytes)
        zip->archive = zip_open_from_source(bytes, ZIP_RDONLY | ZIP_CHECKCONS, &error);
    if (!zip->archive) {
        if (status == COVEY_OK)
            status = fail_zip(zip, &error, err);
        if (bytes)
            zip_source_free(bytes);
    }
    zip_error_fini(&error);
    if (status != COVEY_OK)
        cvi_io_zip_free(zip);
    else
        *out = zip;
    return status;
}

void cvi_io_zip_free(cvi_io_zip *zip)
{
    if (!zip)
        return;
    if (zip->open)
        zip_fclose(zip->open);
    if (zip->archive)
        zip_discard(zip->archive);
    free(zip->bytes);
    free(zip->name);
    free(zip);
}

int64_t cvi_io_zip_count(const cvi_io_zip *zip)
{
    return zip_get_num_entries(zip->archive, 0);
}

const char *cvi_io_zip_name(const cvi_io_zip *zip, int64_t i)
{
    const char *name = zip_get_name(zip->archive, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
    return name ? name : "";
}

covey_status cvi_io_zip_find(const cvi_io_zip *zip, const char *member, int64_t *out, covey_error *err)
{
    *out = -1;
    for (int64_t i = 0; i < cvi_io_zip_count(zip); i++) {
        char shown[128];
        if (strcmp(cvi_io_zip_name(zip, i), member) != 0)
            continue;
        if (*out >= 0)
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: two members are called '%s'", zip->name,
                               cvi_io_clean(member, strlen(member), shown, sizeof shown));
        *out = i;
    }
    return COVEY_OK;
}

/* zip_fread, with the promised size as the limit: a member that is longer or shorter is refused. */
static covey_status pull(void *user, void *bytes, size_t n_bytes, size_t *got, covey_error *err)
{
    cvi_io_zip *zip = user;
    *got = 0;
    while (*got < n_bytes) {
        errno = 0;
        zip_int64_t now = zip_fread(zip->open, (char *)bytes + *got, n_bytes - *got);
        if (now < 0 && errno == ENOMEM)
            return cvi_io_fail_memory(err, zip->member, 0);
        if (now < 0)
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: damaged member: %s", zip->member,
                               zip_error_strerror(zip_file_get_error(zip->open)));
        if (now == 0)
            break;
        *got += (size_t)now;
        zip->left -= now;
        if (zip->left < 0)
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: holds more bytes than the archive says", zip->member);
    }
    if (*got < n_bytes && zip->left > 0)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: holds %lld bytes less than the archive says", zip->member,
                           (long long)zip->left);
    return COVEY_OK;
}

static covey_status check_member(const cvi_io_zip *zip, const zip_stat_t *info, covey_error *err)
{
    if (!(info->valid & ZIP_STAT_SIZE) || !(info->valid & ZIP_STAT_COMP_SIZE) || info->size > INT64_MAX)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: the archive does not say how large it is", zip->member);
    if ((info->valid & ZIP_STAT_ENCRYPTION_METHOD) && info->encryption_method != ZIP_EM_NONE)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: is encrypted", zip->member);
    if (info->comp_method != ZIP_CM_STORE && info->comp_method != ZIP_CM_DEFLATE)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: packing method %d; numpy writes stored or deflated members",
                           zip->member, (int)info->comp_method);
    if ((double)info->size > zip->max_ratio * ((double)info->comp_size + 64))
        return cvi_io_fail(err, COVEY_ERR_FORMAT,
                           "%s: %llu bytes packed into %llu, beyond the cap of %g to 1: a zip bomb, or damage", zip->member,
                           (unsigned long long)info->size, (unsigned long long)info->comp_size, zip->max_ratio);
    return COVEY_OK;
}

covey_status cvi_io_zip_member(cvi_io_zip *zip, int64_t i, cvi_io_source **out, covey_error *err)
{
    char shown[128];
    const char *name = cvi_io_zip_name(zip, i);
    snprintf(zip->member, sizeof zip->member, "%.300s[%s]", zip->name, cvi_io_clean(name, strlen(name), shown, sizeof shown));
    zip_stat_t info;
    if (zip_stat_index(zip->archive, (zip_uint64_t)i, 0, &info) != 0)
        return fail_zip(zip, zip_get_error(zip->archive), err);
    covey_status status = check_member(zip, &info, err);
    if (status != COVEY_OK)
        return status;
    if (zip->open)
        zip_fclose(zip->open);
    errno = 0;
    zip->open = zip_fopen_index(zip->archive, (zip_uint64_t)i, 0);
    if (!zip->open)
        return fail_zip(zip, zip_get_error(zip->archive), err);
    zip->left = (int64_t)info.size;
    /* the size is only a promise: -1 makes the readers take memory as the bytes come */
    return cvi_io_source_pull(pull, zip, -1, zip->member, out, err);
}
