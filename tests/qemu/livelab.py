# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Owns: what proofs of live migrations share: guests, memory that is compared, connections.
Must not know: how QEMU is driven (qemulab.py), what migstat prints (migstat.py).
See also: live, relay, captures and breakage use it.
"""

import json
import os
import random
import socket
import subprocess
import threading
import time
from dataclasses import replace

import qemulab
from qemulab import Guest, LabError, Machine, msix_enabled_at

MIB = 1 << 20

# Guest physical ranges that are nothing but main memory.
RANGES = ((0, 0xa0000), (MIB, 15 * MIB))

# VFIO devices of releases before that have their configuration first, and from then on last.
CONFIG_LAST = (6, 0)
# Releases from these on can send the state of VFIO devices over multifd, have the preempt
# channel, and have postcopy beside multifd.
VFIO_MULTIFD = (10, 0)
PREEMPT = (7, 1)
POSTCOPY_MULTIFD = (10, 1)

CHANNELS = 3

# A migration, or a failure of one, takes no longer.
SECONDS = 90


def multifd(method, *capabilities, **more):
    return Guest(activity='dirty', capabilities=['multifd', 'return-path', *capabilities],
                 parameters={'multifd-channels': CHANNELS, 'multifd-compression': method},
                 **more)


def vfio_over_multifd(devices):
    return Guest(vfio=devices, msix=True, capabilities=['multifd', 'return-path'],
                 parameters={'multifd-channels': CHANNELS})


def postcopy(*capabilities, **more):
    return Guest(activity='dirty', capabilities=['postcopy-ram', 'return-path',
                                                 *capabilities], **more)


def lacks(guest, series):
    """Why a release of that series cannot have the guest, or None."""
    capabilities = guest.capabilities
    if guest.vfio and 'multifd' in capabilities and series < VFIO_MULTIFD:
        return 'this release sends it on the main channel'
    if 'postcopy-preempt' in capabilities and series < PREEMPT:
        return 'this release has no preempt channel'
    if {'multifd', 'postcopy-ram'} <= set(capabilities) and series < POSTCOPY_MULTIFD:
        return 'this release has either multifd or postcopy'
    return None


def filler(path):
    """Bytes for the guest's memory: random ones, and then zeros."""
    numbers = random.Random(1)
    with open(path, 'wb') as out:
        out.write(bytes(numbers.getrandbits(8) for _ in range(MIB)) + bytes(MIB // 2))


def filled(path):
    """The -device that puts the filler there."""
    return 'loader,file=%s,addr=0x100000,force-raw=on' % path


def held(machine, directory):
    """What each range holds in a QEMU that stands still."""
    contents = []
    for base, size in RANGES:
        path = os.path.join(directory, 'saved')
        machine.execute('pmemsave', val=base, size=size, filename=path)
        with open(path, 'rb') as saved:
            contents.append(saved.read())
        os.unlink(path)
    return contents


def differences(mine, other):
    for (base, _), one, two in zip(RANGES, mine, other):
        if one != two:
            at = next(i for i, byte in enumerate(one) if byte != two[i])
            yield 'RAM differs from 0x%x on' % (base + at)


def device_differences(gave, got, loader):
    """
    Each device has to get what the source's gave, and interrupts only after all of it, unless
    the loader is of a release that gives them earlier whatever the stream is.
    """
    for name, device in gave.items():
        if got.get(name, {}).get('loaded') != device.get('saved'):
            yield '%s got %s, not %s' % (name, got.get(name, {}).get('loaded'),
                                         device.get('saved'))
    for name, device in got.items() if loader.series() >= CONFIG_LAST else ():
        at = msix_enabled_at(device)
        if at is not None and at < device.get('loaded', {}).get('bytes', 0):
            yield '%s had interrupts before all of its data' % name


def completed(info):
    return info is not None and info.get('status') == 'completed'


def migrate(machine, uri, early=False):
    """
    The last that the source says. One with postcopy switches after the first round, or `early`,
    when most of RAM is still to come, and then sends slowly.
    """
    if 'postcopy-ram' not in machine.guest.capabilities:
        return qemulab._migrate(machine, uri)
    machine.execute('migrate-set-parameters', max_bandwidth=256 << 10, downtime_limit=1,
                    max_postcopy_bandwidth=256 << 10 if early else 0)
    machine.execute('migrate', uri=uri)
    switched = []

    def switch(info):
        rounds = info.get('ram', {}).get('dirty-sync-count', 0)
        if not switched and info.get('status') == 'active' and rounds >= (1 if early else 2):
            machine.execute('migrate-start-postcopy')
            switched.append(True)

    return machine.wait_migration(each=switch)


def listens(path):
    """Whether somebody does: a socket has its name before connections to it are taken."""
    with open('/proc/net/unix', encoding='utf-8', errors='replace') as sockets:
        return any(words[3] == '00010000' and words[-1] == path
                   for words in (line.split() for line in sockets) if len(words) > 7)


def wait_for(path):
    until = time.monotonic() + 20
    while not listens(path):
        if time.monotonic() > until:
            raise RuntimeError('nobody listens at ' + path)
        time.sleep(0.01)


class Middle(threading.Thread):
    """
    Takes connections at `near`, passes each on to `far`, and keeps what came in files of
    `folder`, if there is one. `cut` and `delay` are by number of the connection: how many
    bytes pass before it is closed, and for how many seconds it is held up.
    """

    def __init__(self, near, far, folder=None, cut=None, delay=None):
        super().__init__(daemon=True)
        self.near, self.far, self.folder = near, far, folder
        self.cut, self.delay = cut or {}, delay or {}
        self.workers = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(near)
        self.listener.listen(16)
        self.start()

    def run(self):
        number = 0
        while True:
            try:
                one, _ = self.listener.accept()
                other = socket.socket(socket.AF_UNIX)
                other.connect(self.far)
            except OSError:
                return
            self.begin(self.back, other, one)
            self.begin(self.forth, one, other, number)
            number += 1

    def begin(self, function, *words):
        self.workers.append(threading.Thread(target=function, args=words, daemon=True))
        self.workers[-1].start()

    def forth(self, one, other, number):
        out = open(os.path.join(self.folder or '/dev', 'channel-%d' % number
                                if self.folder else 'null'), 'wb')
        left = self.cut.get(number, 1 << 62)
        time.sleep(self.delay.get(number, 0))
        with out:
            while left > 0:
                data = self.some(one)[:left]
                if not data or not self.all(other, data):
                    break
                out.write(data)
                left -= len(data)
        self.shut(other, socket.SHUT_WR if left > 0 else socket.SHUT_RDWR)
        if left <= 0:
            self.shut(one, socket.SHUT_RDWR)

    def back(self, one, other):
        while True:
            data = self.some(one)
            if not data or not self.all(other, data):
                break
        self.shut(other, socket.SHUT_WR)

    @staticmethod
    def some(one):
        try:
            return one.recv(1 << 16)
        except OSError:
            return b''

    @staticmethod
    def all(other, data):
        try:
            other.sendall(data)
        except OSError:
            return False
        return True

    @staticmethod
    def shut(one, how):
        try:
            one.shutdown(how)
        except OSError:
            pass

    def close(self, timeout=20):
        self.shut(self.listener, socket.SHUT_RDWR)
        self.listener.close()
        for worker in self.workers:
            worker.join(timeout)


def empty(guest):
    """The same whose memory was not filled."""
    return replace(guest, devices=[])


def record(release, guest, folder, directory, runs=False):
    """
    What the source counted, its memory in the end, and what its devices gave. The destination
    has the same memory, unless it is to run the guest as soon as it can.
    """
    near, far = (os.path.join(directory, name) for name in ('near', 'far'))
    with Machine(release, empty(guest), incoming='defer', timeout=120) as loader, \
            Machine(release, guest, timeout=120) as machine:
        loader.negotiate()
        if runs:
            loader.execute('cont')
        loader.execute('migrate-incoming', uri='unix:' + far)
        middle = Middle(near, far, folder)
        machine.negotiate()
        if guest.msix:
            machine.enable_msix()
        machine.counts()
        info = migrate(machine, 'unix:' + near, early=runs)
        loaded = loader.wait_migration()
        if not (completed(info) and completed(loaded)):
            raise LabError('source %s, destination %s: %s' % (
                info, loaded, '; '.join(machine.errors() + loader.errors())))
        memory = held(machine, directory)
        wrong = [] if runs else list(differences(memory, held(loader, directory)))
        if wrong:
            raise LabError('QEMU itself: ' + wrong[0])
        machine.stop()
        middle.close()
        return qemulab.counted(info), memory, qemulab.read_log(machine.log)


class Player:
    """Plays the files of a folder to whoever listens at a path, each on its own connection."""

    def __init__(self, folder, path):
        self.workers = []
        for name in sorted(os.listdir(folder)):
            one = socket.socket(socket.AF_UNIX)
            one.connect(path)
            with open(os.path.join(folder, name), 'rb') as data:
                self.begin(self.give, one, data.read())
            self.begin(self.hear, one)

    def begin(self, function, *words):
        self.workers.append(threading.Thread(target=function, args=words, daemon=True))
        self.workers[-1].start()

    @staticmethod
    def give(one, data):
        Middle.all(one, data)

    @staticmethod
    def hear(one):
        while Middle.some(one):
            pass

    def finish(self, timeout=60):
        """Whether all of it ended: somebody closed each of the connections."""
        until = time.monotonic() + timeout
        for worker in self.workers:
            worker.join(max(0, until - time.monotonic()))
        return not any(worker.is_alive() for worker in self.workers)


class Tool:
    """A migstat that runs beside QEMU: relay or send; or another that is asked for JSON."""

    def __init__(self, migstat, *words):
        self.process = subprocess.Popen(
            [migstat.path, *words, '--format=json', '-q'], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)

    def finish(self):
        """Its exit status, what it found, and what it said."""
        try:
            out, text = self.process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise RuntimeError('migstat waits for ever') from None
        return self.process.returncode, json.loads(out) if out else {}, text.strip()
