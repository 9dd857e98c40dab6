/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a user says about devices: whether one needs its configuration
 *                space set up before its data; and how that is written.
 * Must not know: what follows from it.
 * See also:      check/ and filter/, whose options are the same.
 *
 *   NEED            of every device
 *   NEED:PATTERN    of those whose section's name, "0000:00:02.0/vfio", matches
 * NEED is auto, yes or no; a pattern is a shell's with * and ?.  Of several the last one that
 * matches holds; where none does, auto.
 */
#ifndef MIG_STREAM_VFIO_NEED_H
#define MIG_STREAM_VFIO_NEED_H

#include <glib.h>
#include <stdbool.h>

#include "io/visibility.h"
#include "stream/address.h"

G_BEGIN_DECLS

typedef enum MigVfioNeed {
    MIG_VFIO_NEED_AUTO, /* as the stream's own order says */
    MIG_VFIO_NEED_YES,
    MIG_VFIO_NEED_NO,
} MigVfioNeed;

typedef struct MigVfioNeeds MigVfioNeeds;

/* None yet: AUTO holds for all. */
MIG_API MigVfioNeeds *mig_vfio_needs_new(void);
MIG_API void mig_vfio_needs_free(MigVfioNeeds *needs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigVfioNeeds, mig_vfio_needs_free)

/* Adds @text, "yes:0000:00:02.0/vfio".  Errors: USAGE. */
MIG_API bool mig_vfio_needs_add(MigVfioNeeds *needs, const char *text, GError **error);

/* What holds for the device whose section is called @name. */
MIG_API MigVfioNeed mig_vfio_needs_lookup(const MigVfioNeeds *needs, const char *name);

/* The patterns, of those that have one, to be tried on the devices there are.  The caller
 * frees it. */
MIG_API MigAddresses *mig_vfio_needs_addresses(const MigVfioNeeds *needs);

/* Whether every device, whatever its name, has the need @need. */
MIG_API bool mig_vfio_needs_always(const MigVfioNeeds *needs, MigVfioNeed need);

/* "auto", "yes", "no": a static string. */
MIG_API const char *mig_vfio_need_name(MigVfioNeed need);

G_END_DECLS

#endif
