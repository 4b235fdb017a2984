/*
 * Greedy k-means++ on few rows: a transposed copy in tiles of 64, kept for all restarts, and the distances of all
 * candidates, so that the winner's are folded in without being measured again.
 *
 *     step:   sqdist[c] = distances to candidate c, total[c] = about sum(min(near, sqdist[c]) * w), for all candidates
 *             winner    = the least total; where totals are too close to tell, the least of the exact ones
 *             near      = min(near, sqdist[winner])
 *             q         = grid sums of near * w, tile by tile, lane by lane: the next candidates are drawn from them
 *
 * A tile's rows stand eight apart, so that a lane adds up eight that follow each other, and a draw is looked up in the lanes'
 * sums before it is among rows:
 *
 *     place   0 1 2  3  4  5  6  7 | 8 9 10 ...
 *     row     0 8 16 24 32 40 48 56 | 1 9 17 ...
 *
 * Rows that fill up the last tile have near = 0: they are never the farthest, and what they add to a sum is the grid's
 * own bits, which are taken off again.
 */
#include "seed/plusplus.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

enum { TILE = CVI_POTENTIAL_BLOCK, LANES = CVI_GROUP64, LEVELS = CVI_POTENTIAL_LEVELS, EIGHT = TILE / LANES, TOGETHER = 4 };

struct cvi_seed_kept {
    int64_t tiles;
    bool loaded;
    double *x;          /* [tiles][d][64] */
    double *weights;    /* [tiles][64], or NULL */
    double *near;       /* [tiles][64] */
    double *none;       /* [tiles][64] near before the first pick: +inf, 0 behind the last row */
    double *sqdist;     /* [tiles][trials][64] */
    uint64_t *q;        /* [tiles][LEVELS][8] */
    double *candidates; /* [trials][d] */
    cvi_block block;
    double *scratch;    /* [64][d] rows of float32 as float64 */
    double *largest;    /* [threads] */
    double *total;      /* [threads][trials] */
};

/* Relative error of a sum of up to 2^18 positive addends in any order, and more. */
static const double MARGIN = 0x1p-32;

/* Beyond the cache the copy would be read slower than rows are. */
static const int64_t MOST_VALUES = (int64_t)1 << 18;

bool cvi_seed_kept_wanted(const cvi_rows *rows, int64_t k, int64_t trials, int threads, size_t budget)
{
    if (budget == 0 || rows->kind == CVI_ROWS_CSR || k < 3 || cvi_potential_blocks(rows->n) > MOST_VALUES / TILE / rows->d)
        return false;
    cvi_arena measure = {0};
    cvi_seed_kept_take(rows, trials, threads, &measure);
    return measure.used <= budget;
}

cvi_seed_kept *cvi_seed_kept_take(const cvi_rows *rows, int64_t trials, int threads, cvi_arena *arena)
{
    cvi_seed_kept *kept = cvi_arena_take(arena, 1, sizeof *kept), s = {.tiles = cvi_potential_blocks(rows->n)};
    s.x = cvi_arena_take(arena, s.tiles * rows->d, TILE * sizeof(double));
    s.weights = rows->weights != NULL ? cvi_arena_take(arena, s.tiles, TILE * sizeof(double)) : NULL;
    s.near = cvi_arena_take(arena, s.tiles, TILE * sizeof(double));
    s.none = cvi_arena_take(arena, s.tiles, TILE * sizeof(double));
    s.sqdist = cvi_arena_take(arena, s.tiles * trials, TILE * sizeof(double));
    s.q = cvi_arena_take(arena, s.tiles, LEVELS * LANES * sizeof(uint64_t));
    s.candidates = cvi_arena_take(arena, trials * rows->d, sizeof(double));
    cvi_block_take(&s.block, rows, arena);
    s.scratch = rows->kind == CVI_ROWS_F32 ? cvi_arena_take(arena, rows->d, TILE * sizeof(double)) : NULL;
    s.largest = cvi_arena_take(arena, threads, sizeof(double));
    s.total = cvi_arena_take(arena, threads * trials, sizeof(double));
    if (kept != NULL)
        *kept = s;
    return kept;
}

/* Where row i of a tile stands. */
static inline int64_t place(int64_t i)
{
    return (i & (EIGHT - 1)) * LANES + (i >> 3); /* EIGHT = 8 */
}

/* --- loading ---------------------------------------------------------------------------------------------------- */

static void load_tile(cvi_seed_kept *s, const cvi_kernels *kernels, const cvi_rows *rows, int64_t b)
{
    const int64_t d = rows->d, start = b * TILE, count = rows->n - start < TILE ? rows->n - start : TILE;
    cvi_rows_fetch(rows, start, count, &s->block);
    if (s->block.is_f32) {
        cvi_block_raw(kernels, rows, &s->block, 0, count, s->scratch, d);
        for (int64_t i = 0; i < count; i++)
            s->block.row64[i] = s->scratch + i * d;
    }
    for (int64_t f = 0; f < d; f++) {
        double *out = s->x + (b * d + f) * TILE;
        for (int64_t i = 0; i < count; i++)
            out[place(i)] = s->block.row64[i][f];
        for (int64_t i = count; i < TILE; i++)
            out[place(i)] = 0;
    }
    for (int64_t i = 0; i < TILE; i++)
        s->none[start + i] = INFINITY;
    for (int64_t i = count; i < TILE; i++)
        s->none[start + place(i)] = 0;
    for (int64_t i = 0; i < TILE && s->weights != NULL; i++)
        s->weights[start + place(i)] = i < count ? cvi_rows_weight(rows, start + i) : 0;
}

static void load(cvi_seed_kept *s, const cvi_kernels *kernels, const cvi_rows *rows)
{
    for (int64_t b = 0; b < s->tiles; b++)
        load_tile(s, kernels, rows, b);
    s->loaded = true;
}

/* --- steps ------------------------------------------------------------------------------------------------------ */

typedef struct step {
    cvi_plusplus *state;
    cvi_seed_kept *kept;
    const cvi_kernels *kernels;
    const cvi_rows *rows;
    cvi_seed_block block;  /* the candidates */
    cvi_running running;
    double magic[LEVELS];  /* the grid of the present sums, or of those to come */
    int64_t grain;         /* tiles a task */
    const double *before;  /* near as it was, */
    const double *fold;    /* what is to be folded into it, of tile 0; NULL: nothing */
    bool sums;             /* q is wanted */
} step;

static int64_t task_end(const step *s, int64_t index)
{
    return (index + 1) * s->grain < s->kept->tiles ? (index + 1) * s->grain : s->kept->tiles;
}

static const double *tile_weights(const step *s, int64_t b)
{
    return s->kept->weights != NULL ? s->kept->weights + b * TILE : NULL;
}

static void measure_task(void *context, int64_t index, int worker)
{
    const step *s = context;
    const cvi_seed_kept *kept = s->kept;
    const int64_t b = index * s->grain, d = s->rows->d;
    s->kernels->seed_measure(&s->block, kept->x + b * d * TILE, task_end(s, index) - b, tile_weights(s, b),
                             s->before + b * TILE, kept->sqdist + b * s->block.count * TILE,
                             kept->total + worker * s->state->trials);
}

static void near_task(void *context, int64_t index, int worker)
{
    const step *s = context;
    const cvi_seed_kept *kept = s->kept;
    const int64_t b = index * s->grain, stride = s->block.count * TILE;
    const double largest =
        s->kernels->seed_near(s->before + b * TILE, s->fold != NULL ? s->fold + b * stride : NULL, stride, tile_weights(s, b),
                              task_end(s, index) - b, s->sums ? s->magic : NULL, kept->near + b * TILE,
                              kept->q + b * LEVELS * LANES);
    kept->largest[worker] = largest > kept->largest[worker] ? largest : kept->largest[worker];
}

static void share_out(step *s, cvi_job *job, void (*task)(void *, int64_t, int))
{
    cvi_parallel(&job->team, (s->kept->tiles + s->grain - 1) / s->grain, task, s);
}

/* Distances to the candidates, and their potentials as total says. */
static void measure(step *s, cvi_job *job)
{
    const int64_t trials = s->state->trials, count = s->block.count;
    double *total = s->kept->total;
    memset(total, 0, (size_t)(job->team.threads * trials) * sizeof *total);
    share_out(s, job, measure_task);
    for (int t = 1; t < job->team.threads; t++)
        for (int64_t c = 0; c < count; c++)
            total[c] += total[t * trials + c];
}

/* The bits that a row of distance 0 adds. */
static uint64_t grid_bits(double magic)
{
    uint64_t bits;
    memcpy(&bits, &magic, sizeof bits);
    return bits;
}

/* Take off what the rows that fill up the last tile have added. */
static void take_off(const step *s, uint64_t *q)
{
    const uint64_t filling = (uint64_t)(s->kept->tiles * TILE - s->rows->n);
    for (int l = 0; l < LEVELS; l++)
        q[l] -= filling * grid_bits(s->magic[l]);
}

static uint64_t sum_lanes(const uint64_t *q)
{
    return ((q[0] + q[1]) + (q[2] + q[3])) + ((q[4] + q[5]) + (q[6] + q[7]));
}

/* Running sums of the tiles. */
static void set_prefix(step *s)
{
    const int64_t tiles = s->kept->tiles;
    const uint64_t *q = s->kept->q;
    uint64_t *prefix = s->running.prefix;
    prefix[0] = prefix[1] = 0;
    for (int64_t b = 0; b < tiles; b++, q += LEVELS * LANES) {
        prefix[2 * b + 2] = prefix[2 * b] + sum_lanes(q);
        prefix[2 * b + 3] = prefix[2 * b + 1] + sum_lanes(q + LANES);
    }
    take_off(s, prefix + 2 * tiles);
    memcpy(s->running.magic, s->magic, sizeof s->running.magic);
}

/* Fold candidate c (-1: none) into near and, where sums are wanted, ready them for draws; returns the largest near * w. */
static double near_pass(step *s, int64_t c, bool sums, cvi_job *job)
{
    const cvi_seed_kept *kept = s->kept;
    s->fold = c < 0 ? NULL : kept->sqdist + c * TILE;
    s->sums = sums;
    for (int t = 0; t < job->team.threads; t++)
        kept->largest[t] = 0;
    share_out(s, job, near_task);
    if (sums)
        set_prefix(s);
    double largest = 0;
    for (int t = 0; t < job->team.threads; t++)
        largest = kept->largest[t] > largest ? kept->largest[t] : largest;
    return largest;
}

/* Row i becomes candidate t. */
static void set_candidate(const step *s, int64_t t, int64_t i)
{
    const cvi_seed_kept *kept = s->kept;
    const int64_t d = s->rows->d;
    for (int64_t f = 0; f < d; f++)
        kept->candidates[t * d + f] = kept->x[(i / TILE * d + f) * TILE + place(i % TILE)];
}

/* near = distances to the first pick, and its sums. Returns the largest near * w. */
static double first_pick(step *s, int64_t pick, cvi_job *job)
{
    cvi_seed_kept *kept = s->kept;
    const int64_t count = s->block.count;
    set_candidate(s, 0, pick);
    s->block.count = 1;
    s->before = kept->none;
    measure(s, job);
    const double largest = near_pass(s, 0, false, job);
    s->block.count = count;
    s->before = kept->near;
    cvi_potential_magic(largest, s->rows->n, s->magic);
    near_pass(s, -1, true, job);
    return largest;
}

/* --- draws ------------------------------------------------------------------------------------------------------ */

static double row_addend(const step *s, int64_t b, int64_t i)
{
    const double *weights = tile_weights(s, b), near = s->kept->near[b * TILE + place(i)];
    return weights != NULL ? near * weights[place(i)] : near;
}

/* Where the search is simple, of tile b: how many of its eight lanes, then how many of that lane's eight rows, end below what is
 * sought.  All are looked at: a branch that cannot be foreseen costs more than they do. */
static int64_t find_at_once(const step *s, const cvi_search *search, int64_t b, int64_t count)
{
    const uint64_t *q = s->kept->q + b * LEVELS * LANES;
    uint64_t upper[LANES + 1] = {search->sum[0]}, lower[LANES + 1] = {search->sum[1]};
    int64_t lane = 0, row = 0;
    for (int l = 0; l < LANES; l++) {
        upper[l + 1] = upper[l] + q[l] - EIGHT * search->none[0];
        lower[l + 1] = lower[l] + q[LANES + l] - EIGHT * search->none[1];
        lane += cvi_search_beyond(search, upper[l + 1], lower[l + 1]) < 0;
    }
    lane = lane < (count - 1) / EIGHT ? lane : (count - 1) / EIGHT;
    const double *near = s->kept->near + b * TILE + lane, *weights = tile_weights(s, b);
    double value[EIGHT];
    for (int64_t i = 0; i < EIGHT; i++)
        value[i] = near[i * LANES];
    for (int64_t i = 0; weights != NULL && i < EIGHT; i++)
        value[i] *= weights[lane + i * LANES];
    uint64_t high = upper[lane], low = lower[lane];
    for (int64_t i = 0; i < EIGHT; i++) {
        uint64_t bits[LEVELS];
        cvi_potential_bits(value[i], s->running.magic, bits);
        high += bits[0] - search->none[0];
        low += bits[1] - search->none[1];
        row += cvi_search_beyond(search, high, low) < 0;
    }
    row += lane * EIGHT;
    return row < count ? row : count - 1;
}

/* The row that the search is for, which stands before tile b. */
static int64_t find_row(const step *s, cvi_search *search, int64_t b)
{
    const int64_t left = s->rows->n - b * TILE, count = left < TILE ? left : TILE;
    if (search->simple)
        return b * TILE + find_at_once(s, search, b, count);
    int64_t i = 0;
    for (; i + 1 < count; i++) {
        uint64_t one[LEVELS] = {0};
        cvi_potential_add(row_addend(s, b, i), s->magic, one);
        if (!cvi_search_pass(search, one, 1))
            break;
    }
    return b * TILE + i;
}

/* Draws are looked up TOGETHER at a time, each step for all of them: one by one, each would wait for itself. */
static void draw_candidates(step *s, covey_random *random)
{
    cvi_plusplus *state = s->state;
    const double potential = cvi_running_value(&s->running, s->kept->tiles);
    cvi_random_doubles(random, state->trials, state->uniforms);
    for (int64_t first = 0; first < state->trials; first += TOGETHER) {
        const int64_t end = first + TOGETHER < state->trials ? first + TOGETHER : state->trials;
        cvi_search search[TOGETHER];
        int64_t tile[TOGETHER];
        for (int64_t t = first; t < end; t++)
            tile[t - first] = cvi_search_blocks(&search[t - first], &s->running, state->uniforms[t] * potential);
        for (int64_t t = first; t < end; t++)
            state->candidates[t] = find_row(s, &search[t - first], tile[t - first]);
    }
    for (int64_t t = 0; t < state->trials; t++)
        set_candidate(s, t, state->candidates[t]);
}

/* --- the choice ------------------------------------------------------------------------------------------------- */

/* The potential that candidate c leaves, on the grid. */
static double exact_potential(const step *s, int64_t c)
{
    const cvi_seed_kept *kept = s->kept;
    uint64_t both[LEVELS] = {0};
    for (int64_t b = 0; b < kept->tiles; b++) {
        double near[TILE];
        uint64_t q[LEVELS * LANES];
        s->kernels->seed_near(kept->near + b * TILE, kept->sqdist + (b * s->block.count + c) * TILE, TILE, tile_weights(s, b), 1,
                              s->magic, near, q);
        both[0] += sum_lanes(q);
        both[1] += sum_lanes(q + LANES);
    }
    take_off(s, both);
    return cvi_potential_value(both, s->magic, s->rows->n);
}

/* Do two candidates have the same values, so that they leave the same? */
static bool alike(const step *s, int64_t a, int64_t b)
{
    const int64_t d = s->rows->d;
    return memcmp(s->kept->candidates + a * d, s->kept->candidates + b * d, (size_t)d * sizeof(double)) == 0;
}

/*
 * The candidate with the smallest potential, the first of equals.  Totals are wrong by their rounding, the potentials by n
 * units of the grid's lower level; candidates whose totals are farther apart need no exact sums.
 */
static int64_t best_candidate(const step *s)
{
    const double *total = s->kept->total, unit = s->magic[1] * 0x1p-52;
    const int64_t count = s->block.count;
    int64_t best = 0;
    for (int64_t t = 1; t < count; t++)
        best = total[t] < total[best] ? t : best;
    const double limit = total[best] * (1 + MARGIN) + (double)s->rows->n * 4 * unit;
    double smallest = -1; /* of the best; -1: not known */
    for (int64_t t = 0, least = best; t < count; t++) {
        if (t == least || total[t] > limit)
            continue;
        if (alike(s, t, best)) {
            best = t < best ? t : best;
            continue;
        }
        if (smallest < 0)
            smallest = exact_potential(s, best);
        const double potential = exact_potential(s, t);
        if (potential < smallest || (potential == smallest && t < best)) {
            smallest = potential;
            best = t;
        }
    }
    return best;
}

bool cvi_seed_kept_run(cvi_plusplus *state, const cvi_kernels *kernels, const cvi_rows *rows, const cvi_draw *draw,
                       covey_random *random, cvi_job *job, int64_t *picks)
{
    cvi_seed_kept *kept = state->kept;
    step s = {.state = state, .kept = kept, .kernels = kernels, .rows = rows};
    s.block = (cvi_seed_block){.candidates = kept->candidates, .d = rows->d, .count = state->trials};
    s.running = (cvi_running){.prefix = state->prefix, .n = rows->n};
    s.grain = cvi_job_grain(job, kept->tiles * TILE, TILE, (double)(rows->d * state->trials) * 0.06 + 2) / TILE;
    if (!kept->loaded || !state->same_rows)
        load(kept, kernels, rows);
    picks[0] = cvi_draw_row(draw, cvi_random_double(random));
    double largest = first_pick(&s, picks[0], job), before = largest;
    for (int64_t c = 1; c < state->k; c++) {
        draw_candidates(&s, random);
        measure(&s, job);
        if (c > 1) /* the first step keeps the grid of the first pick */
            cvi_potential_magic(before, rows->n, s.magic);
        const int64_t picked = best_candidate(&s);
        picks[c] = state->candidates[picked];
        if (c + 1 < state->k) { /* nobody draws from the last one's sums */
            before = largest;
            largest = near_pass(&s, picked, true, job);
        }
        job->progress.fraction = (double)(c + 1) / (double)state->k;
        if (!cvi_job_tell(job, 0) || (job->team.stop != NULL && atomic_load(job->team.stop) != 0))
            return false;
    }
    return true;
}
