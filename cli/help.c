/* Help, the man page and the completions, all from the table. */
#include "options.h"

#include <covey/covey.h>

#include <stdio.h>
#include <string.h>

enum { WIDTH = 80, INDENT = 29 };

static const char *const group_title[GROUP_COUNT] = {"Clustering", "Reading", "Data set", "Results",
                                                     "Running"};

static const char exit_codes[] =
    "0 success, 1 internal error, 2 wrong usage, 3 bad data, 4 input or output failed, 5 a limit "
    "was reached (memory, time), 6 not converged with --strict, 130 stopped by Ctrl-C";

static int takes(const cli_verb *verb, const cli_option *o)
{
    return (int)(o->verbs >> verb->id & 1u);
}

/* Print text wrapped to the page; the first line goes on at column, the others start at indent. */
static void wrap(const char *text, int column, int indent)
{
    while (*text) {
        const size_t n = strcspn(text, " \n");
        if (column > indent && column + 1 + (int)n > WIDTH) {
            printf("\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            putchar(' ');
            column++;
        }
        printf("%.*s", (int)n, text);
        column += (int)n;
        text += n;
        if (text[0] == '\n' && text[1] == '\n') {
            printf("\n\n%*s", indent, "");
            column = indent;
        }
        text += strspn(text, " \n");
    }
    putchar('\n');
}

static void print_option(const cli_option *o)
{
    char left[64];
    int n = o->letter ? snprintf(left, sizeof left, "  -%c, --%s", o->letter, o->name)
                      : snprintf(left, sizeof left, "      --%s", o->name);
    if (o->metavar)
        n += snprintf(left + n, sizeof left - (size_t)n, " %s", o->metavar);
    if (n >= INDENT - 1)
        printf("%s\n%*s", left, INDENT, "");
    else
        printf("%-*s", INDENT, left);
    wrap(o->help, INDENT, INDENT);
}

/* Call each(what for, command) for each pair of lines. */
static void each_example(const cli_verb *verb, void (*each)(const char *, int, const char *, int))
{
    for (const char *p = verb->examples; *p;) {
        const int purpose = (int)strcspn(p, "\n");
        const char *command = p + purpose + 1;
        const int length = (int)strcspn(command, "\n");
        each(p, purpose, command, length);
        p = command + length + 1;
    }
}

static void print_example(const char *purpose, int n, const char *command, int m)
{
    printf("  # %.*s\n  %.*s\n", n, purpose, m, command);
}

void cli_help_short(void)
{
    fputs("covey clusters the rows of a file by k-means, exactly and reproducibly.\n\n"
          "  covey fit FILE -k 3        cluster a CSV or .npy file into 3 groups\n"
          "  covey fit --help           options and examples\n"
          "  covey --help               all commands\n",
          stderr);
}

int cli_help_all(void)
{
    printf("covey %s - exact, reproducible k-means clustering\n\nUsage: covey COMMAND [options] "
           "[files]\n\nCommands:\n",
           covey_version());
    for (int i = 0; i < VERB_COUNT; i++)
        printf("  %-10s %-24s %s\n", cli_verbs[i].name, cli_verbs[i].operands, cli_verbs[i].summary);
    printf("\n'covey COMMAND --help' lists the options of a command, with examples.\n"
           "'covey --version' prints the version.\n\nA first try:\n"
           "  covey make blobs -n 300 -k 4 -o blobs.csv\n"
           "  covey fit blobs.csv -k 4 --model blobs.npz --labels labels.csv\n"
           "  covey predict blobs.npz blobs.csv | head\n\nExit codes:");
    wrap(exit_codes, 11, 0);
    return 0;
}

int cli_help_verb(const cli_verb *verb)
{
    printf("Usage: covey %s [options] %s\n\n", verb->name, verb->operands);
    wrap(verb->text, 0, 0);
    for (int g = 0; g < GROUP_COUNT; g++) {
        int any = 0;
        for (int i = 0; i < OPT_COUNT; i++) {
            const cli_option *o = &cli_options[i];
            if ((int)o->group != g || !takes(verb, o))
                continue;
            if (!any++)
                printf("\n%s:\n", group_title[g]);
            print_option(o);
        }
    }
    printf("\nExamples:\n");
    each_example(verb, print_example);
    printf("\nExit codes:");
    wrap(exit_codes, 11, 0);
    return 0;
}

/* roff: a backslash and a dash need escaping, a line must not begin with a dot or a quote. */
static void roff_part(const char *text, int n)
{
    for (int i = 0; i < n; i++) {
        if (text[i] == '\\')
            fputs("\\e", stdout);
        else if (text[i] == '-')
            fputs("\\-", stdout);
        else if (i == 0 && (text[i] == '.' || text[i] == '\''))
            printf("\\&%c", text[i]);
        else
            putchar(text[i]);
    }
}

static void roff(const char *text)
{
    roff_part(text, (int)strlen(text));
}

static void roff_paragraphs(const char *text)
{
    for (const char *p = text; *p;) {
        const char *gap = strstr(p, "\n\n");
        const int n = gap ? (int)(gap - p) : (int)strlen(p);
        roff_part(p, n);
        puts("");
        if (!gap)
            return;
        puts(".PP");
        p = gap + 2;
    }
}

static void roff_option(const cli_option *o)
{
    puts(".TP");
    fputs(".B ", stdout);
    if (o->letter)
        printf("\\-%c\\fR, \\fB", o->letter);
    fputs("\\-\\-", stdout);
    roff(o->name);
    if (o->metavar)
        printf(" \\fI%s\\fR", o->metavar);
    puts("");
    roff(o->help);
    puts("");
}

static void roff_example(const char *purpose, int n, const char *command, int m)
{
    puts(".PP");
    roff_part(purpose, n);
    puts(":\n.PP\n.nf\n.RS");
    roff_part(command, m);
    puts("\n.RE\n.fi");
}

/* Options common to all verbs are described once, at the end. */
static int is_common(const cli_option *o)
{
    return o->verbs == (1u << VERB_COUNT) - 1;
}

static void roff_verb(const cli_verb *verb)
{
    printf(".SS covey %s [options] ", verb->name);
    roff(verb->operands);
    puts("");
    roff_paragraphs(verb->text);
    for (int i = 0; i < OPT_COUNT; i++) {
        if (takes(verb, &cli_options[i]) && !is_common(&cli_options[i]))
            roff_option(&cli_options[i]);
    }
    each_example(verb, roff_example);
}

int cli_man(void)
{
    printf(".TH COVEY 1 \"\" \"covey %s\" \"User Commands\"\n", covey_version());
    puts(".SH NAME\ncovey \\- exact, reproducible k\\-means clustering\n.SH SYNOPSIS\n.B covey\n.I "
         "command\n[options] [files]\n"
         ".SH DESCRIPTION\ncovey clusters the rows of a table by k\\-means. The same data, options and seed "
         "give the same\n"
         "result, bit for bit, for any number of threads and on any processor.\n"
         "Results go to standard output or to the files named; messages and progress go to standard "
         "error.\n.SH COMMANDS");
    for (int i = 0; i < VERB_COUNT; i++)
        roff_verb(&cli_verbs[i]);
    puts(".SH COMMON OPTIONS");
    for (int i = 0; i < OPT_COUNT; i++) {
        if (is_common(&cli_options[i]))
            roff_option(&cli_options[i]);
    }
    puts(".TP\n.B \\-\\-version\nprint the version\n.SH EXIT STATUS");
    roff(exit_codes);
    puts(".\n.SH ENVIRONMENT\n.TP\n.B COVEY_NUM_THREADS\\fR, \\fBOMP_NUM_THREADS\nthreads to use when "
         "\\-\\-threads is not given\n"
         ".TP\n.B COVEY_ISA\nhighest instruction set to use: portable, avx2, avx512, neon ...; the result "
         "does not depend on it\n"
         ".TP\n.B NO_COLOR\nif set, messages have no color\n"
         ".TP\n.B TERM\nif it is dumb, there is no progress bar\n.SH SEE ALSO\n.BR gnuplot (1)");
    return 0;
}

static void bash_verb(const cli_verb *verb)
{
    printf("    %s)\n        options=\"", verb->name);
    for (int i = 0; i < OPT_COUNT; i++) {
        if (takes(verb, &cli_options[i]))
            printf(" --%s", cli_options[i].name);
    }
    puts("\"\n        case \"$previous\" in");
    for (int i = 0; i < OPT_COUNT; i++) {
        const cli_option *o = &cli_options[i];
        if (!takes(verb, o) || !o->metavar)
            continue;
        printf("        --%s", o->name);
        if (o->letter)
            printf("|-%c", o->letter);
        fputs(") ", stdout);
        const int file =
            o->kind == KIND_OUTPUT || o->kind == KIND_INPUT || o->kind == KIND_INIT || o->kind == KIND_RAGGED;
        if (o->choices) {
            fputs("words=\"", stdout);
            for (const char *c = o->choices; *c; c++)
                putchar(*c == '|' ? ' ' : *c);
            printf("\"; files=%d ;;\n", file);
        } else {
            printf("words=; files=%d ;;\n", file);
        }
    }
    printf("        *) words=%s; files=%d ;;\n        esac ;;\n",
           verb->id == VERB_MAKE ? "'blobs moons circles'" : "", verb->id != VERB_MAKE);
}

static int complete_bash(void)
{
    puts("# bash completion for covey, generated from its option table\n"
         "_covey() {\n"
         "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options= words= "
         "files=0\n"
         "    COMPREPLY=()\n"
         "    if ((COMP_CWORD == 1)); then");
    fputs("        mapfile -t COMPREPLY < <(compgen -W \"", stdout);
    for (int i = 0; i < VERB_COUNT; i++)
        printf("%s ", cli_verbs[i].name);
    puts("--help --version\" -- \"$current\")\n        return\n    fi\n    case ${COMP_WORDS[1]} in");
    for (int i = 0; i < VERB_COUNT; i++)
        bash_verb(&cli_verbs[i]);
    puts("    *) return ;;\n    esac\n"
         "    if [[ $current == -* ]]; then\n"
         "        mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$current\")\n"
         "        return\n"
         "    fi\n"
         "    [[ -n $words ]] && mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
         "    if ((files)); then\n"
         "        compopt -o filenames 2>/dev/null\n"
         "        mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -f -- \"$current\")\n"
         "    fi\n"
         "}\n"
         "complete -F _covey covey");
    return 0;
}

/* Text inside single quotes of a shell; brackets and colons mean something to zsh's _arguments. */
static void quoted(const char *text, int zsh)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs(zsh ? "'\\''" : "\\'", stdout);
        else if (zsh && strchr("[]:\\", *text))
            printf("\\%c", *text);
        else if (!zsh && *text == '\\')
            fputs("\\\\", stdout);
        else
            putchar(*text);
    }
}

static void zsh_action(const cli_option *o)
{
    const int file =
        o->kind == KIND_OUTPUT || o->kind == KIND_INPUT || o->kind == KIND_INIT || o->kind == KIND_RAGGED;
    printf(":%s:", o->metavar);
    if (o->choices && !file) {
        putchar('(');
        for (const char *c = o->choices; *c; c++)
            putchar(*c == '|' ? ' ' : *c);
        putchar(')');
    } else if (file) {
        fputs("_files", stdout);
    } else {
        putchar(' '); /* a value, but nothing to suggest */
    }
}

/* One way to write an option: "--name=" or "-x". */
static void zsh_option(const cli_option *o, int letter)
{
    fputs(" \\\n        '", stdout);
    if (letter)
        printf("-%c[", o->letter);
    else
        printf("--%s%s[", o->name, o->metavar ? "=" : "");
    quoted(o->help, 1);
    putchar(']');
    if (o->metavar)
        zsh_action(o);
    putchar('\'');
}

static int complete_zsh(void)
{
    puts("#compdef covey\n# generated from covey's option table\n_covey() {\n"
         "    local context state line\n    local -a commands\n    commands=(");
    for (int i = 0; i < VERB_COUNT; i++) {
        printf("        '%s:", cli_verbs[i].name);
        quoted(cli_verbs[i].summary, 1);
        puts("'");
    }
    puts("    )\n    if ((CURRENT == 2)); then\n        _describe command commands\n        return\n    fi\n"
         "    local command=${words[2]}\n    shift words\n    ((CURRENT--))\n    case $command in");
    for (int i = 0; i < VERB_COUNT; i++) {
        printf("    %s) _arguments -S", cli_verbs[i].name);
        for (int j = 0; j < OPT_COUNT; j++) {
            const cli_option *o = &cli_options[j];
            if (!takes(&cli_verbs[i], o))
                continue;
            zsh_option(o, 0);
            if (o->letter)
                zsh_option(o, 1);
        }
        puts(i == VERB_MAKE ? " \\\n        '1:what:(blobs moons circles)' ;;"
                            : " \\\n        '*:file:_files' ;;");
    }
    puts("    esac\n}\n_covey \"$@\"");
    return 0;
}

static int complete_fish(void)
{
    puts("# fish completion for covey, generated from its option table");
    for (int i = 0; i < VERB_COUNT; i++) {
        printf("complete -c covey -f -n __fish_use_subcommand -a %s -d '", cli_verbs[i].name);
        quoted(cli_verbs[i].summary, 0);
        puts("'");
    }
    puts("complete -c covey -f -n '__fish_seen_subcommand_from make' -a 'blobs moons circles'");
    for (int i = 0; i < VERB_COUNT; i++) {
        for (int j = 0; j < OPT_COUNT; j++) {
            const cli_option *o = &cli_options[j];
            if (!takes(&cli_verbs[i], o))
                continue;
            printf("complete -c covey -n '__fish_seen_subcommand_from %s' -l %s", cli_verbs[i].name, o->name);
            if (o->letter)
                printf(" -s %c", o->letter);
            const int file = o->kind == KIND_OUTPUT || o->kind == KIND_INPUT || o->kind == KIND_INIT ||
                             o->kind == KIND_RAGGED;
            if (o->metavar)
                fputs(file ? " -r" : " -x", stdout);
            if (o->choices) {
                fputs(" -a '", stdout);
                for (const char *c = o->choices; *c; c++)
                    putchar(*c == '|' ? ' ' : *c);
                putchar('\'');
            }
            fputs(" -d '", stdout);
            quoted(o->help, 0);
            puts("'");
        }
    }
    return 0;
}

int cli_complete(const char *shell)
{
    if (shell && strcmp(shell, "bash") == 0)
        return complete_bash();
    if (shell && strcmp(shell, "zsh") == 0)
        return complete_zsh();
    if (shell && strcmp(shell, "fish") == 0)
        return complete_fish();
    return cli_usage_error(NULL, "completions exist for bash, zsh and fish");
}
