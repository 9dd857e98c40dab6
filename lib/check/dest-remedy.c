/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          which filter makes a stream what the destination expects, for each difference
 *                that one can mend.
 * Must not know: which differences are reported, and as what.
 * See also:      filter/filter.h, the filters; rules-dest.c and rules-dest-device.c, which ask.
 */
#include <string.h>

#include "check/rules-dest.h"
#include "device/ram-name.h"
#include "device/virtio-property.h"
#include "device/virtio.h"
#include "stream/address-exact.h"
#include "stream/address.h"
#include "stream/glob.h"
#include "stream/item-private.h"
#include "stream/section-find.h"

#define SAME_ROM "give the destination's device the same ROM (romfile=, romsize=)"
#define SAME_CPU "start the destination with the same -cpu and its properties"

/* Registers that one command names; with more of them another CPU is the answer. */
#define REGISTERS_MAX 64u

/* --- sections ---------------------------------------------------------------------------- */

/* What makes the destination have the section. */
static const char *device_option(const char *name, uint32_t instance_id)
{
    static const struct {
        const char *name, *option;
    } options[] = {
        { "hpet", "start the destination with an HPET (-machine hpet=on)" },
        { "i2c_bus", "start the destination with the SMBus (-machine smbus=on)" },
        { "parallel_isa",
          "start the destination with as many parallel ports (-parallel)" },
        { "serial", "start the destination with as many serial ports (-serial)" },
        { "slirp",
          "start the destination with as many networks of QEMU's own (-netdev user)" },
        { "vmcoreinfo", "start the destination with -device vmcoreinfo" },
        { "vmgenid", "start the destination with -device vmgenid" },
        { "vmmouse", "start the destination with its port (-machine vmport=on)" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (strcmp(options[i].name, name) == 0) {
            return options[i].option;
        }
    }
    return instance_id ? "start the destination with as many devices of this kind"
           : mig_section_handler(name) != name
               ? "start the destination with this device, at this address"
               : "start the destination with this device, or that machine (migstat needs "
                 "says with which options)";
}

static void remedy_cpus(MigCheck *check, const char *name)
{
    size_t n = mig_reader_count_described(check->reader, name);
    g_autofree char *number = n ? g_strdup_printf(" %zu", n) : g_strdup("");
    g_autofree char *why =
        g_strdup_printf("start the destination with as many CPUs (-smp%s)", number);

    mig_report_no_remedy(check, why);
}

void mig_dest_remedy_section(MigCheck *check, const char *name, uint32_t instance_id,
                             const MigSection *alike)
{
    g_autofree char *value = mig_remedy_section(name, instance_id);

    if (alike && alike->instance_id == instance_id) {
        g_autofree char *to = mig_remedy_value(alike->name); /* no address */

        mig_report_remedy(check, "rename-section:from=%s:to=%s", value, to);
        mig_report_gives_up(check, false,
                            "the address that the guest knows, if it differs");
    } else if (mig_section_is_of_cpu(name)) {
        remedy_cpus(check, name);
    } else {
        mig_report_remedy(check, "drop-section:name=%s", value);
        mig_report_gives_up(check, true, "the device's state");
        mig_report_no_remedy(check, device_option(name, instance_id));
    }
}

/* --- RAM blocks -------------------------------------------------------------------------- */

/* The device of the stream that owns a block, by its place; NULL: none, or not known. */
static const MigDeviceDescription *owner_of(MigReader *reader, const char *block)
{
    size_t n = (size_t)(mig_section_handler(block) - block);
    const MigDescription *d = n && mig_input_seekable(mig_reader_input(reader))
                                  ? mig_reader_find_description(reader, NULL)
                                  : NULL;

    for (size_t i = 0; d && d->valid && i < d->n_devices; i++) {
        if (strncmp(d->devices[i].name, block, n) == 0) {
            return &d->devices[i];
        }
    }
    return NULL;
}

static bool is_memory(const MigRamBlock *block)
{
    return mig_ram_is_of_board(block->name) || mig_ram_backend(block);
}

/* Memory of the destination that is as long, and that the stream has not so far: the same under
 * another name. */
static const MigRamBlock *same_memory(const MigCheck *check, const MigShape *shape,
                                      const MigRamBlock *block)
{
    size_t n = 0;
    const MigRamBlock *const *blocks =
        is_memory(block) ? mig_shape_blocks(shape, &n) : NULL;

    for (size_t i = 0; i < n; i++) {
        if (is_memory(blocks[i]) && blocks[i]->used_length == block->used_length &&
            !mig_ram_block_named(check->reader, blocks[i])) {
            return blocks[i];
        }
    }
    return NULL;
}

static void drop_block(MigCheck *check, const char *name)
{
    g_autofree char *value = mig_remedy_name(name);

    mig_report_remedy(check, "ram-block:name=%s:drop=yes", value);
    mig_report_gives_up(check, true, "what the block holds");
    mig_report_no_remedy(check, SAME_ROM);
}

/* The device that owns the block is there without it, is elsewhere, or is not there. */
static void remedy_owner(MigCheck *check, const MigShape *shape, const char *block,
                         const MigDeviceDescription *owner)
{
    const MigSection section = { .name = owner->name,
                                 .name_length = (uint8_t)strlen(owner->name),
                                 .instance_id = owner->instance_id };

    if (mig_shape_is_exact(shape) && mig_shape_section(shape, &section)) {
        drop_block(check, block);
    } else {
        mig_dest_remedy_section(check, owner->name, owner->instance_id,
                                mig_shape_is_exact(shape)
                                    ? mig_shape_alike(shape, check->reader, &section)
                                    : NULL);
    }
}

void mig_dest_remedy_block(MigCheck *check, const MigShape *shape,
                           const MigRamBlock *block)
{
    const MigDeviceDescription *owner = owner_of(check->reader, block->name);
    const MigRamBlock *same = same_memory(check, shape, block);
    g_autofree char *value = mig_remedy_name(block->name);
    g_autofree char *to = same ? mig_remedy_value(same->name) : NULL;

    if (owner) {
        remedy_owner(check, shape, block->name, owner);
    } else if (same) {
        mig_report_remedy(check, "ram-block:name=%s:to=%s", value, to);
        mig_report_gives_up(check, false, "nothing");
    } else if (strchr(block->name, '/')) {
        drop_block(check, block->name);
    } else {
        mig_report_no_remedy(check, "start the destination with memory of this name");
    }
}

/* What makes a block as long at the destination. */
static const char *length_option(const char *name)
{
    static const struct {
        const char *name, *option;
    } options[] = {
        { "*vram*",
          "give the destination's video card the same memory (vgamem_mb=, ...)" },
        { "*.bios", "start the destination with the same firmware" },
        { "*.flash*", "start the destination with the same firmware" },
        { "*.ram", "start the destination with the same -m" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (mig_glob(options[i].name, name)) {
            return options[i].option;
        }
    }
    return "start the destination with memory of this length";
}

void mig_dest_remedy_length(MigCheck *check, const MigRamBlock *block, uint64_t there)
{
    g_autofree char *value = mig_remedy_name(block->name);

    if (!g_str_has_suffix(block->name, ".rom")) {
        mig_report_no_remedy(check, length_option(block->name));
        return;
    }
    mig_report_remedy(check, "ram-block:name=%s:length=0x%" PRIx64, value, there);
    mig_report_gives_up(check, there < block->used_length,
                        there < block->used_length
                            ? "the guest's copy of the ROM beyond that length"
                            : "nothing: zeros follow the ROM");
    mig_report_no_remedy(check, SAME_ROM);
}

/* --- device state ------------------------------------------------------------------------ */

/* "DEVICE:PATH" of the section at hand. */
static char *part(const MigItem *item, const char *path)
{
    g_autofree char *escaped = mig_address_escape(path);

    return mig_remedy_part(item->section->name, item->section->instance_id, escaped);
}

/* A field that the destination has: as an integer where it is as long as one. */
static char *add_field(const MigItem *item, const MigShapeDifference *d)
{
    g_autofree char *beside = part(item, d->beside);
    g_autofree char *name = mig_remedy_value(
        d->path + (strrchr(d->path, '.') ? strrchr(d->path, '.') - d->path + 1 : 0));
    bool integer = d->there == 1 || d->there == 2 || d->there == 4 || d->there == 8;

    return integer
               ? g_strdup_printf("add-field:%s=%s:name=%s:type=uint%u",
                                 d->is_before ? "before" : "after", beside, name,
                                 (unsigned)d->there * 8)
               : g_strdup_printf("add-field:%s=%s:name=%s:type=buffer:length=%" PRIu64,
                                 d->is_before ? "before" : "after", beside, name,
                                 d->there);
}

/* The filter, and what it gives up; NULL where none helps. */
static char *fields_filter(const MigItem *item, const MigShapeDifference *d,
                           const char **gives_up)
{
    g_autofree char *value = part(item, d->array ? d->array : d->path);

    if (d->array) {
        *gives_up = d->there < d->here ? "what the elements that go hold"
                                       : "nothing: new elements are zero";
        return g_strdup_printf("resize-array:path=%s:length=%" PRIu64, value, d->there);
    }
    if (d->kind != MIG_SHAPE_SIZE && d->is_one && d->there == 0) {
        *gives_up = "what the field holds";
        return g_strdup_printf("drop-field:path=%s", value);
    }
    if (d->kind == MIG_SHAPE_FIELDS && d->is_one && d->here == 0 && d->beside) {
        *gives_up = "nothing: the field is zero";
        return add_field(item, d);
    }
    return NULL;
}

void mig_dest_remedy_fields(MigCheck *check, const MigItem *item,
                            const MigShapeDifference *d, const char *option)
{
    const char *gives_up = NULL;
    g_autofree char *filter = fields_filter(item, d, &gives_up);

    mig_report_no_remedy(check, option);
    if (filter) {
        mig_report_remedy(check, "%s", filter);
        mig_report_gives_up(check, d->there < d->here, gives_up);
    }
}

void mig_dest_remedy_constant(MigCheck *check, const MigItem *item,
                              const MigShapeDifference *d)
{
    g_autofree char *value = part(item, d->path);

    mig_report_remedy(check, "set-register:path=%s:value=0x%" PRIx64, value, d->there);
    mig_report_gives_up(check, false, "what the guest knows of its CPU by it");
    mig_report_no_remedy(check, SAME_CPU);
}

void mig_dest_remedy_features(MigCheck *check, const MigItem *item, unsigned first,
                              uint64_t missing)
{
    uint16_t type = mig_virtio_type_of_vmstate(mig_section_handler(item->section->name));
    g_autoptr(GString) filter = g_string_new("set-field");

    for (unsigned bit = 0; bit < 64; bit++) {
        g_autofree char *word = mig_virtio_feature_word(type, first + bit);
        g_autofree char *path = g_strdup_printf("features[%s]", word);
        g_autofree char *value = part(item, path);

        if (missing >> bit & 1) {
            g_string_append_printf(filter, ":path=%s", value);
        }
    }
    mig_report_remedy(check, "%s:value=false", filter->str);
    mig_report_gives_up(check, true,
                        "the features, while the guest's driver goes on as if they were "
                        "there");
}

void mig_dest_remedy_registers(MigCheck *check, const MigItem *item,
                               const MigShapeDifference *d)
{
    g_autoptr(GString) filter = g_string_new("drop-register");

    mig_report_no_remedy(check, SAME_CPU);
    if (!d->registers || d->registers->len == 0 || d->registers->len > REGISTERS_MAX) {
        return;
    }
    for (guint i = 0; i < d->registers->len; i++) {
        g_autofree char *value = part(item, d->registers->pdata[i]);

        g_string_append_printf(filter, ":path=%s", value);
    }
    mig_report_remedy(check, "%s", filter->str);
    mig_report_gives_up(check, true, "what the guest has in these registers");
}
