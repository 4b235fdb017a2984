/*
 * The int8 screen with bounds per panel, for many features and centers.  docs/algorithms/screen.md has the proof.
 *
 *   row test      a row keeps its label unseen if its distance to its center, at most `upper`, is below the lower bound
 *                 of every panel of 48 centers (Yinyang's groups: Ding et al., ICML 2015)
 *   int8 screen   panels whose bound fails meet the quantized row: 48 integer dot products, each with a proven error
 *   exact repair  centers that may still win get a float32 dot product, near ties among these the canonical score;
 *                 all others give the panel its new, tight bound
 *
 * The first pass is the same code without the row test.  Rows are quantized once, in that pass.
 */
#include "assign/strategy.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { LANES = CVI_PANEL8, CAPACITY = 128, MIN_D = 48 };

/* Steps outwards for float32 bounds that a few operations have rounded. */
static const float UP = 1 + 0x1p-20f, DOWN = 1 - 0x1p-20f;

typedef struct candidate {
    float lower; /* half score, lower bound */
    int32_t lane;
} candidate;

/* What one block of 64 rows needs; one per worker. */
typedef struct worker {
    cvi_block block;
    float *rows;      /* [64][ld32] centered, scaled */
    double *exact;    /* [ld64] one row in the frame */
    float *rest;      /* [64][panels] half scores: smallest lower bound of the lanes that are no candidates */
    uint8_t *flagged; /* [64][panels] */
    candidate *found; /* [64][CAPACITY] */
    int32_t *acc;     /* [64][48] */
    int32_t *list;    /* [CAPACITY + 1] */
    float *score;     /* [CAPACITY + 1] */
    int64_t changed, distances, repaired;
} worker;

typedef struct screen {
    int64_t n, d, k, dq, ld32, ld64, panels, grain;
    int8_t *quantized;  /* [n][dq] */
    cvi_row8 *about;    /* [n] */
    float *upper;       /* [n] distance to the own center, at most */
    float *lower;       /* [n][panels] distance to any other center of the panel, at least */
    uint8_t *bytes;     /* [panels][dq / 4][48][4] */
    cvi_panel8 *panel;  /* [panels] */
    int32_t *lane_of;   /* [k] */
    int32_t *center_of; /* [panels * 48], -1: padding */
    float *rows_major;  /* [k][ld32] centers, scaled */
    float *half_sqnorm; /* [k] */
    double *last;       /* [k][d] the centers of the last pass */
    float *drift;       /* [k] */
    float *panel_drift; /* [panels] */
    double *shift;      /* [d] scratch */
    double scale;
    double margin;      /* 8 (d + 4) 2^-53: the canonical score's own rounding, twice */
    double sq_shift;    /* squared distance between the frames of screen and score */
    bool quantized_yet, bounded, usable;
    float tie_r, tie_s, tie_0, error_r, error_s;
    cvi_packed64 packed64;
    worker *workers;
} screen;

typedef struct pass {
    screen *state;
    const cvi_problem *problem;
    const double *centers;
    int32_t *labels;
    cvi_sums *sums;
} pass;

static bool suits(const cvi_problem *problem)
{
    return problem->rows->kind != CVI_ROWS_CSR && problem->rows->index == NULL && problem->rows->d <= 32768;
}

static size_t own_bytes(const cvi_problem *problem)
{
    const double panels = ceil((double)problem->k / LANES), n = (double)problem->rows->n;
    const double quantized = ceil((double)problem->rows->d / 64) * 64;
    const double bytes = n * (quantized + sizeof(cvi_row8) + 4 + 4 * panels);
    return bytes < 1e18 ? (size_t)bytes : SIZE_MAX;
}

static bool pays(const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    if (!problem->kernels->has_dot8 || rows->d < MIN_D || problem->k < 48)
        return false;
    return own_bytes(problem) <= cvi_rows_budget(rows, &problem->job->run);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

static worker take_worker(const screen *s, const cvi_rows *rows, cvi_arena *arena)
{
    worker w = {0};
    cvi_block_take(&w.block, rows, arena);
    w.rows = cvi_arena_take(arena, CVI_TILE * s->ld32, sizeof(float));
    w.exact = cvi_arena_take(arena, s->ld64, sizeof(double));
    w.rest = cvi_arena_take(arena, CVI_TILE * s->panels, sizeof(float));
    w.flagged = cvi_arena_take(arena, CVI_TILE * s->panels, 1);
    w.found = cvi_arena_take(arena, CVI_TILE * CAPACITY, sizeof(candidate));
    w.acc = cvi_arena_take(arena, CVI_TILE * LANES, sizeof(int32_t));
    w.list = cvi_arena_take(arena, CAPACITY + 1, sizeof(int32_t));
    w.score = cvi_arena_take(arena, CAPACITY + 1, sizeof(float));
    return w;
}

static void *take(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    const int64_t n = problem->rows->n, d = problem->rows->d, k = problem->k;
    screen *state = cvi_arena_take(arena, 1, sizeof *state);
    screen s = {.n = n, .d = d, .k = k, .dq = (d + 63) / 64 * 64, .ld32 = (d + 15) / 16 * 16, .ld64 = (d + 7) / 8 * 8,
                .panels = (k + LANES - 1) / LANES};
    s.quantized = cvi_arena_take(arena, n, (size_t)s.dq);
    s.about = cvi_arena_take(arena, n, sizeof *s.about);
    s.upper = cvi_arena_take(arena, n, sizeof(float));
    s.lower = cvi_arena_take(arena, n, (size_t)s.panels * sizeof(float));
    s.bytes = cvi_arena_take(arena, s.panels, (size_t)(s.dq * LANES));
    s.panel = cvi_arena_take(arena, s.panels, sizeof *s.panel);
    s.lane_of = cvi_arena_take(arena, k, sizeof(int32_t));
    s.center_of = cvi_arena_take(arena, s.panels, LANES * sizeof(int32_t));
    s.rows_major = cvi_arena_take(arena, k, (size_t)s.ld32 * sizeof(float));
    s.half_sqnorm = cvi_arena_take(arena, k, sizeof(float));
    s.last = cvi_arena_take(arena, k, (size_t)d * sizeof(double));
    s.drift = cvi_arena_take(arena, k, sizeof(float));
    s.panel_drift = cvi_arena_take(arena, s.panels, sizeof(float));
    s.shift = cvi_arena_take(arena, s.ld64, sizeof(double));
    cvi_packed64_take(&s.packed64, k, d, arena);
    s.workers = cvi_arena_take(arena, threads, sizeof *s.workers);
    for (int t = 0; t < threads; t++) {
        const worker w = take_worker(&s, problem->rows, arena);
        if (s.workers != NULL)
            s.workers[t] = w;
    }
    if (state != NULL)
        *state = s;
    return state;
}

static void start(void *state, const cvi_problem *problem)
{
    screen *s = state;
    (void)problem;
    s->bounded = false;
}

/* --- centers of a pass -------------------------------------------------------------------------------------------- */

/* Put similar centers into the same panel: halve along the widest pair of a sample, down to one panel (once a run). */
static void split_panels(const screen *s, const double *centers, int32_t *order, int64_t count, double *key)
{
    if (count <= LANES)
        return;
    const int64_t d = s->d;
    const double *a = centers + order[0] * d, *b = a;
    double widest = -1;
    for (int round = 0; round < 2; round++, widest = -1) {
        const double *from = round == 0 ? a : b;
        const double *far = from;
        for (int64_t i = 0; i < count; i++) {
            const double *c = centers + order[i] * d;
            double sq = 0;
            for (int64_t f = 0; f < d; f++)
                sq += (c[f] - from[f]) * (c[f] - from[f]);
            if (sq > widest) {
                widest = sq;
                far = c;
            }
        }
        a = b;
        b = far;
    }
    for (int64_t i = 0; i < count; i++) {
        const double *c = centers + order[i] * d;
        key[order[i]] = 0;
        for (int64_t f = 0; f < d; f++)
            key[order[i]] += c[f] * (b[f] - a[f]);
    }
    for (int64_t gap = count / 2; gap > 0; gap /= 2)
        for (int64_t i = gap; i < count; i++) {
            const int32_t j = order[i];
            int64_t at = i;
            for (; at >= gap && key[order[at - gap]] > key[j]; at -= gap)
                order[at] = order[at - gap];
            order[at] = j;
        }
    const int64_t half = (count / 2 + LANES - 1) / LANES * LANES;
    split_panels(s, centers, order, half, key);
    split_panels(s, centers, order + half, count - half, key);
}

static void group_centers(screen *s, const double *centers)
{
    double *key = s->last; /* free until the pass ends; [k][d] holds [k] */
    for (int64_t a = 0; a < s->panels * LANES; a++)
        s->center_of[a] = a < s->k ? (int32_t)a : -1;
    split_panels(s, centers, s->center_of, s->k, key);
    for (int64_t a = 0; a < s->k; a++)
        s->lane_of[s->center_of[a]] = (int32_t)a;
}

/* Center j, as the screen's frame has it, into c [d]. */
static void frame_center(const screen *s, const double *centers, int64_t j, double *c)
{
    for (int64_t f = 0; f < s->d; f++)
        c[f] = (centers[j * s->d + f] + s->shift[f]) * s->scale;
}

/* One center into its lane: bytes, scales and errors. Returns its squared norm. */
static double pack_lane(screen *s, int64_t a, const double *c)
{
    cvi_panel8 *p = &s->panel[a / LANES];
    const int64_t l = a % LANES;
    uint8_t *bytes = s->bytes + a / LANES * s->dq * LANES + 4 * l;
    double largest = 0, sq = 0, rest = 0;
    for (int64_t f = 0; f < s->d; f++) {
        largest = fmax(largest, fabs(c[f]));
        sq += c[f] * c[f];
    }
    const float scale = largest > 1e-30 && largest < 1e30 ? (float)(largest / 127) : 0;
    const double inverse = scale > 0 ? 1 / (double)scale : 0;
    for (int64_t f = 0; f < s->dq; f++) {
        double q = f < s->d ? rint(c[f] * inverse) : 0;
        q = q > 127 ? 127 : q < -127 ? -127 : q;
        if (f < s->d)
            rest += (c[f] - q * (double)scale) * (c[f] - q * (double)scale);
        bytes[f / 4 * LANES * 4 + f % 4] = (uint8_t)((int)q + 128);
    }
    const double norm = sqrt(sq), error = sqrt(rest);
    /* 32 units of float32 roundoff cover the screen's few operations on the score. */
    p->half_sqnorm[l] = (float)(0.5 * sq);
    p->scale[l] = scale;
    p->error[l] = (float)((error + 32 * 0x1p-24 * (norm + error)) * 1.0001);
    p->norm[l] = (float)(norm * 1.0001);
    p->slack[l] = (float)(32 * 0x1p-24 * 0.5 * sq + 1e-36);
    return sq;
}

static void pad_lane(screen *s, int64_t a)
{
    cvi_panel8 *p = &s->panel[a / LANES];
    const int64_t l = a % LANES;
    uint8_t *bytes = s->bytes + a / LANES * s->dq * LANES + 4 * l;
    for (int64_t f = 0; f < s->dq; f++)
        bytes[f / 4 * LANES * 4 + f % 4] = 128;
    p->half_sqnorm[l] = CVI_PADDING_SCORE;
    p->scale[l] = p->error[l] = p->norm[l] = p->slack[l] = 0;
}

/* How far the centers have moved since the last pass, rounded up. */
static void set_drifts(screen *s, const double *centers)
{
    for (int64_t p = 0; p < s->panels; p++)
        s->panel_drift[p] = 0;
    for (int64_t j = 0; j < s->k; j++) {
        double sq = 0;
        for (int64_t f = 0; f < s->d; f++) {
            const double t = centers[j * s->d + f] - s->last[j * s->d + f];
            sq += t * t;
        }
        s->drift[j] = (float)(sqrt(sq) * s->scale * (1 + (double)(s->d + 4) * 0x1p-52)) * UP;
        const int64_t p = s->lane_of[j] / LANES;
        s->panel_drift[p] = s->drift[j] > s->panel_drift[p] ? s->drift[j] : s->panel_drift[p];
    }
}

/* Constants of docs/numerics.md, without the index bits, and for half_scores: 16 lanes with a sixteenth of the features
 * each, added by halves, so an error of d / 16 + 5 units where a plain chain has d; 3 more for inputs and the last step. */
static void set_thresholds(screen *s)
{
    const double u = 0x1p-24, v = 4 * (double)(s->d + 4) * 0x1p-53;
    const double steps = (double)s->ld32 / 16 + 8, a = u * steps * 2.5, b = u * steps * 1.5;
    const double widen = 1.02 / (1 - 4 * (b + 4 * v));
    s->tie_r = (float)(2 * (a + 6 * v) * widen);
    s->tie_s = (float)(2 * (b + 4 * v) * widen);
    s->tie_0 = (float)(8 * v * s->sq_shift * widen + (double)(s->d + 2) * 0x1p-140);
    s->error_r = (float)(a * 1.01);
    s->error_s = (float)(b * 1.01);
    s->margin = 2 * v;
}

static void pack_centers(screen *s, const cvi_problem *problem, const double *centers)
{
    const cvi_rows *rows = problem->rows;
    const bool shifted = rows->kind == CVI_ROWS_F32;
    s->scale = cvi_screen_scale(problem->frame);
    s->sq_shift = 0;
    for (int64_t f = 0; f < s->d; f++) {
        s->shift[f] = shifted ? rows->mean[f] - (double)rows->mean32[f] : 0;
        s->sq_shift += s->shift[f] * s->scale * s->shift[f] * s->scale;
    }
    set_thresholds(s);
    if (!s->bounded)
        group_centers(s, centers);
    else
        set_drifts(s, centers);
    s->usable = true;
    double *c = s->workers[0].exact;
    for (int64_t j = 0; j < s->k; j++) {
        frame_center(s, centers, j, c);
        const double sq = pack_lane(s, s->lane_of[j], c);
        s->usable = s->usable && sq < 1e24;
        s->half_sqnorm[j] = (float)(0.5 * sq);
        for (int64_t f = 0; f < s->ld32; f++)
            s->rows_major[j * s->ld32 + f] = f < s->d ? (float)c[f] : 0;
    }
    for (int64_t a = s->k; a < s->panels * LANES; a++)
        pad_lane(s, a);
    cvi_packed64_fill(&s->packed64, problem->kernels, centers, s->k, s->d);
    memcpy(s->last, centers, (size_t)(s->k * s->d) * sizeof(double));
}

/* --- one block of rows --------------------------------------------------------------------------------------------- */

/* A row on its way through a block. */
typedef struct visit {
    int64_t i;          /* row */
    int32_t own;        /* label before, -1: none */
    float own_score;    /* half score of the own center, when measured */
    float threshold;    /* half score that a candidate's lower bound may not pass */
    float slack;        /* what the canonical rounding and the threshold's own rounding may add */
    int32_t n_found;
    bool measured, overflow;
    const float *x;     /* centered float32 row */
} visit;

static float positive(float x)
{
    return x > 0 ? x : 0;
}

/* |half score - its computed value| for a float32 dot product. */
static float score_error(const screen *s, float r2, float score)
{
    return s->error_r * r2 + s->error_s * positive(2 * score + r2) + 1e-37f;
}

static float slack_of(const screen *s, float r2, float score)
{
    const double close = 2 * (double)positive(2 * score + r2);
    const double canonical = s->margin * (3.0 * (double)r2 + close + 2 * s->sq_shift);
    return (float)(canonical * 1.01 + 4 * 0x1p-24 * ((double)fabsf(score) + (double)r2)) + 1e-37f;
}

/* Distance, at most, from a half score that is at most `score`. */
static float distance_above(float score, float r2)
{
    const float sq = 2 * score + r2 * (1 + 0x1p-21f); /* r2 was summed in double */
    return sqrtf(positive(sq) + 4 * 0x1p-24f * (fabsf(score) + r2)) * UP;
}

static float distance_below(float score, float r2)
{
    const float sq = 2 * score + r2 * (1 - 0x1p-21f);
    return sqrtf(positive(sq - 4 * 0x1p-24f * (fabsf(score) + r2))) * DOWN;
}

/* What the canonical score's rounding may turn around, as a distance to add to the upper bound. */
static float tie_distance(const screen *s, float r2, float upper)
{
    const double reach = (double)upper + sqrt((double)r2);
    return (float)(sqrt(2 * s->margin * ((double)r2 + reach * reach + s->sq_shift)) * 1.01);
}

static void load_rows(const pass *p, worker *w, const visit *visits, int64_t count)
{
    const cvi_rows *rows = p->problem->rows;
    const cvi_kernels *kernels = p->problem->kernels;
    const screen *s = p->state;
    const float *row32[CVI_TILE];
    const double *row64[CVI_TILE];
    float sqnorm[CVI_TILE];
    for (int64_t a = 0; a < count; a++) {
        const int64_t at = visits[a].i - w->block.start;
        if (w->block.is_f32)
            row32[a] = w->block.row32[at];
        else
            row64[a] = w->block.row64[at];
    }
    if (w->block.is_f32)
        kernels->load_rows_f32(row32, count, s->d, rows->mean32, (float)s->scale, w->rows, s->ld32, sqnorm);
    else
        kernels->load_rows_f64(row64, count, s->d, rows->mean, s->scale, w->rows, s->ld32, sqnorm);
}

static void quantize(const pass *p, const visit *visits, int64_t count)
{
    screen *s = p->state;
    for (int64_t a = 0; a < count; a++)
        p->problem->kernels->quantize_row(visits[a].x, s->d, s->dq, s->quantized + visits[a].i * s->dq, &s->about[visits[a].i]);
}

static bool out_of_range(const screen *s, int64_t i)
{
    return !(s->about[i].sqnorm < 1e24f);
}

/* Bounds after the centers' moves; true if the row may have to change. */
static bool row_test(const pass *p, int64_t i, float *upper)
{
    screen *s = p->state;
    float *lower = s->lower + i * s->panels;
    float least = CVI_PADDING_SCORE;
    *upper = (s->upper[i] + s->drift[p->labels[i]]) * UP;
    for (int64_t q = 0; q < s->panels; q++) {
        lower[q] = positive(lower[q] - s->panel_drift[q]) * DOWN;
        least = lower[q] < least ? lower[q] : least;
    }
    return out_of_range(s, i) || !(*upper + tie_distance(s, s->about[i].sqnorm, *upper) < least);
}

/* Measure the own centers of rows whose loose bound failed; those whose tight bound holds are done. Returns the rest. */
static int64_t tighten(const pass *p, worker *w, visit *visits, int64_t count)
{
    screen *s = p->state;
    int64_t left = 0;
    for (int64_t a = 0; a < count; a++) {
        visit v = visits[a];
        const int64_t i = v.i;
        const float r2 = s->about[i].sqnorm;
        if (out_of_range(s, i)) {
            memset(w->flagged + left * s->panels, 1, (size_t)s->panels);
        } else {
            p->problem->kernels->half_scores(v.x, s->ld32, s->rows_major, s->half_sqnorm, &v.own, 1, &v.own_score);
            w->distances++;
            const float high = v.own_score + score_error(s, r2, v.own_score);
            const float upper = distance_above(high, r2);
            v.measured = true;
            v.slack = slack_of(s, r2, high);
            v.threshold = high + v.slack;
            s->upper[i] = upper;
            const float reach = upper + tie_distance(s, r2, upper);
            const float *lower = s->lower + i * s->panels;
            uint8_t *flagged = w->flagged + left * s->panels;
            bool any = false;
            for (int64_t q = 0; q < s->panels; q++) {
                flagged[q] = !(reach < lower[q]);
                any |= flagged[q];
            }
            if (!any)
                continue;
        }
        visits[left++] = v;
    }
    return left;
}

/* One panel against the rows that it flagged. */
static void screen_panel(const pass *p, worker *w, visit *visits, int64_t count, int64_t q)
{
    screen *s = p->state;
    const cvi_kernels *kernels = p->problem->kernels;
    const int8_t *rows[CVI_TILE];
    int64_t who[CVI_TILE], m = 0;
    for (int64_t a = 0; a < count; a++)
        if (w->flagged[a * s->panels + q] && !out_of_range(s, visits[a].i)) {
            rows[m] = s->quantized + visits[a].i * s->dq;
            who[m++] = a;
        }
    if (m == 0)
        return;
    kernels->dot8_panel(rows, m, s->dq, s->bytes + q * s->dq * LANES, w->acc);
    w->distances += m * LANES;
    for (int64_t b = 0; b < m; b++) {
        visit *v = &visits[who[b]];
        float lower[LANES];
        const int own = v->own >= 0 && s->lane_of[v->own] / LANES == q ? s->lane_of[v->own] % LANES : -1;
        uint64_t mask = kernels->bounds8(w->acc + b * LANES, &s->about[v->i], &s->panel[q], own, v->slack, &v->threshold, lower,
                                         &w->rest[who[b] * s->panels + q]);
        while (mask != 0) {
            const int l = __builtin_ctzll(mask);
            mask &= mask - 1;
            if (v->n_found == CAPACITY) {
                v->overflow = true;
                break;
            }
            w->found[who[b] * CAPACITY + v->n_found++] = (candidate){.lower = lower[l], .lane = (int32_t)(q * LANES + l)};
        }
    }
}

/* The row by the canonical score of all centers; its bounds say nothing. */
static int32_t decide_all(const pass *p, worker *w, visit *v, int64_t at)
{
    screen *s = p->state;
    int32_t label;
    cvi_block_center(p->problem->kernels, p->problem->rows, &w->block, v->i - w->block.start, 1, w->exact, s->ld64);
    p->problem->kernels->canonical_rows(&s->packed64.canonical, w->exact, s->ld64, 1, &label, NULL);
    for (int64_t q = 0; q < s->panels; q++)
        if (w->flagged[at * s->panels + q])
            s->lower[v->i * s->panels + q] = 0;
    if (v->own >= 0 && v->own != label)
        s->lower[v->i * s->panels + s->lane_of[v->own] / LANES] = 0;
    s->upper[v->i] = CVI_PADDING_SCORE;
    w->repaired++;
    w->distances += s->k;
    return label;
}

/* Among the measured candidates of w->list, those within the threshold of the best by their canonical scores. */
static int32_t decide_ties(const pass *p, worker *w, const visit *v, int64_t count, float limit)
{
    screen *s = p->state;
    int32_t label = -1;
    double best = INFINITY;
    cvi_block_center(p->problem->kernels, p->problem->rows, &w->block, v->i - w->block.start, 1, w->exact, s->ld64);
    for (int64_t a = 0; a < count; a++) {
        if (!(w->score[a] <= limit))
            continue;
        const int32_t j = w->list[a];
        const double score =
            p->problem->kernels->canonical_score(w->exact, p->centers + j * s->d, s->packed64.sqnorm[j], s->d);
        if (score < best || (score == best && j < label)) {
            best = score;
            label = j;
        }
    }
    w->repaired++;
    return label;
}

/* New bounds of the panels that were looked at. score [count] belongs to list; the label's own is left out. */
static void set_bounds(const pass *p, worker *w, const visit *v, int64_t at, int64_t count, int32_t label)
{
    screen *s = p->state;
    float *rest = w->rest + at * s->panels;
    float *lower = s->lower + v->i * s->panels;
    const float r2 = s->about[v->i].sqnorm;
    const candidate *found = w->found + at * CAPACITY;
    for (int64_t a = 0; a < v->n_found; a++) { /* not measured: their screened bound */
        const int64_t q = found[a].lane / LANES;
        if (found[a].lower > v->threshold && found[a].lower < rest[q])
            rest[q] = found[a].lower;
    }
    for (int64_t a = 0; a < count; a++) {
        const int32_t j = w->list[a];
        if (j == label) {
            s->upper[v->i] = distance_above(w->score[a] + score_error(s, r2, w->score[a]), r2);
            continue;
        }
        const int64_t q = s->lane_of[j] / LANES;
        const float low = w->score[a] - score_error(s, r2, w->score[a]);
        if (w->flagged[at * s->panels + q])
            rest[q] = low < rest[q] ? low : rest[q];
        else { /* a displaced owner whose panel was not looked at */
            const float distance = distance_below(low, r2);
            lower[q] = distance < lower[q] ? distance : lower[q];
        }
    }
    for (int64_t q = 0; q < s->panels; q++)
        if (w->flagged[at * s->panels + q])
            lower[q] = rest[q] >= CVI_PADDING_SCORE ? CVI_PADDING_SCORE : distance_below(rest[q], r2);
}

/* The label of a row whose panels have all been screened. */
static int32_t settle(const pass *p, worker *w, visit *v, int64_t at)
{
    screen *s = p->state;
    if (v->overflow || out_of_range(s, v->i))
        return decide_all(p, w, v, at);
    const candidate *found = w->found + at * CAPACITY;
    int64_t count = 0;
    if (v->measured) {
        w->list[count] = v->own;
        w->score[count++] = v->own_score;
    }
    const int64_t begin = count;
    for (int64_t a = 0; a < v->n_found; a++)
        if (found[a].lower <= v->threshold)
            w->list[count++] = s->center_of[found[a].lane];
    p->problem->kernels->half_scores(v->x, s->ld32, s->rows_major, s->half_sqnorm, w->list + begin, count - begin,
                                     w->score + begin);
    w->distances += count - begin;
    int64_t best = 0;
    for (int64_t a = 1; a < count; a++)
        if (w->score[a] < w->score[best])
            best = a;
    const float r2 = s->about[v->i].sqnorm, score = w->score[best];
    const float limit = score + s->tie_r * r2 + s->tie_s * positive(2 * score + r2) + s->tie_0;
    int64_t near = 0;
    for (int64_t a = 0; a < count; a++)
        near += w->score[a] <= limit;
    const int32_t label = near == 1 ? w->list[best] : decide_ties(p, w, v, count, limit);
    set_bounds(p, w, v, at, count, label);
    return label;
}

#ifndef NDEBUG
/* Debug builds hold every label against the canonical score of all centers. */
static void check_row(const pass *p, worker *w, int64_t i, int32_t label)
{
    const screen *s = p->state;
    int32_t truth;
    cvi_block_center(p->problem->kernels, p->problem->rows, &w->block, i - w->block.start, 1, w->exact, s->ld64);
    p->problem->kernels->canonical_rows(&s->packed64.canonical, w->exact, s->ld64, 1, &truth, NULL);
    assert(truth == label);
}
#endif

static void change_label(const pass *p, worker *w, int worker_index, int64_t i, int32_t label)
{
    const int32_t before = p->labels[i];
    if (before == label)
        return;
    w->changed++;
    p->labels[i] = label;
    if (p->sums != NULL)
        cvi_sums_move(p->sums, worker_index, p->problem->rows, &w->block, i - w->block.start, before, label);
}

static void assign_block(const pass *p, int worker_index, int64_t begin, int64_t count)
{
    screen *s = p->state;
    worker *w = &s->workers[worker_index];
    visit visits[CVI_TILE];
    int64_t active = 0;
    for (int64_t i = begin; i < begin + count; i++) {
        float upper = 0;
        if (s->bounded && !row_test(p, i, &upper)) {
            s->upper[i] = upper;
            continue;
        }
        visits[active++] = (visit){.i = i, .own = s->bounded ? p->labels[i] : -1, .threshold = CVI_PADDING_SCORE};
    }
    cvi_rows_fetch(p->problem->rows, begin, count, &w->block);
    if (active > 0) {
        load_rows(p, w, visits, active);
        for (int64_t a = 0; a < active; a++)
            visits[a].x = w->rows + a * s->ld32;
        if (!s->quantized_yet)
            quantize(p, visits, active);
        if (s->bounded) {
            active = tighten(p, w, visits, active);
        } else {
            memset(w->flagged, 1, (size_t)(active * s->panels));
            for (int64_t a = 0; a < active; a++)
                visits[a].slack = slack_of(s, s->about[visits[a].i].sqnorm, s->about[visits[a].i].sqnorm);
        }
        for (int64_t q = 0; q < s->panels; q++)
            screen_panel(p, w, visits, active, q);
        for (int64_t a = 0; a < active; a++)
            change_label(p, w, worker_index, visits[a].i, settle(p, w, &visits[a], a));
    }
#ifndef NDEBUG
    for (int64_t i = begin; i < begin + count; i++)
        check_row(p, w, i, p->labels[i]);
#endif
}

static void task(void *context, int64_t index, int worker_index)
{
    const pass *p = context;
    const screen *s = p->state;
    int64_t end = (index + 1) * s->grain;
    end = end < s->n ? end : s->n;
    for (int64_t i = index * s->grain; i < end; i += CVI_TILE)
        assign_block(p, worker_index, i, end - i < CVI_TILE ? end - i : CVI_TILE);
}

/* Centers beyond the screen's range: every row by the canonical score, and no bounds. */
static void canonical_task(void *context, int64_t index, int worker_index)
{
    const pass *p = context;
    const screen *s = p->state;
    worker *w = &s->workers[worker_index];
    int64_t end = (index + 1) * s->grain;
    end = end < s->n ? end : s->n;
    for (int64_t i = index * s->grain; i < end; i++) {
        int32_t label;
        cvi_rows_fetch(p->problem->rows, i, 1, &w->block);
        cvi_block_center(p->problem->kernels, p->problem->rows, &w->block, 0, 1, w->exact, s->ld64);
        p->problem->kernels->canonical_rows(&s->packed64.canonical, w->exact, s->ld64, 1, &label, NULL);
        w->distances += s->k;
        change_label(p, w, worker_index, i, label);
    }
}

static bool run_pass(void *state, const cvi_problem *problem, const double *centers, int32_t *labels, cvi_sums *sums,
                     cvi_pass_counts *counts)
{
    screen *s = state;
    cvi_job *job = problem->job;
    pack_centers(s, problem, centers);
    for (int t = 0; t < job->team.threads; t++)
        s->workers[t].changed = s->workers[t].distances = s->workers[t].repaired = 0;
    s->grain = cvi_job_grain(job, s->n, CVI_TILE, s->bounded ? 0.1 * (double)s->d : 0.005 * (double)(s->d * s->k));
    pass p = {.state = s, .problem = problem, .centers = centers, .labels = labels, .sums = sums};
    cvi_parallel(&job->team, (s->n + s->grain - 1) / s->grain, s->usable ? task : canonical_task, &p);
    const bool complete = job->team.stop == NULL || atomic_load(job->team.stop) == 0;
    s->bounded = complete && s->usable;
    s->quantized_yet = s->quantized_yet || s->bounded;
    counts->changed = 0;
    counts->full += s->n * s->k;
    for (int t = 0; t < job->team.threads; t++) {
        counts->changed += s->workers[t].changed;
        counts->distances += s->workers[t].distances;
        counts->repaired += s->workers[t].repaired;
    }
    return complete;
}

const cvi_strategy cvi_screen_strategy = {
    .name = "screen",
    .about = "int8 dot products and bounds per panel of 48 centers, survivors measured exactly",
    .min_passes = 2, .suits = suits, .pays = pays, .take = take, .start = start, .pass = run_pass};
