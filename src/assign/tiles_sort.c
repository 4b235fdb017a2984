/* Rows in the order of their labels: a counting sort whose chunks run side by side, stable for any number of
 * threads. */
#include "assign/tiles.h"

#include <string.h>

typedef struct sorting {
    cvi_tiles *state;
    const int32_t *labels;
    int64_t k;
} sorting;

static void chunk(const sorting *s, int64_t index, int64_t *first, int64_t *last)
{
    *first = index * s->state->sort_rows;
    *last = *first + s->state->sort_rows;
    if (*last > s->state->n)
        *last = s->state->n;
}

static void count_labels(void *context, int64_t index, int worker)
{
    (void)worker;
    const sorting *s = context;
    int64_t first, last, *count = s->state->starts + index * s->k;
    chunk(s, index, &first, &last);
    memset(count, 0, (size_t)s->k * sizeof *count);
    for (int64_t i = first; i < last; i++)
        count[s->labels[i]]++;
}

static void place_rows(void *context, int64_t index, int worker)
{
    (void)worker;
    const sorting *s = context;
    int64_t first, last, *next = s->state->starts + index * s->k;
    chunk(s, index, &first, &last);
    for (int64_t i = first; i < last; i++) {
        const int32_t j = s->labels[i];
        const int64_t at = next[j]++;
        s->state->rows[at] = (int32_t)i;
        s->state->labels[at] = j;
    }
}

bool cvi_tiles_sort(cvi_tiles *state, const cvi_problem *problem, const int32_t *labels)
{
    cvi_job *job = problem->job;
    const int64_t k = problem->k, chunks = job->team.threads;
    sorting s = {.state = state, .labels = labels, .k = k};
    state->n = problem->rows->n;
    state->n_tiles = (state->n + CVI_TILE - 1) / CVI_TILE;
    state->sort_rows = (state->n + chunks - 1) / chunks;
    cvi_parallel(&job->team, chunks, count_labels, &s);
    if (job->team.stop != NULL && atomic_load(job->team.stop) != 0)
        return false;
    int64_t at = 0;
    for (int64_t r = 0; r < k; r++)
        for (int64_t c = 0; c < chunks; c++) {
            int64_t *start = &state->starts[c * k + state->order[r]];
            const int64_t count = *start;
            *start = at;
            at += count;
        }
    cvi_parallel(&job->team, chunks, place_rows, &s);
    for (int64_t i = state->n; i < state->n_tiles * CVI_TILE; i++)
        state->labels[i] = state->labels[state->n - 1];
    return job->team.stop == NULL || atomic_load(job->team.stop) == 0;
}
