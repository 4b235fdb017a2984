/* J. L. Bentley, "Multidimensional binary search trees used for associative searching", CACM 18 (1975). */
#include "assign/kd.h"

#include <string.h>

typedef cvi_kd_key key;

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

void cvi_kd_order(const float *points, int64_t d, cvi_kd_key *keys, int64_t n, int64_t unit, float *low, float *high)
{
    if (n <= unit)
        return;
    const int64_t f = widest(points, d, keys, n, low, high), first = (n / 2 + unit - 1) / unit * unit;
    for (int64_t i = 0; i < n; i++)
        keys[i].value = points[keys[i].at * d + f];
    split_keys(keys, n, first);
    cvi_kd_order(points, d, keys, first, unit, low, high);
    cvi_kd_order(points, d, keys + first, n - first, unit, low, high);
}
