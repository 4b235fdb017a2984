#include "output.h"

#include "console.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

int cli_ends_with(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n >= m && strcasecmp(name + n - m, end) == 0;
}

static int same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static int check_against_inputs(const char *path, const struct stat *st, const char *const *inputs,
                                int n_inputs)
{
    for (int i = 0; i < n_inputs; i++) {
        struct stat in;
        if (!inputs[i] || strcmp(inputs[i], "-") == 0 || stat(inputs[i], &in) != 0)
            continue;
        if (S_ISREG(in.st_mode) && same_file(st, &in)) {
            cli_say(SAY_ERROR, "%s: is the input; write to another file", path);
            return 2;
        }
    }
    return 0;
}

static int check_folder(const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        return 0; /* writing will meet the same trouble and say so */
    const char *folder = dirname(copy);
    int code = 0;
    if (access(folder, W_OK | X_OK) != 0) {
        cli_say(SAY_ERROR, "%s: cannot write here: %s", path, strerror(errno));
        code = 4;
    }
    free(copy);
    return code;
}

static int check_one(const char *path, int force, const char *const *inputs, int n_inputs)
{
    struct stat link, st;
    if (strcmp(path, "-") == 0)
        return 0;
    if (cli_ends_with(path, ".gz")) {
        cli_say(SAY_ERROR, "%s: covey does not write .gz; write to standard output and pipe it through gzip",
                path);
        return 2;
    }
    if (lstat(path, &link) != 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? check_folder(path) : 0;
    if (stat(path, &st) != 0) {
        cli_say(SAY_ERROR, "%s: is a link to a file that does not exist; remove the link or name its target",
                path);
        return 4;
    }
    if (S_ISDIR(st.st_mode)) {
        cli_say(SAY_ERROR, "%s: is a directory; name a file in it", path);
        return 4;
    }
    const int code = check_against_inputs(path, &st, inputs, n_inputs);
    if (code || !S_ISREG(st.st_mode))
        return code;
    if (!force) {
        cli_say(SAY_ERROR, "%s: exists; --force replaces it", path);
        return 4;
    }
    if (access(path, W_OK) != 0) {
        cli_say(SAY_ERROR, "%s: cannot replace: %s", path, strerror(errno));
        return 4;
    }
    return check_folder(path);
}

/* Whether two names lead to one file, existing or not yet. */
static int same_target(const char *a, const char *b)
{
    struct stat sa, sb;
    if (strcmp(a, b) == 0)
        return 1;
    if (stat(a, &sa) == 0 && stat(b, &sb) == 0)
        return S_ISREG(sa.st_mode) && same_file(&sa, &sb);
    char *ca = strdup(a), *cb = strdup(b), *da = strdup(a), *db = strdup(b);
    int same = 0;
    if (ca && cb && da && db && strcmp(basename(ca), basename(cb)) == 0)
        same = stat(dirname(da), &sa) == 0 && stat(dirname(db), &sb) == 0 && same_file(&sa, &sb);
    free(ca);
    free(cb);
    free(da);
    free(db);
    return same;
}

static int is_output(const cli_arguments *a, int id)
{
    if (!a->value[id])
        return 0;
    return cli_options[id].kind == KIND_OUTPUT ||
           (cli_options[id].kind == KIND_RAGGED && cli_choice(a, (cli_option_id)id, 0) < 0);
}

static int check_pairs(const cli_arguments *a)
{
    for (int i = 0; i < OPT_COUNT; i++) {
        for (int j = 0; j < i; j++) {
            if (!is_output(a, i) || !is_output(a, j) || !same_target(a->value[i], a->value[j]))
                continue;
            const int standard = strcmp(a->value[i], "-") == 0;
            return cli_usage_error(a->verb, "--%s and --%s cannot both go to %s", cli_options[j].name,
                                   cli_options[i].name, standard ? "standard output" : a->value[i]);
        }
    }
    return 0;
}

int cli_outputs_check(const cli_arguments *a, const char *const *inputs, int n_inputs, const char *extra)
{
    const int force = cli_given(a, OPT_FORCE);
    int code = check_pairs(a);
    for (int i = 0; i < OPT_COUNT && !code; i++) {
        if (is_output(a, i))
            code = check_one(a->value[i], force, inputs, n_inputs);
    }
    if (!code && extra)
        code = check_one(extra, force, inputs, n_inputs);
    return code;
}

int cli_outputs_use_stdout(const cli_arguments *a)
{
    for (int i = 0; i < OPT_COUNT; i++) {
        if (is_output(a, i) && i != OPT_OUTPUT && strcmp(a->value[i], "-") == 0)
            return 1;
    }
    return 0;
}

/* Close or abandon a sink after its writing went well or not. @return exit code */
static int finish(covey_sink *sink, covey_status status, covey_error *err)
{
    if (status != COVEY_OK)
        covey_sink_abandon(sink);
    else
        status = covey_sink_close(sink, err);
    return status == COVEY_OK ? 0 : cli_fail(err, NULL);
}

int cli_text_open(cli_text_result *result)
{
    result->bytes = NULL;
    result->to = open_memstream(&result->bytes, &result->n_bytes);
    if (result->to)
        return 0;
    cli_say(SAY_ERROR, "out of memory");
    return 5;
}

int cli_text_close(cli_text_result *result, const char *path, int force)
{
    covey_error err = {0};
    covey_sink *sink = NULL;
    int code = 0;
    if (fclose(result->to) != 0) {
        cli_say(SAY_ERROR, "out of memory");
        code = 5;
    } else if (covey_sink_open(path, force, &sink, &err) != COVEY_OK) {
        code = cli_fail(&err, NULL);
    } else {
        const covey_status status = covey_sink_write(sink, result->bytes, result->n_bytes, &err);
        code = finish(sink, status, &err);
    }
    free(result->bytes);
    return code;
}

int cli_text_to_stderr(cli_text_result *result, int quiet)
{
    if (fclose(result->to) == 0 && !quiet)
        fwrite(result->bytes, 1, result->n_bytes, stderr);
    free(result->bytes);
    return 0;
}

/* Decimal digits of an int32 and a newline into out [12]. @return length */
static size_t put_label(int32_t label, char *out)
{
    char digits[12];
    size_t n = 0, used = 0;
    uint32_t rest = label < 0 ? 0u - (uint32_t)label : (uint32_t)label;
    do {
        digits[n++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (label < 0)
        out[used++] = '-';
    while (n)
        out[used++] = digits[--n];
    out[used++] = '\n';
    return used;
}

static covey_status write_label_lines(covey_sink *sink, const int32_t *labels, int64_t n, covey_error *err)
{
    char block[1 << 16];
    size_t used = 0;
    for (int64_t i = 0; i < n; i++) {
        if (used + 16 > sizeof block) {
            const covey_status status = covey_sink_write(sink, block, used, err);
            if (status != COVEY_OK)
                return status;
            used = 0;
        }
        used += put_label(labels[i], block + used);
    }
    return covey_sink_write(sink, block, used, err);
}

/* Labels by row of the file, -1 where a row was left out; NULL without memory. */
static int32_t *spread(const int32_t *labels, int64_t n, const int64_t *file_rows, int64_t n_file)
{
    int32_t *all = malloc((size_t)(n_file ? n_file : 1) * sizeof *all);
    if (!all)
        return NULL;
    for (int64_t i = 0; i < n_file; i++)
        all[i] = -1;
    for (int64_t i = 0; i < n; i++)
        all[file_rows[i]] = labels[i];
    return all;
}

int cli_write_labels(const char *path, int force, const int32_t *labels, int64_t n, const int64_t *file_rows,
                     int64_t n_file)
{
    covey_error err = {0};
    covey_sink *sink = NULL;
    int32_t *all = NULL;
    if (file_rows) {
        all = spread(labels, n, file_rows, n_file);
        if (!all) {
            cli_say(SAY_ERROR, "%s: out of memory for %lld labels", path, (long long)n_file);
            return 5;
        }
        labels = all;
        n = n_file;
    }
    covey_status status = covey_sink_open(path, force, &sink, &err);
    int code;
    if (status != COVEY_OK) {
        code = cli_fail(&err, NULL);
    } else {
        const covey_matrix view = covey_matrix_dense(labels, COVEY_DTYPE_INT32, n, 1);
        status = cli_ends_with(path, ".npy") ? covey_write_npy(sink, &view, 1, &err)
                                             : write_label_lines(sink, labels, n, &err);
        code = finish(sink, status, &err);
    }
    free(all);
    return code;
}

int cli_write_matrix(const char *path, int force, const covey_matrix *x, const char *const *names)
{
    covey_error err = {0};
    covey_sink *sink = NULL;
    covey_status status = covey_sink_open(path, force, &sink, &err);
    if (status != COVEY_OK)
        return cli_fail(&err, NULL);
    if (cli_ends_with(path, ".npy"))
        status = covey_write_npy(sink, x, 0, &err);
    else
        status = covey_write_csv(sink, x, cli_ends_with(path, ".tsv") ? '\t' : ',', names, &err);
    return finish(sink, status, &err);
}

/*
 * One record of a CSV from p on: quotes open at the start of a field only, and a line end inside them is
 * content.
 * @return the end of the record's text; *next is the start of the next record
 */
static const char *record_end(const char *p, const char *end, char delimiter, const char **next)
{
    int quoted = 0, start = 1;
    for (; p < end; p++) {
        if (quoted) {
            if (*p == '"' && p + 1 < end && p[1] == '"')
                p++;
            else if (*p == '"')
                quoted = 0;
            continue;
        }
        if (*p == '"' && start)
            quoted = 1;
        else if (*p == '\n' || *p == '\r')
            break;
        start = *p == delimiter;
    }
    *next = p < end ? p + 1 + (*p == '\r' && p + 1 < end && p[1] == '\n') : end;
    return p;
}

static covey_status write_record(covey_sink *sink, const char *p, const char *stop, const char *line_end,
                                 size_t n_line_end, char delimiter, const char *cell, size_t n_cell,
                                 covey_error *err)
{
    covey_status status = covey_sink_write(sink, p, (size_t)(stop - p), err);
    if (status == COVEY_OK)
        status = covey_sink_write(sink, &delimiter, 1, err);
    if (status == COVEY_OK)
        status = covey_sink_write(sink, cell, n_cell, err);
    return status == COVEY_OK ? covey_sink_write(sink, line_end, n_line_end, err) : status;
}

static covey_status append_records(covey_sink *sink, const char *bytes, size_t n_bytes, char delimiter,
                                   int has_header, const int32_t *labels, int64_t n, const int64_t *file_rows,
                                   covey_error *err)
{
    const char *end = bytes + n_bytes, *next = bytes;
    int64_t row = has_header ? -1 : 0, i = 0;
    covey_status status = COVEY_OK;
    for (const char *p = bytes; p < end && status == COVEY_OK; p = next) {
        const char *stop = record_end(p, end, delimiter, &next);
        if (stop == p) { /* an empty line is no row */
            status = covey_sink_write(sink, p, (size_t)(next - p), err);
            continue;
        }
        char cell[16];
        size_t n_cell = 0;
        if (row < 0)
            n_cell = (size_t)snprintf(cell, sizeof cell, "label");
        else if (i < n && (file_rows ? file_rows[i] : i) == row)
            n_cell = put_label(labels[i++], cell) - 1;
        row++;
        const int unfinished = next == stop; /* the last line had no line end: neither has the copy */
        status = write_record(sink, p, stop, unfinished ? "" : stop, unfinished ? 0 : (size_t)(next - stop),
                              delimiter, cell, n_cell, err);
    }
    if (status == COVEY_OK && i != n) {
        err->status = COVEY_ERR_INTERNAL;
        snprintf(err->message, sizeof err->message,
                 "%lld of %lld labels found their line in the input; nothing was written", (long long)i,
                 (long long)n);
        return COVEY_ERR_INTERNAL;
    }
    return status;
}

int cli_write_appended(const char *path, int force, const char *bytes, size_t n_bytes, char delimiter,
                       int has_header, const int32_t *labels, int64_t n, const int64_t *file_rows)
{
    covey_error err = {0};
    covey_sink *sink = NULL;
    if (covey_sink_open(path, force, &sink, &err) != COVEY_OK)
        return cli_fail(&err, NULL);
    const covey_status status =
        append_records(sink, bytes, n_bytes, delimiter, has_header, labels, n, file_rows, &err);
    return finish(sink, status, &err);
}

int cli_write_model(const char *path, int force, const covey_model *model, const covey_model_info *info)
{
    covey_error err = {0};
    covey_sink *sink = NULL;
    if (covey_sink_open(path, force, &sink, &err) != COVEY_OK)
        return cli_fail(&err, NULL);
    const covey_format format = cli_ends_with(path, ".json") ? COVEY_FORMAT_JSON : COVEY_FORMAT_NPZ;
    return finish(sink, covey_model_save(model, info, format, sink, &err), &err);
}
