/*
 * One table of kernels per instruction set, and the choice between them.
 *
 * Compile scheme: every body/ file is compiled once for each base level of the architecture with -DCVI_ISA=<level>
 * (portable, avx2, avx512 on x86-64; portable, neon on AArch64; portable elsewhere) and defines CVI_K(name) =
 * cvi_<name>_<level>.  The dot-product levels (avx2vnni, avx512vnni, neondot) differ from their base level in integer
 * kernels alone; their tables take every slot of this list from the base level, so nothing is compiled for them here.
 */
#include "kernels/dispatch.h"

#include "base/machine.h"
#include "base/memory.h"
#include "kernels/cpu.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#define DECLARE_PORTABLE(result, name, parameters) result cvi_##name##_portable parameters;
#define ENTRY_PORTABLE(result, name, parameters) .name = cvi_##name##_portable,
CVI_SLOTS(DECLARE_PORTABLE)
static const cvi_kernels portable = {.name = "portable", .slow_fma = true, CVI_SLOTS(ENTRY_PORTABLE)};

#if defined(__x86_64__)
#define DECLARE_AVX2(result, name, parameters) result cvi_##name##_avx2 parameters;
#define DECLARE_AVX512(result, name, parameters) result cvi_##name##_avx512 parameters;
#define ENTRY_AVX2(result, name, parameters) .name = cvi_##name##_avx2,
#define ENTRY_AVX512(result, name, parameters) .name = cvi_##name##_avx512,
CVI_SLOTS(DECLARE_AVX2)
CVI_SLOTS(DECLARE_AVX512)
static const cvi_kernels avx2 = {.name = "avx2", CVI_SLOTS(ENTRY_AVX2)};
static const cvi_kernels avx512 = {.name = "avx512", CVI_SLOTS(ENTRY_AVX512)};
/* The dot-product levels: the table of the level below, with the integer kernels replaced. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#if defined(CVI_HAVE_AVX2VNNI)
void cvi_dot8_panel_avx2vnni(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int groups,
                             int32_t *acc);
void cvi_seed_screen8_avx2vnni(const cvi_seed_screen8 *s, const uint8_t *tile, const int32_t *low, uint64_t *open);
static const cvi_kernels avx2_vnni = {
    .name = "avx2-vnni", CVI_SLOTS(ENTRY_AVX2).has_dot8 = true, .dot8_panel = cvi_dot8_panel_avx2vnni,
    .seed_screen8 = cvi_seed_screen8_avx2vnni};
#else
static const cvi_kernels avx2_vnni = {.name = "avx2-vnni", CVI_SLOTS(ENTRY_AVX2)};
#endif
#if defined(CVI_HAVE_AVX512VNNI)
void cvi_dot8_panel_avx512vnni(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int groups,
                             int32_t *acc);
void cvi_seed_screen8_avx512vnni(const cvi_seed_screen8 *s, const uint8_t *tile, const int32_t *low, uint64_t *open);
void cvi_dot8_two_avx512vnni(const int8_t *row, const uint8_t *a, const uint8_t *b, int64_t dq, int32_t *out);
uint64_t cvi_bounds8_avx512vnni(const int32_t *acc, const cvi_look8 *look, const cvi_panel8 *panel, float *threshold,
                                cvi_bounds8 *out);
uint64_t cvi_open8_avx512vnni(const int32_t *acc, int64_t count, const cvi_look8 *look, const cvi_panel8 *panel, float *least);
void cvi_quantize_row_avx512vnni(const float *x, int64_t d, int64_t dq, int8_t *q, cvi_row8 *out);
void cvi_quantize_rest_avx512vnni(const float *x, int64_t d, int64_t dq, const int8_t *q, float scale, int levels, int8_t *r,
                                  cvi_rest8 *out);
void cvi_dot8_fine_avx512vnni(const int8_t *row, const uint8_t *half, int64_t dq, const uint8_t *const *first,
                              const uint8_t *const *second, int64_t count, int32_t *out);
void cvi_gaps_set_avx512vnni(const float *rest, int64_t stride, const uint8_t *flagged, int64_t count, float score, float upper,
                             float *gap);
void cvi_half_scores_avx512vnni(const float *x, int64_t ld, const float *centers, const float *half_sqnorm, const int32_t *list,
                                int64_t count, float *out);
uint64_t cvi_integer_screen_avx512vnni(const cvi_integer *s, const int32_t *tile, const float *error, const float *norm,
                                       int32_t *scores, int32_t *label, int32_t *limit);
int64_t cvi_integer_pairs_avx512vnni(const int32_t *scores, const int32_t *limit, uint64_t open, int64_t groups, int64_t most,
                                     int32_t *pairs);
void cvi_pair_scores_avx512vnni(const float *rows, const float *centers, int64_t ld, const float *half_sqnorm,
                                const int32_t *pairs, int64_t count, float *out);
static const cvi_kernels avx512_vnni = {.name = "avx512-vnni",
                                        CVI_SLOTS(ENTRY_AVX512).has_dot8 = true,
                                        .has_integer = true,
                                        .dot8_panel = cvi_dot8_panel_avx512vnni,
                                        .dot8_two = cvi_dot8_two_avx512vnni,
                                        .quantize_row = cvi_quantize_row_avx512vnni,
                                        .bounds8 = cvi_bounds8_avx512vnni,
                                        .open8 = cvi_open8_avx512vnni,
                                        .quantize_rest = cvi_quantize_rest_avx512vnni,
                                        .dot8_fine = cvi_dot8_fine_avx512vnni,
                                        .gaps_set = cvi_gaps_set_avx512vnni,
                                        .half_scores = cvi_half_scores_avx512vnni,
                                        .seed_screen8 = cvi_seed_screen8_avx512vnni,
                                        .integer_screen = cvi_integer_screen_avx512vnni,
                                        .integer_pairs = cvi_integer_pairs_avx512vnni,
                                        .pair_scores = cvi_pair_scores_avx512vnni};
#else
static const cvi_kernels avx512_vnni = {.name = "avx512-vnni", CVI_SLOTS(ENTRY_AVX512)};
#endif
#pragma GCC diagnostic pop
#elif defined(__aarch64__)
#define DECLARE_NEON(result, name, parameters) result cvi_##name##_neon parameters;
#define ENTRY_NEON(result, name, parameters) .name = cvi_##name##_neon,
CVI_SLOTS(DECLARE_NEON)
static const cvi_kernels neon = {.name = "neon", CVI_SLOTS(ENTRY_NEON)};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#if defined(CVI_HAVE_NEONDOT)
void cvi_dot8_panel_neondot(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int groups,
                             int32_t *acc);
static const cvi_kernels neon_dot = {
    .name = "neon-dot", CVI_SLOTS(ENTRY_NEON).has_dot8 = true, .dot8_panel = cvi_dot8_panel_neondot};
#else
static const cvi_kernels neon_dot = {.name = "neon-dot", CVI_SLOTS(ENTRY_NEON)};
#endif
#pragma GCC diagnostic pop
#endif

typedef struct level {
    const char *name;
    const cvi_kernels *table; /* NULL: not in this build */
} level;

static const level levels[CVI_ISA_COUNT] = {
    [CVI_ISA_PORTABLE] = {"portable", &portable},
#if defined(__x86_64__)
    [CVI_ISA_AVX2] = {"avx2", &avx2},
    [CVI_ISA_AVX2_VNNI] = {"avx2-vnni", &avx2_vnni},
    [CVI_ISA_AVX512] = {"avx512", &avx512},
    [CVI_ISA_AVX512_VNNI] = {"avx512-vnni", &avx512_vnni},
    [CVI_ISA_NEON] = {"neon", NULL},
    [CVI_ISA_NEON_DOT] = {"neon-dot", NULL},
#else
    [CVI_ISA_AVX2] = {"avx2", NULL},
    [CVI_ISA_AVX2_VNNI] = {"avx2-vnni", NULL},
    [CVI_ISA_AVX512] = {"avx512", NULL},
    [CVI_ISA_AVX512_VNNI] = {"avx512-vnni", NULL},
#if defined(__aarch64__)
    [CVI_ISA_NEON] = {"neon", &neon},
    [CVI_ISA_NEON_DOT] = {"neon-dot", &neon_dot},
#else
    [CVI_ISA_NEON] = {"neon", NULL},
    [CVI_ISA_NEON_DOT] = {"neon-dot", NULL},
#endif
#endif
};

static const char LEVEL_NAMES[] = "portable, avx2, avx2-vnni, avx512, avx512-vnni, neon, neon-dot";

/* The cap that covey_isa_limit set. COVEY_ISA is a second one, read where it is needed. */
static atomic_int limit = CVI_ISA_COUNT - 1;

static int find(const char *name)
{
    for (int isa = 0; isa < CVI_ISA_COUNT; isa++)
        if (strcmp(levels[isa].name, name) == 0)
            return isa;
    return -1;
}

/* Asked once a level: on a virtual machine every cpuid instruction traps and costs as much as a small fit. */
static bool can_run(int isa)
{
    enum { UNKNOWN, NO, YES };
    static atomic_int answers[CVI_ISA_COUNT];
    int answer = atomic_load_explicit(&answers[isa], memory_order_relaxed);
    if (answer == UNKNOWN) {
        answer = levels[isa].table != NULL && cvi_cpu_can((cvi_isa)isa) ? YES : NO;
        atomic_store_explicit(&answers[isa], answer, memory_order_relaxed);
    }
    return answer == YES;
}

static int cap(void)
{
    int lowest = atomic_load(&limit);
    const char *asked = cvi_machine_isa();
    const int isa = asked != NULL ? find(asked) : -1; /* cvi_isa_check has the word on unknown names */
    if (isa >= 0 && isa < lowest)
        lowest = isa;
    return lowest;
}

static const cvi_kernels *best_up_to(int isa)
{
    while (isa > CVI_ISA_PORTABLE && !can_run(isa))
        isa--;
    return levels[isa].table;
}

const cvi_kernels *cvi_kernels_pick(const char *name)
{
    const int most = cap();
    if (name == NULL)
        return best_up_to(most);
    const int isa = find(name);
    if (isa < 0 || !can_run(isa))
        return NULL;
    return best_up_to(isa < most ? isa : most);
}

static covey_status check_name(const char *what, const char *name, covey_error *err)
{
    const int isa = find(name);
    if (isa < 0)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "%s is '%.40s'; it must be one of %s", what, name, LEVEL_NAMES);
    if (!can_run(isa))
        return cvi_fail(err, COVEY_ERR_UNSUPPORTED, "%s is '%s', which this machine or build cannot run", what, name);
    return COVEY_OK;
}

covey_status cvi_isa_check(covey_error *err)
{
    const char *asked = cvi_machine_isa();
    return asked != NULL ? check_name("COVEY_ISA", asked, err) : COVEY_OK;
}

covey_status cvi_isa_limit(const char *name, covey_error *err)
{
    if (name == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "name is NULL; it must be one of %s", LEVEL_NAMES);
    const covey_status status = check_name("name", name, err);
    if (status != COVEY_OK)
        return status;
    const int isa = find(name);
    int before = atomic_load(&limit);
    while (isa < before && !atomic_compare_exchange_weak(&limit, &before, isa))
        continue;
    return COVEY_OK;
}

int cvi_isa_available(const char *name)
{
    const int isa = name != NULL ? find(name) : -1;
    return isa < 0 ? -1 : can_run(isa);
}
