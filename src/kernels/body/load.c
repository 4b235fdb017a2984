/*
 * Blocks of rows, brought into the form that the screens and the canonical score read.  A tile is transposed four
 * features at a time, which needs no shuffles across the vector; rows may lie anywhere.
 */
#include "kernels/body/body.h"

/* --- rows ------------------------------------------------------------------------------------------------------ */

static void clear(float *out, int64_t d, int64_t ld)
{
    for (int64_t f = d; f < ld; f++)
        out[f] = 0;
}

VEC_NOINLINE float load_row_f32(const float *x, int64_t d, const float *mean32, float scale, float *out)
{
    const vecf by = vecf_set1(scale);
    vecf sq[2] = {vecf_set1(0), vecf_set1(0)};
    int64_t f = 0;
    for (; f + 2 * VECF_LANES <= d; f += 2 * VECF_LANES) {
        VEC_UNROLL
        for (int v = 0; v < 2; v++) {
            const int64_t at = f + v * VECF_LANES;
            const vecf t = vecf_mul(vecf_sub(vecf_loadu(x + at), vecf_loadu(mean32 + at)), by);
            vecf_storeu(out + at, t);
            sq[v] = vecf_muladd(t, t, sq[v]);
        }
    }
    for (; f < d; f += VECF_LANES) {
        const int64_t n = d - f < VECF_LANES ? d - f : VECF_LANES;
        const vecf t = vecf_mul(vecf_sub(vecf_load_part(x + f, n), vecf_load_part(mean32 + f, n)), by);
        vecf_store_part(out + f, t, n);
        sq[0] = vecf_muladd(t, t, sq[0]);
    }
    return vecf_sum(vecf_add(sq[0], sq[1]));
}

void CVI_K(load_rows_f32)(const float *const *rows, int64_t count, int64_t d, const float *mean32, float scale,
                          float *out, int64_t ld, float *sqnorm)
{
    for (int64_t i = 0; i < count; i++) {
        sqnorm[i] = load_row_f32(rows[i], d, mean32, scale, out + i * ld);
        clear(out + i * ld, d, ld);
    }
}

/* The squares are summed in double, before rounding: reading back the floats would wait for two narrow stores. */
VEC_NOINLINE float load_row_f64(const double *x, int64_t d, const double *mean, double scale, float *out)
{
    const vecd by = vecd_set1(scale);
    vecd sq = vecd_set1(0), sq2 = sq;
    int64_t f = 0;
    for (; f + VECF_LANES <= d; f += VECF_LANES) {
        const vecd v = vecd_mul(vecd_sub(vecd_loadu(x + f), vecd_loadu(mean + f)), by);
        const int64_t next = f + VECD_LANES;
        const vecd w = vecd_mul(vecd_sub(vecd_loadu(x + next), vecd_loadu(mean + next)), by);
        vecd_storeuf(out + f, v);
        vecd_storeuf(out + next, w);
        sq = vecd_add(sq, vecd_mul(v, v));
        sq2 = vecd_add(sq2, vecd_mul(w, w));
    }
    for (; f < d; f += VECD_LANES) {
        const int64_t n = d - f < VECD_LANES ? d - f : VECD_LANES;
        float part[VECD_LANES];
        const vecd v = vecd_mul(vecd_sub(vecd_load_part(x + f, n), vecd_load_part(mean + f, n)), by);
        vecd_storeuf(part, v);
        memcpy(out + f, part, (size_t)n * sizeof *part);
        sq = vecd_add(sq, vecd_mul(v, v));
    }
    double lane[VECD_LANES];
    vecd_storeu(lane, vecd_add(sq, sq2));
    VEC_UNROLL
    for (int half = VECD_LANES / 2; half > 0; half /= 2)
        VEC_UNROLL
        for (int l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return (float)lane[0];
}

void CVI_K(load_rows_f64)(const double *const *rows, int64_t count, int64_t d, const double *mean, double scale,
                          float *out, int64_t ld, float *sqnorm)
{
    for (int64_t i = 0; i < count; i++) {
        sqnorm[i] = load_row_f64(rows[i], d, mean, scale, out + i * ld);
        clear(out + i * ld, d, ld);
    }
}

/* --- tiles ----------------------------------------------------------------------------------------------------- */

/* Features f .. f + n - 1, n <= 4, of one vector of points. */
VEC_INLINE void tile_features(const vecf x[4], int64_t n, float *tile, int64_t f, vecf *sq)
{
    VEC_UNROLL
    for (int c = 0; c < 4; c++)
        if (c < n) {
            vecf_store(tile + (f + c) * CVI_TILE, x[c]);
            *sq = vecf_muladd(x[c], x[c], *sq);
        }
}

/* One vector of points; columns from `count` on become zero. */
VEC_INLINE vecf tile_strip_f32(const float *const *rows, int64_t count, int64_t d, const float *mean32, float scale, float *tile)
{
    const vecf by = vecf_set1(scale), lanes = vecf_first(count);
    vecf sq = vecf_set1(0);
    for (int64_t f = 0; f < d; f += 4) {
        const int64_t n = d - f < 4 ? d - f : 4;
        vecf x[4];
        if (n == 4)
            vecf_columns(rows, f, 4, x);
        else
            vecf_columns(rows, f, n, x);
        VEC_UNROLL
        for (int c = 0; c < 4; c++) {
            const vecf m = vecf_set1(c < n ? mean32[f + c] : 0);
            x[c] = vecf_and(vecf_mul(vecf_sub(x[c], m), by), lanes);
        }
        tile_features(x, n, tile, f, &sq);
    }
    return sq;
}

/* Missing rows are read as the last one and blanked. */
void CVI_K(load_tile_f32)(const float *const *rows, int64_t count, int64_t d, const float *mean32, float scale,
                          float *tile, float *sqnorm)
{
    for (int64_t i = 0; i < CVI_TILE; i += VECF_LANES) {
        const int64_t left = count - i;
        const float *few[VECF_LANES];
        const float *const *from = rows + i;
        if (left < VECF_LANES) {
            for (int64_t r = 0; r < VECF_LANES; r++)
                few[r] = rows[i + r < count ? i + r : count - 1];
            from = few;
        }
        vecf_storeu(sqnorm + i, tile_strip_f32(from, left, d, mean32, scale, tile + i));
    }
}

VEC_INLINE vecf tile_strip_f64(const double *const *rows, int64_t count, int64_t d, const double *mean, double scale, float *tile)
{
    const vecf lanes = vecf_first(count);
    vecf sq = vecf_set1(0);
    for (int64_t f = 0; f < d; f += 4) {
        const int64_t n = d - f < 4 ? d - f : 4;
        vecf x[4];
        vecf_columns_f64(rows, f, n, mean, scale, x);
        VEC_UNROLL
        for (int c = 0; c < 4; c++)
            x[c] = vecf_and(x[c], lanes);
        tile_features(x, n, tile, f, &sq);
    }
    return sq;
}

void CVI_K(load_tile_f64)(const double *const *rows, int64_t count, int64_t d, const double *mean, double scale,
                          float *tile, float *sqnorm)
{
    for (int64_t i = 0; i < CVI_TILE; i += VECF_LANES) {
        const int64_t left = count - i;
        const double *few[VECF_LANES];
        const double *const *from = rows + i;
        if (left < VECF_LANES) {
            for (int64_t r = 0; r < VECF_LANES; r++)
                few[r] = rows[i + r < count ? i + r : count - 1];
            from = few;
        }
        vecf_storeu(sqnorm + i, tile_strip_f64(from, left, d, mean, scale, tile + i));
    }
}

/* --- rows in double -------------------------------------------------------------------------------------------- */

VEC_INLINE void center_row(const void *x, bool narrow, int64_t d, const double *mean, double *out)
{
    int64_t f = 0;
    for (; f + VECD_LANES <= d; f += VECD_LANES) {
        const vecd v = narrow ? vecd_loadf((const float *)x + f) : vecd_loadu((const double *)x + f);
        vecd_storeu(out + f, mean != NULL ? vecd_sub(v, vecd_loadu(mean + f)) : v);
    }
    if (f < d) {
        const vecd v = narrow ? vecd_loadf_part((const float *)x + f, d - f) : vecd_load_part((const double *)x + f, d - f);
        vecd_store_part(out + f, mean != NULL ? vecd_sub(v, vecd_load_part(mean + f, d - f)) : v, d - f);
    }
}

VEC_INLINE void center_rows(const void *const *rows, bool narrow, int64_t count, int64_t d, const double *mean, double *out, int64_t ld)
{
    for (int64_t i = 0; i < count; i++) {
        center_row(rows[i], narrow, d, mean, out + i * ld);
        for (int64_t f = d; f < ld; f++)
            out[i * ld + f] = 0;
    }
}

void CVI_K(center_rows_f32)(const float *const *rows, int64_t count, int64_t d, const double *mean, double *out, int64_t ld)
{
    center_rows((const void *const *)rows, true, count, d, mean, out, ld);
}

void CVI_K(center_rows_f64)(const double *const *rows, int64_t count, int64_t d, const double *mean, double *out, int64_t ld)
{
    center_rows((const void *const *)rows, false, count, d, mean, out, ld);
}
