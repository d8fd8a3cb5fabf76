// Tells ThreadSanitizer what it cannot see of Swift's own libraries on Linux, which are not built with it: by LD_PRELOAD
// these functions stand in for theirs, and say what orders what.
//
// A Mutex that is taken at once is an atomic exchange, which ThreadSanitizer sees. When one has to wait, the kernel hands
// the lock over (FUTEX_LOCK_PI), which it does not: everything that the lock guards would then look like a race.
//
// A continuation that was resumed before its task awaits it hands its value over by an atomic inside the library.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// What the program has when it was built with ThreadSanitizer; NULL in the programs that it starts.
__attribute__((weak)) void __tsan_acquire(void * address);
__attribute__((weak)) void __tsan_release(void * address);
__attribute__((weak)) SWIFT void * swift_task_getCurrent(void);

static void acquire(void * address) {
    if (__tsan_acquire && address) __tsan_acquire(address);
}

static void release(void * address) {
    if (__tsan_release && address) __tsan_release(address);
}

// The library's own function of this name, looked up once: doing it twice at the same time does no harm.
#define ORIGINAL(type, name)                                                                                           \
    static type * original;                                                                                            \
    if (!original) original = (type *)dlsym(RTLD_NEXT, name)

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slowly(uint32_t thread, SELF void * mutex) __asm__(LOCK);
SWIFT void lock_slowly(uint32_t thread, SELF void * mutex) {
    typedef SWIFT void function(uint32_t, SELF void *);
    ORIGINAL(function, LOCK);
    original(thread, mutex);
    acquire(mutex);
}

SWIFT void unlock_slowly(SELF void * mutex) __asm__(UNLOCK);
SWIFT void unlock_slowly(SELF void * mutex) {
    typedef SWIFT void function(SELF void *);
    ORIGINAL(function, UNLOCK);
    release(mutex);
    original(mutex);
}

// A continuation is its task.
SWIFT void swift_continuation_resume(void * task) {
    typedef SWIFT void function(void *);
    ORIGINAL(function, "swift_continuation_resume");
    release(task);
    original(task);
}

SWIFT void swift_continuation_throwingResume(void * task) {
    typedef SWIFT void function(void *);
    ORIGINAL(function, "swift_continuation_throwingResume");
    release(task);
    original(task);
}

SWIFT void swift_continuation_throwingResumeWithError(void * task, void * error) {
    typedef SWIFT void function(void *, void *);
    ORIGINAL(function, "swift_continuation_throwingResumeWithError");
    release(task);
    original(task, error);
}

__attribute__((swiftasynccall)) void swift_continuation_await(void * context) {
    typedef __attribute__((swiftasynccall)) void function(void *);
    ORIGINAL(function, "swift_continuation_await");
    if (swift_task_getCurrent) acquire(swift_task_getCurrent());
    __attribute__((musttail)) return original(context);
}
