#include "scale.h"

#include "console.h"
#include "input.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sum with the rounding error carried along (A. Neumaier, ZAMM 54, 1974): the same on every machine. */
typedef struct running_sum {
    double sum, error;
} running_sum;

static void add(running_sum *s, double value)
{
    const double total = s->sum + value;
    s->error += fabs(s->sum) >= fabs(value) ? (s->sum - total) + value : (value - total) + s->sum;
    s->sum = total;
}

static void standard(const double *column, int64_t n, double *offset, double *factor)
{
    running_sum s = {0, 0}, q = {0, 0};
    for (int64_t i = 0; i < n; i++)
        add(&s, column[i]);
    const double mean = (s.sum + s.error) / (double)n;
    for (int64_t i = 0; i < n; i++)
        add(&q, (column[i] - mean) * (column[i] - mean));
    *offset = mean;
    *factor = sqrt((q.sum + q.error) / (double)n); /* of the population, as scikit-learn's StandardScaler */
    /* A constant column whose mean is rounded would get a factor of pure rounding noise. */
    if (*factor <= 4e-16 * fabs(mean))
        *factor = 0;
}

static void minmax(const double *column, int64_t n, double *offset, double *factor)
{
    double low = column[0], high = column[0];
    for (int64_t i = 1; i < n; i++) {
        low = column[i] < low ? column[i] : low;
        high = column[i] > high ? column[i] : high;
    }
    *offset = low;
    *factor = high - low;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantile of sorted values, linear between neighbors (NumPy's default rule). */
static double quantile(const double *sorted, int64_t n, double q)
{
    const double at = q * (double)(n - 1);
    const int64_t i = (int64_t)at;
    const double next = i + 1 < n ? sorted[i + 1] : sorted[i];
    return sorted[i] + (at - (double)i) * (next - sorted[i]);
}

static void robust(double *column, int64_t n, double *offset, double *factor)
{
    qsort(column, (size_t)n, sizeof *column, by_value);
    *offset = quantile(column, n, 0.5);
    *factor = quantile(column, n, 0.75) - quantile(column, n, 0.25);
}

int cli_scale_learn(const covey_matrix *x, const char *how, cli_scale *out)
{
    memset(out, 0, sizeof *out);
    out->how = how;
    out->d = x->d;
    if (strcmp(how, "none") == 0 || x->n < 1 || x->d < 1)
        return 0;
    double *column = malloc((size_t)x->n * sizeof *column);
    out->offset = malloc((size_t)x->d * sizeof *out->offset);
    out->factor = malloc((size_t)x->d * sizeof *out->factor);
    if (!column || !out->offset || !out->factor) {
        free(column);
        cli_scale_free(out);
        cli_say(SAY_ERROR, "out of memory while scaling");
        return 5;
    }
    for (int64_t f = 0; f < x->d; f++) {
        for (int64_t i = 0; i < x->n; i++)
            column[i] = covey_matrix_value(x, i, f);
        if (strcmp(how, "standard") == 0)
            standard(column, x->n, &out->offset[f], &out->factor[f]);
        else if (strcmp(how, "minmax") == 0)
            minmax(column, x->n, &out->offset[f], &out->factor[f]);
        else
            robust(column, x->n, &out->offset[f], &out->factor[f]);
        if (!(out->factor[f] > 0))
            out->factor[f] = 1;
    }
    free(column);
    return 0;
}

void cli_scale_free(cli_scale *scale)
{
    free(scale->offset);
    free(scale->factor);
    scale->offset = scale->factor = NULL;
}

int cli_scale_apply(const double *offset, const double *factor, const covey_matrix *x, covey_matrix *out,
                    double **buffer)
{
    *buffer = NULL;
    *out = *x;
    if (!offset || x->n < 1 || x->d < 1)
        return 0;
    const size_t n = (size_t)x->n, d = (size_t)x->d;
    double *z = d && n > SIZE_MAX / sizeof *z / d ? NULL : malloc(n * d * sizeof *z);
    if (!z) {
        cli_say(SAY_ERROR, "out of memory for a scaled copy of %lld x %lld numbers", (long long)x->n,
                (long long)x->d);
        return 5;
    }
    for (int64_t i = 0; i < x->n; i++) {
        for (int64_t f = 0; f < x->d; f++)
            z[(size_t)i * d + (size_t)f] = (covey_matrix_value(x, i, f) - offset[f]) / factor[f];
    }
    *buffer = z;
    *out = covey_matrix_dense(z, COVEY_DTYPE_FLOAT64, x->n, x->d);
    return 0;
}

void cli_scale_undo(const double *offset, const double *factor, double *values, int64_t n, int64_t d)
{
    if (!offset)
        return;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t f = 0; f < d; f++)
            values[i * d + f] = values[i * d + f] * factor[f] + offset[f];
    }
}
