/* Run the fits of a golden file through the public calls and compare; every line that differs is printed. */
#ifndef COVEY_TESTS_GOLDEN_FITS_H
#define COVEY_TESTS_GOLDEN_FITS_H

#include "support/golden.h"

#include <math.h>

/* The table as the line's element type: float32 copies are made here. */
static inline covey_matrix golden_typed(const golden_table *t, const char *line, float **copy)
{
    *copy = NULL;
    if (!golden_is(line, "dtype", "float32"))
        return golden_view(t);
    *copy = golden_memory((size_t)(t->n * t->d) * sizeof(float));
    for (int64_t i = 0; i < t->n * t->d; i++)
        (*copy)[i] = (float)t->x[i];
    return covey_matrix_dense(*copy, COVEY_DTYPE_FLOAT32, t->n, t->d);
}

static inline covey_fit_options golden_options(const char *line)
{
    covey_fit_options options;
    covey_fit_options_init(&options, COVEY_ALGORITHM_KMEANS);
    options.n_clusters = golden_int(line, "k");
    options.seed = (uint32_t)golden_int(line, "seed");
    options.init = golden_is(line, "init", "random") ? COVEY_SEED_RANDOM : COVEY_SEED_PLUSPLUS;
    options.n_init = golden_int(line, "n_init");
    options.tol = golden_real(line, "tol");
    options.max_iter = golden_int(line, "max_iter");
    return options;
}

/* @return 1 if the fit of a line ends as it says, else 0 after printing what differs */
static inline int golden_fit_agrees(const char *line, const golden_table *table, const covey_run *run)
{
    float *copy;
    const covey_matrix x = golden_typed(table, line, &copy);
    double *weights = golden_weights(golden_text(line, "weights"), x.n);
    const covey_fit_options options = golden_options(line);
    int32_t *labels = golden_memory((size_t)x.n * sizeof(int32_t));
    int32_t *predicted = golden_memory((size_t)x.n * sizeof(int32_t));
    covey_report report;
    covey_report_init(&report);
    covey_model *model = NULL;
    covey_error err;
    int agrees = 1;

    covey_status status = covey_model_fit(&x, weights, &options, run, labels, &report, &model, &err);
    if (status == COVEY_OK)
        status = covey_model_predict(model, &x, run, predicted, NULL, &err);
    if (status != COVEY_OK) {
        printf("row %s: status %d: %s\n", golden_text(line, "row"), status, err.message);
        agrees = 0;
    } else {
        const uint32_t crc = golden_crc(labels, (size_t)x.n * sizeof(int32_t));
        const double inertia = golden_real(line, "inertia"), rtol = golden_real(line, "rtol");
        if (crc != golden_hex(line, "crc") || report.n_iter != golden_int(line, "n_iter") ||
            !(fabs(report.inertia - inertia) <= rtol * inertia)) {
            printf("row %s: n_iter %lld, inertia %.17g, crc %08x; expected %s\n", golden_text(line, "row"),
                   (long long)report.n_iter, report.inertia, crc, line);
            agrees = 0;
        }
        if (memcmp(labels, predicted, (size_t)x.n * sizeof(int32_t)) != 0) {
            printf("row %s: predict gives other labels than the fit\n", golden_text(line, "row"));
            agrees = 0;
        }
    }
    covey_model_free(model);
    free(predicted);
    free(labels);
    free(weights);
    free(copy);
    return agrees;
}

/* @return how many lines of a file differ; *out_lines: how many there are */
static inline int golden_fits_differ(const char *file, const covey_run *run, int *out_lines)
{
    FILE *stream = golden_open(file);
    static char line[GOLDEN_LINE], name[64];
    golden_table table = {NULL, 0, 0};
    int differ = 0;
    name[0] = 0;
    *out_lines = 0;
    while (golden_line(stream, line)) {
        if (!golden_is(line, "data", name)) {
            snprintf(name, sizeof name, "%s", golden_text(line, "data"));
            free(table.x);
            table = golden_data(name, NULL);
        }
        differ += !golden_fit_agrees(line, &table, run);
        ++*out_lines;
    }
    free(table.x);
    fclose(stream);
    return differ;
}

#endif
