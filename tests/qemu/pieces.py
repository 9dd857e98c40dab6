# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Owns: cutting a good stream into pieces that a mutation can change, drop, repeat or swap.
Must not know: QEMU, and migstat: a second, independent reading of the format is the point.
See also: mutations.py changes the pieces, check-qemu counts some of them.

Only what stock QEMU writes into a file is understood: footers, `ram` with pages in the
stream, `vfio`, and device state, whose end is found by its footer and what may follow it.
A stream is trusted here; anything unexpected raises ValueError.
"""

import struct
from dataclasses import dataclass, replace

START, PART, END, FULL = 1, 2, 3, 4
TYPES = {START: 'start', PART: 'part', END: 'end', FULL: 'full'}
EOF, DESCRIPTION, CONFIGURATION, COMMAND, FOOTER = 0, 6, 7, 8, 0x7e

RAM_ZERO, RAM_MEM_SIZE, RAM_PAGE, RAM_EOS = 0x02, 0x04, 0x08, 0x10
RAM_CONTINUE, RAM_XBZRLE, RAM_COMPRESS, RAM_FLUSH = 0x20, 0x40, 0x100, 0x200

VFIO_FLAG = 0xffffffffef100000
VFIO_END, VFIO_CONFIG, VFIO_SETUP, VFIO_DATA = 1, 2, 3, 4
VFIO_INIT_SENT, VFIO_CONFIG_READY = 5, 6


@dataclass(frozen=True)
class Piece:
    """
    A run of bytes with a kind: file-header, configuration, header, ram, vfio, body, footer,
    command, eof, description, trailing. `what` says more: the section type of a header, the
    flag of a record. All pieces of one section share `section`, its number in the file.
    """
    kind: str
    data: bytes
    what: int = 0
    section: int = -1
    name: str = ''

    def with_data(self, data):
        return replace(self, data=data)


def join(pieces):
    return b''.join(piece.data for piece in pieces)


def vfio_flag(which):
    return struct.pack('>Q', VFIO_FLAG | which)


def config_length(data, at):
    """The length of a VFIO configuration payload that starts at `at`."""
    for size in (4096, 256):
        config = data[at + 4:at + 4 + size]
        if len(config) < size:
            continue
        vectors, pointer = 0, config[0x34] & 0xfc
        for _ in range(48):
            if not config[6] & 0x10 or pointer < 0x40:
                break
            if config[pointer] == 0x11:
                vectors = (int.from_bytes(config[pointer + 2:pointer + 4], 'little')
                           & 0x7ff) + 1
            pointer = config[pointer + 1] & 0xfc
        for count in {vectors, 0}:
            length = 20 + size + 16 * count + (count + 7) // 8
            if data[at + length:at + length + 8] == vfio_flag(VFIO_END):
                return length
    raise ValueError('no end of the configuration payload at %#x' % at)


class _Cutter:
    def __init__(self, data):
        self.data, self.at, self.pieces = data, 0, []
        self.names = {}  # section id to name
        self.section = -1

    def take(self, length, kind, what=0, name=''):
        if self.at + length > len(self.data):
            raise ValueError('%s runs past the end at %#x' % (kind, self.at))
        self.pieces.append(Piece(kind, self.data[self.at:self.at + length], what,
                                 self.section, name))
        self.at += length

    def be32(self, at):
        return int.from_bytes(self.data[at:at + 4], 'big')

    def be64(self, at):
        return int.from_bytes(self.data[at:at + 8], 'big')

    def run(self):
        self.take(8, 'file-header')
        if self.data[self.at] == CONFIGURATION:
            self.configuration()
        while self.data[self.at] != EOF:
            kind = self.data[self.at]
            if kind == COMMAND:
                length = int.from_bytes(self.data[self.at + 3:self.at + 5], 'big')
                self.take(5 + length, 'command', self.data[self.at + 2])
            elif kind in TYPES:
                self.one_section(kind)
            else:
                raise ValueError('section type %d at %#x' % (kind, self.at))
        self.section = -1
        self.take(1, 'eof')
        if self.at < len(self.data) and self.data[self.at] == DESCRIPTION:
            self.take(5 + self.be32(self.at + 1), 'description')
        if self.at < len(self.data):
            self.take(len(self.data) - self.at, 'trailing')
        return self.pieces

    def configuration(self):
        end = self.at + 5 + self.be32(self.at + 1)
        while self.data[end] == 5:
            name = self.data[end + 2:end + 2 + self.data[end + 1]]
            end += 2 + len(name) + 4
            if name == b'configuration/target-page-bits':
                end += 4
            elif name == b'configuration/uuid':
                end += 16
            elif name == b'configuration/capabilities':
                count = self.be32(end)
                end += 4
                for _ in range(count):
                    end += 1 + self.data[end]
            else:
                raise ValueError('subsection %r' % name)
        self.take(end - self.at, 'configuration')

    def one_section(self, kind):
        self.section += 1
        ident = self.be32(self.at + 1)
        length = 5
        if kind in (START, FULL):
            size = self.data[self.at + 5]
            self.names[ident] = self.data[self.at + 6:self.at + 6 + size].decode()
            length = 14 + size
        name = self.names[ident]
        self.take(length, 'header', kind, name)
        if name == 'ram':
            self.ram()
        elif name.endswith('vfio'):
            self.vfio()
        else:
            self.device(ident)
        if self.data[self.at:self.at + 5] != struct.pack('>BI', FOOTER, ident):
            raise ValueError('no footer of %s at %#x' % (name, self.at))
        self.take(5, 'footer', kind, name)

    def ram(self):
        while True:
            word = self.be64(self.at)
            flags = word & 0xfff
            end = self.at + 8
            if flags & RAM_EOS:
                self.take(8, 'ram', flags, 'ram')
                return
            if flags == RAM_MEM_SIZE:
                left = word & ~0xfff
                while left > 0:
                    end += 1 + self.data[end]
                    left -= self.be64(end)
                    end += 8
            elif flags != RAM_FLUSH:
                if not flags & RAM_CONTINUE:
                    end += 1 + self.data[end]
                kind = flags & ~RAM_CONTINUE
                if kind == RAM_ZERO:
                    end += 1
                elif kind == RAM_PAGE:
                    end += 4096
                elif kind == RAM_XBZRLE:
                    end += 3 + int.from_bytes(self.data[end + 1:end + 3], 'big')
                elif kind == RAM_COMPRESS:
                    end += 4 + self.be32(end)
                else:
                    raise ValueError('ram flags %#x at %#x' % (flags, self.at))
            self.take(end - self.at, 'ram', flags, 'ram')

    def vfio(self):
        # A section ends with END_OF_STATE (or what stands for it) where a footer follows.
        while self.data[self.at] != FOOTER:
            which = self.be64(self.at) - VFIO_FLAG
            length = 8
            if which == VFIO_CONFIG:
                length += config_length(self.data, self.at + 8)
            elif which == VFIO_DATA:
                length += 8 + self.be64(self.at + 8)
            self.take(length, 'vfio', which)

    def device(self, ident):
        footer = struct.pack('>BI', FOOTER, ident)
        end = self.at
        while True:
            end = self.data.find(footer, end)
            if end < 0:
                raise ValueError('no footer for section %d' % ident)
            if self.plausible(end + 5):
                break
            end += 1
        self.take(end - self.at, 'body')

    def plausible(self, at):
        """Could a section, a command or the end mark stand here?"""
        kind = self.data[at]
        if kind == EOF:
            return at + 1 == len(self.data) or self.data[at + 1] == DESCRIPTION
        if kind in (START, FULL):
            name = self.data[at + 6:at + 6 + self.data[at + 5]]
            return len(name) > 0 and all(0x20 < byte < 0x7f for byte in name)
        return kind in (PART, END) and self.be32(at + 1) in self.names or kind == COMMAND


def cut(data):
    pieces = _Cutter(data).run()
    if join(pieces) != data:
        raise ValueError('the pieces do not add up')
    return pieces
