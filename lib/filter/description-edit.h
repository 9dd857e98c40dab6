/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          changing the description by splicing its text; all other bytes of it
 *                stay.
 * Must not know: why; the sections.
 * See also:      stream/description.h, which finds the entries; any filter that adds,
 *                drops, renames or resizes a section.
 *
 * A filter records what it did to the sections while they pass, and hands the items of the
 * description to mig_description_edit_item().  Entries that a description lacks cannot
 * become untrue, so edits of them are ignored.  Each FULL section is recorded for itself,
 * in the order of the stream: there are machines with two of one name (isa-ide of isapc).
 * Sections, and the new name of one, are borrowed until the description has been handed in.
 */
#ifndef MIG_FILTER_DESCRIPTION_EDIT_H
#define MIG_FILTER_DESCRIPTION_EDIT_H

#include "filter/filter.h"

typedef struct MigDescriptionEdit MigDescriptionEdit;

MigDescriptionEdit *mig_description_edit_new(void);
void mig_description_edit_free(MigDescriptionEdit *edit);

/* The FULL section of @section is gone. */
void mig_description_edit_remove(MigDescriptionEdit *edit, const MigSection *section);

/* The FULL section of @section is called @name now. */
void mig_description_edit_rename(MigDescriptionEdit *edit, const MigSection *section,
                                 const char *name);

/* The body of the FULL section of @section, of which only the length is described, has
 * @size bytes now. */
void mig_description_edit_resize(MigDescriptionEdit *edit, const MigSection *section,
                                 uint64_t size);

/* The object of @section, which was @old of @old_length bytes, is @text now. */
void mig_description_edit_replace(MigDescriptionEdit *edit, const MigSection *section,
                                  const char *old, size_t old_length, const char *text);

/*
 * @section has a FULL section now, with an opaque body of @size bytes, after that of @after
 * and before that of @before; either may be NULL.
 */
void mig_description_edit_insert(MigDescriptionEdit *edit, const MigSection *section,
                                 uint64_t size, const MigSection *before,
                                 const MigSection *after);

/* The same with the entry @text, which is taken over; @section has none so far. */
void mig_description_edit_insert_text(MigDescriptionEdit *edit, const MigSection *section,
                                      char *text, const MigSection *before,
                                      const MigSection *after);

/* The machine's name has @length bytes now. */
void mig_description_edit_machine(MigDescriptionEdit *edit, uint32_t length);

/*
 * Emits what becomes of a DESCRIPTION item, at the last piece of it.  Errors: REFUSED where
 * there is something to change and the description cannot be understood.
 */
bool mig_description_edit_item(MigDescriptionEdit *edit, MigNext *next,
                               const MigItem *item, GError **error);

#endif
