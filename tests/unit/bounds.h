/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a test may use up, and what the tests of one suite counted.
 * Must not know: any test.
 * See also:      test-damage.c, test-fuzz.c, test-hostile.c.
 */
#ifndef TESTS_UNIT_BOUNDS_H
#define TESTS_UNIT_BOUNDS_H

#include "support.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Whether the library is as it is shipped, and not with somebody's shadow memory. */
static inline bool is_release(void)
{
    const char *variant = g_getenv("VARIANT");

    return !variant || strcmp(variant, "release") == 0;
}

/* Whether all takes some 50 times as long, and a sample has to do. */
static inline bool is_slow(void)
{
    const char *variant = g_getenv("VARIANT");

    return variant && (strcmp(variant, "valgrind") == 0 || strcmp(variant, "tsan") == 0);
}

/* FULL=1 tries all that there is; else a sample, which SEED=NUMBER chooses. */
static inline bool is_full(void)
{
    const char *full = g_getenv("FULL");

    return full && *full && strcmp(full, "0") != 0;
}

/* A generator for the @i-th test of a suite. */
static inline GRand *seeded(int i)
{
    const char *seed = g_getenv("SEED");
    const guint32 seeds[] = { seed ? (guint32)g_ascii_strtoull(seed, NULL, 10) : 1,
                              (guint32)i };

    return g_rand_new_with_seed_array(seeds, G_N_ELEMENTS(seeds));
}

/* From here on this process, forked for one test, has so many bytes of anonymous memory
 * more than it has now: asking for more ends it, and fails the test.  What judges it afterwards
 * may raise the limit again. */
static inline void limit_memory(size_t bytes)
{
    g_autofree char *status = NULL;
    const char *line;

    if (!is_release() || !g_file_get_contents("/proc/self/status", &status, NULL, NULL)) {
        return;
    }
    line = strstr(status, "VmData:");
    ck_assert_ptr_nonnull(line);
    rlim_t limit = strtoull(line + strlen("VmData:"), NULL, 10) * 1024 + bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &(struct rlimit){ limit, RLIM_INFINITY }), 0);
}

/* Memory that the forks of a suite share. */
static inline void *shared_counts(size_t size)
{
    void *counts =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return counts == MAP_FAILED ? NULL : counts;
}

#endif
