/* The rows' side of the leading directions: a block of 64 rows at a time. */
#include "assign/head.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* A group's dense kernel takes 16 scores of 6 rows or so together; measured one by one a score costs DEAR times as much. */
enum { FEW = 3, DEAR = 3 };

static float positive(float x)
{
    return x > 0 ? x : 0;
}

/* --- what a row has measured ------------------------------------------------------------------------------------------ */

/* A measured half score: it may be the smallest, or tie with it. */
static void offer(const cvi_head_state *s, cvi_head_row *r, int32_t place, float score)
{
    if (!(score <= r->limit))
        return;
    if (score < r->best) {
        r->best = score;
        r->limit = score + (s->tie_r * r->r2 + s->tie_s * positive(2 * score + r->r2) + s->tie_0);
    }
    if (r->n_ties == CVI_HEAD_TIES) {
        r->n_ties = 0;
        for (int32_t a = 0; a < CVI_HEAD_TIES; a++)
            if (r->score[a] <= r->limit) {
                r->tie[r->n_ties] = r->tie[a];
                r->score[r->n_ties++] = r->score[a];
            }
    }
    if (r->n_ties == CVI_HEAD_TIES) {
        r->whole = true;
        return;
    }
    r->tie[r->n_ties] = place;
    r->score[r->n_ties++] = score;
}

/* Half scores of heads up to here may be those of the nearest center by the canonical score, `score` being measured. */
static float reach(const cvi_head_state *s, float r2, float score)
{
    return score + (s->near_r * r2 + s->near_s * positive(2 * score + r2) + s->near_0) + 0x1p-22f * fabsf(score);
}

static void measure(const cvi_head_pass *p, cvi_head_worker *w, cvi_head_row *r, const float *x, const int32_t *list,
                    int64_t count)
{
    const cvi_head_state *s = p->state;
    p->problem->kernels->half_scores(x, s->ld32, s->rows_major, s->half_sqnorm, list, count, w->score);
    w->distances += count;
    for (int64_t a = 0; a < count; a++)
        offer(s, r, list[a], w->score[a]);
}

/* --- labels ------------------------------------------------------------------------------------------------------------ */

/* The nearest center by the canonical score, of those that may tie or of all. */
static int32_t decide(const cvi_head_pass *p, cvi_head_worker *w, int64_t at, const int32_t *places, int64_t count)
{
    const cvi_head_state *s = p->state;
    const cvi_kernels *kernels = p->problem->kernels;
    int32_t label = -1;
    double best = INFINITY;
    cvi_block_center(kernels, p->problem->rows, &w->block, at, 1, w->exact, s->ld64);
    for (int64_t a = 0; a < count; a++) {
        const int64_t place = places != NULL ? places[a] : a;
        const int32_t j = s->center_of[place];
        const double score = kernels->canonical_score(w->exact, p->centers + j * s->d, s->sqnorm[place], s->d);
        if (label < 0 || score < best || (score == best && j < label)) {
            best = score;
            label = j;
        }
    }
    return label;
}

/* Distance to the center of the label, at most: of `ties` centers within the limit the best measured one, or any. */
static float distance_above(const cvi_head_state *s, const cvi_head_row *r, int32_t ties)
{
    const float high = ties > 1 ? 2 * r->limit - r->best : r->limit;
    const float sq = 2 * high + r->r2 * (float)(1 + 2 * s->basis.rounding) + 0x1p-20f * (fabsf(high) + r->r2);
    return sqrtf(positive(sq)) * (1 + 0x1p-20f);
}

/* The label of a row, and how far its center is, at most. */
static int32_t settle(const cvi_head_pass *p, cvi_head_worker *w, int64_t at, cvi_head_row *r, float *upper)
{
    const cvi_head_state *s = p->state;
    int32_t left = 0;
    *upper = INFINITY;
    if (r->whole) {
        w->repaired++;
        w->distances += s->k;
        return decide(p, w, at, NULL, s->k);
    }
    for (int32_t a = 0; a < r->n_ties; a++)
        if (r->score[a] <= r->limit)
            r->tie[left++] = r->tie[a];
    *upper = distance_above(s, r, left);
    if (left == 1)
        return s->center_of[r->tie[0]];
    w->repaired++;
    return decide(p, w, at, r->tie, left);
}

/* Row i, which stands at `at` in the worker's block. */
static void change_label(const cvi_head_pass *p, cvi_head_worker *w, int worker, int64_t at, int64_t i, int32_t label)
{
    w->block.start = i - at; /* the sums look up the row's weight */
    w->changed += cvi_sums_relabel(p->sums, worker, p->problem->rows, &w->block, at, &p->labels[i], label);
}

/* --- candidates --------------------------------------------------------------------------------------------------------- */

/* The rows of `which` against a whole group. */
static void measure_group(const cvi_head_pass *p, cvi_head_worker *w, cvi_head_row *rows, int64_t g, uint64_t which)
{
    const cvi_head_state *s = p->state;
    const float *row[CVI_TILE];
    int64_t at[CVI_TILE], count = 0;
    for (; which != 0; which &= which - 1) {
        at[count] = __builtin_ctzll(which);
        row[count] = w->rows + at[count] * s->ld32;
        count++;
    }
    p->problem->kernels->screen_scores(&p->full, g, row, count, w->score);
    w->distances += count * CVI_GROUP32;
    for (int64_t a = 0; a < count; a++)
        for (uint32_t mask = w->near[g][at[a]]; mask != 0; mask &= mask - 1) {
            const int l = __builtin_ctz(mask);
            offer(s, &rows[at[a]], (int32_t)(g * CVI_GROUP32 + l), w->score[a * CVI_GROUP32 + l]);
        }
}

static void list_candidates(const cvi_head_pass *p, cvi_head_worker *w, cvi_head_row *r, int64_t at, int64_t g)
{
    int32_t *list = w->list + at * CVI_HEAD_LIST;
    if (r->n_list > CVI_HEAD_LIST - CVI_GROUP32) {
        measure(p, w, r, w->rows + at * p->state->ld32, list, r->n_list);
        r->n_list = 0;
    }
    for (uint32_t mask = w->near[g][at]; mask != 0; mask &= mask - 1)
        list[r->n_list++] = (int32_t)(g * CVI_GROUP32 + __builtin_ctz(mask));
}

/* All candidates of a block. */
static void measure_candidates(const cvi_head_pass *p, cvi_head_worker *w, cvi_head_row *rows, int64_t count)
{
    const cvi_head_state *s = p->state;
    for (int64_t g = 0; g < s->groups; g++) {
        uint64_t many = 0;
        int64_t wanted = 0, n_many = 0;
        for (uint64_t open = w->open[g]; open != 0; open &= open - 1) {
            const int at = __builtin_ctzll(open), found = __builtin_popcount(w->near[g][at]);
            if (found < FEW)
                continue;
            many |= (uint64_t)1 << at;
            wanted += found;
            n_many++;
        }
        if (wanted * DEAR < (n_many + 5) / 6 * 6 * CVI_GROUP32)
            many = 0;
        if (many != 0)
            measure_group(p, w, rows, g, many);
        for (uint64_t open = w->open[g] & ~many; open != 0; open &= open - 1) {
            const int at = __builtin_ctzll(open);
            list_candidates(p, w, &rows[at], at, g);
        }
    }
    for (int64_t i = 0; i < count; i++)
        if (rows[i].n_list > 0)
            measure(p, w, &rows[i], w->rows + i * s->ld32, w->list + i * CVI_HEAD_LIST, rows[i].n_list);
}

/* --- a block ------------------------------------------------------------------------------------------------------------- */

/* Where each row looks first: its own center, or before it has one that of the nearest head. */
static void first_look(const cvi_head_pass *p, const float *const *heads, const float *r2, const int64_t *list, int64_t count,
                       int32_t *place)
{
    const cvi_head_state *s = p->state;
    bool labeled = true;
    for (int64_t i = 0; i < count; i++)
        labeled &= p->labels[list[i]] >= 0;
    if (!labeled) {
        float best[CVI_TILE];
        p->problem->kernels->screen_centers(&p->head, heads, r2, count, place, best);
        for (int64_t i = 0; i < count; i++)
            place[i] = place[i] >= 0 && place[i] < s->k ? place[i] : 0;
        return;
    }
    for (int64_t i = 0; i < count; i++)
        place[i] = s->place_of[p->labels[list[i]]];
}

/* Row x looks at the center of a place. Returns how far heads' half scores may go. */
static float look(const cvi_head_pass *p, cvi_head_worker *w, cvi_head_row *r, const float *x, float r2, int32_t place)
{
    const cvi_head_state *s = p->state;
    *r = (cvi_head_row){.r2 = r2, .best = CVI_PADDING_SCORE, .limit = CVI_PADDING_SCORE};
    r->whole = !(r2 < 1e24f);
    measure(p, w, r, x, &place, 1);
    return r->whole ? -CVI_PADDING_SCORE : reach(s, r2, r->best);
}

/* The centers that rows look at first are no candidates any more. */
static void strike_out(cvi_head_worker *w, const int32_t *place, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        uint16_t *own = &w->near[place[i] / CVI_GROUP32][i];
        *own &= (uint16_t)~(1u << place[i] % CVI_GROUP32);
        if (*own == 0)
            w->open[place[i] / CVI_GROUP32] &= ~((uint64_t)1 << i);
    }
}

static void screen_block(const cvi_head_pass *p, cvi_head_worker *w, const int64_t *list, int64_t count, cvi_head_row *rows)
{
    const cvi_head_state *s = p->state;
    _Alignas(64) float r2[CVI_TILE], limit[CVI_TILE];
    const float *x[CVI_TILE];
    float *heads[CVI_TILE];
    int32_t place[CVI_TILE];
    cvi_head_load(p->problem, s->scale, &w->block, list, count, w->rows, s->ld32, r2);
    for (int64_t i = 0; i < count; i++) {
        x[i] = w->rows + i * s->ld32;
        heads[i] = s->heads + list[i] * CVI_HEAD;
        s->r2[list[i]] = r2[i];
    }
    if (!s->projected)
        cvi_head_project(&s->basis, p->problem->kernels, x, r2, count, heads);
    first_look(p, (const float *const *)heads, r2, list, count, place);
    for (int64_t i = 0; i < count; i++) {
        limit[i] = look(p, w, &rows[i], x[i], r2[i], place[i]);
        if (s->sorted && list + count + i < s->order + s->n) /* a row of the next block: it may lie anywhere */
            cvi_row_prefetch(p->problem->rows, list[count + i]);
    }
    p->problem->kernels->screen_near(&p->head, 0, s->groups, (const float *const *)heads, count, limit, w->near, w->open);
    strike_out(w, place, count);
}

/* --- rows with bounds ---------------------------------------------------------------------------------------------------- */

/* Half scores of heads up to here may be those of the nearest center by the canonical score, the own one being no farther than upper. */
static float reach_of_bound(const cvi_head_state *s, float r2, float upper)
{
    const float sq = upper * upper;
    if (!(r2 < 1e24f))
        return -CVI_PADDING_SCORE; /* all centers decide */
    if (!(sq < 1e28f))
        return 1e-1f * CVI_PADDING_SCORE; /* all may be nearest */
    return reach(s, r2, 0.5f * (sq - r2) + (float)s->basis.rounding * r2 + 0x1p-22f * (sq + r2));
}

/* The bound of a row after the move of its center. */
static float moved_bound(const cvi_head_pass *p, int64_t row, int32_t place)
{
    const cvi_head_state *s = p->state;
    const cvi_head_move *move = &s->moves[place];
    const float upper = s->upper[row] + move->slip, size = sqrtf(s->r2[row]);
    float gain;
    p->problem->kernels->half_scores(s->heads + row * CVI_HEAD, CVI_HEAD, s->directions, s->gain, &place, 1, &gain);
    const float sq = upper * upper * (1 + 0x1p-20f) + 2 * (gain + upper * move->along + size * move->blur);
    return sqrtf(positive(sq)) * (1 + 0x1p-20f) + move->slip;
}

/* Which rows may have another center than their own: w->near and w->open tell which, their bits are returned. */
static uint64_t test_block(const cvi_head_pass *p, cvi_head_worker *w, const int64_t *list, int64_t count, int32_t *place)
{
    cvi_head_state *s = p->state;
    _Alignas(64) float limit[CVI_TILE];
    const float *heads[CVI_TILE];
    uint64_t left = 0;
    for (int64_t i = 0; i < count; i++) {
        const int64_t row = list[i];
        place[i] = s->place_of[p->labels[row]];
        heads[i] = s->heads + row * CVI_HEAD;
        s->upper[row] = moved_bound(p, row, place[i]);
        limit[i] = reach_of_bound(s, s->r2[row], s->upper[row]);
        left |= (uint64_t)!(s->r2[row] < 1e24f) << i;
    }
    p->problem->kernels->screen_near(&p->head, 0, s->groups, heads, count, limit, w->near, w->open);
    strike_out(w, place, count);
    for (int64_t g = 0; g < s->groups; g++)
        left |= w->open[g];
    return left;
}

/* Of the candidates that the bound has left to a row in group g, those within the limit. */
static uint16_t within(const cvi_head_pass *p, cvi_head_worker *w, const float *head, int64_t g, uint32_t mask, float limit)
{
    const cvi_head_state *s = p->state;
    int32_t list[CVI_GROUP32];
    int64_t count = 0;
    uint32_t in = 0;
    for (uint32_t left = mask; left != 0; left &= left - 1)
        list[count++] = (int32_t)(g * CVI_GROUP32 + __builtin_ctz(left));
    p->problem->kernels->half_scores(head, CVI_HEAD, s->points, s->half_sqnorm, list, count, w->score);
    for (int64_t a = 0; a < count; a++)
        in |= (uint32_t)(w->score[a] <= limit) << list[a] % CVI_GROUP32;
    return (uint16_t)in;
}

/* The rows that are left move up in w->near and w->open, with those candidates that their measured centers leave. */
static void sift(const cvi_head_pass *p, cvi_head_worker *w, const int64_t *list, uint64_t left, const float *limit)
{
    const cvi_head_state *s = p->state;
    for (int64_t g = 0; g < s->groups; g++) {
        uint64_t open = w->open[g];
        w->open[g] = 0;
        for (; open != 0; open &= open - 1) {
            const int i = __builtin_ctzll(open), at = __builtin_popcountll(left & (((uint64_t)1 << i) - 1));
            const uint16_t in = within(p, w, s->heads + list[at] * CVI_HEAD, g, w->near[g][i], limit[at]);
            w->near[g][at] = in;
            w->open[g] |= (uint64_t)(in != 0) << at;
        }
    }
}

/* Only rows that may change are read; they take the front of list [count]. Returns how many. */
static int64_t screen_by_bounds(const cvi_head_pass *p, cvi_head_worker *w, int64_t *list, int64_t count, cvi_head_row *rows)
{
    const cvi_head_state *s = p->state;
    _Alignas(64) float r2[CVI_TILE], limit[CVI_TILE];
    int32_t place[CVI_TILE];
    const uint64_t left = test_block(p, w, list, count, place);
    int64_t m = 0;
    for (uint64_t open = left; open != 0; open &= open - 1, m++) {
        const int i = __builtin_ctzll(open);
        list[m] = list[i];
        place[m] = place[i];
        cvi_row_prefetch(p->problem->rows, list[m]);
    }
    if (m == 0)
        return 0;
    cvi_head_load(p->problem, s->scale, &w->block, list, m, w->rows, s->ld32, r2);
    for (int64_t a = 0; a < m; a++)
        limit[a] = look(p, w, &rows[a], w->rows + a * s->ld32, r2[a], place[a]);
    sift(p, w, list, left, limit);
    return m;
}

/* --- a pass over some rows ------------------------------------------------------------------------------------------------ */

#ifndef NDEBUG
/* Debug builds hold every label against the canonical score of all centers, and every bound against the distance. */
static void check_block(const cvi_head_pass *p, cvi_head_worker *w, const int64_t *list, int64_t count)
{
    const cvi_head_state *s = p->state;
    cvi_rows_gather(p->problem->rows, list, count, &w->block);
    for (int64_t i = 0; i < count; i++) {
        const int32_t label = decide(p, w, i, NULL, s->k); /* leaves the row in w->exact */
        double sq = 0;
        assert(label == p->labels[list[i]]);
        for (int64_t f = 0; f < s->d; f++) {
            const double t = (w->exact[f] - p->centers[label * s->d + f]) * s->scale;
            sq += t * t;
        }
        assert(!(sqrt(sq) > (double)s->upper[list[i]] * (1 + 1e-9)));
    }
}
#endif

static void assign_block(const cvi_head_pass *p, int worker, int64_t start, int64_t count)
{
    cvi_head_state *s = p->state;
    cvi_head_worker *w = &s->workers[worker];
    cvi_head_row rows[CVI_TILE];
    int64_t list[CVI_TILE], m = count;
    memcpy(list, s->order + start, (size_t)count * sizeof *list);
    if (atomic_load_explicit(&p->unusable, memory_order_relaxed)) {
        cvi_rows_gather(p->problem->rows, list, count, &w->block);
        for (int64_t i = 0; i < count; i++)
            rows[i].whole = true;
    } else {
        if (p->by_bounds)
            m = screen_by_bounds(p, w, list, count, rows);
        else
            screen_block(p, w, s->order + start, count, rows);
        measure_candidates(p, w, rows, m);
    }
    for (int64_t i = 0; i < m; i++)
        change_label(p, w, worker, i, list[i], settle(p, w, i, &rows[i], &s->upper[list[i]]));
#ifndef NDEBUG
    check_block(p, w, s->order + start, count);
#endif
}

void cvi_head_visit(void *context, int64_t index, int worker)
{
    const cvi_head_pass *p = context;
    const cvi_head_state *s = p->state;
    int64_t end = (index + 1) * s->grain;
    end = end < s->n ? end : s->n;
    for (int64_t i = index * s->grain; i < end; i += CVI_TILE)
        assign_block(p, worker, i, end - i < CVI_TILE ? end - i : CVI_TILE);
}
