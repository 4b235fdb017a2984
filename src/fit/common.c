/* Small steps that several algorithms share. */
#include "fit/fit.h"
#include "model/use.h"

#include <stdio.h>
#include <string.h>

covey_status cvi_call_frame(const cvi_fit_call *call, cvi_frame *frame, cvi_arena *small, covey_error *err)
{
    cvi_frame_take(frame, call->x->d, small);
    const covey_status status = cvi_arena_allocate(small, call->job->run.allocator, call->job->run.memory_limit, err);
    if (status == COVEY_OK)
        cvi_frame_take(frame, call->x->d, small);
    return status;
}

covey_status cvi_call_publish(const cvi_fit_call *call, covey_model *model, covey_error *err)
{
    covey_report *report = call->report;
    const covey_status status = cvi_model_label(model, call->kernels, call->x, call->weights, call->job, call->labels,
                                                &report->inertia, &report->n_distinct, err);
    if (status != COVEY_OK) {
        covey_model_free(model);
        return status;
    }
    report->stop_reason = COVEY_STOP_STRICT;
    report->converged = 1;
    *call->out = model;
    return COVEY_OK;
}

void cvi_given_centers(const covey_matrix *centers, covey_frame frame, const double *mean, double *out)
{
    for (int64_t j = 0; j < centers->n; j++) {
        double *c = out + j * centers->d;
        cvi_matrix_row(centers, j, c);
        for (int64_t f = 0; frame == COVEY_FRAME_DATA && f < centers->d; f++)
            c[f] -= mean[f];
    }
}

int64_t cvi_count_distinct(const int32_t *labels, int64_t n, int64_t k, int32_t *seen)
{
    int64_t distinct = 0;
    memset(seen, 0, (size_t)k * sizeof *seen);
    for (int64_t i = 0; i < n && distinct < k; i++) {
        distinct += seen[labels[i]] == 0;
        seen[labels[i]] = 1;
    }
    return distinct;
}

double cvi_total_ss(const cvi_rows *rows, const cvi_frame *frame, double *row, double *mean)
{
    const int64_t n = rows->n, d = rows->d;
    if (rows->weights == NULL)
        return frame->sq_total * (double)n;
    double mass = 0, total = 0;
    memset(mean, 0, (size_t)d * sizeof *mean);
    for (int64_t i = 0; i < n; i++) {
        const double w = cvi_rows_weight(rows, i);
        cvi_rows_dense(rows, i, row);
        mass += w;
        for (int64_t f = 0; f < d; f++)
            mean[f] += w * (row[f] - frame->column_mean[f]);
    }
    for (int64_t f = 0; f < d; f++)
        mean[f] = frame->column_mean[f] + mean[f] / mass;
    for (int64_t i = 0; i < n; i++) {
        double sq = 0;
        cvi_rows_dense(rows, i, row);
        for (int64_t f = 0; f < d; f++)
            sq += (row[f] - mean[f]) * (row[f] - mean[f]);
        total += cvi_rows_weight(rows, i) * sq;
    }
    return total;
}

void cvi_report_plan(covey_report *report, const cvi_strategy *strategy, const cvi_course *course)
{
    const double full = (double)report->n_distances_full, made = (double)report->n_distances;
    const size_t size = sizeof report->note;
    snprintf(report->plan, sizeof report->plan, "%s", strategy->name);
    int used = snprintf(report->note, size, "%s: %s", strategy->name, strategy->about != NULL ? strategy->about : "");
    if (course != NULL && course->made_beside > 0 && used > 0 && (size_t)used < size)
        used += snprintf(report->note + used, size - (size_t)used, "; %lld of %lld passes by brute force, %s",
                         (long long)course->made_beside, (long long)course->made,
                         course->rests > 0 ? "which the clock found faster" : "where its memory would not have paid");
    if (full > 0 && used > 0 && (size_t)used < size)
        snprintf(report->note + used, size - (size_t)used,
                 "; %.3g of %.3g distances made (%.1f %%), %lld rows decided by the exact score", made, full, 100 * made / full,
                 (long long)report->n_repaired);
}
