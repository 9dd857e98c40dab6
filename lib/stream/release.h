/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          QEMU's releases, and in which of them the words of the format are known.
 * Must not know: streams.
 * See also:      check/rules-for.c, which judges by them.
 */
#ifndef MIG_STREAM_RELEASE_H
#define MIG_STREAM_RELEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/visibility.h"

G_BEGIN_DECLS

/* MIG_RELEASE(5, 2) is 5.2; larger is later.  Stable releases (7.2.22) are as their first. */
typedef uint32_t MigRelease;

#define MIG_RELEASE(major, minor) ((MigRelease)((major)*100u + (minor)))
#define MIG_RELEASE_NONE          0u
#define MIG_RELEASE_FIRST         MIG_RELEASE(5, 2)
#define MIG_RELEASE_LAST          MIG_RELEASE(11, 1)

/* "qemu-7.2", "7.2" or "7.2.22"; false unless it is a release from 5.2 to 11.1. */
MIG_API bool mig_release_parse(const char *text, MigRelease *release);

/* The releases there are, oldest first; MIG_RELEASE_NONE beyond the last. */
MIG_API MigRelease mig_release_at(size_t index);

/* A set of releases: bit i is that of mig_release_at(i). */
typedef uint64_t MigReleaseSet;

/* Those from @first to @last, which need be no releases themselves. */
MIG_API MigReleaseSet mig_releases_between(MigRelease first, MigRelease last);

/* The oldest of a set, MIG_RELEASE_NONE for an empty one. */
MIG_API MigRelease mig_releases_oldest(MigReleaseSet set);

/* "5.2, 6.1 to 7.2 and 11.1", where "to" leaves out no release.  The caller frees. */
MIG_API char *mig_releases_text(MigReleaseSet set);

static inline MigReleaseSet mig_releases_all(void)
{
    return mig_releases_between(MIG_RELEASE_FIRST, MIG_RELEASE_LAST);
}

static inline MigReleaseSet mig_releases_one(MigRelease release)
{
    return mig_releases_between(release, release);
}

static inline unsigned mig_release_major(MigRelease release)
{
    return release / 100;
}

static inline unsigned mig_release_minor(MigRelease release)
{
    return release % 100;
}

/* First release whose loader knows the value: MIG_RELEASE_FIRST if all covered do,
 * MIG_RELEASE_NONE if none does. */
MIG_API MigRelease mig_release_of_command(uint16_t id);
MIG_API MigRelease mig_release_of_vfio_flag(uint64_t flag);
MIG_API MigRelease mig_release_of_capability(const char *name);

/* The release in the name of a versioned machine type ("pc-q35-7.2"), or
 * MIG_RELEASE_NONE. */
MIG_API MigRelease mig_release_of_machine(const char *machine);

/*
 * Whether all machine types that begin like @machine, and record a configuration, end in
 * a version: the length of what they begin with ("pc-q35-": 7), or 0.
 */
MIG_API size_t mig_release_machine_family(const char *machine);

G_END_DECLS

#endif
