/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that a client of the library gets parts of a stream: it is asked once
 *                for each file, and each has what it should.
 * Must not know: files with names; test-extract.c has migstat extract.
 * See also:      lib/device/extract.h.
 */
#include "device/extract.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mkmig.h"
#include "support.h"

#define RAM                                                          \
    "header; config \"pc\"\n"                                        \
    "start 2 \"ram\" 0 4; ram-size 0x3000; ram-block \"a\" 0x2000\n" \
    "ram-block \"b\" 0x1000; ram-eos; footer 2\n"                    \
    "end 2; ram-normal 0x1000 7 \"a\"; ram-zero 0 \"b\"; ram-eos; footer 2\neof"
#define VFIO                                                   \
    "header; config \"pc\"\n"                                  \
    "start 3 \"d/vfio\" 0 1; vfio setup; vfio eos; footer 3\n" \
    "part 3; vfio data 2 7; vfio data 1 3; vfio eos; footer 3\neof"
#define DEVICES                                                                         \
    "header; config \"pc\"\n"                                                           \
    "full 1 \"dev\" 0 1; be16 0x102; footer 1\n"                                        \
    "full 2 \"dev\" 1 1; be16 0x304; footer 2; full 3 \"x\" 0 1; u8 9; footer 3; eof\n" \
    "description {\n{\"devices\": [" DEVICE("dev", "0", "2") ", " DEVICE(               \
        "dev", "1", "2") ", " DEVICE("x", "0", "1") "]}\n}\n"
#define DEVICE(name, instance, size)                                                 \
    "{\"name\": \"" name "\", \"instance_id\": " instance ", \"vmsd_name\": \"" name \
    "\", \"version\": 1, \"fields\": [{\"name\": \"b\", \"type\": \"buffer\", "      \
    "\"size\": " size "}]}"

#define DISKS                                                                       \
    "header; start 1 \"block\" 0 1; be64 0x200*2048+9; pstr8 \"d\"; "               \
    "be64 1; pstr8 \"d\"; fill 0x100000 5; be64 9; pstr8 \"e\"; be64 2; footer 1; " \
    "eof"

static const struct {
    const char *title, *stream;
    MigExtractWhat what;
    const char *name;
    const char *parts; /* "PART NAME LENGTH:FIRST..LAST", one after the other */
    bool found;
} cases[] = {
    { "all blocks", RAM, MIG_EXTRACT_RAM, "*", "ram a 8192:00..07 ram b 4096:00..00",
      true },
    { "one block", RAM, MIG_EXTRACT_RAM, "b", "ram b 4096:00..00", true },
    { "no block", RAM, MIG_EXTRACT_RAM, "c", "", true },
    { "VFIO data", VFIO, MIG_EXTRACT_VFIO, "d/*", "data d/vfio 3:07..03", true },
    { "sections of a name", DEVICES, MIG_EXTRACT_SECTIONS, "dev", "out 4:01..04", true },
    { "an instance", DEVICES, MIG_EXTRACT_SECTIONS, "dev@1", "out 2:03..04", true },
    { "the description", DEVICES, MIG_EXTRACT_DESCRIPTION, NULL, "out 384:7b..7d", true },
    { "all disks", DISKS, MIG_EXTRACT_DISK, "*",
      "disk d 2097152:05..00 disk e 1048576:00..00", true },
    { "one disk", DISKS, MIG_EXTRACT_DISK, "e", "disk e 1048576:00..00", true },
    { "no disk", RAM, MIG_EXTRACT_DISK, "*", "", true },
    { "no description", RAM, MIG_EXTRACT_DESCRIPTION, NULL, "out 0", false },
};

/* What a client does with the parts: files in memory, and their names. */
typedef struct Files {
    GArray *fds; /* int */
    GPtrArray *names;
} Files;

static int new_file(Files *files, const char *name)
{
    int fd = memfd_create("part", MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    g_array_append_val(files->fds, fd);
    g_ptr_array_add(files->names, g_strdup(name));
    return fd;
}

static int open_part(MigExtractPart part, const char *name, void *user, GError **error)
{
    static const char *const parts[] = { "ram", "data", "config", "disk" };
    g_autofree char *title = g_strdup_printf("%s %s", parts[part], name);

    (void)error;
    return new_file(user, title);
}

static char *describe(const Files *files)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < files->fds->len; i++) {
        int fd = g_array_index(files->fds, int, i);
        off_t length = lseek(fd, 0, SEEK_END);
        uint8_t ends[2];

        g_string_append_printf(text, "%s%s %jd", i ? " " : "",
                               (const char *)g_ptr_array_index(files->names, i),
                               (intmax_t)length);
        if (length > 0) {
            ck_assert_int_eq(pread(fd, &ends[0], 1, 0), 1);
            ck_assert_int_eq(pread(fd, &ends[1], 1, length - 1), 1);
            g_string_append_printf(text, ":%02x..%02x", ends[0], ends[1]);
        }
        close(fd);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static MigInput *open_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = mkmig_assemble(text, "text", &error);

    ck_assert_msg(bytes != NULL, "%s", error ? error->message : text);
    return mig_input_new_bytes(bytes, "text", NULL, NULL);
}

/* All of @in; false with *error set as the library has it. */
static bool extract(MigExtract *parts, MigReader *reader, GError **error)
{
    const MigItem *item;
    MigStatus status;

    while ((status = mig_reader_next(reader, &item, error)) == MIG_STATUS_MORE) {
        if (!mig_extract_watch(parts, item, error)) {
            return false;
        }
    }
    ck_assert_int_eq(status, MIG_STATUS_END);
    return mig_extract_finish(parts, error);
}

START_TEST(parts_go_where_the_client_says)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MigInput) in = open_text(cases[_i].stream);
    g_autoptr(MigAddresses) names = mig_addresses_new();
    g_autoptr(GArray) fds = g_array_new(false, false, sizeof(int));
    g_autoptr(GPtrArray) titles = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MigOutput) out = NULL;
    Files files = { fds, titles };
    MigExtractOptions options = { MIG_EXTRACT_OPTIONS_INIT, .what = cases[_i].what,
                                  .names = names, .open = open_part, .user = &files };

    if (cases[_i].name) {
        mig_addresses_add(names, cases[_i].name);
    }
    if (options.what == MIG_EXTRACT_SECTIONS || options.what == MIG_EXTRACT_DESCRIPTION) {
        options.out = out = mig_output_new_fd(new_file(&files, "out"), "out", NULL, NULL);
    }
    g_autoptr(MigReader) reader = mig_reader_new(in);
    g_autoptr(MigExtract) parts = mig_extract_new(reader, &options);
    ck_assert_int_eq(extract(parts, reader, &error), cases[_i].found);
    ck_assert(cases[_i].found || g_error_matches(error, MIG_ERROR, MIG_ERROR_UNMATCHED));
    ck_assert(!out || mig_output_commit(out, NULL));
    ck_assert_int_eq(mig_extract_ram_image(parts) != NULL,
                     cases[_i].what == MIG_EXTRACT_RAM);
    g_autofree char *got = describe(&files);
    ck_assert_msg(g_str_equal(got, cases[_i].parts), "%s: %s", cases[_i].title, got);
}
END_TEST

static int refuse(MigExtractPart part, const char *name, void *user, GError **error)
{
    (void)part;
    (void)user;
    mig_error_set_plain(error, MIG_ERROR_USAGE, "not %s", name);
    return -1;
}

/* The client's own error ends it. */
START_TEST(what_cannot_be_opened_ends_it)
{
    static const struct {
        const char *stream;
        MigExtractWhat what;
        const char *message;
    } refused[] = { { RAM, MIG_EXTRACT_RAM, "not a" },
                    { VFIO, MIG_EXTRACT_VFIO, "not d/vfio" },
                    { DISKS, MIG_EXTRACT_DISK, "not d" } };

    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(MigInput) in = open_text(refused[i].stream);
        g_autoptr(MigAddresses) names = mig_addresses_new();
        const MigExtractOptions options = { MIG_EXTRACT_OPTIONS_INIT,
                                            .what = refused[i].what, .names = names,
                                            .open = refuse };
        g_autoptr(MigReader) reader = mig_reader_new(in);
        g_autoptr(MigExtract) parts = mig_extract_new(reader, &options);

        mig_addresses_add(names, "*");
        ck_assert(!extract(parts, reader, &error));
        ck_assert_str_eq(error->message, refused[i].message);
    }
}
END_TEST

Suite *suite_parts(void)
{
    Suite *suite = suite_create("parts");
    TCase *tc = tcase_create("files");

    tcase_add_loop_test(tc, parts_go_where_the_client_says, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tc, what_cannot_be_opened_ends_it);
    suite_add_tcase(suite, tc);
    return suite;
}
