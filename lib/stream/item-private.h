/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          making a section or a block, whose name lies after it; keeping something of
 *                an item.
 * Must not know: what is done with it.  Private to the library.
 * See also:      stream/item.h.
 */
#ifndef MIG_STREAM_ITEM_PRIVATE_H
#define MIG_STREAM_ITEM_PRIVATE_H

#include <string.h>

#include "io/error.h"
#include "io/long-array.h"
#include "stream/item.h"

/* The name as a client sees it: @n bytes of @name, kept in @room, and a NUL. */
static inline const char *mig_name_after(void *room, const void *name, uint8_t n)
{
    memcpy(room, name, n);
    ((char *)room)[n] = '\0';
    return room;
}

/* A section with what the library alone knows of it: every section is one. */
typedef struct MigOwnSection {
    MigSection section;
    const struct MigBody
        *body; /* how its bodies are read: stream/body.h; NULL: not yet known */
} MigOwnSection;

/* Zeros, but for a name of @n bytes.  The caller frees it, with g_free(). */
static inline MigSection *mig_section_new(const void *name, uint8_t n)
{
    MigOwnSection *own = g_malloc0(sizeof(MigOwnSection) + n + 1u);

    own->section.name_length = n;
    own->section.name = mig_name_after(own + 1, name, n);
    return &own->section;
}

static inline const struct MigBody *mig_section_body(const MigSection *section)
{
    return ((const MigOwnSection *)(const void *)section)->body;
}

static inline void mig_section_set_body(MigSection *section, const struct MigBody *body)
{
    ((MigOwnSection *)(void *)section)->body = body;
}

static inline MigRamBlock *mig_ram_block_new(const void *name, uint8_t n)
{
    MigRamBlock *block = g_malloc0(sizeof(MigRamBlock) + n + 1u);

    block->name_length = n;
    block->name = mig_name_after(block + 1, name, n);
    return block;
}

/* The idstr without the path of a device: "virtio-net" of "0000:00:02.0/virtio-net". */
const char *mig_section_handler(const char *idstr);

/* Whether it is a part of a CPU, without which a guest cannot go on. */
bool mig_section_is_of_cpu(const char *idstr);

/* A copy of @section with the idstr @name, of at most 255 bytes; free with g_free().  NULL
 * where a section of that name would be read in another way, and so could not be it. */
MigSection *mig_section_renamed(const MigSection *section, const char *name);

/* One more at the end of @array, zeroed, for what is kept of @item; NULL with *error (IO), at
 * its place, where there is no room. */
void *mig_item_keep(MigLongArray *array, const MigItem *item, GError **error);

/* Numbers that sections were given, uint32_t by MigSection.index; 0: none. */
uint32_t mig_section_number(const MigLongArray *numbers, const MigSection *section);

/* Gives @number to the section of @item, as mig_item_keep(). */
bool mig_section_set_number(MigLongArray *numbers, const MigItem *item, uint32_t number,
                            GError **error);

#endif
