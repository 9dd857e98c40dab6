/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Owns: the proof of `migstat diff`: what is the same is silent, what differs is named.
 * Must not know: how streams are compared.
 * Neighbours: tests/fixtures/diff: a; b, one instruction later; c, another machine.
 */
#include "support.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* "what path" of each difference, in order, with a comma between them. */
static char *differences(const char *output)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GString) list = g_string_new(NULL);

    ck_assert_msg(json_parser_load_from_data(parser, output, -1, NULL), "no JSON: %s",
                  output);
    JsonArray *all = json_object_get_array_member(
        json_node_get_object(json_parser_get_root(parser)), "differences");
    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *one = json_array_get_object_element(all, i);

        g_string_append_printf(
            list, "%s%s %s%s%s", i ? ", " : "",
            json_object_get_string_member(one, "what"),
            json_object_get_string_member_with_default(one, "section", ""),
            json_object_has_member(one, "section") ? ":" : "",
            json_object_get_string_member_with_default(one, "path", ""));
    }
    return g_string_free(g_steal_pointer(&list), FALSE);
}

static const struct {
    const char *a, *b, *option, *differences;
    int status;
} pairs[] = {
    { "diff/a.txt", "diff/a.txt", "--ram", "", 0 },
    { "diff/a.txt", "diff/b.txt", "--ram", "field cpu:regs[2], field cpu:eip", 1 },
    { "diff/a.txt", "diff/c.txt", "--color=never",
      "machine , ram-block vga.vram, field timer:cpu_ticks_offset, version cpu:version, "
      "subsection cpu:cpu/fpu, section slirp:",
      1 },
    { "diff/c.txt", "diff/a.txt", "--ram",
      "machine , ram-pages pc.ram 0x1000-0x2fff, ram-pages pc.ram 0x7000-0x7fff, "
      "ram-block vga.vram, field timer:cpu_ticks_offset, version cpu:version, "
      "subsection cpu:cpu/fpu, section slirp:",
      1 },
    /* one device in all dialects: nothing but the layout, and the machine of each */
    { "good/vfio-config-first.txt", "good/vfio-config-last.txt", "--ram",
      "machine , vfio-layout 0000:00:01.0/vfio:layout", 1 },
    { "good/vfio-config-last.txt", "good/vfio-subflag-needed.txt", "--ram",
      "vfio-layout 0000:00:01.0/vfio:layout", 1 },
    { "good/vfio-subflag-needed.txt", "good/vfio-subflag-not-needed.txt", "--ram",
      "vfio-layout 0000:00:01.0/vfio:layout", 1 },
};

START_TEST(names_what_differs)
{
    g_autofree char *a = fixture_file(pairs[_i].a);
    g_autofree char *b = fixture_file(pairs[_i].b);
    g_autoptr(Run) json =
        run_migstat(NULL, "diff", "--format=json", pairs[_i].option, a, b, NULL);
    g_autoptr(Run) text = run_migstat(NULL, "diff", pairs[_i].option, a, b, NULL);

    ck_assert_msg(json->status == pairs[_i].status, "%s, %s: %d, %s", pairs[_i].a,
                  pairs[_i].b, json->status, json->err);
    ck_assert_int_eq(text->status, pairs[_i].status);
    g_autofree char *got = differences(json->out);
    ck_assert_msg(strcmp(got, pairs[_i].differences) == 0, "%s, %s: got \"%s\"",
                  pairs[_i].a, pairs[_i].b, got);
    ck_assert_msg((*text->out == '\0') == (pairs[_i].status == 0), "%s", text->out);
}
END_TEST

START_TEST(shows_both_values)
{
    g_autofree char *a = fixture_file("diff/a.txt");
    g_autofree char *b = fixture_file("diff/b.txt");
    g_autoptr(Run) text = run_migstat(NULL, "diff", a, b, NULL);
    g_autoptr(Run) json = run_migstat(NULL, "diff", "--format=json", a, b, NULL);
    g_autoptr(Run) colored = run_migstat(NULL, "diff", "--color=always", a, b, NULL);

    ck_assert_msg(
        strstr(text->out, "0x000000000000fff0 (65520) -> 0x000000000000fff2 (65522)"),
        "%s", text->out);
    ck_assert_ptr_null(strchr(text->out, '\033'));
    ck_assert_ptr_nonnull(strchr(colored->out, '\033'));
    ck_assert_msg(strstr(json->out, "\"a\": 65520, \"b\": 65522"), "%s", json->out);
    ck_assert_msg(strstr(json->out, "\"same\": false"), "%s", json->out);
}
END_TEST

static char **streams;

START_TEST(a_stream_is_like_itself)
{
    g_autofree char *file = fixture_file(streams[_i]);
    g_autoptr(Run) run = run_migstat(NULL, "diff", "--ram", file, file, NULL);

    ck_assert_msg(run->status == 0 && *run->out == '\0' && *run->err == '\0',
                  "%s: %d %s %s", streams[_i], run->status, run->out, run->err);
}
END_TEST

START_TEST(one_side_may_be_a_pipe)
{
    g_autofree char *a = fixture_file("diff/a.txt");
    g_autoptr(GBytes) b = fixture_bytes("diff/b.txt");
    g_autoptr(Run) run = run_migstat(b, "diff", "--ram", "--format=json", a, "-", NULL);
    g_autofree char *got = differences(run->out);

    ck_assert_int_eq(run->status, 1);
    ck_assert_str_eq(got, "field cpu:regs[2], field cpu:eip");
}
END_TEST

/* What could be read is compared, and the damage is trouble. */
START_TEST(damage_is_trouble)
{
    g_autofree char *a = fixture_file("diff/a.txt");
    g_autoptr(GBytes) whole = fixture_bytes("diff/c.txt");
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(whole, 0, g_bytes_get_size(whole) / 2);
    g_autoptr(Run) run = run_migstat(cut, "diff", a, "-", NULL);

    ck_assert_int_eq(run->status, 2);
    ck_assert_msg(strstr(run->out, "pc-q35-7.2 -> pc-q35-8.0"), "%s", run->out);
    ck_assert_msg(strstr(run->err, "error[truncated]"), "%s", run->err);
}
END_TEST

Suite *suite_diff(void)
{
    Suite *suite = suite_create("diff");
    TCase *tc = tcase_create("diff");

    streams = streams ? streams : fixture_list("real", ".mig.zst");
    tcase_add_loop_test(tc, names_what_differs, 0, G_N_ELEMENTS(pairs));
    tcase_add_test(tc, shows_both_values);
    tcase_add_loop_test(tc, a_stream_is_like_itself, 0, (int)g_strv_length(streams));
    tcase_add_test(tc, one_side_may_be_a_pipe);
    tcase_add_test(tc, damage_is_trouble);
    suite_add_tcase(suite, tc);
    return suite;
}
