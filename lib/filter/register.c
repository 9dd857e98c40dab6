/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the list of system registers of an Arm CPU: set-register gives one a value,
 *                or adds it; drop-register takes them out.
 * Must not know: what they mean; device/arm-sysreg.h has their names.
 * See also:      filter/device-edit.h.
 *
 * The list is cpreg_vmstate_array_len, and as many cpreg_vmstate_indexes, ascending, and
 * cpreg_vmstate_values.  A loader refuses a register that it lacks, and a list longer than its
 * own; one that the list lacks keeps the value of a reset.
 * Source: target/arm/machine.c, vmstate_arm_cpu, cpu_post_load(); 5.2 to 11.1.
 */
#include <errno.h>
#include <string.h>

#include "device/arm-sysreg.h"
#include "filter/device-edit.h"

#define LENGTH  "cpreg_vmstate_array_len"
#define INDEXES "cpreg_vmstate_indexes"
#define VALUES  "cpreg_vmstate_values"

/* Far more than any CPU has. */
#define COUNT_MAX 65536u

typedef struct Register {
    uint64_t id, value;
} Register;

typedef struct Registers {
    MigAddresses *paths; /* "cpu:cpreg[NAME]" */
    GPtrArray *texts;    /* the same, owned */
    bool sets;           /* is set-register */
    uint64_t value;
    bool has_value;
    MigDescriptionEdit *edit;
} Registers;

/* NAME of "...:cpreg[NAME]"; NULL: it is none.  The caller frees. */
static char *name_in(const char *path)
{
    const char *start = g_strrstr(path, ":cpreg[");
    size_t n = strlen(path);

    return start && path[n - 1] == ']'
               ? g_strndup(start + strlen(":cpreg["),
                           (size_t)(path + n - 1 - start) - strlen(":cpreg["))
               : NULL;
}

static bool add_path(Registers *registers, const char *path, GError **error)
{
    g_autofree char *name = name_in(path);
    g_autofree char *canonical = NULL;
    bool wild = name && strpbrk(name, "*?");
    MigArmSysregName buffer;
    uint64_t id = 0;

    if (!name || !*name) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "path=CPU:cpreg[NAME] is wanted, such as "
                            "cpu:cpreg[MIDR_EL1], not \"%s\"",
                            path);
        return false;
    }
    if (!wild && !mig_arm_sysreg_id(name, &id)) {
        mig_error_set_plain(error, MIG_ERROR_USAGE,
                            "no register of Arm is called %s; one without a name is "
                            "S3_0_C0_C1_2, or a number of KVM's, 0x6030000000138012",
                            name);
        return false;
    }
    if (wild) {
        canonical = g_strdup(path);
    } else { /* a register may be called by its encoding too */
        canonical =
            g_strdup_printf("%.*s:cpreg[%s]", (int)(g_strrstr(path, ":cpreg[") - path),
                            path, mig_arm_sysreg_name(id, buffer));
    }
    mig_addresses_add(registers->paths, canonical);
    g_ptr_array_add(registers->texts, g_steal_pointer(&canonical));
    return true;
}

static bool read_value(Registers *registers, const char *value, GError **error)
{
    char *end;

    errno = 0;
    registers->value = g_ascii_strtoull(value, &end, 0);
    registers->has_value = g_ascii_isdigit(*value) && !*end && !errno;
    if (!registers->has_value) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "value=%s is no number of 64 bits",
                            value);
    }
    return registers->has_value;
}

static bool drop_configure(void *state, const char *key, const char *value,
                           GError **error)
{
    Registers *registers = state;

    if (!registers->paths) {
        registers->paths = mig_addresses_new();
        registers->texts = g_ptr_array_new_with_free_func(g_free);
        registers->edit = mig_description_edit_new();
    }
    if (key) {
        return g_str_equal(key, "path") ? add_path(registers, value, error)
                                        : read_value(registers, value, error);
    }
    if (!registers->texts->len || registers->sets != registers->has_value) {
        mig_error_set_plain(error, MIG_ERROR_USAGE, "path=CPU:cpreg[NAME]%s wanted",
                            registers->sets ? " and value=VALUE are" : " is");
        return false;
    }
    return true;
}

static bool set_configure(void *state, const char *key, const char *value, GError **error)
{
    ((Registers *)state)->sets = true;
    return drop_configure(state, key, value, error);
}

/* --- the list of a CPU --------------------------------------------------------------------- */

typedef struct List {
    GArray *all; /* Register */
    uint64_t n_values;
    uint64_t length_at; /* of LENGTH in the body; UINT64_MAX: there is none */
} List;

static bool is_element(const MigField *field, const char *array)
{
    size_t n = strlen(array);

    return strncmp(field->path, array, n) == 0 && field->path[n] == '[' &&
           field->kind == MIG_FIELD_UINT && field->length == 8;
}

static void visit(const MigField *field, void *user)
{
    List *list = user;

    if (g_str_equal(field->path, LENGTH) && field->length == 4) {
        list->length_at = field->offset;
    } else if (is_element(field, INDEXES) && list->all->len < COUNT_MAX) {
        const Register one = { .id = field->u };

        g_array_append_val(list->all, one);
    } else if (is_element(field, VALUES)) {
        if (list->n_values < list->all->len) {
            g_array_index(list->all, Register, list->n_values).value = field->u;
        }
        list->n_values++;
    }
}

static bool read_list(const MigDeviceEdit *edit, List *list)
{
    return mig_device_edit_visit(edit, visit, list) && list->all->len > 0 &&
           list->n_values == list->all->len && list->length_at != UINT64_MAX;
}

static bool means(const Registers *registers, const MigSection *section, uint64_t id)
{
    MigArmSysregName name;
    g_autofree char *path = g_strdup_printf("cpreg[%s]", mig_arm_sysreg_name(id, name));

    return mig_addresses_field(registers->paths, section->name, section->instance_id,
                               path);
}

static void report(const MigDeviceEdit *edit, uint64_t id, const char *what,
                   uint64_t value)
{
    MigArmSysregName name;

    mig_next_report(edit->next, edit->item->section, "cpreg[%s] %s 0x%" PRIx64,
                    mig_arm_sysreg_name(id, name), what, value);
}

static void drop_some(const Registers *registers, const MigDeviceEdit *edit, List *list)
{
    guint kept = 0;

    for (guint i = 0; i < list->all->len; i++) {
        const Register one = g_array_index(list->all, Register, i);

        if (means(registers, edit->item->section, one.id)) {
            report(edit, one.id, "dropped, it was", one.value);
        } else {
            g_array_index(list->all, Register, kept++) = one;
        }
    }
    g_array_set_size(list->all, kept);
}

/* Adds the register that @path names, if the CPU has none: before the first with a larger
 * index. */
static void add_missing(const Registers *registers, const MigDeviceEdit *edit,
                        const char *path, List *list)
{
    const MigSection *section = edit->item->section;
    g_autofree char *name = name_in(path);
    Register one = { .value = registers->value };
    guint at = 0;

    if (!mig_arm_sysreg_id(name, &one.id) ||
        !mig_address_is_in(path, section->name, section->instance_id)) {
        return;
    }
    while (at < list->all->len && g_array_index(list->all, Register, at).id < one.id) {
        at++;
    }
    if (at == list->all->len || g_array_index(list->all, Register, at).id != one.id) {
        g_array_insert_val(list->all, at, one);
        means(registers, section, one.id); /* so that it is known to have matched */
        report(edit, one.id, "added,", one.value);
    }
}

static void set_some(const Registers *registers, const MigDeviceEdit *edit, List *list)
{
    for (guint i = 0; i < list->all->len; i++) {
        Register *one = &g_array_index(list->all, Register, i);

        if (means(registers, edit->item->section, one->id)) {
            g_autofree char *change =
                g_strdup_printf("0x%" PRIx64 " \342\206\222", one->value);

            report(edit, one->id, change, registers->value);
            one->value = registers->value;
        }
    }
    for (guint i = 0; i < registers->texts->len; i++) {
        add_missing(registers, edit, g_ptr_array_index(registers->texts, i), list);
    }
}

/* Writes one of the two arrays anew. */
static bool put_array(MigDeviceEdit *edit, const List *list, const char *path,
                      bool values, GError **error)
{
    MigReshape reshape = { .kind = MIG_RESHAPE_RESIZE,
                           .path = path,
                           .count = list->all->len };
    g_autofree uint8_t *bytes = g_malloc((gsize)list->all->len * 8);
    char *json = mig_device_edit_plan(edit, &reshape, path, error);

    if (!json) {
        return false;
    }
    for (guint i = 0; i < list->all->len; i++) {
        const Register *one = &g_array_index(list->all, Register, i);

        mig_device_put(bytes + (gsize)i * 8, values ? one->value : one->id, 8);
    }
    mig_device_edit_apply(edit, &reshape, json, bytes);
    return true;
}

static bool change(const Registers *registers, MigDeviceEdit *edit, List *list,
                   GError **error)
{
    (registers->sets ? set_some : drop_some)(registers, edit, list);
    if (!list->all->len || list->all->len > COUNT_MAX) {
        return mig_next_refuse(edit->next, edit->item, edit->item->section, error,
                               "no CPU has a list of %u registers", list->all->len);
    }
    if (!put_array(edit, list, INDEXES, false, error) ||
        !put_array(edit, list, VALUES, true, error)) {
        return false;
    }
    mig_device_put(edit->body->data + list->length_at, list->all->len, 4);
    return true;
}

static bool register_event(void *state, MigNext *next, const MigItem *item,
                           GError **error)
{
    Registers *registers = state;
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Register));
    g_auto(MigDeviceEdit) edit = { 0 };
    List list = { .all = all, .length_at = UINT64_MAX };

    if (item->kind == MIG_ITEM_DESCRIPTION) {
        return mig_description_edit_item(registers->edit, next, item, error);
    }
    if (!mig_addresses_in(registers->paths, item->section->name,
                          item->section->instance_id)) {
        return mig_next_emit(next, item, error);
    }
    if (!mig_device_edit_begin(&edit, next, item, error)) {
        return false;
    }
    if (!read_list(&edit, &list)) {
        return mig_next_emit(next, item,
                             error); /* no CPU of Arm, or it is not described */
    }
    return change(registers, &edit, &list, error) &&
           mig_device_edit_end(&edit, registers->edit, error);
}

static bool register_finish(void *state, MigNext *next, GError **error)
{
    const Registers *registers = state;

    return mig_next_matched(next, registers->paths, MIG_ADDRESS_DEVICE, "path=", error);
}

static void register_clear(void *state)
{
    Registers *registers = state;

    g_clear_pointer(&registers->paths, mig_addresses_free);
    g_clear_pointer(&registers->texts, g_ptr_array_unref);
    g_clear_pointer(&registers->edit, mig_description_edit_free);
}

static const MigFilterOption drop_options[] = {
    { "path", "CPU:cpreg[NAME]",
      "The register, as diff shows it: cpu:cpreg[PMCEID0_EL0]; * and ? stand for "
      "anything.  May be repeated.  Its value is given up" },
    { 0 },
};

static const MigFilterOption set_options[] = {
    { "path", "CPU:cpreg[NAME]",
      "The register, as diff shows it; one that the list lacks is added" },
    { "value", "VALUE", "Its value, 64 bits" },
    { 0 },
};

#define HANDLES (MIG_ITEM_BIT(DEVICE_STATE) | MIG_ITEM_BIT(DESCRIPTION))

const MigFilterType mig_filter_drop_register = {
    .name = "drop-register",
    .summary = "take system registers out of the list of an Arm CPU",
    .gives_up = "what the guest had in the registers",
    .options = drop_options,
    MIG_FILTER_HANDLES(HANDLES),
    .decodes = true,
    .redescribes = true,
    .state_size = sizeof(Registers),
    .configure = drop_configure,
    .event = register_event,
    .finish = register_finish,
    .clear = register_clear,
};

const MigFilterType mig_filter_set_register = {
    .name = "set-register",
    .summary = "give a system register in the list of an Arm CPU a value, or add it",
    .gives_up = "what the guest had in the register",
    .options = set_options,
    MIG_FILTER_HANDLES(HANDLES),
    .decodes = true,
    .redescribes = true,
    .state_size = sizeof(Registers),
    .configure = set_configure,
    .event = register_event,
    .finish = register_finish,
    .clear = register_clear,
};
