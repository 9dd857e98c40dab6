/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what the values of options may be, by what --help calls them.
 * Must not know: which command has which option.
 * See also:      complete.h.  A new kind of value is a row in kinds[].
 */
#include <stdlib.h>
#include <string.h>

#include "complete.h"
#include "dump.h"
#include "format.h"
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
static void offer_sections_with(Completion *completion, const char *end)
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
            g_autofree char *text = g_strconcat(address, end, NULL);

            complete_offer(completion, text, NULL);
        }
    }
    cli_close_inputs(&common);
}

static void offer_sections(Completion *completion)
{
    offer_sections_with(completion, "");
}

/* What is in a device comes after its name. */
static void offer_devices(Completion *completion)
{
    offer_sections_with(completion, ":");
}

/* Those of all commands, and of this one. */
static void offer_formats(Completion *completion)
{
    const char *command = completion->command ? completion->command->name : NULL;

    for (size_t i = 0; cli_formats[i]; i++) {
        if (!cli_formats[i]->command ||
            g_strcmp0(cli_formats[i]->command, command) == 0) {
            complete_offer(completion, cli_formats[i]->name, NULL);
        }
    }
}

/* One more of a list apart by commas. */
static void offer_tables(Completion *completion)
{
    const char *word = completion->word, *comma = strrchr(word, ',');
    g_autofree char *before = comma ? g_strndup(word, (size_t)(comma + 1 - word)) : NULL;

    for (size_t i = 0; dump_table_name(i); i++) {
        g_autofree char *text =
            g_strconcat(before ? before : "", dump_table_name(i), NULL);

        complete_offer(completion, text, NULL);
    }
}

/* --- filters ------------------------------------------------------------------------------ */

/* Offers what @offer does in place of all of the word that comes after its first @n bytes. */
static void offer_after(Completion *completion, size_t n, const char *placeholder)
{
    const char *prefix = completion->prefix, *word = completion->word;
    g_autofree char *before = g_strndup(word, n);
    g_autofree char *all = g_strconcat(prefix, before, NULL);

    completion->prefix = all;
    completion->word = word + n;
    complete_value(completion, "filter", placeholder);
    completion->prefix = prefix;
    completion->word = word;
}

/* The value that @word, which begins with a filter of @type, ends in, or NULL; *placeholder is what
 * help calls it.  A colon in a value that no key follows is part of it. */
static const char *filter_value(const MigFilterType *type, const char *word,
                                const char **placeholder)
{
    const char *found = NULL, *key, *values, *help;

    for (size_t i = 0; mig_filter_type_option(type, i, &key, &values, &help); i++) {
        g_autofree char *text = g_strconcat(":", key, "=", NULL);
        const char *at = g_strrstr(word, text);

        if (at && (!found || at > found)) {
            found = at + strlen(text);
            *placeholder = values;
        }
    }
    return found;
}

/* A filter's name, or after a ':' its keys, or after their '=' what they may be. */
static void offer_filters(Completion *completion)
{
    const char *word = completion->word, *colon = strchr(word, ':');
    const char *last = strrchr(word, ':'), *key, *values, *help;
    g_autofree char *name = colon ? g_strndup(word, (size_t)(colon - word)) : NULL;
    const MigFilterType *type = name ? mig_filter_type_find(name) : NULL;
    const char *value = type ? filter_value(type, word, &values) : NULL;

    if (!name) {
        offer_filter_names(completion);
    } else if (value) {
        offer_after(completion, (size_t)(value - word), values);
    }
    for (size_t i = 0; type && mig_filter_type_option(type, i, &key, &values, &help);
         i++) {
        g_autofree char *before = g_strndup(word, (size_t)(last + 1 - word));
        g_autofree char *text = g_strconcat(before, key, "=", NULL);

        if (!g_str_has_prefix(word, text)) {
            complete_offer(completion, text, help);
        }
    }
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
    { "DEVICE:FIELD", NULL, offer_devices, NULL },
    { "DEVICE:SUBSECTION", NULL, offer_devices, NULL },
    { "DEVICE:ARRAY", NULL, offer_devices, NULL },
    { "TABLE,...", NULL, offer_tables, NULL },
    { "text|json", "format", offer_formats, NULL },
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
