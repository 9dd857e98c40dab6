/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          ELF structures as bytes, of either class and byte order.
 * Must not know: what is in them.  Private to the library.
 * See also:      memory/core.c.
 *
 * Source: System V ABI, chapters 4 and 5.
 */
#ifndef MIG_MEMORY_ELF_H
#define MIG_MEMORY_ELF_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct MigElf {
    uint16_t machine;
    bool wide; /* ELFCLASS64 */
    bool big;  /* ELFDATA2MSB */
} MigElf;

/* Appends the low @n bytes of @value to @out. */
void mig_elf_put(const MigElf *elf, GByteArray *out, uint64_t value, unsigned n);

/* Appends @n bytes of zeros, which have no order. */
void mig_elf_put_zeros(GByteArray *out, size_t n);

/* Appends a note. */
void mig_elf_put_note(const MigElf *elf, GByteArray *out, const char *name, uint32_t type,
                      const GByteArray *content);

/* Appends the header of a core with so many program headers, which follow. */
void mig_elf_put_header(const MigElf *elf, GByteArray *out, unsigned segments);

/* Appends a program header of what is at @offset of the file. */
void mig_elf_put_segment(const MigElf *elf, GByteArray *out, uint32_t type,
                         uint64_t offset, uint64_t address, uint64_t length);

/* Bytes of the header, and of a program header. */
size_t mig_elf_header_size(const MigElf *elf);
size_t mig_elf_segment_size(const MigElf *elf);

#endif
