/*
 * The entry that libFuzzer calls; FUZZ_TARGET names the target (tests/fuzz/README.md has the command).
 */
#include "targets.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    for (size_t i = 0; i < n_fuzz_targets; i++)
        if (strcmp(fuzz_targets[i].name, FUZZ_TARGET) == 0) {
            fuzz_targets[i].run(bytes, n_bytes);
            return 0;
        }
    abort();
}
