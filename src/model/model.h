/* A fitted model: published centers, their frame, and for a bisecting fit its tree.  Never changes once made. */
#ifndef CVI_MODEL_MODEL_H
#define CVI_MODEL_MODEL_H

#include "covey/model.h"
#include "kernels/slots.h"

#include <stdbool.h>

struct covey_model {
    covey_allocator allocator; /* allocate NULL: malloc and free */
    int64_t k, d;
    covey_dtype center_dtype;
    double *centers; /* [k][d] published */
    double *mean;    /* [d] */
    cvi_canonical canonical; /* the centers in the frame, ready for the canonical score of a few rows */
    double *counts;  /* [k] weight seen by each center of a mini-batch fit, or NULL */
    double *counts_room; /* [k] */
    int64_t since;   /* mini-batch: rows seen since the last reassignment */
    int64_t n_nodes; /* 0: no tree */
    double *node_centers; /* [n_nodes][d] published */
    int32_t *children;    /* [n_nodes][2] */
};

/* Copies everything. node_centers and children may be NULL with n_nodes 0. Counts are zero and absent until
 * cvi_model_set_counts. */
covey_status cvi_model_make(const covey_allocator *allocator, int64_t k, int64_t d, covey_dtype center_dtype,
                            const double *centers, const double *mean, int64_t n_nodes, const double *node_centers,
                            const int32_t *children, covey_model **out, covey_error *err);

/* A mini-batch model also remembers what its centers have seen. counts [k] is copied. Before the model is handed out. */
void cvi_model_set_counts(covey_model *model, const double *counts, int64_t since);

#endif
