/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what holds of the program's output for any bytes: text is UTF-8 without
 *                control characters, JSON is one document that parses, an error is said
 *                in one line, and the exit status says which of these it was.
 * Must not know: what is printed.
 * See also:      fuzz.h; cli/cli.h, whose commands run inside this process.
 */
#include "fuzz/fuzz.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../cli/format.h"

typedef struct {
    const CliCommand *command;
    const char *words[8]; /* FILE: the input; OTHER: the same but for a byte */
    enum {
        JSON = 1,   /* it has a JSON form, one document a file */
        SAME = 2,   /* it compares the input to itself */
        REPORT = 4, /* what it says on stderr is one JSON document where it succeeds */
    } traits;
} Command;

typedef struct {
    int status;
    char *out, *err;
    size_t out_length, err_length;
} Said;

static void said_clear(Said *said)
{
    free(said->out);
    free(said->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Said, said_clear)

/* Descriptors. */
typedef struct {
    int file, other;
} Files;

/* glibc lets the streams be replaced. */
static void run(Said *said, const Files *files, const CliFormat *format,
                const Command *command)
{
    g_autofree char *file = g_strdup_printf("/proc/self/fd/%d", files->file);
    g_autofree char *other = g_strdup_printf("/proc/self/fd/%d", files->other);
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    CliCommon common = { .format = format,
                         .max_expand = FUZZ_EXPAND_MAX,
                         .sandbox = CLI_SANDBOX_OFF };
    FILE *out = stdout, *err = stderr;

    for (const char *const *words = command->words; *words; words++) {
        g_ptr_array_add(argv, g_strdup(strcmp(*words, "FILE") == 0    ? file
                                       : strcmp(*words, "OTHER") == 0 ? other
                                                                      : *words));
    }
    g_ptr_array_add(argv, NULL);
    stdout = open_memstream(&said->out, &said->out_length);
    stderr = open_memstream(&said->err, &said->err_length);
    said->status =
        command->command->run((int)argv->len - 1, (char **)argv->pdata, &common);
    cli_common_clear(&common);
    fclose(stdout);
    fclose(stderr);
    stdout = out;
    stderr = err;
}

static void assert_text(const char *text, size_t n)
{
    FUZZ_ASSERT(g_utf8_validate(text, (gssize)n, NULL), "%s", text);
    for (size_t i = 0; i < n; i++) {
        FUZZ_ASSERT((unsigned char)text[i] >= ' ' || text[i] == '\n', "at %zu of:\n%s", i,
                    text);
        FUZZ_ASSERT(text[i] != 0x7f);
    }
}

/* Bytes of private memory, as RLIMIT_DATA counts them. */
static rlim_t data_size(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (file) {
        FUZZ_ASSERT(fscanf(file, "%*u %*u %*u %*u %*u %lu", &pages) == 1);
        fclose(file);
    }
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* A parser that takes thirty times the text, beside a limit that is the program's: what GLib
 * keeps of that for later is none of the program's either. */
static void assert_json(const char *text, size_t n)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    const rlim_t before = data_size();
    struct rlimit limit;

    getrlimit(RLIMIT_DATA, &limit);
    setrlimit(RLIMIT_DATA, &(struct rlimit){ limit.rlim_max, limit.rlim_max });
    assert_text(text, n);
    FUZZ_ASSERT(n && text[n - 1] == '\n' && memchr(text, '\n', n) == text + n - 1,
                "not one line:\n%s", text);
    json_parser_load_from_data(parser, text, (gssize)n, &error);
    FUZZ_ASSERT(!error, "%s\n%s", error->message, text);
    FUZZ_ASSERT(JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)));
    g_clear_object(&parser);
    limit.rlim_cur += limit.rlim_cur < limit.rlim_max ? data_size() - before : 0;
    setrlimit(RLIMIT_DATA, &limit);
}

/* Closed by a row without a command. */
static const Command check_commands[] = {
    { &cli_command_check, { "check", "--all", "FILE" }, JSON },
    { &cli_command_check,
      { "check", "--for=qemu-7.2", "--config-needed=yes", "FILE" },
      JSON },
    { &cli_command_convert, { "convert", "--to=subflag", "-o", "/dev/null", "FILE" }, 0 },
    { &cli_command_convert,
      { "convert", "--filter=ram-zero", "--report=json", "-o", "/dev/null", "FILE" },
      REPORT },
    { &cli_command_convert,
      { "convert", "--to=config-last", "--report=json", "-o", "/dev/null", "FILE" },
      REPORT },
    { 0 },
};

static const Command dump_commands[] = {
    { &cli_command_dump, { "dump", "--sections", "--vfio", "FILE" }, JSON },
    { &cli_command_dump, { "dump", "--items", "FILE" }, 0 },
    { &cli_command_dump, { "dump", "--devices", "FILE" }, JSON },
    { &cli_command_explain,
      { "explain", "--in", "FILE", "Bad config data: i=0x9a read: 3 device: 4" },
      JSON },
    { &cli_command_explain,
      { "explain", "--in", "FILE", "Features 0x20 unsupported. Allowed features: 0x1" },
      JSON },
    { &cli_command_diff, { "diff", "--ram", "FILE", "FILE" }, SAME },
    { &cli_command_diff, { "diff", "--ram", "FILE", "OTHER" }, JSON },
    { 0 },
};

static const Command explain_commands[] = {
    { &cli_command_explain, { "explain", "--log", "FILE" }, JSON },
    { 0 },
};

static int other_file(const uint8_t *data, size_t n)
{
    g_autofree uint8_t *other = g_memdup2(data, n);

    if (n > 0) {
        other[n / 2] ^= 1;
    }
    return fuzz_file(other, n);
}

static void try_commands(const Command *command, const uint8_t *data, size_t n)
{
    Files files = { fuzz_file(data, n), other_file(data, n) };

    for (; command->command; command++) {
        g_auto(Said) text = { 0 }, json = { 0 };

        run(&text, &files, &cli_format_text, command);
        assert_text(text.out, text.out_length);
        assert_text(text.err, text.err_length);
        FUZZ_ASSERT(text.status >= CLI_OK && text.status <= CLI_TROUBLE);
        /* Memory that it does not carry is not the same, yet no difference. */
        FUZZ_ASSERT(!(command->traits & SAME) || text.status != CLI_FOUND ||
                        (!text.out_length && strstr(text.err, "not in the stream")),
                    "it differs from itself:\n%s", text.out);
        if (command->traits & REPORT && text.status == CLI_OK) {
            assert_json(text.err, text.err_length);
        }
        if (command->traits & JSON) {
            run(&json, &files, &cli_format_json, command);
            FUZZ_ASSERT(json.status == text.status);
            assert_text(json.out, json.out_length);
            assert_text(json.err, json.err_length);
            if (json.status != CLI_TROUBLE) {
                assert_json(json.out, json.out_length);
            }
        }
    }
    close(files.file);
    close(files.other);
}

/* Removes the folder that extract made, if it is there; how many files were in it. */
static unsigned remove_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    unsigned n = 0;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        FUZZ_ASSERT(unlink(file) == 0, "%s", file);
        n++;
    }
    rmdir(path);
    return n;
}

/* All files of an extraction appear or none does, and it says which. */
void fuzz_extract(const uint8_t *data, size_t n)
{
    g_autofree char *scratch = g_dir_make_tmp("fuzz-XXXXXX", NULL);
    g_autofree char *out = g_build_filename(scratch, "out", NULL);
    const Command commands[] = {
        { &cli_command_extract, { "extract", "--ram=all", "-o", out, "FILE" }, 0 },
        { &cli_command_extract, { "extract", "--vfio=*", "-o", out, "FILE" }, 0 },
        { &cli_command_extract, { "extract", "--disk=*", "-o", out, "FILE" }, 0 },
        { &cli_command_extract, { "extract", "--section=*", "-o", out, "FILE" }, 0 },
        { &cli_command_extract, { "extract", "--description", "-o", out, "FILE" }, 0 },
    };
    Files files = { fuzz_file(data, n), -1 };

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_auto(Said) said = { 0 };
        bool any;

        run(&said, &files, &cli_format_text, &commands[i]);
        assert_text(said.err, said.err_length);
        any = unlink(out) == 0 || remove_folder(out) > 0;
        FUZZ_ASSERT(said.out_length == 0 && said.status >= CLI_OK &&
                    said.status <= CLI_TROUBLE);
        FUZZ_ASSERT(any || said.status != CLI_OK, "nothing was written");
        FUZZ_ASSERT(!any || said.status != CLI_TROUBLE, "%s", said.err);
    }
    close(files.file);
    rmdir(scratch);
}

void fuzz_check(const uint8_t *data, size_t n)
{
    try_commands(check_commands, data, n);
}

void fuzz_dump(const uint8_t *data, size_t n)
{
    try_commands(dump_commands, data, n);
}

void fuzz_explain(const uint8_t *data, size_t n)
{
    try_commands(explain_commands, data, n);
}
