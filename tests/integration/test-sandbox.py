#!/usr/bin/env python3
"""No network: strace sees no socket but of the family AF_UNIX over a whole life of a project, and `attest` says so itself."""
import json
import os
import re
import shutil
import subprocess

from project import CHARTROOM, SANITIZED, Home, Skip, check, find_entities, main, make_notes, note, same, test


class Traced(Home):
    """Runs every command under strace."""

    def __init__(self):
        super().__init__()
        self.trace = os.path.join(self.dir, 'trace')

    def argv(self, *args, **more):
        calls = 'trace=socket,socketpair,connect,bind,sendto,sendmsg,io_uring_setup,execve'
        return ['strace', '-f', '-qq', '-A', '-o', self.trace, '-e', calls, *super().argv(*args, **more)]

    def traced(self):
        with open(self.trace, encoding='utf-8', errors='replace') as f:
            return f.read().splitlines()


def can_trace():
    if SANITIZED:
        raise Skip('the leak checker and strace both need ptrace')
    if not shutil.which('strace'):
        raise Skip('strace is not installed')
    done = subprocess.run(['strace', '-qq', '-e', 'trace=execve', 'true'], capture_output=True)
    if done.returncode != 0:
        raise Skip('strace may not trace here: ' + done.stderr.decode('utf-8', 'replace').strip()[:200])


@test
def no_sockets():
    """strace over a whole pipeline: no socket that is not AF_UNIX, no other program started"""
    can_trace()
    with Traced() as home:
        home.to_labelled(make_notes(6, 61), find_entities)
        home.export(os.path.join(home.dir, 'out'))
        home.run('audit verify')
        home.run('audit log')
        home.run('audit anchor')
        lines = home.traced()
        started = [line for line in lines if 'execve(' in line]
        check(len(started) > 15, 'the trace holds', len(started), 'programs')
        same([line for line in started if CHARTROOM not in line], [], 'other programs')
        sockets = [line for line in lines if re.search(r'\bsocket(pair)?\(', line)]
        same([line for line in sockets if not re.search(r'\((AF_UNIX|AF_LOCAL)\b', line)], [], 'sockets of other families')
        same([line for line in lines if re.search(r'\b(io_uring_setup|connect|bind|sendto)\(', line) and 'AF_UNIX' not in line], [],
             'calls to the network')
        note('%d programs traced, %d sockets, none of them of another family' % (len(started), len(sockets)))


@test
def streams():
    """strace over the stream commands: no socket that is not AF_UNIX"""
    can_trace()
    with Home() as home:
        trace = os.path.join(home.dir, 'trace')
        notes = home.file('notes.jsonl', make_notes(6, 62))
        with open(notes, 'rb') as f:
            done = subprocess.run(['strace', '-f', '-qq', '-o', trace, '-e', 'trace=socket,socketpair,connect', CHARTROOM, 'deid', '--replace', 'tag'],
                                  stdin=f, env=home.env(), capture_output=True)
        same(done.returncode, 0, done.stderr)
        same(len(done.stdout.splitlines()), 6, 'lines out')
        with open(trace, encoding='utf-8', errors='replace') as f:
            same([line for line in f if re.search(r'\bsocket(pair)?\(', line) and 'AF_UNIX' not in line], [], 'sockets')


@test
def attested():
    """`attest` tests its promises live and every one holds"""
    with Home() as home:
        done = subprocess.run([CHARTROOM, 'attest', '--json'], env=home.env(), capture_output=True, text=True)
        report = json.loads(done.stdout)
        broken = [p for p in report['promises'] if not p['enforced']]
        if SANITIZED:  # the leak checker needs a dumpable process
            broken = [p for p in broken if 'dump' not in p['promise']]
        same(broken, [], 'promises that do not hold')
        check(len(report['promises']) >= 3, report)
        if not SANITIZED:
            same(done.returncode, 0, done.stderr)
        digest = subprocess.run(['sha256sum', CHARTROOM], capture_output=True, text=True).stdout.split()[0]
        same(report['binary_sha256'], digest, 'the hash of the program')


main()
