/*
 * Features in lanes, for few centers and wide rows, where reading the rows is what costs: each is read once, from where it
 * is stored, and centered on the way.
 *
 *              center 0   1   ...  CENTERS - 1
 *   row 0      acc        acc      acc             a step: VECF_LANES features; the row's vector meets each center's
 *   row 1      acc        acc      acc             the lanes of an accumulator meet at the end
 */
#include "kernels/body/screen.h"

enum { ROWS = 2 };
#if VEC_REGISTERS >= 32
enum { CENTERS = 10 };
#else
enum { CENTERS = 5 };
#endif

typedef struct pair {
    const float *x[ROWS], *next[ROWS]; /* the rows, and those that come after them */
    float first[ROWS], second[ROWS], sqnorm[ROWS];
    int32_t label[ROWS];
    float *scores[ROWS]; /* the row's first, or NULL */
} pair;

VEC_INLINE vecf centered(const bool raw, const cvi_wide *s, const float *x, int64_t f, int64_t n)
{
    const vecf v = n == VECF_LANES ? vecf_loadu(x + f) : vecf_load_part(x + f, n);
    if (!raw)
        return v;
    const vecf m = n == VECF_LANES ? vecf_loadu(s->mean32 + f) : vecf_load_part(s->mean32 + f, n);
    return vecf_mul(vecf_sub(v, m), vecf_set1(s->scale));
}

/* One step: n features from f on. */
VEC_INLINE void step(const int count, const bool raw, const cvi_wide *s, const pair *p, const float *const *c, int64_t f,
                     int64_t n, vecf acc[ROWS][CENTERS], vecf sq[ROWS])
{
    vecf v[ROWS];
    VEC_UNROLL
    for (int r = 0; r < ROWS; r++) {
        __builtin_prefetch(p->next[r] + f);
        v[r] = centered(raw, s, p->x[r], f, n);
        sq[r] = vecf_muladd(v[r], v[r], sq[r]);
    }
    VEC_UNROLL
    for (int j = 0; j < count; j++) {
        const vecf center = vecf_load(c[j] + f);
        VEC_UNROLL
        for (int r = 0; r < ROWS; r++)
            acc[r][j] = vecf_muladd(v[r], center, acc[r][j]);
    }
}

static inline void pair_take(pair *p, int r, float score, int32_t j)
{
    if (p->scores[r] != NULL)
        p->scores[r][j / CVI_GROUP32 * CVI_TILE * CVI_GROUP32 + j % CVI_GROUP32] = score;
    if (score < p->first[r]) {
        p->second[r] = p->first[r];
        p->first[r] = score;
        p->label[r] = j;
    } else if (score < p->second[r]) {
        p->second[r] = score;
    }
}

/* Two rows against `count` centers from `first` on. Chains of CVI_CHAIN vectors are summed apart. */
VEC_INLINE void pair_centers(const int count, const bool raw, const cvi_wide *s, int64_t first, pair *p)
{
    const float *c[CENTERS];
    float dot[ROWS][CENTERS] = {{0}}, sum[ROWS] = {0};
    for (int j = 0; j < count; j++)
        c[j] = s->centers + (first + j) * s->ld;
    for (int64_t f = 0; f < s->d;) {
        vecf acc[ROWS][CENTERS], sq[ROWS];
        int64_t end = f + CVI_CHAIN * VECF_LANES;
        end = end < s->d ? end : s->d;
        VEC_UNROLL
        for (int r = 0; r < ROWS; r++) {
            sq[r] = vecf_set1(0);
            VEC_UNROLL
            for (int j = 0; j < count; j++)
                acc[r][j] = vecf_set1(0);
        }
        VEC_NO_UNROLL
        for (; f + VECF_LANES <= end; f += VECF_LANES)
            step(count, raw, s, p, c, f, VECF_LANES, acc, sq);
        if (f < end) {
            step(count, raw, s, p, c, f, end - f, acc, sq);
            f = end;
        }
        for (int r = 0; r < ROWS; r++) {
            sum[r] += vecf_sum(sq[r]);
            for (int j = 0; j < count; j++)
                dot[r][j] += vecf_sum(acc[r][j]);
        }
    }
    for (int r = 0; r < ROWS; r++) {
        p->sqnorm[r] = sum[r];
        for (int j = 0; j < count; j++)
            pair_take(p, r, s->half_sqnorm[first + j] - dot[r][j], (int32_t)(first + j));
    }
}

/* The number of centers is known to the compiler in each of these. */
#define SOME(count)                                                                                                      \
    VEC_NOINLINE void some_##count(const cvi_wide *s, int64_t first, pair *p)                                            \
    {                                                                                                                    \
        if (s->mean32 != NULL)                                                                                           \
            pair_centers(count, true, s, first, p);                                                                      \
        else                                                                                                             \
            pair_centers(count, false, s, first, p);                                                                     \
    }
SOME(1)
SOME(2)
SOME(3)
SOME(4)
SOME(5)
#if VEC_REGISTERS >= 32
SOME(6)
SOME(8)
SOME(10)
#endif

typedef void some_fn(const cvi_wide *s, int64_t first, pair *p);

/* Centers of the next tile when `left` are to go. */
static int next_centers(int64_t left, some_fn **some)
{
    static some_fn *const by_count[] = {NULL, some_1, some_2, some_3, some_4, some_5,
#if VEC_REGISTERS >= 32
                                        some_6, some_6, some_8, some_8, some_10
#endif
    };
    int count = left < CENTERS ? (int)left : CENTERS;
    count = count == 7 ? 6 : count == 9 ? 8 : count;
    *some = by_count[count];
    return count;
}

uint64_t CVI_K(screen_wide)(const cvi_wide *s, const float *const *rows, int64_t count, float *sqnorm, int32_t *label, float *best)
{
    float second[CVI_TILE + 1];
    uint64_t open = 0;
    for (int64_t i = 0; i < count; i += ROWS) {
        pair p = {.first = {NO_SCORE, NO_SCORE}, .second = {NO_SCORE, NO_SCORE}};
        for (int r = 0; r < ROWS; r++) { /* the last row stands in for missing ones */
            p.x[r] = rows[i + r < count ? i + r : count - 1];
            p.next[r] = rows[i + ROWS + r < count ? i + ROWS + r : count - 1];
            p.scores[r] = s->scores != NULL && i + r < count ? s->scores + (i + r) * CVI_GROUP32 : NULL;
        }
        for (int64_t j = 0; j < s->k;) {
            some_fn *some;
            const int centers = next_centers(s->k - j, &some);
            some(s, j, &p);
            j += centers;
        }
        for (int64_t r = 0; r < ROWS && i + r < count; r++) {
            best[i + r] = p.first[r];
            second[i + r] = p.second[r];
            label[i + r] = p.label[r];
            sqnorm[i + r] = p.sqnorm[r];
        }
    }
    for (int64_t i = 0; i < count; i++) {
        const float spread = 2 * best[i] + sqnorm[i] > 0 ? 2 * best[i] + sqnorm[i] : 0;
        const float limit = s->screen.tie_r * sqnorm[i] + s->screen.tie_s * spread + s->screen.tie_0;
        open |= (uint64_t) !(limit < second[i] - best[i]) << i;
    }
    return open;
}
