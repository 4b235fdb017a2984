/* covey make: sample data sets, the same numbers as scikit-learn's. */
#include "console.h"
#include "options.h"
#include "output.h"

#include <covey/random.h>

#include <stdlib.h>
#include <string.h>

typedef enum kind { BLOBS, MOONS, CIRCLES, KINDS } kind;

static const char *const kind_name[KINDS] = {"blobs", "moons", "circles"};

typedef struct sample {
    kind what;
    int64_t n, d, k;
    double *x;       /* [n, d] */
    int64_t *groups; /* [n] */
    int32_t *labels; /* [n] */
} sample;

/* Options that another kind of data set has. */
static int check_options(const cli_arguments *a, kind what)
{
    static const struct {
        cli_option_id id;
        unsigned kinds;
    } rules[] = {{OPT_FEATURES, 1u << BLOBS},
                 {OPT_CENTERS_COUNT, 1u << BLOBS},
                 {OPT_STD, 1u << BLOBS},
                 {OPT_NOISE, 1u << MOONS | 1u << CIRCLES},
                 {OPT_FACTOR, 1u << CIRCLES}};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        if (cli_given(a, rules[i].id) && !(rules[i].kinds >> what & 1u))
            return cli_usage_error(a->verb, "--%s is not an option of make %s", cli_options[rules[i].id].name,
                                   kind_name[what]);
    }
    return 0;
}

static int find_kind(const cli_arguments *a, kind *out)
{
    char near[64];
    for (int i = 0; i < KINDS; i++) {
        if (strcmp(a->operand[0], kind_name[i]) == 0) {
            *out = (kind)i;
            return check_options(a, (kind)i);
        }
    }
    if (cli_nearest(a->operand[0], "blobs|moons|circles", near, sizeof near))
        return cli_usage_error(a->verb, "'%s' cannot be made; did you mean %s?", a->operand[0], near);
    return cli_usage_error(a->verb, "'%s' cannot be made; there are blobs, moons and circles", a->operand[0]);
}

static covey_status draw(const cli_arguments *a, sample *s, covey_error *err)
{
    covey_random random;
    covey_random_seed(&random, (uint32_t)cli_int(a, OPT_SEED, 0));
    const int shuffle = !cli_given(a, OPT_NO_SHUFFLE);
    const double noise = cli_real(a, OPT_NOISE, -1);
    if (s->what == MOONS)
        return covey_make_moons(&random, s->n, shuffle, noise, s->x, s->groups, err);
    if (s->what == CIRCLES)
        return covey_make_circles(&random, s->n, shuffle, noise, cli_real(a, OPT_FACTOR, 0.8), s->x,
                                  s->groups, err);
    double *stds = malloc((size_t)s->k * sizeof *stds);
    if (!stds)
        return COVEY_ERR_MEMORY;
    for (int64_t j = 0; j < s->k; j++)
        stds[j] = cli_real(a, OPT_STD, 1);
    const covey_status status =
        covey_make_blobs(&random, s->n, s->d, s->k, NULL, stds, NULL, shuffle, s->x, s->groups, err);
    free(stds);
    return status;
}

static int allocate(sample *s)
{
    const size_t n = (size_t)s->n, d = (size_t)s->d;
    if (n <= SIZE_MAX / 16 / d) {
        s->x = malloc(n * d * sizeof *s->x);
        s->groups = malloc(n * sizeof *s->groups);
        s->labels = malloc(n * sizeof *s->labels);
    }
    if (s->x && s->groups && s->labels)
        return 0;
    cli_say(SAY_ERROR, "out of memory for %lld rows of %lld numbers", (long long)s->n, (long long)s->d);
    return 5;
}

static int write_sample(const cli_arguments *a, const sample *s)
{
    const int force = cli_given(a, OPT_FORCE);
    const char *labels = cli_text(a, OPT_LABELS, NULL), *path = cli_text(a, OPT_OUTPUT, "-");
    const covey_matrix x = covey_matrix_dense(s->x, COVEY_DTYPE_FLOAT64, s->n, s->d);
    for (int64_t i = 0; i < s->n; i++)
        s->labels[i] = (int32_t)s->groups[i];
    int code =
        labels && strcmp(labels, "-") != 0 ? cli_write_labels(labels, force, s->labels, s->n, NULL, s->n) : 0;
    if (!code)
        code = cli_write_matrix(path, force, &x, NULL);
    if (!code && labels && strcmp(labels, "-") == 0)
        code = cli_write_labels(labels, force, s->labels, s->n, NULL, s->n);
    if (!code && strcmp(path, "-") != 0)
        cli_say(SAY_NOTE, "%s: %lld rows of %lld features, %s with seed %lld", path, (long long)s->n,
                (long long)s->d, kind_name[s->what], (long long)cli_int(a, OPT_SEED, 0));
    return code;
}

int cli_make(const cli_arguments *a)
{
    sample s = {.n = cli_int(a, OPT_ROWS, 100), .d = 2, .k = cli_int(a, OPT_CENTERS_COUNT, 3)};
    int code = find_kind(a, &s.what);
    if (code)
        return code;
    if (s.what == BLOBS)
        s.d = cli_int(a, OPT_FEATURES, 2);
    if (cli_text(a, OPT_LABELS, NULL) && strcmp(cli_text(a, OPT_LABELS, ""), "-") == 0 &&
        !cli_given(a, OPT_OUTPUT))
        return cli_usage_error(
            a->verb,
            "the rows and the labels cannot both go to standard output; --output FILE takes the rows");
    code = cli_outputs_check(a, NULL, 0, NULL);
    if (!code)
        code = allocate(&s);
    if (!code) {
        covey_error err = {0};
        err.status = draw(a, &s, &err);
        code = err.status == COVEY_OK ? write_sample(a, &s) : cli_fail(&err, NULL);
    }
    free(s.x);
    free(s.groups);
    free(s.labels);
    return code;
}
