/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see hint.h.
 * Must not know: which findings there are.
 * See also:      cli/cmd-convert.c, which reads what is written here.
 */
#include "hint.h"

#include <string.h>

#include "text.h"

#define TO "vfio-layout:to="

/* More names are not tried: somebody has them all. */
#define NAMES_MAX 100

/* "guest" of "guest.mig.zst". */
static char *stem_of(const char *file)
{
    static const char *const endings[] = { ".zst", ".gz", ".mig", ".channels" };
    char *stem = g_strdup(strcmp(file, "-") == 0 ? "guest" : file);

    while (g_str_has_suffix(stem, "/")) { /* a folder */
        stem[strlen(stem) - 1] = '\0';
    }

    for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
        char *base = strrchr(stem, '/');

        base = base ? base + 1 : stem;
        if (g_str_has_suffix(base, endings[i]) && strlen(base) > strlen(endings[i])) {
            stem[strlen(stem) - strlen(endings[i])] = '\0';
        }
    }
    return stem;
}

char *cli_new_name(const char *file)
{
    g_autofree char *stem = stem_of(file);
    char *name = g_strdup_printf("%s.fixed.mig", stem);

    for (unsigned i = 2; i < NAMES_MAX && g_file_test(name, G_FILE_TEST_EXISTS); i++) {
        g_free(name);
        name = g_strdup_printf("%s.fixed%u.mig", stem, i);
    }
    return name;
}

char *cli_hint_reading(const CliCommon *common)
{
    GString *options = g_string_new(NULL);

    if (common->offset == MIG_INPUT_OFFSET_AUTO) {
        g_string_append(options, " --offset=auto");
    } else if (common->offset) {
        g_string_append_printf(options, " --offset=%" PRIu64, common->offset);
    }
    if (common->snapshot) {
        g_autofree char *snapshot = cli_shell_name(common->snapshot);

        g_string_append_printf(options, " --snapshot=%s", snapshot);
    }
    for (guint i = 0; i < common->channels->len; i++) {
        g_autofree char *name = cli_shell_name(g_ptr_array_index(common->channels, i));

        g_string_append_printf(options, " --channel=%s", name);
    }
    return g_string_free(options, FALSE);
}

static char *command(const char *options, const CliHintFiles *files)
{
    g_autofree char *in = cli_shell_name(files->file);
    g_autofree char *out = cli_shell_name(files->new_name);
    g_autofree char *reading = cli_hint_reading(files->common);

    return g_strdup_printf("migstat convert %s%s %s -o %s", options, reading, in, out);
}

bool cli_remedy_asks(const MigRemedy *remedy)
{
    return remedy->lossy && g_str_has_prefix(remedy->filter, "ram-block:") &&
           strstr(remedy->filter, ":length=");
}

char *cli_hint_remedy(const MigRemedy *remedy, const CliHintFiles *files)
{
    bool to = remedy->filter && g_str_has_prefix(remedy->filter, TO);
    g_autofree char *value = NULL, *option = NULL;

    if (!remedy->filter) {
        return NULL;
    }
    value = cli_shell_name(remedy->filter + (to ? strlen(TO) : 0));
    option = g_strconcat(cli_remedy_asks(remedy) ? "--lossy " : "",
                         to ? "--to=" : "--filter=", value, NULL);
    return command(option, files);
}

char *cli_hint_filters(const char *const *filters, bool lossy, const CliHintFiles *files)
{
    g_autoptr(GString) options = g_string_new(lossy ? "--lossy" : NULL);

    for (; *filters; filters++) {
        g_autofree char *value = cli_shell_name(*filters);

        g_string_append_printf(options, "%s--filter=%s", options->len ? " " : "", value);
    }
    return command(options->str, files);
}

char *cli_hint_fit(const char *against, bool lossy, const CliHintFiles *files)
{
    g_autofree char *name = cli_shell_name(against);
    g_autofree char *option =
        g_strdup_printf("--fit=%s%s", name, lossy ? " --lossy" : "");

    return command(option, files);
}

char *cli_hint_for(MigRelease release, bool lossy, const CliHintFiles *files)
{
    g_autofree char *option =
        g_strdup_printf("--for=qemu-%u.%u%s", mig_release_major(release),
                        mig_release_minor(release), lossy ? " --lossy" : "");

    return command(option, files);
}
