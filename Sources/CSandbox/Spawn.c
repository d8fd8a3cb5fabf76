#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <grp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#else
#include <sys/types.h>
#endif

enum { most_descriptors = 16 };

// Nothing but async-signal-safe calls from here on: the parent has threads.

static void close_from(int first) {
#ifdef __linux__
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0) == 0) return;
#endif
    struct rlimit limit;
    const rlim_t most = 65536;
    rlim_t end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < most ? limit.rlim_cur : most;
    for (int descriptor = first; (rlim_t)descriptor < end; descriptor++) close(descriptor);
}

static int limit_to(int resource, uint64_t value) {
    const struct rlimit limit = {.rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value};
    return setrlimit(resource, &limit);
}

// `report` is where a failure is said; it moves.
static int become(const struct roost_spawn_request * request, pid_t parent, int * report) {
    setsid();
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    // The thread that forked may have had a priority of its own.
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, (id_t)parent));
    sigset_t none;
    sigemptyset(&none);
    if (sigprocmask(SIG_SETMASK, &none, NULL) != 0) return errno;

    // Out of the way first: a source may have the number of another's target.
    const int count = (int)request->descriptor_count;
    int copies[most_descriptors];
    for (int index = 0; index < count; index++) {
        copies[index] = fcntl(request->descriptors[index], F_DUPFD, most_descriptors + 1);
        if (copies[index] < 0) return errno;
    }
    const int kept = fcntl(*report, F_DUPFD, most_descriptors + 1);
    if (kept < 0) return errno;
    *report = kept;
    for (int index = 0; index < count; index++) {
        if (dup2(copies[index], index) < 0) return errno;
    }
    if (dup2(kept, count) < 0 || fcntl(count, F_SETFD, FD_CLOEXEC) < 0) return errno;
    *report = count;
    close_from(count + 1);

    if (limit_to(RLIMIT_CORE, 0) != 0) return errno;
    if (request->descriptor_limit && limit_to(RLIMIT_NOFILE, request->descriptor_limit) != 0) return errno;
    if (request->address_space_limit && limit_to(RLIMIT_AS, request->address_space_limit) != 0) return errno;
    if (request->drops_user) {
#ifdef __linux__
        if (setgroups(0, NULL) != 0) return errno;
#endif
        if (setgid(request->user) != 0 || setuid(request->user) != 0) return errno;
    }
#ifdef __linux__
    // After the change of user, which forgets it. The parent may have died before this took hold.
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
    if (getppid() != parent) return ESRCH;
#else
    (void)parent;
#endif
    execve(request->path, request->arguments, request->environment);
    return errno;
}

int32_t roost_spawn(const struct roost_spawn_request * request) {
    if (request->descriptor_count > most_descriptors) return -EINVAL;
    // A program that another thread starts meanwhile must not keep an end open.
    int32_t report[2];
    const int32_t failed = roost_pipe(report);
    if (failed != 0) return failed;
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child == 0) {
        const int failure = become(request, parent, &report[1]);
        if (write(report[1], &failure, sizeof failure) < 0) _exit(126);
        _exit(127);
    }
    const int fork_error = errno;
    close(report[1]);
    if (child < 0) {
        close(report[0]);
        return -fork_error;
    }
    int failure = 0;
    ssize_t count;
    do count = read(report[0], &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == 0) return child;
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    return count == (ssize_t)sizeof failure && failure > 0 ? -failure : -EIO;
}
