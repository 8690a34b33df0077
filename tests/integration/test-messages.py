#!/usr/bin/env python3
"""What people read at the terminal: named as they name it, said once, on one line, and nothing empty in it."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from project import Home, check, main, same, test  # noqa: E402

ROWS = [{'id': 'visit 7', 'text': 'Takes lisinopril daily.\nIs well.'}]


def told(home, command, *args, status=0):
    """What the command prints for people."""
    argv = [a for a in home.argv(command, *args) if a != '--json']
    done = subprocess.run(argv, env=home.env(), stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    same(done.returncode, status, done.stdout + done.stderr)
    return done.stdout.decode(), done.stderr.decode()


@test
def a_note_by_its_source_id():
    """Who may open originals names a note as the source does, wherever a NOTE is asked for"""
    with Home() as home:
        home.init()
        home.run('import', home.file('notes.jsonl', ROWS))
        home.clear()
        home.publish()
        home.assign()
        (code,) = home.readable()
        same(home.run('label', 'visit 7').json['id'], code)
        home.run('label', 'visit 7', '--ask', 'Is this one?')
        home.run('label', 'visit 7', '--file', home.file('l.jsonl', [{'id': 'visit 7', 'entities': []}]))
        home.run('label', 'visit 8', status=2, error='not-found')
        home.run('label', 'visit 7', '--leak', 'the place')
        same(home.states(), {'leak': 1})


@test
def a_label_that_does_not_fit():
    """What stands at the place is told on one line, whatever stands there"""
    with Home() as home:
        home.init()
        home.run('import', home.file('notes.jsonl', ROWS))
        home.clear()
        home.publish()
        home.assign()
        (code, row), = home.readable().items()
        end = row['text'].index('\n') + 3
        wrong = {'id': 'T1', 'start': end - 6, 'end': end, 'label': 'DRUG', 'text': 'lisinopril'}
        out, _ = told(home, 'label', '--all', '--file', home.file('l.jsonl', [{'id': code, 'entities': [wrong]}]), status=2)
        (line,) = out.splitlines()
        check('nearest match 6-16, the only one' in line, line)


@test
def a_place_is_named_once():
    """A quarantined record's place stands once before its reason"""
    with Home() as home:
        home.init()
        path = home.file('n.csv', 'id,text\n1,\n2,fine\n')
        bad = home.file('bad.txt', b'caf\xe9')
        out, _ = told(home, 'import', path, bad, status=1)
        for line in out.splitlines()[1:]:
            same((line.count('n.csv'), line.count('bad.txt')) in ((1, 0), (0, 1)), True, line)


@test
def an_unknown_member_is_named():
    """A member who is not there is named in the refusal"""
    with Home() as home:
        home.init()
        check('carla' in home.run('member', 'lock', 'carla', status=2, error='no-such-member').err, 'the name is not said')


@test
def a_trail_without_signatures():
    """Where no signature counts, none is told of"""
    with Home() as home:
        home.init()
        path = os.path.join(home.path, 'audit.log')
        with open(path, 'rb') as f:
            trail = f.read()
        with open(path, 'wb') as f:
            f.write(trail.replace(b'project.created', b'project.creates'))
        out, _ = told(home, 'audit verify', status=1)
        check('does NOT hold' in out and '(by' not in out, out)


@test
def a_changed_export_is_a_finding():
    """A folder that is not what its receipt says ends with 1, one without a receipt with 2"""
    with Home() as home:
        home.to_labelled(ROWS, lambda text: [])
        out = home.file('out')
        home.export(out)
        home.run('audit receipt', path=out)
        with open(os.path.join(out, 'guidelines.md'), 'a', encoding='utf-8') as f:
            f.write('x')
        home.run('audit receipt', path=out, status=1, error='damaged')
        os.remove(os.path.join(out, 'receipt.json'))
        home.run('audit receipt', path=out, status=2)


main()
