#include "summary.h"

#include "console.h"
#include "json.h"

#include <math.h>
#include <string.h>

/* More clusters than this would push the figures off the screen. */
enum { MOST_LINES = 30, BAR = 30 };

const char *cli_algorithm_name(covey_algorithm algorithm)
{
    return algorithm == COVEY_ALGORITHM_MINIBATCH   ? "minibatch"
           : algorithm == COVEY_ALGORITHM_BISECTING ? "bisecting"
           : algorithm == COVEY_ALGORITHM_OPTIMAL   ? "optimal"
                                                    : "kmeans";
}

const char *cli_stop_name(covey_stop stop)
{
    switch (stop) {
    case COVEY_STOP_STRICT:
        return "strict";
    case COVEY_STOP_TOL:
        return "tol";
    case COVEY_STOP_MAX_ITER:
        return "max_iter";
    case COVEY_STOP_CANCELLED:
        return "cancelled";
    case COVEY_STOP_TIME:
        return "time";
    case COVEY_STOP_NO_IMPROVEMENT:
        return "no_improvement";
    }
    return "unknown";
}

void cli_print_sizes(FILE *to, const int64_t *sizes, int64_t k, int64_t n)
{
    char count[32];
    int64_t largest = 1;
    for (int64_t j = 0; j < k; j++)
        largest = sizes[j] > largest ? sizes[j] : largest;
    const int64_t shown = k > MOST_LINES ? MOST_LINES - 1 : k;
    fprintf(to, "  cluster         rows    share\n");
    for (int64_t j = 0; j < shown; j++) {
        fprintf(to, "  %7lld  %11s  %5.1f %%", (long long)j, cli_count(sizes[j], count),
                n ? 100.0 * (double)sizes[j] / (double)n : 0.0);
        const int bar = (int)lround((double)BAR * (double)sizes[j] / (double)largest);
        if (bar || sizes[j])
            fprintf(to, "  ");
        for (int b = 0; b < (bar || !sizes[j] ? bar : 1); b++)
            fputc('#', to);
        fputc('\n', to);
    }
    if (shown < k)
        fprintf(to, "  ... and %lld more (--json lists all)\n", (long long)(k - shown));
}

static const char *stop_words(const cli_summary *s, char *out, size_t size)
{
    const covey_report *r = s->report;
    char shift[32], tol[32];
    switch (r->stop_reason) {
    case COVEY_STOP_STRICT:
        if (s->options->algorithm == COVEY_ALGORITHM_OPTIMAL)
            return "no other clusters have less inertia";
        return "converged: no label changed any more";
    case COVEY_STOP_TOL:
        return "converged: the centers moved less than the tolerance";
    case COVEY_STOP_NO_IMPROVEMENT:
        return "converged: the batches got no better";
    case COVEY_STOP_MAX_ITER:
        snprintf(out, size, "not converged: stopped at the limit; last squared shift %s, tolerance %s",
                 cli_about(r->shift_sq, shift), cli_about(r->tol, tol));
        return out;
    case COVEY_STOP_CANCELLED:
        return "not converged: stopped on request, this is the best so far";
    case COVEY_STOP_TIME:
        return "not converged: the time limit was reached, this is the best so far";
    }
    return "";
}

static void print_head(const cli_summary *s, FILE *to)
{
    char n[32], d[32];
    cli_print_escaped(to, s->input->name);
    fprintf(to, ": %s rows, %s feature%s, %lld cluster%s\n\n", cli_count(s->input->x.n, n),
            cli_count(s->input->x.d, d), s->input->x.d == 1 ? "" : "s", (long long)s->options->n_clusters,
            s->options->n_clusters == 1 ? "" : "s");
}

static void print_figures(const cli_summary *s, FILE *to)
{
    const covey_report *r = s->report;
    char number[32], words[256], time[32];
    fprintf(to, "  inertia     %s%s\n", cli_number(r->inertia, number),
            s->scale->offset ? "  (in scaled units)" : "");
    if (r->total_ss > 0)
        fprintf(to, "  explained   %.1f %% of the variance\n", 100 * (1 - r->inertia / r->total_ss));
    else
        fprintf(to, "  explained   nothing to explain: all rows are equal\n");
    fprintf(to, "  iterations  %lld", (long long)r->n_iter);
    if (s->options->algorithm == COVEY_ALGORITHM_MINIBATCH)
        fprintf(to, " epochs, %lld batches", (long long)r->n_steps);
    fprintf(to, "; %s\n", stop_words(s, words, sizeof words));
    if (r->n_relocations)
        fprintf(to, "  refilled    %lld empty cluster%s on the way\n", (long long)r->n_relocations,
                r->n_relocations == 1 ? "" : "s");
    fprintf(to, "  start       ");
    cli_print_escaped(to, s->init);
    if (r->n_init > 1)
        fprintf(to, ", the best of %lld runs (number %lld)", (long long)r->n_init,
                (long long)r->best_run + 1);
    fprintf(to, "\n  seed        %lu\n", (unsigned long)r->seed);
    if (s->scale->offset)
        fprintf(to, "  scaling     %s\n", s->scale->how);
    if (s->input->weights) {
        fprintf(to, "  weights     column ");
        cli_print_escaped(to, cli_text(s->arguments, OPT_WEIGHTS, ""));
        fputc('\n', to);
    }
    if (s->input->n_file_rows > s->input->x.n)
        fprintf(to, "  left out    %lld of %lld rows of the file (their label is -1)\n",
                (long long)(s->input->n_file_rows - s->input->x.n), (long long)s->input->n_file_rows);
    fprintf(to, "  time        %s\n", cli_duration(s->seconds, time));
}

static void print_details(const cli_summary *s, FILE *to)
{
    const covey_report *r = s->report;
    char a[32], b[32], c[32], d[32], e[32];
    fprintf(to,
            "\n  reading     %s\n  checking    %s\n  seeding     %s\n  iterating   %s\n  finishing   %s\n",
            cli_duration(s->input->seconds, a), cli_duration(r->seconds_check, b),
            cli_duration(r->seconds_seed, c), cli_duration(r->seconds_iterate, d),
            cli_duration(r->seconds_finish, e));
    fprintf(to, "  plan        %s, %s, %d thread%s\n", r->plan, r->isa, (int)r->threads,
            r->threads == 1 ? "" : "s");
    if (r->note[0])
        fprintf(to, "              %s\n", r->note);
    if (r->n_distances_full > 0)
        fprintf(to, "  distances   %s of %s (%.1f %%)\n", cli_count(r->n_distances, a),
                cli_count(r->n_distances_full, b),
                100.0 * (double)r->n_distances / (double)r->n_distances_full);
    fprintf(to, "  memory      table %s; work %s planned, %s at most\n",
            cli_size((double)s->input->table_bytes, a), cli_size((double)r->bytes_planned, b),
            cli_size((double)r->bytes_peak, c));
}

void cli_summary_print(const cli_summary *s, FILE *to)
{
    print_head(s, to);
    cli_print_sizes(to, s->sizes, s->options->n_clusters, s->input->x.n);
    fputc('\n', to);
    print_figures(s, to);
    if (cli_verbose())
        print_details(s, to);
}

static void json_outputs(const cli_summary *s, cli_json *j)
{
    static const cli_option_id files[] = {OPT_MODEL, OPT_LABELS, OPT_CENTERS, OPT_APPEND, OPT_PICTURE};
    cli_json_open(j, "outputs", '{');
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (cli_given(s->arguments, files[i]))
            cli_json_text(j, cli_options[files[i]].name, cli_text(s->arguments, files[i], NULL));
    }
    cli_json_close(j, '}');
}

static void json_data(const cli_summary *s, cli_json *j)
{
    const cli_input *in = s->input;
    cli_json_text(j, "file", in->path);
    cli_json_int(j, "rows", in->x.n);
    cli_json_int(j, "rows_left_out", in->n_file_rows - in->x.n);
    cli_json_int(j, "features", in->x.d);
    cli_json_text(j, "dtype", covey_dtype_name(in->x.dtype));
    if (in->names) {
        cli_json_open(j, "names", '[');
        for (int64_t f = 0; f < in->x.d; f++)
            cli_json_text(j, NULL, in->names[f]);
        cli_json_close(j, ']');
    } else {
        cli_json_text(j, "names", NULL);
    }
    cli_json_text(j, "weights", cli_text(s->arguments, OPT_WEIGHTS, NULL));
    cli_json_text(j, "scale", s->scale->how);
}

static void json_result(const cli_summary *s, cli_json *j)
{
    const covey_report *r = s->report;
    cli_json_text(j, "algorithm", cli_algorithm_name(s->options->algorithm));
    cli_json_int(j, "clusters", s->options->n_clusters);
    cli_json_text(j, "init", s->init);
    cli_json_int(j, "n_init", r->n_init);
    cli_json_int(j, "best_run", r->best_run);
    cli_json_int(j, "seed", r->seed);
    cli_json_real(j, "inertia", r->inertia);
    cli_json_real(j, "total_ss", r->total_ss);
    cli_json_real(j, "explained", r->total_ss > 0 ? 1 - r->inertia / r->total_ss : NAN);
    cli_json_int(j, "iterations", r->n_iter);
    if (s->options->algorithm == COVEY_ALGORITHM_MINIBATCH)
        cli_json_int(j, "batches", r->n_steps);
    cli_json_bool(j, "converged", r->converged);
    cli_json_text(j, "stop", cli_stop_name(r->stop_reason));
    cli_json_real(j, "squared_shift", r->shift_sq);
    cli_json_real(j, "tolerance", r->tol);
    cli_json_int(j, "distinct_clusters", r->n_distinct);
    cli_json_int(j, "relocations", r->n_relocations);
    cli_json_int(j, "duplicate_centers", r->n_duplicate_centers);
    cli_json_ints(j, "sizes", s->sizes, s->options->n_clusters);
}

/* Whole nanoseconds: what is finer is noise of the clock. */
static void json_seconds(cli_json *j, const char *name, double seconds)
{
    cli_json_real(j, name, round(seconds * 1e9) / 1e9);
}

static void json_running(const cli_summary *s, cli_json *j)
{
    const covey_report *r = s->report;
    cli_json_int(j, "threads", r->threads);
    cli_json_text(j, "instruction_set", r->isa);
    cli_json_text(j, "plan", r->plan);
    cli_json_text(j, "note", r->note);
    cli_json_int(j, "distances", r->n_distances);
    cli_json_int(j, "distances_full", r->n_distances_full);
    cli_json_int(j, "repaired", r->n_repaired);
    cli_json_int(j, "table_bytes", (int64_t)s->input->table_bytes);
    cli_json_int(j, "bytes_planned", (int64_t)r->bytes_planned);
    cli_json_int(j, "bytes_peak", (int64_t)r->bytes_peak);
    cli_json_open(j, "seconds", '{');
    json_seconds(j, "read", s->input->seconds);
    json_seconds(j, "check", r->seconds_check);
    json_seconds(j, "seed", r->seconds_seed);
    json_seconds(j, "iterate", r->seconds_iterate);
    json_seconds(j, "finish", r->seconds_finish);
    json_seconds(j, "total", s->seconds);
    cli_json_close(j, '}');
}

void cli_summary_json(const cli_summary *s, FILE *to)
{
    cli_json j = {.to = to};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "covey", covey_version());
    json_data(s, &j);
    json_result(s, &j);
    json_running(s, &j);
    json_outputs(s, &j);
    cli_json_close(&j, '}');
}
