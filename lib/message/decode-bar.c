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

/* Bytes of a register: the next one has the upper half of an address of 64 bits. */
#define HALF 4u

/* Bits of the first byte that are no part of an address. */
#define IO_BITS     0x03u
#define MEMORY_BITS 0x0fu
#define ROM_BITS    0xffu

/* What decides the sizes of a device's BARs; NULL: nothing does.  Source: hw/display, hw/nvme,
 * hw/misc/ivshmem.c, hw/usb/hcd-xhci.h (XHCI_LEN_REGS), hw/net/e1000e.c, igb.c; 5.2 to 11.1. */
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
    { "*/xhci", NULL }, /* 16 KiB in each model */
    { "*/e1000e", NULL },
    { "*/igb", NULL },
    { "*/vfio", "the device of the host" },
};

/* A size, in this byte's terms, from the lowest of the bits of an address that are in it. */
static uint64_t lowest_bit(uint64_t bits, unsigned k)
{
    return (bits & -bits) << (8 * k);
}

/* @k: which byte of an address it is; @other: what is no part of an address in the first one. */
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
    } else if (k >= HALF) {
        mig_decode_say(facts,
                       "At the destination the %s is larger than 4 GiB, or has 32 bits "
                       "only and another BAR comes after it.",
                       what);
    } else if (byte->masks) {
        g_autofree char *least = mig_decode_size(UINT64_C(1) << (8 * (k + 1)));

        mig_decode_say(facts, "At the destination the %s is %s or larger.", what, least);
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
        if (!mig_pci_byte_is_of(byte, sizes[i][0])) {
            continue;
        } else if (sizes[i][1]) {
            mig_decode_say(facts, "What decides the sizes of this device's BARs: %s.",
                           sizes[i][1]);
        } else {
            mig_decode_say(facts,
                           "The sizes of this device's BARs are the same whatever its "
                           "options are: another model of device or another release is "
                           "at the destination.");
        }
        return;
    }
    mig_decode_say(
        facts, mig_pci_byte_is_of(byte, "*/virtio-*")
                   ? "The I/O BAR of a virtio device grows with the features that it "
                     "offers, and the BAR for MSI-X with vectors=; older machine types "
                     "offer less. Use the source's machine type and vectors=."
                   : "Sizes of BARs follow from the device's options: memory sizes, "
                     "numbers of vectors, the machine type.");
}

/* What zero may mean, too: the source may have no such BAR.  The destination has it: hw/pci/pci.c,
 * pci_register_bar(), 5.2 to 11.1, is what lets its bytes be compared. */
static const char *or_missing(const MigPciByte *byte)
{
    return byte->stream ? "" : ", or is missing at the source";
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

/* Whether the register is the upper half of the BAR before it, which the stream shows: a memory
 * BAR that is none itself has bits that say so. */
static bool is_upper(const uint8_t *header, unsigned n)
{
    bool upper = false;

    for (unsigned i = 0; i < n; i++) {
        upper = !upper && (header[BAR_FIRST + HALF * i] & 7) == 4;
    }
    return upper;
}

static void say_upper(const MigPciByte *byte, unsigned n, unsigned k, GPtrArray *facts)
{
    mig_decode_say(facts,
                   "Byte 0x%02x is byte %u of BAR %u, which has 64 bits at the source.",
                   (unsigned)byte->i, HALF + k, n - 1);
    say_sizes(byte, HALF + k, 0, "BAR", facts);
    say_options(byte, facts);
}

static void say_own(const MigPciByte *byte, unsigned n, unsigned k, GPtrArray *facts)
{
    uint64_t other = byte->stream & 1 ? IO_BITS : MEMORY_BITS;
    bool kind;

    mig_decode_say(facts, "Byte 0x%02x is byte %u of BAR %u.", (unsigned)byte->i, k, n);
    kind = k == 0 && say_kind(byte, facts);
    if (!kind && k == 0 && byte->differs && !(byte->differs & ~other)) {
        mig_decode_say(facts, "The bits that differ are reserved.");
    } else if (!kind) {
        say_sizes(byte, k, other, "BAR", facts);
        say_options(byte, facts);
    }
    if (n && !byte->header) {
        mig_decode_say(facts,
                       "If BAR %u has 64 bits, it is byte %u of that instead: then no "
                       "kind stands in it, and at the destination that BAR is missing, "
                       "has 32 bits only, or is larger than 4 GiB. The stream shows "
                       "which it is (--in=FILE).",
                       n - 1, HALF + k);
    }
}

static void say_bar(const MigPciByte *byte, GPtrArray *facts)
{
    unsigned n = (unsigned)(byte->i - BAR_FIRST) / HALF, k = (unsigned)byte->i % HALF;

    if (byte->header && is_upper(byte->header, n)) {
        say_upper(byte, n, k, facts);
    } else {
        say_own(byte, n, k, facts);
    }
}

static void say_rom(const MigPciByte *byte, GPtrArray *facts)
{
    unsigned k = (unsigned)byte->i % HALF;

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
