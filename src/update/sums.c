#include "update/sums.h"

#include "base/exact.h"

#include <string.h>

/* Accumulators a worker, up to which each gets its own: they stay in its share of the cache. */
static const size_t OWN_PART_BYTES = (size_t)2 << 20;

/* Features up to which a row's own bits are moved value by value. */
enum { NARROW = 8 };

static size_t q_words(const cvi_sums *sums)
{
    return (size_t)sums->frame->grid.levels * (size_t)sums->d;
}

static void part_take(cvi_part *part, int64_t k, int64_t d, int64_t levels, bool weighted, cvi_arena *arena)
{
    size_t words;
    if (!cvi_mul_size((size_t)k, (size_t)(levels * d), &words))
        words = SIZE_MAX / 16;
    part->q = cvi_arena_take(arena, (int64_t)words, sizeof(uint64_t));
    part->mass = weighted ? cvi_arena_take(arena, k * CVI_MAX_LEVELS, sizeof(uint64_t)) : NULL;
    part->count = cvi_arena_take(arena, k, sizeof(int64_t));
    part->touched = cvi_arena_take(arena, k, 1);
}

void cvi_sums_take(cvi_sums *sums, const cvi_kernels *kernels, const cvi_frame *frame, const cvi_rows *rows, int64_t k,
                   int threads, cvi_arena *arena)
{
    const int64_t levels = frame->grid.levels, d = rows->d;
    sums->kernels = kernels;
    sums->frame = frame;
    sums->k = k;
    sums->d = d;
    sums->weighted = rows->weights != NULL;
    sums->sparse = rows->kind == CVI_ROWS_CSR;
    const size_t bytes = (size_t)k * (size_t)d * (size_t)levels * sizeof(uint64_t);
    sums->deferred = threads > 1 && bytes > OWN_PART_BYTES;
    sums->n_parts = sums->deferred ? 1 : threads;
    sums->parts = cvi_arena_take(arena, sums->n_parts, sizeof(cvi_part));
    for (int p = 0; p < sums->n_parts; p++) {
        cvi_part part;
        part_take(&part, k, d, levels, sums->weighted, arena);
        if (sums->parts != NULL)
            sums->parts[p] = part;
    }
    sums->settled = sums->deferred ? cvi_arena_take(arena, rows->n, sizeof(int32_t)) : NULL;
    sums->blocks = sums->deferred ? cvi_arena_take(arena, threads, sizeof(cvi_block)) : NULL;
    for (int t = 0; sums->deferred && t < threads; t++) {
        cvi_block block;
        cvi_block_take(&block, rows, arena);
        if (sums->blocks != NULL)
            sums->blocks[t] = block;
    }
}

static void part_clear(const cvi_sums *sums, cvi_part *part)
{
    memset(part->q, 0, (size_t)sums->k * q_words(sums) * sizeof *part->q);
    memset(part->count, 0, (size_t)sums->k * sizeof *part->count);
    memset(part->touched, part == &sums->parts[0], (size_t)sums->k); /* nobody has read the new sums */
    if (sums->weighted)
        memset(part->mass, 0, (size_t)sums->k * CVI_MAX_LEVELS * sizeof *part->mass);
}

void cvi_sums_clear(cvi_sums *sums, int64_t n)
{
    for (int p = 0; p < sums->n_parts; p++)
        part_clear(sums, &sums->parts[p]);
    if (sums->deferred)
        memset(sums->settled, 0xff, (size_t)n * sizeof *sums->settled); /* -1 */
}

/* The grid bits of one value, level by level. */
static void grid_add(const double *magic, int64_t stride, int64_t levels, double v, int sign, uint64_t *q, int64_t q_stride)
{
    for (int64_t l = 0; l < levels; l++) {
        const double shifted = v + magic[l * stride];
        uint64_t bits;
        memcpy(&bits, &shifted, sizeof bits);
        q[l * q_stride] += sign > 0 ? bits : (uint64_t)0 - bits;
        v -= shifted - magic[l * stride];
    }
}

/* Sparse rows touch few features, so each addition takes the grid's own bits away at once and counts stay out of it. */
static void sparse_add(const cvi_sums *sums, const cvi_rows *rows, int64_t i, double weight, int sign, uint64_t *q)
{
    const cvi_grid *grid = &sums->frame->grid;
    const cvi_sparse_row row = cvi_rows_sparse(rows, i);
    for (int64_t p = 0; p < row.count; p++) {
        const int64_t f = cvi_sparse_column(rows, &row, p);
        grid_add(grid->magic + f, sums->d, grid->levels, cvi_sparse_value(rows, &row, p) * weight, sign, q + f, sums->d);
        grid_add(grid->magic + f, sums->d, grid->levels, 0.0, -sign, q + f, sums->d);
    }
}

static void change(const cvi_sums *sums, const cvi_rows *rows, int64_t i, const cvi_block *block, int64_t at, int sign,
                   uint64_t *q, uint64_t *mass, int64_t *count)
{
    const cvi_kernels *kernels = sums->kernels;
    const cvi_grid *grid = &sums->frame->grid;
    const double weight = cvi_rows_weight(rows, i);
    if (rows->kind == CVI_ROWS_CSR)
        sparse_add(sums, rows, i, weight, sign, q);
    else if (block->is_f32)
        (sign > 0 ? kernels->sums_add_f32 : kernels->sums_sub_f32)(grid, block->row32[at], rows->mean, weight, q);
    else
        (sign > 0 ? kernels->sums_add_f64 : kernels->sums_sub_f64)(grid, block->row64[at], rows->mean, weight, q);
    if (sums->weighted)
        grid_add(sums->frame->mass_magic, 1, CVI_MAX_LEVELS, weight, sign, mass, 1);
    *count += sign;
}

static void part_change(const cvi_sums *sums, cvi_part *part, const cvi_rows *rows, int64_t i, const cvi_block *block,
                        int64_t at, int sign, int32_t j)
{
    part->touched[j] = 1;
    change(sums, rows, i, block, at, sign, part->q + (size_t)j * q_words(sums),
           sums->weighted ? part->mass + (size_t)j * CVI_MAX_LEVELS : NULL, part->count + j);
}

/* A dense row changes its cluster: its bits are formed once. */
static void part_move(const cvi_sums *sums, cvi_part *part, const cvi_rows *rows, const cvi_block *block, int64_t at,
                      int32_t before, int32_t after)
{
    const cvi_grid *grid = &sums->frame->grid;
    const double weight = cvi_rows_weight(rows, block->start + at);
    uint64_t *from = part->q + (size_t)before * q_words(sums), *to = part->q + (size_t)after * q_words(sums);
    part->touched[before] = part->touched[after] = 1;
    part->count[before]--;
    part->count[after]++;
    if (block->is_f32)
        sums->kernels->sums_move_f32(grid, block->row32[at], rows->mean, weight, from, to);
    else
        sums->kernels->sums_move_f64(grid, block->row64[at], rows->mean, weight, from, to);
    if (sums->weighted) {
        grid_add(sums->frame->mass_magic, 1, CVI_MAX_LEVELS, weight, -1, part->mass + (size_t)before * CVI_MAX_LEVELS, 1);
        grid_add(sums->frame->mass_magic, 1, CVI_MAX_LEVELS, weight, 1, part->mass + (size_t)after * CVI_MAX_LEVELS, 1);
    }
}

void cvi_sums_move(cvi_sums *sums, int worker, const cvi_rows *rows, const cvi_block *block, int64_t at, int32_t before,
                   int32_t after)
{
    if (sums->deferred)
        return;
    cvi_part *part = &sums->parts[worker];
    const int64_t i = block->start + at;
    if (before >= 0 && rows->kind != CVI_ROWS_CSR) {
        part_move(sums, part, rows, block, at, before, after);
        return;
    }
    if (before >= 0)
        part_change(sums, part, rows, i, block, at, -1, before);
    part_change(sums, part, rows, i, block, at, 1, after);
}

/* Rows of d <= NARROW float64 values; d is a constant where this is inlined, so that a row's grid bits stay in registers:
 * a first pass over few features is little else. */
static inline __attribute__((always_inline)) void move_narrow(cvi_part *part, const cvi_grid *grid, const cvi_rows *rows,
                                                              int64_t start, int64_t count, const int32_t *before,
                                                              const int32_t *after, const int64_t d)
{
    const char *data = (const char *)rows->x.data + start * rows->x.row_stride;
    double mean[NARROW] = {0}, high[NARROW] = {0}, low[NARROW] = {0};
    for (int64_t f = 0; f < d; f++) {
        mean[f] = rows->mean[f];
        high[f] = grid->magic[f];
        low[f] = grid->magic[d + f];
    }
    for (int64_t r = 0; r < count; r++, data += rows->x.row_stride) {
        const double *x = (const double *)(const void *)data;
        const int32_t from = before[r], to = after[r];
        if (from == to)
            continue;
        uint64_t bits[2 * NARROW] = {0}, *q = part->q + 2 * d * to;
        for (int64_t f = 0; f < d; f++) {
            const double v = x[f] - mean[f], shifted = v + high[f], rest = v - (shifted - high[f]) + low[f];
            memcpy(&bits[f], &shifted, sizeof shifted);
            memcpy(&bits[d + f], &rest, sizeof rest);
        }
        for (int64_t a = 0; a < 2 * d; a++)
            q[a] += bits[a];
        part->count[to]++;
        part->touched[to] = 1;
        if (from < 0)
            continue;
        q = part->q + 2 * d * from;
        for (int64_t a = 0; a < 2 * d; a++)
            q[a] -= bits[a];
        part->count[from]--;
        part->touched[from] = 1;
    }
}

bool cvi_sums_move_narrow(cvi_sums *sums, int worker, const cvi_rows *rows, int64_t start, int64_t count,
                          const int32_t *before, const int32_t *after)
{
    const cvi_grid *grid = &sums->frame->grid;
    if (sums->d > NARROW || sums->weighted || grid->levels != 2 || rows->kind != CVI_ROWS_F64 || rows->index != NULL ||
        rows->mean == NULL)
        return false;
    if (sums->deferred)
        return true;
    cvi_part *part = &sums->parts[worker];
    switch (sums->d) {
    case 1:
        move_narrow(part, grid, rows, start, count, before, after, 1);
        break;
    case 2:
        move_narrow(part, grid, rows, start, count, before, after, 2);
        break;
    case 3:
        move_narrow(part, grid, rows, start, count, before, after, 3);
        break;
    case 4:
        move_narrow(part, grid, rows, start, count, before, after, 4);
        break;
    default:
        move_narrow(part, grid, rows, start, count, before, after, sums->d);
    }
    return true;
}

void cvi_sums_add_stored(cvi_sums *sums, int worker, int32_t j, int sign, const uint64_t *q, const uint64_t *mass,
                         int64_t count)
{
    if (sums->deferred)
        return;
    cvi_part *part = &sums->parts[worker];
    const size_t words = q_words(sums);
    uint64_t *to = part->q + (size_t)j * words;
    part->touched[j] = 1;
    for (size_t a = 0; a < words; a++)
        to[a] += sign > 0 ? q[a] : (uint64_t)0 - q[a];
    for (int l = 0; sums->weighted && l < CVI_MAX_LEVELS; l++)
        part->mass[j * CVI_MAX_LEVELS + l] += sign > 0 ? mass[l] : (uint64_t)0 - mass[l];
    part->count[j] += sign * count;
}

/* Rows of a tile, x [d][64]; d and levels are constants where this is inlined, so that a row's sums are moved without loops that
 * wait for each other. */
static inline __attribute__((always_inline)) void move_tile(cvi_sums *sums, cvi_part *part, const double *x, uint64_t rows,
                                                            const int32_t *before, const int32_t *after, const int64_t d,
                                                            const int64_t levels)
{
    const double *magic = sums->frame->grid.magic;
    uint64_t nowhere[CVI_MAX_LEVELS * NARROW] = {0};
    for (; rows != 0; rows &= rows - 1) {
        const int i = __builtin_ctzll(rows);
        const int32_t from = before[i], to = after[i];
        uint64_t bits[CVI_MAX_LEVELS * NARROW] = {0};
        for (int64_t f = 0; f < d; f++) {
            double v = x[f * CVI_TILE + i];
            for (int64_t l = 0; l < levels; l++) {
                const double shifted = v + magic[l * d + f];
                memcpy(&bits[l * d + f], &shifted, sizeof shifted);
                v -= shifted - magic[l * d + f];
            }
        }
        uint64_t *q_from = from >= 0 ? part->q + levels * d * from : nowhere, *q_to = part->q + levels * d * to;
        for (int64_t a = 0; a < levels * d; a++)
            q_from[a] -= bits[a];
        for (int64_t a = 0; a < levels * d; a++)
            q_to[a] += bits[a];
        if (from >= 0) {
            part->count[from]--;
            part->touched[from] = 1;
        }
        part->count[to]++;
        part->touched[to] = 1;
    }
}

void cvi_sums_move_tile(cvi_sums *sums, int worker, const double *x, uint64_t rows, const int32_t *before,
                        const int32_t *after)
{
    if (sums->deferred)
        return;
    cvi_part *part = &sums->parts[worker];
    const int64_t d = sums->d, levels = sums->frame->grid.levels;
    if (levels == 2 && d == 1)
        move_tile(sums, part, x, rows, before, after, 1, 2);
    else if (levels == 2 && d == 2)
        move_tile(sums, part, x, rows, before, after, 2, 2);
    else if (levels == 2 && d == 3)
        move_tile(sums, part, x, rows, before, after, 3, 2);
    else
        move_tile(sums, part, x, rows, before, after, d, levels);
}

void cvi_sums_add_tiles(cvi_sums *sums, int worker, const double *x, int64_t tiles, const int32_t *label)
{
    if (sums->deferred)
        return;
    cvi_part *part = &sums->parts[worker];
    sums->kernels->sums_labels(&sums->frame->grid, x, tiles, label, sums->k, part->q, part->count);
    memset(part->touched, 1, (size_t)sums->k);
}

void cvi_sums_change(const cvi_sums *sums, const cvi_rows *rows, int64_t i, cvi_block *block, int sign, uint64_t *q,
                     uint64_t *mass, int64_t *count)
{
    if (rows->kind != CVI_ROWS_CSR)
        cvi_rows_fetch(rows, i, 1, block);
    change(sums, rows, i, block, 0, sign, q, mass, count);
}

static void merge(cvi_sums *sums)
{
    const size_t words = q_words(sums);
    cvi_part *into = &sums->parts[0];
    for (int p = 1; p < sums->n_parts; p++) {
        cvi_part *from = &sums->parts[p];
        for (int64_t j = 0; j < sums->k; j++) {
            if (!from->touched[j])
                continue;
            for (size_t a = 0; a < words; a++) {
                into->q[(size_t)j * words + a] += from->q[(size_t)j * words + a];
                from->q[(size_t)j * words + a] = 0;
            }
            for (int l = 0; sums->weighted && l < CVI_MAX_LEVELS; l++) {
                into->mass[j * CVI_MAX_LEVELS + l] += from->mass[j * CVI_MAX_LEVELS + l];
                from->mass[j * CVI_MAX_LEVELS + l] = 0;
            }
            into->count[j] += from->count[j];
            from->count[j] = 0;
            from->touched[j] = 0;
            into->touched[j] = 1;
        }
    }
}

typedef struct settling {
    cvi_sums *sums;
    const cvi_rows *rows;
    const int32_t *labels;
    int64_t clusters; /* a task */
} settling;

static void settle_clusters(void *context, int64_t index, int worker)
{
    const settling *s = context;
    cvi_sums *sums = s->sums;
    cvi_block *block = &sums->blocks[worker];
    const int32_t first = (int32_t)(index * s->clusters);
    const int32_t last = (int32_t)(first + s->clusters); /* not included; k fits int32 */
    for (int64_t i = 0; i < s->rows->n; i++) {
        const int32_t before = sums->settled[i], after = s->labels[i];
        if (before == after)
            continue;
        const bool leaves = before >= first && before < last, joins = after >= first && after < last;
        if (!leaves && !joins)
            continue;
        if (s->rows->kind != CVI_ROWS_CSR)
            cvi_rows_fetch(s->rows, i, 1, block);
        if (leaves)
            part_change(sums, &sums->parts[0], s->rows, i, block, 0, -1, before);
        if (joins)
            part_change(sums, &sums->parts[0], s->rows, i, block, 0, 1, after);
    }
}

void cvi_sums_settle(cvi_sums *sums, const cvi_rows *rows, const int32_t *labels, cvi_job *job)
{
    if (!sums->deferred) {
        merge(sums);
        return;
    }
    /* Every task reads all labels: a few tasks a thread balance the clusters' sizes well enough. */
    const int64_t tasks = 4 * job->team.threads;
    settling s = {.sums = sums, .rows = rows, .labels = labels, .clusters = (sums->k + tasks - 1) / tasks};
    cvi_team team = job->team;
    team.stop = NULL; /* half-settled sums would be lost */
    cvi_parallel(&team, (sums->k + s.clusters - 1) / s.clusters, settle_clusters, &s);
    memcpy(sums->settled, labels, (size_t)rows->n * sizeof *labels);
}

void cvi_sums_read_raw(const cvi_sums *sums, const uint64_t *q, int64_t count, double *out)
{
    const cvi_grid *grid = &sums->frame->grid;
    const int64_t d = sums->d;
    const int64_t grid_count = sums->sparse ? 0 : count; /* sparse_add keeps the grid's bits out */
    for (int64_t f = 0; grid->levels == 2 && f < d; f++)
        out[f] = cvi_grid_value_two(q + f, grid->magic + f, d, grid_count);
    for (int64_t f = 0; grid->levels != 2 && f < d; f++)
        out[f] = cvi_grid_value(q + f, d, grid->magic + f, d, (int)grid->levels, grid_count);
}

double cvi_sums_mass_raw(const cvi_sums *sums, const uint64_t *mass, int64_t count)
{
    if (!sums->weighted)
        return (double)count;
    return cvi_grid_value(mass, 1, sums->frame->mass_magic, 1, CVI_MAX_LEVELS, count);
}

bool cvi_sums_touched(const cvi_sums *sums, int64_t j)
{
    return sums->parts[0].touched[j] != 0;
}

void cvi_sums_mark(cvi_sums *sums, bool touched)
{
    memset(sums->parts[0].touched, touched, (size_t)sums->k);
}

void cvi_sums_read(const cvi_sums *sums, int64_t j, double *out)
{
    cvi_sums_read_raw(sums, sums->parts[0].q + (size_t)j * q_words(sums), sums->parts[0].count[j], out);
}

double cvi_sums_mass(const cvi_sums *sums, int64_t j)
{
    return cvi_sums_mass_raw(sums, sums->weighted ? sums->parts[0].mass + j * CVI_MAX_LEVELS : NULL, sums->parts[0].count[j]);
}
