#include "update/means.h"

#include "base/exact.h"
#include "update/relocate.h"

#include <math.h>
#include <string.h>

/* Values to read from the sums that are worth a thread's waking up. */
enum { TASK_VALUES = 8192 };

void cvi_means_take(cvi_means *means, cvi_sums *sums, const cvi_rows *rows, int64_t k, int threads, cvi_arena *arena)
{
    means->sums = sums;
    means->mass = cvi_arena_take(arena, k, sizeof(double));
    means->sqdist = cvi_arena_take(arena, rows->n, sizeof(double));
    means->empty = cvi_arena_take(arena, k, sizeof(int64_t));
    means->farthest = cvi_arena_take(arena, k, sizeof(int64_t));
    means->q = cvi_arena_take(arena, sums->frame->grid.levels * rows->d + CVI_MAX_LEVELS, sizeof(uint64_t));
    means->published = cvi_arena_take(arena, k, (size_t)rows->d * sizeof(double));
    means->blocks = cvi_arena_take(arena, threads, sizeof(cvi_block));
    means->scratch = cvi_arena_take(arena, threads, sizeof(double *));
    for (int t = 0; t < threads; t++) {
        cvi_block block;
        cvi_block_take(&block, rows, arena);
        double *scratch = cvi_arena_take(arena, 8 * rows->d, sizeof(double));
        if (means->blocks != NULL) {
            means->blocks[t] = block;
            means->scratch[t] = scratch;
        }
    }
}

static int64_t heaviest(const double *mass, int64_t k)
{
    int64_t best = 0;
    for (int64_t j = 1; j < k; j++)
        if (mass[j] > mass[best])
            best = j;
    return best;
}

/* Sums become means. A cluster that is still without mass takes the heaviest one's row as it stands at that moment:
 * scaled already if it came earlier, its plain sum otherwise. So does scikit-learn. */
static void divide(const cvi_sums *sums, const double *mass, double *centers)
{
    const int64_t k = sums->k, d = sums->d, best = heaviest(mass, k);
    for (int64_t j = 0; j < k; j++) {
        double *c = centers + j * d;
        if (!cvi_sums_touched(sums, j))
            continue; /* a mean already */
        if (mass[j] > 0) {
            const double scale = 1.0 / mass[j];
            for (int64_t f = 0; f < d; f++)
                c[f] *= scale;
        } else {
            memcpy(c, centers + best * d, (size_t)d * sizeof *c);
        }
    }
}

typedef struct reading {
    cvi_means *means;
    const double *before;
    double *centers;
    int64_t clusters; /* a task */
} reading;

static void read_clusters(void *context, int64_t index, int worker)
{
    (void)worker;
    const reading *r = context;
    const cvi_sums *sums = r->means->sums;
    const int64_t end = (index + 1) * r->clusters < sums->k ? (index + 1) * r->clusters : sums->k;
    for (int64_t j = index * r->clusters; j < end; j++) {
        r->means->mass[j] = cvi_sums_mass(sums, j);
        if (cvi_sums_touched(sums, j))
            cvi_sums_read(sums, j, r->centers + j * sums->d);
        else
            memcpy(r->centers + j * sums->d, r->before + j * sums->d, (size_t)sums->d * sizeof(double));
    }
}

/* Sums of all touched clusters, and the masses of all. */
static void read_all(reading *r, cvi_job *job)
{
    const int64_t k = r->means->sums->k;
    cvi_team team = job->team;
    team.stop = NULL; /* the sums are whole, so are the means */
    cvi_parallel(&team, (k + r->clusters - 1) / r->clusters, read_clusters, r);
}

void cvi_means_update(cvi_means *means, const cvi_rows *rows, const double *before, const int32_t *labels, double *centers,
                      cvi_job *job)
{
    cvi_sums *sums = means->sums;
    const int64_t k = sums->k;
    int64_t n_empty = 0;
    reading r = {.means = means, .before = before, .centers = centers, .clusters = TASK_VALUES / sums->d + 1};
    read_all(&r, job);
    for (int64_t j = 0; j < k; j++)
        if (means->mass[j] == 0)
            means->empty[n_empty++] = j;
    if (n_empty > 0) { /* refilling starts from the sums of all clusters, and leaves means of other rows behind */
        cvi_sums_mark(sums, true);
        read_all(&r, job);
        cvi_relocate(means, rows, before, labels, n_empty, centers, job);
    }
    divide(sums, means->mass, centers);
    cvi_sums_mark(sums, n_empty > 0);
}

/* scikit-learn's grouping: four squares at a time. */
static double grouped_sqdist(const double *a, const double *b, int64_t d)
{
    double sum = 0;
    int64_t f = 0;
    for (; f + 4 <= d; f += 4) {
        const double t0 = a[f] - b[f], t1 = a[f + 1] - b[f + 1], t2 = a[f + 2] - b[f + 2], t3 = a[f + 3] - b[f + 3];
        sum += ((t0 * t0 + t1 * t1) + t2 * t2) + t3 * t3;
    }
    for (; f < d; f++)
        sum += (a[f] - b[f]) * (a[f] - b[f]);
    return sum;
}

double cvi_means_shift(const double *before, const double *after, int64_t k, int64_t d, double *scratch)
{
    for (int64_t j = 0; j < k; j++) {
        const double shift = sqrt(grouped_sqdist(after + j * d, before + j * d, d));
        scratch[j] = shift * shift;
    }
    return cvi_pairwise_sum(scratch, k, 1);
}

void cvi_centers_publish(const double *centers, const double *mean, int64_t k, int64_t d, bool as_float32, double *published)
{
    for (int64_t j = 0; j < k; j++)
        for (int64_t f = 0; f < d; f++) {
            const volatile double c = centers[j * d + f] + (mean != NULL ? mean[f] : 0.0);
            published[j * d + f] = as_float32 ? (double)(float)c : c;
        }
}
