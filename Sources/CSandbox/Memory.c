#include "CSandbox.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

void roost_return_freed_memory(void) {
#ifdef __GLIBC__
    // Setting it at all ends its growth.
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
#endif
}
