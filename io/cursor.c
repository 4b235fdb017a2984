#include "cursor.h"

#include <string.h>

void cvi_io_skip_blanks(cvi_io_cursor *in)
{
    while (in->p < in->end && (*in->p == ' ' || *in->p == '\t' || *in->p == '\n' || *in->p == '\r'))
        in->p++;
}

bool cvi_io_take(cvi_io_cursor *in, char c)
{
    cvi_io_skip_blanks(in);
    if (in->p == in->end || *in->p != c)
        return false;
    in->p++;
    return true;
}

bool cvi_io_take_word(cvi_io_cursor *in, const char *word)
{
    const size_t length = strlen(word);
    cvi_io_skip_blanks(in);
    if ((size_t)(in->end - in->p) < length || memcmp(in->p, word, length) != 0)
        return false;
    in->p += length;
    return true;
}
