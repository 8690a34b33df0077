/* audit: a trail that nobody touched passes, and no other. The tree against the definition in the RFC, the
 * lines against a JSON parser, the words of verification against what was done to the files. */
#include "audit-trail.h"
#include <chartroom/json.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* ---- the tree ---- */

/* MTH as section 2.1.1 writes it. */
static void
tree_by_definition(const guint8 (*entries)[CR_HASH_BYTES], gsize n, guint8 out[CR_HASH_BYTES])
{
  guint8 input[1 + 2 * CR_HASH_BYTES];
  if (n == 0) {
    cr_sha256("", 0, out);
    return;
  }
  if (n == 1) {
    input[0] = 0;
    memcpy(input + 1, entries[0], CR_HASH_BYTES);
    cr_sha256(input, 1 + CR_HASH_BYTES, out);
    return;
  }
  gsize k = 1;
  while (k * 2 < n)
    k *= 2;
  input[0] = 1;
  tree_by_definition(entries, k, input + 1);
  tree_by_definition(entries + k, n - k, input + 1 + CR_HASH_BYTES);
  cr_sha256(input, sizeof input, out);
}

static void
test_tree_by_definition(void)
{
  guint8 entries[300][CR_HASH_BYTES];
  CrFrontier frontier = {0};
  for (gsize n = 0; n < 300; n++) {
    guint8 fast[CR_HASH_BYTES], slow[CR_HASH_BYTES], leaf[CR_HASH_BYTES];
    cr_frontier_root(&frontier, fast);
    tree_by_definition((const guint8(*)[CR_HASH_BYTES])entries, n, slow);
    g_assert_cmpmem(fast, CR_HASH_BYTES, slow, CR_HASH_BYTES);
    cr_sha256(&n, sizeof n, entries[n]);
    cr_merkle_leaf(entries[n], CR_HASH_BYTES, leaf);
    cr_frontier_append(&frontier, leaf);
    g_assert_cmpuint(frontier.size, ==, n + 1);
  }
}

/* The entries and roots that the Certificate Transparency implementations test themselves with. */
static void
test_tree_published(void)
{
  static const struct {
    const char *entry;
    gsize n;
    const char *root;
  } cases[] = {{"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
               {"\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
               {"\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
               {"\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
               {"\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
               {"\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
               {"\x50\x51\x52\x53\x54\x55\x56\x57", 8,
                "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
               {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
                "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}};
  CrFrontier frontier = {0};
  for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
    guint8 leaf[CR_HASH_BYTES], root[CR_HASH_BYTES];
    cr_merkle_leaf(cases[i].entry, cases[i].n, leaf);
    cr_frontier_append(&frontier, leaf);
    cr_frontier_root(&frontier, root);
    g_autofree char *hex = cr_hex(root, sizeof root);
    g_assert_cmpstr(hex, ==, cases[i].root);
  }
}

/* ---- lines ---- */

static void
test_line_is_json(void)
{
  static const char *const awkward[] = {"plain",        "",         "\"\\/",      "a\nb\r\n\tc\b\f",
                                        "\x01\x1f\x7f", "é😀\u2028", "{\"key\":1}"};
  g_autoptr(Trail) trail = trail_new();
  for (guint i = 0; i < G_N_ELEMENTS(awkward); i++) {
    CrEvent event = {awkward[i], "lead", "S", awkward[i], "x", awkward[i], awkward[i], awkward[i], i % 2};
    g_autofree char *line = cr_chain_append(trail->chain, &event);
    gsize n = strlen(line) - 1;
    g_assert_cmpint(line[n], ==, '\n');
    g_assert_null(memchr(line, '\n', n));
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) json = cr_json_parse(line, n, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(json_string_value(json_object_get(json, "old")), ==, awkward[i]);
    g_assert_cmpstr(json_string_value(json_object_get(json, "version")), ==, CR_VERSION);
    g_assert_cmpint(json_is_true(json_object_get(json, "sealed")), ==, i % 2);
    CrEventLine parsed = {0};
    g_assert_true(cr_event_line_parse(line, n, &parsed));
    g_autofree char *reason = cr_slice_dup(parsed.fields[CR_FIELD_REASON]);
    g_assert_cmpstr(reason, ==, awkward[i]);
    for (gsize cut = 0; cut < n; cut++)
      g_assert_false(cr_event_line_parse(line, cut, &parsed));
  }
}

static void
test_line_order_and_hash(void)
{
  g_autoptr(Trail) trail = trail_new();
  const char *first = trail->lines->pdata[0], *second = trail->lines->pdata[1];
  g_autofree char *genesis =
      cr_sha256_hex("chartroom audit v1\n" PROJECT, strlen("chartroom audit v1\n" PROJECT));
  g_autofree char *prev = g_strdup_printf(",\"prev\":\"%s\",\"hash\":\"", genesis);
  const char *hash = strstr(first, ",\"hash\":\"");
  g_assert_nonnull(strstr(first, prev));
  g_assert_true(g_str_has_prefix(first, "{\"seq\":0,\"time\":\"2026-"));
  g_assert_nonnull(strstr(first,
                          ",\"actor\":\"system\",\"session\":\"S-1\",\"object\":\"project\",\"action\":"
                          "\"project.made\",\"version\":\""));
  g_autofree char *computed = cr_sha256_hex(first, (gsize)(hash - first));
  g_assert_true(g_str_has_prefix(hash + strlen(",\"hash\":\""), computed));
  g_autofree char *link = g_strdup_printf(",\"prev\":\"%s\"", computed);
  g_assert_nonnull(strstr(second, link));
}

static void
test_line_invalid_utf8(void)
{
  g_autoptr(Trail) trail = trail_new();
  g_autofree char *line = cr_chain_append(trail->chain, &(CrEvent){.actor = "a\xff"
                                                                            "b",
                                                                   .action = "x"});
  g_assert_nonnull(strstr(line, "\"actor\":\"a\xef\xbf\xbd"
                                "b\""));
}

/* ---- the chain's end ---- */

static void
assert_same_future(CrChain *a, CrChain *b)
{
  g_assert_cmpuint(cr_chain_n_events(a), ==, cr_chain_n_events(b));
  g_assert_cmpstr(cr_chain_head_hex(a), ==, cr_chain_head_hex(b));
  g_autoptr(GBytes) state_a = cr_chain_state(a), state_b = cr_chain_state(b);
  g_assert_true(g_bytes_equal(state_a, state_b));
}

static void
test_state(void)
{
  CrEnv *test_env = cr_env_test_new(START_US, 10, 1, NULL);
  g_autoptr(CrChain) chain = cr_chain_new(test_env, PROJECT);
  g_assert_cmpstr(cr_chain_head_hex(chain), ==,
                  "0000000000000000000000000000000000000000000000000000000000000000");
  for (guint i = 0; i < 70; i++) {
    g_autoptr(GBytes) state = cr_chain_state(chain);
    g_autoptr(GError) error = NULL;
    g_autoptr(CrChain) back = cr_chain_from_state(test_env, PROJECT, state, &error);
    g_assert_no_error(error);
    g_autoptr(CrChain) copy = cr_chain_copy(chain);
    assert_same_future(chain, back);
    assert_same_future(chain, copy);
    g_assert_null(cr_chain_from_state(test_env, "P-OTHER234", state, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_DAMAGED);
    g_autofree char *line = cr_chain_append(chain, &(CrEvent){.actor = "a", .action = "b"});
    g_assert_cmpuint(cr_chain_n_events(copy), ==, i);
  }
  g_autoptr(GBytes) state = cr_chain_state(chain);
  gsize n = 0;
  const guint8 *data = g_bytes_get_data(state, &n);
  for (gsize i = 0; i < n; i++) {
    g_autofree guint8 *flipped = g_memdup2(data, n);
    flipped[i] ^= (guint8)(1u << (i % 8));
    g_autoptr(GBytes) bad = g_bytes_new(flipped, n), cut = g_bytes_new(data, i);
    g_autoptr(GError) error = NULL, other = NULL;
    g_assert_null(cr_chain_from_state(test_env, PROJECT, bad, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_DAMAGED);
    g_assert_null(cr_chain_from_state(test_env, PROJECT, cut, &other));
    g_assert_error(other, CR_ERROR, CR_ERROR_DAMAGED);
  }
  cr_env_test_free(test_env);
}

static void
test_load(void)
{
  g_autoptr(Trail) trail = trail_new();
  g_autoptr(GString) log = joined(trail->lines);
  gsize torn = 99;
  g_autoptr(GError) error = NULL;
  g_assert_null(cr_chain_load(trail->env, PROJECT, trail->log_path, &torn, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_NOT_FOUND);
  g_clear_error(&error);
  put(trail->log_path, log->str, log->len);
  g_autoptr(CrChain) whole = cr_chain_load(trail->env, PROJECT, trail->log_path, &torn, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(torn, ==, 0);
  assert_same_future(whole, trail->chain);

  g_string_append(log, "{\"seq\":60,\"ti");
  put(trail->log_path, log->str, log->len);
  g_autoptr(CrChain) cut = cr_chain_load(trail->env, PROJECT, trail->log_path, &torn, &error);
  g_assert_no_error(error);
  g_assert_cmpuint(torn, ==, 13);
  assert_same_future(cut, trail->chain);

  torn = 99;
  g_assert_null(cr_chain_load(trail->env, "P-OTHER234", trail->log_path, &torn, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_AUDIT_BROKEN);
  g_clear_error(&error);
  log->str[log->len / 2] ^= 1;
  put(trail->log_path, log->str, log->len);
  g_assert_null(cr_chain_load(trail->env, PROJECT, trail->log_path, &torn, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_AUDIT_BROKEN);
  g_assert_cmpuint(torn, ==, 99);
}

/* ---- the log file ---- */

static gssize bytes_until_full; /* -1: no limit */

static ssize_t
short_write(int fd, const void *bytes, size_t n)
{
  size_t n_now = MIN(n, 7);
  if (bytes_until_full >= 0 && (size_t)bytes_until_full < n_now) {
    if (bytes_until_full == 0)
      return errno = ENOSPC, -1;
    n_now = (size_t)bytes_until_full;
  }
  ssize_t written = write(fd, bytes, n_now);
  if (bytes_until_full >= 0 && written > 0)
    bytes_until_full -= written;
  return written;
}

static int
open_file(const char *path, int flags, mode_t mode)
{
  return open(path, flags, mode);
}

static int
failing_fsync(int fd)
{
  return errno = EIO, -1;
}

static void
assert_file(const char *path, const char *expected)
{
  g_autofree char *content = NULL;
  g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
  g_assert_cmpstr(content, ==, expected);
}

static void
test_log_file(void)
{
  const CrIo io = {open_file, short_write, fsync, close, rename, unlink};
  g_autoptr(Trail) trail = trail_new();
  g_autoptr(GError) error = NULL;
  bytes_until_full = -1;
  CrAuditLog *log = cr_audit_log_open(&io, trail->log_path, &error);
  g_assert_no_error(error);
  g_assert_true(cr_audit_log_append(log, "first line\n", 11, &error));
  for (gssize room = 0; room < 20; room++) { /* the disk is full at every byte */
    bytes_until_full = room;
    g_assert_false(cr_audit_log_append(log, "a second line behind\n", 21, &error));
    g_assert_error(error, CR_ERROR, CR_ERROR_DISK_FULL);
    g_clear_error(&error);
    assert_file(trail->log_path, "first line\n");
    g_assert_cmpuint(cr_audit_log_size(log), ==, 11);
  }
  bytes_until_full = -1;
  g_assert_true(cr_audit_log_append(log, "second\nthird\n", 13, &error));
  g_assert_true(cr_audit_log_sync(log, &error));
  cr_audit_log_close(log);

  log = cr_audit_log_open(&io, trail->log_path, &error);
  g_assert_cmpuint(cr_audit_log_size(log), ==, 24);
  g_assert_true(cr_audit_log_truncate(log, 18, &error));
  g_assert_true(cr_audit_log_append(log, "fourth\n", 7, &error));
  cr_audit_log_close(log);
  assert_file(trail->log_path, "first line\nsecond\nfourth\n");
}

static void
test_log_file_sync_fails(void)
{
  const CrIo io = {open_file, short_write, failing_fsync, close, rename, unlink};
  g_autoptr(Trail) trail = trail_new();
  g_autoptr(GError) error = NULL;
  CrAuditLog *log = cr_audit_log_open(&io, trail->log_path, &error);
  g_assert_no_error(error);
  g_assert_false(cr_audit_log_sync(log, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_IO);
  cr_audit_log_close(log);
  g_clear_error(&error);
  g_assert_null(cr_audit_log_open(&io, trail->dir, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_IO);
}

/* ---- walking ---- */

static gboolean
collect_cb(const CrEventView *event, gpointer data)
{
  GString *seen = data;
  g_string_append_printf(seen, "%u %s %s %s%s\n", (guint)event->seq, event->actor, event->action,
                         event->reason ? event->reason : "-", event->sealed ? " sealed" : "");
  return event->seq < 7;
}

static void
test_walk(void)
{
  g_autoptr(Trail) trail = trail_new();
  put_trail(trail);
  g_autoptr(GString) seen = g_string_new(NULL);
  g_autoptr(GError) error = NULL;
  g_assert_true(cr_audit_walk(trail->log_path, collect_cb, seen, &error));
  g_assert_no_error(error);
  g_assert_true(g_str_has_prefix(seen->str, "0 system project.made -\n1 system member.added -\n"));
  g_assert_true(g_str_has_suffix(seen->str, "5 M-ANNAAA note.viewed - sealed\n6 M-BENBBB label.added -\n"
                                            "7 M-ANNAAA export.written \"why\" 7\né\n"));
  put_text(trail->log_path, "{\"seq\":0}\n");
  g_assert_false(cr_audit_walk(trail->log_path, collect_cb, seen, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_AUDIT_BROKEN);
  g_clear_error(&error);
  put_text(trail->log_path, NULL);
  g_assert_false(cr_audit_walk(trail->log_path, collect_cb, seen, &error));
  g_assert_error(error, CR_ERROR, CR_ERROR_NOT_FOUND);
}

/* ---- verification ---- */

static void
test_untouched_passes(void)
{
  g_autoptr(Trail) trail = trail_new();
  put_trail(trail);
  for (guint with_anchors = 0; with_anchors < 2; with_anchors++) {
    g_autoptr(CrAuditReport) report = verify(trail, with_anchors);
    g_assert_cmpstr(report->what, ==, NULL);
    g_assert_true(report->ok);
    g_assert_cmpint(report->broken_at, ==, -1);
    g_assert_cmpuint(report->n_events, ==, 60);
    g_assert_cmpuint(report->n_signed, ==, 60);
    g_assert_cmpstr(report->signed_by, ==, "M-ANNAAA");
    g_assert_cmpstr(report->head, ==, cr_chain_head_hex(trail->chain));
    g_assert_true(has_note(report, "excluded since "));
    g_assert_false(has_note(report, "goes back"));
    g_assert_false(has_note(report, "not signed yet"));
  }
}

/* Every state of a trail passes with the head that was signed for it or for an earlier one. */
static void
test_unsigned_tail_passes(void)
{
  g_autoptr(Trail) trail = trail_new();
  put_trail(trail);
  put_text(trail->head_path, trail->anchor_40);
  g_autoptr(CrAuditReport) report = verify(trail, TRUE);
  g_assert_cmpstr(report->what, ==, NULL);
  g_assert_cmpuint(report->n_signed, ==, 40);
  g_assert_cmpstr(report->signed_by, ==, "M-BENBBB");
  g_assert_true(has_note(report, "not signed yet: 20 events from 40 on"));
}

static void
test_clock_back_is_noted(void)
{
  g_autoptr(Trail) trail = trail_new();
  CrEnv *past = cr_env_test_new(START_US - 86400 * (gint64)G_USEC_PER_SEC, 1, 1, NULL);
  g_autoptr(GBytes) state = cr_chain_state(trail->chain);
  g_autoptr(CrChain) later = cr_chain_from_state(past, PROJECT, state, NULL);
  g_ptr_array_add(trail->lines, cr_chain_append(later, &(CrEvent){.actor = "a", .action = "b"}));
  put_trail(trail);
  g_autoptr(CrAuditReport) report = verify(trail, TRUE);
  g_assert_true(report->ok);
  g_assert_true(has_note(report, "event 60: the clock goes back"));
  cr_env_test_free(past);
}

static void
assert_finding(const Trail *trail, gboolean with_anchors, gint64 broken_at, const char *what)
{
  g_autoptr(CrAuditReport) report = verify(trail, with_anchors);
  g_assert_false(report->ok);
  g_assert_cmpstr(report->what, ==, what);
  g_assert_cmpint(report->broken_at, ==, broken_at);
}

static void
test_missing_files(void)
{
  g_autoptr(Trail) trail = trail_new();
  put_trail(trail);
  put_text(trail->head_path, NULL);
  assert_finding(trail, FALSE, -1, "audit.head: missing: nothing signs the end of the trail");
  put_text(trail->head_path, trail->head_60);
  put_text(trail->log_path, "");
  assert_finding(trail, FALSE, 0, "events from 0 on are missing: audit.head signed 60");
  put_text(trail->log_path, NULL);
  assert_finding(trail, FALSE, 0, "audit.log: missing");
  put_text(trail->head_path, NULL);
  assert_finding(trail, FALSE, 0, "audit.log: missing");
  put_text(trail->log_path, "");
  assert_finding(trail, FALSE, -1, "the trail is empty");
}

static void
test_words(void)
{
  g_autoptr(Trail) trail = trail_new();
  put_trail(trail);
  g_autoptr(GPtrArray) lines = g_ptr_array_new();
  for (guint i = 0; i < 60; i++)
    if (i != 17)
      g_ptr_array_add(lines, trail->lines->pdata[i]);
  g_autoptr(GString) without_17 = joined(lines);
  put_text(trail->log_path, without_17->str);
  assert_finding(trail, TRUE, 17, "event 17: missing: 16 is followed by 18");
  g_ptr_array_insert(lines, 18, trail->lines->pdata[17]);
  g_autoptr(GString) swapped = joined(lines);
  put_text(trail->log_path, swapped->str);
  assert_finding(trail, TRUE, 17, "event 17: swapped with event 18");
  g_ptr_array_remove_index(lines, 18);
  g_ptr_array_insert(lines, 30, trail->lines->pdata[17]);
  g_autoptr(GString) moved = joined(lines);
  put_text(trail->log_path, moved->str);
  assert_finding(trail, TRUE, 17, "event 17: out of order: it stands behind event 30");
  g_ptr_array_insert(lines, 17, trail->lines->pdata[17]);
  g_autoptr(GString) doubled = joined(lines);
  put_text(trail->log_path, doubled->str);
  assert_finding(trail, TRUE, 17, "event 17: stands again behind event 30");
  g_ptr_array_remove_range(lines, 41, lines->len - 41);
  g_ptr_array_remove_index(lines, 31);
  g_ptr_array_add(lines, trail->lines->pdata[40]);
  g_autoptr(GString) cut = joined(lines);
  put_text(trail->log_path, cut->str);
  assert_finding(trail, TRUE, 41, "events from 41 on are missing: audit.head signed 60");
  g_string_truncate(cut, cut->len - 1);
  put_text(trail->log_path, cut->str);
  assert_finding(trail, TRUE, 40, "event 40: incomplete last line");
}

static void
test_wrong_signers(void)
{
  g_autoptr(Trail) trail = trail_new();
  put_trail(trail);
  g_autofree char *by_stranger = checkpoint(trail->chain, &trail->stranger);
  put_text(trail->head_path, by_stranger);
  assert_finding(trail, TRUE, -1, "audit.head: signed with a key that no member had before event 60");
  Member mask = trail->stranger;
  mask.code = "M-ANNAAA";
  g_autofree char *masked = checkpoint(trail->chain, &mask);
  put_text(trail->head_path, masked);
  assert_finding(trail, TRUE, -1, "audit.head: signed with a key that no member had before event 60");

  /* Ben comes with event 2: he cannot have signed before */
  g_autoptr(CrChain) young = cr_chain_new(trail->env, PROJECT);
  g_autoptr(GPtrArray) lines = trail->lines;
  trail->lines = g_ptr_array_new_with_free_func(g_free);
  cr_chain_free(g_steal_pointer(&trail->chain));
  trail->chain = g_steal_pointer(&young);
  add(trail, &(CrEvent){.actor = "system", .action = "project.made"});
  add_member(trail, &trail->ann);
  g_autofree char *too_early = checkpoint(trail->chain, &trail->ben);
  add_member(trail, &trail->ben);
  g_autofree char *in_time = checkpoint(trail->chain, &trail->ben);
  g_autoptr(GString) log = joined(trail->lines);
  put_text(trail->log_path, log->str);
  put_text(trail->head_path, too_early);
  assert_finding(trail, FALSE, -1, "audit.head: signed with a key that no member had before event 2");
  put_text(trail->head_path, in_time);
  g_autoptr(CrAuditReport) good = verify(trail, FALSE);
  g_assert_cmpstr(good->what, ==, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(CrAuditReport) other =
      cr_audit_verify(trail->log_path, trail->head_path, NULL, "P-OTHER234", &error);
  g_assert_cmpstr(other->what, ==, "event 0: changed, or of another project");
}

/* A tail that nobody signed may hold a forged member; who vouches for whom is said. */
static void
test_vouching(void)
{
  g_autoptr(Trail) trail = trail_new();
  put_trail(trail);
  g_autoptr(CrAuditReport) good = verify(trail, TRUE);
  g_assert_false(has_note(good, "compare the key"));
  put_text(trail->head_path, trail->anchor_40);
  g_autoptr(CrAuditReport) by_ben =
      verify(trail, FALSE); /* nothing of Ann's covers the event that brought Ben */
  g_assert_true(by_ben->ok);
  g_assert_true(has_note(by_ben, "audit.head: signed by M-BENBBB, who came with event 2"));
  add_member(trail, &trail->stranger);
  g_autofree char *by_stranger = checkpoint(trail->chain, &trail->stranger);
  g_autoptr(GString) log = joined(trail->lines);
  put_text(trail->log_path, log->str);
  put_text(trail->head_path, by_stranger);
  g_autoptr(CrAuditReport) forged = verify(trail, TRUE);
  g_assert_true(forged->ok);
  g_assert_true(has_note(forged, "audit.head: signed by M-STRANG, who came with event 60"));
  g_assert_true(has_note(forged, trail->stranger.key_hex));
  add(trail, &(CrEvent){.actor = "M-ANNAAA", .object = "member:M-BENBBB", .action = "member.removed"});
  g_autofree char *by_removed = checkpoint(trail->chain, &trail->ben);
  g_autoptr(GString) longer = joined(trail->lines);
  put_text(trail->log_path, longer->str);
  put_text(trail->head_path, by_removed);
  g_autoptr(CrAuditReport) removed = verify(trail, TRUE);
  g_assert_true(
      has_note(removed, "audit.head: signed by M-BENBBB after the trail says that they were removed"));
  g_assert_false(has_note(removed, "compare the key"));
}

/* An anchor file may hold several checkpoints; each must fit. */
static void
test_anchor_of_several_lines(void)
{
  g_autoptr(Trail) trail = trail_new();
  put_trail(trail);
  g_autofree char *both = g_strconcat(trail->anchor_40, trail->anchor_20, NULL);
  put_text(trail->anchor_20_path, both);
  g_autoptr(CrAuditReport) good = verify(trail, TRUE);
  g_assert_true(good->ok);
  g_autofree char *more = g_strconcat(both, "\n", NULL);
  put_text(trail->anchor_20_path, more);
  assert_finding(trail, TRUE, -1, "anchor-20: changed: it is not a checkpoint");
}

/* Long enough for several chunks and threads; edited in each of them. */
static void
test_long_log(void)
{
  g_autoptr(Trail) trail = trail_new();
  while (trail->lines->len < 8000)
    add_plain(trail, trail->lines->len);
  g_free(trail->head_60);
  trail->head_60 = checkpoint(trail->chain, &trail->ben);
  put_trail(trail);
  g_autoptr(CrAuditReport) whole = verify(trail, TRUE);
  g_assert_cmpstr(whole->what, ==, NULL);
  g_assert_cmpuint(whole->n_signed, ==, 8000);
  g_autoptr(GString) log = joined(trail->lines);
  g_autoptr(GRand) rand = g_rand_new_with_seed(11);
  for (guint round = 0; round < 12; round++) {
    gsize at = (gsize)g_rand_int_range(rand, 0, (gint32)log->len);
    log->str[at] ^= 4;
    put(trail->log_path, log->str, log->len);
    log->str[at] ^= 4;
    g_autoptr(CrAuditReport) report = verify(trail, TRUE);
    g_assert_cmpint(report->broken_at, ==, lines_before(log, at));
  }
}

/* A file of another kind, of any size, is a finding and no crash. */
static void
test_not_a_log(void)
{
  g_autoptr(Trail) trail = trail_new();
  put_trail(trail);
  gsize n = (gsize)CR_MAX_LINE + (1u << 20);
  g_autofree char *zeros = g_malloc0(n);
  put(trail->log_path, zeros, n);
  assert_finding(trail, TRUE, 0, "event 0: changed");
  put(trail->log_path, "\n", 1);
  assert_finding(trail, TRUE, 0, "event 0: changed");
  put(trail->log_path, "SQLite format 3\0", 16);
  assert_finding(trail, TRUE, 0, "event 0: incomplete last line");
}

int
main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  if (sodium_init() < 0)
    return 1;
  g_test_add_func("/audit/tree/by-definition", test_tree_by_definition);
  g_test_add_func("/audit/tree/published", test_tree_published);
  g_test_add_func("/audit/line/is-json", test_line_is_json);
  g_test_add_func("/audit/line/order-and-hash", test_line_order_and_hash);
  g_test_add_func("/audit/line/invalid-utf8", test_line_invalid_utf8);
  g_test_add_func("/audit/chain/state", test_state);
  g_test_add_func("/audit/chain/load", test_load);
  g_test_add_func("/audit/log-file/full-disk", test_log_file);
  g_test_add_func("/audit/log-file/sync-fails", test_log_file_sync_fails);
  g_test_add_func("/audit/walk", test_walk);
  g_test_add_func("/audit/verify/untouched", test_untouched_passes);
  g_test_add_func("/audit/verify/unsigned-tail", test_unsigned_tail_passes);
  g_test_add_func("/audit/verify/clock-back", test_clock_back_is_noted);
  g_test_add_func("/audit/verify/missing-files", test_missing_files);
  g_test_add_func("/audit/verify/words", test_words);
  g_test_add_func("/audit/verify/wrong-signers", test_wrong_signers);
  g_test_add_func("/audit/verify/vouching", test_vouching);
  g_test_add_func("/audit/verify/anchor-lines", test_anchor_of_several_lines);
  g_test_add_func("/audit/verify/long-log", test_long_log);
  g_test_add_func("/audit/verify/not-a-log", test_not_a_log);
  return g_test_run();
}
