/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof of what migstat convert does to files, pipes and terminals, of
 *                its exit statuses, and of the recipes in its man page.
 * Must not know: filters; unit tests prove them.
 * See also:      man/migstat-convert.1; conversion.h.
 */
#include "support.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conversion.h"

#define STREAM "real/q35-52-vfio.mig.zst"

static char *folder;

static void make_folder(void)
{
    folder = scratch_dir();
}

static void remove_folder(void)
{
    scratch_remove(folder);
    g_clear_pointer(&folder, g_free);
}

static char *in_folder(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void put(const char *name, GBytes *bytes)
{
    g_autofree char *path = in_folder(name);
    size_t n;
    const char *data = g_bytes_get_data(bytes, &n);
    ck_assert(g_file_set_contents(path, data, (gssize)n, NULL));
}

static void put_text(const char *name, const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    put(name, bytes);
}

static GBytes *get(const char *name)
{
    g_autofree char *path = in_folder(name);
    char *data;
    size_t n;
    ck_assert_msg(g_file_get_contents(path, &data, &n, NULL), "%s is not there", name);
    return g_bytes_new_take(data, n);
}

static void assert_text(const char *name, const char *text)
{
    g_autoptr(GBytes) wanted = g_bytes_new(text, strlen(text));
    g_autoptr(GBytes) found = get(name);
    assert_same_bytes(found, wanted, name);
}

static bool is_there(const char *name)
{
    g_autofree char *path = in_folder(name);
    return access(path, F_OK) == 0;
}

/* Only the files of `names`, blank between them, are in the folder: no temporary either. */
static void assert_files(const char *names)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    g_auto(GStrv) wanted = g_strsplit(names, " ", -1);
    unsigned n = 0;

    for (const char *name; (name = g_dir_read_name(dir)) != NULL; n++) {
        ck_assert_msg(g_strv_contains((const char *const *)wanted, name), "%s is left",
                      name);
    }
    ck_assert_uint_eq(n, g_strv_length(wanted));
}

/* A shell line in the folder, where migstat is the program under test. */
static Run *shell(const char *line)
{
    g_autofree char *where = g_path_get_dirname(g_getenv("MIGSTAT"));
    g_autofree char *path = g_strconcat(where, ":", g_getenv("PATH"), NULL);
    g_autofree char *whole = g_strdup_printf("PATH='%s'; %s", path, line);
    const char *argv[] = { "sh", "-c", whole, NULL };
    return run_program(argv, NULL, folder);
}

static void assert_status(const char *line, int status, const char *says)
{
    g_autoptr(Run) run = shell(line);
    ck_assert_msg(run->status == status, "%s: status %d: %s", line, run->status,
                  run->err);
    ck_assert_msg(!says || strstr(run->err, says), "%s says: %s", line, run->err);
}

static void put_stream(const char *name)
{
    g_autoptr(GBytes) stream = fixture_bytes(STREAM);
    put(name, stream);
}

static void assert_is_stream(const char *name)
{
    g_autoptr(GBytes) stream = fixture_bytes(STREAM);
    g_autoptr(GBytes) found = get(name);
    assert_same_bytes(found, stream, name);
}

/* --- files -------------------------------------------------------------------------- */

START_TEST(a_file_is_not_overwritten)
{
    put_stream("a");
    put_text("old", "precious");
    assert_status("migstat convert a -o old", 2, "exists");
    assert_text("old", "precious");
    assert_status("migstat convert --force a -o old", 0, NULL);
    assert_is_stream("old");
    assert_files("a old");
}
END_TEST

START_TEST(the_input_is_not_the_output)
{
    put_stream("a");
    assert_status("ln a hard; ln -s a soft", 0, NULL);
    assert_status("migstat convert --force a -o a", 2, "--in-place");
    assert_status("migstat convert --force a -o hard", 2, "--in-place");
    assert_status("migstat convert --force a -o soft", 2, "--in-place");
    assert_status("migstat convert --force - -o a <hard", 2,
                  "a is an input, which would be lost");
    assert_status("migstat convert a >> a", 2, "--in-place");
    assert_is_stream("a");
    assert_files("a hard soft");
}
END_TEST

START_TEST(in_place_keeps_the_mode)
{
    g_autofree char *path = in_folder("a");
    struct stat st;

    put_stream("a");
    ck_assert_int_eq(chmod(path, 0640), 0);
    assert_status("migstat convert --in-place --to=config-last a", 0, "config-last");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0640);
    assert_status("migstat convert --in-place --to=config-first a", 0, NULL);
    assert_is_stream("a");
    assert_status("migstat convert --in-place a -o b", 2, "--in-place");
    assert_files("a");
}
END_TEST

START_TEST(zstd_there_and_back)
{
    put_stream("a");
    assert_status("migstat convert --zstd=3 --long --threads=2 a -o a.zst", 0, NULL);
    assert_status("zstd -qt a.zst && migstat convert a.zst -o b", 0,
                  "unwrapped from zstd");
    assert_is_stream("b");
    assert_status("migstat convert --to=config-first --zstd a.zst -o c.zst && "
                  "zstd -qd c.zst -o c",
                  0, NULL);
    assert_is_stream("c");
    assert_status("migstat convert --in-place --to=config-last a.zst && zstd -qt a.zst",
                  0, NULL);
    assert_status("cat a.zst | migstat convert --to=config-first - > d", 0, NULL);
    assert_is_stream("d");
    assert_status(
        "gzip a; migstat convert --in-place --to=config-last a.gz && gzip -t a.gz", 0,
        NULL);
    assert_status("migstat convert --in-place --compress=xz:1 a.gz && { ! command -v xz "
                  "|| xz -t <a.gz; }",
                  0, NULL);
    assert_status("migstat convert --in-place --offset=1 c", 2, "would be lost");
}
END_TEST

/* Every stream there is: from a file, from a pipe, through zstd and back. */
START_TEST(null_changes_nothing)
{
    g_auto(GStrv) good = fixture_list("good", ".txt");
    g_auto(GStrv) real = fixture_list("real", ".mig.zst");
    char **lists[] = { good, real };

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (char **name = lists[i]; *name; name++) {
            g_autoptr(GBytes) stream = fixture_bytes(*name);
            put("a", stream);
            assert_status("set -e; migstat convert --force --filter=null a -o b; cmp a b;"
                          "cat a | migstat convert -q --filter=null - | cmp - a;"
                          "migstat convert --force --zstd --filter=null a -o c;"
                          "migstat convert --force --filter=null c -o d; cmp a d",
                          0, NULL);
        }
    }
}
END_TEST

START_TEST(null_through_pipes)
{
    put_stream("a");
    assert_status("cat a | migstat convert --filter=null - | cat > b", 0, "unchanged");
    assert_is_stream("b");
    assert_status("migstat convert a -o /dev/stdout > c", 0, NULL);
    assert_is_stream("c");
    assert_status("migstat convert -q a > d", 0, NULL);
    assert_is_stream("d");
    assert_status("mkfifo f; cat a > f & migstat convert f -o e", 0, NULL);
    assert_is_stream("e");
}
END_TEST

/* What would be said must not go into a file that took the place of a stream. */
START_TEST(closed_streams_stay_closed)
{
    put_stream("a");
    assert_status("cat a | migstat convert - -o b >&- 2>&-", 0, NULL);
    assert_is_stream("b");
    assert_status("migstat convert a -o c <&- >&- 2>&-", 0, NULL);
    assert_is_stream("c");
    assert_status("migstat convert a >&-", 2, "cannot write standard output");
    assert_status("migstat convert - -o d <&-", 2, "cannot read standard input");
}
END_TEST

/* Header, XML with its NUL, stream. */
START_TEST(save_image_stays_one)
{
    static const char xml[] = "<domain/>";
    g_autoptr(GBytes) stream = fixture_bytes(STREAM);
    g_autoptr(GByteArray) image = g_byte_array_new();
    guint32 fields[19] = { 2, sizeof xml, 1, 0, 0 };
    size_t n;
    const void *p = g_bytes_get_data(stream, &n);

    g_byte_array_append(image, (const guint8 *)"LibvirtQemudSave", 16);
    g_byte_array_append(image, (const guint8 *)fields, sizeof fields);
    g_byte_array_append(image, (const guint8 *)xml, sizeof xml);
    g_byte_array_append(image, p, (guint)n);
    g_autoptr(GBytes) bytes = g_bytes_new(image->data, image->len);
    put("image", bytes);
    assert_status("migstat convert --container=none image -o a", 0,
                  "unwrapped from libvirt save image");
    assert_is_stream("a");
    assert_status("migstat convert image -o b && cmp image b", 0,
                  "bytes; in a libvirt save image; unchanged");
    assert_status("migstat convert --to=config-last image -o c && "
                  "migstat convert --in-place --to=config-first c && cmp c image",
                  0, NULL);
    assert_status(
        "migstat convert --compress=gzip image -o d && tail -c +103 d | gzip -t", 0,
        NULL);
    assert_status("migstat convert --in-place --compress=none d && cmp d image", 0, NULL);
    assert_status("zstd -q --rm d && migstat convert d.zst -o e && cmp e image", 0,
                  "unwrapped from zstd; in a libvirt save image");
    assert_status("migstat convert --zstd --container=none image -o f && zstd -qdc f >g",
                  0, NULL);
    assert_is_stream("g");
    assert_status("migstat convert -f json image -o h", 0,
                  "\"unwrapped\": [], \"wrapped\": [\"libvirt save image\"]");
    /* Its XML has the definition of the guest. */
    assert_status("migstat convert --filter=redact image -o i && ! grep -q '<domain' i",
                  0, "unwrapped from libvirt save image");
    assert_status("migstat convert --container=keep --filter=redact image -o j", 0,
                  "unwrapped from libvirt save image");
    assert_status("migstat convert --in-place --filter=redact image", 2,
                  "-o FILE is where it goes");
}
END_TEST

/* A save image with @xml and a cookie, and room for 8 bytes more, around a stream with RAM. */
static void put_image(const char *name, const char *xml)
{
    static const char cookie[] = "<cookie/>";
    g_autoptr(GBytes) stream = fixture_bytes("extract/ram.txt");
    g_autoptr(GByteArray) image = g_byte_array_new();
    const guint32 xml_length = (guint32)strlen(xml) + 1;
    const guint32 fields[19] = { 2, xml_length + sizeof cookie + 8, 1, 0, xml_length };
    size_t n;
    const void *p = g_bytes_get_data(stream, &n);

    g_byte_array_append(image, (const guint8 *)"LibvirtQemudPart", 16);
    g_byte_array_append(image, (const guint8 *)fields, sizeof fields);
    g_byte_array_append(image, (const guint8 *)xml, xml_length);
    g_byte_array_append(image, (const guint8 *)cookie, sizeof cookie);
    g_byte_array_append(image, (const guint8 *)"\0\0\0\0\0\0\0", 8);
    g_byte_array_append(image, p, (guint)n);
    g_autoptr(GBytes) bytes = g_bytes_new(image->data, image->len);
    put(name, bytes);
}

#define XML(machine)                                                       \
    "<domain><metadata><os><type machine='no'/></os></metadata><os><type " \
    "arch='x86_64'\n"                                                      \
    " machine='" machine "' x='y'>hvm</type><type machine='no'/></os></domain>"

/* What is around the stream says what the stream is: the format, and the machine type. */
START_TEST(image_follows_the_stream)
{
    put_image("image", XML("pc-q35-7.2"));
    put_image("other", "<domain><os><type>hvm</type></os></domain>");
    put_image("broken", "<domain><os>");
    assert_status("migstat convert --compress=sparse image -o sparse", 0,
                  "RAM becomes mapped");
    assert_status(
        "od -An -tu1 -j28 -N1 sparse | grep -q 6 && migstat diff --ram image sparse", 1,
        NULL);
    assert_status(
        "migstat convert --compress=raw sparse -o raw && od -An -tu1 -j28 -N1 raw | "
        "grep -q 0 && migstat diff --ram image raw",
        0, NULL);
    assert_status("migstat convert --in-place --compress=sparse raw && cmp raw sparse", 0,
                  NULL);
    assert_status(
        "migstat convert --compress=gzip --filter=mapped-ram:to=plain sparse -o zip && "
        "migstat convert --compress=sparse zip -o again && cmp again sparse",
        0, NULL);
    assert_status("migstat convert --compress=gzip sparse -o x", 2,
                  "mapped-ram:to=plain");
    assert_status("head -c 16 again | grep -q LibvirtQemudPart", 0, NULL);
    assert_status("migstat convert --compress=gzip image -o y", 0,
                  "in a libvirt save image that was not finished; compressed with gzip; "
                  "everything else unchanged");
    assert_status("migstat convert --compress=raw sparse -o y --force", 0,
                  "the save image is no longer marked as sparse");
    /* One that is marked as raw around a mapped-ram stream. */
    assert_status(
        "cp sparse lie && printf '\\0' | dd of=lie bs=1 seek=28 conv=notrunc 2> "
        "dd && migstat check lie | grep -q 'error.container-sparse'",
        0, NULL);
    assert_status("migstat convert --compress=zstd lie -o y --force", 2,
                  "mapped-ram:to=plain");
    assert_status("migstat convert --compress=sparse lie -o y --force && cmp y sparse", 0,
                  "the save image is marked as sparse");

    assert_status("migstat convert --filter=machine:name=pc-q35-8.0 image -o m", 0,
                  "domain XML: machine pc-q35-7.2 \342\206\222 pc-q35-8.0");
    assert_status(
        "migstat extract --xml m -o m.xml && migstat extract --xml image -o i.xml && "
        "sed s/7.2/8.0/ i.xml | cmp - m.xml",
        0, NULL);
    assert_status(
        "migstat convert --filter=machine:name=a-much-longer-machine-type image -o l && "
        "migstat extract --cookie l -o l.cookie && grep -q '<cookie/>' l.cookie",
        0, "room for");
    assert_status("migstat convert --in-place --compress=sparse l && migstat check l", 1,
                  NULL);
    assert_status("migstat convert --filter=machine:name=pc-q35-8.0 other -o o", 0, NULL);
    assert_status("migstat convert --filter=machine:name=pc-q35-8.0 broken -o x", 2,
                  "it is no domain XML");

    assert_status("migstat convert --set-xml=m.xml image -o s", 0,
                  "machine pc-q35-8.0, and the stream was saved on pc-q35-7.2");
    assert_status("migstat convert --set-xml=i.xml image -o s2 2> s2.err && "
                  "! grep -q 'the stream was saved on' s2.err",
                  0, NULL);
    assert_status("cmp s m || migstat extract --xml s -o s.xml && cmp s.xml m.xml", 0,
                  NULL);
    assert_status(
        "migstat convert --set-xml=m.xml --filter=machine:name=pc-q35-7.2 image -o t "
        "&& migstat extract --xml t -o t.xml && cmp t.xml i.xml",
        0, NULL);
    assert_status("cp m.xml lost.xml; "
                  "migstat convert --set-xml=lost.xml image -o lost.xml --force",
                  2, "lost.xml is an input, which would be lost\n");
    assert_status("cmp lost.xml m.xml", 0, NULL);
    assert_status("mkfifo pipe.xml && { cat m.xml > pipe.xml & } && "
                  "migstat convert --set-xml=pipe.xml image -o s3 && cmp s3 s",
                  0, NULL);
    /* What fits to the byte stays at its place; with one byte more the stream moves, and the area
     * gets the room that libvirt leaves. */
    assert_status("sed s/\\'y\\'/\\'12345678\\'/ i.xml > 8.xml && "
                  "sed s/\\'y\\'/\\'123456789\\'/ i.xml > 9.xml && "
                  "migstat convert --set-xml=8.xml image -o 8 && "
                  "test $(($(wc -c < 8) - $(wc -c < image))) = 0 && "
                  "migstat extract --xml 8 -o - | cmp - 8.xml",
                  0, "domain XML: replaced");
    assert_status("migstat convert --set-xml=9.xml image -o 9 && "
                  "test $(($(wc -c < 9) - $(wc -c < image))) = 65537 && "
                  "migstat extract --xml 9 -o - | cmp - 9.xml && "
                  "migstat extract --cookie 9 -o - | grep -q '<cookie/>'",
                  0, "room for");
    assert_status("migstat convert --set-xml=m image -o x", 2, "it is no domain XML");
    assert_status("migstat convert --set-xml=none image -o x", 2, "No such file");
    assert_status("migstat convert --set-xml=m.xml --container=none image -o x", 2,
                  "the result is none");
    assert_status("migstat convert --container=none image -o bare && "
                  "migstat convert --compress=sparse bare -o x",
                  2, "--filter=mapped-ram");
    assert_status("migstat convert --compress=sparse:1 image -o x", 2,
                  "sparse has no levels");
}
END_TEST

/* Interrupts before the interrupt controller are config-first's own, where there is a GIC. */
START_TEST(check_finds_no_error)
{
    g_auto(GStrv) names = fixture_list("real", "vfio.mig.zst");
    g_auto(GStrv) taught = fixture_list("real", "needed.mig.zst");
    char **lists[] = { names, taught };

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (char **name = lists[i]; *name; name++) {
            g_autoptr(GBytes) stream = fixture_bytes(*name);
            put("a", stream);
            assert_status(
                "set -e; for to in config-last subflag subflag:config-needed=yes; do "
                "migstat convert --force --to=$to a -o b; migstat check -q b; done;"
                "migstat convert --force --to=config-first a -o b;"
                "migstat check -q --ignore=vfio-irq-before-controller b",
                0, NULL);
            if (strstr(*name, "-52-")) {
                assert_status("migstat convert --force --to=config-last a -o b;"
                              "migstat check -q --for=qemu-11.1 b",
                              0, NULL);
            }
        }
    }
}
END_TEST

/* --- what goes wrong ---------------------------------------------------------------- */

START_TEST(nothing_is_left_of_a_failure)
{
    static const struct {
        const char *line;
        int status;
        const char *says;
    } rows[] = {
        { "migstat convert cut -o b", 1, "0x" },
        { "migstat convert --force cut -o old", 1, "0x" },
        { "migstat convert noise -o b", 1, "not a migration stream" },
        { "migstat convert --to=config-last multifd -o b", 1, "multifd transfer" },
        { "migstat convert --force --to=config-last multifd -o old", 1, "d/vfio" },
        { "migstat convert missing -o b", 2, "missing" },
        { "migstat convert a -o none/b", 2, "none/b" },
        { "migstat convert a -o .", 2, ". is a folder; -o wants a file name" },
        { "migstat convert a -o /dev/full", 2, "/dev/full" },
        { "migstat convert a > /dev/full", 2, "standard output" },
        { "ulimit -f 100; trap '' XFSZ; migstat convert a -o b", 2, "b" },
        { "migstat convert", 2, "which file" },
        { "migstat convert a a", 2, "output goes to -o FILE" },
        { "migstat convert --to=nowhere a -o b", 2, "nowhere" },
        { "migstat convert --filter=nothing a -o b", 2, "nothing" },
        { "migstat convert --config-needed=yes a -o b", 2, "no effect without --to" },
        { "migstat convert --to=subflag --config-needed=maybe a -o b", 2, "maybe" },
        { "migstat convert --to=config-last --config-needed=yes a -o b", 2,
          "migstat convert:" },
        { "migstat convert --filter=drop-section a -o b", 2, "migstat convert:" },
        { "migstat convert --threads=2 a -o b", 2, "--compress or --zstd" },
        { "migstat convert --threads=2 --compress=xz a -o b", 2, "are for zstd" },
        { "migstat convert --compress=lz4 a -o b", 2, "--compress is zstd, gzip, " },
        { "migstat convert --compress=lzop:1 a -o b", 2, "lzop has no levels" },
        { "migstat convert --compress=none:1 a -o b", 2, "none has no levels" },
        { "migstat convert --compress=xz:10 a -o b", 2, "not between 1 and 9" },
        { "migstat convert --container=keeps a -o b", 2, "--container is keep or none" },
        { "migstat convert --zstd --threads=-2 a -o b", 2, "--threads wants a number" },
        { "migstat convert a -o ''", 2, "not an empty one" },
        { "migstat convert --explain --to=config-first:every-iteration=yes", 2,
          "to=subflag" },
        { "migstat convert --help-filter=none", 2, "none" },
        { "TMPDIR=/nowhere; export TMPDIR; cat big | migstat convert --to=config-first - "
          "-o b",
          2, "-: error: cannot make a temporary file in /nowhere" },
    };
    g_autoptr(GBytes) stream = fixture_bytes(STREAM);
    g_autoptr(GBytes) cut = g_bytes_new_from_bytes(stream, 0, 300000);
    g_autoptr(GBytes) multifd = assembled(
        "header; start 9 \"d/vfio\" 0 1; vfio setup; vfio eos; footer 9; end 9; vfio eos;"
        "footer 9; full 9 \"d/vfio\" 0 1; vfio eos; footer 9; eof");
    g_autoptr(GBytes) big = assembled(
        "header; config \"m\"; start 9 \"d/vfio\" 0 1; vfio setup; vfio eos; footer 9; "
        "part 9;"
        "vfio data 9000000 1; vfio eos; footer 9; end 9; vfio eos; footer 9; eof");

    put("a", stream);
    put("cut", cut);
    put("multifd", multifd);
    put("big", big);
    put_text("noise", "this is no stream at all");
    put_text("old", "precious");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_status(rows[i].line, rows[i].status, rows[i].says);
        assert_text("old", "precious");
        assert_files("a cut multifd big noise old");
    }
}
END_TEST

/* A file whose end does not tell all of it is converted as the same stream from a pipe. */
START_TEST(a_configuration_before_the_end)
{
    g_autoptr(GBytes) stream = assembled(
        "header; config \"m\"; start 17 \"d/vfio\" 0 1; vfio setup; vfio eos; footer 17;"
        "end 17; vfio config; vfio-payload 256 2; vfio eos; vfio data 5 1; vfio eos;"
        "footer 17; full 17 \"d/vfio\" 0 1; vfio config; vfio-payload 256 3; vfio eos;"
        "footer 17; eof\n"
        "description {\n{\"page_size\": 4096, \"devices\": [{\"name\": \"d/vfio\", "
        "\"instance_id\": 0, \"size\": 341, \"fields\": [{\"name\": \"data\", "
        "\"size\": 341, \"type\": \"buffer\"}]}]}\n}");

    put("a", stream);
    assert_status("migstat convert --to=subflag a -o b", 1, "sent more than once");
    assert_files("a");
    assert_status("migstat convert --lossy --to=subflag a -o b", 0,
                  "set up before the data");
    assert_status("cat a | migstat convert --lossy --to=subflag - >c; cmp b c", 0, NULL);
    assert_status("migstat convert --lossy --to=subflag --in-place a; cmp a b", 0, NULL);
}
END_TEST

START_TEST(closed_pipe_ends_quietly)
{
    put_stream("a");
    g_autoptr(Run) run =
        shell("mkfifo p; exec 3<>p 4>p 3>&-; migstat convert a >&4; echo $? > status");
    ck_assert_str_eq(run->err, "");
    assert_text("status", "2\n");
}
END_TEST

START_TEST(terminal_gets_no_stream)
{
    put_stream("a");
    static const char *const ways[] = { "", "-o -", "-o /dev/stdout", "-o /dev/tty" };

    if (system("command -v script > /dev/null") != 0) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autofree char *line = g_strdup_printf(
            "script -qec 'migstat convert a %s' /dev/null < /dev/null", ways[i]);
        g_autoptr(Run) run = shell(line);
        ck_assert_msg(run->status == 2, "%s", line);
        ck_assert_msg(strstr(run->out, "not for a terminal"), "%s: %s", line, run->out);
    }
}
END_TEST

/* The input waits for ever; the signal comes when most of what there is has been read, which
 * is more than a pipe holds. */
START_TEST(signal_leaves_nothing)
{
    static const char *const signals[] = { "INT", "TERM" };

    put_stream("a");
    put_text("old", "precious");
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
        g_autofree char *line = g_strdup_printf(
            "mkfifo f; exec 3<>f; head -c 200000 a >&3 & head=$!; "
            "env --default-signal=INT migstat convert --force f -o old 2>said & pid=$!; "
            "wait $head; kill -%s $pid; wait $pid; status=$?; rm f; exit $status",
            signals[i]);
        assert_status(line, 2, NULL);
        g_autoptr(GBytes) said = get("said");
        ck_assert_msg(g_strstr_len(g_bytes_get_data(said, NULL),
                                   (gssize)g_bytes_get_size(said), "cancelled"),
                      "%s", signals[i]);
        assert_text("old", "precious");
        assert_files("a old said");
    }
}
END_TEST

START_TEST(lossy_is_asked_for)
{
    g_autoptr(GBytes) stream =
        assembled("header; start 9 \"d/vfio\" 0 1; vfio setup; vfio eos; footer 9;"
                  "part 9; vfio config; vfio subflag 1; vfio-payload 256 3; vfio eos; "
                  "vfio data 5 1;"
                  "vfio eos; footer 9; end 9; vfio config; vfio subflag 1; vfio-payload "
                  "256 2; vfio eos;"
                  "vfio eos; footer 9; full 9 \"d/vfio\" 0 1; vfio config; vfio subflag "
                  "2; vfio eos;"
                  "footer 9; eof");

    put("a", stream);
    assert_status("migstat convert --to=config-last a -o b", 1, "--lossy");
    ck_assert(!is_there("b"));
    assert_status("migstat convert --to=config-last --lossy a -o b", 0, "dropped");
}
END_TEST

/* --- what it says ------------------------------------------------------------------- */

START_TEST(report_names_the_device)
{
    put_stream("a");
    assert_status(
        "migstat convert --to=subflag a -o b", 0,
        "0000:00:01.0/vfio: config-first \342\206\222 subflag, set up before the data "
        "(2 records), interrupts enabled at 0x");
    assert_status("migstat convert --to=config-first a -o c", 0,
                  "0000:00:01.0/vfio: config-first already, unchanged");
    assert_status("migstat convert --to=subflag --config-needed=yes:none/vfio a -o b2", 2,
                  "no VFIO device \"none/vfio\"; did you mean 0000:00:01.0/vfio?");
    g_autoptr(Run) quiet = shell("migstat convert -q --to=config-last a -o d");
    ck_assert_str_eq(quiet->err, "");
    ck_assert_str_eq(quiet->out, "");

    g_autoptr(Run) run = shell("migstat convert --report=json --to=config-last a -o e");
    g_autoptr(JsonParser) parser = json_parser_new();
    ck_assert_msg(json_parser_load_from_data(parser, run->err, -1, NULL), "%s", run->err);
    JsonObject *report = json_node_get_object(json_parser_get_root(parser));
    g_autoptr(GBytes) written = get("e");
    ck_assert_int_eq(json_object_get_int_member(report, "written_bytes"),
                     (gint64)g_bytes_get_size(written));
    JsonArray *changes = json_object_get_array_member(report, "changes");
    ck_assert_uint_eq(json_array_get_length(changes), 1);
    ck_assert_str_eq(json_object_get_string_member(
                         json_array_get_object_element(changes, 0), "section"),
                     "0000:00:01.0/vfio");
}
END_TEST

/* A field that a device sends twice: i8254 has one so, the second time as it was called once. */
START_TEST(what_is_done_twice_is_told_once)
{
    g_autoptr(GBytes) stream = fixture_bytes("real/q35-72-xbzrle.mig.zst");
    static const char filter[] =
        "--filter=set-field:path=i8254:*.next_transition_time:value=5";
    g_autofree char *command = g_strdup_printf("migstat convert '%s' a -o b", filter);

    put("a", stream);
    assert_status(command, 0,
                  "; i8254: channels[0].next_transition_time 796418316 \342\206\222 5 (2 "
                  "times); i8254: channels[1].next_transition_time 0 \342\206\222 5; "
                  "i8254: channels[2].next_transition_time 0 \342\206\222 5; everything "
                  "else unchanged");
    g_autofree char *again = g_strdup_printf(
        "migstat convert --report=json '%s' a -o c 2>&1 | grep -o next_tra | wc -l",
        filter);
    g_autoptr(Run) json = shell(again);
    ck_assert_msg(g_strstr_len(json->out, -1, "4"), "%s", json->out);

    g_autoptr(GBytes) devices =
        assembled("header; config \"pc\"; full 1 \"a\" 0 1; footer 1; full 2 \"b\" 0 1; "
                  "footer 2; full 3 \"b\" 1 1; footer 3; eof");
    put("d", devices);
    assert_status("migstat convert --filter=drop-section:name=? d -o e", 0,
                  "; a: dropped; b: dropped; b@1: dropped; everything else unchanged");
}
END_TEST

/* Of a run that changes more than is kept, the rest is counted. */
START_TEST(report_has_an_end)
{
    g_autoptr(GBytes) stream =
        assembled("header; config \"pc-q35-7.2\"\n"
                  "repeat 5000 { full @i \"d\" @i 1; u8 0; footer @i }; eof");

    put("a", stream);
    assert_status("migstat convert --filter=drop-section:name=d a -o b", 0,
                  "; and 4,984 more; everything else unchanged");
    g_autoptr(Run) run =
        shell("migstat convert --report=json --filter=drop-section:name=d a -o c");
    ck_assert_msg(strstr(run->err, "\"more_changes\": 904"), "%.2000s", run->err);
}
END_TEST

/* What is told of the first 4,096 changes may be so of the others. */
START_TEST(times_are_those_that_were_kept)
{
    g_autoptr(GString) text =
        g_string_new("header; config \"pc\"; full 3 \"d\" 0 1; zero 5000; footer 3; eof\n"
                     "description {\n{\"page_size\": 4096, \"devices\": [{\"name\": "
                     "\"d\", \"instance_id\": 0, \"vmsd_name\": \"d\", \"version\": 1, "
                     "\"fields\": [");

    for (int i = 0; i < 5000; i++) {
        g_string_append_printf(text,
                               "%s{\"name\": \"%c\", \"type\": \"uint8\", \"size\": 1}",
                               i ? ", " : "", "ab"[i % 2]);
    }
    g_string_append(text, "]}]}\n}\n");
    g_autoptr(GBytes) stream = assembled(text->str);
    put("a", stream);
    assert_status("migstat convert --filter='set-field:path=d:*:value=5' a -o b", 0,
                  "; d: a 0x0 \342\206\222 0x5 (at least 2,048 times); d: b 0x0 "
                  "\342\206\222 0x5 (at least 2,048 times); and 904 more; everything");
}
END_TEST

/* --- for a release ------------------------------------------------------------------- */

static const struct {
    const char *fixture, *options;
    int status;
    const char *says;
} for_rows[] = {
    { "real/q35-100-vfio.mig.zst", "--for=7.2", 0,
      "; 1 SWITCHOVER_START dropped; everything else unchanged; gives up: what the older "
      "machine type sets differently (start the destination with that type); no reason "
      "for QEMU 7.2 to refuse it found" },
    { "real/q35-52-vfio.mig.zst", "--for=qemu-11.1", 0,
      "config-first \342\206\222 config-last" },
    { "real/q35-72-vfio.mig.zst", "--for=7.2", 0,
      "; unchanged; no reason for QEMU 7.2 " },
    /* What is no refusal is said, and stays where nothing mends it. */
    { "bad/vfio-irq-before-controller.txt", "--for=5.2", 1,
      "; unchanged; QEMU 5.2 accepts it, with 1 error: vfio-irq-before-controller" },
    /* What was asked for comes first. */
    { "real/q35-100-vfio.mig.zst", "--for=7.2 --to=subflag", 0,
      "config-last \342\206\222 subflag" },
    /* The subsections of pckbd and ICH9-LPC came with 6.1. */
    { "real/q35-100-devices.mig.zst", "--for=5.2", 1,
      "gives up what ich9_pm/pcihp holds: --lossy allows it" },
    { "real/q35-100-devices.mig.zst", "--for=5.2 --lossy", 0,
      "pckbd: subsection kbd.pckbd/extended_state dropped, 36 bytes; " },
    { "bad/subsection-newer.txt", "--for=6.1", 0, "; unchanged; no reason for QEMU 6.1" },
    { "real/q35-72-zlib.mig.zst", "--for=11.1", 0, "compressed pages" },
    { "bad/vfio-flag-newer.txt", "--for=7.2", 0, "became END_OF_STATE" },
    /* What nothing mends. */
    { "real/q35-100-mapped-ram.mig.zst", "--for=7.2", 1,
      "error[capability-newer]: capability mapped-ram came with QEMU 9.0; QEMU 7.2 "
      "refuses "
      "the stream for this, and no conversion helps: " },
    { "bad/footer-id.txt", "--for=7.2", 1, "error[footer-id]: " },
    { "bad/truncated.txt", "--for=7.2", 1, "error[truncated]: " },
    { "bad/magic.txt", "--for=7.2", 1, "starts with 51 45 56 4e 00 00 00 03; give" },
    /* What gives up too much has to be asked for. */
    { "real/q35-72-block.mig.zst", "--for=11.1", 1,
      "drop-section:name=block, which helps, gives up the content of the disks" },
    { "real/q35-72-block.mig.zst", "--for=11.1 --lossy", 0, "block: dropped" },
    { "real/q35-72-vfio.mig.zst", "--for=12.0", 2, "11.1" },
};

START_TEST(a_stream_is_made_fit_for_a_release)
{
    g_autoptr(GBytes) stream = fixture_bytes(for_rows[_i].fixture);
    g_autofree char *file =
        g_strdup_printf("migstat convert %s a -o b", for_rows[_i].options);
    g_autofree char *pipe_end =
        g_strdup_printf("cat a | migstat convert %s - > c", for_rows[_i].options);
    g_autofree char *dry =
        g_strdup_printf("migstat convert --dry-run %s a", for_rows[_i].options);
    /* What has an error that no release minds is made all the same. */
    bool made = for_rows[_i].status == 0 || strstr(for_rows[_i].says, "accepts it");

    put("a", stream);
    assert_status(file, for_rows[_i].status, for_rows[_i].says);
    assert_status(pipe_end, for_rows[_i].status, NULL);
    assert_status(dry, for_rows[_i].status, NULL);
    ck_assert(is_there("b") == made);
    if (made) {
        g_autoptr(GBytes) b = get("b");
        g_autoptr(GBytes) c = get("c");
        assert_same_bytes(c, b, pipe_end);
    }
    assert_files(made ? "a b c" : "a c");
}
END_TEST

#define NO_REASON "no reason for dest"

/* A fixture of rules dest-..., and its destination; NULL: that of the same name. */
static const struct {
    const char *fixture, *against, *options;
    int status;
    const char *says;
} fit_rows[] = {
    /* What loses nothing is done. */
    { "dest-section.txt", NULL, "", 0, "renamed to 0000:00:05.0/dev; " },
    { "dest-ram-block-memory.txt", NULL, "", 0, "RAM block mem renamed to pc.ram; " },
    { "dest-ram-block-length.txt", NULL, "", 0, "0000:00:03.0/e1000.rom: 4096 " },
    { "dest-value-register.txt", NULL, "", 0, "cpreg[ID_DFR0_EL1] 0x3010006" },
    { "dest-ram-missing.txt", NULL, "", 0, "; unchanged; " NO_REASON },
    /* What gives up state is not, unless it is asked for: all, or one thing. */
    { "dest-fields.txt", NULL, "", 1,
      "; dest refuses the stream for this, and resize-array:path=dev:slots:length=2, "
      "which "
      "helps, gives up what the elements that go hold: --lossy allows it, "
      "--lossy=resize-array that alone (better: " },
    { "dest-fields.txt", NULL, "--lossy", 0, "dev: slots: 4 \342\206\222 2 elements" },
    { "dest-fields.txt", NULL, "--lossy=resize-array", 0, NO_REASON },
    { "dest-fields.txt", NULL, "--lossy=resize-array:path=dev:slots:length=2", 0,
      NO_REASON },
    { "dest-fields.txt", NULL, "--lossy=resize-array:path=dev:slots:length=3", 1,
      "gives up" },
    { "dest-fields.txt", NULL, "--lossy=drop-section --lossy=drop-field", 1, "gives up" },
    { "dest-ram-block.txt", NULL, "", 1, "--lossy=ram-block that alone" },
    { "dest-ram-block.txt", NULL, "--lossy=ram-block", 0, "e1000.rom dropped" },
    { "dest-section-instance.txt", NULL, "--lossy=drop-section", 0, "dev@1: dropped" },
    { "dest-register.txt", NULL, "--lossy", 0, "cpreg[ACTLR_EL1] dropped" },
    { "dest-subsection.txt", "dest-subsection.json", "", 1,
      "gives up what the subsection" },
    { "dest-subsection.txt", "dest-subsection.json", "--lossy", 0, "dev/new dropped" },
    { "dest-fields-unknown.txt", "dest-fields-unknown.json", "--lossy=drop-field", 0,
      "field new dropped" },
    { "dest-features.txt", "dest-features.json", "", 1, "--lossy=set-field that alone" },
    { "dest-features.txt", "dest-features.json", "--lossy=set-field", 0,
      "guest_features 0x1c0000100000020 \342\206\222 0x100000020; " },
    { "dest-machine-vendor.txt", NULL, "", 1,
      "machine:name=pc-q35-7.2, which helps, gives up what the two machine types set "
      "differently" },
    { "dest-machine-vendor.txt", NULL, "--lossy=machine", 0, NO_REASON },
    { "dest-machine-vendor.txt", "machine-words.txt", "--lossy=machine", 0, NO_REASON },
    /* What is not sure is left alone, unless its filter is named. */
    { "dest-fields-unknown.txt", "without-field.txt", "--lossy", 0, "; unchanged; " },
    { "dest-fields-unknown.txt", "without-field.txt", "--lossy=drop-subsection", 0,
      "; unchanged; " },
    { "dest-fields-unknown.txt", "without-field.txt", "--lossy=drop-field", 0,
      "field new dropped" },
    /* What nothing mends. */
    { "dest-machine.txt", NULL, "--lossy", 1,
      "and no conversion helps: start the destination with -machine" },
    { "dest-value.txt", NULL, "--lossy", 1,
      "error[dest-value]: dev: nirq: 4 here, 8 there" },
    { "dest-pci-config.txt", NULL, "--lossy", 1, "no conversion helps" },
    /* A release and a destination; and what was asked for comes first. */
    { "dest-section.txt", NULL, "--for=7.2", 0, "no reason for QEMU 7.2 to refuse it" },
    { "dest-section.txt", NULL, "--filter=drop-section:name=0000:00:04.0/dev", 0,
      "dropped; everything else unchanged; " NO_REASON },
    { "dest-section.txt", NULL, "--lossy=no-such", 2, "no filter called \"no-such\"" },
    { "dest-section.txt", "missing.json", "", 2, "dest: " },
};

START_TEST(a_stream_is_made_fit_for_a_destination)
{
    const char *options = fit_rows[_i].options;
    const char *against =
        fit_rows[_i].against ? fit_rows[_i].against : fit_rows[_i].fixture;
    g_autofree char *bad = g_strconcat("bad/", fit_rows[_i].fixture, NULL);
    g_autofree char *name = g_strconcat("against/", against, NULL);
    g_autofree char *inside = g_strconcat("tests/fixtures/", name, NULL);
    g_autofree char *json = source_path(inside);
    g_autofree char *copy = g_strdup_printf("cp %s dest", json);
    g_autofree char *file =
        g_strdup_printf("migstat convert --fit=dest %s a -o b", options);
    g_autofree char *check = g_strdup_printf("migstat check -q --against=dest b");
    g_autofree char *dry =
        g_strdup_printf("migstat convert --dry-run --fit=dest %s a", options);
    g_autofree char *place =
        g_strdup_printf("migstat convert -q --in-place --fit=dest %s a", options);
    g_autoptr(GBytes) stream = fixture_bytes(bad);
    bool made = fit_rows[_i].status == 0;

    put("a", stream);
    if (!g_str_has_suffix(against, ".json")) {
        g_autoptr(GBytes) destination = fixture_bytes(name);
        put("dest", destination);
    } else if (g_file_test(json, G_FILE_TEST_EXISTS)) {
        assert_status(copy, 0, NULL);
    }
    assert_status(file, fit_rows[_i].status, fit_rows[_i].says);
    assert_status(dry, fit_rows[_i].status, NULL);
    ck_assert(is_there("b") == made);
    if (made) {
        assert_status(check, 0, NULL);
        assert_status(place, 0, NULL);
        assert_status("cmp a b", 0, NULL);
    }
}
END_TEST

/* Either the release has no reason left to refuse the result, or there is none. */
START_TEST(what_was_made_for_a_release_is_not_refused)
{
    static const char *const releases[] = { "5.2", "7.2", "9.2", "11.1" };
    g_auto(GStrv) names = fixture_list("real", ".mig.zst");
    g_autoptr(GBytes) stream = fixture_bytes(names[_i]);

    put("a", stream);
    for (size_t i = 0; i < G_N_ELEMENTS(releases); i++) {
        g_autofree char *line =
            g_strdup_printf("rm -f b; migstat convert -q --lossy --for=%s a -o b; s=$?; "
                            "test -e b || exit 3;"
                            "migstat check --for=%s b; test $? = $s",
                            releases[i], releases[i]);
        g_autoptr(Run) run = shell(line);

        ck_assert_msg(!strstr(run->out, "refuses it"), "%s: %s\n%s", names[_i], line,
                      run->out);
        ck_assert_msg(run->status == 0 ||
                          (run->status == 3 && strstr(run->err, "no conversion helps")),
                      "%s: %s\n%s%s", names[_i], line, run->out, run->err);
    }
}
END_TEST

START_TEST(a_plan_is_told_before_it_is_done)
{
    g_autoptr(GBytes) stream = fixture_bytes("real/q35-100-vfio.mig.zst");
    put("a", stream);
    g_autoptr(Run) text = shell("migstat convert --dry-run --for=7.2 a");
    g_autoptr(Run) json = shell("migstat convert --dry-run --for=7.2 a -f json");
    g_autoptr(Run) nothing = shell("migstat convert --dry-run --for=7.2");
    g_autoptr(JsonParser) parser = json_parser_new();
    ck_assert(g_str_has_prefix(text->out, "machine:name=pc-q35-7.2\n"));
    ck_assert_ptr_nonnull(strstr(text->out, "\ndrop-command:name=SWITCHOVER_START\n"));
    ck_assert_ptr_nonnull(strstr(text->out, "\ngives up: what the older machine type"));
    ck_assert_ptr_nonnull(
        strstr(text->out, "\nthen: no reason for QEMU 7.2 to refuse it"));
    ck_assert(json_parser_load_from_data(parser, json->out, -1, NULL));
    ck_assert_str_eq(json_object_get_string_member(
                         json_node_get_object(json_parser_get_root(parser)), "release"),
                     "7.2");
    ck_assert_int_eq(nothing->status, 2);
    assert_files("a");
}
END_TEST

START_TEST(filters_are_explained)
{
    g_autoptr(Run) explained = shell("migstat convert --dry-run --to=config-first");
    g_autoptr(Run) list = shell("migstat convert --list-filters");

    ck_assert_int_eq(explained->status, 0);
    ck_assert(g_str_has_prefix(explained->out, "vfio-layout:to=config-first\n"));
    ck_assert_int_eq(list->status, 0);
    for (const MigFilterType *const *type = mig_filter_types(); *type; type++) {
        g_autofree char *line = g_strdup_printf("migstat convert --help-filter=%s",
                                                mig_filter_type_name(*type));
        g_autoptr(Run) help = shell(line);
        ck_assert_ptr_nonnull(strstr(list->out, mig_filter_type_name(*type)));
        ck_assert_msg(help->status == 0 && strstr(help->out, "\n  gives up: "), "%s",
                      help->out);
    }
}
END_TEST

/* The output of a command, which must be JSON; free the parser. */
static JsonParser *json_of(const char *line)
{
    g_autoptr(Run) run = shell(line);
    JsonParser *parser = json_parser_new();

    ck_assert_msg(run->status == 0 &&
                      json_parser_load_from_data(parser, run->out, -1, NULL),
                  "%s: %s%s", line, run->out, run->err);
    return parser;
}

static void assert_member(JsonObject *object, const char *name, const char *wanted)
{
    ck_assert_str_eq(json_object_get_string_member(object, name), wanted);
}

/* All filters, and all options of each, as the library has them. */
START_TEST(filters_are_explained_in_json)
{
    g_autoptr(JsonParser) list = json_of("migstat convert --format=json --list-filters");
    JsonArray *filters = json_node_get_array(json_parser_get_root(list));
    guint n = 0;

    for (const MigFilterType *const *type = mig_filter_types(); *type; type++, n++) {
        const char *key, *values, *help;
        g_autofree char *line = g_strdup_printf(
            "migstat convert -f json --help-filter=%s", mig_filter_type_name(*type));
        g_autoptr(JsonParser) parser = json_of(line);
        JsonObject *one = json_node_get_object(json_parser_get_root(parser));
        JsonArray *options = json_object_get_array_member(one, "options");
        guint i = 0;

        ck_assert_uint_lt(n, json_array_get_length(filters));
        assert_member(json_array_get_object_element(filters, n), "name",
                      mig_filter_type_name(*type));
        assert_member(json_array_get_object_element(filters, n), "summary",
                      mig_filter_type_summary(*type));
        assert_member(one, "name", mig_filter_type_name(*type));
        assert_member(one, "summary", mig_filter_type_summary(*type));
        assert_member(one, "gives_up", mig_filter_type_gives_up(*type));
        for (; mig_filter_type_option(*type, i, &key, &values, &help); i++) {
            JsonObject *option = json_array_get_object_element(options, i);

            assert_member(option, "key", key);
            assert_member(option, "values", values);
            assert_member(option, "help", help);
        }
        ck_assert_uint_eq(json_array_get_length(options), i);
    }
    ck_assert_uint_eq(json_array_get_length(filters), n);
}
END_TEST

START_TEST(a_chain_is_explained_in_json)
{
    static const char *const chain[] = { "vfio-layout:to=config-last", "ram-zero" };
    static const struct {
        const char *line;
        bool looks_ahead;
    } chains[] = {
        { "migstat convert --explain --to=config-last --filter=ram-zero -f json", false },
        { "migstat convert --explain --to=config-first -f json", true },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(chains); i++) {
        g_autoptr(JsonParser) parser = json_of(chains[i].line);
        JsonObject *plan = json_node_get_object(json_parser_get_root(parser));
        JsonArray *filters = json_object_get_array_member(plan, "filters");

        ck_assert_int_eq(json_object_get_boolean_member(plan, "looks_ahead"),
                         chains[i].looks_ahead);
        ck_assert(json_object_get_null_member(plan, "release"));
        ck_assert_uint_eq(json_array_get_length(filters), 2 - i);
        for (guint j = 0; i == 0 && j < 2; j++) {
            assert_member(json_array_get_object_element(filters, j), "filter", chain[j]);
        }
    }
}
END_TEST

/* The name of a machine is the stream's, and may be meant for the terminal. */
START_TEST(report_is_escaped)
{
    g_autoptr(GBytes) stream =
        assembled("header; config \"a\\x1b[31m\\xc2\\x9b\\xff\"; eof");

    put("a", stream);
    assert_status("migstat convert --filter=machine:name=b a -o b", 0,
                  "machine a\\x1b[31m\\xc2\\x9b\\xff \342\206\222 b");
}
END_TEST

/* --- the man page ------------------------------------------------------------------- */

static void put_recipe_files(void)
{
    g_autoptr(GBytes) old = fixture_bytes(STREAM);
    g_autoptr(GBytes) new = fixture_bytes("real/q35-100-vfio.mig.zst");

    put("old-5.2.mig", old);
    put("new-10.0.mig", new);
    put("saved.img", old);
    assert_status("zstd -q old-5.2.mig", 0, NULL);
}

START_TEST(recipes_work)
{
    g_autofree char *path = source_path("man/migstat-convert.1");
    g_autofree char *page = NULL;
    unsigned n = 0;

    ck_assert(g_file_get_contents(path, &page, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(page, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (g_str_has_prefix(*line, "$ ")) {
            g_autofree char *command = unformatted(*line + 2);
            put_recipe_files();
            assert_status(command, 0, NULL);
            assert_status(
                "for f in *.mig; do migstat dump \"$f\" > /dev/null || exit 1; done; "
                "rm -f *",
                0, NULL);
            n++;
        }
    }
    ck_assert_uint_ge(n, 10);
}
END_TEST

/* Every filter and every option has its paragraph. */
START_TEST(man_page_is_complete)
{
    g_autofree char *path = source_path("man/migstat-convert.1");
    g_autofree char *page = NULL;
    g_autoptr(Run) help = shell("migstat convert --help");

    ck_assert(g_file_get_contents(path, &page, NULL, NULL));
    g_autofree char *text = unformatted(page);
    for (const MigFilterType *const *type = mig_filter_types(); *type; type++) {
        g_autofree char *heading = g_strconcat(".SS ", mig_filter_type_name(*type), NULL);
        ck_assert_msg(strstr(text, heading), "no %s", heading);
    }
    g_auto(GStrv) words = g_strsplit_set(help->out, " ,:=[\n", -1);
    for (char **word = words; *word; word++) {
        if (g_str_has_prefix(*word, "--") && strlen(*word) > 3 &&
            !g_str_equal(*word, "--help") && !g_str_equal(*word, "--usage") &&
            !g_str_equal(*word, "--version") && !g_str_equal(*word, "--format") &&
            !g_str_equal(*word, "--color") && !g_str_equal(*word, "--no-sandbox")) {
            ck_assert_msg(strstr(text, *word), "no %s", *word);
        }
    }
}
END_TEST

Suite *suite_convert(void)
{
    Suite *suite = suite_create("convert");
    TCase *tc = tcase_create("files");
    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_test(tc, a_file_is_not_overwritten);
    tcase_add_test(tc, the_input_is_not_the_output);
    tcase_add_test(tc, in_place_keeps_the_mode);
    tcase_add_test(tc, zstd_there_and_back);
    tcase_add_test(tc, null_changes_nothing);
    tcase_add_test(tc, null_through_pipes);
    tcase_add_test(tc, closed_streams_stay_closed);
    tcase_add_test(tc, save_image_stays_one);
    tcase_add_test(tc, image_follows_the_stream);
    tcase_add_test(tc, check_finds_no_error);
    tcase_add_test(tc, nothing_is_left_of_a_failure);
    tcase_add_test(tc, a_configuration_before_the_end);
    tcase_add_test(tc, closed_pipe_ends_quietly);
    tcase_add_test(tc, terminal_gets_no_stream);
    tcase_add_test(tc, signal_leaves_nothing);
    tcase_add_test(tc, lossy_is_asked_for);
    tcase_add_test(tc, report_names_the_device);
    tcase_add_test(tc, what_is_done_twice_is_told_once);
    tcase_add_test(tc, report_has_an_end);
    tcase_add_test(tc, times_are_those_that_were_kept);
    tcase_add_loop_test(tc, a_stream_is_made_fit_for_a_release, 0,
                        G_N_ELEMENTS(for_rows));
    tcase_add_loop_test(tc, a_stream_is_made_fit_for_a_destination, 0,
                        G_N_ELEMENTS(fit_rows));
    g_auto(GStrv) real = fixture_list("real", ".mig.zst");
    tcase_add_loop_test(tc, what_was_made_for_a_release_is_not_refused, 0,
                        (int)g_strv_length(real));
    tcase_add_test(tc, a_plan_is_told_before_it_is_done);
    tcase_add_test(tc, filters_are_explained);
    tcase_add_test(tc, filters_are_explained_in_json);
    tcase_add_test(tc, a_chain_is_explained_in_json);
    tcase_add_test(tc, report_is_escaped);
    suite_add_tcase(suite, tc);
    tc = tcase_create("man page");
    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_test(tc, recipes_work);
    tcase_add_test(tc, man_page_is_complete);
    suite_add_tcase(suite, tc);
    return suite;
}
