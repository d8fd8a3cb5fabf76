#define _GNU_SOURCE
#ifdef __linux__
#include "Seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "Kernel.h"

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#error "the sandbox knows x86_64 and aarch64"
#endif

// A filter in the making. All numbers and flags that are looked at are in the low halves of little-endian words.
struct program {
    struct sock_filter steps[512];
    unsigned short count;
    uint32_t refusal;
    bool overflows;
};

static void step(struct program * program, struct sock_filter filter) {
    if (program->count == sizeof program->steps / sizeof *program->steps) {
        program->overflows = true;
        return;
    }
    program->steps[program->count++] = filter;
}

static void end(struct program * program, uint32_t action) {
    step(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

static void load(struct program * program, size_t offset) {
    step(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static size_t low_half(int argument) { return offsetof(struct seccomp_data, args) + 8 * (size_t)argument; }

// `number` gets `action`.
static void answer(struct program * program, long number, uint32_t action) {
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1));
    end(program, action);
}

static void allow(struct program * program, long number) { answer(program, number, SECCOMP_RET_ALLOW); }

// `number` is allowed when all bits of `mask` in its argument are as in `value`, else the refusal.
static void allow_when(struct program * program, long number, int argument, uint32_t mask, uint32_t value) {
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 5));
    load(program, low_half(argument));
    step(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    end(program, SECCOMP_RET_ALLOW);
    end(program, program->refusal);
}

// `number` is allowed when its argument is one of two values.
static void allow_one_of(struct program * program, long number, int argument, uint32_t first, uint32_t second) {
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 5));
    load(program, low_half(argument));
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 1, 0));
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 0, 1));
    end(program, SECCOMP_RET_ALLOW);
    end(program, program->refusal);
}

static void begin(struct program * program, bool refuses_only) {
    program->count = 0;
    program->overflows = false;
    program->refusal = refuses_only ? (SECCOMP_RET_ERRNO | EPERM) : SECCOMP_RET_KILL_PROCESS;
    load(program, offsetof(struct seccomp_data, arch));
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0));
    end(program, SECCOMP_RET_KILL_PROCESS);
    load(program, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    // The x32 numbers of the same calls.
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000U, 0, 1));
    end(program, SECCOMP_RET_KILL_PROCESS);
#endif
}

static int32_t install(const struct program * program) {
    if (program->overflows) return -E2BIG;
    const struct sock_fprog filter = {.len = program->count, .filter = (struct sock_filter *)program->steps};
    const long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
    if (result == 0) return 0;
    return result < 0 ? -errno : -EBUSY; // a thread that could not be brought along
}

int32_t roost_seccomp_available(void) {
    const uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 ? 0 : -errno;
}

// What the weaker profile still forbids: other programs, other processes, networks, and more of the kernel.
static void forbid_for_gpu(struct program * program) {
    static const long forbidden[] = {
        SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kill, SYS_tkill,
        SYS_connect, SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_sendto, SYS_unshare, SYS_setns, SYS_mount,
        SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_keyctl, SYS_add_key,
        SYS_request_key, SYS_init_module, SYS_finit_module, SYS_io_uring_setup, SYS_setuid, SYS_setgid, SYS_unlinkat,
        SYS_renameat, SYS_linkat, SYS_symlinkat, SYS_fchmod, SYS_fchmodat, SYS_fchownat,
    };
    for (size_t index = 0; index < sizeof forbidden / sizeof *forbidden; index++) {
        answer(program, forbidden[index], program->refusal);
    }
    allow_when(program, SYS_clone, 0, CLONE_THREAD, CLONE_THREAD);
    answer(program, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    end(program, SECCOMP_RET_ALLOW);
}

static void allow_for_worker(struct program * program, const struct roost_sandbox * sandbox) {
    static const long allowed[] = {
        // Its socket, its log, and the descriptors of the model.
        SYS_read, SYS_write, SYS_pread64, SYS_lseek, SYS_close, SYS_fstat, SYS_newfstatat, SYS_sendmsg, SYS_recvmsg,
        SYS_fadvise64,
        // Computed prompts are written to a file that the parent handed over.
        SYS_pwrite64, SYS_ftruncate, SYS_fsync,
        // Memory.
        SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_sysinfo,
        // Threads and time.
        SYS_futex, SYS_exit, SYS_exit_group, SYS_set_robust_list, SYS_rseq, SYS_sched_yield, SYS_sched_getaffinity,
        SYS_sched_setaffinity, SYS_gettid, SYS_getpid, SYS_clock_gettime, SYS_clock_nanosleep, SYS_getrandom,
        // Signals of its own.
        SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
        // The kernel puts this in the place of a wait that SIGSTOP and SIGCONT interrupted.
        SYS_restart_syscall,
        // The engine takes a copy of a model's descriptor for its FILE.
        SYS_dup,
        // poll(2); the C library of aarch64 has no other.
        SYS_ppoll,
#ifdef __x86_64__
        SYS_poll,
#endif
        // libstdc++ writes its last words in one piece.
        SYS_writev,
    };
    for (size_t index = 0; index < sizeof allowed / sizeof *allowed; index++) allow(program, allowed[index]);
    allow_when(program, SYS_mmap, 2, PROT_EXEC, 0);
    allow_when(program, SYS_mprotect, 2, PROT_EXEC, 0);
    allow_when(program, SYS_clone, 0, CLONE_THREAD, CLONE_THREAD);
    // Its flags are in memory, where a filter cannot see them; glibc goes on with clone.
    answer(program, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    allow_when(program, SYS_fcntl, 1, ~0U, F_GETFL);
    // Threads give themselves names, and Foundation reads them first.
    allow_one_of(program, SYS_prctl, 0, PR_SET_NAME, PR_GET_NAME);
    // abort(): a failed assertion of the engine is to be told from a forbidden call.
    allow_when(program, SYS_tgkill, 0, ~0U, (uint32_t)getpid());
    if (sandbox->locks_memory) {
        allow(program, SYS_mlock);
        allow(program, SYS_munlock);
    }
    // Limits may be read, of this process.
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 0, 8));
    load(program, low_half(2));
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5));
    load(program, low_half(2) + 4);
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3));
    load(program, low_half(0));
    step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1));
    end(program, SECCOMP_RET_ALLOW);
    end(program, program->refusal);

    // Until the model is loaded: the files that Landlock allows, for reading; standard error becomes /dev/null; and the
    // second filter can be put on.
    allow_when(
        program, SYS_openat, 2, O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (__O_TMPFILE & ~O_DIRECTORY), O_RDONLY);
    allow(program, SYS_dup3);
#ifdef __x86_64__
    allow(program, SYS_dup2);
#endif
    allow_when(program, SYS_seccomp, 0, ~0U, SECCOMP_SET_MODE_FILTER);
    end(program, program->refusal);
}

int32_t roost_seccomp_enter(const struct roost_sandbox * sandbox) {
    struct program program;
    begin(&program, sandbox->refuses_only);
    if (sandbox->uses_gpu) {
        forbid_for_gpu(&program);
    } else {
        allow_for_worker(&program, sandbox);
    }
    return install(&program);
}

int32_t roost_seccomp_close_files(bool refuses_only) {
    struct program program;
    begin(&program, refuses_only);
    answer(&program, SYS_openat, program.refusal);
    answer(&program, SYS_dup3, program.refusal);
#ifdef __x86_64__
    answer(&program, SYS_dup2, program.refusal);
#endif
    answer(&program, SYS_seccomp, program.refusal);
    end(&program, SECCOMP_RET_ALLOW);
    return install(&program);
}
#endif
