/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what is kept of one failed load in a log: the message that says most, and
 *                what the ones beside it say of the place.  Private to explain/.
 * Must not know: any one message.
 * See also:      explain/explain.c.
 */
#ifndef MIG_EXPLAIN_FAILURE_H
#define MIG_EXPLAIN_FAILURE_H

#include "message/message.h"

typedef struct MigFailure {
    MigMessageMatch best; /* its holes are in @line_text; message NULL: none */
    MigMessageForm form;  /* of that, in its line */
    char *line_text;
    uint64_t line;
    char *section; /* idstr, by a message beside it, or its own */
    uint32_t instance_id;
    char instance_text[16];
    char *field, *why;      /* the innermost field that failed; the system's error */
    MigRelease first, last; /* releases that print all of it; 0: any */
    bool ended;             /* the message that ends a load was there */
    bool fresh;             /* it is of a QEMU that was started since the one before */
} MigFailure;

/* A line of the log, and whether messages come before and after the one at hand. */
typedef struct MigFailureLine {
    const char *text;
    size_t length;
    uint64_t number;
    bool after, before;
} MigFailureLine;

void mig_failure_clear(MigFailure *failure);

/* libvirt's line about a QEMU that it starts: the failure is of that one, and of its release. */
void mig_failure_start(MigFailure *failure, const char *line, size_t length);

/* Its message's form, but what comes after "warning: " is noise. */
MigMessageForm mig_failure_form(const MigFailureLine *line, const MigMessageMatch *match);

void mig_failure_add(MigFailure *failure, const MigFailureLine *line,
                     const MigMessageMatch *match);

/* Whether @failure may be @before once more, told by somebody who knows less of it. */
bool mig_failure_echoes(const MigFailure *failure, const MigFailure *before);

/* When more is known: adds the holes "section", "instance", "field" and "why", and "file", to the
 * best message, where it lacks them.  @file, as a shell takes it, must live as long; NULL: not known. */
void mig_failure_complete(MigFailure *failure, const char *file);

/* A repair is known: sentences with {!repair} are left out. */
void mig_failure_repaired(MigFailure *failure);

/* The message, as the log has it. */
char *mig_failure_text(const MigFailure *failure);

/* "10.2 to 11.1", "before 5.2", or NULL where it may be any. */
char *mig_failure_releases(const MigFailure *failure);

#endif
