/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a refused byte of a base address register says: its kind, its size on
 *                both sides, and which option decides that.
 * Must not know: streams.
 * See also:      message/decode-pci.c.
 *
 * Source: PCI Local Bus Specification 3.0, 6.2.5; hw/pci/pci.c, pci_register_bar(): of the bits
 * of an address the guest may write those that are a multiple of the size.
 */
#include <string.h>

#include "message/decode-pci.h"
#include "message/decode.h"

#define BAR_FIRST      0x10u
#define BAR_END        0x28u
#define BAR_END_BRIDGE 0x18u
#define ROM            0x30u
#define ROM_BRIDGE     0x38u

/* Bits of the first byte that are no part of an address. */
#define IO_BITS     0x03u
#define MEMORY_BITS 0x0fu
#define ROM_BITS    0xffu

/* What decides the sizes of a device's BARs.  Source: hw/display, hw/nvme, hw/misc/ivshmem.c,
 * hw/usb; 5.2 to 11.1. */
static const char *const sizes[][2] = {
    { "*/virtio-gpu", "vectors=, hostmem=, and the machine type" },
    { "*/vga", "vgamem_mb=" },
    { "*/cirrus_vga", "vgamem_mb=" },
    { "*/vmware_vga", "vgamem_mb=" },
    { "*/bochs-display", "vgamem=" },
    { "*/qxl", "ram_size_mb=, vram_size_mb=, vram64_size_mb= and vgamem_mb=" },
    { "*/nvme",
      "msix_qsize=, max_ioqpairs=, cmb_size_mb=, pmrdev= and the virtual functions "
      "(sriov_max_vfs=)" },
    { "*/ivshmem*", "the size of the memory backend (memdev=)" },
    { "*/xhci", "the model of the controller: qemu-xhci or nec-usb-xhci" },
    { "*/vfio", "the device of the host" },
};

/* A size, in this byte's terms, from the lowest of the bits of an address that are in it. */
static uint64_t lowest_bit(uint64_t bits, unsigned k)
{
    return (bits & -bits) << (8 * k);
}

static void say_sizes(const MigPciByte *byte, unsigned k, uint64_t other,
                      const char *what, GPtrArray *facts)
{
    uint64_t address = k == 0 ? ~other & 0xff : 0xff;
    uint64_t local = lowest_bit(byte->wmask & address, k);
    uint64_t stream = lowest_bit(byte->stream & address, k);

    if (!byte->values) {
        return;
    }
    if (local) {
        g_autofree char *ours = mig_decode_size(local);

        mig_decode_say(facts, "At the destination the %s is %s large.", what, ours);
    } else if (byte->masks) {
        g_autofree char *least = mig_decode_size(UINT64_C(1) << (8 * (k + 1)));

        mig_decode_say(facts, "At the destination the %s is %s or larger, or missing.",
                       what, least);
    }
    if (stream && (!local || stream < local)) {
        g_autofree char *theirs = mig_decode_size(stream);

        mig_decode_say(facts,
                       "At the source it is %s at most, since its address is a "
                       "multiple of that only.",
                       theirs);
    }
}

static void say_options(const MigPciByte *byte, GPtrArray *facts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        if (mig_pci_byte_is_of(byte, sizes[i][0])) {
            mig_decode_say(facts, "What decides the sizes of this device's BARs: %s.",
                           sizes[i][1]);
            return;
        }
    }
    mig_decode_say(
        facts, mig_pci_byte_is_of(byte, "*/virtio-*")
                   ? "The I/O BAR of a virtio device grows with the features that it "
                     "offers, and the BAR for MSI-X with vectors=; older machine types "
                     "offer less. Use the source's machine type and vectors=."
                   : "Sizes of BARs follow from the device's options: memory sizes, "
                     "numbers of vectors, the machine type.");
}

/* What zero may mean, too: a BAR that is not there has nothing but that. */
static const char *or_missing(const MigPciByte *byte)
{
    return !byte->local    ? ", or is missing at the destination"
           : !byte->stream ? ", or is missing at the source"
                           : "";
}

/* The first byte has the kind; false where that does not differ. */
static bool say_kind(const MigPciByte *byte, GPtrArray *facts)
{
    if (byte->differs & 1) {
        mig_decode_say(facts, "The BAR is %s at the source and %s at the destination%s.",
                       byte->stream & 1 ? "I/O" : "memory",
                       byte->local & 1 ? "I/O" : "memory", or_missing(byte));
    } else if (byte->stream & 1) {
        return false;
    } else if (byte->differs & 6) {
        mig_decode_say(
            facts, "The BAR has %u bits at the source and %u at the destination%s.",
            byte->stream & 4 ? 64 : 32, byte->local & 4 ? 64 : 32, or_missing(byte));
    } else if (byte->differs & 8) {
        mig_decode_say(facts, "The BAR is prefetchable at the %s only%s.",
                       byte->stream & 8 ? "source" : "destination", or_missing(byte));
    } else {
        return false;
    }
    return true;
}

static void say_bar(const MigPciByte *byte, GPtrArray *facts)
{
    unsigned k = (unsigned)byte->i % 4;
    uint64_t other = byte->stream & 1 ? IO_BITS : MEMORY_BITS;
    bool kind;

    mig_decode_say(facts, "Byte 0x%02x is byte %u of BAR %u.", (unsigned)byte->i, k,
                   (unsigned)(byte->i - BAR_FIRST) / 4);
    kind = k == 0 && say_kind(byte, facts);
    if (!kind && k == 0 && byte->differs && !(byte->differs & ~other)) {
        mig_decode_say(facts, "The bits that differ are reserved.");
    } else if (!kind) {
        say_sizes(byte, k, other, "BAR", facts);
        say_options(byte, facts);
    }
}

static void say_rom(const MigPciByte *byte, GPtrArray *facts)
{
    unsigned k = (unsigned)byte->i % 4;

    mig_decode_say(facts,
                   "Byte 0x%02x is byte %u of the register of the option ROM: its size "
                   "differs, or one side has none.",
                   (unsigned)byte->i, k);
    if (k) {
        say_sizes(byte, k, ROM_BITS, "ROM", facts);
    }
    mig_decode_say(facts,
                   "The size is that of the file (romfile=, which distributions build in "
                   "other lengths), rounded up to a power of two, or from 6.0 on "
                   "romsize=; with rombar=0 or an empty romfile= there is none. Give the "
                   "destination's device what the source's has.");
}

bool mig_decode_bar(const MigPciByte *byte, GPtrArray *facts)
{
    bool bridge = mig_pci_byte_is_of_bridge(byte);
    uint64_t rom = bridge ? ROM_BRIDGE : ROM;

    if (byte->i >= rom && byte->i < rom + 4) {
        say_rom(byte, facts);
        return true;
    }
    if (byte->i >= BAR_FIRST && byte->i < (bridge ? BAR_END_BRIDGE : BAR_END)) {
        say_bar(byte, facts);
        return true;
    }
    return false;
}
