/* Which kernel table to use. */
#ifndef CVI_KERNELS_DISPATCH_H
#define CVI_KERNELS_DISPATCH_H

#include "covey/status.h"
#include "kernels/slots.h"

/* NULL: the best level under the process-wide cap. Else the named level, or the cap where that is lower.
 * Returns NULL for an unknown name and for a level that this machine or build lacks. */
const cvi_kernels *cvi_kernels_pick(const char *isa);

/* Is COVEY_ISA unset, or a known level that this machine has? Every public call that computes asks once. */
covey_status cvi_isa_check(covey_error *err);

/* Lower the process-wide cap (covey_isa_limit). */
covey_status cvi_isa_limit(const char *name, covey_error *err);

/* 1: can run here; 0: cannot; -1: unknown name. */
int cvi_isa_available(const char *name);

#endif
