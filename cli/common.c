/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the options that all commands have, and what else they share.
 * Must not know: any one command.
 * See also:      cli/cli.h.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli.h"
#include "format.h"
#include "text.h"

#define WIDTH_MAX 100000u /* columns */

enum {
    KEY_COLOR = 0x100,
    KEY_OFFSET,
    KEY_CHANNEL,
    KEY_SNAPSHOT,
    KEY_FOLLOW,
    KEY_MAX_EXPAND,
    KEY_SANDBOX,
    KEY_NO_SANDBOX,
    KEY_NO_PAGER,
    KEY_USAGE,
    KEY_WIDTH,
};

const struct argp_option cli_common_options[] = {
    { "format", 'f', cli_format_words, 0, "How to print the result", 0 },
    { "color", KEY_COLOR, "WHEN", OPTION_ARG_OPTIONAL, "auto, always or never", 0 },
    { "width", KEY_WIDTH, "N", 0,
      "Fit lines to N columns, not to the terminal's; 0: do not wrap them", 0 },
    { "no-pager", KEY_NO_PAGER, NULL, 0,
      "On a terminal, print the result to it and not through a pager", 0 },
    { "quiet", 'q', NULL, 0, "Nothing but errors on stderr", 0 },
    { "offset", KEY_OFFSET, "N|auto", 0,
      "The stream starts N bytes into the file, or wherever it is found", 0 },
    { "channel", KEY_CHANNEL, "FILE", CLI_REPEATS,
      "FILE is another channel of the same recorded migration; may be repeated", 0 },
    { "snapshot", KEY_SNAPSHOT, "ID|NAME", 0,
      "Which snapshot is read of a qcow2 image that has several", 0 },
    { "follow", KEY_FOLLOW, "SECONDS", OPTION_ARG_OPTIONAL,
      "Wait for a file that is still being written, until it is silent for so long "
      "(default: 30)",
      0 },
    { "max-expand", KEY_MAX_EXPAND, "SIZE", 0,
      "Give up when compressed input expands to more (default: 1,000 times its size, or "
      "1G)",
      0 },
    { "sandbox", KEY_SANDBOX, "auto|require|off", 0,
      "Give up the right to open files and run programs while a stream is read: as far "
      "as the kernel can (default), or else do nothing, or not",
      0 },
    { "no-sandbox", KEY_NO_SANDBOX, NULL, 0, "The same as --sandbox=off", 0 },
    { "help", 'h', NULL, 0, "Print this help", -1 },
    { "usage", KEY_USAGE, NULL, 0, "Print the options in short", -1 },
    { "version", 'V', NULL, 0, "Print the version", -1 },
    { 0 },
};

struct argp_option *cli_common_options_of(const CliCommand *command)
{
    struct argp_option *options =
        g_memdup2(cli_common_options, sizeof cli_common_options);

    for (struct argp_option *option = options; option->name; option++) {
        option->flags |=
            option->key == 'f' && command && command->has_one_form ? OPTION_HIDDEN : 0;
    }
    return options;
}

int cli_word(const struct argp_state *state, const char *option, const char *arg,
             const char *const *words)
{
    GString *all = g_string_new(NULL);

    for (int i = 0; words[i]; i++) {
        if (strcmp(arg, words[i]) == 0) {
            g_string_free(all, TRUE);
            return i;
        }
        g_string_append_printf(all, "%s%s",
                               i == 0         ? ""
                               : words[i + 1] ? ", "
                                              : " or ",
                               words[i]);
    }
    cli_usage_error(state, "--%s is %s, not \"%s\"", option, all->str, arg);
    g_string_free(all, TRUE);
    return 0;
}

#define TIMEOUT_MAX    86400u /* seconds: a day */
#define FOLLOW_SECONDS 30u

static unsigned seconds_of(const struct argp_state *state, const char *option,
                           const char *arg)
{
    char *end;
    unsigned long seconds = strtoul(arg, &end, 10);

    if (!g_ascii_isdigit(*arg) || *end || seconds == 0 || seconds > TIMEOUT_MAX) {
        cli_usage_error(state, "--%s wants 1 to %u seconds, not \"%s\"", option,
                        TIMEOUT_MAX, arg);
    }
    return (unsigned)seconds;
}

unsigned cli_timeout(const struct argp_state *state, const char *arg)
{
    return seconds_of(state, "timeout", arg);
}

static void set_width(struct argp_state *state, const char *arg)
{
    char *end;
    unsigned long columns = strtoul(arg, &end, 10);

    if (!g_ascii_isdigit(*arg) || *end || columns > WIDTH_MAX) {
        cli_usage_error(state, "--width wants a number of columns, not \"%s\"", arg);
    }
    cli_set_width((int)columns);
}

void cli_want_file(const struct argp_state *state, const char *path)
{
    if (!*path) {
        cli_usage_error(state, "-o wants a file name, not an empty one");
    } else if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        cli_usage_error(state, "%s is a folder; -o wants a file name", path);
    }
}

void cli_want_folder(const struct argp_state *state, const char *path)
{
    if (!*path) {
        cli_usage_error(state, "-o wants a folder's name, not an empty one");
    } else if (g_file_test(path, G_FILE_TEST_EXISTS) &&
               !g_file_test(path, G_FILE_TEST_IS_DIR)) {
        cli_usage_error(state, "%s is a file; -o wants a folder", path);
    }
}

void cli_want_no_file(const struct argp_state *state, const char *path,
                      const char *const *suffixes)
{
    g_autofree char *folder = g_path_get_dirname(path), *shown = cli_shell_name(folder);
    g_autofree char *name = g_path_get_basename(path), *shown_path = cli_shell_name(path);

    for (; !g_str_has_suffix(path, "/") && !g_file_test(path, G_FILE_TEST_IS_DIR) &&
           *suffixes;
         suffixes++) {
        if (g_str_has_suffix(name, *suffixes)) {
            cli_usage_error(state,
                            "-o wants the folder in which files appear: -o %s, or -o %s/ "
                            "for a folder of that name",
                            shown, shown_path);
        }
    }
}

MigRelease cli_release(const struct argp_state *state, const char *option,
                       const char *arg)
{
    const char *number = g_str_has_prefix(arg, "qemu-") ? arg + strlen("qemu-") : arg;
    unsigned major, minor, last = MIG_RELEASE_LAST;
    MigRelease release = MIG_RELEASE_NONE;
    char rest;

    if (mig_release_parse(arg, &release)) {
        return release;
    }
    if (sscanf(number, "%3u.%3u%c", &major, &minor, &rest) == 2 &&
        major * 100 + minor > last) {
        cli_usage_error(state, "--%s: QEMU %u.%u is not known yet; the newest is %u.%u",
                        option, major, minor, mig_release_major(last),
                        mig_release_minor(last));
    }
    cli_usage_error(
        state, "--%s wants X.Y, such as 7.2 (known: %u.%u to %u.%u), not \"%s\"", option,
        mig_release_major(MIG_RELEASE_FIRST), mig_release_minor(MIG_RELEASE_FIRST),
        mig_release_major(last), mig_release_minor(last), arg);
    return release;
}

static uint64_t size_of(const struct argp_state *state, const char *option,
                        const char *arg)
{
    uint64_t size = 0;

    if (!cli_parse_size(arg, &size)) {
        cli_usage_error(state,
                        "--%s wants a size, such as 4096, 64K or 0x1000, not \"%s\"",
                        option, arg);
    }
    return size;
}

/* argp's own --help and --version do not notice that they cannot be written. */
static void print_help(const struct argp_state *state, unsigned what)
{
    argp_state_help(state, stdout, what);
    exit(cli_close_stdout(CLI_OK));
}

error_t cli_parse_common(int key, char *arg, struct argp_state *state)
{
    static const char *const sandboxes[] = { "auto", "require", "off", NULL };
    static const char *const colors[] = { "auto", "always", "never", NULL };
    CliCommon *common = state->input;

    switch (key) {
    case 'f':
        common->format = cli_format(state, "format", arg);
        return 0;
    case KEY_COLOR:
        common->color =
            arg ? (CliColor)cli_word(state, "color", arg, colors) : CLI_COLOR_ALWAYS;
        return 0;
    case 'q':
        common->quiet = true;
        return 0;
    case KEY_OFFSET:
        common->offset = strcmp(arg, "auto") == 0 ? MIG_INPUT_OFFSET_AUTO
                                                  : size_of(state, "offset", arg);
        return 0;
    case KEY_CHANNEL:
        g_ptr_array_add(common->channels, arg);
        return 0;
    case KEY_SNAPSHOT:
        /* One value again is no further one, of a command that takes one alone. */
        if (common->other_snapshot && !(g_str_equal(common->snapshot, arg) &&
                                        g_str_equal(common->other_snapshot, arg))) {
            cli_usage_error(state, "--snapshot is given more than twice");
        }
        *(common->snapshot ? &common->other_snapshot : &common->snapshot) = arg;
        return 0;
    case KEY_FOLLOW:
        common->follow = arg ? seconds_of(state, "follow", arg) : FOLLOW_SECONDS;
        return 0;
    case KEY_MAX_EXPAND:
        common->max_expand = size_of(state, "max-expand", arg);
        return 0;
    case KEY_WIDTH:
        set_width(state, arg);
        return 0;
    case KEY_SANDBOX:
        common->sandbox = (CliSandbox)cli_word(state, "sandbox", arg, sandboxes);
        return 0;
    case KEY_NO_SANDBOX:
        common->sandbox = CLI_SANDBOX_OFF;
        return 0;
    case 'h':
        print_help(state, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC);
        return 0;
    case KEY_NO_PAGER:
        common->no_pager = true;
        return 0;
    case KEY_USAGE:
        print_help(state, ARGP_HELP_USAGE);
        return 0;
    case 'V':
        puts("migstat " MIG_VERSION);
        exit(cli_close_stdout(CLI_OK));
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

void cli_common_clear(CliCommon *common)
{
    cli_close_inputs(common);
    g_clear_pointer(&common->given, g_hash_table_unref);
    g_clear_pointer(&common->files, g_ptr_array_unref);
    g_clear_pointer(&common->channels, g_ptr_array_unref);
    g_clear_pointer(&common->lists, g_ptr_array_unref);
    g_clear_pointer(&common->owned, g_ptr_array_unref);
}

int cli_close_stdout(int status)
{
    if (!fflush(stdout) && !ferror(stdout)) {
        return status;
    }
    if (errno != EPIPE) {
        fprintf(stderr, "migstat: standard output: %s\n", strerror(errno));
    }
    return CLI_TROUBLE;
}

bool cli_parse_size(const char *text, uint64_t *value)
{
    static const char suffixes[] = "KMGTP";
    const char *suffix;
    char *end;
    uint64_t factor = 1;

    if (!g_ascii_isdigit(*text)) {
        return false;
    }
    errno = 0;
    *value = strtoull(text, &end, strncasecmp(text, "0x", 2) == 0 ? 16 : 10);
    if (errno || end == text) {
        return false;
    }
    suffix = *end ? strchr(suffixes, g_ascii_toupper(*end)) : NULL;
    if (suffix) {
        factor = UINT64_C(1) << (10 * (suffix - suffixes + 1));
        end++;
        end += g_str_equal(end, "iB") ? 2 : 0;
    }
    return *end == '\0' && !__builtin_mul_overflow(*value, factor, value);
}

size_t cli_raise_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return (size_t)limit.rlim_cur;
}

void cli_usage_error(const struct argp_state *state, const char *format, ...)
{
    g_autofree char *message = NULL, *shown = NULL;
    va_list args;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    shown = cli_file_name(message);
    argp_error(state, "%s", shown);
}

/* A message about the stream may quote it; others name files. */
static char *error_text(const GError *error)
{
    uint64_t offset;
    bool of_stream = mig_error_get_offset(error, &offset) || mig_error_get_rule(error) ||
                     cli_status_of(error) == CLI_FOUND ||
                     g_error_matches(error, MIG_ERROR, MIG_ERROR_UNMATCHED);

    return of_stream ? cli_own_text(error->message) : cli_file_name(error->message);
}

char *cli_offset(uint32_t channel, uint64_t offset)
{
    return channel ? g_strdup_printf("channel %u, offset 0x%" PRIx64, channel, offset)
                   : g_strdup_printf("0x%" PRIx64, offset);
}

char *cli_place(const char *file, uint32_t channel, uint64_t offset, bool in_container)
{
    g_autofree char *name = cli_file_name(file);
    g_autofree char *at = cli_offset(channel, offset);

    return g_strdup_printf("%s:%s%s", name, at, in_container ? " of the file" : "");
}

void cli_print_error(const char *file, const GError *error)
{
    g_autofree char *text = error_text(error), *place = NULL;
    g_autoptr(GString) line = g_string_new(NULL);
    const char *rule = mig_error_get_rule(error);
    uint32_t instance;
    const char *section = mig_error_get_section(error, &instance);
    uint64_t offset;

    fflush(stdout);
    place = mig_error_get_offset(error, &offset)
                ? cli_place(file, mig_error_get_channel(error), offset,
                            mig_error_get_layer(error) == MIG_LAYER_CONTAINER)
                : cli_file_name(file);
    g_string_printf(line, "%s: error", place);
    if (rule) {
        g_string_append_printf(line, "[%s]", rule);
    }
    if (section) {
        g_autofree char *shown = cli_address(section, strlen(section), instance);

        g_string_append_printf(line, ": %s", shown);
    }
    g_string_append_printf(line, ": %s", text);
    cli_print_line(stderr, 4, line->str);
}

error_t cli_parse_unmatched(int key, CliCommon *common)
{
    if (key != CLI_KEY_ALLOW_UNMATCHED) {
        return ARGP_ERR_UNKNOWN;
    }
    common->allow_unmatched = true;
    return 0;
}

bool cli_complain(const CliCommon *common, const char *file,
                  const MigAddresses *addresses, MigAddressKind kind, const char *option,
                  const MigReader *reader)
{
    char *complaint;
    size_t i = 0;
    bool any = false;

    if (common->allow_unmatched) {
        return false;
    }
    while ((complaint = mig_addresses_complaint(addresses, &i, kind, option, reader))) {
        g_autoptr(GError) error = NULL;

        mig_error_set_plain(&error, MIG_ERROR_UNMATCHED, "%s", complaint);
        cli_print_error(file, error);
        g_free(complaint);
        any = true;
    }
    return any;
}

CliStatus cli_status_of(const GError *error)
{
    if (error->domain != MIG_ERROR) {
        return CLI_TROUBLE;
    }
    switch (error->code) {
    case MIG_ERROR_IO:
    case MIG_ERROR_USAGE:
    case MIG_ERROR_UNMATCHED:
    case MIG_ERROR_CANCELLED:
    case MIG_ERROR_UNSUPPORTED:
        return CLI_TROUBLE;
    default:
        return CLI_FOUND;
    }
}
