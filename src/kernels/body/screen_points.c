#include "kernels/body/body.h"

uint64_t CVI_K(screen_points)(const cvi_screen *s, const float *tile, const float *sqnorm, int64_t count,
                              int32_t *label, float *best)
{
    uint64_t open = 0;
    for (int64_t i = 0; i < count; i++) {
        float first = INFINITY, second = INFINITY;
        int32_t at = 0;
        for (int64_t j = 0; j < s->k; j++) {
            const float *c = s->centers + j / CVI_GROUP32 * s->d * CVI_GROUP32 + j % CVI_GROUP32;
            float dot = 0;
            for (int64_t f = 0; f < s->d; f++)
                dot += tile[f * CVI_TILE + i] * c[f * CVI_GROUP32];
            const float score = s->half_sqnorm[j] - dot;
            if (score < first) {
                second = first;
                first = score;
                at = (int32_t)j;
            } else if (score < second) {
                second = score;
            }
        }
        const float spread = 2 * first + sqnorm[i];
        const float limit = s->tie_r * sqnorm[i] + s->tie_s * (spread > 0 ? spread : 0) + s->tie_0;
        label[i] = at;
        best[i] = first;
        open |= (uint64_t)!(second - first > limit) << i;
    }
    return open;
}
