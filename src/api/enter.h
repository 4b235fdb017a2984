/* What every computing call does first. */
#ifndef CVI_API_ENTER_H
#define CVI_API_ENTER_H

#include "base/job.h"
#include "data/prepare.h"
#include "kernels/dispatch.h"

/* Check run, pick the kernels, start the job. On COVEY_OK cvi_job_leave must follow. */
covey_status cvi_enter(cvi_job *job, const covey_run *run, const cvi_kernels **kernels, covey_error *err);

#endif
