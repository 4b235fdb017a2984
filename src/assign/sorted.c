/*
 * One feature: rows in order, clusters are intervals.
 *
 * Rows are sorted once.  A pass sorts the centers, finds the boundary between each two neighbors by bisection, and
 * compares the intervals with those of the pass before: only what lies between an old and a new boundary changes its
 * label, and the sums of such a stretch are differences of prefix sums (exact in wrapping integers, rule B).
 *
 *      rows, sorted     . ... .. . |.... .....  .. |.   ...  . ....|.. .
 *      this pass          label 3  |    label 0    |    label 7    |  label 1
 *      the pass before    label 3     |  label 0 |      label 7    |  label 1
 *                                  ^^^^          ^^^
 *                                  these rows move, nothing else is looked at
 *
 * Near a boundary the canonical score, which is rounded, decides, value by value; how near is derived in
 * docs/algorithms/sorted.md.
 */
#include "assign/strategy.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { BLOCK = CVI_TILE, DIGIT = 11, BUCKETS = 1 << DIGIT, NONE = -1 };

/* Rows start .. (start of the next one) - 1 of the order have this label. */
typedef struct stretch {
    int32_t start, label;
} stretch;

/* Distinct centers in order. Behind `at`, every center up to this one loses; before `from`, every center beyond it. */
typedef struct boundary {
    double from, to;
} boundary;

typedef struct worker {
    cvi_block block;
    uint64_t *q; /* [levels] and mass: an accumulator */
    int64_t changed;
} worker;

typedef struct sorted {
    int64_t n, k, levels, stored; /* stored: 64-bit words of an accumulator */
    bool weighted, built, stale;  /* stale: stretches[old] is not what labels say */
    int32_t *order;               /* [n] rows by value */
    double *x;                    /* [blocks * 64] values in the frame, sorted; the last one repeats */
    double *first;                /* [blocks] first value of every block */
    uint64_t *prefix;             /* [blocks + 1][stored] sums of the blocks before */
    stretch *stretches[2];        /* [n + 1] this pass and the one before; the sort borrows them */
    int64_t count[2];
    int old;
    double *center, *sqnorm;      /* [k] distinct centers, rising */
    int32_t *label, *spare;       /* [k] their (lowest) numbers; scratch */
    boundary *between;            /* [k] between distinct center t and t + 1 */
    double largest;               /* |x'| of a row */
    worker *workers;
} sorted;

typedef struct pass {
    sorted *s;
    const cvi_problem *problem;
    int32_t *labels;
    cvi_sums *sums;
    int64_t centers; /* distinct ones */
    int64_t scored;
} pass;

/* --- plan
 * ------------------------------------------------------------------------------------------------------- */

static int64_t n_blocks(int64_t n)
{
    return (n + BLOCK - 1) / BLOCK;
}

static void *take(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    sorted *state = cvi_arena_take(arena, 1, sizeof *state);
    const int64_t n = problem->rows->n, k = problem->k;
    sorted s = {.n = n, .k = k, .levels = problem->frame->grid.levels, .weighted = problem->rows->weights != NULL};
    s.stored = s.levels + (s.weighted ? CVI_MAX_LEVELS : 0);
    s.order = cvi_arena_take(arena, n, sizeof *s.order);
    s.x = cvi_arena_take(arena, n_blocks(n) * BLOCK, sizeof *s.x);
    s.first = cvi_arena_take(arena, n_blocks(n), sizeof *s.first);
    s.prefix = cvi_arena_take(arena, n_blocks(n) + 1, (size_t)s.stored * sizeof *s.prefix);
    for (int i = 0; i < 2; i++)
        s.stretches[i] = cvi_arena_take(arena, n + 1, sizeof(stretch));
    s.center = cvi_arena_take(arena, k, sizeof *s.center);
    s.sqnorm = cvi_arena_take(arena, k, sizeof *s.sqnorm);
    s.label = cvi_arena_take(arena, k, sizeof *s.label);
    s.spare = cvi_arena_take(arena, k, sizeof *s.spare);
    s.between = cvi_arena_take(arena, k, sizeof *s.between);
    s.workers = cvi_arena_take(arena, threads, sizeof *s.workers);
    for (int t = 0; t < threads; t++) {
        worker w = {0};
        cvi_block_take(&w.block, problem->rows, arena);
        w.q = cvi_arena_take(arena, s.stored, sizeof *w.q);
        if (s.workers != NULL)
            s.workers[t] = w;
    }
    if (state != NULL)
        *state = s;
    return state;
}

/* By name it runs on anything that fits the types and the budget. */
static bool suits(const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    if (rows->kind == CVI_ROWS_CSR || rows->d != 1 || rows->n > INT32_MAX - BLOCK)
        return false;
    return cvi_plan_affords(&cvi_sorted, problem, true);
}

static bool pays(const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    if (rows->n < 4096 || problem->k < 256 || rows->n < 8 * problem->k)
        return false; /* the tree sorts by coarser keys, and its passes are as fast with few centers */
    return cvi_plan_affords(&cvi_sorted, problem, false);
}

/* --- building
 * --------------------------------------------------------------------------------------------------- */

/* A number that rises with x; zeros of both signs are equal. */
static uint64_t key_of(double x)
{
    uint64_t bits;
    x += 0.0; /* -0.0 becomes 0.0 */
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static double value_of(uint64_t key)
{
    const uint64_t bits = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Values in the frame of rows first .. first + count - 1. */
static void load(const pass *p, int64_t first, int64_t count, double *x)
{
    const cvi_rows *rows = p->problem->rows;
    const double mean = rows->mean != NULL ? rows->mean[0] : 0;
    cvi_block *block = &p->s->workers[0].block;
    cvi_rows_fetch(rows, first, count, block);
    for (int64_t i = 0; i < count; i++)
        x[i] = (block->is_f32 ? (double)*block->row32[i] : *block->row64[i]) - mean;
}

/* Equal cells between the ends of a sample; what lies beyond belongs to the end cells. Rounding is monotonic, so a
 * smaller value never gets a larger cell. */
typedef struct cells {
    double low, scale;
} cells;
enum { CELLS = BUCKETS * BUCKETS };

static inline int32_t cell_of(const cells *c, double x)
{
    const double t = (x - c->low) * c->scale;
    return t > 0 ? t < CELLS - 1 ? (int32_t)t : CELLS - 1 : 0;
}

static cells make_cells(const pass *p)
{
    enum { SAMPLE = 1024 };
    const int64_t n = p->s->n, step = n / SAMPLE + 1;
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < n; i += step) {
        double x;
        load(p, i, 1, &x);
        low = fmin(low, x);
        high = fmax(high, x);
    }
    const double scale = CELLS / (high - low);
    return (cells){.low = low, .scale = scale < INFINITY ? scale : 0};
}

static void starts(uint32_t *count)
{
    uint32_t sum = 0;
    for (int b = 0; b < BUCKETS; b++) {
        const uint32_t here = count[b];
        count[b] = sum;
        sum += here;
    }
}

/* What two rounds by cell left out of order, put right by insertion: almost nothing on data spread at all evenly.
 * False if it would take long (outliers that leave few cells to the other rows). */
static bool insert(double *x, int32_t *order, int64_t n)
{
    int64_t moves = 0;
    for (int64_t i = 1; i < n; i++) {
        const double v = x[i];
        const int32_t row = order[i];
        int64_t at = i;
        for (; at > 0 && x[at - 1] > v; at--) {
            x[at] = x[at - 1];
            order[at] = order[at - 1];
        }
        x[at] = v;
        order[at] = row;
        moves += i - at;
        if (moves > 4 * n + 1024)
            return false;
    }
    return true;
}

/* Rows by value: two rounds of a radix sort by cell, then insertion. The stretches lend their room. */
static bool sort_by_cells(const pass *p)
{
    sorted *s = p->s;
    const cells c = make_cells(p);
    uint32_t fine[BUCKETS] = {0}, coarse[BUCKETS] = {0};
    double *by_fine = (double *)(void *)s->stretches[0], x[BLOCK];
    int32_t *rows = (int32_t *)(void *)s->stretches[1];
    for (int64_t i = 0; i < s->n; i += BLOCK) {
        const int64_t count = s->n - i < BLOCK ? s->n - i : BLOCK;
        load(p, i, count, x);
        for (int64_t r = 0; r < count; r++) {
            const int32_t cell = cell_of(&c, x[r]);
            fine[cell % BUCKETS]++;
            coarse[cell / BUCKETS]++;
        }
    }
    starts(fine);
    starts(coarse);
    for (int64_t i = 0; i < s->n; i += BLOCK) {
        const int64_t count = s->n - i < BLOCK ? s->n - i : BLOCK;
        load(p, i, count, x);
        for (int64_t r = 0; r < count; r++) {
            const uint32_t at = fine[cell_of(&c, x[r]) % BUCKETS]++;
            by_fine[at] = x[r];
            rows[at] = (int32_t)(i + r);
        }
    }
    for (int64_t i = 0; i < s->n; i++) {
        const uint32_t at = coarse[cell_of(&c, by_fine[i]) / BUCKETS]++;
        s->x[at] = by_fine[i];
        s->order[at] = rows[i];
    }
    return insert(s->x, s->order, s->n);
}

/* One round of the radix sort by the digit at shift. numbers NULL: 0, 1, 2 ... */
static void sort_digit(int64_t n, int shift, uint32_t *start, const uint64_t *key, const int32_t *numbers, uint64_t *out_key,
                       int32_t *out)
{
    starts(start);
    for (int64_t i = 0; i < n; i++) {
        const uint32_t at = start[key[i] >> shift & (BUCKETS - 1)]++;
        out_key[at] = key[i];
        out[at] = numbers != NULL ? numbers[i] : (int32_t)i;
    }
}

/* The same on any data: by all digits of the numbers, the least significant first; digits that all rows share are left
 * out. */
static void sort_by_digits(const pass *p)
{
    enum { DIGITS = (64 + DIGIT - 1) / DIGIT };
    sorted *s = p->s;
    uint32_t histogram[DIGITS][BUCKETS] = {{0}};
    uint64_t *key = (uint64_t *)(void *)s->stretches[0], *other = (uint64_t *)(void *)s->x;
    int32_t *numbers = NULL, *spare = (int32_t *)(void *)s->stretches[1], *next = s->order;
    for (int64_t i = 0; i < s->n; i += BLOCK) {
        const int64_t count = s->n - i < BLOCK ? s->n - i : BLOCK;
        double x[BLOCK];
        load(p, i, count, x);
        for (int64_t r = i; r < i + count; r++)
            key[r] = key_of(x[r - i]);
        for (int64_t r = i; r < i + count; r++)
            for (int g = 0; g < DIGITS; g++)
                histogram[g][key[r] >> DIGIT * g & (BUCKETS - 1)]++;
    }
    for (int g = 0; g < DIGITS; g++) {
        if (histogram[g][key[0] >> DIGIT * g & (BUCKETS - 1)] == (uint32_t)s->n)
            continue;
        sort_digit(s->n, DIGIT * g, histogram[g], key, numbers, other, next);
        uint64_t *swap = key;
        key = other;
        other = swap;
        numbers = next;
        next = next == s->order ? spare : s->order;
    }
    for (int64_t i = 0; numbers != s->order && i < s->n; i++)
        s->order[i] = numbers != NULL ? numbers[i] : (int32_t)i;
    for (int64_t i = 0; i < s->n; i++)
        s->x[i] = value_of(key[i]);
}

/* Add rows from .. to - 1 of the order, all of one block, to q [stored]. */
static void sum_rows(const pass *p, worker *w, int64_t from, int64_t to, uint64_t *q)
{
    const sorted *s = p->s;
    if (from == to)
        return;
    if (!s->weighted) {
        const uint64_t rows = UINT64_MAX >> (BLOCK - (to - from)) << from % BLOCK;
        p->problem->kernels->tree_sums(&p->problem->frame->grid, s->x + from / BLOCK * BLOCK, rows, q);
        return;
    }
    int64_t count = 0;
    for (int64_t i = from; i < to; i++)
        cvi_sums_change(p->sums, p->problem->rows, s->order[i], &w->block, 1, q, q + s->levels, &count);
}

enum { BLOCKS_A_TASK = 256 };

static void sum_task(void *context, int64_t index, int worker_index)
{
    const pass *p = context;
    const sorted *s = p->s;
    for (int64_t b = index * BLOCKS_A_TASK; b < (index + 1) * BLOCKS_A_TASK && b < n_blocks(s->n); b++) {
        uint64_t *q = s->prefix + (b + 1) * s->stored;
        memset(q, 0, (size_t)s->stored * sizeof *q);
        const int64_t end = (b + 1) * BLOCK < s->n ? (b + 1) * BLOCK : s->n;
        sum_rows(p, &s->workers[worker_index], b * BLOCK, end, q);
    }
}

static void build(pass *p)
{
    sorted *s = p->s;
    cvi_team *team = &p->problem->job->team;
    const int64_t blocks = n_blocks(s->n);
    if (!sort_by_cells(p))
        sort_by_digits(p);
    for (int64_t i = s->n; i < blocks * BLOCK; i++)
        s->x[i] = s->x[s->n - 1];
    for (int64_t b = 0; b < blocks; b++)
        s->first[b] = s->x[b * BLOCK];
    s->largest = fmax(fabs(s->x[0]), fabs(s->x[s->n - 1]));
    cvi_parallel(team, (blocks + BLOCKS_A_TASK - 1) / BLOCKS_A_TASK, sum_task, p);
    if (team->stop != NULL && atomic_load(team->stop) != 0)
        return; /* half-built: the next pass, if there is one, starts again */
    memset(s->prefix, 0, (size_t)s->stored * sizeof *s->prefix);
    for (int64_t a = s->stored; a < (blocks + 1) * s->stored; a++)
        s->prefix[a] += s->prefix[a - s->stored];
    s->built = true;
    s->stale = true;
}

/* The stretches that labels show. */
static void read_labels(sorted *s, const int32_t *labels)
{
    stretch *out = s->stretches[s->old];
    int64_t count = 0;
    const bool same = memcmp(labels, labels + 1, (size_t)(s->n - 1) * sizeof *labels) == 0; /* no label yet: read in line */
    if (same)
        out[count++] = (stretch){.start = 0, .label = labels[0]};
    for (int64_t i = 0; !same && i < s->n; i++)
        if (i == 0 || labels[s->order[i]] != out[count - 1].label)
            out[count++] = (stretch){.start = (int32_t)i, .label = labels[s->order[i]]};
    s->count[s->old] = count;
    s->stale = false;
}

/* --- centers
 * ------------------------------------------------------------------------------------------------------ */

/* Center numbers by value, lower number first on ties: runs of two, four, eight ... are merged. */
static int32_t *sort_centers(const double *centers, int64_t k, int32_t *order, int32_t *spare)
{
    for (int64_t j = 0; j < k; j++)
        order[j] = (int32_t)j;
    for (int64_t width = 1; width < k; width *= 2) {
        for (int64_t low = 0; low < k; low += 2 * width) {
            const int64_t middle = low + width < k ? low + width : k;
            const int64_t high = low + 2 * width < k ? low + 2 * width : k;
            for (int64_t a = low, b = middle, at = low; at < high; at++)
                spare[at] = a < middle && (b >= high || centers[order[a]] <= centers[order[b]]) ? order[a++] : order[b++];
        }
        int32_t *swap = order;
        order = spare;
        spare = swap;
    }
    return order;
}

/*
 * Where the canonical scores of neighbors a < b may be taken for one another: within h of the middle, h = 6 K M^2 / (b - a)
 * with M = max(|a|, |b|), or anywhere if they lie closer than 8 K R, R the largest value of a row or center.
 */
static boundary between(double a, double b, double largest)
{
    const double k = 0x1p-49, gap = b - a, m = fmax(fabs(a), fabs(b)), tiny = 0x1p-1000;
    if (!(gap > 8 * k * largest) || !(gap > tiny))
        return (boundary){.from = -INFINITY, .to = INFINITY};
    const double middle = a + 0.5 * gap, h = 6 * k * m * (m / gap) + 8 * k * m + tiny;
    return (boundary){.from = middle - h, .to = middle + h};
}

static void list_centers(pass *p, const double *centers)
{
    sorted *s = p->s;
    const int32_t *order = sort_centers(centers, s->k, s->label, s->spare);
    double largest = s->largest;
    int64_t count = 0;
    for (int64_t j = 0; j < s->k; j++) {
        const int32_t number = order[j];
        if (count > 0 && centers[number] == s->center[count - 1])
            continue; /* a center that repeats another one of a lower number never wins */
        s->center[count] = centers[number];
        s->sqnorm[count] = p->problem->kernels->canonical_sqnorm(centers + number, 1);
        s->label[count++] = number; /* count <= j: not read again, order may be this array */
        largest = fmax(largest, fabs(centers[number]));
    }
    p->centers = count;
    for (int64_t t = 0; t + 1 < count; t++)
        s->between[t] = between(s->center[t], s->center[t + 1], largest);
    /* Both ends rise, so that they can be searched. Wider is always right. */
    for (int64_t t = 1; t + 1 < count; t++)
        s->between[t].to = fmax(s->between[t].to, s->between[t - 1].to);
    for (int64_t t = count - 3; t >= 0; t--)
        s->between[t].from = fmin(s->between[t].from, s->between[t + 1].from);
}

/* --- boundaries
 * --------------------------------------------------------------------------------------------------- */

/* The first row at or behind `from` whose value is at least v (or, strictly, above it); n if there is none. */
static int64_t row_from(const sorted *s, int64_t from, double v, bool strictly)
{
    int64_t low = from / BLOCK, high = n_blocks(s->n); /* the answer lies in block low or at the start of a later one */
    while (high - low > 1) {
        const int64_t middle = (low + high) / 2;
        if (strictly ? s->first[middle] <= v : s->first[middle] < v)
            low = middle;
        else
            high = middle;
    }
    int64_t i = low * BLOCK, end = i + BLOCK < s->n ? i + BLOCK : s->n;
    while (i < end) {
        const int64_t middle = (i + end) / 2;
        if (strictly ? s->x[middle] <= v : s->x[middle] < v)
            i = middle + 1;
        else
            end = middle;
    }
    return i > from ? i : from;
}

/* The canonical argmin of value x among distinct centers t .. last. */
static int32_t score(pass *p, double x, int64_t t, int64_t last)
{
    const sorted *s = p->s;
    double best = INFINITY;
    int32_t label = INT32_MAX;
    p->scored += last - t + 1;
    for (; t <= last; t++) {
        const double v = p->problem->kernels->canonical_score(&x, s->center + t, s->sqnorm[t], 1);
        if (v < best || (v == best && s->label[t] < label)) {
            best = v;
            label = s->label[t];
        }
    }
    return label;
}

static void append(sorted *s, int64_t start, int32_t label)
{
    stretch *out = s->stretches[1 - s->old];
    int64_t *count = &s->count[1 - s->old];
    if (*count > 0 && out[*count - 1].label == label)
        return;
    out[(*count)++] = (stretch){.start = (int32_t)start, .label = label};
}

/* The stretches of this pass. */
static void cut(pass *p)
{
    sorted *s = p->s;
    const int64_t last = p->centers - 1;
    int64_t i = 0, low = 0; /* next row; the first center that it may belong to */
    s->count[1 - s->old] = 0;
    while (i < s->n) {
        while (low < last && s->x[i] > s->between[low].to)
            low++;
        if (low == last || s->x[i] < s->between[low].from) { /* nobody else: to the next doubtful row */
            append(s, i, s->label[low]);
            i = low == last ? s->n : row_from(s, i, s->between[low].from, false);
            continue;
        }
        int64_t high = low + 1;
        while (high < last && !(s->x[i] < s->between[high].from))
            high++;
        append(s, i, score(p, s->x[i], low, high));
        i = i + 1 < s->n && s->x[i + 1] > s->x[i] ? i + 1 : row_from(s, i, s->x[i], true);
    }
}

/* --- rows change their label
 * ------------------------------------------------------------------------------------------ */

/* The sum of rows from .. to - 1 of the order into w->q. */
static void sum_stretch(const pass *p, worker *w, int64_t from, int64_t to)
{
    const sorted *s = p->s;
    const int64_t a = (from + BLOCK - 1) / BLOCK, b = to / BLOCK; /* whole blocks a .. b - 1 */
    memset(w->q, 0, (size_t)s->stored * sizeof *w->q);
    if (a > b) { /* inside one block */
        sum_rows(p, w, from, to, w->q);
        return;
    }
    for (int64_t l = 0; l < s->stored; l++)
        w->q[l] = s->prefix[b * s->stored + l] - s->prefix[a * s->stored + l];
    sum_rows(p, w, from, a * BLOCK, w->q);
    sum_rows(p, w, b * BLOCK, to, w->q);
}

static void move(const pass *p, worker *w, int64_t from, int64_t to, int32_t before, int32_t after)
{
    const sorted *s = p->s;
    const int worker_index = (int)(w - s->workers);
    w->changed += to - from;
    for (int64_t i = from; i < to; i++)
        p->labels[s->order[i]] = after;
    if (p->sums == NULL)
        return;
    sum_stretch(p, w, from, to);
    if (before != NONE)
        cvi_sums_add_stored(p->sums, worker_index, before, -1, w->q, w->q + s->levels, to - from);
    cvi_sums_add_stored(p->sums, worker_index, after, 1, w->q, w->q + s->levels, to - from);
}

/* The stretch that row i lies in. */
static int64_t stretch_of(const stretch *list, int64_t count, int64_t i)
{
    int64_t low = 0, high = count;
    while (high - low > 1) {
        const int64_t middle = (low + high) / 2;
        if (list[middle].start <= i)
            low = middle;
        else
            high = middle;
    }
    return low;
}

enum { ROWS_A_TASK = 64 * BLOCK };

/* Old and new stretches side by side. */
static void move_task(void *context, int64_t index, int worker_index)
{
    const pass *p = context;
    const sorted *s = p->s;
    const stretch *old = s->stretches[s->old], *new = s->stretches[1 - s->old];
    const int64_t n_old = s->count[s->old], n_new = s->count[1 - s->old];
    int64_t i = index * ROWS_A_TASK, end = i + ROWS_A_TASK < s->n ? i + ROWS_A_TASK : s->n;
    int64_t a = stretch_of(old, n_old, i), b = stretch_of(new, n_new, i);
    while (i < end) {
        const int64_t old_end = a + 1 < n_old ? old[a + 1].start : s->n, new_end = b + 1 < n_new ? new[b + 1].start : s->n;
        int64_t to = old_end < new_end ? old_end : new_end;
        to = to < end ? to : end;
        if (old[a].label != new[b].label)
            move(p, &s->workers[worker_index], i, to, old[a].label, new[b].label);
        i = to;
        a += i == old_end;
        b += i == new_end;
    }
}

#ifndef NDEBUG
/* Debug builds: labels are the argmin of the canonical score over all centers; of large fits a sample. */
static void check_labels(const pass *p, const double *centers)
{
    enum { SCORES = 1 << 21 };
    const sorted *s = p->s;
    const cvi_kernels *kernels = p->problem->kernels;
    int32_t nearest = 0;
    const int64_t step = s->n * s->k / SCORES + 1;
    for (int64_t i = 0; i < s->n; i += step) {
        if (i == 0 || s->x[i] != s->x[i - step]) {
            double best = INFINITY;
            for (int64_t j = 0; j < s->k; j++) {
                const double sqnorm = kernels->canonical_sqnorm(centers + j, 1);
                const double v = kernels->canonical_score(s->x + i, centers + j, sqnorm, 1);
                if (v < best) {
                    best = v;
                    nearest = (int32_t)j;
                }
            }
        }
        assert(p->labels[s->order[i]] == nearest);
    }
}
#endif

/* --- one pass
 * --------------------------------------------------------------------------------------------------- */

static bool run_pass(void *state, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                     cvi_pass_counts *counts)
{
    sorted *s = state;
    cvi_team *team = &problem->job->team;
    pass p = {.s = s, .problem = problem, .labels = labels, .sums = sums};
    if (!s->built)
        build(&p);
    if (!s->built)
        return false; /* stopped */
    if (s->stale)
        read_labels(s, labels);
    list_centers(&p, centers);
    cut(&p);
    for (int w = 0; w < team->threads; w++)
        s->workers[w].changed = 0;
    cvi_parallel(team, (s->n + ROWS_A_TASK - 1) / ROWS_A_TASK, move_task, &p);
    counts->changed = 0;
    counts->full += s->n * s->k;
    counts->distances += p.scored;
    for (int w = 0; w < team->threads; w++)
        counts->changed += s->workers[w].changed;
    s->old = 1 - s->old;
    s->stale = team->stop != NULL && atomic_load(team->stop) != 0;
    if (s->stale)
        return false;
#ifndef NDEBUG
    check_labels(&p, centers);
#endif
    return true;
}

static void start(void *state, const cvi_problem *problem)
{
    sorted *s = state;
    (void)problem;
    s->stale = true; /* labels are new */
}

const cvi_strategy cvi_sorted = {
    .name = "sorted",
    .about = "one feature: rows sorted once, clusters are stretches of them",
    .min_passes = 2, .suits = suits, .pays = pays, .take = take, .start = start, .pass = run_pass};
