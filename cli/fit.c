/* covey fit: read, scale, cluster, write what was asked for, tell. */
#include "console.h"
#include "input.h"
#include "options.h"
#include "output.h"
#include "picture.h"
#include "scale.h"
#include "stop.h"
#include "summary.h"
#include "watch.h"

#include <stdlib.h>
#include <string.h>

typedef struct fit_job {
    const cli_arguments *a;
    const char *path;
    cli_input in;
    cli_scale scale;
    covey_matrix z; /* the rows as they are clustered */
    double *z_buffer;
    double *start; /* [k, d] given centers, scaled */
    covey_matrix start_view;
    const char *init_file; /* NULL if --init is no file */
    covey_fit_options options;
    covey_run run;
    cli_watch watch;
    int64_t picture_h, picture_w;
    int32_t *labels; /* [n] */
    int64_t *sizes;  /* [k] */
    double *centers; /* [k, d] in the units of the input */
    covey_report report;
    covey_model *model;
    double started, deadline;
} fit_job;

static int wrong_name(const fit_job *job, cli_option_id id, const char *end)
{
    const char *path = cli_text(job->a, id, NULL);
    if (!path || strcmp(path, "-") == 0 || strncmp(path, "/dev/", 5) == 0 || cli_ends_with(path, end))
        return 0;
    return cli_usage_error(job->a->verb, "--%s is '%s', but must end in %s", cli_options[id].name, path, end);
}

static int wants_optimum(const cli_arguments *a)
{
    return cli_given(a, OPT_OPTIMAL) || cli_choice(a, OPT_ALGORITHM, 0) == 3;
}

/* The optimum has no start, no runs and no iterations. */
static int check_optimal(const cli_arguments *a)
{
    static const cli_option_id useless[] = {OPT_INIT, OPT_N_INIT, OPT_MAX_ITER, OPT_TOL, OPT_PLAN};
    if (cli_given(a, OPT_ALGORITHM) && cli_choice(a, OPT_ALGORITHM, 0) != 3)
        return cli_usage_error(a->verb, "--optimal is an algorithm of its own, so not with --algorithm %s",
                               cli_text(a, OPT_ALGORITHM, ""));
    for (size_t i = 0; i < sizeof useless / sizeof *useless; i++)
        if (cli_given(a, useless[i]))
            return cli_usage_error(a->verb, "--%s means nothing for the optimum, which is found in one go",
                                   cli_options[useless[i]].name);
    return 0;
}

/* Everything that can be refused before a byte is read. */
static int check_request(fit_job *job)
{
    const cli_arguments *a = job->a;
    const char *inputs[] = {job->path, job->init_file};
    if (cli_given(a, OPT_JSON) && !cli_given(a, OPT_OUTPUT) && cli_outputs_use_stdout(a))
        return cli_usage_error(
            a->verb, "--json and another result both want standard output; --output FILE takes the JSON");
    if (job->init_file && strcmp(job->init_file, "-") == 0)
        return cli_usage_error(a->verb, "--init cannot be standard input");
    if (cli_given(a, OPT_PICTURE_SHAPE) && !cli_given(a, OPT_PICTURE))
        return cli_usage_error(a->verb, "--picture-shape needs --picture FILE");
    if (wants_optimum(a)) {
        const int code = check_optimal(a);
        if (code)
            return code;
    }
    if (cli_given(a, OPT_BATCH_SIZE) && cli_choice(a, OPT_ALGORITHM, 0) != 1)
        return cli_usage_error(a->verb, "--batch-size needs --algorithm minibatch");
    if (cli_given(a, OPT_BISECT) && cli_choice(a, OPT_ALGORITHM, 0) != 2)
        return cli_usage_error(a->verb, "--bisect needs --algorithm bisecting");
    int code = wrong_name(job, OPT_PICTURE, ".png");
    if (!code && cli_given(a, OPT_PICTURE))
        code = cli_picture_available();
    return code ? code : cli_outputs_check(a, inputs, 2, NULL);
}

static int check_append(const fit_job *job)
{
    char delimiter;
    int32_t has_header;
    if (!cli_given(job->a, OPT_APPEND))
        return 0;
    covey_table_text(job->in.table, &delimiter, &has_header);
    return cli_check_append(job->a, &job->in, delimiter);
}

static int scale_rows(fit_job *job)
{
    static const char *const names[] = {"none", "standard", "minmax", "robust"};
    int code = cli_scale_learn(&job->in.x, names[cli_choice(job->a, OPT_SCALE, 0)], &job->scale);
    if (!code)
        code = cli_scale_apply(job->scale.offset, job->scale.factor, &job->in.x, &job->z, &job->z_buffer);
    return code;
}

/* Centers from a model file, in the units of its input. */
static int start_from_model(fit_job *job, covey_model_file *file, int64_t *k, int64_t *d)
{
    const covey_model *model = covey_model_file_model(file);
    const covey_model_info *info = covey_model_file_info(file);
    *k = covey_model_n_clusters(model);
    *d = covey_model_n_features(model);
    const size_t bytes = (size_t)*k * (size_t)*d * sizeof(double);
    job->start = malloc(bytes);
    if (!job->start)
        return 5;
    memcpy(job->start, covey_model_centers(model), bytes);
    cli_scale_undo(info ? info->offset : NULL, info ? info->factor : NULL, job->start, *k, *d);
    return 0;
}

static int start_from_table(fit_job *job, const covey_table *table, int64_t *k, int64_t *d)
{
    const covey_matrix c = covey_table_matrix(table);
    *k = c.n;
    *d = c.d;
    job->start = malloc((size_t)(c.n * c.d + 1) * sizeof *job->start);
    if (!job->start)
        return 5;
    for (int64_t i = 0; i < c.n; i++) {
        for (int64_t f = 0; f < c.d; f++)
            job->start[i * c.d + f] = covey_matrix_value(&c, i, f);
    }
    return 0;
}

static int load_start(fit_job *job, int64_t *k, int64_t *d)
{
    covey_error err = {0};
    const int json = cli_ends_with(job->init_file, ".json");
    if (json || cli_ends_with(job->init_file, ".npz")) {
        covey_model_file *file = NULL;
        const covey_status status = covey_model_load(job->init_file, &file, &err);
        if (status == COVEY_OK) {
            const int code = start_from_model(job, file, k, d);
            covey_model_file_free(file);
            return code;
        }
        if (json || status != COVEY_ERR_FORMAT) /* an NPZ may hold a bare array instead */
            return cli_fail(&err, NULL);
    }
    covey_table *table = NULL;
    if (covey_table_read(job->init_file, NULL, &table, &err) != COVEY_OK)
        return cli_fail(&err, "this is the file that --init names: one line for each starting center");
    const int code = start_from_table(job, table, k, d);
    covey_table_free(table);
    return code;
}

static int given_start(fit_job *job)
{
    int64_t k = 0, d = 0;
    const int code = load_start(job, &k, &d);
    if (code)
        return code;
    if (d != job->in.x.d || (cli_given(job->a, OPT_CLUSTERS) && k != job->options.n_clusters)) {
        if (d != job->in.x.d)
            cli_say(SAY_ERROR, "%s: the centers have %lld feature%s, but the rows of %s have %lld",
                    job->init_file, (long long)d, d == 1 ? "" : "s", job->in.name, (long long)job->in.x.d);
        else
            cli_say(SAY_ERROR, "%s: holds %lld centers, but k is %lld", job->init_file, (long long)k,
                    (long long)job->options.n_clusters);
        return 3;
    }
    if (job->scale.offset) {
        for (int64_t i = 0; i < k * d; i++)
            job->start[i] = (job->start[i] - job->scale.offset[i % d]) / job->scale.factor[i % d];
    }
    if (cli_int(job->a, OPT_N_INIT, 1) > 1)
        cli_say(SAY_WARNING, "--n-init %s is not used: given centers leave one start only",
                cli_text(job->a, OPT_N_INIT, ""));
    job->start_view = covey_matrix_dense(job->start, COVEY_DTYPE_FLOAT64, k, d);
    job->options.n_clusters = k;
    job->options.init = COVEY_SEED_GIVEN;
    job->options.centers = &job->start_view;
    job->options.n_init = 1;
    return 0;
}

static int set_options(fit_job *job)
{
    static const covey_algorithm algorithms[] = {COVEY_ALGORITHM_KMEANS, COVEY_ALGORITHM_MINIBATCH,
                                                 COVEY_ALGORITHM_BISECTING, COVEY_ALGORITHM_OPTIMAL};
    static const covey_seed starts[] = {COVEY_SEED_PLUSPLUS, COVEY_SEED_RANDOM, COVEY_SEED_PARALLEL, COVEY_SEED_D2};
    const cli_arguments *a = job->a;
    covey_fit_options *o = &job->options;
    covey_fit_options_init(o, wants_optimum(a) ? COVEY_ALGORITHM_OPTIMAL : algorithms[cli_choice(a, OPT_ALGORITHM, 0)]);
    o->n_clusters = cli_int(a, OPT_CLUSTERS, o->n_clusters);
    o->n_init = cli_int(a, OPT_N_INIT, o->n_init);
    o->max_iter = cli_int(a, OPT_MAX_ITER, o->max_iter);
    o->tol = cli_real(a, OPT_TOL, o->tol);
    o->seed = (uint32_t)cli_int(a, OPT_SEED, 0);
    o->batch_size = cli_int(a, OPT_BATCH_SIZE, o->batch_size);
    if (!job->init_file)
        o->init = starts[cli_choice(a, OPT_INIT, 0)];
    o->bisect = cli_choice(a, OPT_BISECT, 0) == 1 ? COVEY_BISECT_LARGEST : COVEY_BISECT_INERTIA;
    o->center_dtype = cli_choice(a, OPT_CENTER_DTYPE, 0) == 1 ? COVEY_DTYPE_FLOAT32 : COVEY_DTYPE_FLOAT64;
    return job->init_file ? given_start(job) : 0;
}

static int set_run(fit_job *job)
{
    const size_t used = job->in.table_bytes +
                        (job->z_buffer ? (size_t)(job->z.n * job->z.d) * sizeof(double) : 0) +
                        (size_t)job->in.x.n * sizeof(int32_t);
    covey_run_init(&job->run);
    job->run.threads = (int32_t)cli_int(job->a, OPT_THREADS, 0);
    job->run.verbosity = cli_verbose() ? 1 : 0;
    job->run.plan = cli_text(job->a, OPT_PLAN, NULL);
    job->watch = (cli_watch){"fit", 1};
    job->run.progress = cli_watch_progress;
    job->run.user = &job->watch;
    if (job->deadline > 0) {
        const double left = job->deadline - cli_now();
        job->run.time_limit = left > 1e-6 ? left : 1e-6;
    }
    return cli_memory_left(job->a, used, &job->run.memory_limit);
}

static int fit_failed(const fit_job *job, const covey_error *err)
{
    if (err->status == COVEY_ERR_CANCELLED && cli_stop_asked()) {
        cli_say(SAY_ERROR, "stopped before a first result; nothing was found yet");
        return cli_stop_code();
    }
    if (err->status == COVEY_ERR_NONFINITE)
        return cli_fail_at(&job->in, err);
    if (job->options.n_clusters > job->in.x.n) {
        cli_say(SAY_ERROR, "%s has only %lld rows, too few for %lld clusters", job->in.name,
                (long long)job->in.x.n, (long long)job->options.n_clusters);
        cli_say(SAY_HINT, "-k must be at most the number of rows");
        return covey_status_exit_code(err->status);
    }
    if (err->status == COVEY_ERR_UNSUPPORTED && job->options.algorithm == COVEY_ALGORITHM_OPTIMAL)
        return cli_fail(err, "--columns N chooses one column");
    return cli_fail(err, NULL);
}

static int compute(fit_job *job)
{
    covey_error err = {0};
    size_t bytes = 0;
    char size[32], table[32];
    job->labels = malloc((size_t)(job->in.x.n ? job->in.x.n : 1) * sizeof *job->labels);
    if (!job->labels) {
        cli_say(SAY_ERROR, "out of memory for %lld labels", (long long)job->in.x.n);
        return 5;
    }
    if (cli_verbose() &&
        covey_model_fit_bytes(&job->z, job->in.weights, &job->options, &job->run, &bytes, NULL) == COVEY_OK)
        cli_say(SAY_DETAIL, "memory: %s for the table, %s for the work",
                cli_size((double)job->in.table_bytes, table), cli_size((double)bytes, size));
    covey_report_init(&job->report);
    const covey_status status = covey_model_fit(&job->z, job->in.weights, &job->options, &job->run,
                                                job->labels, &job->report, &job->model, &err);
    cli_bar_clear();
    return status == COVEY_OK ? 0 : fit_failed(job, &err);
}

/* What people need besides the labels: sizes, and centers in the units of their file. */
static int derive(fit_job *job)
{
    const int64_t k = job->options.n_clusters, d = job->in.x.d;
    job->sizes = calloc((size_t)k, sizeof *job->sizes);
    job->centers = malloc((size_t)k * (size_t)d * sizeof *job->centers);
    if (!job->sizes || !job->centers) {
        cli_say(SAY_ERROR, "out of memory");
        return 5;
    }
    for (int64_t i = 0; i < job->in.x.n; i++)
        job->sizes[job->labels[i]]++;
    memcpy(job->centers, covey_model_centers(job->model), (size_t)k * (size_t)d * sizeof *job->centers);
    cli_scale_undo(job->scale.offset, job->scale.factor, job->centers, k, d);
    return 0;
}

static int save_model(const fit_job *job, const char *path)
{
    covey_model_info info = {.size = sizeof info};
    info.names = job->in.names;
    info.offset = job->scale.offset;
    info.factor = job->scale.factor;
    info.scale = job->scale.how;
    info.seed = job->report.seed;
    info.n_iter = job->report.n_iter;
    info.n_rows = job->in.x.n;
    info.inertia = job->report.inertia;
    info.total_ss = job->report.total_ss;
    info.sizes = job->sizes;
    info.algorithm = cli_algorithm_name(job->options.algorithm);
    info.stop = cli_stop_name(job->report.stop_reason);
    return cli_write_model(path, cli_given(job->a, OPT_FORCE), job->model, &info);
}

static int save_one(const fit_job *job, cli_option_id id, const char *path)
{
    const int force = cli_given(job->a, OPT_FORCE);
    const int64_t k = job->options.n_clusters;
    const cli_input *in = &job->in;
    char delimiter;
    int32_t has_header;
    covey_matrix centers;
    switch (id) {
    case OPT_MODEL:
        return save_model(job, path);
    case OPT_LABELS:
        return cli_write_labels(path, force, job->labels, in->x.n, in->file_rows, in->n_file_rows);
    case OPT_CENTERS:
        centers = covey_matrix_dense(job->centers, COVEY_DTYPE_FLOAT64, k, in->x.d);
        return cli_write_matrix(path, force, &centers, in->names);
    case OPT_APPEND:
        covey_table_text(in->table, &delimiter, &has_header);
        return cli_write_appended(path, force, in->bytes, in->n_bytes, delimiter, has_header, job->labels,
                                  in->x.n, in->file_rows);
    default:
        return cli_picture_write(path, force, job->centers, k, job->picture_h, job->picture_w, job->sizes);
    }
}

/* Files first, standard output last: if its reader goes away, the files are there. One failure does not stop
 * the rest. */
static int save_results(const fit_job *job)
{
    static const cli_option_id ids[] = {OPT_MODEL, OPT_LABELS, OPT_CENTERS, OPT_APPEND, OPT_PICTURE};
    static const char *const what[] = {"model", "labels", "centers", "copy with labels", "picture"};
    int code = 0;
    for (int standard = 0; standard < 2; standard++) {
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
            const char *path = cli_text(job->a, ids[i], NULL);
            if (!path || (strcmp(path, "-") == 0) != standard)
                continue;
            const int failed = save_one(job, ids[i], path);
            if (!failed && !standard)
                cli_say(SAY_NOTE, "%s written to %s", what[i], path);
            code = code ? code : failed;
        }
    }
    return code;
}

static int tell(const fit_job *job)
{
    const cli_arguments *a = job->a;
    static const char *const starts[] = {"k-means++", "random", "k-means||", "k-means++/d2"};
    const cli_summary s = {
        .arguments = a,
        .input = &job->in,
        .scale = &job->scale,
        .options = &job->options,
        .report = &job->report,
        .model = job->model,
        .sizes = job->sizes,
        .init = job->init_file ? job->init_file : wants_optimum(a) ? "none" : starts[cli_choice(a, OPT_INIT, 0)],
        .seconds = cli_now() - job->started,
    };
    cli_text_result text;
    if (cli_text_open(&text))
        return 5;
    if (cli_given(a, OPT_JSON))
        cli_summary_json(&s, text.to);
    else
        cli_summary_print(&s, text.to);
    const char *path = cli_text(a, OPT_OUTPUT, "-");
    if (strcmp(path, "-") == 0 && cli_outputs_use_stdout(a))
        return cli_text_to_stderr(&text, cli_given(a, OPT_QUIET));
    return cli_text_close(&text, path, cli_given(a, OPT_FORCE));
}

static void warn(const fit_job *job)
{
    const covey_report *r = &job->report;
    char shift[32], tol[32];
    if (r->n_duplicate_centers > 0)
        cli_say(SAY_WARNING, "%s: %lld of the given centers repeat%s an earlier one", job->init_file,
                (long long)r->n_duplicate_centers, r->n_duplicate_centers == 1 ? "s" : "");
    if (r->n_distinct < job->options.n_clusters)
        cli_say(SAY_WARNING,
                "only %lld distinct cluster%s found for k = %lld; the rows may hold fewer different points",
                (long long)r->n_distinct, r->n_distinct == 1 ? "" : "s", (long long)job->options.n_clusters);
    if (r->stop_reason == COVEY_STOP_MAX_ITER && !r->converged)
        cli_say(
            SAY_NOTE,
            "not converged after %lld iterations (squared shift %s, tolerance %s); --max-iter allows more",
            (long long)r->n_iter, cli_about(r->shift_sq, shift), cli_about(r->tol, tol));
    if (r->stop_reason == COVEY_STOP_TIME)
        cli_say(SAY_ERROR, "the time limit (--time-limit %s) was reached; the best so far was kept",
                cli_text(job->a, OPT_TIME_LIMIT, ""));
    if (r->stop_reason == COVEY_STOP_CANCELLED)
        cli_say(SAY_ERROR, "stopped; the best so far was kept");
}

static int outcome(const fit_job *job)
{
    if (job->report.stop_reason == COVEY_STOP_CANCELLED)
        return cli_stop_code();
    if (job->report.stop_reason == COVEY_STOP_TIME)
        return 5;
    return !job->report.converged && cli_given(job->a, OPT_STRICT) ? 6 : 0;
}

static int run_fit(fit_job *job)
{
    int code = check_request(job);
    if (!code)
        code =
            cli_input_read(job->a, job->path, cli_given(job->a, OPT_APPEND), NULL, job->deadline, &job->in);
    if (!code)
        code = check_append(job);
    if (!code && cli_given(job->a, OPT_PICTURE))
        code = cli_picture_shape(job->a, job->in.x.d, &job->picture_h, &job->picture_w);
    if (!code)
        code = scale_rows(job);
    if (!code)
        code = set_options(job);
    if (!code)
        code = set_run(job);
    if (!code)
        code = compute(job);
    if (!code)
        code = derive(job);
    if (code)
        return code;
    warn(job);
    code = save_results(job);
    const int told = tell(job);
    if (code || told)
        return code ? code : told;
    return outcome(job);
}

int cli_fit(const cli_arguments *a)
{
    fit_job job = {.a = a, .started = cli_now()};
    job.path = cli_input_path(a, 0);
    if (!job.path)
        return 2;
    if (cli_given(a, OPT_INIT) && cli_choice(a, OPT_INIT, 0) < 0)
        job.init_file = cli_text(a, OPT_INIT, NULL);
    if (cli_given(a, OPT_TIME_LIMIT))
        job.deadline = job.started + cli_seconds(a, OPT_TIME_LIMIT, 0);
    const int code = run_fit(&job);
    covey_model_free(job.model);
    free(job.labels);
    free(job.sizes);
    free(job.centers);
    free(job.start);
    free(job.z_buffer);
    cli_scale_free(&job.scale);
    cli_input_free(&job.in);
    return code;
}
