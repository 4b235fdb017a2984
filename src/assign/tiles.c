/*
 * Tiles with a gap bound per (tile, center): for 4 features or more and some fifty clusters or more.
 *
 * C. Elkan ("Using the triangle inequality to accelerate k-means", ICML 2003) keeps a lower bound for every
 * row and center; n k of them cost more than they save.  Here rows are sorted by label once, cut into tiles
 * of 64, and a tile keeps one bound for every center:
 *
 *     B[t][j] <= min over the rows x of t of |x - c_j| - |x - c_label(x)|.
 *
 * A pass lowers the gap by what c_j and the tile's owners have moved since it was measured (P_j, Q_t: running
 * sums, so nothing is rewritten), and a center whose gap is still positive, by more than the canonical score
 * may round, can be nearest to no row of the tile.  The others are scored, 64 rows at a time, and leave new
 * gaps behind:
 *
 *     |x - c_j| - |x - c| >= sqrt(U^2 + 2 G_j) - U,   U >= |x - c|,  G_j = min (half score to c_j - best half
 * score).
 *
 * Scores are float32 with the screens' proven error; what they cannot decide the canonical score does
 * (docs/numerics.md). docs/algorithms/tiles.md derives the bounds and says when this pays.
 */
#include "assign/tiles.h"

#include <math.h>
#include <string.h>

enum { LEAST_D = 4, BYTES_D = 96, MOST_D = 128, LEAST_K = 48, LEAST_ROWS = 4096 };

static size_t budget(const cvi_problem *problem)
{
    return cvi_rows_budget(problem->rows, &problem->job->run);
}

static int64_t padded(int64_t k)
{
    return (k + CVI_GROUP32 - 1) / CVI_GROUP32 * CVI_GROUP32;
}

/* Bytes of all tiles, without and with their copy of the rows. */
static double tile_bytes(const cvi_problem *problem, bool copy)
{
    const int64_t n_tiles = (problem->rows->n + CVI_TILE - 1) / CVI_TILE;
    const double one = (double)sizeof(cvi_tile) + (double)padded(problem->k) * sizeof(float) +
                       CVI_TILE * 2 * sizeof(int32_t);
    return (double)n_tiles * (one + (copy ? (double)(problem->rows->d + 1) * CVI_TILE * sizeof(float) : 0));
}

static bool suits(const cvi_problem *problem)
{
    return problem->rows->kind != CVI_ROWS_CSR && problem->rows->n <= INT32_MAX - CVI_TILE &&
           tile_bytes(problem, false) <= (double)budget(problem);
}

/* Where the int8 screen runs it is faster from BYTES_D features on if bounds do not help, beyond MOST_D always. */
static bool pays(const cvi_problem *problem)
{
    const int64_t n = problem->rows->n, d = problem->rows->d, k = problem->k;
    if (d < LEAST_D || k < LEAST_K || n < LEAST_ROWS || n < 8 * k)
        return false;
    if (d < BYTES_D || !cvi_screen_strategy.pays(problem))
        return true;
    return d <= MOST_D && !problem->even;
}

static void take_workers(cvi_tiles *s, const cvi_problem *problem, int threads, cvi_arena *arena)
{
    const int64_t d = problem->rows->d, k = problem->k;
    s->workers = cvi_arena_take(arena, threads, sizeof *s->workers);
    for (int t = 0; t < threads; t++) {
        cvi_tile_worker w = {0};
        cvi_block_take(&w.block, problem->rows, arena);
        cvi_block_take(&w.one, problem->rows, arena);
        w.points = cvi_arena_take(arena, d + 1, CVI_TILE * sizeof(float));
        w.exact = cvi_arena_take(arena, CVI_GROUP64 * s->ld64, sizeof(double));
        w.rivals = cvi_arena_take(arena, CVI_TILE_RIVALS * d, CVI_GROUP64 * sizeof(double));
        w.rival_sqnorm = cvi_arena_take(arena, CVI_TILE_RIVALS, CVI_GROUP64 * sizeof(double));
        w.low = cvi_arena_take(arena, d, sizeof(float));
        w.high = cvi_arena_take(arena, d, sizeof(float));
        w.score = cvi_arena_take(arena, s->kpad, sizeof(float));
        w.mean = cvi_arena_take(arena, d, sizeof(float));
        w.gap = cvi_arena_take(arena, s->kpad, sizeof(float));
        w.list = cvi_arena_take(arena, s->kpad, sizeof(int32_t));
        w.hit = cvi_arena_take(arena, s->kpad, sizeof(int32_t));
        w.seen = cvi_arena_take(arena, k, sizeof(int64_t));
        if (s->workers != NULL) {
            memset(w.seen, 0, (size_t)k * sizeof *w.seen);
            s->workers[t] = w;
        }
    }
}

static void *take(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    const int64_t n = problem->rows->n, d = problem->rows->d, k = problem->k;
    const int64_t n_tiles = (n + CVI_TILE - 1) / CVI_TILE;
    cvi_tiles *state = cvi_arena_take(arena, 1, sizeof *state);
    cvi_tiles s = {.kpad = padded(k), .ld64 = (d + 7) / 8 * 8};
    cvi_packed64_take(&s.packed64, k, d, arena);
    cvi_packed32_take(&s.packed32, k, d, arena);
    s.rows32 = cvi_arena_take(arena, k, (size_t)d * sizeof(float));
    s.half_sqnorm = cvi_arena_take(arena, s.kpad, sizeof(float));
    s.order = cvi_arena_take(arena, k, sizeof(int32_t));
    s.keys = cvi_arena_take(arena, k, sizeof(cvi_kd_key));
    s.drift = cvi_arena_take(arena, k, sizeof(double));
    s.before = cvi_arena_take(arena, k, (size_t)d * sizeof(double));
    s.drift32 = cvi_arena_take(arena, s.kpad, sizeof(float));
    s.scan32 = cvi_arena_take(arena, s.kpad, sizeof(float));
    s.zeros32 = cvi_arena_take(arena, s.kpad, sizeof(float));
    s.moved32 = cvi_arena_take(arena, k, sizeof(float));
    s.starts = cvi_arena_take(arena, threads, (size_t)k * sizeof(int64_t));
    s.bounds = cvi_arena_take(arena, n_tiles, (size_t)s.kpad * sizeof(float));
    s.tiles = cvi_arena_take(arena, n_tiles, sizeof(cvi_tile));
    s.rows = cvi_arena_take(arena, n, sizeof(int32_t));
    s.labels = cvi_arena_take(arena, n_tiles, CVI_TILE * sizeof(int32_t));
    if (tile_bytes(problem, true) <= (double)budget(problem))
        s.points = cvi_arena_take(arena, n_tiles, (size_t)(d + 1) * CVI_TILE * sizeof(float));
    take_workers(&s, problem, threads, arena);
    if (state != NULL)
        *state = s;
    return state;
}

static void start(void *state, const cvi_problem *problem)
{
    cvi_tiles *s = state;
    s->built = false;
    s->passes = s->sorted = 0;
    s->changed = problem->rows->n;
    s->open = problem->rows->n; /* drawn centers may repeat: look at once */
    memset(s->zeros32, 0, (size_t)s->kpad * sizeof *s->zeros32);
    memset(s->drift, 0, (size_t)problem->k * sizeof *s->drift);
}

static float rounded_up(double v)
{
    return (float)(v * (1 + 0x1p-22));
}

/* How far every center is from where the last pass had it, rounded up, and that added to its drift. */
static void add_moves(cvi_tiles *s, const double *centers, int64_t k, int64_t d)
{
    const double scale = (double)s->packed32.scale, up = 1 + (double)(d + 8) * 0x1p-52;
    for (int64_t j = 0; j < k; j++) {
        double sq = 0;
        for (int64_t f = 0; f < d; f++) {
            const double t = (centers[j * d + f] - s->before[j * d + f]) * scale;
            sq += t * t;
        }
        const double move = sqrt(sq) * up;
        s->moved32[j] = rounded_up(move);
        s->drift[j] = (s->drift[j] + move) * (1 + 0x1p-52);
    }
}

/* The near-tie constants of pack.c for scores that hide no index. */
static void set_ties(cvi_tiles *s, const cvi_rows *rows)
{
    const int64_t d = rows->d;
    const double u = 0x1p-24, v = 4 * (double)(d + 4) * 0x1p-53;
    const double a = u * (double)(d + 3) * 2.5 + 6 * v, b = u * (double)(d + 3) * 1.5 + 4 * v;
    const double widen = 1.02 / (1 - 4 * b);
    double sq_shift = 0;
    for (int64_t f = 0; rows->kind == CVI_ROWS_F32 && rows->mean != NULL && f < d; f++) {
        const double t = (rows->mean[f] - (double)rows->mean32[f]) * (double)s->packed32.scale;
        sq_shift += t * t;
    }
    s->centers = (cvi_tile_centers){.centers = s->rows32,
                                    .half_sqnorm = s->half_sqnorm,
                                    .d = d,
                                    .tie_r = (float)(2 * a * widen),
                                    .tie_s = (float)(2 * b * widen),
                                    .tie_0 = (float)(8 * v * sq_shift * widen + (double)(d + 2) * 0x1p-140)};
    s->shift = sqrt(sq_shift);
    s->margin = 4 * sqrt(v);
    s->loss = (double)(d + 4) * u;
}

/* Centers and drifts of this pass in the forms that the kernels read. */
static void pack(cvi_tiles *s, const cvi_problem *problem, const double *centers)
{
    const int64_t k = problem->k, d = problem->rows->d;
    memcpy(s->half_sqnorm, s->packed32.half_sqnorm, (size_t)s->kpad * sizeof(float));
    for (int64_t j = 0; j < k; j++)
        for (int64_t f = 0; f < d; f++)
            s->rows32[j * d + f] =
                s->packed32.panels[(j / CVI_GROUP32 * d + f) * CVI_GROUP32 + j % CVI_GROUP32];
    if (s->built)
        add_moves(s, centers, k, d);
    memcpy(s->before, centers, (size_t)(k * d) * sizeof *centers);
    for (int64_t j = 0; j < s->kpad; j++)
        s->drift32[j] = s->scan32[j] = j < k ? rounded_up(s->drift[j]) : 0;
    set_ties(s, problem->rows);
    if (s->open <= problem->rows->n / 64)
        return;
    /* Centers that repeat an earlier one win nothing, but tie with it everywhere. */
    cvi_packed32_drop_duplicates(&s->packed32, centers, s->packed64.sqnorm, s->order, k, d);
    for (int64_t j = 0; j < k; j++)
        if (s->packed32.half_sqnorm[j] != s->half_sqnorm[j])
            s->scan32[j] = -INFINITY;
    memcpy(s->packed32.half_sqnorm, s->half_sqnorm, (size_t)s->kpad * sizeof(float));
}

/* state->order: tiles at the seam of two clusters hold rows of both, so clusters that follow each other should be neighbors. */
static void rank_clusters(cvi_tiles *s, int64_t k, int64_t d)
{
    for (int64_t j = 0; j < k; j++)
        s->keys[j].at = (int32_t)j;
    cvi_kd_order(s->rows32, d, s->keys, k, 1, s->workers[0].low, s->workers[0].high);
    for (int64_t j = 0; j < k; j++)
        s->order[j] = s->keys[j].at;
}

static bool stopped(const cvi_problem *problem)
{
    return problem->job->team.stop != NULL && atomic_load(problem->job->team.stop) != 0;
}

static bool tiled_pass(cvi_tiles *s, const cvi_problem *problem, const double *centers, int32_t *labels,
                       cvi_sums *sums, cvi_pass_counts *counts)
{
    cvi_job *job = problem->job;
    const int64_t k = problem->k, d = problem->rows->d;
    cvi_tiles_pass p = {.state = s, .problem = problem, .labels = labels, .sums = sums, .fresh = !s->built};
    pack(s, problem, centers);
    s->built = false;
    if (p.fresh) {
        rank_clusters(s, k, d);
        if (!cvi_tiles_sort(s, problem, labels))
            return false;
    }
    s->grain =
        cvi_job_grain(job, s->n_tiles, 1, 64 * (double)d * (0.3 + (p.fresh ? 0.02 : 0.002) * (double)k));
    for (int t = 0; t < job->team.threads; t++) {
        cvi_tile_worker *w = &s->workers[t];
        w->changed = w->distances = w->repaired = w->skipped = 0;
    }
    cvi_parallel(&job->team, (s->n_tiles + s->grain - 1) / s->grain, cvi_tiles_visit, &p);
    counts->changed = 0;
    counts->full += s->n * k;
    s->open = s->skipped = 0;
    for (int t = 0; t < job->team.threads; t++) {
        counts->changed += s->workers[t].changed;
        counts->distances += s->workers[t].distances;
        counts->repaired += s->workers[t].repaired;
        s->open += s->workers[t].repaired;
        s->skipped += s->workers[t].skipped;
    }
    s->built = !stopped(problem);
    return s->built;
}

/* Multiply-adds a row that brute force makes, below which it is hard to beat. */
enum { CHEAP = 1600 };

/*
 * When to sort the rows.  That costs two passes of brute force where they are cheap: then wait until labels
 * have settled, which they do at once where there are clusters.  Else it costs little more than one, and each
 * pass after it may save one; but where rows are spread evenly and whole numbers make the passes, bounds help only when few
 * rows still move.
 */
static bool worth_sorting(const cvi_problem *problem, const cvi_history *history)
{
    const int64_t n = problem->rows->n, changed = history->changed;
    if (history->passes == 0)
        return false;
    if (problem->job->run.plan != NULL)
        return true;
    if (cvi_integer_strategy.suits(problem) && cvi_integer_strategy.pays(problem))
        return changed < n / 64;
    if (problem->rows->d * problem->k >= CHEAP)
        return true;
    return changed < n / 100 || (changed < n / 25 && 5 * changed < 4 * history->changed_before);
}

static bool ready(void *state, const cvi_problem *problem, const double *centers, const cvi_history *history)
{
    cvi_tiles *s = state;
    if (!s->built && !worth_sorting(problem, history))
        return false;
    cvi_packed32_fill(&s->packed32, centers, problem->rows, problem->frame, problem->k, problem->rows->d);
    return s->packed32.usable;
}

/* Rows that changed their labels stay in their tiles, which then have several owners to look at in every
 * pass: sort anew now and then while that is most of the work. */
static bool worth_sorting_again(const cvi_tiles *s)
{
    return s->passes - s->sorted >= 16 && s->passes >= 2 * s->sorted && s->changed < s->n / 200 &&
           s->skipped < s->n_tiles / 2;
}

static bool run_pass(void *state, const cvi_problem *problem, const double *centers, int32_t *labels,
                     cvi_sums *sums, cvi_pass_counts *counts)
{
    cvi_tiles *s = state;
    if (s->built && sums != NULL && worth_sorting_again(s))
        s->built = false;
    if (!s->built)
        s->sorted = s->passes;
    cvi_packed64_fill(&s->packed64, problem->kernels, centers, problem->k, problem->rows->d);
    if (!tiled_pass(s, problem, centers, labels, sums, counts))
        return false;
    s->passes++;
    s->changed = counts->changed;
    return true;
}

const cvi_strategy cvi_tiled = {.name = "tiles",
                                .about = "64 rows at a time, a bound for every tile and center, survivors in float32",
                                .min_passes = 4,
                                .suits = suits,
                                .pays = pays,
                                .take = take,
                                .start = start,
                                .ready = ready,
                                .pass = run_pass};
