/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the ACPI tables in guest memory say of the command line.
 * Must not know: what it is needed for.  Private to shape/.
 * See also:      stream.c, needs.c; device/ram-image.h.
 */
#ifndef MIG_SHAPE_ACPI_H
#define MIG_SHAPE_ACPI_H

#include "stream/reader.h"

/* The RAM block that QEMU builds them in, for x86 and Arm machines. */
#define MIG_ACPI_TABLES "/rom@etc/acpi/tables"

/* As much of it is looked at, in bytes; QEMU's have 128 KiB and more. */
#define MIG_ACPI_TABLES_MAX (1u << 20)

/* What they say; 0 where there are none, or they are not as QEMU builds them. */
typedef struct MigAcpi {
    /* How many CPUs there can be (maxcpus): the processors that the MADT lists.
     * Source: ACPI 6.5, 5.2.12; hw/i386/acpi-common.c, acpi_build_madt(); 5.2 to 11.1. */
    unsigned cpus;
    /* Bytes of the area for memory that is plugged in, of the SRAT.
     * Source: ACPI 6.5, 5.2.16.2; hw/i386/acpi-build.c, build_srat(); 5.2 to 11.1. */
    uint64_t hotplug_memory;
} MigAcpi;

/* Reads them from @n bytes. */
MigAcpi mig_acpi_read(const uint8_t *tables, size_t n);

/* The tables as a stream leaves them in guest memory.  @reader must outlive it. */
typedef struct MigAcpiImage MigAcpiImage;

MigAcpiImage *mig_acpi_image_new(MigReader *reader);
void mig_acpi_image_free(MigAcpiImage *image);

/* As mig_ram_image_watch(). */
bool mig_acpi_image_watch(MigAcpiImage *image, const MigItem *item, GError **error);

/* What they say after the items so far; false with *error: of the input, or IO. */
bool mig_acpi_image_read(const MigAcpiImage *image, MigAcpi *acpi, GError **error);

#endif
