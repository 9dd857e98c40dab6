/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see long-array.h.
 * Must not know: its elements.
 * See also:      io/temporary.c.
 */
#include "io/long-array.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/alloc.h"
#include "io/temporary.h"

#define CAPACITY_MIN ((size_t)16 << 10)

/* In memory, in bytes: what a stream of an ordinary guest needs is far below. */
#define MEMORY_MAX ((size_t)2 << 20)

MigLongArray *mig_long_array_new(size_t element)
{
    MigLongArray *array = g_new0(MigLongArray, 1);

    array->element = element;
    array->fd = -1;
    return array;
}

/* Where the elements are, which is given back. */
static void release(MigLongArray *array)
{
    if (array->fd >= 0) {
        munmap(array->data, array->capacity);
        close(array->fd);
    } else {
        g_free(array->data);
    }
}

/* Makes the file longer.  Blocks are allocated first: a full disk is noticed here, and not by a
 * signal. */
static bool grow_file(MigLongArray *array, size_t capacity)
{
    void *data;

    if (posix_fallocate(array->fd, 0, (off_t)capacity) != 0) {
        return false;
    }
    data = mremap(array->data, array->capacity, capacity, MREMAP_MAYMOVE);
    if (data == MAP_FAILED) {
        return false;
    }
    array->data = data;
    array->capacity = capacity;
    return true;
}

/* A new file of @capacity bytes, mapped; NULL where there can be none. */
static char *map_file(size_t capacity, int *fd)
{
    void *data = MAP_FAILED;

    *fd = mig_temporary_open(NULL, NULL);
    if (*fd >= 0 && posix_fallocate(*fd, 0, (off_t)capacity) == 0) {
        data = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    }
    if (data != MAP_FAILED) {
        return data;
    }
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
    return NULL;
}

/* From a file that cannot grow the elements move to memory.  g_try_realloc() would leave no
 * reserve there. */
static bool grow(MigLongArray *array)
{
    MigLongArray grown = *array;

    grown.capacity = MAX(array->capacity * 2, CAPACITY_MIN);
    if (array->fd >= 0 && grow_file(array, grown.capacity)) {
        return true;
    }
    grown.data = array->fd < 0 && grown.capacity > MEMORY_MAX
                     ? map_file(grown.capacity, &grown.fd)
                     : NULL;
    if (!grown.data) {
        grown.fd = -1;
        grown.data = mig_try_alloc(grown.capacity);
    }
    if (!grown.data) {
        return false;
    }
    if (array->capacity) {
        memcpy(grown.data, array->data, array->capacity);
    }
    release(array);
    *array = grown;
    return true;
}

void *mig_long_array_add(MigLongArray *array)
{
    char *added;

    if ((array->len + (size_t)1) * array->element > array->capacity && !grow(array)) {
        return NULL;
    }
    array->len += array->len < G_MAXUINT;
    added = array->data + (array->len - (size_t)1) * array->element;
    memset(added, 0, array->element);
    return added;
}

void mig_long_array_free(MigLongArray *array)
{
    if (array) {
        release(array);
        g_free(array);
    }
}
