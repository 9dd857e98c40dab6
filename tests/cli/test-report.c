/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the page of migstat report, as far as no browser is needed: that nothing of a
 *                stream is markup, the policy, the size, that elements are closed, links.
 * Must not know: the library.
 * See also:      tests/browser/report, the same page in a browser.
 */
#include "support.h"

#include <stdbool.h>
#include <string.h>

#include "mkmig.h"

/* The page about @file, of @status. */
static char *page_of(const char *file, const char *other, int status)
{
    g_autoptr(Run) run = run_migstat(NULL, "report", file, other, NULL);

    ck_assert_msg(run->status == status, "%s: %d %s", file, run->status, run->err);
    return g_strdup(run->out);
}

static char *page_of_text(const char *text, int status)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = mkmig_assemble(text, "text", &error);
    g_autoptr(Run) run = NULL;

    ck_assert_msg(bytes, "%s", error ? error->message : "");
    run = run_migstat(bytes, "report", "-", NULL);
    ck_assert_msg(run->status == status, "%d %s", run->status, run->err);
    return g_strdup(run->out);
}

/* What is between two tags, of which there is one pair. */
static char *between(const char *page, const char *open, const char *close)
{
    const char *start = strstr(page, open), *end;

    ck_assert_msg(start, "no %s", open);
    start += strlen(open);
    end = strstr(start, close);
    ck_assert_msg(end && !strstr(end, open), "more than one %s", open);
    return g_strndup(start, (gsize)(end - start));
}

/* --- well-formed ------------------------------------------------------------------------- */

/* As XML: the elements that HTML has without an end get one, and style and script go. */
static char *as_xml(const char *page)
{
    g_autoptr(GRegex) lone = g_regex_new("<(meta[^>]*|br)>", 0, 0, NULL);
    g_autoptr(GRegex) raw =
        g_regex_new("<(style|script)>.*?</\\1>", G_REGEX_DOTALL, 0, NULL);
    g_autofree char *without = g_regex_replace(raw, page, -1, 0, "", 0, NULL);

    return g_regex_replace(lone, without, -1, 0, "<\\1/>", 0, NULL);
}

/* What a page has, as its parser meets it. */
typedef struct Met {
    GHashTable *ids;
    GPtrArray *links;
    bool doubled;    /* an id twice */
    const char *odd; /* an element or attribute that the page never has */
} Met;

static void meet(GMarkupParseContext *context, const char *element, const char **names,
                 const char **values, gpointer user, GError **error)
{
    static const char *const elements[] = {
        "html",    "head",   "meta",  "title",  "body", "header", "p",          "h1",
        "h2",      "h3",     "nav",   "ul",     "ol",   "li",     "a",          "main",
        "section", "strong", "br",    "dl",     "dt",   "dd",     "div",        "table",
        "thead",   "tbody",  "tr",    "th",     "td",   "code",   "b",          "q",
        "svg",     "rect",   "text",  "line",   "g",    "figure", "figcaption", "details",
        "summary", "em",     "small", "footer", NULL
    };
    Met *met = user;

    (void)context, (void)error;
    if (!g_strv_contains(elements, element)) {
        met->odd = g_intern_string(element);
    }
    for (int i = 0; names[i]; i++) {
        if (g_str_equal(names[i], "id") &&
            !g_hash_table_add(met->ids, g_strdup(values[i]))) {
            met->doubled = true;
        }
        if (g_str_equal(names[i], "href")) {
            g_ptr_array_add(met->links, g_strdup(values[i]));
        }
        if (g_str_has_prefix(names[i], "on") || g_str_equal(names[i], "src") ||
            g_str_equal(names[i], "style")) {
            met->odd = g_intern_string(names[i]);
        }
    }
}

/* Elements are closed and known, each id is one, and each link leads to one. */
static void assert_sound(const char *what, const char *page)
{
    static const GMarkupParser parser = { .start_element = meet };
    g_autoptr(GHashTable) ids =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func(g_free);
    Met met = { .ids = ids, .links = links };
    g_autoptr(GMarkupParseContext) context =
        g_markup_parse_context_new(&parser, 0, &met, NULL);
    g_autofree char *xml = as_xml(page);
    g_autoptr(GError) error = NULL;

    ck_assert_msg(g_markup_parse_context_parse(context, xml, -1, &error) &&
                      g_markup_parse_context_end_parse(context, &error),
                  "%s: %s", what, error ? error->message : "");
    ck_assert_msg(!met.odd, "%s: %s", what, met.odd);
    ck_assert_msg(!met.doubled, "%s: an id twice", what);
    for (guint i = 0; i < links->len; i++) {
        const char *link = g_ptr_array_index(links, i);

        ck_assert_msg(*link == '#' && g_hash_table_contains(ids, link + 1), "%s: %s",
                      what, link);
    }
    ck_assert_msg(strlen(page) < 2000000, "%s: %zu bytes", what, strlen(page));
}

START_TEST(pages_of_real_streams_are_sound)
{
    g_auto(GStrv) streams = fixture_list("real", ".mig.zst");

    for (char **stream = streams; *stream; stream++) {
        g_autofree char *relative = g_build_filename("tests/fixtures", *stream, NULL);
        g_autofree char *file = source_path(relative);
        g_autoptr(Run) run = run_migstat(NULL, "report", file, NULL);

        ck_assert_msg(run->status <= 1, "%s: %s", *stream, run->err);
        assert_sound(*stream, run->out);
    }
}
END_TEST

/* Broken ones too, of which some have hardly anything. */
START_TEST(pages_of_broken_streams_are_sound)
{
    g_auto(GStrv) streams = fixture_list("bad", ".txt");
    guint n = 0;

    for (char **stream = streams; *stream; stream++) {
        if (n++ % 6 == (guint)_i) {
            g_autofree char *file = fixture_file(*stream);
            g_autoptr(Run) run = run_migstat(NULL, "report", "--for=7.2", file, NULL);

            ck_assert_msg(run->status <= 1, "%s: %s", *stream, run->err);
            assert_sound(*stream, run->out);
        }
    }
}
END_TEST

START_TEST(the_page_of_nothing_is_sound)
{
    g_autofree char *page = page_of_text("", 1);

    assert_sound("nothing", page);
    ck_assert_ptr_nonnull(strstr(page, "Nothing of it could be read."));
}
END_TEST

/* --- hostile names ------------------------------------------------------------------------- */

/* Names that are markup, an end of an attribute or of the script, and what is no text. */
static const char *const names[] = {
    "<script>alert(1)</script>", "'><img src=x onerror=alert(1)>",
    "</style></title></script>", "&lt;b&gt;&#60;b&#62;",
    "javascript:alert(1)",
};

START_TEST(names_are_text)
{
    g_autofree char *text = g_strdup_printf(
        "header\nconfig \"%s\"\nstart 2 \"ram\" 0 4\n ram-size 0x4000\n ram-block \"%s\" "
        "0x4000\n ram-eos\nfooter 2\nfull 5 \"%s\" 0 1\n be32 0\nfooter 5\nstart 7 "
        "\"%s/vfio\" 0 1\n be64 0xffffffffef100003\n be64 0xffffffffef100001\nfooter "
        "7\neof\n",
        names[_i], names[_i], names[_i], names[_i]);
    g_autofree char *page = page_of_text(text, 1);
    g_autofree char *escaped = g_markup_escape_text(names[_i], -1);
    g_autofree char *rest = NULL;

    assert_sound(names[_i], page);
    rest = as_xml(page);
    ck_assert_msg(strstr(rest, escaped), "%s", escaped);
    ck_assert_msg(!strpbrk(names[_i], "<>") || !strstr(rest, names[_i]), "%s", names[_i]);
}
END_TEST

/* A name with control characters, and bytes that are no UTF-8. */
START_TEST(bytes_are_shown_escaped)
{
    g_autofree char *page = page_of_text("header\nconfig \"m\"\nfull 5 "
                                         "\"a\\x1b[31m\\xff\\xe2\\x80\\xae\" 0 1\n be32 "
                                         "0\nfooter 5\neof\n",
                                         1);

    ck_assert(g_utf8_validate(page, -1, NULL));
    ck_assert_ptr_nonnull(strstr(page, "a\\x1b[31m\\xff\\xe2\\x80\\xae"));
    ck_assert_ptr_null(strchr(page, '\033'));
}
END_TEST

START_TEST(the_name_of_a_file_is_text)
{
    g_autofree char *folder = scratch_dir();
    g_autofree char *file = g_build_filename(folder, "<b onclick='x'>&\".mig", NULL);
    g_autoptr(GBytes) bytes = fixture_bytes("real/q35-72-two-vfio.mig.zst");
    g_autofree char *page = NULL;
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);

    ck_assert(g_file_set_contents(file, data, (gssize)n, NULL));
    page = page_of(file, NULL, 0);
    assert_sound("file", page);
    ck_assert_ptr_nonnull(
        strstr(page, "<h1>&lt;b onclick=&apos;x&apos;&gt;&amp;&quot;.mig</h1>"));
    scratch_remove(folder);
}
END_TEST

/* --- the policy ---------------------------------------------------------------------------- */

static char *policy_hash(const char *text)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize n = sizeof digest;
    g_autofree char *base = NULL;

    g_checksum_update(sum, (const guchar *)text, (gssize)strlen(text));
    g_checksum_get_digest(sum, digest, &n);
    base = g_base64_encode(digest, n);
    return g_strconcat("'sha256-", base, "'", NULL);
}

/* Nothing is loaded, and style and script are those that the page came with. */
START_TEST(the_policy_is_strict_and_fits)
{
    g_autofree char *file = fixture_file("real/q35-72-two-vfio.mig.zst");
    g_autofree char *page = page_of(file, NULL, 0);
    g_autofree char *style = between(page, "<style>", "</style>");
    g_autofree char *script = between(page, "<script>", "</script>");
    g_autofree char *of_style = policy_hash(style), *of_script = policy_hash(script);
    g_autofree char *policy =
        g_strdup_printf("<meta http-equiv=\"Content-Security-Policy\" "
                        "content=\"default-src 'none'; style-src %s; script-src %s; "
                        "base-uri 'none'; form-action 'none'\">",
                        of_style, of_script);

    ck_assert_ptr_nonnull(strstr(page, policy));
    ck_assert_int_gt(strlen(script), 1000);
    for (const char *p = page; (p = strstr(p, "//")); p += 2) {
        /* comments of the script, and no address of anything */
        ck_assert_msg(p[-1] != ':', "%.40s", p - 8);
    }
    ck_assert_ptr_null(strstr(page, "innerHTML"));
}
END_TEST

/* --- sizes --------------------------------------------------------------------------------- */

/* Streams that have very much of one thing, and what the page says of the rest. */
static const struct {
    const char *what, *text, *says;
    int status;
} large[] = {
    { "sections",
      "header; config \"m\"; repeat 20000 { full @i \"a-device-with-a-rather-long-name\" "
      "@i 1; "
      "be32 0; footer @i }; eof",
      "sections are not shown here: <code>migstat dump --sections -", 0 },
    { "devices",
      "header; config \"m\"; repeat 20000 { full @i \"a-device-with-a-rather-long-name\" "
      "@i 1; "
      "be32 0; footer @i }; eof",
      "devices are not shown here: <code>migstat dump --devices -", 0 },
    { "blocks",
      "header; config \"m\"; start 2 \"ram\" 0 4; ram-size 0x3200000; repeat 800 { "
      "ram-block "
      "\"<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<@i\" 0x4000 }; ram-eos; "
      "footer "
      "2; eof",
      "", 1 },
    { "iterations",
      "header; config \"m\"; start 2 \"ram\" 0 4; ram-size 0x4000; ram-block \"b\" "
      "0x4000; "
      "ram-eos; footer 2; repeat 30000 { part 2; ram-eos; footer 2 }; end 2; ram-eos; "
      "footer 2; "
      "eof",
      "sections are not shown here", 1 },
};

START_TEST(a_page_is_small)
{
    g_autofree char *page = page_of_text(large[_i].text, large[_i].status);

    assert_sound(large[_i].what, page);
    ck_assert_msg(strstr(page, large[_i].says), "%s", large[_i].what);
}
END_TEST

/* --- what is on it ------------------------------------------------------------------------- */

/* Of files under tests/fixtures, a second one or NULL, and what the page has. */
static const struct {
    const char *file, *other;
    int status;
    const char *has;
} shown[] = {
    { "real/virt-52-gicv3-vfio.mig.zst", NULL, 0,
      "No reason to refuse found for 5.2; 6.0 to 11.1 refuse it" },
    { "real/virt-52-gicv3-vfio.mig.zst", NULL, 0,
      "What helps: <code>migstat convert --to=config-last " },
    { "real/virt-52-gicv3-vfio.mig.zst", NULL, 0,
      "<b>note</b> [vfio-data-before-config]" },
    { "real/virt-52-gicv3-vfio.mig.zst", NULL, 0, ">interrupt controllers</text>" },
    { "real/virt-52-gicv3-vfio.mig.zst", NULL, 0,
      "interrupt controller is restored at 0x71f11</title>" },
    { "real/virt-52-gicv3-vfio.mig.zst", NULL, 0,
      "<th scope=\"row\">mach-virt.ram</th>" },
    { "real/virt-52-gicv3-vfio.mig.zst", NULL, 0, "<b>cpreg_vmstate_indexes</b>" },
    { "real/q35-72-vfio.mig.zst", "real/q35-72-two-vfio.mig.zst", 0,
      "<th scope=\"row\">0000:00:02.0/vfio</th>" },
    { "real/q35-72-vfio.mig.zst", "real/q35-72-vfio.mig.zst", 0, "<p>None.</p>" },
    { "channels/q35-100-multifd-vfio", NULL, 0, "<h2 id=\"h-channels\">Channels</h2>" },
    { "bad/footer-id.txt", NULL, 1, "<b>error</b> [footer-id]" },
    { "real/q35-72-vfio.mig.zst", "bad/magic.txt", 1,
      "magic</b> could not be read to its end, so that not all is known: " },
    { "bad/eof-missing.txt", "real/q35-72-vfio.mig.zst", 1,
      "eof-missing</b> could not be read to its end, so that not all is known: " },
};

START_TEST(a_page_has_what_was_found)
{
    g_autofree char *file =
        strstr(shown[_i].file, "channels/")
            ? g_strconcat(g_getenv("SRCDIR"), "/tests/fixtures/", shown[_i].file, NULL)
            : fixture_file(shown[_i].file);
    g_autofree char *other = shown[_i].other ? fixture_file(shown[_i].other) : NULL;
    g_autofree char *page = page_of(file, other, shown[_i].status);

    ck_assert_msg(strstr(page, shown[_i].has), "%s: %s", shown[_i].file, shown[_i].has);
    assert_sound(shown[_i].file, page);
}
END_TEST

/* --- the time line of a capture -------------------------------------------------------------- */

static void put_bytes(const char *folder, const char *name, GBytes *bytes)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    gsize n;
    const char *data = g_bytes_get_data(bytes, &n);

    ck_assert(g_file_set_contents(path, data, (gssize)n, NULL));
}

static void put_fixture(const char *folder, const char *name, const char *fixture)
{
    g_autoptr(GBytes) bytes = fixture_bytes(fixture);

    put_bytes(folder, name, bytes);
}

/* A sentence begins with a capital letter, and the name of a file as the file. */
static const char *const verdicts[] = { "<strong>other.mig refuses it",
                                        "<strong>No reason for other.mig to refuse it",
                                        "<strong>The destination refuses it" };

START_TEST(a_destination_keeps_its_name)
{
    g_autofree char *folder = scratch_dir();
    const char *argv[] = { g_getenv("MIGSTAT"),
                           "report",
                           "--against=other.mig",
                           _i == 1 ? "other.mig" : "a.mig",
                           _i == 2 ? "--against=again.mig" : NULL,
                           NULL };
    g_autoptr(Run) run = NULL;

    put_fixture(folder, "a.mig", "real/virt-52-gicv3-vfio.mig.zst");
    put_fixture(folder, "other.mig", "real/q35-72-vfio.mig.zst");
    put_fixture(folder, "again.mig", "real/q35-72-vfio.mig.zst");
    run = run_program(argv, NULL, folder);
    ck_assert_msg(strstr(run->out, verdicts[_i]), "%s: %s", verdicts[_i], run->err);
    scratch_remove(folder);
}
END_TEST

static char *capture_of(const char *times)
{
    char *folder = scratch_dir();

    put_fixture(folder, "channel-0", "capture/vfio/main.txt");
    put_fixture(folder, "channel-1", "capture/vfio/a.txt");
    put_fixture(folder, "channel-2", "capture/vfio/b.txt");
    if (times) {
        put_fixture(folder, "timeline.jsonl", times);
    }
    return folder;
}

static const char *const timed[] = {
    "<section id=\"timeline\"",
    "<li><a href=\"#timeline\">Time line</a></li>",
    /* the phases, rounds and channels, with their bytes and rates */
    "<title>pre-copy: 13.000 ms from 0.000 ms on, 24,793 bytes, 1.8 MiB/s</title>",
    "<title>stop-and-copy: 40.000 ms from 13.000 ms on, 9,725 bytes, 237.4 KiB/s</title>",
    "<title>round 1: 2.000 ms from 10.000 ms on, 24,448 bytes, 11.7 MiB/s</title>",
    "<title>channel 0: ",
    "<title>silent for 20.000 ms; then command</title>",
    /* what the guest waited for */
    "The switchover: the guest stands still",
    "<rect class=\"silent\" x=\"190.00\" y=\"8.00\" width=\"380.00\"",
    "<title>0000:00:05.0/vfio: 11.500 ms from ",
    "<title>0000:00:05.0/vfio, on multifd channels: 16.000 ms from ",
    ("<th scope=\"row\">globalstate</th><td>stop-and-copy</td><td class=\"n\" "
     "data-v=\"52000000\">52.000</td><td class=\"n\" data-v=\"1000000\">1.000</td>"),
    "<td class=\"n\" data-v=\"24000000\">24.000</td>",
    "</svg> nothing came</li>",
};

START_TEST(a_capture_has_its_time_line)
{
    g_autofree char *folder = capture_of("timing/timeline.jsonl");
    g_autofree char *page = page_of(folder, NULL, 0);

    for (gsize i = 0; i < G_N_ELEMENTS(timed); i++) {
        ck_assert_msg(strstr(page, timed[i]), "no %s", timed[i]);
    }
    ck_assert_ptr_null(strstr(page, "</svg> postcopy</li>"));
    assert_sound("capture", page);
    scratch_remove(folder);
}
END_TEST

START_TEST(what_was_not_timed_has_none)
{
    g_autofree char *folder = capture_of(NULL);
    g_autofree char *page = page_of(folder, NULL, 0);

    ck_assert_ptr_null(strstr(page, "Time line"));
    scratch_remove(folder);
}
END_TEST

/* What came before the fault is shown. */
START_TEST(a_broken_time_line_is_told)
{
    g_autofree char *folder = capture_of("timing/timeline.jsonl");
    g_autofree char *path = g_build_filename(folder, "timeline.jsonl", NULL);
    g_autofree char *text = NULL, *page = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert(g_file_set_contents(path, text, (gssize)strlen(text) - 10, NULL));
    page = page_of(folder, NULL, 0);
    ck_assert_msg(
        strstr(page, "The time line cannot be read to its end: timeline.jsonl: line "),
        "not told");
    ck_assert_ptr_nonnull(strstr(page, "<title>pre-copy: "));
    assert_sound("broken", page);
    scratch_remove(folder);
}
END_TEST

/* More rounds, sections and silences than a page has room for. */
START_TEST(a_long_time_line_is_counted)
{
    g_autofree char *folder = scratch_dir();
    g_autoptr(GString) lines =
        g_string_new("{\"migstat\":\"timeline\",\"version\":1,\"unit\":\"ns\"}\n");
    g_autoptr(GBytes) stream = mkmig_assemble(
        "header; config \"m\"; start 2 \"ram\" 0 4; ram-size 0x2000; ram-block \"b\" "
        "0x2000; "
        "ram-eos; footer 2; part 2; ram-normal 0 1 \"b\"; ram-eos; footer 2; repeat 5000 "
        "{ part 2; ram-zero 0x1000 \"b\"; ram-zero 0 "
        "\"b\"; "
        "ram-eos; footer 2 }; end 2; ram-eos; footer 2; repeat 3000 { full 1000+@i "
        "\"device-${@i}\" 0 1; zero 1000; footer 1000+@i }; eof",
        "text", NULL);
    g_autoptr(GBytes) times = NULL;
    g_autofree char *page = NULL;

    for (gsize at = 100, time = 0; at <= g_bytes_get_size(stream); at += 500) {
        g_string_append_printf(lines, "{\"time\":%zu,\"channel\":0,\"offset\":%zu}\n",
                               time += 3000000, at);
    }
    times = g_bytes_new(lines->str, lines->len);
    put_bytes(folder, "channel-0", stream);
    put_bytes(folder, "timeline.jsonl", times);
    page = page_of(folder, NULL, 0);
    ck_assert_ptr_nonnull(strstr(page, " pieces of this picture are not shown here: "
                                       "<code>migstat dump --timeline --all "));
    ck_assert_ptr_nonnull(strstr(page, " rows of these tables are not shown here: "));
    assert_sound("long", page);
    scratch_remove(folder);
}
END_TEST

START_TEST(many_channels_are_counted)
{
    g_autofree char *folder = scratch_dir(), *page = NULL;
    g_autoptr(GBytes) stream = mkmig_assemble(
        "header; config \"pc-q35-10.0\"; start 2 \"ram\" 0 4; ram-size 0x1000; ram-block "
        "\"b\" "
        "0x1000; "
        "ram-flush; ram-eos; footer 2; end 2; ram-normal 0 1 \"b\"; ram-flush; ram-eos; "
        "footer 2; eof",
        "text", NULL);

    put_bytes(folder, "channel-0", stream);
    for (unsigned i = 0; i < 200; i++) {
        g_autofree char *name = g_strdup_printf("channel-%u", i + 1);
        g_autofree char *text = g_strdup_printf(
            "multifd-initial %u; multifd-sync 0; multifd-sync %u", i, i + 1);
        g_autoptr(GBytes) channel = mkmig_assemble(text, "text", NULL);

        put_bytes(folder, name, channel);
    }
    page = page_of(folder, NULL, 1);
    ck_assert_ptr_nonnull(strstr(page, " channels are not shown here: "));
    assert_sound("channels", page);
    scratch_remove(folder);
}
END_TEST

/* --- where it goes -------------------------------------------------------------------------- */

START_TEST(a_page_appears_whole_or_not_at_all)
{
    g_autofree char *folder = scratch_dir();
    g_autofree char *page = g_build_filename(folder, "page.html", NULL);
    g_autofree char *file = fixture_file("real/q35-72-vfio.mig.zst");
    g_autofree char *text = NULL, *again = NULL;
    g_autoptr(Run) first = run_migstat(NULL, "report", file, "-o", page, NULL);
    g_autoptr(Run) second = run_migstat(NULL, "report", file, "-o", page, NULL);
    g_autoptr(Run) third = run_migstat(NULL, "report", file, "-o", page, "--force", NULL);
    g_autoptr(Run) fourth =
        run_migstat(NULL, "report", "/nonexistent", "-o", "/nonexistent/page", NULL);

    ck_assert_int_eq(first->status, 0);
    ck_assert_str_eq(first->out, "");
    ck_assert(g_file_get_contents(page, &text, NULL, NULL));
    assert_sound("page", text);
    ck_assert_int_eq(second->status, 2);
    ck_assert_int_eq(third->status, 0);
    ck_assert(g_file_get_contents(page, &again, NULL, NULL));
    ck_assert_str_eq(text, again);
    ck_assert_int_eq(fourth->status, 2);
    scratch_remove(folder);
}
END_TEST

/* Of the second file, and what standard error has. */
static const struct {
    const char *file;
    int status;
    const char *says;
} others[] = {
    { "bad/magic.txt", 1, "magic:0x0: error[magic]: " },
    { "../../nonexistent", 2, "nonexistent: error: cannot open: " },
};

START_TEST(a_second_stream_is_named)
{
    g_autofree char *file = fixture_file("real/q35-72-vfio.mig.zst");
    g_autofree char *other = others[_i].status == 1 ? fixture_file(others[_i].file)
                                                    : g_strdup(others[_i].file);
    g_autoptr(Run) run = run_migstat(NULL, "report", file, other, NULL);

    ck_assert_int_eq(run->status, others[_i].status);
    ck_assert_msg(strstr(run->err, others[_i].says), "%s", run->err);
}
END_TEST

START_TEST(standard_input_has_no_second_stream)
{
    g_autofree char *file = fixture_file("real/q35-72-vfio.mig.zst");
    g_autoptr(GBytes) bytes = fixture_bytes("real/q35-72-vfio.mig.zst");
    g_autoptr(Run) alone = run_migstat(bytes, "report", "-", NULL);
    g_autoptr(Run) two = run_migstat(NULL, "report", "-", file, NULL);

    ck_assert_int_eq(alone->status, 0);
    ck_assert_int_eq(two->status, 2);
    ck_assert_msg(strstr(two->err, "two streams are read twice"), "%s", two->err);
}
END_TEST

Suite *suite_report(void)
{
    Suite *suite = suite_create("report");
    TCase *tc = tcase_create("report");

    tcase_add_test(tc, pages_of_real_streams_are_sound);
    tcase_add_test(tc, the_page_of_nothing_is_sound);
    tcase_add_loop_test(tc, pages_of_broken_streams_are_sound, 0, 1);
    tcase_add_loop_test(tc, names_are_text, 0, G_N_ELEMENTS(names));
    tcase_add_test(tc, bytes_are_shown_escaped);
    tcase_add_test(tc, the_name_of_a_file_is_text);
    tcase_add_test(tc, the_policy_is_strict_and_fits);
    tcase_add_loop_test(tc, a_page_is_small, 0, G_N_ELEMENTS(large));
    tcase_add_loop_test(tc, a_page_has_what_was_found, 0, G_N_ELEMENTS(shown));
    tcase_add_loop_test(tc, a_destination_keeps_its_name, 0, G_N_ELEMENTS(verdicts));
    tcase_add_test(tc, a_capture_has_its_time_line);
    tcase_add_test(tc, what_was_not_timed_has_none);
    tcase_add_test(tc, a_broken_time_line_is_told);
    tcase_add_test(tc, a_long_time_line_is_counted);
    tcase_add_test(tc, many_channels_are_counted);
    tcase_add_test(tc, a_page_appears_whole_or_not_at_all);
    tcase_add_loop_test(tc, a_second_stream_is_named, 0, G_N_ELEMENTS(others));
    tcase_add_test(tc, standard_input_has_no_second_stream);
    suite_add_tcase(suite, tc);
    return suite;
}
