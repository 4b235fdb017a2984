/*
 * Rows along a space-filling curve: neighbors in the order are neighbors in space, so a run of rows has a
 * small box.
 */
#ifndef CVI_DATA_ORDER_H
#define CVI_DATA_ORDER_H

#include "base/threads.h"
#include "data/rows.h"

enum { CVI_ORDER_MAX_D = 6 };

enum { CVI_ORDER_BUCKETS = 1 << 13 };

/* Room for the sort. */
typedef struct cvi_order_scratch {
    uint32_t *keys;   /* [n] */
    uint64_t *pairs;  /* [n] */
    uint32_t *starts; /* [threads][CVI_ORDER_BUCKETS] */
} cvi_order_scratch;

/*
 * order [n] = the rows by Morton number (bits of the features interleaved), equal ones in row order, whatever
 * the number of threads. Dense rows, n < 2^31, d <= CVI_ORDER_MAX_D. Returns false if the team was stopped.
 */
bool cvi_order_morton(const cvi_rows *rows, cvi_team *team, const cvi_order_scratch *scratch, int32_t *order);

/* Do rows of this type fit float32 exactly? */
bool cvi_order_as_float(const cvi_rows *rows);

/* tile [d][CVI_TILE], float or double, = the count rows that order names; the last one again behind it. */
void cvi_order_gather(const cvi_rows *rows, const int32_t *order, int64_t count, void *tile);

/* Ask the memory for rows that cvi_order_gather will read soon. */
void cvi_order_prefetch(const cvi_rows *rows, const int32_t *order, int64_t count);

#endif
