#include "covey/random.h"

#include "base/memory.h"
#include "base/random.h"
#include "data/datasets.h"

#include <math.h>

void covey_random_seed(covey_random *random, uint32_t seed)
{
    cvi_random_seed(random, seed);
}

uint32_t covey_random_word(covey_random *random)
{
    return cvi_random_word(random);
}

double covey_random_double(covey_random *random)
{
    return cvi_random_double(random);
}

double covey_random_uniform(covey_random *random, double low, double high)
{
    return low + (high - low) * cvi_random_double(random);
}

double covey_random_normal(covey_random *random)
{
    return cvi_random_normal(random);
}

int64_t covey_random_int(covey_random *random, int64_t low, int64_t high)
{
    /* Unsigned, so that the whole range of int64 fits. */
    const uint64_t span = (uint64_t)high - (uint64_t)low - 1;
    return (int64_t)((uint64_t)low + cvi_random_below(random, span));
}

void covey_random_permutation(covey_random *random, int64_t n, int64_t *out)
{
    cvi_random_permutation(random, n, out);
}

void covey_random_shuffle(covey_random *random, int64_t n, int64_t *items)
{
    cvi_random_shuffle(random, n, items);
}

covey_status covey_random_choice(covey_random *random, int64_t n, int64_t size, int replace, const double *p,
                                 int64_t *out, covey_error *err)
{
    return cvi_random_choice(random, n, size, replace, p, out, NULL, err);
}

void covey_random_multinomial(covey_random *random, int64_t n, const double *p, int64_t size, int64_t *out)
{
    cvi_random_multinomial(random, n, p, size, out);
}

static covey_status check_count(const char *name, int64_t value, int64_t least, covey_error *err)
{
    if (value >= least)
        return COVEY_OK;
    return cvi_fail(err, COVEY_ERR_ARGUMENT, "%s is %lld; it must be at least %lld", name, (long long)value,
                    (long long)least);
}

covey_status covey_make_blobs(covey_random *random, int64_t n, int64_t d, int64_t k, const double *centers,
                              const double *stds, const double *box, int shuffle, double *out_x,
                              int64_t *out_labels, covey_error *err)
{
    covey_status status;
    if ((status = check_count("n", n, 1, err)) != COVEY_OK ||
        (status = check_count("d", d, 1, err)) != COVEY_OK ||
        (status = check_count("k", k, 1, err)) != COVEY_OK)
        return status;
    for (int64_t j = 0; stds != NULL && j < k; j++)
        if (!(stds[j] >= 0))
            return cvi_fail(err, COVEY_ERR_ARGUMENT, "stds[%lld] is %g; it must not be negative",
                            (long long)j, stds[j]);
    const cvi_blobs blobs = {n, d, k, centers, stds, {box ? box[0] : -10.0, box ? box[1] : 10.0}, shuffle};
    return cvi_make_blobs(random, &blobs, out_x, out_labels, err);
}

covey_status covey_make_moons(covey_random *random, int64_t n, int shuffle, double noise, double *out_x,
                              int64_t *out_labels, covey_error *err)
{
    const covey_status status = check_count("n", n, 1, err);
    if (status != COVEY_OK)
        return status;
    if (isnan(noise))
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "noise is NaN; it must be a number, negative for none");
    return cvi_make_moons(random, n, shuffle, noise, out_x, out_labels, err);
}

covey_status covey_make_circles(covey_random *random, int64_t n, int shuffle, double noise, double factor,
                                double *out_x, int64_t *out_labels, covey_error *err)
{
    const covey_status status = check_count("n", n, 1, err);
    if (status != COVEY_OK)
        return status;
    if (!(factor >= 0 && factor < 1))
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "factor is %g; it must be at least 0 and less than 1",
                        factor);
    if (isnan(noise))
        return cvi_fail(err, COVEY_ERR_ARGUMENT, "noise is NaN; it must be a number, negative for none");
    return cvi_make_circles(random, n, shuffle, noise, factor, out_x, out_labels, err);
}
