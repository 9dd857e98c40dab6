/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          finding the command and handing it its arguments.
 * Must not know: what commands do.
 * See also:      cli/commands.c.
 */
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "complete.h"
#include "format.h"

typedef struct Main {
    CliCommon *common;
    int status;
} Main;

/* What is typed as a command and is none: an option's name, or what other programs have. */
static char *form_of(const char *name)
{
    return strcmp(name, "man") == 0 ? g_strdup("man migstat, or migstat help COMMAND")
                                    : cli_option_form(name);
}

static const CliCommand *find_command(struct argp_state *state, const char *name)
{
    g_autoptr(MigNearest) nearest = mig_nearest_new(name);
    g_autofree char *hint = NULL, *form = form_of(name);

    for (const CliCommand *const *command = cli_commands; *command; command++) {
        if (strcmp((*command)->name, name) == 0) {
            return *command;
        }
        mig_nearest_offer(nearest, (*command)->name);
    }
    hint = form ? g_strconcat("; write ", form, NULL)
                : mig_nearest_hint(nearest, "there are");
    cli_usage_error(state, "no command \"%s\"%s", name, hint);
    return NULL;
}

static int run_command(struct argp_state *state, const char *name, CliCommon *common)
{
    const CliCommand *command = find_command(state, name);
    g_autofree char *title = g_strdup_printf("migstat %s", name);
    char **argv = state->argv + state->next - 1;

    if (!command) {
        return CLI_TROUBLE;
    }
    argv[0] = title;
    return command->run(state->argc - state->next + 1, argv, common);
}

/* `migstat help COMMAND` is `migstat COMMAND --help`, and `migstat help` is `migstat --help`. */
static int run_help(struct argp_state *state, CliCommon *common)
{
    const CliCommand *command =
        state->next < state->argc ? find_command(state, state->argv[state->next]) : NULL;
    char option[] = "--help";

    if (command) {
        g_autofree char *title = g_strdup_printf("migstat %s", command->name);
        char *argv[] = { title, option, NULL };

        return command->run(2, argv, common);
    }
    argp_state_help(state, stdout,
                    ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC);
    return CLI_OK;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Main *main_input = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        main_input->status = strcmp(arg, "help") == 0
                                 ? run_help(state, main_input->common)
                                 : run_command(state, arg, main_input->common);
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_state_help(state, stderr,
                        ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* What --help says, with the commands after the options. */
static char *describe(void)
{
    GString *text = g_string_new("Opens QEMU migration streams: shows them, judges them, "
                                 "rewrites them.\vCommands:\n");

    for (const CliCommand *const *command = cli_commands; *command; command++) {
        g_string_append_printf(text, "  %-10s %s\n", (*command)->name,
                               (*command)->summary);
    }
    g_string_append(text, "\n`migstat help COMMAND' and migstat-COMMAND(1) say more.");
    return g_string_free(text, FALSE);
}

/* A file that is opened must not take the place of a closed standard stream: messages would
 * be written into it.  So closed ones are replaced by descriptors that cannot be used,
 * which fail as closed ones do. */
static bool keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) {
            return false;
        }
    }
    return true;
}

/* GLib ends a program that gets no memory, with a signal.  The library asks before it takes
 * much; what is left is small, and here at least the user gets a sentence and the status. */
static void say_and_end(const char *domain, GLogLevelFlags level, const char *message,
                        gpointer user)
{
    static const char text[] = "migstat: error: out of memory\n";

    if (level & G_LOG_LEVEL_ERROR && message && strstr(message, "failed to allocate")) {
        ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

        (void)ignored;
        _exit(CLI_TROUBLE);
    }
    g_log_default_handler(domain, level, message, user);
}

int main(int argc, char **argv)
{
    g_autofree char *doc = describe();
    const CliCommand program = { .name = "migstat",
                                 .arguments = "COMMAND [ARGUMENT...]",
                                 .doc = doc,
                                 .parse = parse,
                                 .max_files = UINT_MAX };
    CliCommon common = { .format = cli_formats[0] };
    Main main_input = { .common = &common, .status = CLI_TROUBLE };

    if (!keep_standard_streams()) {
        return CLI_TROUBLE;
    }
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* Ignored, it would keep from us how processes end. */
    argp_err_exit_status = CLI_TROUBLE;
    g_log_set_default_handler(say_and_end, NULL);
    if (argc > 1 && strcmp(argv[1], CLI_COMPLETE) == 0) {
        return cli_complete((const char *const *)argv + 2);
    }
    cli_parse(&program, argc, argv, ARGP_IN_ORDER, &common, &main_input);
    cli_common_clear(&common);
    return cli_close_stdout(main_input.status);
}
