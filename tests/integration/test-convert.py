#!/usr/bin/env python3
"""chartroom convert, driven from outside: real brat folders to JSON lines, CSV and back unchanged; bad input; exit statuses.
Standard library only. Prints TAP."""
import csv
import filecmp
import json
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile
import time

CHARTROOM = os.path.join(os.environ.get("CR_BUILD", "build"), "src", "cli", "chartroom")
SHARED = pathlib.Path(os.environ.get("CR_SHARED", "/nonexistent"))
csv.field_size_limit(1 << 28)


def run(*args):
    return subprocess.run([CHARTROOM, "convert", *map(str, args)], stdin=subprocess.DEVNULL, capture_output=True, text=True)


def converted(*args, status=0):
    done = run("--json", *args)
    assert done.returncode == status, (done.returncode, done.stdout[-400:], done.stderr[-400:])
    return json.loads(done.stdout)


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def documents(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def annotation_files(root):
    return sorted(p.relative_to(root) for p in root.rglob("*") if p.suffix in (".txt", ".ann"))


def assert_same_tree(before, after):
    assert annotation_files(before) == annotation_files(after)
    for name in annotation_files(before):
        assert filecmp.cmp(before / name, after / name, shallow=False), name


def assert_sliced(docs):
    """Offsets as any Python reader counts them."""
    n = 0
    for doc in docs:
        for entity in doc["entities"]:
            pieces = entity.get("fragments", [[entity["start"], entity["end"]]])
            assert " ".join(doc["text"][a:b] for a, b in pieces) == entity["text"], (doc["id"], entity["id"])
            n += 1
    return n


def round_trip(source, tmp):
    there = converted("--from", "brat", "--to", "jsonl", source, tmp / "there.jsonl")
    docs = documents(tmp / "there.jsonl")
    assert there["documents"] == len(docs) == len(list(source.rglob("*.txt")))
    assert there["refused"] == [] and there["not_carried"] == []
    assert assert_sliced(docs) == there["entities"] == there["receipt"]["proved"]
    converted("--from", "jsonl", "--to", "brat", tmp / "there.jsonl", tmp / "back")
    assert_same_tree(source, tmp / "back")
    converted("--from", "jsonl", "--to", "csv", tmp / "there.jsonl", tmp / "tables")
    with open(tmp / "tables" / "documents.csv", newline="", encoding="utf-8") as file:
        texts = {row["id"]: row["text"] for row in csv.DictReader(file)}
    assert texts == {doc["id"]: doc["text"] for doc in docs}
    with open(tmp / "tables" / "findings.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not row["fragments"]:
                assert texts[row["document"]][int(row["start"]):int(row["end"])] == row["text"]
    converted("--from", "csv", "--to", "jsonl", tmp / "tables", tmp / "again.jsonl")
    assert filecmp.cmp(tmp / "there.jsonl", tmp / "again.jsonl", shallow=False)


def test_samples_round_trip(tmp):
    source = SHARED / "samples" / "brat"
    if not source.is_dir():
        return "no samples/brat in CR_SHARED"
    round_trip(source, tmp)
    left = converted(source, tmp / "sniffed.jsonl")["left"]
    assert any("tools.conf" in item["message"] for item in left)


def test_corpora_round_trip(tmp):
    corpora = [SHARED / "corpora" / name for name in ("maccrobat", "meddocan") if (SHARED / "corpora" / name).is_dir()]
    if not corpora:
        return "no brat corpora in CR_SHARED"
    for corpus in corpora:
        (tmp / corpus.name).mkdir()
        round_trip(corpus, tmp / corpus.name)


def test_every_pair(tmp):
    line = {"id": "d/1", "text": "café 😊 chest pain\nand cough", "meta": {"type": "ED"},
            "entities": [{"id": "T1", "start": 7, "end": 17, "label": "PROBLEM", "text": "chest pain",
                          "attributes": {"negation": "present"}},
                         {"id": "T2", "start": 13, "end": 21, "label": "PROBLEM"}],
            "relations": [{"id": "R1", "type": "WITH", "from": "T1", "to": "T2"}]}
    first = write(tmp / "first.jsonl", json.dumps(line) + "\n")
    paths = {"jsonl": first}
    paths["csv"] = tmp / "csv"
    converted(first, "--to", "csv", paths["csv"])
    paths["brat"] = tmp / "brat"
    lost = converted(first, "--to", "brat", paths["brat"], status=1)["not_carried"]
    assert lost == [{"document": "d/1", "what": "meta"}], lost
    assert (tmp / "brat/d/1.ann").read_text() == (
        "T1\tPROBLEM 7 17\tchest pain\nT2\tPROBLEM 13 17;18 21\tpain and\nR1\tWITH Arg1:T1 Arg2:T2\nA1\tnegation T1 present\n")
    assert "PROBLEM" in (tmp / "brat/annotation.conf").read_text()
    for source in paths:
        for target in paths:
            out = tmp / f"{source}-{target}"
            done = run("--from", source, "--to", target, paths[source], out)
            assert done.returncode == (1 if target == "brat" and source != "brat" else 0), (source, target, done.stderr)
            final = tmp / f"{source}-{target}.jsonl"
            assert run("--from", target, out, final).returncode == 0
            doc = documents(final)[0]
            assert assert_sliced([doc]) == 2
            assert doc["text"] == line["text"] and doc["entities"][0]["attributes"] == {"negation": "present"}
            assert [doc["relations"][0][key] for key in ("type", "from", "to")] == ["WITH", "T1", "T2"]


def test_bad_brat(tmp):
    cases = ["T1\tX 1 4\tabc\n", "T1\tX 0 99\tabc\n", "T1\tX 0 3\tabc\nT1\tX 0 3\tabc\n", "T1\tX 0 3\tabc\nR1\tr Arg1:T1 Arg2:T9\n",
             "A1\tNegation T1\n", "T1\tX 0 3\tabc\nE1\tX:T1 Theme:T7\n", "rubbish\n"]
    for i, case in enumerate(cases):
        folder = tmp / str(i)
        write(folder / "bad.txt", "abc def\n")
        write(folder / "bad.ann", case)
        done = run("--from", "brat", "--to", "jsonl", folder, tmp / f"{i}.jsonl")
        assert done.returncode == 2, (case, done)
        assert "bad-brat" in done.stderr and "bad.ann:" in done.stderr, done.stderr
        assert not (tmp / f"{i}.jsonl").exists()
        write(folder / "good.txt", "fine\n")
        report = converted("--from", "brat", "--to", "jsonl", folder, tmp / f"{i}.jsonl", status=1)
        assert report["documents"] == 1 and report["refused"][0]["code"] == "bad-brat"
    assert sorted(p.name for p in tmp.iterdir() if ".part-" in p.name) == []


def test_bad_jsonl(tmp):
    wrong = {"id": "w", "text": "Patient was started on lisinopril 10mg daily for hypertension.",
             "entities": [{"start": 21, "end": 31, "label": "DRUG", "text": "lisinopril"}]}
    for code, line in [("label-text", json.dumps(wrong)), ("bad-json", '{"id":"x","text":'), ("missing-field", '{"id":"x"}'),
                       ("lone-surrogate", '{"id":"x","text":"\\ud83d"}'),
                       ("span-outside", '{"id":"x","text":"a","entities":[{"start":0,"end":2,"label":"L"}]}')]:
        source = write(tmp / "in.jsonl", line + '\n{"id":"g","text":"fine"}\n')
        report = converted("--from", "jsonl", "--to", "brat", source, tmp / code, status=1)
        assert [item["code"] for item in report["refused"]] == [code], report
        assert "in.jsonl:1" in report["refused"][0]["message"]
        assert "lisinopril" not in report["refused"][0]["message"]
        assert (tmp / code / "g.txt").read_text() == "fine"


def test_crlf(tmp):
    write(tmp / "in/n.txt", b"one\r\ntwo\r\n")
    write(tmp / "in/n.ann", "T1\tA 5 8\ttwo\n")
    converted(tmp / "in", tmp / "out.jsonl")
    assert documents(tmp / "out.jsonl")[0]["text"] == "one\r\ntwo\r\n"
    report = converted(tmp / "out.jsonl", "--to", "brat", tmp / "out", status=1)
    assert "CR LF" in report["not_carried"][0]["what"]
    assert (tmp / "out/n.txt").read_bytes() == b"one\ntwo\n" and (tmp / "out/n.ann").read_text() == "T1\tA 4 7\ttwo\n"


def test_nothing_overwritten(tmp):
    source = write(tmp / "in.jsonl", '{"id":"g","text":"fine"}\n')
    write(tmp / "there/mine.txt", "mine")
    done = run(source, "--to", "brat", tmp / "there")
    assert done.returncode == 2 and "exists" in done.stderr
    assert [p.name for p in (tmp / "there").iterdir()] == ["mine.txt"]
    (tmp / "empty").mkdir()
    assert run(source, "--to", "brat", tmp / "empty").returncode == 0
    assert (tmp / "empty/g.txt").exists()


def test_devices_stay(tmp):
    """An output named like a device was once renamed over it."""
    source, fifo = write(tmp / "a.jsonl", '{"id": "a", "text": "x"}\n'), tmp / "fifo"
    os.mkfifo(fifo)
    done = run(source, "--to", "jsonl", fifo)
    assert done.returncode == 2 and "pipe" in done.stderr, done
    assert fifo.is_fifo() and sorted(p.name for p in tmp.iterdir()) == ["a.jsonl", "fifo"]


def test_disk_full(tmp):
    """A file size limit stands in for the full disk: nothing is left under the name, nor beside it."""
    line = json.dumps({"id": "g", "text": "word " * 40000, "entities": [{"start": 0, "end": 4, "label": "L"}]})
    source = write(tmp / "in.jsonl", line + "\n")
    for target in ("jsonl", "csv", "brat"):
        done = subprocess.run([CHARTROOM, "convert", "--from", "jsonl", "--to", target, str(source), str(tmp / "out")],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, restore_signals=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000)))
        assert done.returncode == 3 and "disk-full" in done.stderr, done
        assert [p.name for p in tmp.iterdir()] == ["in.jsonl"], list(tmp.iterdir())


def test_killed(tmp):
    """Killed at any moment, the result is there whole or not at all."""
    lines = [json.dumps({"id": f"d{i}", "text": "word " * 200, "entities": [{"start": 0, "end": 4, "label": "L"}]})
             for i in range(400)]
    source = write(tmp / "in.jsonl", "\n".join(lines) + "\n")
    rand, done = random.Random(1), 0
    for number in range(30):
        out = tmp / f"out{number}"
        target = ("brat", "csv", "jsonl")[number % 3]
        process = subprocess.Popen([CHARTROOM, "convert", "--from", "jsonl", "--to", target, str(source), str(out)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rand.random() * 0.12)
        process.kill()
        process.wait()
        if out.exists():
            done += 1
            back = tmp / f"back{number}.jsonl"
            assert run("--from", target, "--to", "jsonl", out, back).returncode == 0
            assert [doc["id"] for doc in sorted(documents(back), key=lambda d: int(d["id"][1:]))] == [f"d{i}" for i in range(400)]
    assert done < 30


def test_usage(tmp):
    source = write(tmp / "in.jsonl", '{"id":"g","text":"fine"}\n')
    for args, code in [([source], "usage"), ([tmp / "none", "--to", "csv", tmp / "x"], "not-found"), ([source, tmp / "x"], "usage"),
                       (["--from", "brat", tmp / "none", "--to", "csv", tmp / "x"], "not-found"),
                       (["--from", "csv", tmp / "none", "--to", "brat", tmp / "x"], "not-found"), ([source, "--to", "docx", tmp / "x"], "unknown-format"), (["--from", "pdf", source, "--to", "csv", tmp / "x"],
                       "unknown-format"), ([write(tmp / "plain.txt", "plain"), "--to", "csv", tmp / "x"], "unknown-format")]:
        done = run(*args)
        assert done.returncode == 2 and code in done.stderr, (args, done)
        assert done.stderr.count("\n") == 1, done.stderr
        assert not (tmp / "x").exists()
    assert run("--help").returncode == 0


TESTS = [test_samples_round_trip, test_corpora_round_trip, test_every_pair, test_bad_brat, test_bad_jsonl, test_crlf,
         test_nothing_overwritten, test_devices_stay, test_disk_full, test_killed, test_usage]


def main():
    failed = 0
    print(f"1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        with tempfile.TemporaryDirectory(prefix="chartroom-convert-") as folder:
            try:
                skipped = test(pathlib.Path(folder))
                print(f"ok {number} - {test.__name__}" + (f" # SKIP {skipped}" if skipped else ""), flush=True)
            except Exception as error:  # a failing test is a line, not a trace
                failed += 1
                print(f"not ok {number} - {test.__name__}\n# {type(error).__name__}: {error}", flush=True)
    return 1 if failed else 0


sys.exit(main())
