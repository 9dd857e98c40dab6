/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what kinds of items are called; keeping something of an item.
 * Must not know: how items are read.
 * See also:      stream/item.h.
 */
#include <errno.h>

#include "stream/item-private.h"
#include "stream/reader-private.h"

static const char *const kind_names[MIG_ITEM_KIND_COUNT] = {
    [MIG_ITEM_FILE_HEADER] = "file-header",
    [MIG_ITEM_CONFIGURATION] = "configuration",
    [MIG_ITEM_SECTION_HEADER] = "section-header",
    [MIG_ITEM_SECTION_FOOTER] = "section-footer",
    [MIG_ITEM_COMMAND] = "command",
    [MIG_ITEM_RAM_LIST] = "ram-list",
    [MIG_ITEM_RAM_BLOCK] = "ram-block",
    [MIG_ITEM_RAM_PAGES] = "ram-pages",
    [MIG_ITEM_RAM_MARK] = "ram-mark",
    [MIG_ITEM_MAPPED_HEADER] = "mapped-header",
    [MIG_ITEM_MAPPED_BITMAP] = "mapped-bitmap",
    [MIG_ITEM_MAPPED_PAGES] = "mapped-pages",
    [MIG_ITEM_VFIO_RECORD] = "vfio-record",
    [MIG_ITEM_RECORD] = "record",
    [MIG_ITEM_DEVICE_STATE] = "device-state",
    [MIG_ITEM_EOF] = "eof",
    [MIG_ITEM_DESCRIPTION] = "description",
    [MIG_ITEM_MULTIFD_INITIAL] = "multifd-initial",
    [MIG_ITEM_MULTIFD_PACKET] = "multifd-packet",
    [MIG_ITEM_MULTIFD_DEVICE] = "multifd-device-state",
    [MIG_ITEM_MULTIFD_DATA] = "multifd-data",
    [MIG_ITEM_PADDING] = "padding",
    [MIG_ITEM_TRAILING] = "trailing",
};

static const char *const thing_names[MIG_ITEM_KIND_COUNT] = {
    [MIG_ITEM_FILE_HEADER] = "file header",
    [MIG_ITEM_CONFIGURATION] = "configuration section",
    [MIG_ITEM_SECTION_HEADER] = "section header",
    [MIG_ITEM_SECTION_FOOTER] = "section footer",
    [MIG_ITEM_COMMAND] = "command",
    [MIG_ITEM_RAM_LIST] = "RAM block list",
    [MIG_ITEM_RAM_BLOCK] = "RAM block list",
    [MIG_ITEM_RAM_PAGES] = "RAM record",
    [MIG_ITEM_RAM_MARK] = "RAM record",
    [MIG_ITEM_MAPPED_HEADER] = "mapped-ram header",
    [MIG_ITEM_MAPPED_BITMAP] = "mapped-ram bitmap",
    [MIG_ITEM_MAPPED_PAGES] = "mapped-ram region of pages",
    [MIG_ITEM_VFIO_RECORD] = "VFIO record",
    [MIG_ITEM_RECORD] = "record",
    [MIG_ITEM_DEVICE_STATE] = "device's state",
    [MIG_ITEM_EOF] = "stream",
    [MIG_ITEM_DESCRIPTION] = "description",
    [MIG_ITEM_MULTIFD_INITIAL] = "initial packet",
    [MIG_ITEM_MULTIFD_PACKET] = "packet of pages",
    [MIG_ITEM_MULTIFD_DEVICE] = "packet of device state",
    [MIG_ITEM_MULTIFD_DATA] = "run of compressed pages",
    [MIG_ITEM_PADDING] = "hole of a mapped-ram file",
    [MIG_ITEM_TRAILING] = "stream",
};

const char *mig_item_kind_name(MigItemKind kind)
{
    g_return_val_if_fail((unsigned)kind < MIG_ITEM_KIND_COUNT, "");
    return kind_names[kind];
}

const char *mig_item_thing_name(MigItemKind kind)
{
    return thing_names[kind];
}

const char *mig_section_handler(const char *idstr)
{
    const char *slash = strrchr(idstr, '/');

    return slash ? slash + 1 : idstr;
}

bool mig_section_is_of_cpu(const char *idstr)
{
    static const char *const names[] = { "cpu", "cpu_common", "apic", "spapr_cpu", NULL };

    return g_strv_contains(names, idstr);
}

void *mig_item_keep(MigLongArray *array, const MigItem *item, GError **error)
{
    void *added = mig_long_array_add(array);

    if (!added) {
        mig_error_set(error, MIG_ERROR_IO, item->offset, NULL,
                      "cannot keep what the stream consists of: %s", g_strerror(ENOMEM));
    }
    return added;
}

uint32_t mig_section_number(const MigLongArray *numbers, const MigSection *section)
{
    return section->index < numbers->len
               ? g_array_index(numbers, uint32_t, section->index)
               : 0;
}

bool mig_section_set_number(MigLongArray *numbers, const MigItem *item, uint32_t number,
                            GError **error)
{
    while (numbers->len <= item->section->index) {
        if (!mig_item_keep(numbers, item, error)) {
            return false;
        }
    }
    g_array_index(numbers, uint32_t, item->section->index) = number;
    return true;
}
