#include "data/even.h"

#include <math.h>

/*
 * What share of the others is at most half as far again from a row as the nearest of them: 0.02-0.15 where there are clusters
 * or few features, 0.5 for uniform rows of 32 features, 1 for those of 128.
 */
static const double EVEN = 0.3;

enum { PROBES = 16, OTHERS = 512 };

static void sqdists(const double *row, const double (*at)[PROBES], int64_t d, double sq[PROBES])
{
    for (int p = 0; p < PROBES; p++)
        sq[p] = 0;
    for (int64_t f = 0; f < d; f++)
        for (int p = 0; p < PROBES; p++)
            sq[p] += (row[f] - at[f][p]) * (row[f] - at[f][p]);
}

bool cvi_rows_even(const cvi_rows *rows)
{
    double at[CVI_EVEN_MOST_D][PROBES], row[CVI_EVEN_MOST_D], sq[PROBES], nearest[PROBES];
    const int64_t step = rows->n / OTHERS > 0 ? rows->n / OTHERS : 1, others = rows->n / step < OTHERS ? rows->n / step : OTHERS;
    int64_t around = 0;
    if (rows->kind == CVI_ROWS_CSR || rows->d > CVI_EVEN_MOST_D)
        return false;
    for (int p = 0; p < PROBES; p++) {
        cvi_rows_dense(rows, p * others / PROBES * step, row);
        for (int64_t f = 0; f < rows->d; f++)
            at[f][p] = row[f];
        nearest[p] = INFINITY;
    }
    for (int round = 0; round < 2; round++)
        for (int64_t i = 0; i < others; i++) {
            cvi_rows_dense(rows, i * step, row);
            sqdists(row, at, rows->d, sq);
            for (int p = 0; p < PROBES; p++) {
                if (round == 0 && sq[p] > 0)
                    nearest[p] = fmin(nearest[p], sq[p]);
                around += round == 1 && sq[p] <= 1.5 * 1.5 * nearest[p];
            }
        }
    return (double)around > EVEN * (double)(PROBES * others);
}
