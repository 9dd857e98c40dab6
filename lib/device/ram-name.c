/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see ram-name.h.
 * Must not know: where a block is mapped.
 * See also:      memory/layout.h; shape/needs-memory.c.
 */
#include "device/ram-name.h"

#include <string.h>

bool mig_ram_is_of_board(const char *name)
{
    static const char *const names[] = { "pc.ram",
                                         "mach-virt.ram",
                                         "microvm.ram",
                                         "ppc_spapr.ram",
                                         "s390.ram",
                                         "sbsa.ram",
                                         "sbsa-ref.ram",
                                         "riscv_virt_board.ram",
                                         "riscv.spike.ram",
                                         "loongarch.ram",
                                         NULL };

    return g_strv_contains(names, name);
}

/* Other blocks of a board, and of devices on no bus that has addresses, are called by what they
 * are: pc.bios, virt.flash0; vmsvga.fifo (hw/display/vmware_vga.c), tpm-ppi, tpm-crb-cmd
 * (hw/tpm/tpm_ppi.c, tpm_crb.c). */
static bool is_other_of_board(const char *name)
{
    static const char *const ends[] = {
        ".bios",   ".rom",    ".mrom",       ".vram", "-bios",   ".prom",
        ".flash0", ".flash1", ".secure-ram", ".fifo", "tpm-ppi", "tpm-crb-cmd"
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        if (g_str_has_suffix(name, ends[i])) {
            return true;
        }
    }
    return false;
}

const char *mig_ram_backend(const MigRamBlock *block)
{
    const char *id = g_str_has_prefix(block->name, "/objects/")
                         ? block->name + strlen("/objects/")
                         : block->name;

    return strlen(block->name) == block->name_length && *id && !strchr(id, '/') &&
                   !is_other_of_board(id) && !mig_ram_is_of_board(id)
               ? id
               : NULL;
}

bool mig_ram_is_plugged(const char *id)
{
    return g_str_has_prefix(id, "mem") && strstr(id, "dimm");
}
