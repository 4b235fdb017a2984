/* What this processor and operating system can run. */
#ifndef CVI_KERNELS_CPU_H
#define CVI_KERNELS_CPU_H

#include <stdbool.h>

/* The instruction sets that kernels are compiled for, lowest first: a machine may have a higher one and lack a lower. */
typedef enum cvi_isa {
    CVI_ISA_PORTABLE = 0,
    CVI_ISA_AVX2,
    CVI_ISA_AVX2_VNNI,
    CVI_ISA_AVX512,
    CVI_ISA_AVX512_VNNI,
    CVI_ISA_NEON,
    CVI_ISA_NEON_DOT,
    CVI_ISA_COUNT
} cvi_isa;

/* Both the processor and the system (saved registers) must offer it. */
bool cvi_cpu_can(cvi_isa isa);

#endif
