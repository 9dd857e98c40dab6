/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Owns:          the list of test suites.  tests/unit/test-NAME.c or
 *                tests/cli/test-NAME.c defines suite_NAME() (a '-' in the file's name is
 *                a '_' here) and has one row.
 * Must not know: what a suite tests.
 * See also:      main.c runs them; every test file includes this one.
 */
#ifndef TESTS_SUITES_H
#define TESTS_SUITES_H

#include <check.h>

#define SUITES(SUITE)  \
    SUITE(abi)         \
    SUITE(address)     \
    SUITE(arm_sysreg)  \
    SUITE(capture)     \
    SUITE(channels)    \
    SUITE(check)       \
    SUITE(completion)  \
    SUITE(container)   \
    SUITE(convert)     \
    SUITE(core)        \
    SUITE(cpu_names)   \
    SUITE(cuts)        \
    SUITE(damage)      \
    SUITE(description) \
    SUITE(destination) \
    SUITE(device)      \
    SUITE(devices)     \
    SUITE(diff)        \
    SUITE(difference)  \
    SUITE(disk)        \
    SUITE(dump)        \
    SUITE(encode)      \
    SUITE(endpoint)    \
    SUITE(error)       \
    SUITE(examples)    \
    SUITE(explain)     \
    SUITE(explanation) \
    SUITE(extract)     \
    SUITE(faults)      \
    SUITE(files)       \
    SUITE(filter)      \
    SUITE(fuzz)        \
    SUITE(gather)      \
    SUITE(glob)        \
    SUITE(hardening)   \
    SUITE(help)        \
    SUITE(hostile)     \
    SUITE(input)       \
    SUITE(install)     \
    SUITE(json_scan)   \
    SUITE(laid)        \
    SUITE(layers)      \
    SUITE(long_array)  \
    SUITE(lzop)        \
    SUITE(manual)      \
    SUITE(many)        \
    SUITE(map)         \
    SUITE(memory)      \
    SUITE(messages)    \
    SUITE(misuse)      \
    SUITE(mkmig)       \
    SUITE(names)       \
    SUITE(follow)      \
    SUITE(find)        \
    SUITE(nearest)     \
    SUITE(needs)       \
    SUITE(output)      \
    SUITE(page)        \
    SUITE(page_order)  \
    SUITE(page_set)    \
    SUITE(pager)       \
    SUITE(passing)     \
    SUITE(parts)       \
    SUITE(printed)     \
    SUITE(qcow2)       \
    SUITE(ram)         \
    SUITE(reader)      \
    SUITE(readme)      \
    SUITE(receive)     \
    SUITE(recover)     \
    SUITE(redact)      \
    SUITE(registers)   \
    SUITE(relay)       \
    SUITE(repair)      \
    SUITE(report)      \
    SUITE(return_path) \
    SUITE(rules)       \
    SUITE(sandbox)     \
    SUITE(secrets)     \
    SUITE(schema)      \
    SUITE(send)        \
    SUITE(sorted)      \
    SUITE(special)     \
    SUITE(terminal)    \
    SUITE(timeline)    \
    SUITE(timing)      \
    SUITE(unread)      \
    SUITE(vfio)        \
    SUITE(vfio_layout)

/* Those that take longer than a few seconds on a quiet machine of today, and about how many:
 * they begin first, and tell the user how long all will take. */
#define LONG_SUITES(SUITE) \
    SUITE(faults, 60)      \
    SUITE(damage, 60)      \
    SUITE(memory, 20)      \
    SUITE(hostile, 20)     \
    SUITE(install, 20)     \
    SUITE(fuzz, 10)

#define SUITE_PROTOTYPE(name) Suite *suite_##name(void);
SUITES(SUITE_PROTOTYPE)

#endif
