# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Owns: a Debian guest that boots to a few processes: where its kernel comes from, what it does.
Must not know: what is proved with it.
See also: guest-memory, which saves it; vsock, which runs migstat in it.

The kernel of the host's own Debian, small as for clouds, and its debug symbols, some 300 MB, are
kept in the cache. The guest has no disk: its first program is a script for busybox.
"""

import functools
import glob
import gzip
import lzma
import os
import re
import shutil
import subprocess
import tempfile
import time

from qemulab import LabError, cache_dir, mirror

# Of a guest's architecture: what Debian calls it, its serial port.
ARCHES = {'x86_64': ('amd64', 'ttyS0'), 'aarch64': ('arm64', 'ttyAMA0')}
MODULES = ('virtio_ring', 'virtio', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev',
           'virtio_pci', 'virtio_mem', 'qemu_fw_cfg')
READY = 'migstat: ready'
INIT = '''#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sys /sys
$b mount -t devtmpfs dev /dev
$b mount -t tmpfs -o size=90%% tmp /tmp
for module in %s; do
    if [ -e /$module.ko ]; then $b insmod /$module.ko; fi
done
$b sleep 5
for block in /sys/devices/system/memory/memory*; do
    echo online > $block/state 2> /dev/null
done
$b sleep 100000 &
$b sleep 200000 &
$b yes migstat | $b dd of=/tmp/noise bs=1M count=%d iflag=fullblock
echo %s
$b sleep 1000000
'''
RUN = '''#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
for module in %s; do
    $b insmod /$module.ko
done
%s
$b poweroff -f
'''
PROCESSES = ('init', 'busybox', 'kthreadd', 'ksoftirqd')


def _run(*line, cwd=None):
    try:
        return subprocess.run(line, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, universal_newlines=True,
                              check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise LabError('no Debian kernel: %s' % error)


def _apt(folder, debian):
    """Options by which apt knows another architecture than the system's, and leaves that alone."""
    for part in 'state/lists/partial', 'cache/archives/partial':
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    settings = ('Dir::State=%s/state' % folder, 'Dir::State::status=/dev/null',
                'Dir::Cache=%s/cache' % folder, 'APT::Architecture=' + debian,
                'APT::Architectures=' + debian)
    return [word for setting in settings for word in ('-o', setting)]


@functools.lru_cache(maxsize=None)
def _folder(arch):
    """Where the packages are unpacked; they are fetched once."""
    folder, debian = os.path.join(cache_dir(), 'linux-' + arch), ARCHES[arch][0]
    if os.path.exists(folder):
        return folder
    partial = folder + '.partial'
    shutil.rmtree(partial, ignore_errors=True)
    options, kernel = _apt(partial, debian), 'linux-image-cloud-' + debian
    _run('apt-get', *options, 'update')
    found = re.search(r'Depends: (linux-image-\S+)', _run('apt-cache', *options, 'depends', kernel))
    if not found:
        raise LabError('no Debian kernel: apt-cache knows no ' + kernel)
    symbols_too = [found[1] + '-dbg'] if arch == 'x86_64' else []
    _run('apt-get', *options, 'download', found[1], 'busybox-static', *symbols_too, cwd=partial)
    for package in glob.glob(os.path.join(glob.escape(partial), '*.deb')):
        _run('dpkg-deb', '-x', package, partial)
        os.unlink(package)
    os.rename(partial, folder)
    return folder


def _one(arch, *pattern):
    found = glob.glob(os.path.join(glob.escape(_folder(arch)), *pattern), recursive=True)
    if not found:
        raise LabError('no Debian kernel: %s is not in its packages' % pattern[-1])
    return found[0]


def symbols():
    return _one('x86_64', 'usr/lib/debug/boot', 'vmlinux-*')


def _entry(name, mode, content=b''):
    """A file in an archive as cpio makes it, newc."""
    name = name.encode() + b'\0'
    fields = (0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
    head = b'070701' + b''.join(b'%08X' % field for field in fields) + name
    return head.ljust(len(head) + 3 & ~3, b'\0') + content.ljust(len(content) + 3 & ~3, b'\0')


def _read(path):
    with open(path, 'rb') as stream:
        return (lzma.decompress if path.endswith('.xz') else bytes)(stream.read())


def _modules(arch, name):
    """None of what is in the kernel itself; those with symbols are elsewhere."""
    return [path for path in glob.glob(os.path.join(_folder(arch), '**', name + '.ko*'),
                                       recursive=True) if '/debug/' not in path]


def _archive(arch, modules, init, programs=()):
    """`programs`: files of this system, which keep their paths."""
    folders = {'bin', 'dev', 'proc', 'sys', 'tmp'}
    for path in programs:
        while os.path.dirname(path) != '/':
            path = os.path.dirname(path)
            folders.add(path[1:])
    parts = [_entry(name, 0o40755) for name in sorted(folders)]
    parts.append(_entry('bin/busybox', 0o100755, _read(_one(arch, '**/bin/busybox'))))
    parts.append(_entry('init', 0o100755, init.encode()))
    for path in programs:
        with open(path, 'rb') as stream:
            parts.append(_entry(path[1:], 0o100755, stream.read()))
    for name in modules:
        for path in _modules(arch, name):
            parts.append(_entry(name + '.ko', 0o100644, _read(path)))
    parts.append(_entry('TRAILER!!!', 0))
    return gzip.compress(b''.join(parts), 1)


def _options(arch, directory, archive, more):
    initrd = os.path.join(directory, 'initrd')
    with open(initrd, 'wb') as stream:
        stream.write(archive)
    return ['-kernel', _one(arch, 'boot', 'vmlinuz-*'), '-initrd', initrd, '-append',
            'console=%s %s' % (ARCHES[arch][1], more), '-serial',
            'file:' + os.path.join(directory, 'serial')]


def options(arch, directory, noise=4):
    """Words of QEMU's command line; noise: MiB of its memory that a program fills."""
    init = INIT % (' '.join(MODULES), noise, READY)
    return _options(arch, directory, _archive(arch, MODULES, init), 'panic=0')


def printed(directory):
    with open(os.path.join(directory, 'serial'), errors='replace') as stream:
        return stream.read().replace('\r', '')


def run(line, arch, directory, modules, script, programs, seconds):
    """
    What a script for busybox ($b) prints in a Debian guest that has these modules, and these
    files of this system. `line` is the beginning of a command line of QEMU.
    """
    absent = [name for name in modules if not _modules(arch, name)]
    if absent:
        raise LabError('no Debian kernel: its packages have no %s.ko' % absent[0])
    init = RUN % (' '.join(modules), script)
    words = _options(arch, directory, _archive(arch, modules, init, programs), 'panic=-1 quiet')
    try:
        subprocess.run([*line, '-accel', 'kvm', '-accel', 'tcg', '-m', '1G', '-nodefaults',
                        '-display', 'none', '-no-reboot', *words], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True,
                       timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise RuntimeError('no end after %u s: %s' % (seconds, printed(directory))) from error
    except subprocess.CalledProcessError as error:
        raise LabError('QEMU does not start: %s' % error.stderr.decode()) from error
    return printed(directory)


def wait(machine, directory, seconds):
    """Until the guest's processes run."""
    for _ in range(int(seconds * 2)):
        if machine.process.poll() is not None:
            break
        if READY in printed(directory):
            return
        time.sleep(0.5)
    raise LabError('Linux does not boot: %s' % '; '.join(machine.errors()))


class Debuggers:
    """Programs that read cores, in a Debian system of its own: crash before 9 gives up over a
    stack of today's kernels, and so over QEMU's own core of them. As root."""

    SUITE, PACKAGES = 'sid', 'crash,python3-drgn'

    def __init__(self):
        self.root = os.path.join(cache_dir(), 'debuggers')
        if os.path.isdir(self.root):
            return
        if os.geteuid() != 0 or not shutil.which('debootstrap'):
            raise LabError('no crash and drgn: they need root and debootstrap, for a system of '
                           'their own')
        partial = self.root + '.partial'
        shutil.rmtree(partial, ignore_errors=True)
        with open(self.root + '.log', 'wb') as log:
            done = subprocess.run(['debootstrap', '--variant=minbase', '--include=' +
                                   self.PACKAGES, self.SUITE, partial, mirror(self.SUITE)],
                                  stdout=log, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise LabError('crash and drgn cannot be installed, see %s.log' % self.root)
        os.rename(partial, self.root)

    def run(self, line, typed, files):
        """What a program says; `files`: where files are that its words name."""
        with tempfile.TemporaryDirectory(dir=os.path.join(self.root, 'tmp')) as folder:
            for name, path in {**files, 'vmlinux': symbols()}.items():
                subprocess.run(['cp', '--sparse=always', path, os.path.join(folder, name)],
                               check=True)
            words = [re.sub(r'^\S*(vmlinux)\S*$', r'\1', word) for word in line]
            done = subprocess.run(
                ['chroot', self.root, 'sh', '-c', 'cd "$0" && exec "$@"',
                 '/tmp/' + os.path.basename(folder)] + words, input=typed,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True,
                errors='replace', check=False)
        return done.stdout
