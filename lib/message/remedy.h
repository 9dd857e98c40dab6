/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a name as a value in the text of a filter.
 * Must not know: filters.
 * See also:      filter/chain.h, mig_chain_add(), which reads such text; check/rule.h and
 *                explain/where.h, which write it.
 */
#ifndef MIG_MESSAGE_REMEDY_H
#define MIG_MESSAGE_REMEDY_H

#include <stdint.h>

/* @text as such a value, whatever it holds.  The caller frees. */
char *mig_remedy_value(const char *text);

/* Values that mean sections, for options that take an address.  The caller frees. */
char *mig_remedy_name(const char *name); /* those of that name, or the block */
char *mig_remedy_section(const char *name, uint32_t instance_id); /* this one */
/* @path of it, in which wildcards are such: mig_address_escape() keeps what they are not from it. */
char *mig_remedy_part(const char *name, uint32_t instance_id, const char *path);

#endif
