#define _GNU_SOURCE /* sched_getcpu */

/* The pool: every task once, true worker counts, forks, failures, callers at the same time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/machine.h"
#include "base/threads.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#if !defined(UNDER_TSAN)
#define UNDER_TSAN 0
#endif

enum { MOST_THREADS = 80 };

typedef struct tally {
    atomic_int *times;              /* [n] how often each task ran */
    atomic_int busy[MOST_THREADS];  /* tasks at work by this worker number now */
    atomic_int tasks[MOST_THREADS]; /* tasks done by each worker number */
    atomic_int clashes;             /* a worker number used twice at once, or out of range */
    int threads;
    double seconds; /* that each task takes */
} tally;

static void sleep_for(double seconds)
{
    const struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&time, NULL);
}

static void count_task(void *context, int64_t index, int worker)
{
    tally *t = context;
    if (worker < 0 || worker >= t->threads) {
        atomic_fetch_add(&t->clashes, 1);
        return;
    }
    if (atomic_fetch_add(&t->busy[worker], 1) != 0)
        atomic_fetch_add(&t->clashes, 1);
    atomic_fetch_add(&t->times[index], 1);
    atomic_fetch_add(&t->tasks[worker], 1);
    if (t->seconds > 0)
        sleep_for(t->seconds);
    atomic_fetch_sub(&t->busy[worker], 1);
}

/* Run n tasks on threads; true if each ran once and nobody clashed. *ran is what the team tells. */
static bool run_and_check(int threads, int64_t n, double seconds, int *ran)
{
    tally t;
    memset(&t, 0, sizeof t);
    t.threads = threads;
    t.seconds = seconds;
    t.times = calloc((size_t)n + 1, sizeof *t.times);
    cvi_team team = {.threads = threads};
    cvi_parallel(&team, n, count_task, &t);
    bool good = atomic_load(&t.clashes) == 0;
    for (int64_t i = 0; i < n; i++)
        good = good && atomic_load(&t.times[i]) == 1;
    free(t.times);
    *ran = team.ran;
    return good;
}

#if defined(CVI_SERIAL)
static int expected_workers(int threads, int64_t n)
{
    (void)threads;
    return n > 0 ? 1 : 0;
}
#else
static int expected_workers(int threads, int64_t n)
{
    return threads < n ? threads : (int)n;
}
#endif

static void every_task_runs_once(void **state)
{
    (void)state;
    const int threads[] = {1, 2, 3, 7, 64};
    const int64_t sizes[] = {0, 1, 2, 3, 6, 63, 64, 65, 1000, 100003};
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            int ran;
            assert_true(run_and_check(threads[t], sizes[s], 0, &ran));
            assert_int_equal(ran, expected_workers(threads[t], sizes[s]));
        }
    }
}

static void many_short_calls(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        int ran;
        assert_true(run_and_check(1 + i % 9, i % 40, 0, &ran));
    }
}

/* More threads than tasks were asked for: a large thread count is not an error, nor is a silly one. */
static void odd_thread_counts(void **state)
{
    (void)state;
    tally t;
    memset(&t, 0, sizeof t);
    t.threads = 1;
    atomic_int times[5] = {0};
    t.times = times;
    cvi_team team = {.threads = 0};
    cvi_parallel(&team, 5, count_task, &t);
    team.threads = -3;
    cvi_parallel(&team, 5, count_task, &t);
    for (int i = 0; i < 5; i++)
        assert_int_equal(times[i], 2);
    assert_int_equal(team.ran, 1);
}

static void work_is_shared(void **state)
{
    (void)state;
    tally t;
    memset(&t, 0, sizeof t);
    t.threads = 4;
    t.seconds = 0.002;
    atomic_int times[40] = {0};
    t.times = times;
    cvi_team team = {.threads = 4};
    cvi_parallel(&team, 40, count_task, &t);
    assert_int_equal(team.ran, expected_workers(4, 40));
    for (int w = 0; w < team.ran; w++)
        assert_true(t.tasks[w] > 0); /* 80 ms of sleeping: everyone wakes up in time for some */
}

/* --- stop
 * -----------------------------------------------------------------------------------------------------------
 */

typedef struct stopper {
    cvi_stop_flag flag;
    atomic_int ran;
} stopper;

static void stop_at_ten(void *context, int64_t index, int worker)
{
    (void)index;
    (void)worker;
    stopper *s = context;
    if (atomic_fetch_add(&s->ran, 1) == 9)
        atomic_store(&s->flag, 1);
}

static void stop_skips_the_rest(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        stopper s = {0};
        cvi_team team = {.threads = threads, .stop = &s.flag};
        cvi_parallel(&team, 1000000, stop_at_ten, &s);
        assert_in_range(s.ran, 10, 10 + 4 * 1024);
        const int before = s.ran;
        cvi_parallel(&team, 100, stop_at_ten, &s); /* the flag is still up */
        assert_int_equal(s.ran, before);
    }
}

/* --- heartbeat
 * ------------------------------------------------------------------------------------------------------ */

typedef struct beats {
    pthread_t caller;
    int count, strangers;
} beats;

static void beat(void *user)
{
    beats *b = user;
    b->count++;
    b->strangers += !pthread_equal(b->caller, pthread_self());
}

static void sleep_unless_caller(void *context, int64_t index, int worker)
{
    (void)index;
    sleep_for(worker == 0 ? 0 : *(const double *)context);
}

static void heartbeat_while_waiting(void **state)
{
    (void)state;
    /* Worker 1 sleeps 0.6 s in one task; the caller has nothing left to do but to wait. */
    double seconds = 0.6;
    beats b = {.caller = pthread_self()};
    cvi_team team = {.threads = 2, .heartbeat = beat, .user = &b};
    for (int i = 0; i < 50 && b.count < 4; i++) /* the caller may be quicker and take both tasks: again */
        cvi_parallel(&team, 2, sleep_unless_caller, &seconds);
#if !defined(CVI_SERIAL)
    assert_true(b.count >= 4);
#endif
    assert_int_equal(b.strangers, 0);
}

static void sleep_some(void *context, int64_t index, int worker)
{
    (void)index;
    (void)worker;
    sleep_for(*(const double *)context);
}

static void heartbeat_between_tasks(void **state)
{
    (void)state;
    double seconds = 0.02;
    beats b = {.caller = pthread_self()};
    cvi_team team = {.threads = 1, .heartbeat = beat, .user = &b};
    cvi_parallel(&team, 20, sleep_some, &seconds); /* 0.4 s */
    assert_in_range(b.count, 2, 9);
    /* Calls that are shorter than the interval still beat. */
    b.count = 0;
    for (int i = 0; i < 20; i++)
        cvi_parallel(&team, 1, sleep_some, &seconds);
    assert_in_range(b.count, 2, 9);
    assert_int_equal(b.strangers, 0);
}

/* --- callers at the same time
 * --------------------------------------------------------------------------------------- */

static void *caller_main(void *argument)
{
    atomic_int *failures = argument;
    for (int i = 0; i < 400; i++) {
        int ran;
        if (!run_and_check(1 + i % 5, i % 90, 0, &ran) || ran > 1 + i % 5)
            atomic_fetch_add(failures, 1);
    }
    return NULL;
}

static void callers_at_the_same_time(void **state)
{
    (void)state;
    enum { CALLERS = 6 };
    pthread_t callers[CALLERS];
    atomic_int failures = 0;
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&callers[i], NULL, caller_main, &failures), 0);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(callers[i], NULL);
    assert_int_equal(failures, 0);
}

static void call_again(void *context, int64_t index, int worker)
{
    (void)index;
    (void)worker;
    int ran;
    if (!run_and_check(3, 20, 0, &ran))
        atomic_fetch_add((atomic_int *)context, 1);
}

static void calls_inside_tasks(void **state)
{
    (void)state;
    atomic_int failures = 0;
    cvi_team team = {.threads = 4};
    for (int i = 0; i < 50; i++)
        cvi_parallel(&team, 8, call_again, &failures);
    assert_int_equal(failures, 0);
}

/* --- failures
 * ------------------------------------------------------------------------------------------------------- */

static void goes_on_without_threads(void **state)
{
    (void)state;
    int ran;
    cvi_pool_shutdown();
    cvi_pool_test_max_created = 0;
    assert_true(run_and_check(8, 1000, 0, &ran));
    assert_int_equal(ran, 1);
    cvi_pool_test_max_created = 2;
    assert_true(run_and_check(8, 1000, 0, &ran));
    assert_int_equal(ran, expected_workers(3, 1000));
    cvi_pool_test_max_created = -1;
    assert_true(run_and_check(8, 1000, 0, &ran));
    assert_int_equal(ran, expected_workers(8, 1000));
}

static void shutdown_and_again(void **state)
{
    (void)state;
    int ran;
    for (int i = 0; i < 20; i++) {
        cvi_pool_shutdown();
        cvi_pool_shutdown();
        assert_true(run_and_check(5, 100, 0, &ran));
        assert_int_equal(ran, expected_workers(5, 100));
    }
}

/* --- forks
 * ----------------------------------------------------------------------------------------------------------
 */

/* In a child: 0 if the pool works there. */
static int child_result(void)
{
    int ran;
    alarm(60); /* a child that hangs is killed, and the test fails */
    for (int i = 0; i < 20; i++)
        if (!run_and_check(4, 100, 0, &ran) || ran != expected_workers(4, 100))
            return 1;
    return 0;
}

static void child_has_its_own_pool(void **state)
{
    (void)state;
    if (UNDER_TSAN)
        skip(); /* the sanitizer cannot start threads in the child of a threaded program */
    int ran;
    for (int i = 0; i < 5; i++) {
        assert_true(run_and_check(4, 100, 0, &ran)); /* the parent's pool exists */
        const pid_t child = fork();
        if (child == 0)
            _exit(child_result());
        assert_true(run_and_check(4, 100, 0, &ran));
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

static atomic_int keep_calling;

static void *busy_caller(void *argument)
{
    while (atomic_load(&keep_calling))
        caller_main(argument);
    return NULL;
}

/* The pool is at work for another thread when the process forks. */
static void fork_while_at_work(void **state)
{
    (void)state;
    if (UNDER_TSAN)
        skip(); /* the sanitizer cannot start threads in the child of a threaded program */
    atomic_int failures = 0;
    pthread_t other;
    atomic_store(&keep_calling, 1);
    assert_int_equal(pthread_create(&other, NULL, busy_caller, &failures), 0);
    int bad = 0;
    for (int i = 0; i < 10; i++) {
        const pid_t child = fork();
        if (child == 0)
            _exit(child_result());
        int status;
        bad += waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    }
    atomic_store(&keep_calling, 0);
    pthread_join(other, NULL);
    assert_int_equal(bad, 0);
    assert_int_equal(failures, 0);
}

/* --- environment of the workers
 * ------------------------------------------------------------------------------------- */

static void check_rounding(void *context, int64_t index, int worker)
{
    (void)index;
    sleep_for(0.001);
    if (worker > 0 && fegetround() != FE_TONEAREST)
        atomic_fetch_add((atomic_int *)context, 1);
}

static void workers_round_to_nearest(void **state)
{
    (void)state;
    atomic_int wrong = 0;
    cvi_pool_shutdown();
    fesetround(FE_UPWARD); /* threads inherit this when they are made */
    cvi_team team = {.threads = 4};
    cvi_parallel(&team, 40, check_rounding, &wrong);
    const int kept = fegetround();
    fesetround(FE_TONEAREST);
    assert_int_equal(kept, FE_UPWARD); /* the caller's own is its own affair */
    assert_int_equal(wrong, 0);
}

static atomic_int signals_on_strangers;
static pthread_t main_thread;

static void on_signal(int number)
{
    (void)number;
    if (!pthread_equal(pthread_self(), main_thread))
        atomic_fetch_add(&signals_on_strangers, 1);
}

static void signals_go_to_the_program(void **state)
{
    (void)state;
    int ran;
    main_thread = pthread_self();
    assert_true(run_and_check(4, 100, 0, &ran));
    void (*const before)(int) = signal(SIGUSR1, on_signal);
    sigset_t mask, old;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    /* With the signal blocked here it would go to any worker that lets it in. */
    pthread_sigmask(SIG_BLOCK, &mask, &old);
    for (int i = 0; i < 10; i++) {
        kill(getpid(), SIGUSR1);
        sleep_for(0.002);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    signal(SIGUSR1, before);
    assert_int_equal(signals_on_strangers, 0);
}

#if defined(__linux__)
typedef struct meeting {
    atomic_int arrived, processors[2];
    cpu_set_t caller;      /* where the calling thread may run */
    atomic_int restricted; /* tasks that found another affinity than the caller's */
} meeting;

/* Waits for the other one for a while. */
static void meet(void *context, int64_t index, int worker)
{
    meeting *m = context;
    (void)index;
    cpu_set_t mine;
    sched_getaffinity(0, sizeof mine, &mine);
    if (!CPU_EQUAL(&mine, &m->caller))
        atomic_fetch_add(&m->restricted, 1);
    atomic_fetch_add(&m->arrived, 1);
    const double end = cvi_clock() + 0.05;
    while (atomic_load(&m->arrived) < 2 && cvi_clock() < end)
        continue;
    atomic_store(&m->processors[worker], sched_getcpu());
}

static void sleepers_wake_on_another_processor(void **state)
{
    (void)state;
    meeting m = {0};
    sched_getaffinity(0, sizeof m.caller, &m.caller);
    if (CPU_COUNT(&m.caller) < 2)
        skip();
    cvi_team team = {.threads = 2};
    int apart = 0;
    for (int round = 0; round < 20; round++) {
        sleep_for(0.003); /* longer than a worker spins */
        atomic_store(&m.arrived, 0);
        atomic_store(&m.processors[1], -1);
        cvi_parallel(&team, 2, meet, &m);
        const int other = atomic_load(&m.processors[1]);
        apart += other >= 0 && other != atomic_load(&m.processors[0]);
    }
    assert_true(apart >= 1); /* all 20, but on a busy machine */
    assert_int_equal(m.restricted, 0);
}

/* There is no other processor to wake a worker on. */
static void a_caller_with_one_processor(void **state)
{
    (void)state;
    cpu_set_t before, one;
    sched_getaffinity(0, sizeof before, &before);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
    sleep_for(0.003);
    int ran;
    const bool whole = run_and_check(4, 100, 0, &ran);
    sched_setaffinity(0, sizeof before, &before);
    assert_true(whole);
    assert_true(run_and_check(4, 100, 0, &ran));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_once),      cmocka_unit_test(many_short_calls),
        cmocka_unit_test(odd_thread_counts),         cmocka_unit_test(work_is_shared),
        cmocka_unit_test(stop_skips_the_rest),       cmocka_unit_test(heartbeat_while_waiting),
        cmocka_unit_test(heartbeat_between_tasks),   cmocka_unit_test(callers_at_the_same_time),
        cmocka_unit_test(calls_inside_tasks),        cmocka_unit_test(goes_on_without_threads),
        cmocka_unit_test(shutdown_and_again),        cmocka_unit_test(child_has_its_own_pool),
        cmocka_unit_test(fork_while_at_work),        cmocka_unit_test(workers_round_to_nearest),
        cmocka_unit_test(signals_go_to_the_program),
#if defined(__linux__)
        cmocka_unit_test(sleepers_wake_on_another_processor),
        cmocka_unit_test(a_caller_with_one_processor),
#endif
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cvi_pool_shutdown();
    return failed;
}
