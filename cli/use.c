#include "use.h"

#include "console.h"
#include "output.h"
#include "scale.h"
#include "stop.h"

#include <stdlib.h>
#include <string.h>

int cli_model_load(const char *path, const char *hint, covey_model_file **out)
{
    covey_error err = {0};
    return covey_model_load(path, out, &err) == COVEY_OK ? 0 : cli_fail(&err, hint);
}

static int is_table_name(const char *path)
{
    return cli_ends_with(path, ".csv") || cli_ends_with(path, ".tsv") || cli_ends_with(path, ".npy");
}

/* The model's column names as a --columns list, so that a file may hold them in any order; NULL if that
 * cannot be said. */
static char *names_as_columns(const cli_use *use)
{
    const char *const *names = use->info->names;
    const int64_t d = covey_model_n_features(use->model);
    size_t room = 1, used = 0;
    for (int64_t f = 0; names && f < d; f++) {
        /* a quote inside would end the quoted name early, an empty name cannot be asked for */
        if (!names[f] || !*names[f] || strchr(names[f], '"'))
            return NULL;
        room += strlen(names[f]) + 3;
    }
    char *list = names ? malloc(room) : NULL;
    for (int64_t f = 0; list && f < d; f++)
        used += (size_t)snprintf(list + used, room - used, "%s\"%s\"", f ? "," : "", names[f]);
    return list;
}

static int check_names(const cli_use *use)
{
    const int64_t d = use->in.x.d;
    for (int64_t f = 0; use->info->names && use->in.names && f < d; f++) {
        if (strcmp(use->info->names[f], use->in.names[f]) == 0)
            continue;
        cli_say(SAY_ERROR, "column %lld of %s is '%s', but the model was fitted on '%s'", (long long)f + 1,
                use->in.name, use->in.names[f], use->info->names[f]);
        cli_say(SAY_HINT, "name the columns in the model's order with --columns, or rename them in the file");
        return 3;
    }
    return 0;
}

static int check_shape(const cli_use *use)
{
    const int64_t d = covey_model_n_features(use->model);
    if (use->in.x.d != d) {
        cli_say(SAY_ERROR, "%s has %lld feature%s, but the model %s was fitted on %lld", use->in.name,
                (long long)use->in.x.d, use->in.x.d == 1 ? "" : "s", use->model_path, (long long)d);
        cli_say(SAY_HINT, "--columns chooses the columns to use");
        return 3;
    }
    return check_names(use);
}

static int read_rows(cli_use *use, const char *path)
{
    char *prefer = cli_given(use->a, OPT_COLUMNS) ? NULL : names_as_columns(use);
    int code = cli_input_read(use->a, path, cli_given(use->a, OPT_APPEND), prefer, 0, &use->in);
    free(prefer);
    if (!code)
        code = check_shape(use);
    if (!code)
        code = cli_scale_apply(use->info->offset, use->info->factor, &use->in.x, &use->z, &use->z_buffer);
    if (code)
        return code;
    const size_t copy = use->z_buffer ? (size_t)(use->z.n * use->z.d) * sizeof(double) : 0;
    return cli_memory_left(use->a, use->in.table_bytes + copy, &use->run.memory_limit);
}

int cli_use_open(const cli_arguments *a, cli_use *use)
{
    static const covey_model_info nothing = {.size = sizeof nothing};
    memset(use, 0, sizeof *use);
    use->a = a;
    use->model_path = a->operand[0];
    const char *path = cli_input_path(a, 1);
    if (!path)
        return 2;
    if (strcmp(path, "-") == 0 && strcmp(use->model_path, "-") == 0)
        return cli_usage_error(a->verb, "the model and the rows cannot both come from standard input");
    covey_run_init(&use->run);
    use->run.threads = (int32_t)cli_int(a, OPT_THREADS, 0);
    use->watch = (cli_watch){a->verb->name, 0};
    use->run.progress = cli_watch_progress;
    use->run.user = &use->watch;
    const char *inputs[] = {path, use->model_path};
    int code = cli_outputs_check(a, inputs, 2, NULL);
    if (!code)
        code = cli_model_load(
            use->model_path,
            is_table_name(use->model_path) ? "the model comes first, then the file to use it on" : NULL,
            &use->file);
    if (code)
        return code;
    use->model = covey_model_file_model(use->file);
    use->info = covey_model_file_info(use->file);
    if (!use->info)
        use->info = &nothing;
    return read_rows(use, path);
}

void cli_use_close(cli_use *use)
{
    free(use->z_buffer);
    cli_input_free(&use->in);
    covey_model_file_free(use->file);
}

int cli_use_failed(const cli_use *use, const covey_error *err)
{
    if (err->status == COVEY_ERR_CANCELLED && cli_stop_asked()) {
        cli_say(SAY_ERROR, "stopped; nothing was written");
        return cli_stop_code();
    }
    return err->status == COVEY_ERR_NONFINITE ? cli_fail_at(&use->in, err)
                                              : cli_fail(err, cli_read_hint(err));
}
