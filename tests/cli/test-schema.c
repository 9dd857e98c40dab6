/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that what every command prints as JSON is what docs/schema
 *                says, of sound streams, broken ones and files that are none: a key that
 *                the schema does not know fails.
 * Must not know: what the values are.
 * See also:      schema.c, which reads the schemas.
 */
#include "schema.h"

#include <string.h>

#include "mkmig.h"
#include "support.h"

/* @out has @n lines, each a value that the schema @name accepts. */
static void assert_lines(const char *what, const char *name, const char *out, guint n,
                         gboolean some)
{
    g_autoptr(Schema) schema = schema_load(name);
    g_auto(GStrv) lines = g_strsplit(out, "\n", -1);

    ck_assert_msg(g_strv_length(lines) == n + 1, "%s: %u lines instead of %u", what,
                  g_strv_length(lines) - 1, n);
    for (char **line = lines; *line && **line; line++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = json_from_string(*line, &error);
        g_autofree char *problem = NULL;

        ck_assert_msg(node, "%s: %s: %s", what, error ? error->message : "", *line);
        problem = schema_validate(schema, node, some);
        ck_assert_msg(!problem, "%s: %s: %s\n%.300s", what, name, problem, *line);
    }
}

/* --- commands that read a stream ----------------------------------------------------- */

static const struct {
    const char *schema;
    const char *argv[5];
    gboolean some; /* of the keys are printed */
} views[] = {
    { "dump", { "dump" }, FALSE },
    { "dump", { "dump", "--only=devices,ram,vfio", "--sort=size", "--top=2" }, TRUE },
    { "dump-items", { "dump", "--items" }, FALSE },
    { "dump-map", { "dump", "--map" }, FALSE },
    { "dump-map", { "dump", "--at=0x1000" }, TRUE },
    { "dump-timeline", { "dump", "--timeline" }, FALSE },
    { "dump-map", { "dump", "--translate=0x1000" }, TRUE },
    { "dump-devices", { "dump", "--devices" }, FALSE },
    { "dump-devices", { "dump", "--devices=*:*", "--all" }, FALSE },
    { "check", { "check" }, FALSE },
    { "check", { "check", "--for=7.2" }, FALSE },
    { "check", { "check", "--for=all" }, FALSE },
    { "check-summary", { "check", "--summary", "--for=all" }, FALSE },
    { "check-summary", { "check", "--summary", "--jobs=2" }, FALSE },
    { "needs", { "needs" }, FALSE },
};

/* Of standard input, or of @files. */
static void assert_view(gsize view, GBytes *bytes, GPtrArray *files)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autofree char *what = g_strjoinv(" ", (char **)(uintptr_t)views[view].argv);
    g_autoptr(Run) run = NULL;

    g_ptr_array_add(argv, (gpointer)(uintptr_t)g_getenv("MIGSTAT"));
    for (gsize i = 0; views[view].argv[i]; i++) {
        g_ptr_array_add(argv, (gpointer)(uintptr_t)views[view].argv[i]);
    }
    g_ptr_array_add(argv, (gpointer)(uintptr_t) "--format=json");
    for (guint i = 0; files && i < files->len; i++) {
        g_ptr_array_add(argv, g_ptr_array_index(files, i));
    }
    g_ptr_array_add(argv, (gpointer)(uintptr_t)(files ? NULL : "-"));
    g_ptr_array_add(argv, NULL);
    run = run_program((const char *const *)(void *)argv->pdata, bytes, NULL);
    /* What has nothing that a pattern matches fails, and says so beside its object. */
    ck_assert_msg(run->status <= 2, "%s: %s", what, run->err);
    assert_lines(what, views[view].schema, run->out, files ? files->len : 1,
                 views[view].some);
}

static void add_streams(GPtrArray *files, const char *folder, const char *suffix)
{
    g_auto(GStrv) names = fixture_list(folder, suffix);

    for (char **name = names; *name; name++) {
        /* It has 131,073 sections, all alike. */
        if (!g_str_has_suffix(*name, "/sections-too-many.txt")) {
            g_ptr_array_add(files, fixture_file(*name));
        }
    }
}

/* All streams of the fixtures, sound and broken ones; files that cannot be read among them. */
START_TEST(streams_are_as_the_schemas_say)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);

    add_streams(files, "real", ".mig.zst");
    add_streams(files, "devices", ".mig.zst");
    add_streams(files, "devices", ".txt");
    add_streams(files, "good", ".txt");
    add_streams(files, "dump", ".txt");
    g_ptr_array_add(files, g_strdup("/nonexistent/file"));
    g_ptr_array_add(files, g_strdup("/"));
    g_ptr_array_add(files, source_path("tests/fixtures/channels/q35-100-multifd-vfio"));
    g_ptr_array_add(files, source_path("tests/fixtures/channels/q35-72-multifd"));
    add_streams(files, "bad", ".txt");
    ck_assert_uint_gt(files->len, 150);
    assert_view((gsize)_i, NULL, files);
}
END_TEST

/* Files that are no streams. */
static const char *const texts[] = {
    "",
    "str \"text\"",
    "str \"BZh9\"",
    "bytes 28b52ffd00",
    "bytes 1f8b08",
    "header; eof; str \"behind\"",
    "header; start 2 \"ram\" 0 4; be64 0x1",
};

START_TEST(other_files_are_as_the_schemas_say)
{
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GBytes) bytes = mkmig_assemble(texts[i], "text", NULL);

        assert_view((gsize)_i, bytes, NULL);
    }
}
END_TEST

/* --- the others ----------------------------------------------------------------------- */

START_TEST(lists_are_as_the_schemas_say)
{
    g_autoptr(Run) rules = run_migstat(NULL, "check", "--list-rules", "-f", "json", NULL);
    g_autoptr(Run) filters =
        run_migstat(NULL, "convert", "--list-filters", "-f", "json", NULL);
    g_autoptr(Run) filter =
        run_migstat(NULL, "convert", "--help-filter=set-field", "-f", "json", NULL);

    assert_lines("rules", "check-rules", rules->out, 1, FALSE);
    assert_lines("filters", "convert-filters", filters->out, 1, FALSE);
    assert_lines("filter", "convert-filter", filter->out, 1, FALSE);
}
END_TEST

START_TEST(conversions_are_as_the_schemas_say)
{
    g_autofree char *file = fixture_file("real/virt-52-gicv3-vfio.mig.zst");
    g_autofree char *dir = scratch_dir(), *out = g_build_filename(dir, "out", NULL);
    g_autoptr(Run) plan = run_migstat(NULL, "convert", "--dry-run", "--to=config-last",
                                      "-f", "json", file, NULL);
    g_autoptr(Run) report = run_migstat(NULL, "convert", "--to=config-last",
                                        "--report=json", file, "-o", out, NULL);
    g_autoptr(Run) for_release = run_migstat(
        NULL, "convert", "--for=7.2", "--report=json", "--force", file, "-o", out, NULL);

    scratch_remove(dir);
    assert_lines("plan", "convert-plan", plan->out, 1, FALSE);
    assert_lines("report", "convert", report->err, 1, FALSE);
    assert_lines("for a release", "convert", for_release->err, 1, FALSE);
}
END_TEST

START_TEST(explanations_are_as_the_schemas_say)
{
    static const char *const messages[] = {
        "load of migration failed: Invalid argument",
        "Unknown savevm section or instance 'slirp' 0",
        "qemu: warning: Guest clock was not migrated.",
        "no message",
        "",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(messages); i++) {
        g_autofree char *file = fixture_file("real/q35-100-devices.mig.zst");
        g_autofree char *in = g_strconcat("--in=", file, NULL);
        g_autoptr(Run) run =
            run_migstat(NULL, "explain", "-f", "json", in, messages[i], NULL);

        assert_lines(messages[i], "explain", run->out, 1, FALSE);
    }
}
END_TEST

START_TEST(differences_are_as_the_schemas_say)
{
    static const char *const pairs[][2] = {
        { "real/virt-52-gicv3-vfio.mig.zst", "real/virt-72-gicv3-vfio.mig.zst" },
        { "real/q35-72-vfio.mig.zst", "real/q35-72-two-vfio.mig.zst" },
        { "diff/a.txt", "diff/b.txt" },
        { "diff/a.txt", "bad/truncated.txt" },
        { "diff/a.txt", "bad/magic.txt" },
        { "extract/shared.txt", "extract/shared.txt" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *a = fixture_file(pairs[i][0]), *b = fixture_file(pairs[i][1]);
        g_autoptr(Run) run = run_migstat(NULL, "diff", "--ram", "-f", "json", a, b, NULL);

        assert_lines(pairs[i][1], "diff", run->out, 1, FALSE);
    }
}
END_TEST

START_TEST(registers_are_as_the_schemas_say)
{
    g_autofree char *arm = fixture_file("real/virt-52-gicv3-vfio.mig.zst");
    g_autofree char *x86 = fixture_file("real/q35-72-vfio.mig.zst");
    g_autoptr(Run) run =
        run_migstat(NULL, "dump", "--registers", "-f", "json", arm, x86, "/", NULL);

    assert_lines("registers", "dump-registers", run->out, 3, FALSE);
}
END_TEST

/* A schema that accepts everything would prove nothing. */
START_TEST(the_validator_refuses)
{
    static const struct {
        const char *json, *problem;
    } rows[] = {
        { "{\"file\": \"x\", \"items\": [], \"complete\": true, \"error\": null}", NULL },
        { "{\"file\": \"x\", \"items\": [], \"complete\": true}", "(whole): has no key" },
        { "{\"file\": 1, \"items\": [], \"complete\": true, \"error\": null}",
          ".file: is integer, not string" },
        { "{\"file\": \"x\", \"items\": [], \"complete\": true, \"error\": null, \"n\": "
          "1}",
          "(whole): has a key \"n\"" },
        { "{\"file\": \"x\", \"items\": [{\"offset\": 1, \"length\": 1, \"kind\": "
          "\"eof\","
          "\"type\": \"middle\"}], \"complete\": true, \"error\": null}",
          ".items[0].type: has none of the values" },
        { "{\"file\": \"x\", \"items\": [], \"complete\": true, \"error\": {}}",
          ".error: has no key" },
    };
    g_autoptr(Schema) schema = schema_load("dump-items");

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(JsonNode) node = json_from_string(rows[i].json, NULL);
        g_autofree char *problem = schema_validate(schema, node, FALSE);

        ck_assert_msg(rows[i].problem
                          ? problem && g_str_has_prefix(problem, rows[i].problem)
                          : !problem,
                      "%s: %s", rows[i].json, problem ? problem : "accepted");
    }
}
END_TEST

Suite *suite_schema(void)
{
    Suite *suite = suite_create("schema");
    TCase *tc = tcase_create("streams");

    tcase_add_test(tc, the_validator_refuses);
    tcase_add_loop_test(tc, streams_are_as_the_schemas_say, 0, G_N_ELEMENTS(views));
    tcase_add_loop_test(tc, other_files_are_as_the_schemas_say, 0, G_N_ELEMENTS(views));
    suite_add_tcase(suite, tc);

    tc = tcase_create("others");
    tcase_add_test(tc, lists_are_as_the_schemas_say);
    tcase_add_test(tc, conversions_are_as_the_schemas_say);
    tcase_add_test(tc, explanations_are_as_the_schemas_say);
    tcase_add_test(tc, differences_are_as_the_schemas_say);
    tcase_add_test(tc, registers_are_as_the_schemas_say);
    suite_add_tcase(suite, tc);
    return suite;
}
