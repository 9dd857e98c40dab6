/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of VFIO sections: records, the end of a configuration payload,
 *                dialects.
 * Must not know: other sections.
 * See also:      outline.h has the language of the right-hand column.
 */
#include "outline.h"

#include <string.h>

#include "migstat.h"
#include "mkmig.h"
#include "stream/vfio-watch.h"

#define PAYLOAD     "vfio-payload 256 2; "
#define CONFIG      "vfio config; " PAYLOAD "vfio eos; "
#define READ_CONFIG "CONFIG_STATE:256+2 END_OF_STATE/config"

static const struct {
    const char *body, *outline;
} rows[] = {
    { "vfio setup; vfio eos", "SETUP_STATE END_OF_STATE" },
    { "vfio data 100 1; vfio eos", "DATA_STATE:100 END_OF_STATE" },
    { "vfio data 0 0; vfio eos", "DATA_STATE:0 END_OF_STATE" },
    { "vfio eos", "END_OF_STATE" },
    { "vfio data 5 1; vfio init-data-sent", "DATA_STATE:5 INIT_DATA_SENT" },
    { "vfio config-load-ready", "CONFIG_LOAD_READY" },
    /* 6.0 and later; 5.2, where the data and a second END_OF_STATE follow; both ends */
    { CONFIG, READ_CONFIG },
    { CONFIG "vfio data 9 1; vfio eos", READ_CONFIG " DATA_STATE:9 END_OF_STATE" },
    { CONFIG "vfio eos", READ_CONFIG " END_OF_STATE" },
    { "vfio data 9 1; " CONFIG, "DATA_STATE:9 " READ_CONFIG },
    /* subflags, with a payload and without */
    { "vfio config; vfio subflag 1; " PAYLOAD "vfio eos; vfio data 1 1; vfio eos",
      "CONFIG_STATE/1:256+2 END_OF_STATE/config DATA_STATE:1 END_OF_STATE" },
    { "vfio config; vfio subflag 2; vfio eos", "CONFIG_STATE/2 END_OF_STATE/config" },
    { "vfio config; vfio eos; vfio eos",
      "CONFIG_STATE END_OF_STATE/config END_OF_STATE" },
    /* device data that looks like the protocol */
    { "be64 0xffffffffef100004 24; vfio eos; vfio config; vfio eos; vfio eos",
      "DATA_STATE:24 END_OF_STATE" },
#ifndef MIG_TINY /* whose items are shorter */
    /* data in pieces */
    { "vfio data 3000000 7; vfio eos",
      "DATA_STATE:3000000 ~DATA_STATE:3000000 ~DATA_STATE:3000000 END_OF_STATE" },
#endif

    /* The payload's end is where its structure ends: each size, each table. */
    { "vfio config; vfio-payload 4096 0; vfio eos",
      "CONFIG_STATE:4096+0 END_OF_STATE/config" },
    { "vfio config; vfio-payload 4096 8; vfio eos",
      "CONFIG_STATE:4096+8 END_OF_STATE/config" },
    { "vfio config; vfio-payload 4096 2048; vfio eos",
      "CONFIG_STATE:4096+2048 END_OF_STATE/config" },
    { "vfio config; vfio-payload 256 0; vfio eos",
      "CONFIG_STATE:256+0 END_OF_STATE/config" },
    { "vfio config; vfio-payload 256 9; vfio eos",
      "CONFIG_STATE:256+9 END_OF_STATE/config" },
    /* the display of 8.2 */
    { "vfio config; vfio-payload 256 1; subsection \"VFIOPCIDevice/VFIODisplay\" 1 { "
      "zero 28 };"
      "vfio eos",
      "CONFIG_STATE:256+1 END_OF_STATE/config" },
    /* an END_OF_STATE in the guest's MSI-X table, and in its configuration space */
    { "vfio config; be32 2; le16 0x15b3 0x101e 0 0x10; zero 0x2c; u8 0x40; zero 11;"
      "u8 0x11 0; le16 1; zero 0x3c; vfio eos; zero 0x78; be32 0 0 0 0; vfio eos;"
      "zero 24; u8 0; vfio eos",
      "CONFIG_STATE:256+2 END_OF_STATE/config" },
    /* a capability that announces a table that the device model did not set up */
    { "vfio config; be32 2; le16 0x15b3 0x101e 0 0x10; zero 0x2c; u8 0x40; zero 11;"
      "u8 0x11 0; le16 7; zero 0xbc; be32 0 0 0 0; vfio eos",
      "CONFIG_STATE:256+0 END_OF_STATE/config" },
    /* a list of capabilities that runs in a circle */
    { "vfio config; be32 2; le16 0x15b3 0x101e 0 0x10; zero 0x2c; u8 0x40; zero 11;"
      "u8 5 0x40; zero 0xbe; be32 0 0 0 0; vfio eos",
      "CONFIG_STATE:256+0 END_OF_STATE/config" },

    /* What loses the structure. */
    { "be64 0xffffffffef100007; vfio eos", "malformed@39[vfio-flag]" },
    { "be64 0xff00000000000000; vfio eos", "malformed@39[vfio-flag]" },
    { "be64 0xffffffffef100004 -1; vfio eos", "malformed@39[vfio-data-length]" },
    { "be64 0xffffffffef100004 0x7fffffffffffffff; vfio eos",
      "malformed@39[vfio-data-length]" },
    { "be64 0xffffffffef100004 0x4000000000000000; vfio eos", "truncated@39[truncated]" },
    { "vfio config; be32 3; zero 400; vfio eos", "malformed@39[vfio-config-payload]" },
    { "vfio config; be32 2; zero 256; be32 0 2 0 0; vfio eos",
      "malformed@39[vfio-config-payload]" },
    { "vfio config; " PAYLOAD "u8 0; vfio eos", "malformed@39[vfio-config-payload]" },
    { "vfio config; " PAYLOAD "zero 9", "truncated@39[truncated]" },
    { "be32 -1", "truncated@39[truncated]" },
};

START_TEST(reads_records)
{
    const char *name = "0000:00:01.0/vfio";
    bool stops = strchr(rows[_i].outline, '[') != NULL;
    g_autofree char *text =
        g_strdup_printf(stops ? "header; full 7 \"%s\" 0 1; %s%s"
                              : "header; full 7 \"%s\" 0 1; %s; footer 7;%s",
                        name, rows[_i].body, stops ? "" : " eof");
    g_autofree char *wanted = g_strdup_printf(
        "header FULL:%s %s%s", name, rows[_i].outline, stops ? "" : " footer eof end");

    assert_outline(text, wanted);
}
END_TEST

/* --- dialects ----------------------------------------------------------------------- */

#define START      "start 7 \"vfio\" 0 1; vfio setup; vfio eos; footer 7; "
#define PART(BODY) "part 7; " BODY "footer 7; "
#define END(BODY)  "end 7; " BODY "footer 7; "
#define FULL(BODY) "full 7 \"vfio\" 0 1; " BODY "footer 7; "
#define DATA(N)    "vfio data " #N " 1; "
#define DONE       "vfio eos; "
#define SETUP      "vfio config; vfio subflag 1; " PAYLOAD DONE
#define ENABLE     "vfio config; vfio subflag 2; " DONE

static const struct {
    const char *text;
    MigVfioDialect dialect;
    uint64_t precopy, stop_copy;
    bool config_before_data, config_before_stop_copy;
} devices[] = {
    { START PART(DATA(10) DONE) PART(DATA(20) DONE) END(CONFIG DATA(5) DATA(0) DONE),
      MIG_VFIO_DIALECT_CONFIG_FIRST, 30, 5, false, true },
    { START PART(DATA(0) DONE) END(CONFIG DATA(5) DONE), MIG_VFIO_DIALECT_CONFIG_FIRST, 0,
      5, true, true },
    { START PART(DATA(10) DONE) END(DATA(5) DATA(6) DONE) FULL(CONFIG),
      MIG_VFIO_DIALECT_CONFIG_LAST, 10, 11, false, false },
    { START END(DONE) FULL(CONFIG), MIG_VFIO_DIALECT_CONFIG_LAST, 0, 0, true, true },
    { START PART(SETUP DATA(10) DONE) END(SETUP DATA(5) DONE) FULL(ENABLE),
      MIG_VFIO_DIALECT_SUBFLAG, 10, 5, true, true },
    { START PART(DATA(10) DONE) END(DATA(5) DONE)
          FULL("vfio config; vfio subflag 3; " PAYLOAD DONE),
      MIG_VFIO_DIALECT_SUBFLAG, 10, 5, false, false },
    { START PART(DATA(10) DONE) END(DONE) FULL(DONE), MIG_VFIO_DIALECT_MULTIFD, 10, 0,
      false, false },
    { START END(DONE) FULL("vfio config-load-ready; "), MIG_VFIO_DIALECT_MULTIFD, 0, 0,
      false, false },
    { START PART(DATA(10) DONE), MIG_VFIO_DIALECT_NONE, 10, 0, false, false },
    { START END(DATA(5) DONE), MIG_VFIO_DIALECT_NONE, 0, 5, false, false },
};

START_TEST(tells_the_dialect)
{
    g_autofree char *text = g_strdup_printf("header; %s eof", devices[_i].text);
    g_autoptr(GBytes) bytes = mkmig_assemble(text, "text", NULL);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "text", NULL, NULL);
    g_autoptr(MigReader) reader = mig_reader_new(in);
    MigVfioDevice device;
    const MigItem *item;

    mig_vfio_device_init(&device, NULL);
    while (mig_reader_next(reader, &item, NULL) == MIG_STATUS_MORE) {
        if (mig_section_is_vfio(item->section)) {
            mig_vfio_device_watch(&device, item);
        }
    }
    ck_assert_str_eq(mig_vfio_dialect_name(device.dialect),
                     mig_vfio_dialect_name(devices[_i].dialect));
    ck_assert_uint_eq(device.precopy_bytes, devices[_i].precopy);
    ck_assert_uint_eq(device.stop_copy_bytes, devices[_i].stop_copy);
    ck_assert_int_eq(device.config < device.first_data, devices[_i].config_before_data);
    ck_assert_int_eq(device.config < device.first_stop_copy,
                     devices[_i].config_before_stop_copy);
}
END_TEST

START_TEST(names_its_flags)
{
    ck_assert_str_eq(mig_vfio_flag_name(MIG_VFIO_DEV_INIT_DATA_SENT),
                     "DEV_INIT_DATA_SENT");
    ck_assert_ptr_null(mig_vfio_flag_name(MIG_VFIO_FLAG_PREFIX));
}
END_TEST

Suite *suite_vfio(void)
{
    Suite *suite = suite_create("vfio");
    TCase *tc = tcase_create("vfio");

    tcase_add_loop_test(tc, reads_records, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tc, tells_the_dialect, 0, G_N_ELEMENTS(devices));
    tcase_add_test(tc, names_its_flags);
    suite_add_tcase(suite, tc);
    return suite;
}
