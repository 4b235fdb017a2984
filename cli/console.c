#include "console.h"

#include <covey/io.h>

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A bar that flashes by helps nobody: it appears after this many seconds. */
#define BAR_DELAY    0.4
#define BAR_INTERVAL 0.1

static struct {
    int quiet, verbose;
    int terminal; /* standard error can redraw a line */
    int color;
    int shown; /* a bar is on the screen */
    double start, last;
} console;

double cli_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void cli_console_init(void)
{
    const char *term = getenv("TERM");
    const int dumb = !term || !*term || strcmp(term, "dumb") == 0;
    console.terminal = isatty(STDERR_FILENO) && !dumb;
    const char *no_color = getenv("NO_COLOR");
    console.color = console.terminal && !(no_color && *no_color);
    console.start = cli_now();
}

void cli_console_level(int quiet, int verbose)
{
    console.quiet = quiet;
    console.verbose = verbose;
}

int cli_verbose(void)
{
    return console.verbose;
}

/* Length of the UTF-8 sequence at s if it is well formed and prints as itself, else 0. */
static int printable_length(const unsigned char *s)
{
    if (s[0] >= 0x20 && s[0] < 0x7f)
        return 1;
    const int n = s[0] >= 0xf0 && s[0] < 0xf5   ? 4
                  : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
                  : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                                                : 0;
    uint32_t code = n ? s[0] & (0xffu >> (n + 1)) : 0;
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (n == 0 || code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return 0;
    /* C1 controls steer terminals; marks of writing direction and line separators can make a line look like
     * another. */
    if (code < 0xa0 || (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
        (code >= 0x2060 && code <= 0x206f) || code == 0xfeff)
        return 0;
    return n;
}

static void put_escaped(FILE *to, const char *text, int lines)
{
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        const int n = printable_length(s);
        if (n) {
            fwrite(s, 1, (size_t)n, to);
            s += n;
        } else if (*s == '\n' && lines) {
            fputs("\n  ", to);
            s++;
        } else {
            fprintf(to, "\\x%02x", *s++);
        }
    }
}

void cli_print_escaped(FILE *to, const char *text)
{
    put_escaped(to, text, 0);
}

static void say_line(cli_level level, const char *text)
{
    static const char *const word[] = {"error: ", "", "warning: ", "", ""};
    static const char *const paint[] = {"\033[1;31m", "", "\033[1;33m", "", ""};
    cli_bar_clear();
    fputs(level == SAY_HINT ? "  " : "covey: ", stderr);
    if (*word[level])
        fprintf(stderr, "%s%s%s", console.color ? paint[level] : "", word[level],
                console.color ? "\033[0m" : "");
    put_escaped(stderr, text, 1);
    fputc('\n', stderr);
    fflush(stderr);
}

void cli_say(cli_level level, const char *format, ...)
{
    if ((level == SAY_WARNING || level == SAY_NOTE) && console.quiet)
        return;
    if (level == SAY_DETAIL && (!console.verbose || console.quiet))
        return;
    char text[4096];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    say_line(level, text);
}

int cli_fail(const covey_error *err, const char *hint)
{
    const char *text = err->message[0] ? err->message : covey_status_text(err->status);
    cli_say(SAY_ERROR, "%s", text);
    if (hint)
        cli_say(SAY_HINT, "%s", hint);
    return covey_status_exit_code(err->status);
}

static int terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

void cli_bar(double fraction, const char *text)
{
    enum { BAR = 20, LINE = 256 };
    const double now = cli_now();
    if (!console.terminal || console.quiet || now - console.start < BAR_DELAY ||
        now - console.last < BAR_INTERVAL)
        return;
    console.last = now;
    char line[LINE];
    size_t used = 0;
    const int width = terminal_width();
    /* On a narrow terminal the words are worth more than the bar. */
    if (fraction >= 0 && width >= 60) {
        const int full = fraction >= 1 ? BAR : (int)(fraction * BAR);
        line[used++] = '[';
        for (int i = 0; i < BAR; i++)
            line[used++] = i < full ? '#' : '.';
        line[used++] = ']';
        line[used++] = ' ';
    }
    snprintf(line + used, sizeof line - used, "%s", text);
    /* One column stays free, so that no terminal wraps the line. */
    fprintf(stderr, "\r%.*s\033[K", width > 1 ? width - 1 : 1, line);
    fflush(stderr);
    console.shown = 1;
}

void cli_bar_clear(void)
{
    if (!console.shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    console.shown = 0;
}

const char *cli_count(int64_t value, char *buffer)
{
    char digits[24];
    const int n = snprintf(digits, sizeof digits, "%lld", (long long)value);
    char *out = buffer;
    for (int i = 0; i < n; i++) {
        const int left = n - i;
        if (i > 0 && left % 3 == 0 && digits[i - 1] != '-')
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = 0;
    return buffer;
}

const char *cli_duration(double seconds, char *buffer)
{
    if (seconds < 1e-3)
        snprintf(buffer, 32, "%.3g us", seconds * 1e6);
    else if (seconds < 1)
        snprintf(buffer, 32, "%.3g ms", seconds * 1e3);
    else if (seconds < 120)
        snprintf(buffer, 32, seconds < 10 ? "%.2f s" : "%.1f s", seconds);
    else
        snprintf(buffer, 32, "%.0f min %.0f s", floor(seconds / 60), floor(fmod(seconds, 60)));
    return buffer;
}

const char *cli_size(double bytes, char *buffer)
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    int i = 0;
    for (; bytes >= 1024 && i < 4; i++)
        bytes /= 1024;
    snprintf(buffer, 32, i == 0 ? "%.0f %s" : "%.1f %s", bytes, unit[i]);
    return buffer;
}

const char *cli_number(double value, char *buffer)
{
    buffer[covey_format_double(value, buffer)] = 0;
    return buffer;
}

const char *cli_about(double value, char *buffer)
{
    snprintf(buffer, 32, "%.6g", value);
    return buffer;
}

int cli_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}
