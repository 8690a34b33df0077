#!/usr/bin/env python3
"""Derives data/lexicons/es/lexicon.tsv from public lists; see data/lexicons/README.md for the sources.

tools/make-lexicon-es.py POPULAR_NAMES_DIR SPANISH_WORDS_JSON > data/lexicons/es/lexicon.tsv

SPANISH_WORDS_JSON: index.json of the npm package an-array-of-spanish-words 2.0.0. A line is WORD <tab> FLAGS as in the English lexicon
(f, l: given name and surname with their frequency class; w: a word; c: a clinical one), folded: lower case without accents.
"""
import csv
import json
import pathlib
import re
import sys
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent.parent
SPANISH = "ES MX AR CO CL PE VE EC GT CU BO DO HN PY SV NI CR PA PR UY".split()
PARTICLES = {"del", "los", "las", "van", "von", "den", "der", "ibn"}
# Endings that only words of medicine have.
CLINICAL = re.compile(r".{3,}(?:itis|osis|oma|omas|emia|uria|patia|patias|ectomia|ostomia|otomia|scopia|scopias|grafia|grafias|algia|algias"
                      r"|plastia|plejia|penia|cardia|pnea|rragia|rrea|megalia|logia|logico|logica|logicos|logicas|terapia|genesis|fagia)")
# Forms that no record uses: the second person, and pronouns behind the verb.
UNUSED = re.compile(r".*(?:ais|eis|steis|aste|iste|ases|ieses|ares|ieres|arias|erias|irias|aras|eras|iras|[aei]r(?:me|te|se|nos|os|lo|la|los|las|le|les)"
                    r"|[aei]ndo(?:me|te|se|nos|os|lo|la|los|las|le|les)|(?:me|te|se|nos|os)(?:lo|la|los|las)|[aei]d|emonos|amonos)")


# Forms of a verb that records seldom use; they go where the verb itself stays.
SELDOM = {"ar": "o as amos es emos e en abas abamos ara aras aran aramos are aren aremos ase asen asemos aria arias arian ariamos ares aste",
          "er": "o es emos a as an amos ias iamos iera ieras ieran ieramos iere ieren ieremos iese iesen iesemos eria erias erian eriamos "
                "iste era eras eran eremos ere",
          "ir": "o es imos a as an amos ias iamos iera ieras ieran ieramos iere ieren ieremos iese iesen iesemos iria irias irian iriamos "
                "iste ira iras iran iremos ire"}


def seldom(words, word):
    for verb, endings in SELDOM.items():
        for ending in endings.split():
            if word.endswith(ending) and word[:-len(ending)] + verb in words:
                return True
    return False


def fold(word):
    text = unicodedata.normalize("NFKD", word)
    return "".join(c for c in text if not unicodedata.combining(c)).lower()


def add(table, word, flag):
    if re.fullmatch(r"[a-z][a-z'\-]{0,18}[a-z]", word):
        old = table.setdefault(word, {}).get(flag[0], flag)
        table[word][flag[0]] = max(flag, old)


def own_names(table):
    """Returns the names that are words too."""
    words = set()
    for line in open(HERE / "data/lexicons/es/names.tsv", encoding="utf-8"):
        fields = line.rstrip("\n").split("\t")
        if line.startswith("#") or len(fields) < 2:
            continue
        if fields[0] == "word":
            words.update(fold(w) for w in fields[1].split())
            continue
        for name in fields[2].split():
            for part in fold(name).split("-"):
                if len(part) > 1:
                    add(table, part, fields[0][0].replace("g", "f").replace("s", "l") + fields[1])
                    if fields[0] == "given" and part.endswith("o"): # Crescencio, Crescencia
                        add(table, part[:-1] + "a", "f4")
    return words


def short_names(table):
    for line in open(HERE / "data/rules/es/nicknames.tsv", encoding="utf-8"):
        if not line.startswith("#"):
            for name in line.split():
                add(table, fold(name), "f5")


def popular(table, folder):
    for name, flag in (("common-forenames-by-country.csv", "f"), ("common-surnames-by-country.csv", "l")):
        for row in csv.DictReader(open(f"{folder}/{name}", encoding="utf-8-sig")):
            for part in re.split(r"[\s/,()]+", row["Romanized Name"] + " " + row["Localized Name"]):
                if len(part) >= 3 and fold(part) not in PARTICLES:
                    add(table, fold(part), flag + ("7" if row["Country"] in SPANISH else "4"))


def foreign(table):
    """Names of the English lexicon that no list here has: the less frequent, the less they weigh."""
    for line in open(HERE / "data/lexicons/lexicon.tsv", encoding="utf-8"):
        word, flags = line.rstrip("\n").split("\t")
        for flag, level in re.findall(r"([fl])(\d)", flags):
            if int(level) >= 3 and flag not in table.get(word, {}):
                add(table, word, flag + str(max(1, int(level) - 3)))


def invented(table):
    """The names of peoples that the lists above lack (data/names); those held back for measuring stay out."""
    for name, flag in (("given", "f3"), ("family", "l3")):
        for line in open(HERE / f"data/names/{name}.tsv", encoding="utf-8"):
            fields = line.rstrip("\n").split("\t")
            if not line.startswith("#") and fields[-1] == "train":
                for part in fields[0].split():
                    if len(part) >= 3 and flag[0] not in table.get(fold(part), {}) and fold(part) not in PARTICLES:
                        add(table, fold(part), flag)


def spanish(table, path, both):
    words = {fold(word) for word in json.load(open(path, encoding="utf-8"))}
    for word in sorted(words):
        flags = table.get(word, {})
        name = max(flags.get("f", "f0"), flags.get("l", "l0"), key=lambda f: f[1])
        if name[1] >= "5" and word not in both:
            continue
        if name[1] == "0" and (UNUSED.fullmatch(word) or len(word) > 15 or seldom(words, word)):
            continue
        add(table, word, "w")
        if CLINICAL.fullmatch(word):
            add(table, word, "c")
    for word in both:
        add(table, word, "w")


def main():
    table = {}
    both = own_names(table)
    short_names(table)
    popular(table, sys.argv[1])
    foreign(table)
    invented(table)
    spanish(table, sys.argv[2], both)
    for word in sorted(table):
        print(f"{word}\t{''.join(table[word][k] for k in sorted(table[word]))}")


main()
