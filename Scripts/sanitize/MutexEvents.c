// Tells ThreadSanitizer what Swift's Mutex does on Linux when two threads want it at once.
//
// Taken at once, a Mutex is an atomic exchange, which ThreadSanitizer sees. When one has to wait, the kernel hands the
// lock over (FUTEX_LOCK_PI), which it does not see: everything that the lock guards would then look like a race. The two
// functions of Swift's library that make those system calls are stood in for here, by LD_PRELOAD, and say so.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

typedef SWIFT void lock_function(uint32_t thread, SELF void * mutex);
typedef SWIFT void unlock_function(SELF void * mutex);

// What the program has when it was built with ThreadSanitizer; NULL in the programs that it starts.
__attribute__((weak)) void __tsan_acquire(void * address);
__attribute__((weak)) void __tsan_release(void * address);

SWIFT void lock_slowly(uint32_t thread, SELF void * mutex) __asm__(
    "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
SWIFT void unlock_slowly(SELF void * mutex) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

SWIFT void lock_slowly(uint32_t thread, SELF void * mutex) {
    static lock_function * original;
    if (!original)
        original = (lock_function *)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
    original(thread, mutex);
    if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT void unlock_slowly(SELF void * mutex) {
    static unlock_function * original;
    if (!original)
        original = (unlock_function *)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
    if (__tsan_release) __tsan_release(mutex);
    original(mutex);
}
