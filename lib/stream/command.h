/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the names and lengths of COMMANDs, for whoever shows or judges them.
 * Must not know: who asks.
 * See also:      stream/wire.h, MigCommand.
 */
#ifndef MIG_STREAM_COMMAND_H
#define MIG_STREAM_COMMAND_H

#include "stream/item.h"

/* "PING", ...: a static string, NULL for an id that no release knows. */
MIG_API const char *mig_command_name(uint16_t id);

/* Bytes of the payload where they are fixed, else -1. */
MIG_API int mig_command_length(uint16_t id);

/* The payload of a command with @bytes. */
const uint8_t *mig_command_payload(const uint8_t *bytes);

/* Appends a command with @n bytes of payload to @out. */
void mig_command_encode(uint16_t id, const void *payload, uint16_t n, GByteArray *out);

/* The same for PACKAGED, after which @length bytes follow. */
void mig_command_encode_package(uint32_t length, GByteArray *out);

#endif
