/* Thread counts from affinity, quota and environment (with made-up files), and the floating-point
 * environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/machine.h"
#include "covey/progress.h"

#include <fenv.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

static char root[64];

/* Write text to root/path, making the folders on the way. */
static void put(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0700);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int fresh_root(void **state)
{
    (void)state;
    strcpy(root, "/tmp/covey-machine-XXXXXX");
    if (mkdtemp(root) == NULL)
        return -1;
    cvi_machine_test_root = root;
    unsetenv("COVEY_NUM_THREADS");
    unsetenv("OMP_NUM_THREADS");
    unsetenv("COVEY_ISA");
    return 0;
}

static int remove_root(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    cvi_machine_test_root = "";
    covey_threads_set_default(0);
    return system(command);
}

static int32_t processors(void)
{
    cvi_machine_test_reread();
    return cvi_machine_processors();
}

static int32_t own_affinity(void)
{
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    return CPU_COUNT(&set);
}

static int32_t at_most(int32_t quota)
{
    const int32_t all = own_affinity();
    return quota < all ? quota : all;
}

static const char *const V2_MOUNT =
    "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
static const char *const V1_MOUNT =
    "33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "34 25 0:30 / /sys/fs/cgroup/cpuset rw shared:10 - cgroup cgroup rw,cpuset\n";

static void no_files_no_limit(void **state)
{
    (void)state;
    assert_int_equal(processors(), own_affinity());
}

static void affinity_counts(void **state)
{
    (void)state;
    cpu_set_t before, one;
    assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    const int32_t found = processors();
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
    assert_int_equal(found, 1);
}

static void unified_quota(void **state)
{
    (void)state;
    put("/proc/self/mountinfo", V2_MOUNT);
    put("/proc/self/cgroup", "0::/user.slice/job\n");
    put("/sys/fs/cgroup/user.slice/job/cpu.max", "50000 100000\n");
    assert_int_equal(processors(), 1); /* half a processor is one thread */
    put("/sys/fs/cgroup/user.slice/job/cpu.max", "150000 100000\n");
    assert_int_equal(processors(), at_most(2)); /* rounded up */
    put("/sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
    assert_int_equal(processors(), own_affinity());
    put("/sys/fs/cgroup/user.slice/cpu.max", "100000 100000\n");
    assert_int_equal(processors(), 1); /* the parent's limit binds */
    put("/sys/fs/cgroup/user.slice/cpu.max", "nonsense\n");
    assert_int_equal(processors(), own_affinity());
}

/* Inside a container the group's path is the host's, and the mount shows the group itself. */
static void unified_quota_in_a_container(void **state)
{
    (void)state;
    put("/proc/self/mountinfo", "29 23 0:26 /docker/1234 /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
    put("/proc/self/cgroup", "0::/docker/1234\n");
    put("/sys/fs/cgroup/cpu.max", "90000 100000\n");
    assert_int_equal(processors(), 1);
    put("/proc/self/cgroup", "0::/\n");
    assert_int_equal(processors(), 1);
}

static void separate_quota(void **state)
{
    (void)state;
    put("/proc/self/mountinfo", V1_MOUNT);
    put("/proc/self/cgroup", "12:cpuset:/other\n4:cpu,cpuacct:/batch/one\n0::/elsewhere\n");
    put("/sys/fs/cgroup/cpu,cpuacct/batch/one/cpu.cfs_quota_us", "100000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/batch/one/cpu.cfs_period_us", "100000\n");
    assert_int_equal(processors(), 1);
    put("/sys/fs/cgroup/cpu,cpuacct/batch/one/cpu.cfs_quota_us", "-1\n");
    assert_int_equal(processors(), own_affinity());
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "25000\n");
    put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "50000\n");
    assert_int_equal(processors(), 1);
    /* cpuset is not cpu. */
    put("/proc/self/cgroup", "12:cpuset:/batch\n");
    assert_int_equal(processors(), own_affinity());
}

static covey_status threads_with(const char *own, const char *shared, int32_t *out, covey_error *err)
{
    if (own != NULL)
        setenv("COVEY_NUM_THREADS", own, 1);
    else
        unsetenv("COVEY_NUM_THREADS");
    if (shared != NULL)
        setenv("OMP_NUM_THREADS", shared, 1);
    else
        unsetenv("OMP_NUM_THREADS");
    cvi_machine_test_reread();
    return cvi_machine_threads(out, err);
}

static void environment_lowers(void **state)
{
    (void)state;
    const int32_t all = own_affinity();
    const struct {
        const char *own, *shared;
        int32_t wanted;
    } cases[] = {
        {NULL, NULL, 1 << 30}, {"1", NULL, 1},           {NULL, "1", 1},
        {"2", "1", 2},         {"100000", "1", 1 << 30}, {NULL, "1,4", 1},
        {NULL, "0", 1 << 30},  {NULL, "x", 1 << 30},     {NULL, "", 1 << 30},
        {"", "1", 1},          {" 1 ", NULL, 1},         {"99999999999999999999", NULL, 1 << 30},
        {NULL, "-2", 1 << 30},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t threads = -1;
        assert_int_equal(threads_with(cases[i].own, cases[i].shared, &threads, NULL), COVEY_OK);
        assert_int_equal(threads, cases[i].wanted < all ? cases[i].wanted : all);
    }
}

static void bad_own_variable_is_an_error(void **state)
{
    (void)state;
    const char *const bad[] = {"0", "-1", "two", "2x", "1.5", "1,2", "+"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        covey_error err;
        int32_t threads = -7;
        assert_int_equal(threads_with(bad[i], "1", &threads, &err), COVEY_ERR_ARGUMENT);
        assert_int_equal(threads, -7);
        assert_non_null(strstr(err.message, "COVEY_NUM_THREADS"));
        assert_non_null(strstr(err.message, bad[i]));
        assert_true(covey_threads_default() >= 1);
    }
    /* What the program said itself stands above the environment. */
    int32_t threads;
    covey_threads_set_default(3);
    assert_int_equal(threads_with("none", NULL, &threads, NULL), COVEY_OK);
    assert_int_equal(threads, 3);
    covey_threads_set_default(0);
}

static void isa_is_read_once(void **state)
{
    (void)state;
    cvi_machine_test_reread();
    assert_null(cvi_machine_isa());
    setenv("COVEY_ISA", "avx2", 1);
    assert_null(cvi_machine_isa());
    cvi_machine_test_reread();
    assert_string_equal(cvi_machine_isa(), "avx2");
    setenv("COVEY_ISA", "portable", 1);
    assert_string_equal(cvi_machine_isa(), "avx2");
    unsetenv("COVEY_ISA");
}

/* Last, because a cap can only fall. */
static void cap_only_falls(void **state)
{
    (void)state;
    assert_int_equal(covey_threads_limit(0), 0);
    covey_threads_set_default(90);
    assert_int_equal(covey_threads_default(), 90);
    assert_int_equal(covey_threads_limit(50), 50);
    assert_int_equal(covey_threads_limit(70), 50);
    assert_int_equal(covey_threads_limit(-4), 50);
    assert_int_equal(covey_threads_default(), 50);
    assert_int_equal(covey_threads_limit(20), 20);
    assert_int_equal(covey_threads_limit(0), 20);
    assert_int_equal(covey_threads_default(), 20);
}

static void cache_sizes_are_sane(void **state)
{
    (void)state;
    assert_in_range(cvi_machine_l2(), 1 << 15, 1 << 28);
    assert_in_range(cvi_machine_l3(), 1 << 18, INT64_C(1) << 34);
}

static void clock_goes_forward(void **state)
{
    (void)state;
    double before = cvi_clock();
    for (int i = 0; i < 1000; i++) {
        const double now = cvi_clock();
        assert_true(now >= before);
        before = now;
    }
}

static void rounding_is_set_and_restored(void **state)
{
    (void)state;
    const volatile double one = 1, tiny = 1e-30;
    fesetround(FE_UPWARD);
    cvi_fpenv saved;
    cvi_fpenv_enter(&saved);
    const double inside = one + tiny;
    const int mode_inside = fegetround();
    cvi_fpenv_leave(&saved);
    const double outside = one + tiny;
    const int mode_outside = fegetround();
    fesetround(FE_TONEAREST);
    assert_true(inside == 1);
    assert_int_equal(mode_inside, FE_TONEAREST);
    assert_true(outside > 1);
    assert_int_equal(mode_outside, FE_UPWARD);
}

static void denormals_are_kept_inside(void **state)
{
    (void)state;
#if defined(__x86_64__)
    const unsigned int before = _mm_getcsr();
    const volatile double small = 3e-308, half = 0.125;
    _mm_setcsr(before | 0x8040); /* flush to zero, denormals are zero */
    const double flushed = small * half;
    cvi_fpenv saved;
    cvi_fpenv_enter(&saved);
    const double inside = small * half;
    cvi_fpenv_leave(&saved);
    const unsigned int after = _mm_getcsr();
    _mm_setcsr(before);
    assert_true(flushed == 0);
    assert_true(inside > 0);
    assert_int_equal(after & 0x8040, 0x8040);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_files_no_limit, fresh_root, remove_root),
        cmocka_unit_test_setup_teardown(affinity_counts, fresh_root, remove_root),
        cmocka_unit_test_setup_teardown(unified_quota, fresh_root, remove_root),
        cmocka_unit_test_setup_teardown(unified_quota_in_a_container, fresh_root, remove_root),
        cmocka_unit_test_setup_teardown(separate_quota, fresh_root, remove_root),
        cmocka_unit_test_setup_teardown(environment_lowers, fresh_root, remove_root),
        cmocka_unit_test_setup_teardown(bad_own_variable_is_an_error, fresh_root, remove_root),
        cmocka_unit_test_setup_teardown(isa_is_read_once, fresh_root, remove_root),
        cmocka_unit_test(cache_sizes_are_sane),
        cmocka_unit_test(clock_goes_forward),
        cmocka_unit_test(rounding_is_set_and_restored),
        cmocka_unit_test(denormals_are_kept_inside),
        cmocka_unit_test_setup_teardown(cap_only_falls, fresh_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
