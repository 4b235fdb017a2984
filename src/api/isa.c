#include "covey/progress.h"

#include "kernels/dispatch.h"

covey_status covey_isa_limit(const char *name, covey_error *err)
{
    return cvi_isa_limit(name, err);
}

const char *covey_isa_name(void)
{
    return cvi_kernels_pick(NULL)->name;
}

int covey_isa_available(const char *name)
{
    return cvi_isa_available(name);
}
