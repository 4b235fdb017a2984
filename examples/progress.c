/*
 * Watch a fit and stop it: the callback runs on the calling thread, and what has been found by then is the result.
 *
 *     cc progress.c $(pkg-config --cflags --libs covey) && ./a.out
 */
#include <covey/covey.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 20000, D = 8, K = 30 };

/* Stop after as many iterations as user points at. */
static int watch(void *user, const covey_progress *progress)
{
    const int64_t *enough = user;
    if (progress->phase != COVEY_PHASE_ITERATE || !progress->detail)
        return 0; /* a heartbeat: go on */
    printf("iteration %2" PRId64 ": %5" PRId64 " rows changed, inertia %.8g\n", progress->iteration, progress->n_changed,
           progress->inertia);
    return progress->iteration >= *enough;
}

int main(void)
{
    double *x = malloc(sizeof(double) * N * D);
    if (x == NULL)
        return EXIT_FAILURE;
    covey_random random;
    covey_random_seed(&random, 7);
    for (int i = 0; i < N * D; i++)
        x[i] = covey_random_double(&random);

    int64_t enough = 5;
    covey_run run;
    covey_run_init(&run);
    run.threads = 2;
    run.verbosity = 1; /* tell every iteration, with its inertia */
    run.progress = watch;
    run.user = &enough;
    covey_fit_options options;
    covey_fit_options_init(&options, COVEY_ALGORITHM_KMEANS);
    options.n_clusters = K;
    const covey_matrix rows = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, D);
    covey_report report;
    covey_report_init(&report);
    covey_error err;
    covey_model *model;
    const covey_status status = covey_model_fit(&rows, NULL, &options, &run, NULL, &report, &model, &err);
    free(x);
    if (status != COVEY_OK) { /* COVEY_ERR_CANCELLED if nothing was complete yet */
        fprintf(stderr, "%s\n", err.message);
        return EXIT_FAILURE;
    }
    printf("stopped %s after %" PRId64 " iterations with inertia %.8g\n",
           report.stop_reason == COVEY_STOP_CANCELLED ? "on request" : "by itself", report.n_iter, report.inertia);
    covey_model_free(model);
    return report.stop_reason == COVEY_STOP_CANCELLED ? EXIT_SUCCESS : EXIT_FAILURE;
}
