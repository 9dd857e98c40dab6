# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Owns: the streams that are measured, by name: which, and how each is made.
Must not know: what is done with them.
See also: generate.c writes streams of any size; tests/qemu/qemulab.py lets QEMU write them.
"""

import os
import shlex
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LAB = os.path.join(os.path.dirname(HERE), 'qemu', 'lab')
sys.path.insert(0, os.path.dirname(LAB))
sys.dont_write_bytecode = True  # the sources' folder stays as it was

from qemulab import Guest, LabError, Release, save  # noqa: E402

# What the generator makes, of a size in bytes or of a number of things.
GENERATED = {
    'normal': '{} normal=1',
    'zero': '{} zero=0.8 normal=0.2',
    'vfio': '{} normal=0.5 vfio=0.5',
    'mapped': '{} mapped',
    'sections': '1048576 sections={}',
    'parts': '{1} vfio=0.9 normal=0.1 parts={0}',  # 16 KiB for each
    'blocks': '1048576 blocks={}',
    'description': '1048576 description={}',
    'hole': '{} hole',  # RAM that nobody can read, and nobody should
}

DEVICES = ['virtio-net-pci', 'virtio-rng-pci', 'qemu-xhci', 'usb-tablet', 'VGA']

# What the installed QEMU saves: its guest, and what stands in where there is no QEMU, of a
# size if it is not the one asked for.  The guest of 'ram' has a memory full of normal pages.
STOCK = {
    'ram': (Guest(devices=DEVICES), 'normal', None),
    'small': (Guest(), 'normal', 400 << 10),
    'pseries': (Guest(arch='ppc64', machine='pseries', memory='4G'), 'zero', 12 << 20),
}


class Streams:
    """Streams in a folder, of which one exists at a time."""

    def __init__(self, folder, given=None):
        self.folder = folder
        self.path = os.path.join(folder, 'stream')
        self.memory = os.path.join(folder, 'memory')
        self.given = given
        self.present = None
        self.origin = ''
        self.bare = os.path.join(folder, 'bare')
        self.generator = os.path.join(folder, 'generate')
        subprocess.run(shlex.split(os.environ.get('CC', 'cc')) +
                       ['-O2', '-D_FILE_OFFSET_BITS=64', '-o', self.generator,
                        os.path.join(HERE, 'generate.c')], check=True)
        self._write(self.bare, '0 hole')  # a stream that has no RAM

    def make(self, name, size):
        """The path of stream `name`, made if it is not there; `origin` says by whom."""
        if self.given and name == 'ram':
            self.origin = 'given'
            return self.given
        if self.present != (name, size):
            self.remove()
            self.origin = self._save(name, size) if name in STOCK else self._generate(name, size)
            self.present = (name, size)
        return self.path

    def stock(self):
        """Whether 'ram' is what the installed QEMU saved, and so can load."""
        return not self.given and Release().exists()

    def remove(self):
        self.present = None
        if os.path.exists(self.path):
            os.unlink(self.path)

    def _generate(self, name, size):
        self._write(self.path, GENERATED[name].format(size, size << 14))
        return 'generated'

    def _write(self, path, plan):
        subprocess.run([self.generator, path] + plan.split(), check=True)

    def _save(self, name, size):
        guest, instead, its_size = STOCK[name]
        release = Release()
        if not release.exists(guest.arch):
            return self._generate(instead, its_size or size)
        guest.parameters['max-bandwidth'] = 1 << 40
        try:
            if name == 'ram':
                self._write(self.memory, '%d memory' % size)
                guest.memory = '%dM' % (size >> 20)
                guest.options = ['-M', 'memory-backend=pc.ram', '-object',
                                 'memory-backend-file,id=pc.ram,size=%d,mem-path=%s'
                                 % (size, self.memory)]
            return 'stock QEMU ' + save(release, guest, self.path)['qemu']
        except LabError as error:
            print('stream "%s": %s' % (name, error), file=sys.stderr)
            return self._generate(instead, its_size or size)
        finally:
            if os.path.exists(self.memory):
                os.unlink(self.memory)
