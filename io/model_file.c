/* Models in files: from model and info to a record, and back with every check. */
#include "fail.h"
#include "record.h"
#include "sink.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct covey_model_file {
    covey_model *model;
    covey_model_info info;
    cvi_io_record record; /* owns what info points to */
};

/* ---- saving ---- */

/* What a record borrows while it is being written. */
typedef struct loose_values {
    int64_t format_version, algorithm_version, seed, n_iter, n_rows, since;
    double inertia, total_ss;
    const char *format, *covey_version, *algorithm, *center_dtype, *scale, *stop, *checksum;
    char checksum_text[20];
    int64_t *children;
} loose_values;

static void set_reals(cvi_io_record *record, cvi_io_item_id id, const double *values, int64_t n, int64_t m)
{
    if (values)
        record->items[id] = (cvi_io_item){.present = true, .shape = {n, m}, .reals = values};
}

static void set_integers(cvi_io_record *record, cvi_io_item_id id, const int64_t *values, int64_t n, int64_t m)
{
    if (values)
        record->items[id] = (cvi_io_item){.present = true, .shape = {n, m}, .integers = values};
}

static void set_texts(cvi_io_record *record, cvi_io_item_id id, const char *const *texts, int64_t n)
{
    if (texts && texts[0])
        record->items[id] = (cvi_io_item){.present = true, .shape = {n, 1}, .texts = texts};
}

/* The caller's info as this library knows it; what an older caller lacks is zero. */
static covey_model_info known_info(const covey_model_info *info)
{
    covey_model_info out;
    memset(&out, 0, sizeof out);
    if (info)
        memcpy(&out, info, info->size < sizeof out ? info->size : sizeof out);
    return out;
}

static covey_status check_info(const covey_model_info *info, const covey_model *model, covey_error *err)
{
    const int64_t d = covey_model_n_features(model), k = covey_model_n_clusters(model);
    if (!info->offset != !info->factor)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "info.offset and info.factor must both be set, or neither");
    for (int64_t f = 0; info->offset && f < d; f++)
        if (!isfinite(info->offset[f]) || !isfinite(info->factor[f]) || info->factor[f] == 0)
            return cvi_io_fail(err, COVEY_ERR_NONFINITE, "info.offset and info.factor of feature %lld are %g and %g: must be "
                               "finite, and the factor not 0", (long long)f, info->offset[f], info->factor[f]);
    for (int64_t f = 0; info->names && f < d; f++)
        if (!info->names[f])
            return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "info.names[%lld] is NULL", (long long)f);
    for (int64_t j = 0; info->sizes && j < k; j++)
        if (info->sizes[j] < 0)
            return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "info.sizes[%lld] is negative", (long long)j);
    return COVEY_OK;
}

static void set_info(cvi_io_record *record, const covey_model_info *info, const covey_model *model, loose_values *loose)
{
    const int64_t d = covey_model_n_features(model), k = covey_model_n_clusters(model);
    loose->algorithm = info->algorithm;
    loose->scale = info->scale;
    loose->stop = info->stop;
    loose->seed = info->seed;
    loose->n_iter = info->n_iter;
    loose->n_rows = info->n_rows;
    loose->inertia = info->inertia;
    loose->total_ss = info->total_ss;
    set_texts(record, ITEM_ALGORITHM, &loose->algorithm, 1);
    set_texts(record, ITEM_NAMES, info->names, d);
    set_texts(record, ITEM_SCALE, &loose->scale, 1);
    set_texts(record, ITEM_STOP, &loose->stop, 1);
    set_reals(record, ITEM_OFFSET, info->offset, d, 1);
    set_reals(record, ITEM_FACTOR, info->factor, d, 1);
    set_integers(record, ITEM_SEED, &loose->seed, 1, 1);
    set_integers(record, ITEM_N_ITER, &loose->n_iter, 1, 1);
    set_integers(record, ITEM_N_ROWS, &loose->n_rows, 1, 1);
    set_reals(record, ITEM_INERTIA, &loose->inertia, 1, 1);
    set_reals(record, ITEM_TOTAL_SS, &loose->total_ss, 1, 1);
    set_integers(record, ITEM_SIZES, info->sizes, k, 1);
}

static covey_status set_tree(cvi_io_record *record, const covey_model *model, loose_values *loose, covey_error *err)
{
    const double *centers;
    const int32_t *children;
    int64_t nodes = covey_model_tree(model, &centers, &children);
    if (nodes == 0)
        return COVEY_OK;
    loose->children = malloc((size_t)nodes * 2 * sizeof *loose->children);
    if (!loose->children)
        return cvi_io_fail_memory(err, "model", (size_t)nodes * 2 * sizeof *loose->children);
    for (int64_t i = 0; i < 2 * nodes; i++)
        loose->children[i] = children[i];
    set_reals(record, ITEM_TREE_CENTERS, centers, nodes, covey_model_n_features(model));
    set_integers(record, ITEM_TREE_CHILDREN, loose->children, nodes, 2);
    return COVEY_OK;
}

static void set_model(cvi_io_record *record, const covey_model *model, loose_values *loose)
{
    const int64_t d = covey_model_n_features(model), k = covey_model_n_clusters(model);
    loose->format = CVI_IO_MODEL_MAGIC;
    loose->format_version = CVI_IO_MODEL_VERSION;
    loose->algorithm_version = COVEY_ALGORITHM_VERSION;
    loose->covey_version = covey_version();
    loose->center_dtype = covey_dtype_name(covey_model_center_dtype(model));
    set_texts(record, ITEM_FORMAT, &loose->format, 1);
    set_integers(record, ITEM_FORMAT_VERSION, &loose->format_version, 1, 1);
    set_integers(record, ITEM_ALGORITHM_VERSION, &loose->algorithm_version, 1, 1);
    set_texts(record, ITEM_COVEY_VERSION, &loose->covey_version, 1);
    set_texts(record, ITEM_CENTER_DTYPE, &loose->center_dtype, 1);
    set_reals(record, ITEM_CENTERS, covey_model_centers(model), k, d);
    set_reals(record, ITEM_MEAN, covey_model_mean(model), d, 1);
    const double *counts;
    if (covey_model_counts(model, &counts, &loose->since)) {
        set_reals(record, ITEM_COUNTS, counts, k, 1);
        set_integers(record, ITEM_SINCE, &loose->since, 1, 1);
    }
}

covey_status covey_model_save(const covey_model *model, const covey_model_info *info, covey_format format, covey_sink *sink,
                              covey_error *err)
{
    if (!model || !sink)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "model and sink must not be NULL");
    if (format != COVEY_FORMAT_AUTO && format != COVEY_FORMAT_NPZ && format != COVEY_FORMAT_JSON)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "format is %d, but a model is saved as NPZ or JSON", (int)format);
    cvi_io_record record = {0};
    loose_values loose = {0};
    covey_model_info own = known_info(info);
    covey_status status = check_info(&own, model, err);
    if (status == COVEY_OK) {
        set_model(&record, model, &loose);
        if (info)
            set_info(&record, &own, model, &loose);
        status = set_tree(&record, model, &loose, err);
    }
    if (status == COVEY_OK) {
        snprintf(loose.checksum_text, sizeof loose.checksum_text, "%016" PRIx64, cvi_io_record_checksum(&record));
        loose.checksum = loose.checksum_text;
        set_texts(&record, ITEM_CHECKSUM, &loose.checksum, 1);
        status = format == COVEY_FORMAT_JSON ? cvi_io_record_write_json(&record, sink, err)
                                             : cvi_io_record_write_npz(&record, sink, err);
    }
    free(loose.children);
    return status;
}

/* ---- loading ---- */

static const cvi_io_item *item_of(const covey_model_file *file, cvi_io_item_id id)
{
    return file->record.items[id].present ? &file->record.items[id] : NULL;
}

static covey_status check_checksum(const covey_model_file *file, const char *name, covey_error *err)
{
    char text[20];
    const cvi_io_item *stored = item_of(file, ITEM_CHECKSUM), *writer = item_of(file, ITEM_COVEY_VERSION);
    char shown[40] = "(unknown)";
    if (writer)
        cvi_io_clean(writer->texts[0], strlen(writer->texts[0]), shown, sizeof shown);
    snprintf(text, sizeof text, "%016" PRIx64, cvi_io_record_checksum(&file->record));
    if (stored && strcmp(stored->texts[0], text) == 0)
        return COVEY_OK;
    return cvi_io_fail(err, COVEY_ERR_FORMAT,
                       "%s: %s: the file, written by covey %s, is damaged or was changed by hand (read by covey %s)", name,
                       stored ? "the checksum does not fit" : "the checksum is missing", shown, covey_version());
}

static covey_status check_finite(const covey_model_file *file, cvi_io_item_id id, const char *name, covey_error *err)
{
    const cvi_io_item *item = item_of(file, id);
    for (size_t i = 0; item && i < cvi_io_item_size(item); i++) {
        size_t m = (size_t)item->shape[1];
        if (!isfinite(item->reals[i]))
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: %s[%zu, %zu] is not finite: the model is unusable", name,
                               cvi_io_record_kinds[id].name, i / m, i % m);
    }
    return COVEY_OK;
}

/* Lengths that must agree with [k, d], values that must be finite. */
static covey_status check_shapes(const covey_model_file *file, const char *name, covey_error *err)
{
    static const struct {
        cvi_io_item_id id;
        bool by_cluster;
    } lengths[] = {{ITEM_MEAN, false},  {ITEM_NAMES, false}, {ITEM_OFFSET, false},
                   {ITEM_FACTOR, false}, {ITEM_SIZES, true},  {ITEM_COUNTS, true}};
    static const cvi_io_item_id finite[] = {ITEM_CENTERS, ITEM_MEAN, ITEM_OFFSET, ITEM_FACTOR, ITEM_COUNTS,
                                            ITEM_TREE_CENTERS};
    const cvi_io_item *centers = item_of(file, ITEM_CENTERS);
    if (!centers || centers->shape[0] < 1 || centers->shape[1] < 1)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: the model has no centers", name);
    if (!item_of(file, ITEM_MEAN))
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: the model has no mean", name);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const cvi_io_item *item = item_of(file, lengths[i].id);
        int64_t wanted = centers->shape[lengths[i].by_cluster ? 0 : 1];
        if (item && item->shape[0] != wanted)
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: %s has %lld values, but should have %lld", name,
                               cvi_io_record_kinds[lengths[i].id].name, (long long)item->shape[0], (long long)wanted);
    }
    covey_status status = COVEY_OK;
    for (size_t i = 0; i < sizeof finite / sizeof *finite && status == COVEY_OK; i++)
        status = check_finite(file, finite[i], name, err);
    const cvi_io_item *factor = item_of(file, ITEM_FACTOR);
    if (status == COVEY_OK && !factor != !item_of(file, ITEM_OFFSET))
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: offset and factor belong together, but one is missing", name);
    for (int64_t f = 0; status == COVEY_OK && factor && f < factor->shape[0]; f++)
        if (factor->reals[f] == 0)
            return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: factor[%lld] is 0", name, (long long)f);
    return status;
}

static covey_status check_ranges(const covey_model_file *file, const char *name, covey_error *err)
{
    const int64_t seed = cvi_io_item_integer(&file->record, ITEM_SEED, 0);
    const int64_t algorithm = cvi_io_item_integer(&file->record, ITEM_ALGORITHM_VERSION, 0);
    if (algorithm < 1 || algorithm > COVEY_ALGORITHM_VERSION)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: algorithm version %lld; this covey %s knows 1 to %d", name,
                           (long long)algorithm, covey_version(), COVEY_ALGORITHM_VERSION);
    if (seed < 0 || seed > UINT32_MAX || cvi_io_item_integer(&file->record, ITEM_N_ITER, 0) < 0 ||
        cvi_io_item_integer(&file->record, ITEM_N_ROWS, 0) < 0 || cvi_io_item_integer(&file->record, ITEM_SINCE, 0) < 0)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: seed, n_iter, n_rows or since is out of range", name);
    return COVEY_OK;
}

static covey_status make_tree_model(covey_model_file *file, const covey_matrix *centers, covey_dtype dtype, const char *name,
                                    covey_error *err)
{
    const cvi_io_item *nodes = item_of(file, ITEM_TREE_CENTERS), *children = item_of(file, ITEM_TREE_CHILDREN);
    if (!nodes || !children || children->shape[1] != 2 || nodes->shape[0] != children->shape[0] ||
        nodes->shape[1] != centers->d || nodes->shape[0] < 1)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "tree_centers and tree_children do not fit together");
    size_t count = cvi_io_item_size(children);
    int32_t *narrow = malloc(count * sizeof *narrow);
    if (!narrow)
        return cvi_io_fail_memory(err, name, count * sizeof *narrow);
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        fits &= children->integers[i] >= -1 && children->integers[i] <= INT32_MAX;
        narrow[i] = (int32_t)children->integers[i];
    }
    covey_status status =
        fits ? covey_model_from_tree(centers, item_of(file, ITEM_MEAN)->reals, dtype, nodes->shape[0], nodes->reals, narrow,
                                     &file->model, err)
             : cvi_io_fail(err, COVEY_ERR_FORMAT, "tree_children holds numbers that are no nodes");
    free(narrow);
    return status;
}

static covey_status make_model(covey_model_file *file, const char *name, covey_error *err)
{
    const cvi_io_item *item = item_of(file, ITEM_CENTERS), *dtype_name = item_of(file, ITEM_CENTER_DTYPE);
    covey_dtype dtype = COVEY_DTYPE_FLOAT64;
    if (dtype_name && strcmp(dtype_name->texts[0], "float32") == 0)
        dtype = COVEY_DTYPE_FLOAT32;
    else if (!dtype_name || strcmp(dtype_name->texts[0], "float64") != 0)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: center_dtype is neither float64 nor float32", name);
    covey_matrix centers = covey_matrix_dense(item->reals, COVEY_DTYPE_FLOAT64, item->shape[0], item->shape[1]);
    covey_error inner;
    covey_status status;
    if (item_of(file, ITEM_TREE_CENTERS) || item_of(file, ITEM_TREE_CHILDREN))
        status = make_tree_model(file, &centers, dtype, name, &inner);
    else
        status = covey_model_from_centers(&centers, item_of(file, ITEM_MEAN)->reals, dtype, &file->model, &inner);
    if (status == COVEY_OK || status == COVEY_ERR_MEMORY) {
        if (status != COVEY_OK && err)
            *err = inner;
        return status;
    }
    /* whatever the core objects to, it is the file that is at fault */
    return cvi_io_fail(err, COVEY_ERR_FORMAT, "%.200s: %.290s", name, inner.message);
}

static void make_info(covey_model_file *file)
{
    const cvi_io_record *record = &file->record;
    covey_model_info *info = &file->info;
    info->size = sizeof *info;
    info->names = record->items[ITEM_NAMES].texts;
    info->offset = record->items[ITEM_OFFSET].reals;
    info->factor = record->items[ITEM_FACTOR].reals;
    info->scale = item_of(file, ITEM_SCALE) ? record->items[ITEM_SCALE].texts[0] : "none";
    info->seed = (uint32_t)cvi_io_item_integer(record, ITEM_SEED, 0);
    info->n_iter = cvi_io_item_integer(record, ITEM_N_ITER, 0);
    info->n_rows = cvi_io_item_integer(record, ITEM_N_ROWS, 0);
    info->inertia = item_of(file, ITEM_INERTIA) ? record->items[ITEM_INERTIA].reals[0] : (double)NAN;
    info->total_ss = item_of(file, ITEM_TOTAL_SS) ? record->items[ITEM_TOTAL_SS].reals[0] : (double)NAN;
    info->sizes = record->items[ITEM_SIZES].integers;
    info->algorithm = item_of(file, ITEM_ALGORITHM) ? record->items[ITEM_ALGORITHM].texts[0] : NULL;
    info->stop = item_of(file, ITEM_STOP) ? record->items[ITEM_STOP].texts[0] : NULL;
    info->counts = record->items[ITEM_COUNTS].reals;
    info->since = cvi_io_item_integer(record, ITEM_SINCE, 0);
}

static covey_status read_record(cvi_io_source *source, cvi_io_record *record, covey_error *err)
{
    const unsigned char *p;
    size_t n;
    bool is_gzip;
    const char *name = cvi_io_source_name(source);
    covey_status status = cvi_io_source_unzip(source, &is_gzip, err);
    if (status == COVEY_OK)
        status = cvi_io_source_peek(source, &p, &n, err);
    if (status != COVEY_OK)
        return status;
    if (n >= 4 && memcmp(p, "PK\3\4", 4) == 0)
        return cvi_io_record_read_npz(source, record, err);
    size_t blanks = 0;
    while (blanks < n && memchr(" \t\r\n", p[blanks], 4))
        blanks++;
    if (blanks < n && p[blanks] == '{')
        return cvi_io_record_read_json(source, record, err);
    if (n >= 2 && p[0] == 0x80 && p[1] >= 2 && p[1] <= 5)
        return cvi_io_fail(err, COVEY_ERR_FORMAT,
                           "%s: is a Python pickle, which covey never opens: reading one runs its code. covey %s reads models "
                           "in format version 1 to %d, as NPZ or JSON",
                           name, covey_version(), CVI_IO_MODEL_VERSION);
    return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: is not a covey model%s; covey %s reads format version 1 to %d, as NPZ or JSON",
                       name, n == 0 ? " (the file is empty)" : "", covey_version(), CVI_IO_MODEL_VERSION);
}

/* Takes the source over. */
static covey_status load(cvi_io_source *source, covey_model_file **out, covey_error *err)
{
    const char *name = cvi_io_source_name(source);
    covey_model_file *file = calloc(1, sizeof *file);
    covey_status status = file ? read_record(source, &file->record, err) : cvi_io_fail_memory(err, name, sizeof *file);
    if (status == COVEY_OK)
        status = check_shapes(file, name, err);
    if (status == COVEY_OK)
        status = check_checksum(file, name, err);
    if (status == COVEY_OK)
        status = check_ranges(file, name, err);
    if (status == COVEY_OK)
        status = make_model(file, name, err);
    cvi_io_source_close(source);
    if (status != COVEY_OK) {
        covey_model_file_free(file);
        return status;
    }
    make_info(file);
    *out = file;
    return COVEY_OK;
}

covey_status covey_model_load(const char *path, covey_model_file **out, covey_error *err)
{
    cvi_io_source *source;
    if (!path || !out)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "path and out must not be NULL");
    *out = NULL;
    covey_status status = cvi_io_source_open(path, &source, err);
    return status == COVEY_OK ? load(source, out, err) : status;
}

covey_status covey_model_load_memory(const void *bytes, size_t n_bytes, const char *name, covey_model_file **out,
                                     covey_error *err)
{
    cvi_io_source *source;
    if ((!bytes && n_bytes > 0) || !out)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "bytes and out must not be NULL");
    *out = NULL;
    covey_status status = cvi_io_source_memory(bytes, n_bytes, name ? name : "memory", &source, err);
    return status == COVEY_OK ? load(source, out, err) : status;
}

const covey_model *covey_model_file_model(const covey_model_file *file)
{
    return file->model;
}

const covey_model_info *covey_model_file_info(const covey_model_file *file)
{
    return &file->info;
}

void covey_model_file_free(covey_model_file *file)
{
    if (!file)
        return;
    covey_model_free(file->model);
    cvi_io_record_free(&file->record);
    free(file);
}
