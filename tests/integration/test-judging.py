"""The project judges itself: what two blind reviewers and a second reading say of what is left, worked out by hand here
and looked for in the report, on the card and in the trail."""
import json
import os
import subprocess

from project import Home, check, main, same, test

NAMES = ['Ada Winslow', 'Bruno Keller', 'Carla Mendes', 'Dmitri Volkov', 'Elena Rossi', 'Farid Haddad', 'Greta Lind', 'Hana Sato']
FIRST_PASS = 'a passphrase'


def near(got, wanted, what, within=1e-9):
    check(isinstance(got, (int, float)) and abs(got - wanted) < within, what, got, 'wanted', wanted)


def plain(home, command, *args, **who):
    """What a person reads: the output without --json."""
    argv = [a for a in home.argv(command, *args) if a != '--json']
    done = subprocess.run(argv, env=home.env(**who), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    same(done.returncode, 0, done.stderr)
    return done.stdout


def notes():
    """20 notes: a record number, which the detector shows, and a code word, which it does not."""
    return [{'id': 'n%02d' % i, 'text': 'MRN: %08d. Seen for gout. Bench xq%02dq ready. No fever.' % (40000000 + i, i)} for i in range(20)]


def span(row, words):
    at = row['text'].index(words)
    return {'note': row['note'], 'start': at, 'end': at + len(words)}


def two_reviewers(home):
    """Both see 20 record numbers; A lets 2 stand, B 3 others. Beyond the detector A adds the words of notes 0-11, B of 2-15."""
    second = {'member': home.add_member('Second', 'privacy', 'second passphrase'), 'passphrase': 'second passphrase'}
    home.run('import', home.file('notes.jsonl', notes()))
    home.run('detect')
    rows = [home.run('review', 'show', n).json for n in home.notes_in_review()]
    rows.sort(key=lambda row: row['source'])
    for row in rows:
        same([c['kind'] for c in row['candidates'] if c['needs_decision']], ['MRN'], row['source'])
    for who, keeps, adds in (({}, (0, 1), range(0, 12)), (second, (2, 3, 4), range(2, 16))):
        lines = []
        for i, row in enumerate(rows):
            if i in keeps:
                lines.append(dict(span(row, '4%07d' % i), decision='keep'))
            if i in adds:
                lines.append(dict(span(row, 'xq%02dq' % i), kind='OTHERID', decision='add'))
            lines.append({'note': row['note'], 'decision': 'remove-rest'})
        home.run('review', 'decide', '--file', home.file('blind.jsonl', lines), **who)
        home.run('review', 'sign', 'import-1', **who)
    return rows, second


@test
def capture_recapture():
    """Residual risk comes from what each found blind, not from what they agreed on later"""
    with Home() as home:
        home.init(reviewers=2)
        rows, second = two_reviewers(home)
        home.run('redact', status=1)
        # Unblinded: A gives in on its two, B on its three, and A adds a word that nobody had seen.
        settle = [dict(span(rows[i], '4%07d' % i), decision='remove', reason='it is one') for i in (0, 1)]
        settle.append(dict(span(rows[19], 'xq19q'), kind='OTHERID', decision='add', reason='seen now'))
        home.run('review', 'decide', '--file', home.file('settle.jsonl', settle))
        settle = [dict(span(rows[i], '4%07d' % i), decision='remove', reason='it is one') for i in (2, 3, 4)]
        home.run('review', 'decide', '--file', home.file('settle.jsonl', settle), **second)
        for who in ({}, second):
            home.run('review', 'sign', 'import-1', **who)
        same(home.run('redact').json['cleared'], 20)
        risk = home.run('quality').json
        everything = risk['all']
        same((risk['notes'], risk['read_twice'], everything['found'], everything['later']), (20, 20, 36, 1))
        alone = sorted((everything['first_only'], everything['second_only']))  # who is first hangs on the codes
        same((everything['both'], alone, everything['beyond_detector']), (25, [5, 6], 16))
        near(everything['missed_pooled']['value'], 5 * 6 / 26, 'pooled')
        near(everything['missed_shown']['value'], 3 * 2 / 16, 'what the detector showed')
        near(everything['missed_hidden']['value'], 2 * 4 / 11, 'what it did not')
        near(everything['missed']['value'], 3 * 2 / 16 + 2 * 4 / 11, 'missed')
        check(everything['missed']['low'] < everything['missed']['value'] < everything['missed']['high'], everything['missed'])
        near(everything['missed_at_least']['value'], 2 / 3 * 6 ** 2 / (2 * 15), 'at least')
        kinds = {row['kind']: row for row in risk['kinds']}
        same(sorted(kinds), ['MRN', 'OTHERID'])
        same(kinds['MRN']['missed']['value'], None)
        check('detector had not shown' in kinds['MRN']['missed']['why'], kinds['MRN'])
        same(kinds['OTHERID']['missed']['value'], None)
        check('40000000' not in json.dumps(home.run('audit log').lines), 'the trail tells an identifier')
        text = plain(home, 'quality')
        for words in ('found 36 identifiers in 20 notes', 'missed', 'MRN', 'not defined'):
            check(words in text, words, 'is not in', text)
        check('xq' not in text, 'the report shows note text')
        # The card of a release of the notes says the same.
        out = home.file('out')
        home.export(out, '--unlabelled', formats='jsonl')
        with open(os.path.join(out, 'dataset-card.json'), encoding='utf-8') as f:
            facts = json.load(f)
        same(facts['preparation']['residual_risk'], risk['statement'])
        row = facts['preparation']['risk'][0]
        same((row['kind'], row['found'], row['both'], row['one']), ('all', 36, 25, 11))
        near(row['missed'], everything['missed']['value'], 'on the card')
        with open(os.path.join(out, 'dataset-card.md'), encoding='utf-8') as f:
            card = f.read()
        check('Residual risk' in card and '| all | 36 | 25 | 11 | 16 |' in card, card)
        # Another passphrase, no key of the originals: a clinician may not, the second reviewer may.
        reader = {'member': home.add_member('Reader', 'clinician', 'reader passphrase'), 'passphrase': 'reader passphrase'}
        home.refuse('not-permitted', 'quality', **reader)
        same(home.run('quality', **second).json['all'], everything)


@test
def read_again():
    """A seeded sample read again gives the share of notes with an identifier, and a leak goes back to review"""
    with Home() as home:
        home.init()
        home.run('import', home.file('notes.jsonl', notes()))
        home.refuse('wrong-state', 'quality', 'reread', '--sample', '50%', status=1)
        home.clear()
        home.refuse('wrong-state', 'quality', 'reread', status=1)
        first = home.run('quality', 'reread', '--sample', '50%', '--seed', 7).json
        same((len(first['notes']), first['of'], first['seed']), (10, 20, 7))
        same(home.run('quality', 'reread', '--sample', '50%', '--seed', 7).json['notes'], first['notes'], 'the same seed')
        drawn = [row['note'] for row in first['notes']]
        text = home.run('quality', 'reread', drawn[0]).json['text']
        check('[MRN]' in text and 'Bench' in text, text)
        clean = [{'note': n, 'decision': 'clean'} for n in drawn]
        home.run('quality', 'reread', '--file', home.file('clean.jsonl', clean))
        risk = home.run('quality').json
        same((risk['read_twice'], risk['reread']['read'], risk['reread']['with_identifier']), (0, 10, 0))
        near(risk['reread']['below'], 1 - 0.05 ** 0.1, 'none of ten')
        near(risk['reread']['exact']['high'], 1 - 0.025 ** 0.1, 'exact', 1e-6)
        check('No note was read by two' in risk['statement'], risk['statement'])
        other = sorted(set(home.notes_in_review()) - set(drawn))[0]
        for lines, error in (([{'note': other, 'decision': 'clean'}], 'bad-decision'), ([{'note': drawn[0], 'decision': 'leak'}], 'bad-decision'),
                             ([{'note': drawn[0], 'decision': 'fine'}], 'bad-decision'), ([{'note': drawn[0]}], 'missing-field')):
            home.refuse(error, 'quality', 'reread', '--file', home.file('bad.jsonl', lines))
        leak = [{'note': drawn[3], 'decision': 'leak', 'reason': 'the code word'}]
        home.run('quality', 'reread', '--file', home.file('leak.jsonl', leak))
        same(home.states(), {'cleared': 19, 'leak': 1})
        same(home.run('review', 'show', drawn[3]).json['leak'], 'the code word')
        risk = home.run('quality').json
        same((risk['reread']['read'], risk['reread']['with_identifier'], risk['reread']['below']), (10, 1, None))
        near(risk['reread']['exact']['value'], 0.1, 'share')
        near(risk['reread']['exact']['low'], 0.00253, 'exact low', 1e-4)
        near(risk['reread']['exact']['high'], 0.44502, 'exact high', 1e-4)
        near(risk['reread']['wilson']['low'], 0.01788, 'Wilson low', 1e-4)
        near(risk['reread']['wilson']['high'], 0.40415, 'Wilson high', 1e-4)
        check('the code word' not in json.dumps(home.run('audit log').lines), 'the trail repeats the reason')
        home.verify()



@test
def utility():
    """What masking took of the clinical words is counted at clearing and told by word to who may open the originals"""
    with Home() as home:
        home.init()
        rows = [{'id': 'a', 'text': 'Ms. Warfarin Lopez takes warfarin and metformin for asthma. Hgb 9.2.'}, {'id': 'b', 'text': 'Takes warfarin.'}]
        home.run('import', home.file('notes.jsonl', rows))
        home.run('detect')
        shown = {row['source']: home.run('review', 'show', row['note']).json for row in home.run('review', 'list').lines}
        lines = [dict(span(shown['a'], 'Warfarin Lopez'), kind='PATIENT', decision='add')]
        lines += [{'note': row['note'], 'decision': 'remove-rest'} for row in shown.values()]
        home.run('review', 'decide', '--file', home.file('decisions.jsonl', lines))
        home.run('review', 'sign', 'import-1')
        home.run('redact')
        report = home.run('quality').json
        same((report['clinical']['all'], report['clinical']['masked']), (6, 1))
        told = report['utility']
        same(told['classes'], {'drug': {'all': 4, 'masked': 1}, 'problem': {'all': 1, 'masked': 0}, 'eponym': {'all': 0, 'masked': 0},
                               'lab': {'all': 1, 'masked': 0}})
        same(told['words'], [{'word': 'warfarin', 'class': 'drug', 'masked': 1, 'all': 3}])
        near(told['share']['value'], 1 / 6, 'share')
        near(told['precision']['value'], 1 / 2, 'precision')
        same(told['words_masked'], 2)
        text = plain(home, 'quality')
        check('drug     1 of 4 masked' in text and 'Lopez' not in text, text)
        engineer = {'member': home.add_member('Engineer', 'engineer', 'engineer passphrase'), 'passphrase': 'engineer passphrase'}
        report = home.run('quality', **engineer).json
        same((report['utility'], report['clinical']['masked']), (None, 1))
        check('Of 6 clinical words 1 were masked' in plain(home, 'quality', **engineer), 'the engineer is not told')
        same([e['action'] for e in home.run('audit log').lines if e['action'].startswith('utility')], ['utility.measured'] * 2)
        out = home.file('out')
        home.export(out, '--unlabelled', formats='jsonl')
        with open(os.path.join(out, 'dataset-card.md'), encoding='utf-8') as f:
            check('1 of 6' in f.read(), 'the card does not say it')


main()
