/*
 * Golden files: lines of key=value words, and the data sets that they name (tools/regen_golden.py makes the same ones).
 * Everything is static inline, so that a test program is one source file.
 */
#ifndef COVEY_TESTS_GOLDEN_H
#define COVEY_TESTS_GOLDEN_H

#include "covey/covey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GOLDEN_LINE = 1 << 16 };

/* Give up on the whole program: a broken golden file is no failed comparison. */
static inline void golden_stop(const char *what, const char *which)
{
    fprintf(stderr, "golden: %s: %s\n", what, which);
    exit(2);
}

static inline void *golden_memory(size_t bytes)
{
    void *block = malloc(bytes > 0 ? bytes : 1);
    if (block == NULL)
        golden_stop("no memory", "");
    return block;
}

static inline FILE *golden_open(const char *file)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", COVEY_TEST_GOLDEN, file);
    FILE *stream = fopen(path, "r");
    if (stream == NULL)
        golden_stop("cannot open", path);
    return stream;
}

/* The next line that is no comment, without its end; 0 at the end of the file. */
static inline int golden_line(FILE *stream, char *line)
{
    while (fgets(line, GOLDEN_LINE, stream) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (line[0] != 0 && line[0] != '#')
            return 1;
    }
    return 0;
}

/* The value of a key, as text that lasts until the eighth next call. */
static inline const char *golden_text(const char *line, const char *key)
{
    static char values[8][4096];
    static int next;
    const size_t length = strlen(key);
    for (const char *word = line; word != NULL; word = strchr(word, ' ')) {
        word += *word == ' ';
        if (strncmp(word, key, length) == 0 && word[length] == '=') {
            char *value = values[next++ % 8];
            const size_t size = strcspn(word + length + 1, " ");
            if (size >= sizeof values[0])
                golden_stop("value too long", line);
            memcpy(value, word + length + 1, size);
            value[size] = 0;
            return value;
        }
    }
    golden_stop(key, line);
    return NULL;
}

static inline int golden_is(const char *line, const char *key, const char *value)
{
    return strcmp(golden_text(line, key), value) == 0;
}

static inline int64_t golden_int(const char *line, const char *key)
{
    return strtoll(golden_text(line, key), NULL, 10);
}

static inline double golden_real(const char *line, const char *key)
{
    return strtod(golden_text(line, key), NULL);
}

static inline uint32_t golden_hex(const char *line, const char *key)
{
    return (uint32_t)strtoul(golden_text(line, key), NULL, 16);
}

/* Numbers separated by commas into out [most]; "-" is none. @return how many */
static inline int64_t golden_list(const char *text, double *out, int64_t most)
{
    int64_t count = 0;
    for (const char *at = text; *at != 0 && strcmp(text, "-") != 0; at += strcspn(at, ","), at += *at == ',') {
        if (count == most)
            golden_stop("list too long", text);
        out[count++] = strtod(at, NULL);
    }
    return count;
}

/* CRC-32 as in zip files (ISO 3309). */
static inline uint32_t golden_crc(const void *bytes, size_t n_bytes)
{
    const unsigned char *byte = bytes;
    uint32_t crc = ~(uint32_t)0;
    for (size_t i = 0; i < n_bytes; i++) {
        crc ^= byte[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

/* [n, d] float64, to be freed. */
typedef struct golden_table {
    double *x;
    int64_t n, d;
} golden_table;

static inline covey_matrix golden_view(const golden_table *table)
{
    return covey_matrix_dense(table->x, COVEY_DTYPE_FLOAT64, table->n, table->d);
}

/* A table of numbers; a first line with letters is skipped, and so are columns from the first text on. */
static inline golden_table golden_csv(const char *path)
{
    FILE *stream = fopen(path, "r");
    if (stream == NULL)
        golden_stop("cannot open", path);
    static char line[GOLDEN_LINE];
    golden_table table = {NULL, 0, 0};
    int64_t room = 0;
    while (fgets(line, sizeof line, stream) != NULL) {
        int64_t d = 0;
        for (char *at = line, *end;; at = end + 1, d++) {
            const double value = strtod(at, &end);
            if (end == at)
                break;
            if (table.n * table.d + d >= room) {
                room = 2 * room + 4096;
                table.x = realloc(table.x, (size_t)room * sizeof(double));
                if (table.x == NULL)
                    golden_stop("no memory", path);
            }
            table.x[table.n * table.d + d] = value;
            if (*end != ',') {
                d++;
                break;
            }
        }
        if (d == 0)
            continue;
        if (table.n > 0 && d != table.d)
            golden_stop("ragged", path);
        table.d = d;
        table.n++;
    }
    fclose(stream);
    return table;
}

static inline golden_table golden_empty(int64_t n, int64_t d)
{
    return (golden_table){golden_memory((size_t)(n * d) * sizeof(double)), n, d};
}

/* labels [n] int64 or NULL: the classes of the sets that are drawn with classes. */
static inline golden_table golden_data(const char *name, int64_t *labels)
{
    static const double half = 0.6;
    char kind[32];
    const size_t length = strcspn(name, ":");
    long long number[4] = {0, 0, 0, 0};
    snprintf(kind, sizeof kind, "%.*s", (int)length, name);
    if (name[length] == ':')
        sscanf(name + length, ":%lld:%lld:%lld:%lld", &number[0], &number[1], &number[2], &number[3]);

    const double stds[4] = {half, half, half, half};
    covey_random random;
    covey_random_seed(&random, strcmp(kind, "blobs16") == 0 ? 42 : 0);
    golden_table t = {NULL, 0, 0};
    covey_status status = COVEY_OK;
    if (strcmp(kind, "blobs") == 0) {
        t = golden_empty(300, 2);
        status = covey_make_blobs(&random, t.n, t.d, 4, NULL, stds, NULL, 1, t.x, labels, NULL);
    } else if (strcmp(kind, "blobs16") == 0) {
        t = golden_empty(10000, 16);
        status = covey_make_blobs(&random, t.n, t.d, 8, NULL, NULL, NULL, 1, t.x, labels, NULL);
    } else if (strcmp(kind, "moons") == 0) {
        t = golden_empty(200, 2);
        status = covey_make_moons(&random, t.n, 1, 0.05, t.x, labels, NULL);
    } else if (strcmp(kind, "circles") == 0) {
        t = golden_empty(200, 2);
        status = covey_make_circles(&random, t.n, 1, 0.05, 0.5, t.x, labels, NULL);
    } else if (strcmp(kind, "gauss") == 0 || strcmp(kind, "normal") == 0) {
        const int is_gauss = strcmp(kind, "gauss") == 0;
        t = is_gauss ? golden_empty(1000, 7) : golden_empty(number[0], number[1]);
        covey_random_seed(&random, is_gauss ? 5 : (uint32_t)number[3]);
        for (int64_t i = 0; i < t.n * t.d; i++)
            t.x[i] = covey_random_normal(&random) + (is_gauss ? 0.0 : (double)number[2]);
    } else if (strcmp(kind, "grid") == 0 || strcmp(kind, "decimal") == 0) {
        t = golden_empty(number[0], number[1]);
        covey_random_seed(&random, (uint32_t)number[3]);
        for (int64_t i = 0; i < t.n * t.d; i++)
            t.x[i] = (double)covey_random_int(&random, 0, number[2]) / (kind[0] == 'd' ? 10.0 : 1.0);
    } else {
        char path[4096];
        const int is_shipped = strcmp(kind, "digits") == 0 || strcmp(kind, "iris") == 0;
        snprintf(path, sizeof path, "%s/%s.csv", is_shipped ? COVEY_TEST_DATA : COVEY_TEST_GOLDEN "/data", kind);
        t = golden_csv(path);
    }
    if (status != COVEY_OK)
        golden_stop("cannot make", name);
    return t;
}

/* [n] weights by name, NULL for "none"; to be freed. */
static inline double *golden_weights(const char *kind, int64_t n)
{
    if (strcmp(kind, "none") == 0)
        return NULL;
    double *weights = golden_memory((size_t)n * sizeof(double));
    covey_random random;
    covey_random_seed(&random, strcmp(kind, "uniform") == 0 ? 1 : 2);
    for (int64_t i = 0; i < n; i++)
        weights[i] = strcmp(kind, "uniform") == 0 ? covey_random_double(&random)
                                                  : (double)covey_random_int(&random, 0, 4);
    return weights;
}

#endif
