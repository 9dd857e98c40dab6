#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which saved guests a release of QEMU would refuse, and why, as a table.

Owns: an example of what can be done with the JSON of migstat.
Must not know: the format of streams.
See also: migstat-json(5), which has the keys; docs/schema.

usage: fleet.py RELEASE FILE|FOLDER...          MIGSTAT names the program, if it is not in PATH
"""

import json
import os
import subprocess
import sys


def judged(release, names):
    """An object for each file, as soon as it was read: the output has a line for each."""
    command = [os.environ.get("MIGSTAT", "migstat"), "check", "--recursive", "--for=" + release,
               "--format=json", "--", *names]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as migstat:
        for line in migstat.stdout:
            yield json.loads(line)
    if migstat.returncode > 1:  # 1: there are errors, which the objects have
        sys.exit(migstat.returncode)


def reason(findings):
    """The rule that is broken first, and what mends it."""
    errors = [finding for finding in findings if finding["severity"] == "error"]
    if not errors:
        return "loads", ""
    return errors[0]["rule"], (errors[0].get("remedy") or {}).get("filter") or ""


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip().rpartition("\n\n")[2])
    for report in judged(sys.argv[1], sys.argv[2:]):
        # A name is text of whoever made the file: repr() escapes what a terminal obeys.
        print("%-40r %-28s %s" % (report["file"], *reason(report["findings"])))


if __name__ == "__main__":
    main()
