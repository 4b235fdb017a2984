#include "data/prepare.h"

#include "base/exact.h"

#include <math.h>
#include <string.h>

/* Squares of larger values, summed, could overflow. */
static const double MAX_ABS = 1e150;

void cvi_frame_take(cvi_frame *frame, int64_t d, cvi_arena *arena)
{
    frame->mean = cvi_arena_take(arena, d, sizeof(double));
    frame->column_mean = cvi_arena_take(arena, d, sizeof(double));
    frame->mean32 = cvi_arena_take(arena, d, sizeof(float));
    frame->magic = cvi_arena_take(arena, CVI_MAX_LEVELS * d, sizeof(double));
    frame->low = cvi_arena_take(arena, d, sizeof(double));
    frame->high = cvi_arena_take(arena, d, sizeof(double));
    frame->sq = cvi_arena_take(arena, d, sizeof(double));
    frame->limit = cvi_arena_take(arena, d, sizeof(double));
    frame->light = cvi_arena_take(arena, d, sizeof(int64_t));
}

/* --- one reading of dense rows, features shared out to the threads -------------------------------------------- */

typedef struct reading {
    cvi_frame *frame;
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    const double *origin;  /* spread: squares about this */
    int64_t start, count;  /* the rows of this round */
    int64_t width;         /* features a task */
    bool spread;           /* second reading: squares about the mean */
    atomic_int bad;
} reading;

/* A round is short enough for the heartbeat and, mostly, for the cache. Threads that take turns at lines closer
 * than LEAST_BYTES need up to twice the time of one. */
enum { ROUND_BYTES = 32 << 20, LEAST_BYTES = 256 };

static void read_features(void *context, int64_t index, int worker)
{
    (void)worker;
    reading *r = context;
    cvi_frame *frame = r->frame;
    const cvi_rows *rows = r->rows;
    const int64_t f = index * r->width;
    const int64_t d = rows->d - f < r->width ? rows->d - f : r->width;
    const char *start = (const char *)rows->x.data + r->start * rows->x.row_stride;
    if (rows->kind == CVI_ROWS_F64) {
        const double *x = (const double *)start + f;
        const int64_t stride = rows->x.row_stride / 8;
        if (r->spread)
            r->kernels->spread_f64(x, stride, r->count, d, r->origin + f, frame->limit + f, frame->sq + f, frame->light + f);
        else if (!r->kernels->scan_f64(x, stride, r->count, d, frame->sq + f, frame->low + f, frame->high + f))
            atomic_store(&r->bad, 1);
    } else {
        const float *x = (const float *)start + f;
        const int64_t stride = rows->x.row_stride / 4;
        if (r->spread)
            r->kernels->spread_f32(x, stride, r->count, d, r->origin + f, frame->limit + f, frame->sq + f, frame->light + f);
        else if (!r->kernels->scan_f32(x, stride, r->count, d, frame->sq + f, frame->low + f, frame->high + f))
            atomic_store(&r->bad, 1);
    }
}

/* Rows that need conversion, one at a time. */
static void read_converted(reading *r, double *row)
{
    cvi_frame *frame = r->frame;
    const int64_t d = r->rows->d;
    for (int64_t i = r->start; i < r->start + r->count; i++) {
        cvi_rows_dense(r->rows, i, row);
        if (r->spread)
            r->kernels->spread_f64(row, d, 1, d, r->origin, frame->limit, frame->sq, frame->light);
        else if (!r->kernels->scan_f64(row, d, 1, d, frame->sq, frame->low, frame->high))
            atomic_store(&r->bad, 1);
    }
}

/* Returns false when stopped. */
static bool read_all(reading *r, cvi_job *job, double *row)
{
    const cvi_rows *rows = r->rows;
    const int64_t d = rows->d;
    const int64_t row_bytes = d * 8;
    const int64_t step = ROUND_BYTES / row_bytes > 1024 ? ROUND_BYTES / row_bytes : 1024;
    /* One task a thread where the rows are wide enough. */
    r->width = (d + job->team.threads - 1) / job->team.threads;
    const int64_t least = LEAST_BYTES / (rows->kind == CVI_ROWS_F64 ? 8 : 4);
    r->width = (r->width + least - 1) / least * least;
    const int64_t tasks = (d + r->width - 1) / r->width;
    for (r->start = 0; r->start < rows->n; r->start += step) {
        r->count = rows->n - r->start < step ? rows->n - r->start : step;
        if (rows->kind == CVI_ROWS_CONVERT)
            read_converted(r, row);
        else
            cvi_parallel(&job->team, tasks, read_features, r);
        job->progress.fraction = (double)r->start / (double)rows->n;
        if (!cvi_job_tell(job, 0))
            return false;
    }
    return true;
}

/* numpy sums a single column pairwise: halves of multiples of 8 down to runs of 128 or fewer. */
static double column_sum(const cvi_rows *rows, int64_t start, int64_t n)
{
    if (n > 128) {
        int64_t half = n / 2;
        half -= half % 8;
        return column_sum(rows, start, half) + column_sum(rows, start + half, n - half);
    }
    double run[128];
    for (int64_t i = 0; i < n; i++)
        cvi_rows_dense(rows, start + i, run + i);
    return cvi_pairwise_sum(run, n, 1);
}

/* --- CSR: stored values only; zeros count for the range and the variance --------------------------------------- */

static bool read_sparse(cvi_frame *frame, const cvi_rows *rows)
{
    const int64_t d = rows->d;
    double *total = frame->limit; /* borrowed until the limits are set */
    int64_t *stored = frame->light;
    memset(total, 0, (size_t)d * sizeof *total);
    memset(stored, 0, (size_t)d * sizeof *stored);
    for (int64_t i = 0; i < rows->n; i++) {
        const cvi_sparse_row row = cvi_rows_sparse(rows, i);
        for (int64_t p = 0; p < row.count; p++) {
            const double v = cvi_sparse_value(rows, &row, p);
            const int64_t f = cvi_sparse_column(rows, &row, p);
            if (!(fabs(v) <= MAX_ABS))
                return false;
            total[f] += v;
            stored[f]++;
            if (v < frame->low[f])
                frame->low[f] = v;
            if (v > frame->high[f])
                frame->high[f] = v;
        }
    }
    for (int64_t f = 0; f < d; f++)
        frame->column_mean[f] = total[f] /= (double)rows->n;
    for (int64_t i = 0; i < rows->n; i++) {
        const cvi_sparse_row row = cvi_rows_sparse(rows, i);
        for (int64_t p = 0; p < row.count; p++) {
            const int64_t f = cvi_sparse_column(rows, &row, p);
            const double v = cvi_sparse_value(rows, &row, p) - total[f];
            frame->sq[f] += v * v;
        }
    }
    for (int64_t f = 0; f < d; f++) {
        frame->sq[f] += (double)(rows->n - stored[f]) * total[f] * total[f];
        frame->sq[f] = fmax(0, frame->sq[f]); /* columns that rows repeat may be stored more than n times */
        if (stored[f] == 0)
            frame->low[f] = frame->high[f] = 0;
    }
    return true;
}

/* --- the grid -------------------------------------------------------------------------------------------------- */

/* Smallest e with |v| < 2^e. */
static int exponent_above(double v)
{
    int e;
    if (v == 0)
        return -1022;
    frexp(v, &e); /* v = m 2^e with 0.5 <= m < 1 */
    return e;
}

static int bits_kept(int64_t n, int levels)
{
    int log2n = 0;
    while (log2n < 62 && ((int64_t)1 << log2n) < n)
        log2n++;
    const int a_level = 62 - log2n < 51 ? 62 - log2n : 51;
    return levels * a_level;
}

void cvi_grid_for_limits(cvi_frame *frame, const double *limits, int64_t n, int levels)
{
    const int64_t d = frame->grid.d;
    frame->grid.levels = levels;
    frame->grid.magic = frame->magic;
    for (int64_t f = 0; f < d; f++) {
        double magic[CVI_MAX_LEVELS];
        cvi_grid_magic(exponent_above(limits[f]), n, levels, magic);
        for (int l = 0; l < levels; l++)
            frame->magic[l * d + f] = magic[l];
    }
}

/* The same of stored values, whose zeros add nothing. */
static int64_t sparse_range(cvi_frame *frame, const cvi_rows *rows, bool count_light)
{
    int64_t light = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        const double w = cvi_rows_weight(rows, i);
        const cvi_sparse_row row = cvi_rows_sparse(rows, i);
        for (int64_t p = 0; p < row.count; p++) {
            const int64_t f = cvi_sparse_column(rows, &row, p);
            const double v = fabs(cvi_sparse_value(rows, &row, p) * w);
            if (count_light)
                light += v != 0 && v < frame->sq[f];
            else if (v > frame->limit[f])
                frame->limit[f] = v;
        }
    }
    return light;
}

/* Weighted addends w x' have a range of their own. Returns the number of light ones, as spread_* counts them. */
static int64_t weighted_range(cvi_frame *frame, const cvi_rows *rows, double *row, bool count_light)
{
    if (rows->kind == CVI_ROWS_CSR)
        return sparse_range(frame, rows, count_light);
    int64_t light = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        const double w = cvi_rows_weight(rows, i);
        if (w == 0)
            continue;
        cvi_rows_dense(rows, i, row);
        for (int64_t f = 0; f < rows->d; f++) {
            const double v = fabs((row[f] - frame->mean[f]) * w);
            if (count_light)
                light += v != 0 && v < frame->sq[f];
            else if (v > frame->limit[f])
                frame->limit[f] = v;
        }
    }
    return light;
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

static void set_mean(cvi_frame *frame, const cvi_rows *rows, bool centered)
{
    const int64_t d = rows->d;
    frame->centered = centered && rows->kind != CVI_ROWS_CSR;
    for (int64_t f = 0; f < d; f++) {
        const double sum = d == 1 && rows->kind != CVI_ROWS_CSR ? column_sum(rows, 0, rows->n) : frame->sq[f];
        if (rows->kind != CVI_ROWS_CSR)
            frame->column_mean[f] = sum / (double)rows->n;
        frame->mean[f] = frame->centered ? frame->column_mean[f] : 0.0;
        frame->mean32[f] = (float)frame->mean[f];
    }
}

/* Largest |x - m| of each feature. Rounding is monotonic, so it lies at an end of the range. */
static void set_limits(cvi_frame *frame, int64_t d)
{
    frame->max_abs = 0;
    for (int64_t f = 0; f < d; f++) {
        frame->limit[f] = fmax(fabs(frame->low[f] - frame->mean[f]), fabs(frame->high[f] - frame->mean[f]));
        frame->max_abs = fmax(frame->max_abs, fmax(fabs(frame->low[f]), fabs(frame->high[f])));
    }
}

/* From the sums of squares in frame->sq: their mean, and the sum of the means. */
static double mean_squares(cvi_frame *frame, int64_t d, int64_t n)
{
    double total = 0;
    for (int64_t f = 0; f < d; f++) {
        frame->sq[f] /= (double)n;
        total += frame->sq[f];
    }
    return total;
}

static covey_status check_range(const cvi_frame *frame, const cvi_rows *rows, double max_weight, covey_error *err)
{
    const double total = (double)rows->n * (double)rows->d * fmax(1, max_weight);
    if (frame->max_abs > 0 && 2 * log2(frame->max_abs) + log2(total) > 1019)
        return cvi_fail(err, COVEY_ERR_NONFINITE,
                        "values up to %g in x are too large: sums of their squares would overflow; scale the data",
                        frame->max_abs);
    return COVEY_OK;
}

/* First reading: finiteness, sums and range. sq holds the sums. */
static covey_status first_reading(cvi_frame *frame, const cvi_kernels *kernels, const cvi_rows *rows, cvi_job *job,
                                  double *row, covey_error *err)
{
    const int64_t d = rows->d;
    for (int64_t f = 0; f < d; f++) {
        frame->sq[f] = 0;
        frame->low[f] = INFINITY;
        frame->high[f] = -INFINITY;
    }
    if (rows->kind == CVI_ROWS_CSR)
        return read_sparse(frame, rows) ? COVEY_OK : cvi_matrix_check_values(&rows->x, "x", err);
    reading r = {.frame = frame, .kernels = kernels, .rows = rows};
    if (!read_all(&r, job, row))
        return cvi_job_stopped(job, err);
    if (atomic_load(&r.bad)) {
        const covey_status status = cvi_matrix_check_values(&rows->x, "x", err);
        return status != COVEY_OK ? status : cvi_fail(err, COVEY_ERR_INTERNAL, "x changed while it was read");
    }
    return COVEY_OK;
}

/* Squares about origin into frame->sq, light values into frame->light. */
static bool read_spread(cvi_frame *frame, const cvi_kernels *kernels, const cvi_rows *rows, const double *origin, cvi_job *job,
                        double *row)
{
    memset(frame->sq, 0, (size_t)rows->d * sizeof *frame->sq);
    memset(frame->light, 0, (size_t)rows->d * sizeof *frame->light);
    reading r = {.frame = frame, .kernels = kernels, .rows = rows, .origin = origin, .spread = true};
    return read_all(&r, job, row);
}

/* Further readings: squares about the origin and about the mean, and whether some addends are so small that two levels
 * would lose them. */
static covey_status second_reading(cvi_frame *frame, const cvi_kernels *kernels, const cvi_rows *rows, cvi_job *job,
                                   double *row, covey_error *err)
{
    const int64_t d = rows->d;
    const int spare = bits_kept(rows->n, 2) - 53;
    int64_t light = 0;
    double *limits = frame->limit;
    if (rows->kind != CVI_ROWS_CSR) {
        for (int64_t f = 0; f < d; f++)
            limits[f] = ldexp(1, exponent_above(limits[f]) - spare);
        if (!read_spread(frame, kernels, rows, frame->mean, job, row))
            return cvi_job_stopped(job, err);
        for (int64_t f = 0; f < d; f++)
            light += frame->light[f];
        frame->sq_spread = mean_squares(frame, d, rows->n);
        frame->sq_total = frame->sq_spread;
        if (!frame->centered) {
            if (!read_spread(frame, kernels, rows, frame->column_mean, job, row))
                return cvi_job_stopped(job, err);
            frame->sq_total = mean_squares(frame, d, rows->n);
        }
    } else {
        frame->sq_total = mean_squares(frame, d, rows->n);
        frame->sq_spread = frame->sq_total;
    }
    frame->variance = cvi_pairwise_sum(frame->sq, d, 1) / (double)d;
    set_limits(frame, d);
    if (rows->weights != NULL || rows->kind == CVI_ROWS_CSR) {
        memset(limits, 0, (size_t)d * sizeof *limits);
        weighted_range(frame, rows, row, false);
        for (int64_t f = 0; f < d; f++)
            frame->sq[f] = ldexp(1, exponent_above(limits[f]) - spare);
        light = weighted_range(frame, rows, row, true);
    }
    cvi_grid_for_limits(frame, limits, rows->n, light == 0 ? 2 : CVI_MAX_LEVELS);
    return COVEY_OK;
}

covey_status cvi_frame_prepare(cvi_frame *frame, const cvi_kernels *kernels, const cvi_rows *rows, bool centered,
                               cvi_job *job, covey_error *err)
{
    double max_weight = 1;
    frame->weight_sum = (double)rows->n;
    frame->grid.d = rows->d;
    if (rows->weights != NULL) {
        covey_status status = cvi_weights_check(rows->weights, rows->n, err);
        if (status != COVEY_OK)
            return status;
        frame->weight_sum = cvi_pairwise_sum(rows->weights, rows->n, 1);
        max_weight = 0;
        for (int64_t i = 0; i < rows->n; i++)
            max_weight = fmax(max_weight, rows->weights[i]);
    }
    frame->max_weight = max_weight;
    cvi_grid_magic(exponent_above(max_weight), rows->n, CVI_MAX_LEVELS, frame->mass_magic);
    double *row = cvi_allocate(job->run.allocator, (size_t)rows->d * sizeof *row);
    if (row == NULL)
        return cvi_fail(err, COVEY_ERR_MEMORY, "no memory for one row of %lld values", (long long)rows->d);
    covey_status status = first_reading(frame, kernels, rows, job, row, err);
    if (status == COVEY_OK) {
        set_mean(frame, rows, centered);
        set_limits(frame, rows->d);
        status = check_range(frame, rows, max_weight, err);
    }
    if (status == COVEY_OK)
        status = second_reading(frame, kernels, rows, job, row, err);
    cvi_release(job->run.allocator, row);
    return status;
}
