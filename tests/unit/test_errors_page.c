/* The list in status.h, the library's texts and the table in docs/errors.md say the same. */
#include "covey/covey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct entry {
    const char *name;
    int value, exit_code;
    const char *text;
} entry;

static const entry entries[] = {
#define ENTRY(name, value, exit_code, text) {"COVEY_" #name, value, exit_code, text},
    COVEY_STATUS_LIST(ENTRY)
#undef ENTRY
};
enum { COUNT = sizeof entries / sizeof entries[0] };

static void library_and_header(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        assert_string_equal(covey_status_text((covey_status)entries[i].value), entries[i].text);
        assert_int_equal(covey_status_exit_code((covey_status)entries[i].value), entries[i].exit_code);
    }
}

static void page_and_header(void **state)
{
    (void)state;
    FILE *page = fopen(COVEY_TEST_SOURCE "/docs/errors.md", "r");
    assert_non_null(page);
    char line[1024], expected[1024], name[64];
    int rows = 0;
    while (fgets(line, sizeof line, page) != NULL) {
        if (sscanf(line, "| `%63[A-Z_]`", name) != 1)
            continue;
        assert_true(rows < COUNT);
        const entry *e = &entries[rows++];
        assert_string_equal(name, e->name);
        snprintf(expected, sizeof expected, "| `%s` | %d | %d |", e->name, e->value, e->exit_code);
        assert_memory_equal(line, expected, strlen(expected));
        snprintf(expected, sizeof expected, "| %s |\n", e->text);
        assert_true(strlen(line) > strlen(expected));
        assert_string_equal(line + strlen(line) - strlen(expected), expected);
    }
    fclose(page);
    assert_int_equal(rows, COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_and_header),
        cmocka_unit_test(page_and_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
