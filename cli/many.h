/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          commands over many files: which ones, by folders and lists, and in how many
 *                processes.
 * Must not know: what is done with a file.
 * See also:      jobs.h; capture.h, folders that are one input.
 */
#ifndef CLI_MANY_H
#define CLI_MANY_H

#include "cli.h"

enum {
    CLI_KEY_FILES_FROM = 0x7f0,
};

/* The options of a command that takes them, and rows of its rules. */
#define CLI_MANY_OPTIONS(group)                                                     \
    { "recursive",                                                                  \
      'r',                                                                          \
      NULL,                                                                         \
      0,                                                                            \
      "Of folders, read the files in them and below; one with the channels of a "   \
      "capture "                                                                    \
      "counts as one file",                                                         \
      group },                                                                      \
        { "files-from",                                                             \
          CLI_KEY_FILES_FROM,                                                       \
          "FILE",                                                                   \
          CLI_REPEATS,                                                              \
          "Read the files named in FILE too, one a line; \"-\" is standard input",  \
          group },                                                                  \
        { "null",                                                                   \
          '0',                                                                      \
          NULL,                                                                     \
          0,                                                                        \
          "With --files-from: names end with a NUL, as find -print0 writes them",   \
          group },                                                                  \
    {                                                                               \
        "jobs", 'j', "N", 0,                                                        \
            "Read N files at once, each in a process of its own; the output is in " \
            "their "                                                                \
            "order",                                                                \
            group                                                                   \
    }
#define CLI_MANY_RULES                                       \
    { "null", CLI_NEEDS, "files-from" },                     \
        { "channel", CLI_NOT_WITH, "recursive files-from" }, \
    {                                                        \
        "offset", CLI_NOT_WITH, "recursive"                  \
    }

/* For the parser of such a command; ARGP_ERR_UNKNOWN for other keys. */
error_t cli_parse_many(int key, char *arg, struct argp_state *state, CliCommon *common);

/* What a command does with its files. */
typedef struct CliMany {
    /* Opens @n files from the @first of common->files on, confines this process, and reads what
     * it needs beside them.  False where it cannot, which it has said. */
    bool (*prepare)(guint first, guint n, void *user);
    /* Reads the @i-th file and prints.  *result, of result_size bytes that are 0 at first, may be
     * all that `done` gets of it: pointers in it mean nothing there. */
    CliStatus (*one)(guint i, void *result, void *user);
    /* In the order of the files, in the process that called; @error, where the one of that file
     * did not come to its end. */
    void (*done)(guint i, const void *result, const GError *error, void *user);
    size_t result_size;
    void *user;
} CliMany;

/* After cli_parse(): completes common->files by lists and folders, and does it.  The worst
 * status. */
CliStatus cli_many_run(const CliMany *many, CliCommon *common);

#endif
