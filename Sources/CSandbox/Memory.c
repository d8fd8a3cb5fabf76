#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

void roost_return_freed_memory(void) {
#ifdef __GLIBC__
    // Setting it at all ends its growth.
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
#endif
}

int32_t roost_nameless_file(void) {
#ifdef __linux__
    const int descriptor = memfd_create("roost", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return descriptor < 0 ? -errno : descriptor;
#else
    char path[1024];
    const char * folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/roost-XXXXXX", folder ? folder : "/tmp");
    const int descriptor = mkstemp(path);
    if (descriptor < 0) return -errno;
    unlink(path);
    fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    return descriptor;
#endif
}

int32_t roost_seal_file(int32_t descriptor) {
#ifdef __linux__
    if (fcntl(descriptor, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0 && errno != EINVAL)
        return errno;
#else
    (void) descriptor;
#endif
    return 0;
}
