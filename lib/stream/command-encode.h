/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          COMMANDs, written, and their payloads, read.
 * Must not know: who asks.  Private to the library.
 * See also:      stream/command.h; stream/wire.h, MigCommand.
 */
#ifndef MIG_STREAM_COMMAND_ENCODE_H
#define MIG_STREAM_COMMAND_ENCODE_H

#include "stream/item.h"

/* The payload of a command with @bytes. */
const uint8_t *mig_command_payload(const uint8_t *bytes);

/*
 * Whether the @n bytes of payload of POSTCOPY_ADVISE are nothing, or page sizes: be64 those of all
 * RAM blocks of the source's host, added up | be64 that of the target, which @page_size is (0: not
 * known).
 * Source: migration/savevm.c, qemu_savevm_send_postcopy_advise(); 5.2 to 11.1.
 */
bool mig_command_advises(const uint8_t *payload, uint16_t n, uint32_t page_size);

/* Appends a command with @n bytes of payload to @out. */
void mig_command_encode(uint16_t id, const void *payload, uint16_t n, GByteArray *out);

/* The same for PACKAGED, after which @length bytes follow. */
void mig_command_encode_package(uint32_t length, GByteArray *out);

#endif
