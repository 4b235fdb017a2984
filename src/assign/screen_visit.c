/* The rows' side of the int8 screen: row test, screen, repair, new bounds, a block of 64 rows at a time. */
#include "assign/screen.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    FOUND = CVI_SCREEN_FOUND,
    RESTS = CVI_GROUPS8 + 1,
    AHEAD = 2048 /* bytes of a row that are asked for before they are read */
};

/* The start of a row that will be read soon. */
static void ask_ahead(const void *bytes, int64_t count)
{
    for (int64_t f = 0; f < count && f < AHEAD; f += 64)
        __builtin_prefetch((const char *)bytes + f);
}

/* --- bounds --------------------------------------------------------------------------------------------------------- */

static float positive(float x)
{
    return x > 0 ? x : 0;
}

/* |half score - its computed value| for a float32 dot product. */
static float score_error(const cvi_screen_state *s, float r2, float score)
{
    return s->error_r * r2 + s->error_s * positive(2 * score + r2) + 1e-37f;
}

static float slack_of(const cvi_screen_state *s, float r2, float score)
{
    const double close = 2 * (double)positive(2 * score + r2);
    const double canonical = s->margin * (3.0 * (double)r2 + close + 2 * s->sq_shift);
    return (float)(canonical * 1.01 + 4 * 0x1p-24 * ((double)fabsf(score) + (double)r2)) + 1e-37f;
}

/* Distance, at most, from a half score that is at most `score`. */
static float distance_above(float score, float r2)
{
    const float sq = 2 * score + r2 * (1 + 0x1p-21f); /* r2 was summed in double */
    return sqrtf(positive(sq) + 4 * 0x1p-24f * (fabsf(score) + r2)) * CVI_UP;
}

/* a - b, rounded down. */
static float less(float a, float b)
{
    return a - b - 0x1p-22f * (fabsf(a) + fabsf(b));
}

/* What the canonical score's rounding may turn around, as a gap that must be left: (upper + r)^2 <= 2 upper^2 + 2 r^2. */
static float tie_distance(const cvi_screen_state *s, float r2, float upper)
{
    return sqrtf((float)(2 * s->margin) * (3 * r2 + 2 * upper * upper + (float)s->sq_shift)) * 1.01f;
}

static bool out_of_range(float r2)
{
    return !(r2 < 1e24f);
}

/* --- row test -------------------------------------------------------------------------------------------------------- */

/* Bounds of row i after the centers' moves. Returns false if it keeps its label; else the panels to look at are flagged,
 * the own one among them. */
static bool row_test(const cvi_screen_pass *p, cvi_visit *v, uint8_t *restrict flagged)
{
    cvi_screen_state *s = p->state;
    float *restrict gap = s->gap + v->i * s->panels;
    const float own = s->drift[v->own];
    const float least = p->problem->kernels->gaps_fall(gap, s->panel_drift, s->panels, own);
    const float upper = (s->upper[v->i] + own) * CVI_UP, tie = tie_distance(s, v->r2, upper);
    s->upper[v->i] = upper;
    if (out_of_range(v->r2) || !(upper < 1e15f)) { /* squares would leave float32's range */
        v->whole = out_of_range(v->r2);
        memset(flagged, 1, (size_t)s->panels);
        return true;
    }
    if (least > tie)
        return false;
    for (int64_t q = 0; q < s->panels; q++)
        flagged[q] = !(gap[q] > tie);
    flagged[s->lane_of[v->own] / CVI_PANEL8] = 1;
    return true;
}

/* How far the quantized row i is from the reference of a group, at most, by the product of their bytes. The norms are rounded up
 * by far more than these few operations lose. */
static float near_reference(const cvi_screen_state *s, int64_t i, int32_t group, int32_t dot)
{
    const cvi_row8 *row = &s->about[i];
    const double x = (double)row->norm, g = (double)s->reference_norm[group];
    const double both = (double)(dot - row->bias) * ((double)row->scale * (double)s->reference_scale[group]);
    const double sq = x * x + g * g - 2 * both;
    return (float)sqrt(sq > 0 ? sq : 0) * CVI_UP;
}

/* Without an own center the row looks from the nearest reference. */
static void look_from_nearest(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *visits, int64_t count)
{
    const cvi_screen_state *s = p->state;
    const int8_t *rows[CVI_TILE];
    float nearest[CVI_TILE];
    for (int64_t a = 0; a < count; a++) {
        rows[a] = s->quantized + visits[a].i * s->dq;
        visits[a].from = 0;
        nearest[a] = INFINITY;
    }
    for (int64_t first = 0; first < s->groups; first += CVI_PANEL8) {
        const int64_t end = s->groups - first < CVI_PANEL8 ? s->groups : first + CVI_PANEL8;
        p->problem->kernels->dot8_panel(rows, count, s->dq, s->reference_panels + first * s->dq, CVI_GROUPS8, w->acc);
        for (int64_t a = 0; a < count; a++) {
            const cvi_row8 *row = &s->about[visits[a].i];
            const int32_t *acc = w->acc + a * CVI_PANEL8;
            for (int64_t g = first; g < end; g++) {
                const float dot = (float)(acc[g - first] - row->bias) * (row->scale * s->reference_scale[g]);
                const float score = s->half_refnorm[g] - dot;
                if (score < nearest[a]) {
                    nearest[a] = score;
                    visits[a].from = (int32_t)g;
                    visits[a].near = near_reference(s, visits[a].i, (int32_t)g, acc[g - first]);
                }
            }
        }
    }
}

/* --- screen ----------------------------------------------------------------------------------------------------------- */

/* A candidate that leaves: its lower bound is as seen from the row's group, which later looks may have raised, so it stands with
 * the panel's others, and not with its group, whose bounds only compare with their like (set_bounds). */
static void leave(const cvi_screen_state *s, cvi_screen_worker *w, int64_t at, int32_t lane, float low)
{
    float *r = &w->rest[(at * RESTS + CVI_GROUPS8) * s->panels + lane / CVI_PANEL8];
    *r = low < *r ? low : *r;
}

void cvi_screen_sift(const cvi_screen_state *s, cvi_screen_worker *w, cvi_visit *v, int64_t at)
{
    cvi_candidate *found = w->found + at * FOUND;
    int32_t left = 0;
    for (int32_t a = 0; a < v->n_found; a++) {
        if (found[a].low <= v->threshold)
            found[left++] = found[a];
        else
            leave(s, w, at, found[a].lane, found[a].low);
    }
    v->n_found = left;
}

/* The own center's half score, at most, sets the threshold: the group of its lane is where the row looks from. */
static void look_from_own(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *v)
{
    const cvi_screen_state *s = p->state;
    const cvi_row8 *row = &s->about[v->i];
    const int32_t lane = s->lane_of[v->own], l = lane % CVI_PANEL8;
    const cvi_panel8 *panel = &s->panel[lane / CVI_PANEL8];
    int32_t dot[2];
    v->from = lane / CVI_GROUP8;
    if (s->half != NULL) {
        cvi_screen_meet(p, w, v, &(cvi_candidate){.lane = lane}, 1);
        v->near = near_reference(s, v->i, v->from, v->from_dots[0]);
        return;
    }
    p->problem->kernels->dot8_two(s->quantized + v->i * s->dq, s->center8 + v->own * s->dq, s->reference8 + v->from * s->dq,
                                  s->dq, dot);
    const float dot_c = (float)(dot[0] - row->bias) * (row->scale * panel->scale[l]);
    const float dot_g = (float)(dot[1] - row->bias) * (row->scale * s->reference_scale[v->from]);
    v->near = near_reference(s, v->i, v->from, dot[1]);
    const bool nearer = v->near < row->norm;
    const float error = (nearer ? v->near : row->norm) * panel->error[l] + row->error * panel->norm[l] +
                        row->norm * panel->rounding[l] + panel->slack[l];
    v->threshold = panel->half_sqnorm[l] - dot_c - dot_g - (nearer ? panel->common[l] : 0) + error + v->slack;
}

/* Float32 copies of rows of the block, side by side. */
static void load(const cvi_screen_pass *p, cvi_screen_worker *w, const cvi_visit *const *visits, int64_t count, float *out)
{
    const cvi_rows *rows = p->problem->rows;
    const cvi_kernels *kernels = p->problem->kernels;
    const cvi_screen_state *s = p->state;
    const float *row32[CVI_TILE];
    const double *row64[CVI_TILE];
    float sqnorm[CVI_TILE];
    for (int64_t a = 0; a < count; a++) {
        const int64_t at = visits[a]->i - w->block.start;
        if (w->block.is_f32)
            row32[a] = w->block.row32[at];
        else
            row64[a] = w->block.row64[at];
    }
    if (w->block.is_f32)
        kernels->load_rows_f32(row32, count, s->d, rows->mean32, (float)s->scale, out, s->ld32, sqnorm);
    else
        kernels->load_rows_f64(row64, count, s->d, rows->mean, s->scale, out, s->ld32, sqnorm);
}

/* Half scores of the candidates into w->score, their numbers into w->list. Returns the smallest one's place. */
static int32_t measure(const cvi_screen_pass *p, cvi_screen_worker *w, const cvi_visit *v, const float *x,
                       const cvi_candidate *found)
{
    const cvi_screen_state *s = p->state;
    const int32_t count = v->n_found;
    int32_t best = 0;
    for (int32_t a = 0; a < count; a++)
        w->list[a] = s->center_of[found[a].lane];
    p->problem->kernels->half_scores(x, s->ld32, s->rows_major, s->half_sqnorm, w->list, count, w->score);
    w->distances += count;
    for (int32_t a = 1; a < count; a++)
        best = w->score[a] < w->score[best] ? a : best;
    return best;
}

/* Half scores up to here may be the smallest by the canonical score if the measured one is `score`. */
static float tie_limit(const cvi_screen_state *s, float r2, float score)
{
    return score + s->tie_r * r2 + s->tie_s * positive(2 * score + r2) + s->tie_0;
}

/* The list is full of centers that the bytes cannot tell apart: measure them, keep those that may be nearest. */
static void thin(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *v, int64_t at)
{
    const cvi_screen_state *s = p->state;
    cvi_candidate *found = w->found + at * FOUND;
    load(p, w, (const cvi_visit *const[]){v}, 1, w->lone);
    const int32_t best = measure(p, w, v, w->lone, found);
    const float limit = tie_limit(s, v->r2, w->score[best]), low = found[best].low;
    const float high = w->score[best] + score_error(s, v->r2, w->score[best]);
    int32_t left = 0;
    for (int32_t a = 0; a < v->n_found; a++) {
        if (w->score[a] <= limit) {
            found[left++] = found[a];
            continue;
        }
        const float more = less(w->score[a] - score_error(s, v->r2, w->score[a]), high);
        leave(s, w, at, found[a].lane, low + more > found[a].low ? low + more : found[a].low);
    }
    v->n_found = left;
    v->whole = left == FOUND;
}

static void remember(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *v, int64_t at, int64_t q, uint64_t mask,
                     const cvi_bounds8 *bounds)
{
    for (; mask != 0; mask &= mask - 1) {
        const int l = __builtin_ctzll(mask);
        if (v->n_found == FOUND)
            cvi_screen_sift(p->state, w, v, at);
        if (p->state->half != NULL && v->n_found >= v->full)
            cvi_screen_refine(p, w, v, at);
        if (v->n_found > FOUND * 3 / 4)
            thin(p, w, v, at);
        if (v->whole)
            return;
        w->found[at * FOUND + v->n_found++] =
            (cvi_candidate){.low = bounds->low[l], .reach = bounds->reach[l], .lane = (int32_t)(q * CVI_PANEL8 + l)};
    }
}

/* One panel against the rows that it flagged: most end at the first comparison. */
static void screen_panel(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *visits, int64_t count, int64_t q)
{
    cvi_screen_state *s = p->state;
    const cvi_kernels *kernels = p->problem->kernels;
    const cvi_panel8 *panel = &s->panel[q];
    const int8_t *rows[CVI_TILE];
    cvi_look8 look[CVI_TILE];
    float least[CVI_TILE];
    int64_t who[CVI_TILE], m = 0;
    for (int64_t a = 0; a < count; a++) {
        const cvi_visit *v = &visits[a];
        if (!w->flagged[a * s->panels + q] || v->whole)
            continue;
        rows[m] = s->quantized + v->i * s->dq;
        look[m] = (cvi_look8){.row = &s->about[v->i], .away = s->away + (v->from * s->panels + q) * CVI_GROUPS8,
                              .near = v->near, .threshold = v->threshold, .slack = v->slack};
        who[m++] = a;
    }
    if (m == 0)
        return;
    kernels->dot8_panel(rows, m, s->dq, s->bytes + q * s->dq * CVI_PANEL8, panel->groups, w->acc);
    w->distances += m * panel->centers;
    uint64_t open = kernels->open8(w->acc, m, look, panel, least);
    for (int64_t b = 0; b < m; b++)
        w->rest[(who[b] * RESTS + CVI_GROUPS8) * s->panels + q] = least[b];
    for (; open != 0; open &= open - 1) {
        const int b = __builtin_ctzll(open);
        cvi_visit *v = &visits[who[b]];
        float *rest = w->rest + who[b] * RESTS * s->panels + q;
        cvi_bounds8 bounds;
        const uint64_t mask = kernels->bounds8(w->acc + b * CVI_PANEL8, &look[b], panel, &v->threshold, &bounds);
        for (int64_t r = 0; r < RESTS; r++)
            rest[r * s->panels] = bounds.rest[r];
        remember(p, w, v, who[b], q, mask, &bounds);
    }
}

/* --- repair ----------------------------------------------------------------------------------------------------------- */

static void center_row(const cvi_screen_pass *p, cvi_screen_worker *w, int64_t i)
{
    cvi_block_center(p->problem->kernels, p->problem->rows, &w->block, i - w->block.start, 1, w->exact, p->state->ld64);
}

/* The nearest center by the canonical score of all. */
static int32_t nearest_of_all(const cvi_screen_pass *p, cvi_screen_worker *w, int64_t i)
{
    const cvi_screen_state *s = p->state;
    const cvi_kernels *kernels = p->problem->kernels;
    int32_t label = 0;
    center_row(p, w, i);
    if (s->packed) {
        kernels->canonical_rows(&s->packed64.canonical, w->exact, s->ld64, 1, &label, NULL);
        return label;
    }
    double best = INFINITY;
    for (int64_t j = 0; j < s->k; j++) {
        const double score = kernels->canonical_score(w->exact, p->centers + j * s->d, s->sqnorm[j], s->d);
        if (score < best) {
            best = score;
            label = (int32_t)j;
        }
    }
    return label;
}

/* Row v by the canonical score of all centers; its bounds say nothing. */
static int32_t decide_all(const cvi_screen_pass *p, cvi_screen_worker *w, const cvi_visit *v)
{
    cvi_screen_state *s = p->state;
    memset(s->gap + v->i * s->panels, 0, (size_t)s->panels * sizeof(float));
    s->upper[v->i] = CVI_PADDING_SCORE;
    w->repaired++;
    w->whole++;
    w->distances += s->k;
    return nearest_of_all(p, w, v->i);
}

/* Among the measured candidates of w->list, those within the limit by their canonical scores. */
static int32_t decide_ties(const cvi_screen_pass *p, cvi_screen_worker *w, const cvi_visit *v, int64_t count, float limit)
{
    const cvi_screen_state *s = p->state;
    int32_t at = -1;
    double best = INFINITY;
    center_row(p, w, v->i);
    for (int32_t a = 0; a < count; a++) {
        if (!(w->score[a] <= limit))
            continue;
        const int32_t j = w->list[a];
        const double score =
            p->problem->kernels->canonical_score(w->exact, p->centers + j * s->d, s->sqnorm[j], s->d);
        if (score < best || (score == best && j < w->list[at])) {
            best = score;
            at = a;
        }
    }
    w->repaired++;
    return at;
}

/* Which of the candidates is nearest? */
static int32_t nearest_found(const cvi_screen_pass *p, cvi_screen_worker *w, const cvi_visit *v, const cvi_candidate *found)
{
    const int32_t best = measure(p, w, v, v->x, found);
    const float limit = tie_limit(p->state, v->r2, w->score[best]);
    int32_t near = 0;
    for (int32_t a = 0; a < v->n_found; a++)
        near += w->score[a] <= limit;
    return near == 1 ? best : decide_ties(p, w, v, v->n_found, limit);
}

/* --- new bounds --------------------------------------------------------------------------------------------------------- */

/*
 * Gaps of the panels that were looked at.  `seen` is the winner's half score at most, as seen from the row's group, like
 * the rests; within the winner's own group its reach takes that place, and between measured centers what was measured.
 */
static void set_bounds(const cvi_screen_pass *p, cvi_screen_worker *w, const cvi_visit *v, int64_t at, int32_t best)
{
    cvi_screen_state *s = p->state;
    const cvi_candidate *found = w->found + at * FOUND, *winner = &found[best];
    const int64_t group = cvi_screen_group_of(winner->lane);
    const float row_error = s->about[v->i].error;
    const float reach = group == v->from && v->seen < winner->reach ? v->seen : winner->reach;
    float seen = winner->reach + 2 * row_error * s->away[v->from * s->panels * CVI_GROUPS8 + group];
    const float unseen = row_error * s->reference_norm[v->from] * CVI_UP;
    float *rest = w->rest + at * RESTS * s->panels, *gap = s->gap + v->i * s->panels;
    const uint8_t *flagged = w->flagged + at * s->panels;
    float *own = &rest[group % CVI_GROUPS8 * s->panels + group / CVI_GROUPS8];
    seen = v->seen < seen ? v->seen : seen;
    *own = *own < CVI_PADDING_SCORE ? seen + less(*own, reach) : *own;
    float high = seen + unseen + 0x1p-21f * (fabsf(seen) + unseen);
    high = v->high < high ? v->high : high;
    if (v->n_found > 1) {
        const float measured = w->score[best] + score_error(s, v->r2, w->score[best]);
        high = measured < high ? measured : high;
        for (int32_t a = 0; a < v->n_found; a++) {
            float *r = &rest[CVI_GROUPS8 * s->panels + found[a].lane / CVI_PANEL8];
            const float low = seen + less(w->score[a] - score_error(s, v->r2, w->score[a]), measured);
            if (a != best && low < *r)
                *r = low;
        }
    }
    const float upper = distance_above(high, v->r2);
    p->problem->kernels->gaps_set(rest, s->panels, flagged, s->panels, seen, upper, gap);
    if (v->own >= 0 && s->center_of[winner->lane] != v->own) {
        /* The other gaps stand: the new center is nearer, but for rounding. */
        const float tie = tie_distance(s, v->r2, s->upper[v->i]);
        for (int64_t q = 0; q < s->panels; q++)
            gap[q] = flagged[q] ? gap[q] : positive(gap[q] - tie) * CVI_DOWN;
    }
    s->upper[v->i] = upper;
}

/* The label of a row whose panels have all been screened. */
static int32_t settle(const cvi_screen_pass *p, cvi_screen_worker *w, const cvi_visit *v, int64_t at)
{
    const cvi_candidate *found = w->found + at * FOUND;
    if (v->whole || v->n_found == 0)
        return decide_all(p, w, v);
    const int32_t best = v->n_found == 1 ? 0 : nearest_found(p, w, v, found);
    set_bounds(p, w, v, at, best);
    return p->state->center_of[found[best].lane];
}

/* --- a block -------------------------------------------------------------------------------------------------------------- */

/* Float32 copies of the rows that have several candidates. */
static void load_rows(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *visits, int64_t count)
{
    const cvi_visit *wanted[CVI_TILE];
    int64_t m = 0;
    for (int64_t a = 0; a < count; a++) {
        if (visits[a].n_found < 2 || visits[a].whole)
            continue;
        visits[a].x = w->rows + m * p->state->ld32;
        wanted[m++] = &visits[a];
    }
    if (m > 0)
        load(p, w, wanted, m, w->rows);
}

static cvi_visit new_visit(int64_t i, int32_t own)
{
    return (cvi_visit){.i = i, .own = own, .threshold = CVI_PADDING_SCORE, .near = INFINITY, .high = CVI_PADDING_SCORE,
                       .seen = CVI_PADDING_SCORE, .full = CVI_SCREEN_REFINE, .met = -1};
}

/* Row i, centered and scaled, as bytes. */
static void quantize(const cvi_screen_pass *p, cvi_screen_worker *w, int64_t i, const float *x)
{
    enum { BLOCK = 64, HALF = BLOCK / 2 };
    const cvi_screen_state *s = p->state;
    const cvi_kernels *kernels = p->problem->kernels;
    int8_t *bytes = s->quantized + i * s->dq, *rest = w->bytes;
    kernels->quantize_row(x, s->d, s->dq, bytes, &s->about[i]);
    if (s->half == NULL)
        return;
    uint8_t *half = s->half + i * s->dq / 2;
    kernels->quantize_rest(x, s->d, s->dq, bytes, s->about[i].scale, CVI_HALF_LEVELS, rest, &s->left[i]);
    for (int64_t f = 0; f < s->dq; f += BLOCK)
        for (int64_t l = 0; l < HALF; l++)
            half[f / 2 + l] = (uint8_t)((rest[f + l] + 8) | (rest[f + HALF + l] + 8) << 4);
}

/* The first pass of a run: every row meets every panel. */
static int64_t begin_all(const cvi_screen_pass *p, cvi_screen_worker *w, int64_t begin, int64_t count, cvi_visit *visits)
{
    cvi_screen_state *s = p->state;
    for (int64_t a = 0; a < count; a++)
        visits[a] = new_visit(begin + a, -1);
    if (!s->quantized_yet) {
        for (int64_t a = 0; a < count; a++) { /* one by one: each is read back from the first cache */
            float *x = w->rows + a * s->ld32;
            visits[a].x = x;
            load(p, w, (const cvi_visit *const[]){&visits[a]}, 1, x);
            quantize(p, w, begin + a, x);
        }
    }
    for (int64_t a = 0; a < count; a++) {
        visits[a].r2 = s->about[begin + a].sqnorm;
        visits[a].slack = slack_of(s, visits[a].r2, visits[a].r2);
        visits[a].whole = out_of_range(visits[a].r2);
    }
    look_from_nearest(p, w, visits, count);
    memset(w->flagged, 1, (size_t)(count * s->panels));
    return count;
}

/* Later passes: rows that the row test leaves. */
static int64_t begin_tested(const cvi_screen_pass *p, cvi_screen_worker *w, int64_t begin, int64_t count, cvi_visit *visits)
{
    const cvi_screen_state *s = p->state;
    int64_t active = 0;
    for (int64_t i = begin; i < begin + count; i++) {
        cvi_visit v = new_visit(i, p->labels[i]);
        v.r2 = s->about[i].sqnorm;
        v.slack = slack_of(s, v.r2, v.r2);
        if (!row_test(p, &v, w->flagged + active * s->panels))
            continue;
        ask_ahead(s->quantized + i * s->dq, s->dq);
        if (s->half != NULL)
            ask_ahead(s->half + i * s->dq / 2, s->dq / 2);
        visits[active++] = v;
    }
    for (int64_t a = 0; a < active; a++)
        if (!visits[a].whole)
            look_from_own(p, w, &visits[a]);
    return active;
}

static void change_label(const cvi_screen_pass *p, cvi_screen_worker *w, int worker, int64_t i, int32_t label)
{
    w->changed +=
        cvi_sums_relabel(p->sums, worker, p->problem->rows, &w->block, i - w->block.start, &p->labels[i], label);
}

static void assign_block(const cvi_screen_pass *p, int worker, int64_t begin, int64_t count)
{
    cvi_screen_state *s = p->state;
    cvi_screen_worker *w = &s->workers[worker];
    cvi_visit visits[CVI_TILE];
    cvi_rows_fetch(p->problem->rows, begin, count, &w->block);
    const int64_t m = s->bounded ? begin_tested(p, w, begin, count, visits) : begin_all(p, w, begin, count, visits);
    for (int64_t a = 0; a < m * RESTS * s->panels; a++)
        w->rest[a] = CVI_PADDING_SCORE;
    for (int64_t q = 0; m > 0 && q < s->panels; q++)
        screen_panel(p, w, visits, m, q);
    for (int64_t a = 0; a < m; a++) {
        cvi_screen_sift(s, w, &visits[a], a);
        if (s->half != NULL && visits[a].n_found > 1 && !visits[a].whole)
            cvi_screen_refine(p, w, &visits[a], a);
    }
    if (s->quantized_yet)
        load_rows(p, w, visits, m);
    for (int64_t a = 0; a < m; a++)
        change_label(p, w, worker, visits[a].i, settle(p, w, &visits[a], a));
#ifndef NDEBUG
    /* Debug builds hold every label against the canonical score of all centers. */
    for (int64_t i = begin; i < begin + count; i++)
        assert(nearest_of_all(p, w, i) == p->labels[i]);
#endif
}

void cvi_screen_visit(void *context, int64_t index, int worker)
{
    const cvi_screen_pass *p = context;
    const cvi_screen_state *s = p->state;
    int64_t end = (index + 1) * s->grain;
    end = end < s->n ? end : s->n;
    for (int64_t i = index * s->grain; i < end; i += CVI_TILE)
        assign_block(p, worker, i, end - i < CVI_TILE ? end - i : CVI_TILE);
}

void cvi_screen_visit_whole(void *context, int64_t index, int worker)
{
    const cvi_screen_pass *p = context;
    const cvi_screen_state *s = p->state;
    cvi_screen_worker *w = &s->workers[worker];
    int64_t end = (index + 1) * s->grain;
    end = end < s->n ? end : s->n;
    for (int64_t i = index * s->grain; i < end; i++) {
        cvi_rows_fetch(p->problem->rows, i, 1, &w->block);
        w->distances += s->k;
        change_label(p, w, worker, i, nearest_of_all(p, w, i));
    }
}
