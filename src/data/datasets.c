#include "data/datasets.h"

#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <string.h>

static const double PI = 3.14159265358979323846;

/* Rows as drawn, and where each of them goes. */
typedef struct drawing {
    double *x;       /* [n, d] */
    int64_t *label;  /* [n] */
    int64_t *order;  /* [n] row i of the result is drawn row order[i] */
    double *centers; /* [k, d] */
    cvi_arena arena;
} drawing;

static covey_status draft_take(drawing *draft, int64_t n, int64_t d, int64_t k, covey_error *err)
{
    memset(draft, 0, sizeof *draft);
    for (int round = 0; round < 2; round++) {
        size_t values = 0, center_values = 0;
        if (!cvi_mul_size((size_t)n, (size_t)d, &values) ||
            !cvi_mul_size((size_t)k, (size_t)d, &center_values))
            values = SIZE_MAX / 2; /* more than an arena can hold */
        draft->x = cvi_arena_take(&draft->arena, (int64_t)values, sizeof(double));
        draft->label = cvi_arena_take(&draft->arena, n, sizeof(int64_t));
        draft->order = cvi_arena_take(&draft->arena, n, sizeof(int64_t));
        draft->centers = cvi_arena_take(&draft->arena, (int64_t)center_values, sizeof(double));
        covey_status status;
        if (round == 0 && (status = cvi_arena_allocate(&draft->arena, NULL, 0, err)) != COVEY_OK)
            return status;
    }
    return COVEY_OK;
}

/* Write the rows in their final order, and give the memory back. */
static void draft_deliver(drawing *draft, covey_random *random, int64_t n, int64_t d, int shuffle,
                          double *out_x, int64_t *out_labels)
{
    for (int64_t i = 0; i < n; i++)
        draft->order[i] = i;
    if (shuffle)
        cvi_random_shuffle(random, n, draft->order);
    for (int64_t i = 0; i < n; i++) {
        memcpy(out_x + i * d, draft->x + draft->order[i] * d, (size_t)d * sizeof *out_x);
        if (out_labels != NULL)
            out_labels[i] = draft->label[draft->order[i]];
    }
    cvi_arena_release(&draft->arena);
}

covey_status cvi_make_blobs(covey_random *random, const cvi_blobs *blobs, double *out_x, int64_t *out_labels,
                            covey_error *err)
{
    const int64_t n = blobs->n, d = blobs->d, k = blobs->k;
    drawing draft;
    const covey_status status = draft_take(&draft, n, d, k, err);
    if (status != COVEY_OK)
        return status;
    const double *centers = blobs->centers;
    if (centers == NULL) {
        for (int64_t i = 0; i < k * d; i++)
            draft.centers[i] = blobs->box[0] + (blobs->box[1] - blobs->box[0]) * cvi_random_double(random);
        centers = draft.centers;
    }
    int64_t row = 0;
    for (int64_t j = 0; j < k; j++) {
        const double std = blobs->stds != NULL ? blobs->stds[j] : 1.0;
        for (int64_t end = row + n / k + (j < n % k); row < end; row++) {
            draft.label[row] = j;
            for (int64_t f = 0; f < d; f++)
                draft.x[row * d + f] = centers[j * d + f] + std * cvi_random_normal(random);
        }
    }
    draft_deliver(&draft, random, n, d, blobs->shuffle, out_x, out_labels);
    return COVEY_OK;
}

/* numpy.linspace(0, span, steps + 1)[index]: the closed end is span itself. */
static double on_line(int64_t index, int64_t steps, double span)
{
    if (steps == 0)
        return 0;
    return index == steps ? span : (double)index * (span / (double)steps);
}

static void add_noise(covey_random *random, double noise, int64_t values, double *x)
{
    if (noise < 0)
        return;
    for (int64_t i = 0; i < values; i++)
        x[i] += 0.0 + noise * cvi_random_normal(random);
}

covey_status cvi_make_moons(covey_random *random, int64_t n, int shuffle, double noise, double *out_x,
                            int64_t *out_labels, covey_error *err)
{
    drawing draft;
    const covey_status status = draft_take(&draft, n, 2, 0, err);
    if (status != COVEY_OK)
        return status;
    const int64_t outer = n / 2, inner = n - outer;
    for (int64_t i = 0; i < n; i++) {
        const int in = i >= outer;
        const double t = in ? on_line(i - outer, inner - 1, PI) : on_line(i, outer - 1, PI);
        draft.x[2 * i] = in ? 1 - cos(t) : cos(t);
        draft.x[2 * i + 1] = in ? 1 - sin(t) - 0.5 : sin(t);
        draft.label[i] = in;
    }
    draft_deliver(&draft, random, n, 2, shuffle, out_x, out_labels);
    add_noise(random, noise, 2 * n, out_x);
    return COVEY_OK;
}

covey_status cvi_make_circles(covey_random *random, int64_t n, int shuffle, double noise, double factor,
                              double *out_x, int64_t *out_labels, covey_error *err)
{
    drawing draft;
    const covey_status status = draft_take(&draft, n, 2, 0, err);
    if (status != COVEY_OK)
        return status;
    const int64_t outer = n / 2, inner = n - outer;
    for (int64_t i = 0; i < n; i++) {
        const int in = i >= outer;
        const int64_t steps = in ? inner : outer;
        const double t = (double)(in ? i - outer : i) * (2 * PI / (double)steps);
        draft.x[2 * i] = in ? cos(t) * factor : cos(t);
        draft.x[2 * i + 1] = in ? sin(t) * factor : sin(t);
        draft.label[i] = in;
    }
    draft_deliver(&draft, random, n, 2, shuffle, out_x, out_labels);
    add_noise(random, noise, 2 * n, out_x);
    return COVEY_OK;
}
