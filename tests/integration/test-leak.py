"""A reader meets an identifier that was missed: the note leaves every queue, and the privacy reviewer reads what was met."""
import json
import subprocess

from project import Home, check, main, make_notes, same, test


@test
def report_reaches_the_reviewer():
    """A leak report reaches the privacy reviewer, and nobody's log"""
    words = 'the name in line 1\x1b[2J'
    with Home() as home:
        home.init()
        home.run('import', home.file('notes.jsonl', make_notes(3, 11)))
        home.clear()
        home.publish()
        home.assign()
        note = sorted(home.readable())[0]
        home.run('label', note, '--leak', words)
        check(note not in home.readable(), 'the note is still to be read')
        shown = home.run('review', 'show', note).json
        same(shown['state'], 'leak')
        same(shown['leak'], words, 'what the reviewer is told')
        others = [home.run('review', 'show', n).json for n in home.notes_in_review() if n != note]
        check(not any('leak' in row for row in others), 'another note carries the report')
        argv = [a for a in home.argv('review', 'show', note) if a != '--json']
        plain = subprocess.run(argv, env=home.env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        check('A reader reported: the name in line 1' in plain.stdout, plain)
        check('\x1b' not in plain.stdout, 'a report speaks to the terminal')
        log = json.dumps(home.run('audit log').lines)
        check('note.leak-reported' in log and 'the name in line 1' not in log, 'the trail repeats the report, or says nothing of it')


@test
def returned_note_is_read_blind():
    """A note that came back is read anew without seeing the other reviewer's new decisions"""
    with Home() as home:
        home.init(reviewers=2)
        second = {'member': home.add_member('Second', 'privacy', 'second passphrase'), 'passphrase': 'second passphrase'}
        home.run('import', home.file('notes.jsonl', make_notes(2, 12)))
        home.run('detect')
        for who in ({}, second):
            home.run('review', 'decide', '--file', home.decisions(**who), **who)
            home.run('review', 'sign', 'import-1', **who)
        home.run('redact')
        home.publish()
        home.assign()
        note = sorted(home.readable())[0]
        home.run('label', note, '--leak', 'line 1')
        line = {'note': note, 'start': 0, 'end': 3, 'kind': 'OTHERID', 'decision': 'add'}
        rest = {'note': note, 'decision': 'remove-rest'}
        home.run('review', 'decide', '--file', home.file('again.jsonl', [line, rest]))
        seen = home.run('review', 'show', note, **second).json
        check(seen['blind'] and not seen['added'], 'the second reviewer sees what the first decided', seen['added'])
        home.run('redact', status=1)
        home.run('review', 'decide', '--file', home.file('again-2.jsonl', [rest]), **second)
        for who in ({}, second):
            home.run('review', 'sign', 'import-1', **who)
        same(home.run('redact').json['cleared'], 1)


main()
