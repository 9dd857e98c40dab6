/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          searches for what a stream has without a look into device state: its
 *                machine, sections, RAM blocks, commands.
 * Must not know: fields; how it is shown.
 * See also:      explain/where.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain/where.h"
#include "message/decode.h"
#include "message/remedy.h"
#include "stream/command.h"
#include "stream/item-private.h"
#include "stream/section-find.h"

static const char lost[] =
    "the device and all that it held; a guest that uses it finds it gone";

/* --- the configuration -------------------------------------------------------------------- */

/* What is around the stream, which a loader does not undo. */
void mig_where_wrapper(MigWhere *where)
{
    const MigInput *in = mig_reader_input(where->reader);
    const MigConfiguration *configuration = mig_reader_configuration(where->reader);
    g_autoptr(GString) around = g_string_new(NULL);
    const MigContainer *container;

    for (size_t i = 0; (container = mig_input_container(in, i)); i++) {
        g_string_append_printf(around, "%s%s", i ? ", and in it " : "",
                               mig_container_words(container));
    }
    if (mig_input_start(in)) {
        mig_decode_say(
            where->facts,
            "The stream in this file begins after %" PRIu64
            " other bytes: \"migstat convert FILE -o NEW\" writes it without them.",
            mig_input_start(in));
    }
    if (around->len && mig_reader_tell(where->reader)) {
        mig_decode_say(where->facts,
                       "Around the stream of this file is %s: \"migstat convert "
                       "--container=none --compress=none %sFILE -o NEW\" writes what "
                       "-incoming loads.",
                       around->str,
                       configuration && configuration->mapped_ram
                           ? "--filter=mapped-ram:to=plain "
                           : "");
    } else if (!mig_input_start(in) && mig_reader_tell(where->reader)) {
        mig_decode_say(where->facts,
                       "The stream in this file begins as it should: QEMU was "
                       "given another file, or began elsewhere in it.");
    }
}

/* Boards whose devices have nothing in common with those of another one. */
static const char *board_of(const char *machine)
{
    static const char *const boards[] = { "pc-i440fx", "pc-q35",  "microvm",
                                          "virt",      "pseries", "s390-ccw-virtio" };

    for (size_t i = 0; i < G_N_ELEMENTS(boards); i++) {
        size_t n = strlen(boards[i]);

        if (strncmp(machine, boards[i], n) == 0 && (!machine[n] || machine[n] == '-')) {
            return boards[i];
        }
    }
    return NULL;
}

void mig_where_machine(MigWhere *where)
{
    const MigConfiguration *configuration = mig_reader_configuration(where->reader);
    g_autofree char *local = mig_decode_text(where->match, "local");
    g_autofree char *value = NULL;
    const char *here, *there;

    if (!configuration || !local) {
        return;
    }
    mig_where_add(where, 0, "configuration", configuration->machine, "the machine type");
    here = board_of(configuration->machine);
    there = board_of(local);
    if (here && there && here != there) {
        mig_decode_say(where->facts,
                       "%s and %s are two boards, with other chips: no conversion helps.",
                       here, there);
        return;
    }
    value = mig_remedy_value(local);
    mig_where_repair(where, false,
                     "nothing if the two machines are equal; else the guest finds other "
                     "devices, or the load fails at one of them");
    mig_where_filter(where, "machine:name=%s", value);
}

/* The capability is taken out of the configuration, or put there; what RAM looks like goes with
 * mapped-ram. */
void mig_where_capability(MigWhere *where)
{
    g_autofree char *name = mig_decode_text(where->match, "capability");
    g_autofree char *received = mig_decode_text(where->match, "received");
    bool on = g_strcmp0(received, "on") == 0;
    bool mapped = g_strcmp0(name, "mapped-ram") == 0;

    if (!mapped && g_strcmp0(name, "x-ignore-shared") != 0) {
        return;
    }
    mig_where_repair(where, false,
                     on && !mapped ? "memory that was shared instead of sent, if any"
                                   : "nothing");
    if (mapped) {
        mig_where_filter(where, on ? "mapped-ram:to=plain" : "mapped-ram");
    } else {
        mig_where_filter(where, "capabilities:%s=%s", on ? "drop" : "add", name);
    }
}

/* --- sections ----------------------------------------------------------------------------- */

/* "0000:00:03.0" of "0000:00:03.0/e1000.rom": bytes of it, 0 where there is no such thing. */
static size_t address_length(const char *name)
{
    const char *slash = strchr(name, '/');

    return slash && strchr(name, ':') && strchr(name, ':') < slash
               ? (size_t)(slash - name)
               : 0;
}

static void drop_section(MigWhere *where, const MigSection *section, const char *gives_up)
{
    g_autofree char *value = mig_remedy_section(section->name, section->instance_id);

    mig_where_repair(where, false, gives_up);
    mig_where_filter(where, "drop-section:name=%s", value);
}

/* The block of RAM that a device owns, by its PCI address, or NULL. */
static const MigRamBlock *block_of(const MigWhere *where, const char *section)
{
    size_t n = address_length(section);

    for (guint i = 0; n && i < where->items->len; i++) {
        const MigRamBlock *block = g_array_index(where->items, MigWhereItem, i).block;

        if (block && strncmp(block->name, section, n + 1) == 0) {
            return block;
        }
    }
    return NULL;
}

static void add_section(MigWhere *where, const MigSection *section, uint64_t offset)
{
    g_autofree char *address =
        mig_address_of_section(section->name, section->instance_id);
    g_autofree char *value = g_strdup_printf("version %u", section->version_id);

    mig_where_add(where, offset, address, value, NULL);
}

static void say_cpus(MigWhere *where, const char *name)
{
    size_t n = mig_reader_count_described(where->reader, name);

    mig_decode_say(where->facts,
                   "A guest does not survive the loss of a CPU: no conversion helps.");
    if (n) {
        mig_decode_say(where->facts,
                       "The source has %zu: start the destination with -smp %zu.", n, n);
    }
}

void mig_where_section(MigWhere *where)
{
    const MigSection *section = where->found;
    const MigRamBlock *block = section ? block_of(where, section->name) : NULL;

    if (!section) {
        return;
    }
    add_section(where, section, where->header);
    if (mig_section_is_of_cpu(section->name)) {
        say_cpus(where, section->name);
    } else if (mig_section_is_ram(section)) {
        mig_decode_say(where->facts, "Without its RAM there is no guest: no conversion "
                                     "helps.");
    } else {
        if (block) {
            mig_decode_say(where->facts,
                           "The device owns the RAM block %s, which goes with it.",
                           block->name);
        }
        drop_section(where, section, lost);
    }
}

/* Where the message does not name the section, or names another one. */
void mig_where_section_dropped(MigWhere *where)
{
    if (where->found) {
        add_section(where, where->found, where->header);
        drop_section(where, where->found, lost);
        return;
    }
    for (guint i = 0; i < where->bodies->len; i++) {
        const MigWhereBody *body = &g_array_index(where->bodies, MigWhereBody, i);

        if (g_str_equal(where->match->message->id, "usb-redir") &&
            mig_section_has_handler(body->section, "usb-redir")) {
            add_section(where, body->section, body->offset);
            drop_section(where, body->section, lost);
        }
    }
}

/* What devices that refuse without a word can do without. */
static const struct {
    const char *section, *filter, *gives_up;
} silent[] = {
    { "kvm-tpr-opt", "drop-section:name=kvm-tpr-opt", "a speed-up of 32-bit Windows" },
    { "i8259", "drop-subsection:path=i8259:i8259/ltim",
      "level-triggered mode of all inputs: interrupts are treated as edge-triggered" },
};

void mig_where_silent(MigWhere *where)
{
    if (!where->found) {
        return;
    }
    add_section(where, where->found, where->header);
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++) {
        if (g_str_equal(silent[i].section, where->section)) {
            mig_where_repair(where, false, silent[i].gives_up);
            mig_where_filter(where, "%s", silent[i].filter);
        }
    }
    if (!where->repairs->len) {
        mig_where_newer_subsection(where);
    }
}

/* --- RAM ---------------------------------------------------------------------------------- */

/* The section with the place of a block, or NULL. */
static const MigSection *owner_of(const MigWhere *where, const char *block)
{
    size_t n = address_length(block), n_sections;
    const MigSection *const *sections = mig_reader_sections(where->reader, &n_sections);

    for (size_t i = 0; n && i < n_sections; i++) {
        if (strncmp(sections[i]->name, block, n + 1) == 0) {
            return sections[i];
        }
    }
    return NULL;
}

static void drop_block(MigWhere *where, const char *block)
{
    g_autofree char *value = mig_remedy_name(block);

    mig_where_repair(where, false,
                     "what the block holds, such as the guest's copy of a ROM");
    mig_where_filter(where, "ram-block:name=%s:drop=yes", value);
}

/* The destination lacks the device, or has it without a ROM; or its memory has another name. */
static void repair_unknown(MigWhere *where, const char *block, const MigSection *owner)
{
    if (owner) {
        drop_section(where, owner, "the device and all that it held, with its RAM");
    }
    if (strchr(block, '/')) {
        drop_block(where, block);
    } else {
        mig_decode_say(where->facts,
                       "No guest goes on without its memory. Where the destination has "
                       "the same memory under another name, --against=DESTINATION shows "
                       "the command that renames the block.");
    }
}

static void repair_length(MigWhere *where, const char *block)
{
    uint64_t local = mig_message_number(where->match, "local", 0);
    bool cut = mig_message_number(where->match, "stream", 0) > local;
    g_autofree char *value = mig_remedy_name(block);

    if (g_str_equal(where->match->message->id, "ram-block-size") && local &&
        g_str_has_suffix(block, ".rom")) {
        mig_where_repair(
            where, cut,
            cut ? "the guest's copy of the ROM beyond that length; better give the "
                  "destination the source's file (romfile=)"
                : "nothing: what is added to the guest's copy of the ROM is zeros");
        mig_where_filter(where, "ram-block:name=%s:length=0x%" PRIx64, value, local);
    }
}

void mig_where_block(MigWhere *where)
{
    g_autofree char *name = mig_decode_text(where->match, "block");
    const MigSection *owner;
    bool found = false;

    for (guint i = 0; name && i < where->items->len; i++) {
        const MigWhereItem *item = &g_array_index(where->items, MigWhereItem, i);

        if (item->block && g_str_equal(item->block->name, name)) {
            g_autofree char *length =
                g_strdup_printf("0x%" PRIx64, item->block->used_length);
            g_autofree char *size = mig_decode_size(item->block->used_length);

            mig_where_add(where, item->offset, item->block->name, length, size);
            found = true;
            if (mig_message_number(where->match, "stream", item->block->used_length) !=
                item->block->used_length) {
                mig_decode_say(where->facts,
                               "The block has another length in this stream: the "
                               "message is of another one.");
            }
        }
    }
    if (found) {
        owner = owner_of(where, name);
        if (owner) {
            mig_decode_say(where->facts, "The block's owner at the source is %s.",
                           owner->name);
        }
        if (g_str_equal(where->match->message->id, "ram-block-unknown")) {
            repair_unknown(where, name, owner);
        }
        repair_length(where, name);
    }
}

void mig_where_pages(MigWhere *where)
{
    uint64_t flags = mig_message_number(where->match, "flags", MIG_RAM_COMPRESS_PAGE) &
                     ~(uint64_t)MIG_RAM_CONTINUE;
    unsigned kind = flags == MIG_RAM_COMPRESS_PAGE ? 1u << MIG_PAGE_COMPRESSED
                    : flags == MIG_RAM_XBZRLE      ? 1u << MIG_PAGE_XBZRLE
                                                   : 0;

    if (kind & where->page_kinds) {
        mig_where_repair(where, false, "nothing");
        mig_where_filter(where, "ram-decompress");
    }
}

/* --- commands ----------------------------------------------------------------------------- */

/* Whether the stream has the command; each one is a place. */
static bool add_command(MigWhere *where, uint16_t command)
{
    const char *name = mig_command_name(command);
    bool found = false;

    for (guint i = 0; name && i < where->items->len; i++) {
        const MigWhereItem *item = &g_array_index(where->items, MigWhereItem, i);

        if (!item->block && item->command == command) {
            mig_where_add(where, item->offset, name, NULL, "a command");
            found = true;
        }
    }
    return found;
}

static void drop_command(MigWhere *where, uint16_t command)
{
    if (add_command(where, command)) {
        if (!where->repairs->len) {
            mig_where_repair(where, false, "nothing of the guest");
        }
        mig_where_filter(where, "drop-command:name=%s", mig_command_name(command));
    }
}

void mig_where_command(MigWhere *where)
{
    uint64_t id = mig_message_number(where->match, "command", UINT16_MAX);

    if (mig_message_hole(where->match, "command")) {
        drop_command(where, (uint16_t)MIN(id, UINT16_MAX));
    } else {
        /* What asks for an answer goes before that there is a way back. */
        drop_command(where, MIG_CMD_PING);
        drop_command(where, MIG_CMD_OPEN_RETURN_PATH);
    }
}

void mig_where_init_data(MigWhere *where)
{
    mig_where_repair(
        where, false,
        "the acknowledgement; a live migration no longer waits for the device");
    mig_where_filter(where, "vfio-init-data:drop=yes");
}
