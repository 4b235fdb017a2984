/*
 * The pool: one per process, made at first need, remade in a forked child. With wake_place.h the only place
 * that knows pthreads.
 *
 * cvi_parallel cuts work into tasks that workers take one by one from a shared counter, so an idle worker
 * always finds work; results may not depend on who ran what (engine rules A and B see to that).
 */
#ifndef CVI_BASE_THREADS_H
#define CVI_BASE_THREADS_H

#include <stdatomic.h>
#include <stdint.h>

/* A request to stop that workers read; set by the caller's heartbeat. */
typedef atomic_int cvi_stop_flag;

typedef struct cvi_team {
    int threads;         /* as asked for; fewer run if threads cannot be made or the pool is busy */
    int ran;             /* out: largest number of workers that took part so far, the caller included */
    cvi_stop_flag *stop; /* NULL, or when non-zero the remaining tasks are skipped */
    void (*heartbeat)(void *user); /* NULL, or called on the calling thread between its tasks and while it
                                      waits, about every 50 ms */
    void *user;
    double last_beat; /* when the heartbeat was last called; 0: never */
} cvi_team;

/* task runs once for each index in [0, n_tasks); worker is in [0, team->threads). The caller is worker 0.
 * Threads of the pool run with the default floating-point environment. A second caller at the same time gets
 * workers that are free, at worst it runs alone. With one task or one thread nothing is woken. */
void cvi_parallel(cvi_team *team, int64_t n_tasks, void (*task)(void *context, int64_t index, int worker),
                  void *context);

/* Stop and join the workers (tests, leak checkers); the next cvi_parallel makes them again. */
void cvi_pool_shutdown(void);

/* Tests only: at most this many threads can be created (-1: no limit), to play a failing pthread_create. */
extern int cvi_pool_test_max_created;

#endif
