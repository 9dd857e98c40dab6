/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the shape of a destination: what its loader expects, without the values.
 * Must not know: what is wrong with a stream that differs; check/rules-dest.c does.
 * See also:      check/check.h, MigCheckOptions.against; migstat-check(1), which says how to
 *                make a destination show itself.
 *
 * A load does not fail in a stream, it fails between a stream and a destination.  What is
 * known of a destination comes from one of:
 *
 *   stream           what it wrote itself, freshly started with its command line
 *   -dump-vmstate    the file of that option: versions and fields of all devices that are
 *                    compiled in, whether the machine has one or not
 *   transcript       what its monitor answered, as JSON or as text: PCI functions and their BARs,
 *                    virtio features that are offered, memory devices, possible CPUs
 *
 * Each can show something else.  What it cannot show is not compared.
 */
#ifndef MIG_SHAPE_SHAPE_H
#define MIG_SHAPE_SHAPE_H

#include "io/input.h"

G_BEGIN_DECLS

typedef struct MigShape MigShape;

/* The longest -dump-vmstate file that is read, in bytes, and transcript; those of QEMU 11.1 have
 * 3 MiB. */
#define MIG_DUMP_VMSTATE_MAX (16u << 20)

/*
 * Reads what @in shows of a destination; what it is tells its beginning.  @in is borrowed, at its
 * start, and must outlive the shape; what cannot seek is held, mig_input_hold().  More is read
 * when a stream is compared with it, which one thread at a time does.
 * NULL with *error: of @in or of the stream in it; MALFORMED for a -dump-vmstate file or a
 * transcript that is cut off or something else.
 */
MIG_API MigShape *mig_shape_new(MigInput *in, GError **error);
MIG_API void mig_shape_free(MigShape *shape);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigShape, mig_shape_free)

/* What was not comparable with it: "which devices the machine has, ...", a static string. */
MIG_API const char *mig_shape_lacks(const MigShape *shape);

G_END_DECLS

#endif
