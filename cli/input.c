#include "input.h"

#include "console.h"
#include "output.h"
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct reading {
    const char *name;
    double deadline;
    int out_of_time;
} reading;

const char *cli_input_path(const cli_arguments *a, int index)
{
    if (a->n_operands > index) {
        const char *path = a->operand[index];
        if (strcmp(path, "-") == 0 && isatty(STDIN_FILENO))
            cli_say(SAY_NOTE, "reading from the terminal; Ctrl-D ends the input");
        return path;
    }
    if (!isatty(STDIN_FILENO))
        return "-";
    cli_usage_error(a->verb, "no file given, and standard input is a terminal: covey %s %s", a->verb->name,
                    a->verb->operands);
    return NULL;
}

static int on_read(void *user, int64_t done, int64_t total)
{
    reading *r = user;
    char text[128], size[32], all[32];
    if (r->deadline > 0 && cli_now() > r->deadline) {
        r->out_of_time = 1;
        return 1;
    }
    if (cli_stop_asked())
        return 1;
    if (total > 0)
        snprintf(text, sizeof text, "reading %s of %s", cli_size((double)done, size),
                 cli_size((double)total, all));
    else
        snprintf(text, sizeof text, "reading %s", cli_size((double)done, size));
    cli_bar(total > 0 ? (double)done / (double)total : -1, text);
    return 0;
}

static int delimiter_of(const cli_arguments *a, char *out)
{
    static const struct {
        const char *word;
        char value;
    } words[] = {{"tab", '\t'},      {"\\t", '\t'},  {"comma", ','},
                 {"semicolon", ';'}, {"space", ' '}, {"pipe", '|'}};
    const char *text = cli_text(a, OPT_DELIMITER, NULL);
    *out = 0;
    if (!text)
        return 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i].word) == 0)
            *out = words[i].value;
    }
    if (!*out && strlen(text) == 1)
        *out = text[0];
    if (!*out || *out == '"' || *out == '\n' || *out == '\r' || *out == '.' || *out == '-' || *out == '+' ||
        (*out >= '0' && *out <= '9'))
        return cli_usage_error(
            a->verb,
            "--delimiter is '%s', but must be one character that no number contains, or tab, comma, "
            "semicolon, space, pipe",
            text);
    return 0;
}

int cli_read_options(const cli_arguments *a, covey_read_options *out)
{
    static const covey_header header[] = {COVEY_HEADER_AUTO, COVEY_HEADER_YES, COVEY_HEADER_NO};
    static const covey_missing missing[] = {COVEY_MISSING_ERROR, COVEY_MISSING_DROP, COVEY_MISSING_MEAN};
    static const covey_ragged ragged[] = {COVEY_RAGGED_ERROR, COVEY_RAGGED_SKIP, COVEY_RAGGED_FILL};
    covey_read_options_init(out);
    out->header = header[cli_choice(a, OPT_HEADER, 0)];
    out->missing = missing[cli_choice(a, OPT_MISSING, 0)];
    const int rule = cli_choice(a, OPT_RAGGED, 0);
    out->ragged = rule < 0 ? COVEY_RAGGED_QUARANTINE : ragged[rule];
    out->quarantine_path = rule < 0 ? cli_text(a, OPT_RAGGED, NULL) : NULL;
    out->quarantine_force = cli_given(a, OPT_FORCE);
    out->columns = cli_text(a, OPT_COLUMNS, NULL);
    out->weights = cli_text(a, OPT_WEIGHTS, NULL);
    out->member = cli_text(a, OPT_MEMBER, NULL);
    out->use_mmap = cli_given(a, OPT_MMAP);
    out->as_float32 = a->verb->id != VERB_TRANSFORM && cli_choice(a, OPT_DTYPE, 0) == 1;
    out->max_bytes = cli_bytes(a, OPT_MEMORY_LIMIT, 0);
    out->max_field_bytes = cli_bytes(a, OPT_MAX_FIELD, out->max_field_bytes);
    out->max_columns = cli_int(a, OPT_MAX_COLUMNS, out->max_columns);
    return delimiter_of(a, &out->delimiter);
}

const char *cli_read_hint(const covey_error *err)
{
    const char *text = err->message;
    if (err->status == COVEY_ERR_NONFINITE && err->column >= 0 && !strstr(text, "--missing") &&
        !strstr(text, "1e150"))
        return "--missing drop leaves such rows out, --missing mean puts the column's mean";
    if (err->status == COVEY_ERR_DTYPE && err->column >= 0 && !strstr(text, "--columns"))
        return "--columns chooses the columns to use, e.g. --columns 1-4 or --columns age,height";
    if (err->status == COVEY_ERR_LIMIT && !strstr(text, "--memory-limit"))
        return "--memory-limit was set; a larger one, fewer columns or --dtype float32 would do";
    return NULL;
}

int cli_fail_at(const cli_input *in, const covey_error *err)
{
    const int64_t i = err->row, f = err->column;
    if (i < 0 || i >= in->x.n || f < 0 || f >= in->x.d)
        return cli_fail(err, cli_read_hint(err));
    char value[32], column[96];
    if (in->names)
        snprintf(column, sizeof column, "column '%.80s'", in->names[f]);
    else
        snprintf(column, sizeof column, "feature %lld", (long long)f + 1);
    const double v = covey_matrix_value(&in->x, i, f);
    cli_say(SAY_ERROR, "%s: %s in row %lld, %s%s", in->name, cli_number(v, value),
            (long long)(in->file_rows ? in->file_rows[i] : i), column,
            fabs(v) > 1e150 && !isinf(v) ? ": beyond 1e150 squares overflow; scale the data" : "");
    if (!(fabs(v) > 1e150))
        cli_say(SAY_HINT, "%s", "--missing drop leaves such rows out, --missing mean puts the column's mean");
    return covey_status_exit_code(err->status);
}

static int slurp_fd(int fd, const char *name, size_t limit, char **out, size_t *n_out)
{
    size_t room = 1 << 16, used = 0;
    char *bytes = malloc(room);
    for (;;) {
        if (bytes && used == room) {
            char *more = room > SIZE_MAX / 2 ? NULL : realloc(bytes, room * 2);
            if (!more)
                free(bytes);
            bytes = more;
            room *= 2;
        }
        if (!bytes || (limit && used > limit)) {
            cli_say(SAY_ERROR, bytes ? "%s: larger than the memory limit" : "%s: out of memory", name);
            free(bytes);
            return 5;
        }
        const ssize_t got = read(fd, bytes + used, room - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            cli_say(SAY_ERROR, "%s: cannot read: %s", name, strerror(errno));
            free(bytes);
            return 4;
        }
        if (got == 0)
            break;
        used += (size_t)got;
    }
    *out = bytes;
    *n_out = used;
    return 0;
}

int cli_slurp(const char *path, size_t limit, char **out, size_t *n_out)
{
    if (strcmp(path, "-") == 0)
        return slurp_fd(STDIN_FILENO, "standard input", limit, out, n_out);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        cli_say(SAY_ERROR, "%s: cannot open: %s", path, strerror(errno));
        return 4;
    }
    const int code = slurp_fd(fd, path, limit, out, n_out);
    close(fd);
    return code;
}

/* What the reader decided, on one line. */
static void say_notes(const char *name, const char *notes)
{
    char line[2048];
    size_t used = 0;
    for (const char *p = notes; p && *p;) {
        const size_t n = strcspn(p, "\n");
        if (n && used + n + 3 < sizeof line)
            used += (size_t)snprintf(line + used, sizeof line - used, "%s%.*s", used ? " | " : "", (int)n, p);
        p += n + (p[n] == '\n');
    }
    if (used)
        cli_say(SAY_NOTE, "%s: %s", name, line);
}

static int collect(cli_input *in, double started)
{
    in->x = covey_table_matrix(in->table);
    in->weights = covey_table_weights(in->table);
    in->file_rows = covey_table_file_rows(in->table);
    in->n_file_rows = in->x.n + covey_table_n_dropped(in->table) + covey_table_n_skipped(in->table);
    in->table_bytes = (size_t)in->x.n * (size_t)in->x.d * covey_dtype_size(in->x.dtype) + in->n_bytes;
    in->seconds = cli_now() - started;
    if (in->x.d == 0 || !covey_table_name(in->table, 0))
        return 0;
    in->names = malloc((size_t)in->x.d * sizeof *in->names);
    if (!in->names) {
        cli_say(SAY_ERROR, "out of memory");
        return 5;
    }
    for (int64_t f = 0; f < in->x.d; f++)
        in->names[f] = covey_table_name(in->table, f);
    return 0;
}

static int read_failed(const reading *r, const covey_error *err)
{
    if (cli_stop_asked()) {
        cli_say(SAY_ERROR, "stopped while reading %s; nothing was found yet", r->name);
        return cli_stop_code();
    }
    if (r->out_of_time) {
        cli_say(SAY_ERROR, "the time limit was reached while reading %s; nothing was found yet", r->name);
        return 5;
    }
    return cli_fail(err, cli_read_hint(err));
}

static covey_status read_table(cli_input *in, const covey_read_options *options, covey_error *err)
{
    if (in->bytes)
        return covey_table_read_memory(in->bytes, in->n_bytes, in->name, options, &in->table, err);
    return covey_table_read(in->path, options, &in->table, err);
}

/* The preferred columns, or all of them if the file does not have those. */
static covey_status read_preferred(cli_input *in, covey_read_options *options, const char *prefer,
                                   covey_error *err)
{
    if (!options->columns && prefer) {
        options->columns = prefer;
        const covey_status status = read_table(in, options, err);
        if (status != COVEY_ERR_ARGUMENT)
            return status;
        options->columns = NULL;
    }
    return read_table(in, options, err);
}

int cli_input_read(const cli_arguments *a, const char *path, int keep_bytes, const char *prefer,
                   double deadline, cli_input *out)
{
    memset(out, 0, sizeof *out);
    out->path = path;
    out->name = strcmp(path, "-") == 0 ? "standard input" : path;
    const double started = cli_now();
    covey_read_options options;
    int code = cli_read_options(a, &options);
    if (code)
        return code;
    reading r = {out->name, deadline, 0};
    options.progress = on_read;
    options.user = &r;
    if (options.use_mmap)
        cli_stop_on_shrinking(out->name);
    /* Nothing has been found that is worth keeping, and a silent pipe would never notice a request: stop at
     * once. The one file that reading may be writing is taken care of by the reader itself. */
    const int at_once = options.ragged != COVEY_RAGGED_QUARANTINE;
    cli_stop_at_once(at_once);
    if (deadline > 0 && at_once)
        cli_stop_alarm(deadline > cli_now() ? deadline - cli_now() : 1e-6, out->name);
    covey_error err = {0};
    covey_status status = COVEY_OK;
    /* A stream cannot be read twice, so a second try needs its bytes. */
    const int again = prefer && !options.columns && strcmp(path, "-") == 0;
    if (keep_bytes || again)
        code = cli_slurp(path, options.max_bytes, &out->bytes, &out->n_bytes);
    if (!code)
        status = read_preferred(out, &options, prefer, &err);
    cli_stop_at_once(0);
    cli_stop_alarm(0, NULL);
    cli_bar_clear();
    if (status != COVEY_OK)
        code = read_failed(&r, &err);
    if (!code)
        code = collect(out, started);
    if (code) {
        cli_input_free(out);
        return code;
    }
    say_notes(out->name, covey_table_notes(out->table));
    return 0;
}

int cli_check_append(const cli_arguments *a, const cli_input *in, char delimiter)
{
    const unsigned char *bytes = (const unsigned char *)in->bytes;
    if (in->n_bytes >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return cli_usage_error(
            a->verb,
            "--append copies plain CSV, but %s is compressed; unpack it: gzip -dc FILE | covey %s ...",
            in->name, a->verb->name);
    if (!delimiter)
        return cli_usage_error(
            a->verb, "--append needs a CSV, but %s is none; --labels writes the labels alone", in->name);
    return 0;
}

void cli_input_free(cli_input *input)
{
    covey_table_free(input->table);
    free((void *)input->names);
    free(input->bytes);
    memset(input, 0, sizeof *input);
}

int cli_memory_left(const cli_arguments *a, size_t used, size_t *left)
{
    const size_t limit = cli_bytes(a, OPT_MEMORY_LIMIT, 0);
    char l[32], u[32];
    *left = 0;
    if (!limit)
        return 0;
    if (used >= limit) {
        cli_say(SAY_ERROR, "the memory limit is %s, and the data alone take %s", cli_size((double)limit, l),
                cli_size((double)used, u));
        return 5;
    }
    *left = limit - used;
    return 0;
}
