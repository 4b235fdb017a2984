/*
 * The int8 screen, plain: exact integer products on any machine.  The levels with a dot-product instruction replace
 * dot8_panel by a hand-written one (tuned/); everything else here is left to the compiler's vectorizer.
 */
#include "kernels/body/body.h"

enum { LANES = 16 };

/* Sum of 16 lanes by halves. */
static inline float lanes_sum(float *lane)
{
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

static float largest_size(const float *x, int64_t d)
{
    float top[LANES] = {0}, largest = 0;
    int64_t f = 0;
    for (; f + LANES <= d; f += LANES)
        for (int l = 0; l < LANES; l++) {
            const float size = fabsf(x[f + l]);
            top[l] = size > top[l] ? size : top[l];
        }
    for (; f < d; f++)
        top[0] = fabsf(x[f]) > top[0] ? fabsf(x[f]) : top[0];
    for (int l = 0; l < LANES; l++)
        largest = top[l] > largest ? top[l] : largest;
    return largest;
}

/* What quantize_row adds up over the features, in 16 lanes. */
typedef struct row_sums {
    float error[LANES];
    double square[LANES];
    int32_t bytes[LANES], norm[LANES];
} row_sums;

static inline void quantize_lanes(const float *x, float inverse, int8_t *q, row_sums *sums)
{
    for (int l = 0; l < LANES; l++) {
        const float steps = x[l] * inverse;
        float r = rintf(steps);
        r = r > 127 ? 127 : r;
        r = r < -127 ? -127 : r;
        const float rest = steps - r; /* in units of the scale, where no square underflows */
        const int32_t byte = (int32_t)r;
        sums->error[l] += rest * rest;
        sums->square[l] += (double)x[l] * (double)x[l];
        sums->bytes[l] += byte;
        sums->norm[l] += byte * byte;
        q[l] = (int8_t)byte;
    }
}

/* A row that is not quantized at all: everything is error, which is returned; square = |x|^2. */
static float leave_bytes(const float *x, int64_t d, int64_t dq, int8_t *q, double *square)
{
    *square = 0;
    for (int64_t f = 0; f < d; f++)
        *square += (double)x[f] * (double)x[f];
    memset(q, 0, (size_t)dq);
    return (float)(sqrt(*square) * 1.000001 + 1e-37);
}

void CVI_K(quantize_row)(const float *x, int64_t d, int64_t dq, int8_t *q, cvi_row8 *out)
{
    const float largest = largest_size(x, d);
    if (!(largest > 1e-30f && largest < 1e30f)) {
        double all;
        const float error = leave_bytes(x, d, dq, q, &all);
        *out = (cvi_row8){.error = error, .sqnorm = (float)all};
        return;
    }
    const float scale = largest / 127, inverse = 127 / largest;
    row_sums sums = {{0}, {0}, {0}, {0}};
    int64_t f = 0;
    for (; f + LANES <= d; f += LANES)
        quantize_lanes(x + f, inverse, q + f, &sums);
    if (f < d) {
        float last[LANES] = {0};
        memcpy(last, x + f, (size_t)(d - f) * sizeof *x);
        quantize_lanes(last, inverse, q + f, &sums); /* dq >= d rounded up to 64 */
        f += LANES;
    }
    memset(q + f, 0, (size_t)(dq - f));
    double square = 0;
    int64_t norm = 0;
    int32_t bytes = 0;
    for (int l = 0; l < LANES; l++) {
        square += sums.square[l];
        norm += sums.norm[l];
        bytes += sums.bytes[l];
    }
    /* Rounded up by more than the roundings: the inverse and the steps lose 2^-24 of |x| each, the sum of squares
     * (d / 16 + 6) 2^-24 of itself; 2^-24 |x| more is what x itself lost when it became float32. */
    const double root = sqrt(square), widen = 1.000001 + ((double)d / LANES + 8) * 0x1p-24;
    out->scale = scale;
    out->norm = (float)(sqrt((double)norm) * (double)scale * 1.000001);
    out->error = (float)(sqrt((double)lanes_sum(sums.error)) * (double)scale * widen + 0x1p-22 * root + 1e-37);
    out->sqnorm = (float)square;
    out->bias = 128 * bytes;
}

/* Sixteen values' second plane; adds what is left to error and the sizes of the steps to square. */
static inline void rest_lanes(const float *x, const int8_t *q, float inverse, float levels, int8_t *r, float *error, float *square)
{
    for (int l = 0; l < LANES; l++) {
        const float steps = x[l] * inverse, rest = (steps - (float)q[l]) * (2 * levels);
        float near = rintf(rest);
        near = near > levels ? levels : near;
        near = near < -levels ? -levels : near;
        error[l] += (rest - near) * (rest - near);
        square[l] += steps * steps;
        r[l] = (int8_t)near;
    }
}

void CVI_K(quantize_rest)(const float *x, int64_t d, int64_t dq, const int8_t *q, float scale, int levels, int8_t *r,
                          cvi_rest8 *out)
{
    if (!(scale > 0)) { /* without a first plane there is no second */
        double all;
        *out = (cvi_rest8){.error = leave_bytes(x, d, dq, r, &all)};
        return;
    }
    const float inverse = 1 / scale, top = (float)levels;
    float error[LANES] = {0}, square[LANES] = {0};
    int32_t sum = 0;
    memset(r, 0, (size_t)dq);
    for (int64_t f = 0; f < d; f += LANES) {
        float part[LANES] = {0};
        memcpy(part, x + f, (size_t)(d - f < LANES ? d - f : LANES) * sizeof *x);
        rest_lanes(part, q + f, inverse, top, r + f, error, square);
        for (int l = 0; l < LANES; l++)
            sum += r[f + l];
    }
    /* Roundings as in quantize_row; a step of the inverse and the product lose 2^-23 of |x|, x itself had lost 2^-24. */
    const double widen = 1.000001 + ((double)d / LANES + 8) * 0x1p-24, unit = (double)scale / (2 * levels);
    out->error = (float)((sqrt((double)lanes_sum(error)) * unit + 0x1p-21 * sqrt((double)lanes_sum(square)) * (double)scale) *
                             widen + 1e-37);
    out->bias = 128 * sum;
}

void CVI_K(dot8_fine)(const int8_t *row, const uint8_t *half, int64_t dq, const uint8_t *const *first,
                      const uint8_t *const *second, int64_t count, int32_t *out)
{
    enum { BLOCK = 64, HALF = BLOCK / 2 };
    memset(out, 0, (size_t)count * 4 * sizeof *out);
    for (int64_t f = 0; f < dq; f += BLOCK) {
        int32_t r[BLOCK];
        for (int i = 0; i < HALF; i++) {
            r[i] = (half[f / 2 + i] & 15) - 8;
            r[HALF + i] = (half[f / 2 + i] >> 4) - 8;
        }
        for (int64_t a = 0; a < count; a++) {
            int32_t sum[4] = {0};
            for (int i = 0; i < BLOCK; i++) {
                const int32_t p = first[a][f + i], q = second[a][f + i];
                sum[0] += (int32_t)row[f + i] * p;
                sum[1] += (int32_t)row[f + i] * q;
                sum[2] += r[i] * p;
                sum[3] += r[i] * q;
            }
            for (int v = 0; v < 4; v++)
                out[4 * a + v] += sum[v];
        }
    }
}

void CVI_K(dot8_panel)(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel, int groups, int32_t *acc)
{
    const int lanes = CVI_GROUP8 * groups;
    for (int64_t i = 0; i < count; i++) {
        int32_t sum[CVI_PANEL8] = {0};
        for (int64_t f = 0; f < dq; f += 4) {
            const uint8_t *c = panel + f * lanes;
            for (int l = 0; l < lanes; l++)
                for (int b = 0; b < 4; b++)
                    sum[l] += (int32_t)rows[i][f + b] * (int32_t)c[4 * l + b];
        }
        memcpy(acc + i * CVI_PANEL8, sum, sizeof sum);
    }
}

void CVI_K(dot8_two)(const int8_t *row, const uint8_t *a, const uint8_t *b, int64_t dq, int32_t *out)
{
    int32_t with_a = 0, with_b = 0;
    for (int64_t f = 0; f < dq; f++) {
        with_a += (int32_t)row[f] * (int32_t)a[f];
        with_b += (int32_t)row[f] * (int32_t)b[f];
    }
    out[0] = with_a;
    out[1] = with_b;
}

static float smallest(const float *lane)
{
    float least = CVI_PADDING_SCORE;
    for (int l = 0; l < CVI_GROUP8; l++)
        least = lane[l] < least ? lane[l] : least;
    return least;
}

/* Bounds of the lanes of group v; their upper bounds are reach + twice the error of x.g, which is returned. */
static float group_bounds(const int32_t *acc, const cvi_look8 *look, const cvi_panel8 *panel, int v, cvi_bounds8 *out)
{
    const int first = v * CVI_GROUP8;
    const cvi_row8 *row = look->row;
    const float far = look->near + look->away[v]; /* |s q - g|: the smaller of it and |s q| counts */
    const float share = far < row->norm ? 1 : 0, size = far < row->norm ? far : row->norm;
    const float dot_g = (float)(acc[first] - row->bias) * (row->scale * panel->scale[first]);
    const float error_g = row->error * look->away[v];
    for (int l = first; l < first + CVI_GROUP8; l++) {
        const float dot = (float)(acc[l] - row->bias) * (row->scale * panel->scale[l]);
        const float score = panel->half_sqnorm[l] - dot - dot_g - share * panel->common[l];
        const float error = size * panel->error[l] + row->error * panel->norm[l] + row->norm * panel->rounding[l] +
                            panel->slack[l];
        out->low[l] = score - error - error_g;
        out->reach[l] = score + error - error_g;
    }
    return error_g;
}

uint64_t CVI_K(bounds8)(const int32_t *acc, const cvi_look8 *look, const cvi_panel8 *panel, float *threshold,
                        cvi_bounds8 *out)
{
    const float slack = look->slack;
    float low[CVI_GROUPS8] = {0}, reach[CVI_GROUPS8] = {0}, others = CVI_PADDING_SCORE, limit = *threshold;
    uint64_t mask = 0;
    for (int v = 0; v < panel->groups; v++) {
        const float error_g = group_bounds(acc, look, panel, v, out);
        low[v] = smallest(out->low + v * CVI_GROUP8);
        reach[v] = smallest(out->reach + v * CVI_GROUP8);
        const float upper = reach[v] + 2 * error_g + slack;
        limit = upper < limit ? upper : limit;
    }
    *threshold = limit;
    for (int v = 0; v < CVI_GROUPS8; v++) {
        out->rest[v] = CVI_PADDING_SCORE;
        if (v < panel->groups && !(low[v] <= limit))
            others = low[v] < others ? low[v] : others;
        if (v >= panel->groups || !(low[v] <= limit))
            continue;
        for (int l = v * CVI_GROUP8; l < (v + 1) * CVI_GROUP8; l++) {
            const bool in = out->low[l] <= limit && out->low[l] <= reach[v] + slack;
            mask |= (uint64_t)in << l;
            out->rest[v] = !in && out->low[l] < out->rest[v] ? out->low[l] : out->rest[v];
        }
    }
    out->rest[CVI_GROUPS8] = others;
    return mask;
}

uint64_t CVI_K(open8)(const int32_t *acc, int64_t count, const cvi_look8 *look, const cvi_panel8 *panel, float *least)
{
    uint64_t open = 0;
    for (int64_t i = 0; i < count; i++) {
        cvi_bounds8 bounds;
        float low = CVI_PADDING_SCORE;
        for (int v = 0; v < panel->groups; v++) {
            group_bounds(acc + i * CVI_PANEL8, &look[i], panel, v, &bounds);
            const float of_group = smallest(bounds.low + v * CVI_GROUP8);
            low = of_group < low ? of_group : low;
        }
        least[i] = low;
        open |= (uint64_t)!(low > look[i].threshold) << i;
    }
    return open;
}

#define UP (1 + 0x1p-20f)
#define DOWN (1 - 0x1p-20f)

static inline void fall(float *gap, const float *drift, float own, int64_t count, float *least)
{
    for (int64_t l = 0; l < count; l++) {
        float g = (gap[l] - (drift[l] + own) * UP) * DOWN;
        g = g > 0 ? g : 0;
        gap[l] = g;
        least[l] = g < least[l] ? g : least[l];
    }
}

float CVI_K(gaps_fall)(float *gap, const float *drift, int64_t count, float own)
{
    float least[LANES];
    int64_t q = 0;
    for (int l = 0; l < LANES; l++)
        least[l] = CVI_PADDING_SCORE;
    for (; q + LANES <= count; q += LANES)
        fall(gap + q, drift + q, own, LANES, least);
    fall(gap + q, drift + q, own, count - q, least);
    return smallest(least);
}

/* sqrt(upper^2 + 2 more) - upper, without the cancellation. */
void CVI_K(gaps_set)(const float *rest, int64_t stride, const uint8_t *flagged, int64_t count, float score, float upper,
                     float *gap)
{
    for (int64_t q = 0; q < count; q++) {
        float least = rest[q];
        for (int64_t i = 1; i < 4; i++)
            least = rest[i * stride + q] < least ? rest[i * stride + q] : least;
        const float more = least - score - 0x1p-21f * (fabsf(least) + fabsf(score));
        const float above = more > 0 ? more : 0;
        const float g = 2 * above / (sqrtf(upper * upper + 2 * above) * UP + upper + 1e-37f) * DOWN;
        gap[q] = flagged[q] ? g : gap[q];
    }
}

/* Four centers at a time share the row's loads, and their chains do not wait for each other. */
VEC_INLINE void half_scores_of(const int centers, const float *x, int64_t ld, const float *const *c, float (*dot)[16])
{
    enum { WIDTH = 16 / VECF_LANES };
    vecf sum[4][WIDTH];
    VEC_UNROLL
    for (int a = 0; a < centers; a++)
        VEC_UNROLL
        for (int v = 0; v < WIDTH; v++)
            sum[a][v] = vecf_set1(0);
    VEC_NO_UNROLL
    for (int64_t f = 0; f < ld; f += 16) {
        VEC_UNROLL
        for (int v = 0; v < WIDTH; v++) {
            const vecf at = vecf_loadu(x + f + v * VECF_LANES);
            VEC_UNROLL
            for (int a = 0; a < centers; a++)
                sum[a][v] = vecf_muladd(at, vecf_loadu(c[a] + f + v * VECF_LANES), sum[a][v]);
        }
    }
    VEC_UNROLL
    for (int a = 0; a < centers; a++)
        VEC_UNROLL
        for (int v = 0; v < WIDTH; v++)
            vecf_storeu(dot[a] + v * VECF_LANES, sum[a][v]);
}

VEC_NOINLINE void half_scores_4(const float *x, int64_t ld, const float *const *c, float (*dot)[16])
{
    half_scores_of(4, x, ld, c, dot);
}

VEC_NOINLINE void half_scores_1(const float *x, int64_t ld, const float *const *c, float (*dot)[16])
{
    half_scores_of(1, x, ld, c, dot);
}

void CVI_K(half_scores)(const float *x, int64_t ld, const float *centers, const float *half_sqnorm, const int32_t *list,
                        int64_t count, float *out)
{
    for (int64_t first = 0; first < count;) {
        const float *c[4];
        float dot[4][16];
        const int64_t together = count - first < 4 ? 1 : 4;
        for (int64_t a = 0; a < together; a++)
            c[a] = centers + (int64_t)list[first + a] * ld;
        (together == 4 ? half_scores_4 : half_scores_1)(x, ld, c, dot);
        for (int64_t a = 0; a < together; a++, first++)
            out[first] = half_sqnorm[list[first]] - lanes_sum(dot[a]);
    }
}
