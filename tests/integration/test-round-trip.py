#!/usr/bin/env python3
"""Every pair of formats that can carry the content: what comes back is what went in. Standard library only; prints TAP."""
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

CHARTROOM = os.path.join(os.environ.get('CR_BUILD', 'build'), 'src', 'cli', 'chartroom')
SHARED = pathlib.Path(os.environ.get('CR_SHARED', '/nonexistent'))

# What each format carries beside text and contiguous findings on whole words that do not overlap.
ALL = {'spaces', 'parts', 'overlap', 'fragments', 'attributes', 'codes', 'score', 'relations', 'meta', 'answers', 'ids', 'crlf', 'meta-types', 'names'}
FORMATS = {
    'jsonl': ALL,
    'prodigy': ALL,
    'label-studio': ALL - {'codes', 'fragments'},
    'doccano': {'names', 'spaces', 'parts', 'overlap', 'relations', 'ids', 'crlf', 'meta', 'meta-types'},
    'csv': ALL,
    'brat': {'names', 'codes', 'spaces', 'parts', 'overlap', 'fragments', 'relations', 'attributes', 'ids'},
    'conll': set(),
    'i2b2-2010': {'names', 'relations', 'overlap', 'crlf'},
    'mae': {'names', 'spaces', 'parts', 'overlap', 'ids', 'fragments', 'attributes', 'relations'},
    'i2b2-2014': {'names', 'spaces', 'parts', 'overlap', 'ids'},
    'huggingface': {'names', 'spaces', 'crlf', 'meta', 'meta-types', 'answers'},
}


def entity(text, name, label, start, end, **more):
    return {'id': name, 'start': start, 'end': end, 'label': label, 'text': text[start:end], **more}


def found(text, name, label, words, **more):
    start = text.index(words)
    return entity(text, name, label, start, start + len(words), **more)


def document(carried):
    """As much as a format with these abilities can take."""
    text = 'She took metoprolol 25 mg 😊 for café pain .\nNo fever today .\n'
    if 'spaces' in carried:
        text = 'She  took\tmetoprolol 25 mg 😊, for cafe\u0301-pain.  \n No]]> fe\u0301ver;\n\ntoday & <b>\n'
    if 'crlf' in carried:
        text = text.replace('\n', '\r\n')
    doc = {'id': 'N-1', 'text': text}
    if 'meta' in carried:
        doc['meta'] = {'type': 'progress', 'specialty': 'cardiology'}
        if 'meta-types' in carried:
            doc['meta'].update({'year': 2024, 'tags': ['a', 'b']})
    drug = found(text, 'T1', 'DRUG', 'metoprolol')
    dose = found(text, 'T2', 'DOSE', '25 mg')
    if 'attributes' in carried:
        drug['attributes'] = {'negation': 'present'}
    if 'codes' in carried:
        drug['codes'] = [{'system': 'rxnorm', 'code': '6918', 'display': 'metoprolol'}]
    if 'score' in carried:
        dose['score'] = 0.75
    entities = [drug, dose, found(text, 'T3', 'PROBLEM', 'pain')]
    if 'parts' in carried:
        entities.append(found(text, 'T4', 'STEM', 'metop'))
    if 'overlap' in carried:
        entities.append(found(text, 'T5', 'ORDER', 'metoprolol 25 mg'))
    if 'fragments' in carried:
        a, b = text.index('metoprolol'), text.index('pain')
        entities.append({'id': 'T6', 'start': a, 'end': b + 4, 'label': 'USE', 'text': 'metoprolol pain', 'fragments': [[a, a + 10], [b, b + 4]]})
    doc['entities'] = entities
    doc['relations'] = [{'id': 'R1', 'type': 'TREATS', 'from': 'T1', 'to': 'T3'}] if 'relations' in carried else []
    if 'answers' in carried:
        doc['answers'] = {'readable': 'yes'}
    return doc


ENDS = {name: int('names' not in carried) for name, carried in FORMATS.items()}  # 1: a name of a document is lost


def convert(*args, status=0):
    done = subprocess.run([CHARTROOM, 'convert', *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode in ((0, 1) if status is None else (status,)), (args, done.returncode, done.stdout[-300:], done.stderr[-600:])
    return done


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding='utf-8').splitlines()]


def essence(doc, carried):
    """Findings by what they say, where a format gives no ids; members that a format keeps for itself left out."""
    doc = json.loads(json.dumps(doc))
    for name in FORMATS:
        doc.pop(name, None)
    if 'names' not in carried:
        doc.pop('id')
    for e in doc['entities']:
        if 'ids' not in carried:
            e.pop('id')
    doc['entities'].sort(key=lambda e: (e['start'], -e['end'], e['label'], e.get('id', '')))
    doc.setdefault('meta', {})
    return doc


def same(doc, back, carried, what):
    a, b = essence(doc, carried), essence(back, carried)
    assert a == b, (what, {k: (a.get(k), b.get(k)) for k in a.keys() | b.keys() if a.get(k) != b.get(k)})


def test_every_pair(tmp):
    for number, (one, other) in enumerate(itertools.product(FORMATS, FORMATS)):
        carried = FORMATS[one] & FORMATS[other]
        doc = document(carried)
        folder = tmp / str(number)
        folder.mkdir()
        (folder / 'in.jsonl').write_text(json.dumps(doc, ensure_ascii=False) + '\n', encoding='utf-8')
        convert('--from', 'jsonl', '--to', one, folder / 'in.jsonl', folder / 'a', status=ENDS[one])
        convert('--from', one, '--to', other, folder / 'a', folder / 'b', status=None)
        convert('--from', other, '--to', one, folder / 'b', folder / 'c', status=None)
        convert('--from', one, '--to', 'jsonl', folder / 'c', folder / 'out.jsonl')
        back = lines(folder / 'out.jsonl')
        assert len(back) == 1
        same(doc, back[0], carried, (one, other))


def test_all_is_told(tmp):
    """What a format has no place for is listed, and sets the exit status; nothing goes silently."""
    doc = document(ALL)
    (tmp / 'in.jsonl').write_text(json.dumps(doc, ensure_ascii=False) + '\n', encoding='utf-8')
    words = {'attributes': 'attributes', 'codes': 'codes', 'score': 'score', 'relations': 'relation', 'answers': 'answers', 'overlap': 'overlap'}
    for name, carried in FORMATS.items():
        lost = ALL - carried
        done = convert('--from', 'jsonl', '--to', name, tmp / 'in.jsonl', tmp / name, status=1 if lost else 0)
        for what, word in words.items():
            assert what not in lost or word in done.stderr, (name, what, done.stderr)


def test_many_documents(tmp):
    """The order and number of documents stay; a second conversion writes the same bytes."""
    docs = []
    for i in range(30):
        doc = document(set())
        doc['id'] = 'N-%d' % i
        docs.append(doc)
    (tmp / 'in.jsonl').write_text(''.join(json.dumps(d, ensure_ascii=False) + '\n' for d in docs), encoding='utf-8')
    for name in FORMATS:
        for run in 'xy':
            convert('--from', 'jsonl', '--to', name, tmp / 'in.jsonl', tmp / (name + run), status=ENDS[name])
        convert('--from', name, '--to', 'jsonl', tmp / (name + 'x'), tmp / (name + '.out'))
        back = lines(tmp / (name + '.out'))
        assert len(back) == 30, name
        if not ENDS[name]:
            assert sorted(d['id'] for d in back) == sorted(d['id'] for d in docs), name
        a, b = tmp / (name + 'x'), tmp / (name + 'y')
        files = [p.relative_to(a) for p in sorted(a.rglob('*')) if p.is_file()] if a.is_dir() else [pathlib.Path('.')]
        for file in files:
            assert (a / file).read_bytes() == (b / file).read_bytes(), (name, file)


def test_wrong_offsets(tmp):
    """Offsets in UTF-16 units behind an emoji are seen by their text, and refused."""
    text = '😊😊 pain'
    (tmp / 'prodigy.jsonl').write_text(json.dumps({'text': text, 'tokens': [{'text': 'pain', 'start': 5, 'end': 9, 'id': 0}],
                                                   'spans': [{'start': 5, 'end': 9, 'label': 'P'}]}) + '\n')
    (tmp / 'task.json').write_text(json.dumps([{'id': 1, 'data': {'text': text}, 'annotations': [{'result': [
        {'id': 'a', 'type': 'labels', 'value': {'start': 4, 'end': 7, 'text': 'pain', 'labels': ['P']}}]}]}]))
    for name, file in (('prodigy', 'prodigy.jsonl'), ('label-studio', 'task.json')):
        done = convert('--from', name, '--to', 'jsonl', tmp / file, tmp / 'out', status=2)
        assert 'label-text' in done.stderr or 'span-outside' in done.stderr, done.stderr
        assert not (tmp / 'out').exists()


def test_foreign_files(tmp):
    """Files that the other programs ship are read, and what we have no place for comes back."""
    if not (SHARED / 'samples').is_dir():
        return 'no samples'
    root = SHARED / 'samples'
    doccano = root / 'doccano' / 'data_export/pipeline/examples'
    for file, n_docs, n_entities in ((doccano / 'sequence_labeling/example.jsonl', 3, 4), (doccano / 'relation_extraction/example.jsonl', None, None)):
        convert('--from', 'doccano', '--to', 'jsonl', file, tmp / 'd.jsonl')
        docs = lines(tmp / 'd.jsonl')
        assert docs and (n_docs is None or len(docs) == n_docs), (file, len(docs))
        total = sum(len(d['entities']) for d in docs)
        assert total and (n_entities is None or total == n_entities), (file, total)
        for doc in docs:
            for e in doc['entities']:
                assert doc['text'][e['start']:e['end']] == e['text']
    assert any(d['relations'] for d in docs)
    for name, n_docs in (('ENTITY_RELATION_TASK/ann_xml/Annotator_A', 3), ('DOCUMENT_LEVEL_TASK/ann_xml', 5), ('AMIA21_WORKSHOP/ann_xml', 4)):
        out = tmp / name.replace('/', '-')
        convert('--from', 'mae', '--to', 'jsonl', root / 'medtator' / name, out)
        docs = lines(out)
        assert len(docs) == n_docs, (name, len(docs))
        convert('--from', 'jsonl', '--to', 'mae', out, tmp / (out.name + '.mae'))
        convert('--from', 'mae', '--to', 'jsonl', tmp / (out.name + '.mae'), tmp / (out.name + '.again'))
        assert lines(tmp / (out.name + '.again')) == docs, name
    convert('--from', 'conll', '--to', 'jsonl', root / 'conll/chunk2000_test.conll', tmp / 'c.jsonl')
    convert('--from', 'jsonl', '--to', 'conll', tmp / 'c.jsonl', tmp / 'c.conll')
    convert('--from', 'conll', '--to', 'jsonl', tmp / 'c.conll', tmp / 'c2.jsonl')
    assert lines(tmp / 'c.jsonl')[0]['entities'] == lines(tmp / 'c2.jsonl')[0]['entities']


def test_i2b2(tmp):
    """The layout of the challenges: folders of 2010, CDATA, line ends and references of 2014."""
    for name, data in (('txt/r1.txt', 'Chest pain ,\nno "fever" .\n'), ('concept/r1.con', 'c="chest pain" 1:0 1:1||t="problem"\nc=""fever"" 2:1 2:1||t="problem"\n'),
                       ('ast/r1.ast', 'c=""fever"" 2:1 2:1||t="problem"||a="absent"\n'), ('rel/r1.rel', 'c="chest pain" 1:0 1:1||r="PIP"||c=""fever"" 2:1 2:1\n')):
        (tmp / 'in' / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp / 'in' / name).write_text(data)
    convert('--from', 'i2b2-2010', '--to', 'jsonl', tmp / 'in', tmp / 'a.jsonl')
    doc = lines(tmp / 'a.jsonl')[0]
    assert [e['text'] for e in doc['entities']] == ['Chest pain', '"fever"'] and doc['entities'][1]['attributes'] == {'assertion': 'absent'}, doc
    assert doc['relations'][0]['type'] == 'PIP'
    (tmp / 'x').mkdir()
    (tmp / 'x/n.xml').write_bytes('<?xml version="1.0"?>\r\n<deIdi2b2>\r\n<TEXT><![CDATA[é 😊\r\nDr. O\'Neil x]]]]><![CDATA[> y]]></TEXT>\r\n<TAGS>\r\n'
                                  '<NAME id="P0" start="8" end="14" text="O&apos;Neil" TYPE="DOCTOR" comment="" />\r\n</TAGS>\r\n</deIdi2b2>'.encode())
    convert('--from', 'i2b2-2014', '--to', 'jsonl', tmp / 'x', tmp / 'b.jsonl')
    doc = lines(tmp / 'b.jsonl')[0]
    assert doc['text'] == "é 😊\nDr. O'Neil x]]> y" and doc['entities'][0]['text'] == "O'Neil" and doc['entities'][0]['label'] == 'DOCTOR', doc
    (tmp / 'x/n.xml').write_text('<deIdi2b2><TEXT>abc</TEXT><TAGS><NAME id="P0" start="0" end="2" text="xx" TYPE="DOCTOR"/></TAGS></deIdi2b2>')
    assert 'label-text' in convert('--from', 'i2b2-2014', '--to', 'jsonl', tmp / 'x', tmp / 'c.jsonl', status=2).stderr
    (tmp / 'x/n.xml').write_text('<deIdi2b2><TEXT>abc</TEXT><TAGS><NAME id=')
    assert 'bad-xml' in convert('--from', 'i2b2-2014', '--to', 'jsonl', tmp / 'x', tmp / 'c.jsonl', status=2).stderr


TESTS = [test_every_pair, test_all_is_told, test_many_documents, test_wrong_offsets, test_foreign_files, test_i2b2]


def main():
    failed = 0
    print('1..%d' % len(TESTS))
    for number, test in enumerate(TESTS, 1):
        with tempfile.TemporaryDirectory(prefix='chartroom-round-trip-') as folder:
            try:
                skipped = test(pathlib.Path(folder))
                print('ok %d - %s%s' % (number, test.__name__, ' # SKIP ' + skipped if skipped else ''), flush=True)
            except Exception as error:  # a failing test is a line, not a trace
                failed += 1
                print('not ok %d - %s\n# %s: %s' % (number, test.__name__, type(error).__name__, error), flush=True)
    return 1 if failed else 0


sys.exit(main())
