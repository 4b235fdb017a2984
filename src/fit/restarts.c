#include "fit/restarts.h"

#include "base/exact.h"
#include "base/random.h"
#include "update/distances.h"

#include <math.h>
#include <string.h>

/* Slots a room: a round ends when all of its runs have, and then some threads wait. */
enum { SLOTS = 8 };

/* Relative error of a sum of up to 2^20 positive addends in any order, and more. */
static const double MARGIN = 0x1p-32;

/* An inertia that nobody has asked for yet. */
static const double UNKNOWN = -1;

/* --- the plan --------------------------------------------------------------------------------------------------- */

/*
 * A pass over MOST_WORK features of rows and centers takes about 0.1 ms, which threads that meet after every pass share
 * badly; below LEAST_WORK all runs together are done before a second thread is awake.
 */
bool cvi_restarts_pay(const cvi_restarts *restarts)
{
    static const double MOST_WORK = 8e6, LEAST_WORK = 1e5;
    const cvi_fit_call *call = restarts->call;
    const covey_run *run = &call->job->run;
    const covey_seed init = call->request->options.init;
    const double work = (double)restarts->n * (double)restarts->d * (double)restarts->k;
    if (restarts->n_init < 2 || call->job->team.threads < 2)
        return false;
    if (init != COVEY_SEED_PLUSPLUS && init != COVEY_SEED_RANDOM)
        return false;
    if (run->progress != NULL && run->verbosity > 0) /* iterations are told one after the other */
        return false;
    return work <= MOST_WORK && work * (double)restarts->n_init >= LEAST_WORK;
}

void cvi_restarts_side_job(const cvi_restarts *restarts, cvi_job *side)
{
    *side = *restarts->call->job;
    side->team.threads = side->team.ran = 1;
    side->team.heartbeat = NULL;
    side->run.progress = NULL;
    side->run.time_limit = 0;
    memset(side->seconds, 0, sizeof side->seconds);
}

cvi_problem cvi_restarts_problem(const cvi_restarts *restarts, cvi_job *job)
{
    const cvi_fit_call *call = restarts->call;
    return (cvi_problem){.kernels = call->kernels, .rows = restarts->rows, .frame = restarts->frame, .job = job,
                         .k = restarts->k, .passes = call->request->max_iter, .even = restarts->even};
}

/* The strategy comes first; copies for the seeding are also what a tight memory limit gives up first. */
static size_t seeding_budget(const cvi_restarts *r, const cvi_strategy *strategy, const cvi_problem *problem)
{
    const covey_run *run = &r->call->job->run;
    const size_t budget = cvi_rows_budget(r->rows, run) / (size_t)r->n_rooms;
    const size_t spent = cvi_plan_extra_bytes(strategy, problem, problem->job->team.threads);
    return (run->memory_limit > 0 && run->memory_limit / 256 < (size_t)r->n) || spent > budget ? 0 : budget - spent;
}

static void take_room(const cvi_restarts *r, cvi_run_room *room, const cvi_strategy *strategy, cvi_arena *arena)
{
    const cvi_fit_call *call = r->call;
    memset(room, 0, sizeof *room);
    room->call = *call;
    room->fit_job = call->job;
    if (r->side_by_side) {
        cvi_restarts_side_job(r, &room->job);
        room->request = *call->request;
        room->call.job = &room->job;
        room->call.request = &room->request;
    }
    const cvi_problem problem = cvi_restarts_problem(r, room->call.job);
    const int threads = room->call.job->team.threads;
    cvi_problem sharing = problem;
    sharing.curve = room->starter.plusplus.curve = &room->curve;
    cvi_lloyd_take(&room->lloyd, &sharing, strategy, arena);
    room->published = cvi_arena_take(arena, r->k, (size_t)r->d * sizeof(double));
    room->starter.plusplus.budget = seeding_budget(r, strategy, &problem);
    room->starter.plusplus.by_rule = call->job->run.accelerator_budget == SIZE_MAX;
    room->starter.plusplus.kernels = call->kernels;
    cvi_starter_take(&room->starter, r->rows, &call->request->options, room->lloyd.means.sqdist, threads, arena);
}

static void take_slot(const cvi_restarts *r, cvi_run_slot *slot, cvi_arena *arena)
{
    slot->run.centers = cvi_arena_take(arena, r->k, (size_t)r->d * sizeof(double));
    slot->run.labels = cvi_arena_take(arena, r->n, sizeof(int32_t));
    slot->picks = r->side_by_side ? cvi_arena_take(arena, r->k, sizeof(int64_t)) : NULL;
}

void cvi_restarts_take(cvi_restarts *r, const cvi_strategy *strategy, cvi_arena *arena)
{
    const int64_t threads = r->call->job->team.threads;
    r->n_rooms = !r->side_by_side ? 1 : (int)(threads < r->n_init ? threads : r->n_init);
    r->n_slots = !r->side_by_side ? 1 : SLOTS * r->n_rooms < r->n_init ? SLOTS * r->n_rooms : r->n_init;
    r->rooms = cvi_arena_take(arena, r->n_rooms, sizeof *r->rooms);
    for (int w = 0; w < r->n_rooms; w++) {
        cvi_run_room measured;
        take_room(r, r->rooms != NULL ? &r->rooms[w] : &measured, strategy, arena);
    }
    r->slots = cvi_arena_take(arena, r->n_slots, sizeof *r->slots);
    for (int64_t s = 0; s < r->n_slots; s++) {
        cvi_run_slot measured;
        take_slot(r, r->slots != NULL ? &r->slots[s] : &measured, arena);
    }
    r->best_centers = cvi_arena_take(arena, r->k, (size_t)r->d * sizeof(double));
    r->best_labels = r->n_init > 1 ? cvi_arena_take(arena, r->n, sizeof(int32_t)) : NULL;
    r->seen = cvi_arena_take(arena, r->k, sizeof(int32_t));
}

/* --- one run ---------------------------------------------------------------------------------------------------- */

double cvi_restarts_inertia(cvi_run_room *room, const double *published, const int32_t *labels)
{
    cvi_means *means = &room->lloyd.means;
    return cvi_inertia(room->call.kernels, room->lloyd.problem.rows, published, labels, means->blocks, means->scratch,
                       means->sqdist, room->call.job);
}

/* The inertia of what a run would publish, within MARGIN of its value. */
static double about(cvi_run_room *room, const double *centers, const int32_t *labels)
{
    const cvi_problem *problem = &room->lloyd.problem;
    const cvi_rows *rows = problem->rows;
    cvi_means *means = &room->lloyd.means;
    cvi_centers_publish(centers, problem->frame->mean, problem->k, rows->d, false, room->published);
    cvi_weighted_distances(problem->kernels, rows, room->published, labels, means->blocks, means->scratch, problem->job,
                           means->sqdist);
    return cvi_pairwise_sum(means->sqdist, rows->n, 1);
}

/* Run number `index`. Whether it came to its end is in slot->state; *status is an error of its start. */
static void one_run(const cvi_restarts *r, cvi_run_room *room, cvi_run_slot *slot, int64_t index, covey_status *status,
                    covey_error *err)
{
    cvi_job *job = room->call.job;
    cvi_lloyd_run *run = &slot->run;
    job->progress.run = index;
    job->progress.n_init = r->n_init;
    cvi_job_phase(job, COVEY_PHASE_SEED);
    slot->state = CVI_RUN_EMPTY;
    slot->inertia = INFINITY;
    if (!cvi_starter_run(&room->starter, &room->call, r->rows, room->used, r->k, index, run->centers,
                         &room->lloyd.means.blocks[0], status, err))
        return;
    room->used = true;
    cvi_job_phase(job, COVEY_PHASE_ITERATE);
    run->tol = r->call->request->options.tol * r->frame->variance;
    run->max_iter = r->call->request->max_iter;
    run->rest = &room->rest;
    if (cvi_lloyd_fit(&room->lloyd, run))
        slot->state = CVI_RUN_HALF;
    if (run->repeats)
        slot->state = CVI_RUN_REPEATED;
    if (run->stop == 0) /* before it was done */
        return;
    if (r->n_init > 1) {
        if (run->stop != COVEY_STOP_STRICT && !cvi_lloyd_label(&room->lloyd, run->centers, run->labels, run->labels_follow))
            return;
        slot->inertia = r->side_by_side ? about(room, run->centers, run->labels) : UNKNOWN;
    }
    slot->state = CVI_RUN_WHOLE;
}

/* --- the choice ------------------------------------------------------------------------------------------------- */

/* Is labels the best clustering under other names, or a refinement of it? (scikit-learn's one-sided test) */
static bool same_clustering(const cvi_restarts *r, const int32_t *labels)
{
    memset(r->seen, 0xff, (size_t)r->k * sizeof *r->seen);
    for (int64_t i = 0; i < r->n; i++) {
        const int32_t j = labels[i];
        if (r->seen[j] < 0)
            r->seen[j] = r->best_labels[i];
        else if (r->seen[j] != r->best_labels[i])
            return false;
    }
    return true;
}

/* Inertia to the last bit, of what a run would publish. The room of the first runs is free. */
static double exact_inertia(cvi_restarts *r, const double *centers, const int32_t *labels)
{
    cvi_run_room *room = &r->rooms[0];
    cvi_centers_publish(centers, r->frame->mean, r->k, r->d, false, room->published);
    return cvi_restarts_inertia(room, room->published, labels);
}

/*
 * scikit-learn's rule: a lower inertia, and not the same clustering. Restarts mostly end in one of few clusterings, so
 * distances are left for those that differ, and exact sums for those that are as good as alike.
 */
static bool better(cvi_restarts *r, cvi_run_slot *slot)
{
    const cvi_lloyd_run *run = &slot->run;
    if (!r->have_best)
        return true;
    if (same_clustering(r, run->labels))
        return false;
    if (slot->inertia == UNKNOWN)
        slot->inertia = about(&r->rooms[0], run->centers, run->labels);
    if (r->best_inertia == UNKNOWN)
        r->best_inertia = about(&r->rooms[0], r->best_centers, r->best_labels);
    const double margin = MARGIN * (slot->inertia + r->best_inertia);
    if (slot->inertia > r->best_inertia + margin)
        return false;
    return slot->inertia < r->best_inertia - margin ||
           exact_inertia(r, run->centers, run->labels) < exact_inertia(r, r->best_centers, r->best_labels);
}

/*
 * What a later run may stop at: the best one where it stands by itself, every cluster with rows.  Only where runs follow each other,
 * since the best must be known, nobody is told of iterations, and the strategy does not mind one pass over other centers.
 */
static cvi_lloyd_rest rest_of(const cvi_restarts *r, const cvi_lloyd_run *run)
{
    const covey_run *settings = &r->call->job->run;
    const bool stands = run->stop == COVEY_STOP_STRICT && run->labels_follow && run->n_relocations == 0;
    const bool told = settings->progress != NULL && settings->verbosity > 0;
    cvi_lloyd_rest rest = {0};
    if (stands && !told && !r->side_by_side && r->n_init > 1 && r->k <= CVI_REST_MAX_K && r->rows->weights == NULL &&
        r->rooms[0].lloyd.course.strategy->min_passes == 0)
        rest = (cvi_lloyd_rest){.centers = r->best_centers, .labels = r->best_labels};
    return rest;
}

static void keep(cvi_restarts *r, const cvi_run_slot *slot, int64_t index)
{
    memcpy(r->best_centers, slot->run.centers, (size_t)(r->k * r->d) * sizeof(double));
    if (r->best_labels != NULL)
        memcpy(r->best_labels, slot->run.labels, (size_t)r->n * sizeof(int32_t));
    r->best = slot->run;
    r->best_run = index;
    r->best_inertia = slot->inertia;
    r->have_best = true;
    r->rooms[0].rest = rest_of(r, &slot->run);
}

/* Look at the runs first, first + 1, ... in their order. Half a run only counts when there is nothing better. */
static void choose(cvi_restarts *r, int64_t first, int64_t count)
{
    for (int64_t s = 0; s < count; s++) {
        cvi_run_slot *slot = &r->slots[s];
        if (slot->state != CVI_RUN_WAITING)
            r->runs_made = first + s + 1;
        if (slot->state == CVI_RUN_WHOLE && better(r, slot))
            keep(r, slot, first + s);
    }
    for (int64_t s = 0; s < count; s++)
        if (r->slots[s].state == CVI_RUN_HALF && !r->have_best)
            keep(r, &r->slots[s], first + s);
}

/* --- runs side by side ------------------------------------------------------------------------------------------ */

typedef struct side_runs {
    cvi_restarts *restarts;
    int64_t first; /* run of slot 0 */
} side_runs;

static void side_run(void *context, int64_t index, int worker)
{
    const side_runs *s = context;
    cvi_restarts *r = s->restarts;
    cvi_run_room *room = &r->rooms[worker];
    cvi_run_slot *slot = &r->slots[index];
    covey_status status; /* what can fail was drawn before */
    covey_error err;
    room->request.random = &slot->random;
    room->starter.drawn = slot->picks;
    one_run(r, room, slot, s->first + index, &status, &err);
    cvi_job_phase(&room->job, COVEY_PHASE_FINISH); /* the clock of the phases stands still between runs */
}

/* The calling thread's run tells for all. */
static void tell(void *user)
{
    const cvi_run_room *room = user;
    room->fit_job->progress = room->job.progress;
    cvi_job_tell(room->fit_job, 0);
}

/* Bring the generator past what one run draws; the slot gets what the run will find. */
static covey_status draw_ahead(cvi_restarts *r, cvi_run_slot *slot, covey_error *err)
{
    covey_random *random = r->call->request->random;
    const cvi_plusplus *plusplus = &r->rooms[0].starter.plusplus;
    slot->state = CVI_RUN_WAITING;
    if (r->call->request->options.init == COVEY_SEED_RANDOM)
        return cvi_starter_draw(&r->rooms[0].starter, r->rows, r->k, random, slot->picks, err);
    slot->random = *random;
    cvi_random_skip(random, cvi_plusplus_draws(r->k, plusplus->trials));
    return COVEY_OK;
}

/* The time of a round is shared out to the phases as that of its runs. */
static void share_time(cvi_restarts *r)
{
    cvi_job *job = r->call->job;
    double seed = 0, iterate = 0;
    for (int w = 0; w < r->n_rooms; w++) {
        double *seconds = r->rooms[w].job.seconds;
        seed += seconds[COVEY_PHASE_SEED];
        iterate += seconds[COVEY_PHASE_ITERATE];
        memset(seconds, 0, sizeof r->rooms[w].job.seconds);
    }
    job->progress.phase = COVEY_PHASE_SEED;
    const double before = job->seconds[COVEY_PHASE_SEED];
    cvi_job_phase(job, COVEY_PHASE_SEED);
    const double spent = job->seconds[COVEY_PHASE_SEED] - before, moved = spent * (iterate / (seed + iterate + 1e-300));
    job->seconds[COVEY_PHASE_SEED] -= moved;
    job->seconds[COVEY_PHASE_ITERATE] += moved;
}

static covey_status run_side_by_side(cvi_restarts *r, covey_error *err)
{
    cvi_job *job = r->call->job;
    cvi_job_phase(job, COVEY_PHASE_SEED);
    job->progress.n_init = r->n_init;
    r->rooms[0].job.team.heartbeat = job->team.heartbeat != NULL ? tell : NULL;
    r->rooms[0].job.team.user = &r->rooms[0];
    for (int64_t first = 0; first < r->n_init && job->stop == CVI_STOP_NONE; first += r->n_slots) {
        const int64_t count = r->n_init - first < r->n_slots ? r->n_init - first : r->n_slots;
        for (int64_t s = 0; s < count; s++) {
            const covey_status status = draw_ahead(r, &r->slots[s], err);
            if (status != COVEY_OK)
                return status;
        }
        for (int w = 0; w < r->n_rooms; w++)
            cvi_job_phase(&r->rooms[w].job, COVEY_PHASE_FINISH);
        side_runs runs = {.restarts = r, .first = first};
        cvi_parallel(&job->team, count, side_run, &runs);
        choose(r, first, count);
        share_time(r);
    }
    return COVEY_OK;
}

/* --- all of them ------------------------------------------------------------------------------------------------ */

covey_status cvi_restarts_run(cvi_restarts *r, covey_error *err)
{
    if (r->side_by_side)
        return run_side_by_side(r, err);
    covey_status status = COVEY_OK;
    for (int64_t index = 0; index < r->n_init && r->call->job->stop == CVI_STOP_NONE && status == COVEY_OK; index++) {
        one_run(r, &r->rooms[0], &r->slots[0], index, &status, err);
        choose(r, index, 1);
    }
    return status;
}

cvi_pass_counts cvi_restarts_counts(const cvi_restarts *r)
{
    cvi_pass_counts all = {0};
    for (int w = 0; w < r->n_rooms; w++) {
        const cvi_pass_counts *counts = &r->rooms[w].lloyd.counts;
        all.distances += counts->distances;
        all.full += counts->full;
        all.repaired += counts->repaired;
    }
    return all;
}

cvi_course cvi_restarts_course(const cvi_restarts *r)
{
    cvi_course all = r->rooms[0].lloyd.course;
    for (int w = 1; w < r->n_rooms; w++) {
        const cvi_course *course = &r->rooms[w].lloyd.course;
        all.made += course->made;
        all.made_beside += course->made_beside;
        all.rests += course->rests;
    }
    return all;
}

void cvi_restarts_label(cvi_restarts *r, const double *centers)
{
    cvi_lloyd *lloyd = &r->rooms[0].lloyd;
    int32_t *labels = r->slots[0].run.labels;
    if (r->side_by_side) { /* the room's last run was another slot's */
        cvi_course_start(&lloyd->course, &lloyd->problem);
        memset(labels, 0xff, (size_t)r->n * sizeof *labels);
    }
    const bool follow = !r->side_by_side && r->best.labels_follow && r->best_run == r->runs_made - 1;
    cvi_lloyd_label(lloyd, centers, labels, follow);
}
