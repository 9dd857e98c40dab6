/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          MIG_API, the mark of a function that libmigstat exports.
 * Must not know: any type or function of the library.
 * See also:      every public header includes it, and GLib's G_BEGIN_DECLS with it; the Makefile hides everything unmarked.
 */
#ifndef MIG_IO_VISIBILITY_H
#define MIG_IO_VISIBILITY_H

#include <glib.h>

#define MIG_API __attribute__((visibility("default")))

#endif
