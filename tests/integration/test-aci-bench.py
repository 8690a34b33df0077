#!/usr/bin/env python3
"""Real notes through the pipeline: the 87 of ACI-BENCH (training and validation) imported, detected, reviewed by a script that
accepts what was found, redacted and exported without labels, with every question of the export scan answered. What was
accepted as an identifier stands in no exported note."""
import csv
import json
import os
import re

from project import SHARED, Home, Skip, check, check_receipt, main, note, same, test

FOLDER = os.path.join(SHARED, 'corpora', 'aci-bench')
PARTS = (('train.csv', 67), ('valid.csv', 20))


def source_rows():
    rows = []
    for name, n in PARTS:
        path = os.path.join(FOLDER, name)
        if not os.path.exists(path):
            raise Skip('%s is not here' % path)
        with open(path, encoding='utf-8', newline='') as f:
            part = list(csv.DictReader(f))
        same(len(part), n, name)
        rows += part
    return rows


def read_csv(path):
    with open(path, encoding='utf-8', newline='') as f:
        return list(csv.DictReader(f))


def check_other_formats(out, rows):
    """CSV and brat hold the same texts as the JSON lines."""
    texts = {row['id']: row['text'] for row in rows}
    same({r['id']: r['text'] for r in read_csv(os.path.join(out, 'csv', 'all', 'documents.csv'))}, texts, 'CSV')
    brat = os.path.join(out, 'brat', 'all')
    found = {n[:-4]: open(os.path.join(brat, n), encoding='utf-8', newline='').read() for n in os.listdir(brat) if n.endswith('.txt')}
    same(found, texts, 'brat')


def stands_in(word, text):
    """Whether a word or number stands in text by itself."""
    return re.search(r'(?<!\w)%s(?!\w)' % re.escape(word), text) is not None


@test
def pipeline():
    """87 real notes: import, detect, review, redact, export in three formats, receipt, no accepted identifier left"""
    source = source_rows()
    with Home() as home:
        home.init()
        paths = [os.path.join(FOLDER, name) for name, _ in PARTS]
        got = home.run('import', *paths, '--map', 'note=text', '--map', 'encounter_id=id').json
        same((got['input'], got['accepted'], got['quarantined']), (87, 87, 0), 'import')
        found = home.run('detect').json
        check(found['candidates'] > 87, found)
        home.run('review', 'decide', '--file', home.decisions())
        removed = {}
        originals = {row['encounter_id']: row['note'] for row in source}
        for code in home.notes_in_review():
            row = home.run('review', 'show', code).json
            same(row['text'], originals[row['source']], 'the note as it was imported')
            removed[code] = sorted({c['text'] for c in row['candidates'] if c['needs_decision']})
            for c in row['candidates']:
                same(row['text'][c['start']:c['end']], c['text'], 'the offsets of a candidate')
        home.run('review', 'sign', 'import-1')
        cleared = home.run('redact').json
        same((cleared['cleared'], cleared['held']), (87, []), 'redacted')
        out = os.path.join(home.dir, 'out')
        home.export(out, '--unlabelled')
        check_receipt(out)
        rows = home.read_json_lines(os.path.join(out, 'all.jsonl'))
        same(sorted(row['id'] for row in rows), sorted(removed), 'exported')
        left = []
        for row in rows:
            tags = re.sub(r'\[[^\]]*\]', '', row['text'])  # what the policy leaves stands in the tag: [DATE 2019]
            left += [(row['id'], len(word)) for word in removed[row['id']] if stands_in(word, tags)]
        same(left, [], 'accepted identifiers that are left (note, length)')
        check_other_formats(out, rows)
        home.verify()
        whole = json.dumps(rows)
        same([i for i in originals if i in whole], [], 'ids of the source in the export')
        note('%d candidates in 87 notes; %d identifiers removed; the export is %d bytes of JSON lines' % (
            found['candidates'], sum(cleared['by_kind'].values()), os.path.getsize(os.path.join(out, 'all.jsonl'))))


main()
