/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which device of QEMU has which section, and which ids in configuration space.
 * Must not know: options beside the model.
 * See also:      needs-device.c.
 *
 * Source: hw/, the VMStateDescription and class_init() of each device, QEMU 5.2 to 11.1.  Of
 * devices that share a section, the most common one is first.
 */
#include <string.h>

#include "shape/needs-private.h"

#define VIRTIO        (MIG_NEEDS_VIRTIO | MIG_NEEDS_VECTORS)
#define ANY           0, 0, 0
#define ID(v, d)      v, d, 0
#define CLASS(c)      0, 0, c
#define VIRTIO_VENDOR 0x1af4
#define INTEL         0x8086
#define REDHAT        0x1b36

static const MigNeedsModel models[] = {
    /* what a machine has */
    { "mch", ANY, NULL, MIG_NEEDS_BUILTIN, NULL },
    { "ICH9LPC", ANY, NULL, MIG_NEEDS_BUILTIN, NULL },
    { "ich9_smb", ANY, NULL, MIG_NEEDS_BUILTIN, NULL },
    { "I440FX", ANY, NULL, MIG_NEEDS_BUILTIN, NULL },
    { "PIIX3", ANY, NULL, MIG_NEEDS_BUILTIN, NULL },
    { "piix4_pm", ANY, NULL, MIG_NEEDS_BUILTIN, NULL },
    { "gpex_root", ANY, NULL, MIG_NEEDS_BUILTIN, NULL },

    /* virtio */
    { "virtio-net", ANY, "virtio-net-pci", VIRTIO | MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "virtio-blk", ANY, "virtio-blk-pci", VIRTIO | MIG_NEEDS_DRIVE, NULL },
    { "vhost-user-blk", ANY, "vhost-user-blk-pci", VIRTIO | MIG_NEEDS_HOST, NULL },
    { "virtio-console", ANY, "virtio-serial-pci", VIRTIO, NULL },
    { "virtio-scsi", ANY, "virtio-scsi-pci", VIRTIO, NULL },
    { "virtio-vhost_scsi", ANY, "vhost-scsi-pci", VIRTIO | MIG_NEEDS_HOST, NULL },
    { "virtio-balloon", ANY, "virtio-balloon-pci", MIG_NEEDS_VIRTIO, NULL },
    { "virtio-rng", ANY, "virtio-rng-pci", MIG_NEEDS_VIRTIO | MIG_NEEDS_VECTORS, NULL },
    { "virtio-9p", ANY, "virtio-9p-pci", VIRTIO | MIG_NEEDS_HOST, NULL },
    { "virtio-vhost_vsock", ANY, "vhost-vsock-pci", MIG_NEEDS_VECTORS | MIG_NEEDS_HOST,
      "guest-cid= is the guest's own" },
    { "vhost-user-fs", ANY, "vhost-user-fs-pci", MIG_NEEDS_VECTORS | MIG_NEEDS_HOST,
      NULL },
    { "virtio-crypto", ANY, "virtio-crypto-pci", MIG_NEEDS_VECTORS | MIG_NEEDS_HOST,
      NULL },
    { "virtio-gpu", ID(VIRTIO_VENDOR, 0x1050), "virtio-gpu-pci", MIG_NEEDS_VECTORS,
      NULL },
    { "virtio-vga", ANY, "virtio-vga", MIG_NEEDS_VECTORS | MIG_NEEDS_ROM, NULL },
    { "virtio-input", CLASS(0x0900), "virtio-keyboard-pci", MIG_NEEDS_VECTORS, NULL },
    { "virtio-input", CLASS(0x0902), "virtio-mouse-pci", MIG_NEEDS_VECTORS, NULL },
    { "virtio-input", CLASS(0x0980), "virtio-tablet-pci", MIG_NEEDS_VECTORS,
      "or virtio-multitouch-pci, or virtio-input-host-pci, a device of the host" },
    { "virtio-input", ANY, "virtio-keyboard-pci", MIG_NEEDS_VECTORS,
      "a keyboard, a mouse or a tablet: they have the same section" },
    { "virtio-iommu", ANY, "virtio-iommu-pci", 0, NULL },

    /* network cards */
    { "e1000", ID(INTEL, 0x100c), "e1000-82544gc", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "e1000", ID(INTEL, 0x100f), "e1000-82545em", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "e1000", ANY, "e1000", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "e1000e", ANY, "e1000e", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "igb", ANY, "igb", MIG_NEEDS_NIC, NULL },
    { "rtl8139", ANY, "rtl8139", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "pcnet", ANY, "pcnet", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "ne2000", ANY, "ne2k_pci", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "vmxnet3", ANY, "vmxnet3", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "tulip", ANY, "tulip", MIG_NEEDS_NIC, NULL },
    { "eeprom", ANY, NULL, MIG_NEEDS_BUILTIN, NULL }, /* of the card with that path */
    { "i82550", ANY, "i82550", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82551", ANY, "i82551", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82557a", ANY, "i82557a", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82557b", ANY, "i82557b", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82557c", ANY, "i82557c", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82558a", ANY, "i82558a", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82558b", ANY, "i82558b", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82559a", ANY, "i82559a", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82559b", ANY, "i82559b", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82559c", ANY, "i82559c", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82559er", ANY, "i82559er", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82562", ANY, "i82562", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },
    { "i82801", ANY, "i82801", MIG_NEEDS_NIC | MIG_NEEDS_ROM, NULL },

    /* controllers of disks */
    { "ich9_ahci", ANY, "ich9-ahci", 0, NULL },
    { "lsiscsi", ID(0x1000, 0x0001), "lsi53c810", 0, NULL },
    { "lsiscsi", ANY, "lsi53c895a", 0, NULL },
    { "megasas", ANY, "megasas", 0, NULL },
    { "megasas-gen2", ANY, "megasas-gen2", 0, NULL },
    { "mptsas", ANY, "mptsas1068", 0, NULL },
    { "pvscsi", ANY, "pvscsi", 0, NULL },
    { "pciespscsi", ANY, "am53c974", 0, "am53c974 or dc390" },
    { "nvme", ANY, "nvme", MIG_NEEDS_DRIVE, NULL },
    { "sdhci", ANY, "sdhci-pci", 0, NULL },
    { "ide", ID(INTEL, 0x7010), "piix3-ide", 0, NULL },
    { "ide", ID(INTEL, 0x7111), "piix4-ide", 0, NULL },
    { "ide", ID(0x1095, 0x0646), "cmd646-ide", 0, NULL },

    /* USB */
    { "xhci", ID(0x1033, 0x0194), "nec-usb-xhci", 0, NULL },
    { "xhci", ANY, "qemu-xhci", 0, NULL },
    { "ehci", ID(INTEL, 0x293a), "ich9-usb-ehci1", 0, NULL },
    { "ehci", ID(INTEL, 0x293c), "ich9-usb-ehci2", 0, NULL },
    { "ehci", ANY, "usb-ehci", 0, NULL },
    { "uhci", ID(INTEL, 0x2934), "ich9-usb-uhci1", 0, NULL },
    { "uhci", ID(INTEL, 0x2935), "ich9-usb-uhci2", 0, NULL },
    { "uhci", ID(INTEL, 0x2936), "ich9-usb-uhci3", 0, NULL },
    { "uhci", ID(INTEL, 0x2937), "ich9-usb-uhci4", 0, NULL },
    { "uhci", ID(INTEL, 0x2938), "ich9-usb-uhci5", 0, NULL },
    { "uhci", ID(INTEL, 0x2939), "ich9-usb-uhci6", 0, NULL },
    { "uhci", ID(INTEL, 0x7112), "piix4-usb-uhci", 0, NULL },
    { "uhci", ANY, "piix3-usb-uhci", 0, NULL },
    { "ohci", ANY, "pci-ohci", 0, NULL },

    /* graphics, sound */
    { "vga", CLASS(0x0380), "secondary-vga", 0, NULL },
    { "vga", ANY, "VGA", MIG_NEEDS_ROM, NULL },
    { "cirrus_vga", ANY, "cirrus-vga", MIG_NEEDS_ROM, NULL },
    { "qxl", ANY, "qxl-vga", MIG_NEEDS_ROM, "the first one; a further one is qxl" },
    { "vmware_vga", ANY, "vmware-svga", MIG_NEEDS_ROM, NULL },
    { "bochs-display", ANY, "bochs-display", 0, NULL },
    { "intel-hda", ID(INTEL, 0x2668), "intel-hda", 0, NULL },
    { "intel-hda", ANY, "ich9-intel-hda", 0, NULL },
    { "ac97", ANY, "AC97", MIG_NEEDS_AUDIO, NULL },
    { "es1370", ANY, "ES1370", MIG_NEEDS_AUDIO, NULL },

    /* bridges */
    { "pcie-root-port", ANY, "pcie-root-port", MIG_NEEDS_PORT, NULL },
    { "ioh-3240-express-root-port", ANY, "ioh3420", MIG_NEEDS_PORT, NULL },
    { "xio3130-express-upstream-port", ANY, "x3130-upstream", 0, NULL },
    { "xio3130-express-downstream-port", ANY, "xio3130-downstream", MIG_NEEDS_PORT,
      NULL },
    { "pci_bridge", ID(REDHAT, 0x0001), "pci-bridge", MIG_NEEDS_BRIDGE, NULL },
    { "pcie-pci-bridge", ANY, "pcie-pci-bridge", 0, NULL },
    { "i82801b11_bridge", ANY, "i82801b11-bridge", 0, NULL },

    /* others */
    { "pci-serial", ANY, "pci-serial", 0, NULL },
    { "pci-serial-multi", ID(REDHAT, 0x0003), "pci-serial-2x", 0, NULL },
    { "pci-serial-multi", ID(REDHAT, 0x0004), "pci-serial-4x", 0, NULL },
    { "tpci200", ANY, "tpci200", 0, NULL },
    { "i6300esb_wdt", ANY, "i6300esb", 0, NULL },
    { "pvpanic-pci", ANY, "pvpanic-pci", 0, NULL },
    { "ivshmem-plain", ANY, "ivshmem-plain", MIG_NEEDS_HOST, NULL },
    { "ivshmem-doorbell", ANY, "ivshmem-doorbell", MIG_NEEDS_HOST, NULL },
    { "vfio", ANY, "vfio-pci", MIG_NEEDS_HOST, NULL },
};

const MigNeedsModel *mig_needs_pci_model(const MigNeedsFacts *facts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        const MigNeedsModel *m = &models[i];

        if (strcmp(m->handler, facts->handler) == 0 &&
            (m->class_id == 0 || m->class_id == facts->class_id) &&
            (m->vendor_id == 0 ||
             (m->vendor_id == facts->vendor_id && m->device_id == facts->device_id))) {
            return m;
        }
    }
    return NULL;
}

/* What is looked for by name alone: a section that is not here, the machine has without an
 * option. */
static const MigNeedsOther others[] = {
    { "serial", "-serial", "null", NULL, NULL, 0 },
    { "parallel_isa", "-parallel", "null", NULL, NULL, 0 },
    { "fdc", "-device", "isa-fdc", NULL, "pc-q35-", 0 },
    { "isa-ide", "-device", "isa-ide", NULL, "pc-", 0 },
    { "PCIHost", NULL, NULL,
      "a further root of PCI: -device pxb-pcie or pxb, and its bus_nr=", NULL, 1 },
    { "ipmi-bmc-sim", "-device", "ipmi-bmc-sim,id=bmc", NULL, NULL, 0 },
    { "ipmi-interface", "-device", "isa-ipmi-kcs,bmc=bmc", NULL, NULL, 0 },
    { "ib700_wdt", "-device", "ib700", NULL, NULL, 0 },
    { "vmgenid", "-device", "vmgenid,guid=auto", NULL, NULL, 0 },
    { "vmcoreinfo", "-device", "vmcoreinfo", NULL, NULL, 0 },
    { "ramfb-dev", "-device", "ramfb", NULL, NULL, 0 },
    { "iommu-intel", "-device", "intel-iommu",
      "its other properties are not in the stream", NULL, 0 },
    { "amd-iommu", "-device", "amd-iommu", "its other properties are not in the stream",
      NULL, 0 },
    { "sb16", "-device", "sb16,audiodev=" MIG_NEEDS_AUDIODEV, NULL, NULL, 0 },
    { "gus", "-device", "gus,audiodev=" MIG_NEEDS_AUDIODEV, NULL, NULL, 0 },
    { "cs4231a", "-device", "cs4231a,audiodev=" MIG_NEEDS_AUDIODEV, NULL, NULL, 0 },
    { "tpm-crb", NULL, NULL, "a TPM: -tpmdev, and -device tpm-crb", NULL, 0 },
    { "tpm-tis", NULL, NULL, "a TPM: -tpmdev, and -device tpm-tis", NULL, 0 },
    { "acpi-erst", NULL, NULL, "-device acpi-erst with the memory of its records", NULL,
      0 },
    { "virtio-mem", NULL, NULL, "memory of virtio-mem, and its backend", NULL, 0 },
    { "sd-card", NULL, NULL, "a card: -drive, and -device sd-card", NULL, 0 },
    { "usb-host", NULL, NULL, "a USB device of the host", NULL, 0 },
    { "usb-redir", NULL, NULL, "a USB device of somewhere else", NULL, 0 },
};

const MigNeedsOther *mig_needs_other(const MigNeedsFacts *facts, const char *machine)
{
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        const MigNeedsOther *other = &others[i];

        if (strcmp(other->handler, facts->handler) == 0 &&
            facts->section->instance_id >= other->first &&
            (!other->machine || g_str_has_prefix(machine, other->machine))) {
            return other;
        }
    }
    return NULL;
}
