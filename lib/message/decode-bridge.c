/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a refused byte of a bridge or of a port of PCI Express says: windows, bus
 *                numbers, link and slot, and which option decides them.
 * Must not know: streams.
 * See also:      message/decode-pci.c; device/pci-registers.h, the registers.
 *
 * Source: PCI-to-PCI Bridge Architecture Specification 1.2; hw/pci/pci.c, pci_init_mask_bridge(),
 * which has only the low bits of the I/O window and of that of prefetchable memory compared;
 * hw/pci/pcie.c, pcie_cap_slot_init(), pcie_cap_fill_slot_lnk(); hw/pci-bridge; 5.2 to 11.1.
 */
#include <string.h>

#include "device/pci-registers.h"
#include "message/decode-pci.h"
#include "message/decode.h"

#define HEADER_TYPE 0x0eu
#define HEADER_END  0x40u
#define BUSES       0x18u
#define WINDOWS_END 0x34u
#define SPEED       0x0fu /* in the first byte of its registers */

/* Names of the state of bridges, and where QEMU puts their Express capability; 0: it has none, or
 * not at one place.  Source: hw/pci-bridge/ioh3420.c (IOH_EP_EXP_OFFSET), xio3130_upstream.c and
 * xio3130_downstream.c (XIO3130_EXP_OFFSET), gen_pcie_root_port.c, which leaves the place to
 * pci_add_capability(): after subsystem ids at 0x40 and MSI-X at 0x48, as real streams have it. */
static const struct {
    const char *pattern;
    uint64_t express;
} bridges[] = {
    { "*/pcie-root-port", 0x54 },
    { "*/ioh-3240-express-root-port", 0x90 },
    { "*/xio3130-express-*-port", 0x90 },
    { "*bridge*", 0 },
    { "*-root-port", 0 },
    { "*-upstream*", 0 },
    { "*-downstream*", 0 },
};

bool mig_pci_byte_is_of_bridge(const MigPciByte *byte)
{
    if (byte->header) {
        return (byte->header[HEADER_TYPE] & 0x7f) == 1;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bridges); i++) {
        if (mig_pci_byte_is_of(byte, bridges[i].pattern)) {
            return true;
        }
    }
    return false;
}

static const Reg *register_in(const Reg *table, uint64_t at)
{
    for (; table->name; table++) {
        if (at >= table->at && at < table->at + (uint64_t)table->width) {
            return table;
        }
    }
    return NULL;
}

/* --- the header --------------------------------------------------------------------------- */

/* The registers of windows, by their first bytes. */
static const struct {
    uint64_t first, last;
    const char *what;
    /* Where the low bits of a register say that addresses have twice so many: those, and the
     * bytes of a register, of which the first has them. */
    unsigned width, step;
} windows[] = {
    { 0x18, 0x1a, "the numbers of the buses on both sides of the bridge", 0, 1 },
    { 0x1c, 0x1d, "the bridge's I/O window", 16, 1 },
    { 0x20, 0x23, "the bridge's memory window", 0, 2 },
    { 0x24, 0x27, "the bridge's window of prefetchable memory", 32, 2 },
    { 0x28, 0x2f, "the upper 32 bits of the bridge's window of prefetchable memory", 0,
      4 },
    { 0x30, 0x33, "the upper 16 bits of the bridge's I/O window", 0, 2 },
};

static void say_header(const MigPciByte *byte, const Reg *reg, GPtrArray *facts)
{
    unsigned width = 0;

    mig_decode_say(facts, "In a bridge byte 0x%02x belongs to the register %s.",
                   (unsigned)byte->i, reg->name);
    for (size_t i = 0; i < G_N_ELEMENTS(windows); i++) {
        if (byte->i >= windows[i].first && byte->i <= windows[i].last) {
            mig_decode_say(facts, "It is about %s.", windows[i].what);
            width = (byte->i - windows[i].first) % windows[i].step ? 0 : windows[i].width;
        }
    }
    if (width && byte->differs & 0x0f) {
        mig_decode_say(facts,
                       "Its low bits say how wide addresses are: %u bits at the source, "
                       "%u at the destination. The model of the bridge or the release "
                       "decides that.",
                       byte->stream & 0x0f ? 2 * width : width,
                       byte->local & 0x0f ? 2 * width : width);
    }
    if (!width && byte->i >= BUSES && byte->i < WINDOWS_END) {
        mig_decode_say(facts,
                       "Firmware and guest set it, and no loader compares that: another "
                       "device, which is no bridge, is at the destination.");
    }
}

/* --- the Express capability --------------------------------------------------------------- */

/* Bits of a register, and what decides them. */
static const struct {
    uint64_t at;   /* of the first byte, in the capability */
    uint32_t bits; /* of the register */
    const char *what, *options;
} express[] = {
    { 0x02, 0x000000f0, "the kind of port", "another model of port is there" },
    { 0x02, 0x00000100, "whether the port has a slot", "another model of port is there" },
    { 0x02, 0x00003e00, "the MSI vector of the port",
      "the model of the port, or whether it has MSI-X (x-migrate-msix=)" },
    { 0x04, 0x00000020, "extended tags", "x-pcie-ext-tag=, or the machine type" },
    { 0x04, 0x10000000, "the function-level reset", "x-pcie-flr-init=" },
    { 0x0c, SPEED, "the speed of the link", "x-speed=" },
    { 0x0c, 0x000003f0, "the width of the link", "x-width=" },
    { 0x0c, 0x00100000, "whether the port tells that its link is active",
      "x-pcie-lnksta-dllla=, hotplug=, or the machine type" },
    { 0x0c, 0xff000000, "the number of the port", "port=" },
    { 0x12, SPEED, "the speed of the link", "x-speed=" },
    { 0x12, 0x000003f0, "the width of the link", "x-width=" },
    { 0x12, 0x00002000, "whether the link is active",
      "x-pcie-lnksta-dllla=, or a device is plugged in on one side only" },
    { 0x14, 0x00000002, "the slot's power controller", "power_controller_present=" },
    { 0x14, 0x00000040, "hotplug at the slot", "hotplug= and x-native-hotplug=" },
    { 0x14, 0x00000020, "removal without notice at the slot", "hotplug=" },
    { 0x14, 0x0000001d, "the slot's button and lamps", "another model of port is there" },
    { 0x14, 0xfff80000, "the number of the slot", "slot=" },
    { 0x1a, 0x00000040, "whether the slot is occupied",
      "a device is plugged in on one side only" },
    { 0x2c, 0x000000fe, "the speeds of the link", "x-speed=" },
};

static const Reg *express_register(uint64_t at)
{
    const Reg *const tables[] = { mig_pci_express_slot_regs, mig_pci_express_root_regs,
                                  mig_pci_express_2_regs };
    const Reg *reg = NULL;

    for (const Capability *c = mig_pci_capabilities; c->name && !reg; c++) {
        reg = c->id == CAP_EXPRESS ? register_in(c->regs, at) : NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(tables) && !reg; i++) {
        reg = register_in(tables[i], at);
    }
    return reg;
}

/* The numbers of speeds, as x-speed= takes them. */
static const char *speed_of(uint64_t value)
{
    static const char *const speeds[] = { "?", "2_5", "5", "8", "16", "32", "64" };

    return value < G_N_ELEMENTS(speeds) ? speeds[value] : "?";
}

/* What both sides have in @bits of the register, of which this byte may have a part. */
static void say_values(const MigPciByte *byte, uint32_t bits, unsigned shift,
                       GPtrArray *facts)
{
    unsigned low = (unsigned)__builtin_ctz(bits);
    bool whole = (bits >> shift << shift) == bits && (bits >> shift) <= 0xff;

    mig_decode_say(facts, "%s is %u at the source and %u at the destination.",
                   whole ? "It" : "This byte's part of it",
                   (unsigned)((byte->stream << shift & bits) >> low),
                   (unsigned)((byte->local << shift & bits) >> low));
}

static void say_express(const MigPciByte *byte, const Reg *reg, uint64_t at,
                        GPtrArray *facts)
{
    unsigned shift = 8 * (unsigned)(at - reg->at);

    mig_decode_say(facts,
                   "Byte 0x%02x belongs to the register %s of the port's PCI Express "
                   "capability, if that is where QEMU's ports have it.",
                   (unsigned)byte->i, reg->name);
    for (size_t i = 0; i < G_N_ELEMENTS(express); i++) {
        if (express[i].at == reg->at && byte->differs << shift & express[i].bits) {
            mig_decode_say(facts, "The difference is in %s: %s%s.", express[i].what,
                           express[i].options,
                           strchr(express[i].options, '=') ? " of the port decides it"
                                                           : "");
            if (express[i].bits == SPEED) {
                mig_decode_say(facts,
                               "The source's port has x-speed=%s, and the destination's "
                               "x-speed=%s.",
                               speed_of(byte->stream & SPEED),
                               speed_of(byte->local & SPEED));
            } else {
                say_values(byte, express[i].bits, shift, facts);
            }
        }
    }
}

static bool decode_express(const MigPciByte *byte, GPtrArray *facts)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bridges); i++) {
        uint64_t at = byte->i - bridges[i].express;
        const Reg *reg = bridges[i].express && byte->i >= bridges[i].express + 2 &&
                                 mig_pci_byte_is_of(byte, bridges[i].pattern)
                             ? express_register(at)
                             : NULL;

        if (reg) {
            say_express(byte, reg, at, facts);
            return true;
        }
    }
    return false;
}

bool mig_decode_bridge(const MigPciByte *byte, GPtrArray *facts)
{
    const Reg *reg = register_in(mig_pci_header_1, byte->i);

    if (!mig_pci_byte_is_of_bridge(byte)) {
        return false;
    }
    if (byte->i >= HEADER_END) {
        return decode_express(byte, facts);
    }
    if (reg && byte->i != 0x34) {
        say_header(byte, reg, facts);
    }
    return reg && byte->i != 0x34;
}
