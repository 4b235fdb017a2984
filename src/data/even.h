/* Are the rows spread evenly, without clusters?  Then bounds part few centers, and plain passes over all of them are fastest. */
#ifndef CVI_DATA_EVEN_H
#define CVI_DATA_EVEN_H

#include "data/rows.h"

/* More features are not looked at. */
enum { CVI_EVEN_MOST_D = 256 };

/* Asked of a few dense rows: do most have others all around, at hardly differing distances? */
bool cvi_rows_even(const cvi_rows *rows);

#endif
