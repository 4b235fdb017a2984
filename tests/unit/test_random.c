/* NumPy's RandomState and scikit-learn's data sets, bit for bit. Expected values: NumPy 2.4.6,
 * scikit-learn 1.9.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* CRC-32 as zlib counts it. */
static uint32_t crc(const void *data, size_t bytes)
{
    uint32_t c = 0xffffffffu;
    for (size_t i = 0; i < bytes; i++) {
        c ^= ((const unsigned char *)data)[i];
        for (int bit = 0; bit < 8; bit++)
            c = (c >> 1) ^ (0xedb88320u & (0u - (c & 1u)));
    }
    return ~c;
}

static void same_integers(const int64_t *got, const int64_t *expected, size_t count)
{
    assert_memory_equal(got, expected, count * sizeof *got);
}

/* The walk of section 8 of the facts, in its order and from one generator. */
typedef struct walk {
    uint32_t seed;
    double first[2];
    int64_t ints[5], order[8];
    double normals[3];
    int64_t with[3], without[4], plain[4], parts[4];
    double uniform;
    uint32_t word;
} walk;

static const walk walks[] = {
    {0,
     {0.54881350392732475, 0.71518936637241948},
     {835, 763, 707, 359, 9},
     {1, 0, 6, 7, 4, 2, 5, 3},
     {-0.10321885179355784, 0.41059850193837233, 0.14404357116087799},
     {3, 5, 0},
     {0, 4, 5, 3},
     {4, 2, 7, 1},
     {1, 2, 6, 11},
     -7.0065026563263366,
     954863080u},
    {42,
     {0.37454011884736249, 0.95071430640991617},
     {106, 71, 700, 20, 614},
     {4, 7, 0, 3, 5, 6, 2, 1},
     {0.39257975040245929, -0.92918466693055912, 0.079831812215704651},
     {5, 0, 5},
     {3, 0, 4, 2},
     {1, 5, 4, 8},
     {2, 3, 2, 13},
     -5.3821234875570205,
     1035196507u},
};

static void walk_of_draws(void **state)
{
    (void)state;
    const double p[6] = {.1, .2, .1, .3, .2, .1}, quarters[4] = {.1, .2, .3, .4};
    for (size_t i = 0; i < sizeof walks / sizeof *walks; i++) {
        const walk *w = &walks[i];
        covey_random random;
        int64_t out[8];
        covey_random_seed(&random, w->seed);
        for (int j = 0; j < 2; j++)
            assert_true(covey_random_double(&random) == w->first[j]);
        for (int j = 0; j < 5; j++)
            assert_int_equal(covey_random_int(&random, 0, 1000), w->ints[j]);
        covey_random_permutation(&random, 8, out);
        same_integers(out, w->order, 8);
        for (int j = 0; j < 3; j++)
            assert_true(covey_random_normal(&random) == w->normals[j]);
        assert_int_equal(random.has_gauss, 1);
        assert_int_equal(covey_random_choice(&random, 6, 3, 1, p, out, NULL), COVEY_OK);
        same_integers(out, w->with, 3);
        assert_int_equal(covey_random_choice(&random, 6, 4, 0, p, out, NULL), COVEY_OK);
        same_integers(out, w->without, 4);
        assert_int_equal(covey_random_choice(&random, 9, 4, 0, NULL, out, NULL), COVEY_OK);
        same_integers(out, w->plain, 4);
        /* Here NumPy drew randint(0, 7, 5) as int32 and as int16: a word a try, and two values a word. */
        for (int j = 0; j < 5; j++)
            cvi_random_below(&random, 6);
        uint32_t half = 0;
        for (int found = 0, have = 0; found < 5; have ^= 1) {
            half = have ? half >> 16 : covey_random_word(&random);
            found += (half & 7) <= 6;
        }
        covey_random_multinomial(&random, 20, quarters, 4, out);
        same_integers(out, w->parts, 4);
        assert_true(covey_random_uniform(&random, -10, 10) == w->uniform);
        assert_int_equal(covey_random_word(&random), w->word);
        assert_int_equal(random.has_gauss, 1); /* the kept normal outlives all of that */
    }
}

/* Longer runs of every kind of draw, by checksum. */
typedef struct record {
    uint32_t seed, doubles, normals, permutation, wide_ints, ints, with, without, plain, even_parts,
        odd_parts;
    double last;
} record;

static const record records[] = {
    {0u, 0x61f8840au, 0xee82648eu, 0x5201aff8u, 0x519c7b58u, 0xfd4f326cu, 0xcfe3e433u, 0xb0a7b3d7u,
     0x00730404u, 0x1482e76eu, 0xdfd4541du, 0.9759340639710219},
    {42u, 0xbe981f4du, 0xd8e4b918u, 0xeb64affeu, 0x2d90771cu, 0xde068c3du, 0x13637c43u, 0x84d68a49u,
     0x6ea771e0u, 0x88aec5cau, 0x1767aa2eu, 0.9554449103904202},
    {1u, 0x7106af30u, 0x2097b4d3u, 0x47922745u, 0xf1b4eef4u, 0xcc1ad63bu, 0x8d945bd4u, 0x42416d82u,
     0x215b9d98u, 0xc69100c2u, 0x923c2e26u, 0.05445661975993521},
    {4294967295u, 0xabcfe1f8u, 0xa7d791bbu, 0x02081aa5u, 0x32f4b316u, 0xd6c51385u, 0xfaeaffb7u, 0x6fde92cfu,
     0x99cf262au, 0xe33fa222u, 0x0bb3c72cu, 0.5532448145489175},
};

static uint32_t crc_of_multinomials(covey_random *random, const double *p)
{
    const int64_t n[9] = {0, 1, 7, 50, 100, 1000, 100000, 1000000000, 1000000000000};
    int64_t out[9][4];
    for (int i = 0; i < 9; i++)
        covey_random_multinomial(random, n[i], p, 4, out[i]);
    return crc(out, sizeof out);
}

static void long_runs(void **state)
{
    (void)state;
    static double values[10007];
    static int64_t items[3001];
    double p[101];
    double total = 0;
    for (int i = 0; i < 101; i++)
        total += (i + 1) * (i + 1);
    for (int i = 0; i < 101; i++)
        p[i] = (i + 1) * (i + 1) / total;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        const record *r = &records[i];
        covey_random random;
        covey_random_seed(&random, r->seed);
        cvi_random_doubles(&random, 10007, values);
        assert_int_equal(crc(values, sizeof values), r->doubles);
        for (int j = 0; j < 5001; j++)
            values[j] = covey_random_normal(&random);
        assert_int_equal(crc(values, 5001 * sizeof *values), r->normals);
        covey_random_permutation(&random, 3001, items);
        assert_int_equal(crc(items, 3001 * sizeof *items), r->permutation);
        for (int j = 0; j < 1001; j++)
            items[j] = covey_random_int(&random, -5, 1000000000000);
        assert_int_equal(crc(items, 1001 * sizeof *items), r->wide_ints);
        for (int j = 0; j < 1001; j++)
            items[j] = covey_random_int(&random, 0, 97);
        assert_int_equal(crc(items, 1001 * sizeof *items), r->ints);
        assert_int_equal(covey_random_choice(&random, 101, 501, 1, p, items, NULL), COVEY_OK);
        assert_int_equal(crc(items, 501 * sizeof *items), r->with);
        assert_int_equal(covey_random_choice(&random, 101, 90, 0, p, items, NULL), COVEY_OK);
        assert_int_equal(crc(items, 90 * sizeof *items), r->without);
        assert_int_equal(covey_random_choice(&random, 1009, 50, 0, NULL, items, NULL), COVEY_OK);
        assert_int_equal(crc(items, 50 * sizeof *items), r->plain);
        assert_int_equal(crc_of_multinomials(&random, (const double[]){.1, .2, .3, .4}), r->even_parts);
        assert_int_equal(crc_of_multinomials(&random, (const double[]){.9, .05, .03, .02}), r->odd_parts);
        assert_true(covey_random_double(&random) == r->last);
    }
}

static void binomials(void **state)
{
    (void)state;
    const struct {
        int64_t n;
        double p;
        int64_t expected;
    } cases[] = {
        {10, .5, 3},
        {60, .5, 33},
        {61, .5, 28},
        {1000, .25, 248},
        {1000000, .3, 300096},
        {1000000, .9, 899713},
        {1000000000, .49, 489981673},
        {0, .5, 0},
        {10, 0., 0},
        {10, 1., 10},
        {INT64_C(1) << 53, .5, 4503599568250359},
    };
    covey_random random;
    covey_random_seed(&random, 7);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(cvi_random_binomial(&random, cases[i].n, cases[i].p), cases[i].expected);
    assert_true(covey_random_double(&random) == 0.9501295004136456);
    /* Parts without probability draw nothing. */
    int64_t parts[4];
    covey_random_seed(&random, 3);
    covey_random_multinomial(&random, 10, (const double[]){0, .5, 0, .5}, 4, parts);
    same_integers(parts, (const int64_t[]){0, 5, 0, 5}, 4);
    covey_random_multinomial(&random, 10, (const double[]){0, 1, 0}, 3, parts);
    same_integers(parts, (const int64_t[]){0, 10, 0}, 3);
    assert_true(covey_random_double(&random) == 0.2909047389129443);
}

static void blocks_equal_single_doubles(void **state)
{
    (void)state;
    static double block[2000];
    covey_random a, b;
    covey_random_seed(&a, 9);
    covey_random_seed(&b, 9);
    covey_random_word(&a); /* so that pairs straddle the blocks of 624 words */
    covey_random_word(&b);
    const int64_t sizes[] = {0, 1, 2, 311, 312, 313, 623, 624, 2000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        cvi_random_doubles(&a, sizes[s], block);
        for (int64_t i = 0; i < sizes[s]; i++)
            assert_true(block[i] == covey_random_double(&b));
    }
    assert_memory_equal(&a, &b, sizeof a);
}

static void whole_ranges(void **state)
{
    (void)state;
    covey_random a, b;
    covey_random_seed(&a, 5);
    b = a;
    assert_int_equal(covey_random_int(&a, 3, 4), 3); /* one choice: nothing is drawn */
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(covey_random_int(&a, 0, INT64_C(1) << 32), covey_random_word(&b));
    const uint64_t word = cvi_random_word64(&b);
    assert_true(covey_random_int(&a, INT64_MIN, INT64_MAX) == (int64_t)(word + ((uint64_t)1 << 63)));
    for (int i = 0; i < 1000; i++) {
        const int64_t value = covey_random_int(&a, -3, 4);
        assert_true(value >= -3 && value < 4);
    }
}

static void refused_choices(void **state)
{
    (void)state;
    const double good[3] = {.5, .25, .25}, negative[3] = {1.5, -.25, -.25}, nan[3] = {.5, NAN, .5},
                 short_sum[3] = {.5, .2, .2};
    const double two[3] = {.5, 0, .5};
    covey_random random, before;
    covey_random_seed(&random, 1);
    before = random;
    int64_t out[4] = {-1, -1, -1, -1};
    const struct {
        int64_t n, size;
        int replace;
        const double *p;
        const char *word;
    } cases[] = {
        {3, 4, 0, NULL, "4"},        {3, 4, 0, good, "4"},        {3, -1, 1, NULL, "-1"},
        {0, 1, 1, NULL, "0"},        {3, 1, 1, negative, "p[1]"}, {3, 1, 1, nan, "p[1]"},
        {3, 1, 1, short_sum, "0.9"}, {3, 3, 0, two, "positive"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        covey_error err;
        assert_int_equal(
            covey_random_choice(&random, cases[i].n, cases[i].size, cases[i].replace, cases[i].p, out, &err),
            COVEY_ERR_ARGUMENT);
        assert_non_null(strstr(err.message, cases[i].word));
        assert_int_equal(out[0], -1);
    }
    assert_memory_equal(&random, &before, sizeof random);
    assert_int_equal(covey_random_choice(&random, 0, 0, 0, NULL, out, NULL), COVEY_OK);
    assert_int_equal(covey_random_choice(&random, 3, 3, 0, good, out, NULL), COVEY_OK);
    assert_int_equal(out[0] + out[1] + out[2], 3);
    assert_int_equal(covey_random_choice(&random, 3, 2, 0, two, out, NULL), COVEY_OK);
    assert_int_equal(out[0] + out[1], 2); /* 0 and 2 in some order */
}

static void data_sets(void **state)
{
    (void)state;
    static double x[10000 * 16];
    static int64_t label[10000];
    covey_random random;
    const double stds[4] = {.6, .6, .6, .6};
    covey_random_seed(&random, 0);
    assert_int_equal(covey_make_blobs(&random, 300, 2, 4, NULL, stds, NULL, 1, x, label, NULL), COVEY_OK);
    assert_int_equal(crc(x, 300 * 2 * sizeof *x), 0x1ebedb18u);
    const int64_t first[12] = {1, 3, 0, 3, 1, 1, 2, 0, 3, 3, 2, 3};
    same_integers(label, first, 12);
    covey_random_seed(&random, 42);
    assert_int_equal(covey_make_blobs(&random, 10000, 16, 8, NULL, NULL, NULL, 1, x, NULL, NULL), COVEY_OK);
    assert_int_equal(crc(x, sizeof x), 0xbe558d79u);
    covey_random_seed(&random, 0);
    assert_int_equal(covey_make_moons(&random, 200, 1, .05, x, label, NULL), COVEY_OK);
    assert_int_equal(crc(x, 400 * sizeof *x), 0xa3b7fff7u);
    covey_random_seed(&random, 0);
    assert_int_equal(covey_make_circles(&random, 200, 1, .05, .5, x, NULL, NULL), COVEY_OK);
    assert_int_equal(crc(x, 400 * sizeof *x), 0xa087640au);
    covey_random_seed(&random, 5);
    for (int i = 0; i < 7000; i++)
        x[i] = covey_random_normal(&random);
    assert_int_equal(crc(x, 7000 * sizeof *x), 0x8f326239u);
}

static void data_sets_in_order(void **state)
{
    (void)state;
    double x[14];
    int64_t label[7];
    covey_random random;
    covey_random_seed(&random, 3);
    const double centers[6] = {0, 0, 100, 100, -100, -100}, stds[3] = {0, 0, 0}, box[2] = {5, 6};
    assert_int_equal(covey_make_blobs(&random, 7, 2, 3, centers, stds, NULL, 0, x, label, NULL), COVEY_OK);
    const int64_t dealt[7] = {0, 0, 0, 1, 1, 2, 2};
    same_integers(label, dealt, 7);
    for (int i = 0; i < 7; i++)
        assert_true(x[2 * i] == centers[2 * dealt[i]] && x[2 * i + 1] == x[2 * i]);
    assert_int_equal(covey_make_blobs(&random, 7, 2, 3, NULL, stds, box, 0, x, NULL, NULL), COVEY_OK);
    for (int i = 0; i < 14; i++)
        assert_true(x[i] >= 5 && x[i] < 6);
    assert_int_equal(covey_make_moons(&random, 5, 0, -1, x, label, NULL), COVEY_OK);
    const int64_t halves[5] = {0, 0, 1, 1, 1};
    same_integers(label, halves, 5);
    assert_true(x[0] == 1 && x[1] == 0 && x[2] == -1); /* t = 0 and t = pi */
    assert_true(x[4] == 0 && x[5] == 0.5 && x[8] == 2);
    assert_int_equal(covey_make_circles(&random, 3, 0, -1, .25, x, label, NULL), COVEY_OK);
    assert_true(x[0] == 1 && x[2] == .25 && x[4] == -.25);
    assert_int_equal(covey_make_moons(&random, 1, 0, -1, x, label, NULL), COVEY_OK);
    assert_true(label[0] == 1 && x[0] == 0 && x[1] == .5);
}

static void refused_data_sets(void **state)
{
    (void)state;
    covey_random random;
    covey_random_seed(&random, 3);
    double x[4] = {0};
    const double stds[1] = {-1};
    covey_error err;
    assert_int_equal(covey_make_blobs(&random, 0, 2, 1, NULL, NULL, NULL, 0, x, NULL, &err),
                     COVEY_ERR_ARGUMENT);
    assert_int_equal(covey_make_blobs(&random, 2, 0, 1, NULL, NULL, NULL, 0, x, NULL, &err),
                     COVEY_ERR_ARGUMENT);
    assert_int_equal(covey_make_blobs(&random, 2, 2, 0, NULL, NULL, NULL, 0, x, NULL, &err),
                     COVEY_ERR_ARGUMENT);
    assert_int_equal(covey_make_blobs(&random, 2, 2, 1, NULL, stds, NULL, 0, x, NULL, &err),
                     COVEY_ERR_ARGUMENT);
    assert_int_equal(covey_make_blobs(&random, INT64_MAX, INT64_MAX, 1, NULL, NULL, NULL, 0, x, NULL, &err),
                     COVEY_ERR_MEMORY);
    assert_int_equal(covey_make_moons(&random, 0, 0, 0, x, NULL, &err), COVEY_ERR_ARGUMENT);
    assert_int_equal(covey_make_moons(&random, 2, 0, NAN, x, NULL, &err), COVEY_ERR_ARGUMENT);
    assert_int_equal(covey_make_circles(&random, 2, 0, 0, 1, x, NULL, &err), COVEY_ERR_ARGUMENT);
    assert_int_equal(covey_make_circles(&random, 2, 0, 0, -.1, x, NULL, &err), COVEY_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "factor"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walk_of_draws),     cmocka_unit_test(long_runs),
        cmocka_unit_test(binomials),         cmocka_unit_test(blocks_equal_single_doubles),
        cmocka_unit_test(whole_ranges),      cmocka_unit_test(refused_choices),
        cmocka_unit_test(data_sets),         cmocka_unit_test(data_sets_in_order),
        cmocka_unit_test(refused_data_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
