#!/usr/bin/env python3
"""What `make run` does, and what a stranger who opens the exported files must find in them."""
import csv
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from project import BUILD, SOURCE, check, check_receipt, main, same, test  # noqa: E402

folder = tempfile.TemporaryDirectory(prefix='chartroom-sample-')
out = os.path.join(folder.name, 'sample')
export = os.path.join(out, 'export')


def documents(split=None):
    for name in (split,) if split else ('train', 'dev', 'test'):
        with open(os.path.join(export, name + '.jsonl'), encoding='utf-8') as f:
            for line in f:
                yield name, json.loads(line)


@test
def it_runs():
    """The sample goes through all six stages and ends with a summary"""
    env = dict(os.environ, CHARTROOM_TEST_CHEAP_KDF='1')
    done = subprocess.run([sys.executable, os.path.join(SOURCE, 'tools', 'run-sample'), BUILD, out], env=env, capture_output=True, text=True, timeout=600)
    check(done.returncode == 0, done.stdout, done.stderr)
    for words in ('gate G1 held', 'gate G4 held', 'agreement (token kappa)', 'the trail holds', 'export/dataset-card.md'):
        check(words in done.stdout, words, done.stdout)


@test
def offsets_hold():
    """Every finding's text is the slice at its offsets, in code points, in every document line"""
    n = 0
    for _, document in documents():
        for e in document['entities']:
            pieces = e.get('fragments') or [[e['start'], e['end']]]
            same(' '.join(document['text'][a:b] for a, b in pieces), e['text'], document['id'])
            same((pieces[0][0], pieces[-1][1]), (e['start'], e['end']))
            n += 1
        ids = {e['id'] for e in document['entities']}
        for r in document.get('relations', ()):
            check(r['from'] in ids and r['to'] in ids, document['id'], r)
    check(n > 1000, n)


@test
def nothing_identifies():
    """No value of the manifest, and nothing that a reviewer removed, is in any exported file"""
    with open(os.path.join(SOURCE, 'data', 'sample', 'review-1.jsonl'), encoding='utf-8') as f:
        removed = {d['text'] for d in map(json.loads, f) if d.get('decision') == 'add' and d['kind'] not in ('STATE', 'COUNTRY', 'AGE', 'YEAR', 'PROFESSION')}
    removed = {w for w in removed if len(w) > 6 and any(c.isdigit() or c.isupper() for c in w)}
    check(len(removed) > 300, len(removed))
    text = ''
    for dirpath, _, names in os.walk(export):
        for name in names:
            with open(os.path.join(dirpath, name), encoding='utf-8') as f:
                text += f.read()
    left = sorted(w for w in removed if w in text)
    # "Tuesdays" recur, the guidelines name a month, and the maker of a valve is nobody's name.
    allowed = {'Tuesday', 'October', 'St. Jude'}
    same(set(left) - allowed, set(), 'removed words in the export')


@test
def splits_are_apart():
    """No patient stands in two splits, and the three hold every note once"""
    with open(os.path.join(export, 'splits.json'), encoding='utf-8') as f:
        parts = json.load(f)['parts']
    listed = [n for part in parts.values() for n in part['notes']]
    same(len(listed), len(set(listed)))
    same(sorted(listed), sorted(d['id'] for _, d in documents()))
    patient_of = {}
    with open(os.path.join(SOURCE, 'data', 'sample', 'notes', 'notes.jsonl'), encoding='utf-8') as f:
        patient_of.update({d['id']: d['meta']['patient'] for d in map(json.loads, f)})
    with open(os.path.join(SOURCE, 'data', 'sample', 'notes', 'clinic-letters.csv'), encoding='utf-8', newline='') as f:
        patient_of.update({row['note_id']: row['patient'] for row in csv.DictReader(f)})
    split_of = {}
    for split, document in documents():
        patient = patient_of.get(document['id'], document['id'])
        same(split_of.setdefault(patient, split), split, patient)


@test
def receipt_and_card():
    """The receipt speaks for every file, and the card says what was done"""
    check_receipt(export)
    with open(os.path.join(export, 'dataset-card.md'), encoding='utf-8') as f:
        card = f.read()
    for words in ('Apache-2.0', 'Privacy reviewers of each note | 2', "Cohen's kappa on tokens", 'safe-harbor'):
        check(words in card, words, 'is not on the card')


@test
def brat_says_the_same():
    """The brat files hold the findings of the JSON lines"""
    for split, document in documents('dev'):
        stem = os.path.join(export, 'brat', split, document['id'])
        with open(stem + '.txt', encoding='utf-8', newline='') as f:
            same(f.read(), document['text'].replace('\r\n', '\n'), document['id'])
        with open(stem + '.ann', encoding='utf-8', newline='') as f:
            found = [line for line in f if line.startswith('T')]
        same(len(found), len(document['entities']), document['id'])


main()
