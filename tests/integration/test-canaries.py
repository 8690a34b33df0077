#!/usr/bin/env python3
"""1,000 identifiers planted in notes, and a whole life of a project: none of them is ever in a file but the input, on stderr or in
a core dump; not plain, not in another case or encoding. Everything that is written is looked at as it is written, deleted
files included."""
import base64
import json
import os
import random
import resource
import signal
import subprocess
import time

from project import BUILD, CHARTROOM, SANITIZED, Home, Skip, check, find_entities, main, note, same, test

SHIM = os.path.join(os.path.abspath(BUILD), 'tests', 'integration', 'libworld-shim.so')
N_NOTES, PER_NOTE = 100, 10
KINDS = ('PATIENT', 'STAFF', 'RELATIVE', 'FACILITY', 'MRN', 'PHONE', 'EMAIL', 'STREET', 'OTHERID', 'DATE')


def make_canary(rng):
    """A word that no program writes by chance: 12 letters and digits, one of each planted thing."""
    return 'Zq' + ''.join(rng.choice('bcdfghjkmnpvwx23456789') for _ in range(10))


def make_notes():
    """Notes with their canaries: (row, [(start, end, canary)])."""
    rng = random.Random(1000)
    notes = []
    for i in range(N_NOTES):
        text, places = 'Seen today for hypertension. ', []
        for j in range(PER_NOTE):
            canary = make_canary(rng)
            text += ('Name: ', 'Dr. ', 'Wife ', 'From ', 'MRN ', 'Call ', 'Mail ', 'Lives at ', 'Badge ', 'Account ')[j]
            places.append((len(text), len(text) + len(canary), canary))
            text += canary + '. '
        text += 'Start lisinopril 5 mg daily.'
        notes.append(({'id': 'id-' + places[0][2], 'patient': 'pat-' + places[1][2], 'text': text,
                       'meta': {'ward': places[2][2]}, 'known': {'names': [{'given': places[0][2], 'role': 'patient'}],
                                                                 'ids': [{'kind': 'MRN', 'value': places[4][2]}]}}, places))
    return notes


def forms(canary):
    """The canary as it might stand in a file."""
    raw = canary.encode()
    coded = [base64.b64encode(b'\0' * shift + raw) for shift in range(3)]  # base64, wherever it begins:
    coded = [c[(0, 2, 3)[shift]:len(c) // 4 * 4 - 4] for shift, c in enumerate(coded)]  # what the canary alone decides
    return [raw, raw.lower(), raw.upper(), raw.hex().encode(), raw.hex().upper().encode(), canary.encode('utf-16-le'),
            canary.encode('utf-16-be'), raw[::-1], *coded]


class Needles:
    """All forms of all canaries, to be found in one pass a form: by the bytes that its canaries share, then by the rest."""

    def __init__(self, canaries):
        self.n = len(canaries)
        self.by_form = []
        for words in zip(*(forms(c) for c in canaries)):
            start, end = os.path.commonprefix(words), os.path.commonprefix([w[::-1] for w in words])[::-1]
            shared, before = (start, 0) if len(start) >= len(end) else (end, len(words[0]) - len(end))
            self.by_form.append((shared, before, len(words[0]), dict(zip(words, canaries))))

    def found_in(self, content):
        found = set()
        for shared, before, length, words in self.by_form:
            at = content.find(shared)
            while at >= 0:
                found.add(words.get(content[at - before:at - before + length] if at >= before else None))
                at = content.find(shared, at + 1)
        return found - {None}


class Life(Home):
    """A home that keeps what is said on stderr and, through a shim, every byte that is written."""

    def __init__(self):
        super().__init__()
        self.said = []
        self.tee = os.path.join(self.dir, '..', os.path.basename(self.dir) + '.tee')
        if not SANITIZED:
            self.more_env = {'LD_PRELOAD': SHIM, 'CR_SHIM_TEE': self.tee}

    def __exit__(self, *what):
        super().__exit__(*what)
        if os.path.exists(self.tee):
            os.unlink(self.tee)

    def run(self, *args, **more):
        result = super().run(*args, **more)
        self.said.append(result.err)
        return result

    def files(self):
        """Every file of this home but the input and what the test itself wrote from it."""
        own = {'notes.jsonl', 'decisions.jsonl'}
        return [os.path.join(d, n) for d, _, names in os.walk(self.dir) for n in names if n not in own or d != self.dir]


def search(home, needles, when):
    n_bytes = 0
    for path in home.files() + ([home.tee] if os.path.exists(home.tee) else []):
        with open(path, 'rb') as f:
            content = f.read()
        n_bytes += len(content)
        same(needles.found_in(content), set(), '%s, in %s' % (when, os.path.relpath(path, home.dir)))
    same(needles.found_in('\n'.join(home.said).encode()), set(), when + ', on stderr')
    return n_bytes


@test
def canaries():
    """1,000 planted identifiers, whole life of a project: none in any file ever written, none on stderr"""
    notes = make_notes()
    needles = Needles([c for _, places in notes for _, _, c in places])
    same(needles.n, N_NOTES * PER_NOTE, 'canaries')
    with Life() as home:
        home.init()
        rows = home.file('notes.jsonl', [row for row, _ in notes])
        with open(rows, 'rb') as f:
            content = f.read()
        same(len(needles.found_in(content)), needles.n, 'the search finds what is there')
        for i in range(len(forms(notes[0][1][0][2]))):  # and every form of one, wherever it stands
            for j in range(3):
                same(len(needles.found_in(b'x' * j + forms(notes[j][1][i % PER_NOTE][2])[i] + b'x')), 1, 'form %d' % i)
        killed = subprocess.Popen(home.argv('import', rows), env=home.env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.01)
        killed.kill()
        killed.wait()
        search(home, needles, 'after a kill')
        home.run('import', rows, status=(0, 1))
        bad = home.file('notes.jsonl', [notes[0][0]] + [{'id': p[0][2], 'text': ''} for _, p in notes[:5]])
        home.run('import', bad, status=1)  # duplicates and empty notes: the quarantine
        home.run('detect')
        decisions = [{'note': row['id'], 'start': s, 'end': e, 'kind': kind, 'decision': 'add'} for row, places in notes
                     for (s, e, _), kind in zip(places, KINDS)]
        decisions += [{'note': row['id'], 'decision': 'remove-rest'} for row, _ in notes]
        home.run('review', 'decide', '--file', home.file('decisions.jsonl', decisions))
        for n in notes[:3]:
            home.run('review', 'show', n[0]['id'])
        home.run('review', 'sign', 'import-1', status=(0, 2))
        for batch in sorted({row['batch'] for row in home.run('review', 'list').lines}):
            home.run('review', 'sign', batch)
        same(home.run('redact').json['cleared'], N_NOTES, 'cleared')
        home.publish()
        home.assign()
        labels = [{'id': n, 'entities': find_entities(r['text'])} for n, r in home.readable().items()]
        same(sum(len(row['entities']) for row in labels), 2 * N_NOTES, 'findings')
        home.run('label', '--all', '--file', home.file('labels.jsonl', labels))
        home.approve()
        home.export(os.path.join(home.dir, 'out'))
        home.run('label', 'N-NOTTHERE', '--file', home.file('wrong.jsonl', b'{"entities":[]}\n'), status=2)
        home.run('audit verify')
        home.run('audit log')
        n_bytes = search(home, needles, 'at the end')
        check(SANITIZED or os.path.getsize(home.tee) > 1 << 20, 'the shim saw nothing written')
        note('%d canaries in %d forms each; %d bytes looked at' % (needles.n, len(needles.by_form), n_bytes))


@test
def core_dump():
    """A program that is made to crash leaves no core file, though the shell would allow one"""
    if SANITIZED:
        raise Skip('the sanitised program is dumpable, for the leak checker')
    with Home() as home:
        line = json.dumps(make_notes()[0][0]).encode() + b'\n'
        before = set(os.listdir(home.dir))

        def allow_core():
            os.chdir(home.dir)
            hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
            for number in fatal: # a shell ignores SIGQUIT for what it runs in the background, and that is inherited
                signal.signal(number, signal.SIG_DFL)

        fatal = (signal.SIGSEGV, signal.SIGABRT, signal.SIGQUIT)
        for signal_number in fatal:
            # It waits for more, with the notes it was given in its memory.
            process = subprocess.Popen([CHARTROOM, 'deid'], env=home.env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=allow_core)
            process.stdin.write(line * 64)
            process.stdin.flush()
            time.sleep(0.5)
            process.send_signal(signal_number)
            status = os.waitpid(process.pid, 0)[1]
            process.returncode = 0
            for pipe in (process.stdin, process.stdout):
                pipe.close()
            same((os.WTERMSIG(status), os.WCOREDUMP(status)), (signal_number, False), 'signal, core dumped; status %d' % status)
        same(set(os.listdir(home.dir)), before, 'files')


main()
