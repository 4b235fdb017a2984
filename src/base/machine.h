/* What the process may use: affinity, cgroup quota, environment. Read once, here alone. */
#ifndef CVI_BASE_MACHINE_H
#define CVI_BASE_MACHINE_H

#include "covey/status.h"

#include <stdint.h>

/* min(affinity mask, cgroup v1/v2 quota rounded up, COVEY_NUM_THREADS or else OMP_NUM_THREADS), at least 1;
 * or what covey_threads_set_default said. err if an environment variable is not a positive whole number
 * (OMP_NUM_THREADS may be a list "4,2": the first counts; a bad OMP_NUM_THREADS is ignored, a bad
 * COVEY_NUM_THREADS is an error). */
covey_status cvi_machine_threads(int32_t *out, covey_error *err);

/* What covey_threads_set_default and covey_threads_limit do. */
void cvi_machine_set_default_threads(int32_t threads);
int32_t cvi_machine_lower_cap(int32_t threads);

/* Processors that this process may use: min(affinity mask, quota rounded up), whatever the environment
 * wishes. */
int32_t cvi_machine_processors(void);

/* The value of COVEY_ISA at first use, or NULL. */
const char *cvi_machine_isa(void);

/* Monotonic clock in seconds. */
double cvi_clock(void);

/* Bytes of the L2 and L3 caches, with defaults (1 MiB, 8 MiB) where the system does not tell. */
int64_t cvi_machine_l2(void);
int64_t cvi_machine_l3(void);

/* Default floating-point environment (round to nearest, no flush to zero); restore gives back the caller's.
 */
typedef struct cvi_fpenv {
    unsigned char bytes[64];
} cvi_fpenv;
void cvi_fpenv_enter(cvi_fpenv *saved);
void cvi_fpenv_leave(const cvi_fpenv *saved);

/* Tests only: put before the path of every file that is read here; forget what was read. */
extern const char *cvi_machine_test_root;
void cvi_machine_test_reread(void);

#endif
