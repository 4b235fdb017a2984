/*
 * A fit: everything that one call of covey_model_fit holds.  Plan, allocate, compute: plan.c sizes it, one arena carries
 * it, loop.c is the algorithm.
 */
#ifndef CVI_FIT_FIT_H
#define CVI_FIT_FIT_H

#include "assign/course.h"
#include "covey/model.h"
#include "covey/options.h"
#include "seed/seed.h"
#include "update/means.h"

/*
 * Where an earlier run over the same rows came to rest: every row of labels [n] has its nearest center there, which is the mean of
 * its rows.  A run that comes upon the same centers in any order has nothing to find any more.
 */
typedef struct cvi_lloyd_rest {
    const double *centers; /* [k][d], k <= CVI_REST_MAX_K; NULL: none */
    const int32_t *labels;
    bool checked, tied; /* tied: some row is as near to another center, so that their order matters */
} cvi_lloyd_rest;
enum { CVI_REST_MAX_K = 64 };

/* One run of Lloyd's algorithm: where it starts, and what came out. */
typedef struct cvi_lloyd_run {
    double *centers;      /* [k][d] in the frame; in: the start, out: the result */
    int32_t *labels;      /* [n] */
    double tol;           /* scaled */
    int64_t max_iter;
    cvi_lloyd_rest *rest; /* of an earlier run, or NULL */
    /* out */
    int64_t n_iter;
    covey_stop stop;
    double shift_sq;
    int64_t n_relocations;
    bool labels_follow; /* labels belong to `centers`, not to the centers before the last move */
    bool repeats;       /* given up on the way to the same clustering as rest: centers and labels are those of no pass */
    bool interrupted;   /* stopped inside an iteration: labels are those of no complete pass */
} cvi_lloyd_run;

/* The room that Lloyd's algorithm works in. */
typedef struct cvi_lloyd {
    cvi_problem problem;
    cvi_course course;
    cvi_sums sums;
    cvi_means means;
    double *spare;     /* [k][d] */
    double *assigned;  /* [k][d] the centers of the last complete pass */
    cvi_pass_counts counts;
    double last_inertia; /* debug builds: the objective after the last iteration */
} cvi_lloyd;

void cvi_lloyd_take(cvi_lloyd *lloyd, const cvi_problem *problem, const cvi_strategy *strategy, cvi_arena *arena);

/* Lloyd's algorithm from run->centers. Returns false if not even one iteration was completed. */
bool cvi_lloyd_fit(cvi_lloyd *lloyd, cvi_lloyd_run *run);

/* Fill the job's progress record after an iteration that assigned with `before`. */
void cvi_lloyd_record(cvi_lloyd *lloyd, const cvi_lloyd_run *run, const double *before);

/* labels = nearest of centers [k][d] (in the frame), unless they are already. Returns false if stopped. */
bool cvi_lloyd_label(cvi_lloyd *lloyd, const double *centers, int32_t *labels, bool labels_follow);

/* A checked copy of the options. */
typedef struct cvi_request {
    covey_fit_options options;
    int64_t n_init, max_iter;
    covey_random own; /* the generator when the caller brings none */
    covey_random *random;
} cvi_request;
covey_status cvi_request_check(cvi_request *request, const covey_matrix *x, const covey_fit_options *options, covey_error *err);

/* The algorithms behind covey_model_fit; every argument has been checked. */
typedef struct cvi_fit_call {
    const covey_matrix *x;
    const double *weights;
    cvi_request *request;
    cvi_job *job;
    const cvi_kernels *kernels;
    int32_t *labels;      /* the caller's, or NULL */
    covey_report *report; /* never NULL */
    covey_model **out;
    bool measure_only; /* only report->bytes_planned is wanted */
} cvi_fit_call;
covey_status cvi_fit_kmeans(const cvi_fit_call *call, covey_error *err);
covey_status cvi_fit_minibatch(const cvi_fit_call *call, covey_error *err);
covey_status cvi_fit_bisecting(const cvi_fit_call *call, covey_error *err);
covey_status cvi_fit_optimal(const cvi_fit_call *call, covey_error *err);

/* Room for the frame of a call's data, in an arena of its own: what the call will need is known from it. */
covey_status cvi_call_frame(const cvi_fit_call *call, cvi_frame *frame, cvi_arena *small, covey_error *err);

/* Label the rows by the model and hand it out with its inertia, as the result of a call that ended by itself. The model is freed if
 * that fails. */
covey_status cvi_call_publish(const cvi_fit_call *call, covey_model *model, covey_error *err);

/* Given centers [k][d] -> frame. */
void cvi_given_centers(const covey_matrix *centers, covey_frame frame, const double *mean, double *out);

/* Weighted sum of squared distances to the weighted mean: what one cluster would leave. row and mean [d] are scratch. */
double cvi_total_ss(const cvi_rows *rows, const cvi_frame *frame, double *row, double *mean);

/* What ran, in words: report->plan and report->note. The counts of distances must be set. course: NULL where every pass was
 * the strategy's. */
void cvi_report_plan(covey_report *report, const cvi_strategy *strategy, const cvi_course *course);

/* Different labels among n in [0, k). seen [k] is scratch. */
int64_t cvi_count_distinct(const int32_t *labels, int64_t n, int64_t k, int32_t *seen);

#endif
