/*
 * Greedy k-means++ on CSR rows by inverted lists.
 *
 *     block of rows   feature 0      feature 1    ...        an entry: row within the block (16 bits),
 *                    [ row value ]  [ row value ]            value as float32, scaled by a power of two
 *
 * A candidate reads the lists of its own features alone, and has its dot products with all rows of the block.  They give
 * every distance |x|^2 + |c|^2 - 2 x.c within a proven error, so every potential, and with it nearly always the winner;
 * candidates whose potentials are too near to each other are measured exactly.  Only rows that may be nearer to the
 * winner than to the picks before are measured by the definition of the distance.  Picks are those of the plain passes,
 * bit for bit (docs/algorithms/sparse.md).
 */
#include "seed/plusplus.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    LEVELS = CVI_POTENTIAL_LEVELS,
    STRIP = CVI_POTENTIAL_BLOCK,
    LEAST_BLOCK = 2048, /* its dot products stay in the first level of the cache */
    MOST_BLOCK = 65536, /* rows within a block have 16 bits */
    LIST = 4,           /* entries that a list of a block should have */
    LEAST_K = 4         /* the lists cost about two plain passes */
};

/* A candidate, its columns ascending; one more column, INT64_MAX, ends it. */
typedef struct candidate {
    int64_t row, count;
    int64_t *columns; /* [d + 1] */
    double *values;   /* [d + 1] */
    double sqnorm;
    double potential, error; /* within error of potential */
    bool repeats;            /* an earlier candidate is the same row */
    bool open;               /* its exact potential is wanted */
} candidate;

typedef struct worker {
    double *dot;     /* [block] */
    double *weights; /* [block] */
    double *dense;   /* [2][d], zeros between uses */
    double largest;  /* near * weight */
    double magnitude;
    int64_t measured;
} worker;

struct cvi_seed_lists {
    int64_t n, d, block, n_blocks, trials;
    int64_t *start;   /* [n_blocks + 1] first entry of a block */
    uint32_t *end;    /* [n_blocks][d] end of a list, from the block's first entry */
    uint16_t *row;    /* [entries] */
    float *value;     /* [entries] */
    double *sqnorm;   /* [n] */
    uint8_t *ordered; /* [n] columns ascend, none twice */
    double power;     /* a value is power times its entry */
    double unit, tiny; /* a computed distance is within unit (|x|^2 + |c|^2) + tiny of the exact one */
    double mass, sqmass; /* sums of w and of w |x|^2 */
    uint64_t *strip_q;   /* [strips][2] potential of 64 rows */
    uint64_t *prefix;    /* [strips + 1][2] */
    double *partial;     /* [n_blocks][trials] potentials of a block */
    uint64_t *block_q;   /* [n_blocks][trials][2] what a block changes in an exact potential */
    candidate *candidates;
    worker *workers;
    int64_t measured;
};

/* --- plan ------------------------------------------------------------------------------------------------------- */

static int64_t entries_of(const cvi_rows *rows)
{
    return rows->x.index_bytes == 4 ? ((const int32_t *)rows->x.indptr)[rows->x.n]
                                    : ((const int64_t *)rows->x.indptr)[rows->x.n];
}

cvi_seed_lists *cvi_seed_lists_take(const cvi_rows *rows, int64_t trials, int threads, cvi_arena *arena)
{
    const int64_t entries = entries_of(rows), n = rows->n, d = rows->d, strips = cvi_potential_blocks(n);
    cvi_seed_lists *state = cvi_arena_take(arena, 1, sizeof *state);
    cvi_seed_lists l = {.n = n, .d = d, .block = LEAST_BLOCK, .trials = trials};
    while (l.block < MOST_BLOCK && (double)entries * (double)l.block < (double)LIST * (double)d * (double)n)
        l.block *= 2;
    l.n_blocks = (n + l.block - 1) / l.block;
    l.start = cvi_arena_take(arena, l.n_blocks + 1, sizeof *l.start);
    l.end = cvi_arena_take(arena, l.n_blocks, (size_t)d * sizeof *l.end);
    l.row = cvi_arena_take(arena, entries, sizeof *l.row);
    l.value = cvi_arena_take(arena, entries, sizeof *l.value);
    l.sqnorm = cvi_arena_take(arena, n, sizeof *l.sqnorm);
    l.ordered = cvi_arena_take(arena, n, 1);
    l.strip_q = cvi_arena_take(arena, strips, LEVELS * sizeof *l.strip_q);
    l.prefix = cvi_arena_take(arena, strips + 1, LEVELS * sizeof *l.prefix);
    l.partial = cvi_arena_take(arena, l.n_blocks, (size_t)trials * sizeof *l.partial);
    l.block_q = cvi_arena_take(arena, l.n_blocks, (size_t)trials * LEVELS * sizeof *l.block_q);
    l.candidates = cvi_arena_take(arena, trials, sizeof *l.candidates);
    for (int64_t t = 0; t < trials; t++) {
        candidate c = {.columns = cvi_arena_take(arena, d + 1, sizeof(int64_t))};
        c.values = cvi_arena_take(arena, d + 1, sizeof(double));
        if (l.candidates != NULL)
            l.candidates[t] = c;
    }
    l.workers = cvi_arena_take(arena, threads, sizeof *l.workers);
    for (int t = 0; t < threads; t++) {
        worker w = {.dot = cvi_arena_take(arena, l.block, sizeof(double))};
        w.weights = rows->weights != NULL ? cvi_arena_take(arena, l.block, sizeof(double)) : NULL;
        w.dense = cvi_arena_take(arena, 2 * d, sizeof(double));
        if (l.workers != NULL)
            l.workers[t] = w;
    }
    if (state != NULL)
        *state = l;
    return state;
}

bool cvi_seed_lists_wanted(const cvi_rows *rows, int64_t k, int64_t trials, int threads, size_t budget, bool by_rule)
{
    if (budget == 0 || rows->kind != CVI_ROWS_CSR || entries_of(rows) > UINT32_MAX)
        return false;
    cvi_arena measure = {0};
    cvi_seed_lists_take(rows, trials, threads, &measure);
    return measure.used <= budget && (!by_rule || k >= LEAST_K);
}

int64_t cvi_seed_lists_measured(const cvi_seed_lists *lists)
{
    return lists->measured;
}

/* --- building --------------------------------------------------------------------------------------------------- */

typedef struct step {
    cvi_seed_lists *l;
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    cvi_job *job;
    double *near;
    cvi_running running;
    double magic[LEVELS];
    const candidate *pick; /* what fold_task folds into near */
    bool first;            /* near is not set yet */
} step;

static bool share(step *s, void (*task)(void *, int64_t, int))
{
    cvi_parallel(&s->job->team, s->l->n_blocks, task, s);
    return s->job->team.stop == NULL || atomic_load(s->job->team.stop) == 0;
}

static int64_t block_rows(const cvi_seed_lists *l, int64_t b)
{
    return l->n - b * l->block < l->block ? l->n - b * l->block : l->block;
}

/* A row's columns are summed into dense [d], which is zero before and which entry_value empties again. */
static void spread(const cvi_rows *rows, const cvi_sparse_row *row, double *dense)
{
    for (int64_t p = 0; p < row->count; p++)
        dense[cvi_sparse_column(rows, row, p)] += cvi_sparse_value(rows, row, p);
}

/* The value of stored entry p, the sum of its column's entries at the first of them and 0 at the others. */
static double entry_value(const cvi_rows *rows, const cvi_sparse_row *row, int64_t p, bool ordered, double *dense)
{
    if (ordered)
        return cvi_sparse_value(rows, row, p);
    const int64_t f = cvi_sparse_column(rows, row, p);
    const double v = dense[f];
    dense[f] = 0;
    return v;
}

/* Lengths of a block's lists; order, norm and magnitude of its rows. */
static void count_task(void *context, int64_t b, int worker_index)
{
    const step *s = context;
    cvi_seed_lists *l = s->l;
    worker *w = &l->workers[worker_index];
    uint32_t *end = l->end + b * l->d;
    memset(end, 0, (size_t)l->d * sizeof *end);
    for (int64_t i = b * l->block; i < b * l->block + block_rows(l, b); i++) {
        const cvi_sparse_row row = cvi_rows_sparse(s->rows, i);
        int64_t last = -1;
        bool ordered = true;
        for (int64_t p = 0; p < row.count; p++) {
            const int64_t f = cvi_sparse_column(s->rows, &row, p);
            ordered = ordered && f > last;
            last = f;
            end[f]++;
        }
        double sq = 0;
        if (!ordered)
            spread(s->rows, &row, w->dense);
        for (int64_t p = 0; p < row.count; p++) {
            const double v = entry_value(s->rows, &row, p, ordered, w->dense);
            sq += v * v;
            w->magnitude = fabs(v) > w->magnitude ? fabs(v) : w->magnitude;
        }
        l->ordered[i] = ordered;
        l->sqnorm[i] = sq;
    }
}

static void fill_task(void *context, int64_t b, int worker_index)
{
    const step *s = context;
    cvi_seed_lists *l = s->l;
    uint32_t *end = l->end + b * l->d, sum = 0;
    for (int64_t f = 0; f < l->d; f++) {
        const uint32_t length = end[f];
        end[f] = sum;
        sum += length;
    }
    const double scale = 1 / l->power;
    for (int64_t r = 0; r < block_rows(l, b); r++) {
        const int64_t i = b * l->block + r;
        const cvi_sparse_row row = cvi_rows_sparse(s->rows, i);
        double *dense = l->workers[worker_index].dense;
        if (!l->ordered[i])
            spread(s->rows, &row, dense);
        for (int64_t p = 0; p < row.count; p++) {
            const int64_t at = l->start[b] + end[cvi_sparse_column(s->rows, &row, p)]++;
            l->row[at] = (uint16_t)r;
            l->value[at] = (float)(entry_value(s->rows, &row, p, l->ordered[i] != 0, dense) * scale);
        }
    }
}

/*
 * An entry is a value rounded to float32: |x.c| is off by 2^-24 |x||c|, and by 2^-150 power |c_f| for every c_f where it
 * is below float32's range.  Three sums of at most d products, |x.c| <= (|x|^2 + |c|^2) / 2, and the definition's own
 * d + 2 roundings make another (4 d + 16) 2^-53 (|x|^2 + |c|^2); products below float64's range 2^-1074 each.
 */
static void set_errors(cvi_seed_lists *l, double magnitude)
{
    int exponent = 0;
    if (magnitude > 0)
        frexp(magnitude, &exponent);
    exponent = exponent > -960 ? exponent : -960; /* its inverse is a float64 */
    const double d = (double)l->d;
    l->power = ldexp(1, exponent);
    l->unit = 0x1.1p-24 + (2 * d + 16) * 0x1p-52;
    l->tiny = (d + 4) * (ldexp(1, 2 * exponent - 147) + 0x1p-1060);
}

static bool build(step *s)
{
    cvi_seed_lists *l = s->l;
    l->n = s->rows->n;
    l->n_blocks = (l->n + l->block - 1) / l->block;
    l->start[0] = 0;
    for (int64_t b = 0; b < l->n_blocks; b++) {
        int64_t count = 0;
        for (int64_t i = b * l->block; i < b * l->block + block_rows(l, b); i++)
            count += cvi_rows_sparse(s->rows, i).count;
        l->start[b + 1] = l->start[b] + count;
    }
    for (int t = 0; t < s->job->team.threads; t++) {
        memset(l->workers[t].dense, 0, 2 * (size_t)l->d * sizeof(double));
        l->workers[t].magnitude = 0;
        l->workers[t].measured = 0;
    }
    if (!share(s, count_task))
        return false;
    double magnitude = 0;
    for (int t = 0; t < s->job->team.threads; t++)
        magnitude = fmax(magnitude, l->workers[t].magnitude);
    set_errors(l, magnitude);
    l->mass = l->sqmass = 0;
    for (int64_t i = 0; i < l->n; i++) {
        const double weight = cvi_rows_weight(s->rows, i);
        l->mass += weight;
        l->sqmass += weight * l->sqnorm[i];
    }
    return share(s, fill_task);
}

/* --- distances -------------------------------------------------------------------------------------------------- */

static void set_candidate(const step *s, candidate *c, int64_t i)
{
    const cvi_sparse_row row = cvi_rows_sparse(s->rows, i);
    double *dense = s->l->workers[0].dense;
    c->row = i;
    c->count = 0;
    c->sqnorm = s->l->sqnorm[i];
    if (s->l->ordered[i]) {
        for (int64_t p = 0; p < row.count; p++) {
            c->columns[p] = cvi_sparse_column(s->rows, &row, p);
            c->values[p] = cvi_sparse_value(s->rows, &row, p);
        }
        c->count = row.count;
    } else {
        spread(s->rows, &row, dense);
        for (int64_t f = 0; f < s->l->d; f++)
            if (dense[f] != 0) {
                c->columns[c->count] = f;
                c->values[c->count++] = dense[f];
                dense[f] = 0;
            }
    }
    c->columns[c->count] = INT64_MAX;
    c->values[c->count] = 0;
}

/* The distance as it is compared: zeros counted, features in order; those where both rows are zero add nothing. */
static double exact_sqdist(const step *s, worker *w, int64_t i, const candidate *c)
{
    if (!s->l->ordered[i]) {
        const double sq = cvi_sparse_sqdist(s->rows, i, c->row, w->dense);
        memset(w->dense, 0, 2 * (size_t)s->l->d * sizeof(double));
        return sq;
    }
    const cvi_sparse_row row = cvi_rows_sparse(s->rows, i);
    const cvi_sparse_values values = {.values = row.values,
                                      .columns = row.columns,
                                      .count = row.count,
                                      .narrow = s->rows->x.dtype == COVEY_DTYPE_FLOAT32,
                                      .wide = s->rows->x.index_bytes == 8};
    return s->kernels->sparse_sqdist(&values, c->columns, c->values, c->count);
}

/* dot[r] = x.c of the block's rows. */
static void set_dots(const step *s, int64_t b, const candidate *c, double *dot)
{
    const cvi_seed_lists *l = s->l;
    const uint32_t *end = l->end + b * l->d;
    const uint16_t *row = l->row + l->start[b];
    const float *value = l->value + l->start[b];
    memset(dot, 0, (size_t)block_rows(l, b) * sizeof *dot);
    for (int64_t e = 0; e < c->count; e++) {
        const int64_t f = c->columns[e];
        const double v = c->values[e] * l->power;
        const uint32_t first = f > 0 ? end[f - 1] : 0, last = end[f];
        for (uint32_t p = first; p < last; p++)
            dot[row[p]] += v * (double)value[p];
    }
}

static const double *block_weights(const step *s, worker *w, int64_t b)
{
    if (s->rows->weights == NULL)
        return NULL;
    for (int64_t r = 0; r < block_rows(s->l, b); r++)
        w->weights[r] = cvi_rows_weight(s->rows, b * s->l->block + r);
    return w->weights;
}

/* May row i, whose product with c is dot, be nearer to c than near? */
static bool is_open(const cvi_seed_lists *l, const candidate *c, double sqnorm, double dot, double near)
{
    const double both = sqnorm + c->sqnorm;
    return both - 2 * dot - (l->unit * both + l->tiny) < near;
}

/* --- a step ----------------------------------------------------------------------------------------------------- */

static void screen_task(void *context, int64_t b, int worker_index)
{
    const step *s = context;
    const cvi_seed_lists *l = s->l;
    worker *w = &l->workers[worker_index];
    const int64_t first = b * l->block;
    const double *weights = block_weights(s, w, b);
    for (int64_t t = 0; t < l->trials; t++) {
        const candidate *c = &l->candidates[t];
        if (c->repeats)
            continue;
        set_dots(s, b, c, w->dot);
        l->partial[b * l->trials + t] = s->kernels->sparse_potential(w->dot, l->sqnorm + first, c->sqnorm,
                                                                     s->near + first, weights, block_rows(l, b));
    }
}

/* What a block's rows would change in the potential under the candidates that are open. */
static void exact_task(void *context, int64_t b, int worker_index)
{
    const step *s = context;
    const cvi_seed_lists *l = s->l;
    worker *w = &l->workers[worker_index];
    for (int64_t t = 0; t < l->trials; t++) {
        const candidate *c = &l->candidates[t];
        uint64_t *q = l->block_q + (b * l->trials + t) * LEVELS;
        q[0] = q[1] = 0;
        if (!c->open)
            continue;
        set_dots(s, b, c, w->dot);
        for (int64_t r = 0; r < block_rows(l, b); r++) {
            const int64_t i = b * l->block + r;
            const double near = s->near[i];
            if (!is_open(l, c, l->sqnorm[i], w->dot[r], near))
                continue;
            w->measured++;
            const double sq = exact_sqdist(s, w, i, c), weight = cvi_rows_weight(s->rows, i);
            uint64_t bits[LEVELS], old[LEVELS];
            cvi_potential_bits((sq < near ? sq : near) * weight, s->magic, bits);
            cvi_potential_bits(near * weight, s->magic, old);
            q[0] += bits[0] - old[0];
            q[1] += bits[1] - old[1];
        }
    }
}

static void fold_strip(const step *s, worker *w, int64_t b, int64_t first)
{
    const cvi_seed_lists *l = s->l;
    const candidate *c = s->pick;
    const int64_t last = first + STRIP < l->n ? first + STRIP : l->n;
    for (int64_t i = first; c != NULL && i < last; i++) {
        if (!s->first && !is_open(l, c, l->sqnorm[i], w->dot[i - b * l->block], s->near[i])) {
            assert(exact_sqdist(s, w, i, c) >= s->near[i]);
            continue;
        }
        w->measured++;
        const double sq = exact_sqdist(s, w, i, c);
        s->near[i] = sq < s->near[i] ? sq : s->near[i];
    }
    uint64_t *q = l->strip_q + first / STRIP * LEVELS;
    q[0] = q[1] = 0;
    for (int64_t i = first; i < last; i++) {
        const double heavy = s->near[i] * cvi_rows_weight(s->rows, i);
        w->largest = heavy > w->largest ? heavy : w->largest;
        cvi_potential_add(heavy, s->magic, q);
    }
}

/* The pick, if there is one, becomes part of near; potentials of near, strip by strip. */
static void fold_task(void *context, int64_t b, int worker_index)
{
    const step *s = context;
    const cvi_seed_lists *l = s->l;
    worker *w = &l->workers[worker_index];
    if (s->pick != NULL && !s->first)
        set_dots(s, b, s->pick, w->dot);
    for (int64_t r = 0; r < block_rows(l, b); r += STRIP)
        fold_strip(s, w, b, b * l->block + r);
}

static bool fold(step *s, const candidate *pick, double *largest)
{
    cvi_seed_lists *l = s->l;
    s->pick = pick;
    for (int t = 0; t < s->job->team.threads; t++)
        l->workers[t].largest = 0;
    if (!share(s, fold_task))
        return false;
    *largest = 0;
    for (int t = 0; t < s->job->team.threads; t++)
        *largest = fmax(*largest, l->workers[t].largest);
    l->prefix[0] = l->prefix[1] = 0;
    for (int64_t b = 0; b < cvi_potential_blocks(l->n); b++) {
        l->prefix[2 * b + 2] = l->prefix[2 * b] + l->strip_q[2 * b];
        l->prefix[2 * b + 3] = l->prefix[2 * b + 1] + l->strip_q[2 * b + 1];
    }
    memcpy(s->running.magic, s->magic, sizeof s->magic);
    return true;
}

static void draw_candidates(step *s, cvi_plusplus *state, covey_random *random)
{
    cvi_seed_lists *l = s->l;
    const double potential = cvi_running_value(&s->running, cvi_potential_blocks(l->n));
    for (int64_t t = 0; t < l->trials; t++)
        state->uniforms[t] = covey_random_double(random);
    for (int64_t t = 0; t < l->trials; t++) {
        const double v = state->uniforms[t] * potential;
        const int64_t b = cvi_running_find(&s->running, v), first = b * STRIP;
        const int64_t count = l->n - first < STRIP ? l->n - first : STRIP;
        double value[STRIP];
        for (int64_t i = 0; i < count; i++)
            value[i] = s->near[first + i] * cvi_rows_weight(s->rows, first + i);
        candidate *c = &l->candidates[t];
        set_candidate(s, c, cvi_running_row(&s->running, b, value, count, v));
        c->repeats = c->open = false;
        for (int64_t a = 0; a < t; a++)
            c->repeats = c->repeats || l->candidates[a].row == c->row;
    }
}

/* Potentials within their errors: of distances, of plain sums of n terms, of the grid (far below n 2^-50 of the largest
 * addend), and of the one rounding of the exact sum. */
static void set_potentials(step *s, double largest)
{
    const cvi_seed_lists *l = s->l;
    const double n = (double)l->n;
    for (int64_t t = 0; t < l->trials; t++) {
        candidate *c = &l->candidates[t];
        c->potential = 0;
        for (int64_t b = 0; !c->repeats && b < l->n_blocks; b++)
            c->potential += l->partial[b * l->trials + t];
        const double distances = l->unit * (l->sqmass + l->mass * c->sqnorm) + l->tiny * l->mass;
        c->error = 1.01 * (distances + (n + 8) * 0x1p-52 * fabs(c->potential) + n * 0x1p-50 * largest);
    }
}

/* Candidates that may have the smallest potential become open; returns how many. */
static int64_t open_candidates(step *s)
{
    const cvi_seed_lists *l = s->l;
    double ceiling = INFINITY;
    int64_t count = 0;
    for (int64_t t = 0; t < l->trials; t++)
        if (!l->candidates[t].repeats)
            ceiling = fmin(ceiling, l->candidates[t].potential + l->candidates[t].error);
    for (int64_t t = 0; t < l->trials; t++) {
        candidate *c = &l->candidates[t];
        c->open = !c->repeats && !(c->potential - c->error > ceiling);
        count += c->open;
    }
    return count;
}

/* The candidate with the smallest potential, the first of equals; -1 if stopped. */
static int64_t best_candidate(step *s, double largest)
{
    const cvi_seed_lists *l = s->l;
    int64_t best = -1;
    double smallest = INFINITY;
    if (l->trials > 1 && !share(s, screen_task))
        return -1;
    set_potentials(s, largest);
    const bool sure = open_candidates(s) == 1;
    if (!sure && !share(s, exact_task))
        return -1;
    for (int64_t t = 0; t < l->trials; t++) {
        if (!l->candidates[t].open)
            continue;
        uint64_t q[LEVELS];
        memcpy(q, l->prefix + LEVELS * cvi_potential_blocks(l->n), sizeof q);
        for (int64_t b = 0; !sure && b < l->n_blocks; b++) {
            q[0] += l->block_q[(b * l->trials + t) * LEVELS];
            q[1] += l->block_q[(b * l->trials + t) * LEVELS + 1];
        }
        const double potential = cvi_potential_value(q, s->magic, l->n);
        if (best < 0 || potential < smallest) {
            smallest = potential;
            best = t;
        }
    }
    return best;
}

bool cvi_seed_lists_run(cvi_plusplus *state, const cvi_kernels *kernels, const cvi_rows *rows, const cvi_draw *draw,
                        covey_random *random, cvi_job *job, int64_t *picks)
{
    cvi_seed_lists *l = state->lists;
    step s = {.l = l, .kernels = kernels, .rows = rows, .job = job, .near = state->near, .first = true};
    picks[0] = cvi_draw_row(draw, covey_random_double(random));
    if (state->k == 1)
        return true;
    if (!build(&s))
        return false;
    s.running = (cvi_running){.prefix = l->prefix, .n = l->n};
    for (int64_t i = 0; i < l->n; i++)
        s.near[i] = INFINITY;
    set_candidate(&s, &l->candidates[0], picks[0]);
    /* The grid of a step is for the largest addend of the step before, as in the plain passes, which fold a pick in one
     * step later. */
    double largest, largest_next;
    if (!fold(&s, &l->candidates[0], &largest))
        return false;
    s.first = false;
    for (int64_t c = 1; c < state->k; c++) {
        double magic[LEVELS];
        cvi_potential_magic(largest, l->n, magic);
        if (c == 1) {
            memcpy(s.magic, magic, sizeof magic);
            if (!fold(&s, NULL, &largest_next))
                return false;
        }
        draw_candidates(&s, state, random);
        if (memcmp(magic, s.magic, sizeof magic) != 0) { /* NOLINT: the bits are meant */
            memcpy(s.magic, magic, sizeof magic);
            if (!fold(&s, NULL, &largest_next))
                return false;
        }
        const int64_t best = best_candidate(&s, largest);
        if (best < 0)
            return false;
        picks[c] = l->candidates[best].row;
        largest = largest_next;
        if (!fold(&s, &l->candidates[best], &largest_next))
            return false;
        job->progress.fraction = (double)(c + 1) / (double)state->k;
        if (!cvi_job_tell(job, 0))
            return false;
    }
    l->measured = 0;
    for (int t = 0; t < job->team.threads; t++)
        l->measured += l->workers[t].measured;
    return true;
}
