/* Rows 44, 45 and 47: no fault leaves half a file, an old file is replaced whole or not at all. */
#include "io_support.h"

#include "io/sys.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static cvi_io_sys real_calls;
static int calls_until_fault; /* of the faulty call; 0: now */
static int fault_code;

static ssize_t short_write(int fd, const void *bytes, size_t n_bytes)
{
    static int turn;
    if (turn++ % 2) {
        errno = EINTR;
        return -1;
    }
    return real_calls.write(fd, bytes, n_bytes > 3 ? 3 : n_bytes);
}

static ssize_t short_read(int fd, void *bytes, size_t n_bytes)
{
    static int turn;
    if (turn++ % 2) {
        errno = EINTR;
        return -1;
    }
    return real_calls.read(fd, bytes, n_bytes > 5 ? 5 : n_bytes);
}

static ssize_t bad_write(int fd, const void *bytes, size_t n_bytes)
{
    if (calls_until_fault-- > 0)
        return real_calls.write(fd, bytes, n_bytes);
    errno = fault_code;
    return -1;
}

static ssize_t bad_read(int fd, void *bytes, size_t n_bytes)
{
    if (calls_until_fault-- > 0)
        return real_calls.read(fd, bytes, n_bytes > 100 ? 100 : n_bytes);
    errno = EIO;
    return -1;
}

static int bad_fsync(int fd)
{
    (void)fd;
    errno = EIO;
    return -1;
}

static int bad_close(int fd)
{
    real_calls.close(fd);
    errno = ENOSPC;
    return -1;
}

static int bad_rename(const char *from, const char *to)
{
    (void)from;
    (void)to;
    errno = EXDEV;
    return -1;
}

/* Files in the scratch folder that this test's sinks might have left. */
static int leftovers(void)
{
    int count = 0;
    char mark[64];
    snprintf(mark, sizeof mark, ".io-%ld-", (long)getpid());
    DIR *folder = opendir(COVEY_TEST_SCRATCH);
    for (struct dirent *entry; (entry = readdir(folder));)
        count += strncmp(entry->d_name, mark, strlen(mark)) == 0;
    closedir(folder);
    return count;
}

static covey_status put(const char *path, int force, const char *text, covey_error *err)
{
    covey_sink *sink;
    covey_status status = covey_sink_open(path, force, &sink, err);
    if (status != COVEY_OK)
        return status;
    status = covey_sink_write(sink, text, strlen(text), err);
    if (status != COVEY_OK) {
        covey_sink_abandon(sink);
        return status;
    }
    return covey_sink_close(sink, err);
}

static void a_file_appears_whole(void **state)
{
    (void)state;
    const char *path = scratch("new");
    covey_sink *sink;
    assert_int_equal(covey_sink_open(path, 0, &sink, NULL), COVEY_OK);
    assert_int_equal(covey_sink_write(sink, "abc", 3, NULL), COVEY_OK);
    assert_int_not_equal(access(path, F_OK), 0); /* nothing under the name before close */
    assert_int_equal(covey_sink_close(sink, NULL), COVEY_OK);
    assert_true(file_is(path, "abc"));
    assert_int_equal(leftovers(), 0);
    unlink(path);
}

static void abandoning_leaves_nothing(void **state)
{
    (void)state;
    const char *path = scratch("old");
    put_file(path, "old", 3);
    covey_sink *sink;
    assert_int_equal(covey_sink_open(path, 1, &sink, NULL), COVEY_OK);
    assert_int_equal(covey_sink_write(sink, "new", 3, NULL), COVEY_OK);
    covey_sink_abandon(sink);
    assert_true(file_is(path, "old"));
    assert_int_equal(leftovers(), 0);
    unlink(path);
}

static void large_writes_in_pieces(void **state)
{
    (void)state;
    const char *path = scratch("large");
    enum { N = 700000 };
    char *bytes = malloc(N), *back = malloc(N);
    for (int i = 0; i < N; i++)
        bytes[i] = (char)test_random();
    covey_sink *sink;
    assert_int_equal(covey_sink_open(path, 0, &sink, NULL), COVEY_OK);
    for (int at = 0, step; at < N; at += step) {
        step = (int)(test_random() % 300000) + 1;
        step = step < N - at ? step : N - at;
        assert_int_equal(covey_sink_write(sink, bytes + at, (size_t)step, NULL), COVEY_OK);
    }
    assert_int_equal(covey_sink_close(sink, NULL), COVEY_OK);
    FILE *file = fopen(path, "rb");
    assert_int_equal(fread(back, 1, N, file), N);
    fclose(file);
    assert_memory_equal(bytes, back, N);
    free(bytes);
    free(back);
    unlink(path);
}

static void row_44_short_writes_and_interrupts(void **state)
{
    (void)state;
    const char *path = scratch("short");
    cvi_io_calls.write = short_write;
    assert_int_equal(put(path, 0, "the whole of this text", NULL), COVEY_OK);
    assert_true(file_is(path, "the whole of this text"));
    unlink(path);
}

static void row_44_short_reads_and_interrupts(void **state)
{
    (void)state;
    const char *path = scratch("in.csv");
    put_file(path, "a,b\n1,2\n3,4\n", 12);
    cvi_io_calls.read = short_read;
    covey_table *table;
    covey_error err;
    assert_int_equal(covey_table_read(path, NULL, &table, &err), COVEY_OK);
    assert_table(table, 2, 2, (const double[]){1, 2, 3, 4});
    covey_table_free(table);
    unlink(path);
}

static void row_44_read_error(void **state)
{
    (void)state;
    const char *path = scratch("eio.csv");
    char text[4000];
    for (size_t i = 0; i < sizeof text; i += 4)
        memcpy(text + i, "1,2\n", 4);
    put_file(path, text, sizeof text);
    for (int n = 0; n < 40; n += 3) {
        calls_until_fault = n;
        cvi_io_calls.read = bad_read;
        covey_table *table;
        covey_error err;
        assert_int_equal(covey_table_read(path, NULL, &table, &err), COVEY_ERR_IO);
        assert_non_null(strstr(err.message, "eio.csv"));
        assert_non_null(strstr(err.message, "Input/output error"));
        assert_null(table);
    }
    unlink(path);
}

/* Each call that can fail does; the old file stays and no temporary one. */
static void row_44_every_fault_keeps_the_old_file(void **state)
{
    (void)state;
    const char *path = scratch("kept");
    put_file(path, "old", 3);
    for (int which = 0; which < 4; which++) {
        cvi_io_calls = real_calls;
        calls_until_fault = 0;
        fault_code = ENOSPC;
        if (which == 0)
            cvi_io_calls.write = bad_write;
        else if (which == 1)
            cvi_io_calls.fsync = bad_fsync;
        else if (which == 2)
            cvi_io_calls.close = bad_close;
        else
            cvi_io_calls.rename = bad_rename;
        covey_error err;
        assert_int_equal(put(path, 1, "new", &err), COVEY_ERR_IO);
        assert_non_null(strstr(err.message, "kept"));
        assert_true(file_is(path, "old"));
        assert_int_equal(leftovers(), 0);
    }
    unlink(path);
}

static void row_44_full_device(void **state)
{
    (void)state;
    covey_error err;
    if (access("/dev/full", W_OK) != 0)
        skip();
    assert_int_equal(put("/dev/full", 0, "text", &err), COVEY_ERR_IO);
    assert_non_null(strstr(err.message, "/dev/full"));
    assert_non_null(strstr(err.message, "No space left"));
}

static void row_44_a_failed_append_is_cut_back(void **state)
{
    (void)state;
    const char *path = scratch("append");
    put_file(path, "1\n", 2);
    covey_sink *sink;
    assert_int_equal(covey_sink_append(path, &sink, NULL), COVEY_OK);
    assert_int_equal(covey_sink_write(sink, "2\n", 2, NULL), COVEY_OK);
    assert_int_equal(covey_sink_close(sink, NULL), COVEY_OK);
    assert_true(file_is(path, "1\n2\n"));
    char *much = malloc(600000);
    memset(much, 'x', 600000);
    assert_int_equal(covey_sink_append(path, &sink, NULL), COVEY_OK);
    assert_int_equal(covey_sink_write(sink, much, 300000, NULL), COVEY_OK); /* goes out at once */
    calls_until_fault = 0;
    fault_code = ENOSPC;
    cvi_io_calls.write = bad_write;
    covey_error err;
    assert_int_equal(covey_sink_write(sink, much, 600000, &err), COVEY_ERR_IO);
    assert_int_equal(covey_sink_close(sink, &err), COVEY_ERR_IO);
    assert_true(file_is(path, "1\n2\n"));
    free(much);
    unlink(path);
}

/* Kill -9 at random moments: the file is the old one or the new one. */
static void row_45_kill_while_writing(void **state)
{
    (void)state;
    const char *path = scratch("killed");
    enum { N = 1 << 20 };
    char *text = malloc(N);
    memset(text, 'o', N);
    put_file(path, text, N);
    for (int round = 0; round < 12; round++) {
        pid_t child = fork();
        if (child == 0) {
            covey_sink *sink;
            for (;;) {
                memset(text, 'a' + (int)(test_random() % 20), N);
                if (covey_sink_open(path, 1, &sink, NULL) != COVEY_OK || covey_sink_write(sink, text, N, NULL) != COVEY_OK ||
                    covey_sink_close(sink, NULL) != COVEY_OK)
                    _exit(1);
            }
        }
        usleep(3000 + (unsigned)(test_random() % 9000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_int_equal(fread(text, 1, N, file), N);
        assert_int_equal(fgetc(file), EOF);
        fclose(file);
        for (int i = 1; i < N; i++)
            assert_true(text[i] == text[0]);
    }
    free(text);
    unlink(path);
    char command[600];
    snprintf(command, sizeof command, "%s/.io-%ld-killed.", COVEY_TEST_SCRATCH, (long)getpid());
    DIR *folder = opendir(COVEY_TEST_SCRATCH);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strncmp(entry->d_name, strrchr(command, '/') + 1, strlen(strrchr(command, '/') + 1)) == 0) {
            char left[800];
            snprintf(left, sizeof left, "%s/%s", COVEY_TEST_SCRATCH, entry->d_name);
            unlink(left);
        }
    closedir(folder);
}

static void row_47_refusals(void **state)
{
    (void)state;
    covey_error err;
    assert_int_equal(put(COVEY_TEST_SCRATCH, 1, "x", &err), COVEY_ERR_IO);
    assert_non_null(strstr(err.message, "is a directory"));
    const char *path = scratch("exists");
    put_file(path, "old", 3);
    assert_int_equal(put(path, 0, "new", &err), COVEY_ERR_IO);
    assert_non_null(strstr(err.message, "--force"));
    assert_true(file_is(path, "old"));
    assert_int_equal(put(path, 1, "new", &err), COVEY_OK);
    assert_true(file_is(path, "new"));
    unlink(path);
    assert_int_equal(put(scratch("no/such/folder"), 0, "x", &err), COVEY_ERR_IO);
    assert_non_null(strstr(err.message, "No such file"));
    assert_int_equal(put("", 0, "x", &err), COVEY_ERR_IO);
}

static void row_47_links(void **state)
{
    (void)state;
    covey_error err;
    const char *link = scratch("link"), *target = scratch("target");
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(put(link, 1, "x", &err), COVEY_ERR_IO);
    assert_non_null(strstr(err.message, "does not exist"));
    assert_int_not_equal(access(target, F_OK), 0);
    put_file(target, "old", 3);
    assert_int_equal(put(link, 0, "new", &err), COVEY_ERR_IO);
    assert_int_equal(put(link, 1, "new", &err), COVEY_OK); /* the target is replaced, the link stays */
    assert_true(file_is(target, "new"));
    struct stat info;
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    unlink(link);
    unlink(target);
}

static void row_47_a_file_made_meanwhile_is_kept(void **state)
{
    (void)state;
    const char *path = scratch("race");
    covey_sink *sink;
    covey_error err;
    assert_int_equal(covey_sink_open(path, 0, &sink, NULL), COVEY_OK);
    put_file(path, "theirs", 6);
    assert_int_equal(covey_sink_close(sink, &err), COVEY_ERR_IO);
    assert_true(file_is(path, "theirs"));
    assert_int_equal(leftovers(), 0);
    unlink(path);
}

static void permissions_are_kept(void **state)
{
    (void)state;
    const char *path = scratch("mode");
    put_file(path, "old", 3);
    chmod(path, 0640);
    assert_int_equal(put(path, 1, "new", NULL), COVEY_OK);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    unlink(path);
}

static void memory_sink(void **state)
{
    (void)state;
    covey_sink *sink;
    size_t n;
    assert_int_equal(covey_sink_memory(&sink, NULL), COVEY_OK);
    assert_int_equal(covey_sink_write(sink, "ab", 2, NULL), COVEY_OK);
    assert_int_equal(covey_sink_write(sink, "", 0, NULL), COVEY_OK);
    assert_int_equal(covey_sink_write(sink, "c", 1, NULL), COVEY_OK);
    assert_memory_equal(covey_sink_bytes(sink, &n), "abc", 3);
    assert_int_equal(n, 3);
    assert_int_equal(covey_sink_close(sink, NULL), COVEY_OK);
    covey_sink_abandon(NULL);
    assert_int_equal(covey_sink_write(NULL, "x", 1, NULL), COVEY_ERR_ARGUMENT);
}

static int setup(void **state)
{
    (void)state;
    real_calls = cvi_io_calls;
    return 0;
}

static int restore(void **state)
{
    (void)state;
    cvi_io_calls = real_calls;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_file_appears_whole, restore),
        cmocka_unit_test_teardown(abandoning_leaves_nothing, restore),
        cmocka_unit_test_teardown(large_writes_in_pieces, restore),
        cmocka_unit_test_teardown(row_44_short_writes_and_interrupts, restore),
        cmocka_unit_test_teardown(row_44_short_reads_and_interrupts, restore),
        cmocka_unit_test_teardown(row_44_read_error, restore),
        cmocka_unit_test_teardown(row_44_every_fault_keeps_the_old_file, restore),
        cmocka_unit_test_teardown(row_44_full_device, restore),
        cmocka_unit_test_teardown(row_44_a_failed_append_is_cut_back, restore),
        cmocka_unit_test_teardown(row_45_kill_while_writing, restore),
        cmocka_unit_test_teardown(row_47_refusals, restore),
        cmocka_unit_test_teardown(row_47_links, restore),
        cmocka_unit_test_teardown(row_47_a_file_made_meanwhile_is_kept, restore),
        cmocka_unit_test_teardown(permissions_are_kept, restore),
        cmocka_unit_test_teardown(memory_sink, restore),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
