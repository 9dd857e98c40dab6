/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:      finding the command and handing it its arguments.
 * Knows not: what commands do.
 * Beside it: cli/commands.c.
 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const char *argp_program_version = "migstat " MIG_VERSION;

typedef struct Main {
    CliCommon common;
    int status;
} Main;

static int run_command(struct argp_state *state, const char *name, Main *main_input)
{
    int argc = state->argc - state->next + 1;
    char **argv = state->argv + state->next - 1;
    g_autofree char *title = g_strdup_printf("migstat %s", name);

    for (const CliCommand *command = cli_commands; command->name; command++) {
        if (strcmp(command->name, name) == 0) {
            argv[0] = title;
            return command->run(argc, argv, &main_input->common);
        }
    }
    argp_error(state, "no command \"%s\"; migstat --help lists them", name);
    return CLI_TROUBLE;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Main *main_input = state->input;

    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &main_input->common;
        return 0;
    case ARGP_KEY_ARG:
        main_input->status = run_command(state, arg, main_input);
        state->next = state->argc;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_state_help(state, stderr, ARGP_HELP_STD_ERR);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* The commands, between options and the closing line of --help. */
static char *list_commands(int key, const char *text, void *input)
{
    GString *list;

    (void)input;
    if (key != ARGP_KEY_HELP_POST_DOC) {
        return (char *)(uintptr_t)text;
    }
    list = g_string_new("Commands:\n");
    for (const CliCommand *command = cli_commands; command->name; command++) {
        g_string_append_printf(list, "  %-10s %s\n", command->name, command->summary);
    }
    g_string_append(list, "\nmigstat COMMAND --help and migstat-COMMAND(1) tell more.");
    return g_string_free(list, FALSE); /* argp frees what is not the text it gave */
}

/* A file that is opened must not become a standard stream that was closed: what is said on
 * stderr would be written into it.  A stand-in that cannot be used fails as a closed one. */
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

int main(int argc, char **argv)
{
    const struct argp_child children[] = { CLI_COMMON_CHILD, { 0 } };
    const struct argp argp = {
        NULL,
        parse,
        "COMMAND [ARGUMENT...]",
        "Opens QEMU migration streams: shows them, judges them, rewrites them.\v ",
        children,
        list_commands,
        NULL,
    };
    Main main_input = { .status = CLI_TROUBLE };

    if (!keep_standard_streams()) {
        return CLI_TROUBLE;
    }
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    argp_err_exit_status = CLI_TROUBLE;
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &main_input);
    g_clear_pointer(&main_input.common.opened, g_hash_table_unref);
    if (fflush(stdout) || ferror(stdout)) {
        if (errno != EPIPE) {
            fprintf(stderr, "migstat: standard output: %s\n", strerror(errno));
        }
        return CLI_TROUBLE;
    }
    return main_input.status;
}
