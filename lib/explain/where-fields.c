/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          searches in device state, field by field.
 * Must not know: how fields are decoded; how it is shown.
 * See also:      explain/where.c; device/decode.h.
 */
#include <inttypes.h>
#include <string.h>

#include "device/arm-sysreg.h"
#include "explain/where.h"
#include "message/decode-pci.h"
#include "message/decode.h"
#include "message/remedy.h"

static bool is_leaf(const MigField *field)
{
    return !mig_field_is_group(field) && field->kind != MIG_FIELD_END;
}

/* The name after the last '.' of a path, with the index after it, if any. */
static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot ? dot + 1 : path;
}

/* --- PCI configuration space -------------------------------------------------------------- */

typedef struct Pci {
    MigWhere *where;
    uint64_t i, stream, local, differs; /* of the message */
    const MigWhereBody *body;           /* that @space is in */
    uint64_t space;                 /* offset of configuration space; 0: not there yet */
    uint8_t header[MIG_PCI_HEADER]; /* of @body, or of @found */
    const MigWhereBody *found;      /* the first one that has the byte */
} Pci;

/* The mask of uncorrectable errors (AER) in QEMU's ports, which only the driver reads. */
static bool is_error_mask(uint64_t i)
{
    return i >= 0x108 && i < 0x10c;
}

static void repair_pci(const Pci *pci, const MigField *field)
{
    unsigned shift = (unsigned)(pci->space + pci->i - field->offset) * 8;
    g_autofree char *address = mig_where_address(pci->where, field);
    g_autofree char *value = mig_remedy_value(address);
    bool set = pci->differs & pci->local;

    mig_where_repair(pci->where, false,
                     "which errors the port reports, as the guest's driver had set it");
    mig_where_filter(pci->where, "set-field:path=%s:%s=0x%" PRIx64, value,
                     set ? "set" : "clear", pci->differs << shift);
}

static void keep_header(Pci *pci, const MigField *field)
{
    uint64_t at = field->offset - pci->space;

    if (field->offset >= pci->space && at < MIG_PCI_HEADER &&
        (!pci->found || pci->found == pci->body)) {
        memcpy(pci->header + at, field->bytes, MIN(field->length, MIG_PCI_HEADER - at));
    }
}

/* One byte of one device: a leaf that is more than one register's name for it. */
static void visit_pci(const MigField *field, void *user)
{
    Pci *pci = user;
    uint64_t at;

    if (pci->body != pci->where->body) {
        pci->body = pci->where->body;
        pci->space = 0;
    }
    if (field->kind == MIG_FIELD_STRUCT && g_strcmp0(field->type, "pci config") == 0) {
        pci->space = field->offset;
    }
    if (!pci->space || !is_leaf(field) || !field->bytes ||
        g_strcmp0(field->type, "count") == 0) {
        return;
    }
    keep_header(pci, field);
    at = pci->space + pci->i;
    if (at < field->offset || at - field->offset >= field->length ||
        field->bytes[at - field->offset] != pci->stream) {
        return;
    }
    pci->found = pci->found ? pci->found : pci->body;
    mig_where_add_field(pci->where, field);
    if (is_error_mask(pci->i) && pci->where->section) {
        repair_pci(pci, field);
    }
}

void mig_where_pci(MigWhere *where)
{
    Pci pci = {
        .where = where,
        .i = mig_message_number(where->match, "i", 0),
        .stream = mig_message_number(where->match, "stream", 0),
        .local = mig_message_number(where->match, "local", 0),
    };

    pci.differs = (pci.stream ^ pci.local) & 0xff;
    mig_where_decode(where, visit_pci, &pci);
    if (pci.found && !where->several) {
        g_ptr_array_set_size(where->facts, 0);
        mig_decode_pci_header(where->match, pci.found->section->name, pci.header,
                              where->facts);
    }
    if (!where->places->len) {
        mig_decode_say(where->facts, "No such byte is in this stream: the message is of "
                                     "another one.");
    } else if (!where->section) {
        mig_decode_say(where->facts,
                       "The message names no device: these have that byte.");
    } else if (!where->repairs->len) {
        mig_decode_say(where->facts,
                       "No filter helps: what follows from that byte, such as "
                       "tables of interrupts, is of another length too.");
    }
}

/* --- virtio features ---------------------------------------------------------------------- */

typedef struct Features {
    MigWhere *where;
    uint64_t used; /* 0: the message does not say, as that of 11.1, which prints zeros */
    uint64_t allowed;
    bool
        low; /* the low half is of interest: it has what is missing, or is all there is */
    GPtrArray *filters;
} Features;

static void visit_features(const MigField *field, void *user)
{
    Features *features = user;
    const char *name = last_part(field->path);
    bool low = g_str_equal(name, "guest_features_low");
    uint64_t mask = low ? UINT32_MAX : UINT64_MAX;
    uint64_t used = features->used ? features->used : field->u;
    uint64_t missing = used & ~features->allowed & mask;
    g_autofree char *address = NULL, *value = NULL;

    if (field->kind != MIG_FIELD_UINT ||
        !(low || g_str_has_suffix(field->path, "64bit_features.guest_features")) ||
        field->u != (used & mask) || (low && !features->low) ||
        (!features->used && !missing)) {
        return;
    }
    mig_where_add_field(features->where, field);
    if (!missing) {
        return;
    }
    address = mig_where_address(features->where, field);
    value = mig_remedy_value(address);
    g_ptr_array_add(
        features->filters,
        g_strdup_printf("set-field:path=%s:clear=0x%" PRIx64, value, missing));
}

void mig_where_features(MigWhere *where)
{
    Features features = {
        .where = where,
        .used = mig_message_number(where->match, "features", 0),
        .allowed = mig_message_number(where->match, "allowed", 0),
        .filters = g_ptr_array_new_with_free_func(g_free),
    };

    features.low =
        features.used <= UINT32_MAX || features.used & ~features.allowed & UINT32_MAX;
    mig_where_decode(where, visit_features, &features);
    if (features.filters->len && where->section) {
        mig_where_repair(
            where, false,
            "the features: the guest's driver goes on as if they were there. That "
            "is harmless for those that promise speed (segmentation, USO), not "
            "for those that change the layout of buffers; the driver may have to "
            "be reloaded");
        for (guint i = 0; i < features.filters->len; i++) {
            mig_where_filter(where, "%s", (char *)features.filters->pdata[i]);
        }
    } else if (!where->places->len) {
        mig_decode_say(where->facts,
                       "No device of this stream has these features: the message "
                       "is of another one.");
    }
    g_ptr_array_unref(features.filters);
}

/* --- the shape of a section --------------------------------------------------------------- */

/* A group that is open. */
typedef struct Group {
    char *address; /* of an array; NULL: it is none */
    uint64_t offset;
    guint n; /* elements so far */
} Group;

static void clear_group(gpointer group)
{
    g_free(((Group *)group)->address);
}

typedef struct Shape {
    MigWhere *where;
    GArray *open;  /* Group */
    uint64_t cpus; /* elements of the CPU hotplug state; 0: none */
    char *cpuhp;   /* the address of that subsection, or NULL */
} Shape;

static Group *innermost(const Shape *shape)
{
    return shape->open->len ? &g_array_index(shape->open, Group, shape->open->len - 1)
                            : NULL;
}

static void close_group(Shape *shape)
{
    const Group *group = innermost(shape);

    if (!group) {
        return;
    }
    if (group->address) {
        g_autofree char *value = g_strdup_printf("%u elements", group->n);

        mig_where_add(shape->where, group->offset, group->address, value, NULL);
        if (strstr(group->address, "/cpuhp.") &&
            g_str_has_suffix(group->address, "devs")) {
            shape->cpus = group->n;
        }
    }
    g_array_set_size(shape->open, shape->open->len - 1);
}

static void open_group(Shape *shape, const MigField *field)
{
    g_autofree char *address = mig_where_address(shape->where, field);
    Group group = { .offset = field->offset };

    if (field->kind == MIG_FIELD_ARRAY) {
        group.address = g_steal_pointer(&address);
    } else if (field->kind == MIG_FIELD_SUBSECTION) {
        mig_where_add(shape->where, field->offset, address, "subsection", NULL);
        if (g_str_has_suffix(address, "/cpuhp") && !shape->cpuhp) {
            shape->cpuhp = g_steal_pointer(&address);
        }
    }
    g_array_append_val(shape->open, group);
}

static void visit_shape(const MigField *field, void *user)
{
    Shape *shape = user;
    Group *around = innermost(shape);

    if (field->kind == MIG_FIELD_END) {
        close_group(shape);
        return;
    }
    if (around) {
        around->n++;
    }
    if (mig_field_is_group(field)) {
        open_group(shape, field);
    }
}

static void repair_shape(MigWhere *where, const Shape *shape)
{
    g_autofree char *value = shape->cpuhp ? mig_remedy_value(shape->cpuhp) : NULL;

    if (shape->cpus) {
        mig_decode_say(where->facts,
                       "The CPU hotplug state is for %" PRIu64
                       " CPUs: start the destination "
                       "with -smp ...,maxcpus=%" PRIu64 ".",
                       shape->cpus, shape->cpus);
    }
    if (value) {
        mig_where_repair(where, false,
                         "CPU hotplug that is under way; maxcpus= at the destination is "
                         "better");
        mig_where_filter(where, "drop-subsection:path=%s", value);
    }
}

void mig_where_shape(MigWhere *where)
{
    Shape shape = {
        .where = where,
        .open = g_array_new(FALSE, FALSE, sizeof(Group)),
    };

    g_array_set_clear_func(shape.open, clear_group);
    if (where->section) {
        mig_where_decode(where, visit_shape, &shape);
        repair_shape(where, &shape);
    }
    g_array_unref(shape.open);
    g_free(shape.cpuhp);
}

/* --- one field, one subsection ------------------------------------------------------------ */

typedef struct Named {
    MigWhere *where;
    const char *name;
    bool subsection;
} Named;

static void visit_named(const MigField *field, void *user)
{
    const Named *named = user;

    if (named->subsection
            ? field->kind == MIG_FIELD_SUBSECTION && g_str_equal(field->name, named->name)
            : is_leaf(field) && g_str_equal(last_part(field->path), named->name)) {
        mig_where_add_field(named->where, field);
    }
}

void mig_where_field(MigWhere *where)
{
    g_autofree char *field = mig_decode_text(where->match, "field");
    Named named = { where, field, false };

    if (field && where->section) {
        mig_where_decode(where, visit_named, &named);
    }
}

static void repair_subsection(MigWhere *where, const char *address)
{
    g_autofree char *value = mig_remedy_value(address);

    mig_where_repair(
        where, false,
        "what the subsection held: the device starts with what it has after a reset");
    mig_where_filter(where, "drop-subsection:path=%s", value);
}

void mig_where_subsection(MigWhere *where)
{
    g_autofree char *name = mig_decode_text(where->match, "subsection");
    Named named = { where, name, true };

    if (!name) {
        return;
    }
    mig_where_decode(where, visit_named, &named);
    if (where->places->len == 1) {
        repair_subsection(where,
                          g_array_index(where->places, MigExplainPlace, 0).address);
    }
}

/* --- a subsection that no message names --------------------------------------------------- */

/* Up to 10.1 a subsection that is not known is "No such file or directory", and no more.  States
 * have their newer subsections at the end, so that the last one is the likeliest. */
typedef struct Newer {
    MigWhere *where;
    const char *field; /* in which it is, or NULL */
    GPtrArray *addresses;
} Newer;

static void visit_newer(const MigField *field, void *user)
{
    const Newer *newer = user;

    if (field->kind == MIG_FIELD_SUBSECTION &&
        (!newer->field || g_str_has_prefix(field->path, newer->field))) {
        mig_where_add_field(newer->where, field);
        g_ptr_array_add(newer->addresses, mig_where_address(newer->where, field));
    }
}

void mig_where_newer_subsection(MigWhere *where)
{
    g_autofree char *why = mig_decode_text(where->match, "why");
    g_autofree char *field = mig_decode_text(where->match, "field");
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    Newer newer = { where, field, addresses };

    if (g_strcmp0(why, "No such file or directory") != 0) {
        return;
    }
    mig_where_decode(where, visit_newer, &newer);
    for (guint i = addresses->len; i-- > 0;) {
        repair_subsection(where, addresses->pdata[i]);
    }
    if (addresses->len) {
        mig_decode_say(where->facts, "The destination's release does not know one of the "
                                     "subsections below; the newest is the last one.");
    }
}

/* --- the guest's run state ---------------------------------------------------------------- */

/* Source: migration/global_state.c, vmstate_globalstate; 5.2 to 11.1. */
static void visit_run_state(const MigField *field, void *user)
{
    MigWhere *where = user;

    if (g_str_equal(field->path, "runstate") && field->kind == MIG_FIELD_BYTES &&
        g_str_equal(where->body->section->name, "globalstate")) {
        mig_where_add_field(where, field);
        mig_where_repair(
            where, false,
            "the state: the guest is paused when it was loaded; continue it with "
            "cont");
        mig_where_filter(where, "set-field:path=globalstate:runstate:value=paused");
    }
}

void mig_where_run_state(MigWhere *where)
{
    where->section = NULL;
    mig_where_decode(where, visit_run_state, where);
}

/* --- Arm ---------------------------------------------------------------------------------- */

typedef struct Register {
    MigWhere *where;
    uint64_t id;
    GString *paths; /* of that register, as the filter takes them */
} Register;

static void visit_register(const MigField *field, void *user)
{
    const Register *wanted = user;
    const MigSection *section = wanted->where->body->section;
    g_autofree char *path = NULL, *value = NULL;
    MigArmSysregName name;

    if (field->kind != MIG_FIELD_UINT || field->u != wanted->id ||
        !strstr(field->path, "cpreg_vmstate_indexes[")) {
        return;
    }
    mig_where_add_field(wanted->where, field);
    path = g_strdup_printf("cpreg[%s]", mig_arm_sysreg_name(wanted->id, name));
    value = mig_remedy_part(section->name, section->instance_id, path);
    g_string_append_printf(wanted->paths, ":path=%s", value);
}

void mig_where_arm_register(MigWhere *where)
{
    g_autoptr(GString) paths = g_string_new(NULL);
    Register wanted = { where, mig_decode_arm_register_id(where->match), paths };

    if (wanted.id) {
        mig_where_decode(where, visit_register, &wanted);
    }
    if (paths->len && g_str_equal(where->match->message->id, "arm-register-unknown")) {
        mig_where_repair(where, true, "what the guest has in that register");
        mig_where_filter(where, "drop-register%s", paths->str);
        mig_decode_say(where->facts,
                       "The destination prints the first register that it lacks; others "
                       "may follow. --against=DEST, with what the destination itself has "
                       "saved, lists all.");
    }
}
