/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see device-blocks.h.
 * Must not know: see there.
 * See also:      filter/block-edit.c.
 */
#include "filter/device-blocks.h"

#include <string.h>

#include "stream/item-private.h"

/* Sections of one path. */
typedef struct Device {
    unsigned fates; /* bits of MigDeviceFate */
    char *to;       /* path, with its '/', of one that moves */
    char *stays;    /* the name of a section that stays */
} Device;

struct MigDeviceBlocks {
    GTree *devices;    /* path with its '/' -> Device; a hash could be made to collide */
    GPtrArray *blocks; /* MigRamBlock, of those with a path */
};

static void free_device(gpointer p)
{
    Device *device = p;

    g_free(device->to);
    g_free(device->stays);
    g_free(device);
}

static gint compare(gconstpointer a, gconstpointer b, gpointer unused)
{
    (void)unused;
    return strcmp(a, b);
}

MigDeviceBlocks *mig_device_blocks_new(void)
{
    MigDeviceBlocks *blocks = g_new0(MigDeviceBlocks, 1);

    blocks->devices = g_tree_new_full(compare, NULL, g_free, free_device);
    blocks->blocks = g_ptr_array_new_with_free_func(g_free);
    return blocks;
}

void mig_device_blocks_free(MigDeviceBlocks *blocks)
{
    if (blocks) {
        g_tree_unref(blocks->devices);
        g_ptr_array_unref(blocks->blocks);
        g_free(blocks);
    }
}

void mig_device_blocks_forget(MigDeviceBlocks *blocks)
{
    g_tree_unref(blocks->devices);
    blocks->devices = g_tree_new_full(compare, NULL, g_free, free_device);
    g_ptr_array_set_size(blocks->blocks, 0);
}

bool mig_device_blocks_option(const char *value, bool *leaves, GError **error)
{
    *leaves = g_str_equal(value, "keep");
    if (*leaves || g_str_equal(value, "along")) {
        return true;
    }
    mig_error_set_plain(error, MIG_ERROR_USAGE, "ram is \"%s\", wanted along or keep",
                        value);
    return false;
}

bool mig_device_blocks_concern(const char *pattern)
{
    return strpbrk(pattern, "/*?\\") != NULL;
}

/* "0000:00:03.0/" of "0000:00:03.0/e1000"; NULL where there is none.  The caller frees. */
static char *path_of(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? g_strndup(name, (size_t)(slash - name) + 1) : NULL;
}

/* @path is taken over. */
static Device *add_device(MigDeviceBlocks *blocks, char *path)
{
    Device *device = g_new0(Device, 1);

    g_tree_insert(blocks->devices, path, device);
    return device;
}

void mig_device_blocks_section(MigDeviceBlocks *blocks, const MigSection *section,
                               MigDeviceFate fate, const char *to)
{
    g_autofree char *path = path_of(section->name);
    Device *device = path ? g_tree_lookup(blocks->devices, path) : NULL;

    if (!path) {
        return;
    }
    if (!device) {
        device = add_device(blocks, g_steal_pointer(&path));
    }
    device->fates |= 1u << fate;
    if (fate == MIG_DEVICE_MOVES && !device->to) {
        device->to = path_of(to);
    }
    if (fate == MIG_DEVICE_STAYS && !device->stays) {
        device->stays = g_strdup(section->name);
    }
}

void mig_device_blocks_block(MigDeviceBlocks *blocks, const MigRamBlock *block)
{
    MigRamBlock *copy;

    if (strchr(block->name, '/')) {
        copy = mig_ram_block_new(block->name, block->name_length);
        copy->used_length = block->used_length;
        copy->index = block->index;
        g_ptr_array_add(blocks->blocks, copy);
    }
}

bool mig_device_blocks_knew(const MigDeviceBlocks *blocks, const MigSection *section,
                            MigDeviceFate fate)
{
    g_autofree char *path = path_of(section->name);
    const Device *device = path ? g_tree_lookup(blocks->devices, path) : NULL;

    return !path || (device && device->fates & 1u << fate);
}

static void plan_one(const MigRamBlock *block, const Device *device, const char *rest,
                     MigNext *next, MigBlockEdit *edit)
{
    g_autofree char *to = NULL;

    if (device->stays) {
        mig_next_report(next, NULL, "RAM block %s stays, for section %s", block->name,
                        device->stays);
    } else if (!device->to) {
        mig_block_edit_drop(edit, block);
    } else {
        to = g_strconcat(device->to, rest, NULL);
        if (strlen(to) > UINT8_MAX) {
            mig_next_report(next, NULL,
                            "RAM block %s keeps its name: it would be too long",
                            block->name);
        } else if (!g_str_equal(to, block->name)) {
            mig_block_edit_rename(edit, block, to);
        }
    }
}

void mig_device_blocks_plan(const MigDeviceBlocks *blocks, MigNext *next,
                            MigBlockEdit *edit)
{
    for (guint i = 0; i < blocks->blocks->len; i++) {
        const MigRamBlock *block = g_ptr_array_index(blocks->blocks, i);
        g_autofree char *path = path_of(block->name);
        const Device *device = path ? g_tree_lookup(blocks->devices, path) : NULL;
        unsigned stays = 1u << MIG_DEVICE_STAYS, moves = 1u << MIG_DEVICE_MOVES;

        /* That a section has a name without a path now says nothing about where the device
         * is. */
        if (device && device->fates != stays &&
            (!(device->fates & moves) || device->to)) {
            plan_one(block, device, block->name + strlen(path), next, edit);
        }
    }
}
