/* A place in a text that lies in memory: what the parsers of headers and records share. */
#ifndef CVI_IO_CURSOR_H
#define CVI_IO_CURSOR_H

#include "covey/progress.h"

#include <stdbool.h>

typedef struct cvi_io_cursor {
    const char *start, *p, *end;
    const char *name; /* of the file, for messages */
    covey_error *err;
} cvi_io_cursor;

/* Blanks, tabs and ends of lines. */
void cvi_io_skip_blanks(cvi_io_cursor *in);
/* Skip blanks, then step over the character or word, if it stands there. */
bool cvi_io_take(cvi_io_cursor *in, char c);
bool cvi_io_take_word(cvi_io_cursor *in, const char *word);

#endif
