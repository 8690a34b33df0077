"""Attacks on exported sets of which the truth is known, and the monitor that looks into an export by lot."""
import json
import os
import subprocess

from project import CHARTROOM, Home, check, main, make_notes, same, test

TOY = [('30', 'F', 'P1'), ('30', 'F', 'P1'), ('30', 'F', 'P2'), ('30', 'M', 'P3'), ('40', 'M', 'P4'), ('40', 'M', 'P5'), ('50', 'M', 'P6')]


def run(home, *args, status=0, as_json=True):
    argv = [CHARTROOM, *map(str, args)] + (['--json'] if as_json else [])
    done = subprocess.run(argv, env=home.env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    same(done.returncode, status, '%s: %s %s' % (args, done.stdout[-400:], done.stderr[-400:]))
    return [json.loads(line) for line in done.stdout.splitlines()] if as_json else done.stdout


def near(got, wanted, what=''):
    check(isinstance(got, (int, float)) and abs(got - wanted) < 1e-9, what, got, 'wanted', wanted)


@test
def linkage_toy():
    """k-anonymity counts of a table worked out by hand; two notes of one patient are one person"""
    with Home() as home:
        rows = [{'id': 'd%d' % i, 'text': 'Doing well.', 'patient': p, 'meta': {'age': a, 'sex': s, 'ward': 'W%d' % (i % 2)}}
                for i, (a, s, p) in enumerate(TOY)]
        path = home.file('set.jsonl', rows)
        linkage = run(home, 'attack', path, '--k', 3, '--keys', 'age,sex', '--population', 12)[0]['linkage']
        same((linkage['documents'], linkage['persons']), (7, 6))
        same([(k['key'], k['known'], k['values']) for k in linkage['keys']], [('age', 7, 3), ('sex', 7, 2)])
        found = linkage['sets'][0]
        # classes: 30 F {P1 P2}, 30 M {P3}, 40 M {P4 P5}, 50 M {P6}
        same(found['unique'], {'documents': 2, 'share': 2 / 7})
        same(found['below_k'], {'documents': 7, 'share': 1})
        same(found['classes'], [{'size': 1, 'classes': 2}, {'size': 2, 'classes': 2}])
        same({row['key']: (row['below_k'], row['unique']) for row in found['without']}, {'age': (3, 0), 'sex': (3, 1)})
        same([(row['id'], row['size']) for row in found['smallest']], [('d3', 1), ('d6', 1), ('d0', 2), ('d1', 2), ('d2', 2), ('d4', 2), ('d5', 2)])
        same(linkage['singling'], [{'keys': ['age'], 'documents': 1}, {'keys': ['age', 'sex'], 'documents': 1}])
        population = found['population_unique']
        # Zayatz by hand: sizes 1 and 2 are each half of the classes; C(11,5)/C(12,6) = 1/2, 2*C(10,5)/C(12,6) = 6/11
        same(population['method'], 'Zayatz')
        near(population['value'], (1 / 2) / (1 / 2 + 6 / 11) * 2 / 6)
        same(len(run(home, 'attack', path, '--keys', 'meta.ward')[0]['linkage']['keys']), 1)
        text = run(home, 'attack', path, '--k', 3, '--keys', 'age,sex', as_json=False)
        check('fewer than 3 alike: 7 documents (100.0 %); alone: 2 (28.6 %)' in text, text)
        check('sex m' not in text, 'values are shown unasked', text)
        loud = home.file('loud.jsonl', [{'id': 'x\x1b[2J', 'text': 'Well.', 'meta': {'sex': 'F\x1b[2J'}}])
        check('\x1b' not in run(home, 'attack', loud, '--show', as_json=False), 'an id speaks to the terminal')
        check('sex m' in run(home, 'attack', path, '--k', 3, '--keys', 'age,sex', '--show', as_json=False), 'values are not shown')


@test
def bad_options():
    """Options that do not fit, and sets that can't be read, are refused by name"""
    with Home() as home:
        path = home.file('set.jsonl', [{'id': 'a', 'text': 'Well.'}])
        for args in (('--k', '1'), ('--k', 'x'), ('--keys', 'shoe'), ('--simulate', '5%'), ('--originals', path), ('--simulate', '7')):
            same(run(home, 'attack', path, *args, status=2)[0]['error']['code'], 'usage', args)
        for content, code in (('{"id": "a"}\n', 'missing-field'), ('nonsense\n', 'bad-json'), ('', 'not-found')):
            same(run(home, 'attack', home.file('bad.jsonl', content), status=2)[0]['error']['code'], code, content)
        os.mkdir(home.file('empty'))
        same(run(home, 'attack', home.file('empty'), status=2)[0]['error']['code'], 'not-found')
        leaks = home.file('leaks.jsonl', [{'id': 'b', 'start': 0, 'end': 2}])
        same(run(home, 'attack', path, '--leaks', leaks, status=2)[0]['error']['code'], 'not-found')
        leaks = home.file('leaks.jsonl', [{'id': 'a', 'start': 0, 'end': 200}])
        same(run(home, 'attack', path, '--leaks', leaks, status=2)[0]['error']['code'], 'span-outside')
        leaks = home.file('leaks.jsonl', [{'id': 'a', 'start': 0}])
        same(run(home, 'attack', path, '--leaks', leaks, status=2)[0]['error']['code'], 'missing-field')
        twisted = home.file('map.jsonl', [{'id': 'a', 'text': 'Well.', 'map': [{'start': 2, 'end': 99, 'old_start': 0, 'old_end': 1}]}])
        same(run(home, 'attack', twisted, '--simulate', '50%', '--originals', path, status=2)[0]['error']['code'], 'span-outside')


def hidden_set(n=40):
    """Notes of which each names a doctor twice and a patient; the exported ones have other names, and a map."""
    real = ['Maria Lopez', 'Anna Smith', 'Peter Wong', 'Carlos Diaz', 'Linda Brown']
    fake = ['Susan Miller', 'Robert Jones', 'Nancy Clark', 'David Moore', 'Karen Davis', 'Brian Hall', 'Laura Allen']
    before, after = [], []
    for i in range(n):
        old, new, edits = '', '', []
        for piece, name in (('Seen by Dr. ', True), (' on rounds. Patient: ', True), (', stable. Signed, Dr. ', True), ('. No fever.', False)):
            old, new = old + piece, new + piece
            if name:
                a, b = real[(i + len(edits)) % 5], fake[(3 * i + len(edits)) % 7]
                edits.append({'start': len(new), 'end': len(new) + len(b), 'old_start': len(old), 'old_end': len(old) + len(a)})
                old, new = old + a, new + b
        before.append({'id': 'n%d' % i, 'text': old})
        after.append({'id': 'n%d' % i, 'text': new, 'map': edits})
    return before, after


@test
def hiding_simulated():
    """A simulated share of originals is put back where they stood; the same seed gives the same"""
    with Home() as home:
        before, after = hidden_set()
        originals, exported = home.file('before.jsonl', before), home.file('after.jsonl', after)
        args = ('attack', exported, '--simulate', '20%', '--originals', originals, '--seed')
        hiding = run(home, *args, 3)[0]['hiding']
        same(hiding, run(home, *args, 3)[0]['hiding'], 'the same seed')
        check(hiding != run(home, *args, 4)[0]['hiding'], 'another seed draws the same')
        same(hiding['leaks'] + hiding['surrogates'], 120)
        check(10 <= hiding['leaks'] <= 40, hiding['leaks'])
        same(hiding['noticed'], hiding['leaks'], 'leaks that the attacker looks at')
        near(hiding['base']['value'], hiding['leaks'] / hiding['looked_at'])
        told = {row['rule']: row for row in hiding['rules']}
        same(sorted(told), ['any', 'out-of-step', 'overlooked', 'repeated', 'several', 'unlisted'])
        for row in told.values():
            check(row['right'] <= row['guesses'] and row['leaks'] <= hiding['leaks'], row)
        check(0 <= hiding['told_apart']['low'] <= hiding['told_apart']['value'] <= hiding['told_apart']['high'] <= 1, hiding['told_apart'])
        every = run(home, 'attack', exported, '--simulate', '100%', '--originals', originals)[0]['hiding']
        same((every['leaks'], every['surrogates']), (120, 0))
        check('nothing hides' in every['told_apart']['why'], every['told_apart'])
        text = run(home, *args, 3, as_json=False)
        check('HIDING IN PLAIN SIGHT' in text and 'Lopez' not in text, text)
        check('Lopez' in run(home, *args, 3, '--show', as_json=False) or 'Smith' in run(home, *args, 3, '--show', as_json=False), 'nothing is shown')
        short = home.file('short.jsonl', before[:3])
        same(run(home, 'attack', exported, '--simulate', '20%', '--originals', short, status=2)[0]['error']['code'], 'not-found')


@test
def hiding_named():
    """Leaks that stand out, as names of no list do, are told apart; leaks like the surrogates are not"""
    with Home() as home:
        _, after = hidden_set()
        leaks = []
        for i in range(0, 40, 4):
            row = after[i]
            at = row['text'].index('No fever')
            row['text'] = row['text'][:at] + 'Negative Vrabnog%s sign. ' % 'abcdefghij'[i // 4] + row['text'][at:]
            leaks.append({'id': row['id'], 'start': at + 9, 'end': at + 17})
        hiding = run(home, 'attack', home.file('after.jsonl', after), '--leaks', home.file('leaks.jsonl', leaks))[0]['hiding']
        same((hiding['leaks'], hiding['surrogates'], hiding['noticed']), (10, 120, 10))
        told = {row['rule']: row for row in hiding['rules']}
        same((told['unlisted']['leaks'], told['several']['leaks'], told['several']['right']), (10, 10, 10))
        near(told['several']['precision']['value'], 1)
        near(told['several']['told']['value'], 1)
        check(told['several']['told']['low'] > 0.7, told['several']['told'])
        check(hiding['told_apart']['low'] > 0.9, hiding['told_apart'])


@test
def monitor_stream():
    """Without a project the monitor prints what it drew and a line a finding; the same seed draws the same"""
    with Home() as home:
        rows = [{'id': 'n%02d' % i, 'text': 'Stable. No fever.'} for i in range(19)] + [{'id': 'n19', 'text': 'Seen by Quentin Farquhar on 3/14/2018.'}]
        path = home.file('set.jsonl', rows)
        status = 1 if 'n19' in drawn(home, path, 5) else 0
        first = run(home, 'monitor', path, '--share', '30%', '--seed', 5, status=status)
        same(first[0]['monitor']['of'], 20)
        same(len(first[0]['monitor']['drawn']), 6)
        same(drawn(home, path, 5), first[0]['monitor']['drawn'])
        turned = home.file('turned.jsonl', rows[::-1])
        same(sorted(drawn(home, turned, 5)), sorted(first[0]['monitor']['drawn']), 'the order of the file moves the draw')
        everything = run(home, 'monitor', path, '--share', '100%', status=1)
        check(isinstance(everything[0]['monitor']['seed'], int), everything[0])
        same(everything[0]['monitor']['findings'], len(everything) - 1)
        same({row['id'] for row in everything[1:]}, {'n19'})
        check(all('text' not in row for row in everything[1:]), 'note text is printed unasked')
        found = [rows[19]['text'][row['start']:row['end']] for row in everything[1:]]
        check('3/14/2018' in found and any('Farquhar' in words for words in found), found)
        check(any(row.get('text') == '3/14/2018' for row in run(home, 'monitor', path, '--share', '100%', '--show', status=1)[1:]), 'nothing is shown')
        same(run(home, 'monitor', path, '--send-back', status=2)[0]['error']['code'], 'usage')


def drawn(home, path, seed):
    argv = [CHARTROOM, 'monitor', path, '--share', '30%', '--seed', str(seed)]
    done = subprocess.run(argv, env=home.env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    return json.loads(done.stdout.splitlines()[0])['monitor']['drawn']


def clear_all_but_x(home):
    """Clears the notes; the reviewer takes the name in note x for harmless, so it is left."""
    lines = [{'note': row['note'], 'decision': 'keep-rest' if row['source'] == 'x' else 'remove-rest'} for row in home.run('review', 'list').lines]
    home.run('review', 'decide', '--file', home.file('decisions.jsonl', lines))
    home.run('review', 'sign', 'import-1')
    home.run('redact')


@test
def monitor_project():
    """Findings that nobody answered go to the project's review and hold gate G4; answered ones stay answered"""
    with Home() as home:
        home.init()
        rows = make_notes(9, 21) + [{'id': 'x', 'text': 'Stable. The Vrabnog came. No fever.'}]
        home.run('import', home.file('notes.jsonl', rows))
        home.run('detect')
        clear_all_but_x(home)
        out = home.file('out')
        same(home.run('export', '--unlabelled', '--out', out, status=1).error, 'gate-export')
        asked = home.run('review', 'list', '--scan').lines
        name = [row for row in asked if 'Vrabnog' in row['text']]
        check(name, asked)
        home.answer_scan()
        home.run('export', '--unlabelled', '--out', out)
        env = ('monitor', out, '--share', '100%', '--seed', 2, '--project', home.path)
        done = run(home, *env)[0]
        same((done['drawn'], done['of'], done['open'], done['changed'], done['unknown']), (10, 10, 0, [], []))
        same(done['findings'], done['answered'])
        check(done['answered'] > 0, done)
        # The same notes in the other formats.
        for form in ('csv', 'brat'):
            other = home.file('out-' + form)
            home.run('export', '--unlabelled', '--format', form, '--out', other)
            again = run(home, 'monitor', other, '--share', '100%', '--seed', 2, '--project', home.path)[0]
            same((again['drawn'], again['findings'], again['open'], again['changed'], again['unknown']),
                 (10, done['findings'], 0, [], []), form)
        # An export that is not what was cleared, and one of another project.
        lines = home.read_json_lines(os.path.join(out, [n for n in os.listdir(out) if n.endswith('.jsonl')][0]))
        lines[0]['text'] += ' Added.'
        lines[1]['id'] = 'N-NOWHERE'
        done = run(home, 'monitor', home.file('other.jsonl', lines), '--share', '100%', '--project', home.path, status=1)[0]
        same((done['changed'], done['unknown']), ([lines[0]['id']], ['N-NOWHERE']))
        log = home.run('audit log').lines
        same(len([e for e in log if e['action'] == 'export.monitored']), 4)
        told = json.loads([e for e in log if e['action'] == 'export.monitored'][0]['new'])
        same((told['seed'], told['drawn'], told['of']), (2, 10, 10))
        same(len([e for e in log if e['action'] == 'note.monitored']), 30 + 9)
        check('Vrabnog' not in json.dumps(log), 'the trail repeats a finding')
        home.verify()


@test
def monitor_sends_back():
    """A finding that is open waits for an answer; with --send-back its note is in privacy review again"""
    with Home() as home:
        home.init()
        home.run('import', home.file('notes.jsonl', make_notes(3, 22) + [{'id': 'x', 'text': 'Stable. The Vrabnog came. No fever.'}]))
        home.run('detect')
        clear_all_but_x(home)
        home.run('quality', 'reread', '--sample', '100%')
        cleared = [home.run('quality', 'reread', n).json for n in home.notes_in_review()]
        path = home.file('set.jsonl', [{'id': row['note'], 'text': row['text']} for row in cleared])
        name = [row['note'] for row in cleared if 'Vrabnog' in row['text']]
        same(home.run('review', 'list', '--scan').lines, [], 'before')
        done = run(home, 'monitor', path, '--share', '100%', '--seed', 1, '--project', home.path, status=1)[0]
        check(name[0] in done['notes'] and done['open'] == done['findings'], done)
        asked = home.run('review', 'list', '--scan').lines
        same(len(asked), done['open'], 'waiting for an answer')
        check(any('answers to the export scan' in w['what'] for w in home.run('status').json['waiting']), 'status is silent')
        done = run(home, 'monitor', path, '--share', '100%', '--seed', 1, '--project', home.path, '--send-back', status=1)[0]
        same(done['returned'], len(done['notes']))
        same(home.states().get('leak'), done['returned'])
        text = run(home, 'monitor', path, '--share', '100%', '--seed', 1, '--project', home.path, as_json=False, status=1)
        check('Drew 4 of 4' in text and 'Vrabnog' not in text, text)
        home.verify()


main()
