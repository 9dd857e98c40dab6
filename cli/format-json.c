/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where each thing is printed as JSON.
 * Must not know: how.
 * See also:      format.h.
 */
#include "format.h"

#include "check-summary.h"

const CliFormat cli_format_json = {
    .name = "json",
    .objects = true,
    .dump = dump_json,
    .dump_items = &dump_items_json,
    .dump_devices = &dump_devices_json,
    .dump_registers = &dump_registers_json,
    .dump_map = dump_map_json,
    .dump_timeline = dump_timeline_json,
    .check = check_json,
    .check_rules = check_rules_json,
    .check_summary = &check_summary_json,
    .diff = &diff_json,
    .explain = explain_json,
    .needs = needs_json,
    .receive = live_json,
    .send = live_json,
    .relay = live_json,
    .send_plan = send_plan_json,
    .convert = convert_json,
    .convert_plan = convert_plan_json,
    .convert_filters = convert_filters_json,
    .convert_filter = convert_filter_json,
};
