/*
 * Replays the corpus, and changes of it: each file is run as it is, cut at every length (long ones: at 200), and with
 * random bytes flipped, inserted and doubled, from a fixed seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>

#include "targets.c"

enum { CHANGES = 300, LARGEST = 1 << 16 };

static uint64_t random_state = 0x2545F4914F6CDD1Du;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* The target sees a block of exactly this size, so that a sanitizer sees one byte too far. */
static void run_exact(const fuzz_entry *target, const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    memcpy(copy, bytes, n);
    target->run(copy, n);
    free(copy);
}

static size_t change(uint8_t *bytes, size_t n)
{
    static const char interesting[] = "\0\"\n\r,;-.eE0N{}[]()':\xff\x80";
    for (uint64_t edits = 1 + next_random() % 4; edits > 0 && n > 0; edits--) {
        size_t at = next_random() % n, span = next_random() % 16;
        switch (next_random() % 4) {
        case 0:
            bytes[at] ^= (uint8_t)(1 << next_random() % 8);
            break;
        case 1:
            bytes[at] = (uint8_t)interesting[next_random() % (sizeof interesting - 1)];
            break;
        case 2: /* double a span */
            if (at + span > n || n + span > LARGEST)
                break;
            memmove(bytes + at + span, bytes + at, n - at);
            n += span;
            break;
        default: /* drop a span */
            if (at + span > n)
                break;
            memmove(bytes + at, bytes + at + span, n - at - span);
            n -= span;
        }
    }
    return n;
}

static void replay_file(const fuzz_entry *target, const char *path)
{
    static uint8_t bytes[LARGEST], changed[LARGEST];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    run_exact(target, bytes, n);
    for (size_t cut = 0; cut < n; cut += 1 + n / 200)
        run_exact(target, bytes, cut);
    for (int i = 0; i < CHANGES; i++) {
        memcpy(changed, bytes, n);
        run_exact(target, changed, change(changed, n));
    }
}

static void replay(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_fuzz_targets; i++) {
        char folder[512], path[1024];
        int files = 0;
        snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", COVEY_TEST_SOURCE, fuzz_targets[i].name);
        DIR *entries = opendir(folder);
        assert_non_null(entries);
        for (struct dirent *entry; (entry = readdir(entries));) {
            if (entry->d_name[0] == '.')
                continue;
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            replay_file(&fuzz_targets[i], path);
            files++;
        }
        closedir(entries);
        assert_true(files > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(replay)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
