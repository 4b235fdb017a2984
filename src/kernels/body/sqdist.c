/* Distances that are published or compared: direct form, features in order, fused. */
#include "kernels/body/body.h"

void CVI_K(sqdist_labels)(const double *rows, int64_t ld, int64_t count, int64_t d, const double *centers, int64_t ldc,
                          const int32_t *label, double *out)
{
    for (int64_t i = 0; i < count; i++) {
        const double *c = centers + label[i] * ldc;
        double sq = 0;
        for (int64_t f = 0; f < d; f++) {
            const double t = rows[i * ld + f] - c[f];
            sq = fma(t, t, sq);
        }
        out[i] = sq;
    }
}

void CVI_K(sqdist_panels)(const double *rows, int64_t ld, int64_t count, int64_t d, const double *panels, int64_t groups,
                          double *out, int64_t ldo)
{
    for (int64_t i = 0; i < count; i++)
        for (int64_t g = 0; g < groups; g++) {
            double sq[CVI_GROUP64] = {0};
            for (int64_t f = 0; f < d; f++)
                for (int64_t l = 0; l < CVI_GROUP64; l++) {
                    const double t = rows[i * ld + f] - panels[(g * d + f) * CVI_GROUP64 + l];
                    sq[l] = fma(t, t, sq[l]);
                }
            memcpy(out + i * ldo + g * CVI_GROUP64, sq, sizeof sq);
        }
}
