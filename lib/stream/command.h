/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the names and lengths of COMMANDs, for whoever shows or judges them.
 * Must not know: who asks.
 * See also:      stream/wire.h, MigCommand.
 */
#ifndef MIG_STREAM_COMMAND_H
#define MIG_STREAM_COMMAND_H

#include "stream/item.h"

G_BEGIN_DECLS

/* "PING", ...: a static string, NULL for an id that no release knows. */
MIG_API const char *mig_command_name(uint16_t id);

/* Bytes of the payload where they are fixed, else -1. */
MIG_API int mig_command_length(uint16_t id);

G_END_DECLS

#endif
