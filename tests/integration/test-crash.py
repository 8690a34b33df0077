#!/usr/bin/env python3
"""kill -9 at random moments, and in front of each single call that changes a file. After each: the project opens, its trail holds, everything acknowledged before is there,
what was interrupted can be done again and comes to the same end, and no export is ever visible in part.

The moments are drawn with a seed between the start of a command and a little after its usual end; each operation starts
from a copy of the same project, so that what must be there afterwards is known."""
import os
import random
import shutil
import subprocess
import tempfile
import time

from project import (BUILD, Home, SANITIZED, Skip, TIMEOUT, check, check_receipt, find_entities, main, make_notes, note, same, test)

LOOPS = {'import': 50, 'detect': 20, 'decide': 25, 'redact': 25, 'label': 30, 'export': 30, 'acknowledged': 20}
if SANITIZED:
    LOOPS = {k: n * 60 // 200 for k, n in LOOPS.items()}
SEED = 20240131
SHIM = os.path.join(os.path.abspath(BUILD), 'tests', 'integration', 'libworld-shim.so')


class Template:
    """A project at a known point, copied for each loop."""

    def __init__(self, home):
        self.home = home
        self.kept = tempfile.mkdtemp(prefix='chartroom-kept-')
        shutil.copytree(home.dir, self.kept, dirs_exist_ok=True)

    def restore(self):
        for name in os.listdir(self.home.dir):
            path = os.path.join(self.home.dir, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        shutil.copytree(self.kept, self.home.dir, dirs_exist_ok=True)

    def drop(self):
        shutil.rmtree(self.kept)


def start(home, *args):
    return subprocess.Popen(home.argv(*args), env=home.env(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)


def time_of(home, *args):
    """How long the command takes here when nobody kills it, the shortest of three on fresh copies."""
    took = []
    template = Template(home)
    for _ in range(3):
        began = time.monotonic()
        process = start(home, *args)
        same(process.wait(TIMEOUT), 0, args)
        took.append(time.monotonic() - began)
        template.restore()
    template.drop()
    return min(took)


def kill_at(home, moment, *args):
    """Starts a command and kills it after so many seconds; TRUE where it had ended with 0 before."""
    process = start(home, *args)
    time.sleep(moment)
    process.kill()
    status = process.wait(TIMEOUT)
    check(status in (0, -9), args, 'ended with', status)
    return status == 0


def opens(home):
    """What must hold after every kill. Returns the notes at each stage."""
    states = home.states()
    home.verify()
    left = [n for n in os.listdir(home.path) if n.endswith('.tmp')]
    check(len(left) <= 1, 'files left aside:', left)
    return states


def loops(what, home, args, after):
    """Kills the command LOOPS[what] times, each on a fresh copy, and calls after(ended) each time."""
    rng = random.Random('%d %s' % (SEED, what))
    template = Template(home)
    usual = time_of(home, *args)
    n_ended = 0
    for i in range(LOOPS[what]):
        template.restore()
        moment = rng.uniform(0, usual * 1.1)
        ended = kill_at(home, moment, *args)
        n_ended += ended
        try:
            after(ended)
        except BaseException:
            note('%s, loop %d, killed after %.4f s%s' % (what, i, moment, ' (had ended)' if ended else ''))
            raise
    template.restore()
    template.drop()
    note('%s: %d kills, %d of them after its end, over %.3f s' % (what, LOOPS[what], n_ended, usual))


@test
def kill_import():
    """kill -9 in import: no note lost, none twice, and the file can be imported again"""
    n = 2600  # more than one of its transactions
    with Home() as home:
        home.init()
        rows = home.file('notes.jsonl', make_notes(n, 1, length=200))

        def after(ended):
            states = opens(home)
            got = sum(states.values())
            check(got == n if ended else got <= n, 'notes after the kill:', states)
            again = home.run('import', rows, status=0 if got == 0 else 1).json
            same((again['accepted'], again['duplicates'], again['quarantined']), (n - got, got, got), 'imported again')
            same(home.states(), {'imported': n}, 'after the second import')
            home.verify()

        loops('import', home, ('import', rows), after)


@test
def kill_import_sources():
    """An import that was killed and run again holds every note exactly once, by the source's own ids"""
    rows = make_notes(2300, 2, length=200)
    with Home() as home:
        home.init()
        path = home.file('notes.jsonl', rows)
        for moment in (0.03, 0.06, 0.09, 0.12):
            kill_at(home, moment, 'import', path)
        home.run('import', path, status=(0, 1))
        home.run('detect')
        sources = [row['source'] for row in home.run('review', 'list').lines]
        same(sorted(sources), sorted(r['id'] for r in rows), 'sources')


def one_patient(n):
    """Many notes of one patient, whose name only the first gives away."""
    rows = [{'id': 'q-0', 'patient': 'Q', 'text': 'Patient name: Zelda Quimby. Seen for asthma.'}]
    return rows + [{'id': 'q-%d' % i, 'patient': 'Q', 'text': 'On day %d quimby slept well.' % i} for i in range(1, n)]


@test
def kill_detect():
    """kill -9 in detect: done again it finds what an undisturbed run finds, names of a patient's other notes included"""
    with Home() as home:
        home.init()
        rows = make_notes(60, 3) + one_patient(450)
        n = len(rows)
        home.run('import', home.file('notes.jsonl', rows))
        template = Template(home)
        home.run('detect')
        wanted = sorted((r['source'], r['candidates']) for r in home.run('review', 'list').lines)
        check(('q-449', 1) in wanted, 'the name is not looked for in the last note', wanted[-3:])
        template.restore()
        template.drop()

        def after(ended):
            states = opens(home)
            same(sum(states.values()), n, 'notes')
            if ended:
                same(states, {'detected': n}, 'an acknowledged detection')
            home.run('detect')
            got = sorted((r['source'], r['candidates']) for r in home.run('review', 'list').lines)
            same(got, wanted, 'candidates')
            home.verify()

        loops('detect', home, ('detect',), after)


def reviewed(home):
    return sorted((r['source'], r['complete']) for r in home.run('review', 'list').lines)


@test
def kill_decide():
    """kill -9 in review decide: a file of decisions is taken whole or not at all"""
    n = 60
    with Home() as home:
        home.init()
        home.run('import', home.file('notes.jsonl', make_notes(n, 4)))
        home.run('detect')
        path = home.decisions()

        def after(ended):
            opens(home)
            complete = [done for _, done in reviewed(home)]
            check(all(complete) or (not ended and not any(complete)), 'decided in part:', complete.count(True), 'of', n)
            home.run('review', 'decide', '--file', path)
            home.run('review', 'sign', 'import-1')
            same(home.run('redact').json['cleared'], n, 'cleared')
            home.verify()

        loops('decide', home, ('review', 'decide', '--file', path), after)


@test
def kill_redact():
    """kill -9 in redact: what was cleared stays cleared, the rest is cleared by the next run"""
    n = 60
    with Home() as home:
        home.init()
        home.run('import', home.file('notes.jsonl', make_notes(n, 5)))
        home.run('detect')
        home.run('review', 'decide', '--file', home.decisions())
        home.run('review', 'sign', 'import-1')

        def after(ended):
            states = opens(home)
            cleared = states.get('cleared', 0)
            check(cleared == n if ended else cleared <= n, states)
            same(home.run('redact').json['cleared'], n - cleared, 'cleared by the second run')
            same(home.states(), {'cleared': n}, 'states')
            home.verify()

        loops('redact', home, ('redact',), after)


def ready_to_label(home, n, seed):
    home.init()
    home.run('import', home.file('notes.jsonl', make_notes(n, seed)))
    home.clear()
    home.publish()
    home.assign()
    return {code: {'id': code, 'entities': find_entities(row['text'])} for code, row in home.readable().items()}


def spans(entities):
    return sorted((e['label'], e['start'], e['end']) for e in entities)


@test
def kill_label():
    """kill -9 in label: a file of findings is taken whole or not at all"""
    n = 24
    with Home() as home:
        labels = ready_to_label(home, n, 6)
        path = home.file('labels.jsonl', list(labels.values()))

        def after(ended):
            opens(home)
            rows = home.readable()
            whole = [spans(row['entities']) == spans(labels[code]['entities']) for code, row in rows.items()]
            empty = [not row['entities'] for row in rows.values()]
            check(all(whole) or (not ended and all(empty)), 'findings taken in part')
            home.run('label', '--all', '--file', path)
            for code, row in home.readable().items():
                same(spans(row['entities']), spans(labels[code]['entities']), code)
            home.verify()

        loops('label', home, ('label', '--all', '--file', path), after)


@test
def kill_export():
    """kill -9 in export: --out is absent, the old export whole, or the new one whole with a receipt that fits"""
    n = 24
    with Home() as home:
        home.to_labelled(make_notes(n, 7), find_entities)
        out = os.path.join(home.dir, 'out')
        home.export(out)  # answers the scan
        shutil.rmtree(out)
        args = ('export', '--format', 'jsonl,csv,brat', '--out', out)
        rng = random.Random(SEED)

        def after(ended):
            opens(home)
            check(os.path.isdir(out) or not ended, 'an acknowledged export is not there')
            if os.path.isdir(out):
                check_receipt(out)
            home.run(*args)
            first = check_receipt(out)['release']
            kill_at(home, rng.uniform(0, usual), *args)  # over an old export
            opens(home)
            check_receipt(out)
            home.run(*args)
            check(check_receipt(out)['release'] != first, 'the old export was not replaced')
            home.verify()

        usual = time_of(home, *args)
        loops('export', home, args, after)


@test
def kill_one_by_one():
    """kill -9 in a long sequence of small commands on one project: everything acknowledged is there"""
    n = 12
    rng = random.Random(SEED + 1)
    with Home() as home:
        labels = ready_to_label(home, n, 8)
        codes = sorted(labels)
        paths = {}
        for code in codes:
            short = dict(labels[code], entities=labels[code]['entities'][:1])
            paths[code] = [home.file('%s-%d.jsonl' % (code, i), [row]) for i, row in enumerate((labels[code], short))]
        wanted = {code: None for code in codes}  # None: not labelled yet
        maybe = {}
        usual = time_of(home, 'label', codes[0], '--file', paths[codes[0]][0])
        for i in range(LOOPS['acknowledged']):
            for code in rng.sample(codes, 3):
                which = rng.randrange(2)
                home.run('label', code, '--file', paths[code][which])
                wanted[code] = which
            code, which = rng.choice(codes), rng.randrange(2)
            if kill_at(home, rng.uniform(0, usual * 1.1), 'label', code, '--file', paths[code][which]):
                wanted[code] = which
            else:
                maybe = {code: which}
            opens(home)
            for code, row in home.readable().items():
                may = [wanted[code]] + ([maybe[code]] if code in maybe else [])
                sizes = [0 if w is None else (len(labels[code]['entities']), 1)[w] for w in may]
                check(len(row['entities']) in sizes, 'loop', i, code, 'has', len(row['entities']), 'findings, wanted', sizes)
                if code in maybe and len(row['entities']) == sizes[-1]:
                    wanted[code] = maybe[code]
            maybe = {}


# ---- in front of every call that changes a file, and in the middle of every write ----


def every_call(home, args, after):
    """Kills the command at each of its calls in turn, each on a fresh copy, and calls after() each time."""
    if SANITIZED:
        raise Skip('a shim does not go before the sanitizers')
    template = Template(home)
    count = os.path.join(home.dir, 'count')
    home.run(*args, more={'LD_PRELOAD': SHIM, 'CR_SHIM_COUNT': count})
    with open(count, encoding='ascii') as f:
        total = int(f.read())
    for how in ('CR_SHIM_KILL', 'CR_SHIM_TEAR'):
        for n in range(1, total + 1):
            template.restore()
            home.run(*args, status=(0, -9), more={'LD_PRELOAD': SHIM, how: str(n)})
            try:
                after()
            except BaseException:
                note('%s, %s=%d of %d' % (args[0], how, n, total))
                raise
    template.drop()
    note('%s: killed at each of %d calls that change files' % (args[0], total))


@test
def every_call_of_import():
    """import killed at each call: nothing lost, nothing twice, also where a member without the vault's key opens first"""
    n = 5
    with Home() as home:
        home.init()
        lead = home.member
        reader = {'member': home.add_member('Reader', 'clinician,auditor', 'of the reader'), 'passphrase': 'of the reader'}
        rows = home.file('notes.jsonl', make_notes(n, 10))

        def after():
            before = sum(home.states(**reader).values())
            home.run('audit anchor', **reader)  # more events, by somebody who can't see the vault
            same(sum(opens(home).values()), before, 'notes for the lead')
            again = home.run('import', rows, status=(0, 1), member=lead).json
            same((again['accepted'], again['duplicates']), (n - before, before), 'imported again')
            home.run('detect')
            same(len(home.notes_in_review()), n, 'notes')
            home.verify()

        every_call(home, ('import', rows), after)


@test
def every_call_of_redact():
    """redact killed at each call: cleared or not, and complete after the next run"""
    n = 4
    with Home() as home:
        home.init()
        home.run('import', home.file('notes.jsonl', make_notes(n, 12)))
        home.run('detect')
        home.run('review', 'decide', '--file', home.decisions())
        home.run('review', 'sign', 'import-1')

        def after():
            cleared = opens(home).get('cleared', 0)
            same(home.run('redact').json['cleared'], n - cleared, 'cleared by the second run')
            for code in home.notes_in_review():
                home.run('review', 'show', code)
            home.verify()

        every_call(home, ('redact',), after)


@test
def every_call_of_member_add():
    """member add killed at each call: the member is there with all keys, or is not there"""
    with Home() as home:
        home.init()
        home.more_env = {'CHARTROOM_NEW_PASSPHRASE': 'of the new one'}

        def after():
            opens(home)
            rows = home.run('member list').json
            check(len(rows) in (1, 2), rows)
            if len(rows) == 2:
                new = next(r['member'] for r in rows if r['member'] != home.member)
                home.run('review', 'list', member=new, passphrase='of the new one')
            home.run('member add', 'Another', '--roles', 'privacy')
            home.verify()

        every_call(home, ('member add', 'New', '--roles', 'privacy,clinician'), after)


@test
def every_call_of_destroy():
    """destroy killed at each call: the original opens whole, or its key is gone; done again it ends well"""
    with Home() as home:
        home.init()
        home.run('import', home.file('notes.jsonl', make_notes(2, 13)))
        home.run('detect')
        code, other = home.notes_in_review()
        args = ('destroy', '--what', 'note', code, '--certificate', os.path.join(home.dir, 'certificate.json'), '--reason', 'asked for')

        def after():
            opens(home)
            shown = home.run('review', 'show', code, status=(0, 2))
            check(shown.status == 0 or shown.error == 'destroyed', shown)
            told = [e for e in home.run('audit log').lines if e['action'] == 'originals.destruction-begun']
            check(told or shown.status == 0, 'a key is gone, and the trail has no word of it')
            home.run('review', 'show', other)
            if shown.status == 0:
                home.run(*args)
                home.run('review', 'show', code, status=2, error='destroyed')
            home.verify()

        every_call(home, args, after)


main()
