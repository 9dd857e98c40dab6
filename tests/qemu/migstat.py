# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Owns: calling migstat and reading its JSON.
Must not know: QEMU, and how streams are made.
See also: check-qemu and agree ask it what migstat counts, predicts and converts.
"""

import json
import os
import shlex
import subprocess
from dataclasses import dataclass

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# A clock's reading, or an interrupt that it raised, differs between two saves of a sleeping
# guest; the registers of a busy one do.
CLOCKS = {'timer', 'cpu', 'cpu_common', 'apic', 'hpet', 'mc146818rtc', 'i8254', 'pl031',
          'i8259', 'arm_gicv3', '0000:00:1f.0/ICH9LPC'}


def sampled(rows):
    """All of them; with SAMPLE=1 each third, another with each commit."""
    rows = list(rows)
    if not os.environ.get('SAMPLE'):
        return rows
    commits = subprocess.run(['git', '-C', TOP, 'rev-list', '--count', 'HEAD'], check=True,
                             stdout=subprocess.PIPE).stdout
    return rows[int(commits) % 3::3]


@dataclass
class Verdict:
    """What `check --for` says of a stream."""
    loads: bool
    rules: list     # ids of the rules that say it does not load
    texts: list     # what QEMU is predicted to print

    def foretells(self, printed):
        """Dots at the end of a predicted text stand for digits that QEMU has there."""
        return any(text.rstrip('.') in printed for text in self.texts)


class Migstat:
    def __init__(self, path=None):
        self.path = path or os.environ.get('MIGSTAT') or os.path.join(
            TOP, 'build/release/migstat')

    def _run(self, *words, expect=(0,), given=''):
        done = subprocess.run([self.path, *words], input=given,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, check=False)
        if done.returncode not in expect:
            raise RuntimeError('migstat %s: exit %d: %s' % (
                ' '.join(words), done.returncode, done.stderr.strip()))
        return done

    def has(self, command):
        """Whether this build knows a command."""
        return subprocess.run([self.path, command, '--help'], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0

    def dump(self, stream):
        return json.loads(self._run('dump', '--format=json', stream).stdout)

    def explain(self, log):
        """What kind of message it finds in a log: 'cause', 'generic', 'harmless', 'unknown'."""
        done = subprocess.run([self.path, 'explain', '--format=json', '--log=-'], input=log,
                              stdout=subprocess.PIPE, universal_newlines=True, check=False)
        return json.loads(done.stdout)['kind']

    def repair(self, log, stream, *destinations):
        """
        The options of the conversion that it proposes first for a stream, or []; where
        destinations are given, that of the difference between them and the stream.
        """
        return self.proposal(log, stream, *destinations)[0]

    def proposal(self, log, stream, *destinations):
        """
        What it proposes first: the options of a conversion, or [], and what it says of the
        options of the two sides, or of the stream, beside; '' where it has no word.
        """
        done = self._run('explain', '--format=json', '--in=' + stream,
                         *['--against=' + d for d in destinations], '--log=-',
                         expect=(0, 1), given=log)
        said = json.loads(done.stdout)
        difference = said['fault'] or said['difference']
        if difference and (difference['filter'] or difference['help']):
            # the hint is the command, between its name and that of the stream
            return (shlex.split(difference['hint'])[2:-3] if difference['filter'] else [],
                    difference['help'] or '')
        return ([word for repair in said['repairs'][:1] for word in
                 (['--lossy'] if repair['lossy'] else []) +
                 ['--filter=' + one for one in repair['filters']]],
                ' '.join([*said['facts'], said['help'] or '']))

    def counts(self, stream):
        """Pages by kind, summed over all RAM blocks."""
        total = {}
        for block in self.dump(stream)['ram']['blocks']:
            for kind, pages in block['pages'].items():
                total[kind] = total.get(kind, 0) + pages
        return total

    def convert(self, stream, output, *words):
        self._run('convert', *words, '--force', '-q', stream, '-o', output)

    def change(self, stream, *words):
        self._run('convert', '--in-place', '-q', *words, stream)

    def extract(self, stream, *words):
        self._run('extract', '--force', '-q', *words, stream)

    def values(self, stream, address, *options):
        """Those of the fields that an address means."""
        told = self._run('dump', '--format=json', '--devices=' + address, *options, stream).stdout
        return [field['value'] for device in json.loads(told)['devices']
                for field in device['fields']]

    def _diff(self, one, other):
        return json.loads(self._run('diff', '--format=json', one, other,
                                    expect=(0, 1)).stdout)['differences']

    def differences(self, one, other):
        """What differs, in which section, at which path."""
        return {(d['what'], d.get('section'), d.get('path')) for d in self._diff(one, other)}

    def differing_sections(self, one, other):
        """
        {section: what differs} of the sections' state. The layout does not count, nor where
        pre-copy ends and stop-and-copy begins: the device's own sum has all of its data.
        """
        return {d['section']: '%s %s: %s, then %s' % (
                    d['what'], d.get('path', ''), d.get('a'), d.get('b'))
                for d in self._diff(one, other)
                if d.get('section') and d['what'] not in ('vfio-layout', 'vfio-data')}

    def sections(self, stream):
        """The names of its sections, each with its instance."""
        return list(dict.fromkeys('%s@%d' % (s['name'], s['instance_id'])
                                  for s in self.dump(stream)['sections']))

    def filters(self):
        """The names of all filters."""
        listed = json.loads(self._run('convert', '--list-filters', '--format=json').stdout)
        return {one['name'] for one in listed}

    def needs(self, stream):
        """The command line that a destination needs, in words."""
        return shlex.split(self._run('needs', '--format=args', '--quiet', stream).stdout)

    def _check(self, series, *words):
        return json.loads(self._run('check', '--for=qemu-%d.%d' % series, '--format=json',
                                    *words, expect=(0, 1)).stdout)

    def findings_against(self, series, destinations, stream):
        """What is found where files tell of the destination."""
        return self._check(series, *['--against=' + d for d in destinations], stream)['findings']

    def check(self, stream, series):
        """The verdict on whether the QEMU of `series`, (7, 2) say, would load the stream."""
        result = self._check(series, '--all', stream)
        # Much that check calls an error no loader looks at. What makes this one refuse the
        # stream comes with what it prints.
        fatal = [f for f in result['findings'] if f['loader'] is not None]
        return Verdict(not result['refused'], [f['rule'] for f in fatal],
                       [f['loader'] for f in fatal])
