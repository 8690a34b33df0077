#!/usr/bin/env python3
"""`chartroom deid` as a filter: a line in is a line out, in order, whatever the lines hold."""
import json
import os
import subprocess
import sys

from project import Home

PROGRAM = os.path.join(os.environ["CR_BUILD"], "src", "cli", "chartroom")
TEXT = "Dr. Okafor 😀 saw Maria Ruiz on 3/14/2018; call 617-555-0134. No fever."
tests = []


def test(function):
    tests.append(function)
    return function


def deid(lines, *arguments, status=0):
    data = lines if isinstance(lines, bytes) else "".join(line + "\n" for line in lines).encode()
    done = subprocess.run([PROGRAM, "deid", *arguments], input=data, capture_output=True)
    assert done.returncode == status, (arguments, done.returncode, done.stdout[:300], done.stderr)
    assert b"Okafor" not in done.stderr, done.stderr  # never note text
    return [json.loads(line) for line in done.stdout.split(b"\n")[:-1]]


def document(**more):
    return json.dumps({"id": "n1", "text": TEXT, **more})


@test
def finds_in_code_points():
    (out,) = deid([document(meta={"type": "note"}, own=[1, None])])
    assert out["text"] == TEXT and out["meta"] == {"type": "note"} and out["own"] == [1, None]
    found = {TEXT[span["start"]:span["end"]]: span["kind"] for span in out["phi"]}
    assert found == {"Okafor": "STAFF", "Maria Ruiz": "PATIENT", "3/14/2018": "DATE", "617-555-0134": "PHONE"}, found
    for span in out["phi"]:
        assert set(span) == {"start", "end", "kind", "identifier", "score", "by"} and 0.5 <= span["score"] <= 1 and span["by"]
    assert "map" not in out


@test
def short_ages_from_90():
    for age in ("(92 y)", "97yr", "103yrs", "94-y"):
        (out,) = deid([json.dumps({"id": "1", "text": "She is %s and well." % age})], "--json", "--replace", "tag")
        assert out["text"].count("90+") == 1 and age.strip("()")[:2] not in out["text"].replace("90+", ""), out["text"]
    (out,) = deid([json.dumps({"id": "1", "text": "Smoked for 10 yrs, BP 120/90, PEEP 92 %."})])
    assert not [span for span in out["phi"] if span["kind"] == "AGE90"], out["phi"]


@test
def replaces_and_leads_back():
    entity = {"id": "T1", "start": TEXT.index("fever"), "end": TEXT.index("fever") + 5, "label": "X", "text": "fever"}
    inside = {"id": "T2", "start": TEXT.index("Ruiz"), "end": TEXT.index("Ruiz") + 4, "label": "X", "text": "Ruiz"}
    (out,) = deid([document(entities=[entity, inside], known={"names": [{"given": "Maria"}]})], "--replace", "tag")
    assert out["text"] == "Dr. [STAFF] 😀 saw [PATIENT] on [DATE 2018]; call [PHONE]. No fever.", out["text"]
    assert "known" not in out and "Ruiz" not in json.dumps(out)
    back, at = "", 0
    for edit in out["map"]:
        back += out["text"][at:edit["start"]] + TEXT[edit["old_start"]:edit["old_end"]]
        at = edit["end"]
    assert back + out["text"][at:] == TEXT
    for moved in out["entities"]:
        assert out["text"][moved["start"]:moved["end"]] == moved["text"]


@test
def known_identifiers_count():
    text = "then quillbridge slept"
    plain = deid([json.dumps({"id": 1, "text": text})])
    known = deid([json.dumps({"id": 1, "text": text, "known": {"names": [{"family": "Quillbridge"}]}})])
    assert plain[0]["phi"] == [] and known[0]["phi"][0]["by"] == ["known:name"], known


@test
def bad_lines_stand_in_their_place():
    lines = [b'{"id":"a","text":"Seen 3/14/2018."}', b"", b'{"id":"b"', b'{"id":"c","text":7}', b"[]",
             b'{"id":"d","text":"\xff"}', b'{"id":"e","text":"x\\u0000"}', b'{"id":"f","text":"\\ud800"}',
             b'{"id":"g","text":"x","known":{"names":5}}', b'{"id":"h"}', b'{"id":"z","text":""}\r']
    out = deid(b"\n".join(lines), status=1)
    assert len(out) == len(lines)
    assert out[0]["phi"] and out[-1] == {"id": "z", "text": "", "phi": []}
    for number, line in list(enumerate(out, 1))[1:-1]:
        assert line["error"]["line"] == number and line["error"]["code"] and line["error"]["message"], line
        assert set(line) == {"id", "error"}
    assert out[3]["id"] == "c" and out[3]["error"]["code"] == "missing-field"
    assert out[7]["error"]["code"] == "lone-surrogate" and out[6]["error"]["code"] == "nul-byte"


@test
def order_is_kept_over_threads():
    lines = [json.dumps({"id": i, "text": TEXT * (i % 7)}) if i % 11 else "{" for i in range(3000)]
    alone = deid(lines, "--replace", "tag", status=1)
    many = deid(lines, "--replace", "tag", "--jobs", "4", status=1)
    assert alone == many and len(many) == 3000
    assert all(out["id"] == (i if i % 11 else None) for i, out in enumerate(many))


@test
def policies_and_thresholds():
    (limited,) = deid([document()], "--replace", "tag", "--policy", "limited")
    assert "3/14/2018" in limited["text"] and "[PHONE]" in limited["text"]
    (sure,) = deid([document()], "--threshold", "1")
    assert sure["phi"] == []
    (none,) = deid([document()], "--replace", "none")
    assert none["text"] == TEXT


@test
def nothing_in_nothing_out():
    assert deid(b"") == []


@test
def spanish_is_a_language():
    text = "Paciente: Rocío Peñalver Ruiz. NHC: 368503.\nIngresó el 12 de marzo de 2019. Enfermedad de Crohn. Dra. Inés Sanz."
    (note,) = deid([json.dumps({"id": "es", "text": text})], "--language", "es", "--replace", "tag")
    assert note["text"] == ("Paciente: [PATIENT]. NHC: [MRN].\nIngresó el [DATE 2019]. Enfermedad de Crohn. Dra. [STAFF]."), note["text"]


@test
def a_project_reads_each_note_in_its_language():
    spanish = "Ingresó el 12 de marzo de 2019. Su hija Rocío vive en Getafe. Fue visto por la Dra. Inés Sanz."
    with Home() as home:
        home.init()
        home.run("import", home.file("notes.jsonl", [{"id": "1", "patient": "p", "text": spanish, "language": "es-ES"},
                                                     {"id": "2", "patient": "p", "text": "Seen by Dr. Ines Sanz on 3/14/2018.", "language": "en"}]))
        found = home.run("detect").json
        assert found["detector"].count("rules") == 2, found
        assert found["by_kind"].get("DATE") == 2 and found["by_kind"].get("RELATIVE") == 1 and found["by_kind"].get("CITY") == 1, found


@test
def wrong_use_is_refused():
    for arguments in (["--seed", "1"], ["--replace", "tag", "--seed", "1"], ["--replace", "surrogate", "--seed", "x"], ["--replace", "x"], ["--threshold", "2"], ["--threshold", "nan"], ["--jobs", "0"],
                      ["--jobs", "9999"], ["--language", "xx"], ["--policy", "nobody"], ["--nonsense"], ["surplus"]):
        assert deid([document()], *arguments, status=2) == []


print("1..%d" % len(tests))
failed = 0
for i, function in enumerate(tests, 1):
    try:
        function()
        print("ok %d %s" % (i, function.__name__))
    except Exception as problem:  # a test's own mistake is a failure too
        failed += 1
        print("not ok %d %s\n# %s" % (i, function.__name__, repr(problem)[:1500].replace("\n", "\n# ")))
sys.exit(1 if failed else 0)
