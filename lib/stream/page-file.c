/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see page-file.h.
 * Must not know: which pages, and whose file it is.
 * See also:      io/fully.h; stream/page.h, which decodes.
 */
#include "stream/page-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "io/fully.h"
#include "io/tiny.h"
#include "stream/page.h"
#include "stream/ram-record.h"

/* Pages that one system call writes at most. */
#define BATCH MIG_TINY_OR(2, 512)

/* Where @address is in the file. */
static uint64_t place_of(const MigPageFile *file, uint64_t address)
{
    return file->base + address + (address >= file->split ? file->gap : 0);
}

/* How many of @length bytes from @address on are together in the file. */
static uint64_t together(const MigPageFile *file, uint64_t address, uint64_t length)
{
    return address < file->split ? MIN(length, file->split - address) : length;
}

static bool flush(const MigPageFile *file)
{
    return !file->gather || mig_gather_flush(file->gather);
}

static bool write_same(MigPageFile *file, uint64_t address, uint64_t length,
                       uint8_t value)
{
    uint8_t same[4096];

    memset(same, value, sizeof(same));
    if (!flush(file)) {
        return false;
    }
    while (length) {
        size_t n = (size_t)together(file, address, MIN(length, sizeof(same)));

        if (!mig_pwrite_fully(file->fd, same, n, place_of(file, address))) {
            return false;
        }
        address += n;
        length -= n;
        file->high = MAX(file->high, address);
    }
    return true;
}

static bool make_zero(MigPageFile *file, uint64_t address, uint64_t length)
{
    if (address <= MAX(file->high, file->zeros)) {
        file->zeros = MAX(file->zeros, address + length);
    }
    if (address >= file->high) {
        return true;
    }
    length = MIN(length, file->high - address);
    if (together(file, address, length) < length) {
        return make_zero(file, address, file->split - address) &&
               make_zero(file, file->split, length - (file->split - address));
    }
    if (!file->cannot_punch) {
        if (!flush(file)) {
            return false;
        }
        if (fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                      (off_t)place_of(file, address), (off_t)length) == 0) {
            return true;
        }
        if (errno != EOPNOTSUPP && errno != ENOSYS) {
            return false;
        }
        file->cannot_punch = true;
    }
    return write_same(file, address, length, 0);
}

bool mig_page_file_fill(MigPageFile *file, uint64_t address, uint64_t length,
                        uint8_t value)
{
    return value ? write_same(file, address, length, value)
                 : make_zero(file, address, length);
}

static const uint8_t *row(const MigPageRows *rows, uint32_t i)
{
    return rows->data + (size_t)i * rows->stride;
}

static bool is_zero(const MigPageRows *rows, uint32_t i)
{
    return mig_page_is_zero(row(rows, i), rows->page_size);
}

/* Bytes before @address where nothing was ever written, and that are zero. */
static uint64_t zeros_before(const MigPageFile *file, uint64_t address)
{
    uint64_t from = MAX(file->high, address >= file->split ? file->split : 0);

    return address >= from && address <= file->zeros ? address - from : 0;
}

static bool write_pieces(MigPageFile *file, struct iovec *iov, uint32_t n,
                         uint64_t address)
{
    return file->gather
               ? mig_gather_write(file->gather, file->fd, iov, (int)n,
                                  place_of(file, address), zeros_before(file, address))
               : mig_pwritev_fully(file->fd, iov, (int)n, place_of(file, address));
}

bool mig_page_file_write(MigPageFile *file, uint64_t address, const MigPageRows *rows)
{
    struct iovec iov[BATCH];
    uint32_t n = rows->n, page_size = rows->page_size;
    uint32_t i = 0;

    while (i < n) {
        uint64_t from = address + (uint64_t)i * page_size;
        uint32_t first = i, count = 0;

        while (i < n && is_zero(rows, i)) {
            i++;
        }
        if (i > first) {
            if (!make_zero(file, from, (uint64_t)(i - first) * page_size)) {
                return false;
            }
            continue;
        }
        while (i < n && count < BATCH && !is_zero(rows, i) &&
               !(count && address + (uint64_t)i * page_size == file->split)) {
            iov[count].iov_base = (void *)(uintptr_t)row(rows, i);
            iov[count++].iov_len = page_size;
            i++;
        }
        if (!write_pieces(file, iov, count, from)) {
            return false;
        }
        file->high = MAX(file->high, from + (uint64_t)count * page_size);
    }
    return true;
}

bool mig_page_file_read(const MigPageFile *file, uint64_t address, void *buffer, size_t n)
{
    size_t first = (size_t)together(file, address, n);

    return flush(file) &&
           mig_pread_padded(file->fd, buffer, first, place_of(file, address)) &&
           (first == n || mig_pread_padded(file->fd, (uint8_t *)buffer + first, n - first,
                                           place_of(file, address + first)));
}

MigPageDecoded mig_page_file_decode(const MigPageFile *file, uint64_t address,
                                    const MigRamPages *run, const uint8_t *record,
                                    uint8_t *page)
{
    const MigPageKindType *kind = mig_page_kind(run->kind);

    if (kind->changes && !mig_page_file_read(file, address, page, run->page_size)) {
        return MIG_PAGE_UNREADABLE;
    }
    return kind->decode(mig_ram_pages_data(run, record, 0), run->data_length, page,
                        run->page_size)
               ? MIG_PAGE_DECODED
               : MIG_PAGE_MALFORMED;
}
