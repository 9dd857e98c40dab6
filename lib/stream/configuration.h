/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the CONFIGURATION section, written and taken apart.
 * Must not know: what it makes of the rest of the stream.
 * See also:      stream/configuration.c, which has the layout; stream/item.h,
 *                MigConfiguration.
 */
#ifndef MIG_STREAM_CONFIGURATION_H
#define MIG_STREAM_CONFIGURATION_H

#include "stream/item.h"

#define MIG_UUID_LENGTH 16u /* bytes */

/* What follows the length of the machine's name. */
typedef struct MigConfigurationParts {
    const char *machine; /* no NUL at its end */
    uint32_t machine_length;
    const uint8_t *subsections;
    uint32_t subsections_length;
} MigConfigurationParts;

/* The parts of @item, a configuration with @bytes; they live as long as @bytes. */
MigConfigurationParts mig_configuration_parts(const MigItem *item, const uint8_t *bytes);

void mig_configuration_encode(const MigConfigurationParts *parts, GByteArray *out);

/* The same with @capability among those of the source, or without it.  Subsections are in the order
 * in which QEMU writes them. */
void mig_configuration_encode_capability(const MigConfigurationParts *parts,
                                         const char *capability, bool has,
                                         GByteArray *out);

/* The same with the @uuid, of MIG_UUID_LENGTH bytes; NULL: with none. */
void mig_configuration_encode_uuid(const MigConfigurationParts *parts,
                                   const uint8_t *uuid, GByteArray *out);

#endif
