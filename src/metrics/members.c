#include "metrics/metrics.h"

#include <string.h>

void cvi_members_take(cvi_members *members, int64_t n, int64_t k, cvi_arena *arena)
{
    members->order = cvi_arena_take(arena, n, sizeof(int64_t));
    members->start = cvi_arena_take(arena, k < INT64_MAX ? k + 1 : k, sizeof(int64_t));
    members->used = 0;
}

covey_status cvi_members_sort(cvi_members *members, const cvi_scored *scored, covey_error *err)
{
    const int64_t n = scored->x->n, k = scored->k;
    int64_t *const start = members->start;
    memset(start, 0, (size_t)(k + 1) * sizeof *start);
    for (int64_t i = 0; i < n; i++)
        start[scored->labels[i]]++;
    int64_t before = 0;
    for (int64_t j = 0; j <= k; j++) {
        const int64_t count = start[j];
        members->used += count > 0;
        start[j] = before;
        before += count;
    }
    if (members->used < 2 || members->used > n - 1)
        return cvi_fail(err, COVEY_ERR_ARGUMENT,
                        "labels has %lld distinct values; 2 to %lld (rows - 1) can be scored",
                        (long long)members->used, (long long)n - 1);
    for (int64_t i = 0; i < n; i++)
        members->order[start[scored->labels[i]]++] = i;
    for (int64_t j = k; j > 0; j--) /* each start has moved to its end, which is the next one's start */
        start[j] = start[j - 1];
    start[0] = 0;
    return COVEY_OK;
}
