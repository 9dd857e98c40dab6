/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a byte of PCI configuration space that a loader refused.
 * Must not know: streams.
 * See also:      message/decode-pci.c, decode-bar.c and decode-bridge.c, which share it.
 */
#ifndef MIG_MESSAGE_DECODE_PCI_H
#define MIG_MESSAGE_DECODE_PCI_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define MIG_PCI_HEADER 64u

/* What the message says. */
typedef struct MigPciByte {
    uint64_t i, stream, local, cmask, wmask, w1cmask;
    uint64_t differs; /* bits that count */
    bool values;      /* the message has those of both sides */
    bool masks;       /* and the masks */
    const char *section;
    const uint8_t *header; /* MIG_PCI_HEADER bytes of the stream's device, or NULL */
} MigPciByte;

/* Whether the message names a device whose state's name fits @pattern. */
bool mig_pci_byte_is_of(const MigPciByte *byte, const char *pattern);

/* Whether it names a bridge, whose header is another one. */
bool mig_pci_byte_is_of_bridge(const MigPciByte *byte);

/* Each says what the byte is if it is one of those, and whether it is. */
bool mig_decode_bar(const MigPciByte *byte, GPtrArray *facts);
bool mig_decode_bridge(const MigPciByte *byte, GPtrArray *facts);

#endif
