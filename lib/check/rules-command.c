/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          rules of COMMANDs.
 * Must not know: sections.
 * See also:      check/rule.h; stream/command.c.
 *
 * Source: migration/savevm.c, loadvm_process_command(), loadvm_postcopy_handle_*(), 5.2
 * to 10.2.
 */
#include "check/rule.h"
#include "stream/command.h"
#include "stream/defect.h"

static void command_unknown(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    (void)facts;
    if (item->defect == MIG_DEFECT_COMMAND_UNKNOWN) {
        mig_report_item(check, item, "command %u of %u bytes is of no release",
                        item->command.id, item->command.length);
        mig_report_loader(check, MIG_ALL_RELEASES, "MIG_CMD 0x%x unknown (len 0x%x)",
                          item->command.id, item->command.length);
        mig_report_remedy(check, "drop-command:name=%u", item->command.id);
        mig_report_gives_up(check, true, "what the command asks of the loader");
    }
}

static void command_length(MigCheck *check, const MigFacts *facts, const MigItem *item)
{
    int wanted = mig_command_length(item->command.id);

    (void)facts;
    if (item->defect != MIG_DEFECT_COMMAND_LENGTH) {
        return;
    }
    if (wanted < 0) {
        mig_report_item(check, item, "%s with %u bytes of payload, wanted 0 or 16",
                        mig_command_name(item->command.id), item->command.length);
        mig_report_loader(check, MIG_ALL_RELEASES,
                          "CMD_POSTCOPY_ADVISE invalid length (%d)",
                          item->command.length);
    } else {
        mig_report_item(check, item, "%s with %u bytes of payload, wanted %d",
                        mig_command_name(item->command.id), item->command.length, wanted);
        mig_report_loader(
            check, MIG_ALL_RELEASES, "%s received with bad length - expecting %d, got %d",
            mig_command_name(item->command.id), wanted, item->command.length);
    }
}

static void command_return_path(MigCheck *check, const MigFacts *facts,
                                const MigItem *item)
{
    if (item->command.id == MIG_CMD_PING && !item->defect && !facts->return_path) {
        mig_report_item(check, item, "PING, and no OPEN_RETURN_PATH came before it");
        mig_report_loader(check, MIG_ALL_RELEASES,
                          "CMD_PING (0x%x) received with no return path",
                          item->command.ping);
    }
}

static void command_postcopy_order(MigCheck *check, const MigFacts *facts,
                                   const MigItem *item)
{
    static const struct {
        MigCommand id;
        MigPostcopy from, to; /* the states in which it makes sense */
    } steps[] = {
        { MIG_CMD_POSTCOPY_ADVISE, MIG_POSTCOPY_NONE, MIG_POSTCOPY_NONE },
        { MIG_CMD_POSTCOPY_RAM_DISCARD, MIG_POSTCOPY_ADVISE, MIG_POSTCOPY_DISCARD },
        { MIG_CMD_POSTCOPY_LISTEN, MIG_POSTCOPY_ADVISE, MIG_POSTCOPY_DISCARD },
        { MIG_CMD_POSTCOPY_RUN, MIG_POSTCOPY_LISTENING, MIG_POSTCOPY_LISTENING },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (item->command.id == steps[i].id &&
            (facts->postcopy < steps[i].from || facts->postcopy > steps[i].to)) {
            const char *name = mig_command_name(item->command.id);

            mig_report_item(check, item,
                            "%s out of its order: ADVISE, RAM_DISCARD, LISTEN, "
                            "RUN",
                            name);
            mig_report_loader(check, MIG_ALL_RELEASES,
                              "CMD_%s in wrong postcopy state (%d)", name,
                              (int)facts->postcopy);
        }
    }
}

static void command_switchover_order(MigCheck *check, const MigFacts *facts,
                                     const MigItem *item)
{
    if (item->command.id != MIG_CMD_SWITCHOVER_START || facts->colo) {
        return;
    }
    if (facts->switchover_start != MIG_NOWHERE) {
        mig_report_item(check, item,
                        "a second SWITCHOVER_START, the first stands at 0x%" PRIx64,
                        facts->switchover_start);
    } else if (facts->first_end != MIG_NOWHERE) {
        mig_report_item(check, item,
                        "SWITCHOVER_START after the END of a section at "
                        "0x%" PRIx64 ": it comes before all of them",
                        facts->first_end);
    }
}

/* From this release on, machine types make QEMU send it. */
#define SWITCHOVER_START_FIRST QEMU(10, 0)

static void command_switchover_missing(MigCheck *check, const MigFacts *facts,
                                       const MigItem *item)
{
    const MigConfiguration *conf = mig_reader_configuration(mig_check_reader(check));

    if (item->type == MIG_SECTION_END && facts->first_end == MIG_NOWHERE &&
        facts->switchover_start == MIG_NOWHERE && !facts->colo && conf &&
        mig_release_of_machine(conf->machine) >= SWITCHOVER_START_FIRST) {
        mig_report_item(check, item,
                        "the first END, and no SWITCHOVER_START came before it, "
                        "which machine types since 10.0 send");
    }
}

#define COMMAND MIG_WATCH(COMMAND)

const MigRule mig_rules_command[] = {
    { "command-unknown", "every command is known", MIG_SEVERITY_ERROR, COMMAND,
      .judge = command_unknown },
    { "command-length", "a command's payload has the length that it must have",
      MIG_SEVERITY_ERROR, COMMAND, .judge = command_length },
    { "package-length", "a package ends where its last section does", MIG_SEVERITY_ERROR,
      .watches = 0 },
    { "command-return-path", "the return path is opened before PING", MIG_SEVERITY_ERROR,
      COMMAND, .judge = command_return_path },
    { "command-postcopy-order", "postcopy's commands come in their order",
      MIG_SEVERITY_ERROR, COMMAND, .judge = command_postcopy_order,
      .after = { "command-length" } },
    { "command-switchover-order", "SWITCHOVER_START comes once, before the first END",
      MIG_SEVERITY_ERROR, COMMAND, .judge = command_switchover_order },
    { "command-switchover-missing", "machine types since 10.0 send SWITCHOVER_START",
      MIG_SEVERITY_NOTE, MIG_WATCH(SECTION_HEADER), .judge = command_switchover_missing },
    { 0 },
};
