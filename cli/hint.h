/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a remedy as a command that can be pasted into a shell.
 * Must not know: which findings there are.
 * See also:      lib/check/check.h, MigRemedy; whoever prints a finding.
 */
#ifndef CLI_HINT_H
#define CLI_HINT_H

#include "cli.h"

/* A name for what is made of @file, "guest.fixed.mig" of "guest.mig.zst", that no file has
 * now.  To be asked before cli_confine().  The caller frees. */
char *cli_new_name(const char *file);

/* What a command reads and writes, and the options that say how it is read. */
typedef struct CliHintFiles {
    const char *file, *new_name;
    const CliCommon *common;
} CliHintFiles;

/* " --offset=4096 --snapshot=1 --channel=A": what was given of these, for a command that reads the
 * same; "" for nothing.  The caller frees. */
char *cli_hint_reading(const CliCommon *common);

/* "migstat convert --to=config-last guest.mig -o guest.fixed.mig"; NULL where the remedy
 * has no filter.  The caller frees. */
char *cli_hint_remedy(const MigRemedy *remedy, const CliHintFiles *files);

/* Whether its filter, if something gets lost, refuses by itself unless --lossy allows it. */
bool cli_remedy_asks(const MigRemedy *remedy);

/* The same for several filters, closed by NULL. */
char *cli_hint_filters(const char *const *filters, bool lossy, const CliHintFiles *files);

/* The same for all that the destination @against needs, some of which may be @lossy. */
char *cli_hint_fit(const char *against, bool lossy, const CliHintFiles *files);

/* The same for all that @release needs, some of which may be @lossy. */
char *cli_hint_for(MigRelease release, bool lossy, const CliHintFiles *files);

#endif
