/*
 * Mini-batch k-means (D. Sculley, "Web-scale k-means clustering", WWW 2010) with scikit-learn's draws, reassignment and
 * stop.  A trainer holds what one step needs; a fit draws batches for it, a stream brings its own.
 */
#ifndef CVI_FIT_MINIBATCH_H
#define CVI_FIT_MINIBATCH_H

#include "fit/fit.h"

typedef struct cvi_trainer {
    cvi_problem problem;
    const cvi_strategy *strategy;
    void *state;
    cvi_sums sums;
    int64_t batch;      /* rows that a step can hold */
    double *centers;    /* [k][d] */
    double *next;       /* [k][d] */
    double *counts;     /* [k] weight seen */
    double *sqdist;     /* [batch] */
    double *sum;        /* [d] */
    int32_t *labels;    /* [batch] */
    int64_t *order;     /* [max(k, batch)] */
    uint8_t *low;       /* [k] */
    cvi_block *blocks;
    double **scratch;
    cvi_pass_counts pass_counts;
} cvi_trainer;

/* What a step did. */
typedef struct cvi_step {
    double inertia;     /* of the batch about the old centers, weighted */
    double sq_moved;    /* sum of squared center moves */
    int64_t reassigned;
} cvi_step;

/* rows: the view whose batches of up to `batch` rows will be stepped on. centers and counts are the caller's. */
void cvi_trainer_take(cvi_trainer *trainer, const cvi_problem *problem, const cvi_strategy *strategy, int64_t batch,
                      cvi_arena *arena);

/*
 * One step on trainer->problem.rows (n <= batch rows, their weights): nearest centers, then each center moves to the mean
 * of all it has seen: new = (old * count + S) * (1 / (count + W)), S exact over the batch.
 * reassign: clusters with counts below ratio * max are moved to random rows of the batch.
 */
bool cvi_trainer_step(cvi_trainer *trainer, bool reassign, double ratio, covey_random *random, cvi_step *out);

/* scikit-learn's test whether the coming step reassigns; *since is brought up to date. */
bool cvi_trainer_due(const cvi_trainer *trainer, int64_t batch_size, int64_t *since);

/* Rows of the sample that a start is drawn from, by scikit-learn's rule. */
int64_t cvi_minibatch_init_size(const covey_fit_options *options, int64_t n, int64_t batch);

#endif
