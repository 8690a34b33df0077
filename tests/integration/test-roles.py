#!/usr/bin/env python3
"""Roles are keys: what a role must not see, its member can't decrypt. Tried with the commands, and read from the keyring."""
import base64
import hashlib
import json
import os

from project import Home, check, find_entities, main, make_notes, same, test

TEAM = {'Anna Privacy': 'privacy', 'Ben Privacy': 'privacy', 'Cleo Reader': 'clinician', 'Dan Reader': 'clinician', 'Sue Senior': 'senior',
        'Eve Engineer': 'engineer', 'Otto Auditor': 'auditor'}


class Team(Home):
    """A project of a lead and seven members, each with one role; self.who finds code and passphrase by role."""

    def __init__(self):
        super().__init__()
        self.init('--name', 'Lea Lead', reviewers=2)
        self.who = {}
        for name, role in TEAM.items():
            passphrase = 'the passphrase of ' + name
            who = {'member': self.add_member(name, role, passphrase), 'passphrase': passphrase}
            self.who[role if role not in self.who else role + ' 2'] = who

    def keyring(self):
        with open(os.path.join(self.path, 'keyring'), encoding='utf-8') as f:
            return json.loads(f.read().split('\n')[1])

    def holders(self, key):
        return {g['member'] for g in self.keyring()['grants'] if g['key'] == key}

    def denied(self, role, command, *args):
        """The command is refused as not permitted, and changes nothing."""
        self.refuse('not-permitted', command, *args, more={'CHARTROOM_NEW_PASSPHRASE': 'x'}, **self.who[role])

    def clear_by_two(self, rows):
        a, b = self.who['privacy'], self.who['privacy 2']
        self.run('import', self.file('notes.jsonl', rows), **a)
        self.run('detect', **a)
        path = self.decisions(**a)
        for who in (a, b):
            self.run('review', 'decide', '--file', path, **who)
            self.run('review', 'sign', 'import-1', **who)
        self.run('redact', **a)

    def assign_both(self):
        self.publish()
        self.assign(readers=','.join((self.who['clinician']['member'], self.who['clinician 2']['member'])), overlap='100%')


@test
def originals():
    """Only a privacy reviewer's key opens an original"""
    with Team() as t:
        t.run('import', t.file('notes.jsonl', make_notes(3, 51)), **t.who['privacy'])
        t.run('detect', **t.who['privacy'])
        code = t.notes_in_review(**t.who['privacy'])[0]
        check('The patient' in t.run('review', 'show', code, **t.who['privacy']).json['text'], 'the reviewer sees the original')
        decisions = t.decisions(**t.who['privacy'])
        for role in ('clinician', 'senior', 'engineer', 'auditor'):
            for args in (('show', code), ('show', 's51-0'), ('list',), ('decide', '--file', decisions), ('sign', 'import-1'), ('list', '--scan')):
                t.denied(role, 'review', *args)
            t.denied(role, 'import', t.file('more.jsonl', make_notes(1, 52)))
            t.denied(role, 'detect')
            t.denied(role, 'redact')
            check(t.who[role]['member'] not in t.holders('vault'), role, 'has a box with the key of the vault')
        lead = t.member
        same(t.holders('vault'), {lead, t.who['privacy']['member'], t.who['privacy 2']['member']}, 'who holds the vault key')


@test
def other_commands():
    """A role does its own work and no other"""
    with Team() as t:
        t.clear_by_two(make_notes(3, 53))
        code = t.notes_in_review(**t.who['privacy'])[0]
        guidelines = os.path.join(os.environ.get('CR_SOURCE', '.'), 'data', 'guidelines', 'medications.yaml')
        out = os.path.join(t.dir, 'out')
        for role in ('privacy', 'clinician', 'senior', 'engineer', 'auditor'):
            t.denied(role, 'guidelines', 'publish', guidelines)
            t.denied(role, 'assign', '--batch', 'b', '--readers', t.member)
            t.denied(role, 'member add', 'X', '--roles', 'privacy')
            t.denied(role, 'member remove', t.member, '--reason', 'x')
            t.denied(role, 'member roles', t.who[role]['member'], '--roles', 'privacy', '--reason', 'x')
        t.assign_both()
        for role in ('privacy', 'clinician', 'auditor'):
            t.denied(role, 'export', '--unlabelled', '--out', out)
        for role in ('privacy', 'clinician', 'engineer', 'auditor'):
            t.denied(role, 'quality', 'list')
            t.denied(role, 'resolve', 'show', code)
        for role in ('privacy', 'clinician', 'auditor'):
            t.denied(role, 'resolve', 'list')
        for role in ('privacy', 'engineer', 'auditor'):
            t.denied(role, 'label', code, '--file', t.file('labels.jsonl', [{'entities': []}]))
        check(not os.path.exists(out), 'an export was made')


@test
def names():
    """An engineer and a clinician see codes, no names; the trail holds no name"""
    with Team() as t:
        for role in ('engineer', 'clinician', 'clinician 2'):
            rows = t.run('member list', **t.who[role]).json
            named = [r['name'] for r in rows if r.get('name') and r['member'] != t.who[role]['member']]
            same(named, [], role + ' sees names')
            check(t.who[role]['member'] not in t.holders('names'), role, 'has a box with the key of the names')
        rows = t.run('member list').json
        same(sorted(r['name'] for r in rows), sorted(list(TEAM) + ['Lea Lead']), 'the lead sees')
        for name in ('audit.log', 'audit.head', 'keyring', 'work.db', 'vault.db'):
            with open(os.path.join(t.path, name), 'rb') as f:
                content = f.read()
            for member in list(TEAM) + ['Lea Lead']:
                for form in (member.encode(), base64.b64encode(member.encode())[:-4]):
                    check(form not in content, member, 'stands in', name)


@test
def blind_reading():
    """One reader does not see the other's findings, nor hold the key to them"""
    with Team() as t:
        t.clear_by_two(make_notes(4, 54))
        t.assign_both()
        first, second = t.who['clinician'], t.who['clinician 2']
        labels = [{'id': n, 'entities': find_entities(r['text'])} for n, r in t.readable(**first).items()]
        t.run('label', '--all', '--file', t.file('labels.jsonl', labels), **first)
        for code, row in t.readable(**second).items():
            same(row['entities'], [], 'the second reader sees findings of the first in ' + code)
        t.denied('clinician 2', 'resolve', 'list')
        t.denied('clinician 2', 'resolve', 'show', labels[0]['id'])
        t.denied('clinician 2', 'quality', 'show', labels[0]['id'])
        holders = t.holders('findings/' + first['member'])
        check(first['member'] in holders, holders)
        for other in ('clinician 2', 'privacy', 'privacy 2', 'auditor'):
            check(t.who[other]['member'] not in holders, other, 'holds the key to the findings of another reader')


@test
def blind_review():
    """One privacy reviewer does not see the other's decisions before both have signed"""
    with Team() as t:
        a, b = t.who['privacy'], t.who['privacy 2']
        t.run('import', t.file('notes.jsonl', make_notes(2, 55)), **a)
        t.run('detect', **a)
        code = t.notes_in_review(**a)[0]
        t.run('review', 'decide', '--file', t.decisions(**a), **a)
        shown = t.run('review', 'show', code, **b).json
        check(shown['blind'] is True, shown)
        check(a['member'] not in json.dumps(shown), 'the other reviewer shows:', shown)
        t.run('review', 'sign', 'import-1', **a)
        check(a['member'] not in json.dumps(t.run('review', 'show', code, **b).json), 'after one signature')
        t.run('review', 'decide', '--file', t.decisions('keep-rest', **b), **b)
        t.run('review', 'sign', 'import-1', **b)
        shown = t.run('review', 'show', code, **b).json
        check(shown['blind'] is False and a['member'] in json.dumps(shown), 'after both:', shown)


@test
def forged_keyring():
    """A member who writes more roles for himself into the keyring is found out"""
    with Team() as t:
        path = os.path.join(t.path, 'keyring')
        with open(path, 'rb') as f:
            sound = f.read()
        head, body = sound.split(b'\n')[:2]
        ring = json.loads(body)
        row = next(m for m in ring['members'] if m['member'] == t.who['clinician']['member'])
        row['roles'] = 'clinician,privacy'
        forged = head + b'\n' + json.dumps(ring, separators=(',', ':')).encode() + b'\n'
        forged += b'sha256 ' + hashlib.sha256(forged).hexdigest().encode() + b'\n'
        with open(path, 'wb') as f:
            f.write(forged)
        t.run('status', status=2, error='damaged', **t.who['clinician'])
        with open(path, 'wb') as f:
            f.write(sound)
        t.verify()


@test
def locked_and_removed():
    """A member who is locked or removed gets in no more"""
    with Team() as t:
        who = t.who['clinician']
        t.run('member lock', who['member'], '--reason', 'lost laptop')
        t.run('status', status=2, error='member-locked', **who)
        t.run('member unlock', who['member'], '--reason', 'found')
        t.run('status', **who)
        t.run('member remove', who['member'], '--reason', 'left')
        refused = t.run('status', status=2, **who)
        check(refused.error in ('no-such-member', 'member-locked', 'wrong-passphrase'), refused)
        same([g for g in t.keyring()['grants'] if g['member'] == who['member']], [], 'keys that are left')


main()
