/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the state of one device while a filter changes its length, and the
 *                description that follows.
 * Must not know: what is changed: device/reshape.h.
 * See also:      filter/description-edit.h; filter/drop-part.c, the smallest user.
 */
#ifndef MIG_FILTER_DEVICE_EDIT_H
#define MIG_FILTER_DEVICE_EDIT_H

#include "device/reshape.h"
#include "filter/description-edit.h"

typedef struct MigDeviceEdit {
    MigNext *next;
    const MigItem *item; /* DEVICE_STATE */
    GByteArray *body;
    char *json; /* as in MigDeviceState; NULL: it is not described */
    size_t json_length;
    char *old_json;
    size_t old_json_length;
    bool changed;
} MigDeviceEdit;

/* Takes a copy of @item, which is to be changed.  Errors: REFUSED where it is too long. */
bool mig_device_edit_begin(MigDeviceEdit *edit, MigNext *next, const MigItem *item,
                           GError **error);
void mig_device_edit_clear(MigDeviceEdit *edit);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MigDeviceEdit, mig_device_edit_clear)

MigDeviceState mig_device_edit_state(const MigDeviceEdit *edit);
MigBudget *mig_device_edit_budget(const MigDeviceEdit *edit);

/* Refuses, and says why nobody can tell where something of the device is. */
bool mig_device_edit_undescribed(const MigDeviceEdit *edit, const char *what,
                                 GError **error);

/* Visits its fields; whether the description matches. */
bool mig_device_edit_visit(const MigDeviceEdit *edit, MigFieldVisit *visit, void *user);

/* What the description becomes; NULL with *error (REFUSED), which calls it @what.  Nothing is
 * changed yet: reshape tells what the bytes have to be. */
char *mig_device_edit_plan(const MigDeviceEdit *edit, MigReshape *reshape,
                           const char *what, GError **error);

/* Changes the body as @reshape says, with @bytes, new_length of them, in place of what was
 * there; NULL: zeros.  @json, of mig_device_edit_plan(), is taken over. */
void mig_device_edit_apply(MigDeviceEdit *edit, const MigReshape *reshape, char *json,
                           const uint8_t *bytes);

/* Hands on what became of it, and tells @description, which edits that of the stream. */
bool mig_device_edit_end(MigDeviceEdit *edit, MigDescriptionEdit *description,
                         GError **error);

#endif
