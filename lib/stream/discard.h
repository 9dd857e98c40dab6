/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the payload of POSTCOPY_RAM_DISCARD.
 * Must not know: what is done about it.  Private to the library.
 * See also:      stream/command.c.
 *
 * u8 version 0 | pstr8 name of the block | u8 0 | ranges, each be64 start | be64 length, in
 * bytes of the block.
 * Source: migration/savevm.c, qemu_savevm_send_postcopy_ram_discard(),
 * loadvm_postcopy_ram_handle_discard(); 5.2 to 11.1.
 */
#ifndef MIG_STREAM_DISCARD_H
#define MIG_STREAM_DISCARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MigDiscard {
    const char *name; /* no NUL at its end */
    uint8_t name_length;
    size_t n_ranges;
    const uint8_t *ranges;
} MigDiscard;

/* @p: the command, @n bytes, which *discard borrows.  False if it is none. */
bool mig_discard_parse(const uint8_t *p, size_t n, MigDiscard *discard);

/* Where the @i-th range starts, and its length. */
uint64_t mig_discard_range(const MigDiscard *discard, size_t i, uint64_t *length);

/* Whether each range is pages of @page_size bytes (0: not known, and none is) of a block of @size
 * bytes, after those of the range before; as ram_postcopy_send_discard_bitmap() sends them. */
bool mig_discard_has_pages(const MigDiscard *discard, uint64_t size, uint32_t page_size);

#endif
