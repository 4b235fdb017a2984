/*
 * Centers for the int8 screen: grouped once a run, packed anew for every pass.  A group of up to 15 centers has a
 * reference g, their mean as far as 8 bits can say it; centers are quantized as differences from g.
 */
#include "assign/screen.h"

#include <math.h>
#include <string.h>

enum { GROUP = CVI_GROUP8, MEMBERS = CVI_SCREEN_MEMBERS };

/* --- groups -------------------------------------------------------------------------------------------------------- */

/* Eight chains of additions, which do not wait for each other. */
enum { CHAINS = 8 };

static double chains_sum(const double *sum)
{
    return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

static double product(const double *a, const double *b, int64_t d)
{
    double sum[CHAINS] = {0};
    int64_t f = 0;
    for (; f + CHAINS <= d; f += CHAINS)
        for (int l = 0; l < CHAINS; l++)
            sum[l] += a[f + l] * b[f + l];
    for (; f < d; f++)
        sum[0] += a[f] * b[f];
    return chains_sum(sum);
}

static double sqdist(const double *a, const double *b, int64_t d)
{
    double sum[CHAINS] = {0};
    int64_t f = 0;
    for (; f + CHAINS <= d; f += CHAINS)
        for (int l = 0; l < CHAINS; l++)
            sum[l] += (a[f + l] - b[f + l]) * (a[f + l] - b[f + l]);
    for (; f < d; f++)
        sum[0] += (a[f] - b[f]) * (a[f] - b[f]);
    return chains_sum(sum);
}

/* The center of order [count] that is farthest from `from`. */
static const double *farthest(const double *from, const double *centers, const int32_t *order, int64_t count, int64_t d)
{
    const double *far = from;
    double widest = -1;
    for (int64_t i = 0; i < count; i++) {
        const double *c = centers + order[i] * d;
        const double sq = sqdist(c, from, d);
        if (sq > widest) {
            widest = sq;
            far = c;
        }
    }
    return far;
}

/* Sort by key (Shell's sort: no memory, no recursion). */
static void sort_by_key(const double *key, int32_t *order, int64_t count)
{
    for (int64_t gap = count / 2; gap > 0; gap /= 2)
        for (int64_t i = gap; i < count; i++) {
            const int32_t j = order[i];
            int64_t at = i;
            for (; at >= gap && key[order[at - gap]] > key[j]; at -= gap)
                order[at] = order[at - gap];
            order[at] = j;
        }
}

/* Where to cut order [count], sorted by key: at the widest gap, if it stands out from those of evenly spread keys, or in
 * the middle, at whole panels or groups. */
static int64_t cut(const double *key, const int32_t *order, int64_t count, bool at_gaps)
{
    const int64_t unit = count > CVI_SCREEN_PANEL ? CVI_SCREEN_PANEL : MEMBERS, margin = count / 8 > 1 ? count / 8 : 1;
    const double range = key[order[count - 1]] - key[order[0]], n = (double)count;
    int64_t widest = margin;
    for (int64_t i = margin; i <= count - margin; i++)
        if (key[order[i]] - key[order[i - 1]] > key[order[widest]] - key[order[widest - 1]])
            widest = i;
    /* The widest of n random gaps is about ln(n) / n of the range. */
    if (at_gaps && key[order[widest]] - key[order[widest - 1]] > 2 * log(n) / n * range)
        return widest;
    return (count / 2 + unit - 1) / unit * unit;
}

/* Cut along the line through a wide pair until a part fits into a group. Returns false when there are too many groups. */
static bool split(cvi_screen_state *s, const double *centers, int32_t *order, int64_t count, double *key, bool at_gaps)
{
    const int64_t d = s->d;
    if (count <= MEMBERS) {
        if (s->groups == s->groups_max)
            return false;
        int32_t *group = s->center_of + s->groups++ * GROUP;
        for (int64_t m = 0; m < GROUP; m++)
            group[m] = m > 0 && m <= count ? order[m - 1] : -1;
        return true;
    }
    const double *a = farthest(centers + order[0] * d, centers, order, count, d);
    const double *b = farthest(a, centers, order, count, d);
    for (int64_t i = 0; i < count; i++) {
        const double *c = centers + order[i] * d;
        key[order[i]] = product(c, b, d) - product(c, a, d);
    }
    sort_by_key(key, order, count);
    const int64_t first = cut(key, order, count, at_gaps);
    return split(s, centers, order, first, key, at_gaps) && split(s, centers, order + first, count - first, key, at_gaps);
}

void cvi_screen_group(cvi_screen_state *s, const double *centers)
{
    double *key = s->last;       /* free until the pass packs; [k][d] holds [k] */
    int32_t *order = s->lane_of; /* borrowed */
    for (int round = 0; round < 2; round++) {
        s->groups = 0;
        for (int64_t j = 0; j < s->k; j++)
            order[j] = (int32_t)j;
        if (split(s, centers, order, s->k, key, round == 0))
            break;
    }
    s->panels = (s->groups + CVI_GROUPS8 - 1) / CVI_GROUPS8;
    for (int64_t a = 0; a < s->groups * GROUP; a++)
        if (s->center_of[a] >= 0)
            s->lane_of[s->center_of[a]] = (int32_t)a;
    for (int64_t q = 0; q < s->panels; q++) {
        const int64_t left = s->groups - q * CVI_GROUPS8;
        s->panel[q].groups = (int32_t)(left < CVI_GROUPS8 ? left : CVI_GROUPS8);
        s->panel[q].centers = 0;
        for (int64_t l = 0; l < s->panel[q].groups * GROUP; l++)
            s->panel[q].centers += s->center_of[q * CVI_PANEL8 + l] >= 0;
    }
}

/* --- packing ------------------------------------------------------------------------------------------------------- */

/* Bytes of a center [dq] into its lane, four by four. */
static void store_bytes(uint8_t *lane, int64_t stride, const uint8_t *bytes, int64_t dq)
{
    for (int64_t f = 0; f < dq; f += 4, lane += stride)
        memcpy(lane, bytes + f, 4);
}

/* Center j, in the screen's frame and units. */
static void frame_center(const cvi_screen_state *s, const double *centers, int64_t j, double *c)
{
    for (int64_t f = 0; f < s->d; f++)
        c[f] = (centers[j * s->d + f] + s->shift[f]) * s->scale;
}

/* v [d] as bytes into a lane, and into out [dq]. */
static cvi_row8 pack_lane(const cvi_screen_pass *p, cvi_screen_worker *w, int64_t lane, const double *v, uint8_t *out)
{
    const cvi_screen_state *s = p->state;
    cvi_row8 about;
    for (int64_t f = 0; f < s->d; f++)
        w->rows[f] = (float)v[f];
    p->problem->kernels->quantize_row(w->rows, s->d, s->dq, w->bytes, &about);
    for (int64_t f = 0; f < s->dq; f++)
        out[f] = (uint8_t)(w->bytes[f] + 128);
    const int64_t panel = lane / CVI_PANEL8;
    store_bytes(s->bytes + panel * s->dq * CVI_PANEL8 + 4 * (lane % CVI_PANEL8), 4 * GROUP * s->panel[panel].groups, out, s->dq);
    return about;
}

/* The second plane of center j, whose difference from its reference stands in w->rows and its bytes in w->bytes. */
static void pack_fine(const cvi_screen_pass *p, cvi_screen_worker *w, int64_t j, const cvi_row8 *about, double sq)
{
    const cvi_screen_state *s = p->state;
    int8_t *rest = w->bytes + s->dq;
    uint8_t *out = s->fine8 + j * s->dq;
    cvi_rest8 left;
    p->problem->kernels->quantize_rest(w->rows, s->d, s->dq, w->bytes, about->scale, CVI_BYTE_LEVELS, rest, &left);
    for (int64_t f = 0; f < s->dq; f++)
        out[f] = (uint8_t)(rest[f] + 128);
    s->fine[j] = (cvi_fine_center){.half_sqnorm = 0.5 * sq, .scale = about->scale, .error = left.error,
                                   .norm = (about->norm + about->error) * CVI_UP};
}

/* The mean of the centers of group g. */
static void group_mean(const cvi_screen_pass *p, cvi_screen_worker *w, int64_t g, double *mean)
{
    const cvi_screen_state *s = p->state;
    const int32_t *center = s->center_of + g * GROUP;
    int64_t count = 0;
    memset(mean, 0, (size_t)s->d * sizeof *mean);
    for (int64_t m = 1; m < GROUP && center[m] >= 0; m++, count++) {
        frame_center(s, p->centers, center[m], w->exact);
        for (int64_t f = 0; f < s->d; f++)
            mean[f] += w->exact[f];
    }
    for (int64_t f = 0; f < s->d; f++)
        mean[f] /= (double)count;
}

/* The reference of group g: the mean of its centers, as its bytes say it, into w->reference. Returns its norm. */
static double pack_reference(const cvi_screen_pass *p, cvi_screen_worker *w, int64_t g)
{
    const cvi_screen_state *s = p->state;
    cvi_panel8 *panel = &s->panel[g / CVI_GROUPS8];
    const int64_t l = g % CVI_GROUPS8 * GROUP;
    uint8_t *bytes = s->reference8 + g * s->dq;
    float *row = s->reference + g * s->ld32;
    double sq = 0;
    group_mean(p, w, g, w->reference);
    const cvi_row8 about = pack_lane(p, w, g * GROUP, w->reference, bytes);
    store_bytes(s->reference_panels + g / CVI_PANEL8 * s->dq * CVI_PANEL8 + 4 * (g % CVI_PANEL8), 4 * CVI_PANEL8, bytes, s->dq);
    for (int64_t f = 0; f < s->ld32; f++) {
        const double value = f < s->d ? (double)about.scale * (double)w->bytes[f] : 0;
        if (f < s->d)
            w->reference[f] = value;
        row[f] = (float)value;
        sq += value * value;
    }
    panel->half_sqnorm[l] = CVI_PADDING_SCORE;
    panel->scale[l] = s->reference_scale[g] = about.scale;
    panel->error[l] = panel->common[l] = panel->norm[l] = panel->rounding[l] = panel->slack[l] = 0;
    s->half_refnorm[g] = (float)(0.5 * sq);
    s->reference_norm[g] = (float)sqrt(sq) * CVI_UP;
    return sqrt(sq);
}

/* How far center j has moved since the last pass, rounded up. */
static float drift_of(const cvi_screen_state *s, const double *centers, int64_t j)
{
    const double sq = sqdist(centers + j * s->d, s->last + j * s->d, s->d);
    return (float)(sqrt(sq) * s->scale * (1 + (double)(s->d + 4) * 0x1p-52)) * CVI_UP;
}

/* Center j into its lane. reference: norm of its group's reference, whose values stand in w->reference. */
static void pack_center(cvi_screen_pass *p, cvi_screen_worker *w, int64_t j, double reference)
{
    const cvi_screen_state *s = p->state;
    const int64_t lane = s->lane_of[j], l = lane % CVI_PANEL8;
    cvi_panel8 *panel = &s->panel[lane / CVI_PANEL8];
    float *row = s->rows_major + j * s->ld32;
    s->drift[j] = s->bounded ? drift_of(s, p->centers, j) : 0;
    frame_center(s, p->centers, j, w->exact);
    const double sq = product(w->exact, w->exact, s->d);
    for (int64_t f = 0; f < s->d; f++) {
        row[f] = (float)w->exact[f];
        w->exact[f] -= w->reference[f];
    }
    for (int64_t f = s->d; f < s->ld32; f++)
        row[f] = 0;
    const cvi_row8 about = pack_lane(p, w, lane, w->exact, s->center8 + j * s->dq);
    const double norm = (double)about.norm + (double)about.error, error = (double)about.error;
    for (int64_t f = 0; f < s->d; f++) /* what the bytes leave of the difference */
        w->exact[f] -= (double)about.scale * (double)w->bytes[f];
    const double common = product(w->reference, w->exact, s->d);
    if (s->half != NULL)
        pack_fine(p, w, j, &about, sq);
    /* 32 units of float32 roundoff cover the screen's few operations on the score. */
    panel->half_sqnorm[l] = s->half_sqnorm[j] = (float)(0.5 * sq);
    panel->common[l] = (float)common;
    panel->scale[l] = about.scale;
    panel->error[l] = (float)(error * 1.0001);
    panel->rounding[l] = (float)(32 * 0x1p-24 * (norm + error + reference) * 1.0001);
    panel->norm[l] = (float)(norm * 1.0001);
    panel->slack[l] = (float)(32 * 0x1p-24 * (0.5 * sq + fabs(common)) + 1e-36);
    s->sqnorm[j] = p->problem->kernels->canonical_sqnorm(p->centers + j * s->d, s->d);
    memcpy(s->last + j * s->d, p->centers + j * s->d, (size_t)s->d * sizeof(double));
    if (!(sq < 1e24))
        atomic_store_explicit(&p->unusable, true, memory_order_relaxed);
}

static void pad_lane(const cvi_screen_state *s, int64_t lane)
{
    cvi_panel8 *panel = &s->panel[lane / CVI_PANEL8];
    const int64_t l = lane % CVI_PANEL8, lanes = panel->groups * GROUP;
    uint8_t *out = s->bytes + lane / CVI_PANEL8 * s->dq * CVI_PANEL8 + 4 * l;
    for (int64_t f = 0; f < s->dq; f += 4, out += 4 * lanes)
        memset(out, 128, 4);
    panel->half_sqnorm[l] = CVI_PADDING_SCORE;
    panel->scale[l] = panel->error[l] = panel->common[l] = panel->norm[l] = panel->rounding[l] = panel->slack[l] = 0;
}

static void group_task(void *context, int64_t g, int worker)
{
    cvi_screen_pass *p = context;
    const cvi_screen_state *s = p->state;
    cvi_screen_worker *w = &s->workers[worker];
    const double reference = pack_reference(p, w, g);
    for (int64_t lane = g * GROUP + 1; lane < (g + 1) * GROUP; lane++) {
        const int32_t j = s->center_of[lane];
        if (j < 0) {
            pad_lane(s, lane);
            continue;
        }
        pack_center(p, w, j, reference);
    }
}

/* How far the references are from that of group g: as half scores, widened by their error. */
static void away_task(void *context, int64_t g, int worker)
{
    const cvi_screen_pass *p = context;
    const cvi_screen_state *s = p->state;
    const float r2 = 2 * s->half_refnorm[g];
    float *away = s->away + g * s->panels * CVI_GROUPS8;
    int32_t *list = s->workers[worker].list;
    for (int64_t first = 0; first < s->groups; first += CVI_SCREEN_FOUND) {
        const int64_t left = s->groups - first, count = left < CVI_SCREEN_FOUND ? left : CVI_SCREEN_FOUND;
        for (int64_t a = 0; a < count; a++)
            list[a] = (int32_t)(first + a);
        p->problem->kernels->half_scores(s->reference + g * s->ld32, s->ld32, s->reference, s->half_refnorm, list, count,
                                         away + first);
        for (int64_t a = first; a < first + count; a++) {
            const float reach = 2 * (away[a] > -0.5f * r2 ? away[a] : -0.5f * r2) + r2; /* squared distance */
            const float error = 2 * (s->error_r * r2 + s->error_s * reach) + 0x1p-20f * r2 + 1e-36f;
            away[a] = a == g ? 0 : sqrtf(reach + error) * CVI_UP;
        }
    }
}

/* Constants of docs/numerics.md, without the index bits, and for half_scores: 16 lanes with a sixteenth of the features
 * each, added by halves, so an error of d / 16 + 5 units where a plain chain has d; 3 more for inputs and the last step. */
static void set_thresholds(cvi_screen_state *s)
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

static void set_frame(cvi_screen_state *s, const cvi_problem *problem)
{
    const cvi_rows *rows = problem->rows;
    const bool shifted = rows->kind == CVI_ROWS_F32;
    s->scale = cvi_screen_scale(problem->frame);
    s->sq_shift = 0;
    for (int64_t f = 0; f < s->d; f++) {
        s->shift[f] = shifted ? rows->mean[f] - (double)rows->mean32[f] : 0;
        s->sq_shift += s->shift[f] * s->scale * s->shift[f] * s->scale;
    }
}

void cvi_screen_pack(cvi_screen_pass *p)
{
    cvi_screen_state *s = p->state;
    set_frame(s, p->problem);
    set_thresholds(s);
    if (!s->bounded)
        cvi_screen_group(s, p->centers);
    if (s->half != NULL)
        memset(s->none8, 128, (size_t)s->dq);
    cvi_team team = p->problem->job->team;
    team.stop = NULL; /* half-packed centers are of no use */
    cvi_parallel(&team, s->groups, group_task, p);
    cvi_parallel(&team, s->groups, away_task, p);
    for (int64_t q = 0; q < s->panels; q++) {
        s->panel_drift[q] = 0;
        for (int64_t l = 0; l < s->panel[q].groups * GROUP; l++) {
            const int32_t j = s->center_of[q * CVI_PANEL8 + l];
            if (j >= 0 && s->drift[j] > s->panel_drift[q])
                s->panel_drift[q] = s->drift[j];
        }
    }
    /* All centers together are scored rarely, mostly never. */
    s->packed = atomic_load(&p->unusable) || s->whole > 0;
    if (s->packed)
        cvi_packed64_fill(&s->packed64, p->problem->kernels, p->centers, s->k, s->d);
}
