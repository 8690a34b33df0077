#!/usr/bin/env python3
"""generate-notes: labels are exact, every kind and style comes up, one seed is one text, styles held out stay out, carriers take
their slots; make-carrier leaves out what could identify."""
import collections
import csv
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from project import BUILD, SOURCE, check, main, same, test  # noqa: E402

PROGRAM = os.path.join(BUILD, 'tools', 'generate-notes')
DATA, NAMES = os.path.join(SOURCE, 'data', 'generator'), os.path.join(SOURCE, 'data', 'names')
CARRIER = os.path.join(SOURCE, 'tools', 'note-generator', 'make-carrier')
REPORTED = {'AGE', 'YEAR', 'STATE', 'COUNTRY', 'PROFESSION'}


def run(*args, data=DATA):
    return subprocess.run([PROGRAM, '--data', data, '--names', NAMES, *args], capture_output=True, text=True, encoding='utf-8', timeout=300)


def notes(*args, data=DATA):
    done = run(*args, data=data)
    same(done.returncode, 0, done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def marked(note):
    return [(e['label'], e['text']) for e in note['entities']]


def styles():
    """Style -> whether it is held out, as the grammar files say."""
    found = {}
    for name in sorted(os.listdir(DATA)):
        text = open(os.path.join(DATA, name), encoding='utf-8').read() if name.endswith('.txt') else ''
        for style, body in re.findall(r'(?ms)^== note:(\S+).*?\n(.*?)(?=^==|\Z)', text):
            found.setdefault(style, '@hold' in body.split('\n')[:2])
    return found


def kinds():
    with open(os.path.join(SOURCE, 'data', 'rules', 'kinds.tsv'), encoding='utf-8') as file:
        return {line.split('\t')[0] for line in file if not line.startswith('#')}


def grammar(text):
    folder = tempfile.TemporaryDirectory(prefix='chartroom-grammar-')
    with open(os.path.join(folder.name, 'notes.txt'), 'w', encoding='utf-8') as file:
        file.write(text)
    return folder


@test
def labels_exact():
    """Every label is a slice of its text without white space at its ends, and no two overlap"""
    for note in notes('--n', '1500', '--seed', '11'):
        at = 0
        check(note['text'].strip(), note['id'], 'is empty')
        for e in sorted(note['entities'], key=lambda e: e['start']):
            same(note['text'][e['start']:e['end']], e['text'], note['id'])
            check(e['text'] and e['text'] == e['text'].strip() and '\n' not in e['text'], note['id'], repr(e['text']))
            check(e['start'] >= at, note['id'], 'overlaps before', e['id'])
            at = e['end']


@test
def nothing_unexpanded():
    """No brace and no slot's name is left in a text"""
    left = re.compile(r'[{}]|\b(?:PATIENT|STAFF\d|REL\d|OTHER\d|DATE|PHONE|FACILITY|ORGANIZATION|STREET|OTHERID|DEVICE|LICENSE|VEHICLE)\.[a-z]')
    check(left.search('since DATE.season') and left.search('{x'), 'the pattern sees nothing')
    for note in notes('--n', '3000', '--seed', '3'):
        found = left.search(note['text'])
        check(not found, note['id'], note['meta'], found and note['text'][max(0, found.start() - 30):found.end() + 30])


@test
def same_seed():
    """One seed is one text, another is another, and neighbouring seeds share no patient names by shift"""
    first, again, other = run('--n', '60', '--seed', '4'), run('--n', '60', '--seed', '4'), run('--n', '60', '--seed', '5')
    same(first.stdout, again.stdout)
    texts = {json.loads(line)['text'] for line in first.stdout.splitlines()}
    check(not [1 for line in other.stdout.splitlines() if len(json.loads(line)['text']) > 80 and json.loads(line)['text'] in texts])


@test
def everything_comes_up():
    """All kinds of the kinds table, all styles that are not held, and notes without any identifier"""
    made = notes('--n', '6000', '--seed', '8')
    count = collections.Counter(e['label'] for note in made for e in note['entities'])
    same(sorted(kinds() - set(count)), [])
    same(sorted(set(count) - kinds()), [])
    expected = {style for style, held in styles().items() if not held}
    same(sorted({note['meta']['style'] for note in made}), sorted(expected))
    check(len(expected) >= 20, len(expected), 'styles')
    empty = sum(1 for note in made if not {label for label, _ in marked(note)} - REPORTED) / len(made)
    same([note['id'] for note in made if note['meta']['kind'] == 'no-identifier' and {label for label, _ in marked(note)} - REPORTED], [])
    check(.06 < empty < .2, 'share without identifiers:', empty)
    share = sum(len(text) for note in made for _, text in marked(note)) / sum(len(note['text']) for note in made)
    check(.03 < share < .25, 'share of the text that is marked:', share)
    check(len({note['meta']['kind'] for note in made}) >= 40, 'kinds of note')


@test
def held_out():
    """Held styles come only where they are named, and left-out ones don't come"""
    held = sorted(style for style, is_held in styles().items() if is_held)
    check(len(held) >= 3, held)
    same(sorted({note['meta']['style'] for note in notes('--n', '200', '--styles', ','.join(held))}), held)
    rest = sorted(style for style, is_held in styles().items() if not is_held)
    left = {note['meta']['style'] for note in notes('--n', '600', '--not-styles', ','.join(rest[:-2]))}
    same(sorted(left), rest[-2:])
    check(run('--n', '1', '--styles', 'no-such-style').returncode != 0, 'an unknown style is drawn from')


@test
def held_names():
    """Names of one use only: no surname that is held stands in a note of training names"""
    use = {}
    with open(os.path.join(NAMES, 'family.tsv'), encoding='utf-8') as file:
        for line in file:
            if not line.startswith('#'):
                name, _, _, where = line.rstrip('\n').split('\t')
                use.setdefault(name, set()).add(where)
    folder = grammar('== note:x\n{PATIENT.last}\n')
    made = [text for note in notes('--n', '2000', '--use', 'train', data=folder.name) if note['meta']['noise'] == 'none' for _, text in marked(note)]
    check(made, 'nothing was made')
    same([name for name in made if use.get(name) == {'held'}], [])
    drawn = {text for note in notes('--n', '2000', '--use', 'held', data=folder.name) for _, text in marked(note)}
    check(any(use.get(name) == {'held'} for name in drawn), 'no held name was drawn')
    same(run('--n', '1', '--use', 'nobody', data=folder.name).returncode, 2)


@test
def people():
    """A title stands outside of the name, an 's behind it, and the patient is one person all through"""
    folder = grammar('== note:x\n{PATIENT.mrlast}, {PATIENT.possessive} chart. {PATIENT.lastfirst}; {PATIENT.last}\n')
    for note in notes('--n', '300', data=folder.name):
        if note['meta']['noise'] != 'none':
            continue
        (_, last), (_, whose), (_, both), (_, again) = marked(note)
        check(re.match(r'(Mr|Mrs|Ms)\. ' + re.escape(last), note['text']), note['text'])
        same([e['attributes']['form'] for e in note['entities']], ['mrlast', 'possessive', 'lastfirst', 'last'])
        same(both.split(', ')[0], last)
        same(again, last)
        check(note['text'].split(whose)[1 if whose not in last else 2].startswith(("'s", '’s')) or whose in both, note['text'])


@test
def lists_and_kinds():
    """A list makes a production of each line; the kind is that of the root that was drawn"""
    folder = grammar('=* word\nalpha beta\n\n# no word\ngamma\n== note:x\n@kind: one\n{word}\n== note:x\n@kind: two\n{word} {word}\n')
    made = [note for note in notes('--n', '300', data=folder.name) if note['meta']['noise'] == 'none']
    same({note['text'] for note in made if note['meta']['kind'] == 'one'}, {'alpha beta', 'gamma'})
    check({note['meta']['kind'] for note in made} == {'one', 'two'}, 'one of two kinds never comes')


@test
def words_and_names():
    """Among alternatives a name in capitals stands for what it names, a word in small letters for itself"""
    folder = grammar('== past\nwrong\n== note:x\n{past|STAFF1.last}\n')
    made = [note for note in notes('--n', '200', data=folder.name) if note['meta']['noise'] == 'none']
    same({note['text'] for note in made if not note['entities']}, {'past'})
    check(all(label == 'STAFF' for note in made for label, _ in marked(note)) and any(note['entities'] for note in made))


@test
def broken_grammar():
    """An unknown symbol and an open brace are refused by file and line"""
    for text, where in (('== note:x\nHello {nobody}\n', 'notes.txt:1'), ('== note:x\nHello {PATIENT.last\n', 'notes.txt:1')):
        folder = grammar(text)
        done = run('--n', '1', data=folder.name)
        check(done.returncode != 0 and where in done.stderr, done.stderr)


@test
def lines_break_names():
    """A name broken over lines is two labels"""
    folder = grammar('== note:x\n' + 'word ' * 9 + ' '.join(['{PATIENT.full3} x'] * 8) + '\n')
    broken = [note for note in notes('--n', '400', data=folder.name) if note['meta']['noise'] == 'wrapped']
    check(any(len(note['entities']) > 8 for note in broken), 'no name was broken')


@test
def carriers():
    """make-carrier keeps prose, puts slots in, and leaves out names, places and dates; generate-notes fills the slots"""
    rows = ['The patient is a 54-year-old man who has had chest pain for several days. He takes Lasix every morning without trouble.',
            'She was seen by Dr. Kumar for the rash and then it went away again.',
            'He moved to Boston and has lived there with no help at all.', 'Martha has been doing well since the operation last spring.',
            'The surgery was on March 3 and healed without any trouble at all.', 'He saw us on 3/14/2019 because of pain in the left knee.',
            'She actually turns 90 later this month and is well.', 'His mother is 71 and has had two strokes since then.',
            'Symptoms began in 2007 and have been getting worse all the time.', 'Her friend kumar drove her home from the visit and stayed.']
    with tempfile.TemporaryDirectory(prefix='chartroom-carrier-') as folder:
        table, carrier = os.path.join(folder, 'prose.csv'), os.path.join(folder, 'carrier.jsonl')
        with open(table, 'w', encoding='utf-8', newline='') as file:
            writer = csv.writer(file)
            writer.writerows([['id', 'note']] + [[i, row] for i, row in enumerate(rows)])
        done = subprocess.run([sys.executable, CARRIER, table], capture_output=True, text=True, timeout=60)
        same(done.returncode, 0, done.stderr)
        with open(carrier, 'w', encoding='utf-8') as file:
            file.write(done.stdout)
        made = [json.loads(line)['text'] for line in done.stdout.splitlines()]
        same(len(made), 2, made)
        check('{AGE}-year-old' in made[0] and 'Lasix' in made[0] and 'Dr. {STAFF2.last}' in made[1], made)
        rule = grammar('== note:x\n{CARRIER}\n')
        written = notes('--n', '80', '--carrier', carrier, data=rule.name)
    check(all(note['entities'] for note in written), 'a slot of a carrier was not filled')
    check({'AGE', 'STAFF', 'PATIENT'} <= {label for note in written for label, _ in marked(note)})


if __name__ == '__main__':
    main()
