/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a file has beside its mode and owner: its ACL, its SELinux label,
 *                the attributes that users gave it.
 * Must not know: what the file holds.
 * See also:      output-target.c.
 */
#ifndef MIG_IO_ATTRIBUTES_H
#define MIG_IO_ATTRIBUTES_H

#include <glib.h>
#include <stdbool.h>

/* The POSIX ACL, as Linux names it. */
#define MIG_ATTRIBUTE_ACL "system.posix_acl_access"

/*
 * Gives @to the extended attributes of @from, save those that vouch for the content
 * (capabilities, IMA and EVM).  Appends to @lost "NAME (REASON)" for each that @to does not
 * have afterwards, parted by ", ".  False where the ACL is among them.
 */
bool mig_attributes_copy(int from, int to, GString *lost);

#endif
