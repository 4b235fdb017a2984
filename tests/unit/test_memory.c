/* Checked sizes, the arena, allocators, messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/spare.h"

#include <stdlib.h>
#include <string.h>

static void sizes_are_checked(void **state)
{
    (void)state;
    size_t out = 1;
    assert_true(cvi_mul_size(3, 5, &out));
    assert_int_equal(out, 15);
    assert_true(cvi_mul_size(0, SIZE_MAX, &out));
    assert_int_equal(out, 0);
    assert_true(cvi_mul_size(SIZE_MAX, 1, &out));
    assert_true(cvi_mul_size(SIZE_MAX / 2, 2, &out));
    assert_int_equal(out, SIZE_MAX - 1);
    assert_false(cvi_mul_size(SIZE_MAX / 2 + 1, 2, &out));
    assert_int_equal(out, SIZE_MAX);
    assert_true(cvi_add_size(SIZE_MAX - 1, 1, &out));
    assert_int_equal(out, SIZE_MAX);
    out = 0;
    assert_false(cvi_add_size(SIZE_MAX, 1, &out));
    assert_int_equal(out, SIZE_MAX);
}

typedef struct arrays {
    double *a;
    char *b;
    int32_t *c;
} arrays;

static void take(arrays *x, cvi_arena *arena)
{
    x->a = cvi_arena_take(arena, 100, sizeof *x->a);
    x->b = cvi_arena_take(arena, 1, 1);
    x->c = cvi_arena_take(arena, 0, sizeof *x->c);
}

static void measure_then_take(void **state)
{
    (void)state;
    cvi_arena arena = {0};
    arrays x;
    take(&x, &arena);
    assert_null(x.a);
    assert_int_equal(arena.used, 13 * 64 + 64);
    assert_int_equal(cvi_arena_allocate(&arena, NULL, 0, NULL), COVEY_OK);
    take(&x, &arena);
    assert_int_equal((uintptr_t)x.a % 64, 0);
    assert_int_equal((uintptr_t)x.b % 64, 0);
    assert_ptr_equal(x.b, (char *)x.a + 13 * 64);
    assert_non_null(x.c); /* no elements, but not a failure */
    memset(x.a, 1, 100 * sizeof *x.a);
    *x.b = 2;
    assert_null(cvi_arena_take(&arena, 1, 1)); /* more than was measured */
    cvi_arena_release(&arena);
    assert_null(arena.base);
    cvi_arena_release(&arena); /* twice is once */
}

static void overflow_is_remembered(void **state)
{
    (void)state;
    const int64_t bad_counts[] = {-1, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof bad_counts / sizeof *bad_counts; i++) {
        cvi_arena arena = {0};
        covey_error err;
        cvi_arena_take(&arena, bad_counts[i], 16);
        cvi_arena_take(&arena, 1, 1);
        assert_int_equal(cvi_arena_allocate(&arena, NULL, 0, &err), COVEY_ERR_MEMORY);
        assert_int_equal(err.status, COVEY_ERR_MEMORY);
        assert_null(arena.base);
        cvi_arena_release(&arena);
    }
    /* Each fits, the sum does not. */
    cvi_arena arena = {0};
    cvi_arena_take(&arena, (int64_t)(SIZE_MAX / 3), 2);
    cvi_arena_take(&arena, (int64_t)(SIZE_MAX / 3), 2);
    assert_int_equal(cvi_arena_allocate(&arena, NULL, 0, NULL), COVEY_ERR_MEMORY);
}

static void limit_is_kept(void **state)
{
    (void)state;
    covey_error err;
    cvi_arena arena = {0};
    cvi_arena_take(&arena, 1000, 1);
    const cvi_arena measured = arena;
    assert_int_equal(cvi_arena_allocate(&arena, NULL, 1000, &err), COVEY_ERR_LIMIT);
    assert_non_null(strstr(err.message, "1000"));
    assert_non_null(strstr(err.message, "memory_limit"));
    arena = measured;
    assert_int_equal(cvi_arena_allocate(&arena, NULL, 1024 + 64, &err), COVEY_OK);
    cvi_arena_release(&arena);
}

typedef struct ledger {
    int allocated, released;
    size_t bytes;
    int refuse;
} ledger;

static void *ledger_allocate(void *user, size_t bytes)
{
    ledger *l = user;
    if (l->refuse)
        return NULL;
    l->allocated++;
    l->bytes += bytes;
    return malloc(bytes);
}

static void ledger_release(void *user, void *block)
{
    ((ledger *)user)->released++;
    free(block);
}

static void callers_allocator_is_used(void **state)
{
    (void)state;
    ledger l = {0};
    const covey_allocator allocator = {ledger_allocate, ledger_release, &l};
    cvi_arena arena = {0};
    cvi_arena_take(&arena, 3 << 20, 2); /* large enough for huge pages, which are not for others' memory */
    assert_int_equal(cvi_arena_allocate(&arena, &allocator, 0, NULL), COVEY_OK);
    assert_int_equal(l.allocated, 1);
    assert_in_range(l.bytes, 6 << 20, (6 << 20) + 128);
    cvi_arena_release(&arena);
    assert_int_equal(l.released, 1);
    cvi_release(&allocator, NULL);
    assert_int_equal(l.released, 1);
    l.refuse = 1;
    covey_error err;
    cvi_arena_take(&arena, 10, 1);
    assert_int_equal(cvi_arena_allocate(&arena, &allocator, 0, &err), COVEY_ERR_MEMORY);
    assert_null(cvi_allocate(&allocator, 1));
    void *nothing = cvi_allocate(NULL, 0);
    assert_non_null(nothing);
    cvi_release(NULL, nothing);
}

static void large_blocks_are_usable(void **state)
{
    (void)state;
    cvi_arena arena = {0};
    const int64_t bytes = (int64_t)9 << 20;
    cvi_arena_take(&arena, bytes, 1);
    assert_int_equal(cvi_arena_allocate(&arena, NULL, 0, NULL), COVEY_OK);
    unsigned char *block = cvi_arena_take(&arena, bytes, 1);
    memset(block, 7, (size_t)bytes);
    assert_int_equal(block[bytes - 1], 7);
    cvi_arena_release(&arena);
}

/* What a block from malloc of so many MiB becomes; sanitizers keep nothing. */
static void *given(size_t mib)
{
    char *block = malloc(mib << 20);
    assert_non_null(block);
    memset(block, 1, mib << 20);
    cvi_spare_give(block, mib << 20);
    return block;
}

/* The spare block for a call of so many MiB must be `block` of size MiB, or, under a sanitizer, none. */
static void is_taken(size_t mib, void *block, size_t size)
{
    size_t found = 0;
    void *taken = cvi_spare_take(mib << 20, &found);
    if (taken == NULL)
        return;
    assert_ptr_equal(taken, block);
    assert_int_equal(found, size << 20);
    memset(taken, 2, found);
    free(taken);
}

static void a_large_block_is_spared(void **state)
{
    (void)state;
    size_t size = 0;
    free(cvi_spare_take(1 << 20, &size)); /* of a test before this one */
    void *block = given(40);
    assert_null(cvi_spare_take(1 << 20, &size)); /* of another kind */
    is_taken(36, block, 40);
    assert_null(cvi_spare_take((size_t)36 << 20, &size)); /* it was the only one */
    given(40);
    assert_null(cvi_spare_take((size_t)41 << 20, &size)); /* too small: freed */
    given(64);
    assert_null(cvi_spare_take((size_t)40 << 20, &size)); /* more than a quarter too large: freed */
    void *huge = malloc((size_t)1100 << 20); /* too large to keep; never touched */
    if (huge != NULL)
        cvi_spare_give(huge, (size_t)1100 << 20);
    assert_null(cvi_spare_take((size_t)1100 << 20, &size));
}

static void a_small_block_is_spared(void **state)
{
    (void)state;
    size_t size = 0;
    void *block = given(20), *large = given(40);
    assert_null(cvi_spare_take(1000, &size)); /* tiny ones are malloc's affair */
    is_taken(2, block, 20);                   /* however much larger */
    assert_null(cvi_spare_take((size_t)2 << 20, &size));
    given(3);
    assert_null(cvi_spare_take((size_t)4 << 20, &size)); /* too small: freed */
    is_taken(40, large, 40);
}

static void messages_are_cut_not_overrun(void **state)
{
    (void)state;
    covey_error err;
    char longer[2 * COVEY_MESSAGE_SIZE];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(cvi_fail(&err, COVEY_ERR_SHAPE, "%s", longer), COVEY_ERR_SHAPE);
    assert_int_equal(strlen(err.message), COVEY_MESSAGE_SIZE - 1);
    assert_int_equal(err.row, -1);
    assert_int_equal(err.column, -1);
    assert_int_equal(err.count, -1);
    assert_int_equal(cvi_fail(NULL, COVEY_ERR_IO, "unheard"), COVEY_ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_checked),
        cmocka_unit_test(measure_then_take),
        cmocka_unit_test(overflow_is_remembered),
        cmocka_unit_test(limit_is_kept),
        cmocka_unit_test(callers_allocator_is_used),
        cmocka_unit_test(large_blocks_are_usable),
        cmocka_unit_test(a_large_block_is_spared),
        cmocka_unit_test(a_small_block_is_spared),
        cmocka_unit_test(messages_are_cut_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
