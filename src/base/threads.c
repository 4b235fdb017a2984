#define _GNU_SOURCE /* pthread_setname_np */

#include "base/threads.h"

#include "base/machine.h"
#include "base/wake_place.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

int cvi_pool_test_max_created = -1;

static const double BEAT_SECONDS = 0.05;

/* One call of cvi_parallel: what its workers share. */
typedef struct work {
    void (*task)(void *context, int64_t index, int worker);
    void *context;
    cvi_stop_flag *stop;
    int64_t n, chunk;
    _Atomic int64_t next; /* first task that nobody has taken */
} work;

static void serve_heartbeat(cvi_team *team)
{
    if (team->heartbeat == NULL)
        return;
    const double now = cvi_clock();
    if (now - team->last_beat < BEAT_SECONDS)
        return;
    team->last_beat = now;
    team->heartbeat(team->user);
}

static bool stopped(const work *w)
{
    return w->stop != NULL && atomic_load_explicit(w->stop, memory_order_relaxed) != 0;
}

/* Take tasks until none is left; beat (the caller's team, or NULL) is served between chunks. */
static void run_tasks(work *w, int worker, cvi_team *beat)
{
    for (;;) {
        const int64_t first = atomic_fetch_add_explicit(&w->next, w->chunk, memory_order_relaxed);
        if (first >= w->n)
            return;
        const int64_t end = w->chunk < w->n - first ? first + w->chunk : w->n;
        for (int64_t i = first; i < end; i++) {
            if (stopped(w))
                return;
            w->task(w->context, i, worker);
        }
        if (beat != NULL)
            serve_heartbeat(beat);
    }
}

/* Tasks taken at once: one, unless there are so many that the shared counter would show. 64 chunks a worker
 * keep the end ragged by under 2 %. */
static int64_t chunk_for(int64_t n, int workers)
{
    const int64_t chunk = n / ((int64_t)workers * 64);
    return chunk < 1 ? 1 : chunk > 1024 ? 1024 : chunk;
}

static void prepare_work(work *w, const cvi_team *team, int64_t n, int workers,
                         void (*task)(void *context, int64_t index, int worker), void *context)
{
    w->task = task;
    w->context = context;
    w->stop = team->stop;
    w->n = n;
    w->chunk = chunk_for(n, workers);
    atomic_store_explicit(&w->next, 0, memory_order_relaxed);
}

/* Without the shared counter: passes of small fits last a microsecond. */
static void run_alone(cvi_team *team, int64_t n, void (*task)(void *context, int64_t index, int worker),
                      void *context)
{
    const int64_t chunk = chunk_for(n, 1);
    if (team->ran < 1)
        team->ran = 1;
    for (int64_t i = 0; i < n; i++) {
        if (team->stop != NULL && atomic_load_explicit(team->stop, memory_order_relaxed) != 0)
            return;
        task(context, i, 0);
        if ((i + 1) % chunk == 0 || i + 1 == n)
            serve_heartbeat(team);
    }
}

#if defined(CVI_SERIAL)

void cvi_parallel(cvi_team *team, int64_t n_tasks, void (*task)(void *context, int64_t index, int worker),
                  void *context)
{
    if (n_tasks > 0)
        run_alone(team, n_tasks, task, context);
}

void cvi_pool_shutdown(void)
{
}

#else

enum { MAX_WORKERS = 1024, MAX_CREWS = 64, STACK_BYTES = 2 << 20 };

/* How long an idle thread looks for work before it sleeps: passes of a fit follow each other within
 * microseconds, and a sleeper needs 5 to 50 of them to wake. */
static const double SPIN_SECONDS = 30e-6;

/*
 * A worker's state. The caller that took it off the idle list moves IDLE or ASLEEP to CALLED; the worker
 * moves CALLED to RUNNING and, when its crew has no work left, RUNNING to IDLE, IDLE to ASLEEP. The caller
 * may take back a call that was not answered yet (CALLED to IDLE), so that a finished job does not wait for a
 * late riser.
 */
enum { IDLE, ASLEEP, CALLED, RUNNING, QUIT };

/* The workers of one cvi_parallel call. Crews are never freed, so a worker that leaves late touches valid
 * memory. */
typedef struct crew {
    work work;
    atomic_int running; /* workers that answered and have not left */
    pthread_mutex_t lock;
    pthread_cond_t left;
    bool made, in_use;
} crew;

typedef struct worker {
    _Alignas(64) atomic_int state;
    crew *crew;
    int rank; /* in the crew, from 1 */
    int next_idle;
    bool may_spin;
    cvi_wake_place place;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
} worker;

static struct {
    pthread_mutex_t lock;
    int created; /* workers[0 .. created - 1] have a thread */
    int idle;    /* head of the list of workers that no crew holds, -1: none */
    worker workers[MAX_WORKERS];
    crew crews[MAX_CREWS];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .idle = -1};

static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void pause_briefly(void)
{
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#endif
}

/* Look at value until it differs from unwanted or the time is up; returns what was seen last. */
static int spin_while(atomic_int *value, int unwanted, double seconds)
{
    const double end = cvi_clock() + seconds;
    for (;;) {
        for (int i = 0; i < 32; i++) {
            const int now = atomic_load_explicit(value, memory_order_acquire);
            if (now != unwanted)
                return now;
            pause_briefly();
        }
        if (cvi_clock() > end)
            return atomic_load_explicit(value, memory_order_acquire);
    }
}

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
#if !defined(__APPLE__)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* The child of a fork has this thread only: forget the workers and whatever locks they held. A crew that was
 * at work stays out of use. */
static void after_fork_in_child(void)
{
    pthread_mutex_init(&pool.lock, NULL);
    pool.created = 0;
    pool.idle = -1;
    for (int i = 0; i < MAX_CREWS; i++)
        pool.crews[i].made = pool.crews[i].made && pool.crews[i].in_use;
}

static void before_fork(void)
{
    pthread_mutex_lock(&pool.lock);
}

static void after_fork_in_parent(void)
{
    pthread_mutex_unlock(&pool.lock);
}

static void watch_forks(void)
{
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

static void sleep_until_called(worker *me)
{
    pthread_mutex_lock(&me->lock);
    int idle = IDLE;
    if (atomic_compare_exchange_strong(&me->state, &idle, ASLEEP))
        while (atomic_load(&me->state) == ASLEEP)
            pthread_cond_wait(&me->wake, &me->lock);
    pthread_mutex_unlock(&me->lock);
    cvi_wake_anywhere(&me->place);
}

/* The last worker of a crew to leave wakes the caller. The lock orders this after the caller's own check. */
static void leave_crew(crew *c)
{
    if (atomic_fetch_sub(&c->running, 1) != 1)
        return;
    pthread_mutex_lock(&c->lock);
    pthread_cond_signal(&c->left);
    pthread_mutex_unlock(&c->lock);
}

static void *worker_main(void *argument)
{
    worker *me = argument;
    cvi_fpenv inherited;
    cvi_fpenv_enter(&inherited);
    for (;;) {
        int state = me->may_spin ? spin_while(&me->state, IDLE, SPIN_SECONDS) : atomic_load(&me->state);
        if (state == IDLE) {
            sleep_until_called(me);
            state = atomic_load(&me->state);
        }
        if (state == QUIT)
            return NULL;
        int called = CALLED;
        if (state != CALLED || !atomic_compare_exchange_strong(&me->state, &called, RUNNING))
            continue;
        crew *c = me->crew;
        run_tasks(&c->work, me->rank, NULL);
        atomic_store(&me->state, IDLE);
        leave_crew(c);
    }
}

/* Signals that a thread raises itself. */
static const int own_faults[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP};

/* A thread with a stack of known size (musl's default is small) that leaves every signal to the program's
 * threads, but for those that it raises itself: blocked, they would end the program past its handlers. */
static bool start_thread(worker *w)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    for (size_t i = 0; i < sizeof own_faults / sizeof *own_faults; i++)
        sigdelset(&all, own_faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool made = pthread_create(&w->thread, &attributes, worker_main, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
#if defined(__linux__)
    if (made)
        pthread_setname_np(w->thread, "covey");
#endif
    return made;
}

static bool create_worker(void)
{
    if (pool.created >= MAX_WORKERS)
        return false;
    if (cvi_pool_test_max_created >= 0 && pool.created >= cvi_pool_test_max_created)
        return false;
    worker *w = &pool.workers[pool.created];
    atomic_store(&w->state, IDLE);
    w->place.apart = false;
    pthread_mutex_init(&w->lock, NULL);
    init_condition(&w->wake);
    /* More spinning threads than processors would only hold each other up. */
    w->may_spin = pool.created + 1 < cvi_machine_processors();
    if (!start_thread(w))
        return false;
    w->next_idle = pool.idle;
    pool.idle = pool.created++;
    return true;
}

static crew *free_crew(void)
{
    for (int i = 0; i < MAX_CREWS; i++) {
        crew *c = &pool.crews[i];
        if (c->made && c->in_use)
            continue;
        if (!c->made) {
            pthread_mutex_init(&c->lock, NULL);
            init_condition(&c->left);
            c->made = true;
        }
        c->in_use = true;
        atomic_store(&c->running, 0);
        return c;
    }
    return NULL;
}

/* Take up to want workers off the idle list, after making them where the pool is smaller than that. members
 * gets their numbers; returns how many. */
static int take_workers(int want, int *members)
{
    while (pool.created < want && create_worker())
        continue;
    int count = 0;
    while (count < want && pool.idle >= 0) {
        members[count++] = pool.idle;
        pool.idle = pool.workers[pool.idle].next_idle;
    }
    return count;
}

static crew *assemble(int want, int *members, int *count)
{
    pthread_once(&fork_once, watch_forks);
    pthread_mutex_lock(&pool.lock);
    crew *c = free_crew();
    *count = c != NULL ? take_workers(want, members) : 0;
    if (c != NULL && *count == 0) {
        c->in_use = false;
        c = NULL;
    }
    pthread_mutex_unlock(&pool.lock);
    return c;
}

static void disband(crew *c, const int *members, int count)
{
    pthread_mutex_lock(&pool.lock);
    for (int i = count - 1; i >= 0; i--) { /* the first ones are taken first again: they are likely awake */
        pool.workers[members[i]].next_idle = pool.idle;
        pool.idle = members[i];
    }
    c->in_use = false;
    pthread_mutex_unlock(&pool.lock);
}

static void call_worker(worker *w, crew *c, int rank)
{
    w->crew = c;
    w->rank = rank;
    atomic_fetch_add(&c->running, 1);
    int idle = IDLE;
    if (atomic_compare_exchange_strong(&w->state, &idle, CALLED))
        return; /* awake: it sees the call by itself */
    cvi_wake_apart(&w->place, w->thread);
    pthread_mutex_lock(&w->lock);
    atomic_store(&w->state, CALLED);
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

static void take_back_unanswered(crew *c, const int *members, int count)
{
    for (int i = 0; i < count; i++) {
        int called = CALLED;
        if (atomic_compare_exchange_strong(&pool.workers[members[i]].state, &called, IDLE))
            atomic_fetch_sub(&c->running, 1);
    }
}

static struct timespec clock_after(double seconds)
{
    struct timespec at;
#if defined(__APPLE__)
    clock_gettime(CLOCK_REALTIME, &at);
#else
    clock_gettime(CLOCK_MONOTONIC, &at);
#endif
    at.tv_nsec += (long)(seconds * 1e9);
    if (at.tv_nsec >= 1000000000L) {
        at.tv_nsec -= 1000000000L;
        at.tv_sec++;
    }
    return at;
}

/* Until every worker has left; the heartbeat goes on. */
static void wait_for_crew(crew *c, cvi_team *team, int count)
{
    const bool spin = count < cvi_machine_processors();
    const double end = cvi_clock() + SPIN_SECONDS;
    while (atomic_load(&c->running) != 0 && spin && cvi_clock() < end)
        for (int i = 0; i < 16 && atomic_load_explicit(&c->running, memory_order_acquire) != 0; i++)
            pause_briefly();
    while (atomic_load(&c->running) != 0) {
        pthread_mutex_lock(&c->lock);
        const struct timespec until = clock_after(BEAT_SECONDS);
        int late = 0;
        while (late != ETIMEDOUT && atomic_load(&c->running) != 0)
            late = pthread_cond_timedwait(&c->left, &c->lock, &until);
        pthread_mutex_unlock(&c->lock);
        serve_heartbeat(team);
    }
}

void cvi_parallel(cvi_team *team, int64_t n_tasks, void (*task)(void *context, int64_t index, int worker),
                  void *context)
{
    int members[MAX_WORKERS];
    int count = 0;
    int64_t want = team->threads < n_tasks ? team->threads : n_tasks;
    want = want > MAX_WORKERS ? MAX_WORKERS : want - 1;
    crew *c = want > 0 ? assemble((int)want, members, &count) : NULL;
    if (c == NULL) {
        if (n_tasks > 0)
            run_alone(team, n_tasks, task, context);
        return;
    }
    prepare_work(&c->work, team, n_tasks, count + 1, task, context);
    for (int i = 0; i < count; i++)
        call_worker(&pool.workers[members[i]], c, i + 1);
    run_tasks(&c->work, 0, team);
    /* ran tells the truth: the first time a team is this large, everyone is waited for; later a worker that
     * is still asleep when the work is done is let sleep. */
    if (count + 1 > team->ran)
        team->ran = count + 1;
    else
        take_back_unanswered(c, members, count);
    wait_for_crew(c, team, count);
    disband(c, members, count);
}

void cvi_pool_shutdown(void)
{
    pthread_mutex_lock(&pool.lock);
    int idle = 0;
    for (int i = pool.idle; i >= 0; i = pool.workers[i].next_idle)
        idle++;
    if (idle == pool.created) { /* nobody is at work */
        for (int i = 0; i < pool.created; i++) {
            worker *w = &pool.workers[i];
            pthread_mutex_lock(&w->lock);
            atomic_store(&w->state, QUIT);
            pthread_cond_signal(&w->wake);
            pthread_mutex_unlock(&w->lock);
            pthread_join(w->thread, NULL);
            pthread_mutex_destroy(&w->lock);
            pthread_cond_destroy(&w->wake);
        }
        pool.created = 0;
        pool.idle = -1;
    }
    pthread_mutex_unlock(&pool.lock);
}

#endif
