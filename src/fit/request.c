/* The options of a fit: checked, completed. */
#include "fit/fit.h"

#include <math.h>
#include <string.h>

static covey_status check_counts(const covey_fit_options *o, const covey_matrix *x, covey_error *err)
{
    if (o->n_clusters < 1)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "n_clusters is %lld; it must be 1 or more", (long long)o->n_clusters);
    if (o->n_clusters > x->n)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "n_clusters is %lld but x has only %lld row%s", (long long)o->n_clusters,
                        (long long)x->n, x->n == 1 ? "" : "s");
    if (o->n_clusters > INT32_MAX)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "n_clusters is %lld; labels are 32-bit, so at most %d", (long long)o->n_clusters,
                        INT32_MAX);
    if (o->n_init < 0)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "n_init is %lld; it must be 1 or more (0: automatic)", (long long)o->n_init);
    if (o->max_iter < 1)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "max_iter is %lld; it must be 1 or more", (long long)o->max_iter);
    if (o->n_local_trials < 0)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "n_local_trials is %lld; it must be 1 or more (0: 2 + ln k)",
                        (long long)o->n_local_trials);
    if (!(o->oversampling >= 0 && o->oversampling <= 1e6))
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "oversampling is %g; it must be a number above 0, at most 1e6 (0: 2)",
                        o->oversampling);
    if (o->seed_rounds < 0 || o->seed_rounds > 1000)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "seed_rounds is %lld; it must lie in [1, 1000] (0: 5)",
                        (long long)o->seed_rounds);
    if (!(o->tol >= 0 && o->tol <= 1e300))
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "tol is %g; it must be a number >= 0", o->tol);
    if (o->center_dtype != COVEY_DTYPE_FLOAT64 && o->center_dtype != COVEY_DTYPE_FLOAT32)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "center_dtype is %s; it must be float64 or float32",
                        covey_dtype_name(o->center_dtype));
    return COVEY_OK;
}

static covey_status check_minibatch(const covey_fit_options *o, covey_error *err)
{
    if (o->batch_size < 1)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "batch_size is %lld; it must be 1 or more", (long long)o->batch_size);
    if (o->init_size < 0)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "init_size is %lld; it must be 1 or more (0: automatic)", (long long)o->init_size);
    if (o->max_no_improvement < -1)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "max_no_improvement is %lld; it must be 0 or more (-1: never stop)",
                        (long long)o->max_no_improvement);
    if (!(o->reassignment_ratio >= 0))
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "reassignment_ratio is %g; it must be a number >= 0", o->reassignment_ratio);
    return COVEY_OK;
}

static covey_status check_start(const covey_fit_options *o, const covey_matrix *x, covey_error *err)
{
    switch (o->init) {
    case COVEY_SEED_PLUSPLUS:
    case COVEY_SEED_RANDOM:
    case COVEY_SEED_PARALLEL:
    case COVEY_SEED_D2:
        return COVEY_OK;
    case COVEY_SEED_CALLBACK:
        if (o->seed_fn == NULL)
            return cvi_fail(err, COVEY_ERR_ARGUMENT, "init is a callback but seed_fn is NULL");
        return COVEY_OK;
    case COVEY_SEED_GIVEN:
        break;
    default:
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "init is %d; it must be one of the COVEY_SEED_ values", (int)o->init);
    }
    covey_status status = cvi_matrix_check_structure(o->centers, "centers", err);
    if (status != COVEY_OK)
        return status;
    if (o->centers->layout != COVEY_LAYOUT_DENSE)
        return cvi_fail(err, COVEY_ERR_DTYPE, "centers must be a dense matrix");
    if (o->centers->n != o->n_clusters || o->centers->d != x->d)
        return cvi_fail(err, COVEY_ERR_SHAPE, "centers have shape (%lld, %lld); n_clusters = %lld and %lld features need (%lld, %lld)",
                        (long long)o->centers->n, (long long)o->centers->d, (long long)o->n_clusters, (long long)x->d,
                        (long long)o->n_clusters, (long long)x->d);
    return cvi_matrix_check_values(o->centers, "centers", err);
}

static int64_t resolve_n_init(const covey_fit_options *o)
{
    const bool drawn_at_once = o->init == COVEY_SEED_RANDOM || o->init == COVEY_SEED_CALLBACK;
    if (o->algorithm != COVEY_ALGORITHM_BISECTING && o->init == COVEY_SEED_GIVEN)
        return 1; /* every run would be the same */
    if (o->n_init > 0)
        return o->n_init;
    if (o->algorithm == COVEY_ALGORITHM_BISECTING || !drawn_at_once)
        return 1;
    return o->algorithm == COVEY_ALGORITHM_MINIBATCH ? 3 : 10;
}

covey_status cvi_request_check(cvi_request *request, const covey_matrix *x, const covey_fit_options *options, covey_error *err)
{
    covey_fit_options *o = &request->options;
    covey_fit_options_init(o, COVEY_ALGORITHM_KMEANS);
    if (options != NULL) {
        if (options->size == 0 || options->size > sizeof *o)
            return cvi_fail(err, COVEY_ERR_ARGUMENT,
                            "options must be set up by covey_fit_options_init of this version or an older one");
        memcpy(o, options, options->size);
    }
    if (o->algorithm < COVEY_ALGORITHM_KMEANS || o->algorithm > COVEY_ALGORITHM_OPTIMAL)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "algorithm is %d; it must be one of the COVEY_ALGORITHM_ values",
                        (int)o->algorithm);
    covey_status status = check_counts(o, x, err);
    if (status == COVEY_OK && o->algorithm == COVEY_ALGORITHM_MINIBATCH)
        status = check_minibatch(o, err);
    if (status == COVEY_OK && o->algorithm != COVEY_ALGORITHM_OPTIMAL) /* which has no start */
        status = check_start(o, x, err);
    if (status != COVEY_OK)
        return status;
    if (o->algorithm == COVEY_ALGORITHM_BISECTING && o->init == COVEY_SEED_GIVEN)
        return cvi_fail(err, COVEY_ERR_UNSUPPORTED, "a bisecting fit cannot start from given centers");
    if (o->bisect != COVEY_BISECT_INERTIA && o->bisect != COVEY_BISECT_LARGEST)
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "bisect is %d; it must be one of the COVEY_BISECT_ values", (int)o->bisect);
    request->n_init = resolve_n_init(o);
    request->max_iter = o->max_iter;
    request->random = o->random;
    if (request->random == NULL) {
        covey_random_seed(&request->own, o->seed);
        request->random = &request->own;
    }
    return COVEY_OK;
}

void covey_fit_options_init_sized(covey_fit_options *options, covey_algorithm algorithm, size_t size)
{
    const bool minibatch = algorithm == COVEY_ALGORITHM_MINIBATCH, bisecting = algorithm == COVEY_ALGORITHM_BISECTING;
    const covey_fit_options defaults = {
        .size = size < sizeof defaults ? size : sizeof defaults,
        .algorithm = algorithm,
        .n_clusters = 8,
        .init = bisecting ? COVEY_SEED_RANDOM : COVEY_SEED_PLUSPLUS,
        .max_iter = minibatch ? 100 : 300,
        .tol = minibatch ? 0 : 1e-4,
        .center_dtype = COVEY_DTYPE_FLOAT64,
        .batch_size = 1024,
        .max_no_improvement = 10,
        .reassignment_ratio = 0.01,
        .compute_labels = 1,
        .bisect = COVEY_BISECT_INERTIA,
    };
    memcpy(options, &defaults, defaults.size);
}
