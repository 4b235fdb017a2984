#include "assign/course.h"

#include "base/machine.h"

/* A steady pass that takes longer than this share of the first has gained so little that brute force is tried once. */
static const double DOUBTFUL = 0.7;

/* Brute force cannot win against a pass that makes less than this share of its distances, whatever a busy machine's clock says. */
static const double FEW_DISTANCES = 0.05;

/* Passes of the first rest, and how many slow ones in a row lead to it. */
enum { FIRST_REST = 8, SLOW_PASSES = 2 };

double (*cvi_course_test_clock)(void);

static double now(void)
{
    return cvi_course_test_clock != NULL ? cvi_course_test_clock() : cvi_clock();
}

/* Brute force beside a strategy: in whole numbers where those pay, if the strategy leaves passes to it and the budget has room
 * for both. */
static const cvi_strategy *plain_beside(const cvi_strategy *strategy, const cvi_problem *problem, int threads)
{
    const cvi_strategy *integer = &cvi_integer_strategy;
    cvi_arena both = {0};
    if (strategy->ready == NULL || !integer->suits(problem) || !integer->pays(problem))
        return &cvi_brute;
    strategy->take(problem, threads, &both);
    integer->take(problem, threads, &both);
    return both.used <= cvi_rows_budget(problem->rows, &problem->job->run) ? integer : &cvi_brute;
}

void cvi_course_take(cvi_course *course, const cvi_strategy *strategy, const cvi_problem *problem, int threads, cvi_arena *arena)
{
    const bool remembers = strategy->min_passes > 0 && cvi_brute.suits(problem);
    *course = (cvi_course){.strategy = strategy};
    course->state = strategy->take(problem, threads, arena);
    if (!remembers)
        return;
    course->plain = plain_beside(strategy, problem, threads);
    course->beside = course->plain == &cvi_brute ? cvi_brute_take_plain(problem, threads, arena)
                                                 : course->plain->take(problem, threads, arena);
}

void cvi_course_start(cvi_course *course, const cvi_problem *problem)
{
    const int64_t n = problem->rows->n;
    course->history = (cvi_history){.changed = n, .changed_before = n};
    course->follows = false;
    if (course->beside != NULL)
        course->plain->start(course->beside, problem);
    else
        course->strategy->start(course->state, problem);
}

/* A plan that was asked for by name runs, however slow it is. */
static bool on_the_clock(const cvi_course *course, const cvi_problem *problem)
{
    return course->beside != NULL && (problem->job->run.plan == NULL || cvi_course_test_clock != NULL);
}

/* Is this pass the strategy's?  One that only wants labels is not worth a beginning. */
static bool by_strategy(cvi_course *course, const cvi_problem *problem, const double *centers, bool fitting)
{
    if (course->beside == NULL)
        return true;
    if (!course->follows && (!fitting || course->made < course->rest_until))
        return false;
    if (!course->follows)
        course->strategy->start(course->state, problem);
    return course->strategy->ready == NULL || course->strategy->ready(course->state, problem, centers, &course->history);
}

static void rest(cvi_course *course)
{
    course->rest = course->rest > 0 ? 2 * course->rest : FIRST_REST;
    course->rest_until = course->made + course->rest;
    course->rests++;
    course->slow = 0;
    course->follows = false;
}

/* A pass of brute force took so long. */
static void look_at_beside(cvi_course *course, double seconds)
{
    const bool trial = course->seconds > 0 && course->seconds_beside == 0;
    course->seconds_beside = seconds;
    if (trial && seconds < course->seconds)
        rest(course);
    else if (course->rest_until > course->made && seconds > course->seconds)
        course->rest_until = course->made; /* a mistake: back at once */
}

/* A steady pass of the strategy took so long, and made this share of all distances. */
static void look_at_strategy(cvi_course *course, double seconds, double share)
{
    const bool known = course->seconds_beside > 0;
    const bool slow = seconds > (known ? course->seconds_beside : DOUBTFUL * course->first);
    course->seconds = seconds;
    course->slow = slow && share >= FEW_DISTANCES ? course->slow + 1 : 0;
    if (course->slow < SLOW_PASSES)
        return;
    if (known) {
        rest(course);
    } else {
        course->rest_until = course->made + 1; /* try brute force once */
        course->slow = 0;
        course->follows = false;
    }
}

/* The last pass took so long. */
static void look_at_clock(cvi_course *course, double seconds, bool own, bool steady, double share)
{
    if (course->made == 1)
        course->first = seconds;
    else if (!own && course->history.passes > 0)
        look_at_beside(course, seconds);
    else if (steady)
        look_at_strategy(course, seconds, share);
}

bool cvi_course_pass(cvi_course *course, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                     cvi_pass_counts *counts)
{
    const cvi_pass_counts counted = *counts;
    const bool timed = sums != NULL && on_the_clock(course, problem);
    const double before = timed ? now() : 0;
    const bool followed = course->follows;
    const bool own = by_strategy(course, problem, centers, sums != NULL);
    const cvi_strategy *strategy = own ? course->strategy : course->plain;
    const bool complete = strategy->pass(own ? course->state : course->beside, problem, centers, labels, sums, counts);
    course->follows = own && complete;
    if (sums == NULL || !complete)
        return complete;
    course->made++;
    course->made_beside += !own;
    if (timed)
        look_at_clock(course, now() - before, own, own && followed,
                      (double)(counts->distances - counted.distances) / (double)(counts->full - counted.full));
    course->history = (cvi_history){course->history.passes + 1, counts->changed, course->history.changed};
    return true;
}
