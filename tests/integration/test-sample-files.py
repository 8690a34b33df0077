#!/usr/bin/env python3
"""The files of data/sample fit each other: decisions the notes, labels the cleared text, everything the promises of its README.
Written against docs/files.md alone, without the program, so that a mistake in one does not hide in the other. Prints TAP."""
import collections
import csv
import glob
import json
import os
import re
import sys

SAMPLE = os.path.join(os.environ.get("CR_SOURCE", os.path.join(os.path.dirname(__file__), "..", "..")), "data", "sample")
NAMES = ("PATIENT", "STAFF", "RELATIVE")
# Names that are also words, and stand in these notes as words.
ALSO_WORDS = {"May", "Will", "Brown", "Grace", "Dot", "Still", "Bear"}
# Census 2000: areas of 20,000 people or fewer (45 CFR 164.514(b)(2)(i)(B) and the guidance to it).
RESTRICTED_ZIPS = set("036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893".split())


def lines(name):
    with open(os.path.join(SAMPLE, name), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def read_notes():
    """id -> (text, type), in the order of import."""
    notes = collections.OrderedDict()
    for line in lines("notes/notes.jsonl"):
        notes[line["id"]] = (line["text"], line["meta"]["type"])
    with open(os.path.join(SAMPLE, "notes/clinic-letters.csv"), encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            notes[row["note_id"]] = (row["note_text"], row["doc_type"])
    for path in sorted(glob.glob(os.path.join(SAMPLE, "notes/telephone/*.txt"))):
        with open(path, encoding="utf-8", newline="") as f:
            notes[os.path.basename(path)[:-4]] = (f.read(), "Telephone encounter")
    return notes


def decide(notes, *files):
    """note -> {(start, end): kind} as the files of one reviewer leave it, whatever a detector found."""
    removed = {note: {} for note in notes}
    for name in files:
        for line in lines(name):
            spans = removed[line["note"]]
            if line["decision"].endswith("-rest"):
                continue
            start, end = line["start"], line["end"]
            assert notes[line["note"]][0][start:end] == line["text"], (name, line["note"], start)
            for other in [s for s in spans if s[0] < end and start < s[1]]:
                del spans[other]
            if line["decision"] == "add":
                spans[(start, end)] = line["kind"]
    return removed


def safe_harbor(text, kind):
    """What may stand in place of an identifier, as a regular expression."""
    if kind == "AGE90":
        return r"90\+"
    if kind == "ZIP":
        return r"\[ZIP %s\]" % ("000" if text[:3] in RESTRICTED_ZIPS else text[:3])
    if kind == "DATE":
        year = re.search(r"(?<!\d)(?:18|19|20)\d\d(?!\d)", text)
        return r"(?:\[DATE %s\]|90\+)" % (year.group() if year else r"\d{4}") + ("" if year else r"|\[DATE\]")
    return r"\[%s\]" % kind


def joined(*reviewers):
    """Everything that anyone removes, joined where it overlaps."""
    out = []
    for (start, end), kind in sorted(item for r in reviewers for item in r.items()):
        if out and out[-1][1] > start:
            out[-1] = (out[-1][0], max(out[-1][1], end), out[-1][2])
        else:
            out.append((start, end, kind))
    return out


def cleared(text, spans):
    """The cleared text, as a regular expression: what was not removed stands unchanged."""
    out, at = [], 0
    for start, end, kind in spans:
        out += [re.escape(text[at:start]), "(?:%s)" % safe_harbor(text[start:end], kind)]
        at = end
    return "".join(out + [re.escape(text[at:])])


def label_names():
    with open(os.path.join(SAMPLE, "guidelines.yaml"), encoding="utf-8") as f:
        return set(re.findall(r"^  - name: ([A-Z]+)$", f.read(), re.M))


def check_set(where, text, line, labels):
    ids = {}
    for e in line["entities"]:
        assert e["id"] not in ids, (where, e["id"])
        assert e["label"] in labels, (where, e["label"])
        assert text[e["start"]:e["end"]] == e["text"] == e["text"].strip() != "", (where, e["id"])
        assert "\n" not in e["text"], (where, e["id"])
        assert not re.fullmatch(r"\[[A-Z0-9 ]+\]", e["text"]) or e["label"] == "DURATION", (where, e["id"])
        ids[e["id"]] = e["label"]
    for r in line["relations"]:
        wanted = {"detail_of": {"STRENGTH", "DOSE", "FORM", "ROUTE", "FREQUENCY", "DURATION"}}.get(r["type"], {"CONDITION"})
        assert ids[r["from"]] in wanted and ids[r["to"]] == "DRUG", (where, r["id"])


def token_kappa(pairs):
    n = len(pairs)
    observed = sum(a == b for a, b in pairs) / n
    first, second = collections.Counter(a for a, _ in pairs), collections.Counter(b for _, b in pairs)
    chance = sum(first[c] * second[c] for c in first) / n / n
    return (observed - chance) / (1 - chance)


def grid(text, entities):
    for token in re.finditer(r"\w+|[^\w\s]", text):
        yield next((e["label"] for e in entities if e["start"] < token.end() and token.start() < e["end"]), "O")


class Sample:
    def __init__(self):
        self.notes = read_notes()
        self.one, self.two = decide(self.notes, "review-1.jsonl"), decide(self.notes, "review-2.jsonl")
        self.one_settled = decide(self.notes, "review-1.jsonl", "review-settle-1.jsonl")
        self.two_settled = decide(self.notes, "review-2.jsonl", "review-settle-2.jsonl")
        self.spans = {n: joined(self.one_settled[n], self.two_settled[n]) for n in self.notes}
        self.text = {line["id"]: line["text"] for line in lines("labels-A.jsonl")}

    def test_notes(self):
        """enough notes, of enough kinds and lengths, in every shape the importers know"""
        texts = [t for t, _ in self.notes.values()]
        assert len(texts) >= 28 and len({k for _, k in self.notes.values()}) >= 14
        assert all(110 <= len(t.split()) <= 700 for t in texts)
        assert any("\r\n" in t for t in texts) and any("Nuñez" in t for t in texts) and any("\U0001F629" in t for t in texts)

    def test_invented(self):
        """telephone numbers, addresses and social security numbers are of the invented kind"""
        for note, (text, _) in self.notes.items():
            for number in re.findall(r"\b\d{3}\)?[-. ]\d{3}[-. ]\d{4}\b", text):
                assert re.search(r"555[-. ]01\d\d$", number), (note, number)
            for host in re.findall(r"(?:@|https?://)([\w.-]+\w)", text):
                assert host.endswith(".example"), (note, host)
            for number in re.findall(r"\b\d{3}-\d{2}-\d{4}\b", text):
                assert number in ("078-05-1120", "219-09-9999", "933-41-7726"), (note, number)

    def test_decisions(self):
        """every note is decided to its end by both reviewers, who differ honestly and settle it"""
        for name in ("review-1.jsonl", "review-2.jsonl"):
            last = {line["note"]: line["decision"] for line in lines(name)}
            assert set(last) == set(self.notes) and set(last.values()) == {"keep-rest"}, name
        differ = sum(len(self.one[n].items() ^ self.two[n].items()) for n in self.notes)
        assert 8 <= differ <= 40, differ
        for n in self.notes:
            only = [s for s in self.one_settled[n].items() ^ self.two_settled[n].items()]
            assert all(any(a < e and s < b for (a, b), _ in only if (a, b) != (s, e)) for (s, e), _ in only), (n, only)
        for name in ("review-settle-1.jsonl", "review-settle-2.jsonl"):
            assert all(line["reason"] for line in lines(name)), name

    def test_reasons_name_nobody(self):
        """reasons go to the trail: no name that was removed stands in them"""
        names = {w for n, (t, _) in self.notes.items() for s, e, k in self.spans[n] if k in NAMES
                 for w in re.findall(r"[^\W\d_]{4,}", t[s:e])} - ALSO_WORDS
        for name in ("review-settle-1.jsonl", "review-settle-2.jsonl", "resolution.jsonl"):
            for line in lines(name):
                assert not names & set(re.findall(r"[^\W\d_]{4,}", line["reason"])), (name, line["note"])

    def test_nothing_left(self):
        """no part of a removed name and no telephone number, mail or full date is left in the cleared texts"""
        for note, (text, _) in self.notes.items():
            gone = {w for s, e, k in self.spans[note] if k in NAMES for w in re.findall(r"[^\W\d_]{3,}", text[s:e])}
            left = set(re.findall(r"[^\W\d_]{3,}", self.text[note]))
            assert not (gone - ALSO_WORDS) & left, (note, (gone - ALSO_WORDS) & left)
            assert not re.search(r"555[-. ]01\d\d|@\w|\b\d{1,2}[-/]\d{1,2}[-/]\d{2,4}\b|\b(?:19|20)\d\d-\d\d", self.text[note]), note

    def test_cleared(self):
        """the readers had the texts that the policy makes of the notes and the joined decisions"""
        assert self.text == {line["id"]: line["text"] for line in lines("labels-B.jsonl")}
        for note, (text, _) in self.notes.items():
            assert re.fullmatch(cleared(text, self.spans[note]), self.text[note]), note

    def test_every_identifier(self):
        """all kinds of Safe Harbor identifiers occur, and ZIP codes of both sorts"""
        kinds = {k for spans in self.spans.values() for _, _, k in spans}
        wanted = set("PATIENT STAFF RELATIVE FACILITY ORGANIZATION STREET CITY ZIP DATE AGE90 PHONE FAX EMAIL SSN MRN HEALTHPLAN ACCOUNT "
                     "LICENSE VEHICLE DEVICE URL IP BIOMETRIC PHOTO OTHERID USERNAME".split())
        assert kinds == wanted, kinds ^ wanted
        zips = {t[s:e][:3] for n, (t, _) in self.notes.items() for s, e, k in self.spans[n] if k == "ZIP"}
        assert zips & RESTRICTED_ZIPS and zips - RESTRICTED_ZIPS

    def test_labels(self):
        """labels, resolution and links fit the cleared text and the guidelines"""
        names = label_names()
        assert names >= {"DRUG", "STRENGTH", "DOSE", "ROUTE", "FREQUENCY", "DURATION", "FORM", "CONDITION"}
        for name in ("labels-A.jsonl", "labels-B.jsonl", "resolution.jsonl"):
            key = "note" if name.startswith("res") else "id"
            for line in lines(name):
                check_set((name, line[key]), self.text[line[key]], line, names)

    def test_agreement(self):
        """both read every note and agree as people do; every disagreement is resolved"""
        a, b = ({line["id"]: line for line in lines("labels-%s.jsonl" % r)} for r in "AB")
        assert set(a) == set(b) == set(self.notes)
        pairs = [p for n in self.notes for p in zip(grid(self.text[n], a[n]["entities"]), grid(self.text[n], b[n]["entities"]))]
        kappa = token_kappa(pairs)
        print("# token kappa %.3f over %d tokens, %d and %d findings" % (
            kappa, len(pairs), sum(len(x["entities"]) for x in a.values()), sum(len(x["entities"]) for x in b.values())))
        assert 0.80 <= kappa <= 0.92, kappa
        resolved = {line["note"] for line in lines("resolution.jsonl")}
        for n in self.notes:
            parts = ("entities", "relations", "answers")
            assert n in resolved or all(a[n].get(p) == b[n].get(p) for p in parts), n


def main():
    try:
        sample = Sample()
    except (AssertionError, OSError, ValueError, KeyError) as e:
        print("Bail out! data/sample cannot be read: %r" % (e,))
        return 1
    tests = [getattr(sample, name) for name in dir(sample) if name.startswith("test_")]
    print("1..%d" % len(tests))
    failed = 0
    for i, test in enumerate(tests, 1):
        try:
            test()
            print("ok %d - %s" % (i, test.__doc__))
        except (AssertionError, KeyError) as e:
            failed += 1
            print("not ok %d - %s\n# %r" % (i, test.__doc__, e))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
