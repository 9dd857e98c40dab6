# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Owns: starting a stock QEMU of some release, driving it over QMP, saving and loading streams.
Must not know: what is in a stream, and migstat.
See also: lab, check-qemu, agree and make-fixtures are its users; vfio-uapi.c its stand-in.

A Release is one QEMU: the installed one, or the one of a Debian suite. A suite lives in a
debootstrap root under $MIGSTAT_CACHE and its QEMU runs from there with the root's own dynamic
linker, so no chroot and no privileges are needed once the root is built.

A Guest says what the machine consists of; save() and load() run it and return plain
dictionaries, ready to be printed as JSON.
"""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field, replace

HERE = os.path.dirname(os.path.abspath(__file__))
SUITES = ('bullseye', 'bookworm', 'trixie', 'sid')
ARCHES = ('x86_64', 'aarch64')

# Suites move, sid every day: where the archive of snapshots can be reached, a root is built
# from this day's.  MIGSTAT_MIRROR names another archive.
SNAPSHOT = 'http://snapshot.debian.org/archive/debian/20261101T000000Z'
ARCHIVE = 'http://deb.debian.org/debian'

# The dynamic linker's name in a root, by the host's architecture.
LINKERS = {'x86_64': 'lib64/ld-linux-x86-64.so.2', 'aarch64': 'lib/ld-linux-aarch64.so.1'}

# The newest C library symbols that the oldest suite can resolve.
OLDEST_GLIBC = (2, 31)


class LabError(Exception):
    """The lab itself could not do its job; a refused stream is a result, not an error."""


def cache_dir():
    base = os.environ.get('MIGSTAT_CACHE')
    if not base:
        home = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
        base = os.path.join(home, 'migstat')
    os.makedirs(base, exist_ok=True)
    return base


def mirror(suite):
    """The archive that a suite's root is built from."""
    chosen = os.environ.get('MIGSTAT_MIRROR')
    if chosen:
        return chosen
    try:
        urllib.request.urlopen('%s/dists/%s/Release' % (SNAPSHOT, suite), timeout=20).close()
        return SNAPSHOT
    except OSError as error:
        print('lab: %s is built from today\'s archive, since snapshot.debian.org cannot be '
              'reached: %s' % (suite, error), file=sys.stderr)
        return ARCHIVE


@contextlib.contextmanager
def building(root, remake=False):
    """A folder to make `root` in, or None where somebody has made it while this waited."""
    partial = root + '.partial'
    os.makedirs(os.path.dirname(root), exist_ok=True)
    with open(root + '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(root) and not remake:
            yield None
            return
        shutil.rmtree(partial, ignore_errors=True)
        yield partial
        shutil.rmtree(root, ignore_errors=True)
        os.rename(partial, root)


# ---- Releases ---------------------------------------------------------------------------


class Release:
    """One QEMU: `suite` is 'installed' or the name of a Debian suite."""

    def __init__(self, suite='installed'):
        self.suite = suite
        self.root = None if suite == 'installed' else os.path.join(cache_dir(), suite)

    def _libraries(self):
        return os.path.join(self.root, 'usr/lib', os.uname().machine + '-linux-gnu')

    def exists(self, arch='x86_64'):
        if self.root is None:
            return shutil.which('qemu-system-' + arch) is not None
        return os.path.exists(os.path.join(self.root, 'usr/bin/qemu-system-' + arch))

    def build(self, remake=False):
        """Make the root where there is none. Needs debootstrap and the rights to run it."""
        if self.root is None:
            raise LabError('the installed QEMU comes from the system\'s package manager')
        if not shutil.which('debootstrap'):
            raise LabError('debootstrap is not installed')
        with building(self.root, remake) as partial:
            if partial:
                self._bootstrap(partial)

    def _bootstrap(self, folder):
        log = self.root + '.log'
        with open(log, 'wb') as out:
            done = subprocess.run(
                ['debootstrap', '--variant=minbase', '--include=qemu-system-x86,qemu-system-arm',
                 self.suite, folder, mirror(self.suite)],
                stdout=out, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise LabError('debootstrap %s failed, see %s' % (self.suite, log))

    def install(self, arch, packages):
        """Put a further program into the root, from the first of the packages that there is."""
        if self.exists(arch):
            return
        apt = ['chroot', self.root, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q']
        subprocess.run(apt + ['update'], check=True, stdout=subprocess.DEVNULL)
        for package in packages:
            done = subprocess.run(apt + ['install', '-y', '--no-install-recommends', package],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            if done.returncode == 0:
                return
        raise LabError('no %s for %s: %s' % (arch, self.suite, done.stderr.decode().strip()))

    def command(self, arch, preload=None):
        """The start of a command line, and the environment that goes with it."""
        env = dict(os.environ)
        program = 'qemu-system-' + arch
        if self.root is None:
            if preload:
                env['LD_PRELOAD'] = preload
            return [program], env
        libraries = self._libraries()
        # Suites differ in where the linker's link points, and whether absolutely.
        linker = os.path.join(self.root, LINKERS[os.uname().machine])
        while os.path.islink(linker):
            target = os.readlink(linker)
            linker = (self.root + target if target.startswith('/')
                      else os.path.join(os.path.dirname(linker), target))
        env['QEMU_MODULE_DIR'] = os.path.join(libraries, 'qemu')
        line = [linker, '--library-path',
                libraries + ':' + os.path.join(self.root, 'lib', os.path.basename(libraries))]
        if preload:
            line += ['--preload', preload]
        # Of some suites a program of usr/bin is a shell script for the one in usr/libexec.
        found = os.path.join(self.root, 'usr/libexec', program)
        line += [found if os.path.exists(found) else os.path.join(self.root, 'usr/bin', program)]
        for firmware in ('qemu', 'seabios', 'qemu-efi-aarch64'):
            line += ['-L', os.path.join(self.root, 'usr/share', firmware)]
        line += ['-L', os.path.join(self.root, 'usr/lib/ipxe/qemu')]
        return line, env

    def _ask(self, arch, *options):
        line, env = self.command(arch)
        done = subprocess.run(line + list(options), env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True, check=False)
        return done.stdout

    @functools.lru_cache(maxsize=None)
    def version(self, arch='x86_64'):
        """For example '7.2.22'."""
        found = re.search(r'version (\d+\.\d+\.\d+)', self._ask(arch, '--version'))
        if not found:
            raise LabError('%s: no QEMU for %s' % (self.suite, arch))
        return found.group(1)

    def series(self, arch='x86_64'):
        """For example (7, 2): what a release is called in migstat and in machine names."""
        major, minor = self.version(arch).split('.')[:2]
        return int(major), int(minor)

    @functools.lru_cache(maxsize=None)
    def dump_vmstate(self, arch='x86_64'):
        """
        The text of the -dump-vmstate file, which is the same for all machine types. QEMU loads
        all of its modules for it, and not only from where it is told to: so it runs inside its
        root, as root.
        """
        program = ['qemu-system-' + arch]
        if self.root is not None:
            program = ['chroot', self.root] + program
        with tempfile.NamedTemporaryFile(
                dir=os.path.join(self.root, 'tmp') if self.root else None) as file:
            path = '/tmp/' + os.path.basename(file.name) if self.root else file.name
            done = subprocess.run(program + ['-machine', 'none', '-display', 'none',
                                             '-dump-vmstate', path],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, universal_newlines=True, check=False)
            if done.returncode:
                raise LabError('-dump-vmstate: exit %d: %s' % (
                    done.returncode, done.stderr.strip()))
            with open(file.name, encoding='utf-8') as text:
                return text.read()

    @functools.lru_cache(maxsize=None)
    def machines(self, arch):
        return {line.split()[0] for line in self._ask(arch, '-M', 'help').splitlines()[1:]
                if line.strip()}

    @functools.lru_cache(maxsize=None)
    def vfio_options(self, arch):
        """Up to 7.2 migration of VFIO devices was experimental and had to be asked for."""
        text = self._ask(arch, '-device', 'vfio-pci,help')
        for name in ('x-enable-migration', 'enable-migration'):
            if re.search(r'^\s*%s=' % name, text, re.M):
                return name + '=on'
        raise LabError('%s: vfio-pci cannot migrate in this QEMU' % self.suite)

    def __hash__(self):
        return hash(self.suite)

    def __eq__(self, other):
        return isinstance(other, Release) and other.suite == self.suite


# ---- Guests -----------------------------------------------------------------------------

# What a running guest does. 'halted' sleeps: nothing changes, so a save after a load has to
# give the same state. 'dirty' adds one to a word in each of 16 neighbouring pages, for ever:
# memory that changes by little and often is what XBZRLE is for. It flushes its TLB, because
# TCG before QEMU 9.0 does not see a second write through an entry that was once dirty.
# 'level' makes the first interrupt controller level-triggered and then counts in one word.
PROGRAMS = {
    ('x86_64', 'halted'): 'fa'           # cli
                          'f4'           # again: hlt
                          'ebfd',        # jmp again
    ('x86_64', 'dirty'): 'fa'            # cli
                         'b80010'        # mov ax, 0x1000
                         '8ed8'          # mov ds, ax
                         '31f6'          # xor si, si
                         'ff04'          # again: inc word [si]
                         '81c60010'      # add si, 0x1000
                         '75f8'          # jnz again
                         '0f20e0'        # mov eax, cr4
                         '3480'          # xor al, 0x80: global pages on or off
                         '0f22e0'        # mov cr4, eax
                         'ebee',         # jmp again
    ('x86_64', 'level'): 'fa'            # cli
                         'b019'          # mov al, 0x19: ICW1 with LTIM
                         'e620'          # out 0x20, al
                         'b80010'        # mov ax, 0x1000
                         '8ed8'          # mov ds, ax
                         '31f6'          # xor si, si
                         'ff04'          # again: inc word [si]
                         'ebfc',         # jmp again
    ('aarch64', 'halted'): '7f2003d5'    # again: wfi
                           'ffffff17',   # b again
    ('aarch64', 'dirty'): '0002a8d2'     # movz x0, #0x4010, lsl #16
                          '020080d2'     # mov x2, #0
                          '016862b8'     # again: ldr w1, [x0, x2]
                          '21040011'     # add w1, w1, #1
                          '016822b8'     # str w1, [x0, x2]
                          '42044091'     # add x2, x2, #1, lsl #12
                          '423c4092'     # and x2, x2, #0xffff
                          '1f8708d5'     # tlbi vmalle1
                          'faffff17',    # b again
}
# The first word that a program adds to, by architecture, and which programs do.
COUNTER = {'x86_64': 0x10000, 'aarch64': 0x40100000}
COUNTING = ('dirty', 'level')
X86_RESET = bytes.fromhex('ea000000f0')  # jmp 0xf000:0, at the reset vector


def firmware(arch, activity):
    """A firmware image of 64 KiB that consists of nothing but one of the programs above."""
    image = bytearray(65536)
    if (arch, activity) not in PROGRAMS:
        raise LabError('no guest of %s is %s' % (arch, activity))
    program = bytes.fromhex(PROGRAMS[arch, activity])
    image[:len(program)] = program
    if arch == 'x86_64':
        image[0xfff0:0xfff0 + len(X86_RESET)] = X86_RESET
    return bytes(image)


@dataclass
class Guest:
    arch: str = 'x86_64'
    machine: str = ''            # empty: q35 or virt of the release itself
    memory: str = '16M'
    vfio: int = 0                # number of VFIO devices
    vectors: int = 8             # MSI-X vectors of each; 0: no MSI-X capability
    msix: bool = False           # MSI-X enabled, as a driver would, through -qtest
    precopy: int = 40000         # bytes of device state sent in pre-copy
    stopcopy: int = 65536        # and in stop-and-copy
    chunk: int = 16384           # handed out at once
    activity: str = 'stopped'    # before the first instruction; or a key of PROGRAMS
    disk: bool = False           # a disk of 1 MiB, with a bitmap or copied as the
                                 # capabilities 'dirty-bitmaps' and 'block' say
    devices: list = field(default_factory=list)       # further -device values
    options: list = field(default_factory=list)       # further options, as they are
    capabilities: list = field(default_factory=list)
    parameters: dict = field(default_factory=dict)

    def machine_option(self, release):
        if self.machine:
            name = self.machine
        else:
            name = '%s-%d.%d' % (('pc-q35' if self.arch == 'x86_64' else 'virt',)
                                 + release.series(self.arch))
        if name.startswith('virt'):
            name += ',gic-version=3'
        return name


def machine_series(machine):
    """(7, 2) of 'pc-q35-7.2'; None of an unversioned name."""
    found = re.fullmatch(r'(?:pc-q35|virt)-(\d+)\.(\d+)', machine)
    return found and (int(found.group(1)), int(found.group(2)))


def common_machine(arch, one, other):
    """The newest machine type that both releases have, or None."""
    prefix = 'pc-q35-' if arch == 'x86_64' else 'virt-'
    both = [name for name in one.machines(arch) & other.machines(arch)
            if name.startswith(prefix) and machine_series(name)]
    return max(both, key=machine_series, default=None)


# ---- The stand-in -----------------------------------------------------------------------


@functools.lru_cache(maxsize=None)
def stand_in():
    """Build vfio-uapi.c into the cache, once per content, and return the library's path."""
    source = os.path.join(HERE, 'vfio-uapi.c')
    with open(source, 'rb') as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()[:12]
    library = os.path.join(cache_dir(), 'vfio-uapi-%s.so' % digest)
    if not os.path.exists(library):
        partial = '%s.%d' % (library, os.getpid())
        subprocess.run(shlex.split(os.environ.get('CC', 'cc')) +
                       ['-std=gnu11', '-O2', '-fPIC', '-shared', '-fvisibility=hidden',
                        '-Wall', '-Wextra', '-o', partial, source], check=True)
        os.rename(partial, library)
    with open(library, 'rb') as stream:
        needed = {tuple(int(n) for n in v.split(b'.'))
                  for v in re.findall(rb'GLIBC_(\d+\.\d+)', stream.read())}
    if needed and max(needed) > OLDEST_GLIBC:
        raise LabError('%s needs GLIBC_%d.%d, which old suites lack'
                       % ((library,) + max(needed)))
    return library


def read_log(path):
    """What each device saw: {name: {'events': [...], 'saved': {...}, 'loaded': {...}}}."""
    devices = {}
    if not os.path.exists(path):
        return devices
    with open(path, encoding='utf-8') as stream:
        for line in stream:
            event = json.loads(line)
            device = devices.setdefault(event.pop('device'), {'events': []})
            device['events'].append(event)
            if event['event'] in ('saved', 'loaded'):
                device[event['event']] = {k: event[k] for k in ('bytes', 'fnv1a')}
    return devices


def read_status(path):
    """What `echo $?` wrote to a file; None where it did not come to that."""
    try:
        with open(path, encoding='ascii') as stream:
            return int(stream.read())
    except (OSError, ValueError):
        return None


def msix_enabled_at(device):
    """How many bytes of data had arrived when MSI-X was enabled; None if it never was."""
    for event in device['events']:
        if event['event'] == 'irqs' and event['index'] == 2 and event['connected']:
            return event['received']
    return None


# ---- A running QEMU ---------------------------------------------------------------------


class Machine:
    """A QEMU process. Use with `with`; leaving the block ends the process."""

    def __init__(self, release, guest, incoming=None, timeout=30):
        self.release, self.guest, self.timeout = release, guest, timeout
        self.dir = tempfile.mkdtemp(prefix='migstat-lab-')
        self.log = os.path.join(self.dir, 'vfio.log')
        self.qtest = None
        line, env = release.command(guest.arch, stand_in() if guest.vfio else None)
        env.update(VFIO_UAPI_LOG=self.log, VFIO_UAPI_VECTORS=str(guest.vectors),
                   VFIO_UAPI_PRECOPY=str(guest.precopy),
                   VFIO_UAPI_STOPCOPY=str(guest.stopcopy), VFIO_UAPI_CHUNK=str(guest.chunk))
        self.arguments = self._arguments(incoming)
        listener = self._listen() if guest.msix and not incoming else None
        self.stderr = open(os.path.join(self.dir, 'stderr'), 'w+b')
        self.process = subprocess.Popen(line + self.arguments, env=env, cwd=self.dir,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.stderr)
        # A QEMU that hangs is ended, which its pipes then report to whoever reads them.
        self.hung = False
        self.watchdog = threading.Timer(timeout, self._bark)
        self.watchdog.start()
        if listener:
            self.qtest = self._accept(listener)

    def _arguments(self, incoming):
        guest, release = self.guest, self.release
        line = ['-M', guest.machine_option(release), '-m', guest.memory, '-accel', 'tcg',
                '-nodefaults', '-display', 'none', '-qmp', 'stdio']
        if line[1].startswith('virt'):
            line += ['-cpu', 'cortex-a57']
        if guest.activity != 'stopped':
            image = os.path.join(self.dir, guest.activity + '.bin')
            with open(image, 'wb') as stream:
                stream.write(firmware(guest.arch, guest.activity))
            line += ['-bios', image]
        if guest.activity == 'stopped' or incoming:
            line += ['-S']
        for number in range(1, guest.vfio + 1):
            device = 'devices/0000:%02x:00.0' % number
            os.makedirs(os.path.join(self.dir, device))
            os.makedirs(os.path.join(self.dir, 'groups', str(number)))
            os.symlink('../../groups/%d' % number,
                       os.path.join(self.dir, device, 'iommu_group'))
            line += ['-device', 'vfio-pci,sysfsdev=%s,addr=%d,%s' % (
                os.path.join(self.dir, device), number, release.vfio_options(guest.arch))]
        if guest.disk:
            image = os.path.join(self.dir, 'disk.raw')
            with open(image, 'wb') as stream:
                stream.write(bytes(1 << 20) if incoming else b'migstat!' * (1 << 17))
            line += ['-drive', 'if=none,id=disk,format=raw,file=' + image,
                     '-device', 'virtio-blk-pci,drive=disk']
        for device in guest.devices:
            line += ['-device', device]
        line += guest.options
        if guest.msix and not incoming:
            line += ['-qtest', 'unix:' + os.path.join(self.dir, 'qtest'),
                     '-qtest-log', '/dev/null']
        if incoming:
            line += ['-incoming', incoming]
        return line

    def _listen(self):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.join(self.dir, 'qtest'))
        listener.listen(1)
        return listener

    def _accept(self, listener):
        listener.settimeout(0.1)
        while self.process.poll() is None:
            try:
                connection = listener.accept()[0]
                connection.settimeout(None)
                return connection.makefile('rwb')
            except socket.timeout:
                pass
        reason = '; '.join(self.errors()) or 'QEMU ended at once'
        self.__exit__()
        raise LabError(reason)

    def _bark(self):
        self.hung = True
        self.process.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.watchdog.cancel()
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.stderr, self.qtest):
            try:
                if stream:
                    stream.close()
            except OSError:
                pass
        shutil.rmtree(self.dir, ignore_errors=True)

    def command_line(self):
        """As a person would type it: without this run's directory and the stand-in."""
        text = ' '.join(shlex.quote(word) for word in self.arguments)
        return 'qemu-system-%s %s' % (self.guest.arch, text.replace(self.dir + '/', ''))

    def errors(self):
        """What QEMU wrote to its standard error, without its own name in front."""
        self.stderr.flush()
        with open(self.stderr.name, encoding='utf-8', errors='replace') as stream:
            lines = [re.sub(r'^\S*qemu-system-\w+: ', '', line.rstrip('\n'))
                     for line in stream]
        return [line.replace(self.dir + '/', '') for line in lines if line]

    def execute(self, command, **arguments):
        """Run one QMP command. Returns None when QEMU ended instead of answering."""
        request = {'execute': command}
        if arguments:
            request['arguments'] = {k.replace('_', '-'): v for k, v in arguments.items()}
        try:
            self.process.stdin.write(json.dumps(request).encode() + b'\n')
            self.process.stdin.flush()
        except OSError:
            return None
        for line in self.process.stdout:
            if not line.startswith(b'{'):
                continue  # some monitor commands print past the monitor
            answer = json.loads(line)
            if 'error' in answer:
                raise LabError('%s: %s' % (command, answer['error']['desc']))
            if 'return' in answer:
                return answer['return']
        return None

    def negotiate(self):
        self.execute('qmp_capabilities')
        if self.guest.capabilities:
            self.execute('migrate-set-capabilities', capabilities=[
                {'capability': name, 'state': True} for name in self.guest.capabilities])
        if self.guest.parameters:
            self.execute('migrate-set-parameters', **self.guest.parameters)

    def wait_migration(self, until=('completed', 'failed', 'cancelled'), each=None):
        """Poll query-migrate; `each` sees every answer. Returns the last one, or None."""
        while True:
            info = self.execute('query-migrate')
            if info is None or info.get('status') in until:
                return info
            if each:
                each(info)
            time.sleep(0.005)

    def counts(self):
        """Whether the guest's program runs; None of one by which that cannot be seen."""
        if self.guest.activity not in COUNTING:
            return None
        line = 'xp /1hx %#x' % COUNTER[self.guest.arch]
        before = self.execute('human-monitor-command', command_line=line)
        for _ in range(200):
            time.sleep(0.01)
            if self.execute('human-monitor-command', command_line=line) != before:
                return True
        return False

    def qtest_command(self, text):
        try:
            self.qtest.write(text.encode() + b'\n')
            self.qtest.flush()
            answer = self.qtest.readline()
        except OSError:
            answer = b''
        while answer.startswith(b'IRQ'):
            answer = self.qtest.readline()
        if not answer.startswith(b'OK'):
            raise LabError('; '.join(self.errors()) or 'qtest: %s: %s' % (text, answer))

    def enable_msix(self):
        """What a driver does: give BAR0 an address, set up three vectors, enable MSI-X."""
        x86 = self.guest.arch == 'x86_64'
        for number in range(1, self.guest.vfio + 1):
            bar = (0xfd000000 if x86 else 0x10000000) + number * 0x1000000

            def config_write(offset, value, width='l'):
                if x86:  # ports 0xcf8 and 0xcfc
                    address = 0x80000000 | number << 11 | offset & 0xfc
                    self.qtest_command('outl 0xcf8 %#x' % address)
                    self.qtest_command('out%s %#x %#x' % (width, 0xcfc + (offset & 3), value))
                else:    # the memory-mapped window of the virt machine
                    address = 0x4010000000 + (number << 15) + offset
                    self.qtest_command('write%s %#x %#x' % (width, address, value))

            config_write(0x10, bar)
            config_write(0x14, 0)
            config_write(0x04, 0x0006, 'w')
            for vector in range(3):
                entry = bar + 0x2000 + 16 * vector
                doorbell = 0xfee00000 if x86 else 0x08090040
                for offset, value in ((0, doorbell), (4, 0),
                                      (8, 0x4020 + vector + 1), (12, 0)):
                    self.qtest_command('writel %#x %#x' % (entry + offset, value))
            config_write(0x42, 0x8007, 'w')

    def stop(self):
        """End QEMU in an orderly way, so that the devices' log is complete."""
        if self.process.poll() is None:
            self.execute('quit')
        self.process.wait()


    def mark_disk(self):
        """A bitmap on the disk, and writes that it has to remember."""
        node = self.execute('query-block')[0]['inserted']['node-name']
        self.execute('block-dirty-bitmap-add', node=node, name='marks')
        for offset in ('64k', '640k'):
            self.execute('human-monitor-command',
                         command_line='qemu-io disk "write -P 7 %s 64k"' % offset)


def counted(info):
    """What QEMU says it sent, in our words."""
    ram = info.get('ram', {})
    return {'normal_pages': ram.get('normal'), 'zero_pages': ram.get('duplicate'),
            'multifd_bytes': ram.get('multifd-bytes'), 'page_size': ram.get('page-size'), 'ram_total': ram.get('total'),
            'xbzrle_pages': info.get('xbzrle-cache', {}).get('pages', 0),
            'xbzrle_bytes': info.get('xbzrle-cache', {}).get('bytes', 0),
            'compressed_pages': info.get('compression', {}).get('pages', 0)}


def _uri(guest, path):
    return ('file:' + path if 'mapped-ram' in guest.capabilities
            else 'exec:cat > ' + shlex.quote(path))


def _migrate(machine, uri):
    guest = machine.guest
    busy = guest.activity == 'dirty'
    if busy:
        # Slow enough that memory is sent several times over.
        machine.execute('migrate-set-parameters', max_bandwidth=256 << 10, downtime_limit=1)
    machine.execute('migrate', uri=uri)
    released = []

    def hurry(info):
        if busy and not released and info.get('ram', {}).get('dirty-sync-count', 0) >= 4:
            machine.execute('migrate-set-parameters', max_bandwidth=1 << 30,
                            downtime_limit=2000)
            released.append(True)

    return machine.wait_migration(each=hurry)


def save(release, guest, path, timeout=60):
    """
    Start a guest, save it to `path`, and say what QEMU counted and what the devices gave.
    Raises LabError when QEMU cannot even start or refuses the migration.
    """
    path = os.path.abspath(path)
    with Machine(release, guest, timeout=timeout) as machine:
        machine.negotiate()
        if guest.msix:
            machine.enable_msix()
        if 'dirty-bitmaps' in guest.capabilities:
            machine.mark_disk()
        machine.counts()  # so it does what it is to do
        info = _migrate(machine, _uri(guest, path))
        if info is None or info.get('status') != 'completed':
            raise LabError('save failed: %s' % '; '.join(
                machine.errors() or [str(info), 'hung' if machine.hung else 'ended']))
        result = _described(machine, info)
        machine.stop()
        result['devices'] = read_log(machine.log)
        return result


def _described(machine, info):
    guest = machine.guest
    return {'qemu': machine.release.version(guest.arch), 'suite': machine.release.suite,
            'arch': guest.arch, 'machine': guest.machine_option(machine.release),
            'memory': guest.memory, 'capabilities': guest.capabilities,
            'guest': guest.activity, 'vfio_devices': guest.vfio, 'msix': guest.msix,
            'command': machine.command_line(), 'counted': counted(info)}


def load(release, guest, path, again=None, timeout=30):
    """
    Load `path` into a fresh guest. The result's 'status' is 'loaded', 'refused', 'hung' or
    'crashed'; 'errors' is QEMU's own text; 'counts' says whether the guest goes on, where that
    can be seen; 'fed' is the exit status of the program that QEMU was fed by. With `again`, the
    loaded guest is saved there.
    """
    path = os.path.abspath(path)
    started = time.monotonic()
    with Machine(release, guest, incoming='defer', timeout=timeout) as machine:
        fed = os.path.join(machine.dir, 'fed')
        uri = ('file:' + path if 'mapped-ram' in guest.capabilities
               else 'exec:cat %s; echo $? > %s' % (shlex.quote(path), shlex.quote(fed)))
        machine.negotiate()
        if machine.execute('migrate-incoming', uri=uri) is None:
            info = None
        else:
            info = machine.wait_migration()
        loaded = info is not None and info.get('status') == 'completed'
        counts = second = None
        if loaded:
            machine.execute('cont')  # a device takes its state over when it starts to run
            counts = machine.counts()
        if loaded and again:
            second = _migrate(machine, _uri(guest, os.path.abspath(again)))
            loaded = second is not None and second.get('status') == 'completed'
        if info is None:
            machine.process.wait()
        exited = machine.process.poll()
        status = ('loaded' if loaded else 'hung' if machine.hung
                  else 'crashed' if exited is not None and exited < 0 else 'refused')
        if loaded:
            machine.stop()
        result = {'status': status, 'exit': machine.process.poll(),
                  'qemu': release.version(guest.arch), 'suite': release.suite,
                  'machine': guest.machine_option(release),
                  'seconds': round(time.monotonic() - started, 3),
                  'counts': counts, 'fed': read_status(fed),
                  'errors': machine.errors(), 'devices': read_log(machine.log)}
        if second:
            result['counted'] = counted(second)
        return result


QUERIES = ('query-version', 'query-migrate-capabilities', 'query-pci', 'query-memory-devices',
           'query-hotpluggable-cpus')
INFO = ('version', 'migrate_capabilities', 'pci', 'qtree', 'memory-devices', 'hotpluggable-cpus')


def _asked(machine, command, **arguments):
    """A request and its reply, as a log of QMP has them; a machine may lack a command."""
    request = {'execute': command}
    if arguments:
        request['arguments'] = arguments
    try:
        reply = {'return': machine.execute(command, **arguments)}
    except LabError as error:
        reply = {'error': {'desc': str(error)}}
    return '%s\n%s\n' % (json.dumps(request), json.dumps(reply))


def transcript(release, guest, text=False, timeout=30):
    """
    What a destination says of itself before it loads: as a person would keep it, of QMP the
    requests and replies, or as `text` what the monitor printed. migstat-check(1) has the
    commands.
    """
    with Machine(release, guest, incoming='defer', timeout=timeout) as machine:
        machine.execute('qmp_capabilities')
        paths = []
        # 11.1 aborts when it is asked for the status of a device without a driver.
        if (7, 2) <= release.series(guest.arch) < (11, 1):
            try:
                paths = [device['path'] for device in machine.execute('x-query-virtio')]
            except LabError:  # what 10.0 says where there is none
                pass
        if not text:
            return ''.join([_asked(machine, query) for query in QUERIES] +
                           [_asked(machine, 'x-query-virtio-status', path=path)
                            for path in paths])
        result = ''
        for what in INFO + tuple('virtio-status ' + path for path in paths):
            printed = machine.execute('human-monitor-command', command_line='info ' + what)
            result += '(qemu) info %s\n%s' % (what, printed.replace('\r', ''))
        return result


def complaint(result):
    """The first thing that QEMU said against a stream, as load() has it."""
    return next((line for line in result['errors'] if 'warning: ' not in line),
                result['status'])


class _Listener(threading.Thread):
    """Takes connections, and has each one's work done in threads of its own."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path
        self.workers = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(16)

    def run(self):
        number = 0
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            self.connected(near, number)
            number += 1

    def connected(self, near, number):
        raise NotImplementedError

    def work(self, function, *words):
        self.workers.append(threading.Thread(target=function, args=words, daemon=True))
        self.workers[-1].start()

    def close(self, timeout):
        self.listener.shutdown(socket.SHUT_RDWR)
        for worker in self.workers:
            worker.join(timeout)


class _Sink(_Listener):
    """Takes each connection of a source, and writes what comes on it to a file of its own."""

    def __init__(self, directory, folder):
        super().__init__(os.path.join(directory, 'sink'))
        self.folder = folder

    def connected(self, near, number):
        self.work(self.take, near, os.path.join(self.folder, 'channel-%d' % number))

    @staticmethod
    def take(near, path):
        with near, open(path, 'wb') as out:
            while True:
                data = near.recv(1 << 16)
                if not data:
                    return
                out.write(data)


def record(release, guest, folder, timeout=60):
    """
    Migrate a guest to nobody, and keep what came on each channel in a folder, one file each: a
    source without a return path does not notice. The result is as that of save().
    """
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='migstat-lab-') as directory:
        sink = _Sink(directory, os.path.abspath(folder))
        with Machine(release, guest, timeout=timeout) as machine:
            machine.negotiate()
            machine.counts()
            sink.start()
            info = _migrate(machine, 'unix:' + sink.path)
            if info is None or info.get('status') != 'completed':
                raise LabError('not recorded: %s' % '; '.join(machine.errors() or [str(info)]))
            result = _described(machine, info)
            machine.stop()
            sink.close(timeout)
            result['devices'] = read_log(machine.log)
    return result


class _Recorder(_Listener):
    """
    Is between two QEMUs: what the source sends goes on to the loader and to a file, which
    `path_of` names by the number of the connection.
    """

    def __init__(self, directory, path_of):
        super().__init__(os.path.join(directory, 'source'))
        self.loader = os.path.join(directory, 'loader')
        self.path_of = path_of

    def connected(self, near, number):
        far = socket.socket(socket.AF_UNIX)
        far.connect(self.loader)
        self.work(self.pump, far, near, None)
        self.work(self.pump, near, far, self.path_of(number))

    @staticmethod
    def pump(one, other, path):
        out = open(path, 'wb') if path else None
        while True:
            try:
                data = one.recv(1 << 16)
                other.sendall(data)
            except OSError:
                data = b''
            if not data:
                break
            if out:
                out.write(data)
        if out:
            out.close()
        try:
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def save_postcopy(release, guest, path, timeout=60):
    """The same as save_live(), switched to postcopy after the first round."""
    return save_live(release, replace(guest, capabilities=guest.capabilities + ['postcopy-ram']),
                     path, timeout)


def save_live(release, guest, path, timeout=60):
    """
    Migrate a guest to a second QEMU, and record what went over the wire in `path`: a file, or
    a folder for what has several channels. The result is as that of save().
    """
    path = os.path.abspath(path)
    postcopy = 'postcopy-ram' in guest.capabilities

    def path_of(number):
        return os.path.join(path, 'channel-%d' % number) if os.path.isdir(path) else path

    with tempfile.TemporaryDirectory(prefix='migstat-lab-') as directory:
        recorder = _Recorder(directory, path_of)
        with Machine(release, guest, incoming='defer', timeout=timeout) as loader, \
                Machine(release, guest, timeout=timeout) as machine:
            loader.negotiate()
            loader.execute('migrate-incoming', uri='unix:' + recorder.loader)
            recorder.start()
            machine.negotiate()
            if postcopy:
                # So slow that it is still to come when the first round is through.
                machine.execute('migrate-set-parameters', max_bandwidth=256 << 10,
                                downtime_limit=1, max_postcopy_bandwidth=0)
            machine.execute('migrate', uri='unix:' + recorder.path)
            switched = []

            def switch(info):
                if postcopy and not switched and info.get('ram', {}).get('dirty-sync-count', 0) >= 2:
                    machine.execute('migrate-start-postcopy')
                    switched.append(True)

            info = machine.wait_migration(each=switch)
            if info is None or info.get('status') != 'completed' or len(switched) != postcopy:
                raise LabError('not migrated: %s' % '; '.join(
                    machine.errors() + loader.errors() or [str(info)]))
            loader.wait_migration()
            result = _described(machine, info)
            machine.stop()
            recorder.close(timeout)
    return result
