/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the ACPI tables in guest memory say of the command line.
 * Must not know: how memory was read.  Private to shape/.
 * See also:      stream.c.
 */
#ifndef MIG_SHAPE_ACPI_H
#define MIG_SHAPE_ACPI_H

#include <stddef.h>
#include <stdint.h>

/* The RAM block that QEMU builds them in, for x86 and Arm machines. */
#define MIG_ACPI_TABLES "/rom@etc/acpi/tables"

/* As much of it is looked at, in bytes; QEMU's have 128 KiB and more. */
#define MIG_ACPI_TABLES_MAX (1u << 20)

/*
 * How many CPUs there can be (maxcpus): the processors that the MADT lists.  0 where there is
 * none in the @n bytes, or it is not as QEMU builds it.
 * Source: ACPI 6.5, 5.2.12; hw/i386/acpi-common.c, acpi_build_madt(); 5.2 to 11.1.
 */
unsigned mig_acpi_cpus(const uint8_t *tables, size_t n);

#endif
