"""Token classifiers small enough to reason about: a folder with config.json, a vocabulary and a graph in ONNX's protobuf,
written byte by byte. The graph is logits = table[input_ids] x matrix + bias, so each token of the vocabulary has its label."""
import json
import os
import struct

FLOAT, INT32, INT64, FLOAT16 = 1, 6, 7, 10

# ---- protobuf ----


def varint(n):
    out = b''
    while n >= 0x80:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def number(field, value):
    return varint(field << 3) + varint(value)


def data(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


# ---- onnx.proto ----


def tensor(name, dims, values):
    return b''.join(number(1, d) for d in dims) + number(2, FLOAT) + data(8, name) + data(9, struct.pack('<%df' % len(values), *values))


def tensor_beside(name, dims, file):
    """A tensor whose numbers lie in a file of the model's folder."""
    place = data(13, data(1, 'location') + data(2, file))
    return b''.join(number(1, d) for d in dims) + number(2, FLOAT) + data(8, name) + place + number(14, 1)


def value_info(name, element, dims):
    """dims: a number is fixed, a string names a free one."""
    shape = b''.join(data(1, data(2, d) if isinstance(d, str) else number(1, d)) for d in dims)
    return data(1, name) + data(2, data(1, number(1, element) + data(2, shape)))


def node(op, inputs, output, attributes=b''):
    return b''.join(data(1, i) for i in inputs) + data(2, output) + data(3, output) + data(4, op) + attributes


def integers(name, dims, value):
    return b''.join(number(1, d) for d in dims) + number(2, INT64) + data(8, name) + data(9, struct.pack('<q', value))


def axis(n):
    return data(5, data(1, 'axis') + number(3, n) + number(20, 2))


def cast_to(element):
    return data(5, data(1, 'to') + number(3, element) + number(20, 2))


def graph(rows, n_labels, inputs=('input_ids', 'attention_mask', 'token_type_ids'), element=INT64, dims=('batch', 'length'),
          output='logits', flat=False, half=False, beside=None, context=None,
          gated=False):
    """beside: the path of a file that takes the table. context: for each token what it adds to the next one's logits. rows: a label's number for each token of the vocabulary, in order, with how sure (logit) the graph is of it."""
    # The table holds each label one place to the left; the matrix moves it back, the bias is taken off again.
    table = [sure if (label + 1) % n_labels == i else 0.0 for label, sure in rows for i in range(n_labels)]
    matrix = [1.0 if (i - 1) % n_labels == j else 0.0 for i in range(n_labels) for j in range(n_labels)]
    bias = [0.5] * n_labels
    nodes = [node('Gather', ['table', 'input_ids'], 'rows'), node('MatMul', ['rows', 'matrix'], 'moved')]
    last = 'flat' if flat else 'wide' if half else output
    nodes.append(node('Add', ['moved', 'bias'], last if not (context or gated) else 'plain'))
    if context:  # what the token before says of this one, within the window
        nodes += [node('Slice', ['input_ids', 'zero', 'minus', 'one'], 'head'), node('Concat', ['start', 'head'], 'before', axis(1)),
                  node('Gather', ['hints', 'before'], 'hinted'), node('Add', ['plain', 'hinted'], last if not gated else 'in context')]
    if gated:  # nothing where the mask is not 1 or the type is not 0
        nodes += [node('Sub', ['attention_mask', 'token_type_ids'], 'open'), node('Cast', ['open'], 'gate', cast_to(FLOAT)),
                  node('Unsqueeze', ['gate', 'two'], 'gates'), node('Mul', ['in context' if context else 'plain', 'gates'], last if gated is True else 'gated')]
    if gated == 'padded':  # nothing where the mask is 1 throughout
        nodes += [node('ReduceMean', ['gate'], 'share', data(5, data(1, 'keepdims') + number(3, 0) + number(20, 2))),
                  node('Ceil', ['share'], 'up'), node('Sub', ['up', 'share'], 'padding'), node('Ceil', ['padding'], 'padded'),
                  node('Mul', ['gated', 'padded'], last)]
    if flat:  # [1, length, labels] summed away to [1, labels]
        nodes.append(node('ReduceSum', ['flat', 'axis'], output, data(5, data(1, 'keepdims') + number(3, 0) + number(20, 2))))
    if half:
        nodes.append(node('Cast', ['wide'], output, cast_to(FLOAT16)))
    body = b''.join(data(1, n) for n in nodes) + data(2, 'tiny')
    if beside:
        with open(beside, 'wb') as f:
            f.write(struct.pack('<%df' % len(table), *table))
        body += data(5, tensor_beside('table', [len(rows), n_labels], os.path.basename(beside)))
    else:
        body += data(5, tensor('table', [len(rows), n_labels], table))
    body += data(5, tensor('matrix', [n_labels, n_labels], matrix))
    body += data(5, tensor('bias', [n_labels], bias))
    if flat:
        body += data(5, number(1, 1) + number(2, INT64) + data(8, 'axis') + data(9, struct.pack('<q', 1)))
    if context:
        body += data(5, tensor('hints', [len(rows), n_labels], [v for row in context for v in row]))
    for name, dims_of, value in (('zero', [1], 0), ('one', [1], 1), ('two', [1], 2), ('minus', [1], -1), ('start', [1, 1], 0)):
        if (context and name != 'two') or (gated and name == 'two'):
            body += data(5, integers(name, dims_of, value))
    body += b''.join(data(11, value_info(name, element, dims)) for name in inputs)
    shape = (dims[0], n_labels) if flat else (dims[0], dims[1], n_labels)
    body += data(12, value_info(output, FLOAT16 if half else FLOAT, shape))
    return number(1, 7) + data(2, 'chartroom tests') + data(7, body) + data(8, data(1, '') + number(2, 13))


# ---- folders ----


def write(folder, name, content):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), 'wb') as f:
        f.write(content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode())


def config(labels, **more):
    return {'model_type': 'bert', 'id2label': {str(i): label for i, label in enumerate(labels)}, 'max_position_embeddings': 64, **more}


def wordpiece(folder, labels, words, sure=9.0, settings=None, **more):
    """words: piece -> label. The special tokens come first and are outside."""
    vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'] + list(words)
    write(folder, 'vocab.txt', ''.join(piece + '\n' for piece in vocab).encode())
    write(folder, 'config.json', config(labels, vocab_size=len(vocab)))
    write(folder, 'tokenizer_config.json', settings if settings is not None else {'do_lower_case': True, 'model_max_length': 64})
    rows = [(labels.index(words.get(piece, 'O')), sure) for piece in vocab]
    write(folder, 'model.onnx', graph(rows, len(labels), **more))
    return folder


def byte_characters():
    """The character that stands for each byte in a byte-level vocabulary."""
    shown = list(range(0x21, 0x7f)) + list(range(0xa1, 0xad)) + list(range(0xae, 0x100))
    hidden = [b for b in range(256) if b not in shown]
    return {**{b: chr(b) for b in shown}, **{b: chr(0x100 + i) for i, b in enumerate(hidden)}}


def byte_level(folder, labels, words, sure=9.0, prefix=False, nfc=False, pairs=False, **more):
    """words: a piece of text (" Maria") -> label; each is joined byte by byte from its left."""
    shown = byte_characters()
    vocab = {token: i for i, token in enumerate(['<s>', '<pad>', '</s>', '<unk>'] + [shown[b] for b in range(256)])}
    merges, label_of = [], {}
    for word, label in words.items():
        symbols = [shown[b] for b in word.encode()]
        left = symbols[0]
        for symbol in symbols[1:]:
            merge = [left, symbol] if pairs else left + ' ' + symbol
            if merge not in merges:
                merges.append(merge)
            left += symbol
            vocab.setdefault(left, len(vocab))
        label_of[left] = label
    write(folder, 'tokenizer.json', {
        'version': '1.0', 'truncation': None, 'padding': None,
        'added_tokens': [{'id': vocab[t], 'content': t, 'special': True, 'lstrip': False} for t in ('<s>', '<pad>', '</s>', '<unk>')],
        'normalizer': {'type': 'NFC'} if nfc else None,
        'pre_tokenizer': {'type': 'ByteLevel', 'add_prefix_space': prefix, 'trim_offsets': True},
        'post_processor': {'type': 'RobertaProcessing', 'sep': ['</s>', 2], 'cls': ['<s>', 0], 'trim_offsets': True, 'add_prefix_space': prefix},
        'model': {'type': 'BPE', 'dropout': None, 'unk_token': None, 'continuing_subword_prefix': '', 'end_of_word_suffix': '',
                  'fuse_unk': False, 'vocab': vocab, 'merges': merges}})
    write(folder, 'config.json', config(labels, model_type='roberta', pad_token_id=1, max_position_embeddings=66, vocab_size=len(vocab)))
    rows = [(labels.index(label_of.get(token, 'O')), sure) for token in vocab]
    more.setdefault('inputs', ('input_ids', 'attention_mask'))
    write(folder, 'model.onnx', graph(rows, len(labels), **more))
    return folder
