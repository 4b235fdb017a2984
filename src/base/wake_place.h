/*
 * On which processor a sleeping worker wakes. Schedulers like to wake a thread on the processor of the one
 * that called it, and on virtual machines Linux takes a halted processor for one that the host has taken away,
 * so that the worker waits behind its caller while another processor has nothing to do: passes of a few
 * milliseconds then ran on one processor, until the balancer came by. A caller therefore takes its own
 * processor from the sleeper's affinity; the worker has it back as soon as it runs.
 */
#ifndef CVI_BASE_WAKE_PLACE_H
#define CVI_BASE_WAKE_PLACE_H

#include <pthread.h>
#include <stdbool.h>

/* Belongs to a worker; written by its caller while it sleeps, read by the worker once it is called. */
typedef struct cvi_wake_place {
    bool apart;                /* the worker's affinity is narrowed */
    unsigned char before[128]; /* what it gets back: the caller's */
} cvi_wake_place;

/* Called by the caller, before it wakes the sleeper: not here. Changes nothing where the caller has no other
 * processor, or the system has no such call. */
void cvi_wake_apart(cvi_wake_place *place, pthread_t sleeper);

/* Called by the worker when it has woken: anywhere again. */
void cvi_wake_anywhere(cvi_wake_place *place);

#endif
