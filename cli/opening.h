/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the beginning of a main channel says of the migration: all before its
 *                first section.
 * Must not know: where the bytes come from.
 * See also:      cmd-send.c; relay.c.
 *
 * Source: migration/migration.c, migration_thread(): header, configuration, and then
 * OPEN_RETURN_PATH, PING, POSTCOPY_ADVISE and ENABLE_COLO come before the sections; 5.2 to 11.1.
 * postcopy_do_resume(): after a pause, commands come without a header.
 */
#ifndef CLI_OPENING_H
#define CLI_OPENING_H

#include "cli.h"

/* An opening is far shorter; what has not come to a section by then is none. */
#define CLI_OPENING_MAX ((size_t)64 << 10)

typedef struct CliOpening {
    bool tls;      /* nothing else can be known */
    bool complete; /* the first section has begun, or the bytes go no further */
    bool return_path;
    bool postcopy;
    bool colo;
    bool mapped_ram;
    bool resumes; /* it is no beginning: a migration in postcopy goes on after a pause */
    uint32_t page_size; /* of the guest; 0: not known */
} CliOpening;

/* Reads the first @n bytes of a channel.  False with *error where they are no stream.  Where
 * @opening->complete is false, more bytes are needed. */
bool cli_opening_read(CliOpening *opening, const uint8_t *bytes, size_t n,
                      GError **error);

#endif
