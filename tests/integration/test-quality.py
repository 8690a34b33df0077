"""Judging the readings from the command line: what readers disagree about, what new guidelines queue again."""
import json
import subprocess

from project import GUIDELINES, Home, check, find_entities, main, make_notes, same, test


def plain(home, command, *args, **who):
    """What a person reads: the output without --json."""
    argv = [a for a in home.argv(command, *args) if a != '--json']
    done = subprocess.run(argv, env=home.env(**who), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    same(done.returncode, 0, done.stderr)
    return done.stdout


def two_readers(home, n=6):
    """n notes read by two: the second finds no drug in the first two."""
    home.init()
    second = {'member': home.add_member('Second', 'clinician', 'second passphrase'), 'passphrase': 'second passphrase'}
    home.run('import', home.file('notes.jsonl', make_notes(n, 11)))
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


main()
