#include "seed/seed.h"

#include <math.h>

void cvi_draw_take(cvi_draw *draw, int64_t n, cvi_arena *arena)
{
    draw->checkpoint = cvi_arena_take(arena, n / CVI_DRAW_STEP + 1, sizeof(double));
}

static double share(const cvi_draw *draw, int64_t i)
{
    return cvi_rows_weight(draw->rows, i) / draw->weight_sum;
}

void cvi_draw_prepare(cvi_draw *draw, const cvi_rows *rows, double weight_sum)
{
    draw->rows = rows;
    draw->weight_sum = weight_sum;
    const bool unit = rows->weights == NULL;
    const double p = 1.0 / weight_sum;
    double sum = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        if (i % CVI_DRAW_STEP == 0)
            draw->checkpoint[i / CVI_DRAW_STEP] = sum;
        sum += unit ? p : share(draw, i);
    }
    draw->last = sum;
}

/* Is the entry before checkpoint c at most u? The entries rise. */
static bool starts_below(const cvi_draw *draw, int64_t c, double u)
{
    return draw->checkpoint[c] / draw->last <= u;
}

/* The last checkpoint c > 0 that starts at u or below, or 0. */
static int64_t find_checkpoint(const cvi_draw *draw, double u)
{
    int64_t low = 0, high = (draw->rows->n - 1) / CVI_DRAW_STEP;
    if (draw->rows->weights == NULL) { /* entries are as good as evenly spaced */
        int64_t c = (int64_t)(u * (double)draw->rows->n) / CVI_DRAW_STEP;
        c = c < high ? c : high;
        while (c < high && starts_below(draw, c + 1, u))
            c++;
        while (c > 0 && !starts_below(draw, c, u))
            c--;
        return c;
    }
    while (low < high) {
        const int64_t middle = (low + high + 1) / 2;
        if (starts_below(draw, middle, u))
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

int64_t cvi_draw_row(const cvi_draw *draw, double u)
{
    const int64_t n = draw->rows->n, first = find_checkpoint(draw, u);
    const bool unit = draw->rows->weights == NULL;
    const double p = 1.0 / draw->weight_sum;
    double sum = draw->checkpoint[first];
    int64_t i = first * CVI_DRAW_STEP;
    for (; i < n; i++) {
        sum += unit ? p : share(draw, i);
        if (!(sum / draw->last <= u))
            break;
    }
    return i < n ? i : n - 1;
}

/* numpy's choice without replacement: draw what is missing, keep first occurrences, clear their p, again. */
covey_status cvi_seed_random(const cvi_rows *rows, double weight_sum, int64_t k, covey_random *random, double *p,
                             int64_t *picks, covey_error *err)
{
    const int64_t n = rows->n;
    for (int64_t i = 0; i < n; i++)
        p[i] = cvi_rows_weight(rows, i) / weight_sum;
    return covey_random_choice(random, n, k, 0, p, picks, err);
}

void cvi_seed_take_rows(const cvi_kernels *kernels, const cvi_rows *rows, const int64_t *picks, int64_t k, cvi_block *block,
                        double *centers)
{
    for (int64_t j = 0; j < k; j++) {
        if (rows->kind == CVI_ROWS_F64 && rows->index == NULL && rows->mean != NULL) { /* without ado: a tiny fit notices */
            const void *at = (const char *)rows->x.data + picks[j] * rows->x.row_stride;
            const double *row = at;
            for (int64_t f = 0; f < rows->d; f++)
                centers[j * rows->d + f] = row[f] - rows->mean[f];
            continue;
        }
        if (rows->kind == CVI_ROWS_CSR) {
            cvi_rows_dense(rows, picks[j], centers + j * rows->d);
            continue;
        }
        cvi_rows_fetch(rows, picks[j], 1, block);
        cvi_block_center(kernels, rows, block, 0, 1, centers + j * rows->d, rows->d);
    }
}
