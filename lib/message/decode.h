/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the list of what reads more out of the holes of messages.
 * Must not know: which messages have them.
 * See also:      message/decode-*.c; messages-*.c, whose rows name these functions.
 *
 * Each is a MigMessageDecode.
 */
#ifndef MIG_MESSAGE_DECODE_H
#define MIG_MESSAGE_DECODE_H

#include "message/message.h"

/* decode-name.c: names of machines, sections, blocks, errors */
MigMessageDecode mig_decode_machine, mig_decode_section, mig_decode_silent_device,
    mig_decode_footer, mig_decode_block, mig_decode_errno;

/* The option that a CPU of the destination needs; that sets the size of a device's queues. */
MigMessageHelp mig_help_section, mig_help_ring;

/* decode-number.c: magic numbers, flags, values */
MigMessageDecode mig_decode_magic, mig_decode_channel_magic, mig_decode_ram_flags,
    mig_decode_equal;

/* decode-pci.c */
MigMessageDecode mig_decode_pci;
/* The same, where the first 64 bytes of the device's configuration space are known. */
void mig_decode_pci_header(const MigMessageMatch *match, const char *section,
                           const uint8_t *header, GPtrArray *facts);

/* decode-virtio.c */
MigMessageDecode mig_decode_features, mig_decode_ring;

/* decode-cpu.c */
MigMessageDecode mig_decode_arm_register, mig_decode_msr;
/* The number that KVM gives the register of the message; 0: none is in it. */
uint64_t mig_decode_arm_register_id(const MigMessageMatch *match);

/* Adds a sentence. */
void mig_decode_say(GPtrArray *facts, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* "512 MiB": as large a unit as is exact.  The caller frees. */
char *mig_decode_size(uint64_t bytes);

/* Whether the hole @name has a number: a text may be cut before it, or have an ellipsis there. */
bool mig_decode_has(const MigMessageMatch *match, const char *name);

/* What is in the hole @name, closed by a NUL, or NULL.  The caller frees. */
char *mig_decode_text(const MigMessageMatch *match, const char *name);

#endif
