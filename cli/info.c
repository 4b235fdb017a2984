/* covey info: what a model or a data file holds. */
#include "console.h"
#include "info_model.h"
#include "input.h"
#include "json.h"
#include "output.h"
#include "stop.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_COLUMNS = 100, MOST_TEXT = 1000 };

typedef struct text_column {
    int64_t number; /* in the file, from 1 */
    char name[64];
} text_column;

typedef struct facts {
    double low, high, mean;
} facts;

typedef struct info_job {
    const cli_arguments *a;
    const char *path, *name;
    char *bytes; /* standard input, which can be read once only */
    size_t n_bytes;
    covey_table *table;
    covey_matrix x;
    facts *column;     /* [d] */
    text_column *text; /* [n_text], ascending */
    int64_t n_text;
} info_job;

/* The number in the file of numeric column f: text columns before it shift it. */
static int64_t file_number(const info_job *job, int64_t f)
{
    int64_t number = f + 1;
    for (int64_t t = 0; t < job->n_text && job->text[t].number <= number; t++)
        number++;
    return number;
}

/* "1-3,5-" for text in column 4. The open end is left out if the last column turned out to be text. */
static char *other_columns(const info_job *job, int open_end)
{
    const size_t room = 64 * ((size_t)job->n_text + 1);
    char *list = malloc(room);
    size_t used = 0;
    int64_t next = 1;
    if (list)
        list[0] = 0;
    for (int64_t t = 0; list && t <= job->n_text; t++) {
        const int last = t == job->n_text;
        if (last && open_end)
            snprintf(list + used, room - used, "%s%lld-", used ? "," : "", (long long)next);
        else if (!last && job->text[t].number > next)
            used += (size_t)snprintf(list + used, room - used, "%s%lld-%lld", used ? "," : "",
                                     (long long)next, (long long)job->text[t].number - 1);
        if (!last)
            next = job->text[t].number + 1;
    }
    return list;
}

/* Remember the column that the reader named: "... 'species' (column 5) ...". @return 0 if it named none that
 * is new */
static int note_text_column(info_job *job, const covey_error *err)
{
    if (err->column < 0 || job->n_text >= MOST_TEXT)
        return 0;
    text_column *more = realloc(job->text, (size_t)(job->n_text + 1) * sizeof *more);
    if (!more)
        return 0;
    job->text = more;
    text_column found = {.number = err->column + 1};
    char tail[48];
    snprintf(tail, sizeof tail, "' (column %lld)", (long long)found.number);
    const char *end = strstr(err->message, tail), *start = end;
    while (start && start > err->message && start[-1] != '\'')
        start--;
    if (start && start > err->message)
        snprintf(found.name, sizeof found.name, "%.*s", (int)(end - start), start);
    int64_t at = job->n_text;
    for (; at > 0 && more[at - 1].number >= found.number; at--) {
        if (more[at - 1].number == found.number)
            return 0;
        more[at] = more[at - 1];
    }
    more[at] = found;
    job->n_text++;
    return 1;
}

static covey_status read_once(info_job *job, const covey_read_options *options, covey_error *err)
{
    if (job->bytes)
        return covey_table_read_memory(job->bytes, job->n_bytes, job->name, options, &job->table, err);
    return covey_table_read(job->path, options, &job->table, err);
}

/* Read the numbers; columns of text are left out one after the other as the reader meets them. */
static covey_status read_numbers(info_job *job, covey_read_options *options, covey_error *err)
{
    const char *asked = options->columns;
    covey_status status = read_once(job, options, err);
    while (status == COVEY_ERR_DTYPE && !asked && note_text_column(job, err)) {
        covey_error failed = *err;
        status = COVEY_ERR_ARGUMENT;
        for (int open_end = 1; open_end >= 0 && status == COVEY_ERR_ARGUMENT; open_end--) {
            char *list = other_columns(job, open_end);
            if (!list || !*list) { /* nothing but text: the first message says it */
                free(list);
                *err = failed;
                return failed.status;
            }
            options->columns = list;
            status = read_once(job, options, err);
            free(list);
        }
        options->columns = NULL;
    }
    return status;
}

static void learn(info_job *job)
{
    for (int64_t f = 0; f < job->x.d; f++) {
        facts c = {INFINITY, -INFINITY, 0};
        double sum = 0, error = 0;
        for (int64_t i = 0; i < job->x.n; i++) {
            const double v = covey_matrix_value(&job->x, i, f), total = sum + v;
            error += fabs(sum) >= fabs(v) ? (sum - total) + v : (v - total) + sum; /* Neumaier 1974 */
            sum = total;
            c.low = v < c.low ? v : c.low;
            c.high = v > c.high ? v : c.high;
        }
        c.mean = job->x.n ? (sum + error) / (double)job->x.n : NAN;
        job->column[f] = c;
    }
}

static int constant(const facts *c)
{
    return c->low == c->high;
}

static void print_name(FILE *to, const char *name)
{
    const int width = 24, length = name ? (int)strlen(name) : 0;
    if (name)
        cli_print_escaped(to, name);
    fprintf(to, "%*s", length < width ? width - length : 1, "");
}

static void print_row(FILE *to, const info_job *job, int64_t f)
{
    char low[32], high[32], mean[32];
    const facts *c = &job->column[f];
    fprintf(to, "  %6lld  ", (long long)file_number(job, f));
    print_name(to, covey_table_name(job->table, f));
    fprintf(to, "%12s %12s %12s%s\n", cli_about(c->low, low), cli_about(c->high, high),
            cli_about(c->mean, mean), constant(c) ? "  constant" : "");
}

static void print_notes(FILE *to, const char *notes)
{
    for (const char *p = notes; p && *p;) {
        const int n = (int)strcspn(p, "\n");
        char line[512];
        snprintf(line, sizeof line, "%.*s", n, p);
        fputs("  ", to);
        cli_print_escaped(to, line);
        fputc('\n', to);
        p += n + (p[n] == '\n');
    }
}

static void print_columns(FILE *to, const info_job *job)
{
    const int names = covey_table_name(job->table, 0) != NULL;
    fprintf(to, "\n  column  %-24s%12s %12s %12s\n", names ? "name" : "", "min", "max", "mean");
    int64_t f = 0, t = 0, shown = 0;
    for (; shown < MOST_COLUMNS && (f < job->x.d || t < job->n_text); shown++) {
        if (t < job->n_text && (f >= job->x.d || job->text[t].number < file_number(job, f))) {
            fprintf(to, "  %6lld  ", (long long)job->text[t].number);
            print_name(to, job->text[t].name);
            fprintf(to, "%12s\n", "text");
            t++;
        } else {
            print_row(to, job, f++);
        }
    }
    const int64_t rest = job->x.d - f + job->n_text - t;
    if (rest)
        fprintf(to, "  ... and %lld more columns (--json lists all)\n", (long long)rest);
}

static void print_constant(FILE *to, const info_job *job)
{
    int any = 0;
    for (int64_t f = 0; f < job->x.d; f++) {
        if (!constant(&job->column[f]) || any++ > 20)
            continue;
        fputs(any == 1 ? "\n  constant columns (they do not separate clusters): " : ", ", to);
        if (any > 20)
            fputs("...", to);
        else if (covey_table_name(job->table, f))
            cli_print_escaped(to, covey_table_name(job->table, f));
        else
            fprintf(to, "%lld", (long long)file_number(job, f));
    }
    fputs(any ? "\n" : "", to);
}

static void print_table(FILE *to, const info_job *job)
{
    char n[32], size[32];
    int64_t height, width;
    covey_table_picture(job->table, &height, &width);
    cli_print_escaped(to, job->name);
    const int64_t columns = job->x.d + job->n_text;
    fprintf(to, ": %s row%s, %lld column%s", cli_count(job->x.n, n), job->x.n == 1 ? "" : "s",
            (long long)columns, columns == 1 ? "" : "s");
    if (job->n_text)
        fprintf(to, " (%lld of them text)", (long long)job->n_text);
    fprintf(to, ", %s, %s\n", covey_dtype_name(job->x.dtype),
            cli_size((double)job->x.n * (double)job->x.d * (double)covey_dtype_size(job->x.dtype), size));
    if (height)
        fprintf(to, "  a picture of %lld x %lld pixels (height x width); each pixel is a row\n",
                (long long)height, (long long)width);
    print_notes(to, covey_table_notes(job->table));
    print_columns(to, job);
    print_constant(to, job);
}

static void json_columns(cli_json *j, const info_job *job)
{
    cli_json_open(j, "columns", '[');
    for (int64_t f = 0; f < job->x.d; f++) {
        const facts *c = &job->column[f];
        cli_json_open(j, NULL, '{');
        cli_json_int(j, "column", file_number(job, f));
        cli_json_text(j, "name", covey_table_name(job->table, f));
        cli_json_real(j, "min", c->low);
        cli_json_real(j, "max", c->high);
        cli_json_real(j, "mean", c->mean);
        cli_json_bool(j, "constant", constant(c));
        cli_json_close(j, '}');
    }
    cli_json_close(j, ']');
    cli_json_open(j, "text_columns", '[');
    for (int64_t t = 0; t < job->n_text; t++) {
        cli_json_open(j, NULL, '{');
        cli_json_int(j, "column", job->text[t].number);
        cli_json_text(j, "name", *job->text[t].name ? job->text[t].name : NULL);
        cli_json_close(j, '}');
    }
    cli_json_close(j, ']');
}

static void json_table(FILE *to, const info_job *job)
{
    int64_t height, width;
    covey_table_picture(job->table, &height, &width);
    cli_json j = {.to = to};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "file", job->path);
    cli_json_text(&j, "kind", "table");
    cli_json_int(&j, "rows", job->x.n);
    cli_json_int(&j, "rows_left_out", covey_table_n_dropped(job->table) + covey_table_n_skipped(job->table));
    cli_json_int(&j, "features", job->x.d);
    cli_json_text(&j, "dtype", covey_dtype_name(job->x.dtype));
    if (height) {
        cli_json_int(&j, "picture_height", height);
        cli_json_int(&j, "picture_width", width);
    }
    json_columns(&j, job);
    cli_json_close(&j, '}');
}

static int read_failed(const covey_error *err)
{
    if (cli_stop_asked())
        return cli_stop_code();
    return cli_fail(err, cli_read_hint(err));
}

static int on_read(void *user, int64_t done, int64_t total)
{
    (void)user;
    cli_bar(total > 0 ? (double)done / (double)total : -1, "reading");
    return cli_stop_asked() != 0;
}

static int write_result(const info_job *job, const covey_model_file *model)
{
    const int json = cli_given(job->a, OPT_JSON);
    cli_text_result text;
    if (cli_text_open(&text))
        return 5;
    if (model && json)
        cli_json_model(text.to, job->path, model);
    else if (model)
        cli_print_model(text.to, job->name, model);
    else if (json)
        json_table(text.to, job);
    else
        print_table(text.to, job);
    return cli_text_close(&text, cli_text(job->a, OPT_OUTPUT, "-"), cli_given(job->a, OPT_FORCE));
}

static int info_table(info_job *job)
{
    covey_read_options options;
    covey_error err = {.column = -1};
    int code = cli_read_options(job->a, &options);
    if (code)
        return code;
    if (!cli_given(job->a,
                   OPT_MISSING)) /* describe what is there; the notes say how many rows were left out */
        options.missing = COVEY_MISSING_DROP;
    options.progress = on_read;
    if (options.use_mmap)
        cli_stop_on_shrinking(job->name);
    const covey_status status = read_numbers(job, &options, &err);
    cli_bar_clear();
    if (status != COVEY_OK)
        return read_failed(&err);
    job->x = covey_table_matrix(job->table);
    job->column = calloc((size_t)(job->x.d ? job->x.d : 1), sizeof *job->column);
    if (!job->column) {
        cli_say(SAY_ERROR, "out of memory");
        return 5;
    }
    learn(job);
    return write_result(job, NULL);
}

/* The first bytes: a model is a zip or starts with a brace. */
static int may_be_model(const info_job *job)
{
    unsigned char first[4] = {0};
    if (job->bytes) {
        memcpy(first, job->bytes, job->n_bytes < 4 ? job->n_bytes : 4);
    } else {
        const int fd = open(job->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
            return 0;
        if (read(fd, first, sizeof first) < 0)
            first[0] = 0;
        close(fd);
    }
    return memcmp(first, "PK\3\4", 4) == 0 || first[0] == '{';
}

static int info_any(info_job *job)
{
    if (may_be_model(job)) {
        covey_model_file *file = NULL;
        covey_error err = {0};
        const covey_status status =
            job->bytes ? covey_model_load_memory(job->bytes, job->n_bytes, job->name, &file, &err)
                       : covey_model_load(job->path, &file, &err);
        if (status == COVEY_OK) {
            const int code = write_result(job, file);
            covey_model_file_free(file);
            return code;
        }
        /* A zip of plain arrays is a table. A damaged model is reported as such, not as a strange table. */
        if (status != COVEY_ERR_FORMAT || !strstr(err.message, "not a covey model"))
            return cli_fail(&err, NULL);
    }
    return info_table(job);
}

int cli_info(const cli_arguments *a)
{
    info_job job = {.a = a};
    job.path = cli_input_path(a, 0);
    if (!job.path)
        return 2;
    const int standard = strcmp(job.path, "-") == 0;
    job.name = standard ? "standard input" : job.path;
    cli_stop_at_once(1);
    int code = cli_outputs_check(a, &job.path, 1, NULL);
    if (!code && standard)
        code = cli_slurp(job.path, cli_bytes(a, OPT_MEMORY_LIMIT, 0), &job.bytes, &job.n_bytes);
    if (!code)
        code = info_any(&job);
    covey_table_free(job.table);
    free(job.column);
    free(job.text);
    free(job.bytes);
    return code;
}
