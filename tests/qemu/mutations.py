# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Owns: the table of mutations, each a small function that changes one thing of a good stream.
Must not know: QEMU, migstat.
See also: pieces.py cuts the stream; agree draws mutations and compares the verdicts.

A mutation gets the list of pieces and a random.Random, and returns a new list and a few
words that say what it changed. It returns None when the stream has nothing that it could
change. Its docstring names the change, and says how loaders take it where that is no matter
of the stream alone.
"""

import struct
from dataclasses import replace

from pieces import (CONFIGURATION, END, EOF, FULL, PART, RAM_CONTINUE, RAM_EOS, RAM_MEM_SIZE,
                    RAM_PAGE, RAM_ZERO, START, TYPES, VFIO_CONFIG, VFIO_CONFIG_READY, VFIO_DATA,
                    VFIO_END, VFIO_INIT_SENT, VFIO_SETUP, Piece, vfio_flag)

MUTATIONS = {}


def mutation(function):
    MUTATIONS[function.__name__.replace('_', '-')] = function
    return function


# ---- Helpers ----------------------------------------------------------------------------


def where(pieces, test):
    return [i for i, piece in enumerate(pieces) if test(piece)]


def pick(pieces, rng, test):
    found = where(pieces, test)
    return rng.choice(found) if found else None


def put(pieces, at, *new):
    """Replace the piece at `at` by `new`."""
    return pieces[:at] + list(new) + pieces[at + 1:]


def changed(pieces, at, data):
    return put(pieces, at, pieces[at].with_data(data))


def sections(pieces, test=lambda piece: True):
    """The numbers of the sections whose header passes the test."""
    return [piece.section for piece in pieces if piece.kind == 'header' and test(piece)]


def extent(pieces, number):
    """The slice of one section, header to footer."""
    inside = where(pieces, lambda piece: piece.section == number
                   and piece.kind in ('header', 'ram', 'vfio', 'body', 'footer'))
    return inside[0], inside[-1] + 1


def pick_section(pieces, rng, test=lambda piece: True):
    found = sections(pieces, test)
    return extent(pieces, rng.choice(found)) if found else None


def label(piece):
    return '%s of %s' % (TYPES.get(piece.what, piece.kind), piece.name)


def is_header(*types):
    return lambda piece: piece.kind == 'header' and (not types or piece.what in types)


def live(piece):
    return piece.name == 'ram' or piece.name.endswith('vfio')


def is_vfio(*flags):
    return lambda piece: piece.kind == 'vfio' and (not flags or piece.what in flags)


def is_page(piece):
    return piece.kind == 'ram' and piece.what & ~RAM_CONTINUE in (RAM_ZERO, RAM_PAGE)


def word_of(piece):
    return struct.unpack('>Q', piece.data[:8])[0]


def with_word(piece, word):
    return piece.with_data(struct.pack('>Q', word) + piece.data[8:])


def command(ident, payload=b''):
    return Piece('command', struct.pack('>BHH', 8, ident, len(payload)) + payload, ident)


def between_sections(pieces, rng):
    """A place before some section's header."""
    return rng.choice(where(pieces, is_header()))


# ---- The file's frame -------------------------------------------------------------------


@mutation
def magic(pieces, rng):
    """One byte of the magic number."""
    data = bytearray(pieces[0].data)
    at = rng.randrange(4)
    data[at] ^= 1 << rng.randrange(8)
    return changed(pieces, 0, bytes(data)), 'byte %d' % at


@mutation
def file_version(pieces, rng):
    """Another version of the file format."""
    version = rng.choice((0, 1, 2, 4, 0x80000003))
    return changed(pieces, 0, pieces[0].data[:4] + struct.pack('>I', version)), str(version)


@mutation
def configuration_dropped(pieces, _rng):
    """No configuration section."""
    at = where(pieces, lambda piece: piece.kind == 'configuration')
    return (put(pieces, at[0]), 'dropped') if at else None


@mutation
def configuration_repeated(pieces, rng):
    """A second configuration section, somewhere."""
    at = where(pieces, lambda piece: piece.kind == 'configuration')
    if not at:
        return None
    place = rng.choice([at[0] + 1, between_sections(pieces, rng)])
    return pieces[:place] + [pieces[at[0]]] + pieces[place:], 'before piece %d' % place


@mutation
def configuration_length(pieces, rng):
    """The length of the machine's name is a lie."""
    at = where(pieces, lambda piece: piece.kind == 'configuration')
    if not at:
        return None
    data = pieces[at[0]].data
    length = struct.unpack('>I', data[1:5])[0]
    lie = rng.choice((length + 1, length - 1, length + 100, 0x7fffffff, 0xffffffff))
    return changed(pieces, at[0], data[:1] + struct.pack('>I', lie) + data[5:]), '%#x' % lie


def _subsection(name, payload):
    return struct.pack('>BB', 5, len(name)) + name + struct.pack('>I', 1) + payload


@mutation
def machine_renamed(pieces, _rng):
    """Another machine type, which only the loader can tell."""
    at = where(pieces, lambda piece: piece.kind == 'configuration')
    if not at:
        return None
    data = pieces[at[0]].data
    return changed(pieces, at[0], data[:5] + b'x' + data[6:]), 'first letter'


@mutation
def configuration_capability(pieces, _rng):
    """A recorded capability that no release knows."""
    at = where(pieces, lambda piece: piece.kind == 'configuration')
    if not at:
        return None
    extra = _subsection(b'configuration/capabilities',
                        struct.pack('>IB', 1, 8) + b'nonsense')
    return changed(pieces, at[0], pieces[at[0]].data + extra), 'nonsense'


@mutation
def configuration_subsection(pieces, _rng):
    """A subsection of the configuration that no release knows."""
    at = where(pieces, lambda piece: piece.kind == 'configuration')
    if not at:
        return None
    extra = _subsection(b'configuration/nonsense', b'')
    return changed(pieces, at[0], pieces[at[0]].data + extra), 'nonsense'


@mutation
def eof_dropped(pieces, _rng):
    """No end mark; the description stands where it was."""
    at = where(pieces, lambda piece: piece.kind == 'eof')[0]
    return put(pieces, at), 'dropped'


@mutation
def eof_early(pieces, rng):
    """An end mark before some section."""
    at = between_sections(pieces, rng)
    return pieces[:at] + [Piece('eof', bytes([EOF]))] + pieces[at:], \
        'before the ' + label(pieces[at])


@mutation
def cut_short(pieces, rng):
    """The file ends early, anywhere."""
    data = b''.join(piece.data for piece in pieces)
    length = rng.randrange(len(data))
    return [Piece('trailing', data[:length])], 'after %#x of %#x bytes' % (length, len(data))


@mutation
def cut_in_tail(pieces, rng):
    """The file ends within the last 16 KiB before the description."""
    at = where(pieces, lambda piece: piece.kind == 'eof')[0]
    data = b''.join(piece.data for piece in pieces[:at + 1])
    length = len(data) - rng.randrange(1, 16384)
    return [Piece('trailing', data[:length])], 'after %#x of %#x bytes' % (length, len(data))


@mutation
def description_dropped(pieces, _rng):
    """No description. Loaders do not need it."""
    at = where(pieces, lambda piece: piece.kind == 'description')
    return (put(pieces, at[0]), 'dropped') if at else None


@mutation
def description_garbage(pieces, rng):
    """Bytes of the description are not JSON any more. Loaders skip it."""
    at = where(pieces, lambda piece: piece.kind == 'description')
    if not at:
        return None
    data = bytearray(pieces[at[0]].data)
    for _ in range(20):
        data[rng.randrange(5, len(data))] = rng.randrange(256)
    return changed(pieces, at[0], bytes(data)), '20 bytes'


@mutation
def description_length(pieces, rng):
    """The description's length is a lie. Loaders skip what there is."""
    at = where(pieces, lambda piece: piece.kind == 'description')
    if not at:
        return None
    data = pieces[at[0]].data
    lie = rng.choice((0, len(data) - 6, len(data) + 7, 0x7fffffff, 0xffffffff))
    return changed(pieces, at[0], data[:1] + struct.pack('>I', lie) + data[5:]), '%#x' % lie


@mutation
def trailing_bytes(pieces, rng):
    """Something follows the end. Loaders do not look."""
    junk = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 600)))
    return pieces + [Piece('trailing', junk)], '%d bytes' % len(junk)


# ---- Sections ---------------------------------------------------------------------------


@mutation
def section_type_unknown(pieces, rng):
    """A section type that may not stand there."""
    at = pick(pieces, rng, is_header())
    kind = rng.choice((5, 6, CONFIGURATION, 9, 0x42, 0x7e, 0xff))
    return changed(pieces, at, bytes([kind]) + pieces[at].data[1:]), \
        '%d for the %s' % (kind, label(pieces[at]))


@mutation
def section_type_swapped(pieces, rng):
    """START called FULL, PART called END, and the reverse. Loaders do not mind."""
    at = pick(pieces, rng, is_header())
    kind = {START: FULL, FULL: START, PART: END, END: PART}[pieces[at].what]
    return changed(pieces, at, bytes([kind]) + pieces[at].data[1:]), \
        '%s becomes %s' % (label(pieces[at]), TYPES[kind])


@mutation
def section_header_short(pieces, rng):
    """A START or FULL called PART or END: the name is read as the body."""
    at = pick(pieces, rng, is_header(START, FULL))
    kind = rng.choice((PART, END))
    return changed(pieces, at, bytes([kind]) + pieces[at].data[1:]), \
        '%s becomes %s' % (label(pieces[at]), TYPES[kind])


@mutation
def section_id(pieces, rng):
    """Another section id in a header, and only there."""
    at = pick(pieces, rng, is_header())
    ident = rng.choice((0, 1, 999, 0xffffffff))
    data = pieces[at].data
    if data[1:5] == struct.pack('>I', ident):
        ident += 1
    return changed(pieces, at, data[:1] + struct.pack('>I', ident) + data[5:]), \
        '%#x for the %s' % (ident, label(pieces[at]))


@mutation
def section_id_taken(pieces, rng):
    """A device's FULL section, footer included, uses the id of `ram` or of VFIO."""
    found = pick_section(pieces, rng,
                         lambda p: p.what == FULL and not live(p))
    other = pick(pieces, rng, lambda p: p.kind == 'header' and p.what == START)
    first, last = found
    ident = pieces[other].data[1:5]
    new = list(pieces)
    new[first] = pieces[first].with_data(pieces[first].data[:1] + ident +
                                         pieces[first].data[5:])
    new[last - 1] = pieces[last - 1].with_data(b'\x7e' + ident)
    return new, '%s takes the id of %s' % (label(pieces[first]), pieces[other].name)


@mutation
def section_version_new(pieces, rng):
    """`ram` or `vfio` in a version that does not exist."""
    at = pick(pieces, rng, lambda p: is_header(START, FULL)(p) and live(p))
    version = rng.choice((5, 100, 0x7fffffff))
    return changed(pieces, at, pieces[at].data[:-4] + struct.pack('>I', version)), \
        '%d for the %s' % (version, label(pieces[at]))


@mutation
def device_version_new(pieces, rng):
    """A device in a version that does not exist, which only the device can tell."""
    at = pick(pieces, rng, lambda p: is_header(FULL)(p) and not live(p))
    version = rng.choice((100, 0x7fffffff))
    return changed(pieces, at, pieces[at].data[:-4] + struct.pack('>I', version)), \
        '%d for the %s' % (version, label(pieces[at]))


@mutation
def ram_version_old(pieces, rng):
    """`ram` older than 4."""
    at = where(pieces, lambda p: is_header(START)(p) and p.name == 'ram')[0]
    version = rng.choice((0, 1, 2, 3))
    return changed(pieces, at, pieces[at].data[:-4] + struct.pack('>I', version)), str(version)


@mutation
def section_name_empty(pieces, rng):
    """A section without a name."""
    at = pick(pieces, rng, is_header(START, FULL))
    data = pieces[at].data
    return changed(pieces, at, data[:5] + b'\0' + data[-8:]), label(pieces[at])


@mutation
def section_renamed(pieces, rng):
    """A section of a device that the machine does not have, which only the loader knows."""
    at = pick(pieces, rng, is_header(START, FULL))
    data = pieces[at].data
    return changed(pieces, at, data[:5] + b'\x08nonsense' + data[-8:]), label(pieces[at])


@mutation
def section_instance(pieces, rng):
    """A second instance of a device, of which the machine has one."""
    at = pick(pieces, rng, is_header(START, FULL))
    return changed(pieces, at, pieces[at].data[:-8] + struct.pack('>I', 7)
                   + pieces[at].data[-4:]), label(pieces[at])


@mutation
def section_dropped(pieces, rng):
    """A device's section is missing. Loaders leave that device as it is after a reset."""
    first, last = pick_section(pieces, rng, lambda p: p.what == FULL and not live(p))
    return pieces[:first] + pieces[last:], label(pieces[first])


@mutation
def start_dropped(pieces, rng):
    """A live section without its START."""
    first, last = pick_section(pieces, rng, lambda p: p.what == START)
    return pieces[:first] + pieces[last:], label(pieces[first])


@mutation
def start_repeated(pieces, rng):
    """The START of a live section twice. Loaders bind the id again."""
    first, last = pick_section(pieces, rng, lambda p: p.what == START)
    return pieces[:last] + pieces[first:last] + pieces[last:], label(pieces[first])


@mutation
def end_dropped(pieces, rng):
    """A live section without its END. Loaders do not wait for it."""
    first, last = pick_section(pieces, rng, lambda p: p.what == END)
    return pieces[:first] + pieces[last:], label(pieces[first])


@mutation
def end_repeated(pieces, rng):
    """The END of a live section twice."""
    first, last = pick_section(pieces, rng, lambda p: p.what == END)
    return pieces[:last] + pieces[first:last] + pieces[last:], label(pieces[first])


@mutation
def part_late(pieces, rng):
    """A PART again after everything else."""
    found = pick_section(pieces, rng, lambda p: p.what == PART)
    if not found:
        return None
    at = where(pieces, lambda piece: piece.kind == 'eof')[0]
    return pieces[:at] + pieces[found[0]:found[1]] + pieces[at:], label(pieces[found[0]])


@mutation
def part_before_start(pieces, rng):
    """A PART before the START of its section."""
    found = pick_section(pieces, rng, lambda p: p.what == PART)
    if not found:
        return None
    section = pieces[found[0]:found[1]]
    rest = pieces[:found[0]] + pieces[found[1]:]
    at = where(rest, is_header())[0]
    return rest[:at] + section + rest[at:], label(section[0])


@mutation
def full_repeated(pieces, rng):
    """A device's section twice. Loaders load it twice."""
    first, last = pick_section(pieces, rng, lambda p: p.what == FULL and p.name in
                               ('timer', 'globalstate', 'slirp', 'i8259', 'dma')
                               or p.name.endswith('vfio') and p.what == FULL)
    return pieces[:last] + pieces[first:last] + pieces[last:], label(pieces[first])


@mutation
def full_order(pieces, rng):
    """Two neighbouring FULL sections change places."""
    found = sections(pieces, lambda p: p.what == FULL)
    number = rng.choice(found[:-1])
    first, middle = extent(pieces, number)
    if pieces[middle].kind != 'header':
        return None
    _, last = extent(pieces, pieces[middle].section)
    return (pieces[:first] + pieces[middle:last] + pieces[first:middle] + pieces[last:],
            '%s and %s' % (label(pieces[first]), label(pieces[middle])))


@mutation
def footer_dropped(pieces, rng):
    """One section has no footer."""
    at = pick(pieces, rng, lambda piece: piece.kind == 'footer')
    return put(pieces, at), label(pieces[at])


@mutation
def footer_repeated(pieces, rng):
    """One section has two footers."""
    at = pick(pieces, rng, lambda piece: piece.kind == 'footer')
    return put(pieces, at, pieces[at], pieces[at]), label(pieces[at])


@mutation
def footer_mark(pieces, rng):
    """Another byte where the footer should stand."""
    at = pick(pieces, rng, lambda piece: piece.kind == 'footer')
    mark = rng.choice((0x7f, 0x7d, 0x00, 0xff))
    return changed(pieces, at, bytes([mark]) + pieces[at].data[1:]), \
        '%#x for the %s' % (mark, label(pieces[at]))


@mutation
def footer_id(pieces, rng):
    """A footer names another section."""
    at = pick(pieces, rng, lambda piece: piece.kind == 'footer')
    ident = rng.choice((0, 999, 0xffffffff))
    return changed(pieces, at, b'\x7e' + struct.pack('>I', ident)), \
        '%#x for the %s' % (ident, label(pieces[at]))


@mutation
def footers_dropped(pieces, _rng):
    """No footers at all, as machine types before 2.4 wrote it."""
    return [piece for piece in pieces if piece.kind != 'footer'], 'all'


# ---- Commands ---------------------------------------------------------------------------


@mutation
def command_unknown(pieces, rng):
    """A command that no release knows."""
    at = between_sections(pieces, rng)
    ident = rng.choice((0, 12, 13, 100, 0xffff))
    return pieces[:at] + [command(ident)] + pieces[at:], str(ident)


@mutation
def command_length(pieces, rng):
    """A known command whose payload has the wrong length."""
    at = between_sections(pieces, rng)
    ident, length = rng.choice(((1, 4), (2, 3), (3, 8), (4, 1), (5, 2), (7, 3), (8, 1),
                                (9, 4)))
    return pieces[:at] + [command(ident, bytes(length))] + pieces[at:], \
        'command %d with %d bytes' % (ident, length)


@mutation
def command_ping(pieces, rng):
    """A PING, for which a file has no return path."""
    at = between_sections(pieces, rng)
    return pieces[:at] + [command(2, struct.pack('>I', 1))] + pieces[at:], \
        'before the ' + label(pieces[at])


@mutation
def command_switchover(pieces, rng):
    """SWITCHOVER_START, which came with 10.0."""
    at = where(pieces, lambda p: p.kind == 'header' and p.what == END)[0]
    return pieces[:at] + [command(11)] + pieces[at:], 'before the first END'


@mutation
def command_switchover_dropped(pieces, _rng):
    """SWITCHOVER_START is missing. Loaders do not wait for it."""
    at = where(pieces, lambda p: p.kind == 'command' and p.what == 11)
    return (put(pieces, at[0]), 'dropped') if at else None


@mutation
def command_packaged(pieces, rng):
    """A PACKAGED blob that ends after the end of the file."""
    at = between_sections(pieces, rng)
    return pieces[:at] + [command(7, struct.pack('>I', 0x7fffffff))] + pieces[at:], \
        'before the ' + label(pieces[at])


# ---- RAM --------------------------------------------------------------------------------


@mutation
def ram_flag_unknown(pieces, rng):
    """A record with a flag bit that means nothing."""
    at = pick(pieces, rng, is_page)
    bit = rng.choice((0x001, 0x400, 0x800))
    return put(pieces, at, with_word(pieces[at], word_of(pieces[at]) | bit)), '%#x' % bit


@mutation
def ram_flags_two(pieces, rng):
    """A record that is a zero page and a normal page."""
    at = pick(pieces, rng, is_page)
    flags = RAM_ZERO | RAM_PAGE
    return put(pieces, at, with_word(pieces[at], word_of(pieces[at]) | flags)), \
        'piece %d' % at


@mutation
def ram_eos_dropped(pieces, rng):
    """A body of `ram` that does not end."""
    at = pick(pieces, rng, lambda p: p.kind == 'ram' and p.what == RAM_EOS)
    return put(pieces, at), label(pieces[at + 1])


@mutation
def ram_eos_repeated(pieces, rng):
    """A body of `ram` that ends twice."""
    at = pick(pieces, rng, lambda p: p.kind == 'ram' and p.what == RAM_EOS)
    return put(pieces, at, pieces[at], pieces[at]), label(pieces[at + 1])


@mutation
def ram_eos_early(pieces, rng):
    """A body of `ram` that ends before its last records."""
    at = pick(pieces, rng, is_page)
    eos = Piece('ram', struct.pack('>Q', RAM_EOS), RAM_EOS, pieces[at].section, 'ram')
    return pieces[:at] + [eos] + pieces[at:], 'piece %d' % at


@mutation
def ram_page_repeated(pieces, rng):
    """A page twice. The last one wins."""
    at = pick(pieces, rng, is_page)
    return put(pieces, at, pieces[at], pieces[at]), 'piece %d' % at


@mutation
def ram_page_dropped(pieces, rng):
    """A page is missing. Loaders leave it as it is."""
    at = pick(pieces, rng, lambda p: is_page(p) and p.what & RAM_CONTINUE)
    return put(pieces, at), 'piece %d' % at


@mutation
def ram_continue_first(pieces, _rng):
    """The very first page claims to continue a block."""
    at = where(pieces, is_page)
    at = at[0]
    data = pieces[at].data
    return put(pieces, at, with_word(pieces[at].with_data(data[:8] + data[9 + data[8]:]),
                                     word_of(pieces[at]) | RAM_CONTINUE)), 'first page'


@mutation
def ram_offset_outside(pieces, rng):
    """A page beyond the end of every block."""
    at = pick(pieces, rng, is_page)
    return put(pieces, at, with_word(pieces[at], word_of(pieces[at]) | 1 << rng.choice(
        (40, 52, 63)))), 'piece %d' % at


@mutation
def ram_block_unknown(pieces, rng):
    """A page of a block that does not exist."""
    at = pick(pieces, rng, lambda p: is_page(p) and not p.what & RAM_CONTINUE)
    data = pieces[at].data
    return changed(pieces, at, data[:8] + b'\x08nonsense' + data[9 + data[8]:]), \
        'piece %d' % at


@mutation
def ram_zero_fill(pieces, rng):
    """A zero page filled with something else, which loaders since 10.0 refuse."""
    at = pick(pieces, rng, lambda p: is_page(p) and p.what & RAM_ZERO)
    fill = rng.randrange(1, 256)
    return changed(pieces, at, pieces[at].data[:-1] + bytes([fill])), str(fill)


@mutation
def ram_total(pieces, rng):
    """The block list's total is not the sum of the lengths."""
    at = where(pieces, lambda p: p.kind == 'ram' and p.what == RAM_MEM_SIZE)[0]
    total = (word_of(pieces[at]) & ~0xfff) + rng.choice((-4096, 4096, 1 << 30))
    return put(pieces, at, with_word(pieces[at], total | RAM_MEM_SIZE)), '%#x' % total


def _blocks(piece):
    blocks, at = [], 8
    while at < len(piece.data):
        end = at + 1 + piece.data[at] + 8
        blocks.append(piece.data[at:end])
        at = end
    return blocks


def _with_blocks(piece, blocks):
    total = sum(struct.unpack('>Q', block[-8:])[0] for block in blocks)
    return piece.with_data(struct.pack('>Q', total | RAM_MEM_SIZE) + b''.join(blocks))


@mutation
def ram_block_renamed(pieces, rng):
    """A block in the list that the machine does not have."""
    at = where(pieces, lambda p: p.kind == 'ram' and p.what == RAM_MEM_SIZE)[0]
    blocks = _blocks(pieces[at])
    which = rng.randrange(len(blocks))
    blocks[which] = b'\x08nonsense' + blocks[which][-8:]
    return put(pieces, at, _with_blocks(pieces[at], blocks)), 'block %d' % which


@mutation
def ram_list_dropped(pieces, _rng):
    """No block list. Loaders do not miss it."""
    at = where(pieces, lambda p: p.kind == 'ram' and p.what == RAM_MEM_SIZE)[0]
    return put(pieces, at), 'dropped'


@mutation
def ram_hook(pieces, rng):
    """A record that only RDMA has."""
    at = pick(pieces, rng, is_page)
    hook = Piece('ram', struct.pack('>Q', 0x80), 0x80, pieces[at].section, 'ram')
    return pieces[:at] + [hook] + pieces[at:], 'piece %d' % at


@mutation
def ram_flush(pieces, rng):
    """MULTIFD_FLUSH, which came with 8.1."""
    at = pick(pieces, rng, is_page)
    flush = Piece('ram', struct.pack('>Q', 0x200), 0x200, pieces[at].section, 'ram')
    return pieces[:at] + [flush] + pieces[at:], 'piece %d' % at


@mutation
def ram_compressed(pieces, rng):
    """A zlib page, which only loaders up to 9.0 with the capability take."""
    at = pick(pieces, rng, lambda p: is_page(p) and p.what & RAM_CONTINUE)
    word = word_of(pieces[at]) & ~0xfff | 0x100 | RAM_CONTINUE
    return changed(pieces, at, struct.pack('>QI', word, 8) + bytes(8)), 'piece %d' % at


@mutation
def ram_xbzrle(pieces, rng):
    """An XBZRLE page that is well formed, malformed, or of another encoding."""
    at = pick(pieces, rng, lambda p: is_page(p) and p.what & RAM_CONTINUE)
    word = word_of(pieces[at]) & ~0xfff | 0x40 | RAM_CONTINUE
    what, encoded = rng.choice((
        ('sound', b'\x01\x00\x03\x00\x01\xaa'), ('encoding 2', b'\x02\x00\x03\x00\x01\xaa'),
        ('too long', b'\x01\x10\x01' + bytes(0x1001)),
        ('run past the page', b'\x01\x00\x04\xff\x7f\x01\xaa'),
        ('empty run', b'\x01\x00\x02\x01\x00'), ('nothing', b'\x01\x00\x00')))
    return changed(pieces, at, struct.pack('>Q', word) + encoded), what


# ---- VFIO -------------------------------------------------------------------------------


@mutation
def vfio_flag_unknown(pieces, rng):
    """A record with a flag that no release knows."""
    at = pick(pieces, rng, is_vfio())
    if at is None:
        return None
    flag = struct.pack('>Q', rng.choice((0xffffffffef100000, 0xffffffffef100007,
                                         0xffffffffef110001, 0, 4)))
    return changed(pieces, at, flag + pieces[at].data[8:]), flag.hex()


@mutation
def vfio_end_dropped(pieces, rng):
    """A body or a configuration record without END_OF_STATE."""
    at = pick(pieces, rng, is_vfio(VFIO_END))
    return None if at is None else (put(pieces, at), 'piece %d' % at)


@mutation
def vfio_end_repeated(pieces, rng):
    """END_OF_STATE twice, which is how 5.2 and later loaders differ."""
    at = pick(pieces, rng, is_vfio(VFIO_END))
    return None if at is None else (put(pieces, at, pieces[at], pieces[at]), 'piece %d' % at)


@mutation
def vfio_data_longer(pieces, rng):
    """A data record that claims more bytes than it has."""
    at = pick(pieces, rng, is_vfio(VFIO_DATA))
    if at is None:
        return None
    data = pieces[at].data
    length = len(data) - 16 + rng.choice((1, 8, 4096))
    return changed(pieces, at, data[:8] + struct.pack('>Q', length) + data[16:]), \
        '%d' % length


@mutation
def vfio_data_shorter(pieces, rng):
    """A data record that claims fewer bytes than it has."""
    at = pick(pieces, rng, lambda p: is_vfio(VFIO_DATA)(p) and len(p.data) > 32)
    if at is None:
        return None
    data = pieces[at].data
    length = len(data) - 16 - rng.choice((1, 8))
    return changed(pieces, at, data[:8] + struct.pack('>Q', length) + data[16:]), \
        '%d' % length


@mutation
def vfio_data_dropped(pieces, rng):
    """A data record is missing. Only the device could tell."""
    at = pick(pieces, rng, is_vfio(VFIO_DATA))
    return None if at is None else (put(pieces, at), 'piece %d' % at)


@mutation
def vfio_data_empty(pieces, rng):
    """A data record without data."""
    at = pick(pieces, rng, is_vfio(VFIO_DATA))
    if at is None:
        return None
    empty = Piece('vfio', vfio_flag(VFIO_DATA) + bytes(8), VFIO_DATA, pieces[at].section)
    return pieces[:at] + [empty] + pieces[at:], 'piece %d' % at


@mutation
def vfio_setup_repeated(pieces, rng):
    """SETUP and its END_OF_STATE in some later section."""
    at = pick(pieces, rng, is_vfio(VFIO_END))
    if at is None:
        return None
    setup = Piece('vfio', vfio_flag(VFIO_SETUP), VFIO_SETUP, pieces[at].section)
    return pieces[:at] + [setup] + pieces[at:], 'piece %d' % at


@mutation
def vfio_setup_dropped(pieces, rng):
    """START without SETUP."""
    at = pick(pieces, rng, is_vfio(VFIO_SETUP))
    return None if at is None else (put(pieces, at), 'dropped')


@mutation
def vfio_config_dropped(pieces, rng):
    """The configuration record is missing, its END_OF_STATE stays."""
    at = pick(pieces, rng, is_vfio(VFIO_CONFIG))
    return None if at is None else (put(pieces, at), 'dropped')


@mutation
def vfio_full_dropped(pieces, rng):
    """The FULL section with the configuration is missing. Loaders do not miss it."""
    found = pick_section(pieces, rng, lambda p: p.what == FULL and live(p))
    return found and (pieces[:found[0]] + pieces[found[1]:], label(pieces[found[0]]))


@mutation
def vfio_config_repeated(pieces, rng):
    """The configuration record and its END_OF_STATE twice in one body."""
    at = pick(pieces, rng, is_vfio(VFIO_CONFIG))
    if at is None:
        return None
    return pieces[:at] + pieces[at:at + 2] + pieces[at:], 'piece %d' % at


@mutation
def vfio_config_moved(pieces, rng):
    """The other layout: the record goes from FULL to the head of END, or the reverse."""
    at = pick(pieces, rng, is_vfio(VFIO_CONFIG))
    if at is None:
        return None
    record = pieces[at:at + 2]
    ident = next(p for p in pieces if p.kind == 'header' and p.section == record[0].section)
    start = next(p for p in pieces if p.kind == 'header' and p.what == START
                 and p.data[1:5] == ident.data[1:5])
    if ident.what == FULL:
        first, last = extent(pieces, ident.section)
        rest = pieces[:first] + pieces[last:]
        end = where(rest, lambda p: p.kind == 'header' and p.what == END
                    and p.data[1:5] == ident.data[1:5])[0]
        record = [replace(p, section=rest[end].section) for p in record]
        return rest[:end + 1] + record + rest[end + 1:], 'to END'
    rest = pieces[:at] + pieces[at + 2:]
    eof = where(rest, lambda p: p.kind == 'eof')[0]
    full = [replace(start, what=FULL, data=bytes([FULL]) + start.data[1:]), *record,
            Piece('footer', b'\x7e' + start.data[1:5], FULL, name=start.name)]
    number = 1 + max(p.section for p in pieces)
    full = [replace(p, section=number) for p in full]
    return rest[:eof] + full + rest[eof:], 'to FULL'


@mutation
def vfio_config_version(pieces, rng):
    """The PCI device in the configuration payload has an impossible version."""
    at = pick(pieces, rng, is_vfio(VFIO_CONFIG))
    if at is None:
        return None
    version = rng.choice((3, 100, 0x80000000, 0xffffffff))
    data = pieces[at].data
    return changed(pieces, at, data[:8] + struct.pack('>I', version) + data[12:]), \
        '%#x' % version


@mutation
def vfio_config_intx(pieces, rng):
    """An INTx pin in the configuration payload is neither low nor high."""
    at = pick(pieces, rng, is_vfio(VFIO_CONFIG))
    if at is None:
        return None
    data = bytearray(pieces[at].data)
    pin = rng.randrange(4)
    data[8 + 4 + 4096 + 4 * pin + 3] = 2
    return changed(pieces, at, bytes(data)), 'pin %d' % pin


@mutation
def vfio_init_sent(pieces, rng):
    """INIT_DATA_SENT for END_OF_STATE, though switchover-ack was not used."""
    at = pick(pieces, rng, is_vfio(VFIO_END))
    if at is None:
        return None
    return put(pieces, at, Piece('vfio', vfio_flag(VFIO_INIT_SENT), VFIO_INIT_SENT,
                                 pieces[at].section)), 'piece %d' % at


@mutation
def vfio_config_ready(pieces, rng):
    """CONFIG_LOAD_READY for END_OF_STATE, though the data is not on other channels."""
    at = pick(pieces, rng, is_vfio(VFIO_END))
    if at is None:
        return None
    return put(pieces, at, Piece('vfio', vfio_flag(VFIO_CONFIG_READY), VFIO_CONFIG_READY,
                                 pieces[at].section)), 'piece %d' % at


@mutation
def vfio_subflag(pieces, rng):
    """A subflag word after the configuration flag, which stock QEMU does not know."""
    at = pick(pieces, rng, is_vfio(VFIO_CONFIG))
    if at is None:
        return None
    data = pieces[at].data
    word = struct.pack('>Q', 0xffffffffef110003)
    return changed(pieces, at, data[:8] + word + data[8:]), 'SETUP and ENABLE_IRQ'


@mutation
def vfio_trailing(pieces, rng):
    """A few bytes between the last record and the footer."""
    at = pick(pieces, rng, lambda p: p.kind == 'footer' and p.name.endswith('vfio'))
    if at is None:
        return None
    return pieces[:at] + [Piece('vfio', bytes(rng.choice((1, 4, 8))))] + pieces[at:], \
        label(pieces[at])


# ---- No change --------------------------------------------------------------------------


@mutation
def none(pieces, _rng):
    """Nothing: both sides have to accept the stream as it is."""
    return list(pieces), 'unchanged'
