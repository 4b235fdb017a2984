#include "kernels/body/body.h"

uint64_t CVI_K(screen_centers)(const cvi_screen *s, const float *const *rows, const float *sqnorm, int64_t count,
                               int32_t *label, float *best)
{
    uint64_t open = 0;
    for (int64_t i = 0; i < count; i++) {
        float first = INFINITY, second = INFINITY;
        int32_t at = 0;
        for (int64_t g = 0; g < s->groups; g++) {
            float dot[CVI_GROUP32] = {0};
            for (int64_t f = 0; f < s->d; f++)
                for (int64_t l = 0; l < CVI_GROUP32; l++)
                    dot[l] += rows[i][f] * s->centers[(g * s->d + f) * CVI_GROUP32 + l];
            for (int64_t l = 0; l < CVI_GROUP32 && g * CVI_GROUP32 + l < s->k; l++) {
                const float score = s->half_sqnorm[g * CVI_GROUP32 + l] - dot[l];
                if (score < first) {
                    second = first;
                    first = score;
                    at = (int32_t)(g * CVI_GROUP32 + l);
                } else if (score < second) {
                    second = score;
                }
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
