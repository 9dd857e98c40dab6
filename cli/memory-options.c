/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          see memory-options.h.
 * Must not know: streams.
 * See also:      lib/memory/map.h.
 */
#include "memory-options.h"

#include <string.h>

void cli_memory_below(CliMemory *memory, const char *arg, const struct argp_state *state)
{
    const uint64_t most = UINT64_C(1) << 32;

    if (!cli_parse_size(arg, &memory->ram_below_4g) || !memory->ram_below_4g ||
        memory->ram_below_4g > most) {
        cli_usage_error(state, "--ram-below-4g wants a size up to 4G, not \"%s\"", arg);
    }
}

uint64_t cli_memory_address(const char *option, const char *arg,
                            const struct argp_state *state)
{
    uint64_t address = 0;

    if (!cli_parse_size(arg, &address)) {
        cli_usage_error(state, "%s wants an address such as 0x100000000, not \"%s\"",
                        option, arg);
    }
    return address;
}

static void free_place(gpointer p)
{
    g_free((char *)(uintptr_t)((MigMemoryPlace *)p)->block);
}

void cli_memory_place(CliMemory *memory, const char *arg, const struct argp_state *state)
{
    const char *at = strrchr(arg, '@');

    if (!at || at == arg) {
        cli_usage_error(state,
                        "--place wants BLOCK@ADDRESS, such as mem0@0x100000000, not "
                        "\"%s\"",
                        arg);
        return;
    }
    const MigMemoryPlace place = { .block = g_strndup(arg, (size_t)(at - arg)),
                                   .address =
                                       cli_memory_address("--place", at + 1, state) };
    if (!memory->places) {
        memory->places = g_array_new(false, false, sizeof(MigMemoryPlace));
        g_array_set_clear_func(memory->places, free_place);
    }
    g_array_append_val(memory->places, place);
}

MigMemoryOptions cli_memory_options(const CliMemory *memory)
{
    const GArray *places = memory->places;

    return (MigMemoryOptions){
        MIG_MEMORY_OPTIONS_INIT, .ram_below_4g = memory->ram_below_4g,
        .places = places ? (const MigMemoryPlace *)(void *)places->data : NULL,
        .n_places = places ? places->len : 0
    };
}

void cli_memory_clear(CliMemory *memory)
{
    g_clear_pointer(&memory->places, g_array_unref);
}
