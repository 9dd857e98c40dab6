/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          options of a client that was built with another header than the library.
 * Must not know: what the options are.  Private to the library.
 * See also:      io/input.h, which says what a client does with size.
 */
#ifndef MIG_IO_OPTIONS_H
#define MIG_IO_OPTIONS_H

#include <glib.h>
#include <stdbool.h>

/*
 * Copies @given, which begins with its size_t size in bytes, to @known of @known_size bytes,
 * and fills with zeros what @given does not have; the size is then @known_size.  @given NULL:
 * zeros.  @type is the name of
 * the structure.
 * False with *error (USAGE) if the size is too small to be one, or if @given has more than
 * @known and that is not zero: the client asks for what this library does not know.
 */
bool mig_options_take(void *known, size_t known_size, const void *given, const char *type,
                      GError **error);

#endif
