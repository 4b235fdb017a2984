# Warnings, and the two rules on floating point that the engine's exactness rests on: no contraction that the source
# does not ask for, no fast-math.  errno is never read after a math call.
add_library(covey_warnings INTERFACE)
target_compile_options(covey_warnings INTERFACE
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -ffp-contract=off -fno-math-errno)
if(COVEY_WERROR)
    target_compile_options(covey_warnings INTERFACE -Werror)
endif()
