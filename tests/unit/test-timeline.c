/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the proof that a time line is read as it was written, that its silences are exact,
 *                and that a long one costs no more memory than a bound.
 * Must not know: what is printed of it (../cli/test-timing.c).
 * See also:      live/timeline.h.
 */
#include "live/timeline.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support.h"

#define FIRST "{\"migstat\":\"timeline\",\"version\":1,\"unit\":\"ns\"}\n"
#define MS    G_GUINT64_CONSTANT(1000000)

static MigTimeline *read_bytes(const char *text, size_t n)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, n);
    g_autoptr(MigInput) in = mig_input_new_bytes(bytes, "time line", NULL, NULL);
    g_autoptr(GError) error = NULL;
    MigTimeline *timeline = mig_timeline_new();

    ck_assert_msg(mig_timeline_read(timeline, in, &error), "%s",
                  error ? error->message : "");
    return timeline;
}

/* A clock that stands still until it is moved. */
static int64_t read_clock(void *now)
{
    return *(int64_t *)now;
}

/* What was written, as it comes: two channels, which come and go. */
START_TEST(what_is_written_is_read)
{
    int fd = memfd_create("time line", MFD_CLOEXEC);
    g_autoptr(MigTimelineWriter) writer = mig_timeline_writer_new(fd);
    g_autoptr(MigTimeline) timeline = NULL;
    g_autofree char *text = NULL;
    const MigTimelineChannel *channel;
    int64_t now = 0;
    off_t n;

    mig_timeline_writer_set_clock(writer, read_clock, &now);
    mig_timeline_writer_open(writer, 0);
    mig_timeline_writer_came(writer, 0, 100);
    mig_timeline_writer_open(writer, 1);
    now += MS / 2; /* a pause is no silence */
    mig_timeline_writer_came(writer, 0, 200);
    now += 5 * MS;
    mig_timeline_writer_came(writer, 0, 300);
    mig_timeline_writer_came(writer, 1, 10);
    now += MS;
    mig_timeline_writer_close(writer, 0);
    ck_assert(mig_timeline_writer_flush(writer, NULL));
    n = lseek(fd, 0, SEEK_END);
    text = g_malloc((gsize)n);
    ck_assert_int_eq(pread(fd, text, (size_t)n, 0), n);
    close(fd);
    timeline = read_bytes(text, (size_t)n);
    channel = mig_timeline_channel(timeline, 0);
    ck_assert_uint_eq(channel->opened, 0);
    ck_assert_uint_eq(channel->size, 300);
    ck_assert_uint_eq(channel->n_silences, 1);
    ck_assert_uint_eq(channel->silent, 5 * MS);
    ck_assert_uint_eq(channel->last, 11 * MS / 2);
    ck_assert_uint_eq(channel->closed, 13 * MS / 2);
    ck_assert_uint_eq(mig_timeline_silence(timeline, 0)->offset, 200);
    ck_assert_ptr_null(mig_timeline_silence(timeline, 1));
    ck_assert_uint_eq(mig_timeline_when(timeline, 0, 200), MS / 2);
    ck_assert_uint_eq(mig_timeline_when(timeline, 0, 201), 11 * MS / 2);
    channel = mig_timeline_channel(timeline, 1);
    ck_assert_uint_eq(channel->size, 10);
    ck_assert_uint_eq(channel->closed, MIG_TIME_NONE);
    ck_assert_ptr_null(mig_timeline_channel(timeline, 2));
}
END_TEST

/* A file that cannot be written is told in the end. */
START_TEST(what_cannot_be_written_is_told)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    g_autoptr(MigTimelineWriter) writer = mig_timeline_writer_new(fd);
    g_autoptr(GError) error = NULL;

    mig_timeline_writer_came(writer, 0, 1);
    ck_assert(!mig_timeline_writer_flush(writer, &error));
    ck_assert_msg(strstr(error->message, "cannot write the time line"), "%s",
                  error->message);
    close(fd);
}
END_TEST

#define AT(time, offset) "{\"time\":" time ",\"channel\":3,\"offset\":" offset "}\n"
#define LINES            FIRST AT("10", "100") AT("20", "200") AT("20", "250") AT("2000020", "300")

static const struct {
    uint64_t size, time;
} times[] = {
    { 0, 10 },
    { 1, 10 },
    { 100, 10 },
    { 101, 20 },
    { 250, 20 },
    { 251, 2000020 },
    { 300, 2000020 },
    { 301, MIG_TIME_NONE },
    { UINT64_MAX, MIG_TIME_NONE },
};

START_TEST(bytes_have_come_by_the_next_line)
{
    g_autoptr(MigTimeline) timeline = read_bytes(LINES, strlen(LINES));

    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        ck_assert_uint_eq(mig_timeline_when(timeline, 3, times[i].size), times[i].time);
    }
    ck_assert_uint_eq(mig_timeline_when(timeline, 2, 0), MIG_TIME_NONE);
    ck_assert_uint_eq(mig_timeline_when(timeline, UINT_MAX, 0), MIG_TIME_NONE);
    ck_assert_uint_eq(mig_timeline_channel(timeline, 3)->n_silences, 1);
    ck_assert_uint_eq(mig_timeline_silence(timeline, 0)->length, 2 * MS);
}
END_TEST

/* The longest stay, the longest first. */
START_TEST(the_longest_silences_stay)
{
    g_autoptr(GString) text = g_string_new(FIRST);
    g_autoptr(MigTimeline) timeline = NULL;
    uint64_t time = 0;

    for (guint i = 0; i < 100; i++) {
        time += (2 + i * 37 % 100) * MS; /* 2 to 101 ms, each once */
        g_string_append_printf(
            text, "{\"time\":%" G_GUINT64_FORMAT ",\"channel\":0,\"offset\":%u}\n", time,
            i + 1);
    }
    timeline = read_bytes(text->str, text->len);
    ck_assert_uint_eq(mig_timeline_channel(timeline, 0)->n_silences, 99);
    for (guint i = 0; i < MIG_TIMELINE_SILENCES_MAX; i++) {
        ck_assert_uint_eq(mig_timeline_silence(timeline, i)->length, (101 - i) * MS);
    }
    ck_assert_ptr_null(mig_timeline_silence(timeline, MIG_TIMELINE_SILENCES_MAX));
}
END_TEST

/* --- a long one --------------------------------------------------------------------------- */

/* A line each millisecond, and every thousandth time a second of nothing. */
#define LONG_LINES 1200000u

static uint64_t time_of(uint64_t line)
{
    return line * MS + line / 1000 * 1000 * MS;
}

/* The next lines, as many as fit. */
static ssize_t write_lines(void *data, uint64_t offset, void *buffer, size_t n,
                           GError **error)
{
    uint64_t *line = data;
    char *at = buffer;
    char text[128];

    (void)offset;
    (void)error;
    for (; *line <= LONG_LINES; ++*line) {
        size_t length = (size_t)g_snprintf(
            text, sizeof text,
            *line ? "{\"time\":%" G_GUINT64_FORMAT
                    ",\"channel\":0,\"offset\":%" G_GUINT64_FORMAT "}\n"
                  : FIRST,
            time_of(*line), *line);

        if (length > n) {
            break;
        }
        memcpy(at, text, length);
        at += length;
        n -= length;
    }
    return at - (char *)buffer;
}

START_TEST(a_long_one_is_kept_less_exactly)
{
    uint64_t line = 0;
    const MigInputCallbacks callbacks = { MIG_INPUT_CALLBACKS_INIT, .read = write_lines };
    g_autoptr(MigInput) in =
        mig_input_new_callbacks(&callbacks, &line, "long", NULL, NULL);
    g_autoptr(MigTimeline) timeline = mig_timeline_new();
    uint64_t resolution;

    ck_assert(mig_timeline_read(timeline, in, NULL));
    resolution = mig_timeline_resolution(timeline);
    ck_assert_uint_ge(resolution, 2 * MS);
    ck_assert_uint_le(resolution, 4 * MS);
    for (line = 1; line <= LONG_LINES; line += 37) {
        uint64_t time = mig_timeline_when(timeline, 0, line);

        ck_assert_uint_ge(time, time_of(line));
        ck_assert_uint_lt(time, time_of(line) + resolution);
    }
    ck_assert_uint_eq(mig_timeline_channel(timeline, 0)->n_silences, LONG_LINES / 1000);
    ck_assert_uint_eq(mig_timeline_silence(timeline, 31)->length, 1001 * MS);
}
END_TEST

Suite *suite_timeline(void)
{
    Suite *suite = suite_create("timeline");
    TCase *tc = tcase_create("timeline");

    tcase_add_test(tc, what_is_written_is_read);
    tcase_add_test(tc, what_cannot_be_written_is_told);
    tcase_add_test(tc, bytes_have_come_by_the_next_line);
    tcase_add_test(tc, the_longest_silences_stay);
    tcase_add_test(tc, a_long_one_is_kept_less_exactly);
    suite_add_tcase(suite, tc);
    return suite;
}
