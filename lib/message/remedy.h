/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a name as a value in the text of a filter.
 * Must not know: filters.
 * See also:      filter/chain.h, mig_chain_add(), which reads such text; check/rule.h and
 *                explain/where.h, which write it.
 */
#ifndef MIG_MESSAGE_REMEDY_H
#define MIG_MESSAGE_REMEDY_H

/* @name as such a value, whatever it holds.  The caller frees. */
char *mig_remedy_value(const char *name);

#endif
