/* Greedy k-means++: every path picks the rows that the definition picks, spelled out here row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/exact.h"
#include "covey/covey.h"

#include "support/draws.h"
#include "kernels/dispatch.h"
#include "seed/plusplus.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CASES = 2000 };

static const char *const isas[] = {"portable", "avx2", "avx2-vnni", "avx512", "avx512-vnni", "neon"};
static const int32_t thread_counts[] = {1, 2, 3, 7};

typedef struct data {
    int64_t n, d, k, trials;
    bool float32, sparse;
    double *x, *weights; /* [n][d]; weights NULL: none */
    float *x32;
    int32_t *indptr, *indices;
    double *values;
    covey_matrix matrix;
    uint32_t seed;
} data;

enum { NORMAL, GRID, OFFSET, DECIMAL, DUPLICATES, HUGE_ROW, EQUAL, TAILS, KINDS };

static double value_of(int kind, int64_t i)
{
    const double normal = covey_random_normal(&random_state);
    switch (kind) {
    case GRID:
        return (double)below(4);
    case OFFSET:
        return 1e6 + normal;
    case DECIMAL:
        return (double)below(10) / 10;
    case DUPLICATES:
        return (double)(i % 7);
    case EQUAL:
        return 3.25;
    case TAILS: /* one row in eleven reaches far beyond the others: bytes cut it off */
        return i % 11 == 5 ? 8 * normal : normal;
    default:
        return normal;
    }
}

static void make_sparse(data *x)
{
    int64_t stored = 0;
    x->indptr = malloc((size_t)(x->n + 1) * sizeof *x->indptr);
    x->indices = malloc((size_t)(x->n * x->d + 1) * sizeof *x->indices);
    x->values = malloc((size_t)(x->n * x->d + 1) * sizeof *x->values);
    for (int64_t i = 0; i < x->n; i++) {
        x->indptr[i] = (int32_t)stored;
        for (int64_t f = 0; f < x->d; f++) {
            if (uniform() < 0.7)
                x->x[i * x->d + f] = 0;
            if (x->x[i * x->d + f] == 0)
                continue;
            x->indices[stored] = (int32_t)f;
            x->values[stored++] = x->x[i * x->d + f];
        }
    }
    x->indptr[x->n] = (int32_t)stored;
    x->matrix = covey_matrix_csr(x->values, COVEY_DTYPE_FLOAT64, x->indptr, x->indices, 4, x->n, x->d);
}

static void make_data(data *x, uint32_t seed, int64_t most_d)
{
    covey_random_seed(&random_state, seed);
    memset(x, 0, sizeof *x);
    const int kind = (int)below(KINDS);
    x->n = 1 + (int64_t)(uniform() * uniform() * 500);
    x->d = 1 + below(most_d);
    x->k = 1 + below(x->n < 30 ? x->n : 30);
    x->trials = uniform() < 0.3 ? 1 + below(20) : 0;
    x->float32 = uniform() < 0.5;
    x->sparse = most_d > 6 && uniform() < 0.3;
    x->seed = seed;
    x->x = malloc((size_t)(x->n * x->d) * sizeof *x->x);
    x->x32 = malloc((size_t)(x->n * x->d) * sizeof *x->x32);
    for (int64_t a = 0; a < x->n * x->d; a++)
        x->x[a] = value_of(kind, a / x->d);
    if (kind == HUGE_ROW)
        x->x[below(x->n) * x->d] = 1e20;
    for (int64_t a = 0; a < x->n * x->d && x->float32 && !x->sparse; a++)
        x->x[a] = (double)(x->x32[a] = (float)x->x[a]);
    if (uniform() < 0.4) {
        x->weights = malloc((size_t)x->n * sizeof *x->weights);
        for (int64_t i = 0; i < x->n; i++)
            x->weights[i] = uniform() < 0.3 ? 0 : uniform() * 1e6;
        x->weights[x->n - 1] = 1;
    }
    if (x->sparse)
        make_sparse(x);
    else if (x->float32)
        x->matrix = covey_matrix_dense(x->x32, COVEY_DTYPE_FLOAT32, x->n, x->d);
    else
        x->matrix = covey_matrix_dense(x->x, COVEY_DTYPE_FLOAT64, x->n, x->d);
}

static void free_data(data *x)
{
    free(x->x);
    free(x->x32);
    free(x->weights);
    free(x->indptr);
    free(x->indices);
    free(x->values);
}

/* --- the definition
 * ---------------------------------------------------------------------------------------------- */

static double sqdist(const data *x, int64_t a, int64_t b)
{
    double sq = 0;
    for (int64_t f = 0; f < x->d; f++) {
        const double t = x->x[a * x->d + f] - x->x[b * x->d + f];
        sq = fma(t, t, sq);
    }
    return sq;
}

static double weight(const data *x, int64_t i)
{
    return x->weights != NULL ? x->weights[i] : 1;
}

static double potential(const data *x, const double *near, int64_t candidate, const double *magic)
{
    uint64_t q[CVI_POTENTIAL_LEVELS] = {0};
    for (int64_t i = 0; i < x->n; i++)
        cvi_potential_add(fmin(near[i], candidate < 0 ? INFINITY : sqdist(x, i, candidate)) * weight(x, i),
                          magic, q);
    return cvi_potential_value(q, magic, x->n);
}

static int64_t drawn_row(const data *x, const double *near, double v, const double *magic)
{
    uint64_t q[CVI_POTENTIAL_LEVELS] = {0};
    for (int64_t i = 0; i < x->n; i++) {
        cvi_potential_add(near[i] * weight(x, i), magic, q);
        if (cvi_potential_value(q, magic, i + 1) >= v)
            return i;
    }
    return x->n - 1;
}

static double largest(const data *x, const double *near)
{
    double most = 0;
    for (int64_t i = 0; i < x->n; i++)
        most = fmax(most, near[i] * weight(x, i));
    return most;
}

/* The grid of a step is set by the largest addend of the pass before, in which the pick before that was the
 * last. */
static void define_picks(const data *x, covey_random *random, int64_t *picks)
{
    const int64_t trials = cvi_plusplus_trials(x->k, x->trials);
    double *near = malloc((size_t)x->n * sizeof *near), *uniforms = malloc((size_t)trials * sizeof *uniforms);
    double magic[CVI_POTENTIAL_LEVELS], next[CVI_POTENTIAL_LEVELS], sums = 0, last = 0;
    const double u = covey_random_double(random);
    const double total = x->weights != NULL ? cvi_pairwise_sum(x->weights, x->n, 1) : (double)x->n;
    for (int64_t i = 0; i < x->n; i++)
        last += weight(x, i) / total;
    for (picks[0] = 0; picks[0] < x->n - 1; picks[0]++) {
        sums += weight(x, picks[0]) / total;
        if (!(sums / last <= u))
            break;
    }
    for (int64_t i = 0; i < x->n; i++)
        near[i] = sqdist(x, i, picks[0]);
    cvi_potential_magic(largest(x, near), x->n, magic);
    memcpy(next, magic, sizeof next);
    for (int64_t c = 1; c < x->k; c++) {
        const double all = potential(x, near, -1, magic);
        double smallest = INFINITY, step_magic[CVI_POTENTIAL_LEVELS];
        memcpy(step_magic, next, sizeof next);
        for (int64_t t = 0; t < trials; t++)
            uniforms[t] = covey_random_double(random);
        for (int64_t t = 0; t < trials; t++) {
            const int64_t candidate = drawn_row(x, near, uniforms[t] * all, magic);
            const double p = potential(x, near, candidate, step_magic);
            if (p < smallest) {
                smallest = p;
                picks[c] = candidate;
            }
        }
        cvi_potential_magic(largest(x, near), x->n, next);
        memcpy(magic, step_magic, sizeof magic);
        for (int64_t i = 0; i < x->n; i++)
            near[i] = fmin(near[i], sqdist(x, i, picks[c]));
    }
    free(near);
    free(uniforms);
}

/* --- the library
 * --------------------------------------------------------------------------------------------------- */

static void library_picks(const data *x, size_t budget, int64_t *picks)
{
    covey_run run;
    covey_error error;
    covey_random random;
    covey_run_init(&run);
    run.accelerator_budget = budget;
    run.threads = thread_counts[x->seed % 4];
    const char *isa = isas[x->seed / 4 % 6];
    run.isa = covey_isa_available(isa) == 1 ? isa : NULL;
    covey_random_seed(&random, x->seed);
    if (covey_seed_plusplus(&x->matrix, x->weights, x->k, x->trials, &random, &run, picks, &error) !=
        COVEY_OK)
        fail_msg("case %u: %s", x->seed, error.message);
}

static void compare(uint32_t seed, int64_t most_d, size_t budget)
{
    data x;
    make_data(&x, seed, most_d);
    int64_t *expected = malloc((size_t)x.k * sizeof *expected), *got = malloc((size_t)x.k * sizeof *got);
    covey_random random;
    covey_random_seed(&random, seed);
    define_picks(&x, &random, expected);
    library_picks(&x, budget, got);
    if (memcmp(expected, got, (size_t)x.k * sizeof *got) != 0)
        fail_msg("case %u (n %d, d %d, k %d%s): picks differ", seed, (int)x.n, (int)x.d, (int)x.k,
                 x.sparse ? ", sparse" : "");
    free(expected);
    free(got);
    free_data(&x);
}

static void test_passes_pick_what_is_defined(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < CASES; seed++)
        compare(seed, 40, 0);
}

static void test_tiles_pick_what_is_defined(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < CASES; seed++)
        compare(seed, 6, (size_t)1 << 30);
}

static void test_bytes_pick_what_is_defined(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < CASES; seed++)
        compare(seed, 40, (size_t)1 << 30);
}

/* By rule, so few rows are kept as a transposed copy. */
static void test_kept_rows_pick_what_is_defined(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < CASES; seed++)
        compare(seed, 40, SIZE_MAX);
}

/* The path runs, and skips most pairs. */
static void skips(int64_t d, bool bytes)
{
    enum { N = 8192, K = 200 };
    const int64_t D = d;
    double *x = malloc((size_t)(N * D) * sizeof *x), *near = malloc(N * sizeof *near);
    static int64_t picks[K], plain[K];
    covey_random_seed(&random_state, 1);
    for (int64_t i = 0; i < N; i++) { /* sixty-four clusters */
        double *row = x + i * D;
        for (int64_t f = 0; f < D; f++)
            row[f] = (double)((i % 64 * (f * f + 7 * f + 1)) % 61) + uniform();
    }
    const covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, N, D);
    const cvi_rows rows = cvi_rows_view(&m, NULL, NULL, NULL);
    for (int with = 0; with < 2; with++) {
        cvi_job job;
        covey_run run;
        covey_error error;
        covey_random random;
        const cvi_kernels *kernels = cvi_kernels_pick(NULL);
        cvi_plusplus state_of = {.budget = with ? (size_t)1 << 30 : 0, .kernels = kernels};
        cvi_draw draw;
        cvi_arena arena = {0};
        covey_run_init(&run);
        run.threads = 2;
        assert_int_equal(cvi_job_enter(&job, &run, &error), COVEY_OK);
        for (int round = 0; round < 2; round++) {
            cvi_draw_take(&draw, N, &arena);
            cvi_plusplus_take(&state_of, &rows, K, cvi_plusplus_trials(K, 0), 2, &arena);
            if (round == 0)
                assert_int_equal(cvi_arena_allocate(&arena, NULL, 0, &error), COVEY_OK);
        }
        state_of.near = near;
        cvi_draw_prepare(&draw, &rows, N);
        covey_random_seed(&random, 7);
        assert_true(cvi_plusplus_run(&state_of, kernels, &rows, &draw, &random, &job, with ? picks : plain));
        assert_true((state_of.tiles != NULL) == (with && !bytes));
        assert_true((state_of.bytes != NULL) == (with && bytes));
        const int64_t most = (int64_t)N * K * cvi_plusplus_trials(K, 0) / 3;
        assert_true(state_of.tiles == NULL || cvi_seed_tiles_measured(state_of.tiles) < most);
        assert_true(state_of.bytes == NULL || cvi_seed_bytes_measured(state_of.bytes) < most);
        cvi_arena_release(&arena);
        cvi_job_leave(&job);
    }
    assert_memory_equal(picks, plain, sizeof picks);
    free(x);
    free(near);
}

static void test_paths_skip(void **state)
{
    (void)state;
    skips(2, false);
    skips(20, true);
}

/* The row at which a running sum reaches v, by sums that are rounded one after the other. */
static int64_t plain_row(const double *value, int64_t n, const double *magic, double v)
{
    uint64_t q[CVI_POTENTIAL_LEVELS] = {0};
    for (int64_t i = 0; i < n - 1; i++) {
        cvi_potential_add(value[i], magic, q);
        if (cvi_potential_value(q, magic, i + 1) >= v)
            return i;
    }
    return n - 1;
}

static void look_up(const cvi_running *running, const double *value, double v)
{
    const int64_t n = running->n, b = cvi_running_find(running, v), start = b * CVI_POTENTIAL_BLOCK;
    const int64_t count = n - start < CVI_POTENTIAL_BLOCK ? n - start : CVI_POTENTIAL_BLOCK;
    assert_int_equal(cvi_running_row(running, b, value + start, count, v), plain_row(value, n, running->magic, v));
}

/* Draws are looked up without rounding: at sums, next to them, between them, at 0 and at tiny ones. */
static void test_draws_are_where_rounded_sums_say(void **state)
{
    (void)state;
    enum { MOST = 400 };
    double value[MOST];
    uint64_t prefix[(MOST / CVI_POTENTIAL_BLOCK + 2) * CVI_POTENTIAL_LEVELS];
    for (uint32_t seed = 0; seed < 3000; seed++) {
        covey_random_seed(&random_state, seed);
        cvi_running running = {.prefix = prefix, .n = 1 + below(MOST)};
        const int spread = (int)below(4) * 40, scale = (int)below(3) * 600 - 600;
        double most = 0, sums[MOST];
        for (int64_t i = 0; i < running.n; i++) {
            const double v = seed % 3 == 0 ? (double)below(9) : uniform();
            value[i] = ldexp(v, scale - (spread > 0 ? (int)below(spread) : 0));
            most = fmax(most, value[i]);
        }
        cvi_potential_magic(most, running.n, running.magic);
        uint64_t q[CVI_POTENTIAL_LEVELS] = {0};
        for (int64_t i = 0; i < running.n; i++) {
            if (i % CVI_POTENTIAL_BLOCK == 0)
                memcpy(prefix + i / CVI_POTENTIAL_BLOCK * CVI_POTENTIAL_LEVELS, q, sizeof q);
            cvi_potential_add(value[i], running.magic, q);
            sums[i] = cvi_potential_value(q, running.magic, i + 1);
        }
        memcpy(prefix + cvi_potential_blocks(running.n) * CVI_POTENTIAL_LEVELS, q, sizeof q);
        const double all = sums[running.n - 1];
        for (int draw = 0; draw < 12; draw++) {
            const int64_t i = below(running.n);
            look_up(&running, value, uniform() * all);
            look_up(&running, value, sums[i]);
            look_up(&running, value, nextafter(sums[i], 0));
            look_up(&running, value, nextafter(sums[i], INFINITY));
            look_up(&running, value, ldexp(uniform() * all, -(int)below(120)));
        }
        look_up(&running, value, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passes_pick_what_is_defined),
        cmocka_unit_test(test_tiles_pick_what_is_defined),
        cmocka_unit_test(test_bytes_pick_what_is_defined),
        cmocka_unit_test(test_kept_rows_pick_what_is_defined),
        cmocka_unit_test(test_paths_skip),
        cmocka_unit_test(test_draws_are_where_rounded_sums_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
