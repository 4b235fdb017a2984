#include "base/machine.h"
#include "covey/progress.h"

#include <string.h>

void covey_run_init_sized(covey_run *run, size_t size)
{
    covey_run defaults;
    memset(&defaults, 0, sizeof defaults);
    /* An older caller's struct is shorter: write no further. A newer one's unknown fields are 0. */
    memset(run, 0, size);
    defaults.size = size < sizeof defaults ? size : sizeof defaults;
    defaults.accelerator_budget = SIZE_MAX;
    memcpy(run, &defaults, defaults.size);
}

int32_t covey_threads_limit(int32_t threads)
{
    return cvi_machine_lower_cap(threads);
}

int32_t covey_threads_default(void)
{
    int32_t threads;
    if (cvi_machine_threads(&threads, NULL) != COVEY_OK)
        threads = cvi_machine_processors(); /* the call that uses it will name the bad variable */
    const int32_t cap = covey_threads_limit(0);
    return cap > 0 && threads > cap ? cap : threads;
}

void covey_threads_set_default(int32_t threads)
{
    cvi_machine_set_default_threads(threads);
}
