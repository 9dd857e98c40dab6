/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          names of section types, and the JSON of a description that comes in items.
 * Must not know: which section an id belongs to.
 * See also:      stream/wire.h, which has the layouts.
 */
#ifndef MIG_STREAM_OUTER_H
#define MIG_STREAM_OUTER_H

#include "stream/item.h"

G_BEGIN_DECLS

/* "START", "PART", "END" or "FULL"; "" for what is no section.  A static string. */
MIG_API const char *mig_section_type_name(MigSectionType type);

/* The same in lower case, as JSON has it. */
MIG_API const char *mig_section_type_key(MigSectionType type);

/* What @item, a description with @bytes, has of the JSON; *n is its length in bytes. */
MIG_API const char *mig_description_item_json(const MigItem *item, const uint8_t *bytes,
                                              size_t *n);

G_END_DECLS

#endif
