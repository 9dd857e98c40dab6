/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see elf.h.
 * Must not know: what is in them.
 * See also:      memory/core.c.
 */
#include "memory/elf.h"

#include <elf.h>
#include <string.h>

void mig_elf_put(const MigElf *elf, GByteArray *out, uint64_t value, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * (elf->big ? n - 1 - i : i));

        g_byte_array_append(out, &byte, 1);
    }
}

void mig_elf_put_zeros(GByteArray *out, size_t n)
{
    guint at = out->len;

    g_byte_array_set_size(out, (guint)(at + n));
    memset(out->data + at, 0, n);
}

static void pad(GByteArray *out)
{
    mig_elf_put_zeros(out, (4 - out->len % 4) % 4);
}

void mig_elf_put_note(const MigElf *elf, GByteArray *out, const char *name, uint32_t type,
                      const GByteArray *content)
{
    mig_elf_put(elf, out, strlen(name) + 1, 4);
    mig_elf_put(elf, out, content->len, 4);
    mig_elf_put(elf, out, type, 4);
    g_byte_array_append(out, (const uint8_t *)name, (guint)strlen(name) + 1);
    pad(out);
    g_byte_array_append(out, content->data, content->len);
    pad(out);
}

/* What is 4 bytes in one class and 8 in the other. */
static void put_word(const MigElf *elf, GByteArray *out, uint64_t value)
{
    mig_elf_put(elf, out, value, elf->wide ? 8 : 4);
}

size_t mig_elf_header_size(const MigElf *elf)
{
    return elf->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

size_t mig_elf_segment_size(const MigElf *elf)
{
    return elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

void mig_elf_put_header(const MigElf *elf, GByteArray *out, unsigned segments)
{
    const uint8_t ident[EI_NIDENT] = { ELFMAG0,
                                       ELFMAG1,
                                       ELFMAG2,
                                       ELFMAG3,
                                       elf->wide ? ELFCLASS64 : ELFCLASS32,
                                       elf->big ? ELFDATA2MSB : ELFDATA2LSB,
                                       EV_CURRENT };

    g_byte_array_append(out, ident, sizeof(ident));
    mig_elf_put(elf, out, ET_CORE, 2);
    mig_elf_put(elf, out, elf->machine, 2);
    mig_elf_put(elf, out, EV_CURRENT, 4);
    put_word(elf, out, 0); /* no entry */
    put_word(elf, out, mig_elf_header_size(elf));
    put_word(elf, out, 0);       /* no sections */
    mig_elf_put(elf, out, 0, 4); /* no flags */
    mig_elf_put(elf, out, mig_elf_header_size(elf), 2);
    mig_elf_put(elf, out, mig_elf_segment_size(elf), 2);
    mig_elf_put(elf, out, segments, 2);
    mig_elf_put_zeros(out, 6); /* again, no sections */
}

void mig_elf_put_segment(const MigElf *elf, GByteArray *out, uint32_t type,
                         uint64_t offset, uint64_t address, uint64_t length)
{
    mig_elf_put(elf, out, type, 4);
    if (elf->wide) {
        mig_elf_put(elf, out, 0, 4); /* flags, of which QEMU sets none */
    }
    put_word(elf, out, offset);
    put_word(elf, out, address);
    put_word(elf, out, address);
    put_word(elf, out, length);
    put_word(elf, out, length);
    if (!elf->wide) {
        mig_elf_put(elf, out, 0, 4);
    }
    put_word(elf, out, 0); /* no alignment */
}
