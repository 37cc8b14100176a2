#include "CTimer.h"

#include <sys/timerfd.h>
#include <time.h>

int reprise_exact_timer(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); }

int reprise_exact_timer_set(int timer, uint64_t nanoseconds) {
    struct itimerspec time = {{0, 0}, {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, 0);
}
