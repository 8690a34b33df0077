#!/usr/bin/env python3
"""`deid --onnx`: a user's own token classifier finds along, at exact places, the same however many threads run, and what is wrong
with its folder or the runtime is said by name before the first note is read."""
import ctypes
import json
import os
import platform
import random
import re
import shutil
import subprocess
import time

from onnx_model import FLOAT, INT32, byte_level, config, graph, wordpiece, write
from project import BUILD, CHARTROOM, Home, Skip, SANITIZED, check, main, note, same, test

RUNTIME = os.environ.get('CR_ONNXRUNTIME', '')
SHIM = os.path.join(os.path.abspath(BUILD), 'tests', 'integration', 'libruntime-shim.so')
LABELS = ['O', 'B-PATIENT', 'I-PATIENT', 'B-DATE', 'I-DATE']
# Words that no other finder knows, so that what is found is the model's.
WORDS = {'zor': 'B-PATIENT', '##vax': 'I-PATIENT', 'quim': 'I-PATIENT', 'lunedi': 'B-DATE', 'saw': 'O', 'on': 'O', '.': 'O', 'e': 'O',
         '##e': 'O', '東': 'B-PATIENT', '京': 'I-PATIENT', ',': 'O', '-': 'I-DATE', '(': 'O'}


def runtime():
    if not os.path.isfile(RUNTIME):
        raise Skip('no ONNX Runtime here: tools/setup fetches one into .deps/onnxruntime')
    if platform.machine() != 'x86_64':
        raise Skip('the runtime that tools/setup fetches is for x86-64')
    return RUNTIME


def deid(home, lines, *args, status=0, library=None, env=None):
    argv = [CHARTROOM, 'deid', '--model', 'none', *args] + (['--onnx-runtime', library or runtime()] if library is not False else [])
    text = ''.join(json.dumps(line, ensure_ascii=False) + '\n' for line in lines)
    done = subprocess.run(argv, input=text.encode(), env={**home.env(), **(env or {})}, capture_output=True, timeout=300)
    same(done.returncode, status, done.stderr.decode() + done.stdout[:500].decode())
    done.lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
    done.err = done.stderr.decode()
    return done


def found(home, folder, text, *args):
    """{words: kind} of what the model had a part in."""
    (row,) = deid(home, [{'id': 1, 'text': text}], '--onnx', folder, *args).lines
    return {text[s['start']:s['end']]: s['kind'] for s in row['phi'] if any(by.startswith('onnx:') for by in s['by'])}


def refused(home, folder, *words, error='onnx-model', **more):
    done = deid(home, [{'id': 1, 'text': 'x'}], '--onnx', folder, status=2, **more)
    check(error + ':' in done.err, done.err)
    for word in words:
        check(word in done.err, word, 'is not in:', done.err)
    same(done.lines, [])
    same(done.err.count('\n'), 1, done.err)


@test
def wordpiece_offsets():
    """Sub-words, lost accents, capitals, Chinese, emoji and joiners: every place is exact"""
    with Home() as home:
        model = wordpiece(home.file('m'), LABELS, WORDS)
        text = '😀 Zórvax Quim saw lunedi.'
        (row,) = deid(home, [{'id': 1, 'text': text}], '--onnx', model).lines
        spans = [s for s in row['phi'] if s['by'] == ['onnx:PATIENT']]
        same([text[s['start']:s['end']] for s in spans], ['Zórvax Quim'])
        check(spans[0]['kind'] == 'PATIENT' and .99 < spans[0]['score'] <= 1, spans)
        same(found(home, model, 'Zo\u0301rva\u200dx\u0301 saw'), {'Zo\u0301rva\u200dx\u0301': 'PATIENT'})
        same(found(home, model, '(東京)'), {'東京': 'PATIENT'})
        same(found(home, model, 'on LUNEDI-lunedi, zorvaxx'), {'LUNEDI-': 'DATE', 'lunedi': 'DATE'})
        same(found(home, model, '[CLS] [SEP] 👩‍👩‍👧 saw'), {})


@test
def byte_level_offsets():
    """Byte-level pieces of words with spaces, accents and emoji: every place is exact"""
    words = {' Zórvax': 'B-PATIENT', 'Zórvax': 'B-PATIENT', ' Quim': 'I-PATIENT', ' 😀b': 'O', ' lunedi': 'B-DATE', '-': 'I-DATE'}
    with Home() as home:
        for name, more in {'strings': {}, 'pairs': {'pairs': True}, 'nfc': {'nfc': True}, 'prefix': {'prefix': True}}.items():
            model = byte_level(home.file(name), LABELS, words, **more)
            same(found(home, model, 'Zórvax Quim'), {'Zórvax Quim': 'PATIENT'}, name)
            same(found(home, model, '😀  Zórvax \n Quim saw'), {'Zórvax \n Quim': 'PATIENT'}, name)
            same(found(home, model, 'on lunedi-x'), {'lunedi-': 'DATE'}, name)
        same(found(home, home.file('nfc'), 'saw Zo\u0301rvax.'), {'Zo\u0301rvax': 'PATIENT'})
        same(found(home, home.file('strings'), 'saw Zo\u0301rvax.'), {})


@test
def merged_with_the_others():
    """What two finders find is one span that names both, and the policy treats it like any other"""
    with Home() as home:
        model = wordpiece(home.file('m'), LABELS, {**WORDS, '3': 'B-DATE', '/': 'I-DATE', '14': 'I-DATE', '2018': 'I-DATE'})
        text = 'Zorvax seen on 3/14/2018.'
        (row,) = deid(home, [{'id': 1, 'text': text}], '--onnx', os.path.join(model, 'model.onnx'), '--replace', 'tag').lines
        same(row['text'], '[PATIENT] seen on [DATE 2018].')
        date = row['phi'][1]
        check('onnx:DATE' in date['by'] and any(by.startswith('rule:') for by in date['by']), date)


@test
def weights_beside():
    """A model whose numbers lie in a file beside it, as large ones do; without the file it is refused"""
    with Home() as home:
        os.mkdir(home.file('m'))
        model = wordpiece(home.file('m'), LABELS, WORDS, beside=home.file('m/model.onnx_data'))
        same(found(home, model, 'zorvax saw'), {'zorvax': 'PATIENT'})
        os.remove(home.file('m/model.onnx_data'))
        refused(home, model, 'model.onnx')


@test
def thresholds():
    """A doubtful word counts where the threshold lets it"""
    with Home() as home:
        model = wordpiece(home.file('m'), LABELS, WORDS, sure=1.0)  # (e + 3) / (e + 4), .851, that it is not outside
        same(found(home, model, 'zorvax', '--threshold', '.84'), {'zorvax': 'PATIENT'})
        same(found(home, model, 'zorvax', '--threshold', '.86'), {})


@test
def windows():
    """A text of many windows gives what its parts give, with fixed graphs, other number types and half precision as well"""
    rng = random.Random(7)
    with Home() as home:
        text = ' '.join(rng.choice(['zorvax saw', 'zorvax quim on', 'saw', 'lunedi .', 'unseen']) for _ in range(3000))
        wanted = [(m.start(), m.end()) for m in re.finditer('zorvax(?: quim)?|lunedi', text)]
        for name, more in {'free': {}, 'gated': {'gated': True}, 'gated and fixed': {'gated': True, 'dims': (1, 48)}, 'fixed': {'dims': (1, 32)}, 'narrow': {'element': INT32}, 'half': {'half': True}}.items():
            model = wordpiece(home.file(name), LABELS, WORDS, **more)
            (row,) = deid(home, [{'id': 1, 'text': text}], '--onnx', model).lines
            same([(s['start'], s['end']) for s in row['phi'] if s['by'][0].startswith('onnx:')], wanted, name)


@test
def context_over_edges():
    """A word that only the word before it betrays is found wherever a window begins"""
    words = {'dr': 'O', 'w': 'O', '.': 'O'}
    rows = [(0, 2.0)] * (4 + len(words))
    hints = [[0.0] * 5 for _ in rows]
    hints[4][1] = 9.0  # dr: what follows begins a patient
    with Home() as home:
        model = wordpiece(home.file('m'), LABELS, words)
        for name, more in {'free': {}, 'fixed': {'dims': (1, 16), 'gated': True}}.items():
            write(model, 'model.onnx', graph(rows, 5, context=hints, **more))
            for lead in range(12):  # each place of the window's edge against the words
                text = 'w ' * lead + 'dr q . ' * 150
                (row,) = deid(home, [{'id': 1, 'text': text}], '--onnx', model, '--threshold', '.9').lines
                same([(s['start'], s['end']) for s in row['phi']], [(m.start(), m.end()) for m in re.finditer(r'\bq\b', text)], name)


@test
def padding():
    """A text shorter than a graph of fixed length is filled up, and the mask says where it ends"""
    with Home() as home:
        for dims, wanted in (((1, 32), {'zorvax': 'PATIENT'}), (('batch', 'length'), {})):
            model = wordpiece(home.file('m'), LABELS, WORDS, gated='padded', dims=dims)
            same(found(home, model, 'saw zorvax on', '--threshold', '.9'), wanted, dims)


@test
def layouts():
    """The graph in a folder onnx/ below the other files, named by file or by folder"""
    with Home() as home:
        model = wordpiece(home.file('m'), LABELS, WORDS)
        os.mkdir(home.file('m/onnx'))
        os.rename(home.file('m/model.onnx'), home.file('m/onnx/model.onnx'))
        same(found(home, model, 'zorvax'), {'zorvax': 'PATIENT'})
        os.rename(home.file('m/onnx/model.onnx'), home.file('m/onnx/model_int8.onnx'))
        same(found(home, home.file('m/onnx/model_int8.onnx'), 'zorvax'), {'zorvax': 'PATIENT'})
        refused(home, model, 'm/model.onnx', 'no such file')


@test
def threads():
    """However many threads run, the output is the same byte for byte"""
    rng = random.Random(8)
    with Home() as home:
        model = wordpiece(home.file('m'), LABELS, WORDS, sure=2.0)
        lines = [{'id': i, 'text': ' '.join(rng.choice(list(WORDS) + ['Zórvax', '😀']) for _ in range(rng.randint(0, 300)))} for i in range(400)]
        alone = deid(home, lines, '--onnx', model)
        many = deid(home, lines, '--onnx', model, '--jobs', '4')
        same(alone.stdout == many.stdout, True, 'one thread and four differ')
        check(sum(len(row['phi']) for row in alone.lines) > 1000, 'little was found')


@test
def long_notes():
    """A note of several pages: the model's finds keep their places"""
    with Home() as home:
        model = wordpiece(home.file('m'), LABELS, WORDS)
        text = ('saw on . ' * 20 + '\n') * 7000 + 'Zórvax'
        check(len(text) > 1 << 20, len(text))
        (row,) = deid(home, [{'id': 1, 'text': text}], '--onnx', model).lines
        same([text[s['start']:s['end']] for s in row['phi']], ['Zórvax'])


@test
def labels():
    """Labels without marks, of other schemes, of the user's own table; an unknown one is named"""
    with Home() as home:
        plain = wordpiece(home.file('plain'), ['O', 'HCW', 'E-MAIL'], {'zor': 'HCW', '##vax': 'HCW', 'quim': 'E-MAIL'})
        same(found(home, plain, 'zorvax zorvax saw', '--onnx-labels', home.file('t.tsv', 'e-mail\tEMAIL\n')), {'zorvax zorvax': 'STAFF'})
        refused(home, plain, '"E-MAIL"', '--onnx-labels')
        same(found(home, plain, 'zorvax quim', '--onnx-labels', home.file('t.tsv', '# mine\nE-MAIL\t-\nHCW\tRELATIVE\n')), {'zorvax': 'RELATIVE'})
        bilou = wordpiece(home.file('bilou'), ['O', 'B-STAFF', 'I-STAFF', 'L-STAFF', 'U-STAFF'],
                          {'a': 'B-STAFF', 'b': 'I-STAFF', 'c': 'L-STAFF', 'd': 'U-STAFF'})
        (row,) = deid(home, [{'id': 1, 'text': 'abb a b c d d'.replace('abb', 'x')}], '--onnx', bilou).lines
        same([(s['start'], s['end']) for s in row['phi']], [(2, 7), (8, 9), (10, 11)])
        for bad in ('HCW\tNOBODY\n', 'HCW\n', 'HCW\t-\nE-MAIL\t-\n'):
            done = deid(home, [], '--onnx', plain, '--onnx-labels', home.file('t.tsv', bad), status=2)
            check('onnx-model' in done.err, done.err)


@test
def law():
    """An age over 89 and a bare year are told from other ages and dates"""
    with Home() as home:
        model = wordpiece(home.file('m'), ['O', 'AGE', 'DATE'], {'93': 'AGE', '45': 'AGE', '1987': 'DATE', 'lunedi': 'DATE'})
        same(found(home, model, 'q 93 q 45 q 1987 q lunedi'), {'93': 'AGE90', '45': 'AGE', '1987': 'YEAR', 'lunedi': 'DATE'})


@test
def bad_folders():
    """What is missing, cut or does not fit is named, and nothing is read"""
    with Home() as home:
        good = wordpiece(home.file('good'), LABELS, WORDS)
        number = [0]

        def changed(**files):
            number[0] += 1
            folder = home.file('bad%d' % number[0])
            shutil.copytree(good, folder)
            for name, content in files.items():
                name = name.replace('__', '.')
                if content is None:
                    os.remove(os.path.join(folder, name))
                else:
                    write(folder, name, content)
            return folder

        with open(os.path.join(good, 'model.onnx'), 'rb') as f:
            model = f.read()
        rows = [(0, 9.0)] * (4 + len(WORDS))
        refused(home, home.file('nowhere'), 'nowhere')
        refused(home, changed(config__json=None), 'config.json', 'no such file')
        refused(home, changed(vocab__txt=None), 'neither tokenizer.json nor vocab.txt')
        refused(home, changed(model__onnx=None), 'model.onnx', 'no such file')
        for cut in (0, 1, 10, len(model) // 2, len(model) - 1):
            refused(home, changed(model__onnx=model[:cut]), 'model.onnx')
        refused(home, changed(config__json=b'{"id2label": {"0": "O"'), 'config.json')
        refused(home, changed(config__json={'id2label': {'0': 'O', '2': 'B-DATE'}}), 'number 1')
        refused(home, changed(config__json=config(LABELS + ['B-ZIP'])), '5 labels', '6')
        refused(home, changed(config__json=config(LABELS[:3])), '5 labels', '3')
        refused(home, changed(config__json=config(LABELS, vocab_size=9)), '9 tokens')
        refused(home, changed(vocab__txt=b'[PAD]\n[UNK]\nzor\n'), 'vocab.txt', '"[CLS]"')
        refused(home, changed(vocab__txt=b'[PAD]\n\xff\n'), 'vocab.txt', 'UTF-8')
        refused(home, changed(config__json=config(LABELS), vocab__txt=b'[UNK]\n[CLS]\n[SEP]\n' + b'w\n' * 99), 'first and the last token')
        refused(home, changed(model__onnx=graph(rows, 5, flat=True)), 'one row of numbers a token')
        refused(home, changed(model__onnx=graph(rows, 5, inputs=('input_ids', 'position_ids'))), '"position_ids"')
        refused(home, changed(model__onnx=graph(rows, 5, dims=(4, 'length'))), 'one text')
        refused(home, changed(model__onnx=graph(rows, 5, dims=(1, 128))), '128')
        refused(home, changed(model__onnx=graph([(0, float('nan'))] + rows[1:], 5)), 'numbers that are none')
        late = wordpiece(home.file('late'), LABELS, WORDS, sure=9.0)
        rows[4] = (1, float('inf'))
        write(late, 'model.onnx', graph(rows, 5))
        done = deid(home, [{'id': i, 'text': text} for i, text in enumerate(('saw', 'zor saw', 'saw'))], '--onnx', late, status=1)
        same([row.get('error', {}).get('code') for row in done.lines], [None, 'onnx-model', None])
        bpe = byte_level(home.file('bpe'), LABELS, {' Zor': 'B-PATIENT'})
        with open(os.path.join(bpe, 'tokenizer.json'), encoding='utf-8') as f:
            text = f.read()
        for was, now, said in (('"BPE"', '"Unigram"', 'Unigram'), ('"ByteLevel"', '"Metaspace"', 'Metaspace'), ('"merges": ["', '"merges": ["q', 'merge 0'),
                               ('"special": true, "lstrip": false', '"special": false, "lstrip": true', 'lstrip'), ('"normalizer": null', '"normalizer": {"type": "NFKC"}', 'NFKC'),
                               ('"RobertaProcessing"', '"Sequence"', 'Sequence'), ('"dropout": null', '"dropout": 0.1', 'dropout')):
            check(was in text, was)
            write(bpe, 'tokenizer.json', text.replace(was, now, 1).encode())
            refused(home, bpe, 'tokenizer.json', said)


@test
def runtimes():
    """No runtime, something else, another generation: said by name with what was looked for"""
    with Home() as home:
        model = wordpiece(home.file('m'), LABELS, WORDS)
        if not any(can_open(name) for name in ('libonnxruntime.so.1', 'libonnxruntime.so')):
            refused(home, model, 'libonnxruntime.so.1', 'libonnxruntime.so', 'CHARTROOM_ONNXRUNTIME', error='onnx-runtime', library=False)
        refused(home, model, '/nowhere/lib.so', '--onnx-runtime', error='onnx-runtime', library='/nowhere/lib.so')
        refused(home, model, '/nowhere/env.so', 'CHARTROOM_ONNXRUNTIME', error='onnx-runtime', library=False,
                env={'CHARTROOM_ONNXRUNTIME': '/nowhere/env.so'})
        refused(home, model, 'model.onnx', error='onnx-runtime', library=os.path.join(model, 'model.onnx'))
        refused(home, model, 'libc.so.6', 'OrtGetApiBase', error='onnx-runtime', library='libc.so.6')
        for version in ('0.5.1', '2.0.0', '1.99.0'):
            refused(home, model, version, error='onnx-runtime', library=SHIM, env={'RUNTIME_SHIM_VERSION': version})
        done = deid(home, [{'id': 1, 'text': 'zorvax'}], '--onnx', model, library=False, env={'CHARTROOM_ONNXRUNTIME': runtime()})
        same([s['kind'] for s in done.lines[0]['phi']], ['PATIENT'])
        for args in (['--onnx-labels', 'x'], ['--onnx-runtime', 'x']):
            deid(home, [], *args, status=2, library=False)


def can_open(name):
    try:
        return bool(ctypes.CDLL(name))
    except OSError:
        return False


@test
def behind_the_filter():
    """A library that is loaded can open no socket, and the real runtime tries none and starts no program"""
    with Home() as home:
        model = wordpiece(home.file('m'), LABELS, WORDS)
        refused(home, model, 'Address family not supported', error='onnx-runtime', library=SHIM, env={'RUNTIME_SHIM_VERSION': 'socket'})
        if SANITIZED or not shutil.which('strace') or subprocess.run(['strace', '-qq', '-e', 'trace=execve', 'true'], capture_output=True).returncode:
            raise Skip('strace may not trace here')
        trace = home.file('trace')
        done = subprocess.run(['strace', '-f', '-qq', '-o', trace, '-e', 'trace=socket,socketpair,connect,execve,io_uring_setup', CHARTROOM, 'deid',
                               '--onnx', model, '--onnx-runtime', runtime(), '--jobs', '4'],
                              input=b'{"id":1,"text":"zorvax"}\n' * 200, env=home.env(), capture_output=True)
        same((done.returncode, done.stdout.count(b'onnx:PATIENT')), (0, 200), done.stderr)
        with open(trace, encoding='utf-8', errors='replace') as f:
            calls = [line for line in f if '(' in line and CHARTROOM not in line]
        same(calls, [], 'calls to the network')


@test
def off_by_default():
    """Without --onnx no library is opened, whatever the environment names"""
    with Home() as home:
        done = deid(home, [{'id': 1, 'text': 'zorvax'}], library=False, env={'CHARTROOM_ONNXRUNTIME': SHIM, 'RUNTIME_SHIM_VERSION': '0'})
        same(done.lines[0]['phi'], [])


@test
def overhead():
    """What tokenising, windows and decoding cost beside the model, told and not judged"""
    with Home() as home:
        model = wordpiece(home.file('m'), LABELS, WORDS)
        write(model, 'config.json', config(LABELS, max_position_embeddings=512))
        write(model, 'tokenizer_config.json', {'do_lower_case': True})
        lines = [{'id': i, 'text': 'Zorvax saw unseen on lunedi, well. ' * 80} for i in range(200)]
        n_bytes = sum(len(line['text']) for line in lines)
        before = time.monotonic()
        deid(home, lines, library=False)
        without = time.monotonic() - before
        deid(home, lines, '--onnx', model)
        note('%.1f MB: %.2f s without, %.2f s with the tiny model' % (n_bytes / 1e6, without, time.monotonic() - before - without))


main()
