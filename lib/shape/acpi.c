/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see acpi.h.
 * Must not know: what it is needed for.
 * See also:      stream.c, needs.c.
 */
#include "shape/acpi.h"

#include <string.h>
#include <unistd.h>

#include "device/ram-image.h"
#include "io/input-memory.h"
#include "io/temporary.h"
#include "stream/wire.h"

/* Of a MADT, in bytes: its header, where the structures begin; the longest that is looked at. */
#define MADT_HEADER 44u
#define MADT_MAX    (128u << 10)

/* Places that look like a MADT before one is believed to be none. */
#define TABLES_MAX 16u

/* Structures: of a processor with a local APIC, or x2APIC; each begins with type and length. */
enum { LOCAL_APIC = 0, LOCAL_X2APIC = 9 };

/* The processors of the MADT at @table; 0 where its structures do not fill it. */
static unsigned count_processors(const uint8_t *table, uint32_t length)
{
    unsigned n = 0;
    uint32_t at = MADT_HEADER;

    while (at + 2 <= length && table[at + 1] >= 2) {
        n += table[at] == LOCAL_APIC || table[at] == LOCAL_X2APIC;
        at += table[at + 1];
    }
    return at == length ? n : 0;
}

static unsigned read_madt(const uint8_t *table, uint32_t length)
{
    return length <= MADT_MAX ? count_processors(table, length) : 0;
}

/* Of a SRAT, in bytes: its header; an affinity structure of memory, and what is in it. */
#define SRAT_HEADER    48u
#define AFFINITY       40u
#define AFFINITY_SIZE  16u
#define AFFINITY_FLAGS 28u

enum { MEMORY_AFFINITY = 1, HOT_PLUGGABLE = 2 };

static uint64_t read_srat(const uint8_t *table, uint32_t length)
{
    uint32_t at = SRAT_HEADER;

    for (; at + 2 <= length && table[at + 1] >= 2; at += table[at + 1]) {
        if (table[at] == MEMORY_AFFINITY && at + AFFINITY <= length &&
            mig_le32(table + at + AFFINITY_FLAGS) & HOT_PLUGGABLE) {
            return mig_le64(table + at + AFFINITY_SIZE);
        }
    }
    return 0;
}

/* The next table with @signature from *@p on, which is set beyond its signature; NULL: there is
 * none.  *@length: its bytes, all of them before @end. */
static const uint8_t *next_table(const uint8_t **p, const uint8_t *end,
                                 const char *signature, uint32_t header, uint32_t *length)
{
    const uint8_t *table;

    while ((table = memmem(*p, (size_t)(end - *p), signature, 4))) {
        *p = table + 4;
        if ((size_t)(end - table) < header) {
            break;
        }
        *length = mig_le32(table + 4);
        if (*length >= header && *length <= (size_t)(end - table)) {
            return table;
        }
    }
    return NULL;
}

MigAcpi mig_acpi_read(const uint8_t *tables, size_t n)
{
    const uint8_t *end = tables + n, *p = tables, *table;
    MigAcpi acpi = { 0 };
    uint32_t length;
    unsigned n_tables = 0;

    while (!acpi.cpus && n_tables++ < TABLES_MAX &&
           (table = next_table(&p, end, "APIC", MADT_HEADER, &length))) {
        acpi.cpus = read_madt(table, length);
    }
    p = tables;
    table = next_table(&p, end, "SRAT", SRAT_HEADER, &length);
    acpi.hotplug_memory = table ? read_srat(table, length) : 0;
    return acpi;
}

/* --- guest memory -------------------------------------------------------------------- */

struct MigAcpiImage {
    MigReader *reader;
    MigRamImage *image;
    const MigRamBlock *block; /* NULL: not in the stream */
    int fd;
};

static bool place(const MigRamBlock *block, int *fd, uint64_t *base, void *user,
                  GError **error)
{
    MigAcpiImage *tables = user;

    *fd = -1;
    *base = 0;
    if (strcmp(block->name, MIG_ACPI_TABLES) == 0 &&
        block->used_length <= MIG_ACPI_TABLES_MAX && !tables->block) {
        *fd = tables->fd = mig_temporary_open(NULL, error);
        tables->block = block;
        return *fd >= 0;
    }
    return true;
}

MigAcpiImage *mig_acpi_image_new(MigReader *reader)
{
    MigAcpiImage *tables = g_new0(MigAcpiImage, 1);

    tables->reader = reader;
    tables->fd = -1;
    tables->image = mig_ram_image_new(reader, place, tables);
    return tables;
}

void mig_acpi_image_free(MigAcpiImage *tables)
{
    if (!tables) {
        return;
    }
    mig_ram_image_free(tables->image);
    if (tables->fd >= 0) {
        close(tables->fd);
    }
    g_free(tables);
}

bool mig_acpi_image_watch(MigAcpiImage *tables, const MigItem *item, GError **error)
{
    return mig_ram_image_watch(tables->image, item, error);
}

bool mig_acpi_image_read(const MigAcpiImage *tables, MigAcpi *acpi, GError **error)
{
    MigInput *in = mig_reader_input(tables->reader);
    size_t n = tables->block ? (size_t)tables->block->used_length : 0;
    g_autofree uint8_t *bytes = n ? mig_input_alloc(in, n) : NULL;

    *acpi = (MigAcpi){ 0 };
    if (!bytes) {
        return n == 0 || mig_input_end_error(in, error);
    }
    if (!mig_ram_image_read(tables->image, tables->block, 0, bytes, n, error)) {
        return false;
    }
    *acpi = mig_acpi_read(bytes, n);
    return true;
}
