/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of `migstat dump --registers` on real streams, and on none.
 * Must not know: which field holds which register; tests/qemu/registers asks QEMU itself.
 * See also:      lib/device/registers.h.
 */
#include "support.h"

#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <string.h>

#define X86  "real/q35-100-devices.mig.zst"
#define ARM  "real/virt-72-gicv3-vfio.mig.zst"
#define ARM9 "real/virt-100-gicv3-vfio.mig.zst"

static Run *dump(const char *stream, const char *option, const char *format)
{
    g_autofree char *path = fixture_file(stream);

    return run_migstat(NULL, "dump", option, format, path, NULL);
}

/* --- values -------------------------------------------------------------------------- */

/* What a CPU has when it is reset, by the manuals, and what firmware has made of it. */
static const struct {
    const char *stream, *option, *line;
} values[] = {
    { X86, "--registers=RIP", "  rip  0x" },
    { X86, "--registers=cr0", "  cr0  0x0000000060000010  ET NW CD\n" },
    { X86, "--registers=rflags", "  rflags  0x0000000000000002\n" },
    { X86, "--registers=pat", "  pat  0x0007040600070406\n" },
    { X86, "--registers=dr?,mxcsr", "  dr6    0x00000000ffff0ff0\n" },
    { X86, "--registers=dr?,mxcsr", "  mxcsr  0x00001f80\n" },
    { X86, "--registers=cs*", "  cs_attr   0x009b\n" },
    { X86, "--registers=cs*", "  cs_base   0x00000000ffff0000\n" },
    { X86, "--registers=xmm15", "  xmm15  0x00000000000000000000000000000000\n" },
    { X86, "--registers",
      "\n  cs         0xf000  0x00000000ffff0000  0x0000ffff      0x009b\n" },
    { ARM, "--registers=pc,pstate", "  pstate  0x400003c5          EL1h -Z-- DAIF\n" },
    { ARM, "--registers=sctlr_el1", "  SCTLR_EL1  0x0000000000c50838\n" },
    { ARM, "--registers=id_aa64dfr0_el1", "  ID_AA64DFR0_EL1  0x0000000010305106\n" },
    { ARM9, "--registers=id_dfr0*", "  ID_DFR0_EL1  0x0000000003000006\n" },
    { ARM, "--registers", "\n  S3_1_C15_C3_0" },
    { ARM, "--registers", "\n  FCSEIDR_S " },
    { ARM, "--registers", "\n  coprocessor\n" },
};

START_TEST(registers_have_their_values)
{
    g_autoptr(Run) run = dump(values[_i].stream, values[_i].option, "--format=text");

    ck_assert_msg(run->status == 0, "%s", run->err);
    ck_assert_msg(strstr(run->out, values[_i].line), "wanted %s: %s", values[_i].line,
                  run->out);
}
END_TEST

/* --- JSON ---------------------------------------------------------------------------- */

static JsonObject *registers_of(JsonParser *parser, const char *json, const char *wanted)
{
    JsonObject *root, *found = NULL;
    JsonArray *cpus, *list;

    ck_assert_msg(json_parser_load_from_data(parser, json, -1, NULL), "%s", json);
    root = json_node_get_object(json_parser_get_root(parser));
    cpus = json_object_get_array_member(root, "cpus");
    ck_assert_uint_ge(json_array_get_length(cpus), 1);
    list =
        json_object_get_array_member(json_array_get_object_element(cpus, 0), "registers");
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *one = json_array_get_object_element(list, i);

        if (g_str_equal(json_object_get_string_member(one, "name"), wanted)) {
            found = one;
        }
    }
    ck_assert_msg(found, "no %s", wanted);
    return found;
}

/* The path and the offset are those of --devices, which shows the same value there. */
START_TEST(json_says_where_a_register_is)
{
    static const struct {
        const char *stream, *name, *group;
    } ask[] = { { X86, "rip", "general" },          { X86, "cr3", "control" },
                { X86, "gs_base", "segment" },      { ARM, "sp", "general" },
                { ARM, "sp_el1", "control" },       { ARM, "SCTLR_EL1", "system" },
                { ARM, "FCSEIDR_S", "coprocessor" } };
    g_autoptr(Run) run = dump(ask[_i].stream, "--registers", "--format=json");
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *one = registers_of(parser, run->out, ask[_i].name);
    g_autofree char *option =
        g_strdup_printf("--devices=cpu:%s", json_object_get_string_member(one, "path"));
    g_autofree char *offset = g_strdup_printf(" 0x%08" G_GINT64_MODIFIER "x  ",
                                              json_object_get_int_member(one, "offset"));
    g_autoptr(Run) field = dump(ask[_i].stream, option, "--format=text");
    const char *hex = json_object_get_string_member(one, "value_hex");

    ck_assert_str_eq(json_object_get_string_member(one, "group"), ask[_i].group);
    ck_assert_uint_eq(g_ascii_strtoull(hex, NULL, 16),
                      (guint64)json_object_get_int_member(one, "value"));
    ck_assert_msg(strstr(field->out, offset), "wanted %s: %s", offset, field->out);
}
END_TEST

/* No integer of JSON has 128 bits. */
START_TEST(a_vector_is_a_string)
{
    g_autoptr(Run) run = dump(X86, "--registers=xmm0", "--format=json");
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonObject *one = registers_of(parser, run->out, "xmm0");

    ck_assert_int_eq(json_object_get_int_member(one, "bits"), 128);
    ck_assert(json_object_get_null_member(one, "value"));
    ck_assert_str_eq(json_object_get_string_member(one, "value_hex"),
                     "0x00000000000000000000000000000000");
}
END_TEST

/* --- nothing to show ------------------------------------------------------------------ */

START_TEST(nothing_matched_is_no_success)
{
    static const struct {
        const char *stream, *option, *said;
    } ask[] = {
        { X86, "--registers=rpi", "no register is called \"rpi\"; did you mean" },
        { ARM, "--registers=rip", "no register is called \"rip\"" },
        { X86, "--registers=rsi,bx", "no register is called \"bx\"; did you mean" },
        { "good/minimal-ram.txt", "--registers", "no CPU to show" },
    };
    g_autoptr(Run) run = dump(ask[_i].stream, ask[_i].option, "--format=text");

    ck_assert_int_eq(run->status, 2);
    ck_assert_msg(!strstr(run->out, "rip"), "%s", run->out);
    ck_assert_msg(strstr(run->err, ask[_i].said), "%s", run->err);
}
END_TEST

/* A pipe has the description at its end. */
START_TEST(a_pipe_is_as_good_as_a_file)
{
    g_autoptr(GBytes) bytes = fixture_bytes(ARM);
    g_autoptr(Run) file = dump(ARM, "--registers", "--format=text");
    g_autoptr(Run) pipe = run_migstat(bytes, "dump", "--registers", "-", NULL);

    ck_assert_str_eq(pipe->out, file->out);
}
END_TEST

Suite *suite_registers(void)
{
    Suite *suite = suite_create("registers");
    TCase *tc = tcase_create("registers");

    tcase_add_loop_test(tc, registers_have_their_values, 0, G_N_ELEMENTS(values));
    tcase_add_loop_test(tc, json_says_where_a_register_is, 0, 7);
    tcase_add_test(tc, a_vector_is_a_string);
    tcase_add_loop_test(tc, nothing_matched_is_no_success, 0, 4);
    tcase_add_test(tc, a_pipe_is_as_good_as_a_file);
    suite_add_tcase(suite, tc);
    return suite;
}
