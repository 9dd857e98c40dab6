/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      what the commands share: the command table, common options, exit statuses.
 * Knows not: any one command.
 * Beside it: cli/main.c dispatches; one cmd-NAME.c per command; text.h, json.h, progress.h.
 *
 * A new command is cmd-NAME.c, a row in commands.c and man/migstat-NAME.1.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <argp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "migstat.h"

typedef enum CliStatus {
    CLI_OK = 0,      /* complete; clean; same */
    CLI_FOUND = 1,   /* damaged or incomplete; findings at error level; different */
    CLI_TROUBLE = 2, /* the job could not be done: usage, I/O */
} CliStatus;

typedef enum CliFormat { CLI_FORMAT_TEXT, CLI_FORMAT_JSON } CliFormat;
typedef enum CliColor { CLI_COLOR_AUTO, CLI_COLOR_ALWAYS, CLI_COLOR_NEVER } CliColor;

/* Options that every command has; they may stand before its name too. */
typedef struct CliCommon {
    CliFormat format;
    CliColor color;
    bool quiet;
    uint64_t offset;
    uint64_t max_expand;
    bool no_sandbox;
    GHashTable *opened; /* by cli_confine(): path -> descriptor, or the negative errno */
} CliCommon;

/* A child for a command's argp, with a CliCommon as its input (child_inputs[0]). */
extern const struct argp cli_common_argp;
#define CLI_COMMON_CHILD                           \
    {                                              \
        &cli_common_argp, 0, "Common options:", 10 \
    }

typedef struct CliCommand {
    const char *name;
    const char *summary;
    /* argv[0] is "migstat NAME".  Returns an exit status. */
    int (*run)(int argc, char **argv, CliCommon *common);
} CliCommand;

/* Sorted by name; closed by a row without one. */
extern const CliCommand cli_commands[];

int cli_cmd_check(int argc, char **argv, CliCommon *common);
int cli_cmd_convert(int argc, char **argv, CliCommon *common);
int cli_cmd_dump(int argc, char **argv, CliCommon *common);
int cli_cmd_diff(int argc, char **argv, CliCommon *common);
int cli_cmd_extract(int argc, char **argv, CliCommon *common);

/*
 * For a command that reads @files and writes nothing but its standard output: opens them, and
 * then gives up the right to open others, unless --no-sandbox.  Call it when options are read
 * and before cli_open(); what else has to be read must have been.  Again, it does nothing.
 */
void cli_confine(CliCommon *common, const char *const *files, size_t n);

/* The same for one that writes files: it may make new ones, in @folder, or with NULL anywhere,
 * but open none that exists. */
void cli_confine_writer(CliCommon *common, const char *const *files, size_t n,
                        const char *folder);

/* For a command that has something to clear up: SIGINT, SIGTERM and SIGHUP no more end it, but
 * set cli_cancelled, and what runs ends with MIG_ERROR_CANCELLED. */
void cli_catch_signals(void);
extern atomic_bool cli_cancelled;

/* As many open files as this process may have: for one per input, or per output.  How many. */
size_t cli_raise_descriptors(void);

/* Opens @path with the common options ("-" is standard input); errors as mig_input_open(). */
MigInput *cli_open(const char *path, const CliCommon *common, GError **error);

/* Prints "FILE:0xOFFSET: error[rule]: SECTION: text", as much of it as there is, on stderr. */
void cli_print_error(const char *file, const GError *error);

/* 1 for what lies in the stream, 2 for the environment. */
CliStatus cli_status_of(const GError *error);

/* Parses a size with an optional suffix K, M, G, T (powers of 1,024) or a hexadecimal
 * number; false if it is none. */
bool cli_parse_size(const char *text, uint64_t *value);

#endif
