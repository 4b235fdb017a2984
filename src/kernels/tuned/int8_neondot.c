/*
 * dot8_panel with ARM's dot-product instruction: 4 rows x 16 lanes (a third of a panel) in 16 accumulators,
 * 16 features a step.  The instruction multiplies signed bytes alone: 128 is taken from the centers' bytes,
 * and 128 times the row's sum added at the end.
 */
#include "kernels/slots.h"

#include <arm_neon.h>
#include <string.h>

void cvi_dot8_panel_neondot(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel,
                            int groups, int32_t *acc);

enum { ROWS = 4, VECTORS = 4, THIRD = 16 };

static inline int8x16_t centers(const uint8_t *p)
{
    return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(p), vdupq_n_u8(0x80)));
}

/* 4 features: word `word` of each row's vector; stride: bytes of 4 features. */
#define STEP(word)                                                                                           \
    for (int v = 0; v < VECTORS; v++) {                                                                      \
        const int8x16_t c = centers(at + (word)*stride + v * 16);                                    \
        for (int r = 0; r < ROWS; r++)                                                                       \
            sum[r][v] = vdotq_laneq_s32(sum[r][v], c, x[r], word);                                           \
    }

static __attribute__((noinline)) void third(const int8_t *const *rows, int64_t dq, const uint8_t *panel,
                                            int64_t stride, const int32_t *bias, int32_t *acc)
{
    int32x4_t sum[ROWS][VECTORS];
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECTORS; v++)
            sum[r][v] = vdupq_n_s32(bias[r]);
    for (int64_t f = 0; f < dq; f += 16) {
        const uint8_t *at = panel + f / 4 * stride;
        int8x16_t x[ROWS];
        for (int r = 0; r < ROWS; r++)
            x[r] = vld1q_s8(rows[r] + f);
        STEP(0)
        STEP(1)
        STEP(2)
        STEP(3)
    }
    for (int r = 0; r < ROWS; r++)
        for (int v = 0; v < VECTORS; v++)
            vst1q_s32(acc + r * CVI_PANEL8 + 4 * v, sum[r][v]);
}

static int32_t bias_of(const int8_t *row, int64_t dq)
{
    int32x4_t sum = vdupq_n_s32(0);
    for (int64_t f = 0; f < dq; f += 16)
        sum = vdotq_s32(sum, vld1q_s8(row + f), vdupq_n_s8(1));
    return 128 * vaddvq_s32(sum);
}

void cvi_dot8_panel_neondot(const int8_t *const *rows, int64_t count, int64_t dq, const uint8_t *panel,
                            int groups, int32_t *acc)
{
    const int lanes = CVI_GROUP8 * groups;
    for (int64_t i = 0; i < count; i += ROWS) {
        const int64_t here = count - i < ROWS ? count - i : ROWS;
        const int8_t *row[ROWS];
        int32_t bias[ROWS], spare[ROWS * CVI_PANEL8];
        int32_t *to =
            here == ROWS ? acc + i * CVI_PANEL8 : spare; /* the last row stands in for missing ones */
        for (int64_t r = 0; r < ROWS; r++) {
            row[r] = rows[i + (r < here ? r : here - 1)];
            bias[r] = bias_of(row[r], dq);
        }
        for (int64_t l = 0; l < lanes; l += THIRD)
            third(row, dq, panel + 4 * l, 4 * lanes, bias, to + l);
        for (int64_t r = 0; here < ROWS && r < here; r++)
            memcpy(acc + (i + r) * CVI_PANEL8, spare + r * CVI_PANEL8, (size_t)lanes * sizeof *acc);
    }
}
