/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          migstat dump --registers as JSON; the keys are described in
 *                migstat-json(5).
 * Must not know: which registers there are.
 * See also:      dump-registers.c, which calls it.
 */
#include "dump-registers.h"

static void put_register(CliJson *json, const MigRegister *one)
{
    g_autofree char *hex = dump_register_hex(one);

    cli_json_object(json, NULL);
    cli_json_string(json, "name", one->name);
    cli_json_string(json, "group", mig_register_group_name(one->group));
    cli_json_uint(json, "bits", one->bits);
    if (one->bits > 64) {
        cli_json_null(json, "value");
    } else {
        cli_json_uint(json, "value", one->low);
    }
    cli_json_string(json, "value_hex", hex);
    cli_json_string(json, "meaning", one->meaning);
    cli_json_string(json, "path", one->path);
    cli_json_uint(json, "offset", one->offset);
    cli_json_end_object(json);
}

static void put_cpu(void *view, const DumpCpu *cpu)
{
    CliJson *json = view;

    cli_json_object(json, NULL);
    cli_json_string(json, "name", cpu->section->name);
    cli_json_uint(json, "instance_id", cpu->section->instance_id);
    cli_json_string(json, "architecture", cpu->architecture);
    cli_json_array(json, "registers");
    for (size_t i = 0; i < cpu->n; i++) {
        if (cpu->is_wanted(cpu->user, cpu->registers[i].name)) {
            put_register(json, &cpu->registers[i]);
        }
    }
    cli_json_end_array(json);
    cli_json_end_object(json);
}

static void *begin(const Dump *dump)
{
    return dump_json_begin(dump, "cpus");
}

const DumpRegistersView dump_registers_json = { .begin = begin,
                                                .cpu = put_cpu,
                                                .end = dump_json_end };
