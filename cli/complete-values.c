/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the values of options may be, by what --help calls them.
 * Must not know: which command has which option.
 * See also:      complete.h.  A new kind of value is a row in kinds[].
 */
#include <stdlib.h>
#include <string.h>

#include "complete.h"
#include "sandbox.h"

/* --- one function for each kind of value -------------------------------------------------- */

static void offer_words(Completion *completion, const char *words, const char *separators)
{
    g_auto(GStrv) list = g_strsplit_set(words, separators, -1);

    for (char **word = list; *word; word++) {
        /* What is in capitals stands for something. */
        if (!g_ascii_isupper(**word)) {
            complete_offer(completion, *word, NULL);
        }
    }
}

static void offer_files(Completion *completion)
{
    completion->names = COMPLETE_FILES;
}

static void offer_folders(Completion *completion)
{
    completion->names = COMPLETE_FOLDERS;
}

static void offer_rules(Completion *completion)
{
    for (size_t i = 0; i < mig_rule_count(); i++) {
        const MigRule *rule = mig_rule_at(i);

        complete_offer(completion, mig_rule_id(rule), mig_rule_title(rule));
    }
}

static void offer_releases(Completion *completion)
{
    for (size_t i = 0; mig_release_at(i); i++) {
        g_autofree char *text = mig_releases_text(mig_releases_one(mig_release_at(i)));
        g_autofree char *release = g_strconcat("qemu-", text, NULL);

        complete_offer(completion, *completion->word == 'q' ? release : text, NULL);
    }
}

static void offer_filter_names(Completion *completion)
{
    for (const MigFilterType *const *type = mig_filter_types(); *type; type++) {
        complete_offer(completion, mig_filter_type_name(*type),
                       mig_filter_type_summary(*type));
    }
}

/* A filter's name, or after a ':' its keys, or after their '=' what they may be. */
static void offer_filters(Completion *completion)
{
    const char *word = completion->word, *colon = strchr(word, ':');
    const char *last = strrchr(word, ':'), *key, *values, *help;
    g_autofree char *name = colon ? g_strndup(word, (size_t)(colon - word)) : NULL;
    const MigFilterType *type = name ? mig_filter_type_find(name) : NULL;

    if (!name) {
        offer_filter_names(completion);
        return;
    }
    for (size_t i = 0; type && mig_filter_type_option(type, i, &key, &values, &help);
         i++) {
        g_autofree char *before = g_strndup(word, (size_t)(last + 1 - word));
        g_autofree char *text = g_strconcat(before, key, "=", NULL);

        if (!g_str_has_prefix(word, text)) {
            complete_offer(completion, text, help);
        } else if (strchr(values, '|')) {
            g_auto(GStrv) list = g_strsplit(values, "|", -1);

            for (char **value = list; *value; value++) {
                g_autofree char *whole = g_strconcat(text, *value, NULL);

                complete_offer(completion, whole, NULL);
            }
        }
    }
}

static bool is_plain(const char *name)
{
    return *name && strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789:@./_-") == strlen(name);
}

/* The first word of the line that is a regular file, or NULL: what is no such file may wait
 * for ever. */
static const char *file_at_hand(const Completion *completion)
{
    const char *const *word = completion->words;

    for (; word[0] && word[1]; word++) {
        if (**word != '-' && g_file_test(*word, G_FILE_TEST_IS_REGULAR)) {
            return *word;
        }
    }
    return NULL;
}

/* Of the sections in the description of the file at hand those with names that no shell
 * takes for anything else.  Only the end of the file is read. */
static void offer_sections(Completion *completion)
{
    CliCommon common = { .quiet = true, .sandbox = CLI_SANDBOX_AUTO };
    const char *file = file_at_hand(completion);
    g_autoptr(MigInput) in = NULL;
    g_autoptr(MigDescription) description = NULL;

    if (!file || !cli_confine_reader(&common, &file, 1, -1)) {
        return;
    }
    in = cli_open(file, &common, NULL);
    description = in && mig_input_seekable(in) ? mig_description_find(in, 0) : NULL;
    for (size_t i = 0; description && i < description->n_devices; i++) {
        g_autofree char *address = mig_address_of_section(
            description->devices[i].name, description->devices[i].instance_id);

        if (is_plain(address)) {
            complete_offer(completion, address, NULL);
        }
    }
    cli_close_inputs(&common);
}

/* --- the table ------------------------------------------------------------------------------ */

static const struct {
    const char *placeholder, *option; /* of which option; NULL: of any */
    void (*offer)(Completion *completion);
    const char *words; /* apart by '|' */
} kinds[] = {
    { "FILE", NULL, offer_files, NULL },
    { "DEST", NULL, offer_files, NULL },
    { "FILE|DIR", NULL, offer_files, NULL },
    { "FILE|DIR/", NULL, offer_files, NULL },
    { "DIR", NULL, offer_folders, NULL },
    { "ID", NULL, offer_rules, NULL },
    { "NAME", "help-filter", offer_filter_names, NULL },
    { "NAME[:KEY=VALUE]...", NULL, offer_filters, NULL },
    { "PATTERN", NULL, offer_sections, NULL },
    { "qemu-X.Y", NULL, offer_releases, NULL },
    { "qemu-X.Y|all", NULL, offer_releases, "all" },
    { "ID|NAME", NULL, NULL, NULL },
    { "DIALECT", NULL, NULL, "subflag|config-first|config-last" },
    { "WHEN", NULL, NULL, "auto|always|never" },
    { "FORMAT[:LEVEL]", NULL, NULL, "raw|gzip|bzip2|xz|lzop|zstd|sparse" },
    { "NEED[:PATTERN]", NULL, NULL, "auto|yes|no" },
};

void complete_value(Completion *completion, const char *option, const char *placeholder)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strcmp(kinds[i].placeholder, placeholder) == 0 &&
            (!kinds[i].option || g_strcmp0(kinds[i].option, option) == 0)) {
            if (kinds[i].words) {
                offer_words(completion, kinds[i].words, "|");
            }
            if (kinds[i].offer) {
                kinds[i].offer(completion);
            }
            return;
        }
    }
    if (strchr(placeholder, '|')) {
        offer_words(completion, placeholder, "|");
    }
}
