#define _GNU_SOURCE
#include "CSandbox.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

#ifndef __linux__

int32_t roost_attempt(int32_t index, const char * folder) {
    (void)index;
    (void)folder;
    return -ENOSYS;
}
const char * roost_attempt_name(int32_t index) {
    (void)index;
    return NULL;
}
bool roost_attempt_reads(int32_t index) {
    (void)index;
    return false;
}
void roost_attempt_fork(int32_t killed_status) { (void)killed_status; }

#else

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "Kernel.h"

// Raw calls: the C library's ways around a refusal would hide it.
static int32_t outcome(long result) { return result < 0 ? -errno : 0; }

static int32_t opened(long descriptor) {
    if (descriptor < 0) return -errno;
    close((int)descriptor);
    return 0;
}

static int32_t read_file(const char * folder) {
    (void)folder;
    return opened(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY, 0));
}

static int32_t create_file(const char * folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/created-by-attack-%d", folder, (int)getpid());
    const long descriptor = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (descriptor >= 0) unlink(path);
    return opened(descriptor);
}

static int32_t list_folder(const char * folder) {
    (void)folder;
    const long descriptor = syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY, 0);
    if (descriptor < 0) return -errno;
    char entries[1024];
    const long count = syscall(SYS_getdents64, (int)descriptor, entries, sizeof entries);
    const int32_t result = outcome(count);
    close((int)descriptor);
    return result;
}

// Port 9 of this machine: that nobody listens is an answer of the network, so the network was reached.
static const struct sockaddr_in loopback = {.sin_family = AF_INET, .sin_port = 0x0900, .sin_addr = {0x0100007f}};

static int32_t tcp_connect(const char * folder) {
    (void)folder;
    const long socket = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
    if (socket < 0) return -errno;
    const long result = syscall(SYS_connect, (int)socket, &loopback, sizeof loopback);
    const int32_t failure = result < 0 && errno != ECONNREFUSED ? -errno : 0;
    close((int)socket);
    return failure;
}

static int32_t udp_connect(const char * folder) {
    (void)folder;
    const long socket = syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0);
    if (socket < 0) return -errno;
    const int32_t result = outcome(syscall(SYS_connect, (int)socket, &loopback, sizeof loopback));
    close((int)socket);
    return result;
}

static int32_t unix_connect(const char * folder) {
    const long server = syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
    if (server < 0) return -errno;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/attack-%d", folder, (int)getpid());
    int32_t result = outcome(syscall(SYS_bind, (int)server, &address, sizeof address));
    if (result == 0) result = outcome(syscall(SYS_listen, (int)server, 1));
    const long client = result == 0 ? syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) : -1;
    if (client >= 0) {
        result = outcome(syscall(SYS_connect, (int)client, &address, sizeof address));
        close((int)client);
    }
    close((int)server);
    unlink(address.sun_path);
    return result;
}

static int32_t execute(const char * folder) {
    (void)folder;
    char * const arguments[] = {"true", NULL};
    char * const environment[] = {NULL};
    return outcome(syscall(SYS_execve, "/bin/true", arguments, environment)); // comes back as a failure only
}

static int32_t make_process(const char * folder) {
    (void)folder;
    const long child = syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
    if (child == 0) _exit(0);
    if (child > 0) waitpid((pid_t)child, NULL, 0);
    return outcome(child);
}

static int32_t trace_parent(const char * folder) {
    (void)folder;
    return outcome(syscall(SYS_ptrace, (long)PTRACE_SEIZE, (long)getppid(), 0L, 0L));
}

static int32_t read_parent(const char * folder) {
    (void)folder;
    static char there[16] = "memory";
    char here[sizeof there];
    const struct iovec target = {here, sizeof here}, source = {there, sizeof there};
    return outcome(syscall(SYS_process_vm_readv, getppid(), &target, 1UL, &source, 1UL, 0UL));
}

static int32_t kill_parent(const char * folder) {
    (void)folder;
    return outcome(syscall(SYS_kill, getppid(), SIGURG)); // which does nothing to one that does not wait for it
}

static int32_t leave_namespace(const char * folder) {
    (void)folder;
    // Some systems forbid users their own namespaces; a part of the call is everybody's.
    if (syscall(SYS_unshare, CLONE_NEWUSER) == 0) return 0;
    return outcome(syscall(SYS_unshare, CLONE_FS));
}

static int32_t use_io_uring(const char * folder) {
    (void)folder;
    char parameters[120] = {0};
    return opened(syscall(SYS_io_uring_setup, 1, parameters));
}

static int32_t make_memory_file(const char * folder) {
    (void)folder;
    return opened(syscall(SYS_memfd_create, "attack", 0));
}

static int32_t map_executable(const char * folder) {
    (void)folder;
    const long page =
        syscall(SYS_mmap, NULL, 4096UL, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0UL);
    return outcome(page);
}

static int32_t make_executable(const char * folder) {
    (void)folder;
    void * page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return -errno;
    return outcome(syscall(SYS_mprotect, page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

static int32_t change_limit(const char * folder) {
    (void)folder;
    const uint64_t limit[2] = {16, 16};
    return outcome(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, limit, NULL));
}

static int32_t take_terminal(const char * folder) {
    (void)folder;
    int waiting;
    int ends[2];
    if (syscall(SYS_pipe2, ends, 0) < 0) return -errno;
    const int32_t result = outcome(syscall(SYS_ioctl, ends[0], 0x541B /* FIONREAD */, &waiting));
    close(ends[0]);
    close(ends[1]);
    return result;
}

static const struct {
    const char * name;
    int32_t (*attempt)(const char * folder);
    bool reads;
} attempts[] = {
    {"read /etc/passwd", read_file, true},
    {"create a file", create_file, false},
    {"list a folder", list_folder, true},
    {"TCP connect", tcp_connect, false},
    {"UDP connect", udp_connect, false},
    {"AF_UNIX connect", unix_connect, false},
    {"execve", execute, false},
    {"start a process", make_process, false},
    {"ptrace the parent", trace_parent, false},
    {"process_vm_readv the parent", read_parent, false},
    {"kill the parent", kill_parent, false},
    {"unshare", leave_namespace, false},
    {"io_uring", use_io_uring, false},
    {"memfd", make_memory_file, false},
    {"mmap writable and executable", map_executable, false},
    {"mprotect writable and executable", make_executable, false},
    {"change a limit", change_limit, false},
    {"pipe and ioctl", take_terminal, false},
};

enum { attempt_count = sizeof attempts / sizeof *attempts };

int32_t roost_attempt(int32_t index, const char * folder) {
    return index >= 0 && index < attempt_count ? attempts[index].attempt(folder) : -EINVAL;
}
const char * roost_attempt_name(int32_t index) {
    return index >= 0 && index < attempt_count ? attempts[index].name : NULL;
}
bool roost_attempt_reads(int32_t index) { return index >= 0 && index < attempt_count && attempts[index].reads; }

void roost_attempt_fork(int32_t killed_status) {
    // Where tracing is for parents only (Yama), this one lets itself be traced, so that the control can succeed.
    prctl(0x59616d61 /* PR_SET_PTRACER */, -1L, 0, 0, 0);
    const pid_t child = fork();
    if (child == 0) return;
    if (child < 0) _exit(252);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
    _exit(WTERMSIG(status) == SIGSYS ? killed_status : 253);
}

#endif
