#include "info_model.h"

#include "console.h"
#include "json.h"
#include "summary.h"

#include <math.h>
#include <string.h>

/* A table of centers wider or longer than this helps nobody; --json lists all. */
enum { MOST_CENTERS = 30, MOST_FEATURES = 8 };

/* One coordinate of a center in the units of the input. */
static double unscaled(const covey_model *m, const covey_model_info *info, int64_t j, int64_t f)
{
    const double value = covey_model_centers(m)[j * covey_model_n_features(m) + f];
    return info->offset ? value * info->factor[f] + info->offset[f] : value;
}

static const char *stop_words(const char *stop)
{
    static const char *const words[][2] = {{"strict", "converged: no label changed any more"},
                                           {"tol", "converged: the centers moved less than the tolerance"},
                                           {"no_improvement", "converged: the batches got no better"},
                                           {"max_iter", "not converged: stopped at the limit of iterations"},
                                           {"cancelled", "not converged: stopped on request"},
                                           {"time", "not converged: stopped at the time limit"}};
    for (size_t i = 0; stop && i < sizeof words / sizeof *words; i++) {
        if (strcmp(stop, words[i][0]) == 0)
            return words[i][1];
    }
    return "how it stopped is not known";
}

static void print_figures(FILE *to, const covey_model *m, const covey_model_info *info)
{
    char a[32];
    if (info->n_rows > 0)
        fprintf(to, "  fitted on   %s rows\n", cli_count(info->n_rows, a));
    fprintf(to, "  inertia     %s%s\n", cli_number(info->inertia, a),
            info->offset ? "  (in scaled units)" : "");
    if (info->total_ss > 0)
        fprintf(to, "  explained   %.1f %% of the variance\n", 100 * (1 - info->inertia / info->total_ss));
    fprintf(to, "  iterations  %lld; %s\n", (long long)info->n_iter, stop_words(info->stop));
    fprintf(to, "  seed        %lu\n", (unsigned long)info->seed);
    fprintf(to, "  scaling     %s\n", info->scale ? info->scale : "none");
    fprintf(to, "  centers     %s\n", covey_dtype_name(covey_model_center_dtype(m)));
}

static void print_centers(FILE *to, const covey_model *m, const covey_model_info *info)
{
    const int64_t k = covey_model_n_clusters(m), d = covey_model_n_features(m);
    char number[32];
    if (k > MOST_CENTERS || d > MOST_FEATURES)
        return;
    fprintf(to, "\n  center");
    for (int64_t f = 0; f < d; f++)
        fprintf(to, "  %12lld", (long long)f + 1);
    fputc('\n', to);
    for (int64_t j = 0; j < k; j++) {
        fprintf(to, "  %6lld", (long long)j);
        for (int64_t f = 0; f < d; f++)
            fprintf(to, "  %12s", cli_about(unscaled(m, info, j, f), number));
        fputc('\n', to);
    }
}

void cli_print_model(FILE *to, const char *name, const covey_model_file *file)
{
    const covey_model *m = covey_model_file_model(file);
    const covey_model_info *info = covey_model_file_info(file);
    const int64_t k = covey_model_n_clusters(m), d = covey_model_n_features(m);
    cli_print_escaped(to, name);
    fprintf(to, ": %s model, %lld cluster%s of %lld feature%s\n\n",
            info->algorithm ? info->algorithm : "kmeans", (long long)k, k == 1 ? "" : "s", (long long)d,
            d == 1 ? "" : "s");
    print_figures(to, m, info);
    for (int64_t f = 0; info->names && f < d && f < 50; f++) {
        fprintf(to, f ? ", " : "  features    ");
        cli_print_escaped(to, info->names[f]);
    }
    fputs(info->names ? (d > 50 ? ", ...\n" : "\n") : "", to);
    if (info->sizes) {
        fputc('\n', to);
        cli_print_sizes(to, info->sizes, k, info->n_rows);
    }
    print_centers(to, m, info);
}

static void json_reals(cli_json *j, const char *name, const double *values, int64_t n)
{
    if (!values) {
        cli_json_text(j, name, NULL);
        return;
    }
    cli_json_open(j, name, '[');
    for (int64_t i = 0; i < n; i++)
        cli_json_real(j, NULL, values[i]);
    cli_json_close(j, ']');
}

static void json_names(cli_json *j, const covey_model_info *info, int64_t d)
{
    if (!info->names) {
        cli_json_text(j, "names", NULL);
        return;
    }
    cli_json_open(j, "names", '[');
    for (int64_t f = 0; f < d; f++)
        cli_json_text(j, NULL, info->names[f]);
    cli_json_close(j, ']');
}

void cli_json_model(FILE *to, const char *path, const covey_model_file *file)
{
    const covey_model *m = covey_model_file_model(file);
    const covey_model_info *info = covey_model_file_info(file);
    const int64_t k = covey_model_n_clusters(m), d = covey_model_n_features(m);
    cli_json j = {.to = to};
    cli_json_open(&j, NULL, '{');
    cli_json_text(&j, "file", path);
    cli_json_text(&j, "kind", "model");
    cli_json_text(&j, "algorithm", info->algorithm);
    cli_json_int(&j, "clusters", k);
    cli_json_int(&j, "features", d);
    json_names(&j, info, d);
    cli_json_int(&j, "rows", info->n_rows);
    cli_json_real(&j, "inertia", info->inertia);
    cli_json_real(&j, "total_ss", info->total_ss);
    cli_json_real(&j, "explained", info->total_ss > 0 ? 1 - info->inertia / info->total_ss : NAN);
    cli_json_int(&j, "iterations", info->n_iter);
    cli_json_text(&j, "stop", info->stop);
    cli_json_int(&j, "seed", info->seed);
    cli_json_text(&j, "center_dtype", covey_dtype_name(covey_model_center_dtype(m)));
    cli_json_text(&j, "scale", info->scale ? info->scale : "none");
    json_reals(&j, "scale_offset", info->offset, d);
    json_reals(&j, "scale_factor", info->factor, d);
    if (info->sizes)
        cli_json_ints(&j, "sizes", info->sizes, k);
    cli_json_open(&j, "centers", '['); /* in the units of the input */
    for (int64_t c = 0; c < k; c++) {
        cli_json_open(&j, NULL, '[');
        for (int64_t f = 0; f < d; f++)
            cli_json_real(&j, NULL, unscaled(m, info, c, f));
        cli_json_close(&j, ']');
    }
    cli_json_close(&j, ']');
    cli_json_close(&j, '}');
}
