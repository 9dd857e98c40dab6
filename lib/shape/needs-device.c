/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          PCI devices as -device, by the paths of sections and configuration space.
 * Must not know: which device has which section (needs-table.c); other buses.
 * See also:      needs.c; needs-plugged.c.
 *
 * The path of a device is that of its bus and its place: "0000:00:07.0:00.0" is at 00.0 of what
 * is at 07.0 of the root bus; hw/pci/pci.c, pcibus_get_dev_path(), 5.2 to 11.1.
 */
#include <string.h>

#include "shape/needs-private.h"

/* The path of the root bus of PCI. */
#define ROOT      "0000:00:"
#define ROOT_PATH strlen(ROOT)
#define PLACE     strlen("00.0")

char *mig_needs_path(const MigNeedsFacts *facts)
{
    return g_strndup(facts->section->name, facts->path);
}

/* "0000:00:" and places, apart by colons. */
static bool is_pci_path(const char *path)
{
    const char *p = path + ROOT_PATH;

    if (strncmp(path, ROOT, ROOT_PATH) != 0) {
        return false;
    }
    while (strlen(p) >= PLACE && g_ascii_isxdigit(p[0]) && g_ascii_isxdigit(p[1]) &&
           p[2] == '.' && p[3] >= '0' && p[3] <= '7') {
        p += PLACE;
        if (*p == '\0') {
            return true;
        }
        if (*p++ != ':') {
            return false;
        }
    }
    return false;
}

const MigNeedsDevice *mig_needs_device(const MigNeedsDevices *d, const char *path)
{
    guint i = GPOINTER_TO_UINT(g_hash_table_lookup(d->by_path, path));

    return i ? &g_array_index(d->pci, MigNeedsDevice, i - 1) : NULL;
}

/* --- properties -------------------------------------------------------------------------- */

void mig_needs_append(GString *value, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_string_append_c(value, ',');
    g_string_append_vprintf(value, format, args);
    va_end(args);
}

static const char *on_off(bool on)
{
    return on ? "on" : "off";
}

/* bus= and addr=; false where what it is plugged into is not known. */
static bool add_place(const MigNeedsDevices *d, const char *path, GString *value)
{
    const char *place = path + strlen(path) - PLACE;
    unsigned slot = (unsigned)g_ascii_strtoull(place, NULL, 16);
    g_autofree char *bus = g_strndup(path, (gsize)(place - path) - 1);
    const MigNeedsDevice *bridge = mig_needs_device(d, bus);

    if (bridge) {
        mig_needs_append(value, "bus=%s", bridge->id);
    } else if (strlen(path) > ROOT_PATH + PLACE) {
        return false;
    }
    mig_needs_append(value, "addr=0x%x.%c", slot, place[3]);
    return true;
}

static bool is_size(uint32_t entries)
{
    return entries >= 4 && entries <= 1024 && (entries & (entries - 1)) == 0;
}

/* Of the kinds of virtio device whose queues can be chosen. */
static void add_queues(const MigNeedsDevice *device, GString *value)
{
    const MigNeedsFacts *f = device->facts;
    uint32_t size = f->queue_size[0];

    if (strcmp(f->handler, "virtio-blk") == 0 && f->queues) {
        mig_needs_append(value, "num-queues=%u", f->queues);
        if (is_size(size)) {
            mig_needs_append(value, "queue-size=%u", size);
        }
    } else if (strcmp(f->handler, "virtio-scsi") == 0 && f->queues > 2) {
        mig_needs_append(value, "num_queues=%u", f->queues - 2);
        if (is_size(size)) {
            mig_needs_append(value, "virtqueue_size=%u", size);
        }
    } else if (strcmp(f->handler, "virtio-console") == 0 && f->queues > 3) {
        mig_needs_append(value, "max_ports=%u", f->queues / 2 - 1);
    } else if (strcmp(f->handler, "virtio-gpu") == 0 && f->outputs > 1) {
        mig_needs_append(value, "max_outputs=%u", f->outputs);
    } else if (strcmp(f->handler, "virtio-net") == 0) {
        if (is_size(size) && size > 256) {
            mig_needs_append(value, "rx_queue_size=%u", size);
        }
        if (f->queue_pairs > 1) {
            mig_needs_append(value, "mq=on");
        }
    }
}

static void add_bridge(MigNeedsDevices *d, const MigNeedsDevice *device, GString *value)
{
    const MigNeedsFacts *f = device->facts;

    if (device->model->traits & MIG_NEEDS_PORT) {
        mig_needs_append(value, "chassis=%u,slot=%u,port=%u", ++d->chassis, f->slot,
                         f->port);
        if (!f->hotplug && strcmp(device->model->model, "pcie-root-port") == 0) {
            mig_needs_append(value, "hotplug=off");
        }
    }
    if (device->model->traits & MIG_NEEDS_BRIDGE) {
        mig_needs_append(value, "chassis_nr=%u,shpc=%s,msi=%s",
                         f->chassis ? f->chassis : ++d->chassis, on_off(f->shpc),
                         on_off(f->msi));
    }
}

/* Machine types whose QEMU has these properties: romsize, and vectors of virtio-rng. */
enum { ROMSIZE = 6, RNG_VECTORS = 7 };

#define ROMSIZE_OPTION "romsize="

/* The ROM is a RAM block, whose length the loader compares. */
static void add_rom(const MigNeedsDevices *d, const MigNeedsDevice *device,
                    const char *path, GString *value)
{
    size_t n;
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(d->needs->reader, &n);
    g_autofree char *begin = g_strconcat(path, "/", NULL);
    MigBudget *budget = mig_reader_budget(d->needs->reader);

    for (size_t i = 0; i < n && mig_budget_spend(budget, 1); i++) {
        uint64_t length = blocks[i]->used_length;

        if (g_str_has_prefix(blocks[i]->name, begin) &&
            g_str_has_suffix(blocks[i]->name, ".rom") &&
            !strchr(blocks[i]->name + strlen(begin), '/')) {
            if (length <= UINT32_MAX && mig_needs_machine_series(d->needs) >= ROMSIZE) {
                mig_needs_append(value, ROMSIZE_OPTION "%" PRIu64, length);
            }
            return;
        }
    }
    if (device->model->traits & MIG_NEEDS_ROM) {
        mig_needs_append(value, "romfile=");
    }
}

/* VGA has its memory in a block of its own. */
static void add_video_memory(const MigNeedsDevices *d, const MigNeedsDevice *device,
                             const char *path, GString *value)
{
    static const char *const handlers[] = { "vga", "cirrus_vga", "vmware_vga", NULL };
    g_autofree char *name = g_strconcat(path, "/vga.vram", NULL);
    const MigRamBlock *block = mig_needs_block(d->needs, name);

    if (block && block->used_length >> 20 && block->used_length >> 20 <= UINT16_MAX &&
        g_strv_contains(handlers, device->facts->handler)) {
        mig_needs_append(value, "vgamem_mb=%u", (unsigned)(block->used_length >> 20));
    }
}

static void add_properties(MigNeedsDevices *d, const MigNeedsDevice *device,
                           const char *path, GString *value)
{
    const MigNeedsFacts *f = device->facts;
    unsigned traits = device->model->traits;

    if (traits & MIG_NEEDS_HOST && f->virtio_type == 0) {
        mig_needs_append(value, "host=HOST");
    }
    if (f->multifunction && f->has_pci) {
        mig_needs_append(value, "multifunction=on");
    }
    if (traits & MIG_NEEDS_VIRTIO && f->has_pci) {
        mig_needs_append(value, "disable-legacy=%s,disable-modern=%s",
                         on_off(f->device_id >= 0x1040), on_off(!f->modern));
    }
    if (traits & MIG_NEEDS_VECTORS && f->has_pci &&
        (strcmp(f->handler, "virtio-rng") != 0 || f->vectors ||
         mig_needs_machine_series(d->needs) >= RNG_VECTORS)) {
        mig_needs_append(value, "vectors=%u", f->vectors);
    }
    if (f->usb_ports && f->usb_ports != 8) {
        mig_needs_append(value, "p2=%u,p3=%u", f->usb_ports - f->usb_ports / 2,
                         f->usb_ports / 2);
    }
    add_queues(device, value);
    add_bridge(d, device, value);
    add_rom(d, device, path, value);
    add_video_memory(d, device, path, value);
}

/* --- what is plugged in ------------------------------------------------------------------ */

/* A drive that holds nothing, for what does not start without one; its id. */
char *mig_needs_drive(MigNeedsDevices *d, const MigNeedsFacts *facts)
{
    char *id = g_strdup_printf("drive%u", d->drives++);
    g_autofree char *value =
        g_strdup_printf("if=none,id=%s,file=null-co://,format=raw", id);

    mig_needs_row(d->needs, MIG_NEED_DEVICE, "-drive", value, facts->section->name,
                  "the disk: its file is not in the stream, nor is its size");
    return id;
}

void mig_needs_audiodev(MigNeedsDevices *d)
{
    if (!d->audiodev) {
        mig_needs_row(d->needs, MIG_NEED_DEVICE, "-audiodev",
                      "none,id=" MIG_NEEDS_AUDIODEV, NULL,
                      "or another: where sound goes is not of the guest");
    }
    d->audiodev = true;
}

/* net/slirp.c, 5.2 to 11.1: each -netdev user has a section of this name, with no path. */
#define SLIRP "slirp"

static unsigned count_networks(const MigNeeds *needs)
{
    unsigned n = 0;

    for (guint i = 0; i < needs->facts->len; i++) {
        n += strcmp(g_array_index(needs->facts, MigNeedsFacts, i).section->name, SLIRP) ==
             0;
    }
    return n;
}

static void add_user_network(MigNeedsDevices *d, const char *id)
{
    g_autofree char *netdev = g_strdup_printf("user,id=%s", id);

    d->networks--;
    mig_needs_row(d->needs, MIG_NEED_DEVICE, "-netdev", netdev, SLIRP,
                  "to which card it is connected is not in the stream");
}

/* Queues of a card with several are those of what it is connected to. */
static void add_netdev(MigNeedsDevices *d, const MigNeedsDevice *device, GString *value)
{
    const MigNeedsFacts *f = device->facts;
    g_autofree char *id = g_strdup_printf("net-%s", device->id);

    if (f->queue_pairs > 1 && f->queue_pairs <= 1024) {
        g_autofree char *netdev =
            g_strdup_printf("tap,id=%s,queues=%u", id, f->queue_pairs);

        mig_needs_row(d->needs, MIG_NEED_DEVICE, "-netdev", netdev, f->section->name,
                      "the network: what it is on the host is not in the stream");
    } else if (d->networks) {
        add_user_network(d, id);
    } else {
        mig_needs_unknown(
            d->needs, f->section->name,
            "the network that the card is connected to: -netdev, and netdev=");
        return;
    }
    mig_needs_append(value, "netdev=%s", id);
}

/* Those of no card. */
static void add_other_networks(MigNeedsDevices *d)
{
    while (d->networks) {
        g_autofree char *id = g_strdup_printf("net%u", d->networks);

        add_user_network(d, id);
    }
}

/* Ports of virtio-serial: the first one is of a console in most guests. */
static void add_ports(MigNeedsDevices *d, const MigNeedsDevice *device)
{
    const MigNeedsFacts *f = device->facts;

    for (unsigned port = 0; port < 32 * G_N_ELEMENTS(f->virtio_ports); port++) {
        g_autofree char *value = NULL;

        if (!(f->virtio_ports[port / 32] >> port % 32 & 1)) {
            continue;
        }
        value =
            g_strdup_printf("%s,bus=%s.0,nr=%u", port ? "virtserialport" : "virtconsole",
                            device->id, port);
        mig_needs_row(d->needs, MIG_NEED_DEVICE, "-device", value, f->section->name,
                      "its name and chardev= are not in the stream");
    }
}

static void add_pci_device(MigNeedsDevices *d, const MigNeedsDevice *device)
{
    const MigNeedsFacts *f = device->facts;
    g_autofree char *path = mig_needs_path(f), *drive = NULL;
    g_autoptr(GString) value = g_string_new(device->model->model);
    bool host = device->model->traits & MIG_NEEDS_HOST;
    const char *note;

    mig_needs_append(value, "id=%s", device->id);
    if (!add_place(d, path, value)) {
        mig_needs_unknown(d->needs, f->section->name, "what it is plugged into");
        return;
    }
    if (device->model->traits & MIG_NEEDS_DRIVE) {
        drive = mig_needs_drive(d, f);
        mig_needs_append(value, "drive=%s", drive);
    }
    if (device->model->traits & MIG_NEEDS_NIC) {
        add_netdev(d, device, value);
    }
    if (device->model->traits & MIG_NEEDS_AUDIO) {
        mig_needs_audiodev(d);
        mig_needs_append(value, "audiodev=%s", MIG_NEEDS_AUDIODEV);
    }
    add_properties(d, device, path, value);
    note = device->model->note;
    if (!note && strstr(value->str, ROMSIZE_OPTION)) {
        note = "where QEMU's file of the ROM is larger, romfile= names one that fits: "
               "what is "
               "in it comes with the stream";
    }
    mig_needs_row(d->needs, MIG_NEED_DEVICE, "-device", value->str, f->section->name,
                  note);
    if (host && !device->model->note) {
        mig_needs_unknown(d->needs, f->section->name,
                          strstr(value->str, "=HOST")
                              ? "what it is on the host: put it in the place of HOST"
                              : "what it is on the host: complete its -device");
    }
    if (strcmp(f->handler, "virtio-console") == 0) {
        add_ports(d, device);
    }
}

/* --- all of them ------------------------------------------------------------------------- */

/* A bridge is before what is behind it: its path is shorter. */
static gint by_path(gconstpointer a, gconstpointer b)
{
    const MigNeedsDevice *x = a, *y = b;

    return strcmp(x->facts->section->name, y->facts->section->name);
}

/* Those of the machine are at places of their own. */
static bool is_builtin(const MigNeedsFacts *f, const MigNeedsModel *model,
                       const char *machine)
{
    static const struct {
        const char *machine, *section;
    } rows[] = {
        { "pc-q35-", "0000:00:1f.2/ich9_ahci" }, { "pc-i440fx-", "0000:00:01.1/ide" },
        { "pc-0.", "0000:00:01.1/ide" },         { "pc-1.", "0000:00:01.1/ide" },
        { "xenfv-", "0000:00:01.1/ide" },        { "isapc", "ide" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if ((!*machine || g_str_has_prefix(machine, rows[i].machine)) &&
            strcmp(f->section->name, rows[i].section) == 0) {
            return true;
        }
    }
    return model && model->traits & MIG_NEEDS_BUILTIN;
}

static void sort_out(MigNeedsDevices *d, GPtrArray *rest)
{
    const char *machine = mig_needs_machine(d->needs);

    for (guint i = 0; i < d->needs->facts->len; i++) {
        const MigNeedsFacts *f = &g_array_index(d->needs->facts, MigNeedsFacts, i);
        MigNeedsDevice device = { .facts = f, .model = mig_needs_pci_model(f) };
        g_autofree char *path = mig_needs_path(f);

        if (is_builtin(f, device.model, machine)) {
            continue;
        }
        if (is_pci_path(path) && device.model) {
            g_array_append_val(d->pci, device);
        } else {
            g_ptr_array_add(rest, (gpointer)(uintptr_t)f);
        }
    }
}

/* A device with two sections, as virtio-vga, which also has that of virtio-gpu, is the later one
 * of the two by name; its configuration space is in the other one. */
static void join(MigNeedsDevices *d)
{
    for (guint i = 1; i < d->pci->len;) {
        MigNeedsDevice *device = &g_array_index(d->pci, MigNeedsDevice, i),
                       *before = device - 1;
        const MigNeedsFacts *f = device->facts, *other = before->facts;

        if (f->path == other->path &&
            memcmp(f->section->name, other->section->name, f->path) == 0) {
            before->model = device->model;
            before->facts = other->has_pci ? other : f;
            g_array_remove_index(d->pci, i);
        } else {
            i++;
        }
    }
}

static void name(MigNeedsDevices *d)
{
    for (guint i = 0; i < d->pci->len; i++) {
        MigNeedsDevice *device = &g_array_index(d->pci, MigNeedsDevice, i);

        device->id = g_strdup_printf("pci%u", i);
        g_hash_table_insert(d->by_path, mig_needs_path(device->facts),
                            GUINT_TO_POINTER(i + 1));
    }
}

void mig_needs_add_devices(MigNeeds *needs)
{
    g_autoptr(GArray) pci = g_array_new(false, false, sizeof(MigNeedsDevice));
    g_autoptr(GHashTable) paths =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) rest = g_ptr_array_new();
    MigNeedsDevices d = {
        .needs = needs, .pci = pci, .by_path = paths, .networks = count_networks(needs)
    };

    sort_out(&d, rest);
    g_array_sort(pci, by_path);
    join(&d);
    name(&d);
    for (guint i = 0; i < pci->len; i++) {
        add_pci_device(&d, &g_array_index(pci, MigNeedsDevice, i));
    }
    add_other_networks(&d);
    for (guint i = 0; i < rest->len; i++) {
        mig_needs_add_plugged(&d, g_ptr_array_index(rest, i));
    }
    for (guint i = 0; i < pci->len; i++) {
        g_free(g_array_index(pci, MigNeedsDevice, i).id);
    }
}
