#pragma once
// Numbers of the kernel's interfaces that the C library's headers may lack. They are the same on x86_64 and aarch64.
// Sources: linux/landlock.h, asm-generic/unistd.h of Linux 6.12.
#include <stdint.h>
#include <sys/syscall.h>

#ifndef SYS_seccomp
#error "this C library does not know seccomp"
#endif
#ifndef SYS_rseq
#ifdef __x86_64__
#define SYS_rseq 334
#else
#define SYS_rseq 293
#endif
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

struct roost_landlock_ruleset {
    uint64_t handled_access_fs;
    uint64_t handled_access_net; // version 4
    uint64_t scoped;             // version 6
};
struct roost_landlock_path {
    uint64_t allowed_access;
    int32_t parent_fd;
} __attribute__((packed));

enum {
    roost_landlock_version_flag = 1, // LANDLOCK_CREATE_RULESET_VERSION
    roost_landlock_rule_path = 1,    // LANDLOCK_RULE_PATH_BENEATH
};
#define ROOST_ACCESS_WRITE_FILE (1ULL << 1)
#define ROOST_ACCESS_READ_FILE (1ULL << 2)
#define ROOST_ACCESS_READ_DIR (1ULL << 3)
#define ROOST_ACCESS_IOCTL_DEV (1ULL << 15)
// Bits 0…12 are of version 1, REFER of 2, TRUNCATE of 3, IOCTL_DEV of 5.
#define ROOST_ACCESS_FS_1 ((1ULL << 13) - 1)
#define ROOST_ACCESS_FS_2 ((1ULL << 14) - 1)
#define ROOST_ACCESS_FS_3 ((1ULL << 15) - 1)
#define ROOST_ACCESS_FS_5 ((1ULL << 16) - 1)
// BIND_TCP, CONNECT_TCP; ABSTRACT_UNIX_SOCKET, SIGNAL.
#define ROOST_ACCESS_NET 3ULL
#define ROOST_SCOPES 3ULL
