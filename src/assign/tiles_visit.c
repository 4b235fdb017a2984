/* One pass over one tile: what its bounds cannot exclude is scored, and leaves new bounds behind. */
#include "assign/tiles.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define NO_SCORE 2e38f

/* What a tile's rows know in this pass. Columns behind the last row repeat it. */
typedef struct scores {
    _Alignas(64) float best[CVI_TILE];
    _Alignas(64) float second[CVI_TILE];
    _Alignas(64) int32_t label[CVI_TILE];
    const float *points, *sqnorm;
    uint64_t open;
    float largest; /* largest squared distance to the best center */
    double limit;  /* two scores of a row that differ by more than this decide */
} scores;

static int64_t rows_of(const cvi_tiles *s, int64_t t)
{
    return s->n - t * CVI_TILE < CVI_TILE ? s->n - t * CVI_TILE : CVI_TILE;
}

/* The worker's block points at the tile's rows, the last one repeated. */
static void fetch(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t)
{
    const cvi_tiles *s = p->state;
    const cvi_rows *rows = p->problem->rows;
    const int64_t count = rows_of(s, t);
    cvi_block *block = &w->block;
    for (int64_t i = 0; i < CVI_TILE; i++) {
        const int64_t row = s->rows[t * CVI_TILE + (i < count ? i : count - 1)];
        cvi_rows_fetch(rows, row, 1, &w->one);
        block->is_f32 = w->one.is_f32;
        if (block->is_f32) {
            block->row32[i] = w->one.row32[0];
        } else if (block->scratch == NULL) {
            block->row64[i] = w->one.row64[0];
        } else {
            memcpy(block->scratch + i * rows->d, w->one.row64[0], (size_t)rows->d * sizeof(double));
            block->row64[i] = block->scratch + i * rows->d;
        }
    }
    block->count = CVI_TILE;
}

/* The tile's points [d][64], behind them their |x|^2. */
static float *load(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t)
{
    const cvi_tiles *s = p->state;
    const cvi_rows *rows = p->problem->rows;
    const cvi_kernels *kernels = p->problem->kernels;
    const float scale = s->packed32.scale;
    float *points = s->points != NULL ? s->points + t * (rows->d + 1) * CVI_TILE : w->points;
    if (s->points != NULL && !p->fresh)
        return points;
    float *sqnorm = points + rows->d * CVI_TILE;
    fetch(p, w, t);
    if (w->block.is_f32)
        kernels->load_tile_f32(w->block.row32, CVI_TILE, rows->d, rows->mean32, scale, points, sqnorm);
    else
        kernels->load_tile_f64(w->block.row64, CVI_TILE, rows->d, rows->mean, scale, points, sqnorm);
    return points;
}

/* Rows first .. of the tile by the canonical score. */
static void decide(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t, uint64_t open, int32_t *label)
{
    const cvi_tiles *s = p->state;
    const cvi_problem *problem = p->problem;
    for (; open != 0; open &= open - 1) {
        const int64_t i = __builtin_ctzll(open);
        cvi_rows_fetch(problem->rows, s->rows[t * CVI_TILE + i], 1, &w->one);
        cvi_block_center(problem->kernels, problem->rows, &w->one, 0, 1, w->exact, s->ld64);
        problem->kernels->canonical_rows(&s->packed64.canonical, w->exact, s->ld64, 1, label + i, NULL);
        w->repaired++;
        w->distances += problem->k;
    }
}

/* The different ones among the tile's labels. */
static int64_t distinct(cvi_tile_worker *w, const int32_t *label)
{
    int64_t count = 0;
    w->stamp++;
    for (int64_t i = 0; i < CVI_TILE; i++)
        if (w->seen[label[i]] != w->stamp) {
            w->seen[label[i]] = w->stamp;
            w->owners[count++] = label[i];
        }
    return count;
}

/* Near ties and the tile's reach, after scores were folded in. */
static void measure(const cvi_tiles *s, const cvi_tile *tile, const cvi_kernels *kernels, scores *x)
{
    x->open = kernels->tiles_open(&s->centers, x->sqnorm, x->best, x->second, &x->largest);
    x->limit = 1.01 * ((double)s->centers.tie_r * (double)tile->sqnorm + (double)s->centers.tie_s * (double)x->largest +
                       (double)s->centers.tie_0);
}

static double reach(const scores *x)
{
    return sqrt((double)x->largest + 4 * x->limit) * (1 + 0x1p-22);
}

/* Bounds of a tile that has none: every row is within r of the mean, and within U of its center. */
static void first_bounds(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t, const scores *x)
{
    const cvi_tiles *s = p->state;
    const cvi_kernels *kernels = p->problem->kernels;
    const int64_t d = p->problem->rows->d;
    const double sq_radius = (double)kernels->tiles_ball(x->points, d, w->mean);
    double sq = 0;
    for (int64_t f = 0; f < d; f++)
        sq += (double)w->mean[f] * (double)w->mean[f];
    kernels->tiles_scores(&s->packed32.screen, w->mean, w->score);
    const double radius = sqrt(sq_radius * (1 + 4 * s->loss)) + 0x1p-22 * sqrt((double)s->tiles[t].sqnorm);
    const cvi_tile_bound b = {.base = (float)(sq * (1 - 10 * s->loss) - 0x1p-100),
                              .twice = (float)(2 * (1 - 4 * s->loss)),
                              .reach = (float)((radius + reach(x)) * (1 + 0x1p-22)),
                              .shift = 0};
    float *bound = s->bounds + t * s->kpad;
    kernels->tiles_bounds(&b, w->score, NULL, p->problem->k, s->drift32, bound);
    for (int64_t j = p->problem->k; j < s->kpad; j++)
        bound[j] = INFINITY;
    w->distances += p->problem->k;
}

/* The centers of list against the tile. Returns how many of them may be the nearest of some row: they are folded in. */
static int64_t try_centers(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t, int64_t count, scores *x)
{
    const cvi_tiles *s = p->state;
    const cvi_kernels *kernels = p->problem->kernels;
    const cvi_tile *tile = &s->tiles[t];
    int64_t hits = 0;
    kernels->tiles_gaps(&s->centers, x->points, w->list, count, x->best, w->gap);
    for (int64_t a = 0; a < count; a++)
        if (!((double)w->gap[a] > x->limit))
            w->hit[hits++] = w->list[a];
    if (hits > 0) {
        kernels->tiles_fold(&s->centers, x->points, w->hit, hits, x->best, x->second, x->label);
        measure(s, tile, kernels, x);
    }
    /* D_j^2 - D_best^2 is twice the gap in half scores, less their errors; sqrt(D^2 + 2 gap) - D falls with D. */
    const double u = reach(x);
    const cvi_tile_bound b = {.base = (float)(u * u * (1 - 0x1p-22) - 2 * x->limit),
                              .twice = (float)(2 * (1 - 8 * s->loss)),
                              .reach = (float)(u * (1 + 0x1p-22)),
                              .shift = (float)tile->drift};
    kernels->tiles_bounds(&b, w->gap, w->list, count, s->drift32, s->bounds + t * s->kpad);
    w->distances += (count + hits) * rows_of(s, t);
    return hits;
}

/* Owners are always scored: the scan need not list them. Those that were and are no more know nothing of their gap. */
static void note_owners(const cvi_tiles *s, cvi_tile_worker *w, int64_t t, int64_t n_before)
{
    float *bound = s->bounds + t * s->kpad;
    for (int64_t a = 0; a < n_before; a++)
        bound[w->owners[a]] = -INFINITY;
    const int64_t n_owners = distinct(w, s->labels + t * CVI_TILE);
    for (int64_t a = 0; a < n_owners; a++)
        bound[w->owners[a]] = INFINITY;
    s->tiles[t].owner = n_owners == 1 ? w->owners[0] : -1;
}

/* Take over new labels. Returns whether any differs. */
static bool relabel(const cvi_tiles_pass *p, cvi_tile_worker *w, int worker, int64_t t, const int32_t *label)
{
    cvi_tiles *s = p->state;
    int32_t *own = s->labels + t * CVI_TILE;
    const int64_t count = rows_of(s, t);
    bool any = false;
    for (int64_t i = 0; i < count; i++) {
        if (own[i] == label[i])
            continue;
        const int64_t row = s->rows[t * CVI_TILE + i];
        any = true;
        w->changed++;
        if (p->sums != NULL) {
            cvi_rows_fetch(p->problem->rows, row, 1, &w->one);
            cvi_sums_move(p->sums, worker, p->problem->rows, &w->one, 0, own[i], label[i]);
        }
        p->labels[row] = own[i] = label[i];
    }
    for (int64_t i = count; i < CVI_TILE; i++)
        own[i] = own[count - 1];
    return any;
}

#ifndef NDEBUG
/* Debug builds: every row has the label that the canonical score of all centers gives it. */
static void check(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t)
{
    const cvi_tiles *s = p->state;
    const cvi_problem *problem = p->problem;
    for (int64_t i = 0; i < rows_of(s, t); i++) {
        int32_t label;
        cvi_rows_fetch(problem->rows, s->rows[t * CVI_TILE + i], 1, &w->one);
        cvi_block_center(problem->kernels, problem->rows, &w->one, 0, 1, w->exact, s->ld64);
        problem->kernels->canonical_rows(&s->packed64.canonical, w->exact, s->ld64, 1, &label, NULL);
        assert(label == s->labels[t * CVI_TILE + i]);
    }
}
#endif

/* The float that a tile's bounds must pass: Q and the canonical score's own rounding. */
static float threshold(const cvi_tiles *s, const cvi_tile *tile)
{
    const double far = fmax(tile->reach + tile->drift, 0) + sqrt((double)tile->sqnorm) + s->shift;
    return (float)((tile->drift + s->margin * far + 0x1p-60) * (1 + 0x1p-21));
}

static void visit_wild(const cvi_tiles_pass *p, cvi_tile_worker *w, int worker, int64_t t)
{
    int32_t label[CVI_TILE];
    const int64_t count = rows_of(p->state, t);
    decide(p, w, t, count < 64 ? ((uint64_t)1 << count) - 1 : ~(uint64_t)0, label);
    relabel(p, w, worker, t, label);
}

static void start_tile(const cvi_tiles *s, int64_t t, const scores *x)
{
    cvi_tile *tile = &s->tiles[t];
    float most = 0;
    *tile = (cvi_tile){.owner = -1};
    for (int64_t i = 0; i < CVI_TILE; i++) {
        tile->wild |= !(x->sqnorm[i] < 1e24f);
        most = x->sqnorm[i] > most ? x->sqnorm[i] : most;
    }
    tile->sqnorm = most * (1 + 0x1p-16f);
}

/* The rows against the centers that own them. */
static void score_owners(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t, int64_t n_owners, scores *x)
{
    const cvi_tiles *s = p->state;
    for (int64_t i = 0; i < CVI_TILE; i++) {
        x->best[i] = x->second[i] = NO_SCORE;
        x->label[i] = w->owners[0];
    }
    p->problem->kernels->tiles_fold(&s->centers, x->points, w->owners, n_owners, x->best, x->second, x->label);
    measure(s, &s->tiles[t], p->problem->kernels, x);
    w->distances += n_owners * rows_of(s, t);
}

static void visit(const cvi_tiles_pass *p, cvi_tile_worker *w, int worker, int64_t t)
{
    cvi_tiles *s = p->state;
    const cvi_kernels *kernels = p->problem->kernels;
    cvi_tile *tile = &s->tiles[t];
    const float *bound = s->bounds + t * s->kpad;
    scores x;
    int64_t n_owners = 1, count = 0;
    if (p->fresh) {
        x.points = load(p, w, t);
        x.sqnorm = x.points + p->problem->rows->d * CVI_TILE;
        start_tile(s, t, &x);
    }
    if (tile->wild) {
        visit_wild(p, w, worker, t);
        return;
    }
    w->owners[0] = tile->owner;
    if (tile->owner < 0)
        n_owners = distinct(w, s->labels + t * CVI_TILE);
    if (!p->fresh) {
        float most = 0;
        for (int64_t a = 0; a < n_owners; a++)
            most = s->moved32[w->owners[a]] > most ? s->moved32[w->owners[a]] : most;
        tile->drift += (double)most;
        count = kernels->tiles_scan(bound, s->scan32, s->kpad, threshold(s, tile), w->list);
        if (n_owners == 1 && count == 0) {
            w->skipped++;
            return;
        }
        x.points = load(p, w, t);
        x.sqnorm = x.points + p->problem->rows->d * CVI_TILE;
    }
    score_owners(p, w, t, n_owners, &x);
    if (p->fresh) {
        tile->reach = reach(&x);
        first_bounds(p, w, t, &x);
        for (int64_t a = 0; a < n_owners; a++)
            s->bounds[t * s->kpad + w->owners[a]] = INFINITY;
        count = kernels->tiles_scan(bound, s->scan32, s->kpad, threshold(s, tile), w->list);
    }
    if (count > 0)
        try_centers(p, w, t, count, &x);
    tile->reach = reach(&x) - tile->drift;
    const int64_t rows = rows_of(s, t);
    decide(p, w, t, rows < 64 ? x.open & (((uint64_t)1 << rows) - 1) : x.open, x.label);
    if (relabel(p, w, worker, t, x.label) || p->fresh)
        note_owners(s, w, t, n_owners);
}

void cvi_tiles_visit(void *context, int64_t index, int worker)
{
    const cvi_tiles_pass *p = context;
    const cvi_tiles *s = p->state;
    cvi_tile_worker *w = &s->workers[worker];
    int64_t end = (index + 1) * s->grain;
    end = end < s->n_tiles ? end : s->n_tiles;
    for (int64_t t = index * s->grain; t < end; t++) {
        visit(p, w, worker, t);
#ifndef NDEBUG
        check(p, w, t);
#endif
    }
}
