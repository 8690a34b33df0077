#!/usr/bin/env python3
"""`chartroom agree` over label files and rating tables: what it prints, and what it refuses and where."""
import json
import os
import random
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(os.environ["CR_BUILD"], "src", "cli", "chartroom")
CASES = os.path.join(os.environ["CR_SOURCE"], "tests", "cases", "agreement")
TEXT = "Started lisinopril 10mg daily — no chest pain 😊, café visit."
tests = []


def test(function):
    tests.append(function)
    return function


def run(*arguments, status=0):
    done = subprocess.run([PROGRAM, "agree", *arguments], capture_output=True, text=True)
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return done


def agree(*arguments):
    return json.loads(run(*arguments).stdout)


def refused(name, says, *arguments, status=2):
    done = run(*arguments, status=status)
    assert done.stderr.startswith("chartroom: %s: " % name), done.stderr
    assert says in done.stderr, (says, done.stderr)
    assert "lisinopril" not in done.stderr, done.stderr  # never note text
    assert not done.stdout, done.stdout


def entity(text, word, label, grow=0, **more):
    start = text.index(word)
    end = start + len(word) + grow
    return {"id": "T1", "start": start, "end": end, "label": label, "text": text[start:end], **more}


def note(identifier, entities, text=TEXT):
    line = {"id": identifier, "text": text, "entities": entities}
    if text is None:
        del line["text"]
    return line


def write(name, lines):
    with open(name, "w", encoding="utf-8") as file:
        for line in lines:
            file.write(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False))
            file.write("\n")
    return name


def both(first, second):
    return write("a.jsonl", first), write("b.jsonl", second)


@test
def figures_of_a_hand_counted_case():
    # one finding alike, one with other bounds, one with another label, one that only the first has
    a = [entity(TEXT, "lisinopril", "DRUG"), entity(TEXT, "10mg", "DOSE"), entity(TEXT, "daily", "FREQUENCY"),
         entity(TEXT, "café", "PLACE")]
    b = [entity(TEXT, "lisinopril", "DRUG"), entity(TEXT, "10mg", "DOSE", grow=6), entity(TEXT, "daily", "DURATION")]
    out = agree(*both([note("n1", a)], [note("n1", b)]))
    assert out["documents"] == 1 and out["readers"] == ["a.jsonl", "b.jsonl"]
    f1 = {mode: figure["value"] for mode, figure in out["span_f1"].items()}
    # b's long DOSE also covers "daily": the label decides, so it pairs with 10mg; daily/daily is exact
    assert abs(f1["strict"] - 2 * 1 / 7) < 1e-12, f1
    assert abs(f1["exact"] - 2 * 2 / 7) < 1e-12, f1
    assert abs(f1["partial"] - 2 * 2.5 / 7) < 1e-12, f1
    assert abs(f1["type"] - 2 * 2 / 7) < 1e-12, f1
    assert out["per_label"]["DRUG"]["span_f1"]["strict"]["value"] == 1
    assert out["per_label"]["PLACE"]["spans"] == [1, 0]
    assert list(out["per_label"]) == sorted(out["per_label"])
    # b has DOSE and DURATION over "daily": one token with two labels, the shorter span shows
    assert [d["overlapping_tokens"] for d in out["dropped"]] == [0, 1], out["dropped"]
    assert {w["code"] for w in out["warnings"]} >= {"few-documents", "overlap", "rare-label"}
    assert out["span_f1"]["strict"]["low"] is None  # one document has no interval
    assert set(out["unitizing_alpha"]) >= {"value", "low", "high", "version", "u", "binary", "cu", "per_label", "hidden"}
    assert set(out["gamma"]) >= {"value", "low", "high", "observed", "expected", "samples", "precision", "seed", "gap"}


def random_notes(seed, n=14):
    words = TEXT.split()
    source = random.Random(seed)
    lines = []
    for i in range(n):
        text = " ".join(source.choices(words, k=30))
        reader = random.Random(seed * 1000 + i)
        entities, at = [], 0
        for word in text.split():
            if reader.random() < 0.3:
                entities.append({"id": "T%d" % len(entities), "start": at, "end": at + len(word),
                                 "label": reader.choice("ABC"), "text": word})
            at += len(word) + 1
        lines.append(note("n%02d" % i, entities, text))
    return lines


@test
def order_of_lines_files_and_findings_changes_nothing():
    first = random_notes(1)
    second = [dict(line, entities=[e for e in line["entities"] if e["start"] % 3]) for line in first]
    a, b = both(first, second)
    out = agree(a, b)
    shuffled = [dict(line, entities=line["entities"][::-1]) for line in reversed(second)]
    other = agree(write("c.jsonl", shuffled), a)
    for key in ("documents", "span_f1", "token_kappa", "token_ac1", "token_percent", "token_prevalence"):
        assert out[key] == other[key], key
    assert agree(a, b) == out  # the seed is fixed
    assert agree(a, b, "--seed", "2")["span_f1"]["strict"]["value"] == out["span_f1"]["strict"]["value"]
    assert out["span_f1"]["strict"]["low"] <= out["span_f1"]["strict"]["value"] <= out["span_f1"]["strict"]["high"]
    assert out["intervals"]["seed"] == 1 and out["intervals"]["resamples"] == 2000


@test
def three_readers_have_pairs():
    lines = random_notes(2)
    names = [write("r%d.jsonl" % r, [dict(line, entities=line["entities"][r:]) for line in lines]) for r in range(3)]
    out = agree(*names)
    assert [p["readers"] for p in out["pairs"]] == [[names[0], names[1]], [names[0], names[2]], [names[1], names[2]]]
    mean = sum(p["span_f1"]["strict"]["value"] for p in out["pairs"]) / 3
    assert abs(out["span_f1"]["strict"]["value"] - mean) < 1e-12


@test
def fragments_and_blank_lines_and_missing_text():
    start, end = TEXT.index("no"), TEXT.index("pain") + 4
    pieces = [[start, start + 2], [end - 4, end]]
    split = {"id": "T1", "start": start, "end": end, "label": "A", "fragments": pieces, "text": "no pain"}
    a, b = both([note("n1", [split]), "", "  "], [note("n1", [split], None)])
    out = agree(a, b)
    assert out["span_f1"]["strict"]["value"] == 1 and out["token_kappa"]["value"] == 1
    a, b = both([note("n1", [split], None)], [note("n1", [], None)])
    out = agree(a, b)
    assert out["token_kappa"] is None and "token_kappa" in out["notes"]
    assert "no-text" in {w["code"] for w in out["warnings"]}


@test
def readers_must_have_the_same_notes():
    a, b = both([note("n1", []), note("n2", [])], [note("n1", [])])
    refused("not-comparable", "a.jsonl:2: note 'n2' is not in b.jsonl", a, b)
    a, b = both([note("n1", [])], [note("n0", []), note("n1", [], TEXT + " ")])
    refused("not-comparable", "b.jsonl:2: note 'n1' has another text than in a.jsonl:1", a, b)
    a, b = both([note("n1", [])], [note("n1", []), note("n1", [])])
    refused("duplicate-id", "b.jsonl:2: note 'n1' stands already in line 1", a, b, status=1)
    a, b = both([""], [""])
    refused("not-comparable", "no note", a, b)


@test
def bad_lines_are_named():
    good = [note("n1", [])]
    cases = [
        ("bad-json", '{"id": "n1",', "b.jsonl:1: "),
        ("bad-json", "[1]", "b.jsonl:1: "),
        ("missing-field", {"text": TEXT}, "'id'"),
        ("invalid-utf8", None, "b.jsonl"),
        ("bad-json", {"id": "n1", "entities": {}}, "'entities'"),
        ("missing-field", note("n1", [{"id": "T9", "start": 0, "end": 3}]), "entity T9: 'label'"),
        ("missing-field", note("n1", [{"label": "A", "start": 0}]), "entity number 1: 'start' and 'end'"),
        ("missing-field", note("n1", [{"label": "A", "start": -1, "end": 3}]), "'start' and 'end'"),
        ("missing-field", note("n1", [{"label": "A", "start": 1.5, "end": 3}]), "'start' and 'end'"),
        ("missing-field", note("n1", [{"label": "A", "start": 0, "end": 3, "fragments": [[0]]}]), "'start' and 'end'"),
        ("span-outside", note("n1", [{"id": "T1", "label": "A", "start": 0, "end": 999}]), "entity T1"),
        ("span-outside", note("n1", [{"id": "T1", "label": "A", "start": 0, "end": 999}], None), "0-999"),
        ("span-order", note("n1", [{"id": "T1", "label": "A", "start": 5, "end": 3}]), "entity T1"),
        ("span-order", note("n1", [{"id": "T1", "label": "A", "start": 5, "end": 3}], None), "entity T1"),
        ("label-text", note("n1", [{"id": "T1", "label": "A", "start": 0, "end": 3, "text": "lisinopril"}]), "entity T1"),
        ("missing-field", note("n1", [None]), "entity number 1"),
    ]
    for name, line, says in cases:
        a, b = both(good, [line] if line is not None else [])
        if line is None:
            with open(b, "wb") as file:
                file.write(b'{"id": "n1", "text": "caf\xe9"}\n')
        refused(name, says, a, b)
        if name == "bad-json" and says == "b.jsonl:1: ":
            refused(name, says, b, a)


@test
def ratings():
    with open(os.path.join(CASES, "answers.tsv"), encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file][1:]
    for table, member, level, expected, _ in rows:
        out = agree("--ratings", os.path.join(CASES, table + ".csv"), "--level", level)
        value = out[member]["value"] if isinstance(out[member], dict) else out[member]
        if expected == "null":
            assert value is None and out["notes"][member], (table, member)
        else:
            digits = len(expected.partition(".")[2]) or 6
            assert abs(value - float(expected)) <= 0.51 * 10 ** -digits, (table, member, value, expected)


@test
def ratings_of_words_and_odd_csv():
    with open("words.csv", "w", encoding="utf-8", newline="") as file:
        file.write('\ufeff"ann";bob\r\n"yes";yes\r\nno;no\r\n"a ""b""";no\r\n;yes\r\n;\r\n')
    out = agree("--ratings", "words.csv")
    assert out["units"] == 4 and out["missing"] == 1 and out["categories"] == 3, out
    assert out["cohen_kappa"]["value"] is not None and out["cohen_kappa_linear"] is None
    refused("bad-csv", "needs numbers", "--ratings", "words.csv", "--level", "ordinal")
    for text, says in (("a,b\n1,2,3\n", "bad.csv:2: "), ("a,b\n1\n", "bad.csv:2: "), ("a,b\n", "needs a header"),
                       ("a\n1\n", "needs a header"), ("", "needs a header"), ('a,b\n"1,2\n', "bad.csv:2: "),
                       ('a,b\n"1"x,2\n', "bad.csv:2: ")):
        with open("bad.csv", "w", encoding="utf-8") as file:
            file.write(text)
        refused("bad-csv", says, "--ratings", "bad.csv")


@test
def usage_and_table():
    a, b = both([note("n1", [entity(TEXT, "10mg", "DOSE")])], [note("n1", [])])
    for arguments in ([], [a], [a, b, "--level", "nominal"], ["--ratings", "x.csv", a],
                      ["--ratings", "x.csv", "--level", "best"], [a, b, "--resamples", "1"], [a, b, "--seed", "-3"],
                      [a, b, "--unknown"]):
        refused("usage", "", *arguments)
    table = run(a, b, "--table").stdout
    assert "span F1 strict" in table and "few-documents" in table, table
    assert "not defined" in run("--ratings", os.path.join(CASES, "one-category.csv"), "--table").stdout
    assert "FILE" in run("--help").stdout
    assert run(a, "missing.jsonl", status=2).stderr.startswith("chartroom: not-found: missing.jsonl")


def main():
    print("1..%d" % len(tests))
    failed = 0
    for number, function in enumerate(tests, 1):
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                function()
                print("ok %d %s" % (number, function.__name__))
            except Exception as error:  # a failed assertion is one of many ways to fail
                failed = 1
                print("not ok %d %s" % (number, function.__name__))
                print("# %s: %s" % (type(error).__name__, str(error).replace("\n", "\n# ")))
            os.chdir("/")
    return failed


if __name__ == "__main__":
    sys.exit(main())
