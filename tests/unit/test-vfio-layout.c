/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of vfio-layout: every conversion of every shape of stream
 *                gives just the bytes that a source of the wanted dialect would have
 *                written.
 * Must not know: how the filter does it.
 * See also:      conversion.h; content.h compares real streams by what they say.
 */
#include "support.h"

#include <string.h>
#include <unistd.h>

#include "bounds.h"
#include "content.h"
#include "conversion.h"

/* --- made streams ------------------------------------------------------------------- */

typedef enum {
    FIRST,
    LAST,
    EARLY,
    LATE,
    N_LAYOUTS
} Layout; /* the last two are subflag */

static const char *const layout_names[] = { "config-first", "config-last",
                                            "subflag, needed first",
                                            "subflag, not needed" };

typedef enum { NONE, NEW, OLD } Text; /* of the description: absent, 6.0 and later, 5.2 */

typedef struct {
    const char *name;
    unsigned n_devices;
    unsigned parts; /* with data, per device */
    const char *part_end;
    const char *part_data, *end_data;
    unsigned first_id; /* of the devices; the others have 1, 7, 40 and 41 */
    Text text;
    bool footers;
    bool every; /* set up in every PART */
    bool tail;  /* acpi_build and globalstate */
} Shape;

static const Shape shapes[] = {
    { "plain", 1, 2, "vfio eos", "vfio data 100 1", "vfio data 300 2", 17, NEW, true,
      false, true },
    { "every iteration", 1, 3, "vfio eos", "vfio data 100 1", "vfio data 300 2", 17, NEW,
      true, true, true },
    { "no pre-copy", 1, 0, "vfio eos", "", "vfio data 300 2", 17, NEW, true, false,
      true },
    { "empty PARTs", 1, 2, "vfio eos", "", "vfio data 300 2", 17, NEW, true, false,
      true },
    { "data of size 0", 1, 2, "vfio eos", "vfio data 0 0",
      "vfio data 300 2; vfio data 0 0", 17, NEW, true, false, true },
    { "no data at all", 1, 0, "vfio eos", "", "", 17, NEW, true, false, true },
    { "switchover-ack", 1, 2, "vfio init-data-sent", "vfio data 100 1", "vfio data 300 2",
      17, NEW, true, false, true },
    { "several records", 1, 1, "vfio eos", "vfio data 9 1; vfio data 8 2",
      "vfio data 7 3; vfio data 6 4", 17, NEW, true, true, true },
    { "data of two pieces", 1, 1, "vfio eos", "vfio data 3000000 1",
      "vfio data 2000000 2", 17, NEW, true, false, true },
    { "three devices", 3, 2, "vfio eos", "vfio data 100 1", "vfio data 300 2", 17, NEW,
      true, true, true },
    { "many devices", 20, 1, "vfio eos", "vfio data 10 1", "vfio data 30 2", 17, NEW,
      true, false, true },
    { "no description", 2, 2, "vfio eos", "vfio data 100 1", "vfio data 300 2", 17, NONE,
      true, false, true },
    { "no footers", 2, 1, "vfio eos", "vfio data 100 1", "vfio data 300 2", 17, NEW,
      false, false, true },
    { "spacing of 5.2", 2, 1, "vfio eos", "vfio data 100 1", "vfio data 300 2", 17, OLD,
      true, false, true },
    { "spacing of 5.2, no footers", 1, 1, "vfio eos", "vfio data 100 1",
      "vfio data 300 2", 17, OLD, false, false, true },
    { "plugged while it ran", 2, 1, "vfio eos", "vfio data 100 1", "vfio data 300 2", 50,
      NEW, true, false, true },
    { "a machine that ends with the device", 2, 1, "vfio eos", "vfio data 100 1",
      "vfio data 300 2", 17, NEW, true, false, false },
};

/* Whether device `i` of a subflag stream with `layout` is set up early: MIXED alternates. */
static void append_footer(GString *s, const Shape *shape, unsigned id)
{
    if (shape->footers) {
        g_string_append_printf(s, "footer %u\n", id);
    }
}

static void append_device(GString *s, const Shape *shape, unsigned id, const char *name)
{
    g_string_append_printf(s, "full %u \"%s\" 0 1\nfill 20 %u\n", id, name, id);
    append_footer(s, shape, id);
}

static void append_config(GString *s, int subflags, bool payload)
{
    g_string_append(s, "vfio config\n");
    if (subflags) {
        g_string_append_printf(s, "vfio subflag %d\n", subflags);
    }
    g_string_append_printf(s, "%svfio eos\n", payload ? "vfio-payload 256 2\n" : "");
}

static void append_full(GString *s, const Shape *shape, Layout layout, unsigned i)
{
    unsigned id = shape->first_id + i;

    if (layout == FIRST) {
        return;
    }
    g_string_append_printf(s, "full %u \"0000:00:%02x.0/vfio\" 0 1\n", id, i + 1);
    append_config(s, layout == EARLY ? 2 : layout == LATE ? 3 : 0, layout != EARLY);
    append_footer(s, shape, id);
}

/* An entry of which only the length is known, spaced as QEMU does. */
static void append_entry(GString *s, bool *comma, Text text, const char *name,
                         unsigned size)
{
    const char *format =
        text == OLD
            ? "{ \"name\" : \"%s\", \"instance_id\" : 0, \"size\" : %u, \"fields\" : "
              "[ { \"name\" : \"data\", \"size\" : %u, \"type\" : \"buffer\" } ] }"
            : "{\"name\": \"%s\", \"instance_id\": 0, \"size\": %u, \"fields\": "
              "[{\"name\": \"data\", \"size\": %u, \"type\": \"buffer\"}]}";

    g_string_append(s, *comma ? ", " : "");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    g_string_append_printf(s, format, name, size, size);
#pragma GCC diagnostic pop
    *comma = true;
}

static void append_vfio_entries(GString *s, bool *comma, const Shape *shape,
                                Layout layout)
{
    static const unsigned payload = 4 + 256 + 16 + 2 * 16 + 1;
    static const unsigned sizes[] = {
        [LAST] = 8 + payload + 8, [EARLY] = 8 + 8 + 8, [LATE] = 8 + 8 + payload + 8
    };

    for (unsigned i = 0; layout != FIRST && i < shape->n_devices; i++) {
        g_autofree char *name = g_strdup_printf("0000:00:%02x.0/vfio", i + 1);
        append_entry(s, comma, shape->text, name, sizes[layout]);
    }
}

static char *description_text(const Shape *shape, Layout layout)
{
    GString *s =
        g_string_new(shape->text == OLD ? "{ \"page_size\" : 4096, \"devices\" : [ "
                                        : "{\"page_size\": 4096, \"devices\": [");
    bool comma = false, late = shape->first_id > 41;

    append_entry(s, &comma, shape->text, "timer", 20);
    append_entry(s, &comma, shape->text, "apic", 20);
    if (!late) {
        append_vfio_entries(s, &comma, shape, layout);
    }
    if (shape->tail) {
        append_entry(s, &comma, shape->text, "acpi_build", 20);
        append_entry(s, &comma, shape->text, "globalstate", 20);
    }
    if (late) {
        append_vfio_entries(s, &comma, shape, layout);
    }
    g_string_append(s, shape->text == OLD ? " ] }" : "]}");
    return g_string_free(s, FALSE);
}

static void append_part(GString *s, const Shape *shape, Layout layout, unsigned i,
                        unsigned k)
{
    g_string_append_printf(s, "part %u\n", shape->first_id + i);
    if (layout == EARLY && *shape->part_data && (k == 0 || shape->every)) {
        append_config(s, 1, true);
    }
    g_string_append_printf(s, "%s\n%s\n", shape->part_data, shape->part_end);
    append_footer(s, shape, shape->first_id + i);
}

static void append_end(GString *s, const Shape *shape, Layout layout, unsigned i)
{
    g_string_append_printf(s, "end %u\n", shape->first_id + i);
    if (layout == FIRST || layout == EARLY) {
        append_config(s, layout == EARLY, true);
    }
    g_string_append_printf(s, "%s\nvfio eos\n", shape->end_data);
    append_footer(s, shape, shape->first_id + i);
}

/* What a source of that layout would have written. */
static GBytes *made(const Shape *shape, Layout layout)
{
    g_autoptr(GString) s = g_string_new("header\nconfig \"pc-q35-7.2\"\n"
                                        "start 2 \"ram\" 0 4\nram-size 0x4000\n"
                                        "ram-block \"pc.ram\" 0x4000\nram-eos\n");

    append_footer(s, shape, 2);
    for (unsigned i = 0; i < shape->n_devices; i++) {
        g_string_append_printf(
            s, "start %u \"0000:00:%02x.0/vfio\" 0 1\nvfio setup\nvfio eos\n",
            shape->first_id + i, i + 1);
        append_footer(s, shape, shape->first_id + i);
    }
    for (unsigned k = 0; k < shape->parts; k++) {
        g_string_append_printf(s, "part 2\nram-normal 0x%x000 %u%s\nram-eos\n", k, k + 1,
                               k ? "" : " \"pc.ram\"");
        append_footer(s, shape, 2);
        for (unsigned i = 0; i < shape->n_devices; i++) {
            append_part(s, shape, layout, i, k);
        }
    }
    g_string_append(s, "end 2\nram-eos\n");
    append_footer(s, shape, 2);
    for (unsigned i = 0; i < shape->n_devices; i++) {
        append_end(s, shape, layout, i);
    }
    append_device(s, shape, 1, "timer");
    append_device(s, shape, 7, "apic");
    for (unsigned i = 0; shape->first_id < 40 && i < shape->n_devices; i++) {
        append_full(s, shape, layout, i);
    }
    if (shape->tail) {
        append_device(s, shape, 40, "acpi_build");
        append_device(s, shape, 41, "globalstate");
    }
    for (unsigned i = 0; shape->first_id > 40 && i < shape->n_devices; i++) {
        append_full(s, shape, layout, i);
    }
    g_string_append(s, "eof\n");
    if (shape->text != NONE) {
        g_autofree char *text = description_text(shape, layout);
        g_string_append_printf(s, "description {\n%s\n}\n", text);
    }
    return assembled(s->str);
}

static const char *chain_to(const Shape *shape, Layout layout)
{
    switch (layout) {
    case FIRST:
        return "vfio-layout:to=config-first";
    case LAST:
        return "vfio-layout:to=config-last";
    case LATE:
        return "vfio-layout:to=subflag:config-needed=no";
    default:
        return shape->every
                   ? "vfio-layout:to=subflag:config-needed=yes:every-iteration=yes"
                   : "vfio-layout:to=subflag:config-needed=yes";
    }
}

START_TEST(each_layout_becomes_each)
{
    const Shape *shape = &shapes[_i];
    GBytes *made_by[N_LAYOUTS];

    for (Layout layout = FIRST; layout < N_LAYOUTS; layout++) {
        made_by[layout] = made(shape, layout);
    }
    for (Layout from = FIRST; from < N_LAYOUTS; from++) {
        for (Layout to = FIRST; to < N_LAYOUTS; to++) {
            g_autoptr(GBytes) result = converted(made_by[from], chain_to(shape, to));
            g_autofree char *what = g_strdup_printf("%s: %s to %s", shape->name,
                                                    layout_names[from], layout_names[to]);
            assert_same_bytes(result, made_by[to], what);
        }
    }
    for (Layout layout = FIRST; layout < N_LAYOUTS; layout++) {
        g_bytes_unref(made_by[layout]);
    }
}
END_TEST

/* auto: a source that sets up before the data needs it, one that does not does not. */
START_TEST(need_follows_the_order)
{
    const Shape *shape = &shapes[_i];
    const char *chain = shape->every ? "vfio-layout:to=subflag:every-iteration=yes"
                                     : "vfio-layout:to=subflag";
    static const struct {
        Layout from, to;
    } rows[] = { { FIRST, EARLY }, { LAST, LATE }, { EARLY, EARLY }, { LATE, LATE } };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GBytes) stream = made(shape, rows[i].from);
        g_autoptr(GBytes) wanted = made(shape, rows[i].to);
        g_autoptr(GBytes) result = converted(stream, chain);
        g_autofree char *what =
            g_strdup_printf("%s: %s", shape->name, layout_names[rows[i].from]);
        assert_same_bytes(result, wanted, what);
    }
}
END_TEST

/* --- single streams ----------------------------------------------------------------- */

#define HEAD \
    "header; config \"m\"; start 17 \"d/vfio\" 0 1; vfio setup; vfio eos; footer 17\n"
#define CONFIG       "vfio config; vfio-payload 256 2; vfio eos\n"
#define OTHER        "vfio config; vfio-payload 256 3; vfio eos\n"
#define SET_UP       "vfio config; vfio subflag 1; vfio-payload 256 2; vfio eos\n"
#define SET_UP_OTHER "vfio config; vfio subflag 1; vfio-payload 256 3; vfio eos\n"
#define ENABLE \
    "full 17 \"d/vfio\" 0 1; vfio config; vfio subflag 2; vfio eos; footer 17\n"
#define FULL        "full 17 \"d/vfio\" 0 1; " CONFIG "footer 17\n"
#define DATA        "vfio data 5 1;"
#define LAST_DEVICE "full 30 \"globalstate\" 0 1; u8 1 2; footer 30\n"
#define TO(dialect) "vfio-layout:to=" dialect
#define ENTRY(name, size)                                                           \
    "{\"name\": \"" name "\", \"instance_id\": 0, \"size\": " size ", \"fields\": " \
    "[{\"name\": \"data\", \"size\": " size ", \"type\": \"buffer\"}]}"
#define DESCRIBED(entries) \
    "eof\ndescription {\n{\"page_size\": 4096, \"devices\": [" entries "]}\n}"

/* A device's stream becomes another one, or is refused for a reason. */
static const struct {
    const char *name, *chain, *from;
    const char *to, *refused;
    bool lossy;
} rows[] = {
    { "the record after the data", TO("config-last"),
      HEAD "end 17;" DATA CONFIG "footer 17; eof",
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof", NULL, false },
    { "the same, not needed first", TO("subflag"),
      HEAD "end 17;" DATA CONFIG "footer 17; eof",
      HEAD
      "end 17;" DATA "vfio eos; footer 17;"
      "full 17 \"d/vfio\" 0 1; vfio config; vfio subflag 3; vfio-payload 256 2; vfio eos;"
      "footer 17; eof",
      NULL, false },
    { "the record after the data, where it should be before", TO("config-first"),
      HEAD "end 17;" DATA CONFIG "vfio eos; footer 17; eof",
      HEAD "end 17;" CONFIG DATA "vfio eos; footer 17; eof", NULL, false },
    { "a record in PART", TO("config-first"),
      HEAD "part 17;" CONFIG DATA "vfio eos; footer 17; end 17;" DATA
           "vfio eos; footer 17; eof",
      HEAD "part 17;" DATA "vfio eos; footer 17; end 17;" CONFIG DATA
           "vfio eos; footer 17; eof",
      NULL, false },
    { "the same configuration twice", TO("config-last"),
      HEAD "end 17;" CONFIG DATA "vfio eos; footer 17\n" FULL "eof",
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof", NULL, false },
    { "the same configuration twice", TO("config-first"),
      HEAD "end 17;" CONFIG DATA "vfio eos; footer 17\n" FULL "eof",
      HEAD "end 17;" CONFIG DATA "vfio eos; footer 17; eof", NULL, false },
    { "two configurations", TO("config-last"),
      HEAD "end 17;" OTHER DATA "vfio eos; footer 17\n" FULL "eof", NULL,
      "sent more than once, not always the same", false },
    { "two configurations, and the last one will do", TO("config-last"),
      HEAD "end 17;" OTHER DATA "vfio eos; footer 17\n" FULL "eof",
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof", NULL, true },
    { "set-ups that differ", TO("config-first"),
      HEAD "part 17;" SET_UP_OTHER DATA "vfio eos; footer 17;"
           "end 17;" SET_UP DATA "vfio eos; footer 17\n" ENABLE "eof",
      NULL, "sent more than once, not always the same", false },
    { "set-ups that differ, and the last one will do", TO("config-first"),
      HEAD "part 17;" SET_UP_OTHER DATA "vfio eos; footer 17;"
           "end 17;" SET_UP DATA "vfio eos; footer 17\n" ENABLE "eof",
      HEAD "part 17;" DATA "vfio eos; footer 17; end 17;" CONFIG DATA
           "vfio eos; footer 17; eof",
      NULL, true },
    { "set-ups that differ stay as they are", TO("subflag"),
      HEAD "part 17;" SET_UP_OTHER DATA "vfio eos; footer 17;"
           "end 17;" SET_UP DATA "vfio eos; footer 17\n" ENABLE "eof",
      HEAD "part 17;" SET_UP_OTHER DATA "vfio eos; footer 17;"
           "end 17;" SET_UP DATA "vfio eos; footer 17\n" ENABLE "eof",
      NULL, false },
    { "interrupts never enabled", TO("config-last"),
      HEAD "end 17;" SET_UP DATA "vfio eos; footer 17; eof",
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof", NULL, false },
    { "two FULLs", TO("config-last"),
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL FULL "eof",
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof", NULL, false },
    { "two FULLs that differ", TO("config-last"),
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "full 17 \"d/vfio\" 0 1;" OTHER
           "footer 17; eof",
      NULL, "after its FULL section", true },
    { "FULL before the data", TO("subflag"),
      HEAD FULL "end 17;" DATA "vfio eos; footer 17; eof",
      HEAD
      "full 17 \"d/vfio\" 0 1; vfio config; vfio subflag 3; vfio-payload 256 2; vfio eos;"
      "footer 17; end 17;" DATA "vfio eos; footer 17; eof",
      NULL, false },
    { "FULL before the data, which needs it first", TO("subflag:config-needed=yes"),
      HEAD FULL "end 17;" DATA "vfio eos; footer 17; eof", NULL,
      "before its configuration space could be set up", false },
    { "an action that is not known", TO("config-last"),
      HEAD
      "end 17;" DATA "vfio eos; footer 17;"
      "full 17 \"d/vfio\" 0 1; vfio config; vfio subflag 7; vfio-payload 256 2; vfio eos;"
      "footer 17; eof",
      NULL, "an action that is not known", true },
    { "FULL sections in a package", TO("config-last"),
      HEAD
      "end 17;" CONFIG DATA "vfio eos; footer 17; command 2 { be32 2 };"
      "packaged { command 4; full 3 \"x\" 0 1; u8 1; footer 3; full 30 \"y\" 0 1; u8 1;"
      "footer 30; command 2 { be32 3 }; command 5 }; eof",
      HEAD "end 17;" DATA "vfio eos; footer 17; command 2 { be32 2 };"
           "packaged { command 4; full 3 \"x\" 0 1; u8 1; footer 3\n" FULL
           "full 30 \"y\" 0 1; u8 1; footer 30; command 2 { be32 3 }; command 5 }; eof",
      NULL, false },
    { "a package that ends with the device", TO("config-last"),
      HEAD "end 17;" CONFIG DATA "vfio eos; footer 17;"
           "packaged { command 4; full 3 \"x\" 0 1; u8 1; footer 3; command 5 }; eof",
      HEAD "end 17;" DATA "vfio eos; footer 17;"
           "packaged { command 4; full 3 \"x\" 0 1; u8 1; footer 3\n" FULL
           "command 5 }; eof",
      NULL, false },
    { "an empty FULL", TO("config-last"),
      HEAD "end 17;" CONFIG DATA "vfio eos; footer 17;"
           "full 17 \"d/vfio\" 0 1; vfio eos; footer 17; eof",
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof", NULL, false },
    { "a FULL with one END_OF_STATE more", TO("config-first"),
      HEAD "end 17;" DATA "vfio eos; footer 17;"
           "full 17 \"d/vfio\" 0 1;" CONFIG "vfio eos; footer 17; eof",
      HEAD "end 17;" CONFIG DATA "vfio eos; footer 17; eof", NULL, false },
    { "a FULL with an id of its own", TO("config-last"),
      HEAD
      "end 17;" SET_UP DATA "vfio eos; footer 17;"
      "full 30 \"d/vfio\" 0 1; vfio config; vfio subflag 2; vfio eos; footer 30; eof",
      HEAD "end 17;" DATA "vfio eos; footer 17;"
           "full 30 \"d/vfio\" 0 1;" CONFIG "footer 30; eof",
      NULL, false },
    { "multifd", TO("config-first"),
      HEAD
      "end 17; vfio eos; footer 17; full 17 \"d/vfio\" 0 1; vfio eos; footer 17; eof",
      NULL, "multifd transfer", false },
    { "multifd", TO("config-last"),
      HEAD
      "end 17; vfio eos; footer 17; full 17 \"d/vfio\" 0 1; vfio eos; footer 17; eof",
      NULL, "multifd transfer", false },
    { "multifd, of 10.1", TO("subflag"),
      HEAD "end 17; vfio eos; footer 17;"
           "full 17 \"d/vfio\" 0 1; vfio config-load-ready; footer 17; eof",
      NULL, "multifd transfer", false },
    { "no configuration", TO("config-last"),
      HEAD "end 17;" DATA "vfio eos; footer 17; eof", NULL, "no configuration space",
      false },
    { "no configuration", TO("subflag"), HEAD "end 17;" DATA "vfio eos; footer 17; eof",
      NULL, "no configuration space", false },
    { "two dialects", TO("config-first"),
      HEAD "end 17;" SET_UP DATA "vfio eos; footer 17\n" FULL "eof", NULL, "two dialects",
      false },
    { "two dialects", TO("config-last"),
      HEAD "end 17;" SET_UP DATA "vfio eos; footer 17\n" FULL "eof", NULL, "two dialects",
      false },
    { "data in FULL", TO("config-first"),
      HEAD "end 17; vfio eos; footer 17; full 17 \"d/vfio\" 0 1;" CONFIG DATA
           "vfio eos; footer 17; eof",
      NULL, "START or FULL holds records", false },
    { "a description that is no JSON", TO("config-first"),
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof\ndescription \"{oops\"", NULL,
      "the description cannot be kept true", false },
    { "a description that is no JSON, dropped",
      "description:drop=yes " TO("config-first"),
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof\ndescription \"{oops\"",
      HEAD "end 17;" CONFIG DATA "vfio eos; footer 17; eof", NULL, false },
    { "there and back in one chain", TO("config-first") " " TO("config-last"),
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof",
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof", NULL, false },
    { "a description with one device", TO("config-first") " " TO("config-last"),
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof\n"
           "description { \n{\"page_size\": 4096, \"devices\": [{\"name\": \"d/vfio\", "
           "\"instance_id\": 0, \"size\": 325, \"fields\": [{\"name\": \"data\", "
           "\"size\": 325, "
           "\"type\": \"buffer\"}]}]}\n}",
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof\n"
           "description { \n{\"page_size\": 4096, \"devices\": [{\"name\": \"d/vfio\", "
           "\"instance_id\": 0, \"size\": 325, \"fields\": [{\"name\": \"data\", "
           "\"size\": 325, "
           "\"type\": \"buffer\"}]}]}\n}",
      NULL, false },
    { "a description that gets the device before its first one", TO("config-last"),
      HEAD "end 17;" CONFIG DATA
           "vfio eos; footer 17\n" LAST_DEVICE DESCRIBED(ENTRY("globalstate", "2")),
      HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL LAST_DEVICE DESCRIBED(
          ENTRY("d/vfio", "325") ", " ENTRY("globalstate", "2")),
      NULL, false },
    { "a body that nothing ends, and nothing is taken from", TO("config-last"),
      HEAD "part 17;" DATA "footer 17; end 17;" CONFIG DATA "vfio eos; footer 17; eof",
      HEAD "part 17;" DATA "footer 17; end 17;" DATA "vfio eos; footer 17\n" FULL "eof",
      NULL, false },
    { "subflags that are there, and a set-up that is missing in one PART",
      TO("subflag:every-iteration=yes"),
      HEAD "part 17;" SET_UP DATA "vfio eos; footer 17; part 17;" DATA
           "vfio eos; footer 17; end 17;" SET_UP DATA "vfio eos; footer 17\n" ENABLE
           "eof",
      HEAD "part 17;" SET_UP DATA "vfio eos; footer 17; part 17;" SET_UP DATA
           "vfio eos; footer 17; end 17;" SET_UP DATA "vfio eos; footer 17\n" ENABLE
           "eof",
      NULL, false },
};

START_TEST(single_stream)
{
    g_autoptr(GBytes) from = assembled(rows[_i].from);
    g_autoptr(Conversion) file = convert(from, rows[_i].chain, rows[_i].lossy);
    g_autoptr(Conversion) pipe_end = convert_pipe(from, rows[_i].chain, rows[_i].lossy);

    if (rows[_i].refused) {
        ck_assert_msg(file->error && pipe_end->error, "%s: not refused", rows[_i].name);
        ck_assert_msg(g_error_matches(file->error, MIG_ERROR, MIG_ERROR_REFUSED),
                      "%s: %s", rows[_i].name, file->error->message);
        ck_assert_msg(strstr(file->error->message, rows[_i].refused) &&
                          strstr(pipe_end->error->message, rows[_i].refused),
                      "%s: %s", rows[_i].name, file->error->message);
        return;
    }
    g_autoptr(GBytes) to = assembled(rows[_i].to);
    ck_assert_msg(file->bytes && pipe_end->bytes, "%s: %s", rows[_i].name,
                  file->error ? file->error->message : "from a pipe");
    assert_same_bytes(file->bytes, to, rows[_i].name);
    assert_same_bytes(pipe_end->bytes, to, rows[_i].name);
}
END_TEST

/* Where ids do not tell: before acpi_build and globalstate, after interrupt controllers. */
START_TEST(place_without_ids)
{
    static const struct {
        const char *before, *after;
    } places[] = {
        { "full 60 \"apic\" 0 1; u8 1; footer 60; full 61 \"x\" 0 1; u8 1; footer 61\n",
          "full 62 \"globalstate\" 0 1; u8 1; footer 62\n" },
        { "full 60 \"x\" 0 1; u8 1; footer 60\n",
          "full 61 \"virt_acpi_build\" 0 1; u8 1; footer 61;"
          "full 62 \"globalstate\" 0 1; u8 1; footer 62\n" },
        { "full 3 \"x\" 0 1; u8 1; footer 3; full 60 \"arm_gicv3\" 0 1; u8 1; footer "
          "60\n",
          "full 61 \"globalstate\" 0 1; u8 1; footer 61\n" },
        { "full 60 \"x\" 0 1; u8 1; footer 60\n",
          "full 5 \"globalstate\" 0 1; u8 1; footer 5\n" },
        { "full 60 \"x\" 0 1; u8 1; footer 60\n", "" },
        { "", "" },
        /* those with priority come first, whatever their ids */
        { "full 30 \"0000:00:02.0/pcie-root-port\" 0 1; u8 1; footer 30;"
          "full 1 \"timer\" 0 1; u8 1; footer 1; full 9 \"x\" 0 1; u8 1; footer 9\n",
          "full 18 \"0000:00:03.0/virtio-net\" 0 1; u8 1; footer 18;"
          "full 40 \"globalstate\" 0 1; u8 1; footer 40\n" },
    };
    g_autofree char *from_text =
        g_strconcat(HEAD "end 17;" CONFIG DATA "vfio eos; footer 17\n", places[_i].before,
                    places[_i].after, "eof", NULL);
    g_autofree char *to_text =
        g_strconcat(HEAD "end 17;" DATA "vfio eos; footer 17\n", places[_i].before, FULL,
                    places[_i].after, "eof", NULL);
    g_autoptr(GBytes) from = assembled(from_text);
    g_autoptr(GBytes) to = assembled(to_text);
    g_autoptr(GBytes) result = converted(from, TO("config-last"));
    g_autofree char *what = g_strdup_printf("place %d", _i);
    assert_same_bytes(result, to, what);
}
END_TEST
#define N_PLACES 7

/* Device after device, each of which ends among sections of others: no work is done twice. */
START_TEST(devices_by_turns)
{
    enum { N = 2000 };
    g_autoptr(GString) from = g_string_new("header; config \"m\"\n");
    unsigned n_full = 0;

    for (unsigned i = 0; i < N; i++) {
        g_string_append_printf(
            from, "start %u \"%u/vfio\" 0 1; vfio setup; vfio eos; footer %u\n", i, i, i);
    }
    for (unsigned i = 0; i < N; i++) {
        g_string_append_printf(from,
                               "end %u; " CONFIG "vfio eos; footer %u;"
                               "full %u \"%u\" 0 1; u8 1; footer %u\n",
                               i, i, N + i, i, N + i);
    }
    g_string_append(from, "eof");
    g_autoptr(GBytes) stream = assembled(from->str);
    g_autoptr(Conversion) last = convert(stream, TO("config-last"), false);
    ck_assert_ptr_nonnull(last->bytes);
    for (const char *p = last->report; (p = strstr(p, "set up and interrupts enabled"));
         p++) {
        n_full++;
    }
    ck_assert_uint_eq(n_full, N);
}
END_TEST

/* What is held back is bounded, whatever stands after the place of a new section. */
START_TEST(a_long_tail)
{
    g_autoptr(GBytes) stream =
        assembled(HEAD "end 17;" CONFIG DATA
                       "vfio eos; footer 17; full 1 \"timer\" 0 1; u8 1; footer 1\n"
                       "repeat 200000 { full 30 \"x\" 0 1; u8 1; footer 30 }; eof");

    limit_memory(48 << 20);
    g_autoptr(Conversion) last = convert(stream, TO("config-last"), false);
    ck_assert_ptr_nonnull(last->bytes);
    ck_assert_msg(strstr(last->report, "set up and interrupts enabled"), "%s",
                  last->report);
}
END_TEST

/* What is read first is not what is read then. */
START_TEST(a_file_changes_between_passes)
{
    g_autoptr(GBytes) before =
        assembled(HEAD "end 17;" DATA "vfio eos; footer 17\n" FULL "eof");
    g_autoptr(GBytes) after = assembled("header; config \"m\"; eof");
    g_autoptr(MigInput) again = mig_input_new_bytes(before, "before", NULL, NULL);
    g_autoptr(MigInput) in = mig_input_new_bytes(after, "after", NULL, NULL);
    g_autoptr(MigChain) chain = mig_chain_new();
    g_autoptr(GError) error = NULL;
    int fd = memfd_create("result", MFD_CLOEXEC);
    g_autoptr(MigOutput) out = mig_output_new_fd(fd, "result", NULL, NULL);

    ck_assert(mig_chain_add(chain, TO("config-first"), NULL));
    ck_assert(!mig_chain_run(chain, in, again, out, NULL, &error));
    ck_assert_msg(g_error_matches(error, MIG_ERROR, MIG_ERROR_REFUSED), "%s",
                  error->message);
    ck_assert_msg(strstr(error->message, "no END section"), "%s", error->message);
    close(fd);
}
END_TEST

/* --- brief first passes ------------------------------------------------------------- */

#define PART "part 17;" DATA "vfio eos; footer 17\n"
#define END  "end 17;" DATA "vfio eos; footer 17\n"
#define FULL_LATE                                                                        \
    "full 17 \"d/vfio\" 0 1; vfio config; vfio subflag 3; vfio-payload 256 2; vfio eos;" \
    "footer 17\n"
#define DEVICE_X "full 3 \"x\" 0 1; u8 1 2; footer 3\n"
#define DEVICE_Y "full 4 \"y\" 0 1; u8 1 2; footer 4\n"

/* What the end of a stream tells, and what it does not.  convert() has the proof that the
 * result is the same. */
static const struct {
    const char *name, *from;
    int brief;
} brief_rows[] = {
    { "config-last", HEAD PART END FULL DESCRIBED(ENTRY("d/vfio", "325")), BRIEF },
    { "config-last among others",
      HEAD PART END DEVICE_X FULL DEVICE_Y DESCRIBED(
          ENTRY("x", "2") ", " ENTRY("d/vfio", "325") ", " ENTRY("y", "2")),
      BRIEF },
    { "described as far as the device",
      HEAD PART END DEVICE_X FULL DEVICE_Y DESCRIBED(
          ENTRY("d/vfio", "325") ", " ENTRY("y", "2")),
      BRIEF },
    { "subflag, not needed", HEAD PART END FULL_LATE DESCRIBED(ENTRY("d/vfio", "333")),
      BRIEF },
    { "no VFIO device",
      "header; config \"m\"; start 2 \"ram\" 0 4; ram-eos; footer 2; end 2; ram-eos; "
      "footer 2\n" DEVICE_X DESCRIBED(ENTRY("x", "2")),
      BRIEF },
    { "without footers",
      "header; config \"m\"; start 17 \"d/vfio\" 0 1; vfio setup; vfio eos; start 2 "
      "\"ram\" 0 4;"
      "ram-eos; end 2; ram-eos; end 17; vfio data 5 1; vfio eos; full 17 \"d/vfio\" 0 "
      "1;" CONFIG DESCRIBED(ENTRY("d/vfio", "325")),
      BRIEF },
    { "no description", HEAD PART END FULL "eof", NOT_BRIEF },
    { "a wrong length", HEAD PART END FULL DESCRIBED(ENTRY("d/vfio", "324")), NOT_BRIEF },
    { "a wrong length after it",
      HEAD PART END FULL DEVICE_Y DESCRIBED(ENTRY("d/vfio", "325") ", " ENTRY("y", "3")),
      NOT_BRIEF },
    { "another footer",
      HEAD PART END FULL "full 4 \"y\" 0 1; u8 1 2; footer 5\n" DESCRIBED(
          ENTRY("d/vfio", "325") ", " ENTRY("y", "2")),
      NOT_BRIEF },
    { "config-first",
      HEAD PART "end 17;" CONFIG DATA
                "vfio eos; footer 17\n" DEVICE_X DESCRIBED(ENTRY("x", "2")),
      NOT_BRIEF },
    { "subflag, needed first",
      HEAD PART "end 17;" SET_UP DATA
                "vfio eos; footer 17\n" ENABLE DESCRIBED(ENTRY("d/vfio", "24")),
      NOT_BRIEF },
    { "one device of two",
      HEAD "start 18 \"e/vfio\" 0 1; vfio setup; vfio eos; footer 18\n" END
           "end 18;" CONFIG DATA
           "vfio eos; footer 18\n" FULL DESCRIBED(ENTRY("d/vfio", "325")),
      NOT_BRIEF },
    { "the same configuration in END",
      HEAD PART "end 17;" CONFIG DATA
                "vfio eos; footer 17\n" FULL DESCRIBED(ENTRY("d/vfio", "325")),
      TOO_BRIEF },
    { "another one in END",
      HEAD PART "end 17;" OTHER DATA
                "vfio eos; footer 17\n" FULL DESCRIBED(ENTRY("d/vfio", "325")),
      TOO_BRIEF },
    { "two dialects",
      HEAD "part 17;" SET_UP DATA
           "vfio eos; footer 17\n" END FULL DESCRIBED(ENTRY("d/vfio", "325")),
      TOO_BRIEF },
    { "a device that starts late",
      HEAD PART "start 18 \"e/vfio\" 0 1; vfio setup; vfio eos; footer 18\n" END
                "end 18;" CONFIG DATA
                "vfio eos; footer 18\n" FULL DESCRIBED(ENTRY("d/vfio", "325")),
      TOO_BRIEF },
    { "the end of another stream after it",
      HEAD PART END DEVICE_X "eof\n" FULL DESCRIBED(ENTRY("d/vfio", "325")), TOO_BRIEF },
};

START_TEST(brief_first_pass)
{
    static const char *const chains[] = { TO("config-first"), TO("subflag"),
                                          TO("subflag:config-needed=yes") };
    g_autoptr(GBytes) from = assembled(brief_rows[_i].from);

    for (size_t i = 0; i < 2 * G_N_ELEMENTS(chains); i++) {
        g_autoptr(Conversion) whole = convert(from, chains[i / 2], i % 2);
        ck_assert_msg((int)whole->brief == brief_rows[_i].brief, "%s, %s: %d",
                      brief_rows[_i].name, chains[i / 2], whole->brief);
    }
}
END_TEST

/* --- real streams ------------------------------------------------------------------- */

/* Each is converted to each other dialect and back; the rfc-* ones were written by a QEMU
 * that was taught the subflag dialect and set devices up in every iteration. */
static const struct {
    const char *name, *own; /* the chain that leads back */
} streams[] = {
    { "real/q35-52-vfio.mig.zst", TO("config-first") },
    { "real/virt-52-gicv3-vfio.mig.zst", TO("config-first") },
    { "real/q35-72-vfio.mig.zst", TO("config-last") },
    { "real/virt-72-gicv3-vfio.mig.zst", TO("config-last") },
    { "real/q35-100-vfio.mig.zst", TO("config-last") },
    { "real/virt-100-gicv3-vfio.mig.zst", TO("config-last") },
    { "real/q35-111-vfio.mig.zst", TO("config-last") },
    { "real/q35-100-mapped-ram.mig.zst", TO("config-last") },
    { "real/rfc-q35-needed.mig.zst",
      TO("subflag:config-needed=yes:every-iteration=yes") },
    { "real/rfc-virt-gicv3-needed.mig.zst",
      TO("subflag:config-needed=yes:every-iteration=yes") },
    { "real/rfc-q35-not-needed.mig.zst", TO("subflag:config-needed=no") },
    { "real/rfc-q35-mixed.mig.zst", TO("subflag:config-needed=no:config-needed=yes:0000:"
                                       "00:01.0/*:every-iteration=yes") },
};

START_TEST(there_and_back)
{
    static const char *const ways[] = {
        TO("config-first"),
        TO("config-last"),
        TO("subflag"),
        TO("subflag:config-needed=yes"),
        TO("subflag:config-needed=no"),
        TO("subflag:config-needed=yes:every-iteration=yes"),
    };
    g_autoptr(GBytes) stream = fixture_bytes(streams[_i].name);
    g_autofree char *content = content_of(stream);

    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(Conversion) there = convert(stream, ways[i], false);
        ck_assert_msg(there->bytes != NULL, "%s: %s", ways[i], there->error->message);
        g_autoptr(Conversion) back = convert(there->bytes, streams[_i].own, false);
        ck_assert_msg(back->bytes != NULL, "%s: %s", ways[i], back->error->message);
        g_autofree char *there_content = content_of(there->bytes);
        g_autofree char *what = g_strdup_printf("%s, %s", streams[_i].name, ways[i]);
        assert_same_bytes(back->bytes, stream, what);
        ck_assert_msg(strcmp(content, there_content) == 0, "%s:\n%s\n%s", what, content,
                      there_content);
    }
}
END_TEST

Suite *suite_vfio_layout(void)
{
    Suite *suite = suite_create("vfio-layout");
    TCase *tc = tcase_create("made");
    tcase_add_loop_test(tc, each_layout_becomes_each, 0, G_N_ELEMENTS(shapes));
    tcase_add_loop_test(tc, need_follows_the_order, 0, G_N_ELEMENTS(shapes));
    tcase_add_loop_test(tc, single_stream, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, place_without_ids, 0, N_PLACES);
    tcase_add_test(tc, devices_by_turns);
    tcase_add_test(tc, a_long_tail);
    tcase_add_test(tc, a_file_changes_between_passes);
    tcase_add_loop_test(tc, brief_first_pass, 0, G_N_ELEMENTS(brief_rows));
    suite_add_tcase(suite, tc);
    tc = tcase_create("real");
    tcase_add_loop_test(tc, there_and_back, 0, G_N_ELEMENTS(streams));
    suite_add_tcase(suite, tc);
    return suite;
}
