/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a file is that holds no migration stream, by its first bytes.
 * Must not know: the stream; wrappers that are undone.
 * See also:      container.c, which asks before anything is read; stream/grammar.c, which
 *                asks where the magic of a stream is wrong.
 *
 * A new kind of file is a row in foreign.c.
 */
#ifndef MIG_IO_FOREIGN_H
#define MIG_IO_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many first bytes as the table looks at. */
#define MIG_FOREIGN_HEAD 1024u

/* The first bytes of a multifd channel: migration/multifd.c, MULTIFD_MAGIC, big-endian. */
#define MIG_FOREIGN_MULTIFD "\x11\x22\x33\x44"

/*
 * A file that has to do with migration and that is recognised and not read: compressed, a
 * disk image with snapshots, one channel of several.  The text says what it is and what to
 * use instead; a static string.  NULL for all else, also where @n is too little to tell.
 */
const char *mig_foreign_unread(const uint8_t *head, size_t n);

/* Whether @head begins with a record of a RAM page that names its block, as a postcopy preempt
 * channel does. */
bool mig_foreign_is_page_record(const uint8_t *head, size_t n);

/*
 * What @head, the first @n bytes of something that is no stream, looks like: completes the
 * sentence "it is ...".  Bytes of it are quoted only where they are printable ASCII.
 * The caller frees the text.
 */
char *mig_foreign_describe(const uint8_t *head, size_t n);

#endif
