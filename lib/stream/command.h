/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      the names and lengths of COMMANDs, for whoever shows or judges them.
 * Knows not: who asks.
 * Beside it: stream/wire.h, MigCommand.
 */
#ifndef MIG_STREAM_COMMAND_H
#define MIG_STREAM_COMMAND_H

#include <stdint.h>

#include "io/visibility.h"

/* "PING", ...: a static string, NULL for an id that no release knows. */
MIG_API const char *mig_command_name(uint16_t id);

/* Octets of the payload where they are fixed, else -1. */
MIG_API int mig_command_length(uint16_t id);

#endif
