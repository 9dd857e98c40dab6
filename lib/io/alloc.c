/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see alloc.h.
 * Must not know: inputs and errors.
 * See also:      io/input.c.
 */
#include "io/alloc.h"

#include <malloc.h>
#include <sys/mman.h>

/* Less than this, and the reserve pays for it. */
#define SMALL ((size_t)64 << 10)

/* Mapped and unmapped, since malloc() would change how it works after a large block. */
static bool can_map(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        return false;
    }
    munmap(p, n);
    return true;
}

/* What malloc() has in store, it gives back. */
static bool trim(void)
{
#ifdef __GLIBC__
    return malloc_trim(0) != 0;
#else
    return false;
#endif
}

bool mig_alloc_room(size_t n)
{
    size_t all;

    return !__builtin_add_overflow(n, MIG_ALLOC_RESERVE, &all) &&
           (can_map(all) || (trim() && can_map(all)));
}

/* @p, unless it has taken the reserve. */
static void *with_reserve(void *p, size_t n)
{
    if (p && n > SMALL && !mig_alloc_room(0)) {
        g_free(p);
        return NULL;
    }
    return p;
}

void *mig_try_alloc(size_t n)
{
    return with_reserve(g_try_malloc(MAX(n, 1)), n);
}

/* calloc() need not touch memory that the kernel gives zeroed. */
void *mig_try_alloc0(size_t n)
{
    return with_reserve(g_try_malloc0(MAX(n, 1)), n);
}

bool mig_meter_spend(MigMeter *meter, size_t n)
{
    if (__builtin_add_overflow(meter->spent, n, &meter->spent)) {
        return false;
    }
    if (meter->spent <= meter->granted + SMALL) {
        return true;
    }
    /* As much again for containers that double. */
    if (!mig_alloc_room(meter->spent)) {
        return false;
    }
    meter->granted = meter->spent;
    return true;
}
