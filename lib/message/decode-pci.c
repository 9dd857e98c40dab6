/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which register of PCI configuration space a refused byte belongs to, which
 *                bits of it differ, and what sets them.
 * Must not know: streams.
 * See also:      device/pci-registers.h, the registers.
 *
 * Source: hw/pci/pci.c, get_pci_config_device: the first byte for which
 * (read ^ device) & cmask & ~wmask & ~w1cmask is not 0.
 */
#include <inttypes.h>
#include <string.h>

#include "device/pci-registers.h"
#include "message/decode-pci.h"
#include "message/decode.h"
#include "stream/glob.h"

#define CAPABILITY 0x34u
#define VFIO       "*/vfio"
#define HOST_DECIDES                                                                     \
    "It is a device of the host: its model, firmware and driver have to be the same on " \
    "both sides."
#define HEADER_END 0x40u
#define EXTENDED   0x100u

bool mig_pci_byte_is_of(const MigPciByte *byte, const char *pattern)
{
    return byte->section && mig_glob(pattern, byte->section);
}

static const Reg *register_in(const Reg *table, uint64_t i)
{
    for (; table->name; table++) {
        if (i >= table->at && i < table->at + (uint64_t)table->width) {
            return table;
        }
    }
    return NULL;
}

static const Reg *register_at(uint64_t i)
{
    const Reg *reg = register_in(mig_pci_common_header, i);

    return reg ? reg : register_in(mig_pci_header_0, i);
}

/* --- MSI-X -------------------------------------------------------------------------------- */

/* How many queues a device with so many vectors has, by what QEMU takes for vectors=.
 * Source: hw/virtio/virtio-blk-pci.c, virtio-scsi-pci.c, virtio-net-pci.c, 7.2. */
static char *queues_of(const char *section, unsigned vectors)
{
    const char *name = section ? strstr(section, "virtio-") : NULL;

    if (name && g_str_equal(name, "virtio-blk") && vectors > 1) {
        return g_strdup_printf("vectors=%u or num-queues=%u", vectors, vectors - 1);
    } else if (name && g_str_equal(name, "virtio-scsi") && vectors > 3) {
        return g_strdup_printf("vectors=%u or num_queues=%u", vectors, vectors - 3);
    } else if (name && g_str_equal(name, "virtio-net") && vectors > 3 &&
               vectors % 2 == 0) {
        return g_strdup_printf("vectors=%u or mq=on with queues=%u", vectors,
                               (vectors - 2) / 2);
    }
    return g_strdup_printf("vectors=%u, or as many queues or ports as at the source",
                           vectors);
}

/* Devices that are not virtio's: where QEMU puts their MSI-X capability, 0 where that varies, and
 * what decides how many vectors it has.  Source: the calls of msix_init() in hw/net/e1000e.c
 * (0xa0), igb.c and igbvf.c (0x70), hw/usb/hcd-xhci-pci.c (0x90); in hw/nvme/ctrl.c and of
 * msix_init_exclusive_bar() in hw/pci-bridge/gen_pcie_root_port.c, which leave the place to
 * pci_add_capability(): the first that is free, of 0x40 and of 0x48; hw/misc/ivshmem.c,
 * hw/scsi/megasas.c; 5.2 to 11.1. */
static const struct {
    const char *pattern;
    uint64_t at;
    const char *option; /* NULL: none does */
} tables[] = {
    { "*/nvme", 0x40, "msix_qsize=" },
    { "*/e1000e", 0xa0, NULL },
    { "*/igb*", 0x70, NULL },
    { "*/xhci", 0x90, "intrs= (of nec-usb-xhci; qemu-xhci has none)" },
    { "*/ivshmem*", 0, "vectors=" },
    { "*/pcie-root-port", 0x48, NULL },
    { "*/megasas*", 0, NULL },
    { "*/vmxnet3", 0, NULL },
    { "*/rocker", 0, "len-ports= and ports" },
    { "*/cxl*", 0, NULL },
    { "*/vfio", 0, NULL },
};

static void say_vectors(const MigPciByte *byte, const char *theirs, const char *ours,
                        GPtrArray *facts)
{
    mig_decode_say(
        facts, "%s the size of the MSI-X table: %s in the stream, %s at the destination.",
        mig_pci_byte_is_of(byte, "*/virtio-*") ? "It is most likely"
                                               : "If the capability is MSI-X, this is",
        theirs, ours);
}

static void say_table_option(const MigPciByte *byte, unsigned vectors, GPtrArray *facts)
{
    g_autofree char *queues = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (!mig_pci_byte_is_of(byte, tables[i].pattern)) {
            continue;
        }
        if (tables[i].option && vectors && g_str_has_suffix(tables[i].option, "=")) {
            mig_decode_say(facts, "Give the destination's device %s%u.", tables[i].option,
                           vectors);
        } else if (tables[i].option) {
            mig_decode_say(facts, "Give the destination's device the source's %s.",
                           tables[i].option);
        } else {
            mig_decode_say(facts,
                           "No option of this device decides that: use the source's "
                           "model of device, machine type and release.");
        }
        return;
    }
    queues = vectors ? queues_of(byte->section, vectors)
                     : g_strdup("the source's vectors= or number of queues");
    mig_decode_say(facts, "Give the destination's device %s.", queues);
}

static bool may_be_msix(const MigPciByte *byte)
{
    for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (tables[i].at && mig_pci_byte_is_of(byte, tables[i].pattern)) {
            return byte->i / 4 * 4 == tables[i].at;
        }
    }
    return true;
}

/* Offset 2 or 3 of MSI-X: in virtio's devices, or likely.  Bits 0 to 10 are the number of vectors
 * less one, and of the others the guest may write two. */
static void say_msix(const MigPciByte *byte, GPtrArray *facts)
{
    unsigned stream = (unsigned)byte->stream, local = (unsigned)byte->local;
    g_autofree char *theirs = NULL, *ours = NULL;

    if (!may_be_msix(byte) || byte->w1cmask) {
        return;
    }
    if (byte->i % 4 == 2 && !byte->wmask) {
        theirs = g_strdup_printf("%u vector%s", stream + 1, stream ? "s" : "");
        ours = g_strdup_printf("%u", local + 1);
        say_vectors(byte, theirs, ours, facts);
        say_table_option(byte, stream + 1, facts);
    } else if (byte->i % 4 == 3 && !(byte->differs & ~UINT64_C(0x07)) &&
               (byte->wmask == 0xc0 || !byte->masks)) {
        theirs = g_strdup_printf("%u to %u vectors", (stream & 7) * 256 + 1,
                                 ((stream & 7) + 1) * 256);
        ours =
            g_strdup_printf("%u to %u", (local & 7) * 256 + 1, ((local & 7) + 1) * 256);
        say_vectors(byte, theirs, ours, facts);
        say_table_option(byte, 0, facts);
    }
}

/* --- the rest ----------------------------------------------------------------------------- */

static void say_capability(const MigPciByte *byte, GPtrArray *facts)
{
    bool virtio = !byte->section || mig_pci_byte_is_of(byte, "*/virtio-*");

    if (byte->i == CAPABILITY && !byte->values) {
        mig_decode_say(facts,
                       "Byte 0x34 points to the first capability: one side has one "
                       "that the other lacks.");
    } else if (byte->i == CAPABILITY) {
        mig_decode_say(
            facts,
            "Byte 0x34 points to the first capability: it is at 0x%x at the source "
            "and at 0x%x at the destination, so that one side has a capability "
            "which the other lacks.",
            (unsigned)byte->stream, (unsigned)byte->local);
    } else {
        mig_decode_say(facts, "Byte 0x%02x is inside a capability.", (unsigned)byte->i);
    }
    if (mig_pci_byte_is_of_bridge(byte)) {
        mig_decode_say(facts,
                       "What decides which capabilities a bridge has: the machine type, "
                       "msi= and shpc=, and of bus-reserve=, io-reserve=, mem-reserve=, "
                       "pref32-reserve= and pref64-reserve= whether one is given: QEMU "
                       "has a capability that hands those numbers to firmware.");
    } else if (mig_pci_byte_is_of(byte, VFIO)) {
        mig_decode_say(facts, HOST_DECIDES);
    } else {
        mig_decode_say(facts,
                       "What decides which capabilities there are: the machine type, %s, "
                       "the kind of bus and x-pcie-*-init= (PCI Express)%s.",
                       virtio ? "vectors= (MSI-X)"
                              : "msi= and msix= where the device has them",
                       virtio ? ", disable-modern= and disable-legacy= of virtio" : "");
    }
}

static void say_extended(const MigPciByte *byte, GPtrArray *facts)
{
    mig_decode_say(facts,
                   "Byte 0x%x is inside a capability of PCI Express (AER, ARI, ACS, "
                   "ATS, SR-IOV): it is there on one side only, or made otherwise by "
                   "another machine type.",
                   (unsigned)byte->i);
    if (mig_pci_byte_is_of(byte, VFIO)) {
        mig_decode_say(facts, HOST_DECIDES);
        return;
    }
    mig_decode_say(facts, "What decides which there are: %s, and the machine type.",
                   mig_pci_byte_is_of_bridge(byte) ? "disable-acs= of the port"
                   : mig_pci_byte_is_of(byte, "*/virtio-*")
                       ? "aer=, ats= and sriov-pf= of the device"
                   : mig_pci_byte_is_of(byte, "*/nvme") ? "sriov_max_vfs= of the device"
                                                        : "the device's options");
    if (byte->values && byte->i >= 0x108 && byte->i < 0x10c) {
        mig_decode_say(facts,
                       "In QEMU's ports it is the mask of uncorrectable errors (AER), "
                       "which 8.0 began to set: use the source's machine type, or "
                       "x-pcie-err-unc-mask=%s at the destination.",
                       byte->stream ? "on" : "off");
    }
}

static void say_header(const MigPciByte *byte, GPtrArray *facts)
{
    const Reg *reg = register_at(byte->i);

    if (!reg) {
        mig_decode_say(facts, "Byte 0x%02x is reserved.", (unsigned)byte->i);
        return;
    }
    mig_decode_say(facts, "Byte 0x%02x belongs to the register %s.", (unsigned)byte->i,
                   reg->name);
    if (byte->i < 4 || (byte->i >= 9 && byte->i < 12)) {
        mig_decode_say(facts,
                       "Another model of device is in this slot: compare what is at "
                       "the address on both sides. A virtio device is another one "
                       "too where disable-legacy= or the bus differs.");
    } else if (byte->i == 6 && byte->differs & 0x10) {
        mig_decode_say(facts, "One side has capabilities and the other has none.");
    } else if (byte->i == 8 && mig_pci_byte_is_of(byte, "*/qxl")) {
        mig_decode_say(facts,
                       "The revision differs: revision= of the card decides it, and "
                       "with it the machine type.");
    } else if (byte->i == 8) {
        mig_decode_say(facts,
                       "The revision differs: of virtio, 1 is modern only and 0 is "
                       "not (disable-legacy=); other devices follow the machine type.");
    } else if (byte->i == 0x0e) {
        mig_decode_say(facts, "%s, or multifunction= differs.",
                       byte->differs & 0x7f ? "One side has a bridge there"
                                            : "Other functions share the slot");
    }
}

static void say_bits(const MigPciByte *byte, GPtrArray *facts)
{
    g_autoptr(GString) bits = g_string_new(NULL);

    for (unsigned bit = 0; bit < 8; bit++) {
        if (byte->differs >> bit & 1) {
            g_string_append_printf(bits, "%s%u", bits->len ? ", " : "", bit);
        }
    }
    if (bits->len) {
        mig_decode_say(facts, "Bits that differ and that no guest can change: %s.",
                       bits->str);
    }
}

void mig_decode_pci(const MigMessageMatch *match, const char *section, GPtrArray *facts)
{
    mig_decode_pci_header(match, section, NULL, facts);
}

void mig_decode_pci_header(const MigMessageMatch *match, const char *section,
                           const uint8_t *header, GPtrArray *facts)
{
    MigPciByte byte = {
        .i = mig_message_number(match, "i", 0),
        .stream = mig_message_number(match, "stream", 0) & 0xff,
        .local = mig_message_number(match, "local", 0) & 0xff,
        .cmask = mig_message_number(match, "cmask", 0xff),
        .wmask = mig_message_number(match, "wmask", 0),
        .w1cmask = mig_message_number(match, "w1cmask", 0),
        .values = mig_decode_has(match, "stream") && mig_decode_has(match, "local"),
        .masks = mig_decode_has(match, "wmask"),
        .section = section,
        .header = header,
    };

    if (byte.values) {
        byte.differs =
            (byte.stream ^ byte.local) & byte.cmask & ~byte.wmask & ~byte.w1cmask & 0xff;
    }
    if (byte.i >= EXTENDED) {
        say_extended(&byte, facts);
    } else if (mig_decode_bar(&byte, facts) || mig_decode_bridge(&byte, facts)) {
        /* has said it */
    } else if (byte.i >= HEADER_END || byte.i == CAPABILITY) {
        if (byte.i != CAPABILITY && byte.values) {
            say_msix(&byte, facts);
        }
        say_capability(&byte, facts);
    } else {
        say_header(&byte, facts);
    }
    say_bits(&byte, facts);
}
