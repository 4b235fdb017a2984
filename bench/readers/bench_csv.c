/* Time covey_table_read: bench_csv FILE [REPEATS]. Prints the best and the median wall time, and a sum to check by. */
#include "covey/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int repeats = argc > 2 ? atoi(argv[2]) : 5;
    double times[100], sum = 0;
    int64_t n = 0, d = 0;
    covey_read_options options;
    covey_read_options_init(&options);
    if (argc < 2 || repeats < 1 || repeats > 100)
        return 2;
    for (int r = 0; r < repeats; r++) {
        covey_table *table;
        covey_error err;
        double start = now();
        if (covey_table_read(argv[1], &options, &table, &err) != COVEY_OK) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        times[r] = now() - start;
        covey_matrix x = covey_table_matrix(table);
        n = x.n;
        d = x.d;
        sum = 0;
        for (int64_t i = 0; x.dtype == COVEY_DTYPE_FLOAT64 && i < n * d; i++)
            sum += ((const double *)x.data)[i];
        covey_table_free(table);
    }
    qsort(times, (size_t)repeats, sizeof *times, ascending);
    printf("covey  %lld x %lld  best %.3f s  median %.3f s  threads %d  sum %.17g\n", (long long)n, (long long)d, times[0],
           times[repeats / 2], covey_threads_default(), sum);
    return 0;
}
