/*
 * Restarts: n_init runs of Lloyd's algorithm from different starts, and the choice of the best.
 *
 * Runs follow each other, each with all threads, or, where a pass is too small to be shared out, stand side by side:
 *
 *     rooms   | run 0 | run 3 |   | run 4 ...        a run has one thread and a room of its own
 *             | run 1 |   | run 2 |   | run 5 ...
 *     slots     0 1 2 3 4 5 ...                      what a run starts from and leaves behind
 *
 * The generator is one stream that the runs draw from in turn.  What a run draws is known beforehand, so that its slot
 * holds the state (or the rows) that it would have found; the best is chosen when a round of slots is full, in the order
 * of the runs.  The result has the same bits either way.
 */
#ifndef CVI_FIT_RESTARTS_H
#define CVI_FIT_RESTARTS_H

#include "fit/starter.h"

/* What a run needs while it is under way. */
typedef struct cvi_run_room {
    cvi_fit_call call;   /* the fit's; side by side with the two below */
    cvi_request request; /* the generator is the slot's */
    cvi_job job;         /* one thread */
    cvi_job *fit_job;
    cvi_curve curve; /* the strategy and the seeding share it */
    cvi_lloyd lloyd;
    cvi_starter starter;
    double *published; /* [k][d] */
    bool used;         /* the starter knows the rows */
    cvi_lloyd_rest rest; /* one after the other: of the best run so far, for those that follow */
} cvi_run_room;

typedef enum cvi_run_state {
    CVI_RUN_WAITING = 0,
    CVI_RUN_EMPTY, /* stopped before the first iteration's end */
    CVI_RUN_HALF,  /* stopped later */
    CVI_RUN_REPEATED, /* on its way to the best run's clustering */
    CVI_RUN_WHOLE
} cvi_run_state;

typedef struct cvi_run_slot {
    covey_random random; /* side by side: the generator as the run finds it */
    int64_t *picks;      /* side by side, random starts: [k] the rows that it starts from */
    cvi_lloyd_run run;   /* with room for centers [k][d] and labels [n] */
    double inertia;
    cvi_run_state state;
} cvi_run_slot;

typedef struct cvi_restarts {
    /* Set by the fit */
    const cvi_fit_call *call;
    const cvi_rows *rows;
    const cvi_frame *frame;
    int64_t n, d, k, n_init;
    bool even; /* cvi_rows_even, where strategies ask for it */
    bool side_by_side;
    int n_rooms;
    cvi_run_room *rooms;
    int64_t n_slots;
    cvi_run_slot *slots;
    double *best_centers; /* [k][d] */
    int32_t *best_labels; /* [n]; NULL with one run: its slot has them */
    int32_t *seen;        /* [k] */
    cvi_lloyd_run best;   /* scalars of the chosen run */
    int64_t best_run, runs_made;
    double best_inertia;
    bool have_best;
} cvi_restarts;

/* Do runs side by side pay, and is what they draw known beforehand? */
bool cvi_restarts_pay(const cvi_restarts *restarts);

/* The job of a run side by side. */
void cvi_restarts_side_job(const cvi_restarts *restarts, cvi_job *side);

/* What a run's passes are about. job: the fit's or one of the above. */
cvi_problem cvi_restarts_problem(const cvi_restarts *restarts, cvi_job *job);

/* Take rooms and slots, for runs as side_by_side says. */
void cvi_restarts_take(cvi_restarts *restarts, const cvi_strategy *strategy, cvi_arena *arena);

/* Make the runs. COVEY_OK also when stopped. */
covey_status cvi_restarts_run(cvi_restarts *restarts, covey_error *err);

/* What the passes of all rooms did, and how many were whose. */
cvi_pass_counts cvi_restarts_counts(const cvi_restarts *restarts);
cvi_course cvi_restarts_course(const cvi_restarts *restarts);

/* labels of slot 0 = the nearest of centers [k][d]. */
void cvi_restarts_label(cvi_restarts *restarts, const double *centers);

/* Weighted sum of squared distances to published centers [k][d]. */
double cvi_restarts_inertia(cvi_run_room *room, const double *published, const int32_t *labels);

#endif
