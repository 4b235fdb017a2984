/* The canonical score (rule A of docs/numerics.md): the same bits on every instruction set. */
#include "kernels/body/body.h"

/* Features in the block that starts with `left` features to go. */
static int64_t dot_block(int64_t left)
{
    if (left >= 2 * CVI_DOT_BLOCK)
        return CVI_DOT_BLOCK;
    if (left > CVI_DOT_BLOCK)
        return ((left + 1) / 2 + 3) / 4 * 4;
    return left;
}

void CVI_K(canonical_rows)(const cvi_canonical *c, const double *rows, int64_t ld, int64_t count, int32_t *label, double *score)
{
    for (int64_t i = 0; i < count; i++) {
        double best = INFINITY;
        int32_t at = 0;
        for (int64_t g = 0; g < c->groups; g++) {
            double value[CVI_GROUP64];
            memcpy(value, c->sqnorm + g * CVI_GROUP64, sizeof value);
            for (int64_t f = 0; f < c->d;) {
                const int64_t end = f + dot_block(c->d - f);
                double acc[CVI_GROUP64] = {0};
                for (; f < end; f++)
                    for (int64_t l = 0; l < CVI_GROUP64; l++)
                        acc[l] = fma(rows[i * ld + f], c->centers[(g * c->d + f) * CVI_GROUP64 + l], acc[l]);
                for (int64_t l = 0; l < CVI_GROUP64; l++)
                    value[l] += -2.0 * acc[l];
            }
            for (int64_t l = 0; l < CVI_GROUP64; l++)
                if (value[l] < best) {
                    best = value[l];
                    at = (int32_t)(g * CVI_GROUP64 + l);
                }
        }
        label[i] = at;
        if (score != NULL)
            score[i] = best;
    }
}

double CVI_K(canonical_score)(const double *x, const double *center, double sqnorm, int64_t d)
{
    double value = sqnorm;
    for (int64_t f = 0; f < d;) {
        const int64_t end = f + dot_block(d - f);
        double acc = 0;
        for (; f < end; f++)
            acc = fma(x[f], center[f], acc);
        value += -2.0 * acc;
    }
    return value;
}

double CVI_K(canonical_sqnorm)(const double *c, int64_t d)
{
    double v0 = 0, v1 = 0;
    int64_t f = 0;
    for (; f + 8 <= d; f += 8) {
        v0 = c[f] * c[f] + (c[f + 2] * c[f + 2] + (c[f + 4] * c[f + 4] + (c[f + 6] * c[f + 6] + v0)));
        v1 = c[f + 1] * c[f + 1] + (c[f + 3] * c[f + 3] + (c[f + 5] * c[f + 5] + (c[f + 7] * c[f + 7] + v1)));
    }
    for (; f + 2 <= d; f += 2) {
        v0 = c[f] * c[f] + v0;
        v1 = c[f + 1] * c[f + 1] + v1;
    }
    if (f < d)
        v0 = c[f] * c[f] + v0;
    return v0 + v1;
}
