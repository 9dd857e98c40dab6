/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the name of a RAM block tells of its part in a machine.
 * Must not know: where it is mapped.  Private to the library.
 * See also:      memory/layout.h, which places blocks; shape/needs-memory.c.
 */
#ifndef MIG_DEVICE_RAM_NAME_H
#define MIG_DEVICE_RAM_NAME_H

#include "stream/item.h"

/* Whether it is what a machine calls its memory where no backend gives it another name;
 * MachineClass's default_ram_id, 5.2 to 11.1. */
bool mig_ram_is_of_board(const char *name);

/* The id of the memory backend that @block is; NULL: it is none.  Its block has its name, or
 * up to machine 4.0 its path; backends/hostmem.c, host_memory_backend_get_name(). */
const char *mig_ram_backend(const MigRamBlock *block);

/* Whether a backend is called as libvirt calls those of memory that is plugged in. */
bool mig_ram_is_plugged(const char *id);

#endif
