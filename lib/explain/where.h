/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the search in a stream for what a message is about, and what it has found.
 *                Private to explain/.
 * Must not know: how it is shown; how a log was read.
 * See also:      explain/where.c, which message looks for what; where-*.c, the searches.
 */
#ifndef MIG_EXPLAIN_WHERE_H
#define MIG_EXPLAIN_WHERE_H

#include "device/decode.h"
#include "explain/explain.h"
#include "memory/rings.h"
#include "message/message.h"
#include "stream/address.h"

/* More places are not told. */
#define MIG_PLACES_MAX 24u

/* The body of a FULL section, or the configuration payload of a VFIO device. */
typedef struct MigWhereBody {
    const MigSection *section;
    uint64_t offset, length;
    bool vfio;
} MigWhereBody;

/* A command or a RAM block of the list. */
typedef struct MigWhereItem {
    const MigRamBlock *block; /* NULL: a command */
    uint16_t command;
    uint64_t offset;
} MigWhereItem;

typedef struct MigWhere {
    const MigMessageMatch *match;
    const char *section; /* that failed, or NULL */
    uint32_t instance_id;
    MigReader *reader;

    unsigned page_kinds;     /* that the stream has, bits by MigPageKind */
    const MigSection *found; /* that section in the stream, or NULL */
    uint64_t header;         /* of its first one */
    GArray *bodies;          /* MigWhereBody: of that section, or of all */
    GArray *items;           /* MigWhereItem */
    MigRings *rings;         /* of a message about them; else NULL */
    MigWhereBody current;    /* that is being read; section NULL: none */

    const MigWhereBody *body; /* that is being decoded */
    const MigSection
        *only;    /* the section of all places so far, where no message named one */
    bool several; /* there are more */

    GArray *places;   /* MigExplainPlace */
    GArray *repairs;  /* MigExplainRepair */
    GPtrArray *facts; /* char *, of the explainer */
} MigWhere;

/* What looks for the places of one kind of message. */
typedef void MigWhereFind(MigWhere *where);

MigWhereFind mig_where_wrapper, mig_where_machine, mig_where_capability,
    mig_where_section, mig_where_block, mig_where_command, mig_where_silent,
    mig_where_section_dropped, mig_where_pages, mig_where_init_data;
MigWhereFind mig_where_pci, mig_where_features, mig_where_ring, mig_where_shape,
    mig_where_subsection, mig_where_newer_subsection, mig_where_field,
    mig_where_run_state, mig_where_arm_register;

/* All of it but the searches; NULL: the message has none. */
MigWhere *mig_where_new(const MigMessageMatch *match, const char *section,
                        uint32_t instance_id, GPtrArray *facts);
void mig_where_free(MigWhere *where);
/* Reads the stream, and searches. */
bool mig_where_read(MigWhere *where, MigReader *reader, GError **error);
/* Searches again, now that @section is known to be meant. */
void mig_where_again(MigWhere *where, const char *section, uint32_t instance_id);

/* Decodes each of the bodies; @visit gets @user, and where->body is the one at hand. */
void mig_where_decode(MigWhere *where, MigFieldVisit *visit, void *user);

/* --- what was found --- */

/* All are copied; @value and @note may be NULL. */
void mig_where_add(MigWhere *where, uint64_t offset, const char *address,
                   const char *value, const char *note);
/* @field of the body that is being decoded. */
void mig_where_add_field(MigWhere *where, const MigField *field);
/* "0000:00:05.0/virtio-net:virtio.guest_features_low"; the caller frees. */
char *mig_where_address(const MigWhere *where, const MigField *field);

/* Another repair, of no filter yet; and its next filter, NAME:KEY=VALUE. */
void mig_where_repair(MigWhere *where, bool lossy, const char *gives_up);
void mig_where_filter(MigWhere *where, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
