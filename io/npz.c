/* A table from one member of an NPZ: a zip of NPY files. */
#include "table.h"
#include "archive.h"

#include <stdio.h>
#include <string.h>

static bool is_array(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".npy") == 0;
}

/* The members' names for a message. */
static void list_members(const cvi_io_zip *zip, char *out, size_t room)
{
    size_t used = 0;
    out[0] = 0;
    for (int64_t i = 0; i < cvi_io_zip_count(zip) && used + 80 < room; i++) {
        char shown[64];
        const char *name = cvi_io_zip_name(zip, i);
        size_t length = strlen(name) - (is_array(name) ? 4 : 0);
        used += (size_t)snprintf(out + used, room - used, "%s'%s'", used ? ", " : "",
                                 cvi_io_clean(name, length, shown, sizeof shown));
    }
}

/* Named, or the only array, or the one with a usual name. */
static covey_status pick(const cvi_io_zip *zip, const char *wanted, const char *name, int64_t *out, covey_error *err)
{
    static const char *const usual[] = {"x.npy", "X.npy", "data.npy"};
    char member[512], members[300];
    covey_status status = COVEY_OK;
    *out = -1;
    if (wanted) {
        snprintf(member, sizeof member, "%.500s.npy", wanted);
        status = cvi_io_zip_find(zip, member, out, err);
    } else {
        int64_t arrays = 0;
        for (int64_t i = 0; i < cvi_io_zip_count(zip); i++)
            if (is_array(cvi_io_zip_name(zip, i)) && ++arrays == 1)
                *out = i;
        if (arrays != 1)
            *out = -1;
        for (size_t i = 0; i < 3 && *out < 0 && status == COVEY_OK; i++)
            status = cvi_io_zip_find(zip, usual[i], out, err);
    }
    if (status != COVEY_OK || *out >= 0)
        return status;
    list_members(zip, members, sizeof members);
    if (wanted)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: has no array '%.64s'; it has %s", name, wanted, members);
    return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "%s: --member chooses an array; there are %s", name,
                       members[0] ? members : "none");
}

covey_status cvi_io_read_npz(cvi_io_source *source, const covey_read_options *options, covey_table *table, covey_error *err)
{
    cvi_io_zip *zip;
    cvi_io_source *member = NULL;
    int64_t index;
    covey_status status = cvi_io_zip_open(source, options->max_zip_ratio, &zip, err);
    if (status != COVEY_OK)
        return status;
    status = pick(zip, options->member, table->name, &index, err);
    if (status == COVEY_OK)
        status = cvi_io_zip_member(zip, index, &member, err);
    if (status == COVEY_OK)
        status = cvi_io_read_npy(member, options, table, err);
    cvi_io_source_close(member);
    cvi_io_zip_free(zip);
    return status;
}
