/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which RAM blocks go along with a device whose sections are dropped or get
 *                another name.
 * Must not know: how blocks are dropped and renamed: filter/block-edit.h.
 * See also:      filter/select-section.c, filter/rename-section.c.
 *
 * The name of a section, and of a RAM block, begins with the path of its device and '/':
 * "0000:00:03.0/e1000" has "0000:00:03.0/e1000.rom".  A block goes along when no section of its
 * path stays.
 * Source: migration/savevm.c, vmstate_register_with_alias_id(); system/physmem.c,
 * qemu_ram_set_idstr(); 5.2 to 11.1.
 */
#ifndef MIG_FILTER_DEVICE_BLOCKS_H
#define MIG_FILTER_DEVICE_BLOCKS_H

#include "filter/block-edit.h"

typedef struct MigDeviceBlocks MigDeviceBlocks;

MigDeviceBlocks *mig_device_blocks_new(void);
void mig_device_blocks_free(MigDeviceBlocks *blocks);
void mig_device_blocks_forget(MigDeviceBlocks *blocks);

/* The option of a filter that leaves them: ram=keep. */
#define MIG_DEVICE_BLOCKS_OPTION                                                         \
    {                                                                                    \
        "ram", "along|keep",                                                             \
            "Whether the RAM blocks of a device go along (the default) or stay as they " \
            "are"                                                                        \
    }
bool mig_device_blocks_option(const char *value, bool *leaves, GError **error);

/* What becomes of a section: */
typedef enum MigDeviceFate {
    MIG_DEVICE_STAYS,
    MIG_DEVICE_GOES,
    MIG_DEVICE_MOVES, /* its name becomes @to */
} MigDeviceFate;

/* Whether a section whose name is @pattern may be one of a device with a path; for others there
 * is nothing to look ahead for. */
bool mig_device_blocks_concern(const char *pattern);

/* In the first pass, of each START and FULL section and of each block of the list. */
void mig_device_blocks_section(MigDeviceBlocks *blocks, const MigSection *section,
                               MigDeviceFate fate, const char *to);
void mig_device_blocks_block(MigDeviceBlocks *blocks, const MigRamBlock *block);

/* In the second: whether the first one knew of a section like this.  A first pass that was brief
 * may not have seen all. */
bool mig_device_blocks_knew(const MigDeviceBlocks *blocks, const MigSection *section,
                            MigDeviceFate fate);

/* After the first pass: tells @edit which blocks go and move, and reports those that stay
 * although a section of their device does not. */
void mig_device_blocks_plan(const MigDeviceBlocks *blocks, MigNext *next,
                            MigBlockEdit *edit);

#endif
