/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      QEMU's releases, and in which of them the words of the format are known.
 * Knows not: streams.
 * Beside it: check/rules-for.c.
 */
#ifndef MIG_CHECK_RELEASE_H
#define MIG_CHECK_RELEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/visibility.h"

/* 100 * major + minor: 502 is 5.2.  Stable releases (7.2.22) are as their first. */
typedef uint32_t MigRelease;

#define MIG_RELEASE_NONE  0u
#define MIG_RELEASE_FIRST 502u
#define MIG_RELEASE_LAST  1101u

/* "qemu-7.2", "7.2" or "7.2.22"; false unless it is a release from 5.2 to 11.1. */
MIG_API bool mig_release_parse(const char *text, MigRelease *release);

static inline unsigned mig_release_major(MigRelease release)
{
    return release / 100;
}

static inline unsigned mig_release_minor(MigRelease release)
{
    return release % 100;
}

/* The first release that knows it, MIG_RELEASE_FIRST for what is older, MIG_RELEASE_NONE
 * for what none does. */
MIG_API MigRelease mig_release_of_command(uint16_t id);
MIG_API MigRelease mig_release_of_vfio_flag(uint64_t flag);
MIG_API MigRelease mig_release_of_capability(const char *name);

/* The release in the name of a versioned machine type ("pc-q35-7.2"), or
 * MIG_RELEASE_NONE. */
MIG_API MigRelease mig_release_of_machine(const char *machine);

#endif
