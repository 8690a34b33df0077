#!/usr/bin/env python3
"""One bit flipped, or the end cut off, in every file of a closed project: a clear refusal, or exactly what was read before.
Never something else, never a crash, never a hang; and the refusal leaves the files as they were."""
import os
import random
import shutil
import tempfile

from project import Home, PROJECT_FILES, SANITIZED, check, find_entities, main, make_notes, note, same, test

SEED = 77
FLIPS = {'keyring': 300, 'work.db': 500, 'vault.db': 400, 'audit.log': 350, 'audit.head': 500}
CUTS = 25
if SANITIZED:
    FLIPS = {k: n // 5 for k, n in FLIPS.items()}
    CUTS = 6

# The first reads without writing, the second goes deep: originals, cleared texts and findings, every event.
READS = {'keyring': (('status',), ('audit verify',)),
         'work.db': (('status',), ('label', '--all')),
         'vault.db': (('review', 'list'), ('review', 'show', None)),
         'audit.log': (('audit verify',), ('audit log',), ('status',)),
         'audit.head': (('audit verify',), ('status',))}


class Closed:
    """A small closed project of approved notes, and what reading it prints."""

    def __init__(self):
        self.home = Home()
        self.home.to_labelled(make_notes(4, 11), find_entities)
        self.note = self.home.notes_in_review()[0]
        self.kept = tempfile.mkdtemp(prefix='chartroom-kept-')
        self.content = {name: open(os.path.join(self.home.path, name), 'rb').read() for name in PROJECT_FILES}
        shutil.copytree(self.home.dir, self.kept, dirs_exist_ok=True)
        self.before = {}
        for reads in READS.values():
            for read in reads:
                self.before[read] = self.read(read, 0).out
                self.restore()

    def close(self):
        shutil.rmtree(self.kept)
        self.home.__exit__()

    def read(self, read, status=None):
        words = [self.note if word is None else word for word in read]
        return self.home.run(*words, status=status)

    def restore(self):
        """The project folder and the anchor, as they were."""
        for part in ('p.chartroom', 'xdg'):
            there, kept = os.path.join(self.home.dir, part), os.path.join(self.kept, part)
            shutil.rmtree(there)
            shutil.copytree(kept, there)

    def write(self, name, content):
        with open(os.path.join(self.home.path, name), 'wb') as f:
            f.write(content)

    def differing(self, name, content):
        """Files that are not what they were before the command (the changed one as it was changed)."""
        wanted = dict(self.content)
        wanted[name] = content
        return [n for n in PROJECT_FILES if open(os.path.join(self.home.path, n), 'rb').read() != wanted[n]]

    def attempt(self, name, content, what):
        """TRUE where every read refused, FALSE where every read gave what it gave before; else a failure."""
        refused = 0
        for read in READS[name]:
            self.write(name, content)
            result = self.read(read)
            if result.status == 0 and result.out == self.before[read]:
                self.restore()
                continue
            check(result.status in (1, 2), what, 'is read as something else:' if result.status == 0 else 'ends badly:', result)
            named = result.error is not None or (read == ('audit verify',) and result.json['ok'] is False)
            check(named, what, 'gives no clear refusal:', result)
            same(self.differing(name, content), [], '%s: a refusal wrote; %s' % (what, result))
            self.restore()
            refused += 1
        return refused > 0


def places(name, size, rng):
    """All bytes of the first 200, then bytes drawn from the rest."""
    first = list(range(min(200, size)))
    if SANITIZED:
        first = rng.sample(first, min(len(first), FLIPS[name] // 2))
    drawn = range(200, size)
    return first + rng.sample(drawn, min(len(drawn), max(0, FLIPS[name] - len(first))))


def flip_file(name):
    rng = random.Random('%d %s' % (SEED, name))
    closed = Closed()
    try:
        content = closed.content[name]
        chosen = places(name, len(content), rng)
        refused = 0
        for at in chosen:
            bit = rng.randrange(8)
            changed = bytearray(content)
            changed[at] ^= 1 << bit
            refused += closed.attempt(name, bytes(changed), '%s, byte %d of %d, bit %d' % (name, at, len(content), bit))
        cuts = [0, 1, len(content) - 1] + [rng.randrange(len(content)) for _ in range(CUTS)]
        for length in cuts:
            refused += closed.attempt(name, content[:length], '%s cut to %d of %d bytes' % (name, length, len(content)))
        note('%s: %d flips and %d cuts, %d of them refused, the others read as before' % (name, len(chosen), len(cuts), refused))
        if name in ('keyring', 'audit.log', 'audit.head'):
            same(refused, len(chosen) + len(cuts), 'every byte of %s counts; refused' % name)
    finally:
        closed.close()


@test
def flip_keyring():
    """keyring: every flip and every cut is refused"""
    flip_file('keyring')


@test
def flip_work():
    """work.db: a flip or a cut is refused, or reads as before"""
    flip_file('work.db')


@test
def flip_vault():
    """vault.db: a flip or a cut is refused, or reads as before"""
    flip_file('vault.db')


@test
def flip_log():
    """audit.log: every flip and every cut is refused"""
    flip_file('audit.log')


@test
def flip_head():
    """audit.head: every flip and every cut is refused"""
    flip_file('audit.head')


@test
def missing_files():
    """A missing file is refused by name"""
    closed = Closed()
    try:
        for name in PROJECT_FILES:
            for read in READS[name]:
                os.unlink(os.path.join(closed.home.path, name))
                result = closed.read(read)
                check(result.status in (0, 1, 2), name, 'is missing:', result)
                check(result.status != 0 or result.out == closed.before[read], name, 'is missing:', result)
                check(result.status == 0 or result.error or result.json['ok'] is False, name, 'is missing:', result)
                closed.restore()
    finally:
        closed.close()


main()
