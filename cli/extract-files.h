/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      files in a folder that appear together, whole, or not at all.
 * Knows not: what is written to them.
 * Beside it: cmd-extract.c; io/output-target.h, one such file.
 */
#ifndef CLI_EXTRACT_FILES_H
#define CLI_EXTRACT_FILES_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct ExtractFiles ExtractFiles;

/* Makes the folder where there is none.  @force: files that exist may be replaced. */
ExtractFiles *extract_files_new(const char *dir, bool force, GError **error);

/* Starts a file that is called @name, made safe (extract_safe_name()), and @suffix.  Returns
 * its descriptor, for reading and writing, or -1. */
int extract_files_add(ExtractFiles *files, const char *name, const char *suffix,
                      GError **error);

/* Whether such a file was started. */
bool extract_files_has(const ExtractFiles *files, const char *name, const char *suffix);

int extract_files_fd(const ExtractFiles *files, unsigned index);

/* Gives all of them their names, or leaves all names as they are.  Call once. */
bool extract_files_commit(ExtractFiles *files, GError **error);

/* A line for each file: its path and its size. */
void extract_files_list(const ExtractFiles *files, FILE *to);

/* Without a commit nothing stays. */
void extract_files_free(ExtractFiles *files);

/* A file name for @name, which comes from a stream: letters, digits and ". _ - + : @ ," stay,
 * save for a dot or a hyphen in front; others become %XX; a long one ends in a digest. */
char *extract_safe_name(const char *name);

#endif
