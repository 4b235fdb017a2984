/*
 * Row 43: memory runs out at the i-th request, for every i, once or for good.  Each call must say so and leave nothing
 * behind.  The requests of the libraries below (zlib, libzip, libpng) fail like ours.
 */
#include "io_support.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WITHOUT_HOOKS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WITHOUT_HOOKS 1
#endif
#endif

#ifdef WITHOUT_HOOKS

int main(void)
{
    printf("SKIPPED: a sanitizer owns malloc\n");
    return 77;
}

#else

#include <errno.h>
#include <stdbool.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *block);

#define SEEN_BY_LIBRARIES __attribute__((visibility("default")))

/* volatile: compilers know malloc and free, and that they change no variable of ours */
static volatile bool armed, forever;
static volatile long until_failure, live;

static bool fails(void)
{
    if (!armed)
        return false;
    if (until_failure-- > 0)
        return false;
    if (!forever)
        armed = false;
    errno = ENOMEM;
    return true;
}

SEEN_BY_LIBRARIES void *malloc(size_t bytes)
{
    void *block = fails() ? NULL : __libc_malloc(bytes);
    live += block != NULL;
    return block;
}

SEEN_BY_LIBRARIES void *calloc(size_t n, size_t bytes)
{
    void *block = fails() ? NULL : __libc_calloc(n, bytes);
    live += block != NULL;
    return block;
}

SEEN_BY_LIBRARIES void *realloc(void *old, size_t bytes)
{
    void *block = fails() ? NULL : __libc_realloc(old, bytes);
    live += block != NULL && !old;
    return block;
}

SEEN_BY_LIBRARIES void *aligned_alloc(size_t alignment, size_t bytes)
{
    void *block = fails() ? NULL : __libc_memalign(alignment, bytes);
    live += block != NULL;
    return block;
}

SEEN_BY_LIBRARIES int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    void *block = aligned_alloc(alignment, bytes);
    if (!block)
        return ENOMEM;
    *out = block;
    return 0;
}

SEEN_BY_LIBRARIES void free(void *block)
{
    live -= block != NULL;
    __libc_free(block);
}

/* What is tried; it must clean up after itself. */
typedef covey_status (*attempt)(covey_error *err);

/* tolerated: blocks that a library below us may lose when it fails. */
static void torture(attempt try, const char *what, long tolerated)
{
    covey_error err;
    assert_int_equal(try(&err), COVEY_OK); /* once before, for what libraries keep for good */
    for (int permanent = 0; permanent < 2; permanent++) {
        bool done = false;
        for (long i = 0; !done; i++) {
            assert_true(i < 20000);
            memset(&err, 0, sizeof err);
            long before = live;
            until_failure = i;
            forever = permanent;
            armed = true;
            covey_status status = try(&err);
            done = armed && until_failure >= 0; /* it never came to the i-th request */
            armed = false;
            if (live < before || live > before + (status == COVEY_OK ? 0 : tolerated))
                fail_msg("%s: %ld blocks leaked at request %ld, status %d %s", what, live - before, i, status, err.message);
            if (status != COVEY_OK && status != COVEY_ERR_MEMORY)
                fail_msg("%s: status %d at request %ld: %s", what, status, i, err.message);
            if (done)
                assert_int_equal(status, COVEY_OK);
            if (status != COVEY_OK)
                assert_int_equal(err.status, status);
        }
    }
}

static covey_status read_once(const char *text, size_t n, const covey_read_options *options, covey_error *err)
{
    covey_table *table;
    covey_status status = covey_table_read_memory(text, n, "t", options, &table, err);
    if (status != COVEY_OK)
        assert_null(table);
    covey_table_free(table);
    return status;
}

static covey_status csv_plain(covey_error *err)
{
    const char *text = "a,b,c\n1,2,3\n4,NA,6\n7,8\n\"9\",10,11\n";
    covey_read_options o = read_defaults();
    o.missing = COVEY_MISSING_DROP;
    o.ragged = COVEY_RAGGED_SKIP;
    o.weights = "c";
    return read_once(text, strlen(text), &o, err);
}

static covey_status csv_means(covey_error *err)
{
    const char *text = "a;b\n1;2\n;4\n";
    covey_read_options o = read_defaults();
    o.missing = COVEY_MISSING_MEAN;
    o.columns = "b,a";
    return read_once(text, strlen(text), &o, err);
}

static covey_status saved_table(covey_error *err)
{
    double x[] = {1, 2, 3, 4};
    static const char *const names[] = {"a", "b, c"};
    covey_matrix m = covey_matrix_dense(x, COVEY_DTYPE_FLOAT64, 2, 2);
    covey_sink *sink;
    covey_status status = covey_sink_memory(&sink, err);
    if (status != COVEY_OK)
        return status;
    status = covey_write_csv(sink, &m, ',', names, err);
    if (status == COVEY_OK)
        status = covey_write_npy(sink, &m, 0, err);
    if (status == COVEY_OK)
        status = covey_write_png(sink, (const unsigned char *)"abcd", 2, 2, 1, err);
    covey_sink_abandon(sink);
    return status == COVEY_ERR_UNSUPPORTED ? COVEY_OK : status;
}

static covey_status file_sink(covey_error *err)
{
    const char *path = scratch("alloc");
    covey_sink *sink;
    covey_status status = covey_sink_open(path, 1, &sink, err);
    if (status != COVEY_OK)
        return status;
    status = covey_sink_write(sink, "x", 1, err);
    if (status == COVEY_OK)
        status = covey_sink_close(sink, err);
    else
        covey_sink_abandon(sink);
    return status;
}

static char saved[2][65536];
static size_t saved_bytes[2];

static covey_model *make_model(void)
{
    double centers[] = {1, 2, 3, 4};
    covey_matrix c = covey_matrix_dense(centers, COVEY_DTYPE_FLOAT64, 2, 2);
    covey_model *model;
    covey_error err;
    assert_int_equal(covey_model_from_centers(&c, NULL, COVEY_DTYPE_FLOAT64, &model, &err), COVEY_OK);
    return model;
}

static covey_status save_model(const covey_model *model, int json, covey_error *err)
{
    static const char *const names[] = {"a", "\xC3\xB6"};
    covey_model_info info;
    memset(&info, 0, sizeof info);
    info.size = sizeof info;
    info.names = names;
    info.scale = "none";
    covey_sink *sink;
    covey_status status = covey_sink_memory(&sink, err);
    if (status != COVEY_OK)
        return status;
    status = covey_model_save(model, &info, json ? COVEY_FORMAT_JSON : COVEY_FORMAT_NPZ, sink, err);
    if (status == COVEY_OK) {
        const void *bytes = covey_sink_bytes(sink, &saved_bytes[json]);
        memcpy(saved[json], bytes, saved_bytes[json]);
    }
    covey_sink_abandon(sink);
    return status;
}

static covey_model *the_model;

static covey_status save_npz(covey_error *err)
{
    return save_model(the_model, 0, err);
}

static covey_status save_json(covey_error *err)
{
    return save_model(the_model, 1, err);
}

static covey_status load_model(int json, covey_error *err)
{
    covey_model_file *file;
    covey_status status = covey_model_load_memory(saved[json], saved_bytes[json], "m", &file, err);
    if (status != COVEY_OK)
        assert_null(file);
    covey_model_file_free(file);
    return status;
}

static covey_status load_npz(covey_error *err)
{
    return load_model(0, err);
}

static covey_status load_json(covey_error *err)
{
    return load_model(1, err);
}

static covey_status read_npz(covey_error *err)
{
    covey_read_options o = read_defaults();
    o.member = "centers";
    return read_once(saved[0], saved_bytes[0], &o, err);
}

static void row_43_tables(void **state)
{
    (void)state;
    torture(csv_plain, "csv", 0);
    torture(csv_means, "csv with means", 0);
    torture(saved_table, "writers", 0);
    torture(file_sink, "file sink", 0);
    unlink(scratch("alloc"));
}

static void row_43_models(void **state)
{
    (void)state;
    the_model = make_model();
    torture(save_npz, "save npz", 0);
    torture(save_json, "save json", 0);
    /* libzip 1.7 loses a block when zip_fopen_index runs out of memory half way */
    torture(load_npz, "load npz", 1);
    torture(load_json, "load json", 0);
    torture(read_npz, "read npz", 1);
    covey_model_free(the_model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_43_tables),
        cmocka_unit_test(row_43_models),
    };
    setenv("TZ", "UTC0", 1); /* else libc reads and frees its table of time zones while we count */
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
