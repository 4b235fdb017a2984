/*
 * One answer, whatever the path (engine, part 1): thread counts, instruction sets, plans, element types and memory
 * layouts give the same bytes of labels, centers, inertia and n_iter on thousands of small random fits.
 */
#include "support/cases.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const levels[] = {"portable", "avx2", "avx2-vnni", "avx512", "avx512-vnni", "neon", "neon-dot"};
enum { LEVELS = sizeof levels / sizeof levels[0] };
static const char *const plans[] = {NULL, "canonical", "brute", "integer", "screen", "head", "tree", "tiles", "sorted", "small", "bounds"};
enum { PLANS = sizeof plans / sizeof plans[0] };
static const int32_t widths[] = {1, 2, 3, 7};

/* What ran, so that the test can say that it compared different things. */
typedef struct tally {
    int64_t fits, of_level[LEVELS], of_plan[PLANS], parallel, repaired, relocated, refused;
} tally;

/* 0 for a path that cannot be pinned here. */
static int plan_index(const char *name)
{
    for (int i = 1; i < PLANS; i++)
        if (strcmp(name, plans[i]) == 0)
            return i;
    return 0;
}

static int compare(random_case *c, const covey_matrix *x, const covey_run *run, const case_result *reference, const char *what,
                   tally *t)
{
    case_result other;
    case_fit(c, x, run, &other);
    if (run->plan != NULL && other.status == COVEY_ERR_UNSUPPORTED) { /* this path is not for this shape */
        case_result_free(&other);
        return 1;
    }
    t->of_plan[plan_index(other.report.plan)]++;
    const char *difference = case_difference(c, reference, &other);
    t->fits++;
    t->parallel += other.report.threads > 1;
    t->repaired += other.report.n_repaired > 0;
    t->relocated += other.report.n_relocations > 0;
    if (run->isa != NULL && other.status == COVEY_OK && strcmp(run->isa, other.report.isa) != 0)
        difference = "isa in the report";
    if (difference != NULL)
        printf("%s differs: %s, %d threads, %s, plan %s%s%s\n", difference, what, run->threads,
               run->isa != NULL ? run->isa : "-", run->plan != NULL ? run->plan : "-",
               other.status != COVEY_OK ? ": " : "", other.status != COVEY_OK ? other.err.message : "");
    case_result_free(&other);
    return difference == NULL;
}

/* A copy of x as another type: the same values. */
static void *narrow(const random_case *c, covey_dtype dtype)
{
    void *copy = case_memory(c->n * c->d, 8);
    for (int64_t i = 0; i < c->n * c->d; i++) {
        switch (dtype) {
        case COVEY_DTYPE_FLOAT32:
            ((float *)copy)[i] = (float)c->x[i];
            break;
        case COVEY_DTYPE_UINT8:
            ((uint8_t *)copy)[i] = (uint8_t)c->x[i];
            break;
        case COVEY_DTYPE_INT16:
            ((int16_t *)copy)[i] = (int16_t)c->x[i];
            break;
        default:
            ((int64_t *)copy)[i] = (int64_t)c->x[i];
            break;
        }
    }
    return copy;
}

static int compare_types(random_case *c, covey_run *run, const case_result *reference, tally *t)
{
    static const covey_dtype types[] = {COVEY_DTYPE_FLOAT32, COVEY_DTYPE_UINT8, COVEY_DTYPE_INT16, COVEY_DTYPE_INT64};
    int same = 1;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (i == 0 ? !c->fits_float32 : !c->fits_uint8)
            continue;
        void *copy = narrow(c, types[i]);
        const covey_matrix x = covey_matrix_dense(copy, types[i], c->n, c->d);
        run->isa = i % 2 == c->number % 2 ? NULL : "portable";
        run->threads = widths[(c->number + i) % 4];
        same &= compare(c, &x, run, reference, covey_dtype_name(types[i]), t);
        free(copy);
    }
    return same;
}

/* Gaps between rows, columns first, rows backwards, the other byte order, unaligned: views of the same values. */
static int compare_layouts(random_case *c, covey_run *run, const case_result *reference, tally *t)
{
    static const char *const names[] = {"gaps", "columns first", "rows backwards", "swapped bytes", "unaligned"};
    const int64_t gap = c->d + 3;
    char *copy = case_memory(c->n * gap + 1, sizeof(double));
    int same = 1;
    for (int layout = 0; layout < 5; layout++) {
        const int64_t row = layout == 1 ? 8 : layout == 2 ? -8 * c->d : 8 * gap, col = layout == 1 ? 8 * c->n : 8;
        char *start = layout == 2 ? copy - row * (c->n - 1) : layout == 4 ? copy + 3 : copy;
        for (int64_t i = 0; i < c->n; i++) {
            for (int64_t f = 0; f < c->d; f++) {
                char bytes[8];
                memcpy(bytes, &c->x[i * c->d + f], 8);
                for (int b = 0; b < 8; b++)
                    start[i * row + f * col + b] = bytes[layout == 3 ? 7 - b : b];
            }
        }
        covey_matrix x = case_view(c);
        x.data = start;
        x.row_stride = row;
        x.col_stride = col;
        x.byte_swapped = layout == 3;
        run->threads = widths[(c->number + (uint32_t)layout) % 4];
        same &= compare(c, &x, run, reference, names[layout], t);
    }
    free(copy);
    return same;
}

static int one_answer(random_case *c, void *user)
{
    tally *t = user;
    const covey_matrix x = case_view(c);
    covey_run run;
    covey_run_init(&run);
    run.threads = 1;
    case_result reference;
    case_fit(c, &x, &run, &reference);
    t->refused += reference.status != COVEY_OK;
    int same = 1;
    for (int level = 0; level < LEVELS; level++) {
        if (covey_isa_available(levels[level]) != 1)
            continue;
        run.isa = levels[level];
        run.threads = widths[(c->number + (uint32_t)level) % 4];
        run.plan = plans[(c->number / 4 + (uint32_t)level) % PLANS];
        same &= compare(c, &x, &run, &reference, "float64", t);
        t->of_level[level]++;
    }
    run.isa = NULL;
    run.plan = NULL;
    for (size_t i = 0; i < 4; i++) {
        run.threads = widths[i];
        same &= compare(c, &x, &run, &reference, "float64", t);
    }
    same &= compare_types(c, &run, &reference, t);
    run.isa = NULL;
    same &= compare_layouts(c, &run, &reference, t);
    if (reference.status != COVEY_OK)
        printf("  refused: %s\n", reference.err.message);
    case_result_free(&reference);
    return same && reference.status == COVEY_OK;
}

static void small_fits(void **state)
{
    (void)state;
    tally t = {0};
    assert_int_equal(case_run_all(1400, one_answer, &t), 0);
    printf("%lld fits compared; %lld with repaired rows, %lld with refilled clusters\n", (long long)t.fits,
           (long long)t.repaired, (long long)t.relocated);
    for (int level = 0; level < LEVELS; level++)
        if (t.of_level[level] == 0)
            printf("SKIPPED: this machine or build lacks %s\n", levels[level]);
    if (getenv("COVEY_CASE") == NULL) {
        assert_true(t.repaired > 0);
        assert_true(t.relocated > 0);
        for (int i = 1; i < PLANS; i++)
            assert_true(t.of_plan[i] > 0);
    }
}

/* Large enough to be cut into tasks for seven workers: the same bytes, and more than one worker ran. */
static void threads_of_a_larger_fit(void **state)
{
    (void)state;
    random_case c = {.number = 0, .kind = "larger", .n = 40000, .d = 6, .k = 13};
    c.x = case_memory(c.n * c.d, sizeof(double));
    covey_random r;
    covey_random_seed(&r, 7);
    for (int64_t i = 0; i < c.n * c.d; i++)
        c.x[i] = (double)covey_random_int(&r, 0, 40) * 0.25;
    covey_fit_options_init(&c.options, COVEY_ALGORITHM_KMEANS);
    c.options.n_clusters = c.k;
    c.options.max_iter = 12;
    const covey_matrix x = case_view(&c);
    covey_run run;
    covey_run_init(&run);
    run.threads = 1;
    case_result reference;
    case_fit(&c, &x, &run, &reference);
    assert_int_equal(reference.status, COVEY_OK);
    assert_int_equal(reference.report.threads, 1);
    tally t = {0};
    for (size_t i = 1; i < 4; i++) {
        run.threads = widths[i];
        assert_true(compare(&c, &x, &run, &reference, "larger", &t));
    }
    assert_int_equal(t.parallel, 3);
    case_result_free(&reference);
    free(c.x);
}

/* The comparison is able to fail: another seed of the fit is seen. */
static void differences_are_seen(void **state)
{
    (void)state;
    random_case c;
    int seen = 0;
    for (uint32_t number = 1; number <= 40; number++) {
        case_draw(&c, number);
        const covey_matrix x = case_view(&c);
        case_result a, b;
        case_fit(&c, &x, NULL, &a);
        c.options.max_iter = 1;
        c.options.seed = 977;
        case_fit(&c, &x, NULL, &b);
        seen += case_difference(&c, &a, &b) != NULL;
        case_result_free(&a);
        case_result_free(&b);
        case_free(&c);
    }
    assert_true(seen > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_fits),
        cmocka_unit_test(threads_of_a_larger_fit),
        cmocka_unit_test(differences_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
