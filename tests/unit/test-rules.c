/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that the table of rules is whole: each has a fixture that
 *                fires it and no other error, and a paragraph of the manual; and that
 *                streams of stock QEMU break none.
 * Must not know: how findings are printed (tests/cli/test-check.c).
 * See also:      tests/fixtures/bad is named after the rules; man/migstat-rules.7.
 */
#include "support.h"

#include "check/check.h"
#include "conversion.h"
#include "mkmig.h"
#include "stream/defect.h"

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <string.h>

/* --- running the rules ------------------------------------------------------------ */

/* A run over one stream, and what it stands on. */
typedef struct {
    MigInput *in, *channel, *against; /* the last two may be NULL */
    MigShape *shape;                  /* of the last one */
    MigReader *reader;
    MigCheck *check;
    MigVfioNeeds *needs;
} Judged;

static void judged_free(Judged *judged)
{
    mig_check_free(judged->check);
    mig_reader_free(judged->reader);
    mig_input_free(judged->in);
    mig_input_free(judged->channel);
    mig_shape_free(judged->shape);
    mig_input_free(judged->against);
    mig_vfio_needs_free(judged->needs);
    g_free(judged);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Judged, judged_free)

static void add_channel(Judged *judged, GBytes *channel)
{
    const MigInputOptions options = { MIG_INPUT_OPTIONS_INIT, .multifd = true };

    judged->channel = mig_input_new_bytes(channel, "channel", &options, NULL);
    ck_assert_ptr_nonnull(judged->channel);
    ck_assert(mig_reader_add_channel(judged->reader, judged->channel, NULL));
}

static void add_destination(Judged *judged, GBytes *against, const char *name,
                            MigCheckOptions *options)
{
    g_autoptr(GError) error = NULL;

    judged->against = mig_input_new_bytes(against, "destination", NULL, NULL);
    judged->shape = mig_shape_new(judged->against, &error);
    ck_assert_msg(judged->shape, "%s: %s", name, error ? error->message : "");
    options->against = (const MigShape *const *)&judged->shape;
    options->n_against = 1;
}

/* `need` is as --config-needed has it, or NULL; so may be `channel`, `against`, `options`. */
static Judged *judge_beside(GBytes *stream, GBytes *channel, GBytes *against,
                            const char *name, const MigCheckOptions *options,
                            const char *need)
{
    g_autoptr(GError) error = NULL;
    Judged *judged = g_new0(Judged, 1);
    MigCheckOptions all =
        options ? *options : (MigCheckOptions){ MIG_CHECK_OPTIONS_INIT };
    const MigItem *item;

    judged->in = mig_input_new_bytes(stream, name, NULL, &error);
    ck_assert_msg(judged->in != NULL, "%s: %s", name, error ? error->message : "");
    judged->needs = mig_vfio_needs_new();
    ck_assert(!need || mig_vfio_needs_add(judged->needs, need, NULL));
    all.needs = judged->needs;
    judged->reader = mig_reader_new(judged->in);
    if (channel) {
        add_channel(judged, channel);
    }
    if (against) {
        add_destination(judged, against, name, &all);
    }
    judged->check = mig_check_new(judged->reader, &all);
    while (mig_reader_next(judged->reader, &item, &error) == MIG_STATUS_MORE) {
        mig_check_watch(judged->check, item, NULL);
    }
    ck_assert_msg(mig_check_finish(judged->check, error), "%s: %s", name,
                  error ? error->message : "");
    return judged;
}

static Judged *judge(GBytes *stream, const char *name, const MigCheckOptions *options,
                     const char *need)
{
    return judge_beside(stream, NULL, NULL, name, options, need);
}

/* FOLDER/NAME.txt, or .json, is what belongs to bad/NAME.txt: the multifd channel in
 * "channels", the destination in "against". */
static GBytes *beside(const char *folder, const char *relative)
{
    g_autofree char *name = g_path_get_basename(relative);
    g_autofree char *text = g_build_filename(folder, name, NULL);
    g_autofree char *inside = g_build_filename("tests/fixtures", text, NULL);
    g_autofree char *path = source_path(inside);
    g_autofree char *json = g_strdup_printf("%.*s.json", (int)(strlen(path) - 4), path);
    gsize length;
    char *content;

    if (g_file_get_contents(json, &content, &length, NULL)) {
        return g_bytes_new_take(content, length);
    }
    return g_file_test(path, G_FILE_TEST_EXISTS) ? fixture_bytes(text) : NULL;
}

static Judged *judge_fixture(const char *relative, const MigCheckOptions *options,
                             const char *need)
{
    g_autoptr(GBytes) stream = fixture_bytes(relative);
    g_autoptr(GBytes) channel = beside("channels", relative);
    g_autoptr(GBytes) against = beside("against", relative);
    return judge_beside(stream, channel, against, relative, options, need);
}

static Judged *judge_text(const char *text, const MigCheckOptions *options)
{
    g_autofree char *name = source_path("tests/fixtures/good/text.txt");
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) stream = mkmig_assemble(text, name, &error);
    ck_assert_msg(stream != NULL, "%s", error ? error->message : "");
    return judge(stream, name, options, NULL);
}

/* The first finding of the rule `id`, or NULL. */
static const MigFinding *finding_of(const Judged *judged, const char *id)
{
    size_t n;
    const MigFinding *findings = mig_check_findings(judged->check, &n);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(mig_rule_id(findings[i].rule), id) == 0) {
            return &findings[i];
        }
    }
    return NULL;
}

/* The first error that is not of the rule `allowed`, or NULL. */
static const MigFinding *other_error(const Judged *judged, const char *allowed)
{
    size_t n;
    const MigFinding *findings = mig_check_findings(judged->check, &n);
    for (size_t i = 0; i < n; i++) {
        if (findings[i].severity == MIG_SEVERITY_ERROR &&
            strcmp(mig_rule_id(findings[i].rule), allowed ? allowed : "") != 0) {
            return &findings[i];
        }
    }
    return NULL;
}

static void assert_no_other_error(const Judged *judged, const char *name,
                                  const char *allowed)
{
    const MigFinding *other = other_error(judged, allowed);
    ck_assert_msg(!other, "%s: 0x%" PRIx64 ": %s: %s", name, other ? other->offset : 0,
                  other ? mig_rule_id(other->rule) : "", other ? other->message : "");
}

/* --- the table -------------------------------------------------------------------- */

START_TEST(ids_are_unique_words)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < mig_rule_count(); i++) {
        const MigRule *rule = mig_rule_at(i);
        const char *id = mig_rule_id(rule);
        ck_assert_msg(g_hash_table_add(seen, (char *)(uintptr_t)id), "%s stands twice",
                      id);
        ck_assert_msg(strspn(id, "abcdefghijklmnopqrstuvwxyz-") == strlen(id), "%s", id);
        ck_assert_msg(strlen(mig_rule_title(rule)) <= 72, "%s: its title is long", id);
        ck_assert_int_ge(mig_rule_severity(rule), MIG_SEVERITY_NOTE);
        ck_assert_int_eq(mig_rule_find(id), (ssize_t)i);
    }
    ck_assert_int_eq(mig_rule_find("no-such-rule"), -1);
}
END_TEST

/* And so there is no circle. */
START_TEST(prerequisites_stand_above)
{
    for (size_t i = 0; i < mig_rule_count(); i++) {
        size_t n;
        const char *const *after = mig_rule_after(mig_rule_at(i), &n);
        for (size_t j = 0; j < n; j++) {
            ssize_t before = mig_rule_find(after[j]);
            ck_assert_msg(before >= 0 && before < (ssize_t)i, "%s comes after %s",
                          mig_rule_id(mig_rule_at(i)), after[j]);
        }
    }
}
END_TEST

START_TEST(every_defect_of_the_reader_is_a_rule)
{
#define ID(name, id) id,
    static const char *const ids[] = { MIG_DEFECTS(ID) };
#undef ID
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        ck_assert_msg(mig_rule_find(ids[i]) >= 0, "no rule %s", ids[i]);
    }
}
END_TEST

START_TEST(the_manual_has_every_rule_and_no_other)
{
    g_autofree char *path = source_path("man/migstat-rules.7");
    g_autofree char *page = NULL;
    ck_assert(g_file_get_contents(path, &page, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(page, "\n", -1);
    size_t next = 0;
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, ".SS ")) {
            const char *id = *line + strlen(".SS ");
            ck_assert_msg(mig_rule_find(id) >= 0, "the manual has %s, which is no rule",
                          id);
            ck_assert_msg(line[1] && *line[1] && *line[1] != '.', "%s: no paragraph", id);
            next++;
        }
    }
    for (size_t i = 0; i < mig_rule_count(); i++) {
        g_autofree char *heading =
            g_strdup_printf("\n.SS %s\n", mig_rule_id(mig_rule_at(i)));
        ck_assert_msg(strstr(page, heading), "%s has no paragraph", heading + 5);
    }
    ck_assert_uint_eq(next, mig_rule_count());
}
END_TEST

/* --- fixtures --------------------------------------------------------------------- */

/* tests/fixtures/bad/RULE-ID[-variant].txt: the longest id that it begins with. */
static const MigRule *rule_of_fixture(const char *relative)
{
    g_autofree char *name = g_path_get_basename(relative);
    const MigRule *best = NULL;
    name[strlen(name) - strlen(".txt")] = '\0';
    for (size_t i = 0; i < mig_rule_count(); i++) {
        const char *id = mig_rule_id(mig_rule_at(i));
        size_t n = strlen(id);
        if (strncmp(name, id, n) == 0 && (name[n] == '\0' || name[n] == '-') &&
            (!best || n > strlen(mig_rule_id(best)))) {
            best = mig_rule_at(i);
        }
    }
    return best;
}

static bool is_variant(const char *relative, const MigRule *rule)
{
    g_autofree char *name = g_path_get_basename(relative);
    return strlen(name) != strlen(mig_rule_id(rule)) + strlen(".txt");
}

START_TEST(every_rule_has_a_fixture)
{
    for (size_t i = 0; i < mig_rule_count(); i++) {
        g_autofree char *relative =
            g_strdup_printf("tests/fixtures/bad/%s.txt", mig_rule_id(mig_rule_at(i)));
        g_autofree char *path = source_path(relative);
        ck_assert_msg(g_file_test(path, G_FILE_TEST_IS_REGULAR), "no %s", relative);
    }
}
END_TEST

/* What a line "# check: OPTIONS" of the fixture asks for. */
static void read_options(const char *relative, MigCheckOptions *options, char **need)
{
    g_autofree char *inside = g_build_filename("tests/fixtures", relative, NULL);
    g_autofree char *path = source_path(inside);
    g_autofree char *text = NULL;
    const char *line;
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    line = strstr(text, "\n# check: ");
    if (!line) {
        return;
    }
    line += strlen("\n# check: ");
    g_autofree char *value = g_strndup(line, strcspn(line, "\n"));
    if (g_str_has_prefix(value, "--for=")) {
        MigRelease release;
        ck_assert(mig_release_parse(value + strlen("--for="), &release));
        options->releases = mig_releases_one(release);
    } else {
        ck_assert_msg(g_str_has_prefix(value, "--config-needed="), "%s: %s", relative,
                      value);
        *need = g_strdup(value + strlen("--config-needed="));
    }
}

START_TEST(a_fixture_fires_its_rule_and_no_other_error)
{
    g_auto(GStrv) names = fixture_list("bad", ".txt");
    const char *name = names[_i];
    const MigRule *rule = rule_of_fixture(name);
    MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT };
    g_autofree char *need = NULL;
    ck_assert_msg(rule != NULL, "%s is named after no rule", name);
    read_options(name, &options, &need);
    g_autoptr(Judged) judged = judge_fixture(name, &options, need);
    const MigFinding *finding = finding_of(judged, mig_rule_id(rule));
    ck_assert_msg(finding != NULL, "%s does not fire its rule", name);
    ck_assert_msg(is_variant(name, rule) || finding->severity == mig_rule_severity(rule),
                  "%s: the finding is a %s", name, mig_severity_name(finding->severity));
    ck_assert_msg(finding->in_container || finding->channel ||
                      finding->offset <= mig_input_size(judged->in),
                  "%s: offset 0x%" PRIx64, name, finding->offset);
    ck_assert_msg(!mig_rule_needs_release(rule) || finding->loader,
                  "%s: no loader's words", name);
    assert_no_other_error(judged, name, mig_rule_id(rule));
}
END_TEST

START_TEST(a_good_fixture_breaks_no_rule)
{
    g_auto(GStrv) names = fixture_list("good", ".txt");
    g_autoptr(Judged) judged = judge_fixture(names[_i], NULL, NULL);
    assert_no_other_error(judged, names[_i], NULL);
}
END_TEST

/* --- streams of stock QEMU -------------------------------------------------------- */

typedef struct {
    MigRelease release;
    bool vfio, subflags;
} Facts;

static Facts facts_of(const char *stream)
{
    g_autofree char *stem = g_strndup(stream, strlen(stream) - strlen(".mig.zst"));
    g_autofree char *relative = g_strdup_printf("tests/fixtures/%s.facts.json", stem);
    g_autofree char *path = source_path(relative);
    g_autoptr(JsonParser) parser = json_parser_new();
    ck_assert_msg(json_parser_load_from_file(parser, path, NULL), "%s", path);
    JsonObject *object = json_node_get_object(json_parser_get_root(parser));
    const char *qemu = json_object_get_string_member(object, "qemu");
    g_autofree char *version = g_strndup(qemu, strcspn(qemu, " "));
    Facts facts = { .vfio = json_object_get_int_member(object, "vfio_devices") > 0,
                    .subflags = strstr(stem, "/rfc-") != NULL };
    ck_assert_msg(mig_release_parse(version, &facts.release), "%s: %s", path, qemu);
    return facts;
}

/* Why what needs the layout of devices is not evaluated. */
#define UNDESCRIBED "the description, which lays devices out, is not there or not known"

START_TEST(a_real_stream_is_sound)
{
    g_auto(GStrv) names = fixture_list("real", ".mig.zst");
    g_autoptr(Judged) judged = judge_fixture(names[_i], NULL, NULL);
    assert_no_other_error(judged, names[_i], NULL);
    for (size_t i = 0; i < mig_rule_count(); i++) {
        const char *why;
        MigOutcome outcome = mig_check_outcome(judged->check, i, &why);
        if (outcome == MIG_OUTCOME_NOT_EVALUATED && why == strstr(why, UNDESCRIBED)) {
            ck_assert_ptr_null(mig_reader_description(judged->reader)); /* postcopy */
            continue;
        }
        ck_assert_msg(outcome == (mig_rule_needs_release(mig_rule_at(i)) ||
                                          mig_rule_needs_destination(mig_rule_at(i))
                                      ? MIG_OUTCOME_NOT_ASKED
                                      : MIG_OUTCOME_EVALUATED),
                      "%s: %s was not evaluated", names[_i], mig_rule_id(mig_rule_at(i)));
    }
}
END_TEST

/* A guest that runs, against a destination that is the same. */
START_TEST(a_real_stream_fits_itself)
{
    g_auto(GStrv) names = fixture_list("real", ".mig.zst");
    g_autoptr(GBytes) stream = fixture_bytes(names[_i]);
    g_autoptr(Judged) judged = judge_beside(stream, NULL, stream, names[_i], NULL, NULL);
    size_t n;
    const MigFinding *findings = mig_check_findings(judged->check, &n);

    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(!mig_rule_needs_destination(findings[i].rule), "%s: %s: %s",
                      names[_i], mig_rule_id(findings[i].rule), findings[i].message);
    }
}
END_TEST

/* The defect that subflags are about, with both places, as QEMU 5.2 makes it on Arm and on x86:
 * how grave it is depends on the controller, and on whether there is an interrupt. */
static const struct {
    const char *fixture;
    MigSeverity severity;
    const char *says;
} orders[] = {
    { "bad/vfio-irq-before-controller.txt", MIG_SEVERITY_ERROR,
      "configuration space is loaded at 0x217e, arm_gicv3 at 0x240c" },
    { "bad/vfio-irq-before-controller-msi.txt", MIG_SEVERITY_ERROR,
      "interrupts enabled before the interrupt controller" },
    { "bad/vfio-irq-before-controller-apic.txt", MIG_SEVERITY_WARNING, "apic at " },
    { "bad/vfio-irq-before-controller-off.txt", MIG_SEVERITY_NOTE,
      "neither MSI nor MSI-X enabled" },
    { "real/q35-52-vfio.mig.zst", MIG_SEVERITY_WARNING, "apic at 0x54be4" },
    { "real/virt-52-gicv3-vfio.mig.zst", MIG_SEVERITY_NOTE, "arm_gicv3 at 0x71f11" },
};

START_TEST(interrupts_before_the_controller_are_found)
{
    g_autoptr(Judged) judged = judge_fixture(orders[_i].fixture, NULL, NULL);
    const MigFinding *finding = finding_of(judged, "vfio-irq-before-controller");

    ck_assert_msg(finding && finding->severity == orders[_i].severity &&
                      strstr(finding->message, orders[_i].says),
                  "%s: %s", orders[_i].fixture, finding ? finding->message : "nothing");
    ck_assert_str_eq(finding->section, "0000:00:01.0/vfio");
}
END_TEST

static const MigRelease releases[] = { 502, 600, 601, 602, 700,  701,  702,  800,  801,
                                       802, 900, 901, 902, 1000, 1001, 1002, 1100, 1101 };

/* Which releases load it: its own does; VFIO's layout changed once, from 5.2 to 6.0; no
 * stock release reads subflags; 11.1 refuses what 10.0 makes of virtqueues. */
START_TEST(a_real_stream_loads_where_it_should)
{
    g_auto(GStrv) names = fixture_list("real", ".mig.zst");
    const char *name = names[_i];
    Facts facts = facts_of(name);
    for (size_t i = 0; i < G_N_ELEMENTS(releases); i++) {
        const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT,
                                          .releases = mig_releases_one(releases[i]) };
        g_autoptr(Judged) judged = judge_fixture(name, &options, NULL);
        bool refused = mig_check_refusing(judged->check) != 0;
        if (facts.subflags) {
            ck_assert_ptr_nonnull(finding_of(judged, "vfio-subflag-unread"));
        } else if (releases[i] == facts.release) {
            ck_assert_msg(!refused, "%s: refused by its own release", name);
            assert_no_other_error(judged, name, NULL);
        } else if (facts.vfio && facts.release == MIG_RELEASE_FIRST) {
            ck_assert_msg(finding_of(judged, "vfio-config-then-data"), "%s for %u", name,
                          releases[i]);
        } else if (facts.vfio && releases[i] == MIG_RELEASE_FIRST) {
            ck_assert_msg(finding_of(judged, "vfio-config-ends-section"), "%s for %u",
                          name, releases[i]);
        }
        ck_assert_msg(refused ==
                          (facts.subflags || releases[i] < facts.release ||
                           (facts.vfio && (facts.release == MIG_RELEASE_FIRST) !=
                                              (releases[i] == MIG_RELEASE_FIRST)) ||
                           finding_of(judged, "ram-compressed-removed") ||
                           finding_of(judged, "section-removed") ||
                           (releases[i] == 1101 &&
                            strcmp(name, "real/q35-100-devices.mig.zst") == 0)),
                      "%s for %u: %s", name, releases[i], refused ? "refused" : "loads");
    }
}
END_TEST

/* --- options ---------------------------------------------------------------------- */

/* Pages outside of their block, none of which continues the one before. */
static const char many_findings[] =
    "header\n"
    "config \"pc-q35-7.2\"\n"
    "include \"../parts/ram-start.txt\"\n"
    "include \"../parts/ram-pages.txt\"\n"
    "part 2; repeat 12 { ram-zero 0x4000 }; ram-eos; footer 2\n"
    "include \"../parts/ram-end.txt\"\n"
    "eof\n";

START_TEST(findings_that_repeat_are_counted)
{
    const MigCheckOptions few = { MIG_CHECK_OPTIONS_INIT, .keep = 5 };
    g_autoptr(Judged) folded = judge_text(many_findings, &few);
    g_autoptr(Judged) all = judge_text(many_findings, NULL);
    size_t n, n_all;
    const MigFinding *findings = mig_check_findings(folded->check, &n);
    unsigned shown = 0;
    uint64_t more = 0;
    for (size_t i = 0; i < n; i++) {
        shown += strcmp(mig_rule_id(findings[i].rule), "ram-page-outside") == 0;
        more += findings[i].more;
    }
    ck_assert_uint_eq(shown, 5);
    ck_assert_uint_eq(more, 7);
    mig_check_findings(all->check, &n_all);
    ck_assert_uint_eq(n_all, n + 7);
    ck_assert_uint_eq(mig_check_count(folded->check, MIG_SEVERITY_ERROR), 12);
    ck_assert_uint_eq(mig_check_count(all->check, MIG_SEVERITY_ERROR), 12);
}
END_TEST

/* The damage that ends the reading is told, however full the list of its rule is. */
START_TEST(damage_is_always_told)
{
    static const char text[] =
        "header; start 2 \"ram\" 0 4; ram-eos; footer 2;"
        "start 9 \"ram\" 0 4; ram-eos; footer 9;"
        "repeat 7 { part 2; ram-eos; footer 2 }; part 77; ram-eos; footer 77; eof";

    for (size_t keep = 1; keep < 10; keep++) {
        const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT, .keep = keep };
        g_autoptr(Judged) judged = judge_text(text, &options);
        size_t n, shown = 0;
        const MigFinding *findings = mig_check_findings(judged->check, &n), *last = NULL;

        for (size_t i = 0; i < n; i++) {
            if (g_str_equal(mig_rule_id(findings[i].rule), "section-unbound")) {
                last = &findings[i];
                shown++;
            }
        }
        ck_assert_msg(last && strstr(last->message, "77"), "%zu kept: %s", keep,
                      last ? last->message : "nothing");
        ck_assert_uint_eq(shown, MIN(keep, 8) + (keep < 8));
    }
}
END_TEST

/* Some are seen to at the end only, and belong further up. */
START_TEST(findings_come_in_stream_order)
{
    g_autoptr(Judged) judged = judge_fixture("bad/vfio-config-twice.txt", NULL, NULL);
    size_t n;
    const MigFinding *findings = mig_check_findings(judged->check, &n);
    ck_assert_uint_gt(n, 3);
    for (size_t i = 1; i < n; i++) {
        ck_assert_uint_le(findings[i - 1].offset, findings[i].offset);
    }
}
END_TEST

static Judged *judge_with(const char *fixture, const char *id, MigSeverity severity)
{
    g_autofree MigSeverity *severities = g_new0(MigSeverity, mig_rule_count());
    const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT, .severities = severities };
    severities[mig_rule_find(id)] = severity;
    return judge_fixture(fixture, &options, NULL);
}

START_TEST(a_rule_is_as_severe_as_the_user_says)
{
    static const char fixture[] = "bad/footer-id.txt";
    g_autoptr(Judged) warned = judge_with(fixture, "footer-id", MIG_SEVERITY_WARNING);
    g_autoptr(Judged) ignored = judge_with(fixture, "footer-id", MIG_SEVERITY_IGNORE);
    g_autoptr(Judged) raised =
        judge_with("bad/trailing-padding.txt", "trailing-padding", MIG_SEVERITY_ERROR);
    const char *why;
    ck_assert_int_eq(finding_of(warned, "footer-id")->severity, MIG_SEVERITY_WARNING);
    ck_assert_ptr_null(finding_of(ignored, "footer-id"));
    ck_assert_int_eq(
        mig_check_outcome(ignored->check, (size_t)mig_rule_find("footer-id"), &why),
        MIG_OUTCOME_IGNORED);
    ck_assert_uint_eq(mig_check_count(raised->check, MIG_SEVERITY_ERROR), 1);
}
END_TEST

static const struct {
    const char *fixture, *ignored, *rule, *why;
} grounds[] = {
    { "bad/ram-list-missing.txt", NULL, "ram-block-unknown", "ram-list-missing" },
    { "bad/ram-list-missing.txt", NULL, "ram-pages-missing", "ram-list-missing" },
    { "bad/truncated.txt", NULL, "section-not-ended", "truncated" },
    { "bad/description-json.txt", NULL, "description-size", "description-json" },
    { "good/minimal-ram.txt", "ram-list-missing", "ram-continue-without-block",
      "ram-list-missing" },
    { "bad/ram-flush-newer.txt", NULL, "ram-pages-missing",
      "multifd: pages travel on other channels" },
};

START_TEST(without_ground_a_rule_is_not_evaluated)
{
    g_autoptr(Judged) judged =
        grounds[_i].ignored
            ? judge_with(grounds[_i].fixture, grounds[_i].ignored, MIG_SEVERITY_IGNORE)
            : judge_fixture(grounds[_i].fixture, NULL, NULL);
    const char *why;
    MigOutcome outcome =
        mig_check_outcome(judged->check, (size_t)mig_rule_find(grounds[_i].rule), &why);
    ck_assert_msg(
        outcome == MIG_OUTCOME_NOT_EVALUATED && strcmp(why, grounds[_i].why) == 0,
        "%s: %s: %s", grounds[_i].fixture, grounds[_i].rule, why ? why : "evaluated");
}
END_TEST

/* Streams that are sound although pages, or ENDs, are not in them. */
static const struct {
    const char *text, *rule, *why; /* the rule that has no ground in it */
} elsewhere[] = {
    { "header; config \"pc-q35-7.2\"\n"
      "command 8 # ENABLE_COLO\n"
      "include \"../parts/ram-start.txt\"\n"
      "include \"../parts/ram-pages.txt\"\n"
      "eof\n"
      "be32 1 3; end 2; ram-eos; footer 2; eof\n",
      "section-not-ended", "COLO: sections end in its checkpoints" },
    { "header; config \"pc-q35-7.2\" { caps \"x-ignore-shared\" }\n"
      "start 2 \"ram\" 0 4\n"
      "ram-size 0x4000; ram-block \"pc.ram\" 0x4000; be64 0; ram-eos; footer 2\n"
      "end 2; ram-normal 0 0x5a \"pc.ram\"; ram-eos; footer 2\n"
      "eof\n",
      "ram-pages-missing", "x-ignore-shared: shared blocks are not sent" },
    { "header; config \"pc-q35-7.2\"\n"
      "start 2 \"ram\" 0 4\n"
      "ram-size 0x1000000000000000; ram-block \"pc.ram\" 0x1000000000000000; ram-eos\n"
      "footer 2\n"
      "end 2; ram-normal 0 0x5a \"pc.ram\"; ram-eos; footer 2\n"
      "eof\n",
      "ram-pages-missing", "more guest memory than is kept track of" },
};

START_TEST(what_is_elsewhere_is_no_error)
{
    g_autoptr(Judged) judged = judge_text(elsewhere[_i].text, NULL);
    const char *why;
    MigOutcome outcome =
        mig_check_outcome(judged->check, (size_t)mig_rule_find(elsewhere[_i].rule), &why);
    assert_no_other_error(judged, elsewhere[_i].why, NULL);
    ck_assert_msg(outcome == MIG_OUTCOME_NOT_EVALUATED &&
                      strcmp(why, elsewhere[_i].why) == 0,
                  "%s: %s", elsewhere[_i].why, why ? why : "evaluated");
}
END_TEST

/* Where each page has its zero record, none can travel elsewhere. */
START_TEST(a_guest_of_zero_pages_lacks_none)
{
    static const char format[] =
        "header; config \"pc-q35-7.2\"\n"
        "start 2 \"ram\" 0 4; ram-size 0x3000; ram-block \"pc.ram\" 0x3000; ram-eos\n"
        "footer 2\n"
        "end 2; ram-zero 0 \"pc.ram\"; ram-zero 0x1000; %s ram-eos; footer 2\n"
        "eof\n";
    size_t rule = (size_t)mig_rule_find("ram-pages-missing");
    g_autofree char *whole = g_strdup_printf(format, "ram-zero 0x2000;");
    g_autofree char *partial = g_strdup_printf(format, "");
    g_autoptr(Judged) all = judge_text(whole, NULL);
    g_autoptr(Judged) some = judge_text(partial, NULL);
    const char *why;
    ck_assert_int_eq(mig_check_outcome(all->check, rule, &why), MIG_OUTCOME_EVALUATED);
    ck_assert_ptr_null(finding_of(all, "ram-pages-missing"));
    ck_assert_int_eq(mig_check_outcome(some->check, rule, &why),
                     MIG_OUTCOME_NOT_EVALUATED);
    ck_assert_str_eq(why,
                     "no record has a page's content: they may travel on other channels");
}
END_TEST

/* --- need ------------------------------------------------------------------------- */

static const struct {
    const char *need;
    MigSeverity severity; /* of vfio-data-before-config; IGNORE: no finding */
} needs[] = {
    { "auto", MIG_SEVERITY_NOTE },
    { "yes", MIG_SEVERITY_ERROR },
    { "no", MIG_SEVERITY_IGNORE },
    { "yes:0000:00:01.0/*", MIG_SEVERITY_ERROR },
    { "yes:0000:00:02.0/*", MIG_SEVERITY_NOTE },
};

START_TEST(the_users_word_decides_on_the_need)
{
    g_autoptr(Judged) judged =
        judge_fixture("good/vfio-config-last.txt", NULL, needs[_i].need);
    const MigFinding *finding = finding_of(judged, "vfio-data-before-config");
    ck_assert_msg((finding ? finding->severity : MIG_SEVERITY_IGNORE) ==
                      needs[_i].severity,
                  "%s", needs[_i].need);
    if (finding) {
        ck_assert_ptr_nonnull(strstr(finding->message, "2 records, 400 bytes"));
    }
}
END_TEST

/* --- background snapshots ------------------------------------------------------------ */

#define START_RAM "start 2 \"ram\" 0 4; ram-eos; footer 2;"
#define START     "header; " START_RAM
#define PART      "part 2; ram-eos; footer 2;"
#define DEVICE    "full 3 \"x\" 0 1; u8 1; footer 3;"
#define OTHER     "start 9 \"s390-storage_attributes\" 0 0; be64 1; footer 9;"
#define OTHER_END "end 9; be64 1; footer 9;"

/* A live section without END, and how bad that is: a background snapshot has only RAM, sends
 * it in PARTs, and switches nothing over. */
static const struct {
    const char *name, *text;
    MigSeverity severity;
} unended[] = {
    { "a background snapshot", START PART DEVICE "eof", MIG_SEVERITY_NOTE },
    { "of two that are live, none ends", START OTHER PART DEVICE "eof",
      MIG_SEVERITY_ERROR },
    { "of two that are live, one ends", START OTHER PART OTHER_END DEVICE "eof",
      MIG_SEVERITY_ERROR },
    { "no RAM at all", "header; " OTHER DEVICE "eof", MIG_SEVERITY_ERROR },
    { "RAM is never sent", START DEVICE "eof", MIG_SEVERITY_ERROR },
    { "the guest was switched over", START PART "command 11;" DEVICE "eof",
      MIG_SEVERITY_ERROR },
    { "the destination answers", "header; command 1;" START_RAM PART DEVICE "eof",
      MIG_SEVERITY_ERROR },
    { "postcopy",
      START PART
      "command 3 { be64 0x1000 0x1000 }; packaged { command 4; command 5 }; eof",
      MIG_SEVERITY_ERROR },
};

START_TEST(ends_are_missing_save_in_a_background_snapshot)
{
    g_autoptr(Judged) judged = judge_text(unended[_i].text, NULL);
    size_t n, found = 0;
    const MigFinding *findings = mig_check_findings(judged->check, &n);

    for (size_t i = 0; i < n; i++) {
        if (g_str_equal(mig_rule_id(findings[i].rule), "section-not-ended")) {
            ck_assert_msg(findings[i].severity == unended[_i].severity, "%s: %s: a %s",
                          unended[_i].name, findings[i].message,
                          mig_severity_name(findings[i].severity));
            found++;
        }
    }
    ck_assert_msg(found > 0, "%s: nothing is found", unended[_i].name);
}
END_TEST

/* --- releases --------------------------------------------------------------------- */

/* The first release that knows each, from QEMU's history: migration/savevm.c,
 * hw/vfio/migration.c, qapi/migration.json.  0: none does. */
static const struct {
    uint64_t word;
    MigRelease first;
} command_releases[] = {
    { 0, 0 },    { 1, 502 }, { 2, 502 }, { 3, 502 }, { 4, 502 },   { 5, 502 },  { 6, 502 },
    { 7, 502 },  { 8, 502 }, { 9, 502 }, { 10, 502 }, { 11, 1000 }, { 12, 0 },
}, flag_releases[] = {
    { UINT64_C(0xffffffffef100000), 0 },   { UINT64_C(0xffffffffef100001), 502 },
    { UINT64_C(0xffffffffef100002), 502 }, { UINT64_C(0xffffffffef100003), 502 },
    { UINT64_C(0xffffffffef100004), 502 }, { UINT64_C(0xffffffffef100005), 801 },
    { UINT64_C(0xffffffffef100006), 1001 }, { UINT64_C(0xffffffffef100007), 0 },
};

static const struct {
    const char *name;
    MigRelease first;
} capability_releases[] = {
    { "xbzrle", 502 },
    { "x-ignore-shared", 502 },
    { "compress", 502 },
    { "block", 502 },
    { "multifd", 502 },
    { "validate-uuid", 502 },
    { "background-snapshot", 600 },
    { "zero-copy-send", 701 },
    { "postcopy-preempt", 701 },
    { "switchover-ack", 801 },
    { "dirty-limit", 802 },
    { "mapped-ram", 900 },
    { "no-such-thing", 0 },
    { "", 0 },
};

START_TEST(each_word_is_known_from_a_release_on)
{
    for (size_t i = 0; i < G_N_ELEMENTS(command_releases); i++) {
        ck_assert_msg(mig_release_of_command((uint16_t)command_releases[i].word) ==
                          command_releases[i].first,
                      "command %" PRIu64, command_releases[i].word);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(flag_releases); i++) {
        ck_assert_msg(mig_release_of_vfio_flag(flag_releases[i].word) ==
                          flag_releases[i].first,
                      "VFIO flag 0x%" PRIx64, flag_releases[i].word);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(capability_releases); i++) {
        ck_assert_msg(mig_release_of_capability(capability_releases[i].name) ==
                          capability_releases[i].first,
                      "capability \"%s\"", capability_releases[i].name);
    }
}
END_TEST

/* What a loader prints as it refuses a fixture by its rule; NULL where it does not. */
static char *refusal_by(const char *name, MigRelease release)
{
    const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT,
                                      .releases = mig_releases_one(release) };
    g_autoptr(Judged) judged = judge_fixture(name, &options, NULL);
    const MigFinding *finding = finding_of(judged, mig_rule_id(rule_of_fixture(name)));

    ck_assert_msg(!finding || !finding->loader || finding->loader_id,
                  "%s: \"%s\" is in no row of lib/message", name, finding->loader);
    return finding && finding->refusing
               ? g_strescape(finding->loader ? finding->loader : "", NULL)
               : NULL;
}

/* A line for each run of releases that print the same. */
static void append_refusals(GString *text, const char *name)
{
    g_autofree char *words = refusal_by(name, releases[0]);
    size_t first = 0;

    for (size_t i = 1; i <= G_N_ELEMENTS(releases); i++) {
        bool ends = i == G_N_ELEMENTS(releases);
        g_autofree char *next = ends ? NULL : refusal_by(name, releases[i]);
        g_autofree char *set =
            mig_releases_text(mig_releases_between(releases[first], releases[i - 1]));

        if (!ends && g_strcmp0(words, next) == 0) {
            continue;
        }
        if (words) {
            g_string_append_printf(text, "%s: %s: %s\n", name + strlen("bad/"), set,
                                   words);
        }
        first = i;
        g_free(words);
        words = g_steal_pointer(&next);
    }
}

START_TEST(releases_refuse_what_is_recorded)
{
    g_auto(GStrv) names = fixture_list("bad", ".txt");
    g_autoptr(GString) text =
        g_string_new("# SPDX-License-Identifier: LGPL-2.1-or-later\n"
                     "# Which releases refuse a fixture of bad/ by the rule that it is "
                     "named after, and\n"
                     "# what they print.\n");

    for (char **name = names; *name; name++) {
        g_autoptr(GBytes) stream = fixture_bytes(*name);

        /* Larger ones are of the library's own limits, and take long. */
        if (g_bytes_get_size(stream) < 2 << 20) {
            append_refusals(text, *name);
        }
    }
    assert_golden("check/refusals.txt", text->str);
}
END_TEST

static const struct {
    const char *text;
    MigRelease release; /* NONE: it is none */
} release_texts[] = {
    { "qemu-5.2", 502 }, { "7.2", 702 },        { "qemu-7.2.22", 702 },
    { "11.1", 1101 },    { "qemu-10.0", 1000 }, { "5.1", 0 },
    { "5.3", 0 },        { "11.2", 0 },         { "12.0", 0 },
    { "qemu-7", 0 },     { "7.", 0 },           { "", 0 },
    { "7.2x", 0 },       { "7.2.", 0 },         { "qemu 7.2", 0 },
    { "99999.1", 0 },
};

START_TEST(releases_are_read)
{
    MigRelease release = MIG_RELEASE_NONE;
    bool is = mig_release_parse(release_texts[_i].text, &release);
    ck_assert_msg(is == (release_texts[_i].release != 0) &&
                      release == release_texts[_i].release,
                  "\"%s\": %u", release_texts[_i].text, release);
}
END_TEST

static const struct {
    MigRelease first, last, and;
    const char *text;
} release_sets[] = {
    { 502, 502, 502, "5.2" },
    { 502, 600, 502, "5.2 and 6.0" },
    { 600, 1101, 600, "6.0 to 11.1" },
    { 600, 702, 502, "5.2 to 7.2" },
    { 702, 802, 502, "5.2 and 7.2 to 8.2" },
    { 0, 9999, 502, "5.2 to 11.1" },
    { 503, 599, 502, "5.2" }, /* no releases */
    { 1, 2, 3, "" },
};

START_TEST(sets_of_releases_are_named_shortly)
{
    MigReleaseSet set =
        mig_releases_between(release_sets[_i].first, release_sets[_i].last) |
        mig_releases_one(release_sets[_i].and);
    g_autofree char *text = mig_releases_text(set);
    ck_assert_str_eq(text, release_sets[_i].text);
}
END_TEST

/* Versions that changed with a release that is not built in, and who refuses them.  As read from
 * the VMStateDescription of each device in all releases. */
static const struct {
    const char *section;
    unsigned version;
    const char *says; /* NULL: no release refuses it */
} version_releases[] = {
    { "apic", 2, "version 2, QEMU 5.2 to 11.1 read 3 at least" },
    { "apic", 3, NULL },
    { "hpet", 1, "QEMU 10.1 to 11.1 read 2 at least" },
    { "hpet", 2, NULL },
    { "lan9118", 2, "QEMU 10.0 to 11.1 read 3 at least" },
    { "lan9118", 3, "QEMU 5.2 to 9.2 read 2 at most" },
    { "mc146818rtc", 2, "QEMU 10.1 to 11.1 read 3 at least" },
    { "mc146818rtc", 3, NULL },
    { "0000:00:04.0/nvme", 0, "QEMU 11.1 reads 1 at least" },
    { "0000:00:04.0/nvme", 1, "QEMU 5.2 to 11.0 read 0 at most" },
    { "replay", 2, "QEMU 9.2 to 11.1 read 3 at least" },
    { "replay", 3, "QEMU 5.2 to 9.1 read 2 at most" },
    { "spapr_iommu", 2, NULL },
    { "spapr_iommu", 3, "QEMU 5.2 to 7.0 read 2 at most" },
    { "0000:00:03.0/virtio-iommu", 1, "QEMU 7.0 to 11.1 read 2 at least" },
    { "0000:00:03.0/virtio-iommu", 2, "QEMU 5.2 to 6.2 read 1 at most" },
};

START_TEST(versions_are_known_from_a_release_on)
{
    const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT,
                                      .releases = mig_releases_all() };
    g_autofree char *text =
        g_strdup_printf(START " full 3 \"%s\" 0 %u; u8 1; footer 3; eof",
                        version_releases[_i].section, version_releases[_i].version);
    g_autoptr(Judged) judged = judge_text(text, &options);
    const MigFinding *finding = finding_of(judged, "release-device-version");
    const char *wanted = version_releases[_i].says;

    ck_assert_msg(!wanted == !finding &&
                      (!wanted || g_str_has_suffix(finding->message, wanted)),
                  "%s %u: %s", version_releases[_i].section, version_releases[_i].version,
                  finding ? finding->message : "nothing is found");
}
END_TEST

#define CARD(name, instance) "full 3 \"" name "\" " instance " 2; u8 1; footer 3; "

/* Sections that a release, or some of its builds, does not know; which card it takes one for. */
static const struct {
    const char *sections;
    MigRelease release;
    const char *says; /* NULL: it is not found */
    MigSeverity severity;
} removed[] = {
    { CARD("s390_css", "0"), 900, NULL, 0 },
    { CARD("s390_css", "0"), 901, "9.2.0 know no such section", MIG_SEVERITY_WARNING },
    { CARD("s390_css", "0"), 902, "9.2.0 know no such section", MIG_SEVERITY_WARNING },
    { CARD("s390_css", "0"), 1000, NULL, 0 },
    { CARD("vga", "0"), 1002, NULL, 0 },
    { CARD("vga", "0"), 1100, "vga-isa later", MIG_SEVERITY_ERROR },
    { CARD("a/vga", "0") CARD("vga", "0"), 1100, "it is taken for a/vga",
      MIG_SEVERITY_ERROR },
    { CARD("a/vga", "0") CARD("b/vga", "0") CARD("vga", "1"), 1100,
      "it is taken for b/vga", MIG_SEVERITY_ERROR },
    { CARD("a/vga", "0") CARD("vga", "1"), 1100, "vga-isa later", MIG_SEVERITY_ERROR },
    { CARD("a/qxl", "0") CARD("vga", "0"), 1100, "vga-isa later", MIG_SEVERITY_ERROR },
};

START_TEST(removed_sections_are_known)
{
    const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT,
                                      .releases = mig_releases_one(removed[_i].release) };
    g_autofree char *text = g_strconcat("header; config \"pc-q35-5.2\"; " START_RAM,
                                        removed[_i].sections, "eof", NULL);
    g_autoptr(Judged) judged = judge_text(text, &options);
    const MigFinding *finding = finding_of(judged, "section-removed");
    const char *says = removed[_i].says;

    ck_assert_msg(!says == !finding, "%s: %s", text, finding ? finding->message : "none");
    ck_assert_msg(!says || (g_str_has_suffix(finding->message, says) &&
                            finding->severity == removed[_i].severity),
                  "%s: %s", text, finding ? finding->message : "none");
}
END_TEST

/* The first or the last release that knows each, as read from the sources of all releases. */
static const struct {
    const char *owner, *name, *says;
} subsection_releases[] = {
    { "cpu/m", "mve", "came with QEMU 6.1" },
    { "cpu", "sme", "came with QEMU 7.1" },
    { "cpu/pmsav8", "pmsav8r", "came with QEMU 8.0" },
    { "cpu/vfp", "fpcr_fpsr", "came with QEMU 9.1" },
    { "cpu", "zt0", "came with QEMU 10.1" },
    { "cpu", "pstate64", "came with QEMU 10.2" },
    { "cpu", "syndrome64", "came with QEMU 10.2" },
    { "virtio", "128bit_features", "came with QEMU 10.2" },
    { "cpu", "event", "came with QEMU 11.0" },
    { "cpu", "fpmr", "came with QEMU 11.1" },
    { "vitio-balloon-device", "page-poison", "is known up to QEMU 6.1 only" },
    { "esp", "pdma", "is known up to QEMU 8.2 only" },
    { "cpu", "iwmmxt", "is known up to QEMU 10.1 only" },
};

START_TEST(subsections_are_known_from_or_up_to_a_release)
{
    const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT,
                                      .releases = mig_releases_all() };
    const char *owner = subsection_releases[_i].owner,
               *name = subsection_releases[_i].name;
    g_autofree char *wanted =
        g_strdup_printf("subsection %s/%s %s", owner, name, subsection_releases[_i].says);
    g_autofree char *text = g_strdup_printf(
        START
        " full 3 \"x\" 0 1; u8 1; subsection \"%s/%s\" 1 { u8 1 }; footer 3; eof; "
        "description {\n{\"page_size\": 4096, \"devices\": [{\"name\": \"x\", "
        "\"instance_id\": 0, \"vmsd_name\": \"%s\", \"version\": 1, \"fields\": "
        "[{\"name\": \"a\", \"type\": \"uint8\", \"size\": 1}], \"subsections\": "
        "[{\"vmsd_name\": \"%s/%s\", \"version\": 1, \"fields\": [{\"name\": \"b\", "
        "\"type\": \"uint8\", \"size\": 1}]}]}]}\n}\n",
        owner, name, owner, owner, name);
    g_autoptr(Judged) judged = judge_text(text, &options);
    const MigFinding *finding = finding_of(judged, "subsection-newer");

    ck_assert_msg(finding && g_str_equal(finding->message, wanted), "%s: %s", wanted,
                  finding ? finding->message : "nothing is found");
}
END_TEST

/* Of several releases each is judged by itself, and none makes an error of the stream. */
START_TEST(several_releases_are_judged_apart)
{
    const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT,
                                      .releases = mig_releases_all() };
    g_autoptr(Judged) judged = judge_fixture("good/vfio-config-last.txt", &options, NULL);
    const MigFinding *oldest = mig_check_first_refusal(judged->check, 502);
    g_autofree char *refusing = mig_releases_text(mig_check_refusing(judged->check));
    ck_assert_str_eq(refusing, "5.2 to 7.1");
    ck_assert_ptr_nonnull(oldest);
    ck_assert_str_eq(mig_rule_id(oldest->rule), "machine-newer");
    ck_assert_ptr_null(mig_check_first_refusal(judged->check, 702));
    ck_assert_uint_eq(mig_check_count(judged->check, MIG_SEVERITY_ERROR), 0);
    ck_assert_uint_eq(mig_check_count(judged->check, MIG_SEVERITY_NOTE), 1);
}
END_TEST

/* What a remedy does is what makes the finding go: each is run. */
START_TEST(a_remedy_mends_what_was_found)
{
    g_auto(GStrv) names = fixture_list("bad", ".txt");
    const char *name = names[_i];
    const MigRule *rule = rule_of_fixture(name);
    MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT };
    g_autofree char *need = NULL;
    read_options(name, &options, &need);
    g_autoptr(Judged) judged = judge_fixture(name, &options, need);
    const MigFinding *finding = finding_of(judged, mig_rule_id(rule));
    ck_assert_msg(finding, "%s does not fire its rule", name);
    ck_assert_msg(!finding->loader || finding->loader_id,
                  "%s: \"%s\" is in no row of lib/message", name, finding->loader);
    ck_assert_msg(!(mig_rule_needs_release(rule) ||
                    (mig_rule_needs_destination(rule) && finding->loader)) ||
                      finding->remedy.filter || finding->remedy.none,
                  "%s: neither a remedy nor why there is none", name);
    if (!finding->remedy.filter) {
        return;
    }
    g_autoptr(GBytes) stream = fixture_bytes(name);
    g_autoptr(GBytes) mended = converted(stream, finding->remedy.filter);
    g_autoptr(GBytes) against = beside("against", name);
    g_autoptr(Judged) again = judge_beside(mended, NULL, against, name, &options, need);
    ck_assert_msg(!finding_of(again, mig_rule_id(rule)), "%s: %s mends nothing", name,
                  finding->remedy.filter);
}
END_TEST

static const struct {
    const char *machine;
    MigRelease release;
} machines[] = {
    { "pc-q35-7.2", 702 },
    { "virt-10.0", 1000 },
    { "pseries-11.1", 1101 },
    { "pc-i440fx-2.4", 204 },
    { "pc-q35-rhel9.2.0", 0 },
    { "versatilepb", 0 },
    { "", 0 },
    { "pc-q35-7", 0 },
    { "xlnx-zcu102", 0 },
};

/* A machine type that a vendor has, whose it is, and the stock one that the remedy names. */
static const struct {
    const char *machine, *vendor, *stock;
    MigRelease release;
} vendors[] = {
    { "pc-q35-rhel9.4.0", "Red Hat's QEMU", NULL, 0 },
    { "pc-i440fx-rhel7.6.0", "Red Hat's QEMU", NULL, 0 },
    { "virt-rhel8.6.0", "Red Hat's QEMU", NULL, 0 },
    { "rhel6.6.0", "Red Hat's QEMU", NULL, 0 },
    { "pc-i440fx-9.0+pve0", "Proxmox VE's QEMU", "pc-i440fx-9.0", 0 },
    { "pc-q35-8.1+pve2", "Proxmox VE's QEMU", "pc-q35-7.2", 702 },
    { "pc-i440fx-jammy", "Ubuntu's QEMU", "pc-i440fx-6.2", 1101 },
    { "pc-q35-noble-v2", "Ubuntu's QEMU", "pc-q35-8.2", 0 },
    { "s390-ccw-virtio-jammy", "Ubuntu's QEMU", "s390-ccw-virtio-6.2", 0 },
    { "pc-i440fx-bionic-hpb", "Ubuntu's QEMU", "pc-i440fx-2.11", 702 },
    { "pc-i440fx-bionic", "Ubuntu's QEMU", NULL, 1101 }, /* which has no such old type */
    { "pc-i440fx-trusty", "Ubuntu's QEMU", NULL, 1000 },
    { "pc-q35-acme1", "a distribution's QEMU", NULL, 0 },
    /* stock, old and new, and beginnings of stock names */
    { "pc-q35-7.2", NULL, NULL, 0 },
    { "pc-q35-4.0.1", NULL, NULL, 0 },
    { "pseries-2.12-sxxm", NULL, NULL, 0 },
    { "xlnx-zcu102", NULL, NULL, 0 },
    { "pc-q35-7", NULL, NULL, 0 },
    { "pc-q35-", NULL, NULL, 0 },
};

START_TEST(machine_types_of_vendors_are_known)
{
    g_autofree char *text =
        g_strdup_printf("header; config \"%s\"; eof", vendors[_i].machine);
    const MigCheckOptions options = {
        MIG_CHECK_OPTIONS_INIT,
        .releases = vendors[_i].release ? mig_releases_one(vendors[_i].release) : 0,
    };
    g_autoptr(Judged) judged = judge_text(text, &options);
    const MigFinding *finding = finding_of(judged, "configuration-vendor");
    g_autofree char *remedy = g_strdup_printf("machine:name=%s", vendors[_i].stock);

    ck_assert_msg(!finding == !vendors[_i].vendor, "%s", text);
    ck_assert_msg(!finding || strstr(finding->message, vendors[_i].vendor), "%s: %s",
                  text, finding ? finding->message : "");
    ck_assert_msg(!finding || finding->severity == (options.releases ? MIG_SEVERITY_ERROR
                                                                     : MIG_SEVERITY_NOTE),
                  "%s", text);
    ck_assert_msg(!finding || g_strcmp0(finding->remedy.filter,
                                        vendors[_i].stock ? remedy : NULL) == 0,
                  "%s: %s", text, finding ? finding->remedy.filter : "");
    ck_assert_msg(!finding || !finding_of(judged, "configuration-machine"), "%s", text);
    /* "pc-q35-8.1+pve2" for 7.2 */
    ck_assert_msg(!finding || !vendors[_i].stock ||
                      !strstr(finding->remedy.gives_up, "older stock type") ==
                          (strncmp(vendors[_i].machine, "pc-q35-8.1", 10) != 0),
                  "%s: %s", text, finding ? finding->remedy.gives_up : "");
}
END_TEST

/* From which release on an Arm CPU has a subsection. */
static const struct {
    const char *name;
    MigRelease first;
} arm_subsections[] = {
    { "cpu/m/mve", 601 },         { "cpu/sme", 701 },    { "cpu/pmsav8/pmsav8r", 800 },
    { "cpu/vfp/fpcr_fpsr", 901 }, { "cpu/zt0", 1001 },   { "cpu/pstate64", 1002 },
    { "cpu/syndrome64", 1002 },   { "cpu/event", 1100 }, { "cpu/fpmr", 1101 },
};

START_TEST(a_subsection_comes_with_its_release)
{
    for (size_t i = 0; i < G_N_ELEMENTS(releases); i++) {
        const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT,
                                          .releases = mig_releases_one(releases[i]) };
        g_autoptr(Judged) judged =
            judge_fixture("bad/subsection-newer-arm.txt", &options, NULL);
        g_autofree char *message = g_strdup_printf(
            "subsection %s came with QEMU %u.%u", arm_subsections[_i].name,
            arm_subsections[_i].first / 100, arm_subsections[_i].first % 100);
        size_t n;
        const MigFinding *findings = mig_check_findings(judged->check, &n);
        bool told = false;

        for (size_t j = 0; j < n; j++) {
            told |= g_str_equal(findings[j].message, message);
        }
        ck_assert_msg(told == (releases[i] < arm_subsections[_i].first), "%s for %u",
                      message, releases[i]);
    }
}
END_TEST

/* What stock QEMU 5.2 and 7.2 print: an abort, a refusal, or nothing. */
static const struct {
    const char *state;
    MigRelease release;
    const char *loader;
} states[] = {
    { "running", 702, NULL },
    { "suspended", 502, NULL },
    { "inmigrate", 1101, NULL },
    { "debug", 702, "invalid runstate transition: 'inmigrate' -> 'debug'" },
    { "save-vm", 1000, "invalid runstate transition: 'inmigrate' -> 'save-vm'" },
    { "restore-vm", 502, "invalid runstate transition: 'inmigrate' -> 'restore-vm'" },
    { "preconfig", 502, "invalid runstate transition: 'inmigrate' -> 'preconfig'" },
    { "preconfig", 702, "invalid parameter value: preconfig" },
    { "Paused", 1101, "invalid parameter value: Paused" },
    { "", 702, "invalid parameter value: " },
};

START_TEST(a_run_state_is_one_that_the_loader_enters)
{
    g_autofree char *text = g_strdup_printf(
        "header; config \"pc-q35-5.2\"; full 3 \"globalstate\" 0 1; be32 1; str \"%s\";"
        "zero 100-%zu; footer 3; eof",
        states[_i].state, strlen(states[_i].state));
    const MigCheckOptions options = { MIG_CHECK_OPTIONS_INIT,
                                      .releases = mig_releases_one(states[_i].release) };
    g_autoptr(Judged) judged = judge_text(text, &options);
    const MigFinding *finding = finding_of(judged, "run-state");

    ck_assert_msg(g_strcmp0(finding ? finding->loader : NULL, states[_i].loader) == 0,
                  "%s: %s", states[_i].state, finding ? finding->loader : "");
}
END_TEST

#define FULL(id, name, instance) \
    "full " id " \"" name "\" " instance " 1; u8 1; footer " id ";"
#define RAM_ZERO                                                             \
    "start 2 \"ram\" 0 4; ram-size 0x1000; ram-block \"a\" 0x1000; ram-eos;" \
    "footer 2; end 2; be64 0x2; pstr8 \"a\"; u8 0; ram-eos; footer 2;"

/* What looks alike, and is found or not. */
static const struct {
    const char *rule, *text;
    bool found;
} alike[] = {
    { "section-name-shared", FULL("3", "0:5/nic", "0") FULL("4", "nic", "0"), true },
    { "section-name-shared", FULL("3", "0:5/nic", "0") FULL("4", "nic", "1"), false },
    { "section-name-shared",
      FULL("3", "0:5/nic", "0") FULL("4", "0:6/nic", "0") FULL("5", "nic", "1"), true },
    { "section-name-shared", FULL("3", "nic", "0") FULL("4", "0:5/nic", "0"), false },
    { "section-name-shared", FULL("3", "0:5/nic2", "0") FULL("4", "nic", "0"), false },
    { "ram-missing", FULL("3", "nic", "0"), true },
    { "ram-missing", RAM_ZERO, false },
    { "ram-channels-missing", RAM_ZERO, false }, /* each page has its record */
};

START_TEST(what_looks_alike_is_told_apart)
{
    g_autofree char *text =
        g_strdup_printf("header; config \"pc-q35-7.2\"; %s eof", alike[_i].text);
    g_autoptr(Judged) judged = judge_text(text, NULL);

    ck_assert_msg(!finding_of(judged, alike[_i].rule) == !alike[_i].found, "%s: %s",
                  alike[_i].rule, text);
}
END_TEST

#define PCI_NIC                                                                          \
    FULL("3", "0:5/nic", "0")                                                            \
    "full 4 \"nic\" 0 %s; u8 1; u8 2; footer 4; eof\ndescription {\n{'devices': ["       \
    "{'name': '0:5/nic', 'instance_id': 0, 'vmsd_name': 'nic', 'version': 1, 'fields': " \
    "[{'name': 'dev', 'type': 'uint8', 'size': 1}]},"                                    \
    "{'name': 'nic', 'instance_id': 0, 'vmsd_name': 'nic', 'version': 1, 'fields': "     \
    "%s}]}\n}\n"

#define BYTE(name) "{'name': '" name "', 'type': 'uint8', 'size': 1}"

/* A section "nic" beside ".../nic": what a loader makes of it. */
static const struct {
    const char *version, *fields;
    MigSeverity severity;
} shared_names[] = {
    { "2", "[" BYTE("dev") "," BYTE("more") "]",
      MIG_SEVERITY_ERROR }, /* newer than the other */
    { "1", "[" BYTE("irq") "," BYTE("more") "]",
      MIG_SEVERITY_ERROR }, /* another structure */
    { "1", "[" BYTE("dev") "," BYTE("more") "]",
      MIG_SEVERITY_WARNING }, /* the same, longer */
};

START_TEST(a_shared_name_is_an_error_where_the_devices_differ)
{
    g_autofree char *body =
        g_strdup_printf(PCI_NIC, shared_names[_i].version, shared_names[_i].fields);
    g_autofree char *text = g_strdup_printf("header; config \"pc-q35-7.2\"; %s", body);
    g_autoptr(Judged) judged = judge_text(g_strdelimit(text, "'", '"'), NULL);
    const MigFinding *finding = finding_of(judged, "section-name-shared");

    ck_assert_msg(finding != NULL, "%s", text);
    ck_assert_int_eq(finding->severity, shared_names[_i].severity);
}
END_TEST

START_TEST(machine_types_tell_their_release)
{
    ck_assert_msg(mig_release_of_machine(machines[_i].machine) == machines[_i].release,
                  "%s", machines[_i].machine);
}
END_TEST

Suite *suite_rules(void)
{
    Suite *suite = suite_create("rules");
    TCase *tc = tcase_create("rules");
    g_auto(GStrv) bad = fixture_list("bad", ".txt");
    g_auto(GStrv) good = fixture_list("good", ".txt");
    g_auto(GStrv) real = fixture_list("real", ".mig.zst");
    tcase_add_test(tc, ids_are_unique_words);
    tcase_add_test(tc, prerequisites_stand_above);
    tcase_add_test(tc, every_defect_of_the_reader_is_a_rule);
    tcase_add_test(tc, the_manual_has_every_rule_and_no_other);
    tcase_add_test(tc, every_rule_has_a_fixture);
    tcase_add_loop_test(tc, a_fixture_fires_its_rule_and_no_other_error, 0,
                        (int)g_strv_length(bad));
    tcase_add_loop_test(tc, a_good_fixture_breaks_no_rule, 0, (int)g_strv_length(good));
    tcase_add_loop_test(tc, a_real_stream_is_sound, 0, (int)g_strv_length(real));
    tcase_add_loop_test(tc, a_real_stream_fits_itself, 0, (int)g_strv_length(real));
    tcase_add_loop_test(tc, a_real_stream_loads_where_it_should, 0,
                        (int)g_strv_length(real));
    tcase_add_loop_test(tc, interrupts_before_the_controller_are_found, 0,
                        G_N_ELEMENTS(orders));
    tcase_add_test(tc, findings_that_repeat_are_counted);
    tcase_add_test(tc, damage_is_always_told);
    tcase_add_test(tc, findings_come_in_stream_order);
    tcase_add_loop_test(tc, ends_are_missing_save_in_a_background_snapshot, 0,
                        G_N_ELEMENTS(unended));
    tcase_add_test(tc, a_rule_is_as_severe_as_the_user_says);
    tcase_add_loop_test(tc, without_ground_a_rule_is_not_evaluated, 0,
                        G_N_ELEMENTS(grounds));
    tcase_add_loop_test(tc, what_is_elsewhere_is_no_error, 0, G_N_ELEMENTS(elsewhere));
    tcase_add_test(tc, a_guest_of_zero_pages_lacks_none);
    tcase_add_loop_test(tc, the_users_word_decides_on_the_need, 0, G_N_ELEMENTS(needs));
    tcase_add_loop_test(tc, releases_are_read, 0, G_N_ELEMENTS(release_texts));
    tcase_add_loop_test(tc, sets_of_releases_are_named_shortly, 0,
                        G_N_ELEMENTS(release_sets));
    tcase_add_test(tc, several_releases_are_judged_apart);
    tcase_add_loop_test(tc, removed_sections_are_known, 0, G_N_ELEMENTS(removed));
    tcase_add_loop_test(tc, versions_are_known_from_a_release_on, 0,
                        G_N_ELEMENTS(version_releases));
    tcase_add_loop_test(tc, subsections_are_known_from_or_up_to_a_release, 0,
                        G_N_ELEMENTS(subsection_releases));
    tcase_add_test(tc, each_word_is_known_from_a_release_on);
    tcase_add_test(tc, releases_refuse_what_is_recorded);
    tcase_add_loop_test(tc, a_remedy_mends_what_was_found, 0, (int)g_strv_length(bad));
    tcase_add_loop_test(tc, machine_types_tell_their_release, 0, G_N_ELEMENTS(machines));
    tcase_add_loop_test(tc, what_looks_alike_is_told_apart, 0, G_N_ELEMENTS(alike));
    tcase_add_loop_test(tc, a_shared_name_is_an_error_where_the_devices_differ, 0,
                        G_N_ELEMENTS(shared_names));
    tcase_add_loop_test(tc, a_subsection_comes_with_its_release, 0,
                        G_N_ELEMENTS(arm_subsections));
    tcase_add_loop_test(tc, machine_types_of_vendors_are_known, 0, G_N_ELEMENTS(vendors));
    tcase_add_loop_test(tc, a_run_state_is_one_that_the_loader_enters, 0,
                        G_N_ELEMENTS(states));
    suite_add_tcase(suite, tc);
    return suite;
}
