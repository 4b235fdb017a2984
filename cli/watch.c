#include "watch.h"

#include "console.h"
#include "stop.h"

#include <math.h>

static void say_iteration(const covey_progress *p)
{
    char shift[32], tol[32], inertia[32], changed[32], run[96] = "";
    if (p->n_init > 1)
        snprintf(run, sizeof run, "run %lld, ", (long long)p->run + 1);
    char text[256];
    int n = snprintf(text, sizeof text, "%siteration %lld", run, (long long)p->iteration);
    if (!isnan(p->inertia))
        n += snprintf(text + n, sizeof text - (size_t)n, ": inertia %s", cli_about(p->inertia, inertia));
    if (p->n_changed >= 0)
        n += snprintf(text + n, sizeof text - (size_t)n, ", %s label%s changed",
                      cli_count(p->n_changed, changed), p->n_changed == 1 ? "" : "s");
    if (p->shift_sq >= 0)
        snprintf(text + n, sizeof text - (size_t)n, ", squared shift %s (stops at %s)",
                 cli_about(p->shift_sq, shift), cli_about(p->tol, tol));
    cli_say(SAY_DETAIL, "%s", text);
}

static void draw(const cli_watch *watch, const covey_progress *p)
{
    char text[320], run[96] = "", time[32];
    if (p->n_init > 1)
        snprintf(run, sizeof run, ", run %lld of %lld", (long long)p->run + 1, (long long)p->n_init);
    if (p->phase != COVEY_PHASE_ITERATE) {
        const char *doing = p->phase == COVEY_PHASE_CHECK  ? "checking"
                            : p->phase == COVEY_PHASE_SEED ? "choosing starts"
                                                           : "finishing";
        snprintf(text, sizeof text, "%s: %s%s, %s", watch->what, doing, run, cli_duration(p->seconds, time));
        cli_bar(p->fraction, text);
        return;
    }
    snprintf(text, sizeof text, "%s: iteration %lld of at most %lld%s, %s", watch->what,
             (long long)p->iteration + 1, (long long)p->max_iter, run, cli_duration(p->seconds, time));
    const double runs = p->n_init > 1 ? (double)p->n_init : 1;
    const double within = p->max_iter > 0 ? (double)p->iteration / (double)p->max_iter : 0;
    cli_bar(((double)p->run + within) / runs, text);
}

int cli_watch_progress(void *user, const covey_progress *progress)
{
    const cli_watch *watch = user;
    if (cli_stop_asked())
        return watch->keep ? 1 : 2;
    if (progress->detail && cli_verbose())
        say_iteration(progress);
    else
        draw(watch, progress);
    return 0;
}
