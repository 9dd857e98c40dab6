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

/* Blocks are allocated first: a full disk is noticed here, and not by a signal. */
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
    return true;
}

/* Moves what is in memory to a file. */
static bool move_to_file(MigLongArray *array, size_t capacity)
{
    int fd = mig_temporary_open(NULL, NULL);
    void *data = MAP_FAILED;

    if (fd >= 0 && posix_fallocate(fd, 0, (off_t)capacity) == 0) {
        data = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (data == MAP_FAILED) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    memcpy(data, array->data, array->capacity);
    g_free(array->data);
    array->data = data;
    array->fd = fd;
    return true;
}

/* Moves what is in a file that cannot grow to memory. */
static bool move_to_memory(MigLongArray *array, size_t capacity)
{
    char *data = mig_try_alloc(capacity);

    if (!data) {
        return false;
    }
    memcpy(data, array->data, array->capacity);
    munmap(array->data, array->capacity);
    close(array->fd);
    array->data = data;
    array->fd = -1;
    return true;
}

/* g_try_realloc() would leave no reserve. */
static bool grow_in_memory(MigLongArray *array, size_t capacity)
{
    char *data = mig_try_alloc(capacity);

    if (!data) {
        return false;
    }
    if (array->capacity) {
        memcpy(data, array->data, array->capacity);
    }
    g_free(array->data);
    array->data = data;
    return true;
}

static bool grow(MigLongArray *array)
{
    size_t capacity = MAX(array->capacity * 2, CAPACITY_MIN);
    bool grown = array->fd >= 0
                     ? grow_file(array, capacity) || move_to_memory(array, capacity)
                     : (capacity > MEMORY_MAX && move_to_file(array, capacity)) ||
                           grow_in_memory(array, capacity);

    if (grown) {
        array->capacity = capacity;
    }
    return grown;
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
    if (array->fd >= 0) {
        munmap(array->data, array->capacity);
        close(array->fd);
    } else {
        g_free(array->data);
    }
    g_free(array);
}
