#pragma once

// event2/event-config.h defines _GNU_SOURCE, which changes glibc's fd_set: libc's own headers must come first, or the
// module clashes with Glibc's ("'__fds_bits' is not present in definition of 'fd_set'").
#include <sys/syscall.h>
#include <string.h>
#include <sys/types.h>
#include <sys/select.h>
#include <sys/time.h>

#include <event2/event.h>
#include <event2/thread.h>

// GNU functions that Swift's Glibc module hides, because it is built without _GNU_SOURCE.
#include <pthread.h>
#include <sys/socket.h>
extern const char *strerrorname_np(int number);
extern const char *strerrordesc_np(int number);
extern int pthread_setname_np(pthread_t thread, const char *name);
extern int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
extern int sched_getaffinity(pid_t process, size_t length, void *mask);
extern int malloc_trim(size_t pad);

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>

// TCP_INFO: a struct that the C library and the kernel declare differently. 0 where there is none, as on a Unix socket.
static inline uint32_t reprise_round_trip_microseconds(int descriptor) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    return getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 ? info.tcpi_rtt : 0;
}

// A handler of a crash may call almost nothing (signal-safety(7)), so that it is C. The signal comes again by the system's
// default when the handler returns.
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

static void reprise_crashed(int number) {
    char text[] = "reprise: died by signal 00\n";
    text[sizeof text - 4] = (char)('0' + number / 10 % 10);
    text[sizeof text - 3] = (char)('0' + number % 10);
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written;
    raise(number);
}

// Whether the process was built with a sanitizer, by a function that each of them has.
static inline int reprise_is_sanitized(void) { return dlsym(RTLD_DEFAULT, "__sanitizer_print_stack_trace") != NULL; }

static inline void reprise_name_crashes(void) {
    // A sanitizer has a report of its own, and it is what it is there for.
    if (reprise_is_sanitized()) return;
    const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGQUIT};
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = reprise_crashed;
    action.sa_flags = SA_RESETHAND;
    for (size_t index = 0; index < sizeof crashes / sizeof *crashes; index++) sigaction(crashes[index], &action, NULL);
}

// memfd_create(2), which Swift does not see without _GNU_SOURCE.
static inline int reprise_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1 /* MFD_CLOEXEC */); }
