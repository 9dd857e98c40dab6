/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the files that a command writes: together, whole, or not at all.
 * Must not know: what is written to them.
 * See also:      io/output-target.h, one such file; helper.h, the process that has the
 *                right to make them once this one has given it up.
 */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stdio.h>

#include "cli.h"

typedef struct CliFiles CliFiles;

/* None of them takes the place of an input of @common, except in place.  @options are copied, and
 * what they point to. */
CliFiles *cli_files_new(const CliCommon *common, const MigTargetOptions *options);

/* Those that cli_files_add() makes lie in @dir, which is made where there is none, for its
 * owner alone. */
bool cli_files_set_folder(CliFiles *files, const char *dir, GError **error);

/* Starts a file by its path; before cli_confine().  Its descriptor, for reading and writing,
 * or -1. */
int cli_files_open(CliFiles *files, const char *path, GError **error);

/* Starts a file in the folder that is called @name, made safe (cli_safe_name()), and
 * @suffix.  Its descriptor, or -1. */
int cli_files_add(CliFiles *files, const char *name, const char *suffix, GError **error);

/* Those of cli_files_add() outlive a power failure, as others do: they cannot be made again. */
void cli_files_sync(CliFiles *files);

/* What is opened from now on can be made again, and its commit does not wait for the disk. */
void cli_files_leave_unsynced(CliFiles *files);

/* Gives all of them their names, or leaves all names as they are; says on stderr which
 * attributes were lost of files that were replaced.  Call once. */
bool cli_files_commit(CliFiles *files, GError **error);

/* The same for some alone, while nothing stays of the others: those of cli_files_add(); the one
 * that is written in place, which is patched (mig_target_patch()); or one of cli_files_open(), the
 * @i-th that was started being CLI_FILES_ONE + @i. */
typedef enum CliFilesWhich {
    CLI_FILES_ALL,
    CLI_FILES_ADDED,
    CLI_FILES_PATCHED,
    CLI_FILES_ONE
} CliFilesWhich;
bool cli_files_commit_some(CliFiles *files, unsigned which, GError **error);

/* Whether CLI_FILES_PATCHED can be. */
bool cli_files_can_patch(const CliFiles *files);

/* A line for each file: its path and its size. */
void cli_files_list(const CliFiles *files, FILE *to);

/* Without a commit nothing stays. */
void cli_files_free(CliFiles *files);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliFiles, cli_files_free)

/* A file name for @name, which comes from a stream: letters, digits and ". _ - + : @ ,"
 * stay, except for a leading dot or hyphen; others become %XX; a long name ends in a
 * digest. */
char *cli_safe_name(const char *name);

/* --- for helper.c and sandbox.c --- */

struct CliHelper;

/* From now on @helper makes and names the files; it has this object too, as it was. */
void cli_files_give_to(CliFiles *files, struct CliHelper *helper);

/* Appends what must stay open of it to @fds, of int. */
void cli_files_list_descriptors(const CliFiles *files, GArray *fds);

/* Starts the file @base, which is safe, in the folder: what the helper is asked for. */
int cli_files_add_base(CliFiles *files, const char *base, GError **error);

#endif
