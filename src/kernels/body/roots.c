/* Sums of distances from squared ones. Square roots are exactly rounded and lanes never mix: the same bits
 * everywhere. */
#include "kernels/body/body.h"

void CVI_K(root_sums)(const double *sq, int64_t ld, int64_t count, int64_t groups, double *sums)
{
    for (int64_t i = 0; i < count; i++) {
        double lane[CVI_GROUP64];
        memcpy(lane, sums + i * CVI_GROUP64, sizeof lane);
        for (int64_t g = 0; g < groups; g++)
            for (int l = 0; l < CVI_GROUP64; l++)
                lane[l] += sqrt(sq[i * ld + g * CVI_GROUP64 + l]);
        memcpy(sums + i * CVI_GROUP64, lane, sizeof lane);
    }
}
