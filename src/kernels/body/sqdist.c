/* Distances that are published or compared: direct form, features in order, fused; the same bits everywhere. */
#include "kernels/body/body.h"

enum { WIDTH = CVI_GROUP64 / VECD_LANES, CHAINS = 8 };
#if VEC_REGISTERS >= 32 && VECD_LANES == 8
enum { ROWS = 8, GROUPS = 2 };
#elif VEC_REGISTERS >= 32 || defined(VEC_HAS_FMA)
enum { ROWS = 4, GROUPS = 1 };
#else
enum { ROWS = 2, GROUPS = 1 };
#endif

/* Features f .. f + VECD_LANES - 1 of VECD_LANES rows: differences are formed along the rows, then transposed, so that
 * every lane adds its row's squares in the order of the features. */
VEC_INLINE vecd lanes_take(const void *const *x, const bool narrow, const double *const *c, int64_t f, vecd sq)
{
    vecd t[VECD_LANES];
    VEC_UNROLL
    for (int r = 0; r < VECD_LANES; r++) {
        const vecd v = narrow ? vecd_loadf((const float *)x[r] + f) : vecd_loadu((const double *)x[r] + f);
        t[r] = vecd_sub(v, vecd_loadu(c[r] + f));
    }
    vecd_transpose(t);
    VEC_UNROLL
    for (int l = 0; l < VECD_LANES; l++)
        sq = vecd_fma(t[l], t[l], sq);
    return sq;
}

/* Eight rows at once, each its own chain: one alone would wait for every addition. x: float or double. */
VEC_INLINE void eight_rows(const void *const *x, const bool narrow, const double *const *c, int64_t d, double *out)
{
    enum { SETS = CHAINS / VECD_LANES };
    vecd lanes[SETS];
    double sq[CHAINS];
    int64_t f = 0;
    VEC_UNROLL
    for (int s = 0; s < SETS; s++)
        lanes[s] = vecd_set1(0);
    VEC_NO_UNROLL
    for (; f + VECD_LANES <= d; f += VECD_LANES)
        VEC_UNROLL
        for (int s = 0; s < SETS; s++)
            lanes[s] = lanes_take(x + s * VECD_LANES, narrow, c + s * VECD_LANES, f, lanes[s]);
    VEC_UNROLL
    for (int s = 0; s < SETS; s++)
        vecd_storeu(sq + s * VECD_LANES, lanes[s]);
    VEC_NO_UNROLL
    for (; f < d; f++)
        VEC_UNROLL
        for (int r = 0; r < CHAINS; r++) {
            const double value = narrow ? (double)((const float *)x[r])[f] : ((const double *)x[r])[f];
            const double t = value - c[r][f];
            sq[r] = fma(t, t, sq[r]);
        }
    memcpy(out, sq, sizeof sq);
}

/* Rows of few features, one by one: the next row's chain does not wait for this one's. */
VEC_INLINE void short_rows(const void *rows, const bool narrow, int64_t ld, int64_t count, const int64_t d, const double *centers,
                           int64_t ldc, const int32_t *label, double *out)
{
    for (int64_t i = 0; i < count; i++) {
        const double *c = centers + label[i] * ldc;
        double sq = 0;
        VEC_UNROLL
        for (int64_t f = 0; f < d; f++) {
            const double t = (narrow ? (double)((const float *)rows)[i * ld + f] : ((const double *)rows)[i * ld + f]) - c[f];
            sq = fma(t, t, sq);
        }
        out[i] = sq;
    }
}

VEC_INLINE void sqdist_own(const void *rows, const bool narrow, int64_t ld, int64_t count, int64_t d, const double *centers,
                           int64_t ldc, const int32_t *label, double *out)
{
    switch (d) {
    case 1:
        short_rows(rows, narrow, ld, count, 1, centers, ldc, label, out);
        return;
    case 2:
        short_rows(rows, narrow, ld, count, 2, centers, ldc, label, out);
        return;
    case 3:
        short_rows(rows, narrow, ld, count, 3, centers, ldc, label, out);
        return;
    case 4:
        short_rows(rows, narrow, ld, count, 4, centers, ldc, label, out);
        return;
    case 5:
        short_rows(rows, narrow, ld, count, 5, centers, ldc, label, out);
        return;
    case 6:
        short_rows(rows, narrow, ld, count, 6, centers, ldc, label, out);
        return;
    default:
        break;
    }
    const int64_t stride = ld * (narrow ? (int64_t)sizeof(float) : (int64_t)sizeof(double));
    for (int64_t i = 0; i < count; i += CHAINS) {
        const int64_t left = count - i < CHAINS ? count - i : CHAINS;
        const void *x[CHAINS];
        const double *c[CHAINS];
        double sq[CHAINS];
        for (int64_t r = 0; r < CHAINS; r++) {
            const int64_t at = i + (r < left ? r : left - 1);
            x[r] = (const char *)rows + at * stride;
            c[r] = centers + label[at] * ldc;
        }
        eight_rows(x, narrow, c, d, sq);
        memcpy(out + i, sq, (size_t)left * sizeof *sq);
    }
}

void CVI_K(sqdist_rows)(const void *const *x, bool narrow, const double *c, int64_t count, int64_t d, double *sqdist)
{
    const double *all[CHAINS] = {c, c, c, c, c, c, c, c};
    for (int64_t i = 0; i < count; i += CHAINS) {
        const int64_t left = count - i < CHAINS ? count - i : CHAINS;
        const void *row[CHAINS];
        double sq[CHAINS];
        for (int64_t r = 0; r < CHAINS; r++)
            row[r] = x[i + (r < left ? r : left - 1)];
        if (narrow)
            eight_rows(row, true, all, d, sq);
        else
            eight_rows(row, false, all, d, sq);
        memcpy(sqdist + i, sq, (size_t)left * sizeof *sq);
    }
}

void CVI_K(sqdist_labels)(const double *rows, int64_t ld, int64_t count, int64_t d, const double *centers, int64_t ldc,
                          const int32_t *label, double *out)
{
    sqdist_own(rows, false, ld, count, d, centers, ldc, label, out);
}

void CVI_K(sqdist_labels_f32)(const float *rows, int64_t ld, int64_t count, int64_t d, const double *centers, int64_t ldc,
                              const int32_t *label, double *out)
{
    sqdist_own(rows, true, ld, count, d, centers, ldc, label, out);
}

VEC_INLINE void tile(const int rows, const int groups, const double *x, int64_t ld, int64_t d, const double *panel,
                     double *out, int64_t ldo)
{
    const double *row[ROWS], *p[GROUPS];
    vecd sq[ROWS][GROUPS * WIDTH];
    VEC_UNROLL
    for (int g = 0; g < groups; g++)
        p[g] = panel + g * d * CVI_GROUP64;
    VEC_UNROLL
    for (int r = 0; r < rows; r++) {
        row[r] = x + r * ld;
        VEC_UNROLL
        for (int v = 0; v < groups * WIDTH; v++)
            sq[r][v] = vecd_set1(0.0);
    }
    VEC_NO_UNROLL
    for (int64_t f = 0; f < d; f++) {
        vecd c[GROUPS * WIDTH];
        VEC_UNROLL
        for (int v = 0; v < groups * WIDTH; v++)
            c[v] = vecd_load(p[v / WIDTH] + f * CVI_GROUP64 + v % WIDTH * VECD_LANES);
        VEC_UNROLL
        for (int r = 0; r < rows; r++) {
            const vecd b = vecd_set1(row[r][f]);
            VEC_UNROLL
            for (int v = 0; v < groups * WIDTH; v++) {
                const vecd t = vecd_sub(b, c[v]);
                sq[r][v] = vecd_fma(t, t, sq[r][v]);
            }
        }
    }
    VEC_UNROLL
    for (int r = 0; r < rows; r++)
        VEC_UNROLL
        for (int v = 0; v < groups * WIDTH; v++)
            vecd_storeu(out + r * ldo + v * VECD_LANES, sq[r][v]);
}

VEC_NOINLINE void rows_wide(const double *x, int64_t ld, int64_t d, const double *panel, double *out, int64_t ldo)
{
    tile(ROWS, GROUPS, x, ld, d, panel, out, ldo);
}

VEC_NOINLINE void rows_1(const double *x, int64_t ld, int64_t d, const double *panel, double *out, int64_t ldo)
{
    tile(ROWS, 1, x, ld, d, panel, out, ldo);
}

VEC_NOINLINE void lone_wide(const double *x, int64_t ld, int64_t d, const double *panel, double *out, int64_t ldo)
{
    tile(1, GROUPS, x, ld, d, panel, out, ldo);
}

VEC_NOINLINE void lone_1(const double *x, int64_t ld, int64_t d, const double *panel, double *out, int64_t ldo)
{
    tile(1, 1, x, ld, d, panel, out, ldo);
}

void CVI_K(sqdist_panels)(const double *rows, int64_t ld, int64_t count, int64_t d, const double *panels, int64_t groups,
                          double *out, int64_t ldo)
{
    for (int64_t g = 0; g < groups;) {
        const bool wide = groups - g >= GROUPS;
        const double *panel = panels + g * d * CVI_GROUP64;
        double *to = out + g * CVI_GROUP64;
        for (int64_t i = 0; i < count;) {
            const bool full = count - i >= ROWS;
            if (full)
                (wide ? rows_wide : rows_1)(rows + i * ld, ld, d, panel, to + i * ldo, ldo);
            else
                (wide ? lone_wide : lone_1)(rows + i * ld, ld, d, panel, to + i * ldo, ldo);
            i += full ? ROWS : 1;
        }
        g += wide ? GROUPS : 1;
    }
}
