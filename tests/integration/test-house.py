"""The house rules that a compiler can't hold: which room includes which, what the doors promise, what the program links, what
may stand in a tracked file. Each rule first proves on an invented offence that it can see one."""
import glob
import json
import os
import re
import subprocess

from project import BUILD, CHARTROOM, SOURCE, Home, Skip, check, main, same, test

SOURCE = os.path.abspath(SOURCE)

# ---- the floors, from the ground up; rooms of one floor are siblings ----
FLOORS = [['base'], ['text'], ['tagger', 'onnx'], ['store', 'audit', 'intake', 'phi', 'agreement', 'risk', 'statistics', 'report', 'duplicates', 'guidelines', 'formats'], ['evaluation'], ['workflow'], ['cli']]
FLOOR_OF = {room: i for i, floor in enumerate(FLOORS) for room in floor}
# The public header that is a room's door stands on that room's floor.
DOORS = {'error': 'base', 'json': 'base', 'text': 'text', 'known': 'text', 'tagger': 'tagger', 'intake': 'intake', 'phi': 'phi', 'attack': 'phi', 'utility': 'phi', 'agreement': 'agreement', 'risk': 'risk', 'duplicates': 'duplicates', 'statistics': 'statistics',
         'evaluation': 'evaluation', 'guidelines': 'guidelines', 'formats': 'formats', 'project': 'workflow', 'privacy': 'workflow', 'reading': 'workflow',
         'release': 'workflow', 'quality': 'workflow', 'surrogate': 'phi'}
# A foreign library is wrapped by the rooms named here and included nowhere else. Path prefixes: a room, or a file of one.
LIBRARIES = {'lbfgs.h': ['src/tagger/'], 'sqlite3': ['src/store/'], 'hs.h': ['src/phi/'], 'yaml.h': ['src/guidelines/'], 'seccomp.h': ['src/base/'], 'dlfcn.h': ['src/onnx/', 'src/report/'], 'cairo': ['src/report/'], 'pango/': ['src/report/'],
             'unicode/': ['src/text/'], 'gtk/': [], 'adwaita': []}
# Past the first number ask whether two things live in one file; a file of tests is a list, and may be longer.
MAX_LINES = {'src/*/*.[ch]': 600, 'include/chartroom/*.h': 600, 'bench/*.c': 600, 'tools/*': 600, 'fuzz/*/*.[ch]': 600,
             'tests/integration/*.py': 600, 'tests/unit/*.[ch]': 1200}


def read(path):
    with open(os.path.join(SOURCE, path), encoding='utf-8') as f:
        return f.read()


def tracked():
    """The files that belong to the project: git's list, or everything that is not a build where this is no checkout."""
    done = subprocess.run(['git', '-C', SOURCE, 'ls-files'], capture_output=True, text=True)
    if done.returncode == 0 and done.stdout:
        return [p for p in done.stdout.splitlines() if os.path.isfile(os.path.join(SOURCE, p))]
    found = []
    for folder, below, files in os.walk(SOURCE):
        below[:] = [d for d in below if not d.startswith(('build', '.')) and d not in ('out', '__pycache__')]
        found += [os.path.relpath(os.path.join(folder, f), SOURCE) for f in files]
    return found


def sources(pattern='src/*/*.[ch]'):
    found = sorted(os.path.relpath(p, SOURCE) for p in glob.glob(os.path.join(SOURCE, pattern)))
    check(found, 'no file matches', pattern)
    return found


def includes(text):
    return [m.group(2) for m in re.finditer(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', text, re.M)]


def room_of_include(path, included):
    """The room that an include leads to, or None for a library. path is the file that includes it."""
    door = re.fullmatch(r'chartroom/(\w+)\.h', included)
    if door:
        check(door.group(1) in DOORS, path, 'includes a door of no room:', included)
        return DOORS[door.group(1)]
    first = included.split('/')[0]
    if '/' in included and first in FLOOR_OF:
        return first
    here = os.path.dirname(path)
    return here.split('/')[1] if here.startswith('src/') and os.path.isfile(os.path.join(SOURCE, here, included)) else None


def offence(path, room, included):
    """What is wrong with room including the file, or None."""
    other = room_of_include(path, included)
    for library, homes in LIBRARIES.items():
        if included.startswith(library) and not path.startswith(tuple(homes)):
            return 'may not include <%s>' % included
    if other is None or other == room:
        return None
    if FLOOR_OF[other] == FLOOR_OF[room]:
        return 'includes its sibling %s' % other
    if FLOOR_OF[other] > FLOOR_OF[room]:
        return 'includes %s, which stands above it' % other
    return 'includes the inside of %s: %s' % (other, included) if included.endswith('-private.h') else None


@test
def floors():
    """A room includes only doors of rooms below it, never a sibling"""
    check(offence('src/text/x.c', 'text', 'workflow/decisions.h'), 'an include upwards is not seen')
    check(offence('src/phi/x.c', 'phi', 'chartroom/formats.h'), 'an include of a sibling is not seen')
    check(offence('src/workflow/x.c', 'workflow', 'store/store-private.h'), 'an include of the inside of a room is not seen')
    check(offence('src/cli/x.c', 'cli', 'sqlite3.h'), 'an include of sqlite3.h is not seen')
    same(offence('src/workflow/x.c', 'workflow', 'store/store.h'), None)
    same(sorted(os.path.basename(os.path.dirname(p)) for p in glob.glob(os.path.join(SOURCE, 'src', '*', ''))), sorted(FLOOR_OF),
         'the rooms under src/')
    wrong = [(p, o) for p in sources() for i in includes(read(p)) for o in [offence(p, p.split('/')[1], i)] if o]
    same(wrong, [])


@test
def doors():
    """A public header includes only doors of its own floor or below"""
    same(sorted(os.path.basename(p)[:-2] for p in sources('include/chartroom/*.h')), sorted(DOORS), 'the public headers')
    wrong = []
    for path in sources('include/chartroom/*.h'):
        room = DOORS[os.path.basename(path)[:-2]]
        for included in includes(read(path)):
            other = room_of_include(path, included)
            if other is None:
                if included not in ('glib.h', 'jansson.h'):
                    wrong.append((path, included))
            elif FLOOR_OF[other] > FLOOR_OF[room] or (FLOOR_OF[other] == FLOOR_OF[room] and other != room):
                wrong.append((path, included))
    same(wrong, [])


def strip_comments(text):
    return re.sub(r'/\*.*?\*/', '', text, flags=re.S)


@test
def engine_in_store():
    """Only store calls sqlite3_*, and only workflow (and the engine itself) begins or ends a transaction"""
    calls = re.compile(r'\bsqlite3_\w+')
    ends = re.compile(r'\bcr_db_(begin|commit|rollback)\s*\(')
    check(calls.search('x = sqlite3_step(s);') and ends.search('cr_db_begin (db, e)'), 'the patterns see nothing')
    for path in sources():
        text = strip_comments(read(path))
        room = path.split('/')[1]
        check(room == 'store' or not calls.search(text), path, 'calls', calls.search(text))
        engine = path in ('src/store/engine.c', 'src/store/engine-open.c', 'src/store/schema.c', 'src/store/store.h')
        check(room == 'workflow' or engine or not ends.search(text), path, 'calls', ends.search(text))


def pkg_config(*names):
    done = subprocess.run(['pkg-config', '--cflags', *names], capture_output=True, text=True)
    if done.returncode != 0:
        raise Skip('pkg-config does not know ' + ' '.join(names))
    return done.stdout.split()


@test
def headers_alone():
    """Every public header compiles alone, in C and without any warning"""
    flags = ['cc', '-std=gnu11', '-Wall', '-Wextra', '-Wstrict-prototypes', '-Werror', '-fsyntax-only', '-x', 'c',
             '-I' + os.path.join(SOURCE, 'include'), *pkg_config('glib-2.0', 'jansson'), '-']
    broken = subprocess.run(flags, input='gboolean f(CrNoSuchType *x);\n', capture_output=True, text=True)
    check(broken.returncode != 0, 'a header that does not compile is not seen')
    for path in sources('include/chartroom/*.h'):
        # Twice: a header without its guard would define everything again.
        text = '#include <chartroom/%s>\n#include <chartroom/%s>\nint x;\n' % ((os.path.basename(path),) * 2)
        done = subprocess.run(flags, input=text, capture_output=True, text=True)
        same(done.returncode, 0, path + ': ' + done.stderr)


@test
def no_widgets():
    """Neither the command line nor the library links GTK, a display or a network library"""
    forbidden = re.compile(r'lib(gtk|gdk|adwaita|X11|wayland|curl|soup|ssl|nss)', re.I)
    check(forbidden.search('\tlibgtk-4.so.1 => /usr/lib/libgtk-4.so.1'), 'the pattern sees nothing')
    libraries = glob.glob(os.path.join(BUILD, 'src', 'libchartroom.so*'))
    for path in [CHARTROOM] + [p for p in libraries if os.path.isfile(p) and not p.endswith('.symbols')]:
        done = subprocess.run(['ldd', path], capture_output=True, text=True)
        same(done.returncode, 0, path)
        check('libglib-2.0' in done.stdout, 'ldd told nothing of', path)
        check(not forbidden.search(done.stdout), path, 'links', forbidden.search(done.stdout))


@test
def error_names():
    """Every error's name is unique and kebab-case, is its code in small letters, and has advice"""
    rows = re.findall(r'X\((\w+), "([^"]*)", (CR_EXIT_\w+),\s*\\?\s*"([^"]*)"', read('include/chartroom/error.h'))
    table = read('include/chartroom/error.h').split('#define CR_ERROR_TABLE(X)')[1].split('#define CR_ERROR_ENUM_')[0]
    same(len(rows), len(re.findall(r'\bX\(', table)), 'rows of the error table')
    names = [name for _, name, _, _ in rows]
    same(sorted({n for n in names if names.count(n) > 1}), [], 'names that stand twice')
    for code, name, _, advice in rows:
        check(re.fullmatch(r'[a-z]+[0-9]*(-[a-z0-9]+)*', name), name, 'is not kebab-case')
        same(name, code.lower().replace('_', '-'), 'the name of CR_ERROR_' + code)
        check(advice and not advice.endswith('.'), name, 'has no advice, or it ends in a full stop')


@test
def error_names_used():
    """Every error of the table is raised somewhere"""
    codes = re.findall(r'X\((\w+), "', read('include/chartroom/error.h'))
    everything = ''.join(read(p) for p in sources())
    same([c for c in codes if not re.search(r'\bCR_ERROR_%s\b' % c, everything)], [], 'errors that nothing raises')


@test
def file_sizes():
    """No source file has grown past its limit"""
    same([(p, n) for pattern, limit in MAX_LINES.items() for p in sources(pattern) if os.path.isfile(os.path.join(SOURCE, p))
          for n in [read(p).count('\n')] if n >= limit], [], 'files to part')


# The words are put together here so that this file does not hold them.
MARKS = re.compile(r'(?<![\w-])(%s)(?![\w-])' % '|'.join(a + b for a, b in [('TO', 'DO'), ('FIX', 'ME'), ('X', 'XX'), ('HA', 'CK')]))
MACHINE = re.compile(r'(?<![\w./$})])/(%s)/[A-Za-z]' % '|'.join(a + b for a, b in [('ho', 'me'), ('wo', 'rk'), ('ro', 'ot'), ('Us', 'ers'), ('work', 'space')]))
HOSTS = re.compile('|'.join(a + b for a, b in [
    (r'registry\.', r'(npmjs|yarnpkg|terraform)'), (r'py', r'pi\.org'), (r'files\.python', r'hosted'), (r'crates', r'\.io'),
    (r'proxy\.', r'golang'), (r'deb\.', r'debian\.org'), (r'archive\.', r'ubuntu'), (r'arti', r'factory'), (r'docker', r'\.io'),
    (r'localhost:', r'\d'), (r'127\.0\.0\.1:', r'\d')]), re.I)
# Notes are made up, and hold what notes hold ("XXX-XX-9999"); the rules look for it.
DATA = ('data/', 'tests/cases/', 'fuzz/corpora/')


@test
def no_marks():
    """No mark of unfinished work in a tracked file"""
    check(MARKS.search('/* TO' + 'DO: later */') and not MARKS.search('SSN X' + 'XX-XX-9999'), 'the pattern is wrong')
    check(not MARKS.search('docs/HA' + 'CKING.md'), 'the pattern is wrong')
    found = []
    for path in tracked():
        if not path.startswith(DATA) and not binary(path):
            found += [(path, n) for n, line in enumerate(read(path).splitlines(), 1) if MARKS.search(line)
                      and 'X' 'XX-XX' not in line and 'mkstemp' not in line and 'mkdtemp' not in line]
    same(found, [])


def binary(path):
    with open(os.path.join(SOURCE, path), 'rb') as f:
        start = f.read(4096)
    return b'\0' in start or path.startswith('fuzz/corpora/')


@test
def no_machine():
    """No path of a machine and no package registry's host in a tracked file"""
    check(MACHINE.search('see /ho' + 'me/me/x') and MACHINE.search('"/wo' + 'rk/main"') and HOSTS.search('https://registry.' + 'npmjs.org/x'),
          'the patterns see nothing')
    check(not MACHINE.search('src/wo' + 'rk/flow.c'), 'the pattern sees folders of the repository')
    found = []
    for path in tracked():
        if not path.startswith(DATA) and not binary(path):
            found += [(path, n, line.strip()[:80]) for n, line in enumerate(read(path).splitlines(), 1)
                      if MACHINE.search(line) or HOSTS.search(line)]
    same(found, [])


def commands():
    """The names in main.c's table, in its order."""
    table = read('src/cli/main.c').split('commands[] = {')[1].split('\n};')[0]
    found = re.findall(r'\{"([a-z-]+)", cr_cmd_\w+,', table)
    same(len(found), len(re.findall(r'\bcr_cmd_\w+', table)), 'rows of the command table')
    check(len(found) >= 15, 'the table of commands was not found')
    return found


@test
def every_command_helps():
    """Every command answers --help with exit 0 and names its own usage"""
    with Home() as home:
        for name in commands():
            done = subprocess.run([CHARTROOM, name, '--help'], env=home.env(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
            same(done.returncode, 0, name + ' --help: ' + done.stderr)
            check(re.search(r'Usage:\s+chartroom %s\b' % name, done.stdout), name, '--help does not say how it is used:', done.stdout[:200])
        bad = subprocess.run([CHARTROOM, 'no-such-command'], env=home.env(), capture_output=True, text=True, timeout=60)
        same(bad.returncode, 2, 'an unknown command')
        listed = subprocess.run([CHARTROOM, '--help'], env=home.env(), capture_output=True, text=True, timeout=60)
        same(re.findall(r'^  ([a-z-]+) ', listed.stdout, re.M), commands(), 'what chartroom --help lists')


@test
def every_command_documented():
    """Every command stands in README.md and in docs/"""
    docs = ''.join(read(p) for p in sources('docs/*.md'))
    readme = read('README.md')
    same([c for c in commands() if not re.search(r'\bchartroom %s\b' % c, readme)], [], 'commands that README.md does not show')
    same([c for c in commands() if not re.search(r'`[^`\n]*\b%s\b[^`\n]*`' % c, docs)], [], 'commands that no file of docs/ names')


@test
def links_lead_somewhere():
    """Every file that a document links to exists"""
    found = []
    for path in [p for p in tracked() if p.endswith('.md')]:
        for target in re.findall(r'\]\(([^)#\s]+)[^)]*\)', read(path)):
            there = os.path.normpath(os.path.join(SOURCE, os.path.dirname(path), target))
            if '://' not in target and not os.path.exists(there):
                found.append((path, target))
    same(found, [])


@test
def every_test_registered():
    """Every unit test and every integration script is registered with the build, and every source with its room"""
    unit, integration = read('tests/unit/meson.build'), read('tests/integration/meson.build')
    for path in sources('tests/unit/test-*.c'):
        name = os.path.basename(path)[len('test-'):-len('.c')]
        check(re.search(r"^\s*'%s':" % re.escape(name), unit, re.M), path, 'is not in tests/unit/meson.build')
    for path in sources('tests/integration/test-*.*'):
        check("'%s'" % os.path.basename(path) in integration, path, 'is not in tests/integration/meson.build')
    for path in sources('src/*/*.c'):
        check("'%s'" % os.path.basename(path) in read(os.path.dirname(path) + '/meson.build'), path, 'is compiled by no room')
    installed = read('src/meson.build')
    for path in sources('include/chartroom/*.h'):
        check(path in installed, path, 'is not installed')


# ---- the tables ----


def rows(path):
    return [(n, line.split('\t')) for n, line in enumerate(read(path).split('\n'), 1) if line.strip() and not line.startswith('#')]


def kinds():
    found = [fields[0] for _, fields in rows('data/rules/kinds.tsv')]
    same(len(found), len(set(found)), 'kinds that stand twice')
    return found


def is_score(text):
    return re.fullmatch(r'[01](\.\d+)?', text) and 0 < float(text) <= 1


def check_kinds(n, fields):
    check(re.fullmatch(r'[A-Z0-9]+', fields[0]) and re.fullmatch('[A-R]', fields[1]) and fields[2] in ('leak', 'reported'), n, fields)


def check_rule(n, fields):
    if fields[0] == 'shared':
        check(len(fields) == 2 and fields[1].split(), n, fields)
        return
    if fields[0] == 'define':
        check(len(fields) == 3, n, fields)
        return
    check(len(fields) in (5, 6, 7), n, 'has', len(fields), 'columns')
    check(re.fullmatch(r'[a-z0-9.-]+', fields[0]) and is_score(fields[2]) and re.fullmatch('[si]*|-', fields[3]), n, fields[:4])
    check(fields[1] in kinds(), n, 'names the kind', fields[1])


def check_phrase(n, fields):
    check(len(fields) == 3 and fields[0] in kinds() and is_score(fields[1]) and all(p.strip() for p in fields[2].split(';')), n, fields[:2])


def check_scan(n, fields):
    check(len(fields) == 3 and fields[0] in kinds() and is_score(fields[1]), n, fields)


def check_words(n, fields):
    check(len(fields) == 2 and re.fullmatch('[a-z]+', fields[0]) and fields[1].split(), n, fields)


def check_nicknames(n, fields):
    check(len(fields) == 1 and len(fields[0].split()) >= 2 and fields[0] == fields[0].lower(), n, fields)


def check_zip3(n, fields):
    check(len(fields) == 1 and re.fullmatch(r'\d{3}', fields[0]), n, fields)


def check_onnx_labels(n, fields):
    check(len(fields) == 2 and re.fullmatch('[A-Z0-9_]+', fields[0]) and fields[1] in kinds() + ['-'], n, fields)


def check_quasi(n, fields):
    check(len(fields) == 3 and re.fullmatch('[a-z0-9]+', fields[0]) and re.fullmatch('meta|words|kind|text(=[a-z]+)?', fields[1]), n, fields[:2])
    check(fields[1] != 'kind' or fields[2] in kinds(), n, fields)


def check_utility(n, fields):
    check(len(fields) == 2 and fields[0] in ('drug', 'problem', 'lab') and re.fullmatch('[a-z]+( [a-z]+)*', fields[1]), n, fields)


def check_policy(n, fields):
    if fields[0] == fields[0].lower():
        check(fields[0] in ('name', 'version', 'replace', 'zip', 'birth-year') and len(fields) == 2, n, fields)
    else:
        check(fields[0] in kinds() and (fields[1:] in (['tag'], ['keep'], ['surrogate'], ['shift']) or (fields[1] == 'generalise' and len(fields) == 3)), n, fields)


def check_surrogates(n, fields):
    check(len(fields) == 3 and fields[0] in ('keep', 'list', 'town', 'zip', 'state', 'origin'), n, fields)
    words = fields[2].split('; ')
    check(words == [w.strip() for w in words] and all(words), n, 'has blanks around a word, or an empty one')
    if fields[0] in ('keep', 'state', 'origin'):
        check(all(re.fullmatch('[a-z0-9]+', w) for w in words), n, 'has a word that is not folded')
    if fields[0] == 'zip':
        check(not set(words) - {f[0] for _, f in rows('data/rules/zip3-2000.tsv')}, n, 'names an area that may not be named')


def check_scheme(n, fields):
    check(len(fields) == 3 and re.fullmatch('[a-z0-9-]+', fields[0]) and fields[2] in kinds() + ['-'], n, fields)


TABLES = {'kinds': check_kinds, 'rules': check_rule, 'gazetteer': check_phrase, 'scan': check_scan, 'words': check_words,
          'nicknames': check_nicknames, 'zip3-2000': check_zip3, 'onnx-labels': check_onnx_labels, 'policy-safe-harbor': check_policy, 'policy-limited': check_policy,
          'policy-expert': check_policy, 'quasi': check_quasi, 'utility': check_utility, 'schemes': check_scheme, 'surrogates': check_surrogates}
# What a language has of its own: the other tables are shared.
LANGUAGE_TABLES = ('rules', 'words', 'gazetteer', 'nicknames', 'scan')


@test
def tables_parse():
    """Every table of data/rules has the columns that its first lines promise, and keys that stand once"""
    same(sorted(os.path.basename(p)[:-4] for p in sources('data/rules/*.tsv')), sorted(TABLES), 'the tables of data/rules')
    languages = sorted({os.path.basename(os.path.dirname(p)) for p in sources('data/rules/*/*.tsv')})
    tables = [(name, 'data/rules/%s.tsv' % name) for name in TABLES]
    tables += [(name, 'data/rules/%s/%s.tsv' % (language, name)) for language in languages for name in LANGUAGE_TABLES]
    for name, path in tables:
        checker = TABLES[name]
        found = rows(path)
        check(found, path, 'holds no row')
        for n, fields in found:
            check(not any(f != f.strip() for f in fields[:2]), path, n, 'has blanks around a field')
            checker('%s:%d' % (path, n), fields)
    ids = [f[0] for _, f in rows('data/rules/rules.tsv') if f[0] != 'define']
    same(sorted({i for i in ids if ids.count(i) > 1}), [], 'rules that stand twice')
    prefixes = [f[0] for _, f in rows('data/rules/zip3-2000.tsv')]
    same(prefixes, sorted(set(prefixes)), 'ZIP prefixes out of order')
    # The 17 areas of the guidance may not be listed, whatever else is.
    for small in '036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893'.split():
        check(small not in prefixes, 'the small area', small, 'is listed')


@test
def policies_cover_kinds():
    """Every policy decides every kind once, and the program reads it"""
    note = json.dumps({'id': 'n', 'text': 'Seen on 03/04/2021 by Dr. Alma Quist, phone 555-010-2233.'}) + '\n'
    with Home() as home:
        for name in ('safe-harbor', 'limited', 'expert'):
            path = 'data/rules/policy-%s.tsv' % name
            same(sorted(f[0] for _, f in rows(path) if f[0].isupper()), sorted(kinds()), path)
            done = subprocess.run([CHARTROOM, 'deid', '--policy', os.path.join(SOURCE, path), '--replace', 'tag'], env=home.env(), input=note,
                                  capture_output=True, text=True, timeout=120)
            same(done.returncode, 0, path + ': ' + done.stderr)
            check('555-010-2233' not in json.loads(done.stdout)['text'], path, 'let a telephone number through')


@test
def lexicon_parses():
    """The word list is sorted, each word once, each with letters that mean something"""
    known, last = set(re.findall(r'`(\w\d?)`', read('data/lexicons/README.md'))), ''
    for n, fields in rows('data/lexicons/lexicon.tsv'):
        check(len(fields) == 2 and fields[0] and fields[1], 'lexicon.tsv', n, fields)
        check(fields[0].encode() > last.encode(), 'lexicon.tsv', n, 'is out of order')
        last = fields[0]
    check(last, 'the word list is empty')


main()
