#!/usr/bin/env python3
"""tools/evaluate-phi: its tables hold what `deid` and `eval` give, and say which sets are not there."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from project import BUILD, CHARTROOM, SOURCE, check, main, same, test  # noqa: E402

TOOL = os.path.join(SOURCE, 'tools', 'evaluate-phi')


def evaluate(*arguments, shared=None):
    with tempfile.TemporaryDirectory() as folder:
        out, raw = os.path.join(folder, 'out.md'), os.path.join(folder, 'out.json')
        environment = dict(os.environ, **({'CR_SHARED': shared} if shared else {}))
        done = subprocess.run([TOOL, BUILD, '--out', out, '--json', raw, *arguments], env=environment, capture_output=True, text=True, timeout=600)
        same(done.returncode, 0, done.stderr)
        with open(out, encoding='utf-8') as text, open(raw, encoding='utf-8') as reports:
            return text.read(), json.load(reports)


@test
def as_eval_says():
    """The overview shows the figures of `eval` over what `deid` finds in the text alone"""
    text, reports = evaluate('--set', 'notes')
    gold = os.path.join(SOURCE, 'tests', 'cases', 'phi', 'notes.jsonl')
    with tempfile.TemporaryDirectory() as folder, open(gold, encoding='utf-8') as notes:
        found = os.path.join(folder, 'found.jsonl')
        with open(found, 'w', encoding='utf-8') as out:
            subprocess.run([CHARTROOM, 'deid'], stdin=notes, stdout=out, check=True, timeout=120)
        done = subprocess.run([CHARTROOM, 'eval', '--json', '--gold', gold, '--system', found], capture_output=True, text=True, timeout=120)
    wanted = json.loads(done.stdout)
    for key in ('characters', 'leak_free', 'token', 'per_label', 'untouched'):
        same(reports['notes'][key], wanted[key], key)
    check('| %d | %d | %.1f (' % (wanted['documents'], wanted['spans_covered']['of'], 100 * wanted['characters']['recall']['value']) in text, text[:2000])


@test
def groups_are_told():
    """Each style and origin has its row, and the spread its own"""
    text, reports = evaluate('--set', 'english-dev')
    origins = reports['english-dev']['by']['origin']['groups']
    check(len(origins) > 20 and all('| %s' % name in text for name in origins), sorted(origins))
    same(text.count('best less worst'), 2)


@test
def errors_of_what_may_be_read():
    """Errors are listed a line each, and none of the test half"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'errors.tsv')
        text, reports = evaluate('--set', 'english-dev', '--set', 'english-test', '--errors', path)
        with open(path, encoding='utf-8') as file:
            rows = [line.rstrip('\n').split('\t') for line in file]
    check(all(len(r) == 10 for r in rows), 'columns')
    same({r[0] for r in rows[1:]}, {'english-dev'})
    same(len(rows) - 1, len(reports['english-dev']['errors']))
    check('errors' not in reports['english-test'], 'errors of the test half')
    check('| Invented English notes, test half | leak-free notes | >= 90 |' in text, 'no goals')


@test
def options_reach_deid():
    """What stands behind -- goes to deid"""
    _, plain = evaluate('--set', 'notes')
    text, strict = evaluate('--set', 'notes', '--', '--threshold', '0.99')
    check(strict['notes']['system_spans'] < plain['notes']['system_spans'], 'the threshold changed nothing')
    check('`chartroom deid --threshold 0.99`' in text, text[:1000])


@test
def sets_that_are_not_there():
    """A corpus that is not there is named, and the others are judged"""
    with tempfile.TemporaryDirectory() as nowhere:
        text, reports = evaluate('--set', 'asq-phi', '--set', 'notes', shared=nowhere)
    same(reports['asq-phi'], None)
    check('| ASQ-PHI, the half at hand | developed on | not here |' in text, text[:2000])
    same(reports['notes']['documents'] > 0, True)


main()
