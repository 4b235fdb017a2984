/*
 * The second plane of the int8 screen: where one byte a value leaves several candidates, half a byte more of
 * the row and a byte more of the centers mostly leave one, without a look at the row itself.
 * docs/algorithms/screen.md has the bounds.
 */
#include "assign/screen.h"

#include <math.h>
#include <string.h>

enum { FOUND = CVI_SCREEN_FOUND, RESTS = CVI_GROUPS8 + 1 };

/* Entry `at` of what dot8_fine reads. */
static void ask(cvi_screen_worker *w, int64_t at, const uint8_t *first, const uint8_t *second)
{
    w->first[at] = first;
    w->second[at] = second;
}

/* Dot products of both planes of a row with the reference of its own group, then with the candidates, in
 * their order, each other group led by its reference.  What an earlier look has left in v is not asked for again. */
static void fine_dots(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *v, const cvi_candidate *found,
                      int32_t n_found)
{
    const cvi_screen_state *s = p->state;
    int64_t count = 0, group = v->from;
    if (!v->known)
        ask(w, count++, s->reference8 + v->from * s->dq, s->none8);
    for (int32_t a = 0; a < n_found; a++) {
        const int64_t j = s->center_of[found[a].lane];
        if (cvi_screen_group_of(found[a].lane) != group) {
            group = cvi_screen_group_of(found[a].lane);
            if (group != v->from)
                ask(w, count++, s->reference8 + group * s->dq, s->none8);
        }
        if (found[a].lane == v->met)
            continue;
        ask(w, count++, s->center8 + j * s->dq, s->fine8 + j * s->dq);
        w->distances++;
    }
    p->problem->kernels->dot8_fine(s->quantized + v->i * s->dq, s->half + v->i * s->dq / 2, s->dq, w->first,
                                   w->second, count, w->dots);
    if (!v->known)
        memcpy(v->from_dots, w->dots, sizeof v->from_dots);
    v->known = true;
    if (n_found == 1 && found[0].lane != v->met) {
        v->met = found[0].lane;
        memcpy(v->met_dots, w->dots + 4 * (count - 1), sizeof v->met_dots);
    }
}

/* Of the products that fine_dots has asked for, *at already taken, those with a lane's center. */
static const int32_t *dots_with(const cvi_screen_worker *w, const cvi_visit *v, int32_t lane, int64_t *at)
{
    return lane == v->met ? v->met_dots : w->dots + 4 * (*at)++;
}

/* The dot product of two planes with two planes, from its four parts, without the scales. */
static double join_planes(const cvi_screen_state *s, int64_t i, const int32_t *dots)
{
    const double row = 1.0 / (2 * CVI_HALF_LEVELS), center = 1.0 / (2 * CVI_BYTE_LEVELS);
    const double q = (double)s->about[i].bias, r = (double)s->left[i].bias;
    return ((double)dots[0] - q) + ((double)dots[1] - q) * center +
           (((double)dots[2] - r) + ((double)dots[3] - r) * center) * row;
}

/*
 * Half scores of the candidates as seen from the row's group by two planes, w->value [FOUND], and their
 * errors [FOUND] behind them, the canonical score's rounding included (docs/algorithms/screen.md). Returns
 * the smallest upper bound.
 */
static double fine_values(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *v, const cvi_candidate *found,
                          int32_t n_found)
{
    const cvi_screen_state *s = p->state;
    const double scale = (double)s->about[v->i].scale, left = (double)s->left[v->i].error, r2 = (double)v->r2;
    const double norm = sqrt(r2) * (1 + 0x1p-20) + left;
    double away = 0, largest = 0, best = INFINITY;
    int64_t at = v->known ? 0 : 1, group = v->from;
    fine_dots(p, w, v, found, n_found);
    double with_reference = scale * (double)s->reference_scale[group] * join_planes(s, v->i, v->from_dots);
    for (int32_t a = 0; a < n_found; a++) {
        const cvi_fine_center *c = &s->fine[s->center_of[found[a].lane]];
        if (cvi_screen_group_of(found[a].lane) != group) {
            group = cvi_screen_group_of(found[a].lane);
            const int32_t *dots = group == v->from ? v->from_dots : w->dots + 4 * at++;
            with_reference = scale * (double)s->reference_scale[group] * join_planes(s, v->i, dots);
            away = (double)s->away[v->from * s->panels * CVI_GROUPS8 + group];
        }
        const int32_t *dots = dots_with(w, v, found[a].lane, &at);
        const double with_center = scale * (double)c->scale * join_planes(s, v->i, dots);
        w->value[a] = c->half_sqnorm - with_reference - with_center;
        w->value[FOUND + a] = norm * (double)c->error + left * ((double)c->norm + away);
        largest = c->half_sqnorm > largest ? c->half_sqnorm : largest;
    }
    const double rounding = s->margin * (4 * r2 + 8 * largest + 8 * s->sq_shift) + 1e-36;
    for (int32_t a = 0; a < n_found; a++) {
        w->value[FOUND + a] = w->value[FOUND + a] * (1 + 0x1p-40) + rounding;
        const double high = w->value[a] + w->value[FOUND + a];
        best = high < best ? high : best;
    }
    return best;
}

/* x, rounded up. */
static float rounded_up(double x)
{
    return (float)(x + 0x1p-22 * fabs(x) + 1e-37);
}

/* What the second plane says of x.f, which makes its half scores comparable with those of the first. */
static double said_of_reference(const cvi_screen_state *s, const cvi_visit *v)
{
    return ((double)v->from_dots[2] - (double)s->left[v->i].bias) / (2 * CVI_HALF_LEVELS) *
           (double)s->about[v->i].scale * (double)s->reference_scale[v->from];
}

double cvi_screen_meet(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *v,
                       const cvi_candidate *found, int32_t n_found)
{
    const cvi_screen_state *s = p->state;
    const double high = fine_values(p, w, v, found, n_found), said = said_of_reference(s, v);
    const double unseen = (double)s->left[v->i].error * (double)s->reference_norm[v->from];
    const float top = rounded_up(high + unseen), seen = rounded_up(high + said);
    v->least = high;
    v->high = top < v->high ? top : v->high;
    v->seen = seen < v->seen ? seen : v->seen;
    v->threshold = seen + v->slack < v->threshold ? seen + v->slack : v->threshold;
    return said;
}

/* The likeliest winner first: others may leave before they meet the second plane. */
static void meet_likeliest(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *v, int64_t at)
{
    const cvi_candidate *found = w->found + at * FOUND;
    int32_t best = 0;
    for (int32_t a = 1; a < v->n_found; a++)
        best = found[a].low + found[a].reach < found[best].low + found[best].reach ? a : best;
    (void)cvi_screen_meet(p, w, v, &found[best], 1);
    cvi_screen_sift(p->state, w, v, at);
}

void cvi_screen_refine(const cvi_screen_pass *p, cvi_screen_worker *w, cvi_visit *v, int64_t at)
{
    cvi_candidate *found = w->found + at * FOUND;
    float *rest = w->rest + (at * RESTS + CVI_GROUPS8) * p->state->panels;
    if (v->n_found > 3 && !(v->seen < CVI_PADDING_SCORE))
        meet_likeliest(p, w, v, at);
    const double said = cvi_screen_meet(p, w, v, found, v->n_found);
    int32_t open = 0;
    for (int32_t a = 0; a < v->n_found; a++) {
        const double least = w->value[a] - w->value[FOUND + a];
        const float low = -rounded_up(-(least + said));
        cvi_candidate c = found[a];
        c.low = low > c.low ? low : c.low;
        if (least <= v->least)
            found[open++] = c;
        else if (c.low < rest[c.lane / CVI_PANEL8])
            rest[c.lane / CVI_PANEL8] = c.low;
    }
    v->n_found = open;
    v->full = open > CVI_SCREEN_REFINE / 2 ? 2 * open : CVI_SCREEN_REFINE;
}
