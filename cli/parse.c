/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          reading a command line: what is said of options that do not exist, are
 *                given twice or have no effect, and of a wrong number of files.
 * Must not know: what options mean.
 * See also:      cli/cli.h; common.c, the options of all commands.
 *
 * argp reads the options.  Before it does, they are looked through here: it would not say
 * what was probably meant.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "pager.h"
#include "text.h"

/* What cli_parse() works with; the input of its own parser. */
typedef struct Parse {
    const CliCommand *command;
    unsigned flags;
    CliCommon *common;
    void *input;
} Parse;

/* The word that is looked at. */
typedef struct Cursor {
    const Parse *parse;
    struct argp_state *state;
    int at;
} Cursor;

/* --- tables of options -------------------------------------------------------------------- */

static bool is_last(const struct argp_option *option)
{
    return !option->name && !option->key && !option->doc && !option->group;
}

/* The @i-th of a command's options and the common ones, in turn; NULL beyond the last. */
static const struct argp_option *option_at(const CliCommand *command, size_t i)
{
    const struct argp_option *tables[] = { command->options, cli_common_options };

    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++) {
        const struct argp_option *option = tables[t];

        for (; option && !is_last(option); option++) {
            if (i-- == 0) {
                return option;
            }
        }
    }
    return NULL;
}

static const struct argp_option *option_named(const CliCommand *command, const char *name)
{
    const struct argp_option *option;

    for (size_t i = 0; (option = option_at(command, i)) != NULL; i++) {
        if (option->name && strcmp(option->name, name) == 0) {
            return option;
        }
    }
    return NULL;
}

static bool is_common(const char *name)
{
    const CliCommand none = { 0 };

    return option_named(&none, name) != NULL;
}

/* An alias has its key and argument from the option before it. */
static const struct argp_option *real_option(const CliCommand *command,
                                             const struct argp_option *option)
{
    while (option != option_at(command, 0) && option->flags & OPTION_ALIAS) {
        option--;
    }
    return option;
}

static const struct argp_option *option_of_letter(const CliCommand *command, char letter)
{
    const struct argp_option *option;

    for (size_t i = 0; (option = option_at(command, i)) != NULL; i++) {
        if (option->key == letter) {
            return real_option(command, option);
        }
    }
    return NULL;
}

/* The names of the commands that have an option @name. */
static GPtrArray *commands_with(const char *name)
{
    GPtrArray *found = g_ptr_array_new();

    for (const CliCommand *const *command = cli_commands; *command; command++) {
        const struct argp_option *option = option_named(*command, name);

        if (option && !(option->flags & OPTION_HIDDEN)) {
            g_ptr_array_add(found, (gpointer)(uintptr_t)(*command)->name);
        }
    }
    return found;
}

/* " (check, convert and diff have it)", or "". */
static char *others_with(const char *name)
{
    g_autoptr(GPtrArray) found = commands_with(name);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < found->len; i++) {
        const char *joint = i == 0 ? " (" : i + 1 < found->len ? ", " : " and ";

        g_string_append_printf(text, "%s%s", joint, (char *)found->pdata[i]);
    }
    if (found->len) {
        g_string_append(text, found->len == 1 ? " has it)" : " have it)");
    }
    return g_string_free(text, FALSE);
}

char *cli_option_form(const char *name)
{
    g_autoptr(GPtrArray) found = commands_with(name);

    if (found->len == 0) {
        return NULL;
    }
    return is_common(name)
               ? g_strdup_printf("migstat --%s", name)
               : g_strdup_printf("migstat %s --%s", (char *)found->pdata[0], name);
}

/* The same; where no command was named yet, with the name of the one that was meant. */
static char *others_text(const Parse *parse, const char *name)
{
    g_autoptr(GPtrArray) found = commands_with(name);
    g_autofree char *form = cli_option_form(name);

    return found->len == 1 && parse->flags & ARGP_IN_ORDER
               ? g_strdup_printf("; write %s", form)
               : others_with(name);
}

/* -m and -x of analyze-migration.py. */
#define RAM_OF_SCRIPT                                                       \
    "migstat extract --ram=all -o DIR FILE writes what RAM holds, migstat " \
    "dump --format=analyze FILE the device state, with -d desc the description"

/* What other programs have an option for, and how it is had here. */
static const struct {
    const char *option, *form;
} forms[] = {
    { "--values", "migstat dump --devices=DEVICE:FIELD -f json FILE | jq "
                  "'.devices[].fields[].value' prints values alone" },
    { "-m", RAM_OF_SCRIPT },
    { "-x", RAM_OF_SCRIPT },
    { "--extract", RAM_OF_SCRIPT },
};

static const char *form_of(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        if (strcmp(forms[i].option, word) == 0) {
            return forms[i].form;
        }
    }
    return NULL;
}

/* Says which options @word, with its hyphens, may have meant: those that begin with it where
 * it is short for several. */
static void refuse_option(const Cursor *cursor, const char *word, bool is_short)
{
    const CliCommand *command = cursor->parse->command;
    g_autoptr(MigNearest) nearest = mig_nearest_new(word);
    g_autofree char *hint = NULL, *others = others_text(cursor->parse, word + 2);
    const struct argp_option *option;

    if (form_of(word)) {
        cli_usage_error(cursor->state, "no option \"%s\"; %s", word, form_of(word));
        return;
    }

    for (size_t i = 0; (option = option_at(command, i)) != NULL; i++) {
        g_autofree char *name =
            option->name ? g_strconcat("--", option->name, NULL) : NULL;

        if (name && !(option->flags & OPTION_HIDDEN) &&
            (!is_short || g_str_has_prefix(name, word))) {
            mig_nearest_offer(nearest, name);
        }
    }
    hint = mig_nearest_best(nearest) && !*others ? mig_nearest_hint(nearest, "")
                                                 : g_strdup("");
    cli_usage_error(cursor->state, "no option \"%s\"%s%s", word, hint, others);
}

/* The option that @name is, or is a beginning of that no other has.  The whole name of
 * another command's option is no short form of one here. */
static const struct argp_option *find_long(const Cursor *cursor, const char *name)
{
    const CliCommand *command = cursor->parse->command;
    const struct argp_option *option = option_named(command, name), *found = NULL;
    g_autofree char *word = g_strconcat("--", name, NULL);
    g_autoptr(GPtrArray) others = commands_with(name);
    bool several = false;

    if (option) {
        return real_option(command, option);
    }
    for (size_t i = 0; !others->len && (option = option_at(command, i)) != NULL; i++) {
        const struct argp_option *real = real_option(command, option);

        if (!option->name || !g_str_has_prefix(option->name, name)) {
            continue;
        }
        several |= found && found != real;
        found = real;
    }
    if (!found || several) {
        refuse_option(cursor, word, several);
    }
    return found;
}

/* --- looking through ---------------------------------------------------------------------- */

/* -f of QEMU's script takes the file. */
static void look_for_file(const Cursor *cursor, const char *value)
{
    bool known = !value;

    for (size_t i = 0; !known && cli_formats[i]; i++) {
        known = strcmp(cli_formats[i]->name, value) == 0;
    }
    if (known) {
        return;
    }
    if (strcmp(value, "-") == 0 || access(value, F_OK) == 0) {
        g_autofree char *shown = cli_shell_name(value);

        cli_usage_error(
            cursor->state,
            "-f is --format here; the file is named without an option: migstat "
            "dump --format=analyze %s prints what analyze-migration.py -f prints",
            shown);
    }
}

static bool may_repeat(const CliCommand *command, const struct argp_option *option)
{
    return option->flags & CLI_REPEATS ||
           (command->pairs && g_strcmp0(option->name, "snapshot") == 0);
}

static void note_option(const Cursor *cursor, const struct argp_option *option,
                        const char *value)
{
    GHashTable *given = cursor->parse->common->given;
    gpointer key = GINT_TO_POINTER(option->key), before = NULL;

    if (option->key == 'f') {
        look_for_file(cursor, value);
    }
    if (g_hash_table_lookup_extended(given, key, NULL, &before) && option->arg &&
        !may_repeat(cursor->parse->command, option) && g_strcmp0(before, value) != 0) {
        cli_usage_error(cursor->state,
                        "--%s is given twice, as \"%s\" and as \"%s\"; which one?",
                        option->name, before ? (char *)before : "", value ? value : "");
    }
    g_hash_table_insert(given, key, (gpointer)(uintptr_t)value);
}

/* `--zstd 3`: an argument that is optional has to be joined on.  A word that names no file is
 * more likely to be one. */
static void look_after_optional(const Cursor *cursor, const struct argp_option *option)
{
    const char *next = cursor->state->argv[cursor->at + 1];

    if (next && *next != '-' && access(next, F_OK) != 0) {
        cli_usage_error(cursor->state,
                        "there is no file \"%s\"; for a value of --%s write --%s=%s",
                        next, option->name, option->name, next);
    }
}

/* The argument that @option takes from the next word. */
static const char *take_next(Cursor *cursor, const struct argp_option *option)
{
    const char *value = cursor->state->argv[cursor->at + 1];

    if (!value) {
        cli_usage_error(cursor->state, "--%s wants a value: --%s=%s", option->name,
                        option->name, option->arg);
        return NULL;
    }
    cursor->at++;
    return value;
}

static void look_at_long(Cursor *cursor)
{
    const char *word = cursor->state->argv[cursor->at] + 2, *value = strchr(word, '=');
    g_autofree char *name = g_strndup(word, strcspn(word, "="));
    const struct argp_option *option = find_long(cursor, name);

    if (!option) {
        return;
    }
    if (value && !option->arg) {
        cli_usage_error(cursor->state, "--%s takes no value, but was given \"%s\"",
                        option->name, value + 1);
    } else if (value) {
        value++;
    } else if (option->arg && !(option->flags & OPTION_ARG_OPTIONAL)) {
        value = take_next(cursor, option);
    } else if (option->arg) {
        look_after_optional(cursor, option);
    }
    note_option(cursor, option, value);
}

static void look_at_short(Cursor *cursor)
{
    for (char *p = cursor->state->argv[cursor->at] + 1; *p; p++) {
        const struct argp_option *option;

        if (*p == '?') {
            *p = 'h'; /* argp's letter, which getopt(3) has for an error */
        }
        option = option_of_letter(cursor->parse->command, *p);

        if (!option) {
            const char letter[] = { '-', *p, '\0' }, *form = form_of(letter);

            cli_usage_error(cursor->state, "no option \"%s\"%s%s", letter,
                            form ? "; " : "", form ? form : "");
            return;
        }
        if (option->arg) {
            note_option(cursor, option, p[1] ? p + 1 : take_next(cursor, option));
            return;
        }
        note_option(cursor, option, NULL);
    }
}

/* Options may stand anywhere up to "--", unless the first word that is none ends them. */
static void look_through(const Parse *parse, struct argp_state *state)
{
    Cursor cursor = { parse, state, 1 };

    for (; cursor.at < state->argc; cursor.at++) {
        const char *word = state->argv[cursor.at];

        if (strcmp(word, "--") == 0) {
            break;
        }
        if (word[0] != '-' || !word[1]) {
            if (parse->flags & ARGP_IN_ORDER) {
                break;
            }
        } else if (word[1] == '-') {
            look_at_long(&cursor);
        } else {
            look_at_short(&cursor);
        }
    }
}

/* --- what is said afterwards -------------------------------------------------------------- */

bool cli_given(const CliCommon *common, const CliCommand *command, const char *option)
{
    const struct argp_option *found = option_named(command, option);

    return found && g_hash_table_contains(
                        common->given, GINT_TO_POINTER(real_option(command, found)->key));
}

/* The first of @others that was given, or NULL. */
static char *given_of(const Parse *parse, const char *others)
{
    g_auto(GStrv) names = g_strsplit(others, " ", -1);

    for (char **name = names; *name; name++) {
        if (cli_given(parse->common, parse->command, *name)) {
            return g_strdup(*name);
        }
    }
    return NULL;
}

static void check_rules(const Parse *parse, const struct argp_state *state)
{
    const CliOptionRule *rule = parse->command->rules;

    for (; rule && rule->option; rule++) {
        g_autofree char *other = given_of(parse, rule->others);

        if (!cli_given(parse->common, parse->command, rule->option)) {
            continue;
        }
        if (rule->rule == CLI_NEEDS && !other) {
            g_auto(GStrv) names = g_strsplit(rule->others, " ", -1);
            g_autofree char *shown = g_strjoinv(" or --", names);

            cli_usage_error(state, "--%s has no effect without --%s", rule->option,
                            shown);
        } else if (rule->rule == CLI_NOT_WITH && other) {
            cli_usage_error(state, "--%s has no effect beside --%s", rule->option, other);
        }
    }
}

/* A command that is given addresses has no file too few or too many. */
static void check_addresses(const Parse *parse, const struct argp_state *state)
{
    const CliCommand *command = parse->command;

    if (parse->common->files->len != command->max_files) {
        cli_usage_error(state, "wanted: %s", command->arguments);
    }
}

static void check_files(const Parse *parse, const struct argp_state *state)
{
    const CliCommand *command = parse->command;
    const GPtrArray *files = parse->common->files;

    if (command->addresses) {
        check_addresses(parse, state);
    } else if (files->len < command->min_files && !parse->common->no_files) {
        cli_usage_error(state, "%s (\"-\" is standard input)",
                        command->min_files == 1 ? "which file?" : "which two files?");
    } else if (files->len > command->max_files &&
               command->min_files == command->max_files &&
               option_named(command, "output") &&
               !cli_given(parse->common, command, "output")) {
        g_autofree char *in = cli_shell_name(g_ptr_array_index(files, 0));
        g_autofree char *out = cli_shell_name(g_ptr_array_index(files, 1));

        cli_usage_error(state, "output goes to -o FILE: %s %s -o %s", state->name, in,
                        out);
    } else if (files->len > command->max_files) {
        cli_usage_error(state, "%s at a time; \"%s\" is one more",
                        command->max_files == 1 ? "one file" : "two files",
                        (char *)g_ptr_array_index(files, command->max_files));
    }
    if (files->len != 1 + command->addresses && parse->common->channels->len &&
        !(parse->flags & ARGP_IN_ORDER) && !option_named(command, "in")) {
        cli_usage_error(state, "--channel is for one file; of several, let each be a "
                               "folder with its channels");
    }
}

/* --- argp --------------------------------------------------------------------------------- */

/* As argp has it, which sets it too late for what is said before it reads. */
static char *program_name(char *path)
{
    char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path;
}

static error_t parse_files(int key, char *arg, struct argp_state *state)
{
    const Parse *parse = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = parse->input;
        state->child_inputs[1] = parse->common;
        state->name = program_name(state->argv[0]);
        look_through(parse, state);
        return 0;
    case ARGP_KEY_ARG:
        if (parse->flags & ARGP_IN_ORDER) {
            return ARGP_ERR_UNKNOWN; /* a command's name */
        }
        g_ptr_array_add(parse->common->files, arg);
        return 0;
    case ARGP_KEY_SUCCESS:
        check_files(parse, state);
        check_rules(parse, state);
        if (!(parse->flags & ARGP_IN_ORDER)) {
            cli_format_check(state, parse->common->format, parse->command);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void cli_parse(const CliCommand *command, int argc, char **argv, unsigned flags,
               CliCommon *common, void *input)
{
    g_autofree struct argp_option *common_options = cli_common_options_of(command);
    const struct argp own = { .options = command->options, .parser = command->parse };
    const struct argp shared = { .options = common_options, .parser = cli_parse_common };
    const struct argp_child children[] = { { &own, 0, NULL, 0 },
                                           { &shared, 0, "Common options:", 10 },
                                           { 0 } };
    const struct argp argp = { .parser = parse_files,
                               .args_doc = command->arguments,
                               .doc = command->doc,
                               .children = children };
    Parse parse = { command, flags, common, input };

    if (!common->given) {
        common->given = g_hash_table_new(NULL, NULL);
        common->files = g_ptr_array_new();
        common->channels = g_ptr_array_new();
        common->lists = g_ptr_array_new();
        common->owned = g_ptr_array_new_with_free_func(g_free);
    }
    argp_parse(&argp, argc, argv, flags | ARGP_NO_HELP, NULL, &parse);
    if (command->pages || (common->no_files && command->run)) {
        cli_page(common, (const char *const *)argv);
    }
}
