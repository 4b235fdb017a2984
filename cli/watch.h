/**
 * @file watch.h
 * What a running computation shows, and how it is asked to stop.
 */
#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <covey/covey.h>

typedef struct cli_watch {
    const char *what; /**< "fit", "predict", ... */
    int keep;         /**< 1: a stop keeps the best so far; 0: it gives up */
} cli_watch;

/** A covey_progress_fn; user is a cli_watch. */
int cli_watch_progress(void *user, const covey_progress *progress);

#endif
