/*
 * Against a naive k-means in long double: every label is a nearest center up to the rounding that docs/numerics.md
 * states; where no row is near a tie the whole run agrees, iteration by iteration; and what a model says about its own
 * rows (predict, transform, score) is what the fit said.
 */
#include "support/cases.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct tally {
    int64_t checked, followed, refilled;
} tally;

static long double sqdist(const double *x, const double *c, int64_t d)
{
    long double sum = 0;
    for (int64_t f = 0; f < d; f++) {
        const long double t = (long double)x[f] - c[f];
        sum += t * t;
    }
    return sum;
}

/* Twice the bound on the canonical score of one row and center: 4 (d + 4) 2^-53 (|x'|^2 + |c'|^2), x' and c' measured
 * from m; two scores are compared, and subtracting m rounds each value once more. */
static long double tie_slack(const double *x, const double *c, const double *m, int64_t d)
{
    return 2 * 5 * (long double)(d + 6) * 0x1p-53L * (sqdist(x, m, d) + sqdist(c, m, d)) + (long double)d * 0x1p-1060L;
}

/* Every label against all centers. */
static int labels_are_nearest(const random_case *c, const case_result *result, int told)
{
    const double *centers = covey_model_centers(result->model), *m = covey_model_mean(result->model);
    for (int64_t i = 0; i < c->n; i++) {
        const double *x = c->x + i * c->d, *own = centers + result->labels[i] * c->d;
        const long double mine = sqdist(x, own, c->d);
        for (int64_t j = 0; j < c->k; j++) {
            const double *other = centers + j * c->d;
            if (sqdist(x, other, c->d) + tie_slack(x, own, m, c->d) + tie_slack(x, other, m, c->d) < mine) {
                if (told)
                    printf("row %lld has label %d, but center %lld is nearer\n", (long long)i, result->labels[i], (long long)j);
                return 0;
            }
        }
    }
    return 1;
}

static int close_to(long double a, long double b, long double scale)
{
    return fabsl(a - b) <= 1e-12L * scale + 1e-300L;
}

static int inertia_is_right(const random_case *c, const case_result *result)
{
    const double *centers = covey_model_centers(result->model);
    long double sum = 0;
    for (int64_t i = 0; i < c->n; i++)
        sum += (c->weights != NULL ? (long double)c->weights[i] : 1) *
               sqdist(c->x + i * c->d, centers + result->labels[i] * c->d, c->d);
    if (close_to(result->report.inertia, sum, sum))
        return 1;
    printf("inertia %.17g, oracle %.17Lg\n", result->report.inertia, sum);
    return 0;
}

/* predict, in one go and row by row in small batches, score and transform agree with the fit. */
static int model_agrees_with_itself(const random_case *c, const case_result *result)
{
    int32_t *labels = case_memory(c->n, sizeof(int32_t));
    double *sqd = case_memory(c->n, sizeof(double)), *dist = case_memory(c->n * c->k, sizeof(double)), score = 1;
    covey_error err = {.message = "no error"};
    const covey_matrix x = case_view(c);
    const char *wrong = NULL;
    for (int64_t batch = 1; batch <= 8 && wrong == NULL; batch += batch == 1 ? 6 : 1) {
        const int64_t rows = batch == 8 ? c->n : batch;
        for (int64_t i = 0; i < c->n && i < 200 * rows; i += rows) {
            const int64_t count = c->n - i < rows ? c->n - i : rows;
            const covey_matrix part = covey_matrix_dense(c->x + i * c->d, COVEY_DTYPE_FLOAT64, count, c->d);
            if (covey_model_predict(result->model, &part, NULL, labels + i, sqd + i, &err) != COVEY_OK)
                wrong = "predict";
        }
        const int64_t seen = c->n < 200 * rows ? c->n : 200 * rows;
        if (memcmp(labels, result->labels, (size_t)seen * sizeof(int32_t)) != 0)
            wrong = "labels of predict in batches";
    }
    if (covey_model_score(result->model, &x, c->weights, NULL, &score, &err) != COVEY_OK || score != -result->report.inertia)
        wrong = "score";
    if (covey_model_transform(result->model, &x, NULL, dist, COVEY_DTYPE_FLOAT64, &err) != COVEY_OK)
        wrong = "transform";
    const double *centers = covey_model_centers(result->model);
    for (int64_t i = 0; i < c->n && wrong == NULL; i++) {
        for (int64_t j = 0; j < c->k; j++) {
            const long double exact = sqrtl(sqdist(c->x + i * c->d, centers + j * c->d, c->d));
            if (fabsl(dist[i * c->k + j] - exact) > 0x1p-50L * (long double)(c->d + 4) * exact + 1e-160L)
                wrong = "a distance of transform";
        }
        if (dist[i * c->k + result->labels[i]] != sqrt(sqd[i]))
            wrong = "sqdist of predict against transform";
    }
    if (wrong != NULL)
        printf("%s: %s\n", wrong, err.message);
    free(dist);
    free(sqd);
    free(labels);
    return wrong == NULL;
}

/* --- the naive run ------------------------------------------------------------------------------------------------- */

typedef struct naive {
    long double *centers, *sums, *mass; /* [k, d], [k, d], [k] */
    int32_t *labels;                    /* [n] */
    long double scale;                  /* largest |x| */
    int64_t n_iter;
    int decided; /* 0: some row came near a tie or a cluster ran empty; the rule for those is tested elsewhere */
} naive;

static long double naive_sqdist(const double *x, const long double *c, int64_t d)
{
    long double sum = 0;
    for (int64_t f = 0; f < d; f++)
        sum += (x[f] - c[f]) * (x[f] - c[f]);
    return sum;
}

/* One assignment; m is the origin in which the library forms its scores, so it says how near a tie is. @return rows that
 * changed */
static int64_t naive_assign(const random_case *c, const double *m, naive *run)
{
    int64_t changed = 0;
    long double far = 0;
    for (int64_t j = 0; j < c->k; j++)
        far = fmaxl(far, naive_sqdist(m, run->centers + j * c->d, c->d));
    for (int64_t i = 0; i < c->n; i++) {
        long double best = INFINITY, second = INFINITY;
        int32_t label = 0;
        for (int64_t j = 0; j < c->k; j++) {
            const long double s = naive_sqdist(c->x + i * c->d, run->centers + j * c->d, c->d);
            if (s < best) {
                second = best;
                best = s;
                label = (int32_t)j;
            } else if (s < second) {
                second = s;
            }
        }
        const long double noise = 0x1p-48L * (long double)(c->d + 6) * (sqdist(c->x + i * c->d, m, c->d) + far);
        if (!(second - best > 1e-9L * (second + best) + noise))
            run->decided = 0;
        changed += run->labels[i] != label;
        run->labels[i] = label;
    }
    return changed;
}

/* @return the sum of squared moves */
static long double naive_means(const random_case *c, naive *run)
{
    memset(run->sums, 0, (size_t)(c->k * c->d) * sizeof(long double));
    memset(run->mass, 0, (size_t)c->k * sizeof(long double));
    for (int64_t i = 0; i < c->n; i++) {
        const long double w = c->weights != NULL ? (long double)c->weights[i] : 1;
        run->mass[run->labels[i]] += w;
        for (int64_t f = 0; f < c->d; f++)
            run->sums[run->labels[i] * c->d + f] += w * c->x[i * c->d + f];
    }
    long double moved = 0;
    for (int64_t j = 0; j < c->k; j++) {
        if (run->mass[j] == 0) {
            run->decided = 0;
            continue;
        }
        for (int64_t f = 0; f < c->d; f++) {
            const long double mean = run->sums[j * c->d + f] / run->mass[j], step = mean - run->centers[j * c->d + f];
            moved += step * step;
            run->centers[j * c->d + f] = mean;
        }
    }
    return moved;
}

static void naive_fit(const random_case *c, const double *m, double tol, naive *run)
{
    for (run->n_iter = 1; run->n_iter <= c->options.max_iter && run->decided; run->n_iter++) {
        const int64_t changed = naive_assign(c, m, run);
        const long double moved = naive_means(c, run);
        if (changed == 0)
            return; /* labels belong to these centers */
        /* Moves below the rounding of the frame are seen by one of the two only. */
        const long double unseen = (long double)(c->k * c->d) * 0x1p-100L * run->scale * run->scale;
        if (fabsl(moved - tol) <= 1e-9L * tol + unseen + 2 * sqrtl(moved * unseen))
            run->decided = 0;
        if (moved <= tol || run->n_iter == c->options.max_iter) {
            naive_assign(c, m, run);
            return;
        }
    }
}

/* Given centers alone: the draws of the other starts have tests of their own. */
static int follows_naive(const random_case *c, const case_result *result, tally *t)
{
    if (c->options.init != COVEY_SEED_GIVEN)
        return 1;
    naive run = {.centers = case_memory(c->k * c->d, sizeof(long double)),
                 .sums = case_memory(c->k * c->d, sizeof(long double)),
                 .mass = case_memory(c->k, sizeof(long double)),
                 .labels = case_memory(c->n, sizeof(int32_t)),
                 .decided = 1};
    for (int64_t i = 0; i < c->k * c->d; i++)
        run.centers[i] = c->centers[i];
    for (int64_t i = 0; i < c->n * c->d; i++)
        run.scale = fmaxl(run.scale, fabsl(c->x[i]));
    memset(run.labels, -1, (size_t)c->n * sizeof(int32_t));
    naive_fit(c, covey_model_mean(result->model), result->report.tol, &run);
    const char *wrong = NULL;
    if (run.decided) {
        t->followed++;
        if (run.n_iter != result->report.n_iter)
            wrong = "n_iter";
        if (memcmp(run.labels, result->labels, (size_t)c->n * sizeof(int32_t)) != 0)
            wrong = "labels";
        for (int64_t i = 0; i < c->k * c->d; i++)
            if (!close_to(covey_model_centers(result->model)[i], run.centers[i], run.scale))
                wrong = "centers";
    }
    if (wrong != NULL)
        printf("%s differ from the naive run's (n_iter %lld, ours %lld)\n", wrong, (long long)run.n_iter,
               (long long)result->report.n_iter);
    free(run.labels);
    free(run.mass);
    free(run.sums);
    free(run.centers);
    return wrong == NULL;
}

static int against_the_oracle(random_case *c, void *user)
{
    tally *t = user;
    const covey_matrix x = case_view(c);
    case_result result;
    case_fit(c, &x, NULL, &result);
    int right = result.status == COVEY_OK;
    if (right) {
        t->checked++;
        t->refilled += result.report.n_relocations > 0;
        right = labels_are_nearest(c, &result, 1) && inertia_is_right(c, &result) && model_agrees_with_itself(c, &result) &&
                follows_naive(c, &result, t);
    } else {
        printf("%s\n", result.err.message);
    }
    case_result_free(&result);
    return right;
}

static void naive_kmeans(void **state)
{
    (void)state;
    tally t = {0};
    assert_int_equal(case_run_all(3000, against_the_oracle, &t), 0);
    printf("%lld fits checked, %lld of them followed to the end, %lld with refilled clusters\n", (long long)t.checked,
           (long long)t.followed, (long long)t.refilled);
    if (getenv("COVEY_CASE") == NULL)
        assert_true(t.followed * 20 > t.checked);
}

/* The oracle is able to fail: a wrong label is seen. */
static void wrong_labels_are_seen(void **state)
{
    (void)state;
    random_case c;
    case_draw(&c, 11);
    c.options.max_iter = 100;
    int seen = 0;
    for (uint32_t number = 1; number <= 60; number++) {
        case_free(&c);
        case_draw(&c, number);
        const covey_matrix x = case_view(&c);
        case_result result;
        case_fit(&c, &x, NULL, &result);
        if (result.status == COVEY_OK && c.k > 1) {
            result.labels[0] = (int32_t)((result.labels[0] + 1) % c.k);
            seen += !labels_are_nearest(&c, &result, 0);
        }
        case_result_free(&result);
    }
    case_free(&c);
    assert_true(seen > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(naive_kmeans),
        cmocka_unit_test(wrong_labels_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
