/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see tables.h.
 * Must not know: how pages are encoded.
 * See also:      device/ram-image.h.
 *
 * Source: ACPI Specification 6.4, 5.2.6 and 5.2.16; hw/i386/acpi-build.c, build_srat(), and
 * hw/arm/virt-acpi-build.c, build_srat(), 5.2 to 11.1.  The firmware copies the tables and sets
 * their checksums in its copy, so those of the block are not set.
 */
#include "memory/tables.h"

#include <string.h>
#include <unistd.h>

#include "device/ram-image.h"
#include "io/alloc.h"
#include "io/byte-order.h"
#include "io/temporary.h"

/* hw/i386/acpi-build.c, acpi_setup(); include/hw/acpi/aml-build.h, ACPI_BUILD_TABLE_FILE and
 * ACPI_BUILD_TABLE_MAX_SIZE. */
#define BLOCK     "/rom@etc/acpi/tables"
#define BLOCK_MAX (2u << 20)

enum {
    HEADER = 36, /* bytes that all tables begin with, but FACS */
    LENGTH = 4,  /* where in it a table's length is */
    SRAT_ENTRIES = 48,
    MEMORY = 1, /* the type of an entry, of so many bytes: */
    MEMORY_LENGTH = 40,
    DOMAIN = 2, /* where in it what is */
    BASE = 8,
    SIZE = 16,
    FLAGS = 28,
    ENABLED = 1,
    HOTPLUG = 2,
    NON_VOLATILE = 4
};

/* A PC's memory has a hole here, which its node has too. */
#define LEGACY     0xa0000u
#define LEGACY_END 0x100000u

struct MigMemoryTables {
    MigRamImage *image;
    const MigRamBlock *block; /* NULL: it is not in the list so far */
    size_t length;            /* bytes of it */
    int fd;                   /* -1: it cannot be kept */
};

/* A MigRamPlace: no other block is kept. */
static bool place(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                  GError **error)
{
    MigMemoryTables *tables = user;

    (void)error;
    *fd = -1;
    *base = 0;
    if (tables->fd < 0 && strcmp(block->name, BLOCK) == 0 &&
        block->used_length <= BLOCK_MAX) {
        *fd = tables->fd = mig_temporary_open(NULL, NULL);
        tables->block = block;
        tables->length = (size_t)block->used_length;
    }
    return true;
}

MigMemoryTables *mig_memory_tables_new(MigReader *reader)
{
    MigMemoryTables *tables = g_new0(MigMemoryTables, 1);

    tables->fd = -1;
    tables->image = mig_ram_image_new(reader, place, tables);
    return tables;
}

void mig_memory_tables_free(MigMemoryTables *tables)
{
    if (tables) {
        mig_ram_image_free(tables->image);
        if (tables->fd >= 0) {
            close(tables->fd);
        }
        g_free(tables);
    }
}

static bool is_wanted(const MigMemoryTables *tables, const MigItem *item)
{
    const MigRamBlock *block = NULL;

    switch (item->kind) {
    case MIG_ITEM_RAM_BLOCK:
        return true;
    case MIG_ITEM_RAM_PAGES:
        block = item->pages.block;
        break;
    case MIG_ITEM_MAPPED_HEADER:
    case MIG_ITEM_MAPPED_PAGES:
        block = item->block;
        break;
    default:
        break;
    }
    return block && tables->block && block->index == tables->block->index;
}

void mig_memory_tables_watch(MigMemoryTables *tables, const MigItem *item)
{
    if (is_wanted(tables, item)) {
        mig_ram_image_watch(tables->image, item, NULL);
    }
}

/* --- SRAT -------------------------------------------------------------------------------- */

/* Memory of the node that was last, or of a new one. */
static void add_memory(MigMemoryNodes *nodes, const uint8_t *entry, uint32_t *domain,
                       uint64_t *end)
{
    uint64_t base = mig_le64(entry + BASE), size = mig_le64(entry + SIZE);
    bool same = nodes->n && *domain == mig_le32(entry + DOMAIN);

    if (same && *end == LEGACY && base == LEGACY_END) {
        nodes->sizes[nodes->n - 1] += LEGACY_END - LEGACY;
    }
    if (same) {
        nodes->sizes[nodes->n - 1] += size;
    } else if (nodes->n < MIG_MEMORY_NODES_MAX) {
        nodes->sizes[nodes->n++] = size;
    }
    *domain = mig_le32(entry + DOMAIN);
    *end = base + size;
}

static void read_srat(const uint8_t *srat, size_t length, MigMemoryNodes *nodes)
{
    uint32_t domain = 0;
    uint64_t end = 0;

    for (size_t at = SRAT_ENTRIES; at + 2 <= length && srat[at + 1] >= 2;
         at += srat[at + 1]) {
        const uint8_t *entry = srat + at;
        uint32_t flags;

        if (entry[0] != MEMORY || entry[1] < MEMORY_LENGTH ||
            at + MEMORY_LENGTH > length || mig_le64(entry + SIZE) == 0) {
            continue;
        }
        flags = mig_le32(entry + FLAGS);
        if ((flags & (ENABLED | HOTPLUG | NON_VOLATILE)) == ENABLED) {
            add_memory(nodes, entry, &domain, &end);
        } else if ((flags & (ENABLED | HOTPLUG | NON_VOLATILE)) == (ENABLED | HOTPLUG)) {
            nodes->plugged = mig_le64(entry + BASE);
        }
    }
}

static bool is_table(const uint8_t *p, size_t left, uint32_t *length)
{
    for (unsigned i = 0; i < LENGTH; i++) {
        if (!g_ascii_isupper(p[i]) && !g_ascii_isdigit(p[i])) {
            return false;
        }
    }
    *length = mig_le32(p + LENGTH);
    return *length >= HEADER && *length <= left;
}

void mig_memory_tables_nodes(const MigMemoryTables *tables, MigMemoryNodes *nodes)
{
    size_t n = tables->fd >= 0 ? tables->length : 0;
    g_autofree uint8_t *bytes = n ? mig_try_alloc(n) : NULL;
    uint32_t length;

    memset(nodes, 0, sizeof(*nodes));
    if (!bytes || !mig_ram_image_read(tables->image, tables->block, 0, bytes, n, NULL)) {
        return;
    }
    for (size_t at = 0; n - at >= HEADER; at += length) {
        if (!is_table(bytes + at, n - at, &length)) {
            length = 1;
        } else if (memcmp(bytes + at, "SRAT", LENGTH) == 0) {
            read_srat(bytes + at, length, nodes);
        }
    }
}
