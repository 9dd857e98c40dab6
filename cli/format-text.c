/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          where each thing is printed as text.
 * Must not know: how.
 * See also:      format.h.
 */
#include "format.h"

#include "check-summary.h"

const CliFormat cli_format_text = {
    .name = "text",
    .objects = false,
    .dump = dump_text,
    .dump_items = &dump_items_text,
    .dump_devices = &dump_devices_text,
    .dump_registers = &dump_registers_text,
    .dump_map = dump_map_text,
    .dump_timeline = dump_timeline_text,
    .check = check_text,
    .check_totals = check_totals_text,
    .check_rules = check_rules_text,
    .check_summary = &check_summary_text,
    .diff = &diff_text,
    .explain = explain_text,
    .needs = needs_text,
    .receive = receive_text,
    .send = send_text,
    .relay = relay_text,
    .send_plan = send_plan_text,
    .convert = convert_text,
    .convert_plan = convert_plan_text,
    .convert_filters = convert_filters_text,
    .convert_filter = convert_filter_text,
};
