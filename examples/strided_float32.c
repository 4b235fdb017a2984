/*
 * Cluster part of an array of records without copying it: float32 values with a stride. The labels are those of a
 * float64 copy of the same values.
 *
 *     cc strided_float32.c $(pkg-config --cflags --libs covey) && ./a.out
 */
#include <covey/covey.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct particle {
    int id;
    float position[3]; /* what is clustered */
    float charge;
} particle;

enum { N = 2000, K = 5 };

static int fit(const covey_matrix *rows, int32_t *labels)
{
    covey_fit_options options;
    covey_fit_options_init(&options, COVEY_ALGORITHM_KMEANS);
    options.n_clusters = K;
    covey_error err;
    covey_model *model;
    if (covey_model_fit(rows, NULL, &options, NULL, labels, NULL, &model, &err) != COVEY_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 0;
    }
    covey_model_free(model);
    return 1;
}

int main(void)
{
    static particle particles[N];
    static double copy[N][3];
    static int32_t labels[N], labels_of_copy[N];
    covey_random random;
    covey_random_seed(&random, 1);
    for (int i = 0; i < N; i++) {
        particles[i].id = i;
        for (int f = 0; f < 3; f++) {
            particles[i].position[f] = (float)(covey_random_normal(&random) + 6 * (i % K));
            copy[i][f] = particles[i].position[f];
        }
    }

    /* The view starts at the first record's position; the next row is one record away. */
    covey_matrix rows = covey_matrix_dense(particles[0].position, COVEY_DTYPE_FLOAT32, N, 3);
    rows.row_stride = sizeof(particle);
    const covey_matrix rows_of_copy = covey_matrix_dense(copy, COVEY_DTYPE_FLOAT64, N, 3);
    if (!fit(&rows, labels) || !fit(&rows_of_copy, labels_of_copy))
        return EXIT_FAILURE;
    const int same = memcmp(labels, labels_of_copy, sizeof labels) == 0;
    printf("particle 0 is in cluster %d; labels of the float64 copy are %s\n", labels[0], same ? "the same" : "different");
    return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
