/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what is taken from another stream: whole sections of device state, and fields
 *                and subsections of others, with what describes them.
 * Must not know: where it goes.  Private to the filter graft.
 * See also:      filter/graft.c; device/reshape.h.
 */
#ifndef MIG_FILTER_GRAFT_PRIVATE_H
#define MIG_FILTER_GRAFT_PRIVATE_H

#include "filter/device-edit.h"

typedef struct MigGraftPart {
    char *path;
    char *alias; /* as in MigField */
    MigDevicePart part;
    GBytes *bytes;
    bool
        is_value; /* what no description tells: @bytes are put where this stream has it */
} MigGraftPart;

/* A FULL section of the other stream, in its order. */
typedef struct MigGraftSection {
    MigSection *section;
    bool whole;    /* is wanted as a whole: @body and @json */
    GBytes *body;  /* NULL while there is none */
    char *json;    /* NULL: not described */
    GArray *parts; /* MigGraftPart */
} MigGraftSection;

/*
 * The sections of @donor, of which those that @paths mean have their content; it is at its start
 * before and after.  NULL with *error: of that stream; REFUSED for what is no device state or is
 * not described.
 */
GPtrArray *mig_graft_read(MigNext *next, MigInput *donor, MigAddresses *paths,
                          GError **error);

/* Puts @part where it belongs, and reports it.  Errors: REFUSED where it has no place. */
bool mig_graft_put(MigDeviceEdit *edit, const MigGraftPart *part, GError **error);

#endif
