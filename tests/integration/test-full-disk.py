#!/usr/bin/env python3
"""A full disk: the command says so (disk-full), the project is intact, and once there is room the work goes on. On a real small
disk where one can be mounted, under a limit of file size, and with the disk failing at each single write in turn."""
import os
import resource
import shutil
import signal
import subprocess
import tempfile

from project import BUILD, SANITIZED, Home, Skip, check, check_receipt, find_entities, main, make_notes, note, same, test

SHIM = os.path.join(os.path.abspath(BUILD), 'tests', 'integration', 'libworld-shim.so')


def sound(home, n_max):
    """The project opens, its trail holds; returns how many notes it has."""
    n = sum(home.states().values())
    check(n <= n_max, n, 'notes')
    home.verify()
    return n


class SmallDisk:
    """A tmpfs of some megabytes, for those who may mount one."""

    def __init__(self, megabytes):
        self.dir = tempfile.mkdtemp(prefix='chartroom-disk-')
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=%dm' % megabytes, 'tmpfs', self.dir], capture_output=True)
        if done.returncode != 0:
            os.rmdir(self.dir)
            raise Skip('no tmpfs can be mounted here: ' + done.stderr.decode('utf-8', 'replace').strip()[:100])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(['umount', self.dir], check=True)
        os.rmdir(self.dir)


@test
def small_disk():
    """A disk of 32 MB fills up during an import: disk-full, the project intact, and complete after space is freed"""
    n = 6000
    with SmallDisk(32) as disk, Home(parent=disk.dir) as home, Home() as outside:
        rows = outside.file('notes.jsonl', make_notes(n, 71, length=4000))
        home.init()
        home.run('import', outside.file('first.jsonl', make_notes(3, 72)))
        result = home.run('import', rows, status=3, error='disk-full')
        check('notes are in; then' in result.err, result)
        full = home.run('status', status=(0, 3))  # it may not find room to tidy up
        check(full.status == 0 or full.error == 'disk-full' or 'disk-full' in full.err, full)
        subprocess.run(['mount', '-o', 'remount,size=128m', disk.dir], check=True)
        before = sound(home, n + 3)
        check(before >= 3, before, 'notes are left')
        again = home.run('import', rows, status=(0, 1)).json
        same((again['accepted'], again['quarantined']), (n + 3 - before, before - 3), 'imported again')
        same(home.states(), {'imported': n + 3}, 'notes')
        home.verify()
        note('%d of %d notes were in when the disk was full' % (before - 3, n))


@test
def small_files():
    """A limit of file size during import: disk-full, intact, and the import can be run again"""
    n = 1500
    with Home() as home:
        home.init()
        rows = home.file('notes.jsonl', make_notes(n, 73, length=2000))

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))

        home.run('import', rows, status=3, error='disk-full', preexec=limit)
        before = sound(home, n)
        again = home.run('import', rows, status=(0, 1)).json
        same((again['accepted'], again['quarantined']), (n - before, before), 'imported again')
        same(home.states(), {'imported': n}, 'notes')
        home.verify()


# ---- the disk is full from the N-th write on, for every N ----


def n_writes(home, args):
    """How many calls that change files the command makes, undisturbed."""
    count = os.path.join(home.dir, 'count')
    home.run(*args, more={'LD_PRELOAD': SHIM, 'CR_SHIM_COUNT': count})
    with open(count, encoding='ascii') as f:
        return int(f.read())


def every_write(home, args, after, step=1):
    """Runs the command with the disk full from write 1, 1 + step, … on; after(refused) says what must hold then."""
    if SANITIZED:
        raise Skip('a shim does not go before the sanitizers')
    kept = tempfile.mkdtemp(prefix='chartroom-kept-')
    shutil.copytree(home.dir, kept, dirs_exist_ok=True)
    try:
        total, refusals = n_writes(home, args), 0
        for n in range(1, total + 1, step):
            shutil.rmtree(home.dir)
            shutil.copytree(kept, home.dir)
            result = home.run(*args, status=(0, 3), more={'LD_PRELOAD': SHIM, 'CR_SHIM_FULL': str(n)})
            try:
                if result.status == 3:
                    same(result.error, 'disk-full', str(result))
                refusals += result.status == 3
                after(result.status == 3)
            except BaseException:
                note('%s, the disk full from call %d of %d on; %s' % (args[0], n, total, result))
                raise
        note('%s: %d calls that change files, %d of them refused the command' % (args[0], total, refusals))
    finally:
        shutil.rmtree(kept)


@test
def full_import():
    """import with the disk full from any write on: disk-full, intact, complete when run again"""
    n = 12
    with Home() as home:
        home.init()
        rows = home.file('notes.jsonl', make_notes(n, 74))

        def after(refused):
            before = sound(home, n)
            check(refused or before == n, before, 'notes after a success')
            again = home.run('import', rows, status=(0, 1)).json
            same(again['accepted'], n - before, 'accepted again')
            same(home.states(), {'imported': n}, 'notes')
            home.verify()

        every_write(home, ('import', rows), after)


@test
def full_label():
    """label with the disk full from any write on: the findings are all there or none is"""
    with Home() as home:
        home.init()
        home.run('import', home.file('notes.jsonl', make_notes(4, 75)))
        home.clear()
        home.publish()
        home.assign()
        labels = [{'id': n, 'entities': find_entities(r['text'])} for n, r in home.readable().items()]
        path = home.file('labels.jsonl', labels)

        def after(refused):
            sound(home, 4)
            found = [len(row['entities']) for row in home.readable().values()]
            check(all(found) or (refused and not any(found)), 'findings in part:', found)
            home.run('label', '--all', '--file', path)
            check(all(row['entities'] for row in home.readable().values()), 'labelled again')

        every_write(home, ('label', '--all', '--file', path), after)


@test
def full_export():
    """export with the disk full from any write on: nothing at --out, or the whole export"""
    with Home() as home:
        home.to_labelled(make_notes(3, 76), find_entities)
        out = os.path.join(home.dir, 'out')
        home.export(out)
        shutil.rmtree(out)
        args = ('export', '--format', 'jsonl,csv', '--out', out)

        def after(refused):
            sound(home, 3)
            check(refused or os.path.isdir(out), 'an export that ended well is not there')
            if os.path.isdir(out):
                check_receipt(out)
            home.run(*args)
            check_receipt(out)
            left = [n for n in os.listdir(home.dir) if n.startswith('out') and n != 'out']
            same(left, [], 'left beside the export')

        every_write(home, args, after, step=2)


main()
