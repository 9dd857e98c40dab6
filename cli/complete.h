/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what could stand next on a command line, for the completion of shells.
 * Must not know: any one shell.
 * See also:      completion/, a script for each shell; complete-values.c.
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "cli.h"

/* The option of `migstat` that the shells' scripts call: the words of the line so far follow,
 * without the program's name, the last being the one that is completed. */
#define CLI_COMPLETE "--complete"

/* What the word is completed with beside the candidates. */
typedef enum CompleteNames {
    COMPLETE_NO_NAMES,
    COMPLETE_FILES,
    COMPLETE_FOLDERS,
} CompleteNames;

/* A word that is completed. */
typedef struct Completion {
    const CliCommand *command; /* NULL: none stands before it */
    const char *const *words;  /* the line, closed by NULL: the word is the last one */
    const char *word;          /* what of it may be replaced */
    const char *prefix;        /* what stands before that, "--filter=" */
    GString *out;
    CompleteNames names;
} Completion;

/*
 * Prints a line for each candidate: the whole word, a tab, what it means.  One that ends in
 * '=' or ':' goes on.  A first line ":files" or ":folders" says that names of those may stand there
 * too.  Nothing of a stream is printed but names made of [A-Za-z0-9:@./_-].
 */
int cli_complete(const char *const *words);

/* Adds @candidate if it begins with what is there. */
void complete_offer(Completion *completion, const char *candidate, const char *help);

/* What may be the value that an option's help calls @placeholder: "FILE", "a|b|c". */
void complete_value(Completion *completion, const char *option, const char *placeholder);

#endif
