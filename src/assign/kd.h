/* Points in an order in which neighbors are neighbors in space: that of a k-d tree. */
#ifndef CVI_ASSIGN_KD_H
#define CVI_ASSIGN_KD_H

#include <stdint.h>

/* A point on its way to its place. */
typedef struct cvi_kd_key {
    float value;
    int32_t at;
} cvi_kd_key;

/* Order the n points [.][d] that keys name: halves along their widest feature, at multiples of unit, until a part has no
 * more than unit. low and high [d] are scratch. */
void cvi_kd_order(const float *points, int64_t d, cvi_kd_key *keys, int64_t n, int64_t unit, float *low, float *high);

#endif
