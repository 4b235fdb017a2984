#include "kernels/cpu.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <stdint.h>

/* Register state that the system saves on a task switch (XCR0). */
enum { STATE_AVX = 0x06, STATE_AVX512 = 0xe6 };

static uint64_t saved_state(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

bool cvi_cpu_can(cvi_isa isa)
{
    unsigned a, b, c, d;
    if (isa == CVI_ISA_PORTABLE)
        return true;
    if (isa > CVI_ISA_AVX512_VNNI || !__get_cpuid(1, &a, &b, &c, &d))
        return false;
    const bool fma = (c & bit_FMA) != 0;
    if (!(c & bit_OSXSAVE) || !fma || !__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return false;
    const uint64_t state = saved_state();
    const unsigned avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    const bool has_avx2 = (b & bit_AVX2) && (state & STATE_AVX) == STATE_AVX;
    const bool has_avx512 = has_avx2 && (b & avx512) == avx512 && (state & STATE_AVX512) == STATE_AVX512;
    const bool avx512_vnni = (c & bit_AVX512VNNI) != 0;
    switch (isa) {
    case CVI_ISA_AVX2:
        return has_avx2;
    case CVI_ISA_AVX2_VNNI:
        return has_avx2 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 4);
    case CVI_ISA_AVX512:
        return has_avx512;
    default:
        return has_avx512 && avx512_vnni;
    }
}

#elif defined(__aarch64__)

#if defined(__linux__)
#include <sys/auxv.h>

static bool has_dot(void)
{
    return (getauxval(AT_HWCAP) & 1ul << 20) != 0; /* HWCAP_ASIMDDP */
}
#else
static bool has_dot(void)
{
#if defined(__ARM_FEATURE_DOTPROD)
    return true;
#else
    return false;
#endif
}
#endif

bool cvi_cpu_can(cvi_isa isa)
{
    return isa == CVI_ISA_PORTABLE || isa == CVI_ISA_NEON || (isa == CVI_ISA_NEON_DOT && has_dot());
}

#else

bool cvi_cpu_can(cvi_isa isa)
{
    return isa == CVI_ISA_PORTABLE;
}

#endif
