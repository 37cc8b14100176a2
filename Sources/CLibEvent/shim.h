#pragma once

// event2/event-config.h defines _GNU_SOURCE, which changes glibc's fd_set: libc's own headers must come first, or the
// module clashes with Glibc's ("'__fds_bits' is not present in definition of 'fd_set'").
#include <sys/types.h>
#include <sys/select.h>
#include <sys/time.h>

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/thread.h>
#include <event2/http.h>
#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
