/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          libvirt's domain XML, as far as convert changes it: its machine type.
 * Must not know: where it comes from and where it goes.
 * See also:      convert-image.c; lib/io/container-libvirt.c, the image around it.
 */
#ifndef CLI_DOMAIN_XML_H
#define CLI_DOMAIN_XML_H

#include <glib.h>
#include <stdbool.h>

/* Whether @xml, @n bytes, is well-formed and a domain; else *error says what is wrong. */
bool cli_domain_check(const char *xml, gsize n, GError **error);

/*
 * @xml with @machine in <os><type machine='...'>, and in *was, which the caller frees, what was
 * there: NULL, and the XML is as it was, where it says no machine type.  NULL with *error where
 * it is no domain.
 */
GBytes *cli_domain_with_machine(const char *xml, gsize n, const char *machine, char **was,
                                GError **error);

#endif
