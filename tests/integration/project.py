"""What the tests of whole projects share: a home of their own in a temporary folder, the command line run in it, the
stages of the work as calls, and TAP. Nothing here decides what is right: the tests do.

A Home holds everything that the program may touch (project, exports, XDG folders, TMPDIR); it is removed at the end.
Passphrases are cheap here (CHARTROOM_TEST_CHEAP_KDF), the keys are not."""
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import traceback

BUILD = os.environ.get('CR_BUILD', 'build')
SOURCE = os.environ.get('CR_SOURCE', os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
SHARED = os.environ.get('CR_SHARED', os.path.join(SOURCE, '..', 'shared'))
SANITIZED = os.environ.get('CR_SANITIZED', '') == '1'
CHARTROOM = os.path.join(os.path.abspath(BUILD), 'src', 'cli', 'chartroom')
GUIDELINES = os.path.join(os.path.abspath(SOURCE), 'data', 'guidelines', 'medications-problems.yaml')
PROJECT_FILES = ('keyring', 'work.db', 'vault.db', 'audit.log', 'audit.head')
TIMEOUT = 300

# ---- TAP ----

_tests = []


class Skip(Exception):
    """The machine can't do what the test needs; the text says what."""


def test(function):
    """Registers a test; its first line of documentation is its name in the output."""
    _tests.append(function)
    return function


def check(held, *what):
    if not held:
        raise AssertionError(' '.join(str(w) for w in what))


def same(got, wanted, what=''):
    if got != wanted:
        raise AssertionError('%s: got %r, wanted %r' % (what, got, wanted))


def note(text):
    print('# ' + str(text).replace('\n', '\n# '), flush=True)


def main():
    """Runs the registered tests (or those named on the command line) in order and ends the program."""
    chosen = [t for t in _tests if len(sys.argv) == 1 or t.__name__ in sys.argv[1:]]
    failed = 0
    print('1..%d' % len(chosen), flush=True)
    for number, function in enumerate(chosen, 1):
        name = (function.__doc__ or function.__name__).split('\n')[0].rstrip('.')
        try:
            function()
            print('ok %d - %s' % (number, name), flush=True)
        except Skip as why:
            print('ok %d - %s # SKIP %s' % (number, name, why), flush=True)
        except Exception:
            failed += 1
            note(traceback.format_exc())
            print('not ok %d - %s' % (number, name), flush=True)
    sys.exit(1 if failed else 0)


# ---- running ----


class Result:
    """What one command came to: its exit status, its JSON lines, the name of its error."""

    def __init__(self, args, status, out, err):
        self.args, self.status, self.out, self.err = args, status, out, err

    @property
    def lines(self):
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    @property
    def json(self):
        lines = self.lines
        check(len(lines) == 1, self, 'printed %d lines' % len(lines))
        return lines[0]

    @property
    def error(self):
        """The error's name as --json gives it, or None."""
        for line in self.lines:
            if isinstance(line, dict) and 'error' in line:
                return line['error']['code']
        return None

    def __str__(self):
        return '`chartroom %s` ended with %s: %s %s' % (' '.join(map(str, self.args)), self.status, self.out[-600:], self.err[-600:])


class Home:
    """A folder that holds a project (`path`) and all that the program writes for it. Use it with `with`."""

    def __init__(self, passphrase='a passphrase', parent=None, env=None):
        self.dir = tempfile.mkdtemp(prefix='chartroom-test-', dir=parent)
        self.path = os.path.join(self.dir, 'p.chartroom')
        self.passphrase = passphrase
        self.member = None
        self.more_env = env or {}
        for name in ('xdg', 'tmp', 'home'):
            os.mkdir(os.path.join(self.dir, name))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.dir, ignore_errors=True)

    def file(self, name, content=None):
        """The path of a file of this home; written where content is given (str, bytes, or rows for JSON lines)."""
        path = os.path.join(self.dir, name)
        if isinstance(content, (list, tuple)):
            content = ''.join(json.dumps(row, ensure_ascii=False) + '\n' for row in content)
        if content is not None:
            with open(path, 'wb') as f:
                f.write(content if isinstance(content, bytes) else content.encode('utf-8'))
        return path

    def env(self, member=None, passphrase=None):
        xdg = os.path.join(self.dir, 'xdg')
        env = {k: v for k, v in os.environ.items() if not k.startswith(('CHARTROOM_', 'XDG_'))}
        env.update(CHARTROOM_TEST_CHEAP_KDF='1', CHARTROOM_PASSPHRASE=passphrase or self.passphrase, XDG_DATA_HOME=xdg,
                   XDG_CACHE_HOME=xdg + '/cache', XDG_CONFIG_HOME=xdg + '/config', XDG_STATE_HOME=xdg + '/state',
                   HOME=os.path.join(self.dir, 'home'), TMPDIR=os.path.join(self.dir, 'tmp'))
        env.update(self.more_env)
        if member or self.member:
            env['CHARTROOM_MEMBER'] = member or self.member
        return env

    def argv(self, command, *args, path=None):
        """chartroom COMMAND PROJECT ARGS --json; `audit` and `member` take their verb before the project."""
        words = command.split()
        return [CHARTROOM, *words, path or self.path, *[str(a) for a in args], '--json']

    def run(self, command, *args, status=0, error=None, member=None, passphrase=None, path=None, more=None, preexec=None):
        """Runs a command on the project; with status (a number or several; None: any) and error checked."""
        argv = self.argv(command, *args, path=path)
        env = self.env(member, passphrase)
        env.update(more or {})
        done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, preexec_fn=preexec)
        result = Result(argv[1:], done.returncode, done.stdout.decode('utf-8', 'replace'), done.stderr.decode('utf-8', 'replace'))
        wanted = status if isinstance(status, (tuple, list)) else (status,)
        if status is not None and result.status not in wanted:
            raise AssertionError('wanted exit %s; %s' % (wanted, result))
        if error:
            same(result.error, error, str(result))
            check('chartroom: %s: ' % error in result.err, 'the error has no name on stderr:', result)
        return result

    def refuse(self, error, command, *args, status=2, **more):
        """The command must be refused with this error, and the project be as it was."""
        before = self.counts()
        result = self.run(command, *args, status=status, error=error, **more)
        same(self.counts(), before, 'a refusal changed the project')
        return result

    def refuse_import(self, error, *args):
        """An import that can't begin at all: no note comes in (that it was tried may stand in the trail)."""
        before = self.states()
        self.run('import', *args, status=2, error=error)
        same(self.states(), before, 'notes')
        self.verify()

    @staticmethod
    def read_json_lines(path):
        with open(path, encoding='utf-8') as f:
            return [json.loads(line) for line in f]

    # ---- the stages ----

    def init(self, *args, reviewers=1):
        self.member = self.run('init', '--reviewers', reviewers, *args).json['member']
        return self

    def counts(self):
        """What a refusal must leave as it was: notes at each stage, and the trail's events."""
        status = self.run('status').json
        trail = self.run('audit verify').json
        return status['states'], status['events'], trail['ok'], trail['events']

    def states(self, member=None, passphrase=None):
        """Notes at each stage, without the stages that hold none."""
        states = self.run('status', member=member, passphrase=passphrase).json['states']
        return {k: v for k, v in states.items() if v}

    def verify(self):
        report = self.run('audit verify').json
        check(report['ok'], report)
        return report

    def add_member(self, name, roles, passphrase):
        """A new member; returns the code."""
        return self.run('member add', name, '--roles', roles, more={'CHARTROOM_NEW_PASSPHRASE': passphrase}).json['member']

    def notes_in_review(self, **who):
        return [row['note'] for row in self.run('review', 'list', **who).lines]

    def decisions(self, decision='remove-rest', **who):
        """A file that decides every note's remaining candidates."""
        return self.file('decisions.jsonl', [{'note': n, 'decision': decision} for n in self.notes_in_review(**who)])

    def clear(self, batch='import-1'):
        """From detection to cleared text, everything found removed."""
        self.run('detect')
        self.run('review', 'decide', '--file', self.decisions())
        self.run('review', 'sign', batch)
        return self.run('redact').json

    def publish(self, path=GUIDELINES):
        return self.run('guidelines', 'publish', path).json

    def assign(self, batch='pilot', readers=None, overlap='0%'):
        return self.run('assign', '--batch', batch, '--readers', readers or self.member, '--overlap', overlap, '--seed', 1).json

    def readable(self, **who):
        """The reader's notes as document lines, by the note's code."""
        return {row['id']: row for row in self.run('label', '--all', **who).lines}

    def approve(self, batch='pilot'):
        sampled = [row['note'] for b in self.run('quality', 'list', '--sample', '100%').lines if b['batch'] == batch for row in b['sample']]
        self.run('quality', 'decide', '--file', self.file('quality.jsonl', [{'note': n, 'decision': 'ok'} for n in sampled]))
        return self.run('quality', 'approve', batch, '--sample', '100%')

    def answer_scan(self, reason='looked at: it identifies nobody'):
        """Answers what the export scan asks; returns how many."""
        asked = self.run('review', 'list', '--scan').lines
        path = self.file('answers.jsonl', [{'scan': a['scan'], 'decision': 'keep', 'reason': reason} for a in asked])
        if asked:
            self.run('review', 'decide', '--file', path)
        return len(asked)

    def export(self, out, *args, formats='jsonl,csv,brat'):
        """Exports, with the scan answered where it asks; returns what the command printed."""
        argv = ('export', '--format', formats, '--out', out, *args)
        first = self.run(*argv, status=(0, 1))
        if first.status == 0:
            return first.json
        same(first.error, 'gate-export', str(first))
        self.answer_scan()
        return self.run(*argv).json

    def to_labelled(self, rows, entities):
        """A project taken to approved notes: rows imported, `entities` called with each cleared text."""
        self.init()
        self.run('import', self.file('notes.jsonl', rows))
        self.clear()
        self.publish()
        self.assign()
        labels = [{'id': n, 'entities': entities(row['text'])} for n, row in self.readable().items()]
        self.run('label', '--all', '--file', self.file('labels.jsonl', labels))
        self.approve()
        return self


# ---- files ----


def sha256_file(path):
    digest = hashlib.sha256()
    with open(path, 'rb') as f:
        for block in iter(lambda: f.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()


def receipt_files(receipt):
    """Path and hash of every file that a receipt speaks for."""
    listed = {row['path']: row['sha256'] for row in receipt['files']}
    for part in receipt['receipts']:
        for row in part['files']:
            listed[os.path.join(part.get('base', ''), row['path'])] = row['sha256']
    return listed


def check_receipt(out):
    """Every file of the export is in the receipt with its hash, and every file of the receipt is there."""
    with open(os.path.join(out, 'receipt.json'), encoding='utf-8') as f:
        receipt = json.load(f)
    listed = receipt_files(receipt)
    found = {os.path.relpath(os.path.join(d, n), out) for d, _, names in os.walk(out) for n in names}
    check(listed, 'the receipt lists no file')
    same(found - set(listed), {'receipt.json'}, 'files beside the receipt')
    for name, sha in listed.items():
        same(sha256_file(os.path.join(out, name)), sha, name)
    check(all(row['ready'] for row in receipt['gates']), receipt['gates'])
    return receipt


# ---- notes ----

_openings = ('was seen for', 'returns with', 'is followed for', 'was admitted with')
_problems = ('hypertension', 'type 2 diabetes', 'asthma', 'atrial fibrillation', 'migraine', 'back pain', 'gout', 'anemia')
_drugs = ('lisinopril', 'metformin', 'albuterol', 'apixaban', 'sumatriptan', 'naproxen', 'allopurinol', 'amlodipine')
_tails = ('No fever or chills.', 'Lungs are clear.', 'The abdomen is soft.', 'Blood pressure is well controlled.', 'Sleep is better.',
          'Appetite is good.', 'There is no edema.', 'Gait is steady.')


def make_notes(n, seed, length=300):
    """n notes of our own making, each with a date, a phone number and a record number to be found."""
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        text = 'MRN: %08d. The patient %s %s on %02d/%02d/20%02d. Start %s %d mg daily. Call 555-%03d-%04d. ' % (
            10000000 + seed * 100000 + i, rng.choice(_openings), rng.choice(_problems), rng.randint(1, 12), rng.randint(1, 28),
            rng.randint(10, 23), rng.choice(_drugs), rng.choice((5, 10, 20, 500)), rng.randint(200, 999), rng.randint(0, 9999))
        while len(text) < length:
            text += rng.choice(_tails) + ' '
        rows.append({'id': 's%d-%d' % (seed, i), 'patient': 'p%d-%d' % (seed, i // 3), 'text': text})
    return rows


def find_entities(text):
    """The drugs and problems of make_notes' texts, as entities with right offsets."""
    found = []
    for label, words in (('DRUG', _drugs), ('CONDITION', _problems)):
        for word in words:
            at = text.find(word)
            if at >= 0:
                found.append({'id': 'T%d' % (len(found) + 1), 'start': at, 'end': at + len(word), 'label': label, 'text': word})
    return found
