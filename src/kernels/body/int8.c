/*
 * The int8 screen, plain: exact integer products on any machine.  The levels with a dot-product instruction replace
 * dot8_panel by a hand-written one (tuned/); everything else here is left to the compiler's vectorizer.
 */
#include "kernels/body/body.h"

void CVI_K(quantize_row)(const float *x, int64_t d, int64_t dq, int8_t *q, cvi_row8 *out)
{
    float largest = 0;
    for (int64_t f = 0; f < d; f++)
        largest = fabsf(x[f]) > largest ? fabsf(x[f]) : largest;
    /* Outside this range the row counts as not quantized at all: everything is error. */
    const bool usable = largest > 1e-30f && largest < 1e30f;
    const float scale = usable ? largest / 127 : 0, inverse = usable ? 127 / largest : 0;
    double error = 0, norm = 0, square = 0;
    int32_t sum = 0;
    for (int64_t f = 0; f < d; f++) {
        float r = usable ? rintf(x[f] * inverse) : 0;
        r = r > 127 ? 127 : r < -127 ? -127 : r;
        const double rest = (double)x[f] - (double)scale * (double)r;
        error += rest * rest;
        norm += (double)r * (double)r;
        square += (double)x[f] * (double)x[f];
        sum += (int32_t)r;
        q[f] = (int8_t)r;
    }
    for (int64_t f = d; f < dq; f++)
        q[f] = 0;
    /* Rounded up by more than the sums' own rounding; 2^-24 |x| is what x itself lost when it became float32. */
    const double root = sqrt(square);
    out->scale = scale;
    out->norm = (float)(sqrt(norm) * (double)scale * 1.000001);
    out->error = (float)((sqrt(error) + 0x1.1p-24 * root) * 1.000001 + 1e-37);
    out->sqnorm = (float)square;
    out->bias = 128 * sum;
}

void CVI_K(dot8_panel)(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int32_t *acc)
{
    for (int64_t i = 0; i < count; i++) {
        int32_t sum[CVI_PANEL8] = {0};
        for (int64_t f = 0; f < dq; f += 4) {
            const uint8_t *c = panel + f * CVI_PANEL8;
            for (int l = 0; l < CVI_PANEL8; l++)
                for (int b = 0; b < 4; b++)
                    sum[l] += (int32_t)rows[i][f + b] * (int32_t)c[4 * l + b];
        }
        memcpy(acc + i * CVI_PANEL8, sum, sizeof sum);
    }
}

uint64_t CVI_K(bounds8)(const int32_t *acc, const cvi_row8 *row, const cvi_panel8 *panel, int own, float slack, float *threshold,
                        float *lower, float *rest)
{
    float upper[CVI_PANEL8];
    for (int l = 0; l < CVI_PANEL8; l++) {
        const float dot = (float)(acc[l] - row->bias) * (row->scale * panel->scale[l]);
        const float score = panel->half_sqnorm[l] - dot;
        const float error = row->norm * panel->error[l] + row->error * panel->norm[l] + panel->slack[l];
        lower[l] = score - error;
        upper[l] = score + error;
    }
    if (own >= 0)
        lower[own] = upper[own] = CVI_PADDING_SCORE;
    float best[16], low = *threshold;
    for (int l = 0; l < 16; l++) {
        const float a = upper[l] < upper[l + 16] ? upper[l] : upper[l + 16];
        best[l] = a < upper[l + 32] ? a : upper[l + 32];
    }
    for (int l = 0; l < 16; l++)
        low = best[l] + slack < low ? best[l] + slack : low;
    *threshold = low;
    uint64_t mask = 0;
    float others = CVI_PADDING_SCORE;
    for (int l = 0; l < CVI_PANEL8; l++) {
        const bool in = lower[l] <= low;
        mask |= (uint64_t)in << l;
        others = !in && lower[l] < others ? lower[l] : others;
    }
    *rest = others;
    return mask;
}

void CVI_K(half_scores)(const float *x, int64_t ld, const float *centers, const float *half_sqnorm, const int32_t *list,
                        int64_t count, float *out)
{
    for (int64_t a = 0; a < count; a++) {
        const float *c = centers + (int64_t)list[a] * ld;
        float sum[16] = {0};
        for (int64_t f = 0; f < ld; f += 16)
            for (int l = 0; l < 16; l++)
                sum[l] += x[f + l] * c[f + l];
        for (int half = 8; half > 0; half /= 2)
            for (int l = 0; l < half; l++)
                sum[l] += sum[l + half];
        out[a] = half_sqnorm[list[a]] - sum[0];
    }
}
