/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which kind of word stands where on a command line.
 * Must not know: what the values of options are.
 * See also:      complete.h; complete-values.c.
 */
#include "complete.h"

#include <stdio.h>
#include <string.h>

void complete_offer(Completion *completion, const char *candidate, const char *help)
{
    if (g_str_has_prefix(candidate, completion->word)) {
        g_string_append_printf(completion->out, "%s%s\t%s\n", completion->prefix,
                               candidate, help ? help : "");
    }
}

static bool is_last(const struct argp_option *option)
{
    return !option->name && !option->key && !option->doc && !option->group;
}

/* The option that @word names, without its value: "--name", "--name=...", "-n"; or NULL. */
static const struct argp_option *option_in(const struct argp_option *options,
                                           const char *word)
{
    bool is_long = g_str_has_prefix(word, "--");
    size_t length = is_long ? strcspn(word + 2, "=") : 0;

    for (; options && !is_last(options); options++) {
        if (is_long ? options->name && strlen(options->name) == length &&
                          strncmp(options->name, word + 2, length) == 0
                    : word[0] == '-' && word[1] && !word[2] && options->key == word[1]) {
            return options;
        }
    }
    return NULL;
}

static const struct argp_option *option_of(const CliCommand *command, const char *word)
{
    const struct argp_option *option = command ? option_in(command->options, word) : NULL;

    return option ? option : option_in(cli_common_options, word);
}

/* Whether the value of @option is the next word. */
static bool takes_next(const struct argp_option *option, const char *word)
{
    return option && option->arg && !(option->flags & OPTION_ARG_OPTIONAL) &&
           !strchr(word, '=');
}

static void offer_options(Completion *completion, const struct argp_option *options)
{
    for (; options && !is_last(options); options++) {
        bool value = options->arg && !(options->flags & OPTION_ARG_OPTIONAL);
        g_autofree char *text =
            options->name ? g_strdup_printf("--%s%s", options->name, value ? "=" : "")
                          : NULL;

        if (text && !(options->flags & OPTION_HIDDEN)) {
            complete_offer(completion, text, options->doc);
        }
    }
}

static void offer_commands(Completion *completion)
{
    for (const CliCommand *const *command = cli_commands; *command; command++) {
        complete_offer(completion, (*command)->name, (*command)->summary);
    }
    complete_offer(completion, "help", "Print the help of a command");
}

/* The command among the words before the last; *value is set to the option whose value the last
 * word is, or NULL. */
static const CliCommand *look_through(const char *const *words,
                                      const struct argp_option **value, bool *help)
{
    const CliCommand *found = NULL;

    *value = NULL;
    for (; words[0] && words[1]; words++) {
        const struct argp_option *option = *value ? NULL : option_of(found, *words);
        bool is_value = *value != NULL;

        *value = takes_next(option, *words) ? option : NULL;
        *help = *help || (!found && strcmp(*words, "help") == 0);
        for (const CliCommand *const *c = cli_commands; !is_value && !found && *c; c++) {
            found = strcmp((*c)->name, *words) == 0 ? *c : NULL;
        }
    }
    return found;
}

static void complete_word(Completion *completion, const struct argp_option *value,
                          bool help)
{
    g_autofree struct argp_option *common = cli_common_options_of(completion->command);
    const char *equals = strchr(completion->word, '=');

    if (value) {
        complete_value(completion, value->name, value->arg);
    } else if (g_str_has_prefix(completion->word, "--") && equals) {
        const struct argp_option *option =
            option_of(completion->command, completion->word);
        g_autofree char *prefix =
            g_strndup(completion->word, (size_t)(equals + 1 - completion->word));

        completion->prefix = prefix;
        completion->word = equals + 1;
        if (option && option->arg) {
            complete_value(completion, option->name, option->arg);
        }
        completion->prefix = "";
    } else if (completion->word[0] == '-') {
        offer_options(completion,
                      completion->command ? completion->command->options : NULL);
        offer_options(completion, common);
    } else if (!completion->command) {
        offer_commands(completion);
    } else if (!help) {
        completion->names = COMPLETE_FILES;
    }
}

int cli_complete(const char *const *words)
{
    static const char *const heads[] = { "", ":files\n", ":folders\n" };
    static const char *const nothing[] = { "", NULL };
    g_autoptr(GString) out = g_string_new(NULL);
    Completion completion = { .words = words[0] ? words : nothing,
                              .prefix = "",
                              .out = out };
    const struct argp_option *value;
    bool help = false;

    completion.command = look_through(completion.words, &value, &help);
    completion.word =
        completion.words[g_strv_length((char **)(uintptr_t)completion.words) - 1];
    complete_word(&completion, value, help);
    printf("%s%s", heads[completion.names], out->str);
    return cli_close_stdout(CLI_OK);
}
