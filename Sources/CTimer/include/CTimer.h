#pragma once

// timerfd_create(2) behind functions of our own, without its header: that brings struct timespec along, and a Swift module that
// sees it twice takes it for either's, from build to build.
#include <stdint.h>

// A timer on the monotonic clock, exact where libevent's go by milliseconds; -1 with errno set where there is none.
int reprise_exact_timer(void);
// Fires once at that time of the clock, or at no time for 0; forgets that it has fired.
int reprise_exact_timer_set(int timer, uint64_t nanoseconds);
