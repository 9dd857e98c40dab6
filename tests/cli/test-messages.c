/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what migstat says to a person who typed something wrongly, or asked for
 *                something that is not there: each message as it comes, with the form
 *                that works.
 * Must not know: how the commands work otherwise.
 * See also:      test-help.c has what --help says.
 *
 * A row is one message.  Every one goes to standard error, with nothing on standard output, and
 * exit status 2.
 */
#include "support.h"

#include <string.h>

/* The words of `command`, apart by spaces.  FIXTURE:x is a file of tests/fixtures. */
static Run *run_words(const char *command)
{
    g_auto(GStrv) words = g_strsplit(command, " ", -1);
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(argv, g_strdup(g_getenv("MIGSTAT")));
    for (char **word = words; *word && **word; word++) {
        char *fixture = g_str_has_prefix(*word, "FIXTURE:")
                            ? fixture_file(*word + strlen("FIXTURE:"))
                            : g_strdup(*word);

        g_ptr_array_add(argv, fixture);
    }
    g_ptr_array_add(argv, NULL);
    return run_program((const char *const *)(void *)argv->pdata, NULL, NULL);
}

/* --- commands and options ----------------------------------------------------------------- */

#define ONE_FORM                                                         \
    "what it writes has one form, and --format no effect; migstat dump " \
    "--format=json and migstat check --format=json are for programs"

#define RAM_OF_SCRIPT                                                       \
    "migstat extract --ram=all -o DIR FILE writes what RAM holds, migstat " \
    "dump --format=analyze FILE the device state, with -d desc the description"

/* The first line of what is said; the second names --help. */
static const struct {
    const char *command, *message;
} usage[] = {
    { "dmup x", "migstat: no command \"dmup\"; did you mean dump?" },
    { "chec x", "migstat: no command \"chec\"; did you mean check?" },
    { "zzz",
      "migstat: no command \"zzz\"; there are check, convert, diff, dump, explain, "
      "extract, needs, receive, recover, relay, report, send" },
    { "help dmup", "migstat: no command \"dmup\"; did you mean dump?" },
    { "--hepl", "migstat: no option \"--hepl\"; did you mean --help?" },
    { "--verison", "migstat: no option \"--verison\"; did you mean --version?" },
    { "dump --hepl x", "migstat dump: no option \"--hepl\"; did you mean --help?" },
    { "dump --devcies=cpu x",
      "migstat dump: no option \"--devcies\"; did you mean --devices?" },
    /* short for several */
    { "dump --sec=cpu x",
      "migstat dump: no option \"--sec\"; did you mean --sections or --section?" },
    /* another command has it */
    { "dump --lossy x",
      "migstat dump: no option \"--lossy\" (convert and relay have it)" },
    { "dump --offest=1 --color=red x",
      "migstat dump: no option \"--offest\"; did you mean --offset?" },
    { "dump --config-needed=yes x",
      "migstat dump: no option \"--config-needed\" (check and convert have it)" },
    { "convert --all x",
      "migstat convert: no option \"--all\" (check, diff and dump have it)" },
    /* and is not taken for the beginning of --format */
    { "dump --for=7.2 x",
      "migstat dump: no option \"--for\" (check, convert and report have it)" },
    /* as typed by those who know other programs */
    { "version", "migstat: no command \"version\"; write migstat --version" },
    { "usage", "migstat: no command \"usage\"; write migstat --usage" },
    { "man", "migstat: no command \"man\"; write man migstat, or migstat help COMMAND" },
    { "list-rules",
      "migstat: no command \"list-rules\"; write migstat check --list-rules" },
    { "registers x",
      "migstat: no command \"registers\"; write migstat dump --registers" },
    { "--list-rules",
      "migstat: no option \"--list-rules\"; write migstat check --list-rules" },
    { "--for=7.2 x", "migstat: no option \"--for\" (check, convert and report have it)" },
    { "dump --values x",
      "migstat dump: no option \"--values\"; migstat dump --devices=DEVICE:FIELD -f json "
      "FILE | jq '.devices[].fields[].value' prints values alone" },
    { "dump --qwertyuiop x", "migstat dump: no option \"--qwertyuiop\"" },
    { "dump --format=analyze -m x", "migstat dump: no option \"-m\"; " RAM_OF_SCRIPT },
    { "dump -x x", "migstat dump: no option \"-x\"; " RAM_OF_SCRIPT },
    { "dump -z x", "migstat dump: no option \"-z\"" },
    { "dump -qz x", "migstat dump: no option \"-z\"" },
    /* values */
    { "dump --section", "migstat dump: --section wants a value: --section=PATTERN" },
    { "dump --hex=yes x", "migstat dump: --hex takes no value, but was given \"yes\"" },
    { "dump -f yaml x",
      "migstat dump: --format is text, json, analyze or args, not \"yaml\"" },
    { "dump -f args x", "migstat dump: --format=args is for migstat needs" },
    { "--format=yaml dump x",
      "migstat: --format is text, json, analyze or args, not \"yaml\"" },
    { "dump --color=red x",
      "migstat dump: --color is auto, always or never, not \"red\"" },
    { "dump --offset=1x x",
      "migstat dump: --offset wants a size, such as 4096, 64K or 0x1000, not \"1x\"" },
    { "check --for=qemu-7 x", "migstat check: --for wants X.Y, such as 7.2 (known: 5.2 "
                              "to 11.1), not \"qemu-7\"" },
    { "convert --to=config-lsat x", "migstat convert: --to is subflag, config-first or "
                                    "config-last, not \"config-lsat\"" },
    { "check --for=5.1 x",
      "migstat check: --for wants X.Y, such as 7.2 (known: 5.2 to 11.1), not \"5.1\"" },
    { "check --for=12.0 x",
      "migstat check: --for: QEMU 12.0 is not known yet; the newest is 11.1" },
    { "check --ignore=magik x",
      "migstat check: --ignore: no rule \"magik\"; did you mean magic?" },
    { "check --explain=zebra",
      "migstat check: --explain: no rule \"zebra\"; --list-rules lists them" },
    /* a value that was not joined on, and that is not a file */
    { "dump --devices cpu x", "migstat dump: there is no file \"cpu\"; for a value of "
                              "--devices write --devices=cpu" },
    { "convert x --zstd 3",
      "migstat convert: there is no file \"3\"; for a value of --zstd write --zstd=3" },
    /* files */
    { "dump", "migstat dump: which file? (\"-\" is standard input)" },
    { "check --strict", "migstat check: which file? (\"-\" is standard input)" },
    { "convert A B", "migstat convert: output goes to -o FILE: migstat convert A -o B" },
    { "report A B C", "migstat report: two files at a time; \"C\" is one more" },
    { "report --format=json A", "migstat report: " ONE_FORM },
    { "extract --cookie -f json A", "migstat extract: " ONE_FORM },
    { "recover --format=json A", "migstat recover: " ONE_FORM },
    { "convert A B -o C", "migstat convert: one file at a time; \"B\" is one more" },
    { "diff A", "migstat diff: which two files? (\"-\" is standard input)" },
    { "diff A B C", "migstat diff: two files at a time; \"C\" is one more" },
    /* two values where one counts */
    /* as QEMU's script has it */
    { "dump -f /dev/null -d state",
      "migstat dump: -f is --format here; the file is named without an option: migstat "
      "dump "
      "--format=analyze /dev/null prints what analyze-migration.py -f prints" },
    { "dump --format=analyze -d desc -f /dev/null",
      "migstat dump: -f is --format here; the file is named without an option: migstat "
      "dump "
      "--format=analyze /dev/null prints what analyze-migration.py -f prints" },
    { "dump -f json --format=text x",
      "migstat dump: --format is given twice, as \"json\" and as \"text\"; which one?" },
    { "-f json dump -f text x",
      "migstat dump: --format is given twice, as \"json\" and as \"text\"; which one?" },
    { "check --offset=1 --offset=2 x",
      "migstat check: --offset is given twice, as \"1\" and as \"2\"; which one?" },
    { "convert --to=subflag --to=config-last x",
      "migstat convert: --to is given twice, as \"subflag\" and as \"config-last\"; "
      "which one?" },
    /* no effect */
    { "dump --hex x", "migstat dump: --hex has no effect without --devices" },
    { "dump --vfio --items x", "migstat dump: --vfio has no effect beside --items" },
    { "dump --items --devices=cpu x",
      "migstat dump: --devices has no effect beside --items" },
    { "convert --long x",
      "migstat convert: --long has no effect without --compress or --zstd" },
    { "convert --force x", "migstat convert: --force has no effect without --output" },
    { "convert --every-iteration x",
      "migstat convert: --every-iteration has no effect without --to" },
    /* where to */
    { "convert -o /tmp x", "migstat convert: /tmp is a folder; -o wants a file name" },
    { "extract --section=cpu -o / x",
      "migstat extract: / is a folder; -o wants a file name" },
    { "extract --ram=all -o /dev/null x",
      "migstat extract: /dev/null is a file; -o wants a folder" },
    /* the folder, or the file? */
    { "extract --ram=pc.ram -o pc.ram.raw x",
      "migstat extract: -o wants the folder in which files appear: -o ., or -o "
      "pc.ram.raw/ "
      "for a folder of that name" },
    { "extract --vfio=* -o /tmp/vfio.bin x",
      "migstat extract: -o wants the folder in which files appear: -o /tmp, or -o "
      "/tmp/vfio.bin/ for a folder of that name" },
    { "convert --output= x", "migstat convert: -o wants a file name, not an empty one" },
    { "extract --ram=all x", "migstat extract: which folder? (-o DIR)" },
    { "extract --disk=all x", "migstat extract: which folder? (-o DIR)" },
    { "extract x", "migstat extract: what? (--ram, --memory, --core, --section, --vfio, "
                   "--disk, --description, --xml or --cookie)" },
    { "extract --ram=all --section=cpu x",
      "migstat extract: one of --ram, --memory, --core, --section, --vfio, --disk, "
      "--description, --xml and --cookie at a time" },
    { "convert --zstd=99 x",
      "migstat convert: --zstd: level 99 is not between -131072 and 22" },
    { "convert --zstd=many x", "migstat convert: --zstd wants a number, not \"many\"" },
    { "convert --in-place -o y x",
      "migstat convert: --in-place has no effect beside --output" },
    { "diff --ram --devices=cpu x y",
      "migstat diff: --ram has no effect beside --devices" },
};

START_TEST(usage_names_what_works)
{
    g_autoptr(Run) run = run_words(usage[_i].command);
    g_autofree char *first = g_strndup(run->err, strcspn(run->err, "\n"));

    ck_assert_str_eq(first, usage[_i].message);
    ck_assert_msg(run->status == 2 && run->out_length == 0, "migstat %s: exit %d",
                  usage[_i].command, run->status);
    ck_assert_msg(strstr(run->err, "--help"), "%s", run->err);
}
END_TEST

/* What is the same twice, or means the same in short, is as good as once. */
static const char *const accepted[] = {
    "dump -f json --format=json --form=json FIXTURE:dump/ids.txt",
    "-f json dump -f json FIXTURE:dump/ids.txt",
    "dump -q -q --quiet FIXTURE:dump/ids.txt",
    "dump FIXTURE:dump/ids.txt --color FIXTURE:dump/ids.txt",
    "check --ignore=magic --ignore=trailing-bytes --list-rules",
};

/* --- what is not there -------------------------------------------------------------------- */

/* `message` follows the file's name.  Each file is complete. */
static const struct {
    const char *command, *message;
} absent[] = {
    { "dump --devices=virtio-net FIXTURE:real/q35-100-devices.mig.zst",
      "the stream has no device \"virtio-net\"; did you mean 0000:00:02.0/virtio-net? "
      "(--devices='*virtio-net*')" },
    { "dump -q --devices=cpu:eap FIXTURE:diff/c.txt",
      "no field is \"cpu:eap\", as far as the stream describes them; did you mean "
      "cpu:eip?" },
    { "dump -f json --devices=cpu:zzzzzz FIXTURE:diff/c.txt",
      "no field is \"cpu:zzzzzz\", as far as the stream describes them; migstat dump "
      "--devices='cpu' lists its fields" },
    { "dump --devices=*:zzzzzz FIXTURE:diff/c.txt",
      "no field is \"*:zzzzzz\", as far as the stream describes them; migstat dump "
      "--devices "
      "lists all fields" },
    { "dump --devices=cpu --devices=tiemr FIXTURE:diff/c.txt",
      "the stream has no device \"tiemr\"; did you mean timer?" },
    { "dump --section=cpux --vfio FIXTURE:diff/c.txt",
      "the stream has no section \"cpux\"; did you mean cpu?" },
    { "dump -f json --section=cpu@1 FIXTURE:diff/c.txt",
      "the stream has no section \"cpu@1\"; did you mean cpu?" },
    { "dump --items --section=zzz FIXTURE:diff/c.txt",
      "the stream has no section \"zzz\"; it has ram, timer, cpu, slirp" },
    { "dump --devices=timer --section=cpu FIXTURE:diff/c.txt",
      "no device matches both --section and --devices" },
    { "dump /nonexistent", "cannot open: No such file or directory" },
    { "dump --devices=ram FIXTURE:diff/c.txt",
      "section \"ram\" holds no device state; migstat extract --section='ram' takes out "
      "what it holds" },
    { "dump --devices=ram:pc FIXTURE:diff/c.txt",
      "section \"ram\" holds no device state; migstat extract --section='ram' takes out "
      "what it holds" },
    { "diff --devices=tmier FIXTURE:diff/a.txt FIXTURE:diff/c.txt",
      "the stream has no device \"tmier\"; did you mean timer?" },
    { "diff -q --devices=cpu:eap FIXTURE:diff/a.txt FIXTURE:diff/a.txt",
      "no field is \"cpu:eap\", as far as the stream describes them; did you mean "
      "cpu:eip?" },
    { "diff --ignore=zzz FIXTURE:diff/c.txt FIXTURE:diff/c.txt",
      "the stream has no device \"zzz\"; it has timer, cpu, slirp" },
    { "check --config-needed=yes:vfoi FIXTURE:good/vfio-config-last.txt",
      "the stream has no VFIO device \"vfoi\"; did you mean 0000:00:01.0/vfio?" },
    { "check -q --config-needed=no:x FIXTURE:diff/c.txt",
      "the stream has no VFIO device" },
    { "extract --ram=pc.rom -o OUT FIXTURE:diff/c.txt",
      "the stream has no RAM block \"pc.rom\"; did you mean pc.ram?" },
    { "extract --ram=pc.ram --ram=vram -o OUT FIXTURE:diff/c.txt",
      "the stream has no RAM block \"vram\"; did you mean vga.vram? (--ram='*vram*')" },
    { "extract --section=cpu --section=apu -o OUT FIXTURE:diff/c.txt",
      "the stream has no section \"apu\"; did you mean cpu?" },
    { "extract --vfio=cpu -o OUT FIXTURE:diff/c.txt", "the stream has no VFIO device" },
    { "extract --disk=ide0-hd1 -o OUT FIXTURE:dump/special-sections.txt",
      "the stream has no disk of a block migration \"ide0-hd1\"; did you mean "
      "ide0-hd0?" },
    { "extract --disk=all -o OUT FIXTURE:diff/c.txt",
      "the stream has no disk of a block migration" },
    { "convert --filter=drop-section:name=slrip -o OUT FIXTURE:diff/c.txt",
      "filter drop-section: the stream has no section \"slrip\"; did you mean slirp?" },
    { "convert --filter=drop-section:name=lirp -o OUT FIXTURE:diff/c.txt",
      "filter drop-section: the stream has no section \"lirp\"; did you mean slirp? "
      "(name='*lirp*')" },
    { "convert --filter=set-field:path=cpu:eap:value=1 -o OUT FIXTURE:diff/c.txt",
      "filter set-field: no field is \"cpu:eap\", as far as the stream describes them; "
      "did "
      "you mean cpu:eip?" },
    { "convert --filter=drop-subsection:path=cpu:cpu/fps -o OUT FIXTURE:diff/c.txt",
      "filter drop-subsection: no field is \"cpu:cpu/fps\", as far as the stream "
      "describes "
      "them; did you mean cpu:cpu/fpu?" },
    { "convert --filter=ram-block:name=pc.rom:length=4096 -o OUT FIXTURE:diff/c.txt",
      "filter ram-block: the stream has no RAM block \"pc.rom\"; did you mean pc.ram?" },
};

START_TEST(absent_is_never_success)
{
    g_autofree char *dir = scratch_dir(), *out = g_build_filename(dir, "out", NULL);
    g_auto(GStrv) parts = g_strsplit(absent[_i].command, "OUT", -1);
    g_autofree char *command = g_strjoinv(out, parts);
    g_autoptr(Run) run = run_words(command);
    g_autofree char *wanted = g_strconcat(": error: ", absent[_i].message, "\n", NULL);

    ck_assert_msg(g_str_has_suffix(run->err, wanted), "%s: %s", command, run->err);
    ck_assert_msg(run->status == 2, "%s: exit %d", command, run->status);
    ck_assert_msg(strchr(run->err, '\n') == strrchr(run->err, '\n'), "%s", run->err);
    ck_assert_msg(!g_file_test(out, G_FILE_TEST_IS_REGULAR), "%s is there", out);
    scratch_remove(dir);
}
END_TEST

/* ... unless that is asked for. */
START_TEST(absent_can_be_allowed)
{
    g_autofree char *dir = scratch_dir(), *out = g_build_filename(dir, "out", NULL);
    g_auto(GStrv) parts = g_strsplit(absent[_i].command, "OUT", -1);
    g_autofree char *command = g_strjoinv(out, parts);
    g_autofree char *allowed = g_strconcat(command, " --allow-unmatched", NULL);
    g_autoptr(Run) run = run_words(allowed);

    if (!strstr(command, "/nonexistent")) { /* a file has to be there */
        ck_assert_msg(run->status < 2 && !strstr(run->err, "error:"), "%s: %d: %s",
                      allowed, run->status, run->err);
    }
    scratch_remove(dir);
}
END_TEST

/* Every way to say what is there finds it; a field also where nothing differs. */
static const char *const present[] = {
    "dump --devices=cpu --devices=cpu:eip FIXTURE:diff/c.txt",
    "dump --devices=cpu@0:e?p FIXTURE:diff/c.txt",
    "dump --section=cpu@0 --section=ti* FIXTURE:diff/c.txt",
    "dump --section=ti* --devices=*er FIXTURE:diff/c.txt FIXTURE:diff/a.txt",
    "diff --devices=cpu:eip --ignore=cpu:cpu/fpu FIXTURE:diff/c.txt FIXTURE:diff/c.txt",
    "diff --ignore=cpu:version --ignore=timer FIXTURE:diff/c.txt FIXTURE:diff/c.txt",
    "check --config-needed=no:*vfio FIXTURE:good/vfio-config-last.txt",
    "check --config-needed=no:0000:00:01.0/vfio@0 FIXTURE:good/vfio-config-last.txt",
};

START_TEST(present_is_found)
{
    g_autoptr(Run) run = run_words(present[_i]);

    ck_assert_msg(run->status == 0 && *run->err == '\0', "%s: %d, %s", present[_i],
                  run->status, run->err);
}
END_TEST

/* --- help --------------------------------------------------------------------------------- */

START_TEST(help_has_many_names)
{
    static const char *const same[][2] = {
        { "-h", "--help" },           { "help", "--help" },
        { "-?", "--help" },           { "help dump", "dump --help" },
        { "dump -h", "dump --help" }, { "-V", "--version" }
    };
    g_autoptr(Run) a = run_words(same[_i][0]), b = run_words(same[_i][1]);

    ck_assert_str_eq(a->out, b->out);
    ck_assert_msg(a->out_length > 0 && a->status == 0 && b->status == 0, "%s",
                  same[_i][0]);
    ck_assert_msg(*a->err == '\0' && *b->err == '\0', "%s%s", a->err, b->err);
}
END_TEST

START_TEST(nothing_typed_lists_the_commands)
{
    g_autoptr(Run) bare = run_words(""), help = run_words("--help");

    ck_assert_int_eq(bare->status, 2);
    ck_assert_str_eq(bare->out, "");
    ck_assert_str_eq(bare->err, help->out);
}
END_TEST

START_TEST(help_that_cannot_be_written_fails)
{
    static const char *const words[] = { "--help", "--version", "dump --help",
                                         "help check", "check --usage" };
    g_autofree char *command = g_strdup_printf("\"$MIGSTAT\" %s >/dev/full", words[_i]);
    const char *const argv[] = { "sh", "-c", command, NULL };
    g_autoptr(Run) run = run_program(argv, NULL, NULL);

    ck_assert_int_eq(run->status, 2);
    ck_assert_str_eq(run->err, "migstat: standard output: No space left on device\n");
}
END_TEST

START_TEST(repeated_is_no_error)
{
    g_autoptr(Run) run = run_words(accepted[_i]);

    ck_assert_msg(run->status == 0 && *run->err == '\0', "migstat %s: exit %d\n%s",
                  accepted[_i], run->status, run->err);
}
END_TEST

Suite *suite_messages(void)
{
    Suite *suite = suite_create("messages");
    TCase *tc = tcase_create("usage");

    tcase_add_loop_test(tc, usage_names_what_works, 0, G_N_ELEMENTS(usage));
    tcase_add_loop_test(tc, repeated_is_no_error, 0, G_N_ELEMENTS(accepted));
    tcase_add_loop_test(tc, help_has_many_names, 0, 6);
    tcase_add_test(tc, nothing_typed_lists_the_commands);
    tcase_add_loop_test(tc, help_that_cannot_be_written_fails, 0, 5);
    suite_add_tcase(suite, tc);
    tc = tcase_create("names");
    tcase_add_loop_test(tc, absent_is_never_success, 0, G_N_ELEMENTS(absent));
    tcase_add_loop_test(tc, absent_can_be_allowed, 0, G_N_ELEMENTS(absent));
    tcase_add_loop_test(tc, present_is_found, 0, G_N_ELEMENTS(present));
    suite_add_tcase(suite, tc);
    return suite;
}
