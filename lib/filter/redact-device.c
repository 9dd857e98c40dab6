/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see redact.h.
 * Must not know: items, chains.
 * See also:      device/decode.c.
 *
 * Nothing stays because it looks harmless.  The bytes begin as zeros; what the list allows is
 * put back; and then it is decoded again: where that comes to another structure, the numbers
 * before that place are tried one by one, and the one by which the structure goes on is put
 * back as well, for it is a length or a count.
 */
#include "filter/redact.h"

#include <string.h>

/* Numbers that are put back of one device, and tried for one of them. */
#define KEPT_MAX  64u
#define TRIED_MAX 64u

/* Leaves that are looked at of one decoding, and of all of one device. */
#define LEAVES_MAX (512u << 10)
#define LOOKS_MAX  (16u << 20)

#define HEADER_LENGTH   64u  /* of configuration space */
#define CONFIG_LENGTH   256u /* of the old part */
#define EXTENDED_LENGTH 4096u
#define CAPABILITIES    0x34u
#define CAP_MSI         0x05u
#define CAP_MSIX        0x11u
#define CHAIN_MAX       64u /* capabilities: more do not fit */

/* A value, or the beginning or end of a group. */
typedef struct Leaf {
    MigFieldKind kind;
    uint64_t offset, length; /* in the body */
    guint path;              /* hash */
    char *name;
    bool is_number;  /* of at most 4 bytes */
    bool is_version; /* of what a device has inside it, or the length of a virtqueue */
    bool is_counted; /* the 4 bytes before it tell how much there is of it */
} Leaf;

typedef struct Walk {
    GArray *leaves;  /* Leaf */
    uint64_t from;   /* offset of the body */
    unsigned inside; /* groups that are open in a configuration space, itself included */
} Walk;

static void clear_leaf(gpointer p)
{
    g_free(((Leaf *)p)->name);
}

static void visit(const MigField *field, void *user)
{
    Walk *walk = user;

    if (walk->leaves->len == LEAVES_MAX) {
        return;
    }
    /* What is shown of a configuration space goes by its values. */
    if (walk->inside) {
        walk->inside += mig_field_is_group(field);
        walk->inside -= field->kind == MIG_FIELD_END;
        return;
    }
    bool ends = field->kind == MIG_FIELD_END;
    Leaf leaf = { .kind = field->kind, .name = ends ? NULL : g_strdup(field->path) };

    if (!ends) {
        leaf.offset = field->offset - walk->from;
        leaf.length = field->length;
        leaf.path = g_str_hash(field->path) ^ g_str_hash(field->type);
        leaf.is_number = (field->kind == MIG_FIELD_UINT || field->kind == MIG_FIELD_INT ||
                          field->kind == MIG_FIELD_BOOL) &&
                         field->length <= 4;
        leaf.is_version = (g_str_equal(field->name, "version_id") ||
                           g_str_has_suffix(field->path, "].num")) &&
                          g_str_equal(field->type, "be32");
        /* hw/virtio/virtio.c, virtio_save() */
        leaf.is_counted = mig_field_is_group(field) && *field->name != '[' &&
                          (g_str_equal(field->type, "virtqueue") ||
                           g_str_equal(field->type, "device configuration"));
        if (mig_field_is_group(field) && g_str_equal(field->type, "pci config")) {
            leaf.path = 0;
            walk->inside = 1;
        }
    }
    g_array_append_val(walk->leaves, leaf);
}

static GArray *leaves_of(const MigDeviceState *device, const uint8_t *bytes,
                         MigBudget *budget)
{
    GArray *leaves = g_array_new(FALSE, FALSE, sizeof(Leaf));
    Walk walk = { .leaves = leaves, .from = device->offset };
    const MigDecoder decoder = { .budget = budget, .visit = visit, .user = &walk };
    MigDeviceState state = *device;

    g_array_set_clear_func(leaves, clear_leaf);
    state.bytes = bytes;
    mig_device_decode(&decoder, &state);
    return leaves;
}

static const Leaf *leaf_at(const GArray *leaves, guint i)
{
    return &g_array_index(leaves, Leaf, i);
}

/* The first place where the structures differ; UINT_MAX: they are the same. */
static guint parts_at(const GArray *a, const GArray *b)
{
    for (guint i = 0; i < MIN(a->len, b->len); i++) {
        const Leaf *x = leaf_at(a, i), *y = leaf_at(b, i);

        if (x->kind != y->kind || x->offset != y->offset || x->length != y->length ||
            x->path != y->path) {
            return i;
        }
    }
    return a->len == b->len ? UINT_MAX : MIN(a->len, b->len);
}

static bool is_group(const Leaf *leaf)
{
    return leaf->kind <= MIG_FIELD_SUBSECTION;
}

/* --- the list ----------------------------------------------------------------------------- */

static void keep(uint8_t *to, const uint8_t *from, uint64_t length, uint64_t at,
                 uint64_t n)
{
    if (at <= length && n <= length - at) {
        memcpy(to + at, from + at, n);
    }
}

/* Of a capability its id and the next one; of MSI and MSI-X the control word too, by which
 * others know how much follows and whether interrupts are on. */
static void keep_chain(uint8_t *to, const uint8_t *space, uint64_t length)
{
    uint8_t at = length > CAPABILITIES ? space[CAPABILITIES] & 0xfc : 0;

    for (unsigned i = 0; i < CHAIN_MAX && at >= HEADER_LENGTH; i++) {
        uint8_t id = space[at];

        keep(to, space, MIN(length, CONFIG_LENGTH), at,
             id == CAP_MSI || id == CAP_MSIX ? 4 : 2);
        at = space[at + 1] & 0xfc;
    }
}

static void keep_extended(uint8_t *to, const uint8_t *space, uint64_t length)
{
    uint32_t at = CONFIG_LENGTH;

    for (unsigned i = 0;
         i < EXTENDED_LENGTH / 8 && at >= CONFIG_LENGTH && at + 4 <= length; i++) {
        keep(to, space, length, at, 4);
        at = (space[at + 3] << 4 | space[at + 2] >> 4) & 0xffc;
    }
}

/* The header has ids, classes, commands and where the guest placed the BARs. */
static void keep_config_space(uint8_t *to, const uint8_t *space, uint64_t length)
{
    if (length >= CONFIG_LENGTH) {
        keep(to, space, length, 0, HEADER_LENGTH);
        keep_chain(to, space, length);
        keep_extended(to, space, length);
    }
}

/* Of a subsection its marker, name and version. */
static void keep_subsection(const Leaf *leaf, const uint8_t *from, uint8_t *to,
                            uint64_t length)
{
    uint64_t name = leaf->offset + 1 < length ? from[leaf->offset + 1] : 0;

    keep(to, from, length, leaf->offset, MIN(1 + 1 + name + 4, leaf->length));
}

static void keep_allowed(const GArray *leaves, const MigDeviceState *device, uint8_t *to)
{
    for (guint i = 0; i < leaves->len; i++) {
        const Leaf *leaf = leaf_at(leaves, i);
        uint64_t at = leaf->offset, n = leaf->length;

        if (leaf->kind == MIG_FIELD_END || at > device->length ||
            n > device->length - at) {
            continue;
        }
        if (leaf->is_counted && at >= 4 && device->bytes[at - 4] == 0 &&
            device->bytes[at - 3] == 0) {
            keep(to, device->bytes, device->length, at - 4, 4);
        }
        if (leaf->kind == MIG_FIELD_SUBSECTION) {
            keep_subsection(leaf, device->bytes, to, device->length);
        } else if (leaf->kind == MIG_FIELD_NULL || leaf->is_version) {
            keep(to, device->bytes, device->length, at, n);
        } else if (is_group(leaf) && leaf->path == 0) {
            keep_config_space(to + at, device->bytes + at, n);
        }
    }
}

/* --- what tells what follows -------------------------------------------------------------- */

/* Puts one number before @place back by which the structure goes on; whether there is one. */
static bool keep_one(const MigDeviceState *device, MigBudget *budget, const GArray *old,
                     guint place, uint8_t *bytes, uint64_t *looks, MigRedacted *redacted)
{
    unsigned tried = 0;

    for (guint i = MIN(place + 1, old->len);
         i-- > 0 && tried < TRIED_MAX && *looks < LOOKS_MAX;) {
        const Leaf *leaf = leaf_at(old, i);
        g_autoptr(GArray) now = NULL;

        if (!leaf->is_number || leaf->offset + leaf->length > device->length ||
            memcmp(bytes + leaf->offset, device->bytes + leaf->offset, leaf->length) ==
                0) {
            continue;
        }
        tried++;
        *looks += old->len;
        keep(bytes, device->bytes, device->length, leaf->offset, leaf->length);
        now = leaves_of(device, bytes, budget);
        if (parts_at(old, now) > place) {
            redacted->kept++;
            g_string_append_printf(redacted->names, "%s%s",
                                   redacted->names->len ? ", " : "", leaf->name);
            return true;
        }
        memset(bytes + leaf->offset, 0, leaf->length);
    }
    return false;
}

static uint64_t count_values(const GArray *leaves)
{
    uint64_t n = 0;

    for (guint i = 0; i < leaves->len; i++) {
        n += !is_group(leaf_at(leaves, i)) && leaf_at(leaves, i)->kind != MIG_FIELD_END;
    }
    return n;
}

void mig_redact_device(const MigDeviceState *device, MigBudget *budget, uint8_t *bytes,
                       MigRedacted *redacted)
{
    g_autoptr(GArray) old = leaves_of(device, device->bytes, budget);
    uint64_t looks = 0;
    guint place = 0;

    memset(bytes, 0, device->length);
    redacted->fields = count_values(old);
    keep_allowed(old, device, bytes);
    for (unsigned i = 0; i <= KEPT_MAX && old->len < LEAVES_MAX; i++) {
        g_autoptr(GArray) now = leaves_of(device, bytes, budget);

        place = parts_at(old, now);
        if (place == UINT_MAX ||
            !keep_one(device, budget, old, place, bytes, &looks, redacted)) {
            break;
        }
    }
    redacted->is_whole = place == UINT_MAX;
    if (!redacted->is_whole) {
        memset(bytes, 0, device->length);
        redacted->kept = 0;
        g_string_truncate(redacted->names, 0);
    }
}

/* --- VFIO --------------------------------------------------------------------------------- */

void mig_redact_vfio(const uint8_t *payload, size_t length, MigBudget *budget,
                     uint8_t *bytes)
{
    g_autoptr(GArray) leaves = g_array_new(FALSE, FALSE, sizeof(Leaf));
    Walk walk = { .leaves = leaves };
    const MigDecoder decoder = { .budget = budget, .visit = visit, .user = &walk };
    const MigDeviceState all = { .bytes = payload, .length = length };

    g_array_set_clear_func(leaves, clear_leaf);
    memset(bytes, 0, length);
    if (mig_vfio_payload_decode(&decoder, payload, length, 0)) {
        keep_allowed(leaves, &all, bytes);
    }
}

/* --- the state of the guest --------------------------------------------------------------- */

#define RUN_STATE_LENGTH 104u /* be32 length of the text, and 100 bytes that it begins */

void mig_redact_run_state(const uint8_t *from, size_t length, uint8_t *bytes)
{
    static const char *const states[] = {
        "debug",      "inmigrate",   "internal-error", "io-error",
        "paused",     "postmigrate", "prelaunch",      "finish-migrate",
        "restore-vm", "running",     "save-vm",        "shutdown",
        "suspended",  "watchdog",    "guest-panicked", "colo",
    };

    for (size_t i = 0; length >= RUN_STATE_LENGTH && i < G_N_ELEMENTS(states); i++) {
        size_t n = strlen(states[i]);

        if (memcmp(from + 4, states[i], n + 1) == 0) {
            memcpy(bytes + 4, states[i], n);
            bytes[3] = from[3] == n + 1 ? from[3] : 0;
        }
    }
}
