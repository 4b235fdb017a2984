/* The plan: which strategy runs. Every strategy gives the same labels, so this decides about time and memory alone. */
#include "assign/course.h"

#include <stdio.h>
#include <string.h>

const cvi_strategy *const cvi_strategies[] = {&cvi_sparse_bounds,   &cvi_sparse,
                                              &cvi_small,           &cvi_sorted,
                                              &cvi_tree,            &cvi_headed,
                                              &cvi_tiled,           &cvi_integer_strategy,
                                              &cvi_screen_strategy, &cvi_row_bounded,
                                              &cvi_brute,           &cvi_canonical_strategy,
                                              NULL};

bool cvi_plan_asks_even(const cvi_rows *rows, int64_t k)
{
    enum { LEAST_D = 16, LEAST_WORK = 4096, LEAST_ROWS = 4096 };
    return rows->kind != CVI_ROWS_CSR && rows->d >= LEAST_D && rows->d * k >= LEAST_WORK && rows->n >= LEAST_ROWS;
}

void cvi_plan_names(char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (int s = 0; cvi_strategies[s] != NULL && used < size; s++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", s == 0 ? "" : ", ", cvi_strategies[s]->name);
}

bool cvi_plan_known(const char *name)
{
    for (int s = 0; cvi_strategies[s] != NULL; s++)
        if (strcmp(cvi_strategies[s]->name, name) == 0)
            return true;
    return false;
}

size_t cvi_plan_bytes(const cvi_strategy *strategy, const cvi_problem *problem, int threads)
{
    cvi_course course;
    cvi_arena measure = {0};
    cvi_course_take(&course, strategy, problem, threads, &measure);
    return measure.used;
}

bool cvi_plan_affords(const cvi_strategy *strategy, const cvi_problem *problem, bool by_name)
{
    const covey_run *run = &problem->job->run;
    return (by_name && run->accelerator_budget == SIZE_MAX) ||
           cvi_plan_bytes(strategy, problem, problem->job->team.threads) <= cvi_rows_budget(problem->rows, run);
}

size_t cvi_plan_extra_bytes(const cvi_strategy *strategy, const cvi_problem *problem, int threads)
{
    const size_t all = cvi_plan_bytes(strategy, problem, threads);
    cvi_arena plain = {0};
    if (cvi_brute.suits(problem))
        cvi_brute_take_plain(problem, threads, &plain);
    else
        cvi_sparse.take(problem, threads, &plain);
    return all > plain.used ? all - plain.used : 0;
}

/* A single labelling, or rows that change from pass to pass, leave nothing to remember. */
static bool worth_it(const cvi_strategy *strategy, const cvi_problem *problem)
{
    if (strategy->min_passes > 0 && (problem->passes <= 1 || problem->passes < strategy->min_passes))
        return false;
    return strategy->pays == NULL || strategy->pays(problem);
}

static const cvi_strategy *first_fitting(const cvi_problem *problem, size_t room)
{
    const cvi_strategy *last = NULL;
    for (int s = 0; cvi_strategies[s] != NULL; s++) {
        const cvi_strategy *strategy = cvi_strategies[s];
        if (!strategy->suits(problem) || !worth_it(strategy, problem))
            continue;
        last = strategy;
        if (cvi_plan_bytes(strategy, problem, problem->job->team.threads) <= room)
            break;
    }
    return last; /* the arena will say if even that is too much */
}

const cvi_strategy *cvi_plan_strategy(const cvi_problem *problem, size_t room, covey_error *err)
{
    const char *asked = problem->job->run.plan;
    const cvi_strategy *pinned = NULL;
    for (int s = 0; asked != NULL && cvi_strategies[s] != NULL; s++)
        if (strcmp(asked, cvi_strategies[s]->name) == 0)
            pinned = cvi_strategies[s];
    if (pinned == NULL || (pinned->min_passes > 0 && problem->passes <= 1))
        return first_fitting(problem, room);
    if (pinned->suits(problem))
        return pinned;
    cvi_fail(err, COVEY_ERR_UNSUPPORTED, "plan '%s' cannot run on this data (%s rows, %lld features, %lld clusters)", asked,
             problem->rows->kind == CVI_ROWS_CSR ? "sparse" : "dense", (long long)problem->rows->d, (long long)problem->k);
    return NULL;
}
