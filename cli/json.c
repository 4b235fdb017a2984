#include "json.h"

#include "console.h"

#include <math.h>

/* Well-formed UTF-8 length at s, else 0. Overlong forms and surrogates are not well formed. */
static int utf8_length(const unsigned char *s)
{
    const int n = s[0] < 0x80                    ? 1
                  : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
                  : s[0] >= 0xe0 && s[0] <= 0xef ? 3
                  : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                 : 0;
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

static void put_text(FILE *to, const char *text)
{
    fputc('"', to);
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        const int n = utf8_length(s);
        if (n == 0)
            fputs("\\ufffd", to);
        else if (*s == '"' || *s == '\\')
            fprintf(to, "\\%c", *s);
        /* < is escaped too, so that the text may stand inside an HTML page */
        else if (*s < 0x20 || *s == 0x7f || *s == '<')
            fprintf(to, "\\u%04x", *s);
        else
            fwrite(s, 1, (size_t)n, to);
        s += n ? n : 1;
    }
    fputc('"', to);
}

static void member(cli_json *j, const char *name)
{
    if (j->depth > 0) {
        fputs(j->filled[j->depth] ? ",\n" : "\n", j->to);
        fprintf(j->to, "%*s", 2 * j->depth, "");
        j->filled[j->depth] = 1;
    }
    if (name) {
        put_text(j->to, name);
        fputs(": ", j->to);
    }
}

void cli_json_open(cli_json *j, const char *name, char bracket)
{
    member(j, name);
    fputc(bracket, j->to);
    j->filled[++j->depth] = 0;
}

void cli_json_close(cli_json *j, char bracket)
{
    const int filled = j->filled[j->depth--];
    if (filled)
        fprintf(j->to, "\n%*s", 2 * j->depth, "");
    fputc(bracket, j->to);
    if (j->depth == 0)
        fputc('\n', j->to);
}

void cli_json_int(cli_json *j, const char *name, int64_t value)
{
    member(j, name);
    fprintf(j->to, "%lld", (long long)value);
}

static void put_real(FILE *to, double value)
{
    char text[32];
    fputs(isfinite(value) ? cli_number(value, text) : "null", to);
}

void cli_json_real(cli_json *j, const char *name, double value)
{
    member(j, name);
    put_real(j->to, value);
}

void cli_json_bool(cli_json *j, const char *name, int value)
{
    member(j, name);
    fputs(value ? "true" : "false", j->to);
}

void cli_json_text(cli_json *j, const char *name, const char *value)
{
    member(j, name);
    if (value)
        put_text(j->to, value);
    else
        fputs("null", j->to);
}

void cli_json_ints(cli_json *j, const char *name, const int64_t *values, int64_t n)
{
    member(j, name);
    fputc('[', j->to);
    for (int64_t i = 0; i < n; i++)
        fprintf(j->to, "%s%lld", i ? ", " : "", (long long)values[i]);
    fputc(']', j->to);
}
