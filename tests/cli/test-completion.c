/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that shells complete command lines, with what is there and with
 *                nothing that a stream could smuggle in.
 * Must not know: how candidates are found.
 * See also:      cli/complete.h; cli/completion.
 */
#include <stdbool.h>
#include <string.h>

#include "mkmig.h"
#include "support.h"

/* What the program offers. */
static const struct {
    const char *line;          /* words, apart by spaces */
    const char *offers, *not ; /* whole words, apart by spaces; ":files" is one */
} lines[] = {
    { "", "check convert dump help", "--format=" },
    { "ch", "check", "convert" },
    { "help ch", "check", ":files" },
    { "-", "--format= --quiet --sandbox=", "check" },
    { "check --f", "--for= --format=", "--filter=" },
    { "--format=", "--format=text --format=json", NULL },
    { "dump --format=", "--format=text --format=analyze", "--format=args" },
    { "needs -f ", "json args", "analyze" },
    { "extract -", "--ram= --quiet", "--format=" },
    { "dump --only=", "--only=overview --only=ram", ":files" },
    { "dump --only=ram,o", "--only=ram,overview", "--only=overview" },
    { "-f ", "text json", "check" },
    { "-f json ch", "check", "json" },
    { "check ", ":files", "check" },
    { "check --for=1", "--for=10.0 --for=11.1", "--for=7.2 --for=qemu-10.0" },
    { "check --for q", "qemu-7.2 qemu-11.1", "7.2" },
    { "check --explain=vfio-irq", "--explain=vfio-irq-before-controller", NULL },
    { "check --color=", "--color=auto --color=always --color=never", ":files" },
    { "check --color ", ":files", "auto" }, /* its value needs a '=' */
    { "convert --to ", "subflag config-first config-last", ":files" },
    { "convert --filter=set-f", "--filter=set-field", "--filter=set-register" },
    { "convert --filter=set-field:", "--filter=set-field:path= --filter=set-field:value=",
      "--filter=set-field" },
    { "convert --filter=set-field:path=cpu:v",
      "--filter=set-field:path=cpu:value=", "--filter=set-field:path=cpu:path=" },
    { "convert --filter=footers:drop=", "--filter=footers:drop=yes", ":files" },
    { "convert --filter=nonsense:", NULL, ":files" },
    { "convert --help-filter=nu", "--help-filter=null", NULL },
    { "extract --output=", ":files", NULL },
    { "relay --record ", ":folders", ":files" },
    { "dump --nonsense=", NULL, ":files" },
};

static bool has_word(const char *out, const char *word)
{
    g_auto(GStrv) all = g_strsplit(out, "\n", -1);
    bool found = false;

    for (char **line = all; *line; line++) {
        found = found ||
                (g_str_has_prefix(*line, word) && strchr("\t", (*line)[strlen(word)]));
    }
    return found;
}

static void assert_offers(const char *line, const char *out, const char *words,
                          bool offers)
{
    g_auto(GStrv) list = g_strsplit(words ? words : "", " ", -1);

    for (char **word = list; *word; word++) {
        ck_assert_msg(has_word(out, *word) == offers, "\"%s\": %s \"%s\" in:\n%s", line,
                      offers ? "no" : "unwanted", *word, out);
    }
}

/* What is offered after the words of @line, and after @more, one more. */
static Run *completed(const char *line, const char *more)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    g_ptr_array_add(argv, (gpointer)(uintptr_t)g_getenv("MIGSTAT"));
    g_ptr_array_add(argv, (gpointer)(uintptr_t) "--complete");
    for (char **word = words; *word; word++) {
        g_ptr_array_add(argv, *word);
    }
    g_ptr_array_add(argv, (gpointer)(uintptr_t)more);
    g_ptr_array_add(argv, NULL);
    return run_program((const char *const *)(void *)argv->pdata, NULL, NULL);
}

START_TEST(offers_what_could_stand_there)
{
    g_autoptr(Run) run = completed(lines[_i].line, NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_str_eq(run->err, "");
    assert_offers(lines[_i].line, run->out, lines[_i].offers, true);
    assert_offers(lines[_i].line, run->out, lines[_i].not, false);
}
END_TEST

/* Sections of the file at hand, save those that a shell could take for something else. */
START_TEST(offers_the_sections_of_the_file)
{
    g_autofree char *real = fixture_file("real/q35-72-vfio.mig.zst");
    g_autofree char *line = g_strdup_printf("dump %s", real);
    g_autoptr(Run) run = completed(line, "--section=0000:00:1f");
    g_autofree char *edit = g_strdup_printf("convert %s", real);
    g_autoptr(Run) filter = completed(edit, "--filter=drop-section:name=0000:00:1f");
    g_autoptr(Run) field = completed(edit, "--filter=set-field:path=tim");
    g_autoptr(GBytes) bytes = mkmig_assemble(
        "header; full 1 \"plain-1\" 0 1; full 2 \"$(id)\" 0 1; full 3 \"a b\" 0 1;"
        "full 4 \"-\\x1b[31m\" 0 1; eof;"
        "description \"{\\\"devices\\\": [{\\\"name\\\": \\\"plain-1\\\", "
        "\\\"instance_id\\\": 0, "
        "\\\"size\\\": 0, \\\"data\\\": 0}, {\\\"name\\\": \\\"$(id)\\\", "
        "\\\"instance_id\\\": 0, "
        "\\\"size\\\": 0, \\\"data\\\": 0}, {\\\"name\\\": \\\"a b\\\", "
        "\\\"instance_id\\\": 0, "
        "\\\"size\\\": 0, \\\"data\\\": 0}, {\\\"name\\\": \\\"\\\\u001b[31m\\\", "
        "\\\"instance_id\\\": 0, \\\"size\\\": 0, \\\"data\\\": 0}]}\"",
        "text", NULL);
    g_autofree char *dir = scratch_dir(), *file = g_build_filename(dir, "file", NULL);

    assert_offers(line, run->out,
                  "--section=0000:00:1f.0/ICH9LPC --section=0000:00:1f.3/ich9_smb", true);
    assert_offers(edit, filter->out, "--filter=drop-section:name=0000:00:1f.0/ICH9LPC",
                  true);
    assert_offers(edit, field->out, "--filter=set-field:path=timer:", true);
    ck_assert_ptr_nonnull(bytes);
    ck_assert(g_file_set_contents(file, g_bytes_get_data(bytes, NULL),
                                  (gssize)g_bytes_get_size(bytes), NULL));
    g_autofree char *hostile_line = g_strdup_printf("dump %s", file);
    g_autoptr(Run) hostile = completed(hostile_line, "--section=");
    scratch_remove(dir);
    ck_assert_str_eq(hostile->out, "--section=plain-1\t\n");
}
END_TEST

/* The scripts, in their shells: prints what "migstat LINE" is completed with. */
static const struct {
    const char *shell, *script;
} shells[] = {
    { "bash", "source \"$1/migstat.bash\"; compopt() { :; }; COMP_LINE=$2;"
              "COMP_POINT=${#2}; COMP_WORDBREAKS=$' \\t\\n\"\\'><=;|&(:'; _migstat;"
              "printf '%s\\n' \"${COMPREPLY[@]}\"" },
    { "fish", "source $argv[1]/migstat.fish; complete -C $argv[2]" },
    { "zsh", "fpath=($1 $fpath); autoload -Uz _migstat; words=(${(z)2}); CURRENT=$#words;"
             "PREFIX=$words[-1]; compset() { : }; _files() { print -r -- FILES };"
             "_describe() { print -rl -- ${(P)2} }; _migstat" },
};

static const struct {
    const char *line, *bash, *others;
} shell_lines[] = {
    { "migstat ch", "check", "check" },
    { "migstat convert --filter=set-field:pa", "path=", "--filter=set-field" },
    { "migstat check --sandbox=re", "require", "--sandbox=require" },
    { "migstat \"dump\" 'a \"b' --format=ana", "analyze", "--format=analyze" },
    { "migstat \"a \\\" b\" 'du'm\\p --format=ana", "analyze", "--format=analyze" },
};

START_TEST(shells_complete)
{
    g_autofree char *path = g_find_program_in_path(shells[_i].shell);
    g_autofree char *scripts = source_path("cli/completion");
    g_autofree char *program_dir = g_path_get_dirname(g_getenv("MIGSTAT"));
    g_autofree char *search = g_strdup_printf("%s:%s", program_dir, g_getenv("PATH"));

    if (!path) {
        return;
    }
    g_setenv("PATH", search, TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(shell_lines); i++) {
        bool is_bash = g_str_equal(shells[_i].shell, "bash");
        bool is_fish = g_str_equal(shells[_i].shell, "fish");
        const char *argv[] = { path,
                               "-c",
                               shells[_i].script,
                               is_fish ? scripts : "shell",
                               is_fish ? shell_lines[i].line : scripts,
                               is_fish ? NULL : shell_lines[i].line,
                               NULL };
        g_autoptr(Run) run = run_program(argv, NULL, NULL);

        ck_assert_msg(g_str_has_prefix(run->out, is_bash ? shell_lines[i].bash
                                                         : shell_lines[i].others),
                      "%s: \"%s\": %s%s", shells[_i].shell, shell_lines[i].line, run->out,
                      run->err);
    }
}
END_TEST

Suite *suite_completion(void)
{
    Suite *suite = suite_create("completion");
    TCase *tc = tcase_create("completion");

    tcase_add_loop_test(tc, offers_what_could_stand_there, 0, G_N_ELEMENTS(lines));
    tcase_add_test(tc, offers_the_sections_of_the_file);
    tcase_add_loop_test(tc, shells_complete, 0, G_N_ELEMENTS(shells));
    suite_add_tcase(suite, tc);
    return suite;
}
