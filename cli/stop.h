/**
 * @file stop.h
 * Ctrl-C and its relatives: the first asks, the second ends at once.
 */
#ifndef CLI_STOP_H
#define CLI_STOP_H

/** Take over SIGINT, SIGTERM and SIGHUP; SIGPIPE keeps ending the command quietly. */
void cli_stop_init(void);
/** While nothing has been found that is worth keeping (reading), the first signal ends the command as well.
 */
void cli_stop_at_once(int at_once);
/** The same when this many seconds are over: exit code 5 with a message naming what was read. 0 takes the
 * alarm back. */
void cli_stop_alarm(double seconds, const char *name);
/** @return the signal that asked to stop, or 0. */
int cli_stop_asked(void);
/** @return the exit code for the signal that asked: 130 for Ctrl-C. */
int cli_stop_code(void);
/** From now on a mapped file that shrinks (SIGBUS) ends the command with exit code 4 and a message naming
 * path. */
void cli_stop_on_shrinking(const char *path);

#endif
