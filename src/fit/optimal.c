/*
 * One feature: the k clusters of the smallest inertia there is, by dynamic programming over the sorted values.
 *
 *     cost(a, b) = weighted sum of squares of values a .. b - 1 about their mean
 *     D_c(b)     = min over a of D_{c-1}(a) + cost(a, b)       the best of c clusters for the first b values
 *
 * The a that gives the minimum never falls as b rises, so a row of D is filled by divide and conquer in O(n log n)
 * (H. Wang & M. Song, "Ckmeans.1d.dp", R Journal 3/2, 2011; A. Gronlund et al., "Fast exact k-means, k-medians and
 * Bregman divergence clustering in 1D", 2017).  Instead of k n back pointers one number a value is carried along: where
 * the middle cut of its best clustering lies.  It halves the problem, and the halves are solved likewise, at twice the
 * time in all (D. S. Hirschberg, "A linear space algorithm for computing maximal common subsequences", CACM 18, 1975).
 *
 * Sums are kept in pairs of doubles, about a value of the data.  docs/algorithms/optimal.md
 */
#include "fit/fit.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>

/* --- pairs of doubles: high + low, |low| <= ulp(high) / 2
 * ---------------------------------------------------------------- */

typedef struct pair {
    double high, low;
} pair;

/* D. E. Knuth's exact sum and T. J. Dekker's exact product (Numer. Math. 18, 1971); no fused operation, so that the
 * compiler may use any instruction set. Products stay in range: |x| <= 2^511, see scaled(). */
static inline pair add_exact(double a, double b)
{
    const double sum = a + b, t = sum - a;
    return (pair){sum, (a - (sum - t)) + (b - t)};
}

static inline pair join(double high, double low)
{
    const double sum = high + low;
    return (pair){sum, low - (sum - high)};
}

static inline pair multiply_exact(double a, double b)
{
    const double split = 0x1p27 + 1, ta = split * a, tb = split * b;
    const double ah = ta - (ta - a), bh = tb - (tb - b), al = a - ah, bl = b - bh;
    const double product = a * b;
    return (pair){product, ((ah * bh - product) + ah * bl + al * bh) + al * bl};
}

static inline pair plus(pair a, pair b)
{
    const pair s = add_exact(a.high, b.high), t = add_exact(a.low, b.low);
    const pair u = join(s.high, s.low + t.high);
    return join(u.high, u.low + t.low);
}

static inline pair minus(pair a, pair b)
{
    return plus(a, (pair){-b.high, -b.low});
}

static inline pair times(pair a, pair b)
{
    const pair p = multiply_exact(a.high, b.high);
    return join(p.high, p.low + (a.high * b.low + a.low * b.high));
}

static inline pair over(pair a, pair b)
{
    const double first = a.high / b.high;
    const pair left = minus(a, times((pair){first, 0}, b));
    return join(first, left.high / b.high);
}

static inline bool less(pair a, pair b)
{
    return a.high < b.high || (a.high == b.high && a.low < b.low);
}

/* --- the problem
 * ------------------------------------------------------------------------------------------------ */

/* Sums of w, w z and w z^2 of all values before one. */
typedef struct prefix {
    pair w, s, q;
} prefix;

typedef struct dp {
    int64_t m;          /* different values of positive weight */
    double *value;      /* [m] rising, as given */
    prefix *sums;       /* [m + 1] */
    double *w, *s;      /* [m + 1] the sums rounded, and */
    double *g;          /* [m + 1] D of the row before minus q: what the screen needs */
    pair *before, *now; /* [m + 1] D of the last row and of this one */
    int32_t *cut;       /* [m + 1] the a of this row */
    int32_t *low;       /* [m + 1] the a of the row before: a lower end for this one */
    int32_t *middle, *middle_before; /* [m + 1] where the middle cut of the best clustering lies */
    int64_t *ends;      /* [k] out: cluster c ends before value ends[c] */
    double slack, light; /* of the screen */
    double pivot;        /* z = (x - pivot) * scale */
    double scale;
    double total_ss;    /* of one cluster, in squared units of x */
    cvi_job *job;
    int64_t origin;     /* first value of the sub-problem under way */
    double done, all;   /* for the progress bar: cells of D */
} dp;

/* Weighted squares of values a .. b - 1 about their mean, never below 0. */
static inline pair cost(const dp *p, int64_t a, int64_t b)
{
    const prefix *from = &p->sums[a], *to = &p->sums[b];
    const pair w = minus(to->w, from->w), s = minus(to->s, from->s), q = minus(to->q, from->q);
    const pair c = minus(q, over(times(s, s), w));
    return c.high > 0 ? c : (pair){0, 0};
}

typedef struct row {
    dp *p;
    int64_t clusters, values; /* of this row; the sub-problem's values are origin .. origin + values - 1 */
    int64_t least;            /* first b wanted */
    int64_t step;             /* b that belong to a task */
} row;

enum { ROOM = 128 };

/*
 * Most a are ruled out in plain doubles.  With u = 2^-53, W, Q the sums of all weights and squares, |z| <= 1 and the weight
 * of the values at least 2^-30 W, the computed D + q - s^2 / w is within 32 u (Q + W) of its value; slack is twice that, so
 * what lies further above the smallest one cannot be the minimum.  The others wait on a list for the pairs of doubles.
 */
typedef struct waiting {
    double *value; /* [ROOM] */
    int64_t *a, count;
    pair best;
    int64_t best_at; /* -1: none yet */
} waiting;

/* Decide among those on the list that a limit of the screen leaves, in rising order of a. */
static void decide(const dp *p, int64_t b, double limit, waiting *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        if (list->value[i] > limit)
            continue;
        const int64_t a = list->a[i];
        const pair here = plus(p->before[a], cost(p, p->origin + a, p->origin + b));
        if (list->best_at < 0 || less(here, list->best)) {
            list->best = here;
            list->best_at = a;
        }
    }
    list->count = 0;
}

static void drop_beyond(double limit, waiting *list)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < list->count; i++) {
        if (list->value[i] > limit)
            continue;
        list->value[kept] = list->value[i];
        list->a[kept++] = list->a[i];
    }
    list->count = kept;
}

/* D of this row at b, its a sought among first .. last; the smallest a of equal costs. */
static void fill_one(const row *r, int64_t b, int64_t first, int64_t last)
{
    dp *p = r->p;
    const double *w = p->w + p->origin, *s = p->s + p->origin, q = p->sums[p->origin + b].q.high;
    const int64_t to = last < b - 1 ? last : b - 1;
    int64_t from = first > r->clusters - 1 ? first : r->clusters - 1;
    from = p->low[b] > from ? p->low[b] : from;
    from = from < to ? from : to;
    double value_room[ROOM];
    int64_t a_room[ROOM];
    waiting list = {.value = value_room, .a = a_room, .best_at = -1};
    double limit = INFINITY;
    for (int64_t a = from; a <= to; a++) {
        const double weight = w[b] - w[a], sum = s[b] - s[a];
        double value = p->g[a] + (q - sum * sum / weight);
        if (value > limit && weight > p->light)
            continue;
        if (!(weight > p->light)) /* too light for the screen */
            value = -INFINITY;
        else if (value + p->slack < limit)
            limit = value + p->slack;
        if (list.count == ROOM) {
            drop_beyond(limit, &list);
            if (list.count > ROOM / 2)
                decide(p, b, limit, &list);
        }
        list.value[list.count] = value;
        list.a[list.count++] = a;
    }
    decide(p, b, limit, &list);
    p->now[b] = list.best;
    p->cut[b] = (int32_t)list.best_at;
}

/* All b = from + unit, from + 2 unit ... below to, whose a lie among first .. last: the middle one splits the rest. */
static void fill(const row *r, int64_t from, int64_t to, int64_t unit, int64_t first, int64_t last)
{
    for (int64_t count; (count = (to - from - 1) / unit) > 0;) { /* so many b */
        const int64_t b = from + (count + 1) / 2 * unit;
        fill_one(r, b, first, last);
        fill(r, from, b, unit, first, r->p->cut[b]);
        from = b;
        first = r->p->cut[b];
    }
}

static void fill_task(void *context, int64_t index, int worker)
{
    (void)worker;
    const row *r = context;
    const int64_t from = r->least - 1 + index * r->step;
    int64_t to = from + r->step;
    to = to < r->values + 1 ? to : r->values + 1;
    const int64_t first = index == 0 ? 0 : r->p->cut[from];
    const int64_t last = to <= r->values ? r->p->cut[to] : r->values;
    fill(r, from, to, 1, first, last);
}

/* Row `clusters` of D from the row before, at b = least .. values. False if stopped. */
static bool fill_row(dp *p, int64_t clusters, int64_t least, int64_t values)
{
    enum { TASKS = 64, LEAST = 1024 };
    row r = {.p = p, .clusters = clusters, .least = least, .values = values};
    const int64_t cells = values - least + 1;
    r.step = (cells + TASKS - 1) / TASKS > LEAST ? (cells + TASKS - 1) / TASKS : LEAST;
    for (int64_t a = 0; a <= values; a++)
        p->g[a] = p->before[a].high - p->sums[p->origin + a].q.high;
    fill(&r, least - 1, values + 1, r.step, 0, values); /* the borders between tasks */
    cvi_parallel(&p->job->team, (cells + r.step) / r.step, fill_task, &r);
    p->done += (double)(values - clusters);
    p->job->progress.fraction = fmin(1, p->done / p->all);
    return cvi_job_tell(p->job, 0);
}

/* The best `clusters` clusters of `values` values from origin on: their ends into ends [clusters]. False if stopped. */
static bool solve(dp *p, int64_t origin, int64_t values, int64_t clusters, int64_t *ends)
{
    if (clusters == 1) {
        ends[0] = origin + values;
        return true;
    }
    if (clusters == values) {
        for (int64_t c = 0; c < clusters; c++)
            ends[c] = origin + c + 1;
        return true;
    }
    const int64_t half = clusters / 2;
    p->origin = origin;
    for (int64_t b = 1; b <= values; b++) {
        p->before[b] = cost(p, origin, origin + b);
        p->low[b] = 0;
        p->middle_before[b] = (int32_t)b; /* of one cluster of one: its end */
    }
    for (int64_t c = 2; c <= clusters; c++) {
        if (!fill_row(p, c, c < clusters ? c : values, values))
            return false;
        /* Up to the half the middle cut is the end itself, then it is inherited. */
        for (int64_t b = c < clusters ? c : values; b <= values; b++)
            p->middle[b] = c <= half ? (int32_t)b : p->middle_before[p->cut[b]];
        pair *d = p->before;
        p->before = p->now;
        p->now = d;
        int32_t *t = p->low;
        p->low = p->cut;
        p->cut = t;
        t = p->middle_before;
        p->middle_before = p->middle;
        p->middle = t;
    }
    const int64_t middle = p->middle_before[values];
    return solve(p, origin, middle, half, ends) &&
           solve(p, origin + middle, values - middle, clusters - half, ends + half);
}

/* --- values
 * ----------------------------------------------------------------------------------------------------- */

/* A row's value and weight. */
typedef struct point {
    double x, w;
} point;

/* By value, equal ones in row order: runs of two, four, eight ... are merged. Returns where the result is; NULL if
 * stopped. */
static point *sort_points(point *x, point *spare, int64_t n, cvi_job *job)
{
    for (int64_t width = 1; width < n; width *= 2) {
        if (!cvi_job_tell(job, 0))
            return NULL;
        for (int64_t low = 0; low < n; low += 2 * width) {
            const int64_t middle = low + width < n ? low + width : n;
            const int64_t high = low + 2 * width < n ? low + 2 * width : n;
            for (int64_t a = low, b = middle, at = low; at < high; at++)
                spare[at] = a < middle && (b >= high || x[a].x <= x[b].x) ? x[a++] : x[b++];
        }
        point *t = x;
        x = spare;
        spare = t;
    }
    return x;
}

/* 2^-e for the e that brings v into [1/2, 1). */
static double unit(double v)
{
    int e;
    frexp(v, &e);
    return v > 0 ? ldexp(1, e < -1000 ? 1000 : -e) : 1;
}

/* Different values and their sums, from n sorted points. */
static void sum_points(dp *p, const point *x, int64_t n)
{
    double most = 0;
    p->pivot = x[n / 2].x;
    for (int64_t i = 0; i < n; i++)
        most = x[i].w > most ? x[i].w : most;
    p->scale = unit(fmax(p->pivot - x[0].x, x[n - 1].x - p->pivot));
    const double weigh = unit(most);
    prefix sum = {{0, 0}, {0, 0}, {0, 0}};
    p->m = 0;
    for (int64_t i = 0; i < n; i++) {
        const pair difference = add_exact(x[i].x, -p->pivot), w = {x[i].w * weigh, 0};
        const pair z = {difference.high * p->scale, difference.low * p->scale}, wz = times(w, z);
        if (i == 0 || x[i].x != x[i - 1].x) {
            p->sums[p->m] = sum;
            p->value[p->m++] = x[i].x;
        }
        sum.w = plus(sum.w, w);
        sum.s = plus(sum.s, wz);
        sum.q = plus(sum.q, times(wz, z));
    }
    p->sums[p->m] = sum;
    for (int64_t a = 0; a <= p->m; a++) {
        p->w[a] = p->sums[a].w.high;
        p->s[a] = p->sums[a].s.high;
    }
    p->origin = 0;
    p->total_ss = cost(p, 0, p->m).high / p->scale / p->scale / weigh;
    p->slack = 0x1p-47 * (sum.q.high + sum.w.high);
    p->light = 0x1p-30 * sum.w.high;
}

/* Means of the clusters; a cluster that no value is left for repeats the largest value. */
static void read_centers(const dp *p, int64_t k, bool as_float32, double *centers)
{
    int64_t from = 0;
    for (int64_t c = 0; c < k; c++) {
        const int64_t to = c < p->m ? p->ends[c] : p->m;
        if (c >= p->m || to - from == 1) {
            centers[c] = p->value[to - 1];
        } else {
            const prefix *a = &p->sums[from], *b = &p->sums[to];
            const pair z = over(minus(b->s, a->s), minus(b->w, a->w));
            centers[c] = plus((pair){p->pivot, 0}, (pair){z.high / p->scale, z.low / p->scale}).high;
        }
        from = to;
    }
    for (int64_t c = 0; as_float32 && c < k; c++)
        centers[c] = (double)(float)centers[c];
}

/* --- the fit
 * ---------------------------------------------------------------------------------------------------- */

static void take_all(dp *p, int64_t n, int64_t k, cvi_arena *arena)
{
    p->value = cvi_arena_take(arena, n, sizeof *p->value);
    p->sums = cvi_arena_take(arena, n + 1, sizeof *p->sums);
    p->w = cvi_arena_take(arena, n + 1, sizeof *p->w);
    p->s = cvi_arena_take(arena, n + 1, sizeof *p->s);
    p->g = cvi_arena_take(arena, n + 1, sizeof *p->g);
    p->before = cvi_arena_take(arena, n + 1, sizeof *p->before);
    p->now = cvi_arena_take(arena, n + 1, sizeof *p->now);
    p->cut = cvi_arena_take(arena, n + 1, sizeof *p->cut);
    p->low = cvi_arena_take(arena, n + 1, sizeof *p->low);
    p->middle = cvi_arena_take(arena, n + 1, sizeof *p->middle);
    p->middle_before = cvi_arena_take(arena, n + 1, sizeof *p->middle_before);
    p->ends = cvi_arena_take(arena, k, sizeof *p->ends);
}

/* The best centers [k] there are. */
static covey_status best_centers(const cvi_fit_call *call, dp *p, double *centers, covey_error *err)
{
    const cvi_rows rows = cvi_rows_view(call->x, call->weights, NULL, NULL);
    const int64_t k = call->request->options.n_clusters;
    point *x = (point *)(void *)p->before; /* D comes later */
    int64_t n = 0;
    for (int64_t i = 0; i < rows.n; i++) {
        point one = {.w = cvi_rows_weight(&rows, i)};
        cvi_rows_dense(&rows, i, &one.x);
        if (one.w > 0)
            x[n++] = one;
    }
    x = sort_points(x, (point *)(void *)p->now, n, call->job);
    if (x == NULL)
        return cvi_job_stopped(call->job, err);
    sum_points(p, x, n);
    p->job = call->job;
    p->all = 2 * (double)p->m * (double)k;
    if (!solve(p, 0, p->m, k < p->m ? k : p->m, p->ends))
        return cvi_job_stopped(call->job, err);
    read_centers(p, k, call->request->options.center_dtype == COVEY_DTYPE_FLOAT32, centers);
    return COVEY_OK;
}

/* The frame's origin: a center of the closest two, where scores need their bits most. No other fit's ties have to be shared
 * here, so it need not be the mean, from which an outlier may be as far as everything else. */
static double origin_of(const double *centers, int64_t k)
{
    double origin = centers[0], least = INFINITY;
    for (int64_t c = 1; c < k; c++) {
        const double gap = centers[c] - centers[c - 1];
        if (gap > 0 && gap < least) {
            least = gap;
            origin = centers[c];
        }
    }
    return origin;
}

/* The model and its labels. */
static covey_status publish(const cvi_fit_call *call, const dp *p, const double *centers, covey_error *err)
{
    const covey_fit_options *o = &call->request->options;
    const double origin = call->x->layout == COVEY_LAYOUT_CSR ? 0 : origin_of(centers, o->n_clusters);
    covey_report *report = call->report;
    covey_model *model = NULL;
    cvi_job_phase(call->job, COVEY_PHASE_FINISH);
    cvi_job_shield(call->job);
    covey_status status = cvi_model_make(call->job->run.allocator, o->n_clusters, 1, o->center_dtype, centers, &origin, 0, NULL,
                                         NULL, &model, err);
    if (status == COVEY_OK)
        status = cvi_call_publish(call, model, err);
    if (status != COVEY_OK)
        return status;
    report->n_iter = report->n_init = 1;
    report->total_ss = p->total_ss;
    snprintf(report->plan, sizeof report->plan, "optimal");
    snprintf(report->note, sizeof report->note,
             "optimal: the smallest inertia of %lld clusters, by dynamic programming over %lld values",
             (long long)o->n_clusters, (long long)p->m);
    return COVEY_OK;
}

covey_status cvi_fit_optimal(const cvi_fit_call *call, covey_error *err)
{
    const cvi_job *job = call->job;
    const int64_t n = call->x->n, k = call->request->options.n_clusters;
    dp p = {.m = 0};
    cvi_arena arena = {0};
    if (call->x->d != 1)
        return cvi_fail(err, COVEY_ERR_UNSUPPORTED, "the optimal algorithm needs one feature, but x has %lld",
                        (long long)call->x->d);
    if (n > INT32_MAX - 1)
        return cvi_fail(err, COVEY_ERR_UNSUPPORTED, "the optimal algorithm takes at most %d rows, but x has %lld",
                        INT32_MAX - 1, (long long)n);
    take_all(&p, n, k, &arena);
    call->report->bytes_planned = arena.used + (size_t)k * sizeof(double);
    if (call->measure_only)
        return COVEY_OK;
    cvi_job_phase(call->job, COVEY_PHASE_CHECK);
    covey_status status = cvi_matrix_check_values(call->x, "x", err);
    if (status == COVEY_OK && call->weights != NULL)
        status = cvi_weights_check(call->weights, n, err);
    if (status == COVEY_OK)
        status = cvi_arena_allocate(&arena, job->run.allocator, job->run.memory_limit, err);
    if (status != COVEY_OK)
        return status;
    take_all(&p, n, k, &arena);
    double *centers = cvi_allocate(job->run.allocator, (size_t)k * sizeof *centers);
    cvi_job_phase(call->job, COVEY_PHASE_SEED);
    status = centers != NULL ? best_centers(call, &p, centers, err)
                             : cvi_fail(err, COVEY_ERR_MEMORY, "no memory for %lld centers", (long long)k);
    cvi_arena_release(&arena); /* before the labels take their room, which is less */
    if (status == COVEY_OK)
        status = publish(call, &p, centers, err);
    if (centers != NULL)
        cvi_release(job->run.allocator, centers);
    return status;
}
