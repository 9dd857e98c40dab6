/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      what the parts of migstat convert share.
 * Knows not: how a stream is converted.
 * Beside it: cmd-convert.c; convert-filters.c, convert-report.c.
 */
#ifndef CLI_CONVERT_H
#define CLI_CONVERT_H

#include "cli.h"

/* On stdout: the filters there are; the options of one; the chain that would run. */
void convert_list_filters(CliFormat format);
CliStatus convert_help_filter(const char *name, CliFormat format);
void convert_explain(const MigChain *chain, CliFormat format);

/* What was done. */
typedef struct ConvertResult {
    const char *input, *output; /* names */
    MigInput *in;
    const MigOutput *out;
    const MigChain *chain;
    bool zstd; /* the result is compressed */
} ConvertResult;

/* On stderr. */
void convert_report(const ConvertResult *result, CliFormat format);

#endif
