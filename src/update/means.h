/*
 * The second half of an iteration: centers become the means of their rows.
 */
#ifndef CVI_UPDATE_MEANS_H
#define CVI_UPDATE_MEANS_H

#include "update/sums.h"

/* Room for the update step. */
typedef struct cvi_means {
    cvi_sums *sums;
    double *mass;        /* [k] */
    double *sqdist;      /* [n] distances for relocation; shared with the seeding */
    int64_t *empty;      /* [k] clusters without mass */
    int64_t *farthest;   /* [k] rows that refill them */
    uint64_t *q;         /* [levels][d] one accumulator */
    double *published;   /* [k][d] centers in the data's coordinates */
    cvi_block *blocks;   /* one a worker */
    double **scratch;    /* one [8][d] a worker */
    int64_t n_relocations;
} cvi_means;

void cvi_means_take(cvi_means *means, cvi_sums *sums, const cvi_rows *rows, int64_t k, int threads, cvi_arena *arena);

/*
 * centers [k][d] (in the frame) become the means of the settled sums; clusters without mass are refilled with the rows
 * farthest from their centers (scikit-learn's rule, highest row first on equal distances), or take the heaviest
 * cluster's place where no row is away from its center.
 * before: the centers that the labels were assigned with, and after the first update of these sums what the last one
 * returned: a cluster whose rows stay keeps its mean. labels [n].
 */
void cvi_means_update(cvi_means *means, const cvi_rows *rows, const double *before, const int32_t *labels, double *centers,
                      cvi_job *job);

/* Sum over clusters of the squared move; sqrt and square of each as scikit-learn rounds them. scratch [k]. */
double cvi_means_shift(const double *before, const double *after, int64_t k, int64_t d, double *scratch);

/* published = centers + mean, rounded to float32 where asked. */
void cvi_centers_publish(const double *centers, const double *mean, int64_t k, int64_t d, bool as_float32, double *published);

#endif
