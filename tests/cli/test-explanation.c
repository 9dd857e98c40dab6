/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that migstat explain prints of logs what was reviewed, and what its
 *                command line means.
 * Must not know: which messages there are (tests/unit/test-explain.c).
 * See also:      tests/fixtures/explain: NAME.log, and what is printed of it, NAME.out and
 *                NAME.json.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>

static const struct {
    const char *log;
    int status;
} logs[] = {
    { "libvirt-9", 0 }, { "chain-11", 0 }, { "kubevirt", 0 }, { "generic", 0 },
    { "proxmox", 0 },   { "unknown", 1 },  { "hostile", 0 },  { "empty", 1 },
};

/* What is printed, with the folder taken out of names. */
static char *printed(const char *log, const char *format, int status)
{
    g_autofree char *relative = g_strdup_printf("explain/%s.log", log);
    g_autofree char *path = fixture_file(relative), *folder = g_path_get_dirname(path);
    g_autofree char *option = g_strconcat("--log=", path, NULL);
    g_autofree char *prefix = g_strconcat(folder, "/", NULL);
    g_autoptr(Run) run = run_migstat(NULL, "explain", option, format, "--width=0", NULL);
    g_autoptr(GString) out = g_string_new(run->out);

    ck_assert_msg(run->status == status && !*run->err, "%s: exit %d: %s", log,
                  run->status, run->err);
    g_string_replace(out, prefix, "", 0);
    return g_strdup(out->str);
}

START_TEST(logs_are_explained)
{
    g_autofree char *text = printed(logs[_i].log, "--format=text", logs[_i].status);
    g_autofree char *json = printed(logs[_i].log, "--format=json", logs[_i].status);
    g_autofree char *text_name = g_strdup_printf("explain/%s.out", logs[_i].log);
    g_autofree char *json_name = g_strdup_printf("explain/%s.json", logs[_i].log);

    assert_golden(text_name, text);
    assert_golden(json_name, json);
}
END_TEST

/* The same log by its name, on standard input, and compressed. */
START_TEST(a_log_may_come_from_anywhere)
{
    static const char log[] = "Missing section footer for serial\n";
    g_autoptr(GBytes) bytes = g_bytes_new_static(log, strlen(log));
    g_autoptr(Run) stdin_run = run_migstat(bytes, "explain", "-", NULL);
    g_autoptr(Run) option = run_migstat(bytes, "explain", "--log=-", NULL);
    g_autofree char *dir = scratch_dir(), *path = g_build_filename(dir, "l.log.gz", NULL);
    g_autofree char *command = g_strdup_printf(
        "printf '%s' | gzip > '%s' && \"$MIGSTAT\" explain --log='%s'", log, path, path);
    const char *argv[] = { "sh", "-c", command, NULL };
    g_autoptr(Run) packed = run_program(argv, NULL, NULL);

    scratch_remove(dir);
    ck_assert_int_eq(stdin_run->status, 0);
    ck_assert_msg(strstr(stdin_run->out, "line 1 of standard input"), "%s",
                  stdin_run->out);
    ck_assert_str_eq(stdin_run->out, option->out);
    ck_assert_msg(packed->status == 0 && strstr(packed->out, "footer-missing"), "%s",
                  packed->err);
}
END_TEST

/* A message may be one word of the shell, or many. */
START_TEST(a_message_is_words)
{
    g_autoptr(Run) one =
        run_migstat(NULL, "explain", "Missing section footer for serial", NULL);
    g_autoptr(Run) many = run_migstat(NULL, "explain", "Missing", "section", "footer",
                                      "for", "serial", NULL);
    g_autoptr(Run) lines =
        run_migstat(NULL, "explain", "Missing section footer for serial",
                    "load of migration failed: Invalid argument", NULL);

    ck_assert_int_eq(one->status, 0);
    ck_assert_str_eq(one->out, many->out);
    ck_assert_str_eq(one->out, lines->out);
}
END_TEST

static const struct {
    const char *argv[3];
    const char *says;
} refused[] = {
    { { NULL }, "which message?" },
    { { "/dev/null" }, "/dev/null is a file; for a log write --log=/dev/null" },
    { { "--log=/dev/null", "Missing" }, "a message or a log, not both" },
    { { "--log=/nonexistent" }, "/nonexistent: error: cannot open: No such file" },
    { { "--log=/" }, "/ is a folder; a log is a file" },
    { { "--against=/dev/null", "Missing" }, "--against has no effect without --in" },
    { { "--in=/dev/null", "--against=/nonexistent", "Missing" },
      "/nonexistent: error: cannot open" },
};

START_TEST(what_is_wrong_is_said)
{
    g_autoptr(Run) run = run_migstat(NULL, "explain", refused[_i].argv[0],
                                     refused[_i].argv[1], refused[_i].argv[2], NULL);

    ck_assert_int_eq(run->status, 2);
    ck_assert_str_eq(run->out, "");
    ck_assert_msg(strstr(run->err, refused[_i].says), "%s", run->err);
}
END_TEST

/* The stream shows the place, and the command that is printed does what it says. */
START_TEST(the_repair_can_be_pasted)
{
    g_autofree char *file = fixture_file("real/q35-100-devices.mig.zst");
    g_autofree char *dir = scratch_dir(), *in = g_strdup_printf("%s/in a.mig", dir);
    g_autofree char *option = g_strconcat("--in=", in, NULL), *copied = NULL;
    g_autofree char *path = g_path_get_dirname(g_getenv("MIGSTAT"));
    g_autofree char *script = NULL;
    const char *hint;
    gsize length;

    ck_assert(g_file_get_contents(file, &copied, &length, NULL));
    ck_assert(g_file_set_contents(in, copied, (gssize)length, NULL));
    g_autoptr(Run) run = run_migstat(NULL, "explain", option, "--width=0",
                                     "Unknown section or instance 'slirp' 0", NULL);
    g_autoptr(GString) text = g_string_new(run->out);

    g_string_replace(text, dir, "DIR", 0);
    assert_golden("explain/stream.out", text->str);
    hint = strstr(run->out, "hint: ") + strlen("hint: ");
    script = g_strdup_printf("PATH='%s':\"$PATH\"; %.*s && migstat explain "
                             "--in='%s/in a.fixed.mig' -f json "
                             "\"Unknown section or instance 'slirp' 0\"",
                             path, (int)strcspn(hint, "\n"), hint, dir);
    const char *argv[] = { "sh", "-c", script, NULL };
    g_autoptr(Run) pasted = run_program(argv, NULL, NULL);

    scratch_remove(dir);
    ck_assert_msg(pasted->status == 0 && strstr(pasted->out, "\"places\": []"),
                  "%s: %s%s", script, pasted->out, pasted->err);
}
END_TEST

/* A stream that is none, and one that ends too early: it is said, beside the explanation. */
START_TEST(a_bad_stream_is_said)
{
    g_autofree char *file = fixture_file("bad/truncated.txt");
    g_autofree char *option = g_strconcat("--in=", file, NULL);
    g_autoptr(Run) run = run_migstat(
        NULL, "explain", option, "load of migration failed: Input/output error", NULL);
    g_autoptr(Run) both = run_migstat(NULL, "explain", "--in=-", "-", NULL);
    g_autoptr(Run) none =
        run_migstat(NULL, "explain", "--in=/nonexistent", "Missing", NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_msg(strstr(run->out, "\nwrong    ") && strstr(run->out, "(truncated)") &&
                      !strstr(run->out, "\ndamaged  "),
                  "%s", run->out);
    ck_assert_int_eq(both->status, 2);
    ck_assert_msg(strstr(both->err, "cannot both be standard input"), "%s", both->err);
    ck_assert_int_eq(none->status, 2);
}
END_TEST

/* Which difference a message is about: that of its words or of its section, or none. */
static const struct {
    const char *name; /* bad/NAME.txt, and against/NAME.txt */
    const char *message;
    const char *says; /* what comes after "differs  " */
} compared[] = {
    { "dest-fields-maxcpus", "Missing section footer for pm",
      "0x10bc: pm: pm/cpuhp: 4 elements here, 2 there (dest-fields)\n"
      "help     Start the destination with " },
    { "dest-fields", "Missing section footer for other",
      "Nothing that was compared is what the message is about (not compared: sizes" },
    { "dest-pci-config",
      "get_pci_config_device: Bad config data: i=0x2 read: 0 device: 1 cmask: ff wmask: "
      "0 "
      "w1cmask:0",
      "0x97: 0000:00:04.0/dev: byte 0x02 of configuration space is 0x00 here, 0x01" },
    { "dest-ram-block", "Unknown ramblock \"0000:00:03.0/e1000.rom\", cannot accept",
      "0x3f: ram: the destination has no RAM block \"0000:00:03.0/e1000.rom\"" },
    { "dest-ram-block", "Unknown ramblock \"vga.vram\", cannot accept migration",
      "Nothing that was compared" },
    { "dest-version", "savevm: unsupported version 3 for 'dev' v2",
      "0x77: dev: version 3 here, at most 2 there (dest-version)" },
    { "dest-version",
      "load of migration failed: Invalid argument: unsupported version 3 for 'dev' v2",
      "0x77: dev: version 3 here, at most 2 there (dest-version)" },
    { "dest-section", "Unknown section or instance '0000:00:04.0/dev' 0. Make sure that",
      "0x77: 0000:00:04.0/dev: the destination has no 0000:00:04.0/dev" },
    { "dest-register", "error while loading state for instance 0x0 of device 'cpu'",
      "0xa2: cpu: the destination's CPU lacks 1 register" },
    /* no section, and no cause */
    { "dest-register", "load of migration failed: Operation not permitted",
      "0xa2: cpu: the destination's CPU lacks 1 register" },
    /* a cause that no comparison can show */
    { "dest-register", "Not a migration stream", "Nothing that was compared" },
};

#define NO_HELP                                                                         \
    "help     No option of the destination and no conversion helps: the stream itself " \
    "is "                                                                               \
    "wrong there;"

/* What is wrong with the stream itself, where the message is about that, and what helps. */
static const struct {
    const char *name, *message, *rule; /* NULL: nothing is */
    const char *help;
} wrong[] = {
    { "ram-page-outside", "Illegal RAM offset 4000", "ram-page-outside", NO_HELP },
    { "ram-block-unknown", "Can't find block pc.rom", "ram-block-unknown", NO_HELP },
    { "ram-compressed-malformed", "Received an unexpected compressed page",
      "ram-compressed-malformed", NO_HELP },
    { "ram-compressed-malformed", "Unknown combination of migration flags: 0x120",
      "ram-compressed-malformed", NO_HELP },
    /* with the mark of a page that goes on in a block */
    { "ram-compressed-removed", "Unknown combination of migration flags: 0x120", NULL,
      "hint: migstat convert --filter=ram-decompress" },
    { "footer-none", "Missing section footer for ram", "footer-none",
      "hint: migstat convert --filter=footers:add=yes" },
    { "configuration-missing", "Configuration section missing", "configuration-missing",
      "help     Start the destination with -global migration.send-configuration=off" },
    { "section-unbound", "Unknown section 999", "section-unbound", NO_HELP },
    /* other digits in the same kind of message; and another message, of that section */
    { "vfio-flag", "Unknown tag 0x4", "vfio-flag", NO_HELP },
    { "vfio-flag",
      "Failed loading device config space, end flag incorrect 0x4\nerror while loading "
      "state section id 3(0000:00:01.0/vfio)",
      "vfio-flag", NO_HELP },
    /* the loader has come to the damage, or has ended before it */
    { "truncated",
      "error while loading state section id 2(ram)\nload of migration failed: "
      "Input/output error",
      "truncated", NO_HELP },
    { "truncated", "Machine type received is 'pc-q35-10.0' and local is 'pc-q35-7.2'",
      NULL, "damaged  cut short" },
    { "../explain/damaged-later", "Missing section footer for ram", NULL,
      "damaged  unknown section type 0x42" },
    { "../explain/damaged-later", "Missing section footer for dma", "section-type",
      NO_HELP },
    /* no stream at all: no loader came to a section of it */
    { "magic", "Missing section footer for ram", NULL, "damaged  not a migration" },
    { "magic", "Not a migration stream", "magic", "help     Unpack what is compressed" },
    { "../good/minimal-ram", "Not a migration stream", NULL, "begins as it should" },
    /* a stream without a fault that the message could be about */
    { "dest-section", "Missing section footer for ram", NULL, "help     Start" },
};

/* What is around a stream and before it, of files that are made of the stream "s". */
static const struct {
    const char *make, *command;
    const char *says, *says_not; /* NULL: nothing is looked for */
} around[] = {
    { "gzip -c s > f", "--in=f", "convert --container=none --compress=none f -o NEW",
      "begins as it should" },
    { "echo no stream | gzip > f", "--in=f", NULL, "Around the stream" },
    { "(printf 12345678; cat s) > f", "--offset=auto --in=f",
      "after 8 other bytes: \"migstat convert --offset=auto f -o NEW\"",
      "begins as it should" },
    { "cp s 'a b'", "--in='a b'", "migstat dump 'a b'\" says", NULL },
    /* Escaped once more as they are printed, these would be no quoted words. */
    { "cp s \"it's\"", "--in=\"it's\"", "migstat dump FILE\" says", NULL },
    { "cp s 'a\\b'\\''$(touch x)'", "--in='a\\b'\\''$(touch x)'",
      "migstat dump FILE\" says", "dump '" },
};

START_TEST(the_wrapper_is_said)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *stream = fixture_file("real/q35-72-xbzrle.mig.zst");
    g_autofree char *script = g_strdup_printf(
        "cd '%s' && \"$MIGSTAT\" convert -q --compress=none '%s' -o s && %s && "
        "\"$MIGSTAT\" explain --width=0 %s 'Not a migration stream'",
        dir, stream, around[_i].make, around[_i].command);
    const char *argv[] = { "sh", "-c", script, NULL };
    g_autoptr(Run) run = run_program(argv, NULL, NULL);

    scratch_remove(dir);
    if (around[_i].says) {
        ck_assert_msg(strstr(run->out, around[_i].says), "%s%s", run->out, run->err);
    }
    ck_assert_msg(!around[_i].says_not || !strstr(run->out, around[_i].says_not), "%s",
                  run->out);
}
END_TEST

START_TEST(the_fault_of_the_stream_is_found)
{
    g_autofree char *name = g_strdup_printf("bad/%s.txt", wrong[_i].name);
    g_autofree char *stream = fixture_file(name);
    g_autofree char *in = g_strconcat("--in=", stream, NULL);
    g_autofree char *rule =
        wrong[_i].rule ? g_strdup_printf(" (%s)\n", wrong[_i].rule) : NULL;
    g_autoptr(Run) run =
        run_migstat(NULL, "explain", in, "--width=0", wrong[_i].message, NULL);
    const char *line = strstr(run->out, "\nwrong    ");

    ck_assert_int_eq(run->status, 0);
    ck_assert_msg(rule ? line && strstr(line, rule) : !line, "%s", run->out);
    ck_assert_msg(strstr(run->out, wrong[_i].help), "%s: %s", wrong[_i].help, run->out);
}
END_TEST

/* convert takes no damaged stream. */
START_TEST(no_repair_of_what_is_damaged_is_proposed)
{
    const char message[] =
        "Machine type received is 'pc-q35-10.0' and local is 'pc-q35-7.2'";
    g_autofree char *damaged = fixture_file("bad/truncated.txt");
    g_autofree char *in = g_strconcat("--in=", damaged, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "explain", in, "--width=0", message, NULL);

    ck_assert_msg(strstr(run->out, "\nstream   "), "%s", run->out);
    ck_assert_msg(!strstr(run->out, "\nrepair"), "%s", run->out);
}
END_TEST

/* What mends a fault may be another thing in each release, which libvirt's log tells. */
static const struct {
    const char *log, *help, *releases;
} told[] = {
    { "", "\"filter\": null, \"gives_up\": null, \"help\": \"convert it for the",
      "5.2 to 10.1" },
    { "starting up libvirt version: 11.3.0, package: 3 (Debian), qemu version: "
      "5.2.0Debian, k\n",
      "convert --to=config-first ", "5.2" },
    { "2026-11-26 09:01:11.100+0000: starting up libvirt version: 9.0.0, qemu version: "
      "7.2.22\n",
      "convert --to=config-last ", "7.2" },
    /* none that is known */
    { "starting up libvirt version: 9.0.0, qemu version: 2.11.1, k\n",
      "convert it for the", "5.2 to 10.1" },
    { "starting up libvirt version: 9.0.0, qemu version: 77.1.1, k\n",
      "convert it for the", "5.2 to 10.1" },
    { "starting up libvirt version: 9.0.0, qemu version: x, k\n", "convert it for the",
      "5.2 to 10.1" },
};

START_TEST(the_log_tells_the_release)
{
    g_autofree char *stream = fixture_file("bad/vfio-subflag-unread.txt");
    g_autofree char *in = g_strconcat("--in=", stream, NULL);
    g_autofree char *log = g_strconcat(told[_i].log,
                                       "Invalid value -1 expecting positive value <= "
                                       "2\nerror while loading state section "
                                       "id 3(0000:00:01.0/vfio)\n",
                                       NULL);
    g_autofree char *releases =
        g_strdup_printf("\"releases\": \"%s\"", told[_i].releases);
    g_autoptr(GBytes) input = g_bytes_new(log, strlen(log));
    g_autoptr(Run) run = run_migstat(input, "explain", in, "-f", "json", "--log=-", NULL);

    ck_assert_msg(strstr(run->out, told[_i].help) && strstr(run->out, releases), "%s",
                  run->out);
}
END_TEST

/* A destination that differs beside a fault: what the words are of comes first. */
START_TEST(a_fault_and_a_difference_are_weighed)
{
    g_autofree char *stream = fixture_file("bad/dest-fields-maxcpus.txt");
    g_autofree char *other = fixture_file("against/dest-fields-maxcpus.txt");
    g_autofree char *in = g_strconcat("--in=", stream, NULL);
    g_autofree char *against = g_strconcat("--against=", other, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "explain", in, against, "--width=0", "-f",
                                     "json", "Missing section footer for pm", NULL);

    ck_assert_msg(strstr(run->out, "\"fault\": null, \"difference\": {"), "%s", run->out);
}
END_TEST

START_TEST(the_destination_is_compared)
{
    g_autofree char *bad = g_strdup_printf("bad/%s.txt", compared[_i].name);
    g_autofree char *good = g_strdup_printf("against/%s.txt", compared[_i].name);
    g_autofree char *stream = fixture_file(bad), *destination = fixture_file(good);
    g_autofree char *in = g_strconcat("--in=", stream, NULL);
    g_autofree char *against = g_strconcat("--against=", destination, NULL);
    g_autofree char *wanted = g_strconcat("\ndiffers  ", compared[_i].says, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "explain", in, against, "--width=0",
                                     compared[_i].message, NULL);

    ck_assert_int_eq(run->status, 0);
    ck_assert_msg(strstr(run->out, wanted), "%s\n%s", wanted, run->out);
}
END_TEST

/* What helps at the destination is in the place of what helps in general; and as JSON. */
START_TEST(a_difference_is_shown)
{
    g_autofree char *stream = fixture_file("bad/dest-fields-maxcpus.txt");
    g_autofree char *destination = fixture_file("against/dest-fields-maxcpus.txt");
    g_autofree char *in = g_strconcat("--in=", stream, NULL);
    g_autofree char *against = g_strconcat("--against=", destination, NULL);
    g_autoptr(Run) text = run_migstat(NULL, "explain", in, against, "--width=0",
                                      "Missing section footer for pm", NULL);
    g_autoptr(Run) json = run_migstat(NULL, "explain", in, against, "-f", "json",
                                      "Missing section footer for pm", NULL);
    g_autoptr(GString) shown = g_string_new(text->out);

    g_string_append(shown, json->out);
    g_string_replace(shown, stream, "STREAM", 0);
    g_string_replace(shown, destination, "DEST", 0);
    assert_golden("explain/against.out", shown->str);
}
END_TEST

/* What is proposed first makes the destination take the stream. */
static const struct {
    const char *stream, *destination, *message;
    const char *filter; /* the command has it */
} proposals[] = {
    { "bad/dest-ram-block.txt", "against/dest-ram-block.txt",
      "Unknown ramblock \"0000:00:03.0/e1000.rom\", cannot accept migration",
      "--filter=ram-block:name=0000:00:03.0/e1000.rom:drop=yes " },
    { "bad/dest-ram-block-memory.txt", "against/dest-ram-block-memory.txt",
      "Unknown ramblock \"mem\", cannot accept migration",
      "--filter=ram-block:name=mem:to=pc.ram " },
    { "bad/dest-ram-block-length.txt", "against/dest-ram-block-length.txt",
      "Size mismatch: 0000:00:03.0/e1000.rom: 0x1000 != 0x2000: Invalid argument",
      "--filter=ram-block:name=0000:00:03.0/e1000.rom:length=0x2000 " },
    { "against/dest-ram-block-length.txt", "bad/dest-ram-block-length.txt",
      "Size mismatch: 0000:00:03.0/e1000.rom: 0x2000 != 0x1000: Invalid argument",
      "--lossy --filter=ram-block:name=0000:00:03.0/e1000.rom:length=0x1000 " },
    /* the device that owns the block is elsewhere, has none, or is not there */
    { "explain/moved-from.txt", "explain/moved-to.txt",
      "Unknown ramblock \"0000:00:03.0/e1000.rom\", cannot accept migration",
      "--filter=rename-section:from=0000:00:03.0/e1000@0:to=0000:00:05.0/e1000 " },
    { "explain/moved-from.txt", "explain/moved-without.txt",
      "Unknown ramblock \"0000:00:03.0/e1000.rom\", cannot accept migration",
      "--filter=ram-block:name=0000:00:03.0/e1000.rom:drop=yes " },
    { "explain/moved-from.txt", "explain/moved-away.txt",
      "Unknown ramblock \"0000:00:03.0/e1000.rom\", cannot accept migration",
      "--filter=drop-section:name=0000:00:03.0/e1000@0 " },
    { "bad/dest-section.txt", "against/dest-section.txt",
      "Unknown section or instance '0000:00:04.0/dev' 0. Make sure that",
      "--filter=rename-section:from=0000:00:04.0/dev@0:to=0000:00:05.0/dev " },
    { "bad/dest-section-instance.txt", "against/dest-section-instance.txt",
      "Unknown section or instance 'dev' 1. Make sure that",
      "--filter=drop-section:name=dev@1 " },
    /* the port says that something is behind it */
    { "explain/port.txt", "explain/port-empty.txt",
      "get_pci_config_device: Bad config data: i=0x6e read: 40 device: 0 cmask: ff "
      "wmask: "
      "0 w1cmask:19\nFailed to load pcie-root-port:parent_obj\nerror while loading state "
      "for instance 0x0 of device '0000:00:07.0/pcie-root-port'",
      "--filter=drop-section:name=0000:00:07.0:00.0/virtio-rng@0 " },
    { "bad/dest-fields.txt", "against/dest-fields.txt", "Missing section footer for dev",
      "--filter=resize-array:path=dev:slots:length=2 " },
    { "bad/dest-fields-maxcpus.txt", "against/dest-fields-maxcpus.txt",
      "Missing section footer for pm",
      "--filter=resize-array:path=pm:pm/cpuhp.cpuhp_state.devs:length=2 " },
    { "bad/dest-subsection.txt", "against/dest-subsection.json",
      "VM subsection 'dev/new' in 'dev' does not exist",
      "--filter=drop-subsection:path=dev:dev/new " },
    { "bad/dest-register.txt", "against/dest-register.txt",
      "error while loading state for instance 0x0 of device 'cpu'",
      "--filter='drop-register:path=cpu:cpreg[ACTLR_EL1]' " },
    { "bad/dest-value-register.txt", "against/dest-value-register.txt",
      "error while loading state for instance 0x0 of device 'cpu'",
      "--filter='set-register:path=cpu:cpreg[ID_DFR0_EL1]:value=0x10006' " },
    { "bad/dest-fields-unknown.txt", "against/dest-fields-unknown.json",
      "Missing section footer for dev", "--filter=drop-field:path=dev:new " },
    { "bad/dest-features.txt", "against/dest-features.json",
      "Features 0x1c0000100000020 unsupported. Allowed features: 0x100000020",
      "--filter='set-field:path=virtio-net:features[GUEST_USO4]:" },
    /* more than one thing */
    { "explain/several-from.txt", "explain/several-to.txt",
      "error while loading state for instance 0x0 of device 'cpu'", "--fit=" },
    { "bad/dest-fields-missing.txt", "against/dest-fields-missing.json",
      "Missing section footer for dev",
      "--filter=add-field:after=dev:first:name=old:type=uint32 " },
};

START_TEST(the_first_proposal_helps)
{
    g_autofree char *file = fixture_file(proposals[_i].stream);
    g_autofree char *json =
        g_build_filename("tests/fixtures", proposals[_i].destination, NULL);
    g_autofree char *destination = g_str_has_suffix(json, ".json")
                                       ? source_path(json)
                                       : fixture_file(proposals[_i].destination);
    g_autofree char *dir = scratch_dir(), *stream = g_build_filename(dir, "a.mig", NULL);
    g_autofree char *in = g_strconcat("--in=", stream, NULL), *copied = NULL;
    g_autofree char *against = g_strconcat("--against=", destination, NULL);
    g_autofree char *path = g_path_get_dirname(g_getenv("MIGSTAT"));
    gsize length;

    ck_assert(g_file_get_contents(file, &copied, &length, NULL));
    ck_assert(g_file_set_contents(stream, copied, (gssize)length, NULL));
    g_autoptr(Run) run = run_migstat(NULL, "explain", in, against, "--width=0",
                                     proposals[_i].message, NULL);
    g_autoptr(Run) before =
        run_migstat(NULL, "check", against, stream, "--width=0", NULL);
    const char *hint = strstr(run->out, "hint: ");
    ck_assert_msg(hint, "%s", run->out);
    hint += strlen("hint: ");
    g_autofree char *command = g_strndup(hint, strcspn(hint, "\n"));
    g_autofree char *script =
        g_strdup_printf("PATH='%s':\"$PATH\"; %s && migstat check '%s' '%s/a.fixed.mig'",
                        path, command, against, dir);
    const char *argv[] = { "sh", "-c", script, NULL };
    g_autoptr(Run) pasted = run_program(argv, NULL, NULL);

    scratch_remove(dir);
    ck_assert_msg(strstr(command, proposals[_i].filter), "%s", command);
    ck_assert_msg(strstr(before->out, command), "check: %s", before->out);
    ck_assert_msg(pasted->status == 0 && !strstr(pasted->out, "hint: "), "%s\n%s%s",
                  script, pasted->out, pasted->err);
}
END_TEST

Suite *suite_explanation(void)
{
    Suite *suite = suite_create("explanation");
    TCase *tc = tcase_create("command");

    tcase_add_loop_test(tc, logs_are_explained, 0, G_N_ELEMENTS(logs));
    tcase_add_test(tc, a_log_may_come_from_anywhere);
    tcase_add_test(tc, a_message_is_words);
    tcase_add_loop_test(tc, what_is_wrong_is_said, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tc, the_repair_can_be_pasted);
    tcase_add_test(tc, a_bad_stream_is_said);
    tcase_add_loop_test(tc, the_wrapper_is_said, 0, G_N_ELEMENTS(around));
    tcase_add_test(tc, no_repair_of_what_is_damaged_is_proposed);
    tcase_add_loop_test(tc, the_fault_of_the_stream_is_found, 0, G_N_ELEMENTS(wrong));
    tcase_add_test(tc, a_fault_and_a_difference_are_weighed);
    tcase_add_loop_test(tc, the_log_tells_the_release, 0, G_N_ELEMENTS(told));
    tcase_add_loop_test(tc, the_destination_is_compared, 0, G_N_ELEMENTS(compared));
    tcase_add_test(tc, a_difference_is_shown);
    tcase_add_loop_test(tc, the_first_proposal_helps, 0, G_N_ELEMENTS(proposals));
    suite_add_tcase(suite, tc);
    return suite;
}
