/* What the centers have moved since each snapshot, in the form that the rows' bounds need. */
#include "assign/row_bounds.h"

#include <math.h>
#include <string.h>

typedef struct drifting {
    cvi_bounds_state *state;
    const cvi_problem *problem;
} drifting;

static float rounded_up(double v)
{
    return (float)(v * (1 + 0x1p-22) + 0x1p-120);
}

static float rounded_down(double v)
{
    return (float)(v - fabs(v) * 0x1p-22 - 0x1p-120);
}

/*
 * A row of the table: own center o, all squared distances in the data's units.  hh, cc: between the centers of the snapshot and
 * of this pass; cross [a][b] = |h_a - c_b|^2.
 *
 *     gain_j   = (|h_o - c_j|^2 - |h_o - h_j|^2 - |h_o - c_o|^2) / 2
 *     spread_j = |m_o - m_j|,  its square being |c_o - c_j|^2 + |h_o - h_j|^2 + |h_o - c_o|^2 + |h_j - c_j|^2 - |h_o - c_j|^2 - |h_j - c_o|^2
 *
 * Each squared distance is within (d + 2) 2^-53, relative.
 */
static void drift_row(const cvi_bounds_state *s, const cvi_snapshot *snapshot, const double *cross, int64_t o, float *gain)
{
    const int64_t k = s->k, ldk = s->ldk;
    const double scale = (double)s->packed32.scale, sq_scale = scale * scale, loss = (double)(s->d + 8) * 0x1p-52;
    const double canonical = 4.04 * (double)(s->d + 4) * 0x1p-53;
    const double *hh = snapshot->apart + o * ldk, *cc = s->apart + o * ldk, own = cross[o * ldk + o];
    float *spread = gain + s->width;
    for (int64_t j = 0; j < s->width; j++) {
        gain[j] = INFINITY;
        spread[j] = 0;
        if (j == o || j >= k)
            continue;
        const double there = cross[o * ldk + j], back = cross[j * ldk + o], other = cross[j * ldk + j];
        const double size = there + hh[j] + own, norms = s->packed64.sqnorm[o] + s->packed64.sqnorm[j];
        const double g = 0.5 * (there - hh[j] - own) - loss * size - canonical * norms;
        const double m = cc[j] + hh[j] + own + other - there - back;
        const double most = (m > 0 ? m : 0) + loss * (cc[j] + hh[j] + own + other + there + back);
        gain[j] = rounded_down(g * sq_scale);
        spread[j] = rounded_up(sqrt(most) * scale);
    }
}

static void drift_task(void *context, int64_t index, int worker)
{
    const drifting *t = context;
    cvi_bounds_state *s = t->state;
    const cvi_snapshot *snapshot = &s->snapshots[index];
    double *cross = s->workers[worker].cross;
    if (snapshot->rows == 0)
        return;
    t->problem->kernels->sqdist_panels(snapshot->centers, s->d, s->k, s->d, s->packed64.panels, s->ldk / CVI_GROUP64, cross, s->ldk);
    for (int64_t o = 0; o < s->k; o++) {
        const double own = cross[o * s->ldk + o];
        drift_row(s, snapshot, cross, o, s->drift + (index * s->k + o) * 2 * s->width);
        snapshot->moved[o] = rounded_up(sqrt(own * (1 + (double)(s->d + 8) * 0x1p-52)) * (double)s->packed32.scale);
    }
}

void cvi_bounds_drift(cvi_bounds_state *s, const cvi_problem *problem, const double *centers)
{
    drifting t = {.state = s, .problem = problem};
    cvi_team team = problem->job->team;
    team.stop = NULL; /* a part of the table would spoil the bounds */
    problem->kernels->sqdist_panels(centers, s->d, s->k, s->d, s->packed64.panels, s->ldk / CVI_GROUP64, s->apart, s->ldk);
    if (s->built)
        cvi_parallel(&team, CVI_SNAPSHOTS, drift_task, &t);
}

/* A free place, or that of the snapshot that the fewest rows remember. */
void cvi_bounds_snapshot(cvi_bounds_state *s, const double *centers)
{
    int now = 0;
    for (int a = 1; a < CVI_SNAPSHOTS; a++)
        if (s->snapshots[a].rows < s->snapshots[now].rows)
            now = a;
    cvi_snapshot *snapshot = &s->snapshots[now];
    s->now = now;
    s->retiring = snapshot->rows > 0 ? now : -1;
    memcpy(snapshot->centers, centers, (size_t)(s->k * s->d) * sizeof *centers);
    memcpy(snapshot->apart, s->apart, (size_t)(s->k * s->ldk) * sizeof *s->apart);
}
