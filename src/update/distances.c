#include "update/distances.h"

#include "base/exact.h"

#include <stdatomic.h>
#include <string.h>

/* Rows of a cluster from which on they share the lanes of the CSR kernel. */
enum { LEAST_GROUP = 6 };

typedef struct distances {
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    const double *published;
    const int32_t *labels;
    cvi_block *blocks;
    double **scratch;
    double *out;
    int64_t grain;
    int64_t k; /* CSR: labels are below */
} distances;

static void distances_task(void *context, int64_t index, int worker)
{
    const distances *t = context;
    const cvi_rows *rows = t->rows;
    cvi_block *block = &t->blocks[worker];
    const int64_t d = rows->d;
    int64_t end = (index + 1) * t->grain, i = index * t->grain;
    end = end < rows->n ? end : rows->n;
    const char *stored = (const char *)rows->x.data + i * rows->x.row_stride;
    if (rows->kind == CVI_ROWS_F64 && rows->index == NULL) {
        t->kernels->sqdist_labels((const double *)(const void *)stored, rows->x.row_stride / (int64_t)sizeof(double), end - i, d,
                                  t->published, d, t->labels + i, t->out + i);
        return;
    }
    if (rows->kind == CVI_ROWS_F32 && rows->index == NULL) {
        t->kernels->sqdist_labels_f32((const float *)(const void *)stored, rows->x.row_stride / (int64_t)sizeof(float), end - i,
                                      d, t->published, d, t->labels + i, t->out + i);
        return;
    }
    for (; i < end; i += 8) {
        const int64_t count = end - i < 8 ? end - i : 8;
        cvi_rows_fetch(rows, i, count, block);
        cvi_block_raw(t->kernels, rows, block, 0, count, t->scratch[worker], d);
        t->kernels->sqdist_labels(t->scratch[worker], d, count, d, t->published, d, t->labels + i, t->out + i);
    }
}

/* --- CSR rows ----------------------------------------------------------------------------------------------------- */

static bool ascending(const cvi_rows *rows, int64_t i)
{
    const cvi_sparse_row row = cvi_rows_sparse(rows, i);
    int64_t last = -1;
    bool yes = true;
    for (int64_t p = 0; p < row.count; p++) {
        const int64_t f = cvi_sparse_column(rows, &row, p);
        yes = yes && f > last;
        last = f;
    }
    return yes;
}

/* Up to eight rows, made dense: those of the list, or first, first + 1, ... (list NULL). */
static void dense_rows(const distances *t, int worker, int64_t first, const int32_t *list, int64_t count)
{
    const int64_t d = t->rows->d;
    int64_t row[8] = {0};
    int32_t label[8] = {0};
    double sq[8];
    for (int64_t r = 0; r < count; r++) {
        row[r] = list != NULL ? list[r] : first + r;
        label[r] = t->labels[row[r]];
        cvi_rows_dense(t->rows, row[r], t->scratch[worker] + r * d);
    }
    t->kernels->sqdist_labels(t->scratch[worker], d, count, d, t->published, d, label, sq);
    for (int64_t r = 0; r < count; r++)
        t->out[row[r]] = sq[r];
}

/* Up to CVI_TILE rows of one cluster, columns ascending. */
static void cluster_rows(const distances *t, const int32_t *list, int64_t count)
{
    cvi_sparse_values values[CVI_TILE];
    double sq[CVI_TILE];
    for (int64_t r = 0; r < count; r++) {
        const cvi_sparse_row row = cvi_rows_sparse(t->rows, list[r]);
        values[r] = (cvi_sparse_values){.values = row.values,
                                        .columns = row.columns,
                                        .count = row.count,
                                        .narrow = t->rows->x.dtype == COVEY_DTYPE_FLOAT32,
                                        .wide = t->rows->x.index_bytes == 8};
    }
    const double *c = t->published + t->labels[list[0]] * t->rows->d;
    t->kernels->sparse_sqdist_rows(values, count, c, t->rows->d, sq);
    for (int64_t r = 0; r < count; r++)
        t->out[list[r]] = sq[r];
}

/* Rows of a task sorted by label, in the room that a block of rows made dense would take: `last` [k] ends of the
 * clusters' rows in list. */
static void sort_rows(const distances *t, int64_t first, int64_t end, int64_t k, int32_t *last, int32_t *list)
{
    memset(last, 0, (size_t)k * sizeof *last);
    for (int64_t i = first; i < end; i++)
        last[t->labels[i]]++;
    int32_t sum = 0;
    for (int64_t j = 0; j < k; j++) {
        const int32_t count = last[j];
        last[j] = sum;
        sum += count;
    }
    for (int64_t i = first; i < end; i++)
        list[last[t->labels[i]]++] = (int32_t)i;
}

/* Rows of the list in order to its front; returns how many, 0 where they are too few to share the lanes. */
static int64_t ordered_first(const distances *t, int32_t *list, int64_t count)
{
    int64_t ordered = 0, end = count;
    while (ordered < end) {
        const int32_t i = list[ordered];
        if (ascending(t->rows, i)) {
            ordered++;
        } else {
            list[ordered] = list[--end];
            list[end] = i;
        }
    }
    return ordered < LEAST_GROUP ? 0 : ordered;
}

static void sparse_task(void *context, int64_t index, int worker)
{
    const distances *t = context;
    const int64_t first = index * t->grain, end = first + t->grain < t->rows->n ? first + t->grain : t->rows->n;
    int32_t *last = (int32_t *)t->blocks[worker].scratch, *list = last + t->k;
    int32_t lone[8];
    int64_t n_lone = 0;
    sort_rows(t, first, end, t->k, last, list);
    for (int64_t j = 0, at = 0; j < t->k; j++)
        while (at < last[j]) {
            const int64_t count = last[j] - at < CVI_TILE ? last[j] - at : CVI_TILE;
            const int64_t ordered = ordered_first(t, list + at, count);
            if (ordered > 0)
                cluster_rows(t, list + at, ordered);
            for (int64_t r = ordered; r < count; r++) {
                lone[n_lone++] = list[at + r];
                if (n_lone == 8) {
                    dense_rows(t, worker, 0, lone, 8);
                    n_lone = 0;
                }
            }
            at += count;
        }
    dense_rows(t, worker, 0, lone, n_lone);
}

/* Rows a task, 0 where its list has no room in the scratch of a block. */
static int64_t sparse_grain(const distances *t, const cvi_job *job)
{
    const int64_t room = CVI_TILE * t->rows->d * 2 - t->k, n = t->rows->n;
    const int64_t tasks = job->team.threads > 1 ? 2 * job->team.threads : 1, fair = (n + tasks - 1) / tasks;
    return n > INT32_MAX || room < CVI_TILE ? 0 : fair < room ? fair : room;
}

/* The same rows one after the other, where the labels are too many to sort by. */
static void unsorted_task(void *context, int64_t index, int worker)
{
    const distances *t = context;
    const int64_t end = (index + 1) * t->grain < t->rows->n ? (index + 1) * t->grain : t->rows->n;
    for (int64_t i = index * t->grain; i < end; i += 8)
        dense_rows(t, worker, i, NULL, end - i < 8 ? end - i : 8);
}

static void sparse_distances(distances *t, const cvi_job *job, cvi_team *team)
{
    const int64_t n = t->rows->n;
    t->k = 0;
    for (int64_t i = 0; i < n; i++)
        t->k = t->labels[i] >= t->k ? t->labels[i] + 1 : t->k;
    const int64_t grain = sparse_grain(t, job);
    if (grain > 0)
        t->grain = grain;
    cvi_parallel(team, (n + t->grain - 1) / t->grain, grain > 0 ? sparse_task : unsorted_task, t);
}

void cvi_own_distances(const cvi_kernels *kernels, const cvi_rows *rows, const double *published, const int32_t *labels,
                       cvi_block *blocks, double **scratch, cvi_job *job, double *out)
{
    distances t = {.kernels = kernels, .rows = rows, .published = published, .labels = labels, .blocks = blocks,
                   .scratch = scratch, .out = out, .grain = cvi_job_grain(job, rows->n, CVI_TILE, (double)rows->d)};
    cvi_team team = job->team;
    team.stop = NULL; /* clusters are refilled and runs compared by all distances or not at all */
    if (rows->kind == CVI_ROWS_CSR)
        sparse_distances(&t, job, &team);
    else
        cvi_parallel(&team, (rows->n + t.grain - 1) / t.grain, distances_task, &t);
}

void cvi_weighted_distances(const cvi_kernels *kernels, const cvi_rows *rows, const double *published, const int32_t *labels,
                            cvi_block *blocks, double **scratch, cvi_job *job, double *out)
{
    cvi_own_distances(kernels, rows, published, labels, blocks, scratch, job, out);
    for (int64_t i = 0; rows->weights != NULL && i < rows->n; i++)
        out[i] *= cvi_rows_weight(rows, i);
}

/* --- their sum ---------------------------------------------------------------------------------------------------- */

typedef struct total {
    const double *values;
    int64_t n;
    atomic_flag taken; /* whoever set it adds to sum */
    cvi_super sum;
} total;

enum { VALUES_A_TASK = 1 << 14 };

static void total_task(void *context, int64_t index, int worker)
{
    (void)worker;
    total *t = context;
    const int64_t first = index * VALUES_A_TASK, rest = t->n - first;
    cvi_super part;
    cvi_super_clear(&part);
    cvi_super_add_many(&part, t->values + first, rest < VALUES_A_TASK ? rest : VALUES_A_TASK);
    while (atomic_flag_test_and_set_explicit(&t->taken, memory_order_acquire))
        continue; /* some 50 ns every 20 microseconds */
    cvi_super_merge(&t->sum, &part);
    atomic_flag_clear_explicit(&t->taken, memory_order_release);
}

double cvi_inertia(const cvi_kernels *kernels, const cvi_rows *rows, const double *published, const int32_t *labels,
                   cvi_block *blocks, double **scratch, double *sqdist, cvi_job *job)
{
    cvi_weighted_distances(kernels, rows, published, labels, blocks, scratch, job, sqdist);
    total t = {.values = sqdist, .n = rows->n, .taken = ATOMIC_FLAG_INIT};
    cvi_super_clear(&t.sum);
    cvi_team team = job->team;
    team.stop = NULL;
    cvi_parallel(&team, (rows->n + VALUES_A_TASK - 1) / VALUES_A_TASK, total_task, &t);
    return cvi_super_value(&t.sum);
}
