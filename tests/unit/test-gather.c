/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          that writes which are gathered are those that were asked for, and which zeros
 *                are written between them.
 * Must not know: what is written.
 * See also:      lib/io/gather.h; test-page-order.c has pages.
 */
#include "support.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/gather.h"
#include "stream/page-file.h"

#define HOLE  ((size_t)MIG_GATHER_HOLE)
#define ALL   ((size_t)4 << 20)
#define UNSET 0xee /* in files before they are written */

static int file_of_bytes(size_t n)
{
    g_autofree uint8_t *bytes = g_malloc(n);
    int fd = memfd_create("gather", MFD_CLOEXEC);

    memset(bytes, UNSET, n);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, n, 0), (ssize_t)n);
    return fd;
}

static void put(MigGather *gather, int fd, size_t offset, size_t n, uint8_t value,
                size_t zeros)
{
    g_autofree uint8_t *bytes = g_malloc(n);
    struct iovec iov[] = { { bytes, n / 3 }, { bytes, n - n / 3 } };

    memset(bytes, value, n);
    ck_assert(mig_gather_write(gather, fd, iov, 2, offset, zeros));
}

static uint8_t byte_at(int fd, size_t offset)
{
    uint8_t byte;

    ck_assert_int_eq(pread(fd, &byte, 1, (off_t)offset), 1);
    return byte;
}

/* What is written first, what is left out then, how much of that is zero, and whether those zeros
 * are written. */
static const struct {
    size_t first, apart, zeros;
    bool written;
} gaps[] = {
    { HOLE, HOLE - 1, HOLE - 1, true },
    { HOLE, HOLE, HOLE, false },         /* a hole */
    { HOLE, HOLE - 2, HOLE - 3, false }, /* a byte is not known to be zero */
    { HOLE, HOLE - 2, ALL, true },       /* more than that is */
    { HOLE / 2, HOLE / 2, HOLE, true },  /* as many as were written */
    { HOLE / 2 - 1, HOLE / 2, HOLE, false },
    { HOLE * 32, 1, 1, true }, /* the first one goes alone */
    { HOLE, 0, 0, true },
};

START_TEST(short_holes_are_filled)
{
    MigGather *gather = mig_gather_new();
    int fd = file_of_bytes(ALL);
    size_t end = 4096 + gaps[_i].first, next = end + gaps[_i].apart;

    put(gather, fd, 4096, gaps[_i].first, 1, 0);
    put(gather, fd, next, 100, 2, gaps[_i].zeros);
    ck_assert(mig_gather_flush(gather));
    ck_assert_uint_eq(byte_at(fd, 4095), UNSET);
    ck_assert_uint_eq(byte_at(fd, 4096), 1);
    ck_assert_uint_eq(byte_at(fd, end - 1), 1);
    if (gaps[_i].apart) {
        ck_assert_uint_eq(byte_at(fd, end), gaps[_i].written ? 0 : UNSET);
        ck_assert_uint_eq(byte_at(fd, next - 1), gaps[_i].written ? 0 : UNSET);
    }
    ck_assert_uint_eq(byte_at(fd, next), 2);
    ck_assert_uint_eq(byte_at(fd, next + 99), 2);
    ck_assert_uint_eq(byte_at(fd, next + 100), UNSET);
    mig_gather_free(gather);
    close(fd);
}
END_TEST

/* What was added counts until writes are apart: never more than there was to be written. */
START_TEST(a_file_is_at_most_twice_as_long)
{
    MigGather *gather = mig_gather_new();
    int fd = file_of_bytes(ALL);

    put(gather, fd, 0, 8192, 1, 0);
    put(gather, fd, 8192 + 6000, 1, 2, 6000);
    put(gather, fd, 8192 + 6001 + 2193, 1, 3,
        2193);                       /* 8193 were written, and 6000 added */
    put(gather, fd, 20000, 1, 4, 3); /* 3 of 3613 are zero: apart */
    put(gather, fd, 20002, 1, 5, 1);
    put(gather, fd, 20005, 1, 6, 2); /* 2 were written since, and 1 added */
    ck_assert(mig_gather_flush(gather));
    ck_assert_uint_eq(byte_at(fd, 8192), 0);
    ck_assert_uint_eq(byte_at(fd, 8192 + 6001), 0);
    ck_assert_uint_eq(byte_at(fd, 19999), UNSET);
    ck_assert_uint_eq(byte_at(fd, 20001), 0);
    ck_assert_uint_eq(byte_at(fd, 20003), UNSET);
    ck_assert_uint_eq(byte_at(fd, 20005), 6);
    mig_gather_free(gather);
    close(fd);
}
END_TEST

/* Two files in turn, in any order and of any length: the last write is what is there. */
START_TEST(writes_keep_their_order)
{
    MigGather *gather = mig_gather_new();
    GRand *random = g_rand_new_with_seed(21);
    int fds[2] = { file_of_bytes(ALL), file_of_bytes(ALL) };
    g_autofree uint8_t *wanted = g_malloc(2 * ALL), *found = g_malloc(ALL);
    size_t at = 0;
    unsigned file = 0;

    memset(wanted, UNSET, 2 * ALL);
    for (unsigned i = 0; i < 4000; i++) {
        size_t n = (size_t)1 << g_rand_int_range(random, 0, 19);
        bool jumps = g_rand_int_range(random, 0, 6) == 0;

        file = jumps ? (unsigned)g_rand_int_range(random, 0, 2) : file;
        at = jumps || at + n > ALL
                 ? (size_t)g_rand_int_range(random, 0, (gint32)(ALL - n))
                 : at;
        put(gather, fds[file], at, n, (uint8_t)i, 0);
        memset(wanted + file * ALL + at, (uint8_t)i, n);
        at += n;
    }
    ck_assert(mig_gather_flush(gather));
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_int_eq(pread(fds[i], found, ALL, 0), (ssize_t)ALL);
        ck_assert(memcmp(found, wanted + i * ALL, ALL) == 0);
        close(fds[i]);
    }
    g_rand_free(random);
    mig_gather_free(gather);
}
END_TEST

/* A failure is told by whoever writes next, or by flush. */
START_TEST(what_cannot_be_written_is_told)
{
    MigGather *gather = mig_gather_new();
    int fd = file_of_bytes(1);
    uint8_t byte = 7;
    struct iovec iov = { &byte, 1 };

    ck_assert(mig_gather_flush(gather)); /* nothing was ever written */
    put(gather, -1, 0, 10, 1, 0);
    ck_assert(!mig_gather_flush(gather));
    put(gather, -1, 0, 10, 1, 0);
    ck_assert(!mig_gather_write(gather, fd, &iov, 1, 0, 0));
    mig_gather_free(gather);
    close(fd);
}
END_TEST

/* --- pages ------------------------------------------------------------------------------- */

static void put_page(MigPageFile *file, uint64_t address, uint8_t value)
{
    uint8_t page[4096];
    const MigPageRows rows = { page, 1, sizeof(page), sizeof(page) };

    memset(page, value, sizeof(page));
    ck_assert(mig_page_file_write(file, address, &rows));
}

/* Zeros that a stream has are written where they are few; what it does not have never is. */
START_TEST(zero_pages_are_written_and_missing_ones_are_not)
{
    MigGather *gather = mig_gather_new();
    int fd = file_of_bytes(ALL);
    MigPageFile file = { .fd = fd, .gather = gather };

    put_page(&file, 0, 1);
    ck_assert(mig_page_file_fill(&file, 0x1000, 0x1000, 0));
    put_page(&file, 0x2000, 2);
    put_page(&file, 0x4000, 3); /* 0x3000 is missing */
    put_page(&file, 0x5000, 4);
    ck_assert(mig_page_file_fill(&file, 0x7000, 0x1000, 0)); /* and 0x6000 */
    put_page(&file, 0x8000, 5);
    ck_assert(mig_gather_flush(gather));
    ck_assert_uint_eq(byte_at(fd, 0x1000), 0);
    ck_assert_uint_eq(byte_at(fd, 0x1fff), 0);
    ck_assert_uint_eq(byte_at(fd, 0x2000), 2);
    ck_assert_uint_eq(byte_at(fd, 0x3000), UNSET);
    ck_assert_uint_eq(byte_at(fd, 0x6fff), UNSET);
    ck_assert_uint_eq(byte_at(fd, 0x7000), UNSET);
    ck_assert_uint_eq(byte_at(fd, 0x8000), 5);
    mig_gather_free(gather);
    close(fd);
}
END_TEST

/* What is read, filled or made zero is what was kept. */
START_TEST(what_is_kept_is_seen)
{
    MigGather *gather = mig_gather_new();
    int fd = file_of_bytes(ALL);
    MigPageFile file = { .fd = fd, .gather = gather };
    uint8_t byte;

    put_page(&file, 0, 1);
    ck_assert(mig_page_file_read(&file, 0x800, &byte, 1));
    ck_assert_uint_eq(byte, 1);
    put_page(&file, 0x1000, 2);
    ck_assert(mig_page_file_fill(&file, 0, 0x2000, 0));
    put_page(&file, 0x2000, 3);
    ck_assert(mig_page_file_fill(&file, 0x2000, 0x1000, 4));
    ck_assert(mig_gather_flush(gather));
    ck_assert_uint_eq(byte_at(fd, 0x1000), 0);
    ck_assert_uint_eq(byte_at(fd, 0x2000), 4);
    mig_gather_free(gather);
    close(fd);
}
END_TEST

/* A block in two places: what lies between them is not its own. */
START_TEST(what_is_between_two_places_stays)
{
    MigGather *gather = mig_gather_new();
    int fd = file_of_bytes(ALL);
    MigPageFile file = { .fd = fd, .split = 0x2000, .gap = 0x1000, .gather = gather };

    put_page(&file, 0, 1);
    ck_assert(mig_page_file_fill(&file, 0x1000, 0x2000, 0));
    put_page(&file, 0x3000, 2);
    ck_assert(mig_gather_flush(gather));
    ck_assert_uint_eq(byte_at(fd, 0x1000), UNSET);
    ck_assert_uint_eq(byte_at(fd, 0x2000), UNSET);
    ck_assert_uint_eq(byte_at(fd, 0x4000), 2);
    mig_gather_free(gather);
    close(fd);
}
END_TEST

Suite *suite_gather(void)
{
    Suite *suite = suite_create("gather");
    TCase *tc = tcase_create("writes"), *pages = tcase_create("pages");

    tcase_add_loop_test(tc, short_holes_are_filled, 0, G_N_ELEMENTS(gaps));
    tcase_add_test(tc, a_file_is_at_most_twice_as_long);
    tcase_add_test(tc, writes_keep_their_order);
    tcase_add_test(tc, what_cannot_be_written_is_told);
    suite_add_tcase(suite, tc);
    tcase_add_test(pages, zero_pages_are_written_and_missing_ones_are_not);
    tcase_add_test(pages, what_is_kept_is_seen);
    tcase_add_test(pages, what_is_between_two_places_stays);
    suite_add_tcase(suite, pages);
    return suite;
}
