/**
 * @file progress.h
 * How a computation runs (threads, limits, allocator) and what it tells while it runs. NULL means the defaults.
 */
#ifndef COVEY_PROGRESS_H
#define COVEY_PROGRESS_H

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum covey_phase {
    COVEY_PHASE_CHECK = 1, /**< reading and checking the data */
    COVEY_PHASE_SEED = 2,  /**< choosing the initial centers */
    COVEY_PHASE_ITERATE = 3,
    COVEY_PHASE_FINISH = 4 /**< final labels and inertia */
} covey_phase;

/**
 * One moment of a fit. Lives for the duration of the callback.
 * Mini-batch with verbosity >= 1: COVEY_PHASE_SEED with detail 1 says that start `run` of `n_init` was scored: inertia
 * is that of the validation rows. COVEY_PHASE_ITERATE with detail 1 ends a step: iteration counts steps, max_iter is
 * their largest number, inertia is the batch's divided by the batch size, n_changed the centers reassigned.
 * Bisecting: run counts the inner fits of all splits.
 */
typedef struct covey_progress {
    size_t size; /**< sizeof(covey_progress) of the library */
    covey_phase phase;
    int32_t detail;    /**< 1: an iteration has just ended (always told when verbose); 0: a heartbeat inside a phase */
    int64_t run;       /**< restart, counted from 0 */
    int64_t n_init;    /**< restarts in all */
    int64_t iteration; /**< iterations finished in this run */
    int64_t max_iter;
    double shift_sq;   /**< sum of squared center moves in the last iteration, squared units of x; -1 before the first */
    double tol;        /**< shift_sq at or below which the run stops */
    int64_t n_changed; /**< rows that changed their label in the last iteration; -1 before the first */
    double inertia;    /**< with verbosity >= 1: of the new labels to the old centers; NaN when not computed */
    double seconds;    /**< since the call began, monotonic clock */
    double fraction;   /**< share of the present phase that is done, 0..1, an estimate */
    int32_t stop;      /**< detail = 1: 0 goes on, 1 strict convergence, 2 shift within tol, 3 max_iter, 4 no improvement */
    double smoothed;   /**< mini-batch: exponentially weighted mean of the batches' inertia; NaN elsewhere */
    int64_t n_reassigned; /**< mini-batch: centers reassigned in this step */
} covey_progress;

/**
 * Called on the thread that called the library, never concurrently, at most twenty times a second between
 * iterations' ends (with verbosity >= 1 also at each of them), and not again after it answered 2.
 * @return 0 to go on; 1 to stop: the best complete state so far is then the result (one more pass over the rows may
 *         be needed to complete it); 2 to give up at once: the call returns COVEY_ERR_CANCELLED
 */
typedef int (*covey_progress_fn)(void *user, const covey_progress *progress);

/** Memory functions, all three or none. They may be called from the calling thread only. */
typedef struct covey_allocator {
    void *(*allocate)(void *user, size_t bytes);
    void (*release)(void *user, void *block);
    void *user;
} covey_allocator;

/** How to run. Set by covey_run_init, then change fields. Nothing here changes the result, only time and memory. */
typedef struct covey_run {
    size_t size; /**< set by covey_run_init */
    int32_t threads;        /**< 0: min(affinity, cgroup quota, COVEY_NUM_THREADS or OMP_NUM_THREADS); else as given */
    int32_t verbosity;      /**< 0: heartbeats only; 1: also every iteration, with its inertia */
    const char *isa;        /**< NULL, or the highest instruction set to use: "portable", "avx2", "avx512", "neon" ... */
    const char *plan;       /**< NULL: chosen by the plan; else a path by name ("brute", "canonical", ...) */
    size_t memory_limit;    /**< bytes that the call may allocate; 0: no limit */
    size_t accelerator_budget; /**< bytes for bounds and copies, beside the O(n + k d) of any fit; 0 is allowed;
                                    SIZE_MAX: half of the input and 256 bytes a row, at least 128 MiB */
    double time_limit;      /**< seconds; 0: no limit */
    const covey_allocator *allocator; /**< NULL: malloc and free */
    covey_progress_fn progress;       /**< NULL: silent */
    void *user;                       /**< handed to progress */
} covey_run;

/** Set all fields to their defaults. Use the macro: it passes the caller's sizeof. */
COVEY_API void covey_run_init_sized(covey_run *run, size_t size);
#define covey_run_init(run) covey_run_init_sized((run), sizeof(covey_run))

/** Lower the process-wide cap on the thread count; 0 only asks. @return the cap in force (0: none). */
COVEY_API int32_t covey_threads_limit(int32_t threads);
/** @return the thread count that threads = 0 stands for now. */
COVEY_API int32_t covey_threads_default(void);
/** Set the width that threads = 0 stands for in this process (threadpoolctl); 0 restores the rule. */
COVEY_API void covey_threads_set_default(int32_t threads);
/**
 * Lower the process-wide cap on the instruction set: portable < avx2 < avx2-vnni < avx512 < avx512-vnni, neon < neon-dot.
 * @return COVEY_OK; _ARGUMENT for an unknown name; _UNSUPPORTED if the machine lacks the level
 */
COVEY_API covey_status covey_isa_limit(const char *name, covey_error *err) COVEY_MUST_USE;
/** @return the name of the instruction set in use under the cap, e.g. "avx512"; static storage. */
COVEY_API const char *covey_isa_name(void);
/** @return 1 if this machine and build can run the named level, 0 if not, -1 if the name is unknown. */
COVEY_API int covey_isa_available(const char *name);

#ifdef __cplusplus
}
#endif
#endif
