/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see address.h.
 * Must not know: which command or filter asks.
 * See also:      stream/glob.c.
 */
#include "stream/address.h"

#include <string.h>

#include "stream/address-exact.h"
#include "stream/glob.h"
#include "stream/nearest.h"
#include "stream/vfio.h"

typedef struct Address {
    char *text;
    bool matched;
    MigNearest *nearest; /* fields of the devices that it may mean; NULL: none was seen */
} Address;

struct MigAddresses {
    GArray *list; /* Address */
};

/* --- one address -------------------------------------------------------------------------- */

/* What must be escaped in what is shown, and besides in an address that means it alone. */
static bool is_shown_escaped(char c)
{
    return !g_ascii_isprint(c) || c == '\\';
}

static bool is_wildcard(char c)
{
    return c == '*' || c == '?';
}

/* As it is printed; with wildcards escaped too, as they are where they mean themselves. */
static char *shown(const char *text, bool wildcards)
{
    GString *out = g_string_new(NULL);

    for (; *text; text++) {
        if (*text == '\\') {
            g_string_append(out, "\\\\");
        } else if (is_shown_escaped(*text) || (wildcards && is_wildcard(*text))) {
            g_string_append_printf(out, "\\x%02x", (unsigned char)*text);
        } else {
            g_string_append_c(out, *text);
        }
    }
    return g_string_free(out, FALSE);
}

/* Whether @address has what is read as an escape. */
static bool has_escape(const char *address)
{
    const char *p = strchr(address, '\\');

    while (p && p[1] != '\\' &&
           !(p[1] == 'x' && g_ascii_isxdigit(p[2]) && g_ascii_isxdigit(p[3]))) {
        p = strchr(p + 1, '\\');
    }
    return p != NULL;
}

static bool matches(const char *address, const char *text)
{
    g_autofree char *printed = NULL, *literal = NULL;

    if (!has_escape(address)) {
        return mig_glob(address, text);
    }
    printed = shown(text, false);
    literal = shown(text, true);
    return mig_glob(address, printed) || mig_glob(address, literal);
}

/* Whether @name ends as an address with an instance does: then it is meant with one only. */
static bool has_instance(const char *name)
{
    const char *at = strrchr(name, '@');

    return at && at[1] && strspn(at + 1, "0123456789") == strlen(at + 1);
}

/* Whether the address, as far as it has no wildcard, begins as @name does: of most pairs no
 * more needs to be looked at. */
static bool may_mean(const char *address, const char *name)
{
    size_t literal = strcspn(address, "*?\\");

    return strncmp(address, name, MIN(literal, strlen(name))) == 0;
}

/* @name with each of @also, which have a meaning in an address, written as an escape too. */
static char *spelled(const char *name, const char *also)
{
    GString *out = g_string_new(NULL);

    for (; *name; name++) {
        if (*name == '\\') {
            g_string_append(out, "\\\\");
        } else if (is_shown_escaped(*name) || strchr(also, *name)) {
            g_string_append_printf(out, "\\x%02x", (unsigned char)*name);
        } else {
            g_string_append_c(out, *name);
        }
    }
    return g_string_free(out, FALSE);
}

/* Whether an address that spells what has a meaning in @name as escapes means it: then an @ of the
 * name is none that an instance follows. */
static bool means_spelled(const char *address, const char *name, uint32_t instance_id,
                          const char *rest)
{
    static const char *const also[] = { "*?@", "*?@[]" };
    g_autofree char *tail = has_escape(address) ? shown(rest, true) : NULL;
    bool meant = false;

    for (size_t i = 0; tail && i < G_N_ELEMENTS(also); i++) {
        g_autofree char *section = spelled(name, also[i]);
        g_autofree char *any = g_strconcat(section, tail, NULL);
        g_autofree char *one = g_strdup_printf("%s@%u%s", section, instance_id, tail);

        meant |= mig_glob(address, any) || mig_glob(address, one);
    }
    return meant;
}

/* @rest: "", or ":" and a path. */
static bool means(const char *address, const char *name, uint32_t instance_id,
                  const char *rest)
{
    g_autofree char *any = NULL, *one = NULL;

    if (!may_mean(address, name)) {
        return false;
    }
    any = g_strconcat(name, rest, NULL);
    one = g_strdup_printf("%s@%u%s", name, instance_id, rest);
    return (!has_instance(name) && matches(address, any)) || matches(address, one) ||
           means_spelled(address, name, instance_id, rest);
}

bool mig_address_is_section(const char *address, const char *name, uint32_t instance_id)
{
    return means(address, name, instance_id, "");
}

bool mig_address_is_field(const char *address, const char *name, uint32_t instance_id,
                          const char *path)
{
    g_autofree char *rest = g_strconcat(":", path, NULL);

    return means(address, name, instance_id, rest);
}

bool mig_address_is_in(const char *address, const char *name, uint32_t instance_id)
{
    const char *colon = may_mean(address, name) ? strchr(address, ':') : NULL;

    for (; colon; colon = strchr(colon + 1, ':')) {
        g_autofree char *device = g_strndup(address, (size_t)(colon - address));

        if (mig_address_is_section(device, name, instance_id)) {
            return true;
        }
    }
    return false;
}

char *mig_address_of_section(const char *name, uint32_t instance_id)
{
    return instance_id || has_instance(name) ? g_strdup_printf("%s@%u", name, instance_id)
                                             : g_strdup(name);
}

char *mig_address_escape(const char *text)
{
    return shown(text, true);
}

char *mig_address_exact(const char *name, uint32_t instance_id)
{
    g_autofree char *escaped = shown(name, true);

    return g_strdup_printf("%s@%u", escaped, instance_id);
}

/* --- several ------------------------------------------------------------------------------ */

static void clear_address(gpointer p)
{
    Address *address = p;

    g_free(address->text);
    mig_nearest_free(address->nearest);
}

MigAddresses *mig_addresses_new(void)
{
    MigAddresses *addresses = g_new0(MigAddresses, 1);

    addresses->list = g_array_new(FALSE, FALSE, sizeof(Address));
    g_array_set_clear_func(addresses->list, clear_address);
    return addresses;
}

void mig_addresses_free(MigAddresses *addresses)
{
    if (addresses) {
        g_array_unref(addresses->list);
        g_free(addresses);
    }
}

void mig_addresses_add(MigAddresses *addresses, const char *text)
{
    const Address address = { .text = g_strdup(text) };

    g_array_append_val(addresses->list, address);
}

bool mig_addresses_is_empty(const MigAddresses *addresses)
{
    return addresses->list->len == 0;
}

static Address *address_at(const MigAddresses *addresses, guint i)
{
    return &g_array_index(addresses->list, Address, i);
}

bool mig_addresses_section(MigAddresses *addresses, const char *name,
                           uint32_t instance_id)
{
    bool found = false;

    for (guint i = 0; i < addresses->list->len; i++) {
        Address *address = address_at(addresses, i);
        bool match = mig_address_is_section(address->text, name, instance_id);

        address->matched |= match;
        found |= match;
    }
    return found;
}

static void remember_field(Address *address, const char *name, uint32_t instance_id,
                           const char *path)
{
    g_autofree char *device = NULL, *whole = NULL;

    if (!mig_address_is_in(address->text, name, instance_id)) {
        return;
    }
    if (!address->nearest) {
        address->nearest = mig_nearest_new(address->text);
    }
    device = mig_address_of_section(name, instance_id);
    whole = g_strconcat(device, ":", path, NULL);
    mig_nearest_offer(address->nearest, whole);
}

bool mig_addresses_field(MigAddresses *addresses, const char *name, uint32_t instance_id,
                         const char *path)
{
    bool found = false;

    for (guint i = 0; i < addresses->list->len; i++) {
        Address *address = address_at(addresses, i);

        if (mig_address_is_field(address->text, name, instance_id, path)) {
            address->matched = found = true;
        } else if (!address->matched) {
            remember_field(address, name, instance_id, path);
        }
    }
    return found;
}

bool mig_addresses_may_mean(const MigAddresses *addresses, const char *name)
{
    for (guint i = 0; i < addresses->list->len; i++) {
        if (may_mean(address_at(addresses, i)->text, name)) {
            return true;
        }
    }
    return false;
}

bool mig_addresses_seek_field(const MigAddresses *addresses, const char *name,
                              uint32_t instance_id)
{
    for (guint i = 0; i < addresses->list->len; i++) {
        const Address *address = address_at(addresses, i);

        if (!address->matched && mig_address_is_in(address->text, name, instance_id)) {
            return true;
        }
    }
    return false;
}

bool mig_addresses_in(const MigAddresses *addresses, const char *name,
                      uint32_t instance_id)
{
    for (guint i = 0; i < addresses->list->len; i++) {
        if (mig_address_is_in(address_at(addresses, i)->text, name, instance_id)) {
            return true;
        }
    }
    return false;
}

void mig_addresses_forget(MigAddresses *addresses)
{
    for (guint i = 0; i < addresses->list->len; i++) {
        Address *address = address_at(addresses, i);

        address->matched = false;
        g_clear_pointer(&address->nearest, mig_nearest_free);
    }
}

/* --- complaints --------------------------------------------------------------------------- */

static const char *const kinds[] = {
    [MIG_ADDRESS_SECTION] = "section",
    [MIG_ADDRESS_DEVICE] = "device",
    [MIG_ADDRESS_VFIO] = "VFIO device",
    [MIG_ADDRESS_BLOCK] = "RAM block",
};

/* " (--devices='*virtio-net*')", where that finds what was probably meant, or "". */
static char *wider(const char *text, const char *option, const char *best)
{
    return option && best && !strpbrk(text, "*?'") && strstr(best, text)
               ? g_strdup_printf(" (%s'*%s*')", option, text)
               : g_strdup("");
}

static char *complain_of_field(const Address *address, const MigSection *device)
{
    g_autofree char *hint = NULL;

    if (address->nearest && mig_nearest_best(address->nearest)) {
        hint = mig_nearest_hint(address->nearest, "");
    } else if (strpbrk(address->text, "*?")) {
        hint = g_strdup("; migstat dump --devices lists all fields");
    } else {
        hint = g_strdup_printf("; migstat dump --devices='%s' lists its fields",
                               device->name);
    }
    return g_strdup_printf("no field is \"%s\", as far as the stream describes them%s",
                           address->text, hint);
}

/* All names of that kind. */
static void offer_names(MigNearest *nearest, MigAddressKind kind, const MigReader *reader)
{
    size_t n_sections, n_blocks;
    const MigSection *const *sections = mig_reader_sections(reader, &n_sections);
    const MigRamBlock *const *blocks = mig_reader_ram_blocks(reader, &n_blocks);

    for (size_t i = 0; kind == MIG_ADDRESS_BLOCK && i < n_blocks; i++) {
        mig_nearest_offer(nearest, blocks[i]->name);
    }
    for (size_t i = 0; kind != MIG_ADDRESS_BLOCK && i < n_sections; i++) {
        const MigSection *section = sections[i];
        g_autofree char *name =
            mig_address_of_section(section->name, section->instance_id);

        if (kind == MIG_ADDRESS_VFIO     ? mig_section_is_vfio(section)
            : kind == MIG_ADDRESS_DEVICE ? !mig_section_is_ram(section)
                                         : true) {
            mig_nearest_offer(nearest, name);
        }
    }
}

/* @nearest knows the names that there are. */
static char *complain_of_nearest(const Address *address, const char *kind,
                                 const char *option, const MigNearest *nearest)
{
    g_autofree char *hint = mig_nearest_hint(nearest, "it has");
    g_autofree char *more = wider(address->text, option, mig_nearest_best(nearest));

    return *hint ? g_strdup_printf("the stream has no %s \"%s\"%s%s", kind, address->text,
                                   hint, more)
                 : g_strdup_printf("the stream has no %s", kind);
}

static char *complain_of_name(const Address *address, MigAddressKind kind,
                              const char *option, const MigReader *reader)
{
    g_autoptr(MigNearest) nearest = mig_nearest_new(address->text);

    offer_names(nearest, kind, reader);
    return complain_of_nearest(address, kinds[kind], option, nearest);
}

/* The section that is called so, or in which a field is to be, or NULL. */
static const MigSection *section_called(const char *text, const MigReader *reader)
{
    size_t n;
    const MigSection *const *sections = mig_reader_sections(reader, &n);

    for (size_t i = 0; i < n; i++) {
        g_autofree char *name =
            mig_address_of_section(sections[i]->name, sections[i]->instance_id);

        if (strcmp(name, text) == 0 ||
            mig_address_is_in(text, sections[i]->name, sections[i]->instance_id)) {
            return sections[i];
        }
    }
    return NULL;
}

/* The first one from the *i-th on that meant nothing, or NULL; *i is then that of the next. */
static const Address *next_unmatched(const MigAddresses *addresses, size_t *i)
{
    while (*i < addresses->list->len && address_at(addresses, (guint)*i)->matched) {
        ++*i;
    }
    return *i < addresses->list->len ? address_at(addresses, (guint)(*i)++) : NULL;
}

char *mig_addresses_complaint_among(const MigAddresses *addresses, size_t *i,
                                    const char *kind, const char *option,
                                    const GPtrArray *names)
{
    const Address *address = next_unmatched(addresses, i);
    g_autoptr(MigNearest) nearest = mig_nearest_new(address ? address->text : "");

    for (guint at = 0; at < names->len; at++) {
        mig_nearest_offer(nearest, names->pdata[at]);
    }
    return address ? complain_of_nearest(address, kind, option, nearest) : NULL;
}

char *mig_addresses_complaint(const MigAddresses *addresses, size_t *i,
                              MigAddressKind kind, const char *option,
                              const MigReader *reader)
{
    const MigSection *const *sections;
    const MigSection *other;
    const Address *address = next_unmatched(addresses, i);
    size_t n;

    if (!address) {
        return NULL;
    }
    sections = mig_reader_sections(reader, &n);
    for (size_t s = 0; kind == MIG_ADDRESS_DEVICE && s < n; s++) {
        if (!mig_section_is_ram(sections[s]) &&
            mig_address_is_in(address->text, sections[s]->name,
                              sections[s]->instance_id)) {
            return complain_of_field(address, sections[s]);
        }
    }
    other = section_called(address->text, reader);
    if (kind == MIG_ADDRESS_DEVICE && other) {
        return g_strdup_printf("section \"%s\" holds no device state; migstat extract "
                               "--section='%s' takes out what it holds",
                               other->name, other->name);
    }
    return complain_of_name(address, kind, option, reader);
}
