#include "model/model.h"

#include "base/memory.h"
#include "kernels/dispatch.h"

#include <math.h>
#include <string.h>

/* Centers in the frame, for the canonical kernel. Exact kernels give the same bits on every instruction set, so any table
 * will do. row [d] is scratch. */
static void pack(covey_model *model, double *panels, double *sqnorm, int64_t groups, double *row)
{
    const cvi_kernels *kernels = cvi_kernels_pick(NULL);
    const int64_t k = model->k, d = model->d;
    for (int64_t j = 0; j < groups * CVI_GROUP64; j++) {
        double *lane = panels + j / CVI_GROUP64 * d * CVI_GROUP64 + j % CVI_GROUP64;
        for (int64_t f = 0; f < d; f++) {
            row[f] = j < k ? model->centers[j * d + f] - model->mean[f] : 0;
            lane[f * CVI_GROUP64] = row[f];
        }
        sqnorm[j] = j < k ? kernels->canonical_sqnorm(row, d) : INFINITY;
    }
    model->canonical = (cvi_canonical){.centers = panels, .sqnorm = sqnorm, .d = d, .k = k, .groups = groups};
}

covey_status cvi_model_make(const covey_allocator *allocator, int64_t k, int64_t d, covey_dtype center_dtype,
                            const double *centers, const double *mean, int64_t n_nodes, const double *node_centers,
                            const int32_t *children, covey_model **out, covey_error *err)
{
    const int64_t groups = (k + CVI_GROUP64 - 1) / CVI_GROUP64;
    size_t center_bytes, node_bytes, panel_bytes, total = sizeof(covey_model);
    cvi_mul_size((size_t)(d + 1) * CVI_GROUP64 * sizeof(double), (size_t)groups, &panel_bytes);
    cvi_mul_size((size_t)d * sizeof(double), (size_t)k, &center_bytes);
    cvi_mul_size((size_t)d * sizeof(double), (size_t)n_nodes, &node_bytes);
    const size_t child_bytes = (size_t)n_nodes * 2 * sizeof(int32_t), mean_bytes = (size_t)d * sizeof(double);
    if (!cvi_add_size(total, center_bytes, &total) || !cvi_add_size(total, node_bytes, &total) ||
        !cvi_add_size(total, panel_bytes, &total) || !cvi_add_size(total, child_bytes + 2 * mean_bytes + (size_t)k * sizeof(double) + 64, &total))
        return cvi_fail(err, COVEY_ERR_MEMORY, "a model of %lld centers with %lld features passes the address space", (long long)k,
                        (long long)d);
    covey_model *model = cvi_allocate(allocator, total);
    if (model == NULL)
        return cvi_fail(err, COVEY_ERR_MEMORY, "no memory for the model (%zu bytes)", total);
    *model = (covey_model){.k = k, .d = d, .center_dtype = center_dtype, .n_nodes = n_nodes};
    if (allocator != NULL)
        model->allocator = *allocator;
    model->centers = (double *)(model + 1);
    model->mean = model->centers + k * d;
    double *panels = model->mean + d + ((8 - (size_t)(model->mean + d) / sizeof(double) % 8) % 8); /* 64-byte boundary */
    double *sqnorm = panels + groups * CVI_GROUP64 * d;
    double *row = sqnorm + groups * CVI_GROUP64;
    model->counts_room = row + d;
    model->node_centers = row + d + k;
    model->children = (int32_t *)(model->node_centers + n_nodes * d);
    memcpy(model->centers, centers, center_bytes);
    memcpy(model->mean, mean, mean_bytes);
    if (n_nodes > 0) {
        memcpy(model->node_centers, node_centers, node_bytes);
        memcpy(model->children, children, child_bytes);
    }
    pack(model, panels, sqnorm, groups, row);
    *out = model;
    return COVEY_OK;
}

void covey_model_free(covey_model *model)
{
    if (model == NULL)
        return;
    const covey_allocator allocator = model->allocator;
    cvi_release(allocator.allocate != NULL ? &allocator : NULL, model);
}

int64_t covey_model_n_clusters(const covey_model *model)
{
    return model->k;
}

int64_t covey_model_n_features(const covey_model *model)
{
    return model->d;
}

const double *covey_model_centers(const covey_model *model)
{
    return model->centers;
}

const double *covey_model_mean(const covey_model *model)
{
    return model->mean;
}

covey_dtype covey_model_center_dtype(const covey_model *model)
{
    return model->center_dtype;
}

int64_t covey_model_tree(const covey_model *model, const double **node_centers, const int32_t **children)
{
    if (model->n_nodes > 0) {
        *node_centers = model->node_centers;
        *children = model->children;
    }
    return model->n_nodes;
}

void cvi_model_set_counts(covey_model *model, const double *counts, int64_t since)
{
    model->counts = model->counts_room;
    memcpy(model->counts, counts, (size_t)model->k * sizeof *counts);
    model->since = since;
}

int covey_model_counts(const covey_model *model, const double **counts, int64_t *since)
{
    if (model->counts == NULL)
        return 0;
    *counts = model->counts;
    *since = model->since;
    return 1;
}
