/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the ELF core of a guest: headers, and notes of its CPUs.
 * Must not know: which pages there are; memory/image.h writes those.
 * See also:      device/registers.h.
 *
 * It is what QEMU's dump-guest-memory writes without paging: a PT_LOAD for each range of memory,
 * for each CPU NT_PRSTATUS and on x86 a note "QEMU", and VMCOREINFO if the guest left one.
 */
#ifndef MIG_MEMORY_CORE_H
#define MIG_MEMORY_CORE_H

#include "memory/image.h"

G_BEGIN_DECLS

/* Bytes of the file before guest address 0: there are headers and notes. */
#define MIG_CORE_ROOM (UINT64_C(4) << 20)

typedef struct MigCore MigCore;

/* Of the stream that @reader is to read; borrowed, and it must outlive the core. */
MIG_API MigCore *mig_core_new(MigReader *reader);
MIG_API void mig_core_free(MigCore *core);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MigCore, mig_core_free)

/* Looks at @item, the one that the reader has just read; all items of a stream in order. */
MIG_API void mig_core_watch(MigCore *core, const MigItem *item);

/* Writes headers and notes to @fd, the file of @image, which was made by @map with a room of
 * MIG_CORE_ROOM, and is finished.
 * Errors: UNSUPPORTED, of a CPU that no core is written for, or where no CPU could be read; LIMIT,
 * of more notes than there is room for, or of addresses that ELF32 does not have; IO. */
MIG_API bool mig_core_write(const MigCore *core, const MigMemoryImage *image,
                            const MigMemoryMap *map, int fd, GError **error);

/* CPUs in it. */
MIG_API unsigned mig_core_cpus(const MigCore *core);

G_END_DECLS

#endif
