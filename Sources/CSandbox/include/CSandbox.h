#pragma once
// The calls behind a worker's process, and behind the one that keeps workers, that Swift cannot make: what happens between
// fork and exec, what becomes of freed memory, descriptors over a socket, and the kernel's own locks (Landlock, seccomp).
// Linux on x86_64 and aarch64; elsewhere spawning works and locking says ENOSYS. Functions that can fail return −errno.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Processes

struct roost_spawn_request {
    const char * path;
    char * const * arguments;    // ends with NULL
    char * const * environment;  // ends with NULL
    const int32_t * descriptors; // the i-th becomes descriptor i; no other is open in the child
    size_t descriptor_count;     // at most 16
    uint64_t address_space_limit; // bytes; 0 is none
    uint64_t descriptor_limit;    // RLIMIT_NOFILE; 0 keeps it
    uint32_t user;                // taken when drops_user, with the group of the same number
    bool drops_user;
};

// Starts a program in a session of its own: signals at their defaults, no core files, and on Linux it dies with the
// *thread* that calls this. Returns its process id.
int32_t roost_spawn(const struct roost_spawn_request * request);

// MARK: Memory

// Freed blocks of 128 KiB and more go back to the system, in this process, from now on. Only glibc needs to be told.
void roost_return_freed_memory(void);

// An empty file without a name, in memory where the system has such files; closed when a program starts. A descriptor.
int32_t roost_nameless_file(void);
// Nobody changes what such a file has from now on, nor its length, through whatever descriptor. 0, or an error number;
// does nothing where the system has no seals.
int32_t roost_seal_file(int32_t descriptor);

// MARK: Descriptors over a socket

// Two ends that no program started meanwhile inherits: of a stream socket, or of a pipe (reading end first).
int32_t roost_socket_pair(int32_t ends[2]);
int32_t roost_pipe(int32_t ends[2]);

// As send(2) without SIGPIPE, with descriptors beside the first byte.
int64_t roost_send(int32_t socket, const void * bytes, size_t count, const int32_t * descriptors, size_t descriptor_count);
// As recv(2). Descriptors that came along are put into `descriptors` (close-on-exec) and counted; when there are more
// than fit all are closed and −EMSGSIZE is returned.
int64_t roost_receive(
    int32_t socket, void * bytes, size_t count, int32_t * descriptors, size_t capacity, size_t * descriptor_count);

// MARK: The sandbox

// Landlock's version here, ≥ 1; −errno when this kernel cannot lock a process as a worker needs it.
int32_t roost_sandbox_version(void);

struct roost_sandbox {
    const int32_t * readable; // descriptors whose files, and no others, may be opened again for reading
    size_t readable_count;
    bool locks_memory; // mlock is allowed
    bool uses_gpu;     // the weaker profile: the drivers' devices and libraries may be opened, ioctl is allowed
    bool refuses_only; // forbidden calls fail with EPERM instead of ending the process
};

// What libraries read from files once and keep; to be called before the lock.
void roost_sandbox_prepare(void);
// Locks this process for good. To be called while it has one thread: Landlock binds the calling thread and its
// children.
int32_t roost_sandbox_enter(const struct roost_sandbox * sandbox);
// Nothing may be opened from now on, by any thread.
int32_t roost_sandbox_close_files(bool refuses_only);

// MARK: Attempts to break out

// Tries the attempt of this index; 0 when it was possible, −errno when not. `folder` is one that may be written.
int32_t roost_attempt(int32_t index, const char * folder);
// The attempt's name; NULL past the last.
const char * roost_attempt_name(int32_t index);
// Whether Landlock alone has to forbid it while a model is loaded.
bool roost_attempt_reads(int32_t index);
// Makes this process the parent, and the victim, of the one that attempts: returns in the child. The parent exits as
// the child did: with its status, or with `killed_status` when SIGSYS ended it, 253 for another signal.
void roost_attempt_fork(int32_t killed_status);
