/* NumPy's RandomState and scikit-learn's sample data, bit for bit, from the golden files that they wrote. */
#include "support/golden.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MOST = 4096 };

/* What one call draws, as doubles, 64-bit integers or 32-bit words. */
typedef struct drawn {
    double real[MOST];
    int64_t whole[MOST];
    uint32_t word[MOST];
    const void *bytes;
    size_t n_bytes;
} drawn;

/* The probabilities that a line names: a list, "cubes" (proportional to 1, 8, 27, ...), or "-" (NULL). */
static const double *probabilities(const char *line, int64_t n, double *p, int64_t *count)
{
    const char *text = golden_text(line, "p");
    if (strcmp(text, "cubes") != 0) {
        *count = golden_list(text, p, MOST);
        return *count > 0 ? p : NULL;
    }
    double sum = 0; /* of integers below 2^53: exact in any order */
    for (int64_t i = 0; i < n; i++)
        sum += (double)((i + 1) * (i + 1) * (i + 1));
    for (int64_t i = 0; i < n; i++)
        p[i] = (double)((i + 1) * (i + 1) * (i + 1)) / sum;
    *count = n;
    return p;
}

static void draw(const char *line, covey_random *random, drawn *out)
{
    const int64_t count = golden_int(line, "count");
    const char *call = golden_text(line, "call");
    double p[64];
    int64_t n_p;
    assert_true(count <= MOST);
    out->bytes = out->whole;
    out->n_bytes = (size_t)count * 8;
    if (strcmp(call, "double") == 0 || strcmp(call, "normal") == 0 || strcmp(call, "uniform") == 0) {
        out->bytes = out->real;
        for (int64_t i = 0; i < count; i++)
            out->real[i] = call[0] == 'd'   ? covey_random_double(random)
                           : call[0] == 'n' ? covey_random_normal(random)
                                            : covey_random_uniform(random, golden_real(line, "low"), golden_real(line, "high"));
    } else if (strcmp(call, "word") == 0) {
        out->bytes = out->word;
        out->n_bytes = (size_t)count * 4;
        for (int64_t i = 0; i < count; i++)
            out->word[i] = covey_random_word(random);
    } else if (strcmp(call, "int") == 0) {
        for (int64_t i = 0; i < count; i++)
            out->whole[i] = covey_random_int(random, golden_int(line, "low"), golden_int(line, "high"));
    } else if (strcmp(call, "permutation") == 0) {
        covey_random_permutation(random, count, out->whole);
    } else if (strcmp(call, "shuffle") == 0) {
        for (int64_t i = 0; i < count; i++)
            out->whole[i] = 3 * i;
        covey_random_shuffle(random, count, out->whole);
    } else if (strcmp(call, "choice") == 0) {
        const int64_t n = golden_int(line, "n");
        const double *given = probabilities(line, n, p, &n_p);
        covey_error err;
        const covey_status status =
            covey_random_choice(random, n, count, (int)golden_int(line, "replace"), given, out->whole, &err);
        assert_int_equal(status, COVEY_OK);
    } else {
        assert_string_equal(call, "multinomial");
        probabilities(line, count, p, &n_p);
        covey_random_multinomial(random, golden_int(line, "n"), p, n_p, out->whole);
    }
}

static void random_state(void **state)
{
    (void)state;
    FILE *stream = golden_open("random.txt");
    static char line[GOLDEN_LINE];
    static drawn out;
    covey_random random;
    int lines = 0, differ = 0;
    covey_random_seed(&random, 0);
    while (golden_line(stream, line)) {
        lines++;
        if (golden_is(line, "call", "seed")) {
            covey_random_seed(&random, (uint32_t)golden_int(line, "value"));
            continue;
        }
        draw(line, &random, &out);
        if (golden_crc(out.bytes, out.n_bytes) != golden_hex(line, "crc")) {
            printf("differs: %.400s\n", line);
            differ++;
        }
    }
    fclose(stream);
    assert_int_equal(differ, 0);
    assert_int_equal(lines, 5 * 30);
}

static covey_status make(const char *line, double *x, int64_t *labels)
{
    const char *call = golden_text(line, "call");
    const int64_t n = golden_int(line, "n");
    const int shuffle = (int)golden_int(line, "shuffle");
    covey_random random;
    covey_error err;
    covey_random_seed(&random, (uint32_t)golden_int(line, "seed"));
    if (strcmp(call, "moons") == 0)
        return covey_make_moons(&random, n, shuffle, golden_real(line, "noise"), x, labels, &err);
    if (strcmp(call, "circles") == 0)
        return covey_make_circles(&random, n, shuffle, golden_real(line, "noise"), golden_real(line, "factor"), x, labels,
                                  &err);
    double centers[64], stds[64], box[2];
    const int64_t n_centers = golden_list(golden_text(line, "centers"), centers, 64);
    const int64_t n_stds = golden_list(golden_text(line, "stds"), stds, 64);
    const int64_t n_box = golden_list(golden_text(line, "box"), box, 2);
    return covey_make_blobs(&random, n, golden_int(line, "d"), golden_int(line, "k"), n_centers > 0 ? centers : NULL,
                            n_stds > 0 ? stds : NULL, n_box > 0 ? box : NULL, shuffle, x, labels, &err);
}

static void made_data(void **state)
{
    (void)state;
    FILE *stream = golden_open("made.txt");
    static char line[GOLDEN_LINE];
    int lines = 0, differ = 0;
    while (golden_line(stream, line)) {
        const int64_t n = golden_int(line, "n");
        const int64_t d = golden_is(line, "call", "blobs") ? golden_int(line, "d") : 2;
        double *x = golden_memory((size_t)(n * d) * sizeof(double));
        int64_t *labels = golden_memory((size_t)n * sizeof(int64_t));
        lines++;
        if (make(line, x, labels) != COVEY_OK || golden_crc(x, (size_t)(n * d) * 8) != golden_hex(line, "crc") ||
            golden_crc(labels, (size_t)n * 8) != golden_hex(line, "labels")) {
            printf("differs: %s\n", line);
            differ++;
        }
        free(labels);
        free(x);
    }
    fclose(stream);
    assert_int_equal(differ, 0);
    assert_int_equal(lines, 16);
}

/* The data sets that the other golden tests use, by the CRC of their bytes. */
static void data_sets(void **state)
{
    (void)state;
    FILE *stream = golden_open("datasets.txt");
    static char line[GOLDEN_LINE];
    int lines = 0, differ = 0;
    while (golden_line(stream, line)) {
        golden_table t = golden_data(golden_text(line, "data"), NULL);
        lines++;
        if (t.n != golden_int(line, "n") || t.d != golden_int(line, "d") ||
            golden_crc(t.x, (size_t)(t.n * t.d) * 8) != golden_hex(line, "crc")) {
            printf("differs: %s\n", line);
            differ++;
        }
        free(t.x);
    }
    fclose(stream);
    assert_int_equal(differ, 0);
    assert_int_equal(lines, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_state),
        cmocka_unit_test(made_data),
        cmocka_unit_test(data_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
