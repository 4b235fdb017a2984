/* Model files: what is saved is what is loaded, and row 56 for everything else. */
#include "io_support.h"

#include <math.h>

static covey_model *make_model(covey_dtype dtype)
{
    double centers[] = {0.1, -0.0, 3, 1e-300, 1e17, -7.25};
    double mean[] = {1.0 / 3, 5e16, 0};
    covey_matrix c = covey_matrix_dense(centers, COVEY_DTYPE_FLOAT64, 2, 3);
    covey_model *model;
    covey_error err;
    if (covey_model_from_centers(&c, mean, dtype, &model, &err) != COVEY_OK)
        fail_msg("%s", err.message);
    return model;
}

static const char *const names[] = {"age", "<b>\"x\",\n", "gr\xC3\xB6\xC3\x9F" "e \xF0\x9F\x90\xA6"};
static const double offset[] = {1, 2.5, -3}, factor[] = {0.1, 1, 1e3};
static const int64_t sizes[] = {7, 3};

static covey_model_info make_info(void)
{
    covey_model_info info;
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    info.names = names;
    info.offset = offset;
    info.factor = factor;
    info.scale = "standard";
    info.seed = 4294967295u;
    info.n_iter = 12;
    info.n_rows = 10;
    info.inertia = 78.855665825977;
    info.total_ss = 681.3706;
    info.sizes = sizes;
    info.algorithm = "kmeans";
    info.stop = "strict";
    return info;
}

/* The saved bytes; malloc'd. */
static char *save(const covey_model *model, const covey_model_info *info, covey_format format, size_t *n)
{
    covey_sink *sink;
    covey_error err;
    assert_int_equal(covey_sink_memory(&sink, NULL), COVEY_OK);
    if (covey_model_save(model, info, format, sink, &err) != COVEY_OK)
        fail_msg("%s", err.message);
    const void *bytes = covey_sink_bytes(sink, n);
    char *copy = malloc(*n + 1);
    memcpy(copy, bytes, *n);
    copy[*n] = 0;
    assert_int_equal(covey_sink_close(sink, NULL), COVEY_OK);
    return copy;
}

static covey_model_file *load(const char *bytes, size_t n)
{
    covey_model_file *file;
    covey_error err;
    if (covey_model_load_memory(bytes, n, "m", &file, &err) != COVEY_OK)
        fail_msg("%s", err.message);
    return file;
}

static void refuse(const char *bytes, size_t n, const char *words)
{
    covey_model_file *file = (covey_model_file *)(uintptr_t)1;
    covey_error err = {0};
    covey_status status = covey_model_load_memory(bytes, n, "m.npz", &file, &err);
    if (status != COVEY_ERR_FORMAT || !strstr(err.message, words) || !strstr(err.message, "m.npz"))
        fail_msg("expected '%s', got %d: %s", words, status, err.message);
    assert_null(file);
}

static void assert_same_model(const covey_model *a, const covey_model *b)
{
    int64_t k = covey_model_n_clusters(a), d = covey_model_n_features(a);
    assert_int_equal(covey_model_n_clusters(b), k);
    assert_int_equal(covey_model_n_features(b), d);
    assert_int_equal(covey_model_center_dtype(a), covey_model_center_dtype(b));
    assert_memory_equal(covey_model_centers(a), covey_model_centers(b), (size_t)(k * d) * sizeof(double));
    assert_memory_equal(covey_model_mean(a), covey_model_mean(b), (size_t)d * sizeof(double));
}

static void both_formats_keep_everything(void **state)
{
    (void)state;
    static const covey_dtype dtypes[] = {COVEY_DTYPE_FLOAT64, COVEY_DTYPE_FLOAT32};
    for (int i = 0; i < 4; i++) {
        covey_format format = i % 2 ? COVEY_FORMAT_JSON : COVEY_FORMAT_NPZ;
        covey_model *model = make_model(dtypes[i / 2]);
        covey_model_info info = make_info();
        size_t n;
        char *bytes = save(model, &info, format, &n);
        covey_model_file *file = load(bytes, n);
        assert_same_model(model, covey_model_file_model(file));
        const covey_model_info *back = covey_model_file_info(file);
        for (int f = 0; f < 3; f++)
            assert_string_equal(back->names[f], names[f]);
        assert_memory_equal(back->offset, offset, sizeof offset);
        assert_memory_equal(back->factor, factor, sizeof factor);
        assert_memory_equal(back->sizes, sizes, sizeof sizes);
        assert_string_equal(back->scale, "standard");
        assert_string_equal(back->algorithm, "kmeans");
        assert_string_equal(back->stop, "strict");
        assert_true(back->seed == info.seed && back->n_iter == 12 && back->n_rows == 10);
        assert_true(back->inertia == info.inertia && back->total_ss == info.total_ss);
        size_t again;
        char *second = save(covey_model_file_model(file), back, format, &again);
        assert_int_equal(n, again);
        assert_memory_equal(bytes, second, n); /* the same model gives the same bytes */
        free(second);
        free(bytes);
        covey_model_file_free(file);
        covey_model_free(model);
    }
    covey_model_file_free(NULL);
}

static void a_bare_model(void **state)
{
    (void)state;
    covey_model *model = make_model(COVEY_DTYPE_FLOAT64);
    for (int i = 0; i < 2; i++) {
        size_t n;
        char *bytes = save(model, NULL, i ? COVEY_FORMAT_JSON : COVEY_FORMAT_AUTO, &n);
        covey_model_file *file = load(bytes, n);
        const covey_model_info *info = covey_model_file_info(file);
        assert_null(info->names);
        assert_null(info->offset);
        assert_null(info->sizes);
        assert_string_equal(info->scale, "none");
        assert_true(isnan(info->inertia));
        covey_model_file_free(file);
        free(bytes);
    }
    covey_model_free(model);
}

static void an_unknown_inertia_survives_json(void **state)
{
    (void)state;
    covey_model *model = make_model(COVEY_DTYPE_FLOAT64);
    covey_model_info info = make_info();
    info.inertia = (double)NAN;
    size_t n;
    char *bytes = save(model, &info, COVEY_FORMAT_JSON, &n);
    covey_model_file *file = load(bytes, n);
    assert_true(isnan(covey_model_file_info(file)->inertia));
    covey_model_file_free(file);
    free(bytes);
    covey_model_free(model);
}

static void trees(void **state)
{
    (void)state;
    double centers[] = {0, 10}, nodes[] = {5, 0, 10};
    int32_t children[] = {1, 2, -1, 0, -1, 1};
    covey_matrix c = covey_matrix_dense(centers, COVEY_DTYPE_FLOAT64, 2, 1);
    covey_model *model;
    covey_error err;
    if (covey_model_from_tree(&c, NULL, COVEY_DTYPE_FLOAT64, 3, nodes, children, &model, &err) != COVEY_OK)
        fail_msg("%s", err.message);
    for (int i = 0; i < 2; i++) {
        size_t n;
        char *bytes = save(model, NULL, i ? COVEY_FORMAT_JSON : COVEY_FORMAT_NPZ, &n);
        covey_model_file *file = load(bytes, n);
        const double *node_centers;
        const int32_t *node_children;
        assert_int_equal(covey_model_tree(covey_model_file_model(file), &node_centers, &node_children), 3);
        assert_memory_equal(node_centers, nodes, sizeof nodes);
        assert_memory_equal(node_children, children, sizeof children);
        covey_model_file_free(file);
        free(bytes);
    }
    covey_model_free(model);
}

static void row_56_other_bytes(void **state)
{
    (void)state;
    refuse("", 0, "is empty");
    refuse("hello", 5, "is not a covey model");
    refuse("\x80\x04\x95\x0b", 4, "pickle, which covey never opens");
    refuse("\x93NUMPY\x01\x00", 8, "is not a covey model");
    refuse("{}", 2, "is not a covey model");
    refuse("{\"format\": \"other\", \"format_version\": 1}", 40, "is not a covey model");
    refuse("PK\3\4 and nothing more", 21, "zip");
    static const char twice[] = "{\"format\": \"covey-model\",\n \"format\": \"x\"}";
    refuse(twice, strlen(twice), "line 2, byte 36: a key that stands twice");
    refuse("{\"format\": [", 12, "line 1");
}

static void row_56_deep_json(void **state)
{
    (void)state;
    char text[200001];
    memset(text, '[', sizeof text);
    memcpy(text, "{\"a\":", 5);
    refuse(text, sizeof text, "nested deeper than 32");
    memset(text, '{', 1);
    strcpy(text, "{\"a\": \"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}"); /* inside a text it is no depth */
    refuse(text, strlen(text), "is not a covey model");
}

/* Change one place of the JSON and see the file refused. */
static void edit(const char *json, const char *from, const char *to, const char *words)
{
    const char *at = strstr(json, from);
    assert_non_null(at);
    char *text = malloc(strlen(json) + strlen(to) + 1);
    size_t head = (size_t)(at - json);
    memcpy(text, json, head);
    strcpy(text + head, to);
    strcat(text, at + strlen(from));
    refuse(text, strlen(text), words);
    free(text);
}

static void row_56_edited_models(void **state)
{
    (void)state;
    covey_model *model = make_model(COVEY_DTYPE_FLOAT64);
    covey_model_info info = make_info();
    size_t n;
    char *json = save(model, &info, COVEY_FORMAT_JSON, &n);
    char versions[160];
    snprintf(versions, sizeof versions, "format version 7, written by covey %s; this covey %s reads up to 1", covey_version(),
             covey_version());
    edit(json, "\"format_version\": 1", "\"format_version\": 7", versions);
    edit(json, "\"format_version\": 1", "\"format_version\": 0", "version 0 does not exist");
    edit(json, "\"format_version\": 1", "\"format_version\": \"1\"", "\"format_version\" should be one value (integers)");
    edit(json, "\"algorithm_version\": 1", "\"algorithm_version\": 2", "checksum");
    edit(json, "-7.25", "-7.26", "the checksum does not fit");
    edit(json, "-7.25", "null", "is not finite");
    edit(json, "-7.25", "NaN", "line ");
    edit(json, "-7.25", "\"-7.25\"", "\"centers\" should be");
    edit(json, "-7.25", "1, 2", "\"centers\" should be");
    edit(json, "1000]", "0]", "factor[2] is 0");
    edit(json, ", 1000]", "]", "factor has 2 values, but should have 3");
    edit(json, "\"mean\"", "\"moan\"", "no mean");
    edit(json, "\"centers\"", "\"renters\"", "no centers");
    edit(json, "\"offset\"", "\"onset\"", "belong together");
    edit(json, "\"checksum\"", "\"check\"", "the checksum is missing");
    edit(json, "\"age\"", "\"aging\"", "the checksum does not fit");
    assert_null(strstr(json, "<b>")); /* row 52: escaped for pages */
    free(json);
    covey_model_free(model);
}

/* Every bit of the NPZ may flip: the file is refused, or (in a date or a name that is not read) loads the same model. */
static void row_56_flipped_bits(void **state)
{
    (void)state;
    covey_model *model = make_model(COVEY_DTYPE_FLOAT64);
    covey_model_info info = make_info();
    size_t n;
    char *bytes = save(model, &info, COVEY_FORMAT_NPZ, &n);
    int refused = 0;
    for (size_t i = 0; i < n; i++) {
        bytes[i] ^= (char)(1 << i % 8);
        covey_model_file *file;
        covey_error err;
        if (covey_model_load_memory(bytes, n, "m", &file, &err) == COVEY_OK) {
            assert_same_model(model, covey_model_file_model(file));
            covey_model_file_free(file);
        } else
            refused++;
        bytes[i] ^= (char)(1 << i % 8);
    }
    assert_true((size_t)refused > n / 2);
    for (size_t cut = 0; cut < n; cut += 37) {
        covey_model_file *file;
        covey_error err;
        assert_int_equal(covey_model_load_memory(bytes, cut, "m", &file, &err), COVEY_ERR_FORMAT);
    }
    free(bytes);
    covey_model_free(model);
}

static void bad_info_is_refused(void **state)
{
    (void)state;
    covey_model *model = make_model(COVEY_DTYPE_FLOAT64);
    covey_sink *sink;
    covey_error err;
    assert_int_equal(covey_sink_memory(&sink, NULL), COVEY_OK);
    covey_model_info info = make_info();
    info.factor = NULL;
    assert_int_equal(covey_model_save(model, &info, COVEY_FORMAT_NPZ, sink, &err), COVEY_ERR_ARGUMENT);
    info.factor = (const double[]){1, 0, 1};
    assert_int_equal(covey_model_save(model, &info, COVEY_FORMAT_NPZ, sink, &err), COVEY_ERR_NONFINITE);
    assert_int_equal(covey_model_save(model, NULL, COVEY_FORMAT_CSV, sink, &err), COVEY_ERR_ARGUMENT);
    assert_int_equal(covey_model_save(NULL, NULL, COVEY_FORMAT_NPZ, sink, &err), COVEY_ERR_ARGUMENT);
    covey_sink_abandon(sink);
    covey_model_free(model);
}

/* An info struct of an older caller ends earlier: nothing beyond it is read. */
static void older_callers(void **state)
{
    (void)state;
    covey_model *model = make_model(COVEY_DTYPE_FLOAT64);
    covey_model_info info = make_info();
    info.size = offsetof(covey_model_info, scale);
    info.scale = (const char *)(uintptr_t)1;
    info.algorithm = info.stop = info.scale;
    size_t n;
    char *bytes = save(model, &info, COVEY_FORMAT_JSON, &n);
    covey_model_file *file = load(bytes, n);
    assert_string_equal(covey_model_file_info(file)->names[0], "age");
    assert_null(covey_model_file_info(file)->stop);
    covey_model_file_free(file);
    free(bytes);
    covey_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_formats_keep_everything),
        cmocka_unit_test(a_bare_model),
        cmocka_unit_test(an_unknown_inertia_survives_json),
        cmocka_unit_test(trees),
        cmocka_unit_test(row_56_other_bytes),
        cmocka_unit_test(row_56_deep_json),
        cmocka_unit_test(row_56_edited_models),
        cmocka_unit_test(row_56_flipped_bits),
        cmocka_unit_test(bad_info_is_refused),
        cmocka_unit_test(older_callers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
