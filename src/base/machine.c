#define _GNU_SOURCE /* sched_getaffinity */

#include "base/machine.h"

#include "base/memory.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

enum { PATH_ROOM = 4096 };

const char *cvi_machine_test_root = "";

static atomic_int default_threads; /* 0: the rule */
static atomic_int threads_cap;     /* 0: none */

typedef struct facts {
    int32_t processors; /* min of affinity and quota */
    int32_t wanted;     /* by the environment; 0: nothing said */
    bool bad;           /* COVEY_NUM_THREADS is not a positive whole number */
    bool has_isa;
    char text[64]; /* COVEY_NUM_THREADS, its first characters, for the message */
    char isa[64];
} facts;

static facts known_facts;
static atomic_int facts_state; /* 0 unknown, 1 being written, 2 known */

/* The first size - 1 bytes of a file, as text; false if it cannot be read. */
static bool read_text(const char *path, char *out, size_t size)
{
    char full[PATH_ROOM];
    if (snprintf(full, sizeof full, "%s%s", cvi_machine_test_root, path) >= (int)sizeof full)
        return false;
    FILE *file = fopen(full, "re");
    if (file == NULL)
        return false;
    const size_t got = fread(out, 1, size - 1, file);
    out[got] = '\0';
    fclose(file);
    return got > 0;
}

static int32_t affinity(void)
{
#if defined(__linux__)
    /* The kernel refuses a mask smaller than its own, so grow until it fits. */
    for (int bits = 1024; bits <= 1 << 20; bits *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)bits);
        if (set == NULL)
            break;
        const size_t bytes = CPU_ALLOC_SIZE((size_t)bits);
        const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
        CPU_FREE(set);
        if (count > 0)
            return count;
    }
#endif
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online < INT32_MAX ? (int32_t)online : 1;
}

/* Processors that quota / period microseconds stand for, rounded up; INT32_MAX if there is no limit. */
static int32_t quota_processors(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return INT32_MAX;
    const long long whole = quota / period + (quota % period != 0);
    return whole < INT32_MAX ? (int32_t)whole : INT32_MAX;
}

static int32_t quota_in_folder(const char *folder, bool unified)
{
    char path[PATH_ROOM], text[128];
    long long quota = 0, period = 0;
    if (unified) {
        if (snprintf(path, sizeof path, "%s/cpu.max", folder) >= (int)sizeof path ||
            !read_text(path, text, sizeof text) || sscanf(text, "%lld %lld", &quota, &period) != 2)
            return INT32_MAX; /* absent, or "max" */
        return quota_processors(quota, period);
    }
    if (snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder) >= (int)sizeof path ||
        !read_text(path, text, sizeof text) || sscanf(text, "%lld", &quota) != 1)
        return INT32_MAX;
    if (snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder) >= (int)sizeof path ||
        !read_text(path, text, sizeof text) || sscanf(text, "%lld", &period) != 1)
        return INT32_MAX;
    return quota_processors(quota, period);
}

/* The tightest quota from the group up to the mount point: a parent's limit binds its children. */
static int32_t quota_along_path(const char *mount, const char *group, bool unified)
{
    char folder[PATH_ROOM];
    const size_t top = strlen(mount);
    if (snprintf(folder, sizeof folder, "%s%s", mount, strcmp(group, "/") == 0 ? "" : group) >=
        (int)sizeof folder)
        return INT32_MAX;
    int32_t least = INT32_MAX;
    for (;;) {
        const int32_t here = quota_in_folder(folder, unified);
        if (here < least)
            least = here;
        char *slash = strrchr(folder, '/');
        if (slash == NULL || strlen(folder) <= top)
            return least;
        *slash = '\0';
    }
}

/* Is word one of the items of a comma-separated list? */
static bool list_has(const char *list, const char *word)
{
    const size_t length = strlen(word);
    for (const char *item = list; item != NULL; item = strchr(item, ',')) {
        if (*item == ',')
            item++;
        if (strncmp(item, word, length) == 0 && (item[length] == ',' || item[length] == '\0'))
            return true;
    }
    return false;
}

/* This process's group in the hierarchy that rules the processor, from /proc/self/cgroup: lines
 * "id:controllers:path". */
static bool own_group(bool unified, char *out, size_t size)
{
    char text[16384];
    if (!read_text("/proc/self/cgroup", text, sizeof text))
        return false;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char *controllers = strchr(line, ':');
        char *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
        if (path == NULL)
            continue;
        *path++ = '\0';
        controllers++;
        if (unified ? *controllers == '\0' : list_has(controllers, "cpu"))
            return snprintf(out, size, "%s", path) < (int)size;
    }
    return false;
}

/* The group's path below a mount that shows the tree from mount_root downwards. A container often sees the
 * host's path here, which does not exist inside; the mount's own root is then the group. */
static const char *path_below(const char *group, const char *mount_root)
{
    const size_t length = strlen(mount_root);
    if (strcmp(mount_root, "/") == 0)
        return group;
    if (strncmp(group, mount_root, length) != 0 || (group[length] != '/' && group[length] != '\0'))
        return "";
    return group + length;
}

/* One line of /proc/self/mountinfo: "id parent device root mount options ... - type source super-options". */
static int32_t quota_of_mount(char *line)
{
    char mount_root[1024], mount[1024], type[64], super[1024], group[PATH_ROOM];
    const char *dash = strstr(line, " - ");
    if (dash == NULL || sscanf(line, "%*s %*s %*s %1023s %1023s", mount_root, mount) != 2 ||
        sscanf(dash, " - %63s %*s %1023s", type, super) != 2)
        return INT32_MAX;
    const bool unified = strcmp(type, "cgroup2") == 0;
    if (!unified && (strcmp(type, "cgroup") != 0 || !list_has(super, "cpu")))
        return INT32_MAX;
    if (!own_group(unified, group, sizeof group))
        return INT32_MAX;
    return quota_along_path(mount, path_below(group, mount_root), unified);
}

static int32_t cgroup_quota(void)
{
    int32_t least = INT32_MAX;
#if defined(__linux__)
    char path[PATH_ROOM], line[PATH_ROOM];
    if (snprintf(path, sizeof path, "%s/proc/self/mountinfo", cvi_machine_test_root) >= (int)sizeof path)
        return least;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return least;
    while (fgets(line, sizeof line, file) != NULL) {
        const int32_t here = quota_of_mount(line);
        if (here < least)
            least = here;
    }
    fclose(file);
#endif
    return least;
}

/* A positive whole number at the start of text, up to the end or (list) to a comma; 0 if there is none. */
static int32_t positive_number(const char *text, bool list)
{
    int64_t value = 0;
    const char *c = text;
    while (*c == ' ')
        c++;
    const char *digits = c;
    for (; *c >= '0' && *c <= '9'; c++)
        if (value <= INT32_MAX)
            value = value * 10 + (*c - '0');
    const bool some = c != digits;
    while (*c == ' ')
        c++;
    if (!some || !(*c == '\0' || (list && *c == ',')))
        return 0;
    return value < INT32_MAX ? (int32_t)value : INT32_MAX;
}

static void read_environment(facts *out)
{
    const char *own = getenv("COVEY_NUM_THREADS");
    const char *shared = getenv("OMP_NUM_THREADS");
    if (own != NULL && *own != '\0') {
        out->wanted = positive_number(own, false);
        out->bad = out->wanted == 0;
        snprintf(out->text, sizeof out->text, "%s", own);
    } else if (shared != NULL) {
        out->wanted = positive_number(shared, true);
    }
    const char *isa = getenv("COVEY_ISA");
    out->has_isa = isa != NULL && *isa != '\0';
    snprintf(out->isa, sizeof out->isa, "%s", isa != NULL ? isa : "");
}

/* What the first caller finds holds for the process. No lock is held while files are read: a child forked
 * meanwhile by another thread would find it taken for ever. */
static const facts *machine_facts(void)
{
    if (atomic_load_explicit(&facts_state, memory_order_acquire) == 2)
        return &known_facts;
    facts found = {0};
    const int32_t allowed = affinity(), quota = cgroup_quota();
    found.processors = allowed < quota ? allowed : quota;
    read_environment(&found);
    int unknown = 0;
    if (atomic_compare_exchange_strong(&facts_state, &unknown, 1)) {
        known_facts = found;
        atomic_store_explicit(&facts_state, 2, memory_order_release);
    }
    while (atomic_load_explicit(&facts_state, memory_order_acquire) != 2)
        sched_yield(); /* another thread is copying its own */
    return &known_facts;
}

void cvi_machine_test_reread(void)
{
    atomic_store(&facts_state, 0);
}

int32_t cvi_machine_processors(void)
{
    return machine_facts()->processors;
}

covey_status cvi_machine_threads(int32_t *out, covey_error *err)
{
    const int32_t set = atomic_load(&default_threads);
    if (set > 0) {
        *out = set;
        return COVEY_OK;
    }
    const facts *known = machine_facts();
    if (known->bad)
        return cvi_fail(err, COVEY_ERR_ARGUMENT,
                        "COVEY_NUM_THREADS is \"%s\"; it must be a positive whole number", known->text);
    *out = known->wanted > 0 && known->wanted < known->processors ? known->wanted : known->processors;
    return COVEY_OK;
}

void cvi_machine_set_default_threads(int32_t threads)
{
    atomic_store(&default_threads, threads > 0 ? threads : 0);
}

int32_t cvi_machine_lower_cap(int32_t threads)
{
    int cap = atomic_load(&threads_cap);
    while (threads > 0 && (cap == 0 || threads < cap)) {
        if (atomic_compare_exchange_weak(&threads_cap, &cap, threads))
            return threads;
    }
    return cap;
}

const char *cvi_machine_isa(void)
{
    const facts *known = machine_facts();
    return known->has_isa ? known->isa : NULL;
}

double cvi_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Bytes of the unified or data cache of a level, from sysfs; 0 if it does not tell. */
static int64_t cache_from_files(int level)
{
    for (int index = 0; index < 8; index++) {
        char path[128], text[64];
        int found = 0;
        long long size = 0;
        char unit = 'K';
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/level", index);
        if (!read_text(path, text, sizeof text))
            return 0;
        if (sscanf(text, "%d", &found) != 1 || found != level)
            continue;
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/size", index);
        if (!read_text(path, text, sizeof text) || sscanf(text, "%lld%c", &size, &unit) < 1)
            return 0;
        return size * (unit == 'M' ? 1 << 20 : unit == 'K' ? 1 << 10 : 1);
    }
    return 0;
}

static int64_t cache_size(int level, int64_t otherwise)
{
    int64_t bytes = 0;
#if defined(_SC_LEVEL2_CACHE_SIZE) && defined(_SC_LEVEL3_CACHE_SIZE)
    bytes = sysconf(level == 2 ? _SC_LEVEL2_CACHE_SIZE : _SC_LEVEL3_CACHE_SIZE);
#endif
    if (bytes <= 0)
        bytes = cache_from_files(level);
    return bytes > 0 ? bytes : otherwise;
}

static pthread_once_t caches_once = PTHREAD_ONCE_INIT;
static int64_t l2_bytes, l3_bytes;

static void read_caches(void)
{
    l2_bytes = cache_size(2, (int64_t)1 << 20);
    l3_bytes = cache_size(3, (int64_t)8 << 20);
}

int64_t cvi_machine_l2(void)
{
    pthread_once(&caches_once, read_caches);
    return l2_bytes;
}

int64_t cvi_machine_l3(void)
{
    pthread_once(&caches_once, read_caches);
    return l3_bytes;
}

/* A host program or a plug-in built with -ffast-math may have set flush-to-zero or another rounding for this
 * thread; exact sums and bounds need the default. Exception flags raised inside are not handed to the caller.
 */
#if defined(__x86_64__)
enum {
    DEFAULT_SSE = 0x1f80,
    DEFAULT_X87 = 0x037f
}; /* exceptions masked, round to nearest, denormals kept, 64-bit */

static void set_x87(uint16_t control)
{
    uint16_t now;
    __asm__ volatile("fnstcw %0" : "=m"(now));
    if (now != control)
        __asm__ volatile("fldcw %0" ::"m"(control));
}

void cvi_fpenv_enter(cvi_fpenv *saved)
{
    const uint32_t sse = _mm_getcsr();
    uint16_t x87;
    __asm__ volatile("fnstcw %0" : "=m"(x87));
    memcpy(saved->bytes, &sse, sizeof sse);
    memcpy(saved->bytes + sizeof sse, &x87, sizeof x87);
    _mm_setcsr(DEFAULT_SSE);
    set_x87(DEFAULT_X87);
}

void cvi_fpenv_leave(const cvi_fpenv *saved)
{
    uint32_t sse;
    uint16_t x87;
    memcpy(&sse, saved->bytes, sizeof sse);
    memcpy(&x87, saved->bytes + sizeof sse, sizeof x87);
    _mm_setcsr(sse);
    set_x87(x87);
}
#elif defined(__aarch64__)
void cvi_fpenv_enter(cvi_fpenv *saved)
{
    uint64_t control;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    memcpy(saved->bytes, &control, sizeof control);
    __asm__ volatile("msr fpcr, %0" ::"r"((uint64_t)0));
}

void cvi_fpenv_leave(const cvi_fpenv *saved)
{
    uint64_t control;
    memcpy(&control, saved->bytes, sizeof control);
    __asm__ volatile("msr fpcr, %0" ::"r"(control));
}
#else
_Static_assert(sizeof(fenv_t) <= sizeof(cvi_fpenv), "room for the floating-point environment");

void cvi_fpenv_enter(cvi_fpenv *saved)
{
    fenv_t now;
    fegetenv(&now);
    memcpy(saved->bytes, &now, sizeof now);
    fesetenv(FE_DFL_ENV);
}

void cvi_fpenv_leave(const cvi_fpenv *saved)
{
    fenv_t before;
    memcpy(&before, saved->bytes, sizeof before);
    fesetenv(&before);
}
#endif
