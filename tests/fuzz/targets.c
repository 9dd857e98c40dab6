/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the table of fuzz targets, and what they share.
 * Must not know: what any of them asserts.
 * See also:      fuzz.h.
 */
#include "fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const FuzzTarget fuzz_targets[] = {
    { "reader", fuzz_reader, FUZZ_STREAMS },
    { "check", fuzz_check, FUZZ_STREAMS },
    { "dump", fuzz_dump, FUZZ_STREAMS },
    { "explain", fuzz_explain, "log" },
    { "convert", fuzz_convert, FUZZ_STREAMS },
    { "filters", fuzz_filters, FUZZ_STREAMS },
    { "items", fuzz_items, FUZZ_STREAMS },
    { "destination", fuzz_destination, FUZZ_STREAMS },
    { "shown", fuzz_shown, "shown" },
    { "channels", fuzz_channels, "channels" },
    { "description", fuzz_description, "description" },
    { "parts", fuzz_parts, "parts" },
    { 0 },
};

const FuzzTarget *fuzz_target(const char *name)
{
    for (const FuzzTarget *target = fuzz_targets; target->name; target++) {
        if (strcmp(target->name, name) == 0) {
            return target;
        }
    }
    return NULL;
}

void fuzz_fail(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%d: not so: %s", file, line, condition);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

static void write_all(int fd, const uint8_t *data, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, data, n);

        FUZZ_ASSERT(done > 0, "cannot lay out the input");
        data += done;
        n -= (size_t)done;
    }
}

int fuzz_file(const uint8_t *data, size_t n)
{
    int fd = memfd_create("input", MFD_CLOEXEC);

    write_all(fd, data, n);
    lseek(fd, 0, SEEK_SET);
    return fd;
}

int fuzz_pipe(const uint8_t *data, size_t n)
{
    int ends[2];

    FUZZ_ASSERT(pipe2(ends, O_CLOEXEC) == 0, "no pipe");
    FUZZ_ASSERT(fcntl(ends[1], F_SETPIPE_SZ, FUZZ_PIPE_MAX) >= 0, "no large pipe");
    write_all(ends[1], data, n);
    close(ends[1]);
    return ends[0];
}
