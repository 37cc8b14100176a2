#pragma once

#include <signal.h>

// What this process was started with: main's own arguments, which Swift reads from /proc, and so not where there is none.
int reprise_argument_count(void);
const char *reprise_argument(int index);

// Lets SIGTERM, SIGINT, SIGHUP and SIGUSR1 through. They are held back from before main on, so that none of them finds the process
// without a handler; those that came meanwhile come now, each once.
void reprise_release_signals(void);
