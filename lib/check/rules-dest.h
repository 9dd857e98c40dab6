/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the rules about a destination share.  Private to check/.
 * Must not know: any one rule.
 * See also:      rules-dest.c, sections and RAM; rules-dest-device.c, device state.
 */
#ifndef MIG_CHECK_RULES_DEST_H
#define MIG_CHECK_RULES_DEST_H

#include "check/check-private.h"
#include "check/compared.h"

#define MIG_DEST_RULE(kinds, function) kinds, .judge = function, .needs_destination = true

/* The section's device is not at the destination; @alike: a section there that it could be, or
 * NULL. */
void mig_dest_report_unknown(MigCheck *check, const MigItem *item,
                             const MigSection *alike);

/* The same of a device whose state @item is, for each destination whose monitor has shown that
 * nothing is at its place. */
void mig_dest_report_places(MigCheck *check, const MigItem *item);

/* The words of the loader, and what helps, for a version @here that is not read @there. */
void mig_dest_report_version(MigCheck *check, const MigSection *section, uint64_t here,
                             uint64_t there);

/* --- the filters that help: dest-remedy.c --- */

/* A section that the destination has not; @alike: one there that it could be, or NULL. */
void mig_dest_remedy_section(MigCheck *check, const char *name, uint32_t instance_id,
                             const MigSection *alike);

/* A RAM block that the destination has not, or that has @there bytes there. */
void mig_dest_remedy_block(MigCheck *check, const MigShape *shape,
                           const MigRamBlock *block);
void mig_dest_remedy_length(MigCheck *check, const MigRamBlock *block, uint64_t there);

/* Other fields or elements; @option: what makes the destination like it. */
void mig_dest_remedy_fields(MigCheck *check, const MigItem *item,
                            const MigShapeDifference *d, const char *option);

/* A register that has another value there and keeps it; those that the CPU there lacks. */
void mig_dest_remedy_constant(MigCheck *check, const MigItem *item,
                              const MigShapeDifference *d);
void mig_dest_remedy_registers(MigCheck *check, const MigItem *item,
                               const MigShapeDifference *d);

/* Virtio features, bits from @first on, that the driver uses and the destination does not
 * offer. */
void mig_dest_remedy_features(MigCheck *check, const MigItem *item, unsigned first,
                              uint64_t missing);

#endif
