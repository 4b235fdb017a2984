/* Parsing by the table: every value is checked for form and range here, before anything is read. */
#include "options.h"

#include "console.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const cli_verb *cli_verb_find(const char *name)
{
    for (int i = 0; i < VERB_COUNT; i++) {
        if (strcmp(cli_verbs[i].name, name) == 0)
            return &cli_verbs[i];
    }
    return NULL;
}

int cli_usage_error(const cli_verb *verb, const char *format, ...)
{
    char text[2048];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    cli_say(SAY_ERROR, "%s", text);
    if (verb)
        cli_say(SAY_HINT, "'covey %s --help' shows the options", verb->name);
    else
        cli_say(SAY_HINT, "'covey --help' shows what there is");
    return 2;
}

static int least(int a, int b, int c)
{
    const int ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Optimal string alignment: Damerau, "A technique for computer detection and correction of spelling errors",
 * 1964. */
int cli_distance(const char *a, const char *b)
{
    enum { WORD = 63 };
    const size_t na = strlen(a), nb = strlen(b);
    if (na > WORD || nb > WORD)
        return WORD;
    int row[3][WORD + 1];
    for (size_t j = 0; j <= nb; j++)
        row[0][j] = (int)j;
    for (size_t i = 1; i <= na; i++) {
        int *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
        now[0] = (int)i;
        for (size_t j = 1; j <= nb; j++) {
            now[j] = least(up[j] + 1, now[j - 1] + 1, up[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && up2[j - 2] + 1 < now[j])
                now[j] = up2[j - 2] + 1;
        }
    }
    return row[na % 3][nb];
}

/* A third of the word may be wrong, at least one letter; a longer word that begins with what was typed is
 * near too. */
static int near_enough(const char *typed, const char *word, int distance)
{
    const size_t n = strlen(typed);
    if (n >= 3 && strncmp(typed, word, n) == 0)
        return 1;
    const int allowed = n < 4 ? 1 : (int)(n + 2) / 3;
    return distance <= allowed && distance < (int)n;
}

const char *cli_nearest(const char *word, const char *choices, char *out, size_t size)
{
    int best = 1 << 20;
    const char *found = NULL;
    while (*choices) {
        char one[64];
        const size_t n = strcspn(choices, "|");
        snprintf(one, sizeof one, "%.*s", (int)n, choices);
        const size_t typed = strlen(word);
        const int prefix = typed >= 3 && strncmp(word, one, typed) == 0;
        const int distance = prefix ? 0 : cli_distance(word, one);
        if (distance < best && near_enough(word, one, distance)) {
            best = distance;
            snprintf(out, size, "%s", one);
            found = out;
        }
        choices += n + (choices[n] == '|');
    }
    return found;
}

static const cli_option *find_long(const cli_verb *verb, const char *name, size_t n)
{
    for (int i = 0; i < OPT_COUNT; i++) {
        const cli_option *o = &cli_options[i];
        if ((o->verbs >> verb->id & 1u) && strlen(o->name) == n && strncmp(o->name, name, n) == 0)
            return o;
    }
    return NULL;
}

static const cli_option *find_letter(const cli_verb *verb, char letter)
{
    for (int i = 0; i < OPT_COUNT; i++) {
        if ((cli_options[i].verbs >> verb->id & 1u) && letter && cli_options[i].letter == letter)
            return &cli_options[i];
    }
    return NULL;
}

/* The verbs that take an option, as words: "fit, predict". */
static void list_verbs(unsigned verbs, char *out, size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < VERB_COUNT && used < size; i++) {
        if (verbs >> i & 1u)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", cli_verbs[i].name);
    }
}

static int unknown_long(const cli_verb *verb, const char *name, size_t n)
{
    char typed[64], list[2048] = "", verbs[128], near[64];
    snprintf(typed, sizeof typed, "%.*s", (int)n, name);
    size_t used = 0;
    for (int i = 0; i < OPT_COUNT; i++) {
        const cli_option *o = &cli_options[i];
        if (o->verbs >> verb->id & 1u)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? "|" : "", o->name);
        else if (strcmp(o->name, typed) == 0) {
            list_verbs(o->verbs, verbs, sizeof verbs);
            return cli_usage_error(verb, "--%s is not an option of %s, but of: %s", typed, verb->name, verbs);
        }
    }
    if (cli_nearest(typed, list, near, sizeof near))
        return cli_usage_error(verb, "there is no option --%s; did you mean --%s?", typed, near);
    return cli_usage_error(verb, "there is no option --%s", typed);
}

/* @return the number at the start of text in plain decimal notation, *end behind it; or NaN, *end as it was.
 */
static double plain_number(const char *text, char **end)
{
    const size_t n = strspn(text, "+-.0123456789eE");
    char copy[64];
    if (n == 0 || n >= sizeof copy)
        return NAN;
    memcpy(copy, text, n);
    copy[n] = 0;
    char *stop;
    errno = 0;
    const double value = strtod(copy, &stop); /* the command never leaves the C locale */
    if (stop == copy)
        return NAN;
    *end = (char *)text + (stop - copy);
    return value;
}

static double bytes_value(const char *text)
{
    char *end = NULL;
    double value = plain_number(text, &end);
    if (!end)
        return NAN;
    static const char units[] = "KMGT";
    const char *unit = *end ? strchr(units, *end & ~0x20) : NULL;
    if (unit) {
        for (const char *u = units; u <= unit; u++)
            value *= 1024;
        end++;
        if (*end == 'i' && (end[1] & ~0x20) == 'B')
            end++;
    }
    if ((*end & ~0x20) == 'B')
        end++;
    return *end ? NAN : value;
}

static double seconds_value(const char *text)
{
    char *end = NULL;
    double value = plain_number(text, &end);
    if (!end)
        return NAN;
    if (*end == 'm' || *end == 'h')
        value *= *end == 'm' ? 60 : 3600;
    if (*end == 's' || *end == 'm' || *end == 'h')
        end++;
    return *end ? NAN : value;
}

static int check_int(const cli_verb *verb, const cli_option *o, const char *flag, const char *text)
{
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    const int digits = *text && strspn(text, "+-0123456789") == strlen(text) && !*end;
    if (!digits || errno || (double)value < o->low || (double)value > o->high)
        return cli_usage_error(verb, "%s is '%s', but must be a whole number from %.0f to %.0f", flag, text,
                               o->low, o->high);
    return 0;
}

static int check_real(const cli_verb *verb, const cli_option *o, const char *flag, const char *text)
{
    char *end = NULL;
    const double value = plain_number(text, &end);
    if (end && !*end && value >= o->low && value <= o->high)
        return 0;
    if (o->id == OPT_FACTOR)
        return cli_usage_error(verb, "%s is '%s', but must be a number from 0 to below 1", flag, text);
    return cli_usage_error(verb, "%s is '%s', but must be a finite number, 0 or more", flag, text);
}

static void join_choices(const char *choices, char *out, size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (const char *c = choices; *c && used + 4 < size; c++) {
        if (*c == '|') {
            memcpy(out + used, ", ", 3);
            used += 2;
        } else {
            out[used++] = *c;
            out[used] = 0;
        }
    }
}

static int is_choice(const char *choices, const char *text)
{
    const size_t n = strlen(text);
    int index = 0;
    for (const char *c = choices; *c; index++) {
        const size_t m = strcspn(c, "|");
        if (m == n && strncmp(c, text, n) == 0)
            return index;
        c += m + (c[m] == '|');
    }
    return -1;
}

/* The index of what was typed among an option's choices. Python's names of the starts are taken too: one has the bar
 * that parts choices, the other a slash. */
static int choice_of(const cli_option *o, const char *text)
{
    if (o->kind == KIND_INIT && strcmp(text, "k-means||") == 0)
        text = "parallel";
    else if (o->kind == KIND_INIT && strcmp(text, "k-means++/d2") == 0)
        text = "d2";
    return is_choice(o->choices, text);
}

static int check_choice(const cli_verb *verb, const cli_option *o, const char *flag, const char *text)
{
    if (choice_of(o, text) >= 0)
        return 0;
    /* A file name shows itself by a dot or a slash; without one, a slip of the finger must not become a file.
     */
    const int may_be_file = o->kind == KIND_INIT || o->kind == KIND_RAGGED;
    if (may_be_file && (strpbrk(text, "./") || (o->kind == KIND_INIT && cli_file_exists(text))))
        return 0;
    char list[256], near[64];
    join_choices(o->choices, list, sizeof list);
    const char *file = may_be_file ? " or a file name with a dot or a slash" : "";
    if (cli_nearest(text, o->choices, near, sizeof near))
        return cli_usage_error(verb, "%s is '%s', but must be one of %s%s; did you mean %s?", flag, text,
                               list, file, near);
    return cli_usage_error(verb, "%s is '%s', but must be one of %s%s", flag, text, list, file);
}

static int parse_shape(const char *text, int64_t *height, int64_t *width)
{
    char *end;
    *height = strtoll(text, &end, 10);
    if (end == text || (*end != 'x' && *end != 'X') || strspn(end + 1, "0123456789") != strlen(end + 1) ||
        !end[1])
        return 0;
    *width = strtoll(end + 1, &end, 10);
    return *height >= 1 && *width >= 1 && *height <= 1000000 && *width <= 1000000;
}

static int check_value(const cli_verb *verb, const cli_option *o, const char *flag, const char *text)
{
    int64_t h, w;
    switch (o->kind) {
    case KIND_INT:
        return check_int(verb, o, flag, text);
    case KIND_REAL:
        return check_real(verb, o, flag, text);
    case KIND_BYTES:
        if (!(bytes_value(text) >= 1 && bytes_value(text) < 9e18))
            return cli_usage_error(verb, "%s is '%s', but must be a size such as 500M or 2G", flag, text);
        return 0;
    case KIND_SECONDS:
        if (!(seconds_value(text) > 0 && seconds_value(text) < 1e9))
            return cli_usage_error(verb, "%s is '%s', but must be a time above 0 such as 30, 5m or 2h", flag,
                                   text);
        return 0;
    case KIND_CHOICE:
    case KIND_INIT:
    case KIND_RAGGED:
        return check_choice(verb, o, flag, text);
    case KIND_SHAPE:
        if (!parse_shape(text, &h, &w))
            return cli_usage_error(verb, "%s is '%s', but must be height x width such as 8x8", flag, text);
        return 0;
    default:
        if (!*text)
            return cli_usage_error(verb, "%s is empty", flag);
        return 0;
    }
}

static int take(const cli_verb *verb, const cli_option *o, const char *flag, const char *text,
                cli_arguments *out)
{
    out->count[o->id]++;
    out->value[o->id] = text ? text : "";
    return text ? check_value(verb, o, flag, text) : 0;
}

/* One word that begins with two dashes. @return how many words of argv it used, or -1 after an error. */
static int parse_long(const cli_verb *verb, int argc, char **argv, cli_arguments *out)
{
    const char *name = argv[0] + 2;
    const size_t n = strcspn(name, "=");
    const cli_option *o = find_long(verb, name, n);
    if (!o)
        return unknown_long(verb, name, n), -1;
    char flag[64];
    snprintf(flag, sizeof flag, "--%s", o->name);
    if (o->kind == KIND_FLAG) {
        if (name[n] == '=')
            return cli_usage_error(verb, "%s takes no value", flag), -1;
        return take(verb, o, flag, NULL, out) ? -1 : 1;
    }
    if (name[n] == '=')
        return take(verb, o, flag, name + n + 1, out) ? -1 : 1;
    if (argc < 2)
        return cli_usage_error(verb, "%s needs a value: %s %s", flag, flag, o->metavar), -1;
    return take(verb, o, flag, argv[1], out) ? -1 : 2;
}

/* One word of letters: "-qv", "-k3", "-k 3". */
static int parse_letters(const cli_verb *verb, int argc, char **argv, cli_arguments *out)
{
    for (const char *p = argv[0] + 1; *p; p++) {
        const cli_option *o = find_letter(verb, *p);
        if (!o)
            return cli_usage_error(verb, "there is no option -%c", *p), -1;
        const char flag[3] = {'-', *p, 0};
        if (o->kind == KIND_FLAG) {
            take(verb, o, flag, NULL, out);
            continue;
        }
        if (p[1])
            return take(verb, o, flag, p[1] == '=' ? p + 2 : p + 1, out) ? -1 : 1;
        if (argc < 2)
            return cli_usage_error(verb, "%s needs a value: %s %s", flag, flag, o->metavar), -1;
        return take(verb, o, flag, argv[1], out) ? -1 : 2;
    }
    return 1;
}

static int check_operands(const cli_verb *verb, const cli_arguments *a)
{
    if (a->n_operands > verb->max_operands)
        return cli_usage_error(verb, "'%s' is one file too many: covey %s takes %s",
                               a->operand[verb->max_operands], verb->name, verb->operands);
    if (a->n_operands < verb->min_operands)
        return cli_usage_error(verb, "%s", verb->missing);
    return 0;
}

int cli_parse(const cli_verb *verb, int argc, char **argv, cli_arguments *out)
{
    memset(out, 0, sizeof *out);
    out->verb = verb;
    int options = 1;
    const int room = (int)(sizeof out->operand / sizeof *out->operand);
    for (int i = 0; i < argc;) {
        const char *word = argv[i];
        if (options && strcmp(word, "--") == 0) {
            options = 0;
            i++;
        } else if (options && word[0] == '-' && word[1]) {
            const int used = word[1] == '-' ? parse_long(verb, argc - i, argv + i, out)
                                            : parse_letters(verb, argc - i, argv + i, out);
            if (used < 0)
                return 2;
            i += used;
        } else {
            if (out->n_operands < room)
                out->operand[out->n_operands++] = word;
            i++;
        }
    }
    return cli_given(out, OPT_HELP) ? 0 : check_operands(verb, out);
}

int cli_given(const cli_arguments *a, cli_option_id id)
{
    return a->value[id] != NULL;
}

const char *cli_text(const cli_arguments *a, cli_option_id id, const char *fallback)
{
    return a->value[id] ? a->value[id] : fallback;
}

int64_t cli_int(const cli_arguments *a, cli_option_id id, int64_t fallback)
{
    return a->value[id] ? strtoll(a->value[id], NULL, 10) : fallback;
}

double cli_real(const cli_arguments *a, cli_option_id id, double fallback)
{
    return a->value[id] ? strtod(a->value[id], NULL) : fallback;
}

size_t cli_bytes(const cli_arguments *a, cli_option_id id, size_t fallback)
{
    return a->value[id] ? (size_t)bytes_value(a->value[id]) : fallback;
}

double cli_seconds(const cli_arguments *a, cli_option_id id, double fallback)
{
    return a->value[id] ? seconds_value(a->value[id]) : fallback;
}

int cli_choice(const cli_arguments *a, cli_option_id id, int fallback)
{
    return a->value[id] ? choice_of(&cli_options[id], a->value[id]) : fallback;
}

int cli_shape(const cli_arguments *a, cli_option_id id, int64_t *height, int64_t *width)
{
    return a->value[id] && parse_shape(a->value[id], height, width);
}
