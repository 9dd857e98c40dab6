/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat check as a user meets it: what it prints, and its exit status.
 * Must not know: the library.
 * See also:      tests/unit/test-rules.c has the rules themselves.
 */
#include "migstat.h"
#include "support.h"

#include "conversion.h"

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <string.h>

static Run *check_fixture(const char *fixture, const char *option)
{
    g_autofree char *file = fixture_file(fixture);
    return option ? run_migstat(NULL, "check", option, file, NULL)
                  : run_migstat(NULL, "check", file, NULL);
}

/* --- exit status ------------------------------------------------------------------ */

static const struct {
    const char *fixture, *option;
    int status;
} statuses[] = {
    { "good/minimal-ram.txt", NULL, 0 },
    { "good/minimal-ram.txt", "--strict", 0 },
    { "good/vfio-config-last.txt", NULL, 0 }, /* a note */
    { "good/vfio-config-last.txt", "--config-needed=yes", 1 },
    { "good/vfio-config-last.txt", "--config-needed=no", 0 },
    { "good/vfio-config-last.txt", "--for=qemu-7.2", 0 },
    { "good/vfio-config-last.txt", "--for=5.2", 1 },
    { "good/vfio-config-first.txt", NULL, 0 }, /* a warning */
    { "good/vfio-config-first.txt", "--strict", 1 },
    { "good/vfio-config-first.txt", "--for=all", 0 },   /* 5.2 loads it */
    { "good/vfio-subflag-needed.txt", "--for=all", 1 }, /* none does */
    { "good/vfio-subflag-needed.txt", NULL, 0 },
    /* loads, in the wrong order, which matters where interrupts are enabled */
    { "bad/vfio-irq-before-controller.txt", "--for=5.2", 1 },
    { "real/virt-52-gicv3-vfio.mig.zst", "--for=5.2", 0 },
    { "bad/footer-id.txt", NULL, 1 },
    { "bad/footer-id.txt", "--warn=footer-id", 0 },
    { "bad/footer-id.txt", "--ignore=footer-id", 0 },
    { "bad/trailing-padding.txt", NULL, 0 },
    { "bad/trailing-padding.txt", "--strict", 0 },
    { "bad/trailing-padding.txt", "--error=trailing-padding", 1 },
    { "bad/truncated.txt", NULL, 1 },
    { "bad/magic.txt", NULL, 1 },
    { "bad/container.txt", NULL, 1 },
    { "bad/section-end-unknown.txt", NULL, 2 }, /* cannot be judged */
    { "good/minimal-ram.txt", "--for=qemu-5.1", 2 },
    { "good/minimal-ram.txt", "--config-needed=perhaps", 2 },
    { "good/minimal-ram.txt", "--error=no-such-rule", 2 },
    { "good/minimal-ram.txt", "--no-such-option", 2 },
};

START_TEST(the_exit_status_tells)
{
    g_autoptr(Run) run = check_fixture(statuses[_i].fixture, statuses[_i].option);
    ck_assert_msg(run->status == statuses[_i].status,
                  "%s %s: exit status %d, wanted %d\n%s%s", statuses[_i].fixture,
                  statuses[_i].option ? statuses[_i].option : "", run->status,
                  statuses[_i].status, run->out, run->err);
}
END_TEST

START_TEST(without_a_file_there_is_nothing_to_do)
{
    g_autoptr(Run) none = run_migstat(NULL, "check", NULL);
    g_autoptr(Run) missing = run_migstat(NULL, "check", "/no/such/file", NULL);
    ck_assert_int_eq(none->status, 2);
    ck_assert_int_eq(missing->status, 2);
    ck_assert_str_eq(missing->out, "");
    ck_assert_ptr_nonnull(strstr(missing->err, "/no/such/file"));
}
END_TEST

/* --- text ------------------------------------------------------------------------- */

/* FILE:0xOFFSET: SEVERITY[RULE]: what was found; hints are indented; a summary ends
 * it. */
START_TEST(findings_are_lines_that_can_be_searched)
{
    g_autofree char *file = fixture_file("real/virt-52-gicv3-vfio.mig.zst");
    g_autoptr(Run) run = run_migstat(NULL, "check", "--for=qemu-7.2", file, NULL);
    g_autoptr(GString) wanted = g_string_new(NULL);
    static const char vfio[] = "0000:00:01.0/vfio";
    g_autofree char *stem = g_strndup(file, strlen(file) - strlen(".mig"));
    g_autofree char *command = g_strdup_printf(
        "migstat convert --to=config-last %s -o %s.fixed.mig", file, stem);
    g_string_printf(
        wanted,
        "%s:0x571c4: note[vfio-data-before-config]: %s: 3 records, 40,000 bytes of "
        "device data precede the configuration space at 0x60ea0; an error if the device "
        "needs it first (--config-needed)\n"
        "%s:0x60ea0: error[vfio-config-then-data]: %s: data follows the configuration in "
        "one section, where the loader has stopped reading; QEMU 7.2: \"Missing section "
        "footer for %s\"\n"
        "    hint: %s\n"
        "%s:0x60ea0: note[vfio-irq-before-controller]: %s: configuration space is loaded "
        "before the interrupt controller, arm_gicv3 at 0x71f11, but the device has "
        "neither MSI nor MSI-X enabled: no interrupt is set up\n"
        "%s: QEMU 7.2 refuses it; 1 error, 0 warnings, 2 notes\n",
        file, vfio, file, vfio, vfio, command, file, vfio, file);
    ck_assert_int_eq(run->status, 1);
    ck_assert_str_eq(run->out, wanted->str);
    ck_assert_str_eq(run->err, "");
}
END_TEST

/* --- the words of the summary ----------------------------------------------------- */

static const struct {
    const char *fixture, *option, *says; /* after "FILE: ", to the end of the line */
} summaries[] = {
    { "good/minimal-ram.txt", NULL, "sound (0 errors, 0 warnings, 0 notes)" },
    { "good/vfio-config-last.txt", NULL, "sound (0 errors, 0 warnings, 1 note)" },
    { "good/vfio-config-first.txt", NULL, "0 errors, 1 warning, 1 note" },
    { "good/vfio-config-first.txt", "--strict", "1 error, 0 warnings, 1 note" },
    { "bad/section-end-unknown.txt", NULL,
      "0 errors, 1 warning, 0 notes; not judged to its end" },
    { "good/vfio-config-last.txt", "--for=7.2",
      "no reason for QEMU 7.2 to refuse it found (the destination's command line was not "
      "compared); 0 errors, 0 warnings, 1 note" },
    { "good/vfio-config-last.txt", "--for=5.2", /* of a machine type of 7.2 */
      "QEMU 5.2 refuses it; 2 errors, 0 warnings, 1 note" },
    { "good/vfio-config-last.txt", "--for=all",
      "no reason to refuse found for 7.2 to 11.1; 5.2 to 7.1 refuse it; 0 errors, 0 "
      "warnings, 1 note" },
    { "bad/vfio-irq-before-controller.txt", "--for=5.2",
      "QEMU 5.2 accepts it, with 1 error: vfio-irq-before-controller at 0x217e (the "
      "destination's command line was not compared); 1 error, 0 warnings, 3 notes" },
    { "good/vfio-subflag-needed.txt", "--for=all",
      "error: QEMU 5.2 to 11.1 refuse it, all that were asked for; besides that 0 "
      "errors, "
      "0 warnings, 0 notes" },
};

START_TEST(a_summary_names_its_file_and_never_promises)
{
    g_autofree char *file = fixture_file(summaries[_i].fixture);
    g_autoptr(Run) run = check_fixture(summaries[_i].fixture, summaries[_i].option);
    g_autofree char *wanted = g_strdup_printf("%s: %s\n", file, summaries[_i].says);
    ck_assert_msg(strstr(run->out, wanted), "%s %s: wanted\n%sfound\n%s",
                  summaries[_i].fixture, summaries[_i].option, wanted, run->out);
}
END_TEST

/* --- hints ------------------------------------------------------------------------ */

/* None sends anybody to a layout that the release asked for refuses. */
static const struct {
    const char *fixture, *option, *has, *has_not;
} hints[] = {
    { "real/q35-52-vfio.mig.zst", "--for=5.2", "no conversion helps: ", "config-last" },
    { "bad/vfio-irq-before-controller.txt", "--for=5.2",
      "no conversion helps: ", "config-last" },
    { "bad/vfio-irq-before-controller.txt", NULL, "--to=config-last ", "subflag" },
    { "bad/machine-newer.txt", "--for=qemu-7.1", "--filter=machine:name=pc-q35-7.1 ",
      "no conversion" },
    { "bad/command-newer.txt", "--for=qemu-7.2",
      "--filter=drop-command:name=SWITCHOVER_START ", "no conversion" },
    { "bad/section-removed.txt", "--for=qemu-9.1", "gives up: the content of the disks",
      "no conversion" },
    { "bad/vfio-flag-newer.txt", "--for=qemu-7.2", "--filter=vfio-init-data:drop=yes ",
      "no conversion" },
    { "bad/capability-newer.txt", "--for=qemu-8.2", "no conversion helps: ", "hint: " },
    { "bad/release-device-version-between.txt", "--for=all",
      "version 1, QEMU 10.1 to 11.1 read 2 at least", "QEMU 11.1 reads" },
    { "bad/release-device-version-each.txt", "--for=all",
      "5.2 to 6.2   refused: 0x20c0: release-device-version: 0000:00:03.0/virtio-iommu: "
      "version 3, QEMU 5.2 to 6.2 read 1 at most",
      "QEMU 5.2 reads" },
    { "bad/release-device-version-each.txt", "--for=all",
      "version 3, QEMU 7.0 to 11.1 read 2 at most", "QEMU 5.2 to 11.1 read" },
    { "bad/ram-flush-newer.txt", "--for=qemu-7.2", "no conversion helps: ", "hint: " },
    { "good/vfio-config-last.txt", "--config-needed=yes",
      "--to=subflag:config-needed=yes:0000:00:01.0/vfio ", "no conversion" },
    { "good/vfio-config-last.txt", "--for=5.2",
      "for all of this:\n    hint: migstat convert "
      "--for=qemu-5.2 ",
      "no conversion" },
};

START_TEST(a_hint_leads_to_what_was_asked)
{
    g_autoptr(Run) run = check_fixture(hints[_i].fixture, hints[_i].option);
    ck_assert_msg(strstr(run->out, hints[_i].has) && !strstr(run->out, hints[_i].has_not),
                  "%s %s: wanted \"%s\", not \"%s\"\n%s", hints[_i].fixture,
                  hints[_i].option, hints[_i].has, hints[_i].has_not, run->out);
}
END_TEST

/* Whatever the file is called, a shell that is given the line finds it. */
static const char *const awkward_names[] = {
    "a plain name.mig",   "it's.mig",
    "-dash.mig",          "$(false) `false` \"x\" \\ *.mig",
    "m\303\274nchen.mig", "bell\a and escape\033[2J.mig",
};

START_TEST(a_hint_can_be_pasted)
{
    g_autofree char *folder = scratch_dir();
    g_autofree char *path = g_build_filename(folder, awkward_names[_i], NULL);
    g_autofree char *fixture = fixture_file("real/q35-52-vfio.mig.zst");
    g_autofree char *bytes = NULL;
    gsize n;
    ck_assert(g_file_get_contents(fixture, &bytes, &n, NULL));
    ck_assert(g_file_set_contents(path, bytes, (gssize)n, NULL));
    g_autoptr(Run) run = run_migstat(NULL, "check", "--for=7.2", path, NULL);
    const char *hint = strstr(run->out, "hint: migstat ");
    ck_assert_msg(hint != NULL, "%s", run->out);
    hint += strlen("hint: migstat ");
    g_autofree char *line = g_strndup(hint, strcspn(hint, "\n"));
    g_autofree char *script = g_strdup_printf("'%s' %s", g_getenv("MIGSTAT"), line);
    const char *const argv[] = { "bash", "-c", script, NULL };
    g_autoptr(Run) pasted = run_program(argv, NULL, folder);
    ck_assert_msg(pasted->status == 0, "%s\n%s", line, pasted->err);
    g_autoptr(GDir) made = g_dir_open(folder, 0, NULL);
    const char *name, *fixed = NULL;
    while ((name = g_dir_read_name(made)) != NULL) {
        fixed = g_str_has_suffix(name, ".fixed.mig") ? name : fixed;
    }
    ck_assert_msg(fixed != NULL, "%s", line);
    scratch_remove(folder);
}
END_TEST

START_TEST(what_could_not_be_evaluated_is_said)
{
    g_autoptr(Run) plain = check_fixture("bad/ram-list-missing.txt", NULL);
    g_autoptr(Run) run = check_fixture("bad/ram-list-missing.txt", "-v");
    g_autoptr(GRegex) line = g_regex_new(
        "^not evaluated \\(after ram-list-missing\\): .*\\bram-pages-missing\\b",
        G_REGEX_MULTILINE, 0, NULL);
    ck_assert_msg(g_regex_match(line, run->out, 0, NULL), "%s", run->out);
    ck_assert_ptr_nonnull(strstr(run->out, " rules evaluated\n"));
    ck_assert_ptr_null(strstr(plain->out, "evaluated"));
}
END_TEST

/* Where no description says how devices are laid out, what is read of it is not judged. */
START_TEST(what_needs_a_description_says_so)
{
    static const char text[] = "header; config \"pc-q35-10.0\"; full 3 "
                               "\"0000:00:03.0/virtio-net\" 0 11; zero 40; "
                               "footer 3; eof";
    g_autoptr(GBytes) stream = assembled(text);
    g_autoptr(Run) run =
        run_migstat(stream, "check", "-v", "--for=11.1", "--width=400", "-", NULL);
    const char *line = strstr(run->out, "not evaluated (the description, which lays "
                                        "devices out, is not there or not known): ");

    ck_assert_msg(line && strstr(line, "subsection-twice") &&
                      strstr(line, "virtio-queue-size"),
                  "%s", run->out);
}
END_TEST

/* What is no stream costs a line, and says what it is. */
START_TEST(wrong_input_costs_a_line)
{
    static const char *const options[] = { "--all", "--for=7.2", "--for=all" };
    static const char text[] = "This is a letter, and no guest.\n";
    g_autoptr(GBytes) letter = g_bytes_new_static(text, strlen(text));
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autoptr(Run) run = run_migstat(letter, "check", options[i], "-", NULL);
        ck_assert_int_eq(run->status, 1);
        ck_assert_msg(strchr(run->out, '\n') == run->out + strlen(run->out) - 1, "%s",
                      run->out);
        ck_assert_ptr_nonnull(strstr(run->out, "error[magic]: not a migration stream"));
    }
}
END_TEST

static unsigned count_of(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *p = text; (p = strstr(p, what)) != NULL; p++) {
        n++;
    }
    return n;
}

/* ram-block-size fires twice; its count is what --all is about, in the library's
 * tests. */
START_TEST(quiet_shows_errors_only)
{
    g_autoptr(Run) run = check_fixture("bad/ram-block-size.txt", "-q");
    g_autoptr(Run) quiet = check_fixture("good/vfio-config-first.txt", "-q");
    g_autoptr(Run) loud = check_fixture("good/vfio-config-first.txt", NULL);
    ck_assert_uint_eq(count_of(run->out, "error[ram-block-size]"), 2);
    ck_assert_uint_eq(count_of(run->out, "\n"), 2);
    ck_assert_uint_eq(count_of(loud->out, "warning["), 1);
    ck_assert_str_eq(quiet->out, "");
}
END_TEST

START_TEST(names_from_the_stream_are_escaped)
{
    g_autoptr(Run) run = check_fixture("bad/section-name-unprintable.txt", NULL);
    ck_assert_ptr_nonnull(strstr(run->out, ": rtc\\x1b[2J: byte 3"));
    ck_assert_ptr_null(strchr(run->out, 0x1b));
}
END_TEST

/* Pages outside of their block, one record each. */
static GBytes *many_findings(unsigned n_findings)
{
    GByteArray *out = g_byte_array_new();
    g_autoptr(GBytes) good = fixture_bytes("good/minimal-ram.txt");
    size_t n;
    const uint8_t *p = g_bytes_get_data(good, &n);
    static const uint8_t part[] = { 2, 0, 0, 0, 2 };
    static const uint8_t outside[] = { 0, 0,   0,   0,   0,   0,   0x40, 0x02,
                                       6, 'p', 'c', '.', 'r', 'a', 'm',  0 };
    static const uint8_t end[] = { 0, 0, 0, 0, 0, 0, 0, 0x10, 0x7e, 0, 0, 0, 2 };
    /* Behind the START of ram, which is the first section with a footer. */
    const uint8_t *footer = memchr(p, 0x7e, n);
    size_t head = (size_t)(footer + 5 - p);
    g_byte_array_append(out, p, (guint)head);
    g_byte_array_append(out, part, sizeof part);
    for (unsigned i = 0; i < n_findings; i++) {
        g_byte_array_append(out, outside, sizeof outside);
    }
    g_byte_array_append(out, end, sizeof end);
    g_byte_array_append(out, p + head, (guint)(n - head));
    return g_byte_array_free_to_bytes(out);
}

START_TEST(findings_that_repeat_are_folded)
{
    g_autoptr(GBytes) stream = many_findings(12);
    g_autoptr(Run) folded = run_migstat(stream, "check", "-", NULL);
    g_autoptr(Run) all = run_migstat(stream, "check", "--all", "-", NULL);
    ck_assert_uint_eq(count_of(folded->out, "error[ram-page-outside]: ram: "), 5);
    ck_assert_uint_eq(count_of(folded->out, "and 7 more up to here (--all shows each)"),
                      1);
    ck_assert_uint_eq(count_of(all->out, "error[ram-page-outside]: ram: "), 12);
    ck_assert_uint_eq(count_of(all->out, "more up to here"), 0);
    ck_assert_uint_eq(count_of(folded->out, "\n-: 12 errors, "), 1);
    ck_assert_uint_eq(count_of(all->out, "\n-: 12 errors, "), 1);
}
END_TEST

/* What --all shows has an end too: memory must not grow with the stream. */
START_TEST(findings_without_end_are_counted)
{
    g_autoptr(GBytes) stream = many_findings(MIG_FINDINGS_MAX + 12);
    g_autoptr(Run) all = run_migstat(stream, "check", "--all", "-", NULL);

    ck_assert_uint_le(count_of(all->out, "error[ram-page-outside]: ram: "),
                      MIG_FINDINGS_MAX);
    ck_assert_uint_eq(count_of(all->out, " more up to here"), 1);
}
END_TEST

/* --- several files ---------------------------------------------------------------- */

START_TEST(many_files_are_judged_in_one_call)
{
    g_autofree char *good = fixture_file("good/minimal-ram.txt");
    g_autofree char *bad = fixture_file("bad/footer-id.txt");
    g_autoptr(Run) run = run_migstat(NULL, "check", good, bad, good, NULL);
    ck_assert_int_eq(run->status, 1);
    ck_assert_uint_eq(count_of(run->out, ": sound ("), 2);
    ck_assert_uint_eq(count_of(run->out, "error["), 1);
    ck_assert_ptr_nonnull(
        strstr(run->out, "\n3 files: 2 sound, 0 with warnings, 1 with errors\n"));
    g_autoptr(Run) missing = run_migstat(NULL, "check", bad, "/no/such/file", good, NULL);
    ck_assert_int_eq(missing->status, 2);
    ck_assert_ptr_nonnull(strstr(missing->out,
                                 "\n3 files: 1 sound, 0 with warnings, 1 with "
                                 "errors, 1 could not be judged\n"));
}
END_TEST

/* One run for all releases says of each what a run for it alone says. */
START_TEST(all_releases_in_one_run_are_each_alone)
{
    static const char *const fixtures[] = {
        "real/q35-52-vfio.mig.zst",   "real/q35-100-vfio.mig.zst",
        "good/vfio-config-first.txt", "good/vfio-subflag-needed.txt",
        "bad/section-removed.txt",    "bad/ram-flush-newer.txt",
        "bad/truncated.txt",          "bad/configuration-twice.txt",
    };
    g_autofree char *file = fixture_file(fixtures[_i]);
    g_autoptr(Run) all =
        run_migstat(NULL, "check", "--format=json", "--for=all", file, NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    ck_assert_msg(json_parser_load_from_data(parser, all->out, -1, NULL), "%s", all->out);
    JsonArray *releases = json_object_get_array_member(
        json_node_get_object(json_parser_get_root(parser)), "releases");
    ck_assert_uint_eq(json_array_get_length(releases), 18);
    for (guint i = 0; i < json_array_get_length(releases); i++) {
        JsonObject *row = json_array_get_object_element(releases, i);
        const char *release = json_object_get_string_member(row, "release");
        g_autofree char *option = g_strconcat("--for=", release, NULL);
        g_autoptr(Run) one = run_migstat(NULL, "check", option, file, NULL);
        g_autofree char *refuses = g_strdup_printf("; QEMU %s: \"", release);
        ck_assert_msg(json_object_get_boolean_member(row, "refused") ==
                          (strstr(one->out, refuses) != NULL),
                      "%s for %s: %s\n%s", fixtures[_i], release, all->out, one->out);
    }
}
END_TEST

START_TEST(a_pipe_is_judged_like_a_file)
{
    g_autofree char *file = fixture_file("real/virt-52-gicv3-vfio.mig.zst");
    g_autoptr(GBytes) stream = fixture_bytes("real/virt-52-gicv3-vfio.mig.zst");
    /* Hints would name the file. */
    g_autoptr(Run) from_file = run_migstat(NULL, "check", "--for=5.2", file, NULL);
    g_autoptr(Run) from_pipe = run_migstat(stream, "check", "--for=5.2", "-", NULL);
    g_autofree char *prefix = g_strconcat(file, ":", NULL);
    g_auto(GStrv) parts = g_strsplit(from_file->out, prefix, -1);
    g_autofree char *renamed = g_strjoinv("-:", parts);
    ck_assert_int_eq(from_pipe->status, from_file->status);
    ck_assert_str_eq(from_pipe->out, renamed);
}
END_TEST

/* --- JSON ------------------------------------------------------------------------- */

static JsonObject *parse_line(JsonParser *parser, const char *line)
{
    g_autoptr(GError) error = NULL;
    json_parser_load_from_data(parser, line, -1, &error);
    ck_assert_msg(!error, "%s: %s", error ? error->message : "", line);
    return json_node_get_object(json_parser_get_root(parser));
}

START_TEST(json_has_the_same_facts)
{
    g_autofree char *file = fixture_file("real/virt-52-gicv3-vfio.mig.zst");
    g_autoptr(Run) run =
        run_migstat(NULL, "check", "--format=json", "--for=qemu-7.2", file, NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *object = parse_line(parser, run->out);
    JsonArray *findings = json_object_get_array_member(object, "findings");
    ck_assert_int_eq(run->status, 1);
    ck_assert_str_eq(json_object_get_string_member(object, "file"), file);
    ck_assert_int_eq(json_object_get_int_member(object, "errors"), 1);
    ck_assert_int_eq(json_object_get_int_member(object, "warnings"), 0);
    ck_assert_int_eq(json_object_get_int_member(object, "notes"), 2);
    ck_assert_str_eq(json_object_get_string_member(object, "release"), "7.2");
    ck_assert(json_object_get_boolean_member(object, "refused"));
    ck_assert_uint_eq(json_array_get_length(findings), 3);
    JsonObject *second = json_array_get_object_element(findings, 1);
    ck_assert_str_eq(json_object_get_string_member(second, "rule"),
                     "vfio-config-then-data");
    ck_assert_str_eq(json_object_get_string_member(second, "severity"), "error");
    ck_assert_int_eq(json_object_get_int_member(second, "offset"), 0x60ea0);
    ck_assert_str_eq(json_object_get_string_member(second, "section"),
                     "0000:00:01.0/vfio");
    ck_assert_int_eq(json_object_get_int_member(second, "instance_id"), 0);
    ck_assert_str_eq(json_object_get_string_member(second, "loader"),
                     "Missing section footer for 0000:00:01.0/vfio");
    JsonObject *remedy = json_object_get_object_member(second, "remedy");
    ck_assert_str_eq(json_object_get_string_member(remedy, "filter"),
                     "vfio-layout:to=config-last");
    ck_assert(g_str_has_prefix(json_object_get_string_member(second, "hint"),
                               "migstat convert --to=config-last "));
}
END_TEST

START_TEST(several_files_are_json_lines)
{
    g_autofree char *good = fixture_file("good/minimal-ram.txt");
    g_autofree char *bad = fixture_file("bad/truncated.txt");
    g_autoptr(Run) run = run_migstat(NULL, "check", "--format=json", good, bad, NULL);
    g_auto(GStrv) lines = g_strsplit(run->out, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 3);
    ck_assert_str_eq(lines[2], "");
    g_autoptr(JsonParser) first = json_parser_new();
    g_autoptr(JsonParser) second = json_parser_new();
    JsonObject *sound = parse_line(first, lines[0]), *cut = parse_line(second, lines[1]);
    ck_assert(json_object_get_null_member(sound, "stopped"));
    ck_assert(json_object_get_null_member(sound, "refused"));
    ck_assert_uint_eq(
        json_array_get_length(json_object_get_array_member(sound, "not_evaluated")), 0);
    ck_assert_ptr_nonnull(json_object_get_string_member(cut, "stopped"));
    JsonObject *rules = json_object_get_object_member(cut, "rules");
    JsonArray *rest = json_object_get_array_member(cut, "not_evaluated");
    ck_assert_int_eq(json_object_get_int_member(rules, "evaluated") +
                         json_array_get_length(rest),
                     json_object_get_int_member(rules, "asked"));
    ck_assert_str_eq(
        json_object_get_string_member(json_array_get_object_element(rest, 0), "why"),
        "truncated");
}
END_TEST

/* --- the table -------------------------------------------------------------------- */

/* Every rule of the list is explained, by the paragraph that the manual has. */
START_TEST(every_rule_is_listed_and_explained)
{
    g_autoptr(Run) text = run_migstat(NULL, "check", "--list-rules", NULL);
    g_autoptr(Run) json =
        run_migstat(NULL, "check", "--list-rules", "--format=json", NULL);
    g_auto(GStrv) lines = g_strsplit(text->out, "\n", -1);
    g_autoptr(JsonParser) parser = json_parser_new();
    ck_assert_int_eq(text->status, 0);
    ck_assert(json_parser_load_from_data(parser, json->out, -1, NULL));
    JsonArray *rules = json_node_get_array(json_parser_get_root(parser));
    ck_assert_uint_eq(json_array_get_length(rules), g_strv_length(lines) - 1);
    for (guint i = 0; i < json_array_get_length(rules); i += 10) {
        const char *id =
            json_object_get_string_member(json_array_get_object_element(rules, i), "id");
        g_autofree char *option = g_strconcat("--explain=", id, NULL);
        g_autoptr(Run) run = run_migstat(NULL, "check", option, NULL);
        ck_assert_int_eq(run->status, 0);
        ck_assert_msg(g_str_has_prefix(lines[i], id), "%s: %s", id, lines[i]);
        ck_assert_msg(g_str_has_prefix(run->out, id), "%s", run->out);
        const char *paragraph = strstr(run->out, "\n\n");
        ck_assert_msg(paragraph && strlen(paragraph) > 30, "%s", run->out);
        ck_assert_msg(!strchr(paragraph, '\\') && !strstr(paragraph, "\n."), "%s",
                      run->out);
    }
    /* What stands in the manual once is said of each rule that it is true of. */
    g_autoptr(Run) edited = run_migstat(NULL, "check", "--explain=footer-id", NULL);
    ck_assert_ptr_nonnull(strstr(edited->out, " No stock QEMU writes this: "));
    ck_assert_ptr_null(strstr(edited->out, "[edited]"));
    g_autoptr(Run) message =
        run_migstat(NULL, "check", "--explain=Missing section footer for serial", NULL);
    g_autoptr(Run) same =
        run_migstat(NULL, "explain", "Missing section footer for serial", NULL);
    g_autoptr(Run) no_message = run_migstat(NULL, "check", "--explain=no message", NULL);

    ck_assert_int_eq(message->status, 0);
    ck_assert_str_eq(message->out, same->out);
    ck_assert_int_eq(no_message->status, 1);
    g_autoptr(Run) unknown = run_migstat(NULL, "check", "--explain=nonsense", NULL);
    ck_assert_int_eq(unknown->status, 2);
}
END_TEST

/* --help and the manual have the same options. */
START_TEST(the_manual_has_every_option)
{
    g_autofree char *path = source_path("man/migstat-check.1");
    g_autofree char *page = NULL;
    g_autoptr(Run) help = run_migstat(NULL, "check", "--help", NULL);
    g_autoptr(GRegex) regex = g_regex_new("--([a-z-]+)", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    ck_assert(g_file_get_contents(path, &page, NULL, NULL));
    ck_assert_int_eq(help->status, 0);
    for (g_regex_match(regex, help->out, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *name = g_match_info_fetch(match, 1);
        g_auto(GStrv) words = g_strsplit(name, "-", -1);
        g_autofree char *roff = g_strjoinv("\\-", words);
        g_autofree char *option = g_strconcat("\\-\\-", roff, NULL);
        bool common = strcmp(name, "help") == 0 || strcmp(name, "usage") == 0 ||
                      strcmp(name, "version") == 0;
        ck_assert_msg(common || strstr(page, option), "--%s is not in the manual", name);
    }
}
END_TEST

Suite *suite_check(void)
{
    Suite *suite = suite_create("check");
    TCase *tc = tcase_create("check");
    tcase_add_loop_test(tc, the_exit_status_tells, 0, G_N_ELEMENTS(statuses));
    tcase_add_test(tc, without_a_file_there_is_nothing_to_do);
    tcase_add_test(tc, findings_are_lines_that_can_be_searched);
    tcase_add_test(tc, what_could_not_be_evaluated_is_said);
    tcase_add_test(tc, what_needs_a_description_says_so);
    tcase_add_loop_test(tc, a_summary_names_its_file_and_never_promises, 0,
                        G_N_ELEMENTS(summaries));
    tcase_add_loop_test(tc, a_hint_leads_to_what_was_asked, 0, G_N_ELEMENTS(hints));
    tcase_add_loop_test(tc, a_hint_can_be_pasted, 0, G_N_ELEMENTS(awkward_names));
    tcase_add_test(tc, wrong_input_costs_a_line);
    tcase_add_loop_test(tc, all_releases_in_one_run_are_each_alone, 0, 8);
    tcase_add_test(tc, quiet_shows_errors_only);
    tcase_add_test(tc, names_from_the_stream_are_escaped);
    tcase_add_test(tc, findings_that_repeat_are_folded);
    tcase_add_test(tc, findings_without_end_are_counted);
    tcase_add_test(tc, many_files_are_judged_in_one_call);
    tcase_add_test(tc, a_pipe_is_judged_like_a_file);
    tcase_add_test(tc, json_has_the_same_facts);
    tcase_add_test(tc, several_files_are_json_lines);
    tcase_add_test(tc, every_rule_is_listed_and_explained);
    tcase_add_test(tc, the_manual_has_every_option);
    suite_add_tcase(suite, tc);
    return suite;
}
