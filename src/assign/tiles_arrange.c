/*
 * What is side by side in a tile should be side by side in space: the narrower a tile, the fewer centers are
 * near it. Clusters are put in the order of a k-d tree of their centers (J. L. Bentley, 1975), and the rows
 * of one cluster are split in halves along their widest feature until every part is a tile.
 */
#include "assign/tiles.h"

#include <string.h>

typedef cvi_tile_key key;

/* Put the smallest `count` keys in front (Hoare's FIND). */
static void split_keys(key *keys, int64_t n, int64_t count)
{
    int64_t low = 0, high = n - 1;
    while (low < high) {
        const float a = keys[low].value, b = keys[(low + high) / 2].value, c = keys[high].value;
        const float pivot = a < b ? (b < c ? b : (a < c ? c : a)) : (a < c ? a : (b < c ? c : b));
        int64_t i = low, j = high;
        while (i <= j) {
            while (keys[i].value < pivot)
                i++;
            while (pivot < keys[j].value)
                j--;
            if (i <= j) {
                const key t = keys[i];
                keys[i++] = keys[j];
                keys[j--] = t;
            }
        }
        if (count <= j)
            high = j;
        else if (count >= i)
            low = i;
        else
            return;
    }
}

enum { SAMPLE = 48 };

/* The feature in which points [.][ld] listed in order reach farthest, by a sample of them. */
static int64_t widest(const float *points, int64_t ld, int64_t d, const key *order, int64_t n, float *low,
                      float *high)
{
    memcpy(low, points + order[0].at * ld, (size_t)d * sizeof *low);
    memcpy(high, low, (size_t)d * sizeof *high);
    const int64_t step = n > SAMPLE ? n / SAMPLE : 1;
    for (int64_t i = step; i < n; i += step) {
        const float *x = points + order[i].at * ld;
        for (int64_t f = 0; f < d; f++) {
            low[f] = x[f] < low[f] ? x[f] : low[f];
            high[f] = x[f] > high[f] ? x[f] : high[f];
        }
    }
    int64_t best = 0;
    for (int64_t f = 1; f < d; f++)
        if (high[f] - low[f] > high[best] - low[best])
            best = f;
    return best;
}

/* Halve the keys at places first .. last - 1 (order[0] is place first) at a multiple of unit, and go on with
 * the halves: log2((last - first) / unit) calls deep. */
static void halve(cvi_tile_worker *w, const float *points, int64_t ld, int64_t d, key *order, int64_t first,
                  int64_t last, int64_t unit)
{
    const int64_t lowest = first / unit + 1, highest = (last - 1) / unit; /* the multiples between */
    if (lowest > highest)
        return;
    const int64_t front = (lowest + highest + 1) / 2 * unit - first, n = last - first;
    const int64_t f = widest(points, ld, d, order, n, w->low, w->high);
    for (int64_t i = 0; i < n; i++)
        order[i].value = points[order[i].at * ld + f];
    split_keys(order, n, front);
    halve(w, points, ld, d, order, first, first + front, unit);
    halve(w, points, ld, d, order + front, first + front, last, unit);
}

void cvi_tiles_rank(cvi_tiles *s, int64_t k, int64_t d)
{
    for (int64_t j = 0; j < k; j++)
        s->keys[j].at = (int32_t)j;
    halve(&s->workers[0], s->rows32, d, d, s->keys, 0, k, 1);
    for (int64_t j = 0; j < k; j++)
        s->order[j] = s->keys[j].at;
}

/* Load the window's rows, scaled, into w->rows; their |x|^2 into w->sqnorm. False: one is out of range. */
static bool load_window(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t first, int64_t n, int64_t ld)
{
    const cvi_tiles *s = p->state;
    const int64_t d = p->problem->rows->d;
    bool good = true;
    for (int64_t at = 0; at < n; at += CVI_TILE) {
        const int64_t count = n - at < CVI_TILE ? n - at : CVI_TILE;
        float sqnorm[CVI_TILE];
        cvi_tiles_fetch(p, w, (first + at) / CVI_TILE);
        if (w->block.is_f32)
            p->problem->kernels->load_rows_f32(w->block.row32, count, d, p->problem->rows->mean32,
                                               s->packed32.scale, w->rows + at * ld, ld, sqnorm);
        else
            p->problem->kernels->load_rows_f64(w->block.row64, count, d, p->problem->rows->mean,
                                               s->packed32.scale, w->rows + at * ld, ld, sqnorm);
        for (int64_t i = 0; i < count; i++)
            good &= sqnorm[i] < 1e24f;
    }
    return good;
}

void cvi_tiles_arrange(const cvi_tiles_pass *p, cvi_tile_worker *w, int64_t first_tile, int64_t n_tiles)
{
    cvi_tiles *s = p->state;
    const int64_t d = p->problem->rows->d, ld = (d + 15) / 16 * 16, first = first_tile * CVI_TILE;
    const int64_t n = s->n - first < n_tiles * CVI_TILE ? s->n - first : n_tiles * CVI_TILE;
    key order[CVI_TILE << CVI_TILE_LEVELS];
    int32_t was[CVI_TILE << CVI_TILE_LEVELS];
    if (!load_window(p, w, first, n, ld))
        return;
    for (int64_t i = 0; i < n; i++)
        order[i].at = (int32_t)i;
    for (int64_t a = 0, b; a < n; a = b) {
        for (b = a + 1; b < n && s->labels[first + b] == s->labels[first + a];)
            b++;
        halve(w, w->rows, ld, d, order + a, a, b, CVI_TILE);
    }
    memcpy(was, s->rows + first, (size_t)n * sizeof *was);
    for (int64_t i = 0; i < n; i++)
        s->rows[first + i] = was[order[i].at];
    memcpy(was, s->labels + first, (size_t)n * sizeof *was);
    for (int64_t i = 0; i < n; i++)
        s->labels[first + i] = was[order[i].at];
    for (int64_t i = n; i % CVI_TILE != 0; i++)
        s->labels[first + i] = s->labels[first + n - 1];
}
