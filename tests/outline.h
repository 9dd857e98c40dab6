/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          a stream as one line of words, an item each, for tables of streams and
 *                what they are read as.
 * Must not know: any single test.
 * See also:      mkmig.h makes the streams.
 *
 *   header configuration START:ram list:0x4000 block:b:0x4000 EOS footer eof end
 *
 *   header configuration description
 *   START:NAME PART: END: FULL:   a section header; NAME(N) with an instance id
 *   footer, or footer(ID) where the id is not the section's
 *   PING, ...                     a command; command(ID) if it has no name
 *   list:TOTAL block:NAME:LENGTH  with ":host=SIZE", ":at=ADDRESS"
 *   KINDxN@ADDRESS                a run of N pages; in front "BLOCK/" where it is named
 *   EOS HOOK MULTIFD_FLUSH mapped-header bitmap:SET/PAGES pages:OCTETS padding:OCTETS
 *   DATA:N CONFIG:SPACE+VECTORS   and other VFIO flags; CONFIG/SUBFLAGS
 *   NAME=VALUE                    a record of another section
 *   state:N                       device state; "?" if its end is inferred, "!" if the
 *                                 description differs
 *   trailing:N eof
 *   ( ... )                       what is packaged
 *   [RULE]                        after an item that breaks that rule on its face
 *   ~                             in front of a further piece of the item before
 *   end, or KIND@OFFSET[RULE]     how reading ended: truncated, malformed, limit, ...
 */
#ifndef TESTS_OUTLINE_H
#define TESTS_OUTLINE_H

#include "support.h"

/* Reads `stream` as memory, as a file and as a pipe.  Fails the test unless all three give
 * the same, the items tile, and the bytes of each can be had; `name` is for messages.
 * Free with g_free(). */
char *outline(const char *name, GBytes *stream);

/* Fails unless that is what a text in mkmig's language gives. */
void assert_outline(const char *text, const char *wanted);

#endif
