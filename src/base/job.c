#include "base/job.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

/* Ctrl-C is to be obeyed within 0.2 s: this wait, a pool's beat, and one more pass over the rows. */
static const double TELL_SECONDS = 0.05;

/* Does anybody wait for word, or the clock for an end? */
static bool is_watched(const cvi_job *job)
{
    return job->run.progress != NULL || job->run.time_limit > 0;
}

static void heartbeat(void *user)
{
    cvi_job_tell(user, 0);
}

static covey_status check_run(const covey_run *run, covey_error *err)
{
    if (run->threads < 0)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "threads is %d; it must be 0 (automatic) or more", (int)run->threads);
    if (!(run->time_limit >= 0))
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "time_limit must be 0 (none) or a positive number of seconds");
    if (run->allocator != NULL && (run->allocator->allocate == NULL || run->allocator->release == NULL))
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "allocator must have both functions");
    return COVEY_OK;
}

covey_status cvi_job_enter(cvi_job *job, const covey_run *run, covey_error *err)
{
    memset(job, 0, sizeof *job);
    covey_run_init(&job->run);
    if (run != NULL) {
        if (run->size == 0 || run->size > sizeof job->run)
            return cvi_fail(err, COVEY_ERR_ARGUMENT, "run must be set up by covey_run_init of this version or an older one");
        memcpy(&job->run, run, run->size);
    }
    covey_status status = check_run(&job->run, err);
    if (status != COVEY_OK)
        return status;
    int32_t threads = job->run.threads;
    if (threads == 0) {
        status = cvi_machine_threads(&threads, err);
        if (status != COVEY_OK)
            return status;
    }
    const int32_t cap = covey_threads_limit(0);
    if (cap > 0 && threads > cap)
        threads = cap;
    job->team.threads = threads;
    job->team.ran = 1;
    job->team.stop = &job->flag;
    job->team.heartbeat = is_watched(job) ? heartbeat : NULL;
    job->team.user = job;
    job->started = job->phase_started = cvi_clock();
    job->last_told = job->started;
    job->progress.size = sizeof job->progress;
    job->progress.phase = COVEY_PHASE_CHECK;
    job->progress.shift_sq = -1;
    job->progress.n_changed = -1;
    job->progress.inertia = NAN;
    job->progress.smoothed = NAN;
    cvi_fpenv_enter(&job->fpenv);
    return COVEY_OK;
}

void cvi_job_leave(cvi_job *job)
{
    cvi_fpenv_leave(&job->fpenv);
}

double cvi_job_seconds(const cvi_job *job)
{
    return cvi_clock() - job->started;
}

void cvi_job_phase(cvi_job *job, covey_phase phase)
{
    const double now = cvi_clock();
    job->seconds[job->progress.phase] += now - job->phase_started;
    job->phase_started = now;
    job->progress.phase = phase;
    job->progress.fraction = 0;
}

void cvi_job_shield(cvi_job *job)
{
    atomic_store(&job->flag, 0);
    job->team.stop = NULL;
}

covey_status cvi_job_stopped(const cvi_job *job, covey_error *err)
{
    if (job->stop == CVI_STOP_TIME)
        return cvi_fail(err, COVEY_ERR_LIMIT, "the time limit of %g s was reached before a first result", job->run.time_limit);
    return cvi_fail(err, COVEY_ERR_CANCELLED, "cancelled before a first result");
}

static void request(cvi_job *job, cvi_stop why)
{
    if (job->stop == CVI_STOP_NONE || why == CVI_STOP_ABANDON)
        job->stop = why;
    if (job->team.stop != NULL)
        atomic_store(&job->flag, 1);
}

bool cvi_job_tell(cvi_job *job, int detail)
{
    if (!is_watched(job))
        return true;
    const double now = cvi_clock();
    if (job->run.time_limit > 0 && now - job->started > job->run.time_limit)
        request(job, CVI_STOP_TIME);
    const bool due = now - job->last_told >= TELL_SECONDS || (detail && job->run.verbosity > 0);
    if (job->run.progress != NULL && job->stop != CVI_STOP_ABANDON && due) {
        job->last_told = now;
        job->progress.detail = detail;
        job->progress.seconds = now - job->started;
        const int answer = job->run.progress(job->run.user, &job->progress);
        if (answer != 0)
            request(job, answer == 2 ? CVI_STOP_ABANDON : CVI_STOP_REQUEST);
    }
    return job->stop == CVI_STOP_NONE;
}

int64_t cvi_job_grain(const cvi_job *job, int64_t n, int64_t unit, double nanoseconds_an_item)
{
    /* A task of about 200 microseconds hides the counter and the wake-up; at least 4 tasks a thread share evenly, but one
     * of less than 5 is not worth taking, nor 40 in all worth waking somebody. */
    const double ns = nanoseconds_an_item > 0.01 ? nanoseconds_an_item : 0.01, least = 5e3 / ns;
    double items = 2e5 / ns;
    const double even = (double)n / (4.0 * job->team.threads);
    if (items > even && (double)n * ns > 4e4)
        items = even > least ? even : least;
    int64_t grain = (int64_t)(items / (double)unit) * unit;
    return grain < unit ? unit : grain;
}
