#!/usr/bin/env python3
"""tools/gold-notes: marks become offsets in code points, bad marks are refused by file and line, and the notes in
tests/evaluation are all in order."""
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from project import SOURCE, check, main, same, test  # noqa: E402

TOOL = os.path.join(SOURCE, 'tools', 'gold-notes')
HEAD = '# style: prose; note: letter; split: dev\n'


def run(folder, *args):
    return subprocess.run([sys.executable, TOOL, folder, *args], capture_output=True, text=True, encoding='utf-8', timeout=60)


def run_on(files, *args):
    with tempfile.TemporaryDirectory(prefix='chartroom-gold-') as folder:
        for name, text in files.items():
            with open(os.path.join(folder, name), 'w', encoding='utf-8', newline='') as f:
                f.write(text)
        return run(folder, *args)


def documents(done):
    same(done.returncode, 0, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


@test
def offsets():
    """Offsets count code points of the note without its head and marks, past wide letters and line ends of DOS"""
    note = '😀 [[PATIENT:greek|Ξένια]] seen\r\n[[[DATE|3/4]]] by [[STAFF:anglo|J. Low]]\n'
    [doc] = documents(run_on({'007-letter.txt': HEAD + note}))
    same(doc['text'], '😀 Ξένια seen\r\n[3/4] by J. Low\n')
    same(doc['meta'], {'style': 'prose', 'note': 'letter', 'split': 'dev'})
    same([(e['id'], e['start'], e['end'], e['label'], e['text'], e['attributes']) for e in doc['entities']],
         [('T1', 2, 7, 'PATIENT', 'Ξένια', {'origin': 'greek'}), ('T2', 15, 18, 'DATE', '3/4', {}),
          ('T3', 23, 29, 'STAFF', 'J. Low', {'origin': 'anglo'})])


@test
def splits():
    """--split gives the notes of one half only"""
    files = {'001-a.txt': HEAD + 'one', '002-b.txt': HEAD.replace('dev', 'test') + 'two'}
    same([d['text'] for d in documents(run_on(files))], ['one', 'two'])
    same([d['text'] for d in documents(run_on(files, '--split', 'test'))], ['two'])


@test
def refusals():
    """What is no mark is refused by file and line, and nothing is written"""
    wrong = {'[[NOSUCH|x]]': 3, '[[PATIENT|Ann]]': 3, '[[DATE:anglo|May 3]]': 3, '[[DATE| May 3]]': 3, '[[DATE|May\n3]]': 3,
             'x\n[[DATE May 3]]': 4, 'Ann]]': 3, '[[DATE|]]': 3, '[[DATE|a|b]]': 3}
    for text, line in wrong.items():
        done = run_on({'001-a.txt': HEAD + 'fine\n', '002-b.txt': HEAD + 'first\n' + text + '\n'})
        check(done.returncode != 0 and done.stdout == '', repr(text), 'is not refused')
        check('002-b.txt:%d: ' % line in done.stderr, repr(text), done.stderr)
    for files in ({'001-a.txt': 'no head\nx'}, {'001-a.txt': HEAD.replace('dev', 'other') + 'x'}, {'1-a.txt': HEAD + 'x'},
                  {'001-a.txt': HEAD + 'x', '001-b.txt': HEAD + 'x'}, {'001-a.txt': HEAD}, {}):
        check(run_on(files).returncode != 0, files, 'is not refused')


@test
def training():
    """A note that only trains may leave origins out and bear its writer's letter; a note that measures may not"""
    train = HEAD.replace('dev', 'train') + '[[PATIENT|Ann]] and [[STAFF:welsh|Ceri]]'
    [doc] = documents(run_on({'a-001-a.txt': train, '001-b.txt': HEAD + 'x'}, '--split', 'train'))
    same([(e['text'], e['attributes']) for e in doc['entities']], [('Ann', {}), ('Ceri', {'origin': 'welsh'})])
    check(run_on({'a-001-a.txt': train.replace('train', 'dev')}).returncode != 0, 'a person without an origin measures')
    check(run_on({'a-001-a.txt': train, 'a-001-b.txt': train}).returncode != 0, 'one number twice')


@test
def proofs():
    """--unmarked shows a name that is marked once and forgotten once, and the digits outside the marks"""
    done = run_on({'001-a.txt': HEAD + '[[PATIENT:welsh|Ceri Pugh]] came; pugh left on [[DATE|3 May]] at 14:20.\n'}, '--unmarked')
    same(done.stdout, "001-a: REPEATS ['pugh'] | 14:20.\n", done.stderr)


@test
def evaluation():
    """The notes of tests/evaluation/english are in order: halves, origins, lengths, and every mark is its slice"""
    docs = documents(run(os.path.join(SOURCE, 'tests', 'evaluation', 'english')))
    halves = [d['meta']['split'] for d in docs]
    check(len(docs) >= 230 and abs(halves.count('dev') - halves.count('test')) <= 1, len(docs), halves.count('dev'))
    origins = {}
    for d in docs:
        check(100 <= len(d['text']), d['id'], len(d['text']))
        end = 0
        for e in d['entities']:
            same(d['text'][e['start']:e['end']], e['text'], d['id'])
            check(e['start'] >= end and not re.search(r'\n', e['text']), d['id'], e)
            end = e['end']
            origin = e['attributes'].get('origin')
            origins[origin] = origins.get(origin, 0) + 1
    origins.pop(None)
    check(sum(n >= 30 for n in origins.values()) >= 20, origins)


@test
def marked():
    """The notes that train are in order, every mark is its slice, and none is a note that measures"""
    docs = documents(run(os.path.join(SOURCE, 'data', 'generator', 'marked')))
    same({d['meta']['split'] for d in docs}, {'train'})
    for d in docs:
        check(100 <= len(d['text']), d['id'], len(d['text']))
        check(all(d['text'][e['start']:e['end']] == e['text'] for e in d['entities']), d['id'])
    measured = {d['text'] for d in documents(run(os.path.join(SOURCE, 'tests', 'evaluation', 'english')))}
    same([d['id'] for d in docs if d['text'] in measured], [])


@test
def counts():
    """The README of the notes counts what is there"""
    folder = os.path.join(SOURCE, 'tests', 'evaluation', 'english')
    done = run(folder, '--counts')
    same(done.returncode, 0, done.stderr)
    with open(os.path.join(folder, 'README.md'), encoding='utf-8') as f:
        said = {line[2:] for line in f.read().splitlines() if line.startswith('- ')}
    same(said, {line for line in done.stdout.splitlines() if not line.startswith('note: ')})


main()
