/*
 * Rows along a space-filling curve: neighbors in the order are neighbors in space, so a run of rows has a
 * small box.
 */
#ifndef CVI_DATA_ORDER_H
#define CVI_DATA_ORDER_H

#include "base/memory.h"
#include "base/threads.h"
#include "data/rows.h"

enum { CVI_ORDER_MAX_D = 6, CVI_ORDER_BUCKETS = 1 << 13 };

/*
 * Dense rows by Morton number (bits of the features interleaved), equal ones in row order, whatever the number of threads; and
 * their values, 64 rows to a tile. n < 2^31, d <= CVI_ORDER_MAX_D. Seeding and passes of one fit share it: who comes first
 * makes it.
 */
typedef struct cvi_curve {
    int64_t n, d, n_tiles;
    bool as_float;      /* tiles hold floats, which these rows fit exactly; else doubles */
    bool sorted, filled;
    int32_t *order;     /* [n_tiles][64] row at a place; n of them */
    void *tiles;        /* [n_tiles][d][64]; the sort borrows it */
    uint32_t *starts;   /* [threads][CVI_ORDER_BUCKETS] of the sort */
} cvi_curve;

/* The fit's curve, taken if nobody has yet, or one of the caller's own (curve: NULL). */
cvi_curve *cvi_curve_share(cvi_curve *curve, const cvi_rows *rows, int threads, cvi_arena *arena);

/* order, if it is not there yet. keys [n] is scratch. Returns false if the team was stopped. */
bool cvi_curve_sort(cvi_curve *curve, const cvi_kernels *kernels, const cvi_rows *rows, cvi_team *team, uint32_t *keys);

/* Fill a tile, if tiles are not filled yet; behind the last row it is repeated. Who has filled them all sets filled. */
void cvi_curve_fill(const cvi_curve *curve, const cvi_rows *rows, int64_t tile);

/* Rows of a tile: 64, in the last one perhaps less. */
static inline int64_t cvi_curve_rows(const cvi_curve *curve, int64_t tile)
{
    return curve->n - tile * CVI_TILE < CVI_TILE ? curve->n - tile * CVI_TILE : CVI_TILE;
}

/* [d][64] float or double. */
static inline void *cvi_curve_tile(const cvi_curve *curve, int64_t tile)
{
    return (char *)curve->tiles + (size_t)(tile * curve->d * CVI_TILE) * (curve->as_float ? 4 : 8);
}

/* The tile in float64, less origin [d]; x [d][64]. */
void cvi_curve_load(const cvi_curve *curve, const cvi_kernels *kernels, int64_t tile, const double *origin, double *x);

#endif
