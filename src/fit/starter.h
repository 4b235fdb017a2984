/*
 * Where a run starts: rows drawn, centers given, or a callback's choice.
 */
#ifndef CVI_FIT_STARTER_H
#define CVI_FIT_STARTER_H

#include "fit/fit.h"
#include "seed/d2.h"

/* Initial centers from rows (a subset or all), in their frame. */
typedef struct cvi_starter {
    cvi_draw draw;
    cvi_plusplus plusplus;
    cvi_d2 d2;
    cvi_oversampling oversampling;
    const cvi_strategy *strategy; /* finds the nearest of many picks for the last two */
    void *state;
    cvi_problem problem; /* theirs: set by each run */
    cvi_frame frame;     /* only sq_spread, from a sample */
    double *near; /* [n] */
    int64_t *picks;
    const int64_t *drawn; /* random starts: the rows [k] if they are drawn already, or NULL */
} cvi_starter;
/* near: [rows->n], shared with whoever works between the runs. */
void cvi_starter_take(cvi_starter *starter, const cvi_rows *rows, const covey_fit_options *options, double *near, int threads,
                      cvi_arena *arena);
/* centers [k][d] in the frame. same_rows: the rows are those of the call before. false with *status COVEY_OK: stopped. */
bool cvi_starter_run(cvi_starter *starter, const cvi_fit_call *call, const cvi_rows *rows, bool same_rows, int64_t k,
                     int64_t run, double *centers, cvi_block *block, covey_status *status, covey_error *err);

/* The rows [k] of a random start. _ARGUMENT if fewer than k weights are positive. */
covey_status cvi_starter_draw(cvi_starter *starter, const cvi_rows *rows, int64_t k, covey_random *random, int64_t *picks,
                              covey_error *err);

#endif
