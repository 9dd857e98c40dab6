# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Owns: the little of GDB's remote protocol that the proofs need.
Must not know: QEMU's command line, and migstat.
See also: one-instruction steps a guest with it, registers reads Arm's system registers.
"""

import re
import socket


class Debugger:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def ask(self, text):
        data = text.encode()
        self.socket.sendall(b'$%s#%02x' % (data, sum(data) & 0xff))
        answer = b''
        while b'#' not in answer or len(answer) < answer.rindex(b'#') + 3:
            answer += self.socket.recv(4096)
        self.socket.sendall(b'+')
        return answer[answer.index(b'$') + 1:answer.rindex(b'#')].decode('latin-1')

    def feature(self, annex):
        """A file of the target's description, which comes in pieces."""
        text, at = '', 0
        while True:
            answer = self.ask('qXfer:features:read:%s:%x,7f0' % (annex, at))
            text, at = text + answer[1:], at + len(answer) - 1
            if answer[:1] != 'm':
                return text

    def registers(self):
        """{name: value} of all registers that the target describes and can read."""
        self.ask('qSupported:xmlRegisters=i386,arm')
        target = self.feature('target.xml')
        found, number = {}, 0
        for annex in re.findall(r'<xi:include href="([^"]+)"', target):
            for tag in re.findall(r'<reg [^>]*>', self.feature(annex)):
                fields = dict(re.findall(r'(\w+)="([^"]*)"', tag))
                number = int(fields.get('regnum', number))
                answer = self.ask('p%x' % number)
                if re.fullmatch(r'(?:[0-9a-f]{2})+', answer):
                    found[fields['name']] = int.from_bytes(bytes.fromhex(answer), 'little')
                number += 1
        return found
