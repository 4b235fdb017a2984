#include "covey/status.h"

#include "covey/matrix.h"

#ifndef COVEY_VERSION_TEXT
#error "COVEY_VERSION_TEXT comes from the file VERSION by the build"
#endif

const char *covey_status_text(covey_status status)
{
    switch (status) {
#define STATUS_TEXT(name, value, exit_code, text)                                                            \
    case COVEY_##name:                                                                                       \
        return text;
        COVEY_STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "unknown status";
}

int covey_status_exit_code(covey_status status)
{
    switch (status) {
#define STATUS_EXIT_CODE(name, value, exit_code, text)                                                       \
    case COVEY_##name:                                                                                       \
        return exit_code;
        COVEY_STATUS_LIST(STATUS_EXIT_CODE)
#undef STATUS_EXIT_CODE
    }
    return 1;
}

#define DTYPES(X)                                                                                            \
    X(FLOAT64, 8, "float64")                                                                                 \
    X(FLOAT32, 4, "float32")                                                                                 \
    X(FLOAT16, 2, "float16")                                                                                 \
    X(INT8, 1, "int8")                                                                                       \
    X(UINT8, 1, "uint8")                                                                                     \
    X(INT16, 2, "int16")                                                                                     \
    X(UINT16, 2, "uint16")                                                                                   \
    X(INT32, 4, "int32")                                                                                     \
    X(UINT32, 4, "uint32")                                                                                   \
    X(INT64, 8, "int64")                                                                                     \
    X(UINT64, 8, "uint64")                                                                                   \
    X(BOOL, 1, "bool")

size_t covey_dtype_size(covey_dtype dtype)
{
    switch (dtype) {
#define DTYPE_SIZE(tag, size, name)                                                                          \
    case COVEY_DTYPE_##tag:                                                                                  \
        return size;
        DTYPES(DTYPE_SIZE)
#undef DTYPE_SIZE
    }
    return 0;
}

const char *covey_dtype_name(covey_dtype dtype)
{
    switch (dtype) {
#define DTYPE_NAME(tag, size, name)                                                                          \
    case COVEY_DTYPE_##tag:                                                                                  \
        return name;
        DTYPES(DTYPE_NAME)
#undef DTYPE_NAME
    }
    return "unknown";
}

const char *covey_version(void)
{
    return COVEY_VERSION_TEXT;
}
