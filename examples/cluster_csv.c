/*
 * From file to file: read a table, cluster it, save the model, load it again and label the table with it.
 *
 *     cc cluster_csv.c $(pkg-config --cflags --libs covey-io covey) && ./a.out data/iris.csv 1-4 3 model.npz
 */
#include <covey/covey.h>
#include <covey/io.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Save to path, replacing what is there once everything has been written. */
static covey_status save(const covey_model *model, const char *path, covey_error *err)
{
    covey_sink *sink;
    covey_status status = covey_sink_open(path, 1, &sink, err);
    if (status != COVEY_OK)
        return status;
    status = covey_model_save(model, NULL, COVEY_FORMAT_NPZ, sink, err);
    if (status != COVEY_OK) {
        covey_sink_abandon(sink);
        return status;
    }
    return covey_sink_close(sink, err);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: %s TABLE COLUMNS K MODEL\n", argv[0]);
        return 2;
    }
    covey_error err;
    covey_table *table = NULL;
    covey_model *model = NULL;
    covey_model_file *file = NULL;
    int32_t *labels = NULL;

    covey_read_options reading;
    covey_read_options_init(&reading);
    reading.columns = argv[2];
    covey_status status = covey_table_read(argv[1], &reading, &table, &err);
    if (status != COVEY_OK)
        goto done;
    const covey_matrix rows = covey_table_matrix(table);
    printf("%s: %" PRId64 " rows, %" PRId64 " features\n", argv[1], rows.n, rows.d);

    covey_fit_options options;
    covey_fit_options_init(&options, COVEY_ALGORITHM_KMEANS);
    options.n_clusters = atoi(argv[3]);
    options.seed = 42;
    covey_report report;
    covey_report_init(&report);
    status = covey_model_fit(&rows, NULL, &options, NULL, NULL, &report, &model, &err);
    if (status != COVEY_OK)
        goto done;
    printf("inertia %.14g after %" PRId64 " iterations\n", report.inertia, report.n_iter);

    status = save(model, argv[4], &err);
    if (status == COVEY_OK)
        status = covey_model_load(argv[4], &file, &err);
    if (status != COVEY_OK)
        goto done;
    labels = malloc(sizeof *labels * (size_t)rows.n);
    if (labels == NULL) {
        status = COVEY_ERR_MEMORY;
        snprintf(err.message, sizeof err.message, "no memory for the labels");
        goto done;
    }
    status = covey_model_predict(covey_model_file_model(file), &rows, NULL, labels, NULL, &err);
    if (status == COVEY_OK)
        printf("the first row is in cluster %d, the last in cluster %d\n", labels[0], labels[rows.n - 1]);

done:
    if (status != COVEY_OK)
        fprintf(stderr, "%s\n", err.message);
    free(labels);
    covey_model_file_free(file);
    covey_model_free(model);
    covey_table_free(table);
    return covey_status_exit_code(status);
}
