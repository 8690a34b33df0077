#!/usr/bin/env python3
"""Privacy review at a terminal: keys typed into a real pseudo-terminal, and what the project then holds."""
import os
import pty
import re
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from project import Home, check, main, same, test  # noqa: E402

ROWS = [{'id': 'a', 'text': 'Patient: Maria Lopez, MRN: 00418823. Seen 03/14/2018 by Dr. Chen.\nMaria Lopez has a sister, Zuzka, in Ely.\x1b[31m\u009b32m'},
        {'id': 'b', 'text': 'Nothing here names anybody. Lungs clear.'}]


class Terminal:
    """`review start` at a terminal of 30 by 100."""

    def __init__(self, home):
        self.master, slave = pty.openpty()
        argv = [a for a in home.argv('review', 'start') if a != '--json']
        env = dict(home.env(), TERM='xterm', LINES='30', COLUMNS='100')
        self.process = subprocess.Popen(argv, env=env, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.screen = ''
        self.wait('undecided')

    def read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.screen += data.decode('utf-8', 'replace')
        return bool(data)

    def wait(self, words, seconds=20):
        """Reads until the words stand on what was drawn since the last key, and the drawing has come to rest."""
        end = time.monotonic() + seconds
        while words not in self.screen and time.monotonic() < end:
            self.read(.1)
        while self.read(.15):
            pass
        check(words in self.screen, 'the screen never showed', repr(words), repr(self.screen[-800:]))

    def type(self, keys, then):
        self.screen = ''
        os.write(self.master, keys.encode())
        self.wait(then)

    def end(self):
        while self.read(.2):
            pass
        status = self.process.wait(20)
        os.close(self.master)
        return status


def prepared(home):
    home.init()
    home.run('import', home.file('notes.jsonl', ROWS), '--keep-ids')
    home.run('detect')


@test
def decide_everything_by_keys():
    """A note is decided, added to and finished by keys alone, and the batch can be signed"""
    with Home() as home:
        prepared(home)
        terminal = Terminal(home)
        check('Maria Lopez' in terminal.screen, terminal.screen)
        check('\x1b[31m' not in terminal.screen and '\u009b' not in terminal.screen, 'a control sequence of the note reached the terminal')
        terminal.type('a', '2 of')                # remove the first, on to the next
        terminal.type('r', 'undecided')           # keep
        terminal.type('b', 'you: keep')           # back: the decision is shown
        terminal.type('2', 'undecided')           # no, it is staff
        terminal.type('m', 'Words that were missed')
        terminal.type('Zuzka\n', 'Kind')
        terminal.type('relative\n', 'Added.')
        terminal.type('m', 'Words that were missed')
        terminal.type('no such words\n', 'do not stand in the note')
        terminal.type('p', 'Enter goes back')
        check('[RELATIVE]' in terminal.screen and 'Zuzka' not in terminal.screen, 'the preview', terminal.screen)
        check('\x1b[31m' not in terminal.screen and '\u009b' not in terminal.screen, 'a control sequence in the preview')
        terminal.type('\n', 'undecided')
        for _ in range(30):
            if re.search(r'\D0 undecided', terminal.screen):
                break
            terminal.type('a', 'undecided')
        terminal.type('d', '(b)')                 # the second note, without candidates
        terminal.type('d', 'No note is left')
        check('sign import-1' in terminal.screen, 'what comes next', terminal.screen)
        same(terminal.end(), 0)
        home.run('review', 'sign', 'import-1')
        home.run('redact')
        same(home.states(), {'cleared': 2})
        shown = home.run('review', 'show', 'a', '--preview').json['text']
        for name in ('Lopez', '00418823', 'Zuzka', '03/14'):
            check(name not in shown, name, 'is left')
        home.verify()


@test
def quitting_keeps_what_was_decided():
    """Quitting, or losing the terminal, keeps each decision made"""
    for ending in ('q', '\x03', None):
        with Home() as home:
            prepared(home)
            terminal = Terminal(home)
            terminal.type('a', '2 of')
            if ending:
                terminal.type(ending, 'is saved')
                same(terminal.end(), 0)
            else:
                terminal.process.kill()
                terminal.end()
            decided = [c for c in home.run('review', 'show', 'a').json['candidates'] if any(c['decisions'].values())]
            same([c['candidate'] for c in decided], ['C1'])
            home.verify()


@test
def a_pipe_is_refused():
    """Without a terminal it says what to do instead"""
    with Home() as home:
        prepared(home)
        home.run('review', 'start', status=2, error='usage')


main()
