#include "update/relocate.h"

#include "update/distances.h"

#include <string.h>

/* Order of refilling: larger distance first, then the higher row. */
static bool comes_before(const double *sqdist, int64_t a, int64_t b)
{
    return sqdist[a] > sqdist[b] || (sqdist[a] == sqdist[b] && a > b);
}

/* The heap's root is the one that would be refilled last. */
static void sift_down(const double *sqdist, int64_t *heap, int64_t size, int64_t at)
{
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= size)
            return;
        if (child + 1 < size && comes_before(sqdist, heap[child], heap[child + 1]))
            child++;
        if (!comes_before(sqdist, heap[at], heap[child]))
            return;
        const int64_t t = heap[at];
        heap[at] = heap[child];
        heap[child] = t;
        at = child;
    }
}

/* The first `count` rows in the order of refilling, in that order. */
static void select_farthest(const double *sqdist, int64_t n, int64_t count, int64_t *out)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = i;
    for (int64_t at = count / 2; at-- > 0;)
        sift_down(sqdist, out, count, at);
    for (int64_t i = count; i < n; i++)
        if (comes_before(sqdist, i, out[0])) {
            out[0] = i;
            sift_down(sqdist, out, count, 0);
        }
    for (int64_t size = count - 1; size > 0; size--) {
        const int64_t last = out[0];
        out[0] = out[size];
        out[size] = last;
        sift_down(sqdist, out, size, 0);
    }
}

/* The sum and mass of cluster j when the rows moved so far are taken out of it, or put in. */
static void refresh(cvi_means *means, const cvi_rows *rows, const int32_t *labels, int64_t moved, int64_t j, double *centers)
{
    const cvi_sums *sums = means->sums;
    const size_t words = (size_t)sums->frame->grid.levels * (size_t)sums->d;
    const cvi_part *part = &sums->parts[0];
    uint64_t *mass = means->q + words;
    int64_t count = part->count[j];
    memcpy(means->q, part->q + (size_t)j * words, words * sizeof *means->q);
    memset(mass, 0, CVI_MAX_LEVELS * sizeof *mass);
    if (sums->weighted)
        memcpy(mass, part->mass + j * CVI_MAX_LEVELS, CVI_MAX_LEVELS * sizeof *mass);
    bool refilled = false;
    for (int64_t m = 0; m < moved; m++) {
        const int64_t i = means->farthest[m];
        if (means->empty[m] == j && !refilled) {
            /* scikit-learn overwrites the empty cluster: rows without weight that it still held are forgotten. */
            memset(means->q, 0, words * sizeof *means->q);
            memset(mass, 0, CVI_MAX_LEVELS * sizeof *mass);
            count = 0;
            refilled = true;
        }
        if (means->empty[m] == j)
            cvi_sums_change(sums, rows, i, &means->blocks[0], 1, means->q, mass, &count);
        if (labels[i] == j && means->empty[m] != j)
            cvi_sums_change(sums, rows, i, &means->blocks[0], -1, means->q, mass, &count);
    }
    cvi_sums_read_raw(sums, means->q, count, centers + j * sums->d);
    means->mass[j] = cvi_sums_mass_raw(sums, mass, count);
}

void cvi_relocate(cvi_means *means, const cvi_rows *rows, const double *before, const int32_t *labels, int64_t n_empty,
                  double *centers, cvi_job *job)
{
    const cvi_sums *sums = means->sums;
    cvi_centers_publish(before, rows->mean, sums->k, sums->d, false, means->published);
    cvi_team team = job->team;
    job->team.stop = NULL; /* an incomplete set of distances would pick wrong rows */
    cvi_own_distances(sums->kernels, rows, means->published, labels, means->blocks, means->scratch, job, means->sqdist);
    job->team.stop = team.stop;
    const int64_t count = n_empty < rows->n ? n_empty : rows->n;
    select_farthest(means->sqdist, rows->n, count, means->farthest);
    if (!(means->sqdist[means->farthest[0]] > 0))
        return;
    for (int64_t m = 0; m < count; m++) {
        refresh(means, rows, labels, count, labels[means->farthest[m]], centers);
        means->n_relocations++;
    }
    for (int64_t m = 0; m < count; m++)
        refresh(means, rows, labels, count, means->empty[m], centers);
}
