#!/usr/bin/env python3
"""What the reviewers decide teaches the project's own model: what it missed is found in new notes, what would lose is kept out,
one command leads back, the model lies sealed and goes with an original."""
import json
import os
import random
import subprocess
import tempfile
import time

from project import SANITIZED, SOURCE, Home, check, main, same, test

SYLLABLES = ('zu', 'qor', 'vex', 'bri', 'thal', 'mok', 'yin', 'drev', 'osk', 'plu', 'gna', 'fer')


def made_up_notes(n, seed):
    """Notes in a style of their own: a code name in small letters behind a mark that no list knows."""
    rng, rows, spans = random.Random(seed), [], {}
    for i in range(n):
        name = ' '.join(''.join(rng.choice(SYLLABLES) for _ in range(2)) for _ in range(2))
        head = '%s pain %d of 10, walked %d m. ~keeper~ ' % (rng.choice(('Stable,', 'Better,', 'Tired,')), rng.randint(1, 9), rng.randint(10, 90))
        rows.append({'id': 'k%d-%d' % (seed, i), 'patient': 'k%d-%d' % (seed, i), 'text': head + name + ' ~bed~ %d, lisinopril 10 mg daily.' % rng.randint(1, 40)})
        spans[rows[-1]['id']] = (len(head), len(head) + len(name))
    return rows, spans


class Ward(Home):
    def __init__(self, data=None):
        super().__init__()
        self.more = {'CHARTROOM_DATA': data} if data else {}
        self.init()

    def cmd(self, *args, **more):
        return self.run(*args, more=self.more, **more)

    def candidates(self, prefix):
        """Candidates of each note, by its own id."""
        found = {}
        for note in self.notes_in_review():
            shown = self.cmd('review', 'show', note).json
            if shown['source'].startswith(prefix):
                found[shown['source']] = [(c['start'], c['end'], c['kind'], c['score']) for c in shown['candidates']]
        return found

    def review(self, batch, prefix, spans, decision='remove-rest'):
        self.cmd('detect')
        lines = []
        for note in self.notes_in_review():
            source = self.cmd('review', 'show', note).json['source']
            if not source.startswith(prefix):
                continue
            if spans:
                lines.append({'note': note, 'decision': 'add', 'start': spans[source][0], 'end': spans[source][1], 'kind': 'STAFF'})
            lines.append({'note': note, 'decision': decision})
        self.cmd('review', 'decide', '--file', self.file('d.jsonl', lines))
        self.cmd('review', 'sign', batch)


def n_found(candidates, spans):
    return sum(any(s <= spans[source][0] and e >= spans[source][1] for s, e, _, _ in found) for source, found in candidates.items())


@test
def learns_and_goes_back():
    """Names that were missed are found in new notes; rollback detects as before, to the byte; the model lies sealed"""
    with Ward() as w:
        rows, spans = made_up_notes(60, 1)
        w.cmd('import', w.file('a.jsonl', rows))
        w.refuse('wrong-state', 'learn', status=1)
        w.review('import-1', 'k1', spans)
        new, new_spans = made_up_notes(20, 2)
        w.cmd('import', w.file('b.jsonl', new))
        w.cmd('detect', '--batch', 'import-2')
        before = w.candidates('k2')
        report = w.cmd('learn').json
        same(report['accepted'], True, report)
        same(report['version'], 1, 'version')
        w.cmd('detect', '--batch', 'import-2', '--again')
        after = w.candidates('k2')
        check(n_found(before, new_spans) <= 5, 'already known:', n_found(before, new_spans))
        check(n_found(after, new_spans) >= 16, 'learnt', n_found(after, new_spans), 'of 20')
        with open(os.path.join(w.path, 'vault.db'), 'rb') as f:
            vault = f.read()
        check(b'CRTAGGER' not in vault and b'~keeper~' not in vault, 'the model lies open')
        same(w.cmd('learn', '--rollback').json['version'], 0, 'rollback')
        w.cmd('detect', '--batch', 'import-2', '--again')
        same(w.candidates('k2'), before, 'detection after the rollback')
        same(w.cmd('learn', '--versions').json['current'], 0, 'in use')
        actions = [e['action'] for e in w.cmd('audit', 'log').lines]
        check('model.learnt' in actions and 'model.rolled-back' in actions, actions[-5:])
        same(w.cmd('learn').json['accepted'], True, 'learnt again')
        note = w.notes_in_review()[0]
        w.run('destroy', '--what', 'note', note, '--certificate', os.path.join(w.dir, 'certificate.txt'), '--reason', 'test')
        same(w.cmd('learn', '--versions').json['current'], 0, 'learnt from what is destroyed')


def data_with_regression(folder, rows):
    """A copy of the program's data whose frozen regression notes are these."""
    data = os.path.join(folder, 'data')
    os.makedirs(os.path.join(data, 'tagger'))
    for name in os.listdir(os.path.join(SOURCE, 'data')):
        if name != 'tagger':
            os.symlink(os.path.join(os.path.abspath(SOURCE), 'data', name), os.path.join(data, name))
    for name in os.listdir(os.path.join(SOURCE, 'data', 'tagger')):
        os.symlink(os.path.join(os.path.abspath(SOURCE), 'data', 'tagger', name), os.path.join(data, 'tagger', name))
    os.remove(os.path.join(data, 'tagger', 'regression-en.jsonl'))
    with open(os.path.join(data, 'tagger', 'regression-en.jsonl'), 'w', encoding='utf-8') as f:
        f.writelines(json.dumps(row) + '\n' for row in rows)
    return data


@test
def refuses_what_would_lose():
    """A version that finds in the regression notes what is no identifier there is kept out, and said so"""
    clean, _ = made_up_notes(40, 9)
    named = [{'id': 'r%d' % i, 'text': 'Dr. Maria Lopez saw Mr. Quentin Ashby.',
              'entities': [{'id': 'T1', 'start': 4, 'end': 15, 'label': 'STAFF', 'text': 'Maria Lopez'},
                           {'id': 'T2', 'start': 24, 'end': 37, 'label': 'PATIENT', 'text': 'Quentin Ashby'}]} for i in range(5)]
    with tempfile.TemporaryDirectory() as folder:
        data = data_with_regression(folder, named + [{'id': r['id'], 'text': r['text'], 'entities': []} for r in clean])
        with Ward(data) as w:
            rows, spans = made_up_notes(60, 1)
            w.cmd('import', w.file('a.jsonl', rows))
            w.review('import-1', 'k1', spans)
            report = w.run('learn', status=1, more=w.more).json
            same(report['accepted'], False, report)
            check(report['why'] and report['after']['regression']['precision'] < report['before']['regression']['precision'], report)
            same(w.cmd('learn', '--versions').json['current'], 0, 'in use')
            check('model.refused' in [e['action'] for e in w.cmd('audit', 'log').lines], 'no event')


@test
def only_who_may_read_originals():
    """Who has no key of the originals teaches nothing, and is told which role it takes"""
    with Ward() as w:
        rows, spans = made_up_notes(10, 1)
        w.cmd('import', w.file('a.jsonl', rows))
        w.review('import-1', 'k1', spans)
        for role in ('clinician', 'senior', 'engineer', 'auditor'):
            code = w.add_member('Ann ' + role, role, 'pass of ' + role)
            for args in ((), ('--rollback',)):
                w.refuse('not-permitted', 'learn', *args, member=code, passphrase='pass of ' + role, status=(1, 2))
        same(w.cmd('learn', '--versions').json['current'], 0, 'in use')


@test
def killed_while_it_learns():
    """Killed at any moment: the version in use is the old one or the new one, the trail holds, and it learns again"""
    with Ward() as w:
        rows, spans = made_up_notes(30, 1)
        w.cmd('import', w.file('a.jsonl', rows))
        w.review('import-1', 'k1', spans)
        argv, env = w.argv('learn'), dict(w.env(), **w.more)
        began = time.monotonic()
        first = w.cmd('learn').json
        usual = time.monotonic() - began
        for i in range(4 if SANITIZED else 8):
            process = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            try:
                process.wait(usual * (i + 1) / 8)
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()
            versions = w.cmd('learn', '--versions').json
            check(versions['current'] in [v['version'] for v in versions['versions'] if v['accepted']], versions)
            check(w.run('audit verify').json['ok'], 'the trail is broken')
        same(w.cmd('learn').json['accepted'], first['accepted'], 'learnt again')


@test
def poisoned_reviews():
    """Reviewers who keep every identifier, or call every word one, teach nothing that the frozen notes would lose by"""
    with open(os.path.join(SOURCE, 'data', 'tagger', 'regression-en.jsonl'), encoding='utf-8') as f:
        frozen = [json.loads(line) for line in f]
    texts = [row['text'] for row in frozen if row['entities']][:40]
    with Ward() as w:
        rows = [{'id': 'k1-%d' % i, 'patient': 'k1-%d' % i, 'text': text} for i, text in enumerate(texts)]
        w.cmd('import', w.file('a.jsonl', rows))
        w.review('import-1', 'k1', None, decision='keep-rest')
        report = w.run('learn', status=(0, 1), more=w.more).json
        before, after = report['before']['regression'], report['after']['regression']
        check(not report['accepted'] or after['recall'] >= before['recall'], 'it unlearnt', before, after)
        w.cmd('detect', '--batch', 'import-1', '--again', status=(0, 1, 2))


if __name__ == '__main__':
    main()
