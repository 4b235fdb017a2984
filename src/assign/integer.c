#include "assign/integer.h"

#include <math.h>
#include <string.h>

/*
 * Up to WORDS_MAX values of all centers whole numbers are words: few rows are left open.  Beyond it bytes are faster by more
 * than what their open rows cost.  Sums of products of words stay within PRODUCTS.
 */
enum { WORDS_MAX = 8192, MOST_D = 4096, PRODUCTS = 1 << 28, BYTE_TOP = 127, WORD_TOP = 4096 };

/* Pairs of an open row and a candidate that a tile may have before all centers are scored. */
enum { PAIRS = 8 * CVI_TILE };

/* Share of a float32 pass, in 1/1024, that measuring candidates may cost; a look again every so many blocks. */
enum { DEAR = 512, LOOK_AGAIN = 16 };

/* A tile that was looked at. */
typedef struct look {
    bool known;
    uint64_t open;
    int64_t n_pairs;
    int32_t label[CVI_TILE], pairs[PAIRS + 2];
} look;

typedef struct worker {
    int32_t *scores; /* [8 groups][64] */
    float *rows;     /* [64][ld] */
    look *looks;     /* [CVI_INTEGER_AHEAD] */
    int64_t cost;    /* lately, in 1/1024 of a float32 pass */
    int64_t blocks;
} worker;

struct cvi_integer_state {
    int64_t d, k, steps, groups, ld;
    bool words, usable;
    float top;
    int32_t *rows;       /* [tiles][steps][64] */
    float *error, *norm; /* [tiles][64] */
    uint8_t *loaded;     /* [tiles] is it there? */
    float *origin, *step, *inverse; /* [d] */
    float origin_norm;
    double sq_radius;    /* no row is longer, seen from the screens' origin, unless a number of its was cut */
    double *shifted;     /* [d] m - mean32, scaled: what float32 screens add to centers; zeros for float64 rows */
    double *middle;      /* [d] of the centers */
    int32_t *centers;    /* [groups][steps][8] */
    int32_t *start;      /* [8 groups] */
    float *rows32;       /* [k][ld] centers in float32 */
    const cvi_packed32 *packed;
    cvi_integer integer;
    worker *workers;
};

static bool by_words(const cvi_problem *problem)
{
    return problem->rows->d * problem->k <= WORDS_MAX;
}

static int64_t steps_of(const cvi_problem *problem)
{
    return by_words(problem) ? (problem->rows->d + 1) / 2 : (problem->rows->d + 3) / 4;
}

static double row_bytes(const cvi_problem *problem)
{
    return (double)steps_of(problem) * (double)sizeof(int32_t) + 2 * sizeof(float) + 1;
}

bool cvi_integer_suits(const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    return rows->kind != CVI_ROWS_CSR && rows->d <= MOST_D && problem->passes > 1 &&
           row_bytes(problem) * (double)(rows->n + CVI_TILE) <= (double)cvi_rows_budget(rows, &problem->job->run);
}

bool cvi_integer_pays(const cvi_problem *problem)
{
    return problem->kernels->has_integer && problem->even; /* asked of fits that are large enough alone: cvi_plan_asks_even */
}

cvi_integer_state *cvi_integer_take(const cvi_problem *problem, int threads, cvi_arena *arena)
{
    const int64_t d = problem->rows->d, k = problem->k, tiles = (problem->rows->n + CVI_TILE - 1) / CVI_TILE;
    cvi_integer_state *state = cvi_arena_take(arena, 1, sizeof *state);
    cvi_integer_state s = {.d = d, .k = k, .steps = steps_of(problem), .words = by_words(problem), .ld = (d + 15) / 16 * 16,
                           .groups = (k + CVI_INTEGER_GROUP - 1) / CVI_INTEGER_GROUP};
    const double top = floor(sqrt((double)PRODUCTS / (double)d));
    s.top = !s.words ? BYTE_TOP : top < WORD_TOP ? (float)top : WORD_TOP;
    s.rows = cvi_arena_take(arena, tiles * s.steps, CVI_TILE * sizeof *s.rows);
    s.error = cvi_arena_take(arena, tiles, CVI_TILE * sizeof *s.error);
    s.norm = cvi_arena_take(arena, tiles, CVI_TILE * sizeof *s.norm);
    s.loaded = cvi_arena_take(arena, tiles, 1);
    if (s.loaded != NULL)
        memset(s.loaded, 0, (size_t)tiles);
    s.origin = cvi_arena_take(arena, d, sizeof *s.origin);
    s.step = cvi_arena_take(arena, d, sizeof *s.step);
    s.inverse = cvi_arena_take(arena, d, sizeof *s.inverse);
    s.shifted = cvi_arena_take(arena, d, sizeof *s.shifted);
    s.middle = cvi_arena_take(arena, d, sizeof *s.middle);
    s.centers = cvi_arena_take(arena, s.groups * s.steps, CVI_INTEGER_GROUP * sizeof *s.centers);
    s.start = cvi_arena_take(arena, s.groups, CVI_INTEGER_GROUP * sizeof *s.start);
    s.rows32 = cvi_arena_take(arena, k, (size_t)s.ld * sizeof *s.rows32);
    s.workers = cvi_arena_take(arena, threads, sizeof *s.workers);
    for (int t = 0; t < threads; t++) {
        worker w = {0};
        w.scores = cvi_arena_take(arena, s.groups * CVI_INTEGER_GROUP, CVI_TILE * sizeof *w.scores);
        w.rows = cvi_arena_take(arena, s.ld, CVI_TILE * sizeof *w.rows);
        w.looks = cvi_arena_take(arena, CVI_INTEGER_AHEAD, sizeof *w.looks);
        if (s.workers != NULL)
            s.workers[t] = w;
    }
    if (state != NULL)
        *state = s;
    return state;
}

/* --- rows --------------------------------------------------------------------------------------------------------------- */

/* Steps for the range of each feature, as the float32 screens see it: (x - m) * scale. */
static void set_steps(cvi_integer_state *s, const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    const cvi_frame *frame = problem->frame;
    const double scale = cvi_screen_scale(frame), up = 1 + 0x1p-20;
    const bool narrow = rows->kind == CVI_ROWS_F32;
    double sq_origin = 0;
    s->sq_radius = 0;
    for (int64_t f = 0; f < s->d; f++) {
        const double mean = rows->mean == NULL ? 0 : narrow ? (double)rows->mean32[f] : rows->mean[f];
        const double low = (frame->low[f] - mean) * scale, high = (frame->high[f] - mean) * scale;
        const double half = (high - low) / 2 * up + fmax(fabs(low), fabs(high)) * 0x1p-20;
        s->shifted[f] = narrow && rows->mean != NULL ? (rows->mean[f] - mean) * scale : 0;
        s->origin[f] = (float)((low + high) / 2);
        s->step[f] = (float)(half / (double)s->top);
        s->inverse[f] = s->step[f] > 1e-30f ? 1 / s->step[f] : 0;
        if (!(s->step[f] > 1e-30f))
            s->step[f] = 0;
        const double far = fabs((double)s->origin[f]) + half + (double)s->step[f];
        sq_origin += (double)s->origin[f] * (double)s->origin[f];
        s->sq_radius += far * far;
    }
    s->origin_norm = (float)(sqrt(sq_origin) * up);
}

void cvi_integer_start(cvi_integer_state *s, const cvi_problem *problem)
{
    if (s->sq_radius == 0)
        set_steps(s, problem);
    for (int t = 0; t < problem->job->team.threads; t++)
        s->workers[t].cost = s->workers[t].blocks = 0;
}

bool cvi_integer_loaded(const cvi_integer_state *s, int64_t tile)
{
    return s->loaded[tile] != 0;
}

void cvi_integer_load(cvi_integer_state *s, const cvi_problem *problem, int64_t tile, const float *points, const float *sqnorm)
{
    const cvi_integer_steps steps = {.origin = s->origin, .step = s->step, .inverse = s->inverse, .origin_norm = s->origin_norm,
                                     .top = s->top, .d = s->d, .steps = s->steps, .words = s->words};
    problem->kernels->integer_rows(&steps, points, sqnorm, s->rows + tile * s->steps * CVI_TILE, s->error + tile * CVI_TILE,
                                   s->norm + tile * CVI_TILE);
    s->loaded[tile] = 1;
}

/* --- centers ------------------------------------------------------------------------------------------------------------ */

/* What is the same for all centers of a pass. */
typedef struct measure {
    double scale, unit; /* of the screens; of a center's numbers */
    double farthest;    /* |c - middle| */
    double worst;       /* |what a center's numbers leave| */
    double sq_farthest; /* |c|^2 */
} measure;

static double center_value(const cvi_integer_state *s, const double *center, int64_t f, double scale)
{
    return center[f] * scale + s->shifted[f];
}

/* The middle of the centers, and the unit that brings their largest difference from it to top. */
static void set_middle(cvi_integer_state *s, const double *centers, measure *m)
{
    const int64_t d = s->d, k = s->k;
    double largest = 0;
    memset(s->middle, 0, (size_t)d * sizeof *s->middle);
    for (int64_t j = 0; j < k; j++)
        for (int64_t f = 0; f < d; f++)
            s->middle[f] += center_value(s, centers + j * d, f, m->scale);
    for (int64_t f = 0; f < d; f++)
        s->middle[f] /= (double)k;
    for (int64_t j = 0; j < k; j++)
        for (int64_t f = 0; f < d; f++) {
            const double v = fabs(center_value(s, centers + j * d, f, m->scale) - s->middle[f]) * (double)s->step[f];
            largest = v > largest ? v : largest;
        }
    m->unit = largest / (double)s->top;
}

/* A center's numbers, negated, and what its scores begin with.  False: out of range. */
static bool pack_center(cvi_integer_state *s, const double *center, int64_t j, measure *m)
{
    const int per_lane = s->words ? 2 : 4;
    int32_t *out = s->centers + j / CVI_INTEGER_GROUP * s->steps * CVI_INTEGER_GROUP + j % CVI_INTEGER_GROUP;
    double begin = 0, sq = 0, sq_left = 0, sq_center = 0;
    int64_t sum = 0;
    for (int64_t f = 0; f < s->d; f++) {
        const double c = center_value(s, center, f, m->scale), b = c - s->middle[f], v = b * (double)s->step[f];
        const double number = rint(v / m->unit), left = v - number * m->unit;
        const uint32_t bits = (uint32_t)(int32_t)-number & (s->words ? 0xffffu : 0xffu);
        begin += b * ((c + s->middle[f]) / 2 - (double)s->origin[f]);
        sq += b * b;
        sq_left += left * left;
        sq_center += c * c;
        sum += (int64_t)number;
        out[f / per_lane * CVI_INTEGER_GROUP] |= (int32_t)(bits << (f % per_lane * (32 / per_lane)));
    }
    m->farthest = fmax(m->farthest, sqrt(sq));
    m->worst = fmax(m->worst, sqrt(sq_left));
    m->sq_farthest = fmax(m->sq_farthest, sq_center);
    const double start = rint(begin / m->unit) + (s->words ? 0 : 128 * (double)sum);
    if (!(fabs(start) < 0x1p28))
        return false;
    s->start[j] = (int32_t)start;
    return true;
}

/* How far canonical half scores may be from true ones, twice: pack.c's bound at the longest row and center. */
static double canonical_slack(const cvi_integer_state *s, const measure *m)
{
    return 8 * (double)(s->d + 4) * 0x1p-53 * (8 * s->sq_radius + 5 * m->sq_farthest + s->packed->sq_shift);
}

void cvi_integer_pack(cvi_integer_state *s, const double *centers, const cvi_packed32 *packed)
{
    const int64_t lanes = s->groups * CVI_INTEGER_GROUP;
    measure m = {.scale = (double)packed->scale};
    s->packed = packed;
    set_middle(s, centers, &m);
    s->usable = packed->usable && s->sq_radius < 1e24 && m.unit > 1e-200 && m.unit < 1e200;
    memset(s->centers, 0, (size_t)(lanes * s->steps) * sizeof *s->centers);
    for (int64_t j = 0; j < lanes; j++)
        s->start[j] = CVI_INTEGER_PADDING;
    for (int64_t j = 0; j < s->k && s->usable; j++)
        if (packed->half_sqnorm[j] < CVI_PADDING_SCORE) /* else it repeats an earlier one */
            s->usable = pack_center(s, centers + j * s->d, j, &m);
    if (!s->usable)
        return;
    cvi_packed32_rows(packed, s->k, s->d, s->rows32, s->ld);
    /* Two scores lose half a unit each where they begin; the places take up to 15 from one and add up to 15 to the other; two more
     * for the roundings of float64 here. The last factor is that of the kernel's float32. */
    const double widen = (1 + 0x1p-18) / m.unit;
    s->integer = (cvi_integer){.centers = s->centers,
                               .start = s->start,
                               .steps = s->steps,
                               .groups = s->groups,
                               .words = s->words,
                               .per_error = (float)(2 * m.farthest * widen),
                               .per_norm = (float)(2 * m.worst * widen),
                               .slack = (float)((33 + canonical_slack(s, &m) / m.unit) * (1 + 0x1p-18))};
}

/* --- a block ------------------------------------------------------------------------------------------------------------ */

bool cvi_integer_worth(cvi_integer_state *s, int worker_index)
{
    worker *w = &s->workers[worker_index];
    return s->usable && (w->cost < DEAR || w->blocks++ % LOOK_AGAIN == 0);
}

/* What lately was left to float32, against a pass of it; in cycles, about: of an open row, one of its candidates, any row. */
static void weigh(const cvi_integer_state *s, worker *w, const look *l, int64_t count)
{
    const double pass = (double)(s->k * (s->d + 2)) / 32 * (double)count;
    const double left = 40 * (double)__builtin_popcountll(l->open) + (double)l->n_pairs * (12 + (double)s->ld / 8);
    w->cost += ((int64_t)(1024 * fmin(left / pass, 4)) - w->cost) / 4;
}

void cvi_integer_skip(cvi_integer_state *s, int worker_index, int place)
{
    s->workers[worker_index].looks[place].known = false;
}

/* Rows that are about to leave their cluster: sums will read them. */
static uint64_t moving(const int32_t *label, const int32_t *before, int64_t count)
{
    uint64_t which = 0;
    for (int64_t i = 0; i < count; i++)
        which |= (uint64_t)(label[i] != before[i]) << i;
    return which;
}

void cvi_integer_screen(cvi_integer_state *s, const cvi_problem *problem, int64_t tile, int64_t count, const int32_t *labels,
                        int worker_index, int place)
{
    worker *w = &s->workers[worker_index];
    look *l = &w->looks[place];
    int32_t limit[CVI_TILE];
    l->open = problem->kernels->integer_screen(&s->integer, s->rows + tile * s->steps * CVI_TILE, s->error + tile * CVI_TILE,
                                               s->norm + tile * CVI_TILE, w->scores, l->label, limit);
    if (count < CVI_TILE)
        l->open &= ((uint64_t)1 << count) - 1;
    for (uint64_t m = l->open | moving(l->label, labels, count); m != 0; m &= m - 1)
        cvi_row_prefetch(problem->rows, tile * CVI_TILE + __builtin_ctzll(m));
    l->n_pairs = l->open == 0 ? 0 : problem->kernels->integer_pairs(w->scores, limit, l->open, s->groups, PAIRS, l->pairs);
    l->known = l->n_pairs <= PAIRS;
    weigh(s, w, l, count);
}

bool cvi_integer_reads(const cvi_integer_state *s, int worker_index, int place)
{
    const look *l = &s->workers[worker_index].looks[place];
    return !l->known || l->open != 0;
}

/* The two smallest scores of every open row, and the center of the smallest. */
typedef struct nearest {
    float first[CVI_TILE], second[CVI_TILE];
    int32_t label[CVI_TILE];
} nearest;

static void take_pairs(nearest *n, const int32_t *pairs, const float *score, int64_t count)
{
    for (int64_t p = 0; p < count; p++) {
        const int32_t r = pairs[p] % CVI_TILE;
        const float v = score[p], first = n->first[r], second = n->second[r], loser = v < first ? first : v;
        const int32_t less = -(int32_t)(v < first), label = n->label[r]; /* a branch could not be foreseen */
        n->second[r] = loser < second ? loser : second;
        n->label[r] = label ^ ((label ^ pairs[p] / CVI_TILE) & less);
        n->first[r] = v < first ? v : first;
    }
}

/* Is the second center too near for float32 to part them, or the row out of its range?  NaN: yes. */
static bool near_tie(const cvi_screen *screen, float first, float second, float sqnorm)
{
    const float spread = 2 * first + sqnorm > 0 ? 2 * first + sqnorm : 0;
    return !(sqnorm < 1e24f) || !(second - first > screen->tie_r * sqnorm + screen->tie_s * spread + screen->tie_0);
}

bool cvi_integer_settle(cvi_integer_state *s, const cvi_problem *problem, const cvi_block *block, int worker_index, int place,
                        int32_t *label, uint64_t *open)
{
    worker *w = &s->workers[worker_index];
    const look *l = &w->looks[place];
    nearest n;
    float sqnorm[CVI_TILE], score[PAIRS];
    *open = 0;
    if (!l->known)
        return false;
    memcpy(label, l->label, sizeof l->label);
    if (l->open == 0)
        return true;
    cvi_block_some32(problem->kernels, problem->rows, block, l->open, s->packed->scale, w->rows, s->ld, sqnorm);
    problem->kernels->pair_scores(w->rows, s->rows32, s->ld, s->packed->half_sqnorm, l->pairs, l->n_pairs, score);
    for (int r = 0; r < CVI_TILE; r++) {
        n.first[r] = n.second[r] = INFINITY;
        n.label[r] = 0;
    }
    take_pairs(&n, l->pairs, score, l->n_pairs);
    int r = 0;
    for (uint64_t m = l->open; m != 0; m &= m - 1, r++) {
        const int i = __builtin_ctzll(m);
        label[i] = n.label[r];
        *open |= (uint64_t)near_tie(&s->packed->screen, n.first[r], n.second[r], sqnorm[r]) << i;
    }
    return true;
}
