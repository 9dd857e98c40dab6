# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Owns: how a shell command is timed, alone or beside another, and what memory it takes.
Must not know: which commands, and what migstat is but for its name.
See also: run, the only user.
"""

import ctypes
import glob
import mmap
import os
import shutil
import statistics
import tempfile
import time
from dataclasses import dataclass


WATCH = 0.2  # seconds, at least


class Failed(Exception):
    """A command did not do what it was asked for; what it said is the text."""


@dataclass
class Result:
    anonymous: int           # bytes, at the peak
    ours: float              # seconds, the median
    theirs: float = 0
    ratio: float = 0         # the median of the pairs' ratios


class Bench:
    """Runs shell commands, in which M is migstat, S the stream, O the place for output."""

    def __init__(self, migstat, output, **more):
        self.output = output
        self.variables = {**os.environ, 'M': migstat, 'O': output, **more}

    def run(self, stream, command, watch=None):
        """
        Seconds from start to exit, and what was said on standard error. `watch` is called
        with the process's id until it ends.
        """
        for path in glob.glob(glob.escape(self.output) + '*'):
            (shutil.rmtree if os.path.isdir(path) else os.unlink)(path)
        with tempfile.TemporaryFile('w+', errors='replace') as said:
            files = [(os.POSIX_SPAWN_OPEN, 1, '/dev/null', os.O_WRONLY, 0),
                     (os.POSIX_SPAWN_DUP2, said.fileno(), 2)]
            start = time.perf_counter()
            pid = os.posix_spawn('/bin/sh', ['sh', '-c', command],
                                 {**self.variables, 'S': stream}, file_actions=files)
            ended = os.WEXITED | os.WNOWAIT | os.WNOHANG
            while watch and not os.waitid(os.P_PID, pid, ended):
                watch(pid)
            status = os.waitpid(pid, 0)[1]
            seconds = time.perf_counter() - start
            said.seek(0)
            text = said.read().strip()
        if status:
            raise Failed(text or '"%s" failed' % command)
        return seconds, text

    def anonymous(self, stream, command):
        """The most anonymous memory that migstat has while `command` runs, in bytes."""
        peak = 0

        def look(pid):
            nonlocal peak
            for process in [pid] + children(pid):
                peak = max(peak, anonymous_of(process, 'migstat'))

        watched = 0
        while watched < WATCH:  # a look takes its time, and the peak may be short
            watched += self.run(stream, command, look)[0]
        return peak

    def alone(self, stream, command, runs):
        memory = self.anonymous(stream, command)
        times = [self.run(stream, command)[0] for _ in range(runs)]
        return Result(memory, statistics.median(times))

    def pair(self, stream, commands, runs, cold=False):
        """In turn, so that a machine whose speed drifts is the same to both."""
        memory = self.anonymous(stream, commands[0])
        self.run(stream, commands[1])
        times = []
        for turn in range(runs):
            both = {}
            for command in commands if turn % 2 else reversed(commands):
                if cold:
                    evict(stream)
                both[command] = self.run(stream, command)[0]
            times.append([both[command] for command in commands])
        ours, theirs = (statistics.median(side) for side in zip(*times))
        return Result(memory, ours, theirs, statistics.median(a / b for a, b in times))


def children(pid):
    try:
        with open('/proc/%d/task/%d/children' % (pid, pid), encoding='ascii') as listed:
            return [int(child) for child in listed.read().split()]
    except OSError:
        return []


def anonymous_of(pid, name):
    try:
        with open('/proc/%d/status' % pid, encoding='ascii') as lines:
            status = dict(line.split(':', 1) for line in lines)
    except OSError:
        return 0
    if status['Name'].strip() != name or 'RssAnon' not in status:
        return 0
    return int(status['RssAnon'].split()[0]) << 10


def evict(path):
    """Takes a file out of the page cache."""
    with open(path, 'rb') as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        pages = resident(file)
        if sum(pages) > len(pages) / 100:
            raise Failed('%s stays in the cache' % path)


def resident(file):
    """An byte for each page: whether the cache has it. (To read would start readahead.)"""
    with mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE) as pages:
        found = (ctypes.c_ubyte * (-(-len(pages) // mmap.PAGESIZE)))()
        start = ctypes.c_char.from_buffer(pages)
        ctypes.CDLL(None).mincore(ctypes.byref(start), ctypes.c_size_t(len(pages)), found)
        del start
    return bytes(byte & 1 for byte in found)
