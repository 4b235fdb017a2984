/*
 * Tiles at the seam of two clusters hold rows of both: clusters that follow each other should be neighbors,
 * so they are put in the order of a k-d tree of their centers (J. L. Bentley, 1975).
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

/* The feature in which points [.][d] listed in order reach farthest, by a sample of them. */
static int64_t widest(const float *points, int64_t d, const key *order, int64_t n, float *low, float *high)
{
    memcpy(low, points + order[0].at * d, (size_t)d * sizeof *low);
    memcpy(high, low, (size_t)d * sizeof *high);
    const int64_t step = n > SAMPLE ? n / SAMPLE : 1;
    for (int64_t i = step; i < n; i += step) {
        const float *x = points + order[i].at * d;
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

/* Halve the keys along their widest feature, and go on with the halves. */
static void halve(cvi_tile_worker *w, const float *points, int64_t d, key *order, int64_t n)
{
    if (n < 2)
        return;
    const int64_t f = widest(points, d, order, n, w->low, w->high);
    for (int64_t i = 0; i < n; i++)
        order[i].value = points[order[i].at * d + f];
    split_keys(order, n, n / 2);
    halve(w, points, d, order, n / 2);
    halve(w, points, d, order + n / 2, n - n / 2);
}

void cvi_tiles_rank(cvi_tiles *s, int64_t k, int64_t d)
{
    for (int64_t j = 0; j < k; j++)
        s->keys[j].at = (int32_t)j;
    halve(&s->workers[0], s->rows32, d, s->keys, k);
    for (int64_t j = 0; j < k; j++)
        s->order[j] = s->keys[j].at;
}
