#!/usr/bin/env python3
"""Turns a folder of brat pairs into JSON lines for bench/measure-phi: tools/brat-to-jsonl.py SCHEME FOLDER > FILE.jsonl

Labels become kinds by data/rules/schemes.tsv; a label that the scheme does not list stops the program.
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent


def kinds_of(scheme):
    table = {}
    for line in open(HERE / "data/rules/schemes.tsv", encoding="utf-8"):
        fields = line.rstrip("\n").split("\t")
        if fields[0] == scheme:
            table[fields[1]] = fields[2]
    return table


def main():
    kinds = kinds_of(sys.argv[1])
    for path in sorted(pathlib.Path(sys.argv[2]).glob("*.txt")):
        text = path.read_bytes().decode("utf-8")
        entities = []
        for line in open(path.with_suffix(".ann"), encoding="utf-8", newline="\n"):
            if not line.startswith("T"):
                continue
            label, spans = line.split("\t")[1].split(" ", 1)
            pieces = [piece.split() for piece in spans.split(";")]
            entities.append({"start": int(pieces[0][0]), "end": int(pieces[-1][1]), "label": kinds[label]})
        print(json.dumps({"id": path.stem, "text": text, "entities": entities}, ensure_ascii=False))


main()
