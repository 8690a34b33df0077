#!/usr/bin/env python3
"""Derives data/lexicons/lexicon.tsv from public lists; see data/lexicons/README.md for the sources.

tools/make-lexicon.py CENSUS_DIR POPULAR_NAMES_DIR ICD10CM_TSV RXNORM_TSV NAMES_TXT > data/lexicons/lexicon.tsv

A line is WORD <tab> FLAGS, sorted, lower case:
  f1-f9  a given name, 9 the commonest        l1-l9  a surname, 9 the commonest
  W      an everyday English word             w      an English word
  c      a word of clinical classifications   d      a drug or brand
  e      stands with a capital inside a disease's title (an eponym or a place)
"""
import csv
import math
import re
import sys
import unicodedata

WORDS, SMALL = "/usr/share/dict/american-english", "/usr/share/dict/american-english-small"


def fold(word):
    text = unicodedata.normalize("NFKD", word)
    return "".join(c for c in text if not unicodedata.combining(c)).lower()


def frequency_class(percent):
    """.0005 % -> 1, 1 % and more -> 9: even steps of the logarithm."""
    return max(1, min(9, int(round(9 + 2.4 * math.log10(percent)))))


def add(table, word, flag):
    if re.fullmatch(r"[a-z][a-z'\-]{0,12}[a-z]", word):
        table.setdefault(word, {})[flag[0]] = max(flag, table.get(word, {}).get(flag[0], flag))


def census(table, folder):
    for name, flag, least in (("dist.male.first", "f", 0.0), ("dist.female.first", "f", 0.0), ("dist.all.last", "l", 0.001)):
        for line in open(f"{folder}/{name}"):
            word, percent = line.split()[:2]
            if float(percent) >= least:
                add(table, word.lower(), flag + str(frequency_class(max(float(percent), 0.0005))))


def popular(table, folder):
    for name, flag in (("common-forenames-by-country.csv", "f4"), ("common-surnames-by-country.csv", "l4")):
        for row in csv.DictReader(open(f"{folder}/{name}", encoding="utf-8-sig")):
            for part in re.split(r"[\s/,()]+", row["Romanized Name"] + " " + row["Localized Name"]):
                if len(part) >= 3:
                    add(table, fold(part), flag)


def is_other(flags):
    """Everyday, clinical or a drug: no name unless a list with counts says so."""
    return bool(set(flags) & set("Wcd"))


def ours(table, path):
    for line in open(path, encoding="utf-8"):
        if not line.startswith("#"):
            kind, _, names = line.rstrip("\n").split("\t")
            for name in map(fold, names.split()):
                if len(name) > 2 and not is_other(table.get(name, {})):
                    add(table, name, kind + "3")


def english(table):
    for path, flag in ((WORDS, "w"), (SMALL, "W")):
        for line in open(path, encoding="utf-8"):
            word = line.strip()
            if word.islower() and not word.endswith("'s") and len(word) > 1:
                add(table, fold(word), flag)


def clinical(table, icd, rxnorm):
    counts = {}
    for row in csv.DictReader(open(icd, encoding="utf-8"), delimiter="\t"):
        for i, word in enumerate(re.findall(r"[A-Za-z][A-Za-z'\-]*[A-Za-z]", row["long"])):
            if word[0].isupper() and i:
                add(table, fold(re.sub("'s$", "", word)), "e")
            elif word.islower():
                counts[fold(word)] = counts.get(fold(word), 0) + 1
    for word in counts:
        add(table, word, "c")
    for row in csv.DictReader(open(rxnorm, encoding="utf-8"), delimiter="\t"):
        if row["tty"] in ("IN", "PIN", "BN", "MIN"):
            for word in re.findall(r"[A-Za-z][A-Za-z\-]{3,}", row["name"]):
                add(table, word.lower(), "d")


def main():
    table = {}
    census(table, sys.argv[1])
    popular(table, sys.argv[2])
    english(table)
    clinical(table, sys.argv[3], sys.argv[4])
    ours(table, sys.argv[5])
    for word in sorted(table):
        flags = table[word]
        if "W" in flags:
            flags.pop("w", None)
        print(word + "\t" + "".join(flags[k] for k in sorted(flags)))


main()
