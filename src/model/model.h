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
    int64_t n_nodes; /* 0: no tree */
    double *node_centers; /* [n_nodes][d] published */
    int32_t *children;    /* [n_nodes][2] */
};

/* Copies everything. node_centers and children may be NULL with n_nodes 0. */
covey_status cvi_model_make(const covey_allocator *allocator, int64_t k, int64_t d, covey_dtype center_dtype,
                            const double *centers, const double *mean, int64_t n_nodes, const double *node_centers,
                            const int32_t *children, covey_model **out, covey_error *err);

#endif
