/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          what logs and programs put around a message: escapes, colours, quotes.
 * Must not know: messages.
 * See also:      explain/explain.c.
 */
#ifndef MIG_EXPLAIN_ENVELOPE_H
#define MIG_EXPLAIN_ENVELOPE_H

#include <glib.h>

/*
 * Undoes what JSON, syslog, HTML and word processors do to a line: "\n" and "#012" become ends
 * of lines, "\"" and "&quot;" quotes, and colours go; up to three times, one in the other.  The
 * prefixes of lines stay, since messages are found after any.
 */
void mig_envelope_open(GString *line);

#endif
