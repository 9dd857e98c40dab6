/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          comparing what two streams say of themselves: machine, capabilities,
 *                commands, the size of a page, the description.
 * Must not know: sections and RAM.
 * See also:      diff.c; stream/configuration.c.
 */
#include "diff/diff-private.h"
#include "stream/command.h"

/* Texts; one that is empty or NULL is not there. */
static void diff_texts(MigDiff *diff, MigDifferenceKind kind, const char *a,
                       const char *b)
{
    const char *const texts[] = { a ? a : "", b ? b : "" };
    MigDifference difference = { .kind = kind };

    if (g_str_equal(texts[0], texts[1])) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (!*texts[i] && !mig_diff_is_whole(diff, i)) {
            return;
        }
        if (*texts[i]) {
            difference.value[i] = (MigDifferenceValue){ true, .text = texts[i] };
        }
    }
    mig_diff_visit(diff, &difference);
}

static char *capabilities_of(const MigConfiguration *conf)
{
    return conf && conf->capabilities
               ? g_strjoinv(", ", (char **)(uintptr_t)conf->capabilities)
               : NULL;
}

static char *commands_of(const MigSummary *summary)
{
    GString *text = g_string_new(NULL);
    const MigCommandSummary *command;
    uint64_t seen = 0;

    for (size_t i = 0; (command = mig_summary_command(summary, i)); i++) {
        uint16_t id = command->id;
        const char *name = mig_command_name(id);

        if (name && id < 64 && !(seen >> id & 1)) {
            seen |= UINT64_C(1) << id;
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", name);
        }
    }
    return g_string_free(text, FALSE);
}

static void diff_commands(MigDiff *diff)
{
    g_autofree char *a = commands_of(diff->side[0].summary);
    g_autofree char *b = commands_of(diff->side[1].summary);

    diff_texts(diff, MIG_DIFFERENCE_COMMANDS, a, b);
}

/* 0: not known. */
static void diff_page_sizes(MigDiff *diff, uint64_t a, uint64_t b)
{
    if (a != b && a && b) {
        mig_diff_visit(diff, &(MigDifference){ .kind = MIG_DIFFERENCE_PAGE_SIZE,
                                               .value = { { true, .number = a },
                                                          { true, .number = b } } });
    }
}

static void diff_descriptions(MigDiff *diff)
{
    MigDifference difference = { .kind = MIG_DIFFERENCE_DESCRIPTION };
    int lacks;

    for (int i = 0; i < 2; i++) {
        difference.value[i].present = mig_reader_description(diff->side[i].reader);
    }
    lacks = difference.value[0].present ? 1 : 0;
    if (difference.value[0].present != difference.value[1].present &&
        mig_diff_is_whole(diff, lacks)) {
        mig_diff_visit(diff, &difference);
    }
}

void mig_diff_configuration(MigDiff *diff)
{
    const MigReader *a = diff->side[0].reader, *b = diff->side[1].reader;
    const MigConfiguration *conf_a = mig_reader_configuration(a);
    const MigConfiguration *conf_b = mig_reader_configuration(b);
    g_autofree char *capabilities_a = capabilities_of(conf_a);
    g_autofree char *capabilities_b = capabilities_of(conf_b);
    g_autofree char *uuid_a = conf_a ? mig_configuration_uuid_text(conf_a) : NULL;
    g_autofree char *uuid_b = conf_b ? mig_configuration_uuid_text(conf_b) : NULL;

    diff_texts(diff, MIG_DIFFERENCE_MACHINE, conf_a ? conf_a->machine : NULL,
               conf_b ? conf_b->machine : NULL);
    diff_texts(diff, MIG_DIFFERENCE_CAPABILITIES, capabilities_a, capabilities_b);
    diff_texts(diff, MIG_DIFFERENCE_UUID, uuid_a, uuid_b);
    diff_commands(diff);
    diff_page_sizes(diff, mig_reader_page_size(a), mig_reader_page_size(b));
    diff_descriptions(diff);
}
