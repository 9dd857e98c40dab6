/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the parts of migstat convert share.
 * Must not know: how a stream is converted.
 * See also:      cmd-convert.c; convert-text.c, convert-json.c, how it looks.
 */
#ifndef CLI_CONVERT_H
#define CLI_CONVERT_H

#include "cli.h"
#include "convert-for.h"
#include "json.h"
#include "unread.h"

/* What was done. */
typedef struct ConvertResult {
    const char *input, *output; /* names */
    MigInput *in;
    const MigOutput *out;
    const MigChain *chain;
    const GPtrArray *notes;  /* text: what was done to the save image around the stream */
    const ConvertPlan *plan; /* NULL: not made by one */
    CliUnread unread;        /* of the input */
} ConvertResult;

/* Whether the result is wrapped so too. */
bool convert_is_kept(const ConvertResult *result, const MigContainer *container);

/* Of each format: what was done, on stderr; and on stdout the chain that would run, with what
 * @plan, which may be NULL, leads to; the filters there are; the options of one. */
void convert_text(const ConvertResult *result);
void convert_plan_text(const MigChain *chain, const ConvertPlan *plan);
void convert_filters_text(void);
void convert_filter_text(const MigFilterType *type);
void convert_json(const ConvertResult *result);
void convert_plan_json(const MigChain *chain, const ConvertPlan *plan);
void convert_filters_json(void);
void convert_filter_json(const MigFilterType *type);

/* The keys "changes" and "more_changes", of what @chain, which may be NULL, has done. */
void convert_put_changes(CliJson *json, const MigChain *chain);

/* Appends "; SECTION: what was done" to @line. */
void convert_append_change(GString *line, const MigChange *change);

#endif
