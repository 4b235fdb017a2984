#include "api/enter.h"

#include "assign/strategy.h"
#include "base/memory.h"

covey_status cvi_enter(cvi_job *job, const covey_run *run, const cvi_kernels **kernels, covey_error *err)
{
    covey_status status = cvi_isa_check(err);
    if (status == COVEY_OK)
        status = cvi_job_enter(job, run, err);
    if (status != COVEY_OK)
        return status;
    const char *isa = job->run.isa, *plan = job->run.plan;
    *kernels = cvi_kernels_pick(isa);
    if (*kernels == NULL) {
        const int known = covey_isa_available(isa);
        status = known < 0 ? cvi_fail(err, COVEY_ERR_ARGUMENT, "isa '%s' is unknown; one of portable, avx2, avx2-vnni, avx512, avx512-vnni, neon, neon-dot", isa)
                           : cvi_fail(err, COVEY_ERR_UNSUPPORTED, "this machine or build cannot run isa '%s'", isa);
    } else if (plan != NULL && !cvi_plan_known(plan)) {
        char names[256];
        cvi_plan_names(names, sizeof names);
        status = cvi_fail(err, COVEY_ERR_ARGUMENT, "plan '%s' is unknown; one of %s", plan, names);
    }
    if (status != COVEY_OK)
        cvi_job_leave(job);
    return status;
}
