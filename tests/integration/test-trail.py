#!/usr/bin/env python3
"""The audit trail of a real project, mutated by somebody without the keys: `audit verify` says which event, exit 1. What no
chain can show by itself, a trail rolled back whole, shows against an anchor that was kept."""
import hashlib
import os
import random
import shutil

from project import Home, SANITIZED, check, find_entities, main, make_notes, same, test

SEED = 4711
LOOPS = 40 if SANITIZED else 200


class Trail:
    """A project with a trail of some hundred events, its log and head, and an anchor from half way."""

    def __init__(self):
        self.home = home = Home()
        home.init()
        home.run('import', home.file('notes.jsonl', make_notes(20, 31)))
        home.clear()
        self.early_log, self.early_head = self.load('audit.log'), self.load('audit.head')
        home.publish()
        home.assign()
        self.anchor = os.path.join(home.dir, 'kept.anchor')
        home.run('audit anchor', '--out', self.anchor)
        labels = [{'id': n, 'entities': find_entities(r['text'])} for n, r in home.readable().items()]
        home.run('label', '--all', '--file', home.file('labels.jsonl', labels))
        self.log, self.head = self.load('audit.log'), self.load('audit.head')
        self.lines = self.log.splitlines(keepends=True)
        self.local_anchors = os.path.join(home.dir, 'xdg', 'chartroom')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.home.__exit__()

    def load(self, name):
        with open(os.path.join(self.home.path, name), 'rb') as f:
            return f.read()

    def put(self, log, head=None):
        for name, content in (('audit.log', log), ('audit.head', self.head if head is None else head)):
            with open(os.path.join(self.home.path, name), 'wb') as f:
                f.write(content)

    def forget_local_anchor(self):
        shutil.rmtree(self.local_anchors, ignore_errors=True)

    def verify(self, *args, status=None):
        return self.home.run('audit verify', *args, status=status)

    def broken(self, what, at=None, *args):
        """Verification must fail, with the number of the event; at: which (None: any), or the allowed numbers."""
        result = self.verify(*args, status=1)
        report = result.json
        check(report['ok'] is False and report['what'], what, result)
        if at is not None:
            check(report['broken_at'] in at, what, 'was found at event', report['broken_at'], 'and should be at', at)
        return report


@test
def unchanged():
    """An unchanged trail holds, against the anchor too, and says since when"""
    with Trail() as t:
        for args in ((), ('--anchor', t.anchor)):
            report = t.verify(*args, status=0).json
            same((report['ok'], report['events'], report['signed']), (True, len(t.lines), len(t.lines)), args)
        same(len(t.home.run('audit log').lines), len(t.lines), 'events in the log')


@test
def edited():
    """An edited event is named: any byte of it, or a whole other value"""
    rng = random.Random(SEED)
    with Trail() as t:
        first = t.home.run('audit log').lines[0]['seq']
        for _ in range(LOOPS):
            i = rng.randrange(len(t.lines))
            line = bytearray(t.lines[i])
            at = rng.randrange(len(line) - 1)
            line[at] = (line[at] + rng.randrange(1, 255)) % 256
            t.put(b''.join(t.lines[:i] + [bytes(line)] + t.lines[i + 1:]))
            t.broken('event %d edited at byte %d' % (i + first, at), (i + first, i + first + 1))
        for i, line in enumerate(t.lines):
            if b'labelled' not in line and b'cleared' not in line:
                continue
            t.put(b''.join(t.lines[:i] + [line.replace(b'labelled', b'approved').replace(b'cleared', b'checked')] + t.lines[i + 1:]))
            t.broken('event %d reworded' % (i + first), (i + first, i + first + 1))


@test
def dropped():
    """A dropped event is named, wherever it stood"""
    rng = random.Random(SEED + 1)
    with Trail() as t:
        first = t.home.run('audit log').lines[0]['seq']
        for _ in range(LOOPS // 2):
            i = rng.randrange(len(t.lines))
            n = rng.randrange(1, 4)
            t.put(b''.join(t.lines[:i] + t.lines[i + n:]))
            t.broken('%d events dropped from %d on' % (n, i + first), range(i + first - 1, i + first + n + 1))


@test
def swapped():
    """Two events that changed places are named"""
    rng = random.Random(SEED + 2)
    with Trail() as t:
        first = t.home.run('audit log').lines[0]['seq']
        for _ in range(LOOPS // 2):
            i, j = sorted(rng.sample(range(len(t.lines)), 2))
            lines = list(t.lines)
            lines[i], lines[j] = lines[j], lines[i]
            t.put(b''.join(lines))
            t.broken('events %d and %d swapped' % (i + first, j + first), (i + first, i + first + 1))


@test
def doubled():
    """An event that stands there twice, or comes from another place, is named"""
    rng = random.Random(SEED + 3)
    with Trail() as t:
        first = t.home.run('audit log').lines[0]['seq']
        for _ in range(LOOPS // 4):
            i, j = rng.randrange(len(t.lines)), rng.randrange(len(t.lines))
            t.put(b''.join(t.lines[:i] + [t.lines[j]] + t.lines[i:]))
            t.broken('event %d put in front of %d' % (j + first, i + first), (i + first, i + first + 1, j + first))


@test
def truncated():
    """A trail cut anywhere, between two events or inside one, does not hold, and the project does not open"""
    rng = random.Random(SEED + 4)
    with Trail() as t:
        for _ in range(LOOPS // 4):
            length = rng.randrange(len(t.log))
            t.put(t.log[:length])
            t.broken('cut to %d bytes' % length)
        for n in range(1, len(t.lines), len(t.lines) // 10):
            t.put(b''.join(t.lines[:n]))
            t.broken('cut after %d events' % n)
            refused = t.home.run('status', status=(1, 2))
            check(refused.error in ('audit-broken', 'store-behind', 'damaged'), refused)
        t.put(t.log)
        t.verify(status=0)
        t.home.run('status')


@test
def rehashed():
    """Events hashed anew after an edit still fail: against the signature, and against an anchor kept elsewhere"""
    with Trail() as t:
        same(rechain(t.lines, 0, b'', b''), t.lines, 'the hash is what this test takes it for')
        at = next(i for i in range(len(t.lines) // 3, len(t.lines)) if b'"role":"privacy"' in t.lines[i])
        t.put(b''.join(rechain(t.lines, at)))
        t.broken('against the head and the anchor of this machine')
        t.forget_local_anchor()
        t.broken('against the head alone')
        t.broken('against the head and a kept anchor', None, '--anchor', t.anchor)
        os.unlink(os.path.join(t.home.path, 'audit.head'))
        t.broken('against a kept anchor alone', None, '--anchor', t.anchor)
        same(t.verify().json['signed'], 0, 'nothing vouches for it without head and anchors; signed')
        refused = t.home.run('status', status=(1, 2))
        same(refused.error, 'audit-broken', str(refused))


def rechain(lines, at, old=b'"role":"privacy"', new=b'"role":"auditor"'):
    """What somebody does who knows the format: changes an event and computes its hash and every later one again (SHA-256
    over the bytes before the hash)."""
    changed, previous = list(lines[:at]), None
    for line in lines[at:]:
        body = line[:line.rindex(b',"hash":"')]
        if previous is None:
            body = body.replace(old, new, 1)
        else:
            body = body[:body.rindex(b'"prev":"')] + b'"prev":"' + previous + b'"'
        previous = hashlib.sha256(body).hexdigest().encode()
        changed.append(body + b',"hash":"' + previous + b'"}\n')
    return changed


@test
def rolled_back():
    """A log and head rolled back together hold by themselves; the anchor of this machine or a kept one shows it"""
    with Trail() as t:
        t.put(t.early_log, t.early_head)
        t.broken('rolled back, against the anchor of this machine')
        t.broken('rolled back, against both', None, '--anchor', t.anchor)
        t.forget_local_anchor()
        report = t.verify(status=0).json
        check(report['events'] < len(t.lines), report)
        t.broken('rolled back, against the kept anchor', None, '--anchor', t.anchor)
        refused = t.home.run('status', status=(1, 2))  # the stores tell of more than the trail
        same(refused.error, 'audit-broken', str(refused))


@test
def rolled_back_whole():
    """A whole project put back from an old copy opens, and shows against an anchor that was kept"""
    with Home() as home:
        home.init()
        home.run('import', home.file('a.jsonl', make_notes(3, 41)))
        old = os.path.join(home.dir, 'old')
        shutil.copytree(home.path, old)
        home.run('import', home.file('b.jsonl', make_notes(3, 42)))
        anchor = os.path.join(home.dir, 'kept.anchor')
        home.run('audit anchor', '--out', anchor)
        shutil.rmtree(home.path)
        shutil.copytree(old, home.path)
        same(home.run('audit verify', status=1).json['ok'], False, 'against the anchor of this machine')
        shutil.rmtree(os.path.join(home.dir, 'xdg', 'chartroom'))
        same(home.run('audit verify').json['ok'], True, 'by itself')
        same(home.run('audit verify', '--anchor', anchor, status=1).json['ok'], False, 'against the kept anchor')


@test
def old_store():
    """One store put back alone from an old copy is refused, and put forward again opens"""
    with Home() as home:
        home.init()
        home.run('import', home.file('a.jsonl', make_notes(3, 43)))
        home.run('detect')
        old = os.path.join(home.dir, 'old')
        shutil.copytree(home.path, old)
        home.run('review', 'decide', '--file', home.decisions())
        home.run('review', 'sign', 'import-1')
        home.run('redact')
        new = os.path.join(home.dir, 'new')
        shutil.copytree(home.path, new)
        for name in ('vault.db', 'work.db'):
            shutil.copy(os.path.join(old, name), home.path)
            home.run('status', status=(1, 2), error='store-behind')
            shutil.copy(os.path.join(new, name), home.path)
            same(home.states(), {'cleared': 3}, name)
        for name in ('work.db', 'audit.log', 'audit.head'):
            shutil.copy(os.path.join(old, name), home.path)
        home.run('status', status=2, error='store-behind')  # the vault tells of more than one transaction after it
        for name in ('work.db', 'audit.log', 'audit.head'):
            shutil.copy(os.path.join(new, name), home.path)
        same(home.states(), {'cleared': 3}, 'all put forward')
        home.verify()


@test
def foreign_anchor():
    """An anchor of another project, or a damaged one, is no proof"""
    with Trail() as t, Home() as other:
        other.init()
        path = os.path.join(other.dir, 'anchor')
        other.run('audit anchor', '--out', path)
        result = t.verify('--anchor', path, status=(1, 2))
        check(result.error or result.json['ok'] is False, result)
        with open(t.anchor, 'rb') as f:
            content = bytearray(f.read())
        for at in range(0, len(content), max(1, len(content) // 40)):
            changed = bytearray(content)
            changed[at] ^= 1
            with open(path, 'wb') as f:
                f.write(bytes(changed))
            result = t.verify('--anchor', path, status=(1, 2))
            check(result.error or result.json['ok'] is False, 'anchor with byte', at, 'changed:', result)


main()
