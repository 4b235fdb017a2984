/* Rows of any matrix in native byte order and without gaps, for the writers. */
#ifndef CVI_IO_ROWS_H
#define CVI_IO_ROWS_H

#include "covey/io.h"

/* Check what a writer can write: pointers, shape, dtype; CSR indices are checked row by row. */
covey_status cvi_io_rows_check(const covey_matrix *x, const char *name, covey_error *err);

/* Row i into out [d], elements of x->dtype. */
covey_status cvi_io_row(const covey_matrix *x, int64_t i, void *out, covey_error *err);

#endif
