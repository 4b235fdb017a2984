#include "stop.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static volatile sig_atomic_t asked;
static volatile sig_atomic_t at_once;
static char shrinking[600];
static char late[600];

/* Only calls that are safe in a signal handler. */
static void write_out(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        return;
}

static void on_stop(int signal_number)
{
    if (asked || at_once) {
        write_out(isatty(STDERR_FILENO) ? "\ncovey: stopped\n" : "covey: stopped\n");
        _exit(128 + signal_number);
    }
    asked = signal_number;
}

static void on_bus(int signal_number)
{
    (void)signal_number;
    write_out(shrinking);
    _exit(4);
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
    write_out(late);
    _exit(5);
}

void cli_stop_alarm(double seconds, const char *name)
{
    const time_t whole = (time_t)seconds;
    struct itimerval timer = {.it_value = {whole, (suseconds_t)((seconds - (double)whole) * 1e6)}};
    if (seconds > 0 && timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0)
        timer.it_value.tv_usec = 1;
    if (seconds > 0) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = on_alarm;
        snprintf(late, sizeof late,
                 "covey: error: the time limit was reached while reading %.400s; nothing was found yet\n",
                 name);
        sigaction(SIGALRM, &action, NULL);
    }
    setitimer(ITIMER_REAL, &timer, NULL);
}

void cli_stop_init(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_stop;
    action.sa_flags = SA_RESTART;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction before;
        /* nohup and background jobs of a shell set a signal to "ignore" for us: that stays so. */
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

void cli_stop_at_once(int yes)
{
    at_once = yes;
}

int cli_stop_asked(void)
{
    return asked;
}

int cli_stop_code(void)
{
    return 128 + asked;
}

void cli_stop_on_shrinking(const char *path)
{
    snprintf(shrinking, sizeof shrinking,
             "covey: error: %.450s: the file became shorter while it was mapped; read it without --mmap\n",
             path);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_bus;
    sigaction(SIGBUS, &action, NULL);
}
