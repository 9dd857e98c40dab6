/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the way into cli/rules-page.c.
 * Must not know: rules.
 * See also:      man/migstat-rules.7.
 */
#ifndef CLI_RULES_PAGE_H
#define CLI_RULES_PAGE_H

/* What migstat-rules(7) says below the heading @id, as plain text; the caller frees.
 * NULL where it has no such heading. */
char *cli_rules_page_text(const char *id);

#endif
