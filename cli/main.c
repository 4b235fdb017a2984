/* The command covey: finds the verb, parses its options by the table, runs it. */
#include "console.h"
#include "options.h"
#include "stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whatever was printed must have arrived: a full disk behind ">" is an error too. */
static int close_stdout(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    cli_say(SAY_ERROR, "standard output: %s", strerror(errno));
    return code ? code : 4;
}

static int unknown_verb(const char *word)
{
    char list[256] = "", near[64];
    size_t used = 0;
    for (int i = 0; i < VERB_COUNT; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? "|" : "", cli_verbs[i].name);
    if (cli_nearest(word, list, near, sizeof near))
        return cli_usage_error(NULL, "there is no command '%s'; did you mean %s?", word, near);
    if (cli_file_exists(word))
        return cli_usage_error(NULL, "there is no command '%s'; to cluster this file: covey fit %s", word,
                               word);
    return cli_usage_error(NULL, "there is no command '%s'", word);
}

/* The words that are no verbs. @return the exit code, or -1 if the word is none of them. */
static int run_special(int argc, char **argv)
{
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        return printf("covey %s\n", covey_version()), 0;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return cli_help_all();
    if (strcmp(word, "help") == 0) {
        const cli_verb *verb = argc > 2 ? cli_verb_find(argv[2]) : NULL;
        if (argc > 2 && !verb)
            return unknown_verb(argv[2]);
        return verb ? cli_help_verb(verb) : cli_help_all();
    }
    if (strcmp(word, "__man") == 0)
        return cli_man();
    if (strcmp(word, "__complete") == 0)
        return cli_complete(argc > 2 ? argv[2] : NULL);
    if (word[0] == '-')
        return cli_usage_error(NULL, "options follow the command: covey COMMAND [files] %s ...", word);
    return -1;
}

static int apply_environment(void)
{
    const char *isa = getenv("COVEY_ISA");
    covey_error err = {0};
    if (isa && *isa && covey_isa_limit(isa, &err) != COVEY_OK)
        return cli_fail(&err, "this comes from the environment variable COVEY_ISA");
    return 0;
}

static int run_verb(const cli_verb *verb, int argc, char **argv)
{
    static cli_arguments arguments;
    const int wrong = cli_parse(verb, argc - 2, argv + 2, &arguments);
    if (wrong)
        return wrong;
    if (cli_given(&arguments, OPT_HELP))
        return cli_help_verb(verb);
    cli_console_level(cli_given(&arguments, OPT_QUIET), arguments.count[OPT_VERBOSE]);
    const int bad = apply_environment();
    return bad ? bad : verb->run(&arguments);
}

int main(int argc, char **argv)
{
    cli_console_init();
    cli_stop_init();
    if (argc < 2) {
        cli_help_short();
        return 2;
    }
    const cli_verb *verb = cli_verb_find(argv[1]);
    int code;
    if (verb) {
        code = run_verb(verb, argc, argv);
    } else {
        code = run_special(argc, argv);
        if (code < 0)
            code = unknown_verb(argv[1]);
    }
    cli_bar_clear();
    return close_stdout(code);
}
