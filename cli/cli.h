/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the commands share: the list of them, common options, exit
 *                statuses.
 * Must not know: any one command.
 * See also:      cli/main.c dispatches; one cmd-NAME.c per command; text.h, json.h,
 *                progress.h.
 *
 * A new command is cmd-NAME.c, a row in CLI_COMMANDS and man/migstat-NAME.1.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "migstat.h"

typedef enum CliStatus {
    CLI_OK = 0,      /* complete; clean; same */
    CLI_FOUND = 1,   /* damaged or incomplete; findings at error level; different */
    CLI_TROUBLE = 2, /* the job could not be done: usage, I/O */
} CliStatus;

typedef struct CliFormat CliFormat; /* format.h */
typedef enum CliColor { CLI_COLOR_AUTO, CLI_COLOR_ALWAYS, CLI_COLOR_NEVER } CliColor;

typedef enum CliSandbox {
    CLI_SANDBOX_AUTO,    /* as much of it as the kernel has */
    CLI_SANDBOX_REQUIRE, /* all of it, or nothing is read */
    CLI_SANDBOX_OFF,
} CliSandbox;

typedef struct CliInputs CliInputs; /* inputs.h */

/* Options that every command has; they may be given before its name too. */
typedef struct CliCommon {
    const CliFormat *format;
    CliColor color;
    bool quiet;
    uint64_t offset;
    uint64_t max_expand;
    unsigned follow; /* seconds of silence that end waiting; 0: nothing is waited for */
    const char *snapshot;       /* of a qcow2 image; NULL: none was named */
    const char *other_snapshot; /* of the second of two files; NULL: as of the first */
    GPtrArray *channels;        /* of --channel; by cli_parse() */
    const char *stream;   /* which of several files they belong to; NULL: there is one */
    GPtrArray *files;     /* what is no option, in order; by cli_parse() */
    bool allow_unmatched; /* what matches nothing is no error */
    bool recursive;       /* folders are looked through for files */
    bool null;            /* lists of files have a NUL after each name */
    unsigned jobs;    /* files that are read at once, each in a process; 0: in this one */
    GPtrArray *lists; /* files with names of files, of --files-from */
    GPtrArray *owned; /* names in files that are no words of the command line */
    bool no_pager;    /* the result goes to the terminal itself */
    bool no_files;    /* an option was given that needs none, such as --list-rules */
    GHashTable *given; /* options: key -> the last value */
    CliSandbox sandbox;
    CliInputs *inputs; /* by cli_open_inputs() */
} CliCommon;

/* Frees what is in it. */
void cli_common_clear(CliCommon *common);

/* In argp_option.flags: given again, it adds to what was given; else two values are an error. */
#define CLI_REPEATS 0x1000

/* What is said of @option where it would have no effect: closed by a row without one. */
typedef struct CliOptionRule {
    const char *option; /* a long name */
    enum {
        CLI_NEEDS,    /* it means nothing without one of @others */
        CLI_NOT_WITH, /* it means nothing beside one of @others */
    } rule;
    const char *others; /* long names, apart by spaces */
} CliOptionRule;

typedef struct CliCommand CliCommand;

struct CliCommand {
    const char *name;
    const char *summary;   /* for the list of commands */
    const char *arguments; /* "FILE..." */
    const char *doc;       /* of --help: what stands before the options, \v, what after */
    const struct argp_option *options; /* NULL: none but the common ones */
    /* Of @options, and ARGP_KEY_END; its input is that of cli_parse().  NULL: nothing. */
    argp_parser_t parse;
    const CliOptionRule *rules;    /* NULL: none */
    unsigned min_files, max_files; /* UINT_MAX: any number */
    unsigned
        addresses; /* so many of the files, the last ones, are none: both are max_files */
    bool has_one_form; /* What it writes is the same with any --format. */
    bool pairs;        /* It reads two files, and --snapshot may be given for each. */
    bool pages; /* Its result is read by people: on a terminal it goes through a pager. */
    /* argv[0] is "migstat NAME".  Returns an exit status. */
    int (*run)(int argc, char **argv, CliCommon *common);
};

/* All commands, by name. */
#define CLI_COMMANDS(X) \
    X(check)            \
    X(convert)          \
    X(diff)             \
    X(dump)             \
    X(explain)          \
    X(extract)          \
    X(needs)            \
    X(receive)          \
    X(recover)          \
    X(relay)            \
    X(report)           \
    X(send)

#define CLI_DECLARE_COMMAND(name) extern const CliCommand cli_command_##name;
CLI_COMMANDS(CLI_DECLARE_COMMAND)

/* Closed by NULL. */
extern const CliCommand *const cli_commands[];

/*
 * Reads the command line of @command: its own options with its parser, which gets @input, the
 * common ones into @common, and the files into common->files.  What is wrong is said, with what
 * was probably meant, and the program ends with CLI_TROUBLE.  Only main() has more than files
 * to read, and does so itself: argp_parse() goes on with @flags.
 */
void cli_parse(const CliCommand *command, int argc, char **argv, unsigned flags,
               CliCommon *common, void *input);

/* Whether the option of that long name was given, before the command's name or after. */
bool cli_given(const CliCommon *common, const CliCommand *command, const char *option);

/* "migstat check --list-rules" for the name of an option that a command has, "migstat --version"
 * where all have it; NULL where none has.  The caller frees. */
char *cli_option_form(const char *name);

/* For words that an option's value may be: the index of @arg in @words (closed by NULL), or the
 * end of the program with "--OPTION is a, b or c, not ...". */
int cli_word(const struct argp_state *state, const char *option, const char *arg,
             const char *const *words);

/* Ends the program if @path, of -o, cannot be a file because it is a folder or empty; or, where
 * a folder is wanted, because it is a file. */
void cli_want_file(const struct argp_state *state, const char *path);
void cli_want_folder(const struct argp_state *state, const char *path);

/* Ends it if @path, which is to be a folder that need not exist, is the name of a file: it ends
 * in one of @suffixes (closed by NULL), and in no "/". */
void cli_want_no_file(const struct argp_state *state, const char *path,
                      const char *const *suffixes);

/* A release, "7.2" or "qemu-7.2"; or the end of the program with what is known. */
MigRelease cli_release(const struct argp_state *state, const char *option,
                       const char *arg);

/* The options of all commands, closed by an empty row; and those as @command has them, where
 * NULL is the program itself: one that has one form hides --format.  The caller frees. */
extern const struct argp_option cli_common_options[];
struct argp_option *cli_common_options_of(const CliCommand *command);
error_t cli_parse_common(int key, char *arg, struct argp_state *state);

/* Flushes standard output, says what went wrong with it, and returns @status, or CLI_TROUBLE
 * then.  A reader that went away is no news. */
int cli_close_stdout(int status);

/* Opens the files that a command reads, before cli_confine() (sandbox.h); nothing of them is
 * read, and what cannot be opened is told by cli_open().  @paths must outlive the inputs. */
void cli_open_inputs(CliCommon *common, const char *const *paths, size_t n);
void cli_close_inputs(CliCommon *common);

/* What fstat() says of one of them, of a capture the first file; false where it is not open. */
bool cli_input_stat(const CliCommon *common, const char *path, struct stat *st);

/* False with a USAGE error, which ends in @hint, if what is to be written at @path is @out, one of
 * the files, or disks, that are read.  CliFiles (files.h) asks it of each file. */
bool cli_spares_inputs(const CliCommon *common, const struct stat *out, const char *path,
                       const char *hint, GError **error);

/* What was opened elsewhere to be read is spared too: @fd, which is taken over; -1: none. */
void cli_spare(const CliCommon *common, int fd);

/* Whether it is more than one file, or a folder. */
bool cli_input_is_capture(const CliCommon *common, const char *path);

/* For a command that has something to clear up: SIGINT, SIGTERM and SIGHUP no longer end
 * it: whatever runs ends with MIG_ERROR_CANCELLED. */
void cli_catch_signals(void);
bool cli_is_cancelled(void *unused); /* a MigCancelled */

/* Raises the limit of open files as far as this process may, for one file per input or
 * output.  Returns the new limit. */
size_t cli_raise_descriptors(void);

/* Opens @path with the common options ("-" is standard input), one of cli_open_inputs() by the
 * descriptor that is open already; of a capture all channels, as one input.  Errors as
 * mig_input_open() and mig_capture_join(). */
MigInput *cli_open(const char *path, const CliCommon *common, GError **error);

/* What they say of how it is opened. */
MigInputOptions cli_input_options(const CliCommon *common);

/* The same with @options. */
MigInput *cli_open_with(const char *path, const CliCommon *common,
                        const MigInputOptions *options, GError **error);

/* "0xOFFSET", or "channel 3, offset 0xOFFSET" where @channel is not the main one.  The
 * caller frees. */
char *cli_offset(uint32_t channel, uint64_t offset);

/* "FILE:0xOFFSET", where a message is about; "FILE:0xOFFSET of the file" where the offset
 * counts bytes of what is around the stream; "FILE:channel 3, offset 0xOFFSET".  The caller
 * frees. */
char *cli_place(const char *file, uint32_t channel, uint64_t offset, bool in_container);

/* argp_error() for a message with words of the command line, which is printed as
 * cli_file_name() does. */
void cli_usage_error(const struct argp_state *state, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/* Prints "FILE:0xOFFSET: error[rule]: SECTION: text", as much of it as there is, on stderr. */
void cli_print_error(const char *file, const GError *error);

/* The option of a command that takes patterns; cli_parse_unmatched() is for its parser, with
 * ARGP_ERR_UNKNOWN for other keys. */
#define CLI_KEY_ALLOW_UNMATCHED 0x7fe
#define CLI_ALLOW_UNMATCHED(group)                                      \
    {                                                                   \
        "allow-unmatched", CLI_KEY_ALLOW_UNMATCHED, NULL, 0,            \
            "A name or pattern that matches nothing is no error", group \
    }
error_t cli_parse_unmatched(int key, CliCommon *common);

/* Says, as errors of @file, which addresses meant nothing in @reader's stream, as
 * mig_addresses_complaint(); whether any did not, and that is not allowed. */
bool cli_complain(const CliCommon *common, const char *file,
                  const MigAddresses *addresses, MigAddressKind kind, const char *option,
                  const MigReader *reader);

/* 1 for an error of the stream, 2 for one of the environment. */
CliStatus cli_status_of(const GError *error);

/* The seconds of --timeout, 1 or more; or the end of the program. */
unsigned cli_timeout(const struct argp_state *state, const char *arg);

/* Parses a size with an optional suffix K, M, G, T (powers of 1,024) or a hexadecimal
 * number; false if it is none. */
bool cli_parse_size(const char *text, uint64_t *value);

#endif
