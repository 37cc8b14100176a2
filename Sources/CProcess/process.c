#include "CProcess.h"

#include <pthread.h>
#include <stddef.h>

static int count;
static char **arguments;

static sigset_t held_signals(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGUSR1);
    return signals;
}

// glibc gives constructors what it gives main. Nothing of ours runs earlier.
__attribute__((constructor)) static void begin(int argc, char **argv) {
    count = argc;
    arguments = argv;
    sigset_t signals = held_signals();
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

int reprise_argument_count(void) { return count; }

const char *reprise_argument(int index) { return index >= 0 && index < count ? arguments[index] : NULL; }

void reprise_release_signals(void) {
    sigset_t signals = held_signals();
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}
