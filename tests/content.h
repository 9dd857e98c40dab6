/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what a stream says, whatever its layout: each page of RAM as a loader
 *                would have it, each device's state, each VFIO device's data and
 *                configuration space.
 * Must not know: the writer, the chain, any filter: it reads with the reader alone.
 * See also:      tests of conversions compare two of these.
 */
#ifndef TESTS_CONTENT_H
#define TESTS_CONTENT_H

#include <gio/gio.h>

#include "migstat.h"

/* One line per thing, sorted: "ram pc.ram 16777216 SHA256", "vfio NAME data 105536 SHA256",
 * "vfio NAME config 4245 SHA256", "device NAME INSTANCE VERSION 96 SHA256".  A stream that
 * cannot be read to its end fails the test.  Free with g_free(). */
char *content_of(GBytes *stream);

/* The same of an input that is at its start. */
char *content_of_input(MigInput *in);

#endif
