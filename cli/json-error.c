/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          errors as JSON, and where something is, the same for all commands; see migstat-json(5).
 * Must not know: any one command.
 * See also:      cli/json.c; cli_print_error(), the same as text.
 */
#include "cli.h"
#include "json.h"

void cli_json_channel(CliJson *json, uint32_t channel)
{
    if (channel) {
        cli_json_uint(json, "channel", channel);
    }
}

void cli_json_error(CliJson *json, const char *key, const GError *error)
{
    uint64_t offset;
    uint32_t instance = 0;
    const char *section;

    if (!error) {
        cli_json_null(json, key);
        return;
    }
    section = mig_error_get_section(error, &instance);
    cli_json_object(json, key);
    cli_json_string(json, "message", error->message);
    cli_json_string(json, "rule", mig_error_get_rule(error));
    if (mig_error_get_offset(error, &offset)) {
        cli_json_uint(json, "offset", offset);
    } else {
        cli_json_null(json, "offset");
    }
    cli_json_channel(json, mig_error_get_channel(error));
    cli_json_string(json, "counts",
                    mig_error_get_layer(error) == MIG_LAYER_CONTAINER ? "container bytes"
                                                                      : "stream bytes");
    cli_json_string(json, "section", section);
    if (section) {
        cli_json_uint(json, "instance_id", instance);
    } else {
        cli_json_null(json, "instance_id");
    }
    cli_json_end_object(json);
}
