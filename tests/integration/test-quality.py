"""Judging the readings from the command line: what readers disagree about, what new guidelines queue again."""
import json
import os
import shutil
import subprocess

from project import GUIDELINES, SANITIZED, Home, Skip, check, find_entities, main, make_notes, same, test


def plain(home, command, *args, **who):
    """What a person reads: the output without --json."""
    argv = [a for a in home.argv(command, *args) if a != '--json']
    done = subprocess.run(argv, env=home.env(**who), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    same(done.returncode, 0, done.stderr)
    return done.stdout


def two_readers(home, n=6, meta=None):
    """n notes read by two: the second finds no drug in the first two."""
    home.init()
    second = {'member': home.add_member('Second', 'clinician', 'second passphrase'), 'passphrase': 'second passphrase'}
    rows = make_notes(n, 11)
    for i, row in enumerate(rows):
        row.update({'meta': meta(i)} if meta else {})
    home.run('import', home.file('notes.jsonl', rows))
    home.clear()
    home.publish()
    home.assign(readers='%s,%s' % (home.member, second['member']), overlap='100%')
    for who, skips in (({}, 0), (second, 2)):
        lines = []
        for i, (note, row) in enumerate(sorted(home.readable(**who).items())):
            found = find_entities(row['text'])
            lines.append({'id': note, 'entities': [e for e in found if i >= skips or e['label'] != 'DRUG']})
        home.run('label', '--all', '--file', home.file('labels.jsonl', lines), **who)
    return second


@test
def insight():
    """What two readers disagree about is ranked, tabled and asked once"""
    with Home() as home:
        second = two_readers(home)
        found = home.run('agree', '--insight', '--ask', 5).json
        same({c['kind'] for c in found['clusters']}, {'missing'})
        same(sum(c['differences'] for c in found['clusters']), 2)
        check(all(c['what'] == 'DRUG' and c['gain'] > 0 for c in found['clusters']), found['clusters'])
        gains = [c['gain'] for c in found['clusters']]
        same(gains, sorted(gains, reverse=True))
        same(found['asked'], len(found['clusters']))
        same(home.run('agree', '--insight', '--ask', 5).json['asked'], 0)
        asked = home.run('guidelines', 'questions').lines
        same({q['from'] for q in asked}, {'insight'})
        same(sorted(q['text'] for q in asked), sorted(c['question'] for c in found['clusters']))
        text = plain(home, 'agree', '--insight')
        check('is it not marked?' in text and 'missing' in text, text)
        table = plain(home, 'agree', '--insight', '--table')
        check('cleared text' in table and found['clusters'][0]['cleared_text'] in table, table)
        home.refuse('usage', 'agree', '--table')
        home.refuse('not-permitted', 'agree', '--insight', **second)
        trail = json.dumps(home.run('audit log').lines)
        check(not any(c['cleared_text'] in trail for c in found['clusters']), 'the trail quotes a note')
        home.verify()


@test
def publish_queues_again():
    """A new version lists the notes it affects and queues them; the others keep their state"""
    with Home() as home:
        two_readers(home)
        with open(GUIDELINES, encoding='utf-8') as f:
            text = f.read()
        home.file('medications-problems.md', '# Changed text')
        drug = text.index('- name: DRUG')
        changed = text[:drug] + text[drug:].replace('A medicine that somebody took', 'A medicine or vaccine that somebody took', 1)
        same(changed != text, True)
        before = home.states()
        told = home.run('guidelines', 'publish', home.file('g2.yaml', changed)).json
        same([(a['name'], a['why']) for a in told['affected']], [('DRUG', 'changed')])
        with_drug = {n for n, row in home.readable().items() if any(e['label'] == 'DRUG' for e in find_entities(row['text']))}
        same({n['note'] for n in told['notes']}, with_drug)
        same(told['queued'] + told['kept'], 6)
        same(home.states().get('assigned', 0), len(with_drug), before)
        drug = changed.index('- name: DOSE')
        unused = changed[:drug] + changed[drug:].replace('How much is taken', 'How much of it is taken', 1)
        text = plain(home, 'guidelines', 'publish', home.file('g3.yaml', unused))
        check('label DOSE: changed; 0 findings in 0 notes' in text and '0 notes are affected' in text, text)
        home.verify()


@test
def report():
    """The quality report is one object, the same as Markdown, compares groups by a key of meta, and quotes no note"""
    with Home() as home:
        second = two_readers(home, 24, lambda i: {'sex': 'F' if i % 2 else 'M', 'ward': 'W%d' % (i // 23)})
        home.run('agree')
        made = home.run('quality', 'report', '--key', 'sex').json
        same((made['counts']['notes'], made['counts']['readings'], made['counts']['read_twice']), (24, 48, 24))
        groups = {g['value']: g['documents'] for g in made['balance']['groups']}
        same(groups, {'F': 12, 'M': 12})
        by_ward = home.run('quality', 'report', '--key', 'ward').json['balance']
        same((by_ward['groups'], by_ward['suppressed']), ([], {'groups': 2, 'documents': 24}), 'one note alone in W1')
        again = home.run('quality', 'report', '--key', 'sex', '--seed', 1).json
        same({k: v for k, v in again.items() if k != 'time'}, {k: v for k, v in made.items() if k != 'time'})
        text = plain(home, 'quality', 'report', '--key', 'sex')
        for words in ('# How good the labels are', '## Groups of documents', '| F | 12 |', '## Review and acceptance', second['member']):
            check(words in text, words, 'is not in', text)
        check('lisinopril' not in text + json.dumps(made) and 'hypertension' not in text + json.dumps(made), 'a note is quoted')
        home.refuse('usage', 'quality', 'report', '--format', 'word')
        home.refuse('not-permitted', 'quality', 'report', **second)
        engineer = {'member': home.add_member('Engineer', 'engineer', 'engineer passphrase'), 'passphrase': 'engineer passphrase'}
        home.run('quality', 'report', **engineer)
        home.refuse('not-permitted', 'quality', 'report', '--key', 'sex', **engineer)
        said = [e for e in home.run('audit log').lines if e['action'] == 'quality.reported']
        same(len(said), 5, 'reports in the trail')
        home.verify()


@test
def report_as_pdf():
    """The report as PDF is whole, has its pages numbered, and says what the Markdown says"""
    if SANITIZED:
        raise Skip('fontconfig keeps what it has looked up, which LeakSanitizer reports')
    with Home() as home:
        two_readers(home)
        out = home.file('report.pdf')
        done = home.run('quality', 'report', '--format', 'pdf', '--out', out, status=(0, 2))
        if done.status == 2:
            same(done.error, 'pdf-library', str(done))
            raise Skip('no cairo and pango on this machine')
        with open(out, 'rb') as f:
            data = f.read()
        check(data.startswith(b'%PDF-') and data.rstrip().endswith(b'%%EOF'), data[:20], data[-20:])
        if shutil.which('pdftotext'):
            text = subprocess.run(['pdftotext', '-layout', out, '-'], capture_output=True, text=True, timeout=60).stdout
            for words in ('How good the labels are', 'Review and acceptance', 'page 1'):
                check(words in text, words, 'is not in', text)
            check('lisinopril' not in text, 'a note is quoted')
        same(os.listdir(home.file('tmp')), [], 'left behind')


main()
