/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see sandbox.h: in which order rights are given up.
 * Must not know: commands, nor what the kernel is asked for.
 * See also:      sandbox-calls.c, sandbox-files.c.
 *
 * A command opens its inputs and outputs here, and afterwards can open no file, start no
 * program, reach no network and signal nobody: a mistake in the library that a hostile
 * stream finds is worth little.  What it may still do is the table in migstat(1), SECURITY.
 */
#include "sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "helper.h"
#include "inputs.h"
#include "pager.h"

#ifndef CLI_SANDBOX
#define CLI_SANDBOX 1
#endif

/* --- inherited descriptors --- */

static int by_number(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

static bool is_kept(const GArray *kept, int fd)
{
    return kept->len && bsearch(&fd, kept->data, kept->len, sizeof fd, by_number) != NULL;
}

/* Where there is no close_range(), which Linux has since 5.9 and glibc since 2.34. */
static void close_one_by_one(const GArray *kept)
{
    DIR *dir = opendir("/proc/self/fd");

    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        int fd = atoi(entry->d_name);

        if (fd > STDERR_FILENO && fd != dirfd(dir) && !is_kept(kept, fd)) {
            close(fd);
        }
    }
    if (dir) {
        closedir(dir);
    }
}

static bool close_between(unsigned first, unsigned last)
{
#if defined(__GLIBC_PREREQ) && __GLIBC_PREREQ(2, 34)
    return close_range(first, last, 0) == 0;
#else
    (void)first, (void)last;
    return false;
#endif
}

/* Sorts @kept.  Descriptors that whoever started this program had open are no business of
 * what reads a stream. */
static void close_others(GArray *kept)
{
    unsigned first = STDERR_FILENO + 1;

    g_array_sort(kept, by_number);
    for (guint i = 0; i <= kept->len; i++) {
        unsigned next = i < kept->len ? (unsigned)g_array_index(kept, int, i) : ~0u;

        if (next > first && !close_between(first, i < kept->len ? next - 1 : next)) {
            close_one_by_one(kept);
            return;
        }
        first = MAX(first, next + 1);
    }
}

/* --- the sandbox --- */

/* Whether to go on, after the kernel answered @error. */
static bool judge(const CliCommon *common, const char *what, int error, bool essential)
{
    bool absent = error == ENOSYS || error == EOPNOTSUPP;

    if (error == 0 || (absent && !essential && common->sandbox != CLI_SANDBOX_REQUIRE)) {
        return true;
    }
    fprintf(stderr, "migstat: %s: the kernel refuses %s, a part of the sandbox: %s%s\n",
            common->sandbox == CLI_SANDBOX_REQUIRE ? "error" : "warning", what,
            g_strerror(error),
            common->sandbox == CLI_SANDBOX_REQUIRE
                ? "; --sandbox=auto goes on without it"
                : "; --sandbox=require makes this an error");
    return common->sandbox != CLI_SANDBOX_REQUIRE;
}

static bool start_helper(CliCommon *common, const CliRights *rights, CliHelper **helper)
{
    g_autoptr(GError) error = NULL;
    bool inputs = common->inputs && cli_inputs_wait(common->inputs);

    *helper = NULL;
    if (!rights->files && !inputs && !rights->links) {
        return true;
    }
    *helper = cli_helper_start(rights->files, inputs ? common->inputs : NULL,
                               rights->links, &error);
    if (!*helper) {
        cli_print_error("migstat", error);
        return false;
    }
    if (inputs) {
        cli_inputs_give_to(common->inputs, *helper, !rights->files);
    }
    return true;
}

static void keep_descriptors(const CliCommon *common, const CliRights *rights,
                             const CliHelper *helper)
{
    g_autoptr(GArray) kept = g_array_new(FALSE, FALSE, sizeof(int));

    if (common->inputs) {
        cli_inputs_list(common->inputs, kept);
    }
    if (rights->files) {
        cli_files_list_descriptors(rights->files, kept);
    }
    if (rights->keep >= 0) {
        g_array_append_val(kept, rights->keep);
    }
    if (rights->links && cli_links_listener(rights->links) >= 0) {
        int listener = cli_links_listener(rights->links);

        g_array_append_val(kept, listener);
    }
    if (cli_pager_terminal() >= 0) {
        int terminal = cli_pager_terminal();

        g_array_append_val(kept, terminal);
    }
    if (helper) {
        int socket = cli_helper_socket(helper);

        g_array_append_val(kept, socket);
    }
    close_others(kept);
}

static bool no_sandbox_here(const CliCommon *common)
{
    if (common->sandbox == CLI_SANDBOX_REQUIRE) {
        fprintf(stderr, "migstat: error: this build has no sandbox\n");
    }
    return common->sandbox != CLI_SANDBOX_REQUIRE;
}

bool cli_confine(CliCommon *common, const CliRights *rights)
{
    CliHelper *helper;
    CliCallRights calls = { .copies = rights->copies,
                            .links =
                                rights->links && cli_links_connects_to(rights->links),
                            .socket = -1,
                            .helper = -1 };

    if (common->sandbox == CLI_SANDBOX_OFF) {
        return true;
    }
    if (!CLI_SANDBOX) {
        return no_sandbox_here(common);
    }
    if (!start_helper(common, rights, &helper)) {
        return false;
    }
    if (helper) {
        calls.socket = cli_helper_socket(helper);
        calls.helper = cli_helper_pid(helper);
    }
    keep_descriptors(common, rights, helper);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return judge(common, "no_new_privs", errno, true);
    }
    return judge(common, "Landlock", cli_confine_files(), false) &&
           judge(common, "seccomp", cli_confine_calls(&calls), true);
}

bool cli_confine_reader(CliCommon *common, const char *const *files, size_t n, int keep)
{
    const CliRights none = { .keep = keep };

    cli_open_inputs(common, files, n);
    return cli_confine(common, &none);
}
