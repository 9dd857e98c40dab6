/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the fixture assembler's one entry point; mkmig.c documents the language.
 * Must not know: the library, so that both can be wrong independently.
 * See also:      support.h assembles fixtures with it, mkmig-main.c makes it a program.
 */
#ifndef TESTS_MKMIG_H
#define TESTS_MKMIG_H

#include <gio/gio.h>

/* Assembles `text` to bytes.  `name` is the file's path: messages begin with it, and
 * `include` looks beside it.  The caller owns the result.  On a mistake in the text
 * returns NULL with G_IO_ERROR_INVALID_DATA, "NAME:LINE: what is wrong". */
GBytes *mkmig_assemble(const char *text, const char *name, GError **error);

#endif
