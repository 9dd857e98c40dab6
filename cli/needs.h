/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what migstat needs hands to a format.
 * Must not know: any one format.
 * See also:      cmd-needs.c; needs-text.c, needs-args.c, needs-json.c.
 */
#ifndef CLI_NEEDS_H
#define CLI_NEEDS_H

#include "cli.h"

typedef struct NeedsReport {
    const CliCommon *common;
    const char *file;
    const MigNeed *needs;
    size_t n;
    char *
        definition; /* the command that prints libvirt's own definition; NULL: none has */
    const GError *error; /* what is wrong with the stream, or NULL */
} NeedsReport;

/* "-device e1000,..." for a shell; NULL where @need is no option.  The caller frees. */
char *needs_words(const MigNeed *need);

void needs_text(const NeedsReport *report);
void needs_args(const NeedsReport *report);
void needs_json(const NeedsReport *report);

#endif
