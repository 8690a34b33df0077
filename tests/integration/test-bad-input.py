#!/usr/bin/env python3
"""Bad input: each kind has its named error and its exit status, and leaves the project as it was."""
import os
import shutil
import signal
import subprocess
import time

from project import (BUILD, SANITIZED, SOURCE, Home, Skip, check, check_receipt, main, make_notes, note, same,
                     test)

RAISE_VERSION = os.path.join(os.path.abspath(BUILD), 'tests', 'integration', 'raise-version')
SHIM = os.path.join(os.path.abspath(BUILD), 'tests', 'integration', 'libworld-shim.so')
LISINOPRIL = ('{"text": "Patient was started on lisinopril 10mg daily for hypertension.", "entities": [{"start": 21, "end": 31, '
              '"label": "DRUG", "text": "lisinopril"}, {"start": 32, "end": 36, "label": "DOSE", "text": "10mg"}, {"start": 37, '
              '"end": 42, "label": "FREQUENCY", "text": "daily"}, {"start": 47, "end": 59, "label": "CONDITION", '
              '"text": "hypertension"}]}\n')
TEXT = 'Patient was started on lisinopril 10mg daily for hypertension.'
RIGHT = [('DRUG', 23, 33), ('DOSE', 34, 38), ('FREQUENCY', 39, 44), ('CONDITION', 49, 61)]

# ---- import ----


def import_case(name, content, accepted, rejected, *args):
    """Imports one bad file into a project that holds a note: what must be quarantined, as (record, byte, code); what came in
    before stays, what is bad comes not in, and the same file again takes nothing in twice."""
    with Home() as home:
        home.init()
        home.run('import', home.file('before.jsonl', [{'id': 'before', 'text': 'A note that was there before.'}]))
        path = home.file(name, content)
        result = home.run('import', path, *args, status=1 if rejected else 0).json
        same([(r['record'], r['byte'], r['code']) for r in result['rejected']], rejected, name)
        same(result['accepted'], accepted, 'accepted')
        same(result['input'], result['accepted'] + result['quarantined'], 'input = accepted + quarantined')
        same(home.states(), {'imported': 1 + accepted}, 'notes')
        home.verify()
        again = home.run('import', path, *args, status=(0, 1)).json
        same((again['accepted'], again['quarantined']), (0, accepted + len(rejected)), 'imported again')
        same(home.states(), {'imported': 1 + accepted}, 'notes after the second import')
        quoted = [r for r in result['rejected'] if 'SECRET' in r['message']]
        same(quoted, [], 'a message quotes the note')


@test
def invalid_utf8():
    """Invalid UTF-8 is quarantined with its place, in JSON lines, CSV and text; the rest goes on"""
    import_case('a.jsonl', b'{"id":"1","text":"one"}\n{"id":"2","text":"SECRET \xe9"}\n{"id":"3","text":"three"}\n', 2, [(2, 24, 'invalid-utf8')])
    import_case('a.csv', b'id,text\n1,one\n2,SECRET \xff\n3,three\n', 2, [(2, 14, 'invalid-utf8')])
    import_case('a.txt', b'SECRET \xc0\xaf', 0, [(1, 0, 'invalid-utf8')])
    import_case('b.txt', b'SECRET \xed\xa0\x80', 0, [(1, 0, 'invalid-utf8')])
    import_case('c.txt', b'SECRET \xf4\x90\x80\x80', 0, [(1, 0, 'invalid-utf8')])


@test
def nul_bytes():
    """NUL bytes, plain and escaped, are quarantined"""
    import_case('a.jsonl', b'{"id":"1","text":"SECRET\\u0000"}\n{"id":"2","text":"SEC\x00RET"}\n{"id":"3","text":"three"}\n', 1,
                [(1, 0, 'nul-byte'), (2, 33, 'nul-byte')])
    import_case('a.txt', b'SEC\x00RET', 0, [(1, 0, 'nul-byte')])
    import_case('a.csv', b'id,text\n1,SEC\x00RET\n2,two\n', 1, [(1, 8, 'nul-byte')])


def stored_text(name, content):
    with Home() as home:
        home.init()
        home.run('import', home.file(name, content))
        home.run('detect')
        return home.run('review', 'show', home.notes_in_review()[0]).json['text']


@test
def bom_and_crlf():
    """A byte order mark is no text, CRLF stays as it is, in every format"""
    same(stored_text('a.txt', b'\xef\xbb\xbfone\r\ntwo\rthree'), 'one\r\ntwo\rthree')
    same(stored_text('a.jsonl', b'\xef\xbb\xbf{"id":"1","text":"one\\r\\ntwo"}\r\n'), 'one\r\ntwo')
    same(stored_text('a.csv', b'\xef\xbb\xbfid,text\r\n1,"one\r\ntwo"\r\n'), 'one\r\ntwo')


@test
def lone_surrogates():
    """Half of a surrogate pair is quarantined, a whole pair is a character"""
    import_case('a.jsonl', b'{"id":"1","text":"SECRET \\ud83d x"}\n{"id":"2","text":"SECRET \\ude0a"}\n{"id":"3","text":"\\ud83d\\ude0a"}\n', 1,
                [(1, 0, 'lone-surrogate'), (2, 36, 'lone-surrogate')])
    same(stored_text('b.jsonl', b'{"id":"3","text":"\\ud83d\\ude0a!"}\n'), '\U0001f60a!')


@test
def empty_notes():
    """Empty notes are quarantined, an empty file is no failure"""
    import_case('a.jsonl', b'{"id":"1","text":""}\n{"id":"2","text":"two"}\n', 1, [(1, 0, 'empty-text')])
    import_case('a.txt', b'', 0, [(1, 0, 'empty-text')])
    import_case('b.txt', b'\xef\xbb\xbf', 0, [(1, 0, 'empty-text')])
    import_case('a.csv', b'id,text\n1,\n2,two\n', 1, [(1, 8, 'empty-text')])
    import_case('b.jsonl', b'', 0, [])


@test
def duplicates():
    """The same id and the same text come in once"""
    import_case('a.jsonl', b'{"id":"1","text":"one"}\n{"id":"1","text":"two"}\n{"id":"2","text":"one"}\n{"id":"before","text":"x"}\n'
                b'{"id":"3","text":"A note that was there before."}\n', 1,
                [(2, 24, 'duplicate-id'), (3, 48, 'duplicate-content'), (4, 72, 'duplicate-id'), (5, 99, 'duplicate-content')])


@test
def missing_columns():
    """Missing columns, members and fields are named"""
    with Home() as home:
        home.init()
        path = home.file('a.csv', b'number,words,comment\n1,SECRET,x\n')
        home.refuse_import('missing-column', path)
        home.refuse_import('missing-column', path, '--map', 'nothing=text')
        same(home.run('import', path, '--map', 'words=text', '--map', 'number=id').json['accepted'], 1, 'mapped')
    import_case('a.jsonl', b'{"id":"1"}\n{"id":"2","text":7}\n{"id":"3","text":null}\n[]\n"SECRET"\n{"id":"4","text":"four"}\n', 1,
                [(1, 0, 'missing-field'), (2, 11, 'missing-field'), (3, 31, 'missing-field'), (4, 54, 'bad-json'), (5, 57, 'bad-json')])
    import_case('b.csv', b'id,text\n1\n2,SECRET,x\n3,three\n', 1, [(1, 8, 'bad-csv'), (2, 10, 'bad-csv')])


@test
def truncated():
    """Truncated JSON, an open quote, deep nesting: quarantined, what stands before is in"""
    import_case('a.jsonl', b'{"id":"1","text":"one"}\n{"id":"2","text":"SECRET', 1, [(2, 24, 'bad-json')])
    import_case('b.jsonl', b'{"id":"1","text":"one"}\n{"id":"2"\n{"id":"3","text":"three"}\n', 2, [(2, 24, 'bad-json')])
    import_case('a.csv', b'id,text\n1,one\n2,"SECRET\n', 1, [(2, 14, 'bad-csv')])
    deep = b'{"id":"1","text":"x","meta":' + b'[' * 2000 + b']' * 2000 + b'}\n{"id":"2","text":"two"}\n'
    import_case('c.jsonl', deep, 1, [(1, 0, 'limit')])


@test
def no_such_file():
    """A file that is not there is a failure, not an empty import"""
    with Home() as home:
        home.init()
        home.refuse_import('not-found', os.path.join(home.dir, 'nothing.jsonl'))


# ---- large notes ----


def big_text(n_bytes, n_dense):
    """Clinical sentences, the first n_dense bytes full of identifiers and one in some 50 KB after that."""
    dense = ' '.join(row['text'] for row in make_notes(60, 21, length=10))
    plain = 'The lungs are clear and the abdomen is soft. Continue the present plan. No edema is seen today. ' * 500 + 'Seen on 03/04/2019. '
    text = dense * (n_dense // len(dense) + 1) + plain * (n_bytes // len(plain) + 1)
    return text[:n_bytes]


@test
def large_note():
    """A note of 50 MB goes through import, detection, review, redaction and export; one above the limit is quarantined"""
    if SANITIZED:
        raise Skip('the sanitizers make 50 MB take many minutes')
    text = big_text(50 << 20, 4 << 20)
    with Home() as home:
        home.init()
        began = time.monotonic()
        home.run('import', home.file('big.jsonl', [{'id': 'big', 'text': text}]))
        cleared = home.clear()
        same(cleared['cleared'], 1, 'cleared')
        check(sum(cleared['by_kind'].values()) > 30000, cleared)
        home.run('export', '--unlabelled', '--format', 'jsonl', '--out', os.path.join(home.dir, 'out'), status=(0, 1))
        note('50 MB: %.1f s' % (time.monotonic() - began))
        over = home.file('over.txt', b'word ' * ((64 << 20) // 5 + 1))
        result = home.run('import', over, status=1).json
        same([r['code'] for r in result['rejected']], ['limit'], 'over the limit')


# ---- labels ----


def lisinopril_project(home):
    """A project with the note of the widely copied example, ready to be labelled; returns the note's code."""
    home.init()
    home.run('import', home.file('n.jsonl', [{'id': 'a', 'text': TEXT}]))
    home.clear()
    home.publish()
    home.assign()
    return list(home.readable())[0]


def label_refused(home, code, error, rows, *args, note_code=None):
    path = rows if isinstance(rows, str) else home.file('bad.jsonl', rows)
    result = home.refuse(error, 'label', note_code or code, '--file', path, *args)
    return [r for line in result.lines if 'problems' in line for r in line['problems']]


def entity(start, end, label='DRUG', text='lisinopril', **more):
    return dict({'id': 'T1', 'start': start, 'end': end, 'label': label, 'text': text}, **more)


@test
def wrong_offsets():
    """The widely copied lisinopril example: refused with what stands there, repaired on request, right in the export"""
    with Home() as home:
        code = lisinopril_project(home)
        path = home.file('labels.jsonl', LISINOPRIL)
        problems = label_refused(home, code, 'label-text', path)
        same([(p['label'], p['nearest']) for p in problems], [(l, [s, e]) for l, s, e in RIGHT], 'nearest')
        same([p['found'] for p in problems], [TEXT[s:e] for s, e in ((21, 31), (32, 36), (37, 42), (47, 59))], 'what stands there')
        repaired = home.run('label', code, '--file', path, '--repair').json['repaired']
        same([r['to'] for r in repaired], [[s, e] for _, s, e in RIGHT], 'repaired')
        events = [e for e in home.run('audit log').lines if e['action'] == 'finding.repaired']
        same([(e['old'], e['new']) for e in events], [('[21,31]', '[23,33]'), ('[32,36]', '[34,38]'), ('[37,42]', '[39,44]'),
                                                      ('[47,59]', '[49,61]')], 'in the trail')
        home.approve()
        out = os.path.join(home.dir, 'out')
        home.export(out, formats='jsonl')
        check_receipt(out)
        line = home.read_json_lines(os.path.join(out, 'all.jsonl'))[0]
        same([(e['label'], e['start'], e['end']) for e in line['entities']], RIGHT, 'exported')
        same([line['text'][e['start']:e['end']] for e in line['entities']], [e['text'] for e in line['entities']], 'sliced')


@test
def ambiguous_repair():
    """--repair moves no label that fits two places as well, and none at all then"""
    with Home() as home:
        home.init()
        home.run('import', home.file('n.jsonl', [{'id': 'a', 'text': 'aspirin in the morning, aspirin at night, and lisinopril'}]))
        home.clear()
        home.publish()
        home.assign()
        code = list(home.readable())[0]
        rows = [{'entities': [entity(12, 19, text='aspirin'), entity(40, 50, text='lisinopril', id='T2')]}]
        problems = label_refused(home, code, 'label-text', rows, '--repair')
        same([(p['entity'], p['occurrences']) for p in problems], [('T1', 2)], 'what could not be repaired')
        same(home.readable()[code]['entities'], [], 'findings')


@test
def bad_labels():
    """Labels outside the text, backwards, unknown, with bad attributes or links: each has its name"""
    with Home() as home:
        code = lisinopril_project(home)
        for error, entities in (('span-outside', [entity(60, 80)]), ('span-outside', [entity(-1, 3)]), ('span-outside', [entity(62, 63)]),
                                ('span-outside', [entity(23, 10**15)]), ('span-order', [entity(33, 23)]), ('span-order', [entity(23, 23)]),
                                ('label-unknown', [entity(23, 33, label='DRUGG')]), ('label-unknown', [entity(23, 33, label='')]),
                                ('label-text', [entity(23, 33, text='metformin')]),
                                ('label-value', [entity(23, 33, attributes={'status': 'no such value'})]),
                                ('label-value', [entity(23, 33, attributes={'no such attribute': 'x'})])):
            label_refused(home, code, error, [{'entities': entities}])
        for relations in ([{'type': 'reason_for', 'from': 'T1', 'to': 'T9'}], [{'type': 'no_such', 'from': 'T1', 'to': 'T1'}]):
            label_refused(home, code, 'label-relation', [{'entities': [entity(23, 33)], 'relations': relations}])
        label_refused(home, code, 'not-found', [{'entities': []}], note_code='N-NOTTHERE')
        label_refused(home, code, 'bad-json', home.file('bad.jsonl', b'{"entities": [{"start": 1\n'))
        label_refused(home, code, 'lone-surrogate', home.file('bad.jsonl', b'{"entities": [{"text": "\\ud800"}]}\n'))
        label_refused(home, code, 'nul-byte', home.file('bad.jsonl', b'{"entities": [{"text": "\\u0000"}]}\n'))
        label_refused(home, code, 'invalid-utf8', home.file('bad.jsonl', b'{"entities": [{"text": "\xff"}]}\n'))
        same(home.readable()[code]['entities'], [], 'findings')


@test
def old_guidelines():
    """Labels made under an old version of the guidelines, or one that is not there yet, are refused"""
    with Home() as home:
        code = lisinopril_project(home)
        label_refused(home, code, 'not-found', [{'guidelines': 2, 'entities': []}])
        home.publish(os.path.join(SOURCE, 'data', 'guidelines', 'medications.yaml'))
        label_refused(home, code, 'label-old-guidelines', [{'guidelines': 1, 'entities': [entity(23, 33)]}])


# ---- projects ----


@test
def opened_twice():
    """A second program finds the project locked, and the first ends well"""
    with Home() as home:
        home.init()
        rows = home.file('many.jsonl', make_notes(4000, 9, length=6000))
        first = subprocess.Popen(home.argv('import', rows), env=home.env(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        lock = os.path.join(home.path, 'work.db-wal')
        while first.poll() is None and not (os.path.exists(lock) and os.path.getsize(lock)):
            time.sleep(0.001)
        first.send_signal(signal.SIGSTOP)
        check(first.poll() is None, 'the import ended before it could be stopped')
        for command in (('status',), ('detect',), ('import', rows), ('audit anchor',)):
            home.run(*command, status=2, error='project-locked')
        first.send_signal(signal.SIGCONT)
        same(first.wait(300), 0, first.stderr.read())
        same(home.states(), {'imported': 4000}, 'notes')
        home.verify()


@test
def wrong_passphrase():
    """A wrong passphrase, none, and a member who is not there"""
    with Home() as home:
        home.init()
        before = home.counts()
        for member in (home.member, None):
            home.member, kept = member, home.member
            home.run('status', passphrase='another passphrase', status=2, error='wrong-passphrase')
            home.member = kept
        home.run('status', member='M-000000', status=2, error='no-such-member')
        env = home.env()
        del env['CHARTROOM_PASSPHRASE']
        done = subprocess.run(home.argv('status'), env=env, stdin=subprocess.DEVNULL, capture_output=True)
        same(done.returncode, 2, 'no passphrase')
        check(b'chartroom: no-passphrase: ' in done.stderr, done.stderr)
        same(home.counts(), before, 'the project')


@test
def foreign_keyring():
    """The keyring of another project is refused, with its own passphrase too; put back, all is well"""
    with Home() as home, Home('another passphrase') as other:
        home.init()
        other.init()
        before = home.counts()
        keyring = os.path.join(home.path, 'keyring')
        shutil.copy(keyring, home.dir)
        shutil.copy(os.path.join(other.path, 'keyring'), keyring)
        for passphrase in (home.passphrase, other.passphrase):
            home.run('status', member=other.member, passphrase=passphrase, status=2, error='foreign-keyring')
        os.rename(os.path.join(home.path, 'audit.head'), os.path.join(home.dir, 'audit.head'))  # even without the head
        refused = home.run('status', member=other.member, passphrase=other.passphrase, status=2)
        check(refused.error in ('foreign-keyring', 'seal-broken', 'damaged'), refused)
        os.rename(os.path.join(home.dir, 'audit.head'), os.path.join(home.path, 'audit.head'))
        shutil.copy(os.path.join(home.dir, 'keyring'), keyring)
        same(home.counts(), before, 'the project')


@test
def newer_version():
    """A keyring or a store that a newer program wrote is refused by name, not read"""
    with Home() as home:
        home.init()
        keyring = os.path.join(home.path, 'keyring')
        with open(keyring, 'rb') as f:
            content = f.read()
        with open(keyring, 'wb') as f:
            f.write(content.replace(b'chartroom keyring 1\n', b'chartroom keyring 2\n', 1))
        home.run('status', status=2, error='newer-version')
        with open(keyring, 'wb') as f:
            f.write(content)
        home.run('status')
        for name in ('work.db', 'vault.db'):
            path = os.path.join(home.path, name)
            shutil.copy(path, home.dir)
            subprocess.run([RAISE_VERSION, home.path, name, home.member], env=home.env(), check=True)
            home.run('status', status=2, error='newer-version')
            shutil.copy(os.path.join(home.dir, name), path)
            home.run('status')


@test
def not_a_project():
    """A folder that is no project, a path that is taken"""
    with Home() as home:
        home.run('status', status=2, error='not-a-project')
        home.run('status', status=2, error='not-a-project', path=home.dir)
        home.init()
        home.run('init', status=2, error='exists')
        home.verify()


@test
def network_filesystem():
    """A network file system is refused with the way out (its kind is told by a shim)"""
    if SANITIZED:
        raise Skip('a shim does not go before the sanitizers')
    with Home() as home:
        home.init()
        for kind in ('0x6969', '0xff534d42', '0xfe534d42', '0x517b'):  # NFS, CIFS, SMB2, SMB
            shim = {'LD_PRELOAD': SHIM, 'CR_SHIM_STATFS': kind}
            home.run('status', status=2, error='network-filesystem', more=shim)
            home.run('init', status=2, error='network-filesystem', more=shim, path=os.path.join(home.dir, 'other.chartroom'))
        same(sorted(n for n in os.listdir(home.dir) if 'chartroom' in n), ['p.chartroom'], 'what was made')
        home.verify()


main()
