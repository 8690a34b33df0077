#!/usr/bin/env python3
"""`chartroom train`, `tag` and `eval` one after the other: brat, columns and JSON lines in and out, the same bytes from the same
seed, and what is refused."""
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from project import CHARTROOM, check, main, same, test  # noqa: E402

GIVEN = 'Marta Pedro Lucía Andrés Elena Tomás Irene Hugo Nuria Pablo'.split()
FAMILY = 'Robles Quintana Vidal Serrano Pizarro Nieto Cordero Bravo Gallego Lozano'.split()
PLACES = 'Getafe Lugo Soria Teruel Cuenca Huelva'.split()


def notes(seed, n):
    """[(text, [(start, end, label)])]: invented, each with a name, a place and a date."""
    drawn, out = random.Random(seed), []
    for _ in range(n):
        text, spans = '', []
        for piece, label in [('Nombre: ', None), ('%s %s' % (drawn.choice(GIVEN), drawn.choice(FAMILY)), 'NOMBRE'), ('.\nLocalidad: ', None),
                             (drawn.choice(PLACES), 'LUGAR'), ('.\nIngresa el ', None),
                             ('%d/%d/%d' % (drawn.randint(1, 28), drawn.randint(1, 12), drawn.randint(1990, 2020)), 'FECHA'),
                             ('. Toma ibuprofeno %d mg cada %d horas.\n' % (drawn.choice([400, 600]), drawn.choice([6, 8])), None)]:
            if label:
                spans.append((len(text), len(text) + len(piece), label))
            text += piece
        out.append((text, spans))
    return out


def put_jsonl(path, rows):
    with open(path, 'w', encoding='utf-8') as file:
        for i, (text, spans) in enumerate(rows):
            entities = [{'id': 'T%d' % k, 'start': a, 'end': b, 'label': label} for k, (a, b, label) in enumerate(spans, 1)]
            file.write(json.dumps({'id': 'n%d' % i, 'text': text, 'meta': {'row': i}, 'entities': entities}, ensure_ascii=False) + '\n')
    return path


def put_brat(path, rows):
    os.makedirs(path)
    for i, (text, spans) in enumerate(rows):
        with open(os.path.join(path, 'n%d.txt' % i), 'w', encoding='utf-8') as file:
            file.write(text)
        with open(os.path.join(path, 'n%d.ann' % i), 'w', encoding='utf-8') as file:
            for k, (a, b, label) in enumerate(spans, 1):
                file.write('T%d\t%s %d %d\t%s\n' % (k, label, a, b, text[a:b]))
    return path


def put_columns(path, rows):
    """Words at blanks, with a column between the word and its tag."""
    with open(path, 'w', encoding='utf-8') as file:
        for text, spans in rows:
            at = 0
            for line in text.splitlines(keepends=True):
                for word in line.split():
                    start = text.index(word, at)
                    at = start + len(word)
                    label = next(((('B-' if start <= a else 'I-') + name) for a, b, name in spans if a < at and start < b), 'O')
                    file.write('%s\tw\t%s\n' % (word, label))
                file.write('\n')
    return path


def run(*arguments, status=0):
    done = subprocess.run([CHARTROOM, *arguments], capture_output=True, text=True, timeout=600)
    same(done.returncode, status, '%s: %s%s' % (arguments, done.stdout[-300:], done.stderr[-500:]))
    return done


def train(data, out, *more, status=0):
    return run('train', '--kind', 'phi', '--language', 'es', '--train', data, '--out', out, '--epochs', '4', *more, status=status)


def evaluate(gold, system):
    return json.loads(run('eval', '--json', '--bootstrap', '0', '--gold', gold, '--system', system).stdout)


def read(path, mode='rb'):
    with open(path, mode) as file:
        return file.read()


@test
def every_format():
    """A model learnt from each format labels files of that format, and eval counts what train counted"""
    for put, name in ((put_jsonl, '.jsonl'), (put_brat, ''), (put_columns, '.tsv')):
        with tempfile.TemporaryDirectory() as folder:
            data, dev = put(os.path.join(folder, 'train' + name), notes(1, 40)), put(os.path.join(folder, 'dev' + name), notes(2, 15))
            model, out = os.path.join(folder, 'model'), os.path.join(folder, 'out' + name)
            scores = json.loads(train(data, model, '--dev', dev, '--json').stdout)
            run('tag', '--model', model, dev, out)
            r = evaluate(dev, out)
            same(round(r['strict']['f1']['value'], 9), round(scores['all']['f1'], 9), put.__name__)
            same((r['gold_spans'], r['system_spans'], r['strict']['correct']), tuple(scores['all'][k] for k in ('gold', 'found', 'right')))
            check(r['strict']['f1']['value'] > 0.8, put.__name__, 'learnt nothing:', r['strict']['f1'])
            for label, score in scores['labels'].items():
                same(r['per_label'][label]['gold'], score['gold'], label)


@test
def what_tag_leaves_alone():
    """The texts, the other columns and the other members are what they were"""
    with tempfile.TemporaryDirectory() as folder:
        rows = notes(3, 12)
        model = os.path.join(folder, 'model')
        train(put_jsonl(os.path.join(folder, 'train.jsonl'), notes(1, 40)), model)
        brat, columns, lines = (put(os.path.join(folder, 'in-' + n), rows) for put, n in ((put_brat, 'b'), (put_columns, 'c.tsv'), (put_jsonl, 'j.jsonl')))
        for path, out in ((brat, 'out-b'), (columns, 'out-c.tsv'), (lines, 'out-j.jsonl')):
            run('tag', '--model', model, path, os.path.join(folder, out))
        for i in range(len(rows)):
            same(read(os.path.join(folder, 'out-b', 'n%d.txt' % i)), read(os.path.join(brat, 'n%d.txt' % i)), 'a note')
        before, after = (read(p, 'r').splitlines() for p in (columns, os.path.join(folder, 'out-c.tsv')))
        same([line.rsplit('\t', 1)[0] for line in after], [line.rsplit('\t', 1)[0] for line in before])
        for old, new in zip(read(lines, 'r').splitlines(), read(os.path.join(folder, 'out-j.jsonl'), 'r').splitlines()):
            old, new = json.loads(old), json.loads(new)
            same([new[k] for k in ('id', 'text', 'meta')], [old[k] for k in ('id', 'text', 'meta')])
            check(all(e['text'] == new['text'][e['start']:e['end']] for e in new['entities']), new['id'])


@test
def same_bytes():
    """The same data and seed make the same model, with any number of threads; another seed another"""
    with tempfile.TemporaryDirectory() as folder:
        data = put_jsonl(os.path.join(folder, 'train.jsonl'), notes(1, 30))
        models = []
        for name, more in (('a', ()), ('b', ('--jobs', '3')), ('c', ('--seed', '2'))):
            train(data, os.path.join(folder, name), *more)
            models.append(read(os.path.join(folder, name)))
        check(models[0] == models[1], 'the threads changed the model')
        check(models[0] != models[2], 'the seed changed nothing')
        brat = put_brat(os.path.join(folder, 'train'), notes(1, 30))
        run('convert', '--to', 'jsonl', brat, os.path.join(folder, 'converted.jsonl'))
        train(brat, os.path.join(folder, 'd'))
        train(os.path.join(folder, 'converted.jsonl'), os.path.join(folder, 'e'))
        check(read(os.path.join(folder, 'd')) == read(os.path.join(folder, 'e')), 'the format changed the model')


@test
def what_is_refused():
    """A model that was cut, changed or is none, and corpora that cannot be read: told on one line, without a word of a note"""
    with tempfile.TemporaryDirectory() as folder:
        data, model = put_jsonl(os.path.join(folder, 'train.jsonl'), notes(1, 30)), os.path.join(folder, 'model')
        train(data, model)
        good, out = read(model), os.path.join(folder, 'out.jsonl')
        flipped = bytearray(good)
        flipped[len(good) // 2] ^= 1
        for bad in (good[:-1], good[:40], b'', bytes(flipped), b'x' * len(good), good + b'x'):
            with open(os.path.join(folder, 'bad'), 'wb') as file:
                file.write(bad)
            done = run('tag', '--model', os.path.join(folder, 'bad'), data, out, status=2)
            check(len(done.stderr.strip().splitlines()) == 1 and 'bad' in done.stderr, done.stderr)
            check(not os.path.exists(out), 'something was written')
        for path in (os.path.join(folder, 'nowhere'), put_jsonl(os.path.join(folder, 'outside.jsonl'), [('Marta Robles', [(0, 99, 'NOMBRE')])])):
            done = train(path, os.path.join(folder, 'never'), status=2)
            check('Marta' not in done.stderr and not os.path.exists(os.path.join(folder, 'never')), done.stderr)
        run('tag', '--model', model, data, out, '--threshold', '2', status=2)
        run('train', '--kind', 'phi', '--train', data, status=2)


main()
