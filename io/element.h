/* Single elements of a matrix as they are stored, for the writers; as doubles: covey_matrix_value. */
#ifndef CVI_IO_ELEMENT_H
#define CVI_IO_ELEMENT_H

#include "covey/matrix.h"

#include <math.h>
#include <string.h>

/* Integers keep their 64 bits; reals are doubles. */
typedef struct cvi_io_element {
    int integer;        /* 1: magnitude and negative hold it; 0: real does */
    int negative;
    uint64_t magnitude;
    double real;
} cvi_io_element;

static inline double cvi_io_half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                   : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                  : ldexp(fraction, -24);
    return bits >> 15 ? -value : value;
}

static inline cvi_io_element cvi_io_signed(int64_t value)
{
    return (cvi_io_element){1, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, (double)value};
}

static inline cvi_io_element cvi_io_unsigned(uint64_t value)
{
    return (cvi_io_element){1, 0, value, (double)value};
}

static inline cvi_io_element cvi_io_real(double value)
{
    return (cvi_io_element){0, 0, 0, value};
}

/* One element at p, in native byte order. */
static inline cvi_io_element cvi_io_element_at(const void *p, covey_dtype dtype)
{
    union {
        double f8;
        float f4;
        int8_t i1;
        int16_t i2;
        uint16_t u2;
        int32_t i4;
        uint32_t u4;
        int64_t i8;
        uint64_t u8;
        unsigned char bytes[8];
    } v = {.u8 = 0};
    memcpy(v.bytes, p, covey_dtype_size(dtype));
    switch (dtype) {
    case COVEY_DTYPE_FLOAT64:
        return cvi_io_real(v.f8);
    case COVEY_DTYPE_FLOAT32:
        return cvi_io_real(v.f4);
    case COVEY_DTYPE_FLOAT16:
        return cvi_io_real(cvi_io_half(v.u2));
    case COVEY_DTYPE_INT8:
        return cvi_io_signed(v.i1);
    case COVEY_DTYPE_INT16:
        return cvi_io_signed(v.i2);
    case COVEY_DTYPE_INT32:
        return cvi_io_signed(v.i4);
    case COVEY_DTYPE_INT64:
        return cvi_io_signed(v.i8);
    case COVEY_DTYPE_UINT8:
        return cvi_io_unsigned(v.bytes[0]);
    case COVEY_DTYPE_UINT16:
        return cvi_io_unsigned(v.u2);
    case COVEY_DTYPE_UINT32:
        return cvi_io_unsigned(v.u4);
    case COVEY_DTYPE_UINT64:
        return cvi_io_unsigned(v.u8);
    case COVEY_DTYPE_BOOL:
        return cvi_io_unsigned(v.bytes[0] != 0);
    }
    return cvi_io_real((double)NAN);
}

static inline void cvi_io_swap(void *p, size_t size)
{
    unsigned char *bytes = p;
    for (size_t i = 0; i < size / 2; i++) {
        unsigned char byte = bytes[i];
        bytes[i] = bytes[size - 1 - i];
        bytes[size - 1 - i] = byte;
    }
}

/* Copy element (i, f) of a dense matrix to out [8], in native byte order. */
static inline void cvi_io_element_copy(const covey_matrix *x, int64_t i, int64_t f, void *out)
{
    size_t size = covey_dtype_size(x->dtype);
    memcpy(out, (const char *)x->data + i * x->row_stride + f * x->col_stride, size);
    if (x->byte_swapped)
        cvi_io_swap(out, size);
}

#endif
