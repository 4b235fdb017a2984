#define _GNU_SOURCE /* sched_getcpu, pthread_setaffinity_np */

#include "base/wake_place.h"

#if defined(__linux__) && !defined(__ANDROID__)

#include <sched.h>
#include <string.h>

_Static_assert(sizeof(cpu_set_t) <= sizeof(((cvi_wake_place *)0)->before), "room for an affinity");

void cvi_wake_apart(cvi_wake_place *place, pthread_t sleeper)
{
    cpu_set_t allowed;
    const int here = sched_getcpu();
    if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    if (!CPU_ISSET(here, &allowed) || CPU_COUNT(&allowed) < 2)
        return;
    memcpy(place->before, &allowed, sizeof allowed);
    CPU_CLR(here, &allowed);
    place->apart = pthread_setaffinity_np(sleeper, sizeof allowed, &allowed) == 0;
}

void cvi_wake_anywhere(cvi_wake_place *place)
{
    if (!place->apart)
        return;
    cpu_set_t allowed;
    memcpy(&allowed, place->before, sizeof allowed);
    pthread_setaffinity_np(pthread_self(), sizeof allowed, &allowed);
    place->apart = false;
}

#else

void cvi_wake_apart(cvi_wake_place *place, pthread_t sleeper)
{
    (void)place;
    (void)sleeper;
}

void cvi_wake_anywhere(cvi_wake_place *place)
{
    (void)place;
}

#endif
