/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          whether all has come of the devices whose state travels on multifd channels.
 * Must not know: connections.
 * See also:      stream/vfio-packets.h.
 *
 * Nothing on the main channel waits for that state: a source may send it after the end mark, on
 * connections that are slower.
 */
#include "live/receive-private.h"

#include "stream/vfio-packets.h"
#include "stream/vfio-watch.h"
#include "stream/wire.h"

struct LiveDevices {
    GPtrArray *all;    /* MigVfioDevice, in the order of their sections */
    GHashTable *where; /* MigSection to MigVfioDevice */
    MigVfioPackets *packets;
    bool multifd; /* there are such channels */
};

LiveDevices *mig_live_devices_new(void)
{
    LiveDevices *devices = g_new0(LiveDevices, 1);

    devices->all = g_ptr_array_new_with_free_func(g_free);
    devices->where = g_hash_table_new(NULL, NULL);
    devices->packets = mig_vfio_packets_new();
    return devices;
}

void mig_live_devices_free(LiveDevices *devices)
{
    if (devices) {
        g_ptr_array_unref(devices->all);
        g_hash_table_unref(devices->where);
        mig_vfio_packets_free(devices->packets);
        g_free(devices);
    }
}

static MigVfioDevice *device_of(LiveDevices *devices, const MigSection *section)
{
    MigVfioDevice *device = g_hash_table_lookup(devices->where, section);

    if (!device) {
        device = g_new(MigVfioDevice, 1);
        mig_vfio_device_init(device, section);
        g_ptr_array_add(devices->all, device);
        g_hash_table_insert(devices->where, (gpointer)(uintptr_t)section, device);
    }
    return device;
}

bool mig_live_devices_watch(LiveDevices *devices, const MigItem *item, GError **error)
{
    devices->multifd |= item->kind == MIG_ITEM_MULTIFD_INITIAL;
    if (!item->section || !mig_section_is_vfio(item->section)) {
        return true;
    }
    mig_vfio_device_watch(device_of(devices, item->section), item);
    return mig_vfio_packets_watch(devices->packets, item, error);
}

typedef struct Fault {
    const MigSection *section;
    GError **error;
    bool found;
} Fault;

/* A MigVfioPacketFault. */
static bool refuse(const MigVfioPacket *at, const char *text, void *user)
{
    Fault *fault = user;

    (void)at;
    fault->found = true;
    mig_error_set_plain(fault->error, MIG_ERROR_TRUNCATED, "%s: %s", fault->section->name,
                        text);
    return false;
}

static bool is_whole(const LiveDevices *devices, const MigVfioDevice *device,
                     GError **error)
{
    Fault fault = { .section = device->section, .error = error };
    size_t n;
    const MigVfioPacket *packets =
        mig_vfio_packets_of(devices->packets, device->section, &n);

    if (devices->multifd && device->dialect == MIG_VFIO_DIALECT_MULTIFD && n == 0) {
        return refuse(NULL, "no channel has its state", &fault);
    }
    mig_vfio_packets_judge(packets, n, refuse, &fault);
    return !fault.found;
}

bool mig_live_devices_are_whole(const LiveDevices *devices, GError **error)
{
    for (guint i = 0; i < devices->all->len; i++) {
        if (!is_whole(devices, g_ptr_array_index(devices->all, i), error)) {
            return false;
        }
    }
    return true;
}
