/*
 * One public call while it runs: its threads, clock, limits, and what it tells the caller.
 */
#ifndef CVI_BASE_JOB_H
#define CVI_BASE_JOB_H

#include "base/machine.h"
#include "base/threads.h"
#include "covey/progress.h"

#include <stdbool.h>

typedef enum cvi_stop { CVI_STOP_NONE = 0, CVI_STOP_REQUEST, CVI_STOP_ABANDON, CVI_STOP_TIME } cvi_stop;

typedef struct cvi_job {
    covey_run run; /* the caller's, or the defaults */
    cvi_team team;
    cvi_stop_flag flag;
    cvi_stop stop; /* why flag was set; written on the calling thread only */
    double started, last_told, phase_started;
    double seconds[5]; /* spent in each covey_phase */
    covey_progress progress;
    cvi_fpenv fpenv;
} cvi_job;

/* Take over the caller's run (NULL: defaults), resolve the thread count, start the clock, enter the default
 * floating-point environment. On COVEY_OK cvi_job_leave must follow. */
covey_status cvi_job_enter(cvi_job *job, const covey_run *run, covey_error *err);
void cvi_job_leave(cvi_job *job);

/* A new phase begins. */
void cvi_job_phase(cvi_job *job, covey_phase phase);

/* Tell the caller (at most twenty times a second unless detail is 1, never again once it gave up) and look at the clock.
 * Returns false when the job has to stop. Calling thread only. */
bool cvi_job_tell(cvi_job *job, int detail);

/* From here on nothing stops the job: the last pass completes the state it already has. */
void cvi_job_shield(cvi_job *job);

/* The error of a job that stopped before it had anything to show. */
covey_status cvi_job_stopped(const cvi_job *job, covey_error *err);

double cvi_job_seconds(const cvi_job *job);

/* Split n items into tasks for the team: items a task, a multiple of unit, so that a task is worth about cost_hint
 * nanoseconds an item and there are enough of them to share. */
int64_t cvi_job_grain(const cvi_job *job, int64_t n, int64_t unit, double nanoseconds_an_item);

#endif
