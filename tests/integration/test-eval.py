#!/usr/bin/env python3
"""`chartroom eval`: which documents belong together, what it prints, what it refuses and where."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from project import CHARTROOM, check, main, same, test  # noqa: E402

TEXT = 'Seen: Zoë Quist, then Bo Ekko; left.'


def entity(word, label, text=TEXT, **more):
    start = text.index(word)
    return {'start': start, 'end': start + len(word), 'label': label, **more}


def doc(name, *entities, text=TEXT, **more):
    return {'id': name, 'text': text, 'entities': list(entities), **more}


class Folder:
    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory()
        return self

    def __exit__(self, *_):
        self.temporary.cleanup()

    def put(self, name, content):
        path = os.path.join(self.temporary.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not isinstance(content, str):
            content = ''.join(json.dumps(line, ensure_ascii=False) + '\n' for line in content)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(content)
        return path

    def path(self, name):
        return os.path.join(self.temporary.name, name)


def run(*arguments, status=0):
    done = subprocess.run([CHARTROOM, 'eval', *arguments], capture_output=True, text=True, timeout=120)
    same(done.returncode, status, '%s: %s%s' % (arguments, done.stdout[-300:], done.stderr))
    return done


def figures(gold, system, *more, status=0):
    return json.loads(run('--gold', gold, '--system', system, '--json', *more, status=status).stdout)


def refused(name, says, *arguments, status=2):
    done = run(*arguments, status=status)
    check(done.stderr.startswith('chartroom: %s: ' % name), done.stderr)
    check(says in done.stderr, says, 'not in', done.stderr)
    check('Quist' not in done.stderr, 'note text in', done.stderr)


ZOE, BO = entity('Zoë Quist', 'PATIENT'), entity('Bo Ekko', 'STAFF')


@test
def json_lines():
    """Figures of JSON lines are those counted by hand, in code points"""
    with Folder() as f:
        gold = f.put('gold.jsonl', [doc('a', ZOE, BO), doc('b', ZOE)])
        system = f.put('system.jsonl', [doc('b', ZOE), doc('a', entity('Zoë', 'PATIENT'), entity('Bo Ekko', 'RELATIVE'))])
        r = figures(gold, system)
        same(r['documents'], 2)
        same((r['mode'], r['unit'], r['missing'], r['extra']), ('phi', 'document', [], []))
        same(round(r['strict']['f1']['value'], 9), round(1 / 3, 9))
        same(round(r['exact']['f1']['value'], 9), round(2 / 3, 9))
        same(round(r['partial']['f1']['value'], 9), round(2.5 / 3, 9))
        same(r['leak_free']['part'], 1)
        same(r['confusion'], {'PATIENT': {'PATIENT': 2}, 'STAFF': {'RELATIVE': 1}})
        same(r['characters']['gold'], 8 + 6 + 8)
        same(r['characters']['found'], 3 + 6 + 8)
        table = run('--gold', gold, '--system', system).stdout
        check('leak-free documents' in table and '50.00' in table and 'STAFF' in table, table)
        check('Quist' not in table, 'note text in the table')


@test
def every_format():
    """brat folders, columns, JSON lines and CSV tables give the same figures"""
    with Folder() as f:
        gold = f.put('g.jsonl', [doc('a', ZOE, BO), doc('sub/b', ZOE)])
        system = f.put('s.jsonl', [doc('a', ZOE), doc('sub/b', ZOE)])
        wanted = figures(gold, system)
        for name in ('brat', 'csv'):
            for side in ('g', 's'):
                done = subprocess.run([CHARTROOM, 'convert', '--to', name, f.path(side + '.jsonl'), f.path(side + '-' + name)],
                                      capture_output=True, text=True, timeout=60)
                same(done.returncode, 0, done.stderr)
            found = figures(f.path('g-' + name), f.path('s-' + name))
            for key in ('strict', 'exact', 'token', 'characters', 'leak_free', 'per_label'):
                same(found[key], wanted[key], name + ' ' + key)
        # a folder and a file: matched by the files' names
        same(figures(f.path('g-brat'), system)['strict'], wanted['strict'])
        one = f.put('g-stem/b.txt', TEXT) and f.put('g-stem/b.ann', 'T1\tPATIENT 6 15\tZoë Quist\n')
        mixed = figures(os.path.dirname(one), system, status=1)
        same((mixed['documents'], mixed['extra']), (1, ['a']))


@test
def columns():
    """Columns are matched by place, and sentences resampled where the file is one document"""
    with Folder() as f:
        gold = f.put('train.tsv', 'Zoë\tB-P\nQuist\tI-P\nleft\tO\n\nBo\tB-P\n\n')
        system = f.put('found.tsv', 'Zoë\tB-P\nQuist\tO\nleft\tO\n\nBo\tB-P\n\n')
        r = figures(gold, system)
        same((r['unit'], r['documents'], r['mode']), ('sentence', 2, 'labels'))
        same(r['strict']['f1']['value'], 0.5)
        same(r['partial']['f1']['value'], 0.75)
        other = f.put('other.tsv', 'Zoë\tB-P\nQuist\tO\ncame\tO\n\nBo\tB-P\n\n')
        refused('not-comparable', 'another text', '--gold', gold, '--system', other)
        short = f.put('short.tsv', 'Zoë\tB-P\nQuist\tO\nleft\tO\n\n')
        r = figures(gold, short, status=1)
        same((r['documents'], r['missing']), (1, ['train:2']))
        bad = f.put('bad.tsv', 'Zoë\tB-P\nQuist\tQ-P\n')
        refused('bad-columns', 'bad.tsv:2', '--gold', gold, '--system', bad, '--format', 'iob')


@test
def identifiers():
    """What deid found is judged by its kinds, which it is told where they differ"""
    with Folder() as f:
        text = 'Mr. Quentin Ashby, 45, seen 03/04/2021 in Ohio.'
        gold = f.put('gold.jsonl', [doc('a', entity('Quentin Ashby', 'PERSON', text), entity('03/04/2021', 'WHEN', text), text=text)])
        done = subprocess.run([CHARTROOM, 'deid'], stdin=open(gold), capture_output=True, text=True, timeout=120)
        system = f.put('system.jsonl', done.stdout)
        table = f.put('map.tsv', '# theirs, ours\nPERSON\tPATIENT\nWHEN\tDATE\n')
        r = figures(gold, system, '--label-map', table)
        same(r['mode'], 'phi')
        same((r['leak_free']['value'], r['characters']['f1']['value'], r['strict']['f1']['value']), (1, 1, 1))
        same(r['strict']['spurious'], 0, 'AGE and STATE are no false alarms')
        all_kinds = figures(gold, system, '--label-map', table, '--all-kinds')
        check(all_kinds['strict']['spurious'] > 0, 'they are with --all-kinds')
        dropped = figures(gold, system, '--label-map', f.put('drop.tsv', 'PERSON\t-\nWHEN\t-\nPATIENT\t-\nDATE\t-\nSTAFF\t-\n'))
        same((dropped['spans_covered']['of'], dropped['untouched']['value'], dropped['strict']['spurious']), (0, 1, 0))
        same(figures(gold, gold, '--system-key', 'entities')['strict']['f1']['value'], 1)
        refused('bad-columns', 'odd.tsv:2', '--gold', gold, '--system', system, '--label-map', f.put('odd.tsv', 'A\tB\nC\n'))
        refused('bad-columns', 'odd.tsv:2', '--gold', gold, '--system', system, '--label-map', f.put('odd.tsv', 'A\tB\nA\tC\n'))
        theirs = f.put('theirs.jsonl', [doc('a', entity('Quentin Ashby', 'NOMBRE_SUJETO_ASISTENCIA', text), entity('03/04/2021', 'FECHAS', text),
                                             entity('Mr.', 'SEXO_SUJETO_ASISTENCIA', text), text=text)])
        r = figures(theirs, system, '--scheme', 'meddocan')
        same((r['mode'], r['strict']['f1']['value'], r['spans_covered']['of'], r['per_label']['-']['gold']), ('phi', 1, 2, 1))
        refused('not-found', 'no-such', '--gold', gold, '--system', system, '--scheme', 'no-such')
        refused('usage', 'key', '--gold', gold, '--system', system, '--gold-key', 'findings')


@test
def groups():
    """By the documents' meta, or by an attribute of the gold entities, with the spread"""
    with Folder() as f:
        marked = [{**ZOE, 'attributes': {'origin': 'x'}}, {**BO, 'attributes': {'origin': 'y'}}]
        gold = f.put('gold.jsonl', [doc('a', *marked, meta={'style': 'note'}), doc('b', marked[0], meta={'style': 'letter'})])
        system = f.put('system.jsonl', [doc('a', ZOE), doc('b', ZOE)])
        r = figures(gold, system, '--group', 'origin')
        same((r['groups']['x']['small'], r['spread']['spans_covered']['value']), (True, None), 'groups of two spans')
        r = figures(gold, system, '--group', 'origin', '--group-least', '1')
        same({k: v['spans_covered']['value'] for k, v in r['groups'].items()}, {'x': 1, 'y': 0})
        same(r['spread']['spans_covered']['value'], 1)
        r = figures(gold, system, '--group', 'style')
        same({k: (v['documents'], v['leak_free']['value']) for k, v in r['groups'].items()}, {'letter': (1, 1), 'note': (1, 0)})
        check('best less worst' in run('--gold', gold, '--system', system, '--group', 'style').stdout, 'no spread')
        refused('usage', '--group nothing', '--gold', gold, '--system', system, '--group', 'nothing')


@test
def two_systems():
    """Equal systems differ by 0 with p 1; a better one is told from a worse"""
    with Folder() as f:
        gold = f.put('gold.jsonl', [doc('n%d' % i, ZOE) for i in range(40)])
        good = f.put('good.jsonl', [doc('n%d' % i, ZOE) for i in range(40)])
        bad = f.put('bad.jsonl', [doc('n%d' % i, *([] if i % 2 else [ZOE])) for i in range(40)])
        r = figures(gold, good, '--system', good)
        for figure in (r['comparison']['strict']['f1'], r['comparison']['leak_free']):
            same([figure[k] for k in ('difference', 'low', 'high', 'p')], [0, 0, 0, 1])
        r = figures(gold, bad, '--system', good)
        figure = r['comparison']['strict']['recall']
        same((r['first']['leak_free']['value'], r['second']['leak_free']['value'], figure['difference']), (0.5, 1, 0.5))
        check(figure['p'] < 0.01 and figure['low'] > 0.2, figure)
        check('difference' in run('--gold', gold, '--system', bad, '--system', good).stdout, 'no table')
        refused('usage', '--errors', '--gold', gold, '--system', bad, '--system', good, '--errors')
        run('--gold', gold, '--system', bad, '--system', good, '--system', good, status=2)


@test
def seeds():
    """The same seed gives the same object, another one other intervals"""
    with Folder() as f:
        gold = f.put('gold.jsonl', [doc('n%d' % i, ZOE, BO) for i in range(30)])
        system = f.put('system.jsonl', [doc('n%d' % i, *([ZOE] if i % 3 else [BO, ZOE])) for i in range(30)])
        first = figures(gold, system, '--seed', '5', '--bootstrap', '200')
        same(first, figures(gold, system, '--seed', '5', '--bootstrap', '200'))
        same((first['intervals']['seed'], first['intervals']['resamples']), (5, 200))
        check(first['strict']['f1']['low'] < first['strict']['f1']['value'] < first['strict']['f1']['high'], first['strict'])
        check(first['strict'] != figures(gold, system, '--seed', '6', '--bootstrap', '200')['strict'], 'the seed changes nothing')
        same(figures(gold, system, '--bootstrap', '0')['strict']['f1']['low'], None)
        run('--gold', gold, '--system', system, '--bootstrap', '-1', status=2)


@test
def errors_are_asked_for():
    """Words of the notes are printed with --errors only, N of each kind"""
    with Folder() as f:
        gold = f.put('gold.jsonl', [doc('a', ZOE, BO), doc('b', ZOE)])
        system = f.put('system.jsonl', [doc('a', entity('left', 'CITY')), doc('b', entity('Zoë', 'PATIENT'))])
        check('Zoë' not in json.dumps(figures(gold, system), ensure_ascii=False), 'text without --errors')
        errors = figures(gold, system, '--errors')['errors']
        same([(e['error'], e['id'], e['text'], e['gold'], e['system']) for e in errors],
             [('miss', 'a', 'Zoë Quist', 'PATIENT', None), ('miss', 'a', 'Bo Ekko', 'STAFF', None),
              ('false', 'a', 'left', None, 'CITY'), ('part', 'b', 'Zoë Quist', 'PATIENT', 'PATIENT')])
        same((errors[0]['before'], errors[0]['behind'], errors[0]['start']), ('Seen: ', ', then Bo Ekko; left.', 6))
        same(len(figures(gold, system, '--errors=1')['errors']), 3)
        check('miss a 6-15 [PATIENT/-] Seen: <<Zoë Quist>>' in run('--gold', gold, '--system', system, '--errors').stdout, 'no line')
        run('--gold', gold, '--system', system, '--errors=none', status=2)


@test
def what_does_not_fit():
    """Missing files, other texts, offsets outside, ids that stand twice, nothing in common"""
    with Folder() as f:
        gold = f.put('gold.jsonl', [doc('a', ZOE), doc('b', ZOE)])
        refused('not-found', 'nowhere', '--gold', gold, '--system', f.path('nowhere'))
        refused('not-comparable', 'another text', '--gold', gold, '--system', f.put('s.jsonl', [doc('a', text=TEXT + '!'), doc('b')]))
        refused('not-comparable', 'none of its documents', '--gold', gold, '--system', f.put('s.jsonl', [doc('x'), doc('y')]))
        refused('not-comparable', 'stands twice', '--gold', gold, '--system', f.put('s.jsonl', [doc('a'), doc('a')]))
        refused('span-outside', 's.jsonl:2', '--gold', gold, '--system',
                f.put('s.jsonl', [doc('a'), doc('b', {'start': 2, 'end': 99, 'label': 'X'})]))
        refused('bad-json', 's.jsonl:1', '--gold', gold, '--system', f.put('s.jsonl', '{"id":\n'))
        refused('missing-field', 's.jsonl:1', '--gold', gold, '--system', f.put('s.jsonl', '{"id": "a", "error": {}}\n'))
        refused('unknown-format', 'odd', '--gold', gold, '--system', f.put('odd', 'nothing in particular'))
        refused('unknown-format', 'xml', '--gold', gold, '--system', gold, '--format', 'xml')
        refused('usage', '--gold', '--gold', gold)
        done = run('--gold', gold, '--system', f.put('s.jsonl', [doc('a', ZOE), doc('c')]), '--json', status=1)
        r = json.loads(done.stdout)
        same((r['documents'], r['missing'], r['extra']), (1, ['b'], ['c']))
        check(': b' in done.stderr and ': c' in done.stderr, done.stderr)


main()
