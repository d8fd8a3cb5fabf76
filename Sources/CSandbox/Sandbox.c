#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>

#ifndef __linux__

int32_t roost_sandbox_version(void) { return -ENOSYS; }
void roost_sandbox_prepare(void) {}
int32_t roost_sandbox_enter(const struct roost_sandbox * sandbox) {
    (void)sandbox;
    return -ENOSYS;
}
int32_t roost_sandbox_close_files(bool refuses_only) {
    (void)refuses_only;
    return -ENOSYS;
}

#else

#include <fcntl.h>
#include <glob.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "Kernel.h"
#include "Seccomp.h"

static int32_t landlock_version(void) {
    const long version = syscall(SYS_landlock_create_ruleset, NULL, 0, roost_landlock_version_flag);
    return version < 0 ? -errno : (int32_t)version;
}

int32_t roost_sandbox_version(void) {
    const int32_t filters = roost_seccomp_available();
    return filters < 0 ? filters : landlock_version();
}

// glibc reads /proc/sys/vm/overcommit_memory when an arena of a thread first shrinks, and keeps the answer
// (check_may_shrink_heap); without this that would be the death of a locked process.
static void * shrink_arena(void * unused) {
    enum { count = 64 };
    void * blocks[count];
    for (int index = 0; index < count; index++) {
        blocks[index] = malloc(100 * 1024);
        if (blocks[index]) *(volatile char *)blocks[index] = 1;
    }
    for (int index = count - 1; index >= 0; index--) free(blocks[index]);
    return unused;
}

void roost_sandbox_prepare(void) {
#ifdef __GLIBC__
    // With the ninth arena, that is with many threads, glibc would count the processors in /sys to know how many it may
    // have (arena_get2); a number that was chosen is taken as it is.
    mallopt(M_ARENA_MAX, 8);
#endif
    pthread_t thread;
    if (pthread_create(&thread, NULL, shrink_arena, NULL) == 0) pthread_join(thread, NULL);

    // localtime() opens its file each time, unless the zone has a name and is the same as before.
    setenv("TZ", ":/etc/localtime", 0);
    tzset();

    // What a runtime has put there to tell more of a crash (files, another program) would end in SIGSYS and tell less.
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGQUIT, SIGSYS};
    for (size_t index = 0; index < sizeof crashes / sizeof *crashes; index++) signal(crashes[index], SIG_DFL);
}

static int32_t allow(int ruleset, int descriptor, uint64_t access) {
    const struct roost_landlock_path rule = {.allowed_access = access, .parent_fd = descriptor};
    return syscall(SYS_landlock_add_rule, ruleset, roost_landlock_rule_path, &rule, 0) == 0 ? 0 : -errno;
}

// What the drivers of GPUs need: their devices, and libraries and settings anywhere. Much weaker, and said so.
static void allow_gpu(int ruleset, uint64_t handled) {
    const int root = open("/", O_PATH | O_CLOEXEC);
    if (root >= 0) {
        allow(ruleset, root, ROOST_ACCESS_READ_FILE | ROOST_ACCESS_READ_DIR);
        close(root);
    }
    const char * patterns[] = {"/dev/nvidia*", "/dev/dri/*", "/dev/kfd", "/dev/shm"};
    for (size_t index = 0; index < sizeof patterns / sizeof *patterns; index++) {
        glob_t found;
        if (glob(patterns[index], 0, NULL, &found) != 0) continue;
        for (size_t path = 0; path < found.gl_pathc; path++) {
            const int device = open(found.gl_pathv[path], O_PATH | O_CLOEXEC);
            if (device < 0) continue;
            allow(
                ruleset, device,
                (ROOST_ACCESS_READ_FILE | ROOST_ACCESS_WRITE_FILE | ROOST_ACCESS_IOCTL_DEV) & handled);
            close(device);
        }
        globfree(&found);
    }
}

static int32_t enter_landlock(const struct roost_sandbox * sandbox) {
    const int32_t version = landlock_version();
    if (version < 1) return version < 0 ? version : -ENOSYS;
    struct roost_landlock_ruleset rules = {
        .handled_access_fs = version >= 5   ? ROOST_ACCESS_FS_5
                             : version >= 3 ? ROOST_ACCESS_FS_3
                             : version == 2 ? ROOST_ACCESS_FS_2
                                            : ROOST_ACCESS_FS_1,
        .handled_access_net = version >= 4 ? ROOST_ACCESS_NET : 0,
        .scoped = version >= 6 ? ROOST_SCOPES : 0,
    };
    // An older kernel knows a shorter structure; what it does not know is zero.
    const size_t size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    const int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (ruleset < 0) return -errno;
    int32_t failure = 0;
    for (size_t index = 0; index < sandbox->readable_count && failure == 0; index++) {
        failure = allow(ruleset, sandbox->readable[index], ROOST_ACCESS_READ_FILE);
        // A file without a place (a memfd) takes no rule and needs none.
        if (failure == -EBADFD) failure = 0;
    }
    if (sandbox->uses_gpu) allow_gpu(ruleset, rules.handled_access_fs);
    if (failure == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) failure = -errno;
    close(ruleset);
    return failure;
}

int32_t roost_sandbox_enter(const struct roost_sandbox * sandbox) {
    const int32_t version = roost_sandbox_version();
    if (version < 0) return version;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -errno;
    const int32_t failure = enter_landlock(sandbox);
    return failure != 0 ? failure : roost_seccomp_enter(sandbox);
}

int32_t roost_sandbox_close_files(bool refuses_only) { return roost_seccomp_close_files(refuses_only); }

#endif
