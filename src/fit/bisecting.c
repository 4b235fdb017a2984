#include "base/memory.h"
#include "fit/fit.h"
covey_status cvi_fit_bisecting(const cvi_fit_call *call, covey_error *err)
{
    (void)call;
    return cvi_fail(err, COVEY_ERR_UNSUPPORTED, "bisecting is not built yet");
}
