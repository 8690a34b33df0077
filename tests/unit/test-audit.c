/* audit: a trail that nobody touched passes, and no other. The tree against the definition in the RFC; the
 * lines against a JSON parser; over a thousand seeded mutations against what each of them should be called.
 */
#include "audit/audit-private.h"
#include <chartroom/json.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <unistd.h>

/* ---- members and trails ---- */

#define PROJECT "P-TEST2345"
#define START_US G_GINT64_CONSTANT(1795000000000000)

typedef struct {
  const char *code;
  guint8 secret[64];
  char key_hex[65];
} Member;

static void
sign_cb(gpointer signer, const void *data, gsize n_bytes, uint8_t signature[64])
{
  const Member *member = signer;
  crypto_sign_detached(signature, NULL, data, n_bytes, member->secret);
}

static Member
member_make(const char *code, guint8 seed_byte)
{
  Member member = {.code = code};
  guint8 seed[32], public_key[32];
  memset(seed, seed_byte, sizeof seed);
  crypto_sign_seed_keypair(public_key, member.secret, seed);
  cr_hex_into(public_key, 32, member.key_hex);
  return member;
}

static char *
checkpoint(CrChain *chain, Member *member)
{
  return cr_chain_checkpoint(chain, member->code, member->key_hex, sign_cb, member);
}

typedef struct {
  CrEnv *env;
  CrChain *chain;
  Member ann, ben, stranger;
  GPtrArray *lines; /* char* with newline */
  char *anchor_20, *anchor_40, *head_60;
  char *dir, *log_path, *head_path, *anchor_20_path, *anchor_40_path;
} Trail;

static void
add(Trail *trail, const CrEvent *event)
{
  g_ptr_array_add(trail->lines, cr_chain_append(trail->chain, event));
}

static void
add_member(Trail *trail, const Member *member)
{
  g_autofree char *object = g_strconcat("member:", member->code, NULL);
  g_autofree char *value = g_strdup_printf("{\"key\":\"%s\",\"roles\":\"lead,privacy\"}", member->key_hex);
  add(trail, &(CrEvent){"system", "lead", "S-1", object, "member.added", NULL, value, NULL, FALSE});
}

static void
add_plain(Trail *trail, guint64 i)
{
  static const char *const actions[] = {"note.imported", "note.viewed", "label.added", "export.written"};
  g_autofree char *object = g_strdup_printf("note:N-%04u", (guint)(i * 37 % 9999));
  g_autofree char *reason = i % 7 == 0 ? g_strdup_printf("\"why\" %u\né", (guint)i) : NULL;
  add(trail, &(CrEvent){i % 2 ? "M-ANNAAA" : "M-BENBBB", "privacy", "S-2", object, actions[i % 4],
                        i % 3 ? NULL : "imported", "detected", reason, i % 5 == 0});
}

static char *
path_in(const Trail *trail, const char *name)
{
  return g_build_filename(trail->dir, name, NULL);
}

/* 60 events; anchors at 20 (Ann) and 40 (Ben), the head at 60 (Ann). */
static Trail *
trail_new(void)
{
  Trail *trail = g_new0(Trail, 1);
  trail->env = cr_env_test_new(START_US, 1000003, 1, NULL);
  trail->chain = cr_chain_new(trail->env, PROJECT);
  trail->lines = g_ptr_array_new_with_free_func(g_free);
  trail->ann = member_make("M-ANNAAA", 1);
  trail->ben = member_make("M-BENBBB", 2);
  trail->stranger = member_make("M-STRANG", 3);
  trail->dir = g_dir_make_tmp("chartroom-audit-XXXXXX", NULL);
  trail->log_path = path_in(trail, "audit.log");
  trail->head_path = path_in(trail, "audit.head");
  trail->anchor_20_path = path_in(trail, "anchor-20");
  trail->anchor_40_path = path_in(trail, "anchor-40");
  add(trail, &(CrEvent){"system", NULL, "S-1", "project", "project.made", NULL, NULL, NULL, FALSE});
  add_member(trail, &trail->ann);
  add_member(trail, &trail->ben);
  for (guint64 i = trail->lines->len; i < 60; i = trail->lines->len) {
    if (i == 20)
      trail->anchor_20 = checkpoint(trail->chain, &trail->ann);
    if (i == 40)
      trail->anchor_40 = checkpoint(trail->chain, &trail->ben);
    add_plain(trail, i);
  }
  trail->head_60 = checkpoint(trail->chain, &trail->ann);
  return trail;
}

static void
trail_free(Trail *trail)
{
  g_remove(trail->log_path);
  g_remove(trail->head_path);
  g_remove(trail->anchor_20_path);
  g_remove(trail->anchor_40_path);
  g_assert_cmpint(g_rmdir(trail->dir), ==, 0);
  char *owned[] = {trail->anchor_20, trail->anchor_40, trail->head_60,        trail->dir,
                   trail->log_path,  trail->head_path, trail->anchor_20_path, trail->anchor_40_path};
  for (guint i = 0; i < G_N_ELEMENTS(owned); i++)
    g_free(owned[i]);
  g_ptr_array_unref(trail->lines);
  cr_chain_free(trail->chain);
  cr_env_test_free(trail->env);
  g_free(trail);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Trail, trail_free)

/* Plainly: these files need not survive anything. NULL removes. */
static void
put(const char *path, const char *bytes, gsize n_bytes)
{
  if (!bytes) {
    g_remove(path);
    return;
  }
  FILE *file = fopen(path, "wb");
  g_assert_nonnull(file);
  g_assert_cmpuint(fwrite(bytes, 1, n_bytes, file), ==, n_bytes);
  g_assert_cmpint(fclose(file), ==, 0);
}

static void
put_text(const char *path, const char *text)
{
  put(path, text, text ? strlen(text) : 0);
}

static GString *
joined(const GPtrArray *lines)
{
  GString *log = g_string_new(NULL);
  for (guint i = 0; i < lines->len; i++)
    g_string_append(log, lines->pdata[i]);
  return log;
}

static void
put_trail(const Trail *trail)
{
  g_autoptr(GString) log = joined(trail->lines);
  put(trail->log_path, log->str, log->len);
  put_text(trail->head_path, trail->head_60);
  put_text(trail->anchor_20_path, trail->anchor_20);
  put_text(trail->anchor_40_path, trail->anchor_40);
}

static CrAuditReport *
verify(const Trail *trail, gboolean with_anchors)
{
  const char *anchors[] = {trail->anchor_40_path, trail->anchor_20_path, NULL};
  g_autoptr(GError) error = NULL;
  CrAuditReport *report =
      cr_audit_verify(trail->log_path, trail->head_path, with_anchors ? anchors : NULL, PROJECT, &error);
  g_assert_no_error(error);
  g_assert_cmpint(report->ok, ==, report->what == NULL);
  g_assert_true(!report->what || !strchr(report->what, '\n'));
  return report;
}

static gboolean
has_note(const CrAuditReport *report, const char *part)
{
  for (guint i = 0; i < report->notes->len; i++)
    if (strstr(report->notes->pdata[i], part))
      return TRUE;
  return FALSE;
}

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

/* ---- mutations ---- */

typedef struct {
  GRand *rand;
  Trail *trail;
  GPtrArray *lines; /* owned copies, to be changed */
  GString *log;     /* made of lines, or changed itself */
  char *head;
  gint64 expected; /* the event, or ANY where only that it is caught is determined */
} Mutation;

#define ANY (-2)

static guint
pick(Mutation *m, guint from, guint to)
{
  return (guint)g_rand_int_range(m->rand, (gint32)from, (gint32)to);
}

static char *
line_at(Mutation *m, guint i)
{
  return m->lines->pdata[i];
}

static void
set_line(Mutation *m, guint i, char *line)
{
  g_free(m->lines->pdata[i]);
  m->lines->pdata[i] = line;
}

static void
join_lines(Mutation *m)
{
  g_string_truncate(m->log, 0);
  for (guint i = 0; i < m->lines->len; i++)
    g_string_append(m->log, line_at(m, i));
}

static guint
lines_before(const GString *log, gsize n_bytes)
{
  guint n = 0;
  for (gsize i = 0; i < n_bytes; i++)
    n += log->str[i] == '\n';
  return n;
}

static void
edit_byte(Mutation *m)
{
  join_lines(m);
  gsize at = pick(m, 0, (guint)m->log->len);
  char old = m->log->str[at];
  m->expected = lines_before(m->log, at);
  while (m->log->str[at] == old)
    m->log->str[at] = (char)pick(m, 0, 256);
}

static void
remove_bytes(Mutation *m)
{
  join_lines(m);
  gsize at = pick(m, 0, (guint)m->log->len - 20);
  m->expected = lines_before(m->log, at);
  g_string_erase(m->log, (gssize)at, pick(m, 1, 20));
}

static void
insert_bytes(Mutation *m)
{
  join_lines(m);
  gsize at = pick(m, 0, (guint)m->log->len);
  m->expected = lines_before(m->log, at);
  g_string_insert_c(m->log, (gssize)at, (char)pick(m, 1, 256));
}

static void
delete_line(Mutation *m)
{
  guint i = pick(m, 0, m->lines->len);
  g_ptr_array_remove_index(m->lines, i);
  m->expected = i;
}

static void
swap_lines(Mutation *m)
{
  guint i = pick(m, 0, m->lines->len - 1), j = pick(m, i + 1, m->lines->len);
  gpointer kept = m->lines->pdata[i];
  m->lines->pdata[i] = m->lines->pdata[j];
  m->lines->pdata[j] = kept;
  m->expected = i;
}

static void
duplicate_line(Mutation *m)
{
  guint i = pick(m, 0, m->lines->len), to = pick(m, 0, m->lines->len + 1);
  g_ptr_array_insert(m->lines, (gint)to, g_strdup(line_at(m, i)));
  m->expected = MIN(i, to);
}

static void
truncate_anywhere(Mutation *m)
{
  join_lines(m);
  gsize n = pick(m, 0, (guint)m->log->len);
  g_string_truncate(m->log, n);
  m->expected = lines_before(m->log, n);
}

/* Log and head as they once were; the anchor at 40 is elsewhere and stays. */
static void
roll_back(Mutation *m)
{
  guint n = pick(m, 20, 40);
  g_ptr_array_set_size(m->lines, (gint)n);
  g_free(m->head);
  m->head = g_strdup(m->trail->anchor_20);
  m->expected = n;
}

/* Event i says something else; it and n_more behind it are hashed again, so that each of them fits. */
static void
forge(Mutation *m, guint i, guint n_more, const CrEvent *instead)
{
  char prev[CR_HEX_HASH + 1] = "";
  for (guint k = i; k <= i + n_more && k < m->lines->len; k++) {
    CrEventLine line = {0};
    char *fields[CR_N_FIELDS];
    g_assert_true(cr_event_line_parse(line_at(m, k), strlen(line_at(m, k)) - 1, &line));
    for (guint f = 0; f < CR_N_FIELDS; f++)
      fields[f] = cr_slice_dup(line.fields[f]);
    if (k == i)
      memcpy(prev, line.prev, CR_HEX_HASH);
    CrEvent event = {fields[CR_FIELD_ACTOR],  fields[CR_FIELD_ROLE],   fields[CR_FIELD_SESSION],
                     fields[CR_FIELD_OBJECT], fields[CR_FIELD_ACTION], fields[CR_FIELD_OLD],
                     fields[CR_FIELD_NEW],    fields[CR_FIELD_REASON], line.sealed};
    if (k == i && instead)
      event = *instead;
    else if (k == i)
      event.reason = "nothing happened";
    CrEventPlace place = {k, fields[CR_FIELD_TIME], fields[CR_FIELD_BOOT], line.mono_us, prev};
    GString *out = g_string_new(NULL);
    guint8 hash[CR_HASH_BYTES];
    cr_event_line_write(out, &place, &event, hash);
    cr_hex_into(hash, sizeof hash, prev);
    set_line(m, k, g_string_free(out, FALSE));
    for (guint f = 0; f < CR_N_FIELDS; f++)
      g_free(fields[f]);
  }
}

static void
forge_one(Mutation *m)
{
  guint i = pick(m, 0, m->lines->len);
  forge(m, i, 0, NULL);
  m->expected = i + 1 < m->lines->len ? (gint64)i : ANY;
}

static void
forge_some(Mutation *m) /* the last of those hashed again is the one that shows */
{
  guint i = pick(m, 0, m->lines->len - 3), n_more = pick(m, 1, 3);
  forge(m, i, n_more, NULL);
  m->expected = i + n_more;
}

static void
forge_tail(Mutation *m)
{
  forge(m, pick(m, 0, m->lines->len), G_MAXUINT / 2, NULL);
  m->expected = ANY;
}

/* The checkpoint that a chain which ran through these lines would give. */
static char *
sign_lines(Mutation *m, Member *member)
{
  g_autoptr(CrChain) chain = NULL;
  g_autoptr(GError) error = NULL;
  join_lines(m);
  put(m->trail->log_path, m->log->str, m->log->len);
  chain = cr_chain_load(m->trail->env, PROJECT, m->trail->log_path, NULL, &error);
  g_assert_no_error(error);
  return checkpoint(chain, member);
}

static void
resign_as_member(Mutation *m)
{
  Member mask = m->trail->stranger;
  mask.code = pick(m, 0, 2) ? "M-ANNAAA" : "M-BENBBB";
  forge(m, pick(m, 3, m->lines->len), G_MAXUINT / 2, NULL);
  g_free(m->head);
  m->head = sign_lines(m, &mask);
  m->expected = ANY;
}

/* The stranger even writes himself into the trail, before the newest anchor. */
static void
resign_as_new_member(Mutation *m)
{
  g_autofree char *value = g_strdup_printf("{\"key\":\"%s\",\"roles\":\"lead\"}", m->trail->stranger.key_hex);
  CrEvent event = {
      .actor = "system", .object = "member:M-STRANG", .action = "member.added", .new_value = value};
  forge(m, pick(m, 3, 40), G_MAXUINT / 2, &event);
  g_free(m->head);
  m->head = sign_lines(m, &m->trail->stranger);
  m->expected = ANY;
}

static void
edit_head(Mutation *m)
{
  gsize at = pick(m, 0, (guint)strlen(m->head));
  char old = m->head[at];
  while (m->head[at] == old)
    m->head[at] = (char)pick(m, 1, 256);
  m->expected = -1;
}

static void
cut_head(Mutation *m)
{
  m->head[pick(m, 0, (guint)strlen(m->head))] = '\0';
  m->expected = -1;
}

static void
older_head(Mutation *m)
{
  g_free(m->head);
  m->head = g_strdup(m->trail->anchor_20); /* while the anchor at 40 says that there was a newer one */
  m->expected = -1;
}

static void
foreign_line(Mutation *m)
{
  g_autoptr(CrChain) other = cr_chain_new(m->trail->env, "P-OTHER234");
  char *line = NULL;
  guint i = pick(m, 0, m->lines->len);
  for (guint k = 0; k <= i; k++) {
    g_free(line);
    line = cr_chain_append(other, &(CrEvent){.actor = "M-ANNAAA", .action = "note.viewed"});
  }
  set_line(m, i, line);
  m->expected = i + 1 == m->lines->len ? ANY : (gint64)i;
}

static const struct {
  const char *name;
  void (*apply)(Mutation *m);
} mutations[] = {{"edit a byte", edit_byte},
                 {"remove bytes", remove_bytes},
                 {"insert a byte", insert_bytes},
                 {"delete a line", delete_line},
                 {"swap lines", swap_lines},
                 {"duplicate a line", duplicate_line},
                 {"truncate", truncate_anywhere},
                 {"roll back", roll_back},
                 {"forge one event", forge_one},
                 {"forge some events", forge_some},
                 {"forge the tail", forge_tail},
                 {"sign as a member with another key", resign_as_member},
                 {"sign as a new member", resign_as_new_member},
                 {"edit the head", edit_head},
                 {"cut the head", cut_head},
                 {"put an older head", older_head},
                 {"put a foreign line", foreign_line}};

static void
mutate_once(Trail *trail, GRand *rand, guint kind)
{
  Mutation m = {.rand = rand, .trail = trail, .lines = g_ptr_array_new_with_free_func(g_free)};
  for (guint i = 0; i < trail->lines->len; i++)
    g_ptr_array_add(m.lines, g_strdup(trail->lines->pdata[i]));
  m.log = g_string_new(NULL);
  m.head = g_strdup(trail->head_60);
  mutations[kind].apply(&m);
  if (m.log->len == 0)
    join_lines(&m);
  put(trail->log_path, m.log->str, m.log->len);
  put_text(trail->head_path, m.head);
  g_autoptr(CrAuditReport) report = verify(trail, TRUE);
  if (report->ok || (m.expected != ANY && report->broken_at != m.expected)) {
    g_test_message("%s: expected event %d, got %d: %s", mutations[kind].name, (int)m.expected,
                   (int)report->broken_at, report->what ? report->what : "nothing found");
    g_test_fail();
  }
  g_ptr_array_unref(m.lines);
  g_string_free(m.log, TRUE);
  g_free(m.head);
}

static void
test_mutations(void)
{
  const guint per_kind = g_test_slow() ? 600 : 120; /* 10,200 and 2,040 in all */
  g_autoptr(Trail) trail = trail_new();
  g_autoptr(GRand) rand = g_rand_new_with_seed(20261122);
  put_trail(trail);
  for (guint kind = 0; kind < G_N_ELEMENTS(mutations); kind++)
    for (guint i = 0; i < per_kind; i++)
      mutate_once(trail, rand, kind);
  put_trail(trail); /* and what was never touched still passes */
  g_autoptr(CrAuditReport) report = verify(trail, TRUE);
  g_assert_true(report->ok);
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
  g_test_add_func("/audit/verify/mutations", test_mutations);
  g_test_add_func("/audit/verify/long-log", test_long_log);
  g_test_add_func("/audit/verify/not-a-log", test_not_a_log);
  return g_test_run();
}
