/* The plan: which strategy runs. Every strategy gives the same labels, so this decides about time and memory alone. */
#include "assign/strategy.h"

#include <stdio.h>
#include <string.h>

const cvi_strategy *const cvi_strategies[] = {&cvi_sparse, &cvi_brute, &cvi_canonical_strategy, NULL};

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
    cvi_arena measure = {0};
    strategy->take(problem, threads, &measure);
    return measure.used;
}

const cvi_strategy *cvi_plan_strategy(const cvi_problem *problem, size_t room, covey_error *err)
{
    const char *asked = problem->job->run.plan;
    const cvi_strategy *last = NULL;
    for (int s = 0; cvi_strategies[s] != NULL; s++) {
        const cvi_strategy *strategy = cvi_strategies[s];
        if (asked != NULL && strcmp(asked, strategy->name) != 0)
            continue;
        if (!strategy->suits(problem))
            continue;
        last = strategy;
        if (asked != NULL || cvi_plan_bytes(strategy, problem, problem->job->team.threads) <= room)
            return strategy;
    }
    if (asked != NULL && last == NULL)
        cvi_fail(err, COVEY_ERR_UNSUPPORTED, "plan '%s' cannot run on this data (%s rows, %lld features, %lld clusters)", asked,
                 problem->rows->kind == CVI_ROWS_CSR ? "sparse" : "dense", (long long)problem->rows->d, (long long)problem->k);
    return last; /* the arena will say if even that is too much */
}
