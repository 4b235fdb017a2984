/*
 * Brute force: every row against every center, by a float32 screen whose near ties the canonical score decides.
 *
 * The screen's scores are within a proven bound of the canonical ones (docs/numerics.md), so a row whose best two
 * centers lie farther apart than the bound has its label; the others, a handful in ten thousand on ordinary data, are
 * scored canonically.  Where that would be many (integer grids, centers that are rows) the block skips the screen.
 *
 * Plan "integer" puts a coarser and faster screen before this one: rows and centers as whole numbers (integer.c).
 */
#include "assign/integer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Up to POINTS_MAX_D features a block is transposed and its points stand in the vector's lanes: no center is padded but to
 * the next 4.  Beyond it the centers do, or the features where there are few centers.  Small data is transposed once and
 * kept for all passes, which pays at more features. */
enum { POINTS_MAX_D = 64, KEPT_MAX_D = 128, KEPT_MAX_K = 48, KEPT_BYTES = 4 << 20, REPAIR = 8 };

typedef struct worker {
    cvi_block block;
    int64_t fetched;    /* first row of the block, -1: none */
    float *tile;        /* [d][64] or [64][ld]; not with kept tiles */
    double *exact;      /* [REPAIR][ld64] */
    int64_t distances, repaired, changed;
    int64_t recent;     /* share of near ties lately, in 1/1024 */
    int64_t blocks;
    int64_t next, n_next; /* the rows that follow: asked for while this block is computed */
} worker;

typedef struct brute {
    int64_t ld32, ld64, grain;
    bool points, wide; /* which screen; neither: centers in lanes */
    bool canonical;  /* no screen at all */
    cvi_packed32 packed32;
    cvi_packed64 packed64;
    float *rows32;   /* [k][ld32] centers one after the other, scaled: wide */
    float *kept;     /* [tiles][d + 1][64] transposed blocks, the last line |x|^2; NULL: loaded anew in every pass */
    uint8_t *loaded; /* [tiles] is it there? */
    int32_t *order;  /* [k] scratch */
    cvi_integer_state *integer; /* NULL: no whole numbers */
    int64_t open;    /* rows that the last pass's screen left open */
    worker *workers;
} brute;

typedef struct pass {
    brute *state;
    const cvi_problem *problem;
    int32_t *labels;
    cvi_sums *sums;
} pass;

static bool suits(const cvi_problem *problem)
{
    return problem->rows->kind != CVI_ROWS_CSR;
}

bool cvi_brute_keeps_tiles(const cvi_problem *problem)
{
    const int64_t tiles = (problem->rows->n + CVI_TILE - 1) / CVI_TILE;
    const int64_t d = problem->rows->d, bytes = tiles * (d + 1) * CVI_TILE * (int64_t)sizeof(float);
    const bool small = tiles <= KEPT_BYTES / CVI_TILE && d <= KEPT_MAX_D && bytes <= KEPT_BYTES;
    return small && problem->passes > 1 && (d <= POINTS_MAX_D || problem->k <= KEPT_MAX_K) &&
           (size_t)bytes <= cvi_rows_budget(problem->rows, &problem->job->run);
}

typedef enum scores { FLOATS, FLOATS_UNKEPT, WHOLE_NUMBERS, CANONICAL } scores;

static void *take_state(const cvi_problem *problem, int threads, scores kind, cvi_arena *arena)
{
    const int64_t d = problem->rows->d, k = problem->k, tiles = (problem->rows->n + CVI_TILE - 1) / CVI_TILE;
    const bool keeps = kind == FLOATS && cvi_brute_keeps_tiles(problem), canonical = kind == CANONICAL;
    brute *state = cvi_arena_take(arena, 1, sizeof *state);
    const bool wide = cvi_wide_pays(d, k), points = keeps || d <= POINTS_MAX_D || (!wide && k <= CVI_WIDE_MAX_K);
    brute b = {.ld32 = (d + 15) / 16 * 16, .ld64 = (d + 7) / 8 * 8, .points = points,
               .wide = !keeps && wide, .canonical = canonical};
    cvi_packed64_take(&b.packed64, k, d, arena);
    if (!canonical) {
        cvi_packed32_take(&b.packed32, k, d, arena);
        b.order = cvi_arena_take(arena, k, sizeof *b.order);
        b.rows32 = b.wide ? cvi_arena_take(arena, k, (size_t)b.ld32 * sizeof(float)) : NULL;
    }
    if (keeps) {
        b.kept = cvi_arena_take(arena, tiles * (d + 1), CVI_TILE * sizeof(float));
        b.loaded = cvi_arena_take(arena, tiles, 1);
        if (b.loaded != NULL)
            memset(b.loaded, 0, (size_t)tiles);
    }
    if (kind == WHOLE_NUMBERS)
        b.integer = cvi_integer_take(problem, threads, arena);
    b.workers = cvi_arena_take(arena, threads, sizeof *b.workers);
    for (int t = 0; t < threads; t++) {
        worker w = {0};
        cvi_block_take(&w.block, problem->rows, arena);
        if (!canonical && !keeps)
            w.tile = cvi_arena_take(arena, b.points ? d : b.ld32, CVI_TILE * sizeof(float));
        w.exact = cvi_arena_take(arena, REPAIR * b.ld64, sizeof(double));
        if (b.workers != NULL)
            b.workers[t] = w;
    }
    if (state != NULL)
        *state = b;
    return state;
}

static void *take_brute(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    return take_state(problem, threads, FLOATS, arena);
}

static void *take_canonical(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    return take_state(problem, threads, CANONICAL, arena);
}

static void *take_integer(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    return take_state(problem, threads, WHOLE_NUMBERS, arena);
}

void *cvi_brute_take_plain(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    return take_state(problem, threads, FLOATS_UNKEPT, arena);
}

static void start(void *state, const cvi_problem *problem)
{
    brute *b = state;
    b->open = problem->rows->n; /* drawn centers may repeat: look at once */
    if (b->integer != NULL)
        cvi_integer_start(b->integer, problem);
}

/* The worker's block holds the rows from `start` on. */
static void fetch(const pass *p, worker *w, int64_t start_row, int64_t count)
{
    if (w->fetched != start_row)
        cvi_rows_fetch(p->problem->rows, start_row, count, &w->block);
    w->fetched = start_row;
}

/* Rows first .. first + count - 1 of the worker's block by the canonical score. */
static void decide(const pass *p, worker *w, int64_t first, int64_t count, int32_t *label)
{
    const brute *b = p->state;
    cvi_block_center(p->problem->kernels, p->problem->rows, &w->block, first, count, w->exact, b->ld64);
    p->problem->kernels->canonical_rows(&b->packed64.canonical, w->exact, b->ld64, count, label, NULL);
}

static uint64_t screen_wide(const pass *p, worker *w, int32_t *label, float *sqnorm)
{
    const brute *b = p->state;
    _Alignas(64) float best[CVI_TILE];
    const cvi_wide wide = cvi_packed32_wide(&b->packed32, b->rows32, b->ld32);
    return cvi_wide_screen(p->problem, &wide, &w->block, w->tile, sqnorm, label, best);
}

/* The kept tile of the block; one that is not there yet is made from the fetched block. */
static const float *kept_tile(const pass *p, worker *w, int64_t start_row, int64_t count)
{
    const brute *b = p->state;
    const int64_t t = start_row / CVI_TILE;
    float *tile = b->kept + t * (p->problem->rows->d + 1) * CVI_TILE;
    if (!b->loaded[t]) {
        float *sqnorm = tile + p->problem->rows->d * CVI_TILE;
        memset(sqnorm, 0, CVI_TILE * sizeof *sqnorm);
        fetch(p, w, start_row, count);
        cvi_block_tile32(p->problem->kernels, p->problem->rows, &w->block, b->packed32.scale, tile, sqnorm);
        b->loaded[t] = 1;
    }
    return tile;
}

/* Ask for the next block's rows.  Not before this block's have been read: they would wait behind the others. */
static void fetch_ahead(const pass *p, const worker *w)
{
    cvi_rows_prefetch(p->problem->rows, w->next, w->n_next);
}

/* Centers in lanes: the block is copied, centered and scaled, first. */
static uint64_t screen_centers(const pass *p, worker *w, int32_t *label, float *sqnorm)
{
    const brute *b = p->state;
    const cvi_kernels *kernels = p->problem->kernels;
    const int64_t count = w->block.count;
    _Alignas(64) float best[CVI_TILE];
    const float *row[CVI_TILE];
    cvi_block_rows32(kernels, p->problem->rows, &w->block, 0, count, b->packed32.scale, w->tile, b->ld32, sqnorm);
    for (int64_t i = 0; i < count; i++)
        row[i] = w->tile + i * b->ld32;
    fetch_ahead(p, w);
    return kernels->screen_centers(&b->packed32.screen, row, sqnorm, count, label, best);
}

/* Points in lanes: the block is transposed first, if it is not kept so. */
static uint64_t screen_points(const pass *p, worker *w, int64_t start_row, int64_t count, int32_t *label, float *sqnorm)
{
    const brute *b = p->state;
    const float *tile = w->tile;
    _Alignas(64) float best[CVI_TILE];
    if (b->kept != NULL) {
        tile = kept_tile(p, w, start_row, count);
        memcpy(sqnorm, tile + p->problem->rows->d * CVI_TILE, CVI_TILE * sizeof *sqnorm);
    } else {
        cvi_block_tile32(p->problem->kernels, p->problem->rows, &w->block, b->packed32.scale, w->tile, sqnorm);
        fetch_ahead(p, w);
    }
    return p->problem->kernels->screen_points(&b->packed32.screen, tile, sqnorm, count, label, best);
}

/* The whole numbers of the block are made when it is first met. */
static void load_integers(const pass *p, worker *w, int64_t start_row, int64_t count)
{
    const brute *b = p->state;
    _Alignas(64) float sqnorm[CVI_TILE] = {0};
    fetch(p, w, start_row, count);
    cvi_block_tile32(p->problem->kernels, p->problem->rows, &w->block, b->packed32.scale, w->tile, sqnorm);
    fetch_ahead(p, w);
    cvi_integer_load(b->integer, p->problem, start_row / CVI_TILE, w->tile, sqnorm);
}

/* Look at the blocks from `first` on in whole numbers; screen() settles them. */
static void look_ahead(const pass *p, worker *w, int worker_index, int64_t first, int64_t end)
{
    const brute *b = p->state;
    for (int place = 0; place < CVI_INTEGER_AHEAD && first < end; place++, first += CVI_TILE) {
        const int64_t tile = first / CVI_TILE, count = end - first < CVI_TILE ? end - first : CVI_TILE;
        cvi_integer_skip(b->integer, worker_index, place);
        if (!cvi_integer_worth(b->integer, worker_index))
            continue;
        if (!cvi_integer_loaded(b->integer, tile))
            load_integers(p, w, first, count);
        cvi_integer_screen(b->integer, p->problem, tile, count, p->labels + first, worker_index, place);
    }
}

/* What was seen of the block's whole numbers, if it was looked at; rows are read where several centers are left. */
static bool settle_integers(const pass *p, worker *w, int worker_index, int64_t start_row, int64_t count, int32_t *label,
                            uint64_t *open)
{
    const brute *b = p->state;
    const int place = (int)(start_row / CVI_TILE % CVI_INTEGER_AHEAD);
    if (b->integer == NULL)
        return false;
    if (cvi_integer_reads(b->integer, worker_index, place))
        fetch(p, w, start_row, count);
    return cvi_integer_settle(b->integer, p->problem, &w->block, worker_index, place, label, open);
}

/* The screen: labels of the block, and the mask of rows that it leaves open. */
static uint64_t screen(const pass *p, worker *w, int worker_index, int64_t start_row, int64_t count, int32_t *label)
{
    _Alignas(64) float sqnorm[CVI_TILE];
    uint64_t open;
    if (settle_integers(p, w, worker_index, start_row, count, label, &open))
        return open;
    if (p->state->kept == NULL)
        fetch(p, w, start_row, count);
    if (p->state->points)
        open = screen_points(p, w, start_row, count, label, sqnorm);
    else if (p->state->wide)
        open = screen_wide(p, w, label, sqnorm);
    else
        open = screen_centers(p, w, label, sqnorm);
    return open | cvi_out_of_range(sqnorm, count);
}

static void assign_block(const pass *p, worker *w, int worker_index, int64_t start_row, int64_t count, int32_t *label)
{
    const brute *b = p->state;
    w->distances += count * p->problem->k;
    /* When one row in five is open, screening is a waste; look again every 16th block. */
    if (b->canonical || !b->packed32.usable || (w->recent > 205 && w->blocks++ % 16 != 0)) {
        fetch(p, w, start_row, count);
        for (int64_t first = 0; first < count; first += REPAIR)
            decide(p, w, first, count - first < REPAIR ? count - first : REPAIR, label + first);
        return;
    }
    uint64_t open = screen(p, w, worker_index, start_row, count, label);
    const int64_t n_open = __builtin_popcountll(open);
    w->recent += (n_open * 1024 / count - w->recent) / 4;
    w->repaired += n_open;
    w->distances += n_open * p->problem->k;
    if (open != 0)
        fetch(p, w, start_row, count);
    while (open != 0) {
        const int64_t i = __builtin_ctzll(open);
        open &= open - 1;
        decide(p, w, i, 1, label + i);
    }
}

#ifndef NDEBUG
/* Debug builds hold what whole numbers said against the canonical score, some blocks of large fits in every pass. */
static void check_integers(const pass *p, worker *w, int64_t start_row, int64_t count, const int32_t *label)
{
    enum { EVERY = 8 };
    int32_t exact[REPAIR];
    if (p->state->integer == NULL || (p->problem->rows->n > 4096 && start_row / CVI_TILE % EVERY != 0))
        return;
    fetch(p, w, start_row, count);
    for (int64_t first = 0; first < count; first += REPAIR) {
        const int64_t some = count - first < REPAIR ? count - first : REPAIR;
        decide(p, w, first, some, exact);
        assert(memcmp(exact, label + first, (size_t)some * sizeof *exact) == 0);
    }
}
#endif

/* Take over the labels of the rows from `first` on, and move rows that change theirs between the sums. */
static void relabel(const pass *p, worker *w, int worker_index, int64_t first, int64_t count, const int32_t *label)
{
    int32_t *own = p->labels + first, changed[CVI_TILE + 1];
    int64_t n = 0;
    for (int64_t r = 0; r < count; r++) { /* no branch: which rows change is hard to foresee */
        changed[n] = (int32_t)r;
        n += own[r] != label[r];
    }
    if (n == 0)
        return;
    w->changed += n;
    const bool moved =
        p->sums == NULL || cvi_sums_move_narrow(p->sums, worker_index, p->problem->rows, first, count, own, label);
    if (!moved)
        fetch(p, w, first, count);
    for (int64_t c = 0; c < n; c++) {
        const int32_t r = changed[c];
        cvi_sums_relabel(moved ? NULL : p->sums, worker_index, p->problem->rows, &w->block, r, &own[r], label[r]);
    }
}

static void task(void *context, int64_t index, int worker_index)
{
    const pass *p = context;
    const brute *b = p->state;
    worker *w = &b->workers[worker_index];
    const int64_t n = p->problem->rows->n;
    int64_t end = (index + 1) * b->grain;
    end = end < n ? end : n;
    int32_t label[CVI_TILE];
    w->fetched = -1; /* rows may have changed since the last pass */
    for (int64_t i = index * b->grain; i < end; i += CVI_TILE) {
        const int64_t count = end - i < CVI_TILE ? end - i : CVI_TILE;
        w->next = i + CVI_TILE;
        w->n_next = end - w->next < CVI_TILE ? end - w->next : CVI_TILE;
        if (b->integer != NULL && i / CVI_TILE % CVI_INTEGER_AHEAD == 0)
            look_ahead(p, w, worker_index, i, end);
        assign_block(p, w, worker_index, i, count, label);
#ifndef NDEBUG
        check_integers(p, w, i, count, label);
#endif
        relabel(p, w, worker_index, i, count, label);
    }
}

static bool run_pass(void *state, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                     cvi_pass_counts *counts)
{
    brute *b = state;
    const int64_t n = problem->rows->n, d = problem->rows->d, k = problem->k;
    cvi_job *job = problem->job;
    cvi_packed64_fill(&b->packed64, problem->kernels, centers, k, d);
    if (!b->canonical) {
        cvi_packed32_fill(&b->packed32, centers, problem->rows, problem->frame, k, d);
        if (b->open > n / 16)
            cvi_packed32_drop_duplicates(&b->packed32, centers, b->packed64.sqnorm, b->order, k, d);
        if (b->wide)
            cvi_packed32_rows(&b->packed32, k, d, b->rows32, b->ld32);
        if (b->integer != NULL)
            cvi_integer_pack(b->integer, centers, &b->packed32);
    }
    b->grain = cvi_job_grain(job, n, b->integer != NULL ? CVI_TILE * CVI_INTEGER_AHEAD : CVI_TILE, (double)d * (0.3 + 0.02 * (double)k));
    for (int t = 0; t < job->team.threads; t++) {
        worker *w = &b->workers[t];
        w->changed = w->distances = w->repaired = 0;
    }
    pass p = {.state = b, .problem = problem, .labels = labels, .sums = sums};
    cvi_parallel(&job->team, (n + b->grain - 1) / b->grain, task, &p);
    counts->changed = 0;
    counts->full += n * k;
    b->open = 0;
    for (int t = 0; t < job->team.threads; t++) {
        counts->changed += b->workers[t].changed;
        counts->distances += b->workers[t].distances;
        counts->repaired += b->workers[t].repaired;
        b->open += b->workers[t].repaired;
    }
    return job->team.stop == NULL || atomic_load(job->team.stop) == 0;
}

const cvi_strategy cvi_brute = {
    .name = "brute",
    .about = "every row against every center in float32, near ties scored exactly",
    .suits = suits, .take = take_brute, .start = start, .pass = run_pass};
const cvi_strategy cvi_integer_strategy = {
    .name = "integer",
    .about = "every row against every center in whole numbers, near ones in float32, near ties scored exactly",
    .min_passes = 3,
    .suits = cvi_integer_suits, .pays = cvi_integer_pays, .take = take_integer, .start = start, .pass = run_pass};
const cvi_strategy cvi_canonical_strategy = {
    .name = "canonical",
    .about = "the exact score of every row and center",
    .suits = suits, .take = take_canonical, .start = start, .pass = run_pass};
