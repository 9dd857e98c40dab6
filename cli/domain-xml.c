/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see domain-xml.h.
 * Must not know: any other element of a domain.
 * See also:      GLib's markup parser, which looks whether the text is well-formed.
 */
#include "domain-xml.h"

#include <string.h>

#include "migstat.h"

/* Where the parser is.  It gets the text byte by byte, so that it calls at the last one of a tag. */
typedef struct Walk {
    unsigned depth;
    unsigned
        matching; /* of the open elements, those of the path, from the outermost on */
    gsize at;     /* the byte that the parser was given last */
    bool is_domain;
    bool found;
    gsize tag_end; /* the '>' of the element */
} Walk;

static const char *const type_path[] = { "domain", "os", "type" };

static void open_element(GMarkupParseContext *context, const gchar *name,
                         const gchar **names, const gchar **values, gpointer data,
                         GError **error)
{
    Walk *walk = data;

    (void)context;
    (void)names;
    (void)values;
    (void)error;
    if (walk->depth == 0) {
        walk->is_domain = strcmp(name, "domain") == 0;
    }
    if (walk->matching == walk->depth && walk->depth < G_N_ELEMENTS(type_path) &&
        strcmp(name, type_path[walk->depth]) == 0) {
        walk->matching++;
        if (walk->matching == G_N_ELEMENTS(type_path) && !walk->found) {
            walk->found = true;
            walk->tag_end = walk->at;
        }
    }
    walk->depth++;
}

static void close_element(GMarkupParseContext *context, const gchar *name, gpointer data,
                          GError **error)
{
    Walk *walk = data;

    (void)context;
    (void)name;
    (void)error;
    walk->depth--;
    walk->matching = MIN(walk->matching, walk->depth);
}

static bool walk_text(Walk *walk, const char *xml, gsize n, GError **error)
{
    static const GMarkupParser parser = { .start_element = open_element,
                                          .end_element = close_element };
    g_autoptr(GMarkupParseContext) context =
        g_markup_parse_context_new(&parser, G_MARKUP_DEFAULT_FLAGS, walk, NULL);
    GError *failure = NULL;
    bool ok = true;

    for (walk->at = 0; ok && walk->at < n; walk->at++) {
        ok = g_markup_parse_context_parse(context, xml + walk->at, 1, &failure);
    }
    ok = ok && g_markup_parse_context_end_parse(context, &failure);
    if (!ok || !walk->is_domain) {
        g_set_error(error, MIG_ERROR, MIG_ERROR_USAGE,
                    "it is no domain XML of libvirt%s%s", ok ? "" : ": ",
                    ok ? "" : failure->message);
        g_clear_error(&failure);
        return false;
    }
    return true;
}

bool cli_domain_check(const char *xml, gsize n, GError **error)
{
    Walk walk = { 0 };

    return walk_text(&walk, xml, n, error);
}

/* Finds the value of machine= in the tag that ends at @end. */
static bool find_value(const char *xml, gsize end, gsize *from, gsize *to)
{
    gsize at = end;

    while (at > 0 && xml[at] != '<') {
        at--;
    }
    while (at < end) {
        const char *quote;
        gsize name;

        at += strcspn(xml + at, " \t\r\n");
        at += strspn(xml + at, " \t\r\n");
        name = at;
        at += strcspn(xml + at, "=>");
        if (at >= end) {
            break;
        }
        at += 1 + strspn(xml + at + 1, " \t\r\n");
        quote = memchr(xml + at + 1, xml[at], end - at);
        if (!quote) {
            break;
        }
        *from = at + 1;
        *to = (gsize)(quote - xml);
        at = *to + 1;
        if (strncmp(xml + name, "machine", 7) == 0 &&
            strcspn(xml + name, "= \t\r\n") == 7) {
            return true;
        }
        if (at < end && !strchr(" \t\r\n", xml[at])) {
            break;
        }
    }
    return false;
}

GBytes *cli_domain_with_machine(const char *xml, gsize n, const char *machine, char **was,
                                GError **error)
{
    g_autofree char *text = g_strndup(xml, n);
    g_autofree char *escaped = g_markup_escape_text(machine, -1);
    Walk walk = { 0 };
    gsize from, to;
    GString *out;

    if (!walk_text(&walk, text, n, error)) {
        return NULL;
    }
    if (!walk.found || !find_value(text, walk.tag_end, &from, &to)) {
        return g_bytes_new(text, n);
    }
    *was = g_strndup(text + from, to - from);
    out = g_string_new_len(text, (gssize)from);
    g_string_append(out, escaped);
    g_string_append_len(out, text + to, (gssize)(n - to));
    return g_string_free_to_bytes(out);
}
