/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          devices on other buses than PCI as -device.
 * Must not know: PCI devices, but that controllers are such.
 * See also:      needs-device.c.
 *
 * On USB a path is "PCI-PATH/1.2" (hw/usb/bus.c, usb_get_dev_path()), on SCSI
 * "PCI-PATH/CHANNEL:ID:LUN" (hw/scsi/scsi-bus.c, scsibus_get_dev_path()); 5.2 to 11.1.
 */
#include <string.h>

#include "shape/needs-private.h"

static const struct {
    const char *handler, *model, *note;
} usb_models[] = {
    { "usb-ptr", "usb-tablet", "or usb-mouse: they have the same section" },
    { "usb-kbd", "usb-kbd", NULL },
    { "usb-wacom", "usb-wacom-tablet", NULL },
    { "usb-hub", "usb-hub", NULL },
    { "usb-ccid", "usb-ccid", NULL },
    { "usb-net", "usb-net", NULL },
    { "usb-uas", "usb-uas", NULL },
    { "usb-bot", "usb-bot", NULL },
    { "usb-storage", "usb-storage", "its drive= is not in the stream" },
    { "usb-serial", "usb-serial", "its chardev= is not in the stream" },
};

static bool add_usb_device(MigNeedsDevices *d, const MigNeedsFacts *f,
                           const MigNeedsDevice *on, const char *port)
{
    for (size_t i = 0; i < G_N_ELEMENTS(usb_models); i++) {
        g_autoptr(GString) value = g_string_new(usb_models[i].model);
        g_autofree char *drive = NULL;

        if (strcmp(usb_models[i].handler, f->handler) != 0) {
            continue;
        }
        mig_needs_append(value, "bus=%s.0,port=%s", on->id, port);
        if (strcmp(f->handler, "usb-storage") == 0) {
            drive = mig_needs_drive(d, f);
            mig_needs_append(value, "drive=%s", drive);
        }
        mig_needs_row(d->needs, MIG_NEED_DEVICE, "-device", value->str, f->section->name,
                      usb_models[i].note);
        return true;
    }
    return false;
}

static bool add_scsi_device(MigNeedsDevices *d, const MigNeedsFacts *f,
                            const MigNeedsDevice *on, const char *place)
{
    g_auto(GStrv) parts = g_strsplit(place, ":", 4);
    g_autofree char *value = NULL, *drive = NULL;

    if (strcmp(f->handler, "scsi-disk") != 0 || g_strv_length(parts) != 3) {
        return false;
    }
    drive = mig_needs_drive(d, f);
    value = g_strdup_printf("scsi-hd,bus=%s.0,channel=%s,scsi-id=%s,lun=%s,drive=%s",
                            on->id, parts[0], parts[1], parts[2], drive);
    mig_needs_row(d->needs, MIG_NEED_DEVICE, "-device", value, f->section->name,
                  "or scsi-cd: they have the same section");
    return true;
}

/* What is behind a controller: "0000:00:09.0/1" and the like. */
static bool add_behind(MigNeedsDevices *d, const MigNeedsFacts *f, const char *path)
{
    const char *slash = strchr(path, '/');
    g_autofree char *controller = slash ? g_strndup(path, (gsize)(slash - path)) : NULL;
    const MigNeedsDevice *on = controller ? mig_needs_device(d, controller) : NULL;

    if (!on || strspn(slash + 1, G_CSET_DIGITS ".:") != strlen(slash + 1)) {
        return false;
    }
    return strchr(slash, ':') ? add_scsi_device(d, f, on, slash + 1)
                              : add_usb_device(d, f, on, slash + 1);
}

/* "virtio-mmio@000000000a003e00/virtio-blk": hw/virtio/virtio-mmio.c,
 * virtio_mmio_bus_get_dev_path(); hw/arm/virt.c, create_virtio_devices(): 512 bytes each. */
#define MMIO       "virtio-mmio@"
#define MMIO_BASE  UINT64_C(0x0a000000)
#define MMIO_BYTES 0x200u
#define MMIO_COUNT 32u

static bool add_mmio_device(MigNeedsDevices *d, const MigNeedsFacts *f, const char *path)
{
    uint64_t address = g_str_has_prefix(path, MMIO)
                           ? g_ascii_strtoull(path + strlen(MMIO), NULL, 16)
                           : 0;
    const MigNeedsModel *model = mig_needs_pci_model(f);
    g_autoptr(GString) value = NULL;
    g_autofree char *drive = NULL;

    if (address < MMIO_BASE || address >= MMIO_BASE + MMIO_COUNT * MMIO_BYTES || !model ||
        !g_str_has_suffix(model->model ? model->model : "", "-pci") ||
        model->traits & MIG_NEEDS_HOST) {
        return false;
    }
    value = g_string_new(model->model);
    g_string_truncate(value, value->len - strlen("pci"));
    g_string_append(value, "device");
    mig_needs_append(value, "bus=virtio-mmio-bus.%u",
                     (unsigned)((address - MMIO_BASE) / MMIO_BYTES));
    if (model->traits & MIG_NEEDS_DRIVE) {
        drive = mig_needs_drive(d, f);
        mig_needs_append(value, "drive=%s", drive);
    }
    mig_needs_row(d->needs, MIG_NEED_DEVICE, "-device", value->str, f->section->name,
                  model->note);
    return true;
}

/* The first controller for codecs of Intel's HD Audio. */
static bool add_codec(MigNeedsDevices *d, const MigNeedsFacts *f)
{
    g_autofree char *value = NULL;

    for (guint i = 0; i < d->pci->len; i++) {
        const MigNeedsDevice *on = &g_array_index(d->pci, MigNeedsDevice, i);

        if (strcmp(on->facts->handler, "intel-hda") == 0) {
            value = g_strdup_printf("hda-duplex,bus=%s.0,cad=%u,audiodev=%s", on->id,
                                    f->section->instance_id, MIG_NEEDS_AUDIODEV);
            mig_needs_audiodev(d);
            mig_needs_row(d->needs, MIG_NEED_DEVICE, "-device", value, f->section->name,
                          "or hda-output, hda-micro: they have the same section");
            return true;
        }
    }
    return false;
}

void mig_needs_add_plugged(MigNeedsDevices *d, const MigNeedsFacts *f)
{
    const MigNeedsOther *other =
        f->path ? NULL : mig_needs_other(f, mig_needs_machine(d->needs));
    g_autofree char *path = mig_needs_path(f);

    if (other && !other->option) {
        mig_needs_unknown(d->needs, f->section->name, other->note);
    } else if (other) {
        if (strstr(other->value, "audiodev=")) {
            mig_needs_audiodev(d);
        }
        mig_needs_row(d->needs, MIG_NEED_DEVICE, other->option, other->value,
                      f->section->name, other->note);
    } else if (strcmp(f->section->name, "hda-audio") == 0 ? !add_codec(d, f)
               : f->path ? !add_behind(d, f, path) && !add_mmio_device(d, f, path)
                         : false) {
        mig_needs_unknown(d->needs, f->section->name, "which device this is");
    }
}
