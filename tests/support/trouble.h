/*
 * Small fits that are full of trouble (exact ties, repeated rows and centers, grids, far origins, one huge row, as many clusters
 * as rows, weights of zero, stopped runs), by a pinned plan and by plan "canonical": the same bytes.
 */
#ifndef COVEY_TESTS_TROUBLE_H
#define COVEY_TESTS_TROUBLE_H

#include "covey/covey.h"

#include "support/splitmix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UNIFORM, BELL, BLOBS, GRID, COPIES, FAR, HUGE_ROW, TINY, LINE, KINDS };

typedef struct data {
    int kind;
    int64_t n, d, k;
    bool f32, weighted;
    bool spread; /* every second value of the stored matrix is the data's: rows that have to be converted */
    double *x, *weights;
    float *x32;
} data;

static inline double value(int kind, int64_t blob, int64_t f)
{
    switch (kind) {
    case GRID:
        return (double)below(4);
    case FAR:
        return 1e6 + bell();
    case TINY:
        return 1e-30 * bell();
    case BLOBS:
        return (double)((blob * 7919 + f * 104729 + blob * f * 31) % 13) * 8 + bell();
    case LINE:
        return f == 0 ? 100 * uniform() : 0.5;
    case UNIFORM:
        return uniform();
    default:
        return bell();
    }
}

static inline data make(int kind, int64_t n, int64_t d, int64_t k)
{
    data m = {.kind = kind,
              .n = n,
              .d = d,
              .k = k,
              .f32 = below(2) != 0,
              .weighted = below(4) == 0,
              .spread = below(6) == 0};
    m.x = malloc((size_t)(2 * n * d) * sizeof(double));
    m.x32 = malloc((size_t)(n * d) * sizeof(float));
    m.weights = malloc((size_t)n * sizeof(double));
    for (int64_t i = 0; i < n; i++) {
        const int64_t blob = below(k + 1), copy = kind == COPIES && i > 5 ? below(i) : i;
        for (int64_t f = 0; f < d; f++)
            m.x[i * d + f] = copy < i ? m.x[copy * d + f] : value(kind, blob, f);
        m.weights[i] = i == 0 ? 1 : below(3) == 0 ? 0 : 3 * uniform();
    }
    if (kind == HUGE_ROW)
        m.x[below(n) * d] = below(2) ? 1e9 : 1e30;
    for (int64_t a = 0; a < n * d; a++) {
        m.x32[a] = (float)m.x[a];
        m.x[a] = m.f32 ? (double)m.x32[a] : m.x[a];
    }
    for (int64_t a = n * d - 1; m.spread && a >= 0; a--) {
        m.x[2 * a] = m.x[a];
        m.x[2 * a + 1] = 1e9;
    }
    return m;
}

static inline void drop(data *m)
{
    free(m->x);
    free(m->x32);
    free(m->weights);
}

/* Everything that a caller can see of a fit. */
typedef struct outcome {
    covey_status status;
    int32_t *labels;
    double *centers;
    covey_report report;
} outcome;

typedef struct how {
    const char *plan, *isa;
    int32_t threads;
    size_t budget;
    int64_t stop; /* after so many iterations of the second run, by the progress callback; 0: never */
} how;

static inline int stop_there(void *user, const covey_progress *progress)
{
    const how *h = user;
    return progress->detail == 1 && progress->run == 1 && progress->iteration == h->stop;
}

static inline outcome fit(const data *m, const covey_fit_options *options, const how *h)
{
    outcome o = {.labels = malloc((size_t)m->n * sizeof(int32_t)),
                 .centers = malloc((size_t)(m->k * m->d) * sizeof(double))};
    covey_matrix x;
    if (m->f32 && !m->spread)
        x = covey_matrix_dense(m->x32, COVEY_DTYPE_FLOAT32, m->n, m->d);
    else
        x = covey_matrix_dense(m->x, COVEY_DTYPE_FLOAT64, m->n, m->d);
    if (m->spread) {
        x.row_stride *= 2;
        x.col_stride *= 2;
    }
    covey_run run;
    covey_run_init(&run);
    run.plan = h->plan;
    run.isa = h->isa;
    run.threads = h->threads;
    run.accelerator_budget = h->budget;
    if (h->stop > 0) {
        run.verbosity = 1;
        run.progress = stop_there;
        run.user = (void *)(uintptr_t)h;
    }
    covey_report_init(&o.report);
    covey_model *model = NULL;
    covey_error err;
    o.status = covey_model_fit(&x, m->weighted ? m->weights : NULL, options, &run, o.labels, &o.report,
                               &model, &err);
    if (o.status == COVEY_OK)
        memcpy(o.centers, covey_model_centers(model), (size_t)(m->k * m->d) * sizeof(double));
    covey_model_free(model);
    return o;
}

static inline void drop_outcome(outcome *o)
{
    free(o->labels);
    free(o->centers);
}

static inline covey_fit_options draw_options(const data *m)
{
    covey_fit_options options;
    covey_fit_options_init(&options, COVEY_ALGORITHM_KMEANS);
    options.n_clusters = m->k;
    options.init = below(3) == 0 ? COVEY_SEED_PLUSPLUS : COVEY_SEED_RANDOM;
    options.n_init = 1 + below(3);
    options.max_iter = 2 + below(30);
    options.tol = below(2) ? 0 : 1e-4;
    options.seed = (uint32_t)draw();
    options.center_dtype = below(3) == 0 ? COVEY_DTYPE_FLOAT32 : COVEY_DTYPE_FLOAT64;
    return options;
}

static inline void describe(const data *m, const how *h)
{
    print_message("kind %d n %d d %d k %d %s%s threads %d isa %s budget %zu\n", m->kind, (int)m->n, (int)m->d,
                  (int)m->k, m->f32 ? "float32" : "float64", m->weighted ? " weighted" : "", (int)h->threads,
                  h->isa != NULL ? h->isa : "best", h->budget);
}

static inline bool same(const data *m, const outcome *a, const outcome *b)
{
    if (a->status != COVEY_OK) /* more clusters than rows with weight: both refuse */
        return a->status == b->status;
    return b->status == COVEY_OK && a->report.n_iter == b->report.n_iter &&
           a->report.stop_reason == b->report.stop_reason && a->report.best_run == b->report.best_run &&
           memcmp(&a->report.inertia, &b->report.inertia, sizeof(double)) == 0 &&
           memcmp(a->labels, b->labels, (size_t)m->n * sizeof(int32_t)) == 0 &&
           memcmp(a->centers, b->centers, (size_t)(m->k * m->d) * sizeof(double)) == 0;
}

/* One canonical fit, then the plan in several ways. Returns the evaluations that it saved, of *full. */
static inline int64_t compare(const data *m, const how *ways, int n_ways, int64_t *full)
{
    const covey_fit_options options = draw_options(m);
    const how plain = {.plan = "canonical", .threads = 1, .budget = SIZE_MAX, .stop = ways[0].stop};
    outcome expected = fit(m, &options, &plain);
    int64_t saved = 0;
    for (int w = 0; w < n_ways; w++) {
        outcome got = fit(m, &options, &ways[w]);
        if (!same(m, &expected, &got)) {
            describe(m, &ways[w]);
            fail_msg("%s differs from the canonical plan", ways[w].plan);
        }
        if (got.status != COVEY_OK) {
            drop_outcome(&got);
            continue;
        }
        assert_string_equal(got.report.plan, ways[w].plan);
        if (options.n_init == 1) /* else threads may run restarts side by side, which label the result once more */
            assert_int_equal(got.report.n_distances_full, expected.report.n_distances_full);
        saved += got.report.n_distances_full - got.report.n_distances;
        *full += got.report.n_distances_full;
        drop_outcome(&got);
    }
    drop_outcome(&expected);
    return saved;
}

static const char *const levels[] = {"portable", "avx2", "avx512", "neon"};
static const int32_t widths[] = {1, 2, 3, 7};

static inline how draw_way(const char *plan)
{
    how h = {.plan = plan, .threads = widths[below(4)], .budget = SIZE_MAX};
    do
        h.isa = levels[below(4)];
    while (covey_isa_available(h.isa) != 1);
    return h;
}

#endif
