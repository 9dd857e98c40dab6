/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          addresses that mean one thing and no other, whatever its name holds; what is
 *                said of one that meant none of given names.
 * Must not know: what is done with it.  Private to the library.
 * See also:      stream/address.h, the syntax; message/remedy.h.
 */
#ifndef MIG_STREAM_ADDRESS_EXACT_H
#define MIG_STREAM_ADDRESS_EXACT_H

#include "stream/address.h"

/* @text as a part of an address: wildcards, and what is not printable, escaped.  The caller frees. */
char *mig_address_escape(const char *text);

/* The address of that section.  The caller frees. */
char *mig_address_exact(const char *name, uint32_t instance_id);

/* As mig_addresses_complaint(), of @names, which are of @kind: "disk". */
char *mig_addresses_complaint_among(const MigAddresses *addresses, size_t *i,
                                    const char *kind, const char *option,
                                    const GPtrArray *names);

#endif
