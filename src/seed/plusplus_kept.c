/*
 * Greedy k-means++ on few rows: a transposed copy in tiles of 64, kept for all restarts, and the distances of all
 * candidates, so that the winner's are folded in without being measured again.
 *
 *     step:   near = min(near, sqdist[winner])      the last step's
 *             sqdist[c] = distances to candidate c  for all candidates
 *             q[c] = grid sums of min(near, sqdist[c]) * w, tile by tile, lane by lane
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

enum { TILE = CVI_POTENTIAL_BLOCK, LANES = CVI_GROUP64, LEVELS = CVI_POTENTIAL_LEVELS, EIGHT = TILE / LANES };

struct cvi_seed_kept {
    int64_t tiles;
    bool loaded;
    double *x;          /* [tiles][d][64] */
    double *weights;    /* [tiles][64], or NULL */
    double *near;       /* [tiles][64] */
    double *sqdist;     /* [tiles][trials][64] */
    uint64_t *q;        /* [tiles][trials][LEVELS][8] */
    double *candidates; /* [trials][d] */
    cvi_block block;
    double *scratch;    /* [64][d] rows of float32 as float64 */
    double *largest;    /* [threads] */
};

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
    s.sqdist = cvi_arena_take(arena, s.tiles * trials, TILE * sizeof(double));
    s.q = cvi_arena_take(arena, s.tiles * trials, LEVELS * LANES * sizeof(uint64_t));
    s.candidates = cvi_arena_take(arena, trials * rows->d, sizeof(double));
    cvi_block_take(&s.block, rows, arena);
    s.scratch = rows->kind == CVI_ROWS_F32 ? cvi_arena_take(arena, rows->d, TILE * sizeof(double)) : NULL;
    s.largest = cvi_arena_take(arena, threads, sizeof(double));
    if (kept != NULL)
        *kept = s;
    return kept;
}

/* Where row i of a tile stands. */
static inline int64_t place(int64_t i)
{
    return i % EIGHT * LANES + i / EIGHT;
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
        for (int64_t i = 0; i < TILE; i++)
            out[place(i)] = i < count ? s->block.row64[i][f] : 0;
    }
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
    cvi_seed_block kernel;
    cvi_running running;
    int64_t grain;  /* tiles a task */
    int64_t picked; /* the candidate of the last step; -1: none */
    const uint64_t *lanes; /* its sums in lanes of tile b: lanes + b stride, [LEVELS][8] */
    int64_t stride;
} step;

static const double *tile_weights(const step *s, int64_t b)
{
    return s->kept->weights != NULL ? s->kept->weights + b * TILE : NULL;
}

/* What the winner of the last step leaves to fold into near. */
static const double *to_fold(const step *s, int64_t b)
{
    return s->picked < 0 ? NULL : s->kept->sqdist + (b * s->kernel.count + s->picked) * TILE;
}

static void step_task(void *context, int64_t index, int worker)
{
    const step *s = context;
    const cvi_seed_kept *kept = s->kept;
    const int64_t count = s->kernel.count;
    const int64_t end = (index + 1) * s->grain < kept->tiles ? (index + 1) * s->grain : kept->tiles;
    for (int64_t b = index * s->grain; b < end; b++) {
        const double largest = s->kernels->seed_block(
            &s->kernel, kept->x + b * s->kernel.d * TILE, tile_weights(s, b), to_fold(s, b), kept->near + b * TILE,
            kept->sqdist + b * count * TILE, kept->q + b * count * LEVELS * LANES);
        kept->largest[worker] = largest > kept->largest[worker] ? largest : kept->largest[worker];
    }
}

static bool run_step(step *s, cvi_job *job, double *largest)
{
    const cvi_seed_kept *kept = s->kept;
    for (int t = 0; t < job->team.threads; t++)
        kept->largest[t] = 0;
    cvi_parallel(&job->team, (kept->tiles + s->grain - 1) / s->grain, step_task, s);
    *largest = 0;
    for (int t = 0; t < job->team.threads; t++)
        *largest = kept->largest[t] > *largest ? kept->largest[t] : *largest;
    return job->team.stop == NULL || atomic_load(job->team.stop) == 0;
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
        q[l] -= filling * grid_bits(s->kernel.magic[l]);
}

static uint64_t sum_lanes(const uint64_t *q)
{
    return ((q[0] + q[1]) + (q[2] + q[3])) + ((q[4] + q[5]) + (q[6] + q[7]));
}

/* Running sums of the tiles, whose sums in lanes are q, `stride` words apart, each. */
static void set_prefix(step *s, const uint64_t *q, int64_t stride)
{
    const int64_t tiles = s->kept->tiles;
    uint64_t *prefix = s->running.prefix;
    s->lanes = q;
    s->stride = stride;
    prefix[0] = prefix[1] = 0;
    for (int64_t b = 0; b < tiles; b++, q += stride) {
        prefix[2 * b + 2] = prefix[2 * b] + sum_lanes(q);
        prefix[2 * b + 3] = prefix[2 * b + 1] + sum_lanes(q + LANES);
    }
    take_off(s, prefix + 2 * tiles);
    memcpy(s->running.magic, s->kernel.magic, sizeof s->running.magic);
}

/* near = distances to the first pick, and its sums. */
static void first_pick(step *s, int64_t pick)
{
    cvi_seed_kept *kept = s->kept;
    const cvi_kernels *kernels = s->kernels;
    const int64_t n = s->rows->n, d = s->rows->d, tiles = kept->tiles;
    double largest = 0;
    for (int64_t i = 0; i < tiles * TILE; i++)
        kept->near[i] = INFINITY;
    for (int64_t i = n; i < tiles * TILE; i++)
        kept->near[i / TILE * TILE + place(i % TILE)] = 0;
    for (int64_t f = 0; f < d; f++)
        kept->candidates[f] = kept->x[(pick / TILE * d + f) * TILE + place(pick % TILE)];
    cvi_seed_block one = {.candidates = kept->candidates, .d = d};
    for (int64_t b = 0; b < tiles; b++) {
        double *near = kept->near + b * TILE;
        kernels->seed_fold(kept->x + b * d * TILE, d, kept->candidates, near);
        const double most = kernels->seed_block(&one, NULL, tile_weights(s, b), NULL, near, NULL, NULL); /* of no candidate */
        largest = most > largest ? most : largest;
    }
    cvi_potential_magic(largest, n, s->kernel.magic);
    memcpy(one.magic, s->kernel.magic, sizeof one.magic);
    one.count = 1;
    for (int64_t b = 0; b < tiles; b++)
        kernels->seed_block(&one, kept->x + b * d * TILE, tile_weights(s, b), NULL, kept->near + b * TILE, kept->sqdist,
                            kept->q + b * LEVELS * LANES);
    set_prefix(s, kept->q, LEVELS * LANES);
}

/* The grid bits of row i of tile b, with the last pick folded in. */
static void add_row(const step *s, int64_t b, int64_t i, uint64_t *q)
{
    const double *fold = to_fold(s, b), *weights = tile_weights(s, b), near = s->kept->near[b * TILE + place(i)];
    const double sq = fold != NULL && fold[place(i)] < near ? fold[place(i)] : near;
    cvi_potential_add(weights != NULL ? sq * weights[place(i)] : sq, s->running.magic, q);
}

/* The first row whose running sum is at least v: its tile, its lane, itself. */
static int64_t find_row(const step *s, double v)
{
    cvi_search search;
    const int64_t b = cvi_search_blocks(&search, &s->running, v), left = s->rows->n - b * TILE, count = left < TILE ? left : TILE;
    const uint64_t *q = s->lanes + b * s->stride;
    int64_t i = 0;
    for (; i + EIGHT < count; i += EIGHT) {
        const uint64_t eight[LEVELS] = {q[i / EIGHT], q[LANES + i / EIGHT]};
        if (!cvi_search_pass(&search, eight, EIGHT))
            break;
    }
    for (; i + 1 < count; i++) {
        uint64_t one[LEVELS] = {0};
        add_row(s, b, i, one);
        if (!cvi_search_pass(&search, one, 1))
            break;
    }
    return b * TILE + i;
}

static void draw_candidates(step *s, covey_random *random)
{
    cvi_plusplus *state = s->state;
    const int64_t d = s->rows->d;
    const double potential = cvi_running_value(&s->running, s->kept->tiles);
    cvi_random_doubles(random, state->trials, state->uniforms);
    for (int64_t t = 0; t < state->trials; t++) {
        const int64_t i = find_row(s, state->uniforms[t] * potential);
        state->candidates[t] = i;
        for (int64_t f = 0; f < d; f++)
            s->kept->candidates[t * d + f] = s->kept->x[(i / TILE * d + f) * TILE + place(i % TILE)];
    }
}

/* The candidate with the smallest potential, the first of equals. */
static int64_t best_candidate(const step *s)
{
    const cvi_seed_kept *kept = s->kept;
    const int64_t count = s->kernel.count;
    int64_t best = 0;
    double smallest = INFINITY;
    for (int64_t t = 0; t < count; t++) {
        uint64_t total[LEVELS * LANES] = {0};
        for (int64_t b = 0; b < kept->tiles; b++)
            for (int a = 0; a < LEVELS * LANES; a++)
                total[a] += kept->q[(b * count + t) * LEVELS * LANES + a];
        uint64_t both[LEVELS] = {sum_lanes(total), sum_lanes(total + LANES)};
        take_off(s, both);
        const double potential = cvi_potential_value(both, s->kernel.magic, s->rows->n);
        if (potential < smallest) {
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
    step s = {.state = state, .kept = kept, .kernels = kernels, .rows = rows, .picked = -1};
    s.kernel = (cvi_seed_block){.candidates = kept->candidates, .d = rows->d, .count = state->trials};
    s.running = (cvi_running){.prefix = state->prefix, .n = rows->n};
    s.grain = cvi_job_grain(job, kept->tiles * TILE, TILE, (double)(rows->d * state->trials) * 0.06 + 2) / TILE;
    if (!kept->loaded || !state->same_rows)
        load(kept, kernels, rows);
    picks[0] = cvi_draw_row(draw, cvi_random_double(random));
    first_pick(&s, picks[0]);
    double largest = 0;
    for (int64_t c = 1; c < state->k; c++) {
        draw_candidates(&s, random);
        if (c > 1) /* the first step keeps the grid of the first pick */
            cvi_potential_magic(largest, rows->n, s.kernel.magic);
        if (!run_step(&s, job, &largest))
            return false;
        s.picked = best_candidate(&s);
        set_prefix(&s, kept->q + s.picked * LEVELS * LANES, s.kernel.count * LEVELS * LANES);
        picks[c] = state->candidates[s.picked];
        job->progress.fraction = (double)(c + 1) / (double)state->k;
        if (!cvi_job_tell(job, 0))
            return false;
    }
    return true;
}
