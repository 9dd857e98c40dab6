/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what migstat explain hands to a format.
 * Must not know: any one format.
 * See also:      cmd-explain.c; explain-text.c, explain-json.c.
 */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli.h"
#include "hint.h"

typedef struct ExplainReport {
    const CliCommon *common;
    const char
        *log; /* the file that was asked for; NULL: the message was on the command line */
    const MigExplanation *explanation;
    /* The stream that could not be loaded; file NULL: none was given. */
    CliHintFiles stream;
    const GError *stream_error;    /* what is wrong with it, or NULL */
    const GPtrArray *against;      /* the files of the destinations, */
    const MigShape *const *shapes; /* and what they show; none: it was not compared */
    size_t n_shapes;
} ExplainReport;

/* The command that mends the difference, with those besides that would end a load too; NULL: none
 * does.  The caller frees. */
char *explain_hint(const ExplainReport *report);

/* What helps where the stream itself is at fault; NULL: a conversion, which does. */
const char *explain_fault_help(const ExplainReport *report);

/* Whether that mends others too. */
bool explain_mends_all(const ExplainReport *report);

void explain_text(const ExplainReport *report);
void explain_json(const ExplainReport *report);

#endif
