/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the parts of migstat convert share.
 * Must not know: how a stream is converted.
 * See also:      cmd-convert.c; convert-filters.c, convert-report.c.
 */
#ifndef CLI_CONVERT_H
#define CLI_CONVERT_H

#include "cli.h"
#include "convert-for.h"
#include "json.h"

/* On stdout: the filters there are; the options of one; the chain that would run, and with
 * @plan, which may be NULL, what it leads to. */
void convert_list_filters(CliFormat format);
CliStatus convert_help_filter(const char *name, CliFormat format);
void convert_explain(const MigChain *chain, const ConvertPlan *plan, CliFormat format);

/* "release", "gives_up" and "verdict"; nulls and nothing where @plan is NULL. */
void convert_plan_json(CliJson *json, const ConvertPlan *plan);

/* What was done. */
typedef struct ConvertResult {
    const char *input, *output; /* names */
    MigInput *in;
    const MigOutput *out;
    const MigChain *chain;
    const ConvertPlan *plan; /* NULL: not made by one */
    bool zstd;               /* the result is compressed */
} ConvertResult;

/* On stderr. */
void convert_report(const ConvertResult *result, CliFormat format);

#endif
