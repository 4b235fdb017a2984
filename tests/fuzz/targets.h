/* One function per reader: any bytes must end in a result or an error, without a crash, leak or hang. */
#ifndef TEST_FUZZ_TARGETS_H
#define TEST_FUZZ_TARGETS_H

#include <stddef.h>
#include <stdint.h>

typedef void (*fuzz_target)(const uint8_t *bytes, size_t n_bytes);

typedef struct fuzz_entry {
    const char *name; /* also the folder below corpus/ */
    fuzz_target run;
} fuzz_entry;

extern const fuzz_entry fuzz_targets[];
extern const size_t n_fuzz_targets;

#endif
