/* What every body includes: the slots, the name of the symbol to define, and the prototypes at this level. */
#ifndef CVI_KERNELS_BODY_H
#define CVI_KERNELS_BODY_H

#include "kernels/slots.h"
#include "kernels/vec/vec.h"

#define CVI_K_JOIN(name, isa) cvi_##name##_##isa
#define CVI_K_EXPAND(name, isa) CVI_K_JOIN(name, isa)
/* The symbol of a kernel at this level, e.g. cvi_canonical_rows_avx512. */
#define CVI_K(name) CVI_K_EXPAND(name, CVI_ISA)

#define CVI_SLOT_PROTOTYPE(result, name, parameters) result CVI_K(name) parameters;
CVI_SLOTS(CVI_SLOT_PROTOTYPE)
#undef CVI_SLOT_PROTOTYPE

#endif
