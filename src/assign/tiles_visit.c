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
    int64_t which[CVI_TILE];
    for (int64_t i = 0; t + 1 < s->n_tiles && i < rows_of(s, t + 1); i++)
        cvi_row_prefetch(rows, s->rows[(t + 1) * CVI_TILE + i]);
    for (int64_t i = 0; i < CVI_TILE; i++)
        which[i] = s->rows[t * CVI_TILE + (i < count ? i : count - 1)];
    cvi_rows_gather(rows, which, CVI_TILE, &w->block);
}

/* The tile's points [d][64], behind them their |x|^2. */
static float *load(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t)
{
    const cvi_tiles *s = p->state;
    const cvi_rows *rows = p->problem->rows;
    float *points = s->points != NULL ? s->points + t * (rows->d + 1) * CVI_TILE : w->points;
    if (s->points != NULL && !p->fresh)
        return points;
    float *sqnorm = points + rows->d * CVI_TILE;
    fetch(p, w, t);
    cvi_block_tile32(p->problem->kernels, rows, &w->block, s->packed32.scale, points, sqnorm);
    return points;
}

/* Open rows of the tile by the canonical score of some centers; list NULL: of all in their own order. */
static void decide(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t, uint64_t open,
                   const cvi_canonical *among, const int32_t *list, int32_t *label)
{
    const cvi_tiles *s = p->state;
    const cvi_problem *problem = p->problem;
    while (open != 0) {
        int64_t at[CVI_GROUP64], count = 0;
        int32_t found[CVI_GROUP64];
        for (; open != 0 && count < CVI_GROUP64; open &= open - 1) {
            at[count] = __builtin_ctzll(open);
            cvi_rows_fetch(problem->rows, s->rows[t * CVI_TILE + at[count]], 1, &w->one);
            cvi_block_center(problem->kernels, problem->rows, &w->one, 0, 1, w->exact + count * s->ld64,
                             s->ld64);
            count++;
        }
        problem->kernels->canonical_rows(among, w->exact, s->ld64, count, found, NULL);
        for (int64_t i = 0; i < count; i++)
            label[at[i]] = list != NULL ? list[found[i]] : found[i];
        w->repaired += count;
        w->distances += count * among->k;
    }
}

/* Near ties lie between the centers that were scored and came near: owners and hits, written to `list` in
 * rising order. Returns how many, 0 if they are too many. */
static int64_t find_rivals(const cvi_tile_worker *w, int64_t n_owners, int32_t *list)
{
    int64_t count = 0;
    if (n_owners + w->n_hits > CVI_TILE_RIVALS * CVI_GROUP64)
        return 0;
    for (int64_t a = 0; a < n_owners + w->n_hits; a++) {
        const int32_t j = a < n_owners ? w->owners[a] : w->hit[a - n_owners];
        int64_t i = count++;
        for (; i > 0 && list[i - 1] > j; i--)
            list[i] = list[i - 1];
        list[i] = j;
    }
    return count;
}

/* The rows that the screen left open: any center but owners and hits lies behind by more than a near tie. */
static void decide_ties(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t, uint64_t open,
                        int64_t n_owners, int32_t *label)
{
    const cvi_tiles *s = p->state;
    const int64_t d = p->problem->rows->d;
    int32_t list[CVI_TILE_RIVALS * CVI_GROUP64];
    const int64_t count = open != 0 ? find_rivals(w, n_owners, list) : 0;
    if (count == 0) {
        decide(p, w, t, open, &s->packed64.canonical, NULL, label);
        return;
    }
    const int64_t groups = (count + CVI_GROUP64 - 1) / CVI_GROUP64;
    for (int64_t a = 0; a < groups * CVI_GROUP64; a++) {
        const int64_t j = list[a < count ? a : count - 1];
        const double *from = s->before + j * d;
        double *to = w->rivals + a / CVI_GROUP64 * d * CVI_GROUP64 + a % CVI_GROUP64;
        for (int64_t f = 0; f < d; f++)
            to[f * CVI_GROUP64] = from[f];
        w->rival_sqnorm[a] = a < count ? s->packed64.sqnorm[j] : INFINITY;
    }
    const cvi_canonical rivals = {
        .centers = w->rivals, .sqnorm = w->rival_sqnorm, .d = d, .k = count, .groups = groups};
    decide(p, w, t, open, &rivals, list, label);
}

/* w->owners: the different ones among the tile's labels. */
static int64_t find_owners(const cvi_tiles *s, cvi_tile_worker *w, int64_t t)
{
    const int32_t *label = s->labels + t * CVI_TILE;
    int64_t count = 0;
    w->stamp++;
    for (int64_t i = 0; i < CVI_TILE; i++) {
        w->owners[count] = label[i];
        count += w->seen[label[i]] != w->stamp;
        w->seen[label[i]] = w->stamp;
    }
    return count;
}

/* The same, where the tile remembers. */
static int64_t recall_owners(const cvi_tiles *s, cvi_tile_worker *w, int64_t t)
{
    const cvi_tile *tile = &s->tiles[t];
    if (tile->n_owners > CVI_TILE_OWNERS)
        return find_owners(s, w, t);
    memcpy(w->owners, tile->owners, sizeof tile->owners);
    return tile->n_owners;
}

/* Near ties and the tile's reach, after scores were folded in. */
static void measure(const cvi_tiles *s, const cvi_tile *tile, const cvi_kernels *kernels, scores *x)
{
    x->open = kernels->tiles_open(&s->centers, x->sqnorm, x->best, x->second, &x->largest);
    x->limit = 1.02 * ((double)s->centers.tie_r * (double)tile->sqnorm +
                       (double)s->centers.tie_s * (double)x->largest + (double)s->centers.tie_0);
}

static double reach(const scores *x)
{
    return sqrt((double)x->largest + 4 * x->limit) * (1 + 0x1p-22);
}

/* Bounds of a tile that has none: every row is within radius of the mean, and within U of its center. */
static void first_bounds(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t, const scores *x)
{
    const cvi_tiles *s = p->state;
    const cvi_kernels *kernels = p->problem->kernels;
    const int64_t d = p->problem->rows->d, k = p->problem->k;
    const double sq_radius = (double)kernels->tiles_ball(x->points, d, w->mean);
    const double radius = sqrt(sq_radius * (1 + 4 * s->loss)) + 0x1p-22 * sqrt((double)s->tiles[t].sqnorm);
    double sq = 0;
    for (int64_t f = 0; f < d; f++)
        sq += (double)w->mean[f] * (double)w->mean[f];
    const cvi_tile_bound b = {.base = (float)(sq * (1 - 10 * s->loss) - 0x1p-100),
                              .twice = (float)(2 * (1 - 4 * s->loss)),
                              .reach = (float)((radius + reach(x)) * (1 + 0x1p-22)),
                              .shift = 0};
    float *bound = s->bounds + t * s->kpad;
    kernels->tiles_scores(&s->packed32.screen, w->mean, w->score);
    kernels->tiles_bounds(&b, w->score, NULL, k, s->drift32, bound);
    for (int64_t j = k; j < s->kpad; j++)
        bound[j] = INFINITY;
    w->distances += k;
}

/* The centers of list against the tile: those that may be the nearest of some row are folded in. */
static void try_centers(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t, int64_t count, scores *x)
{
    const cvi_tiles *s = p->state;
    const cvi_kernels *kernels = p->problem->kernels;
    const cvi_tile *tile = &s->tiles[t];
    kernels->tiles_gaps(&s->centers, x->points, w->list, count, x->best, w->gap);
    for (int64_t a = count; a % CVI_GROUP32 != 0; a++)
        w->gap[a] = INFINITY;
    const int64_t hits = kernels->tiles_scan(
        w->gap, s->zeros32, (count + CVI_GROUP32 - 1) / CVI_GROUP32 * CVI_GROUP32, (float)x->limit, w->hit);
    for (int64_t a = 0; a < hits; a++)
        w->hit[a] = w->list[w->hit[a]];
    w->n_hits = hits;
    if (hits > 0) {
        kernels->tiles_fold(&s->centers, x->points, w->hit, hits, x->best, x->second, x->label);
        measure(s, tile, kernels, x);
    }
    /* D_j^2 - D_best^2 is twice the gap in half scores, less their errors; sqrt(D^2 + 2 gap) - D falls with
     * D. */
    const double u = reach(x);
    const cvi_tile_bound b = {.base = (float)(u * u * (1 - 0x1p-22) - 2 * x->limit),
                              .twice = (float)(2 * (1 - 8 * s->loss)),
                              .reach = (float)(u * (1 + 0x1p-22)),
                              .shift = (float)tile->drift};
    kernels->tiles_bounds(&b, w->gap, w->list, count, s->drift32, s->bounds + t * s->kpad);
    w->distances += (count + hits) * rows_of(s, t);
}

/* Owners are always scored: the scan need not list them. Those that were and are no more know nothing of
 * their gap. */
static void note_owners(const cvi_tiles *s, cvi_tile_worker *w, int64_t t, int64_t n_before)
{
    float *bound = s->bounds + t * s->kpad;
    for (int64_t a = 0; a < n_before; a++)
        bound[w->owners[a]] = -INFINITY;
    const int64_t n_owners = find_owners(s, w, t);
    for (int64_t a = 0; a < n_owners; a++)
        bound[w->owners[a]] = INFINITY;
    s->tiles[t].n_owners = (int8_t)n_owners;
    memcpy(s->tiles[t].owners, w->owners, sizeof s->tiles[t].owners);
}

/* Rows on the move change the sums: by now they have arrived from memory. */
static void finish_moves(const cvi_tiles_pass *p, cvi_tile_worker *w, int worker)
{
    for (int64_t i = 0; i < w->n_moves; i++) {
        const cvi_tile_move *move = &w->moves[i];
        cvi_rows_fetch(p->problem->rows, move->row, 1, &w->one);
        cvi_sums_move(p->sums, worker, p->problem->rows, &w->one, 0, move->before, move->after);
    }
    w->n_moves = 0;
}

static void move_row(const cvi_tiles_pass *p, cvi_tile_worker *w, int worker, int64_t row, int32_t before,
                     int32_t after)
{
    p->labels[row] = after;
    w->changed++;
    if (p->sums == NULL)
        return;
    if (w->n_moves == CVI_TILE_MOVES)
        finish_moves(p, w, worker);
    cvi_row_prefetch(p->problem->rows, row);
    w->moves[w->n_moves++] = (cvi_tile_move){.row = row, .before = before, .after = after};
}

/* Take over new labels. Returns whether any differs. */
static bool relabel(const cvi_tiles_pass *p, cvi_tile_worker *w, int worker, int64_t t, const int32_t *label)
{
    cvi_tiles *s = p->state;
    int32_t *own = s->labels + t * CVI_TILE, differ = 0;
    const int64_t count = rows_of(s, t);
    for (int64_t i = 0; i < count; i++)
        differ |= own[i] ^ label[i];
    if (differ == 0)
        return false;
    for (int64_t i = 0; i < count; i++)
        if (own[i] != label[i]) {
            move_row(p, w, worker, s->rows[t * CVI_TILE + i], own[i], label[i]);
            own[i] = label[i];
        }
    for (int64_t i = count; i < CVI_TILE; i++)
        own[i] = own[count - 1];
    return true;
}

#ifndef NDEBUG
/* Debug builds: every row has the label that the canonical score of all centers gives it, so nothing was
 * skipped that could have won. Large fits check some tiles a pass, others in the next. */
static void check(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t)
{
    const cvi_tiles *s = p->state;
    const cvi_problem *problem = p->problem;
    const int64_t one_in = 1 + problem->rows->n * problem->k / (1 << 22);
    if ((t + s->passes) % one_in != 0)
        return;
    for (int64_t i = 0; i < rows_of(s, t); i++) {
        int32_t label;
        cvi_rows_fetch(problem->rows, s->rows[t * CVI_TILE + i], 1, &w->one);
        cvi_block_center(problem->kernels, problem->rows, &w->one, 0, 1, w->exact, s->ld64);
        problem->kernels->canonical_rows(&s->packed64.canonical, w->exact, s->ld64, 1, &label, NULL);
        assert(label == s->labels[t * CVI_TILE + i] && label == p->labels[s->rows[t * CVI_TILE + i]]);
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
    decide(p, w, t, count < 64 ? ((uint64_t)1 << count) - 1 : ~(uint64_t)0, &p->state->packed64.canonical,
           NULL, label);
    relabel(p, w, worker, t, label);
}

static void start_tile(const cvi_tiles *s, int64_t t, const scores *x)
{
    cvi_tile *tile = &s->tiles[t];
    float most = 0;
    memset(tile, 0, sizeof *tile);
    for (int64_t i = 0; i < CVI_TILE; i++) {
        tile->wild |= !(x->sqnorm[i] < 1e24f);
        most = x->sqnorm[i] > most ? x->sqnorm[i] : most;
    }
    tile->sqnorm = most * (1 + 0x1p-16f);
}

/* Ask for the next tile's points, once this one's have been read, or these would wait behind them. A tile with one owner
 * may not need them. */
static void fetch_ahead(const cvi_tiles_pass *p, int64_t t)
{
    const cvi_tiles *s = p->state;
    const int64_t words = (p->problem->rows->d + 1) * CVI_TILE;
    if (s->points == NULL || p->fresh || t + 1 >= s->n_tiles || s->tiles[t + 1].n_owners == 1)
        return;
    const float *next = s->points + (t + 1) * words;
    for (int64_t at = 0; at < words; at += 16)
        __builtin_prefetch(next + at);
}

/* The rows against the centers that own them. */
static void score_owners(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t, int64_t n_owners, scores *x)
{
    const cvi_tiles *s = p->state;
    for (int64_t i = 0; i < CVI_TILE; i++) {
        x->best[i] = x->second[i] = NO_SCORE;
        x->label[i] = w->owners[0];
    }
    p->problem->kernels->tiles_fold(&s->centers, x->points, w->owners, n_owners, x->best, x->second,
                                    x->label);
    fetch_ahead(p, t);
    measure(s, &s->tiles[t], p->problem->kernels, x);
    w->n_hits = 0;
    w->distances += n_owners * rows_of(s, t);
    for (uint64_t open = x->open; open != 0; open &= open - 1) {
        const int64_t i = __builtin_ctzll(open), last = rows_of(s, t) - 1;
        cvi_row_prefetch(p->problem->rows, s->rows[t * CVI_TILE + (i < last ? i : last)]);
    }
}

/* Q grows by the largest move among the owners. */
static void follow_owners(const cvi_tiles *s, cvi_tile_worker *w, int64_t t, int64_t n_owners)
{
    float most = 0;
    for (int64_t a = 0; a < n_owners; a++)
        most = s->moved32[w->owners[a]] > most ? s->moved32[w->owners[a]] : most;
    s->tiles[t].drift += (double)most;
}

/* The centers that may be nearest to some row of the tile, its owners apart: w->list. */
static int64_t scan(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t)
{
    const cvi_tiles *s = p->state;
    return p->problem->kernels->tiles_scan(s->bounds + t * s->kpad, s->scan32, s->kpad,
                                           threshold(s, &s->tiles[t]), w->list);
}

static void find_points(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t t, scores *x)
{
    x->points = load(p, w, t);
    x->sqnorm = x->points + p->problem->rows->d * CVI_TILE;
}

/* The tile's scores are complete but for near ties: decide them, take over the labels. */
static void settle(const cvi_tiles_pass *p, cvi_tile_worker *w, int worker, int64_t t, int64_t n_owners,
                   scores *x)
{
    cvi_tiles *s = p->state;
    const int64_t rows = rows_of(s, t);
    s->tiles[t].reach = reach(x) - s->tiles[t].drift;
    decide_ties(p, w, t, rows < 64 ? x->open & (((uint64_t)1 << rows) - 1) : x->open, n_owners, x->label);
    if (relabel(p, w, worker, t, x->label) || p->fresh)
        note_owners(s, w, t, n_owners);
}

/* A tile that has just been filled. */
static void visit_first(const cvi_tiles_pass *p, cvi_tile_worker *w, int worker, int64_t t)
{
    const cvi_tiles *s = p->state;
    scores x;
    find_points(p, w, t, &x);
    start_tile(s, t, &x);
    if (s->tiles[t].wild) {
        visit_wild(p, w, worker, t);
        return;
    }
    const int64_t n_owners = find_owners(s, w, t);
    score_owners(p, w, t, n_owners, &x);
    s->tiles[t].reach = reach(&x);
    first_bounds(p, w, t, &x);
    for (int64_t a = 0; a < n_owners; a++)
        s->bounds[t * s->kpad + w->owners[a]] = INFINITY;
    const int64_t count = scan(p, w, t);
    if (count > 0)
        try_centers(p, w, t, count, &x);
    settle(p, w, worker, t, n_owners, &x);
}

static void visit_again(const cvi_tiles_pass *p, cvi_tile_worker *w, int worker, int64_t t)
{
    const cvi_tiles *s = p->state;
    scores x;
    if (s->tiles[t].wild) {
        visit_wild(p, w, worker, t);
        return;
    }
    const int64_t n_owners = recall_owners(s, w, t);
    follow_owners(s, w, t, n_owners);
    const int64_t count = scan(p, w, t);
    if (n_owners == 1 && count == 0) {
        w->skipped++;
        return;
    }
    find_points(p, w, t, &x);
    score_owners(p, w, t, n_owners, &x);
    if (count > 0)
        try_centers(p, w, t, count, &x);
    settle(p, w, worker, t, n_owners, &x);
}

void cvi_tiles_visit(void *context, int64_t index, int worker)
{
    const cvi_tiles_pass *p = context;
    const cvi_tiles *s = p->state;
    cvi_tile_worker *w = &s->workers[worker];
    int64_t end = (index + 1) * s->grain;
    end = end < s->n_tiles ? end : s->n_tiles;
    for (int64_t t = index * s->grain; t < end; t++) {
        if (p->fresh)
            visit_first(p, w, worker, t);
        else
            visit_again(p, w, worker, t);
#ifndef NDEBUG
        check(p, w, t);
#endif
    }
    finish_moves(p, w, worker);
}
