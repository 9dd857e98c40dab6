/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of `migstat diff`: what is the same is silent, what differs is
 *                named.
 * Must not know: how streams are compared.
 * See also:      tests/fixtures/diff: a; b, one instruction later; c, another machine;
 *                zero and scattered, a guest that writes to every other page.
 */
#include "support.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

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
    { "diff/a.txt", "diff/b.txt", "--ignore=cpu:regs*", "field cpu:eip", 1 },
    { "diff/twice.txt", "diff/twice.txt", "--ram", "", 0 },
    { "diff/twice.txt", "diff/twice-later.txt", "--ram", "field cpu:xregs[1]", 1 },
    { "real/virt-72-gicv3-vfio.mig.zst", "real/virt-72-gicv3-msix.mig.zst",
      "--devices=cpu:cpu/vfp.*", "", 0 },
    { "diff/a.txt", "diff/b.txt", "--ignore=cpu", "", 0 },
    { "diff/a.txt", "diff/c.txt", "--devices=cpu:*",
      "version cpu:version, subsection cpu:cpu/fpu", 1 },
    { "diff/a.txt", "diff/c.txt", "--devices=timer:*offset",
      "field timer:cpu_ticks_offset", 1 },
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
    ck_assert_msg(strstr(json->out, "\"a\": 65520, \"a_hex\": \"0xfff0\", "
                                    "\"b\": 65522, \"b_hex\": \"0xfff2\""),
                  "%s", json->out);
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

/* A file can be read twice, a pipe cannot. */
START_TEST(a_pipe_is_not_both_sides)
{
    /* Empty: it may end before anything is written to it. */
    g_autoptr(Run) run = run_migstat(NULL, "diff", "-", "/dev/stdin", NULL);

    ck_assert_int_eq(run->status, 2);
    ck_assert_msg(strstr(run->err, "same pipe"), "%s", run->err);
}
END_TEST

/* A block device can be read twice.  Making one takes a right that not everybody has. */
START_TEST(a_block_device_may_be_both_sides)
{
    g_autofree char *dir = scratch_dir();
    g_autofree char *device = g_build_filename(dir, "device", NULL);

    /* Of a number that no driver has: opening it is what fails. */
    if (mknod(device, S_IFBLK | 0600, makedev(1, 4095)) == 0) {
        g_autoptr(Run) run = run_migstat(NULL, "diff", device, device, NULL);

        ck_assert_int_eq(run->status, 2);
        ck_assert_msg(!strstr(run->err, "same pipe"), "%s", run->err);
    }
    scratch_remove(dir);
}
END_TEST

/* What is there on both sides is compared, what may have been lost is not reported, and the
 * damage is trouble. */
START_TEST(damage_is_trouble)
{
    g_autofree char *a = fixture_file("diff/a.txt");
    g_autoptr(GBytes) whole = fixture_bytes("diff/c.txt");

    for (gsize n = 0, size = g_bytes_get_size(whole); n < size; n += 97) {
        g_autoptr(GBytes) cut = g_bytes_new_from_bytes(whole, 0, n);
        g_autoptr(Run) run = run_migstat(cut, "diff", "--ram", a, "-", NULL);

        ck_assert_int_eq(run->status, 2);
        ck_assert_msg(!strstr(run->out, "only in ---"), "%s", run->out);
        ck_assert_msg(!strstr(run->out, "pages differ"), "%s", run->out);
        ck_assert_msg(strstr(run->err, "error["), "%s", run->err);
    }
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(whole, 0, g_bytes_get_size(whole) / 2);
    g_autoptr(Run) run = run_migstat(cut, "diff", a, "-", NULL);
    ck_assert_msg(strstr(run->out, "pc-q35-7.2 -> pc-q35-8.0"), "%s", run->out);
    ck_assert_msg(strstr(run->err, "error[truncated]"), "%s", run->err);
}
END_TEST

/* The document is whole whatever happens. */
START_TEST(errors_are_json_too)
{
    g_autofree char *a = fixture_file("diff/a.txt");
    g_autoptr(Run) run =
        run_migstat(NULL, "diff", "--format=json", a, "/not/there", NULL);
    g_autofree char *got = differences(run->out);

    ck_assert_int_eq(run->status, 2);
    ck_assert_str_eq(got, "");
    ck_assert_msg(strstr(run->out, "\"same\": null, \"error_a\": null, \"error_b\": {"),
                  "%s", run->out);
}
END_TEST

/* Memory that a stream does not carry is told of, and nobody can say that it is the same. */
START_TEST(missing_memory_is_json_too)
{
    g_autofree char *file = fixture_file("extract/shared.txt");
    g_autoptr(Run) run =
        run_migstat(NULL, "diff", "--ram", "--format=json", file, file, NULL);
    g_autoptr(Run) without = run_migstat(NULL, "diff", "--format=json", file, file, NULL);

    ck_assert_int_eq(run->status, 1);
    ck_assert_msg(strstr(run->out,
                         "\"missing\": [{\"from\": \"a\", \"block\": \"pc.ram\", "
                         "\"address\": 0, \"address_hex\": \"0x0\", \"length\": 16384}"),
                  "%s", run->out);
    ck_assert_msg(strstr(run->out, "{\"from\": \"b\", \"block\": \"vga.vram\", "), "%s",
                  run->out);
    ck_assert_msg(strstr(run->out, "], \"same\": null, "), "%s", run->out);
    ck_assert_int_eq(without->status, 0);
    ck_assert_msg(strstr(without->out, "\"missing\": [], \"same\": true, "), "%s",
                  without->out);
}
END_TEST

/* One of two descriptions is enough. */
START_TEST(reads_what_the_other_side_describes)
{
    g_autofree char *a = fixture_file("diff/a.txt");
    g_autofree char *b = fixture_file("diff/b.txt");
    g_autofree char *dir = scratch_dir();
    g_autofree char *bare = g_build_filename(dir, "bare", NULL);
    g_autoptr(Run) drop = run_migstat(NULL, "convert", "--filter=description:drop=yes", b,
                                      "-o", bare, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "diff", "--format=json", bare, a, NULL);
    g_autofree char *got = differences(run->out);

    ck_assert_int_eq(drop->status, 0);
    ck_assert_str_eq(got, "description , field cpu:regs[2], field cpu:eip");
    scratch_remove(dir);
}
END_TEST

/* Many rows are counted; a program gets each. */
START_TEST(long_lists_end)
{
    g_autofree char *zero = fixture_file("diff/zero.txt");
    g_autofree char *scattered = fixture_file("diff/scattered.txt");
    const char *pages = "0x1fe000-0x1fefff";
    g_autoptr(Run) run = run_migstat(NULL, "diff", "--ram", zero, scattered, NULL);
    g_autoptr(Run) all =
        run_migstat(NULL, "diff", "--ram", "--all", zero, scattered, NULL);
    g_autoptr(Run) json =
        run_migstat(NULL, "diff", "--ram", "--format=json", zero, scattered, NULL);

    ck_assert_msg(strstr(run->out, "256 of 512 pages differ"), "%s", run->out);
    ck_assert_msg(strstr(run->out, "and 156 more (--all shows each)"), "%s", run->out);
    ck_assert_ptr_null(strstr(run->out, pages));
    ck_assert_ptr_nonnull(strstr(all->out, pages));
    ck_assert_ptr_nonnull(strstr(json->out, pages));
}
END_TEST

/* A register is the same one wherever a release puts it, and has the manual's name. */
START_TEST(arm_registers_are_compared_by_name)
{
    g_autofree char *a = fixture_file("real/virt-72-gicv3-vfio.mig.zst");
    g_autofree char *b = fixture_file("real/virt-100-gicv3-vfio.mig.zst");
    g_autoptr(Run) run = run_migstat(NULL, "diff", "--all", a, b, NULL);

    ck_assert_msg(strstr(run->out, "cpreg[ID_DFR0_EL1]                      "
                                   "0x0000000003010006 -> 0x0000000003000006"),
                  "%s", run->out);
    ck_assert_msg(!strstr(run->out, "cpreg_vmstate_values"), "%s", run->out);
}
END_TEST

/* Of values that are flags or long, what differs in them. */
static const struct {
    const char *stream, *field, *shown;
} changes[] = {
    { "real/q35-72-vfio.mig.zst", "0000:00:01.0/vfio:config.command:clear=2",
      "0x0006 Mem+ -> 0x0004 Mem-" },
    { "real/q35-100-devices.mig.zst", "*/virtio-net:virtio.guest_features_low:set=0x8000",
      "0x00000000 -> 0x00008000 (32768) MRG_RXBUF" },
    { "diff/a.txt", "timer:unused:value=0011223344556677",
      "all zero (8 bytes) -> 00 11 22 33 44 55 66 77" },
    { "real/q35-100-devices.mig.zst",
      "globalstate:runstate:value="
      "7072656c61756e6368000000000000000000000000000000000000000001ff02",
      "byte 29: 00 00 00 -> byte 29: 01 ff 02" },
};

START_TEST(shows_what_differs_in_a_value)
{
    g_autofree char *a = fixture_file(changes[_i].stream);
    g_autofree char *dir = scratch_dir();
    g_autofree char *b = g_build_filename(dir, "b", NULL);
    g_autofree char *filter =
        g_strconcat("--filter=set-field:path=", changes[_i].field, NULL);
    g_autoptr(Run) convert = run_migstat(NULL, "convert", filter, a, "-o", b, NULL);
    g_autoptr(Run) run = run_migstat(NULL, "diff", a, b, NULL);

    ck_assert_msg(convert->status == 0, "%s", convert->err);
    ck_assert_msg(strstr(run->out, changes[_i].shown), "%s", run->out);
    scratch_remove(dir);
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
    tcase_add_test(tc, a_pipe_is_not_both_sides);
    tcase_add_test(tc, a_block_device_may_be_both_sides);
    tcase_add_test(tc, damage_is_trouble);
    tcase_add_test(tc, errors_are_json_too);
    tcase_add_test(tc, missing_memory_is_json_too);
    tcase_add_test(tc, reads_what_the_other_side_describes);
    tcase_add_test(tc, long_lists_end);
    tcase_add_test(tc, arm_registers_are_compared_by_name);
    tcase_add_loop_test(tc, shows_what_differs_in_a_value, 0, G_N_ELEMENTS(changes));
    suite_add_tcase(suite, tc);
    return suite;
}
