/* The vector vocabulary of the level that is being compiled. Static inline functions only. */
#ifndef CVI_KERNELS_VEC_H
#define CVI_KERNELS_VEC_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#endif
