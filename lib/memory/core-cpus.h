/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a core says of CPUs: the kind of ELF that it is, and the notes.
 * Must not know: where notes are in a file, and memory.  Private to the library.
 * See also:      memory/core.c; device/registers.h.
 */
#ifndef MIG_MEMORY_CORE_CPUS_H
#define MIG_MEMORY_CORE_CPUS_H

#include "device/registers.h"
#include "memory/elf.h"

/* Zeroed, but for the arrays, before the first CPU. */
typedef struct MigCoreCpus {
    MigElf elf;               /* machine 0: no CPU yet */
    GByteArray *notes, *qemu; /* the latter come after the former */
    unsigned n;
    bool unsupported; /* a CPU was of another kind, or no core has it */
} MigCoreCpus;

/* Adds the CPU of section @instance_id; the first one decides for all, as in QEMU. */
void mig_core_cpus_add(MigCoreCpus *cpus, MigRegisters *registers, uint32_t instance_id);

#endif
