// Tells ThreadSanitizer what it cannot see of Swift's own libraries on Linux, which are not built with it: by LD_PRELOAD
// these functions stand in for theirs, and say what orders what.
//
// A Mutex that is taken at once is an atomic exchange, which ThreadSanitizer sees. When one has to wait, the kernel hands
// the lock over (FUTEX_LOCK_PI), which it does not: everything that the lock guards would then look like a race.
//
// A continuation that is resumed before its task waits, or while it is about to, hands its value over by an atomic inside
// the library, and the task goes on at once. What a task does after that begins with freeing what the call had needed.

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

// CheckedContinuation.resume(returning:) and resume(throwing:), whose own calls of the above stay inside the library: the
// value, its type, and the structure with its one object, which has the task behind its header.
#define RETURNING "$sScC6resume9returningyxn_tF"
#define THROWING "$sScC6resume8throwingyq_n_tF"

static void release_checked(void ** checked) { release(*(void **)((char *)*checked + 2 * sizeof(void *))); }

SWIFT void resume_returning(void * value, void * type, SELF void ** checked) __asm__(RETURNING);
SWIFT void resume_returning(void * value, void * type, SELF void ** checked) {
    typedef SWIFT void function(void *, void *, SELF void **);
    ORIGINAL(function, RETURNING);
    release_checked(checked);
    original(value, type, checked);
}

SWIFT void resume_throwing(void * error, void * type, SELF void ** checked) __asm__(THROWING);
SWIFT void resume_throwing(void * error, void * type, SELF void ** checked) {
    typedef SWIFT void function(void *, void *, SELF void **);
    ORIGINAL(function, THROWING);
    release_checked(checked);
    original(error, type, checked);
}

static void acquire_task(void) {
    if (swift_task_getCurrent) acquire(swift_task_getCurrent());
}

__attribute__((swiftasynccall)) void swift_continuation_await(void * context) {
    typedef __attribute__((swiftasynccall)) void function(void *);
    ORIGINAL(function, "swift_continuation_await");
    acquire_task();
    __attribute__((musttail)) return original(context);
}

SWIFT void swift_task_dealloc(void * memory) {
    typedef SWIFT void function(void *);
    ORIGINAL(function, "swift_task_dealloc");
    original(memory);
    acquire_task();
}
