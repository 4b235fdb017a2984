# Instruction-set levels: one row each, name in files and symbols, then the flags that switch it on.  src/kernels/body
# is compiled once per level with -DCVI_ISA=<name> -DCVI_ISA_<NAME>=1; src/kernels/tuned/<kernel>_<level>.c once, with
# that level's flags.  The rest of covey is built for the architecture's baseline and learns from CVI_HAVE_<NAME>=1
# which levels exist.  A level that the compiler does not know is left out.
include(CheckCCompilerFlag)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    set(covey_isas portable avx2 avx2vnni avx512 avx512vnni)
    set(covey_flags_avx2 -mavx2 -mfma -mf16c)
    set(covey_flags_avx2vnni ${covey_flags_avx2} -mavxvnni)
    set(covey_flags_avx512 ${covey_flags_avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl)
    set(covey_flags_avx512vnni ${covey_flags_avx512} -mavx512vnni)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
    set(covey_isas portable neon neondot)
    set(covey_flags_neon)
    set(covey_flags_neondot -march=armv8.2-a+dotprod)
else()
    set(covey_isas portable)
endif()
set(covey_flags_portable)

# Sanitizers and coverage want the code as written; otherwise kernels are optimized even in debug builds, because a
# kernel at -O0 is a hundred times slower and the tests run all of them.
if(NOT COVEY_SANITIZE AND NOT COVEY_COVERAGE)
    set(covey_kernel_options -O3)
else()
    set(covey_kernel_options -O1)
endif()

add_library(covey_levels INTERFACE)

# Set <out> to the objects of all kernels at all levels.
function(covey_add_kernels out)
    file(GLOB bodies CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/kernels/body/*.c")
    set(objects)
    foreach(isa IN LISTS covey_isas)
        set(usable ON)
        if(covey_flags_${isa})
            string(JOIN " " flags ${covey_flags_${isa}})
            check_c_compiler_flag("${flags}" covey_compiles_${isa})
            set(usable ${covey_compiles_${isa}})
        endif()
        file(GLOB tuned CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/kernels/tuned/*_${isa}.c")
        if(NOT usable OR NOT (bodies OR tuned))
            continue()
        endif()
        string(TOUPPER ${isa} upper)
        add_library(covey_kernels_${isa} OBJECT ${bodies} ${tuned})
        target_link_libraries(covey_kernels_${isa} PRIVATE covey_compile)
        target_compile_definitions(covey_kernels_${isa} PRIVATE CVI_ISA=${isa} CVI_ISA_${upper}=1)
        target_compile_options(covey_kernels_${isa} PRIVATE ${covey_flags_${isa}} ${covey_kernel_options})
        target_compile_definitions(covey_levels INTERFACE CVI_HAVE_${upper}=1)
        list(APPEND objects $<TARGET_OBJECTS:covey_kernels_${isa}>)
    endforeach()
    set(${out} ${objects} PARENT_SCOPE)
endfunction()
