/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the release of migstat and of its library.
 * Must not know: anything else.
 * See also:      Makefile, which reads the numbers; CHANGELOG.md; lib/libmigstat.map.
 */
#ifndef MIG_IO_VERSION_H
#define MIG_IO_VERSION_H

#include "io/visibility.h"

G_BEGIN_DECLS

/* Of the headers that a program is compiled with. */
#define MIG_VERSION_MAJOR 0
#define MIG_VERSION_MINOR 2
#define MIG_VERSION_MICRO 0

/* Whether they are of that release or a later one. */
#define MIG_CHECK_VERSION(major, minor, micro)                        \
    (MIG_VERSION_MAJOR > (major) ||                                   \
     (MIG_VERSION_MAJOR == (major) && MIG_VERSION_MINOR > (minor)) || \
     (MIG_VERSION_MAJOR == (major) && MIG_VERSION_MINOR == (minor) && \
      MIG_VERSION_MICRO >= (micro)))

/* The release of the library that the program runs with, "0.2.0": a static string. */
MIG_API const char *mig_version(void);

G_END_DECLS

#endif
