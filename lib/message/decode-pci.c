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
#include "message/decode.h"

#define BAR_FIRST   0x10u
#define BAR_END     0x28u
#define ROM         0x30u
#define CAPABILITY  0x34u
#define HEADER_END  0x40u
#define EXTENDED    0x100u
#define BITS_OF_BAR 0x0fu

/* What the message says. */
typedef struct Byte {
    uint64_t i, stream, local, cmask, wmask, w1cmask;
    uint64_t differs; /* bits that count */
    const char *section;
} Byte;

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

static bool is_virtio(const Byte *byte)
{
    return byte->section && strstr(byte->section, "/virtio-");
}

/* --- base address registers --------------------------------------------------------------- */

/* The lowest bit of a byte of a BAR that an address may have: the size, in this byte's terms. */
static uint64_t lowest_bit(uint64_t bits, uint64_t i)
{
    return (bits & -bits) << (8 * (i % 4));
}

static void say_bar_size(const Byte *byte, GPtrArray *facts)
{
    uint64_t low = byte->i % 4 == 0 ? BITS_OF_BAR : 0;
    uint64_t local = lowest_bit(byte->wmask & ~low & 0xff, byte->i);
    uint64_t stream = lowest_bit(byte->stream & ~low & 0xff, byte->i);
    g_autofree char *shown = NULL;

    if (local) {
        shown = mig_decode_size(local);
        mig_decode_say(facts, "At the destination the BAR is %s large.", shown);
    }
    if (stream && (!local || stream < local)) {
        g_autofree char *theirs = mig_decode_size(stream);

        mig_decode_say(facts,
                       "At the source it is %s at most, since its address is a "
                       "multiple of that only.",
                       theirs);
    }
    mig_decode_say(
        facts, is_virtio(byte)
                   ? "The I/O BAR of a virtio device grows with the features that it "
                     "offers, and the BAR for MSI-X with vectors=; older machine types "
                     "offer less. Use the source's machine type and vectors=."
                   : "Sizes of BARs follow from the device's options: memory sizes, "
                     "numbers of vectors, the machine type.");
}

static void say_bar(const Byte *byte, GPtrArray *facts)
{
    unsigned bar = (unsigned)(byte->i - BAR_FIRST) / 4;
    bool first = byte->i % 4 == 0;

    mig_decode_say(facts, "Byte 0x%02x is byte %u of BAR %u.", (unsigned)byte->i,
                   (unsigned)byte->i % 4, bar);
    if (first && byte->differs & 1) {
        mig_decode_say(
            facts, "The BAR is %s at the source and %s at the destination%s.",
            byte->stream & 1 ? "I/O" : "memory", byte->local & 1 ? "I/O" : "memory",
            (byte->stream | byte->local) & ~UINT64_C(0xf) ? "" : ", or missing");
    } else if (first && byte->differs & 6) {
        mig_decode_say(facts,
                       "The BAR has %u bits at the source and %u at the destination.",
                       byte->stream & 4 ? 64 : 32, byte->local & 4 ? 64 : 32);
    } else if (first && byte->differs & 8) {
        mig_decode_say(facts, "The BAR is prefetchable on one side only.");
    } else {
        say_bar_size(byte, facts);
    }
}

/* --- the rest ----------------------------------------------------------------------------- */

static void say_capability(const Byte *byte, GPtrArray *facts)
{
    if (byte->i == CAPABILITY) {
        mig_decode_say(
            facts,
            "Byte 0x34 points to the first capability: it is at 0x%x at the source "
            "and at 0x%x at the destination, so that one side has a capability "
            "which the other lacks.",
            (unsigned)byte->stream, (unsigned)byte->local);
    } else {
        mig_decode_say(facts, "Byte 0x%02x is inside a capability.", (unsigned)byte->i);
    }
    mig_decode_say(facts, "What decides which capabilities there are: the machine type, "
                          "vectors= (MSI-X), x-pcie-*-init= and the kind of bus (PCI "
                          "Express), disable-modern= and disable-legacy= of virtio.");
}

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

/* Offset 2 of MSI-X: in virtio's devices, or likely. */
static void say_msix(const Byte *byte, GPtrArray *facts)
{
    g_autofree char *queues = queues_of(byte->section, (unsigned)byte->stream + 1);

    if (byte->i % 4 == 2 && !byte->wmask && !byte->w1cmask) {
        mig_decode_say(
            facts,
            "%s the size of the MSI-X table: %u vectors in the stream, %u at the "
            "destination. Give the destination's device %s.",
            is_virtio(byte) ? "It is most likely" : "If the capability is MSI-X, this is",
            (unsigned)byte->stream + 1, (unsigned)byte->local + 1, queues);
    }
}

static void say_extended(const Byte *byte, GPtrArray *facts)
{
    mig_decode_say(facts,
                   "Byte 0x%x is inside a capability of PCI Express (AER, ARI, ACS, "
                   "ATS, SR-IOV): it is there on one side only, or made otherwise by "
                   "another machine type.",
                   (unsigned)byte->i);
    if (byte->i >= 0x108 && byte->i < 0x10c) {
        mig_decode_say(facts,
                       "In QEMU's ports it is the mask of uncorrectable errors (AER), "
                       "which 8.0 began to set: use the source's machine type, or "
                       "x-pcie-err-unc-mask=%s at the destination.",
                       byte->stream ? "on" : "off");
    }
}

static void say_header(const Byte *byte, GPtrArray *facts)
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

static void say_bits(const Byte *byte, GPtrArray *facts)
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
    Byte byte = {
        .i = mig_message_number(match, "i", 0),
        .stream = mig_message_number(match, "stream", 0) & 0xff,
        .local = mig_message_number(match, "local", 0) & 0xff,
        .cmask = mig_message_number(match, "cmask", 0xff),
        .wmask = mig_message_number(match, "wmask", 0),
        .w1cmask = mig_message_number(match, "w1cmask", 0),
        .section = section,
    };

    byte.differs =
        (byte.stream ^ byte.local) & byte.cmask & ~byte.wmask & ~byte.w1cmask & 0xff;
    if (byte.i >= EXTENDED) {
        say_extended(&byte, facts);
    } else if (byte.i >= HEADER_END || byte.i == CAPABILITY) {
        if (byte.i != CAPABILITY && mig_message_hole(match, "local")) {
            say_msix(&byte, facts);
        }
        say_capability(&byte, facts);
    } else if ((byte.i >= BAR_FIRST && byte.i < BAR_END)) {
        say_bar(&byte, facts);
    } else if (byte.i >= ROM && byte.i < ROM + 4) {
        mig_decode_say(facts,
                       "Byte 0x%02x belongs to the register of the option ROM: its "
                       "size differs, or one side has none (romfile=, rombar=).",
                       (unsigned)byte.i);
    } else {
        say_header(&byte, facts);
    }
    say_bits(&byte, facts);
}
