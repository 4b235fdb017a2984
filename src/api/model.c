/* The public calls on a model. */
#include "api/enter.h"
#include "model/use.h"

#include <math.h>
#include <string.h>

/* Checks that all computing calls share; on COVEY_OK cvi_job_leave must follow. */
static covey_status begin(const covey_model *model, const covey_matrix *x, const double *weights, const covey_run *run,
                          cvi_job *job, const cvi_kernels **kernels, covey_error *err)
{
    if (model == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "model is NULL");
    covey_status status = cvi_matrix_check_structure(x, "x", err);
    if (status != COVEY_OK)
        return status;
    if (x->d != model->d)
        return cvi_fail(err, COVEY_ERR_SHAPE, "x has %lld features, but the model was fitted with %lld", (long long)x->d,
                        (long long)model->d);
    status = cvi_matrix_check_values(x, "x", err);
    if (status == COVEY_OK && weights != NULL)
        status = cvi_weights_check(weights, x->n, err);
    return status == COVEY_OK ? cvi_enter(job, run, kernels, err) : status;
}

covey_status covey_model_predict(const covey_model *model, const covey_matrix *x, const covey_run *run, int32_t *labels,
                                 double *sqdist, covey_error *err)
{
    cvi_job job;
    const cvi_kernels *kernels;
    covey_status status = begin(model, x, NULL, run, &job, &kernels, err);
    if (status != COVEY_OK)
        return status;
    if (labels == NULL)
        status = cvi_fail(err, COVEY_ERR_ARGUMENT, "labels is NULL");
    else
        status = cvi_model_assign(model, kernels, x, &job, labels, sqdist, err);
    cvi_job_leave(&job);
    return status;
}

covey_status covey_model_transform(const covey_model *model, const covey_matrix *x, const covey_run *run, void *out,
                                   covey_dtype out_dtype, covey_error *err)
{
    cvi_job job;
    const cvi_kernels *kernels;
    if (out == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "out is NULL");
    if (out_dtype != COVEY_DTYPE_FLOAT64 && out_dtype != COVEY_DTYPE_FLOAT32)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "out_dtype is %s; it must be float64 or float32", covey_dtype_name(out_dtype));
    covey_status status = begin(model, x, NULL, run, &job, &kernels, err);
    if (status != COVEY_OK)
        return status;
    status = cvi_model_distances(model, kernels, x, &job, out, out_dtype == COVEY_DTYPE_FLOAT32, err);
    cvi_job_leave(&job);
    return status;
}

covey_status covey_model_score(const covey_model *model, const covey_matrix *x, const double *weights, const covey_run *run,
                               double *out, covey_error *err)
{
    cvi_job job;
    const cvi_kernels *kernels;
    double sum;
    if (out == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "out is NULL");
    covey_status status = begin(model, x, weights, run, &job, &kernels, err);
    if (status != COVEY_OK)
        return status;
    status = cvi_model_sum(model, kernels, x, weights, NULL, &job, &sum, err);
    cvi_job_leave(&job);
    if (status == COVEY_OK)
        *out = -sum;
    return status;
}

covey_status covey_model_inertia(const covey_model *model, const covey_matrix *x, const double *weights, const int32_t *labels,
                                 const covey_run *run, double *out, covey_error *err)
{
    cvi_job job;
    const cvi_kernels *kernels;
    if (out == NULL || labels == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "%s is NULL", out == NULL ? "out" : "labels");
    covey_status status = begin(model, x, weights, run, &job, &kernels, err);
    if (status != COVEY_OK)
        return status;
    for (int64_t i = 0; i < x->n && status == COVEY_OK; i++)
        if (labels[i] < 0 || labels[i] >= model->k)
            status = cvi_fail(err, COVEY_ERR_ARGUMENT, "labels[%lld] is %d; labels lie in [0, %lld)", (long long)i,
                              (int)labels[i], (long long)model->k);
    if (status == COVEY_OK)
        status = cvi_model_sum(model, kernels, x, weights, labels, &job, out, err);
    cvi_job_leave(&job);
    return status;
}

static covey_status check_centers(const covey_matrix *centers, const double *mean, covey_dtype center_dtype, covey_model **out,
                                  covey_error *err)
{
    if (out == NULL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (center_dtype != COVEY_DTYPE_FLOAT64 && center_dtype != COVEY_DTYPE_FLOAT32)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "center_dtype is %s; it must be float64 or float32",
                        covey_dtype_name(center_dtype));
    covey_status status = cvi_matrix_check_structure(centers, "centers", err);
    if (status != COVEY_OK)
        return status;
    if (centers->layout != COVEY_LAYOUT_DENSE)
        return cvi_fail(err, COVEY_ERR_DTYPE, "centers must be a dense matrix");
    if (centers->n > INT32_MAX)
        return cvi_fail(err, COVEY_ERR_SHAPE, "centers has %lld rows; labels are 32-bit", (long long)centers->n);
    for (int64_t f = 0; mean != NULL && f < centers->d; f++)
        if (!(fabs(mean[f]) <= 1e150))
            return cvi_fail(err, COVEY_ERR_NONFINITE, "mean[%lld] is not a usable number", (long long)f);
    return cvi_matrix_check_values(centers, "centers", err);
}

/* Rounded centers and their mean, on the heap; *mean is filled unless it was given. */
static covey_status copy_centers(const covey_matrix *centers, const double *given_mean, covey_dtype center_dtype,
                                 double **out_centers, double **out_mean, covey_error *err)
{
    const int64_t k = centers->n, d = centers->d;
    size_t bytes;
    if (!cvi_mul_size((size_t)(k + 1), (size_t)d * sizeof(double), &bytes))
        bytes = SIZE_MAX;
    double *c = bytes < SIZE_MAX ? cvi_allocate(NULL, bytes) : NULL;
    if (c == NULL)
        return cvi_fail(err, COVEY_ERR_MEMORY, "no memory for %lld centers", (long long)k);
    double *mean = c + k * d;
    for (int64_t j = 0; j < k; j++)
        cvi_matrix_row(centers, j, c + j * d);
    for (int64_t f = 0; f < d; f++) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++) {
            if (center_dtype == COVEY_DTYPE_FLOAT32) {
                const volatile float rounded = (float)c[j * d + f];
                c[j * d + f] = (double)rounded;
            }
            sum += c[j * d + f];
        }
        mean[f] = given_mean != NULL ? given_mean[f] : sum / (double)k;
    }
    *out_centers = c;
    *out_mean = mean;
    return COVEY_OK;
}

covey_status covey_model_from_centers(const covey_matrix *centers, const double *mean, covey_dtype center_dtype,
                                      covey_model **out, covey_error *err)
{
    return covey_model_from_tree(centers, mean, center_dtype, 0, NULL, NULL, out, err);
}

/* Every node is reached once, children come after their parent, and the leaves carry the labels 0 .. k - 1. */
static covey_status check_tree(int64_t k, int64_t n_nodes, const int32_t *children, covey_error *err)
{
    if (n_nodes != 2 * k - 1 || children == NULL)
        return cvi_fail(err, COVEY_ERR_FORMAT, "a tree of %lld leaves has %lld nodes, not %lld", (long long)k,
                        (long long)(2 * k - 1), (long long)n_nodes);
    uint8_t *seen = cvi_allocate(NULL, (size_t)(n_nodes + k));
    if (seen == NULL)
        return cvi_fail(err, COVEY_ERR_MEMORY, "no memory for a tree of %lld nodes", (long long)n_nodes);
    memset(seen, 0, (size_t)(n_nodes + k));
    bool good = true;
    for (int64_t node = 0; node < n_nodes && good; node++) {
        const int32_t a = children[2 * node], b = children[2 * node + 1];
        if (a < 0) {
            good = b >= 0 && b < k && !seen[n_nodes + b];
            if (good)
                seen[n_nodes + b] = 1;
            continue;
        }
        good = a > node && b > node && a < n_nodes && b < n_nodes && a != b && !seen[a] && !seen[b];
        if (good)
            seen[a] = seen[b] = 1;
    }
    cvi_release(NULL, seen);
    return good ? COVEY_OK : cvi_fail(err, COVEY_ERR_FORMAT, "the children of the tree do not form a tree");
}

covey_status covey_model_from_tree(const covey_matrix *centers, const double *mean, covey_dtype center_dtype, int64_t n_nodes,
                                   const double *node_centers, const int32_t *children, covey_model **out, covey_error *err)
{
    covey_status status = check_centers(centers, mean, center_dtype, out, err);
    if (status != COVEY_OK)
        return status;
    if (n_nodes != 0) {
        status = check_tree(centers->n, n_nodes, children, err);
        if (status == COVEY_OK) {
            const covey_matrix nodes = covey_matrix_dense(node_centers, COVEY_DTYPE_FLOAT64, n_nodes, centers->d);
            status = cvi_matrix_check_structure(&nodes, "node_centers", err);
            if (status == COVEY_OK)
                status = cvi_matrix_check_values(&nodes, "node_centers", err);
        }
        if (status != COVEY_OK)
            return status;
    }
    double *c = NULL, *m = NULL;
    status = copy_centers(centers, mean, center_dtype, &c, &m, err);
    if (status != COVEY_OK)
        return status;
    status = cvi_model_make(NULL, centers->n, centers->d, center_dtype, c, m, n_nodes, node_centers, children, out, err);
    cvi_release(NULL, c);
    return status;
}
