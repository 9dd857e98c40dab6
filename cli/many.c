/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see many.h.
 * Must not know: what is done with a file.
 * See also:      folders.c, what is in folders.
 */
#include "many.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "folders.h"
#include "jobs.h"
#include "pager.h"
#include "text.h"

/* --- options --- */

static unsigned number_of_jobs(const struct argp_state *state, const char *arg)
{
    uint64_t n = 1;

    if (!g_ascii_string_to_unsigned(arg, 10, 1, CLI_JOBS_MAX, &n, NULL)) {
        cli_usage_error(state, "--jobs wants a number from 1 to %u, not \"%s\"",
                        CLI_JOBS_MAX, arg);
    }
    return (unsigned)n;
}

error_t cli_parse_many(int key, char *arg, struct argp_state *state, CliCommon *common)
{
    switch (key) {
    case 'r':
        common->recursive = true;
        return 0;
    case CLI_KEY_FILES_FROM:
        g_ptr_array_add(common->lists, arg);
        common->no_files = true;
        return 0;
    case '0':
        common->null = true;
        return 0;
    case 'j':
        common->jobs = number_of_jobs(state, arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* --- lists --- */

static void add_name(CliCommon *common, const char *name)
{
    char *own = g_strdup(name);

    g_ptr_array_add(common->owned, own);
    g_ptr_array_add(common->files, own);
}

/* In lines a name cannot have a NUL, which would cut it short. */
static bool add_line(CliCommon *common, char *line, size_t length, GError **error)
{
    if (length && line[length - 1] == (common->null ? '\0' : '\n')) {
        line[--length] = '\0';
    }
    if (strlen(line) != length) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "a name has a NUL in it; of a list that find -print0 wrote "
                            "add --null");
        return false;
    }
    if (*line) {
        add_name(common, line);
    }
    return true;
}

static bool read_names(CliCommon *common, FILE *list, GError **error)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    bool ok = true;

    errno = 0;
    while (ok && (n = getdelim(&line, &size, common->null ? '\0' : '\n', list)) >= 0) {
        ok = add_line(common, line, (size_t)n, error);
    }
    free(line);
    if (ok && ferror(list)) {
        mig_error_set_plain(error, MIG_ERROR_IO, "cannot read: %s", g_strerror(errno));
        return false;
    }
    return ok;
}

static bool read_list(CliCommon *common, const char *path)
{
    g_autoptr(GError) error = NULL;
    bool is_input = strcmp(path, "-") == 0;
    FILE *list = is_input ? stdin : fopen(path, "re");

    if (!list) {
        mig_error_set_plain(&error, MIG_ERROR_IO, "cannot open: %s", g_strerror(errno));
    } else {
        read_names(common, list, &error);
    }
    if (list && !is_input) {
        fclose(list);
    }
    if (error) {
        cli_print_error(path, error);
    }
    return !error;
}

static bool is_among(const GPtrArray *names, const char *name)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)(uintptr_t)names, name,
                                            g_str_equal, NULL);
}

static bool read_lists(CliCommon *common)
{
    for (guint i = 0; i < common->lists->len; i++) {
        if (!read_list(common, g_ptr_array_index(common->lists, i))) {
            return false;
        }
    }
    if (is_among(common->lists, "-") && is_among(common->files, "-")) {
        g_autoptr(GError) error = NULL;

        mig_error_set_plain(&error, MIG_ERROR_USAGE,
                            "the names come from standard input, so it cannot be one of "
                            "the files");
        cli_print_error("-", error);
        return false;
    }
    return true;
}

/* --- running --- */

typedef struct Run {
    const CliMany *many;
    const CliCommon *common;
} Run;

static CliStatus job(guint i, void *result, void *user)
{
    const CliMany *many = ((Run *)user)->many;

    return many->prepare(i, 1, many->user) ? many->one(i, result, many->user)
                                           : CLI_TROUBLE;
}

/* What a process that is lost could not say itself. */
static void job_done(guint i, const void *result, const GError *error, void *user)
{
    const Run *run = user;

    if (error) {
        cli_print_error(g_ptr_array_index(run->common->files, i), error);
    }
    if (run->many->done) {
        run->many->done(i, result, error, run->many->user);
    }
}

static CliStatus run_in_jobs(const CliMany *many, CliCommon *common)
{
    Run run = { many, common };
    const CliJobs jobs = { .n = common->files->len,
                           .at_once = common->jobs,
                           .result_size = many->result_size,
                           .job = job,
                           .done = job_done,
                           .user = &run };

    return cli_jobs_run(&jobs, common);
}

static CliStatus run_here(const CliMany *many, guint n)
{
    g_autofree void *result = g_malloc0(MAX(many->result_size, 1));
    CliStatus status = CLI_OK;

    if (!many->prepare(0, n, many->user)) {
        return CLI_TROUBLE;
    }
    for (guint i = 0; i < n; i++) {
        CliStatus one;

        memset(result, 0, many->result_size);
        one = many->one(i, result, many->user);
        status = MAX(status, one);
        if (many->done) {
            many->done(i, result, NULL, many->user);
        }
    }
    return status;
}

CliStatus cli_many_run(const CliMany *many, CliCommon *common)
{
    CliStatus found = CLI_OK, status;

    if (!read_lists(common)) {
        return CLI_TROUBLE;
    }
    if (common->recursive) {
        cli_folders_walk(common, &found);
    }
    if (!common->files->len) {
        fprintf(stderr, "migstat: error: no file was named, and no folder has one\n");
        return CLI_TROUBLE;
    }
    if (common->files->len > 1) {
        cli_pager_forget(); /* what is found in the first is shown when the next is read */
    }
    status =
        common->jobs ? run_in_jobs(many, common) : run_here(many, common->files->len);
    return MAX(status, found);
}
