/*
 * Cluster rows in memory, then ask for the clusters of rows that were not fitted.
 *
 *     cc cluster_blobs.c $(pkg-config --cflags --libs covey) && ./a.out
 */
#include <covey/covey.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 3000, D = 2, K = 4 };

int main(void)
{
    static double x[N * D];
    static int32_t labels[N];
    covey_error err;
    covey_random random;
    covey_random_seed(&random, 0);
    if (covey_make_blobs(&random, N, D, K, NULL, NULL, NULL, 1, x, NULL, &err) != COVEY_OK) {
        fprintf(stderr, "%s\n", err.message);
        return EXIT_FAILURE;
    }

    /* A view of the rows, the options, and one call. */
    const covey_matrix rows = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, D);
    covey_fit_options options;
    covey_fit_options_init(&options, COVEY_ALGORITHM_KMEANS);
    options.n_clusters = K;
    options.seed = 42;
    covey_report report;
    covey_report_init(&report);
    covey_model *model;
    if (covey_model_fit(&rows, NULL, &options, NULL, labels, &report, &model, &err) != COVEY_OK) {
        fprintf(stderr, "%s\n", err.message);
        return EXIT_FAILURE;
    }
    printf("%" PRId64 " iterations, inertia %.6g, %.1f %% of the variance explained\n", report.n_iter, report.inertia,
           100 * (1 - report.inertia / report.total_ss));

    /* Two rows that the fit has not seen. */
    const double seen_later[2 * D] = {0, 0, 5, -5};
    const covey_matrix queries = covey_matrix_dense(seen_later, COVEY_DTYPE_FLOAT64, 2, D);
    int32_t nearest[2];
    double sqdist[2];
    if (covey_model_predict(model, &queries, NULL, nearest, sqdist, &err) != COVEY_OK) {
        fprintf(stderr, "%s\n", err.message);
        covey_model_free(model);
        return EXIT_FAILURE;
    }
    for (int i = 0; i < 2; i++) {
        const double *center = covey_model_centers(model) + (int64_t)nearest[i] * D;
        printf("(%g, %g) belongs to cluster %d around (%.3f, %.3f), squared distance %.3f\n", seen_later[i * D],
               seen_later[i * D + 1], nearest[i], center[0], center[1], sqdist[i]);
    }
    covey_model_free(model);
    return EXIT_SUCCESS;
}
